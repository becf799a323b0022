/* SPDX-License-Identifier: MIT */
/*
 * Event tracing as binaries of Microsoft's tool chain call it: kernel providers (Etw*) and the
 * routines behind WPP's own code (Wmi*). Names and layouts are the published ones. Our own builds
 * do not need them: their messages carry the format (<openmpio/wpp.h>). Messages: any IRQL.
 */
#ifndef OPENMPIO_ETW_H
#define OPENMPIO_ETW_H

#include <ntdef.h>
#include <guiddef.h>

DDK_BEGIN_C

typedef ULONG64 TRACEHANDLE, *PTRACEHANDLE;
typedef ULONGLONG REGHANDLE, *PREGHANDLE;

typedef struct _EVENT_DESCRIPTOR {
    USHORT Id;
    UCHAR Version, Channel, Level, Opcode;
    USHORT Task;
    ULONGLONG Keyword;
} EVENT_DESCRIPTOR, *PEVENT_DESCRIPTOR;
typedef const EVENT_DESCRIPTOR *PCEVENT_DESCRIPTOR;

typedef struct _EVENT_DATA_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Reserved;
} EVENT_DATA_DESCRIPTOR, *PEVENT_DATA_DESCRIPTOR;

typedef struct _EVENT_FILTER_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Type;
} EVENT_FILTER_DESCRIPTOR, *PEVENT_FILTER_DESCRIPTOR;

#define EVENT_CONTROL_CODE_DISABLE_PROVIDER 0
#define EVENT_CONTROL_CODE_ENABLE_PROVIDER  1
#define EVENT_CONTROL_CODE_CAPTURE_STATE    2

typedef VOID (NTAPI *PETWENABLECALLBACK)(const GUID *SourceId, ULONG ControlCode, UCHAR Level,
                                         ULONGLONG MatchAnyKeyword, ULONGLONG MatchAllKeyword,
                                         PEVENT_FILTER_DESCRIPTOR FilterData, PVOID CallbackContext);

static __inline__ __attribute__((unused)) VOID
EventDataDescCreate(PEVENT_DATA_DESCRIPTOR Descriptor, const VOID *Data, ULONG Size)
{
    Descriptor->Ptr = (ULONG_PTR)Data;
    Descriptor->Size = Size;
    Descriptor->Reserved = 0;
}

/* PASSIVE_LEVEL. The callback comes before EtwRegister returns when the provider is switched on. */
NTKERNELAPI NTSTATUS NTAPI EtwRegister(const GUID *ProviderId, PETWENABLECALLBACK EnableCallback,
                                       PVOID CallbackContext, PREGHANDLE RegHandle);
NTKERNELAPI NTSTATUS NTAPI EtwUnregister(REGHANDLE RegHandle);
NTKERNELAPI BOOLEAN NTAPI EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor);
NTKERNELAPI BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword);
NTKERNELAPI NTSTATUS NTAPI EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, const GUID *ActivityId,
                                    ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData);

/* ---- behind WPP's own code -------------------------------------------------------------------- */
/* EnableContext: a TRACE_ENABLE_CONTEXT. */
typedef NTSTATUS (NTAPI *PETW_CLASSIC_CALLBACK)(const GUID *Guid, UCHAR ControlCode, PVOID EnableContext,
                                                PVOID CallbackContext);
typedef struct _TRACE_ENABLE_CONTEXT {
    USHORT LoggerId;
    UCHAR Level;
    UCHAR InternalFlag;
    ULONG EnableFlags;
} TRACE_ENABLE_CONTEXT, *PTRACE_ENABLE_CONTEXT;

typedef enum _TRACE_INFORMATION_CLASS {
    TraceIdClass,
    TraceHandleClass,
    TraceEnableFlagsClass,
    TraceEnableLevelClass
} TRACE_INFORMATION_CLASS;

/* IoWMIRegistrationControl's Action may carry them; a trace provider is registered like any other. */
#define WMIREG_FLAG_TRACE_PROVIDER    0x00010000
#define WMIREG_FLAG_TRACE_NOTIFY_MASK 0x00F00000
#define WMIREG_FLAG_CALLBACK          0x80000000

#define TRACE_MESSAGE_SEQUENCE      1
#define TRACE_MESSAGE_GUID          2
#define TRACE_MESSAGE_COMPONENTID   4
#define TRACE_MESSAGE_TIMESTAMP     8
#define TRACE_MESSAGE_SYSTEMINFO    32

/* PASSIVE_LEVEL: what a WPP driver built with Microsoft's tools calls first; Callback switches its flags. */
NTKERNELAPI NTSTATUS NTAPI EtwRegisterClassicProvider(const GUID *ProviderGuid, ULONG Type,
                                                      PETW_CLASSIC_CALLBACK Callback, PVOID CallbackContext,
                                                      PREGHANDLE RegHandle);
/* After MessageNumber: pairs of pointer and length (SIZE_T), ended by NULL. */
NTKERNELAPI NTSTATUS DDK_CDECL WmiTraceMessage(TRACEHANDLE LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid,
                                               USHORT MessageNumber, ...);
NTKERNELAPI NTSTATUS NTAPI WmiTraceMessageVa(TRACEHANDLE LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid,
                                             USHORT MessageNumber, va_list MessageArgList);
NTKERNELAPI NTSTATUS NTAPI WmiQueryTraceInformation(TRACE_INFORMATION_CLASS TraceInformationClass,
                                                    PVOID TraceInformation, ULONG TraceInformationLength,
                                                    PULONG RequiredLength, PVOID Buffer);

DDK_END_C

#endif
