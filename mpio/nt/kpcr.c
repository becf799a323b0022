/* SPDX-License-Identifier: MIT */
/*
 * The pages of a real kernel that x64 drivers read without asking it, because the WDK's headers do so inline: the
 * shared data of the system and the processor's control region; and cr8. The fields that this kernel can answer
 * truthfully have their value, made at the moment of the read. Rule: NT-MSVC-01. Any IRQL.
 */
#include "nt/seh.h"

#include <string.h>

#include "nt/suspend.h"
#include "nt/thread.h"

#define TICK_UNITS      156250ull
#define READ_WEIGHT     200u        /* kernel calls that one read counts as, where nothing makes progress: it is that slow */
#define TICK_MULTIPLIER 0x0FA00000u /* milliseconds per tick times 2^24 */
#define COUNTER_HZ      10000000ull
#define SERVER_PRODUCT  3u
#define AMD64_IMAGES    0x8664u
#define AMD64_PROCESSOR 9u

typedef struct _FIELD {
    USHORT Offset, Bytes;
    ULONGLONG Value;
} FIELD;

static VOID Copy(const FIELD *Fields, SIZE_T Count, SIZE_T From, PUCHAR To, SIZE_T Length)
{
    memset(To, 0, Length);
    for (SIZE_T i = 0; i < Count; i++) {
        for (SIZE_T byte = 0; byte < Fields[i].Bytes; byte++) {
            SIZE_T at = Fields[i].Offset + byte - From;

            if (Fields[i].Offset + byte >= From && at < Length) {
                To[at] = (UCHAR)(Fields[i].Value >> (8 * byte));
            }
        }
    }
}

/* Times stand there as low, high and high again: readers without 8-byte loads compare the two. */
#define TIME(Offset, Value) {(Offset), 8, (Value)}, {(Offset) + 8, 4, (Value) >> 32}

static VOID ReadSharedData(SIZE_T From, PUCHAR To, SIZE_T Length)
{
    static const WCHAR root[] = u"C:\\Windows";
    const struct nt_options *options = &NtKernel()->Options;
    const ULONGLONG now = NtNow(), system = NT_EPOCH + now, ticks = now / TICK_UNITS;
    const FIELD fields[] = {
        {0x004, 4, TICK_MULTIPLIER},
        TIME(0x008, now),
        TIME(0x014, system),
        {0x02C, 2, AMD64_IMAGES},
        {0x02E, 2, AMD64_IMAGES},
        {0x260, 4, options->os_build},
        {0x264, 4, SERVER_PRODUCT},
        {0x268, 1, TRUE},
        {0x26A, 2, AMD64_PROCESSOR},
        {0x26C, 4, options->os_major},
        {0x270, 4, options->os_minor},
        {0x300, 8, COUNTER_HZ},
        TIME(0x320, ticks),
        {0x3C0, 4, NtKernel()->Machine->cpus},
        {0x3C4, 1, 1},
    };

    Copy(fields, RTL_NUMBER_OF(fields), From, To, Length);
    for (SIZE_T i = 0; i < sizeof(root); i++) {
        if (0x30 + i >= From && 0x30 + i - From < Length) {
            To[0x30 + i - From] = ((const UCHAR *)root)[i];
        }
    }
}

/* KPCR and the head of KPRCB. Zero would be a lie for what is not listed: it is not there. */
static BOOLEAN ReadProcessorBlock(SIZE_T From, PUCHAR To, SIZE_T Length)
{
    const ULONGLONG cpu = NtContext()->Cpu;
    const FIELD fields[] = {
        {0x018, 8, NT_PROCESSOR_BLOCK},                         /* itself */
        {0x020, 8, NT_PROCESSOR_BLOCK + 0x180},                 /* the KPRCB within */
        {0x030, 8, NT_PROCESSOR_BLOCK},
        {0x060, 2, 1},                                          /* version of the structure */
        {0x062, 2, 1},
        {0x184, 1, cpu},
        {0x188, 8, (ULONG_PTR)NtThreadCurrent()},
        {0x198, 8, (ULONG_PTR)NtKernel()->IdleThread},
        {0x1A4, 4, cpu},
    };

    for (SIZE_T i = 0; i < RTL_NUMBER_OF(fields); i++) {
        if (From >= fields[i].Offset && From + Length <= (SIZE_T)fields[i].Offset + fields[i].Bytes) {
            Copy(&fields[i], 1, From, To, Length);
            return TRUE;
        }
    }
    return FALSE;
}

BOOLEAN NtReadKernelPage(ULONGLONG Address, PVOID To, SIZE_T Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtKernel()->ProgressCalls += READ_WEIGHT - 1;
    if (Address - NT_SHARED_DATA <= NT_SHARED_DATA_BYTES - Length) {
        ReadSharedData(Address - NT_SHARED_DATA, To, Length);
        return TRUE;
    }
    return Address - NT_PROCESSOR_BLOCK <= NT_PROCESSOR_BLOCK_BYTES - Length &&
           ReadProcessorBlock(Address - NT_PROCESSOR_BLOCK, To, Length);
}

KIRQL NtReadCr8(VOID)
{
    return KeGetCurrentIrql();
}

VOID NtWriteCr8(ULONGLONG NewIrql)
{
    KIRQL now = NtContext()->Irql;

    if (NewIrql > HIGH_LEVEL) {
        NtBugCheckRule(RULE_IRQL_RAISE, now, NewIrql);
    }
    if (NewIrql >= now) {
        KfRaiseIrql((KIRQL)NewIrql);
    } else {
        KfLowerIrql((KIRQL)NewIrql);
    }
}
