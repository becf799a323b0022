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
};

enum array_media { ARRAY_MEDIA_MEMORY, ARRAY_MEDIA_FILE, ARRAY_MEDIA_NULL };

#define ARRAY_MAX_CONTROLLERS 16
#define ARRAY_MAX_PORTS       64  /* over all controllers */
#define ARRAY_MAX_LUNS        16384
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
    bool descriptor_sense;       /* D_SENSE default of the control mode page */
    uint32_t transition_us;      /* time a group stays "transitioning" on an ownership change, microseconds */
    uint64_t (*now)(void *clock);/* the world's time in units of 100 ns; NULL: time stands still */
    void *clock;
};

struct array_lun_config {
    uint16_t number;             /* 0..16383 */
    uint32_t block_size;         /* 512 or 4096 */
    uint64_t blocks;
    enum array_media media;
    const char *file;            /* ARRAY_MEDIA_FILE: path, created when missing; copied */
    unsigned owner;              /* controller whose group is active/optimized (ALUA) */
    bool read_only;
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
int array_remove_lun(struct array *a, uint16_t number);      /* unmap: REPORT LUNS changes, UA 3F/0E */
int array_resize_lun(struct array *a, uint16_t number, uint64_t blocks); /* UA 2A/09 */

/* An I_T nexus: one initiator port logged in to one target port. Starts with UA 29/00 on every LUN.
 * The name is copied. Logging in again with the same name and port gives the same nexus: its
 * reservations survive. The array owns the nexus; array_logout marks it gone and drops its UAs. */
struct array_nexus *array_login(struct array *a, unsigned port, const char *initiator_name);
void array_logout(struct array_nexus *n);

/* Executes one command at once. */
enum array_result array_execute(struct array_nexus *n, struct array_cmd *cmd);

/* Task management. Return false when there is no such LUN. */
bool array_reset_lun(struct array_nexus *n, const uint8_t lun[8]);   /* UA 29/03 on the other nexuses, and on this */
void array_reset_target(struct array_nexus *n);

/* Faults and administration, called between commands. */
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
void array_checksum(struct array *a, bool on);
/* The next `count` media commands to `number` through any nexus end with this status and sense. */
void array_inject(struct array *a, uint16_t number, unsigned count, uint8_t status, uint8_t key, uint8_t asc,
                  uint8_t ascq);
void array_unit_attention(struct array *a, uint16_t number, uint8_t asc, uint8_t ascq); /* every nexus */
const char *array_name(const struct array *a);

#endif
