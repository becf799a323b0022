/* SPDX-License-Identifier: MIT */
/* A second source of the same controls, which looks at the control block itself. */
#include "trace.h"
#include "block.tmh"

VOID TraceBlock(VOID)
{
    if (WPP_LEVEL_FLAGS_ENABLED(TRACE_LEVEL_VERBOSE, FLAG_PATH))
        TracePrint((TRACE_LEVEL_VERBOSE, FLAG_PATH, "asked before: %s.\n", "yes"));
    if (WPP_CB[WPP_CTL_Main].Control.Level >= TRACE_LEVEL_ERROR && WPP_CONTROL(WPP_BIT_FLAG_SECOND).Flags[0] != 0)
        TraceEvents(TRACE_LEVEL_ERROR, FLAG_SECOND, "looked at the block");
}
