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

/* The instances that can be verified now, each held. *Count of them; NULL: none or no memory. */
static PMPIO_INSTANCE *CollectInstances(ULONG *Count)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_INSTANCE *list;
    ULONG room = 0;
    KIRQL irql;

    *Count = 0;
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        room += CONTAINING_RECORD(entry, MPIO_MODULE, Entry)->Instances;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    list = room != 0 ? MpioAllocate((SIZE_T)room * sizeof(*list)) : NULL;
    if (list == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Filters.Flink; entry != &root->Filters && *Count < room; entry = entry->Flink) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(entry, MPIO_FILTER, Entry)->Instance;

        if (instance != NULL && instance->State == MPIO_INSTANCE_ACTIVE) {
            MpioHold(instance);
            list[(*Count)++] = instance;
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return list;
}

static VOID VerifyWorker(PVOID Parameter)
{
    PMPIO_ROOT root = (PMPIO_ROOT)Parameter;
    ULONG count;
    PMPIO_INSTANCE *list = CollectInstances(&count);

    for (ULONG i = 0; i < count; i++) {
        PMPIO_INSTANCE instance = list[i];
        PMPIO_MODULE dsm = instance->Dsm;
        NTSTATUS status = STATUS_SUCCESS;

        if (instance->State == MPIO_INSTANCE_ACTIVE) {
            status = DSM_CALL(dsm, PathVerify, PASSIVE_LEVEL, instance->Ordinal, instance->Path->Ordinal, dsm->Init.DsmContext,
                              instance->DsmId, instance->Path->PathId);
        }
        if (!NT_SUCCESS(status)) {
            MpioEvent(MPIO_EVENT_VERIFY_FAILED, instance->Lun->Ordinal, instance->Path->Ordinal,
                      "MPIO Disk%u: periodic PathVerify of path %u by DSM %s failed, status 0x%08X; the path is failed over",
                      instance->Lun->Ordinal, instance->Path->Ordinal, dsm->Name, (ULONG)status);
            MpioFailPath(instance->Path, DSM_FATAL_ERROR);
        }
        MpioUnhold(instance);
    }
    MpioFree(list);
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
