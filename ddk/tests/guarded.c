/* SPDX-License-Identifier: MIT */
/*
 * A driver source with structured exceptions in their usual shapes. Compiled and linked by
 * profiles.sh with TOOLCHAIN=msvc-clang; other compilers must refuse it with a clear sentence.
 */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

static NTSTATUS CopyGuarded(PVOID To, PVOID From, SIZE_T Bytes)
{
    __try {
        RtlCopyMemory(To, From, Bytes);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return STATUS_ACCESS_VIOLATION;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS SetAndLeave(PKEVENT Event, PKSPIN_LOCK Lock)
{
    NTSTATUS status = STATUS_UNSUCCESSFUL;
    KIRQL irql;

    KeAcquireSpinLock(Lock, &irql);
    __try {
        if (Event == NULL) {
            __leave;
        }
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
        status = STATUS_SUCCESS;
    } __finally {
        KeReleaseSpinLock(Lock, irql);
    }
    return status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    KEVENT event;
    KSPIN_LOCK lock;
    UCHAR copy[4096];

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&lock);
    (void)SetAndLeave(&event, &lock);
    return CopyGuarded(copy, RegistryPath->Buffer, RegistryPath->Length);
}
