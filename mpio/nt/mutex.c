/* SPDX-License-Identifier: MIT */
/*
 * KMUTEX (recursive, owned by a thread), FAST_MUTEX and KGUARDED_MUTEX (not recursive).
 * Acquire: <= APC_LEVEL; release of a KMUTEX: <= DISPATCH_LEVEL. A recursive acquire of a fast mutex
 * waits for ever on Windows; here it is KE-LOCK-01.
 */
#include "nt/queued.h"
#include "nt/seh.h"
#include "nt/wait.h"

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    UNREFERENCED_PARAMETER(Level);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtQueuedRefuse(Mutex, sizeof(*Mutex));
    NtInitializeHeader(&Mutex->Header, NT_MUTANT, sizeof(*Mutex), 1);
    InitializeListHead(&Mutex->MutantListEntry);
    Mutex->OwnerThread = NULL;
    Mutex->Abandoned = FALSE;
    Mutex->ApcDisable = 1;
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    LONG old;

    UNREFERENCED_PARAMETER(Wait);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = Mutex->Header.SignalState;
    if ((PVOID)Mutex->OwnerThread != NtCurrentOwner()) {
        if (NtRaiseAtCaller(STATUS_MUTANT_NOT_OWNED)) {
            return old;
        }
        NtRaiseStatus(STATUS_MUTANT_NOT_OWNED);
    }
    Mutex->Header.SignalState = old + 1;
    if (old + 1 == 1) {
        Mutex->OwnerThread = NULL;
        NtSignal(&Mutex->Header);
    }
    return old;
}

LONG KeReadStateMutex(PRKMUTEX Mutex)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Mutex->Header.SignalState;
}

static VOID AcquireFast(PFAST_MUTEX Mutex)
{
    NtRequireMayWait();
    if (Mutex->Owner == NtCurrentOwner()) {
        NtBugCheckRule(RULE_LOCK_RECURSIVE, 0, 0);
    }
    if (Mutex->Count-- != 1) {
        Mutex->Contention++;
        KeWaitForSingleObject(&Mutex->Event, Executive, KernelMode, FALSE, NULL);
    }
    Mutex->Owner = NtCurrentOwner();
}

static VOID ReleaseFast(PFAST_MUTEX Mutex)
{
    if (Mutex->Owner != NtCurrentOwner()) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)Mutex, 0);
    }
    Mutex->Owner = NULL;
    if (++Mutex->Count <= 0) {
        KeSetEvent(&Mutex->Event, EVENT_INCREMENT, FALSE);
    }
}

VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL old;

    NT_REQUIRE_IRQL(APC_LEVEL);
    old = NtContext()->Irql;
    NtContext()->Irql = APC_LEVEL;
    AcquireFast(FastMutex);
    FastMutex->OldIrql = old;
}

VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL old;

    NT_REQUIRE_IRQL(APC_LEVEL);
    old = (KIRQL)FastMutex->OldIrql;
    ReleaseFast(FastMutex);
    NtContext()->Irql = old;
}

BOOLEAN ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    if (FastMutex->Count != 1) {
        return FALSE;
    }
    FastMutex->Count = 0;
    FastMutex->Owner = NtCurrentOwner();
    FastMutex->OldIrql = NtContext()->Irql;
    NtContext()->Irql = APC_LEVEL;
    return TRUE;
}

VOID ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    AcquireFast(FastMutex);
}

VOID ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleaseFast(FastMutex);
}

VOID KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    ExInitializeFastMutex(Mutex);
}

VOID KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    AcquireFast(Mutex);
}

VOID KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleaseFast(Mutex);
}

BOOLEAN KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    if (Mutex->Count != 1) {
        return FALSE;
    }
    Mutex->Count = 0;
    Mutex->Owner = NtCurrentOwner();
    return TRUE;
}

VOID KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    AcquireFast(Mutex);
}

VOID KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    ReleaseFast(Mutex);
}
