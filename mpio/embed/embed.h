/* SPDX-License-Identifier: MIT */
/*
 * Inside of the embedding interface (mpio.h): what a `struct mpio` is made of. This room builds a
 * world from a topology, keeps track of the disks that appear in it, runs verified load on them and
 * reads the framework's counters. It is the only room that sees all the others.
 */
#ifndef MPIO_EMBED_EMBED_H
#define MPIO_EMBED_EMBED_H

#include "mpio.h"

#include "embed/index.h"
#include "load/load.h"
#include "nt/nt.h"
#include "text/buffer.h"
#include "world/scenario.h"
#include "world/topology.h"
#include "world/trace.h"
#include "world/world.h"

#define EMBED_MAX_DSMS     16
#define EMBED_MAX_MACHINES 64
#define EMBED_MAX_MINIPORTS 8
#define EMBED_MPIO_PARAMETERS "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\mpio\\Parameters"

struct cluster;
struct dead_kernel;
struct disk;
struct injected;
struct member;
struct mpio_counters; /* core/mpioctl.h */
struct stream;

/* One machine, and the driver images that are its own. */
struct node {
    struct mpio *world;
    struct machine *machine;
    struct load_driver drivers[EMBED_MAX_DSMS];
    unsigned driver_count;
    struct load_driver miniports[EMBED_MAX_MINIPORTS]; /* of [hba] sections, kind = driver */
    unsigned miniport_count;
    unsigned log_seen;          /* event-log entries shown as marks */
    bool boot_wanted;           /* a timeline asked for it; done between two runs of the world (reboot.c) */
    bool booting;               /* its drivers start, its devices are enumerated */
    unsigned boot_step;         /* the driver that starts */
    bool default_claims;        /* MPIO's device list is what the topology implies: nobody gave one */
};

/* One disk of one machine, by the order of arrival. Never forgotten: a disk that returns after removal is the same
 * entry when machine and identifier agree. */
struct disk {
    struct node *node;
    void *device;               /* PDEVICE_OBJECT; NULL while it is gone */
    struct mpio_disk_info info;
    char identifier[80];
    uint32_t multipath_number;
    struct stream *stream;      /* verified load, or NULL */
    bool identity_changed;      /* its LUN had another identifier for a while: it may have been another disk too */
    struct member *member;      /* its machine's part in a cluster, or NULL */
};

struct mpio {
    struct world *world;
    struct topology *topology;
    char *topology_text;
    char *topology_name;
    struct mpio_options options;
    struct array **arrays;
    struct node nodes[EMBED_MAX_MACHINES];
    unsigned node_count;
    struct disk **disks;
    unsigned disk_count, disk_room;
    struct index disk_by_identifier, disk_by_device, disk_by_number; /* disks.c */
    struct scenario *scenario;  /* of the topology's timeline */
    struct injected *injected;  /* of mpio_fault and mpio_fault_plan */
    struct buffer plan;         /* what mpio_fault_plan drew, line by line */
    const char *errors_allowed; /* by what was done: why I/O errors are no finding; NULL: they are */
    struct cluster *clusters;
    bool loading, clusters_started;
    uint64_t end_of_load;
    /* paths.c: every instance seen so far; what the framework counted at the last snapshot */
    struct mpio_path_report *paths;
    struct mpio_counters *last;
    unsigned path_count, path_room;
    struct index path_by_place;
    void (*mark)(void *user, const struct mpio_mark *m);
    void *mark_user;
    struct dead_kernel *dead;   /* bug checks of machines that have booted again since */
    char error[600];
};

/* Puts a sentence into mpio_error and returns false. */
bool embed_fail(struct mpio *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct node *embed_node(const struct mpio *w, const char *machine); /* NULL name: the first */
void embed_describe_bugcheck(const struct node *n, const struct nt_bugcheck *b, struct mpio_bugcheck *out);

/* build.c */
bool embed_build(struct mpio *w);
void embed_dismantle(struct mpio *w);
void embed_lookups(struct mpio *w, struct scenario_objects *objects);
/* A kernel without registry contents. */
bool embed_create_kernel(struct node *n);

/* boot.c */
/* The drivers of a machine in the order in which they start; false: `index` is behind the last. */
struct boot_driver {
    const char *service;
    void *entry;
    const struct nt_image *image;   /* NULL: a driver of the framework */
};
bool embed_boot_driver(const struct node *n, unsigned index, struct boot_driver *d);
void embed_boot_pnp(void *node);    /* in a thread of the machine, when they have started */

/* reboot.c: machines that boot again, adapters that are pulled and put back */
/* After an action: what of it is for the machines' kernels. */
void embed_lifecycle_applied(struct mpio *w, const struct topology_action *action);
/* Between two runs of the world: starts what was asked for. */
void embed_reboot(struct mpio *w);
bool embed_boots_ahead(const struct mpio *w);       /* a machine that has stopped will come back */
unsigned embed_booting(const struct mpio *w);       /* machines that are at it */
/* Number *n of the bug checks whose machines have booted again since; `text` is malloc'ed, both may be NULL. False: there
 * are not so many, and *n has become less by their number. */
bool embed_dead_bugcheck(const struct mpio *w, unsigned *n, struct mpio_bugcheck *out, char **text);
void embed_reboot_free(struct mpio *w);

/* real.c */
struct hba *embed_build_real_hba(struct mpio *w, size_t index);
bool embed_build_own_hbas(struct mpio *w);
/* How the sessions of all machines stand. */
struct real_state {
    unsigned paths, up;
    unsigned undecided;         /* the first attempt to log in is still under way */
    uint64_t commands;          /* submitted so far */
};
void embed_real_state(const struct mpio *w, struct real_state *state);
/* Appends one sentence for each path that is not up: portal, target, reason. */
void embed_real_trouble(const struct mpio *w, char *text, size_t size);

/* miniport.c */
bool embed_build_driver_hba(struct mpio *w, size_t index);
unsigned embed_driver_adapters(const struct mpio *w); /* that the topology has, over all machines */
/* Appends to mpio_error what the port logged last about a miniport. */
void embed_driver_trouble(struct node *n, const char *service);
/* After the first enumeration: false when an adapter of a loaded miniport has not started. */
bool embed_check_adapters(struct node *n);

/* faults.c */
void embed_drop_faults(struct mpio *w);
bool embed_faults_boot(const struct mpio *w); /* some fault to come boots a machine */

/* verdict.c */
/* After every action of a timeline or plan: what the load and the verdict must know of it. */
void embed_fault_applied(void *mpio, const struct topology_action *action);
bool embed_disk_is_volatile(const struct disk *d); /* a loss of power takes what was not flushed */
bool embed_disk_is_unjudged(const struct disk *d); /* another disk may be the same LUN */

/* Runs routine(argument) as a thread of the machine at PASSIVE_LEVEL and the world until it has returned, at most
 * `limit` of world time. */
bool embed_call(struct node *n, const char *name, void (*routine)(void *argument), void *argument, uint64_t limit);

/* disks.c: called in a thread of the machine before PnP starts */
void embed_watch_disks(struct node *n);
void embed_forget_io(struct mpio *w, struct mpio_io *io); /* zeroed or submitted before; its memory goes */
void embed_disks_lost(struct node *n);  /* the machine's kernel is gone: so are its disks, and what was out on them */
/* Index of MPIO Disk<number>; INDEX_NONE when it never arrived. */
unsigned embed_multipath_disk(const struct node *n, uint32_t number);

/* paths.c: instances of all machines now */
unsigned embed_count_instances(struct mpio *w);

/* marks.c */
void embed_watch_trace(struct mpio *w);

/* cluster.c: the topology's [cluster] sections */
bool embed_clusters_start(struct mpio *w);
void embed_clusters_stop(struct mpio *w);          /* the owners read all once more */
unsigned embed_clusters_pending(const struct mpio *w); /* 0: that is done, and nothing is out */
void embed_clusters_rest(struct mpio *w);
void embed_clusters_free(struct mpio *w);
void embed_cluster_machine_lost(struct node *n);   /* its members know nothing any more; they tick again */
bool embed_in_cluster(const struct disk *d);
const struct mpio_load_report *embed_cluster_disk_report(const struct disk *d); /* NULL: in no cluster */

/* twins.c */
bool embed_has_twin(const struct disk *d);         /* its LUN is another disk of its machine as well */
bool embed_refuse_twins(struct mpio *w);           /* false: some disk has, mpio_error says which */
void embed_report_twin(const struct disk *d);      /* as a finding of the checkers */
void embed_describe_twins(const struct disk *d, char *text, size_t size);

/* load.c */
/* Is a load for LUNs of this name pattern meant for this disk? */
bool embed_load_matches(const struct mpio *w, const struct disk *d, const char *lun);
void embed_stream_free(struct disk *d);
void embed_stream_disk_changed(struct disk *d);

#endif
