/* SPDX-License-Identifier: MIT */
/*
 * Everything host/posix remembers, in one struct per OS thread: signal handlers and the running
 * stack belong to a thread. Touched by its own thread and by that thread's signal handlers only.
 */
#ifndef MPIO_HOST_POSIX_STATE_H
#define MPIO_HOST_POSIX_STATE_H

#include "host/fail.h"
#include "host/host.h"
#include "host/trap.h"

#include <limits.h>
#include <time.h>

/* A call from an image that goes on elsewhere when it returns (trap.c). */
struct host_pending_return {
    uint64_t address; /* where it was to return to */
    void (*run)(struct host_registers *registers, void *data);
    size_t bytes;
    uint8_t data[HOST_AT_RETURN_BYTES];
};

struct host_state {
    char error[512];           /* host_error */
    char executable[PATH_MAX]; /* host_executable */

    /* Bounds of the stack running now; NULL until the first adopt. */
    char *stack_low, *stack_high;
    char *thread_low, *thread_high; /* the thread's own stack, found once */

    /* faults.c */
    void (*handler)(const struct host_fault *fault);
    bool installed; /* signal stack and emergency stack are there */
    bool handling;  /* the handler runs: a second fault is fatal */
    struct host_context emergency;
    struct host_fault fault;

    /* image.c */
    struct host_image_entry *images;

    /* trap.c */
    const struct host_trap_handler *trap;
    uint64_t trap_declined;             /* the instruction here faults again, and is reported */
    struct host_pending_return pending;
    struct host_trap trap_routine;      /* a fault on its way to the image that called the routine */
    struct host_fault trap_fault;       /* its frames, when nobody handles it */

    /* watchdog.c */
    volatile uint32_t beat;
    uint32_t last_beat;
    bool timer_made;
    timer_t timer;
};

extern _Thread_local struct host_state host_state;

/* ---- sanitizer.c: what sanitizers and valgrind must know about stacks ----------------------- */
void host_stack_created(struct host_context *c);
void host_stack_destroyed(struct host_context *c);
void host_stack_forgotten(struct host_context *c); /* its frames are abandoned */
void host_stack_leaving(struct host_context *from, const struct host_context *to, bool from_ends);
void host_stack_arrived(struct host_context *back_on);

/* ---- watchdog.c, called from the signal handler --------------------------------------------- */
bool host_watchdog_expired(void);
int host_watchdog_signal(void);

#endif
