/* SPDX-License-Identifier: MIT */
/*
 * Debug output, for debug*.c and for the wrappers of PE images in the room `load`: the variadic routines
 * of ddk/include end in these two, which take their arguments from a format_source. Any IRQL.
 */
#ifndef MPIO_NT_DEBUG_H
#define MPIO_NT_DEBUG_H

#include "nt/format.h"
#include "nt/kernel.h"

#define NT_DEBUG_LINE   512u    /* longest line; the rest is cut */
#define NT_DEBUG_RING   1024u   /* lines kept */
#define NT_DEBUG_SOURCE 24u     /* component name kept */

/* Levels of the WPP scale, used for both kinds: 1 fatal ... 5 verbose. */
#define NT_DEBUG_ERROR   2u
#define NT_DEBUG_WARNING 3u
#define NT_DEBUG_INFO    4u
#define NT_DEBUG_VERBOSE 5u

/* Emits a DbgPrint message; Level is DPFLTR_*. Prefix may be NULL. */
ULONG NtDebugPrint(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format, struct format_source *Source);
/* Emits a trace message that its driver let through: place, level and flag stand before the text. */
VOID NtDebugTrace(ULONG DriverOrdinal, const struct format_site *Site, PCSTR Format, struct format_source *Source);
/* The trace providers of this machine (trace_wpp.c). */
struct _NT_TRACE *NtDebugTraceState(PNT_MACHINE Kernel);
/* FALSE: nobody looks at messages of this level. */
BOOLEAN NtDebugWants(PNT_MACHINE Kernel, ULONG Level);

struct nt_debug_line {
    ULONGLONG Time;
    ULONG Level;
    CHAR Component[NT_DEBUG_SOURCE];
    CHAR Text[NT_DEBUG_LINE];
};
/* Line number Index of this machine, from 0; NULL when it has left the ring or was never made. */
const struct nt_debug_line *NtDebugLineAt(PNT_MACHINE Kernel, ULONGLONG Index);
ULONGLONG NtDebugLineCount(PNT_MACHINE Kernel);
ULONGLONG NtDebugAssertCount(PNT_MACHINE Kernel);

#endif
