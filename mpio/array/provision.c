/* SPDX-License-Identifier: MIT */
/*
 * Block commands that carry more than data: UNMAP, WRITE SAME and COMPARE AND WRITE (SBC-3 5.28,
 * 5.42, 5.2). Every list is judged as a whole before the first block changes.
 */
#include "internal.h"

#include <string.h>

#define UNMAP_HEADER     8u
#define UNMAP_DESCRIPTOR 16u

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
    const uint8_t *cdb = r->cmd->cdb;
    uint16_t length = get_16(cdb + 7);
    unsigned shift = r->lun->block_shift;

    if (cdb[1] & 0x01) { /* ANCHOR */
        array_invalid_cdb(r, 1);
        return;
    }
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
            media_zero(&r->lun->media, get_64(d) << shift, (uint64_t)get_32(d + 8) << shift);
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
    uint32_t blocks = wide ? get_32(cdb + 10) : get_16(cdb + 7);
    uint32_t size = r->lun->block_size;
    unsigned shift = r->lun->block_shift;
    bool no_data = wide && cdb[1] & 0x01; /* NDOB */
    const uint8_t *block = NULL;

    if (cdb[1] & 0xF0) { /* WRPROTECT, ANCHOR */
        array_invalid_cdb(r, 1);
        return;
    }
    if (blocks == 0 || blocks > ARRAY_MAX_WRITE_SAME_BYTES / size) {
        array_invalid_cdb(r, wide ? 10 : 7);
        return;
    }
    if (!array_in_range(r, lba, blocks))
        return;
    if (!no_data && !(block = array_parameters(r, size)))
        return;

    enum media_result result = MEDIA_GOOD;
    if (no_data || is_zero(block, size)) /* with or without the UNMAP bit, zeros need no space */
        result = media_zero(&r->lun->media, lba << shift, (uint64_t)blocks << shift);
    else
        for (uint32_t i = 0; i < blocks && result == MEDIA_GOOD; i++)
            result = media_write(&r->lun->media, (lba + i) << shift, block, size);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}

void array_compare_and_write(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint64_t lba = get_64(cdb + 2), offset = lba << r->lun->block_shift;
    uint32_t bytes = (uint32_t)cdb[13] << r->lun->block_shift;
    size_t at;

    if (cdb[1] & 0xE0) {
        array_invalid_cdb(r, 1);
        return;
    }
    if (!array_in_range(r, lba, cdb[13]) || cdb[13] == 0)
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
        result = media_write(&r->lun->media, offset, data + bytes, bytes);
    if (result != MEDIA_GOOD)
        array_media_failed(r, result);
}
