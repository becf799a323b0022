/* SPDX-License-Identifier: MIT */
/*
 * Fatal errors: one failover per path (contract 02 section 4.4). The first fatal answer closes the
 * gate of every LUN on the path and queues a worker; the worker calls InvalidatePath at PASSIVE_LEVEL,
 * then each LUN goes on with its other paths or waits for one to return. MpioFailPath:
 * <= DISPATCH_LEVEL.
 */
#include "core/dsmcall.h"

VOID MpioInitializePathWork(PMPIO_PATH Path)
{
    ExInitializeWorkItem(&Path->FailoverItem, MpioFailoverWorker, Path);
    ExInitializeWorkItem(&Path->RecoverItem, MpioRecoverWorker, Path);
    KeInitializeTimer(&Path->RecoverTimer);
    KeInitializeDpc(&Path->RecoverDpc, MpioRecoverDpc, Path);
}

/* Instances of the path in one of the states From (bit mask) get the state To. Root->Lock held. */
static VOID MoveInstances(PMPIO_PATH Path, ULONG From, enum mpio_instance_state To)
{
    for (PLIST_ENTRY entry = Path->Instances.Flink; entry != &Path->Instances; entry = entry->Flink) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(entry, MPIO_INSTANCE, PathEntry);

        KeAcquireSpinLockAtDpcLevel(&instance->Lun->Lock);
        if (From & 1u << instance->State) {
            MpioSetInstanceState(instance, To);
        }
        MpioTraceLun(instance->Lun);
        KeReleaseSpinLockFromDpcLevel(&instance->Lun->Lock);
    }
}

/* A late error on a path that is being or was invalidated starts nothing: its request is held or goes
 * to another path like the rest. */
VOID MpioFailPath(PMPIO_PATH Path, ULONG ErrorMask)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Path->State == MPIO_PATH_NORMAL && MpioPathBeginWork(Path)) {
        Path->State = MPIO_PATH_FAILING_OVER;
        Path->ErrorMask = ErrorMask;
        Path->Failovers++;
        MoveInstances(Path, 1u << MPIO_INSTANCE_NEW | 1u << MPIO_INSTANCE_ACTIVE | 1u << MPIO_INSTANCE_RECOVERING,
                      MPIO_INSTANCE_FAILING);
        MpioTracePath(Path, NULL);
        ExQueueWorkItem(&Path->FailoverItem, CriticalWorkQueue);
    }
    KeReleaseSpinLock(&root->Lock, irql);
}

/* Event 18 when some LUN on the path has no other instance, else 16. */
static VOID LogFailover(PMPIO_PATH Path)
{
    PMPIO_ROOT root = MpioRoot();
    ULONG lun = MPIO_NO_ORDINAL;
    BOOLEAN single = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = Path->Instances.Flink; entry != &Path->Instances && !single; entry = entry->Flink) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(entry, MPIO_INSTANCE, PathEntry);

        lun = instance->Lun->Ordinal;
        single = instance->Lun->InstanceCount == 1;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    if (single) {
        MpioEvent(MPIO_EVENT_SINGLE_PATH, lun, Path->Ordinal, "MPIO Disk%u: DSM %s wants a failover, but path %u is its only one",
                  lun, Path->Dsm->Name, Path->Ordinal);
    } else {
        MpioEvent(MPIO_EVENT_FAILOVER, lun, Path->Ordinal, "path %u failed (mask 0x%08X, DSM %s): failing over", Path->Ordinal,
                  Path->ErrorMask, Path->Dsm->Name);
    }
}

/* The new path must be another path of this DSM. MPIO uses it as a hint only: each request asks the DSM. */
static ULONG CheckNewPath(PMPIO_PATH Path, PVOID NewPathId)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_PATH found;
    ULONG ordinal;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    found = MpioFindPathLocked(Path->Dsm, NewPathId);
    ordinal = MpioPathOrdinal(found);
    KeReleaseSpinLock(&root->Lock, irql);
    if (found == NULL) {
        MpioEvent(MPIO_EVENT_BOGUS_PATH, Path->Ordinal, 0, "DSM %s: InvalidatePath of path %u returned a path that does not exist",
                  Path->Dsm->Name, Path->Ordinal);
        NtBugCheckRule(RULE_DSM_PATH, MPIO_NO_ORDINAL, (ULONG_PTR)NewPathId);
    }
    if (found == Path) {
        NtBugCheckRule(RULE_DSM_DEAD_PATH, MPIO_NO_ORDINAL, Path->Ordinal);
    }
    return ordinal;
}

/* After InvalidatePath: every LUN of the path takes its own way. Root->Lock is held, so the list of
 * instances stands still; what MpioLunChanged does is allowed at DISPATCH_LEVEL. */
static VOID SettleLuns(PMPIO_PATH Path, BOOLEAN Refused)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Path->State != MPIO_PATH_REMOVED) { /* its last instance may have left meanwhile: nobody recovers it */
        Path->State = MPIO_PATH_INVALIDATED;
    }
    MpioTracePath(Path, NULL);
    MoveInstances(Path, 1u << MPIO_INSTANCE_FAILING, MPIO_INSTANCE_INVALIDATED);
    for (PLIST_ENTRY entry = Path->Instances.Flink; entry != &Path->Instances; entry = entry->Flink) {
        PMPIO_LUN lun = CONTAINING_RECORD(entry, MPIO_INSTANCE, PathEntry)->Lun;

        if (lun->UsableCount != 0) {
            MpioEvent(MPIO_EVENT_DEGRADED, lun->Ordinal, Path->Ordinal, "MPIO Disk%u: failover done, %u of %u paths are left",
                      lun->Ordinal, lun->UsableCount, lun->InstanceCount);
        } else if (Refused) {
            MpioEvent(MPIO_EVENT_FAILOVER_FAILED, lun->Ordinal, Path->Ordinal, "MPIO Disk%u: failover from path %u failed",
                      lun->Ordinal, Path->Ordinal);
        }
        MpioLunChanged(lun);
    }
    KeReleaseSpinLock(&root->Lock, irql);
}

VOID MpioFailoverWorker(PVOID Parameter)
{
    PMPIO_PATH path = (PMPIO_PATH)Parameter;
    PMPIO_MODULE dsm = path->Dsm;
    ULONG newOrdinal = MPIO_NO_ORDINAL;
    PVOID newPath = NULL;
    NTSTATUS status;

    LogFailover(path);
    status = DSM_CALL(dsm, InvalidatePath, PASSIVE_LEVEL, path->Ordinal, path->ErrorMask, dsm->Init.DsmContext,
                      path->ErrorMask, path->PathId, &newPath);
    if (NT_SUCCESS(status) && newPath != NULL) {
        newOrdinal = CheckNewPath(path, newPath);
    } else {
        MpioEvent(MPIO_EVENT_NO_PATH, path->Ordinal, (ULONG)status, "DSM %s: InvalidatePath of path %u gave no other path, status 0x%08X",
                  dsm->Name, path->Ordinal, (ULONG)status);
    }
    NtTrace(TRACE_FAILOVER, path->Ordinal, newOrdinal, path->ErrorMask, (ULONG)status);
    SettleLuns(path, newOrdinal == MPIO_NO_ORDINAL);
    MpioArmRecovery(path);
    MpioPathEndWork(path);
}
