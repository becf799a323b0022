/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play of one machine: what the house may call, each from a system thread of the machine at
 * PASSIVE_LEVEL (nt_run_thread). All PnP IRPs of a machine are serialised.
 */
#ifndef MPIO_PNP_PNP_H
#define MPIO_PNP_PNP_H

#include <ntddk.h>

/* Registers the hooks of the I/O manager and enumerates: ROOT\MPIO\0000 (service "mpio"), then one
 * adapter per HBA of the machine, then everything below them. Load the drivers before; a service that
 * is not loaded is skipped. Returns when every adapter has been scanned; what invalidates its relations
 * meanwhile (MPIO, with its pseudo-LUNs) is read by the worker right after. */
VOID PnpBoot(VOID);

/* The machine's HBAs have changed (struct hba: pulled, plugged): what was pulled is removed by surprise, what was put in is
 * enumerated, with the port number of its slot. Returns when that is done. */
VOID PnpLookAtAdapters(VOID);

/* Orderly removal of one device: query, then remove, children first. The device may refuse (its
 * status is answered, nothing has changed). */
NTSTATUS PnpRemoveDevice(PDEVICE_OBJECT PhysicalDeviceObject);

/* Removes the whole tree without surprise, so that drivers can be unloaded. */
VOID PnpShutdown(VOID);

#endif
