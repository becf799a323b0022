/* SPDX-License-Identifier: MIT */
/*
 * A StorPort virtual miniport: one RAM disk behind every target of every adapter, so that each target is
 * one more path to the same LUN. Written as for the WDK; nothing here knows who loads it.
 *
 * Settings, REG_DWORD below Services\<service>\Parameters\Device (none is needed):
 *   DiskMegabytes     size of the disk (16)
 *   Buses, Targets    of each adapter (1, 2)
 *   LatencyMicroseconds  of a command (1000)
 *   FailPath          this path dies: its ordinal over adapters, buses and targets (none)
 *   FailAfter         after so many reads and writes on it (100)
 *   FailStatus        the SRB status it dies with (8, SRB_STATUS_NO_DEVICE)
 *   ReturnAfterMs     it returns after so long; 0: never (0)
 */
#ifndef VMINIPORT_H
#define VMINIPORT_H

#include <ntddk.h>
#include <storport.h>
#include <scsi.h>

#define VM_TAG          'nimV'
#define VM_BLOCK        512
#define VM_MAX_BUSES    2
#define VM_MAX_TARGETS  4
#define VM_NO_PATH      ((ULONG)~0)

typedef struct _VM_SETTINGS {
    ULONG DiskMegabytes, Buses, Targets, Latency;
    ULONG FailPath, FailAfter, FailStatus, ReturnAfter;
} VM_SETTINGS, *PVM_SETTINGS;

typedef struct _VM_TARGET {
    ULONG Path;         /* ordinal */
    ULONG Transfers;    /* reads and writes so far */
    BOOLEAN Dead;
    BOOLEAN Failed;     /* it dies once */
} VM_TARGET, *PVM_TARGET;

/* Device extension. Lock guards Pending and the targets. */
typedef struct _VM_ADAPTER {
    VM_SETTINGS Settings;
    ULONG Ordinal;
    KSPIN_LOCK Lock;
    LIST_ENTRY Pending;     /* VM_REQUEST, in order of Due */
    PVOID Timer;            /* for the oldest of Pending */
    PVOID ReturnTimer;
    BOOLEAN HasDisk;
    VM_TARGET Targets[VM_MAX_BUSES][VM_MAX_TARGETS];
} VM_ADAPTER, *PVM_ADAPTER;

/* SRB extension. */
typedef struct _VM_REQUEST {
    LIST_ENTRY Link;
    PSCSI_REQUEST_BLOCK Srb;
    ULONGLONG Due;          /* interrupt time */
} VM_REQUEST, *PVM_REQUEST;

/* queue.c */
HW_STARTIO VmStartIo;
HW_RESET_BUS VmResetBus;
HW_TIMER_EX VmReturn;
PVM_TARGET VmTargetOf(PVM_ADAPTER Adapter, ULONG PathId, ULONG TargetId);   /* NULL: there is none */
VOID VmEndPending(PVM_ADAPTER Adapter, PVM_TARGET Target, UCHAR SrbStatus); /* NULL: of every target */

/* disk.c */
BOOLEAN VmOpenDisk(ULONG Megabytes);    /* the first adapter makes it; PASSIVE_LEVEL */
VOID VmCloseDisk(VOID);                 /* the last one frees it */
BOOLEAN VmIsTransfer(PSCSI_REQUEST_BLOCK Srb);
/* Carries one command out; sets SrbStatus, ScsiStatus, DataTransferLength and sense data. */
VOID VmExecute(PVM_ADAPTER Adapter, PVM_TARGET Target, PSCSI_REQUEST_BLOCK Srb);

#endif
