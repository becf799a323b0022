/* SPDX-License-Identifier: MIT */
#ifndef MPIO_BENCH_ARRAY_H
#define MPIO_BENCH_ARRAY_H

#include <stdio.h>

/* Commands per second of one simulated array, called directly. Exit status. */
int array_table(FILE *csv);

#endif
