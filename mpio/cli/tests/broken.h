/* SPDX-License-Identifier: MIT */
/*
 * A small driver of its own inside a broken copy of the sample, for the breaches that only a driver's
 * dispatch routine can commit. Copied beside the sample's sources by broken.sh.
 */
#ifndef BROKEN_H
#define BROKEN_H

/* Sends one request to a device of this driver whose dispatch routine is Dispatch. */
static void BrokenSend(PDRIVER_OBJECT DriverObject, PDRIVER_DISPATCH Dispatch)
{
    PDEVICE_OBJECT device;
    PIRP irp;

    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Dispatch;
    IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    irp = IoAllocateIrp(device->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IoCallDriver(device, irp);
}

static inline NTSTATUS BrokenComplete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

#endif
