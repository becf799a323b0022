/* SPDX-License-Identifier: MIT */
/*
 * What the files of the simulated fabric share. A fabric_path is one I_T nexus: one array port seen
 * from one HBA. Everything runs in the world's loop; nothing needs a lock.
 *
 * A command is on exactly one list of its path from submit to the call of done:
 *   outstanding  flying, lost or held
 *   finished     result known, waits for the interrupt that hands it over
 */
#ifndef MPIO_WORLD_FABRIC_PRIVATE_H
#define MPIO_WORLD_FABRIC_PRIVATE_H

#include "world/fabric.h"

#define FABRIC_FAULT_KINDS (FABRIC_LATE_COMMAND + 1)
#define FABRIC_QUEUE_DEPTH 32

enum command_phase {
    PHASE_FLYING,   /* its event is queued: the array executes it and the answer is here */
    PHASE_LOST,     /* no answer will come; not executed */
    PHASE_ANSWER_LOST, /* no answer will come; executed */
    PHASE_HELD,     /* submitted while the link was down, not sent yet */
};

enum path_state {
    PATH_UP,
    PATH_HOLDING,   /* link lost, link-down time still running: commands wait */
    PATH_FAILING,   /* link-down time over: commands fail at once */
    PATH_GONE,      /* dev-loss time over: there is no target any more */
};

struct command_list {
    struct hba_cmd *first, **end;
};

struct fabric_path {
    struct fabric_hba *hba;
    uint32_t target;
    struct array *array;
    unsigned array_ordinal;     /* in the world, in order of first connection */
    unsigned port, controller;
    struct array_nexus *nexus;
    uint64_t latency, jitter, ns_per_kib;
    bool direct;                /* answers inside submit: no latency, jitter, bandwidth or fault */

    bool link_up, controller_up; /* the causes; the HBA's cable is the third */
    enum path_state state;
    uint64_t lost_at;           /* time of the loss, while the state is not PATH_UP */
    struct event service;       /* timers of a loss, and notices for the miniport */
    bool told_up, told_present; /* what the miniport knows */
    bool bounced;               /* lost and back since the last notice */
    bool luns_changed;

    struct command_list outstanding, finished;
    unsigned fault_count[FABRIC_FAULT_KINDS];
    uint64_t fault_value[FABRIC_FAULT_KINDS];
    uint64_t commands, lost;
};

struct fabric_hba {
    struct hba hba;
    bool cable_up;
    uint64_t link_down_time, dev_loss_time;
    struct fabric_path *path[HBA_MAX_TARGETS];
};

extern const struct hba_operations fabric_operations;

/* The fabric HBA behind `h`; an assert when `h` is another kind of hardware. */
struct fabric_hba *fabric_hba_of(const struct hba *h);
/* Every path of the simulated fabric, in creation order; NULL starts and ends. */
struct fabric_path *fabric_next_path(struct world *w, const struct fabric_path *after);
/* Runs routine(argument) as an interrupt of the HBA's machine. */
void fabric_interrupt(struct fabric_hba *f, void (*routine)(void *), void *argument);

/* ---- command lists (fabric_command.c) --------------------------------------------------------- */
void fabric_list_init(struct command_list *list);
/* Ends an outstanding command: it moves to the finished list with this status. */
void fabric_end_command(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status);
/* Hands over every finished command. Called in the context of the machine. */
void fabric_drain(struct fabric_path *p);
/* Executes a flying command at the array whose answer will be lost. */
void fabric_execute_unanswered(struct fabric_path *p, struct hba_cmd *cmd);
/* Sends a held command; the answer comes from an event, never inline. */
void fabric_send_held(struct fabric_path *p, struct hba_cmd *cmd);
void fabric_update_direct(struct fabric_path *p);
void fabric_submit(struct hba *h, struct hba_cmd *cmd);
void fabric_reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8]);
void fabric_reset_target(struct hba *h, uint32_t target);
void fabric_reset_bus(struct hba *h);

/* ---- links (fabric_link.c) ---------------------------------------------------------------------- */
void fabric_service(struct event *e);
/* Posts the service event at the time something is due next; `soon`: at once, for a notice. */
void fabric_schedule_service(struct fabric_path *p, bool soon);
bool fabric_path_should_be_up(const struct fabric_path *p);

#endif
