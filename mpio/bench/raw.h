/* SPDX-License-Identifier: MIT */
/*
 * Bare libiscsi, no layer of ours: the reference for what real iSCSI through MPIO costs. Same library,
 * target and sockets as the paths of mpio/port/iscsi. One thread.
 */
#ifndef MPIO_BENCH_RAW_H
#define MPIO_BENCH_RAW_H

#include <stdbool.h>
#include <stdint.h>

struct raw;

/* Logs in to one session per portal; LUN 1 of the target must have 512-byte blocks. NULL: said why on standard error. */
struct raw *raw_open(const char *const *portals, unsigned count, const char *target, unsigned depth, unsigned bytes);
/* Keeps `depth` reads outstanding for so long, each at the address that next_lba(user) tells, then waits for the last.
 * Number of reads done; 0 when one failed. */
uint64_t raw_run(struct raw *r, uint64_t nanoseconds, uint64_t (*next_lba)(void *user), void *user);
void raw_close(struct raw *r);

#endif
