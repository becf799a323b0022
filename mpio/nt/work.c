/* SPDX-License-Identifier: MIT */
/*
 * Work items: routines run first in, first out by system worker threads at PASSIVE_LEVEL. Four
 * workers at most, made on demand; more, up to 64, while all of them wait. Queue: <= DISPATCH_LEVEL.
 * Rule: KE-TIMER-01 for a work item freed while it is queued.
 */
#include "nt/driverobject.h"
#include "nt/queued.h"
#include "nt/thread.h"

#define USUAL_WORKERS 4
#define MOST_WORKERS  64

struct _IO_WORKITEM {
    PDEVICE_OBJECT Object;
    struct _NT_WORK *Queued;    /* NULL: not queued */
    ULONGLONG Reserved[2];
};

/* One queued call; never in a driver's memory, so the item may be freed by its own routine. */
struct _NT_WORK {
    LIST_ENTRY Entry;
    NT_QUEUED Queued;
    PIO_WORKITEM Item;          /* NULL: a WORK_QUEUE_ITEM */
    PWORK_QUEUE_ITEM Executive;
    PDEVICE_OBJECT Device;
    PIO_WORKITEM_ROUTINE Routine;
    PIO_WORKITEM_ROUTINE_EX RoutineEx;
    PVOID Context;
};

static VOID RunOne(PNT_MACHINE Kernel, NT_WORK *Queued)
{
    NT_WORK work = *Queued;

    NtQueuedRemove(Kernel, &Queued->Queued);
    InsertHeadList(&Kernel->FreeWork, &Queued->Entry);
    if (work.Executive != NULL) {
        PWORKER_THREAD_ROUTINE routine = work.Executive->WorkerRoutine;
        PVOID parameter = work.Executive->Parameter;

        work.Executive->List.Flink = NULL;
        NT_CALL_VOID("worker routine", NtDriverOfCode(Kernel, (PVOID)routine), PASSIVE_LEVEL, routine, parameter);
        return;
    }
    work.Item->Queued = NULL;
    if (work.RoutineEx != NULL) {
        NT_CALL_VOID("work item routine", NtDriverOfCode(Kernel, (PVOID)work.RoutineEx), PASSIVE_LEVEL, work.RoutineEx,
                     work.Device, work.Context, work.Item);
    } else {
        NT_CALL_VOID("work item routine", NtDriverOfCode(Kernel, (PVOID)work.Routine), PASSIVE_LEVEL, work.Routine,
                     work.Device, work.Context);
    }
    NtObjectRelease(work.Device);
}

static VOID Worker(PVOID Argument)
{
    PNT_MACHINE kernel = Argument;

    NtContext()->Thread->Worker = TRUE;
    for (;;) {
        NT_FIBRE_WAIT wait = {.Fibre = world_fibre};

        while (!IsListEmpty(&kernel->WorkQueue)) {
            RunOne(kernel, CONTAINING_RECORD(RemoveHeadList(&kernel->WorkQueue), NT_WORK, Entry));
        }
        InsertHeadList(&kernel->IdleWorkers, &wait.Entry);
        NtBlock();
    }
}

static VOID AddWorker(PNT_MACHINE Kernel)
{
    if (NtThreadStart(Kernel, "worker", Worker, Kernel, NULL, "worker thread") != NULL) {
        Kernel->Workers++;
    }
}

VOID NtWorkerBlocked(PNT_MACHINE Kernel)
{
    if (Kernel->BlockedWorkers == Kernel->Workers && Kernel->Workers < MOST_WORKERS &&
        !IsListEmpty(&Kernel->WorkQueue)) {
        AddWorker(Kernel);
    }
}

static NT_WORK *Queue(PNT_MACHINE Kernel, PVOID Object, SIZE_T Size)
{
    NT_WORK *work;

    if (IsListEmpty(&Kernel->FreeWork)) {
        work = NtSideAllocate(Kernel, sizeof(*work));
    } else {
        work = CONTAINING_RECORD(RemoveHeadList(&Kernel->FreeWork), NT_WORK, Entry);
    }
    NtQueuedInsert(Kernel, &work->Queued, Object, Size);
    InsertTailList(&Kernel->WorkQueue, &work->Entry);
    if (!IsListEmpty(&Kernel->IdleWorkers)) {
        NT_FIBRE_WAIT *idle = CONTAINING_RECORD(RemoveHeadList(&Kernel->IdleWorkers), NT_FIBRE_WAIT, Entry);

        fibre_wake(idle->Fibre, NtNow(), EVENT_THREAD);
    } else if (Kernel->Workers < USUAL_WORKERS ||
               (Kernel->BlockedWorkers == Kernel->Workers && Kernel->Workers < MOST_WORKERS)) {
        AddWorker(Kernel);
    }
    return work;
}

ULONG IoSizeofWorkItem(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return sizeof(struct _IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtQueuedRefuse(IoWorkItem, sizeof(*IoWorkItem));
    IoWorkItem->Object = IoObject;
    IoWorkItem->Queued = NULL;
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtQueuedRefuse(IoWorkItem, sizeof(*IoWorkItem));
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    PIO_WORKITEM item;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    item = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*item), 'kWoI');
    if (item != NULL) {
        item->Object = DeviceObject;
    }
    return item;
}

VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtQueuedRefuse(IoWorkItem, sizeof(*IoWorkItem));
    ExFreePoolWithTag(IoWorkItem, 'kWoI');
}

static VOID QueueItem(PIO_WORKITEM Item, PIO_WORKITEM_ROUTINE Routine, PIO_WORKITEM_ROUTINE_EX RoutineEx,
                      PVOID Context)
{
    NT_WORK *work;

    if (Item->Queued != NULL) {
        NtRaiseStatus(STATUS_INVALID_PARAMETER); /* WORKER_INVALID on Windows */
    }
    NtObjectReference(Item->Object);
    work = Queue(NtKernel(), Item, sizeof(*Item));
    work->Item = Item;
    work->Executive = NULL;
    work->Device = Item->Object;
    work->Routine = Routine;
    work->RoutineEx = RoutineEx;
    work->Context = Context;
    Item->Queued = work;
}

VOID IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                     PVOID Context)
{
    UNREFERENCED_PARAMETER(QueueType);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    QueueItem(IoWorkItem, WorkerRoutine, NULL, Context);
}

VOID IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                       PVOID Context)
{
    UNREFERENCED_PARAMETER(QueueType);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    QueueItem(IoWorkItem, NULL, WorkerRoutine, Context);
}

BOOLEAN IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine, WORK_QUEUE_TYPE QueueType,
                           PVOID Context)
{
    UNREFERENCED_PARAMETER(QueueType);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (IoWorkItem->Queued != NULL) {
        return FALSE;
    }
    QueueItem(IoWorkItem, NULL, WorkerRoutine, Context);
    return TRUE;
}

VOID ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    NT_WORK *work;

    UNREFERENCED_PARAMETER(QueueType);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (WorkItem->List.Flink != NULL) {
        NtRaiseStatus(STATUS_INVALID_PARAMETER); /* WORKER_INVALID on Windows */
    }
    work = Queue(NtKernel(), WorkItem, sizeof(*WorkItem));
    work->Executive = WorkItem;
    work->Item = NULL;
    WorkItem->List.Flink = &WorkItem->List;
}
