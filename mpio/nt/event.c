/* SPDX-License-Identifier: MIT */
/*
 * KEVENT and KSEMAPHORE. Set, reset, release and read: <= DISPATCH_LEVEL. The Wait argument of the
 * setting routines only spares Windows a dispatch; here it changes nothing.
 */
#include "nt/queued.h"
#include "nt/seh.h"
#include "nt/wait.h"

VOID NtRaiseStatus(NTSTATUS Status)
{
    NtBugCheckRule(RULE_BUGCHECK_CALL, KMODE_EXCEPTION_NOT_HANDLED, (ULONG)Status);
}

VOID ExRaiseStatus(NTSTATUS Status)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtRaiseAtCaller(Status); /* with one convention in the process it does not come back; else images do not come here */
    NtRaiseStatus(Status);
}

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtQueuedRefuse(Event, sizeof(*Event));
    NtInitializeHeader(&Event->Header, (UCHAR)Type, sizeof(*Event), State ? 1 : 0);
}

LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG old;

    UNREFERENCED_PARAMETER(Increment);
    UNREFERENCED_PARAMETER(Wait);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    if (!IsListEmpty(&Event->Header.WaitListHead)) {
        NtSignal(&Event->Header);
    }
    return old;
}

LONG KeResetEvent(PRKEVENT Event)
{
    LONG old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    return old;
}

VOID KeClearEvent(PRKEVENT Event)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Event->Header.SignalState = 0;
}

LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    LONG old = KeSetEvent(Event, Increment, Wait);

    Event->Header.SignalState = 0;
    return old;
}

LONG KeReadStateEvent(PRKEVENT Event)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Event->Header.SignalState;
}

VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtQueuedRefuse(Semaphore, sizeof(*Semaphore));
    NtInitializeHeader(&Semaphore->Header, NT_SEMAPHORE, sizeof(*Semaphore), Count);
    Semaphore->Limit = Limit;
}

LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    LONG old;

    UNREFERENCED_PARAMETER(Increment);
    UNREFERENCED_PARAMETER(Wait);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = Semaphore->Header.SignalState;
    if (Adjustment <= 0 || Adjustment > Semaphore->Limit - old) {
        if (NtRaiseAtCaller(STATUS_SEMAPHORE_LIMIT_EXCEEDED)) {
            return old;
        }
        NtRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    Semaphore->Header.SignalState = old + Adjustment;
    NtSignal(&Semaphore->Header);
    return old;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Semaphore->Header.SignalState;
}
