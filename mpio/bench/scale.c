/* SPDX-License-Identifier: MIT */
/*
 * Scale: all paths of many LUNs arrive and are claimed, then one of two HBAs loses its cable and every path on it is
 * removed. Time by the wall and of the processor; memory as pool bytes and blocks (exact) and as growth of the
 * process (what the host sees, the simulated arrays included).
 */
#include "bench/scale.h"

#include <string.h>

#include "host/host.h"
#include "mpio.h"

#define LOSS_SECONDS 120 /* link-down and device-loss times, then removal */

struct cost {
    uint64_t cpu, wall;
};

static struct cost now(void)
{
    return (struct cost){host_cpu_ns(), host_time_ns()};
}

static double since(uint64_t then, uint64_t time)
{
    return (double)(time - then) / 1e9;
}

/* Instances that carry I/O. */
static unsigned active_paths(struct mpio *w)
{
    struct mpio_path_report report;
    unsigned active = 0;

    for (unsigned i = 0, n = mpio_paths(w); i < n; i++)
        active += mpio_path_report(w, i, &report) && strcmp(report.state, "active") == 0;
    return active;
}

int scale_row(const char *dsm, const struct shape *s, FILE *csv)
{
    unsigned luns = s->arrays * s->luns_per_array, paths = luns * s->paths, left;
    struct mpio_kernel_counters counters;
    uint64_t rss = host_rss_bytes();
    struct cost begun = now(), ended;

    struct mpio *w = bench_start(dsm, s, true);
    if (!w)
        return 1;
    ended = now();
    double cpu = since(begun.cpu, ended.cpu), wall = since(begun.wall, ended.wall);
    rss = host_rss_bytes() - rss;
    mpio_counters(w, NULL, &counters);
    left = active_paths(w);
    if (left != paths) {
        fprintf(stderr, "mpio-bench: %u of %u paths arrived\n", left, paths);
        mpio_destroy(w);
        return 1;
    }
    begun = now();
    bool ok = mpio_fault(w, "link hba0 down") && mpio_run(w, LOSS_SECONDS * MPIO_SECOND);
    double loss = since(begun.cpu, now().cpu);
    left = active_paths(w);
    if (!ok || left != paths / 2)
        fprintf(stderr, "mpio-bench: after the loss of %u paths: %s, %u paths left\n", paths / 2,
                ok ? "running" : mpio_error(w), left);
    mpio_destroy(w);
    printf("%7u %7u %8.2f %8.2f %8.1f %10.1f %10.1f %8.2f %8.1f\n", paths, luns, wall, cpu, cpu * 1e6 / paths,
           (double)counters.pool_bytes / 1048576, (double)rss / 1048576, loss, loss * 1e6 / (paths / 2));
    if (csv)
        fprintf(csv, "%u,%u,%.3f,%.3f,%.2f,%llu,%llu,%llu,%.3f,%.2f\n", paths, luns, wall, cpu, cpu * 1e6 / paths,
                (unsigned long long)counters.pool_blocks, (unsigned long long)counters.pool_bytes, (unsigned long long)rss,
                loss, loss * 1e6 / (paths / 2));
    return ok && left == paths / 2 ? 0 : 1;
}
