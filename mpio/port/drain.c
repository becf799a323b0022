/* SPDX-License-Identifier: MIT */
/*
 * What the miniport returns. Its interrupt puts requests on one list; a drain takes them off in
 * order and completes them upward. Zero-latency hardware returns a request inside HwStartIo: then
 * the drain runs right after HwStartIo, without an event. In all other cases a DPC drains.
 *
 * A completion routine may send the next request, which may complete inline too. To keep the stack
 * flat, drains nest PORT_DRAIN_DEPTH deep at most: beyond that the outer drain goes on, and the DPC
 * is queued as well, so that a completion routine that busy-waits for its next request sees it done
 * by another CPU. While Starting is not 0 somebody is inside HwStartIo and drains afterwards.
 */
#include "port/port.h"

VOID PortReturn(PPORT_ADAPTER Adapter, PPORT_REQUEST Request)
{
    Request->State = PORT_REQUEST_RETURNED;
    ExInterlockedInsertTailList(&Adapter->Completed, &Request->Finished, &Adapter->CompletedLock);
    if (Adapter->Starting == 0) {
        KeInsertQueueDpc(&Adapter->CompletionDpc, NULL, NULL);
    }
}

NTSTATUS PortStatusOf(UCHAR SrbStatus)
{
    switch (SRB_STATUS(SrbStatus)) {
    case SRB_STATUS_SUCCESS:
        return STATUS_SUCCESS;
    case SRB_STATUS_BUSY:
        return STATUS_DEVICE_BUSY;
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
        return STATUS_IO_TIMEOUT;
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_NO_HBA:
    case SRB_STATUS_LINK_DOWN:
    case SRB_STATUS_INVALID_PATH_ID:
    case SRB_STATUS_INVALID_TARGET_ID:
    case SRB_STATUS_INVALID_LUN:
        return STATUS_DEVICE_DOES_NOT_EXIST;
    case SRB_STATUS_SELECTION_TIMEOUT:
        return STATUS_DEVICE_NOT_CONNECTED;
    case SRB_STATUS_INVALID_REQUEST:
    case SRB_STATUS_BAD_FUNCTION:
        return STATUS_INVALID_DEVICE_REQUEST;
    case SRB_STATUS_DATA_OVERRUN:
        return STATUS_BUFFER_OVERFLOW;
    case SRB_STATUS_INSUFFICIENT_RESOURCES:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

/* Results of the copy go back to the extended request it was made from. */
static VOID CopyBack(PPORT_REQUEST Request)
{
    PSTORAGE_REQUEST_BLOCK extended = Request->Extended;

    extended->SrbStatus = Request->Copy.SrbStatus;
    extended->DataTransferLength = Request->Copy.DataTransferLength;
    extended->SrbFlags = Request->Copy.SrbFlags;
    SrbSetScsiStatus(extended, Request->Copy.ScsiStatus);
    if (SRB_STATUS(extended->SrbStatus) == SRB_STATUS_INTERNAL_ERROR) {
        extended->SystemStatus = Request->Copy.InternalStatus;
    }
}

VOID PortFinish(PPORT_REQUEST Request)
{
    PPORT_UNIT unit = Request->Unit;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    PIRP irp = Request->Irp;
    NTSTATUS status;
    ULONG_PTR information;

    srb->SrbFlags &= ~SRB_FLAGS_IS_ACTIVE;
    if (irp == NULL) {
        Request->Done(Request);
        PortReleaseUser(unit);
        return;
    }
    status = SRB_STATUS(srb->SrbStatus) == SRB_STATUS_INTERNAL_ERROR ? (NTSTATUS)srb->InternalStatus
                                                                     : PortStatusOf(srb->SrbStatus);
    information = status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW ? srb->DataTransferLength : 0;
    if (Request->Extended != NULL) {
        CopyBack(Request);
    }
    PortFreeRequest(Request);
    PortEndIrp(irp, status, information);
    PortReleaseUser(unit);
}

/* The error ends the flow of requests until the class driver has looked at it (class-driver 1.7). */
static BOOLEAN Freezes(const SCSI_REQUEST_BLOCK *Srb)
{
    if ((Srb->SrbFlags & SRB_FLAGS_NO_QUEUE_FREEZE) != 0) {
        return FALSE;
    }
    switch (SRB_STATUS(Srb->SrbStatus)) {
    case SRB_STATUS_ERROR:
        return Srb->ScsiStatus == SCSISTAT_CHECK_CONDITION || Srb->ScsiStatus == SCSISTAT_COMMAND_TERMINATED;
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
    case SRB_STATUS_BUS_RESET:
    case SRB_STATUS_ABORTED:
        return TRUE;
    default:
        return FALSE;
    }
}

/* A refused request takes its old place among those that wait. */
static VOID WaitAgain(PPORT_UNIT Unit, PPORT_REQUEST Request)
{
    PLIST_ENTRY after = Unit->Waiting.Flink;

    while (after != &Unit->Waiting && CONTAINING_RECORD(after, PORT_REQUEST, Link)->Number < Request->Number) {
        after = after->Flink;
    }
    InsertTailList(after, &Request->Link);
    Request->State = PORT_REQUEST_WAITING;
    Unit->WaitingCount++;
}

/* BUSY and QUEUE FULL are the port's to retry (PORT-BUSY-01). Under the unit lock: TRUE when it waits again. */
static BOOLEAN RetryLater(PPORT_UNIT Unit, PPORT_REQUEST Request)
{
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    UCHAR status = SRB_STATUS(srb->SrbStatus);
    BOOLEAN full = status == SRB_STATUS_ERROR && srb->ScsiStatus == SCSISTAT_QUEUE_FULL;

    if (status != SRB_STATUS_BUSY && !full &&
        !(status == SRB_STATUS_ERROR && srb->ScsiStatus == SCSISTAT_BUSY)) {
        return FALSE;
    }
    if (Request->BusyRetries >= PORT_BUSY_RETRIES || Request->Expired || Unit->State >= PortSurprised ||
        (Unit->Adapter->Holds & ADAPTER_HOLD_LOST) != 0) {
        return FALSE;
    }
    Unit->BusyRetries++;
    srb->DataTransferLength = Request->Length;
    WaitAgain(Unit, Request);
    InterlockedOr(&Unit->Holds, UNIT_HOLD_BUSY);
    if (full && (Unit->Outstanding != 0 || Unit->Progress)) {
        ULONG share = Unit->Outstanding * PORT_QUEUE_FULL_PERCENT / 100;

        /* The device is, or was, at work on others: that it had no room for one more is no try. */
        Unit->BusyBelow = Unit->Outstanding - (share != 0 || Unit->Outstanding == 0 ? share : 1);
        Unit->Progress = Unit->Progress && Unit->Outstanding != 0;
        return TRUE;
    }
    Request->BusyRetries++;
    Unit->ResumeAt = KeQueryInterruptTime() + PORT_BUSY_PAUSE;
    PortArmTimer(Unit);
    return TRUE;
}

static VOID CompleteRequest(PPORT_ADAPTER Adapter, PPORT_REQUEST Request)
{
    PPORT_UNIT unit = Request->Unit;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    LIST_ENTRY list;
    BOOLEAN again;

    KeAcquireSpinLockAtDpcLevel(&unit->Lock);
    RemoveEntryList(&Request->Link);
    unit->Tags[srb->QueueTag / 64] &= ~(1ull << (srb->QueueTag % 64));
    unit->Outstanding--;
    Adapter->Outstanding--;
    again = FALSE;
    if (SRB_STATUS(srb->SrbStatus) != SRB_STATUS_SUCCESS) {
        again = RetryLater(unit, Request);
        if (Request->Expired && (SRB_STATUS(srb->SrbStatus) == SRB_STATUS_BUS_RESET ||
                                 SRB_STATUS(srb->SrbStatus) == SRB_STATUS_ABORTED)) {
            srb->SrbStatus = SRB_STATUS_TIMEOUT;
        }
        if (!again && Freezes(srb)) {
            srb->SrbStatus |= SRB_STATUS_QUEUE_FROZEN;
            InterlockedOr(&unit->Holds, UNIT_HOLD_FROZEN);
        }
    }
    unit->Progress |= !again;
    /* A refused request made no room, unless it was the last: then RetryLater has set the time to resume, or none. */
    if ((unit->Holds & UNIT_HOLD_BUSY) != 0 && (!again || unit->Outstanding == 0) && unit->ResumeAt == 0 &&
        unit->Outstanding <= unit->BusyBelow) {
        InterlockedAnd(&unit->Holds, ~UNIT_HOLD_BUSY);
    }
    if (!IsListEmpty(&unit->Waiting)) {
        InitializeListHead(&list);
        PortTakeStartable(unit, &list);
        KeReleaseSpinLockFromDpcLevel(&unit->Lock);
        PortStartList(Adapter, &list);
    } else {
        KeReleaseSpinLockFromDpcLevel(&unit->Lock);
    }
    if (!again) {
        PortFinish(Request);
    }
    if ((Adapter->Holds & ADAPTER_HOLD_BUSY) != 0 && Adapter->Outstanding <= (LONG)Adapter->BusyBelow) {
        PortSetAdapterHold(Adapter, 0, ADAPTER_HOLD_BUSY);
    } else if (Adapter->Starved) {
        Adapter->Starved = FALSE;
        PortChange(Adapter, PORT_CHANGE_KICK);
    }
}

VOID PortDrain(PPORT_ADAPTER Adapter)
{
    PLIST_ENTRY entry;

    if (IsListEmpty(&Adapter->Completed)) {
        return;
    }
    if (Adapter->DrainDepth >= PORT_DRAIN_DEPTH) {
        KeInsertQueueDpc(&Adapter->CompletionDpc, NULL, NULL);
        return;
    }
    Adapter->DrainDepth++;
    while (!IsListEmpty(&Adapter->Completed) &&
           (entry = ExInterlockedRemoveHeadList(&Adapter->Completed, &Adapter->CompletedLock)) != NULL) {
        CompleteRequest(Adapter, CONTAINING_RECORD(entry, PORT_REQUEST, Finished));
    }
    Adapter->DrainDepth--;
}

VOID PortCompletionDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_ADAPTER adapter = Context;
    PLIST_ENTRY entry;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    adapter->DrainDepth++;
    while ((entry = ExInterlockedRemoveHeadList(&adapter->Completed, &adapter->CompletedLock)) != NULL) {
        CompleteRequest(adapter, CONTAINING_RECORD(entry, PORT_REQUEST, Finished));
    }
    adapter->DrainDepth--;
}
