/* SPDX-License-Identifier: MIT */
/*
 * How a miniport becomes a driver: StorPortInitialize keeps its initialization data and puts the
 * port's routines into its driver object; AddDevice makes the adapter FDO; dispatch sorts IRPs by
 * adapter and unit. Dispatch at <= DISPATCH_LEVEL, everything else at PASSIVE_LEVEL.
 */
#include "port/port.h"

static DRIVER_DISPATCH DispatchScsi, DispatchControl, DispatchPnp, DispatchPower, DispatchOpen, DispatchWmi;
static DRIVER_UNLOAD Unload;

/* The address of this routine names the driver object extension. */
#define DRIVER_EXTENSION_ID ((PVOID)StorPortInitialize)

static BOOLEAN KnownSize(ULONG Size)
{
    return Size == FIELD_OFFSET(HW_INITIALIZATION_DATA, HwBuildIo) || Size == sizeof(VIRTUAL_HW_INITIALIZATION_DATA) ||
           Size == FIELD_OFFSET(HW_INITIALIZATION_DATA, HwUnitControl) || Size == sizeof(HW_INITIALIZATION_DATA);
}

/* Last component of the registry path. */
static VOID KeepServiceName(PPORT_DRIVER Driver, PCUNICODE_STRING RegistryPath)
{
    ULONG count = RegistryPath->Length / sizeof(WCHAR), start = count, i;

    while (start != 0 && RegistryPath->Buffer[start - 1] != '\\') {
        start--;
    }
    for (i = 0; start + i < count && i < RTL_NUMBER_OF(Driver->Service) - 1; i++) {
        Driver->Service[i] = RegistryPath->Buffer[start + i];
        if (i < sizeof(Driver->Name) - 1) {
            Driver->Name[i] = (CHAR)Driver->Service[i];
        }
    }
}

/* What is wrong with the initialization data, for the event log; NULL: nothing. */
static PCSTR Objection(const PORT_DRIVER *Driver)
{
    const HW_INITIALIZATION_DATA *init = &Driver->Init;

    if (init->HwInitialize == NULL || init->HwStartIo == NULL || init->HwFindAdapter == NULL || init->HwResetBus == NULL) {
        return "HwInitialize, HwStartIo, HwFindAdapter and HwResetBus are all required";
    }
    if (init->HwAdapterControl == NULL && !Driver->Virtual) {
        return "HwAdapterControl is required of a physical miniport";
    }
    if (Driver->Virtual && init->HwBuildIo != NULL) {
        return "a virtual miniport has no HwBuildIo";
    }
    return NULL;
}

static VOID FillIn(PDRIVER_OBJECT DriverObject)
{
    DriverObject->DriverExtension->AddDevice = PortAddDevice;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchOpen;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchOpen;
    DriverObject->MajorFunction[IRP_MJ_SCSI] = DispatchScsi;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = DispatchPower;
    DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = DispatchWmi;
}

ULONG StorPortInitialize(PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA HwInitializationData, PVOID HwContext)
{
    PDRIVER_OBJECT driverObject = Argument1;
    PORT_DRIVER made;
    PPORT_DRIVER driver;
    PCSTR objection;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(HwContext);
    if (driverObject == NULL || Argument2 == NULL || HwInitializationData == NULL) {
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(&made, sizeof(made));
    KeepServiceName(&made, Argument2);
    if (!KnownSize(HwInitializationData->HwInitializationDataSize)) {
        NtLogEvent(11, made.Name, "StorPortInitialize: HwInitializationDataSize is %u; no version of the structure has that size",
                   HwInitializationData->HwInitializationDataSize);
        return (ULONG)STATUS_REVISION_MISMATCH;
    }
    RtlCopyMemory(&made.Init, HwInitializationData, HwInitializationData->HwInitializationDataSize);
    made.DriverObject = driverObject;
    made.Virtual = (made.Init.FeatureSupport & STOR_FEATURE_VIRTUAL_MINIPORT) != 0 ||
                   made.Init.HwInitializationDataSize == sizeof(VIRTUAL_HW_INITIALIZATION_DATA);
    made.InitializeIrql = made.Virtual ? PASSIVE_LEVEL : PORT_DIRQL;
    objection = Objection(&made);
    if (objection != NULL) {
        NtLogEvent(11, made.Name, "StorPortInitialize: %s", objection);
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    status = IoAllocateDriverObjectExtension(driverObject, DRIVER_EXTENSION_ID, sizeof(*driver), (PVOID *)&driver);
    if (!NT_SUCCESS(status)) {
        return (ULONG)status;
    }
    RtlCopyMemory(driver, &made, sizeof(made));
    FillIn(driverObject);
    if (driver->Init.HwInitializeTracing != NULL) {
        NT_CALL_VOID("HwInitializeTracing", driverObject, PASSIVE_LEVEL, driver->Init.HwInitializeTracing, Argument1, Argument2);
    }
    return (ULONG)STATUS_SUCCESS;
}

/* Plug and Play has removed every adapter before. */
static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    PPORT_DRIVER driver = IoGetDriverObjectExtension(DriverObject, DRIVER_EXTENSION_ID);

    if (driver->Init.HwCleanupTracing != NULL) {
        NT_CALL_VOID("HwCleanupTracing", DriverObject, PASSIVE_LEVEL, driver->Init.HwCleanupTracing, (PVOID)DriverObject);
    }
}

/* "\Device\RaidPort<Number>"; Name holds at least 32 characters. */
static VOID PortName(ULONG Number, PUNICODE_STRING Name)
{
    WCHAR digits[10];
    UNICODE_STRING number = {0, sizeof(digits), digits};

    RtlAppendUnicodeToString(Name, (PCWSTR)u"\\Device\\RaidPort");
    RtlIntegerToUnicodeString(Number, 10, &number);
    RtlAppendUnicodeStringToString(Name, &number);
}

static VOID InitializeAdapter(PPORT_ADAPTER Adapter, PPORT_DRIVER Driver, PDEVICE_OBJECT Fdo, PDEVICE_OBJECT Pdo)
{
    Adapter->Header.Kind = PORT_KIND_ADAPTER;
    Adapter->Header.Self = Fdo;
    Adapter->Pdo = Pdo;
    Adapter->Driver = Driver;
    KeInitializeSpinLock(&Adapter->Lock);
    KeInitializeSpinLock(&Adapter->ListLock);
    KeInitializeSpinLock(&Adapter->StartIoLock);
    KeInitializeSpinLock(&Adapter->InterruptLock);
    KeInitializeSpinLock(&Adapter->CompletedLock);
    InitializeListHead(&Adapter->Completed);
    KeInitializeSpinLock(&Adapter->TickLock);
    InitializeListHead(&Adapter->Ticking);
    KeInitializeTimer(&Adapter->TickTimer);
    KeInitializeDpc(&Adapter->TickDpc, PortTickDpc, Adapter);
    InitializeListHead(&Adapter->Units);
    InitializeListHead(&Adapter->Workers);
    InitializeListHead(&Adapter->Timers);
    KeInitializeDpc(&Adapter->CompletionDpc, PortCompletionDpc, Adapter);
    KeInitializeDpc(&Adapter->ChangeDpc, PortChangeDpc, Adapter);
    KeInitializeTimer(&Adapter->ResumeTimer);
    KeInitializeDpc(&Adapter->ResumeDpc, PortAdapterResumeDpc, Adapter);
    KeInitializeTimer(&Adapter->LinkTimer);
    KeInitializeDpc(&Adapter->LinkDpc, PortLinkDpc, Adapter);
    KeInitializeTimer(&Adapter->HwTimer);
    KeInitializeDpc(&Adapter->HwTimerDpc, PortHwTimerDpc, Adapter);
    KeInitializeEvent(&Adapter->ScanFree, SynchronizationEvent, TRUE);
    KeInitializeEvent(&Adapter->WorkIdle, NotificationEvent, FALSE);
    Adapter->WorkBusy = 1;
}

/* An adapter that is put back gets the number it had, wherever it can: that of its slot, where the bus tells one. */
static ULONG SlotOf(PDEVICE_OBJECT PhysicalDeviceObject)
{
    ULONG slot, length;
    NTSTATUS status = IoGetDeviceProperty(PhysicalDeviceObject, DevicePropertyUINumber, sizeof(slot), &slot, &length);

    return NT_SUCCESS(status) ? slot : 0;
}

NTSTATUS PortAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    PPORT_DRIVER driver = IoGetDriverObjectExtension(DriverObject, DRIVER_EXTENSION_ID);
    WCHAR buffer[32];
    UNICODE_STRING name = {0, sizeof(buffer), buffer};
    PDEVICE_OBJECT device;
    PPORT_ADAPTER adapter;
    ULONG number = SlotOf(PhysicalDeviceObject), next = 0;
    NTSTATUS status;

    for (;;) {
        name.Length = 0;
        PortName(number, &name);
        status = IoCreateDevice(DriverObject, sizeof(PORT_ADAPTER), &name, FILE_DEVICE_CONTROLLER,
                                FILE_DEVICE_SECURE_OPEN, FALSE, &device);
        if (status != STATUS_OBJECT_NAME_COLLISION) {
            break;
        }
        number = next++;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    adapter = device->DeviceExtension;
    InitializeAdapter(adapter, driver, device, PhysicalDeviceObject);
    adapter->Number = number;
    adapter->ScanWork = IoAllocateWorkItem(device);
    adapter->ResetWork = IoAllocateWorkItem(device);
    adapter->Lower = IoAttachDeviceToDeviceStack(device, PhysicalDeviceObject);
    if (adapter->ScanWork == NULL || adapter->ResetWork == NULL || adapter->Lower == NULL) {
        if (adapter->Lower != NULL) {
            IoDetachDevice(adapter->Lower);
        }
        PortAdapterDelete(adapter);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    device->StackSize = (CCHAR)(adapter->Lower->StackSize + 1);
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* ---- dispatch ------------------------------------------------------------------------------------------ */
static BOOLEAN IsUnit(PDEVICE_OBJECT Device)
{
    return ((PPORT_HEADER)Device->DeviceExtension)->Kind == PORT_KIND_UNIT;
}

static NTSTATUS DispatchScsi(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG code;

    if (!IsUnit(Device)) {
        return PortEndIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    /* SRBs travel with IOCTL_SCSI_EXECUTE_* or with whatever the location held before. */
    code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    if (code == IOCTL_OPENMPIO_GET_ADAPTER || code == IOCTL_OPENMPIO_GET_STATISTICS) {
        return PortUnitInternalControl(Device->DeviceExtension, Irp, code);
    }
    return PortUnitScsi(Device->DeviceExtension, Irp);
}

static NTSTATUS DispatchControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    return IsUnit(Device) ? PortUnitControl(Device->DeviceExtension, Irp)
                          : PortAdapterControl(Device->DeviceExtension, Irp);
}

static NTSTATUS DispatchPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    return IsUnit(Device) ? PortUnitPnp(Device->DeviceExtension, Irp)
                          : PortAdapterPnp(Device->DeviceExtension, Irp);
}

static NTSTATUS DispatchPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PPORT_ADAPTER adapter = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    if (IsUnit(Device)) {
        return PortEndIrp(Irp, STATUS_SUCCESS, 0);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(adapter->Lower, Irp);
}

static NTSTATUS DispatchOpen(PDEVICE_OBJECT Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    return PortEndIrp(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS DispatchWmi(PDEVICE_OBJECT Device, PIRP Irp)
{
    PPORT_ADAPTER adapter = Device->DeviceExtension;

    if (IsUnit(Device)) {
        return PortEndIrp(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(adapter->Lower, Irp);
}
