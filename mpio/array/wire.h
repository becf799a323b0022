/* SPDX-License-Identifier: MIT */
/*
 * Big-endian fields of CDBs and parameter data. The caller vouches for the bounds.
 */
#ifndef MPIO_ARRAY_WIRE_H
#define MPIO_ARRAY_WIRE_H

#include <stdint.h>

static inline uint16_t get_16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t get_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | get_24(p + 1);
}

static inline uint64_t get_64(const uint8_t *p)
{
    return (uint64_t)get_32(p) << 32 | get_32(p + 4);
}

static inline void put_16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void put_32(uint8_t *p, uint32_t value)
{
    put_16(p, (uint16_t)(value >> 16));
    put_16(p + 2, (uint16_t)value);
}

static inline void put_64(uint8_t *p, uint64_t value)
{
    put_32(p, (uint32_t)(value >> 32));
    put_32(p + 4, (uint32_t)value);
}

#endif
