/* SPDX-License-Identifier: MIT */
/*
 * The hardware below a miniport. A `struct hba` is one host bus adapter port of one machine: the
 * simulated miniports (port/sim) drive it like a chip. Two kinds of hardware exist behind the same
 * operations: fabric.c (links to simulated arrays) and port/iscsi (libiscsi sessions).
 *
 * Fabric: an HBA reaches targets; a target is one array port seen from this HBA (one I_T nexus, one
 * path). Links fail per HBA (its cable), per target (one path), per switch or per controller.
 */
#ifndef MPIO_WORLD_FABRIC_H
#define MPIO_WORLD_FABRIC_H

#include "array/array.h"
#include "array/task.h"
#include "world/check.h"
#include "world/hba_personality.h"
#include "world/world.h"

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
    HBA_EVENT_STATE_CHANGE,     /* the fabric says that something changed (RSCN, expander change): rescan */
    HBA_EVENT_BUS_RESET,        /* somebody else reset the bus; this HBA's commands on it have ended HBA_ABORTED */
};
#define HBA_ALL_TARGETS UINT32_MAX
#define HBA_MAX_TARGETS 255
#define FABRIC_BUS_INITIATORS 2 /* of one parallel SCSI bus */

struct hba;
struct hba_cmd {
    struct array_cmd scsi;      /* filled by the miniport; results as array.h says */
    uint32_t target;
    enum hba_status status;
    void (*done)(struct hba_cmd *cmd);  /* called as an interrupt, or from inside hba_submit */
    void *owner;                /* the miniport's */
    uint32_t watch;             /* the checkers': see check.h */
    struct array_task task;     /* the miniport sets `attribute` and `tag`, the rest is the hardware's */
    /* hardware's own */
    struct hba *hba;
    struct event event;
    struct hba_cmd *next, **link;
    void *hardware;
    uint32_t phase;             /* where the command is; the implementation's own meaning */
    uint32_t incarnation;       /* of the path's session it was sent in; another one drops it */
    uint64_t exchange;          /* number of the exchange: tells two uses of one hba_cmd apart */
    uint32_t fault;             /* enum fabric_fault + 1 that strikes it on its way; 0: none */
    uint64_t fault_value;
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
    const struct hba_personality *personality; /* never NULL at a simulated HBA */
    /* Set by the miniport: link and target changes, called as an interrupt. */
    void (*on_event)(struct hba *h, enum hba_event event, uint32_t target);
    void *miniport;
    const uint16_t *service;        /* HBA_DRIVER: the miniport's service name, UTF-16; lives as long as the HBA */
    bool quiet;                     /* no TRACE_CDB records: benchmarks */
    bool pulled;                    /* out of its machine: fabric_hba_plug */
    unsigned plugged;               /* how often it came back: tells one life of its device from the next */
    struct hba *next;               /* of the machine, in creation order */
};

static inline void hba_submit(struct hba *h, struct hba_cmd *cmd)
{
    cmd->watch = CHECK_OUTSTANDING;
    h->operations->submit(h, cmd);
}
/* Every hardware hands a command over by this, as an interrupt or from inside hba_submit. */
static inline void hba_end(const struct hba *h, struct hba_cmd *cmd)
{
    if (__builtin_expect(cmd->watch != CHECK_OUTSTANDING, 0))
        check_ended_twice(h, cmd);
    cmd->watch = CHECK_ENDED;
    cmd->done(cmd);
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
    uint64_t ns_per_kib;            /* bandwidth of the cable: all targets share it; 0: unlimited */
    const char *fabric;             /* switch, expander or network its cable leads to; NULL: none that can fail */
    bool untagged;                  /* one command per LUN at a time */
    const struct hba_personality *personality; /* NULL: the plain one of the kind */
};
/* NULL when memory is short, a name is too long, or the machine has an HBA of this name. */
struct hba *fabric_create_hba(struct machine *m, const struct fabric_hba_config *config);

struct fabric_path_config {
    struct array *array;
    unsigned port;
    uint64_t latency;               /* round trip, units of 100 ns; 0: completes inside submit */
    uint64_t jitter;                /* 0..jitter added, from STREAM_FABRIC */
    uint64_t ns_per_kib;            /* bandwidth of this link, nanoseconds per KiB; 0: unlimited */
    uint64_t port_ns_per_kib;       /* bandwidth of the array's port, which all HBAs share; 0: as told before */
    const char *fabric;             /* NULL: the HBA's */
};
/* Returns the target id, or -1 when the HBA is full, the array has no such port, memory is short, or a third
 * initiator would come to a parallel SCSI bus.
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
/* A switch (expander, network) fails or returns: every path through the fabric of this name. An HBA of that fabric
 * that has other paths left hears HBA_EVENT_STATE_CHANGE. False: no path goes through such a fabric. */
bool fabric_switch(struct world *w, const char *name, bool up);
/* The target's port logs this HBA out (Fibre Channel LOGO; any other kind: the session is dropped). Commands under way
 * are lost as by a cut; the HBA logs in again a moment later (FABRIC_RELOGIN), and the LUNs answer UA 29/07. */
void fabric_port_logout(struct hba *h, uint32_t target);
/* A registered state change notification: the miniport hears HBA_EVENT_STATE_CHANGE. Nothing else happens. */
void fabric_rscn(struct hba *h);
/* iSCSI asynchronous message: the target asks for a logout. The HBA drops the session and logs in again after `wait`
 * (time2wait). The target keeps the commands under way for `retain` more (time2retain): a session that is back by then
 * goes on with them, a later one finds them lost and hears UA 29/07. */
void fabric_async_logout(struct hba *h, uint32_t target, uint64_t wait, uint64_t retain);
/* iSCSI "target moved": the session ends and a new one begins at another port of the same array (a new I_T nexus; its
 * link keeps its latency). Commands under way are lost. False: the array has no such port, takes no login there, or the
 * HBA already has a target there. */
bool fabric_redirect(struct hba *h, uint32_t target, unsigned new_port);
/* Parallel SCSI: the bus is reset. The commands of every initiator on it end HBA_ABORTED, every nexus hears UA 29/02,
 * the other initiators' miniports HBA_EVENT_BUS_RESET. SAS: the expander is reset, its links drop for a moment
 * (FABRIC_EXPANDER_RESET). Other kinds: every target of the HBA is reset. */
void fabric_bus_reset(struct hba *h);
/* Off: the HBA loses its power: links gone, no interrupt, no completion, not even of what it has; the arrays see the
 * nexus go. On: it starts afresh, ends what it still holds HBA_ABORTED and logs in anew. */
void fabric_hba_power(struct hba *h, bool on);
/* Pulled out of the machine, and put back. Out: as without power, but what is submitted ends HBA_NO_TARGET at once, and
 * fabric_take_back gives back what it had. In: it starts afresh, with nothing under way. Whoever calls this tells Plug and
 * Play. Any kind of HBA, also one without hardware behind it. */
void fabric_hba_plug(struct hba *h, bool in);
/* The miniport of a pulled HBA takes back what it had given it, of one LUN or of all (target HBA_ALL_TARGETS): the commands
 * end HBA_NO_TARGET from inside the call. `life` is `plugged` as the miniport found it: the HBA may have been put back
 * meanwhile. Nothing while the HBA is in its machine in that life. */
void fabric_take_back(struct hba *h, unsigned life, uint32_t target, const uint8_t lun[8]);
#define FABRIC_RELOGIN        (200 * WORLD_MS)
#define FABRIC_EXPANDER_RESET (500 * WORLD_MS)
#define FABRIC_SELECTION      (250 * WORLD_MS) /* parallel SCSI: nobody answers */

/* Tells every HBA that reaches the array that its inventory changed (HBA_EVENT_LUNS_CHANGED). */
void fabric_luns_changed(struct world *w, const struct array *a);
/* Machine faults. Crash: it stops at once; each of its commands that has left the HBA is gone, or reaches the array up to 5 s
 * later (a draw from STREAM_FABRIC), unless a logout, a reset, a link loss or PREEMPT AND ABORT ends it. Pause: machine_pause,
 * while what is in the fabric travels on and its answers wait. Nothing for a machine that has stopped. */
void fabric_machine_crash(struct machine *m);
void fabric_machine_pause(struct machine *m, uint64_t time);
/* The machine is about to boot again: its HBAs forget every command and their miniport, and log in anew; what the dead
 * machine still had in the fabric ends with the old sessions. Before its kernel's memory goes. */
void fabric_machine_reset(struct machine *m);
uint64_t fabric_machine_orphans(struct machine *m); /* commands that the arrays executed after its crash */
/* One-shot faults on one path (target) for the next `count` commands. */
enum fabric_fault {
    FABRIC_LOSE_COMMAND, FABRIC_LOSE_COMPLETION, FABRIC_SLOW, FABRIC_BUSY, FABRIC_QUEUE_FULL,
    FABRIC_LATE_COMPLETION, FABRIC_DUPLICATE, FABRIC_REORDER, FABRIC_TORN, FABRIC_LATE_COMMAND,
};
/* LOSE_*: the command stays outstanding until a reset or a link loss. SLOW: `value` units of 100 ns are added.
 * BUSY: HBA_BUSY. QUEUE_FULL: SCSI status 28h. LATE_COMPLETION: executed in time, the answer comes `value` later.
 * DUPLICATE: the answer comes again `value` later, the HBA hands it over once. REORDER: executed before older commands of
 * the path. TORN: a read or write moves half of its blocks; the read ends short, the write ends CHECK CONDITION (other
 * commands pass by). LATE_COMMAND: reaches the array `value` later, and never after the HBA has given the command up.
 * When several kinds wait, the first of the enumeration strikes. */
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
