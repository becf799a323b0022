/* SPDX-License-Identifier: MIT */
/*
 * The list of a LUN's instances as DSMs see it. A list never changes: arrivals and removals make a new
 * one, and an old one lives until the last DSM call that uses it has returned. Each list holds the
 * instances it names, so RemoveDevice cannot overtake a call that still sees the DsmId.
 * <= DISPATCH_LEVEL; Lun->Lock guards the pointer.
 */
#include "core/core.h"

static PMPIO_MEMBERS AllocateMembers(ULONG Count)
{
    const SIZE_T ids = FIELD_OFFSET(DSM_IDS, IdList) + (SIZE_T)Count * sizeof(PVOID);
    SIZE_T bytes = sizeof(MPIO_MEMBERS) + (SIZE_T)Count * 2 * sizeof(PVOID) + (ids < sizeof(DSM_IDS) ? sizeof(DSM_IDS) : ids);
    PMPIO_MEMBERS members = MpioAllocate(bytes);

    if (members != NULL) {
        members->References = 1;
        members->PathIds = (PVOID *)(members + 1);
        members->Instances = (PMPIO_INSTANCE *)(members->PathIds + Count);
        members->Ids = (PDSM_IDS)(members->Instances + Count);
    }
    return members;
}

VOID MpioReleaseMembers(PMPIO_MEMBERS Members)
{
    if (InterlockedDecrement(&Members->References) != 0) {
        return;
    }
    for (ULONG i = 0; i < Members->Count; i++) {
        MpioUnhold(Members->Instances[i]);
    }
    MpioFree(Members);
}

PMPIO_MEMBERS MpioReferenceMembers(PMPIO_LUN Lun)
{
    PMPIO_MEMBERS members;
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    members = Lun->Members;
    InterlockedIncrement(&members->References);
    KeReleaseSpinLock(&Lun->Lock, irql);
    return members;
}

/* Instances that RemovePending was called for are left out. On failure the old list stays. */
NTSTATUS MpioRebuildMembers(PMPIO_LUN Lun)
{
    const ULONG room = Lun->InstanceCount; /* changes under Root->Serial only, which the caller holds */
    PMPIO_MEMBERS members = AllocateMembers(room);
    PMPIO_MEMBERS old;
    KIRQL irql;

    if (members == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&Lun->Lock, &irql);
    for (PLIST_ENTRY entry = Lun->Instances.Flink; entry != &Lun->Instances; entry = entry->Flink) {
        PMPIO_INSTANCE instance = CONTAINING_RECORD(entry, MPIO_INSTANCE, LunEntry);

        if (instance->State == MPIO_INSTANCE_REMOVING || instance->Path == NULL || members->Count == room) {
            continue;
        }
        members->PathIds[members->Count] = instance->Path->PathId;
        members->Instances[members->Count] = instance;
        members->Ids->IdList[members->Count] = instance->DsmId;
        members->Count++;
        MpioHold(instance);
    }
    members->Ids->Count = members->Count;
    old = Lun->Members;
    Lun->Members = members;
    Lun->Epoch++;
    KeReleaseSpinLock(&Lun->Lock, irql);
    if (old != NULL) {
        MpioReleaseMembers(old);
    }
    return STATUS_SUCCESS;
}
