/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    pr.c

Abstract:

    Persistent reservations. The caller's IRP goes down one path after the other with DsmSendRequest; its completion
    stops here until the DSM has finished. PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "pr.tmh"
#endif

static
BOOLEAN
WdIsWorthRepeating(
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _In_ PLARGE_INTEGER Deadline
    )
{
    UCHAR Key, Asc, Ascq;
    LARGE_INTEGER Now;

    KeQueryTickCount(&Now);
    if (Now.QuadPart >= Deadline->QuadPart || !WdGetSense(Srb, &Key, &Asc, &Ascq)) {
        return FALSE;
    }
    return (BOOLEAN)((Key == SCSI_SENSE_UNIT_ATTENTION &&
                      (Asc == SCSI_ADSENSE_BUS_RESET || Asc == SCSI_ADSENSE_PARAMETERS_CHANGED ||
                       Asc == SCSI_ADSENSE_OPERATING_CONDITIONS_CHANGED)) ||
                     (Asc == SCSI_ADSENSE_LUN_NOT_READY && Ascq == 0x0A));
}

static
NTSTATUS
WdSendOnPath(
    _In_ PWDKDSM_DEVICE Device,
    _In_ PIRP Irp,
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _In_ PVOID Saved
    )
/*++

Routine Description:

    Sends the request down one path until the answer is not a passing condition. Each try starts from the saved SRB.

--*/
{
    PWDKDSM_CONTEXT Context = Device->Context;
    PIO_STACK_LOCATION IrpStack;
    LARGE_INTEGER Deadline;
    LARGE_INTEGER Pause;
    PKEVENT OldEvent = Irp->UserEvent;
    KEVENT Event;
    NTSTATUS Status;

    KeQueryTickCount(&Deadline);
    Deadline.QuadPart += (LONGLONG)Context->MaximumPrTime * 10000000 / KeQueryTimeIncrement();
    Pause.QuadPart = -10LL * 1000 * 50;
    for (;;) {
        SrbCopySrb(Srb, SrbGetSrbLength(Srb), Saved);
        if (SrbGetSenseInfoBuffer(Srb) != NULL) {
            RtlZeroMemory(SrbGetSenseInfoBuffer(Srb), SrbGetSenseInfoBufferLength(Srb));
        }
        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        IrpStack = IoGetNextIrpStackLocation(Irp);
        IrpStack->Parameters.Scsi.Srb = Srb;
        Irp->UserEvent = &Event;
        IoSetCompletionRoutine(Irp, WdSignalCompletion, Device, TRUE, TRUE, TRUE);
        IoMarkIrpPending(Irp);
        Status = DsmSendRequest(Context->MpioContext, Device->TargetObject, Irp, Device);
        if (Status == STATUS_PENDING) {
            KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
            Status = Irp->IoStatus.Status;
        }
        if (NT_SUCCESS(Status)) {
            DsmCompleteRequest(Context->MpioContext, Device);
        }
        if (SrbGetSrbStatus(Srb) & SRB_STATUS_QUEUE_FROZEN) {
            DsmReleaseQueue(Device->TargetObject);
        }
        if (NT_SUCCESS(Status) || !WdIsWorthRepeating(Srb, &Deadline)) {
            break;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    Irp->UserEvent = OldEvent;
    return Status;
}

static
NTSTATUS
WdReserveOut(
    _In_ PDSM_IDS DsmIds,
    _In_ PIRP Irp,
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _In_ PVOID Saved
    )
{
    PWDKDSM_DEVICE First = (PWDKDSM_DEVICE)DsmIds->IdList[0];
    PWDKDSM_CONTEXT Context = First->Context;
    PWDKDSM_GROUP Group = First->Group;
    PPRO_PARAMETER_LIST List = (PPRO_PARAMETER_LIST)Irp->AssociatedIrp.SystemBuffer;
    PCDB Cdb = SrbGetCdb(Saved);
    UCHAR Action = Cdb->PERSISTENT_RESERVE_OUT.ServiceAction;
    NTSTATUS Status = STATUS_NO_SUCH_DEVICE;
    NTSTATUS Failure = STATUS_SUCCESS;
    BOOLEAN Register = (BOOLEAN)(Action == RESERVATION_ACTION_REGISTER ||
                                 Action == RESERVATION_ACTION_REGISTER_IGNORE_EXISTING);
    BOOLEAN ZeroKey = FALSE;
    BOOLEAN Any = FALSE;
    KIRQL Irql;
    ULONG i;

    if (Register) {
        USHORT ListLength;

        REVERSE_BYTES_SHORT(&ListLength, Cdb->PERSISTENT_RESERVE_OUT.ParameterListLength);
        if (List == NULL || ListLength < sizeof(PRO_PARAMETER_LIST) ||
            SrbGetDataTransferLength(Saved) < sizeof(PRO_PARAMETER_LIST)) {
            return STATUS_INVALID_PARAMETER;
        }
        ZeroKey = WdIsZeroKey(List->ServiceActionReservationKey);
    }
    for (i = DsmIds->Count; i-- > 0;) {
        PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

        if (!Device->Usable || (!Register && Group->Reservation.Valid && !Device->KeyRegistered)) {
            continue;
        }
        Status = WdSendOnPath(Device, Irp, Srb, Saved);
        if (NT_SUCCESS(Status)) {
            Any = TRUE;
        }
        switch (Action) {
            case RESERVATION_ACTION_REGISTER:
            case RESERVATION_ACTION_REGISTER_IGNORE_EXISTING:
                if (NT_SUCCESS(Status)) {
                    Device->KeyRegistered = (BOOLEAN)!ZeroKey;
                } else if (!ZeroKey || Device->KeyRegistered) {
                    Failure = Status;
                }
                continue;

            case RESERVATION_ACTION_RELEASE:
                if (!NT_SUCCESS(Status)) {
                    Failure = Status;
                }
                continue;       // Only the holder's path has an effect

            case RESERVATION_ACTION_RESERVE:
            case RESERVATION_ACTION_CLEAR:
            case RESERVATION_ACTION_PREEMPT:
                if (!NT_SUCCESS(Status)) {
                    continue;   // A conflict may be with another path of ours
                }
                break;

            case RESERVATION_ACTION_PREEMPT_ABORT:
                break;

            default:
                return STATUS_INVALID_PARAMETER;
        }
        break;
    }

    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    if (Register && Any && !ZeroKey) {
        Group->Reservation.Valid = TRUE;
        Group->Reservation.Action = Action;
        Group->Reservation.Scope = Cdb->PERSISTENT_RESERVE_OUT.Scope;
        Group->Reservation.Type = Cdb->PERSISTENT_RESERVE_OUT.Type;
        Group->Reservation.PersistThroughPowerLoss = List->ActivatePersistThroughPowerLoss;
        RtlCopyMemory(Group->Reservation.Key, List->ServiceActionReservationKey, sizeof(Group->Reservation.Key));
    } else if ((Register && ZeroKey) || (Action == RESERVATION_ACTION_CLEAR && Any)) {
        Group->Reservation.Valid = FALSE;
    }
    WdRestate(Context, Group);
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    if (!NT_SUCCESS(Failure) && (!Any || Register)) {
        return Failure;
    }
    return Any ? STATUS_SUCCESS : Status;
}

static
NTSTATUS
WdReserveIn(
    _In_ PDSM_IDS DsmIds,
    _In_ PIRP Irp,
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _In_ PVOID Saved
    )
{
    PCDB Cdb = SrbGetCdb(Saved);
    NTSTATUS Status = STATUS_UNSUCCESSFUL;
    ULONG i;

    switch (Cdb->PERSISTENT_RESERVE_IN.ServiceAction) {
        case RESERVATION_ACTION_READ_KEYS:
        case RESERVATION_ACTION_READ_RESERVATIONS:
        case 2:     // REPORT CAPABILITIES
            break;
        default:
            return STATUS_INVALID_PARAMETER;
    }
    for (i = 0; i < DsmIds->Count && !NT_SUCCESS(Status); i++) {
        PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

        if (Device->Usable) {
            Status = WdSendOnPath(Device, Irp, Srb, Saved);
        }
    }
    if (NT_SUCCESS(Status) && Cdb->PERSISTENT_RESERVE_IN.ServiceAction == RESERVATION_ACTION_READ_KEYS &&
        Irp->AssociatedIrp.SystemBuffer != NULL && SrbGetDataTransferLength(Srb) >= sizeof(PRI_REGISTRATION_LIST)) {
        PPRI_REGISTRATION_LIST Keys = (PPRI_REGISTRATION_LIST)Irp->AssociatedIrp.SystemBuffer;
        ULONG Length;

        REVERSE_BYTES(&Length, Keys->AdditionalLength);
        TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_SCSI, "%u keys are registered.\n", Length / 8));
    }
    return Status;
}

NTSTATUS
WdSrbDeviceControl(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PKEVENT Event
    )
{
    PSTORAGE_REQUEST_BLOCK_HEADER Saved;
    PCDB Cdb = SrbGetCdb(Srb);
    NTSTATUS Status;

    PAGED_CODE();

    UNREFERENCED_PARAMETER(DsmContext);
    Saved = SrbAllocateCopy(Srb, NonPagedPoolNx, WDKDSM_TAG_PR);
    if (Saved == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (DsmIds->Count == 0 || ((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group == NULL) {
        Status = STATUS_NO_SUCH_DEVICE;
    } else if (Cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_OUT) {
        Status = WdReserveOut(DsmIds, Irp, Srb, Saved);
    } else {
        Status = WdReserveIn(DsmIds, Irp, Srb, Saved);
    }
    if (Saved != NULL) {
        ExFreePoolWithTag(Saved, WDKDSM_TAG_PR);
    }
    if (!NT_SUCCESS(Status) && SRB_STATUS(Srb->SrbStatus) == SRB_STATUS_PENDING) {
        SrbSetSrbStatus(Srb, WdSrbStatusOf(Status));
    }
    Irp->IoStatus.Status = Status;
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return Status;
}

_Use_decl_annotations_
VOID
WdReplayRegistration(
    PWDKDSM_DEVICE Device
    )
/*++

Routine Description:

    A path that comes while there is a key gets the key before it gets requests.

--*/
{
    PWDKDSM_RESERVATION Reservation = &Device->Group->Reservation;
    PSCSI_PASS_THROUGH_WITH_BUFFERS PassThrough;
    PPRO_PARAMETER_LIST List;
    IO_STATUS_BLOCK IoStatus;
    PCDB Cdb;

    PassThrough = ExAllocatePoolZero(NonPagedPoolNx, sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS), WDKDSM_TAG_PR);
    if (PassThrough == NULL) {
        return;
    }
    List = (PPRO_PARAMETER_LIST)PassThrough->DataBuffer;
    PassThrough->ScsiPassThrough.Length = sizeof(SCSI_PASS_THROUGH);
    PassThrough->ScsiPassThrough.CdbLength = 10;
    PassThrough->ScsiPassThrough.SenseInfoLength = SPTWB_SENSE_LENGTH;
    PassThrough->ScsiPassThrough.SenseInfoOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, SenseInfoBuffer);
    PassThrough->ScsiPassThrough.DataIn = SCSI_IOCTL_DATA_OUT;
    PassThrough->ScsiPassThrough.DataTransferLength = sizeof(PRO_PARAMETER_LIST);
    PassThrough->ScsiPassThrough.DataBufferOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, DataBuffer);
    PassThrough->ScsiPassThrough.TimeOutValue = WDKDSM_TIMEOUT;
    Cdb = (PCDB)PassThrough->ScsiPassThrough.Cdb;
    Cdb->PERSISTENT_RESERVE_OUT.OperationCode = SCSIOP_PERSISTENT_RESERVE_OUT;
    Cdb->PERSISTENT_RESERVE_OUT.ServiceAction = RESERVATION_ACTION_REGISTER_IGNORE_EXISTING;
    Cdb->PERSISTENT_RESERVE_OUT.Scope = Reservation->Scope;
    Cdb->PERSISTENT_RESERVE_OUT.Type = Reservation->Type;
    Cdb->PERSISTENT_RESERVE_OUT.ParameterListLength[1] = sizeof(PRO_PARAMETER_LIST);
    Cdb->PERSISTENT_RESERVE_OUT.Control = 0;
    List->ActivatePersistThroughPowerLoss = Reservation->PersistThroughPowerLoss;
    RtlCopyMemory(List->ServiceActionReservationKey, Reservation->Key, sizeof(Reservation->Key));
    DsmSendDeviceIoControlSynchronous(IOCTL_SCSI_PASS_THROUGH, Device->TargetObject, PassThrough, PassThrough,
                                      sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS), sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS),
                                      FALSE, &IoStatus);
    Device->KeyRegistered = (BOOLEAN)(NT_SUCCESS(IoStatus.Status) &&
                                      PassThrough->ScsiPassThrough.ScsiStatus == SCSISTAT_GOOD);
    ExFreePoolWithTag(PassThrough, WDKDSM_TAG_PR);
}
