/* SPDX-License-Identifier: MIT */
/*
 * The table of queued objects: lists by page of the object's address, so that a free of a block
 * looks at the lists of its own pages only. Any IRQL; see queued.h.
 */
#include "nt/queued.h"

#define PAGE_BITS 12
#define LARGEST_OBJECT sizeof(KTIMER) /* how far before the range an object may begin */

static PLIST_ENTRY Bucket(PNT_MACHINE Kernel, ULONG_PTR Address)
{
    return &Kernel->QueuedObjects[(Address >> PAGE_BITS) & (NT_QUEUED_BUCKETS - 1)];
}

VOID NtQueuedInsert(PNT_MACHINE Kernel, PNT_QUEUED Queued, PVOID Object, SIZE_T Size)
{
    Queued->Object = Object;
    Queued->Size = Size;
    InsertTailList(Bucket(Kernel, (ULONG_PTR)Object), &Queued->Entry);
    Kernel->QueuedCount++;
}

VOID NtQueuedRemove(PNT_MACHINE Kernel, PNT_QUEUED Queued)
{
    RemoveEntryList(&Queued->Entry);
    Kernel->QueuedCount--;
}

static PVOID SearchBucket(PLIST_ENTRY Head, ULONG_PTR Base, SIZE_T Size)
{
    for (PLIST_ENTRY entry = Head->Flink; entry != Head; entry = entry->Flink) {
        const NT_QUEUED *queued = CONTAINING_RECORD(entry, NT_QUEUED, Entry);
        ULONG_PTR object = (ULONG_PTR)queued->Object;

        if (object < Base + Size && object + queued->Size > Base) {
            return queued->Object;
        }
    }
    return NULL;
}

PVOID NtQueuedObjectSearch(PNT_MACHINE Kernel, PVOID Base, SIZE_T Size)
{
    ULONG_PTR base = (ULONG_PTR)Base;
    ULONG_PTR first = (base - LARGEST_OBJECT) >> PAGE_BITS;
    ULONG_PTR last = (base + Size - 1) >> PAGE_BITS;

    if (last - first >= NT_QUEUED_BUCKETS) {
        last = first + NT_QUEUED_BUCKETS - 1;
    }
    for (ULONG_PTR page = first; page <= last; page++) {
        PVOID object = SearchBucket(Bucket(Kernel, page << PAGE_BITS), base, Size);

        if (object != NULL) {
            return object;
        }
    }
    return NULL;
}

VOID NtQueuedRefuse(PVOID Object, SIZE_T Size)
{
    PVOID queued = NtTimerInRange(Object, Size);

    if (queued != NULL) {
        NtBugCheckRule(RULE_TIMER_FREED, (ULONGLONG)(ULONG_PTR)queued, 0);
    }
}
