/* SPDX-License-Identifier: MIT */
/*
 * Numbers from and to text. PASSIVE_LEVEL as published; no state.
 */
#include "nt/kernel.h"
#include "nt/rtl.h"

/* Text of either width, read one character at a time; 0 behind the end. */
typedef struct _NUMBER_TEXT {
    PCWCH Wide;
    PCSZ Narrow;
    SIZE_T Length;
} NUMBER_TEXT;

static WCHAR At(const NUMBER_TEXT *Text, SIZE_T Index)
{
    if (Text->Narrow != NULL) {
        return (UCHAR)Text->Narrow[Index];
    }
    return Index < Text->Length ? Text->Wide[Index] : 0;
}

static LONG DigitOf(WCHAR Character)
{
    WCHAR upper = NtUpcase(Character);

    if (upper >= '0' && upper <= '9') {
        return upper - '0';
    }
    return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : 16;
}

/* White space, a sign, a prefix when Base is 0, digits up to the first other character. Wraps at 32 bits. */
static NTSTATUS Parse(const NUMBER_TEXT *Text, ULONG Base, PULONG Value)
{
    SIZE_T i = 0;
    ULONG value = 0;
    BOOLEAN negative = FALSE;

    if (Base != 0 && Base != 2 && Base != 8 && Base != 10 && Base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    while (At(Text, i) != 0 && At(Text, i) <= ' ') {
        i++;
    }
    if (At(Text, i) == '-' || At(Text, i) == '+') {
        negative = At(Text, i++) == '-';
    }
    if (Base == 0) {
        Base = 10;
        if (At(Text, i) == '0') {
            WCHAR prefix = At(Text, i + 1);
            ULONG named = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
            if (named != 0) {
                Base = named;
                i += 2;
            }
        }
    }
    for (; DigitOf(At(Text, i)) < (LONG)Base; i++) {
        value = value * Base + (ULONG)DigitOf(At(Text, i));
    }
    *Value = negative ? 0 - value : value;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return Parse(&(NUMBER_TEXT){.Wide = String->Buffer, .Length = String->Length / sizeof(WCHAR)}, Base,
                 Value);
}

NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return Parse(&(NUMBER_TEXT){.Narrow = String}, Base, Value);
}

static NTSTATUS ToText(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    WCHAR digits[64];
    USHORT count = 0;
    ULONG base = Base == 0 ? 10 : Base;

    if (base != 2 && base != 8 && base != 10 && base != 16) {
        return STATUS_INVALID_PARAMETER;
    }
    do {
        digits[count++] = (WCHAR)"0123456789ABCDEF"[Value % base];
        Value /= base;
    } while (Value != 0);
    if (count * sizeof(WCHAR) > String->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < count; i++) {
        String->Buffer[i] = digits[count - 1 - i];
    }
    String->Length = (USHORT)(count * sizeof(WCHAR));
    if (String->Length + sizeof(WCHAR) <= String->MaximumLength) {
        String->Buffer[count] = 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ToText(Value, Base, String);
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return ToText(Value, Base, String);
}
