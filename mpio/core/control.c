/* SPDX-License-Identifier: MIT */
/*
 * Requests to \Device\MPIOControl: registration of DSMs, and what our tools ask (core/mpioctl.h).
 * Internal device controls only: programs cannot reach these. PASSIVE_LEVEL.
 */
#include "core/core.h"

static NTSTATUS Register(PVOID Buffer, ULONG InLength, ULONG OutLength, PULONG Produced)
{
    DSM_MPIO_CONTEXT answer;
    PMPIO_MODULE dsm;
    NTSTATUS status;

    if (InLength < sizeof(ULONG) || OutLength < sizeof(answer)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    MpioAcquireSerial();
    status = MpioRegisterDsm((const DSM_INIT_DATA *)Buffer, InLength, &dsm);
    MpioReleaseSerial();
    if (NT_SUCCESS(status)) {
        answer.MPIOContext = dsm;
        RtlCopyMemory(Buffer, &answer, sizeof(answer));
        *Produced = sizeof(answer);
    }
    return status;
}

static NTSTATUS Move(const VOID *Buffer, ULONG InLength)
{
    struct mpio_move move;
    NTSTATUS status;

    if (InLength < sizeof(move)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(&move, Buffer, sizeof(move));
    MpioAcquireSerial();
    status = MpioMoveLun(move.lun, (PVOID)(ULONG_PTR)move.path_id, move.flags | DSM_MOVE_ADMIN_REQUEST);
    MpioReleaseSerial();
    return status;
}

NTSTATUS MpioControlDispatch(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Internal)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG inLength = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outLength = stack->Parameters.DeviceIoControl.OutputBufferLength;
    ULONG produced = 0;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(Device);
    if (!Internal || (buffer == NULL && (inLength != 0 || outLength != 0))) {
        return MpioComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_MPDSM_REGISTER:
        status = Register(buffer, inLength, outLength, &produced);
        break;
    case IOCTL_MPDSM_DEREGISTER:
        MpioAcquireSerial();
        status = MpioDeregisterDsm((const DSM_DEREGISTER_DATA *)buffer, inLength);
        MpioReleaseSerial();
        break;
    case IOCTL_OPENMPIO_SNAPSHOT:
        status = MpioSnapshot(buffer, outLength, &produced);
        break;
    case IOCTL_OPENMPIO_MOVE:
        status = Move(buffer, inLength);
        break;
    case IOCTL_OPENMPIO_CLEAR:
        MpioClearCounters();
        status = STATUS_SUCCESS;
        break;
    case IOCTL_OPENMPIO_WMI:
        status = MpioWmiCall(Irp, (struct mpio_wmi *)buffer, inLength, outLength, &produced);
        break;
    default:
        status = STATUS_INVALID_DEVICE_REQUEST;
        break;
    }
    return MpioComplete(Irp, status, produced);
}
