/* SPDX-License-Identifier: MIT */
/*
 * Recovery of invalidated paths whose instances PnP has not removed (contract 03 section 3.4):
 * PathVerify of each instance, then IsPathActive, then it is used again. The timer of a path starts
 * when the path is invalidated, so the default period (2 x PDORemovePeriod) always ends after the
 * pseudo-LUN is gone: the published fast-return defect, and its cure by a shorter custom interval.
 * Workers: PASSIVE_LEVEL; each instance is held while the DSM is asked about it.
 */
#include "core/dsmcall.h"

VOID MpioArmRecovery(PMPIO_PATH Path)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Path->State != MPIO_PATH_REMOVED) {
        MpioSetSeconds(&Path->RecoverTimer, MpioRecoveryPeriod(), &Path->RecoverDpc);
    }
    KeReleaseSpinLock(&root->Lock, irql);
}

VOID MpioRecoverDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    MpioRecoverPath((PMPIO_PATH)Context);
}

VOID MpioRecoverPath(PMPIO_PATH Path)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Path->RecoverQueued) {
        Path->RecoverAgain = TRUE;
    } else if (Path->State != MPIO_PATH_FAILING_OVER && MpioPathBeginWork(Path)) {
        Path->RecoverQueued = TRUE;
        ExQueueWorkItem(&Path->RecoverItem, DelayedWorkQueue);
    }
    KeReleaseSpinLock(&root->Lock, irql);
}

/* State change under the locks, only from the state expected: a removal or a failover may be faster. */
static BOOLEAN Advance(PMPIO_INSTANCE Instance, enum mpio_instance_state From, enum mpio_instance_state To)
{
    PMPIO_ROOT root = MpioRoot();
    BOOLEAN done;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Instance->Lun->Lock);
    done = Instance->State == From;
    if (done) {
        MpioSetInstanceState(Instance, To);
        if (To == MPIO_INSTANCE_ACTIVE && Instance->Path->State == MPIO_PATH_INVALIDATED) {
            Instance->Path->State = MPIO_PATH_NORMAL;
            MpioTracePath(Instance->Path, Instance->Lun);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Instance->Lun->Lock);
    KeReleaseSpinLock(&root->Lock, irql);
    return done;
}

/* The path failed over while IsPathActive ran: the DSM may have heard of it first and then taken the path up again. */
static VOID InvalidateAgain(PMPIO_PATH Path)
{
    PMPIO_ROOT root = MpioRoot();
    BOOLEAN again;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    again = Path->State == MPIO_PATH_INVALIDATED;
    if (again) {
        Path->State = MPIO_PATH_NORMAL;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    if (again) {
        MpioFailPath(Path, Path->ErrorMask);
    }
}

/* TRUE: usable again. From PathVerify on the DSM may choose the path, so the state changes first. A failover that comes
 * meanwhile has the last word. */
static BOOLEAN RecoverInstance(PMPIO_INSTANCE Instance)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    PMPIO_PATH path = Instance->Path;
    NTSTATUS status;

    if (!Advance(Instance, MPIO_INSTANCE_INVALIDATED, MPIO_INSTANCE_RECOVERING)) {
        return Instance->State == MPIO_INSTANCE_ACTIVE;
    }
    status = DSM_CALL(dsm, PathVerify, PASSIVE_LEVEL, Instance->Ordinal, path->Ordinal, dsm->Init.DsmContext, Instance->DsmId,
                      path->PathId);
    if (!NT_SUCCESS(status)) {
        (VOID)Advance(Instance, MPIO_INSTANCE_RECOVERING, MPIO_INSTANCE_INVALIDATED);
        return FALSE;
    }
    if (Instance->State != MPIO_INSTANCE_RECOVERING) {
        return FALSE; /* the DSM was told after PathVerify that the path is bad: it must not be asked to take it up */
    }
    Instance->Active = DSM_CALL(dsm, IsPathActive, PASSIVE_LEVEL, Instance->Ordinal, path->Ordinal, dsm->Init.DsmContext,
                                path->PathId, Instance->DsmId);
    if (!Advance(Instance, MPIO_INSTANCE_RECOVERING, MPIO_INSTANCE_ACTIVE)) {
        InvalidateAgain(path);
        return FALSE;
    }
    if (Instance->Lun->Pdo == NULL) {
        (VOID)MpioPublishLun(Instance->Lun);
    }
    MpioEvent(MPIO_EVENT_RECOVERED, Instance->Lun->Ordinal, path->Ordinal, "MPIO Disk%u: path %u is back", Instance->Lun->Ordinal,
              path->Ordinal);
    MpioLunChanged(Instance->Lun);
    return TRUE;
}

static PMPIO_INSTANCE *HoldInstances(PMPIO_PATH Path, ULONG *Count)
{
    PMPIO_ROOT root = MpioRoot();
    ULONG room = Path->InstanceCount;
    PMPIO_INSTANCE *list = room != 0 ? MpioAllocate((SIZE_T)room * sizeof(*list)) : NULL;
    KIRQL irql;

    *Count = 0;
    if (list == NULL) {
        return NULL;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = Path->Instances.Flink; entry != &Path->Instances && *Count < room; entry = entry->Flink) {
        list[*Count] = CONTAINING_RECORD(entry, MPIO_INSTANCE, PathEntry);
        MpioHold(list[(*Count)++]);
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return list;
}

VOID MpioRecoverWorker(PVOID Parameter)
{
    PMPIO_PATH path = (PMPIO_PATH)Parameter;
    PMPIO_ROOT root = MpioRoot();
    BOOLEAN all;
    KIRQL irql;

    for (;;) {
        ULONG count;
        PMPIO_INSTANCE *list = HoldInstances(path, &count);

        all = TRUE;
        for (ULONG i = 0; i < count; i++) {
            all &= RecoverInstance(list[i]);
            MpioUnhold(list[i]);
        }
        MpioFree(list);
        KeAcquireSpinLock(&root->Lock, &irql);
        if (!path->RecoverAgain || path->State == MPIO_PATH_REMOVED) {
            path->RecoverQueued = FALSE;
            path->RecoverAgain = FALSE;
            KeReleaseSpinLock(&root->Lock, irql);
            break;
        }
        path->RecoverAgain = FALSE;
        KeReleaseSpinLock(&root->Lock, irql);
    }
    if (!all) {
        MpioArmRecovery(path);
    }
    MpioPathEndWork(path);
}
