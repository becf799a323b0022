/* SPDX-License-Identifier: MIT */
/*
 * A LUN and its pseudo-LUN device: creation, the states derived from its instances, the gate that
 * holds requests, and the appearance and disappearance of \Device\MPIODisk<N>. State changes:
 * <= DISPATCH_LEVEL under Lun->Lock; publication: PASSIVE_LEVEL.
 */
#include "core/core.h"

PMPIO_LUN MpioCreateLun(PMPIO_MODULE Dsm, const MPIO_IDENTITY *Identity)
{
    PMPIO_LUN lun = MpioAllocate(sizeof(*lun));

    if (lun == NULL) {
        return NULL;
    }
    lun->Dsm = Dsm;
    lun->Identity = *Identity;
    InterlockedIncrement(&Dsm->References);
    lun->Ordinal = MPIO_NO_ORDINAL;
    lun->Gate = MPIO_GATE_NO_PATH;
    lun->Recategorize = TRUE;
    KeInitializeSpinLock(&lun->Lock);
    InitializeListHead(&lun->Instances);
    InitializeListHead(&lun->Held);
    InitializeListHead(&lun->Delayed);
    KeInitializeDpc(&lun->ReleaseDpc, MpioReleaseDpc, lun);
    KeInitializeTimer(&lun->RemoveTimer);
    KeInitializeDpc(&lun->RemoveDpc, MpioRemoveDpc, lun);
    ExInitializeWorkItem(&lun->RemoveItem, MpioRemoveWorker, lun);
    if (!NT_SUCCESS(MpioRebuildMembers(lun))) {
        MpioDereferenceDsm(Dsm);
        MpioFree(lun);
        return NULL;
    }
    return lun;
}

VOID MpioReferenceLun(PMPIO_LUN Lun)
{
    InterlockedIncrement(&Lun->References);
}

/* The last reference goes with the last instance, PDO or worker. PASSIVE_LEVEL. */
VOID MpioDereferenceLun(PMPIO_LUN Lun)
{
    PMPIO_ROOT root = MpioRoot();
    PSINGLE_LIST_ENTRY entry;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (InterlockedDecrement(&Lun->References) != 0) {
        KeReleaseSpinLock(&root->Lock, irql);
        return;
    }
    MpioUnlinkLun(Lun);
    KeReleaseSpinLock(&root->Lock, irql);
    KeCancelTimer(&Lun->RemoveTimer);
    KeFlushQueuedDpcs();
    while ((entry = PopEntryList(&Lun->FreeRequests)) != NULL) {
        MpioFree(CONTAINING_RECORD(entry, MPIO_REQUEST, Link));
    }
    MpioReleaseMembers(Lun->Members);
    MpioFree(Lun->Device);
    MpioFree(Lun->DeviceId);
    MpioFree(Lun->Adapter);
    MpioDereferenceDsm(Lun->Dsm);
    MpioFree(Lun);
}

/* One word for people and reports; the gate decides. */
enum mpio_lun_state MpioLunState(PMPIO_LUN Lun)
{
    if (Lun->Pdo == NULL) {
        return MPIO_LUN_REMOVING;
    }
    if (Lun->FailingCount != 0) {
        return MPIO_LUN_FAILING_OVER;
    }
    if (Lun->UsableCount == 0) {
        return MPIO_LUN_ALL_PATHS_FAILED;
    }
    if (Lun->Gate & MPIO_GATE_THROTTLED) {
        return MPIO_LUN_THROTTLED;
    }
    return Lun->UsableCount < Lun->InstanceCount ? MPIO_LUN_DEGRADED : MPIO_LUN_NORMAL;
}

/* The only writer of Instance->State once the instance belongs to a LUN. Lun->Lock held. */
VOID MpioSetInstanceState(PMPIO_INSTANCE Instance, enum mpio_instance_state State)
{
    PMPIO_LUN lun = Instance->Lun;

    lun->UsableCount -= Instance->State == MPIO_INSTANCE_ACTIVE;
    lun->FailingCount -= Instance->State == MPIO_INSTANCE_FAILING;
    Instance->State = State;
    lun->UsableCount += State == MPIO_INSTANCE_ACTIVE;
    lun->FailingCount += State == MPIO_INSTANCE_FAILING;
    lun->Epoch++;
    lun->Gate &= ~(ULONG)(MPIO_GATE_FAILOVER | MPIO_GATE_NO_PATH);
    if (lun->FailingCount != 0) {
        lun->Gate |= MPIO_GATE_FAILOVER;
    }
    if (lun->UsableCount == 0) {
        lun->Gate |= MPIO_GATE_NO_PATH;
    }
}

/* What follows from a change: the remove timer starts or stops, held requests move. <= DISPATCH_LEVEL. */
VOID MpioLunChanged(PMPIO_LUN Lun)
{
    BOOLEAN lost = FALSE;
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    if (Lun->UsableCount == 0 && Lun->FailingCount == 0 && Lun->Pdo != NULL) {
        lost = !Lun->RemoveArmed;
        Lun->RemoveArmed = TRUE;
    } else if (Lun->RemoveArmed) {
        Lun->RemoveArmed = FALSE;
        KeCancelTimer(&Lun->RemoveTimer);
    }
    if (lost) {
        MpioArmRemoval(Lun);
    }
    MpioTraceLun(Lun);
    KeReleaseSpinLock(&Lun->Lock, irql);
    if (lost) {
        MpioEvent(MPIO_EVENT_ALL_PATHS_FAILED, Lun->Ordinal, MpioRoot()->Parameters.PdoRemovePeriod,
                  "MPIO Disk%u: every path has failed; the device is removed in %u s unless one returns", Lun->Ordinal,
                  MpioRoot()->Parameters.PdoRemovePeriod);
    }
    MpioReleaseHeld(Lun);
}

/* ---- the device ----------------------------------------------------------------------------------- */

static VOID FormatName(WCHAR *Name, ULONG Ordinal)
{
    static const CHAR prefix[] = "\\Device\\MPIODisk";
    UNICODE_STRING digits;
    ULONG at = 0;

    while (prefix[at] != 0) {
        Name[at] = (WCHAR)prefix[at];
        at++;
    }
    digits.Buffer = Name + at;
    digits.Length = 0;
    digits.MaximumLength = 12 * sizeof(WCHAR);
    RtlIntegerToUnicodeString(Ordinal, 10, &digits);
    Name[at + digits.Length / sizeof(WCHAR)] = 0;
}

static CCHAR StackSize(PMPIO_LUN Lun)
{
    CCHAR size = 1;
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    for (PLIST_ENTRY entry = Lun->Instances.Flink; entry != &Lun->Instances; entry = entry->Flink) {
        PDEVICE_OBJECT filter = CONTAINING_RECORD(entry, MPIO_INSTANCE, LunEntry)->Filter->Common.Device;

        if (filter->StackSize > size) {
            size = filter->StackSize;
        }
    }
    KeReleaseSpinLock(&Lun->Lock, irql);
    return (CCHAR)(size + 1);
}

/* Gives the LUN a device object and tells PnP. Nothing happens if it has one. A LUN that comes back
 * after its PDO went away gets the next ordinal, never its old one (MPIO-LUN-03). PASSIVE_LEVEL. */
NTSTATUS MpioPublishLun(PMPIO_LUN Lun)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device;
    UNICODE_STRING string;
    WCHAR name[40];
    PMPIO_PDO pdo;
    NTSTATUS status;
    ULONG ordinal;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (Lun->Pdo != NULL) {
        KeReleaseSpinLock(&root->Lock, irql);
        return STATUS_SUCCESS;
    }
    ordinal = root->NextPdo++;
    KeReleaseSpinLock(&root->Lock, irql);
    FormatName(name, ordinal);
    RtlInitUnicodeString(&string, name);
    status = IoCreateDevice(root->Driver, sizeof(MPIO_PDO), &string, FILE_DEVICE_MASS_STORAGE,
                            FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    pdo = (PMPIO_PDO)device->DeviceExtension;
    pdo->Common.Kind = MpioKindPdo;
    pdo->Common.Device = device;
    pdo->Lun = Lun;
    pdo->Ordinal = ordinal;
    KeInitializeEvent(&pdo->Drained, NotificationEvent, FALSE);
    device->StackSize = StackSize(Lun);
    device->AlignmentRequirement = Lun->Adapter != NULL ? Lun->Adapter->AlignmentMask : FILE_LONG_ALIGNMENT;
    device->Flags |= DO_DIRECT_IO;

    KeAcquireSpinLock(&root->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Lun->Lock);
    if (Lun->Pdo != NULL) {
        KeReleaseSpinLockFromDpcLevel(&Lun->Lock);
        KeReleaseSpinLock(&root->Lock, irql);
        IoDeleteDevice(device);
        return STATUS_SUCCESS;
    }
    Lun->Pdo = pdo;
    Lun->Ordinal = ordinal;
    InsertTailList(&root->Pdos, &pdo->Entry);
    MpioReferenceLun(Lun);
    KeReleaseSpinLockFromDpcLevel(&Lun->Lock);
    KeReleaseSpinLock(&root->Lock, irql);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    MpioEvent(MPIO_EVENT_LUN_CREATED, ordinal, 1, "MPIO Disk%u created, DSM %s", ordinal, Lun->Dsm->Name);
    if (root->BusPdo != NULL) {
        IoInvalidateDeviceRelations(root->BusPdo, BusRelations);
    }
    return STATUS_SUCCESS;
}

/* The device is no longer reported to PnP, which removes it; held requests fail. The LUN stays while it
 * has instances: a recovered path publishes it again. OnlyIfDead: not if a path returned meanwhile. */
VOID MpioUnpublishLun(PMPIO_LUN Lun, BOOLEAN OnlyIfDead)
{
    PMPIO_ROOT root = MpioRoot();
    ULONG held;
    KIRQL irql;

    KeAcquireSpinLock(&Lun->Lock, &irql);
    if (Lun->Pdo == NULL || (OnlyIfDead && !Lun->RemoveArmed)) {
        KeReleaseSpinLock(&Lun->Lock, irql);
        return;
    }
    Lun->RemoveArmed = FALSE;
    KeCancelTimer(&Lun->RemoveTimer);
    Lun->Pdo->Gone = TRUE;
    if (Lun->Pdo->Outstanding == 0) {
        KeSetEvent(&Lun->Pdo->Drained, IO_NO_INCREMENT, FALSE);
    }
    Lun->Pdo = NULL;
    Lun->Gate &= ~(ULONG)MPIO_GATE_THROTTLED;
    held = Lun->HeldCount;
    MpioTraceLun(Lun);
    KeReleaseSpinLock(&Lun->Lock, irql);
    if (held != 0) {
        MpioEvent(MPIO_EVENT_QUEUE_FAILED, Lun->Ordinal, held, "MPIO Disk%u is being removed: %u held requests fail",
                  Lun->Ordinal, held);
    }
    MpioFailHeld(Lun);
    if (root->BusPdo != NULL) {
        IoInvalidateDeviceRelations(root->BusPdo, BusRelations);
    }
}
