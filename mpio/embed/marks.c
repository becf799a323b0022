/* SPDX-License-Identifier: MIT */
/*
 * The rare records of the event stream, as sentences for reports: faults, links, controllers,
 * failovers, states, event-log entries, bug checks. The frequent ones pass by in one comparison.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <string.h>

static bool is_mark(uint16_t kind)
{
    switch (kind) {
    case TRACE_FAULT:
    case TRACE_LINK:
    case TRACE_CONTROLLER:
    case TRACE_FAILOVER:
    case TRACE_LUN:
    case TRACE_EVENT_LOG:
    case TRACE_BUGCHECK:
    case TRACE_CHECK:
        return true;
    default:
        return false;
    }
}

static void see(void *user, const struct trace_record *r)
{
    struct mpio *w = user;
    struct mpio_mark m = {.time = r->time};

    if (!w->mark || !is_mark(r->kind))
        return;
    for (unsigned i = 0; i < w->node_count; i++)
        if (w->nodes[i].machine && w->nodes[i].machine->ordinal + 1 == r->machine)
            snprintf(m.machine, sizeof m.machine, "%s", w->nodes[i].machine->name);
    snprintf(m.kind, sizeof m.kind, "%s", trace_kind_name(r->kind));
    trace_format(r, m.text, sizeof m.text);
    w->mark(w->mark_user, &m);
}

void embed_watch_trace(struct mpio *w)
{
    trace_listen(w->world, see, w);
}

void mpio_on_mark(struct mpio *w, void (*mark)(void *user, const struct mpio_mark *m), void *user)
{
    w->mark = mark;
    w->mark_user = user;
}
