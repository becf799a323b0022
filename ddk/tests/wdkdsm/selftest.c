/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    selftest.c

Abstract:

    Parameters\SelfTest = 1 makes DriverEntry call what the way of an I/O does not, and report

        wdkdsm: self-test PASS <checks>         or          wdkdsm: self-test FAIL: <check>

    by DbgPrint, and as an event of MPIO. PASSIVE_LEVEL unless a test says otherwise.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "selftest.tmh"
#endif

_Use_decl_annotations_
VOID
WdCheck(
    PWDKDSM_TEST Test,
    BOOLEAN Condition,
    PCSTR What
    )
{
    if (Condition) {
        Test->Passed++;
        return;
    }
    Test->Failed++;
    DbgPrint("wdkdsm: self-test FAIL: %s\n", What);
}

static
VOID
WdTestNarrow(
    _Inout_ PWDKDSM_TEST Test
    )
{
    static const CHAR Text[] = "multipath";
    CHAR Buffer[8];
    CHAR Wide[16];
    SIZE_T Length;
    NTSTATUS Status;

    WD_CHECK(Test, strlen(Text) == 9 && strcmp(Text, "multipath") == 0 && strncmp(Text, "multiple", 6) == 0);
    WD_CHECK(Test, memcmp(Text, "multi", 5) == 0 && memcmp(Text, "mulri", 5) > 0);
    memset(Buffer, 'x', sizeof(Buffer));
    memcpy(Buffer, Text, 3);
    WD_CHECK(Test, Buffer[2] == 'l' && Buffer[3] == 'x');
    Status = RtlStringCchCopyA(Buffer, sizeof(Buffer), Text);
    WD_CHECK(Test, Status == STATUS_BUFFER_OVERFLOW && strcmp(Buffer, "multipa") == 0);
    WD_CHECK(Test, RtlStringCchCopyA(Buffer, 0, Text) == STATUS_INVALID_PARAMETER);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCbLengthA(Text, sizeof(Text), &Length)) && Length == 9);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCbPrintfA(Wide, sizeof(Wide), "%S:%d", L"wide", -5)) && strcmp(Wide, "wide:-5") == 0);
}

static
int
WdFormat(
    _Out_writes_(Count) PWCHAR Buffer,
    _In_ size_t Count,
    _In_ PCWSTR Format,
    ...
    )
{
    va_list Arguments;
    int Written;

    va_start(Arguments, Format);
    Written = _vsnwprintf(Buffer, Count, Format, Arguments);
    va_end(Arguments);
    return Written;
}

static
int
WdFormatA(
    _Out_writes_(Count) PSTR Buffer,
    _In_ size_t Count,
    _In_ PCSTR Format,
    ...
    )
{
    va_list Arguments;
    int Written;

    va_start(Arguments, Format);
    Written = _vsnprintf(Buffer, Count, Format, Arguments);
    vDbgPrintEx(DPFLTR_MSDSM_ID, DPFLTR_INFO_LEVEL, "wdkdsm: vDbgPrintEx is called\n", Arguments);
    va_end(Arguments);
    return Written;
}

static
VOID
WdTestWide(
    _Inout_ PWDKDSM_TEST Test
    )
{
    static const WCHAR Text[] = L"Ven_OPENMPIO&Prod_Array";
    WCHAR Buffer[32];
    CHAR Narrow[8];
    UNICODE_STRING String, Other;
    ANSI_STRING Ansi;
    SIZE_T Length;

    WD_CHECK(Test, wcslen(Text) == 23 && wcschr(Text, L'&') == Text + 12 && wcschr(Text, L'#') == NULL);
    WD_CHECK(Test, wcscmp(Text, L"Ven_OPENMPIO&Prod_Array") == 0 && wcscmp(Text, L"Vendor") < 0);
    WD_CHECK(Test, WdFormat(Buffer, 32, L"%s %S %I64x", L"a", "b", 0x123456789ull) == 13 && wcscmp(Buffer, L"a b 123456789") == 0);
    WD_CHECK(Test, WdFormat(Buffer, 4, L"%u", 12345) == -1);
    WD_CHECK(Test, WdFormatA(Narrow, sizeof(Narrow), "%03d", 7) == 3 && strcmp(Narrow, "007") == 0);

    WD_CHECK(Test, RtlStringCchCopyW(Buffer, 4, L"abcdef") == STATUS_BUFFER_OVERFLOW && wcscmp(Buffer, L"abc") == 0);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCchCatW(Buffer, 32, L"def")) && wcscmp(Buffer, L"abcdef") == 0);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCchCopyNW(Buffer, 32, L"abcdef", 2)) && wcscmp(Buffer, L"ab") == 0);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCbCopyNW(Buffer, sizeof(Buffer), L"abcdef", 6)) && wcscmp(Buffer, L"abc") == 0);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCchLengthW(Text, RTL_NUMBER_OF(Text), &Length)) && Length == 23);
    WD_CHECK(Test, RtlStringCchLengthW(Text, 5, &Length) == STATUS_INVALID_PARAMETER);
    WD_CHECK(Test, NT_SUCCESS(RtlStringCbPrintfW(Buffer, sizeof(Buffer), L"DSMPath#%016I64X", 0xABCull)) &&
                   wcscmp(Buffer, L"DSMPath#0000000000000ABC") == 0);

    String.Buffer = Buffer;
    String.Length = 0;
    String.MaximumLength = 10 * sizeof(WCHAR);
    RtlInitUnicodeString(&Other, L"abc");
    RtlCopyUnicodeString(&String, &Other);
    WD_CHECK(Test, NT_SUCCESS(RtlAppendUnicodeStringToString(&String, &Other)) && String.Length == 12);
    WD_CHECK(Test, NT_SUCCESS(RtlUnicodeStringCatString(&String, L"xyz")) && String.Length == 18);
    WD_CHECK(Test, RtlUnicodeStringCatString(&String, L"xyz") == STATUS_BUFFER_OVERFLOW && String.Length == 20);
    WD_CHECK(Test, RtlAppendUnicodeStringToString(&String, &Other) == STATUS_BUFFER_TOO_SMALL);
    WD_CHECK(Test, RtlCompareUnicodeStrings(L"ABC", 3, L"abd", 3, TRUE) < 0 && RtlCompareUnicodeStrings(L"ABC", 3, L"abc", 3, FALSE) != 0);
    RtlInitAnsiString(&Ansi, "Serial 7");
    WD_CHECK(Test, Ansi.Length == 8 && NT_SUCCESS(RtlAnsiStringToUnicodeString(&String, &Ansi, TRUE)));
    WD_CHECK(Test, String.Length == 16 && String.Buffer[7] == L'7');
    RtlFreeUnicodeString(&String);
}

static
VOID
WdTestIntegers(
    _Inout_ PWDKDSM_TEST Test
    )
{
    ULONG Sum;
    USHORT Short;
    SIZE_T Size;
    ULONG Swapped;
    USHORT SwappedShort;
    ULONGLONG SwappedQuad;
    UCHAR Bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    LONG volatile Value = 5;
    LONGLONG volatile Wide = 10;
    PVOID volatile Pointer = NULL;
    LARGE_INTEGER Now, Later;

    WD_CHECK(Test, RtlULongAdd(MAXULONG, 1, &Sum) == STATUS_INTEGER_OVERFLOW && Sum == MAXULONG);
    WD_CHECK(Test, NT_SUCCESS(RtlULongSub(5, 3, &Sum)) && Sum == 2);
    WD_CHECK(Test, RtlULongSub(3, 5, &Sum) == STATUS_INTEGER_OVERFLOW);
    WD_CHECK(Test, RtlULongMult(0x10000, 0x10000, &Sum) == STATUS_INTEGER_OVERFLOW);
    WD_CHECK(Test, RtlSIZETToUShort(0x10000, &Short) == STATUS_INTEGER_OVERFLOW);
    WD_CHECK(Test, NT_SUCCESS(RtlSIZETAdd(1, 2, &Size)) && Size == 3);
    REVERSE_BYTES(&Swapped, &Bytes[1]);
    REVERSE_BYTES_SHORT(&SwappedShort, &Bytes[1]);
    REVERSE_BYTES_QUAD(&SwappedQuad, &Bytes[1]);
    WD_CHECK(Test, Swapped == 0x02030405 && SwappedShort == 0x0203 && SwappedQuad == 0x0203040506070809ull);

    WD_CHECK(Test, InterlockedIncrement(&Value) == 6 && InterlockedDecrement(&Value) == 5);
    WD_CHECK(Test, InterlockedCompareExchange(&Value, 9, 5) == 5 && InterlockedCompareExchange(&Value, 1, 5) == 9);
    WD_CHECK(Test, InterlockedExchange64(&Wide, 20) == 10 && InterlockedExchangeAdd64(&Wide, 5) == 20 && Wide == 25);
    WD_CHECK(Test, InterlockedExchangePointer(&Pointer, Test) == NULL && Pointer == Test);
    WD_CHECK(Test, FIELD_OFFSET(WDKDSM_DEVICE, Path) == offsetof(WDKDSM_DEVICE, Path));
    WD_CHECK(Test, MAXLONG == 0x7FFFFFFF && (ULONG)'dsm' == 0x64736D);

    KeQueryTickCount(&Now);
    WD_CHECK(Test, KeQueryTimeIncrement() != 0);
    KeStallExecutionProcessor(10);
    KeQuerySystemTime(&Later);
    WD_CHECK(Test, Later.QuadPart > Now.QuadPart);
}

static
VOID
WdTestPool(
    _Inout_ PWDKDSM_TEST Test
    )
{
    static const POOL_TYPE Types[] = {NonPagedPoolNx, NonPagedPoolNxCacheAligned, PagedPool};
    static const POOL_FLAGS Flags[] = {POOL_FLAG_NON_PAGED, POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED,
                                       POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED};
    NPAGED_LOOKASIDE_LIST List;
    SLIST_HEADER Head;
    SLIST_ENTRY Entries[2];
    PVOID First, Second;
    PUCHAR Memory;
    ULONG i;

    for (i = 0; i < RTL_NUMBER_OF(Types); i++) {
        Memory = ExAllocatePoolZero(Types[i], 100, WDKDSM_TAG_TEST);
        WD_CHECK(Test, Memory != NULL && Memory[0] == 0 && Memory[99] == 0);
        if (Memory != NULL) {
            ExFreePool(Memory);
        }
        Memory = ExAllocatePoolWithTag(Types[i], 100, WDKDSM_TAG_TEST);
        WD_CHECK(Test, Memory != NULL);
        if (Memory != NULL) {
            ExFreePoolWithTag(Memory, WDKDSM_TAG_TEST);
        }
        Memory = ExAllocatePool2(Flags[i], 100, WDKDSM_TAG_TEST);
        WD_CHECK(Test, Memory != NULL && ((Flags[i] & POOL_FLAG_UNINITIALIZED) || Memory[99] == 0));
        if (Memory != NULL) {
            ExFreePoolWithTag(Memory, WDKDSM_TAG_TEST);
        }
    }
    Memory = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, WDKDSM_TAG_TEST, NULL, 0);
    WD_CHECK(Test, Memory != NULL && RtlCompareMemory(Memory, Memory + 50, 50) == 50);
    if (Memory != NULL) {
        ExFreePool(Memory);
    }

    //
    // Lookaside lists, and the list below them that a driver built elsewhere calls by these names.
    //
    ExInitializeNPagedLookasideList(&List, NULL, NULL, POOL_NX_ALLOCATION, 64, WDKDSM_TAG_TEST, 0);
    First = ExAllocateFromNPagedLookasideList(&List);
    Second = ExAllocateFromNPagedLookasideList(&List);
    WD_CHECK(Test, First != NULL && Second != NULL && First != Second);
    WD_CHECK(Test, List.L.Size >= 64 && List.L.Tag == WDKDSM_TAG_TEST && List.L.TotalAllocates == 2);
    ExFreeToNPagedLookasideList(&List, First);
    ExFreeToNPagedLookasideList(&List, Second);
    ExDeleteNPagedLookasideList(&List);
    InitializeSListHead(&Head);
    ExpInterlockedPushEntrySList(&Head, &Entries[0]);
    ExpInterlockedPushEntrySList(&Head, &Entries[1]);
    WD_CHECK(Test, ExQueryDepthSList(&Head) == 2 && ExpInterlockedPopEntrySList(&Head) == &Entries[1]);
    WD_CHECK(Test, ExpInterlockedPopEntrySList(&Head) == &Entries[0] && ExpInterlockedPopEntrySList(&Head) == NULL);
}

static
VOID
WdTestLocks(
    _Inout_ PWDKDSM_TEST Test
    )
{
    EX_SPIN_LOCK Lock = 0;
    PEX_SPIN_LOCK pLock = &Lock;
    KSPIN_LOCK SpinLock;
    KEVENT Event;
    LARGE_INTEGER Timeout;
    LIST_ENTRY Head, One, Two;
    KIRQL Irql, Inner;

    Irql = ExAcquireSpinLockShared(pLock);
    ExAcquireSpinLockSharedAtDpcLevel(pLock);
    WD_CHECK(Test, KeGetCurrentIrql() == DISPATCH_LEVEL && !ExTryConvertSharedSpinLockExclusive(pLock));
    ExReleaseSpinLockSharedFromDpcLevel(pLock);
    WD_CHECK(Test, ExTryConvertSharedSpinLockExclusive(pLock));
    ExReleaseSpinLockExclusiveFromDpcLevel(pLock);
    ExAcquireSpinLockExclusiveAtDpcLevel(pLock);
    ExReleaseSpinLockExclusive(pLock, Irql);
    Irql = ExAcquireSpinLockExclusive(pLock);
    ExReleaseSpinLockExclusive(pLock, Irql);
    WD_CHECK(Test, KeGetCurrentIrql() == PASSIVE_LEVEL && Lock == 0);

    KeInitializeSpinLock(&SpinLock);
    Irql = KeAcquireSpinLockRaiseToDpc(&SpinLock);
    KeReleaseSpinLock(&SpinLock, Irql);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    KeAcquireSpinLock(&SpinLock, &Inner);
    KeReleaseSpinLock(&SpinLock, Inner);
    WD_CHECK(Test, Inner == DISPATCH_LEVEL);
    KeLowerIrql(Irql);

    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    Timeout.QuadPart = 0;
    WD_CHECK(Test, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Timeout) == STATUS_TIMEOUT);
    WD_CHECK(Test, KeSetEvent(&Event, IO_NO_INCREMENT, FALSE) == 0);
    WD_CHECK(Test, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    WD_CHECK(Test, KeResetEvent(&Event) != 0);
    WD_CHECK(Test, PsGetCurrentThread() != NULL && PsGetCurrentThread() == (PETHREAD)KeGetCurrentThread());

    InitializeListHead(&Head);
    InsertHeadList(&Head, &One);
    InsertTailList(&Head, &Two);
    WD_CHECK(Test, Head.Flink == &One && RemoveHeadList(&Head) == &One && RemoveEntryList(&Two) && IsListEmpty(&Head));
}

_Use_decl_annotations_
VOID
WdTestHousekeeping(
    PWDKDSM_TEST Test,
    PWDKDSM_CONTEXT Context
    )
/*++

Routine Description:

    A DPC by hand: its work item must have run before the remove lock can be had alone, which unload proves.

--*/
{
    LARGE_INTEGER Pause;
    ULONG Before = Context->Snapshots;
    ULONG Tries;

    WD_CHECK(Test, KeInsertQueueDpc(&Context->Dpc, NULL, NULL));
    Pause.QuadPart = -10LL * 1000;
    for (Tries = 0; Tries < 100 && Context->Snapshots == Before; Tries++) {
        KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
    WD_CHECK(Test, Context->Snapshots == Before + 1);
    WD_CHECK(Test, ExTryToAcquireFastMutex(&Context->ConfigurationMutex));
    ExReleaseFastMutex(&Context->ConfigurationMutex);
    KeSetEvent(&Context->ThreadWake, IO_NO_INCREMENT, FALSE);
    WD_CHECK(Test, Context->Thread != NULL);
}

static
VOID
WdTestSystem(
    _Inout_ PWDKDSM_TEST Test,
    _In_ PWDKDSM_CONTEXT Context
    )
/*++

Routine Description:

    The version, and routines that a driver looks for by name because an older system may not have them.

--*/
{
    static const PCWSTR Names[] = {L"WmiTraceMessage", L"WmiQueryTraceInformation", L"EtwRegisterClassicProvider",
                                   L"RtlAssert", L"ExFreePoolWithTag", L"IoWMIRegistrationControl"};
    RTL_OSVERSIONINFOEXW Version = {0};
    UNICODE_STRING Name;
    ULONGLONG Mask = 0;
    ULONG i;

    WD_CHECK(Test, Context->OsVersion.dwMajorVersion >= 6 && Context->OsVersion.dwPlatformId == 2);
    Version.dwOSVersionInfoSize = sizeof(Version);
    Version.dwMajorVersion = 6;
    Mask = VerSetConditionMask(Mask, VER_MAJORVERSION, VER_GREATER_EQUAL);
    WD_CHECK(Test, NT_SUCCESS(RtlVerifyVersionInfo(&Version, VER_MAJORVERSION, Mask)));
    Version.dwMajorVersion = 99;
    WD_CHECK(Test, RtlVerifyVersionInfo(&Version, VER_MAJORVERSION, Mask) == STATUS_REVISION_MISMATCH);
    WD_CHECK(Test, RtlIsNtDdiVersionAvailable(NTDDI_VISTA));
    for (i = 0; i < RTL_NUMBER_OF(Names); i++) {
        RtlInitUnicodeString(&Name, Names[i]);
        WD_CHECK(Test, MmGetSystemRoutineAddress(&Name) != NULL);
    }
    RtlInitUnicodeString(&Name, L"NoSuchRoutine");
    WD_CHECK(Test, MmGetSystemRoutineAddress(&Name) == NULL);
    DbgPrintEx(DPFLTR_MSDSM_ID, DPFLTR_ERROR_LEVEL, "wdkdsm: DbgPrintEx is called, %ws\n", WDKDSM_NAME);
    KdPrint(("wdkdsm: a checked build\n"));
    if (Context->SelfTest == 0xDEAD) {
        KeBugCheckEx(0xE2, (ULONG_PTR)Context->SelfTest, 0, 0, 0);
    }
    ASSERT(Context->ControlObject != NULL);
    NT_ASSERT(Context->ControlObject->StackSize >= 1);
}

static
VOID
WdTestTrace(
    _Inout_ PWDKDSM_TEST Test
    )
/*++

Routine Description:

    Every level and flag once, and the formats that messages use.

--*/
{
    GUID Guid = DSM_LB_OperationsGuid;
    UNICODE_STRING Name;

    RtlInitUnicodeString(&Name, L"counted");
    TracePrint((TRACE_LEVEL_FATAL, TRACE_FLAG_GENERAL, "%p %x %u %d.\n", Test, 0xABCD, 12u, -12));
    TracePrint((TRACE_LEVEL_ERROR, TRACE_FLAG_POWER, "%ws %s %c.\n", L"wide", "narrow", 'c'));
    TracePrint((TRACE_LEVEL_WARNING, TRACE_FLAG_QUEUE, "%I64x %!bool!.\n", 0x123456789ull, TRUE));
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_LOCK, "%!STATUS! %!GUID! %wZ.\n", STATUS_PENDING, &Guid, &Name));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_DEBUG1, "%!FUNC! %!FILE! %!LINE! %!LEVEL! %!FLAGS! %!irql!.\n",
                KeGetCurrentIrql()));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_DEBUG2, "%!HRESULT! %!WINERROR! %!TIMESTAMP!.\n", 0, 0, 0ll));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_MCN, "MCN\n"));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_ISR, "ISR\n"));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_ENUM, "ENUM\n"));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_LOGOTEST, "LOGOTEST\n"));
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_DUMP, "DUMP\n"));
#ifdef DEBUG_USE_WPP
    WD_CHECK(Test, WPP_CONTROL(WPP_BIT_TRACE_FLAG_GENERAL).Level <= TRACE_LEVEL_VERBOSE);
    WD_CHECK(Test, WPP_MASK(WPP_BIT_TRACE_FLAG_SCSI) == 1u << 17);
#else
    UNREFERENCED_PARAMETER(Test);
#endif
}

_Use_decl_annotations_
VOID
WdSelfTest(
    PWDKDSM_CONTEXT Context
    )
{
    WDKDSM_TEST Test = {0};
    WCHAR Text[32];

    WdTestNarrow(&Test);
    WdTestWide(&Test);
    WdTestIntegers(&Test);
    WdTestPool(&Test);
    WdTestLocks(&Test);
    WdTestSystem(&Test, Context);
    WdTestTrace(&Test);
    WdTestBits(&Test);
    WdTestGuids(&Test);
    WdTestRegistry(&Test, Context);
    WdTestSrb(&Test);
    WdTestCalls(&Test);
    WdTestPassThrough(&Test);
    WdTestWmi(&Test, Context);
    WdTestHousekeeping(&Test, Context);
    if (Test.Failed == 0) {
        DbgPrint("wdkdsm: self-test PASS %u\n", Test.Passed);
    }
    RtlStringCbPrintfW(Text, sizeof(Text), L"%s %u", (Test.Failed == 0) ? L"PASS" : L"FAIL", Test.Passed);
    (VOID)DsmWriteEvent(Context->MpioContext, L"wdkdsm", Text, (Test.Failed == 0) ? MPIO_INFORMATION : MPIO_ERROR);
}
