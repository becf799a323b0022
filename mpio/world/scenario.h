/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: what happens to a world and when. A timeline comes from a topology file or from a seeded
 * generator; both are lists of struct topology_action, so what a generator decided can be written to a
 * file and replayed. Actions are applied through the fabric and array functions from the world's own
 * events (no machine), each with a TRACE_FAULT record.
 */
#ifndef MPIO_WORLD_SCENARIO_H
#define MPIO_WORLD_SCENARIO_H

#include "world/topology.h"

/* The built objects by their names in the topology. NULL: not built; actions on it are an error. */
struct scenario_objects {
    struct hba *(*hba)(void *user, const char *name);
    struct array *(*array)(void *user, const char *name);
    void *user;
    struct machine *(*machine)(void *user, const char *name); /* NULL: there are none */
    void (*applied)(void *user, const struct topology_action *action); /* each one, after it; or NULL */
};

struct scenario;

#define SCENARIO_MAX_STEPS 1000000 /* with every flap unfolded into its link changes */

/* Posts the actions (times count from the world's beginning; those that are past happen at once). The
 * topology must outlive the scenario, the actions are copied. NULL when an object is not there or memory
 * is short: *error (may be NULL) says which. An empty list is allowed. */
struct scenario *scenario_start(struct world *w, const struct topology *t,
                                const struct topology_action *actions, size_t count,
                                const struct scenario_objects *objects, struct text_error *error);
/* Drops what has not happened yet. */
void scenario_stop(struct scenario *s);
/* A machine that has stopped will boot again. */
bool scenario_boots_ahead(const struct scenario *s);
/* Actions applied so far, and all of them: a flap counts twice per bounce. */
size_t scenario_applied(const struct scenario *s);
size_t scenario_total(const struct scenario *s);

/* ---- random schedules ------------------------------------------------------------------------------- */
#define SCENARIO_MAX_FAULTS 1000

/* What may strike; one bit each in scenario_random_options.kinds. The first ones are the gentle plan: a stack that does
 * its work lets no request fail. Those of SCENARIO_HARSH_KINDS take away what nobody can replace - a LUN, the permission,
 * every path: requests may fail, and the plan says so with `expect errors`. Between them stands the rest of the menu:
 * more to bear, still without an error. */
enum scenario_fault {
    SCENARIO_CABLE,             /* an HBA loses its link for a while */
    SCENARIO_TARGET,            /* one path loses its link */
    SCENARIO_FLAP,              /* one path bounces a few times */
    SCENARIO_CONTROLLER,        /* a controller dies and returns */
    SCENARIO_SENSE,             /* a LUN answers BUSY, TASK SET FULL or a retryable sense */
    SCENARIO_ATTENTION,         /* a unit attention */
    SCENARIO_LOST_COMMAND,      /* a command or its answer vanishes */
    SCENARIO_SLOW,              /* some commands of a path take long */
    SCENARIO_GENTLE_COUNT,

    SCENARIO_FULL = SCENARIO_GENTLE_COUNT, /* the adapter is busy, or the path answers TASK SET FULL */
    SCENARIO_DUPLICATE,         /* answers come twice */
    SCENARIO_REORDER,           /* commands overtake others */
    SCENARIO_TORN,              /* half of a transfer */
    SCENARIO_LATE_COMPLETION,   /* executed, and told later: now and then later than the time-out */
    SCENARIO_LATE_COMMAND,      /* reaches the array later */
    SCENARIO_LOGOUT,            /* the array's port logs the HBA out */
    SCENARIO_ASYNC_LOGOUT,      /* iSCSI: the target asks for a logout */
    SCENARIO_STATE_CHANGE,      /* RSCN: a rescan for nothing */
    SCENARIO_BUS_RESET,         /* by somebody else */
    SCENARIO_SWITCH,            /* a switch fails */
    SCENARIO_REDIRECT,          /* a session moves to another port of the array */
    SCENARIO_GROW,              /* a LUN becomes larger */
    SCENARIO_WRONG_REPORT,      /* REPORT TARGET PORT GROUPS lies */
    SCENARIO_RESHUFFLE,         /* LUNs change their owners */
    SCENARIO_STUCK,             /* a group stays in transition */
    SCENARIO_ARRIVAL_RACE,      /* a path that was removed goes again within milliseconds of its return */
    SCENARIO_RANDOM_ARRIVAL,    /* the paths of an HBA return in any order */
    SCENARIO_PLUG,              /* an HBA is pulled and put back, now and then in the middle of its arrival again */

    SCENARIO_MASK,              /* a LUN is unmapped and mapped again, also under another number */
    SCENARIO_IDENTITY,          /* a LUN has another identifier for a while */
    SCENARIO_CONFLICT,          /* another host reserves a LUN, or preempts who has it */
    SCENARIO_POWER,             /* an array without power */
    SCENARIO_BLACKOUT,          /* a machine loses every path: surprise removal */
    SCENARIO_HBA_POWER,         /* an HBA without power: nothing answers, nothing is told */
    SCENARIO_PULL,              /* any HBA is pulled, be it the last one */
    SCENARIO_BOOT,              /* a machine crashes and boots again */
    SCENARIO_FAULT_COUNT
};
#define SCENARIO_BIT(fault)  ((uint64_t)1 << (fault))
#define SCENARIO_ALL_KINDS   (SCENARIO_BIT(SCENARIO_GENTLE_COUNT) - 1) /* of the gentle plan */
#define SCENARIO_WHOLE_MENU  (SCENARIO_BIT(SCENARIO_FAULT_COUNT) - 1)
#define SCENARIO_HARSH_KINDS (SCENARIO_WHOLE_MENU & ~(SCENARIO_BIT(SCENARIO_MASK) - 1))
_Static_assert(SCENARIO_FAULT_COUNT < 64, "a kind is a bit of 64");

struct scenario_random_options {
    uint64_t start, duration;   /* 100 ns; every outage is over at start + duration */
    unsigned minimum, maximum;  /* number of faults */
    uint64_t kinds;             /* allowed kinds; 0: SCENARIO_ALL_KINDS */
    uint64_t longest_outage;    /* of one path, HBA or controller; 0: duration / 4 */
    uint64_t longest_blackout;  /* a machine may be without any path to an array this long; 0: never */
    bool blackouts;             /* no such limit */
    uint64_t recovery;          /* a path counts as usable only this long after its link is back */
    unsigned strikes;           /* errors that the stack above retries for one request; 0: no limit */
    uint64_t patience;          /* a request may meet all strikes of a span this long */
    uint64_t verified;          /* paths are verified in use: an error may cost a path, found this much later; 0: not */
    uint64_t given_up;          /* a few lost commands may cost a path, this long after the first; 0: they do not */
};

struct scenario_step {
    uint64_t time;
    char text[160];             /* as a timeline writes it */
};

struct scenario_plan {
    uint64_t kinds;             /* those that the swarm switched on */
    unsigned faults;
    bool errors_allowed;        /* a harsh fault is in it: it begins with `expect errors` */
    size_t count;               /* actions: an outage is two */
    struct topology_action *actions; /* by time */
    struct scenario_step *steps;     /* the same, in words */
};

/* Draws a schedule from STREAM_FAULTS: first which kinds are on, then how many faults, then each one. Beyond the gentle
 * kinds a coin says first whether harsh ones may be on at all, so that half of the swarm demands zero errors.
 * A fault that would break the limits is drawn anew; when nothing fits any more, one of the harmless
 * kinds takes its place, or, where `kinds` allows none, nothing: such a plan may have fewer than `minimum`. NULL when the options are out of range, the topology has nothing to
 * strike, or memory is short (*error). Free with scenario_plan_free. */
struct scenario_plan *scenario_random(struct world *w, const struct topology *t,
                                      const struct scenario_random_options *options,
                                      struct text_error *error);
void scenario_plan_free(struct scenario_plan *plan);
/* The plan as a [timeline] section. */
void scenario_plan_write(const struct scenario_plan *plan, struct buffer *out);

#endif
