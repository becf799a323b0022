/* SPDX-License-Identifier: MIT */
/*
 * KTIMER: one-shot and periodic, notification and synchronization. Set and cancel: <= DISPATCH_LEVEL.
 * Expiry is a world event at exactly the due time (finer than Windows' clock tick). A queued timer
 * has Header.Inserted set and TimerListEntry.Flink leading to its NT_TIMER, which embeds the event.
 * Rule: KE-TIMER-01.
 */
#include "nt/queued.h"
#include "nt/wait.h"

struct _NT_TIMER {
    struct event Event;
    NT_QUEUED Queued;
    LIST_ENTRY Free;
    PKTIMER Timer;
};

static VOID Dequeue(PNT_MACHINE Kernel, PNT_TIMER Side)
{
    world_cancel(Kernel->Machine->world, &Side->Event);
    NtQueuedRemove(Kernel, &Side->Queued);
    Side->Timer->Header.Inserted = 0;
    Side->Timer->TimerListEntry.Flink = NULL;
    InsertHeadList(&Kernel->FreeTimers, &Side->Free);
}

static VOID Expire(struct event *Event)
{
    PNT_TIMER side = CONTAINING_RECORD(Event, NT_TIMER, Event);
    PNT_MACHINE kernel = NtKernelOf(Event->machine);
    PKTIMER timer = side->Timer;
    ULONGLONG time = NT_EPOCH + Event->time;

    if (timer->Period != 0) {
        world_post(kernel->Machine->world, Event, Event->time + timer->Period * WORLD_MS, EVENT_INTERRUPT);
    } else {
        Dequeue(kernel, side);
    }
    kernel->Timers++;
    NtContext()->Irql = CLOCK_LEVEL;
    timer->Header.SignalState = 1;
    NtSignal(&timer->Header);
    if (timer->Dpc != NULL) {
        KeInsertQueueDpc(timer->Dpc, (PVOID)(ULONG_PTR)(ULONG)time, (PVOID)(ULONG_PTR)(ULONG)(time >> 32));
    }
    NtContext()->Irql = PASSIVE_LEVEL;
}

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtQueuedRefuse(Timer, sizeof(*Timer));
    NtInitializeHeader(&Timer->Header, (UCHAR)(NT_TIMER_NOTIFICATION + Type), sizeof(*Timer), 0);
    Timer->DueTime.QuadPart = 0;
    Timer->TimerListEntry.Flink = Timer->TimerListEntry.Blink = NULL;
    Timer->Dpc = NULL;
#ifdef _WIN64
    Timer->Processor = 0;
#endif
    Timer->Period = 0;
}

VOID KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

static BOOLEAN Set(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, PKDPC Dpc)
{
    PNT_MACHINE kernel = NtKernel();
    BOOLEAN wasQueued = Timer->Header.Inserted != 0;
    ULONGLONG due = NtDueTime(DueTime.QuadPart);
    PNT_TIMER side;

    if (wasQueued) {
        Dequeue(kernel, (PNT_TIMER)(PVOID)Timer->TimerListEntry.Flink);
    }
    if (IsListEmpty(&kernel->FreeTimers)) {
        side = NtSideAllocate(kernel, sizeof(*side));
    } else {
        side = CONTAINING_RECORD(RemoveHeadList(&kernel->FreeTimers), NT_TIMER, Free);
    }
    side->Timer = Timer;
    side->Event.run = Expire;
    side->Event.machine = kernel->Machine;
    NtQueuedInsert(kernel, &side->Queued, Timer, sizeof(*Timer));
    Timer->Header.SignalState = 0;
    Timer->Header.Inserted = 1;
    Timer->TimerListEntry.Flink = (PLIST_ENTRY)(PVOID)side;
    Timer->DueTime.QuadPart = due;
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    world_post(kernel->Machine->world, &side->Event, due, EVENT_INTERRUPT);
    return wasQueued;
}

BOOLEAN KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Set(Timer, DueTime, Period < 0 ? 0 : (ULONG)Period, Dpc);
}

BOOLEAN KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Set(Timer, DueTime, 0, Dpc);
}

BOOLEAN KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    UNREFERENCED_PARAMETER(TolerableDelay);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Set(Timer, DueTime, Period, Dpc);
}

BOOLEAN KeCancelTimer(PKTIMER Timer)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Timer->Header.Inserted == 0) {
        return FALSE;
    }
    Dequeue(NtKernel(), (PNT_TIMER)(PVOID)Timer->TimerListEntry.Flink);
    return TRUE;
}

BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Timer->Header.SignalState != 0;
}
