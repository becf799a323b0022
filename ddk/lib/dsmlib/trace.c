/* SPDX-License-Identifier: MIT */
/*
 * A driver's end of software tracing: WPP_INIT_TRACING and WPP_CLEANUP come here. The emulator is
 * found by name at run time; on Windows it is absent and every message stays off. PASSIVE_LEVEL;
 * the variables change in DriverEntry and DriverUnload only.
 */
#include <ntddk.h>
#include <openmpio/wpp.h>

static ULONG DDK_CDECL Drop(ULONG64 Logger, PCSTR Types, PCSTR File, PCSTR Function, ULONG Line,
                            ULONG Level, PCSTR LevelText, PCSTR FlagText, PCSTR Format, ...)
{
    UNREFERENCED_PARAMETER(Logger);
    UNREFERENCED_PARAMETER(Types);
    UNREFERENCED_PARAMETER(File);
    UNREFERENCED_PARAMETER(Function);
    UNREFERENCED_PARAMETER(Line);
    UNREFERENCED_PARAMETER(Level);
    UNREFERENCED_PARAMETER(LevelText);
    UNREFERENCED_PARAMETER(FlagText);
    UNREFERENCED_PARAMETER(Format);
    return 1;
}

POPENMPIO_TRACE_SINK OpenMpioTraceSink = Drop;
static OPENMPIO_TRACE_PROVIDER Provider;

VOID OpenMpioTraceBegin(PVOID Controls, ULONG Count, ULONG Size, ULONG FlagWords, PCSTR Names)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"" OPENMPIO_TRACE_REGISTER_NAME);
    POPENMPIO_TRACE_REGISTER enter = (POPENMPIO_TRACE_REGISTER)MmGetSystemRoutineAddress(&name);

    if (enter == NULL || Provider.Size != 0) {
        return;
    }
    Provider.Size = sizeof(Provider);
    Provider.ControlCount = Count;
    Provider.ControlSize = Size;
    Provider.FlagWords = FlagWords;
    Provider.Controls = Controls;
    Provider.Names = Names;
    if (NT_SUCCESS(enter(&Provider))) {
        OpenMpioTraceSink = Provider.Sink;
    } else {
        Provider.Size = 0;
    }
}

VOID OpenMpioTraceEnd(VOID)
{
    if (Provider.Size != 0) {
        Provider.Unregister(&Provider);
        Provider.Size = 0;
        OpenMpioTraceSink = Drop;
    }
}
