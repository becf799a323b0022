/* SPDX-License-Identifier: MIT */
/*
 * IRP_MJ_SCSI: every SRB function a LUN PDO knows, in both forms of SRB (class-driver 1.7, 4.6, 6.2).
 * Miniports see the classic form only: an extended request is copied into one and its results go back.
 * <= DISPATCH_LEVEL.
 */
#include "port/port.h"

static NTSTATUS EndSrb(PIRP Irp, PVOID Srb, UCHAR SrbStatus)
{
    SrbSetSrbStatus(Srb, SrbStatus);
    return PortEndIrp(Irp, PortStatusOf(SrbStatus), 0);
}

/* FALSE: it carries what the classic form cannot. */
static BOOLEAN CopyExtended(PPORT_REQUEST Request, PSTORAGE_REQUEST_BLOCK Extended, ULONG Function)
{
    PSCSI_REQUEST_BLOCK copy = &Request->Copy;
    ULONG length = 0;
    PCDB cdb = NULL;

    if (Function == SRB_FUNCTION_EXECUTE_SCSI) {
        length = SrbGetCdbLength(Extended);
        cdb = SrbGetCdb(Extended);
        if (cdb == NULL || length == 0 || length > sizeof(copy->Cdb)) {
            return FALSE;
        }
    }
    RtlZeroMemory(copy, sizeof(*copy));
    copy->Length = SCSI_REQUEST_BLOCK_SIZE;
    copy->Function = (UCHAR)Function;
    copy->QueueAction = (UCHAR)Extended->RequestAttribute;
    copy->CdbLength = (UCHAR)length;
    copy->SenseInfoBuffer = SrbGetSenseInfoBuffer(Extended);
    copy->SenseInfoBufferLength = copy->SenseInfoBuffer != NULL ? SrbGetSenseInfoBufferLength(Extended) : 0;
    copy->SrbFlags = Extended->SrbFlags;
    copy->DataTransferLength = Extended->DataTransferLength;
    copy->TimeOutValue = Extended->TimeOutValue;
    copy->DataBuffer = Extended->DataBuffer;
    copy->OriginalRequest = Extended->OriginalRequest;
    if (cdb != NULL) {
        RtlCopyMemory(copy->Cdb, cdb, length);
    }
    Request->Extended = Extended;
    Request->Srb = copy;
    return TRUE;
}

/* To the miniport, through the queue. */
static NTSTATUS Execute(PPORT_UNIT Unit, PIRP Irp, PVOID Srb, ULONG Function)
{
    PPORT_REQUEST request = PortAllocateRequest(Unit);

    if (request == NULL) {
        return EndSrb(Irp, Srb, SRB_STATUS_INSUFFICIENT_RESOURCES);
    }
    request->Srb = Srb;
    if (((PSCSI_REQUEST_BLOCK)Srb)->Function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK &&
        !CopyExtended(request, Srb, Function)) {
        PortFreeRequest(request);
        PortReleaseUser(Unit);
        return EndSrb(Irp, Srb, SRB_STATUS_INVALID_REQUEST);
    }
    request->Srb->PathId = Unit->Path;
    request->Srb->TargetId = Unit->Target;
    request->Srb->Lun = Unit->Lun;
    request->Irp = Irp;
    IoMarkIrpPending(Irp);
    PortSubmit(request);
    return STATUS_PENDING;
}

static NTSTATUS Claim(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    UCHAR status = SRB_STATUS_SUCCESS;
    KIRQL irql;

    KeAcquireSpinLock(&Unit->Lock, &irql);
    if (Unit->State >= PortSurprised || Unit->Missing) {
        status = SRB_STATUS_NO_DEVICE;
    } else if (Unit->Claimed) {
        status = SRB_STATUS_BUSY;
    } else {
        Unit->Claimed = TRUE;
        SrbSetDataBuffer(Srb, Unit->Header.Self);
    }
    KeReleaseSpinLock(&Unit->Lock, irql);
    return EndSrb(Irp, Srb, status);
}

/* The documents name both RELEASE_DEVICE and REMOVE_DEVICE: either gives the claim back. */
static NTSTATUS Release(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    Unit->Claimed = FALSE;
    return EndSrb(Irp, Srb, SRB_STATUS_SUCCESS);
}

static NTSTATUS Lock(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    Unit->LockCount++;
    PortSetUnitHold(Unit, UNIT_HOLD_LOCKED, 0);
    return EndSrb(Irp, Srb, SRB_STATUS_SUCCESS);
}

static NTSTATUS Unlock(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    if ((SrbGetSrbFlags(Srb) & SRB_FLAGS_BYPASS_LOCKED_QUEUE) == 0 || Unit->LockCount == 0) {
        return EndSrb(Irp, Srb, SRB_STATUS_INVALID_REQUEST);
    }
    if (--Unit->LockCount == 0) {
        PortSetUnitHold(Unit, 0, UNIT_HOLD_LOCKED);
    }
    return EndSrb(Irp, Srb, SRB_STATUS_SUCCESS);
}

static NTSTATUS FlushQueue(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    PortFailWaiting(Unit, SRB_STATUS_REQUEST_FLUSHED);
    PortSetUnitHold(Unit, 0, UNIT_HOLD_FROZEN);
    return EndSrb(Irp, Srb, SRB_STATUS_SUCCESS);
}

/* A victim that still waits is ended here; one at the miniport needs the miniport's help. */
static NTSTATUS Abort(PPORT_UNIT Unit, PIRP Irp, PVOID Srb)
{
    PVOID victim = SrbGetNextSrb(Srb);
    PPORT_REQUEST found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Unit->Lock, &irql);
    for (PLIST_ENTRY entry = Unit->Waiting.Flink; entry != &Unit->Waiting && found == NULL; entry = entry->Flink) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        if (victim != NULL && ((PVOID)request->Srb == victim || (PVOID)request->Extended == victim)) {
            RemoveEntryList(&request->Link);
            Unit->WaitingCount--;
            request->State = PORT_REQUEST_RETURNED;
            found = request;
        }
    }
    KeReleaseSpinLock(&Unit->Lock, irql);
    if (found == NULL) {
        return EndSrb(Irp, Srb, SRB_STATUS_ABORT_FAILED);
    }
    found->Srb->SrbStatus = SRB_STATUS_ABORTED;
    PortFinish(found);
    return EndSrb(Irp, Srb, SRB_STATUS_SUCCESS);
}

NTSTATUS PortUnitScsi(PPORT_UNIT Unit, PIRP Irp)
{
    PSCSI_REQUEST_BLOCK srb = IoGetCurrentIrpStackLocation(Irp)->Parameters.Scsi.Srb;
    ULONG function;

    if (srb == NULL) {
        return PortEndIrp(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    function = srb->Function;
    if (function == SRB_FUNCTION_STORAGE_REQUEST_BLOCK) {
        if (((PSTORAGE_REQUEST_BLOCK)(PVOID)srb)->Signature != SRB_SIGNATURE) {
            srb->SrbStatus = SRB_STATUS_BAD_SRB_BLOCK_LENGTH;
            return PortEndIrp(Irp, STATUS_INVALID_PARAMETER, 0);
        }
        function = ((PSTORAGE_REQUEST_BLOCK)(PVOID)srb)->SrbFunction;
    }
    switch (function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
    case SRB_FUNCTION_IO_CONTROL:
        return Execute(Unit, Irp, srb, function);
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        return Unit->Adapter->Config.CachesData ? Execute(Unit, Irp, srb, function)
                                                : EndSrb(Irp, srb, SRB_STATUS_SUCCESS);
    case SRB_FUNCTION_CLAIM_DEVICE:
        return Claim(Unit, Irp, srb);
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_REMOVE_DEVICE:
        return Release(Unit, Irp, srb);
    case SRB_FUNCTION_RELEASE_QUEUE:
        PortSetUnitHold(Unit, 0, UNIT_HOLD_FROZEN);
        return EndSrb(Irp, srb, SRB_STATUS_SUCCESS);
    case SRB_FUNCTION_FLUSH_QUEUE:
        return FlushQueue(Unit, Irp, srb);
    case SRB_FUNCTION_LOCK_QUEUE:
        return Lock(Unit, Irp, srb);
    case SRB_FUNCTION_UNLOCK_QUEUE:
        return Unlock(Unit, Irp, srb);
    case SRB_FUNCTION_ABORT_COMMAND:
        return Abort(Unit, Irp, srb);
    case SRB_FUNCTION_QUIESCE_DEVICE:
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        return PortQueueReset(Unit, Irp, srb, (UCHAR)function);
    default:
        return EndSrb(Irp, srb, SRB_STATUS_BAD_FUNCTION);
    }
}
