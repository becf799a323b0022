/* SPDX-License-Identifier: MIT */
/* Our side of the comparison; mingw.h includes the same subjects from mingw-w64. */
#include <ntddk.h>
#include <srb.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <ntdddisk.h>
#include <storport.h>
#include <wmistr.h>
#include <wmilib.h>
#include <ntstrsafe.h>
#include <ntintsafe.h>
