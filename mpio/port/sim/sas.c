/* SPDX-License-Identifier: MIT */
/*
 * Miniport of a simulated SAS adapter: the bus type, and the two routines that differ by name. PASSIVE_LEVEL.
 */
#include "port/sim/miniports.h"
#include "port/sim/simcore.h"

static ULONG FindAdapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PCHAR ArgumentString,
                         PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    *Again = FALSE;
    return SimFindAdapter(DeviceExtension, ConfigInfo, BusTypeSas);
}

NTSTATUS SasMiniportDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return (NTSTATUS)SimInitialize(DriverObject, RegistryPath, FindAdapter);
}
