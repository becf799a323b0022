/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    selfcall.c

Abstract:

    What was registered, through the published types of the callbacks; and routines whose parameters have types that
    the rest of the driver never names. PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "selfcall.tmh"
#endif

ALLOCATE_FUNCTION WdLookasideAllocate;
FREE_FUNCTION WdLookasideFree;

static ULONG gLookasideCalls;

PVOID
WdLookasideAllocate(
    _In_ POOL_TYPE PoolType,
    _In_ SIZE_T NumberOfBytes,
    _In_ ULONG Tag
    )
{
    gLookasideCalls++;
    return WdAllocate(PoolType, NumberOfBytes, Tag);
}

VOID
WdLookasideFree(
    _In_ PVOID Buffer
    )
{
    gLookasideCalls++;
    ExFreePool(Buffer);
}

#define WD_SAME(Type, Member, Routine) do { \
        Type Registered = gDsmInitData.Member; \
        WD_CHECK(Test, Registered == Routine); \
    } while (0)

static
VOID
WdTestCallbacks(
    _Inout_ PWDKDSM_TEST Test
    )
{
    DSM_COMPLETION_ROUTINE Completion = WdCompletion;
    DSM_QUERY_DATABLOCK Query;
    DSM_SET_DATABLOCK Set;
    DSM_EXECUTE_METHOD Execute;
    DSM_FUNCTION_CONTROL Control;
    DSM_QUERY_DATABLOCK_EX QueryEx;
    DSM_SET_DATABLOCK_EX SetEx;
    DSM_EXECUTE_METHOD_EX ExecuteEx;
    DSM_FUNCTION_CONTROL_EX ControlEx;
    DSM_INTERPRET_ERROR Interpret;

    WD_SAME(DSM_INQUIRE_DRIVER, DsmInquireDriver, WdInquire);
    WD_SAME(DSM_COMPARE_DEVICES, DsmCompareDevices, WdCompareDevices);
    WD_SAME(DSM_DEVICE_SERIAL_NUMBER, DsmDeviceSerialNumber, WdSerialNumber);
    WD_SAME(DSM_GET_CONTROLLER_INFO, DsmGetControllerInfo, WdGetControllerInfo);
    WD_SAME(DSM_SET_DEVICE_INFO, DsmSetDeviceInfo, WdSetDeviceInfo);
    WD_SAME(DSM_IS_PATH_ACTIVE, DsmIsPathActive, WdIsPathActive);
    WD_SAME(DSM_PATH_VERIFY, DsmPathVerify, WdPathVerify);
    WD_SAME(DSM_INVALIDATE_PATH, DsmInvalidatePath, WdInvalidatePath);
    WD_SAME(DSM_MOVE_DEVICE, DsmMoveDevice, WdMoveDevice);
    WD_SAME(DSM_REMOVE_PENDING, DsmRemovePending, WdRemovePending);
    WD_SAME(DSM_REMOVE_DEVICE, DsmRemoveDevice, WdRemoveDevice);
    WD_SAME(DSM_REMOVE_PATH, DsmRemovePath, WdRemovePath);
    WD_SAME(DSM_SRB_DEVICE_CONTROL, DsmSrbDeviceControl, WdSrbDeviceControl);
    WD_SAME(DSM_LB_GET_PATH, DsmLBGetPath, WdGetPath);
    WD_SAME(DSM_INTERPRET_ERROR_EX, DsmInterpretErrorEx, WdInterpretErrorEx);
    WD_SAME(DSM_UNLOAD, DsmUnload, WdUnload);
    WD_SAME(DSM_SET_COMPLETION, DsmSetCompletion, WdSetCompletion);
    WD_SAME(DSM_CATEGORIZE_REQUEST, DsmCategorizeRequest, WdCategorize);
    WD_SAME(DSM_BROADCAST_SRB, DsmBroadcastSrb, WdBroadcast);
    WD_SAME(DSM_ADDRESS_TYPE_SUPPORTED, DsmIsAddressTypeSupported, WdIsAddressTypeSupported);
    WD_SAME(DSM_DEVICE_NOT_USED, DsmDeviceNotUsed, WdDeviceNotUsed);

    //
    // Both members of each union are one slot.
    //
    Interpret = gDsmInitData.DsmInterpretError;
    Query = gDsmInitData.DsmWmiInfo.QueryWmiDataBlock;
    Set = gDsmInitData.DsmWmiGlobalInfo.SetWmiDataBlock;
    Execute = gDsmInitData.DsmWmiInfo.ExecuteWmiMethod;
    Control = gDsmInitData.DsmWmiInfo.WmiFunctionControl;
    QueryEx = gDsmInitData.DsmWmiInfo.QueryWmiDataBlockEx;
    SetEx = gDsmInitData.DsmWmiGlobalInfo.SetWmiDataBlockEx;
    ExecuteEx = gDsmInitData.DsmWmiInfo.ExecuteWmiMethodEx;
    ControlEx = gDsmInitData.DsmWmiInfo.WmiFunctionControlEx;
    WD_CHECK(Test, (ULONG_PTR)Interpret == (ULONG_PTR)WdInterpretErrorEx && Completion != NULL);
    WD_CHECK(Test, (ULONG_PTR)Query == (ULONG_PTR)QueryEx && (ULONG_PTR)Set == (ULONG_PTR)SetEx);
    WD_CHECK(Test, (ULONG_PTR)Execute == (ULONG_PTR)ExecuteEx && (ULONG_PTR)Control == (ULONG_PTR)ControlEx);
}

static
VOID
WdTestParameters(
    _Inout_ PWDKDSM_TEST Test
    )
{
    PALLOCATE_FUNCTION Allocate = WdLookasideAllocate;
    PFREE_FUNCTION Free = WdLookasideFree;
    NPAGED_LOOKASIDE_LIST List;
    MPIO_VERSION_INFO Version = {0};
    PMPIO_VERSION_INFO pVersion = &Version;
    RTL_OSVERSIONINFOW Os = {0};
    PRTL_OSVERSIONINFOW pOs = &Os;
    DSM_NOTIFICATION_TYPE LastType = MaxDsmNotificationType;
    PCSZ Text = "counted";
    ANSI_STRING String;
    EVENT_TYPE EventType = SynchronizationEvent;
    KPRIORITY Increment = IO_NO_INCREMENT;
    KWAIT_REASON Reason = Executive;
    KPROCESSOR_MODE Mode = KernelMode;
    ACCESS_MASK Access = KEY_QUERY_VALUE;
    KEY_INFORMATION_CLASS KeyClass = KeyFullInformation;
    KEY_VALUE_INFORMATION_CLASS ValueClass = KeyValuePartialInformation;
    STORAGE_IDENTIFIER IdentifierOnStack;
    UNALIGNED STORAGE_IDENTIFIER *Identifier = &IdentifierOnStack;
    STORAGE_IDENTIFIER_CODE_SET CodeSet = StorageIdCodeSetUtf8;
    STORAGE_IDENTIFIER_TYPE IdType = StorageIdTypeMD5LogicalUnitIdentifier;
    STORAGE_ASSOCIATION_TYPE Association = StorageIdAssocTarget;
    UCHAR PTRALIGN Aligned[8];
    UCHAR Buffer[64];
    OBJECT_ATTRIBUTES Attributes;
    EX_SPIN_LOCK Lock = 0;
    LOGICAL Converted;
    LARGE_INTEGER Timeout;
    HANDLE Key;
    KEVENT Event;
    ULONG Length;
    KIRQL Irql;
    PVOID Entry;

    ExInitializeNPagedLookasideList(&List, Allocate, Free, 0, 100, WDKDSM_TAG_TEST, 0);
    Entry = ExAllocateFromNPagedLookasideList(&List);
    WD_CHECK(Test, Entry != NULL && gLookasideCalls == 1);
    if (Entry != NULL) {
        ExFreeToNPagedLookasideList(&List, Entry);
    }
    ExDeleteNPagedLookasideList(&List);
    WD_CHECK(Test, gLookasideCalls == 2);

    WD_CHECK(Test, NT_SUCCESS(DsmGetVersion(pVersion, sizeof(Version))) && pVersion->MajorVersion >= 1 && LastType == 9);
    pOs->dwOSVersionInfoSize = sizeof(Os);
    WD_CHECK(Test, NT_SUCCESS(RtlGetVersion(pOs)) && pOs->dwMajorVersion >= 6);
    RtlInitAnsiString(&String, Text);
    WD_CHECK(Test, String.Length == 7 && String.MaximumLength == 8);

    KeInitializeEvent(&Event, EventType, FALSE);
    KeSetEvent(&Event, Increment, FALSE);
    Timeout.QuadPart = 0;
    WD_CHECK(Test, KeWaitForSingleObject(&Event, Reason, Mode, FALSE, &Timeout) == STATUS_SUCCESS);
    WD_CHECK(Test, KeWaitForSingleObject(&Event, Reason, Mode, FALSE, &Timeout) == STATUS_TIMEOUT);
    Irql = ExAcquireSpinLockShared(&Lock);
    Converted = ExTryConvertSharedSpinLockExclusive(&Lock);
    WD_CHECK(Test, Converted);
    ExReleaseSpinLockExclusive(&Lock, Irql);

    InitializeObjectAttributes(&Attributes, &gContext->RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    if (NT_SUCCESS(ZwOpenKey(&Key, Access, &Attributes))) {
        UNICODE_STRING Name;

        RtlInitUnicodeString(&Name, L"NoSuchValue");
        WD_CHECK(Test, NT_SUCCESS(ZwQueryKey(Key, KeyClass, Buffer, sizeof(Buffer), &Length)));
        WD_CHECK(Test, ZwQueryValueKey(Key, &Name, ValueClass, Buffer, sizeof(Buffer), &Length) ==
                       STATUS_OBJECT_NAME_NOT_FOUND);
        ZwClose(Key);
    }
    Identifier->CodeSet = CodeSet;
    Identifier->Type = IdType;
    Identifier->Association = Association;
    WD_CHECK(Test, sizeof(Identifier->CodeSet) == 4 && Identifier->Association == 2);
    WD_CHECK(Test, (ULONG_PTR)Aligned % (sizeof(PVOID) == 8 ? 16 : 4) == 0);
    WD_CHECK(Test, WdChecksOfSrbHelper == 0);
}

_Use_decl_annotations_
VOID
WdTestCalls(
    PWDKDSM_TEST Test
    )
{
    WdTestCallbacks(Test);
    WdTestParameters(Test);
}

_Use_decl_annotations_
PDSM_IDS
WdMakeIds(
    PVOID One,
    PVOID Two
    )
/*++

Routine Description:

    A list of two instances, as MPIO gives it. The caller frees it.

--*/
{
    PDSM_IDS Ids = (PDSM_IDS)WdAllocate(NonPagedPoolNx, sizeof(DSM_IDS) + sizeof(PVOID), WDKDSM_TAG_TEST);
    PVOID *List;

    if (Ids != NULL) {
        List = Ids->IdList;
        Ids->Count = 2;
        List[0] = One;
        List[1] = Two;
    }
    return Ids;
}
