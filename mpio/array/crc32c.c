/* SPDX-License-Identifier: MIT */
/*
 * CRC-32C (Castagnoli, reflected polynomial 82F63B78h): with the SSE 4.2 instruction where the CPU
 * has it, else four bits at a time from a table of 16 words. Both give the same value on every
 * host.
 */
#include "crc32c.h"
#include "stamp.h"

#include <string.h>

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const uint8_t *p = data;

    crc = ~crc;
    for (; length; length--, p++) {
        crc ^= *p;
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

#if defined(__x86_64__) || defined(__i386__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const void *data,
                                                               size_t length)
{
    const uint8_t *p = data;
    uintptr_t wide = (uint32_t)~crc, word;

    for (; length >= sizeof word; length -= sizeof word, p += sizeof word) {
        memcpy(&word, p, sizeof word);
#ifdef __x86_64__
        wide = __builtin_ia32_crc32di(wide, word);
#else
        wide = __builtin_ia32_crc32si(wide, word);
#endif
    }
    crc = (uint32_t)wide;
    for (; length; length--, p++)
        crc = __builtin_ia32_crc32qi(crc, *p);
    return ~crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t length)
{
#if defined(__x86_64__) || defined(__i386__)
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_sse42(crc, data, length);
#endif
    return crc32c_portable(crc, data, length);
}
