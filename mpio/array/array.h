/* SPDX-License-Identifier: MIT */
/*
 * Simulated arrays: a SCSI target device with controllers, ports, target port groups and logical
 * units. The room knows neither the kernel nor the framework: a CDB and an I_T nexus come in;
 * data, status and sense data go out. Everything runs to completion inside the call, in the
 * world's loop; latency, links and lost commands are the fabric's business (world/fabric.h).
 */
#ifndef MPIO_ARRAY_H
#define MPIO_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct array;
struct array_nexus;

enum array_access {         /* how the ports of different controllers may be used */
    ARRAY_SYMMETRIC,        /* every port active/optimized, TPGS = 0 */
    ARRAY_ALUA_IMPLICIT,    /* TPGS = 1: groups report their state, the array changes it by itself */
    ARRAY_ALUA_EXPLICIT,    /* TPGS = 2: only SET TARGET PORT GROUPS moves a LUN */
    ARRAY_ALUA_BOTH,        /* TPGS = 3 */
    ARRAY_ACTIVE_PASSIVE,   /* TPGS = 0, no target port groups: the owner's ports work, the others answer
                             * passive_sense; a vendor's command moves the LUN (array_trespass) */
};

/* What the ports speak: their names and two mode pages depend on it. */
enum array_transport {
    ARRAY_TRANSPORT_NONE, ARRAY_TRANSPORT_FC, ARRAY_TRANSPORT_ISCSI, ARRAY_TRANSPORT_SAS, ARRAY_TRANSPORT_SPI,
};

/* What VPD page 83h may hold. */
enum array_designator {
    ARRAY_DESIGNATOR_NONE,
    ARRAY_DESIGNATOR_NAA,           /* NAA 6, of the LUN */
    ARRAY_DESIGNATOR_T10,           /* vendor, product, serial number */
    ARRAY_DESIGNATOR_LONG_T10,      /* the same, filled up to 252 bytes */
    ARRAY_DESIGNATOR_EUI64,         /* 16 bytes */
    ARRAY_DESIGNATOR_NAME,          /* SCSI name string of the LUN */
    ARRAY_DESIGNATOR_VENDOR,        /* vendor specific (type 0): the serial number */
    ARRAY_DESIGNATOR_PORT_NAME,     /* of the target port, as its transport names ports */
    ARRAY_DESIGNATOR_RELATIVE_PORT,
    ARRAY_DESIGNATOR_PORT_GROUP,
    ARRAY_DESIGNATOR_LUN_GROUP,     /* logical unit group: who changes owner together */
    ARRAY_DESIGNATOR_TARGET_NAME,   /* of the target device */
};
#define ARRAY_MAX_DESIGNATORS 12
#define ARRAY_TARGET_NAME_MAX 223   /* bytes of an iSCSI name */

/* Ways in which arrays deviate from the standards, or do without parts of them. */
enum array_quirk {
    ARRAY_QUIRK_NO_PAGE_83 = 1 << 0,       /* no device identification page */
    ARRAY_QUIRK_HIDDEN_ALUA = 1 << 1,      /* INQUIRY says TPGS = 0, REPORT TARGET PORT GROUPS works */
    ARRAY_QUIRK_NO_PERSISTENT = 1 << 2,    /* no PERSISTENT RESERVE IN and OUT */
    ARRAY_QUIRK_NO_SIMPLE_RESERVE = 1 << 3,/* no RESERVE and RELEASE */
    ARRAY_QUIRK_NO_COMMAND_LIST = 1 << 4,  /* no REPORT SUPPORTED OPERATION CODES */
    ARRAY_QUIRK_GHOST_LUN = 1 << 5,        /* LUN 0, when there is none, is the controller: device type 0Ch */
    ARRAY_QUIRK_FAILOVER_PAGE = 1 << 6,    /* mode page 2Ch, vendor unique: who owns the LUN; MODE SELECT takes it */
};

enum array_media { ARRAY_MEDIA_MEMORY, ARRAY_MEDIA_FILE, ARRAY_MEDIA_NULL };

#define ARRAY_MAX_CONTROLLERS 16
#define ARRAY_MAX_PORTS       64  /* over all controllers */
#define ARRAY_MAX_LUNS        16384
#define ARRAY_MAX_POOLS       16
#define ARRAY_MAX_VOLATILE    65536 /* blocks of one LUN's volatile write cache */
#define ARRAY_MAX_SENSE       252
#define ARRAY_MAX_TRANSFER    (16u * 1024 * 1024) /* bytes of one command */

struct array_config {
    const char *name;            /* for messages; copied */
    char vendor[9];              /* INQUIRY strings, NUL-terminated, padded with blanks on the wire */
    char product[17];
    char revision[5];
    enum array_access access;
    unsigned controllers;        /* 1..ARRAY_MAX_CONTROLLERS; one target port group each */
    unsigned ports_per_controller;
    uint64_t naa;                /* NAA-6 identifiers are built from it and the LUN number */
    enum array_transport transport;
    const char *target_name;     /* of the target device (iSCSI); copied; NULL: made from naa */
    uint8_t designators[ARRAY_MAX_DESIGNATORS]; /* enum array_designator, in VPD page 83h's order; all 0: as usual */
    uint32_t quirks;             /* enum array_quirk */
    uint32_t slow_report_us;     /* REPORT TARGET PORT GROUPS takes this long (array_cmd.delay_us) */
    uint32_t lun_depth;          /* commands in one LUN's task set (task.h); 0: any number */
    uint32_t port_depth;         /* commands that came through one port; 0: any number */
    uint32_t volatile_blocks;    /* per LUN, written blocks that a loss of power can take; 0: a mirrored cache */
    uint64_t cache_seed;         /* 0: it takes them all; else every block by itself, as this decides */
    bool descriptor_sense;       /* D_SENSE default of the control mode page */
    bool compatible_reservations;/* CRH: RESERVE and RELEASE of a registered nexus end GOOD, without effect */
    uint32_t max_registrations;  /* per LUN; 0: as many as READ KEYS can tell in one command, 8190 */
    uint8_t passive_state;       /* enum array_port_state of a group that does not own: standby, unavailable;
                                  * 0: active/non-optimized */
    uint32_t passive_sense;      /* ARRAY_ACTIVE_PASSIVE: sense key << 16 | ASC << 8 | ASCQ; 0: 2/04/03 */
    bool no_preferred;           /* no PREF bit for the configured owner's group */
    bool no_failback;            /* a LUN stays where a failover took it */
    bool transition_busy;        /* status BUSY during a transition instead of 2/04/0A */
    uint32_t transition_us;      /* time a group stays "transitioning" on an ownership change, microseconds */
    uint64_t (*now)(void *clock);/* the world's time in units of 100 ns; NULL: time stands still */
    void *clock;
};

struct array_lun_config {
    uint16_t number;             /* 0..16383 */
    uint32_t block_size;         /* 512 or 4096 */
    uint64_t blocks;
    uint32_t physical_block;     /* bytes: block_size times a power of two up to 2^15; 0: block_size */
    uint16_t first_aligned;      /* the lowest LBA that begins a physical block; below 2^14 */
    enum array_media media;
    const char *file;            /* ARRAY_MEDIA_FILE: path, created when missing; copied */
    unsigned owner;              /* controller whose group is active/optimized (ALUA) */
    unsigned ownership_group;    /* LUNs of the same number change their owner together; 0: alone */
    bool read_only;
    unsigned pool;               /* 1 + number of the pool it takes its space from (memory media only); 0: its own */
    const char *serial;          /* VPD 80h; NULL: derived from naa and number */
};

struct array_cmd {
    /* in */
    const uint8_t *cdb;
    uint8_t cdb_length;
    uint8_t lun[8];              /* SAM LUN structure, peripheral or flat addressing */
    void *data;                  /* data-out when `out`, else data-in buffer; may be NULL when length is 0 */
    uint32_t length;             /* bytes available in `data` */
    bool out;
    /* result */
    uint8_t status;              /* SCSI status */
    uint8_t sense_length;
    uint32_t transferred;        /* bytes moved */
    uint32_t checksum;           /* CRC-32C over the bytes moved, when array_checksum(a, true); else 0 */
    uint8_t sense[ARRAY_MAX_SENSE];
    uint32_t delay_us;           /* whoever carries the answer should wait this long with it */
    uint32_t wanted;             /* bytes the CDB asked to move; more than moved: residual overflow */
};

/* Why a command found nobody: the fabric turns it into its own transport error. */
enum array_result {
    ARRAY_DONE,                  /* status, sense and data are valid */
    ARRAY_NO_ANSWER,             /* controller is down: the command is lost, no response ever comes */
};

/* Creates an array without LUNs. NULL when the configuration is out of range or memory is short;
 * *why (may be NULL) then says which, a static text. */
struct array *array_create(const struct array_config *config, const char **why);
void array_destroy(struct array *a);

/* 0, or a negative value with *why set (range, duplicate number, file cannot be opened). */
int array_add_lun(struct array *a, const struct array_lun_config *config, const char **why);
/* Makes the pool, or changes it. Its LUNs get UA 38/07 when `threshold_percent` of it is in use (0: never);
 * with nothing left a write ends with DATA PROTECT 27/07. At least 64 KiB, which is what it gives and takes. */
bool array_set_pool(struct array *a, unsigned number, uint64_t bytes, unsigned threshold_percent);
/* A vendor's behaviour (mpio_array_plugin.h), from a shared object or from a table in this program; one per
 * array. `argument` is not NULL. False with *why set, a static text. */
struct mpio_array_plugin;
bool array_load_plugin(struct array *a, const char *file, const char *argument, const char **why);
bool array_set_plugin(struct array *a, const struct mpio_array_plugin *table, const char *argument,
                      const char **why);
/* The LUN's identifiers (VPD 83h) are made from its number until told otherwise; UA 3F/05 when they change. */
bool array_set_identity(struct array *a, uint16_t number, uint64_t identity);
/* LUN mapping. Initiators whose name matches `hosts` ('*' any text, '?' any character) see LUN `number` under
 * the number `as`, and nothing that is not mapped for them. The first pattern that was made and matches
 * counts. While an array has no mapping at all everybody sees every LUN. UA 3F/0E to whom it concerns.
 * False: numbers out of range, memory short; nothing mapped there. */
bool array_map_lun(struct array *a, const char *hosts, uint16_t as, uint16_t number);
bool array_unmap_lun(struct array *a, const char *hosts, uint16_t as);
bool array_has_mapping(const struct array *a);
int array_remove_lun(struct array *a, uint16_t number);      /* unmap: REPORT LUNS changes, UA 3F/0E */
int array_resize_lun(struct array *a, uint16_t number, uint64_t blocks); /* UA 2A/09 */

/* An I_T nexus: one initiator port logged in to one target port. Starts with UA 29/00 on every LUN.
 * The name, at most 240 bytes, is copied; its form says the transport (array/transport_id.c), case
 * does not matter. Logging in again with the same name and port gives the same nexus: its
 * reservations survive. The array owns the nexus; array_logout marks it gone and drops its UAs, and
 * the pointer stays good. array_forget is a logout after which the caller never uses the pointer
 * again: without it, whoever comes under ever new names makes the array grow for ever. */
struct array_nexus *array_login(struct array *a, unsigned port, const char *initiator_name);
void array_logout(struct array_nexus *n);
void array_forget(struct array_nexus *n);

/* Executes one command at once. */
enum array_result array_execute(struct array_nexus *n, struct array_cmd *cmd);

/* Task management. Return false when there is no such LUN. */
bool array_reset_lun(struct array_nexus *n, const uint8_t lun[8]);   /* UA 29/03 on the other nexuses, and on this */
void array_reset_target(struct array_nexus *n);
/* Parallel SCSI: the bus at `port` is reset. The tasks and SCSI-2 reservations of its nexuses end; UA 29/02. */
void array_bus_reset(struct array *a, unsigned port);

/* Faults and administration, called between commands. */
/* Off: no controller answers, and what a loss of power takes is gone: RESERVE, registrations without
 * APTPL, mode parameters, unit attentions, an ownership change under way. On: UA 29/01. */
void array_power(struct array *a, bool on);
void array_controller_up(struct array *a, unsigned controller, bool up); /* ALUA: ownership moves, UA 2A/06 */
bool array_controller_is_up(const struct array *a, unsigned controller);
unsigned array_controller_of_port(const struct array *a, unsigned port);
unsigned array_ports(const struct array *a);
void array_move_lun(struct array *a, uint16_t number, unsigned owner);   /* ALUA: change the owner */
/* ALUA only: pins the state of one controller's group for one LUN (UA 2A/06 when it changes) until
 * ARRAY_STATE_AUTOMATIC gives it back to the array. False: symmetric array, no such LUN or controller. */
enum array_port_state {
    ARRAY_STATE_OPTIMIZED = 0, ARRAY_STATE_NON_OPTIMIZED = 1, ARRAY_STATE_STANDBY = 2,
    ARRAY_STATE_UNAVAILABLE = 3, ARRAY_STATE_TRANSITIONING = 15, ARRAY_STATE_AUTOMATIC = 255,
};
bool array_force_state(struct array *a, uint16_t number, unsigned controller,
                       enum array_port_state state);
/* Explicit ALUA only: one port offline (a secondary state beside that of its group) for one LUN, or back. */
bool array_port_offline(struct array *a, uint16_t number, unsigned port, bool offline);
/* The next `count` REPORT TARGET PORT GROUPS answers lie, through whatever nexus: the first group is missing, every
 * state is a reserved one, or the length is 4096 more than there is. What the array does stays right. */
enum array_lie { ARRAY_LIE_MISSING_GROUP, ARRAY_LIE_BAD_STATE, ARRAY_LIE_BAD_LENGTH };
void array_wrong_report(struct array *a, enum array_lie lie, unsigned count);
/* Number of the LUN that a nexus reaches under this address; -1: none. */
int array_seen_lun(const struct array_nexus *n, const uint8_t lun[8]);
void array_checksum(struct array *a, bool on);
/* The next `count` media commands to `number` through any nexus end with this status and sense. */
void array_inject(struct array *a, uint16_t number, unsigned count, uint8_t status, uint8_t key, uint8_t asc,
                  uint8_t ascq);
void array_unit_attention(struct array *a, uint16_t number, uint8_t asc, uint8_t ascq); /* every nexus */
const char *array_name(const struct array *a);

#endif
