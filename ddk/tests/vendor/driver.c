/* SPDX-License-Identifier: MIT */
/* A driver only as far as the build rules need one: it is compiled and linked, not loaded. */
#include "vendor.h"
#ifdef DEBUG_USE_WPP
#include "driver.tmh"
#endif

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD VendorUnload;
IO_COMPLETION_ROUTINE VendorCompletion;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static __declspec(align(16)) UCHAR alignedBuffer[32];
GUID VendorPolicyGuid = DSM_QueryLBPolicyGuid;

NTSTATUS VendorCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
VOID VendorUnload(PDRIVER_OBJECT DriverObject)
{
    WPP_CLEANUP(DriverObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    WCHAR name[64];
    volatile UCHAR large[3 * PAGE_SIZE];
    LARGE_INTEGER now;
    unsigned __int64 ticks;
    PSTORAGE_REQUEST_BLOCK_HEADER copy;
    SCSI_REQUEST_BLOCK srb = {0};

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    PAGED_CODE();
    if (!RtlIsNtDdiVersionAvailable(NTDDI_VISTA)) {
        return STATUS_UNSUCCESSFUL;
    }
    KeQuerySystemTime(&now);
    ticks = (unsigned __int64)now.QuadPart;
    large[0] = alignedBuffer[0];
    ticks += large[0];
    NT_ASSERT(large[0] == 0);
    RtlStringCbPrintfW(name, sizeof(name), L"%ws %I64x", RegistryPath->Buffer, ticks);
    TracePrint((TRACE_LEVEL_ERROR, TRACE_FLAG_INIT, "DriverEntry (%ws) %p.\n", name, DriverObject));
    srb.Length = sizeof(srb);
    copy = CopyRequest(&srb, NonPagedPoolNx, POOL_TAG);
    if (copy != NULL && wcslen(name) > 3 && wcschr(name, L' ') != NULL) {
        ExFreePoolWithTag(copy, POOL_TAG);
    }
    gDsmInitData.InitDataSize = sizeof(gDsmInitData);
    gDsmInitData.DsmType = DsmType6;
    DriverObject->DriverUnload = VendorUnload;
    return DsmSendTUR(DriverObject->DeviceObject);
}
