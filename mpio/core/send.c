/* SPDX-License-Identifier: MIT */
/*
 * DsmSendRequest and DsmSendRequestEx: IRPs that a DSM built itself, or a caller's IRP that it handles
 * path by path. MPIO counts them per instance, so RemoveDevice waits for them; the count falls when
 * the IRP completes, whether or not the DSM calls DsmCompleteRequest (MPIO-SVC-01). <= DISPATCH_LEVEL.
 */
#include "core/core.h"

/* Stands in for the DSM's completion routine while the IRP is below. */
typedef struct _SENT {
    PMPIO_INSTANCE Instance;
    PIO_COMPLETION_ROUTINE Routine;
    PVOID Context;
    UCHAR Control;
} SENT;

static BOOLEAN IsWanted(const SENT *Sent, PIRP Irp)
{
    if (Sent->Routine == NULL) {
        return FALSE;
    }
    return (NT_SUCCESS(Irp->IoStatus.Status) && (Sent->Control & SL_INVOKE_ON_SUCCESS)) ||
           (!NT_SUCCESS(Irp->IoStatus.Status) && (Sent->Control & SL_INVOKE_ON_ERROR)) ||
           (Irp->Cancel && (Sent->Control & SL_INVOKE_ON_CANCEL));
}

static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    SENT sent = *(SENT *)Context;
    NTSTATUS status = STATUS_SUCCESS;

    MpioFree(Context);
    if (IsWanted(&sent, Irp)) {
        /* The IRP may be gone when this returns. */
        status = NT_CALL_OUT("completion routine of DsmSendRequest", sent.Instance->Dsm->Driver, DISPATCH_LEVEL,
                             sent.Routine, DeviceObject, Irp, sent.Context);
    } else if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    InterlockedDecrement(&sent.Instance->DsmRequests);
    MpioUnhold(sent.Instance);
    return status;
}

/* MPIO cannot send it. With the flag the DSM's completion routine runs as if a driver below had failed
 * the IRP; without it the DSM still owns an untouched IRP. */
static NTSTATUS Fail(PIRP Irp, ULONG Flags, NTSTATUS Status)
{
    if (Flags & DSM_CALL_COMPLETION_ON_MPIO_ERROR) {
        IoSetNextIrpStackLocation(Irp);
        Irp->IoStatus.Status = Status;
        Irp->IoStatus.Information = 0;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return Status;
}

NTSTATUS DsmSendRequestEx(PVOID MPIOContext, PDEVICE_OBJECT TargetDevice, PIRP Irp, PVOID DsmId, ULONG Flags)
{
    PMPIO_MODULE dsm = MpioValidDsm(MPIOContext);
    PMPIO_INSTANCE instance = dsm != NULL ? MpioFindInstance(dsm, DsmId) : NULL;
    PIO_STACK_LOCATION next;
    SENT *sent;

    if (TargetDevice == NULL || instance == NULL) {
        MpioEvent(MPIO_EVENT_INVALID_ID, dsm != NULL ? dsm->Ordinal : 0, Flags,
                  "DsmSendRequest with an MPIO context, a device or a DSM id that is not valid");
        if (instance != NULL) {
            MpioUnhold(instance);
        }
        return Fail(Irp, Flags, STATUS_INVALID_PARAMETER);
    }
    sent = MpioAllocate(sizeof(*sent));
    if (sent == NULL) {
        MpioUnhold(instance);
        return Fail(Irp, Flags, STATUS_INSUFFICIENT_RESOURCES);
    }
    InterlockedIncrement(&instance->DsmRequests);
    next = IoGetNextIrpStackLocation(Irp);
    sent->Instance = instance;
    sent->Routine = next->CompletionRoutine;
    sent->Context = next->Context;
    sent->Control = next->Control;
    /* DSMs set the SRB and their completion routine only. */
    if (next->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    }
    next->MinorFunction = IRP_MN_SCSI_CLASS;
    IoSetCompletionRoutine(Irp, Completed, sent, TRUE, TRUE, TRUE);
    (VOID)IoCallDriver(TargetDevice, Irp);
    /* Complete or not: the completion routine has the truth. A final status here would make a DSM take
     * an IRP back that may still be below. */
    return STATUS_PENDING;
}

NTSTATUS DsmSendRequest(PVOID MPIOContext, PDEVICE_OBJECT TargetDevice, PIRP Irp, PVOID DsmId)
{
    return DsmSendRequestEx(MPIOContext, TargetDevice, Irp, DsmId, 0);
}

/* The reference was dropped at completion; real DSMs leave this call out. Only a wrong id is worth a word. */
VOID DsmCompleteRequest(PVOID MPIOContext, PVOID DsmId)
{
    PMPIO_MODULE dsm = MpioValidDsm(MPIOContext);
    PMPIO_INSTANCE instance = dsm != NULL ? MpioFindInstance(dsm, DsmId) : NULL;

    if (instance != NULL) {
        MpioUnhold(instance);
        return;
    }
    MpioEvent(MPIO_EVENT_INVALID_ID, dsm != NULL ? dsm->Ordinal : 0, 0,
              "DsmCompleteRequest with an MPIO context or a DSM id that is not valid");
}
