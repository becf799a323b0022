/* SPDX-License-Identifier: MIT */
/*
 * Load of a cluster: machines that share one LUN under a persistent reservation.
 *
 * The LUN's span is cut into parts, each with one owner: a single part in failover mode, one per machine in active mode.
 * Members register their keys and watch each other's heartbeat. When an owner shows none for the cluster's timeout,
 * whoever is first takes it over: PREEMPT AND ABORT, a look at keys and reservation, a new epoch for its parts, and
 * a read of everything in them. The cluster itself is the observer who knows all: what every owner wrote, what was
 * acknowledged, who may write now. A member only knows what it would know on a real machine.
 *
 * Everything runs in the world's loop; nothing needs a lock.
 */
#ifndef MPIO_EMBED_CLUSTER_H
#define MPIO_EMBED_CLUSTER_H

#include "embed/embed.h"

#define CLUSTER_KEYS_SIZE 4096 /* bytes that READ KEYS may return */

/* Generations carry the epoch of their writer in the upper half: data of a former owner never looks like new data. */
struct cluster_unit {
    uint64_t acknowledged;      /* of the last write that succeeded; 0: none */
    uint64_t highest;           /* of the last write that was started by an owner */
    bool busy;
    bool settled;               /* the present owner has read it: what it found must stay */
    bool due;                   /* to be read: after a takeover, or at the end */
};

struct cluster_part {
    struct member *owner;       /* NULL: nobody yet */
    uint32_t epoch;             /* counts the owners, over all parts */
    uint64_t preempted;         /* when the former owner's registration was gone */
    uint64_t first, count;      /* units */
    uint64_t next;              /* no unit before this one is due, unless it is being read */
    uint64_t unread;            /* units that are due */
};

struct cluster_slot {
    struct mpio_io io;
    struct member *member;
    struct event event;
    unsigned part;
    uint32_t epoch;             /* the owner's when the I/O was started */
    uint64_t unit, generation;
    bool out;
};

enum member_state {
    MEMBER_OUT,                 /* not registered: new, fenced, or without its disk */
    MEMBER_IN,
};

enum member_step { STEP_NONE, STEP_REGISTER, STEP_RESERVE, STEP_PREEMPT, STEP_KEYS, STEP_RESERVATION };

struct member {
    struct cluster *cluster;
    struct node *node;
    struct disk *disk;          /* NULL: never seen */
    unsigned disk_index, index;
    enum member_state state;
    uint64_t key;
    uint64_t beat;              /* the last sign of life */
    bool challenged;            /* somebody has begun to preempt its key */
    uint64_t registered;        /* when it last did */
    struct event tick, retry;
    uint32_t *believed;         /* epoch in which it owns each part, as far as it knows; 0: it does not */
    uint32_t unknowing;         /* writes started after it had lost its part */

    enum member_step step;      /* the PERSISTENT RESERVE command that is out */
    struct mpio_io pr;
    unsigned tries;
    uint8_t *pr_data;
    struct member *victim;
    uint64_t patience;          /* how much longer than the timeout it waits: members do not race in lock step */
    bool preempt_good;
    uint64_t preempt_sent;
    uint64_t preempt_done;

    struct cluster_slot *slots;
    unsigned slot_count;
    char *memory;
    uint64_t next_time;
    struct mpio_load_report report;
};

struct cluster {
    struct mpio *world;
    const struct topology_cluster *plan;
    unsigned index;             /* in the stamps */
    char serial[sizeof ((struct mpio_disk_info *)0)->serial];
    uint32_t block_size, unit_blocks;
    uint64_t unit_count;
    struct cluster_unit *units;
    unsigned member_count, part_count;
    struct member *members;
    struct cluster_part *parts;
    struct member *holder;      /* of the reservation; NULL: none yet */
    uint32_t epochs;
    bool stopping;
    struct mpio_cluster_report report;
    struct cluster *next;
};

/* cluster.c */
void cluster_found(struct cluster *c, struct member *m, enum mpio_cluster_finding what, uint64_t where);
/* Its writes meet a RESERVATION CONFLICT, or its disk has left: it stops and joins again when it can. */
void cluster_leave(struct member *m, bool conflict);

/* cluster_pr.c: one step of a member's part in reservations; called with every tick */
void cluster_reserve_step(struct member *m);

/* cluster_io.c */
void cluster_take(struct cluster_part *p, struct member *m, uint64_t preempted);
void cluster_start_slots(struct member *m);
bool cluster_io_create(struct member *m, unsigned slots);
/* Every unit of the part is due. */
void cluster_read_all(struct cluster *c, struct cluster_part *p);
unsigned cluster_outstanding(const struct member *m);

#endif
