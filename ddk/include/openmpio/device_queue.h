/* SPDX-License-Identifier: MIT */
/*
 * Device queues and the StartIo model on top of them. A queue is busy or not; an entry offered to a
 * queue that is not busy makes it busy and is not queued. <= DISPATCH_LEVEL; the routines guard the
 * queue themselves.
 * Source: wdm.h, ntddk.h and the pages of the KeXxxDeviceQueue and IoStartXxxPacket families.
 */
#ifndef OPENMPIO_DEVICE_QUEUE_H
#define OPENMPIO_DEVICE_QUEUE_H

#include <openmpio/io.h>

DDK_BEGIN_C

/* Non-paged memory of the driver. */
NTKERNELAPI VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue);
/* FALSE: the queue was not busy, is so now, and the caller serves the entry itself. ByKey sorts by
 * SortKey, behind equal ones. */
NTKERNELAPI BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);
NTKERNELAPI BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                                   PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey);
/* The first entry (the first with at least that key, else the first); NULL: it was empty and is no
 * longer busy. IfBusy: NULL also when the queue is not busy. */
NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue);
NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey);
NTKERNELAPI PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey);
/* FALSE: the entry was not queued. */
NTKERNELAPI BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                                   PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

/* Calls DriverStartIo at DISPATCH_LEVEL, or queues the IRP while the device is busy. *Key sorts. */
NTKERNELAPI VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction);
/* At DISPATCH_LEVEL: the next queued IRP to DriverStartIo; none: the device is no longer busy. */
NTKERNELAPI VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable);
NTKERNELAPI VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key);
/* DeferredStartIo: IoStartNextPacket called inside DriverStartIo starts the next IRP when it returns. */
NTKERNELAPI VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                              BOOLEAN NonCancelable);

DDK_END_C

#endif
