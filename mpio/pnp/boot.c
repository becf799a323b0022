/* SPDX-License-Identifier: MIT */
/*
 * The first enumeration of a machine. This file alone of the room looks at the house: it loads the
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

static VOID AddBus(PCWSTR DeviceId, PCWSTR InstanceId, PCWSTR Description, PCWSTR Service, ULONG HbaOrdinal)
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
    node->HbaOrdinal = HbaOrdinal;
    PnpStartNode(node);
    if (node->State == NodeStarted) {
        PnpEnumerate(node);
    }
}

/* The adapter of a loaded miniport, as its INF would have it: ROOT\<service>, and no resources. */
static VOID AddRootAdapter(PCWSTR Service, PCWSTR InstanceId)
{
    WCHAR id[64] = u"ROOT\\";

    for (ULONG i = 0; Service[i] != 0 && i < RTL_NUMBER_OF(id) - 6; i++) {
        id[5 + i] = Service[i];
    }
    AddBus(id, InstanceId, (PCWSTR)u"Adapter of a loaded miniport", Service, ~0u);
}

/* The ids are made up. */
static VOID AddAdapter(const struct hba *Hba, ULONG Ordinal)
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
    WCHAR instance[8] = u"0000";

    for (ULONG i = 0, value = Ordinal; i < 4; i++, value /= 10) {
        instance[3 - i] = (WCHAR)('0' + value % 10);
    }
    if (Hba->kind == HBA_DRIVER) {
        AddRootAdapter(Hba->service, instance);
        return;
    }
    AddBus(ids[Hba->kind], instance, (PCWSTR)u"Simulated host bus adapter", services[Hba->kind], Ordinal);
}

VOID PnpBoot(VOID)
{
    ULONG ordinal = 0;
    NTSTATUS status = CreateManager();

    if (!NT_SUCCESS(status)) {
        NtLogEvent(219, "PnP", "Plug and Play does not start: status %08x", (unsigned)status);
        return;
    }
    PnpAcquire();
    AddBus((PCWSTR)u"ROOT\\MPIO", (PCWSTR)u"0000", (PCWSTR)u"Microsoft Multi-Path Bus Driver", (PCWSTR)u"mpio", ~0u);
    for (const struct hba *hba = fabric_hbas(machine_now()); hba != NULL; hba = hba->next) {
        AddAdapter(hba, ordinal++);
    }
    PnpRelease();
}
