/* SPDX-License-Identifier: MIT */
/*
 * Start of a disk: what it asks of the driver below, in the published order, and what it makes of the
 * answers. PASSIVE_LEVEL, from START_DEVICE; nothing else runs on the disk meanwhile. Rules: class-driver
 * reference 2.5, 2.6, 3.1. Descriptors come from other drivers and are bounds-checked.
 */
#include "disk/disk.h"

static ULONG RegistryNumber(ULONG RelativeTo, PCWSTR Path, PCWSTR Name, ULONG Default)
{
    ULONG value = Default;
    RTL_QUERY_REGISTRY_TABLE table[2];

    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    table[0].Name = (PWSTR)(ULONG_PTR)Name;
    table[0].EntryContext = &value;
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_DWORD;
    table[0].DefaultData = &Default;
    table[0].DefaultLength = sizeof(Default);
    return NT_SUCCESS(RtlQueryRegistryValues(RelativeTo, Path, table, NULL, NULL)) ? value : Default;
}

static HANDLE OpenSubKey(HANDLE Parent, PCWSTR Name)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE key = NULL;

    RtlInitUnicodeString(&name, Name);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Parent, NULL);
    return NT_SUCCESS(ZwOpenKey(&key, KEY_READ, &attributes)) ? key : NULL;
}

VOID DiskReadSettings(PDISK Disk)
{
    HANDLE device, key;
    ULONG run, hack;

    Disk->Retries = DISK_MAXIMUM_RETRIES;
    Disk->SafeStartUnit = TRUE;
    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Disk->Pdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &device))) {
        return;
    }
    key = OpenSubKey(device, u"Classpnp");
    if (key != NULL) {
        hack = RegistryNumber(RTL_REGISTRY_HANDLE, key, u"HackMask", 0);
        Disk->NoReserve6 = (hack & 8) != 0;
        run = RegistryNumber(RTL_REGISTRY_HANDLE, key, u"RestorePerfAtCount", 0);
        Disk->RestoreAfter = run >= DISK_THROTTLE_MINIMUM_RUN ? run : 0;
        Disk->LegacyErrors = RegistryNumber(RTL_REGISTRY_HANDLE, key, u"LegacyErrorHandling", 0) == 1;
        Disk->Retries = Disk->LegacyErrors ? DISK_LEGACY_RETRIES : DISK_MAXIMUM_RETRIES;
        (VOID)ZwClose(key);
    }
    key = OpenSubKey(device, u"Disk");
    if (key != NULL) {
        Disk->CacheForcedOn = RegistryNumber(RTL_REGISTRY_HANDLE, key, u"UserWriteCacheSetting", 0) == 1;
        Disk->CacheProtected = RegistryNumber(RTL_REGISTRY_HANDLE, key, u"CacheIsPowerProtected", 0) == 1;
        (VOID)ZwClose(key);
    }
    (VOID)ZwClose(device);
}

static VOID SetTimeOut(PDISK Disk)
{
    PSTORAGE_MINIPORT_DESCRIPTOR miniport;
    PVOID descriptor;
    ULONG bytes, seconds = 0;

    if (NT_SUCCESS(DiskQueryProperty(Disk, StorageMiniportProperty, sizeof(*miniport), &descriptor, &bytes))) {
        miniport = descriptor;
        if (miniport->Portdriver == StoragePortCodeSetStorport || miniport->Portdriver == StoragePortCodeSetUSBport) {
            seconds = miniport->IoTimeoutValue;
        }
        ExFreePoolWithTag(descriptor, DISK_TAG);
    }
    if (seconds == 0) {
        seconds = RegistryNumber(RTL_REGISTRY_SERVICES, u"disk", u"TimeOutValue", 0);
    }
    Disk->TimeOut = seconds != 0 ? seconds : DISK_DEFAULT_TIMEOUT;
}

static VOID SetPiece(PDISK Disk)
{
    ULONG pages = Disk->MaximumPages > 1 ? Disk->MaximumPages - 1 : 1;
    ULONG piece;

    if (Disk->MaximumTransfer > DISK_LARGEST_PIECE) {
        Disk->MaximumTransfer = DISK_LARGEST_PIECE;
    }
    if (Disk->MaximumTransfer < PAGE_SIZE) {
        Disk->MaximumTransfer = PAGE_SIZE;
    }
    piece = pages < DISK_LARGEST_PIECE / PAGE_SIZE ? pages * PAGE_SIZE : DISK_LARGEST_PIECE;
    Disk->MaximumPiece = piece < Disk->MaximumTransfer ? piece : Disk->MaximumTransfer;
}

static NTSTATUS QueryAdapter(PDISK Disk, PBOOLEAN Queueing)
{
    PSTORAGE_ADAPTER_DESCRIPTOR adapter;
    PVOID descriptor;
    ULONG bytes;
    NTSTATUS status = DiskQueryProperty(Disk, StorageAdapterProperty, sizeof(*adapter), &descriptor, &bytes);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    adapter = descriptor;
    Disk->MaximumTransfer = adapter->MaximumTransferLength;
    Disk->MaximumPages = adapter->MaximumPhysicalPages;
    Disk->AlignmentMask = adapter->AlignmentMask;
    *Queueing = adapter->CommandQueueing;
    ExFreePoolWithTag(descriptor, DISK_TAG);
    SetPiece(Disk);
    return STATUS_SUCCESS;
}

static NTSTATUS QueryDevice(PDISK Disk, BOOLEAN Queueing)
{
    PVOID descriptor;
    NTSTATUS status =
        DiskQueryProperty(Disk, StorageDeviceProperty, sizeof(STORAGE_DEVICE_DESCRIPTOR), &descriptor, &Disk->DeviceBytes);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    Disk->Device = descriptor;
    Disk->Removable = Disk->Device->RemovableMedia;
    Disk->CommandQueueing = Queueing && Disk->Device->CommandQueueing;
    Disk->DefaultFlags = SRB_FLAGS_PORT_DRIVER_ALLOCSENSE | (Disk->CommandQueueing ? SRB_FLAGS_QUEUE_ACTION_ENABLE : 0) |
                         (Disk->Removable ? 0 : SRB_FLAGS_NO_QUEUE_FREEZE);
    return STATUS_SUCCESS;
}

static NTSTATUS MakePackets(PDISK Disk)
{
    PDISK_PACKET packet = DiskNewPacket(Disk);

    if (packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Disk->PacketCount = 1;
    PushEntryList(&Disk->FreePackets, &packet->Entry);
    for (ULONG i = 0; i < DiskSideCount; i++) {
        Disk->Side[i].Disk = Disk;
    }
    /* A queue that stays frozen would be the end of the disk; the other sides are only good to have. */
    Disk->Side[DiskSideRelease].Irp = IoAllocateIrp(Disk->Lower->StackSize, FALSE);
    if (Disk->Side[DiskSideRelease].Irp == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Disk->CacheWork = IoAllocateWorkItem(Disk->Self);
    Disk->CapacityWork = IoAllocateWorkItem(Disk->Self);
    return Disk->CacheWork != NULL && Disk->CapacityWork != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS DiskStart(PDISK Disk)
{
    BOOLEAN queueing = FALSE;
    SCSI_ADDRESS address;
    NTSTATUS status;
    ULONG bytes;

    if (Disk->Initialized) {
        return STATUS_SUCCESS; /* restart after STOP */
    }
    DiskFreeResources(Disk);   /* of a start that failed */
    DiskReadSettings(Disk);
    SetTimeOut(Disk);
    status = QueryAdapter(Disk, &queueing);
    if (NT_SUCCESS(status)) {
        status = QueryDevice(Disk, queueing);
    }
    if (NT_SUCCESS(status)) {
        status = MakePackets(Disk);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    /* From here on failures are tolerated: a disk whose capacity cannot be read has length 0. */
    if (!NT_SUCCESS(DiskReadCapacity(Disk))) {
        (VOID)DiskReadCapacity(Disk);
    }
    (VOID)DiskSendControl(Disk->Lower, IOCTL_SCSI_GET_ADDRESS, NULL, 0, &address, sizeof(address), &bytes);
    DiskReadPages(Disk);
    if (!NT_SUCCESS(DiskReadCachePage(Disk))) {
        (VOID)DiskReadCachePage(Disk);
    }
    DiskIdentify(Disk);
    Disk->Initialized = TRUE;
    return STATUS_SUCCESS;
}
