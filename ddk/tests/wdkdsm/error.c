/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    error.c

Abstract:

    What an error means for the path and for the request. Up to DISPATCH_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "error.tmh"
#endif

#define WD_SENSE(Key, Asc, Ascq) (((Key) << 16) | ((Asc) << 8) | (Ascq))

_Use_decl_annotations_
BOOLEAN
WdGetSense(
    PSCSI_REQUEST_BLOCK Srb,
    PUCHAR Key,
    PUCHAR Asc,
    PUCHAR Ascq
    )
{
    if ((SrbGetSrbStatus(Srb) & SRB_STATUS_AUTOSENSE_VALID) == 0 ||
        SrbGetScsiStatus(Srb) != SCSISTAT_CHECK_CONDITION) {
        return FALSE;
    }
    return ScsiGetSenseKeyAndCodes(SrbGetSenseInfoBuffer(Srb), SrbGetSenseInfoBufferLength(Srb),
                                   SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED, Key, Asc, Ascq);
}

static
BOOLEAN
WdIsFatal(
    _In_ NTSTATUS Status,
    _In_ UCHAR SrbStatus
    )
{
    switch (Status) {
        case STATUS_DEVICE_NOT_CONNECTED:
        case STATUS_DEVICE_DOES_NOT_EXIST:
        case STATUS_NO_SUCH_DEVICE:
        case STATUS_DELETE_PENDING:
            return TRUE;
        default:
            break;
    }
    switch (SRB_STATUS(SrbStatus)) {
        case SRB_STATUS_SELECTION_TIMEOUT:
        case SRB_STATUS_INVALID_LUN:
        case SRB_STATUS_INVALID_TARGET_ID:
        case SRB_STATUS_NO_DEVICE:
        case SRB_STATUS_NO_HBA:
        case SRB_STATUS_INVALID_PATH_ID:
            return TRUE;
        default:
            return FALSE;
    }
}

ULONG
WdInterpretErrorEx(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN OUT NTSTATUS *Status,
    OUT PBOOLEAN Retry,
    OUT PLONG RetryInterval,
    ...
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    PWDKDSM_GROUP Group = Device->Group;
    UCHAR SrbStatus = SrbGetSrbStatus(Srb);
    UCHAR Key, Asc, Ascq;
    ULONG Result = 0;
    KIRQL Irql;

    *Retry = FALSE;
    if (WdIsFatal(*Status, SrbStatus)) {
        Result = DSM_FATAL_ERROR;
        goto __Exit;
    }
    if (SRB_STATUS(SrbStatus) == SRB_STATUS_BUS_RESET || SrbGetScsiStatus(Srb) == SCSISTAT_RESERVATION_CONFLICT) {
        return 0;       // For the class driver
    }
    if (!WdGetSense(Srb, &Key, &Asc, &Ascq)) {
        if (*Status == STATUS_BUFFER_OVERFLOW && DsmGetContextFromSrb(Srb) != NULL) {
            PWDKDSM_REQUEST Request = (PWDKDSM_REQUEST)DsmGetContextFromSrb(Srb);

            *Retry = (BOOLEAN)(Request->IsRead || Request->IsWrite);
        }
        return 0;
    }
    switch (WD_SENSE(Key, Asc, Ascq)) {
        //
        // The upper layers want to hear these.
        //
        case WD_SENSE(SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, SCSI_SENSEQ_SPACE_ALLOC_IN_PROGRESS):
        case WD_SENSE(SCSI_SENSE_DATA_PROTECT, SCSI_ADSENSE_WRITE_PROTECT, SCSI_SENSEQ_SPACE_ALLOC_FAILED_WRITE_PROTECT):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_LB_PROVISIONING, SCSI_SENSEQ_SOFT_THRESHOLD_REACHED):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_OPERATING_CONDITIONS_CHANGED, SCSI_SENSEQ_INQUIRY_DATA_CHANGED):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_OPERATING_CONDITIONS_CHANGED, SCSI_SENSEQ_VOLUME_SET_MODIFIED):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_OPERATING_CONDITIONS_CHANGED, SCSI_SENSEQ_REPORTED_LUNS_DATA_CHANGED):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_PARAMETERS_CHANGED, SCSI_SENSEQ_CAPACITY_DATA_CHANGED):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_PARAMETERS_CHANGED, 0x03):
            break;

        //
        // Another node took our registrations away.
        //
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_PARAMETERS_CHANGED, 0x05):
            Irql = ExAcquireSpinLockExclusive(&Context->Lock);
            Group->Reservation.Valid = FALSE;
            ExReleaseSpinLockExclusive(&Context->Lock, Irql);
            break;

        //
        // ALUA: states changed, an implicit transition failed, or one is under way.
        //
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_PARAMETERS_CHANGED, 0x06):
        case WD_SENSE(SCSI_SENSE_UNIT_ATTENTION, SCSI_ADSENSE_PARAMETERS_CHANGED, 0x07):
        case WD_SENSE(SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 0x0A):
        case WD_SENSE(SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 0x0C):
            *Retry = TRUE;
            Result = DSM_RETRY_DONT_DECREMENT;
            WdStartTargetPortGroups(Device, FALSE, TRUE);
            break;

        case WD_SENSE(SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, 0x0B):
            *Retry = TRUE;
            WdStartTargetPortGroups(Device, (BOOLEAN)((Group->Alua & ALUA_EXPLICIT_ONLY) != 0), TRUE);
            break;

        case WD_SENSE(SCSI_SENSE_NO_SENSE, SCSI_ADSENSE_NO_SENSE, SCSI_SENSEQ_CAUSE_NOT_REPORTABLE):
        case WD_SENSE(SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_INVALID_LUN, 0):
        case WD_SENSE(SCSI_SENSE_HARDWARE_ERROR, 0x67, 0x0A):
            Result = DSM_FATAL_ERROR;
            break;

        case WD_SENSE(SCSI_SENSE_NOT_READY, SCSI_ADSENSE_LUN_NOT_READY, SCSI_SENSEQ_MANUAL_INTERVENTION_REQUIRED):
        case WD_SENSE(SCSI_SENSE_HARDWARE_ERROR, SCSI_ADSENSE_LOGICAL_UNIT_ERROR, SCSI_SENSEQ_TIMEOUT_ON_LOGICAL_UNIT):
        case WD_SENSE(SCSI_SENSE_HARDWARE_ERROR, SCSI_ADSENSE_DATA_TRANSFER_ERROR, SCSI_SENSEQ_INITIATOR_RESPONSE_TIMEOUT):
            *Retry = TRUE;
            break;

        default:
            if (Key == SCSI_SENSE_UNIT_ATTENTION) {
                *Retry = TRUE;
                *RetryInterval = 0;
            }
            break;
    }
    if (*Retry) {
        InterlockedIncrement(&Group->Retries);
    }

__Exit:
    TracePrint((TRACE_LEVEL_WARNING, TRACE_FLAG_SCSI, "Device %p: status %x, SRB status %x: mask %x, retry %!bool!.\n",
                Device, *Status, SrbStatus, Result, *Retry));
    return Result;
}
