/* SPDX-License-Identifier: MIT */
/* The trace provider, as storage drivers declare it. */

#ifndef _WDKDSM_TRACE_H_
#define _WDKDSM_TRACE_H_

#define DEBUG_COMP_ID DPFLTR_MSDSM_ID

//
// Without WPP (DEBUG_USE_KDPRINT), one source has the routine that prints.
//
#if defined(DEBUG_USE_KDPRINT) && defined(WDKDSM_MAIN)
#define DEBUG_MAIN_SOURCE 1
#endif
#include <storswtr.h>

// {6A3F7C10-52D1-4C0E-9B1E-3B6A5D0F7700}
#define WPP_GUID_WDKDSM (6A3F7C10,52D1,4C0E,9B1E,3B6A5D0F7700)

#ifdef DEBUG_USE_WPP
#define WPP_CONTROL_GUIDS WPP_CONTROL_GUIDS_NORMAL_FLAGS(WPP_GUID_WDKDSM)
#endif

#endif // _WDKDSM_TRACE_H_
