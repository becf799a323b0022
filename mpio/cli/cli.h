/* SPDX-License-Identifier: MIT */
/*
 * The mpio command: what its sub-commands share. Exit codes: 0 good; 1 the run found something
 * (data check, I/O errors, hash differs); 2 usage, file or set-up error; 3 bug check.
 */
#ifndef MPIO_CLI_CLI_H
#define MPIO_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "mpio.h"

enum { EXIT_GOOD = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_BUGCHECK = 3 };

#define CLI_MAX_DSMS 16
#define CLI_MAX_TRACES 32

/* --trace-flags DRIVER[/PROVIDER]=FLAGS[:LEVEL] */
struct trace_flags {
    char driver[130];
    uint32_t flags;
    unsigned level;
};

/* Everything that decides a run, from the command line or from a replay file. */
struct run_plan {
    const char *dsm[CLI_MAX_DSMS];
    unsigned dsms;
    const char *inf[CLI_MAX_DSMS]; /* installed into the machines' registries before boot */
    unsigned infs;
    const char *topology;
    const char *topology_text;  /* replay: as recorded; NULL: read the file */
    uint64_t seed;              /* 0: the topology's */
    uint64_t duration;          /* 100 ns */
    unsigned faults;            /* drawn from the seed in addition to the timeline */
    bool swarm;                 /* from the whole menu, not the gentle plan */
    const char *lines;          /* replay: what was drawn then, as lines of a [timeline] */
    bool explore;
    /* output */
    const char *report;         /* HTML file */
    const char *save;           /* replay file; NULL: only when something was found */
    const char *trace;          /* event stream as text */
    uint64_t most_events;       /* mpio shrink: the load stops after so many scheduler events; 0: no limit */
    const char *result;         /* what failed, for mpio shrink (result.c) */
    bool quiet, verbose;
    struct trace_flags traces[CLI_MAX_TRACES]; /* driver messages to show; no part of the replay: they change nothing */
    unsigned trace_count;
    bool recorded;              /* comes from a replay file: writes none */
    /* result */
    uint64_t hash;
};

/* run.c */
int run_plan_execute(struct run_plan *plan, char **argv);

/* replay_file.c */
/* A replay file in memory: the plan's texts are in `text`, which the caller frees. */
struct replay {
    struct run_plan plan;
    uint64_t hash;              /* of the recorded run */
    char *text;
};
bool replay_read(const char *file, struct replay *r);        /* false: has said why on standard error */
/* faults: drawn ones, as lines; host_error when it fails. */
bool replay_write(const char *file, const struct run_plan *plan, const char *faults, const char *topology);

/* replay.c */
int command_replay(int argc, char **argv);

/* target.c, or no_target.c where there is none */
int command_target(int argc, char **argv);

/* result.c: what failed in a run, in words. */
bool cluster_finding(const struct mpio *w, char *text, size_t size); /* the first of the clusters; false: none */
#define RESULT_FAILURES 32
#define RESULT_TEXT     240
struct run_result {
    uint64_t events;            /* scheduler events: the work the run was */
    uint64_t seen;              /* 100 ns of load before the first failure was there */
    unsigned failures;
    char failure[RESULT_FAILURES][RESULT_TEXT]; /* the verdict's first */
};
bool result_any(const struct mpio *w);                       /* has something failed by now? */
bool result_write(const char *file, const struct mpio *w, uint64_t seen, bool whole);
bool result_read(const char *file, struct run_result *result);

/* shrink.c */
int command_shrink(int argc, char **argv);
void shrink_help(void);

/* report.c: collects while the run goes on, writes one self-contained page at the end. */
struct report;
struct report *report_begin(struct mpio *w, uint64_t duration);
void report_sample(struct report *r);                        /* at the end of each of REPORT_SAMPLES steps */
#define REPORT_SAMPLES 180
void report_close(struct report *r);                         /* the run is over: fixes picture and tables */
bool report_write(struct report *r, const char *file, const struct run_plan *plan, const char *verdict, bool good,
                  double wall_seconds);
void report_end(struct report *r);

/* live.c: lines while a run on real paths goes on. */
struct live;
struct live *live_begin(struct mpio *w, uint64_t duration);
void live_look(struct live *l);                              /* often; prints when a line is due */
void live_end(struct live *l);

/* install.c */
int command_install(int argc, char **argv);
int command_uninstall(int argc, char **argv);
void install_help(void);

/* soak.c */
int command_soak(int argc, char **argv);
void soak_help(void);

/* newdsm.c */
int command_newdsm(int argc, char **argv);
void newdsm_help(void);

/* table.c */
void print_paths(struct mpio *w);
void print_disks(struct mpio *w);
void print_clusters(const struct mpio *w); /* a line for each; nothing without */

#endif
