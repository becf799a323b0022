/* SPDX-License-Identifier: MIT */
/*
 * What the files of the world share. One OS thread runs a world, so nothing here needs a lock; the
 * list of foreign posts is the exception and is atomic.
 */
#ifndef MPIO_WORLD_PRIVATE_H
#define MPIO_WORLD_PRIVATE_H

#include "host/host.h"
#include "world/trace.h"
#include "world/world.h"

#include <assert.h>
#include <stdatomic.h>

#define MPIO_CONTAINER(pointer, type, member)                                                      \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* ---- queue.c: a 4-ary heap; the keys stand in the array, so comparing touches no event ------ */
struct queue_slot {
    uint64_t time, order; /* order: priority in the upper two bits, then sequence or a draw */
    struct event *event;
};
struct queue {
    struct queue_slot *slot;
    uint32_t count, room;
};
bool queue_init(struct queue *q);
void queue_destroy(struct queue *q);
/* put: e is not queued. take: it is. pop: the queue is not empty. */
void queue_put(struct queue *q, struct event *e, uint64_t time, uint64_t order);
void queue_take(struct queue *q, struct event *e);
struct event *queue_pop(struct queue *q);
void queue_drop_machine(struct queue *q, const struct machine *m);
/* What is due before `until` becomes due then, in its order. */
void queue_delay_machine(struct world *w, const struct machine *m, uint64_t until);

/* ---- fibres -------------------------------------------------------------------------------- */
enum fibre_state {
    FIBRE_SPARE,   /* in the pool */
    FIBRE_RUNNING, /* runs now, or is the loop waiting for the fibre it entered */
    FIBRE_BLOCKED,
    FIBRE_RUNNABLE, /* its wake event is queued */
};
struct fibre_private {
    struct fibre *fibre; /* whose this is */
    struct host_context context;
    enum fibre_state state;
    struct event wake;
    void (*entry)(void *);
    void *argument;
    struct fibre *next_spare;
    struct fibre *next; /* every fibre of the world, newest first */
};

/* ---- watch.c -------------------------------------------------------------------------------- */
struct foreign {
    void (*run)(void *argument);
    void *argument;
    struct foreign *next;
};
struct watch {
    struct event event;
    int fd;
    unsigned want, got;
    void (*run)(void *argument, unsigned got);
    void *argument;
    struct watch *next;
};

struct world {
    uint64_t now; /* host clock: as of the last look */
    struct queue queue;
    uint64_t sequence, events;
    uint32_t stalled; /* events and kernel calls since time advanced */
    bool explore, stop, running;
    enum world_clock clock;
    volatile uint32_t *beat; /* of the watchdog; a word of this thread */

    struct fibre *loop; /* the fibre that runs the loop */
    struct fibre *spares, *fibres;
    size_t fibre_stack;
    struct fibre outside; /* stands for the stack that called world_run */
    struct fibre_private outside_private;
    uint64_t limit; /* of this world_run */
    enum world_stop result;

    uint64_t seed, random[STREAM_COUNT];
    struct machine *machines, **machines_end;
    unsigned machine_count;

    uint64_t host_start; /* ns */
    unsigned asked;      /* host clock: world_now calls since the last look */
    unsigned since_poll; /* events since the sockets were looked at */
    struct host_waker waker;
    _Atomic(struct foreign *) foreign; /* newest first, pushed by any thread */
    struct foreign *taken;             /* oldest first, the world's own now */
    struct event foreign_event;        /* runs the oldest of them */
    struct watch *watches;
    struct host_poll *polls; /* the watches, then the waker */
    unsigned watch_count, poll_room;

    struct trace_record *ring;
    uint64_t ring_mask, trace_count, trace_hash[2];
    uint64_t trace_notes;       /* of trace_count: records outside the hash */
    void (*listener)(void *user, const struct trace_record *r);
    void *listener_user;
    uint32_t listened; /* a bit per kind of record */

    struct check *check;   /* the checkers' books; NULL: nothing to write down yet */
    struct ghost *ghosts;  /* ghost.c */
};

/* world.c */
uint64_t world_event_order(struct world *w, struct event *e); /* among the events of one time; draws when exploring */

/* loop.c */
void world_loop(void *fibre);
void world_look_at_clock(struct world *w);
_Noreturn void world_hang(struct machine *m); /* no progress: a HANG of the running code */
void world_on_fault(const struct host_fault *fault);

/* fibre.c */
bool fibre_make_spare(struct world *w); /* false without memory */
void fibre_new_loop(struct world *w);
_Noreturn void
fibre_park(struct fibre *self);     /* ends the running fibre: its stack goes to the pool */
void fibre_enter(struct fibre *to); /* until something enters this fibre again */
void fibre_drop_machine(struct world *w, const struct machine *m);
void fibre_destroy_all(struct world *w);

/* machine.c */
void machine_drop(struct machine *m);

/* watch.c */
void world_take_foreign(struct world *w);
void world_poll_sockets(struct world *w, uint64_t timeout_ns);
void world_destroy_watches(struct world *w);

/* check.c, ghost.c */
void check_destroy(struct world *w);
void ghost_destroy_all(struct world *w);

/* random.c, trace.c */
void world_seed_streams(struct world *w);
bool trace_init(struct world *w, unsigned records);
void trace_destroy(struct world *w);

#endif
