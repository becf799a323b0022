/* SPDX-License-Identifier: MIT */
/* What an action does to an array, whoever carries its commands: a scenario's fabric or the target's portals. */
#ifndef MPIO_WORLD_SCENARIO_ARRAY_H
#define MPIO_WORLD_SCENARIO_ARRAY_H

#include "world/topology.h"

/* Actions about an array except `controller` and `power`, which take paths with them: those are their carrier's.
 * True when the inventory of LUNs has changed. */
bool scenario_strike_array(struct world *w, const struct topology *t, struct array *a,
                           const struct topology_action *action);

#endif
