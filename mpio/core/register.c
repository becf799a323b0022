/* SPDX-License-Identifier: MIT */
/*
 * Registration of DSMs (contract 02 sections 1 and 2) and their end. Types 1 to 6 are told apart by
 * DsmType and checked against the size each needs; bytes beyond are never read. PASSIVE_LEVEL, under
 * Root->Serial.
 */
#include "core/dsmcall.h"

#define MPIO_THROUGH(Field) (FIELD_OFFSET(DSM_INIT_DATA, Field) + sizeof(((DSM_INIT_DATA *)0)->Field))
#define MPIO_NAME_MAX       60 /* characters of a display name that are kept */

/* Bytes of DSM_INIT_DATA that each type must bring. */
static ULONG SizeOfType(DSM_TYPE Type)
{
    switch (Type) {
    case DsmType1:
        return MPIO_THROUGH(Reserved);
    case DsmType2:
    case DsmType3:
        return MPIO_THROUGH(DsmType);
    case DsmType4:
        return MPIO_THROUGH(DsmVersion);
    case DsmType5:
        return MPIO_THROUGH(DsmWmiGlobalInfo);
    case DsmType6:
        return MPIO_THROUGH(DsmDeviceNotUsed);
    default:
        return 0;
    }
}

/* Name of the first required callback that is missing, NULL when all are there. */
static PCSTR MissingCallback(const DSM_INIT_DATA *Init, DSM_TYPE Type)
{
#define REQUIRE(Field)                 \
    do {                               \
        if (Init->Field == NULL) {     \
            return #Field;             \
        }                              \
    } while (0)
    REQUIRE(DsmInquireDriver);
    REQUIRE(DsmCompareDevices);
    REQUIRE(DsmGetControllerInfo);
    REQUIRE(DsmSetDeviceInfo);
    REQUIRE(DsmIsPathActive);
    REQUIRE(DsmPathVerify);
    REQUIRE(DsmInvalidatePath);
    REQUIRE(DsmMoveDevice);
    REQUIRE(DsmRemovePending);
    REQUIRE(DsmRemoveDevice);
    REQUIRE(DsmRemovePath);
    REQUIRE(DsmSrbDeviceControl);
    REQUIRE(DsmLBGetPath);
    REQUIRE(DsmInterpretError);
    REQUIRE(DsmUnload);
    REQUIRE(DsmSetCompletion);
    REQUIRE(DsmCategorizeRequest);
    REQUIRE(DsmBroadcastSrb);
    if (Type >= DsmType6) {
        REQUIRE(DsmIsAddressTypeSupported);
        REQUIRE(DsmDeviceNotUsed);
    }
#undef REQUIRE
    return NULL;
}

static VOID CopyName(PMPIO_MODULE Dsm, const UNICODE_STRING *Name)
{
    ULONG length = Name->Buffer != NULL ? Name->Length / sizeof(WCHAR) : 0;

    for (ULONG i = 0; i < length && i < MPIO_NAME_MAX; i++) {
        WCHAR character = Name->Buffer[i];
        Dsm->Name[i] = character >= 0x20 && character < 0x7F ? (CHAR)character : '?';
    }
    if (length == 0) {
        RtlCopyMemory(Dsm->Name, "unnamed DSM", sizeof("unnamed DSM"));
    }
}

static NTSTATUS Refuse(ULONG Type, NTSTATUS Status)
{
    NtTrace(TRACE_DSM_REGISTER, 0, Type, (ULONG)Status, 0);
    return Status;
}

/* The in-box DSM is asked last, whenever it registers; the others in order of registration. */
static VOID InsertDsm(PMPIO_MODULE Dsm)
{
    PMPIO_ROOT root = MpioRoot();
    PLIST_ENTRY before = &root->Dsms;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    if (!Dsm->InBox) {
        while (before->Blink != &root->Dsms && CONTAINING_RECORD(before->Blink, MPIO_MODULE, Entry)->InBox) {
            before = before->Blink;
        }
    }
    InsertTailList(before, &Dsm->Entry);
    root->DsmCount++;
    KeReleaseSpinLock(&root->Lock, irql);
}

NTSTATUS MpioRegisterDsm(const DSM_INIT_DATA *Init, ULONG Length, PMPIO_MODULE *Registered)
{
    PMPIO_ROOT root = MpioRoot();
    DSM_TYPE type = DsmType1;
    PMPIO_MODULE dsm;
    PCSTR missing;
    ULONG need;

    *Registered = NULL;
    if (Length < SizeOfType(DsmType1) || Init->InitDataSize < SizeOfType(DsmType1) || Init->InitDataSize > Length) {
        MpioEvent(MPIO_EVENT_REGISTRATION_REFUSED, 0, Length, "DSM registration refused: InitDataSize does not fit any DSM type");
        return Refuse(0, STATUS_INVALID_PARAMETER);
    }
    if (Init->InitDataSize >= SizeOfType(DsmType2)) {
        type = Init->DsmType;
    }
    need = SizeOfType(type);
    if (need == 0 || Init->InitDataSize < need) {
        MpioEvent(MPIO_EVENT_REGISTRATION_REFUSED, 0, type,
                  "DSM registration refused: DsmType %d is not supported or needs %u bytes, got %u", (int)type, need,
                  Init->InitDataSize);
        return Refuse(type, STATUS_INVALID_PARAMETER);
    }
    missing = MissingCallback(Init, type);
    if (missing != NULL || Init->DriverObject == NULL) {
        MpioEvent(MPIO_EVENT_REGISTRATION_REFUSED, 0, type, "DSM registration refused: %s is NULL",
                  missing != NULL ? missing : "DriverObject");
        return Refuse(type, STATUS_INVALID_PARAMETER);
    }
    if (root->DsmCount >= MPIO_MAX_DSMS) {
        MpioEvent(MPIO_EVENT_REGISTRATION_REFUSED, 0, MPIO_MAX_DSMS, "DSM registration refused: %d are registered", MPIO_MAX_DSMS);
        return Refuse(type, STATUS_INSUFFICIENT_RESOURCES);
    }
    dsm = MpioAllocate(sizeof(*dsm));
    if (dsm == NULL) {
        return Refuse(type, STATUS_INSUFFICIENT_RESOURCES);
    }
    RtlCopyMemory(&dsm->Init, Init, need);
    dsm->Type = type;
    dsm->References = 1;
    dsm->Driver = Init->DriverObject;
    dsm->Ordinal = ++root->NextDsm;
    CopyName(dsm, &Init->DisplayName);
    dsm->InBox = strcmp(dsm->Name, "Microsoft DSM") == 0;
    InitializeListHead(&dsm->Luns);
    InitializeListHead(&dsm->Paths);
    InsertDsm(dsm);
    NtTrace(TRACE_DSM_REGISTER, dsm->Ordinal, type, STATUS_SUCCESS, 0);
    *Registered = dsm;
    return STATUS_SUCCESS;
}

PMPIO_MODULE MpioValidDsm(PVOID MpioContext)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_MODULE found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        if ((PVOID)CONTAINING_RECORD(entry, MPIO_MODULE, Entry) == MpioContext) {
            found = (PMPIO_MODULE)MpioContext;
            break;
        }
    }
    KeReleaseSpinLock(&root->Lock, irql);
    return found;
}

/* The record outlives the DSM while a pseudo-LUN of it waits for its removal by PnP. */
VOID MpioDereferenceDsm(PMPIO_MODULE Dsm)
{
    if (InterlockedDecrement(&Dsm->References) == 0) {
        MpioFree(Dsm);
    }
}

/* Pseudo-LUNs that have lost every instance do not wait for the end of their period. Serial is held. */
static VOID UnpublishLuns(PMPIO_MODULE Dsm)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_LUN lun;
    KIRQL irql;

    do {
        lun = NULL;
        KeAcquireSpinLock(&root->Lock, &irql);
        for (PLIST_ENTRY entry = Dsm->Luns.Flink; entry != &Dsm->Luns && lun == NULL; entry = entry->Flink) {
            lun = MpioLunFromEntry(entry)->Pdo != NULL ? MpioLunFromEntry(entry) : NULL;
        }
        if (lun != NULL) {
            MpioReferenceLun(lun);
        }
        KeReleaseSpinLock(&root->Lock, irql);
        if (lun != NULL) {
            MpioUnpublishLun(lun, FALSE);
            MpioDereferenceLun(lun);
        }
    } while (lun != NULL);
}

#define EVENT_LEFT_BEHIND 0xc0000005u /* of nt's unload: a finding */

/* Nothing but its devices, which PnP removes later, may refer to it. */
static BOOLEAN IsOver(PMPIO_LUN Lun)
{
    return Lun->InstanceCount == 0 && !Lun->RemoveQueued;
}

/* A LUN with a reference too many when its DSM leaves will never go. */
static VOID LookForLeaks(PMPIO_MODULE Dsm)
{
    PMPIO_ROOT root = MpioRoot();
    LONG left = 0;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = Dsm->Luns.Flink; entry != &Dsm->Luns; entry = entry->Flink) {
        left += IsOver(MpioLunFromEntry(entry)) ? MpioLunFromEntry(entry)->References : 0;
    }
    for (PLIST_ENTRY entry = root->Pdos.Flink; entry != &root->Pdos; entry = entry->Flink) {
        PMPIO_LUN lun = CONTAINING_RECORD(entry, MPIO_PDO, Entry)->Lun;

        left -= lun->Dsm == Dsm && IsOver(lun);
    }
    KeReleaseSpinLock(&root->Lock, irql);
    if (left > 0) {
        NtLogEvent(EVENT_LEFT_BEHIND, "mpio", "LUNs of DSM %s have %d references too many when it is unloaded", Dsm->Name,
                   left);
    }
}

/* DriverUnload still reads the DSM's context after the DEREGISTER request, so DsmUnload, which frees
 * that context, must come after DriverUnload has returned: the kernel clears the routine then. */
static VOID UnloadWorker(PVOID Parameter)
{
    PMPIO_MODULE dsm = (PMPIO_MODULE)Parameter;
    LARGE_INTEGER pause;

    pause.QuadPart = -(MPIO_SECOND / 1000);
    do {
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    } while ((dsm->Driver->Flags & DRVO_UNLOAD_INVOKED) != 0 && *(PDRIVER_UNLOAD volatile *)&dsm->Driver->DriverUnload != NULL);
    LookForLeaks(dsm);
    (VOID)DSM_CALL(dsm, Unload, PASSIVE_LEVEL, 0, 0, dsm->Init.DsmContext);
    MpioDereferenceDsm(dsm);
}

/* DsmContext and DriverObject name the DSM: the MpioContext field is filled in two ways by real DSMs. */
NTSTATUS MpioDeregisterDsm(const DSM_DEREGISTER_DATA *Data, ULONG Length)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_MODULE dsm = NULL;
    KIRQL irql;

    if (Length < sizeof(*Data) || Data->DeregisterDataSize < sizeof(*Data)) {
        return STATUS_INVALID_PARAMETER;
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    for (PLIST_ENTRY entry = root->Dsms.Flink; entry != &root->Dsms; entry = entry->Flink) {
        PMPIO_MODULE one = CONTAINING_RECORD(entry, MPIO_MODULE, Entry);

        if (one->Init.DsmContext == Data->DsmContext && one->Driver == Data->DriverObject) {
            dsm = one;
            break;
        }
    }
    if (dsm == NULL || dsm->Instances != 0) {
        KeReleaseSpinLock(&root->Lock, irql);
        return dsm == NULL ? STATUS_INVALID_PARAMETER : STATUS_DEVICE_BUSY;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    UnpublishLuns(dsm);
    KeAcquireSpinLock(&root->Lock, &irql);
    RemoveEntryList(&dsm->Entry);
    root->DsmCount--;
    KeReleaseSpinLock(&root->Lock, irql);
    NtTrace(TRACE_DSM_REGISTER, dsm->Ordinal, 0, STATUS_SUCCESS, 0);
    ExInitializeWorkItem(&dsm->UnloadItem, UnloadWorker, dsm);
    ExQueueWorkItem(&dsm->UnloadItem, DelayedWorkQueue);
    return STATUS_SUCCESS;
}
