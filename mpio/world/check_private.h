/* SPDX-License-Identifier: MIT */
/* The checkers' books, one of a world. Made when the first checker has something to write down. */
#ifndef MPIO_WORLD_CHECK_PRIVATE_H
#define MPIO_WORLD_CHECK_PRIVATE_H

#include "world/check.h"
#include "world/world_private.h"

struct check {
    unsigned count;
    struct check_finding kept[CHECK_KEPT];
    struct watched_lun *luns;   /* those with a registration or a reservation, or that had one */
    unsigned watching;          /* of them, those that have one now, or an excuse */
};

/* NULL: out of memory; the checkers then see nothing. */
struct check *check_of(struct world *w);
void check_forget_luns(struct check *c);

#endif
