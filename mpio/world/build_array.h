/* SPDX-License-Identifier: MIT */
/* Topology -> array. */
#ifndef MPIO_WORLD_BUILD_ARRAY_H
#define MPIO_WORLD_BUILD_ARRAY_H

#include "world/topology.h"

/* The array of t->arrays[index] with its LUNs, on the world's clock; NULL with *error set (no file name in
 * it). Free with array_destroy, before the world. */
struct array *world_build_array(struct world *w, const struct topology *t, size_t index,
                                struct text_error *error);

#endif
