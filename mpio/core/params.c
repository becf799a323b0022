/* SPDX-License-Identifier: MIT */
/*
 * Registry: Services\mpio\Parameters (contract 03 section 1) and the list of devices given to MPIO,
 * Control\MPDEV MPIOSupportedDeviceList (contract 01 section 4). PASSIVE_LEVEL.
 */
#include "core/core.h"

#define MPIO_RETRY_COUNT_MAX 500
#define MPIO_ID_LENGTH       24 /* vendor 8 + product 16 */

static VOID ReadValue(PCWSTR Name, PULONG Value, ULONG Default)
{
    RTL_QUERY_REGISTRY_TABLE table[2];

    RtlZeroMemory(table, sizeof(table));
    *Value = Default;
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    table[0].Name = (PWSTR)(ULONG_PTR)Name;
    table[0].EntryContext = Value;
    table[0].DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_DWORD;
    table[0].DefaultData = &Default;
    table[0].DefaultLength = sizeof(Default);
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"mpio\\Parameters", table, NULL, NULL))) {
        *Value = Default;
    }
}

VOID MpioReadParameters(PMPIO_PARAMETERS Parameters)
{
    ReadValue(u"PathVerifyEnabled", &Parameters->PathVerifyEnabled, 0);
    ReadValue(u"PathVerificationPeriod", &Parameters->PathVerificationPeriod, 30);
    ReadValue(u"PDORemovePeriod", &Parameters->PdoRemovePeriod, 20);
    ReadValue(u"RetryCount", &Parameters->RetryCount, 3);
    ReadValue(u"RetryInterval", &Parameters->RetryInterval, 1);
    ReadValue(u"UseCustomPathRecoveryInterval", &Parameters->UseCustomPathRecoveryInterval, 0);
    ReadValue(u"PathRecoveryInterval", &Parameters->PathRecoveryInterval, 2 * Parameters->PdoRemovePeriod);
    if (Parameters->RetryCount > MPIO_RETRY_COUNT_MAX) {
        Parameters->RetryCount = MPIO_RETRY_COUNT_MAX;
    }
    if (Parameters->PathVerificationPeriod == 0) {
        Parameters->PathVerificationPeriod = 1;
    }
}

/* Without the custom flag twice PDORemovePeriod: a path that comes back without a PnP event is then
 * found only after its pseudo-LUN has gone (the published defect of contract 03 section 3.2). */
ULONG MpioRecoveryPeriod(VOID)
{
    PMPIO_PARAMETERS parameters = &MpioRoot()->Parameters;
    ULONGLONG seconds = parameters->UseCustomPathRecoveryInterval != 0 ? parameters->PathRecoveryInterval
                                                                      : 2ull * parameters->PdoRemovePeriod;

    if (seconds == 0) {
        return 1;
    }
    return seconds > MAXULONG ? MAXULONG : (ULONG)seconds;
}

typedef struct _LIST_SEARCH {
    CHAR Id[MPIO_ID_LENGTH];
    ULONG BusType;
    BOOLEAN Found;
} LIST_SEARCH;

static CHAR Upper(CHAR Character)
{
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 'a' + 'A') : Character;
}

/* "MSFT<year><name>BusType_0x<hex>": a claim by bus type. */
static BOOLEAN IsBusTypeEntry(PCWSTR Text, ULONG Length, PULONG BusType)
{
    static const CHAR word[] = "BusType_0x";
    const ULONG wordLength = sizeof(word) - 1;

    if (Length < 4 || Text[0] != 'M' || Text[1] != 'S' || Text[2] != 'F' || Text[3] != 'T') {
        return FALSE;
    }
    for (ULONG at = 4; at + wordLength < Length; at++) {
        ULONG i = 0;
        ULONG value = 0;

        while (i < wordLength && Text[at + i] == (WCHAR)word[i]) {
            i++;
        }
        if (i != wordLength) {
            continue;
        }
        for (i = at + wordLength; i < Length && Text[i] != ' '; i++) {
            WCHAR digit = Text[i];

            if (digit >= '0' && digit <= '9') {
                value = value * 16 + (digit - '0');
            } else if (digit >= 'A' && digit <= 'F') {
                value = value * 16 + (digit - 'A' + 10);
            } else if (digit >= 'a' && digit <= 'f') {
                value = value * 16 + (digit - 'a' + 10);
            } else {
                return FALSE;
            }
            if (value > 0xFF) {
                return FALSE;
            }
        }
        *BusType = value;
        return TRUE;
    }
    return FALSE;
}

/* Called once per string of the list. An entry shorter than 24 characters is a prefix. */
static NTSTATUS CompareEntry(PWSTR ValueName, ULONG ValueType, PVOID ValueData, ULONG ValueLength, PVOID Context,
                             PVOID EntryContext)
{
    LIST_SEARCH *search = (LIST_SEARCH *)Context;
    PCWSTR text = (PCWSTR)ValueData;
    ULONG length = ValueLength / sizeof(WCHAR);
    ULONG busType;

    UNREFERENCED_PARAMETER(ValueName);
    UNREFERENCED_PARAMETER(EntryContext);
    if (ValueType != REG_SZ || text == NULL) {
        return STATUS_SUCCESS;
    }
    while (length > 0 && text[length - 1] == 0) {
        length--;
    }
    if (length == 0 || search->Found) {
        return STATUS_SUCCESS;
    }
    if (IsBusTypeEntry(text, length, &busType)) {
        search->Found = busType == search->BusType;
        return STATUS_SUCCESS;
    }
    for (ULONG i = 0; i < length; i++) {
        CHAR own = i < MPIO_ID_LENGTH ? search->Id[i] : ' ';

        if (text[i] > 0x7E || Upper((CHAR)text[i]) != Upper(own)) {
            return STATUS_SUCCESS;
        }
    }
    search->Found = TRUE;
    return STATUS_SUCCESS;
}

BOOLEAN MpioIsListedDevice(const STORAGE_DEVICE_DESCRIPTOR *Descriptor, ULONG BusType)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    LIST_SEARCH search;
    PCSTR text;
    ULONG length;

    RtlFillMemory(search.Id, sizeof(search.Id), ' ');
    search.BusType = BusType;
    search.Found = FALSE;
    text = MpioDescriptorText(Descriptor, Descriptor->VendorIdOffset, &length);
    RtlCopyMemory(search.Id, text, length < 8 ? length : 8);
    text = MpioDescriptorText(Descriptor, Descriptor->ProductIdOffset, &length);
    RtlCopyMemory(search.Id + 8, text, length < 16 ? length : 16);

    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = CompareEntry;
    table[0].Name = (PWSTR)(ULONG_PTR)u"MPIOSupportedDeviceList";
    (VOID)RtlQueryRegistryValues(RTL_REGISTRY_CONTROL, u"MPDEV", table, &search, NULL);
    return search.Found;
}
