/* SPDX-License-Identifier: MIT */
/*
 * The data types of the WMI library: what a DSM puts into DSM_WMILIB_CONTEXT. A DSM's WMI blocks
 * are dispatched by MPIO, so the library's own routines (WmiSystemControl ...) are not provided.
 */
#ifndef OPENMPIO_WMILIB_H
#define OPENMPIO_WMILIB_H

#include <wdm.h>

DDK_BEGIN_C

typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags; /* WMIREG_FLAG_* */
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

typedef enum {
    WmiEventControl,    /* events of the block on or off */
    WmiDataBlockControl /* collection of an expensive block on or off */
} WMIENABLEDISABLECONTROL, *PWMIENABLEDISABLECONTROL;

typedef enum {
    IrpProcessed,
    IrpNotCompleted,
    IrpNotWmi,
    IrpForward
} SYSCTL_IRP_DISPOSITION, *PSYSCTL_IRP_DISPOSITION;

DDK_END_C

#endif
