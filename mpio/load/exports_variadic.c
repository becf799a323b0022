/* SPDX-License-Identifier: MIT */
/*
 * Variadic routines and those that take a va_list, as images call them: their arguments lie elsewhere than the host's
 * compiler would look. Formats go to the same formatter as the host's. Any IRQL; the routines behind check.
 */
#include "load/exports.h"

#include <dsm.h>
#include <storport.h>

#include "nt/debug.h"

/* ---- what both conventions of an image export: the C library's sprintf family ------------------------- */
#define UNBOUNDED 0x7FFFFFFFu

/* One result for both: characters without the terminator, -1 when it did not fit. */
static int print_narrow(char *buffer, size_t count, const char *format, pe_va_list list)
{
    pe_format_source source;

    pe_format_begin(&source, list);
    size_t length = format_narrow(buffer, count, FORMAT_ANSI, format, &source.source, NULL);
    pe_format_end(&source);
    if (length == FORMAT_CUT)
        return -1;
    if (length < count)
        buffer[length] = '\0';
    return (int)length;
}

static int print_wide(uint16_t *buffer, size_t count, const uint16_t *format, pe_va_list list)
{
    pe_format_source source;

    pe_format_begin(&source, list);
    size_t length = format_wide(buffer, count, format, &source.source);
    pe_format_end(&source);
    if (length == FORMAT_CUT)
        return -1;
    if (length < count)
        buffer[length] = 0;
    return (int)length;
}

#define PRINT(print, buffer, count, format) \
    pe_va_list list;                        \
    PE_ENTER();                             \
    NT_REQUIRE_IRQL(HIGH_LEVEL);            \
    pe_va_start(list, format);              \
    int length = print(buffer, count, format, list); \
    pe_va_end(list);                        \
    return length

PE_CDECL int pe_sprintf(char *buffer, const char *format, ...)
{
    PRINT(print_narrow, buffer, UNBOUNDED, format);
}

PE_CDECL int pe_swprintf(uint16_t *buffer, const uint16_t *format, ...)
{
    PRINT(print_wide, buffer, UNBOUNDED, format);
}

PE_CDECL int pe_vsprintf(char *buffer, const char *format, pe_va_list list)
{
    PE_ENTER();
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return print_narrow(buffer, UNBOUNDED, format, list);
}

#ifdef NT_TWO_CONVENTIONS

PE_CDECL int pe__snprintf(char *buffer, size_t count, const char *format, ...)
{
    PRINT(print_narrow, buffer, count, format);
}

PE_CDECL int pe__snwprintf(uint16_t *buffer, size_t count, const uint16_t *format, ...)
{
    PRINT(print_wide, buffer, count, format);
}

PE_CDECL int pe__vsnprintf(char *buffer, size_t count, const char *format, pe_va_list list)
{
    PE_ENTER();
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return print_narrow(buffer, count, format, list);
}

PE_CDECL int pe__vsnwprintf(uint16_t *buffer, size_t count, const uint16_t *format, pe_va_list list)
{
    PE_ENTER();
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return print_wide(buffer, count, format, list);
}

/* ---- debug output --------------------------------------------------------------------------------------- */

static ULONG debug_print(PCSTR prefix, ULONG component, ULONG level, PCSTR format, pe_va_list list)
{
    pe_format_source source;

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    pe_format_begin(&source, list);
    NtDebugPrint(prefix, component, level, format, &source.source);
    pe_format_end(&source);
    return (ULONG)STATUS_SUCCESS;
}

PE_API ULONG pe_vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level, PCSTR format, pe_va_list list)
{
    PE_ENTER();
    return debug_print(prefix, component, level, format, list);
}

PE_API ULONG pe_vDbgPrintEx(ULONG component, ULONG level, PCSTR format, pe_va_list list)
{
    PE_ENTER();
    return debug_print(NULL, component, level, format, list);
}

PE_CDECL ULONG pe_DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    pe_va_list list;

    PE_ENTER();
    pe_va_start(list, format);
    ULONG status = debug_print(NULL, component, level, format, list);
    pe_va_end(list);
    return status;
}

PE_CDECL ULONG pe_DbgPrint(PCSTR format, ...)
{
    pe_va_list list;

    PE_ENTER();
    pe_va_start(list, format);
    ULONG status = debug_print(NULL, DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, format, list);
    pe_va_end(list);
    return status;
}

PE_CDECL VOID pe_StorPortDebugPrint(ULONG level, PCHAR format, ...)
{
    pe_va_list list;

    PE_ENTER();
    pe_va_start(list, format);
    debug_print(NULL, DPFLTR_IHVDRIVER_ID, level, format, list);
    pe_va_end(list);
}

/* ---- notifications: at most three arguments of one slot each; those that were not passed are not looked at ---- */

PE_CDECL VOID pe_DsmNotification(PVOID context, DSM_NOTIFICATION_TYPE type, ...)
{
    pe_va_list list;

    PE_ENTER();
    pe_va_start(list, type);
    ULONG_PTR a = __builtin_va_arg(list, ULONG_PTR), b = __builtin_va_arg(list, ULONG_PTR), c = __builtin_va_arg(list, ULONG_PTR);
    pe_va_end(list);
    DsmNotification(context, type, a, b, c);
}

PE_CDECL VOID pe_StorPortNotification(SCSI_NOTIFICATION_TYPE type, PVOID extension, ...)
{
    pe_va_list list;

    PE_ENTER();
    pe_va_start(list, extension);
    /* No type that the port looks at has more; these two come in registers, so nothing behind the caller's own is read. */
    ULONG_PTR a = __builtin_va_arg(list, ULONG_PTR), b = __builtin_va_arg(list, ULONG_PTR);
    pe_va_end(list);
    StorPortNotification(type, extension, a, b);
}

#endif
