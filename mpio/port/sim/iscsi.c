/* SPDX-License-Identifier: MIT */
/*
 * Miniport of a simulated iSCSI initiator: the personality, and the two routines that differ by name. PASSIVE_LEVEL.
 */
#include "port/sim/miniports.h"
#include "port/sim/simcore.h"

static const SIM_PERSONALITY Personality = {
    .BusType = BusTypeiScsi,
    .NoTarget = SRB_STATUS_SELECTION_TIMEOUT,
    .LinkDown = SRB_STATUS_NO_DEVICE,
};

static ULONG FindAdapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PCHAR ArgumentString,
                         PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(ArgumentString);
    *Again = FALSE;
    return SimFindAdapter(DeviceExtension, ConfigInfo, &Personality);
}

NTSTATUS IscsiMiniportDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return (NTSTATUS)SimInitialize(DriverObject, RegistryPath, FindAdapter);
}
