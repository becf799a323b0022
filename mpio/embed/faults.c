/* SPDX-License-Identifier: MIT */
/*
 * Faults from outside the topology file: one command now, or a seeded plan. Both become scenarios
 * that stay until the world ends, since a flap goes on after the call.
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

unsigned mpio_fault_plan(struct mpio *w, uint64_t duration, unsigned least, unsigned most)
{
    struct scenario_random_options options = {
        .start = world_now(w->world), .duration = duration, .minimum = least, .maximum = most};
    struct text_error error;
    unsigned faults = 0;

    struct scenario_plan *plan = scenario_random(w->world, w->topology, &options, &error);
    if (!plan) {
        embed_fail(w, "no fault plan: %s", error.message);
        return 0;
    }
    if (start(w, plan->actions, plan->count, "fault plan"))
        faults = plan->faults;
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
