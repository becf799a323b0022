/* SPDX-License-Identifier: MIT */
/*
 * The one timer of a unit: while anything is outstanding it ticks once a second and looks for
 * requests whose time ran out; it also ends the pauses of a busy or paused unit. A request alone
 * never sets a timer. Timer DPC at DISPATCH_LEVEL; the unit lock guards all of it.
 */
#include "port/port.h"

VOID PortArmTimer(PPORT_UNIT Unit)
{
    ULONGLONG now = KeQueryInterruptTime();
    ULONGLONG due = Unit->Outstanding != 0 ? now + PORT_SECOND : MAXULONGLONG;
    LARGE_INTEGER time;

    if (Unit->ResumeAt != 0 && Unit->ResumeAt < due) {
        due = Unit->ResumeAt;
    }
    if (Unit->PausedUntil != 0 && Unit->PausedUntil < due) {
        due = Unit->PausedUntil;
    }
    Unit->TimerArmed = due != MAXULONGLONG;
    if (Unit->TimerArmed) {
        time.QuadPart = due > now ? -(LONGLONG)(due - now) : -1;
        KeSetTimer(&Unit->Timer, time, &Unit->TimerDpc);
    }
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

VOID PortUnitTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_UNIT unit = Context;
    ULONGLONG now = KeQueryInterruptTime();
    BOOLEAN expired, kick = FALSE;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&unit->Lock);
    unit->TimerArmed = FALSE;
    if (unit->ResumeAt != 0 && now >= unit->ResumeAt) {
        unit->ResumeAt = 0;
        InterlockedAnd(&unit->Holds, ~UNIT_HOLD_BUSY);
        kick = TRUE;
    }
    if (unit->PausedUntil != 0 && now >= unit->PausedUntil) {
        unit->PausedUntil = 0;
        InterlockedAnd(&unit->Holds, ~UNIT_HOLD_PAUSED);
        kick = TRUE;
    }
    expired = FindExpired(unit, now);
    PortArmTimer(unit);
    if (expired || kick) {
        unit->Users++;
    }
    KeReleaseSpinLockFromDpcLevel(&unit->Lock);
    if (expired) {
        PortRequestReset(unit->Adapter);
    }
    if (kick) {
        PortKickUnit(unit);
    }
    if (expired || kick) {
        PortReleaseUser(unit);
    }
}
