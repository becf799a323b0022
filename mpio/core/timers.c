/* SPDX-License-Identifier: MIT */
/*
 * Timers of the framework: removal of a pseudo-LUN without paths (PDORemovePeriod) and the periodic
 * verification of every path (PathVerifyEnabled, PathVerificationPeriod). Contract 03 sections 3.2
 * and 3.3. DPCs only queue workers; workers run at PASSIVE_LEVEL.
 */
#include "core/dsmcall.h"

VOID MpioSetSeconds(PKTIMER Timer, ULONGLONG Seconds, PKDPC Dpc)
{
    LARGE_INTEGER due;

    due.QuadPart = -(LONGLONG)(Seconds * MPIO_SECOND);
    KeSetTimer(Timer, due, Dpc);
}

/* ---- removal --------------------------------------------------------------------------------------- */

/* PDORemovePeriod 0 removes at once: the DPC runs directly (MPIO-TIME-02). Lun->Lock held. */
VOID MpioArmRemoval(PMPIO_LUN Lun)
{
    ULONG period = MpioRoot()->Parameters.PdoRemovePeriod;

    if (period == 0) {
        KeInsertQueueDpc(&Lun->RemoveDpc, NULL, NULL);
    } else {
        MpioSetSeconds(&Lun->RemoveTimer, period, &Lun->RemoveDpc);
    }
}

VOID MpioRemoveDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PMPIO_LUN lun = (PMPIO_LUN)Context;
    BOOLEAN queue;
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&lun->Lock, &irql);
    queue = lun->RemoveArmed && !lun->RemoveQueued;
    lun->RemoveQueued |= queue;
    if (queue) {
        MpioReferenceLun(lun);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    if (queue) {
        ExQueueWorkItem(&lun->RemoveItem, DelayedWorkQueue);
    }
}

VOID MpioRemoveWorker(PVOID Parameter)
{
    PMPIO_LUN lun = (PMPIO_LUN)Parameter;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    lun->RemoveQueued = FALSE;
    KeReleaseSpinLock(&lun->Lock, irql);
    MpioUnpublishLun(lun, TRUE);
    MpioDereferenceLun(lun);
}

/* ---- periodic verification --------------------------------------------------------------------------- */

/* The walk over all filters keeps its place by an entry of its own in their list, so only the instance
 * being verified is held: a path that hangs does not delay the removal of others. */
static PMPIO_INSTANCE NextToVerify(PMPIO_ROOT Root, BOOLEAN First)
{
    PLIST_ENTRY cursor = &Root->VerifyCursor.Entry;
    PMPIO_INSTANCE found = NULL;
    PLIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&Root->Lock, &irql);
    if (First) {
        entry = Root->Filters.Flink;
    } else {
        entry = cursor->Flink;
        RemoveEntryList(cursor);
    }
    while (entry != &Root->Filters && found == NULL) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(entry, MPIO_FILTER, Entry)->Instance;

        if (instance != NULL && instance->State == MPIO_INSTANCE_ACTIVE) {
            MpioHold(instance);
            InsertHeadList(entry, cursor);
            found = instance;
        }
        entry = entry->Flink;
    }
    KeReleaseSpinLock(&Root->Lock, irql);
    return found;
}

static VOID VerifyOne(PMPIO_INSTANCE Instance)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    NTSTATUS status = DSM_CALL(dsm, PathVerify, PASSIVE_LEVEL, Instance->Ordinal, Instance->Path->Ordinal,
                               dsm->Init.DsmContext, Instance->DsmId, Instance->Path->PathId);

    if (!NT_SUCCESS(status)) {
        MpioEvent(MPIO_EVENT_VERIFY_FAILED, Instance->Lun->Ordinal, Instance->Path->Ordinal,
                  "MPIO Disk%u: periodic PathVerify of path %u by DSM %s failed, status 0x%08X; the path is failed over",
                  Instance->Lun->Ordinal, Instance->Path->Ordinal, dsm->Name, (ULONG)status);
        MpioFailPath(Instance->Path, DSM_FATAL_ERROR);
    }
}

static VOID VerifyWorker(PVOID Parameter)
{
    PMPIO_ROOT root = (PMPIO_ROOT)Parameter;
    PMPIO_INSTANCE instance = NextToVerify(root, TRUE);

    while (instance != NULL) {
        VerifyOne(instance);
        MpioUnhold(instance);
        instance = NextToVerify(root, FALSE);
    }
    root->VerifyQueued = FALSE;
    MpioSetSeconds(&root->VerifyTimer, root->Parameters.PathVerificationPeriod, &root->VerifyDpc);
}

static VOID VerifyDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PMPIO_ROOT root = (PMPIO_ROOT)Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (!root->VerifyQueued) {
        root->VerifyQueued = TRUE;
        ExQueueWorkItem(&root->VerifyItem, DelayedWorkQueue);
    }
}

VOID MpioStartVerification(VOID)
{
    PMPIO_ROOT root = MpioRoot();

    KeInitializeTimer(&root->VerifyTimer);
    KeInitializeDpc(&root->VerifyDpc, VerifyDpc, root);
    ExInitializeWorkItem(&root->VerifyItem, VerifyWorker, root);
    if (root->Parameters.PathVerifyEnabled != 0) {
        MpioSetSeconds(&root->VerifyTimer, root->Parameters.PathVerificationPeriod, &root->VerifyDpc);
    }
}
