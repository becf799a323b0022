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
    bool explore;
    /* output */
    const char *report;         /* HTML file */
    const char *save;           /* replay file; NULL: only when something was found */
    const char *trace;          /* event stream as text */
    bool quiet, verbose;
    struct trace_flags traces[CLI_MAX_TRACES]; /* driver messages to show; no part of the replay: they change nothing */
    unsigned trace_count;
    bool recorded;              /* comes from a replay file: writes none */
    /* result */
    uint64_t hash;
};

int run_plan_execute(struct run_plan *plan, char **argv);

/* replay.c */
bool replay_write(const char *file, const struct run_plan *plan, const char *topology_text);
int command_replay(int argc, char **argv);
int command_target(int argc, char **argv);

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

/* newdsm.c */
int command_newdsm(int argc, char **argv);
void newdsm_help(void);

/* table.c */
void print_paths(struct mpio *w);
void print_disks(struct mpio *w);

#endif
