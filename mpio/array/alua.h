/* SPDX-License-Identifier: MIT */
/*
 * Asymmetric access between the files that serve it.
 */
#ifndef MPIO_ARRAY_ALUA_H
#define MPIO_ARRAY_ALUA_H

#include "internal.h"

enum { ALUA_CAUSE_EXPLICIT = 1, ALUA_CAUSE_IMPLICIT = 2 }; /* STATUS CODE of RTPG */

#define ALUA_STATE_LBA_DEPENDENT 0x4
#define ALUA_STATE_OFFLINE       0xE /* secondary */
/* The secondary group, of the ports that are offline, stands behind the primary ones. */
#define ALUA_OFFLINE_GROUP(a)    ((a)->config.controllers + 1)

/* State of a group that does not own. */
uint8_t alua_passive_state(const struct array *a);
/* As REPORT TARGET PORT GROUPS tells: bit per primary state, T_SUP 80h, O_SUP 40h. */
uint8_t alua_supported_states(const struct array *a);
/* The state without a transition under way. */
uint8_t alua_settled_state(const struct array *a, const struct lun *lun, unsigned controller);
/* Announces what changed in owner, set and offline; through a transition when those take time.
 * `asked` is the nexus whose command did it, NULL for the array's own decision. */
void alua_change(struct array *a, struct lun *lun, struct array_nexus *asked);
/* The LUNs that change owner together with `of`, itself included; `after` NULL: the first. */
struct lun *alua_next_of_group(const struct array *a, const struct lun *of, const struct lun *after);

#endif
