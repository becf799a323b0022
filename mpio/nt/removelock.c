/* SPDX-License-Identifier: MIT */
/*
 * Remove locks with their holders' tags checked. Acquire and release: <= DISPATCH_LEVEL; release and
 * wait: PASSIVE_LEVEL. Rule: IO-RMLK-01. IoCount is 1 for the device's existence and 1 per holder, as
 * on Windows. The tags of the first 16 simultaneous holders are known, further holders are only
 * counted. The record of a lock is found through the wait list of its event, which nobody else uses:
 * the wait itself happens on an event in the record.
 */
#include "nt/wait.h"

#define TAGS_KNOWN 16

typedef struct _NT_REMOVE_LOCK {
    LIST_ENTRY Free;        /* NT_MACHINE.FreeRemoveLocks */
    KEVENT Event;
    ULONG Count;            /* known holders */
    ULONG Unknown;          /* holders beyond those */
    PVOID Tags[TAGS_KNOWN];
} NT_REMOVE_LOCK;

static NT_REMOVE_LOCK *Record(PIO_REMOVE_LOCK Lock)
{
    return (NT_REMOVE_LOCK *)(PVOID)Lock->Common.RemoveEvent.Header.WaitListHead.Flink;
}

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark,
                              ULONG RemlockSize)
{
    PNT_MACHINE kernel;
    NT_REMOVE_LOCK *record;

    UNREFERENCED_PARAMETER(AllocateTag);
    UNREFERENCED_PARAMETER(MaxLockedMinutes);
    UNREFERENCED_PARAMETER(HighWatermark);
    UNREFERENCED_PARAMETER(RemlockSize); /* only the common block is used, in free and checked builds */
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    kernel = NtKernel();
    if (IsListEmpty(&kernel->FreeRemoveLocks)) {
        record = NtSideAllocate(kernel, sizeof(*record));
    } else {
        record = CONTAINING_RECORD(RemoveHeadList(&kernel->FreeRemoveLocks), NT_REMOVE_LOCK, Free);
    }
    record->Count = record->Unknown = 0;
    NtInitializeHeader(&record->Event.Header, NT_EVENT_NOTIFICATION, sizeof(KEVENT), 0);
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    NtInitializeHeader(&Lock->Common.RemoveEvent.Header, NT_EVENT_NOTIFICATION, sizeof(KEVENT), 0);
    Lock->Common.RemoveEvent.Header.WaitListHead.Flink = &record->Free;
    C_ASSERT(FIELD_OFFSET(NT_REMOVE_LOCK, Free) == 0);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    NT_REMOVE_LOCK *record;

    UNREFERENCED_PARAMETER(File);
    UNREFERENCED_PARAMETER(Line);
    UNREFERENCED_PARAMETER(RemlockSize);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (RemoveLock->Common.Removed) {
        return STATUS_DELETE_PENDING;
    }
    record = Record(RemoveLock);
    RemoveLock->Common.IoCount++;
    if (record->Count < TAGS_KNOWN) {
        record->Tags[record->Count++] = Tag;
    } else {
        record->Unknown++;
    }
    return STATUS_SUCCESS;
}

static VOID Forget(PIO_REMOVE_LOCK Lock, NT_REMOVE_LOCK *Record, PVOID Tag)
{
    for (ULONG i = Record->Count; i-- > 0;) {
        if (Record->Tags[i] == Tag) {
            Record->Tags[i] = Record->Tags[--Record->Count];
            return;
        }
    }
    if (Record->Unknown == 0) {
        NtBugCheckRule(RULE_REMOVE_LOCK, (ULONGLONG)(ULONG_PTR)Lock, (ULONGLONG)(ULONG_PTR)Tag);
    }
    Record->Unknown--;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    NT_REMOVE_LOCK *record;

    UNREFERENCED_PARAMETER(RemlockSize);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    record = Record(RemoveLock);
    if (record == NULL) {
        NtBugCheckRule(RULE_REMOVE_LOCK, (ULONGLONG)(ULONG_PTR)RemoveLock, (ULONGLONG)(ULONG_PTR)Tag);
    }
    Forget(RemoveLock, record, Tag);
    if (--RemoveLock->Common.IoCount == 0) {
        KeSetEvent(&record->Event, IO_NO_INCREMENT, FALSE);
    }
}

VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    NT_REMOVE_LOCK *record;

    UNREFERENCED_PARAMETER(RemlockSize);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    record = Record(RemoveLock);
    if (record == NULL || RemoveLock->Common.Removed) {
        NtBugCheckRule(RULE_REMOVE_LOCK, (ULONGLONG)(ULONG_PTR)RemoveLock, (ULONGLONG)(ULONG_PTR)Tag);
    }
    RemoveLock->Common.Removed = TRUE;
    Forget(RemoveLock, record, Tag);
    RemoveLock->Common.IoCount -= 2; /* the caller's, and the device's existence */
    if (RemoveLock->Common.IoCount > 0) {
        KeWaitForSingleObject(&record->Event, Executive, KernelMode, FALSE, NULL);
    }
    RemoveLock->Common.RemoveEvent.Header.WaitListHead.Flink = NULL;
    InsertHeadList(&NtKernel()->FreeRemoveLocks, &record->Free);
}
