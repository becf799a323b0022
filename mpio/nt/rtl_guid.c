/* SPDX-License-Identifier: MIT */
/*
 * GUIDs from and to their text form {8-4-4-4-12}. PASSIVE_LEVEL; no state.
 */
#include "nt/pool.h"
#include "nt/rtl.h"

#define TAG_GUID        0x64475452u /* "RTGd" */
#define GUID_CHARACTERS 38u

/* Order of the bytes of a GUID in its text: the first three fields are little-endian in memory. */
static const UCHAR TextOrder[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

static BOOLEAN IsHyphen(ULONG Position)
{
    return Position == 9 || Position == 14 || Position == 19 || Position == 24;
}

NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    const SIZE_T bytes = (GUID_CHARACTERS + 1) * sizeof(WCHAR);
    const UCHAR *from = (const UCHAR *)Guid;
    PWSTR text;
    ULONG byte = 0, position = 1;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    text = NtPoolAllocate(NtKernel(), NT_POOL_PAGED, bytes, TAG_GUID, NtPoolOwner(NT_CALLER()));
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    text[0] = '{';
    while (byte < 16) {
        if (IsHyphen(position)) {
            text[position++] = '-';
            continue;
        }
        text[position++] = (WCHAR)"0123456789ABCDEF"[from[TextOrder[byte]] >> 4];
        text[position++] = (WCHAR)"0123456789ABCDEF"[from[TextOrder[byte]] & 15];
        byte++;
    }
    text[position] = '}';
    text[position + 1] = 0;
    *GuidString = (UNICODE_STRING){GUID_CHARACTERS * sizeof(WCHAR), (USHORT)bytes, text};
    return STATUS_SUCCESS;
}

static LONG HexDigit(WCHAR Character)
{
    WCHAR upper = NtUpcase(Character);

    if (upper >= '0' && upper <= '9') {
        return upper - '0';
    }
    return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    UCHAR bytes[16];
    PCWSTR text = GuidString->Buffer;
    ULONG byte = 0, position = 1;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (GuidString->Length < GUID_CHARACTERS * sizeof(WCHAR) || text[0] != '{' || text[37] != '}') {
        return STATUS_INVALID_PARAMETER;
    }
    while (byte < 16) {
        if (IsHyphen(position)) {
            if (text[position++] != '-') {
                return STATUS_INVALID_PARAMETER;
            }
            continue;
        }
        LONG high = HexDigit(text[position]), low = HexDigit(text[position + 1]);
        if (high < 0 || low < 0) {
            return STATUS_INVALID_PARAMETER;
        }
        bytes[TextOrder[byte++]] = (UCHAR)(high << 4 | low);
        position += 2;
    }
    RtlCopyMemory(Guid, bytes, sizeof(bytes));
    return STATUS_SUCCESS;
}
