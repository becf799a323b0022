/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    alua.c

Abstract:

    REPORT and SET TARGET PORT GROUPS: synchronous with IRPs and pass-through requests of our own (PASSIVE_LEVEL), and
    asynchronous through DsmSendRequestEx, from InterpretError, with the LUN throttled meanwhile.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "alua.tmh"
#endif

#define WD_OPCODE_REPORT 0xA3
#define WD_OPCODE_SET    0xA4
#define WD_TPG_ACTION    0x0A

_Use_decl_annotations_
NTSTATUS
WdParseTargetPortGroups(
    PWDKDSM_GROUP Group,
    const UCHAR *Buffer,
    ULONG Length
    )
/*++

Routine Description:

    Gives each instance the state of its group. Context->Lock held exclusive.

--*/
{
    ULONG Size;
    ULONG Offset = 4;
    ULONG i;

    if (Length < 4) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    REVERSE_BYTES(&Size, Buffer);
    if (!NT_SUCCESS(RtlULongAdd(Size, 4, &Size)) || Size > Length) {
        return STATUS_BUFFER_OVERFLOW;
    }
    while (Size - Offset >= 8) {
        const UCHAR *Descriptor = Buffer + Offset;
        WDKDSM_STATE State = (WDKDSM_STATE)(Descriptor[0] & 0x0F);
        USHORT Number;

        REVERSE_BYTES_SHORT(&Number, &Descriptor[2]);
        for (i = 0; i < Group->Count; i++) {
            if (Group->Devices[i]->TargetPortGroup == Number && Group->Devices[i]->State < WdStateFailed) {
                Group->Devices[i]->State = State;
            }
        }
        Offset += 8 + 4 * Descriptor[7];
        if (Offset > Size) {
            return STATUS_IO_DEVICE_ERROR;
        }
    }
    return STATUS_SUCCESS;
}

static
VOID
WdBuildReport(
    _Out_ PSCSI_REQUEST_BLOCK Srb,
    _In_ PVOID Buffer,
    _In_ ULONG Length,
    _In_ PVOID Sense,
    _In_ UCHAR SenseLength
    )
{
    PCDB Cdb;

    RtlZeroMemory(Srb, SCSI_REQUEST_BLOCK_SIZE);
    Srb->Length = SCSI_REQUEST_BLOCK_SIZE;
    Srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    SrbSetCdbLength(Srb, 12);
    SrbSetTimeOutValue(Srb, 10);
    SrbSetDataBuffer(Srb, Buffer);
    SrbSetDataTransferLength(Srb, Length);
    SrbSetSenseInfoBuffer(Srb, Sense);
    SrbSetSenseInfoBufferLength(Srb, SenseLength);
    SrbAssignSrbFlags(Srb, SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_QUEUE_ACTION_ENABLE |
                      SRB_FLAGS_DISABLE_SYNCH_TRANSFER);
    SrbSetSrbFlags(Srb, SRB_FLAGS_BYPASS_FROZEN_QUEUE | SRB_FLAGS_DONT_START_NEXT_PACKET);
    SrbSetQueueAction(Srb, SRB_HEAD_OF_QUEUE_TAG_REQUEST);
    Cdb = SrbGetCdb(Srb);
    Cdb->AsByte[0] = WD_OPCODE_REPORT;
    Cdb->AsByte[1] = WD_TPG_ACTION;
    REVERSE_BYTES(&Cdb->AsByte[6], &Length);
}

NTSTATUS
WdSignalCompletion(
    IN PDEVICE_OBJECT DeviceObject,
    IN PIRP Irp,
    IN PVOID Context
    )
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(Irp->UserEvent, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static
NTSTATUS
WdAcceptShortReport(
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _In_ NTSTATUS Status
    )
/*++

Routine Description:

    Fewer bytes than there was room for: an overrun to port drivers, what we expect here.

--*/
{
    if (Status == STATUS_BUFFER_OVERFLOW && SRB_STATUS(SrbGetSrbStatus(Srb)) == SRB_STATUS_DATA_OVERRUN &&
        SrbGetDataTransferLength(Srb) <= WDKDSM_TPG_LENGTH) {
        return STATUS_SUCCESS;
    }
    return Status;
}

static
VOID
WdFreePortSense(
    _In_ PVOID Srb,
    _In_ PVOID Own
    )
/*++

Routine Description:

    The port driver may have put a sense buffer of its own in the place of ours.

--*/
{
    if ((SrbGetSrbFlags(Srb) & SRB_FLAGS_PORT_DRIVER_ALLOCSENSE) && (SrbGetSrbFlags(Srb) & SRB_FLAGS_FREE_SENSE_BUFFER) &&
        SrbGetSenseInfoBuffer(Srb) != Own && SrbGetSenseInfoBuffer(Srb) != NULL) {
        ExFreePool(SrbGetSenseInfoBuffer(Srb));
        SrbSetSenseInfoBuffer(Srb, Own);
    }
}

_Use_decl_annotations_
NTSTATUS
WdReportTargetPortGroups(
    PWDKDSM_DEVICE Device,
    PDEVICE_OBJECT DeviceObject
    )
/*++

Routine Description:

    By an IRP of our own, straight to the device; at most three tries.

--*/
{
    PWDKDSM_CONTEXT Context = Device->Context;
    PIO_STACK_LOCATION IrpStack;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[SENSE_BUFFER_SIZE_EX];
    UCHAR Key = 0, Asc = 0, Ascq = 0;
    PVOID Buffer;
    KEVENT Event;
    PIRP Irp;
    PMDL Mdl;
    ULONG Tries;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL Irql;

    Buffer = ExAllocatePoolZero(NonPagedPoolNx, WDKDSM_TPG_LENGTH, WDKDSM_TAG_TPG);
    Irp = IoAllocateIrp(DeviceObject->StackSize + 1, FALSE);
    if (Buffer == NULL || Irp == NULL) {
        goto __Exit;
    }
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    for (Tries = 0; Tries < 3; Tries++) {
        RtlZeroMemory(Sense, sizeof(Sense));
        WdBuildReport(&Srb, Buffer, WDKDSM_TPG_LENGTH, Sense, sizeof(Sense));
        if (Tries != 0) {
            IoReuseIrp(Irp, STATUS_SUCCESS);
            KeResetEvent(&Event);
        }
        Mdl = IoAllocateMdl(Buffer, WDKDSM_TPG_LENGTH, FALSE, FALSE, Irp);
        if (Mdl == NULL) {
            break;
        }
        MmBuildMdlForNonPagedPool(Irp->MdlAddress);
        NT_ASSERT(MmGetMdlVirtualAddress(Mdl) == Buffer && MmGetMdlByteCount(Mdl) == WDKDSM_TPG_LENGTH);
        SrbSetOriginalRequest(&Srb, Irp);
        Irp->UserEvent = &Event;
        IrpStack = IoGetNextIrpStackLocation(Irp);
        IrpStack->MajorFunction = IRP_MJ_SCSI;
        IrpStack->MinorFunction = IRP_MN_SCSI_CLASS;
        IrpStack->Parameters.Scsi.Srb = &Srb;
        IoSetCompletionRoutine(Irp, WdSignalCompletion, NULL, TRUE, TRUE, TRUE);
        Status = IoCallDriver(DeviceObject, Irp);
        if (Status == STATUS_PENDING) {
            KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
        }
        Status = WdAcceptShortReport(&Srb, Irp->IoStatus.Status);
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
        if (NT_SUCCESS(Status) || !WdGetSense(&Srb, &Key, &Asc, &Ascq) || Key != SCSI_SENSE_UNIT_ATTENTION) {
            WdFreePortSense(&Srb, Sense);
            break;
        }
        WdFreePortSense(&Srb, Sense);
    }
    if (!NT_SUCCESS(Status) && Key == SCSI_SENSE_ILLEGAL_REQUEST) {
        Status = STATUS_NO_SUCH_DEVICE;
    }
    if (NT_SUCCESS(Status) && Device->Group != NULL) {
        Irql = ExAcquireSpinLockExclusive(&Context->Lock);
        Status = WdParseTargetPortGroups(Device->Group, Buffer, SrbGetDataTransferLength(&Srb));
        WdRestate(Context, Device->Group);
        ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    }

__Exit:
    if (Irp != NULL) {
        IoFreeIrp(Irp);
    }
    if (Buffer != NULL) {
        ExFreePoolWithTag(Buffer, WDKDSM_TAG_TPG);
    }
    return Status;
}

static
ULONG
WdBuildSetList(
    _In_ PWDKDSM_DEVICE Device,
    _Out_writes_bytes_(8) PUCHAR List
    )
{
    RtlZeroMemory(List, 8);
    List[4] = WdStateActiveOptimized;
    REVERSE_BYTES_SHORT(&List[6], &Device->TargetPortGroup);
    return 8;
}

_Use_decl_annotations_
NTSTATUS
WdSetTargetPortGroups(
    PWDKDSM_DEVICE Device
    )
/*++

Routine Description:

    Makes the instance's group active/optimized, by a direct pass-through request.

--*/
{
    SCSI_PASS_THROUGH_DIRECT_WITH_BUFFER PassThrough = {0};
    PSCSI_PASS_THROUGH_DIRECT Direct = &PassThrough.ScsiPassThroughDirect;
    ULONG Alignment = Device->TargetObject->AlignmentRequirement;
    PUCHAR List;
    PUCHAR Aligned;
    NTSTATUS Status;

    List = ExAllocatePoolZero(NonPagedPoolNx, 8 + (SIZE_T)Alignment, WDKDSM_TAG_TPG);
    if (List == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Aligned = (PUCHAR)(((ULONG_PTR)List + Alignment) & ~(ULONG_PTR)Alignment);
    Direct->Length = sizeof(SCSI_PASS_THROUGH_DIRECT);
    Direct->CdbLength = 12;
    Direct->SenseInfoLength = SPTWB_SENSE_LENGTH;
    Direct->SenseInfoOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_DIRECT_WITH_BUFFER, SenseInfoBuffer);
    Direct->DataIn = SCSI_IOCTL_DATA_OUT;
    Direct->DataTransferLength = WdBuildSetList(Device, Aligned);
    Direct->TimeOutValue = WDKDSM_TIMEOUT;
    Direct->DataBuffer = Aligned;
    Direct->Cdb[0] = WD_OPCODE_SET;
    Direct->Cdb[1] = WD_TPG_ACTION;
    Direct->Cdb[9] = 8;
    Status = DsmSendPassThroughDirect(Device->TargetObject, Direct, sizeof(PassThrough), sizeof(PassThrough));
    if (NT_SUCCESS(Status) && Direct->ScsiStatus != SCSISTAT_GOOD) {
        Status = STATUS_IO_DEVICE_ERROR;
    }
    ExFreePoolWithTag(List, WDKDSM_TAG_TPG);
    return Status;
}

static
VOID
WdResume(
    _In_ PWDKDSM_TPG_REQUEST Request
    )
{
    PWDKDSM_DEVICE Device = Request->Device;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Request->Throttled) {
        InterlockedExchange(&Device->Group->Throttled, 0);
        DsmNotification(Device->Context->MpioContext, ResumeIO_V2, Device, TRUE, &Status, 0);
    }
    InterlockedExchange(&Device->Group->TpgInFlight, 0);
    InterlockedDecrement(&Device->BlockRemove);
    ExFreePoolWithTag(Request, WDKDSM_TAG_TPG);
}

NTSTATUS
WdTargetPortGroupsDone(
    IN PDEVICE_OBJECT DeviceObject,
    IN PIRP Irp,
    IN PVOID CompletionContext
    )
/*++

Routine Description:

    Up to DISPATCH_LEVEL; the IRP is ours and ends here.

--*/
{
    PWDKDSM_TPG_REQUEST Request = (PWDKDSM_TPG_REQUEST)CompletionContext;
    PWDKDSM_CONTEXT Context = Request->Device->Context;
    PWDKDSM_DEVICE Device = Request->Device;
    UCHAR Key, Asc, Ascq;
    NTSTATUS Status = WdAcceptShortReport(&Request->Srb, Irp->IoStatus.Status);
    BOOLEAN Repeat = FALSE;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(DeviceObject);

    if (!NT_SUCCESS(Status) && WdGetSense(&Request->Srb, &Key, &Asc, &Ascq)) {
        Repeat = (BOOLEAN)(Key == SCSI_SENSE_UNIT_ATTENTION);
    }
    WdFreePortSense(&Request->Srb, Request->Sense);
    if (NT_SUCCESS(Status) && !Request->Set) {
        Irql = ExAcquireSpinLockExclusive(&Context->Lock);
        (VOID)WdParseTargetPortGroups(Device->Group, Request->Buffer, SrbGetDataTransferLength(&Request->Srb));
        WdRestate(Context, Device->Group);
        ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    }
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_SCSI, "%s target port groups on %p: %x.\n",
                Request->Set ? "SET" : "REPORT", Device, Status));
    if (Irp->MdlAddress != NULL) {
        IoFreeMdl(Irp->MdlAddress);
        Irp->MdlAddress = NULL;
    }
    IoFreeIrp(Irp);
    if (Repeat || (Request->Set && NT_SUCCESS(Status))) {
        //
        // Ask again, or ask what the SET has done; the thread can wait for the answer.
        //
        Device->NeedsReport = TRUE;
        KeSetEvent(&Context->ThreadWake, IO_NO_INCREMENT, FALSE);
    }
    WdResume(Request);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_
VOID
WdStartTargetPortGroups(
    PWDKDSM_DEVICE Device,
    BOOLEAN Set,
    BOOLEAN Throttle
    )
/*++

Routine Description:

    One request per LUN at a time; whoever comes second relies on the first.

--*/
{
    PWDKDSM_CONTEXT Context = Device->Context;
    PWDKDSM_GROUP Group = Device->Group;
    PWDKDSM_TPG_REQUEST Request;
    PIO_STACK_LOCATION IrpStack;
    NTSTATUS Status = STATUS_UNSUCCESSFUL;
    SIZE_T Size;
    PIRP Irp;

    if (Group->Alua == ALUA_NOT_SUPPORTED || InterlockedCompareExchange(&Group->TpgInFlight, 1, 0) != 0) {
        return;
    }
    if (!NT_SUCCESS(RtlSIZETAdd(FIELD_OFFSET(WDKDSM_TPG_REQUEST, Buffer), WDKDSM_TPG_LENGTH, &Size))) {
        return;
    }
    Request = ExAllocatePoolZero(NonPagedPoolNx, Size, WDKDSM_TAG_TPG);
    Irp = (Request != NULL) ? IoAllocateIrp(Device->TargetObject->StackSize + 1, FALSE) : NULL;
    if (Irp == NULL) {
        if (Request != NULL) {
            ExFreePoolWithTag(Request, WDKDSM_TAG_TPG);
        }
        InterlockedExchange(&Group->TpgInFlight, 0);
        return;
    }
    Request->Device = Device;
    Request->Set = Set;
    Request->BufferLength = WDKDSM_TPG_LENGTH;
    WdBuildReport(&Request->Srb, Request->Buffer, Request->BufferLength, Request->Sense, sizeof(Request->Sense));
    if (Set) {
        Request->BufferLength = WdBuildSetList(Device, Request->Buffer);
        Request->Srb.Cdb[0] = WD_OPCODE_SET;
        Request->Srb.Cdb[8] = 0;
        Request->Srb.Cdb[9] = (UCHAR)Request->BufferLength;
        SrbClearSrbFlags(&Request->Srb, SRB_FLAGS_DATA_IN);
        SrbSetSrbFlags(&Request->Srb, SRB_FLAGS_DATA_OUT);
        SrbSetDataTransferLength(&Request->Srb, Request->BufferLength);
    }
    if (IoAllocateMdl(Request->Buffer, Request->BufferLength, FALSE, FALSE, Irp) == NULL) {
        IoFreeIrp(Irp);
        ExFreePoolWithTag(Request, WDKDSM_TAG_TPG);
        InterlockedExchange(&Group->TpgInFlight, 0);
        return;
    }
    MmBuildMdlForNonPagedPool(Irp->MdlAddress);
    InterlockedIncrement(&Device->BlockRemove);
    if (Throttle && InterlockedCompareExchange(&Group->Throttled, 1, 0) == 0) {
        DsmNotification(Context->MpioContext, ThrottleIO_V2, Device, FALSE, &Status, 0);
        Request->Throttled = (BOOLEAN)NT_SUCCESS(Status);
        if (!Request->Throttled) {
            InterlockedExchange(&Group->Throttled, 0);
        }
    }
    SrbSetOriginalRequest(&Request->Srb, Irp);
    IrpStack = IoGetNextIrpStackLocation(Irp);
    IrpStack->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    IrpStack->MinorFunction = IRP_MN_SCSI_CLASS;
    IrpStack->Parameters.Scsi.Srb = &Request->Srb;
    IoSetCompletionRoutine(Irp, WdTargetPortGroupsDone, Request, TRUE, TRUE, TRUE);
    (VOID)DsmSendRequestEx(Context->MpioContext, Device->TargetObject, Irp, Device, DSM_CALL_COMPLETION_ON_MPIO_ERROR);
}
