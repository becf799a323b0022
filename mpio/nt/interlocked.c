/* SPDX-License-Identifier: MIT */
/*
 * ExInterlocked operations on lists and numbers. Any IRQL. The routine is atomic because nothing is
 * preempted inside it; the lock argument is not needed and, as documented, must not be one that is
 * used in other ways.
 */
#include "nt/kernel.h"

PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY last;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    first = ListHead->Next;
    if (first != NULL) {
        ListHead->Next = first->Next;
    }
    return first;
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    first = ListHead->Next;
    ListEntry->Next = first;
    ListHead->Next = ListEntry;
    return first;
}

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment, PKSPIN_LOCK Lock)
{
    LARGE_INTEGER old;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    old = *Addend;
    Addend->QuadPart = (LONGLONG)((ULONGLONG)old.QuadPart + (ULONGLONG)Increment.QuadPart);
    return old;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    ULONG old;

    UNREFERENCED_PARAMETER(Lock);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    old = *Addend;
    *Addend = old + Increment;
    return old;
}
