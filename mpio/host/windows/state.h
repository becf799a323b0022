/* SPDX-License-Identifier: MIT */
/*
 * Everything host/windows remembers about an OS thread: the running stack and the fault handler belong
 * to a thread. Touched by its own thread, by exceptions of that thread, and by its watchdog while the thread is suspended.
 */
#ifndef MPIO_HOST_WINDOWS_STATE_H
#define MPIO_HOST_WINDOWS_STATE_H

#include "host/fail.h"
#include "host/host.h"
#include "host/trap.h"

#include <winsock2.h>
#include <windows.h>

/* Below every stack: wide enough that Windows can call an exception handler in it after an overflow. */
#define HOST_GUARD_BYTES 65536u

struct host_watch;

struct host_state {
    char error[512];            /* host_error */
    char *executable;           /* host_executable */

    /* Bounds of the stack running now; NULL until the first adopt. */
    char *stack_low, *stack_high;

    /* faults.c */
    void (*handler)(const struct host_fault *fault);
    bool installed;             /* the emergency stack is there */
    bool handling;              /* the handler runs: a second fault is fatal */
    bool unwinding;             /* frames are being noted: a fault ends only that */
    struct host_context emergency;
    struct host_fault fault;
    CONTEXT interrupted;
    char *interrupted_low, *interrupted_high; /* its stack */

    /* trap.c */
    const struct host_trap_handler *trap;
    uint64_t trap_declined;     /* the instruction here faults again, and is reported */
    struct host_trap trap_now;  /* on its way from the vectored handler to the interrupted stack */
    CONTEXT trap_caller;        /* what host_image_caller found */

    /* watchdog.c */
    volatile uint32_t beat;
    struct host_watch *watch;
};

extern _Thread_local struct host_state host_state;

/* host_fail with a code of GetLastError; 0: no reason to give. */
bool host_fail_system(DWORD code, const char *format, ...) __attribute__((format(gnu_printf, 2, 3)));

/* UTF-8 <-> UTF-16, malloc'ed; out of memory ends the program. */
wchar_t *host_wide(const char *text);
char *host_narrow(const wchar_t *text);

/* ---- memory.c ------------------------------------------------------------------------------- */
/* The access violation at `address` was the first touch of lazily reserved memory, which is there now. */
bool host_first_touch(uintptr_t address);
/* Makes lazily reserved memory present before the system writes to it. */
void host_touch(void *memory, size_t bytes);

/* What Windows knows of this thread's stack. */
enum { THREAD_STACK_BASE = 0x8, THREAD_STACK_LIMIT = 0x10, THREAD_DEALLOCATION = 0x1478, THREAD_GUARANTEED = 0x1748 };
static inline char *host_thread_block(void)
{
    char *block;
    __asm__("movq %%gs:0x30, %0" : "=r"(block));
    return block;
}
static inline char **host_thread_field(unsigned offset)
{
    return (char **)(void *)(host_thread_block() + offset);
}

/* ---- context.c ------------------------------------------------------------------------------ */
void host_context_thunk(void); /* outermost frame of every new stack: calls the function in rbx */
/* The exception was an overflow of the stack that ends here: its guard has been used up. */
void host_context_guard_spent(char *stack_high);
/* Tells Windows which stack this thread runs on. */
void host_context_announce(char *low, char *high);

/* ---- faults.c ------------------------------------------------------------------------------- */
void host_take_exceptions(void);
/* For a thread that its watchdog has suspended. */
void host_fault_land(struct host_state *s, CONTEXT *interrupted);

/* ---- unwind.c ------------------------------------------------------------------------------- */
/* One frame outwards; false at the outermost frame or when the stack pointer leaves [low, high). */
bool host_unwind_step(CONTEXT *frame, const char *low, const char *high);

/* ---- image.c -------------------------------------------------------------------------------- */
const struct host_image *host_image_find(const void *pc);

/* ---- poll.c --------------------------------------------------------------------------------- */
bool host_socket_pair(SOCKET ends[2]); /* after WSAStartup; the reason of a failure is WSAGetLastError's */

/* ---- process.c ------------------------------------------------------------------------------ */
/* Arguments as the C library of the other program takes them apart, malloc'ed; for a program below Wine file names
 * are those it knows. */
wchar_t *host_command_line(const char *const argv[], bool below_wine);

/* ---- wine.c --------------------------------------------------------------------------------- */
/* A program of the system below Wine by name, malloc'ed; NULL without Wine or without the program. */
wchar_t *host_wine_find(const char *name);
/* A file's name for such a program, malloc'ed; NULL without Wine. */
char *host_wine_name(const char *path);
/* Runs it and collects its output; its exit code is not known. */
bool host_wine_run(const wchar_t *program, wchar_t *line, char *output, size_t size);

#endif
