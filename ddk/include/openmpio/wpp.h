/* SPDX-License-Identifier: MIT */
/*
 * What a "<source>.tmh" includes: software tracing without a preprocessor. The driver's
 * WPP_CONTROL_GUIDS list becomes an enumeration that numbers its flags; the trace macros hand
 * level, flag mask, place and message to the kernel's trace sink, which knows Windows and WPP
 * formats (%ws, %I64x, %!STATUS! ...). Any IRQL.
 */
#ifndef OPENMPIO_WPP_H
#define OPENMPIO_WPP_H

#include <openmpio/debug.h>

DDK_BEGIN_C

NTKERNELAPI VOID DDK_CDECL WppTrace(ULONG Level, ULONG Flag, PCSTR Function, ULONG Line,
                                    PCSTR Format, ...);

#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_BIT(name)                          WPP_BIT_##name,
#define WPP_DEFINE_CONTROL_GUID(name, guid, bits) \
    WPP_BLOCK_START_##name = -1, bits WPP_BLOCK_END_##name,
#ifdef WPP_CONTROL_GUIDS
enum { WPP_CONTROL_GUIDS };
#endif

#define DDK_WPP_TRACE(level, flag, ...) \
    WppTrace((level), 1u << WPP_BIT_##flag, __FUNCTION__, __LINE__, __VA_ARGS__)

/* The three declarations in common use: TracePrint((LEVEL, FLAGS, MSG, ...)),
 * TraceEvents(LEVEL, FLAGS, MSG, ...) and DoTraceMessage(FLAGS, MSG, ...), which has no level. */
#define TracePrint(arguments)         DDK_WPP_TRACE arguments
#define TraceEvents(level, flag, ...) DDK_WPP_TRACE(level, flag, __VA_ARGS__)
#define DoTraceMessage(flag, ...)     DDK_WPP_TRACE(0, flag, __VA_ARGS__)

/* The sink is always there: nothing to register. */
#define WPP_INIT_TRACING(driver, path) ((void)(driver), (void)(path))
#define WPP_CLEANUP(driver)            ((void)(driver))

DDK_END_C

#endif
