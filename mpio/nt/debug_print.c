/* SPDX-License-Identifier: MIT */
/*
 * The variadic routines in the host's convention: DbgPrint and its kin, and the C formatting routines. PE images come in through wrappers of the room `load`,
 * which feed the same formatter. Any IRQL.
 */
#include "nt/debug.h"

ULONG DbgPrint(PCSTR Format, ...)
{
    struct format_va_source source;
    va_list list;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    va_start(list, Format);
    format_va_begin(&source, list);
    NtDebugPrint(NULL, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Format, &source.source);
    format_va_end(&source);
    va_end(list);
    return (ULONG)STATUS_SUCCESS;
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    va_list list;
    ULONG status;

    va_start(list, Format);
    status = vDbgPrintExWithPrefix(NULL, ComponentId, Level, Format, list);
    va_end(list);
    return status;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list ArgList)
{
    return vDbgPrintExWithPrefix(NULL, ComponentId, Level, Format, ArgList);
}

ULONG vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format, va_list ArgList)
{
    struct format_va_source source;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    format_va_begin(&source, ArgList);
    NtDebugPrint(Prefix, ComponentId, Level, Format, &source.source);
    format_va_end(&source);
    return (ULONG)STATUS_SUCCESS;
}

/* ---- C formatting: no terminator when the text fills the buffer, -1 when it did not fit -------------------- */

int _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, va_list Arguments)
{
    struct format_va_source source;
    size_t length;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    format_va_begin(&source, Arguments);
    length = format_wide(Buffer, Count, Format, &source.source);
    format_va_end(&source);
    if (length == FORMAT_CUT) {
        return -1;
    }
    if (length < Count) {
        Buffer[length] = 0;
    }
    return (int)length;
}

int _vsnprintf(char *Buffer, size_t Count, const char *Format, va_list Arguments)
{
    struct format_va_source source;
    size_t length;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    format_va_begin(&source, Arguments);
    length = format_narrow(Buffer, Count, FORMAT_ANSI, Format, &source.source, NULL);
    format_va_end(&source);
    if (length == FORMAT_CUT) {
        return -1;
    }
    if (length < Count) {
        Buffer[length] = 0;
    }
    return (int)length;
}

int _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...)
{
    va_list list;
    int length;

    va_start(list, Format);
    length = _vsnwprintf(Buffer, Count, Format, list);
    va_end(list);
    return length;
}

int _snprintf(char *Buffer, size_t Count, const char *Format, ...)
{
    va_list list;
    int length;

    va_start(list, Format);
    length = _vsnprintf(Buffer, Count, Format, list);
    va_end(list);
    return length;
}
