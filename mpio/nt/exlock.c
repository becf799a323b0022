/* SPDX-License-Identifier: MIT */
/*
 * EX_SPIN_LOCK, the reader/writer spin lock: bit 31 = a writer, the rest = number of readers.
 * <= DISPATCH_LEVEL. Rules: KE-LOCK-01..06, KE-HANG-03. The raising and the AtDpcLevel forms may be
 * mixed (upgrade patterns need it); shared and exclusive may not.
 */
#include "nt/lock.h"

#define NT_WRITER ((LONG)0x80000000)

static BOOLEAN SpinnersWait(PVOID Lock)
{
    PNT_MACHINE kernel = NtKernel();

    for (PLIST_ENTRY entry = kernel->LockWaiters.Flink; entry != &kernel->LockWaiters; entry = entry->Flink) {
        if (CONTAINING_RECORD(entry, NT_LOCK_WAIT, Entry)->Lock == Lock) {
            return TRUE;
        }
    }
    return FALSE;
}

static VOID RefuseRecursion(PNT_CONTEXT Context, PEX_SPIN_LOCK Lock, UCHAR Kind)
{
    const NT_HELD_LOCK *held = NtLockFind(Context, (PVOID)Lock);

    if (held != NULL && (Kind == NT_LOCK_EXCLUSIVE || held->Kind == NT_LOCK_EXCLUSIVE)) {
        NtBugCheckRule(RULE_LOCK_RECURSIVE, (ULONGLONG)(ULONG_PTR)held->Acquirer, 0);
    }
}

static VOID AcquireExclusive(PNT_CONTEXT Context, PEX_SPIN_LOCK Lock, KIRQL OldIrql, PVOID Acquirer)
{
    if (__builtin_expect(*Lock == 0, 1)) {
        *Lock = NT_WRITER;
        NtLockRemember(Context, (PVOID)Lock, NT_LOCK_EXCLUSIVE, OldIrql, Acquirer);
        return;
    }
    RefuseRecursion(Context, Lock, NT_LOCK_EXCLUSIVE);
    NtLockWait((PVOID)Lock, NT_LOCK_EXCLUSIVE, OldIrql, Acquirer);
}

static VOID AcquireShared(PNT_CONTEXT Context, PEX_SPIN_LOCK Lock, KIRQL OldIrql, PVOID Acquirer)
{
    RefuseRecursion(Context, Lock, NT_LOCK_SHARED);
    if (__builtin_expect(*Lock >= 0, 1) &&
        (IsListEmpty(&NtKernel()->LockWaiters) || NtLockFind(Context, (PVOID)Lock) != NULL ||
         !SpinnersWait((PVOID)Lock))) {
        *Lock += 1;
        NtLockRemember(Context, (PVOID)Lock, NT_LOCK_SHARED, OldIrql, Acquirer);
        return;
    }
    NtLockWait((PVOID)Lock, NT_LOCK_SHARED, OldIrql, Acquirer);
}

static VOID ReleaseExclusive(PNT_CONTEXT Context, PEX_SPIN_LOCK Lock)
{
    NtLockForget(Context, (PVOID)Lock, NT_LOCK_EXCLUSIVE);
    *Lock = 0;
    NtLockReleased((PVOID)Lock);
}

static VOID ReleaseShared(PNT_CONTEXT Context, PEX_SPIN_LOCK Lock)
{
    NtLockForget(Context, (PVOID)Lock, NT_LOCK_SHARED);
    *Lock -= 1;
    NtLockReleased((PVOID)Lock);
}

KIRQL ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;
    KIRQL old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    context = NtContext();
    old = NtLockRaise(context);
    AcquireExclusive(context, SpinLock, old, NT_CALLER());
    return old;
}

VOID ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    ReleaseExclusive(NtContext(), SpinLock);
    NtLockLower(NtContext(), OldIrql);
}

VOID ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    AcquireExclusive(context, SpinLock, context->Irql, NT_CALLER());
}

VOID ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtLockRequireDispatch(NtContext());
    ReleaseExclusive(NtContext(), SpinLock);
}

KIRQL ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;
    KIRQL old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    context = NtContext();
    old = NtLockRaise(context);
    AcquireShared(context, SpinLock, old, NT_CALLER());
    return old;
}

VOID ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    ReleaseShared(NtContext(), SpinLock);
    NtLockLower(NtContext(), OldIrql);
}

VOID ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    AcquireShared(context, SpinLock, context->Irql, NT_CALLER());
}

VOID ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtLockRequireDispatch(NtContext());
    ReleaseShared(NtContext(), SpinLock);
}

LOGICAL ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    NT_HELD_LOCK *held;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtLockRequireDispatch(NtContext());
    held = NtLockFind(NtContext(), (PVOID)SpinLock);
    if (held == NULL) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)SpinLock, 0);
    }
    if (held->Kind != NT_LOCK_SHARED) {
        NtBugCheckRule(RULE_LOCK_KIND, held->Kind, NT_LOCK_SHARED);
    }
    if (*SpinLock != 1) {
        return FALSE;
    }
    *SpinLock = NT_WRITER;
    held->Kind = NT_LOCK_EXCLUSIVE;
    return TRUE;
}

LOGICAL ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    if (*SpinLock != 0) {
        return FALSE;
    }
    AcquireExclusive(context, SpinLock, context->Irql, NT_CALLER());
    return TRUE;
}

LOGICAL ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    NtLockRequireDispatch(context);
    if (*SpinLock < 0 || SpinnersWait((PVOID)SpinLock)) {
        return FALSE;
    }
    AcquireShared(context, SpinLock, context->Irql, NT_CALLER());
    return TRUE;
}
