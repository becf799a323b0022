/* SPDX-License-Identifier: MIT */
/*
 * The state of the framework as tables of ordinals, for reports and tests. Sizes first, then the
 * contents, both in one hold of Root->Lock, so a removal that waits for a DSM does not hold up a
 * report. PASSIVE_LEVEL.
 */
#include "core/core.h"

typedef struct _TABLES {
    struct mpio_snapshot Header;
    PUCHAR Base; /* NULL: only count */
} TABLES;

static VOID CopyCounters(struct mpio_counters *To, const struct mpio_counters *From)
{
    RtlCopyMemory(To, From, sizeof(*To));
}

static VOID AddInstance(TABLES *Tables, PMPIO_INSTANCE Instance)
{
    ULONG at = Tables->Header.instances++;
    struct mpio_instance_entry *entry;

    if (Tables->Base == NULL) {
        return;
    }
    entry = (struct mpio_instance_entry *)(Tables->Base + Tables->Header.instance_offset) + at;
    entry->ordinal = Instance->Ordinal;
    entry->lun = Instance->Lun->Pdo != NULL ? Instance->Lun->Ordinal : MPIO_NO_ORDINAL;
    entry->path = MpioPathOrdinal(Instance->Path);
    entry->state = (uint32_t)Instance->State;
    entry->port = Instance->Address.PortNumber;
    entry->bus = Instance->Address.PathId;
    entry->target = Instance->Address.TargetId;
    entry->logical_unit = Instance->Address.Lun;
    entry->active = Instance->Active;
    entry->controller_state = Instance->Controller != NULL ? Instance->Controller->State : 0;
    CopyCounters(&entry->counters, &Instance->Counters);
}

static VOID AddLun(TABLES *Tables, PMPIO_LUN Lun)
{
    ULONG at = Tables->Header.luns++;

    if (Tables->Base != NULL) {
        struct mpio_lun_entry *entry = (struct mpio_lun_entry *)(Tables->Base + Tables->Header.lun_offset) + at;

        entry->ordinal = Lun->Pdo != NULL ? Lun->Ordinal : MPIO_NO_ORDINAL;
        entry->dsm = Lun->Dsm->Ordinal;
        entry->state = (uint32_t)MpioLunState(Lun);
        entry->instances = Lun->InstanceCount;
        entry->usable = Lun->UsableCount;
        entry->held = Lun->HeldCount;
        entry->outstanding = Lun->Outstanding;
        CopyCounters(&entry->counters, &Lun->Counters);
    }
    for (PLIST_ENTRY entry = Lun->Instances.Flink; entry != &Lun->Instances; entry = entry->Flink) {
        AddInstance(Tables, CONTAINING_RECORD(entry, MPIO_INSTANCE, LunEntry));
    }
}

static VOID AddPath(TABLES *Tables, PMPIO_PATH Path)
{
    ULONG at = Tables->Header.paths++;

    if (Tables->Base != NULL) {
        struct mpio_path_entry *entry = (struct mpio_path_entry *)(Tables->Base + Tables->Header.path_offset) + at;

        entry->ordinal = Path->Ordinal;
        entry->dsm = Path->Dsm->Ordinal;
        entry->state = (uint32_t)Path->State;
        entry->instances = Path->InstanceCount;
        entry->path_id = (ULONG_PTR)Path->PathId;
        entry->failovers = Path->Failovers;
    }
}

static VOID AddDsm(TABLES *Tables, PMPIO_MODULE Dsm)
{
    ULONG at = Tables->Header.dsms++;
    ULONG luns = Tables->Header.luns;

    for (PLIST_ENTRY entry = Dsm->Luns.Flink; entry != &Dsm->Luns; entry = entry->Flink) {
        AddLun(Tables, MpioLunFromEntry(entry));
    }
    for (PLIST_ENTRY entry = Dsm->Paths.Flink; entry != &Dsm->Paths; entry = entry->Flink) {
        AddPath(Tables, CONTAINING_RECORD(entry, MPIO_PATH, Entry));
    }
    if (Tables->Base != NULL) {
        struct mpio_dsm_entry *entry = (struct mpio_dsm_entry *)(Tables->Base + Tables->Header.dsm_offset) + at;

        entry->ordinal = Dsm->Ordinal;
        entry->type = (uint32_t)Dsm->Type;
        entry->luns = Tables->Header.luns - luns;
        entry->instances = Dsm->Instances;
        RtlCopyMemory(entry->name, Dsm->Name, sizeof(entry->name));
    }
}

/* Counts, and copies when Base is set. Root->Lock held. */
static VOID Walk(TABLES *Tables)
{
    PMPIO_ROOT root = MpioRoot();

    Tables->Header.dsms = Tables->Header.luns = Tables->Header.paths = Tables->Header.instances = 0;
    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        AddDsm(Tables, CONTAINING_RECORD(entry, MPIO_MODULE, Entry));
    }
}

static VOID Layout(struct mpio_snapshot *Header)
{
    ULONGLONG at = sizeof(*Header);

    Header->version = MPIO_SNAPSHOT_VERSION;
    Header->dsm_offset = (uint32_t)at;
    at += (ULONGLONG)Header->dsms * sizeof(struct mpio_dsm_entry);
    Header->lun_offset = (uint32_t)at;
    at += (ULONGLONG)Header->luns * sizeof(struct mpio_lun_entry);
    Header->path_offset = (uint32_t)at;
    at += (ULONGLONG)Header->paths * sizeof(struct mpio_path_entry);
    Header->instance_offset = (uint32_t)at;
    at += (ULONGLONG)Header->instances * sizeof(struct mpio_instance_entry);
    Header->bytes = (uint32_t)at;
}

NTSTATUS MpioSnapshot(PVOID Buffer, ULONG Length, PULONG Produced)
{
    PMPIO_ROOT root = MpioRoot();
    NTSTATUS status = STATUS_SUCCESS;
    TABLES tables;
    KIRQL irql;

    if (Length < sizeof(tables.Header)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&tables, sizeof(tables));
    KeAcquireSpinLock(&root->Lock, &irql);
    Walk(&tables);
    Layout(&tables.Header);
    if (Length >= tables.Header.bytes) {
        RtlZeroMemory(Buffer, tables.Header.bytes);
        tables.Base = (PUCHAR)Buffer;
        Walk(&tables);
        *Produced = tables.Header.bytes;
    } else {
        status = STATUS_BUFFER_OVERFLOW;
        *Produced = sizeof(tables.Header);
    }
    RtlCopyMemory(Buffer, &tables.Header, sizeof(tables.Header));
    KeReleaseSpinLock(&root->Lock, irql);
    return status;
}

VOID MpioClearCounters(VOID)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY one = root->Dsms.Flink; one != &root->Dsms; one = one->Flink) {
        PMPIO_MODULE dsm = CONTAINING_RECORD(one, MPIO_MODULE, Entry);

        for (PLIST_ENTRY entry = dsm->Paths.Flink; entry != &dsm->Paths; entry = entry->Flink) {
            CONTAINING_RECORD(entry, MPIO_PATH, Entry)->Failovers = 0;
        }
        for (PLIST_ENTRY entry = dsm->Luns.Flink; entry != &dsm->Luns; entry = entry->Flink) {
            PMPIO_LUN lun = MpioLunFromEntry(entry);

            RtlZeroMemory(&lun->Counters, sizeof(lun->Counters));
            for (PLIST_ENTRY member = lun->Instances.Flink; member != &lun->Instances; member = member->Flink) {
                PMPIO_INSTANCE instance = CONTAINING_RECORD(member, MPIO_INSTANCE, LunEntry);

                RtlZeroMemory(&instance->Counters, sizeof(instance->Counters));
            }
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
}
