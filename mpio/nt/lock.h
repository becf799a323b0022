/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: what all kinds of spin locks share - the record of held locks in the running
 * context, and the queue of contexts that spin because the owner is suspended. Rules: KE-LOCK-*,
 * KE-HANG-03. One OS thread: a lock's word is only ever touched by the running context.
 */
#ifndef MPIO_NT_LOCK_H
#define MPIO_NT_LOCK_H

#include "nt/suspend.h"

enum {
    NT_LOCK_SPIN = 1,
    NT_LOCK_QUEUED,
    NT_LOCK_CANCEL,
    NT_LOCK_EXCLUSIVE,
    NT_LOCK_SHARED,
};

/* A context that spins; on its own stack, in NT_MACHINE.LockWaiters, oldest first. */
typedef struct _NT_LOCK_WAIT {
    LIST_ENTRY Entry;
    struct fibre *Fibre;
    PNT_CONTEXT Context;
    PVOID Lock;
    PVOID Acquirer;
    UCHAR Kind;
    KIRQL OldIrql;
    BOOLEAN Granted;
} NT_LOCK_WAIT;

/* Spins until the lock has been handed to this context (it is then recorded as held). */
VOID NtLockWait(PVOID Lock, UCHAR Kind, KIRQL OldIrql, PVOID Acquirer);
/* Hands a lock that became free (or shared) to those who spin on it, oldest first. */
VOID NtLockGrant(PVOID Lock);
/* The record of a lock held by this context; NULL when it is not. */
NT_HELD_LOCK *NtLockFind(PNT_CONTEXT Context, PVOID Lock);
/* Removes the record of a lock being released; bug checks when it is not held, or held as another kind. */
KIRQL NtLockForgetSlow(PNT_CONTEXT Context, PVOID Lock, UCHAR Kind);

static inline VOID NtLockRemember(PNT_CONTEXT Context, PVOID Lock, UCHAR Kind, KIRQL OldIrql, PVOID Acquirer)
{
    NT_HELD_LOCK *held = &Context->Held[Context->LockCount];

    if (__builtin_expect(Context->LockCount == NT_MAX_LOCKS, 0)) {
        NtBugCheckRule(RULE_LOCK_TOO_MANY, NT_MAX_LOCKS, 0);
    }
    held->Lock = Lock;
    held->Acquirer = Acquirer;
    held->Kind = Kind;
    held->OldIrql = OldIrql;
    Context->LockCount++;
}

/* Answers the level noted when the lock was acquired. */
static inline KIRQL NtLockForget(PNT_CONTEXT Context, PVOID Lock, UCHAR Kind)
{
    if (__builtin_expect(Context->LockCount != 0, 1)) {
        NT_HELD_LOCK *held = &Context->Held[Context->LockCount - 1];

        if (__builtin_expect(held->Lock == Lock && held->Kind == Kind, 1)) {
            Context->LockCount--;
            return held->OldIrql;
        }
    }
    return NtLockForgetSlow(Context, Lock, Kind);
}

static inline VOID NtLockReleased(PVOID Lock)
{
    if (__builtin_expect(!IsListEmpty(&NtKernel()->LockWaiters), 0)) {
        NtLockGrant(Lock);
    }
}

/* To DISPATCH_LEVEL for an acquire; on another CPU when this one is busy. Answers the old level. */
static inline KIRQL NtLockRaise(PNT_CONTEXT Context)
{
    KIRQL old = Context->Irql;

    if (__builtin_expect(old < DISPATCH_LEVEL && NtKernel()->BusyCpus != 0, 0)) {
        Context->Cpu = NtPickCpu(NtKernel());
    }
    Context->Irql = DISPATCH_LEVEL;
    return old;
}

static inline VOID NtLockLower(PNT_CONTEXT Context, KIRQL NewIrql)
{
    if (__builtin_expect(NewIrql > Context->Irql, 0)) {
        NtBugCheckRule(RULE_IRQL_LOWER, Context->Irql, NewIrql);
    }
    Context->Irql = NewIrql;
}

static inline VOID NtLockRequireDispatch(PNT_CONTEXT Context)
{
    if (__builtin_expect(Context->Irql < DISPATCH_LEVEL, 0)) {
        NtBugCheckRule(RULE_LOCK_LEVEL, Context->Irql, 0);
    }
}

#endif
