/* SPDX-License-Identifier: MIT */
/*
 * IoGetDeviceProperty. Ids and texts are asked from the PDO again. The "physical device object name"
 * is the device instance path: PDOs of this emulator have no names, and the kernel builds the device's
 * registry key from this property. PASSIVE_LEVEL.
 */
#include "pnp/tree.h"

#define REMOVAL_EXPECT_NO 1
#define INSTALL_STATE_INSTALLED 0

static NTSTATUS Give(const VOID *Data, ULONG Size, ULONG Length, PVOID Buffer, PULONG ResultLength)
{
    *ResultLength = Size;
    if (Length < Size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(Buffer, Data, Size);
    return STATUS_SUCCESS;
}

static ULONG TextBytes(PCWSTR Text, BOOLEAN Multiple)
{
    ULONG count = 0;

    while (Text[count] != 0 || (Multiple && Text[count + 1] != 0)) {
        count++;
    }
    return (count + (Multiple ? 2 : 1)) * (ULONG)sizeof(WCHAR);
}

static NTSTATUS GiveText(PNP_RESULT Text, BOOLEAN Multiple, ULONG Length, PVOID Buffer, PULONG ResultLength)
{
    NTSTATUS status;

    if (!NT_SUCCESS(Text.Status)) {
        *ResultLength = 0;
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    status = Give((PVOID)Text.Information, TextBytes((PCWSTR)Text.Information, Multiple), Length, Buffer, ResultLength);
    ExFreePool((PVOID)Text.Information);
    return status;
}

/* The instance path, up to where End comes first. */
static NTSTATUS GivePath(PPNP_NODE Node, CHAR End, ULONG Length, PVOID Buffer, PULONG ResultLength)
{
    WCHAR name[PNP_ID_CHARS];
    ULONG count = 0;

    while (Node->Path[count] != 0 && Node->Path[count] != End && count < PNP_ID_CHARS - 1) {
        name[count] = (UCHAR)Node->Path[count];
        count++;
    }
    name[count++] = 0;
    return Give(name, count * sizeof(WCHAR), Length, Buffer, ResultLength);
}

NTSTATUS PnpGetDeviceProperty(PDEVICE_OBJECT Pdo, DEVICE_REGISTRY_PROPERTY Property, ULONG Length, PVOID Buffer,
                              PULONG ResultLength)
{
    PPNP_NODE node = PnpFindNode(Pdo);
    ULONG number;

    *ResultLength = 0;
    if (node == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    switch (Property) {
    case DevicePropertyDeviceDescription:
    case DevicePropertyFriendlyName:
        return GiveText(PnpQueryText(node, DeviceTextDescription), FALSE, Length, Buffer, ResultLength);
    case DevicePropertyLocationInformation:
        return GiveText(PnpQueryText(node, DeviceTextLocationInformation), FALSE, Length, Buffer, ResultLength);
    case DevicePropertyHardwareID:
        return GiveText(PnpQueryId(node, BusQueryHardwareIDs), TRUE, Length, Buffer, ResultLength);
    case DevicePropertyCompatibleIDs:
        return GiveText(PnpQueryId(node, BusQueryCompatibleIDs), TRUE, Length, Buffer, ResultLength);
    case DevicePropertyEnumeratorName:
        return GivePath(node, '\\', Length, Buffer, ResultLength);
    case DevicePropertyPhysicalDeviceObjectName:
        return GivePath(node, 0, Length, Buffer, ResultLength);
    case DevicePropertyUINumber:
        if (node->Slot == PNP_NO_SLOT) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        number = node->Slot;
        return Give(&number, sizeof(number), Length, Buffer, ResultLength);
    case DevicePropertyRemovalPolicy:
        number = REMOVAL_EXPECT_NO;
        return Give(&number, sizeof(number), Length, Buffer, ResultLength);
    case DevicePropertyInstallState:
        number = INSTALL_STATE_INSTALLED;
        return Give(&number, sizeof(number), Length, Buffer, ResultLength);
    default:
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
}
