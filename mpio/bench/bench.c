/* SPDX-License-Identifier: MIT */
/*
 * mpio-bench: what one I/O costs on null paths (no latency, no media), through a DSM and straight to
 * the port, in one run. Prints a table and CSV. Absolute times belong to the machine of the day: read the
 * ratios.
 *
 *   mpio-bench io DSM.so [CSV]       cost per I/O over shapes of paths and LUNs
 *   mpio-bench loss DSM.so [CSV]     an HBA with many paths loses its cable
 *   mpio-bench shape DSM.so PATHS ARRAYS LUNS-PER-ARRAY   one row of `io`
 *   mpio-bench events [CSV]          the world's event queue
 *   mpio-bench iscsi DSM.so PORTAL[,PORTAL...] TARGET SECONDS [CSV]   real iSCSI beside bare libiscsi; appends to CSV
 *   mpio-bench target PORTAL TARGET PORTAL2 TARGET2 SECONDS [CSV]   our target beside another one
 */
#include "mpio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/iscsi.h"
#include "bench/target.h"
#include "host/host.h"
#include "text/buffer.h"
#include "world/world.h"

#define BATCH  2000   /* I/Os between two steps of the clock */
#define ROUNDS 9
#define LOSS_SECONDS 120 /* link-down and device-loss times, then removal */
#define EVENTS 3000000ull

struct shape {
    unsigned paths, arrays, luns_per_array; /* paths of one LUN: one per HBA, or as many ports of each HBA */
    unsigned hbas;                          /* 0: one per path */
};

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

static void topology(struct buffer *out, const struct shape *s, bool claimed)
{
    unsigned hbas = s->hbas ? s->hbas : s->paths < 2 ? 1 : 2; /* a server has two, whatever the array has */

    buffer_printf(out, "[machine node]\n%s", claimed ? "" : "claim = \"NOVENDORNOPRODUCT\"\n");
    for (unsigned h = 0; h < hbas; h++)
        buffer_printf(out, "[hba hba%u]\nkind = fc\nqueue-depth = 64\n", h);
    for (unsigned a = 0; a < s->arrays; a++) {
        buffer_printf(out,
                      "[array array%u]\nvendor = BENCH\nproduct = NULL\naccess = symmetric\ncontrollers = 1\n"
                      "ports-per-controller = %u\n[lun lun%u_]\narray = array%u\nnumber = 0\ncount = %u\nsize = 1G\n"
                      "media = null\n", a, s->paths, a, a, s->luns_per_array);
        for (unsigned p = 0; p < s->paths; p++)
            buffer_printf(out, "[link link%u_%u]\nhba = hba%u\narray = array%u\nport = %u\nlatency = 0\n", a, p, p % hbas,
                          a, p);
    }
}

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

/* A world of that shape, booted. NULL: said why. */
static struct mpio *start(const char *dsm, const struct shape *s, bool claimed, double *boot_seconds)
{
    struct buffer text = {0};
    char error[600];

    topology(&text, s, claimed);
    struct mpio_options options = {.topology_file = "bench", .topology_text = buffer_text(&text), .seed = 1};
    struct mpio *w = mpio_create(&options, error, sizeof error);
    buffer_free(&text);
    if (!w) {
        fprintf(stderr, "mpio-bench: %s\n", error);
        return NULL;
    }
    uint64_t begun = host_cpu_ns();
    if ((claimed && !mpio_load_dsm(w, NULL, dsm)) || !mpio_boot(w)) {
        fprintf(stderr, "mpio-bench: %s\n", mpio_error(w));
        mpio_destroy(w);
        return NULL;
    }
    *boot_seconds = (double)(host_cpu_ns() - begun) / 1e9;
    return w;
}

static bool measure(const char *dsm, const struct shape *s, bool claimed, struct result *result)
{
    static char data[4096];
    double rounds[ROUNDS];
    struct mpio_kernel_counters before, after;

    uint64_t rss = host_rss_bytes();
    struct mpio *w = start(dsm, s, claimed, &result->boot_seconds);
    if (!w)
        return false;
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

/* Instances that carry I/O. */
static unsigned active_paths(struct mpio *w)
{
    struct mpio_path_report report;
    unsigned active = 0;

    for (unsigned i = 0, n = mpio_paths(w); i < n; i++)
        active += mpio_path_report(w, i, &report) && strcmp(report.state, "active") == 0;
    return active;
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

/* One HBA of two loses its cable with every path on it: until the last LUN of it is gone. */
static int loss_table(const char *dsm, FILE *csv)
{
    static const struct shape shapes[] = {{2, 8, 250, 2}, {8, 8, 250, 2}, {2, 40, 250, 2}, {8, 40, 250, 2}};

    if (csv)
        fprintf(csv, "paths_lost,boot_cpu_seconds,loss_cpu_seconds,us_per_path\n");
    printf("%11s %11s %11s %12s\n", "paths lost", "boot CPU s", "loss CPU s", "us per path");
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        unsigned lost = s->arrays * s->luns_per_array * s->paths / 2;
        double boot = 0, loss;
        struct mpio *w = start(dsm, s, true, &boot);
        if (!w)
            return 1;
        uint64_t begun = host_cpu_ns();
        bool ok = mpio_fault(w, "link hba0 down") && mpio_run(w, LOSS_SECONDS * MPIO_SECOND);
        loss = (double)(host_cpu_ns() - begun) / 1e9;
        if (!ok || active_paths(w) != lost) {
            fprintf(stderr, "mpio-bench: after the loss of %u paths: %s, %u paths left\n", lost,
                    ok ? "running" : mpio_error(w), active_paths(w));
            mpio_destroy(w);
            return 1;
        }
        mpio_destroy(w);
        printf("%11u %11.2f %11.2f %12.1f\n", lost, boot, loss, loss * 1e6 / lost);
        fflush(stdout);
        if (csv)
            fprintf(csv, "%u,%.3f,%.3f,%.2f\n", lost, boot, loss, loss * 1e6 / lost);
    }
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

    if (strcmp(mode, "events") == 0) {
        FILE *csv = argc > 2 ? fopen(argv[2], "w") : NULL;
        status = event_table(csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "shape") == 0 && argc == 6) {
        struct shape s = {(unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]), 0};
        print_header(NULL);
        status = io_row(dsm, &s, NULL) ? 0 : 1;
    } else if (dsm && (strcmp(mode, "io") == 0 || strcmp(mode, "loss") == 0)) {
        FILE *csv = argc > 3 ? fopen(argv[3], "w") : NULL;
        status = mode[0] == 'i' ? io_table(dsm, csv) : loss_table(dsm, csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "iscsi") == 0 && argc >= 6 && atoi(argv[5]) > 0) {
        FILE *csv = argc > 6 ? fopen(argv[6], "a") : NULL;
        status = iscsi_row(dsm, argv[3], argv[4], (unsigned)atoi(argv[5]), csv);
        if (csv)
            fclose(csv);
    } else if (dsm && strcmp(mode, "target") == 0 && argc >= 7 && atoi(argv[6]) > 0) {
        const char *const portals[2] = {argv[2], argv[4]}, *const names[2] = {argv[3], argv[5]};
        FILE *csv = argc > 7 ? fopen(argv[7], "w") : NULL;
        status = target_row(portals, names, (unsigned)atoi(argv[6]), csv);
        if (csv)
            fclose(csv);
    } else {
        fprintf(stderr, "usage: mpio-bench io|loss DSM.so [CSV]\n"
                        "       mpio-bench shape DSM.so PATHS ARRAYS LUNS-PER-ARRAY\n"
                        "       mpio-bench events [CSV]\n"
                        "       mpio-bench iscsi DSM.so PORTAL[,PORTAL...] TARGET SECONDS [CSV]\n"
                        "       mpio-bench target PORTAL TARGET PORTAL2 TARGET2 SECONDS [CSV]\n");
    }
    return status;
}
