/* SPDX-License-Identifier: 0BSD */
/*
 * Optional: persistent reservations (SPC-3 PERSISTENT RESERVE IN and OUT), as clusters use them.
 *
 * A registration belongs to one I_T nexus, the disk above us knows only one LUN. So:
 *   - a key is registered and unregistered on every path, and replayed on a path that comes later;
 *   - while there is a key, a path without it carries no request (SampleChoosePaths);
 *   - the reservation itself is made once, on one path: all registrants may then use it;
 *   - RELEASE goes down every registered path, because only the one that reserved has an effect;
 *   - what goes up is the answer of the first path that failed: status, sense data and all.
 *
 * Everything runs at PASSIVE_LEVEL and may wait, except SampleForgetKey. MPIO keeps the instances of
 * DsmIds while we have its request.
 */
#include "dsm_sample.h"

#define TRIES 60 /* times 50 ms: the three seconds that an array may take to change state */
#define PAUSE (-50 * 10000LL)

typedef struct _REQUEST {
    PSAMPLE_CONTEXT Context;
    PSAMPLE_LUN Lun;
    PDSM_IDS Ids;
    PIRP Irp;
    PSCSI_REQUEST_BLOCK Srb;
    NTSTATUS Failure;           /* of the first path that failed, with its SRB and sense data; */
    PUCHAR FailedSrb;           /* STATUS_SUCCESS: none did */
    UCHAR FailedSense[255];
    PUCHAR OriginalSrb;         /* each try starts from this copy */
} REQUEST, *PREQUEST;

/* Worth another try on the same path: a reset, a change of parameters or inventory, a state transition. */
static BOOLEAN IsTransient(UCHAR Key, UCHAR Asc, UCHAR Ascq)
{
    return (Key == SCSI_SENSE_UNIT_ATTENTION && (Asc == 0x29 || Asc == 0x2A || Asc == 0x3F)) ||
           ((Key == SCSI_SENSE_UNIT_ATTENTION || Key == SCSI_SENSE_NOT_READY) && Asc == 0x04 && Ascq == 0x0A);
}

static VOID Pause(VOID)
{
    LARGE_INTEGER time;

    time.QuadPart = PAUSE;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

/* The request is ours until we set MPIO's event, so its completion stops here. Up to DISPATCH_LEVEL. */
static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendOnce(PREQUEST Request, PSAMPLE_INSTANCE Instance)
{
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    NTSTATUS status;
    KEVENT done;

    RtlCopyMemory(srb, Request->OriginalSrb, SrbGetSrbLength(Request->OriginalSrb));
    if (SrbGetSenseInfoBuffer(srb) != NULL)
        RtlZeroMemory(SrbGetSenseInfoBuffer(srb), SrbGetSenseInfoBufferLength(srb));
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Request->Irp);
    IoSetCompletionRoutine(Request->Irp, Completed, &done, TRUE, TRUE, TRUE);
    status = DsmSendRequest(Request->Context->MpioContext, Instance->Target, Request->Irp, Instance);
    if (!NT_SUCCESS(status))
        return status; /* did not leave, or is complete already; either way MPIO has let go of it */
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = Request->Irp->IoStatus.Status;
    }
    DsmCompleteRequest(Request->Context->MpioContext, Instance);
    return status;
}

static NTSTATUS Send(PREQUEST Request, PSAMPLE_INSTANCE Instance)
{
    PSCSI_REQUEST_BLOCK srb = Request->Srb;
    UCHAR key, asc, ascq;
    NTSTATUS status;
    ULONG tries;

    for (tries = 0;; tries++) {
        status = SendOnce(Request, Instance);
        if (SrbGetSrbStatus(srb) & SRB_STATUS_QUEUE_FROZEN) {
            DsmReleaseQueue(Instance->Target);
            srb->SrbStatus &= ~SRB_STATUS_QUEUE_FROZEN;
        }
        if (NT_SUCCESS(status) || !SampleGetSense(srb, &key, &asc, &ascq))
            break;
        if (key == SCSI_SENSE_UNIT_ATTENTION && asc == 0x2A && ascq == 0x05)
            SampleForgetKey(Instance); /* preempted: do not replay it on new paths */
        if (tries == TRIES || !IsTransient(key, asc, ascq))
            break;
        Pause();
    }
    if (!NT_SUCCESS(status) && NT_SUCCESS(Request->Failure)) {
        Request->Failure = status;
        RtlCopyMemory(Request->FailedSrb, srb, SrbGetSrbLength(srb));
        if (SrbGetSenseInfoBuffer(srb) != NULL)
            RtlCopyMemory(Request->FailedSense, SrbGetSenseInfoBuffer(srb), SrbGetSenseInfoBufferLength(srb));
    }
    return status;
}

/* Makes what goes up the answer of the first path that failed. */
static NTSTATUS Fail(PREQUEST Request)
{
    PSCSI_REQUEST_BLOCK srb = Request->Srb;

    if (NT_SUCCESS(Request->Failure)) { /* there was no path to send it on */
        SrbSetSrbStatus(srb, SRB_STATUS_NO_DEVICE);
        return STATUS_NO_SUCH_DEVICE;
    }
    RtlCopyMemory(srb, Request->FailedSrb, SrbGetSrbLength(srb));
    if (SrbGetSenseInfoBuffer(srb) != NULL)
        RtlCopyMemory(SrbGetSenseInfoBuffer(srb), Request->FailedSense, SrbGetSenseInfoBufferLength(srb));
    return Request->Failure;
}

/* The next instance to use, *Index counting up; NULL after the last. */
static PSAMPLE_INSTANCE NextPath(PREQUEST Request, PULONG Index, BOOLEAN RegisteredOnly)
{
    while (*Index < Request->Ids->Count) {
        PSAMPLE_INSTANCE instance = Request->Ids->IdList[(*Index)++];

        if (instance->Active && (!RegisteredOnly || !Request->Lun->Reservation.HasKey || instance->Registered))
            return instance;
    }
    return NULL;
}

/* One path after the other until one succeeds; a conflict may be with another path of our own. */
static NTSTATUS SendToAny(PREQUEST Request, BOOLEAN RegisteredOnly, BOOLEAN FirstOnly)
{
    PSAMPLE_INSTANCE instance;
    ULONG index = 0;

    while ((instance = NextPath(Request, &index, RegisteredOnly)) != NULL) {
        if (NT_SUCCESS(Send(Request, instance)))
            return STATUS_SUCCESS;
        if (FirstOnly)
            break;
    }
    return Fail(Request);
}

static NTSTATUS Release(PREQUEST Request)
{
    PSAMPLE_INSTANCE instance;
    BOOLEAN sent = FALSE;
    ULONG index = 0;

    while ((instance = NextPath(Request, &index, TRUE)) != NULL) {
        Send(Request, instance);
        sent = TRUE;
    }
    return sent && NT_SUCCESS(Request->Failure) ? STATUS_SUCCESS : Fail(Request);
}

/* REGISTER and REGISTER AND IGNORE EXISTING KEY; a key of zero unregisters. */
static NTSTATUS Register(PREQUEST Request, PPRO_PARAMETER_LIST List)
{
    static const UCHAR noKey[8];
    PSAMPLE_LUN lun = Request->Lun;
    BOOLEAN registers, any = FALSE, all = TRUE;
    PSAMPLE_INSTANCE instance;
    ULONG index = 0;
    KIRQL irql;

    if (List == NULL || SrbGetDataTransferLength(Request->Srb) < sizeof(*List)) {
        SrbSetSrbStatus(Request->Srb, SRB_STATUS_INVALID_REQUEST);
        return STATUS_INVALID_PARAMETER;
    }
    registers = !RtlEqualMemory(List->ServiceActionReservationKey, noKey, sizeof(noKey));
    while ((instance = NextPath(Request, &index, FALSE)) != NULL) {
        if (NT_SUCCESS(Send(Request, instance))) {
            any = TRUE;
            instance->Registered = registers;
        } else if (registers || instance->Registered) {
            all = FALSE; /* a path that never had the key need not lose it */
        }
    }
    KeAcquireSpinLock(&lun->Lock, &irql);
    if (registers && any) {
        lun->Reservation.HasKey = TRUE;
        lun->Reservation.PersistThroughPowerLoss = List->ActivatePersistThroughPowerLoss;
        RtlCopyMemory(lun->Reservation.Key, List->ServiceActionReservationKey, sizeof(noKey));
    } else if (!registers) {
        lun->Reservation.HasKey = FALSE;
    }
    SampleChoosePaths(lun);
    KeReleaseSpinLock(&lun->Lock, irql);
    return any && all ? STATUS_SUCCESS : Fail(Request);
}

static NTSTATUS Dispatch(PREQUEST Request)
{
    PCDB cdb = SrbGetCdb(Request->Srb);
    NTSTATUS status;

    if (cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_IN)
        return SendToAny(Request, FALSE, FALSE);
    switch (cdb->PERSISTENT_RESERVE_OUT.ServiceAction) {
    case RESERVATION_ACTION_REGISTER:
    case RESERVATION_ACTION_REGISTER_IGNORE_EXISTING:
        return Register(Request, Request->Irp->AssociatedIrp.SystemBuffer); /* MPIO puts the list there */
    case RESERVATION_ACTION_RESERVE:
    case RESERVATION_ACTION_PREEMPT:
        return SendToAny(Request, TRUE, FALSE);
    case RESERVATION_ACTION_RELEASE:
        return Release(Request);
    case RESERVATION_ACTION_CLEAR:
        status = SendToAny(Request, TRUE, FALSE);
        if (NT_SUCCESS(status) && Request->Ids->Count > 0)
            SampleForgetKey(Request->Ids->IdList[0]);
        return status;
    case RESERVATION_ACTION_PREEMPT_ABORT: /* aborts commands: once is enough */
        return SendToAny(Request, TRUE, TRUE);
    default: /* REGISTER AND MOVE makes no sense between paths of one host */
        SrbSetSrbStatus(Request->Srb, SRB_STATUS_INVALID_REQUEST);
        return STATUS_INVALID_PARAMETER;
    }
}

/* MPIO calls this after SampleCategorize said DSM_WILL_HANDLE. It completes the request after Event. */
NTSTATUS SampleReservation(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event)
{
    ULONG length = SrbGetSrbLength(Srb);
    PREQUEST request = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*request) + 2 * (SIZE_T)length, SAMPLE_TAG);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (request == NULL) {
        SrbSetSrbStatus(Srb, SRB_STATUS_INTERNAL_ERROR);
    } else {
        request->Context = DsmContext;
        request->Ids = DsmIds;
        request->Irp = Irp;
        request->Srb = Srb;
        request->OriginalSrb = (PUCHAR)(request + 1);
        request->FailedSrb = request->OriginalSrb + length;
        RtlCopyMemory(request->OriginalSrb, Srb, length);
        if (DsmIds->Count > 0)
            request->Lun = ((PSAMPLE_INSTANCE)DsmIds->IdList[0])->Lun;
        status = request->Lun != NULL ? Dispatch(request) : Fail(request);
        ExFreePoolWithTag(request, SAMPLE_TAG);
    }
    if (!NT_SUCCESS(status) && SRB_STATUS(SrbGetSrbStatus(Srb)) == SRB_STATUS_PENDING)
        SrbSetSrbStatus(Srb, SRB_STATUS_ERROR); /* it never reached a device */
    Irp->IoStatus.Status = status;
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return status;
}

/* PERSISTENT RESERVE OUT of our own. IGNORE EXISTING KEY, because a path that was only away may still have it. */
static BOOLEAN RegisterOnce(PSAMPLE_INSTANCE Instance, const SAMPLE_RESERVATION *Reservation, PBOOLEAN Again)
{
    SCSI_PASS_THROUGH_WITH_BUFFERS pass;
    PPRO_PARAMETER_LIST list = (PPRO_PARAMETER_LIST)pass.DataBuffer;
    PCDB cdb = (PCDB)pass.ScsiPassThrough.Cdb;
    IO_STATUS_BLOCK result;
    UCHAR key, asc, ascq;

    RtlZeroMemory(&pass, sizeof(pass));
    pass.ScsiPassThrough.Length = sizeof(pass.ScsiPassThrough);
    pass.ScsiPassThrough.PathId = Instance->Address.PathId;
    pass.ScsiPassThrough.TargetId = Instance->Address.TargetId;
    pass.ScsiPassThrough.Lun = Instance->Address.Lun;
    pass.ScsiPassThrough.CdbLength = 10;
    pass.ScsiPassThrough.SenseInfoLength = sizeof(pass.SenseInfoBuffer);
    pass.ScsiPassThrough.SenseInfoOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, SenseInfoBuffer);
    pass.ScsiPassThrough.DataIn = SCSI_IOCTL_DATA_OUT;
    pass.ScsiPassThrough.DataTransferLength = sizeof(*list);
    pass.ScsiPassThrough.DataBufferOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, DataBuffer);
    pass.ScsiPassThrough.TimeOutValue = 20;
    cdb->PERSISTENT_RESERVE_OUT.OperationCode = SCSIOP_PERSISTENT_RESERVE_OUT;
    cdb->PERSISTENT_RESERVE_OUT.ServiceAction = RESERVATION_ACTION_REGISTER_IGNORE_EXISTING;
    cdb->PERSISTENT_RESERVE_OUT.ParameterListLength[1] = sizeof(*list);
    RtlCopyMemory(list->ServiceActionReservationKey, Reservation->Key, sizeof(Reservation->Key));
    list->ActivatePersistThroughPowerLoss = Reservation->PersistThroughPowerLoss;
    DsmSendDeviceIoControlSynchronous(IOCTL_SCSI_PASS_THROUGH, Instance->Target, &pass, &pass, sizeof(pass),
                                      sizeof(pass), FALSE, &result);
    *Again = pass.ScsiPassThrough.ScsiStatus == SCSISTAT_CHECK_CONDITION &&
             ScsiGetSenseKeyAndCodes(pass.SenseInfoBuffer, sizeof(pass.SenseInfoBuffer), SCSI_SENSE_OPTIONS_NONE,
                                     &key, &asc, &ascq) &&
             IsTransient(key, asc, ascq);
    return NT_SUCCESS(result.Status) && pass.ScsiPassThrough.ScsiStatus == SCSISTAT_GOOD;
}

VOID SampleRegisterNewPath(PSAMPLE_INSTANCE Instance)
{
    PSAMPLE_LUN lun = Instance->Lun;
    SAMPLE_RESERVATION reservation;
    BOOLEAN done, again;
    ULONG tries;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    reservation = lun->Reservation;
    KeReleaseSpinLock(&lun->Lock, irql);
    if (!reservation.HasKey)
        return;
    for (tries = 0; !(done = RegisterOnce(Instance, &reservation, &again)) && again && tries < TRIES; tries++)
        Pause();
    KeAcquireSpinLock(&lun->Lock, &irql);
    Instance->Registered = done && RtlEqualMemory(&reservation, &lun->Reservation, sizeof(reservation));
    SampleChoosePaths(lun);
    KeReleaseSpinLock(&lun->Lock, irql);
}

VOID SampleForgetKey(PSAMPLE_INSTANCE Instance)
{
    KIRQL irql;

    KeAcquireSpinLock(&Instance->Lun->Lock, &irql);
    Instance->Lun->Reservation.HasKey = FALSE;
    SampleChoosePaths(Instance->Lun);
    KeReleaseSpinLock(&Instance->Lun->Lock, irql);
}
