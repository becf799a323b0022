/* SPDX-License-Identifier: MIT */
/* mingw-w64's kernel and storage headers, in the include order they ask for. */
#include <ddk/ntddk.h>
#include <ddk/srb.h>
#include <ddk/scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <ntdddisk.h>
#include <ntddvol.h>
#include <wmistr.h>
#include <ddk/wmilib.h>
#include <ddk/ntintsafe.h>
