/* SPDX-License-Identifier: MIT */
/*
 * KeWaitForSingleObject, KeWaitForMultipleObjects, KeDelayExecutionThread. Waits that may block:
 * <= APC_LEVEL, without spin locks, and not below a driver's callback that the contract allows at
 * DISPATCH_LEVEL, even if this call came at PASSIVE_LEVEL. Rules: KE-WAIT-01..03. Waiters are
 * served first come, first served.
 */
#include "nt/wait.h"

#include "nt/queued.h"
#include "nt/thread.h"

typedef struct _NT_WAIT {
    struct event Timeout;
    struct fibre *Fibre;
    PVOID Owner;                /* who acquires a mutex */
    PKWAIT_BLOCK Blocks;
    NT_QUEUED Queued;           /* the first object */
    ULONG Count;
    WAIT_TYPE Type;
    NTSTATUS Status;
    BOOLEAN Done;
} NT_WAIT;

VOID NtRequireMayWait(VOID)
{
    PNT_CONTEXT context = NtContext();

    if (context->LockCount != 0) {
        NtBugCheckRule(RULE_WAIT_LOCKED, context->LockCount, 0);
    }
    if (context->Irql >= DISPATCH_LEVEL) {
        NtBugCheckRule(RULE_WAIT_DISPATCH, context->Irql, 0);
    }
    for (const NT_CALL *call = context->Call; call != NULL; call = call->Outer) {
        if (call->HighestIrql >= DISPATCH_LEVEL && NtDriverIsForeign(call->Driver)) {
            NtBugCheckRule(RULE_WAIT_CALLBACK, context->Irql, 0);
        }
    }
}

ULONGLONG NtDueTime(LONGLONG DueTime)
{
    ULONGLONG now = NtNow();

    if (DueTime < 0) {
        ULONGLONG delay = 0 - (ULONGLONG)DueTime;

        return delay >= WORLD_NEVER - now ? WORLD_NEVER : now + delay;
    }
    return (ULONGLONG)DueTime <= NT_EPOCH ? now : (ULONGLONG)DueTime - NT_EPOCH;
}

static BOOLEAN IsSignaled(const DISPATCHER_HEADER *Header, PVOID Owner)
{
    return Header->SignalState > 0 ||
           (Header->Type == NT_MUTANT && (PVOID)((const KMUTANT *)Header)->OwnerThread == Owner);
}

static VOID Consume(PDISPATCHER_HEADER Header, PVOID Owner)
{
    switch (Header->Type) {
    case NT_EVENT_SYNCHRONIZATION:
    case NT_TIMER_SYNCHRONIZATION:
        Header->SignalState = 0;
        break;
    case NT_SEMAPHORE:
        Header->SignalState--;
        break;
    case NT_MUTANT:
        Header->SignalState--;
        ((PKMUTANT)Header)->OwnerThread = Owner;
        break;
    default:
        break;
    }
}

/* Takes what the wait asked for, if it is there now. */
static BOOLEAN Satisfy(NT_WAIT *Wait)
{
    if (Wait->Type == WaitAny || Wait->Count == 1) {
        for (ULONG i = 0; i < Wait->Count; i++) {
            if (IsSignaled(Wait->Blocks[i].Object, Wait->Owner)) {
                Consume(Wait->Blocks[i].Object, Wait->Owner);
                Wait->Status = (NTSTATUS)(STATUS_WAIT_0 + i);
                return TRUE;
            }
        }
        return FALSE;
    }
    for (ULONG i = 0; i < Wait->Count; i++) {
        if (!IsSignaled(Wait->Blocks[i].Object, Wait->Owner)) {
            return FALSE;
        }
    }
    for (ULONG i = 0; i < Wait->Count; i++) {
        Consume(Wait->Blocks[i].Object, Wait->Owner);
    }
    Wait->Status = STATUS_WAIT_0;
    return TRUE;
}

static VOID Finish(NT_WAIT *Wait)
{
    for (ULONG i = 0; i < Wait->Count; i++) {
        RemoveEntryList(&Wait->Blocks[i].WaitListEntry);
    }
    if (Wait->Count != 0) {
        NtQueuedRemove(NtKernelOf(Wait->Fibre->machine), &Wait->Queued);
    }
    Wait->Done = TRUE;
    fibre_wake(Wait->Fibre, world_now(Wait->Fibre->world), EVENT_THREAD);
}

static VOID TimedOut(struct event *Event)
{
    NT_WAIT *wait = CONTAINING_RECORD(Event, NT_WAIT, Timeout);

    wait->Status = STATUS_TIMEOUT;
    Finish(wait);
}

VOID NtSignal(PDISPATCHER_HEADER Header)
{
    PLIST_ENTRY entry = Header->WaitListHead.Flink;

    while (entry != &Header->WaitListHead) {
        NT_WAIT *wait = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->SparePtr;

        if (Header->SignalState <= 0) {
            return;
        }
        if (!Satisfy(wait)) {
            entry = entry->Flink; /* waits for others as well */
            continue;
        }
        world_cancel(wait->Fibre->world, &wait->Timeout);
        Finish(wait);
        entry = Header->WaitListHead.Flink;
    }
}

/* Blocks until Satisfy succeeds or the world time Until is reached. */
static NTSTATUS Block(NT_WAIT *Wait, ULONGLONG Until)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_THREAD thread = NtContext()->Thread;

    Wait->Fibre = world_fibre;
    for (ULONG i = 0; i < Wait->Count; i++) {
        PDISPATCHER_HEADER header = Wait->Blocks[i].Object;

        Wait->Blocks[i].WaitType = (UCHAR)Wait->Type;
        Wait->Blocks[i].WaitKey = (USHORT)i;
        Wait->Blocks[i].SparePtr = Wait;
        InsertTailList(&header->WaitListHead, &Wait->Blocks[i].WaitListEntry);
    }
    if (Wait->Count != 0) {
        NtQueuedInsert(kernel, &Wait->Queued, Wait->Blocks[0].Object, sizeof(DISPATCHER_HEADER));
    }
    if (Until != WORLD_NEVER) {
        Wait->Timeout.run = TimedOut;
        Wait->Timeout.machine = kernel->Machine;
        world_post(kernel->Machine->world, &Wait->Timeout, Until, EVENT_INTERRUPT);
    }
    kernel->Waits++;
    NtThreadBlocks(kernel, thread);
    while (!Wait->Done) {
        NtBlock();
    }
    NtThreadGoesOn(kernel, thread);
    return Wait->Status;
}

static NTSTATUS WaitFor(PKWAIT_BLOCK Blocks, ULONG Count, WAIT_TYPE Type, const LARGE_INTEGER *Timeout)
{
    PNT_CONTEXT context = NtContext();
    NT_WAIT wait = {.Blocks = Blocks, .Count = Count, .Type = Type};

    wait.Owner = context->Thread != NULL ? (PVOID)context->Thread : (PVOID)context;
    if (Timeout == NULL || Timeout->QuadPart != 0) {
        NtRequireMayWait();
    }
    if (Satisfy(&wait)) {
        return wait.Status;
    }
    if (Timeout != NULL && Timeout->QuadPart == 0) {
        return STATUS_TIMEOUT;
    }
    return Block(&wait, Timeout == NULL ? WORLD_NEVER : NtDueTime(Timeout->QuadPart));
}

NTSTATUS KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                               PLARGE_INTEGER Timeout)
{
    KWAIT_BLOCK block;

    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    block.Object = Object;
    return WaitFor(&block, 1, WaitAny, Timeout);
}

NTSTATUS KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                  KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                  PKWAIT_BLOCK WaitBlockArray)
{
    KWAIT_BLOCK own[THREAD_WAIT_OBJECTS];
    PKWAIT_BLOCK blocks = WaitBlockArray != NULL ? WaitBlockArray : own;

    UNREFERENCED_PARAMETER(WaitReason);
    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Count == 0 || Count > (WaitBlockArray != NULL ? MAXIMUM_WAIT_OBJECTS : THREAD_WAIT_OBJECTS)) {
        NtRaiseStatus(STATUS_INVALID_PARAMETER); /* MAXIMUM_WAIT_OBJECTS_EXCEEDED on Windows: a bug check, too */
    }
    for (ULONG i = 0; i < Count; i++) {
        blocks[i].Object = Object[i];
    }
    return WaitFor(blocks, Count, WaitType, Timeout);
}

NTSTATUS KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    NT_WAIT wait = {.Count = 0};

    UNREFERENCED_PARAMETER(WaitMode);
    UNREFERENCED_PARAMETER(Alertable);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtRequireMayWait();
    Block(&wait, NtDueTime(Interval->QuadPart));
    return STATUS_SUCCESS;
}
