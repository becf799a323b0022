/* SPDX-License-Identifier: MIT */
/*
 * Requests other than read and write: what the DSM wants done with them (contract 02 section 4.3).
 * BROADCAST and WILL_HANDLE run in a system worker thread at PASSIVE_LEVEL, because the DSM may wait
 * there; MPIO completes the IRP (rule DSM-EVT-01).
 */
#include "core/dsmcall.h"

#define MPIO_READ12  0xA8
#define MPIO_WRITE12 0xAA

BOOLEAN MpioIsReadWrite(PSCSI_REQUEST_BLOCK Srb, PBOOLEAN Write)
{
    if (Srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        return FALSE;
    }
    switch (Srb->Cdb[0]) {
    case SCSIOP_READ6:
    case SCSIOP_READ:
    case SCSIOP_READ16:
    case MPIO_READ12:
        *Write = FALSE;
        return TRUE;
    case SCSIOP_WRITE6:
    case SCSIOP_WRITE:
    case SCSIOP_WRITE16:
    case MPIO_WRITE12:
        *Write = TRUE;
        return TRUE;
    default:
        return FALSE;
    }
}

ULONG MpioCategorize(PMPIO_REQUEST Request, PMPIO_MEMBERS Members, PVOID Current, PVOID *PathId, PNTSTATUS Status)
{
    PMPIO_LUN lun = Request->Lun;
    PMPIO_MODULE dsm = lun->Dsm;
    ULONG answer;

    *PathId = NULL;
    answer = DSM_CALL(dsm, CategorizeRequest, DISPATCH_LEVEL, lun->Ordinal, Request->Srb != NULL ? Request->Srb->Cdb[0] : 0,
                      dsm->Init.DsmContext, Members->Ids, Request->Irp, Request->Srb, Current, PathId, Status);
    if (answer < DSM_BROADCAST || answer > DSM_ERROR) {
        NtBugCheckRule(RULE_DSM_CATEGORIZE, answer, lun->Ordinal);
    }
    return answer;
}

static VOID HandlerWorker(PVOID Parameter)
{
    PMPIO_REQUEST request = (PMPIO_REQUEST)Parameter;
    PMPIO_MODULE dsm = request->Lun->Dsm;
    PMPIO_MEMBERS members = request->HandlerMembers;
    PSCSI_REQUEST_BLOCK srb = request->Srb;
    PIRP irp = request->Irp;
    KEVENT done;
    NTSTATUS status;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    if (request->Answer == DSM_BROADCAST) {
        status = DSM_CALL(dsm, BroadcastSrb, PASSIVE_LEVEL, request->Lun->Ordinal, srb != NULL ? srb->Cdb[0] : 0,
                          dsm->Init.DsmContext, members->Ids, irp, srb, &done);
    } else {
        status = DSM_CALL(dsm, SrbDeviceControl, PASSIVE_LEVEL, request->Lun->Ordinal, srb != NULL ? srb->Cdb[0] : 0,
                          dsm->Init.DsmContext, members->Ids, irp, srb, &done);
    }
    if (status != STATUS_PENDING && KeReadStateEvent(&done) == 0) {
        NtBugCheckRule(RULE_DSM_EVENT, request->Lun->Ordinal, (ULONG)status);
    }
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    request->HandlerMembers = NULL;
    MpioReleaseMembers(members);
    status = irp->IoStatus.Status;
    if (srb != NULL && SRB_STATUS(srb->SrbStatus) != SRB_STATUS_PENDING) {
        MpioFinishIrp(request, status, srb->SrbStatus);
    } else {
        MpioFinishIrp(request, status, NT_SUCCESS(status) ? SRB_STATUS_SUCCESS : SRB_STATUS_ERROR);
    }
}

/* Members: the reference passes to the worker; the DsmIds stay valid until it has finished. */
VOID MpioHandToDsm(PMPIO_REQUEST Request, PMPIO_MEMBERS Members, ULONG Answer)
{
    Request->Answer = Answer;
    Request->HandlerMembers = Members;
    ExInitializeWorkItem(&Request->Item, HandlerWorker, Request);
    ExQueueWorkItem(&Request->Item, DelayedWorkQueue);
}
