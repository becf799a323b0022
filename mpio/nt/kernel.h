/* SPDX-License-Identifier: MIT */
/*
 * Private to the room nt: the machine's kernel as one structure (root[ROOT_NT]), the check at the
 * head of every exported routine, and what the files of the room offer each other.
 *
 * One OS thread runs a world and nothing is preempted outside NT_REQUIRE_IRQL, a wait, a stall or a
 * contended lock: the lists below need no lock as long as no exported routine is called half-way
 * through a change.
 */
#ifndef MPIO_NT_KERNEL_H
#define MPIO_NT_KERNEL_H

#include <ntddk.h>
#include "nt/driver.h"
#include "nt/nt.h"

typedef struct _NT_THREAD NT_THREAD, *PNT_THREAD;     /* thread.c */
typedef struct _NT_DRIVER NT_DRIVER, *PNT_DRIVER;     /* driver.c: DRIVER_OBJECT and what hangs on it */
typedef struct _NT_TIMER NT_TIMER, *PNT_TIMER;        /* timer.c */
typedef struct _NT_QUEUED_DPC NT_QUEUED_DPC;          /* dpc.c */
typedef struct _NT_IRP NT_IRP, *PNT_IRP;              /* irp.h */
typedef struct _NT_WORK NT_WORK;                      /* work.c */

#define NT_QUEUED_BUCKETS 256   /* power of two; timers and DPCs in queues, by page of their address */
#define NT_MAX_HANDLES    65536
#define NT_IRP_SIZES      16    /* free lists of IRPs by stack size */
#define NT_IRP_QUARANTINE 256

/* A list of fibres that wait for the same thing; the links are on the waiters' stacks. */
typedef struct _NT_FIBRE_WAIT {
    LIST_ENTRY Entry;
    struct fibre *Fibre;
    PVOID Object;
} NT_FIBRE_WAIT;

typedef struct _NT_HANDLE_ENTRY {
    PVOID Object;
    ULONG Type;                 /* NT_HANDLE_* or 0 = free */
    ULONG NextFree;
    VOID (*Close)(PVOID Object);
} NT_HANDLE_ENTRY;

typedef struct _NT_MACHINE {
    struct machine *Machine;
    /* Counts down to NtKernelEntrySlow: 1 in explore mode, NT_ENTRY_PERIOD otherwise. */
    ULONG EntryCountdown;
    ULONG EntryPeriod;
    ULONGLONG EntryCalls;       /* kernel calls before this period */
    ULONGLONG ProgressTime;     /* no-progress check: time at the last look, and calls since */
    ULONGLONG ProgressCalls;
    BOOLEAN Explore;

    /* modules of part 2, opaque here */
    struct _NT_POOL *Pool;
    struct _NT_REGISTRY *Registry;
    struct _NT_DEBUG *Debug;
    struct _NT_LOG *Log;
    struct _NT_MDL *Mdl;
    struct _NT_WMI *Wmi;
    struct _NT_LOOKASIDE *Lookaside;

    struct nt_options Options;

    /* processors: a bit per CPU on which suspended code holds DISPATCH_LEVEL or above */
    ULONGLONG BusyCpus;
    UCHAR NextCpu;

    /* objects */
    LIST_ENTRY Drivers;         /* NT_DRIVER.Entry, load order */
    LIST_ENTRY Names;           /* NT_NAME of directory.c */
    LIST_ENTRY Threads;         /* NT_THREAD.Entry */
    LIST_ENTRY FreeThreads;
    ULONGLONG NextThreadId;
    ULONG DeviceOrdinal;
    NT_HANDLE_ENTRY *Handles;
    ULONG HandleCount, FreeHandle;

    /* queues */
    LIST_ENTRY LockWaiters;     /* NT_FIBRE_WAIT: code that spins on a lock */
    LIST_ENTRY DpcIdleWaiters;  /* KeFlushQueuedDpcs */
    LIST_ENTRY QueuedObjects[NT_QUEUED_BUCKETS];
    ULONG QueuedCount;
    NT_QUEUED_DPC *FreeDpcs;
    ULONG DpcsOutstanding;
    NT_TIMER *FreeTimers;
    LIST_ENTRY WorkQueue;       /* NT_WORK.Entry */
    LIST_ENTRY IdleWorkers;     /* NT_FIBRE_WAIT */
    NT_WORK *FreeWork;
    ULONG Workers, BusyWorkers;
    KSPIN_LOCK CancelLock;

    /* IRPs */
    NT_IRP *FreeIrps[NT_IRP_SIZES];
    NT_IRP *Quarantine[NT_IRP_QUARANTINE];
    ULONG QuarantineNext;

    NT_PNP_HOOKS Pnp;
    struct nt_bugcheck *BugCheck;
    ULONGLONG IrpsAllocated, IrpsFreed, Dpcs, Timers, Waits;
} NT_MACHINE, *PNT_MACHINE;

/* ---- entry of every exported routine -------------------------------------------------------------- */

#define NT_ENTRY_PERIOD 1024u

DECLSPEC_NORETURN VOID NtIrqlTooHigh(KIRQL Highest);
VOID NtKernelEntrySlow(PNT_MACHINE Kernel);

/* The kernel of the machine now running. */
static inline PNT_MACHINE NtKernel(VOID)
{
    return (PNT_MACHINE)world_fibre->machine->root[ROOT_NT];
}

/* First statement of every exported routine: checks the IRQL, counts the call (no-progress check and
 * watchdog), and is the preemption point of explore mode. Never use it inside a half-made change. */
#define NT_REQUIRE_IRQL(Highest) NtRequireIrql(Highest)
static inline VOID NtRequireIrql(KIRQL Highest)
{
    PNT_MACHINE kernel = NtKernel();

    if (__builtin_expect(NtContext()->Irql > Highest, 0)) {
        NtIrqlTooHigh(Highest);
    }
    if (__builtin_expect(--kernel->EntryCountdown == 0, 0)) {
        NtKernelEntrySlow(kernel);
    }
}

/* The kernel of any machine, from outside it (nt.h functions). */
static inline PNT_MACHINE NtKernelOf(const struct machine *Machine)
{
    return (PNT_MACHINE)Machine->root[ROOT_NT];
}

/* ---- part 2 offers (all: NULL/FALSE = out of memory; *Why may be set) -------------------------------- */

BOOLEAN NtPoolInitialize(PNT_MACHINE Kernel, size_t ArenaBytes, const char **Why); /* first of all */
VOID NtPoolDestroy(PNT_MACHINE Kernel);                                            /* last of all */
BOOLEAN NtRegistryInitialize(PNT_MACHINE Kernel);
VOID NtRegistryDestroy(PNT_MACHINE Kernel);
BOOLEAN NtDebugInitialize(PNT_MACHINE Kernel);
VOID NtDebugDestroy(PNT_MACHINE Kernel);
BOOLEAN NtLogInitialize(PNT_MACHINE Kernel);
VOID NtLogDestroy(PNT_MACHINE Kernel);
BOOLEAN NtMdlInitialize(PNT_MACHINE Kernel);
VOID NtMdlDestroy(PNT_MACHINE Kernel);
BOOLEAN NtWmiInitialize(PNT_MACHINE Kernel);
VOID NtWmiDestroy(PNT_MACHINE Kernel);
BOOLEAN NtLookasideInitialize(PNT_MACHINE Kernel);
VOID NtLookasideDestroy(PNT_MACHINE Kernel);

/* Memory for the kernel's own objects that drivers see (IRPs, device objects, threads): in the pool's
 * arena, zeroed, 16-aligned; neither fail-Nth nor owner accounting applies. NULL when the arena is full. */
PVOID NtPoolAllocateKernel(PNT_MACHINE Kernel, SIZE_T Bytes, ULONG Tag);
VOID NtPoolFreeKernel(PNT_MACHINE Kernel, PVOID Memory);
/* What a driver still owns, by tag, in order of tag. */
VOID NtPoolReport(PNT_MACHINE Kernel, PDRIVER_OBJECT Driver,
                  VOID (*Callback)(PVOID User, ULONG Tag, ULONGLONG Blocks, ULONGLONG Bytes), PVOID User);
VOID NtPoolCounters(PNT_MACHINE Kernel, struct nt_counters *Out);      /* pool_* and lookaside_misses */
/* Debug line of the kernel itself (leak reports, unload). */
VOID NtDebugLine(PNT_MACHINE Kernel, PCSTR Component, ULONG Level, PCSTR Text);

/* ---- part 1 offers ------------------------------------------------------------------------------------- */

/* handle.c: one table per machine; ZwClose/NtClose live there and call Close(Object). Handles are small
 * multiples of 4. NULL: table full. Lookup answers NULL for a handle of another type. */
#define NT_HANDLE_KEY    1u
#define NT_HANDLE_THREAD 2u
#define NT_HANDLE_FILE   3u
#define NT_HANDLE_EVENT  4u
HANDLE NtHandleInsert(PVOID Object, ULONG Type, VOID (*Close)(PVOID Object));
PVOID NtHandleLookup(HANDLE Handle, ULONG Type);
NTSTATUS NtHandleClose(HANDLE Handle); /* STATUS_INVALID_HANDLE when it is not in use */

/* driver.c: TRUE for a driver loaded from an image (a vendor's), FALSE for the framework's own and for NULL. */
BOOLEAN NtDriverIsForeign(PDRIVER_OBJECT Driver);
/* TRUE when the innermost call runs a foreign driver's code. */
static inline BOOLEAN NtCallerIsForeign(VOID)
{
    PNT_CALL call = NtContext()->Call;
    return call != NULL && call->Driver != NULL && NtDriverIsForeign(call->Driver);
}
/* Small number of a driver, from 1 in load order; 0 for NULL. Service name as ASCII ("" for NULL). */
ULONG NtDriverOrdinal(PDRIVER_OBJECT Driver);
PCSTR NtDriverName(PDRIVER_OBJECT Driver);

/* queued.c: a queued timer or DPC that lies (partly) in [Base, Base+Size), else NULL. Called at every free. */
PVOID NtQueuedObjectSearch(PNT_MACHINE Kernel, PVOID Base, SIZE_T Size);
static inline PVOID NtTimerInRange(PVOID Base, SIZE_T Size)
{
    PNT_MACHINE kernel = NtKernel();
    return kernel->QueuedCount == 0 || Size < sizeof(KDPC) ? NULL : NtQueuedObjectSearch(kernel, Base, Size);
}

/* object.c: reference counts in front of the objects that nt itself makes. */
/* driver.c, device.c: PDO owner of a device instance key, for IoOpenDeviceRegistryKey:
 * fills Buffer with the device's instance path ("ROOT\\LEGACY\\0000") through the pnp hooks. */

#endif
