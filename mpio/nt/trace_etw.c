/* SPDX-License-Identifier: MIT */
/*
 * Event tracing as binaries of Microsoft's tool chain use it: Etw* providers, and the routines that the code
 * which WPP compiles into a driver looks up. Their format strings lie in the driver's .pdb, so a message shows
 * GUID, number and bytes. Registration: PASSIVE_LEVEL; events: any IRQL. Like the sink of trace_wpp.c, events
 * neither count as kernel calls nor enter the hash.
 *
 * Unspecified by the publications: what a classic provider's callback receives. We pass control code
 * EVENT_CONTROL_CODE_ENABLE_PROVIDER and a TRACE_ENABLE_CONTEXT, and only when somebody asked for the driver
 * by name. A provider is told once, at registration; later switching filters what it sends.
 */
#include <string.h>

#include "nt/trace_wpp.h"

#define LONGEST_VALUE 64u       /* bytes shown of one value */
#define MOST_VALUES   128u

/* ---- one line per event --------------------------------------------------------------------------------------- */

struct line {
    CHAR text[NT_DEBUG_LINE];
    struct format_output out;
};

static VOID BeginLine(struct line *Line, PCSTR What, const GUID *Guid, ULONG Number)
{
    memset(&Line->out, 0, sizeof(Line->out));
    Line->out.narrow = Line->text;
    Line->out.capacity = sizeof(Line->text) - 1;
    format_put_text(&Line->out, What);
    format_put_text(&Line->out, " ");
    format_put_guid(&Line->out, Guid);
    format_put_text(&Line->out, " #");
    format_put_decimal(&Line->out, Number);
}

static VOID AddValue(struct line *Line, const VOID *Data, SIZE_T Length)
{
    format_put_text(&Line->out, " [");
    format_put_decimal(&Line->out, Length);
    format_put_text(&Line->out, Length == 0 ? "" : ": ");
    format_put_bytes(&Line->out, Data, Length < LONGEST_VALUE ? Length : LONGEST_VALUE);
    format_put_text(&Line->out, Length > LONGEST_VALUE ? " ...]" : "]");
}

static VOID EndLine(struct line *Line, const NT_TRACE_PROVIDER *Provider, ULONG Level, ULONG Number)
{
    PNT_MACHINE kernel = NtKernel();

    Line->text[Line->out.length] = '\0';
    trace_note(world_fibre->world, world_fibre->machine, TRACE_DRIVER_TRACE, Provider->DriverOrdinal, (ULONGLONG)Level << 32,
               Number, 0);
    NtDebugLine(kernel, Provider->DriverName, Level != 0 ? Level : NT_DEBUG_INFO, Line->text);
}

/* ---- providers -------------------------------------------------------------------------------------------------- */

static NTSTATUS Add(enum nt_trace_kind Kind, const GUID *Guid, PREGHANDLE RegHandle, PNT_TRACE_PROVIDER *Provider)
{
    PNT_MACHINE kernel = NtKernel();

    if (Guid == NULL || RegHandle == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    *Provider = NtTraceNewProvider(kernel, Kind);
    if (*Provider == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (*Provider)->Guid = *Guid;
    *RegHandle = (*Provider)->Id;
    NtTraceRefresh(kernel);
    return STATUS_SUCCESS;
}

NTSTATUS EtwRegister(const GUID *ProviderId, PETWENABLECALLBACK EnableCallback, PVOID CallbackContext, PREGHANDLE RegHandle)
{
    PNT_TRACE_PROVIDER provider;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = Add(NT_TRACE_ETW, ProviderId, RegHandle, &provider);
    if (NT_SUCCESS(status) && EnableCallback != NULL && provider->Flags != 0) {
        NT_CALL_VOID("ETW enable callback", provider->Driver, PASSIVE_LEVEL, EnableCallback, ProviderId,
                     EVENT_CONTROL_CODE_ENABLE_PROVIDER, provider->Level, (ULONGLONG)provider->Flags, (ULONGLONG)0,
                     (PEVENT_FILTER_DESCRIPTOR)NULL, CallbackContext);
    }
    return status;
}

NTSTATUS EtwRegisterClassicProvider(const GUID *ProviderGuid, ULONG Type, PETW_CLASSIC_CALLBACK Callback, PVOID CallbackContext,
                                    PREGHANDLE RegHandle)
{
    PNT_TRACE_PROVIDER provider;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Type);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    status = Add(NT_TRACE_CLASSIC, ProviderGuid, RegHandle, &provider);
    if (NT_SUCCESS(status) && Callback != NULL && provider->Flags != 0) {
        TRACE_ENABLE_CONTEXT context = {(USHORT)provider->Id, provider->Level, 0, provider->Flags};

        NT_CALL_OUT("trace enable callback", provider->Driver, PASSIVE_LEVEL, Callback, ProviderGuid,
                    EVENT_CONTROL_CODE_ENABLE_PROVIDER, (PVOID)&context, CallbackContext);
    }
    return status;
}

static PNT_TRACE_PROVIDER Find(REGHANDLE RegHandle)
{
    PNT_TRACE_PROVIDER provider = RegHandle > ~0u ? NULL : NtTraceFindProvider(NtKernel(), (ULONG)RegHandle);

    return provider != NULL && provider->Kind != NT_TRACE_WPP ? provider : NULL;
}

NTSTATUS EtwUnregister(REGHANDLE RegHandle)
{
    PNT_TRACE_PROVIDER provider;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    provider = Find(RegHandle);
    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    provider->Kind = NT_TRACE_FREE;
    return STATUS_SUCCESS;
}

/* Keywords are 64 bits, flags the low 32 of them; no keyword passes any mask. */
BOOLEAN EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword)
{
    const NT_TRACE_PROVIDER *provider = Find(RegHandle);

    return provider != NULL && provider->Flags != 0 && Level <= provider->Level &&
           (Keyword == 0 || provider->Flags == ~0u || (Keyword & provider->Flags) != 0);
}

BOOLEAN EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor)
{
    return EtwProviderEnabled(RegHandle, EventDescriptor->Level, EventDescriptor->Keyword);
}

NTSTATUS EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, const GUID *ActivityId, ULONG UserDataCount,
                  PEVENT_DATA_DESCRIPTOR UserData)
{
    const NT_TRACE_PROVIDER *provider = Find(RegHandle);
    struct line line;

    UNREFERENCED_PARAMETER(ActivityId);
    if (provider == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    if (UserDataCount > MOST_VALUES || (UserDataCount != 0 && UserData == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!EtwEventEnabled(RegHandle, EventDescriptor)) {
        return STATUS_SUCCESS;
    }
    BeginLine(&line, "event", &provider->Guid, EventDescriptor->Id);
    for (ULONG i = 0; i < UserDataCount; i++) {
        AddValue(&line, (const VOID *)(ULONG_PTR)UserData[i].Ptr, UserData[i].Size);
    }
    EndLine(&line, provider, EventDescriptor->Level, EventDescriptor->Id);
    return STATUS_SUCCESS;
}

/* ---- WPP's own code ------------------------------------------------------------------------------------------------ */

NTSTATUS NtTraceWmiMessage(TRACEHANDLE LoggerHandle, const GUID *MessageGuid, USHORT MessageNumber, struct format_source *Pairs)
{
    /* The handle is the TRACE_ENABLE_CONTEXT that the provider was given. */
    const NT_TRACE_PROVIDER *provider = NtTraceFindProvider(NtKernel(), (USHORT)LoggerHandle);
    struct line line;

    if (provider == NULL || provider->Kind != NT_TRACE_CLASSIC) {
        return STATUS_INVALID_HANDLE;
    }
    if (provider->Flags == 0) {
        return STATUS_SUCCESS;
    }
    BeginLine(&line, "trace", MessageGuid != NULL ? MessageGuid : &provider->Guid, MessageNumber);
    for (ULONG i = 0; i < MOST_VALUES; i++) {
        const VOID *data = (const VOID *)(ULONG_PTR)Pairs->fetch(Pairs, FORMAT_POINTER);

        if (data == NULL) {
            break;
        }
        AddValue(&line, data, (SIZE_T)(ULONG_PTR)Pairs->fetch(Pairs, FORMAT_POINTER));
    }
    EndLine(&line, provider, 0, MessageNumber);
    return STATUS_SUCCESS;
}

NTSTATUS WmiTraceMessageVa(TRACEHANDLE LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid, USHORT MessageNumber,
                           va_list MessageArgList)
{
    struct format_va_source source;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(MessageFlags);
    format_va_begin(&source, MessageArgList);
    status = NtTraceWmiMessage(LoggerHandle, MessageGuid, MessageNumber, &source.source);
    format_va_end(&source);
    return status;
}

/* The published prototype ends its fixed part in a USHORT; arguments of both conventions pass it like an int. */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wvarargs"
#endif
NTSTATUS WmiTraceMessage(TRACEHANDLE LoggerHandle, ULONG MessageFlags, const GUID *MessageGuid, USHORT MessageNumber, ...)
{
    va_list list;
    NTSTATUS status;

    va_start(list, MessageNumber);
    status = WmiTraceMessageVa(LoggerHandle, MessageFlags, MessageGuid, MessageNumber, list);
    va_end(list);
    return status;
}

/* Buffer: the TRACE_ENABLE_CONTEXT that the callback was given. */
NTSTATUS WmiQueryTraceInformation(TRACE_INFORMATION_CLASS TraceInformationClass, PVOID TraceInformation,
                                  ULONG TraceInformationLength, PULONG RequiredLength, PVOID Buffer)
{
    ULONG needed = TraceInformationClass == TraceHandleClass ? sizeof(TRACEHANDLE) : sizeof(ULONG);
    TRACE_ENABLE_CONTEXT context;
    ULONG value;

    if (RequiredLength != NULL) {
        *RequiredLength = needed;
    }
    if (TraceInformation == NULL || Buffer == NULL || TraceInformationClass == TraceIdClass ||
        (ULONG)TraceInformationClass > TraceEnableLevelClass) {
        return STATUS_INVALID_PARAMETER;
    }
    if (TraceInformationLength < needed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(&context, Buffer, sizeof(context));
    value = TraceInformationClass == TraceEnableFlagsClass ? context.EnableFlags : context.Level;
    memcpy(TraceInformation, TraceInformationClass == TraceHandleClass ? (PVOID)&context : (PVOID)&value, needed);
    return STATUS_SUCCESS;
}
