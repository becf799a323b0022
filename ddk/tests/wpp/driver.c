/* SPDX-License-Identifier: MIT */
/* DriverEntry and DriverUnload around those of the sample. */
#define DriverEntry SampleDriverEntry
#include "../../../dsm_sample/driver.c"
#undef DriverEntry
#include "trace.h"
#include "driver.tmh"

static DRIVER_UNLOAD TracedUnload;
static PDRIVER_UNLOAD unload;
DRIVER_INITIALIZE DriverEntry;

static VOID TracedUnload(PDRIVER_OBJECT DriverObject)
{
    TraceInfo(FLAG_INIT, "unload");
    WPP_CLEANUP(DriverObject);
    TraceInfo(FLAG_INIT, "after WPP_CLEANUP: silent");
    unload(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    TraceInfo(FLAG_INIT, "before WPP_INIT_TRACING: silent");
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    TraceInfo(FLAG_INIT, "hello %wZ", &DriverObject->DriverName);
    TraceStyles();
    TraceFormats();
    TraceBlock();
    TraceEventsOfBinaries();
    KdPrint(("checked build\n"));
    status = SampleDriverEntry(DriverObject, RegistryPath);
    unload = DriverObject->DriverUnload;
    DriverObject->DriverUnload = TracedUnload;
    return status;
}
