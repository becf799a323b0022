/* SPDX-License-Identifier: MIT */
/*
 * SCSI pass-through in its four forms (class-driver 3.4): every field is checked against the system
 * buffer, one command goes through the unit's queue without retry or interpretation, and a SCSI error
 * ends with success and ScsiStatus. The request may end at DISPATCH_LEVEL. Limits not published: the
 * time-out is 1 to 108000 seconds; an application that bypasses a claimed device's class driver gets
 * INVALID_DEVICE_REQUEST.
 */
#include "port/port.h"

#define MAXIMUM_TIMEOUT 108000
#define SENSE_MAXIMUM   255

/* What the forms have in common. */
typedef struct _PASS_REQUEST {
    ULONG HeaderBytes;          /* of the caller's structure, without data */
    ULONG CdbOffset, CdbLength;
    ULONG SenseOffset, SenseLength;
    ULONG TimeOut;
    ULONG DataLength;
    UCHAR Direction;            /* SCSI_IOCTL_DATA_* */
    BOOLEAN Direct;
    ULONG_PTR Data;             /* offset in the system buffer, or address */
} PASS_REQUEST;

typedef struct _PASS_JOB {
    SCSI_REQUEST_BLOCK Srb;
    PIRP Irp;
    ULONG Code;
    PASS_REQUEST Pass;
    UCHAR Sense[SENSE_MAXIMUM + 1];
} PASS_JOB, *PPASS_JOB;

#ifndef _WIN64 /* callers of one width only: IoIs32bitProcess answers FALSE */
#define SCSI_PASS_THROUGH32           SCSI_PASS_THROUGH
#define SCSI_PASS_THROUGH_DIRECT32    SCSI_PASS_THROUGH_DIRECT
#define SCSI_PASS_THROUGH32_EX        SCSI_PASS_THROUGH_EX
#define SCSI_PASS_THROUGH_DIRECT32_EX SCSI_PASS_THROUGH_DIRECT_EX
#endif

/* ---- reading the four (eight) layouts ------------------------------------------------------------------- */
#define READ_CLASSIC(Type, Field)                          \
    do {                                                   \
        const Type *in = Buffer;                           \
        if (Length < sizeof(*in) || in->Length != sizeof(*in)) { \
            return STATUS_INVALID_PARAMETER;               \
        }                                                  \
        Pass->HeaderBytes = sizeof(*in);                   \
        Pass->CdbOffset = FIELD_OFFSET(Type, Cdb);         \
        Pass->CdbLength = in->CdbLength;                   \
        Pass->SenseOffset = in->SenseInfoOffset;           \
        Pass->SenseLength = in->SenseInfoLength;           \
        Pass->TimeOut = in->TimeOutValue;                  \
        Pass->DataLength = in->DataTransferLength;         \
        Pass->Direction = in->DataIn;                      \
        Pass->Data = (ULONG_PTR)in->Field;                 \
    } while (0)

#define READ_EXTENDED(Type, OutField, InField)                                              \
    do {                                                                                    \
        const Type *in = Buffer;                                                            \
        if (Length < FIELD_OFFSET(Type, Cdb) || in->Version != 0 || in->Length != sizeof(*in)) { \
            return STATUS_INVALID_PARAMETER;                                                \
        }                                                                                   \
        if (in->DataDirection == SCSI_IOCTL_DATA_BIDIRECTIONAL ||                           \
            (in->DataInTransferLength != 0 && in->DataOutTransferLength != 0)) {            \
            return STATUS_NOT_SUPPORTED;                                                    \
        }                                                                                   \
        if (in->StorAddressLength != 0 &&                                                   \
            (in->StorAddressOffset > Length || Length - in->StorAddressOffset < in->StorAddressLength)) { \
            return STATUS_INVALID_PARAMETER;                                                \
        }                                                                                   \
        Pass->HeaderBytes = FIELD_OFFSET(Type, Cdb) + (in->CdbLength <= 255 ? in->CdbLength : 256); \
        Pass->CdbOffset = FIELD_OFFSET(Type, Cdb);                                          \
        Pass->CdbLength = in->CdbLength;                                                    \
        Pass->SenseOffset = in->SenseInfoOffset;                                            \
        Pass->SenseLength = in->SenseInfoLength;                                            \
        Pass->TimeOut = in->TimeOutValue;                                                   \
        Pass->Direction = in->DataDirection;                                                \
        Pass->DataLength = in->DataInTransferLength != 0 ? in->DataInTransferLength : in->DataOutTransferLength; \
        Pass->Data = in->DataInTransferLength != 0 ? (ULONG_PTR)in->InField : (ULONG_PTR)in->OutField; \
    } while (0)

static NTSTATUS Read(ULONG Code, BOOLEAN Narrow, const VOID *Buffer, ULONG Length, PASS_REQUEST *Pass)
{
    Pass->Direct = Code == IOCTL_SCSI_PASS_THROUGH_DIRECT || Code == IOCTL_SCSI_PASS_THROUGH_DIRECT_EX;
    switch (Code) {
    case IOCTL_SCSI_PASS_THROUGH:
        if (Narrow) {
            READ_CLASSIC(SCSI_PASS_THROUGH32, DataBufferOffset);
        } else {
            READ_CLASSIC(SCSI_PASS_THROUGH, DataBufferOffset);
        }
        break;
    case IOCTL_SCSI_PASS_THROUGH_DIRECT:
        if (Narrow) {
            READ_CLASSIC(SCSI_PASS_THROUGH_DIRECT32, DataBuffer);
        } else {
            READ_CLASSIC(SCSI_PASS_THROUGH_DIRECT, DataBuffer);
        }
        break;
    case IOCTL_SCSI_PASS_THROUGH_EX:
        if (Narrow) {
            READ_EXTENDED(SCSI_PASS_THROUGH32_EX, DataOutBufferOffset, DataInBufferOffset);
        } else {
            READ_EXTENDED(SCSI_PASS_THROUGH_EX, DataOutBufferOffset, DataInBufferOffset);
        }
        break;
    default:
        if (Narrow) {
            READ_EXTENDED(SCSI_PASS_THROUGH_DIRECT32_EX, DataOutBuffer, DataInBuffer);
        } else {
            READ_EXTENDED(SCSI_PASS_THROUGH_DIRECT_EX, DataOutBuffer, DataInBuffer);
        }
        break;
    }
    return STATUS_SUCCESS;
}

/* Offset..offset+count lies behind the structure and inside the buffer. */
static BOOLEAN Inside(const PASS_REQUEST *Pass, ULONG_PTR Offset, ULONG Count, ULONG Length)
{
    return Offset >= Pass->HeaderBytes && Offset <= Length && Length - Offset >= Count;
}

static NTSTATUS Check(PPORT_UNIT Unit, const PASS_REQUEST *Pass, ULONG InputLength, ULONG OutputLength)
{
    const PORT_CONFIGURATION_INFORMATION *config = &Unit->Adapter->Config;
    ULONG room = InputLength > OutputLength ? InputLength : OutputLength; /* size of the system buffer */

    if (Pass->CdbLength == 0 || Pass->CdbLength > 16 || Pass->CdbOffset + Pass->CdbLength > InputLength ||
        Pass->Direction > SCSI_IOCTL_DATA_UNSPECIFIED || Pass->TimeOut == 0 || Pass->TimeOut > MAXIMUM_TIMEOUT ||
        Pass->DataLength > config->MaximumTransferLength) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Pass->SenseLength != 0 && !Inside(Pass, Pass->SenseOffset, Pass->SenseLength, room)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Pass->DataLength == 0) {
        return STATUS_SUCCESS;
    }
    if (Pass->Direct) {
        return Pass->Data != 0 && (Pass->Data & config->AlignmentMask) == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (!Inside(Pass, Pass->Data, Pass->DataLength, room) ||
        (Pass->Direction == SCSI_IOCTL_DATA_OUT && !Inside(Pass, Pass->Data, Pass->DataLength, InputLength)) ||
        (Pass->Direction == SCSI_IOCTL_DATA_IN && !Inside(Pass, Pass->Data, Pass->DataLength, OutputLength))) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* ---- answering ----------------------------------------------------------------------------------------------- */
static VOID WriteHeader(PPASS_JOB Job, ULONG SenseLength)
{
    PVOID buffer = Job->Irp->AssociatedIrp.SystemBuffer;

    /* The heads of the wide and the narrow structures agree. */
    if (Job->Code == IOCTL_SCSI_PASS_THROUGH || Job->Code == IOCTL_SCSI_PASS_THROUGH_DIRECT) {
        PSCSI_PASS_THROUGH head = buffer;

        head->ScsiStatus = Job->Srb.ScsiStatus;
        head->SenseInfoLength = (UCHAR)SenseLength;
        head->DataTransferLength = Job->Srb.DataTransferLength;
        head->PathId = Job->Srb.PathId;
        head->TargetId = Job->Srb.TargetId;
        head->Lun = Job->Srb.Lun;
    } else {
        PSCSI_PASS_THROUGH_EX head = buffer;

        head->ScsiStatus = Job->Srb.ScsiStatus;
        head->SenseInfoLength = (UCHAR)SenseLength;
        if (head->DataInTransferLength != 0) {
            head->DataInTransferLength = Job->Srb.DataTransferLength;
        } else {
            head->DataOutTransferLength = Job->Srb.DataTransferLength;
        }
    }
}

static VOID PassDone(PPORT_REQUEST Request)
{
    PPASS_JOB job = Request->Context;
    PIRP irp = job->Irp;
    UCHAR status = SRB_STATUS(job->Srb.SrbStatus);
    ULONG sense = 0, room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG_PTR information = job->Pass.HeaderBytes;
    NTSTATUS result;

    if (status == SRB_STATUS_SUCCESS || job->Srb.ScsiStatus != SCSISTAT_GOOD ||
        (status == SRB_STATUS_DATA_OVERRUN && job->Srb.DataTransferLength <= job->Pass.DataLength)) {
        result = STATUS_SUCCESS;
    } else {
        result = PortStatusOf(status);
    }
    if ((job->Srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) != 0) {
        sense = job->Srb.SenseInfoBufferLength < job->Pass.SenseLength ? job->Srb.SenseInfoBufferLength
                                                                       : job->Pass.SenseLength;
        RtlCopyMemory((PUCHAR)irp->AssociatedIrp.SystemBuffer + job->Pass.SenseOffset, job->Sense, sense);
        information = sense != 0 ? job->Pass.SenseOffset + sense : information;
    }
    WriteHeader(job, sense);
    if (!job->Pass.Direct && job->Pass.Direction != SCSI_IOCTL_DATA_OUT && job->Srb.DataTransferLength != 0 &&
        job->Pass.Data + job->Srb.DataTransferLength > information) {
        information = job->Pass.Data + job->Srb.DataTransferLength;
    }
    PortFreeRequest(Request);
    ExFreePoolWithTag(job, PORT_TAG);
    PortEndIrp(irp, result, NT_SUCCESS(result) ? (information < room ? information : room) : 0);
}

static VOID BuildSrb(PPORT_UNIT Unit, PPASS_JOB Job)
{
    static const ULONG direction[] = {SRB_FLAGS_DATA_OUT, SRB_FLAGS_DATA_IN, SRB_FLAGS_UNSPECIFIED_DIRECTION};
    PUCHAR buffer = Job->Irp->AssociatedIrp.SystemBuffer;
    PSCSI_REQUEST_BLOCK srb = &Job->Srb;

    srb->Length = SCSI_REQUEST_BLOCK_SIZE;
    srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb->PathId = Unit->Path;
    srb->TargetId = Unit->Target;
    srb->Lun = Unit->Lun;
    srb->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    srb->CdbLength = (UCHAR)Job->Pass.CdbLength;
    RtlCopyMemory(srb->Cdb, buffer + Job->Pass.CdbOffset, Job->Pass.CdbLength);
    srb->SenseInfoBuffer = Job->Sense;
    srb->SenseInfoBufferLength = SENSE_MAXIMUM;
    srb->SrbFlags = SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_QUEUE_ACTION_ENABLE | SRB_FLAGS_BYPASS_FROZEN_QUEUE |
                    (Job->Pass.DataLength != 0 ? direction[Job->Pass.Direction] : 0);
    srb->DataTransferLength = Job->Pass.DataLength;
    srb->DataBuffer = Job->Pass.DataLength == 0 ? NULL
                      : Job->Pass.Direct        ? (PVOID)Job->Pass.Data
                                                : buffer + Job->Pass.Data;
    srb->TimeOutValue = Job->Pass.TimeOut;
}

NTSTATUS PortPassThrough(PPORT_UNIT Unit, PIRP Irp, ULONG Code)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    PPORT_REQUEST request;
    PASS_REQUEST pass;
    PPASS_JOB job;
    NTSTATUS status;

    if (Unit->Claimed && stack->MinorFunction != IRP_MN_SCSI_CLASS && Irp->RequestorMode == UserMode) {
        return PortEndIrp(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    RtlZeroMemory(&pass, sizeof(pass));
    status = Irp->AssociatedIrp.SystemBuffer == NULL
                 ? STATUS_INVALID_PARAMETER
                 : Read(Code, IoIs32bitProcess(Irp), Irp->AssociatedIrp.SystemBuffer, input, &pass);
    if (NT_SUCCESS(status)) {
        status = Check(Unit, &pass, input, stack->Parameters.DeviceIoControl.OutputBufferLength);
    }
    if (!NT_SUCCESS(status)) {
        return PortEndIrp(Irp, status, 0);
    }
    job = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*job), PORT_TAG);
    request = job != NULL ? PortAllocateRequest(Unit) : NULL;
    if (request == NULL) {
        if (job != NULL) {
            ExFreePoolWithTag(job, PORT_TAG);
        }
        return PortEndIrp(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    job->Irp = Irp;
    job->Code = Code;
    job->Pass = pass;
    BuildSrb(Unit, job);
    request->Srb = &job->Srb;
    request->Context = job;
    request->Done = PassDone;
    IoMarkIrpPending(Irp);
    PortSubmit(request);
    return STATUS_PENDING;
}
