/* SPDX-License-Identifier: MIT */
/*
 * The disk class driver, private declarations. Glossary:
 *
 *   disk      one FDO, on a pseudo-LUN or on a port's LUN
 *   packet    IRP, SRB, sense buffer, MDL and retry state of one piece of one I/O; kept on a list per disk
 *   piece     part of a DISK_IO that fits the adapter's largest transfer
 *   side      one preallocated SRB per purpose that nobody waits for: release queue, reset bus, start unit
 *   holder    whoever keeps the disk from being removed (IRPs at dispatch, I/Os, sides, workers)
 *
 * Locks: DISK.Lock (spin) guards Waiting, the flush lists, the throttle and the sides; DISK_MACHINE.Lock
 * (spin) guards the list of disks and the numbers. Neither is held while a lower driver or Done is called.
 */
#ifndef MPIO_DISK_DISK_H
#define MPIO_DISK_DISK_H

#include "nt/driver.h"
#include <srb.h>
#include <scsi.h>
#include <ntddstor.h>
#include <ntdddisk.h>
#include <ntddscsi.h>
#include "disk/interpret.h"
#include "disk/volume.h"

#define DISK_TAG 'ksiD'

#define DISK_MAXIMUM_RETRIES        4   /* 2.1 */
#define DISK_LEGACY_RETRIES         8
#define DISK_THRESHOLD_RETRIES      32
#define DISK_SMALL_RETRIES          1   /* MODE SENSE, MODE SELECT */
#define DISK_DEFAULT_TIMEOUT        10  /* seconds */
#define DISK_FLUSH_FACTOR           4
#define DISK_START_UNIT_TIMEOUT     240
#define DISK_SYNCHRONOUS_DELAY      2   /* seconds at least, not ready 04/x and selection time-out */
#define DISK_SENSE_LENGTH           255 /* StorPort's TotalSenseDataBytes */
#define DISK_LARGEST_PIECE          (8u << 20)
#define DISK_LARGEST_CDB10          65535u /* blocks */
#define DISK_MAXIMUM_PACKETS        1024
#define DISK_THROTTLE_LEVEL         4   /* 2.3 */
#define DISK_THROTTLE_FULL_LEVEL    8
#define DISK_THROTTLE_MINIMUM_RUN   16
#define DISK_SECOND                 10000000ll

typedef struct _DISK DISK, *PDISK;
typedef struct _DISK_PACKET DISK_PACKET, *PDISK_PACKET;

/* What DISK_IO.Private holds while the class driver owns the I/O. */
typedef struct _DISK_PROGRESS {
    ULONGLONG NextLba;
    ULONG Left;                 /* blocks not yet given to a packet */
    LONG Outstanding;           /* pieces, + 1 until the last piece is started */
    NTSTATUS Status;            /* worst so far */
    BOOLEAN WriteThrough;
    BOOLEAN Paging;
    BOOLEAN OverrideVerify;
    PUCHAR NextBuffer;
} DISK_PROGRESS, *PDISK_PROGRESS;
C_ASSERT(sizeof(DISK_PROGRESS) <= sizeof(((DISK_IO *)0)->Private));

struct _DISK_PACKET {
    SINGLE_LIST_ENTRY Entry;    /* on the free list */
    PDISK Disk;
    PDISK_IO Io;                /* NULL: a flush step */
    PIRP Irp;
    VOID (*Finished)(PDISK_PACKET Packet, NTSTATUS Status);
    PMDL Mdl;                   /* behind the packet until a piece needs more */
    ULONG MdlRoom;              /* bytes it can describe, wherever they begin */
    PUCHAR Buffer;              /* of the piece, and of the transfer now running: */
    ULONGLONG Lba;
    ULONG Blocks;
    ULONG DoneBlocks;           /* one-page mode: finished part of the piece */
    ULONG RunningBlocks;
    ULONG RunningBytes;
    ULONG Flags;                /* SRB flags of the transfer */
    ULONG TimeOut;
    ULONG_PTR Moved;            /* bytes, whole piece */
    UCHAR RetriesLeft;
    UCHAR TimeOutsLeft;
    UCHAR ThresholdLeft;
    UCHAR RetriesDone;
    BOOLEAN OnePage;            /* INSUFFICIENT_RESOURCES from below: page by page */
    BOOLEAN SenseUsed;
    UCHAR QueueAction;
    KTIMER Timer;
    KDPC Dpc;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[DISK_SENSE_LENGTH];
};

typedef enum _DISK_SIDE_KIND { DiskSideRelease, DiskSideResetBus, DiskSideStartUnit, DiskSideCount } DISK_SIDE_KIND;

typedef struct _DISK_SIDE {
    PDISK Disk;
    PIRP Irp;                   /* release queue: made at start; others: when first needed */
    SCSI_REQUEST_BLOCK Srb;
    BOOLEAN Running;
    BOOLEAN Needed;             /* asked for again meanwhile (release queue only) */
} DISK_SIDE, *PDISK_SIDE;

typedef enum _DISK_REMOVAL { DiskNotRemoved, DiskRemovePending, DiskRemoved } DISK_REMOVAL;

struct _DISK {
    PDEVICE_OBJECT Self, Pdo, Lower;
    LIST_ENTRY Link;            /* DISK_MACHINE.Disks, once started */
    ULONG Number;
    BOOLEAN Listed, Initialized, Multipath;
    ULONG MultipathNumber;
    UCHAR CurrentState, PreviousState; /* IRP_MN_* */
    volatile LONG Removal;      /* DISK_REMOVAL */
    volatile LONG Holders;
    KEVENT NoHolders;

    /* geometry and limits: written by start and re-reads, single words */
    ULONG BlockSize, BlockShift;
    ULONGLONG Blocks;
    BOOLEAN Use16;
    BOOLEAN Removable, CommandQueueing;
    ULONG MaximumTransfer, MaximumPages, MaximumPiece, AlignmentMask;
    ULONG TimeOut, DefaultFlags;
    UCHAR Retries;              /* budget */
    BOOLEAN LegacyErrors, SafeStartUnit, CauseUnknownHack, NoReserve6;
    ULONG VerifyFlag, MediaChanges;
    LONG PagingPaths, HibernationPaths, DumpPaths;

    /* write cache */
    BOOLEAN CacheOn, FuaUnsupported, CacheProtected, CacheForcedOn, DeviceFua, CacheKnown;
    UCHAR CachePage[64];        /* header and page 08h as read */
    ULONG CachePageLength;

    /* VPD and READ CAPACITY(16) facts */
    BOOLEAN HaveLimits, HaveProvisioning, HaveCharacteristics, Unmap, Thin, ZeroReads, FlushFailedLogged;
    UCHAR PhysicalExponent;
    USHORT LowestAligned;
    USHORT RotationRate;
    ULONG LimitBlocks, UnmapGranularity, UnmapAlignment;

    /* packets */
    SINGLE_LIST_ENTRY FreePackets; /* plain: one OS thread per world, no kernel call between look and change */
    volatile LONG PacketCount;
    KSPIN_LOCK Lock;
    LIST_ENTRY Waiting;         /* DISK_IO.Link: pieces left, no packet */
    volatile LONG WaitingCount;

    /* flush: one group runs, the next one gathers */
    LIST_ENTRY FlushRunning, FlushGathering;
    BOOLEAN FlushActive;
    PDISK_PACKET FlushPacket;   /* made by the first flush */
    NTSTATUS FlushStatus;

    /* throttle */
    ULONG ErrorCount, SuccessRun, RestoreAfter;

    DISK_SIDE Side[DiskSideCount];
    PIO_WORKITEM CacheWork, CapacityWork;
    volatile LONG CacheWorkQueued, CapacityWorkQueued;

    PSTORAGE_DEVICE_DESCRIPTOR Device;
    ULONG DeviceBytes;
    CHAR Identifier[80];
};

/* Per machine: ROOT_DISK. */
typedef struct _DISK_MACHINE {
    KSPIN_LOCK Lock;
    LIST_ENTRY Disks;           /* in the order of their start */
    ULONG NextDevice;           /* m of \Device\HarddiskN\DRm */
    PULONG Numbers;             /* bitmap of used N */
    ULONG NumberWords;
    DISK_OBSERVER *Observer;
    PVOID ObserverContext;
    NPAGED_LOOKASIDE_LIST Ios;  /* DISK_IO for IRPs */
} DISK_MACHINE, *PDISK_MACHINE;

static inline PDISK_MACHINE DiskMachine(VOID)
{
    return (PDISK_MACHINE)*NtDriverRoot(ROOT_DISK);
}

static inline PDISK DiskOf(PDEVICE_OBJECT DeviceObject)
{
    return (PDISK)DeviceObject->DeviceExtension;
}

/* ---- holders (4.4) --------------------------------------------------------------------------------------- */
/* FALSE: the disk is being removed. Release it all the same. */
static inline BOOLEAN DiskHold(PDISK Disk)
{
    InterlockedIncrement(&Disk->Holders);
    return Disk->Removal == DiskNotRemoved;
}

static inline VOID DiskRelease(PDISK Disk)
{
    if (InterlockedDecrement(&Disk->Holders) == 0) {
        KeSetEvent(&Disk->NoHolders, IO_NO_INCREMENT, FALSE);
    }
}

static inline NTSTATUS DiskComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- packet.c ------------------------------------------------------------------------------------------------ */
PDISK_PACKET DiskNewPacket(PDISK Disk);
VOID DiskFreePacket(PDISK_PACKET Packet);
PDISK_PACKET DiskTakePacket(PDISK Disk);        /* NULL: wait for one to come back */
VOID DiskStartTransfer(PDISK_PACKET Packet);    /* builds the CDB of Lba, Blocks and sends it */
VOID DiskStartSrb(PDISK_PACKET Packet);         /* Srb.Function and Cdb as they stand, no data or Buffer/RunningBytes */

/* ---- submit.c, irp.c, flush.c --------------------------------------------------------------------------------- */
VOID DiskSubmitIo(PDISK Disk, PDISK_IO Io, BOOLEAN Paging, BOOLEAN OverrideVerify);
VOID DiskContinueWaiting(PDISK Disk);           /* after a packet came back */
VOID DiskFlushSubmit(PDISK Disk, PDISK_IO Io);
VOID DiskFlushStep(PDISK_PACKET Packet, NTSTATUS Status);
DRIVER_DISPATCH DiskReadWrite, DiskFlushBuffers, DiskShutdown;

/* ---- react.c: what follows an error, 1.5, 1.7, 2.3, 2.9 --------------------------------------------------------- */
VOID DiskFacts(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, ULONG RetriesDone, PDISK_ERROR_FACTS Facts);
/* Actions on the device and the log; not those on the CDB (DiskRewrite). */
VOID DiskReact(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, const DISK_VERDICT *Verdict, BOOLEAN Retried, ULONG RetriesDone);
VOID DiskRewrite(PDISK Disk, PSCSI_REQUEST_BLOCK Srb, const DISK_VERDICT *Verdict);
VOID DiskCountSuccess(PDISK Disk);
VOID DiskStartSide(PDISK Disk, DISK_SIDE_KIND Kind);
VOID DiskReclaimSense(PSCSI_REQUEST_BLOCK Srb, PUCHAR Own, UCHAR OwnLength);

/* ---- sync.c: synchronous requests, PASSIVE_LEVEL ---------------------------------------------------------------- */
typedef struct _DISK_COMMAND {
    UCHAR Function;             /* SRB_FUNCTION_* */
    UCHAR CdbLength;
    UCHAR QueueAction;          /* 0: simple */
    BOOLEAN DataOut;
    BOOLEAN Untagged;
    UCHAR Retries;
    UCHAR Cdb[16];
    PVOID Buffer;               /* nonpaged */
    ULONG Length;
    ULONG TimeOut;              /* seconds; 0: the disk's */
    ULONG Moved;                /* result: bytes */
    PVOID Answer;               /* result: DataBuffer of a claim */
} DISK_COMMAND, *PDISK_COMMAND;

NTSTATUS DiskCommand(PDISK Disk, PDISK_COMMAND Command);
NTSTATUS DiskSendControl(PDEVICE_OBJECT Device, ULONG Code, PVOID Input, ULONG InputLength, PVOID Output,
                         ULONG OutputLength, PULONG Returned);
NTSTATUS DiskClaim(PDEVICE_OBJECT Top, UCHAR Function);
/* Two-step query; the descriptor is pool memory (DISK_TAG), *Bytes >= Minimum, padded with zeros. */
NTSTATUS DiskQueryProperty(PDISK Disk, STORAGE_PROPERTY_ID Id, ULONG Minimum, PVOID *Descriptor, PULONG Bytes);

/* ---- start.c, capacity.c ---------------------------------------------------------------------------------- */
NTSTATUS DiskStart(PDISK Disk);
NTSTATUS DiskReadCapacity(PDISK Disk);
VOID DiskReadPages(PDISK Disk);
NTSTATUS DiskReadCachePage(PDISK Disk);
NTSTATUS DiskSetCache(PDISK Disk, BOOLEAN On);
VOID DiskReadSettings(PDISK Disk);
VOID DiskIdentify(PDISK Disk);
ULONG DiskBigEndian32(const UCHAR *Bytes);

/* ---- control.c, reserve.c, property.c, pnp.c --------------------------------------------------------------------------- */
DRIVER_DISPATCH DiskDeviceControl, DiskPnp;
NTSTATUS DiskForward(PDISK Disk, PIRP Irp);     /* gives up the hold and passes the IRP down */
NTSTATUS DiskReserveUnit(PDISK Disk, BOOLEAN Reserve);
NTSTATUS DiskPersistentReserve(PDISK Disk, PIRP Irp, PULONG Information);
/* FALSE: not a property of the class; pass it down. */
BOOLEAN DiskClassProperty(PDISK Disk, PIRP Irp, NTSTATUS *Status, PULONG Information);
VOID DiskFreeResources(PDISK Disk);
VOID DiskFreeNumber(ULONG Number);

#endif
