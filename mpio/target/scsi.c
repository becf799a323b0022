/* SPDX-License-Identifier: MIT */
/*
 * SCSI commands: from the PDU to the array and back. A portal without latency and faults executes a command
 * at once; else it travels as an event, like a command in the simulated fabric. The answer is made of the
 * task's own buffer, without a copy.
 */
#include "target/internal.h"

#include <stdlib.h>
#include <string.h>

enum { STATUS_CHECK = 0x02, STATUS_BUSY = 0x08, STATUS_TASK_SET_FULL = 0x28 };

void scsi_refuse(struct task *t, uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq)
{
    if (t->refused)
        return;
    t->refused = true;
    t->scsi.status = status;
    t->scsi.transferred = 0;
    t->scsi.wanted = 0;
    t->scsi.sense_length = 0;
    if (status != STATUS_CHECK)
        return;
    memset(t->scsi.sense, 0, 18);
    t->scsi.sense[0] = 0x70;
    t->scsi.sense[2] = key;
    t->scsi.sense[7] = 10;
    t->scsi.sense[12] = asc;
    t->scsi.sense[13] = ascq;
    t->scsi.sense_length = 18;
}

/* ---- command PDU ---------------------------------------------------------------------------------- */
/* The CDB with the rest that an additional header segment may bring. False: no such segment is known. */
static bool take_cdb(struct connection *c, struct task *t)
{
    const uint8_t *ahs = c->header + PDU_HEADER;
    unsigned left = 4u * c->header[4], length = 16;

    memcpy(t->cdb, c->header + AT_CDB, 16);
    while (left >= 4) {
        unsigned bytes = get_16(ahs); /* after the type byte */
        unsigned whole = (3 + bytes + 3) & ~3u;
        if (whole > left || ahs[2] != 1 || bytes < 2 || length != 16 || 16 + bytes - 1 > TARGET_MAX_CDB)
            return false;
        memcpy(t->cdb + 16, ahs + 4, bytes - 1);
        length += bytes - 1;
        ahs += whole;
        left -= whole;
    }
    t->scsi.cdb = t->cdb;
    t->scsi.cdb_length = (uint8_t)length;
    return true;
}

static void take_buffer(struct connection *c, struct task *t)
{
    struct target *target = c->target;

    if (t->expected > ARRAY_MAX_TRANSFER) {
        scsi_refuse(t, STATUS_CHECK, 0x05, 0x24, 0x00);
        return;
    }
    if (t->expected > TARGET_SESSION_DATA - c->data_bytes || t->expected > TARGET_TOTAL_DATA - target->data_bytes ||
        !(t->data = malloc(t->expected))) {
        scsi_refuse(t, STATUS_TASK_SET_FULL, 0, 0, 0);
        return;
    }
    t->room = t->expected;
    c->data_bytes += t->room;
    target->data_bytes += t->room;
}

static bool data_fits(struct connection *c, bool write, uint32_t expected)
{
    const struct parameters *p = &c->parameters;

    if (c->data_length == 0)
        return true;
    if (!write || !p->immediate_data)
        connection_fail(c, write ? "immediate data against ImmediateData=No" : "data with a command that writes nothing");
    else if (c->data_length > p->first_burst || c->data_length > expected)
        connection_fail(c, "%u bytes of immediate data; FirstBurstLength %u, expected %u", c->data_length,
                        p->first_burst, expected);
    return !c->ended;
}

void scsi_command_begin(struct connection *c)
{
    uint8_t flags = c->header[1];
    bool write = flags & COMMAND_WRITE, final = flags & PDU_FINAL;
    uint32_t tag = get_32(c->header + AT_TAG), expected = get_32(c->header + AT_EXPECTED_LENGTH);

    c->ignored = !pdu_in_order(c);
    if (c->ignored || c->ended)
        return;
    if (tag == PDU_NO_TAG || task_find(c, tag) || c->task_count == TARGET_MAX_TASKS) {
        pdu_reject(c, tag == PDU_NO_TAG ? REJECT_FIELD
                      : c->task_count == TARGET_MAX_TASKS ? REJECT_IMMEDIATE : REJECT_TASK_IN_PROGRESS);
        pdu_count(c);
        c->ignored = true;
        return;
    }
    if (!data_fits(c, write, expected))
        return;
    if (!final && (!write || c->parameters.initial_r2t)) {
        connection_fail(c, "a command that is not final; unsolicited data was not agreed on");
        return;
    }
    struct task *t = task_create(c);
    if (!t)
        return;
    t->tag = tag;
    t->cmd_sn = get_32(c->header + AT_CMD_SN);
    t->expected = write || flags & COMMAND_READ ? expected : 0;
    t->write = write;
    t->read = !write && flags & COMMAND_READ;
    t->unsolicited = !final;
    memcpy(t->scsi.lun, c->header + AT_LUN, 8);
    if (!take_cdb(c, t) || (write && flags & COMMAND_READ))
        scsi_refuse(t, STATUS_CHECK, 0x05, 0x24, 0x00); /* no bidirectional commands */
    else if (t->expected > 0)
        take_buffer(c, t);
    c->receiving = t;
    c->sink = t->refused ? NULL : t->data;
}

void scsi_command_finish(struct connection *c)
{
    struct task *t = c->receiving;

    pdu_count(c);
    if (!t)
        return; /* aborted while its data came */
    t->windowed = !(c->header[0] & PDU_IMMEDIATE);
    c->window_used += t->windowed;
    t->received = c->data_length;
    c->receiving = NULL;
    c->commands++;
    c->portal->commands++;
    task_admit(t, c->header[1] & COMMAND_ATTRIBUTE);
    if (t->write)
        data_out_start(t);
    else
        scsi_execute(t);
}

/* ---- answer ----------------------------------------------------------------------------------- */
struct residual {
    uint8_t flags;
    uint32_t count;
};

static struct residual residual_of(const struct task *t)
{
    uint32_t moved = t->write ? t->scsi.wanted : t->scsi.transferred;

    if (t->scsi.wanted > t->expected)
        return (struct residual){RESPONSE_OVERFLOW, t->scsi.wanted - t->expected};
    if (moved < t->expected)
        return (struct residual){RESPONSE_UNDERFLOW, t->expected - moved};
    return (struct residual){0, 0};
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The data, and with `collapsed` the status in the last PDU. Number of PDUs; 0 when memory is short. */
static uint32_t send_data(struct task *t, bool collapsed)
{
    struct connection *c = t->connection;
    const struct parameters *p = &c->parameters;
    struct residual r = residual_of(t);
    uint32_t length = t->scsi.transferred, sn = 0, burst_end = 0;

    for (uint32_t at = 0, size; at < length; at += size) {
        struct output *o = output_new(c, DATA_IN);
        if (!o)
            return 0;
        if (at == burst_end)
            burst_end = smaller(length, at + p->max_burst);
        size = smaller(p->max_send, burst_end - at);
        bool last = at + size == length;
        o->header[1] = at + size == burst_end ? PDU_FINAL : 0;
        put_32(o->header + AT_TAG, t->tag);
        put_32(o->header + AT_TRANSFER_TAG, PDU_NO_TAG);
        put_32(o->header + AT_DATA_SN, sn++);
        put_32(o->header + AT_OFFSET, at);
        output_numbers(c, o, last && collapsed);
        if (last && collapsed) {
            o->header[1] |= DATA_IN_STATUS | r.flags;
            o->header[3] = t->scsi.status;
            put_32(o->header + AT_RESIDUAL, r.count);
            o->task = t;
        } else {
            put_32(o->header + AT_STAT_SN, 0);
        }
        output_queue(c, o, t->data + at, size);
    }
    return sn;
}

static void send_response(struct task *t, uint32_t data_pdus)
{
    struct connection *c = t->connection;
    struct residual r = residual_of(t);
    unsigned sense = t->scsi.sense_length;
    uint8_t *data = NULL;
    struct output *o = output_new(c, SCSI_RESPONSE);

    if (!o || (sense > 0 && !(data = malloc(2u + sense)))) {
        connection_end(c, true);
        free(o);
        task_free(t);
        return;
    }
    o->header[1] |= r.flags;
    o->header[3] = t->scsi.status;
    put_32(o->header + AT_TAG, t->tag);
    put_32(o->header + AT_EXP_DATA_SN, data_pdus);
    put_32(o->header + AT_RESIDUAL, r.count);
    output_numbers(c, o, true);
    if (data) {
        put_16(data, (uint16_t)sense);
        memcpy(data + 2, t->scsi.sense, sense);
    }
    o->owned = data;
    o->task = t;
    output_queue(c, o, data, data ? 2 + sense : 0);
}

void scsi_answer(struct task *t)
{
    struct connection *c = t->connection;

    task_leave(t);
    c->read_bytes += t->read ? t->scsi.transferred : 0;
    c->written_bytes += t->write ? t->scsi.transferred : 0;
    if (!t->read || t->scsi.transferred == 0) {
        send_response(t, t->r2t_sn);
        return;
    }
    bool collapsed = t->scsi.status == 0 && t->scsi.sense_length == 0;
    uint32_t count = send_data(t, collapsed);
    if (count == 0)
        task_free(t);
    else if (!collapsed)
        send_response(t, count);
}

/* ---- to the array ------------------------------------------------------------------------------ */
static void on_answer(struct event *e)
{
    struct task *t = (struct task *)((char *)e - offsetof(struct task, event));
    struct connection *c = t->connection;

    scsi_answer(t);
    connection_settle_soon(c);
}

/* Out of the set first: what runs can neither be aborted nor abort itself. An answer may come later than it
 * was ready: the array said so (a slow report), or a fault did. */
static void run(struct task *t)
{
    struct connection *c = t->connection;
    struct world *w = c->target->world;

    array_task_done(&t->set);
    t->scsi.data = t->data;
    t->scsi.length = t->write ? t->received : t->room;
    t->scsi.out = t->write;
    t->phase = TASK_LOST;
    enum array_result result = array_execute(c->nexus, &t->scsi);
    uint64_t late = t->answer_late + t->scsi.delay_us * WORLD_US;
    if (result != ARRAY_DONE || t->answer_lost)
        return;
    if (late == 0) {
        scsi_answer(t);
        return;
    }
    t->event.run = on_answer;
    world_post(w, &t->event, world_now(w) + late, EVENT_INTERRUPT);
}

static struct task *next_of_set(struct array_nexus *n, const uint8_t lun[8])
{
    struct array_task *set = array_task_next(n, lun);

    return set ? (struct task *)((char *)set - offsetof(struct task, set)) : NULL;
}

void scsi_arrive(struct task *t)
{
    struct connection *c = t->connection;
    bool alone = t->set.unit == NULL;
    uint8_t lun[8];

    if (t->refused) {
        scsi_answer(t);
        return;
    }
    if (!t->set.started && !alone && !array_task_start(&t->set)) {
        t->phase = TASK_WAITING;
        return;
    }
    memcpy(lun, t->set.lun, 8);
    run(t);
    while (!alone && c->nexus && (t = next_of_set(c->nexus, lun)) != NULL) {
        /* It may start, but still collects data or travels: it goes on by itself. */
        if (t->phase != TASK_WAITING)
            continue;
        connection_settle_soon(t->connection);
        run(t);
    }
}

static void on_arrival(struct event *e)
{
    struct task *t = (struct task *)((char *)e - offsetof(struct task, event));
    struct connection *c = t->connection;

    scsi_arrive(t);
    connection_settle_soon(c);
}

static void travel(struct task *t, uint64_t extra)
{
    struct connection *c = t->connection;
    const struct portal *p = c->portal;
    struct world *w = c->target->world;
    uint64_t time = world_now(w) + p->latency + extra;

    if (p->jitter > 0)
        time += world_random_below(w, STREAM_FABRIC, p->jitter + 1);
    time += (t->expected * p->ns_per_kib / 1024 + 99) / 100;
    t->phase = TASK_FLYING;
    t->event.run = on_arrival;
    world_post(w, &t->event, time, EVENT_INTERRUPT);
}

void scsi_execute(struct task *t)
{
    struct portal *p = t->connection->portal;
    unsigned fault = t->refused ? PORTAL_FAULTS : portal_fault(p);
    uint64_t extra = 0;

    switch (fault) {
    case FABRIC_LOSE_COMMAND:
        t->phase = TASK_LOST;
        return;
    case FABRIC_LOSE_COMPLETION:
        t->answer_lost = true;
        break;
    case FABRIC_LATE_COMPLETION:
        t->answer_late = p->fault_value[fault];
        break;
    case FABRIC_SLOW:
    case FABRIC_LATE_COMMAND:
        extra = p->fault_value[fault];
        break;
    case FABRIC_BUSY:
        scsi_refuse(t, STATUS_BUSY, 0, 0, 0);
        break;
    case FABRIC_QUEUE_FULL:
        scsi_refuse(t, STATUS_TASK_SET_FULL, 0, 0, 0);
        break;
    default:
        break;
    }
    if (t->refused || p->latency + p->jitter + p->ns_per_kib + extra == 0)
        scsi_arrive(t);
    else
        travel(t, extra);
}
