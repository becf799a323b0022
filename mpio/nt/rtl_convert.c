/* SPDX-License-Identifier: MIT */
/*
 * Conversions between ANSI (Windows-1252) and Unicode strings, upper case of whole strings, and the
 * freeing of their buffers. Allocated buffers are paged pool. PASSIVE_LEVEL; no state.
 */
#include "nt/format.h"
#include "nt/pool.h"
#include "nt/rtl.h"
#include "text/utf16.h"

#define TAG_STRING 0x53725452u /* "RTrS" */

static PVOID AllocateBuffer(SIZE_T Bytes, PVOID Caller)
{
    return NtPoolAllocate(NtKernel(), NT_POOL_PAGED, Bytes, TAG_STRING, NtPoolOwner(Caller));
}

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    ULONG bytes = ((ULONG)SourceString->Length + 1) * sizeof(WCHAR);

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (bytes > MAXUSHORT) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (AllocateDestinationString) {
        DestinationString->Buffer = AllocateBuffer(bytes, NT_CALLER());
        if (DestinationString->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = (USHORT)bytes;
    } else if (bytes > DestinationString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < SourceString->Length; i++) {
        UCHAR byte = (UCHAR)SourceString->Buffer[i];
        DestinationString->Buffer[i] = byte < 0x80 ? byte : text_windows_1252(byte);
    }
    DestinationString->Buffer[SourceString->Length] = 0;
    DestinationString->Length = (USHORT)(bytes - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* Into a buffer of the caller that is too short goes what fits, terminated, with a warning status. */
NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    USHORT length = (USHORT)(SourceString->Length / sizeof(WCHAR));
    NTSTATUS status = STATUS_SUCCESS;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (AllocateDestinationString) {
        DestinationString->Buffer = AllocateBuffer((SIZE_T)length + 1, NT_CALLER());
        if (DestinationString->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        DestinationString->MaximumLength = (USHORT)(length + 1);
    } else if (length >= DestinationString->MaximumLength) {
        if (DestinationString->MaximumLength == 0) {
            return STATUS_BUFFER_OVERFLOW;
        }
        length = (USHORT)(DestinationString->MaximumLength - 1);
        status = STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < length; i++) {
        DestinationString->Buffer[i] = (CHAR)format_ansi_byte(SourceString->Buffer[i]);
    }
    DestinationString->Buffer[length] = 0;
    DestinationString->Length = length;
    return status;
}

static NTSTATUS ChangeCase(PUNICODE_STRING Destination, PCUNICODE_STRING Source, BOOLEAN Allocate, WCHAR (*Change)(WCHAR),
                           PVOID Caller)
{
    if (Allocate) {
        Destination->Buffer = AllocateBuffer(Source->Length, Caller);
        if (Destination->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Destination->MaximumLength = Source->Length;
    } else if (Source->Length > Destination->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < Source->Length / sizeof(WCHAR); i++) {
        Destination->Buffer[i] = Change(Source->Buffer[i]);
    }
    Destination->Length = Source->Length;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                BOOLEAN AllocateDestinationString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ChangeCase(DestinationString, SourceString, AllocateDestinationString, NtUpcase, NT_CALLER());
}

NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                  BOOLEAN AllocateDestinationString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ChangeCase(DestinationString, SourceString, AllocateDestinationString, NtDowncase, NT_CALLER());
}

VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (UnicodeString->Buffer != NULL) {
        ExFreePool(UnicodeString->Buffer);
        *UnicodeString = (UNICODE_STRING){0};
    }
}

VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (AnsiString->Buffer != NULL) {
        ExFreePool(AnsiString->Buffer);
        *AnsiString = (ANSI_STRING){0};
    }
}
