/* SPDX-License-Identifier: MIT */
/*
 * Faults from outside the topology file: one command now, or a seeded plan. Both become scenarios
 * that stay until the world ends, since a flap goes on after the call. A plan strikes no harder than
 * the machines' settings allow without an I/O error.
 */
#include "embed/embed.h"

#include <stdlib.h>
#include <string.h>

struct injected {
    struct scenario *scenario;
    struct injected *next;
};

static bool start(struct mpio *w, const struct topology_action *actions, size_t count, const char *what)
{
    struct scenario_objects objects;
    struct text_error error;
    struct injected *i = calloc(1, sizeof *i);

    if (!i)
        return embed_fail(w, "%s: out of memory", what);
    embed_lookups(w, &objects);
    i->scenario = scenario_start(w->world, w->topology, actions, count, &objects, &error);
    if (!i->scenario) {
        free(i);
        return embed_fail(w, "%s: %s", what, error.message);
    }
    i->next = w->injected;
    w->injected = i;
    return true;
}

bool mpio_fault(struct mpio *w, const char *command)
{
    struct text_error error;
    struct topology_action action;

    if (!topology_parse_action(w->topology, command, &action, &error))
        return embed_fail(w, "fault '%s': %s", command, error.message);
    action.time = world_now(w->world);
    if (!start(w, &action, 1, command))
        return false;
    world_run(w->world, world_now(w->world));
    return true;
}

#define CLASS_RETRIES     4                   /* of one request, by the class driver */
#define REQUEST_PATIENCE  (60 * WORLD_SECOND) /* five attempts of 10 s, the pauses and resets between them */
#define VERIFY_MARGIN     (25 * WORLD_SECOND) /* a verification whose first commands get lost */
#define DEFAULT_REMOVAL   20                  /* PDORemovePeriod, seconds */

static uint32_t parameter(const struct node *n, const char *name, uint32_t value)
{
    nt_registry_get_dword(n->machine, EMBED_MPIO_PARAMETERS, name, &value);
    return value;
}

/* What the machines bear without an I/O error: a LUN without any path for PDORemovePeriod; a path that has failed is used
 * again after up to two recovery intervals; strikes as the class driver has retries. */
static void bound_by_machines(const struct mpio *w, struct scenario_random_options *o)
{
    uint64_t removal = WORLD_NEVER;

    for (unsigned i = 0; i < w->node_count; i++) {
        const struct node *n = &w->nodes[i];
        uint64_t period = parameter(n, "PDORemovePeriod", DEFAULT_REMOVAL), interval = 2 * period;

        if (parameter(n, "UseCustomPathRecoveryInterval", 0) != 0)
            interval = parameter(n, "PathRecoveryInterval", (uint32_t)interval);
        if (2 * interval * WORLD_SECOND + VERIFY_MARGIN > o->recovery)
            o->recovery = 2 * interval * WORLD_SECOND + VERIFY_MARGIN;
        if (parameter(n, "PathVerifyEnabled", 0) != 0)
            o->verified = VERIFY_MARGIN;
        if (period * WORLD_SECOND < removal)
            removal = period * WORLD_SECOND;
    }
    o->longest_blackout = removal != WORLD_NEVER ? removal : 0;
    o->strikes = CLASS_RETRIES;
    o->patience = REQUEST_PATIENCE + o->longest_blackout;
}

unsigned mpio_fault_plan(struct mpio *w, uint64_t duration, unsigned least, unsigned most)
{
    struct scenario_random_options options = {
        .start = world_now(w->world), .duration = duration, .minimum = least, .maximum = most};
    struct text_error error;
    unsigned faults = 0;

    bound_by_machines(w, &options);
    struct scenario_plan *plan = scenario_random(w->world, w->topology, &options, &error);
    if (!plan) {
        embed_fail(w, "no fault plan: %s", error.message);
        return 0;
    }
    if (start(w, plan->actions, plan->count, "fault plan"))
        faults = plan->faults;
    if (plan->faults == 0)
        embed_fail(w, "no fault plan: no fault fits that the machines would bear without an I/O error");
    scenario_plan_free(plan);
    return faults;
}

void embed_drop_faults(struct mpio *w)
{
    while (w->injected) {
        struct injected *i = w->injected;
        w->injected = i->next;
        scenario_stop(i->scenario);
        free(i);
    }
}
