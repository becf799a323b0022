/* SPDX-License-Identifier: MIT */
/*
 * Device stacks and opening a device by name. Attach, detach: <= DISPATCH_LEVEL; open: PASSIVE_LEVEL,
 * with IRP_MJ_CREATE, IRP_MJ_CLEANUP, and IRP_MJ_CLOSE at the last dereference of the file object, as
 * on Windows: a driver whose device is opened must complete these with success.
 */
#include "nt/device.h"
#include "nt/directory.h"

#define FILE_TAG 'eliF'

typedef struct _NT_FILE {
    NT_OBJECT Header;
    FILE_OBJECT Object;
} NT_FILE, *PNT_FILE;
C_ASSERT(FIELD_OFFSET(NT_FILE, Object) == sizeof(NT_OBJECT));

NTSTATUS IoAttachDeviceToDeviceStackSafe(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice,
                                         PDEVICE_OBJECT *AttachedToDeviceObject)
{
    PDEVICE_OBJECT top;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(SourceDevice);
    NtDeviceRequire(TargetDevice);
    top = NtDeviceTop(TargetDevice);
    if (NtDevice(top)->Deleted || top->StackSize == 127 || NtDevice(SourceDevice)->Lower != NULL) {
        return STATUS_NO_SUCH_DEVICE;
    }
    NtObjectReference(top); /* a lower device that is deleted first stays until it is detached */
    top->AttachedDevice = SourceDevice;
    NtDevice(SourceDevice)->Lower = top;
    SourceDevice->StackSize = (CCHAR)(top->StackSize + 1);
    SourceDevice->AlignmentRequirement = top->AlignmentRequirement;
    SourceDevice->SectorSize = top->SectorSize;
    *AttachedToDeviceObject = top;
    return STATUS_SUCCESS;
}

PDEVICE_OBJECT IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice, PDEVICE_OBJECT TargetDevice)
{
    PDEVICE_OBJECT below = NULL;

    return NT_SUCCESS(IoAttachDeviceToDeviceStackSafe(SourceDevice, TargetDevice, &below)) ? below : NULL;
}

VOID IoDetachDevice(PDEVICE_OBJECT TargetDevice)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(TargetDevice);
    if (TargetDevice->AttachedDevice != NULL) {
        NtDevice(TargetDevice->AttachedDevice)->Lower = NULL;
        TargetDevice->AttachedDevice = NULL;
        NtObjectRelease(TargetDevice);
    }
}

PDEVICE_OBJECT IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    return NtDeviceTop(DeviceObject);
}

PDEVICE_OBJECT IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT top = IoGetAttachedDevice(DeviceObject);

    NtObjectReference(top);
    return top;
}

PDEVICE_OBJECT IoGetLowerDeviceObject(PDEVICE_OBJECT DeviceObject)
{
    PDEVICE_OBJECT lower;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    lower = NtDevice(DeviceObject)->Lower;
    if (lower != NULL) {
        NtObjectReference(lower);
    }
    return lower;
}

PDEVICE_OBJECT IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT DeviceObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    while (NtDevice(DeviceObject)->Lower != NULL) {
        DeviceObject = NtDevice(DeviceObject)->Lower;
    }
    NtObjectReference(DeviceObject);
    return DeviceObject;
}

/* ---- opening -------------------------------------------------------------------------------------- */

static NTSTATUS Woken(PDEVICE_OBJECT Device, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendFileRequest(PFILE_OBJECT File, UCHAR MajorFunction)
{
    PDEVICE_OBJECT top = NtDeviceTop(File->DeviceObject);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    KEVENT event;

    if (irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = File;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = MajorFunction;
    stack->FileObject = File;
    IoSetCompletionRoutine(irp, Woken, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(top, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

static VOID FreeFile(PNT_FILE File)
{
    PDEVICE_OBJECT device = File->Object.DeviceObject;

    device->ReferenceCount--;
    NtPoolFreeKernel(NtKernel(), File);
    NtObjectRelease(device);
}

static VOID CloseFile(PVOID Object)
{
    PNT_FILE file = CONTAINING_RECORD(Object, NT_FILE, Object);

    SendFileRequest(&file->Object, IRP_MJ_CLOSE);
    FreeFile(file);
}

NTSTATUS IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess, PFILE_OBJECT *FileObject,
                                  PDEVICE_OBJECT *DeviceObject)
{
    PDEVICE_OBJECT device;
    PNT_FILE file;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DesiredAccess);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    *FileObject = NULL;
    *DeviceObject = NULL;
    device = NtNameLookup(NtKernel(), ObjectName);
    if (device == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if ((NtDeviceTop(device)->Flags & DO_DEVICE_INITIALIZING) != 0) {
        return STATUS_NO_SUCH_DEVICE;
    }
    file = NtPoolAllocateKernel(NtKernel(), sizeof(*file), FILE_TAG);
    if (file == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NtObjectInitialize(&file->Header, NT_OBJECT_FILE, CloseFile);
    file->Object.Type = IO_TYPE_FILE;
    file->Object.Size = sizeof(FILE_OBJECT);
    file->Object.DeviceObject = device;
    InitializeListHead(&file->Object.IrpList);
    NtObjectReference(device);
    device->ReferenceCount++;
    status = SendFileRequest(&file->Object, IRP_MJ_CREATE);
    if (!NT_SUCCESS(status)) {
        FreeFile(file);
        return status;
    }
    SendFileRequest(&file->Object, IRP_MJ_CLEANUP); /* the handle is closed, the reference stays */
    *FileObject = &file->Object;
    *DeviceObject = NtDeviceTop(device);
    return STATUS_SUCCESS;
}

PDEVICE_OBJECT IoGetRelatedDeviceObject(PFILE_OBJECT FileObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return NtDeviceTop(FileObject->DeviceObject);
}
