/* SPDX-License-Identifier: MIT */
/*
 * Services for DSMs (contract 02 section 6, ddk-surface 4.6) other than sending their own IRPs
 * (send.c) and notifications (notify.c). Those that send and wait: PASSIVE_LEVEL.
 */
#include "core/core.h"

#define MPIO_TUR_TRIES   5  /* a device may report several unit attentions in a row */
#define MPIO_VERSION_QFE 0

VOID DsmSendDeviceIoControlSynchronous(ULONG IoControlCode, PDEVICE_OBJECT TargetDeviceObject, PVOID InputBuffer,
                                       PVOID OutputBuffer, ULONG InputBufferLength, ULONG OutputBufferLength,
                                       BOOLEAN InternalDeviceIoControl, PIO_STATUS_BLOCK IoStatus)
{
    if (TargetDeviceObject == NULL) {
        IoStatus->Status = STATUS_NO_SUCH_DEVICE;
        IoStatus->Information = 0;
        return;
    }
    (VOID)MpioSendControl(IoControlCode, TargetDeviceObject, InputBuffer, InputBufferLength, OutputBuffer,
                          OutputBufferLength, InternalDeviceIoControl, IoStatus);
}

NTSTATUS DsmSendPassThroughDirect(PDEVICE_OBJECT DeviceObject, PSCSI_PASS_THROUGH_DIRECT ScsiPassThrough,
                                  ULONG InputBufferLength, ULONG OutputBufferLength)
{
    IO_STATUS_BLOCK ioStatus;

    if (DeviceObject == NULL || ScsiPassThrough == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return MpioSendControl(IOCTL_SCSI_PASS_THROUGH_DIRECT, DeviceObject, ScsiPassThrough, InputBufferLength, ScsiPassThrough,
                           OutputBufferLength, FALSE, &ioStatus);
}

/* The DSM frees *ScsiAddress with ExFreePool. */
NTSTATUS DsmGetScsiAddress(PDEVICE_OBJECT DeviceObject, PSCSI_ADDRESS *ScsiAddress)
{
    IO_STATUS_BLOCK ioStatus;
    PSCSI_ADDRESS address;
    NTSTATUS status;

    *ScsiAddress = NULL;
    if (DeviceObject == NULL) {
        return STATUS_NO_SUCH_DEVICE;
    }
    address = MpioAllocate(sizeof(*address));
    if (address == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = MpioSendControl(IOCTL_SCSI_GET_ADDRESS, DeviceObject, NULL, 0, address, sizeof(*address), FALSE, &ioStatus);
    if (!NT_SUCCESS(status)) {
        MpioFree(address);
        return STATUS_NO_SUCH_DEVICE;
    }
    *ScsiAddress = address;
    return STATUS_SUCCESS;
}

/* Devices of that type on that adapter, as device objects of their port; the DSM frees the list. */
PDSM_IDS DsmGetAssociatedDevice(PVOID MPIOContext, PDEVICE_OBJECT PortFdo, UCHAR DeviceType)
{
    PMPIO_ROOT root = MpioRoot();
    PDSM_IDS list = NULL;
    ULONG count = 0;
    KIRQL irql;

    if (MpioValidDsm(MPIOContext) == NULL) {
        return NULL;
    }
    for (ULONG pass = 0; pass < 2; pass++) {
        ULONG found = 0;

        KeAcquireSpinLock(&root->Lock, &irql);
        for (PLIST_ENTRY entry = root->Filters.Flink; entry != &root->Filters; entry = entry->Flink) {
            PMPIO_FILTER filter = CONTAINING_RECORD(entry, MPIO_FILTER, Entry);

            if (filter->Adapter == NULL || filter->Adapter->Fdo != PortFdo || filter->DeviceType != DeviceType) {
                continue;
            }
            if (pass == 1 && found < count) {
                list->IdList[found] = filter->Common.PhysicalDevice;
            }
            found++;
        }
        KeReleaseSpinLock(&root->Lock, irql);
        if (pass == 1) {
            list->Count = found < count ? found : count;
            return list;
        }
        count = found;
        if (count == 0) {
            return NULL;
        }
        list = MpioAllocate(sizeof(*list) + (SIZE_T)count * sizeof(PVOID));
        if (list == NULL) {
            return NULL;
        }
    }
    return list;
}

PDEVICE_OBJECT DsmGetPDO(PVOID MPIOContext, PDEVICE_OBJECT PortFdo)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT pdo = NULL;
    KIRQL irql;

    if (MpioValidDsm(MPIOContext) == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Adapters.Flink; entry != &root->Adapters; entry = entry->Flink) {
        PMPIO_ADAPTER adapter = CONTAINING_RECORD(entry, MPIO_ADAPTER, Entry);

        if (adapter->Fdo == PortFdo) {
            pdo = adapter->Pdo;
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return pdo;
}

NTSTATUS DsmReleaseQueue(PDEVICE_OBJECT DeviceObject)
{
    if (DeviceObject == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    MpioReleaseQueueAsync(DeviceObject);
    return STATUS_SUCCESS;
}

/* One TEST UNIT READY. TRUE: the answer is a unit attention, ask again. */
static BOOLEAN TestUnitReady(PDEVICE_OBJECT Device, PNTSTATUS Status)
{
    SCSI_REQUEST_BLOCK srb;
    SENSE_DATA sense;

    RtlZeroMemory(&srb, sizeof(srb));
    RtlZeroMemory(&sense, sizeof(sense));
    srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb.CdbLength = 6;
    srb.Cdb[0] = SCSIOP_TEST_UNIT_READY;
    srb.SenseInfoBuffer = &sense;
    srb.SenseInfoBufferLength = sizeof(sense);
    srb.SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_DISABLE_SYNCH_TRANSFER | SRB_FLAGS_BYPASS_FROZEN_QUEUE;
    *Status = MpioSendSrb(Device, &srb, NULL, 0);
    if (SRB_STATUS(srb.SrbStatus) == SRB_STATUS_SUCCESS && NT_SUCCESS(*Status)) {
        return FALSE;
    }
    if (srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) {
        const UCHAR *bytes = (const UCHAR *)&sense;
        UCHAR key = (bytes[0] & 0x7F) >= 0x72 ? bytes[1] & 0x0F : bytes[2] & 0x0F;

        *Status = key == SCSI_SENSE_NOT_READY ? STATUS_DEVICE_NOT_READY : STATUS_IO_DEVICE_ERROR;
        return key == SCSI_SENSE_UNIT_ATTENTION;
    }
    if (NT_SUCCESS(*Status)) {
        *Status = srb.ScsiStatus == SCSISTAT_RESERVATION_CONFLICT ? STATUS_DEVICE_BUSY : STATUS_IO_DEVICE_ERROR;
    }
    return FALSE;
}

NTSTATUS DsmSendTUR(PDEVICE_OBJECT TargetDevice)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    for (ULONG i = 0; TargetDevice != NULL && i < MPIO_TUR_TRIES; i++) {
        if (!TestUnitReady(TargetDevice, &status)) {
            break;
        }
    }
    return status;
}

/* Text of a DSM as ASCII, for the log. */
static VOID Narrow(PWSTR From, CHAR *To, ULONG Size)
{
    ULONG at = 0;

    for (; From != NULL && From[at] != 0 && at + 1 < Size; at++) {
        To[at] = From[at] >= 0x20 && From[at] < 0x7F ? (CHAR)From[at] : '?';
    }
    To[at] = 0;
}

NTSTATUS DsmWriteEvent(PVOID MPIOContext, PWSTR ComponentName, PWSTR EventDescription, ULONG Severity)
{
    PMPIO_MODULE dsm = MpioValidDsm(MPIOContext);
    CHAR component[32];
    CHAR text[96];

    if (dsm == NULL || EventDescription == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    Narrow(ComponentName, component, sizeof(component));
    Narrow(EventDescription, text, sizeof(text));
    MpioEvent(MPIO_EVENT_DSM_TEXT, dsm->Ordinal, Severity, "%s (severity %u): %s", component, Severity, text);
    return STATUS_SUCCESS;
}

/* The operating system's version, as mpio.sys has had it since Windows Server 2008: newer than 1.17, so
 * DSMs register as type 6 (MPIO-REG-02). */
NTSTATUS DsmGetVersion(PMPIO_VERSION_INFO VersionInfo, ULONG SizeofVersionInfo)
{
    RTL_OSVERSIONINFOW version;

    if (VersionInfo == NULL || SizeofVersionInfo < sizeof(*VersionInfo)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(&version, sizeof(version));
    version.dwOSVersionInfoSize = sizeof(version);
    (VOID)RtlGetVersion(&version);
    VersionInfo->MajorVersion = version.dwMajorVersion;
    VersionInfo->MinorVersion = version.dwMinorVersion;
    VersionInfo->ProductBuild = version.dwBuildNumber;
    VersionInfo->QfeNumber = MPIO_VERSION_QFE;
    if (version.dwMajorVersion <= 1) {
        VersionInfo->MajorVersion = 10;
    }
    return STATUS_SUCCESS;
}

/* Valid inside a DSM entry point: the IRP of the SRB carries our request then. NULL before SetCompletion. */
PVOID DsmGetContextFromSrb(PSCSI_REQUEST_BLOCK Srb)
{
    PIRP irp = Srb != NULL ? (PIRP)Srb->OriginalRequest : NULL;
    PMPIO_REQUEST request = irp != NULL ? (PMPIO_REQUEST)irp->Tail.Overlay.DriverContext[3] : NULL;

    if (request == NULL || request->Irp != irp || request->Srb != Srb) {
        return NULL;
    }
    return request->Completion.DsmContext;
}
