/* SPDX-License-Identifier: MIT */
/*
 * RTL_BITMAP. Any IRQL; the caller guards the bitmap. Runs are found a bit at a time, words that
 * hold nothing of interest at once. A run outside the bitmap is cut off at its end. No state.
 */
#include "nt/kernel.h"

#define WORD_BITS 32u

static BOOLEAN IsSet(const RTL_BITMAP *Map, ULONG Bit)
{
    return (Map->Buffer[Bit / WORD_BITS] >> (Bit % WORD_BITS) & 1) != 0;
}

/* First bit at or behind From that is set (Wanted) or clear; SizeOfBitMap when there is none. */
static ULONG Next(const RTL_BITMAP *Map, ULONG From, BOOLEAN Wanted)
{
    const ULONG nothing = Wanted ? 0 : MAXULONG;

    while (From < Map->SizeOfBitMap) {
        if (From % WORD_BITS == 0 && Map->Buffer[From / WORD_BITS] == nothing) {
            if (Map->SizeOfBitMap - From <= WORD_BITS) {
                break;
            }
            From += WORD_BITS;
            continue;
        }
        if (IsSet(Map, From) == Wanted) {
            return From;
        }
        From++;
    }
    return Map->SizeOfBitMap;
}

static ULONG Clipped(const RTL_BITMAP *Map, ULONG Start, ULONG Length)
{
    if (Start >= Map->SizeOfBitMap) {
        return 0;
    }
    return Length > Map->SizeOfBitMap - Start ? Map->SizeOfBitMap - Start : Length;
}

static VOID Write(PRTL_BITMAP Map, ULONG Start, ULONG Length, BOOLEAN Set)
{
    ULONG end = Start + Clipped(Map, Start, Length);

    for (ULONG bit = Start; bit < end;) {
        ULONG mask = 1u << (bit % WORD_BITS), count = 1;

        if (bit % WORD_BITS == 0 && end - bit >= WORD_BITS) {
            mask = MAXULONG;
            count = WORD_BITS;
        }
        Map->Buffer[bit / WORD_BITS] = Set ? Map->Buffer[bit / WORD_BITS] | mask : Map->Buffer[bit / WORD_BITS] & ~mask;
        bit += count;
    }
}

/* First run of Count such bits that begins in [From, Below). */
static ULONG FindRun(const RTL_BITMAP *Map, ULONG From, ULONG Below, ULONG Count, BOOLEAN Set)
{
    while (From < Below) {
        ULONG start = Next(Map, From, Set), end;

        if (start >= Below || Count > Map->SizeOfBitMap - start) {
            break;
        }
        end = Next(Map, start, !Set);
        if (end - start >= Count) {
            return start;
        }
        From = end;
    }
    return RTL_BITMAP_NOT_FOUND;
}

static ULONG Find(const RTL_BITMAP *Map, ULONG Count, ULONG Hint, BOOLEAN Set)
{
    ULONG found;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Hint >= Map->SizeOfBitMap) {
        Hint = 0;
    }
    if (Count == 0) {
        return Hint & ~7u; /* as published for an empty run */
    }
    found = FindRun(Map, Hint, Map->SizeOfBitMap, Count, Set);
    return found != RTL_BITMAP_NOT_FOUND || Hint == 0 ? found : FindRun(Map, 0, Hint, Count, Set);
}

VOID RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

VOID RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Write(BitMapHeader, BitNumber, 1, FALSE);
}

VOID RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Write(BitMapHeader, BitNumber, 1, TRUE);
}

BOOLEAN RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return BitNumber < BitMapHeader->SizeOfBitMap && IsSet(BitMapHeader, BitNumber);
}

VOID RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    RtlZeroMemory(BitMapHeader->Buffer, ((SIZE_T)BitMapHeader->SizeOfBitMap + 31) / WORD_BITS * sizeof(ULONG));
}

VOID RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    RtlFillMemory(BitMapHeader->Buffer, ((SIZE_T)BitMapHeader->SizeOfBitMap + 31) / WORD_BITS * sizeof(ULONG), 0xff);
}

VOID RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Write(BitMapHeader, StartingIndex, NumberToClear, FALSE);
}

VOID RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    Write(BitMapHeader, StartingIndex, NumberToSet, TRUE);
}

ULONG RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Find(BitMapHeader, NumberToFind, HintIndex, FALSE);
}

ULONG RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Find(BitMapHeader, NumberToFind, HintIndex, TRUE);
}

ULONG RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG found;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    found = Find(BitMapHeader, NumberToFind, HintIndex, FALSE);
    if (found != RTL_BITMAP_NOT_FOUND) {
        Write(BitMapHeader, found, NumberToFind, TRUE);
    }
    return found;
}

ULONG RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG found;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    found = Find(BitMapHeader, NumberToFind, HintIndex, TRUE);
    if (found != RTL_BITMAP_NOT_FOUND) {
        Write(BitMapHeader, found, NumberToFind, FALSE);
    }
    return found;
}

ULONG RtlFindClearRuns(PRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray, ULONG SizeOfRunArray,
                       BOOLEAN LocateLongestRuns)
{
    ULONG count = 0;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    for (ULONG bit = Next(BitMapHeader, 0, FALSE); bit < BitMapHeader->SizeOfBitMap;) {
        ULONG end = Next(BitMapHeader, bit, TRUE), place = count;

        if (!LocateLongestRuns && count == SizeOfRunArray) {
            break;
        }
        while (LocateLongestRuns && place > 0 && RunArray[place - 1].NumberOfBits < end - bit) {
            place--;
        }
        if (place < SizeOfRunArray) {
            count += count < SizeOfRunArray;
            for (ULONG i = count - 1; i > place; i--) {
                RunArray[i] = RunArray[i - 1];
            }
            RunArray[place] = (RTL_BITMAP_RUN){bit, end - bit};
        }
        bit = Next(BitMapHeader, end, FALSE);
    }
    return count;
}

ULONG RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    RTL_BITMAP_RUN run = {0, 0};

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    RtlFindClearRuns(BitMapHeader, &run, 1, TRUE);
    *StartingIndex = run.StartingIndex;
    return run.NumberOfBits;
}

ULONG RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *StartingRunIndex = Next(BitMapHeader, FromIndex, FALSE);
    if (*StartingRunIndex >= BitMapHeader->SizeOfBitMap) {
        *StartingRunIndex = FromIndex;
        return 0;
    }
    return Next(BitMapHeader, *StartingRunIndex, TRUE) - *StartingRunIndex;
}

ULONG RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

ULONG RtlFindLastBackwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex)
{
    ULONG end = FromIndex < BitMapHeader->SizeOfBitMap ? FromIndex + 1 : BitMapHeader->SizeOfBitMap, start;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    while (end > 0 && IsSet(BitMapHeader, end - 1)) {
        end--;
    }
    for (start = end; start > 0 && !IsSet(BitMapHeader, start - 1);) {
        start--;
    }
    *StartingRunIndex = end == 0 ? FromIndex : start;
    return end - start;
}

static ULONG Count(const RTL_BITMAP *Map, ULONG Start, ULONG Length)
{
    ULONG count = 0;

    for (ULONG bit = Next(Map, Start, TRUE); bit < Start + Length; bit = Next(Map, bit + 1, TRUE)) {
        count++;
    }
    return count;
}

static BOOLEAN Inside(const RTL_BITMAP *Map, ULONG Start, ULONG Length)
{
    return Length != 0 && Start < Map->SizeOfBitMap && Length <= Map->SizeOfBitMap - Start;
}

ULONG RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Count(BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

ULONG RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return BitMapHeader->SizeOfBitMap - Count(BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

ULONG RtlNumberOfSetBitsInRange(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Inside(BitMapHeader, StartingIndex, Length) ? Count(BitMapHeader, StartingIndex, Length) : 0;
}

ULONG RtlNumberOfClearBitsInRange(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Inside(BitMapHeader, StartingIndex, Length) ? Length - Count(BitMapHeader, StartingIndex, Length) : 0;
}

ULONG RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (ULONG)__builtin_popcountll(Target);
}

BOOLEAN RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Inside(BitMapHeader, StartingIndex, Length) &&
           Next(BitMapHeader, StartingIndex, TRUE) - StartingIndex >= Length;
}

BOOLEAN RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Inside(BitMapHeader, StartingIndex, Length) &&
           Next(BitMapHeader, StartingIndex, FALSE) - StartingIndex >= Length;
}

VOID RtlCopyBitMap(PRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit)
{
    ULONG length = Clipped(Destination, TargetBit, Source->SizeOfBitMap);

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    for (ULONG i = 0; i < length; i++) {
        Write(Destination, TargetBit + i, 1, IsSet(Source, i));
    }
}

VOID RtlExtractBitMap(PRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit, ULONG NumberOfBits)
{
    ULONG length = Clipped(Source, TargetBit, Clipped(Destination, 0, NumberOfBits));

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    for (ULONG i = 0; i < length; i++) {
        Write(Destination, i, 1, IsSet(Source, TargetBit + i));
    }
}

CCHAR RtlFindMostSignificantBit(ULONGLONG Set)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (CCHAR)(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}

CCHAR RtlFindLeastSignificantBit(ULONGLONG Set)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (CCHAR)(Set == 0 ? -1 : __builtin_ctzll(Set));
}
