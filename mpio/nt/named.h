/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: names of objects that are no devices - events and callback objects. Case-insensitive.
 */
#ifndef MPIO_NT_NAMED_H
#define MPIO_NT_NAMED_H

#include "nt/object.h"

/* The object of that name, not referenced; NULL: none. */
PVOID NtNamedFind(PCUNICODE_STRING Name);
/* The name goes with NtNamedRemove. FALSE: no memory. */
BOOLEAN NtNamedInsert(PCUNICODE_STRING Name, PVOID Object);
VOID NtNamedRemove(PVOID Object);

#endif
