/* SPDX-License-Identifier: MIT */
/*
 * Reads, writes, flushes and the shutdown notification as IRPs: checked, turned into a DISK_IO from a
 * lookaside list, completed with its result. Read and write <= DISPATCH_LEVEL, the others PASSIVE_LEVEL.
 * Rules: class-driver reference 2.6, 2.7, 4.5.
 */
#include "disk/disk.h"

static VOID IrpDone(PDISK_IO Io)
{
    PIRP irp = Io->User;
    NTSTATUS status = Io->Status;
    ULONG_PTR information = Io->Information;

    ExFreeToNPagedLookasideList(&DiskMachine()->Ios, Io);
    (VOID)DiskComplete(irp, status, NT_SUCCESS(status) ? information : 0);
}

static NTSTATUS Start(PDISK Disk, PIRP Irp, DISK_OPERATION Operation, ULONGLONG Lba, ULONG Blocks, PVOID Buffer)
{
    PDISK_IO io = ExAllocateFromNPagedLookasideList(&DiskMachine()->Ios);

    if (io == NULL) {
        return DiskComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    RtlZeroMemory(io, sizeof(*io));
    io->Operation = Operation;
    io->Lba = Lba;
    io->Blocks = Blocks;
    io->Buffer = Buffer;
    io->Done = IrpDone;
    io->User = Irp;
    IoMarkIrpPending(Irp);
    DiskSubmitIo(Disk, io, (Irp->Flags & IRP_PAGING_IO) != 0,
                 (IoGetCurrentIrpStackLocation(Irp)->Flags & SL_OVERRIDE_VERIFY_VOLUME) != 0);
    return STATUS_PENDING;
}

NTSTATUS DiskReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDISK disk = DiskOf(DeviceObject);
    ULONG length = stack->Parameters.Read.Length;
    ULONGLONG offset = (ULONGLONG)stack->Parameters.Read.ByteOffset.QuadPart;
    BOOLEAN write = stack->MajorFunction == IRP_MJ_WRITE;
    ULONG mask = disk->BlockSize - 1;
    PVOID buffer;

    if (disk->Removal != DiskNotRemoved || !disk->Initialized) {
        return DiskComplete(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    if (disk->VerifyFlag != 0 && (stack->Flags & SL_OVERRIDE_VERIFY_VOLUME) == 0) {
        return DiskComplete(Irp, STATUS_VERIFY_REQUIRED, 0);
    }
    if (length == 0) {
        return DiskComplete(Irp, STATUS_SUCCESS, 0);
    }
    if ((length & mask) != 0 || (offset & mask) != 0 || Irp->MdlAddress == NULL ||
        MmGetMdlByteCount(Irp->MdlAddress) < length) {
        return DiskComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    buffer = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (buffer == NULL) {
        return DiskComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    return Start(disk, Irp,
                 !write                                        ? DiskRead
                 : (stack->Flags & SL_WRITE_THROUGH) != 0 ? DiskWriteThrough
                                                               : DiskWrite,
                 offset >> disk->BlockShift, length >> disk->BlockShift, buffer);
}

NTSTATUS DiskFlushBuffers(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return Start(DiskOf(DeviceObject), Irp, DiskFlush, 0, 0, NULL);
}

NTSTATUS DiskShutdown(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK disk = DiskOf(DeviceObject);
    DISK_COMMAND command = {.TimeOut = DISK_FLUSH_FACTOR * disk->TimeOut};
    NTSTATUS status;

    if (!DiskHold(disk) || !disk->Initialized) {
        DiskRelease(disk);
        return DiskComplete(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    if (disk->CacheOn) {
        command.CdbLength = 10;
        command.Cdb[0] = SCSIOP_SYNCHRONIZE_CACHE;
        command.Untagged = TRUE;
        command.Retries = disk->Retries;
        (VOID)DiskCommand(disk, &command);
    }
    RtlZeroMemory(&command, sizeof(command));
    if (disk->Removable) {
        command.CdbLength = 6;
        command.Cdb[0] = SCSIOP_MEDIUM_REMOVAL; /* prevent = 0 */
        (VOID)DiskCommand(disk, &command);
        RtlZeroMemory(&command, sizeof(command));
    }
    command.Function = SRB_FUNCTION_SHUTDOWN;
    command.TimeOut = DISK_FLUSH_FACTOR * disk->TimeOut;
    status = DiskCommand(disk, &command);
    DiskRelease(disk);
    return DiskComplete(Irp, status, 0);
}
