/* SPDX-License-Identifier: MIT */
/*
 * Resets and quiesce on request: by SRB from a driver above, or by IOCTL_STORAGE_RESET_*. They wait,
 * so each runs in a work item of its own. The IRP stays pending meanwhile.
 */
#include "port/port.h"

#define QUIESCE_STEP    (10 * 10000ll)      /* 10 ms, in 100 ns */
#define QUIESCE_DEFAULT 10                  /* seconds, when the SRB says none */

typedef struct _RESET_JOB {
    PPORT_UNIT Unit;
    PIRP Irp;
    PVOID Srb;
    PIO_WORKITEM Work;
    UCHAR Function;
} RESET_JOB, *PRESET_JOB;

/* Until nothing of the unit is at the miniport. */
static NTSTATUS Quiesce(PPORT_UNIT Unit, PVOID Srb)
{
    ULONG seconds = Srb != NULL ? SrbGetTimeOutValue(Srb) : 0;
    ULONGLONG end = KeQueryInterruptTime() + (seconds != 0 ? seconds : QUIESCE_DEFAULT) * PORT_SECOND;
    LARGE_INTEGER step;

    step.QuadPart = -QUIESCE_STEP;
    while (Unit->Outstanding != 0) {
        if (KeQueryInterruptTime() >= end) {
            return STATUS_IO_TIMEOUT;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &step);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Run(PRESET_JOB Job)
{
    switch (Job->Function) {
    case SRB_FUNCTION_QUIESCE_DEVICE:
        return Quiesce(Job->Unit, Job->Srb);
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
        return PortResetUnit(Job->Unit);
    case SRB_FUNCTION_RESET_DEVICE:
        return PortResetTarget(Job->Unit);
    default:
        Job->Unit->BusResets++;
        return PortResetBus(Job->Unit->Adapter, Job->Unit->Path);
    }
}

static VOID ResetJob(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PRESET_JOB job = Context;
    PPORT_UNIT unit = job->Unit;
    NTSTATUS status = Run(job);

    UNREFERENCED_PARAMETER(DeviceObject);
    if (job->Srb != NULL) {
        SrbSetSrbStatus(job->Srb, NT_SUCCESS(status)            ? SRB_STATUS_SUCCESS
                                  : status == STATUS_IO_TIMEOUT ? SRB_STATUS_TIMEOUT
                                                                : SRB_STATUS_ERROR);
    }
    PortEndIrp(job->Irp, status, 0);
    IoFreeWorkItem(job->Work);
    ExFreePoolWithTag(job, PORT_TAG);
    PortReleaseUser(unit);
}

NTSTATUS PortQueueReset(PPORT_UNIT Unit, PIRP Irp, PVOID Srb, UCHAR Function)
{
    PRESET_JOB job = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*job), PORT_TAG);
    PIO_WORKITEM work = IoAllocateWorkItem(Unit->Adapter->Header.Self);
    UCHAR refused = 0;

    if (job == NULL || work == NULL) {
        refused = SRB_STATUS_INSUFFICIENT_RESOURCES;
    } else if (Unit->State >= PortSurprised || !Unit->Adapter->Running) {
        refused = SRB_STATUS_NO_DEVICE;
    }
    if (refused != 0) {
        if (job != NULL) {
            ExFreePoolWithTag(job, PORT_TAG);
        }
        if (work != NULL) {
            IoFreeWorkItem(work);
        }
        if (Srb != NULL) {
            SrbSetSrbStatus(Srb, refused);
        }
        return PortEndIrp(Irp, PortStatusOf(refused), 0);
    }
    Unit->Users++;
    job->Unit = Unit;
    job->Irp = Irp;
    job->Srb = Srb;
    job->Work = work;
    job->Function = Function;
    IoMarkIrpPending(Irp);
    IoQueueWorkItem(work, ResetJob, CriticalWorkQueue, job);
    return STATUS_PENDING;
}
