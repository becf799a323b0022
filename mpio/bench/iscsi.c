/* SPDX-License-Identifier: MIT */
/*
 * Real iSCSI through MPIO and bare libiscsi in turns, on one target. The two loads are alike: so many reads
 * outstanding, the next one from the completion of the last, addresses from the same generator.
 */
#include "bench/iscsi.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/raw.h"
#include "host/host.h"
#include "mpio.h"
#include "text/buffer.h"

#define MAX_PORTALS 8
#define DEPTH       32
#define BYTES       4096u
#define BLOCKS      (BYTES / 512)
#define SPAN        (48u * 1024 * 1024 / BYTES) /* reads that lie side by side */
#define TURN_NS     100000000u
#define WARM_TURNS  4

struct through {
    struct mpio *w;
    struct mpio_io io[DEPTH];
    char data[DEPTH][BYTES];
    unsigned outstanding;
    bool stopping;
    uint64_t done, failed, seed;
};

static uint64_t next_lba(void *user)
{
    uint64_t *seed = user;

    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (*seed >> 33) % SPAN * BLOCKS;
}

static void send_one(struct through *t, struct mpio_io *io)
{
    io->lba = next_lba(&t->seed);
    t->outstanding += mpio_submit(t->w, 0, io);
}

static void done(struct mpio_io *io)
{
    struct through *t = io->user;

    t->outstanding--;
    t->done++;
    t->failed += io->status < 0;
    if (!t->stopping)
        send_one(t, io);
}

static uint64_t through_run(struct through *t, uint64_t nanoseconds)
{
    t->stopping = false;
    t->done = 0;
    for (unsigned i = 0; i < DEPTH; i++)
        send_one(t, &t->io[i]);
    mpio_run(t->w, nanoseconds / 100);
    t->stopping = true;
    for (unsigned i = 0; t->outstanding > 0 && i < 1000; i++)
        mpio_run(t->w, MPIO_SECOND / 1000);
    return t->failed || t->outstanding ? 0 : t->done;
}

static struct mpio *boot(const char *dsm, const char *const *portals, unsigned count, const char *target)
{
    struct buffer text = {0};
    char error[600] = "";

    buffer_printf(&text, "[machine node]\n");
    for (unsigned i = 0; i < count; i++)
        buffer_printf(&text, "[hba iscsi%u]\nkind = iscsi\n[path path%u]\nhba = iscsi%u\nportal = %s\ntarget = %s\n", i, i, i,
                      portals[i], target);
    struct mpio_options options = {.topology_file = "bench", .topology_text = buffer_text(&text), .seed = 1};
    struct mpio *w = mpio_create(&options, error, sizeof error);
    buffer_free(&text);
    if (w && (!mpio_load_dsm(w, NULL, dsm) || !mpio_boot(w))) {
        snprintf(error, sizeof error, "%s", mpio_error(w));
        mpio_destroy(w);
        w = NULL;
    }
    if (!w)
        fprintf(stderr, "mpio-bench: %s\n", error);
    return w;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct turns {
    double *us;             /* CPU per read of each turn */
    uint64_t done, cpu_ns, wall_ns;
};

static double median(struct turns *t, unsigned count)
{
    qsort(t->us, count, sizeof *t->us, by_value);
    return t->us[count / 2];
}

static bool measure(struct through *t, struct raw *r, unsigned turns, struct turns sum[2])
{
    uint64_t seed = 1;

    for (unsigned n = 0; n < WARM_TURNS + turns; n++) {
        for (unsigned k = 0; k < 2; k++) {
            unsigned who = (n ^ k) & 1; /* A B B A */
            uint64_t wall = host_time_ns(), cpu = host_cpu_ns();
            uint64_t ios = who ? through_run(t, TURN_NS) : raw_run(r, TURN_NS, next_lba, &seed);
            cpu = host_cpu_ns() - cpu;
            if (ios == 0)
                return false;
            if (n < WARM_TURNS)
                continue;
            sum[who].us[n - WARM_TURNS] = (double)cpu / 1000 / (double)ios;
            sum[who].done += ios;
            sum[who].cpu_ns += cpu;
            sum[who].wall_ns += host_time_ns() - wall;
        }
    }
    return true;
}

int iscsi_row(const char *dsm, char *portals, const char *target, unsigned seconds, FILE *csv)
{
    static const char *const names[] = {"libiscsi", "mpio"};
    const char *portal[MAX_PORTALS];
    unsigned count = 0, turns = seconds * (1000000000u / TURN_NS);
    struct turns sum[2] = {{.us = calloc(turns, sizeof(double))}, {.us = calloc(turns, sizeof(double))}};
    struct through *t = calloc(1, sizeof *t);

    for (char *p = strtok(portals, ","); p && count < MAX_PORTALS; p = strtok(NULL, ","))
        portal[count++] = p;
    if (!t || !sum[0].us || !sum[1].us || count == 0)
        return 1;
    t->seed = 1;
    t->w = boot(dsm, portal, count, target);
    struct raw *r = raw_open(portal, count, target, DEPTH, BYTES);
    for (unsigned i = 0; i < DEPTH; i++)
        t->io[i] = (struct mpio_io){.operation = MPIO_READ, .blocks = BLOCKS, .buffer = t->data[i], .done = done, .user = t};
    bool ok = t->w && r && measure(t, r, turns, sum);
    double us[2] = {0};
    for (unsigned who = 0; who < 2 && ok; who++) {
        struct turns *s = &sum[who];
        double iops = (double)s->done * 1e9 / (double)s->wall_ns;
        us[who] = median(s, turns);
        printf("%9s %6u %9.0f %8.2f %8.2f", names[who], count, iops, us[who], (double)s->cpu_ns / 1000 / (double)s->done);
        if (who)
            printf(" %8.3f", us[1] / us[0]);
        putchar('\n');
        if (csv)
            fprintf(csv, "%s,%u,%.0f,%.3f,%.3f\n", names[who], count, iops, us[who], (double)s->cpu_ns / 1000 / (double)s->done);
    }
    if (!ok)
        fprintf(stderr, "mpio-bench: reads through %s failed or did not come back\n", t->w && r ? "one of the two" : "nothing:");
    if (r)
        raw_close(r);
    if (t->w)
        mpio_destroy(t->w);
    free(sum[0].us);
    free(sum[1].us);
    free(t);
    return !ok;
}
