/* SPDX-License-Identifier: MIT */
/*
 * Routines under the names that x86 images import: each is the general one. KfAcquireSpinLock and its
 * three relatives keep the level rules of spinlock.c, the rest works at any IRQL.
 */
#include "nt/kernel.h"

KIRQL KfAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KeReleaseSpinLock(SpinLock, NewIrql);
}

VOID KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    KeAcquireSpinLockAtDpcLevel(SpinLock);
}

VOID KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    KeReleaseSpinLockFromDpcLevel(SpinLock);
}

VOID(KeInitializeSpinLock)(PKSPIN_LOCK SpinLock)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *SpinLock = 0;
}

PLIST_ENTRY ExfInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    return ExInterlockedInsertHeadList(ListHead, ListEntry, Lock);
}

PLIST_ENTRY ExfInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    return ExInterlockedInsertTailList(ListHead, ListEntry, Lock);
}

PLIST_ENTRY ExfInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    return ExInterlockedRemoveHeadList(ListHead, Lock);
}

PSINGLE_LIST_ENTRY ExfInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    return ExInterlockedPopEntryList(ListHead, Lock);
}

PSINGLE_LIST_ENTRY ExfInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                               PKSPIN_LOCK Lock)
{
    return ExInterlockedPushEntryList(ListHead, ListEntry, Lock);
}

ULONG ExfInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    return ExInterlockedAddUlong(Addend, Increment, Lock);
}

LONGLONG ExfInterlockedCompareExchange64(LONGLONG volatile *Destination, PLONGLONG Exchange, PLONGLONG Comparand)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return InterlockedCompareExchange64(Destination, *Exchange, *Comparand);
}

PSLIST_ENTRY(ExInterlockedPopEntrySList)(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    return ExpInterlockedPopEntrySList(ListHead);
}

PSLIST_ENTRY(ExInterlockedPushEntrySList)(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    return ExpInterlockedPushEntrySList(ListHead, ListEntry);
}

PSLIST_ENTRY(ExInterlockedFlushSList)(PSLIST_HEADER ListHead)
{
    return ExpInterlockedFlushSList(ListHead);
}

PSLIST_ENTRY(InterlockedPopEntrySList)(PSLIST_HEADER ListHead)
{
    return ExpInterlockedPopEntrySList(ListHead);
}

PSLIST_ENTRY(InterlockedPushEntrySList)(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    return ExpInterlockedPushEntrySList(ListHead, ListEntry);
}

USHORT(RtlUshortByteSwap)(USHORT Source)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return __builtin_bswap16(Source);
}

ULONG(RtlUlongByteSwap)(ULONG Source)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return __builtin_bswap32(Source);
}

ULONGLONG(RtlUlonglongByteSwap)(ULONGLONG Source)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return __builtin_bswap64(Source);
}
