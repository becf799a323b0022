/* SPDX-License-Identifier: MIT */
/*
 * Reservations through device controls: RESERVE and RELEASE, PERSISTENT RESERVE IN and OUT with their
 * checks. PASSIVE_LEVEL. Rules: class-driver reference 3.5, 2.6 (flags).
 */
#include "disk/disk.h"

#define COMMAND_BYTES   sizeof(PERSISTENT_RESERVE_COMMAND)          /* 12 */
#define LIST_OFFSET     FIELD_OFFSET(PERSISTENT_RESERVE_COMMAND, PR_OUT.ParameterList)
#define LIST_BYTES      sizeof(PRO_PARAMETER_LIST)                  /* 24 */
#define ACTION_MASK     0x1F

NTSTATUS DiskReserveUnit(PDISK Disk, BOOLEAN Reserve)
{
    DISK_COMMAND command = {.CdbLength = 6, .Retries = DISK_MAXIMUM_RETRIES};

    command.Cdb[0] = Reserve ? SCSIOP_RESERVE_UNIT : SCSIOP_RELEASE_UNIT;
    if (Disk->NoReserve6) {
        command.CdbLength = 10;
        command.Cdb[0] = Reserve ? SCSIOP_RESERVE_UNIT10 : SCSIOP_RELEASE_UNIT10;
    }
    if (Reserve) {
        command.QueueAction = SRB_SIMPLE_TAG_REQUEST;
    }
    return DiskCommand(Disk, &command);
}

static NTSTATUS CheckIn(const PERSISTENT_RESERVE_COMMAND *Request, ULONG OutputLength)
{
    USHORT allocation = Request->PR_IN.AllocationLength;
    ULONG least;

    switch (Request->PR_IN.ServiceAction) {
    case RESERVATION_ACTION_READ_KEYS:
        least = sizeof(PRI_REGISTRATION_LIST);
        break;
    case RESERVATION_ACTION_READ_RESERVATIONS:
        least = sizeof(PRI_RESERVATION_LIST);
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return OutputLength < allocation || allocation < least ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static NTSTATUS CheckOut(const PERSISTENT_RESERVE_COMMAND *Request, ULONG InputLength)
{
    switch (Request->PR_OUT.ServiceAction) {
    case RESERVATION_ACTION_REGISTER:
    case RESERVATION_ACTION_REGISTER_IGNORE_EXISTING:
    case RESERVATION_ACTION_CLEAR:
        break;
    case RESERVATION_ACTION_RESERVE:
    case RESERVATION_ACTION_RELEASE:
    case RESERVATION_ACTION_PREEMPT:
    case RESERVATION_ACTION_PREEMPT_ABORT:
        if (Request->PR_OUT.Scope != RESERVATION_SCOPE_LU && Request->PR_OUT.Scope != RESERVATION_SCOPE_ELEMENT) {
            return STATUS_INVALID_PARAMETER;
        }
        if (Request->PR_OUT.Type != RESERVATION_TYPE_WRITE_EXCLUSIVE &&
            Request->PR_OUT.Type != RESERVATION_TYPE_EXCLUSIVE &&
            Request->PR_OUT.Type != RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS &&
            Request->PR_OUT.Type != RESERVATION_TYPE_EXCLUSIVE_REGISTRANTS) {
            return STATUS_INVALID_PARAMETER; /* all-registrants types are not in the documented list */
        }
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return InputLength < COMMAND_BYTES + LIST_BYTES || Request->Size < InputLength ? STATUS_INVALID_PARAMETER
                                                                                  : STATUS_SUCCESS;
}

NTSTATUS DiskPersistentReserve(PDISK Disk, PIRP Irp, PULONG Information)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    BOOLEAN in = stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_STORAGE_PERSISTENT_RESERVE_IN;
    PERSISTENT_RESERVE_COMMAND *request = Irp->AssociatedIrp.SystemBuffer;
    DISK_COMMAND command = {.CdbLength = 10, .Retries = DISK_MAXIMUM_RETRIES,
                            .QueueAction = SRB_HEAD_OF_QUEUE_TAG_REQUEST};
    NTSTATUS status;

    if (input < COMMAND_BYTES || request == NULL || request->Size < COMMAND_BYTES) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (((ULONG_PTR)request & Disk->AlignmentMask) != 0) {
        return STATUS_INVALID_USER_BUFFER;
    }
    status = in ? CheckIn(request, output) : CheckOut(request, input);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    command.Length = in ? output : LIST_BYTES;
    command.DataOut = !in;
    command.Buffer = ExAllocatePoolZero(NonPagedPoolNx, command.Length, DISK_TAG);
    if (command.Buffer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (in) {
        command.Cdb[0] = SCSIOP_PERSISTENT_RESERVE_IN;
        command.Cdb[1] = request->PR_IN.ServiceAction & ACTION_MASK;
        command.Cdb[7] = (UCHAR)(request->PR_IN.AllocationLength >> 8);
        command.Cdb[8] = (UCHAR)request->PR_IN.AllocationLength;
    } else {
        command.Cdb[0] = SCSIOP_PERSISTENT_RESERVE_OUT;
        command.Cdb[1] = request->PR_OUT.ServiceAction & ACTION_MASK;
        command.Cdb[2] = (UCHAR)(request->PR_OUT.Scope << 4 | request->PR_OUT.Type);
        command.Cdb[8] = LIST_BYTES;
        RtlCopyMemory(command.Buffer, (PUCHAR)request + LIST_OFFSET, LIST_BYTES);
    }
    status = DiskCommand(Disk, &command);
    if (status == STATUS_DATA_OVERRUN) {
        status = STATUS_SUCCESS; /* less or more than asked for: the list says how long it is */
    }
    if (NT_SUCCESS(status) && in) {
        RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, command.Buffer, command.Moved);
        *Information = command.Moved;
    }
    ExFreePoolWithTag(command.Buffer, DISK_TAG);
    return status;
}
