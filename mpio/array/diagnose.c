/* SPDX-License-Identifier: MIT */
/*
 * SEND DIAGNOSTIC, RECEIVE DIAGNOSTIC RESULTS, READ BUFFER and WRITE BUFFER (SPC-4 6.42, 6.21, 6.15,
 * 6.49) as far as a disk without microcode needs them: the self-test passes, the only diagnostic
 * page is the list of pages, and the echo buffer gives back what this nexus wrote last.
 */
#include "internal.h"

#include <string.h>

#define SELF_TEST 0x04
#define PAGE_FORMAT 0x10

enum buffer_mode {
    BUFFER_DESCRIPTOR = 0x03,
    BUFFER_ECHO = 0x0A,
    BUFFER_ECHO_DESCRIPTOR = 0x0B,
};

void array_send_diagnostic(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint16_t length = get_16(cdb + 3);
    unsigned code = cdb[1] >> 5;

    /* Codes 1, 2, 5 and 6 are the short and extended tests, 4 aborts one in the background. */
    if (code == 3 || code == 7 || (code && cdb[1] & (SELF_TEST | PAGE_FORMAT))) {
        array_invalid_cdb(r, 1);
        return;
    }
    if (length == 0)
        return;
    if (code || cdb[1] & SELF_TEST) { /* a self-test takes no list */
        array_invalid_cdb(r, 3);
        return;
    }
    const uint8_t *list = array_parameters(r, length);
    if (!list)
        return;
    if (length < 4 || get_16(list + 2) != length - 4u)
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    else if (list[0] != 0 || length != 4)
        array_invalid_parameter(r, list[0] ? 0 : 2);
}

void array_receive_diagnostic(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint16_t allocation = get_16(cdb + 3);
    struct reply reply = reply_begin(r, allocation);

    if (cdb[1] & 0x01 && cdb[2] != 0) { /* PCV with another page than the list */
        array_invalid_cdb(r, 2);
        return;
    }
    reply_16(&reply, 0);
    reply_16(&reply, 1);
    reply_8(&reply, 0);
    reply_end(&reply, r, allocation);
}

void array_write_buffer(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t length = get_24(cdb + 6);

    if (cdb[1] != BUFFER_ECHO) {
        array_invalid_cdb(r, 1);
        return;
    }
    if (length > ARRAY_ECHO_BYTES) {
        array_invalid_cdb(r, 6);
        return;
    }
    const uint8_t *data = array_parameters(r, length);
    if (!data || length == 0)
        return;
    struct lun_notes *notes = array_notes(r->lun);
    if (!notes) {
        array_check(r, SENSE_HARDWARE_ERROR, ASC_INTERNAL_FAILURE);
        return;
    }
    memcpy(notes->echo, data, length);
    notes->echo_length = (uint16_t)length;
    notes->echo_owner = r->nexus;
}

/* Another nexus has written since: its data are not this one's to read (SPC-4 6.15.7). */
static void read_echo(struct reply *reply, struct request *r)
{
    const struct lun_notes *notes = r->lun->notes;

    if (notes && notes->echo_length && notes->echo_owner == r->nexus)
        reply_bytes(reply, notes->echo, notes->echo_length);
    else
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_COMMAND_SEQUENCE);
}

void array_read_buffer(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t allocation = get_24(cdb + 6);
    struct reply reply = reply_begin(r, allocation);

    switch (cdb[1]) {
    case BUFFER_DESCRIPTOR: /* no buffer but the echo buffer: zero length for every id */
        reply_32(&reply, 0);
        break;
    case BUFFER_ECHO:
        read_echo(&reply, r);
        break;
    case BUFFER_ECHO_DESCRIPTOR:
        reply_16(&reply, 0);
        reply_16(&reply, ARRAY_ECHO_BYTES);
        break;
    default:
        array_invalid_cdb(r, 1);
        break;
    }
    if (r->cmd->status == SCSI_GOOD)
        reply_end(&reply, r, allocation);
}
