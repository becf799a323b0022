/* SPDX-License-Identifier: MIT */
/*
 * Machines: what the world keeps of each, and how one leaves it without disturbing the others.
 * Their kernels hang in root[].
 */
#include "world/world_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_CPUS 2 /* one may spin while the other does what it waits for */

struct machine *machine_create(struct world *w, const char *name, unsigned cpus)
{
    struct machine *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return NULL;
    m->world = w;
    m->ordinal = w->machine_count++;
    m->cpus = cpus < LEAST_CPUS ? LEAST_CPUS : cpus;
    snprintf(m->name, sizeof(m->name), "%s", name);
    *w->machines_end = m;
    w->machines_end = &m->next;
    trace_emit(w, m, TRACE_MACHINE, MACHINE_RUNNING, 0, 0, 0);
    return m;
}

void machine_drop(struct machine *m)
{
    queue_drop_machine(&m->world->queue, m);
    fibre_drop_machine(m->world, m);
}

void machine_stop(struct machine *m, enum machine_state why)
{
    if (m->state != MACHINE_RUNNING)
        return;
    assert(why != MACHINE_RUNNING);
    trace_emit(m->world, m, TRACE_MACHINE, why, 0, 0, 0);
    m->state = why;
    machine_drop(m);
    struct fibre *self = world_fibre;
    if (self != NULL && self->machine == m && self != &m->world->outside)
        fibre_abandon();
}

void machine_forget(struct machine *m)
{
    struct world *w = m->world;
    void *hbas = m->root[ROOT_FABRIC];

    assert(m->state != MACHINE_RUNNING && !w->running);
    machine_drop(m);
    w->outside.machine = m;
    if (m->operations != NULL && m->operations->destroy != NULL)
        m->operations->destroy(m);
    w->outside.machine = NULL;
    m->operations = NULL;
    memset(m->root, 0, sizeof(m->root));
    m->root[ROOT_FABRIC] = hbas;
}

void machine_restart(struct machine *m)
{
    assert(m->state != MACHINE_RUNNING);
    m->state = MACHINE_RUNNING;
    m->paused_until = 0;
    trace_emit(m->world, m, TRACE_MACHINE, MACHINE_RUNNING, 0, 0, 0);
}

bool machine_is_paused(const struct machine *m)
{
    return m->paused_until > m->world->now;
}

void machine_pause(struct machine *m, uint64_t until)
{
    if (m->state != MACHINE_RUNNING || until <= m->world->now || until <= m->paused_until)
        return;
    m->paused_until = until;
    queue_delay_machine(m->world, m, until);
}

struct machine *world_machines(const struct world *w)
{
    return w->machines;
}
