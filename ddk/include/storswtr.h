/* SPDX-License-Identifier: MIT */
/*
 * Trace levels and flags of storage drivers. With WPP (the default, DEBUG_USE_WPP) each source
 * ends its includes with "<source>.tmh", which dsm.mk writes; with DEBUG_USE_KDPRINT the messages
 * of a checked build go to StorDebugPrint, in the source that defines DEBUG_MAIN_SOURCE.
 */
#ifndef OPENMPIO_STORSWTR_H
#define OPENMPIO_STORSWTR_H

#undef TRACE_LEVEL_FATAL
#undef TRACE_LEVEL_ERROR
#undef TRACE_LEVEL_WARNING
#undef TRACE_LEVEL_INFORMATION
#undef TRACE_LEVEL_VERBOSE
#define TRACE_LEVEL_FATAL       1
#define TRACE_LEVEL_ERROR       2
#define TRACE_LEVEL_WARNING     3
#define TRACE_LEVEL_INFORMATION 4
#define TRACE_LEVEL_VERBOSE     5

#ifndef DEBUG_USE_KDPRINT
#define DEBUG_USE_WPP 1

/* Flag n is bit n, counted from 0. */
#define WPP_NORMAL_FLAGS               \
    WPP_DEFINE_BIT(TRACE_FLAG_GENERAL) \
    WPP_DEFINE_BIT(TRACE_FLAG_PNP)     \
    WPP_DEFINE_BIT(TRACE_FLAG_POWER)   \
    WPP_DEFINE_BIT(TRACE_FLAG_RW)      \
    WPP_DEFINE_BIT(TRACE_FLAG_IOCTL)   \
    WPP_DEFINE_BIT(TRACE_FLAG_QUEUE)   \
    WPP_DEFINE_BIT(TRACE_FLAG_WMI)     \
    WPP_DEFINE_BIT(TRACE_FLAG_TIMER)   \
    WPP_DEFINE_BIT(TRACE_FLAG_INIT)    \
    WPP_DEFINE_BIT(TRACE_FLAG_LOCK)    \
    WPP_DEFINE_BIT(TRACE_FLAG_DEBUG1)  \
    WPP_DEFINE_BIT(TRACE_FLAG_DEBUG2)  \
    WPP_DEFINE_BIT(TRACE_FLAG_MCN)     \
    WPP_DEFINE_BIT(TRACE_FLAG_ISR)     \
    WPP_DEFINE_BIT(TRACE_FLAG_ENUM)    \
    WPP_DEFINE_BIT(TRACE_FLAG_LOGOTEST) \
    WPP_DEFINE_BIT(TRACE_FLAG_DUMP)    \
    WPP_DEFINE_BIT(TRACE_FLAG_SCSI)
#define WPP_CONTROL_GUIDS_NORMAL_FLAGS(guid) \
    WPP_DEFINE_CONTROL_GUID(wppCtlGuid, guid, WPP_NORMAL_FLAGS)
#define WPP_LEVEL_FLAGS_ENABLED(level, flags) \
    (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_##flags).Level >= (level))
#define WPP_LEVEL_FLAGS_LOGGER(level, flags) WPP_LEVEL_LOGGER(flags)

#else
#include <openmpio/debug.h>

typedef enum _DEBUG_FLAGS {
    TRACE_FLAG_GENERAL,
    TRACE_FLAG_PNP,
    TRACE_FLAG_POWER,
    TRACE_FLAG_RW,
    TRACE_FLAG_IOCTL,
    TRACE_FLAG_QUEUE,
    TRACE_FLAG_WMI,
    TRACE_FLAG_TIMER,
    TRACE_FLAG_INIT,
    TRACE_FLAG_LOCK,
    TRACE_FLAG_DEBUG1,
    TRACE_FLAG_DEBUG2,
    TRACE_FLAG_MCN,
    TRACE_FLAG_ISR,
    TRACE_FLAG_ENUM,
    TRACE_FLAG_LOGOTEST,
    TRACE_FLAG_DUMP,
    TRACE_FLAG_SCSI
} DEBUG_FLAGS;

#define WPP_INIT_TRACING(driver, path) ((void)(driver), (void)(path))
#define WPP_CLEANUP(driver)            ((void)(driver))
#if DBG
#ifndef DEBUG_COMP_ID
#define DEBUG_COMP_ID DPFLTR_DEFAULT_ID
#endif
DDK_BEGIN_C
VOID StorDebugPrint(ULONG Level, ULONG Flag, PCSTR Format, ...);
#ifdef DEBUG_MAIN_SOURCE
/* Errors and worse pass the kernel's filter; the rest needs the component's mask. */
VOID StorDebugPrint(ULONG Level, ULONG Flag, PCSTR Format, ...)
{
    va_list arguments;

    UNREFERENCED_PARAMETER(Flag);
    va_start(arguments, Format);
    vDbgPrintEx(DEBUG_COMP_ID, Level <= TRACE_LEVEL_ERROR ? DPFLTR_ERROR_LEVEL : Level - 2, Format,
                arguments);
    va_end(arguments);
}
#endif
DDK_END_C
#define TracePrint(arguments) StorDebugPrint arguments
#else
#define TracePrint(arguments) ((void)0)
#endif
#endif

#endif
