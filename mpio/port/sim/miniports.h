/* SPDX-License-Identifier: MIT */
/*
 * The simulated miniports: load them with nt_load_driver under these service names before PnpBoot.
 * They drive `struct hba` (world/fabric.h), simulated or real.
 */
#ifndef MPIO_PORT_SIM_MINIPORTS_H
#define MPIO_PORT_SIM_MINIPORTS_H

#include <ntddk.h>

DRIVER_INITIALIZE FcMiniportDriverEntry;    /* service "ompfc", Fibre Channel (SAS and parallel SCSI too) */
DRIVER_INITIALIZE IscsiMiniportDriverEntry; /* service "ompiscsi" */

#endif
