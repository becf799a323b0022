/* SPDX-License-Identifier: MIT */
/*
 * The RtlUnicodeString* half of ntstrsafe.h: counted destinations, no terminator. A cut-off copy
 * keeps what fits and answers STATUS_BUFFER_OVERFLOW; an inconsistent string
 * STATUS_INVALID_PARAMETER.
 */
#ifndef OPENMPIO_UNICODE_STRSAFE_H
#define OPENMPIO_UNICODE_STRSAFE_H

#include <ntstrsafe.h>

DDK_BEGIN_C

FORCEINLINE NTSTATUS RtlUnicodeStringValidate(const UNICODE_STRING *String)
{
    if (String == NULL || String->Length % sizeof(WCHAR) != 0 ||
        String->MaximumLength % sizeof(WCHAR) != 0 || String->Length > String->MaximumLength ||
        (String->Buffer == NULL && String->MaximumLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* The string then describes pszSrc itself, terminator included in MaximumLength. */
FORCEINLINE NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    SIZE_T length = 0;

    if (DestinationString == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = NULL;
    if (pszSrc == NULL) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(RtlStringCchLengthW(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH, &length))) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (WCHAR *)pszSrc;
    return STATUS_SUCCESS;
}

/* Copies characters behind the first "keep" ones. */
FORCEINLINE NTSTATUS DdkUnicodeStrsafePut(PUNICODE_STRING Destination, SIZE_T Keep,
                                          const WCHAR *Source, SIZE_T SourceLength)
{
    SIZE_T room, count;

    if (!NT_SUCCESS(RtlUnicodeStringValidate(Destination)) ||
        (Source == NULL && SourceLength != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    room = Destination->MaximumLength / sizeof(WCHAR) - Keep;
    count = SourceLength < room ? SourceLength : room;
    if (count > 0) {
        __builtin_memmove(Destination->Buffer + Keep, Source, count * sizeof(WCHAR));
    }
    Destination->Length = (USHORT)((Keep + count) * sizeof(WCHAR));
    return count < SourceLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

FORCEINLINE NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString,
                                                const WCHAR *pszSrc)
{
    SIZE_T length;

    if (!NT_SUCCESS(RtlStringCchLengthW(pszSrc, NTSTRSAFE_MAX_CCH, &length))) {
        return STATUS_INVALID_PARAMETER;
    }
    return DdkUnicodeStrsafePut(DestinationString, 0, pszSrc, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING DestinationString,
                                          const UNICODE_STRING *SourceString)
{
    if (!NT_SUCCESS(RtlUnicodeStringValidate(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    return DdkUnicodeStrsafePut(DestinationString, 0, SourceString->Buffer,
                                SourceString->Length / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING DestinationString,
                                               const WCHAR *pszSrc)
{
    SIZE_T length;

    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||
        !NT_SUCCESS(RtlStringCchLengthW(pszSrc, NTSTRSAFE_MAX_CCH, &length))) {
        return STATUS_INVALID_PARAMETER;
    }
    return DdkUnicodeStrsafePut(DestinationString, DestinationString->Length / sizeof(WCHAR),
                                pszSrc, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING DestinationString,
                                         const UNICODE_STRING *SourceString)
{
    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||
        !NT_SUCCESS(RtlUnicodeStringValidate(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    return DdkUnicodeStrsafePut(DestinationString, DestinationString->Length / sizeof(WCHAR),
                                SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

/* The forms that take at most so many characters (bytes) of the source. */
FORCEINLINE NTSTATUS RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                                    SIZE_T cchToCopy)
{
    SIZE_T length = 0;

    if (pszSrc == NULL || cchToCopy > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    while (length < cchToCopy && pszSrc[length] != 0) {
        length++;
    }
    return DdkUnicodeStrsafePut(DestinationString, 0, pszSrc, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                                   SIZE_T cbToCopy)
{
    return RtlUnicodeStringCchCopyStringN(DestinationString, pszSrc, cbToCopy / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                                   SIZE_T cchToAppend)
{
    SIZE_T length = 0;

    if (pszSrc == NULL || cchToAppend > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        !NT_SUCCESS(RtlUnicodeStringValidate(DestinationString))) {
        return STATUS_INVALID_PARAMETER;
    }
    while (length < cchToAppend && pszSrc[length] != 0) {
        length++;
    }
    return DdkUnicodeStrsafePut(DestinationString, DestinationString->Length / sizeof(WCHAR), pszSrc, length);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                                  SIZE_T cbToAppend)
{
    return RtlUnicodeStringCchCatStringN(DestinationString, pszSrc, cbToAppend / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlUnicodeStringCchCopyN(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString,
                                              SIZE_T cchToCopy)
{
    SIZE_T length;

    if (!NT_SUCCESS(RtlUnicodeStringValidate(SourceString)) || cchToCopy > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString->Length / sizeof(WCHAR);
    return DdkUnicodeStrsafePut(DestinationString, 0, SourceString->Buffer, length < cchToCopy ? length : cchToCopy);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCbCopyN(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString,
                                             SIZE_T cbToCopy)
{
    return RtlUnicodeStringCchCopyN(DestinationString, SourceString, cbToCopy / sizeof(WCHAR));
}

FORCEINLINE NTSTATUS RtlUnicodeStringCchCatN(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString,
                                             SIZE_T cchToAppend)
{
    SIZE_T length;

    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString)) ||
        !NT_SUCCESS(RtlUnicodeStringValidate(SourceString)) || cchToAppend > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString->Length / sizeof(WCHAR);
    return DdkUnicodeStrsafePut(DestinationString, DestinationString->Length / sizeof(WCHAR), SourceString->Buffer,
                                length < cchToAppend ? length : cchToAppend);
}

FORCEINLINE NTSTATUS RtlUnicodeStringCbCatN(PUNICODE_STRING DestinationString, const UNICODE_STRING *SourceString,
                                            SIZE_T cbToAppend)
{
    return RtlUnicodeStringCchCatN(DestinationString, SourceString, cbToAppend / sizeof(WCHAR));
}

/* Flags: STRSAFE_IGNORE_NULLS. */
FORCEINLINE NTSTATUS RtlUnicodeStringValidateEx(const UNICODE_STRING *String, ULONG dwFlags)
{
    if (String == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) != 0) {
        return STATUS_SUCCESS;
    }
    return RtlUnicodeStringValidate(String);
}

FORCEINLINE NTSTATUS RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc, ULONG dwFlags)
{
    if ((dwFlags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 || (pszSrc == NULL && dwFlags == 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlUnicodeStringInit(DestinationString, pszSrc);
}

/* The flags and the answers of the Ex forms; "kept" is the Length from before. */
FORCEINLINE NTSTATUS DdkUnicodeStrsafeEnd(PUNICODE_STRING Destination, USHORT kept, NTSTATUS status,
                                          PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T used;

    if (NT_ERROR(status)) {
        return status;
    }
    if (status == STATUS_BUFFER_OVERFLOW) {
        if ((dwFlags & STRSAFE_NO_TRUNCATION) != 0) {
            Destination->Length = kept;
        }
        if ((dwFlags & STRSAFE_FILL_ON_FAILURE) != 0) {
            __builtin_memset(Destination->Buffer, (int)(dwFlags & 0xFF), Destination->MaximumLength);
            Destination->Length = (dwFlags & 0xFF) == 0 ? 0 : Destination->MaximumLength;
        }
        if ((dwFlags & STRSAFE_ZERO_LENGTH_ON_FAILURE) != 0) {
            Destination->Length = 0;
        }
    } else if ((dwFlags & STRSAFE_FILL_BEHIND_NULL) != 0 && Destination->MaximumLength > Destination->Length) {
        __builtin_memset((UCHAR *)Destination->Buffer + Destination->Length, (int)(dwFlags & 0xFF),
                         (SIZE_T)(Destination->MaximumLength - Destination->Length));
    }
    if (RemainingString != NULL) {
        used = Destination->Length;
        RemainingString->Length = 0;
        RemainingString->MaximumLength = (USHORT)(Destination->MaximumLength - used);
        RemainingString->Buffer = Destination->Buffer == NULL ? NULL : Destination->Buffer + used / sizeof(WCHAR);
    }
    return status;
}

/* RemainingString (may be NULL) becomes the room behind the text, inside the same buffer. */
#define DDK_UNICODE_STRSAFE_EX(name, source_type, plain, kept)                                           \
    FORCEINLINE NTSTATUS name(PUNICODE_STRING DestinationString, source_type Source,                     \
                              PUNICODE_STRING RemainingString, ULONG dwFlags)                            \
    {                                                                                                    \
        USHORT before = DestinationString == NULL ? 0 : DestinationString->Length;                       \
                                                                                                         \
        if ((dwFlags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 || DestinationString == NULL) {                 \
            return STATUS_INVALID_PARAMETER;                                                             \
        }                                                                                                \
        if (Source == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) != 0) {                                   \
            return DdkUnicodeStrsafeEnd(DestinationString, before,                                       \
                                        DdkUnicodeStrsafePut(DestinationString, (kept) / sizeof(WCHAR),  \
                                                             NULL, 0),                                   \
                                        RemainingString, dwFlags);                                       \
        }                                                                                                \
        return DdkUnicodeStrsafeEnd(DestinationString, kept, plain(DestinationString, Source),           \
                                    RemainingString, dwFlags);                                           \
    }
DDK_UNICODE_STRSAFE_EX(RtlUnicodeStringCopyEx, const UNICODE_STRING *, RtlUnicodeStringCopy, 0)
DDK_UNICODE_STRSAFE_EX(RtlUnicodeStringCopyStringEx, const WCHAR *, RtlUnicodeStringCopyString, 0)
DDK_UNICODE_STRSAFE_EX(RtlUnicodeStringCatEx, const UNICODE_STRING *, RtlUnicodeStringCat, before)
DDK_UNICODE_STRSAFE_EX(RtlUnicodeStringCatStringEx, const WCHAR *, RtlUnicodeStringCatString, before)
#undef DDK_UNICODE_STRSAFE_EX

FORCEINLINE NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString,
                                             const WCHAR *pszFormat, va_list argList)
{
    SIZE_T room;
    int written;

    if (!NT_SUCCESS(RtlUnicodeStringValidate(DestinationString))) {
        return STATUS_INVALID_PARAMETER;
    }
    room = DestinationString->MaximumLength / sizeof(WCHAR);
    written = _vsnwprintf(DestinationString->Buffer, room, pszFormat, argList);
    if (written < 0 || (SIZE_T)written > room) {
        DestinationString->Length = (USHORT)(room * sizeof(WCHAR));
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)((SIZE_T)written * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

FORCEINLINE NTSTATUS RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                               ULONG dwFlags, const WCHAR *pszFormat, va_list argList)
{
    if ((dwFlags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 || pszFormat == NULL || DestinationString == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return DdkUnicodeStrsafeEnd(DestinationString, 0, RtlUnicodeStringVPrintf(DestinationString, pszFormat, argList),
                                RemainingString, dwFlags);
}

DDK_STATIC_INLINE NTSTATUS RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                                    ULONG dwFlags, const WCHAR *pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlUnicodeStringVPrintfEx(DestinationString, RemainingString, dwFlags, pszFormat, arguments);
    va_end(arguments);
    return status;
}

DDK_STATIC_INLINE NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString,
                                                  const WCHAR *pszFormat, ...)
{
    va_list arguments;
    NTSTATUS status;

    va_start(arguments, pszFormat);
    status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, arguments);
    va_end(arguments);
    return status;
}

DDK_END_C

#endif
