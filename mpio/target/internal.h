/* SPDX-License-Identifier: MIT */
/*
 * What the files of the target room share. MaxConnections is 1 and ErrorRecoveryLevel 0, so a session is
 * its one connection: struct connection is both. Everything runs in the world's loop and needs no lock.
 *
 * A connection ends in two steps: connection_end takes its tasks and its nexus at once, from wherever the
 * reason appears; the memory goes in its own `settle` event or at the end of its socket handler, so nobody
 * up the stack holds a pointer to nothing.
 */
#ifndef MPIO_TARGET_INTERNAL_H
#define MPIO_TARGET_INTERNAL_H

#include "array/task.h"
#include "target/pdu.h"
#include "target/target.h"

/* ---- limits ----------------------------------------------------------------------------------- */
#define TARGET_WINDOW          128u             /* commands of one session: MaxCmdSN - ExpCmdSN + 1 */
#define TARGET_MAX_TASKS       (TARGET_WINDOW + 32u) /* with immediate commands */
#define TARGET_MAX_SESSIONS    512u             /* over all portals */
#define TARGET_MAX_HALF_OPEN   64u              /* connections not logged in yet: the oldest makes room */
#define TARGET_LOGIN_TIME      (10 * WORLD_SECOND) /* from the connection to the end of its login */
#define TARGET_MAX_LOGIN_PDUS  32u
#define TARGET_IDLE_TIME       (30 * WORLD_SECOND) /* silence before a NOP-In asks, and again before the end */
#define TARGET_SEGMENT         262144u          /* our MaxRecvDataSegmentLength after the login */
#define TARGET_LOGIN_SEGMENT   8192u            /* before its end: RFC 7143 13.12 */
#define TARGET_MAX_TEXT        16384u           /* keys and values of one negotiation step */
#define TARGET_SESSION_DATA    (64u << 20)      /* data buffers of one session's tasks */
#define TARGET_TOTAL_DATA      (512u << 20)     /* of all; beyond: TASK SET FULL */
#define TARGET_PAUSE_OUTPUT    (1u << 20)       /* answers waiting for a slow reader: we stop listening to it */
#define TARGET_MAX_R2T         4u               /* outstanding for one task */
#define TARGET_MAX_CDB         252u
#define TARGET_MAX_CONTROLS    8u
#define TARGET_SCRATCH         262144u
#define TARGET_SPARES          256u             /* tasks and PDUs a connection keeps for the next ones */

/* ---- negotiated parameters (negotiate.c) ------------------------------------------------------- */
struct parameters {             /* all 32 bits wide: one table reads and writes them */
    uint32_t header_digest, data_digest;    /* 0 none, 1 CRC32C */
    uint32_t initial_r2t, immediate_data;
    uint32_t max_send;                      /* the initiator's MaxRecvDataSegmentLength */
    uint32_t max_burst, first_burst, max_r2t;
    uint32_t time2wait, time2retain;
    uint32_t max_connections, error_recovery, pdu_in_order, sequence_in_order, protocol_level;
};

/* ---- nodes and portals ------------------------------------------------------------------------- */
struct node {                   /* one array, one iSCSI target */
    struct target *target;
    struct array *array;
    const struct topology_array *config;
    char name[TOPOLOGY_INITIATOR_MAX + 1];
};

#define PORTAL_FAULTS (FABRIC_LATE_COMMAND + 1) /* portal_has_fault says which of them */
struct portal {
    struct target *target;
    unsigned index, port;       /* array port; portal group tag is port + 1 */
    char wanted[96];            /* as asked for; `address` has the real port number */
    char address[96];
    int fd;                     /* -1: closed (its controllers are down, or no sockets at all) */
    bool link_up;               /* false: nothing is heard or sent, nobody is told */
    struct event retry;         /* descriptors were short: listen again */
    uint64_t latency, jitter, ns_per_kib;
    unsigned fault_count[PORTAL_FAULTS];
    uint64_t fault_value[PORTAL_FAULTS];
    char redirect[96];          /* empty: none */
    bool redirect_permanent;
    uint64_t commands;
};

#define PEER_TEXT 64
struct peer_note {              /* one log line per peer and second */
    char peer[PEER_TEXT];
    uint64_t second;
    unsigned suppressed;
};
#define PEER_NOTES 64

struct control_client {
    struct target *target;
    int fd;                     /* -1: free */
    char line[512];
    unsigned length;
};

struct target {
    struct world *world;
    const struct topology *topology;
    struct target_options options;
    struct node *nodes;
    unsigned node_count;
    struct portal portals[TARGET_MAX_PORTALS];
    unsigned portal_count;
    struct connection *connections, **last_connection; /* oldest first */
    unsigned half_open, sessions;
    uint16_t last_tsih;
    uint64_t data_bytes;        /* of all tasks */
    uint8_t *scratch;           /* TARGET_SCRATCH: what a socket had to say */
    struct fault_step *steps;   /* of the timeline and of flaps under way */
    struct peer_note notes[PEER_NOTES];
    int control_fd;
    struct control_client controls[TARGET_MAX_CONTROLS];
    struct event kick;          /* tasks that wait may start: another one is gone */
    bool ended;
};

/* ---- output ------------------------------------------------------------------------------------ */
struct output {                 /* one PDU on its way out */
    struct output *next;
    uint8_t header[PDU_HEADER + PDU_DIGEST];
    uint8_t tail[3 + PDU_DIGEST]; /* padding and data digest */
    uint8_t header_length, tail_length;
    const uint8_t *data;
    uint32_t data_length;
    void *owned;                /* freed with it */
    struct task *task;          /* freed with it */
    uint32_t sent;              /* bytes of the whole PDU */
};

/* ---- tasks ------------------------------------------------------------------------------------- */
enum task_phase {
    TASK_COLLECTING,            /* data-out still to come */
    TASK_WAITING,               /* at the array, until the task set lets it start */
    TASK_FLYING,                /* on its way to the array: latency */
    TASK_LOST,                  /* executed or lost: its answer comes late or never */
    TASK_ANSWERED,              /* left the list; waits for its output to go */
};
struct burst {                  /* one R2T */
    uint32_t tag, offset, end;
};
struct task {
    struct connection *connection;
    struct array_task set;      /* its place in the task set of its LUN */
    struct task *next, **link;  /* connection->tasks while not ANSWERED */
    struct event event;
    enum task_phase phase;
    uint32_t tag, cmd_sn;
    uint32_t expected;          /* expected data transfer length */
    bool read, write;
    bool windowed;              /* counts in window_used */
    bool refused;               /* status is set already: takes its data-out, throws it away */
    bool answer_lost;
    uint64_t answer_late;       /* 100 ns */
    uint32_t room;              /* bytes of `data` */
    uint8_t *data;
    /* data-out, strictly in order */
    uint32_t received;          /* bytes so far */
    uint32_t data_sn;           /* of the burst under way */
    uint32_t unsolicited_end;   /* no unsolicited data beyond */
    bool unsolicited;           /* the initiator still sends what nobody asked for */
    uint32_t requested;         /* end of the last R2T */
    uint32_t r2t_sn;
    struct burst bursts[TARGET_MAX_R2T];
    unsigned burst_count;
    struct array_cmd scsi;
    uint8_t cdb[TARGET_MAX_CDB];
};

/* ---- connections ------------------------------------------------------------------------------- */
struct chap {
    unsigned algorithm;         /* 0: not chosen yet */
    uint8_t identifier;
    uint8_t challenge[32];
    bool done;
};

struct login {
    bool started, security_done;
    unsigned pdus;
    unsigned stage;
    uint32_t tag;
    uint16_t tsih;              /* asked for */
    uint16_t cid;
    bool declared;              /* our own keys were told */
    uint64_t keys_seen;         /* bit per key of the table: once each */
    struct buffer text;         /* of a request in several PDUs */
    struct chap chap;
    const struct topology_array *user; /* whose CHAP user it is */
    unsigned moved;             /* login_status of a redirection, 0 none */
};

struct connection {
    struct target *target;
    struct portal *portal;
    struct connection *next, **link;
    int fd;                     /* -1: none (tests) */
    char peer[PEER_TEXT];
    uint64_t ordinal;
    bool full;                  /* full-feature phase */
    bool ended;                 /* no more input; goes when its output is out, or at once when `cut` */
    bool cut;
    bool input_paused, output_blocked;
    unsigned watching;          /* what world_watch was told */
    struct event timer, settle;
    uint64_t heard;             /* time of the last byte */
    bool pinged;

    /* input: one PDU at a time */
    enum { INPUT_HEADER, INPUT_DATA, INPUT_TAIL } input;
    uint8_t header[PDU_HEADER + PDU_MAX_AHS + PDU_DIGEST];
    unsigned header_have, header_want;
    uint8_t *sink;              /* where the data segment goes; NULL: nowhere */
    uint32_t data_have, data_length, digest;
    uint8_t tail[3 + PDU_DIGEST];
    unsigned tail_have, tail_want;
    bool ignored;               /* the PDU counts for nothing */
    uint8_t *segment;           /* data segment of everything but SCSI data; freed after the PDU */
    struct task *receiving;     /* whose data the sink is */

    /* output */
    struct output *first_output, **last_output, *spare_outputs;
    uint32_t output_bytes;
    struct task *spare_tasks;
    unsigned spare_output_count, spare_task_count;

    /* session */
    struct login *login;
    struct parameters parameters;
    struct node *node;          /* NULL: discovery */
    bool discovery;
    const struct topology_array *user;
    char initiator[TOPOLOGY_INITIATOR_MAX + 1];
    uint8_t isid[6];
    uint16_t tsih;
    struct array_nexus *nexus;
    uint32_t stat_sn, exp_cmd_sn, next_tag;
    struct task *tasks, **last_task;
    unsigned task_count, window_used; /* all; those that came by the window */
    uint32_t data_bytes;
    struct buffer text;         /* text request in parts */
    struct buffer answer;       /* text response in parts */
    size_t answer_sent;
    uint32_t answer_tag;        /* target transfer tag of the rest; PDU_NO_TAG: none */
    uint64_t commands, read_bytes, written_bytes;
};

/* ---- connection.c ------------------------------------------------------------------------------ */
struct connection *connection_create(struct portal *p, int fd, const char *peer);
void connection_input(struct connection *c, const uint8_t *bytes, size_t length);
/* Sends what can be sent, frees the connection when it is over: call last. False: freed. */
bool connection_settle(struct connection *c);
/* Makes connection_settle happen soon. */
void connection_settle_soon(struct connection *c);
/* The end: tasks and nexus go now. `cut`: what waits for sending is dropped too. */
void connection_end(struct connection *c, bool cut);
/* Protocol error: logs once per peer and second, rejects the PDU when the phase has a Reject, ends. */
__attribute__((format(printf, 2, 3))) void connection_fail(struct connection *c, const char *format, ...);
void connection_free(struct connection *c);
void connection_watch(struct connection *c);

/* ---- output.c ---------------------------------------------------------------------------------- */
/* A PDU with a zeroed header, its opcode and final bit set; NULL when memory is short (the connection ends). */
struct output *output_new(struct connection *c, enum pdu_opcode opcode);
/* ExpCmdSN, MaxCmdSN and StatSN; `counts`: StatSN advances. */
void output_numbers(struct connection *c, struct output *o, bool counts);
/* Queues it; data stays the caller's unless owned or task say otherwise. */
void output_queue(struct connection *c, struct output *o, const void *data, uint32_t length);
/* Bytes gone to the socket; frees what is out. False: the socket is broken. */
bool output_flush(struct connection *c);
void output_free_all(struct connection *c);
void output_take(struct connection *c, struct buffer *out); /* without a socket */

/* ---- pdu.c: full-feature PDUs ------------------------------------------------------------------- */
/* Header complete: says where the data goes, or fails the connection. */
void pdu_begin(struct connection *c);
void pdu_finish(struct connection *c);
/* The data segment's digest was wrong. */
void pdu_damaged(struct connection *c);
/* CmdSN of a PDU that has one. False: ignore the PDU, or the connection has failed. */
bool pdu_in_order(struct connection *c);
/* The PDU in hand has been taken: ExpCmdSN advances unless it is immediate. */
void pdu_count(struct connection *c);
void pdu_reject(struct connection *c, enum reject_reason reason);
void pdu_ping(struct connection *c);
void pdu_async(struct connection *c, enum async_event event, const uint8_t lun[8], uint8_t key,
               uint8_t asc, uint8_t ascq);

/* ---- login.c, negotiate.c, chap.c, discovery.c -------------------------------------------------- */
void login_request(struct connection *c);
void login_free(struct login *l);
struct text_pair {
    char *key, *value;
};
/* Cuts the next key=value\0 out of [*at, end); false at the end or, with *bad set, when it is none. */
bool text_next(char **at, char *end, struct text_pair *pair, bool *bad);
void parameters_default(struct parameters *p);
/* One operational key: the answer goes to *out. False: a key that may not come now or came twice. */
bool negotiate_key(struct connection *c, const struct text_pair *pair, struct buffer *out);
void negotiate_declare(struct connection *c, struct buffer *out); /* ours, once */
void buffer_key(struct buffer *out, const char *key, const char *value);
/* One step of CHAP. login_status; *proven when the initiator is who it says. */
struct chap_keys {
    const char *algorithms, *name, *response, *identifier, *challenge;
};
enum login_status chap_step(struct connection *c, const struct chap_keys *keys, struct buffer *out,
                            bool *proven);
bool target_needs_chap(const struct target *t, const struct node *n);
void discovery_send_targets(struct connection *c, const char *which, struct buffer *out);
void text_request(struct connection *c);

/* ---- task.c, scsi.c, data_out.c ------------------------------------------------------------------- */
struct task *task_create(struct connection *c);
void task_free(struct task *t);
void task_free_spares(struct connection *c);
struct task *task_find(struct connection *c, uint32_t tag);
void task_leave(struct task *t);            /* the list; its answer is being made */
/* Ends a task without an answer. */
void task_drop(struct task *t);
void scsi_command_begin(struct connection *c);
void scsi_command_finish(struct connection *c);
/* All data-out is here: on its way to the array. */
void scsi_execute(struct task *t);
void scsi_answer(struct task *t);
void scsi_refuse(struct task *t, uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq);
void data_out_begin(struct connection *c);
void data_out_finish(struct connection *c);
void data_out_start(struct task *t);        /* after the command: unsolicited data, R2Ts or execution */
void task_request(struct connection *c);
/* The task set of the array: in, when the command is taken (else refused), and what is let go by others. */
void task_admit(struct task *t, unsigned attribute);
void task_kick(struct event *e);
/* At the array: executed and answered now, or waiting for its turn. */
void scsi_arrive(struct task *t);

/* ---- portal.c, faults.c, control.c ------------------------------------------------------------- */
bool portal_open(struct portal *p, struct text_error *error);
void portal_close(struct portal *p);
void portal_cut(struct portal *p, const struct node *n); /* its connections, of one node or all */
void portal_link(struct portal *p, bool up);
bool portal_has_fault(unsigned kind);       /* enum fabric_fault: what the wire can do as well */
unsigned portal_fault(struct portal *p);    /* takes one waiting fault; PORTAL_FAULTS: none */
bool portal_answers(const struct portal *p); /* some controller behind it is up */
__attribute__((format(printf, 3, 4))) void target_log(struct target *t, const char *peer,
                                                      const char *format, ...);
bool faults_start(struct target *t, struct text_error *error);
void faults_stop(struct target *t);
bool faults_apply(struct target *t, const struct topology_action *action, struct text_error *error);
bool control_open(struct target *t, struct text_error *error);
void control_close(struct target *t);

#endif
