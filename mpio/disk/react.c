/* SPDX-License-Identifier: MIT */
/*
 * What follows an error besides the retry: throttle, queue release, bus reset, START UNIT, log, workers.
 * <= DISPATCH_LEVEL; workers PASSIVE_LEVEL. DISK.Lock guards counters and sides. Rules: class-driver
 * reference 1.5, 1.7, 2.3, 2.9.
 */
#include "disk/disk.h"

VOID DiskFacts(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, ULONG RetriesDone, PDISK_ERROR_FACTS Facts)
{
    RtlZeroMemory(Facts, sizeof(*Facts));
    Facts->SrbStatus = Srb->SrbStatus;
    Facts->ScsiStatus = Srb->ScsiStatus;
    Facts->Sense = Srb->SenseInfoBuffer;
    Facts->SenseLength = Srb->SenseInfoBufferLength;
    Facts->InternalStatus = Srb->InternalStatus;
    Facts->DataTransferLength = Srb->DataTransferLength;
    Facts->Cdb = Srb->Function == SRB_FUNCTION_EXECUTE_SCSI ? Srb->Cdb : NULL;
    Facts->RetriesDone = RetriesDone;
    Facts->Blocks = Disk->Blocks;
    Facts->Removable = Disk->Removable;
    Facts->VerifyFlag = Disk->VerifyFlag != 0;
    Facts->SafeStartUnit = Disk->SafeStartUnit;
    Facts->CauseUnknownHack = Disk->CauseUnknownHack;
    Facts->LegacyErrors = Disk->LegacyErrors;
}

/* A port may answer in a buffer of its own: take the sense over and give the buffer back. */
VOID DiskReclaimSense(PSCSI_REQUEST_BLOCK Srb, PUCHAR Own, UCHAR OwnLength)
{
    if (Srb->SenseInfoBuffer == Own) {
        if (Srb->SenseInfoBufferLength > OwnLength) {
            Srb->SenseInfoBufferLength = OwnLength;
        }
        return;
    }
    if (Srb->SenseInfoBuffer != NULL) {
        if (Srb->SenseInfoBufferLength > OwnLength) {
            Srb->SenseInfoBufferLength = OwnLength;
        }
        RtlCopyMemory(Own, Srb->SenseInfoBuffer, Srb->SenseInfoBufferLength);
        if ((Srb->SrbFlags & SRB_FLAGS_FREE_SENSE_BUFFER) != 0) {
            ExFreePool(Srb->SenseInfoBuffer);
            Srb->SrbFlags &= ~(ULONG)SRB_FLAGS_FREE_SENSE_BUFFER;
        }
    }
    Srb->SenseInfoBuffer = Own;
}

/* ---- throttle ------------------------------------------------------------------------------------------- */

static VOID SetThrottledFlags(PDISK Disk)
{
    ULONG flags = Disk->DefaultFlags;

    flags &= ~(ULONG)(SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_QUEUE_ACTION_ENABLE | SRB_FLAGS_DISABLE_SYNCH_TRANSFER |
                      SRB_FLAGS_DISABLE_DISCONNECT);
    if (Disk->ErrorCount >= DISK_THROTTLE_LEVEL) {
        flags |= SRB_FLAGS_DISABLE_SYNCH_TRANSFER;
    } else {
        flags |= (Disk->Removable ? 0 : SRB_FLAGS_NO_QUEUE_FREEZE) |
                 (Disk->CommandQueueing ? SRB_FLAGS_QUEUE_ACTION_ENABLE : 0);
    }
    if (Disk->ErrorCount >= DISK_THROTTLE_FULL_LEVEL) {
        flags |= SRB_FLAGS_DISABLE_DISCONNECT;
    }
    Disk->DefaultFlags = flags;
}

static VOID CountError(PDISK Disk)
{
    KIRQL irql;

    KeAcquireSpinLock(&Disk->Lock, &irql);
    Disk->ErrorCount++;
    Disk->SuccessRun = 0;
    SetThrottledFlags(Disk);
    KeReleaseSpinLock(&Disk->Lock, irql);
}

/* Called while ErrorCount is not 0. Without RestorePerfAtCount a disk stays throttled, as published. */
VOID DiskCountSuccess(PDISK Disk)
{
    KIRQL irql;

    if (Disk->RestoreAfter == 0) {
        return;
    }
    KeAcquireSpinLock(&Disk->Lock, &irql);
    if (Disk->ErrorCount != 0 && ++Disk->SuccessRun >= Disk->RestoreAfter) {
        Disk->SuccessRun = 0;
        Disk->ErrorCount--;
        SetThrottledFlags(Disk);
    }
    KeReleaseSpinLock(&Disk->Lock, irql);
}

/* ---- sides -------------------------------------------------------------------------------------------------- */

static NTSTATUS SideCompleted(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PDISK_SIDE side = Context;
    PDISK disk = side->Disk;
    BOOLEAN again;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&disk->Lock, &irql);
    side->Running = FALSE;
    again = side->Needed;
    side->Needed = FALSE;
    KeReleaseSpinLock(&disk->Lock, irql);
    if (again) {
        DiskStartSide(disk, (DISK_SIDE_KIND)(side - disk->Side));
    }
    DiskRelease(disk);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static VOID BuildSide(PDISK Disk, DISK_SIDE_KIND Kind, PSCSI_REQUEST_BLOCK Srb)
{
    RtlZeroMemory(Srb, sizeof(*Srb));
    Srb->Length = sizeof(*Srb);
    Srb->QueueTag = SP_UNTAGGED;
    Srb->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    Srb->TimeOutValue = Disk->TimeOut;
    switch (Kind) {
    case DiskSideRelease:
        Srb->Function = Disk->Removable ? SRB_FUNCTION_FLUSH_QUEUE : SRB_FUNCTION_RELEASE_QUEUE;
        Srb->SrbFlags = SRB_FLAGS_BYPASS_FROZEN_QUEUE;
        break;
    case DiskSideResetBus:
        Srb->Function = SRB_FUNCTION_RESET_BUS;
        break;
    default:
        Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
        Srb->CdbLength = 6;
        Srb->Cdb[0] = SCSIOP_START_STOP_UNIT;
        Srb->Cdb[4] = 0x01;
        Srb->TimeOutValue = DISK_START_UNIT_TIMEOUT;
        Srb->QueueAction = SP_UNTAGGED;
        Srb->SrbFlags = SRB_FLAGS_DISABLE_AUTOSENSE | SRB_FLAGS_DISABLE_SYNCH_TRANSFER | SRB_FLAGS_NO_QUEUE_FREEZE;
        break;
    }
}

VOID DiskStartSide(PDISK Disk, DISK_SIDE_KIND Kind)
{
    PDISK_SIDE side = &Disk->Side[Kind];
    PIO_STACK_LOCATION next;
    BOOLEAN start;
    KIRQL irql;

    if (!DiskHold(Disk)) {
        DiskRelease(Disk);
        return;
    }
    KeAcquireSpinLock(&Disk->Lock, &irql);
    start = !side->Running;
    if (side->Irp == NULL) {
        side->Irp = IoAllocateIrp(Disk->Lower->StackSize, FALSE);
        start = side->Irp != NULL;
    }
    if (start) {
        side->Running = TRUE;
    } else if (Kind == DiskSideRelease) {
        side->Needed = TRUE; /* the queue may have frozen again behind the one under way */
    }
    KeReleaseSpinLock(&Disk->Lock, irql);
    if (!start) {
        DiskRelease(Disk);
        return;
    }
    BuildSide(Disk, Kind, &side->Srb);
    IoReuseIrp(side->Irp, STATUS_NOT_SUPPORTED);
    side->Srb.OriginalRequest = side->Irp;
    next = IoGetNextIrpStackLocation(side->Irp);
    next->MajorFunction = IRP_MJ_SCSI;
    next->MinorFunction = IRP_MN_SCSI_CLASS;
    next->Parameters.DeviceIoControl.IoControlCode = IOCTL_SCSI_EXECUTE_NONE;
    next->Parameters.Scsi.Srb = &side->Srb;
    IoSetCompletionRoutine(side->Irp, SideCompleted, side, TRUE, TRUE, TRUE);
    (VOID)IoCallDriver(Disk->Lower, side->Irp);
}

/* ---- workers --------------------------------------------------------------------------------------------------- */

static VOID CacheOffWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PDISK disk = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (disk->Removal == DiskNotRemoved) {
        (VOID)DiskSetCache(disk, FALSE);
    }
    disk->CacheWorkQueued = 0;
    DiskRelease(disk);
}

static VOID CapacityWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PDISK disk = Context;
    ULONGLONG before = disk->Blocks;

    UNREFERENCED_PARAMETER(DeviceObject);
    disk->CapacityWorkQueued = 0;
    if (disk->Removal == DiskNotRemoved && NT_SUCCESS(DiskReadCapacity(disk)) && disk->Blocks != before) {
        NtLogEvent(0, "disk", "Disk%u: capacity changed from %llu to %llu blocks", disk->Number, before, disk->Blocks);
    }
    DiskRelease(disk);
}

static VOID QueueWork(PDISK Disk, volatile LONG *Queued, PIO_WORKITEM Item, PIO_WORKITEM_ROUTINE Routine)
{
    if (InterlockedExchange(Queued, 1) != 0) {
        return;
    }
    if (!DiskHold(Disk)) {
        *Queued = 0;
        DiskRelease(Disk);
        return;
    }
    IoQueueWorkItem(Item, Routine, DelayedWorkQueue, Disk);
}

/* ---- log -------------------------------------------------------------------------------------------------------------- */

static VOID Log(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, const DISK_VERDICT *Verdict, BOOLEAN Retried, ULONG RetriesDone)
{
    ULONG code = Verdict->LogCode;

    if (code == DISK_LOG_PAGING_FAILURE && Retried) {
        code = 0;
    }
    if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI && Retried && RetriesDone == 0 && code == 0 &&
        (Verdict->Actions & DISK_ACT_LOG_RETRY) != 0 && DiskIsReadWrite(Srb->Cdb)) {
        code = DISK_LOG_RETRIED;
    }
    if (code == 0 || (Srb->Cdb[0] == SCSIOP_TEST_UNIT_READY && Srb->Function == SRB_FUNCTION_EXECUTE_SCSI)) {
        return;
    }
    NtLogEvent(code & 0xFFFF, "disk", "Disk%u: command 0x%02X, SRB status 0x%02X, sense %X/%02X/%02X, status 0x%08X%s",
               Disk->Number, Srb->Cdb[0], Srb->SrbStatus, Verdict->Sense.Key, Verdict->Sense.Asc, Verdict->Sense.Ascq,
               (ULONG)Verdict->Status, Retried ? ", retried" : "");
}

VOID DiskReact(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, const DISK_VERDICT *Verdict, BOOLEAN Retried, ULONG RetriesDone)
{
    ULONG actions = Verdict->Actions;

    Log(Disk, Srb, Verdict, Retried, RetriesDone);
    if ((actions & DISK_ACT_COUNT_ERROR) != 0) {
        CountError(Disk);
    }
    if ((actions & DISK_ACT_MEDIA_CHANGE) != 0) {
        InterlockedIncrement((volatile LONG *)&Disk->MediaChanges);
    }
    if ((actions & DISK_ACT_VERIFY) != 0) {
        Disk->VerifyFlag = 1;
    }
    if ((actions & DISK_ACT_START_UNIT) != 0) {
        DiskStartSide(Disk, DiskSideStartUnit);
    }
    if ((actions & DISK_ACT_RESET_BUS) != 0) {
        DiskStartSide(Disk, DiskSideResetBus);
    }
    if ((actions & DISK_ACT_RELATIONS) != 0) {
        IoInvalidateDeviceRelations(Disk->Pdo, BusRelations);
    }
    if ((actions & (DISK_ACT_CAPACITY | DISK_ACT_PROVISIONING)) != 0) {
        QueueWork(Disk, &Disk->CapacityWorkQueued, Disk->CapacityWork, CapacityWorker);
    }
    if ((actions & DISK_ACT_EXHAUSTED) != 0) {
        NtLogEvent(0, "disk", "Disk%u: the thinly provisioned device is out of space", Disk->Number);
    }
}

/* The changes to a CDB that is about to be sent again. */
VOID DiskRewrite(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, const DISK_VERDICT *Verdict)
{
    if ((Verdict->Actions & DISK_ACT_FUA_OFF) != 0) {
        Disk->FuaUnsupported = TRUE;
        Srb->Cdb[1] &= (UCHAR)~0x08;
        if (Disk->CacheForcedOn) {
            NtLogEvent(DISK_LOG_FUA_PROBLEM & 0xFFFF, "disk",
                       "Disk%u refuses FUA while its write cache is forced on: write-through is not kept", Disk->Number);
        } else {
            QueueWork(Disk, &Disk->CacheWorkQueued, Disk->CacheWork, CacheOffWorker);
        }
    }
    if ((Verdict->Actions & DISK_ACT_MODE_PAGE_8) != 0) {
        Srb->Cdb[2] = (UCHAR)((Srb->Cdb[2] & 0xC0) | MODE_PAGE_CACHING);
    }
    if ((Verdict->Actions & DISK_ACT_RESERVE_10) != 0) {
        Disk->NoReserve6 = TRUE;
        Srb->Cdb[0] = Srb->Cdb[0] == SCSIOP_RESERVE_UNIT ? SCSIOP_RESERVE_UNIT10 : SCSIOP_RELEASE_UNIT10;
        RtlZeroMemory(Srb->Cdb + 1, sizeof(Srb->Cdb) - 1);
        Srb->CdbLength = 10;
    }
}
