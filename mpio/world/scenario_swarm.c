/* SPDX-License-Identifier: MIT */
/*
 * The rest of the fault menu. A kind knows what it costs: an outage keeps to the limit on blackouts,
 * a strike to the retries of a request, and where neither can hold because the fault takes away what
 * nobody can replace, the plan allows errors. Everything is put back before the plan's end.
 */
#include "world/scenario_private.h"

#define TIME_OUT        (10 * WORLD_SECOND)  /* of a request, by the class driver */
#define NUDGE           (5 * WORLD_MS)       /* after an arrival, before it is disturbed */
#define GAP             (20 * WORLD_MS)      /* between the arrivals of two paths */
#define RANDOM_TARGETS  16
#define LONGEST_STUCK   (5 * WORLD_SECOND)
#define REMOVAL         (5 * WORLD_SECOND)   /* beyond the dev-loss time and PDORemovePeriod */
#define LONGEST_TAKEN   (20 * WORLD_SECOND)
#define OTHER_NUMBERS   192                  /* of LUNs that return under another number */
#define PORT_MAX_LUNS   255                  /* a port looks no further */
#define RESET_STRIKES   2                    /* the command that is gone, and the unit attention */
_Static_assert(2 * RANDOM_TARGETS + 2 <= FAULT_ACTIONS, "a random arrival has two actions per target");

static const struct way *draw_way(struct drawing *d)
{
    return &d->ways[scenario_below(d, d->way_count)];
}

static const struct topology_lun *draw_lun(struct drawing *d, struct topology_action *a)
{
    const struct topology_lun *lun = &d->topology->luns[scenario_below(d, d->topology->lun_count)];

    *a = (struct topology_action){.array = lun->array,
                                  .target = HBA_ALL_TARGETS,
                                  .lun = (uint16_t)(lun->number + scenario_below(d, lun->count))};
    return lun;
}

/* An action and what undoes it. */
static void keep_pair(struct drawing *d, struct topology_action *a, uint64_t from, uint64_t to, bool first_up,
                      enum topology_action_kind kind)
{
    a->time = from;
    a->up = first_up;
    scenario_keep_action(d, a, kind);
    a->time = to;
    a->up = !first_up;
    scenario_keep_action(d, a, kind);
}

/* ---- commands of one path ----------------------------------------------------------------------------- */
static bool draw_path_fault(struct drawing *d, enum scenario_fault fault)
{
    const struct way *way = draw_way(d);
    struct topology_action a = {.hba = way->hba, .target = way->target, .time = scenario_draw_time(d)};
    size_t outages = d->outage_count, charges = d->charge_count;
    bool costs = fault == SCENARIO_TORN;

    a.count = 1 + (uint32_t)scenario_below(d, MAX_STRIKES);
    switch (fault) {
    case SCENARIO_FULL:
        a.fault = scenario_below(d, 2) != 0 ? FABRIC_BUSY : FABRIC_QUEUE_FULL;
        break;
    case SCENARIO_DUPLICATE:
        a.fault = FABRIC_DUPLICATE;
        a.period = scenario_draw_span(d, WORLD_SECOND);
        break;
    case SCENARIO_REORDER:
        a.fault = FABRIC_REORDER;
        break;
    case SCENARIO_TORN:
        a.fault = FABRIC_TORN;
        break;
    default:
        a.fault = fault == SCENARIO_LATE_COMMAND ? FABRIC_LATE_COMMAND : FABRIC_LATE_COMPLETION;
        costs = scenario_below(d, 4) == 0; /* later than anybody waits */
        a.period = costs ? TIME_OUT + scenario_draw_span(d, TIME_OUT) : scenario_draw_span(d, WORLD_SECOND);
        break;
    }
    if (costs && (!scenario_path_may_fail(d, way, a.time) || !scenario_try_charge(d, a.time, a.count))) {
        scenario_take_back(d, outages, charges);
        return false;
    }
    scenario_keep_action(d, &a, ACTION_PATH_FAULT);
    return true;
}

/* ---- sessions and buses --------------------------------------------------------------------------------- */
/* The way, or with HBA_ALL_TARGETS the whole HBA, is away for this long, and `strikes` fall. */
static bool try_absence(struct drawing *d, const struct way *way, uint32_t target, uint64_t from, uint64_t span,
                        unsigned strikes)
{
    struct outage o = {.hba = way->hba, .array = way->array, .target = target, .from = from, .to = from + span};
    size_t outages = d->outage_count, charges = d->charge_count;

    if (o.to <= d->end && scenario_try_outage(d, &o) && (strikes == 0 || scenario_try_charge(d, from, strikes)))
        return true;
    scenario_take_back(d, outages, charges);
    return false;
}

static bool draw_session(struct drawing *d, enum scenario_fault fault)
{
    const struct way *way = draw_way(d);
    struct topology_action a = {.hba = way->hba, .target = way->target, .time = scenario_draw_time(d)};

    switch (fault) {
    case SCENARIO_LOGOUT:
        if (!try_absence(d, way, way->target, a.time, FABRIC_RELOGIN, 1))
            return false;
        scenario_keep_action(d, &a, ACTION_LOGOUT);
        return true;
    case SCENARIO_ASYNC_LOGOUT:
        a.period = scenario_draw_span(d, 2 * WORLD_SECOND);
        a.retain = scenario_draw_span(d, 2 * WORLD_SECOND);
        if (!try_absence(d, way, way->target, a.time, a.period, 1))
            return false;
        scenario_keep_action(d, &a, ACTION_ASYNC_LOGOUT);
        return true;
    case SCENARIO_REDIRECT: {
        const struct topology_array *array = &d->topology->arrays[way->array];

        a.port = (uint32_t)scenario_below(d, array->controllers * array->ports_per_controller);
        if (!try_absence(d, way, way->target, a.time, FABRIC_RELOGIN, 1))
            return false;
        scenario_keep_action(d, &a, ACTION_REDIRECT);
        return true;
    }
    case SCENARIO_BUS_RESET:
        if (!try_absence(d, way, HBA_ALL_TARGETS, a.time, FABRIC_EXPANDER_RESET, RESET_STRIKES))
            return false;
        a.target = HBA_ALL_TARGETS;
        scenario_keep_action(d, &a, ACTION_BUS_RESET);
        return true;
    default:
        a.target = HBA_ALL_TARGETS;
        scenario_keep_action(d, &a, ACTION_RSCN);
        return true;
    }
}

static bool draw_switch(struct drawing *d)
{
    const struct way *way = draw_way(d);
    struct topology_action a = {.target = HBA_ALL_TARGETS};
    struct outage o = {.fabric = way->fabric, .target = HBA_ALL_TARGETS, .from = scenario_draw_time(d)};

    o.to = o.from + scenario_draw_span(d, d->longest_outage);
    if (way->fabric == NULL || o.to > d->end || !scenario_try_outage(d, &o))
        return false;
    for (size_t i = 0; i < sizeof a.fabric - 1 && way->fabric[i] != '\0'; i++)
        a.fabric[i] = way->fabric[i];
    keep_pair(d, &a, o.from, o.to, false, ACTION_SWITCH);
    return true;
}

/* ---- removal and arrival ------------------------------------------------------------------------------- */
static uint64_t dev_loss(const struct drawing *d, size_t hba)
{
    const struct topology_hba *h = &d->topology->hbas[hba];

    return h->dev_loss_time > h->link_down_time ? h->dev_loss_time : h->link_down_time;
}

/* Gone for longer than the dev-loss time, back, and gone again while the machine looks at what arrived. */
static bool draw_arrival_race(struct drawing *d)
{
    const struct way *way = draw_way(d);
    uint64_t from = scenario_draw_time(d), gone = dev_loss(d, way->hba) + scenario_draw_span(d, WORLD_SECOND);
    uint64_t nudge = scenario_draw_span(d, NUDGE), again = scenario_draw_span(d, 2 * WORLD_SECOND);
    struct topology_action a = {.hba = way->hba, .target = way->target};

    if (!try_absence(d, way, way->target, from, gone + nudge + again, 0))
        return false;
    keep_pair(d, &a, from, from + gone, false, ACTION_LINK);
    keep_pair(d, &a, from + gone + nudge, from + gone + nudge + again, false, ACTION_LINK);
    return true;
}

static bool draw_random_arrival(struct drawing *d)
{
    const struct way *way = draw_way(d);
    uint32_t targets = d->topology->hbas[way->hba].targets, order[RANDOM_TARGETS];
    uint64_t from = scenario_draw_time(d), gone = dev_loss(d, way->hba) + scenario_draw_span(d, WORLD_SECOND);
    uint64_t back = from + gone;
    struct topology_action a = {.hba = way->hba};

    if (targets > RANDOM_TARGETS || !try_absence(d, way, HBA_ALL_TARGETS, from, gone + targets * GAP, 0))
        return false;
    for (uint32_t i = 0; i < targets; i++) {
        uint32_t place = (uint32_t)scenario_below(d, i + 1);

        order[i] = order[place];
        order[place] = i;
    }
    for (uint32_t i = 0; i < targets; i++) {
        a.target = order[i];
        keep_pair(d, &a, from, back, false, ACTION_LINK);
        back += scenario_below(d, GAP / WORLD_US) * WORLD_US;
    }
    return true;
}

/* Pulled, and put back; now and then pulled once more while its LUNs start. `harsh`: whatever it takes away. */
static bool draw_plug(struct drawing *d, bool harsh)
{
    const struct way *way = draw_way(d);
    uint64_t from = scenario_draw_time(d), gone = scenario_draw_span(d, LONGEST_TAKEN);
    uint64_t nudge = scenario_draw_span(d, NUDGE), again = scenario_draw_span(d, 2 * WORLD_SECOND);
    struct topology_action a = {.hba = way->hba, .target = HBA_ALL_TARGETS};
    bool twice = scenario_below(d, 3) == 0;
    uint64_t times[] = {from, from + gone, from + gone + nudge, from + gone + nudge + again};

    if (harsh ? times[twice ? 3 : 1] > d->end
              : !try_absence(d, way, HBA_ALL_TARGETS, from, times[twice ? 3 : 1] - from, twice ? 2 : 1))
        return false;
    for (unsigned i = 0; i < (twice ? 4 : 2); i++) {
        a.time = times[i];
        a.fault = i % 2 == 0 ? HBA_REMOVE : HBA_INSERT;
        scenario_keep_action(d, &a, ACTION_HBA);
    }
    return true;
}

/* ---- LUNs and their owners ------------------------------------------------------------------------------ */
static bool is_asymmetric(const struct topology_array *a)
{
    return a->access == ARRAY_ALUA_IMPLICIT || a->access == ARRAY_ALUA_EXPLICIT || a->access == ARRAY_ALUA_BOTH;
}

/* Every group takes commands, so a LUN can be reached whoever owns it. */
static bool is_reachable_everywhere(const struct topology_array *a)
{
    return is_asymmetric(a) && a->passive + ARRAY_STATE_NON_OPTIMIZED == ARRAY_STATE_NON_OPTIMIZED;
}

static bool draw_grow(struct drawing *d)
{
    struct topology_action a;
    const struct topology_lun *lun = draw_lun(d, &a);

    a.time = scenario_draw_time(d);
    a.size = lun->size + lun->size / 4 / lun->block_size * lun->block_size;
    if (a.size > TOPOLOGY_MAX_LUN || lun->media != ARRAY_MEDIA_MEMORY || lun->thin_pool ||
        !scenario_try_charge(d, a.time, 1))
        return false;
    scenario_keep_action(d, &a, ACTION_RESIZE);
    return true;
}

/* Where the other groups take no commands a request may run out of retries. */
static bool draw_ownership(struct drawing *d, enum scenario_fault fault)
{
    struct topology_action a;
    const struct topology_array *array = &d->topology->arrays[draw_lun(d, &a)->array];

    if (!is_asymmetric(array))
        return false;
    a.time = scenario_draw_time(d);
    if (fault == SCENARIO_WRONG_REPORT) {
        a.fault = (uint32_t)scenario_below(d, 3);
        a.count = 1 + (uint32_t)scenario_below(d, MAX_STRIKES);
        scenario_keep_action(d, &a, ACTION_WRONG_REPORT);
        return true;
    }
    if (is_reachable_everywhere(array) && !scenario_try_charge(d, a.time, RESET_STRIKES))
        return false;
    d->plan->errors_allowed = d->plan->errors_allowed || !is_reachable_everywhere(array);
    if (fault == SCENARIO_RESHUFFLE) {
        scenario_keep_action(d, &a, ACTION_RESHUFFLE);
        return true;
    }
    a.controller = (uint32_t)scenario_below(d, array->controllers);
    a.fault = 4; /* transitioning */
    scenario_keep_action(d, &a, ACTION_STATE);
    a.time += scenario_draw_span(d, LONGEST_STUCK);
    a.time = a.time < d->end ? a.time : d->end;
    a.fault = 5; /* automatic */
    scenario_keep_action(d, &a, ACTION_STATE);
    return true;
}

/* ---- harsh ones ------------------------------------------------------------------------------------------- */
/* Times for something that is taken away and given back. */
static bool draw_taking(struct drawing *d, uint64_t least, uint64_t *from, uint64_t *to)
{
    *from = scenario_draw_time(d);
    *to = *from + least + scenario_draw_span(d, LONGEST_TAKEN);
    return *to <= d->end;
}

static void draw_mask(struct drawing *d, uint64_t from, uint64_t to)
{
    struct topology_action a;
    uint32_t other;

    draw_lun(d, &a);
    other = OTHER_NUMBERS + a.lun % (PORT_MAX_LUNS - OTHER_NUMBERS);
    a.time = from;
    scenario_keep_action(d, &a, ACTION_MASK);
    if (scenario_below(d, 4) == 0 && topology_find_lun(d->topology, a.array, other) == NULL)
        a.number = other + 1;
    a.time = to;
    scenario_keep_action(d, &a, ACTION_MAP);
}

static void draw_identity(struct drawing *d, uint64_t from, uint64_t to)
{
    struct topology_action a;

    draw_lun(d, &a);
    a.time = from;
    a.number = ARRAY_MAX_LUNS + scenario_below(d, 1000);
    scenario_keep_action(d, &a, ACTION_IDENTITY);
    a.time = to;
    a.number = a.lun; /* as it was made */
    scenario_keep_action(d, &a, ACTION_IDENTITY);
}

static void draw_conflict(struct drawing *d, uint64_t from, uint64_t to)
{
    static const uint8_t types[] = {1, 3, 5, 6, 7, 8};
    static const enum topology_ghost pairs[][2] = {{GHOST_RESERVE, GHOST_CLEAR},
                                                   {GHOST_PREEMPT, GHOST_CLEAR},
                                                   {GHOST_RESERVE, GHOST_RELEASE},
                                                   {GHOST_RESERVE_UNIT, GHOST_RELEASE_UNIT}};
    struct topology_action a;
    unsigned pair = (unsigned)scenario_below(d, sizeof pairs / sizeof pairs[0]);

    draw_lun(d, &a);
    for (unsigned i = 0; i < 2; i++) {
        a.time = i == 0 ? from : to;
        a.fault = pairs[pair][i];
        a.number = i == 0 && pair < 3 ? types[scenario_below(d, sizeof types)] : 0;
        scenario_keep_action(d, &a, ACTION_GHOST);
    }
}

/* Every HBA of one machine loses its cable for longer than its pseudo-LUNs live without a path. */
static bool draw_blackout(struct drawing *d)
{
    const struct way *way = draw_way(d);
    uint64_t from = scenario_draw_time(d), to = from;
    size_t hbas = 0;

    for (size_t i = 0; i < d->topology->hba_count; i++) {
        uint64_t gone = from + dev_loss(d, i) + d->options->longest_blackout + REMOVAL;

        if (d->topology->hbas[i].machine != way->machine)
            continue;
        to = gone > to ? gone : to;
        hbas++;
    }
    if (to > d->end || 2 * hbas > FAULT_ACTIONS)
        return false;
    for (size_t i = 0; i < d->topology->hba_count; i++) {
        struct topology_action a = {.hba = i, .target = HBA_ALL_TARGETS};

        if (d->topology->hbas[i].machine == way->machine && d->topology->hbas[i].targets != 0)
            keep_pair(d, &a, from, to, false, ACTION_LINK);
    }
    return true;
}

/* It may be down for a moment or for longer than its cluster waits for it. */
static void draw_boot(struct drawing *d, size_t machine, uint64_t from, uint64_t to)
{
    struct topology_action a = {.machine = machine, .target = HBA_ALL_TARGETS};

    for (unsigned i = 0; i < 2; i++) {
        a.time = i == 0 ? from : to;
        a.fault = i == 0 ? MACHINE_CRASH : MACHINE_BOOT;
        scenario_keep_action(d, &a, ACTION_MACHINE);
    }
}

static bool draw_harsh(struct drawing *d, enum scenario_fault fault)
{
    uint64_t from, to;
    const struct way *way = d->way_count != 0 ? draw_way(d) : NULL;
    struct topology_action a = {.target = HBA_ALL_TARGETS};

    if (fault == SCENARIO_BLACKOUT)
        return draw_blackout(d);
    if (fault == SCENARIO_PULL)
        return draw_plug(d, true);
    if (!draw_taking(d, WORLD_MS, &from, &to))
        return false;
    switch (fault) {
    case SCENARIO_MASK:
        draw_mask(d, from, to);
        return true;
    case SCENARIO_IDENTITY:
        draw_identity(d, from, to);
        return true;
    case SCENARIO_CONFLICT:
        draw_conflict(d, from, to);
        return true;
    case SCENARIO_POWER:
        a.array = way->array;
        keep_pair(d, &a, from, to, false, ACTION_POWER);
        return true;
    case SCENARIO_BOOT:
        draw_boot(d, way->machine, from, to);
        return true;
    default:
        a.hba = way->hba;
        keep_pair(d, &a, from, to, false, ACTION_HBA);
        return true;
    }
}

/* ---- the menu --------------------------------------------------------------------------------------------- */
bool scenario_draw_more(struct drawing *d, enum scenario_fault fault)
{
    bool drawn;

    switch (fault) {
    case SCENARIO_FULL:
    case SCENARIO_DUPLICATE:
    case SCENARIO_REORDER:
    case SCENARIO_TORN:
    case SCENARIO_LATE_COMPLETION:
    case SCENARIO_LATE_COMMAND:
        return draw_path_fault(d, fault);
    case SCENARIO_SWITCH:
        return draw_switch(d);
    case SCENARIO_GROW:
        return draw_grow(d);
    case SCENARIO_WRONG_REPORT:
    case SCENARIO_RESHUFFLE:
    case SCENARIO_STUCK:
        return draw_ownership(d, fault);
    case SCENARIO_ARRIVAL_RACE:
        return draw_arrival_race(d);
    case SCENARIO_RANDOM_ARRIVAL:
        return draw_random_arrival(d);
    case SCENARIO_PLUG:
        return draw_plug(d, false);
    case SCENARIO_LOGOUT:
    case SCENARIO_ASYNC_LOGOUT:
    case SCENARIO_REDIRECT:
    case SCENARIO_BUS_RESET:
    case SCENARIO_STATE_CHANGE:
        return draw_session(d, fault);
    default:
        drawn = draw_harsh(d, fault);
        d->plan->errors_allowed = d->plan->errors_allowed || drawn;
        return drawn;
    }
}

uint64_t scenario_possible_more(const struct topology *t, uint64_t kinds)
{
    const uint64_t of_luns = SCENARIO_BIT(SCENARIO_GROW) | SCENARIO_BIT(SCENARIO_MASK) |
                             SCENARIO_BIT(SCENARIO_IDENTITY) | SCENARIO_BIT(SCENARIO_CONFLICT);
    const uint64_t of_owners = SCENARIO_BIT(SCENARIO_WRONG_REPORT) | SCENARIO_BIT(SCENARIO_RESHUFFLE) |
                               SCENARIO_BIT(SCENARIO_STUCK);
    bool asymmetric = false, iscsi = false, switches = false;

    for (size_t i = 0; i < t->array_count; i++)
        asymmetric = asymmetric || is_asymmetric(&t->arrays[i]);
    for (size_t i = 0; i < t->hba_count; i++) {
        iscsi = iscsi || t->hbas[i].kind == HBA_ISCSI;
        switches = switches || t->hbas[i].fabric != NULL;
    }
    for (size_t i = 0; i < t->link_count; i++)
        switches = switches || t->links[i].fabric != NULL;
    if (t->lun_count == 0)
        kinds &= ~(of_luns | of_owners);
    if (!asymmetric)
        kinds &= ~of_owners;
    if (!iscsi)
        kinds &= ~(SCENARIO_BIT(SCENARIO_ASYNC_LOGOUT) | SCENARIO_BIT(SCENARIO_REDIRECT));
    if (!switches)
        kinds &= ~SCENARIO_BIT(SCENARIO_SWITCH);
    return kinds;
}
