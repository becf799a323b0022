/* SPDX-License-Identifier: MIT */
#ifndef MPIO_BENCH_SHAPE_H
#define MPIO_BENCH_SHAPE_H

#include <stdbool.h>

struct mpio;

struct shape {
    unsigned paths, arrays, luns_per_array; /* paths of one LUN: one per HBA, or as many ports of each HBA */
    unsigned hbas;                          /* 0: two, or one for a single path */
};

/* A world of that shape, booted: no latency, no media. Claimed by the DSM, or plain disks. NULL: said why. */
struct mpio *bench_start(const char *dsm, const struct shape *s, bool claimed);

#endif
