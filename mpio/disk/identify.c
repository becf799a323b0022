/* SPDX-License-Identifier: MIT */
/*
 * Who a disk is, for people: texts of the device descriptor, the best VPD 83 designator, whether it sits
 * on a pseudo-LUN. Also DiskNext and DiskQuery. DiskIdentify PASSIVE_LEVEL, the others <= DISPATCH_LEVEL;
 * DISK_MACHINE.Lock guards the list. Descriptors are bounds-checked.
 */
#include "disk/disk.h"

static VOID CopyText(PCHAR To, ULONG Size, const CHAR *From, ULONG Length)
{
    ULONG used = 0, end = 0;

    for (ULONG i = 0; i < Length && From[i] != 0 && used + 1 < Size; i++) {
        CHAR c = From[i];

        if (used == 0 && c == ' ') {
            continue;
        }
        To[used++] = c > ' ' && c < 0x7F ? c : c == ' ' ? ' ' : '_';
        end = c == ' ' ? end : used;
    }
    To[end] = 0;
}

/* Text at an offset of the device descriptor; 0 and ~0 mean absent. */
static VOID DeviceText(PDISK Disk, ULONG Offset, PCHAR To, ULONG Size)
{
    To[0] = 0;
    if (Disk->Device != NULL && Offset >= FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties) &&
        Offset < Disk->DeviceBytes) {
        CopyText(To, Size, (const CHAR *)Disk->Device + Offset, Disk->DeviceBytes - Offset);
    }
}

/* ---- designators ---------------------------------------------------------------------------------------- */

static ULONG Rank(const STORAGE_IDENTIFIER *Identifier)
{
    if (Identifier->Association != StorageIdAssocDevice || Identifier->IdentifierSize == 0) {
        return 0;
    }
    switch (Identifier->Type) {
    case StorageIdTypeFCPHName:
        return 5;
    case StorageIdTypeEUI64:
        return 4;
    case StorageIdTypeScsiNameString:
        return 3;
    case StorageIdTypeVendorId:
        return 2;
    case StorageIdTypeVendorSpecific:
        return 1;
    default:
        return 0;
    }
}

static VOID DesignatorText(const STORAGE_IDENTIFIER *Identifier, PCHAR To, ULONG Size)
{
    static const CHAR digits[] = "0123456789abcdef";
    ULONG used = 0;

    if (Identifier->CodeSet != StorageIdCodeSetBinary) {
        CopyText(To, Size, (const CHAR *)Identifier->Identifier, Identifier->IdentifierSize);
        return;
    }
    for (ULONG i = 0; i < Identifier->IdentifierSize && used + 2 < Size; i++) {
        To[used++] = digits[Identifier->Identifier[i] >> 4];
        To[used++] = digits[Identifier->Identifier[i] & 15];
    }
    To[used] = 0;
}

static VOID QueryDesignator(PDISK Disk)
{
    const ULONG head = FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier);
    const STORAGE_IDENTIFIER *best = NULL;
    STORAGE_DEVICE_ID_DESCRIPTOR *list;
    ULONG bytes, at = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);
    PVOID descriptor;

    if (!NT_SUCCESS(DiskQueryProperty(Disk, StorageDeviceIdProperty, sizeof(*list), &descriptor, &bytes))) {
        return;
    }
    list = descriptor;
    for (ULONG i = 0; bytes > at && i < list->NumberOfIdentifiers && bytes - at >= head; i++) {
        const STORAGE_IDENTIFIER *one = (const STORAGE_IDENTIFIER *)((const UCHAR *)descriptor + at);

        if (one->IdentifierSize > bytes - at - head) {
            break;
        }
        if (Rank(one) > (best != NULL ? Rank(best) : 0)) {
            best = one;
        }
        if (one->NextOffset < head || one->NextOffset > bytes - at) {
            break;
        }
        at += one->NextOffset;
    }
    if (best != NULL) {
        DesignatorText(best, Disk->Identifier, sizeof(Disk->Identifier));
    }
    ExFreePoolWithTag(descriptor, DISK_TAG);
}

/* ---- pseudo-LUNs -------------------------------------------------------------------------------------------- */

/* N of ...MPIODisk<N>, the name of the PDO below. */
static BOOLEAN NumberFromName(const WCHAR *Name, ULONG Length, PULONG Number)
{
    static const CHAR word[] = "MPIODisk";
    ULONG at = 0, value = 0;

    for (ULONG start = 0; start + sizeof(word) - 1 < Length; start++) {
        for (at = 0; at < sizeof(word) - 1 && Name[start + at] == (WCHAR)word[at]; at++) {
        }
        if (at == sizeof(word) - 1) {
            at += start;
            break;
        }
        at = 0;
    }
    if (at == 0) {
        return FALSE;
    }
    for (; at < Length && Name[at] >= '0' && Name[at] <= '9'; at++) {
        value = value * 10 + (ULONG)(Name[at] - '0');
    }
    *Number = value;
    return TRUE;
}

VOID DiskIdentify(PDISK Disk)
{
    PDRIVER_OBJECT mpio = NtFindDriver(u"mpio");
    WCHAR name[64];
    ULONG bytes = 0;

    QueryDesignator(Disk);
    Disk->Multipath = mpio != NULL && Disk->Pdo->DriverObject == mpio;
    if (Disk->Multipath && NT_SUCCESS(IoGetDeviceProperty(Disk->Pdo, DevicePropertyPhysicalDeviceObjectName, sizeof(name),
                                                          name, &bytes))) {
        (VOID)NumberFromName(name, (bytes < sizeof(name) ? bytes : sizeof(name)) / sizeof(WCHAR),
                             &Disk->MultipathNumber);
    }
}

/* ---- the interface above ---------------------------------------------------------------------------------------- */

PDEVICE_OBJECT DiskNext(PDEVICE_OBJECT Device)
{
    PDISK_MACHINE machine = DiskMachine();
    PDEVICE_OBJECT next = NULL;
    PLIST_ENTRY link;
    KIRQL irql;

    if (machine == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&machine->Lock, &irql);
    link = Device == NULL ? machine->Disks.Flink : DiskOf(Device)->Listed ? DiskOf(Device)->Link.Flink : &machine->Disks;
    if (link != &machine->Disks) {
        next = CONTAINING_RECORD(link, DISK, Link)->Self;
    }
    KeReleaseSpinLock(&machine->Lock, irql);
    return next;
}

VOID DiskQuery(PDEVICE_OBJECT Device, PDISK_INFO Info)
{
    PDISK disk = DiskOf(Device);

    RtlZeroMemory(Info, sizeof(*Info));
    Info->Number = disk->Number;
    Info->BlockSize = disk->BlockSize != 0 ? disk->BlockSize : 512;
    Info->Blocks = disk->Blocks;
    Info->Multipath = disk->Multipath;
    Info->Present = disk->Initialized && disk->Removal == DiskNotRemoved;
    Info->MultipathNumber = disk->MultipathNumber;
    if (disk->Device != NULL) {
        DeviceText(disk, disk->Device->VendorIdOffset, Info->Vendor, sizeof(Info->Vendor));
        DeviceText(disk, disk->Device->ProductIdOffset, Info->Product, sizeof(Info->Product));
        DeviceText(disk, disk->Device->SerialNumberOffset, Info->Serial, sizeof(Info->Serial));
    }
    RtlCopyMemory(Info->Identifier, disk->Identifier, sizeof(Info->Identifier));
}

VOID DiskObserve(DISK_OBSERVER *Observer, PVOID Context)
{
    PDISK_MACHINE machine = DiskMachine();

    if (machine != NULL) {
        machine->Observer = Observer;
        machine->ObserverContext = Context;
    }
}
