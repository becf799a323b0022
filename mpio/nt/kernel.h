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
typedef struct _NT_IRP NT_IRP, *PNT_IRP;              /* irp_shadow.h */
typedef struct _NT_WORK NT_WORK;                      /* work.c */
typedef struct _NT_NAME NT_NAME;                      /* directory.c */
typedef struct _NT_INTERFACE NT_INTERFACE;            /* interface.c */

#define NT_QUEUED_BUCKETS 4096  /* power of two; queued objects by page of their address */
#define NT_NAME_BUCKETS   16384 /* power of two */
#define NT_MAX_HANDLES    65536
#define NT_IRP_SIZES      32    /* free lists of IRPs by stack size; larger ones are not kept */
#define NT_IRP_QUARANTINE 256
#define NT_MAX_CPUS       64

/* 1 January 2026 00:00 UTC as FILETIME: when every world begins. */
#define NT_EPOCH          134116992000000000ull

/* Stack that one call of a driver may use; sanitizers make frames larger. */
#if defined(__SANITIZE_ADDRESS__)
#define NT_STACK_BUDGET (6 * 24 * 1024)
#elif !defined(_WIN64)
#define NT_STACK_BUDGET (12 * 1024)
#else
#define NT_STACK_BUDGET (24 * 1024)
#endif

/* A fibre that waits; lives on the waiter's stack, in one list of NT_MACHINE. */
typedef struct _NT_FIBRE_WAIT {
    LIST_ENTRY Entry;
    struct fibre *Fibre;
    ULONGLONG Sequence;
} NT_FIBRE_WAIT;

/* Something queued at an address in a driver's memory; found again when that memory is freed. */
typedef struct _NT_QUEUED {
    LIST_ENTRY Entry;
    PVOID Object;
    SIZE_T Size;
} NT_QUEUED, *PNT_QUEUED;

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
    ULONGLONG ProgressTime;     /* no-progress check: time at the last look, calls since, most allowed */
    ULONGLONG ProgressCalls, ProgressLimit;
    BOOLEAN Explore;
    ULONG RandState;            /* rand() of PE images: the seed less 1 */

    /* modules of part 2, opaque here */
    struct _NT_POOL *Pool;
    struct _NT_REGISTRY *Registry;
    struct _NT_DEBUG *Debug;
    struct _NT_LOG *Log;
    struct _NT_MDL *Mdl;
    struct _NT_WMI *Wmi;
    struct _NT_LOOKASIDE *Lookaside;

    struct nt_options Options;

    /* processors: how many suspended contexts hold DISPATCH_LEVEL or above on each */
    ULONGLONG BusyCpus;         /* a bit per CPU with BusyCount != 0 */
    UCHAR BusyCount[NT_MAX_CPUS];
    UCHAR NextCpu;
    LIST_ENTRY Suspended;       /* NT_SUSPENDED: contexts off the CPU at DISPATCH_LEVEL or with locks held */
    LIST_ENTRY LockWaiters;     /* NT_LOCK_WAIT: those of them that spin on a lock */
    LIST_ENTRY SleepHolds;      /* NT_SLEEP_HOLD of sleeplock.c: who holds executive resources */
    LIST_ENTRY FreeSleepHolds;
    LIST_ENTRY SleepWaiters;    /* NT_SLEEP_WAIT: who waits for one, or for a push lock, oldest first */

    /* objects */
    LIST_ENTRY Drivers;         /* NT_DRIVER.Entry, load order */
    ULONG DriverCount;
    ULONG_PTR ForeignLow, ForeignHigh; /* every image of a foreign driver lies between */
    NT_NAME *Names[NT_NAME_BUCKETS];
    NT_THREAD *IdleThread;      /* what KeGetCurrentThread answers in a DPC */
    ULONGLONG NextThreadId;
    ULONG DeviceOrdinal;
    NT_HANDLE_ENTRY *Handles;
    ULONG HandleCount, FreeHandle;
    ULONGLONG UuidSequence;
    LIST_ENTRY FreeRemoveLocks; /* NT_REMOVE_LOCK of removelock.c */
    LIST_ENTRY NamedObjects;    /* NT_NAMED of named.c: events and callback objects */
    LIST_ENTRY Interfaces;      /* NT_INTERFACE of interface.c */
    LIST_ENTRY Notifications;   /* NT_NOTIFICATION of notify.c */
    LIST_ENTRY BugCheckRecords; /* entries of drivers' callback records, processors.c */
    PCONFIGURATION_INFORMATION Configuration; /* NULL until somebody asks */

    /* queues */
    LIST_ENTRY QueuedObjects[NT_QUEUED_BUCKETS];
    ULONG QueuedCount;
    LIST_ENTRY Dpcs;            /* NT_QUEUED_DPC: queued or running, in order of queueing */
    LIST_ENTRY FlushWaiters;    /* NT_FIBRE_WAIT: KeFlushQueuedDpcs */
    LIST_ENTRY FreeDpcs;
    ULONGLONG DpcSequence;
    LIST_ENTRY FreeTimers;
    LIST_ENTRY WorkQueue;       /* NT_WORK */
    LIST_ENTRY FreeWork;
    LIST_ENTRY IdleWorkers;     /* NT_FIBRE_WAIT */
    ULONG Workers, BlockedWorkers;
    KSPIN_LOCK CancelLock;
    struct _NT_SIDE_MEMORY *SideMemory; /* all side objects ever made, for nt_create's counterpart */

    /* IRPs */
    NT_IRP *FreeIrps[NT_IRP_SIZES + 1];
    NT_IRP *Quarantine[NT_IRP_QUARANTINE];
    ULONG QuarantineNext;

    NT_PNP_HOOKS Pnp;
    PVOID (*RoutineLookup)(const char *Name, BOOLEAN Pe); /* routine.h */
    struct nt_bugcheck *BugCheck;
    ULONGLONG IrpsAllocated, IrpsFreed, DpcsRun, Timers, Waits;
} NT_MACHINE, *PNT_MACHINE;

/* ---- entry of every exported routine -------------------------------------------------------------- */

#define NT_ENTRY_PERIOD      1024u
#define NT_NO_PROGRESS_CALLS 100000000ull

DECLSPEC_NORETURN VOID NtIrqlTooHigh(KIRQL Highest);
/* Bug check for what a driver's routine left behind or answered when it returned: the report shows the routine. */
DECLSPEC_NORETURN VOID NtBugCheckReturn(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2, PCSTR Name, PVOID Routine);
VOID NtStackDeep(PNT_CALL Call, LONG_PTR Used);
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
    PNT_CONTEXT context = NtContext();
    PNT_CALL call = context->Call;

    if (__builtin_expect(context->Irql > Highest, 0)) {
        NtIrqlTooHigh(Highest);
    }
    if (__builtin_expect(--kernel->EntryCountdown == 0, 0)) {
        NtKernelEntrySlow(kernel);
    }
    if (call != NULL) {
        LONG_PTR used = (PCHAR)call->StackTop - (PCHAR)__builtin_frame_address(0);

        if (__builtin_expect(used > NT_STACK_BUDGET, 0)) {
            NtStackDeep(call, used);
        }
    }
}

#ifdef NT_TWO_CONVENTIONS
/* The section of the wrappers that PE images call through (load/exports.h); empty in unit tests without them. */
extern const UCHAR __start_pe_wrappers[] __attribute__((weak, visibility("hidden")));
extern const UCHAR __stop_pe_wrappers[] __attribute__((weak, visibility("hidden")));
#endif

/* The code that called an exported routine, given that routine's return address. */
static inline PVOID NtCallerOf(PVOID ReturnAddress)
{
#ifdef NT_TWO_CONVENTIONS
    if (__builtin_expect((ULONG_PTR)ReturnAddress - (ULONG_PTR)__start_pe_wrappers <
                             (ULONG_PTR)(__stop_pe_wrappers - __start_pe_wrappers), 0)) {
        return NtContext()->ImageCaller;
    }
#endif
    return ReturnAddress;
}
#define NT_CALLER() NtCallerOf(__builtin_return_address(0))

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
    return kernel->QueuedCount == 0 || Size < sizeof(KEVENT) ? NULL : NtQueuedObjectSearch(kernel, Base, Size);
}

#endif
