/* SPDX-License-Identifier: MIT */
/*
 * Zw routines on values. PASSIVE_LEVEL; buffers too short are answered as ddk/include says.
 */
#include "nt/registry_zw.h"

static NTSTATUS PutBasic(const NT_VALUE *Value, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    KEY_VALUE_BASIC_INFORMATION head = {.Type = Value->Type, .NameLength = Value->NameLength * sizeof(WCHAR)};
    const ULONG fixed = FIELD_OFFSET(KEY_VALUE_BASIC_INFORMATION, Name);
    NTSTATUS status = NtRegistryBegin(Output, fixed, fixed + head.NameLength, ResultLength);

    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Value->Name, head.NameLength);
    }
    return status;
}

static NTSTATUS PutFull(const NT_VALUE *Value, ULONG Alignment, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    KEY_VALUE_FULL_INFORMATION head = {.Type = Value->Type,
                                       .DataLength = Value->DataLength,
                                       .NameLength = Value->NameLength * sizeof(WCHAR)};
    const ULONG fixed = FIELD_OFFSET(KEY_VALUE_FULL_INFORMATION, Name);
    NTSTATUS status;

    head.DataOffset = (fixed + head.NameLength + Alignment - 1) & ~(Alignment - 1);
    status = NtRegistryBegin(Output, fixed, head.DataOffset + head.DataLength, ResultLength);
    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Value->Name, head.NameLength);
        NtRegistryPut(Output, head.DataOffset, Value->Data, head.DataLength);
    }
    return status;
}

static NTSTATUS PutPartial(const NT_VALUE *Value, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    KEY_VALUE_PARTIAL_INFORMATION head = {.Type = Value->Type, .DataLength = Value->DataLength};
    const ULONG fixed = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data);
    NTSTATUS status = NtRegistryBegin(Output, fixed, fixed + head.DataLength, ResultLength);

    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Value->Data, head.DataLength);
    }
    return status;
}

/* Type, length, and the data at offset 8. */
static NTSTATUS PutPartialAligned(const NT_VALUE *Value, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    const ULONG head[2] = {Value->Type, Value->DataLength};
    NTSTATUS status = NtRegistryBegin(Output, sizeof(head), sizeof(head) + Value->DataLength, ResultLength);

    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, head, sizeof(head));
        NtRegistryPut(Output, sizeof(head), Value->Data, Value->DataLength);
    }
    return status;
}

static NTSTATUS PutValue(const NT_VALUE *Value, KEY_VALUE_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length,
                         PULONG ResultLength)
{
    NT_REGISTRY_OUTPUT output = {Buffer, Buffer != NULL ? Length : 0};

    switch (Class) {
    case KeyValueBasicInformation:
        return PutBasic(Value, &output, ResultLength);
    case KeyValueFullInformation:
        return PutFull(Value, sizeof(ULONG), &output, ResultLength);
    case KeyValueFullInformationAlign64:
        return PutFull(Value, sizeof(ULONGLONG), &output, ResultLength);
    case KeyValuePartialInformation:
        return PutPartial(Value, &output, ResultLength);
    case KeyValuePartialInformationAlign64:
        return PutPartialAligned(Value, &output, ResultLength);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                         KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                         ULONG Length, PULONG ResultLength)
{
    PNT_KEY key;
    PNT_VALUE value;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    value = NtKeyValue(key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR));
    if (value == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return PutValue(value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index, KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                             PVOID KeyValueInformation, ULONG Length, PULONG ResultLength)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Index >= key->ValueCount) {
        return STATUS_NO_MORE_ENTRIES;
    }
    return PutValue(&key->Value[Index], KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data,
                       ULONG DataSize)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(TitleIndex);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return NtKeySet(NtKernel(), key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR), Type, Data, DataSize);
}

NTSTATUS ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    return NtKeyDeleteValue(NtKernel(), key, ValueName->Buffer, ValueName->Length / sizeof(WCHAR));
}
