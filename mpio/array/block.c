/* SPDX-License-Identifier: MIT */
/*
 * The block commands of everyday use: READ, WRITE, WRITE AND VERIFY, VERIFY, ORWRITE, PRE-FETCH and
 * SYNCHRONIZE CACHE in all their CDB lengths (SBC-3). Runs for every I/O: no allocation once a media
 * chunk exists. The command table has refused protection fields and group numbers.
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

/* Transfer length and, behind it, the range. */
static bool transfer_allowed(struct request *r, struct extent e)
{
    static const uint8_t length_at[8] = {4, 7, 7, 0, 10, 6, 0, 0};

    if (e.blocks > r->lun->max_blocks) {
        array_invalid_cdb(r, length_at[r->cmd->cdb[0] >> 5]);
        return false;
    }
    return array_in_range(r, e.lba, e.blocks);
}

/* FUA; the six-byte commands have none. */
static bool through_cache(const uint8_t *cdb)
{
    return cdb[0] >> 5 && cdb[1] & 0x08;
}

void array_media_failed(struct request *r, enum media_result result)
{
    switch (result) {
    case MEDIA_READ_FAILED:
        r->lun->read.errors++;
        array_check(r, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
        break;
    case MEDIA_NO_SPACE:
        array_check(r, SENSE_DATA_PROTECT, ASC_SPACE_ALLOCATION_FAILED);
        break;
    default:
        r->lun->write.errors++;
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
    if (result != MEDIA_GOOD) {
        array_media_failed(r, result);
        return;
    }
    cmd->transferred = room;
    r->lun->read.bytes += room;
}

/* With less data than the CDB announces the whole blocks that came are written; the initiator sees
 * the rest as residual overflow. */
static void write_blocks(struct request *r, bool through)
{
    struct array_cmd *cmd = r->cmd;
    struct extent e = decode(cmd->cdb);
    uint32_t room = array_room(cmd, true);

    if (!transfer_allowed(r, e))
        return;
    cmd->wanted = e.blocks << r->lun->block_shift;
    room = cmd->wanted < room ? cmd->wanted : room & ~(r->lun->block_size - 1);
    enum media_result result =
        array_store(r, e.lba << r->lun->block_shift, cmd->data, room, through);
    if (result != MEDIA_GOOD) {
        array_media_failed(r, result);
        return;
    }
    cmd->transferred = room;
    r->lun->write.bytes += room;
}

void array_write(struct request *r)
{
    write_blocks(r, through_cache(r->cmd->cdb));
}

/* All of it or nothing, also when the power fails: never in the volatile cache, and no part of it when
 * data are missing. The table refuses atomic boundaries, whose bytes decode() reads as zero. */
void array_write_atomic(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);

    if (e.blocks > ARRAY_MAX_ATOMIC_BYTES / r->lun->block_size)
        array_invalid_cdb(r, 12);
    else if (array_in_range(r, e.lba, e.blocks) &&
             array_parameters(r, e.blocks << r->lun->block_shift))
        write_blocks(r, true);
}

/* Verified on the medium, so never left in the cache. What was written is what is there, whichever
 * way it is compared; the byte check only has one form. */
void array_write_and_verify(struct request *r)
{
    if (r->cmd->cdb[1] & 0x04) {
        array_invalid_cdb(r, 1);
        return;
    }
    write_blocks(r, true);
    r->lun->verify.bytes += r->cmd->transferred;
}

/* Reads, ORs and writes back; all the data must be there. */
void array_or_write(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);
    unsigned shift = r->lun->block_shift;
    uint8_t block[4096];

    if (!transfer_allowed(r, e))
        return;
    const uint8_t *data = array_parameters(r, e.blocks << shift);
    if (!data)
        return;
    if (!media_fits(&r->lun->media, e.lba << shift, (uint64_t)e.blocks << shift)) {
        array_media_failed(r, MEDIA_NO_SPACE);
        return;
    }
    for (uint32_t i = 0; i < e.blocks; i++) {
        uint64_t offset = (e.lba + i) << shift;
        enum media_result result = media_read(&r->lun->media, offset, block, r->lun->block_size);
        for (uint32_t at = 0; at < r->lun->block_size; at++)
            block[at] |= data[((size_t)i << shift) + at];
        if (result == MEDIA_GOOD)
            result = array_store(r, offset, block, r->lun->block_size,
                                 through_cache(r->cmd->cdb));
        if (result != MEDIA_GOOD) {
            array_media_failed(r, result);
            return;
        }
    }
    r->lun->write.bytes += (uint64_t)e.blocks << shift;
}

/* Everything is as fast as it gets. GOOD, not CONDITION MET: the cache may hold less. */
void array_prefetch(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);

    if (e.blocks > r->lun->max_blocks)
        array_invalid_cdb(r, r->cmd->cdb[0] == 0x90 ? 10 : 7);
    else
        array_in_range(r, e.lba, e.blocks);
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
        r->lun->verify.errors++;
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
        if (array_in_range(r, e.lba, e.blocks))
            r->lun->verify.bytes += (uint64_t)e.blocks << r->lun->block_shift;
        return;
    }
    if (!transfer_allowed(r, e) || e.blocks == 0)
        return;
    if (!array_parameters(r, bytchk == 1 ? e.blocks << r->lun->block_shift : block))
        return;
    compare(r, e, bytchk == 1 ? block : 0);
    r->lun->verify.bytes += (uint64_t)e.blocks << r->lun->block_shift;
}

void array_synchronize_cache(struct request *r)
{
    struct extent e = decode(r->cmd->cdb);

    if (!array_in_range(r, e.lba, e.blocks))
        return;
    enum media_result result = array_flush(r->lun, e.lba, e.blocks);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}
