/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    selfreg.c

Abstract:

    The registry: both families over the same values, in a key that goes again. PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "selfreg.tmh"
#endif

RTL_QUERY_REGISTRY_ROUTINE WdCountValue;

NTSTATUS
WdCountValue(
    _In_ PWSTR ValueName,
    _In_ ULONG ValueType,
    _In_ PVOID ValueData,
    _In_ ULONG ValueLength,
    _In_opt_ PVOID Context,
    _In_opt_ PVOID EntryContext
    )
{
    UNREFERENCED_PARAMETER(ValueName);
    UNREFERENCED_PARAMETER(ValueData);
    if (ValueType == REG_DWORD && ValueLength == sizeof(ULONG)) {
        (*(PULONG)Context)++;
    } else {
        (*(PULONG)EntryContext)++;
    }
    return STATUS_SUCCESS;
}

static
VOID
WdTestRtl(
    _Inout_ PWDKDSM_TEST Test,
    _In_ HANDLE Key,
    _In_ PCWSTR Path
    )
{
    RTL_QUERY_REGISTRY_TABLE Table[3];
    UNICODE_STRING List = {0, 0, NULL};
    ULONG Number = 77;
    ULONG Value = 0;
    ULONG Dwords = 0, Others = 0;
    NTSTATUS Status;

    Status = RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, Path, L"Number", REG_DWORD, &Number, sizeof(Number));
    WD_CHECK(Test, NT_SUCCESS(Status));
    Status = RtlWriteRegistryValue(RTL_REGISTRY_HANDLE, (PCWSTR)Key, L"Devices", REG_MULTI_SZ, L"one\0two\0", 9 * sizeof(WCHAR));
    WD_CHECK(Test, NT_SUCCESS(Status));

    RtlZeroMemory(Table, sizeof(Table));
    Table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK;
    Table[0].Name = L"Number";
    Table[0].EntryContext = &Value;
    Table[0].DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    Table[1].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_NOEXPAND | RTL_QUERY_REGISTRY_TYPECHECK;
    Table[1].Name = L"Devices";
    Table[1].EntryContext = &List;
    Table[1].DefaultType = REG_MULTI_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    Status = RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, (PCWSTR)Key, Table, NULL, NULL);
    WD_CHECK(Test, NT_SUCCESS(Status) && Value == 77);
    WD_CHECK(Test, List.Buffer != NULL && List.Length >= 8 * sizeof(WCHAR) && wcscmp(List.Buffer + 4, L"two") == 0);
    if (List.Buffer != NULL) {
        ExFreePool(List.Buffer);
    }

    Table[0].DefaultType = REG_BINARY << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    RtlZeroMemory(&Table[1], sizeof(Table[1]));
    WD_CHECK(Test, !NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path, Table, NULL, NULL)));
    Table[0].Name = L"Absent";
    WD_CHECK(Test, RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path, Table, NULL, NULL) == STATUS_OBJECT_NAME_NOT_FOUND);

    RtlZeroMemory(Table, sizeof(Table));
    Table[0].QueryRoutine = WdCountValue;
    Table[0].Flags = RTL_QUERY_REGISTRY_NOEXPAND;
    Table[0].EntryContext = &Others;
    Status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path, Table, &Dwords, NULL);
    WD_CHECK(Test, NT_SUCCESS(Status) && Dwords == 1 && Others == 1);
}

static
VOID
WdTestZw(
    _Inout_ PWDKDSM_TEST Test,
    _In_ HANDLE Key
    )
{
    UCHAR Buffer[128];
    PKEY_FULL_INFORMATION Full = (PKEY_FULL_INFORMATION)Buffer;
    PKEY_BASIC_INFORMATION Basic = (PKEY_BASIC_INFORMATION)Buffer;
    PKEY_VALUE_FULL_INFORMATION Value = (PKEY_VALUE_FULL_INFORMATION)Buffer;
    PKEY_VALUE_PARTIAL_INFORMATION Partial = (PKEY_VALUE_PARTIAL_INFORMATION)Buffer;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    ULONG Disposition = 0;
    ULONG Length = 0;
    HANDLE Child;
    NTSTATUS Status;

    RtlInitUnicodeString(&Name, L"DSMPath#0000000057000001");
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Key, NULL);
    Status = ZwCreateKey(&Child, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, &Disposition);
    WD_CHECK(Test, NT_SUCCESS(Status) && Disposition == REG_CREATED_NEW_KEY);
    if (NT_SUCCESS(Status)) {
        ZwClose(Child);
    }
    Status = ZwQueryKey(Key, KeyFullInformation, Full, sizeof(Buffer), &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) && Full->SubKeys == 1 && Full->Values == 2 && Full->MaxNameLen == Name.Length);
    Status = ZwEnumerateKey(Key, 0, KeyBasicInformation, Basic, sizeof(Buffer), &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) && Basic->NameLength == Name.Length &&
                   RtlEqualMemory(Basic->Name, Name.Buffer, Name.Length));
    WD_CHECK(Test, ZwEnumerateKey(Key, 1, KeyBasicInformation, Basic, sizeof(Buffer), &Length) == STATUS_NO_MORE_ENTRIES);
    Status = ZwEnumerateValueKey(Key, 0, KeyValueFullInformation, Value, 4, &Length);
    WD_CHECK(Test, (Status == STATUS_BUFFER_TOO_SMALL || Status == STATUS_BUFFER_OVERFLOW) && Length > 4);
    Status = ZwEnumerateValueKey(Key, 0, KeyValueFullInformation, Value, sizeof(Buffer), &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) && Value->NameLength != 0 && Value->DataOffset + Value->DataLength <= Length);

    RtlInitUnicodeString(&Name, L"number");
    Status = ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Partial, sizeof(Buffer), &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) && Partial->Type == REG_DWORD && *(PULONG)Partial->Data == 77);
    WD_CHECK(Test, NT_SUCCESS(ZwSetValueKey(Key, &Name, 0, REG_BINARY, Buffer, 8)) &&
                   NT_SUCCESS(ZwDeleteValueKey(Key, &Name)));
    WD_CHECK(Test, ZwDeleteValueKey(Key, &Name) == STATUS_OBJECT_NAME_NOT_FOUND);
    WD_CHECK(Test, ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, Partial, sizeof(Buffer), &Length) ==
                   STATUS_OBJECT_NAME_NOT_FOUND);
}

_Use_decl_annotations_
VOID
WdTestRegistry(
    PWDKDSM_TEST Test,
    PWDKDSM_CONTEXT Context
    )
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    HANDLE Key;
    NTSTATUS Status;

    Status = WdCopyString(&Context->ParametersPath, L"\\SelfTestKey", &Path);
    WD_CHECK(Test, NT_SUCCESS(Status));
    if (!NT_SUCCESS(Status)) {
        return;
    }
    Status = WdOpenKey(&Path, TRUE, &Key);
    WD_CHECK(Test, NT_SUCCESS(Status));
    if (NT_SUCCESS(Status)) {
        WdTestRtl(Test, Key, Path.Buffer);
        WdTestZw(Test, Key);
        WD_CHECK(Test, NT_SUCCESS(WdDeleteTree(Key, 0)));
        ZwClose(Key);
    }
    InitializeObjectAttributes(&Attributes, &Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    WD_CHECK(Test, ZwOpenKey(&Key, KEY_QUERY_VALUE, &Attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    ExFreePoolWithTag(Path.Buffer, WDKDSM_TAG_REGISTRY);
}
