/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: what device interfaces and Plug and Play notification offer each other.
 */
#ifndef MPIO_NT_NOTIFICATION_H
#define MPIO_NT_NOTIFICATION_H

#include "nt/kernel.h"

/* Tells those registered for the class, later and in a system thread. */
VOID NtNotifyInterface(const GUID *Class, PCUNICODE_STRING Name, BOOLEAN Arrived);
/* The enabled interfaces of a class, in order of registration. */
VOID NtInterfacesVisit(const GUID *Class, VOID (*Visit)(PVOID User, PCUNICODE_STRING Name), PVOID User);
/* The device is being deleted. */
VOID NtInterfacesRemoveDevice(PNT_MACHINE Kernel, PDEVICE_OBJECT Device);

#endif
