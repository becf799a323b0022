/* SPDX-License-Identifier: MIT */
/*
 * What the layer above the class driver (the embedding interface, tests) may ask of it directly:
 * which disks exist, and I/O without a system call's ceremony. Windows dialect; include after
 * <ntddk.h>. Everything here runs in the machine's own context (an interrupt, DPC or thread of it).
 */
#ifndef MPIO_DISK_VOLUME_H
#define MPIO_DISK_VOLUME_H

#include <ntddk.h>

typedef enum _DISK_OPERATION {
    DiskRead,
    DiskWrite,
    DiskWriteThrough,       /* FUA when the write cache is on */
    DiskFlush,
    DiskScsi                /* Cdb as it stands: one request, no splitting, no retry */
} DISK_OPERATION;

/* One I/O. The caller owns it and its buffer; both are the class driver's until Done is called. */
typedef struct _DISK_IO {
    DISK_OPERATION Operation;
    ULONGLONG Lba;
    ULONG Blocks;           /* DiskScsi: bytes of Buffer */
    PVOID Buffer;           /* nonpaged */
    UCHAR Cdb[16];
    UCHAR CdbLength;
    BOOLEAN DataOut;        /* DiskScsi */
    ULONG TimeOut;          /* seconds; 0 = the disk's */
    /* results */
    NTSTATUS Status;
    ULONG_PTR Information;  /* bytes */
    UCHAR ScsiStatus;
    UCHAR Sense[32];
    VOID (*Done)(struct _DISK_IO *Io); /* <= DISPATCH_LEVEL, exactly once; may submit again */
    PVOID User;
    ULONGLONG Private[6];   /* the class driver's */
    LIST_ENTRY Link;
} DISK_IO, *PDISK_IO;

/* Starts one I/O. <= DISPATCH_LEVEL. Errors of every kind (removed, bad range) arrive through Done too. */
VOID DiskSubmit(PDEVICE_OBJECT Disk, PDISK_IO Io);

typedef struct _DISK_INFO {
    ULONG Number;           /* N of \Device\HarddiskN */
    ULONG BlockSize;        /* bytes; 512 when the capacity could not be read */
    ULONGLONG Blocks;       /* 0 when the capacity could not be read */
    BOOLEAN Multipath;      /* sits on a pseudo-LUN */
    BOOLEAN Present;        /* started and not removed */
    ULONG MultipathNumber;  /* N of \Device\MPIODiskN */
    CHAR Vendor[9];
    CHAR Product[17];
    CHAR Serial[64];
    CHAR Identifier[80];    /* best VPD 83 designator of the LUN as text: hex of a binary one */
} DISK_INFO, *PDISK_INFO;

/* Disks of this machine in the order they started; NULL gives the first. <= DISPATCH_LEVEL. */
PDEVICE_OBJECT DiskNext(PDEVICE_OBJECT Disk);
VOID DiskQuery(PDEVICE_OBJECT Disk, PDISK_INFO Info);

/* One observer per machine: a disk started (Arrived) or is gone. Gone: its I/O has all been completed; the device
 * object must not be used after the call. PASSIVE_LEVEL. */
typedef VOID DISK_OBSERVER(PVOID Context, PDEVICE_OBJECT Disk, BOOLEAN Arrived);
VOID DiskObserve(DISK_OBSERVER *Observer, PVOID Context);

NTSTATUS DiskDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

#endif
