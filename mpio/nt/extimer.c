/* SPDX-License-Identifier: MIT */
/*
 * EX_TIMER: a KTIMER with its DPC in memory of the kernel, periods in 100 ns, and deletion that copes
 * with a running callback. <= DISPATCH_LEVEL; a deletion that waits <= APC_LEVEL. Expiry is exact
 * whatever the attributes.
 */
#include "nt/driverobject.h"
#include "nt/wait.h"

#define CLOCK_RESOLUTION 156250 /* what KeQueryTimeIncrement says; expiry is finer */

struct _EX_TIMER {
    KTIMER Timer; /* first: drivers wait for it */
    KDPC Dpc;
    PEXT_CALLBACK Callback;
    PVOID Context;
    LONGLONG Period;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
    PKEVENT Waiter;
    BOOLEAN Deleting, Running;
};

static VOID Destroy(PEX_TIMER Timer)
{
    PEXT_DELETE_CALLBACK routine = Timer->DeleteCallback;
    PVOID context = Timer->DeleteContext;
    PKEVENT waiter = Timer->Waiter;

    NtPoolFreeKernel(NtKernel(), Timer);
    if (routine != NULL) {
        NT_CALL_VOID("timer delete callback", NtDriverOfCode(NtKernel(), (PVOID)routine), DISPATCH_LEVEL, routine,
                     context);
    }
    if (waiter != NULL) {
        KeSetEvent(waiter, IO_NO_INCREMENT, FALSE);
    }
}

static VOID Expired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PEX_TIMER timer = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (timer->Period != 0 && !timer->Deleting) {
        LONG state = timer->Timer.Header.SignalState;
        LARGE_INTEGER due = {.QuadPart = (LONGLONG)(NT_EPOCH + timer->Timer.DueTime.QuadPart + (ULONGLONG)timer->Period)};

        KeSetTimer(&timer->Timer, due, &timer->Dpc);
        timer->Timer.Header.SignalState = state; /* what expired stays signaled */
    }
    timer->Running = TRUE;
    if (timer->Callback != NULL) {
        NT_CALL_VOID("timer callback", NtDriverOfCode(NtKernel(), (PVOID)timer->Callback), DISPATCH_LEVEL,
                     timer->Callback, timer, timer->Context);
    }
    timer->Running = FALSE;
    if (timer->Deleting) {
        Destroy(timer);
    }
}

PEX_TIMER ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    PEX_TIMER timer;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    timer = NtPoolAllocateKernel(NtKernel(), sizeof(*timer), 'mTxE');
    if (timer == NULL) {
        return NULL;
    }
    KeInitializeTimerEx(&timer->Timer,
                        (Attributes & EX_TIMER_NOTIFICATION) != 0 ? NotificationTimer : SynchronizationTimer);
    KeInitializeDpc(&timer->Dpc, Expired, timer);
    timer->Callback = Callback;
    timer->Context = CallbackContext;
    return timer;
}

BOOLEAN ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    LARGE_INTEGER due = {.QuadPart = DueTime};

    UNREFERENCED_PARAMETER(Parameters);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Timer->Deleting || Period < 0) {
        return FALSE;
    }
    Timer->Period = Period;
    return KeSetTimer(&Timer->Timer, due, &Timer->Dpc);
}

BOOLEAN ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(Parameters);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Timer->Period = 0;
    return KeCancelTimer(&Timer->Timer);
}

BOOLEAN ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    BOOLEAN cancelled;
    KEVENT gone;

    NT_REQUIRE_IRQL(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    if (Timer->Deleting || (Wait && !Cancel)) {
        NtRaiseStatus(STATUS_INVALID_PARAMETER);
    }
    if (Parameters != NULL) {
        Timer->DeleteCallback = Parameters->DeleteCallback;
        Timer->DeleteContext = Parameters->DeleteContext;
    }
    cancelled = Cancel && KeCancelTimer(&Timer->Timer);
    Timer->Deleting = TRUE;
    Timer->Period = 0;
    if (Timer->Timer.Header.Inserted == 0 && Timer->Dpc.DpcData == NULL && !Timer->Running) {
        KIRQL old = KeRaiseIrqlToDpcLevel();

        Destroy(Timer);
        KeLowerIrql(old);
    } else if (Wait) {
        KeInitializeEvent(&gone, NotificationEvent, FALSE);
        Timer->Waiter = &gone;
        KeWaitForSingleObject(&gone, Executive, KernelMode, FALSE, NULL);
    }
    return cancelled;
}

ULONG ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    UNREFERENCED_PARAMETER(DesiredTime);
    UNREFERENCED_PARAMETER(SetResolution);
    NT_REQUIRE_IRQL(APC_LEVEL);
    return CLOCK_RESOLUTION;
}

VOID ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    *MaximumTime = *MinimumTime = *CurrentTime = CLOCK_RESOLUTION;
}
