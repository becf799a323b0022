/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play of a LUN PDO (class-driver 4.2, 4.3). A unit accepts SRBs from its first appearance in
 * the bus relations on, started or not. PASSIVE_LEVEL.
 */
#include "port/port.h"

static NTSTATUS QueryId(PPORT_UNIT Unit, PIRP Irp, BUS_QUERY_ID_TYPE Type)
{
    PWSTR text;

    if (Type != BusQueryDeviceID && Type != BusQueryHardwareIDs && Type != BusQueryCompatibleIDs &&
        Type != BusQueryInstanceID) {
        return Irp->IoStatus.Status;
    }
    text = PortUnitId(Unit, Type);
    Irp->IoStatus.Information = (ULONG_PTR)text;
    return text != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS QueryText(PPORT_UNIT Unit, PIRP Irp, DEVICE_TEXT_TYPE Type)
{
    PWSTR text;

    if (Type != DeviceTextDescription && Type != DeviceTextLocationInformation) {
        return Irp->IoStatus.Status;
    }
    text = PortUnitText(Unit, Type);
    Irp->IoStatus.Information = (ULONG_PTR)text;
    return text != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID Capabilities(PPORT_UNIT Unit, PDEVICE_CAPABILITIES Answer)
{
    Answer->UniqueID = FALSE;
    Answer->RawDeviceOK = TRUE;
    Answer->SurpriseRemovalOK = TRUE;
    Answer->Address = (ULONG)Unit->Target << 8 | Unit->Lun;
}

static NTSTATUS TargetRelation(PPORT_UNIT Unit, PIRP Irp)
{
    PDEVICE_RELATIONS list = ExAllocatePoolZero(PagedPool, sizeof(*list), PORT_TAG);

    if (list == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    list->Count = 1;
    list->Objects[0] = Unit->Header.Self;
    ObReferenceObject(Unit->Header.Self);
    Irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

static NTSTATUS Usage(PPORT_UNIT Unit, PIO_STACK_LOCATION Stack)
{
    if (Stack->Parameters.UsageNotification.Type != DeviceUsageTypePaging) {
        return STATUS_SUCCESS;
    }
    if (Stack->Parameters.UsageNotification.InPath) {
        Unit->PagingCount++;
    } else if (Unit->PagingCount != 0) {
        Unit->PagingCount--;
    }
    return STATUS_SUCCESS;
}

static VOID TellMiniport(PPORT_UNIT Unit, SCSI_UNIT_CONTROL_TYPE Type)
{
    PPORT_DRIVER driver = Unit->Adapter->Driver;
    STOR_ADDR_BTL8 address = {.Type = STOR_ADDRESS_TYPE_BTL8, .AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH,
                              .Path = Unit->Path, .Target = Unit->Target, .Lun = Unit->Lun};

    if (driver->Init.HwUnitControl != NULL && Unit->Adapter->Running) {
        NT_CALL_OUT("HwUnitControl", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwUnitControl,
                    Unit->Adapter->Extension, Type, (PVOID)&address);
    }
}

/* A LUN that bus relations left out, or whose adapter goes, is deleted; one that Plug and Play knows of stays. */
static NTSTATUS Remove(PPORT_UNIT Unit, PIRP Irp)
{
    PPORT_ADAPTER adapter = Unit->Adapter;
    BOOLEAN gone = (Unit->Missing && !Unit->Reported) || adapter->State >= PortSurprised;

    TellMiniport(Unit, ScsiUnitRemove);
    Unit->Claimed = FALSE;
    Unit->PagingCount = 0;
    PortFailWaiting(Unit, SRB_STATUS_NO_DEVICE);
    InterlockedAnd(&Unit->Holds, ~(UNIT_HOLD_FROZEN | UNIT_HOLD_LOCKED));
    Unit->LockCount = 0;
    if (!gone) {
        Unit->State = PortNew;
    }
    PortEndIrp(Irp, STATUS_SUCCESS, 0);
    if (gone) { /* a scan may be speaking to it */
        KeWaitForSingleObject(&adapter->ScanFree, Executive, KernelMode, FALSE, NULL);
        PortDeleteUnit(Unit);
        KeSetEvent(&adapter->ScanFree, IO_NO_INCREMENT, FALSE);
    }
    return STATUS_SUCCESS;
}

NTSTATUS PortUnitPnp(PPORT_UNIT Unit, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = Irp->IoStatus.Status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        Unit->State = PortStarted;
        TellMiniport(Unit, ScsiUnitStart);
        status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_ID:
        status = QueryId(Unit, Irp, stack->Parameters.QueryId.IdType);
        break;
    case IRP_MN_QUERY_DEVICE_TEXT:
        status = QueryText(Unit, Irp, stack->Parameters.QueryDeviceText.DeviceTextType);
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        Capabilities(Unit, stack->Parameters.DeviceCapabilities.Capabilities);
        status = STATUS_SUCCESS;
        break;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack->Parameters.QueryDeviceRelations.Type == TargetDeviceRelation) {
            status = TargetRelation(Unit, Irp);
        }
        break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
        status = Unit->PagingCount != 0 ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
        break;
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
        status = STATUS_SUCCESS;
        break;
    case IRP_MN_SURPRISE_REMOVAL:
        Unit->State = PortSurprised;
        PortFailWaiting(Unit, SRB_STATUS_NO_DEVICE);
        TellMiniport(Unit, ScsiUnitSurpriseRemoval);
        status = STATUS_SUCCESS;
        break;
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Unit, Irp);
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        status = Usage(Unit, stack);
        break;
    default:
        break;
    }
    return PortEndIrp(Irp, status, Irp->IoStatus.Information);
}
