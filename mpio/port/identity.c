/* SPDX-License-Identifier: MIT */
/*
 * Who a LUN is: standard INQUIRY data, unit serial number (VPD 80h) and designators (VPD 83h), kept
 * as the device sent them, within bounds. Everything in here comes from outside and is hostile: a
 * length that runs past what arrived is cut there. Pure functions, any IRQL but for the allocation.
 */
#include "port/port.h"

#define DESIGNATOR_HEADER 4

ULONG PortPageLength(const UCHAR *Page, ULONG Length, UCHAR Code)
{
    ULONG said;

    if (Length < 4 || Page[1] != Code) {
        return 0;
    }
    said = 4u + ((ULONG)Page[2] << 8 | Page[3]);
    return said < Length ? said : Length;
}

PPORT_IDENTITY PortMakeIdentity(const UCHAR *Inquiry, ULONG InquiryLength, const UCHAR *SerialPage,
                                ULONG SerialPageLength, const UCHAR *IdPage, ULONG IdPageLength)
{
    ULONG serial = PortPageLength(SerialPage, SerialPageLength, 0x80);
    ULONG page = PortPageLength(IdPage, IdPageLength, 0x83);
    PPORT_IDENTITY identity;

    serial = serial > 4 ? serial - 4 : 0;
    page = page > 4 ? page : 0;
    if (page > PORT_PAGE_BYTES) {
        page = PORT_PAGE_BYTES;
    }
    identity = ExAllocatePoolZero(NonPagedPoolNx, FIELD_OFFSET(PORT_IDENTITY, Bytes) + serial + page + 1, PORT_TAG);
    if (identity == NULL) {
        return NULL;
    }
    identity->InquiryLength = InquiryLength < PORT_INQUIRY_BYTES ? InquiryLength : PORT_INQUIRY_BYTES;
    RtlCopyMemory(identity->Inquiry, Inquiry, identity->InquiryLength);
    identity->SerialLength = serial;
    identity->PageLength = page;
    if (serial != 0) {
        RtlCopyMemory(identity->Bytes, SerialPage + 4, serial);
    }
    if (page != 0) {
        RtlCopyMemory(identity->Bytes + serial, IdPage, page);
    }
    return identity;
}

/* Next designator of page 83h at *Offset that lies wholly inside the page; NULL at the end. */
static const UCHAR *NextDesignator(const UCHAR *Page, ULONG Length, ULONG *Offset)
{
    const UCHAR *designator;

    if (*Offset > Length || Length - *Offset < DESIGNATOR_HEADER) {
        return NULL;
    }
    designator = Page + *Offset;
    if (Length - *Offset - DESIGNATOR_HEADER < designator[3]) {
        return NULL;
    }
    *Offset += DESIGNATOR_HEADER + designator[3];
    return designator;
}

static UCHAR Association(const UCHAR *Designator)
{
    return Designator[1] >> 4 & 3;
}

/* Next designator of the logical unit itself. */
static const UCHAR *NextOfUnit(PCPORT_IDENTITY Identity, ULONG *Offset)
{
    const UCHAR *page = Identity->Bytes + Identity->SerialLength;
    const UCHAR *designator;

    while ((designator = NextDesignator(page, Identity->PageLength, Offset)) != NULL) {
        if (Association(designator) == 0) {
            return designator;
        }
    }
    return NULL;
}

/* Port designators of page 83h differ by path and change; only those of the unit count. Without any,
 * the serial number decides; vendor and product must agree always. */
BOOLEAN PortSameIdentity(PCPORT_IDENTITY One, PCPORT_IDENTITY Other)
{
    ULONG offset = 4, otherOffset = 4;
    BOOLEAN any = FALSE;

    if (One->Inquiry[0] != Other->Inquiry[0] || memcmp(One->Inquiry + 8, Other->Inquiry + 8, 24) != 0) {
        return FALSE;
    }
    for (;;) {
        const UCHAR *mine = NextOfUnit(One, &offset);
        const UCHAR *theirs = NextOfUnit(Other, &otherOffset);

        if (mine == NULL || theirs == NULL) {
            if (mine != theirs) {
                return FALSE;
            }
            break;
        }
        any = TRUE;
        if (mine[3] != theirs[3] || ((mine[1] ^ theirs[1]) & 0x0F) != 0 || ((mine[0] ^ theirs[0]) & 0x0F) != 0 ||
            memcmp(mine + DESIGNATOR_HEADER, theirs + DESIGNATOR_HEADER, mine[3]) != 0) {
            return FALSE;
        }
    }
    return any || (One->SerialLength == Other->SerialLength &&
                   memcmp(One->Bytes, Other->Bytes, One->SerialLength) == 0);
}

/* ---- STORAGE_DEVICE_DESCRIPTOR (class-driver 6.4) ---------------------------------------------------- */
typedef struct _OUTPUT {
    PUCHAR Buffer;
    ULONG Length;   /* of the buffer */
    ULONG Used;     /* of the full answer */
} OUTPUT;

static VOID Put(OUTPUT *Output, const VOID *Bytes, ULONG Count)
{
    if (Output->Used < Output->Length) {
        ULONG room = Output->Length - Output->Used;

        RtlCopyMemory(Output->Buffer + Output->Used, Bytes, Count < room ? Count : room);
    }
    Output->Used += Count;
}

/* A field of the INQUIRY data as a string, blanks kept; what did not arrive is blank. */
static ULONG PutField(OUTPUT *Output, PCPORT_IDENTITY Identity, ULONG Offset, ULONG Count)
{
    ULONG at = Output->Used;

    for (ULONG i = Offset; i < Offset + Count; i++) {
        UCHAR byte = i < Identity->InquiryLength ? Identity->Inquiry[i] : ' ';

        Put(Output, byte >= 0x20 && byte < 0x7F ? &byte : (const UCHAR *)" ", 1);
    }
    Put(Output, "", 1);
    return at;
}

ULONG PortDescribeDevice(PCPORT_IDENTITY Identity, ULONG BusType, PVOID Buffer, ULONG Length)
{
    STORAGE_DEVICE_DESCRIPTOR head;
    ULONG fixed = FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties);
    OUTPUT output = {Buffer, Length, fixed};

    RtlZeroMemory(&head, sizeof(head));
    Put(&output, Identity->Inquiry, Identity->InquiryLength);
    head.Version = sizeof(STORAGE_DEVICE_DESCRIPTOR);
    head.DeviceType = Identity->Inquiry[0] & 0x1F;
    head.DeviceTypeModifier = Identity->Inquiry[1] & 0x7F;
    head.RemovableMedia = (Identity->Inquiry[1] & 0x80) != 0;
    head.CommandQueueing = (Identity->Inquiry[7] & 0x02) != 0;
    head.VendorIdOffset = PutField(&output, Identity, 8, 8);
    head.ProductIdOffset = PutField(&output, Identity, 16, 16);
    head.ProductRevisionOffset = PutField(&output, Identity, 32, 4);
    if (Identity->SerialLength != 0) {
        head.SerialNumberOffset = output.Used;
        for (ULONG i = 0; i < Identity->SerialLength; i++) {
            Put(&output, Identity->Bytes[i] != 0 ? &Identity->Bytes[i] : (const UCHAR *)" ", 1);
        }
        Put(&output, "", 1);
    }
    head.BusType = (STORAGE_BUS_TYPE)BusType;
    head.RawPropertiesLength = Identity->InquiryLength;
    head.Size = output.Used;
    RtlCopyMemory(Buffer, &head, fixed < Length ? fixed : Length);
    return output.Used;
}

/* ---- STORAGE_DEVICE_ID_DESCRIPTOR (class-driver 6.5) -------------------------------------------------- */
static ULONG RecordSize(const UCHAR *Designator)
{
    return (FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier) + Designator[3] + 3u) & ~3u;
}

ULONG PortDescribeIds(PCPORT_IDENTITY Identity, PVOID Buffer, ULONG Length)
{
    const UCHAR *page = Identity->Bytes + Identity->SerialLength;
    STORAGE_DEVICE_ID_DESCRIPTOR head;
    ULONG fixed = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);
    OUTPUT output = {Buffer, Length, fixed};
    const UCHAR *designator, *next;
    ULONG offset = 4;

    if (Identity->PageLength == 0) {
        return 0;
    }
    RtlZeroMemory(&head, sizeof(head));
    head.Version = sizeof(STORAGE_DEVICE_ID_DESCRIPTOR);
    designator = NextDesignator(page, Identity->PageLength, &offset);
    for (; designator != NULL; designator = next) {
        STORAGE_IDENTIFIER record;
        ULONG start = output.Used, size = RecordSize(designator);

        next = NextDesignator(page, Identity->PageLength, &offset);
        RtlZeroMemory(&record, sizeof(record));
        record.CodeSet = (STORAGE_IDENTIFIER_CODE_SET)(designator[0] & 0x0F);
        record.Type = (STORAGE_IDENTIFIER_TYPE)(designator[1] & 0x0F);
        record.Association = (STORAGE_ASSOCIATION_TYPE)Association(designator);
        record.IdentifierSize = designator[3];
        record.NextOffset = next != NULL ? (USHORT)size : 0;
        Put(&output, &record, FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier));
        Put(&output, designator + DESIGNATOR_HEADER, designator[3]);
        Put(&output, "\0\0\0", start + size - output.Used);
        head.NumberOfIdentifiers++;
    }
    head.Size = output.Used;
    RtlCopyMemory(Buffer, &head, fixed < Length ? fixed : Length);
    return output.Used;
}
