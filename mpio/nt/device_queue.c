/* SPDX-License-Identifier: MIT */
/*
 * KDEVICE_QUEUE, and DriverStartIo on top of the one in each device object. <= DISPATCH_LEVEL. The
 * routines are atomic because nothing is preempted inside them; the queue's own lock stays free.
 */
#include "nt/device.h"
#include "nt/driverobject.h"
#include "nt/irp_shadow.h"

#define DEVICE_QUEUE_OBJECT 20

static VOID SetBusy(PKDEVICE_QUEUE Queue, BOOLEAN Busy)
{
    Queue->Busy = Busy;
}

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RtlZeroMemory(DeviceQueue, sizeof(*DeviceQueue));
    DeviceQueue->Type = DEVICE_QUEUE_OBJECT;
    DeviceQueue->Size = sizeof(*DeviceQueue);
    InitializeListHead(&DeviceQueue->DeviceListHead);
}

static BOOLEAN Insert(PKDEVICE_QUEUE Queue, PKDEVICE_QUEUE_ENTRY Entry, ULONG SortKey, BOOLEAN ByKey)
{
    PLIST_ENTRY before = Queue->DeviceListHead.Blink;

    Entry->SortKey = SortKey;
    Entry->Inserted = Queue->Busy;
    if (!Queue->Busy) {
        SetBusy(Queue, TRUE);
        return FALSE;
    }
    while (ByKey && before != &Queue->DeviceListHead &&
           CONTAINING_RECORD(before, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey > SortKey) {
        before = before->Blink;
    }
    InsertHeadList(before, &Entry->DeviceListEntry);
    return TRUE;
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Insert(DeviceQueue, DeviceQueueEntry, DeviceQueueEntry->SortKey, FALSE);
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Insert(DeviceQueue, DeviceQueueEntry, SortKey, TRUE);
}

/* The first entry with at least SortKey, else the first. */
static PKDEVICE_QUEUE_ENTRY Remove(PKDEVICE_QUEUE Queue, ULONG SortKey)
{
    PLIST_ENTRY found = Queue->DeviceListHead.Flink;
    PKDEVICE_QUEUE_ENTRY entry;

    if (IsListEmpty(&Queue->DeviceListHead)) {
        SetBusy(Queue, FALSE);
        return NULL;
    }
    for (PLIST_ENTRY at = found; at != &Queue->DeviceListHead; at = at->Flink) {
        if (CONTAINING_RECORD(at, KDEVICE_QUEUE_ENTRY, DeviceListEntry)->SortKey >= SortKey) {
            found = at;
            break;
        }
    }
    entry = CONTAINING_RECORD(found, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
    RemoveEntryList(found);
    entry->Inserted = FALSE;
    return entry;
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Remove(DeviceQueue, 0);
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Remove(DeviceQueue, SortKey);
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return DeviceQueue->Busy ? Remove(DeviceQueue, SortKey) : NULL;
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    UNREFERENCED_PARAMETER(DeviceQueue);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (!DeviceQueueEntry->Inserted) {
        return FALSE;
    }
    RemoveEntryList(&DeviceQueueEntry->DeviceListEntry);
    DeviceQueueEntry->Inserted = FALSE;
    return TRUE;
}

/* ---- StartIo ------------------------------------------------------------------------------------------- */

static VOID StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PNT_DEVICE device = NtDevice(Device);

    device->StartIoActive = TRUE;
    NT_CALL_VOID("DriverStartIo", Device->DriverObject, DISPATCH_LEVEL, Device->DriverObject->DriverStartIo, Device,
                 Irp);
    device->StartIoActive = FALSE;
}

static PIRP TakeNext(PDEVICE_OBJECT Device, BOOLEAN ByKey, ULONG Key, BOOLEAN Cancelable)
{
    PKDEVICE_QUEUE_ENTRY entry;
    KIRQL irql = 0;
    PIRP irp;

    if (Cancelable) {
        IoAcquireCancelSpinLock(&irql);
    }
    entry = ByKey ? KeRemoveByKeyDeviceQueue(&Device->DeviceQueue, Key) : KeRemoveDeviceQueue(&Device->DeviceQueue);
    irp = entry == NULL ? NULL : CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
    Device->CurrentIrp = irp;
    if (Cancelable) {
        if (irp != NULL && NtDevice(Device)->StartIoNotCancelable) {
            IoSetCancelRoutine(irp, NULL);
        }
        IoReleaseCancelSpinLock(irql);
    }
    return irp;
}

static VOID StartNext(PDEVICE_OBJECT Device, BOOLEAN ByKey, ULONG Key, BOOLEAN Cancelable)
{
    PNT_DEVICE device = NtDevice(Device);
    PIRP irp;

    NtDeviceRequire(Device);
    if (device->StartIoDeferred && device->StartIoActive) {
        device->StartIoWanted = TRUE;
        device->StartIoByKey = ByKey;
        device->StartIoKey = Key;
        device->StartIoCancelable = Cancelable;
        return;
    }
    irp = TakeNext(Device, ByKey, Key, Cancelable);
    while (irp != NULL) {
        device->StartIoWanted = FALSE;
        StartIo(Device, irp);
        irp = device->StartIoWanted
                  ? TakeNext(Device, device->StartIoByKey, device->StartIoKey, device->StartIoCancelable)
                  : NULL;
    }
}

VOID IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    PNT_DEVICE device;
    PKDEVICE_QUEUE_ENTRY entry = &Irp->Tail.Overlay.DeviceQueueEntry;
    BOOLEAN queued;
    KIRQL old, cancelIrql = 0;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    device = NtDevice(DeviceObject);
    old = KeRaiseIrqlToDpcLevel();
    if (CancelFunction != NULL) {
        IoAcquireCancelSpinLock(&cancelIrql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    queued = Key != NULL ? KeInsertByKeyDeviceQueue(&DeviceObject->DeviceQueue, entry, *Key)
                         : KeInsertDeviceQueue(&DeviceObject->DeviceQueue, entry);
    if (!queued) {
        DeviceObject->CurrentIrp = Irp;
        if (CancelFunction != NULL) {
            if (device->StartIoNotCancelable) {
                IoSetCancelRoutine(Irp, NULL);
            }
            IoReleaseCancelSpinLock(cancelIrql);
        }
        device->StartIoWanted = FALSE;
        StartIo(DeviceObject, Irp);
        if (device->StartIoWanted) {
            StartNext(DeviceObject, device->StartIoByKey, device->StartIoKey, device->StartIoCancelable);
        }
    } else if (CancelFunction != NULL) {
        PDRIVER_CANCEL routine = Irp->Cancel ? IoSetCancelRoutine(Irp, NULL) : NULL;

        if (routine != NULL) {
            NtIrpRunCancelRoutine(Irp, routine, cancelIrql);
        } else {
            IoReleaseCancelSpinLock(cancelIrql);
        }
    }
    KeLowerIrql(old);
}

VOID IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    StartNext(DeviceObject, FALSE, 0, Cancelable);
}

VOID IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    StartNext(DeviceObject, TRUE, Key, Cancelable);
}

VOID IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    NtDevice(DeviceObject)->StartIoDeferred = DeferredStartIo;
    NtDevice(DeviceObject)->StartIoNotCancelable = NonCancelable;
}
