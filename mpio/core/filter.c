/* SPDX-License-Identifier: MIT */
/*
 * mpdev: the filter on LUN PDOs. It sits on devices of MPIOSupportedDeviceList, which it offers to the
 * DSMs when they start, and on array controllers, which DSMs look for through DsmGetAssociatedDevice.
 * Everything but PnP passes through; the filter device is the TargetObject of a DSM. PASSIVE_LEVEL.
 */
#include "core/core.h"
#include "port/portctl.h"

#define MPIO_DEVICE_CONTROLLER 0x0C /* INQUIRY device type: storage array controller */

/* A pseudo-LUN is a disk too; it must never be given to MPIO again. */
static BOOLEAN IsPseudoLun(PDEVICE_OBJECT Pdo)
{
    static const CHAR prefix[] = "MPIO\\";
    WCHAR ids[128];
    ULONG length = 0;
    NTSTATUS status = IoGetDeviceProperty(Pdo, DevicePropertyHardwareID, sizeof(ids), ids, &length);

    if (!NT_SUCCESS(status) && status != STATUS_BUFFER_TOO_SMALL && status != STATUS_BUFFER_OVERFLOW) {
        return Pdo->DriverObject == MpioRoot()->Driver;
    }
    if (!NT_SUCCESS(status) || length < sizeof(prefix) * sizeof(WCHAR)) {
        return Pdo->DriverObject == MpioRoot()->Driver;
    }
    for (ULONG i = 0; prefix[i] != 0; i++) {
        if (RtlUpcaseUnicodeChar(ids[i]) != (WCHAR)prefix[i]) {
            return FALSE;
        }
    }
    return TRUE;
}

/* One record per HBA, shared by the filters on its LUNs. */
static PMPIO_ADAPTER ReferenceAdapter(const OPENMPIO_ADAPTER *Found)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_ADAPTER fresh = MpioAllocate(sizeof(*fresh));
    PMPIO_ADAPTER adapter = NULL;
    KIRQL irql;

    if (fresh == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Adapters.Flink; entry != &root->Adapters; entry = entry->Flink) {
        PMPIO_ADAPTER one = CONTAINING_RECORD(entry, MPIO_ADAPTER, Entry);

        if (one->Fdo == Found->Fdo) {
            adapter = one;
            break;
        }
    }
    if (adapter == NULL) {
        adapter = fresh;
        fresh = NULL;
        adapter->Fdo = Found->Fdo;
        adapter->Pdo = Found->Pdo;
        InsertTailList(&root->Adapters, &adapter->Entry);
    }
    adapter->References++;
    KeReleaseSpinLock(&root->Lock, irql);
    MpioFree(fresh);
    return adapter;
}

VOID MpioDereferenceAdapter(PMPIO_ADAPTER Adapter)
{
    PMPIO_ROOT root = MpioRoot();
    BOOLEAN last;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    last = --Adapter->References == 0;
    if (last) {
        RemoveEntryList(&Adapter->Entry);
    }
    KeReleaseSpinLock(&root->Lock, irql);
    if (last) {
        MpioFree(Adapter);
    }
}

static NTSTATUS Attach(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT LunPdo, PMPIO_ADAPTER Adapter, ULONG BusType,
                       UCHAR DeviceType, BOOLEAN Listed)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device;
    PMPIO_FILTER filter;
    NTSTATUS status;
    KIRQL irql;

    status = IoCreateDevice(DriverObject, sizeof(MPIO_FILTER), NULL, LunPdo->DeviceType, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    filter = (PMPIO_FILTER)device->DeviceExtension;
    filter->Common.Kind = MpioKindFilter;
    filter->Common.Device = device;
    filter->Common.PhysicalDevice = LunPdo;
    filter->Adapter = Adapter;
    filter->BusType = BusType;
    filter->DeviceType = DeviceType;
    filter->Listed = Listed;
    filter->Common.Lower = IoAttachDeviceToDeviceStack(device, LunPdo);
    if (filter->Common.Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    device->Flags |= filter->Common.Lower->Flags & (DO_DIRECT_IO | DO_BUFFERED_IO | DO_POWER_PAGABLE);
    device->AlignmentRequirement = filter->Common.Lower->AlignmentRequirement;
    KeAcquireSpinLock(&root->Lock, &irql);
    InsertTailList(&root->Filters, &filter->Entry);
    KeReleaseSpinLock(&root->Lock, irql);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

NTSTATUS MpioFilterAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT LunPdo)
{
    PSTORAGE_DEVICE_DESCRIPTOR device = NULL;
    OPENMPIO_ADAPTER found;
    IO_STATUS_BLOCK ioStatus;
    PMPIO_ADAPTER adapter;
    BOOLEAN listed;
    NTSTATUS status;

    if (IsPseudoLun(LunPdo)) {
        return STATUS_NOT_SUPPORTED;
    }
    RtlZeroMemory(&found, sizeof(found));
    status = MpioSendControl(IOCTL_OPENMPIO_GET_ADAPTER, LunPdo, NULL, 0, &found, sizeof(found), TRUE, &ioStatus);
    if (!NT_SUCCESS(status) || found.Fdo == NULL) {
        return STATUS_NOT_SUPPORTED; /* not a LUN of our port */
    }
    status = MpioQueryProperty(LunPdo, StorageDeviceProperty, (PVOID *)&device);
    if (!NT_SUCCESS(status)) {
        return STATUS_NOT_SUPPORTED;
    }
    listed = MpioIsListedDevice(device, found.BusType);
    if (!listed && device->DeviceType != MPIO_DEVICE_CONTROLLER) {
        MpioFree(device);
        return STATUS_NOT_SUPPORTED;
    }
    adapter = ReferenceAdapter(&found);
    if (adapter == NULL) {
        MpioFree(device);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = Attach(DriverObject, LunPdo, adapter, found.BusType, device->DeviceType, listed);
    MpioFree(device);
    if (!NT_SUCCESS(status)) {
        MpioDereferenceAdapter(adapter);
    }
    return status;
}
