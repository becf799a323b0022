/* SPDX-License-Identifier: MIT */
/*
 * Requests that wait: held ones, in order of arrival, while the LUN is throttled, failing over or
 * without a path; delayed ones until their retry interval ends. <= DISPATCH_LEVEL; Lun->Lock guards
 * both lists. Release goes through a DPC, so a DSM that resumes with its own lock held is not called
 * back under it.
 */
#include "core/dsmcall.h"

VOID MpioInsertHeldLocked(PMPIO_REQUEST Request)
{
    PMPIO_LUN lun = Request->Lun;
    PLIST_ENTRY before = &lun->Held;

    while (before->Blink != &lun->Held &&
           CONTAINING_RECORD(before->Blink, MPIO_REQUEST, Link)->Sequence > Request->Sequence) {
        before = before->Blink;
    }
    InsertTailList(before, &Request->Link);
    lun->HeldCount++;
    lun->Gate |= MPIO_GATE_QUEUE;
}

/* If nothing but the queue itself stands in the way, the queue moves on. Lun->Lock held. */
static VOID ReleaseIfOpenLocked(PMPIO_LUN Lun)
{
    if (!(Lun->Gate & ~(ULONG)MPIO_GATE_QUEUE) && !IsListEmpty(&Lun->Held)) {
        KeInsertQueueDpc(&Lun->ReleaseDpc, NULL, NULL);
    }
}

VOID MpioHoldRequest(PMPIO_REQUEST Request)
{
    PMPIO_LUN lun = Request->Lun;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    MpioInsertHeldLocked(Request);
    /* Also when the failover ended meanwhile, or the pseudo-LUN went away. */
    if (Request->Pdo->Gone) {
        KeInsertQueueDpc(&lun->ReleaseDpc, NULL, NULL);
    }
    ReleaseIfOpenLocked(lun);
    KeReleaseSpinLock(&lun->Lock, irql);
}

VOID MpioReleaseHeld(PMPIO_LUN Lun)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    ReleaseIfOpenLocked(Lun);
    KeReleaseSpinLock(&Lun->Lock, irql);
}

/* First held request that may move: any when the gate is open, else only one whose PDO is gone. */
static PMPIO_REQUEST NextMovable(PMPIO_LUN Lun)
{
    const BOOLEAN open = !(Lun->Gate & ~(ULONG)MPIO_GATE_QUEUE);

    for (PLIST_ENTRY entry = Lun->Held.Flink; entry != &Lun->Held; entry = entry->Flink) {
        PMPIO_REQUEST request = CONTAINING_RECORD(entry, MPIO_REQUEST, Link);

        if (open || request->Pdo->Gone) {
            return request;
        }
    }
    return NULL;
}

VOID MpioReleaseDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PMPIO_LUN lun = (PMPIO_LUN)Context;
    PMPIO_REQUEST request;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&lun->Lock, &irql);
    if (lun->Releasing) {
        KeReleaseSpinLock(&lun->Lock, irql);
        return;
    }
    lun->Releasing = TRUE;
    while ((request = NextMovable(lun)) != NULL) {
        RemoveEntryList(&request->Link);
        lun->HeldCount--;
        request->KeepInstance = !lun->Recategorize;
        MpioSelectLocked(request, TRUE, irql);
        KeAcquireSpinLock(&lun->Lock, &irql);
    }
    if (IsListEmpty(&lun->Held)) {
        lun->Gate &= ~(ULONG)MPIO_GATE_QUEUE;
        lun->Recategorize = TRUE;
    }
    lun->Releasing = FALSE;
    KeReleaseSpinLock(&lun->Lock, irql);
}

/* ---- retries ------------------------------------------------------------------------------------ */

VOID MpioDelayRequest(PMPIO_REQUEST Request, LONG Seconds)
{
    PMPIO_LUN lun = Request->Lun;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    InsertTailList(&lun->Delayed, &Request->Link);
    if (Seconds == 0 || Request->Pdo->Gone) {
        KeInsertQueueDpc(&Request->Dpc, NULL, NULL);
    } else {
        MpioSetSeconds(&Request->Timer, (ULONGLONG)Seconds, &Request->Dpc);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
}

VOID MpioRetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PMPIO_REQUEST request = (PMPIO_REQUEST)Context;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&request->Lun->Lock, &irql);
    RemoveEntryList(&request->Link);
    MpioSelectLocked(request, TRUE, irql);
}

/* ---- the end of an instance or of a pseudo-LUN ---------------------------------------------------- */

/* The PDO is gone: everything that waits fails now. Delayed requests come through their DPC. */
VOID MpioFailHeld(PMPIO_LUN Lun)
{
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    for (PLIST_ENTRY entry = Lun->Delayed.Flink; entry != &Lun->Delayed; entry = entry->Flink) {
        PMPIO_REQUEST request = CONTAINING_RECORD(entry, MPIO_REQUEST, Link);

        if (request->Pdo->Gone && KeCancelTimer(&request->Timer)) {
            KeInsertQueueDpc(&request->Dpc, NULL, NULL);
        }
    }
    if (!IsListEmpty(&Lun->Held)) {
        KeInsertQueueDpc(&Lun->ReleaseDpc, NULL, NULL);
    }
    KeReleaseSpinLock(&Lun->Lock, irql);
}

static PMPIO_REQUEST FindUser(PLIST_ENTRY List, PMPIO_INSTANCE Instance)
{
    for (PLIST_ENTRY entry = List->Flink; entry != List; entry = entry->Flink) {
        PMPIO_REQUEST request = CONTAINING_RECORD(entry, MPIO_REQUEST, Link);

        if (request->Instance == Instance) {
            return request;
        }
    }
    return NULL;
}

/* Instance is drained. Waiting requests that used it last complete with a NULL DsmId later; DSMs older
 * than type 3 cannot take that, so their completion routine runs here and SetCompletion again later. */
VOID MpioForgetInstance(PMPIO_INSTANCE Instance)
{
    PMPIO_LUN lun = Instance->Lun;
    PMPIO_REQUEST request;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    while ((request = FindUser(&lun->Held, Instance)) != NULL || (request = FindUser(&lun->Delayed, Instance)) != NULL) {
        request->Instance = NULL;
        if (lun->Dsm->Type < DsmType3 && request->CompletionSet) {
            DSM_COMPLETION_INFO completion = request->Completion;

            request->CompletionSet = FALSE;
            if (completion.DsmCompletionRoutine != NULL) {
                PIRP irp = request->Irp;
                PSCSI_REQUEST_BLOCK srb = request->Srb;

                KeReleaseSpinLock(&lun->Lock, irql);
                NT_CALL_VOID("DsmCompletionRoutine", lun->Dsm->Driver, DISPATCH_LEVEL, completion.DsmCompletionRoutine,
                             Instance->DsmId, irp, srb, completion.DsmContext);
                KeAcquireSpinLock(&lun->Lock, &irql);
            }
        }
    }
    KeReleaseSpinLock(&lun->Lock, irql);
}
