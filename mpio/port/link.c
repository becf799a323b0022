/* SPDX-License-Identifier: MIT */
/*
 * The adapter's link, as its miniport tells it (LinkDown, LinkUp): while it is down nothing starts; when it
 * has been down for LinkDownTimeoutValue seconds (30 unless the registry says otherwise), what waits fails
 * with SRB_STATUS_LINK_DOWN, and so does what comes, until LinkUp. Told at any IRQL, done in DPCs.
 */
#include "port/port.h"

VOID PortLinkDown(PPORT_ADAPTER Adapter)
{
    if ((InterlockedOr(&Adapter->Holds, ADAPTER_HOLD_LINK) & ADAPTER_HOLD_LINK) == 0) {
        PortChange(Adapter, PORT_CHANGE_LINK);
    }
}

VOID PortArmLinkTimer(PPORT_ADAPTER Adapter)
{
    LARGE_INTEGER due;

    due.QuadPart = Adapter->LinkDownTime != 0 ? -(LONGLONG)(Adapter->LinkDownTime * PORT_SECOND) : -1;
    KeSetTimer(&Adapter->LinkTimer, due, &Adapter->LinkDpc);
}

/* The units one after the other; each stays while its user count is taken. */
static VOID FailAllWaiting(PPORT_ADAPTER Adapter)
{
    PPORT_UNIT unit = NULL;
    BOOLEAN found = TRUE;
    KIRQL irql;

    while (found) {
        found = FALSE;
        KeAcquireSpinLock(&Adapter->Lock, &irql);
        for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units && !found; entry = entry->Flink) {
            unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);
            found = !IsListEmpty(&unit->Waiting);
        }
        if (found) {
            unit->Users++;
        }
        KeReleaseSpinLock(&Adapter->Lock, irql);
        if (found) {
            PortFailWaiting(unit, SRB_STATUS_LINK_DOWN);
            PortReleaseUser(unit);
        }
    }
    if (Adapter->Probe != NULL) {
        PortFailWaiting(Adapter->Probe, SRB_STATUS_LINK_DOWN);
    }
}

VOID PortLinkDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_ADAPTER adapter = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if ((adapter->Holds & ADAPTER_HOLD_LINK) == 0) {
        return; /* it came up meanwhile */
    }
    NtLogEvent(11, adapter->Driver->Name, "port %u: the link has been down for %u seconds, waiting requests fail",
               adapter->Number, adapter->LinkDownTime);
    InterlockedOr(&adapter->Holds, ADAPTER_HOLD_LOST);
    FailAllWaiting(adapter);
}
