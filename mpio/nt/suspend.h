/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: contexts (fibres) going off their virtual CPU and coming back, and contexts made
 * for an event that the world runs at DISPATCH_LEVEL. Every suspension in the room goes through
 * here, so that the CPUs and the spinners' deadlock check see it.
 */
#ifndef MPIO_NT_SUSPEND_H
#define MPIO_NT_SUSPEND_H

#include "nt/kernel.h"

typedef struct _NT_SUSPENDED {
    LIST_ENTRY Entry;
    PNT_CONTEXT Context;
    BOOLEAN Busy;       /* counts in BusyCpus */
    BOOLEAN Listed;
} NT_SUSPENDED;

/* fibre_block, fibre_sleep and fibre_preempt with the book-keeping of virtual CPUs. */
VOID NtBlock(VOID);
VOID NtSleepUntil(ULONGLONG Time);
VOID NtPreempt(VOID);

/* A CPU that no suspended context occupies at DISPATCH_LEVEL; any, when all are occupied. */
UCHAR NtPickCpu(PNT_MACHINE Kernel);

/* Begin and end of code that a world event runs at DISPATCH_LEVEL. */
VOID NtEnterDispatch(PNT_MACHINE Kernel);
VOID NtLeaveDispatch(VOID);

/* Side objects that belong to the emulator, not to the driver's address space: calloc'ed, released
 * together when the machine is destroyed. NULL ends the machine's creation or is a host failure. */
PVOID NtSideAllocate(PNT_MACHINE Kernel, SIZE_T Bytes);
VOID NtSideDestroy(PNT_MACHINE Kernel);

static inline ULONGLONG NtNow(VOID)
{
    return world_now(world_fibre->world);
}

#endif
