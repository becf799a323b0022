/* SPDX-License-Identifier: MIT */
/*
 * Flush with group commit: one group runs, the next one gathers and shares one result. <= DISPATCH_LEVEL;
 * DISK.Lock guards the two lists. Each run is SYNCHRONIZE CACHE(10) when the cache is on, then always
 * SRB_FUNCTION_FLUSH, with one packet that the first flush makes and the disk keeps. Rules: class-driver reference 2.7.
 */
#include "disk/disk.h"

static VOID StartFunction(PDISK_PACKET Packet)
{
    PDISK disk = Packet->Disk;

    RtlZeroMemory(Packet->Srb.Cdb, sizeof(Packet->Srb.Cdb));
    Packet->Srb.Function = SRB_FUNCTION_FLUSH;
    Packet->Srb.CdbLength = 0;
    Packet->Flags = SRB_FLAGS_NO_QUEUE_FREEZE;
    Packet->TimeOut = DISK_FLUSH_FACTOR * disk->TimeOut;
    Packet->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    DiskStartSrb(Packet);
}

static VOID FinishGroup(PDISK Disk, NTSTATUS Status);

static VOID StartGroup(PDISK Disk)
{
    PDISK_PACKET packet = Disk->FlushPacket;

    if (packet == NULL) {
        packet = Disk->FlushPacket = DiskNewPacket(Disk);
    }
    if (packet == NULL) {
        FinishGroup(Disk, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    Disk->FlushStatus = STATUS_SUCCESS;
    packet->Io = NULL;
    packet->Finished = DiskFlushStep;
    packet->Moved = 0;
    packet->RunningBytes = packet->RunningBlocks = packet->Blocks = 0;
    packet->OnePage = FALSE;
    packet->Buffer = NULL;
    if (!Disk->CacheOn) {
        StartFunction(packet);
        return;
    }
    RtlZeroMemory(packet->Srb.Cdb, sizeof(packet->Srb.Cdb));
    packet->Srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    packet->Srb.CdbLength = 10;
    packet->Srb.Cdb[0] = SCSIOP_SYNCHRONIZE_CACHE;
    /* Untagged: the port orders it by itself; the whole medium. */
    packet->Flags = (Disk->DefaultFlags & ~(ULONG)SRB_FLAGS_QUEUE_ACTION_ENABLE) | SRB_FLAGS_DISABLE_SYNCH_TRANSFER |
                    SRB_FLAGS_NO_QUEUE_FREEZE;
    packet->TimeOut = DISK_FLUSH_FACTOR * Disk->TimeOut;
    packet->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    DiskStartSrb(packet);
}

static VOID FinishGroup(PDISK Disk, NTSTATUS Status)
{
    LIST_ENTRY group;
    BOOLEAN more;
    KIRQL irql;

    InitializeListHead(&group);
    KeAcquireSpinLock(&Disk->Lock, &irql);
    while (!IsListEmpty(&Disk->FlushRunning)) {
        InsertTailList(&group, RemoveHeadList(&Disk->FlushRunning));
    }
    while (!IsListEmpty(&Disk->FlushGathering)) {
        InsertTailList(&Disk->FlushRunning, RemoveHeadList(&Disk->FlushGathering));
    }
    more = !IsListEmpty(&Disk->FlushRunning);
    Disk->FlushActive = more;
    KeReleaseSpinLock(&Disk->Lock, irql);
    if (more && Disk->Removal == DiskNotRemoved) {
        StartGroup(Disk);
        more = FALSE;
    }
    while (!IsListEmpty(&group)) {
        PDISK_IO io = CONTAINING_RECORD(RemoveHeadList(&group), DISK_IO, Link);

        io->Status = Status;
        io->Done(io);
        DiskRelease(Disk);
    }
    if (more) {
        FinishGroup(Disk, STATUS_NO_SUCH_DEVICE); /* its I/Os hold the disk */
    }
}

VOID DiskFlushStep(PDISK_PACKET Packet, NTSTATUS Status)
{
    PDISK disk = Packet->Disk;

    if (Packet->Srb.Function == SRB_FUNCTION_EXECUTE_SCSI) {
        disk->FlushStatus = Status;
        if (!NT_SUCCESS(Status) && !disk->FlushFailedLogged) {
            disk->FlushFailedLogged = TRUE;
            NtLogEvent(DISK_LOG_CONTROLLER_ERROR & 0xFFFF, "disk",
                       "Disk%u: SYNCHRONIZE CACHE failed, status 0x%08X (logged once)", disk->Number, (ULONG)Status);
        }
        if (disk->Removal == DiskNotRemoved) {
            StartFunction(Packet);
            return;
        }
    }
    FinishGroup(disk, NT_SUCCESS(Status) ? disk->FlushStatus : Status);
}

VOID DiskFlushSubmit(PDISK Disk, PDISK_IO Io)
{
    BOOLEAN start;
    KIRQL irql;

    if (Disk->CacheProtected) {
        Io->Status = STATUS_SUCCESS;
        Io->Done(Io);
        DiskRelease(Disk);
        return;
    }
    KeAcquireSpinLock(&Disk->Lock, &irql);
    start = !Disk->FlushActive;
    InsertTailList(start ? &Disk->FlushRunning : &Disk->FlushGathering, &Io->Link);
    Disk->FlushActive = TRUE;
    KeReleaseSpinLock(&Disk->Lock, irql);
    if (start) {
        StartGroup(Disk);
    }
}
