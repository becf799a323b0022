/* SPDX-License-Identifier: MIT */
/*
 * Fibres: blocking, waking, and the pool of stacks. The loop is a fibre too. When code running on
 * it blocks, a spare becomes the loop and the old one an ordinary blocked fibre; once its event
 * handler returns it finds that it is not the loop any more and goes to the pool. Every other fibre
 * is entered from the loop and goes back to it. One thread; nothing needs a lock.
 */
#include "world/world_private.h"

#include <stdlib.h>
#include <string.h>

#define PREEMPT_ONE_IN 16 /* explore mode: kernel calls per preemption, on average */

struct fibre_whole {
    struct fibre fibre;
    struct fibre_private private;
};

/* ---- the pool ------------------------------------------------------------------------------- */

static void put_spare(struct world *w, struct fibre *f)
{
    f->machine = NULL;
    f->private->state = FIBRE_SPARE;
    f->private->next_spare = w->spares;
    w->spares = f;
}

bool fibre_make_spare(struct world *w)
{
    struct fibre_whole *whole = calloc(1, sizeof(*whole));
    if (whole == NULL)
        return false;
    struct fibre *f = &whole->fibre;
    struct fibre_private *p = &whole->private;
    f->world = w;
    f->private = p;
    p->fibre = f;
    if (!host_context_create(&p->context, w->fibre_stack, NULL, NULL)) {
        free(whole);
        return false;
    }
    p->next = w->fibres;
    w->fibres = f;
    put_spare(w, f);
    return true;
}

static struct fibre *take_spare(struct world *w, void (*entry)(void *))
{
    if (w->spares == NULL && !fibre_make_spare(w))
        return NULL;
    struct fibre *f = w->spares;
    w->spares = f->private->next_spare;
    memset(f->local, 0, sizeof(f->local));
    host_context_reset(&f->private->context, entry, f);
    return f;
}

void fibre_new_loop(struct world *w)
{
    w->loop = take_spare(w, world_loop);
    if (w->loop == NULL) {
        host_log("mpio: no memory for one more fibre; too much waits at the same time");
        host_log(host_error());
        abort();
    }
    w->loop->private->state = FIBRE_RUNNING;
}

void fibre_destroy_all(struct world *w)
{
    while (w->fibres != NULL) {
        struct fibre *f = w->fibres;
        w->fibres = f->private->next;
        host_context_destroy(&f->private->context);
        free(MPIO_CONTAINER(f, struct fibre_whole, fibre));
    }
}

/* ---- switching ------------------------------------------------------------------------------ */

static void switch_to(struct fibre *from, struct fibre *to, bool from_ends)
{
    world_fibre = to;
    host_context_switch(&from->private->context, &to->private->context, from_ends);
}

void fibre_enter(struct fibre *to)
{
    switch_to(world_fibre, to, false);
}

_Noreturn void fibre_park(struct fibre *self)
{
    struct world *w = self->world;
    put_spare(w, self); /* nobody takes it before the switch */
    switch_to(self, w->loop, true);
    abort();
}

static void run_entry(void *argument)
{
    struct fibre *self = argument;
    self->private->entry(self->private->argument);
    fibre_park(self);
}

/* The event that lets a runnable fibre go on; runs on the loop. */
static void resume(struct event *e)
{
    struct fibre_private *p = MPIO_CONTAINER(e, struct fibre_private, wake);
    p->state = FIBRE_RUNNING;
    fibre_enter(p->fibre);
}

static void make_runnable(struct fibre *f, uint64_t time, enum event_priority priority)
{
    struct fibre_private *p = f->private;
    p->state = FIBRE_RUNNABLE;
    p->wake.run = resume;
    p->wake.machine = f->machine;
    world_post(f->world, &p->wake, time, priority);
}

/* Leaves the running fibre, whose state is set, for the loop. */
static void suspend(struct fibre *self)
{
    struct world *w = self->world;
    if (self == w->loop)
        fibre_new_loop(w);
    switch_to(self, w->loop, false);
}

static struct fibre *running_fibre(void)
{
    struct fibre *self = world_fibre;
    assert(self != NULL && self != &self->world->outside); /* only inside world_run */
    return self;
}

/* ---- the interface -------------------------------------------------------------------------- */

struct fibre *fibre_start(struct world *w, struct machine *m, void (*entry)(void *), void *argument)
{
    if (m != NULL && m->state != MACHINE_RUNNING)
        return NULL;
    struct fibre *f = take_spare(w, run_entry);
    if (f == NULL)
        return NULL;
    f->machine = m;
    f->private->entry = entry;
    f->private->argument = argument;
    make_runnable(f, w->now, EVENT_THREAD);
    return f;
}

void fibre_block(void)
{
    struct fibre *self = running_fibre();
    self->private->state = FIBRE_BLOCKED;
    suspend(self);
}

void fibre_wake(struct fibre *f, uint64_t time, enum event_priority priority)
{
    assert(fibre_is_blocked(f));
    make_runnable(f, time, priority);
}

bool fibre_is_blocked(const struct fibre *f)
{
    return f->private->state == FIBRE_BLOCKED;
}

void fibre_sleep(uint64_t time, enum event_priority priority)
{
    struct fibre *self = running_fibre();
    make_runnable(self, time, priority);
    suspend(self);
}

void fibre_preempt(void)
{
    struct fibre *self = world_fibre;
    if (self == NULL || self->machine == NULL || self == &self->world->outside)
        return;
    struct world *w = self->world;
    host_watchdog_pat(w->beat);
    if (world_no_progress(w))
        world_hang(self->machine);
    if (w->explore && world_random_below(w, STREAM_SCHEDULE, PREEMPT_ONE_IN) == 0)
        fibre_sleep(w->now, EVENT_THREAD);
}

_Noreturn void fibre_abandon(void)
{
    struct fibre *self = running_fibre();
    host_fault_handled(); /* when a fault brought us here, this leaves the emergency stack */
    if (self == self->world->loop)
        fibre_new_loop(self->world);
    fibre_park(self);
}

void fibre_stack(const struct fibre *f, void **low, void **high)
{
    *low = f->private->context.stack_low;
    *high = f->private->context.stack_high;
}

void fibre_drop_machine(struct world *w, const struct machine *m)
{
    for (struct fibre *f = w->fibres; f != NULL; f = f->private->next)
        if (f->machine == m &&
            (f->private->state == FIBRE_BLOCKED || f->private->state == FIBRE_RUNNABLE))
            put_spare(w, f);
}
