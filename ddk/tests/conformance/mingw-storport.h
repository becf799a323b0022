/* SPDX-License-Identifier: MIT */
/* mingw-w64's storport.h, which defines some of srb.h again: those names are put aside. */
#include <ddk/ntddk.h>
#include <ddk/srb.h>
#define SCSI_WMI_REQUEST_BLOCK   MINGW_SCSI_WMI_REQUEST_BLOCK
#define PSCSI_WMI_REQUEST_BLOCK  MINGW_PSCSI_WMI_REQUEST_BLOCK
#define _SCSI_WMI_REQUEST_BLOCK  MINGW__SCSI_WMI_REQUEST_BLOCK
#include <ddk/storport.h>
