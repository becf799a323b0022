/* SPDX-License-Identifier: MIT */
/*
 * Unloading a driver: DriverUnload in a system thread, then a look at what it left behind - pool
 * (EX-POOL-05), device objects, references. Leftovers go to the debug output and the event log;
 * they do not end the machine. PASSIVE_LEVEL.
 */
#include <stdio.h>

#include "nt/driverobject.h"
#include "nt/thread.h"

#define UNLOAD_SETTLE 1000000 /* 100 ms: MPIO calls DsmUnload from a worker once DriverUnload has returned */
#define EVENT_LEFT_BEHIND 0xc0000005u

typedef struct _NT_UNLOAD {
    PNT_DRIVER Driver;
    void (*Done)(void *user, int32_t status);
    void *User;
} NT_UNLOAD;

static VOID ReportLine(PCSTR Text)
{
    NtDebugLine(NtKernel(), "nt", 0, Text);
    NtLogEvent(EVENT_LEFT_BEHIND, "nt", "%s", Text);
}

static VOID ReportPool(PVOID User, ULONG Tag, ULONGLONG Blocks, ULONGLONG Bytes)
{
    PNT_DRIVER driver = User;
    CHAR text[160], tag[5];

    for (ULONG i = 0; i < 4; i++) {
        UCHAR character = (UCHAR)(Tag >> (i * 8));

        tag[i] = character >= ' ' && character < 0x7f ? (CHAR)character : '.';
    }
    tag[4] = 0;
    snprintf(text, sizeof(text), "EX-POOL-05: %s left pool allocated after unload: tag '%s', %llu blocks, %llu bytes",
             driver->Name, tag, Blocks, Bytes);
    ReportLine(text);
}

static VOID ReportObjects(PNT_DRIVER Driver)
{
    CHAR text[160];
    ULONG devices = 0;

    for (PDEVICE_OBJECT device = Driver->Object.DeviceObject; device != NULL; device = device->NextDevice) {
        devices++;
    }
    if (devices != 0) {
        snprintf(text, sizeof(text), "%s left %u device objects after unload; IoDeleteDevice was not called",
                 Driver->Name, devices);
        ReportLine(text);
    }
    if (Driver->Header.References != 1) {
        snprintf(text, sizeof(text), "%s: %lld references on its driver object are left after unload", Driver->Name,
                 Driver->Header.References - 1);
        ReportLine(text);
    }
}

static VOID Unload(PVOID Argument)
{
    NT_UNLOAD unload = *(NT_UNLOAD *)Argument;
    PNT_DRIVER driver = unload.Driver;
    NTSTATUS status = STATUS_NOT_SUPPORTED;
    LARGE_INTEGER settle;

    NtPoolFreeKernel(NtKernel(), Argument);
    if (driver == NULL) {
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    } else if (driver->Object.DriverUnload != NULL && !driver->Unloading) {
        status = STATUS_SUCCESS;
        driver->Unloading = TRUE;
        driver->Object.Flags |= DRVO_UNLOAD_INVOKED;
        NT_CALL_VOID("DriverUnload", &driver->Object, PASSIVE_LEVEL, driver->Object.DriverUnload, &driver->Object);
        driver->Object.DriverUnload = NULL; /* says that it has returned */
        KeFlushQueuedDpcs();
        settle.QuadPart = -UNLOAD_SETTLE;
        KeDelayExecutionThread(KernelMode, FALSE, &settle);
        ReportObjects(driver);
        NtPoolReport(NtKernel(), &driver->Object, ReportPool, driver);
        RemoveEntryList(&driver->Entry);
        if (driver->Object.DeviceObject == NULL) {
            NtObjectRelease(&driver->Object);
        }
    }
    if (unload.Done != NULL) {
        unload.Done(unload.User, status);
    }
}

void nt_unload_driver(struct machine *m, const char *service, void (*done)(void *user, int32_t status), void *user)
{
    PNT_MACHINE kernel = NtKernelOf(m);
    NT_UNLOAD *unload = NtPoolAllocateKernel(kernel, sizeof(*unload), 'lnUN');

    if (unload == NULL) {
        if (done != NULL) {
            done(user, STATUS_INSUFFICIENT_RESOURCES);
        }
        return;
    }
    unload->Done = done;
    unload->User = user;
    for (PLIST_ENTRY entry = kernel->Drivers.Flink; entry != &kernel->Drivers; entry = entry->Flink) {
        PNT_DRIVER driver = CONTAINING_RECORD(entry, NT_DRIVER, Entry);
        ULONG i = 0;

        while (service[i] != 0 && (service[i] | 0x20) == (driver->Name[i] | 0x20)) {
            i++;
        }
        if (service[i] == 0 && driver->Name[i] == 0) {
            unload->Driver = driver;
        }
    }
    if (NtThreadStart(kernel, "unload", Unload, unload, NULL, "unload of a driver") == NULL) {
        NtPoolFreeKernel(kernel, unload);
        if (done != NULL) {
            done(user, STATUS_INSUFFICIENT_RESOURCES);
        }
    }
}
