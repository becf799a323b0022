/* SPDX-License-Identifier: 0BSD */
/*
 * Instances and paths: arrival (Inquire, Compare, SetDeviceInfo, PathVerify, IsPathActive), failure
 * (InvalidatePath), return (PathVerify, IsPathActive), departure (RemovePending, RemoveDevice,
 * RemovePath). MPIO calls these at PASSIVE_LEVEL and never two arrivals or removals at once; requests
 * go on meanwhile at up to DISPATCH_LEVEL, so what they read changes under Lun->Lock only.
 */
#include "dsm_sample.h"

/* Rebuilds the dense array that LBGetPath reads. The path in use stays in use if it still can be. */
VOID SampleChoosePaths(PSAMPLE_LUN Lun)
{
    PSAMPLE_INSTANCE inUse = Lun->Next < Lun->Usables ? Lun->Usable[Lun->Next] : NULL;
    ULONG i;

    Lun->Usables = Lun->Next = 0;
    for (i = 0; i < Lun->Instances; i++) {
        PSAMPLE_INSTANCE instance = Lun->Instance[i];

        if (!instance->Active || (Lun->Reservation.HasKey && !instance->Registered))
            continue;
        if (instance == inUse)
            Lun->Next = Lun->Usables;
        if (Lun->Policy == SAMPLE_FAILOVER && instance->Path == Lun->Preferred) {
            Lun->Next = Lun->Usables; /* fail back */
            inUse = NULL;
        }
        Lun->Usable[Lun->Usables++] = instance;
    }
    Lun->Reporter = Lun->Usables > 0 ? Lun->Usable[Lun->Next] : NULL;
}

/* One text of the descriptor, padded with blanks to Size characters as in INQUIRY data. */
static VOID CopyText(PWSTR Text, ULONG Size, PSTORAGE_DEVICE_DESCRIPTOR Descriptor, ULONG Offset)
{
    PCUCHAR from = (PCUCHAR)Descriptor;
    BOOLEAN more = Offset != 0; /* 0 and -1 mean that there is none */
    ULONG i;

    for (i = 0; i < Size; i++) {
        more = more && Offset < Descriptor->Size && Descriptor->Size - Offset > i && from[Offset + i] != 0;
        Text[i] = more ? from[Offset + i] : L' ';
    }
}

/* No list takes every device; an entry is a prefix of vendor (8 characters) + product (16). */
static BOOLEAN IsSupported(PSAMPLE_CONTEXT Context, PSTORAGE_DEVICE_DESCRIPTOR Descriptor)
{
    PCWSTR list = Context->SupportedDevices.Buffer;
    SIZE_T i, length, count = Context->SupportedDevices.Length / sizeof(WCHAR);
    WCHAR id[8 + 16];

    CopyText(id, 8, Descriptor, Descriptor->VendorIdOffset);
    CopyText(id + 8, 16, Descriptor, Descriptor->ProductIdOffset);
    for (i = 0; i < count; i += length + 1) {
        for (length = 0; i + length < count && list[i + length] != 0; length++)
            ;
        if (length > 0 && length <= 24 && RtlCompareUnicodeStrings(&list[i], length, id, length, TRUE) == 0)
            return TRUE;
    }
    return count <= 1;
}

/* TPGS, byte 5 bits 4-5 of the INQUIRY data that the port driver keeps behind the descriptor. */
static BOOLEAN IsAlua(PSTORAGE_DEVICE_DESCRIPTOR Descriptor)
{
    return Descriptor->RawPropertiesLength > 5 &&
           Descriptor->Size > FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties) + 5u &&
           (Descriptor->RawDeviceProperties[5] & 0x30) != 0;
}

/* The best identifier of the LUN itself (not of a port) that page 0x83 offers: its type, then its bytes. Answers the
 * length of both; 0: there is none. */
static ULONG TakeIdentity(PSTORAGE_DEVICE_ID_DESCRIPTOR List, UCHAR Id[SAMPLE_MAX_ID])
{
    static const UCHAR rank[] = {[StorageIdTypeVendorId] = 1, [StorageIdTypeEUI64] = 2,
                                 [StorageIdTypeFCPHName] = 3, [StorageIdTypeScsiNameString] = 4};
    const ULONG header = FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier);
    ULONG offset = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);
    STORAGE_IDENTIFIER id;
    ULONG i, best = 0, length = 0;

    for (i = 0; i < List->NumberOfIdentifiers; i++, offset += id.NextOffset) {
        if (offset > List->Size || List->Size - offset < header)
            break; /* the array sent less than it announced */
        RtlCopyMemory(&id, (PUCHAR)List + offset, header);
        if (id.IdentifierSize > List->Size - offset - header)
            break;
        if (id.Association == StorageIdAssocDevice && (ULONG)id.Type < sizeof(rank) && rank[id.Type] > best &&
            id.IdentifierSize > 0 && id.IdentifierSize < SAMPLE_MAX_ID) {
            best = rank[id.Type];
            Id[0] = (UCHAR)id.Type;
            RtlCopyMemory(&Id[1], (PUCHAR)List + offset + header, id.IdentifierSize);
            length = 1u + id.IdentifierSize;
        }
        if (id.NextOffset == 0)
            break;
    }
    return length;
}

/* Is this device ours? STATUS_SUCCESS and an identifier claim it; anything else lets the next DSM look. */
NTSTATUS SampleInquire(PVOID DsmContext, PDEVICE_OBJECT TargetDevice, PDEVICE_OBJECT PortFdo,
                       PSTORAGE_DEVICE_DESCRIPTOR Descriptor, PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceIdList,
                       PVOID *DsmIdentifier)
{
    PSAMPLE_CONTEXT context = DsmContext;
    PSAMPLE_INSTANCE instance;
    PSCSI_ADDRESS address;
    UCHAR id[SAMPLE_MAX_ID];
    ULONG length;

    if (Descriptor == NULL || DeviceIdList == NULL || !IsSupported(context, Descriptor))
        return STATUS_NOT_SUPPORTED;
    if (IsAlua(Descriptor) && !context->AcceptAlua) {
        DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_WARNING_LEVEL,
                   "dsm_sample: declined a LUN with asymmetric access (ALUA); set Parameters\\AcceptAlua to take it\n");
        return STATUS_NOT_SUPPORTED;
    }
    length = TakeIdentity(DeviceIdList, id);
    if (length == 0 || !NT_SUCCESS(DsmGetScsiAddress(TargetDevice, &address)))
        return STATUS_NOT_SUPPORTED;
    instance = ExAllocatePoolZero(NonPagedPoolNx, FIELD_OFFSET(SAMPLE_INSTANCE, Id) + length, SAMPLE_TAG);
    if (instance != NULL) {
        instance->Address = *address;
        instance->IdLength = length;
        RtlCopyMemory(instance->Id, id, length);
    }
    ExFreePool(address);
    *DsmIdentifier = instance;
    return instance != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Two instances are the same LUN when their identifiers are the same bytes. */
BOOLEAN SampleCompareDevices(PVOID DsmContext, PVOID DsmId1, PVOID DsmId2)
{
    PSAMPLE_INSTANCE a = DsmId1, b = DsmId2;

    return a->IdLength == b->IdLength && RtlEqualMemory(a->Id, b->Id, a->IdLength);
}

/* The LUN whose members compare equal to this instance, or NULL. */
static PSAMPLE_LUN FindLun(PSAMPLE_CONTEXT Context, PSAMPLE_INSTANCE Instance)
{
    PSAMPLE_LUN lun = *SampleBucket(Context, Instance);

    while (lun != NULL && !SampleCompareDevices(Context, lun->Instance[0], Instance))
        lun = lun->NextInBucket;
    return lun;
}

/* The instance joins its LUN. We answer with our own path identifier; MPIO uses it from now on. */
NTSTATUS SampleSetDeviceInfo(PVOID DsmContext, PDEVICE_OBJECT TargetObject, PVOID DsmId, PVOID *PathId)
{
    PSAMPLE_CONTEXT context = DsmContext;
    PSAMPLE_INSTANCE instance = DsmId;
    PSAMPLE_LUN lun = FindLun(context, instance);
    KIRQL irql;
    ULONG i;

    instance->Target = TargetObject;
    instance->Path = SAMPLE_PATH_ID(&instance->Address);
    for (i = 0; lun != NULL && i < lun->Instances; i++) {
        if (lun->Instance[i]->Path == instance->Path && lun->Instance[i]->Active)
            return STATUS_OBJECT_NAME_COLLISION; /* the same device presented twice */
    }
    if (lun == NULL) {
        lun = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*lun), SAMPLE_TAG);
        if (lun == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        KeInitializeSpinLock(&lun->Lock);
        lun->Policy = context->DefaultPolicy;
    } else if (lun->Instances == SAMPLE_MAX_PATHS) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&context->Lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&lun->Lock);
    if (lun->Instances == 0) {
        InsertTailList(&context->Luns, &lun->Link);
        lun->NextInBucket = *SampleBucket(context, instance);
        *SampleBucket(context, instance) = lun;
    }
    lun->Instance[lun->Instances++] = instance;
    KeReleaseSpinLockFromDpcLevel(&lun->Lock);
    KeReleaseSpinLock(&context->Lock, irql);
    instance->Lun = lun;
    *PathId = instance->Path;
    return STATUS_SUCCESS;
}

/* MPIO frees what ALLOCATE returned. A symmetric array has no controller worth naming: one per target. */
NTSTATUS SampleGetControllerInfo(PVOID DsmContext, PVOID DsmId, ULONG Flags, PCONTROLLER_INFO *ControllerInfo)
{
    PSAMPLE_INSTANCE instance = DsmId;
    PCONTROLLER_INFO info = *ControllerInfo;

    if (Flags & DSM_CNTRL_FLAGS_ALLOCATE) {
        info = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*info), SAMPLE_TAG);
        if (info == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        info->Identifier.Type = StorageIdCodeSetBinary;
        info->Identifier.Length = 2;
        info->Identifier.SerialNumber[0] = instance->Address.PortNumber;
        info->Identifier.SerialNumber[1] = instance->Address.TargetId;
        *ControllerInfo = info;
    }
    info->State = instance->Active ? DSM_CONTROLLER_ACTIVE : DSM_CONTROLLER_STANDBY;
    return STATUS_SUCCESS;
}

/* Does the path still reach the device? At arrival, periodically, and before a failed path is used again. */
NTSTATUS SamplePathVerify(PVOID DsmContext, PVOID DsmId, PVOID PathId)
{
    PSAMPLE_INSTANCE instance = DsmId;

    if (instance->Path == NULL || instance->Path != PathId)
        return STATUS_DEVICE_NOT_CONNECTED;
    return DsmSendTUR(instance->Target);
}

static VOID SetActive(PSAMPLE_INSTANCE Instance, BOOLEAN Active)
{
    KIRQL irql;

    if (Instance->Lun == NULL)
        return; /* MPIO gave the instance up before SetDeviceInfo */
    KeAcquireSpinLock(&Instance->Lun->Lock, &irql);
    Instance->Active = Active;
    Instance->Registered = FALSE; /* a path that was away may have lost it */
    Instance->Errors = Instance->Attentions = 0;
    SampleChoosePaths(Instance->Lun);
    KeReleaseSpinLock(&Instance->Lun->Lock, irql);
}

/* After a good PathVerify: the instance may carry I/O from now on. */
BOOLEAN SampleIsPathActive(PVOID DsmContext, PVOID PathId, PVOID DsmId)
{
    SetActive(DsmId, TRUE);
    SampleRegisterNewPath(DsmId);
    return TRUE;
}

/* A fatal error: no LUN uses this path any more. Name a successor, or say that there is none. */
NTSTATUS SampleInvalidatePath(PVOID DsmContext, ULONG ErrorMask, PVOID PathId, PVOID *NewPathId)
{
    PSAMPLE_CONTEXT context = DsmContext;
    PLIST_ENTRY entry;
    KIRQL irql;
    ULONG i;

    *NewPathId = NULL;
    KeAcquireSpinLock(&context->Lock, &irql);
    for (entry = context->Luns.Flink; entry != &context->Luns; entry = entry->Flink) {
        PSAMPLE_LUN lun = CONTAINING_RECORD(entry, SAMPLE_LUN, Link);

        KeAcquireSpinLockAtDpcLevel(&lun->Lock);
        for (i = 0; i < lun->Instances; i++) {
            if (lun->Instance[i]->Path == PathId) {
                lun->Instance[i]->Active = FALSE; /* one instance at most: SetDeviceInfo refuses a second */
                SampleChoosePaths(lun);
                if (*NewPathId == NULL && lun->Usables > 0)
                    *NewPathId = lun->Usable[lun->Next]->Path;
            }
        }
        KeReleaseSpinLockFromDpcLevel(&lun->Lock);
    }
    KeReleaseSpinLock(&context->Lock, irql);
    return *NewPathId != NULL ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

/* The instance is leaving but may have requests in flight: give it no more. */
NTSTATUS SampleRemovePending(PVOID DsmContext, PVOID DsmId)
{
    SetActive(DsmId, FALSE);
    return STATUS_SUCCESS;
}

/* The last call for this instance, nothing is in flight; the LUN goes with its last one. */
NTSTATUS SampleRemoveDevice(PVOID DsmContext, PVOID DsmId, PVOID PathId)
{
    PSAMPLE_CONTEXT context = DsmContext;
    PSAMPLE_LUN *link, lun = ((PSAMPLE_INSTANCE)DsmId)->Lun;
    KIRQL irql;
    ULONG i;

    if (lun != NULL) {
        KeAcquireSpinLock(&context->Lock, &irql);
        KeAcquireSpinLockAtDpcLevel(&lun->Lock);
        for (i = 0; lun->Instance[i] != DsmId; i++)
            ;
        lun->Instance[i] = lun->Instance[--lun->Instances];
        SampleChoosePaths(lun);
        KeReleaseSpinLockFromDpcLevel(&lun->Lock);
        if (lun->Instances == 0) {
            RemoveEntryList(&lun->Link);
            for (link = SampleBucket(context, DsmId); *link != lun; link = &(*link)->NextInBucket)
                ;
            *link = lun->NextInBucket;
            ExFreePoolWithTag(lun, SAMPLE_TAG);
        }
        KeReleaseSpinLock(&context->Lock, irql);
    }
    ExFreePoolWithTag(DsmId, SAMPLE_TAG);
    return STATUS_SUCCESS;
}

/* After the last RemoveDevice of this path: a DSM with path objects frees one here. */
NTSTATUS SampleRemovePath(PVOID DsmContext, PVOID PathId)
{
    return STATUS_SUCCESS;
}

/* MPIO claimed the instance through us and then gave it up before it was completely set up. */
NTSTATUS SampleDeviceNotUsed(PVOID DsmContext, PVOID DsmId)
{
    return SampleRemoveDevice(DsmContext, DsmId, NULL);
}
