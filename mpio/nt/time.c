/* SPDX-License-Identifier: MIT */
/*
 * Time and processors as drivers see them. The clock is the world's: system time starts at NT_EPOCH,
 * a tick is 15.625 ms, the performance counter counts 100 ns. Any IRQL. Stalling and yielding let
 * time pass and others run, at any IRQL.
 */
#include "nt/suspend.h"

#define TICK_UNITS 156250ull
#define COUNTER_HZ 10000000ll
#define YIELD_UNITS 1 /* what one YieldProcessor costs */

VOID KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    CurrentTime->QuadPart = (LONGLONG)(NT_EPOCH + NtNow());
}

VOID KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    KeQuerySystemTime(CurrentTime);
}

VOID KeQueryTickCount(PLARGE_INTEGER TickCount)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    TickCount->QuadPart = (LONGLONG)(NtNow() / TICK_UNITS);
}

ULONG KeQueryTimeIncrement(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (ULONG)TICK_UNITS;
}

ULONGLONG KeQueryInterruptTime(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtNow();
}

ULONGLONG KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *QpcTimeStamp = NtNow();
    return NtNow();
}

ULONGLONG KeQueryUnbiasedInterruptTime(VOID)
{
    return KeQueryInterruptTime();
}

LARGE_INTEGER KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER count;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = COUNTER_HZ;
    }
    count.QuadPart = (LONGLONG)NtNow();
    return count;
}

VOID ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    LocalTime->QuadPart = SystemTime->QuadPart; /* the machines live in UTC */
}

VOID KeStallExecutionProcessor(ULONG MicroSeconds)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtSleepUntil(NtNow() + (MicroSeconds == 0 ? YIELD_UNITS : MicroSeconds * WORLD_US));
}

VOID DdkYieldProcessor(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtSleepUntil(NtNow() + YIELD_UNITS);
}

ULONG KeQueryActiveProcessorCount(KAFFINITY *ActiveProcessors)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (ActiveProcessors != NULL) {
        *ActiveProcessors = KeQueryActiveProcessors();
    }
    return NtKernel()->Machine->cpus;
}

ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return GroupNumber == 0 || GroupNumber == ALL_PROCESSOR_GROUPS ? NtKernel()->Machine->cpus : 0;
}

ULONG KeQueryMaximumProcessorCount(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtKernel()->Machine->cpus;
}

ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

KAFFINITY KeQueryActiveProcessors(VOID)
{
    unsigned cpus = NtKernel()->Machine->cpus;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return cpus >= sizeof(KAFFINITY) * 8 ? ~(KAFFINITY)0 : ((KAFFINITY)1 << cpus) - 1;
}

USHORT KeQueryActiveGroupCount(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return 1;
}

USHORT KeQueryHighestNodeNumber(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return 0;
}

ULONG KeGetCurrentProcessorNumber(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtContext()->Cpu;
}

ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (ProcNumber != NULL) {
        ProcNumber->Group = 0;
        ProcNumber->Number = NtContext()->Cpu;
        ProcNumber->Reserved = 0;
    }
    return NtContext()->Cpu;
}
