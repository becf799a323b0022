/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    io.c

Abstract:

    The way of a request: path, completion, counters. Up to DISPATCH_LEVEL; nothing waits here.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "io.tmh"
#endif

PVOID
WdGetPath(
    IN PVOID DsmContext,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PDSM_IDS DsmIds,
    IN PVOID CurrentPath,
    OUT NTSTATUS *Status
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = NULL;
    PVOID Path = NULL;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(CurrentPath);

    Irql = ExAcquireSpinLockShared(&Context->Lock);
    if (DsmIds->Count != 0 && ((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group != NULL) {
        Device = WdChoose(Context, ((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group, Srb);
    }
    if (Device != NULL) {
        Path = Device->Path->PathId;
    }
    ExReleaseSpinLockShared(&Context->Lock, Irql);
    *Status = (Path != NULL) ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
    return Path;
}

ULONG
WdCategorize(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PVOID CurrentPath,
    OUT PVOID *PathId,
    OUT NTSTATUS *Status
    )
{
    PIO_STACK_LOCATION IrpStack = IoGetCurrentIrpStackLocation(Irp);
    PCDB Cdb = (Srb != NULL) ? SrbGetCdb(Srb) : NULL;
    PWDKDSM_DEVICE Device;

    switch (IrpStack->MajorFunction) {
        case IRP_MJ_SCSI:       // and IRP_MJ_INTERNAL_DEVICE_CONTROL
            if (Cdb != NULL && (Cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_IN ||
                                Cdb->AsByte[0] == SCSIOP_PERSISTENT_RESERVE_OUT)) {
                return DSM_WILL_HANDLE;
            }
            break;

        case IRP_MJ_DEVICE_CONTROL:
            if (WdIsPathPassThrough(IrpStack->Parameters.DeviceIoControl.IoControlCode)) {
                Device = WdPassThroughDevice(DsmIds, Irp, Status);
                if (Device == NULL) {
                    goto __Error;
                }
                *PathId = Device->Path->PathId;
                return DSM_PATH_SET;
            }
            break;

        default:
            break;
    }
    *PathId = WdGetPath(DsmContext, Srb, DsmIds, CurrentPath, Status);
    if (*PathId != NULL) {
        return DSM_PATH_SET;
    }

__Error:
    if (Srb != NULL) {
        SrbSetSrbStatus(Srb, WdSrbStatusOf(*Status));
    }
    return DSM_ERROR;
}

VOID
WdSetCompletion(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN OUT PDSM_COMPLETION_INFO DsmCompletion
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    PWDKDSM_REQUEST Request;
    PCDB Cdb;

    UNREFERENCED_PARAMETER(Irp);

    if (Context->DisableStatistics || Srb == NULL || Device->Path == NULL) {
        return;
    }
    Request = ExAllocateFromNPagedLookasideList(&Context->RequestList);
    if (Request == NULL) {
        return;     // It goes uncounted
    }
    RtlZeroMemory(Request, sizeof(WDKDSM_REQUEST));
    Request->Device = Device;
    Request->Path = Device->Path;
    KeQueryTickCount(&Request->Started);
    Cdb = SrbGetCdb(Srb);
    if (Cdb != NULL) {
        Request->IsRead = (BOOLEAN)WDKDSM_IS_READ(Cdb->AsByte[0]);
        Request->IsWrite = (BOOLEAN)WDKDSM_IS_WRITE(Cdb->AsByte[0]);
        if (Request->IsRead || Request->IsWrite) {
            Request->Length = SrbGetDataTransferLength(Srb);
        }
    }
    InterlockedIncrement(&Request->Path->Outstanding);
    InterlockedExchangeAdd64(&Request->Path->OutstandingBytes, Request->Length);
    if (Cdb != NULL && (Cdb->AsByte[0] == SCSIOP_READ || Cdb->AsByte[0] == SCSIOP_WRITE)) {
        ULONG Lba;
        USHORT Blocks;

        REVERSE_BYTES(&Lba, &Cdb->CDB10.LogicalBlockByte0);
        REVERSE_BYTES_SHORT(&Blocks, &Cdb->CDB10.TransferBlocksMsb);
        InterlockedExchange64((LONGLONG volatile *)&Request->Path->LastLba, (LONGLONG)Lba + Blocks);
    }
    DsmCompletion->DsmCompletionRoutine = WdCompletion;
    DsmCompletion->DsmContext = Request;
}

VOID
WdCompletion(
    _In_opt_ IN PVOID DsmId,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PVOID DsmContext
    )
/*++

Routine Description:

    DsmId may be NULL, and may be another instance than the one that the request was first sent to.

--*/
{
    PWDKDSM_REQUEST Request = (PWDKDSM_REQUEST)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    LARGE_INTEGER Now;

    UNREFERENCED_PARAMETER(Irp);

    NT_VERIFY(InterlockedDecrement(&Request->Path->Outstanding) >= 0);
    InterlockedExchangeAdd64(&Request->Path->OutstandingBytes, -(LONGLONG)Request->Length);
    if (Device != NULL) {
        if (Request->IsRead) {
            InterlockedIncrement(&Device->Reads);
            InterlockedExchangeAdd64(&Device->BytesRead, Request->Length);
        } else if (Request->IsWrite) {
            InterlockedIncrement(&Device->Writes);
            InterlockedExchangeAdd64(&Device->BytesWritten, Request->Length);
        }
        if (SRB_STATUS(SrbGetSrbStatus(Srb)) != SRB_STATUS_SUCCESS) {
            KeQueryTickCount(&Now);
            InterlockedIncrement(&Device->Errors);
            TracePrint((TRACE_LEVEL_WARNING, TRACE_FLAG_RW, "Device %p: SRB status %x after %I64u ticks.\n", Device,
                        SrbGetSrbStatus(Srb), (ULONGLONG)(Now.QuadPart - Request->Started.QuadPart)));
        }
    }
    ExFreeToNPagedLookasideList(&gContext->RequestList, Request);
}

NTSTATUS
WdBroadcast(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PKEVENT Event
    )
/*++

Routine Description:

    Never asked for: WdCategorize does not answer DSM_BROADCAST.

--*/
{
    UNREFERENCED_PARAMETER(DsmContext);
    UNREFERENCED_PARAMETER(DsmIds);

    SrbSetSrbStatus(Srb, SRB_STATUS_BAD_FUNCTION);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_INVALID_DEVICE_REQUEST;
}

BOOLEAN
WdIsAddressTypeSupported(
    IN PVOID DsmContext,
    IN ULONG AddressType
    )
{
    UNREFERENCED_PARAMETER(DsmContext);
    return (BOOLEAN)(AddressType == STORAGE_ADDRESS_TYPE_BTL8);
}
