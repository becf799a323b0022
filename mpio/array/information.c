/* SPDX-License-Identifier: MIT */
/*
 * What an initiator may leave with a logical unit and read back: identifying information and the
 * timestamp (SPC-4 6.32, 6.44; 6.36, 6.45).
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define INFORMATION_DEVICE    0x00 /* peripheral device identifying information */
#define INFORMATION_SUPPORTED 0x7F /* the list of types, with their sizes */
#define TICKS_PER_MS          10000u
#define TIMESTAMP_BYTES       12u
#define ORIGIN_POWER_ON       0x00
#define ORIGIN_SET            0x02

void array_report_identifying_information(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t allocation = get_32(cdb + 6);
    unsigned type = cdb[10] >> 1;
    const struct lun_notes *notes = r->lun->notes;
    struct reply reply = reply_begin(r, allocation);

    reply_16(&reply, 0);
    if (type == INFORMATION_DEVICE) {
        reply_16(&reply, notes ? notes->length : 0);
        if (notes)
            reply_bytes(&reply, notes->information, notes->length);
    } else if (type == INFORMATION_SUPPORTED) {
        reply_16(&reply, 2 * 4);
        reply_16(&reply, INFORMATION_DEVICE << 9);
        reply_16(&reply, ARRAY_MAX_INFORMATION);
        reply_16(&reply, INFORMATION_SUPPORTED << 9);
        reply_16(&reply, 0);
    } else {
        array_invalid_cdb(r, 10);
        return;
    }
    reply_end(&reply, r, allocation);
}

struct lun_notes *array_notes(struct lun *lun)
{
    if (!lun->notes)
        lun->notes = calloc(1, sizeof *lun->notes);
    return lun->notes;
}

void array_forget_notes(struct lun *lun, const struct array_nexus *n)
{
    if (!lun->notes)
        return;
    if (!n || lun->notes->echo_owner == n)
        lun->notes->echo_length = 0;
    if (!n)
        lun->notes->time_set = false;
}

void array_set_identifying_information(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t length = get_32(cdb + 6);

    if (cdb[10] >> 1 != INFORMATION_DEVICE) {
        array_invalid_cdb(r, 10);
        return;
    }
    if (length > ARRAY_MAX_INFORMATION) {
        array_invalid_cdb(r, 6);
        return;
    }
    const uint8_t *information = array_parameters(r, length);
    if (!information)
        return;
    struct lun_notes *notes = array_notes(r->lun);
    if (!notes) {
        array_check(r, SENSE_HARDWARE_ERROR, ASC_INTERNAL_FAILURE);
        return;
    }
    memcpy(notes->information, information, length);
    notes->length = (uint16_t)length;
    array_attention_all(r->array, r->lun, r->nexus, ASC_IDENTIFIER_CHANGED);
}

static uint64_t milliseconds(const struct array *a)
{
    return a->config.now ? a->config.now(a->config.clock) / TICKS_PER_MS : 0;
}

void array_report_timestamp(struct request *r)
{
    uint32_t allocation = get_32(r->cmd->cdb + 6);
    const struct lun_notes *notes = r->lun->notes;
    bool set = notes && notes->time_set;
    uint64_t time = milliseconds(r->array) + (set ? notes->time_offset : 0);
    struct reply reply = reply_begin(r, allocation);

    reply_16(&reply, TIMESTAMP_BYTES - 2);
    reply_8(&reply, set ? ORIGIN_SET : ORIGIN_POWER_ON);
    reply_8(&reply, 0);
    reply_16(&reply, (uint16_t)(time >> 32));
    reply_32(&reply, (uint32_t)time);
    reply_16(&reply, 0);
    reply_end(&reply, r, allocation);
}

void array_set_timestamp(struct request *r)
{
    uint32_t length = get_32(r->cmd->cdb + 6);
    const uint8_t *list;

    if (length == 0)
        return;
    if (length != TIMESTAMP_BYTES) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return;
    }
    list = array_parameters(r, length);
    if (!list)
        return;
    struct lun_notes *notes = array_notes(r->lun);
    if (!notes) {
        array_check(r, SENSE_HARDWARE_ERROR, ASC_INTERNAL_FAILURE);
        return;
    }
    notes->time_set = true;
    notes->time_offset =
        ((uint64_t)get_16(list + 4) << 32 | get_32(list + 6)) - milliseconds(r->array);
    array_attention_all(r->array, r->lun, r->nexus, ASC_TIMESTAMP_CHANGED);
}
