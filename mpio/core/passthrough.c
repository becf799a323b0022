/* SPDX-License-Identifier: MIT */
/*
 * MPIO pass-through to one path (contract 06). The buffer comes from a program: everything in it is
 * checked before use. The embedded request goes to the port of the chosen instance as the matching
 * SCSI pass-through code; the result is the caller's, without retry or failover. A failed path may be
 * used while its instance exists: tools look at dead paths this way. <= DISPATCH_LEVEL.
 */
#include "core/dsmcall.h"

typedef struct _PASS {
    ULONG PortCode;         /* code for the port */
    ULONG Offset;           /* of the embedded structure in the buffer */
    UCHAR Flags, PortNumber, PathId, TargetId;
    ULONGLONG MpioPathId;
} PASS;

typedef struct _PASS_CONTEXT {
    PMPIO_INSTANCE Instance;
    PVOID SystemBuffer;
    ULONG Offset;
} PASS_CONTEXT;

/* The tail that all forms share, wherever it lies. */
typedef struct _TAIL {
    ULONG Version;
    USHORT Length;
    UCHAR Flags;
    UCHAR PortNumber;
    ULONGLONG MpioPathId;
} TAIL;

static NTSTATUS CheckTail(const UCHAR *Buffer, ULONG VersionOffset, ULONG PathIdOffset, ULONG Size, PASS *Pass)
{
    TAIL tail;
    UCHAR how;

    RtlCopyMemory(&tail, Buffer + VersionOffset, FIELD_OFFSET(TAIL, MpioPathId));
    RtlCopyMemory(&tail.MpioPathId, Buffer + PathIdOffset, sizeof(tail.MpioPathId));
    how = tail.Flags & (MPIO_IOCTL_FLAG_USE_PATHID | MPIO_IOCTL_FLAG_USE_SCSIADDRESS);
    if (tail.Version != 0 || tail.Length != Size || (how != MPIO_IOCTL_FLAG_USE_PATHID && how != MPIO_IOCTL_FLAG_USE_SCSIADDRESS) ||
        (how == MPIO_IOCTL_FLAG_USE_PATHID && tail.PortNumber != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    Pass->Flags = tail.Flags;
    Pass->PortNumber = tail.PortNumber;
    Pass->MpioPathId = tail.MpioPathId;
    return STATUS_SUCCESS;
}

#ifndef _WIN64 /* callers of one width only: IoIs32bitProcess answers FALSE */
#define SCSI_PASS_THROUGH32      SCSI_PASS_THROUGH
#define MPIO_PASS_THROUGH_PATH32 MPIO_PASS_THROUGH_PATH
#endif

/* PATH and PATH_DIRECT: SCSI_PASS_THROUGH(_DIRECT) first, the tail behind it. */
static NTSTATUS CheckPlain(const UCHAR *Buffer, ULONG Length, BOOLEAN Direct, BOOLEAN Narrow, PASS *Pass)
{
    const ULONG size = Narrow ? sizeof(MPIO_PASS_THROUGH_PATH32) : sizeof(MPIO_PASS_THROUGH_PATH);
    const ULONG embedded = Narrow ? sizeof(SCSI_PASS_THROUGH32) : sizeof(SCSI_PASS_THROUGH);
    const ULONG versionAt = Narrow ? FIELD_OFFSET(MPIO_PASS_THROUGH_PATH32, Version) : FIELD_OFFSET(MPIO_PASS_THROUGH_PATH, Version);
    const ULONG pathIdAt =
        Narrow ? FIELD_OFFSET(MPIO_PASS_THROUGH_PATH32, MpioPathId) : FIELD_OFFSET(MPIO_PASS_THROUGH_PATH, MpioPathId);
    SCSI_PASS_THROUGH head;

    if (Length < size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(&head, Buffer, FIELD_OFFSET(SCSI_PASS_THROUGH, DataBufferOffset));
    if (head.Length != embedded) {
        return STATUS_INVALID_PARAMETER;
    }
    Pass->PathId = head.PathId;
    Pass->TargetId = head.TargetId;
    Pass->Offset = 0;
    Pass->PortCode = Direct ? IOCTL_SCSI_PASS_THROUGH_DIRECT : IOCTL_SCSI_PASS_THROUGH;
    return CheckTail(Buffer, versionAt, pathIdAt, size, Pass);
}

/* The _EX forms: a header with the offset of the embedded structure, whose own offsets count from its
 * start (MPIO-PT-02). The address comes from its STOR_ADDRESS. */
static NTSTATUS CheckExtended(const UCHAR *Buffer, ULONG Length, BOOLEAN Direct, PASS *Pass)
{
    const ULONG size = sizeof(MPIO_PASS_THROUGH_PATH_EX);
    const ULONG embedded = FIELD_OFFSET(SCSI_PASS_THROUGH_EX, Cdb);
    SCSI_PASS_THROUGH_EX head;
    STOR_ADDR_BTL8 address;
    ULONG offset;
    NTSTATUS status;

    if (Length < size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(&offset, Buffer, sizeof(offset));
    if (offset < size || offset > Length || Length - offset < embedded || offset % sizeof(ULONGLONG) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    status = CheckTail(Buffer, FIELD_OFFSET(MPIO_PASS_THROUGH_PATH_EX, Version),
                       FIELD_OFFSET(MPIO_PASS_THROUGH_PATH_EX, MpioPathId), size, Pass);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    RtlCopyMemory(&head, Buffer + offset, embedded);
    if (Pass->Flags & MPIO_IOCTL_FLAG_USE_SCSIADDRESS) {
        ULONG left = Length - offset;

        if (head.StorAddressOffset < sizeof(SCSI_PASS_THROUGH_EX) || head.StorAddressOffset > left ||
            left - head.StorAddressOffset < sizeof(address) || head.StorAddressLength < sizeof(address)) {
            return STATUS_INVALID_PARAMETER;
        }
        RtlCopyMemory(&address, Buffer + offset + head.StorAddressOffset, sizeof(address));
        if (address.Type != STOR_ADDRESS_TYPE_BTL8 || address.AddressLength < STOR_ADDR_BTL8_ADDRESS_LENGTH) {
            return STATUS_INVALID_PARAMETER;
        }
        Pass->PathId = address.Path;
        Pass->TargetId = address.Target;
    }
    Pass->Offset = offset;
    Pass->PortCode = Direct ? IOCTL_SCSI_PASS_THROUGH_DIRECT_EX : IOCTL_SCSI_PASS_THROUGH_EX;
    return STATUS_SUCCESS;
}

static NTSTATUS Parse(PIRP Irp, PASS *Pass)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    const UCHAR *buffer = (const UCHAR *)Irp->AssociatedIrp.SystemBuffer;
    ULONG length = stack->Parameters.DeviceIoControl.InputBufferLength;
    BOOLEAN narrow = IoIs32bitProcess(Irp);

    RtlZeroMemory(Pass, sizeof(*Pass));
    if (buffer == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_MPIO_PASS_THROUGH_PATH:
        return CheckPlain(buffer, length, FALSE, narrow, Pass);
    case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT:
        return CheckPlain(buffer, length, TRUE, narrow, Pass);
    case IOCTL_MPIO_PASS_THROUGH_PATH_EX:
        return CheckExtended(buffer, length, FALSE, Pass);
    default:
        return CheckExtended(buffer, length, TRUE, Pass);
    }
}

static BOOLEAN Matches(const PASS *Pass, PMPIO_INSTANCE Instance)
{
    if (Pass->Flags & MPIO_IOCTL_FLAG_USE_PATHID) {
        return (ULONG_PTR)Instance->Path->PathId == Pass->MpioPathId;
    }
    return Instance->Address.PortNumber == Pass->PortNumber && Instance->Address.PathId == Pass->PathId &&
           Instance->Address.TargetId == Pass->TargetId;
}

/* The instance named by the request; with INVOLVE_DSM the DSM must choose the same. Held on success. */
static NTSTATUS Select(PMPIO_LUN Lun, PIRP Irp, const PASS *Pass, PMPIO_INSTANCE *Instance)
{
    PMPIO_MEMBERS members = MpioReferenceMembers(Lun);
    PVOID pathId = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG at = 0;

    while (at < members->Count && !Matches(Pass, members->Instances[at])) {
        at++;
    }
    if (at == members->Count) {
        status = STATUS_INVALID_PARAMETER;
    } else if (Pass->Flags & MPIO_IOCTL_FLAG_INVOLVE_DSM) {
        PMPIO_MODULE dsm = Lun->Dsm;
        ULONG answer = DSM_CALL(dsm, CategorizeRequest, DISPATCH_LEVEL, Lun->Ordinal, 0, dsm->Init.DsmContext, members->Ids,
                                Irp, NULL, Lun->CurrentPath, &pathId, &status);

        if (answer != DSM_PATH_SET) {
            status = answer == DSM_ERROR && !NT_SUCCESS(status) ? status : STATUS_INVALID_PARAMETER;
        } else {
            status = pathId == members->PathIds[at] ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
        }
    }
    if (NT_SUCCESS(status)) {
        *Instance = members->Instances[at];
        MpioHold(*Instance);
    }
    MpioReleaseMembers(members);
    return status;
}

static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PASS_CONTEXT *context = (PASS_CONTEXT *)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    Irp->AssociatedIrp.SystemBuffer = context->SystemBuffer;
    if (Irp->IoStatus.Information != 0) {
        Irp->IoStatus.Information += context->Offset;
    }
    MpioUnhold(context->Instance);
    MpioFree(context);
    return STATUS_SUCCESS;
}

NTSTATUS MpioPassThrough(PMPIO_PDO Pdo, PIRP Irp)
{
    PIO_STACK_LOCATION next;
    PASS_CONTEXT *context;
    PASS pass;
    NTSTATUS status;

    if (Pdo->Gone) {
        return MpioComplete(Irp, STATUS_NO_SUCH_DEVICE, 0);
    }
    status = Parse(Irp, &pass);
    if (!NT_SUCCESS(status)) {
        return MpioComplete(Irp, status, 0);
    }
    context = MpioAllocate(sizeof(*context));
    if (context == NULL) {
        return MpioComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    status = Select(Pdo->Lun, Irp, &pass, &context->Instance);
    if (!NT_SUCCESS(status)) {
        MpioFree(context);
        return MpioComplete(Irp, status, 0);
    }
    context->Offset = pass.Offset;
    context->SystemBuffer = Irp->AssociatedIrp.SystemBuffer;
    IoCopyCurrentIrpStackLocationToNext(Irp);
    next = IoGetNextIrpStackLocation(Irp);
    next->MinorFunction = IRP_MN_SCSI_CLASS;
    next->Parameters.DeviceIoControl.IoControlCode = pass.PortCode;
    next->Parameters.DeviceIoControl.InputBufferLength -= pass.Offset;
    if (next->Parameters.DeviceIoControl.OutputBufferLength >= pass.Offset) {
        next->Parameters.DeviceIoControl.OutputBufferLength -= pass.Offset;
    } else {
        next->Parameters.DeviceIoControl.OutputBufferLength = 0;
    }
    Irp->AssociatedIrp.SystemBuffer = (PUCHAR)Irp->AssociatedIrp.SystemBuffer + pass.Offset;
    IoSetCompletionRoutine(Irp, Completed, context, TRUE, TRUE, TRUE);
    return IoCallDriver(context->Instance->Filter->Common.Lower, Irp);
}
