/* SPDX-License-Identifier: MIT */
/*
 * StorPort routines that run a miniport's code later or under a lock: DPCs, spin locks, synchronized
 * access, timers, work items. Timers and workers hang on the adapter (adapter lock) and are freed with
 * it. <= DISPATCH_LEVEL unless said otherwise.
 */
#include "port/port.h"

#define TIMER_GRAIN 10000 /* microseconds: the published grain of StorPort's timers is about 10 ms */

typedef struct _PORT_TIMER {
    LIST_ENTRY Link;
    PPORT_ADAPTER Adapter;
    KTIMER Timer;
    KDPC Dpc;
    PHW_TIMER_EX Routine;
    PVOID Context;
} PORT_TIMER, *PPORT_TIMER;

typedef struct _PORT_WORKER {
    LIST_ENTRY Link;
    PPORT_ADAPTER Adapter;
    PIO_WORKITEM Item;
    PHW_WORKITEM Routine;
    PVOID Context;
    volatile LONG Queued;
} PORT_WORKER, *PPORT_WORKER;

static VOID Insert(PPORT_ADAPTER Adapter, PLIST_ENTRY List, PLIST_ENTRY Entry)
{
    ExInterlockedInsertTailList(List, Entry, &Adapter->Lock);
}

static VOID Unlink(PPORT_ADAPTER Adapter, PLIST_ENTRY Entry)
{
    KIRQL irql;

    KeAcquireSpinLock(&Adapter->Lock, &irql);
    RemoveEntryList(Entry);
    KeReleaseSpinLock(&Adapter->Lock, irql);
}

/* ---- DPCs: each is serialised with itself by its own lock ---------------------------------------------- */
static VOID DpcRoutine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PSTOR_DPC dpc = CONTAINING_RECORD(Dpc, STOR_DPC, Dpc);
    PPORT_ADAPTER adapter = PortAdapterOf(Context);
    PHW_DPC_ROUTINE routine = (PHW_DPC_ROUTINE)Dpc->ProcessorHistory;

    KeAcquireSpinLockAtDpcLevel(&dpc->Lock);
    NT_CALL_VOID("HwDpcRoutine", adapter->Driver->DriverObject, DISPATCH_LEVEL, routine, dpc, Context, Argument1, Argument2);
    KeReleaseSpinLockFromDpcLevel(&dpc->Lock);
}

/* STOR_DPC has no room of its own for the miniport's routine; ProcessorHistory is unused here. */
VOID StorPortInitializeDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PHW_DPC_ROUTINE HwDpcRoutine)
{
    KeInitializeDpc(&Dpc->Dpc, DpcRoutine, DeviceExtension);
    KeInitializeSpinLock(&Dpc->Lock);
    Dpc->Dpc.ProcessorHistory = (KAFFINITY)HwDpcRoutine;
}

BOOLEAN StorPortIssueDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    return KeInsertQueueDpc(&Dpc->Dpc, SystemArgument1, SystemArgument2);
}

ULONG StorPortCancelDpc(PVOID DeviceExtension, PSTOR_DPC Dpc, PBOOLEAN Cancelled)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    *Cancelled = KeRemoveQueueDpc(&Dpc->Dpc);
    return STOR_STATUS_SUCCESS;
}

/* ---- locks ------------------------------------------------------------------------------------------------ */
VOID StorPortAcquireSpinLock(PVOID DeviceExtension, STOR_SPINLOCK SpinLock, PVOID LockContext, PSTOR_LOCK_HANDLE LockHandle)
{
    PPORT_ADAPTER adapter = PortAdapterOf(DeviceExtension);
    PORT_LOCK_STATE state;

    LockHandle->Lock = SpinLock;
    LockHandle->Context.LockQueue.Lock = NULL;
    switch (SpinLock) {
    case DpcLock:
    case ThreadedDpcLock:
    case DpcLevelLock:
        LockHandle->Context.LockQueue.Lock = &((PSTOR_DPC)LockContext)->Lock;
        KeAcquireSpinLock(&((PSTOR_DPC)LockContext)->Lock, &LockHandle->Context.OldIrql);
        break;
    case StartIoLock:
        PortAcquireStartIo(adapter, &state);
        LockHandle->Context.OldIrql = state.OldIrql;
        LockHandle->Context.LockQueue.Lock = state.Held ? &adapter->StartIoLock : NULL;
        break;
    case InterruptLock:
        PortAcquireInterrupt(adapter, &state);
        LockHandle->Context.OldIrql = state.OldIrql;
        LockHandle->Context.LockQueue.Lock = state.Held ? &adapter->InterruptLock : NULL;
        break;
    }
}

VOID StorPortReleaseSpinLock(PVOID DeviceExtension, PSTOR_LOCK_HANDLE LockHandle)
{
    PPORT_ADAPTER adapter = PortAdapterOf(DeviceExtension);
    PORT_LOCK_STATE state = {LockHandle->Context.OldIrql, LockHandle->Context.LockQueue.Lock != NULL};

    switch (LockHandle->Lock) {
    case StartIoLock:
        PortReleaseStartIo(adapter, &state);
        break;
    case InterruptLock:
        PortReleaseInterrupt(adapter, &state);
        break;
    default:
        KeReleaseSpinLock(LockHandle->Context.LockQueue.Lock, LockHandle->Context.OldIrql);
        break;
    }
}

ULONG StorPortInitializeSpinLock(PVOID DeviceExtension, PKSPIN_LOCK SpinLock)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    KeInitializeSpinLock(SpinLock);
    return STOR_STATUS_SUCCESS;
}

BOOLEAN StorPortSynchronizeAccess(PVOID HwDeviceExtension, PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine,
                                  PVOID Context)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PORT_LOCK_STATE lock;
    BOOLEAN answer;

    PortAcquireInterrupt(adapter, &lock);
    answer = NT_CALL_OUT("synchronized access routine", adapter->Driver->DriverObject, PORT_DIRQL, SynchronizedAccessRoutine,
                         HwDeviceExtension, Context);
    PortReleaseInterrupt(adapter, &lock);
    return answer;
}

/* Every message of this emulator shares the one Interrupt lock. */
ULONG StorPortAcquireMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, PULONG OldIrql)
{
    PORT_LOCK_STATE state;

    UNREFERENCED_PARAMETER(MessageId);
    PortAcquireInterrupt(PortAdapterOf(HwDeviceExtension), &state);
    *OldIrql = state.OldIrql;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortReleaseMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId, ULONG OldIrql)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PORT_LOCK_STATE state = {(KIRQL)OldIrql, !adapter->Driver->Virtual};

    UNREFERENCED_PARAMETER(MessageId);
    PortReleaseInterrupt(adapter, &state);
    return STOR_STATUS_SUCCESS;
}

/* ---- timers -------------------------------------------------------------------------------------------------- */
static VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_TIMER timer = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    NT_CALL_VOID("HwTimerEx", timer->Adapter->Driver->DriverObject, DISPATCH_LEVEL, timer->Routine,
                 timer->Adapter->Extension, timer->Context);
}

ULONG StorPortInitializeTimer(PVOID HwDeviceExtension, PVOID *TimerHandle)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_TIMER timer = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*timer), PORT_TAG);

    *TimerHandle = timer;
    if (timer == NULL) {
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    timer->Adapter = adapter;
    KeInitializeTimer(&timer->Timer);
    KeInitializeDpc(&timer->Dpc, TimerDpc, timer);
    Insert(adapter, &adapter->Timers, &timer->Link);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortRequestTimer(PVOID HwDeviceExtension, PVOID TimerHandle, PHW_TIMER_EX TimerCallback, PVOID CallbackContext,
                           ULONGLONG TimerValue, ULONGLONG TolerableDelay)
{
    PPORT_TIMER timer = TimerHandle;
    LARGE_INTEGER due;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    UNREFERENCED_PARAMETER(TolerableDelay);
    if (timer == NULL || TimerValue > MAXLONGLONG / 10) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (TimerValue == 0) {
        KeCancelTimer(&timer->Timer);
        return STOR_STATUS_SUCCESS;
    }
    timer->Routine = TimerCallback;
    timer->Context = CallbackContext;
    due.QuadPart = -(LONGLONG)TimerValue * 10;
    KeSetTimer(&timer->Timer, due, &timer->Dpc);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortFreeTimer(PVOID HwDeviceExtension, PVOID TimerHandle)
{
    PPORT_TIMER timer = TimerHandle;

    if (timer == NULL) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    KeCancelTimer(&timer->Timer);
    if (KeRemoveQueueDpc(&timer->Dpc)) {
        timer->Routine = NULL;
    }
    Unlink(PortAdapterOf(HwDeviceExtension), &timer->Link);
    ExFreePoolWithTag(timer, PORT_TAG);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortQueryTimerMinInterval(PVOID HwDeviceExtension, PULONG Interval)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Interval = TIMER_GRAIN;
    return STOR_STATUS_SUCCESS;
}

/* ---- work items ------------------------------------------------------------------------------------------------ */
static VOID WorkRoutine(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PPORT_WORKER worker = Context;
    PPORT_ADAPTER adapter = worker->Adapter;
    PHW_WORKITEM routine = worker->Routine;
    PVOID context = worker->Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    InterlockedExchange(&worker->Queued, 0);
    /* The routine may free the worker. */
    NT_CALL_VOID("HwWorkItem", adapter->Driver->DriverObject, PASSIVE_LEVEL, routine, adapter->Extension, context,
                 (PVOID)worker);
    PortLeaveWork(adapter);
}

ULONG StorPortInitializeWorker(PVOID HwDeviceExtension, PVOID *Worker)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_WORKER worker = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*worker), PORT_TAG);

    *Worker = NULL;
    if (worker == NULL) {
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    worker->Adapter = adapter;
    worker->Item = IoAllocateWorkItem(adapter->Header.Self);
    if (worker->Item == NULL) {
        ExFreePoolWithTag(worker, PORT_TAG);
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    Insert(adapter, &adapter->Workers, &worker->Link);
    *Worker = worker;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortQueueWorkItem(PVOID HwDeviceExtension, PHW_WORKITEM WorkItemCallback, PVOID Worker, PVOID Context)
{
    PPORT_WORKER worker = Worker;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (worker == NULL || WorkItemCallback == NULL) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (InterlockedExchange(&worker->Queued, 1) != 0) {
        return STOR_STATUS_BUSY;
    }
    worker->Routine = WorkItemCallback;
    worker->Context = Context;
    PortEnterWork(worker->Adapter);
    IoQueueWorkItem(worker->Item, WorkRoutine, DelayedWorkQueue, worker);
    return STOR_STATUS_SUCCESS;
}

static VOID DropWorker(PPORT_WORKER Worker)
{
    IoFreeWorkItem(Worker->Item);
    ExFreePoolWithTag(Worker, PORT_TAG);
}

ULONG StorPortFreeWorker(PVOID HwDeviceExtension, PVOID Worker)
{
    PPORT_WORKER worker = Worker;

    if (worker == NULL || worker->Queued != 0) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    Unlink(PortAdapterOf(HwDeviceExtension), &worker->Link);
    DropWorker(worker);
    return STOR_STATUS_SUCCESS;
}

VOID PortFreeHelpers(PPORT_ADAPTER Adapter)
{
    while (!IsListEmpty(&Adapter->Timers)) {
        StorPortFreeTimer(Adapter->Extension, CONTAINING_RECORD(Adapter->Timers.Flink, PORT_TIMER, Link));
    }
    while (!IsListEmpty(&Adapter->Workers)) {
        DropWorker(CONTAINING_RECORD(RemoveHeadList(&Adapter->Workers), PORT_WORKER, Link));
    }
}
