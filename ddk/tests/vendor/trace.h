/* SPDX-License-Identifier: MIT */
/* The trace declaration of a WDK-style storage driver. */
#define DEBUG_COMP_ID DPFLTR_MSDSM_ID
#include <storswtr.h>
#define WPP_GUID_VENDOR (0A1B2C3D,0001,0002,0003,0123456789AB)
#define WPP_CONTROL_GUIDS WPP_CONTROL_GUIDS_NORMAL_FLAGS(WPP_GUID_VENDOR)
