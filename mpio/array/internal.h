/* SPDX-License-Identifier: MIT */
/*
 * What the files of the array room share. One array is used by one world only, whose loop is single
 * threaded and runs every command to its end: nothing here needs a lock.
 */
#ifndef MPIO_ARRAY_INTERNAL_H
#define MPIO_ARRAY_INTERNAL_H

#include "array.h"
#include "media.h"
#include "transport_id.h"
#include "wire.h"

enum scsi_status {
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
    SCSI_BUSY = 0x08,
    SCSI_RESERVATION_CONFLICT = 0x18,
    SCSI_TASK_SET_FULL = 0x28,
};

enum sense_key {
    SENSE_NONE = 0x0,
    SENSE_RECOVERED_ERROR = 0x1,
    SENSE_NOT_READY = 0x2,
    SENSE_MEDIUM_ERROR = 0x3,
    SENSE_HARDWARE_ERROR = 0x4,
    SENSE_ILLEGAL_REQUEST = 0x5,
    SENSE_UNIT_ATTENTION = 0x6,
    SENSE_DATA_PROTECT = 0x7,
    SENSE_MISCOMPARE = 0xE,
};

/* Additional sense code and qualifier as one number: ASC << 8 | ASCQ. */
enum sense_code {
    ASC_NONE = 0x0000,
    ASC_DEFECT_LIST_NOT_FOUND = 0x1C00,
    ASC_START_REQUIRED = 0x0402,
    ASC_MANUAL_INTERVENTION = 0x0403,
    ASC_TRANSITIONING = 0x040A,
    ASC_STANDBY = 0x040B,
    ASC_UNAVAILABLE = 0x040C,
    ASC_OFFLINE = 0x0412,
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
    ASC_POWER_ON = 0x2901,
    ASC_BUS_RESET = 0x2902,
    ASC_DEVICE_RESET_FUNCTION = 0x2903,
    ASC_NEXUS_LOSS = 0x2907,
    ASC_MODE_PARAMETERS_CHANGED = 0x2A01,
    ASC_LOG_PARAMETERS_CHANGED = 0x2A02,
    ASC_RESERVATIONS_PREEMPTED = 0x2A03,
    ASC_RESERVATIONS_RELEASED = 0x2A04,
    ASC_REGISTRATIONS_PREEMPTED = 0x2A05,
    ASC_ACCESS_STATE_CHANGED = 0x2A06,
    ASC_IMPLICIT_TRANSITION_FAILED = 0x2A07,
    ASC_CAPACITY_CHANGED = 0x2A09,
    ASC_TIMESTAMP_CHANGED = 0x2A10,
    ASC_COMMAND_SEQUENCE = 0x2C00,
    ASC_COMMANDS_CLEARED = 0x2F00,
    ASC_SAVING_NOT_SUPPORTED = 0x3900,
    ASC_SOFT_THRESHOLD = 0x3807,
    ASC_IDENTIFIER_CHANGED = 0x3F05,
    ASC_REPORTED_LUNS_CHANGED = 0x3F0E,
    ASC_INTERNAL_FAILURE = 0x4400,
    ASC_INVALID_MESSAGE = 0x4900,
    ASC_NO_REGISTRATION_RESOURCES = 0x5504,
    ASC_SET_GROUPS_FAILED = 0x670A,
    ASC_IDLE_BY_COMMAND = 0x5E03,
    ASC_STANDBY_BY_COMMAND = 0x5E04,
};

/* ---- limits, told in VPD B0h ----------------------------------------------------------------- */
#define ARRAY_MAX_COMPARE_AND_WRITE 128u            /* blocks */
#define ARRAY_MAX_UNMAP_BYTES       (1u << 29)      /* of one descriptor list */
#define ARRAY_MAX_UNMAP_DESCRIPTORS 256u
#define ARRAY_MAX_WRITE_SAME_BYTES  (16u << 20)
#define ARRAY_MAX_ATOMIC_BYTES      (1u << 20)
#define ARRAY_MAX_SERIAL            64u
#define ARRAY_MAX_INFORMATION       64u             /* identifying information */
#define COMMAND_NO_SERVICE          0xFF            /* an operation code without service actions */
#define ARRAY_MAX_COMMANDS          96u             /* rows of the command table */
#define ARRAY_ECHO_BYTES            4096u
#define ARRAY_MODE_BYTES            176u            /* all mode pages */
#define ARRAY_MAX_NAME              TRANSPORT_NAME_MAX
#define ARRAY_MAX_REGISTRATIONS     8190u           /* of one LUN: what READ KEYS can tell in one command */
#define ARRAY_MAX_ABSENT_BYTES      (64u << 20)     /* all nexuses known by their registrations only */

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
    unsigned keys;  /* LUNs it is registered with */
    bool held;      /* a caller of array_login has the pointer; else it lives as long as its keys */
    bool logged_in;
    bool luns_changed; /* UA 3F/0E pending: told once per nexus, on whichever LUN is asked first */
    const struct lun_view *view; /* NULL: nothing is mapped for it; see array_find_lun */
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

/* Counters of a log page. */
struct lun_counter {
    uint64_t bytes, errors;
};

/* What initiators leave with a LUN; few do, so it is made when the first comes. */
struct lun_notes {
    uint8_t information[ARRAY_MAX_INFORMATION];
    uint16_t length;
    bool time_set;
    uint64_t time_offset; /* milliseconds, added to the clock */
    const struct array_nexus *echo_owner; /* only ever compared */
    uint16_t echo_length;
    uint8_t echo[ARRAY_ECHO_BYTES];
};

/* Space that thin LUNs share. */
struct array_pool {
    struct media_pool space; /* size 0: not made yet */
    uint64_t threshold;      /* chunks in use that make the soft threshold; 0: none */
    bool told;
};

struct cache; /* cache.c */

struct lun {
    uint16_t number;
    uint64_t identity; /* in VPD page 83h; the number unless array_set_identity changed it */
    unsigned ordinal;
    uint32_t block_size;
    uint32_t max_blocks; /* of one transfer */
    unsigned block_shift;
    uint8_t physical_exponent; /* log2 of the logical blocks in a physical one */
    uint16_t first_aligned;    /* LBA */
    uint64_t blocks;
    bool read_only;
    bool stopped;           /* START STOP UNIT with START = 0 */
    uint16_t low_power;     /* what REQUEST SENSE says of idle and standby; 0: active */
    uint8_t mode[ARRAY_MODE_BYTES];       /* the pages of mode.c, current and saved */
    uint8_t saved_mode[ARRAY_MODE_BYTES];
    bool write_cache;       /* WCE of the caching page, as `mode` has it */
    bool descriptor_sense;  /* D_SENSE of the control page */
    bool software_protect;  /* SWP of the control page */
    bool aborted_status;    /* TAS of the control page */
    struct array_task *first_task, *last_task; /* the task set, oldest first (task.h) */
    unsigned tasks, ordering; /* in the set; those of them that are not SIMPLE */
    struct lun_counter read, write, verify;
    uint64_t other_errors;
    struct lun_notes *notes; /* NULL: nobody left anything */
    char serial[ARRAY_MAX_SERIAL + 1];

    /* asymmetric access */
    uint8_t state[ARRAY_MAX_CONTROLLERS];  /* enum array_port_state of each controller's group */
    uint8_t forced[ARRAY_MAX_CONTROLLERS]; /* by array_force_state */
    uint8_t set[ARRAY_MAX_CONTROLLERS];    /* below the natural state, by SET TARGET PORT GROUPS */
    uint8_t cause[ARRAY_MAX_CONTROLLERS];  /* RTPG status code: of the last change */
    unsigned ownership_group;  /* 0: none */
    unsigned preferred;        /* configured owner: the PREF bit */
    unsigned chosen;           /* where ownership returns to: the preferred, or who was asked to own */
    unsigned owner;            /* who owns it now */
    uint64_t transition_until; /* 0: no change under way */
    uint64_t offline;          /* ports in the secondary state offline */
    uint64_t told_offline;     /* as every nexus knows */
    uint8_t offline_cause;
    struct array_nexus *asked; /* whose SET TARGET PORT GROUPS is under way; NULL: the array's own change */

    /* reservations */
    struct array_nexus *simple_holder; /* RESERVE(6)/(10) */
    enum reservation_type reservation;
    struct array_nexus *holder; /* persistent; NULL for the all-registrants types */
    unsigned registrants;
    uint32_t generation;
    bool persist; /* last APTPL bit received: registrations survive a loss of power */

    /* injected faults */
    unsigned inject_count;
    uint8_t inject_status, inject_key, inject_asc, inject_ascq;

    struct media media;
    struct array_pool *pool; /* where media.pool is; NULL: space of its own */
    struct cache *cache;     /* what a loss of power puts back; NULL: nothing is ever lost */
};

struct array {
    struct array_config config;
    char *name;
    unsigned ports;
    bool up[ARRAY_MAX_CONTROLLERS];
    bool powered;
    enum array_lie lie; /* of the next `lies` reports of the target port groups */
    unsigned lies;
    bool checksum;
    uint8_t first_command[256]; /* row + 1 in the command table of an operation code; 0: none */
    bool removed[ARRAY_MAX_COMMANDS];  /* single service actions taken away, by row */
    unsigned table_size;   /* LUN numbers with a slot in `table` */
    struct lun **table;    /* by LUN number */
    unsigned ordinals;     /* ordinals with a slot in `by_ordinal` and in every nexus */
    unsigned first_free;   /* no free ordinal below */
    unsigned lun_count;
    struct lun **by_ordinal;
    char *target_name;
    struct plugin *plugin; /* NULL: none */
    unsigned port_tasks[ARRAY_MAX_PORTS]; /* in the task sets, by port */
    struct array_pool pools[ARRAY_MAX_POOLS];
    struct lun_view *views; /* in order of making; NULL: no LUN mapping */
    struct array_nexus *nexuses, **last_nexus;
    unsigned absent; /* nexuses that are not held */
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
struct lun *array_find_lun(const struct array_nexus *n, const uint8_t lun[8]);
static inline struct lun *array_lun(const struct array *a, unsigned number)
{
    return number < a->table_size ? a->table[number] : NULL;
}
static inline struct nexus_lun *array_state(const struct array_nexus *n, const struct lun *lun)
{
    return &n->luns[lun->ordinal];
}

/* ---- task.c ---------------------------------------------------------------------------------- */
unsigned array_drop_tasks(struct array_nexus *n); /* silently, on every LUN */
/* PREEMPT AND ABORT by `by`: the tasks of `n` end, whose sender is told unless it is `by` itself. */
void array_preempt_tasks(struct array_nexus *n, struct lun *lun, const struct array_nexus *by);
void array_release_tasks(struct lun *lun);

/* ---- plugin.c -------------------------------------------------------------------------------- */
void array_free_plugin(struct array *a);
/* Only while the array has a plug-in. True: it has answered. */
bool array_plugin_command(struct request *r);
void array_plugin_finished(struct request *r);

/* ---- mapping.c ------------------------------------------------------------------------------- */
void array_choose_view(struct array_nexus *n);
void array_free_views(struct array *a);
/* The LUN that a nexus sees under a number; NULL: none. */
struct lun *array_visible(const struct array_nexus *n, unsigned number);
unsigned array_numbers(const struct array_nexus *n); /* none is visible from this number on */
/* REPORT LUNS has changed for whoever has the array's LUN `number` in view. */
void array_luns_changed(struct array *a, uint16_t number);

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
/* Ends a transition whose time is over. */
void array_end_transition(struct array *a, struct lun *lun);
/* Power on: as configured. */
void array_reset_access(struct array *a, struct lun *lun);
/* What keeps a command with these flags (COMMAND_) out of this port now: sense key << 16 | sense code;
 * 0 when it may pass. */
unsigned array_access_denied(const struct request *r, unsigned flags);
/* The LUN, and those of its ownership group, go to the controller that the command came through: for
 * commands that are older than SET TARGET PORT GROUPS. */
void array_trespass(struct request *r);
void array_report_target_port_groups(struct request *r);
/* lie.c: spoils a whole report; only while `lies` is not 0. */
struct reply;
void array_tell_lie(struct array *a, struct reply *reply, bool extended);
void array_set_target_port_groups(struct request *r);
static inline bool array_explicit(const struct array *a)
{
    return a->config.access == ARRAY_ALUA_EXPLICIT || a->config.access == ARRAY_ALUA_BOTH;
}
static inline bool array_has_alua(const struct array *a)
{
    return a->config.access == ARRAY_ALUA_IMPLICIT || array_explicit(a);
}

/* ---- nexus.c --------------------------------------------------------------------------------- */
struct array_nexus *array_find_nexus(const struct array *a, unsigned port, const char *name);
/* The nexus, made now when nobody of that name was ever seen at that port. It must get a key, or
 * array_sweep_nexuses takes it away. NULL: too many of them. */
struct array_nexus *array_absent_nexus(struct array *a, unsigned port, const char *name);
/* Frees the nexuses that nobody holds and that have no keys left. */
void array_sweep_nexuses(struct array *a);

/* ---- reserve.c ------------------------------------------------------------------------------- */
/* What a command asks of reservations (SPC-4 tables 43 and 44, SBC-3 table 13). */
enum access {
    ACCESS_ALWAYS, /* passes every reservation: INQUIRY, REPORT LUNS, REQUEST SENSE, READ CAPACITY */
    ACCESS_STATUS, /* passes persistent reservations, not RESERVE(6)/(10) of another nexus */
    ACCESS_READ,   /* passes the write-exclusive types: reads of the media, MODE SENSE, READ BUFFER,
                    * RECEIVE DIAGNOSTIC RESULTS (as ALLOW COMMANDS tells) */
    ACCESS_WRITE,  /* passes for the holder and, with a registrants type, for whoever is registered */
};
bool array_may_access(const struct request *r, enum access access);
void array_conflict(struct request *r);
void array_reserve(struct request *r);
void array_release(struct request *r);
void array_drop_simple_reservations(struct array_nexus *n);

/* ---- persistent*.c --------------------------------------------------------------------------- */
bool array_registrants_type(enum reservation_type type);     /* registrants only, all registrants */
bool array_all_registrants_type(enum reservation_type type); /* every registrant is a holder */
bool array_holds_reservation(const struct array_nexus *n, const struct lun *lun);
void array_begin_reservation(struct lun *lun, struct array_nexus *holder, enum reservation_type type);
void array_end_reservation(struct lun *lun);
void array_set_key(struct array_nexus *n, struct lun *lun, uint64_t key); /* not 0 */
/* Takes a registration and what hangs on it. True when that ended the reservation. */
bool array_unregister(struct array_nexus *n, struct lun *lun);
/* Every registration of the LUN, and so its reservation. No unit attention. */
void array_unregister_all(struct array *a, struct lun *lun);
void array_persistent_reserve_in(struct request *r);
void array_persistent_reserve_out(struct request *r);

/* ---- opcodes.c ------------------------------------------------------------------------------- */
enum {
    COMMAND_ANY_LUN = 1 << 0,   /* answered even where there is no LUN */
    COMMAND_KEEPS_UA = 1 << 1,  /* processed although a unit attention is pending */
    COMMAND_ANY_STATE = 1 << 2, /* works through a transitioning or unavailable port */
    COMMAND_STANDBY = 1 << 3,   /* works through a standby port */
    COMMAND_MEDIA = 1 << 4,     /* needs a started unit; takes injected faults */
    COMMAND_WRITES = 1 << 5,    /* refused by write protection */
    COMMAND_SLOW = 1 << 6,      /* may take its time: the timeouts descriptor says so */
};
struct command {
    uint8_t opcode;
    uint8_t service; /* action; COMMAND_NO_SERVICE where the operation code has none */
    uint8_t cdb_length;
    uint8_t access; /* enum access */
    uint8_t flags;
    uint8_t ignored; /* bits of byte 1 that are neither looked at nor refused */
    void (*handler)(struct request *r);
    uint8_t usage[14]; /* the bits that are looked at, of byte 1 and those behind it */
};
/* NULL behind the last row. */
const struct command *array_command_at(unsigned row);
void array_index_commands(struct array *a);
/* NULL: the array has no such command. `service` counts only where the code has service actions. */
const struct command *array_find_command(const struct array *a, uint8_t opcode, unsigned service);
/* Takes one service action away, or with COMMAND_NO_SERVICE the whole operation code. */
void array_remove_command(struct array *a, uint8_t opcode, uint8_t service);
/* The first CDB byte with a bit set that the command does not know; 0: there is none. */
unsigned array_unknown_field(const struct command *c, const uint8_t *cdb);

/* ---- cache.c: every change of the blocks goes this way ---------------------------------------- */
/* Memory for `blocks` cached blocks, 0: none. False: short of it, array_cache_free still to call. */
bool array_cache_create(struct lun *lun, uint32_t blocks);
void array_cache_free(struct lun *lun);
void array_cache_lost(struct array *a, struct lun *lun); /* the power has gone */
enum media_result array_store(struct request *r, uint64_t offset, const void *data, size_t length,
                              bool through);
enum media_result array_store_zero(struct request *r, uint64_t offset, uint64_t length);
enum media_result array_store_unmap(struct request *r, uint64_t offset, uint64_t length);
enum media_result array_erase(struct request *r); /* every block there is or was */
enum media_result array_flush(struct lun *lun, uint64_t lba, uint64_t blocks); /* 0: to the end */

struct reply;

/* ---- handlers of the command table ----------------------------------------------------------- */
void array_report_supported_commands(struct request *r);
void array_report_supported_functions(struct request *r);
void array_log_sense(struct request *r);
void array_log_select(struct request *r);
void array_report_identifying_information(struct request *r);
void array_set_identifying_information(struct request *r);
void array_report_timestamp(struct request *r);
void array_set_timestamp(struct request *r);
void array_send_diagnostic(struct request *r);
void array_receive_diagnostic(struct request *r);
void array_read_buffer(struct request *r);
void array_write_buffer(struct request *r);
struct lun_notes *array_notes(struct lun *lun); /* NULL: no memory */
void array_forget_notes(struct lun *lun, const struct array_nexus *n); /* n's; NULL: all volatile ones */
void array_get_lba_status(struct request *r);
void array_read_defect_data(struct request *r);
void array_sanitize(struct request *r);
void array_write_atomic(struct request *r);
void array_write_and_verify(struct request *r);
void array_or_write(struct request *r);
void array_prefetch(struct request *r);
void array_inquiry(struct request *r);
bool array_vital_page(const struct request *r, uint8_t page); /* is there such a page? */
void array_vital_product_data(struct reply *reply, const struct request *r, uint8_t page);
void array_report_luns(struct request *r);
void array_mode_sense(struct request *r);
void array_mode_select(struct request *r);
void array_mode_create(const struct array *a, struct lun *lun);
void array_mode_reset(struct lun *lun); /* back to the saved values */
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
struct array_space {
    uint64_t available, used; /* MEDIA_CHUNKs */
    bool shared;              /* available to other LUNs too */
};
struct array_space array_space(const struct lun *lun);

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
