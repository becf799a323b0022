/* SPDX-License-Identifier: MIT */
/* mpio soak: the progress line while it goes on, and what it all came to. */
#include "cli/soak.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAR_WIDTH 30
#define LINE_WIDTH 110

/* On a terminal one line that is drawn over; elsewhere a line for each tenth. The caller sees to how often. */
void soak_progress(const struct soak_options *o, const struct soak_sums *sums, uint64_t started, bool last)
{
    uint64_t all = o->last - o->first + 1;
    double seconds = (double)(host_time_ns() - started) / 1e9, rate = seconds > 0 ? (double)sums->done / seconds : 0;
    char bar[BAR_WIDTH + 1];

    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)(sums->done * BAR_WIDTH / all));
    bar[BAR_WIDTH] = '\0';
    if (host_is_terminal())
        fprintf(stderr, "\r[%s] ", bar);
    fprintf(stderr, "%" PRIu64 " of %" PRIu64 " seeds  %" PRIu64 " failed  %.1f seeds/s", sums->done, all, sums->failed, rate);
    if (!last && rate > 0)
        fprintf(stderr, "  %.0f s left", (double)(all - sums->done) / rate);
    fprintf(stderr, "%s", host_is_terminal() && !last ? "   " : "   \n");
    fflush(stderr);
}

/* "label  a 1, b 2, ..." over as many lines as it takes. */
struct table {
    const char *label;
    size_t column;
};

static void put_count(struct table *t, const char *name, uint64_t count)
{
    char text[80];
    int length = snprintf(text, sizeof text, "%s %" PRIu64, name, count);

    if (t->column != 0 && t->column + (size_t)length + 2 > LINE_WIDTH) {
        printf(",\n          ");
        t->column = 0;
    } else if (t->column != 0) {
        printf(", ");
    } else {
        printf("%-10s", t->label);
    }
    printf("%s", text);
    t->column += (size_t)length + 2;
}

static void end_table(const struct table *t)
{
    if (t->column != 0)
        printf("\n");
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* How many different event streams there are. Sorts: the order of the seeds is gone afterwards. */
static uint64_t count_streams(uint64_t *hash, uint64_t count)
{
    uint64_t different = 0;

    qsort(hash, count, sizeof *hash, by_value);
    for (uint64_t i = 0; i < count; i++)
        different += hash[i] != 0 && (i == 0 || hash[i] != hash[i - 1]);
    return different;
}

/* One number for all (seed, event stream): two machines that agree on it saw the same. FNV-1a. */
static uint64_t combine(const struct soak_options *o, const struct soak_sums *sums)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (uint64_t i = 0; i <= o->last - o->first; i++) {
        uint64_t words[2] = {o->first + i, sums->hash[i]};
        for (unsigned byte = 0; byte < 16; byte++)
            hash = (hash ^ (words[byte / 8] >> byte % 8 * 8 & 0xff)) * 0x100000001b3u;
    }
    return hash;
}

bool soak_list(const struct soak_options *o, const struct soak_sums *sums)
{
    FILE *f = fopen(o->list, "w");

    if (!f)
        return false;
    for (uint64_t i = 0; i <= o->last - o->first; i++)
        if (sums->hash[i] != 0)
            fprintf(f, "%" PRIu64 " %016" PRIx64 "\n", o->first + i, sums->hash[i]);
    return fclose(f) == 0;
}

void soak_summary(const struct soak_options *o, struct soak_sums *sums, uint64_t started)
{
    double seconds = (double)(host_time_ns() - started) / 1e9, done = sums->done > 0 ? (double)sums->done : 1;
    struct table worlds = {"worlds", 0}, faults = {"faults", 0};

    printf("\nsoak      %" PRIu64 " seeds: %" PRIu64 " clean, %" PRIu64 " failed; %.0f s with %u at a time, %.3f s of processor time each\n",
           sums->done, sums->done - sums->failed, sums->failed, seconds, o->jobs, (double)sums->cpu_ns / 1e9 / done);
    printf("simulated %.1f h: %" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " blocks verified\n",
           (double)sums->simulated_ms / 3600e3, sums->reads, sums->writes, sums->verified);
    for (unsigned i = 0; i < SWARM_FEATURE_COUNT; i++)
        if (sums->features[i] != 0)
            put_count(&worlds, swarm_feature_names[i], sums->features[i]);
    end_table(&worlds);
    for (unsigned i = 0; i < sums->faults.kinds; i++)
        put_count(&faults, sums->faults.kind[i].name, sums->faults.kind[i].count);
    end_table(&faults);
    uint64_t combined = combine(o, sums);
    printf("streams   %" PRIu64 " different; all seeds and their streams: %016" PRIx64 "\n",
           count_streams(sums->hash, o->last - o->first + 1), combined);
}

void soak_help(void)
{
    fputs("mpio soak - random worlds with random faults, one after the other, each in a process of its own\n"
          "\n"
          "  mpio soak --dsm FILE [--dsm FILE ...] [options]\n"
          "  mpio soak --show SEED        print the world of a seed as a topology file\n"
          "\n"
          "  --seeds A-B | N   these seeds, or 1 to N (default 100)\n"
          "  --jobs N          so many at a time, 1 to 64 (default: one per processor)\n"
          "  --for TIME        simulated time of each (default 1min)\n"
          "  --topology FILE   this world for every seed, instead of the seed's own\n"
          "  --keep DIR        where a failing seed leaves SEED.ini, SEED.replay and SEED.log (default mpio-soak)\n"
          "  --list FILE       write each seed with its event stream, to compare with another machine or version\n"
          "  --explore         draw scheduling decisions from the seed in every run, not in each third\n"
          "  --gentle          only faults that a stack bears without an I/O error; else half of the seeds draw from the\n"
          "                    whole menu\n"
          "  --first           stop at the first failing seed\n"
          "\n"
          "The seed decides the world (machines, HBAs, arrays, LUNs, links, load, parameters) and the faults. The last\n"
          "line is a number over all seeds and their event streams: the same DSM gives the same number everywhere.\n"
          "exit codes: 0 every seed clean, 1 some failed, 2 usage or set-up error, or interrupted\n", stdout);
}
