/* SPDX-License-Identifier: MIT */
/*
 * DiskSubmit: range checks, splitting into pieces, joining their results. <= DISPATCH_LEVEL. An I/O that
 * finds no packet waits in DISK.Waiting and goes on when one comes back; a packet is always out then, so
 * nothing waits for ever. Rules: class-driver reference 2.6, 4.5.
 */
#include "disk/disk.h"

#define PROGRESS(io) ((PDISK_PROGRESS)(PVOID)(io)->Private)

static VOID Done(PDISK_IO Io, PDISK Disk, NTSTATUS Status)
{
    Io->Status = Status;
    Io->Done(Io);
    DiskRelease(Disk);
}

/* One share of the I/O is over: a piece's, or the starter's when no piece took it. */
static VOID PieceDone(PDISK Disk, PDISK_IO Io)
{
    PDISK_PROGRESS progress = PROGRESS(Io);

    if (InterlockedDecrement(&progress->Outstanding) == 0) {
        Done(Io, Disk, progress->Status);
    }
}

static VOID KeepResult(PDISK_IO Io, PDISK_PACKET Packet, NTSTATUS Status)
{
    PDISK_PROGRESS progress = PROGRESS(Io);
    NTSTATUS worst = DiskWorseStatus(progress->Status, Status);

    Io->Information += Packet->Moved;
    if (worst != progress->Status || (!NT_SUCCESS(Status) && Io->ScsiStatus == 0)) {
        Io->ScsiStatus = Packet->Srb.ScsiStatus;
        if ((Packet->Srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) != 0) {
            RtlCopyMemory(Io->Sense, Packet->Sense, sizeof(Io->Sense));
        }
    }
    progress->Status = worst;
}

static VOID PieceFinished(PDISK_PACKET Packet, NTSTATUS Status)
{
    PDISK disk = Packet->Disk;
    PDISK_IO io = Packet->Io;

    if (__builtin_expect(Status == STATUS_SUCCESS, 1)) {
        io->Information += Packet->Moved;
    } else {
        KeepResult(io, Packet, Status);
    }
    PushEntryList(&disk->FreePackets, &Packet->Entry);
    if (__builtin_expect(disk->WaitingCount != 0, 0)) {
        DiskContinueWaiting(disk);
    }
    PieceDone(disk, io);
}

/* ---- starting pieces ---------------------------------------------------------------------------------- */

static ULONG PieceBlocks(PDISK Disk, PDISK_PROGRESS Progress)
{
    ULONG bytes = Disk->MaximumPiece;
    ULONG blocks;

    if (BYTE_OFFSET(Progress->NextBuffer) == 0 && Disk->MaximumPages > 1) {
        /* An aligned buffer needs no extra page for its two ends. */
        bytes = bytes + PAGE_SIZE < Disk->MaximumTransfer ? bytes + PAGE_SIZE : Disk->MaximumTransfer;
    }
    blocks = bytes >> Disk->BlockShift;
    if (Disk->LimitBlocks != 0 && blocks > Disk->LimitBlocks) {
        blocks = Disk->LimitBlocks;
    }
    if (!Disk->Use16 && blocks > DISK_LARGEST_CDB10) {
        blocks = DISK_LARGEST_CDB10;
    }
    return blocks == 0 ? 1 : blocks < Progress->Left ? blocks : Progress->Left;
}

/* TRUE: it was the last piece. That one takes over the starter's share of Outstanding, so the I/O may be
 * over, and gone, on return. */
static BOOLEAN StartPiece(PDISK Disk, PDISK_PACKET Packet, PDISK_IO Io)
{
    PDISK_PROGRESS progress = PROGRESS(Io);
    BOOLEAN last;

    Packet->Io = Io;
    Packet->Finished = PieceFinished;
    Packet->Moved = 0;
    Packet->DoneBlocks = 0;
    Packet->OnePage = FALSE;
    Packet->Lba = progress->NextLba;
    Packet->Blocks = PieceBlocks(Disk, progress);
    Packet->Buffer = progress->NextBuffer;
    Packet->TimeOut = Io->TimeOut != 0 ? Io->TimeOut : Disk->TimeOut;
    Packet->Flags = Disk->DefaultFlags | (Io->Operation == DiskRead ? SRB_FLAGS_DATA_IN : SRB_FLAGS_DATA_OUT);
    if (!progress->WriteThrough) {
        Packet->Flags |= SRB_FLAGS_ADAPTER_CACHE_ENABLE;
    }
    progress->NextLba += Packet->Blocks;
    progress->NextBuffer += (SIZE_T)Packet->Blocks << Disk->BlockShift;
    progress->Left -= Packet->Blocks;
    last = progress->Left == 0;
    if (!last) {
        InterlockedIncrement(&progress->Outstanding);
    }
    DiskStartTransfer(Packet);
    return last;
}

static VOID StartRaw(PDISK Disk, PDISK_PACKET Packet, PDISK_IO Io)
{
    PSCSI_REQUEST_BLOCK srb = &Packet->Srb;

    Packet->Io = Io;
    Packet->Finished = PieceFinished;
    Packet->Moved = 0;
    Packet->OnePage = FALSE;
    Packet->Blocks = Packet->RunningBlocks = 0;
    Packet->Buffer = Io->Buffer;
    Packet->RunningBytes = Io->Blocks;
    Packet->TimeOut = Io->TimeOut != 0 ? Io->TimeOut : Disk->TimeOut;
    Packet->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    Packet->Flags = Disk->DefaultFlags | SRB_FLAGS_NO_QUEUE_FREEZE;
    if (Io->Blocks != 0) {
        Packet->Flags |= Io->DataOut ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN;
    }
    srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb->CdbLength = Io->CdbLength;
    RtlCopyMemory(srb->Cdb, Io->Cdb, sizeof(srb->Cdb));
    PROGRESS(Io)->Left = 0;
    DiskStartSrb(Packet);
}

static VOID Enqueue(PDISK Disk, PDISK_IO Io, BOOLEAN AtHead)
{
    KIRQL irql;

    KeAcquireSpinLock(&Disk->Lock, &irql);
    if (AtHead) {
        InsertHeadList(&Disk->Waiting, &Io->Link);
    } else {
        InsertTailList(&Disk->Waiting, &Io->Link);
    }
    Disk->WaitingCount++;
    KeReleaseSpinLock(&Disk->Lock, irql);
}

/* TRUE: every piece is on its way, the I/O may be over already. FALSE: no packet. */
static BOOLEAN StartPieces(PDISK Disk, PDISK_IO Io)
{
    PDISK_PROGRESS progress = PROGRESS(Io);

    for (;;) {
        PDISK_PACKET packet;

        if (Disk->Removal != DiskNotRemoved && progress->Left != 0) {
            progress->Status = DiskWorseStatus(progress->Status, STATUS_NO_SUCH_DEVICE);
            progress->Left = 0;
        }
        if (progress->Left == 0) {
            PieceDone(Disk, Io);
            return TRUE;
        }
        packet = DiskTakePacket(Disk);
        if (packet == NULL) {
            return FALSE;
        }
        if (Io->Operation == DiskScsi) {
            StartRaw(Disk, packet, Io);
            return TRUE;
        }
        if (StartPiece(Disk, packet, Io)) {
            return TRUE;
        }
    }
}

VOID DiskContinueWaiting(PDISK Disk)
{
    for (;;) {
        PDISK_IO io = NULL;
        KIRQL irql;

        KeAcquireSpinLock(&Disk->Lock, &irql);
        if (!IsListEmpty(&Disk->Waiting)) {
            io = CONTAINING_RECORD(RemoveHeadList(&Disk->Waiting), DISK_IO, Link);
            Disk->WaitingCount--;
        }
        KeReleaseSpinLock(&Disk->Lock, irql);
        if (io == NULL) {
            return;
        }
        if (!StartPieces(Disk, io)) {
            Enqueue(Disk, io, TRUE);
            if (Disk->FreePackets.Next == NULL) {
                return; /* the next packet that comes back calls again */
            }
        }
    }
}

/* ---- entry ----------------------------------------------------------------------------------------------- */

static NTSTATUS Check(PDISK Disk, PDISK_IO Io, BOOLEAN OverrideVerify)
{
    if (Disk->Removal != DiskNotRemoved || !Disk->Initialized) {
        return STATUS_DEVICE_DOES_NOT_EXIST;
    }
    if (Io->Operation == DiskFlush) {
        return STATUS_SUCCESS;
    }
    if (Io->Operation == DiskScsi) {
        if (Io->CdbLength == 0 || Io->CdbLength > sizeof(Io->Cdb) || Io->Blocks > Disk->MaximumPiece ||
            (Io->Blocks != 0 && Io->Buffer == NULL)) {
            return STATUS_INVALID_PARAMETER;
        }
        return STATUS_SUCCESS;
    }
    if (Disk->VerifyFlag != 0 && !OverrideVerify) {
        return STATUS_VERIFY_REQUIRED;
    }
    if (Io->Blocks != 0 && (Io->Lba >= Disk->Blocks || Io->Blocks > Disk->Blocks - Io->Lba || Io->Buffer == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!Disk->Use16 && Io->Lba + Io->Blocks > 1ull << 32) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

VOID DiskSubmitIo(PDISK Disk, PDISK_IO Io, BOOLEAN Paging, BOOLEAN OverrideVerify)
{
    PDISK_PROGRESS progress = PROGRESS(Io);
    NTSTATUS status;

    (VOID)DiskHold(Disk);
    Io->Information = 0;
    Io->ScsiStatus = 0;
    RtlZeroMemory(Io->Sense, sizeof(Io->Sense));
    progress->NextLba = Io->Lba;
    progress->NextBuffer = Io->Buffer;
    progress->Left = Io->Operation == DiskScsi ? 1 : Io->Blocks;
    progress->Outstanding = 1;
    progress->Status = STATUS_SUCCESS;
    progress->WriteThrough = Io->Operation == DiskWriteThrough;
    progress->Paging = Paging;
    progress->OverrideVerify = OverrideVerify;
    status = Check(Disk, Io, OverrideVerify);
    if (status != STATUS_SUCCESS) {
        Done(Io, Disk, status);
        return;
    }
    if (Io->Operation == DiskFlush) {
        DiskFlushSubmit(Disk, Io);
        return;
    }
    if (Disk->WaitingCount != 0 || !StartPieces(Disk, Io)) {
        Enqueue(Disk, Io, FALSE);
        if (Disk->FreePackets.Next != NULL) {
            DiskContinueWaiting(Disk); /* one came back before we were on the list */
        }
    }
}

VOID DiskSubmit(PDEVICE_OBJECT Disk, PDISK_IO Io)
{
    DiskSubmitIo(DiskOf(Disk), Io, FALSE, FALSE);
}
