/* SPDX-License-Identifier: MIT */
/*
 * Who is this LUN, as far as MPIO itself can tell: vendor, product and the best identifier of VPD
 * page 0x83, else the serial number. Used as a hint (which LUN to give to CompareDevices first) and
 * to recognise a LUN that has lost all its instances, where there is nothing left to compare.
 * Descriptors come from the port: every offset is checked. Pure; any IRQL.
 */
#include "core/core.h"

PCSTR MpioDescriptorText(const STORAGE_DEVICE_DESCRIPTOR *Device, ULONG Offset, ULONG *Length)
{
    PCSTR text = (PCSTR)Device + Offset;
    ULONG length = 0;

    *Length = 0;
    if (Offset < FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties) || Offset >= Device->Size) {
        return "";
    }
    while (Offset + length < Device->Size && text[length] != 0) {
        length++;
    }
    *Length = length;
    return text;
}

/* Better identifiers have higher ranks; 0: not an identifier of the logical unit. */
static ULONG Rank(const STORAGE_IDENTIFIER *Identifier)
{
    if (Identifier->Association != StorageIdAssocDevice || Identifier->IdentifierSize == 0) {
        return 0;
    }
    switch (Identifier->Type) {
    case StorageIdTypeScsiNameString:
        return 5;
    case StorageIdTypeFCPHName:
        return 4;
    case StorageIdTypeEUI64:
        return 3;
    case StorageIdTypeVendorId:
        return 2;
    case StorageIdTypeVendorSpecific:
        return 1;
    default:
        return 0;
    }
}

static const STORAGE_IDENTIFIER *BestIdentifier(const STORAGE_DEVICE_ID_DESCRIPTOR *DeviceId)
{
    const ULONG header = FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier);
    const STORAGE_IDENTIFIER *best = NULL;
    ULONG at = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);

    for (ULONG i = 0; DeviceId != NULL && i < DeviceId->NumberOfIdentifiers; i++) {
        const STORAGE_IDENTIFIER *one = (const STORAGE_IDENTIFIER *)((const UCHAR *)DeviceId + at);

        if (at > DeviceId->Size || DeviceId->Size - at < header || one->IdentifierSize > DeviceId->Size - at - header) {
            break;
        }
        if (Rank(one) != 0 && (best == NULL || Rank(one) > Rank(best))) {
            best = one;
        }
        if (one->NextOffset < header || one->NextOffset > DeviceId->Size) {
            break;
        }
        at += one->NextOffset;
    }
    return best;
}

static VOID Append(UCHAR *Identity, ULONG *Used, const VOID *Bytes, ULONG Length)
{
    ULONG room = MPIO_IDENTITY_MAX - *Used;
    ULONG take = Length < room ? Length : room;

    RtlCopyMemory(Identity + *Used, Bytes, take);
    *Used += take;
}

/* Length of the identity; 0 when the device has neither identifier nor serial number. */
ULONG MpioIdentity(const STORAGE_DEVICE_DESCRIPTOR *Device, const STORAGE_DEVICE_ID_DESCRIPTOR *DeviceId,
                   UCHAR Identity[MPIO_IDENTITY_MAX])
{
    const STORAGE_IDENTIFIER *best = BestIdentifier(DeviceId);
    ULONG used = 0;
    ULONG length;
    PCSTR text;

    text = MpioDescriptorText(Device, Device->VendorIdOffset, &length);
    Append(Identity, &used, text, length);
    text = MpioDescriptorText(Device, Device->ProductIdOffset, &length);
    Append(Identity, &used, text, length);
    if (best != NULL) {
        Append(Identity, &used, best->Identifier, best->IdentifierSize);
        return used;
    }
    text = MpioDescriptorText(Device, Device->SerialNumberOffset, &length);
    if (length == 0) {
        return 0;
    }
    Append(Identity, &used, text, length);
    return used;
}
