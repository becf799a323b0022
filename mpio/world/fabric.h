/* SPDX-License-Identifier: MIT */
/*
 * The hardware below a miniport. A `struct hba` is one host bus adapter port of one machine: the
 * simulated miniports (port/sim) drive it like a chip. Two kinds of hardware exist behind the same
 * operations: fabric.c (links to simulated arrays) and port/iscsi (libiscsi sessions).
 *
 * Fabric: an HBA reaches targets; a target is one array port seen from this HBA (one I_T nexus, one
 * path). Links fail per HBA (its cable), per target (one path) or per controller.
 */
#ifndef MPIO_WORLD_FABRIC_H
#define MPIO_WORLD_FABRIC_H

#include "array/array.h"
#include "world/world.h"

enum hba_kind { HBA_FC, HBA_ISCSI, HBA_SAS, HBA_SPI };

enum hba_status {
    HBA_OK,             /* the target answered: cmd->scsi is valid */
    HBA_NO_TARGET,      /* nobody there: selection time-out */
    HBA_LINK_DOWN,      /* the link was down longer than the link-down time */
    HBA_ABORTED,        /* by a reset from this side */
    HBA_BUSY,           /* the adapter's queue is full */
};

enum hba_event {
    HBA_EVENT_LINK_DOWN,        /* I/O is held from now on (target, or all: HBA_ALL_TARGETS) */
    HBA_EVENT_LINK_UP,
    HBA_EVENT_TARGET_GONE,      /* dev-loss time is over: rescan */
    HBA_EVENT_TARGET_ARRIVED,   /* rescan */
    HBA_EVENT_LUNS_CHANGED,
};
#define HBA_ALL_TARGETS UINT32_MAX
#define HBA_MAX_TARGETS 255

struct hba;
struct hba_cmd {
    struct array_cmd scsi;      /* filled by the miniport; results as array.h says */
    uint32_t target;
    enum hba_status status;
    void (*done)(struct hba_cmd *cmd);  /* called as an interrupt, or from inside hba_submit */
    void *owner;                /* the miniport's */
    /* hardware's own */
    struct hba *hba;
    struct event event;
    struct hba_cmd *next, **link;
    void *hardware;
    uint32_t phase;             /* where the command is; the implementation's own meaning */
};

struct hba_operations {
    void (*submit)(struct hba *h, struct hba_cmd *cmd);
    void (*reset_lun)(struct hba *h, uint32_t target, const uint8_t lun[8]); /* commands of it end HBA_ABORTED before return */
    void (*reset_target)(struct hba *h, uint32_t target);
    void (*reset_bus)(struct hba *h);
    bool (*target_present)(struct hba *h, uint32_t target);
    void (*link)(struct hba *h, uint32_t target, bool up); /* pulls a cable and puts it back; HBA_ALL_TARGETS: all */
    void (*destroy)(struct hba *h);
};

struct hba {
    const struct hba_operations *operations;
    struct world *world;
    struct machine *machine;
    char name[32];                  /* "hba0", unique within the machine */
    enum hba_kind kind;
    unsigned ordinal;               /* in the world, in creation order */
    char initiator[224];            /* port name the array sees (WWPN text, iSCSI name) */
    uint32_t targets;               /* target ids 0..targets-1 */
    uint32_t queue_depth;           /* per LUN, for SetDeviceQueueDepth */
    /* Set by the miniport: link and target changes, called as an interrupt. */
    void (*on_event)(struct hba *h, enum hba_event event, uint32_t target);
    void *miniport;
    bool quiet;                     /* no TRACE_CDB records: benchmarks */
    struct hba *next;               /* of the machine, in creation order */
};

static inline void hba_submit(struct hba *h, struct hba_cmd *cmd)
{
    h->operations->submit(h, cmd);
}
/* Every hardware calls this when a command has ended, before its `done`: TRACE_CDB, unless the HBA is quiet. */
void hba_trace_command(const struct hba *h, const struct hba_cmd *cmd);
/* HBAs of a machine, in creation order. */
struct hba *fabric_hbas(struct machine *m);
struct hba *fabric_find_hba(struct machine *m, const char *name);
void fabric_add_hba(struct machine *m, struct hba *h); /* used by the implementations */
/* Destroys every HBA of a machine, newest first. Arrays must still exist: the paths log out. */
void fabric_destroy_hbas(struct machine *m);

/* ---- simulated fabric ----------------------------------------------------------------------- */
struct fabric_hba_config {
    const char *name, *initiator;
    enum hba_kind kind;
    uint32_t queue_depth;           /* 0: 32 */
    uint64_t link_down_time;        /* units of 100 ns: I/O is held this long after a loss */
    uint64_t dev_loss_time;         /* then the target disappears; counted from the loss; >= link_down_time */
};
/* NULL when memory is short, a name is too long, or the machine has an HBA of this name. */
struct hba *fabric_create_hba(struct machine *m, const struct fabric_hba_config *config);

struct fabric_path_config {
    struct array *array;
    unsigned port;
    uint64_t latency;               /* round trip, units of 100 ns; 0: completes inside submit */
    uint64_t jitter;                /* 0..jitter added, from STREAM_FABRIC */
    uint64_t ns_per_kib;            /* bandwidth term, nanoseconds per KiB; 0: none */
};
/* Returns the target id, or -1 when the HBA is full, the array has no such port, or memory is short.
 * The array must outlive the HBA. With a miniport listening the new target is announced (ARRIVED). */
int fabric_connect(struct hba *h, const struct fabric_path_config *config);

/* Cuts and restores. Commands in flight at a cut are lost; each one by a draw from STREAM_FABRIC either before or after
 * the array executed it. target HBA_ALL_TARGETS = the HBA's own cable. A path is up when its own link, the HBA's cable and
 * the array's controller are. The state changes at once; the miniport hears of it, and commands end, from an event posted
 * for now. Events always name the target (the cable's loss is told once per target); a bounce within one instant is told
 * as DOWN and UP. */
void fabric_link(struct hba *h, uint32_t target, bool up);
bool fabric_link_is_up(const struct hba *h, uint32_t target);
/* A controller dies or returns: array_controller_up plus loss on every path to it, in every machine. */
void fabric_controller(struct world *w, struct array *a, unsigned controller, bool up);
/* Tells every HBA that reaches the array that its inventory changed (HBA_EVENT_LUNS_CHANGED). */
void fabric_luns_changed(struct world *w, const struct array *a);
/* One-shot faults on one path (target) for the next `count` commands. */
enum fabric_fault {
    FABRIC_LOSE_COMMAND, FABRIC_LOSE_COMPLETION, FABRIC_SLOW, FABRIC_BUSY, FABRIC_QUEUE_FULL,
    FABRIC_LATE_COMPLETION, FABRIC_DUPLICATE, FABRIC_REORDER, FABRIC_TORN, FABRIC_LATE_COMMAND,
};
/* LOSE_*: the command stays outstanding until a reset or a link loss. SLOW: `value` units of 100 ns are added.
 * BUSY: HBA_BUSY. QUEUE_FULL: SCSI status 28h. LATE_COMPLETION: executed in time, the answer comes `value` later.
 * DUPLICATE: the answer comes twice, the HBA hands it over once. REORDER: executed before older commands of the path.
 * TORN: half of the data moves, then the command ends with an error. LATE_COMMAND: reaches the array `value` later, and
 * never after the HBA has given the command up. When several kinds wait, the first of the enumeration strikes. */
void fabric_inject(struct hba *h, uint32_t target, enum fabric_fault fault, unsigned count, uint64_t value);

struct fabric_path_info {
    struct array *array;
    unsigned port, controller;
    bool up;
    uint64_t commands, lost;        /* submitted; ended without an answer from the array */
};
/* false when there is no such target, or the HBA is none of the simulated ones. */
bool fabric_path_info(const struct hba *h, uint32_t target, struct fabric_path_info *info);

#endif
