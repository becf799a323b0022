/* SPDX-License-Identifier: MIT */
/*
 * A miniport's way to its own registry values: Parameters\Device (global) and Parameters\Device<N>.
 * PASSIVE_LEVEL, as on Windows only from HwFindAdapter and the like.
 */
#include "port/port.h"

#define REGISTRY_BUFFER_MAXIMUM 65536

PUCHAR StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (*Length == 0 || *Length > REGISTRY_BUFFER_MAXIMUM) {
        return NULL;
    }
    return ExAllocatePoolZero(NonPagedPoolNx, *Length, PORT_TAG);
}

VOID StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    ExFreePoolWithTag(Buffer, PORT_TAG);
}

static BOOLEAN Widen(const UCHAR *Ascii, WCHAR Wide[64])
{
    ULONG i;

    for (i = 0; i < 63 && Ascii[i] != 0; i++) {
        Wide[i] = Ascii[i];
    }
    Wide[i] = 0;
    return Ascii[i] == 0;
}

static HANDLE OpenKey(PPORT_ADAPTER Adapter, ULONG Global)
{
    static const WCHAR services[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    WCHAR buffer[256], relative[128], digits[10], device[20] = u"Device";
    UNICODE_STRING path = {0, sizeof(buffer), buffer};
    UNICODE_STRING number = {0, sizeof(digits), digits};
    UNICODE_STRING name = {12, sizeof(device) - sizeof(WCHAR), device};
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    if (Global == 0) {
        RtlIntegerToUnicodeString(Adapter->Number, 10, &number);
        RtlAppendUnicodeStringToString(&name, &number);
    }
    PortSettingsPath(Adapter, device, relative);
    RtlAppendUnicodeToString(&path, services);
    RtlAppendUnicodeToString(&path, relative);
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return NT_SUCCESS(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL)) ? key : NULL;
}

BOOLEAN StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer,
                             PULONG BufferLength)
{
    HANDLE key;
    WCHAR wide[64];
    UNICODE_STRING name;
    PKEY_VALUE_PARTIAL_INFORMATION value;
    ULONG room = FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + *BufferLength, used;
    BOOLEAN good = FALSE;

    if (*BufferLength > REGISTRY_BUFFER_MAXIMUM || !Widen(ValueName, wide)) {
        return FALSE;
    }
    value = ExAllocatePoolZero(PagedPool, room, PORT_TAG);
    key = value != NULL ? OpenKey(PortAdapterOf(HwDeviceExtension), Global) : NULL;
    if (key != NULL) {
        RtlInitUnicodeString(&name, wide);
        if (NT_SUCCESS(ZwQueryValueKey(key, &name, KeyValuePartialInformation, value, room, &used)) && value->Type == Type) {
            RtlCopyMemory(Buffer, value->Data, value->DataLength);
            *BufferLength = value->DataLength;
            good = TRUE;
        }
        ZwClose(key);
    }
    if (value != NULL) {
        ExFreePoolWithTag(value, PORT_TAG);
    }
    return good;
}

BOOLEAN StorPortRegistryWrite(PVOID HwDeviceExtension, PUCHAR ValueName, ULONG Global, ULONG Type, PUCHAR Buffer,
                              ULONG BufferLength)
{
    WCHAR wide[64];
    UNICODE_STRING name;
    HANDLE key;
    NTSTATUS status;

    if (BufferLength > REGISTRY_BUFFER_MAXIMUM || !Widen(ValueName, wide)) {
        return FALSE;
    }
    key = OpenKey(PortAdapterOf(HwDeviceExtension), Global);
    if (key == NULL) {
        return FALSE;
    }
    RtlInitUnicodeString(&name, wide);
    status = ZwSetValueKey(key, &name, 0, Type, Buffer, BufferLength);
    ZwClose(key);
    return NT_SUCCESS(status);
}
