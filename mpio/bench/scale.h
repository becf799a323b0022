/* SPDX-License-Identifier: MIT */
#ifndef MPIO_BENCH_SCALE_H
#define MPIO_BENCH_SCALE_H

#include <stdio.h>

#include "bench/shape.h"

/* Many paths arrive, then one of two HBAs loses its cable. One shape per process, so that memory counts. Exit status. */
int scale_row(const char *dsm, const struct shape *s, FILE *csv);

#endif
