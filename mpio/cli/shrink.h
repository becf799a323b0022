/* SPDX-License-Identifier: MIT */
/*
 * mpio shrink, shared between its files: shrink.c (command, order of the steps), shrink_step.c (the
 * steps), shrink_try.c (candidates in child processes), shrink_edit.c (candidate texts),
 * shrink_number.c (smaller numbers), shrink_write.c (the scenario file). One struct shrink for the
 * whole command.
 */
#ifndef MPIO_CLI_SHRINK_H
#define MPIO_CLI_SHRINK_H

#include "cli/cli.h"
#include "host/host.h"
#include "text/ini.h"

#define SHRINK_MAX_JOBS 64

/* What can be made smaller of a run. */
struct shrink_world {
    char *text;                 /* topology with everything that happens in its timeline; malloc'ed */
    uint64_t duration;          /* of the load, 100 ns */
    bool explore;
};

/* One child process and the candidate it runs. */
struct shrink_slot {
    struct shrink_world world;
    size_t candidate;
    uint64_t started;           /* host_time_ns */
    char replay[600], result[600];
};

struct shrink {
    struct run_plan plan;       /* DSMs and INFs */
    const char *file;           /* the recorded run */
    char program[600];
    char signature[RESULT_TEXT];
    bool bearable;              /* too little storage fails in this way with any DSM: paths and outages stay bearable */
    struct shrink_world best;
    uint64_t seen;              /* of best: load before the failure was there, 100 ns */
    uint64_t longest;           /* the recorded run's load, 100 ns */
    uint64_t least_events;      /* of every best so far: what is more work than that is not smaller */
    uint64_t start, deadline;   /* host_time_ns */
    uint64_t patience;          /* of one candidate, ns */
    unsigned cpu_seconds;
    unsigned jobs;
    char *directory;
    struct host_child *children[SHRINK_MAX_JOBS];
    struct shrink_slot slots[SHRINK_MAX_JOBS];
    uint64_t *failed;           /* hashes of candidates that did not fail in the same way */
    size_t failed_count;
    unsigned tried;
    uint64_t drawn;             /* progress line, host_time_ns */
    bool broken;                /* children cannot be started */
};

/* ---- shrink_step.c: each is true when something could be taken ------------------------------------ */
/* All, halves, quarters ... single ones of the sections of a type; type NULL: of the lines of the
 * timeline, or of the others. */
bool shrink_leave_out(struct shrink *s, const char *type, bool timeline);
bool shrink_lighten(struct shrink *s);          /* fewer LUNs: most of what a run costs */
bool shrink_numbers(struct shrink *s);          /* smaller and rounder ones */
bool shrink_shorten(struct shrink *s);          /* less load: until the failure was seen, then less still */
bool shrink_hasten(struct shrink *s);           /* all times of the timeline earlier, and the duration */
bool shrink_plain(struct shrink *s);            /* without scheduling that is drawn from the seed */
/* A duration that is round and reaches the time at which the failure was seen; the same when none is shorter. */
uint64_t shrink_until_seen(const struct shrink *s);
char *shrink_copy(const char *text);            /* malloc'ed */

/* ---- shrink_try.c ---------------------------------------------------------------------------- */
/* Makes candidate n, with a text of its own; false: there is none of that number. */
typedef bool (*shrink_make)(const struct shrink *s, const void *user, size_t n, struct shrink_world *world);
/* Tries candidates 0 to count - 1 and takes the first of them that fails in the same way as s->best: its number;
 * `count` when none does. The same whatever the number of jobs. */
size_t shrink_try(struct shrink *s, shrink_make make, const void *user, size_t count);
/* Runs a replay file that is there, with no other child, and waits for its end; false when it did not come to one. */
bool shrink_run(struct shrink *s, const char *replay, struct run_result *result, uint64_t *cpu_ns);
bool shrink_over(const struct shrink *s);       /* Ctrl-C, or the limit */
bool shrink_open(struct shrink *s);             /* directory and slots */
void shrink_close(struct shrink *s);

/* ---- shrink_edit.c: lines are counted through all sections ------------------------------------- */
struct shrink_edit {
    bool *drop_section;         /* by section; NULL: none */
    bool *drop_line;            /* NULL: none */
    size_t line;                /* `with` takes the place of this line's value ... */
    int value;                  /* ... of this number, or of its key (-1) */
    const char *with;           /* NULL: nothing is replaced */
    unsigned quarters;          /* times of the timeline become so many quarters of what they are */
};
/* The text with these changes, malloc'ed. Timeline and world disappear when they are empty. */
char *shrink_edit(const struct ini *ini, const struct shrink_edit *edit);
/* Marks what cannot stay without the sections that are marked: sections that refer to them, actions about them. */
void shrink_follow(const struct ini *ini, struct shrink_edit *edit);
/* Takes back what would leave something down that came up again. */
void shrink_keep_returns(const struct ini *ini, struct shrink_edit *edit);
struct ini *shrink_parse(const char *text);     /* of a text of ours: aborts when it is wrong */
size_t shrink_line_count(const struct ini *ini);
const struct ini_entry *shrink_line(const struct ini *ini, size_t line, const struct ini_section **section);
bool shrink_is_timeline(const struct ini_section *section);
size_t shrink_action_count(const struct ini *ini);
uint64_t shrink_seed(const struct ini *ini);    /* of its [world], else the default */
/* Whether a section is of that type: "[type name]". */
bool shrink_is_type(const struct ini_section *section, const char *type);
/* A recorded run as one text: seed in [world], drawn faults behind the timeline's own. */
char *shrink_join(const char *topology, const char *faults, uint64_t seed);

/* ---- shrink_number.c --------------------------------------------------------------------------- */
#define SHRINK_FORMS 9
/* The n-th (0 to SHRINK_FORMS - 1) smaller or rounder form of a number, size or time, from bold to careful; false when
 * the text is none of them or that form is not smaller. */
bool shrink_smaller(const char *text, unsigned n, char *out, size_t size);
uint64_t shrink_smaller_time(uint64_t time, unsigned n); /* the same for 100 ns; `time` when not smaller */
void shrink_time_text(uint64_t time, char *text, size_t size);

/* ---- shrink_write.c ---------------------------------------------------------------------------- */
/* Writes s->best as a scenario file, runs it once as its head says, and records that run. */
bool shrink_write(struct shrink *s, const char *base, uint64_t base_duration, const char *out, const char *replay);

#endif
