/* SPDX-License-Identifier: MIT */
/*
 * Applies a timeline: one event walks through the sorted steps. Flaps are unfolded into link steps
 * beforehand, so a step is one call of the fabric or of an array. Runs in the world's loop, for no
 * machine; allocates at the start only.
 */
#include <stdlib.h>

#include "world/check.h"
#include "world/scenario.h"
#include "world/scenario_array.h"
#include "world/topology_private.h"
#include "world/trace.h"

struct step {
    struct topology_action action;
    struct hba *hba;
    struct array *array;
    struct machine *machine;
};

struct scenario {
    struct world *world;
    const struct topology *topology;
    struct scenario_objects objects;
    struct event event;
    size_t next, count;
    struct step *steps;
};

/* ---- applying -------------------------------------------------------------------------------------- */
static void trace_step(struct world *w, const struct topology_action *a)
{
    uint64_t object = 0, value, more = 0;

    switch (topology_action_subject(a->kind)) {
    case SUBJECT_HBA:
        object = (uint64_t)a->hba << 32 | a->target;
        value = (uint64_t)a->fault << 32 | (a->kind == ACTION_LINK || a->kind == ACTION_HBA ? a->up : a->count);
        break;
    case SUBJECT_MACHINE:
        object = (uint64_t)a->machine << 32;
        value = a->fault;
        break;
    case SUBJECT_ARRAY:
        object = (uint64_t)a->array << 32 | a->lun;
        value = (uint64_t)a->count << 32 | (uint64_t)a->status << 24 | (uint64_t)a->key << 16 |
                (uint64_t)a->asc << 8 | a->ascq;
        if (a->kind == ACTION_CONTROLLER) {
            object = (uint64_t)a->array << 32 | a->controller;
            value = a->up;
        } else if (a->kind == ACTION_RESIZE) {
            value = a->size;
        } else if (a->kind == ACTION_MOVE) {
            value = a->controller;
        } else if (a->kind >= ACTION_POWER) {
            value = (uint64_t)a->fault << 32 | a->up;
            more = a->number;
        }
        break;
    default:
        value = a->up;
        break;
    }
    trace_emit(w, NULL, TRACE_FAULT, a->kind, object, value, more);
}

/* The array's controllers die and return with it; nobody answers meanwhile. */
static void set_power(struct world *w, const struct topology *t, const struct step *step)
{
    const struct topology_action *a = &step->action;

    if (a->up)
        array_power(step->array, true);
    for (unsigned controller = 0; controller < t->arrays[a->array].controllers; controller++)
        fabric_controller(w, step->array, controller, a->up);
    if (a->up)
        return;
    array_power(step->array, false);
    check_power_lost(w, step->array);
}

static void strike_hba(const struct step *step)
{
    const struct topology_action *a = &step->action;

    switch (a->kind) {
    case ACTION_LINK:
        step->hba->operations->link(step->hba, a->target, a->up);
        break;
    case ACTION_PATH_FAULT:
        fabric_inject(step->hba, a->target, (enum fabric_fault)a->fault, a->count, a->period);
        break;
    case ACTION_HBA:
        if (a->fault == HBA_POWER)
            fabric_hba_power(step->hba, a->up);
        else
            fabric_hba_plug(step->hba, a->fault == HBA_INSERT);
        break;
    case ACTION_LOGOUT:
        fabric_port_logout(step->hba, a->target);
        break;
    case ACTION_RSCN:
        fabric_rscn(step->hba);
        break;
    case ACTION_ASYNC_LOGOUT:
        fabric_async_logout(step->hba, a->target, a->period, a->retain);
        break;
    case ACTION_REDIRECT:
        fabric_redirect(step->hba, a->target, a->port);
        break;
    case ACTION_BUS_RESET:
        fabric_bus_reset(step->hba);
        break;
    default:
        break; /* flaps were unfolded */
    }
}

static void strike_machine(const struct step *step)
{
    const struct topology_action *a = &step->action;

    if (a->fault == MACHINE_CRASH)
        fabric_machine_crash(step->machine);
    else if (a->fault == MACHINE_PAUSE)
        fabric_machine_pause(step->machine, a->period);
    /* A boot is the embedder's: it hears of it as of every action. */
}

static void apply(struct scenario *s, const struct step *step)
{
    const struct topology_action *a = &step->action;

    trace_step(s->world, a);
    if (topology_action_subject(a->kind) == SUBJECT_HBA)
        strike_hba(step);
    else if (topology_action_subject(a->kind) == SUBJECT_MACHINE)
        strike_machine(step);
    else if (a->kind == ACTION_CONTROLLER)
        fabric_controller(s->world, step->array, a->controller, a->up);
    else if (a->kind == ACTION_POWER)
        set_power(s->world, s->topology, step);
    else if (a->kind == ACTION_SWITCH)
        fabric_switch(s->world, a->fabric, a->up);
    else if (step->array != NULL && scenario_strike_array(s->world, s->topology, step->array, a))
        fabric_luns_changed(s->world, step->array);
    if (s->objects.applied != NULL)
        s->objects.applied(s->objects.user, a);
}

static void post_next(struct scenario *s)
{
    uint64_t now = world_now(s->world), time;

    if (s->next == s->count)
        return;
    time = s->steps[s->next].action.time;
    world_post(s->world, &s->event, time > now ? time : now, EVENT_INTERRUPT);
}

static void run(struct event *e)
{
    struct scenario *s = (struct scenario *)((char *)e - offsetof(struct scenario, event));
    uint64_t now = world_now(s->world);

    while (s->next < s->count && s->steps[s->next].action.time <= now)
        apply(s, &s->steps[s->next++]);
    post_next(s);
}

/* ---- preparing -------------------------------------------------------------------------------------- */
static size_t unfolded_count(const struct topology_action *actions, size_t count)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += actions[i].kind == ACTION_FLAP ? 2 * (size_t)actions[i].count : 1;
    return total;
}

static void unfold(struct scenario *s, const struct step *step)
{
    struct step *next = &s->steps[s->count];
    uint32_t bounces = step->action.kind == ACTION_FLAP ? 2 * step->action.count : 0;

    if (bounces == 0) {
        *next = *step;
        s->count++;
        return;
    }
    for (uint32_t i = 0; i < bounces; i++, next++, s->count++) {
        *next = *step;
        next->action.kind = ACTION_LINK;
        next->action.time += i * step->action.period;
        next->action.up = i % 2 != 0;
    }
}

static int compare_steps(const void *a, const void *b)
{
    const struct topology_action *first = &((const struct step *)a)->action;
    const struct topology_action *second = &((const struct step *)b)->action;

    if (first->time != second->time)
        return first->time < second->time ? -1 : 1;
    if (first->line != second->line)
        return first->line < second->line ? -1 : 1;
    return 0;
}

static bool not_built(const struct topology *t, const struct topology_action *a, const char *what,
                      const char *name, struct text_error *error)
{
    return text_error_set(error, ini_file_name(t->ini), a->line, 0, "%s %s is not built", what, name);
}

static bool bind(const struct topology *t, const struct scenario_objects *objects, struct step *step,
                 struct text_error *error)
{
    const struct topology_action *a = &step->action;
    const char *name;

    switch (topology_action_subject(a->kind)) {
    case SUBJECT_HBA:
        name = t->hbas[a->hba].object.name;
        step->hba = objects->hba(objects->user, name);
        if (step->hba == NULL ||
            (a->target != HBA_ALL_TARGETS && a->target >= step->hba->targets))
            return text_error_set(error, ini_file_name(t->ini), a->line, 0,
                                  "HBA %s, or its target, is not built", name);
        return true;
    case SUBJECT_MACHINE:
        name = t->machines[a->machine].object.name;
        step->machine = objects->machine != NULL ? objects->machine(objects->user, name) : NULL;
        return step->machine != NULL || not_built(t, a, "machine", name, error);
    case SUBJECT_ARRAY:
        name = t->arrays[a->array].object.name;
        step->array = objects->array(objects->user, name);
        return step->array != NULL || not_built(t, a, "array", name, error);
    default:
        return true;
    }
}

struct scenario *scenario_start(struct world *w, const struct topology *t,
                                const struct topology_action *actions, size_t count,
                                const struct scenario_objects *objects, struct text_error *error)
{
    struct scenario *s;
    size_t total = unfolded_count(actions, count);

    if (total > SCENARIO_MAX_STEPS) {
        text_error_set(error, ini_file_name(t->ini), 0, 0,
                       "the timeline has %zu steps with its flaps unfolded; at most %u", total,
                       SCENARIO_MAX_STEPS);
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (s != NULL)
        s->steps = calloc(total + 1, sizeof *s->steps);
    if (s == NULL || s->steps == NULL) {
        text_error_set(error, ini_file_name(t->ini), 0, 0, "out of memory for %zu actions", total);
        free(s);
        return NULL;
    }
    s->world = w;
    s->topology = t;
    s->objects = *objects;
    s->event.run = run;
    for (size_t i = 0; i < count; i++) {
        struct step step = {.action = actions[i]};

        if (!bind(t, objects, &step, error)) {
            scenario_stop(s);
            return NULL;
        }
        unfold(s, &step);
    }
    qsort(s->steps, s->count, sizeof *s->steps, compare_steps);
    post_next(s);
    return s;
}

void scenario_stop(struct scenario *s)
{
    world_cancel(s->world, &s->event);
    free(s->steps);
    free(s);
}

size_t scenario_applied(const struct scenario *s)
{
    return s->next;
}

size_t scenario_total(const struct scenario *s)
{
    return s->count;
}

bool scenario_boots_ahead(const struct scenario *s)
{
    for (size_t i = s->next; i < s->count; i++)
        if (s->steps[i].action.kind == ACTION_MACHINE && s->steps[i].action.fault == MACHINE_BOOT)
            return true;
    return false;
}
