/* SPDX-License-Identifier: MIT */
/* The tables a person reads at the end of a run: one per LUN, one per path. */
#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct row {
    struct mpio_path_report sum; /* first, so that rows compare like reports */
    unsigned luns, active;
};

static int order(const void *a, const void *b)
{
    const struct mpio_path_report *first = a, *second = b;

    if (first->hba_ordinal != second->hba_ordinal)
        return first->hba_ordinal < second->hba_ordinal ? -1 : 1;
    return first->target < second->target ? -1 : first->target > second->target;
}

/* Paths are I_T nexuses: the instances of all LUNs on one are summed. */
void print_paths(struct mpio *w)
{
    struct row rows[MAX_ROWS];
    struct mpio_path_report p;
    unsigned count = 0;

    for (unsigned i = 0; mpio_path_report(w, i, &p); i++) {
        unsigned at = 0;
        while (at < count && order(&rows[at].sum, &p) != 0)
            at++;
        if (at == MAX_ROWS)
            continue;
        struct mpio_path_report *sum = &rows[at].sum;
        if (at == count) {
            rows[count++] = (struct row){.sum = p};
        } else {
            sum->reads += p.reads;
            sum->writes += p.writes;
            sum->bytes += p.bytes;
            sum->retries += p.retries;
            sum->errors += p.errors;
            sum->failovers += p.failovers;
            if (p.longest_stall > sum->longest_stall)
                sum->longest_stall = p.longest_stall;
        }
        rows[at].luns++;
        rows[at].active += strcmp(p.state, "active") == 0;
    }
    qsort(rows, count, sizeof *rows, order);
    printf("\n%-10s %-26s %-14s %10s %10s %8s %8s %10s %14s\n", "machine", "path", "LUNs active", "reads", "writes", "retries",
           "errors", "failovers", "longest stall");
    for (unsigned i = 0; i < count; i++)
        printf("%-10s %-26s %6u of %-4u %10" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %12.3f s\n",
               rows[i].sum.machine, rows[i].sum.path, rows[i].active, rows[i].luns, rows[i].sum.reads, rows[i].sum.writes,
               rows[i].sum.retries, rows[i].sum.errors, rows[i].sum.failovers,
               (double)rows[i].sum.longest_stall / MPIO_SECOND);
}

void print_clusters(const struct mpio *w)
{
    struct mpio_cluster_report c;

    for (unsigned n = 0; mpio_cluster_report(w, n, &c); n++)
        printf("cluster   %s: %" PRIu64 " takeovers, %" PRIu64 " machines fenced, %" PRIu64 " withdrawn, %" PRIu64
               " late commands\n", c.name, c.takeovers, c.fenced, c.withdrawn, c.late);
}
