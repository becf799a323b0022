/* SPDX-License-Identifier: MIT */
/*
 * Data of writes: what comes unasked for (InitialR2T=No), and R2Ts for the rest, at most MaxBurstLength each
 * and MaxOutstandingR2T at a time. DataPDUInOrder and DataSequenceInOrder are Yes, so each Data-Out must
 * continue where the one before ended. At ErrorRecoveryLevel 0 a wrong DataSN ends the task, a wrong place or
 * length the session.
 */
#include "target/internal.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool request_burst(struct task *t)
{
    struct connection *c = t->connection;
    struct burst *b = &t->bursts[t->burst_count];
    struct output *o = output_new(c, R2T);

    if (!o)
        return false;
    if (++c->next_tag == PDU_NO_TAG)
        c->next_tag = 1;
    *b = (struct burst){c->next_tag, t->requested,
                        t->requested + smaller(c->parameters.max_burst, t->expected - t->requested)};
    t->burst_count++;
    t->requested = b->end;
    for (unsigned i = 0; i < 8; i++)
        o->header[AT_LUN + i] = t->scsi.lun[i];
    put_32(o->header + AT_TAG, t->tag);
    put_32(o->header + AT_TRANSFER_TAG, b->tag);
    output_numbers(c, o, false);
    put_32(o->header + AT_DATA_SN, t->r2t_sn++);
    put_32(o->header + AT_OFFSET, b->offset);
    put_32(o->header + AT_DESIRED, b->end - b->offset);
    output_queue(c, o, NULL, 0);
    return true;
}

/* What is refused needs no more data than what is on its way. */
static void go_on(struct task *t)
{
    if (t->received == t->expected || (t->refused && t->burst_count == 0)) {
        scsi_execute(t);
        return;
    }
    while (!t->refused && t->requested < t->expected && t->burst_count < t->connection->parameters.max_r2t)
        if (!request_burst(t))
            return;
}

void data_out_start(struct task *t)
{
    t->unsolicited_end = smaller(t->connection->parameters.first_burst, t->expected);
    t->requested = t->received;
    if (!t->unsolicited)
        go_on(t);
}

void data_out_begin(struct connection *c)
{
    struct task *t = task_find(c, get_32(c->header + AT_TAG));
    uint32_t tag = get_32(c->header + AT_TRANSFER_TAG), sn = get_32(c->header + AT_DATA_SN);
    uint32_t offset = get_32(c->header + AT_OFFSET), end;

    if (!t || t->phase != TASK_COLLECTING || !t->write) {
        c->ignored = true; /* aborted meanwhile */
        return;
    }
    if (tag == PDU_NO_TAG ? !t->unsolicited : t->unsolicited || t->burst_count == 0 || t->bursts[0].tag != tag) {
        connection_fail(c, "Data-Out that nobody asked for");
        return;
    }
    end = t->unsolicited ? t->unsolicited_end : t->bursts[0].end;
    /* A gap is a PDU lost: without recovery R2Ts the task ends badly when its data has come to an end
     * (RFC 7143 7.8, 7.9): protocol service CRC error. */
    if (sn != t->data_sn) {
        target_log(c->target, c->peer, "portal %u: DataSN %u, expected %u: the task fails", c->portal->index, sn,
                   t->data_sn);
        scsi_refuse(t, 0x02, 0x0B, 0x47, 0x05);
        t->data_sn = sn;
    }
    if (offset != t->received || c->data_length > end - offset)
        connection_fail(c, "Data-Out of %u bytes at %u; expected %u to %u", c->data_length, offset, t->received, end);
    else if (!(c->header[1] & PDU_FINAL) && c->data_length == end - offset)
        connection_fail(c, "Data-Out at the end of its burst without the final bit");
    if (c->ended)
        return;
    c->receiving = t;
    c->sink = t->refused ? NULL : t->data + offset;
}

void data_out_finish(struct connection *c)
{
    struct task *t = c->receiving;

    if (!t)
        return; /* aborted while its data came */
    c->receiving = NULL;
    t->received += c->data_length;
    t->data_sn++;
    if (!(c->header[1] & PDU_FINAL))
        return;
    if (!t->unsolicited && t->received != t->bursts[0].end) {
        connection_fail(c, "a burst ended at %u, asked for was %u", t->received, t->bursts[0].end);
        return;
    }
    t->data_sn = 0;
    if (t->unsolicited) {
        t->unsolicited = false;
        t->requested = t->received;
    } else {
        t->burst_count--;
        for (unsigned i = 0; i < t->burst_count; i++)
            t->bursts[i] = t->bursts[i + 1];
    }
    go_on(t);
}
