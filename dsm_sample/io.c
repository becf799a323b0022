/* SPDX-License-Identifier: 0BSD */
/*
 * Which path takes a request, and what an error means. All of this may run at DISPATCH_LEVEL, on
 * several processors at once: nothing here waits or allocates.
 */
#include "dsm_sample.h"

/* Reads and writes: once per request, and once more for each retry of it. */
PVOID SampleGetPath(PVOID DsmContext, PSCSI_REQUEST_BLOCK Srb, PDSM_IDS DsmIds, PVOID CurrentPath, NTSTATUS *Status)
{
    PSAMPLE_LUN lun = DsmIds->Count > 0 ? ((PSAMPLE_INSTANCE)DsmIds->IdList[0])->Lun : NULL;
    PVOID path = NULL;
    KIRQL irql;

    if (lun != NULL) {
        KeAcquireSpinLock(&lun->Lock, &irql);
        if (lun->Policy == SAMPLE_ROUND_ROBIN && ++lun->Next >= lun->Usables)
            lun->Next = 0;
        if (lun->Usables > 0)
            path = lun->Usable[lun->Next]->Path;
        KeReleaseSpinLock(&lun->Lock, irql);
    }
    *Status = path != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
    return path;
}

/* Everything else: we name the path, or handle the request ourselves (SrbDeviceControl). Srb may be NULL. */
ULONG SampleCategorize(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PVOID CurrentPath,
                       PVOID *PathId, NTSTATUS *Status)
{
    PCDB cdb = Srb != NULL ? SrbGetCdb(Srb) : NULL;

    if (SAMPLE_WITH_PR && cdb != NULL && IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_SCSI &&
        (cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_IN || cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_OUT))
        return DSM_WILL_HANDLE;
    *PathId = SampleGetPath(DsmContext, Srb, DsmIds, CurrentPath, Status);
    if (*PathId != NULL)
        return DSM_PATH_SET;
    if (Srb != NULL)
        SrbSetSrbStatus(Srb, SRB_STATUS_NO_DEVICE);
    return DSM_ERROR;
}

/* A place to count requests in flight: leave CompletionInfo as it is when there is nothing to count. */
VOID SampleSetCompletion(PVOID DsmContext, PVOID DsmId, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                         PDSM_COMPLETION_INFO CompletionInfo)
{
    SampleWatch(DsmId, CompletionInfo);
}

/* The path is dead, whatever the device behind it does. */
static BOOLEAN IsFatal(PSCSI_REQUEST_BLOCK Srb, NTSTATUS Status)
{
    switch (Status) {
    case STATUS_DEVICE_NOT_CONNECTED: case STATUS_DEVICE_DOES_NOT_EXIST:
    case STATUS_NO_SUCH_DEVICE: case STATUS_DELETE_PENDING:
        return TRUE;
    }
    switch (SRB_STATUS(SrbGetSrbStatus(Srb))) {
    case SRB_STATUS_SELECTION_TIMEOUT: case SRB_STATUS_NO_DEVICE: case SRB_STATUS_NO_HBA:
    case SRB_STATUS_INVALID_LUN: case SRB_STATUS_INVALID_TARGET_ID: case SRB_STATUS_INVALID_PATH_ID:
        return TRUE;
    }
    return FALSE;
}

BOOLEAN SampleGetSense(PSCSI_REQUEST_BLOCK Srb, PUCHAR Key, PUCHAR Asc, PUCHAR Ascq)
{
    return (SrbGetSrbStatus(Srb) & SRB_STATUS_AUTOSENSE_VALID) != 0 &&
           SrbGetScsiStatus(Srb) == SCSISTAT_CHECK_CONDITION &&
           ScsiGetSenseKeyAndCodes(SrbGetSenseInfoBuffer(Srb), SrbGetSenseInfoBufferLength(Srb),
                                   SCSI_SENSE_OPTIONS_NONE, Key, Asc, Ascq);
}

/*
 * A request failed. DSM_FATAL_ERROR fails the path over; *Retry sends the request again through
 * SampleGetPath, at most RetryCount times unless DSM_RETRY_DONT_DECREMENT is given; neither hands
 * the error up to the disk driver, which has retries of its own. *RetryInterval: seconds, preset to MPIO's.
 *
 * A unit attention of the LUN waits on each of its paths, but the disk driver has only four retries and would
 * spend one on each: it hears what the Reporter says, the others only send the request again.
 */
ULONG SampleInterpretError(PVOID DsmContext, PVOID DsmId, PSCSI_REQUEST_BLOCK Srb, NTSTATUS *Status, PBOOLEAN Retry,
                           PLONG RetryInterval, ...)
{
    UCHAR key, asc, ascq;

    *Retry = FALSE;
    if (IsFatal(Srb, *Status))
        return DSM_FATAL_ERROR;
    if (!SampleGetSense(Srb, &key, &asc, &ascq))
        return SampleCountError(DsmId, Srb, Retry, RetryInterval);
    switch (key << 16 | asc << 8 | ascq) {
    case 0x000000: /* failed without saying why */
    case 0x052500: /* the LUN is not mapped on this path any more */
    case 0x04670A: /* target port groups could not be set */
        return DSM_FATAL_ERROR;
    case 0x02040A: /* ALUA: in transition */
        *Retry = TRUE;
        return DSM_RETRY_DONT_DECREMENT;
    case 0x02040B: case 0x02040C: case 0x020403: /* ALUA: standby, unavailable; seen during firmware updates */
    case 0x043E02: case 0x044B06: /* the array's own time-outs */
        *Retry = TRUE;
        return 0;
    case 0x062A05: /* registrations preempted: another node fenced us off */
        SampleForgetKey(DsmId);
        /* fall through */
    case 0x062A03: /* reservations preempted: the cluster must see these */
        return 0;
    /* mode, capacity, commands cleared, threshold, inquiry data, volume set, inventory */
    case 0x062A01: case 0x062A09: case 0x062F00: case 0x063807: case 0x063F03: case 0x063F0A: case 0x063F0E:
        if (DsmId == ((PSAMPLE_INSTANCE)DsmId)->Lun->Reporter)
            return 0;
    }
    *Retry = key == SCSI_SENSE_UNIT_ATTENTION; /* after a login or a reset nothing is lost */
    *RetryInterval = 0;                        /* the report has cleared the attention */
    return *Retry ? SampleCountAttention(DsmId) : 0;
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
