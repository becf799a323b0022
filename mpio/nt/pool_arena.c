/* SPDX-License-Identifier: MIT */
/*
 * Geometry of the pool: where the arena lies, size classes, and carving of fresh blocks. Classes step
 * by 16 bytes up to 1 KiB, then four to a doubling; from one page on they count pages. Pages of the
 * arena are zero until first used. Any IRQL <= DISPATCH_LEVEL; see pool.h.
 */
#include <stdlib.h>

#include "nt/pool.h"

/* One slot of the address plan per machine, outside the window of PE images; another plan under ASan,
 * whose shadow memory lies there. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_PLAN 0x0000200000000000ull
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_PLAN 0x0000200000000000ull
#endif
#endif
#ifndef ARENA_PLAN
#ifdef _WIN64
#define ARENA_PLAN 0x0000060000000000ull
#else
#define ARENA_PLAN 0x70000000ull
#endif
#endif

#define SMALL_CLASSES  64u  /* strides 16, 32 ... 1024 */
#define MIDDLE_CLASSES 80u  /* 64 + geometric index in steps of 256 bytes */
#define FIRST_PAGES    MIDDLE_CLASSES

#define SMALL_MACHINE  ((SIZE_T)8 << 20) /* a machine of many LUNs uses more, and then the TLB counts */

/* Index of the smallest m * 2^k >= Count with m in 4..7; Count >= 4. */
static ULONG GeometricIndex(SIZE_T Count)
{
    ULONG shift = 61u - (ULONG)__builtin_clzll(Count);
    SIZE_T mantissa = (Count + ((SIZE_T)1 << shift) - 1) >> shift;

    return 4 * shift + (ULONG)(mantissa - 4); /* 8 comes out as 4 of the next doubling */
}

static SIZE_T GeometricValue(ULONG Index)
{
    return (SIZE_T)(4 + Index % 4) << (Index / 4);
}

ULONG NtPoolClass(SIZE_T Size, BOOLEAN CacheAligned)
{
    SIZE_T total = sizeof(NT_POOL_BLOCK) + Size + sizeof(ULONGLONG);
    SIZE_T pages;
    ULONG class;

    if (Size >= PAGE_SIZE) {
        pages = 1 + (Size + sizeof(ULONGLONG) + PAGE_SIZE - 1) / PAGE_SIZE;
        class = FIRST_PAGES + (pages < 4 ? (ULONG)pages : 4 + GeometricIndex(pages));
        return class < NT_POOL_CLASSES && Size <= NT_POOL_BLOCK_MAXIMUM ? class : NT_POOL_CLASSES;
    }
    if (CacheAligned) {
        total = (total + 63) & ~(SIZE_T)63; /* multiples of 64 keep every block of the unit aligned */
    }
    if (total <= 16 * SMALL_CLASSES) {
        return (ULONG)((total + 15) / 16) - 1;
    }
    return SMALL_CLASSES + GeometricIndex((total + 255) / 256);
}

static SIZE_T StrideOf(ULONG Class)
{
    ULONG pages = Class - FIRST_PAGES;

    if (Class < SMALL_CLASSES) {
        return 16 * ((SIZE_T)Class + 1);
    }
    if (Class < MIDDLE_CLASSES) {
        return 256 * GeometricValue(Class - SMALL_CLASSES);
    }
    return PAGE_SIZE * (pages < 4 ? pages : GeometricValue(pages - 4));
}

SIZE_T NtPoolFirst(ULONG Class)
{
    return Class < FIRST_PAGES ? sizeof(NT_POOL_BLOCK) : PAGE_SIZE - sizeof(NT_POOL_BLOCK);
}

/* A block of pages ends with its last page, one header before its stride does: beyond a run lies somebody else's unit. */
SIZE_T NtPoolRoom(PNT_POOL Pool, ULONG Class)
{
    return Pool->Stride[Class] - (Class < FIRST_PAGES ? sizeof(NT_POOL_BLOCK) : PAGE_SIZE);
}

/* Small blocks lie in their stride one header further on than blocks of pages. */
static SIZE_T Shift(ULONG Class)
{
    return Class < FIRST_PAGES ? sizeof(NT_POOL_BLOCK) : 0;
}

BOOLEAN NtPoolArenaCreate(PNT_POOL Pool, unsigned MachineOrdinal, SIZE_T Bytes)
{
    SIZE_T bytes = Bytes == 0 ? NT_POOL_ARENA_DEFAULT : Bytes;

    bytes = (bytes + NT_POOL_UNIT - 1) & ~(NT_POOL_UNIT - 1);
    if (bytes > NT_POOL_ARENA_MAXIMUM) {
        return FALSE;
    }
    Pool->Units = (ULONG)(bytes / NT_POOL_UNIT);
    Pool->UnitClass = calloc(Pool->Units, 1);
    if (Pool->UnitClass == NULL) {
        return FALSE;
    }
    for (ULONG class = 0; class < NT_POOL_CLASSES; class++) {
        Pool->Stride[class] = StrideOf(class);
    }
    Pool->Bytes = bytes;
    Pool->Base = host_map_at(ARENA_PLAN + MachineOrdinal * NT_POOL_ARENA_MAXIMUM, bytes);
    if (Pool->Base == NULL) { /* another world of this process sits there */
        PUCHAR mapped = host_map(bytes + NT_POOL_UNIT);
        if (mapped != NULL) {
            SIZE_T skip = (SIZE_T)(-(ULONG_PTR)mapped & (NT_POOL_UNIT - 1));
            if (skip != 0) {
                host_unmap(mapped, skip);
            }
            host_unmap(mapped + skip + bytes, NT_POOL_UNIT - skip);
            Pool->Base = mapped + skip;
        }
    }
    if (Pool->Base == NULL) {
        free(Pool->UnitClass);
        return FALSE;
    }
    if (bytes > SMALL_MACHINE) {
        host_prefer_large_pages(Pool->Base + SMALL_MACHINE, bytes - SMALL_MACHINE);
    }
    return TRUE;
}

/* Units for blocks of a class: one for many small blocks, or a run for one large block. */
static BOOLEAN TakeUnits(PNT_POOL Pool, ULONG Class)
{
    SIZE_T stride = Pool->Stride[Class];
    SIZE_T units = stride <= NT_POOL_UNIT / 2 ? 1 : (stride + NT_POOL_UNIT - 1) / NT_POOL_UNIT;

    if (units > Pool->Units - Pool->UsedUnits) {
        return FALSE;
    }
    Pool->Carve[Class] = Pool->Base + Pool->UsedUnits * NT_POOL_UNIT + NtPoolFirst(Class);
    Pool->UnitClass[Pool->UsedUnits] = (UCHAR)(Class + 1);
    for (SIZE_T i = 1; i < units; i++) {
        Pool->UnitClass[Pool->UsedUnits + i] = 0xFF;
    }
    Pool->UsedUnits += (ULONG)units;
    return TRUE;
}

PNT_POOL_BLOCK NtPoolCarve(PNT_POOL Pool, ULONG Class)
{
    PNT_POOL_BLOCK block;
    SIZE_T stride = Pool->Stride[Class];
    SIZE_T offset;

    if (Pool->Carve[Class] == NULL && !TakeUnits(Pool, Class)) {
        return NULL;
    }
    block = (PNT_POOL_BLOCK)(PVOID)Pool->Carve[Class];
    offset = ((SIZE_T)(Pool->Carve[Class] - Pool->Base) & (NT_POOL_UNIT - 1)) - NtPoolFirst(Class);
    if (stride <= NT_POOL_UNIT / 2 && offset + 2 * stride + Shift(Class) <= NT_POOL_UNIT) {
        Pool->Carve[Class] += stride;
    } else {
        Pool->Carve[Class] = NULL;
    }
    return block;
}

BOOLEAN NtPoolIsBlock(PNT_POOL Pool, const NT_POOL_BLOCK *Block)
{
    SIZE_T offset = (ULONG_PTR)Block - (ULONG_PTR)Pool->Base;
    SIZE_T unit = offset / NT_POOL_UNIT;
    UCHAR mark = unit < Pool->UsedUnits ? Pool->UnitClass[unit] : 0;
    ULONG class = mark - 1u;
    PUCHAR carve;

    if (mark == 0 || mark == 0xFF) {
        return FALSE;
    }
    offset %= NT_POOL_UNIT;
    if (offset < NtPoolFirst(class) || (offset - NtPoolFirst(class)) % Pool->Stride[class] != 0) {
        return FALSE;
    }
    if (offset != NtPoolFirst(class) &&
        offset - NtPoolFirst(class) + Shift(class) + Pool->Stride[class] > NT_POOL_UNIT) {
        return FALSE;
    }
    carve = Pool->Carve[class]; /* not handed out yet: the rest of the unit carved now */
    return carve == NULL || (ULONG_PTR)Block < (ULONG_PTR)carve ||
           (SIZE_T)(carve - Pool->Base) / NT_POOL_UNIT != unit;
}
