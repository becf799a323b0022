/* SPDX-License-Identifier: MIT */
/*
 * Removal of an instance, contract 02 section 4.6 with the order that was measured (ddk-surface 8.5):
 * a running failover of its path first, RemovePending always, then everything that still uses the
 * DsmId runs dry - requests, lists, DSM requests, verifications - then RemoveDevice, and RemovePath
 * when it was the last of its path. PASSIVE_LEVEL, Root->Serial held.
 */
#include "core/dsmcall.h"

/* Nobody can find the instance afterwards. New holds are taken under Root->Lock, under Lun->Lock by
 * waiting requests, or through the members list, which no longer names it. */
static VOID Drain(PMPIO_INSTANCE Instance)
{
    PMPIO_ROOT root = MpioRoot();
    LARGE_INTEGER limit;
    KIRQL irql;

    Instance->Draining = TRUE;
    for (;;) {
        limit.QuadPart = -MPIO_DRAIN_LIMIT * MPIO_SECOND;
        if (Instance->Holds != 0 &&
            KeWaitForSingleObject(&Instance->Idle, Executive, KernelMode, FALSE, &limit) == STATUS_TIMEOUT &&
            Instance->DsmRequests != 0) {
            NtBugCheckRule(RULE_DSM_COMPLETION, Instance->Ordinal, (ULONG)Instance->DsmRequests);
        }
        KeClearEvent(&Instance->Idle);
        if (Instance->Lun != NULL) {
            MpioForgetInstance(Instance);
        }
        KeAcquireSpinLock(&root->Lock, &irql);
        if (Instance->Holds == 0) {
            MpioTableRemove(&root->InstanceTable, &Instance->Hashed);
            Instance->Dsm->Instances--;
            Instance->Filter->Instance = NULL;
            KeReleaseSpinLock(&root->Lock, irql);
            return;
        }
        KeReleaseSpinLock(&root->Lock, irql);
    }
}

static VOID RemovePending(PMPIO_INSTANCE Instance)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_MODULE dsm = Instance->Dsm;
    PMPIO_LUN lun = Instance->Lun;
    KIRQL irql;

    /* InvalidatePath of a fatal error comes before RemovePending. */
    KeWaitForSingleObject(&Instance->Path->Idle, Executive, KernelMode, FALSE, NULL);
    (VOID)DSM_CALL(dsm, RemovePending, PASSIVE_LEVEL, Instance->Ordinal, 0, dsm->Init.DsmContext, Instance->DsmId);
    KeAcquireSpinLock(&root->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&lun->Lock);
    MpioSetInstanceState(Instance, MPIO_INSTANCE_REMOVING);
    lun->Removed[lun->RemovedNext % MPIO_REMOVED_PATHS].PathId = Instance->Path->PathId;
    lun->Removed[lun->RemovedNext % MPIO_REMOVED_PATHS].Ordinal = Instance->Path->Ordinal;
    lun->RemovedNext++;
    KeReleaseSpinLockFromDpcLevel(&lun->Lock);
    KeReleaseSpinLock(&root->Lock, irql);
    while (!NT_SUCCESS(MpioRebuildMembers(lun))) {
        LARGE_INTEGER pause;

        pause.QuadPart = -MPIO_SECOND / 100; /* removal cannot fail: wait for memory */
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    MpioLunChanged(lun);
}

static VOID RemoveFromDsm(PMPIO_INSTANCE Instance)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    PMPIO_PATH path = Instance->Path;
    NTSTATUS status;

    status = DSM_CALL(dsm, RemoveDevice, PASSIVE_LEVEL, Instance->Ordinal, path->Ordinal, dsm->Init.DsmContext,
                      Instance->DsmId, path->PathId);
    if (!NT_SUCCESS(status)) {
        MpioEvent(MPIO_EVENT_REMOVE_FAILED, Instance->Lun->Ordinal, Instance->Ordinal,
                  "MPIO Disk%u: path %u was removed, but RemoveDevice of DSM %s failed with 0x%08X", Instance->Lun->Ordinal,
                  path->Ordinal, dsm->Name, (ULONG)status);
    }
    if (MpioLeavePath(Instance)) {
        (VOID)DSM_CALL(dsm, RemovePath, DISPATCH_LEVEL, path->Ordinal, 0, dsm->Init.DsmContext, path->PathId);
        MpioTracePath(path, Instance->Lun);
        MpioDeletePath(path);
    }
}

static VOID LeaveLun(PMPIO_INSTANCE Instance)
{
    PMPIO_LUN lun = Instance->Lun;
    ULONG left;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    RemoveEntryList(&Instance->LunEntry);
    left = --lun->InstanceCount;
    if (lun->ThrottledBy == Instance) {
        /* The DSM cannot name it any more, so nobody would resume. */
        lun->ThrottledBy = NULL;
        lun->Gate &= ~(ULONG)MPIO_GATE_THROTTLED;
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    if (lun->Pdo != NULL) {
        MpioEvent(MPIO_EVENT_PATH_REMOVED, lun->Ordinal, left, "MPIO Disk%u: a path was removed, %u left", lun->Ordinal, left);
    }
    MpioLunChanged(lun);
    MpioDereferenceLun(lun);
}

VOID MpioRemoveInstance(PMPIO_INSTANCE Instance)
{
    PMPIO_FILTER filter = Instance->Filter;

    if (Instance->Path != NULL) {
        RemovePending(Instance);
    }
    Drain(Instance);
    if (Instance->Path != NULL) {
        RemoveFromDsm(Instance);
    }
    if (Instance->Lun != NULL) {
        LeaveLun(Instance);
    }
    if (Instance->Controller != NULL) {
        ExFreePool(Instance->Controller);
    }
    filter->Instance = NULL;
    MpioFree(Instance);
}
