/* SPDX-License-Identifier: MIT */
/*
 * Topology files: which machines, HBAs, arrays, LUNs and links a world has, what load runs and what
 * happens when. One text format for people, INI sections in INF grammar (text/ini.h); every section
 * but [world] and [timeline] is `[type name]`, and names are unique within a type, without regard to
 * case. The result is plain data: parsing builds nothing. docs/examples/ shows every section.
 *
 *   [world]      seed
 *   [machine N]  cpus, os, registry (list), parameter = NAME, NUMBER (repeatable), claim (list)
 *   [hba N]      machine, kind fc|iscsi|sas|spi, initiator, queue-depth, link-down-time, dev-loss-time
 *   [array N]    vendor, product, revision, access symmetric|implicit|explicit|both|active-passive,
 *                controllers, ports-per-controller, naa, descriptor-sense, transition, transition-busy,
 *                passive non-optimized|standby|unavailable, preferred, failback, compatible-reservations,
 *                target, user, secret, target-user, target-secret (the last five: mpio target)
 *                profile (file or name, docs/profiles), description, transport fc|iscsi|sas|spi,
 *                designators and quirks (lists), passive-sense, lun-depth, port-depth, volatile-blocks,
 *                slow-report, plugin (file, then its argument), pool-size, pool-threshold (percent)
 *   [lun N]      array, number, count, size, block-size, media memory|file|null, file, owner,
 *                ownership-group, read-only, serial, thin-pool, hosts (list of initiator name patterns)
 *   [link N]     hba, array, port or ports = all, latency, jitter, bandwidth (bytes per second)
 *   [path N]     machine, hba, portal, target, user, secret, target-user, target-secret, timeout
 *   [load N]     machine, lun (pattern), read (percent), queue-depth, io-size, rate, span
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
        const char *name;                       /* below Services\mpio\Parameters, REG_DWORD */
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

/* Actions: name in the file, what follows it. Brackets: optional; numbers of SCSI tables (STATUS, KEY,
 * ASC, ASCQ) are hexadecimal without prefix, as the tables print them. */
#define TOPOLOGY_ACTIONS(X)                                                                         \
    X(ACTION_LINK, "link", "HBA [target N] up|down")                                                \
    X(ACTION_FLAP, "flap", "HBA [target N] COUNT times TIME")                                       \
    X(ACTION_CONTROLLER, "controller", "ARRAY N up|down")                                           \
    X(ACTION_RESIZE, "resize", "ARRAY LUN SIZE")                                                    \
    X(ACTION_UNMAP, "unmap", "ARRAY LUN")                                                           \
    X(ACTION_MOVE, "move", "ARRAY LUN CONTROLLER")                                                  \
    X(ACTION_INJECT, "inject", "ARRAY LUN COUNT STATUS [KEY/ASC/ASCQ]")                             \
    X(ACTION_UNIT_ATTENTION, "unit-attention", "ARRAY LUN ASC/ASCQ")                                \
    X(ACTION_PATH_FAULT, "path-fault",                                                              \
      "HBA target N lose-command|lose-completion|slow|busy|queue-full COUNT [TIME]")

enum topology_action_kind {
#define X(kind, name, usage) kind,
    TOPOLOGY_ACTIONS(X)
#undef X
    ACTION_COUNT
};

struct topology_action {
    uint64_t time;                              /* 100 ns since the world began */
    unsigned line;                              /* in the file; orders equal times */
    uint32_t kind;                              /* enum topology_action_kind */
    size_t hba, array;                          /* index, where the kind has one */
    uint32_t target;                            /* or HBA_ALL_TARGETS */
    uint32_t controller;
    bool up;
    uint16_t lun;
    uint32_t count;
    uint64_t period;                            /* flap: down this long, then up this long; path-fault: slow by */
    uint64_t size;                              /* bytes */
    uint32_t fault;                             /* enum fabric_fault */
    uint8_t status, key, asc, ascq;
};

struct topology {
    struct ini *ini;                            /* holds the texts */
    bool seed_given;
    uint64_t seed;
    size_t machine_count, hba_count, array_count, lun_count, link_count, path_count, load_count;
    struct topology_machine *machines;
    struct topology_hba *hbas;
    struct topology_array *arrays;
    struct topology_lun *luns;
    struct topology_link *links;                /* target ids follow the order of the file */
    struct topology_path *paths;
    struct topology_load *loads;
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
/* A time as the file writes it, in the largest unit that keeps it whole. */
void topology_time_text(uint64_t time, char *text, size_t size);
/* Name of the LUN number lun->number + n: the section's, with n behind it when the section makes several. */
void topology_lun_name(const struct topology_lun *lun, uint32_t n, char *text, size_t size);
/* The section that makes LUN `number` of an array; NULL when none does. */
const struct topology_lun *topology_find_lun(const struct topology *t, size_t array, uint32_t number);
/* * stands for any text, ? for one character; without regard to ASCII case. */
bool topology_matches(const char *pattern, const char *name);

#endif
