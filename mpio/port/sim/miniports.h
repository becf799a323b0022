/* SPDX-License-Identifier: MIT */
/*
 * The simulated miniports: load them with nt_load_driver under these service names before PnpBoot.
 * They drive `struct hba` (world/fabric.h), simulated or real.
 */
#ifndef MPIO_PORT_SIM_MINIPORTS_H
#define MPIO_PORT_SIM_MINIPORTS_H

#include <ntddk.h>

DRIVER_INITIALIZE FcMiniportDriverEntry;    /* service "ompfc", Fibre Channel */
DRIVER_INITIALIZE IscsiMiniportDriverEntry; /* service "ompiscsi" */
DRIVER_INITIALIZE SasMiniportDriverEntry;   /* service "ompsas" */
DRIVER_INITIALIZE SpiMiniportDriverEntry;   /* service "ompspi", parallel SCSI */

#endif
