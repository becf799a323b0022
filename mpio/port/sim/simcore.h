/* SPDX-License-Identifier: MIT */
/*
 * What the simulated miniports share: the StorPort entry points over `struct hba`. A personality says
 * how its transport reports a path that is gone.
 */
#ifndef MPIO_PORT_SIM_SIMCORE_H
#define MPIO_PORT_SIM_SIMCORE_H

#include <storport.h>
#include "world/fabric.h"

typedef struct _SIM_PERSONALITY {
    STORAGE_BUS_TYPE BusType;
    UCHAR NoTarget;     /* SRB status when nobody answers the address */
    UCHAR LinkDown;     /* SRB status when the link was down longer than the link-down time */
} SIM_PERSONALITY;

ULONG SimInitialize(PVOID DriverObject, PVOID RegistryPath, PHW_FIND_ADAPTER FindAdapter);
ULONG SimFindAdapter(PVOID DeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                     const SIM_PERSONALITY *Personality);

#endif
