/* SPDX-License-Identifier: MIT */
/*
 * The rare records of the event stream, as sentences for reports: faults, links, controllers,
 * failovers, event-log entries, bug checks, findings of the data checker.
 */
#include "embed/embed.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KINDS                                                                                                  \
    (TRACE_BIT(TRACE_FAULT) | TRACE_BIT(TRACE_LINK) | TRACE_BIT(TRACE_FAILOVER) | TRACE_BIT(TRACE_EVENT_LOG) | \
     TRACE_BIT(TRACE_BUGCHECK) | TRACE_BIT(TRACE_CHECK) | TRACE_BIT(TRACE_CLUSTER))

static const char *hba_name(const struct mpio *w, uint64_t ordinal)
{
    for (unsigned i = 0; i < w->node_count; i++)
        for (const struct hba *h = fabric_hbas(w->nodes[i].machine); h; h = h->next)
            if (h->ordinal == ordinal)
                return h->name;
    return "?";
}

static void say_fault(const struct mpio *w, const struct trace_record *r, char *text, size_t size)
{
    static const char *const verbs[ACTION_COUNT] = {
#define X(kind, name, usage) name,
        TOPOLOGY_ACTIONS(X)
#undef X
    };
    uint64_t kind = r->argument[0], object = r->argument[1] >> 32, part = r->argument[1] & UINT32_MAX;
    bool on_hba = topology_action_subject((uint32_t)kind) == SUBJECT_HBA;
    bool on_array = topology_action_subject((uint32_t)kind) == SUBJECT_ARRAY;
    const char *name = "?";

    if (kind >= ACTION_COUNT)
        return;
    if (on_hba && object < w->topology->hba_count)
        name = w->topology->hbas[object].object.name;
    if (on_array && object < w->topology->array_count)
        name = w->topology->arrays[object].object.name;
    if (topology_action_subject((uint32_t)kind) == SUBJECT_MACHINE && object < w->topology->machine_count)
        name = w->topology->machines[object].object.name;
    int used = snprintf(text, size, "%s %s", verbs[kind], name);
    if (used > 0 && (size_t)used < size && part != HBA_ALL_TARGETS)
        used += snprintf(text + used, size - used, on_hba ? " target %" PRIu64 : " %" PRIu64, part);
    if (used > 0 && (size_t)used < size && (kind == ACTION_LINK || kind == ACTION_CONTROLLER))
        snprintf(text + used, size - used, r->argument[2] ? " up" : " down");
}

/* False: nothing a report would show. */
static bool say(struct mpio *w, struct node *n, const struct trace_record *r, char *text, size_t size)
{
    static const char *const links[] = {"lost", "back", "target gone", "target arrived"};
    const uint64_t *a = r->argument;

    switch (r->kind) {
    case TRACE_FAULT:
        say_fault(w, r, text, size);
        return true;
    case TRACE_LINK:
        if (a[1] == HBA_ALL_TARGETS)
            return false; /* the cable: said of each target, and as the fault that did it */
        snprintf(text, size, "%s target %" PRIu64 " %s", hba_name(w, a[0]), a[1], a[2] < 4 ? links[a[2]] : "?");
        return true;
    case TRACE_FAILOVER:
        if (a[1] == UINT32_MAX)
            snprintf(text, size, "path %" PRIu64 " failed, no other path", a[0]);
        else
            snprintf(text, size, "path %" PRIu64 " failed, the DSM names path %" PRIu64, a[0], a[1]);
        return true;
    case TRACE_EVENT_LOG: {
        unsigned count = n ? nt_log_count(n->machine) : 0;
        if (!n || count == n->log_seen)
            return false; /* the record that repeats an entry with its parameters */
        n->log_seen = count;
        const struct nt_log_entry *e = nt_log_at(n->machine, count - 1);
        snprintf(text, size, "%s", e ? e->text : "");
        return true;
    }
    case TRACE_CLUSTER:
        snprintf(text, size, "shared LUN: member %" PRIu64 " takes over from member %" PRIu64, a[1], a[2]);
        return a[1] != a[2]; /* its first reservation takes nothing from anybody */
    case TRACE_BUGCHECK:
    case TRACE_CHECK:
        trace_format(r, text, size);
        return true;
    default:
        return false;
    }
}

static void see(void *user, const struct trace_record *r)
{
    struct mpio *w = user;
    struct mpio_mark m = {.time = r->time};
    struct node *n = NULL;

    for (unsigned i = 0; i < w->node_count; i++)
        if (w->nodes[i].machine && w->nodes[i].machine->ordinal + 1 == r->machine)
            n = &w->nodes[i];
    if (!say(w, n, r, m.text, sizeof m.text))
        return;
    if (r->kind == TRACE_EVENT_LOG && w->options.message) {
        const struct nt_log_entry *e = nt_log_at(n->machine, n->log_seen - 1);
        w->options.message(w->options.user, n->machine->name, "event log", e ? e->text : "");
    }
    if (!w->mark)
        return;
    if (n)
        snprintf(m.machine, sizeof m.machine, "%s", n->machine->name);
    snprintf(m.kind, sizeof m.kind, "%s", trace_kind_name(r->kind));
    w->mark(w->mark_user, &m);
}

/* Marks for whoever asked, event-log entries for the listener of messages; nobody asked: no listener, no cost. */
void embed_watch_trace(struct mpio *w)
{
    uint32_t kinds = w->mark ? KINDS : TRACE_BIT(TRACE_EVENT_LOG);

    trace_listen(w->world, kinds, w->mark || w->options.message ? see : NULL, w);
}

void mpio_on_mark(struct mpio *w, void (*mark)(void *user, const struct mpio_mark *m), void *user)
{
    w->mark = mark;
    w->mark_user = user;
    embed_watch_trace(w);
    for (unsigned i = 0; i < w->node_count; i++)
        w->nodes[i].log_seen = nt_log_count(w->nodes[i].machine);
}
