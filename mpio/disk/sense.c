/* SPDX-License-Identifier: MIT */
/*
 * Sense data and CDB fields, bounded by what is really there. Pure, any IRQL. Rules: class-driver
 * reference 1.2. The bytes come from a device and are not trusted.
 */
#include "disk/interpret.h"

#define SENSE_HEADER 8 /* both formats keep the additional length in byte 7 */

static ULONGLONG BigEndian(const UCHAR *Bytes, ULONG Count)
{
    ULONGLONG value = 0;

    while (Count-- > 0) {
        value = value << 8 | *Bytes++;
    }
    return value;
}

static VOID ParseDescriptors(const UCHAR *Sense, ULONG Total, PDISK_SENSE Parsed)
{
    BOOLEAN information = FALSE, block = FALSE;
    ULONG offset = SENSE_HEADER;

    while (Total - offset >= 2 && Total - offset - 2 >= Sense[offset + 1]) {
        const UCHAR *descriptor = Sense + offset;
        ULONG length = 2u + descriptor[1];

        if (descriptor[0] == SCSI_SENSE_DESCRIPTOR_TYPE_INFORMATION && !information && length >= 12) {
            information = TRUE;
            Parsed->HasInformation = TRUE;
            Parsed->Information = BigEndian(descriptor + 4, 8);
        } else if (descriptor[0] == SCSI_SENSE_DESCRIPTOR_TYPE_BLOCK_COMMAND && !block && length >= 4) {
            block = TRUE;
            Parsed->Ili = (descriptor[3] & 0x20) != 0;
        }
        offset += length;
    }
}

BOOLEAN DiskParseSense(const UCHAR *Sense, ULONG Length, PDISK_SENSE Parsed)
{
    ULONG total;
    UCHAR format;

    RtlZeroMemory(Parsed, sizeof(*Parsed));
    if (Sense == NULL || Length < SENSE_HEADER) {
        return FALSE;
    }
    total = SENSE_HEADER + Sense[7];
    if (total > Length) {
        total = Length;
    }
    format = Sense[0] & 0x7F;
    if (format == SCSI_SENSE_ERRORCODE_DESCRIPTOR_CURRENT || format == SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED) {
        Parsed->Key = Sense[1] & 0x0F;
        Parsed->Asc = Sense[2];
        Parsed->Ascq = Sense[3];
        ParseDescriptors(Sense, total, Parsed);
        return TRUE;
    }
    Parsed->Key = Sense[2] & 0x0F;
    Parsed->Ili = (Sense[2] & 0x20) != 0;
    Parsed->HasInformation = TRUE; /* the VALID bit is not looked at */
    Parsed->Information = BigEndian(Sense + 3, 4);
    if (total > 12) {
        Parsed->Asc = Sense[12];
    }
    if (total > 13) {
        Parsed->Ascq = Sense[13];
    }
    return TRUE;
}

BOOLEAN DiskIsWrite(const UCHAR *Cdb)
{
    switch (Cdb[0]) {
    case SCSIOP_WRITE6:
    case SCSIOP_WRITE:
    case SCSIOP_WRITE12:
    case SCSIOP_WRITE16:
        return TRUE;
    default:
        return FALSE;
    }
}

BOOLEAN DiskIsReadWrite(const UCHAR *Cdb)
{
    switch (Cdb[0]) {
    case SCSIOP_READ6:
    case SCSIOP_READ:
    case SCSIOP_READ12:
    case SCSIOP_READ16:
        return TRUE;
    default:
        return DiskIsWrite(Cdb);
    }
}

BOOLEAN DiskCommandRange(const UCHAR *Cdb, ULONGLONG *Lba, ULONG *Blocks)
{
    switch (Cdb[0]) {
    case SCSIOP_READ6:
    case SCSIOP_WRITE6:
        *Lba = BigEndian(Cdb + 1, 3) & 0x1FFFFF;
        *Blocks = Cdb[4] != 0 ? Cdb[4] : 256;
        return TRUE;
    case SCSIOP_READ:
    case SCSIOP_WRITE:
    case SCSIOP_VERIFY:
        *Lba = BigEndian(Cdb + 2, 4);
        *Blocks = (ULONG)BigEndian(Cdb + 7, 2);
        return TRUE;
    case SCSIOP_READ12:
    case SCSIOP_WRITE12:
        *Lba = BigEndian(Cdb + 2, 4);
        *Blocks = (ULONG)BigEndian(Cdb + 6, 4);
        return TRUE;
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
    case SCSIOP_VERIFY16:
        *Lba = BigEndian(Cdb + 2, 8);
        *Blocks = (ULONG)BigEndian(Cdb + 10, 4);
        return TRUE;
    default:
        return FALSE;
    }
}
