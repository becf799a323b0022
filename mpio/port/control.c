/* SPDX-License-Identifier: MIT */
/*
 * Device controls of LUN PDOs and adapters (class-driver 3.3, 3.6). <= DISPATCH_LEVEL for those that
 * only read what the scan has kept. The system buffer holds input and output.
 */
#include "port/port.h"

static NTSTATUS GetAddress(PPORT_UNIT Unit, PIRP Irp, ULONG OutputLength)
{
    SCSI_ADDRESS address = {sizeof(SCSI_ADDRESS), (UCHAR)Unit->Adapter->Number, Unit->Path, Unit->Target, Unit->Lun};

    if (OutputLength < sizeof(address)) {
        return PortEndIrp(Irp, STATUS_BUFFER_TOO_SMALL, sizeof(address));
    }
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &address, sizeof(address));
    return PortEndIrp(Irp, STATUS_SUCCESS, sizeof(address));
}

NTSTATUS PortUnitControl(PPORT_UNIT Unit, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;

    if (Unit->State >= PortSurprised) {
        return PortEndIrp(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    switch (code) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return PortQueryProperty(Unit->Adapter, Unit, Irp);
    case IOCTL_SCSI_GET_ADDRESS:
        return GetAddress(Unit, Irp, output);
    case IOCTL_SCSI_PASS_THROUGH:
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
    case IOCTL_SCSI_PASS_THROUGH_EX:
    case IOCTL_SCSI_PASS_THROUGH_DIRECT_EX:
        return PortPassThrough(Unit, Irp, code);
    case IOCTL_STORAGE_RESET_BUS:
        if (input < sizeof(STORAGE_BUS_RESET_REQUEST)) {
            return PortEndIrp(Irp, STATUS_INVALID_PARAMETER, 0);
        }
        return PortQueueReset(Unit, Irp, NULL, SRB_FUNCTION_RESET_BUS);
    case IOCTL_STORAGE_RESET_DEVICE:
        return PortQueueReset(Unit, Irp, NULL, SRB_FUNCTION_RESET_DEVICE);
    case IOCTL_STORAGE_BREAK_RESERVATION:
        /* A LUN reset is what breaks a reservation; the address in the request is the sender's own. */
        return PortQueueReset(Unit, Irp, NULL, SRB_FUNCTION_RESET_LOGICAL_UNIT);
    default:
        return PortEndIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

NTSTATUS PortUnitInternalControl(PPORT_UNIT Unit, PIRP Irp, ULONG Code)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    PPORT_ADAPTER adapter = Unit->Adapter;

    if (Code == IOCTL_OPENMPIO_GET_ADAPTER) {
        POPENMPIO_ADAPTER answer = Irp->AssociatedIrp.SystemBuffer;
        WCHAR digits[10];
        UNICODE_STRING number = {0, sizeof(digits), digits};
        UNICODE_STRING name;

        if (room < sizeof(*answer)) {
            return PortEndIrp(Irp, STATUS_BUFFER_TOO_SMALL, sizeof(*answer));
        }
        RtlZeroMemory(answer, sizeof(*answer));
        answer->Fdo = adapter->Header.Self;
        answer->Pdo = adapter->Pdo;
        answer->BusType = adapter->BusType;
        name.Buffer = answer->Name;
        name.Length = 0;
        name.MaximumLength = sizeof(answer->Name) - sizeof(WCHAR);
        RtlAppendUnicodeToString(&name, (PCWSTR)u"\\Device\\RaidPort");
        RtlIntegerToUnicodeString(adapter->Number, 10, &number);
        RtlAppendUnicodeStringToString(&name, &number);
        return PortEndIrp(Irp, STATUS_SUCCESS, sizeof(*answer));
    }
    POPENMPIO_UNIT_STATISTICS answer = Irp->AssociatedIrp.SystemBuffer;

    if (room < sizeof(*answer)) {
        return PortEndIrp(Irp, STATUS_BUFFER_TOO_SMALL, sizeof(*answer));
    }
    RtlZeroMemory(answer, sizeof(*answer));
    answer->Requests = Unit->Requests;
    answer->BusyRetries = Unit->BusyRetries;
    answer->TimeOuts = Unit->TimeOuts;
    answer->LunResets = Unit->LunResets;
    answer->TargetResets = Unit->TargetResets;
    answer->BusResets = Unit->BusResets;
    answer->Outstanding = Unit->Outstanding;
    answer->Waiting = Unit->WaitingCount;
    answer->Depth = Unit->Depth;
    answer->Frozen = (Unit->Holds & UNIT_HOLD_FROZEN) != 0;
    return PortEndIrp(Irp, STATUS_SUCCESS, sizeof(*answer));
}

/* ---- IOCTL_SCSI_GET_INQUIRY_DATA on the adapter ------------------------------------------------------- */
static ULONG InquiryRecord(PPORT_UNIT Unit)
{
    return (FIELD_OFFSET(SCSI_INQUIRY_DATA, InquiryData) + Unit->Identity->InquiryLength + 3u) & ~3u;
}

static NTSTATUS GetInquiryData(PPORT_ADAPTER Adapter, PIRP Irp, ULONG OutputLength)
{
    PUCHAR buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG buses = Adapter->Config.NumberOfBuses;
    ULONG used = FIELD_OFFSET(SCSI_ADAPTER_BUS_INFO, BusData) + buses * sizeof(SCSI_BUS_DATA), needed = used;
    PSCSI_ADAPTER_BUS_INFO info = (PSCSI_ADAPTER_BUS_INFO)buffer;
    PSCSI_INQUIRY_DATA last[SCSI_MAXIMUM_BUSES] = {NULL};
    KIRQL irql;

    KeAcquireSpinLock(&Adapter->Lock, &irql);
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        needed += unit->Missing ? 0 : InquiryRecord(unit);
    }
    if (OutputLength < needed) {
        KeReleaseSpinLock(&Adapter->Lock, irql);
        return PortEndIrp(Irp, STATUS_BUFFER_TOO_SMALL, needed);
    }
    RtlZeroMemory(buffer, needed);
    info->NumberOfBuses = (UCHAR)buses;
    for (ULONG bus = 0; bus < buses; bus++) {
        info->BusData[bus].InitiatorBusId = (UCHAR)Adapter->Config.InitiatorBusId[bus];
    }
    for (PLIST_ENTRY entry = Adapter->Units.Flink; entry != &Adapter->Units; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);
        PSCSI_INQUIRY_DATA data = (PSCSI_INQUIRY_DATA)(buffer + used);

        if (unit->Missing) {
            continue;
        }
        if (last[unit->Path] != NULL) {
            last[unit->Path]->NextInquiryDataOffset = used;
        } else {
            info->BusData[unit->Path].InquiryDataOffset = used;
        }
        if (info->BusData[unit->Path].NumberOfLogicalUnits != 0xFF) {
            info->BusData[unit->Path].NumberOfLogicalUnits++;
        }
        last[unit->Path] = data;
        data->PathId = unit->Path;
        data->TargetId = unit->Target;
        data->Lun = unit->Lun;
        data->DeviceClaimed = unit->Claimed;
        data->InquiryDataLength = unit->Identity->InquiryLength;
        RtlCopyMemory(data->InquiryData, unit->Identity->Inquiry, unit->Identity->InquiryLength);
        used += InquiryRecord(unit);
    }
    KeReleaseSpinLock(&Adapter->Lock, irql);
    return PortEndIrp(Irp, STATUS_SUCCESS, needed);
}

/* The IRP is the virtual miniport's until it calls StorPortCompleteServiceIrp. */
static NTSTATUS ServiceIrp(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PPORT_DRIVER driver = Adapter->Driver;

    if (!driver->Virtual || driver->Init.HwProcessServiceRequest == NULL) {
        return PortEndIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    IoMarkIrpPending(Irp);
    NT_CALL_VOID("HwProcessServiceRequest", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwProcessServiceRequest,
                 Adapter->Extension, (PVOID)Irp);
    return STATUS_PENDING;
}

ULONG StorPortCompleteServiceIrp(PVOID HwDeviceExtension, PVOID Irp)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STOR_STATUS_SUCCESS;
}

NTSTATUS PortAdapterControl(PPORT_ADAPTER Adapter, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (Adapter->State != PortStarted) {
        return PortEndIrp(Irp, STATUS_DEVICE_NOT_READY, 0);
    }
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return PortQueryProperty(Adapter, NULL, Irp);
    case IOCTL_SCSI_GET_INQUIRY_DATA:
        return GetInquiryData(Adapter, Irp, stack->Parameters.DeviceIoControl.OutputBufferLength);
    case IOCTL_MINIPORT_PROCESS_SERVICE_IRP:
        return ServiceIrp(Adapter, Irp);
    case IOCTL_SCSI_RESCAN_BUS:
        PortRequestScan(Adapter);
        return PortEndIrp(Irp, STATUS_SUCCESS, 0);
    default:
        return PortEndIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
