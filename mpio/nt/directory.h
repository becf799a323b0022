/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: the object directory - names of devices and symbolic links.
 */
#ifndef MPIO_NT_DIRECTORY_H
#define MPIO_NT_DIRECTORY_H

#include "nt/kernel.h"

#define NT_NAME_MAX 256 /* characters */

/* Exactly one of Device and Target: Target is where a symbolic link leads. The device is not referenced. */
NTSTATUS NtNameInsert(PNT_MACHINE Kernel, PCUNICODE_STRING Name, PDEVICE_OBJECT Device, PCUNICODE_STRING Target);
/* Follows symbolic links. NULL: no such name. */
PDEVICE_OBJECT NtNameLookup(PNT_MACHINE Kernel, PCUNICODE_STRING Name);
NTSTATUS NtNameRemoveLink(PNT_MACHINE Kernel, PCUNICODE_STRING Name);
/* All names of a device. */
VOID NtNameRemoveDevice(PNT_MACHINE Kernel, PDEVICE_OBJECT Device);
/* One name, whatever it is; nothing when there is no such name. */
VOID NtNameRemove(PNT_MACHINE Kernel, PCUNICODE_STRING Name);

#endif
