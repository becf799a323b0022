/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated fabric share. A fabric_path is one I_T nexus: one array port seen
 * from one HBA. Everything runs in the world's loop; nothing needs a lock.
 *
 * A command is on exactly one list of its path from submit to the call of done:
 *   outstanding  on its way, waiting, lost or held
 *   finished     result known, waits for the interrupt that hands it over
 *
 * The guarantee that failover rests on: once the host was told that a command ended without an answer,
 * the array never executes it. A command that ends leaves its event and its task set; a session that
 * ends (a cut, a logout, power) takes a new incarnation, and fabric_execute drops what was sent in another.
 */
#ifndef MPIO_WORLD_FABRIC_PRIVATE_H
#define MPIO_WORLD_FABRIC_PRIVATE_H

#include "world/fabric.h"

#define FABRIC_FAULT_KINDS (FABRIC_LATE_COMMAND + 1)
#define FABRIC_QUEUE_DEPTH 32
#define FABRIC_NAME_MAX    31

enum command_phase {
    PHASE_FLYING,   /* its event is queued: the array executes it and the answer is here */
    PHASE_COMING,   /* its event is queued: it reaches the array then (a late command) */
    PHASE_WAITING,  /* in its task set, behind others */
    PHASE_ANSWERED, /* executed; its event is queued: the answer is here */
    PHASE_SELECTING, /* its event is queued: nobody answers the selection */
    PHASE_LOST,     /* no answer will come; not executed */
    PHASE_ANSWER_LOST, /* no answer will come; executed */
    PHASE_ABORTED,  /* no answer will come; task management took it away */
    PHASE_HELD,     /* submitted while the link was down, not sent yet */
};

enum path_state {
    PATH_UP,
    PATH_HOLDING,   /* link lost, link-down time still running: commands wait */
    PATH_FAILING,   /* link-down time over: commands fail at once */
    PATH_GONE,      /* dev-loss time over: there is no target any more */
};

/* The fourth argument-pair of TRACE_FABRIC. */
enum trace_fabric {
    FABRIC_TRACE_STALE_COMPLETION, FABRIC_TRACE_SWITCH, FABRIC_TRACE_LOGOUT, FABRIC_TRACE_STATE_CHANGE,
    FABRIC_TRACE_ASYNC_LOGOUT, FABRIC_TRACE_REDIRECT, FABRIC_TRACE_BUS_RESET, FABRIC_TRACE_POWER,
};

struct command_list {
    struct hba_cmd *first, **end;
};

/* Carries one transfer at a time: a cable, a link or an array's port. */
struct fabric_wire {
    uint64_t ns_per_kib;        /* 0: takes no time */
    uint64_t busy;              /* until then */
};

/* An array as all paths of the world see it. */
struct fabric_array {
    struct array *array;
    unsigned ordinal;           /* in the world, in order of first connection */
    unsigned paths;             /* that point here */
    unsigned waiting;           /* commands in PHASE_WAITING */
    struct fabric_wire port[ARRAY_MAX_PORTS];
};

/* A switch, expander or network of its name. */
struct fabric_net {
    char name[FABRIC_NAME_MAX + 1];
    unsigned users;             /* HBAs and paths that point here */
    unsigned ordinal;
    bool up;
};

/* The second answer of a command that had two. */
struct fabric_echo {
    struct event event;
    const struct hba_cmd *slot; /* never looked into: the memory may be another command's, or nobody's */
    uint64_t exchange;
};

struct fabric_path {
    struct fabric_hba *hba;
    uint32_t target;
    struct array *array;
    struct fabric_array *shared;
    struct fabric_net *net;     /* NULL: none that can fail */
    unsigned port, controller;
    struct array_nexus *nexus;
    uint64_t latency, jitter;
    struct fabric_wire wire;
    bool direct;                /* answers inside submit: no latency, jitter, bandwidth or fault */

    bool link_up, controller_up; /* causes of a loss; the HBA's cable, its power and the switch are others */
    bool away;                  /* the session was dropped: `comeback` logs in again */
    bool nexus_lost;            /* the array forgets the session: UA 29/07 at the return */
    enum path_state state;
    uint32_t incarnation;       /* counts sessions */
    uint64_t lost_at;           /* time of the loss, while the state is not PATH_UP */
    uint64_t retain_until;      /* a return until then goes on with what was under way; 0: none does */
    struct event service;       /* timers of a loss, and notices for the miniport */
    struct event comeback;
    bool told_up, told_present; /* what the miniport knows */
    bool bounced;               /* lost and back since the last notice */
    bool luns_changed;

    struct command_list outstanding, finished;
    unsigned fault_count[FABRIC_FAULT_KINDS];
    uint64_t fault_value[FABRIC_FAULT_KINDS];
    struct fabric_echo echo;
    uint64_t orphans_executed;
    struct fabric_orphan *orphans; /* what a crashed machine left on its way (fabric_orphan.c) */
    uint64_t commands, lost;
};

struct fabric_hba {
    struct hba hba;
    bool cable_up, powered, untagged;
    bool state_changed, bus_was_reset; /* notices for the miniport */
    uint64_t link_down_time, dev_loss_time;
    struct fabric_wire wire;
    struct fabric_net *net;
    struct event notice;
    uint32_t outstanding;       /* commands of all paths */
    uint64_t exchanges;
    struct fabric_path *path[HBA_MAX_TARGETS];
};

extern const struct hba_operations fabric_operations;

/* The fabric HBA behind `h`; an assert when `h` is another kind of hardware. */
struct fabric_hba *fabric_hba_of(const struct hba *h);
/* Every path of the simulated fabric, in creation order; NULL starts and ends. */
struct fabric_path *fabric_next_path(struct world *w, const struct fabric_path *after);
/* Runs routine(argument) as an interrupt of the HBA's machine. */
void fabric_interrupt(struct fabric_hba *f, void (*routine)(void *), void *argument);
/* Emits TRACE_FABRIC for the HBA's machine. */
void fabric_trace(const struct fabric_hba *f, uint32_t target, enum trace_fabric what, uint64_t value);

/* ---- commands (fabric_command.c) ---------------------------------------------------------------- */
void fabric_list_init(struct command_list *list);
/* Ends an outstanding command: it moves to the finished list with this status. */
void fabric_end_command(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status);
/* Hands over every finished command. Called in the context of the machine. */
void fabric_drain(struct fabric_path *p);
/* Sends a command that is outstanding already; the answer comes from an event, never inline. */
void fabric_send(struct fabric_path *p, struct hba_cmd *cmd);
/* Lets a command that waited in its task set go on. */
void fabric_start(struct fabric_path *p, struct hba_cmd *cmd);
/* The answer of an executed command is here `delay` from now. */
void fabric_answer_later(struct fabric_path *p, struct hba_cmd *cmd, uint64_t delay);
void fabric_clear_result(struct array_cmd *scsi);
void fabric_update_direct(struct fabric_path *p);
void fabric_submit(struct hba *h, struct hba_cmd *cmd);

/* ---- where commands meet their array (fabric_execute.c) ------------------------------------------- */
/* The only call of array_execute: every command of every path comes through here. */
enum array_result fabric_execute(struct fabric_path *p, struct hba_cmd *cmd);
/* For the checkers (check.h): who sends on this path; that the array has executed a command of it. */
struct check_sender fabric_sender(const struct fabric_path *p);
void fabric_check_executed(const struct fabric_path *p, const struct array_cmd *cmd);
/* The path's session ends at the array. */
static inline void fabric_log_out(const struct fabric_path *p)
{
    struct check_sender sender = fabric_sender(p);

    array_logout(p->nexus);
    check_logged_out(&sender);
}
/* fabric_execute for a command that may be in a task set or torn. */
enum array_result fabric_serve(struct fabric_path *p, struct hba_cmd *cmd);
/* Executes a command at the array whose answer will be lost. */
void fabric_execute_unanswered(struct fabric_path *p, struct hba_cmd *cmd);
/* Puts a command into its task set. False: not admitted, the array's answer is in the command. */
bool fabric_admit(struct fabric_path *p, struct hba_cmd *cmd);
/* Takes an unanswered command out of its task set, wherever it is. */
void fabric_withdraw(struct fabric_path *p, struct hba_cmd *cmd);
/* Starts the commands of an array that need not wait any more. After anything that may have ended several tasks. */
void fabric_start_waiting(struct fabric_array *shared, struct world *w);

/* ---- torn transfers (fabric_torn.c) ---------------------------------------------------------------- */
/* A read or write, which can be cut. */
bool fabric_may_tear(const struct array_cmd *scsi);
enum array_result fabric_execute_torn(struct fabric_path *p, struct hba_cmd *cmd);

/* ---- time on the way (fabric_travel.c) --------------------------------------------------------------- */
/* From now until the answer is here, 100 ns. Takes its turn on the wires. */
uint64_t fabric_travel(struct fabric_path *p, const struct hba_cmd *cmd);
bool fabric_is_instant(const struct fabric_path *p);

/* ---- second answers (fabric_echo.c) -------------------------------------------------------------------- */
void fabric_echo_init(struct fabric_path *p);
/* The answer that is handed over now will come again `delay` later. */
void fabric_expect_echo(struct fabric_path *p, const struct hba_cmd *cmd, uint64_t delay);

/* ---- resets (fabric_reset.c) ---------------------------------------------------------------------------- */
void fabric_reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8]);
void fabric_reset_target(struct hba *h, uint32_t target);
void fabric_reset_bus(struct hba *h);

/* ---- links (fabric_link.c) ---------------------------------------------------------------------- */
void fabric_service(struct event *e);
/* Posts the service event at the time something is due next; `soon`: at once, for a notice. */
void fabric_schedule_service(struct fabric_path *p, bool soon);
bool fabric_path_should_be_up(const struct fabric_path *p);
/* Loses or regains the path, as its causes say now. */
void fabric_update_path(struct fabric_path *p);

/* ---- HBAs that leave and come back (fabric_plug.c) ------------------------------------------------------ */
/* Every command and every event of the path is forgotten, without an end. */
void fabric_forget_commands(struct fabric_path *p);

/* ---- sessions (fabric_session.c) -------------------------------------------------------------------- */
/* Drops the session of a path for `time`; nothing when it is away already. */
void fabric_send_away(struct fabric_path *p, uint64_t time);
void fabric_comeback(struct event *e);
/* The HBA's own notices: posts them for now. */
void fabric_notify(struct fabric_hba *f);
void fabric_notice(struct event *e);

/* ---- what a crashed machine left behind (fabric_orphan.c) ---------------------------------------------- */
void fabric_drop_orphans(struct fabric_path *p);

/* ---- names and arrays that paths share (fabric_shared.c) ---------------------------------------------- */
struct fabric_array *fabric_array_use(struct world *w, struct array *a); /* NULL: memory is short */
void fabric_array_release(struct fabric_array *shared);
struct fabric_net *fabric_net_find(struct world *w, const char *name);
struct fabric_net *fabric_net_use(struct world *w, const char *name);
void fabric_net_release(struct fabric_net *net); /* NULL is allowed */

#endif
