/* SPDX-License-Identifier: MIT */
/*
 * Topology files: which machines, HBAs, arrays, LUNs and links a world has, what load runs and what
 * happens when. One text format for people, INI sections in INF grammar (text/ini.h); every section
 * but [world] and [timeline] is `[type name]`, and names are unique within a type, without regard to
 * case. The result is plain data: parsing builds nothing. docs/examples/ shows every section.
 *
 *   [world]      seed
 *   [machine N]  cpus, os, registry (list), parameter = NAME, NUMBER (repeatable), claim (list)
 *   [hba N]      machine, kind fc|iscsi|sas|spi, initiator, queue-depth, link-down-time, dev-loss-time,
 *                personality (a name of hba_personality.c), fabric (the switch its cable leads to), bandwidth,
 *                tagged (no: one command per LUN);
 *                or kind driver: file, service, adapters, parameter = NAME, NUMBER (repeatable)
 *   [array N]    vendor, product, revision, access symmetric|implicit|explicit|both|active-passive,
 *                controllers, ports-per-controller, naa, descriptor-sense, transition, transition-busy,
 *                passive non-optimized|standby|unavailable, preferred, failback, compatible-reservations,
 *                target, user, secret, target-user, target-secret (the last five: mpio target)
 *                profile (file or name, docs/profiles), description, transport fc|iscsi|sas|spi,
 *                designators and quirks (lists), passive-sense, lun-depth, port-depth, volatile-blocks,
 *                slow-report, port-bandwidth, plugin (file, then its argument), pool-size, pool-threshold (percent)
 *   [lun N]      array, number, count, size, block-size, physical-block, first-aligned,
 *                media memory|file|null, file, owner,
 *                ownership-group, read-only, serial, thin-pool, hosts (list of initiator name patterns)
 *   [link N]     hba, array, port or ports = all, latency, jitter, bandwidth (bytes per second), fabric
 *   [path N]     machine, hba, portal, target, user, secret, target-user, target-secret, timeout
 *   [load N]     machine, lun (pattern), read (percent), queue-depth, io-size, rate, span
 *   [cluster N]  lun (pattern), machines (list; none: all), mode failover|active,
 *                reservation registrants|all-registrants, timeout, and read, queue-depth, io-size, rate, span
 *   [timeline]   TIME = action; see topology_actions below
 *
 * A reference (machine, hba, array) may be left out when there is exactly one to choose.
 */
#ifndef MPIO_WORLD_TOPOLOGY_H
#define MPIO_WORLD_TOPOLOGY_H

#include "array/array.h"
#include "text/buffer.h"
#include "text/ini.h"
#include "world/fabric.h"

#define TOPOLOGY_NAME_MAX 31                    /* bytes; struct machine and struct hba hold 32 */
#define TOPOLOGY_TEXT_MAX 255
#define TOPOLOGY_INITIATOR_MAX 223              /* an iSCSI name */
#define TOPOLOGY_LIST_MAX 64                    /* registry files, parameters, claims of a machine */
#define TOPOLOGY_MAX_CPUS 64
#define TOPOLOGY_MAX_ADAPTERS 16                /* of one [hba] of kind driver */
#define TOPOLOGY_MAX_QUEUE_DEPTH 1024
#define TOPOLOGY_MAX_DEPTH 65535               /* of an array's LUN or port */
#define TOPOLOGY_MAX_TIME (24 * 3600 * WORLD_SECOND) /* of any time span, and of the timeline */
#define TOPOLOGY_MAX_TRANSITION (255 * WORLD_SECOND) /* RTPG has one byte for it */
#define TOPOLOGY_MIN_LUN (64ull << 10)
#define TOPOLOGY_MAX_LUN (256ull << 40)
#define TOPOLOGY_MIN_BANDWIDTH (64ull << 10)
#define TOPOLOGY_MAX_BANDWIDTH (64ull << 30)
#define TOPOLOGY_MAX_RATE 10000000
#define TOPOLOGY_SERIAL_MAX 32
#define TOPOLOGY_MAX_FLAPS 10000
#define TOPOLOGY_MAX_INJECT 1000000
#define TOPOLOGY_MAX_ACTIONS 10000              /* lines of the timeline */
#define TOPOLOGY_MAX_LOADS 256
#define TOPOLOGY_MAX_LUNS 65536                 /* of all arrays together */

#define TOPOLOGY_NONE ((size_t)-1)
#define TOPOLOGY_OWNER_SPREAD UINT32_MAX        /* owner = LUN number modulo controllers */

struct topology_text_list {
    size_t count;
    const char *text[TOPOLOGY_LIST_MAX];
};

struct topology_parameters {
    size_t count;
    struct topology_parameter {
        const char *name;                       /* a REG_DWORD; of a machine: below Services\mpio\Parameters */
        uint32_t value;
    } item[TOPOLOGY_LIST_MAX];
};

/* What every section has. Texts belong to the topology. */
struct topology_object {
    const char *name;
    const struct ini_section *section;          /* where it stands in the file */
};

struct topology_machine {
    struct topology_object object;
    uint32_t cpus;
    const char *os;                             /* OS personality; NULL: the default one */
    struct topology_text_list registry;         /* .reg files, in order */
    struct topology_parameters parameters;
    struct topology_text_list claims;           /* device list ids "VENDOR  PRODUCT" or bus types */
};

struct topology_hba {
    struct topology_object object;
    size_t machine;                             /* index */
    uint32_t kind;                              /* enum hba_kind */
    char initiator[TOPOLOGY_INITIATOR_MAX + 1];
    uint32_t queue_depth;
    uint64_t link_down_time, dev_loss_time;     /* 100 ns */
    uint32_t targets;                           /* how many links and paths it has */
    bool real;                                  /* used by [path] sections: real iSCSI */
    const char *personality_name;               /* as written */
    const struct hba_personality *personality;  /* NULL: the plain one of its kind */
    const char *fabric;                         /* NULL: none that can fail */
    uint64_t ns_per_kib;                        /* of its cable; 0: unlimited */
    bool tagged;
    /* HBA_DRIVER: a miniport that is loaded, and the adapters it finds */
    const char *file;                           /* as written: relative to the topology's place */
    const char *service;                        /* NULL: the file's name without suffix */
    uint32_t adapters;
    struct topology_parameters parameters;      /* below Services\SERVICE\Parameters\Device */
};

struct topology_array {
    struct topology_object object;
    const char *vendor, *product, *revision;
    uint32_t access;                            /* enum array_access */
    uint32_t controllers, ports_per_controller;
    uint64_t naa;
    bool descriptor_sense;
    uint64_t transition;                        /* 100 ns */
    bool transition_busy;                       /* status BUSY meanwhile, not 2/04/0A */
    uint32_t passive;                           /* state of groups that do not own, less 1: see ARRAY_STATE */
    bool preferred;                             /* RTPG tells the configured owner */
    bool failback;                              /* and a LUN returns to it */
    bool compatible_reservations;               /* CRH */
    const char *profile, *description;          /* NULL: none */
    struct ini *profile_ini;
    uint32_t transport;                         /* enum array_transport */
    uint8_t designators[ARRAY_MAX_DESIGNATORS]; /* enum array_designator */
    uint32_t quirks;                            /* enum array_quirk */
    uint32_t passive_sense;
    uint32_t lun_depth, port_depth, volatile_blocks;
    uint64_t slow_report;                       /* 100 ns */
    uint64_t port_ns_per_kib;                   /* bandwidth of each port; 0: unlimited */
    struct topology_text_list plugin;           /* shared object, argument */
    uint64_t pool_size;                         /* bytes; 0: no pool */
    uint32_t pool_threshold;                    /* percent; 0: never told */
    /* mpio target only */
    const char *target;                         /* iSCSI name; NULL: made from the array's name */
    const char *user, *secret, *target_user, *target_secret; /* CHAP; NULL: none */
};

struct topology_lun {                           /* `count` LUNs with consecutive numbers */
    struct topology_object object;
    size_t array;
    uint32_t number, count;
    uint64_t size;                              /* bytes */
    uint32_t block_size;
    uint64_t physical_block;                    /* bytes; 0: block_size */
    uint32_t first_aligned;                     /* LBA where the first physical block begins */
    uint32_t media;                             /* enum array_media */
    const char *file;
    uint32_t owner;                             /* or TOPOLOGY_OWNER_SPREAD */
    bool thin_pool;                             /* takes its space from the array's pool */
    struct topology_text_list hosts;            /* who sees it; empty: everybody */
    uint32_t ownership_group;                   /* LUNs of one number change their owner together; 0: alone */
    bool read_only;
    const char *serial;
};

struct topology_link {
    struct topology_object object;
    size_t hba, array;
    uint32_t port, ports;                       /* first port and their number */
    uint32_t first_target;                      /* target id of `port`; the next ports follow */
    uint64_t latency, jitter;                   /* 100 ns */
    uint64_t ns_per_kib;
    const char *fabric;                         /* NULL: the HBA's */
};

struct topology_path {
    struct topology_object object;
    size_t machine;
    size_t hba;                                 /* TOPOLOGY_NONE: an HBA of its own, named like the path */
    const char *portal;                         /* as written: HOST:PORT or [ADDRESS]:PORT */
    const char *target;
    const char *user, *secret, *target_user, *target_secret; /* CHAP; NULL: none */
    uint64_t timeout;                           /* 100 ns */
};

struct topology_load {
    struct topology_object object;
    size_t machine;
    const char *lun;                            /* pattern with * and ?, see topology_lun_name */
    uint32_t read_percent;
    uint32_t queue_depth;
    uint64_t io_size;                           /* bytes */
    uint32_t rate;                              /* per second; 0: as fast as it goes */
    uint64_t span;                              /* bytes of the LUN in use; 0: all */
};

/* Machines that share LUNs: embed/cluster.h says what they do. */
struct topology_cluster {
    struct topology_object object;
    struct topology_text_list machines;         /* names; none: every machine */
    uint32_t mode;                              /* 0: failover, one owner; 1: active, each writes to a part of its own */
    uint32_t type;                              /* 0: registrants only (5), 1: all registrants (7) */
    uint64_t timeout;                           /* without a heartbeat this long a machine counts as dead */
    struct topology_load load;                  /* its object and machine are not used */
};
#define TOPOLOGY_MIN_CLUSTER_TIMEOUT (100 * WORLD_MS)
#define TOPOLOGY_MAX_CLUSTERS 64

/* Actions: name in the file, and the words that follow it; topology_action.c reads and writes them by this text.
 * Brackets: optional; capitals stand for a value; numbers of SCSI tables (STATUS, KEY, ASC, ASCQ) are hexadecimal
 * without prefix, as the tables print them. A choice of two goes to `up` (the first is true), of more to `fault`. New
 * ones go to the end: the event stream has their numbers. */
#define TOPOLOGY_ACTIONS(X)                                                                         \
    X(ACTION_LINK, "link", "HBA [target N] up|down")                                                \
    X(ACTION_FLAP, "flap", "HBA [target N] COUNT times TIME")                                       \
    X(ACTION_CONTROLLER, "controller", "ARRAY CONTROLLER up|down")                                  \
    X(ACTION_RESIZE, "resize", "ARRAY LUN SIZE")                                                    \
    X(ACTION_UNMAP, "unmap", "ARRAY LUN")                                                           \
    X(ACTION_MOVE, "move", "ARRAY LUN CONTROLLER")                                                  \
    X(ACTION_INJECT, "inject", "ARRAY LUN COUNT STATUS [KEY/ASC/ASCQ]")                             \
    X(ACTION_UNIT_ATTENTION, "unit-attention", "ARRAY LUN ASC/ASCQ")                                \
    X(ACTION_PATH_FAULT, "path-fault",                                                              \
      "HBA target N lose-command|lose-completion|slow|busy|queue-full|late-completion|duplicate|"   \
      "reorder|torn|late-command COUNT [TIME]")                                                     \
    X(ACTION_POWER, "power", "ARRAY on|off")                                                        \
    X(ACTION_STATE, "state",                                                                        \
      "ARRAY LUN CONTROLLER optimized|non-optimized|standby|unavailable|transitioning|automatic")   \
    X(ACTION_PORT, "port", "ARRAY LUN PORT online|offline")                                         \
    X(ACTION_RESHUFFLE, "reshuffle", "ARRAY")                                                       \
    X(ACTION_WRONG_REPORT, "wrong-report", "ARRAY missing-group|bad-state|bad-length COUNT")        \
    X(ACTION_IDENTITY, "identity", "ARRAY LUN NUMBER")                                              \
    X(ACTION_MASK, "mask", "ARRAY LUN [NUMBER]")                                                    \
    X(ACTION_MAP, "map", "ARRAY LUN [NUMBER]")                                                      \
    X(ACTION_GHOST, "ghost",                                                                        \
      "ARRAY LUN register|unregister|reserve|release|preempt|clear|reserve-unit|release-unit [TYPE]") \
    X(ACTION_EXPECT, "expect", "errors|none")                                                       \
    X(ACTION_MACHINE, "machine", "MACHINE crash|pause|boot [TIME]")                                 \
    X(ACTION_HBA, "hba", "HBA power|remove|insert [on|off]")                                        \
    X(ACTION_SWITCH, "switch", "FABRIC up|down")                                                    \
    X(ACTION_LOGOUT, "logout", "HBA target N")                                                      \
    X(ACTION_RSCN, "rscn", "HBA")                                                                   \
    X(ACTION_ASYNC_LOGOUT, "async-logout", "HBA target N WAIT RETAIN")                              \
    X(ACTION_REDIRECT, "redirect", "HBA target N PORT")                                             \
    X(ACTION_BUS_RESET, "bus-reset", "HBA")

enum topology_action_kind {
#define X(kind, name, usage) kind,
    TOPOLOGY_ACTIONS(X)
#undef X
    ACTION_COUNT
};

/* What an action is about: an HBA, an array, a machine, or the run as a whole. */
enum topology_subject { SUBJECT_RUN, SUBJECT_HBA, SUBJECT_ARRAY, SUBJECT_MACHINE };

/* The choices of ACTION_MACHINE, ACTION_HBA and ACTION_GHOST, in the order of their usages. */
enum topology_machine_action { MACHINE_CRASH, MACHINE_PAUSE, MACHINE_BOOT };
enum topology_hba_action { HBA_POWER, HBA_REMOVE, HBA_INSERT };
enum topology_ghost {
    GHOST_REGISTER, GHOST_UNREGISTER, GHOST_RESERVE, GHOST_RELEASE, GHOST_PREEMPT, GHOST_CLEAR,
    GHOST_RESERVE_UNIT, GHOST_RELEASE_UNIT,
};

struct topology_action {
    uint64_t time;                              /* 100 ns since the world began */
    unsigned line;                              /* in the file; orders equal times */
    uint32_t kind;                              /* enum topology_action_kind */
    size_t hba, array, machine;                 /* index, where the kind has one */
    char fabric[TOPOLOGY_NAME_MAX + 1];         /* switch */
    uint32_t target;                            /* or HBA_ALL_TARGETS */
    uint32_t controller;
    bool up;
    uint16_t lun;
    uint32_t port;
    uint32_t count;
    uint64_t number;                            /* identity; map: LUN number for hosts plus 1, 0: its own; type */
    uint64_t period;                            /* flap: down this long, then up this long; path-fault: by how much */
    uint64_t retain;                            /* async-logout: time2retain; `period` is time2wait */
    uint64_t size;                              /* bytes */
    uint32_t fault;                             /* which of more than two choices; path-fault: enum fabric_fault */
    uint8_t status, key, asc, ascq;
};

struct topology {
    struct ini *ini;                            /* holds the texts */
    bool seed_given;
    uint64_t seed;
    size_t machine_count, hba_count, array_count, lun_count, link_count, path_count, load_count, cluster_count;
    struct topology_machine *machines;
    struct topology_hba *hbas;
    struct topology_array *arrays;
    struct topology_lun *luns;
    struct topology_link *links;                /* target ids follow the order of the file */
    struct topology_path *paths;
    struct topology_load *loads;
    struct topology_cluster *clusters;
    size_t action_count;
    struct topology_action *actions;            /* by time; equal times in the order of the file */
};

/* NULL on the first error, with file, line and what is accepted in *error (may be NULL). file_name is not
 * copied and must live as long as the result. Free with topology_free (NULL is allowed). */
struct topology *topology_parse(const char *file_name, const char *text, size_t length,
                                struct text_error *error);
/* How a profile's text is found: `profile` as an [array] names it, `topology` the file that does. A text to
 * free, or NULL with *error set (no place in it needed). */
struct topology_files {
    char *(*read)(void *user, const char *profile, const char *topology, size_t *length, struct text_error *error);
    void *user;
};
/* `files` NULL: no profiles. */
struct topology *topology_parse_with(const char *file_name, const char *text, size_t length,
                                     const struct topology_files *files, struct text_error *error);
void topology_free(struct topology *t);

/* One action without a time, as a timeline writes it ("link hba0 down"), about the objects of `t`. */
bool topology_parse_action(const struct topology *t, const char *command,
                           struct topology_action *action, struct text_error *error);
/* What was read, as a table for people. */
void topology_describe(const struct topology *t, struct buffer *out);
/* An action as the timeline writes it, without its time. */
void topology_action_text(const struct topology *t, const struct topology_action *action, char *text,
                          size_t size);
enum topology_subject topology_action_subject(uint32_t kind);
/* The state that ACTION_STATE chose. */
enum array_port_state topology_action_state(const struct topology_action *action);
/* A time as the file writes it, in the largest unit that keeps it whole. */
void topology_time_text(uint64_t time, char *text, size_t size);
/* Name of the LUN number lun->number + n: the section's, with n behind it when the section makes several. */
void topology_lun_name(const struct topology_lun *lun, uint32_t n, char *text, size_t size);
/* Its serial number: the section's, with n behind it when it makes several, or one made of the array's naa. */
void topology_lun_serial(const struct topology *t, const struct topology_lun *lun, uint32_t n, char *text,
                         size_t size);
/* The section that makes LUN `number` of an array; NULL when none does. */
const struct topology_lun *topology_find_lun(const struct topology *t, size_t array, uint32_t number);
/* * stands for any text, ? for one character; without regard to ASCII case. */
bool topology_matches(const char *pattern, const char *name);

#endif
