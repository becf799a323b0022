/* SPDX-License-Identifier: MIT */
/*
 * What other rooms may know of mpio/core: the entry points of its two drivers. Everything else
 * goes through IRPs, device objects and the control codes of core/mpioctl.h.
 */
#ifndef MPIO_CORE_MPIO_CORE_H
#define MPIO_CORE_MPIO_CORE_H

#include <ntddk.h>

/* Service "mpio": the bus driver. Load it before any DSM and before the adapters start. */
DRIVER_INITIALIZE MpioDriverEntry;
/* Service "mpdev": the filter on LUN PDOs that hands instances to mpio. Load it after mpio. */
DRIVER_INITIALIZE MpdevDriverEntry;

/* DsmNotification without the variable argument list: A..D are the arguments in order, pointers and
 * integers alike widened; unused ones are 0. For callers of another calling convention. */
VOID MpioNotification(PVOID MpioContext, ULONG Type, ULONG_PTR A, ULONG_PTR B, ULONG_PTR C, ULONG_PTR D);

#endif
