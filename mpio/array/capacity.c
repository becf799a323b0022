/* SPDX-License-Identifier: MIT */
/*
 * What a disk says about itself without touching its blocks: TEST UNIT READY, READ CAPACITY,
 * START STOP UNIT. The obsolete PMI bit and its LBA are refused by the command table.
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

    reply_32(&reply, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
    reply_32(&reply, r->lun->block_size);
    reply_end(&reply, r, 8);
}

void array_read_capacity16(struct request *r)
{
    uint32_t allocation = get_32(r->cmd->cdb + 10);
    const struct lun *lun = r->lun;
    unsigned thin = lun->media.kind == ARRAY_MEDIA_NULL ? 0x8000 : 0xC000; /* LBPME, LBPRZ */
    struct reply reply = reply_begin(r, allocation);

    reply_64(&reply, lun->blocks - 1);
    reply_32(&reply, lun->block_size);
    reply_8(&reply, 0);
    reply_8(&reply, lun->physical_exponent);
    reply_16(&reply, (uint16_t)(thin | lun->first_aligned));
    reply_zero(&reply, 32 - reply.size);
    reply_end(&reply, r, allocation);
}

/* Power conditions change nothing but what REQUEST SENSE says until the next media access, as with
 * any disk that can do everything in idle and standby, only later. */
void array_start_stop(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    struct lun *lun = r->lun;
    bool start = cdb[4] & 0x01;

    switch (cdb[4] >> 4) {
    case 0x0: /* START_VALID */
        if (!start && !array_may_access(r, ACCESS_WRITE)) {
            array_conflict(r);
            return;
        }
        if (!start && !(cdb[4] & 0x04)) /* NO_FLUSH */
            array_flush(lun, 0, 0);
        lun->stopped = !start;
        lun->low_power = 0;
        break;
    case 0x1: /* ACTIVE */
    case 0x7: /* LU_CONTROL: the unit decides, and stays active */
        lun->stopped = false;
        lun->low_power = 0;
        break;
    case 0x2: /* IDLE */
    case 0xA: /* FORCE_IDLE_0 */
        lun->stopped = false;
        lun->low_power = ASC_IDLE_BY_COMMAND;
        break;
    case 0x3: /* STANDBY */
    case 0xB: /* FORCE_STANDBY_0 */
        lun->stopped = false;
        lun->low_power = ASC_STANDBY_BY_COMMAND;
        break;
    default:
        array_invalid_cdb(r, 4);
        break;
    }
}
