/* SPDX-License-Identifier: MIT */
/*
 * The only door to the operating system. Two implementations: host/posix and host/windows; no
 * other room includes an operating-system header. Functions answer false, NULL or a negative value
 * on failure and put a sentence into host_error() unless said otherwise.
 */
#ifndef MPIO_HOST_H
#define MPIO_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64-bit members of structures that cross this border: on i386 the framework aligns them to eight bytes, as
 * Windows does (-malign-double), and the host's half, which talks to the C library, does not. */
#define HOST_ALIGN_8 __attribute__((aligned(8)))

const char *host_error(void); /* what failed last on this thread, with the system's reason */

/* ---- memory ------------------------------------------------------------------------------- */
enum host_access { HOST_NONE, HOST_READ, HOST_READ_WRITE, HOST_READ_EXECUTE };
size_t host_page_size(void);
void *host_map(size_t bytes);                       /* zeroed pages, read-write */
void *host_map_at(uint64_t address, size_t bytes);  /* exactly there, reserved lazily; NULL when taken */
void host_prefer_large_pages(void *base, size_t bytes); /* a wish; changes nothing but speed */
void host_unmap(void *base, size_t bytes);
bool host_protect(void *base, size_t bytes, enum host_access access);

/* ---- time: monotonic wall clock and CPU time of this thread, nanoseconds -------------------- */
uint64_t host_time_ns(void);
uint64_t host_cpu_ns(void);
uint64_t host_rss_bytes(void);                      /* resident set of the process now */

/* ---- files -------------------------------------------------------------------------------- */
/* Reads a whole file of at most `limit` bytes into malloc'ed memory, NUL-terminated beyond *length. */
char *host_read_file(const char *path, size_t limit, size_t *length);
bool host_write_file(const char *path, const void *data, size_t length); /* via a temporary + rename */
int host_file_open(const char *path, bool create);  /* read-write; negative on failure */
int64_t host_file_size(int file);
bool host_file_resize(int file, uint64_t size);
int64_t host_file_pread(int file, void *data, size_t length, uint64_t offset);
int64_t host_file_pwrite(int file, const void *data, size_t length, uint64_t offset);
bool host_file_sync(int file);
void host_file_close(int file);
bool host_make_directory(const char *path);         /* with parents; true when it is there */
bool host_remove_file(const char *path);            /* or an empty directory */
bool host_remove_directory(const char *path);       /* with all that is in it; links are not followed */
char *host_temporary_directory(void);               /* private, mode 0700, malloc'ed name */
int host_directory_entries(const char *path);       /* 0: empty or not there; 1: has something; -1: cannot be told */
bool host_random(void *bytes, size_t count);        /* from the system, for names that must be unique */

/* ---- waiting on sockets (host clock only) --------------------------------------------------- */
enum { HOST_POLL_IN = 1, HOST_POLL_OUT = 2, HOST_POLL_ERROR = 4, HOST_POLL_HANG_UP = 8 };
struct host_poll {
    int fd;
    unsigned want;
    unsigned got;
};
/* Sleeps until one is ready or the time is over. Number ready; 0 on time-out or a signal. */
int host_poll(struct host_poll *fds, unsigned count, uint64_t timeout_ns);
/* Ends a host_poll from another thread: poll wait_fd for HOST_POLL_IN, drain it when it is ready. */
struct host_waker {
    int wait_fd, signal_fd;
};
/* Closing this socket from now on resets the connection: what it has not delivered yet is never delivered. */
void host_reset_on_close(int fd);
/* While held, small writes to this socket wait for each other; letting go sends what is there. */
void host_hold_sends(int fd, bool hold);
bool host_waker_open(struct host_waker *waker);
void host_waker_signal(const struct host_waker *waker); /* any thread */
void host_waker_drain(const struct host_waker *waker);
void host_waker_close(struct host_waker *waker);

/* ---- stream sockets: none of these ever blocks ------------------------------------------------ */
enum { HOST_WOULD_BLOCK = -1, HOST_FAILED = -2 };
/* Addresses are numbers: "127.0.0.1:3260", "[::1]:3260". Port 0: any free one (host_socket_name tells). */
bool host_address_is_valid(const char *address, bool *loopback);
int host_listen(const char *address, unsigned backlog);     /* negative on failure */
int host_listen_local(const char *path);                    /* a name in the file system, for this user only */
bool host_socket_name(int fd, char *text, size_t size);     /* its own address */
int host_accept(int listener, char *peer, size_t size);     /* connection and who it is, or one of the above */
int64_t host_receive(int fd, void *to, size_t length);      /* bytes; 0: the peer has ended; or one of the above */
struct host_bytes {
    const void *bytes;
    size_t length;
};
#define HOST_MAX_PARTS 128
/* Sends the parts one after the other; bytes taken, perhaps fewer than there are, or one of the above. */
int64_t host_send(int fd, const struct host_bytes *parts, unsigned count);
void host_socket_close(int fd);

/* ---- execution contexts: the raw material of fibres ----------------------------------------- */
struct host_context {
    void *sp;                   /* saved stack pointer (assembly) or ucontext object */
    void *stack_low, *stack_high;
    void *asan_fake_stack;      /* sanitizer and valgrind book-keeping */
    unsigned valgrind_id;
};
/* A stack of `bytes` usable bytes with a guard page below it. */
bool host_context_create(struct host_context *c, size_t bytes, void (*entry)(void *), void *argument);
void host_context_destroy(struct host_context *c);
/* Gives up what the stack of a context holds and prepares it to run entry(argument) afresh. */
void host_context_reset(struct host_context *c, void (*entry)(void *), void *argument);
/* Prepares a context for the stack the caller runs on now (the thread's own stack). */
void host_context_adopt(struct host_context *c);
/* Saves the present state in *from and continues in *to. `from_ends`: *from never runs again. */
void host_context_switch(struct host_context *from, struct host_context *to, bool from_ends);

/* ---- faults ------------------------------------------------------------------------------- */
#define HOST_MAX_FRAMES 48
enum host_fault_kind { HOST_FAULT_ACCESS, HOST_FAULT_STACK, HOST_FAULT_ILLEGAL, HOST_FAULT_DIVIDE,
                       HOST_FAULT_BREAKPOINT, HOST_FAULT_HANG };
struct host_fault {
    enum host_fault_kind kind;
    void *address;              /* faulting data address, if any */
    unsigned frames;
    void *pc[HOST_MAX_FRAMES];  /* innermost first, of the faulting code: pc[0] is exact, the rest are
                                 * return addresses. A jump to nowhere has pc[0] = where it went. */
};
/* Installs handlers (alternate signal stack). On a fault the interrupted code is abandoned and
 * `handler` runs on an emergency stack outside signal context; it must not return (it continues
 * in another context, or exits). A fault while `handler` runs ends the process with the default action.
 * NULL: faults of this thread get their previous action again. Handler and watchdog belong to the thread. */
void host_on_fault(void (*handler)(const struct host_fault *fault));
void host_fault_handled(void); /* called by `handler` just before it leaves to another context */
/* CPU-time watchdog of this thread: unless host_watchdog_pat is called, HOST_FAULT_HANG after
 * `milliseconds` of CPU time (0: off). */
void host_watchdog(unsigned milliseconds);
static inline void host_watchdog_pat(volatile uint32_t *beat)
{
    *beat += 1;
}
/* The word the watchdog watches: no change during a whole period means a hang. */
volatile uint32_t *host_watchdog_beat(void);

/* Return addresses from the caller outwards, without the first `skip` of them. */
unsigned host_backtrace(void **pc, unsigned limit, unsigned skip);
/* "function at file.c:123" for a code address (return addresses: pass pc - 1). Uses addr2line when
 * debug information is there, else module+offset. Slow; for reports. */
void host_describe_address(const void *pc, char *text, size_t size);
/* Splits the above: any of the three may come back empty/0. */
struct host_location { char function[96]; char file[256]; unsigned line; char module[256]; HOST_ALIGN_8 uint64_t offset; };
void host_locate(const void *pc, struct host_location *location);

/* ---- code that the host's own loader did not map (PE images) --------------------------------- */
/* Known to host_backtrace, faults and host_locate from host_image_add to host_image_remove. Strings and tables
 * are kept by reference. */
struct host_image {
    void *base;
    size_t size;
    const char *path;               /* file with symbols */
    HOST_ALIGN_8 uint64_t linked_base; /* where the linker placed it: offset + linked_base is what its symbols say */
    const void *functions;          /* PE's function table (12-byte entries), NULL when it has none */
    unsigned function_count;
    const void *call_frames;        /* the same as DWARF call frame information, ended by a zero word; NULL: none */
};
bool host_image_add(const struct host_image *image);
void host_image_remove(void *base);

/* ---- modules, environment, processes -------------------------------------------------------- */
void *host_library_open(const char *path);          /* local symbols, bound now; host_error names what is missing */
void *host_library_symbol(void *library, const char *name);
/* Lowest address and extent of its mapped segments. */
bool host_library_range(void *library, void **base, size_t *size);
void host_library_close(void *library);
bool host_copy_file(const char *from, const char *to);
const char *host_executable(void);                  /* path of the running program */
/* Starts the running program again with one environment variable added; returns only on failure. */
void host_reexec(char **argv, const char *variable, const char *value);
/* Runs a program (argv ends with NULL) and collects its standard output, NUL-terminated and cut to
 * `size`; exit status, or -1. */
int host_run(const char *const argv[], char *output, size_t size);
unsigned host_processors(void);                     /* that this process may use; at least 1 */
/* Programs that run beside this one. Each starts with this one's environment, reads nothing, does not hear Ctrl-C at
 * the terminal, and is killed by the system after `cpu_seconds` of processor time (0: never). Its standard output
 * and error go to the file `output`, made anew (NULL: nowhere). Its directory for temporary files is its own and goes
 * with it. argv[0] names its file. NULL on failure. */
#define HOST_MAX_CHILDREN 64
struct host_child;
struct host_child *host_child_start(const char *const argv[], const char *output, unsigned cpu_seconds);
enum host_child_end { HOST_CHILD_EXITED, HOST_CHILD_CRASHED, HOST_CHILD_OUT_OF_CPU };
struct host_child_result {
    enum host_child_end end;
    int code;                   /* exit status, or the signal (on Windows the exception) that ended it */
    HOST_ALIGN_8 uint64_t cpu_ns;
};
/* Sleeps until one of at most HOST_MAX_CHILDREN children has ended: its index and *result; the child is gone and its
 * place is NULL. Places with NULL are passed over. -1: the time is over, a signal came, or there is none. */
int host_child_wait(struct host_child *children[], unsigned count, uint64_t timeout_ns, struct host_child_result *result);
void host_child_kill(struct host_child *child);     /* and what it started; NULL is allowed */
bool host_under_valgrind(void);
bool host_under_asan(void);                         /* its runtime is in the process: compiled in or preloaded */
void host_poison(const void *memory, size_t bytes); /* for AddressSanitizer; nothing without it */
void host_unpoison(const void *memory, size_t bytes);
/* From now on writing to a connection whose peer is gone is an error, not the end of the process. */
void host_ignore_broken_pipe(void);
/* From now on SIGINT, SIGTERM and SIGHUP only set a flag; the second of a kind ends the process. */
void host_catch_interrupt(void);
bool host_interrupted(void);
bool host_is_terminal(void);                        /* standard error goes to a person */
void host_log(const char *line);                    /* one line to standard error */

#endif
