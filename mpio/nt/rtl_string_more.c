/* SPDX-License-Identifier: MIT */
/*
 * Counted strings beyond the everyday ones: checked initialisation, comparison of narrow strings,
 * suffixes, appending, duplicates, 64-bit numbers. Comparisons that ignore case are PASSIVE_LEVEL as
 * on Windows. No state.
 */
#include <string.h>

#include "nt/pool.h"
#include "nt/rtl.h"

#define TAG_DUPLICATE   0x53725452u /* "RTrS" */
#define LONGEST_UNICODE 65532u      /* bytes that leave room for the terminator */
#define LONGEST_ANSI    65534u

static VOID RequireCaseLevel(BOOLEAN CaseInSensitive)
{
    NT_REQUIRE_IRQL(CaseInSensitive ? PASSIVE_LEVEL : DISPATCH_LEVEL);
}

NTSTATUS RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (SourceString != NULL && NtTextLength(SourceString) * sizeof(WCHAR) > LONGEST_UNICODE) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (SourceString != NULL && strlen(SourceString) > LONGEST_ANSI) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitAnsiString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

NTSTATUS RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString)
{
    return RtlInitAnsiStringEx(DestinationString, SourceString);
}

VOID RtlInitUTF8String(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    RtlInitAnsiString(DestinationString, SourceString);
}

NTSTATUS RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    return RtlInitAnsiStringEx(DestinationString, SourceString);
}

static LONG Compare(const STRING *A, const STRING *B, USHORT Length, BOOLEAN CaseInSensitive)
{
    for (USHORT i = 0; i < Length; i++) {
        WCHAR a = (UCHAR)A->Buffer[i], b = (UCHAR)B->Buffer[i];

        if (CaseInSensitive) {
            a = NtUpcase(a);
            b = NtUpcase(b);
        }
        if (a != b) {
            return (LONG)a - (LONG)b;
        }
    }
    return 0;
}

LONG RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    USHORT common = String1->Length < String2->Length ? String1->Length : String2->Length;
    LONG order;

    RequireCaseLevel(CaseInSensitive);
    order = Compare(String1, String2, common, CaseInSensitive);
    return order != 0 ? order : (LONG)String1->Length - (LONG)String2->Length;
}

BOOLEAN RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    RequireCaseLevel(CaseInSensitive);
    return String1->Length <= String2->Length && Compare(String1, String2, String1->Length, CaseInSensitive) == 0;
}

BOOLEAN RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    SIZE_T length = String1->Length / sizeof(WCHAR), whole = String2->Length / sizeof(WCHAR);

    RequireCaseLevel(CaseInSensitive);
    return length <= whole &&
           NtCompareText(String1->Buffer, length, String2->Buffer + (whole - length), length, CaseInSensitive) == 0;
}

VOID RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT length = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                            : DestinationString->MaximumLength;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    for (USHORT i = 0; i < length; i++) {
        CHAR c = SourceString->Buffer[i];

        DestinationString->Buffer[i] = c >= 'a' && c <= 'z' ? (CHAR)(c - 32) : c;
    }
    DestinationString->Length = length;
}

static NTSTATUS Append(PSTRING Destination, const CHAR *Text, SIZE_T Length)
{
    if (Destination->Length + Length > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memmove(Destination->Buffer + Destination->Length, Text, Length);
    Destination->Length = (USHORT)(Destination->Length + Length);
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendStringToString(PSTRING Destination, const STRING *Source)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS RtlAppendAsciizToString(PSTRING Destination, PCSZ Source)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Source == NULL ? STATUS_SUCCESS : Append(Destination, Source, strlen(Source));
}

NTSTATUS RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Flags != 0 || String == NULL || String->Length % sizeof(WCHAR) != 0 ||
        String->MaximumLength % sizeof(WCHAR) != 0 || String->Length > String->MaximumLength ||
        (String->Buffer == NULL && String->MaximumLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn, PUNICODE_STRING StringOut)
{
    const ULONG known = RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE |
                        RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    ULONG bytes, length;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if ((Flags & ~known) != 0 || Flags == RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING || StringOut == NULL ||
        (StringIn != NULL && !NT_SUCCESS(RtlValidateUnicodeString(0, StringIn)))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = StringIn == NULL ? 0 : StringIn->Length;
    bytes = length + ((Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0 ? sizeof(WCHAR) : 0);
    *StringOut = (UNICODE_STRING){0, 0, NULL};
    if (length == 0 && (Flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) == 0) {
        return STATUS_SUCCESS;
    }
    if (bytes > MAXUSHORT) {
        return STATUS_NAME_TOO_LONG;
    }
    StringOut->Buffer = NtPoolAllocate(NtKernel(), NT_POOL_PAGED, bytes, TAG_DUPLICATE,
                                       NtPoolOwner(NT_CALLER()));
    if (StringOut->Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (length != 0) {
        memcpy(StringOut->Buffer, StringIn->Buffer, length);
    }
    if (bytes > length) {
        StringOut->Buffer[length / sizeof(WCHAR)] = 0;
    }
    StringOut->Length = (USHORT)length;
    StringOut->MaximumLength = (USHORT)bytes;
    return STATUS_SUCCESS;
}

static ULONG DigitOf(WCHAR Character)
{
    WCHAR upper = NtUpcase(Character);

    if (upper >= '0' && upper <= '9') {
        return (ULONG)(upper - '0');
    }
    return upper >= 'A' && upper <= 'F' ? (ULONG)(upper - 'A' + 10) : 16;
}

/* As RtlUnicodeStringToInteger, in 64 bits; a number that does not fit is refused. */
NTSTATUS RtlUnicodeStringToInt64(PCUNICODE_STRING String, ULONG Base, PLONG64 Number, PWSTR *EndPointer)
{
    PCWSTR text = String->Buffer;
    SIZE_T length = String->Length / sizeof(WCHAR), i = 0;
    ULONGLONG value = 0;
    BOOLEAN negative = FALSE, fits = TRUE;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (Base != 0 && Base != 2 && Base != 8 && Base != 10 && Base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    while (i < length && text[i] <= ' ') {
        i++;
    }
    if (i < length && (text[i] == '-' || text[i] == '+')) {
        negative = text[i++] == '-';
    }
    if (Base == 0) {
        WCHAR prefix = i + 1 < length && text[i] == '0' ? text[i + 1] : 0;

        Base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 10;
        i += Base == 10 ? 0 : 2;
    }
    for (; i < length && DigitOf(text[i]) < Base; i++) {
        fits = fits && !__builtin_mul_overflow(value, (ULONGLONG)Base, &value) &&
               !__builtin_add_overflow(value, (ULONGLONG)DigitOf(text[i]), &value);
    }
    if (EndPointer != NULL) {
        *EndPointer = String->Buffer + i;
    }
    if (!fits || value > (ULONGLONG)MAXLONGLONG + negative) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *Number = negative ? (LONG64)(0 - value) : (LONG64)value;
    return STATUS_SUCCESS;
}
