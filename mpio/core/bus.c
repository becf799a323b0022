/* SPDX-License-Identifier: MIT */
/*
 * The bus FDO on ROOT\MPIO\0000: it reports the pseudo-LUNs as its children. PASSIVE_LEVEL.
 */
#include "core/core.h"

NTSTATUS MpioBusAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT BusPdo)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device;
    PMPIO_DEVICE bus;
    NTSTATUS status;

    if (root->BusFdo != NULL) {
        return STATUS_DEVICE_ALREADY_ATTACHED;
    }
    status = IoCreateDevice(DriverObject, sizeof(MPIO_DEVICE), NULL, FILE_DEVICE_BUS_EXTENDER, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    bus = (PMPIO_DEVICE)device->DeviceExtension;
    bus->Kind = MpioKindBus;
    bus->Device = device;
    bus->PhysicalDevice = BusPdo;
    bus->Lower = IoAttachDeviceToDeviceStack(device, BusPdo);
    if (bus->Lower == NULL) {
        IoDeleteDevice(device);
        return STATUS_NO_SUCH_DEVICE;
    }
    root->BusFdo = device;
    root->BusPdo = BusPdo;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

/* The pseudo-LUNs that exist, in order of creation, each referenced for the PnP manager. */
static PDEVICE_RELATIONS Children(VOID)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_RELATIONS relations;
    ULONG room = 0;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Pdos.Flink; entry != &root->Pdos; entry = entry->Flink) {
        room++;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    relations = ExAllocatePoolZero(PagedPool, sizeof(*relations) + (SIZE_T)room * sizeof(PDEVICE_OBJECT), MPIO_TAG);
    if (relations == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Pdos.Flink; entry != &root->Pdos && relations->Count < room; entry = entry->Flink) {
        PMPIO_PDO pdo = CONTAINING_RECORD(entry, MPIO_PDO, Entry);

        pdo->Missing = pdo->Gone;
        if (!pdo->Missing) {
            ObReferenceObject(pdo->Common.Device);
            relations->Objects[relations->Count++] = pdo->Common.Device;
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return relations;
}

static NTSTATUS Remove(PMPIO_DEVICE Bus, PIRP Irp)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device = Bus->Device;
    NTSTATUS status;

    root->BusFdo = NULL;
    root->BusPdo = NULL;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = MpioForward(Bus->Lower, Irp);
    IoDetachDevice(Bus->Lower);
    IoDeleteDevice(device);
    return status;
}

NTSTATUS MpioBusPnp(PMPIO_DEVICE Bus, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_RELATIONS relations;
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = MpioForwardAndWait(Bus->Lower, Irp);
        return MpioComplete(Irp, status, 0);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type != BusRelations) {
            return MpioForward(Bus->Lower, Irp);
        }
        relations = Children();
        if (relations == NULL) {
            return MpioComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        Irp->IoStatus.Information = (ULONG_PTR)relations;
        return MpioForward(Bus->Lower, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Bus, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
        if (!IsListEmpty(&MpioRoot()->Pdos)) {
            return MpioComplete(Irp, STATUS_DEVICE_BUSY, 0);
        }
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return MpioForward(Bus->Lower, Irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return MpioForward(Bus->Lower, Irp);
    default:
        return MpioForward(Bus->Lower, Irp);
    }
}
