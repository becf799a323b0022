/* SPDX-License-Identifier: MIT */
/*
 * Device interfaces: \??\ROOT#<device number>#{class}[\reference]. A registered interface is in
 * NT_MACHINE.Interfaces as long as its device lives; enabled, it is a name of the device. Those
 * registered for the class hear of both changes (notify.c). PASSIVE_LEVEL.
 */
#include <string.h>

#include "nt/device.h"
#include "nt/directory.h"
#include "nt/notification.h"

#define MAX_REFERENCE 64 /* characters of an interface's reference string */

struct _NT_INTERFACE {
    LIST_ENTRY Entry;
    PDEVICE_OBJECT Device;
    GUID Class;
    BOOLEAN Enabled;
    UNICODE_STRING Name;    /* of Text */
    WCHAR Text[];
};

static NT_INTERFACE *Find(PCUNICODE_STRING Name)
{
    PLIST_ENTRY head = &NtKernel()->Interfaces;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_INTERFACE *one = CONTAINING_RECORD(entry, NT_INTERFACE, Entry);

        if (RtlEqualUnicodeString(&one->Name, Name, TRUE)) {
            return one;
        }
    }
    return NULL;
}

static BOOLEAN Remember(PDEVICE_OBJECT Device, const GUID *Class, PCUNICODE_STRING Name)
{
    NT_INTERFACE *one = Find(Name);

    if (one == NULL) {
        one = NtPoolAllocateKernel(NtKernel(), sizeof(*one) + Name->Length, 'fItN');
        if (one == NULL) {
            return FALSE;
        }
        memcpy(one->Text, Name->Buffer, Name->Length);
        one->Name = (UNICODE_STRING){Name->Length, Name->Length, one->Text};
        one->Device = Device;
        one->Class = *Class;
        InsertTailList(&NtKernel()->Interfaces, &one->Entry);
    }
    return TRUE;
}

static VOID Append(PUNICODE_STRING To, PCWSTR Text, USHORT Characters)
{
    memcpy(To->Buffer + To->Length / sizeof(WCHAR), Text, Characters * sizeof(WCHAR));
    To->Length = (USHORT)(To->Length + Characters * sizeof(WCHAR));
}

static VOID AppendHex(PUNICODE_STRING To, ULONGLONG Value, ULONG Digits)
{
    while (Digits-- > 0) {
        ULONG digit = (ULONG)(Value >> (Digits * 4)) & 15;
        WCHAR character = (WCHAR)(digit < 10 ? u'0' + digit : u'a' + digit - 10);

        Append(To, &character, 1);
    }
}

NTSTATUS IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject, const GUID *InterfaceClassGuid,
                                   PUNICODE_STRING ReferenceString, PUNICODE_STRING SymbolicLinkName)
{
    USHORT reference = ReferenceString == NULL ? 0 : ReferenceString->Length / sizeof(WCHAR);
    SIZE_T bytes = (64 + MAX_REFERENCE + 2) * sizeof(WCHAR);
    const GUID *guid = InterfaceClassGuid;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    NtDeviceRequire(PhysicalDeviceObject);
    if (reference > MAX_REFERENCE) {
        return STATUS_INVALID_PARAMETER;
    }
    SymbolicLinkName->Buffer = ExAllocatePoolZero(PagedPool, bytes, 'grtS');
    if (SymbolicLinkName->Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    SymbolicLinkName->Length = 0;
    SymbolicLinkName->MaximumLength = (USHORT)bytes;
    Append(SymbolicLinkName, u"\\??\\ROOT#", 9);
    AppendHex(SymbolicLinkName, NtDevice(PhysicalDeviceObject)->Ordinal, 8);
    Append(SymbolicLinkName, u"#{", 2);
    AppendHex(SymbolicLinkName, guid->Data1, 8);
    Append(SymbolicLinkName, u"-", 1);
    AppendHex(SymbolicLinkName, guid->Data2, 4);
    Append(SymbolicLinkName, u"-", 1);
    AppendHex(SymbolicLinkName, guid->Data3, 4);
    for (ULONG i = 0; i < 8; i++) {
        if (i == 0 || i == 2) {
            Append(SymbolicLinkName, u"-", 1);
        }
        AppendHex(SymbolicLinkName, guid->Data4[i], 2);
    }
    Append(SymbolicLinkName, u"}", 1);
    if (reference != 0) {
        Append(SymbolicLinkName, u"\\", 1);
        Append(SymbolicLinkName, ReferenceString->Buffer, reference);
    }
    if (!Remember(PhysicalDeviceObject, InterfaceClassGuid, SymbolicLinkName)) {
        RtlFreeUnicodeString(SymbolicLinkName);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

NTSTATUS IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable)
{
    NT_INTERFACE *one;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    one = Find(SymbolicLinkName);
    if (one == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (one->Enabled == (Enable != FALSE)) {
        return Enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS; /* informational, as published */
    }
    if (Enable) {
        status = NtNameInsert(NtKernel(), SymbolicLinkName, one->Device, NULL);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    } else {
        NtNameRemove(NtKernel(), SymbolicLinkName);
    }
    one->Enabled = Enable != FALSE;
    NtNotifyInterface(&one->Class, &one->Name, one->Enabled);
    return STATUS_SUCCESS;
}

VOID NtInterfacesRemoveDevice(PNT_MACHINE Kernel, PDEVICE_OBJECT Device)
{
    PLIST_ENTRY next;

    for (PLIST_ENTRY entry = Kernel->Interfaces.Flink; entry != &Kernel->Interfaces; entry = next) {
        NT_INTERFACE *one = CONTAINING_RECORD(entry, NT_INTERFACE, Entry);

        next = entry->Flink;
        if (one->Device == Device) {
            RemoveEntryList(entry);
            NtPoolFreeKernel(Kernel, one);
        }
    }
}

VOID NtInterfacesVisit(const GUID *Class, VOID (*Visit)(PVOID User, PCUNICODE_STRING Name), PVOID User)
{
    PLIST_ENTRY head = &NtKernel()->Interfaces;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_INTERFACE *one = CONTAINING_RECORD(entry, NT_INTERFACE, Entry);

        if (one->Enabled && IsEqualGUID(&one->Class, Class)) {
            Visit(User, &one->Name);
        }
    }
}

NTSTATUS IoGetDeviceInterfaces(const GUID *InterfaceClassGuid, PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags,
                               PZZWSTR *SymbolicLinkList)
{
    PLIST_ENTRY head = &NtKernel()->Interfaces;
    SIZE_T characters = 0;
    PWSTR list = NULL;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    for (ULONG round = 0; round < 2; round++) {
        for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
            NT_INTERFACE *one = CONTAINING_RECORD(entry, NT_INTERFACE, Entry);
            USHORT length = one->Name.Length / sizeof(WCHAR);

            if (!IsEqualGUID(&one->Class, InterfaceClassGuid) ||
                (!one->Enabled && (Flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) == 0) ||
                (PhysicalDeviceObject != NULL && one->Device != PhysicalDeviceObject)) {
                continue;
            }
            if (list != NULL) {
                memcpy(list + characters, one->Text, one->Name.Length);
            }
            characters += length + 1u;
        }
        if (round == 0) {
            /* zeroed: every name is terminated, and so is the list */
            list = ExAllocatePoolZero(PagedPool, (characters + 1) * sizeof(WCHAR), 'lItN');
            if (list == NULL) {
                return STATUS_INSUFFICIENT_RESOURCES;
            }
            characters = 0;
        }
    }
    *SymbolicLinkList = list;
    return STATUS_SUCCESS;
}
