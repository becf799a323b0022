/* SPDX-License-Identifier: MIT */
/*
 * The way of a request: HwStartIo puts it in line, a StorPort timer carries it out when its latency is over.
 * <= DISPATCH_LEVEL. Nothing is completed with the lock held.
 */
#include "vminiport.h"

static HW_TIMER_EX TimerFired;

PVM_TARGET VmTargetOf(PVM_ADAPTER Adapter, ULONG PathId, ULONG TargetId)
{
    if (PathId >= Adapter->Settings.Buses || TargetId >= Adapter->Settings.Targets) {
        return NULL;
    }
    return &Adapter->Targets[PathId][TargetId];
}

static VOID Complete(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, UCHAR SrbStatus)
{
    Srb->SrbStatus = SrbStatus;
    if (SRB_STATUS(SrbStatus) != SRB_STATUS_SUCCESS) {
        Srb->DataTransferLength = 0;
    }
    StorPortNotification(RequestComplete, Adapter, Srb);
}

VOID VmEndPending(PVM_ADAPTER Adapter, PVM_TARGET Target, UCHAR SrbStatus)
{
    LIST_ENTRY ended;
    PLIST_ENTRY entry, next;
    KIRQL irql;

    InitializeListHead(&ended);
    KeAcquireSpinLock(&Adapter->Lock, &irql);
    for (entry = Adapter->Pending.Flink; entry != &Adapter->Pending; entry = next) {
        PVM_REQUEST request = CONTAINING_RECORD(entry, VM_REQUEST, Link);

        next = entry->Flink;
        if (Target == NULL || VmTargetOf(Adapter, request->Srb->PathId, request->Srb->TargetId) == Target) {
            RemoveEntryList(entry);
            InsertTailList(&ended, entry);
        }
    }
    KeReleaseSpinLock(&Adapter->Lock, irql);
    while (!IsListEmpty(&ended)) {
        Complete(Adapter, CONTAINING_RECORD(RemoveHeadList(&ended), VM_REQUEST, Link)->Srb, SrbStatus);
    }
}

/* ---- a path that dies and returns ------------------------------------------------------------------------ */
VOID NTAPI VmReturn(PVOID DeviceExtension, PVOID Context)
{
    PVM_ADAPTER adapter = DeviceExtension;
    PVM_TARGET target = Context;
    ULONG bus = (ULONG)(target - &adapter->Targets[0][0]) / VM_MAX_TARGETS;

    target->Dead = FALSE;
    StorPortNotification(BusChangeDetected, adapter, (UCHAR)bus);
}

static VOID Die(PVM_ADAPTER Adapter, PVM_TARGET Target, UCHAR PathId)
{
    StorPortLogError(Adapter, NULL, PathId, (UCHAR)(Target - Adapter->Targets[PathId]), 0, SP_UNEXPECTED_DISCONNECT,
                     Target->Path);
    VmEndPending(Adapter, Target, (UCHAR)Adapter->Settings.FailStatus);
    StorPortNotification(BusChangeDetected, Adapter, PathId);
    if (Adapter->Settings.ReturnAfter != 0) {
        StorPortRequestTimer(Adapter, Adapter->ReturnTimer, VmReturn, Target, Adapter->Settings.ReturnAfter * 1000ull, 0);
    }
}

/* Under the lock: TRUE when this request is the last that the path takes. */
static BOOLEAN CountTransfer(PVM_ADAPTER Adapter, PVM_TARGET Target, PSCSI_REQUEST_BLOCK Srb)
{
    if (Target->Path != Adapter->Settings.FailPath || Target->Failed || !VmIsTransfer(Srb) ||
        ++Target->Transfers < Adapter->Settings.FailAfter) {
        return FALSE;
    }
    Target->Dead = Target->Failed = TRUE;
    return TRUE;
}

/* ---- commands --------------------------------------------------------------------------------------------- */
/* Under the lock: for the oldest request. */
static VOID ArmTimer(PVM_ADAPTER Adapter)
{
    PVM_REQUEST request;
    ULONGLONG now;

    if (IsListEmpty(&Adapter->Pending)) {
        return;
    }
    request = CONTAINING_RECORD(Adapter->Pending.Flink, VM_REQUEST, Link);
    now = KeQueryInterruptTime();
    StorPortRequestTimer(Adapter, Adapter->Timer, TimerFired, NULL, request->Due > now ? (request->Due - now + 9) / 10 : 1, 0);
}

static VOID NTAPI TimerFired(PVOID DeviceExtension, PVOID Context)
{
    PVM_ADAPTER adapter = DeviceExtension;
    ULONGLONG now = KeQueryInterruptTime();
    LIST_ENTRY due;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Context);
    InitializeListHead(&due);
    KeAcquireSpinLock(&adapter->Lock, &irql);
    while (!IsListEmpty(&adapter->Pending) &&
           CONTAINING_RECORD(adapter->Pending.Flink, VM_REQUEST, Link)->Due <= now) {
        InsertTailList(&due, RemoveHeadList(&adapter->Pending));
    }
    ArmTimer(adapter);
    KeReleaseSpinLock(&adapter->Lock, irql);
    while (!IsListEmpty(&due)) {
        PSCSI_REQUEST_BLOCK srb = CONTAINING_RECORD(RemoveHeadList(&due), VM_REQUEST, Link)->Srb;

        VmExecute(adapter, VmTargetOf(adapter, srb->PathId, srb->TargetId), srb);
        StorPortNotification(RequestComplete, adapter, srb);
    }
}

static VOID QueueCommand(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PVM_TARGET target = VmTargetOf(Adapter, Srb->PathId, Srb->TargetId);
    PVM_REQUEST request = Srb->SrbExtension;
    BOOLEAN dead, dies;
    KIRQL irql;

    if (target == NULL) {
        Complete(Adapter, Srb, SRB_STATUS_SELECTION_TIMEOUT);
        return;
    }
    request->Srb = Srb;
    request->Due = KeQueryInterruptTime() + Adapter->Settings.Latency * 10ull;
    KeAcquireSpinLock(&Adapter->Lock, &irql);
    dead = target->Dead;
    dies = !dead && CountTransfer(Adapter, target, Srb);
    if (!dead) {
        InsertTailList(&Adapter->Pending, &request->Link);
        if (Adapter->Pending.Flink == &request->Link) {
            ArmTimer(Adapter);
        }
    }
    KeReleaseSpinLock(&Adapter->Lock, irql);
    if (dead) {
        Complete(Adapter, Srb, (UCHAR)Adapter->Settings.FailStatus);
    } else if (dies) {
        Die(Adapter, target, Srb->PathId);
    }
}

BOOLEAN NTAPI VmStartIo(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PVM_ADAPTER adapter = DeviceExtension;
    PVM_TARGET target = VmTargetOf(adapter, Srb->PathId, Srb->TargetId);

    switch (Srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        QueueCommand(adapter, Srb);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
        if (target == NULL) {
            Complete(adapter, Srb, SRB_STATUS_INVALID_TARGET_ID);
            break;
        }
        VmEndPending(adapter, target, SRB_STATUS_BUS_RESET);
        Complete(adapter, Srb, SRB_STATUS_SUCCESS);
        break;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        Complete(adapter, Srb, SRB_STATUS_SUCCESS);
        break;
    default:
        Complete(adapter, Srb, SRB_STATUS_INVALID_REQUEST);
        break;
    }
    return TRUE;
}

BOOLEAN NTAPI VmResetBus(PVOID DeviceExtension, ULONG PathId)
{
    PVM_ADAPTER adapter = DeviceExtension;
    ULONG target;

    for (target = 0; target < adapter->Settings.Targets; target++) {
        PVM_TARGET each = VmTargetOf(adapter, PathId, target);

        if (each != NULL) {
            VmEndPending(adapter, each, SRB_STATUS_BUS_RESET);
        }
    }
    return TRUE;
}
