/* SPDX-License-Identifier: MIT */
/*
 * Creation and end of a world, its clock, and posting of events. One thread; see world.h.
 */
#include "world/world_private.h"

#include <stdlib.h>
#include <string.h>

#define FIBRE_STACK           (256u << 10)
#define FIBRE_STACK_SANITIZED (1024u << 10) /* instrumented frames are several times larger */
#define TRACE_RECORDS         8192u /* 400 KiB: stays in the second-level cache beside what an I/O touches */
#define ASKS_PER_LOOK         64 /* host clock */
#define ORDER_BITS            62

_Thread_local struct fibre *world_fibre;

struct world *world_create(const struct world_options *options)
{
    struct world *w = calloc(1, sizeof(*w));
    if (w == NULL)
        return NULL;
    w->seed = options->seed;
    w->clock = options->clock;
    w->explore = options->explore;
    w->fibre_stack = options->fibre_stack != 0 ? options->fibre_stack
                     : host_under_asan()       ? FIBRE_STACK_SANITIZED
                                               : FIBRE_STACK;
    w->machines_end = &w->machines;
    w->host_start = host_time_ns();
    w->outside = (struct fibre){.world = w, .private = &w->outside_private};
    w->outside_private = (struct fibre_private){.fibre = &w->outside, .state = FIBRE_RUNNING};
    w->waker = (struct host_waker){-1, -1};
    host_context_adopt(&w->outside_private.context);
    world_seed_streams(w);
    bool good =
        queue_init(&w->queue) &&
        trace_init(w, options->trace_records != 0 ? options->trace_records : TRACE_RECORDS) &&
        (w->clock == WORLD_CLOCK_VIRTUAL || !options->foreign_posts || host_waker_open(&w->waker)) &&
        fibre_make_spare(w);
    if (world_fibre == NULL)
        world_fibre = &w->outside;
    if (!good) {
        world_destroy(w);
        return NULL;
    }
    fibre_new_loop(w);
    trace_emit(w, NULL, TRACE_RUN, w->seed, 0, 0, 0);
    return w;
}

void world_destroy(struct world *w)
{
    if (w == NULL)
        return;
    assert(!w->running);
    for (struct machine *m = w->machines; m != NULL; m = m->next)
        machine_drop(m);
    struct fibre *before = world_fibre;
    world_fibre = &w->outside;
    while (w->machines != NULL) {
        struct machine *m = w->machines;
        w->outside.machine = m;
        if (m->operations != NULL && m->operations->destroy != NULL)
            m->operations->destroy(m);
        w->machines = m->next;
        free(m);
    }
    world_fibre = before == &w->outside ? NULL : before;
    fibre_destroy_all(w);
    if (w->queue.slot != NULL)
        world_destroy_watches(w);
    check_destroy(w);
    ghost_destroy_all(w);
    trace_destroy(w);
    queue_destroy(&w->queue);
    free(w);
}

void world_look_at_clock(struct world *w)
{
    uint64_t now = (host_time_ns() - w->host_start) / 100;
    if (now > w->now) {
        w->now = now;
        w->stalled = 0;
    }
}

/* With the host clock the time of the last look is good enough inside the loop, which looks at each poll;
 * code that asks again and again (it waits for time to pass) makes it look in between. */
uint64_t world_now(const struct world *w)
{
    struct world *looking = (struct world *)w;

    if (w->clock == WORLD_CLOCK_HOST && (world_fibre == NULL || ++looking->asked >= ASKS_PER_LOOK)) {
        looking->asked = 0;
        world_look_at_clock(looking);
    }
    return w->now;
}

uint64_t world_seed(const struct world *w)
{
    return w->seed;
}

bool world_explores(const struct world *w)
{
    return w->explore;
}

enum world_clock world_clock(const struct world *w)
{
    return w->clock;
}

uint64_t world_events(const struct world *w)
{
    return w->events;
}

uint64_t world_event_order(struct world *w, struct event *e)
{
    e->sequence = w->sequence++;
    uint64_t rank =
        w->explore ? world_random(w, STREAM_SCHEDULE) >> (64 - ORDER_BITS) : e->sequence;
    return (uint64_t)e->priority << ORDER_BITS | rank;
}

void world_post(struct world *w, struct event *e, uint64_t time, enum event_priority priority)
{
    if (e->heap != 0)
        queue_take(&w->queue, e);
    if (time == WORLD_NEVER || (e->machine != NULL && e->machine->state != MACHINE_RUNNING))
        return;
    e->time = time > w->now ? time : w->now;
    if (e->machine != NULL && __builtin_expect(e->machine->paused_until > e->time, 0))
        e->time = e->machine->paused_until;
    e->priority = (uint8_t)priority;
    queue_put(&w->queue, e, e->time, world_event_order(w, e));
}

bool world_cancel(struct world *w, struct event *e)
{
    if (e->heap == 0)
        return false;
    queue_take(&w->queue, e);
    return true;
}

void world_stop(struct world *w)
{
    w->stop = true;
}

bool world_no_progress(struct world *w)
{
    if (__builtin_expect(++w->stalled <= WORLD_NO_PROGRESS_LIMIT, 1))
        return false;
    if (w->clock == WORLD_CLOCK_HOST)
        world_look_at_clock(w); /* this one advances by itself */
    return w->stalled > WORLD_NO_PROGRESS_LIMIT;
}
