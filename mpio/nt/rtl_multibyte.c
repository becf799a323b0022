/* SPDX-License-Identifier: MIT */
/*
 * Runs of characters between UTF-16, ANSI (Windows-1252: one byte per character) and UTF-8, and the
 * counted-string forms of UTF-8. PASSIVE_LEVEL; no state. Sizes are bytes.
 */
#include "nt/format.h"
#include "nt/pool.h"
#include "nt/rtl.h"
#include "text/utf16.h"

#define TAG_UTF8 0x38667455u /* "Utf8" */

NTSTATUS RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString, PULONG BytesInUnicodeString,
                                const CHAR *MultiByteString, ULONG BytesInMultiByteString)
{
    ULONG count = MaxBytesInUnicodeString / sizeof(WCHAR);

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    count = count < BytesInMultiByteString ? count : BytesInMultiByteString;
    for (ULONG i = 0; i < count; i++) {
        UCHAR byte = (UCHAR)MultiByteString[i];

        UnicodeString[i] = byte < 0x80 ? byte : text_windows_1252(byte);
    }
    if (BytesInUnicodeString != NULL) {
        *BytesInUnicodeString = count * sizeof(WCHAR);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ToMultiByte(PCHAR To, ULONG Room, PULONG Bytes, PCWCH From, ULONG FromBytes, BOOLEAN Upcase)
{
    ULONG count = FromBytes / sizeof(WCHAR);

    count = count < Room ? count : Room;
    for (ULONG i = 0; i < count; i++) {
        To[i] = (CHAR)format_ansi_byte(Upcase ? NtUpcase(From[i]) : From[i]);
    }
    if (Bytes != NULL) {
        *Bytes = count;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString, PULONG BytesInMultiByteString,
                                PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ToMultiByte(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString, UnicodeString,
                       BytesInUnicodeString, FALSE);
}

NTSTATUS RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                      PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ToMultiByte(MultiByteString, MaxBytesInMultiByteString, BytesInMultiByteString, UnicodeString,
                       BytesInUnicodeString, TRUE);
}

NTSTATUS RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                   ULONG BytesInMultiByteString)
{
    UNREFERENCED_PARAMETER(MultiByteString);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    *BytesInUnicodeString = BytesInMultiByteString * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    UNREFERENCED_PARAMETER(UnicodeString);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    *BytesInMultiByteString = BytesInUnicodeString / sizeof(WCHAR);
    return STATUS_SUCCESS;
}

ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return (AnsiString->Length + 1u) * sizeof(WCHAR);
}

ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return UnicodeString->Length / sizeof(WCHAR) + 1u;
}

/* ---- UTF-8 -------------------------------------------------------------------------------------------------- */

/* Of the text that was converted: did all of it map? Strict measuring refuses what does not. */
static NTSTATUS Verdict(BOOLEAN Malformed, BOOLEAN Fits)
{
    if (!Fits) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    return Malformed ? STATUS_SOME_NOT_MAPPED : STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount, PULONG UTF8StringActualByteCount,
                           PCWCH UnicodeStringSource, ULONG UnicodeStringByteCount)
{
    SIZE_T units = UnicodeStringByteCount / sizeof(WCHAR), at = 0, used = 0;
    BOOLEAN malformed = FALSE, fits = TRUE;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (UnicodeStringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UnicodeStringByteCount % sizeof(WCHAR) != 0) {
        return STATUS_INVALID_PARAMETER_5;
    }
    while (at < units && fits) {
        char bytes[4];
        uint32_t point = utf16_next(UnicodeStringSource, units, &at);
        unsigned length = utf8_encode(point == UTF_MALFORMED ? UTF_REPLACEMENT : point, bytes);

        malformed |= point == UTF_MALFORMED;
        if (UTF8StringDestination != NULL) {
            if (length > UTF8StringMaxByteCount - used) {
                fits = FALSE;
                break;
            }
            RtlCopyMemory(UTF8StringDestination + used, bytes, length);
        }
        used += length;
    }
    if (UTF8StringActualByteCount != NULL) {
        *UTF8StringActualByteCount = (ULONG)used;
    }
    return Verdict(malformed, fits);
}

NTSTATUS RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                           PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource, ULONG UTF8StringByteCount)
{
    SIZE_T at = 0, used = 0, room = UnicodeStringMaxByteCount / sizeof(WCHAR);
    BOOLEAN malformed = FALSE, fits = TRUE;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (UTF8StringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    while (at < UTF8StringByteCount) {
        uint32_t point = utf8_next(UTF8StringSource, UTF8StringByteCount, &at);
        unsigned length;

        malformed |= point == UTF_MALFORMED;
        point = point == UTF_MALFORMED ? UTF_REPLACEMENT : point;
        length = point >= 0x10000 ? 2 : 1;
        if (UnicodeStringDestination != NULL) {
            if (length > room - used) {
                fits = FALSE;
                break;
            }
            if (length == 2) {
                UnicodeStringDestination[used] = (WCHAR)(0xd800 + ((point - 0x10000) >> 10));
                UnicodeStringDestination[used + 1] = (WCHAR)(0xdc00 + (point & 0x3ff));
            } else {
                UnicodeStringDestination[used] = (WCHAR)point;
            }
        }
        used += length;
    }
    if (UnicodeStringActualByteCount != NULL) {
        *UnicodeStringActualByteCount = (ULONG)(used * sizeof(WCHAR));
    }
    return Verdict(malformed, fits);
}

/* Room for Bytes and a terminator of Unit bytes in a counted string; its Length is set. */
static NTSTATUS Prepare(PUSHORT Length, PUSHORT MaximumLength, PVOID *Buffer, ULONG Bytes, ULONG Unit, BOOLEAN Allocate,
                        PVOID Caller)
{
    if (Bytes + Unit > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (Allocate) {
        *Buffer = NtPoolAllocate(NtKernel(), NT_POOL_PAGED, Bytes + Unit, TAG_UTF8, NtPoolOwner(Caller));
        if (*Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        *MaximumLength = (USHORT)(Bytes + Unit);
    } else if (Bytes + Unit > *MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    *Length = (USHORT)Bytes;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    RtlUnicodeToUTF8N(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    status = Prepare(&DestinationString->Length, &DestinationString->MaximumLength, (PVOID *)&DestinationString->Buffer,
                     bytes, 1, AllocateDestinationString, NT_CALLER());
    if (!NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW) {
        return status;
    }
    DestinationString->Buffer[bytes] = 0;
    return RtlUnicodeToUTF8N(DestinationString->Buffer, bytes, NULL, SourceString->Buffer, SourceString->Length);
}

NTSTATUS RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString, PUTF8_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    RtlUTF8ToUnicodeN(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    status = Prepare(&DestinationString->Length, &DestinationString->MaximumLength, (PVOID *)&DestinationString->Buffer,
                     bytes, sizeof(WCHAR), AllocateDestinationString, NT_CALLER());
    if (!NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW) {
        return status;
    }
    DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
    return RtlUTF8ToUnicodeN(DestinationString->Buffer, bytes, NULL, SourceString->Buffer, SourceString->Length);
}

VOID RtlFreeUTF8String(PUTF8_STRING Utf8String)
{
    RtlFreeAnsiString(Utf8String);
}
