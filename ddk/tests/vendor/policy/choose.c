/* SPDX-License-Identifier: MIT */
/* A second source, in a subdirectory, so that the tentative definition in vendor.h meets itself. */
#include "../vendor.h"
#ifdef DEBUG_USE_WPP
#include "choose.tmh"
#endif

PVOID
#pragma warning(suppress : 28167)
ChoosePath(PSTORAGE_REQUEST_BLOCK Srb, PVOID *Paths, ULONG Count)
{
    PCDB cdb = SrbGetCdb(Srb);

    TraceEvents(TRACE_LEVEL_VERBOSE, TRACE_FLAG_RW, "%!FUNC! %u paths", Count);
    if (cdb == NULL || Count == 0) {
        DoTraceMessage(TRACE_FLAG_SCSI, "no path");
        return NULL;
    }
    return Paths[cdb->CDB10.LogicalBlockByte3 % Count];
}

BOOLEAN IsPathRequest(PMPIO_PASS_THROUGH_PATH_EX Request, PSTOR_ADDR_BTL8 Address)
{
#ifdef _WIN64
    C_ASSERT(sizeof(MPIO_PASS_THROUGH_PATH32) == 64);
#endif
    return (Request->Flags & MPIO_IOCTL_FLAG_USE_PATHID) != 0 && Address == NULL;
}
