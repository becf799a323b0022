/* SPDX-License-Identifier: MIT */
/*
 * What a disk says about itself without touching its blocks: TEST UNIT READY, READ CAPACITY,
 * START STOP UNIT.
 */
#include "internal.h"

void array_test_unit_ready(struct request *r)
{
    if (r->lun->stopped)
        array_check(r, SENSE_NOT_READY, ASC_START_REQUIRED);
}

void array_read_capacity10(struct request *r)
{
    uint64_t last = r->lun->blocks - 1;
    struct reply reply = reply_begin(r, 8);

    if (get_32(r->cmd->cdb + 2) != 0 || r->cmd->cdb[8] & 0x01) { /* PMI and its LBA are obsolete */
        array_invalid_cdb(r, r->cmd->cdb[8] & 0x01 ? 8 : 2);
        return;
    }
    reply_32(&reply, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
    reply_32(&reply, r->lun->block_size);
    reply_end(&reply, r, 8);
}

void array_read_capacity16(struct request *r)
{
    uint32_t allocation = get_32(r->cmd->cdb + 10);
    struct reply reply = reply_begin(r, allocation);

    if (get_64(r->cmd->cdb + 2) != 0 || r->cmd->cdb[14] & 0x01) {
        array_invalid_cdb(r, r->cmd->cdb[14] & 0x01 ? 14 : 2);
        return;
    }
    reply_64(&reply, r->lun->blocks - 1);
    reply_32(&reply, r->lun->block_size);
    reply_16(&reply, 0);
    reply_8(&reply, r->lun->media.kind == ARRAY_MEDIA_NULL ? 0x80 : 0xC0); /* LBPME, LBPRZ */
    reply_zero(&reply, 32 - reply.size);
    reply_end(&reply, r, allocation);
}

void array_start_stop(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    bool start = cdb[4] & 0x01;

    if (cdb[4] & 0xF2) { /* power conditions and LOEJ: a fixed disk has neither */
        array_invalid_cdb(r, 4);
        return;
    }
    if (!start && !array_may_access(r, ACCESS_WRITE)) {
        array_conflict(r);
        return;
    }
    r->lun->stopped = !start;
}
