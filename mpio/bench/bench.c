/* SPDX-License-Identifier: MIT */
/*
 * mpio-bench: what one I/O costs on null paths (no latency, no media), through a DSM and straight to
 * the port, in one run. Prints a table and CSV. Absolute times belong to the machine of the day: read the
 * ratios.
 *
 *   mpio-bench DSM.so [CSV]
 */
#include "mpio.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "text/buffer.h"

#define BATCH  2000   /* I/Os between two steps of the clock */
#define ROUNDS 9

struct shape {
    unsigned paths, arrays, luns_per_array;
};

struct result {
    double ns;              /* median over the rounds */
    double allocations;     /* pool allocations per I/O */
    double boot_seconds;
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
    buffer_printf(out, "[machine node]\n%s", claimed ? "" : "claim = \"NOVENDORNOPRODUCT\"\n");
    for (unsigned h = 0; h < s->paths; h++)
        buffer_printf(out, "[hba hba%u]\nkind = fc\nqueue-depth = 64\n", h);
    for (unsigned a = 0; a < s->arrays; a++) {
        buffer_printf(out,
                      "[array array%u]\nvendor = BENCH\nproduct = NULL\naccess = symmetric\ncontrollers = 1\n"
                      "ports-per-controller = %u\n[lun lun%u_]\narray = array%u\nnumber = 0\ncount = %u\nsize = 1G\n"
                      "media = null\n", a, s->paths, a, a, s->luns_per_array);
        for (unsigned h = 0; h < s->paths; h++)
            buffer_printf(out, "[link link%u_%u]\nhba = hba%u\narray = array%u\nport = %u\nlatency = 0\n", a, h, h, a, h);
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

static bool measure(const char *dsm, const struct shape *s, bool claimed, struct result *result)
{
    struct buffer text = {0};
    char error[600];
    static char data[4096];
    double rounds[ROUNDS];
    struct mpio_kernel_counters before, after;

    topology(&text, s, claimed);
    struct mpio_options options = {.topology_file = "bench", .topology_text = buffer_text(&text), .seed = 1};
    struct mpio *w = mpio_create(&options, error, sizeof error);
    if (!w) {
        fprintf(stderr, "mpio-bench: %s\n", error);
        buffer_free(&text);
        return false;
    }
    uint64_t start = host_time_ns(), rss = host_rss_bytes();
    bool ok = (!claimed || mpio_load_dsm(w, NULL, dsm)) && mpio_boot(w);
    result->boot_seconds = (double)(host_time_ns() - start) / 1e9;
    result->instances = mpio_paths(w);
    result->bytes = host_rss_bytes() - rss;
    if (!ok) {
        fprintf(stderr, "mpio-bench: %s\n", mpio_error(w));
        goto out;
    }
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
    result->allocations = (double)(after.pool_allocations - before.pool_allocations) / (double)(total * ROUNDS);
    if (d.failed) {
        fprintf(stderr, "mpio-bench: %" PRIu64 " I/Os failed\n", d.failed);
        ok = false;
    }
out:
    mpio_destroy(w);
    buffer_free(&text);
    return ok;
}

int main(int argc, char **argv)
{
    static const struct shape shapes[] = {{1, 1, 1},   {2, 1, 1},   {8, 1, 1},   {32, 1, 1},    {1, 1, 255},
                                          {2, 1, 255}, {8, 1, 255}, {32, 1, 255}, {2, 40, 250}, {8, 40, 250}};
    FILE *csv = argc > 2 ? fopen(argv[2], "w") : NULL;

    if (argc < 2) {
        fprintf(stderr, "usage: mpio-bench DSM.so [CSV]\n");
        return 2;
    }
    if (csv)
        fprintf(csv, "paths,luns,ns_per_io,ns_straight_to_port,ratio,pool_allocations_per_io,boot_seconds,bytes_per_path\n");
    printf("%6s %7s %12s %14s %7s %12s %10s %12s\n", "paths", "LUNs", "ns per I/O", "ns to the port", "ratio",
           "allocations", "boot s", "bytes/path");
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct result multi = {0}, straight = {0};
        struct shape one = shapes[i];
        one.paths = 1;
        if (!measure(argv[1], &shapes[i], true, &multi) || !measure(argv[1], &one, false, &straight))
            return 1;
        unsigned luns = shapes[i].arrays * shapes[i].luns_per_array;
        double per_path = multi.instances ? (double)multi.bytes / (double)multi.instances : 0;
        printf("%6u %7u %12.1f %14.1f %7.2f %12.4f %10.2f %12.0f\n", shapes[i].paths, luns, multi.ns, straight.ns,
               multi.ns / straight.ns, multi.allocations, multi.boot_seconds, per_path);
        fflush(stdout);
        if (csv)
            fprintf(csv, "%u,%u,%.1f,%.1f,%.3f,%.5f,%.3f,%.0f\n", shapes[i].paths, luns, multi.ns, straight.ns,
                    multi.ns / straight.ns, multi.allocations, multi.boot_seconds, per_path);
    }
    if (csv)
        fclose(csv);
    return 0;
}
