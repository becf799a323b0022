/* SPDX-License-Identifier: MIT */
/*
 * IRQL: one byte in the running context. Rules: KE-IRQL-02..04, KE-LOCK-02, KE-LOCK-03. Any IRQL.
 */
#include "nt/suspend.h"

KIRQL KeGetCurrentIrql(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtContext()->Irql;
}

KIRQL KfRaiseIrql(KIRQL NewIrql)
{
    PNT_CONTEXT context;
    KIRQL old;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    old = context->Irql;
    if (NewIrql < old || NewIrql > HIGH_LEVEL) {
        NtBugCheckRule(RULE_IRQL_RAISE, old, NewIrql);
    }
    if (old < DISPATCH_LEVEL && NewIrql >= DISPATCH_LEVEL && NtKernel()->BusyCpus != 0) {
        context->Cpu = NtPickCpu(NtKernel());
    }
    context->Irql = NewIrql;
    return old;
}

KIRQL KeRaiseIrqlToDpcLevel(VOID)
{
    return KfRaiseIrql(DISPATCH_LEVEL);
}

VOID KfLowerIrql(KIRQL NewIrql)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    context = NtContext();
    if (NewIrql > context->Irql) {
        NtBugCheckRule(RULE_IRQL_LOWER, context->Irql, NewIrql);
    }
    context->Irql = NewIrql;
}

VOID KeLowerIrql(KIRQL NewIrql)
{
    KfLowerIrql(NewIrql);
}

/* The check of NT_CALL_OUT on the way back from a driver's routine. */
VOID NtCallLeftWrong(PNT_CALL Call)
{
    PNT_CONTEXT context = NtContext();

    if (context->LockCount > Call->EntryLocks) {
        NtBugCheckReturn(RULE_LOCK_RETURN, (ULONGLONG)(context->LockCount - Call->EntryLocks),
                         (ULONGLONG)(ULONG_PTR)context->Held[context->LockCount - 1].Acquirer, Call->Name, Call->Routine);
    }
    if (context->LockCount < Call->EntryLocks) {
        NtBugCheckReturn(RULE_LOCK_NOT_HELD, 0, 0, Call->Name, Call->Routine);
    }
    NtBugCheckReturn(RULE_IRQL_RETURN, context->Irql, Call->EntryIrql, Call->Name, Call->Routine);
}
