/* SPDX-License-Identifier: MIT */
/*
 * A random schedule in the making: what scenario_random.c (the plan, its limits, the gentle kinds) and
 * scenario_swarm.c (the rest of the menu) share. Lives in one call of scenario_random.
 */
#ifndef MPIO_WORLD_SCENARIO_PRIVATE_H
#define MPIO_WORLD_SCENARIO_PRIVATE_H

#include "world/scenario.h"

#define FAULT_ACTIONS 40    /* at most, of one fault */
#define MAX_STRIKES   4     /* commands hit by one fault */

/* One way from a machine to an array. */
struct way {
    size_t machine, array, hba;
    uint32_t target, controller;
    const char *fabric;     /* NULL: none that can fail */
};

/* What an outage takes away: an HBA's cable (target HBA_ALL_TARGETS), one path, a controller, or a switch. */
struct outage {
    bool controller_dies;
    const char *fabric;     /* of a switch; NULL: another outage */
    size_t hba, array;
    uint32_t target, controller;
    uint64_t from, to;
};

/* A fault that costs a request retries: one for each command it strikes. */
struct charge {
    uint64_t time;
    unsigned strikes;
};

struct drawing {
    struct world *world;
    const struct topology *topology;
    const struct scenario_random_options *options;
    uint64_t end, longest_outage;
    unsigned menu;          /* number of kinds to draw from */
    size_t way_count, outage_count, charge_count;
    struct way *ways;
    struct outage *outages;
    struct charge *charges;
    struct scenario_plan *plan;
};

/* 0..limit-1 from STREAM_FAULTS. */
uint64_t scenario_below(struct drawing *d, uint64_t limit);
/* 1..limit; whole milliseconds where there is room for them, because a person will read the plan. */
uint64_t scenario_draw_span(struct drawing *d, uint64_t limit);
uint64_t scenario_draw_time(struct drawing *d);
struct topology_action *scenario_add_action(struct drawing *d, uint64_t time, enum topology_action_kind kind);
/* A copy of *action, of this kind. */
void scenario_keep_action(struct drawing *d, const struct topology_action *action, enum topology_action_kind kind);
/* Keeps the outage when it fits the limit on blackouts. */
bool scenario_try_outage(struct drawing *d, const struct outage *o);
/* Keeps the charge when, with everything that the plan has within the patience of a request, it fits. */
bool scenario_try_charge(struct drawing *d, uint64_t time, unsigned strikes);
/* What was kept since the counts were these goes again: the fault did not fit as a whole. */
void scenario_take_back(struct drawing *d, size_t outages, size_t charges);
/* A command that is lost may be the verification of its path. */
bool scenario_path_may_fail(struct drawing *d, const struct way *way, uint64_t time);
bool scenario_every_path_may_fail(const struct drawing *d);

/* scenario_swarm.c: one fault of a kind beyond the gentle ones; false: it does not fit, nothing was kept. */
bool scenario_draw_more(struct drawing *d, enum scenario_fault fault);
/* Those of `kinds` that the topology has something for. */
uint64_t scenario_possible_more(const struct topology *t, uint64_t kinds);

#endif
