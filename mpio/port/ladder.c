/* SPDX-License-Identifier: MIT */
/*
 * The reset ladder (class-driver 5.9): a request that ran out of time is ended by a reset of its LUN;
 * if that does not work, of its target; then of its bus. LUN and target resets are SRBs to the
 * miniport, each with its own limit of time; the bus reset is the HwResetBus callback. While a rung
 * is at work the units it concerns start nothing. Time limits per rung are not published: 10 s each.
 * One work item per adapter, PASSIVE_LEVEL.
 */
#include "port/port.h"

typedef struct _RESET_WAIT {
    SCSI_REQUEST_BLOCK Srb;
    KEVENT Done;
    volatile LONG Owners;   /* waiter and request: the last one frees */
} RESET_WAIT, *PRESET_WAIT;

static VOID DropWait(PRESET_WAIT Wait)
{
    if (InterlockedDecrement(&Wait->Owners) == 0) {
        ExFreePoolWithTag(Wait, PORT_TAG);
    }
}

static VOID ResetDone(PPORT_REQUEST Request)
{
    PRESET_WAIT wait = Request->Context;

    PortFreeRequest(Request);
    KeSetEvent(&wait->Done, IO_NO_INCREMENT, FALSE);
    DropWait(wait);
}

/* A reset does not queue: it goes straight to the miniport, outside the unit's depth. */
static NTSTATUS SendReset(PPORT_UNIT Unit, UCHAR Function, ULONGLONG Limit)
{
    PRESET_WAIT wait = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*wait), PORT_TAG);
    PPORT_REQUEST request = wait != NULL ? PortAllocateRequest(Unit) : NULL;
    LARGE_INTEGER limit;
    NTSTATUS status;

    if (request == NULL) {
        if (wait != NULL) {
            ExFreePoolWithTag(wait, PORT_TAG);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(&wait->Done, NotificationEvent, FALSE);
    wait->Owners = 2;
    wait->Srb.Length = SCSI_REQUEST_BLOCK_SIZE;
    wait->Srb.Function = Function;
    wait->Srb.PathId = Unit->Path;
    wait->Srb.TargetId = Unit->Target;
    wait->Srb.Lun = Unit->Lun;
    wait->Srb.SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_BYPASS_LOCKED_QUEUE;
    request->Srb = &wait->Srb;
    request->Context = wait;
    request->Done = ResetDone;
    PortSubmitDirect(request);
    limit.QuadPart = -(LONGLONG)Limit;
    status = KeWaitForSingleObject(&wait->Done, Executive, KernelMode, FALSE, &limit);
    if (status == STATUS_SUCCESS && SRB_STATUS(wait->Srb.SrbStatus) != SRB_STATUS_SUCCESS) {
        status = STATUS_IO_DEVICE_ERROR;
    } else if (status != STATUS_SUCCESS) {
        status = STATUS_IO_TIMEOUT;
    }
    DropWait(wait);
    return status;
}

/* Sets or clears the reset hold on the units of one bus, one target or one LUN. */
static VOID HoldScope(PPORT_UNIT Unit, ULONG Depth, BOOLEAN Hold)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->Lock, &irql);
    for (PLIST_ENTRY entry = adapter->Units.Flink; entry != &adapter->Units; entry = entry->Flink) {
        PPORT_UNIT other = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        if (other->Path == Unit->Path && (Depth >= 2 || other->Target == Unit->Target) &&
            (Depth >= 1 || other == Unit)) {
            if (Hold) {
                InterlockedOr(&other->Holds, UNIT_HOLD_RESET);
            } else {
                InterlockedAnd(&other->Holds, ~UNIT_HOLD_RESET);
            }
        }
    }
    KeReleaseSpinLock(&adapter->Lock, irql);
    if (!Hold) {
        PortKickAdapter(adapter);
    }
}

static NTSTATUS Rung(PPORT_UNIT Unit, ULONG Depth, UCHAR Function, ULONGLONG Limit)
{
    NTSTATUS status;

    HoldScope(Unit, Depth, TRUE);
    status = SendReset(Unit, Function, Limit);
    HoldScope(Unit, Depth, FALSE);
    return status;
}

NTSTATUS PortResetUnit(PPORT_UNIT Unit)
{
    Unit->LunResets++;
    return Rung(Unit, 0, SRB_FUNCTION_RESET_LOGICAL_UNIT, PORT_RESET_LUN_TIME);
}

NTSTATUS PortResetTarget(PPORT_UNIT Unit)
{
    Unit->TargetResets++;
    return Rung(Unit, 1, SRB_FUNCTION_RESET_DEVICE, PORT_RESET_TARGET_TIME);
}

NTSTATUS PortResetBus(PPORT_ADAPTER Adapter, UCHAR Path)
{
    PPORT_DRIVER driver = Adapter->Driver;
    PORT_LOCK_STATE lock;
    LARGE_INTEGER hold;
    BOOLEAN done;
    KIRQL irql;

    PortSetAdapterHold(Adapter, ADAPTER_HOLD_RESET, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Adapter->Starting++;
    PortAcquireStartIo(Adapter, &lock);
    done = NT_CALL_OUT("HwResetBus", driver->DriverObject, DISPATCH_LEVEL, driver->Init.HwResetBus,
                       Adapter->Extension, Path);
    PortReleaseStartIo(Adapter, &lock);
    Adapter->Starting--;
    PortDrain(Adapter);
    KeLowerIrql(irql);
    if (Adapter->Config.BusResetHoldTime != 0) {
        hold.QuadPart = -(LONGLONG)Adapter->Config.BusResetHoldTime * 10;
        KeDelayExecutionThread(KernelMode, FALSE, &hold);
    }
    PortSetAdapterHold(Adapter, 0, ADAPTER_HOLD_RESET);
    return done ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR;
}

static BOOLEAN HasExpired(PPORT_UNIT Unit)
{
    BOOLEAN found = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&Unit->Lock, &irql);
    for (PLIST_ENTRY entry = Unit->Active.Flink; entry != &Unit->Active && !found; entry = entry->Flink) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        found = request->Expired && request->State == PORT_REQUEST_ACTIVE;
    }
    KeReleaseSpinLock(&Unit->Lock, irql);
    return found;
}

/* The senders of what the miniport keeps are told at least. The memory of the requests stays in the free list, so a late
 * answer hits nothing foreign and counts for nothing (StorPortNotification). */
VOID PortAbandon(PPORT_UNIT Unit, BOOLEAN All, UCHAR SrbStatus)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    KIRQL irql;

    KeAcquireSpinLock(&Unit->Lock, &irql);
    for (PLIST_ENTRY entry = Unit->Active.Flink; entry != &Unit->Active; entry = entry->Flink) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        if ((All || request->Expired) && request->State == PORT_REQUEST_ACTIVE) {
            request->Abandoned = request->Srb;
            request->Srb->SrbStatus = SrbStatus;
            request->Srb->DataTransferLength = 0;
            PortReturn(adapter, request);
        }
    }
    KeReleaseSpinLock(&Unit->Lock, irql);
}

static VOID ClimbLadder(PPORT_UNIT Unit)
{
    PPORT_ADAPTER adapter = Unit->Adapter;

    NtLogEvent(129, adapter->Driver->Name, "reset to device, port %u bus %u target %u lun %u: a request timed out",
               adapter->Number, Unit->Path, Unit->Target, Unit->Lun);
    if (NT_SUCCESS(PortResetUnit(Unit)) && !HasExpired(Unit)) {
        return;
    }
    if (adapter->Config.ResetTargetSupported && NT_SUCCESS(PortResetTarget(Unit)) && !HasExpired(Unit)) {
        return;
    }
    Unit->BusResets++;
    PortResetBus(adapter, Unit->Path);
    if (HasExpired(Unit)) {
        NtLogEvent(129, adapter->Driver->Name, "miniport kept requests through a bus reset: port %u bus %u target %u lun %u",
                   adapter->Number, Unit->Path, Unit->Target, Unit->Lun);
        PortAbandon(Unit, FALSE, SRB_STATUS_TIMEOUT); /* it has broken its contract */
    }
}

static PPORT_UNIT NextExpired(PPORT_ADAPTER Adapter)
{
    PPORT_UNIT found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Adapter->Lock, &irql);
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units && found == NULL; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        if (HasExpired(unit)) {
            unit->Users++;
            found = unit;
        }
    }
    if (found == NULL && Adapter->Probe != NULL && HasExpired(Adapter->Probe)) {
        found = Adapter->Probe;
        found->Users++;
    }
    KeReleaseSpinLock(&Adapter->Lock, irql);
    return found;
}

static VOID ResetWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PPORT_ADAPTER adapter = Context;
    PPORT_UNIT unit;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedExchange(&adapter->ResetQueued, 0);
    while ((unit = NextExpired(adapter)) != NULL) {
        ClimbLadder(unit);
        PortReleaseUser(unit);
    }
    PortLeaveWork(adapter);
}

VOID PortRequestReset(PPORT_ADAPTER Adapter)
{
    if (InterlockedExchange(&Adapter->ResetQueued, 1) == 0) {
        PortEnterWork(Adapter);
        IoQueueWorkItem(Adapter->ResetWork, ResetWorker, CriticalWorkQueue, Adapter);
    }
}

VOID PortEnterWork(PPORT_ADAPTER Adapter)
{
    InterlockedIncrement(&Adapter->WorkBusy);
}

VOID PortLeaveWork(PPORT_ADAPTER Adapter)
{
    if (InterlockedDecrement(&Adapter->WorkBusy) == 0) {
        KeSetEvent(&Adapter->WorkIdle, IO_NO_INCREMENT, FALSE);
    }
}
