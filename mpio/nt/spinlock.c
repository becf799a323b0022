/* SPDX-License-Identifier: MIT */
/*
 * KSPIN_LOCK: ordinary, in-stack queued, and the system's cancel lock. <= DISPATCH_LEVEL.
 * Rules: KE-LOCK-01..06, KE-HANG-03. The lock's word is 0 or its owner's context. Releases have no
 * level to check and need not be counted: every acquire was.
 */
#include "nt/lock.h"

static inline VOID Acquire(PNT_CONTEXT Context, PKSPIN_LOCK Lock, UCHAR Kind, KIRQL OldIrql, PVOID Acquirer)
{
    if (__builtin_expect(*Lock == 0, 1)) {
        *Lock = (KSPIN_LOCK)(ULONG_PTR)Context;
        NtLockRemember(Context, Lock, Kind, OldIrql, Acquirer);
        return;
    }
    if (*Lock == (KSPIN_LOCK)(ULONG_PTR)Context) {
        const NT_HELD_LOCK *held = NtLockFind(Context, Lock);

        NtBugCheckRule(RULE_LOCK_RECURSIVE, held == NULL ? 0 : (ULONGLONG)(ULONG_PTR)held->Acquirer, 0);
    }
    NtLockWait(Lock, Kind, OldIrql, Acquirer);
}

static inline KIRQL Release(PNT_CONTEXT Context, PKSPIN_LOCK Lock, UCHAR Kind)
{
    KIRQL old = NtLockForget(Context, Lock, Kind);

    *Lock = 0;
    NtLockReleased(Lock);
    return old;
}

static __attribute__((noinline)) KIRQL AcquireSlow(PKSPIN_LOCK SpinLock, PVOID Acquirer)
{
    PNT_CONTEXT context;
    KIRQL old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    context = NtContext();
    old = NtLockRaise(context);
    Acquire(context, SpinLock, NT_LOCK_SPIN, old, Acquirer);
    return old;
}

/* The pair every driver calls most: what is usual in a dozen instructions, all else in the slow twin. */
KIRQL KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_CONTEXT context = NtContext();
    NT_HELD_LOCK *held = &context->Held[context->LockCount];
    KIRQL old = context->Irql;

    if (__builtin_expect(old > DISPATCH_LEVEL || *SpinLock != 0 || context->LockCount == NT_MAX_LOCKS ||
                             kernel->BusyCpus != 0 || kernel->EntryCountdown == 1, 0)) {
        return AcquireSlow(SpinLock, NT_CALLER());
    }
    kernel->EntryCountdown--;
    context->Irql = DISPATCH_LEVEL;
    *SpinLock = (KSPIN_LOCK)(ULONG_PTR)context;
    held->Lock = SpinLock;
    held->Acquirer = NT_CALLER();
    held->Kind = NT_LOCK_SPIN;
    held->OldIrql = old;
    context->LockCount++;
    return old;
}

static __attribute__((noinline)) VOID ReleaseSlow(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    PNT_CONTEXT context = NtContext();

    Release(context, SpinLock, NT_LOCK_SPIN);
    NtLockLower(context, NewIrql);
}

VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_CONTEXT context = NtContext();
    const NT_HELD_LOCK *held = &context->Held[context->LockCount - 1];

    if (__builtin_expect(context->LockCount == 0 || held->Lock != SpinLock || held->Kind != NT_LOCK_SPIN ||
                             NewIrql > context->Irql || !IsListEmpty(&kernel->LockWaiters), 0)) {
        ReleaseSlow(SpinLock, NewIrql);
        return;
    }
    context->LockCount--;
    *SpinLock = 0;
    context->Irql = NewIrql;
}

VOID KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    Acquire(context, SpinLock, NT_LOCK_SPIN, context->Irql, NT_CALLER());
}

VOID KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    PNT_CONTEXT context = NtContext();

    NtLockRequireDispatch(context);
    Release(context, SpinLock, NT_LOCK_SPIN);
}

BOOLEAN KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    if (*SpinLock != 0) {
        return FALSE;
    }
    Acquire(context, SpinLock, NT_LOCK_SPIN, context->Irql, NT_CALLER());
    return TRUE;
}

BOOLEAN KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return *SpinLock == 0;
}

VOID KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    context = NtContext();
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = NtLockRaise(context);
    Acquire(context, SpinLock, NT_LOCK_QUEUED, LockHandle->OldIrql, NT_CALLER());
}

VOID KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    PNT_CONTEXT context = NtContext();

    Release(context, LockHandle->LockQueue.Lock, NT_LOCK_QUEUED);
    NtLockLower(context, LockHandle->OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    LockHandle->LockQueue.Next = NULL;
    LockHandle->LockQueue.Lock = SpinLock;
    LockHandle->OldIrql = context->Irql;
    Acquire(context, SpinLock, NT_LOCK_QUEUED, context->Irql, NT_CALLER());
}

VOID KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    PNT_CONTEXT context = NtContext();

    NtLockRequireDispatch(context);
    Release(context, LockHandle->LockQueue.Lock, NT_LOCK_QUEUED);
}

VOID IoAcquireCancelSpinLock(PKIRQL Irql)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    context = NtContext();
    *Irql = NtLockRaise(context);
    Acquire(context, &NtKernel()->CancelLock, NT_LOCK_CANCEL, *Irql, NT_CALLER());
}

VOID IoReleaseCancelSpinLock(KIRQL Irql)
{
    PNT_CONTEXT context = NtContext();

    Release(context, &NtKernel()->CancelLock, NT_LOCK_CANCEL);
    NtLockLower(context, Irql);
}
