/* SPDX-License-Identifier: MIT */
/*
 * Device controls at a pseudo-LUN. Properties are answered from what the first instance said, so they
 * work without a path too; MPIO pass-through has its own file; the rest goes to the path the DSM
 * names. <= DISPATCH_LEVEL.
 */
#include "core/core.h"

static NTSTATUS AnswerBytes(PIRP Irp, const VOID *Data, ULONG Length)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG bytes = Length < room ? Length : room;

    if (bytes != 0) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Data, bytes);
    }
    return MpioComplete(Irp, STATUS_SUCCESS, bytes);
}

/* The port's answer, but for what DSMs of any type can take: plain SRBs, BTL8 addresses. */
static NTSTATUS AnswerAdapter(PMPIO_PDO Pdo, PIRP Irp)
{
    STORAGE_ADAPTER_DESCRIPTOR adapter;
    ULONG size = Pdo->Lun->Adapter->Size < sizeof(adapter) ? Pdo->Lun->Adapter->Size : (ULONG)sizeof(adapter);

    RtlCopyMemory(&adapter, Pdo->Lun->Adapter, sizeof(adapter));
    adapter.Size = size;
    adapter.SrbType = 0;
    adapter.AddressType = 0;
    return AnswerBytes(Irp, &adapter, size);
}

static NTSTATUS QueryProperty(PMPIO_PDO Pdo, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PSTORAGE_PROPERTY_QUERY query = (PSTORAGE_PROPERTY_QUERY)Irp->AssociatedIrp.SystemBuffer;
    BOOLEAN exists;

    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*query)) {
        return MpioComplete(Irp, STATUS_INFO_LENGTH_MISMATCH, 0);
    }
    exists = query->QueryType == PropertyExistsQuery;
    if (query->QueryType != PropertyStandardQuery && !exists) {
        return MpioComplete(Irp, STATUS_NOT_SUPPORTED, 0);
    }
    if (!exists && stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(STORAGE_DESCRIPTOR_HEADER)) {
        return MpioComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    switch ((ULONG)query->PropertyId) {
    case StorageDeviceProperty:
        return exists ? MpioComplete(Irp, STATUS_SUCCESS, 0) : AnswerBytes(Irp, Pdo->Lun->Device, Pdo->Lun->Device->Size);
    case StorageAdapterProperty:
        return exists ? MpioComplete(Irp, STATUS_SUCCESS, 0) : AnswerAdapter(Pdo, Irp);
    case StorageDeviceIdProperty:
        if (Pdo->Lun->DeviceId == NULL) {
            return MpioComplete(Irp, STATUS_NOT_SUPPORTED, 0);
        }
        return exists ? MpioComplete(Irp, STATUS_SUCCESS, 0)
                      : AnswerBytes(Irp, Pdo->Lun->DeviceId, Pdo->Lun->DeviceId->Size);
    default:
        return MpioStartRequest(Pdo, Irp, NULL, MpioControl);
    }
}

/* No HBA has this port number: the address only tells pseudo-LUNs apart (MPIO-LUN-05). */
static NTSTATUS QueryAddress(PMPIO_PDO Pdo, PIRP Irp)
{
    SCSI_ADDRESS address;

    if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength < sizeof(address)) {
        return MpioComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    RtlZeroMemory(&address, sizeof(address));
    address.Length = sizeof(address);
    address.PortNumber = 0xFF;
    address.PathId = (UCHAR)(Pdo->Ordinal >> 16);
    address.TargetId = (UCHAR)(Pdo->Ordinal >> 8);
    address.Lun = (UCHAR)Pdo->Ordinal;
    return AnswerBytes(Irp, &address, sizeof(address));
}

NTSTATUS MpioPdoControl(PMPIO_PDO Pdo, PIRP Irp)
{
    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return QueryProperty(Pdo, Irp);
    case IOCTL_SCSI_GET_ADDRESS:
        return QueryAddress(Pdo, Irp);
    case IOCTL_MPIO_PASS_THROUGH_PATH:
    case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT:
    case IOCTL_MPIO_PASS_THROUGH_PATH_EX:
    case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT_EX:
        return MpioPassThrough(Pdo, Irp);
    default:
        return MpioStartRequest(Pdo, Irp, NULL, MpioControl);
    }
}
