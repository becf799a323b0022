/* SPDX-License-Identifier: MIT */
/*
 * Error interpretation: every row of the published tables (class-driver reference 1.3, 1.4, 1.5), the order
 * of evaluation, and sense data that lies about its length. Pure functions: no kernel needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "disk/interpret.h"

static const UCHAR read10[16] = {0x28, 0, 0, 0, 0x10, 0, 0, 0, 8};
static const UCHAR write10[16] = {0x2A, 0, 0, 0, 0x10, 0, 0, 0, 8};
static const UCHAR write_fua[16] = {0x2A, 0x08, 0, 0, 0x10, 0, 0, 0, 8};
static const UCHAR write16_fua[16] = {0x8A, 0x08, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 8};
static const UCHAR unit_ready[16] = {0};
static const UCHAR token[16] = {0x83, 0x10};
static const UCHAR inquiry[16] = {0x12, 0, 0, 0, 36};
static const UCHAR mode6_all[16] = {0x1A, 0, 0x3F, 0, 192};
static const UCHAR mode10[16] = {0x5A, 0, 0x08, 0, 0, 0, 0, 0, 64};
static const UCHAR receive_token[16] = {0x84, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200};
static const UCHAR reserve6[16] = {0x16}, release6[16] = {0x17};

enum { NONE = 0, REMOVABLE = 1, MOUNTED = 2, LEGACY = 4, HACK = 8, VERIFY = 16, ILI = 32, UNSAFE = 64, LOW = 128, PAGING = 256 };
#define RETRIED DISK_ACT_LOG_RETRY
#define UA DISK_ACT_MEDIA_CHANGE
#define DELAY DISK_ACT_NOT_READY_DELAY

static DISK_VERDICT judge(UCHAR srb_status, UCHAR scsi_status, const UCHAR *sense, ULONG length, const UCHAR *cdb,
                          unsigned flags, ULONG retries, ULONG moved)
{
    DISK_ERROR_FACTS facts = {.SrbStatus = srb_status, .ScsiStatus = scsi_status, .Sense = sense, .SenseLength = length,
                              .Cdb = cdb, .Blocks = 0x1008, .RetriesDone = retries, .DataTransferLength = moved};
    DISK_VERDICT v;

    facts.Removable = (flags & REMOVABLE) != 0;
    facts.Mounted = (flags & MOUNTED) != 0;
    facts.LegacyErrors = (flags & LEGACY) != 0;
    facts.CauseUnknownHack = (flags & HACK) != 0;
    facts.VerifyFlag = (flags & VERIFY) != 0;
    facts.SafeStartUnit = (flags & UNSAFE) == 0;
    facts.LowPriority = (flags & LOW) != 0;
    facts.Paging = (flags & PAGING) != 0;
    DiskInterpret(&facts, &v);
    return v;
}

static DISK_VERDICT judge_sense(UCHAR key, UCHAR asc, UCHAR ascq, const UCHAR *cdb, unsigned flags)
{
    UCHAR sense[18] = {0x70, 0, (UCHAR)(key | ((flags & ILI) ? 0x20 : 0)), 0, 0, 0x10, 3, 10};

    sense[12] = asc;
    sense[13] = ascq;
    return judge(0x84, 0x02, sense, sizeof sense, cdb, flags, 0, 0);
}

static const struct sense_row {
    UCHAR key, asc, ascq;
    const UCHAR *cdb;
    unsigned flags;
    NTSTATUS status;
    BOOLEAN retry;
    ULONG interval;
    ULONG log;
    ULONG id;
    ULONG actions;
} sense_rows[] = {
    {0, 0, 0, read10, ILI, (NTSTATUS)0xC0000173, 0, 0, 0, 0, 0},
    {0, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {1, 0x14, 1, read10, 0, 0, 0, 0, 0xC0040006, 258, 0},
    {1, 0x15, 0, read10, 0, 0, 0, 0, 0xC0040006, 258, 0},
    {1, 0x17, 0, read10, 0, 0, 0, 0, 0x80040021, 258, 0},
    {1, 0x18, 7, read10, 0, 0, 0, 0, 0x80040021, 258, 0},
    {1, 0x5D, 9, read10, 0, 0, 0, 0, 0x80040034, 4, DISK_ACT_PREDICTION},
    {1, 0x0C, 1, read10, 0, 0, 0, 0, 0xC004000B, 258, 0},
    {1, 0x0C, 1, read10, ILI, (NTSTATUS)0xC0000173, 0, 0, 0xC004000B, 258, 0},
    {1, 0x17, 1, read10, ILI, (NTSTATUS)0xC0000173, 0, 0, 0x80040021, 258, 0},
    {2, 0x04, 0x00, read10, 0, (NTSTATUS)0xC00000A3, 0, 10, 0, 0, DELAY},
    {2, 0x04, 0x00, read10, HACK, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x01, read10, 0, (NTSTATUS)0xC00000A3, 1, 10, 0, 0, DELAY | DISK_ACT_BECOMING_READY},
    {2, 0x04, 0x02, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x02, read10, UNSAFE, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY},
    {2, 0x04, 0x02, read10, LOW, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY},
    {2, 0x04, 0x03, read10, 0, (NTSTATUS)0xC0000013, 0, 10, 0, 0, DELAY},
    {2, 0x04, 0x04, read10, 0, (NTSTATUS)0xC00000A3, 0, 10, 0, 0, DELAY},
    {2, 0x04, 0x07, read10, 0, (NTSTATUS)0xC00000A3, 1, 10, 0, 0, DELAY | DISK_ACT_BECOMING_READY},
    {2, 0x04, 0x08, read10, 0, (NTSTATUS)0xC00000A3, 0, 1, 0, 0, DELAY},
    {2, 0x04, 0x14, read10, 0, (NTSTATUS)0xC000022D, 1, 10, 0, 0, DELAY},
    {2, 0x04, 0x05, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x06, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x09, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x0A, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x0B, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x04, 0x0C, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, DELAY | DISK_ACT_START_UNIT},
    {2, 0x3A, 0xCC, read10, 0, (NTSTATUS)0xC0000013, 0, 0, 0, 0, DISK_ACT_MEDIA_ABSENT},
    {2, 0x3A, 0x00, read10, 0, (NTSTATUS)0xC0000013, 0, 0, 0, 0, DISK_ACT_MEDIA_ABSENT},
    {2, 0x3E, 0x00, read10, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, RETRIED},
    {3, 0x30, 0x01, read10, 0, (NTSTATUS)0xC0000014, 0, 0, 0, 0, 0},
    {3, 0x30, 0x01, read10, PAGING, (NTSTATUS)0xC0000014, 0, 0, 0x80040033, 301, 0},
    {3, 0x30, 0x03, read10, 0, (NTSTATUS)0x80000027, 0, 0, 0, 0, 0},
    {3, 0x11, 0x00, read10, 0, (NTSTATUS)0xC000009C, 0, 0, 0xC0040007, 256, 0},
    {4, 0x08, 0x03, read10, 0, (NTSTATUS)0xC0000483, 1, 1, 0, 0, 0},
    {4, 0x08, 0x03, read10, LEGACY, (NTSTATUS)0xC0000185, 1, 1, 0, 0, 0},
    {4, 0x44, 0x00, read10, 0, (NTSTATUS)0xC0000483, 0, 0, DISK_LOG_HARDWARE, 257, 0},
    {4, 0x3E, 0x02, read10, LEGACY, (NTSTATUS)0xC0000185, 0, 0, DISK_LOG_HARDWARE, 257, 0},
    {4, 0x4B, 0x06, read10, LEGACY, (NTSTATUS)0xC0000185, 0, 0, DISK_LOG_HARDWARE, 257, 0},
    {4, 0x44, 0x00, read10, LEGACY, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 257, 0},
    {5, 0x00, 0x16, token, 0, (NTSTATUS)0xC0000476, 0, 0, 0, 0, 0},
    {5, 0x00, 0x16, read10, 0, (NTSTATUS)0xC0000010, 0, 0, 0, 0, 0},
    {5, 0x08, 0x04, token, 0, (NTSTATUS)0xC0000464, 0, 0, 0, 0, 0},
    {5, 0x0D, 0x04, token, 0, (NTSTATUS)0xC000003C, 0, 0, 0, 0, 0},
    {5, 0x0D, 0x04, read10, 0, (NTSTATUS)0xC000003C, 1, 0, 0, 0, DISK_ACT_COUNT_ERROR},
    {5, 0x1A, 0x00, unit_ready, 0, (NTSTATUS)0xC000003C, 0, 0, 0, 0, 0},
    {5, 0x20, 0x00, read10, 0, (NTSTATUS)0xC0000010, 0, 0, 0, 0, 0},
    {5, 0x21, 0x00, read10, 0, (NTSTATUS)0xC0000015, 1, 5, 0, 0, 0},
    {5, 0x21, 0x00, unit_ready, 0, (NTSTATUS)0xC0000015, 0, 0, 0, 0, 0},
    {5, 0x23, 0x00, token, 0, (NTSTATUS)0xC0000465, 0, 0, 0, 0, 0},
    {5, 0x24, 0x00, token, 0, (NTSTATUS)0xC0000477, 0, 0, 0, 0, 0},
    {5, 0x24, 0x00, read10, 0, (NTSTATUS)0xC0000010, 0, 3, 0, 0, 0},
    {5, 0x24, 0x00, write10, 0, (NTSTATUS)0xC0000010, 0, 3, 0, 0, 0},
    {5, 0x24, 0x00, write_fua, 0, (NTSTATUS)0xC0000010, 1, 3, 0, 0, DISK_ACT_FUA_OFF},
    {5, 0x24, 0x00, write16_fua, 0, (NTSTATUS)0xC0000010, 1, 3, 0, 0, DISK_ACT_FUA_OFF},
    {5, 0x24, 0x00, mode6_all, 0, (NTSTATUS)0xC0000010, 1, 3, 0, 0, DISK_ACT_MODE_PAGE_8},
    {5, 0x25, 0x00, read10, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {5, 0x26, 0x04, read10, 0, (NTSTATUS)0xC0000474, 0, 0, 0, 0, 0},
    {5, 0x26, 0x08, read10, 0, (NTSTATUS)0xC0000473, 0, 0, 0, 0, 0},
    {5, 0x26, 0x00, token, 0, (NTSTATUS)0xC0000475, 0, 0, 0, 0, 0},
    {5, 0x26, 0x00, read10, 0, (NTSTATUS)0xC0000010, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x00, read10, 0, (NTSTATUS)0xC0000306, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x01, read10, 0, (NTSTATUS)0xC0000307, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x02, read10, 0, (NTSTATUS)0xC0000308, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x03, read10, 0, (NTSTATUS)0xC0000309, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x04, read10, 0, (NTSTATUS)0xC000030A, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x05, read10, 0, (NTSTATUS)0xC000030B, 0, 0, 0, 0, 0},
    {5, 0x6F, 0x06, read10, 0, (NTSTATUS)0xC0000305, 0, 0, 0, 0, 0},
    {5, 0xA7, 0x00, read10, 0, (NTSTATUS)0xC0000010, 0, 0, 0, 0, 0},
    {5, 0x20, 0x00, reserve6, 0, (NTSTATUS)0xC0000010, 1, 0, 0, 0, DISK_ACT_RESERVE_10},
    {5, 0x20, 0x00, release6, 0, (NTSTATUS)0xC0000010, 1, 0, 0, 0, DISK_ACT_RESERVE_10},
    {6, 0x28, 0x00, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA | DISK_ACT_MEDIA_PRESENT},
    {6, 0x29, 0x03, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA | RETRIED},
    {6, 0x2A, 0x09, read10, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, UA | DISK_ACT_CAPACITY},
    {6, 0x2A, 0x03, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA},
    {6, 0x2A, 0x06, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA},
    {6, 0x38, 0x07, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA | DISK_ACT_THRESHOLD},
    {6, 0x38, 0x00, read10, 0, (NTSTATUS)0xC0000185, 0, 0, 0, 0, UA},
    {6, 0x3F, 0x01, read10, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, UA | RETRIED},
    {6, 0x3F, 0x02, read10, 0, (NTSTATUS)0xC0000185, 1, 5, 0, 0, UA | DISK_ACT_RELATIONS},
    {6, 0x3F, 0x03, read10, 0, (NTSTATUS)0xC0000185, 1, 5, 0, 0, UA | DISK_ACT_RELATIONS | DISK_ACT_PROVISIONING},
    {6, 0x3F, 0x0E, read10, 0, (NTSTATUS)0xC0000185, 1, 5, 0, 0, UA | DISK_ACT_RELATIONS},
    {6, 0x5A, 0x01, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0x80040034, 4, UA | DISK_ACT_EJECT | DISK_ACT_PREDICTION},
    {6, 0x5A, 0x02, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0x80040034, 4, UA | DISK_ACT_PREDICTION},
    {6, 0x5A, 0x03, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0x80040034, 4, UA | DISK_ACT_PREDICTION},
    {6, 0x5D, 0x42, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0x80040034, 4, UA | DISK_ACT_PREDICTION},
    {6, 0x2F, 0x00, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, UA | RETRIED},
    {6, 0x28, 0x00, read10, REMOVABLE | MOUNTED, (NTSTATUS)0x80000016, 0, 0, 0, 0,
     UA | DISK_ACT_MEDIA_PRESENT | DISK_ACT_VERIFY},
    {7, 0x27, 0x07, write10, 0, (NTSTATUS)0xC0000461, 0, 0, 0, 0, DISK_ACT_EXHAUSTED},
    {7, 0x27, 0x00, write10, 0, (NTSTATUS)0xC0000185, 0, 0, 0, 0, 0},
    {7, 0x20, 0x00, write10, 0, (NTSTATUS)0xC00000A2, 0, 0, 0, 0, 0},
    {7, 0x20, 0x00, read10, 0, (NTSTATUS)0xC0000022, 0, 0, 0, 0, 0},
    {8, 0x00, 0x00, read10, 0, (NTSTATUS)0x80000022, 0, 0, 0, 0, 0},
    {0xA, 0x0D, 0x04, token, 0, 0, 0, 0, 0, 0, DISK_ACT_TRUNCATED},
    {0xA, 0x00, 0x00, token, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xB, 0x0D, 0x04, token, 0, 0, 0, 0, 0, 0, DISK_ACT_TRUNCATED},
    {0xB, 0x55, 0x03, token, 0, (NTSTATUS)0xC000009A, 0, 0, 0, 0, 0},
    {0xB, 0x00, 0x00, token, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xB, 0x55, 0x03, read10, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, RETRIED},
    {0x9, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xC, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xD, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xE, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0xF, 0, 0, read10, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
};

static void expect(const char *table, unsigned row, DISK_VERDICT v, NTSTATUS status, BOOLEAN retry, ULONG interval, ULONG log,
                   ULONG id, ULONG actions)
{
    if (v.Status != status || v.Retry != retry || v.Interval != interval || v.LogCode != log || v.UniqueId != id ||
        v.Actions != actions)
        fail_msg("%s row %u: status %08X retry %d interval %u log %08X id %u actions %08X; expected %08X %d %u %08X %u %08X",
                 table, row, (unsigned)v.Status, v.Retry, (unsigned)v.Interval, (unsigned)v.LogCode, (unsigned)v.UniqueId,
                 (unsigned)v.Actions, (unsigned)status, retry, (unsigned)interval, (unsigned)log, (unsigned)id,
                 (unsigned)actions);
}

static void every_row_of_valid_sense(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof sense_rows / sizeof *sense_rows; i++) {
        const struct sense_row *r = &sense_rows[i];

        expect("sense", i, judge_sense(r->key, r->asc, r->ascq, r->cdb, r->flags), r->status, r->retry, r->interval,
               r->log, r->id, r->actions);
    }
}

static void neither_status_matters_once_sense_is_valid(void **state)
{
    UCHAR sense[18] = {0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29};

    (void)state;
    for (unsigned srb = 0; srb < 0x30; srb++) {
        DISK_VERDICT v = judge((UCHAR)(srb | 0x80), 0x28, sense, sizeof sense, unit_ready, 0, 0, 0);
        assert_int_equal(v.Status, STATUS_IO_DEVICE_ERROR);
        assert_int_equal(v.Actions, UA | RETRIED);
    }
}

#define C DISK_ACT_COUNT_ERROR
#define L DISK_ACT_TIMEOUT_BUDGET
static const struct status_row {
    UCHAR srb, scsi;
    const UCHAR *cdb;
    unsigned flags;
    ULONG retries, moved;
    NTSTATUS status;
    BOOLEAN retry;
    ULONG interval, log, id, actions;
} status_rows[] = {
    {0x04, 0x18, read10, 0, 0, 0, (NTSTATUS)0x80000011, 0, 0, 0, 0, 0},
    {0x01, 0x18, read10, 0, 0, 0, (NTSTATUS)0x80000011, 0, 0, 0, 0, 0},
    {0x02, 0, read10, 0, 0, 0, (NTSTATUS)0xC00000B5, 1, 1, 0, 0, C | L | RETRIED},
    {0x04, 0x00, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, C | RETRIED},
    {0x04, 0x08, read10, 0, 0, 0, (NTSTATUS)0xC00000A3, 1, 0, 0, 0, C | DISK_ACT_RESET_BUS},
    {0x04, 0x28, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0x04, 0x02, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0x04, 0x22, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0x04, 0x40, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, RETRIED},
    {0x06, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000010, 0, 0, 0, 0, 0},
    {0x07, 0, read10, 0, 0, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {0x08, 0, read10, 0, 0, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {0x11, 0, read10, 0, 0, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {0x20, 0, read10, 0, 0, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {0x21, 0, read10, 0, 0, 0, (NTSTATUS)0xC000000E, 0, 0, 0, 0, 0},
    {0x0A, 0, read10, 0, 0, 0, (NTSTATUS)0xC000009D, 0, 0, 0xC004000F, 260, DELAY},
    {0x09, 0, read10, 0, 0, 0, (NTSTATUS)0xC00000B5, 1, 1, 0, 0, C | L | RETRIED},
    {0x0B, 0, read10, 0, 0, 0, (NTSTATUS)0xC00000B5, 1, 1, 0, 0, C | L | RETRIED},
    {0x0E, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, L},
    {0x0F, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, C | RETRIED},
    {0x13, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, C | RETRIED},
    {0x12, 0, read10, 0, 0, 0, (NTSTATUS)0xC000003C, 1, 0, 0, 0, C},
    {0x12, 0, unit_ready, 0, 0, 0, (NTSTATUS)0xC000003C, 0, 0, 0, 0, 0},
    {0x12, 0, inquiry, 0, 0, 36, 0, 0, 0, 0, 0, 0},
    {0x12, 0, inquiry, 0, 0, 37, (NTSTATUS)0xC000003C, 0, 0, 0, 0, 0},
    {0x12, 0, mode6_all, 0, 0, 192, 0, 0, 0, 0, 0, 0},
    {0x12, 0, mode10, 0, 0, 64, 0, 0, 0, 0, 0, 0},
    {0x12, 0, mode10, 0, 0, 65, (NTSTATUS)0xC000003C, 0, 0, 0, 0, 0},
    {0x12, 0, receive_token, 0, 0, 200, 0, 0, 0, 0, 0, 0},
    {0x14, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, C | RETRIED},
    {0x14, 0, read10, 0, 1, 0, (NTSTATUS)0xC0000185, 1, 1, 0, 0, C | RETRIED},
    {0x14, 0, read10, 0, 2, 0, (NTSTATUS)0xC0000185, 0, 1, 0, 0, C},
    {0x16, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0, 0, 0},
    {0x16, 0, read10, VERIFY, 0, 0, (NTSTATUS)0x80000016, 0, 0, 0, 0, 0},
    {0x00, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x03, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x05, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x0D, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x10, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x15, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x22, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x23, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x24, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
    {0x25, 0, read10, 0, 0, 0, (NTSTATUS)0xC0000185, 1, 0, 0xC004000B, 259, DISK_ACT_UNHANDLED | RETRIED},
};

static void every_row_without_sense(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof status_rows / sizeof *status_rows; i++) {
        const struct status_row *r = &status_rows[i];

        for (unsigned frozen = 0; frozen < 2; frozen++) {
            UCHAR srb = (UCHAR)(r->srb | (frozen ? 0x40 : 0));
            expect("status", i, judge(srb, r->scsi, NULL, 0, r->cdb, r->flags, r->retries, r->moved), r->status, r->retry,
                   r->interval, r->log, r->id, r->actions);
        }
    }
}

static void internal_error_carries_its_own_status_and_comes_first(void **state)
{
    UCHAR sense[18] = {0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29};
    DISK_ERROR_FACTS facts = {.SrbStatus = 0xB0, .ScsiStatus = 0x18, .Sense = sense, .SenseLength = 18,
                              .InternalStatus = 0xC000009A, .Cdb = read10};
    DISK_VERDICT v;

    (void)state;
    DiskInterpret(&facts, &v);
    assert_int_equal(v.Status, STATUS_INSUFFICIENT_RESOURCES);
    assert_false(v.Retry);
}

static void verify_flag_on_removable_media_only(void **state)
{
    static const UCHAR statuses[] = {0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0F, 0x11, 0x13, 0x16, 0x20, 0x21};
    static const UCHAR keys[][3] = {{2, 4, 0}, {2, 4, 1}, {2, 4, 3}, {2, 0x3A, 0}, {1, 0, 0}, {3, 0, 0}, {4, 0, 0}, {6, 0, 0}};

    (void)state;
    for (unsigned i = 0; i < sizeof statuses; i++) {
        assert_true(judge(statuses[i], 0, NULL, 0, read10, REMOVABLE, 0, 0).Actions & DISK_ACT_VERIFY);
        assert_false(judge(statuses[i], 0, NULL, 0, read10, 0, 0, 0).Actions & DISK_ACT_VERIFY);
    }
    assert_true(judge(0x04, 0x18, NULL, 0, read10, REMOVABLE, 0, 0).Actions & DISK_ACT_VERIFY);
    assert_false(judge(0x0E, 0, NULL, 0, read10, REMOVABLE, 0, 0).Actions & DISK_ACT_VERIFY);
    for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_true(judge_sense(keys[i][0], keys[i][1], keys[i][2], read10, REMOVABLE).Actions & DISK_ACT_VERIFY);
        assert_false(judge_sense(keys[i][0], keys[i][1], keys[i][2], read10, 0).Actions & DISK_ACT_VERIFY);
    }
    assert_false(judge_sense(2, 4, 2, read10, REMOVABLE).Actions & DISK_ACT_VERIFY);
}

static void illegal_block_at_the_capacity_and_one_past_it(void **state)
{
    UCHAR cdb[16] = {0x28, 0, 0, 0, 0x10, 0x00, 0, 0, 8};

    (void)state;
    assert_true(judge_sense(5, 0x21, 0, cdb, 0).Retry);
    cdb[5] = 0x01;
    assert_false(judge_sense(5, 0x21, 0, cdb, 0).Retry);
}

static void bad_sector_is_the_information_only_inside_the_range(void **state)
{
    UCHAR sense[18] = {0xF0, 0, 3, 0, 0, 0x10, 7, 10, 0, 0, 0, 0, 0x11};

    (void)state;
    assert_int_equal(judge(0x84, 2, sense, 18, read10, 0, 0, 0).BadSector, 0x1007);
    sense[6] = 8; /* one past the last block */
    assert_int_equal(judge(0x84, 2, sense, 18, read10, 0, 0, 0).BadSector, 0x1000);
}

/* ---- sense data ---------------------------------------------------------------------------------------- */

static void seven_bytes_are_no_sense_and_eight_are(void **state)
{
    UCHAR sense[8] = {0x70, 0, 6, 0, 0, 0, 0, 10};
    DISK_SENSE s;

    (void)state;
    assert_false(DiskParseSense(sense, 7, &s));
    assert_true(DiskParseSense(sense, 8, &s));
    assert_int_equal(s.Key, 6);
    assert_int_equal(s.Asc, 0);
    assert_false(DiskParseSense(NULL, 18, &s));
}

static void additional_length_bounds_the_codes(void **state)
{
    UCHAR sense[18] = {0x70, 0, 6, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0x29, 0x03};
    DISK_SENSE s;

    (void)state;
    DiskParseSense(sense, 18, &s);
    assert_int_equal(s.Asc, 0x29); /* 13 bytes: byte 12 is the last */
    assert_int_equal(s.Ascq, 0);
    sense[7] = 4;
    DiskParseSense(sense, 18, &s);
    assert_int_equal(s.Asc, 0);
    sense[7] = 255;
    DiskParseSense(sense, 14, &s);
    assert_int_equal(s.Ascq, 3);
}

static void unknown_response_code_is_read_as_fixed(void **state)
{
    UCHAR sense[18] = {0x7F, 0, 0x25, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0x01};
    DISK_SENSE s;

    (void)state;
    assert_true(DiskParseSense(sense, 18, &s));
    assert_int_equal(s.Key, 5);
    assert_true(s.Ili);
    assert_int_equal(s.Asc, 0x24);
}

static void descriptor_sense_with_information_and_ili(void **state)
{
    UCHAR sense[32] = {0x72, 3, 0x11, 1, 0, 0, 0, 24, /* first: type 2 of 6 */ 2, 4, 0, 0, 0, 0,
                       0, 10, 0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8, 5, 2, 0, 0x20};
    DISK_SENSE s;

    (void)state;
    sense[7] = 22;
    assert_true(DiskParseSense(sense, sizeof sense, &s));
    assert_int_equal(s.Key, 3);
    assert_int_equal(s.Asc, 0x11);
    assert_int_equal(s.Ascq, 1);
    assert_true(s.HasInformation);
    assert_true(s.Information == 0x0102030405060708ull);
    assert_true(s.Ili);
    sense[7] = 21; /* the block command descriptor is cut off */
    assert_true(DiskParseSense(sense, sizeof sense, &s));
    assert_false(s.Ili);
    assert_true(DiskParseSense(sense, 25, &s)); /* one byte short of the information descriptor */
    assert_false(s.HasInformation);
    assert_true(DiskParseSense(sense, 26, &s));
    assert_true(s.HasInformation);
}

static void oversized_and_duplicate_descriptors(void **state)
{
    UCHAR sense[40] = {0x72, 3, 0, 0, 0, 0, 0, 24, 0, 255};
    DISK_SENSE s;

    (void)state;
    assert_true(DiskParseSense(sense, 32, &s));
    assert_false(s.HasInformation);
    memset(sense + 8, 0, 32);
    sense[9] = 10;
    sense[19] = 1; /* information 1 */
    sense[21] = 10;
    sense[31] = 2; /* and again, 2 */
    assert_true(DiskParseSense(sense, 32, &s));
    assert_true(s.Information == 1);
}

static void worse_status_wins_whatever_the_order(void **state)
{
    (void)state;
    assert_int_equal(DiskWorseStatus(STATUS_SUCCESS, STATUS_IO_TIMEOUT), STATUS_IO_TIMEOUT);
    assert_int_equal(DiskWorseStatus(STATUS_IO_TIMEOUT, STATUS_SUCCESS), STATUS_IO_TIMEOUT);
    assert_int_equal(DiskWorseStatus(STATUS_DEVICE_BUSY, STATUS_IO_TIMEOUT), STATUS_IO_TIMEOUT);
    assert_int_equal(DiskWorseStatus(STATUS_IO_TIMEOUT, STATUS_DEVICE_BUSY), STATUS_IO_TIMEOUT);
    assert_int_equal(DiskWorseStatus(STATUS_IO_TIMEOUT, STATUS_NO_SUCH_DEVICE), STATUS_IO_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_valid_sense),
        cmocka_unit_test(neither_status_matters_once_sense_is_valid),
        cmocka_unit_test(every_row_without_sense),
        cmocka_unit_test(internal_error_carries_its_own_status_and_comes_first),
        cmocka_unit_test(verify_flag_on_removable_media_only),
        cmocka_unit_test(illegal_block_at_the_capacity_and_one_past_it),
        cmocka_unit_test(bad_sector_is_the_information_only_inside_the_range),
        cmocka_unit_test(seven_bytes_are_no_sense_and_eight_are),
        cmocka_unit_test(additional_length_bounds_the_codes),
        cmocka_unit_test(unknown_response_code_is_read_as_fixed),
        cmocka_unit_test(descriptor_sense_with_information_and_ili),
        cmocka_unit_test(oversized_and_duplicate_descriptors),
        cmocka_unit_test(worse_status_wins_whatever_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
