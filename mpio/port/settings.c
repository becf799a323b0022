/* SPDX-License-Identifier: MIT */
/*
 * Registry values of a miniport's service that the port reads (class-driver 5.11): Parameters,
 * Parameters\Device for all adapters, Parameters\Device<N> for one. PASSIVE_LEVEL.
 */
#include "port/port.h"

/* "<service>\Parameters[\<SubKey>]", for RTL_REGISTRY_SERVICES. */
VOID PortSettingsPath(PPORT_ADAPTER Adapter, PCWSTR SubKey, WCHAR Path[128])
{
    UNICODE_STRING path = {0, 127 * sizeof(WCHAR), Path};

    RtlZeroMemory(Path, 128 * sizeof(WCHAR));
    RtlAppendUnicodeToString(&path, Adapter->Driver->Service);
    RtlAppendUnicodeToString(&path, (PCWSTR)u"\\Parameters");
    if (SubKey != NULL) {
        RtlAppendUnicodeToString(&path, (PCWSTR)u"\\");
        RtlAppendUnicodeToString(&path, SubKey);
    }
}

ULONG PortReadSetting(PPORT_ADAPTER Adapter, PCWSTR SubKey, PCWSTR Name, ULONG Default)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    WCHAR path[128];
    ULONG value = Default;

    PortSettingsPath(Adapter, SubKey, path);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    table[0].Name = (PWSTR)(ULONG_PTR)Name;
    table[0].EntryContext = &value;
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, path, table, NULL, NULL))) {
        return Default;
    }
    return value;
}

static BOOLEAN ReadText(PPORT_ADAPTER Adapter, PCWSTR SubKey, CHAR Text[PORT_ARGUMENT_BYTES])
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    WCHAR path[128];
    UNICODE_STRING value = {0, 0, NULL};
    ULONG count;

    PortSettingsPath(Adapter, SubKey, path);
    RtlZeroMemory(table, sizeof(table));
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | RTL_QUERY_REGISTRY_NOEXPAND;
    table[0].Name = (PWSTR)(ULONG_PTR)u"DriverParameter";
    table[0].EntryContext = &value;
    table[0].DefaultType = (REG_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, path, table, NULL, NULL)) || value.Buffer == NULL) {
        return FALSE;
    }
    count = value.Length / sizeof(WCHAR);
    for (ULONG i = 0; i < count && i < PORT_ARGUMENT_BYTES - 1; i++) {
        Text[i] = value.Buffer[i] < 0x80 ? (CHAR)value.Buffer[i] : '?';
    }
    RtlFreeUnicodeString(&value);
    return TRUE;
}

VOID PortReadArgument(PPORT_ADAPTER Adapter, CHAR Argument[PORT_ARGUMENT_BYTES])
{
    WCHAR name[16] = u"Device";
    WCHAR digits[10];
    UNICODE_STRING key = {12, sizeof(name) - sizeof(WCHAR), name};
    UNICODE_STRING number = {0, sizeof(digits), digits};

    RtlZeroMemory(Argument, PORT_ARGUMENT_BYTES);
    RtlIntegerToUnicodeString(Adapter->Number, 10, &number);
    RtlAppendUnicodeStringToString(&key, &number);
    if (!ReadText(Adapter, name, Argument)) {
        ReadText(Adapter, (PCWSTR)u"Device", Argument);
    }
}
