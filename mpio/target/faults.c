/* SPDX-License-Identifier: MIT */
/*
 * The topology's timeline on the wire, and the same actions from the control socket. Initiators out there are
 * not the topology's HBAs, so what strikes a link of an HBA strikes the portal in front of the array port at
 * its other end. Times count from the target's start.
 */
#include "target/internal.h"

#include <stdlib.h>

#include "world/scenario_array.h"

struct fault_step {
    struct target *target;
    struct fault_step *next;
    struct event event;
    struct topology_action action;
    uint32_t bounces;           /* flap: link changes still to come */
};

/* Calls for every portal that the HBA's target (or any of its targets) leads to. */
static void each_portal(struct target *t, size_t hba, uint32_t target,
                        void (*call)(struct portal *p, const struct topology_action *a, bool up),
                        const struct topology_action *action, bool up)
{
    for (unsigned i = 0; i < t->portal_count; i++) {
        struct portal *p = &t->portals[i];
        bool reached = false;
        for (size_t j = 0; j < t->topology->link_count; j++) {
            const struct topology_link *link = &t->topology->links[j];
            if (link->hba != hba || p->port < link->port || p->port >= link->port + link->ports)
                continue;
            reached |= target == HBA_ALL_TARGETS || target == link->first_target + p->port - link->port;
        }
        if (reached)
            call(p, action, up);
    }
}

static void set_link(struct portal *p, const struct topology_action *a, bool up)
{
    (void)a;
    portal_link(p, up);
}

static void set_fault(struct portal *p, const struct topology_action *a, bool up)
{
    (void)up;
    p->fault_count[a->fault] = a->count;
    p->fault_value[a->fault] = a->period;
}

static struct node *find_node(struct target *t, size_t array)
{
    for (unsigned i = 0; i < t->node_count; i++)
        if (t->nodes[i].config == &t->topology->arrays[array])
            return &t->nodes[i];
    return NULL;
}

#define EVERY_CONTROLLER UINT32_MAX

/* A controller that dies takes its connections along and nobody listens any more; a command it had in hand
 * is never answered. */
static void follow_controllers(struct node *n, unsigned controller, bool up)
{
    struct target *t = n->target;

    for (unsigned i = 0; i < t->portal_count; i++) {
        struct portal *p = &t->portals[i];
        if (p->port >= array_ports(n->array) ||
            (controller != EVERY_CONTROLLER && array_controller_of_port(n->array, p->port) != controller))
            continue;
        if (!up)
            portal_cut(p, n);
        if (!portal_answers(p))
            portal_close(p);
        else if (!portal_open(p, NULL))
            target_log(t, p->address, "portal %u cannot listen again: %s", p->index, "the address is taken");
    }
}

/* Is there something on the wire that it can strike? Machines, HBAs and their fabric are the initiators' own. */
static bool is_ours(const struct topology_action *a)
{
    switch (a->kind) {
    case ACTION_LINK:
    case ACTION_FLAP:
        return true;
    case ACTION_PATH_FAULT:
        return portal_has_fault(a->fault);
    default:
        return topology_action_subject(a->kind) == SUBJECT_ARRAY;
    }
}

static void apply(struct target *t, const struct topology_action *a)
{
    struct node *n = NULL;

    if (!is_ours(a) || (topology_action_subject(a->kind) == SUBJECT_ARRAY && !(n = find_node(t, a->array))))
        return; /* nothing on the wire, or an array that is not served */
    switch (a->kind) {
    case ACTION_LINK:
        each_portal(t, a->hba, a->target, set_link, a, a->up);
        break;
    case ACTION_PATH_FAULT:
        each_portal(t, a->hba, a->target, set_fault, a, true);
        break;
    case ACTION_CONTROLLER:
        array_controller_up(n->array, a->controller, a->up);
        follow_controllers(n, a->controller, a->up);
        break;
    case ACTION_POWER:
        array_power(n->array, a->up);
        follow_controllers(n, EVERY_CONTROLLER, a->up);
        break;
    default:
        scenario_strike_array(t->world, t->topology, n->array, a);
        break;
    }
}

static void run(struct event *e)
{
    struct fault_step *s = (struct fault_step *)((char *)e - offsetof(struct fault_step, event));

    if (s->action.kind != ACTION_FLAP) {
        apply(s->target, &s->action);
        return;
    }
    each_portal(s->target, s->action.hba, s->action.target, set_link, &s->action, s->bounces % 2 != 0);
    if (--s->bounces > 0)
        world_post(s->target->world, e, world_now(s->target->world) + s->action.period, EVENT_INTERRUPT);
}

static bool schedule(struct target *t, const struct topology_action *action, struct text_error *error)
{
    struct fault_step *s = calloc(1, sizeof *s);

    if (!s)
        return text_error_set(error, NULL, 0, 0, "out of memory");
    s->target = t;
    s->action = *action;
    s->bounces = 2 * action->count;
    s->event.run = run;
    s->next = t->steps;
    t->steps = s;
    world_post(t->world, &s->event, action->time, EVENT_INTERRUPT);
    return true;
}

bool faults_start(struct target *t, struct text_error *error)
{
    for (size_t i = 0; i < t->topology->action_count; i++)
        if (!schedule(t, &t->topology->actions[i], error))
            return false;
    return true;
}

bool faults_apply(struct target *t, const struct topology_action *action, struct text_error *error)
{
    if (!is_ours(action))
        return text_error_set(error, NULL, 0, 0, "that strikes a simulated host or its fabric: there is none on the wire");
    if (action->kind == ACTION_FLAP)
        return schedule(t, action, error);
    apply(t, action);
    return true;
}

void faults_stop(struct target *t)
{
    while (t->steps) {
        struct fault_step *next = t->steps->next;
        world_cancel(t->world, &t->steps->event);
        free(t->steps);
        t->steps = next;
    }
}
