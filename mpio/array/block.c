/* SPDX-License-Identifier: MIT */
/*
 * The block commands of everyday use: READ, WRITE, WRITE AND VERIFY, VERIFY and SYNCHRONIZE CACHE
 * in all their CDB lengths (SBC-3). Runs for every I/O: no allocation once a media chunk exists.
 */
#include "internal.h"

struct extent {
    uint64_t lba;
    uint32_t blocks;
};

/* The group code in the top three bits of the opcode gives the CDB's shape. */
static struct extent decode(const uint8_t *cdb)
{
    switch (cdb[0] >> 5) {
    case 0:
        return (struct extent){get_24(cdb + 1) & 0x1FFFFF, cdb[4] ? cdb[4] : 256};
    case 4:
        return (struct extent){get_64(cdb + 2), get_32(cdb + 10)};
    case 5:
        return (struct extent){get_32(cdb + 2), get_32(cdb + 6)};
    default:
        return (struct extent){get_32(cdb + 2), get_16(cdb + 7)};
    }
}

bool array_in_range(struct request *r, uint64_t lba, uint64_t count)
{
    uint64_t blocks = r->lun->blocks;

    if (lba < blocks && count <= blocks - lba)
        return true;
    array_check(r, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
    return false;
}

/* Transfer length and, behind it, the range. No protection information: RDPROTECT, WRPROTECT and
 * VRPROTECT must be zero. DPO and FUA need no action, as every write is on the media at once. */
static bool transfer_allowed(struct request *r, struct extent e)
{
    static const uint8_t length_at[8] = {4, 7, 7, 0, 10, 6, 0, 0};
    const uint8_t *cdb = r->cmd->cdb;

    if (cdb[0] >> 5 && cdb[1] & 0xE0) {
        array_invalid_cdb(r, 1);
        return false;
    }
    if (e.blocks > r->lun->max_blocks) {
        array_invalid_cdb(r, length_at[cdb[0] >> 5]);
        return false;
    }
    return array_in_range(r, e.lba, e.blocks);
}

void array_media_failed(struct request *r, enum media_result result)
{
    switch (result) {
    case MEDIA_READ_FAILED:
        array_check(r, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
        break;
    case MEDIA_NO_SPACE:
        array_check(r, SENSE_DATA_PROTECT, ASC_SPACE_ALLOCATION_FAILED);
        break;
    default:
        array_check(r, SENSE_MEDIUM_ERROR, ASC_WRITE_ERROR);
        break;
    }
}

void array_read(struct request *r)
{
    struct array_cmd *cmd = r->cmd;
    struct extent e = decode(cmd->cdb);
    uint32_t room = array_room(cmd, false);

    if (!transfer_allowed(r, e))
        return;
    cmd->wanted = e.blocks << r->lun->block_shift;
    room = cmd->wanted < room ? cmd->wanted : room;
    enum media_result result =
        media_read(&r->lun->media, e.lba << r->lun->block_shift, cmd->data, room);
    if (result == MEDIA_GOOD)
        cmd->transferred = room;
    else
        array_media_failed(r, result);
}

/* With less data than the CDB announces the whole blocks that came are written; the initiator sees
 * the rest as residual overflow. */
void array_write(struct request *r)
{
    struct array_cmd *cmd = r->cmd;
    struct extent e = decode(cmd->cdb);
    uint32_t room = array_room(cmd, true);

    if (!transfer_allowed(r, e))
        return;
    cmd->wanted = e.blocks << r->lun->block_shift;
    room = cmd->wanted < room ? cmd->wanted : room & ~(r->lun->block_size - 1);
    enum media_result result =
        media_write(&r->lun->media, e.lba << r->lun->block_shift, cmd->data, room);
    if (result == MEDIA_GOOD)
        cmd->transferred = room;
    else
        array_media_failed(r, result);
}

/* Compares `blocks` blocks; `step` is how far the data advances per block: 0 compares them all with
 * one and the same block. */
static void compare(struct request *r, struct extent e, uint32_t step)
{
    const uint8_t *data = r->cmd->data;
    uint32_t size = r->lun->block_size;

    for (uint32_t i = 0; i < e.blocks; i++) {
        size_t at;
        enum media_result result = media_compare(&r->lun->media, (e.lba + i) << r->lun->block_shift,
                                                 data + (size_t)i * step, size, &at);
        if (result == MEDIA_GOOD)
            continue;
        if (result == MEDIA_DIFFERENT)
            array_check_information(r, SENSE_MISCOMPARE, ASC_MISCOMPARE, (uint64_t)i * step + at);
        else
            array_media_failed(r, result);
        return;
    }
}

void array_verify(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);
    uint32_t block = r->lun->block_size;
    unsigned bytchk = r->cmd->cdb[1] >> 1 & 0x03;

    if (bytchk == 2) {
        array_invalid_cdb(r, 1);
        return;
    }
    if (bytchk == 0) { /* the media check themselves: nothing moves, any length goes */
        if (r->cmd->cdb[1] & 0xE0)
            array_invalid_cdb(r, 1);
        else
            array_in_range(r, e.lba, e.blocks);
        return;
    }
    if (!transfer_allowed(r, e) || e.blocks == 0)
        return;
    if (array_parameters(r, bytchk == 1 ? e.blocks << r->lun->block_shift : block))
        compare(r, e, bytchk == 1 ? block : 0);
}

void array_synchronize_cache(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);

    if (!array_in_range(r, e.lba, e.blocks))
        return;
    enum media_result result = media_flush(&r->lun->media);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}
