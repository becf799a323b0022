/* SPDX-License-Identifier: MIT */
/*
 * Contended spin locks. The owner is a suspended context, so the spinner is suspended too and the
 * release hands the lock over, first come first served. Before it suspends the spinner looks
 * whether anybody will ever release the lock: an owner that does not exist (memory that was never
 * initialised) or owners that spin on each other are KE-HANG-03. DISPATCH_LEVEL.
 */
#include "nt/lock.h"

#define NT_LOCK_CHAIN 64 /* contexts followed through "holder spins on a lock held by ..." */

NT_HELD_LOCK *NtLockFind(PNT_CONTEXT Context, PVOID Lock)
{
    for (unsigned i = Context->LockCount; i-- > 0;) {
        if (Context->Held[i].Lock == Lock) {
            return &Context->Held[i];
        }
    }
    return NULL;
}

KIRQL NtLockForgetSlow(PNT_CONTEXT Context, PVOID Lock, UCHAR Kind)
{
    NT_HELD_LOCK *held = NtLockFind(Context, Lock);
    KIRQL old;

    if (held == NULL) {
        NtBugCheckRule(RULE_LOCK_NOT_HELD, (ULONGLONG)(ULONG_PTR)Lock, 0);
    }
    if (held->Kind != Kind) {
        NtBugCheckRule(RULE_LOCK_KIND, held->Kind, Kind);
    }
    old = held->OldIrql;
    for (Context->LockCount--; held < &Context->Held[Context->LockCount]; held++) {
        held[0] = held[1];
    }
    return old;
}

static const NT_LOCK_WAIT *SpinsOn(PNT_MACHINE Kernel, const NT_CONTEXT *Context)
{
    for (PLIST_ENTRY entry = Kernel->LockWaiters.Flink; entry != &Kernel->LockWaiters; entry = entry->Flink) {
        const NT_LOCK_WAIT *wait = CONTAINING_RECORD(entry, NT_LOCK_WAIT, Entry);

        if (wait->Context == Context) {
            return wait;
        }
    }
    return NULL;
}

/* TRUE when some holder of Lock can go on without a lock that leads back to Waiter. */
static BOOLEAN WillBeReleased(PNT_MACHINE Kernel, PVOID Lock, const NT_CONTEXT *Waiter, unsigned Depth)
{
    BOOLEAN held = FALSE;

    for (PLIST_ENTRY entry = Kernel->Suspended.Flink; entry != &Kernel->Suspended; entry = entry->Flink) {
        PNT_CONTEXT holder = CONTAINING_RECORD(entry, NT_SUSPENDED, Entry)->Context;
        const NT_LOCK_WAIT *wait;

        if (NtLockFind(holder, Lock) == NULL) {
            continue;
        }
        if (holder == Waiter) {
            return FALSE;
        }
        held = TRUE;
        wait = SpinsOn(Kernel, holder);
        if (wait != NULL && !wait->Granted &&
            (NtLockFind((PNT_CONTEXT)Waiter, wait->Lock) != NULL || Depth == 0 ||
             !WillBeReleased(Kernel, wait->Lock, Waiter, Depth - 1))) {
            return FALSE;
        }
    }
    return held;
}

VOID NtLockWait(PVOID Lock, UCHAR Kind, KIRQL OldIrql, PVOID Acquirer)
{
    PNT_MACHINE kernel = NtKernel();
    NT_LOCK_WAIT wait = {.Fibre = world_fibre,
                         .Context = NtContext(),
                         .Lock = Lock,
                         .Acquirer = Acquirer,
                         .Kind = Kind,
                         .OldIrql = OldIrql};

    if (!WillBeReleased(kernel, Lock, wait.Context, NT_LOCK_CHAIN)) {
        NtBugCheckRule(RULE_DEADLOCK, (ULONGLONG)(ULONG_PTR)Lock, 0);
    }
    InsertTailList(&kernel->LockWaiters, &wait.Entry);
    while (!wait.Granted) {
        NtBlock();
    }
}

static BOOLEAN TakeForWaiter(const NT_LOCK_WAIT *Wait)
{
    switch (Wait->Kind) {
    case NT_LOCK_EXCLUSIVE: {
        PEX_SPIN_LOCK lock = Wait->Lock;

        if (*lock != 0) {
            return FALSE;
        }
        *lock = (LONG)0x80000000;
        return TRUE;
    }
    case NT_LOCK_SHARED: {
        PEX_SPIN_LOCK lock = Wait->Lock;

        if (*lock < 0) {
            return FALSE;
        }
        *lock += 1;
        return TRUE;
    }
    default: {
        PKSPIN_LOCK lock = Wait->Lock;

        if (*lock != 0) {
            return FALSE;
        }
        *lock = (KSPIN_LOCK)(ULONG_PTR)Wait->Context;
        return TRUE;
    }
    }
}

VOID NtLockGrant(PVOID Lock)
{
    PNT_MACHINE kernel = NtKernel();
    PLIST_ENTRY next;

    for (PLIST_ENTRY entry = kernel->LockWaiters.Flink; entry != &kernel->LockWaiters; entry = next) {
        NT_LOCK_WAIT *wait = CONTAINING_RECORD(entry, NT_LOCK_WAIT, Entry);

        next = entry->Flink;
        if (wait->Lock != Lock) {
            continue;
        }
        if (!TakeForWaiter(wait)) {
            return; /* first come, first served: nobody overtakes */
        }
        RemoveEntryList(entry);
        NtLockRemember(wait->Context, Lock, wait->Kind, wait->OldIrql, wait->Acquirer);
        wait->Granted = TRUE;
        fibre_wake(wait->Fibre, NtNow(), EVENT_DPC);
    }
}
