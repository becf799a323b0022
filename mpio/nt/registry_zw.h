/* SPDX-License-Identifier: MIT */
/*
 * What registry_key.c, registry_value.c and registry_device.c share: handles, and answers cut to the
 * caller's buffer. PASSIVE_LEVEL.
 */
#ifndef MPIO_NT_REGISTRY_ZW_H
#define MPIO_NT_REGISTRY_ZW_H

#include "nt/registry.h"

typedef struct _NT_REGISTRY_OUTPUT {
    PVOID Buffer;
    ULONG Length;
} NT_REGISTRY_OUTPUT;

/* STATUS_INVALID_HANDLE, STATUS_KEY_DELETED or success. */
NTSTATUS NtRegistryKeyOf(HANDLE Handle, PNT_KEY *Key);
NTSTATUS NtRegistryHandle(PNT_KEY Key, PHANDLE Handle);
/* Tells the length needed; STATUS_BUFFER_TOO_SMALL when not even the fixed part fits, STATUS_BUFFER_OVERFLOW
 * when the rest will be cut, else success. */
NTSTATUS NtRegistryBegin(const NT_REGISTRY_OUTPUT *Output, ULONG Fixed, ULONG Needed, PULONG ResultLength);
/* Copies what fits. */
VOID NtRegistryPut(NT_REGISTRY_OUTPUT *Output, ULONG Offset, const VOID *From, SIZE_T Length);

#endif
