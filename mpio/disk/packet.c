/* SPDX-License-Identifier: MIT */
/*
 * Packets: one transfer each, with its retries. <= DISPATCH_LEVEL. A packet belongs to whoever took it
 * from the free list (an S-list); the port owns IRP and SRB between sending and completion. Nothing is
 * allocated in steady state. Rules: class-driver reference 1.6, 1.7, 2.1, 2.6.
 */
#include "disk/disk.h"

#define SMALL_PIECE 65536u  /* what a new packet's MDL describes; most never need more */

static IO_COMPLETION_ROUTINE PacketCompleted;
static KDEFERRED_ROUTINE ResendDpc;

static SIZE_T MdlBytes(ULONG Room)
{
    return MmSizeOfMdl((PVOID)(ULONG_PTR)(PAGE_SIZE - 1), (SIZE_T)Room + PAGE_SIZE);
}

PDISK_PACKET DiskNewPacket(PDISK Disk)
{
    const SIZE_T head = (sizeof(DISK_PACKET) + 15) & ~(SIZE_T)15;
    ULONG room = Disk->MaximumPiece < SMALL_PIECE ? Disk->MaximumPiece : SMALL_PIECE;
    PDISK_PACKET packet = ExAllocatePoolWithTag(NonPagedPoolNx, head + MdlBytes(room), DISK_TAG);

    if (packet == NULL) {
        return NULL;
    }
    RtlZeroMemory(packet, sizeof(*packet));
    packet->Disk = Disk;
    packet->Mdl = (PMDL)((PUCHAR)packet + head);
    packet->MdlRoom = room;
    packet->Irp = IoAllocateIrp(Disk->Lower->StackSize, FALSE);
    if (packet->Irp == NULL) {
        ExFreePoolWithTag(packet, DISK_TAG);
        return NULL;
    }
    RtlZeroMemory(packet->Mdl, sizeof(MDL));
    KeInitializeTimer(&packet->Timer);
    KeInitializeDpc(&packet->Dpc, ResendDpc, packet);
    return packet;
}

VOID DiskFreePacket(PDISK_PACKET Packet)
{
    if (Packet != NULL) {
        IoFreeIrp(Packet->Irp);
        if (Packet->MdlRoom > SMALL_PIECE) {
            ExFreePoolWithTag(Packet->Mdl, DISK_TAG);
        }
        ExFreePoolWithTag(Packet, DISK_TAG);
    }
}

/* An MDL for the largest piece, once in a packet's life. FALSE: no memory. */
static BOOLEAN GrowMdl(PDISK_PACKET Packet)
{
    ULONG room = Packet->Disk->MaximumPiece;
    PMDL mdl = ExAllocatePoolZero(NonPagedPoolNx, MdlBytes(room), DISK_TAG);

    if (mdl == NULL) {
        return FALSE;
    }
    Packet->Mdl = mdl;
    Packet->MdlRoom = room;
    return TRUE;
}

PDISK_PACKET DiskTakePacket(PDISK Disk)
{
    PSINGLE_LIST_ENTRY entry = PopEntryList(&Disk->FreePackets);
    PDISK_PACKET packet;

    if (entry != NULL) {
        return CONTAINING_RECORD(entry, DISK_PACKET, Entry);
    }
    /* The list grows to what the load needs; one packet was made with the disk, so somebody frees one. */
    if (InterlockedIncrement(&Disk->PacketCount) > DISK_MAXIMUM_PACKETS || (packet = DiskNewPacket(Disk)) == NULL) {
        InterlockedDecrement(&Disk->PacketCount);
        return NULL;
    }
    return packet;
}

/* ---- sending -------------------------------------------------------------------------------------------- */

static VOID StoreBigEndian(PUCHAR To, ULONGLONG Value, ULONG Count)
{
    while (Count-- > 0) {
        To[Count] = (UCHAR)Value;
        Value >>= 8;
    }
}

static VOID BuildReadWrite(PDISK_PACKET Packet, ULONGLONG Lba, ULONG Blocks)
{
    PSCSI_REQUEST_BLOCK srb = &Packet->Srb;
    BOOLEAN write = (Packet->Flags & SRB_FLAGS_DATA_OUT) != 0;
    DISK_PROGRESS *progress = (DISK_PROGRESS *)Packet->Io->Private;

    RtlZeroMemory(srb->Cdb, sizeof(srb->Cdb));
    if (Packet->Disk->Use16) {
        srb->CdbLength = 16;
        srb->Cdb[0] = write ? SCSIOP_WRITE16 : SCSIOP_READ16;
        StoreBigEndian(srb->Cdb + 2, Lba, 8);
        StoreBigEndian(srb->Cdb + 10, Blocks, 4);
    } else {
        srb->CdbLength = 10;
        srb->Cdb[0] = write ? SCSIOP_WRITE : SCSIOP_READ;
        StoreBigEndian(srb->Cdb + 2, Lba, 4);
        StoreBigEndian(srb->Cdb + 7, Blocks, 2);
    }
    if (progress->WriteThrough && Packet->Disk->CacheOn && !Packet->Disk->CacheProtected &&
        !Packet->Disk->FuaUnsupported) {
        srb->Cdb[1] |= 0x08;
    }
}

/* (Re)sends the SRB; Cdb, CdbLength and Function stand. Everything a port may have changed is set again. */
static VOID Send(PDISK_PACKET Packet)
{
    PDISK disk = Packet->Disk;
    PSCSI_REQUEST_BLOCK srb = &Packet->Srb;
    PUCHAR buffer = Packet->Buffer;
    PIRP irp = Packet->Irp;
    PIO_STACK_LOCATION next;

    if (Packet->DoneBlocks != 0) {
        buffer += (SIZE_T)Packet->DoneBlocks << disk->BlockShift;
    }
    srb->Length = sizeof(*srb);
    srb->SrbStatus = 0;
    srb->ScsiStatus = 0;
    srb->QueueTag = SP_UNTAGGED;
    srb->QueueAction = Packet->QueueAction;
    srb->SenseInfoBufferLength = DISK_SENSE_LENGTH;
    srb->SrbFlags = Packet->Flags;
    srb->DataTransferLength = Packet->RunningBytes;
    srb->TimeOutValue = Packet->TimeOut;
    srb->DataBuffer = Packet->RunningBytes != 0 ? buffer : NULL;
    srb->SenseInfoBuffer = Packet->Sense;
    srb->NextSrb = NULL;
    srb->OriginalRequest = irp;
    srb->SrbExtension = NULL;
    srb->InternalStatus = 0;
    if (Packet->SenseUsed) {
        Packet->SenseUsed = FALSE;
        RtlZeroMemory(Packet->Sense, sizeof(Packet->Sense));
    }
    IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
    if (Packet->RunningBytes != 0) {
        MmInitializeMdl(Packet->Mdl, buffer, Packet->RunningBytes);
        MmBuildMdlForNonPagedPool(Packet->Mdl);
        irp->MdlAddress = Packet->Mdl;
    }
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_SCSI;
    next->MinorFunction = IRP_MN_SCSI_CLASS;
    next->Parameters.DeviceIoControl.IoControlCode = (Packet->Flags & SRB_FLAGS_DATA_IN)    ? IOCTL_SCSI_EXECUTE_IN
                                                     : (Packet->Flags & SRB_FLAGS_DATA_OUT) ? IOCTL_SCSI_EXECUTE_OUT
                                                                                            : IOCTL_SCSI_EXECUTE_NONE;
    next->Parameters.Scsi.Srb = srb;
    IoSetCompletionRoutine(irp, PacketCompleted, Packet, TRUE, TRUE, TRUE);
    (VOID)IoCallDriver(disk->Lower, irp);
}

static VOID FreshBudget(PDISK_PACKET Packet)
{
    Packet->RetriesLeft = Packet->TimeOutsLeft = Packet->Disk->Retries;
    Packet->ThresholdLeft = DISK_THRESHOLD_RETRIES;
    Packet->RetriesDone = 0;
}

/* Blocks up to the next page boundary of the buffer: at least one. */
static ULONG OnePage(const DISK_PACKET *Packet, ULONG Left)
{
    ULONG shift = Packet->Disk->BlockShift;
    ULONG_PTR at = (ULONG_PTR)Packet->Buffer + ((SIZE_T)Packet->DoneBlocks << shift);
    ULONG blocks = (PAGE_SIZE - BYTE_OFFSET(at)) >> shift;

    return blocks == 0 ? 1 : blocks < Left ? blocks : Left;
}

VOID DiskStartTransfer(PDISK_PACKET Packet)
{
    ULONG left = Packet->Blocks - Packet->DoneBlocks;

    FreshBudget(Packet);
    if (left > Packet->MdlRoom >> Packet->Disk->BlockShift && !Packet->OnePage) {
        Packet->OnePage = !GrowMdl(Packet);
    }
    Packet->RunningBlocks = Packet->OnePage ? OnePage(Packet, left) : left;
    Packet->RunningBytes = Packet->RunningBlocks << Packet->Disk->BlockShift;
    Packet->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    Packet->Srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    BuildReadWrite(Packet, Packet->Lba + Packet->DoneBlocks, Packet->RunningBlocks);
    Send(Packet);
}

VOID DiskStartSrb(PDISK_PACKET Packet)
{
    FreshBudget(Packet);
    Packet->DoneBlocks = 0;
    if (Packet->RunningBytes > Packet->MdlRoom && !GrowMdl(Packet)) {
        Packet->Finished(Packet, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    Send(Packet);
}

/* ---- completion -------------------------------------------------------------------------------------------- */

/* Takes the retry out of the budget; FALSE when there is none left. */
static BOOLEAN Afford(PDISK_PACKET Packet, const DISK_VERDICT *Verdict)
{
    if ((Verdict->Actions & DISK_ACT_THRESHOLD) != 0) {
        if (Packet->ThresholdLeft == 0) {
            return FALSE;
        }
        Packet->ThresholdLeft--;
        return TRUE;
    }
    if (Packet->RetriesLeft == 0 || ((Verdict->Actions & DISK_ACT_TIMEOUT_BUDGET) != 0 && Packet->TimeOutsLeft == 0)) {
        return FALSE;
    }
    Packet->RetriesLeft--;
    if ((Verdict->Actions & DISK_ACT_TIMEOUT_BUDGET) != 0) {
        Packet->TimeOutsLeft--;
    }
    if (Packet->RetriesLeft == 0 || Packet->TimeOutsLeft == 0) {
        /* Last chance: as gently as a bus allows. */
        Packet->Flags |= SRB_FLAGS_DISABLE_DISCONNECT | SRB_FLAGS_DISABLE_SYNCH_TRANSFER;
        Packet->Flags &= ~(ULONG)SRB_FLAGS_QUEUE_ACTION_ENABLE;
    }
    return TRUE;
}

static VOID ResendDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PDISK_PACKET packet = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (packet->Disk->Removal != DiskNotRemoved) {
        packet->Srb.SrbStatus = SRB_STATUS_NO_DEVICE;
        packet->Srb.ScsiStatus = 0;
        packet->Finished(packet, STATUS_NO_SUCH_DEVICE);
        return;
    }
    Send(packet);
}

static VOID Resend(PDISK_PACKET Packet, ULONG Seconds)
{
    LARGE_INTEGER due;

    Packet->RetriesDone++;
    if (Seconds == 0) {
        (VOID)KeInsertQueueDpc(&Packet->Dpc, NULL, NULL);
        return;
    }
    due.QuadPart = -(LONGLONG)Seconds * DISK_SECOND;
    (VOID)KeSetTimer(&Packet->Timer, due, &Packet->Dpc);
}

static BOOLEAN IsTransfer(const DISK_PACKET *Packet)
{
    return Packet->Io != NULL && Packet->Blocks != 0;
}

typedef enum _OUTCOME { OutcomeFinal, OutcomeRetrying, OutcomePageByPage } OUTCOME;

static OUTCOME Failed(PDISK_PACKET Packet, NTSTATUS *Status)
{
    PDISK disk = Packet->Disk;
    PSCSI_REQUEST_BLOCK srb = &Packet->Srb;
    BOOLEAN frozen = (srb->SrbStatus & SRB_STATUS_QUEUE_FROZEN) != 0;
    BOOLEAN transfer = IsTransfer(Packet);
    DISK_ERROR_FACTS facts;
    DISK_VERDICT verdict;
    BOOLEAN retry, pages = FALSE;

    Packet->SenseUsed = TRUE;
    if (SRB_STATUS(srb->SrbStatus) == SRB_STATUS_PENDING && !NT_SUCCESS(Packet->Irp->IoStatus.Status)) {
        /* Refused on the way by somebody who does not know SRBs: his status is all there is. */
        srb->SrbStatus = SRB_STATUS_INTERNAL_ERROR;
        srb->InternalStatus = (ULONG)Packet->Irp->IoStatus.Status;
    }
    DiskReclaimSense(srb, Packet->Sense, sizeof(Packet->Sense));
    DiskFacts(disk, srb, Packet->RetriesDone, &facts);
    facts.Paging = transfer && ((DISK_PROGRESS *)Packet->Io->Private)->Paging;
    DiskInterpret(&facts, &verdict);
    if (verdict.Status == STATUS_VERIFY_REQUIRED && transfer &&
        ((DISK_PROGRESS *)Packet->Io->Private)->OverrideVerify) {
        verdict.Status = STATUS_IO_DEVICE_ERROR;
        verdict.Retry = TRUE;
    }
    if (!transfer && Packet->Io != NULL && SRB_STATUS(srb->SrbStatus) == SRB_STATUS_DATA_OVERRUN && !verdict.SenseValid) {
        verdict.Status = STATUS_SUCCESS; /* a raw command may ask for more than there is */
    }
    *Status = verdict.Status;
    retry = verdict.Retry && !NT_SUCCESS(verdict.Status);
    if (transfer && verdict.Status == STATUS_INSUFFICIENT_RESOURCES) {
        retry = FALSE;
        pages = !Packet->OnePage && disk->Removal == DiskNotRemoved;
    } else if (Packet->Finished != DiskFlushStep && !transfer) {
        retry = FALSE; /* a raw command: the caller sees every error */
    } else if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        retry = FALSE; /* the final step of a flush has no budget */
    }
    retry = retry && disk->Removal == DiskNotRemoved && Afford(Packet, &verdict);
    DiskReact(disk, srb, &verdict, retry || pages, Packet->RetriesDone);
    if (retry) {
        DiskRewrite(disk, srb, &verdict);
    }
    if (frozen) {
        DiskStartSide(disk, DiskSideRelease);
    }
    if (retry) {
        Resend(Packet, verdict.Interval);
    }
    return retry ? OutcomeRetrying : pages ? OutcomePageByPage : OutcomeFinal;
}

static NTSTATUS PacketCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PDISK_PACKET packet = Context;
    NTSTATUS status = STATUS_SUCCESS;
    OUTCOME outcome = OutcomeFinal;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    if (__builtin_expect(SRB_STATUS(packet->Srb.SrbStatus) == SRB_STATUS_SUCCESS, 1)) {
        if (packet->Disk->ErrorCount != 0) {
            DiskCountSuccess(packet->Disk);
        }
    } else {
        outcome = Failed(packet, &status);
    }
    if (outcome == OutcomeRetrying) {
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (outcome == OutcomePageByPage) {
        packet->OnePage = TRUE;
        DiskStartTransfer(packet);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
    if (NT_SUCCESS(status)) {
        packet->Moved += packet->Srb.DataTransferLength <= packet->RunningBytes ? packet->Srb.DataTransferLength
                                                                                : packet->RunningBytes;
        packet->DoneBlocks += packet->RunningBlocks;
        if (packet->OnePage && packet->DoneBlocks < packet->Blocks) {
            DiskStartTransfer(packet);
            return STATUS_MORE_PROCESSING_REQUIRED;
        }
    }
    packet->Finished(packet, status);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
