/* SPDX-License-Identifier: MIT */
/*
 * A host that is in no topology: it reserves LUNs and preempts others, as a foreign cluster or a
 * forgotten server does. One per array, at the array's first port.
 */
#ifndef MPIO_WORLD_GHOST_H
#define MPIO_WORLD_GHOST_H

#include "world/topology.h"

/* Carries out one enum topology_ghost; `type` is a reservation type, 0: as the LUN has it, or 5. What the array answers is
 * the array's business: a ghost that is refused has done nothing. */
void ghost_act(struct world *w, struct array *a, uint16_t lun, enum topology_ghost what, unsigned type);

#endif
