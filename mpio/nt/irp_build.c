/* SPDX-License-Identifier: MIT */
/*
 * IRPs built by the I/O manager for a driver, finished and freed by it when they reach the top; and
 * sending an IRP down to wait for it. Build: PASSIVE_LEVEL (device control, synchronous) or
 * <= DISPATCH_LEVEL (asynchronous).
 */
#include <string.h>

#include "nt/irp_shadow.h"

#define BUFFER_TAG 'fBoI'

static VOID FreeMdls(PIRP Irp)
{
    while (Irp->MdlAddress != NULL) {
        PMDL mdl = Irp->MdlAddress;

        Irp->MdlAddress = mdl->Next;
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

VOID NtIrpFinish(PIRP Irp)
{
    PKEVENT event = Irp->UserEvent;

    if ((Irp->Flags & IRP_BUFFERED_IO) != 0 && Irp->AssociatedIrp.SystemBuffer != NULL) {
        if ((Irp->Flags & IRP_INPUT_OPERATION) != 0 && Irp->UserBuffer != NULL &&
            !NT_ERROR(Irp->IoStatus.Status)) {
            ULONG_PTR limit = (ULONG_PTR)Irp->Overlay.AllocationSize.QuadPart; /* size of UserBuffer, see Build */

            memcpy(Irp->UserBuffer, Irp->AssociatedIrp.SystemBuffer,
                   Irp->IoStatus.Information < limit ? Irp->IoStatus.Information : limit);
        }
        NtPoolFreeKernel(NtKernel(), Irp->AssociatedIrp.SystemBuffer);
    }
    FreeMdls(Irp);
    if (Irp->UserIosb != NULL) {
        *Irp->UserIosb = Irp->IoStatus;
    }
    IoFreeIrp(Irp);
    if (event != NULL) {
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
}

/* The system buffer of a buffered request: Input is copied in, Output is filled at the end. */
static BOOLEAN AddBuffer(PIRP Irp, PVOID Input, ULONG InputLength, PVOID Output, ULONG OutputLength)
{
    ULONG size = InputLength > OutputLength ? InputLength : OutputLength;

    if (size == 0) {
        return TRUE;
    }
    Irp->AssociatedIrp.SystemBuffer = NtPoolAllocateKernel(NtKernel(), size, BUFFER_TAG);
    if (Irp->AssociatedIrp.SystemBuffer == NULL) {
        return FALSE;
    }
    if (Input != NULL) {
        memcpy(Irp->AssociatedIrp.SystemBuffer, Input, InputLength);
    }
    Irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (Output != NULL && OutputLength != 0) {
        Irp->Flags |= IRP_INPUT_OPERATION;
        Irp->UserBuffer = Output;
        Irp->Overlay.AllocationSize.QuadPart = OutputLength;
    }
    return TRUE;
}

static BOOLEAN AddMdl(PIRP Irp, PVOID Buffer, ULONG Length, LOCK_OPERATION Operation)
{
    if (Buffer == NULL || Length == 0) {
        return TRUE;
    }
    if (IoAllocateMdl(Buffer, Length, FALSE, FALSE, Irp) == NULL) {
        return FALSE;
    }
    MmProbeAndLockPages(Irp->MdlAddress, KernelMode, Operation);
    return TRUE;
}

static PIRP Allocate(PDEVICE_OBJECT DeviceObject, PIO_STATUS_BLOCK IoStatusBlock)
{
    PIRP irp = IoAllocateIrp(DeviceObject->StackSize, FALSE);

    if (irp != NULL) {
        NtIrp(irp)->Finish = TRUE;
        irp->UserIosb = IoStatusBlock;
        irp->RequestorMode = KernelMode;
        irp->Tail.Overlay.Thread = PsGetCurrentThread();
    }
    return irp;
}

static PIRP GiveUp(PIRP Irp)
{
    FreeMdls(Irp);
    if (Irp->AssociatedIrp.SystemBuffer != NULL) {
        NtPoolFreeKernel(NtKernel(), Irp->AssociatedIrp.SystemBuffer);
    }
    IoFreeIrp(Irp);
    return NULL;
}

PIRP IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                   ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
                                   BOOLEAN InternalDeviceIoControl, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    PIRP irp;
    PIO_STACK_LOCATION stack;
    ULONG method = IoControlCode & 3;
    BOOLEAN good = TRUE;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    irp = Allocate(DeviceObject, IoStatusBlock);
    if (irp == NULL) {
        return NULL;
    }
    irp->UserEvent = Event;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    stack->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    stack->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    stack->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    switch (method) {
    case METHOD_BUFFERED:
        good = AddBuffer(irp, InputBuffer, InputBuffer == NULL ? 0 : InputBufferLength, OutputBuffer,
                         OutputBuffer == NULL ? 0 : OutputBufferLength);
        break;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        good = AddBuffer(irp, InputBuffer, InputBuffer == NULL ? 0 : InputBufferLength, NULL, 0) &&
               AddMdl(irp, OutputBuffer, OutputBufferLength,
                      method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
        break;
    default:
        stack->Parameters.DeviceIoControl.Type3InputBuffer = InputBuffer;
        irp->UserBuffer = OutputBuffer;
        break;
    }
    return good ? irp : GiveUp(irp);
}

static PIRP BuildFsd(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                     PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    BOOLEAN read = MajorFunction == IRP_MJ_READ, good = TRUE;
    PIO_STACK_LOCATION stack;
    PIRP irp;

    if (MajorFunction > IRP_MJ_MAXIMUM_FUNCTION) {
        return NULL;
    }
    irp = Allocate(DeviceObject, IoStatusBlock);
    if (irp == NULL) {
        return NULL;
    }
    irp->UserEvent = Event;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = (UCHAR)MajorFunction;
    if (read || MajorFunction == IRP_MJ_WRITE) {
        stack->Parameters.Read.Length = Length; /* Read and Write have the same layout */
        stack->Parameters.Read.ByteOffset.QuadPart = StartingOffset == NULL ? 0 : StartingOffset->QuadPart;
        if ((DeviceObject->Flags & DO_BUFFERED_IO) != 0) {
            good = AddBuffer(irp, read ? NULL : Buffer, read ? 0 : Length, read ? Buffer : NULL, read ? Length : 0);
        } else if ((DeviceObject->Flags & DO_DIRECT_IO) != 0) {
            good = AddMdl(irp, Buffer, Length, read ? IoWriteAccess : IoReadAccess);
        } else {
            irp->UserBuffer = Buffer;
        }
    }
    return good ? irp : GiveUp(irp);
}

PIRP IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                  PLARGE_INTEGER StartingOffset, PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return BuildFsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, Event, IoStatusBlock);
}

PIRP IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer, ULONG Length,
                                   PLARGE_INTEGER StartingOffset, PIO_STATUS_BLOCK IoStatusBlock)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return BuildFsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, NULL, IoStatusBlock);
}

NTSTATUS IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                  PVOID Context, BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                  BOOLEAN InvokeOnCancel)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    IoSetCompletionRoutine(Irp, CompletionRoutine, Context, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}

static NTSTATUS Forwarded(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT event;

    NT_REQUIRE_IRQL(APC_LEVEL);
    if (Irp->CurrentLocation <= 1) {
        return FALSE;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Forwarded, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(DeviceObject, Irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    return TRUE;
}
