/* SPDX-License-Identifier: MIT */
/*
 * Applies a timeline: one event walks through the sorted steps. Flaps are unfolded into link steps
 * beforehand, so a step is one call of the fabric or of an array. Runs in the world's loop, for no
 * machine; allocates at the start only.
 */
#include <stdlib.h>

#include "world/scenario.h"
#include "world/topology_private.h"
#include "world/trace.h"

struct step {
    struct topology_action action;
    struct hba *hba;
    struct array *array;
    uint32_t block_size;
};

struct scenario {
    struct world *world;
    struct event event;
    size_t next, count;
    struct step *steps;
};

static bool uses_hba(uint32_t kind)
{
    return kind == ACTION_LINK || kind == ACTION_FLAP || kind == ACTION_PATH_FAULT;
}

/* ---- applying -------------------------------------------------------------------------------------- */
static void trace_step(struct world *w, const struct topology_action *a)
{
    uint64_t object, value;

    if (uses_hba(a->kind)) {
        object = (uint64_t)a->hba << 32 | a->target;
        value = a->kind == ACTION_LINK ? a->up : (uint64_t)a->fault << 32 | a->count;
    } else if (a->kind == ACTION_CONTROLLER) {
        object = (uint64_t)a->array << 32 | a->controller;
        value = a->up;
    } else {
        object = (uint64_t)a->array << 32 | a->lun;
        value = a->kind == ACTION_RESIZE ? a->size
                                         : (uint64_t)a->count << 32 | (uint64_t)a->status << 24 |
                                               (uint64_t)a->key << 16 | (uint64_t)a->asc << 8 | a->ascq;
        if (a->kind == ACTION_MOVE)
            value = a->controller;
    }
    trace_emit(w, NULL, TRACE_FAULT, a->kind, object, value, 0);
}

static void apply(struct world *w, const struct step *step)
{
    const struct topology_action *a = &step->action;

    trace_step(w, a);
    switch (a->kind) {
    case ACTION_LINK:
        step->hba->operations->link(step->hba, a->target, a->up);
        break;
    case ACTION_CONTROLLER:
        fabric_controller(w, step->array, a->controller, a->up);
        break;
    case ACTION_RESIZE:
        array_resize_lun(step->array, a->lun, a->size / step->block_size);
        break;
    case ACTION_UNMAP:
        array_remove_lun(step->array, a->lun);
        fabric_luns_changed(w, step->array);
        break;
    case ACTION_MOVE:
        array_move_lun(step->array, a->lun, a->controller);
        break;
    case ACTION_INJECT:
        array_inject(step->array, a->lun, a->count, a->status, a->key, a->asc, a->ascq);
        break;
    case ACTION_UNIT_ATTENTION:
        array_unit_attention(step->array, a->lun, a->asc, a->ascq);
        break;
    case ACTION_PATH_FAULT:
        fabric_inject(step->hba, a->target, (enum fabric_fault)a->fault, a->count, a->period);
        break;
    default:
        break; /* flaps were unfolded */
    }
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
        apply(s->world, &s->steps[s->next++]);
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

static bool bind(const struct topology *t, const struct scenario_objects *objects, struct step *step,
                 struct text_error *error)
{
    const struct topology_action *a = &step->action;
    const struct topology_lun *lun;
    const char *name;

    if (uses_hba(a->kind)) {
        name = t->hbas[a->hba].object.name;
        step->hba = objects->hba(objects->user, name);
        if (step->hba == NULL ||
            (a->target != HBA_ALL_TARGETS && a->target >= step->hba->targets))
            return text_error_set(error, ini_file_name(t->ini), a->line, 0,
                                  "HBA %s, or its target, is not built", name);
        return true;
    }
    name = t->arrays[a->array].object.name;
    step->array = objects->array(objects->user, name);
    if (step->array == NULL)
        return text_error_set(error, ini_file_name(t->ini), a->line, 0, "array %s is not built", name);
    lun = topology_find_lun(t, a->array, a->lun);
    step->block_size = lun != NULL ? lun->block_size : 512;
    return true;
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
