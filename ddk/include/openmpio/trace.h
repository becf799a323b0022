/* SPDX-License-Identifier: MIT */
/*
 * Between a driver's trace macros (<openmpio/wpp.h>, the generated .tmh) and the emulator's trace
 * sink. A driver finds "OpenMpioTraceRegister" with MmGetSystemRoutineAddress, so its image imports
 * nothing that Windows lacks: there the look-up answers NULL and tracing stays off. Messages: any
 * IRQL. Registration: PASSIVE_LEVEL.
 */
#ifndef OPENMPIO_TRACE_H
#define OPENMPIO_TRACE_H

#include <ntdef.h>

DDK_BEGIN_C

/* Words of 32 flags per control GUID. */
#ifndef WPP_FLAG_LEN
#define WPP_FLAG_LEN 1
#endif

/* What a condition looks at. Zero until the kernel fills it: everything is off. The kernel writes
 * Logger, Level and Flags, at registration and whenever somebody switches them. */
typedef struct _OPENMPIO_TRACE_CONTROL {
    ULONG64 Logger;             /* names provider and control to the sink; 0: nobody listens */
    UCHAR Level;
    UCHAR AutoLogVerboseEnabled, AutoLogAttachToMiniDump; /* of the flight recorder, which is absent */
    UCHAR Reserved;
    ULONG Flags[WPP_FLAG_LEN];  /* flag n of the list is bit n, from 0 */
    PVOID AutoLogContext;
} OPENMPIO_TRACE_CONTROL;

/* Types: the project's own %!NAME! types, "NAME=L:item,item;" each (see format_types.c of the emulator).
 * Level: 0 when the trace function has none. LevelText and FlagText: as the source spells them. Answers 1. */
typedef ULONG (DDK_CDECL *POPENMPIO_TRACE_SINK)(ULONG64 Logger, PCSTR Types, PCSTR File, PCSTR Function,
                                                ULONG Line, ULONG Level, PCSTR LevelText, PCSTR FlagText,
                                                PCSTR Format, ...);

/* The driver's: it lives until Unregister, or until the driver is unloaded. */
typedef struct _OPENMPIO_TRACE_PROVIDER {
    ULONG Size;                 /* of this structure */
    ULONG ControlCount;
    ULONG ControlSize;          /* distance from one control to the next */
    ULONG FlagWords;            /* WPP_FLAG_LEN */
    PVOID Controls;
    PCSTR Names;                /* a line per control: "name|(guid fields)|flag,flag,\n" */
    POPENMPIO_TRACE_SINK Sink;  /* the kernel's answer, in the image's calling convention */
    VOID (DDK_CDECL *Unregister)(struct _OPENMPIO_TRACE_PROVIDER *Provider);
} OPENMPIO_TRACE_PROVIDER, *POPENMPIO_TRACE_PROVIDER;

typedef NTSTATUS (DDK_CDECL *POPENMPIO_TRACE_REGISTER)(POPENMPIO_TRACE_PROVIDER Provider);
#define OPENMPIO_TRACE_REGISTER_NAME "OpenMpioTraceRegister"

DDK_END_C

#endif
