/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: objects in a driver's memory that a queue refers to (timers, DPCs, awaited
 * objects). KE-TIMER-01 when that memory is freed or initialised again meanwhile.
 */
#ifndef MPIO_NT_QUEUED_H
#define MPIO_NT_QUEUED_H

#include "nt/kernel.h"

VOID NtQueuedInsert(PNT_MACHINE Kernel, PNT_QUEUED Queued, PVOID Object, SIZE_T Size);
VOID NtQueuedRemove(PNT_MACHINE Kernel, PNT_QUEUED Queued);
/* Bug check when something in [Object, Object+Size) is queued. */
VOID NtQueuedRefuse(PVOID Object, SIZE_T Size);

#endif
