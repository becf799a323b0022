/* SPDX-License-Identifier: MIT */
/*
 * The storage port, private declarations. Glossary:
 *
 *   adapter   one HBA: the FDO made on top of the bus driver's PDO, with one instance of the miniport
 *   unit      one LUN behind one target of one adapter: a PDO with a queue
 *   probe     the adapter's unit without a PDO, through which the scan speaks to an address
 *   request   one SRB on its way: waiting in a unit's queue, or active = owned by the miniport
 *   hold      a reason why a unit or an adapter starts nothing (bits *_HOLD_*)
 *   drain     completing upward what the miniport has returned
 *
 * Locks, in the order of acquisition: unit lock or adapter lock (never both ways round: adapter, then
 * unit) - tick lock; StartIo lock - Interrupt lock (DIRQL). A completion is never passed up with a lock held.
 *
 * Counters and the free list that every request touches need no atomic instruction: a machine runs on one
 * OS thread, and its contexts switch inside kernel calls only. Such fields are marked "plain".
 */
#ifndef MPIO_PORT_PORT_H
#define MPIO_PORT_PORT_H

#include <string.h>

#include "nt/driver.h"
#include <storport.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <srbhelper.h>
#include "port/portctl.h"

#define PORT_TAG 'troP'

#define PORT_DIRQL              5       /* level of the Interrupt lock */
#define PORT_BUSY_RETRIES       20      /* resends after BUSY or QUEUE FULL (class-driver 2.4) */
#define PORT_BUSY_PAUSE         (250 * 10000ull)    /* 100 ns */
#define PORT_QUEUE_FULL_PERCENT 25      /* share of the outstanding requests to wait for */
#define PORT_SECOND             10000000ull
#define PORT_RESET_LUN_TIME     (10 * PORT_SECOND)  /* limit of each rung of the reset ladder */
#define PORT_RESET_TARGET_TIME  (10 * PORT_SECOND)
#define PORT_RESET_BUS_TIME     (10 * PORT_SECOND)
#define PORT_MAXIMUM_DEPTH      255     /* requests of one unit at the miniport */
#define PORT_PHYSICAL_DEPTH     20
#define PORT_VIRTUAL_DEPTH      250
#define PORT_MAXIMUM_IO         1000
#define PORT_DRAIN_DEPTH        2       /* nested drains on one adapter before the DPC takes over */
#define PORT_ADDRESSES          256     /* targets of a bus, LUNs of a target */
#define PORT_INQUIRY_BYTES      96
#define PORT_PAGE_BYTES         1024    /* longest VPD page kept */
#define PORT_DEFAULT_LUNS       8       /* probed one by one where REPORT LUNS is not supported */
#define PORT_ARGUMENT_BYTES     256

typedef struct _PORT_ADAPTER PORT_ADAPTER, *PPORT_ADAPTER;
typedef struct _PORT_UNIT PORT_UNIT, *PPORT_UNIT;
typedef struct _PORT_REQUEST PORT_REQUEST, *PPORT_REQUEST;

/* First member of every device extension of the room. */
typedef struct _PORT_HEADER {
    ULONG Kind;
    PDEVICE_OBJECT Self;
} PORT_HEADER, *PPORT_HEADER;
#define PORT_KIND_ADAPTER 1
#define PORT_KIND_UNIT    2

/* What one miniport registered: driver object extension. */
typedef struct _PORT_DRIVER {
    PDRIVER_OBJECT DriverObject;
    HW_INITIALIZATION_DATA Init;    /* zero where the caller's was shorter */
    BOOLEAN Virtual;
    KIRQL InitializeIrql;           /* highest level of HwInitialize and of stopping: PASSIVE_LEVEL when virtual */
    WCHAR Service[64];              /* service name */
    CHAR Name[16];                  /* the same, for the event log */
} PORT_DRIVER, *PPORT_DRIVER;

typedef enum _PORT_STATE {
    PortNew,            /* enumerated or added; a unit answers SRBs already */
    PortStarted,
    PortStopped,
    PortSurprised,      /* hardware is gone */
    PortRemoved
} PORT_STATE;

/* What INQUIRY and its pages say about one LUN; one pool block, never changed after the scan. */
typedef struct _PORT_IDENTITY {
    ULONG InquiryLength;
    ULONG SerialLength;             /* bytes of the page's serial number, blanks kept */
    ULONG PageLength;               /* bytes of page 83h with its header; 0 = none */
    UCHAR Inquiry[PORT_INQUIRY_BYTES];
    UCHAR Bytes[ANYSIZE_ARRAY];     /* serial, then page 83h */
} PORT_IDENTITY, *PPORT_IDENTITY;
typedef const PORT_IDENTITY *PCPORT_IDENTITY;

/* One SRB in the port. From the adapter's free list; the miniport's SRB extension lies behind it. */
struct DECLSPEC_ALIGN(16) _PORT_REQUEST {
    union {
        PPORT_REQUEST NextFree;
        LIST_ENTRY Link;            /* unit's Waiting or Active */
    };
    LIST_ENTRY Finished;            /* adapter's Completed */
    PPORT_UNIT Unit;
    PSCSI_REQUEST_BLOCK Srb;        /* the form the miniport sees; NULL = on the free list */
    PSTORAGE_REQUEST_BLOCK Extended;/* the sender's, when Srb is the copy below */
    PIRP Irp;                       /* NULL: the port's own */
    VOID (*Done)(PPORT_REQUEST Request); /* the port's own: called instead of IoCompleteRequest */
    PVOID Context;
    ULONGLONG Deadline;             /* interrupt time */
    ULONG Length;                   /* Srb->DataTransferLength as it came */
    ULONG Number;                   /* in the unit's order of arrival: that of its waiting requests */
    UCHAR State;
    UCHAR BusyRetries;
    BOOLEAN Expired;                /* its time ran out; a reset will end it */
    PSCSI_REQUEST_BLOCK Abandoned;  /* the last one that the miniport kept through a bus reset: its answer may still come */
    PSTOR_SCATTER_GATHER_LIST Scatter; /* made when the miniport asks, kept for the next use of the block */
    ULONG ScatterRoom;              /* elements */
    SCSI_REQUEST_BLOCK Copy;
    UCHAR Extension[ANYSIZE_ARRAY] DECLSPEC_ALIGN(16);
};
#define PORT_REQUEST_FREE     0
#define PORT_REQUEST_WAITING  1
#define PORT_REQUEST_ACTIVE   2
#define PORT_REQUEST_RETURNED 3

#define UNIT_HOLD_FROZEN  0x0001    /* error without NO_QUEUE_FREEZE; released by RELEASE or FLUSH_QUEUE */
#define UNIT_HOLD_LOCKED  0x0002
#define UNIT_HOLD_PAUSED  0x0004    /* StorPortPauseDevice */
#define UNIT_HOLD_BUSY    0x0008    /* until ResumeAt, or until Outstanding <= BusyBelow */
#define UNIT_HOLD_RESET   0x0010    /* the reset ladder is at work */
#define ADAPTER_HOLD_PAUSED 0x0100
#define ADAPTER_HOLD_BUSY   0x0200
#define ADAPTER_HOLD_LINK   0x0400
#define ADAPTER_HOLD_RESET  0x0800
#define ADAPTER_HOLD_LOST   0x1000  /* the link was down too long: what would wait fails */

#define PORT_CHANGE_SCAN 0x01
#define PORT_CHANGE_KICK 0x02       /* holds changed or timers are to be armed above DISPATCH_LEVEL */
#define PORT_CHANGE_PAUSE 0x04      /* arm the timer of StorPortPause */
#define PORT_CHANGE_LINK 0x08       /* arm the timer of a link that went down */

/* What every request touches stands together at the front: with many units each cache line counts. */
struct _PORT_UNIT {
    PORT_HEADER Header;             /* Self NULL: the probe */
    PPORT_ADAPTER Adapter;
    UCHAR Path, Target, Lun;
    UCHAR State;                    /* PORT_STATE */
    BOOLEAN Claimed;
    BOOLEAN Missing;                /* the last scan did not find it, or found another LUN there */
    BOOLEAN Reported;               /* in the bus relations given last: then Plug and Play removes it */
    BOOLEAN TimerArmed;
    UCHAR NextTag;
    UCHAR LockCount;
    BOOLEAN Progress;               /* a request was taken since QUEUE FULL was last answered by sending again at once */
    ULONG Submitted;                /* numbers requests */
    KSPIN_LOCK Lock;                /* queue, holds, tags, timer, counters */
    LIST_ENTRY Waiting, Active;
    ULONG Outstanding, Depth, BusyBelow, WaitingCount;
    volatile LONG Holds;            /* UNIT_HOLD_*, interlocked: miniports set them at any IRQL */
    LONG Users;                     /* plain: requests inside, plus 1 until removal */
    ULONGLONG Requests;
    ULONGLONG Tags[4];
    ULONGLONG ResumeAt, PausedUntil;/* interrupt time; 0 none */
    LIST_ENTRY TickLink;            /* adapter's Ticking, while TimerArmed; TickLock */
    ULONGLONG TickAt;               /* interrupt time */
    PKEVENT Idle;                   /* of the deletion: Users is 0 */
    PPORT_UNIT NextHere;            /* at the same address: one present at most, the others missing */
    LIST_ENTRY Link;                /* adapter's Units */
    PVOID LuExtension;
    PPORT_IDENTITY Identity;
    ULONG BusyRetries, TimeOuts;
    ULONG LunResets, TargetResets, BusResets;
    ULONG PagingCount;
};

/* The units of one target by LUN, newest first; and the targets of one bus. Kept until the adapter goes. */
typedef struct _PORT_TARGET {
    PPORT_UNIT Unit[PORT_ADDRESSES];
} PORT_TARGET, *PPORT_TARGET;
typedef struct _PORT_BUS {
    PPORT_TARGET Target[PORT_ADDRESSES];
} PORT_BUS, *PPORT_BUS;

/* In front of the miniport's device extension. */
typedef struct DECLSPEC_ALIGN(16) _PORT_EXTENSION {
    PPORT_ADAPTER Adapter;
    ULONGLONG Guard;
} PORT_EXTENSION, *PPORT_EXTENSION;

struct _PORT_ADAPTER {
    PORT_HEADER Header;
    PDEVICE_OBJECT Pdo, Lower;
    PPORT_DRIVER Driver;
    ULONG Number;                   /* N of \Device\RaidPortN and of SCSI addresses */
    UCHAR State;                    /* PORT_STATE */
    BOOLEAN FullDuplex, Running;    /* Running: the miniport is initialized */
    BOOLEAN Scanned, Starved;
    PORT_CONFIGURATION_INFORMATION Config;
    PACCESS_RANGE Ranges;
    PVOID Extension;                /* the miniport's, behind a PORT_EXTENSION */
    PVOID Uncached;
    PHW_PASSIVE_INITIALIZE_ROUTINE PassiveInitialize;
    BOOLEAN Controls[ScsiAdapterControlMax];    /* adapter controls the miniport supports */
    ULONG RequestBytes;
    ULONG BusType;
    ULONG LunLimit;
    PPORT_REQUEST FreeRequests;     /* plain */
    KSPIN_LOCK ListLock;            /* of the miniport's own lists */
    KSPIN_LOCK Lock, StartIoLock, InterruptLock, CompletedLock;
    LIST_ENTRY Completed;           /* requests returned by the miniport, in order */
    LONG DrainDepth, Starting;      /* plain, see drain.c */
    KDPC CompletionDpc;
    volatile LONG Holds;            /* ADAPTER_HOLD_*, interlocked */
    LONG Outstanding;               /* plain */
    ULONG BusyBelow;
    ULONGLONG ResumeAt;
    KTIMER ResumeTimer;
    KDPC ResumeDpc;
    KTIMER LinkTimer;
    KDPC LinkDpc;
    ULONG LinkDownTime;             /* seconds: LinkDownTimeoutValue */
    KTIMER HwTimer;                 /* RequestTimerCall */
    KDPC HwTimerDpc;
    PHW_TIMER HwTimerRoutine;
    KSPIN_LOCK TickLock;
    LIST_ENTRY Ticking;             /* PORT_UNIT.TickLink by TickAt, then in order of arming */
    KTIMER TickTimer;               /* for the first of them */
    KDPC TickDpc;
    LIST_ENTRY Units;               /* in order of discovery, under Lock */
    PPORT_BUS Bus[SCSI_MAXIMUM_BUSES];
    PPORT_UNIT Probe;
    PUCHAR ScanBuffer;
    KEVENT ScanFree;                /* one scan at a time */
    volatile LONG Changes;          /* PORT_CHANGE_*, told at any IRQL, acted on by ChangeDpc */
    KDPC ChangeDpc;
    PIO_WORKITEM ScanWork, ResetWork;
    volatile LONG ScanQueued, ResetQueued, WorkBusy;
    KEVENT WorkIdle;
    LIST_ENTRY Workers;             /* PORT_WORKER of the miniport: freed with the adapter */
    LIST_ENTRY Timers;
};

/* ---- small inlines -------------------------------------------------------------------------------- */
static inline PPORT_ADAPTER PortAdapterOf(PVOID HwDeviceExtension)
{
    return ((PPORT_EXTENSION)HwDeviceExtension - 1)->Adapter;
}

static inline PPORT_REQUEST PortRequestOf(PSCSI_REQUEST_BLOCK Srb)
{
    return CONTAINING_RECORD(Srb->SrbExtension, PORT_REQUEST, Extension);
}

static inline NTSTATUS PortEndIrp(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- driver.c, adapter.c, adapter_pnp.c, control.c ------------------------- */
DRIVER_ADD_DEVICE PortAddDevice;
NTSTATUS PortAdapterStart(PPORT_ADAPTER Adapter, PCM_RESOURCE_LIST Resources);
VOID PortAdapterStop(PPORT_ADAPTER Adapter);        /* ScsiStopAdapter, free adapter resources */
VOID PortAdapterDelete(PPORT_ADAPTER Adapter);
NTSTATUS PortAdapterPnp(PPORT_ADAPTER Adapter, PIRP Irp);
NTSTATUS PortAdapterControl(PPORT_ADAPTER Adapter, PIRP Irp);


/* ---- settings.c: PASSIVE_LEVEL; below Services\<miniport>\Parameters ------------------------------------ */
ULONG PortReadSetting(PPORT_ADAPTER Adapter, PCWSTR SubKey, PCWSTR Name, ULONG Default);
VOID PortReadArgument(PPORT_ADAPTER Adapter, CHAR Argument[PORT_ARGUMENT_BYTES]); /* DriverParameter */
VOID PortSettingsPath(PPORT_ADAPTER Adapter, PCWSTR SubKey, WCHAR Path[128]);

/* ---- unit.c: PASSIVE_LEVEL but for PortFindUnit ------------------------------------------------------- */
PPORT_UNIT PortFindUnit(PPORT_ADAPTER Adapter, UCHAR Path, UCHAR Target, UCHAR Lun); /* present one, or the probe */
NTSTATUS PortCreateUnit(PPORT_ADAPTER Adapter, PPORT_UNIT Probe, PPORT_IDENTITY Identity);
VOID PortInitializeUnit(PPORT_UNIT Unit, PPORT_ADAPTER Adapter);
VOID PortUnlinkUnit(PPORT_UNIT Unit);               /* it keeps its device object */
VOID PortFreeAddresses(PPORT_ADAPTER Adapter);
VOID PortDeleteUnit(PPORT_UNIT Unit);               /* waits for its requests */
VOID PortFailWaiting(PPORT_UNIT Unit, UCHAR SrbStatus);
NTSTATUS PortUnitPnp(PPORT_UNIT Unit, PIRP Irp);

/* ---- identity.c: pure functions over bytes from outside ----------------------------- */
PPORT_IDENTITY PortMakeIdentity(const UCHAR *Inquiry, ULONG InquiryLength, const UCHAR *SerialPage,
                                ULONG SerialPageLength, const UCHAR *IdPage, ULONG IdPageLength);
BOOLEAN PortSameIdentity(PCPORT_IDENTITY One, PCPORT_IDENTITY Other);
/* Answers the full size; writes what fits. 0 = there is none. */
ULONG PortDescribeDevice(PCPORT_IDENTITY Identity, ULONG BusType, PVOID Buffer, ULONG Length);
ULONG PortDescribeIds(PCPORT_IDENTITY Identity, PVOID Buffer, ULONG Length);
/* Bytes of the page that the sender may mean, 0 when it is no such page. */
ULONG PortPageLength(const UCHAR *Page, ULONG Length, UCHAR Code);

/* ---- ids.c ---------------------------------------------------------------------------------------------- */
/* A string or multi-string in paged pool, for QUERY_ID and QUERY_DEVICE_TEXT. */
PWSTR PortUnitId(PPORT_UNIT Unit, BUS_QUERY_ID_TYPE Type);
PWSTR PortUnitText(PPORT_UNIT Unit, DEVICE_TEXT_TYPE Type);

/* ---- scan.c, scan_command.c: PASSIVE_LEVEL ----------------------------------------------------------------- */
BOOLEAN PortScan(PPORT_ADAPTER Adapter);            /* TRUE: something changed */
VOID PortRequestScan(PPORT_ADAPTER Adapter);        /* <= DISPATCH_LEVEL: in a worker, coalesced */
UCHAR PortScanCommand(PPORT_UNIT Unit, const UCHAR *Cdb, UCHAR CdbLength, PVOID Buffer, ULONG *Length);

/* ---- queue.c: <= DISPATCH_LEVEL ------------------------------------------------------------------------------ */
PPORT_REQUEST PortAllocateRequest(PPORT_UNIT Unit);
VOID PortFreeRequest(PPORT_REQUEST Request);
VOID PortSubmit(PPORT_REQUEST Request);
VOID PortSubmitDirect(PPORT_REQUEST Request);       /* past queue, holds and depth: resets, aborts */
VOID PortKickUnit(PPORT_UNIT Unit);
VOID PortKickAdapter(PPORT_ADAPTER Adapter);
/* Any IRQL; clearing one starts what waited for it. */
VOID PortSetUnitHold(PPORT_UNIT Unit, ULONG Set, ULONG Clear);
VOID PortSetAdapterHold(PPORT_ADAPTER Adapter, ULONG Set, ULONG Clear);
VOID PortChange(PPORT_ADAPTER Adapter, ULONG Changes);
KDEFERRED_ROUTINE PortChangeDpc;
/* Under the unit lock: moves what may start to List, as active. */
VOID PortTakeStartable(PPORT_UNIT Unit, PLIST_ENTRY List);
VOID PortStartList(PPORT_ADAPTER Adapter, PLIST_ENTRY List);        /* DISPATCH_LEVEL */
VOID PortReleaseUser(PPORT_UNIT Unit);

/* ---- drain.c -------------------------------------------------------------------------------------------------- */
VOID PortReturn(PPORT_ADAPTER Adapter, PPORT_REQUEST Request);      /* the miniport is done with it; any IRQL */
VOID PortDrain(PPORT_ADAPTER Adapter);                              /* DISPATCH_LEVEL */
KDEFERRED_ROUTINE PortCompletionDpc;
VOID PortFinish(PPORT_REQUEST Request);             /* upward, and back to the free list */
NTSTATUS PortStatusOf(UCHAR SrbStatus);

/* ---- timeout.c, ladder.c ------------------------------------------------------------------------------------------ */
VOID PortArmTimer(PPORT_UNIT Unit);                 /* under the unit lock */
VOID PortDisarmTimer(PPORT_UNIT Unit);
KDEFERRED_ROUTINE PortTickDpc;
/* What the miniport has of the unit - expired requests, or all - ends with this status whatever it does. */
VOID PortAbandon(PPORT_UNIT Unit, BOOLEAN All, UCHAR SrbStatus);
VOID PortRequestReset(PPORT_ADAPTER Adapter);       /* <= DISPATCH_LEVEL: runs the ladder for expired requests */
/* One rung, waits for its end: STATUS_SUCCESS, or the rung did not work. PASSIVE_LEVEL. */
NTSTATUS PortResetUnit(PPORT_UNIT Unit);
NTSTATUS PortResetTarget(PPORT_UNIT Unit);
NTSTATUS PortResetBus(PPORT_ADAPTER Adapter, UCHAR Path);
/* For work items of the adapter: removal waits for them. */
VOID PortEnterWork(PPORT_ADAPTER Adapter);
VOID PortLeaveWork(PPORT_ADAPTER Adapter);

/* ---- storport_queue.c, storport_helpers.c: the StorPort routines' own state ------------------------------------------ */
KDEFERRED_ROUTINE PortAdapterResumeDpc;             /* StorPortPause time is over */
KDEFERRED_ROUTINE PortHwTimerDpc;                   /* RequestTimerCall */
VOID PortFreeHelpers(PPORT_ADAPTER Adapter);        /* timers and workers the miniport left */

/* ---- link.c: LinkDown and what follows when the link stays down ---------------------------------------------------------- */
VOID PortLinkDown(PPORT_ADAPTER Adapter);           /* any IRQL */
VOID PortArmLinkTimer(PPORT_ADAPTER Adapter);       /* DISPATCH_LEVEL */
KDEFERRED_ROUTINE PortLinkDpc;

/* ---- scatter.c ------------------------------------------------------------------------------------------------------------- */
VOID PortFreeScatterList(PPORT_REQUEST Request);

/* ---- reset.c: what a sender asked for and needs PASSIVE_LEVEL; the IRP is pending afterwards. Srb may be NULL. ---------- */
NTSTATUS PortQueueReset(PPORT_UNIT Unit, PIRP Irp, PVOID Srb, UCHAR Function);

/* ---- scsi.c, control.c, property.c, passthrough.c ------------------------------------------------------------------- */
NTSTATUS PortUnitScsi(PPORT_UNIT Unit, PIRP Irp);
NTSTATUS PortUnitControl(PPORT_UNIT Unit, PIRP Irp);
NTSTATUS PortUnitInternalControl(PPORT_UNIT Unit, PIRP Irp, ULONG Code);
NTSTATUS PortQueryProperty(PPORT_ADAPTER Adapter, PPORT_UNIT Unit, PIRP Irp); /* Unit NULL: the adapter */
NTSTATUS PortPassThrough(PPORT_UNIT Unit, PIRP Irp, ULONG Code);

/* ---- locks.c: what the miniport's routines run under -------------------------------------------------------------------- */
typedef struct _PORT_LOCK_STATE {
    KIRQL OldIrql;
    UCHAR Held;
} PORT_LOCK_STATE;
VOID PortAcquireStartIo(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State);
VOID PortReleaseStartIo(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State);
VOID PortAcquireInterrupt(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State);
VOID PortReleaseInterrupt(PPORT_ADAPTER Adapter, PORT_LOCK_STATE *State);

#endif
