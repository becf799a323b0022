/* SPDX-License-Identifier: 0BSD */
/*
 * Which path takes a request, and what an error means. All of this may run at DISPATCH_LEVEL, on
 * several processors at once: nothing here waits or allocates.
 */
#include "dsm_sample.h"

/* Reads and writes: once per request, and once more for each retry of it. */
PVOID SampleGetPath(PVOID DsmContext, PSCSI_REQUEST_BLOCK Srb, PDSM_IDS DsmIds, PVOID CurrentPath, NTSTATUS *Status)
{
    PSAMPLE_CONTEXT context = DsmContext;
    PSAMPLE_LUN lun = ((PSAMPLE_INSTANCE)DsmIds->IdList[0])->Lun;
    PVOID path = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&context->Lock, &irql);
    if (lun->Usables > 0) {
        if (lun->Policy == SAMPLE_ROUND_ROBIN && ++lun->Next >= lun->Usables)
            lun->Next = 0;
        path = lun->Usable[lun->Next]->Path;
    }
    KeReleaseSpinLock(&context->Lock, irql);
    *Status = path != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
    return path;
}

static BOOLEAN IsReservation(PSCSI_REQUEST_BLOCK Srb)
{
    PCDB cdb = Srb != NULL ? SrbGetCdb(Srb) : NULL;

    return cdb != NULL && (cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_IN ||
                           cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_OUT);
}

/* Everything else: we name the path, or handle the request ourselves (SrbDeviceControl). */
ULONG SampleCategorize(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PVOID CurrentPath,
                       PVOID *PathId, NTSTATUS *Status)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (SAMPLE_WITH_PR && stack->MajorFunction == IRP_MJ_SCSI && IsReservation(Srb))
        return DSM_WILL_HANDLE;
    *PathId = SampleGetPath(DsmContext, Srb, DsmIds, CurrentPath, Status);
    if (*PathId != NULL)
        return DSM_PATH_SET;
    if (Srb != NULL) {
        Srb->SrbStatus = SRB_STATUS_NO_DEVICE;
    }
    return DSM_ERROR;
}

/* A place to count requests in flight: leave CompletionInfo as it is when there is nothing to count. */
VOID SampleSetCompletion(PVOID DsmContext, PVOID DsmId, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                         PDSM_COMPLETION_INFO CompletionInfo)
{
}

/* The path is dead, whatever the device behind it does. */
static BOOLEAN IsFatal(PSCSI_REQUEST_BLOCK Srb, NTSTATUS Status)
{
    switch (Status) {
    case STATUS_DEVICE_NOT_CONNECTED: case STATUS_DEVICE_DOES_NOT_EXIST:
    case STATUS_NO_SUCH_DEVICE: case STATUS_DELETE_PENDING:
        return TRUE;
    }
    switch (SRB_STATUS(Srb->SrbStatus)) {
    case SRB_STATUS_SELECTION_TIMEOUT: case SRB_STATUS_NO_DEVICE: case SRB_STATUS_NO_HBA:
    case SRB_STATUS_INVALID_LUN: case SRB_STATUS_INVALID_TARGET_ID: case SRB_STATUS_INVALID_PATH_ID:
        return TRUE;
    }
    return FALSE;
}

/*
 * A request failed. DSM_FATAL_ERROR fails the path over; *Retry sends the request again through
 * SampleGetPath, at most RetryCount times unless DSM_RETRY_DONT_DECREMENT is given; neither hands
 * the error up to the disk driver, which has retries of its own.
 */
ULONG SampleInterpretError(PVOID DsmContext, PVOID DsmId, PSCSI_REQUEST_BLOCK Srb, NTSTATUS *Status, PBOOLEAN Retry,
                           PLONG RetryInterval, ...)
{
    UCHAR key, asc, ascq;

    *Retry = FALSE;
    if (IsFatal(Srb, *Status))
        return DSM_FATAL_ERROR;
    if (!(SrbGetSrbStatus(Srb) & SRB_STATUS_AUTOSENSE_VALID) ||
        !ScsiGetSenseKeyAndCodes(SrbGetSenseInfoBuffer(Srb), SrbGetSenseInfoBufferLength(Srb),
                                 SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED, &key, &asc, &ascq)) {
        return 0;
    }
    if (key == SCSI_SENSE_ILLEGAL_REQUEST && asc == SCSI_ADSENSE_INVALID_LUN)
        return DSM_FATAL_ERROR; /* unmapped on this path */
    if (key == SCSI_SENSE_NOT_READY && asc == SCSI_ADSENSE_LUN_NOT_READY && ascq == 0x0A) {
        *Retry = TRUE; /* target port group in transition */
        return DSM_RETRY_DONT_DECREMENT;
    }
    /* After a login, a reset or an administrator's work nothing is lost: send it again at once. Reservations
     * and registrations preempted (2A/03, 2A/05) go up: the cluster must see them. */
    if (key == SCSI_SENSE_UNIT_ATTENTION &&
        (asc == SCSI_ADSENSE_BUS_RESET || (asc == SCSI_ADSENSE_PARAMETERS_CHANGED &&
                                           (ascq == 0x04 || ascq == 0x06 || ascq == 0x07)))) {
        *Retry = TRUE;
        *RetryInterval = 0;
    }
    return 0;
}

BOOLEAN SampleIsAddressTypeSupported(PVOID DsmContext, ULONG AddressType)
{
    return AddressType == STORAGE_ADDRESS_TYPE_BTL8;
}

/* We never ask for DSM_BROADCAST, and without pr.c not for DSM_WILL_HANDLE: MPIO never calls this. */
NTSTATUS SampleRefuse(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event)
{
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_INVALID_DEVICE_REQUEST;
}

#if !SAMPLE_WITH_WMI
NTSTATUS SampleMoveDevice(PVOID DsmContext, PDSM_IDS DsmIds, PVOID MPIOPath, PVOID SuggestedPath, ULONG Flags)
{
    return STATUS_NOT_SUPPORTED;
}
#endif
