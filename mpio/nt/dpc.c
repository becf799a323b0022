/* SPDX-License-Identifier: MIT */
/*
 * KDPC: deferred routines run as world events at DISPATCH_LEVEL on the loop's stack. Insert and
 * remove: any IRQL. A queued DPC has DpcData set, which leads to its NT_QUEUED_DPC; the KDPC may be
 * queued again, or freed, as soon as its routine runs. Rule: KE-TIMER-01.
 */
#include "nt/driverobject.h"
#include "nt/queued.h"
#include "nt/wait.h"

struct _NT_QUEUED_DPC {
    struct event Event;
    LIST_ENTRY Entry;       /* NT_MACHINE.Dpcs or FreeDpcs */
    NT_QUEUED Queued;
    PKDPC Dpc;
    ULONGLONG Sequence;
};

static VOID Retire(PNT_MACHINE Kernel, NT_QUEUED_DPC *Side)
{
    ULONGLONG oldest;
    PLIST_ENTRY next;

    RemoveEntryList(&Side->Entry);
    InsertHeadList(&Kernel->FreeDpcs, &Side->Entry);
    oldest = IsListEmpty(&Kernel->Dpcs) ? ~0ull
                                        : CONTAINING_RECORD(Kernel->Dpcs.Flink, NT_QUEUED_DPC, Entry)->Sequence;
    for (PLIST_ENTRY entry = Kernel->FlushWaiters.Flink; entry != &Kernel->FlushWaiters; entry = next) {
        NT_FIBRE_WAIT *wait = CONTAINING_RECORD(entry, NT_FIBRE_WAIT, Entry);

        next = entry->Flink;
        if (wait->Sequence < oldest) {
            RemoveEntryList(entry);
            fibre_wake(wait->Fibre, NtNow(), EVENT_THREAD);
        }
    }
}

static VOID Run(struct event *Event)
{
    NT_QUEUED_DPC *side = CONTAINING_RECORD(Event, NT_QUEUED_DPC, Event);
    PNT_MACHINE kernel = NtKernelOf(Event->machine);
    PKDPC dpc = side->Dpc;
    PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    PVOID context = dpc->DeferredContext, first = dpc->SystemArgument1, second = dpc->SystemArgument2;

    NtQueuedRemove(kernel, &side->Queued);
    dpc->DpcData = NULL;
    kernel->DpcsRun++;
    NtEnterDispatch(kernel);
    if (dpc->Number != 0) {
        NtContext()->Cpu = (UCHAR)(dpc->Number - 1);
    }
    NT_CALL_VOID("DPC routine", NtDriverOfCode(kernel, (PVOID)routine), DISPATCH_LEVEL, routine, dpc, context, first,
                 second);
    NtLeaveDispatch();
    Retire(kernel, side);
}

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtQueuedRefuse(Dpc, sizeof(*Dpc));
    RtlZeroMemory(Dpc, sizeof(*Dpc));
    Dpc->Type = 0x13; /* DpcObject */
    Dpc->Importance = MediumImportance;
    Dpc->DeferredRoutine = DeferredRoutine;
    Dpc->DeferredContext = DeferredContext;
}

VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    KeInitializeDpc(Dpc, DeferredRoutine, DeferredContext);
}

BOOLEAN KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PNT_MACHINE kernel;
    NT_QUEUED_DPC *side;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Dpc->DpcData != NULL) {
        return FALSE;
    }
    kernel = NtKernel();
    if (IsListEmpty(&kernel->FreeDpcs)) {
        side = NtSideAllocate(kernel, sizeof(*side));
    } else {
        side = CONTAINING_RECORD(RemoveHeadList(&kernel->FreeDpcs), NT_QUEUED_DPC, Entry);
    }
    side->Dpc = Dpc;
    side->Sequence = ++kernel->DpcSequence;
    side->Event.run = Run;
    side->Event.machine = kernel->Machine;
    InsertTailList(&kernel->Dpcs, &side->Entry);
    NtQueuedInsert(kernel, &side->Queued, Dpc, sizeof(*Dpc));
    Dpc->SystemArgument1 = SystemArgument1;
    Dpc->SystemArgument2 = SystemArgument2;
    Dpc->DpcData = side;
    world_post(kernel->Machine->world, &side->Event, NtNow(), EVENT_DPC);
    return TRUE;
}

BOOLEAN KeRemoveQueueDpc(PRKDPC Dpc)
{
    NT_QUEUED_DPC *side;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    side = Dpc->DpcData;
    if (side == NULL) {
        return FALSE;
    }
    world_cancel(NtKernel()->Machine->world, &side->Event);
    NtQueuedRemove(NtKernel(), &side->Queued);
    Dpc->DpcData = NULL;
    Retire(NtKernel(), side);
    return TRUE;
}

VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Dpc->Importance = (UCHAR)Importance;
}

VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Number >= 0 && (unsigned)Number < NtKernel()->Machine->cpus) {
        Dpc->Number = (USHORT)(Number + 1);
    }
}

NTSTATUS KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (ProcNumber->Group != 0 || ProcNumber->Number >= NtKernel()->Machine->cpus) {
        return STATUS_INVALID_PARAMETER;
    }
    Dpc->Number = (USHORT)(ProcNumber->Number + 1);
    return STATUS_SUCCESS;
}

VOID KeFlushQueuedDpcs(VOID)
{
    PNT_MACHINE kernel;
    NT_FIBRE_WAIT wait;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    NtRequireMayWait();
    kernel = NtKernel();
    if (IsListEmpty(&kernel->Dpcs)) {
        return;
    }
    wait.Fibre = world_fibre;
    wait.Sequence = kernel->DpcSequence;
    InsertTailList(&kernel->FlushWaiters, &wait.Entry);
    NtBlock();
}
