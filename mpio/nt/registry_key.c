/* SPDX-License-Identifier: MIT */
/*
 * Zw routines on keys. A key that was deleted answers STATUS_KEY_DELETED through the handles that are still
 * open. Handles are closed by ZwClose (handle.c). Kernel-mode callers pass no access check, as on Windows.
 * PASSIVE_LEVEL.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/registry_zw.h"

static VOID CloseKey(PVOID Object)
{
    NtKeyRelease(Object);
}

NTSTATUS NtRegistryKeyOf(HANDLE Handle, PNT_KEY *Key)
{
    *Key = NtHandleLookup(Handle, NT_HANDLE_KEY);
    if (*Key == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    return (*Key)->Deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

NTSTATUS NtRegistryHandle(PNT_KEY Key, PHANDLE Handle)
{
    *Handle = NtHandleInsert(Key, NT_HANDLE_KEY, CloseKey);
    if (*Handle == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NtKeyReference(Key);
    return STATUS_SUCCESS;
}

static NTSTATUS Locate(POBJECT_ATTRIBUTES Attributes, BOOLEAN Create, BOOLEAN Volatile, PNT_KEY *Key,
                       BOOLEAN *Created)
{
    PUNICODE_STRING name;
    PNT_KEY from = NULL;
    NTSTATUS status;

    if (Attributes == NULL || Attributes->Length != sizeof(*Attributes) || Attributes->ObjectName == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    name = Attributes->ObjectName;
    if (name->Length % sizeof(WCHAR) != 0) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (Attributes->RootDirectory != NULL) {
        status = NtRegistryKeyOf(Attributes->RootDirectory, &from);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    return NtKeyWalk(NtKernel(), from, name->Buffer, name->Length / sizeof(WCHAR), Create, Volatile, Key,
                     Created);
}

/* Keys missing on the way are created too. */
NTSTATUS ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     ULONG TitleIndex, PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    PNT_KEY key;
    BOOLEAN created;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(TitleIndex);
    status = Locate(ObjectAttributes, TRUE, (CreateOptions & REG_OPTION_VOLATILE) != 0, &key, &created);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (created && Class != NULL && Class->Length != 0) {
        key->Class = malloc(Class->Length);
        if (key->Class == NULL) {
            NtKeyRemove(NtKernel(), key);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        memcpy(key->Class, Class->Buffer, Class->Length);
        key->ClassLength = Class->Length / sizeof(WCHAR);
    }
    if (Disposition != NULL) {
        *Disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    }
    return NtRegistryHandle(key, KeyHandle);
}

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    status = Locate(ObjectAttributes, FALSE, FALSE, &key, NULL);
    return NT_SUCCESS(status) ? NtRegistryHandle(key, KeyHandle) : status;
}

NTSTATUS ZwDeleteKey(HANDLE KeyHandle)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (key->ChildCount != 0 || key->Depth <= 2) { /* \Registry and its roots stay */
        return STATUS_CANNOT_DELETE;
    }
    NtKeyRemove(NtKernel(), key);
    return STATUS_SUCCESS;
}

NTSTATUS ZwFlushKey(HANDLE KeyHandle)
{
    PNT_KEY key;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtRegistryKeyOf(KeyHandle, &key);
}

/* ---- information ------------------------------------------------------------------------------------- */

VOID NtRegistryPut(NT_REGISTRY_OUTPUT *Output, ULONG Offset, const VOID *From, SIZE_T Length)
{
    SIZE_T room = Output->Length > Offset ? Output->Length - Offset : 0;

    if (Length != 0) {
        memcpy((PUCHAR)Output->Buffer + (room != 0 ? Offset : 0), From, Length < room ? Length : room);
    }
}

NTSTATUS NtRegistryBegin(const NT_REGISTRY_OUTPUT *Output, ULONG Fixed, ULONG Needed, PULONG ResultLength)
{
    if (ResultLength != NULL) {
        *ResultLength = Needed;
    }
    if (Output->Length < Fixed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    return Output->Length < Needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS PutBasic(PNT_KEY Key, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    KEY_BASIC_INFORMATION head = {.LastWriteTime.QuadPart = Key->LastWrite,
                                  .NameLength = Key->NameLength * sizeof(WCHAR)};
    const ULONG fixed = FIELD_OFFSET(KEY_BASIC_INFORMATION, Name);
    NTSTATUS status = NtRegistryBegin(Output, fixed, fixed + head.NameLength, ResultLength);

    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Key->Name, head.NameLength);
    }
    return status;
}

static NTSTATUS PutNode(PNT_KEY Key, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    KEY_NODE_INFORMATION head = {.LastWriteTime.QuadPart = Key->LastWrite,
                                 .ClassOffset = 0xFFFFFFFFu,
                                 .ClassLength = Key->ClassLength * sizeof(WCHAR),
                                 .NameLength = Key->NameLength * sizeof(WCHAR)};
    const ULONG fixed = FIELD_OFFSET(KEY_NODE_INFORMATION, Name);
    ULONG needed = fixed + head.NameLength;
    NTSTATUS status;

    if (head.ClassLength != 0) {
        head.ClassOffset = (needed + 3) & ~3u;
        needed = head.ClassOffset + head.ClassLength;
    }
    status = NtRegistryBegin(Output, fixed, needed, ResultLength);
    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Key->Name, head.NameLength);
        if (head.ClassLength != 0) {
            NtRegistryPut(Output, head.ClassOffset, Key->Class, head.ClassLength);
        }
    }
    return status;
}

static NTSTATUS PutFull(PNT_KEY Key, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    const ULONG fixed = FIELD_OFFSET(KEY_FULL_INFORMATION, Class);
    KEY_FULL_INFORMATION head = {.LastWriteTime.QuadPart = Key->LastWrite,
                                 .ClassOffset = Key->ClassLength != 0 ? fixed : 0xFFFFFFFFu,
                                 .ClassLength = Key->ClassLength * sizeof(WCHAR),
                                 .SubKeys = Key->ChildCount,
                                 .Values = Key->ValueCount};
    NTSTATUS status;

    for (ULONG i = 0; i < Key->ChildCount; i++) {
        ULONG name = Key->Child[i]->NameLength * sizeof(WCHAR);
        ULONG class = Key->Child[i]->ClassLength * sizeof(WCHAR);
        head.MaxNameLen = name > head.MaxNameLen ? name : head.MaxNameLen;
        head.MaxClassLen = class > head.MaxClassLen ? class : head.MaxClassLen;
    }
    for (ULONG i = 0; i < Key->ValueCount; i++) {
        ULONG name = Key->Value[i].NameLength * sizeof(WCHAR);
        ULONG data = Key->Value[i].DataLength;
        head.MaxValueNameLen = name > head.MaxValueNameLen ? name : head.MaxValueNameLen;
        head.MaxValueDataLen = data > head.MaxValueDataLen ? data : head.MaxValueDataLen;
    }
    status = NtRegistryBegin(Output, fixed, fixed + head.ClassLength, ResultLength);
    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &head, fixed);
        NtRegistryPut(Output, fixed, Key->Class, head.ClassLength);
    }
    return status;
}

/* The whole path. Names are put from the end; what does not fit is left out like a tail. */
static NTSTATUS PutName(PNT_KEY Key, NT_REGISTRY_OUTPUT *Output, PULONG ResultLength)
{
    const ULONG fixed = FIELD_OFFSET(KEY_NAME_INFORMATION, Name);
    const WCHAR separator = '\\';
    ULONG length = 0, offset;
    NTSTATUS status;

    for (PNT_KEY k = Key; k->Parent != NULL; k = k->Parent) {
        length += (k->NameLength + 1) * sizeof(WCHAR);
    }
    status = NtRegistryBegin(Output, fixed, fixed + length, ResultLength);
    if (status != STATUS_BUFFER_TOO_SMALL) {
        NtRegistryPut(Output, 0, &length, sizeof(length));
        offset = fixed + length;
        for (PNT_KEY k = Key; k->Parent != NULL; k = k->Parent) {
            offset -= k->NameLength * sizeof(WCHAR);
            NtRegistryPut(Output, offset, k->Name, k->NameLength * sizeof(WCHAR));
            offset -= sizeof(WCHAR);
            NtRegistryPut(Output, offset, &separator, sizeof(separator));
        }
    }
    return status;
}

static NTSTATUS PutKey(PNT_KEY Key, KEY_INFORMATION_CLASS Class, PVOID Buffer, ULONG Length, PULONG ResultLength)
{
    NT_REGISTRY_OUTPUT output = {Buffer, Buffer != NULL ? Length : 0};

    switch (Class) {
    case KeyBasicInformation:
        return PutBasic(Key, &output, ResultLength);
    case KeyNodeInformation:
        return PutNode(Key, &output, ResultLength);
    case KeyFullInformation:
        return PutFull(Key, &output, ResultLength);
    case KeyNameInformation:
        return PutName(Key, &output, ResultLength);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                    ULONG Length, PULONG ResultLength)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    return NT_SUCCESS(status) ? PutKey(key, KeyInformationClass, KeyInformation, Length, ResultLength) : status;
}

NTSTATUS ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                        PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    PNT_KEY key;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = NtRegistryKeyOf(KeyHandle, &key);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Index >= key->ChildCount) {
        return STATUS_NO_MORE_ENTRIES;
    }
    return PutKey(key->Child[Index], KeyInformationClass, KeyInformation, Length, ResultLength);
}
