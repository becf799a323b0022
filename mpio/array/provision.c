/* SPDX-License-Identifier: MIT */
/*
 * Block commands that carry more than data: UNMAP, WRITE SAME, COMPARE AND WRITE and GET LBA STATUS
 * (SBC-3 5.28, 5.42, 5.2, 5.6). Every list is judged as a whole before the first block changes.
 */
#include "internal.h"

#include <string.h>

#define UNMAP_HEADER     8u
#define UNMAP_DESCRIPTOR 16u
#define STATUS_DESCRIPTOR 16u
#define MAX_STATUS_BLOCKS (UINT64_C(1) << 24) /* looked at by one command, about */

static bool unmap_list_valid(struct request *r, const uint8_t *list, unsigned count)
{
    uint64_t total = 0;

    if (count > ARRAY_MAX_UNMAP_DESCRIPTORS) {
        array_invalid_parameter(r, 2);
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *d = list + UNMAP_HEADER + i * UNMAP_DESCRIPTOR;
        uint32_t blocks = get_32(d + 8);
        if (blocks && !array_in_range(r, get_64(d), blocks))
            return false;
        total += blocks;
        if (total > ARRAY_MAX_UNMAP_BYTES / r->lun->block_size) {
            array_invalid_parameter(r, (unsigned)(d + 8 - list));
            return false;
        }
    }
    return true;
}

void array_unmap(struct request *r)
{
    uint16_t length = get_16(r->cmd->cdb + 7);
    unsigned shift = r->lun->block_shift;

    const uint8_t *list = array_parameters(r, length);
    if (!list || length == 0)
        return;
    if (length < UNMAP_HEADER) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return;
    }
    unsigned told = get_16(list + 2), there = length - UNMAP_HEADER;
    unsigned count = (told < there ? told : there) / UNMAP_DESCRIPTOR;
    if (!unmap_list_valid(r, list, count))
        return;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *d = list + UNMAP_HEADER + i * UNMAP_DESCRIPTOR;
        enum media_result result =
            array_store_unmap(r, get_64(d) << shift, (uint64_t)get_32(d + 8) << shift);
        if (result != MEDIA_GOOD) {
            array_media_failed(r, result);
            return;
        }
    }
}

static bool is_zero(const uint8_t *block, size_t size)
{
    return block[0] == 0 && memcmp(block, block + 1, size - 1) == 0;
}

void array_write_same(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    bool wide = cdb[0] == 0x93;
    uint64_t lba = wide ? get_64(cdb + 2) : get_32(cdb + 2);
    uint64_t blocks = wide ? get_32(cdb + 10) : get_16(cdb + 7);
    uint32_t size = r->lun->block_size;
    unsigned shift = r->lun->block_shift;
    bool no_data = wide && cdb[1] & 0x01; /* NDOB */
    bool unmap = cdb[1] & 0x08;
    const uint8_t *block = NULL;

    if (blocks == 0 && lba < r->lun->blocks)
        blocks = r->lun->blocks - lba; /* no number: up to the last (WSNZ is 0) */
    if (blocks > ARRAY_MAX_WRITE_SAME_BYTES / size) {
        array_invalid_cdb(r, wide ? 10 : 7);
        return;
    }
    if (!array_in_range(r, lba, blocks))
        return;
    if (!no_data && !(block = array_parameters(r, size)))
        return;

    enum media_result result = MEDIA_GOOD;
    uint64_t offset = lba << shift, length = blocks << shift;
    bool zeros = no_data || is_zero(block, size);
    if (zeros && unmap)
        result = array_store_unmap(r, offset, length);
    else if (zeros) /* takes space in the pool, as every write does, but no memory here */
        result = array_store_zero(r, offset, length);
    else if (!media_fits(&r->lun->media, offset, length))
        result = MEDIA_NO_SPACE;
    else
        for (uint64_t i = 0; i < blocks && result == MEDIA_GOOD; i++)
            result = array_store(r, (lba + i) << shift, block, size, false);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}

void array_compare_and_write(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint64_t lba = get_64(cdb + 2), offset = lba << r->lun->block_shift;
    uint32_t bytes = (uint32_t)cdb[13] << r->lun->block_shift;
    size_t at;

    if (cdb[13] > ARRAY_MAX_COMPARE_AND_WRITE) {
        array_invalid_cdb(r, 13);
        return;
    }
    if (!array_in_range(r, lba, cdb[13]) || cdb[13] == 0) /* no blocks are no error (SBC-3 5.2) */
        return;
    const uint8_t *data = array_parameters(r, 2 * bytes);
    if (!data)
        return;
    enum media_result result = media_compare(&r->lun->media, offset, data, bytes, &at);
    if (result == MEDIA_DIFFERENT) {
        array_check_information(r, SENSE_MISCOMPARE, ASC_MISCOMPARE, at);
        return;
    }
    if (result == MEDIA_GOOD)
        result = array_store(r, offset, data + bytes, bytes, cdb[1] & 0x08);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}

struct array_space array_space(const struct lun *lun)
{
    const struct media *m = &lun->media;
    uint64_t all = ((lun->blocks << lun->block_shift) + MEDIA_CHUNK - 1) / MEDIA_CHUNK;

    if (!m->pool)
        return (struct array_space){all - (m->chunks < all ? m->chunks : all), m->chunks, false};
    return (struct array_space){m->pool->size - (m->pool->used < m->pool->size ? m->pool->used
                                                                              : m->pool->size),
                                m->chunks, true};
}

/* One descriptor per run of blocks in the same state, from the starting LBA as far as they fit
 * and as one command looks: at least one, also for an allocation length too short to hold it. */
void array_get_lba_status(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint64_t lba = get_64(cdb + 2), start = lba, end = r->lun->blocks;
    uint32_t allocation = get_32(cdb + 10);
    unsigned shift = r->lun->block_shift;
    struct reply reply = reply_begin(r, allocation);

    if (!array_in_range(r, lba, 1))
        return;
    reply_64(&reply, 0);
    do {
        uint64_t count = 0, run;
        bool mapped = media_mapped(&r->lun->media, lba << shift, &run);
        do {
            count += run >> shift ? run >> shift : 1;
        } while (lba + count < end && count < MAX_STATUS_BLOCKS &&
                 media_mapped(&r->lun->media, (lba + count) << shift, &run) == mapped);
        if (count > end - lba)
            count = end - lba;
        if (count > UINT32_MAX)
            count = UINT32_MAX;
        reply_64(&reply, lba);
        reply_32(&reply, (uint32_t)count);
        reply_8(&reply, mapped ? 0 : 1); /* mapped or unknown, deallocated */
        reply_zero(&reply, 3);
        lba += count;
    } while (lba < end && lba - start < MAX_STATUS_BLOCKS &&
             reply.size + STATUS_DESCRIPTOR <= reply.room);
    reply_set32(&reply, 0, reply.size - 4);
    reply_end(&reply, r, allocation);
}
