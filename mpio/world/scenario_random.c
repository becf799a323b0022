/* SPDX-License-Identifier: MIT */
/*
 * Random fault schedules, all from STREAM_FAULTS. The swarm comes first: each run switches some kinds
 * on and leaves the others out, because a mixture of everything hides what a few kinds find together.
 * An outage is kept only when no machine would be cut off an array for longer than asked, an error only
 * when no request would meet more of them than the stack above retries; both are judged on the plan
 * alone, before anything happens.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/scenario_private.h"
#include "world/topology_private.h"

#define REDRAWS 16          /* before a fault that does not fit becomes a harmless one */
#define MAX_BOUNCES 5
#define OUTAGE_KINDS                                                                                \
    (SCENARIO_BIT(SCENARIO_CABLE) | SCENARIO_BIT(SCENARIO_TARGET) | SCENARIO_BIT(SCENARIO_FLAP) |                 \
     SCENARIO_BIT(SCENARIO_CONTROLLER))

uint64_t scenario_below(struct drawing *d, uint64_t limit)
{
    return limit <= 1 ? 0 : world_random_below(d->world, STREAM_FAULTS, limit);
}

/* ---- ways ------------------------------------------------------------------------------------------ */
static bool list_ways(struct drawing *d)
{
    const struct topology *t = d->topology;
    size_t count = 0;

    for (size_t i = 0; i < t->link_count; i++)
        count += t->links[i].ports;
    d->ways = calloc(count + 1, sizeof *d->ways);
    if (d->ways == NULL)
        return false;
    for (size_t i = 0; i < t->link_count; i++) {
        const struct topology_link *link = &t->links[i];

        for (uint32_t n = 0; n < link->ports; n++)
            d->ways[d->way_count++] = (struct way){
                .machine = t->hbas[link->hba].machine,
                .array = link->array,
                .hba = link->hba,
                .target = link->first_target + n,
                .controller = (link->port + n) / t->arrays[link->array].ports_per_controller,
                .fabric = link->fabric != NULL ? link->fabric : t->hbas[link->hba].fabric,
            };
    }
    return true;
}

static bool hits(const struct outage *o, const struct way *way)
{
    if (o->fabric != NULL)
        return way->fabric != NULL && strcmp(o->fabric, way->fabric) == 0;
    if (o->controller_dies)
        return o->array == way->array && o->controller == way->controller;
    return o->hba == way->hba && (o->target == HBA_ALL_TARGETS || o->target == way->target);
}

/* ---- the limit on blackouts -------------------------------------------------------------------------- */
static uint64_t usable_after(const struct drawing *d, const struct outage *o)
{
    return o->to + d->options->recovery;
}

/* The moment when the way is usable again, when it is down at `time`; else `time` itself. */
static uint64_t back_at(const struct drawing *d, const struct way *way, uint64_t time)
{
    uint64_t back = time;
    bool moved;

    do {
        moved = false;
        for (size_t i = 0; i < d->outage_count; i++) {
            const struct outage *o = &d->outages[i];

            if (o->from <= back && back < usable_after(d, o) && hits(o, way)) {
                back = usable_after(d, o);
                moved = true;
            }
        }
    } while (moved);
    return back;
}

/* How long no way of this machine to this array is up, counted from `time`: goes on to the first moment
 * when at least one is. */
static uint64_t dark_for(const struct drawing *d, size_t machine, size_t array, uint64_t time)
{
    uint64_t moment = time;

    for (;;) {
        uint64_t earliest = WORLD_NEVER;

        for (size_t i = 0; i < d->way_count; i++) {
            const struct way *way = &d->ways[i];
            uint64_t back;

            if (way->machine != machine || way->array != array)
                continue;
            back = back_at(d, way, moment);
            if (back == moment)
                return moment - time;
            if (back < earliest)
                earliest = back;
        }
        if (earliest == WORLD_NEVER)
            return 0; /* no way at all: nothing to keep */
        moment = earliest;
    }
}

/* Darkness begins when some way goes down, so the beginnings of outages are the moments to look at. */
static bool blackouts_are_short(const struct drawing *d, uint64_t from, uint64_t to)
{
    uint64_t limit = d->options->longest_blackout;

    for (size_t i = 0; i < d->outage_count; i++) {
        const struct outage *o = &d->outages[i];

        if (o->from > to || usable_after(d, o) + limit < from)
            continue;
        for (size_t j = 0; j < d->way_count; j++) {
            const struct way *way = &d->ways[j];

            if (hits(o, way) && dark_for(d, way->machine, way->array, o->from) > limit)
                return false;
        }
    }
    return true;
}

static bool same_object(const struct outage *a, const struct outage *b)
{
    if (a->controller_dies != b->controller_dies || (a->fabric != NULL) != (b->fabric != NULL))
        return false;
    if (a->fabric != NULL)
        return strcmp(a->fabric, b->fabric) == 0;
    return a->controller_dies ? a->array == b->array && a->controller == b->controller
                              : a->hba == b->hba && a->target == b->target;
}

/* Keeps the outage when it fits. One object has one outage at a time, with a moment between two. */
bool scenario_try_outage(struct drawing *d, const struct outage *o)
{
    assert(d->outage_count <= d->options->maximum);
    for (size_t i = 0; i < d->outage_count; i++)
        if (same_object(&d->outages[i], o) && d->outages[i].from <= o->to && o->from <= d->outages[i].to)
            return false;
    d->outages[d->outage_count++] = *o;
    if (d->options->blackouts || blackouts_are_short(d, o->from, usable_after(d, o)))
        return true;
    d->outage_count--;
    return false;
}

/* ---- the limit on strikes ------------------------------------------------------------------------------ */
/* Keeps the charge when, with everything that the plan has within the patience of a request, it fits. */
bool scenario_try_charge(struct drawing *d, uint64_t time, unsigned strikes)
{
    uint64_t patience = d->options->patience;
    unsigned sum = strikes;

    if (d->options->strikes == 0)
        return true;
    for (size_t i = 0; i < d->charge_count; i++) {
        const struct charge *c = &d->charges[i];

        if ((time > c->time ? time - c->time : c->time - time) <= patience)
            sum += c->strikes;
    }
    if (sum > d->options->strikes)
        return false;
    assert(d->charge_count < d->options->maximum);
    d->charges[d->charge_count++] = (struct charge){time, strikes};
    return true;
}

void scenario_take_back(struct drawing *d, size_t outages, size_t charges)
{
    d->outage_count = outages;
    d->charge_count = charges;
}

/* ---- single faults ------------------------------------------------------------------------------------ */
struct topology_action *scenario_add_action(struct drawing *d, uint64_t time, enum topology_action_kind kind)
{
    struct topology_action *a = &d->plan->actions[d->plan->count++];

    *a = (struct topology_action){
        .time = time, .line = (unsigned)d->plan->count, .kind = kind, .target = HBA_ALL_TARGETS};
    return a;
}

void scenario_keep_action(struct drawing *d, const struct topology_action *action,
                        enum topology_action_kind kind)
{
    struct topology_action *a = scenario_add_action(d, action->time, kind);
    unsigned line = a->line;

    *a = *action;
    a->line = line;
    a->kind = kind;
}

/* 1..limit; whole milliseconds where there is room for them, because a person will read the plan. */
uint64_t scenario_draw_span(struct drawing *d, uint64_t limit)
{
    if (limit >= 2 * WORLD_MS)
        return (1 + scenario_below(d, limit / WORLD_MS)) * WORLD_MS;
    return 1 + scenario_below(d, limit);
}

uint64_t scenario_draw_time(struct drawing *d)
{
    return d->options->start + scenario_draw_span(d, d->options->duration);
}

static void add_link_actions(struct drawing *d, const struct outage *o)
{
    uint64_t times[] = {o->from, o->to};

    for (unsigned up = 0; up < 2; up++) {
        struct topology_action *a =
            scenario_add_action(d, times[up], o->controller_dies ? ACTION_CONTROLLER : ACTION_LINK);

        a->hba = o->hba;
        a->array = o->array;
        a->target = o->target;
        a->controller = o->controller;
        a->up = up != 0;
    }
}

static bool draw_outage(struct drawing *d, enum scenario_fault fault)
{
    const struct way *way = &d->ways[scenario_below(d, d->way_count)];
    struct outage o = {
        .controller_dies = fault == SCENARIO_CONTROLLER,
        .hba = way->hba,
        .array = way->array,
        .target = fault == SCENARIO_CABLE || fault == SCENARIO_CONTROLLER ? HBA_ALL_TARGETS
                                                                          : way->target,
        .controller = way->controller,
    };
    uint64_t bounces = fault == SCENARIO_FLAP ? 1 + scenario_below(d, MAX_BOUNCES) : 0;
    uint64_t span = scenario_draw_span(d, d->longest_outage / (bounces != 0 ? 2 * bounces : 1));
    struct topology_action *flap;

    o.from = scenario_draw_time(d);
    o.to = o.from + span * (bounces != 0 ? 2 * bounces : 1);
    if (o.to > d->end || !scenario_try_outage(d, &o))
        return false;
    if (bounces == 0) {
        add_link_actions(d, &o);
        return true;
    }
    flap = scenario_add_action(d, o.from, ACTION_FLAP);
    flap->hba = o.hba;
    flap->target = o.target;
    flap->count = (uint32_t)bounces;
    flap->period = span;
    return true;
}

/* A lost command may be the verification of its path, or take that with it when the LUN is reset. */
bool scenario_path_may_fail(struct drawing *d, const struct way *way, uint64_t time)
{
    uint64_t found = d->options->verified > d->options->given_up ? d->options->verified : d->options->given_up;
    struct outage o = {.hba = way->hba, .target = way->target, .from = time, .to = time + found};

    return found == 0 || scenario_try_outage(d, &o);
}

/* Sense data may meet the verification of any path of the LUN. */
bool scenario_every_path_may_fail(const struct drawing *d)
{
    const struct scenario_random_options *o = d->options;

    return o->verified == 0 || o->blackouts || o->verified + o->recovery <= o->longest_blackout;
}

static bool draw_path_fault(struct drawing *d, enum scenario_fault fault)
{
    const struct way *way = &d->ways[scenario_below(d, d->way_count)];
    struct topology_action a = {.hba = way->hba, .target = way->target, .fault = FABRIC_SLOW};
    size_t outages = d->outage_count;

    a.time = scenario_draw_time(d);
    if (fault == SCENARIO_LOST_COMMAND)
        a.fault = scenario_below(d, 2) != 0 ? FABRIC_LOSE_COMMAND : FABRIC_LOSE_COMPLETION;
    a.count = 1 + (uint32_t)scenario_below(d, MAX_STRIKES);
    if (a.fault == FABRIC_SLOW) {
        a.period = scenario_draw_span(d, WORLD_SECOND);
    } else if (!scenario_path_may_fail(d, way, a.time) || !scenario_try_charge(d, a.time, a.count)) {
        d->outage_count = outages; /* it stays out altogether */
        return false;
    }
    scenario_keep_action(d, &a, ACTION_PATH_FAULT);
    return true;
}

/* Answers that a class driver or a DSM has to retry, and unit attentions it has to bear. BUSY and TASK SET
 * FULL cost a request nothing: the port waits and sends it again. */
static bool draw_lun_fault(struct drawing *d, enum scenario_fault fault)
{
    static const uint8_t answers[][4] = {
        {0x08, 0, 0, 0}, {0x28, 0, 0, 0}, {0x02, 0x0b, 0x47, 0x03}, {0x02, 0x0b, 0x00, 0x00},
        {0x02, 0x02, 0x04, 0x01},
    };
    static const uint8_t attentions[][2] = {{0x29, 0x00}, {0x2a, 0x01}, {0x3f, 0x0e}, {0x2a, 0x09}};
    const struct topology *t = d->topology;
    const struct topology_lun *lun = &t->luns[scenario_below(d, t->lun_count)];
    struct topology_action a = {.array = lun->array, .target = HBA_ALL_TARGETS};

    a.time = scenario_draw_time(d);
    a.lun = (uint16_t)(lun->number + scenario_below(d, lun->count));
    if (fault == SCENARIO_SENSE) {
        const uint8_t *answer = answers[scenario_below(d, sizeof answers / sizeof answers[0])];

        a.count = 1 + (uint32_t)scenario_below(d, MAX_STRIKES);
        a.status = answer[0];
        a.key = answer[1];
        a.asc = answer[2];
        a.ascq = answer[3];
        if (a.key != 0 && (!scenario_every_path_may_fail(d) || !scenario_try_charge(d, a.time, a.count)))
            return false;
        scenario_keep_action(d, &a, ACTION_INJECT);
    } else {
        const uint8_t *attention = attentions[scenario_below(d, sizeof attentions / sizeof attentions[0])];

        a.asc = attention[0];
        a.ascq = attention[1];
        if (!scenario_try_charge(d, a.time, 1))
            return false;
        scenario_keep_action(d, &a, ACTION_UNIT_ATTENTION);
    }
    return true;
}

static enum scenario_fault draw_kind(struct drawing *d, uint64_t kinds)
{
    unsigned kind;

    do
        kind = (unsigned)scenario_below(d, d->menu);
    while ((kinds >> kind & 1) == 0);
    return (enum scenario_fault)kind;
}

static bool draw_other(struct drawing *d, enum scenario_fault fault)
{
    if (fault >= SCENARIO_GENTLE_COUNT)
        return scenario_draw_more(d, fault);
    if (fault == SCENARIO_SENSE || fault == SCENARIO_ATTENTION)
        return draw_lun_fault(d, fault);
    return draw_path_fault(d, fault);
}

/* One of the swarm's kinds; when none fits, any harmless one that may be drawn at all. */
static void draw_fault(struct drawing *d, uint64_t possible)
{
    uint64_t sets[] = {d->plan->kinds, possible & SCENARIO_ALL_KINDS & ~OUTAGE_KINDS};

    for (unsigned i = 0; i < 2 && sets[i] != 0; i++) {
        for (unsigned attempt = 0; attempt < REDRAWS; attempt++) {
            enum scenario_fault fault = draw_kind(d, sets[i]);

            if ((SCENARIO_BIT(fault) & OUTAGE_KINDS) != 0 ? draw_outage(d, fault) : draw_other(d, fault))
                return;
        }
    }
}

/* ---- the plan ------------------------------------------------------------------------------------------- */
/* Each possible kind is on with one half; at least one is. */
static uint64_t draw_swarm(struct drawing *d, uint64_t possible)
{
    uint64_t kinds = 0;

    if (d->menu > SCENARIO_GENTLE_COUNT && scenario_below(d, 2) == 0 &&
        (possible & ~SCENARIO_HARSH_KINDS) != 0)
        possible &= ~SCENARIO_HARSH_KINDS;
    while (kinds == 0)
        for (unsigned kind = 0; kind < d->menu; kind++)
            if ((possible >> kind & 1) != 0 && scenario_below(d, 2) != 0)
                kinds |= SCENARIO_BIT(kind);
    return kinds;
}

static uint64_t possible_kinds(const struct topology *t, uint64_t allowed)
{
    uint64_t possible = scenario_possible_more(t, allowed == 0 ? SCENARIO_ALL_KINDS : allowed);

    if (t->link_count == 0)
        possible &= SCENARIO_BIT(SCENARIO_SENSE) | SCENARIO_BIT(SCENARIO_ATTENTION);
    if (t->lun_count == 0)
        possible &= ~(SCENARIO_BIT(SCENARIO_SENSE) | SCENARIO_BIT(SCENARIO_ATTENTION));
    return possible;
}

static bool write_steps(struct scenario_plan *plan, const struct topology *t)
{
    plan->steps = calloc(plan->count + 1, sizeof *plan->steps);
    if (plan->steps == NULL)
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        plan->steps[i].time = plan->actions[i].time;
        topology_action_text(t, &plan->actions[i], plan->steps[i].text, sizeof plan->steps[i].text);
    }
    return true;
}

static bool draw_plan(struct drawing *d, uint64_t possible)
{
    const struct scenario_random_options *o = d->options;

    d->outages = calloc((size_t)o->maximum + 1, sizeof *d->outages);
    d->charges = calloc((size_t)o->maximum + 1, sizeof *d->charges);
    d->plan->actions = calloc((d->menu > SCENARIO_GENTLE_COUNT ? FAULT_ACTIONS : 2) * (size_t)o->maximum + 2,
                              sizeof *d->plan->actions);
    if (d->outages == NULL || d->charges == NULL || d->plan->actions == NULL || !list_ways(d))
        return false;
    d->plan->kinds = draw_swarm(d, possible);
    for (uint64_t left = o->minimum + scenario_below(d, o->maximum - o->minimum + 1); left != 0; left--) {
        size_t before = d->plan->count;

        draw_fault(d, possible);
        d->plan->faults += d->plan->count != before;
    }
    if (d->plan->errors_allowed) {
        struct topology_action *expect = scenario_add_action(d, o->start, ACTION_EXPECT);

        expect->up = true;
        expect->line = 0; /* before whatever happens at that time */
    }
    topology_sort_actions(d->plan->actions, d->plan->count);
    return write_steps(d->plan, d->topology);
}

struct scenario_plan *scenario_random(struct world *w, const struct topology *t,
                                      const struct scenario_random_options *options,
                                      struct text_error *error)
{
    struct drawing d = {.world = w, .topology = t, .options = options};
    uint64_t possible = possible_kinds(t, options->kinds);
    bool good;

    if (options->minimum > options->maximum || options->maximum > SCENARIO_MAX_FAULTS ||
        options->duration == 0 || options->duration > TOPOLOGY_MAX_TIME ||
        options->start > TOPOLOGY_MAX_TIME - options->duration) {
        text_error_set(error, NULL, 0, 0,
                       "random faults: %u to %u in %llu ms; accepted: at most %u, the lower number "
                       "first, within 24 hours",
                       options->minimum, options->maximum,
                       (unsigned long long)(options->duration / WORLD_MS), SCENARIO_MAX_FAULTS);
        return NULL;
    }
    if (possible == 0) {
        text_error_set(error, NULL, 0, 0,
                       "random faults: nothing to strike; needs simulated links or LUNs, and a kind "
                       "that is allowed");
        return NULL;
    }
    d.end = options->start + options->duration;
    d.menu = (options->kinds & ~SCENARIO_ALL_KINDS) != 0 ? SCENARIO_FAULT_COUNT : SCENARIO_GENTLE_COUNT;
    d.longest_outage = options->longest_outage != 0 ? options->longest_outage : options->duration / 4;
    if (d.longest_outage == 0 || d.longest_outage > options->duration)
        d.longest_outage = options->duration;
    d.plan = calloc(1, sizeof *d.plan);
    good = d.plan != NULL && draw_plan(&d, possible);
    free(d.ways);
    free(d.outages);
    free(d.charges);
    if (!good) {
        text_error_set(error, NULL, 0, 0, "random faults: out of memory");
        scenario_plan_free(d.plan);
        return NULL;
    }
    return d.plan;
}

void scenario_plan_free(struct scenario_plan *plan)
{
    if (plan == NULL)
        return;
    free(plan->actions);
    free(plan->steps);
    free(plan);
}

void scenario_plan_write(const struct scenario_plan *plan, struct buffer *out)
{
    buffer_append_text(out, "[timeline]\n");
    for (size_t i = 0; i < plan->count; i++) {
        char time[32];

        topology_time_text(plan->steps[i].time, time, sizeof time);
        buffer_printf(out, "%s = %s\n", time, plan->steps[i].text);
    }
}
