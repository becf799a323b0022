/* SPDX-License-Identifier: MIT */
/*
 * Facts read from the medium: capacity, VPD pages B0, B1, B2, the caching mode page. PASSIVE_LEVEL; single
 * words are published to the I/O path without a lock. Rules: class-driver reference 2.7, 3.1, 3.2.
 */
#include "disk/disk.h"

#define ANSWER_BYTES 255

ULONG DiskBigEndian32(const UCHAR *Bytes)
{
    return (ULONG)Bytes[0] << 24 | (ULONG)Bytes[1] << 16 | (ULONG)Bytes[2] << 8 | Bytes[3];
}

static VOID SetGeometry(PDISK Disk, ULONGLONG Blocks, ULONG BlockSize)
{
    ULONG shift = 0;

    while (BlockSize >> (shift + 1) != 0) {
        shift++;
    }
    Disk->BlockShift = shift;
    Disk->BlockSize = 1u << shift; /* sizes that are no power of two are rounded down */
    Disk->Blocks = Blocks;
}

/* One block must fit a packet's MDL, and packets under way count in blocks of the size they began with. */
static BOOLEAN Acceptable(PDISK Disk, ULONG BlockSize)
{
    return BlockSize <= Disk->MaximumPiece &&
           (!Disk->Initialized || Disk->Blocks == 0 || (BlockSize >= Disk->BlockSize && BlockSize / 2 < Disk->BlockSize));
}

static NTSTATUS Capacity16(PDISK Disk, PUCHAR Answer)
{
    DISK_COMMAND command = {.CdbLength = 16, .Retries = DISK_MAXIMUM_RETRIES, .Buffer = Answer, .Length = 32};
    NTSTATUS status;

    command.Cdb[0] = SCSIOP_READ_CAPACITY16;
    command.Cdb[1] = SERVICE_ACTION_READ_CAPACITY16;
    command.Cdb[13] = 32;
    RtlZeroMemory(Answer, 32);
    status = DiskCommand(Disk, &command);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (command.Moved < 12) {
        return STATUS_DEVICE_BUSY;
    }
    Disk->PhysicalExponent = Answer[13] & 0x0F;
    Disk->LowestAligned = (USHORT)((Answer[14] & 0x3F) << 8 | Answer[15]);
    Disk->Thin = (Answer[14] & 0x80) != 0;
    Disk->ZeroReads = (Answer[14] & 0x40) != 0;
    return STATUS_SUCCESS;
}

static NTSTATUS Capacity10(PDISK Disk, PUCHAR Answer)
{
    DISK_COMMAND command = {.CdbLength = 10, .Retries = DISK_MAXIMUM_RETRIES, .Buffer = Answer, .Length = 8};
    NTSTATUS status = STATUS_DEVICE_BUSY;

    command.Cdb[0] = SCSIOP_READ_CAPACITY;
    for (ULONG i = 0; i < 2; i++) { /* a short answer is asked for once more */
        RtlZeroMemory(Answer, 8);
        status = DiskCommand(Disk, &command);
        if (!NT_SUCCESS(status) || command.Moved >= 8) {
            return status;
        }
        status = STATUS_DEVICE_BUSY;
    }
    return status;
}

NTSTATUS DiskReadCapacity(PDISK Disk)
{
    PUCHAR answer = ExAllocatePoolZero(NonPagedPoolNx, 32, DISK_TAG);
    ULONGLONG last = 0;
    ULONG size = 0;
    NTSTATUS status;

    if (answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = Capacity10(Disk, answer);
    if (NT_SUCCESS(status)) {
        last = DiskBigEndian32(answer);
        size = DiskBigEndian32(answer + 4);
        if (last == 0xFFFFFFFF) {
            status = Capacity16(Disk, answer);
            last = (ULONGLONG)DiskBigEndian32(answer) << 32 | DiskBigEndian32(answer + 4);
            size = DiskBigEndian32(answer + 8);
            if (NT_SUCCESS(status) && last == ~0ull) {
                status = STATUS_INVALID_PARAMETER; /* 2^64 blocks: nobody can count them */
            }
            if (NT_SUCCESS(status)) {
                Disk->Use16 = TRUE;
            }
        } else {
            Disk->Use16 = FALSE;
        }
    }
    size = size != 0 ? size : 512;
    if (NT_SUCCESS(status) && !Acceptable(Disk, size)) {
        NtLogEvent(0, "disk", "Disk%u: block size %u cannot be used (largest transfer %u bytes, block size before %u)",
                   Disk->Number, size, Disk->MaximumPiece, Disk->BlockSize);
        status = STATUS_INVALID_BLOCK_LENGTH;
    }
    if (NT_SUCCESS(status)) {
        SetGeometry(Disk, last + 1, size);
    } else if (!Disk->Initialized) {
        SetGeometry(Disk, 0, 512); /* a later failure leaves what was known */
    }
    ExFreePoolWithTag(answer, DISK_TAG);
    return status;
}

/* ---- VPD pages ---------------------------------------------------------------------------------------------- */

/* Bytes of the page really there; 0 when it cannot be read or is another page. */
static ULONG ReadPage(PDISK Disk, UCHAR Page, PUCHAR Answer)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_MAXIMUM_RETRIES, .Buffer = Answer, .Length = ANSWER_BYTES};
    ULONG length;

    command.Cdb[0] = SCSIOP_INQUIRY;
    command.Cdb[1] = 0x01;
    command.Cdb[2] = Page;
    command.Cdb[4] = ANSWER_BYTES;
    RtlZeroMemory(Answer, ANSWER_BYTES);
    if (!NT_SUCCESS(DiskCommand(Disk, &command)) || command.Moved < 4 || Answer[1] != Page) {
        return 0;
    }
    length = 4 + ((ULONG)Answer[2] << 8 | Answer[3]);
    return length < command.Moved ? length : command.Moved;
}

static BOOLEAN Lists(const UCHAR *Pages, ULONG Length, UCHAR Page)
{
    for (ULONG i = 4; i < Length; i++) {
        if (Pages[i] == Page) {
            return TRUE;
        }
    }
    return FALSE;
}

VOID DiskReadPages(PDISK Disk)
{
    PUCHAR pages = ExAllocatePoolZero(NonPagedPoolNx, 2 * ANSWER_BYTES, DISK_TAG);
    PUCHAR answer = pages + ANSWER_BYTES;
    ULONG listed, length;

    if (pages == NULL) {
        return;
    }
    listed = ReadPage(Disk, VPD_SUPPORTED_PAGES, pages);
    if (Lists(pages, listed, VPD_LOGICAL_BLOCK_PROVISIONING) &&
        (length = ReadPage(Disk, VPD_LOGICAL_BLOCK_PROVISIONING, answer)) >= 8) {
        Disk->HaveProvisioning = TRUE;
        Disk->Unmap = (answer[5] & 0x80) != 0;
    }
    if (Lists(pages, listed, VPD_BLOCK_LIMITS) && (length = ReadPage(Disk, VPD_BLOCK_LIMITS, answer)) >= 12) {
        Disk->HaveLimits = TRUE;
        Disk->LimitBlocks = DiskBigEndian32(answer + 8);
        if (length >= 36) {
            Disk->UnmapGranularity = DiskBigEndian32(answer + 28);
            Disk->UnmapAlignment = DiskBigEndian32(answer + 32);
        }
    }
    if (Lists(pages, listed, VPD_BLOCK_DEVICE_CHARACTERISTICS) &&
        ReadPage(Disk, VPD_BLOCK_DEVICE_CHARACTERISTICS, answer) >= 6) {
        Disk->HaveCharacteristics = TRUE;
        Disk->RotationRate = (USHORT)(answer[4] << 8 | answer[5]);
    }
    if (Disk->Blocks != 0 && (Disk->HaveProvisioning || Disk->HaveLimits)) {
        (VOID)Capacity16(Disk, answer);
    }
    ExFreePoolWithTag(pages, DISK_TAG);
}

/* ---- write cache ------------------------------------------------------------------------------------------------ */

NTSTATUS DiskReadCachePage(PDISK Disk)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_SMALL_RETRIES, .Length = sizeof(Disk->CachePage)};
    PUCHAR answer = ExAllocatePoolZero(NonPagedPoolNx, sizeof(Disk->CachePage), DISK_TAG);
    NTSTATUS status;
    ULONG length, page;

    if (answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    command.Buffer = answer;
    command.Cdb[0] = SCSIOP_MODE_SENSE;
    command.Cdb[1] = 0x08; /* no block descriptors */
    command.Cdb[2] = MODE_PAGE_CACHING;
    command.Cdb[4] = sizeof(Disk->CachePage);
    status = DiskCommand(Disk, &command);
    if (NT_SUCCESS(status)) {
        length = command.Moved != 0 && 1u + answer[0] < command.Moved ? 1u + answer[0] : command.Moved;
        page = 4u + answer[3];
        if (length < page + 3 || (answer[page] & 0x3F) != MODE_PAGE_CACHING) {
            status = STATUS_NOT_SUPPORTED;
        } else {
            Disk->CacheOn = (answer[page + 2] & 0x04) != 0;
            Disk->DeviceFua = (answer[2] & MODE_DSP_FUA_SUPPORTED) != 0;
            Disk->CacheKnown = TRUE;
            Disk->CachePageLength = length;
            RtlCopyMemory(Disk->CachePage, answer, sizeof(Disk->CachePage));
        }
    }
    if (!NT_SUCCESS(status)) {
        Disk->CacheOn = FALSE; /* treated as off */
        Disk->CacheKnown = FALSE;
    }
    ExFreePoolWithTag(answer, DISK_TAG);
    return status;
}

NTSTATUS DiskSetCache(PDISK Disk, BOOLEAN On)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_SMALL_RETRIES, .DataOut = TRUE};
    NTSTATUS status = DiskReadCachePage(Disk);
    PUCHAR list;
    ULONG page;

    if (!NT_SUCCESS(status) || Disk->CacheOn == On) {
        return status;
    }
    list = ExAllocatePoolZero(NonPagedPoolNx, Disk->CachePageLength, DISK_TAG);
    if (list == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(list, Disk->CachePage, Disk->CachePageLength);
    page = 4u + list[3];
    list[0] = 0; /* reserved in MODE SELECT, as is the device-specific parameter of a disk */
    list[2] = 0;
    list[page] &= 0x3F;
    list[page + 2] = (UCHAR)((list[page + 2] & ~0x04) | (On ? 0x04 : 0));
    command.Buffer = list;
    command.Length = Disk->CachePageLength;
    command.Cdb[0] = SCSIOP_MODE_SELECT;
    command.Cdb[1] = 0x10;
    command.Cdb[4] = (UCHAR)Disk->CachePageLength;
    status = DiskCommand(Disk, &command);
    ExFreePoolWithTag(list, DISK_TAG);
    if (NT_SUCCESS(status)) {
        Disk->CacheOn = On;
    }
    return status;
}
