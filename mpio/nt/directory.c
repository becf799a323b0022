/* SPDX-License-Identifier: MIT */
/*
 * Names of devices and symbolic links, case-insensitive. "\DosDevices\X", "\GLOBAL??\X" and "\??\X"
 * are the same name. PASSIVE_LEVEL. Nothing iterates over the table in hash order but removal by
 * object, whose order nobody can see.
 */
#include "nt/directory.h"

#include <string.h>

#define NAME_TAG 'mNbO'
#define MOST_LINKS 8 /* symbolic links followed in one look-up */

typedef struct _NT_NAME {
    LIST_ENTRY Entry;
    PVOID Object;
    USHORT Length, TargetLength;        /* characters */
    WCHAR Text[NT_NAME_MAX];            /* canonical */
    WCHAR Target[NT_NAME_MAX];
} NT_NAME;

typedef struct _NT_KEY {
    USHORT Length;
    WCHAR Text[NT_NAME_MAX];
} NT_KEY;

static WCHAR Upper(WCHAR Character)
{
    if (Character >= u'a' && Character <= u'z') {
        return (WCHAR)(Character - 0x20);
    }
    return Character >= 0xe0 && Character <= 0xfe && Character != 0xf7 ? (WCHAR)(Character - 0x20) : Character;
}

/* Upper case, one spelling for the DOS device directory. FALSE: not a full name, or too long. */
static BOOLEAN Canonical(PCUNICODE_STRING Name, NT_KEY *Key)
{
    static const struct {
        PCWSTR Text;
        USHORT Length;
    } aliases[] = {{u"\\DOSDEVICES\\", 12}, {u"\\GLOBAL??\\", 10}};
    WCHAR text[NT_NAME_MAX + 8];
    USHORT length = Name->Length / sizeof(WCHAR), skip = 0;

    if (length == 0 || length > NT_NAME_MAX || Name->Buffer[0] != u'\\') {
        return FALSE;
    }
    for (USHORT i = 0; i < length; i++) {
        text[i] = Upper(Name->Buffer[i]);
    }
    Key->Length = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(aliases); i++) {
        if (length > aliases[i].Length && memcmp(text, aliases[i].Text, aliases[i].Length * sizeof(WCHAR)) == 0) {
            memcpy(Key->Text, u"\\??\\", 4 * sizeof(WCHAR));
            Key->Length = 4;
            skip = aliases[i].Length;
        }
    }
    memcpy(Key->Text + Key->Length, text + skip, (SIZE_T)(length - skip) * sizeof(WCHAR));
    Key->Length = (USHORT)(Key->Length + length - skip);
    return TRUE;
}

static PLIST_ENTRY Bucket(PNT_MACHINE Kernel, const NT_KEY *Key)
{
    ULONG hash = 2166136261u;

    for (USHORT i = 0; i < Key->Length; i++) {
        hash = (hash ^ Key->Text[i]) * 16777619u;
    }
    return &Kernel->Names[(hash ^ hash >> 16) & (NT_NAME_BUCKETS - 1)];
}

static NT_NAME *Find(PNT_MACHINE Kernel, const NT_KEY *Key)
{
    PLIST_ENTRY head = Bucket(Kernel, Key);

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_NAME *name = CONTAINING_RECORD(entry, NT_NAME, Entry);

        if (name->Length == Key->Length && memcmp(name->Text, Key->Text, Key->Length * sizeof(WCHAR)) == 0) {
            return name;
        }
    }
    return NULL;
}

NTSTATUS NtNameInsert(PNT_MACHINE Kernel, PCUNICODE_STRING Name, PVOID Object, PCUNICODE_STRING Target)
{
    NT_KEY key;
    NT_NAME *name;

    if (!Canonical(Name, &key) || (Target != NULL && Target->Length / sizeof(WCHAR) > NT_NAME_MAX)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (Find(Kernel, &key) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    name = NtPoolAllocateKernel(Kernel, sizeof(*name), NAME_TAG);
    if (name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    name->Object = Object;
    name->Length = key.Length;
    memcpy(name->Text, key.Text, key.Length * sizeof(WCHAR));
    if (Target != NULL) {
        name->TargetLength = Target->Length / sizeof(WCHAR);
        memcpy(name->Target, Target->Buffer, Target->Length);
    }
    InsertTailList(Bucket(Kernel, &key), &name->Entry);
    return STATUS_SUCCESS;
}

PVOID NtNameLookup(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    UNICODE_STRING text = *Name;

    for (ULONG links = 0; links <= MOST_LINKS; links++) {
        NT_KEY key;
        NT_NAME *name;

        if (!Canonical(&text, &key)) {
            return NULL;
        }
        name = Find(Kernel, &key);
        if (name == NULL || name->Object != NULL) {
            return name == NULL ? NULL : name->Object;
        }
        text.Buffer = name->Target;
        text.Length = text.MaximumLength = (USHORT)(name->TargetLength * sizeof(WCHAR));
    }
    return NULL;
}

static VOID Remove(PNT_MACHINE Kernel, NT_NAME *Name)
{
    RemoveEntryList(&Name->Entry);
    NtPoolFreeKernel(Kernel, Name);
}

NTSTATUS NtNameRemoveLink(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    NT_KEY key;
    NT_NAME *name;

    if (!Canonical(Name, &key)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    name = Find(Kernel, &key);
    if (name == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (name->Object != NULL) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    Remove(Kernel, name);
    return STATUS_SUCCESS;
}

VOID NtNameRemoveObject(PNT_MACHINE Kernel, PVOID Object)
{
    for (ULONG i = 0; i < NT_NAME_BUCKETS; i++) {
        PLIST_ENTRY next;

        for (PLIST_ENTRY entry = Kernel->Names[i].Flink; entry != &Kernel->Names[i]; entry = next) {
            NT_NAME *name = CONTAINING_RECORD(entry, NT_NAME, Entry);

            next = entry->Flink;
            if (name->Object == Object) {
                Remove(Kernel, name);
            }
        }
    }
}

VOID NtNameRemoveObjectName(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    NT_KEY key;
    NT_NAME *name = Canonical(Name, &key) ? Find(Kernel, &key) : NULL;

    if (name != NULL) {
        Remove(Kernel, name);
    }
}

NTSTATUS IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtNameInsert(NtKernel(), SymbolicLinkName, NULL, DeviceName);
}

NTSTATUS IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    return IoCreateSymbolicLink(SymbolicLinkName, DeviceName);
}

NTSTATUS IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtNameRemoveLink(NtKernel(), SymbolicLinkName);
}
