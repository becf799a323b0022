/* SPDX-License-Identifier: MIT */
/*
 * A world: one clock, one event queue, one seed, fibres, and the machines and fabric that live in
 * it. One OS thread per world; nothing in here takes a lock. With the virtual clock time jumps to
 * the next event; with the host clock the same loop sleeps in host_poll.
 *
 * The loop runs events directly on its own stack. When code called from an event has to wait, the
 * loop moves to a fresh fibre and the old stack stays behind as an ordinary suspended fibre: so the
 * good path never switches, and anything may block.
 */
#ifndef MPIO_WORLD_H
#define MPIO_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct machine;

/* Time: units of 100 ns since the world began. */
#define WORLD_US     10ull
#define WORLD_MS     (1000 * WORLD_US)
#define WORLD_SECOND (1000 * WORLD_MS)
#define WORLD_NEVER  UINT64_MAX

enum world_clock { WORLD_CLOCK_VIRTUAL, WORLD_CLOCK_HOST };

struct world_options {
    uint64_t seed;
    enum world_clock clock;
    bool explore;               /* equal-time order, CPUs and preemption drawn from the seed */
    unsigned trace_records;     /* ring size; 0: 8192 */
    bool foreign_posts;         /* host clock: other threads will call world_post_foreign, which then ends a sleep */
    size_t fibre_stack;         /* usable bytes; 0: 256 KiB (1 MiB with sanitizers) */
};

struct world *world_create(const struct world_options *options);
void world_destroy(struct world *w);
uint64_t world_now(const struct world *w);
uint64_t world_seed(const struct world *w);
bool world_explores(const struct world *w);
enum world_clock world_clock(const struct world *w);

/* ---- events ------------------------------------------------------------------------------- */
/* Ordered by (time, priority, sequence of posting). The caller owns the memory, embeds it, and cancels
 * an event before freeing it. */
/* In explore mode events of equal time and priority run in an order drawn from the seed. */
enum event_priority { EVENT_INTERRUPT, EVENT_DPC, EVENT_THREAD, EVENT_IDLE };
struct event {
    void (*run)(struct event *e);
    struct machine *machine;    /* NULL: the world itself; events of a stopped machine are dropped */
    uint64_t time, sequence;
    uint32_t heap;              /* position in the queue + 1; 0 = not queued */
    uint8_t priority;
};
void world_post(struct world *w, struct event *e, uint64_t time, enum event_priority priority);
/* Re-posting moves it. A time that is over means now; WORLD_NEVER takes it out of the queue. Posting for a
 * machine that was stopped does nothing. */
bool world_cancel(struct world *w, struct event *e);                                       /* false: was not queued */
static inline bool event_is_queued(const struct event *e)
{
    return e->heap != 0;
}
/* From another thread or a host library's callback: run(argument) soon, in the loop. The only call that other threads may make. */
bool world_post_foreign(struct world *w, void (*run)(void *argument), void *argument);

/* Sockets, host clock only: run is called in the loop with what is ready. want 0 removes the watch. */
bool world_watch(struct world *w, int fd, unsigned want, void (*run)(void *argument, unsigned got), void *argument);

/* ---- running ------------------------------------------------------------------------------ */
enum world_stop { WORLD_TIME_REACHED, WORLD_STOPPED /* world_stop */, WORLD_IDLE /* no event left */ };
/* Runs until `time` (events at `time` included), or world_stop, or nothing is left to do.
 * Called on the thread's own stack, never from inside the world. A finite `time` is reached even when
 * nothing is left to do before it (the answer is then WORLD_IDLE). With the host clock a world with
 * watches or a finite `time` waits for what comes from outside. */
enum world_stop world_run(struct world *w, uint64_t time);
void world_stop(struct world *w);
/* A time-out is the only way out for code that waits without letting time pass: more events or kernel
 * calls than this at one time value are a HOST_FAULT_HANG of the machine whose turn it is. */
#define WORLD_NO_PROGRESS_LIMIT 10000000u
/* Counts one event or kernel call; true when the limit is passed. The loop and fibre_preempt call it. */
bool world_no_progress(struct world *w);
uint64_t world_events(const struct world *w); /* number of events run so far */

/* ---- fibres ------------------------------------------------------------------------------- */
#define FIBRE_LOCAL_BYTES 768
struct fibre {
    struct world *world;
    struct machine *machine;        /* the machine now running on it; NULL in the world's own code */
    /* Belongs to the machine's kernel (nt): thread, held locks. Byte 0 is the IRQL, byte 1 the CPU: the
     * trace reads these two. Zeroed when the fibre starts; events run on the loop leave it as it was. */
    uint64_t local[FIBRE_LOCAL_BYTES / 8];
    /* the rest is world's */
    struct fibre_private *private;
};
/* The fibre running on this OS thread. The only mutable state at file scope in the tree. */
extern _Thread_local struct fibre *world_fibre;

/* Starts entry(argument) as a fibre of `m`, at the present time, EVENT_THREAD. Ends when entry returns.
 * NULL when the machine is not running any more or memory for a stack is short. */
struct fibre *fibre_start(struct world *w, struct machine *m, void (*entry)(void *), void *argument);
/* Suspends the running code until fibre_wake on the fibre it ran on (world_fibre at the time of the call).
 * Works from an event on the loop's stack too. */
void fibre_block(void);
/* Makes a blocked fibre runnable at `time`. Waking a fibre that is not blocked is an error (assert). */
void fibre_wake(struct fibre *f, uint64_t time, enum event_priority priority);
bool fibre_is_blocked(const struct fibre *f);
void fibre_sleep(uint64_t time, enum event_priority priority); /* block until an absolute time */
/* Every kernel call calls this. In explore mode: now and then lets others run first (drawn from the seed).
 * Plain mode: only the count of world_no_progress. */
void fibre_preempt(void);
/* Ends the running fibre without returning (machine stopped under it). */
_Noreturn void fibre_abandon(void);
/* Stack of the running fibre, for budget checks. */
void fibre_stack(const struct fibre *f, void **low, void **high);

/* ---- randomness: independent streams from one seed ------------------------------------------ */
enum world_stream { STREAM_SCHEDULE, STREAM_FABRIC, STREAM_FAULTS, STREAM_LOAD, STREAM_KERNEL, STREAM_COUNT };
uint64_t world_random(struct world *w, enum world_stream stream);
uint64_t world_random_below(struct world *w, enum world_stream stream, uint64_t limit); /* 0..limit-1 */

/* ---- machines ----------------------------------------------------------------------------- */
enum machine_root { ROOT_NT, ROOT_PNP, ROOT_PORT, ROOT_CORE, ROOT_DISK, ROOT_LOAD, ROOT_EMBED, ROOT_FABRIC, ROOT_COUNT };
enum machine_state { MACHINE_RUNNING, MACHINE_BUGCHECKED, MACHINE_STOPPED, MACHINE_CRASHED /* as a fault */ };
struct machine_operations {
    /* Runs routine(argument) as an interrupt of this machine: device IRQL, on the fibre now running. */
    void (*interrupt)(struct machine *m, void (*routine)(void *), void *argument);
    /* A fault or hang in code of this machine; must not return. */
    void (*fault)(struct machine *m, const void *host_fault);
    void (*destroy)(struct machine *m);
};
struct machine {
    struct world *world;
    unsigned ordinal;           /* from 0, in creation order */
    char name[32];
    unsigned cpus;              /* virtual, at least 2 */
    enum machine_state state;
    uint64_t paused_until;      /* it stands still before this time; see machine_pause */
    const struct machine_operations *operations;
    void *root[ROOT_COUNT];     /* one root per room; a room touches its own only */
    struct machine *next;
};
struct machine *machine_create(struct world *w, const char *name, unsigned cpus);
/* Drops its queued events and its suspended fibres; state says why. If the running fibre belongs to it the
 * call does not return. Its memory stays until world_destroy. */
void machine_stop(struct machine *m, enum machine_state why);
/* The machine stands still until then, as a virtual machine does: whatever of it is due earlier happens at that time, in
 * its order, and its clock has jumped. Called by the world, not by code of the machine. */
void machine_pause(struct machine *m, uint64_t until);
/* A stopped machine's kernel ends, with all its memory; its HBAs stay. Between runs of the world. */
void machine_forget(struct machine *m);
/* It runs again: the caller has given it a new kernel. */
void machine_restart(struct machine *m);
bool machine_is_paused(const struct machine *m);
struct machine *world_machines(const struct world *w); /* list in creation order */
static inline struct machine *machine_now(void)
{
    return world_fibre->machine;
}

#endif
