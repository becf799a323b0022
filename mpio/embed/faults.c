/* SPDX-License-Identifier: MIT */
/*
 * Faults from outside the topology file: one command now, or a seeded plan. Both become scenarios
 * that stay until the world ends, since a flap goes on after the call. A plan strikes no harder than
 * the machines' settings allow without an I/O error.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/number.h"

#define PLAN_LINE 400 /* bytes of one, as read back */

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
#define GIVE_UP_MARGIN    (45 * WORLD_SECOND) /* three time-outs and their resets: DSMs give a path up then */
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
    o->given_up = GIVE_UP_MARGIN;
    o->strikes = CLASS_RETRIES;
    o->patience = REQUEST_PATIENCE + o->longest_blackout;
}

static unsigned draw_plan(struct mpio *w, uint64_t duration, unsigned least, unsigned most, uint64_t kinds)
{
    uint64_t start_time = (world_now(w->world) + WORLD_MS - 1) / WORLD_MS * WORLD_MS; /* a person reads the plan */
    struct scenario_random_options options = {.start = start_time,
                                              .duration = duration,
                                              .minimum = least,
                                              .maximum = most,
                                              .kinds = kinds};
    struct text_error error;
    unsigned faults = 0;

    bound_by_machines(w, &options);
    struct scenario_plan *plan = scenario_random(w->world, w->topology, &options, &error);
    if (!plan) {
        embed_fail(w, "no fault plan: %s", error.message);
        return 0;
    }
    if (start(w, plan->actions, plan->count, "fault plan")) {
        scenario_plan_write(plan, &w->plan);
        faults = plan->faults;
    }
    if (plan->faults == 0)
        embed_fail(w, "no fault plan: no fault fits that the machines would bear without an I/O error");
    scenario_plan_free(plan);
    return faults;
}

unsigned mpio_fault_plan(struct mpio *w, uint64_t duration, unsigned least, unsigned most)
{
    return draw_plan(w, duration, least, most, SCENARIO_ALL_KINDS);
}

unsigned mpio_fault_swarm(struct mpio *w, uint64_t duration, unsigned least, unsigned most)
{
    return draw_plan(w, duration, least, most, SCENARIO_WHOLE_MENU);
}

const char *mpio_fault_plan_text(const struct mpio *w)
{
    const char *header = "[timeline]\n", *text = buffer_text(&w->plan);

    return strncmp(text, header, strlen(header)) == 0 ? text + strlen(header) : text;
}

/* One line of such a text, without its end: "TIME = ACTION". */
static bool read_line(struct mpio *w, const char *line, size_t length, struct topology_action *action)
{
    char text[PLAN_LINE], *equal;
    struct text_error error;

    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), line);
    equal = strstr(text, " = ");
    if (!equal || length >= sizeof text)
        return embed_fail(w, "a line of a fault plan is TIME = ACTION, not \"%.60s\"", text);
    *equal = '\0';
    uint64_t time;
    if (!text_parse_time(text, &time, &error) || !topology_parse_action(w->topology, equal + 3, action, &error))
        return embed_fail(w, "fault plan, %s: %s", text, error.message);
    if (time > TOPOLOGY_MAX_TIME)
        return embed_fail(w, "fault plan: %s is later than a timeline goes", text);
    action->time = time;
    return true;
}

bool mpio_fault_plan_read(struct mpio *w, const char *lines)
{
    struct topology_action *actions = NULL, *grown;
    size_t count = 0;
    bool ok = true;

    for (const char *end; ok && (end = strchr(lines, '\n')) != NULL; lines = end + 1) {
        if (count == TOPOLOGY_MAX_ACTIONS) {
            ok = embed_fail(w, "a fault plan has at most %u lines", TOPOLOGY_MAX_ACTIONS);
            break;
        }
        grown = realloc(actions, (count + 1) * sizeof *actions);
        if (!grown) {
            ok = embed_fail(w, "fault plan: out of memory");
            break;
        }
        actions = grown;
        ok = read_line(w, lines, (size_t)(end - lines), &actions[count]);
        actions[count].line = (unsigned)count;
        count += ok;
    }
    ok = ok && (count == 0 || start(w, actions, count, "fault plan"));
    free(actions);
    return ok;
}

bool embed_faults_boot(const struct mpio *w)
{
    bool boots = w->scenario && scenario_boots_ahead(w->scenario);

    for (const struct injected *i = w->injected; i && !boots; i = i->next)
        boots = scenario_boots_ahead(i->scenario);
    return boots;
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
