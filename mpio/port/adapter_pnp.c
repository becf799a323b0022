/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play of the adapter FDO: start, bus relations, stop, surprise removal, removal.
 * PASSIVE_LEVEL; Plug and Play serialises its IRPs, the scan takes ScanFree.
 */
#include "port/port.h"

static NTSTATUS PassDown(PPORT_ADAPTER Adapter, PIRP Irp)
{
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Adapter->Lower, Irp);
}

static NTSTATUS Start(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PCM_RESOURCE_LIST resources = IoGetCurrentIrpStackLocation(Irp)->Parameters.StartDevice.AllocatedResources;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    if (IoForwardIrpSynchronously(Adapter->Lower, Irp)) {
        status = Irp->IoStatus.Status;
    }
    if (NT_SUCCESS(status)) {
        status = PortAdapterStart(Adapter, resources);
    }
    return PortEndIrp(Irp, status, 0);
}

static ULONG CountUnits(PPORT_ADAPTER Adapter)
{
    ULONG count = 0;

    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        count += !CONTAINING_RECORD(entry, PORT_UNIT, Link)->Missing;
    }
    return count;
}

/* The units that are there, behind what drivers above have put into the list already. */
static NTSTATUS BusRelationsOf(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PDEVICE_RELATIONS old = (PDEVICE_RELATIONS)Irp->IoStatus.Information, list;
    ULONG before = old != NULL ? old->Count : 0;
    KIRQL irql;

    if (!Adapter->Scanned) {
        PortScan(Adapter);
    }
    KeWaitForSingleObject(&Adapter->ScanFree, Executive, KernelMode, FALSE, NULL);
    list = ExAllocatePoolZero(PagedPool, sizeof(*list) + (before + CountUnits(Adapter)) * sizeof(PDEVICE_OBJECT), PORT_TAG);
    if (list == NULL) {
        KeSetEvent(&Adapter->ScanFree, IO_NO_INCREMENT, FALSE);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (ULONG i = 0; i < before; i++) {
        list->Objects[list->Count++] = old->Objects[i];
    }
    KeAcquireSpinLock(&Adapter->Lock, &irql);
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        unit->Reported = !unit->Missing;
        if (unit->Reported) {
            ObReferenceObject(unit->Header.Self);
            list->Objects[list->Count++] = unit->Header.Self;
        }
    }
    KeReleaseSpinLock(&Adapter->Lock, irql);
    KeSetEvent(&Adapter->ScanFree, IO_NO_INCREMENT, FALSE);
    if (old != NULL) {
        ExFreePool(old);
    }
    Irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

/* Takes every unit away; those that Plug and Play knows were removed by it before. */
static VOID DeleteUnits(PPORT_ADAPTER Adapter)
{
    while (!IsListEmpty(&Adapter->Units)) {
        PortDeleteUnit(CONTAINING_RECORD(Adapter->Units.Flink, PORT_UNIT, Link));
    }
}

static VOID SurpriseUnits(PPORT_ADAPTER Adapter)
{
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        unit->State = PortSurprised;
        PortFailWaiting(unit, SRB_STATUS_NO_DEVICE);
    }
}

/* No hardware will answer: what the miniport has not given back is ended for it. */
static VOID EndTheRest(PPORT_ADAPTER Adapter)
{
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        PortAbandon(CONTAINING_RECORD(entry, PORT_UNIT, Link), TRUE, SRB_STATUS_NO_DEVICE);
    }
    if (Adapter->Probe != NULL) {
        PortFailWaiting(Adapter->Probe, SRB_STATUS_NO_DEVICE);
        PortAbandon(Adapter->Probe, TRUE, SRB_STATUS_NO_DEVICE);
    }
}

/* What it still has it gives back; it must not touch its hardware any more. */
static VOID TellMiniport(PPORT_ADAPTER Adapter)
{
    PPORT_DRIVER driver = Adapter->Driver;

    if (Adapter->Running && Adapter->Controls[ScsiAdapterSurpriseRemoval]) {
        NT_CALL_OUT("HwAdapterControl", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwAdapterControl, Adapter->Extension,
                    ScsiAdapterSurpriseRemoval, NULL);
    }
}

static NTSTATUS Remove(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PDEVICE_OBJECT lower = Adapter->Lower;
    NTSTATUS status;

    Adapter->State = PortRemoved; /* a scan at work stops at its next step */
    KeWaitForSingleObject(&Adapter->ScanFree, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&Adapter->ScanFree, IO_NO_INCREMENT, FALSE);
    DeleteUnits(Adapter);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = PassDown(Adapter, Irp);
    IoDetachDevice(lower);
    PortAdapterDelete(Adapter);
    return status;
}

NTSTATUS PortAdapterPnp(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(Adapter, Irp);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type == BusRelations && Adapter->State == PortStarted) {
            status = BusRelationsOf(Adapter, Irp);
            if (!NT_SUCCESS(status)) {
                return PortEndIrp(Irp, status, Irp->IoStatus.Information);
            }
            Irp->IoStatus.Status = status;
        }
        return PassDown(Adapter, Irp);
    case IRP_MN_STOP_DEVICE:
        PortAdapterStop(Adapter);
        Adapter->State = PortStopped;
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Adapter, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        Adapter->State = PortSurprised;
        SurpriseUnits(Adapter);
        TellMiniport(Adapter);
        EndTheRest(Adapter);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Adapter, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Adapter, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return PassDown(Adapter, Irp);
    default:
        return PassDown(Adapter, Irp);
    }
}
