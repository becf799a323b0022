/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    registry.c

Abstract:

    Parameters (Rtl family) and what an administrator has set for a LUN (Zw family), under

        <service>\Parameters\DsmLoadBalanceSettings\<LUN>\{DsmLoadBalancePolicy, DsmPreferredPath, ...ExplicitlySet}

    PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "registry.tmh"
#endif

#define WD_SETTINGS         L"\\DsmLoadBalanceSettings"
#define WD_POLICY           L"DsmLoadBalancePolicy"
#define WD_PREFERRED        L"DsmPreferredPath"
#define WD_EXPLICIT         L"DsmLoadBalancePolicyExplicitlySet"

_Use_decl_annotations_
NTSTATUS
WdCopyString(
    PUNICODE_STRING From,
    PCWSTR Suffix,
    PUNICODE_STRING To
    )
/*++

Routine Description:

    A terminated copy in paged pool, with something behind it.

--*/
{
    SIZE_T Extra = (Suffix != NULL) ? wcslen(Suffix) * sizeof(WCHAR) : 0;
    SIZE_T Size;
    USHORT Short;
    NTSTATUS Status;

    RtlZeroMemory(To, sizeof(UNICODE_STRING));
    Status = RtlSIZETAdd(From->Length, Extra + sizeof(WCHAR), &Size);
    if (NT_SUCCESS(Status)) {
        Status = RtlSIZETToUShort(Size, &Short);
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    To->Buffer = ExAllocatePoolZero(PagedPool, Size, WDKDSM_TAG_REGISTRY);
    if (To->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    To->MaximumLength = Short;
    RtlCopyUnicodeString(To, From);
    if (Suffix != NULL) {
        Status = RtlUnicodeStringCatString(To, Suffix);
    }
    NT_ASSERT(NT_SUCCESS(Status));
    return Status;
}

_Use_decl_annotations_
NTSTATUS
WdReadParameters(
    PWDKDSM_CONTEXT Context
    )
/*++

Routine Description:

    Values that are absent keep their defaults; the switch for statistics is written when it is.

--*/
{
    RTL_QUERY_REGISTRY_TABLE Table[6];
    RTL_QUERY_REGISTRY_TABLE Required[2];
    ULONG DefaultPolicy = DSM_LB_ROUND_ROBIN;
    ULONG DefaultTime = 3;
    ULONG Zero = 0;
    UNICODE_STRING Service = Context->RegistryPath;
    WCHAR Relative[128];
    PWCHAR Name;
    NTSTATUS Status;

    PAGED_CODE();

    RtlZeroMemory(Table, sizeof(Table));
    Table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    Table[0].Name = WD_POLICY;
    Table[0].EntryContext = &Context->DefaultPolicy;
    Table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_DWORD;
    Table[0].DefaultData = &DefaultPolicy;
    Table[0].DefaultLength = sizeof(ULONG);
    Table[1] = Table[0];
    Table[1].Name = L"DsmMaximumStateTransitionTime";
    Table[1].EntryContext = &Context->MaximumPrTime;
    Table[1].DefaultData = &DefaultTime;
    Table[2] = Table[0];
    Table[2].Name = L"SelfTest";
    Table[2].EntryContext = &Context->SelfTest;
    Table[2].DefaultData = &Zero;
    Table[3].QueryRoutine = NULL;
    Table[3].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_NOEXPAND | RTL_QUERY_REGISTRY_TYPECHECK;
    Table[3].Name = L"DsmSupportedDeviceList";
    Table[3].EntryContext = &Context->SupportedDevices;
    Table[3].DefaultType = (REG_MULTI_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_MULTI_SZ;
    Table[3].DefaultData = L"\0";
    Table[3].DefaultLength = 2 * sizeof(WCHAR);
    Context->CacheSize = 0x100000;
    Status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Context->ParametersPath.Buffer, Table, NULL, NULL);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND) {
        //
        // No Parameters key at all.
        //
        HANDLE Key;

        Status = WdOpenKey(&Context->ParametersPath, TRUE, &Key);
        if (NT_SUCCESS(Status)) {
            ZwClose(Key);
            Status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Context->ParametersPath.Buffer, Table, NULL, NULL);
        }
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Context->DefaultPolicy < DSM_LB_FAILOVER || Context->DefaultPolicy > DSM_LB_LEAST_BLOCKS) {
        Context->DefaultPolicy = DSM_LB_ROUND_ROBIN;
    }

    //
    // The same key by way of the services: the last component of our registry path.
    //
    Name = Service.Buffer + Service.Length / sizeof(WCHAR);
    while (Name > Service.Buffer && Name[-1] != L'\\') {
        Name--;
    }
    Status = RtlStringCchCopyW(Relative, RTL_NUMBER_OF(Relative), Name);
    if (NT_SUCCESS(Status)) {
        Status = RtlStringCchCatW(Relative, RTL_NUMBER_OF(Relative), L"\\Parameters");
    }
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    RtlZeroMemory(Required, sizeof(Required));
    Required[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED | RTL_QUERY_REGISTRY_TYPECHECK;
    Required[0].Name = L"DsmDisableStatistics";
    Required[0].EntryContext = &Context->DisableStatistics;
    Required[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    Status = RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, Relative, Required, NULL, NULL);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND) {
        Status = RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, Relative, L"DsmDisableStatistics", REG_DWORD, &Zero,
                                       sizeof(ULONG));
    }
    return Status;
}

_Use_decl_annotations_
NTSTATUS
WdOpenKey(
    PUNICODE_STRING Path,
    BOOLEAN Create,
    PHANDLE Key
    )
{
    OBJECT_ATTRIBUTES Attributes;
    ULONG Disposition;
    NTSTATUS Status;

    InitializeObjectAttributes(&Attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = ZwOpenKey(Key, KEY_ALL_ACCESS, &Attributes);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND && Create) {
        Status = ZwCreateKey(Key, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, &Disposition);
        NT_ASSERT(!NT_SUCCESS(Status) || Disposition == REG_CREATED_NEW_KEY);
    }
    return Status;
}

_Use_decl_annotations_
NTSTATUS
WdOpenGroupKey(
    PWDKDSM_CONTEXT Context,
    PWDKDSM_GROUP Group,
    PHANDLE Key
    )
/*++

Routine Description:

    The key of all settings, or of one LUN's below it.

--*/
{
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Path;
    UNICODE_STRING Name;
    HANDLE Root;
    NTSTATUS Status;

    Status = WdCopyString(&Context->ParametersPath, WD_SETTINGS, &Path);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = WdOpenKey(&Path, TRUE, &Root);
    ExFreePoolWithTag(Path.Buffer, WDKDSM_TAG_REGISTRY);
    if (!NT_SUCCESS(Status) || Group == NULL) {
        *Key = NT_SUCCESS(Status) ? Root : NULL;
        return Status;
    }
    RtlInitUnicodeString(&Name, Group->Name);
    InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Root, NULL);
    Status = ZwCreateKey(Key, KEY_ALL_ACCESS, &Attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL);
    ZwClose(Root);
    return Status;
}

static
NTSTATUS
WdQueryValue(
    _In_ HANDLE Key,
    _In_ PCWSTR Name,
    _In_ ULONG Type,
    _Out_writes_bytes_(Length) PVOID Data,
    _In_ ULONG Length
    )
{
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Information;
        ULONGLONG Room;
    } Buffer;
    UNICODE_STRING ValueName;
    ULONG Used;
    NTSTATUS Status;

    RtlInitUnicodeString(&ValueName, Name);
    Status = ZwQueryValueKey(Key, &ValueName, KeyValuePartialInformation, &Buffer, sizeof(Buffer), &Used);
    if (NT_SUCCESS(Status) && (Buffer.Information.Type != Type || Buffer.Information.DataLength != Length)) {
        Status = STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (NT_SUCCESS(Status)) {
        RtlCopyMemory(Data, Buffer.Information.Data, Length);
    }
    return Status;
}

static
NTSTATUS
WdSetValue(
    _In_ HANDLE Key,
    _In_ PCWSTR Name,
    _In_ ULONG Type,
    _In_reads_bytes_(Length) PVOID Data,
    _In_ ULONG Length
    )
{
    UNICODE_STRING ValueName;

    RtlInitUnicodeString(&ValueName, Name);
    return ZwSetValueKey(Key, &ValueName, 0, Type, Data, Length);
}

_Use_decl_annotations_
NTSTATUS
WdLoadPolicy(
    PWDKDSM_CONTEXT Context,
    PWDKDSM_GROUP Group
    )
{
    ULONGLONG Preferred;
    ULONG Policy;
    UCHAR Explicit;
    HANDLE Key;
    NTSTATUS Status;

    Status = WdOpenGroupKey(Context, Group, &Key);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (NT_SUCCESS(WdQueryValue(Key, WD_EXPLICIT, REG_BINARY, &Explicit, sizeof(Explicit))) && Explicit != 0) {
        if (NT_SUCCESS(WdQueryValue(Key, WD_POLICY, REG_DWORD, &Policy, sizeof(Policy))) &&
            Policy >= DSM_LB_FAILOVER && Policy <= DSM_LB_LEAST_BLOCKS) {
            Group->Policy = Policy;
        }
        if (NT_SUCCESS(WdQueryValue(Key, WD_PREFERRED, REG_BINARY, &Preferred, sizeof(Preferred)))) {
            Group->PreferredPath = (PVOID)(ULONG_PTR)Preferred;
        }
    }
    ZwClose(Key);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS
WdSavePolicy(
    PWDKDSM_CONTEXT Context,
    PWDKDSM_GROUP Group,
    BOOLEAN Explicit
    )
{
    ULONGLONG Preferred = (ULONGLONG)(ULONG_PTR)Group->PreferredPath;
    UCHAR Flag = Explicit;
    HANDLE Key;
    NTSTATUS Status;

    Status = WdOpenGroupKey(Context, Group, &Key);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (!Explicit) {
        Status = WdDeleteTree(Key, 0);
    } else {
        Status = WdSetValue(Key, WD_POLICY, REG_DWORD, &Group->Policy, sizeof(ULONG));
        if (NT_SUCCESS(Status)) {
            Status = WdSetValue(Key, WD_PREFERRED, REG_BINARY, &Preferred, sizeof(Preferred));
        }
        if (NT_SUCCESS(Status)) {
            Status = WdSetValue(Key, WD_EXPLICIT, REG_BINARY, &Flag, sizeof(Flag));
        }
    }
    ZwClose(Key);
    return Status;
}

static
PVOID
WdQueryGrowing(
    _In_ HANDLE Key,
    _In_ ULONG Index,
    _In_ BOOLEAN Values,
    _Out_ NTSTATUS *Status
    )
/*++

Routine Description:

    The information of a sub-key or of a value, in as large a buffer as it takes. The caller frees it.

--*/
{
    ULONG Size = 16;
    PVOID Buffer;

    for (;;) {
        Buffer = ExAllocatePoolWithTag(PagedPool, Size, WDKDSM_TAG_REGISTRY);
        if (Buffer == NULL) {
            *Status = STATUS_INSUFFICIENT_RESOURCES;
            return NULL;
        }
        *Status = Values ? ZwEnumerateValueKey(Key, Index, KeyValueFullInformation, Buffer, Size, &Size) :
                           ZwEnumerateKey(Key, Index, KeyBasicInformation, Buffer, Size, &Size);
        if (NT_SUCCESS(*Status)) {
            return Buffer;
        }
        ExFreePoolWithTag(Buffer, WDKDSM_TAG_REGISTRY);
        if (*Status != STATUS_BUFFER_TOO_SMALL && *Status != STATUS_BUFFER_OVERFLOW) {
            return NULL;
        }
    }
}

_Use_decl_annotations_
NTSTATUS
WdDeleteTree(
    HANDLE Key,
    ULONG Depth
    )
/*++

Routine Description:

    Deletes values, sub-keys and the key itself; at most four levels.

--*/
{
    PKEY_VALUE_FULL_INFORMATION Value;
    PKEY_BASIC_INFORMATION SubKey;
    OBJECT_ATTRIBUTES Attributes;
    UNICODE_STRING Name;
    HANDLE Child;
    NTSTATUS Status;

    if (Depth > 3) {
        return STATUS_INVALID_PARAMETER;
    }
    while ((Value = WdQueryGrowing(Key, 0, TRUE, &Status)) != NULL) {
        Name.Buffer = Value->Name;
        Name.Length = Name.MaximumLength = (USHORT)Value->NameLength;
        Status = ZwDeleteValueKey(Key, &Name);
        ExFreePoolWithTag(Value, WDKDSM_TAG_REGISTRY);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    while (Status == STATUS_NO_MORE_ENTRIES && (SubKey = WdQueryGrowing(Key, 0, FALSE, &Status)) != NULL) {
        Name.Buffer = SubKey->Name;
        Name.Length = Name.MaximumLength = (USHORT)SubKey->NameLength;
        InitializeObjectAttributes(&Attributes, &Name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, Key, NULL);
        Status = ZwOpenKey(&Child, KEY_ALL_ACCESS, &Attributes);
        if (NT_SUCCESS(Status)) {
            Status = WdDeleteTree(Child, Depth + 1);
            ZwClose(Child);
        }
        ExFreePoolWithTag(SubKey, WDKDSM_TAG_REGISTRY);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Status = STATUS_NO_MORE_ENTRIES;
    }
    return (Status == STATUS_NO_MORE_ENTRIES) ? ZwDeleteKey(Key) : Status;
}
