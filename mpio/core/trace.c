/* SPDX-License-Identifier: MIT */
/*
 * State changes of LUNs and paths in the event stream. <= DISPATCH_LEVEL, any lock.
 */
#include "core/core.h"

VOID MpioTraceLun(PMPIO_LUN Lun)
{
    NtTrace(TRACE_LUN, Lun->Ordinal, MpioLunState(Lun), (ULONGLONG)Lun->UsableCount << 32 | Lun->InstanceCount, 0);
}

VOID MpioTracePath(PMPIO_PATH Path, PMPIO_LUN Lun)
{
    NtTrace(TRACE_PATH, Path->Ordinal, Path->State, Lun != NULL ? Lun->Ordinal : MPIO_NO_ORDINAL, 0);
}
