/* SPDX-License-Identifier: MIT */
/*
 * Arrival of an instance, contract 02 section 4.1: InquireDriver of each DSM until one claims,
 * CompareDevices, SetDeviceInfo, GetControllerInfo(ALLOCATE), PathVerify, IsPathActive,
 * GetControllerInfo(CHECK_STATE). PASSIVE_LEVEL; one arrival or removal at a time (Root->Serial),
 * because DSMs change lists outside their locks there (MPIO-CONC-01).
 */
#include "core/dsmcall.h"

typedef struct _ARRIVAL {
    PMPIO_FILTER Filter;
    PSTORAGE_DEVICE_DESCRIPTOR Device;
    PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceId; /* NULL: the device has no page 0x83 */
    PSTORAGE_ADAPTER_DESCRIPTOR Adapter;
    MPIO_IDENTITY Identity;
    PMPIO_INSTANCE Instance;
} ARRIVAL;

static NTSTATUS ReadDescriptors(ARRIVAL *Arrival)
{
    PDEVICE_OBJECT lower = Arrival->Filter->Common.Lower;
    NTSTATUS status = MpioQueryProperty(lower, StorageDeviceProperty, (PVOID *)&Arrival->Device);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = MpioQueryProperty(lower, StorageAdapterProperty, (PVOID *)&Arrival->Adapter);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    (VOID)MpioQueryProperty(lower, StorageDeviceIdProperty, (PVOID *)&Arrival->DeviceId);
    MpioIdentify(Arrival->Device, Arrival->DeviceId, &Arrival->Identity);
    return STATUS_SUCCESS;
}

/* ---- who takes it ---------------------------------------------------------------------------------- */

/* The DSM that claims, with Instance->DsmId set; NULL: nobody. */
static PMPIO_MODULE Inquire(ARRIVAL *Arrival)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_FILTER filter = Arrival->Filter;

    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        PMPIO_MODULE dsm = CONTAINING_RECORD(entry, MPIO_MODULE, Entry);
        PVOID dsmId = NULL;
        NTSTATUS status;

        status = DSM_CALL(dsm, InquireDriver, PASSIVE_LEVEL, Arrival->Instance->Ordinal, filter->DeviceType,
                          dsm->Init.DsmContext, filter->Common.Lower, filter->Adapter->Fdo, Arrival->Device,
                          Arrival->DeviceId, &dsmId);
        if (!NT_SUCCESS(status) || dsmId == NULL) {
            continue;
        }
        if (MpioDsmIdInUse(dsm, dsmId)) {
            NtBugCheckRule(RULE_DSM_IDENTIFIER, dsm->Ordinal, Arrival->Instance->Ordinal);
        }
        Arrival->Instance->DsmId = dsmId;
        Arrival->Instance->Dsm = dsm;
        return dsm;
    }
    return NULL;
}

/* A device with neither VPD 0x80 nor 0x83 is known by what the DSM calls its serial number. */
static VOID AskSerialNumber(ARRIVAL *Arrival)
{
    PMPIO_MODULE dsm = Arrival->Instance->Dsm;
    PUCHAR serial;

    if (Arrival->Identity.Length != 0 || dsm->Init.DsmDeviceSerialNumber == NULL) {
        return;
    }
    serial = DSM_CALL_QUIET(dsm, DeviceSerialNumber, PASSIVE_LEVEL, dsm->Init.DsmContext, Arrival->Instance->DsmId);
    DsmTrace(dsm, DSM_CALL_DeviceSerialNumber, Arrival->Instance->Ordinal, 0, serial != NULL);
    if (serial == NULL) {
        return;
    }
    MpioIdentifyBySerial(serial, &Arrival->Identity);
    ExFreePool(serial);
}

/* ---- its LUN ---------------------------------------------------------------------------------------- */

/* New LUN: takes the descriptors over. */
static PMPIO_LUN NewLun(ARRIVAL *Arrival)
{
    PMPIO_LUN lun = MpioCreateLun(Arrival->Instance->Dsm, &Arrival->Identity);

    if (lun == NULL) {
        return NULL;
    }
    lun->Device = Arrival->Device;
    lun->DeviceId = Arrival->DeviceId;
    lun->Adapter = Arrival->Adapter;
    Arrival->Device = NULL;
    Arrival->DeviceId = NULL;
    Arrival->Adapter = NULL;
    MpioLinkLun(lun);
    return lun;
}

/* What goes through the pseudo-LUN must fit every path. A LUN made before may hold a larger limit in a
 * class driver that has already asked; such a driver asks again at its next start. */
static VOID NarrowAdapter(PMPIO_LUN Lun, const STORAGE_ADAPTER_DESCRIPTOR *Adapter)
{
    if (Adapter->MaximumTransferLength < Lun->Adapter->MaximumTransferLength) {
        Lun->Adapter->MaximumTransferLength = Adapter->MaximumTransferLength;
    }
    if (Adapter->MaximumPhysicalPages < Lun->Adapter->MaximumPhysicalPages) {
        Lun->Adapter->MaximumPhysicalPages = Adapter->MaximumPhysicalPages;
    }
    Lun->Adapter->AlignmentMask |= Adapter->AlignmentMask;
}

static VOID JoinLun(PMPIO_INSTANCE Instance, PMPIO_LUN Lun)
{
    KIRQL irql;

    MpioReferenceLun(Lun);
    Instance->Lun = Lun;
    KeAcquireSpinLock(&Lun->Lock, &irql);
    InsertTailList(&Lun->Instances, &Instance->LunEntry);
    Lun->InstanceCount++;
    KeReleaseSpinLock(&Lun->Lock, irql);
}

/* ---- making it usable -------------------------------------------------------------------------------- */

static VOID GetControllerInfo(PMPIO_INSTANCE Instance, ULONG Flags)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    NTSTATUS status;

    if (Flags == DSM_CNTRL_FLAGS_CHECK_STATE && Instance->Controller == NULL) {
        return;
    }
    status = DSM_CALL(dsm, GetControllerInfo, PASSIVE_LEVEL, Instance->Ordinal, Flags, dsm->Init.DsmContext, Instance->DsmId,
                      Flags, &Instance->Controller);
    if (!NT_SUCCESS(status) && Flags == DSM_CNTRL_FLAGS_ALLOCATE) {
        Instance->Controller = NULL; /* only reports miss it */
    }
}

static NTSTATUS Verify(PMPIO_INSTANCE Instance)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    NTSTATUS status = DSM_CALL(dsm, PathVerify, PASSIVE_LEVEL, Instance->Ordinal, Instance->Path->Ordinal,
                               dsm->Init.DsmContext, Instance->DsmId, Instance->Path->PathId);

    if (!NT_SUCCESS(status)) {
        MpioEvent(MPIO_EVENT_VERIFY_FAILED, Instance->Lun->Ordinal, Instance->Path->Ordinal,
                  "PathVerify by DSM %s failed for a new instance on path %u, status 0x%08X; path recovery asks again", dsm->Name,
                  Instance->Path->Ordinal, (ULONG)status);
    }
    return status;
}

static NTSTATUS SetDeviceInfo(PMPIO_INSTANCE Instance)
{
    PMPIO_MODULE dsm = Instance->Dsm;
    PMPIO_PATH fresh = MpioAllocate(sizeof(*fresh));
    PVOID pathId = MpioDefaultPathId(Instance);
    NTSTATUS status;

    if (fresh == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = DSM_CALL(dsm, SetDeviceInfo, PASSIVE_LEVEL, Instance->Ordinal, 0, dsm->Init.DsmContext,
                      Instance->Filter->Common.Device, Instance->DsmId, &pathId);
    if (NT_SUCCESS(status)) {
        MpioJoinPath(Instance, pathId, fresh);
    } else {
        MpioFree(fresh);
    }
    return status;
}

/* Instance became usable, unless its path failed while it arrived: then recovery finishes the job. */
static VOID Activate(PMPIO_INSTANCE Instance)
{
    PMPIO_ROOT root = MpioRoot();
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Instance->Lun->Lock);
    if (Instance->State == MPIO_INSTANCE_NEW) {
        MpioSetInstanceState(Instance, MPIO_INSTANCE_ACTIVE);
        if (Instance->Path->State == MPIO_PATH_INVALIDATED) {
            Instance->Path->State = MPIO_PATH_NORMAL;
        }
    }
    MpioTracePath(Instance->Path, Instance->Lun);
    KeReleaseSpinLockFromDpcLevel(&Instance->Lun->Lock);
    KeReleaseSpinLock(&root->Lock, irql);
}

/* A path that its first PathVerify found bad is a member like any path that failed: recovery asks again. */
static VOID BeginInvalidated(PMPIO_INSTANCE Instance)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_PATH path = Instance->Path;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&Instance->Lun->Lock);
    if (Instance->State == MPIO_INSTANCE_NEW) {
        MpioSetInstanceState(Instance, MPIO_INSTANCE_INVALIDATED);
    }
    KeReleaseSpinLockFromDpcLevel(&Instance->Lun->Lock);
    KeReleaseSpinLock(&root->Lock, irql);
    MpioArmRecovery(path);
}

/* From the claimed id to a path, usable or waiting for recovery. A failure leaves what MpioAbandon undoes. */
static NTSTATUS Establish(ARRIVAL *Arrival)
{
    PMPIO_INSTANCE instance = Arrival->Instance;
    PMPIO_MODULE dsm = instance->Dsm;
    PMPIO_LUN lun;
    BOOLEAN known;
    NTSTATUS status;

    AskSerialNumber(Arrival);
    lun = MpioMatchLun(instance, &Arrival->Identity);
    if (lun != NULL && lun->InstanceCount >= MPIO_MAX_PATHS) {
        MpioEvent(MPIO_EVENT_ARRIVAL_FAILED, lun->Ordinal, MPIO_MAX_PATHS, "MPIO Disk%u: path declined, it has %d already",
                  lun->Ordinal, MPIO_MAX_PATHS);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (lun == NULL) {
        lun = NewLun(Arrival);
    } else {
        NarrowAdapter(lun, Arrival->Adapter);
    }
    if (lun == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    JoinLun(instance, lun);
    status = SetDeviceInfo(instance);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    /* A member from here on: the DSM may choose it while PathVerify and IsPathActive still run. */
    status = MpioRebuildMembers(lun);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    GetControllerInfo(instance, DSM_CNTRL_FLAGS_ALLOCATE);
    if (!NT_SUCCESS(Verify(instance))) {
        BeginInvalidated(instance);
        return STATUS_SUCCESS;
    }
    instance->Active = DSM_CALL(dsm, IsPathActive, PASSIVE_LEVEL, instance->Ordinal, instance->Path->Ordinal,
                                dsm->Init.DsmContext, instance->Path->PathId, instance->DsmId);
    GetControllerInfo(instance, DSM_CNTRL_FLAGS_CHECK_STATE);
    Activate(instance);
    known = lun->Pdo != NULL;
    status = MpioPublishLun(lun);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (known) {
        MpioEvent(MPIO_EVENT_PATH_ADDED, lun->Ordinal, lun->InstanceCount, "MPIO Disk%u: path %u added, %u paths now",
                  lun->Ordinal, instance->Path->Ordinal, lun->InstanceCount);
    }
    MpioLunChanged(lun);
    return STATUS_SUCCESS;
}

/* A claimed instance that MPIO will not use. Before SetDeviceInfo: DeviceNotUsed (type 6; older DSMs
 * have nothing to be told by). Later: removed like any other. */
static VOID Abandon(ARRIVAL *Arrival, NTSTATUS Reason)
{
    PMPIO_INSTANCE instance = Arrival->Instance;
    PMPIO_MODULE dsm = instance->Dsm;

    MpioEvent(MPIO_EVENT_ARRIVAL_FAILED, instance->Lun != NULL ? instance->Lun->Ordinal : MPIO_NO_ORDINAL, (ULONG)Reason,
              "a device claimed by DSM %s could not be set up, status 0x%08X; it stays hidden", dsm->Name, (ULONG)Reason);
    if (instance->Path == NULL && dsm->Type >= DsmType6) {
        (VOID)DSM_CALL(dsm, DeviceNotUsed, PASSIVE_LEVEL, instance->Ordinal, 0, dsm->Init.DsmContext, instance->DsmId);
    }
    MpioRemoveInstance(instance);
}

/* *Claimed: a DSM took it, so no class driver may sit on it, even if setting it up failed. */
NTSTATUS MpioArrive(PMPIO_FILTER Filter, PBOOLEAN Claimed)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_INSTANCE instance = MpioAllocate(sizeof(*instance));
    IO_STATUS_BLOCK ioStatus;
    ARRIVAL arrival;
    NTSTATUS status;

    *Claimed = FALSE;
    if (instance == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(&arrival, sizeof(arrival));
    arrival.Filter = Filter;
    arrival.Instance = instance;
    instance->Filter = Filter;
    instance->Port = Filter->Common.Lower;
    instance->State = MPIO_INSTANCE_NEW;
    KeInitializeEvent(&instance->Idle, NotificationEvent, FALSE);
    status = ReadDescriptors(&arrival);
    if (!NT_SUCCESS(status)) {
        MpioFree(instance);
        goto out;
    }
    (VOID)MpioSendControl(IOCTL_SCSI_GET_ADDRESS, Filter->Common.Lower, NULL, 0, &instance->Address,
                          sizeof(instance->Address), FALSE, &ioStatus);
    MpioAcquireSerial();
    instance->Ordinal = root->NextInstance++;
    if (Inquire(&arrival) == NULL) {
        MpioReleaseSerial();
        MpioEvent(MPIO_EVENT_NOT_CLAIMED, instance->Ordinal, root->DsmCount,
                  "a device of MPIOSupportedDeviceList was claimed by none of %u DSMs; it stays an ordinary disk", root->DsmCount);
        MpioFree(instance);
        goto out;
    }
    *Claimed = TRUE;
    Filter->Instance = instance;
    MpioIndexInstance(instance, TRUE);
    status = Establish(&arrival);
    if (!NT_SUCCESS(status)) {
        Abandon(&arrival, status);
    }
    MpioReleaseSerial();
out:
    MpioFree(arrival.Device);
    MpioFree(arrival.DeviceId);
    MpioFree(arrival.Adapter);
    return status;
}
