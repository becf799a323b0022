/* SPDX-License-Identifier: MIT */
/*
 * The first enumeration of a machine, and adapters that leave and come while it runs. This file alone of the room looks at the house: it loads the
 * root enumerator as a driver and walks the machine's HBAs. PASSIVE_LEVEL.
 */
#include "pnp/tree.h"
#include "nt/nt.h"
#include "world/fabric.h"

typedef struct _LOADING {
    KEVENT Done;
    NTSTATUS Status;
} LOADING;

static void driver_loaded(void *user, int32_t status)
{
    LOADING *loading = user;

    loading->Status = status;
    KeSetEvent(&loading->Done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS CreateManager(VOID)
{
    static const NT_PNP_HOOKS hooks = {PnpInvalidate, PnpGetDeviceProperty};
    PPNP_MANAGER manager = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*manager), PNP_TAG);
    LOADING loading;

    if (manager == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    InitializeListHead(&manager->Buses);
    KeInitializeSpinLock(&manager->Lock);
    KeInitializeEvent(&manager->Busy, SynchronizationEvent, TRUE);
    *NtDriverRoot(ROOT_PNP) = manager;
    KeInitializeEvent(&loading.Done, NotificationEvent, FALSE);
    if (!nt_load_driver(machine_now(), "PnpManager", (void *)PnpRootDriverEntry, NULL, driver_loaded, &loading)) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeWaitForSingleObject(&loading.Done, Executive, KernelMode, FALSE, NULL);
    if (NT_SUCCESS(loading.Status)) {
        NtSetPnpHooks(&hooks);
    }
    return loading.Status;
}

/* Where an adapter sits, and for which time; MPIO's bus has no slot. */
typedef struct _BUS_PLACE {
    ULONG Slot, Plugged;
} BUS_PLACE;

static VOID AddBus(PCWSTR DeviceId, PCWSTR InstanceId, PCWSTR Description, PCWSTR Service, BUS_PLACE Place)
{
    PDEVICE_OBJECT pdo = PnpCreateRootDevice(DeviceId, InstanceId, Description);
    PPNP_NODE node;

    if (pdo == NULL) {
        NtLogEvent(219, "PnP", "no memory for a root device");
        return;
    }
    ObReferenceObject(pdo);
    node = PnpCreateNode(NULL, pdo);
    if (node == NULL) {
        IoDeleteDevice(pdo);
        return;
    }
    node->Service = Service;
    node->Slot = (USHORT)Place.Slot;
    node->Plugged = (USHORT)Place.Plugged;
    PnpStartNode(node);
    if (node->State == NodeStarted) {
        PnpEnumerate(node);
    }
}

/* The adapter of a loaded miniport, as its INF would have it: ROOT\<service>, and no resources. */
static VOID AddRootAdapter(PCWSTR Service, PCWSTR InstanceId, BUS_PLACE Place)
{
    WCHAR id[64] = u"ROOT\\";

    for (ULONG i = 0; Service[i] != 0 && i < RTL_NUMBER_OF(id) - 6; i++) {
        id[5 + i] = Service[i];
    }
    AddBus(id, InstanceId, (PCWSTR)u"Adapter of a loaded miniport", Service, Place);
}

/* The ids are made up. */
static VOID AddAdapter(const struct hba *Hba, ULONG Slot)
{
    static const PCWSTR ids[] = {
        [HBA_FC] = u"PCI\\VEN_0FC0&DEV_0001&REV_01",
        [HBA_ISCSI] = u"PCI\\VEN_0FC0&DEV_0002&REV_01",
        [HBA_SAS] = u"PCI\\VEN_0FC0&DEV_0003&REV_01",
        [HBA_SPI] = u"PCI\\VEN_0FC0&DEV_0004&REV_01",
    };
    static const PCWSTR services[] = {
        [HBA_FC] = u"ompfc", [HBA_ISCSI] = u"ompiscsi", [HBA_SAS] = u"ompsas", [HBA_SPI] = u"ompspi",
    };
    BUS_PLACE place = {Slot, Hba->plugged};
    WCHAR instance[8] = u"0000";

    for (ULONG i = 0, value = Slot; i < 4; i++, value /= 10) {
        instance[3 - i] = (WCHAR)('0' + value % 10);
    }
    if (Hba->kind == HBA_DRIVER) {
        AddRootAdapter(Hba->service, instance, place);
        return;
    }
    AddBus(ids[Hba->kind], instance, (PCWSTR)u"Simulated host bus adapter", services[Hba->kind], place);
}

static PPNP_NODE NodeOfSlot(ULONG Slot)
{
    PPNP_MANAGER manager = PnpManager();

    for (PLIST_ENTRY entry = manager->Buses.Flink; entry != &manager->Buses; entry = entry->Flink) {
        PPNP_NODE node = CONTAINING_RECORD(entry, PNP_NODE, Link);

        if (node->Slot == Slot) {
            return node;
        }
    }
    return NULL;
}

/* What stands in the tree for an HBA against the HBA itself: an adapter that was pulled goes, a new one comes. One that
 * was put back before anybody looked is another one. */
static VOID LookAtSlot(const struct hba *Hba, ULONG Slot)
{
    PPNP_NODE node = NodeOfSlot(Slot);

    if (node != NULL && (Hba->pulled || node->Plugged != (USHORT)Hba->plugged)) {
        PDEVICE_OBJECT pdo = node->Pdo;

        PnpSurpriseRemove(node);
        IoDeleteDevice(pdo);
        node = NULL;
    }
    if (node == NULL && !Hba->pulled) {
        AddAdapter(Hba, Slot);
    }
}

VOID PnpLookAtAdapters(VOID)
{
    PPNP_MANAGER manager = PnpManager();
    ULONG slot = 0;

    if (manager == NULL) {
        return; /* the machine boots, and will look by itself */
    }
    PnpAcquire();
    for (const struct hba *hba = fabric_hbas(machine_now()); hba != NULL && manager->Booted && !manager->Stopping;
         hba = hba->next) {
        LookAtSlot(hba, slot++);
    }
    PnpRelease();
}

VOID PnpBoot(VOID)
{
    static const BUS_PLACE none = {PNP_NO_SLOT, 0};
    ULONG slot = 0;
    NTSTATUS status = CreateManager();

    if (!NT_SUCCESS(status)) {
        NtLogEvent(219, "PnP", "Plug and Play does not start: status %08x", (unsigned)status);
        return;
    }
    PnpAcquire();
    AddBus((PCWSTR)u"ROOT\\MPIO", (PCWSTR)u"0000", (PCWSTR)u"Microsoft Multi-Path Bus Driver", (PCWSTR)u"mpio", none);
    for (const struct hba *hba = fabric_hbas(machine_now()); hba != NULL; hba = hba->next) {
        LookAtSlot(hba, slot++);
    }
    PnpManager()->Booted = TRUE;
    PnpRelease();
}
