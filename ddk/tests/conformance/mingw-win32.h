/* SPDX-License-Identifier: MIT */
/* What mingw-w64 declares of the same subjects for programs. */
#define WIN32_LEAN_AND_MEAN
#define NOGDI
#define NOUSER
#define WIN32_NO_STATUS
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <winioctl.h>
#include <ntddscsi.h>
