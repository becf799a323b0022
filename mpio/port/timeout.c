/* SPDX-License-Identifier: MIT */
/*
 * The ticks of units: while anything is outstanding a unit ticks once a second and looks for requests
 * whose time ran out; a tick also ends the pause of a busy or paused unit. A request alone never arms
 * one. The adapter's one timer waits for the first unit that is due: a timer for each of ten thousand
 * LUNs would cost more than the rest of an idle one. Timer DPC at DISPATCH_LEVEL; the unit lock guards
 * what is due, TickLock the list.
 */
#include "port/port.h"

/* TickLock held. */
static VOID SetTimer(PPORT_ADAPTER Adapter, ULONGLONG Now)
{
    PPORT_UNIT first = CONTAINING_RECORD(Adapter->Ticking.Flink, PORT_UNIT, TickLink);
    LARGE_INTEGER time;

    time.QuadPart = first->TickAt > Now ? -(LONGLONG)(first->TickAt - Now) : -1;
    KeSetTimer(&Adapter->TickTimer, time, &Adapter->TickDpc);
}

/* TickLock held. */
static VOID Unlist(PPORT_UNIT Unit)
{
    if (Unit->TimerArmed) {
        RemoveEntryList(&Unit->TickLink);
        Unit->TimerArmed = FALSE;
    }
}

VOID PortArmTimer(PPORT_UNIT Unit)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    ULONGLONG now = KeQueryInterruptTime();
    ULONGLONG due = Unit->Outstanding != 0 ? now + PORT_SECOND : MAXULONGLONG;
    PLIST_ENTRY before;

    if (Unit->ResumeAt != 0 && Unit->ResumeAt < due) {
        due = Unit->ResumeAt;
    }
    if (Unit->PausedUntil != 0 && Unit->PausedUntil < due) {
        due = Unit->PausedUntil;
    }
    KeAcquireSpinLockAtDpcLevel(&adapter->TickLock);
    Unlist(Unit);
    if (due != MAXULONGLONG) {
        Unit->TickAt = due;
        before = adapter->Ticking.Blink;
        while (before != &adapter->Ticking && CONTAINING_RECORD(before, PORT_UNIT, TickLink)->TickAt > due) {
            before = before->Blink;
        }
        InsertHeadList(before, &Unit->TickLink);
        Unit->TimerArmed = TRUE;
        if (before == &adapter->Ticking) {
            SetTimer(adapter, now);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&adapter->TickLock);
}

VOID PortDisarmTimer(PPORT_UNIT Unit)
{
    KIRQL irql;

    KeAcquireSpinLock(&Unit->Adapter->TickLock, &irql);
    Unlist(Unit);
    KeReleaseSpinLock(&Unit->Adapter->TickLock, irql);
}

static BOOLEAN FindExpired(PPORT_UNIT Unit, ULONGLONG Now)
{
    BOOLEAN found = FALSE;

    for (PLIST_ENTRY entry = Unit->Active.Flink; entry != &Unit->Active; entry = entry->Flink) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        if (request->State == PORT_REQUEST_ACTIVE && !request->Expired && Now >= request->Deadline) {
            request->Expired = TRUE;
            Unit->TimeOuts++;
            found = TRUE;
        }
    }
    return found;
}

static VOID Tick(PPORT_UNIT Unit)
{
    ULONGLONG now = KeQueryInterruptTime();
    BOOLEAN expired, kick = FALSE;

    KeAcquireSpinLockAtDpcLevel(&Unit->Lock);
    if (Unit->ResumeAt != 0 && now >= Unit->ResumeAt) {
        Unit->ResumeAt = 0;
        InterlockedAnd(&Unit->Holds, ~UNIT_HOLD_BUSY);
        kick = TRUE;
    }
    if (Unit->PausedUntil != 0 && now >= Unit->PausedUntil) {
        Unit->PausedUntil = 0;
        InterlockedAnd(&Unit->Holds, ~UNIT_HOLD_PAUSED);
        kick = TRUE;
    }
    expired = FindExpired(Unit, now);
    PortArmTimer(Unit);
    if (expired || kick) {
        Unit->Users++;
    }
    KeReleaseSpinLockFromDpcLevel(&Unit->Lock);
    if (expired) {
        PortRequestReset(Unit->Adapter);
    }
    if (kick) {
        PortKickUnit(Unit);
    }
    if (expired || kick) {
        PortReleaseUser(Unit);
    }
}

/* The next unit that is due, no longer listed; NULL: the timer is set for the first of the others. */
static PPORT_UNIT TakeDue(PPORT_ADAPTER Adapter)
{
    ULONGLONG now = KeQueryInterruptTime();
    PPORT_UNIT unit = NULL;

    KeAcquireSpinLockAtDpcLevel(&Adapter->TickLock);
    if (!IsListEmpty(&Adapter->Ticking)) {
        unit = CONTAINING_RECORD(Adapter->Ticking.Flink, PORT_UNIT, TickLink);
        if (unit->TickAt <= now) {
            Unlist(unit);
        } else {
            SetTimer(Adapter, now);
            unit = NULL;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Adapter->TickLock);
    return unit;
}

VOID PortTickDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_UNIT unit;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    while ((unit = TakeDue(Context)) != NULL) {
        Tick(unit);
    }
}
