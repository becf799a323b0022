/* SPDX-License-Identifier: MIT */
/*
 * What structured exception handling (load/seh.c) and code made for a real kernel (load/traps.c) ask this kernel, and how
 * its routines raise exceptions in PE images that called them.
 */
#ifndef MPIO_NT_SEH_H
#define MPIO_NT_SEH_H

#include "nt/kernel.h"

/* TRUE: the image that called the routine running now gets the exception as soon as the routine has returned; return at
 * once, as after an error, nothing held and nothing half-made. FALSE: nobody is there to be told (a shared object, which
 * knows no exceptions, or the framework). */
BOOLEAN NtRaiseAtCaller(NTSTATUS Status);

/* Does a fault of driver code become an exception, or is it the end of the machine on Windows, too? HasAddress: FALSE for
 * an address that no processor can use. */
BOOLEAN NtFaultIsException(BOOLEAN HasAddress, ULONGLONG Address);
/* The routine whose return address lies at Slot was called by the innermost driver call, and may be left. Signal context. */
bool NtMayLeaveRoutine(const void *Slot);

/* Memory that x64 drivers read inline, from their headers: shared data of the system (KUSER_SHARED_DATA) and the
 * processor's control region behind gs. No memory of the process lies there. */
#define NT_SHARED_DATA       0xFFFFF78000000000ull
#define NT_SHARED_DATA_BYTES 0x1000u
#define NT_PROCESSOR_BLOCK       0xFFFFF78000010000ull /* ours to choose */
#define NT_PROCESSOR_BLOCK_BYTES 0x1000u
/* FALSE: nothing that this kernel keeps lies there. Any IRQL; counts as a kernel call. */
BOOLEAN NtReadKernelPage(ULONGLONG Address, PVOID To, SIZE_T Length);

/* What `mov cr8` does. */
KIRQL NtReadCr8(VOID);
VOID NtWriteCr8(ULONGLONG NewIrql);

#endif
