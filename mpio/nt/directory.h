/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: the object directory - names of devices and symbolic links.
 */
#ifndef MPIO_NT_DIRECTORY_H
#define MPIO_NT_DIRECTORY_H

#include "nt/kernel.h"

#define NT_NAME_MAX 256 /* characters */

/* Exactly one of Object and Target: a device, or where a symbolic link leads. The object is not referenced. */
NTSTATUS NtNameInsert(PNT_MACHINE Kernel, PCUNICODE_STRING Name, PVOID Object, PCUNICODE_STRING Target);
/* Follows symbolic links. NULL: no such name. */
PVOID NtNameLookup(PNT_MACHINE Kernel, PCUNICODE_STRING Name);
NTSTATUS NtNameRemoveLink(PNT_MACHINE Kernel, PCUNICODE_STRING Name);
/* All names of an object; one name. */
VOID NtNameRemoveObject(PNT_MACHINE Kernel, PVOID Object);
VOID NtNameRemoveObjectName(PNT_MACHINE Kernel, PCUNICODE_STRING Name);

#endif
