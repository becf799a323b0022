/* SPDX-License-Identifier: MIT */
/*
 * The loop: takes the earliest event and runs it on the loop's own stack. With the virtual clock
 * time jumps to it; with the host clock the loop sleeps in host_poll until then. Faults and hangs
 * of the code it runs end up here and go to the machine they belong to.
 */
#include "world/world_private.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_PER_POLL 64 /* host clock: a busy world looks at its sockets this often */

/* Returns to world_run; comes back with the next one. */
static void leave(struct world *w, enum world_stop result)
{
    w->result = result;
    fibre_enter(&w->outside);
}

/* The next event with its time made present, or NULL after a return to world_run. */
static struct event *next_virtual(struct world *w)
{
    bool empty = w->queue.count == 0;
    uint64_t due = empty ? WORLD_NEVER : w->queue.slot[0].time;
    if (!empty && due <= w->limit) {
        if (due > w->now) {
            w->now = due;
            w->stalled = 0;
        }
        return queue_pop(&w->queue);
    }
    if (w->limit != WORLD_NEVER && w->limit > w->now) {
        w->now = w->limit;
        w->stalled = 0;
    }
    leave(w, empty ? WORLD_IDLE : WORLD_TIME_REACHED);
    return NULL;
}

static struct event *next_host(struct world *w)
{
    bool empty = w->queue.count == 0;
    uint64_t due = empty ? WORLD_NEVER : w->queue.slot[0].time;
    if (empty || due > w->now || w->since_poll >= EVENTS_PER_POLL) {
        world_look_at_clock(w);
        w->since_poll = 0;
    }
    if (w->since_poll != 0 && due <= w->limit) {
        w->since_poll++;
        return queue_pop(&w->queue);
    }
    w->since_poll = 1;
    if (due > w->limit && w->now >= w->limit) {
        leave(w, empty ? WORLD_IDLE : WORLD_TIME_REACHED);
        return NULL;
    }
    uint64_t until = due < w->limit ? due : w->limit;
    if (until == WORLD_NEVER && w->watch_count == 0) {
        leave(w, WORLD_IDLE);
        return NULL;
    }
    uint64_t wait = until > w->now ? until - w->now : 0;
    world_poll_sockets(w, wait > UINT64_MAX / 100 ? UINT64_MAX : wait * 100);
    return NULL;
}

void world_loop(void *argument)
{
    struct fibre *self = argument;
    struct world *w = self->world;
    for (;;) {
        if (__builtin_expect(atomic_load_explicit(&w->foreign, memory_order_relaxed) != NULL, 0))
            world_take_foreign(w);
        if (w->stop) {
            leave(w, WORLD_STOPPED);
            continue;
        }
        struct event *e = w->clock == WORLD_CLOCK_VIRTUAL ? next_virtual(w) : next_host(w);
        if (e == NULL)
            continue;
        w->events++;
        host_watchdog_pat(w->beat);
        self->machine = e->machine;
        if (__builtin_expect(world_no_progress(w), 0) && e->machine != NULL)
            world_hang(e->machine);
        e->run(e); /* may free or post it again */
        self->machine = NULL;
        if (self != w->loop)
            fibre_park(self); /* it blocked meanwhile, and another runs the loop now */
    }
}

enum world_stop world_run(struct world *w, uint64_t time)
{
    assert(!w->running && (world_fibre == NULL || world_fibre == &world_fibre->world->outside));
    struct fibre *before = world_fibre;
    host_context_adopt(&w->outside_private.context);
    w->beat = host_watchdog_beat();
    w->limit = time;
    w->stop = false;
    w->running = true;
    host_on_fault(world_on_fault);
    world_fibre = &w->outside;
    fibre_enter(w->loop);
    host_on_fault(NULL);
    world_fibre = before;
    w->running = false;
    return w->result;
}

/* ---- faults --------------------------------------------------------------------------------- */

static const char *const fault_names[] = {
    [HOST_FAULT_ACCESS] = "access to memory that is not there",
    [HOST_FAULT_STACK] = "stack overflow",
    [HOST_FAULT_ILLEGAL] = "illegal instruction",
    [HOST_FAULT_DIVIDE] = "division error",
    [HOST_FAULT_BREAKPOINT] = "breakpoint",
    [HOST_FAULT_HANG] = "hang",
};

/* No machine to blame, so the world itself is broken: say where, and end. */
static _Noreturn void report_and_abort(const struct host_fault *fault)
{
    char line[512], place[400];
    snprintf(line, sizeof(line), "mpio: %s in the world's own code; this is a defect of mpio",
             fault_names[fault->kind]);
    host_log(line);
    for (unsigned i = 0; i < fault->frames; i++) {
        host_describe_address((const char *)fault->pc[i] - (i > 0), place, sizeof(place));
        snprintf(line, sizeof(line), "  #%u %s", i, place);
        host_log(line);
    }
    abort();
}

/* Called by the host on its emergency stack, or by world_hang. Must not return. */
void world_on_fault(const struct host_fault *fault)
{
    struct machine *m = world_fibre != NULL ? world_fibre->machine : NULL;
    if (m != NULL && m->operations != NULL && m->operations->fault != NULL)
        m->operations->fault(m, fault);
    report_and_abort(fault);
}

_Noreturn void world_hang(struct machine *m)
{
    struct host_fault fault = {.kind = HOST_FAULT_HANG};
    m->world->stalled = 0; /* the others begin anew */
    fault.frames = host_backtrace(fault.pc, HOST_MAX_FRAMES, 0);
    if (fault.frames > 0)
        fault.pc[0] = (char *)fault.pc[0] - 1;
    world_on_fault(&fault);
    abort();
}
