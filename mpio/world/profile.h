/* SPDX-License-Identifier: MIT */
/* Topology files whose arrays may name profiles (docs/howto-array-profile.md). */
#ifndef MPIO_WORLD_PROFILE_H
#define MPIO_WORLD_PROFILE_H

#include "world/topology.h"

/* topology_parse that finds profiles on the host. */
struct topology *world_parse_topology(const char *file_name, const char *text, size_t length,
                                      struct text_error *error);

#endif
