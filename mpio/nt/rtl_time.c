/* SPDX-License-Identifier: MIT */
/*
 * Calendar time (proleptic Gregorian, 100 ns since 1601), and the pseudo-random generators, which
 * depend on the caller's seed alone. Any IRQL; no state.
 */
#include "nt/kernel.h"

#define UNITS_PER_MS     10000ll
#define UNITS_PER_SECOND 10000000ll
#define SECONDS_PER_DAY  86400ll
#define SECONDS_TO_1970  11644473600ll
#define SECONDS_TO_1980  11960006400ll
#define DAYS_PER_ERA     146097ll /* 400 years */
#define LAST_YEAR        30827    /* what a positive LARGE_INTEGER can hold */

static BOOLEAN IsLeap(LONG Year)
{
    return (Year % 4 == 0 && Year % 100 != 0) || Year % 400 == 0;
}

static LONG DaysOfMonth(LONG Year, LONG Month)
{
    static const UCHAR days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[Month - 1] + (Month == 2 && IsLeap(Year));
}

/* Days from 1 January 1601 to 1 January of the year. */
static LONGLONG DaysToYear(LONG Year)
{
    LONGLONG years = Year - 1601;

    return years * 365 + years / 4 - years / 100 + years / 400;
}

VOID RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    LONGLONG seconds = Time->QuadPart / UNITS_PER_SECOND, days = seconds / SECONDS_PER_DAY;
    LONGLONG left = days;
    LONG year, month = 1;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    year = (LONG)(1601 + days / DAYS_PER_ERA * 400);
    left -= days / DAYS_PER_ERA * DAYS_PER_ERA;
    while (left >= 365 + IsLeap(year)) {
        left -= 365 + IsLeap(year);
        year++;
    }
    while (left >= DaysOfMonth(year, month)) {
        left -= DaysOfMonth(year, month);
        month++;
    }
    TimeFields->Year = (CSHORT)year;
    TimeFields->Month = (CSHORT)month;
    TimeFields->Day = (CSHORT)(left + 1);
    TimeFields->Hour = (CSHORT)(seconds % SECONDS_PER_DAY / 3600);
    TimeFields->Minute = (CSHORT)(seconds % 3600 / 60);
    TimeFields->Second = (CSHORT)(seconds % 60);
    TimeFields->Milliseconds = (CSHORT)(Time->QuadPart % UNITS_PER_SECOND / UNITS_PER_MS);
    TimeFields->Weekday = (CSHORT)((days + 1) % 7); /* 1 January 1601 was a Monday */
}

BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    const TIME_FIELDS *f = TimeFields;
    LONGLONG days;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (f->Year < 1601 || f->Year > LAST_YEAR || f->Month < 1 || f->Month > 12 || f->Day < 1 ||
        f->Day > DaysOfMonth(f->Year, f->Month) || f->Hour < 0 || f->Hour > 23 || f->Minute < 0 || f->Minute > 59 ||
        f->Second < 0 || f->Second > 59 || f->Milliseconds < 0 || f->Milliseconds > 999) {
        return FALSE;
    }
    days = DaysToYear(f->Year) + f->Day - 1;
    for (LONG month = 1; month < f->Month; month++) {
        days += DaysOfMonth(f->Year, month);
    }
    Time->QuadPart = (days * SECONDS_PER_DAY + f->Hour * 3600 + f->Minute * 60 + f->Second) * UNITS_PER_SECOND +
                     f->Milliseconds * UNITS_PER_MS;
    return TRUE;
}

static BOOLEAN ToSeconds(LONGLONG Time, LONGLONG Epoch, PULONG Seconds)
{
    LONGLONG seconds = Time / UNITS_PER_SECOND - Epoch;

    if (seconds < 0 || seconds > (LONGLONG)MAXULONG) {
        return FALSE;
    }
    *Seconds = (ULONG)seconds;
    return TRUE;
}

BOOLEAN RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return ToSeconds(Time->QuadPart, SECONDS_TO_1970, ElapsedSeconds);
}

BOOLEAN RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return ToSeconds(Time->QuadPart, SECONDS_TO_1980, ElapsedSeconds);
}

VOID RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Time->QuadPart = (ElapsedSeconds + SECONDS_TO_1970) * UNITS_PER_SECOND;
}

VOID RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Time->QuadPart = (ElapsedSeconds + SECONDS_TO_1980) * UNITS_PER_SECOND;
}

VOID ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    SystemTime->QuadPart = LocalTime->QuadPart; /* the machines live in UTC */
}

/* Lehmer's generator with the published constants. */
ULONG RtlUniform(PULONG Seed)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *Seed = (ULONG)((0x7fffffedull * *Seed + 0x7fffffc3ull) % 0x7fffffffull);
    return *Seed;
}

/* Windows shuffles through a table that all callers share; here the seed alone decides. */
ULONG RtlRandom(PULONG Seed)
{
    ULONG first = RtlUniform(Seed);

    return first ^ (RtlUniform(Seed) >> 16);
}

ULONG RtlRandomEx(PULONG Seed)
{
    return RtlRandom(Seed);
}
