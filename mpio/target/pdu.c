/* SPDX-License-Identifier: MIT */
/*
 * Full-feature PDUs: the command window, the small ones (NOP, logout, SNACK, reject, asynchronous messages)
 * and the way to the others. ErrorRecoveryLevel 0: what cannot be right ends the session.
 */
#include "target/internal.h"

#include <stdlib.h>
#include <string.h>

static uint8_t opcode_of(const struct connection *c)
{
    return c->header[0] & 0x3f;
}

/* ---- command window (RFC 7143 4.2.2.1) ----------------------------------------------------------- */
bool pdu_in_order(struct connection *c)
{
    uint32_t sn = get_32(c->header + AT_CMD_SN);
    int32_t ahead = (int32_t)(sn - c->exp_cmd_sn);

    if (c->header[0] & PDU_IMMEDIATE)
        return true;
    if (ahead == 0 && c->window_used < TARGET_WINDOW)
        return true;
    /* Outside the window: silence is the answer. Inside, but not the next: on the one connection of a
     * session nothing can come later that fills the gap. */
    if (ahead > 0 && (uint32_t)ahead < TARGET_WINDOW - c->window_used)
        connection_fail(c, "CmdSN %u, expected %u", sn, c->exp_cmd_sn);
    return false;
}

void pdu_count(struct connection *c)
{
    c->exp_cmd_sn += !(c->header[0] & PDU_IMMEDIATE);
}

/* ---- reject and asynchronous messages ------------------------------------------------------------ */
void pdu_reject(struct connection *c, enum reject_reason reason)
{
    uint8_t *copy = malloc(PDU_HEADER);
    struct output *o = copy ? output_new(c, REJECT) : NULL;

    if (!o) {
        free(copy);
        return;
    }
    memcpy(copy, c->header, PDU_HEADER);
    o->owned = copy;
    o->header[2] = (uint8_t)reason;
    put_32(o->header + AT_TAG, PDU_NO_TAG);
    output_numbers(c, o, true);
    output_queue(c, o, copy, PDU_HEADER);
}

void pdu_async(struct connection *c, enum async_event event, const uint8_t lun[8], uint8_t key,
               uint8_t asc, uint8_t ascq)
{
    struct output *o;
    uint8_t *sense = NULL;

    if (!c->full || c->ended || !(o = output_new(c, ASYNC_MESSAGE)))
        return;
    if (event == ASYNC_SCSI && (sense = calloc(1, 20)) != NULL) {
        memcpy(o->header + AT_LUN, lun, 8);
        put_16(sense, 18);
        sense[2] = 0x70;
        sense[4] = key;
        sense[9] = 10;
        sense[14] = asc;
        sense[15] = ascq;
        o->owned = sense;
    }
    put_32(o->header + AT_TAG, PDU_NO_TAG);
    o->header[36] = (uint8_t)event;
    if (event == ASYNC_LOGOUT)
        put_16(o->header + 42, 3); /* seconds to do it in */
    output_numbers(c, o, true);
    output_queue(c, o, sense, sense ? 20 : 0);
    connection_settle_soon(c);
}

/* ---- NOP ---------------------------------------------------------------------------------------- */
void pdu_ping(struct connection *c)
{
    struct output *o = output_new(c, NOP_IN);

    if (!o)
        return;
    put_32(o->header + AT_TAG, PDU_NO_TAG);
    if (++c->next_tag == PDU_NO_TAG)
        c->next_tag = 1;
    put_32(o->header + AT_TRANSFER_TAG, c->next_tag);
    output_numbers(c, o, false);
    output_queue(c, o, NULL, 0);
}

static void nop_out(struct connection *c)
{
    struct output *o;

    if (get_32(c->header + AT_TAG) == PDU_NO_TAG)
        return; /* an answer to our ping; any byte is a sign of life */
    if (!(o = output_new(c, NOP_IN)))
        return;
    memcpy(o->header + AT_LUN, c->header + AT_LUN, 12); /* LUN and tag */
    put_32(o->header + AT_TRANSFER_TAG, PDU_NO_TAG);
    pdu_count(c);
    output_numbers(c, o, true);
    uint32_t length = c->data_length < c->parameters.max_send ? c->data_length : c->parameters.max_send;
    o->owned = c->segment;
    output_queue(c, o, c->segment, length);
    c->segment = NULL;
}

/* ---- logout --------------------------------------------------------------------------------------- */
enum { CLOSE_SESSION, CLOSE_CONNECTION, REMOVE_FOR_RECOVERY };
enum { LOGGED_OUT, NO_SUCH_CONNECTION, NO_RECOVERY };

static void logout_request(struct connection *c)
{
    unsigned reason = c->header[1] & 0x7f;
    struct output *o = output_new(c, LOGOUT_RESPONSE);
    unsigned answer = LOGGED_OUT;

    if (!o)
        return;
    if (reason == REMOVE_FOR_RECOVERY)
        answer = NO_RECOVERY;
    else if (reason > REMOVE_FOR_RECOVERY ||
             (reason == CLOSE_CONNECTION && get_16(c->header + AT_CID) != c->login->cid))
        answer = NO_SUCH_CONNECTION;
    o->header[2] = (uint8_t)answer;
    memcpy(o->header + AT_TAG, c->header + AT_TAG, 4);
    put_16(o->header + 40, (uint16_t)c->parameters.time2wait);
    put_16(o->header + 42, (uint16_t)c->parameters.time2retain);
    pdu_count(c);
    output_numbers(c, o, true);
    output_queue(c, o, NULL, 0);
    if (answer == LOGGED_OUT)
        connection_end(c, false);
}

/* ---- dispatch -------------------------------------------------------------------------------------- */
/* The small PDUs keep their data segment, as long as it is not out of all proportion. */
static void keep_segment(struct connection *c, uint32_t limit)
{
    if (c->data_length > limit)
        connection_fail(c, "%u bytes of data with opcode %02x; at most %u", c->data_length, opcode_of(c), limit);
    else if (c->data_length > 0 && !(c->sink = c->segment = malloc(c->data_length + 1)))
        connection_end(c, true);
}

static void in_order_or_ignored(struct connection *c)
{
    c->ignored = !pdu_in_order(c);
}

void pdu_begin(struct connection *c)
{
    switch (opcode_of(c)) {
    case SCSI_COMMAND:
        if (c->discovery)
            connection_fail(c, "SCSI command in a discovery session");
        else
            scsi_command_begin(c);
        break;
    case DATA_OUT:
        if (c->discovery)
            connection_fail(c, "data in a discovery session");
        else
            data_out_begin(c);
        break;
    case NOP_OUT:
        if (get_32(c->header + AT_TAG) == PDU_NO_TAG && !(c->header[0] & PDU_IMMEDIATE))
            connection_fail(c, "NOP-Out without a tag that is not immediate");
        else
            in_order_or_ignored(c);
        if (!c->ended)
            keep_segment(c, TARGET_SEGMENT);
        break;
    case TEXT_REQUEST:
        in_order_or_ignored(c);
        if (!c->ended)
            keep_segment(c, TARGET_MAX_TEXT);
        break;
    case TASK_REQUEST:
    case LOGOUT_REQUEST:
        in_order_or_ignored(c);
        break;
    default:
        break;
    }
}

void pdu_finish(struct connection *c)
{
    uint8_t opcode = opcode_of(c);

    if (c->ignored)
        return;
    switch (opcode) {
    case SCSI_COMMAND:
        scsi_command_finish(c);
        break;
    case DATA_OUT:
        data_out_finish(c);
        break;
    case NOP_OUT:
        nop_out(c);
        break;
    case TEXT_REQUEST:
        text_request(c);
        break;
    case TASK_REQUEST:
        if (c->discovery)
            connection_fail(c, "task management in a discovery session");
        else
            task_request(c);
        break;
    case LOGOUT_REQUEST:
        logout_request(c);
        break;
    case SNACK_REQUEST:
        pdu_reject(c, REJECT_SNACK);
        break;
    case LOGIN_REQUEST:
        connection_fail(c, "login request in the full-feature phase");
        break;
    default:
        pdu_reject(c, REJECT_NOT_SUPPORTED);
        break;
    }
}

void pdu_damaged(struct connection *c)
{
    if (c->ignored)
        return;
    target_log(c->target, c->peer, "portal %u: data digest error, opcode %02x", c->portal->index, opcode_of(c));
    pdu_reject(c, REJECT_DATA_DIGEST);
    if (opcode_of(c) == DATA_OUT && c->receiving) {
        /* No recovery R2T at level 0: the task ends badly when its data has come to an end. */
        scsi_refuse(c->receiving, 0x02, 0x0B, 0x47, 0x05);
        data_out_finish(c);
    } else if (c->receiving) {
        task_drop(c->receiving);
    }
}
