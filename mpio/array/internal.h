/* SPDX-License-Identifier: MIT */
/*
 * What the files of the array room share. One array is used by one world only, whose loop is single
 * threaded and runs every command to its end: nothing here needs a lock.
 */
#ifndef MPIO_ARRAY_INTERNAL_H
#define MPIO_ARRAY_INTERNAL_H

#include "array.h"
#include "media.h"
#include "wire.h"

enum scsi_status {
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
    SCSI_RESERVATION_CONFLICT = 0x18,
};

enum sense_key {
    SENSE_NONE = 0x0,
    SENSE_NOT_READY = 0x2,
    SENSE_MEDIUM_ERROR = 0x3,
    SENSE_ILLEGAL_REQUEST = 0x5,
    SENSE_UNIT_ATTENTION = 0x6,
    SENSE_DATA_PROTECT = 0x7,
    SENSE_MISCOMPARE = 0xE,
};

/* Additional sense code and qualifier as one number: ASC << 8 | ASCQ. */
enum sense_code {
    ASC_NONE = 0x0000,
    ASC_START_REQUIRED = 0x0402,
    ASC_TRANSITIONING = 0x040A,
    ASC_STANDBY = 0x040B,
    ASC_UNAVAILABLE = 0x040C,
    ASC_WRITE_ERROR = 0x0C00,
    ASC_READ_ERROR = 0x1100,
    ASC_PARAMETER_LIST_LENGTH = 0x1A00,
    ASC_MISCOMPARE = 0x1D00,
    ASC_INVALID_OPCODE = 0x2000,
    ASC_LBA_OUT_OF_RANGE = 0x2100,
    ASC_INVALID_FIELD_IN_CDB = 0x2400,
    ASC_INVALID_LUN = 0x2500,
    ASC_INVALID_FIELD_IN_PARAMETERS = 0x2600,
    ASC_INVALID_RELEASE = 0x2604,
    ASC_WRITE_PROTECTED = 0x2700,
    ASC_SOFTWARE_WRITE_PROTECTED = 0x2702,
    ASC_SPACE_ALLOCATION_FAILED = 0x2707,
    ASC_POWER_ON_OR_RESET = 0x2900,
    ASC_DEVICE_RESET_FUNCTION = 0x2903,
    ASC_MODE_PARAMETERS_CHANGED = 0x2A01,
    ASC_RESERVATIONS_PREEMPTED = 0x2A03,
    ASC_RESERVATIONS_RELEASED = 0x2A04,
    ASC_REGISTRATIONS_PREEMPTED = 0x2A05,
    ASC_ACCESS_STATE_CHANGED = 0x2A06,
    ASC_CAPACITY_CHANGED = 0x2A09,
    ASC_SAVING_NOT_SUPPORTED = 0x3900,
    ASC_REPORTED_LUNS_CHANGED = 0x3F0E,
};

/* ---- limits, told in VPD B0h ----------------------------------------------------------------- */
#define ARRAY_MAX_COMPARE_AND_WRITE 255u            /* blocks */
#define ARRAY_MAX_UNMAP_BYTES       (1u << 30)      /* of one descriptor list */
#define ARRAY_MAX_UNMAP_DESCRIPTORS 256u
#define ARRAY_MAX_WRITE_SAME_BYTES  (32u << 20)
#define ARRAY_MAX_SERIAL            64u
#define ARRAY_MAX_NAME              223u            /* initiator name: the iSCSI limit */

/* Unit attentions waiting for one nexus on one LUN, and its reservation key. There may be 80,000 of
 * these in an array, so the size counts. */
#define ARRAY_UNIT_ATTENTIONS 7
struct nexus_lun {
    uint64_t key; /* registered reservation key; 0: not registered */
    uint8_t attentions;
    uint8_t reserved;
    uint8_t attention[ARRAY_UNIT_ATTENTIONS][2]; /* ASC, ASCQ; oldest first */
};
_Static_assert(sizeof(struct nexus_lun) <= 32, "nexus-LUN state must stay small");

struct array_nexus {
    struct array *array;
    struct array_nexus *next; /* in order of first login */
    unsigned port;
    unsigned controller;
    bool logged_in;
    bool luns_changed; /* UA 3F/0E pending: told once per nexus, on whichever LUN is asked first */
    struct nexus_lun *luns; /* indexed by the LUN's ordinal */
    char name[];
};

enum reservation_type {
    RESERVATION_NONE = 0,
    WRITE_EXCLUSIVE = 1,
    EXCLUSIVE_ACCESS = 3,
    WRITE_EXCLUSIVE_REGISTRANTS = 5,
    EXCLUSIVE_ACCESS_REGISTRANTS = 6,
    WRITE_EXCLUSIVE_ALL = 7,
    EXCLUSIVE_ACCESS_ALL = 8,
};

struct lun {
    uint16_t number;
    unsigned ordinal;
    uint32_t block_size;
    uint32_t max_blocks; /* of one transfer */
    unsigned block_shift;
    uint64_t blocks;
    bool read_only;
    bool stopped;           /* START STOP UNIT with START = 0 */
    bool write_cache;       /* WCE of the caching page */
    bool descriptor_sense;  /* D_SENSE of the control page */
    bool software_protect;  /* SWP of the control page */
    char serial[ARRAY_MAX_SERIAL + 1];

    /* asymmetric access */
    uint8_t state[ARRAY_MAX_CONTROLLERS];  /* enum array_port_state of each controller's group */
    uint8_t forced[ARRAY_MAX_CONTROLLERS]; /* by array_force_state */
    unsigned preferred;        /* configured owner: the PREF bit, and where ownership returns to */
    unsigned owner;            /* who owns it now */
    uint64_t transition_until; /* 0: no ownership change under way */
    bool altered;              /* RTPG status code 2: altered by implicit behaviour */

    /* reservations */
    struct array_nexus *simple_holder; /* RESERVE(6)/(10) */
    enum reservation_type reservation;
    struct array_nexus *holder; /* persistent; NULL for the all-registrants types */
    unsigned registrants;
    uint32_t generation;
    bool persist; /* APTPL of the last REGISTER */

    /* injected faults */
    unsigned inject_count;
    uint8_t inject_status, inject_key, inject_asc, inject_ascq;

    struct media media;
};

struct array {
    struct array_config config;
    char *name;
    unsigned ports;
    bool up[ARRAY_MAX_CONTROLLERS];
    bool checksum;
    unsigned table_size;   /* LUN numbers with a slot in `table` */
    struct lun **table;    /* by LUN number */
    unsigned ordinals;     /* ordinals with a slot in `by_ordinal` and in every nexus */
    unsigned first_free;   /* no free ordinal below */
    unsigned lun_count;
    struct lun **by_ordinal;
    struct array_nexus *nexuses, **last_nexus;
};

/* One command on its way through the server. */
struct request {
    struct array *array;
    struct array_nexus *nexus;
    struct array_cmd *cmd;
    struct lun *lun;          /* NULL only for the commands every LUN number answers */
    struct nexus_lun *state;  /* of this nexus and LUN; NULL with `lun` */
};

/* ---- array.c --------------------------------------------------------------------------------- */
struct lun *array_find_lun(const struct array *a, const uint8_t lun[8]);
static inline struct lun *array_lun(const struct array *a, unsigned number)
{
    return number < a->table_size ? a->table[number] : NULL;
}
static inline struct nexus_lun *array_state(const struct array_nexus *n, const struct lun *lun)
{
    return &n->luns[lun->ordinal];
}

/* ---- sense.c --------------------------------------------------------------------------------- */
void array_check(struct request *r, enum sense_key key, unsigned code);
void array_check_information(struct request *r, enum sense_key key, unsigned code,
                             uint64_t information);
void array_invalid_cdb(struct request *r, unsigned byte);       /* 5/24/00 with field pointer */
void array_invalid_parameter(struct request *r, unsigned byte); /* 5/26/00 with field pointer */
void array_request_sense(struct request *r);

/* ---- attention.c ----------------------------------------------------------------------------- */
void array_attention(struct array_nexus *n, const struct lun *lun, unsigned code);
/* Every logged-in nexus but `except`. */
void array_attention_all(struct array *a, const struct lun *lun, const struct array_nexus *except,
                         unsigned code);
/* Takes the oldest pending unit attention; 0 when there is none. */
unsigned array_attention_take(struct request *r);

/* ---- alua.c ---------------------------------------------------------------------------------- */
void array_settle_lun(struct array *a, struct lun *lun, bool announce);
/* Only while transition_until is set: ends the transition when its time is over. */
void array_end_transition(struct array *a, struct lun *lun);
/* The sense code that keeps a media command out of this port now; 0 when it may pass. */
unsigned array_access_denied(const struct request *r);
void array_report_target_port_groups(struct request *r);

/* ---- reserve.c ------------------------------------------------------------------------------- */
enum access {
    ACCESS_ALWAYS, /* passes every reservation */
    ACCESS_STATUS, /* passes persistent reservations, not RESERVE(6)/(10) of another nexus */
    ACCESS_READ,   /* passes the write-exclusive types */
    ACCESS_WRITE,  /* needs the holder or, with a registrants type, a registered nexus */
};
bool array_may_access(const struct request *r, enum access access);
void array_conflict(struct request *r);
void array_reserve(struct request *r);
void array_release(struct request *r);
void array_drop_simple_reservations(struct array_nexus *n);
void array_persistent_reserve_in(struct request *r);

/* ---- persistent.c ---------------------------------------------------------------------------- */
void array_persistent_reserve_out(struct request *r);

/* ---- handlers of the decoder table ----------------------------------------------------------- */
void array_inquiry(struct request *r);
void array_report_luns(struct request *r);
void array_mode_sense(struct request *r);
void array_mode_select(struct request *r);
void array_mode_reset(const struct array *a, struct lun *lun); /* back to the defaults */
void array_test_unit_ready(struct request *r);
void array_read_capacity10(struct request *r);
void array_read_capacity16(struct request *r);
void array_start_stop(struct request *r);
void array_synchronize_cache(struct request *r);
void array_read(struct request *r);
void array_write(struct request *r);
void array_verify(struct request *r);
void array_compare_and_write(struct request *r);
void array_unmap(struct request *r);
void array_write_same(struct request *r);
bool array_in_range(struct request *r, uint64_t lba, uint64_t count); /* else 5/21/00 */
void array_media_failed(struct request *r, enum media_result result);

/* ---- data phases ----------------------------------------------------------------------------- */
/* The data-out bytes of a parameter list of `length` bytes. NULL, with 5/1A/00 set, when the
 * initiator sent fewer. */
const uint8_t *array_parameters(struct request *r, uint32_t length);
/* Bytes the initiator's buffer holds in the given direction. */
static inline uint32_t array_room(const struct array_cmd *cmd, bool out)
{
    return cmd->out == out && cmd->data ? cmd->length : 0;
}

/* A data-in parameter list under construction: counts every byte, stores those that fit both the
 * allocation length and the buffer. */
struct reply {
    uint8_t *to;
    uint32_t room;
    uint32_t size;
};
static inline struct reply reply_begin(const struct request *r, uint32_t allocation)
{
    uint32_t room = array_room(r->cmd, false);

    return (struct reply){r->cmd->data, allocation < room ? allocation : room, 0};
}
void reply_bytes(struct reply *reply, const void *bytes, uint32_t count);
void reply_text(struct reply *reply, const char *text, uint32_t width); /* padded with blanks */
void reply_zero(struct reply *reply, uint32_t count);
void reply_8(struct reply *reply, uint8_t value);
void reply_16(struct reply *reply, uint16_t value);
void reply_32(struct reply *reply, uint32_t value);
void reply_64(struct reply *reply, uint64_t value);
/* Overwrites earlier bytes: the length fields known only at the end. */
void reply_set8(struct reply *reply, uint32_t at, uint8_t value);
void reply_set16(struct reply *reply, uint32_t at, uint16_t value);
void reply_set32(struct reply *reply, uint32_t at, uint32_t value);
void reply_end(const struct reply *reply, struct request *r, uint32_t allocation);

#endif
