/* SPDX-License-Identifier: MIT */
/*
 * Block stamps for the data checker: every block a checked writer puts on the media says where it
 * belongs, which write it is, who wrote it and in which run, and is closed by a checksum. A stale,
 * torn, lost or misdirected block then tells what it is.
 */
#ifndef MPIO_ARRAY_STAMP_H
#define MPIO_ARRAY_STAMP_H

#include <stddef.h>
#include <stdint.h>

struct block_stamp {
    uint64_t lba;
    uint64_t generation;  /* counts the writes of this block, from 1 */
    uint32_t writer;      /* machine and LUN ordinal of the writer */
    uint32_t lun;
    uint64_t seed;
};

enum stamp_verdict { STAMP_GOOD, STAMP_NEVER_WRITTEN /* all zero */, STAMP_TORN /* checksum wrong */,
                     STAMP_MISDIRECTED /* another LBA or LUN */, STAMP_FOREIGN /* another run or writer */ };

/* Fills one block: the stamp, a pattern made from it, and the checksum in the last 4 bytes.
 * block_size at least 64. */
void stamp_fill(void *block, size_t block_size, const struct block_stamp *stamp);
/* Reads a block back. `expected` gives lba, lun, writer and seed; *found receives what the block says
 * (valid for GOOD, MISDIRECTED, FOREIGN). The generation is left to the caller to judge. */
enum stamp_verdict stamp_check(const void *block, size_t block_size, const struct block_stamp *expected,
                               struct block_stamp *found);
const char *stamp_verdict_name(enum stamp_verdict verdict);

/* CRC-32C (Castagnoli), continued from `crc` (0 to start). Hardware instruction when there is one. */
uint32_t crc32c(uint32_t crc, const void *data, size_t length);

#endif
