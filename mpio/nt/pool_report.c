/* SPDX-License-Identifier: MIT */
/*
 * What is in the pool: blocks of a driver by tag (rule EX-POOL-05 at unload), counters, and the switch of
 * fail-Nth. Walks the arena; called rarely, between calls into drivers. Any IRQL <= DISPATCH_LEVEL.
 */
#include <stdlib.h>

#include "nt/pool.h"

typedef struct _TAG_TOTAL {
    ULONG Tag;
    ULONGLONG Blocks, Bytes;
} TAG_TOTAL;

typedef struct _TAG_TOTALS {
    TAG_TOTAL *Total;   /* in order of tag */
    SIZE_T Count, Room;
} TAG_TOTALS;

static BOOLEAN AddBlock(TAG_TOTALS *Totals, const NT_POOL_BLOCK *Block)
{
    SIZE_T low = 0, high = Totals->Count;

    while (low < high) {
        SIZE_T middle = (low + high) / 2;
        if (Totals->Total[middle].Tag < Block->Tag) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == Totals->Count || Totals->Total[low].Tag != Block->Tag) {
        if (Totals->Count == Totals->Room) {
            SIZE_T room = Totals->Room == 0 ? 32 : 2 * Totals->Room;
            TAG_TOTAL *larger = realloc(Totals->Total, room * sizeof(*larger));
            if (larger == NULL) {
                return FALSE;
            }
            Totals->Total = larger;
            Totals->Room = room;
        }
        for (SIZE_T i = Totals->Count; i > low; i--) {
            Totals->Total[i] = Totals->Total[i - 1];
        }
        Totals->Count++;
        Totals->Total[low] = (TAG_TOTAL){.Tag = Block->Tag};
    }
    Totals->Total[low].Blocks++;
    Totals->Total[low].Bytes += Block->Size;
    return TRUE;
}

static VOID AddUnit(PNT_POOL Pool, ULONG Unit, PDRIVER_OBJECT Driver, TAG_TOTALS *Totals)
{
    ULONG class = Pool->UnitClass[Unit] - 1u;
    PUCHAR address = Pool->Base + Unit * NT_POOL_UNIT + NtPoolFirst(class);
    PNT_POOL_BLOCK block = (PNT_POOL_BLOCK)(PVOID)address;

    for (; NtPoolIsBlock(Pool, block); block = (PNT_POOL_BLOCK)(PVOID)address) {
        if (block->Canary == (NT_POOL_LIVE ^ (ULONG_PTR)block) && block->Owner == Driver &&
            !AddBlock(Totals, block)) {
            return; /* out of memory: a report of what was counted so far is still true */
        }
        address += Pool->Stride[class];
        if ((SIZE_T)(address - Pool->Base) / NT_POOL_UNIT != Unit) {
            return;
        }
    }
}

VOID NtPoolReport(PNT_MACHINE Kernel, PDRIVER_OBJECT Driver,
                  VOID (*Callback)(PVOID User, ULONG Tag, ULONGLONG Blocks, ULONGLONG Bytes), PVOID User)
{
    PNT_POOL pool = Kernel->Pool;
    TAG_TOTALS totals = {0};

    for (ULONG unit = 0; unit < pool->UsedUnits; unit++) {
        if (pool->UnitClass[unit] != 0xFF) {
            AddUnit(pool, unit, Driver, &totals);
        }
    }
    for (SIZE_T i = 0; i < totals.Count; i++) {
        Callback(User, totals.Total[i].Tag, totals.Total[i].Blocks, totals.Total[i].Bytes);
    }
    free(totals.Total);
}

VOID NtPoolCounters(PNT_MACHINE Kernel, struct nt_counters *Out)
{
    PNT_POOL pool = Kernel->Pool;

    Out->pool_allocations = pool->Allocations;
    Out->pool_frees = pool->Frees;
    Out->pool_bytes = pool->LiveBytes;
    Out->pool_blocks = pool->LiveBlocks;
    Out->lookaside_misses = pool->LookasideMisses;
}

void nt_fail_pool(struct machine *m, uint64_t nth)
{
    NtKernelOf(m)->Pool->FailCountdown = nth;
}
