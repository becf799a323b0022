/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: a device object with what the kernel knows about it. The driver's extension follows
 * the DEVICE_OBJECT, as on Windows.
 */
#ifndef MPIO_NT_DEVICE_H
#define MPIO_NT_DEVICE_H

#include "nt/object.h"

typedef struct _NT_IO_TIMER {
    KTIMER Timer;
    KDPC Dpc;
    PIO_TIMER_ROUTINE Routine;
    PVOID Context;
    BOOLEAN Running;
} NT_IO_TIMER;

typedef struct _NT_DEVICE {
    PDEVICE_OBJECT Lower;       /* the device it is attached to */
    PWSTR ObjectName;           /* NUL-terminated copy of the name it was created with; NULL: none */
    NT_NAME *Names;             /* in the object directory */
    PDEVICE_OBJECT Previous;    /* in the driver's list of devices, newest first */
    ULONG Ordinal;              /* from 1, in order of creation */
    BOOLEAN Deleted;
    BOOLEAN ShutdownWanted;
    DEVICE_POWER_STATE DevicePower;
    SYSTEM_POWER_STATE SystemPower;
    BOOLEAN StartIoDeferred;    /* IoSetStartIoAttributes */
    BOOLEAN StartIoNotCancelable;
    BOOLEAN StartIoActive;      /* DriverStartIo is on the stack */
    BOOLEAN StartIoWanted;      /* IoStartNextPacket came meanwhile: what it asked for */
    BOOLEAN StartIoByKey, StartIoCancelable;
    ULONG StartIoKey;
    NT_IO_TIMER IoTimer;
    NT_OBJECT Header;           /* directly before Object */
    DEVICE_OBJECT Object;
} NT_DEVICE, *PNT_DEVICE;
C_ASSERT(FIELD_OFFSET(NT_DEVICE, Object) - FIELD_OFFSET(NT_DEVICE, Header) == sizeof(NT_OBJECT));
C_ASSERT(sizeof(NT_DEVICE) % 16 == 0);

static inline PNT_DEVICE NtDevice(PDEVICE_OBJECT Device)
{
    return CONTAINING_RECORD(Device, NT_DEVICE, Object);
}

static inline PDEVICE_OBJECT NtDeviceTop(PDEVICE_OBJECT Device)
{
    while (Device->AttachedDevice != NULL) {
        Device = Device->AttachedDevice;
    }
    return Device;
}

/* Bug check (OB-REF-01) when Device is not a living device object. */
static inline VOID NtDeviceRequire(PDEVICE_OBJECT Device)
{
    if (!NtObjectIs(Device, NT_OBJECT_DEVICE)) {
        NtBugCheckRule(RULE_OBJECT_REF, (ULONGLONG)(ULONG_PTR)Device, 0);
    }
}

#endif
