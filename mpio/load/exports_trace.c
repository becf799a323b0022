/* SPDX-License-Identifier: MIT */
/* WmiTraceMessage as images call it: pairs of pointer and length in their own argument list. Any IRQL. */
#include "load/exports.h"

#include "nt/trace_wpp.h"

#ifdef NT_TWO_CONVENTIONS

PE_API NTSTATUS pe_WmiTraceMessageVa(TRACEHANDLE logger, ULONG flags, const GUID *guid, USHORT number, pe_va_list list)
{
    pe_format_source source;

    (void)flags;
    PE_ENTER();
    pe_format_begin(&source, list);
    NTSTATUS status = NtTraceWmiMessage(logger, guid, number, &source.source);
    pe_format_end(&source);
    return status;
}

/* The published prototype ends its fixed part in a USHORT; arguments of both conventions pass it like an int. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wvarargs"
#endif
PE_CDECL NTSTATUS pe_WmiTraceMessage(TRACEHANDLE logger, ULONG flags, const GUID *guid, USHORT number, ...)
{
    pe_va_list list;

    (void)flags;
    PE_ENTER();
    pe_va_start(list, number);
    pe_format_source source;
    pe_format_begin(&source, list);
    NTSTATUS status = NtTraceWmiMessage(logger, guid, number, &source.source);
    pe_format_end(&source);
    pe_va_end(list);
    return status;
}

#endif
