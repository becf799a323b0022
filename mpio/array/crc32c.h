/* SPDX-License-Identifier: MIT */
/*
 * The table-driven CRC-32C behind crc32c() of stamp.h, named so that a test can compare the two.
 */
#ifndef MPIO_ARRAY_CRC32C_H
#define MPIO_ARRAY_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t length);

#endif
