/* SPDX-License-Identifier: MIT */
/*
 * The pool's insides, for pool.c, pool_arena.c, pool_report.c and lookaside.c.
 *
 * A block: 32 bytes of header, the driver's bytes, 8 bytes of rear canary. Blocks of one class lie at
 * equal distances in units of 64 KiB; requests of a page or more are page aligned, with the header at
 * the end of the page before. Addresses depend on the sequence of requests only.
 * One OS thread; nothing here blocks, so nothing guards the lists. Any IRQL <= DISPATCH_LEVEL.
 */
#ifndef MPIO_NT_POOL_H
#define MPIO_NT_POOL_H

#include "nt/kernel.h"

#ifdef _WIN64
#define NT_POOL_ARENA_DEFAULT  ((SIZE_T)1 << 30)
#define NT_POOL_ARENA_MAXIMUM  ((SIZE_T)1 << 36)     /* one slot of the address plan */
#else
#define NT_POOL_ARENA_DEFAULT  ((SIZE_T)1 << 27)
#define NT_POOL_ARENA_MAXIMUM  ((SIZE_T)1 << 28)
#endif
#define NT_POOL_BLOCK_MAXIMUM  ((SIZE_T)0x7FFFF000)
#define NT_POOL_UNIT           ((SIZE_T)65536)
#define NT_POOL_QUARANTINE     256u                  /* freed blocks that are not handed out yet */
#define NT_POOL_HELD_BYTES     ((SIZE_T)65536)       /* larger ones skip the quarantine */
#define NT_POOL_WATCHED_BYTES  64u                   /* head of a freed block that must stay untouched */
#define NT_POOL_CLASSES        176u
#define NT_POOL_FILL_NEW       0xCD                  /* what uninitialised memory looks like to a driver */
#define NT_POOL_FILL_FREED     0xDD

typedef struct _NT_POOL_BLOCK {
    union {
        PDRIVER_OBJECT Owner;               /* live; NULL = the framework */
        struct _NT_POOL_BLOCK *Next;        /* on a free list */
    };
    ULONG Size;
    ULONG Tag;
    UCHAR Class;
    UCHAR Paged;
    USHORT Reserved;
    ULONG Sequence;                         /* of the allocation, for reports */
    ULONGLONG Canary;                       /* NT_POOL_LIVE or NT_POOL_FREED, mixed with the address */
} NT_POOL_BLOCK, *PNT_POOL_BLOCK;
C_ASSERT(sizeof(NT_POOL_BLOCK) == 32);

#define NT_POOL_LIVE  0x4C49564530B10C4Bull
#define NT_POOL_FREED 0x465245450DEADB10ull
#define NT_POOL_REAR  0x5245415243414E59ull

typedef struct _NT_POOL {
    PUCHAR Base;
    SIZE_T Bytes;
    ULONG Units, UsedUnits;
    UCHAR *UnitClass;                       /* per unit: class + 1, 0 = unused, 0xFF = inside a block */
    SIZE_T Stride[NT_POOL_CLASSES];
    PNT_POOL_BLOCK Free[NT_POOL_CLASSES];
    PUCHAR Carve[NT_POOL_CLASSES];          /* next block never used, header address; NULL = take a unit */
    PNT_POOL_BLOCK Quarantine[NT_POOL_QUARANTINE];
    ULONG QuarantineNext;
    ULONG Sequence;
    ULONGLONG Allocations, Frees, LiveBytes, LiveBlocks, LookasideMisses;
    ULONGLONG FailCountdown;                /* 0 = off; 1 = the next one fails */
} NT_POOL, *PNT_POOL;

/* pool_arena.c: geometry. */
BOOLEAN NtPoolArenaCreate(PNT_POOL Pool, unsigned MachineOrdinal, SIZE_T Bytes);
/* Class of a block for Size bytes; NT_POOL_CLASSES when that is too much. */
ULONG NtPoolClass(SIZE_T Size, BOOLEAN CacheAligned);
SIZE_T NtPoolFirst(ULONG Class); /* offset of the first header in a unit */
SIZE_T NtPoolRoom(PNT_POOL Pool, ULONG Class); /* bytes behind a header that are the block's own */
/* A block that was never used; NULL when the arena is full. */
PNT_POOL_BLOCK NtPoolCarve(PNT_POOL Pool, ULONG Class);
/* TRUE if a block header can lie there: in a carved unit, at the right distance. */
BOOLEAN NtPoolIsBlock(PNT_POOL Pool, const NT_POOL_BLOCK *Block);

/* pool.c. Owner: the foreign driver that answers for the block; NULL = the framework. */
#define NT_POOL_PAGED         1u
#define NT_POOL_CACHE_ALIGNED 2u
#define NT_POOL_ZERO          4u
PVOID NtPoolAllocate(PNT_MACHINE Kernel, ULONG Flags, SIZE_T Bytes, ULONG Tag, PDRIVER_OBJECT Owner);
VOID NtPoolFree(PNT_MACHINE Kernel, PVOID Memory, ULONG Tag);
/* fail-Nth: TRUE when this allocation for Owner is the one to fail. Counts it. */
static inline BOOLEAN NtPoolFailsNow(PNT_MACHINE Kernel, PDRIVER_OBJECT Owner)
{
    return Owner != NULL && Kernel->Pool->FailCountdown != 0 && --Kernel->Pool->FailCountdown == 0;
}
BOOLEAN NtPoolIsPaged(PNT_POOL Pool, PVOID Memory); /* FALSE for what is no live block */
/* The foreign driver whose code at Caller asked for memory, or NULL. */
PDRIVER_OBJECT NtPoolOwner(PVOID Caller);
ULONG NtPoolTypeFlags(POOL_TYPE Type);

#endif
