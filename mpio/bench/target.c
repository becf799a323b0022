/* SPDX-License-Identifier: MIT */
/*
 * Our target beside another one (tgt): the same bare libiscsi load on both, in turns, in one process. What is
 * told is reads per second of initiator and target together, and the median of the turns' ratios.
 */
#include "bench/target.h"

#include <inttypes.h>
#include <stdlib.h>

#include "bench/raw.h"
#include "host/host.h"

#define TURN_NS    200000000u
#define WARM_TURNS 2
#define SPAN_BYTES (1ull << 30)

struct pattern {
    const char *name;
    unsigned depth, bytes;
    bool sequential;
};
static const struct pattern patterns[] = {
    {"4 KiB random, QD 32", 32, 4096, false},
    {"256 KiB sequential, QD 8", 8, 262144, true},
};

struct place {
    const struct pattern *pattern;
    uint64_t state;
};

static uint64_t next_lba(void *user)
{
    struct place *p = user;
    uint64_t blocks = p->pattern->bytes / 512, count = SPAN_BYTES / p->pattern->bytes;

    if (p->pattern->sequential)
        return p->state++ % count * blocks;
    p->state = p->state * 6364136223846793005u + 1442695040888963407u;
    return (p->state >> 33) % count * blocks;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double one_turn(struct raw *r, struct place *p)
{
    uint64_t start = host_time_ns(), done = raw_run(r, TURN_NS, next_lba, p);

    return (double)done * 1e9 / (double)(host_time_ns() - start);
}

/* Reads per second of ours and theirs, medians, and the median ratio of neighbouring turns. */
static bool measure(struct raw *const r[2], const struct pattern *pattern, unsigned turns, double result[3])
{
    double *all[3] = {calloc(turns, sizeof(double)), calloc(turns, sizeof(double)), calloc(turns, sizeof(double))};
    struct place place[2] = {{pattern, 1}, {pattern, 1}};
    bool ok = all[0] && all[1] && all[2];

    for (unsigned n = 0; n < WARM_TURNS + turns && ok; n++) {
        double rate[2];
        for (unsigned k = 0; k < 2; k++) {
            unsigned who = (n ^ k) & 1; /* A B B A */
            rate[who] = one_turn(r[who], &place[who]);
            ok = ok && rate[who] > 0;
        }
        if (n < WARM_TURNS || !ok)
            continue;
        all[0][n - WARM_TURNS] = rate[0];
        all[1][n - WARM_TURNS] = rate[1];
        all[2][n - WARM_TURNS] = rate[0] / rate[1];
    }
    for (unsigned i = 0; i < 3; i++) {
        if (ok) {
            qsort(all[i], turns, sizeof(double), by_value);
            result[i] = all[i][turns / 2];
        }
        free(all[i]);
    }
    return ok;
}

static int fail(const char *what)
{
    fprintf(stderr, "mpio-bench: %s\n", what);
    return 1;
}

int target_row(const char *const portals[2], const char *const names[2], unsigned seconds, FILE *csv)
{
    unsigned turns = seconds * (1000000000u / TURN_NS) / 2;

    if (turns == 0)
        return fail("target: at least one second");
    printf("%-26s %12s %12s %8s\n", "reads per second", "ours", "the other", "ratio");
    for (unsigned i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const struct pattern *p = &patterns[i];
        struct raw *r[2] = {NULL, NULL};
        double result[3];
        bool ok = true;

        for (unsigned who = 0; who < 2 && ok; who++)
            ok = (r[who] = raw_open(&portals[who], 1, names[who], p->depth, p->bytes)) != NULL;
        ok = ok && measure(r, p, turns, result);
        for (unsigned who = 0; who < 2; who++)
            if (r[who])
                raw_close(r[who]);
        if (!ok)
            return fail("target: reads failed");
        printf("%-26s %12.0f %12.0f %8.2f\n", p->name, result[0], result[1], result[2]);
        if (csv)
            fprintf(csv, "\"%s\",%.0f,%.0f,%.3f\n", p->name, result[0], result[1], result[2]);
    }
    return 0;
}
