/* SPDX-License-Identifier: MIT */
/*
 * Pool blocks: allocation, free, and the checks on both. Rules EX-POOL-01 (canaries in front and behind,
 * and the head of a freed block), -02 (not a block), -03 (tag), -04 (paged at DISPATCH), -06 (freed
 * twice), KE-TIMER-01 (a queued timer or DPC inside). Freed blocks wait in a quarantine before reuse and
 * are poisoned under AddressSanitizer meanwhile. IRQL <= DISPATCH_LEVEL; guards: see pool.h.
 */
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "nt/pool.h"

static inline ULONGLONG CanaryOf(const NT_POOL_BLOCK *Block, ULONGLONG Kind)
{
    return Kind ^ (ULONG_PTR)Block;
}

/* In numbers: the address may be anything. */
static inline PNT_POOL_BLOCK BlockOf(PVOID Memory)
{
    return (PNT_POOL_BLOCK)((ULONG_PTR)Memory - sizeof(NT_POOL_BLOCK));
}

static inline PUCHAR RearOf(PNT_POOL_BLOCK Block)
{
    return (PUCHAR)(Block + 1) + Block->Size;
}

static VOID WriteRear(PNT_POOL_BLOCK Block)
{
    ULONGLONG canary = CanaryOf(Block, NT_POOL_REAR);

    memcpy(RearOf(Block), &canary, sizeof(canary));
}

static BOOLEAN RearIsWhole(PNT_POOL_BLOCK Block)
{
    ULONGLONG canary;

    memcpy(&canary, RearOf(Block), sizeof(canary));
    return canary == CanaryOf(Block, NT_POOL_REAR);
}

/* ---- quarantine ---------------------------------------------------------------------------------- */

static const UCHAR FreedPattern[NT_POOL_WATCHED_BYTES] = {
    [0 ... NT_POOL_WATCHED_BYTES - 1] = NT_POOL_FILL_FREED};

/* The block leaves the quarantine: nobody may have written to its head since it was freed. */
static VOID Recycle(PNT_POOL Pool, PNT_POOL_BLOCK Block)
{
    PUCHAR memory = (PUCHAR)(Block + 1);
    ULONG watched = Block->Size < NT_POOL_WATCHED_BYTES ? Block->Size : NT_POOL_WATCHED_BYTES;

    host_unpoison(memory, watched);
    if (memcmp(memory, FreedPattern, watched) != 0) {
        NtBugCheckRule(RULE_POOL_CANARY, (ULONG_PTR)memory, Block->Size);
    }
    host_poison(memory, watched);
    Block->Next = Pool->Free[Block->Class];
    Pool->Free[Block->Class] = Block;
}

static VOID Retire(PNT_POOL Pool, PNT_POOL_BLOCK Block)
{
    ULONG watched = Block->Size < NT_POOL_WATCHED_BYTES ? Block->Size : NT_POOL_WATCHED_BYTES;
    PNT_POOL_BLOCK oldest;

    memset(Block + 1, NT_POOL_FILL_FREED, watched);
    host_poison(Block + 1, NtPoolRoom(Pool, Block->Class));
    if (Pool->Stride[Block->Class] > NT_POOL_HELD_BYTES) {
        Recycle(Pool, Block);
        return;
    }
    oldest = Pool->Quarantine[Pool->QuarantineNext];
    Pool->Quarantine[Pool->QuarantineNext] = Block;
    Pool->QuarantineNext = (Pool->QuarantineNext + 1) % NT_POOL_QUARANTINE;
    if (oldest != NULL) {
        Recycle(Pool, oldest);
    }
}

/* ---- allocation ------------------------------------------------------------------------------------ */

PVOID NtPoolAllocate(PNT_MACHINE Kernel, ULONG Flags, SIZE_T Bytes, ULONG Tag, PDRIVER_OBJECT Owner)
{
    PNT_POOL pool = Kernel->Pool;
    ULONG class = Bytes > NT_POOL_BLOCK_MAXIMUM
                      ? NT_POOL_CLASSES
                      : NtPoolClass(Bytes, (Flags & NT_POOL_CACHE_ALIGNED) != 0);
    PNT_POOL_BLOCK block;

    if (NtPoolFailsNow(Kernel, Owner) || class == NT_POOL_CLASSES) {
        return NULL;
    }
    block = pool->Free[class];
    if (block != NULL) {
        pool->Free[class] = block->Next;
    } else {
        block = NtPoolCarve(pool, class);
        if (block == NULL) {
            return NULL;
        }
    }
    block->Owner = Owner;
    block->Size = (ULONG)Bytes;
    block->Tag = Tag;
    block->Class = (UCHAR)class;
    block->Paged = (Flags & NT_POOL_PAGED) != 0;
    block->Sequence = pool->Sequence++;
    block->Canary = CanaryOf(block, NT_POOL_LIVE);
    host_unpoison(block + 1, NtPoolRoom(pool, class));
    if (Flags & NT_POOL_ZERO) {
        memset(block + 1, 0, Bytes);
    } else if (Owner != NULL) {
        memset(block + 1, NT_POOL_FILL_NEW, Bytes);
    }
    WriteRear(block);
    host_poison((PUCHAR)(block + 1) + Bytes, NtPoolRoom(pool, class) - Bytes);
    pool->Allocations++;
    pool->LiveBlocks++;
    pool->LiveBytes += Bytes;
    return block + 1;
}

/* ---- free ------------------------------------------------------------------------------------------ */

/* Something is wrong with the header: find the name for it. */
static DECLSPEC_NORETURN VOID BadFree(PNT_POOL Pool, PNT_POOL_BLOCK Block)
{
    if (!NtPoolIsBlock(Pool, Block)) {
        NtBugCheckRule(RULE_POOL_FREE, (ULONG_PTR)(Block + 1), 0);
    }
    if (Block->Canary == CanaryOf(Block, NT_POOL_FREED)) {
        NtBugCheckRule(RULE_POOL_TWICE, (ULONG_PTR)(Block + 1), 0);
    }
    NtBugCheckRule(RULE_POOL_CANARY, (ULONG_PTR)(Block + 1), Block->Size);
}

static ULONG PlainTag(ULONG Tag)
{
    return Tag & 0x7FFFFFFFu; /* the top bit once meant "protected": it takes no part in comparisons */
}

VOID NtPoolFree(PNT_MACHINE Kernel, PVOID Memory, ULONG Tag)
{
    PNT_POOL pool = Kernel->Pool;
    PNT_POOL_BLOCK block = BlockOf(Memory);
    SIZE_T room, offset = (ULONG_PTR)block - (ULONG_PTR)pool->Base;
    PVOID queued;

    if (offset >= pool->UsedUnits * NT_POOL_UNIT || ((ULONG_PTR)Memory & 15) != 0) {
        NtBugCheckRule(RULE_POOL_FREE, (ULONG_PTR)Memory, 0);
    }
#ifdef POOL_ASAN
    if (!NtPoolIsBlock(pool, block)) { /* its "header" may be poisoned */
        BadFree(pool, block);
    }
#endif
    if (block->Canary != CanaryOf(block, NT_POOL_LIVE) || block->Class >= NT_POOL_CLASSES) {
        BadFree(pool, block);
    }
    room = NtPoolRoom(pool, block->Class);
    host_unpoison(Memory, room);
    if (block->Size > room - sizeof(ULONGLONG) || !RearIsWhole(block)) {
        NtBugCheckRule(RULE_POOL_CANARY, (ULONG_PTR)Memory, block->Size);
    }
    if (Tag != 0 && PlainTag(Tag) != PlainTag(block->Tag)) {
        NtBugCheckRule(RULE_POOL_TAG, block->Tag, Tag);
    }
    if (Kernel->QueuedCount != 0) {
        queued = NtQueuedObjectSearch(Kernel, Memory, block->Size);
        if (queued != NULL) {
            NtBugCheckRule(RULE_TIMER_FREED, (ULONG_PTR)queued, 0);
        }
    }
    block->Canary = CanaryOf(block, NT_POOL_FREED);
    pool->Frees++;
    pool->LiveBlocks--;
    pool->LiveBytes -= block->Size;
    Retire(pool, block);
}

BOOLEAN NtPoolIsPaged(PNT_POOL Pool, PVOID Memory)
{
    PNT_POOL_BLOCK block = BlockOf(Memory);

    return NtPoolIsBlock(Pool, block) && block->Canary == CanaryOf(block, NT_POOL_LIVE) && block->Paged;
}

/* ---- the kernel's own memory, life and death ----------------------------------------------------------- */

PVOID NtPoolAllocateKernel(PNT_MACHINE Kernel, SIZE_T Bytes, ULONG Tag)
{
    return NtPoolAllocate(Kernel, NT_POOL_ZERO, Bytes, Tag, NULL);
}

VOID NtPoolFreeKernel(PNT_MACHINE Kernel, PVOID Memory)
{
    NtPoolFree(Kernel, Memory, 0);
}

BOOLEAN NtPoolInitialize(PNT_MACHINE Kernel, size_t ArenaBytes, const char **Why)
{
    PNT_POOL pool = calloc(1, sizeof(*pool));

    if (pool == NULL || !NtPoolArenaCreate(pool, Kernel->Machine->ordinal, ArenaBytes)) {
        free(pool);
        if (Why != NULL) {
            *Why = ArenaBytes > NT_POOL_ARENA_MAXIMUM
                       ? "pool arena: more than 64 GiB asked for; set pool_bytes lower"
                       : "pool arena: the host gave no address space; set pool_bytes lower";
        }
        return FALSE;
    }
    Kernel->Pool = pool;
    return TRUE;
}

VOID NtPoolDestroy(PNT_MACHINE Kernel)
{
    PNT_POOL pool = Kernel->Pool;

    if (pool != NULL) {
        host_unpoison(pool->Base, pool->UsedUnits * NT_POOL_UNIT);
        host_unmap(pool->Base, pool->Bytes);
        free(pool->UnitClass);
        free(pool);
        Kernel->Pool = NULL;
    }
}
