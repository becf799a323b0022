/* SPDX-License-Identifier: MIT */
#ifndef MPIO_BENCH_TARGET_H
#define MPIO_BENCH_TARGET_H

#include <stdbool.h>
#include <stdio.h>

/* Two targets (ours first) at one portal each, LUN 1; seconds for each pattern of reads. Exit status. */
int target_row(const char *const portals[2], const char *const names[2], unsigned seconds, FILE *csv);

#endif
