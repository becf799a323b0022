/* SPDX-License-Identifier: MIT */
/*
 * Requests MPIO builds itself: property queries, device controls, single SRBs, and the small change
 * of dispatch routines (forward, forward and wait, complete). Waiting ones: PASSIVE_LEVEL.
 */
#include "core/core.h"

#define MPIO_SRB_TIMEOUT       10      /* seconds, for SRBs that MPIO makes itself */
#define MPIO_DESCRIPTOR_MAX    65536u  /* larger answers to a property query are refused */

NTSTATUS MpioComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS MpioForward(PDEVICE_OBJECT Lower, PIRP Irp)
{
    if (Lower == NULL) {
        return MpioComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Lower, Irp);
}

static NTSTATUS SignalAndKeep(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Afterwards the IRP is the caller's again, to be completed. */
NTSTATUS MpioForwardAndWait(PDEVICE_OBJECT Lower, PIRP Irp)
{
    KEVENT done;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, SignalAndKeep, &done, TRUE, TRUE, TRUE);
    status = IoCallDriver(Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

NTSTATUS MpioSendControl(ULONG Code, PDEVICE_OBJECT Device, PVOID In, ULONG InLength, PVOID Out, ULONG OutLength,
                         BOOLEAN Internal, PIO_STATUS_BLOCK IoStatus)
{
    KEVENT done;
    PIRP irp;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoStatus->Information = 0;
    irp = IoBuildDeviceIoControlRequest(Code, Device, In, InLength, Out, OutLength, Internal, &done, IoStatus);
    if (irp == NULL) {
        IoStatus->Status = STATUS_INSUFFICIENT_RESOURCES;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    /* The port refuses pass-through that did not come through a class driver once the device is
     * claimed; MPIO is the class driver of its instances. */
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_SCSI_CLASS;
    status = IoCallDriver(Device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        return IoStatus->Status;
    }
    IoStatus->Status = status;
    return status;
}

/* Two steps: the header for the size, then the whole. *Descriptor is the caller's to MpioFree. */
NTSTATUS MpioQueryProperty(PDEVICE_OBJECT Device, STORAGE_PROPERTY_ID Property, PVOID *Descriptor)
{
    STORAGE_PROPERTY_QUERY query;
    STORAGE_DESCRIPTOR_HEADER header;
    IO_STATUS_BLOCK ioStatus;
    PSTORAGE_DESCRIPTOR_HEADER whole;
    NTSTATUS status;
    ULONG size;

    *Descriptor = NULL;
    RtlZeroMemory(&query, sizeof(query));
    RtlZeroMemory(&header, sizeof(header));
    query.PropertyId = Property;
    query.QueryType = PropertyStandardQuery;
    status = MpioSendControl(IOCTL_STORAGE_QUERY_PROPERTY, Device, &query, sizeof(query), &header, sizeof(header), FALSE,
                             &ioStatus);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    size = header.Size;
    if (ioStatus.Information < sizeof(header) || size < sizeof(header) || size > MPIO_DESCRIPTOR_MAX) {
        return STATUS_DEVICE_DATA_ERROR;
    }
    /* Room for any fixed part: readers of short answers find zeros instead of foreign memory. */
    whole = MpioAllocate(size + 128);
    if (whole == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = MpioSendControl(IOCTL_STORAGE_QUERY_PROPERTY, Device, &query, sizeof(query), whole, size, FALSE, &ioStatus);
    if (!NT_SUCCESS(status)) {
        MpioFree(whole);
        return status;
    }
    if (whole->Size > ioStatus.Information) {
        whole->Size = (ULONG)ioStatus.Information;
    }
    *Descriptor = whole;
    return STATUS_SUCCESS;
}

/* One SRB as its own IRP. The caller has filled Function, Cdb, flags and the sense buffer. Answers the
 * status of the IRP; the SRB tells the rest. */
NTSTATUS MpioSendSrb(PDEVICE_OBJECT Device, PSCSI_REQUEST_BLOCK Srb, PVOID Buffer, ULONG Length)
{
    PIO_STACK_LOCATION stack;
    KEVENT done;
    PIRP irp;
    NTSTATUS status;

    irp = IoAllocateIrp((CCHAR)(Device->StackSize + 1), FALSE);
    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Length != 0) {
        if (IoAllocateMdl(Buffer, Length, FALSE, FALSE, irp) == NULL) {
            IoFreeIrp(irp);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        MmBuildMdlForNonPagedPool(irp->MdlAddress);
    }
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    Srb->Length = sizeof(*Srb);
    Srb->OriginalRequest = irp;
    Srb->DataBuffer = Buffer;
    Srb->DataTransferLength = Length;
    if (Srb->TimeOutValue == 0) {
        Srb->TimeOutValue = MPIO_SRB_TIMEOUT;
    }
    IoSetNextIrpStackLocation(irp);
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.DeviceIoControl.IoControlCode = IOCTL_SCSI_EXECUTE_NONE;
    stack->Parameters.Scsi.Srb = Srb;
    IoSetCompletionRoutine(irp, SignalAndKeep, &done, TRUE, TRUE, TRUE);
    status = IoCallDriver(Device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    }
    status = irp->IoStatus.Status;
    if (irp->MdlAddress != NULL) {
        IoFreeMdl(irp->MdlAddress);
    }
    IoFreeIrp(irp);
    return status;
}

static NTSTATUS FreeReleaseIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    MpioFree(Context);
    IoFreeIrp(Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

VOID MpioReleaseQueueAsync(PDEVICE_OBJECT Device)
{
    PSCSI_REQUEST_BLOCK srb = MpioAllocate(sizeof(*srb));
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);
    PIO_STACK_LOCATION stack;

    if (srb == NULL || irp == NULL) {
        MpioFree(srb);
        if (irp != NULL) {
            IoFreeIrp(irp);
        }
        return; /* the class driver above releases the queue as well */
    }
    srb->Length = sizeof(*srb);
    srb->Function = SRB_FUNCTION_RELEASE_QUEUE;
    srb->OriginalRequest = irp;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.DeviceIoControl.IoControlCode = IOCTL_SCSI_EXECUTE_NONE;
    stack->Parameters.Scsi.Srb = srb;
    IoSetCompletionRoutine(irp, FreeReleaseIrp, srb, TRUE, TRUE, TRUE);
    (VOID)IoCallDriver(Device, irp);
}
