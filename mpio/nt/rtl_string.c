/* SPDX-License-Identifier: MIT */
/*
 * Counted strings: initialise, copy, append, compare, hash, and bytes compared. Comparisons that ignore
 * case are PASSIVE_LEVEL as on Windows (their table is paged there); the rest work at any IRQL <=
 * DISPATCH_LEVEL. No state.
 */
#include <string.h>

#include "nt/kernel.h"
#include "nt/rtl.h"

#define LONGEST_UNICODE 65532u  /* bytes that leave room for the terminator */
#define LONGEST_ANSI    65534u

static VOID RequireCaseLevel(BOOLEAN CaseInSensitive)
{
    NT_REQUIRE_IRQL(CaseInSensitive ? PASSIVE_LEVEL : DISPATCH_LEVEL);
}

VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T bytes;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    *DestinationString = (UNICODE_STRING){.Buffer = (PWSTR)SourceString};
    if (SourceString != NULL) {
        bytes = NtTextLength(SourceString) * sizeof(WCHAR);
        bytes = bytes > LONGEST_UNICODE ? LONGEST_UNICODE : bytes;
        DestinationString->Length = (USHORT)bytes;
        DestinationString->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    }
}

VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    SIZE_T bytes;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    *DestinationString = (ANSI_STRING){.Buffer = (PCHAR)SourceString};
    if (SourceString != NULL) {
        bytes = strlen(SourceString);
        bytes = bytes > LONGEST_ANSI ? LONGEST_ANSI : bytes;
        DestinationString->Length = (USHORT)bytes;
        DestinationString->MaximumLength = (USHORT)(bytes + 1);
    }
}

VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

/* Copies what fits; terminates when a character of room is left. */
VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT bytes = 0;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (SourceString != NULL) {
        bytes = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                        : DestinationString->MaximumLength;
        memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
        if ((ULONG)bytes + sizeof(WCHAR) <= DestinationString->MaximumLength) {
            DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
        }
    }
    DestinationString->Length = bytes;
}

VOID RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT bytes = 0;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (SourceString != NULL) {
        bytes = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                        : DestinationString->MaximumLength;
        memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    }
    DestinationString->Length = bytes;
}

static NTSTATUS Append(PUNICODE_STRING Destination, PCWCH Text, SIZE_T Bytes)
{
    if (Destination->Length + Bytes > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memmove((PUCHAR)Destination->Buffer + Destination->Length, Text, Bytes);
    Destination->Length = (USHORT)(Destination->Length + Bytes);
    if (Destination->Length + sizeof(WCHAR) <= Destination->MaximumLength) {
        Destination->Buffer[Destination->Length / sizeof(WCHAR)] = 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Source == NULL || Source->Length == 0 ? STATUS_SUCCESS
                                                 : Append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Source == NULL ? STATUS_SUCCESS
                          : Append(Destination, Source, NtTextLength(Source) * sizeof(WCHAR));
}

LONG RtlCompareUnicodeStrings(PCWCH String1, SIZE_T String1Length, PCWCH String2, SIZE_T String2Length,
                              BOOLEAN CaseInSensitive)
{
    RequireCaseLevel(CaseInSensitive);
    return NtCompareText(String1, String1Length, String2, String2Length, CaseInSensitive);
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    RequireCaseLevel(CaseInSensitive);
    return NtCompareText(String1->Buffer, String1->Length / sizeof(WCHAR), String2->Buffer,
                         String2->Length / sizeof(WCHAR), CaseInSensitive);
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    RequireCaseLevel(CaseInSensitive);
    return String1->Length == String2->Length &&
           NtCompareText(String1->Buffer, String1->Length / sizeof(WCHAR), String2->Buffer,
                         String2->Length / sizeof(WCHAR), CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    SIZE_T length = String1->Length / sizeof(WCHAR);

    RequireCaseLevel(CaseInSensitive);
    return String1->Length <= String2->Length &&
           NtCompareText(String1->Buffer, length, String2->Buffer, length, CaseInSensitive) == 0;
}

BOOLEAN RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    RequireCaseLevel(CaseInSensitive);
    if (String1->Length != String2->Length) {
        return FALSE;
    }
    for (USHORT i = 0; i < String1->Length; i++) {
        UCHAR a = (UCHAR)String1->Buffer[i], b = (UCHAR)String2->Buffer[i];
        if (a != b && (!CaseInSensitive || NtUpcase(a) != NtUpcase(b))) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Both published algorithms are the multiplication by 65599. */
NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                              PULONG HashValue)
{
    ULONG hash = 0;

    RequireCaseLevel(CaseInSensitive);
    if (String == NULL || HashValue == NULL || HashAlgorithm > HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    for (USHORT i = 0; i < String->Length / sizeof(WCHAR); i++) {
        WCHAR c = String->Buffer[i];
        hash = hash * 65599 + (CaseInSensitive ? NtUpcase(c) : c);
    }
    *HashValue = hash;
    return STATUS_SUCCESS;
}

SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1, *b = Source2;
    SIZE_T equal = 0;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    while (equal < Length && a[equal] == b[equal]) {
        equal++;
    }
    return equal;
}
