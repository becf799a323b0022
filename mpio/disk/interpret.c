/* SPDX-License-Identifier: MIT */
/*
 * The error tables of the class driver as data, and the steps around them. Pure, any IRQL. Rules:
 * class-driver reference 1.1 (order), 1.3 (sense), 1.4 (no sense), 1.5 (disk). In both tables the
 * first row that matches wins.
 */
#include "disk/interpret.h"

#define ANY 0x100

/* ---- conditions that a code alone does not tell ------------------------------------------------------- */
typedef enum _CONDITION {
    Always,
    IliSet,
    Offload,
    Hack,
    Legacy,
    InsideCapacity,
    WriteCommand,
    ShortAnswer,    /* INQUIRY, MODE SENSE, RECEIVE TOKEN INFORMATION that got what it asked for, or less */
    FirstRetries,
    VerifySet
} CONDITION;

static BOOLEAN IsOffload(const UCHAR *Cdb)
{
    if (Cdb[0] == SCSIOP_POPULATE_TOKEN) {
        return (Cdb[1] & 0x1F) == 0x10 || (Cdb[1] & 0x1F) == 0x11;
    }
    return Cdb[0] == SCSIOP_RECEIVE_ROD_TOKEN_INFORMATION && (Cdb[1] & 0x1F) == 0x07;
}

static BOOLEAN IsInsideCapacity(const DISK_ERROR_FACTS *Facts)
{
    ULONGLONG lba;
    ULONG blocks;

    return DiskIsReadWrite(Facts->Cdb) && DiskCommandRange(Facts->Cdb, &lba, &blocks) && blocks <= Facts->Blocks &&
           lba <= Facts->Blocks - blocks;
}

static BOOLEAN IsShortAnswer(const DISK_ERROR_FACTS *Facts)
{
    const UCHAR *cdb = Facts->Cdb;
    ULONG allocation;

    switch (cdb[0]) {
    case SCSIOP_INQUIRY:
        allocation = (ULONG)cdb[3] << 8 | cdb[4];
        break;
    case SCSIOP_MODE_SENSE:
        allocation = cdb[4];
        break;
    case SCSIOP_MODE_SENSE10:
        allocation = (ULONG)cdb[7] << 8 | cdb[8];
        break;
    case SCSIOP_RECEIVE_ROD_TOKEN_INFORMATION:
        allocation = (ULONG)cdb[10] << 24 | (ULONG)cdb[11] << 16 | (ULONG)cdb[12] << 8 | cdb[13];
        break;
    default:
        return FALSE;
    }
    return Facts->DataTransferLength <= allocation;
}

static BOOLEAN Holds(CONDITION Condition, const DISK_ERROR_FACTS *Facts, const DISK_SENSE *Sense)
{
    const UCHAR *cdb = Facts->Cdb;

    switch (Condition) {
    case Always:
        return TRUE;
    case IliSet:
        return Sense->Ili;
    case Offload:
        return cdb != NULL && IsOffload(cdb);
    case Hack:
        return Facts->CauseUnknownHack;
    case Legacy:
        return Facts->LegacyErrors;
    case InsideCapacity:
        return cdb != NULL && IsInsideCapacity(Facts);
    case WriteCommand:
        return cdb != NULL && DiskIsWrite(cdb);
    case ShortAnswer:
        return cdb != NULL && IsShortAnswer(Facts);
    case FirstRetries:
        return Facts->RetriesDone <= 1;
    case VerifySet:
        return Facts->VerifyFlag;
    }
    return FALSE;
}

/* ---- 1.3: valid sense ------------------------------------------------------------------------------------ */
#define RE      DISK_ACT_LOG_RETRY
#define DELAY   DISK_ACT_NOT_READY_DELAY
#define UA      DISK_ACT_MEDIA_CHANGE
#define PARENT  DISK_ACT_RELATIONS
#define ECC     DISK_LOG_VIA_ECC
#define NO      FALSE
#define YES     TRUE

typedef struct _SENSE_ROW {
    UCHAR Key;
    USHORT Asc, Ascq;
    CONDITION Condition;
    NTSTATUS Status;
    BOOLEAN Retry;
    UCHAR Interval;
    ULONG Actions;
    ULONG LogCode;
    USHORT UniqueId;
} SENSE_ROW;

static const SENSE_ROW senseRows[] = {
    {0x0, ANY, ANY, IliSet, STATUS_INVALID_BLOCK_LENGTH, NO, 0, 0, 0, 0},
    {0x0, ANY, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, RE, 0, 0},

    {0x1, 0x14, ANY, Always, STATUS_SUCCESS, NO, 0, 0, DISK_LOG_SEEK_ERROR, 258},
    {0x1, 0x15, ANY, Always, STATUS_SUCCESS, NO, 0, 0, DISK_LOG_SEEK_ERROR, 258},
    {0x1, 0x17, ANY, Always, STATUS_SUCCESS, NO, 0, 0, ECC, 258},
    {0x1, 0x18, ANY, Always, STATUS_SUCCESS, NO, 0, 0, ECC, 258},
    {0x1, 0x5D, ANY, Always, STATUS_SUCCESS, NO, 0, DISK_ACT_PREDICTION, DISK_LOG_PREDICTED, 4},
    {0x1, ANY, ANY, Always, STATUS_SUCCESS, NO, 0, 0, DISK_LOG_CONTROLLER_ERROR, 258},

    {0x2, 0x04, 0x00, Hack, STATUS_DEVICE_NOT_READY, YES, 0, DELAY | DISK_ACT_START_UNIT, 0, 0},
    {0x2, 0x04, 0x00, Always, STATUS_DEVICE_NOT_READY, NO, 10, DELAY, 0, 0},
    {0x2, 0x04, 0x01, Always, STATUS_DEVICE_NOT_READY, YES, 10, DELAY | DISK_ACT_BECOMING_READY, 0, 0},
    {0x2, 0x04, 0x03, Always, STATUS_NO_MEDIA_IN_DEVICE, NO, 10, DELAY, 0, 0},
    {0x2, 0x04, 0x04, Always, STATUS_DEVICE_NOT_READY, NO, 10, DELAY, 0, 0},
    {0x2, 0x04, 0x07, Always, STATUS_DEVICE_NOT_READY, YES, 10, DELAY | DISK_ACT_BECOMING_READY, 0, 0},
    {0x2, 0x04, 0x08, Always, STATUS_DEVICE_NOT_READY, NO, 1, DELAY, 0, 0},
    {0x2, 0x04, 0x14, Always, STATUS_RETRY, YES, 10, DELAY, 0, 0},
    {0x2, 0x04, ANY, Always, STATUS_DEVICE_NOT_READY, YES, 0, DELAY | DISK_ACT_START_UNIT, 0, 0},
    {0x2, 0x3A, ANY, Always, STATUS_NO_MEDIA_IN_DEVICE, NO, 0, DISK_ACT_MEDIA_ABSENT, 0, 0},
    {0x2, ANY, ANY, Always, STATUS_DEVICE_NOT_READY, YES, 0, RE, 0, 0},

    {0x3, 0x30, 0x01, Always, STATUS_UNRECOGNIZED_MEDIA, NO, 0, 0, 0, 0},
    {0x3, 0x30, 0x03, Always, STATUS_CLEANER_CARTRIDGE_INSTALLED, NO, 0, 0, 0, 0},
    {0x3, ANY, ANY, Always, STATUS_DEVICE_DATA_ERROR, NO, 0, 0, DISK_LOG_BAD_BLOCK, 256},

    {0x4, 0x08, 0x03, Legacy, STATUS_IO_DEVICE_ERROR, YES, 1, 0, 0, 0},
    {0x4, 0x08, 0x03, Always, STATUS_DEVICE_HARDWARE_ERROR, YES, 1, 0, 0, 0},
    {0x4, 0x3E, 0x02, Legacy, STATUS_IO_DEVICE_ERROR, NO, 0, 0, DISK_LOG_HARDWARE, 257},
    {0x4, 0x4B, 0x06, Legacy, STATUS_IO_DEVICE_ERROR, NO, 0, 0, DISK_LOG_HARDWARE, 257},
    {0x4, ANY, ANY, Legacy, STATUS_IO_DEVICE_ERROR, YES, 0, 0, DISK_LOG_CONTROLLER_ERROR, 257},
    {0x4, ANY, ANY, Always, STATUS_DEVICE_HARDWARE_ERROR, NO, 0, 0, DISK_LOG_HARDWARE, 257},

    {0x5, 0x00, 0x16, Offload, STATUS_OPERATION_IN_PROGRESS, NO, 0, 0, 0, 0},
    {0x5, 0x08, 0x04, Always, STATUS_DEVICE_UNREACHABLE, NO, 0, 0, 0, 0},
    {0x5, 0x0D, 0x04, Always, STATUS_DATA_OVERRUN, NO, 0, 0, 0, 0},
    {0x5, 0x1A, ANY, Always, STATUS_DATA_OVERRUN, NO, 0, 0, 0, 0},
    {0x5, 0x20, ANY, Always, STATUS_INVALID_DEVICE_REQUEST, NO, 0, 0, 0, 0},
    {0x5, 0x21, ANY, InsideCapacity, STATUS_NONEXISTENT_SECTOR, YES, 5, 0, 0, 0},
    {0x5, 0x21, ANY, Always, STATUS_NONEXISTENT_SECTOR, NO, 0, 0, 0, 0},
    {0x5, 0x23, ANY, Always, STATUS_INVALID_TOKEN, NO, 0, 0, 0, 0},
    {0x5, 0x24, ANY, Offload, STATUS_INVALID_INITIATOR_TARGET_PATH, NO, 0, 0, 0, 0},
    {0x5, 0x24, ANY, Always, STATUS_INVALID_DEVICE_REQUEST, NO, 3, 0, 0, 0},
    {0x5, 0x25, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {0x5, 0x26, 0x04, Always, STATUS_INVALID_OFFSET_ALIGNMENT, NO, 0, 0, 0, 0},
    {0x5, 0x26, 0x08, Always, STATUS_TOO_MANY_SEGMENT_DESCRIPTORS, NO, 0, 0, 0, 0},
    {0x5, 0x26, ANY, Offload, STATUS_INVALID_FIELD_IN_PARAMETER_LIST, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x00, Always, STATUS_CSS_AUTHENTICATION_FAILURE, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x01, Always, STATUS_CSS_KEY_NOT_PRESENT, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x02, Always, STATUS_CSS_KEY_NOT_ESTABLISHED, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x03, Always, STATUS_CSS_SCRAMBLED_SECTOR, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x04, Always, STATUS_CSS_REGION_MISMATCH, NO, 0, 0, 0, 0},
    {0x5, 0x6F, 0x05, Always, STATUS_CSS_RESETS_EXHAUSTED, NO, 0, 0, 0, 0},
    {0x5, 0x6F, ANY, Always, STATUS_COPY_PROTECTION_FAILURE, NO, 0, 0, 0, 0},
    {0x5, ANY, ANY, Always, STATUS_INVALID_DEVICE_REQUEST, NO, 0, 0, 0, 0},

    {0x6, 0x28, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_MEDIA_PRESENT, 0, 0},
    {0x6, 0x29, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | RE, 0, 0},
    {0x6, 0x2A, 0x09, Always, STATUS_IO_DEVICE_ERROR, YES, 1, UA | DISK_ACT_CAPACITY, 0, 0},
    {0x6, 0x2A, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA, 0, 0},
    {0x6, 0x38, 0x07, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_THRESHOLD, 0, 0},
    {0x6, 0x38, ANY, Always, STATUS_IO_DEVICE_ERROR, NO, 0, UA, 0, 0},
    {0x6, 0x3F, 0x01, Always, STATUS_IO_DEVICE_ERROR, YES, 1, UA | RE, 0, 0},
    {0x6, 0x3F, 0x03, Always, STATUS_IO_DEVICE_ERROR, YES, 5, UA | PARENT | DISK_ACT_PROVISIONING, 0, 0},
    {0x6, 0x3F, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 5, UA | PARENT, 0, 0},
    /* Sic: the published code falls from operator requests into failure prediction. */
    {0x6, 0x5A, 0x01, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_EJECT | DISK_ACT_PREDICTION,
     DISK_LOG_PREDICTED, 4},
    {0x6, 0x5A, 0x02, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_PREDICTION, DISK_LOG_PREDICTED, 4},
    {0x6, 0x5A, 0x03, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_PREDICTION, DISK_LOG_PREDICTED, 4},
    {0x6, 0x5D, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | DISK_ACT_PREDICTION, DISK_LOG_PREDICTED, 4},
    {0x6, ANY, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, UA | RE, 0, 0},

    {0x7, 0x27, 0x07, Always, STATUS_DISK_RESOURCES_EXHAUSTED, NO, 0, DISK_ACT_EXHAUSTED, 0, 0},
    {0x7, 0x27, ANY, Always, STATUS_IO_DEVICE_ERROR, NO, 0, 0, 0, 0},
    {0x7, ANY, ANY, WriteCommand, STATUS_MEDIA_WRITE_PROTECTED, NO, 0, 0, 0, 0},
    {0x7, ANY, ANY, Always, STATUS_ACCESS_DENIED, NO, 0, 0, 0, 0},

    {0x8, ANY, ANY, Always, STATUS_NO_DATA_DETECTED, NO, 0, 0, 0, 0},
    {0xA, 0x0D, 0x04, Always, STATUS_SUCCESS, NO, 0, DISK_ACT_TRUNCATED, 0, 0},
    {0xB, 0x0D, 0x04, Offload, STATUS_SUCCESS, NO, 0, DISK_ACT_TRUNCATED, 0, 0},
    {0xB, 0x55, 0x03, Offload, STATUS_INSUFFICIENT_RESOURCES, NO, 0, 0, 0, 0},
    {0xB, ANY, ANY, Offload, STATUS_IO_DEVICE_ERROR, YES, 0, RE, 0, 0},
    {0xB, ANY, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 1, RE, 0, 0},
};
static const SENSE_ROW otherKeys = {0xF, ANY, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, RE, 0, 0};

/* ---- 1.4: no usable sense ---------------------------------------------------------------------------------- */
typedef struct _STATUS_ROW {
    UCHAR SrbStatus;
    USHORT ScsiStatus;
    CONDITION Condition;
    NTSTATUS Status;
    BOOLEAN Retry;
    UCHAR Interval;
    ULONG Actions;
    ULONG LogCode;
    USHORT UniqueId;
} STATUS_ROW;

#define COUNT   DISK_ACT_COUNT_ERROR
#define LATE    DISK_ACT_TIMEOUT_BUDGET

static const STATUS_ROW statusRows[] = {
    {SRB_STATUS_ABORTED, ANY, Always, STATUS_IO_TIMEOUT, YES, 1, COUNT | LATE | RE, 0, 0},
    {SRB_STATUS_ERROR, SCSISTAT_GOOD, Always, STATUS_IO_DEVICE_ERROR, YES, 1, COUNT | RE, 0, 0},
    {SRB_STATUS_ERROR, SCSISTAT_BUSY, Always, STATUS_DEVICE_NOT_READY, YES, 0, 0, 0, 0},
    {SRB_STATUS_ERROR, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, RE, 0, 0},
    {SRB_STATUS_INVALID_REQUEST, ANY, Always, STATUS_INVALID_DEVICE_REQUEST, NO, 0, 0, 0, 0},
    {SRB_STATUS_INVALID_PATH_ID, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {SRB_STATUS_NO_DEVICE, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {SRB_STATUS_NO_HBA, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {SRB_STATUS_INVALID_LUN, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {SRB_STATUS_INVALID_TARGET_ID, ANY, Always, STATUS_NO_SUCH_DEVICE, NO, 0, 0, 0, 0},
    {SRB_STATUS_SELECTION_TIMEOUT, ANY, Always, STATUS_DEVICE_NOT_CONNECTED, NO, 0, DELAY, DISK_LOG_NOT_READY, 260},
    {SRB_STATUS_TIMEOUT, ANY, Always, STATUS_IO_TIMEOUT, YES, 1, COUNT | LATE | RE, 0, 0},
    {SRB_STATUS_COMMAND_TIMEOUT, ANY, Always, STATUS_IO_TIMEOUT, YES, 1, COUNT | LATE | RE, 0, 0},
    {SRB_STATUS_BUS_RESET, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, LATE, 0, 0},
    {SRB_STATUS_PARITY_ERROR, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 1, COUNT | RE, 0, 0},
    {SRB_STATUS_UNEXPECTED_BUS_FREE, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 1, COUNT | RE, 0, 0},
    {SRB_STATUS_DATA_OVERRUN, ANY, ShortAnswer, STATUS_SUCCESS, NO, 0, 0, 0, 0},
    {SRB_STATUS_DATA_OVERRUN, ANY, Always, STATUS_DATA_OVERRUN, NO, 0, 0, 0, 0},
    {SRB_STATUS_PHASE_SEQUENCE_FAILURE, ANY, FirstRetries, STATUS_IO_DEVICE_ERROR, YES, 1, COUNT | RE, 0, 0},
    {SRB_STATUS_PHASE_SEQUENCE_FAILURE, ANY, Always, STATUS_IO_DEVICE_ERROR, NO, 1, COUNT, 0, 0},
    {SRB_STATUS_REQUEST_FLUSHED, ANY, VerifySet, STATUS_VERIFY_REQUIRED, NO, 0, 0, 0, 0},
    {SRB_STATUS_REQUEST_FLUSHED, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, 0, 0, 0},
};
static const STATUS_ROW otherStatuses = {0, ANY, Always, STATUS_IO_DEVICE_ERROR, YES, 0, DISK_ACT_UNHANDLED | RE,
                                         DISK_LOG_CONTROLLER_ERROR, 259};

/* ---- the steps of 1.1 ----------------------------------------------------------------------------------------- */

static ULONGLONG BadSector(const DISK_ERROR_FACTS *Facts, const DISK_SENSE *Sense)
{
    ULONGLONG lba;
    ULONG blocks;

    if (Facts->Cdb == NULL || !DiskCommandRange(Facts->Cdb, &lba, &blocks)) {
        return ~0ull;
    }
    return Sense->HasInformation && Sense->Information >= lba && Sense->Information - lba < blocks ? Sense->Information
                                                                                                  : lba;
}

static VOID UseSense(const DISK_ERROR_FACTS *Facts, PDISK_VERDICT Verdict)
{
    const DISK_SENSE *sense = &Verdict->Sense;
    const SENSE_ROW *row = &otherKeys;

    for (ULONG i = 0; i < ARRAYSIZE(senseRows); i++) {
        const SENSE_ROW *r = &senseRows[i];

        if (r->Key == sense->Key && (r->Asc == ANY || r->Asc == sense->Asc) &&
            (r->Ascq == ANY || r->Ascq == sense->Ascq) && Holds(r->Condition, Facts, sense)) {
            row = r;
            break;
        }
    }
    Verdict->Status = row->Status;
    Verdict->Retry = row->Retry;
    Verdict->Interval = row->Interval;
    Verdict->Actions = row->Actions;
    Verdict->LogCode = row->LogCode;
    Verdict->UniqueId = row->UniqueId;
    Verdict->BadSector = BadSector(Facts, sense);
    Verdict->Reason = (row->Actions & DISK_ACT_PREDICTION) != 0 ? sense->Ascq : 0;
    if (!Facts->SafeStartUnit || Facts->LowPriority) {
        Verdict->Actions &= ~(ULONG)DISK_ACT_START_UNIT;
    }
    if (sense->Key == SCSI_SENSE_RECOVERED_ERROR && sense->Ili) {
        Verdict->Status = STATUS_INVALID_BLOCK_LENGTH;
    }
    if (sense->Key == SCSI_SENSE_UNIT_ATTENTION && Facts->Removable && Facts->Mounted) {
        Verdict->Status = STATUS_VERIFY_REQUIRED;
        Verdict->Retry = FALSE;
        Verdict->Actions |= DISK_ACT_VERIFY;
    }
}

static VOID UseStatus(const DISK_ERROR_FACTS *Facts, PDISK_VERDICT Verdict)
{
    const STATUS_ROW *row = &otherStatuses;

    for (ULONG i = 0; i < ARRAYSIZE(statusRows); i++) {
        const STATUS_ROW *r = &statusRows[i];

        if (r->SrbStatus == SRB_STATUS(Facts->SrbStatus) && (r->ScsiStatus == ANY || r->ScsiStatus == Facts->ScsiStatus) &&
            Holds(r->Condition, Facts, &Verdict->Sense)) {
            row = r;
            break;
        }
    }
    Verdict->Status = row->Status;
    Verdict->Retry = row->Retry;
    Verdict->Interval = row->Interval;
    Verdict->Actions = row->Actions;
    Verdict->LogCode = row->LogCode;
    Verdict->UniqueId = row->UniqueId;
}

/* On removable media these make the partition data suspect. */
static BOOLEAN MakesMediaSuspect(const DISK_ERROR_FACTS *Facts, const DISK_VERDICT *Verdict)
{
    if (Verdict->SenseValid) {
        switch (Verdict->Sense.Key) {
        case SCSI_SENSE_NOT_READY:
            return Verdict->Sense.Asc == 0x3A ||
                   (Verdict->Sense.Asc == 0x04 && (Verdict->Sense.Ascq <= 0x01 || Verdict->Sense.Ascq == 0x03));
        case SCSI_SENSE_RECOVERED_ERROR:
        case SCSI_SENSE_MEDIUM_ERROR:
        case SCSI_SENSE_HARDWARE_ERROR:
        case SCSI_SENSE_UNIT_ATTENTION:
            return TRUE;
        default:
            return FALSE;
        }
    }
    switch (SRB_STATUS(Facts->SrbStatus)) {
    case SRB_STATUS_INVALID_PATH_ID:
    case SRB_STATUS_NO_DEVICE:
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_SELECTION_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
    case SRB_STATUS_PARITY_ERROR:
    case SRB_STATUS_NO_HBA:
    case SRB_STATUS_UNEXPECTED_BUS_FREE:
    case SRB_STATUS_REQUEST_FLUSHED:
    case SRB_STATUS_INVALID_LUN:
    case SRB_STATUS_INVALID_TARGET_ID:
        return TRUE;
    case SRB_STATUS_ERROR:
        return Facts->ScsiStatus == SCSISTAT_RESERVATION_CONFLICT;
    default:
        return FALSE;
    }
}

/* 1.5. Changes status, retry and actions, never the interval. */
static VOID DiskHook(const DISK_ERROR_FACTS *Facts, PDISK_VERDICT Verdict)
{
    const UCHAR *cdb = Facts->Cdb;
    BOOLEAN badField = Verdict->SenseValid && Verdict->Sense.Key == SCSI_SENSE_ILLEGAL_REQUEST &&
                       Verdict->Sense.Asc == SCSI_ADSENSE_INVALID_CDB;

    if (Verdict->Status == STATUS_DATA_OVERRUN && cdb != NULL && DiskIsReadWrite(cdb)) {
        Verdict->Retry = TRUE;
        Verdict->Actions |= DISK_ACT_COUNT_ERROR;
    } else if (SRB_STATUS(Facts->SrbStatus) == SRB_STATUS_ERROR && Facts->ScsiStatus == SCSISTAT_BUSY) {
        Verdict->Actions |= DISK_ACT_RESET_BUS | DISK_ACT_COUNT_ERROR;
    } else if (badField && cdb != NULL && (cdb[0] == SCSIOP_WRITE || cdb[0] == SCSIOP_WRITE16) &&
               (cdb[1] & 0x08) != 0) {
        Verdict->Retry = TRUE;
        Verdict->Actions |= DISK_ACT_FUA_OFF;
    } else if (badField && cdb != NULL && cdb[0] == SCSIOP_MODE_SENSE && (cdb[2] & 0x3F) == MODE_SENSE_RETURN_ALL) {
        Verdict->Retry = TRUE;
        Verdict->Actions |= DISK_ACT_MODE_PAGE_8;
    }
    if (Facts->Removable && MakesMediaSuspect(Facts, Verdict)) {
        Verdict->Actions |= DISK_ACT_VERIFY;
    }
}

VOID DiskInterpret(const DISK_ERROR_FACTS *Facts, PDISK_VERDICT Verdict)
{
    RtlZeroMemory(Verdict, sizeof(*Verdict));
    Verdict->Status = STATUS_IO_DEVICE_ERROR;
    Verdict->Retry = TRUE;
    Verdict->BadSector = ~0ull;
    if (SRB_STATUS(Facts->SrbStatus) == SRB_STATUS_INTERNAL_ERROR) {
        /* Tested first: the code has the bits of other statuses. */
        Verdict->Status = (NTSTATUS)Facts->InternalStatus;
        Verdict->Retry = FALSE;
    } else if (Facts->ScsiStatus == SCSISTAT_RESERVATION_CONFLICT) {
        Verdict->Status = STATUS_DEVICE_BUSY;
        Verdict->Retry = FALSE;
    } else if ((Facts->SrbStatus & SRB_STATUS_AUTOSENSE_VALID) != 0 &&
               DiskParseSense(Facts->Sense, Facts->SenseLength, &Verdict->Sense)) {
        Verdict->SenseValid = TRUE;
        UseSense(Facts, Verdict);
    } else {
        UseStatus(Facts, Verdict);
    }
    if ((Verdict->Actions & DISK_ACT_COUNT_ERROR) != 0 && Verdict->Interval == 0) {
        Verdict->Interval = 1;
    }
    DiskHook(Facts, Verdict);
    if (Verdict->Status == STATUS_INVALID_DEVICE_REQUEST && Facts->Cdb != NULL &&
        (Facts->Cdb[0] == SCSIOP_RESERVE_UNIT || Facts->Cdb[0] == SCSIOP_RELEASE_UNIT)) {
        Verdict->Retry = TRUE;
        Verdict->Actions |= DISK_ACT_RESERVE_10;
    }
    if (Facts->Paging && Verdict->LogCode == 0 && !NT_SUCCESS(Verdict->Status)) {
        Verdict->LogCode = DISK_LOG_PAGING_FAILURE;
        Verdict->UniqueId = 301;
    }
}

NTSTATUS DiskWorseStatus(NTSTATUS First, NTSTATUS Second)
{
    return (ULONG)Second >> 30 > (ULONG)First >> 30 ? Second : First;
}
