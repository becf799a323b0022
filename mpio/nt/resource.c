/* SPDX-License-Identifier: MIT */
/*
 * ERESOURCE and EX_PUSH_LOCK: reader/writer locks whose waiters sleep. Acquire: <= APC_LEVEL; release:
 * <= DISPATCH_LEVEL. Waiters are served first come, first served; a reader does not pass a waiting
 * writer unless it asks for that (resources). Rules: KE-LOCK-01, KE-LOCK-02, KE-WAIT-*. Holders of
 * resources are in NT_MACHINE.SleepHolds; nothing is preempted between a look and its change.
 */
#include "nt/wait.h"

typedef struct _NT_SLEEP_HOLD {
    LIST_ENTRY Entry;
    PERESOURCE Resource;
    PVOID Owner;
    ULONG Count;
} NT_SLEEP_HOLD;

/* On the waiter's stack. */
typedef struct _NT_SLEEP_WAIT {
    LIST_ENTRY Entry;
    PVOID Lock;
    PVOID Owner;
    KEVENT Granted;
    BOOLEAN Exclusive;
} NT_SLEEP_WAIT;

static VOID Wait(PVOID Lock, BOOLEAN Exclusive)
{
    NT_SLEEP_WAIT wait = {.Lock = Lock, .Owner = NtCurrentOwner(), .Exclusive = Exclusive};

    NtInitializeHeader(&wait.Granted.Header, NT_EVENT_NOTIFICATION, sizeof(KEVENT), 0);
    InsertTailList(&NtKernel()->SleepWaiters, &wait.Entry);
    KeWaitForSingleObject(&wait.Granted, Executive, KernelMode, FALSE, NULL);
}

static NT_SLEEP_WAIT *Oldest(PVOID Lock)
{
    PLIST_ENTRY head = &NtKernel()->SleepWaiters;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_SLEEP_WAIT *wait = CONTAINING_RECORD(entry, NT_SLEEP_WAIT, Entry);

        if (wait->Lock == Lock) {
            return wait;
        }
    }
    return NULL;
}

static VOID Wake(NT_SLEEP_WAIT *Waiter)
{
    RemoveEntryList(&Waiter->Entry);
    KeSetEvent(&Waiter->Granted, IO_NO_INCREMENT, FALSE);
}

/* ---- executive resources ----------------------------------------------------------------------------- */

static NT_SLEEP_HOLD *Hold(PERESOURCE Resource, PVOID Owner)
{
    PLIST_ENTRY head = &NtKernel()->SleepHolds;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_SLEEP_HOLD *hold = CONTAINING_RECORD(entry, NT_SLEEP_HOLD, Entry);

        if (hold->Resource == Resource && hold->Owner == Owner) {
            return hold;
        }
    }
    return NULL;
}

static BOOLEAN IsExclusive(const ERESOURCE *Resource)
{
    return (Resource->Flag & ResourceOwnedExclusive) != 0;
}

static VOID Give(PERESOURCE Resource, PVOID Owner, BOOLEAN Exclusive)
{
    PNT_MACHINE kernel = NtKernel();
    NT_SLEEP_HOLD *hold = Hold(Resource, Owner);

    if (hold == NULL) {
        hold = IsListEmpty(&kernel->FreeSleepHolds)
                   ? NtSideAllocate(kernel, sizeof(*hold))
                   : CONTAINING_RECORD(RemoveHeadList(&kernel->FreeSleepHolds), NT_SLEEP_HOLD, Entry);
        *hold = (NT_SLEEP_HOLD){.Resource = Resource, .Owner = Owner};
        InsertHeadList(&kernel->SleepHolds, &hold->Entry);
        Resource->ActiveCount++;
        Resource->ActiveEntries++;
    }
    hold->Count++;
    if (Exclusive) {
        Resource->Flag |= ResourceOwnedExclusive;
        Resource->OwnerEntry.OwnerThread = (ERESOURCE_THREAD)(ULONG_PTR)Owner;
    }
}

static VOID GrantWaiters(PERESOURCE Resource)
{
    NT_SLEEP_WAIT *wait;

    while ((wait = Oldest(Resource)) != NULL) {
        if (Resource->ActiveCount != 0 && (wait->Exclusive || IsExclusive(Resource))) {
            return;
        }
        if (wait->Exclusive) {
            Resource->NumberOfExclusiveWaiters--;
        } else {
            Resource->NumberOfSharedWaiters--;
        }
        Give(Resource, wait->Owner, wait->Exclusive);
        Wake(wait);
    }
}

/* FALSE: not now, and the caller does not want to wait. */
static BOOLEAN WaitTurn(PERESOURCE Resource, BOOLEAN Exclusive, BOOLEAN MayWait)
{
    if (!MayWait) {
        return FALSE;
    }
    Resource->ContentionCount++;
    if (Exclusive) {
        Resource->NumberOfExclusiveWaiters++;
    } else {
        Resource->NumberOfSharedWaiters++;
    }
    Wait(Resource, Exclusive);
    return TRUE;
}

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RtlZeroMemory(Resource, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

static VOID RequireIdle(PERESOURCE Resource)
{
    if (Resource->ActiveCount != 0 || Oldest(Resource) != NULL) {
        NtBugCheckRule(RULE_TIMER_FREED, (ULONGLONG)(ULONG_PTR)Resource, 0);
    }
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireIdle(Resource);
    return ExInitializeResourceLite(Resource);
}

NTSTATUS ExDeleteResourceLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireIdle(Resource);
    return STATUS_SUCCESS;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    PVOID owner;

    NT_REQUIRE_IRQL(APC_LEVEL);
    owner = NtCurrentOwner();
    if (Resource->ActiveCount == 0 || (IsExclusive(Resource) && Hold(Resource, owner) != NULL)) {
        Give(Resource, owner, TRUE);
        return TRUE;
    }
    if (Wait && Hold(Resource, owner) != NULL) {
        NtBugCheckRule(RULE_LOCK_RECURSIVE, 0, 0); /* a reader that waits for itself */
    }
    return WaitTurn(Resource, TRUE, Wait);
}

BOOLEAN ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource)
{
    return ExAcquireResourceExclusiveLite(Resource, FALSE);
}

static BOOLEAN AcquireShared(PERESOURCE Resource, BOOLEAN Wait, BOOLEAN PassWriters, BOOLEAN Recursive)
{
    PVOID owner;

    NT_REQUIRE_IRQL(APC_LEVEL);
    owner = NtCurrentOwner();
    if (Hold(Resource, owner) != NULL ? Recursive || IsExclusive(Resource) || Resource->NumberOfExclusiveWaiters == 0
                                      : !IsExclusive(Resource) &&
                                            (PassWriters || Resource->NumberOfExclusiveWaiters == 0)) {
        Give(Resource, owner, FALSE);
        return TRUE;
    }
    return WaitTurn(Resource, FALSE, Wait);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return AcquireShared(Resource, Wait, FALSE, TRUE);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return AcquireShared(Resource, Wait, TRUE, TRUE);
}

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return AcquireShared(Resource, Wait, FALSE, FALSE);
}

static VOID Release(PERESOURCE Resource, PVOID Owner)
{
    NT_SLEEP_HOLD *hold = Hold(Resource, Owner);

    if (hold == NULL) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)Resource, 0);
    }
    if (--hold->Count != 0) {
        return;
    }
    RemoveEntryList(&hold->Entry);
    InsertHeadList(&NtKernel()->FreeSleepHolds, &hold->Entry);
    Resource->ActiveEntries--;
    Resource->ActiveCount--;
    if (Resource->ActiveCount == 0) {
        Resource->Flag &= (USHORT)~ResourceOwnedExclusive;
        Resource->OwnerEntry.OwnerThread = 0;
    }
    GrantWaiters(Resource);
}

VOID ExReleaseResourceLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Release(Resource, NtCurrentOwner());
}

VOID ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Release(Resource, (PVOID)ResourceThreadId);
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (!IsExclusive(Resource) || Hold(Resource, NtCurrentOwner()) == NULL) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)Resource, 0);
    }
    Resource->Flag &= (USHORT)~ResourceOwnedExclusive;
    Resource->OwnerEntry.OwnerThread = 0;
    GrantWaiters(Resource);
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return IsExclusive(Resource) && Hold(Resource, NtCurrentOwner()) != NULL;
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    NT_SLEEP_HOLD *hold;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    hold = Hold(Resource, NtCurrentOwner());
    return hold == NULL ? 0 : hold->Count;
}

ULONG ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Resource->NumberOfExclusiveWaiters;
}

ULONG ExGetSharedWaiterCount(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Resource->NumberOfSharedWaiters;
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(Resource, TRUE);
    return KeGetCurrentThread();
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(Resource, TRUE);
    return KeGetCurrentThread();
}

PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireSharedWaitForExclusive(Resource, TRUE);
    return KeGetCurrentThread();
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    Release(Resource, NtCurrentOwner());
    KeLeaveCriticalRegion();
}

/* ---- push locks: 1 = a writer, else 2 per reader ---------------------------------------------------------- */

#define PUSH_WRITER ((EX_PUSH_LOCK)1)
#define PUSH_READER ((EX_PUSH_LOCK)2)

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    *PushLock = 0;
}

VOID ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtRequireMayWait();
    if (*PushLock != 0) {
        Wait(PushLock, TRUE); /* the releaser has set the word for us */
        return;
    }
    *PushLock = PUSH_WRITER;
}

VOID ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtRequireMayWait();
    if (*PushLock == PUSH_WRITER || (*PushLock != 0 && Oldest(PushLock) != NULL)) {
        Wait(PushLock, FALSE);
        return;
    }
    *PushLock += PUSH_READER;
}

static VOID ReleasePush(PEX_PUSH_LOCK Lock, EX_PUSH_LOCK Share)
{
    NT_SLEEP_WAIT *wait;

    if (*Lock == 0 || (*Lock == PUSH_WRITER) != (Share == PUSH_WRITER)) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)Lock, 0);
    }
    *Lock -= Share;
    while ((wait = Oldest(Lock)) != NULL && *Lock != PUSH_WRITER && (!wait->Exclusive || *Lock == 0)) {
        *Lock += wait->Exclusive ? PUSH_WRITER : PUSH_READER;
        Wake(wait);
    }
}

VOID ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleasePush(PushLock, PUSH_WRITER);
}

VOID ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleasePush(PushLock, PUSH_READER);
}

VOID ExReleasePushLockEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleasePush(PushLock, *PushLock == PUSH_WRITER ? PUSH_WRITER : PUSH_READER);
}
