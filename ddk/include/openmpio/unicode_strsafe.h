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
