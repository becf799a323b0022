/* SPDX-License-Identifier: MIT */
/*
 * Block stamps. Layout, little-endian: mark 8, LBA 8, generation 8, seed 8, writer 4, LUN 4, then a
 * pattern made from these fields, and the CRC-32C of all before it in the last 4 bytes. The layout
 * is the same on every host, so that a media file can be checked elsewhere.
 */
#include "stamp.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define STAMP_MARK   UINT64_C(0x504D4154534F4950) /* "PIOSTAMP" */
#define STAMP_HEADER 40u
#define STAMP_MIN    64u

static void put_le(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

/* Written out, so that the compiler makes one store of it: the pattern is filled with this. */
static void put_le64(uint8_t *to, uint64_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
    to[3] = (uint8_t)(value >> 24);
    to[4] = (uint8_t)(value >> 32);
    to[5] = (uint8_t)(value >> 40);
    to[6] = (uint8_t)(value >> 48);
    to[7] = (uint8_t)(value >> 56);
}

static uint64_t get_le(const uint8_t *from, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

void stamp_fill(void *block, size_t block_size, const struct block_stamp *stamp)
{
    uint8_t *p = block;
    size_t end = block_size - 4;

    assert(block_size >= STAMP_MIN);
    put_le64(p, STAMP_MARK);
    put_le64(p + 8, stamp->lba);
    put_le64(p + 16, stamp->generation);
    put_le64(p + 24, stamp->seed);
    put_le(p + 32, stamp->writer, 4);
    put_le(p + 36, stamp->lun, 4);

    uint64_t pattern = (stamp->seed ^ stamp->lba) * UINT64_C(0x9E3779B97F4A7C15) +
                       stamp->generation * UINT64_C(0xBF58476D1CE4E5B9) + stamp->writer;
    size_t at = STAMP_HEADER;
    for (; end - at >= 8; at += 8, pattern += UINT64_C(0x94D049BB133111EB))
        put_le64(p + at, pattern);
    put_le(p + at, pattern, (unsigned)(end - at));
    put_le(p + end, crc32c(0, p, end), 4);
}

static bool all_zero(const uint8_t *p, size_t length)
{
    return p[0] == 0 && memcmp(p, p + 1, length - 1) == 0;
}

enum stamp_verdict stamp_check(const void *block, size_t block_size,
                               const struct block_stamp *expected, struct block_stamp *found)
{
    const uint8_t *p = block;
    size_t end = block_size - 4;

    assert(block_size >= STAMP_MIN);
    *found = (struct block_stamp){0};
    if (all_zero(p, block_size))
        return STAMP_NEVER_WRITTEN;
    if (get_le(p, 8) != STAMP_MARK || get_le(p + end, 4) != crc32c(0, p, end))
        return STAMP_TORN;

    found->lba = get_le(p + 8, 8);
    found->generation = get_le(p + 16, 8);
    found->seed = get_le(p + 24, 8);
    found->writer = (uint32_t)get_le(p + 32, 4);
    found->lun = (uint32_t)get_le(p + 36, 4);
    if (found->seed != expected->seed)
        return STAMP_FOREIGN;
    if (found->lba != expected->lba || found->lun != expected->lun)
        return STAMP_MISDIRECTED;
    return found->writer == expected->writer ? STAMP_GOOD : STAMP_FOREIGN;
}

const char *stamp_verdict_name(enum stamp_verdict verdict)
{
    switch (verdict) {
    case STAMP_GOOD:
        return "good";
    case STAMP_NEVER_WRITTEN:
        return "never written";
    case STAMP_TORN:
        return "torn";
    case STAMP_MISDIRECTED:
        return "misdirected";
    case STAMP_FOREIGN:
        return "foreign";
    }
    return "unknown";
}
