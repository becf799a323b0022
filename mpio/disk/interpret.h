/* SPDX-License-Identifier: MIT */
/*
 * Errors of the storage stack turned into a status and a verdict: a pure function over the SRB's
 * fields, its sense data and a few facts of the device. Any IRQL; no state. Rules: class-driver
 * reference 1.1 to 1.5. The caller owns the retry budget (2.1) and carries out the actions.
 */
#ifndef MPIO_DISK_INTERPRET_H
#define MPIO_DISK_INTERPRET_H

#include <ntddk.h>
#include <scsi.h>

/* ---- sense data ------------------------------------------------------------------------------------ */
typedef struct _DISK_SENSE {
    UCHAR Key;
    UCHAR Asc;
    UCHAR Ascq;
    BOOLEAN Ili;
    BOOLEAN HasInformation;
    ULONGLONG Information;
} DISK_SENSE, *PDISK_SENSE;

/* FALSE when there are fewer than the 8 header bytes. An unknown response code is read as fixed format. */
BOOLEAN DiskParseSense(const UCHAR *Sense, ULONG Length, PDISK_SENSE Parsed);

/* ---- commands ---------------------------------------------------------------------------------------- */
BOOLEAN DiskIsReadWrite(const UCHAR *Cdb);  /* READ or WRITE 6, 10, 12, 16 */
BOOLEAN DiskIsWrite(const UCHAR *Cdb);
/* Range of a READ, WRITE or VERIFY command; FALSE for any other. */
BOOLEAN DiskCommandRange(const UCHAR *Cdb, ULONGLONG *Lba, ULONG *Blocks);

/* ---- interpretation ------------------------------------------------------------------------------------ */
/* What the caller has to do besides retrying. */
#define DISK_ACT_COUNT_ERROR     0x00000001 /* error throttle, 2.3 */
#define DISK_ACT_TIMEOUT_BUDGET  0x00000002 /* counts against the time-out budget too */
#define DISK_ACT_THRESHOLD       0x00000004 /* soft threshold: own budget; event */
#define DISK_ACT_START_UNIT      0x00000008
#define DISK_ACT_BECOMING_READY  0x00000010
#define DISK_ACT_RELATIONS       0x00000020 /* invalidate bus relations of the parent; cached VPD is stale */
#define DISK_ACT_PROVISIONING    0x00000040
#define DISK_ACT_CAPACITY        0x00000080
#define DISK_ACT_EXHAUSTED       0x00000100
#define DISK_ACT_PREDICTION      0x00000200 /* Reason = ASCQ */
#define DISK_ACT_MEDIA_CHANGE    0x00000400 /* media-change count + 1 */
#define DISK_ACT_MEDIA_PRESENT   0x00000800
#define DISK_ACT_MEDIA_ABSENT    0x00001000
#define DISK_ACT_EJECT           0x00002000
#define DISK_ACT_VERIFY          0x00004000 /* set the verify flag */
#define DISK_ACT_RESET_BUS       0x00008000
#define DISK_ACT_FUA_OFF         0x00010000 /* FUA not supported: clear the bit in the CDB */
#define DISK_ACT_MODE_PAGE_8     0x00020000 /* ask for page 08h instead of 3Fh */
#define DISK_ACT_RESERVE_10      0x00040000 /* no RESERVE(6): rewrite as (10) */
#define DISK_ACT_LOG_RETRY       0x00080000 /* "operation retried" may be logged (RE) */
#define DISK_ACT_UNHANDLED       0x00100000
#define DISK_ACT_NOT_READY_DELAY 0x00200000 /* not ready 04/x or selection time-out: synchronous callers wait 2 s or more */
#define DISK_ACT_TRUNCATED       0x00400000 /* offload truncated: transferred count = information */

/* System-log codes (0: none) and unique ids. */
#define DISK_LOG_SEEK_ERROR       0xC0040006u
#define DISK_LOG_BAD_BLOCK        0xC0040007u
#define DISK_LOG_CONTROLLER_ERROR 0xC004000Bu
#define DISK_LOG_NOT_READY        0xC004000Fu
#define DISK_LOG_VIA_ECC          0x80040021u
#define DISK_LOG_PAGING_FAILURE   0x80040033u
#define DISK_LOG_PREDICTED        0x80040034u
#define DISK_LOG_FUA_PROBLEM      0x80040084u
#define DISK_LOG_RETRIED          0x80040099u
#define DISK_LOG_HARDWARE         0xC004009Au

typedef struct _DISK_ERROR_FACTS {
    UCHAR SrbStatus;            /* with both flags */
    UCHAR ScsiStatus;
    const UCHAR *Sense;         /* may be NULL */
    ULONG SenseLength;
    ULONG InternalStatus;
    ULONG DataTransferLength;   /* as the port left it */
    const UCHAR *Cdb;           /* 16 bytes; NULL for an SRB without a CDB */
    ULONG RetriesDone;
    ULONGLONG Blocks;           /* last known capacity, 0 = unknown */
    BOOLEAN Removable;
    BOOLEAN Mounted;            /* removable medium with a mounted volume */
    BOOLEAN VerifyFlag;
    BOOLEAN Paging;
    BOOLEAN LowPriority;        /* no START UNIT for it */
    BOOLEAN SafeStartUnit;
    BOOLEAN CauseUnknownHack;   /* 04/00 means 04/02 */
    BOOLEAN LegacyErrors;       /* LegacyErrorHandling = 1 */
} DISK_ERROR_FACTS, *PDISK_ERROR_FACTS;

typedef struct _DISK_VERDICT {
    NTSTATUS Status;
    BOOLEAN Retry;
    ULONG Interval;             /* seconds */
    ULONG Actions;
    ULONG LogCode;
    ULONG UniqueId;
    UCHAR Reason;               /* of a failure prediction */
    BOOLEAN SenseValid;
    DISK_SENSE Sense;
    ULONGLONG BadSector;        /* with DISK_LOG_BAD_BLOCK and friends; ~0 when unknown */
} DISK_VERDICT, *PDISK_VERDICT;

VOID DiskInterpret(const DISK_ERROR_FACTS *Facts, PDISK_VERDICT Verdict);

/* The worse of two final statuses: an error beats a warning beats success; among equals the first. */
NTSTATUS DiskWorseStatus(NTSTATUS First, NTSTATUS Second);

#endif
