/* SPDX-License-Identifier: MIT */
#ifndef MPIO_BENCH_ISCSI_H
#define MPIO_BENCH_ISCSI_H

#include <stdio.h>

/* CPU per read of real iSCSI through the DSM beside bare libiscsi, over one path per portal. Both in this process, in
 * turns of a tenth of a second, so that the machine's moods meet both. 0, or 1 when something failed (said why). */
int iscsi_row(const char *dsm, char *portals, const char *target, unsigned seconds, FILE *csv);

#endif
