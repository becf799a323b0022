/* SPDX-License-Identifier: MIT */
/*
 * Look-ups: DsmId -> instance, PathId -> path, and the holds that keep what was found. Buckets are
 * chosen by address or value, but the order inside a chain decides nothing: keys are unique.
 * <= DISPATCH_LEVEL; Root->Lock guards the tables.
 */
#include "core/core.h"

ULONG MpioHashBytes(const UCHAR *Bytes, ULONG Length)
{
    ULONG hash = 2166136261u;

    for (ULONG i = 0; i < Length; i++) {
        hash = (hash ^ Bytes[i]) * 16777619u;
    }
    return hash ^ hash >> 15;
}

static ULONG HashPointer(PVOID Pointer)
{
    ULONGLONG value = (ULONG_PTR)Pointer;

    value = (value ^ value >> 29) * 0xBF58476D1CE4E5B9ull;
    return (ULONG)(value >> 32);
}

static PMPIO_INSTANCE FindLocked(PMPIO_MODULE Dsm, PVOID DsmId)
{
    PMPIO_HASHED hashed = MpioTableChain(&MpioRoot()->InstanceTable, HashPointer(DsmId));

    for (; hashed != NULL; hashed = hashed->Next) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(hashed, MPIO_INSTANCE, Hashed);

        if (instance->DsmId == DsmId && instance->Dsm == Dsm) {
            return instance;
        }
    }
    return NULL;
}

/* Held for the caller, who calls MpioUnhold. NULL: no such instance. */
PMPIO_INSTANCE MpioFindInstance(PMPIO_MODULE Dsm, PVOID DsmId)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_INSTANCE instance;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    instance = FindLocked(Dsm, DsmId);
    if (instance != NULL) {
        MpioHold(instance);
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return instance;
}

BOOLEAN MpioDsmIdInUse(PMPIO_MODULE Dsm, PVOID DsmId)
{
    PMPIO_ROOT root = MpioRoot();
    BOOLEAN found;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    found = FindLocked(Dsm, DsmId) != NULL;
    KeReleaseSpinLock(&root->Lock, irql);
    return found;
}

VOID MpioIndexInstance(PMPIO_INSTANCE Instance, BOOLEAN Insert)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Insert) {
        MpioTableInsert(&root->InstanceTable, &Instance->Hashed, HashPointer(Instance->DsmId));
        Instance->Dsm->Instances++;
    } else {
        MpioTableRemove(&root->InstanceTable, &Instance->Hashed);
        Instance->Dsm->Instances--;
    }
    KeReleaseSpinLock(&root->Lock, irql);
}

VOID MpioHold(PMPIO_INSTANCE Instance)
{
    InterlockedIncrement(&Instance->Holds);
}

VOID MpioUnhold(PMPIO_INSTANCE Instance)
{
    if (InterlockedDecrement(&Instance->Holds) == 0 && Instance->Draining) {
        KeSetEvent(&Instance->Idle, IO_NO_INCREMENT, FALSE);
    }
}

/* ---- paths -------------------------------------------------------------------------------------- */

PMPIO_PATH MpioFindPathLocked(PMPIO_MODULE Dsm, PVOID PathId)
{
    PMPIO_HASHED hashed = MpioTableChain(&MpioRoot()->PathTable, HashPointer(PathId));

    for (; hashed != NULL; hashed = hashed->Next) {
        PMPIO_PATH path = CONTAINING_RECORD(hashed, MPIO_PATH, Hashed);

        if (path->PathId == PathId && path->Dsm == Dsm) {
            return path;
        }
    }
    return NULL;
}

/* Fresh: memory for the case that the path is new, allocated before the DSM was asked, so that this
 * cannot fail; freed when it is not needed. */
VOID MpioJoinPath(PMPIO_INSTANCE Instance, PVOID PathId, PMPIO_PATH Fresh)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_PATH path;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    path = MpioFindPathLocked(Instance->Dsm, PathId);
    if (path == NULL) {
        path = Fresh;
        Fresh = NULL;
        path->Dsm = Instance->Dsm;
        path->PathId = PathId;
        path->Ordinal = root->NextPath++;
        path->State = MPIO_PATH_NORMAL;
        InitializeListHead(&path->Instances);
        KeInitializeEvent(&path->Idle, NotificationEvent, TRUE);
        MpioInitializePathWork(path);
        InsertTailList(&Instance->Dsm->Paths, &path->Entry);
        MpioTableInsert(&root->PathTable, &path->Hashed, HashPointer(PathId));
    }
    InsertTailList(&path->Instances, &Instance->PathEntry);
    path->InstanceCount++;
    Instance->Path = path;
    KeReleaseSpinLock(&root->Lock, irql);
    MpioFree(Fresh);
}

BOOLEAN MpioLeavePath(PMPIO_INSTANCE Instance)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_PATH path = Instance->Path;
    BOOLEAN last;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    RemoveEntryList(&Instance->PathEntry);
    last = --path->InstanceCount == 0;
    if (last) {
        RemoveEntryList(&path->Entry);
        MpioTableRemove(&root->PathTable, &path->Hashed);
        path->State = MPIO_PATH_REMOVED;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return last;
}

/* After MpioLeavePath said TRUE and RemovePath was called. PASSIVE_LEVEL: waits for its workers. */
VOID MpioDeletePath(PMPIO_PATH Path)
{
    KeCancelTimer(&Path->RecoverTimer);
    KeFlushQueuedDpcs();
    KeWaitForSingleObject(&Path->Idle, Executive, KernelMode, FALSE, NULL);
    MpioFree(Path);
}

/* FALSE: the path is being removed. */
BOOLEAN MpioPathBeginWork(PMPIO_PATH Path)
{
    if (Path->State == MPIO_PATH_REMOVED) {
        return FALSE;
    }
    if (Path->Workers++ == 0) {
        KeClearEvent(&Path->Idle);
    }
    return TRUE;
}

VOID MpioPathEndWork(PMPIO_PATH Path)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (--Path->Workers == 0) {
        KeSetEvent(&Path->Idle, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&root->Lock, irql);
}
