/* SPDX-License-Identifier: MIT */
/*
 * Cancel-safe IRP queues. <= DISPATCH_LEVEL. DriverContext[3] of a queued IRP is the queue, or the
 * caller's IO_CSQ_IRP_CONTEXT; both begin with their type. The driver's lock guards the queue, and
 * who takes the cancel routine out of the IRP owns it.
 */
#include "nt/driverobject.h"

/* The lock routines return with a lock more or less, at another level: the check of calls must accept that. */
static VOID LockCall(PIO_CSQ Csq, PVOID Routine, PKIRQL Irql, BOOLEAN Acquire)
{
    PNT_CONTEXT context = NtContext();
    NT_CALL call;

    NtEnterCall(&call, Acquire ? "CsqAcquireLock" : "CsqReleaseLock", NtDriverOfCode(NtKernel(), Routine),
                DISPATCH_LEVEL, Routine);
    if (Acquire) {
        NT_INVOKE(Csq->CsqAcquireLock, Csq, Irql);
    } else {
        NT_INVOKE(Csq->CsqReleaseLock, Csq, *Irql);
    }
    call.EntryIrql = context->Irql;
    call.EntryLocks = context->LockCount;
    NtLeaveCall(&call);
}

static VOID Lock(PIO_CSQ Csq, PKIRQL Irql)
{
    LockCall(Csq, (PVOID)Csq->CsqAcquireLock, Irql, TRUE);
}

static VOID Unlock(PIO_CSQ Csq, KIRQL Irql)
{
    LockCall(Csq, (PVOID)Csq->CsqReleaseLock, &Irql, FALSE);
}

static VOID RemoveIrp(PIO_CSQ Csq, PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT context = Irp->Tail.Overlay.DriverContext[3];

    NT_CALL_VOID("CsqRemoveIrp", NtDriverOfCode(NtKernel(), (PVOID)Csq->CsqRemoveIrp), DISPATCH_LEVEL,
                 Csq->CsqRemoveIrp, Csq, Irp);
    if (context != NULL && context->Type == IO_TYPE_CSQ_IRP_CONTEXT) {
        context->Irp = NULL;
    }
    Irp->Tail.Overlay.DriverContext[3] = NULL;
}

static VOID CompleteCanceled(PIO_CSQ Csq, PIRP Irp)
{
    NT_CALL_VOID("CsqCompleteCanceledIrp", NtDriverOfCode(NtKernel(), (PVOID)Csq->CsqCompleteCanceledIrp),
                 DISPATCH_LEVEL, Csq->CsqCompleteCanceledIrp, Csq, Irp);
}

static VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_CSQ_IRP_CONTEXT context = Irp->Tail.Overlay.DriverContext[3];
    PIO_CSQ csq = context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? context->Csq : (PIO_CSQ)(PVOID)context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Lock(csq, &irql);
    RemoveIrp(csq, Irp);
    Unlock(csq, irql);
    CompleteCanceled(csq, Irp);
}

static VOID Fill(PIO_CSQ Csq, ULONG Type, PIO_CSQ_REMOVE_IRP Remove, PIO_CSQ_PEEK_NEXT_IRP Peek,
                 PIO_CSQ_ACQUIRE_LOCK Acquire, PIO_CSQ_RELEASE_LOCK Release, PIO_CSQ_COMPLETE_CANCELED_IRP Complete)
{
    Csq->Type = Type;
    Csq->CsqRemoveIrp = Remove;
    Csq->CsqPeekNextIrp = Peek;
    Csq->CsqAcquireLock = Acquire;
    Csq->CsqReleaseLock = Release;
    Csq->CsqCompleteCanceledIrp = Complete;
    Csq->ReservePointer = NULL;
}

NTSTATUS IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                         PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                         PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Fill(Csq, IO_TYPE_CSQ, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    Csq->CsqInsertIrp = CsqInsertIrp;
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                           PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                           PIO_CSQ_RELEASE_LOCK CsqReleaseLock, PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Fill(Csq, IO_TYPE_CSQ_EX, CsqRemoveIrp, CsqPeekNextIrp, CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp);
    Csq->CsqInsertIrp = (PIO_CSQ_INSERT_IRP)(PVOID)CsqInsertIrp;
    return STATUS_SUCCESS;
}

NTSTATUS IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext)
{
    PDRIVER_OBJECT driver;
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    driver = NtDriverOfCode(NtKernel(), (PVOID)Csq->CsqInsertIrp);
    Lock(Csq, &irql);
    if (Context != NULL) {
        *Context = (IO_CSQ_IRP_CONTEXT){IO_TYPE_CSQ_IRP_CONTEXT, Irp, Csq};
    }
    Irp->Tail.Overlay.DriverContext[3] = Context != NULL ? (PVOID)Context : (PVOID)Csq;
    IoMarkIrpPending(Irp);
    if (Csq->Type == IO_TYPE_CSQ_EX) {
        PIO_CSQ_INSERT_IRP_EX insert = (PIO_CSQ_INSERT_IRP_EX)(PVOID)Csq->CsqInsertIrp;

        status = NT_CALL_OUT("CsqInsertIrp", driver, DISPATCH_LEVEL, insert, Csq, Irp, InsertContext);
        if (!NT_SUCCESS(status)) {
            if (Context != NULL) {
                Context->Irp = NULL;
            }
            Irp->Tail.Overlay.DriverContext[3] = NULL;
            Unlock(Csq, irql);
            return status;
        }
    } else {
        NT_CALL_VOID("CsqInsertIrp", driver, DISPATCH_LEVEL, Csq->CsqInsertIrp, Csq, Irp);
    }
    IoSetCancelRoutine(Irp, Cancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
        RemoveIrp(Csq, Irp);
        Unlock(Csq, irql);
        CompleteCanceled(Csq, Irp);
        return status;
    }
    Unlock(Csq, irql);
    return status;
}

VOID IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context)
{
    IoCsqInsertIrpEx(Csq, Irp, Context, NULL);
}

PIRP IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context)
{
    PIRP irp;
    KIRQL irql;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Lock(Csq, &irql);
    irp = Context->Irp;
    if (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL) {
        irp = NULL; /* being cancelled */
    }
    if (irp != NULL) {
        RemoveIrp(Csq, irp);
    }
    Unlock(Csq, irql);
    return irp;
}

PIRP IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext)
{
    PIRP irp = NULL;
    KIRQL irql;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Lock(Csq, &irql);
    do {
        irp = NT_CALL_OUT("CsqPeekNextIrp", NtDriverOfCode(NtKernel(), (PVOID)Csq->CsqPeekNextIrp), DISPATCH_LEVEL,
                          Csq->CsqPeekNextIrp, Csq, irp, PeekContext);
    } while (irp != NULL && IoSetCancelRoutine(irp, NULL) == NULL);
    if (irp != NULL) {
        RemoveIrp(Csq, irp);
    }
    Unlock(Csq, irql);
    return irp;
}
