/* SPDX-License-Identifier: MIT */
/* The calls that binaries of Microsoft's tool chain make: an ETW provider, and what WPP's own code does. */
#include "trace.h"

static TRACEHANDLE logger;

static NTSTATUS NTAPI Enable(const GUID *Guid, UCHAR ControlCode, PVOID EnableContext, PVOID Context)
{
    UNREFERENCED_PARAMETER(Guid);
    UNREFERENCED_PARAMETER(Context);
    if (ControlCode == EVENT_CONTROL_CODE_ENABLE_PROVIDER)
        RtlCopyMemory(&logger, EnableContext, sizeof(logger));
    return STATUS_SUCCESS;
}

VOID TraceEventsOfBinaries(VOID)
{
    static const GUID guid = {0x0a1b2c3f, 1, 2, {0, 3, 1, 0x23, 0x45, 0x67, 0x89, 0xab}};
    EVENT_DESCRIPTOR event = {0};
    EVENT_DATA_DESCRIPTOR data[1];
    REGHANDLE provider, classic;
    ULONG number = 0x11223344;
    USHORT small = 0x5566;

    event.Id = 12;
    event.Level = 4;
    if (NT_SUCCESS(EtwRegister(&guid, NULL, NULL, &provider))) {
        EventDataDescCreate(&data[0], &number, sizeof(number));
        if (EtwEventEnabled(provider, &event))
            EtwWrite(provider, &event, NULL, 1, data);
        EtwUnregister(provider);
    }
    if (NT_SUCCESS(EtwRegisterClassicProvider(&guid, 0, Enable, NULL, &classic))) {
        if (logger != 0)
            WmiTraceMessage(logger, TRACE_MESSAGE_GUID, &guid, 10, &number, (SIZE_T)sizeof(number), &small,
                            (SIZE_T)sizeof(small), "text", (SIZE_T)5, NULL);
        EtwUnregister(classic);
    }
}
