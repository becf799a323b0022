/* SPDX-License-Identifier: MIT */
/*
 * Who is this LUN, as far as MPIO itself can tell: vendor, product and the best identifier of VPD
 * page 0x83, else the serial number. Says which LUNs to give to CompareDevices (match.c), and recognises a
 * LUN that has lost all its instances, where there is nothing left to compare.
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

/* MPIO_KIND_NONE: not an identifier of the logical unit. */
static UCHAR KindOf(const STORAGE_IDENTIFIER *Identifier)
{
    if (Identifier->Association != StorageIdAssocDevice || Identifier->IdentifierSize == 0) {
        return MPIO_KIND_NONE;
    }
    switch (Identifier->Type) {
    case StorageIdTypeScsiNameString:
        return MPIO_KIND_NAME;
    case StorageIdTypeFCPHName:
        return MPIO_KIND_NAA;
    case StorageIdTypeEUI64:
        return MPIO_KIND_EUI64;
    case StorageIdTypeVendorId:
        return MPIO_KIND_T10;
    case StorageIdTypeVendorSpecific:
        return MPIO_KIND_VENDOR_SPECIFIC;
    default:
        return MPIO_KIND_NONE;
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
        if (KindOf(one) != MPIO_KIND_NONE && (best == NULL || KindOf(one) > KindOf(best))) {
            best = one;
        }
        if (one->NextOffset < header || one->NextOffset > DeviceId->Size) {
            break;
        }
        at += one->NextOffset;
    }
    return best;
}

/* Only a descriptor that lies about its texts has more than fits; it loses the head. */
static VOID Append(PMPIO_IDENTITY Identity, PCVOID Bytes, ULONG Length)
{
    ULONG room = MPIO_IDENTITY_MAX - Identity->Length;
    ULONG take = Length < room ? Length : room;

    RtlCopyMemory(Identity->Bytes + Identity->Length, (PCUCHAR)Bytes + Length - take, take);
    Identity->Length = (USHORT)(Identity->Length + take);
}

static VOID Finish(PMPIO_IDENTITY Identity, UCHAR Kind)
{
    Identity->Kind = Kind;
    Identity->Hash = MpioHashBytes(Identity->Bytes + Identity->Begin, (ULONG)Identity->Length - Identity->Begin);
}

VOID MpioIdentify(const STORAGE_DEVICE_DESCRIPTOR *Device, const STORAGE_DEVICE_ID_DESCRIPTOR *DeviceId,
                  PMPIO_IDENTITY Identity)
{
    const STORAGE_IDENTIFIER *best = BestIdentifier(DeviceId);
    ULONG length;
    PCSTR text;

    Identity->Length = Identity->Begin = 0;
    text = MpioDescriptorText(Device, Device->VendorIdOffset, &length);
    Append(Identity, text, length);
    text = MpioDescriptorText(Device, Device->ProductIdOffset, &length);
    Append(Identity, text, length);
    if (best != NULL) {
        Identity->Begin = KindOf(best) >= MPIO_KIND_WORLDWIDE ? Identity->Length : 0;
        Append(Identity, best->Identifier, best->IdentifierSize);
        Finish(Identity, KindOf(best));
        return;
    }
    text = MpioDescriptorText(Device, Device->SerialNumberOffset, &length);
    if (length == 0) {
        Identity->Length = 0;
    }
    Append(Identity, text, length);
    Finish(Identity, length == 0 ? MPIO_KIND_NONE : MPIO_KIND_SERIAL);
}

/* Serial: NUL-terminated, from the DSM, which knew one where MPIO found none. */
VOID MpioIdentifyBySerial(PCUCHAR Serial, PMPIO_IDENTITY Identity)
{
    ULONG length = 0;

    while (length < MPIO_SERIAL_MAX && Serial[length] != 0) {
        length++;
    }
    Append(Identity, Serial, length);
    Finish(Identity, length == 0 ? MPIO_KIND_NONE : MPIO_KIND_SERIAL);
}

BOOLEAN MpioSameIdentity(const MPIO_IDENTITY *One, const MPIO_IDENTITY *Other)
{
    ULONG length = (ULONG)One->Length - One->Begin;

    return One->Hash == Other->Hash && One->Length != 0 && One->Kind == Other->Kind &&
           length == (ULONG)Other->Length - Other->Begin &&
           memcmp(One->Bytes + One->Begin, Other->Bytes + Other->Begin, length) == 0;
}
