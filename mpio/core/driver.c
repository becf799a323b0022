/* SPDX-License-Identifier: MIT */
/*
 * Entry of the bus driver (service mpio) and of the filter (service mpdev): per-machine root, control
 * device, dispatch by kind of device object. PASSIVE_LEVEL but for the dispatch of SCSI requests.
 */
#include "core/core.h"

PVOID MpioAllocate(SIZE_T Bytes)
{
    return ExAllocatePoolZero(NonPagedPoolNx, Bytes, MPIO_TAG);
}

VOID MpioFree(PVOID Memory)
{
    if (Memory != NULL) {
        ExFreePoolWithTag(Memory, MPIO_TAG);
    }
}

VOID MpioAcquireSerial(VOID)
{
    KeWaitForSingleObject(&MpioRoot()->Serial, Executive, KernelMode, FALSE, NULL);
}

VOID MpioReleaseSerial(VOID)
{
    KeSetEvent(&MpioRoot()->Serial, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMPIO_DEVICE device = (PMPIO_DEVICE)DeviceObject->DeviceExtension;

    switch (device->Kind) {
    case MpioKindBus:
        return MpioBusPnp(device, Irp);
    case MpioKindPdo:
        return MpioPdoPnp((PMPIO_PDO)device, Irp);
    case MpioKindFilter:
        return MpioFilterPnp((PMPIO_FILTER)device, Irp);
    default:
        return MpioComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS DispatchScsi(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMPIO_DEVICE device = (PMPIO_DEVICE)DeviceObject->DeviceExtension;

    switch (device->Kind) {
    case MpioKindPdo:
        return MpioPdoScsi((PMPIO_PDO)device, Irp);
    case MpioKindFilter:
        return MpioForward(device->Lower, Irp);
    case MpioKindControl:
        return MpioControlDispatch(DeviceObject, Irp, TRUE);
    default:
        return MpioComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMPIO_DEVICE device = (PMPIO_DEVICE)DeviceObject->DeviceExtension;

    switch (device->Kind) {
    case MpioKindPdo:
        return MpioPdoControl((PMPIO_PDO)device, Irp);
    case MpioKindFilter:
        return MpioForward(device->Lower, Irp);
    case MpioKindControl:
        return MpioControlDispatch(DeviceObject, Irp, FALSE);
    default:
        return MpioForward(device->Lower, Irp);
    }
}

static NTSTATUS DispatchOpenClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMPIO_DEVICE device = (PMPIO_DEVICE)DeviceObject->DeviceExtension;

    if (device->Kind == MpioKindFilter) {
        return MpioForward(device->Lower, Irp);
    }
    return MpioComplete(Irp, STATUS_SUCCESS, 0);
}

/* Power and WMI: passed on where there is a lower device. A pseudo-LUN has no power states of its own. */
static NTSTATUS DispatchOther(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PMPIO_DEVICE device = (PMPIO_DEVICE)DeviceObject->DeviceExtension;

    if (device->Lower != NULL) {
        return MpioForward(device->Lower, Irp);
    }
    if (IoGetCurrentIrpStackLocation(Irp)->MajorFunction == IRP_MJ_POWER) {
        return MpioComplete(Irp, STATUS_SUCCESS, 0);
    }
    return MpioComplete(Irp, STATUS_NOT_SUPPORTED, 0);
}

static VOID SetDispatch(PDRIVER_OBJECT DriverObject)
{
    for (ULONG major = 0; major <= IRP_MJ_MAXIMUM_FUNCTION; major++) {
        DriverObject->MajorFunction[major] = DispatchOther;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchOpenClose;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = DispatchScsi;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
}

static PMPIO_ROOT CreateRoot(PDRIVER_OBJECT DriverObject)
{
    PMPIO_ROOT root = MpioAllocate(sizeof(*root));

    if (root == NULL) {
        return NULL;
    }
    root->Driver = DriverObject;
    KeInitializeEvent(&root->Serial, SynchronizationEvent, TRUE);
    KeInitializeSpinLock(&root->Lock);
    InitializeListHead(&root->Dsms);
    InitializeListHead(&root->Pdos);
    InitializeListHead(&root->Filters);
    InitializeListHead(&root->Adapters);
    MpioInitializeTable(&root->InstanceTable);
    MpioInitializeTable(&root->PathTable);
    MpioInitializeTable(&root->LunTable);
    return root;
}

NTSTATUS MpioDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(u"\\Device\\MPIOControl");
    UNICODE_STRING link = RTL_CONSTANT_STRING(u"\\DosDevices\\MPIOControl");
    PMPIO_DEVICE control;
    PMPIO_ROOT root;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    if (*NtDriverRoot(ROOT_CORE) != NULL) {
        return STATUS_DEVICE_ALREADY_ATTACHED;
    }
    root = CreateRoot(DriverObject);
    if (root == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = IoCreateDevice(DriverObject, sizeof(MPIO_DEVICE), &name, FILE_DEVICE_CONTROLLER, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &root->Control);
    if (!NT_SUCCESS(status)) {
        goto no_device;
    }
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        goto no_link;
    }
    control = (PMPIO_DEVICE)root->Control->DeviceExtension;
    control->Kind = MpioKindControl;
    control->Device = root->Control;
    MpioReadParameters(&root->Parameters);
    SetDispatch(DriverObject);
    DriverObject->DriverExtension->AddDevice = MpioBusAddDevice;
    *NtDriverRoot(ROOT_CORE) = root;
    root->Control->Flags &= ~DO_DEVICE_INITIALIZING;
    MpioStartVerification();
    return STATUS_SUCCESS;

no_link:
    IoDeleteDevice(root->Control);
no_device:
    MpioFree(root);
    return status;
}


NTSTATUS MpdevDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    if (*NtDriverRoot(ROOT_CORE) == NULL) {
        return STATUS_DEVICE_NOT_READY; /* mpio must be loaded first */
    }
    MpioRoot()->FilterDriver = DriverObject;
    SetDispatch(DriverObject);
    DriverObject->DriverExtension->AddDevice = MpioFilterAddDevice;
    return STATUS_SUCCESS;
}
