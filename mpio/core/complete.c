/* SPDX-License-Identifier: MIT */
/*
 * A request comes back from a path: good ones go up through the DSM's completion routine, others are
 * shown to InterpretError first; the DSM's completion routine runs once, at the final completion
 * (MPIO-IO-02). Contract 02 section 5. <= DISPATCH_LEVEL.
 */
#include "core/dsmcall.h"

/* *Status as InterpretError expects it (ddk-surface 8.5): CHECK CONDITION with sense is
 * STATUS_IO_DEVICE_ERROR whatever the sense; otherwise the port's status, or one made from the SRB
 * status when the port completed a failed SRB with success. */
static NTSTATUS StatusForDsm(PSCSI_REQUEST_BLOCK Srb, NTSTATUS PortStatus)
{
    if (Srb->ScsiStatus == SCSISTAT_RESERVATION_CONFLICT) {
        return STATUS_DEVICE_BUSY;
    }
    if (Srb->ScsiStatus == SCSISTAT_CHECK_CONDITION && (Srb->SrbStatus & SRB_STATUS_AUTOSENSE_VALID)) {
        return STATUS_IO_DEVICE_ERROR;
    }
    if (!NT_SUCCESS(PortStatus)) {
        return PortStatus;
    }
    switch (SRB_STATUS(Srb->SrbStatus)) {
    case SRB_STATUS_INVALID_REQUEST:
        return STATUS_INVALID_DEVICE_REQUEST;
    case SRB_STATUS_INVALID_PATH_ID:
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_NO_HBA:
    case SRB_STATUS_INVALID_LUN:
    case SRB_STATUS_INVALID_TARGET_ID:
        return STATUS_NO_SUCH_DEVICE;
    case SRB_STATUS_SELECTION_TIMEOUT:
        return STATUS_DEVICE_NOT_CONNECTED;
    case SRB_STATUS_ABORTED:
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
        return STATUS_IO_TIMEOUT;
    case SRB_STATUS_DATA_OVERRUN:
        return STATUS_DATA_OVERRUN;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

static VOID Count(struct mpio_counters *Counters, PMPIO_REQUEST Request, BOOLEAN Good, ULONGLONG Took)
{
    if (Request->Kind != MpioReadWrite) {
        Counters->others++;
    } else if (Request->Write) {
        Counters->writes++;
        Counters->bytes_written += Good ? Request->Srb->DataTransferLength : 0;
    } else {
        Counters->reads++;
        Counters->bytes_read += Good ? Request->Srb->DataTransferLength : 0;
    }
    Counters->errors += !Good && Request->Kind == MpioReadWrite;
    if (Took > Counters->longest) {
        Counters->longest = Took;
    }
}

/* Final bookkeeping. Request->Instance is held for this call, or NULL. Request is free afterwards. */
VOID MpioFinish(PMPIO_REQUEST Request, NTSTATUS Status)
{
    PMPIO_LUN lun = Request->Lun;
    PMPIO_PDO pdo = Request->Pdo;
    PMPIO_INSTANCE instance = Request->Instance;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    PIRP irp = Request->Irp;
    ULONGLONG took = KeQueryInterruptTime() - Request->Arrived;
    KIRQL irql;

    if (Request->CompletionSet && Request->Completion.DsmCompletionRoutine != NULL) {
        ULONG transferred = srb->DataTransferLength;

        /* DSMs subtract the length they added at submission; an underrun must not unbalance them. */
        if (Request->Sent) {
            srb->DataTransferLength = Request->Saved.DataTransferLength;
        }
        NT_CALL_VOID("DsmCompletionRoutine", lun->Dsm->Driver, DISPATCH_LEVEL, Request->Completion.DsmCompletionRoutine,
                     instance != NULL ? instance->DsmId : NULL, irp, srb, Request->Completion.DsmContext);
        DsmTrace(lun->Dsm, DSM_CALL_Completion, lun->Ordinal, instance != NULL ? instance->Ordinal : MPIO_NO_ORDINAL,
                 (ULONG)Status);
        srb->DataTransferLength = transferred;
    }
    if (Request->BufferReplaced) {
        irp->AssociatedIrp.SystemBuffer = Request->SystemBuffer;
    }
    NtTrace(TRACE_IO_DONE, lun->Ordinal, (ULONG)Status, irp->IoStatus.Information,
            instance != NULL ? MpioPathOrdinal(instance->Path) : MPIO_NO_ORDINAL);

    KeAcquireSpinLock(&lun->Lock, &irql);
    Count(&lun->Counters, Request, NT_SUCCESS(Status), took);
    if (instance != NULL) {
        Count(&instance->Counters, Request, NT_SUCCESS(Status), took);
    }
    MpioFreeRequest(Request);
    lun->Outstanding--;
    if (--pdo->Outstanding == 0 && pdo->Gone) {
        KeSetEvent(&pdo->Drained, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    if (instance != NULL) {
        MpioUnhold(instance);
    }
}

VOID MpioFinishIrp(PMPIO_REQUEST Request, NTSTATUS Status, UCHAR SrbStatus)
{
    PIRP irp = Request->Irp;

    if (Request->Srb != NULL) {
        Request->Srb->SrbStatus = SrbStatus;
    }
    irp->IoStatus.Status = Status;
    if (!NT_SUCCESS(Status)) {
        irp->IoStatus.Information = 0;
    }
    MpioFinish(Request, Status);
    IoCompleteRequest(irp, IO_DISK_INCREMENT);
}

static ULONG InterpretError(PMPIO_REQUEST Request, PNTSTATUS Status, PBOOLEAN Retry, PLONG Interval)
{
    PMPIO_MODULE dsm = Request->Lun->Dsm;
    PMPIO_INSTANCE instance = Request->Instance;
    ULONGLONG what = (ULONGLONG)Request->Srb->SrbStatus << 8 | Request->Srb->ScsiStatus;

    /* Preset: DSMs leave without writing them. */
    *Retry = FALSE;
    *Interval = MAXLONG;
    if (dsm->Type >= DsmType2) {
        return DSM_CALL(dsm, InterpretErrorEx, DISPATCH_LEVEL, instance->Ordinal, what, dsm->Init.DsmContext, instance->DsmId,
                        Request->Srb, Status, Retry, Interval);
    }
    return DSM_CALL(dsm, InterpretError, DISPATCH_LEVEL, instance->Ordinal, what, dsm->Init.DsmContext, instance->DsmId,
                    Request->Srb, Status, Retry);
}

static VOID CountRetry(PMPIO_REQUEST Request, BOOLEAN Failover)
{
    PMPIO_LUN lun = Request->Lun;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    if (Failover) {
        lun->Counters.failovers++;
        Request->Instance->Counters.failovers++;
    } else {
        lun->Counters.retries++;
        Request->Instance->Counters.retries++;
    }
    KeReleaseSpinLock(&lun->Lock, irql);
}

/* TRUE: MPIO keeps the request (failover or retry). FALSE: it goes up with *Status. */
static BOOLEAN HandleError(PMPIO_REQUEST Request, PNTSTATUS Status)
{
    PMPIO_INSTANCE instance = Request->Instance;
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    BOOLEAN retry;
    LONG interval;
    ULONG mask;

    *Status = StatusForDsm(srb, *Status);
    mask = InterpretError(Request, Status, &retry, &interval);
    if (srb->SrbStatus & SRB_STATUS_QUEUE_FROZEN) {
        /* The queue belongs to the path; nobody above the pseudo-LUN can name it. */
        srb->SrbStatus &= (UCHAR)~SRB_STATUS_QUEUE_FROZEN;
        MpioReleaseQueueAsync(instance->Filter->Common.Lower);
    }
    if (mask & DSM_FATAL_ERROR) {
        CountRetry(Request, TRUE);
        MpioFailPath(instance->Path, mask);
        MpioHoldRequest(Request);
        MpioUnhold(instance);
        return TRUE;
    }
    if (!retry || (Request->Budget == 0 && !(mask & DSM_RETRY_DONT_DECREMENT))) {
        return FALSE;
    }
    if (!(mask & DSM_RETRY_DONT_DECREMENT)) {
        Request->Budget--;
    }
    if (interval == MAXLONG || interval < 0) {
        ULONG configured = MpioRoot()->Parameters.RetryInterval;
        interval = configured > MAXLONG ? MAXLONG : (LONG)configured;
    }
    CountRetry(Request, FALSE);
    NtTrace(TRACE_IO_RETRY, Request->Lun->Ordinal, MpioPathOrdinal(instance->Path), (ULONGLONG)Request->Budget,
            (ULONGLONG)interval);
    MpioDelayRequest(Request, interval);
    MpioUnhold(instance);
    return TRUE;
}

NTSTATUS MpioRequestCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PMPIO_REQUEST request = (PMPIO_REQUEST)Context;
    PSCSI_REQUEST_BLOCK srb = request->Srb;
    NTSTATUS status = Irp->IoStatus.Status;

    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->Tail.Overlay.DriverContext[3] = request; /* DsmGetContextFromSrb; drivers below may have used it */
    if (srb != NULL && (!NT_SUCCESS(status) || SRB_STATUS(srb->SrbStatus) != SRB_STATUS_SUCCESS)) {
        if (HandleError(request, &status)) {
            return STATUS_MORE_PROCESSING_REQUIRED;
        }
        Irp->IoStatus.Status = status;
    }
    MpioFinish(request, status);
    return STATUS_SUCCESS;
}
