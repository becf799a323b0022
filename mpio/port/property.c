/* SPDX-License-Identifier: MIT */
/*
 * IOCTL_STORAGE_QUERY_PROPERTY: what the port answers for a LUN and for an adapter (class-driver 3.7,
 * 6.4, 6.5). An output buffer that is too short gets what fits and SUCCESS; Size is always the full
 * one, so that a caller may ask for the 8-byte header first. <= DISPATCH_LEVEL.
 */
#include "port/port.h"

static ULONG Answer(PVOID Buffer, ULONG Length, const VOID *Descriptor, ULONG Size)
{
    RtlCopyMemory(Buffer, Descriptor, Size < Length ? Size : Length);
    return Size;
}

static ULONG DescribeAdapter(PPORT_ADAPTER Adapter, PVOID Buffer, ULONG Length)
{
    const PORT_CONFIGURATION_INFORMATION *config = &Adapter->Config;
    STORAGE_ADAPTER_DESCRIPTOR answer;

    RtlZeroMemory(&answer, sizeof(answer));
    answer.Version = sizeof(answer);
    answer.Size = sizeof(answer);
    answer.MaximumTransferLength = config->MaximumTransferLength;
    answer.MaximumPhysicalPages = config->NumberOfPhysicalBreaks;
    answer.AlignmentMask = config->AlignmentMask;
    answer.AdapterScansDown = config->AdapterScansDown;
    answer.CommandQueueing = TRUE;
    answer.AcceleratedTransfer = TRUE;
    answer.BusType = (UCHAR)Adapter->BusType;
    answer.BusMajorVersion = 1;
    answer.SrbType = SRB_TYPE_SCSI_REQUEST_BLOCK;
    answer.AddressType = STORAGE_ADDRESS_TYPE_BTL8;
    return Answer(Buffer, Length, &answer, sizeof(answer));
}

static ULONG DescribeMiniport(PPORT_ADAPTER Adapter, PVOID Buffer, ULONG Length)
{
    STORAGE_MINIPORT_DESCRIPTOR answer;
    ULONG seconds = 0;

    if (KeGetCurrentIrql() == PASSIVE_LEVEL) {
        seconds = PortReadSetting(Adapter, NULL, (PCWSTR)u"IoTimeoutValue", 0);
    }
    RtlZeroMemory(&answer, sizeof(answer));
    answer.Version = sizeof(answer);
    answer.Size = sizeof(answer);
    answer.Portdriver = StoragePortCodeSetStorport;
    answer.LUNResetSupported = TRUE;
    answer.TargetResetSupported = Adapter->Config.ResetTargetSupported;
    answer.IoTimeoutValue = seconds <= 0xFFFF ? (USHORT)seconds : 0;
    return Answer(Buffer, Length, &answer, sizeof(answer));
}

static ULONG DescribeCapability(PPORT_UNIT Unit, PVOID Buffer, ULONG Length)
{
    STORAGE_DEVICE_IO_CAPABILITY_DESCRIPTOR answer;

    RtlZeroMemory(&answer, sizeof(answer));
    answer.Version = sizeof(answer);
    answer.Size = sizeof(answer);
    answer.LunMaxIoCount = Unit->Depth;
    answer.AdapterMaxIoCount = Unit->Adapter->Config.MaxNumberOfIO;
    return Answer(Buffer, Length, &answer, sizeof(answer));
}

static BOOLEAN Knows(PPORT_UNIT Unit, STORAGE_PROPERTY_ID Id)
{
    switch (Id) {
    case StorageAdapterProperty:
    case StorageMiniportProperty:
        return TRUE;
    case StorageDeviceProperty:
    case StorageDeviceIoCapabilityProperty:
        return Unit != NULL;
    case StorageDeviceIdProperty:
        return Unit != NULL && Unit->Identity->PageLength != 0;
    default:
        return FALSE;
    }
}

NTSTATUS PortQueryProperty(PPORT_ADAPTER Adapter, PPORT_UNIT Unit, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    STORAGE_PROPERTY_QUERY query;
    ULONG size;

    if (buffer == NULL || stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(query)) {
        return PortEndIrp(Irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    }
    RtlCopyMemory(&query, buffer, sizeof(query)); /* the answer overwrites it */
    if (!Knows(Unit, query.PropertyId)) {
        return PortEndIrp(Irp, Unit != NULL && query.PropertyId == StorageDeviceIdProperty ? STATUS_NOT_FOUND
                                                                                           : STATUS_NOT_SUPPORTED, 0);
    }
    if (query.QueryType == PropertyExistsQuery) {
        return PortEndIrp(Irp, STATUS_SUCCESS, 0);
    }
    if (query.QueryType != PropertyStandardQuery) {
        return PortEndIrp(Irp, STATUS_NOT_SUPPORTED, 0);
    }
    switch (query.PropertyId) {
    case StorageDeviceProperty:
        size = PortDescribeDevice(Unit->Identity, Adapter->BusType, buffer, room);
        break;
    case StorageDeviceIdProperty:
        size = PortDescribeIds(Unit->Identity, buffer, room);
        break;
    case StorageDeviceIoCapabilityProperty:
        size = DescribeCapability(Unit, buffer, room);
        break;
    case StorageMiniportProperty:
        size = DescribeMiniport(Adapter, buffer, room);
        break;
    default:
        size = DescribeAdapter(Adapter, buffer, room);
        break;
    }
    return PortEndIrp(Irp, STATUS_SUCCESS, size < room ? size : room);
}
