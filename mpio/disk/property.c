/* SPDX-License-Identifier: MIT */
/*
 * IOCTL_STORAGE_QUERY_PROPERTY as far as the class knows more than the port: write cache, access alignment,
 * seek penalty, trim, provisioning, unique id. PASSIVE_LEVEL. Rules: class-driver reference 3.3, 3.7.
 */
#include "disk/disk.h"

static NTSTATUS Answer(PIRP Irp, const VOID *Descriptor, ULONG Size, PULONG Information)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;

    if (room < sizeof(STORAGE_DESCRIPTOR_HEADER)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *Information = room < Size ? room : Size;
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Descriptor, *Information);
    return STATUS_SUCCESS;
}

static NTSTATUS WriteCache(PDISK Disk, PIRP Irp, PULONG Information)
{
    STORAGE_WRITE_CACHE_PROPERTY p = {.Version = sizeof(p), .Size = sizeof(p)};

    (VOID)DiskReadCachePage(Disk);
    if (Disk->CacheKnown) {
        p.WriteCacheType = Disk->CacheOn ? WriteCacheTypeWriteBack : WriteCacheTypeNone;
        p.WriteCacheEnabled = Disk->CacheOn ? WriteCacheEnabled : WriteCacheDisabled;
        p.WriteThroughSupported =
            Disk->DeviceFua && !Disk->FuaUnsupported ? WriteThroughSupported : WriteThroughNotSupported;
    }
    p.FlushCacheSupported = !Disk->FlushFailedLogged;
    p.UserDefinedPowerProtection = Disk->CacheProtected;
    return Answer(Irp, &p, sizeof(p), Information);
}

static NTSTATUS Alignment(PDISK Disk, PIRP Irp, PULONG Information)
{
    STORAGE_ACCESS_ALIGNMENT_DESCRIPTOR p = {.Version = sizeof(p), .Size = sizeof(p)};

    p.BytesPerLogicalSector = Disk->BlockSize;
    p.BytesPerPhysicalSector = Disk->BlockSize << Disk->PhysicalExponent;
    p.BytesOffsetForSectorAlignment = (ULONG)Disk->LowestAligned * Disk->BlockSize;
    return Answer(Irp, &p, sizeof(p), Information);
}

static NTSTATUS Provisioning(PDISK Disk, PIRP Irp, PULONG Information)
{
    DEVICE_LB_PROVISIONING_DESCRIPTOR p = {.Version = sizeof(p), .Size = sizeof(p)};

    p.ThinProvisioningEnabled = Disk->Thin;
    p.ThinProvisioningReadZeros = Disk->ZeroReads;
    p.UnmapGranularityAlignmentValid = (Disk->UnmapAlignment & 0x80000000u) != 0;
    p.OptimalUnmapGranularity = (ULONGLONG)Disk->UnmapGranularity * Disk->BlockSize;
    if (p.UnmapGranularityAlignmentValid) {
        p.UnmapGranularityAlignment = (ULONGLONG)(Disk->UnmapAlignment & 0x7FFFFFFFu) * Disk->BlockSize;
    }
    return Answer(Irp, &p, sizeof(p), Information);
}

/* The device id descriptor and the device descriptor in one record. */
static NTSTATUS UniqueId(PDISK Disk, PIRP Irp, PULONG Information)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    PUCHAR out = Irp->AssociatedIrp.SystemBuffer;
    STORAGE_DEVICE_UNIQUE_IDENTIFIER head = {.Version = STORAGE_DEVICE_UNIQUE_IDENTIFIER_VERSION_1, .Size = sizeof(head)};
    ULONG idBytes = 0, deviceBytes = Disk->DeviceBytes;
    NTSTATUS status = STATUS_SUCCESS;
    PVOID id = NULL;

    if (NT_SUCCESS(DiskQueryProperty(Disk, StorageDeviceIdProperty, sizeof(STORAGE_DEVICE_ID_DESCRIPTOR), &id,
                                     &idBytes))) {
        head.StorageDeviceIdOffset = head.Size;
        head.Size += (idBytes + 7) & ~7u;
    }
    if (Disk->Device->SerialNumberOffset != 0 && Disk->Device->SerialNumberOffset != ~0u) {
        head.StorageDeviceOffset = head.Size;
        head.Size += (deviceBytes + 7) & ~7u;
    }
    if (head.StorageDeviceIdOffset == 0 && head.StorageDeviceOffset == 0) {
        status = STATUS_NOT_FOUND;
    } else if (room < sizeof(STORAGE_DESCRIPTOR_HEADER)) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else if (room < head.Size) {
        *Information = room < sizeof(head) ? sizeof(STORAGE_DESCRIPTOR_HEADER) : sizeof(head);
        RtlCopyMemory(out, &head, *Information);
        status = STATUS_BUFFER_OVERFLOW;
    } else {
        RtlZeroMemory(out, head.Size);
        RtlCopyMemory(out, &head, sizeof(head));
        if (head.StorageDeviceIdOffset != 0) {
            RtlCopyMemory(out + head.StorageDeviceIdOffset, id, idBytes);
        }
        if (head.StorageDeviceOffset != 0) {
            RtlCopyMemory(out + head.StorageDeviceOffset, Disk->Device, deviceBytes);
        }
        *Information = head.Size;
    }
    if (id != NULL) {
        ExFreePoolWithTag(id, DISK_TAG);
    }
    return status;
}

BOOLEAN DiskClassProperty(PDISK Disk, PIRP Irp, NTSTATUS *Status, PULONG Information)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    const STORAGE_PROPERTY_QUERY *query = Irp->AssociatedIrp.SystemBuffer;
    STORAGE_PROPERTY_ID id;

    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*query) || query == NULL) {
        *Status = STATUS_INFO_LENGTH_MISMATCH;
        return TRUE;
    }
    id = query->PropertyId;
    if (id != StorageDeviceWriteCacheProperty && id != StorageAccessAlignmentProperty &&
        id != StorageDeviceUniqueIdProperty && id != StorageDeviceLBProvisioningProperty &&
        !(id == StorageDeviceSeekPenaltyProperty && Disk->HaveCharacteristics) && id != StorageDeviceTrimProperty) {
        return FALSE;
    }
    if (query->QueryType == PropertyExistsQuery) {
        *Status = STATUS_SUCCESS;
        return TRUE;
    }
    if (query->QueryType != PropertyStandardQuery) {
        *Status = STATUS_NOT_SUPPORTED;
        return TRUE;
    }
    if (id == StorageDeviceWriteCacheProperty) {
        *Status = WriteCache(Disk, Irp, Information);
    } else if (id == StorageAccessAlignmentProperty) {
        *Status = Alignment(Disk, Irp, Information);
    } else if (id == StorageDeviceUniqueIdProperty) {
        *Status = UniqueId(Disk, Irp, Information);
    } else if (id == StorageDeviceLBProvisioningProperty) {
        *Status = Provisioning(Disk, Irp, Information);
    } else if (id == StorageDeviceSeekPenaltyProperty) {
        DEVICE_SEEK_PENALTY_DESCRIPTOR p = {sizeof(p), sizeof(p), Disk->RotationRate != 1};

        *Status = Answer(Irp, &p, sizeof(p), Information);
    } else {
        DEVICE_TRIM_DESCRIPTOR p = {sizeof(p), sizeof(p), Disk->Unmap};

        *Status = Answer(Irp, &p, sizeof(p), Information);
    }
    return TRUE;
}
