/* SPDX-License-Identifier: MIT */
/*
 * The hot path: a request arrives at a pseudo-LUN, the DSM chooses a path, the request goes to that
 * path's port PDO. Contract 02 section 4.2 and 4.3, hidden contracts of ddk-surface 8.3.
 * <= DISPATCH_LEVEL. One acquisition of the LUN's lock per request going down; no DSM is called
 * under it.
 */
#include "core/dsmcall.h"

static PMPIO_REQUEST TakeRequest(PMPIO_LUN Lun)
{
    PSINGLE_LIST_ENTRY entry = PopEntryList(&Lun->FreeRequests);
    PMPIO_REQUEST request;

    if (entry != NULL) {
        return CONTAINING_RECORD(entry, MPIO_REQUEST, Link);
    }
    request = MpioAllocate(sizeof(*request)); /* only while the LUN's concurrency grows */
    if (request != NULL) {
        request->Lun = Lun;
        KeInitializeTimer(&request->Timer);
        KeInitializeDpc(&request->Dpc, MpioRetryDpc, request);
    }
    return request;
}

VOID MpioFreeRequest(PMPIO_REQUEST Request)
{
    PushEntryList(&Request->Lun->FreeRequests, (PSINGLE_LIST_ENTRY)&Request->Link);
}

/* Dense array of at most 32 values: faster than anything clever. Two instances have one path when the array shows the LUN
 * under a second number: the one that can be used is meant. */
static PMPIO_INSTANCE FindMember(PMPIO_MEMBERS Members, PVOID PathId)
{
    PMPIO_INSTANCE found = NULL;

    for (ULONG i = 0; i < Members->Count; i++) {
        if (Members->PathIds[i] == PathId) {
            found = Members->Instances[i];
            if (MpioMayBeChosen(found)) {
                break;
            }
        }
    }
    return found;
}

/* The DSM named a path that is not in the list it was given: a removed one, or no path of this LUN. */
static DECLSPEC_NORETURN VOID UnknownPath(PMPIO_LUN Lun, PVOID PathId)
{
    for (ULONG i = 0; i < MPIO_REMOVED_PATHS; i++) {
        if (Lun->Removed[i].PathId == PathId && PathId != NULL) {
            NtBugCheckRule(RULE_DSM_DEAD_PATH, Lun->Ordinal, Lun->Removed[i].Ordinal);
        }
    }
    MpioEvent(MPIO_EVENT_BOGUS_PATH, Lun->Ordinal, 0, "MPIO Disk%u: DSM %s returned a path that is not one of this device",
              Lun->Ordinal, Lun->Dsm->Name);
    NtBugCheckRule(RULE_DSM_PATH, Lun->Ordinal, (ULONG_PTR)PathId);
}

typedef enum _CHOICE { ChoicePath, ChoiceDsm, ChoiceError, ChoiceAgain } CHOICE;

static BOOLEAN Changed(PMPIO_LUN Lun, ULONG Epoch)
{
    return *(volatile ULONG *)&Lun->Epoch != Epoch;
}

/* Asks the DSM. A state change during the question (another CPU) makes an unusable answer void instead
 * of wrong: ask again. *Instance is held. */
static CHOICE Choose(PMPIO_REQUEST Request, PMPIO_MEMBERS Members, PVOID Current, ULONG Epoch, PMPIO_INSTANCE *Instance,
                     PNTSTATUS Status)
{
    PMPIO_LUN lun = Request->Lun;
    PMPIO_MODULE dsm = lun->Dsm;
    ULONG answer = DSM_PATH_SET;
    PVOID pathId = NULL;

    *Status = STATUS_SUCCESS;
    if (Request->Kind == MpioReadWrite) {
        pathId = DSM_CALL_QUIET(dsm, LBGetPath, DISPATCH_LEVEL, dsm->Init.DsmContext, Request->Srb, Members->Ids, Current,
                                Status);
        answer = pathId != NULL ? DSM_PATH_SET : DSM_ERROR;
    } else {
        answer = MpioCategorize(Request, Members, Current, &pathId, Status);
    }
    if (answer == DSM_BROADCAST || answer == DSM_WILL_HANDLE) {
        Request->Answer = answer;
        return ChoiceDsm;
    }
    if (answer == DSM_ERROR) {
        if (Request->Kind == MpioReadWrite) {
            DsmTrace(dsm, DSM_CALL_LBGetPath, lun->Ordinal, (ULONG)*Status, MPIO_NO_ORDINAL);
        }
        if (Changed(lun, Epoch)) {
            return ChoiceAgain;
        }
        if (NT_SUCCESS(*Status)) {
            NtBugCheckRule(RULE_DSM_STATUS, lun->Ordinal, (ULONG)*Status);
        }
        return ChoiceError;
    }
    *Instance = FindMember(Members, pathId);
    if (*Instance == NULL || !MpioMayBeChosen(*Instance)) {
        if (Changed(lun, Epoch)) {
            return ChoiceAgain;
        }
        if (*Instance == NULL) {
            UnknownPath(lun, pathId);
        }
        NtBugCheckRule(RULE_DSM_DEAD_PATH, lun->Ordinal, MpioPathOrdinal((*Instance)->Path));
    }
    if (Request->Kind == MpioReadWrite) {
        DsmTrace(dsm, DSM_CALL_LBGetPath, lun->Ordinal, Request->Srb->Cdb[0], (*Instance)->Path->Ordinal);
    }
    MpioHold(*Instance);
    lun->CurrentPath = pathId;
    return ChoicePath;
}

/* An instance that the request used before and that a plain resume lets it keep. Lun->Lock held. */
static PMPIO_INSTANCE KeptInstance(PMPIO_REQUEST Request)
{
    PMPIO_INSTANCE instance = Request->KeepInstance ? Request->Instance : NULL;

    Request->KeepInstance = FALSE;
    return instance != NULL && MpioIsUsable(instance) ? instance : NULL;
}

/* Lun->Lock is held on entry and released. */
VOID MpioSelectLocked(PMPIO_REQUEST Request, BOOLEAN FromQueue, KIRQL Irql)
{
    PMPIO_LUN lun = Request->Lun;
    const ULONG closed = FromQueue ? ~(ULONG)MPIO_GATE_QUEUE : ~0u;
    PMPIO_INSTANCE previous = Request->Instance;
    PMPIO_INSTANCE instance;
    PMPIO_MEMBERS members;
    PVOID current;
    NTSTATUS status;
    ULONG epoch;
    CHOICE choice;

    for (;;) {
        if (Request->Pdo->Gone) {
            if (previous != NULL) {
                MpioHold(previous);
            }
            KeReleaseSpinLock(&lun->Lock, Irql);
            MpioFinishIrp(Request, STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE);
            return;
        }
        if (lun->Gate & closed) {
            MpioInsertHeldLocked(Request);
            KeReleaseSpinLock(&lun->Lock, Irql);
            return;
        }
        if (previous != NULL) {
            MpioHold(previous); /* MpioFinish may need it */
        }
        instance = KeptInstance(Request);
        if (instance != NULL) {
            KeReleaseSpinLock(&lun->Lock, Irql);
            MpioSend(Request, instance);
            return;
        }
        members = lun->Members;
        InterlockedIncrement(&members->References);
        epoch = lun->Epoch;
        current = lun->CurrentPath;
        KeReleaseSpinLock(&lun->Lock, Irql);

        choice = Choose(Request, members, current, epoch, &instance, &status);
        if (choice != ChoiceAgain) {
            break;
        }
        MpioReleaseMembers(members);
        KeAcquireSpinLock(&lun->Lock, &Irql);
        if (previous != NULL) {
            MpioUnhold(previous);
        }
    }
    if (choice == ChoicePath) {
        if (previous != NULL) {
            MpioUnhold(previous);
        }
        Request->Instance = instance;
        if (Request->Srb != NULL && !Request->CompletionSet) {
            PMPIO_MODULE dsm = lun->Dsm;

            Request->CompletionSet = TRUE;
            DSM_CALL_VOID(dsm, SetCompletion, DISPATCH_LEVEL, lun->Ordinal, instance->Ordinal, dsm->Init.DsmContext,
                          instance->DsmId, Request->Irp, Request->Srb, &Request->Completion);
        }
        MpioReleaseMembers(members);
        MpioSend(Request, instance);
    } else if (choice == ChoiceDsm) {
        MpioHandToDsm(Request, members, Request->Answer);
    } else {
        MpioReleaseMembers(members);
        if (Request->Kind == MpioReadWrite) {
            MpioEvent(MPIO_EVENT_NO_PATH, lun->Ordinal, (ULONG)status, "MPIO Disk%u: DSM %s returned no path, status 0x%08X",
                      lun->Ordinal, lun->Dsm->Name, (ULONG)status);
        }
        MpioFinishIrp(Request, status, SRB_STATUS_NO_DEVICE);
    }
}

/* The caller gives its hold of Instance to the request. */
VOID MpioSend(PMPIO_REQUEST Request, PMPIO_INSTANCE Instance)
{
    PIRP irp = Request->Irp;
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    PSCSI_REQUEST_BLOCK srb = Request->Srb;

    if (srb == NULL) {
        IoCopyCurrentIrpStackLocationToNext(irp);
    } else {
        if (!Request->Sent) {
            Request->Sent = TRUE;
            RtlCopyMemory(&Request->Saved, srb, sizeof(Request->Saved));
        } else {
            /* As it was before the port worked on it: status, sense, address, length, extension. */
            if (srb->SenseInfoBuffer != Request->Saved.SenseInfoBuffer && (srb->SrbFlags & SRB_FLAGS_FREE_SENSE_BUFFER)) {
                ExFreePool(srb->SenseInfoBuffer);
            }
            RtlCopyMemory(srb, &Request->Saved, sizeof(Request->Saved));
            if (srb->SenseInfoBuffer != NULL) {
                RtlZeroMemory(srb->SenseInfoBuffer, srb->SenseInfoBufferLength);
            }
        }
        next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
        next->MinorFunction = IRP_MN_SCSI_CLASS;
        next->Flags = IoGetCurrentIrpStackLocation(irp)->Flags;
        next->Parameters.DeviceIoControl.IoControlCode = (srb->SrbFlags & SRB_FLAGS_DATA_IN)    ? IOCTL_SCSI_EXECUTE_IN
                                                         : (srb->SrbFlags & SRB_FLAGS_DATA_OUT) ? IOCTL_SCSI_EXECUTE_OUT
                                                                                                : IOCTL_SCSI_EXECUTE_NONE;
        next->Parameters.Scsi.Srb = srb;
    }
    IoSetCompletionRoutine(irp, MpioRequestCompleted, Request, TRUE, TRUE, TRUE);
    (VOID)IoCallDriver(Instance->Port, irp);
}

static NTSTATUS Refuse(PIRP Irp, PSCSI_REQUEST_BLOCK Srb, NTSTATUS Status, UCHAR SrbStatus)
{
    if (Srb != NULL) {
        Srb->SrbStatus = SrbStatus;
    }
    return MpioComplete(Irp, Status, 0);
}

/* PERSISTENT RESERVE commands: DSMs read the parameter list from SystemBuffer, 24 bytes of it. */
static VOID GiveSystemBuffer(PMPIO_REQUEST Request)
{
    PSCSI_REQUEST_BLOCK srb = Request->Srb;

    Request->SystemBuffer = Request->Irp->AssociatedIrp.SystemBuffer;
    Request->BufferReplaced = TRUE;
    if (srb->DataBuffer != NULL && srb->DataTransferLength >= sizeof(Request->Parameters)) {
        Request->Irp->AssociatedIrp.SystemBuffer = srb->DataBuffer;
        return;
    }
    RtlZeroMemory(Request->Parameters, sizeof(Request->Parameters));
    if (srb->DataBuffer != NULL) {
        RtlCopyMemory(Request->Parameters, srb->DataBuffer, srb->DataTransferLength);
    }
    Request->Irp->AssociatedIrp.SystemBuffer = Request->Parameters;
}

NTSTATUS MpioStartRequest(PMPIO_PDO Pdo, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, MPIO_REQUEST_KIND Kind)
{
    PMPIO_LUN lun = Pdo->Lun;
    PMPIO_REQUEST request;
    BOOLEAN write = FALSE;
    KIRQL irql;

    if (Srb != NULL && MpioIsReadWrite(Srb, &write)) {
        Kind = MpioReadWrite;
    }
    KeAcquireSpinLock(&lun->Lock, &irql);
    if (Pdo->Gone) {
        KeReleaseSpinLock(&lun->Lock, irql);
        return Refuse(Irp, Srb, STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE);
    }
    request = TakeRequest(lun);
    if (request == NULL) {
        KeReleaseSpinLock(&lun->Lock, irql);
        return Refuse(Irp, Srb, STATUS_INSUFFICIENT_RESOURCES, SRB_STATUS_ERROR);
    }
    request->Pdo = Pdo;
    request->Instance = NULL;
    request->Irp = Irp;
    request->Srb = Srb;
    request->Sequence = ++lun->NextSequence;
    request->Arrived = KeQueryInterruptTime();
    request->Budget = (LONG)MpioRoot()->Parameters.RetryCount;
    request->Kind = (UCHAR)Kind;
    request->Write = write;
    request->Sent = request->CompletionSet = request->KeepInstance = request->BufferReplaced = FALSE;
    request->HandlerMembers = NULL;
    RtlZeroMemory(&request->Completion, sizeof(request->Completion));
    if (Srb != NULL) {
        /* DSMs find the IRP through the SRB, and keep their own pointer in Argument3. */
        Srb->OriginalRequest = Irp;
        IoGetCurrentIrpStackLocation(Irp)->Parameters.Others.Argument3 = NULL;
        if (Srb->Function == SRB_FUNCTION_EXECUTE_SCSI &&
            (Srb->Cdb[0] == SCSIOP_PERSISTENT_RESERVE_IN || Srb->Cdb[0] == SCSIOP_PERSISTENT_RESERVE_OUT)) {
            GiveSystemBuffer(request);
        }
    }
    Irp->Tail.Overlay.DriverContext[3] = request;
    IoMarkIrpPending(Irp);
    lun->Outstanding++;
    Pdo->Outstanding++;
    MpioSelectLocked(request, FALSE, irql);
    return STATUS_PENDING;
}
