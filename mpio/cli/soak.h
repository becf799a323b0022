/* SPDX-License-Identifier: MIT */
/*
 * mpio soak: what its files share. soak.c hands out seeds to child processes, soak_child.c starts one and reads
 * what it left, soak_report.c sums up.
 */
#ifndef MPIO_CLI_SOAK_H
#define MPIO_CLI_SOAK_H

#include "cli/cli.h"
#include "host/host.h"
#include "text/buffer.h"
#include "world/swarm_topology.h"

#define SOAK_MAX_SEEDS  10000000u
#define SOAK_MAX_FAULTS 64              /* kinds of faults that are told apart */
#define SOAK_TEXT       300

struct soak_options {
    const char *dsm[CLI_MAX_DSMS];
    unsigned dsms;
    const char *topology;       /* NULL: each seed makes its own */
    uint64_t first, last;       /* seeds */
    unsigned jobs;
    const char *duration;       /* simulated time of each seed, as written */
    unsigned cpu_seconds;       /* of each seed */
    const char *keep;           /* directory for what a failing seed leaves */
    const char *list;           /* file for each seed's event stream; NULL: none */
    bool explore, gentle, stop_at_first;
    const char *work;           /* private directory */
};

/* One seed under way. */
struct soak_run {
    uint64_t seed;
    uint64_t started;           /* host_time_ns */
    struct swarm_world world;
};

struct soak_result {
    bool good;
    char verdict[SOAK_TEXT];
    uint64_t hash;              /* of the event stream; 0: none was told */
    uint64_t reads, writes, verified, simulated_ms, cpu_ns;
};

/* Faults by kind, as the timeline's actions name them. */
struct soak_faults {
    unsigned kinds;
    struct {
        char name[40];
        uint64_t count;
    } kind[SOAK_MAX_FAULTS];
};

/* What is known of all seeds that are done. */
struct soak_sums {
    uint64_t done, failed;
    uint64_t reads, writes, verified, simulated_ms, cpu_ns;
    uint64_t features[SWARM_FEATURE_COUNT];
    struct soak_faults faults;
    uint64_t *hash;             /* by seed - first; 0: not done */
};

/* soak_child.c */
/* Writes the world and starts its run. NULL: host_error. */
struct host_child *soak_start(const struct soak_options *o, struct soak_run *run);
/* Reads what the child left. how NULL: it was killed, its time was over. */
void soak_read(const struct soak_options *o, const struct soak_run *run, const struct host_child_result *how,
               struct soak_result *result, struct soak_faults *faults);
/* Copies a failing seed's files to the directory that stays and prints its line. */
void soak_keep(const struct soak_options *o, const struct soak_run *run, const struct soak_result *result);
void soak_clear(const struct soak_options *o, const struct soak_run *run);

/* soak_report.c */
void soak_progress(const struct soak_options *o, const struct soak_sums *sums, uint64_t started, bool last);
/* Sorts sums->hash. */
void soak_summary(const struct soak_options *o, struct soak_sums *sums, uint64_t started);
/* A line `SEED EVENT-STREAM` for each seed that is done. */
bool soak_list(const struct soak_options *o, const struct soak_sums *sums);

#endif
