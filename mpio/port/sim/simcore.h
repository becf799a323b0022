/* SPDX-License-Identifier: MIT */
/*
 * What the simulated miniports share: the StorPort entry points over `struct hba`. How an adapter reports
 * a path that is gone is its personality's matter (world/hba_personality.h).
 */
#ifndef MPIO_PORT_SIM_SIMCORE_H
#define MPIO_PORT_SIM_SIMCORE_H

#include <storport.h>
#include "world/fabric.h"

ULONG SimInitialize(PVOID DriverObject, PVOID RegistryPath, PHW_FIND_ADAPTER FindAdapter);
ULONG SimFindAdapter(PVOID DeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo, STORAGE_BUS_TYPE BusType);

#endif
