/* SPDX-License-Identifier: MIT */
/*
 * S-lists: a counted stack of entries whose header keeps depth and sequence as the WDK lays them out, so
 * that images may read them inline. <= DISPATCH_LEVEL. One OS thread: no entry routine stops half-way.
 */
#include "nt/kernel.h"

#ifdef _WIN64
#define SLIST_FLAG_BITS 0xFull

static PSLIST_ENTRY First(const SLIST_HEADER *Header)
{
    return (PSLIST_ENTRY)(ULONG_PTR)(Header->Region & ~SLIST_FLAG_BITS);
}

static VOID Change(PSLIST_HEADER Header, PSLIST_ENTRY NewFirst, USHORT NewDepth)
{
    Header->HeaderX64.Depth = NewDepth;
    Header->HeaderX64.Sequence++;
    Header->Region = (ULONG_PTR)NewFirst | (Header->Region & SLIST_FLAG_BITS);
}

static USHORT DepthOf(const SLIST_HEADER *Header)
{
    return (USHORT)Header->HeaderX64.Depth;
}

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}
#else
static PSLIST_ENTRY First(const SLIST_HEADER *Header)
{
    return Header->Next.Next;
}

static VOID Change(PSLIST_HEADER Header, PSLIST_ENTRY NewFirst, USHORT NewDepth)
{
    Header->Next.Next = NewFirst;
    Header->Depth = NewDepth;
    Header->Sequence++;
}

static USHORT DepthOf(const SLIST_HEADER *Header)
{
    return Header->Depth;
}

VOID InitializeSListHead(PSLIST_HEADER SListHead)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    SListHead->Alignment = 0;
}
#endif

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return DepthOf(SListHead);
}

PSLIST_ENTRY ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    first = First(ListHead);
    if (first != NULL) {
        Change(ListHead, first->Next, (USHORT)(DepthOf(ListHead) - 1));
    }
    return first;
}

/* Answers the entry that was first before. */
PSLIST_ENTRY ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    PSLIST_ENTRY former;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    former = First(ListHead);
    ListEntry->Next = former;
    Change(ListHead, ListEntry, (USHORT)(DepthOf(ListHead) + 1));
    return former;
}

PSLIST_ENTRY ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    first = First(ListHead);
    Change(ListHead, NULL, 0);
    return first;
}
