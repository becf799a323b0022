/* SPDX-License-Identifier: MIT */
/*
 * Plug and play of a disk: start, queries, removal, usage notifications. PASSIVE_LEVEL, one IRP at a time.
 * Removal waits for every holder (4.4), so no DISK_IO is left behind. Rules: class-driver reference 4.2.
 */
#include "disk/disk.h"

NTSTATUS DiskForward(PDISK Disk, PIRP Irp)
{
    PDEVICE_OBJECT lower = Disk->Lower;

    IoSkipCurrentIrpStackLocation(Irp);
    DiskRelease(Disk);
    return IoCallDriver(lower, Irp);
}

static NTSTATUS ForwardAndWait(PDISK Disk, PIRP Irp)
{
    if (!IoForwardIrpSynchronously(Disk->Lower, Irp)) {
        return STATUS_UNSUCCESSFUL;
    }
    return Irp->IoStatus.Status;
}

static NTSTATUS Finish(PDISK Disk, PIRP Irp, NTSTATUS Status)
{
    DiskRelease(Disk);
    return DiskComplete(Irp, Status, Irp->IoStatus.Information);
}

static VOID Observe(PDISK Disk, BOOLEAN Arrived)
{
    PDISK_MACHINE machine = DiskMachine();

    if (machine->Observer != NULL) {
        machine->Observer(machine->ObserverContext, Disk->Self, Arrived);
    }
}

static VOID List(PDISK Disk, BOOLEAN Insert)
{
    PDISK_MACHINE machine = DiskMachine();
    KIRQL irql;

    KeAcquireSpinLock(&machine->Lock, &irql);
    if (Insert && !Disk->Listed) {
        InsertTailList(&machine->Disks, &Disk->Link);
    } else if (!Insert && Disk->Listed) {
        RemoveEntryList(&Disk->Link);
    }
    Disk->Listed = Insert;
    KeReleaseSpinLock(&machine->Lock, irql);
}

static NTSTATUS StartDevice(PDISK Disk, PIRP Irp)
{
    BOOLEAN first = !Disk->Initialized;
    NTSTATUS status = ForwardAndWait(Disk, Irp);

    if (NT_SUCCESS(status)) {
        status = DiskStart(Disk);
    }
    if (NT_SUCCESS(status)) {
        Disk->PreviousState = 0xFF;
        Disk->CurrentState = IRP_MN_START_DEVICE;
        if (first) {
            List(Disk, TRUE);
            Observe(Disk, TRUE);
        }
    }
    return Finish(Disk, Irp, status);
}

static NTSTATUS QueryLeave(PDISK Disk, PIRP Irp, UCHAR Minor)
{
    NTSTATUS status;

    if (Disk->PagingPaths > 0) {
        return Finish(Disk, Irp, STATUS_DEVICE_BUSY);
    }
    Disk->PreviousState = Disk->CurrentState;
    Disk->CurrentState = Minor;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = ForwardAndWait(Disk, Irp);
    return Finish(Disk, Irp, status);
}

static NTSTATUS CancelLeave(PDISK Disk, PIRP Irp, UCHAR Query)
{
    if (Disk->CurrentState == Query) {
        Disk->CurrentState = Disk->PreviousState;
        Disk->PreviousState = 0xFF;
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return DiskForward(Disk, Irp);
}

/* Everything start and the load allocated; the disk has no holder left, or was never started. */
VOID DiskFreeResources(PDISK Disk)
{
    PSINGLE_LIST_ENTRY entry;

    while ((entry = PopEntryList(&Disk->FreePackets)) != NULL) {
        DiskFreePacket(CONTAINING_RECORD(entry, DISK_PACKET, Entry));
    }
    DiskFreePacket(Disk->FlushPacket);
    Disk->FlushPacket = NULL;
    Disk->PacketCount = 0;
    for (ULONG i = 0; i < DiskSideCount; i++) {
        if (Disk->Side[i].Irp != NULL) {
            IoFreeIrp(Disk->Side[i].Irp);
            Disk->Side[i].Irp = NULL;
        }
    }
    if (Disk->CacheWork != NULL) {
        IoFreeWorkItem(Disk->CacheWork);
        Disk->CacheWork = NULL;
    }
    if (Disk->CapacityWork != NULL) {
        IoFreeWorkItem(Disk->CapacityWork);
        Disk->CapacityWork = NULL;
    }
    if (Disk->Device != NULL) {
        ExFreePoolWithTag(Disk->Device, DISK_TAG);
        Disk->Device = NULL;
    }
}

static NTSTATUS SurpriseRemoval(PDISK Disk, PIRP Irp)
{
    if (Disk->Initialized && !Disk->Removable) {
        NtLogEvent(157, "disk", "Disk%u has been surprise removed", Disk->Number);
    }
    Disk->CurrentState = IRP_MN_SURPRISE_REMOVAL;
    Disk->Removal = DiskRemovePending;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return DiskForward(Disk, Irp);
}

static NTSTATUS RemoveDevice(PDISK Disk, PIRP Irp)
{
    PDEVICE_OBJECT fdo = Disk->Self;
    NTSTATUS status;

    Disk->CurrentState = IRP_MN_REMOVE_DEVICE;
    Disk->Removal = DiskRemovePending;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = DiskForward(Disk, Irp); /* also gives up the hold of this dispatch */
    DiskRelease(Disk);               /* the one from creation */
    (VOID)KeWaitForSingleObject(&Disk->NoHolders, Executive, KernelMode, FALSE, NULL);
    Disk->Removal = DiskRemoved;
    if (Disk->Listed) {
        Observe(Disk, FALSE);
        List(Disk, FALSE);
    }
    DiskFreeResources(Disk);
    DiskFreeNumber(Disk->Number);
    IoDetachDevice(Disk->Lower);
    IoDeleteDevice(fdo);
    return status;
}

static NTSTATUS UsageNotification(PDISK Disk, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    DEVICE_USAGE_NOTIFICATION_TYPE type = stack->Parameters.UsageNotification.Type;
    BOOLEAN add = stack->Parameters.UsageNotification.InPath;
    LONG *count;
    BOOLEAN pagable = FALSE;
    NTSTATUS status;

    switch (type) {
    case DeviceUsageTypePaging:
        count = &Disk->PagingPaths;
        if (add && Disk->CurrentState != IRP_MN_START_DEVICE) {
            return Finish(Disk, Irp, STATUS_DEVICE_NOT_READY);
        }
        break;
    case DeviceUsageTypeHibernation:
        count = &Disk->HibernationPaths;
        break;
    case DeviceUsageTypeDumpFile:
        count = &Disk->DumpPaths;
        break;
    case DeviceUsageTypeBoot:
        return DiskForward(Disk, Irp);
    default:
        return Finish(Disk, Irp, STATUS_INVALID_PARAMETER);
    }
    if (type == DeviceUsageTypePaging && !add && *count == 1 && Disk->HibernationPaths == 0 && Disk->DumpPaths == 0 &&
        (Disk->Self->Flags & DO_POWER_INRUSH) == 0) {
        pagable = TRUE;
        Disk->Self->Flags |= DO_POWER_PAGABLE;
    }
    status = ForwardAndWait(Disk, Irp);
    if (NT_SUCCESS(status)) {
        *count += add ? 1 : -1;
        if (type == DeviceUsageTypePaging && add && *count == 1) {
            Disk->Self->Flags &= ~(ULONG)DO_POWER_PAGABLE;
        }
    } else if (pagable) {
        Disk->Self->Flags &= ~(ULONG)DO_POWER_PAGABLE;
    }
    return Finish(Disk, Irp, status);
}

NTSTATUS DiskPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK disk = DiskOf(DeviceObject);
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;

    if (!DiskHold(disk) && minor != IRP_MN_REMOVE_DEVICE && minor != IRP_MN_SURPRISE_REMOVAL) {
        DiskRelease(disk);
        return DiskComplete(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    switch (minor) {
    case IRP_MN_START_DEVICE:
        return StartDevice(disk, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return QueryLeave(disk, Irp, minor);
    case IRP_MN_CANCEL_STOP_DEVICE:
        return CancelLeave(disk, Irp, IRP_MN_QUERY_STOP_DEVICE);
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return CancelLeave(disk, Irp, IRP_MN_QUERY_REMOVE_DEVICE);
    case IRP_MN_STOP_DEVICE: {
        NTSTATUS status;

        Irp->IoStatus.Status = STATUS_SUCCESS;
        status = ForwardAndWait(disk, Irp);
        disk->CurrentState = IRP_MN_STOP_DEVICE;
        disk->PreviousState = 0xFF;
        return Finish(disk, Irp, status);
    }
    case IRP_MN_SURPRISE_REMOVAL:
        return SurpriseRemoval(disk, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return RemoveDevice(disk, Irp);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return UsageNotification(disk, Irp);
    default:
        return DiskForward(disk, Irp);
    }
}
