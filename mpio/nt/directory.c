/* SPDX-License-Identifier: MIT */
/*
 * Names of devices and symbolic links, case-insensitive. "\DosDevices\X", "\GLOBAL??\X" and "\??\X"
 * are the same name. PASSIVE_LEVEL. Nothing iterates over the table.
 */
#include "nt/directory.h"
#include "nt/device.h"

#include <string.h>

#define NAME_TAG 'mNbO'
#define MOST_LINKS 8 /* symbolic links followed in one look-up */

struct _NT_NAME {
    NT_NAME *Next;                      /* in its bucket */
    NT_NAME *NextOfDevice;
    PDEVICE_OBJECT Device;              /* NULL: a symbolic link */
    ULONG Hash;
    USHORT Length, TargetLength;        /* characters */
    WCHAR Text[];                       /* canonical; the target behind it */
};

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

static ULONG Hash(const NT_KEY *Key)
{
    ULONG hash = 2166136261u;

    for (USHORT i = 0; i < Key->Length; i++) {
        hash = (hash ^ Key->Text[i]) * 16777619u;
    }
    return hash ^ hash >> 16;
}

/* The link that leads to the name: its bucket's, or that of the name before it. *Link is NULL when there is none. */
static NT_NAME **Find(PNT_MACHINE Kernel, const NT_KEY *Key)
{
    ULONG hash = Hash(Key);
    NT_NAME **link = &Kernel->Names[hash & (NT_NAME_BUCKETS - 1)];

    while (*link != NULL && ((*link)->Hash != hash || (*link)->Length != Key->Length ||
                             memcmp((*link)->Text, Key->Text, Key->Length * sizeof(WCHAR)) != 0)) {
        link = &(*link)->Next;
    }
    return link;
}

NTSTATUS NtNameInsert(PNT_MACHINE Kernel, PCUNICODE_STRING Name, PDEVICE_OBJECT Device, PCUNICODE_STRING Target)
{
    USHORT targetLength = Target == NULL ? 0 : Target->Length / sizeof(WCHAR);
    NT_KEY key;
    NT_NAME *name, **link;

    if (!Canonical(Name, &key) || targetLength > NT_NAME_MAX) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    link = Find(Kernel, &key);
    if (*link != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    name = NtPoolAllocateKernel(Kernel, sizeof(*name) + ((SIZE_T)key.Length + targetLength) * sizeof(WCHAR), NAME_TAG);
    if (name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    name->Device = Device;
    name->Length = key.Length;
    memcpy(name->Text, key.Text, key.Length * sizeof(WCHAR));
    name->Hash = Hash(&key);
    name->TargetLength = targetLength;
    if (Target != NULL) {
        memcpy(name->Text + name->Length, Target->Buffer, targetLength * sizeof(WCHAR));
    }
    *link = name;
    if (Device != NULL) {
        name->NextOfDevice = NtDevice(Device)->Names;
        NtDevice(Device)->Names = name;
    }
    return STATUS_SUCCESS;
}

PDEVICE_OBJECT NtNameLookup(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    UNICODE_STRING text = *Name;

    for (ULONG links = 0; links <= MOST_LINKS; links++) {
        NT_KEY key;
        NT_NAME *name;

        if (!Canonical(&text, &key)) {
            return NULL;
        }
        name = *Find(Kernel, &key);
        if (name == NULL || name->Device != NULL) {
            return name == NULL ? NULL : name->Device;
        }
        text.Buffer = name->Text + name->Length;
        text.Length = text.MaximumLength = (USHORT)(name->TargetLength * sizeof(WCHAR));
    }
    return NULL;
}

static VOID Remove(PNT_MACHINE Kernel, NT_NAME **Link)
{
    NT_NAME *name = *Link, **other;

    *Link = name->Next;
    if (name->Device != NULL) {
        for (other = &NtDevice(name->Device)->Names; *other != name; other = &(*other)->NextOfDevice) {
        }
        *other = name->NextOfDevice;
    }
    NtPoolFreeKernel(Kernel, name);
}

NTSTATUS NtNameRemoveLink(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    NT_KEY key;
    NT_NAME **link;

    if (!Canonical(Name, &key)) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    link = Find(Kernel, &key);
    if (*link == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if ((*link)->Device != NULL) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    Remove(Kernel, link);
    return STATUS_SUCCESS;
}

VOID NtNameRemoveDevice(PNT_MACHINE Kernel, PDEVICE_OBJECT Device)
{
    NT_NAME *name, **link;

    while ((name = NtDevice(Device)->Names) != NULL) {
        for (link = &Kernel->Names[name->Hash & (NT_NAME_BUCKETS - 1)]; *link != name; link = &(*link)->Next) {
        }
        Remove(Kernel, link);
    }
}

VOID NtNameRemove(PNT_MACHINE Kernel, PCUNICODE_STRING Name)
{
    NT_KEY key;
    NT_NAME **link = Canonical(Name, &key) ? Find(Kernel, &key) : NULL;

    if (link != NULL && *link != NULL) {
        Remove(Kernel, link);
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
