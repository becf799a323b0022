/* SPDX-License-Identifier: MIT */
/*
 * Software tracing as WPP's users write it. A "<source>.tmh", made by ddk/tools/wpp, includes this
 * header and adds a macro per trace function of the project. The project's WPP_CONTROL_GUIDS
 * becomes an enumeration that numbers controls and flags; a message that is switched off costs a
 * load and a branch on WPP_CB, which the kernel fills. Any IRQL.
 *
 * Names and numbering are the published ones, so that a project's own conditions
 * (WPP_LEVEL_FLAGS_ENABLED, WPP_LEVEL_COMP_LOGGER ...) compile as they stand.
 */
#ifndef OPENMPIO_WPP_H
#define OPENMPIO_WPP_H

#include <evntrace.h>
#include <openmpio/debug.h>
#include <openmpio/trace.h>

#define WPP_TEXT_(x) #x
#define WPP_TEXT(x)  WPP_TEXT_(x)
#define WPP_APPLY(macro, arguments) macro arguments
#define WPP_STRIP(...) __VA_ARGS__

/* ---- numbers: control n has flags n * 0x10000 + 1 ... ------------------------------------------ */
#define WPP_CTRL_NO(bit) ((bit) >> 16)
#define WPP_FLAG_NO(bit) ((0xFFFF & ((bit) - 1)) / 32)
#define WPP_MASK(bit)    (1u << (((bit) - 1) & 31))
#define WPP_BIT(name)    WPP_BIT_##name

/* ---- the block that conditions look at --------------------------------------------------------- */
#define WPP_CB_TYPE  WPP_PROJECT_CONTROL_BLOCK
#define WPP_CB       WPP_GLOBAL_Control
#define WPP_MAIN_CB  WPP_GLOBAL_Control
#define WPP_CONTROL(bit)          (WPP_CB[WPP_CTRL_NO(bit)].Control)
#define WPP_IS_BIT_ON(bit)        ((WPP_CONTROL(bit).Flags[WPP_FLAG_NO(bit)] & WPP_MASK(bit)) != 0)
#define WPP_CHECK_INIT

/* "Level" of the oldest trace functions is a flag; the name stayed. A project may define its own. */
#ifndef WPP_LEVEL_ENABLED
#define WPP_LEVEL_ENABLED(flag)   WPP_IS_BIT_ON(WPP_BIT_##flag)
#endif
#ifndef WPP_LEVEL_LOGGER
#define WPP_LEVEL_LOGGER(flag)    (WPP_CONTROL(WPP_BIT_##flag).Logger),
#endif
#ifndef WPP_FLAG_ENABLED
#define WPP_FLAG_ENABLED(flag)    WPP_IS_BIT_ON(WPP_BIT_##flag)
#endif
#ifndef WPP_FLAG_LOGGER
#define WPP_FLAG_LOGGER(flag)     (WPP_CONTROL(WPP_BIT_##flag).Logger),
#endif
#ifndef WPP_FLAGS_ENABLED
#define WPP_FLAGS_ENABLED(flags)  WPP_IS_BIT_ON(WPP_BIT_##flags)
#endif
#ifndef WPP_FLAGS_LOGGER
#define WPP_FLAGS_LOGGER(flags)   (WPP_CONTROL(WPP_BIT_##flags).Logger),
#endif
/* Trace functions without any condition: on while any flag of the first control is. */
#ifndef WPP_ENABLED
#define WPP_ENABLED()             (WPP_CB[0].Control.Flags[0] != 0)
#endif
#ifndef WPP_LOGGER
#define WPP_LOGGER()              (WPP_CB[0].Control.Logger),
#endif

DDK_BEGIN_C

#ifdef __ELF__
#define WPP_HIDDEN __attribute__((visibility("hidden")))
#else
#define WPP_HIDDEN
#endif

/* ddk/lib/dsmlib/trace.c. The sink drops what it is given until tracing has begun. */
extern WPP_HIDDEN POPENMPIO_TRACE_SINK OpenMpioTraceSink;
WPP_HIDDEN VOID OpenMpioTraceBegin(PVOID Controls, ULONG Count, ULONG Size, ULONG FlagWords, PCSTR Names);
WPP_HIDDEN VOID OpenMpioTraceEnd(VOID);

#ifdef WPP_CONTROL_GUIDS
/* The project's list, expanded four times: controls, flags, a check of the limit, names. */
#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_BIT(name)
#define WPP_DEFINE_CONTROL_GUID(name, guid, bits) WPP_CTL_##name,
enum { WPP_CONTROL_GUIDS WPP_LAST_CTL };

#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_BIT(name) WPP_BIT_##name,
#define WPP_DEFINE_CONTROL_GUID(name, guid, bits) \
    WPP_BLOCK_START_##name = WPP_CTL_##name * 0x10000, bits WPP_BLOCK_END_##name,
enum { WPP_CONTROL_GUIDS WPP_BITS_END };

#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_BIT(name)
#define WPP_DEFINE_CONTROL_GUID(name, guid, bits)                                          \
    DDK_STATIC_ASSERT(WPP_BLOCK_END_##name - WPP_BLOCK_START_##name - 1 <= 32 * WPP_FLAG_LEN, \
                      "more flags than WPP_FLAG_LEN words of 32 hold: define WPP_FLAG_LEN");
WPP_CONTROL_GUIDS

#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID
#define WPP_DEFINE_BIT(name) WPP_TEXT(name) ","
#define WPP_DEFINE_CONTROL_GUID(name, guid, bits) WPP_TEXT(name) "|" WPP_TEXT(guid) "|" bits "\n"
DDK_STATIC_INLINE PCSTR WppNames(VOID)
{
    return WPP_CONTROL_GUIDS;
}

typedef struct _WPP_PROJECT_CONTROL_BLOCK {
    OPENMPIO_TRACE_CONTROL Control;
} WPP_PROJECT_CONTROL_BLOCK;
/* One for all sources of the driver. */
#ifdef __cplusplus
extern WPP_HIDDEN WPP_PROJECT_CONTROL_BLOCK WPP_GLOBAL_Control[WPP_LAST_CTL];
DECLSPEC_SELECTANY WPP_PROJECT_CONTROL_BLOCK WPP_GLOBAL_Control[WPP_LAST_CTL] = {};
#else
WPP_HIDDEN WPP_PROJECT_CONTROL_BLOCK WPP_GLOBAL_Control[WPP_LAST_CTL] __attribute__((common));
#endif

#undef WPP_INIT_TRACING
#undef WPP_CLEANUP
#define WPP_INIT_TRACING(driver, path)                                                          \
    ((void)(driver), (void)(path),                                                              \
     OpenMpioTraceBegin(WPP_CB, WPP_LAST_CTL, sizeof(WPP_CB_TYPE), WPP_FLAG_LEN, WppNames()))
#define WPP_CLEANUP(driver) ((void)(driver), OpenMpioTraceEnd())
#endif

DDK_END_C

#endif
