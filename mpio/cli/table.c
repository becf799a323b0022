/* SPDX-License-Identifier: MIT */
/* The tables a person reads at the end of a run: one per LUN, one per path. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_ROWS 64 /* more paths than this are summed per HBA target by the HTML report */

void print_disks(struct mpio *w)
{
    struct mpio_load_report r;
    struct mpio_disk_info d;

    printf("\n%-16s %-9s %10s %10s %7s %12s %14s\n", "LUN", "state", "reads", "writes", "errors", "verified",
           "longest stall");
    for (unsigned i = 0; i < mpio_disks(w) && i < MAX_ROWS; i++) {
        mpio_disk_info(w, i, &d);
        mpio_load_report_disk(w, i, &r);
        printf("%-16s %-9s %10" PRIu64 " %10" PRIu64 " %7" PRIu64 " %12" PRIu64 " %12.3f s\n", d.name,
               d.present ? "present" : "gone", r.reads, r.writes, r.errors, r.verified_blocks,
               (double)r.longest_stall / MPIO_SECOND);
    }
    if (mpio_disks(w) > MAX_ROWS)
        printf("... and %u more\n", mpio_disks(w) - MAX_ROWS);
}

/* Paths are I_T nexuses: the instances of all LUNs on one are summed. */
void print_paths(struct mpio *w)
{
    struct mpio_path_report rows[MAX_ROWS], p;
    unsigned count = 0, luns[MAX_ROWS] = {0}, active[MAX_ROWS] = {0};

    for (unsigned i = 0; mpio_path_report(w, i, &p); i++) {
        unsigned at = 0;
        while (at < count && (rows[at].hba_ordinal != p.hba_ordinal || rows[at].target != p.target))
            at++;
        if (at == MAX_ROWS)
            continue;
        if (at == count) {
            rows[count++] = p;
        } else {
            rows[at].reads += p.reads;
            rows[at].writes += p.writes;
            rows[at].bytes += p.bytes;
            rows[at].retries += p.retries;
            rows[at].errors += p.errors;
            rows[at].failovers += p.failovers;
        }
        luns[at]++;
        active[at] += p.state[0] == 'a' && p.state[1] == 'c';
    }
    printf("\n%-10s %-26s %-14s %10s %10s %8s %8s %10s\n", "machine", "path", "LUNs active", "reads", "writes", "retries",
           "errors", "failovers");
    for (unsigned i = 0; i < count; i++)
        printf("%-10s %-26s %6u of %-4u %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 "\n",
               rows[i].machine, rows[i].path, active[i], luns[i], rows[i].reads, rows[i].writes, rows[i].retries,
               rows[i].errors, rows[i].failovers);
}
