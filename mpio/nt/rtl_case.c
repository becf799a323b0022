/* SPDX-License-Identifier: MIT */
/*
 * Case of characters: one deterministic mapping for strings, registry names and hashes, whatever the
 * host's locale. One unit maps to one unit, so lengths never change. Any IRQL; no state.
 */
#include "nt/kernel.h"
#include "nt/rtl.h"

/* Ranges in which lower = upper + Distance. Step 2: upper and lower alternate from First on. */
static const struct {
    WCHAR FirstUpper, LastUpper;
    USHORT Distance;
    USHORT Step;
} CaseRanges[] = {
    {0x0041, 0x005A, 32, 1},    /* A-Z */
    {0x00C0, 0x00D6, 32, 1},
    {0x00D8, 0x00DE, 32, 1},
    {0x0100, 0x012E, 1, 2},     /* Latin Extended-A */
    {0x0132, 0x0136, 1, 2},
    {0x0139, 0x0147, 1, 2},
    {0x014A, 0x0176, 1, 2},
    {0x0179, 0x017D, 1, 2},
    {0x0386, 0x0386, 38, 1},    /* Greek with tonos */
    {0x0388, 0x038A, 37, 1},
    {0x038C, 0x038C, 64, 1},
    {0x038E, 0x038F, 63, 1},
    {0x0391, 0x03A1, 32, 1},
    {0x03A3, 0x03AB, 32, 1},
    {0x0400, 0x040F, 80, 1},    /* Cyrillic */
    {0x0410, 0x042F, 32, 1},
    {0xFF21, 0xFF3A, 32, 1},    /* full width */
};

WCHAR NtUpcase(WCHAR Character)
{
    if (Character < 0x80) {
        return Character >= 'a' && Character <= 'z' ? (WCHAR)(Character - 32) : Character;
    }
    if (Character == 0x00FF) {
        return 0x0178;
    }
    if (Character == 0x03C2) {
        return 0x03A3; /* final sigma */
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(CaseRanges); i++) {
        ULONG upper = (ULONG)Character - CaseRanges[i].Distance;
        if (upper >= CaseRanges[i].FirstUpper && upper <= CaseRanges[i].LastUpper) {
            if ((upper - CaseRanges[i].FirstUpper) % CaseRanges[i].Step == 0) {
                return (WCHAR)upper;
            }
        }
    }
    return Character;
}

WCHAR NtDowncase(WCHAR Character)
{
    if (Character == 0x0178) {
        return 0x00FF;
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(CaseRanges); i++) {
        if (Character >= CaseRanges[i].FirstUpper && Character <= CaseRanges[i].LastUpper &&
            (Character - CaseRanges[i].FirstUpper) % CaseRanges[i].Step == 0) {
            return (WCHAR)(Character + CaseRanges[i].Distance);
        }
    }
    return Character;
}

LONG NtCompareText(PCWCH A, SIZE_T LengthA, PCWCH B, SIZE_T LengthB, BOOLEAN CaseInSensitive)
{
    SIZE_T common = LengthA < LengthB ? LengthA : LengthB;

    for (SIZE_T i = 0; i < common; i++) {
        WCHAR a = A[i], b = B[i];
        if (a != b && CaseInSensitive) {
            a = NtUpcase(a);
            b = NtUpcase(b);
        }
        if (a != b) {
            return (LONG)a - (LONG)b;
        }
    }
    return LengthA < LengthB ? -1 : LengthA > LengthB;
}

SIZE_T NtTextLength(PCWSTR Text)
{
    SIZE_T length = 0;

    while (Text[length] != 0) {
        length++;
    }
    return length;
}

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtUpcase(SourceCharacter);
}

WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return NtDowncase(SourceCharacter);
}

CHAR RtlUpperChar(CHAR Character)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - 32) : Character;
}
