/* SPDX-License-Identifier: MIT */
/*
 * The queue of a unit: what waits, what is at the miniport, and what holds it back (class-driver
 * 1.7, 2.4, 5.8). <= DISPATCH_LEVEL; the unit lock guards lists, counters and tags, holds are
 * interlocked because miniports set them at any IRQL.
 *
 * A request costs no pool allocation and no timer in steady state: requests come back to a free
 * list of the adapter, and one timer per unit ticks while anything is outstanding.
 */
#include "port/port.h"

PPORT_REQUEST PortAllocateRequest(PPORT_UNIT Unit)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    PPORT_REQUEST request = adapter->FreeRequests;

    if (request != NULL) {
        adapter->FreeRequests = request->NextFree;
    } else {
        request = ExAllocatePoolZero(NonPagedPoolNx, adapter->RequestBytes, PORT_TAG);
        if (request == NULL) {
            return NULL;
        }
    }
    Unit->Users++;
    request->Unit = Unit;
    request->Extended = NULL;
    request->Irp = NULL;
    request->Done = NULL;
    request->BusyRetries = 0;
    request->Expired = FALSE;
    return request;
}

VOID PortReleaseUser(PPORT_UNIT Unit)
{
    if (--Unit->Users == 0) {
        KeSetEvent(Unit->Idle, IO_NO_INCREMENT, FALSE);
    }
}

/* The caller still owes PortReleaseUser. */
VOID PortFreeRequest(PPORT_REQUEST Request)
{
    PPORT_ADAPTER adapter = Request->Unit->Adapter;

    Request->Srb = NULL;
    Request->State = PORT_REQUEST_FREE;
    Request->NextFree = adapter->FreeRequests;
    adapter->FreeRequests = Request;
}

/* ---- tags: per unit, so that at most 255 requests of one unit are told apart -------------------------- */
static UCHAR TakeTag(PPORT_UNIT Unit)
{
    UCHAR tag = Unit->NextTag;

    while ((Unit->Tags[tag / 64] >> (tag % 64) & 1) != 0 || tag == SP_UNTAGGED) {
        tag++;
    }
    Unit->Tags[tag / 64] |= 1ull << (tag % 64);
    Unit->NextTag = (UCHAR)(tag + 1);
    return tag;
}

static BOOLEAN MayStart(PPORT_UNIT Unit, ULONG SrbFlags)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    LONG holds = Unit->Holds | adapter->Holds;

    if (holds != 0) {
        if ((SrbFlags & SRB_FLAGS_BYPASS_FROZEN_QUEUE) != 0) {
            holds &= ~UNIT_HOLD_FROZEN;
        }
        if ((SrbFlags & SRB_FLAGS_BYPASS_LOCKED_QUEUE) != 0) {
            holds &= ~UNIT_HOLD_LOCKED;
        }
        if (holds != 0) {
            return FALSE;
        }
    }
    if (Unit->Outstanding >= Unit->Depth) {
        return FALSE;
    }
    if (adapter->Outstanding >= (LONG)adapter->Config.MaxNumberOfIO) {
        adapter->Starved = TRUE;
        return FALSE;
    }
    return TRUE;
}

static VOID Activate(PPORT_REQUEST Request, BOOLEAN Tagged)
{
    PPORT_UNIT unit = Request->Unit;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;

    Request->State = PORT_REQUEST_ACTIVE;
    srb->SrbStatus = SRB_STATUS_PENDING;
    srb->ScsiStatus = 0;
    srb->QueueTag = Tagged ? TakeTag(unit) : SP_UNTAGGED;
    srb->SrbFlags |= SRB_FLAGS_IS_ACTIVE;
    unit->Outstanding++;
    unit->Requests++;
    unit->Adapter->Outstanding++;
    Request->Deadline = srb->TimeOutValue == 0
                            ? MAXULONGLONG
                            : KeQueryInterruptTime() + srb->TimeOutValue * PORT_SECOND;
    if (!unit->TimerArmed) {
        PortArmTimer(unit);
    }
}

VOID PortTakeStartable(PPORT_UNIT Unit, PLIST_ENTRY List)
{
    PLIST_ENTRY entry = Unit->Waiting.Flink;

    while (entry != &Unit->Waiting) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        entry = entry->Flink;
        if (!MayStart(Unit, request->Srb->SrbFlags)) {
            /* Something behind it may be allowed past a frozen or locked queue. */
            if ((Unit->Holds & (UNIT_HOLD_FROZEN | UNIT_HOLD_LOCKED)) == 0) {
                break;
            }
            continue;
        }
        RemoveEntryList(&request->Link);
        Unit->WaitingCount--;
        Activate(request, TRUE);
        /* Finished is free until the miniport returns the request: it carries the list of the start. */
        InsertTailList(&Unit->Active, &request->Link);
        InsertTailList(List, &request->Finished);
    }
}

/* Hands one active request to the miniport. DISPATCH_LEVEL, no lock held; the caller drains afterwards. */
static VOID StartRequest(PPORT_ADAPTER Adapter, PPORT_REQUEST Request)
{
    PPORT_DRIVER driver = Adapter->Driver;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    PORT_LOCK_STATE lock;
    BOOLEAN accepted = TRUE;

    Adapter->Starting++;
    if (driver->Init.HwBuildIo != NULL &&
        !NT_CALL_OUT("HwBuildIo", driver->DriverObject, DISPATCH_LEVEL, driver->Init.HwBuildIo,
                     Adapter->Extension, srb)) {
        goto out; /* the miniport completes it by itself */
    }
    PortAcquireStartIo(Adapter, &lock);
    accepted = NT_CALL_OUT("HwStartIo", driver->DriverObject, DISPATCH_LEVEL, driver->Init.HwStartIo,
                           Adapter->Extension, srb);
    PortReleaseStartIo(Adapter, &lock);
out:
    Adapter->Starting--;
    if (!accepted && Request->State == PORT_REQUEST_ACTIVE && Request->Srb == srb) {
        /* Not published what StorPort does beyond "resubmits later": we treat it as BUSY. */
        srb->SrbStatus = SRB_STATUS_BUSY;
        PortReturn(Adapter, Request);
    }
}

VOID PortStartList(PPORT_ADAPTER Adapter, PLIST_ENTRY List)
{
    while (!IsListEmpty(List)) {
        PLIST_ENTRY entry = RemoveHeadList(List);

        StartRequest(Adapter, CONTAINING_RECORD(entry, PORT_REQUEST, Finished));
    }
}

VOID PortSubmit(PPORT_REQUEST Request)
{
    PPORT_UNIT unit = Request->Unit;
    PPORT_ADAPTER adapter = unit->Adapter;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    KIRQL irql;

    srb->SrbExtension = Request->Extension;
    Request->Length = srb->DataTransferLength;
    KeAcquireSpinLock(&unit->Lock, &irql);
    Request->Number = ++unit->Submitted;
    if (unit->State >= PortSurprised || !adapter->Running) {
        KeReleaseSpinLock(&unit->Lock, irql);
        srb->SrbStatus = SRB_STATUS_NO_DEVICE;
        Request->State = PORT_REQUEST_RETURNED;
        PortFinish(Request);
        return;
    }
    if (!IsListEmpty(&unit->Waiting) && (srb->SrbFlags & SRB_FLAGS_BYPASS_FROZEN_QUEUE) == 0) {
        goto wait;
    }
    if (MayStart(unit, srb->SrbFlags)) {
        InsertTailList(&unit->Active, &Request->Link);
        Activate(Request, TRUE);
        KeReleaseSpinLockFromDpcLevel(&unit->Lock);
        StartRequest(adapter, Request);
        PortDrain(adapter);
        KeLowerIrql(irql);
        return;
    }
wait:
    if ((adapter->Holds & ADAPTER_HOLD_LOST) != 0) {
        KeReleaseSpinLock(&unit->Lock, irql);
        srb->SrbStatus = SRB_STATUS_LINK_DOWN;
        srb->DataTransferLength = 0;
        Request->State = PORT_REQUEST_RETURNED;
        PortFinish(Request);
        return;
    }
    Request->State = PORT_REQUEST_WAITING;
    InsertTailList(&unit->Waiting, &Request->Link);
    unit->WaitingCount++;
    KeReleaseSpinLock(&unit->Lock, irql);
}

VOID PortSubmitDirect(PPORT_REQUEST Request)
{
    PPORT_UNIT unit = Request->Unit;
    KIRQL irql;

    Request->Srb->SrbExtension = Request->Extension;
    Request->Length = Request->Srb->DataTransferLength;
    KeAcquireSpinLock(&unit->Lock, &irql);
    InsertTailList(&unit->Active, &Request->Link);
    Activate(Request, FALSE);
    KeReleaseSpinLockFromDpcLevel(&unit->Lock);
    StartRequest(unit->Adapter, Request);
    PortDrain(unit->Adapter);
    KeLowerIrql(irql);
}

VOID PortKickUnit(PPORT_UNIT Unit)
{
    LIST_ENTRY list;
    KIRQL irql;

    InitializeListHead(&list);
    KeAcquireSpinLock(&Unit->Lock, &irql);
    PortTakeStartable(Unit, &list);
    KeReleaseSpinLockFromDpcLevel(&Unit->Lock);
    PortStartList(Unit->Adapter, &list);
    PortDrain(Unit->Adapter);
    KeLowerIrql(irql);
}

/* Every unit in turn. A unit stays while its user count is taken. */
VOID PortKickAdapter(PPORT_ADAPTER Adapter)
{
    PPORT_UNIT unit = NULL, next;
    PLIST_ENTRY entry;
    KIRQL irql;

    for (;;) {
        KeAcquireSpinLock(&Adapter->Lock, &irql);
        /* A unit that was unlinked meanwhile points to itself: start over. */
        entry = unit == NULL || unit->Link.Flink == &unit->Link ? Adapter->Units.Flink : unit->Link.Flink;
        next = entry == &Adapter->Units ? NULL : CONTAINING_RECORD(entry, PORT_UNIT, Link);
        if (next != NULL) {
            next->Users++;
        }
        KeReleaseSpinLock(&Adapter->Lock, irql);
        if (unit != NULL) {
            PortReleaseUser(unit);
        }
        if (next == NULL) {
            break;
        }
        unit = next;
        KeAcquireSpinLock(&unit->Lock, &irql);
        if (unit->ResumeAt != 0 || unit->PausedUntil != 0) {
            PortArmTimer(unit);
        }
        KeReleaseSpinLock(&unit->Lock, irql);
        if (!IsListEmpty(&unit->Waiting)) {
            PortKickUnit(unit);
        }
    }
    if (Adapter->Probe != NULL && !IsListEmpty(&Adapter->Probe->Waiting)) {
        PortKickUnit(Adapter->Probe);
    }
}

/* ---- holds ------------------------------------------------------------------------------------------------ */
VOID PortChange(PPORT_ADAPTER Adapter, ULONG Changes)
{
    InterlockedOr(&Adapter->Changes, (LONG)Changes);
    KeInsertQueueDpc(&Adapter->ChangeDpc, NULL, NULL);
}

VOID PortChangeDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_ADAPTER adapter = Context;
    LONG changes = InterlockedExchange(&adapter->Changes, 0);
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if ((changes & PORT_CHANGE_KICK) != 0) {
        PortKickAdapter(adapter);
    }
    if ((changes & PORT_CHANGE_PAUSE) != 0) {
        ULONGLONG now = KeQueryInterruptTime();

        due.QuadPart = adapter->ResumeAt > now ? -(LONGLONG)(adapter->ResumeAt - now) : -1;
        KeSetTimer(&adapter->ResumeTimer, due, &adapter->ResumeDpc);
    }
    if ((changes & PORT_CHANGE_LINK) != 0) {
        PortArmLinkTimer(adapter);
    }
    if ((changes & PORT_CHANGE_SCAN) != 0) {
        PortRequestScan(adapter);
    }
}

VOID PortSetUnitHold(PPORT_UNIT Unit, ULONG Set, ULONG Clear)
{
    if (Set != 0) {
        InterlockedOr(&Unit->Holds, (LONG)Set);
    }
    if (Clear != 0) {
        InterlockedAnd(&Unit->Holds, ~(LONG)Clear);
        if (KeGetCurrentIrql() <= DISPATCH_LEVEL) {
            PortKickUnit(Unit);
        } else {
            PortChange(Unit->Adapter, PORT_CHANGE_KICK);
        }
    }
}

VOID PortSetAdapterHold(PPORT_ADAPTER Adapter, ULONG Set, ULONG Clear)
{
    if (Set != 0) {
        InterlockedOr(&Adapter->Holds, (LONG)Set);
    }
    if (Clear != 0) {
        InterlockedAnd(&Adapter->Holds, ~(LONG)Clear);
        PortChange(Adapter, PORT_CHANGE_KICK);
    }
}
