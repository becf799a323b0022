/* SPDX-License-Identifier: MIT */
/*
 * Device controls the class answers; what it does not know goes down unchanged. PASSIVE_LEVEL, METHOD_BUFFERED
 * unless the code says otherwise. Rules: class-driver reference 3.2, 3.3, 3.4.
 */
#include "disk/disk.h"

#define TRACKS  255u
#define SECTORS 63u

static ULONG OutputRoom(PIRP Irp)
{
    return IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
}

static ULONG InputBytes(PIRP Irp)
{
    return IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength;
}

/* All or nothing. */
static NTSTATUS Give(PIRP Irp, const VOID *Data, ULONG Size, PULONG Information)
{
    if (OutputRoom(Irp) < Size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Data, Size);
    *Information = Size;
    return STATUS_SUCCESS;
}

static ULONGLONG Length(PDISK Disk)
{
    return Disk->Blocks << Disk->BlockShift;
}

static DISK_GEOMETRY Geometry(PDISK Disk)
{
    DISK_GEOMETRY g = {.MediaType = Disk->Removable ? RemovableMedia : FixedMedia, .BytesPerSector = Disk->BlockSize};

    g.Cylinders.QuadPart = (LONGLONG)(Disk->Blocks / (TRACKS * SECTORS));
    g.TracksPerCylinder = TRACKS;
    g.SectorsPerTrack = SECTORS;
    if (g.Cylinders.QuadPart == 0) {
        g.TracksPerCylinder = g.SectorsPerTrack = 1;
        g.Cylinders.QuadPart = (LONGLONG)Disk->Blocks;
    }
    return g;
}

static NTSTATUS GeometryControl(PDISK Disk, PIRP Irp, PULONG Information)
{
    DISK_GEOMETRY g = Geometry(Disk);

    return Give(Irp, &g, sizeof(g), Information);
}

static NTSTATUS GeometryExControl(PDISK Disk, PIRP Irp, PULONG Information)
{
    const ULONG least = FIELD_OFFSET(DISK_GEOMETRY_EX, Data);
    DISK_GEOMETRY_EX g;
    ULONG room = OutputRoom(Irp);

    if (room < least) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&g, sizeof(g));
    g.Geometry = Geometry(Disk);
    g.DiskSize.QuadPart = (LONGLONG)Length(Disk);
    return Give(Irp, &g, room < sizeof(g) ? least : sizeof(g), Information);
}

static NTSTATUS LengthControl(PDISK Disk, PIRP Irp, PULONG Information)
{
    GET_LENGTH_INFORMATION length;
    NTSTATUS status;

    if (OutputRoom(Irp) < sizeof(length)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    status = DiskReadCapacity(Disk);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    length.Length.QuadPart = (LONGLONG)Length(Disk);
    return Give(Irp, &length, sizeof(length), Information);
}

static NTSTATUS CapacityControl(PDISK Disk, PIRP Irp, PULONG Information)
{
    STORAGE_READ_CAPACITY c = {.Version = sizeof(c), .Size = sizeof(c)};
    NTSTATUS status;

    if (OutputRoom(Irp) < sizeof(c)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    status = DiskReadCapacity(Disk);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    c.BlockLength = Disk->BlockSize;
    c.NumberOfBlocks.QuadPart = (LONGLONG)Disk->Blocks;
    c.DiskLength.QuadPart = (LONGLONG)Length(Disk);
    return Give(Irp, &c, sizeof(c), Information);
}

static NTSTATUS CheckVerify(PDISK Disk, PIRP Irp, PULONG Information)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_MAXIMUM_RETRIES}; /* TEST UNIT READY */
    ULONG room = OutputRoom(Irp);
    NTSTATUS status;

    if (room != 0 && room < sizeof(ULONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    status = DiskCommand(Disk, &command);
    return NT_SUCCESS(status) && room != 0 ? Give(Irp, &Disk->MediaChanges, sizeof(ULONG), Information) : status;
}

static NTSTATUS IsWritable(PDISK Disk)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_SMALL_RETRIES, .Length = 192};
    NTSTATUS status;
    PUCHAR answer = ExAllocatePoolZero(NonPagedPoolNx, command.Length, DISK_TAG);

    if (answer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    command.Buffer = answer;
    command.Cdb[0] = SCSIOP_MODE_SENSE;
    command.Cdb[2] = MODE_SENSE_RETURN_ALL;
    command.Cdb[4] = (UCHAR)command.Length;
    status = DiskCommand(Disk, &command);
    if (NT_SUCCESS(status) && command.Moved >= 3 && (answer[2] & MODE_DSP_WRITE_PROTECT) != 0) {
        status = STATUS_MEDIA_WRITE_PROTECTED;
    }
    ExFreePoolWithTag(answer, DISK_TAG);
    return status;
}

static NTSTATUS GetCache(PDISK Disk, PIRP Irp, PULONG Information)
{
    DISK_CACHE_INFORMATION c;
    NTSTATUS status;
    const UCHAR *page;

    if (OutputRoom(Irp) < sizeof(c)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    status = DiskReadCachePage(Disk);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlZeroMemory(&c, sizeof(c));
    page = Disk->CachePage + 4 + Disk->CachePage[3]; /* three bytes of it were checked */
    c.ParametersSavable = (page[0] & 0x80) != 0;
    c.ReadCacheEnabled = (page[2] & 0x01) == 0;
    c.WriteCacheEnabled = Disk->CacheOn;
    return Give(Irp, &c, sizeof(c), Information);
}

static NTSTATUS SetCache(PDISK Disk, PIRP Irp)
{
    const DISK_CACHE_INFORMATION *wanted = Irp->AssociatedIrp.SystemBuffer;

    if (InputBytes(Irp) < sizeof(*wanted)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    return DiskSetCache(Disk, wanted->WriteCacheEnabled);
}

static NTSTATUS DeviceNumber(PDISK Disk, PIRP Irp, PULONG Information)
{
    STORAGE_DEVICE_NUMBER n = {FILE_DEVICE_DISK, Disk->Number, 0};
    NTSTATUS status = Give(Irp, &n, sizeof(n), Information);

    if (status == STATUS_BUFFER_TOO_SMALL) {
        *Information = sizeof(n); /* published: tells how much is needed */
    }
    return status;
}

static NTSTATUS HotplugInfo(PDISK Disk, PIRP Irp, PULONG Information)
{
    STORAGE_HOTPLUG_INFO h = {.Size = sizeof(h), .MediaRemovable = Disk->Removable};

    return Give(Irp, &h, sizeof(h), Information);
}

/* The class vouches for the request with the minor function; the port executes it. */
static NTSTATUS PassThrough(PDISK Disk, PIRP Irp, ULONG Least)
{
    if (InputBytes(Irp) < Least || Irp->AssociatedIrp.SystemBuffer == NULL) {
        DiskRelease(Disk);
        return DiskComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    IoGetCurrentIrpStackLocation(Irp)->MinorFunction = IRP_MN_SCSI_CLASS;
    return DiskForward(Disk, Irp);
}

/* FALSE: not the class's; pass it down. */
static BOOLEAN Handle(PDISK Disk, PIRP Irp, ULONG Code, NTSTATUS *Status, PULONG Information)
{
    switch (Code) {
    case IOCTL_DISK_GET_DRIVE_GEOMETRY:
        *Status = GeometryControl(Disk, Irp, Information);
        return TRUE;
    case IOCTL_DISK_GET_DRIVE_GEOMETRY_EX:
        *Status = GeometryExControl(Disk, Irp, Information);
        return TRUE;
    case IOCTL_DISK_GET_LENGTH_INFO:
        *Status = LengthControl(Disk, Irp, Information);
        return TRUE;
    case IOCTL_STORAGE_READ_CAPACITY:
        *Status = CapacityControl(Disk, Irp, Information);
        return TRUE;
    case IOCTL_STORAGE_CHECK_VERIFY:
    case IOCTL_STORAGE_CHECK_VERIFY2:
    case IOCTL_DISK_CHECK_VERIFY:
        *Status = CheckVerify(Disk, Irp, Information);
        return TRUE;
    case IOCTL_STORAGE_GET_DEVICE_NUMBER:
        *Status = DeviceNumber(Disk, Irp, Information);
        return TRUE;
    case IOCTL_STORAGE_GET_HOTPLUG_INFO:
        *Status = HotplugInfo(Disk, Irp, Information);
        return TRUE;
    case IOCTL_DISK_IS_WRITABLE:
        *Status = IsWritable(Disk);
        return TRUE;
    case IOCTL_DISK_GET_CACHE_INFORMATION:
        *Status = GetCache(Disk, Irp, Information);
        return TRUE;
    case IOCTL_DISK_SET_CACHE_INFORMATION:
        *Status = SetCache(Disk, Irp);
        return TRUE;
    case IOCTL_DISK_UPDATE_DRIVE_SIZE:
    case IOCTL_DISK_UPDATE_PROPERTIES:
        *Status = DiskReadCapacity(Disk);
        return TRUE;
    case IOCTL_STORAGE_FIND_NEW_DEVICES:
        IoInvalidateDeviceRelations(Disk->Pdo, BusRelations);
        *Status = STATUS_SUCCESS;
        return TRUE;
    case IOCTL_STORAGE_RESERVE:
    case IOCTL_STORAGE_RELEASE:
        *Status = DiskReserveUnit(Disk, Code == IOCTL_STORAGE_RESERVE);
        return TRUE;
    case IOCTL_STORAGE_PERSISTENT_RESERVE_IN:
    case IOCTL_STORAGE_PERSISTENT_RESERVE_OUT:
        *Status = DiskPersistentReserve(Disk, Irp, Information);
        return TRUE;
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return DiskClassProperty(Disk, Irp, Status, Information);
    case IOCTL_DISK_INTERNAL_SET_VERIFY:
    case IOCTL_DISK_INTERNAL_CLEAR_VERIFY:
        if (Irp->RequestorMode != KernelMode) {
            return FALSE;
        }
        Disk->VerifyFlag = Code == IOCTL_DISK_INTERNAL_SET_VERIFY;
        *Status = STATUS_SUCCESS;
        return TRUE;
    default:
        return FALSE;
    }
}

NTSTATUS DiskDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK disk = DiskOf(DeviceObject);
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG information = 0;

    if (!DiskHold(disk) || !disk->Initialized) {
        DiskRelease(disk);
        return DiskComplete(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    if (code == IOCTL_SCSI_PASS_THROUGH || code == IOCTL_SCSI_PASS_THROUGH_DIRECT) {
#ifdef _WIN64
        return PassThrough(disk, Irp,
                           IoIs32bitProcess(Irp) ? sizeof(SCSI_PASS_THROUGH32) : sizeof(SCSI_PASS_THROUGH));
#else
        return PassThrough(disk, Irp, sizeof(SCSI_PASS_THROUGH));
#endif
    }
    if (!Handle(disk, Irp, code, &status, &information)) {
        return DiskForward(disk, Irp);
    }
    DiskRelease(disk);
    return DiskComplete(Irp, status, information);
}
