/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play ids and texts of a LUN PDO (class-driver 4.3). Strings are built from INQUIRY bytes:
 * whatever is not a letter, a digit or harmless punctuation becomes an underscore. PASSIVE_LEVEL.
 */
#include "port/port.h"

#define ID_CHARS 512

typedef struct _TEXT {
    PWSTR Chars;
    ULONG Count;
} TEXT;

typedef struct _TYPE_NAME {
    PCSTR Word, Generic, Phrase;
} TYPE_NAME;

static const TYPE_NAME TypeNames[] = {
    {"Disk", "GenDisk", "Disk"},           {"Sequential", "", "Sequential"},
    {"Printer", "GenPrinter", "Printer"},  {"Processor", "", "Processor"},
    {"Worm", "GenWorm", "Worm"},           {"CdRom", "GenCdRom", "CdRom"},
    {"Scanner", "GenScanner", "Scanner"},  {"Optical", "GenOptical", "Optical"},
    {"Changer", "ScsiChanger", "Changer"}, {"Net", "ScsiNet", "Net"},
    {"ASCIT8", "ScsiASCIT8", "ASCIT8"},    {"ASCIT8", "ScsiASCIT8", "ASCIT8"},
    {"Array", "ScsiArray", "Array"},       {"Enclosure", "ScsiEnclosure", "Enclosure"},
    {"RBC", "ScsiRBC", "RBC"},             {"CardReader", "ScsiCardReader", "CardReader"},
    {"Bridge", "ScsiBridge", "Bridge"},    {"Other", "ScsiOther", "Other"},
};

static const TYPE_NAME *TypeName(PPORT_UNIT Unit)
{
    ULONG type = Unit->Identity->Inquiry[0] & 0x1F;

    return &TypeNames[type < RTL_NUMBER_OF(TypeNames) ? type : RTL_NUMBER_OF(TypeNames) - 1];
}

static VOID AddChar(TEXT *Text, WCHAR Char)
{
    if (Text->Count < ID_CHARS - 2) {
        Text->Chars[Text->Count++] = Char;
    }
}

static VOID AddText(TEXT *Text, PCSTR Ascii)
{
    while (*Ascii != 0) {
        AddChar(Text, (UCHAR)*Ascii++);
    }
}

static VOID AddHex(TEXT *Text, UCHAR Value)
{
    AddChar(Text, (UCHAR)"0123456789abcdef"[Value >> 4]);
    AddChar(Text, (UCHAR)"0123456789abcdef"[Value & 15]);
}

static VOID AddDecimal(TEXT *Text, ULONG Value)
{
    if (Value >= 10) {
        AddDecimal(Text, Value / 10);
    }
    AddChar(Text, (WCHAR)('0' + Value % 10));
}

static BOOLEAN Harmless(UCHAR Byte)
{
    return Byte > 0x20 && Byte < 0x7F && Byte != ',' && Byte != '\\' && Byte != '/' && Byte != '&';
}

/* A field of the INQUIRY data. Trimmed: without trailing blanks. */
static VOID AddField(TEXT *Text, PCPORT_IDENTITY Identity, ULONG Offset, ULONG Count, BOOLEAN Trimmed, WCHAR Other)
{
    if (Trimmed) {
        while (Count != 0 && (Offset + Count > Identity->InquiryLength || Identity->Inquiry[Offset + Count - 1] <= ' ')) {
            Count--;
        }
    }
    for (ULONG i = Offset; i < Offset + Count; i++) {
        UCHAR byte = i < Identity->InquiryLength ? Identity->Inquiry[i] : ' ';

        AddChar(Text, Harmless(byte) ? byte : Other);
    }
}

static VOID AddHardwareIds(TEXT *Text, PPORT_UNIT Unit)
{
    const TYPE_NAME *type = TypeName(Unit);
    PCPORT_IDENTITY identity = Unit->Identity;

    for (ULONG form = 1; form <= 5; form++) {
        if (form <= 4) {
            AddText(Text, "SCSI\\");
        }
        if (form <= 3) {
            AddText(Text, type->Word);
        }
        AddField(Text, identity, 8, 8, FALSE, '_');
        if (form != 3) {
            AddField(Text, identity, 16, 16, FALSE, '_');
        }
        if (form == 1) {
            AddField(Text, identity, 32, 4, FALSE, '_');
        } else if (form >= 4) {
            AddField(Text, identity, 32, 1, FALSE, '_');
        }
        AddChar(Text, 0);
    }
    if (*type->Generic != 0) {
        AddText(Text, type->Generic);
        AddChar(Text, 0);
    }
}

/* The memory goes to the asker; zeroed, so two terminators always follow. */
static BOOLEAN Begin(TEXT *Text)
{
    Text->Chars = ExAllocatePoolZero(PagedPool, ID_CHARS * sizeof(WCHAR), PORT_TAG);
    Text->Count = 0;
    return Text->Chars != NULL;
}

PWSTR PortUnitId(PPORT_UNIT Unit, BUS_QUERY_ID_TYPE Type)
{
    TEXT text;

    if (!Begin(&text)) {
        return NULL;
    }
    switch (Type) {
    case BusQueryDeviceID:
        AddText(&text, "SCSI\\");
        AddText(&text, TypeName(Unit)->Word);
        AddText(&text, "&Ven_");
        AddField(&text, Unit->Identity, 8, 8, TRUE, '_');
        AddText(&text, "&Prod_");
        AddField(&text, Unit->Identity, 16, 16, TRUE, '_');
        break;
    case BusQueryHardwareIDs:
        AddHardwareIds(&text, Unit);
        break;
    case BusQueryCompatibleIDs:
        AddText(&text, TypeName(Unit)->Generic);
        break;
    default: /* BusQueryInstanceID */
        AddHex(&text, Unit->Path);
        AddHex(&text, Unit->Target);
        AddHex(&text, Unit->Lun);
        break;
    }
    return text.Chars;
}

PWSTR PortUnitText(PPORT_UNIT Unit, DEVICE_TEXT_TYPE Type)
{
    TEXT text;

    if (!Begin(&text)) {
        return NULL;
    }
    if (Type == DeviceTextDescription) {
        AddField(&text, Unit->Identity, 8, 8, TRUE, ' ');
        AddChar(&text, ' ');
        AddField(&text, Unit->Identity, 16, 16, TRUE, ' ');
        AddText(&text, " SCSI ");
        AddText(&text, TypeName(Unit)->Phrase);
        AddText(&text, " Device");
    } else {
        AddText(&text, "Bus Number ");
        AddDecimal(&text, Unit->Path);
        AddText(&text, ", Target Id ");
        AddDecimal(&text, Unit->Target);
        AddText(&text, ", LUN ");
        AddDecimal(&text, Unit->Lun);
    }
    return text.Chars;
}
