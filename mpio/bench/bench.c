/* SPDX-License-Identifier: MIT */
/*
 * mpio-bench: what one I/O costs on null paths (no latency, no media), through a DSM and straight to
 * the port, in one run. Prints a table and CSV. Absolute times belong to the machine of the day: read the
 * ratios.
 *
 *   mpio-bench io DSM.so [CSV]       cost per I/O over shapes of paths and LUNs
 *   mpio-bench scale DSM.so PATHS ARRAYS LUNS-PER-ARRAY [CSV]   arrival of all paths, loss of half; appends to CSV
 *   mpio-bench array [CSV]           commands of the array model alone
 *   mpio-bench shape DSM.so PATHS ARRAYS LUNS-PER-ARRAY   one row of `io`
 *   mpio-bench events [CSV]          the world's event queue
 *   mpio-bench iscsi DSM.so PORTAL[,PORTAL...] TARGET SECONDS [CSV]   real iSCSI beside bare libiscsi; appends to CSV
 *   mpio-bench target PORTAL TARGET PORTAL2 TARGET2 SECONDS [CSV]   our target beside another one; appends to CSV
 */
#include "mpio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/array.h"
#include "bench/iscsi.h"
#include "bench/scale.h"
#include "bench/shape.h"
#include "bench/target.h"
#include "host/host.h"
#include "world/world.h"

#define BATCH  2000   /* I/Os between two steps of the clock */
#define ROUNDS 9
#define EVENTS 3000000ull

struct result {
    double ns, least_ns;    /* median over the rounds, fastest round */
    double allocations;     /* pool allocations per I/O */
    double boot_seconds;    /* CPU time */
    uint64_t instances, bytes;
};

struct driver {
    struct mpio *w;
    struct mpio_io io;
    unsigned disks, next, left;
    uint64_t failed;
};

static void done(struct mpio_io *io)
{
    struct driver *d = io->user;

    d->failed += io->status < 0;
    if (d->left > 0) {
        d->left--;
        if (++d->next >= d->disks)
            d->next = 0;
        io->lba = (io->lba + 8) & 0xffff;
        mpio_submit(d->w, d->next, io);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool measure(const char *dsm, const struct shape *s, bool claimed, struct result *result)
{
    static char data[4096];
    double rounds[ROUNDS];
    struct mpio_kernel_counters before, after;

    uint64_t rss = host_rss_bytes();
    uint64_t begun = host_cpu_ns();
    struct mpio *w = bench_start(dsm, s, claimed);
    if (!w)
        return false;
    result->boot_seconds = (double)(host_cpu_ns() - begun) / 1e9;
    result->bytes = host_rss_bytes() - rss;
    result->instances = mpio_paths(w);
    struct driver d = {.w = w, .disks = mpio_disks(w)};
    d.io = (struct mpio_io){.operation = MPIO_READ, .blocks = 8, .buffer = data, .done = done, .user = &d};
    uint64_t total = d.disks > 1000 ? 100000 : 200000;
    for (int r = -1; r < ROUNDS; r++) { /* round -1 warms up */
        if (r == 0)
            mpio_counters(w, NULL, &before);
        uint64_t cpu = host_cpu_ns();
        for (uint64_t n = 0; n < total; n += BATCH) {
            d.left = BATCH - 1;
            mpio_submit(w, d.next, &d.io);
            if (!mpio_run(w, 10))
                break;
        }
        if (r >= 0)
            rounds[r] = (double)(host_cpu_ns() - cpu) / (double)total;
    }
    mpio_counters(w, NULL, &after);
    qsort(rounds, ROUNDS, sizeof *rounds, by_value);
    result->ns = rounds[ROUNDS / 2];
    result->least_ns = rounds[0];
    result->allocations = (double)(after.pool_allocations - before.pool_allocations) / (double)(total * ROUNDS);
    if (d.failed)
        fprintf(stderr, "mpio-bench: %" PRIu64 " I/Os failed\n", d.failed);
    mpio_destroy(w);
    return d.failed == 0;
}

/* ---- the modes ------------------------------------------------------------------------------------ */

static void print_header(FILE *csv)
{
    if (csv)
        fprintf(csv, "paths,luns,ns_per_io,fastest_ns_per_io,ns_straight_to_port,ratio,pool_allocations_per_io,boot_cpu_seconds,"
                     "bytes_per_path\n");
    printf("%6s %7s %11s %8s %15s %6s %12s %11s %11s\n", "paths", "LUNs", "ns per I/O", "fastest", "to the port only",
           "ratio", "allocations", "boot CPU s", "bytes/path");
}

static bool io_row(const char *dsm, const struct shape *s, FILE *csv)
{
    struct result multi = {0}, straight = {0};
    struct shape one = *s;

    one.paths = 1;
    if (!measure(dsm, s, true, &multi) || !measure(dsm, &one, false, &straight))
        return false;
    unsigned luns = s->arrays * s->luns_per_array;
    double per_path = multi.instances ? (double)multi.bytes / (double)multi.instances : 0;
    printf("%6u %7u %11.0f %8.0f %15.0f %6.2f %12.4f %11.2f %11.0f\n", s->paths, luns, multi.ns, multi.least_ns,
           straight.ns, multi.ns / straight.ns, multi.allocations, multi.boot_seconds, per_path);
    fflush(stdout);
    if (csv)
        fprintf(csv, "%u,%u,%.1f,%.1f,%.1f,%.3f,%.5f,%.3f,%.0f\n", s->paths, luns, multi.ns, multi.least_ns,
                straight.ns, multi.ns / straight.ns, multi.allocations, multi.boot_seconds, per_path);
    return true;
}

static int io_table(const char *dsm, FILE *csv)
{
    static const struct shape shapes[] = {{1, 1, 1, 0},   {2, 1, 1, 0},   {8, 1, 1, 0},    {32, 1, 1, 0},   {1, 1, 255, 0},
                                          {2, 1, 255, 0}, {8, 1, 255, 0}, {32, 1, 255, 0}, {2, 40, 250, 0}, {8, 40, 250, 0}};

    print_header(csv);
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (!io_row(dsm, &shapes[i], csv))
            return 1;
    return 0;
}

/* Timers that set themselves again: the clock and the event queue alone. */
struct tick {
    struct event event;
    struct world *world;
    uint64_t period;
};

static void tick(struct event *e)
{
    struct tick *t = (struct tick *)(void *)e;

    world_post(t->world, e, world_now(t->world) + t->period, EVENT_DPC);
}

static int event_table(FILE *csv)
{
    static const unsigned pending[] = {64, 1024, 32000, 320000};

    if (csv)
        fprintf(csv, "pending,ns_per_event,million_events_per_second\n");
    printf("%8s %13s %18s\n", "pending", "ns per event", "million events/s");
    for (unsigned i = 0; i < sizeof pending / sizeof *pending; i++) {
        struct world_options options = {.seed = 1};
        struct world *w = world_create(&options);
        struct tick *ticks = calloc(pending[i], sizeof *ticks);
        if (!w || !ticks)
            return 1;
        uint64_t span = (uint64_t)pending[i] * 10; /* one event each 10 ticks on the average, whatever is pending */
        for (unsigned t = 0; t < pending[i]; t++) {
            ticks[t] = (struct tick){.event = {.run = tick}, .world = w, .period = span - span / 4 + t % (span / 2)};
            world_post(w, &ticks[t].event, t * 7919ull % span, EVENT_DPC);
        }
        world_run(w, world_now(w) + span);
        uint64_t before = world_events(w), cpu = host_cpu_ns();
        world_run(w, world_now(w) + EVENTS * 10);
        double ns = (double)(host_cpu_ns() - cpu) / (double)(world_events(w) - before);
        printf("%8u %13.1f %18.1f\n", pending[i], ns, 1000 / ns);
        if (csv)
            fprintf(csv, "%u,%.1f,%.2f\n", pending[i], ns, 1000 / ns);
        world_destroy(w);
        free(ticks);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "", *dsm = argc > 2 ? argv[2] : NULL;
    int status = 2;

    if (strcmp(mode, "events") == 0 || strcmp(mode, "array") == 0) {
        FILE *csv = argc > 2 ? fopen(argv[2], "w") : NULL;
        status = mode[0] == 'e' ? event_table(csv) : array_table(csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "shape") == 0 && argc == 6) {
        struct shape s = {(unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]), 0};
        print_header(NULL);
        status = io_row(dsm, &s, NULL) ? 0 : 1;
    } else if (dsm && strcmp(mode, "scale") == 0 && argc >= 6) {
        struct shape s = {(unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]), 2};
        FILE *csv = argc > 6 ? fopen(argv[6], "a") : NULL;
        status = scale_row(dsm, &s, csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "io") == 0) {
        FILE *csv = argc > 3 ? fopen(argv[3], "w") : NULL;
        status = io_table(dsm, csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "iscsi") == 0 && argc >= 6 && atoi(argv[5]) > 0) {
        FILE *csv = argc > 6 ? fopen(argv[6], "a") : NULL;
        status = iscsi_row(dsm, argv[3], argv[4], (unsigned)atoi(argv[5]), csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "target") == 0 && argc >= 7 && atoi(argv[6]) > 0) {
        const char *const portals[2] = {argv[2], argv[4]}, *const names[2] = {argv[3], argv[5]};
        FILE *csv = argc > 7 ? fopen(argv[7], "a") : NULL;
        status = target_row(portals, names, (unsigned)atoi(argv[6]), csv);
        if (csv)
            fclose(csv);
    } else {
        fprintf(stderr, "usage: mpio-bench io DSM.so [CSV]\n"
                        "       mpio-bench scale DSM.so PATHS ARRAYS LUNS-PER-ARRAY [CSV]\n"
                        "       mpio-bench array [CSV]\n"
                        "       mpio-bench shape DSM.so PATHS ARRAYS LUNS-PER-ARRAY\n"
                        "       mpio-bench events [CSV]\n"
                        "       mpio-bench iscsi DSM.so PORTAL[,PORTAL...] TARGET SECONDS [CSV]\n"
                        "       mpio-bench target PORTAL TARGET PORTAL2 TARGET2 SECONDS [CSV]\n");
    }
    return status;
}
