/* SPDX-License-Identifier: MIT */
/*
 * Requests whose sender waits: SCSI commands with their retry loop, device controls to the lower driver,
 * the claim, property queries. PASSIVE_LEVEL. Rules: class-driver reference 1.6 (synchronous SRBs), 2.1,
 * 3.1 (two-step query), 4.6.
 */
#include "disk/disk.h"

static NTSTATUS Signal(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    (VOID)KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendAndWait(PDEVICE_OBJECT Device, PIRP Irp, PKEVENT Event)
{
    KeInitializeEvent(Event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(Irp, Signal, Event, TRUE, TRUE, TRUE);
    if (IoCallDriver(Device, Irp) == STATUS_PENDING) {
        (VOID)KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    }
    return Irp->IoStatus.Status;
}

static VOID PrepareSrbIrp(PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    Srb->OriginalRequest = Irp;
    next->MajorFunction = IRP_MJ_SCSI;
    next->MinorFunction = IRP_MN_SCSI_CLASS;
    next->Parameters.DeviceIoControl.IoControlCode = (Srb->SrbFlags & SRB_FLAGS_DATA_IN)    ? IOCTL_SCSI_EXECUTE_IN
                                                     : (Srb->SrbFlags & SRB_FLAGS_DATA_OUT) ? IOCTL_SCSI_EXECUTE_OUT
                                                                                            : IOCTL_SCSI_EXECUTE_NONE;
    next->Parameters.Scsi.Srb = Srb;
}

/* ---- SCSI commands --------------------------------------------------------------------------------------- */

typedef struct _EXCHANGE {
    KEVENT Event;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[DISK_SENSE_LENGTH];
} EXCHANGE, *PEXCHANGE;

static VOID BuildSrb(PDISK Disk, const DISK_COMMAND *Command, PEXCHANGE Exchange)
{
    PSCSI_REQUEST_BLOCK srb = &Exchange->Srb;
    UCHAR cdb[16];
    UCHAR length = srb->CdbLength;

    RtlCopyMemory(cdb, srb->Cdb, sizeof(cdb)); /* may have been rewritten for the retry */
    RtlZeroMemory(srb, sizeof(*srb));
    RtlZeroMemory(Exchange->Sense, sizeof(Exchange->Sense));
    srb->Length = sizeof(*srb);
    srb->Function = Command->Function;
    srb->QueueTag = SP_UNTAGGED;
    srb->QueueAction = Command->QueueAction != 0 ? Command->QueueAction : SRB_SIMPLE_TAG_REQUEST;
    srb->CdbLength = length;
    RtlCopyMemory(srb->Cdb, cdb, sizeof(cdb));
    srb->SenseInfoBufferLength = sizeof(Exchange->Sense);
    srb->SenseInfoBuffer = Exchange->Sense;
    srb->DataBuffer = Command->Buffer;
    srb->DataTransferLength = Command->Length;
    srb->TimeOutValue = Command->TimeOut != 0 ? Command->TimeOut : Disk->TimeOut;
    srb->SrbFlags = Disk->DefaultFlags | SRB_FLAGS_DISABLE_SYNCH_TRANSFER | SRB_FLAGS_NO_QUEUE_FREEZE;
    if (Command->Untagged) {
        srb->SrbFlags &= ~(ULONG)SRB_FLAGS_QUEUE_ACTION_ENABLE;
    } else if (Command->QueueAction != 0) {
        srb->SrbFlags |= SRB_FLAGS_QUEUE_ACTION_ENABLE;
    }
    if (Command->Length != 0) {
        srb->SrbFlags |= Command->DataOut ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
    }
}

static VOID Delay(ULONG Seconds)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -(LONGLONG)Seconds * DISK_SECOND;
    (VOID)KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

/* One failed try: the status, and whether to go on. */
static BOOLEAN TryAgain(PDISK Disk, PDISK_COMMAND Command, PEXCHANGE Exchange, NTSTATUS IrpStatus, ULONG Done,
                        NTSTATUS *Status)
{
    PSCSI_REQUEST_BLOCK srb = &Exchange->Srb;
    BOOLEAN frozen = (srb->SrbStatus & SRB_STATUS_QUEUE_FROZEN) != 0;
    DISK_ERROR_FACTS facts;
    DISK_VERDICT verdict;
    BOOLEAN retry;

    if (SRB_STATUS(srb->SrbStatus) == SRB_STATUS_PENDING && !NT_SUCCESS(IrpStatus)) {
        srb->SrbStatus = SRB_STATUS_INTERNAL_ERROR;
        srb->InternalStatus = (ULONG)IrpStatus;
    }
    DiskReclaimSense(srb, Exchange->Sense, sizeof(Exchange->Sense));
    DiskFacts(Disk, srb, Done, &facts);
    DiskInterpret(&facts, &verdict);
    *Status = verdict.Status;
    Command->Moved = srb->DataTransferLength <= Command->Length ? srb->DataTransferLength : Command->Length;
    if (SRB_STATUS(srb->SrbStatus) == SRB_STATUS_DATA_OVERRUN && !verdict.SenseValid && !Command->DataOut) {
        *Status = verdict.Status = STATUS_SUCCESS; /* underrun: less than asked for */
    }
    retry = verdict.Retry && !NT_SUCCESS(verdict.Status) && Done < Command->Retries &&
            srb->Function == SRB_FUNCTION_EXECUTE_SCSI && Disk->Removal == DiskNotRemoved;
    DiskReact(Disk, srb, &verdict, retry, Done);
    if (frozen) {
        DiskStartSide(Disk, DiskSideRelease);
    }
    if (retry) {
        DiskRewrite(Disk, srb, &verdict);
        if ((verdict.Actions & DISK_ACT_NOT_READY_DELAY) != 0) {
            Delay(verdict.Interval > DISK_SYNCHRONOUS_DELAY ? verdict.Interval : DISK_SYNCHRONOUS_DELAY);
        }
    }
    return retry;
}

NTSTATUS DiskCommand(PDISK Disk, PDISK_COMMAND Command)
{
    PEXCHANGE exchange = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*exchange), DISK_TAG);
    PIRP irp = IoAllocateIrp(Disk->Lower->StackSize, FALSE);
    PMDL mdl = Command->Length != 0 ? IoAllocateMdl(Command->Buffer, Command->Length, FALSE, FALSE, NULL) : NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    Command->Moved = 0;
    if (exchange == NULL || irp == NULL || (Command->Length != 0 && mdl == NULL)) {
        goto release;
    }
    if (mdl != NULL) {
        MmBuildMdlForNonPagedPool(mdl);
    }
    exchange->Srb.CdbLength = Command->CdbLength;
    RtlCopyMemory(exchange->Srb.Cdb, Command->Cdb, sizeof(Command->Cdb));
    for (ULONG done = 0;; done++) {
        NTSTATUS irpStatus;

        BuildSrb(Disk, Command, exchange);
        IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
        irp->MdlAddress = mdl;
        PrepareSrbIrp(irp, &exchange->Srb);
        irpStatus = SendAndWait(Disk->Lower, irp, &exchange->Event);
        Command->Answer = exchange->Srb.DataBuffer;
        if (SRB_STATUS(exchange->Srb.SrbStatus) == SRB_STATUS_SUCCESS) {
            Command->Moved = exchange->Srb.DataTransferLength <= Command->Length ? exchange->Srb.DataTransferLength
                                                                                  : Command->Length;
            status = STATUS_SUCCESS;
            break;
        }
        if (!TryAgain(Disk, Command, exchange, irpStatus, done, &status)) {
            break;
        }
    }
release:
    if (mdl != NULL) {
        IoFreeMdl(mdl);
    }
    if (irp != NULL) {
        IoFreeIrp(irp);
    }
    if (exchange != NULL) {
        ExFreePoolWithTag(exchange, DISK_TAG);
    }
    return status;
}

/* To the top of the PDO's stack, before a device of ours exists. */
NTSTATUS DiskClaim(PDEVICE_OBJECT Top, UCHAR Function)
{
    SCSI_REQUEST_BLOCK srb;
    NTSTATUS status;
    KEVENT event;
    PIRP irp = IoAllocateIrp(Top->StackSize, FALSE);

    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(&srb, sizeof(srb));
    srb.Length = sizeof(srb);
    srb.Function = Function;
    PrepareSrbIrp(irp, &srb);
    status = SendAndWait(Top, irp, &event);
    IoFreeIrp(irp);
    return status;
}

/* ---- device controls --------------------------------------------------------------------------------------- */

NTSTATUS DiskSendControl(PDEVICE_OBJECT Device, ULONG Code, PVOID Input, ULONG InputLength, PVOID Output,
                         ULONG OutputLength, PULONG Returned)
{
    IO_STATUS_BLOCK result;
    NTSTATUS status;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(Code, Device, Input, InputLength, Output, OutputLength, FALSE, &event, &result);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = IoCallDriver(Device, irp);
    if (status == STATUS_PENDING) {
        (VOID)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    } else if (NT_SUCCESS(status)) {
        status = result.Status;
    }
    *Returned = NT_SUCCESS(status) && result.Information <= OutputLength ? (ULONG)result.Information : 0;
    return status;
}

NTSTATUS DiskQueryProperty(PDISK Disk, STORAGE_PROPERTY_ID Id, ULONG Minimum, PVOID *Descriptor, PULONG Bytes)
{
    STORAGE_PROPERTY_QUERY query = {.PropertyId = Id, .QueryType = PropertyStandardQuery};
    STORAGE_DESCRIPTOR_HEADER header = {0, 0};
    ULONG returned, size;
    NTSTATUS status;
    PUCHAR whole;

    *Descriptor = NULL;
    status = DiskSendControl(Disk->Lower, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), &header, sizeof(header),
                             &returned);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    size = header.Size > sizeof(query) ? header.Size : sizeof(query);
    if (returned < sizeof(header) || size > 65536) {
        return STATUS_UNSUCCESSFUL; /* no header, or a length that no property has */
    }
    /* Zeros behind the answer: fields that an older answerer does not know read as 0. */
    whole = ExAllocatePoolZero(NonPagedPoolNx, size + Minimum, DISK_TAG);
    if (whole == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = DiskSendControl(Disk->Lower, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), whole, size, &returned);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(whole, DISK_TAG);
        return status;
    }
    *Descriptor = whole;
    *Bytes = returned;
    return STATUS_SUCCESS;
}
