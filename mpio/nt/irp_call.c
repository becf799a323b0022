/* SPDX-License-Identifier: MIT */
/*
 * Sending and completing IRPs. <= DISPATCH_LEVEL; the hottest code of this room. Rules: IO-IRP-01..05,
 * IO-IRP-07. The dispatch routine's result is checked against what it did with the IRP, even when the
 * IRP was completed and freed meanwhile: completion leaves its findings in the caller's NT_IRP_CALL.
 */
#include "nt/driverobject.h"
#include "nt/irp_shadow.h"

static const struct {
    PCSTR Name;
    KIRQL Highest;      /* level at which callers may be: waits are refused in foreign code when DISPATCH_LEVEL */
} dispatch[IRP_MJ_MAXIMUM_FUNCTION + 1] = {
    [IRP_MJ_CREATE] = {"IRP_MJ_CREATE dispatch", PASSIVE_LEVEL},
    [IRP_MJ_CREATE_NAMED_PIPE] = {"IRP_MJ_CREATE_NAMED_PIPE dispatch", PASSIVE_LEVEL},
    [IRP_MJ_CLOSE] = {"IRP_MJ_CLOSE dispatch", PASSIVE_LEVEL},
    [IRP_MJ_READ] = {"IRP_MJ_READ dispatch", DISPATCH_LEVEL},
    [IRP_MJ_WRITE] = {"IRP_MJ_WRITE dispatch", DISPATCH_LEVEL},
    [IRP_MJ_QUERY_INFORMATION] = {"IRP_MJ_QUERY_INFORMATION dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SET_INFORMATION] = {"IRP_MJ_SET_INFORMATION dispatch", PASSIVE_LEVEL},
    [IRP_MJ_QUERY_EA] = {"IRP_MJ_QUERY_EA dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SET_EA] = {"IRP_MJ_SET_EA dispatch", PASSIVE_LEVEL},
    [IRP_MJ_FLUSH_BUFFERS] = {"IRP_MJ_FLUSH_BUFFERS dispatch", PASSIVE_LEVEL},
    [IRP_MJ_QUERY_VOLUME_INFORMATION] = {"IRP_MJ_QUERY_VOLUME_INFORMATION dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SET_VOLUME_INFORMATION] = {"IRP_MJ_SET_VOLUME_INFORMATION dispatch", PASSIVE_LEVEL},
    [IRP_MJ_DIRECTORY_CONTROL] = {"IRP_MJ_DIRECTORY_CONTROL dispatch", PASSIVE_LEVEL},
    [IRP_MJ_FILE_SYSTEM_CONTROL] = {"IRP_MJ_FILE_SYSTEM_CONTROL dispatch", PASSIVE_LEVEL},
    [IRP_MJ_DEVICE_CONTROL] = {"IRP_MJ_DEVICE_CONTROL dispatch", PASSIVE_LEVEL},
    [IRP_MJ_INTERNAL_DEVICE_CONTROL] = {"IRP_MJ_SCSI dispatch", DISPATCH_LEVEL},
    [IRP_MJ_SHUTDOWN] = {"IRP_MJ_SHUTDOWN dispatch", PASSIVE_LEVEL},
    [IRP_MJ_LOCK_CONTROL] = {"IRP_MJ_LOCK_CONTROL dispatch", PASSIVE_LEVEL},
    [IRP_MJ_CLEANUP] = {"IRP_MJ_CLEANUP dispatch", PASSIVE_LEVEL},
    [IRP_MJ_CREATE_MAILSLOT] = {"IRP_MJ_CREATE_MAILSLOT dispatch", PASSIVE_LEVEL},
    [IRP_MJ_QUERY_SECURITY] = {"IRP_MJ_QUERY_SECURITY dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SET_SECURITY] = {"IRP_MJ_SET_SECURITY dispatch", PASSIVE_LEVEL},
    [IRP_MJ_POWER] = {"IRP_MJ_POWER dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SYSTEM_CONTROL] = {"IRP_MJ_SYSTEM_CONTROL dispatch", PASSIVE_LEVEL},
    [IRP_MJ_DEVICE_CHANGE] = {"IRP_MJ_DEVICE_CHANGE dispatch", PASSIVE_LEVEL},
    [IRP_MJ_QUERY_QUOTA] = {"IRP_MJ_QUERY_QUOTA dispatch", PASSIVE_LEVEL},
    [IRP_MJ_SET_QUOTA] = {"IRP_MJ_SET_QUOTA dispatch", PASSIVE_LEVEL},
    [IRP_MJ_PNP] = {"IRP_MJ_PNP dispatch", PASSIVE_LEVEL},
};

static inline ULONGLONG *PendingWord(PNT_IRP Shadow, CHAR Location)
{
    return &Shadow->ReturnedPending[(UCHAR)Location >> 6];
}

static inline ULONGLONG PendingBit(CHAR Location)
{
    return 1ull << ((UCHAR)Location & 63);
}

/* ---- down ------------------------------------------------------------------------------------------- */

static inline VOID NoteSent(PNT_IRP Shadow, NT_IRP_CALL *Call, PIRP Irp)
{
    Call->Location = Irp->CurrentLocation;
    Call->Stack = IoGetCurrentIrpStackLocation(Irp);
    Call->Attached = TRUE;
    Call->Completed = FALSE;
    InsertHeadList(&Shadow->Calls, &Call->Entry);
    *PendingWord(Shadow, Call->Location) &= ~PendingBit(Call->Location);
    if (Shadow->State != NT_IRP_ACTIVE) {
        Shadow->State = NT_IRP_ACTIVE;
        Shadow->Top = Call->Location;
    }
}

/* The dispatch routine that has just returned is the one that returned last. */
static DECLSPEC_NORETURN VOID WrongReturn(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2)
{
    NtBugCheckReturn(Rule, P1, P2, NtContext()->LastName, NtContext()->LastRoutine);
}

static VOID CheckReturn(PNT_IRP Shadow, const NT_IRP_CALL *Call, NTSTATUS Status)
{
    ULONGLONG irp = (ULONGLONG)(ULONG_PTR)NtIrpPublic(Shadow);

    if (Call->Completed) {
        if (Call->MarkedPending != (Status == STATUS_PENDING)) {
            WrongReturn(RULE_IRP_PENDING, irp, (ULONG)Status);
        }
        if (Status != STATUS_PENDING && Status != Call->Status) {
            WrongReturn(RULE_IRP_STATUS, (ULONG)Status, (ULONG)Call->Status);
        }
    } else if (Call->Attached) {
        if (Status == STATUS_PENDING) {
            *PendingWord(Shadow, Call->Location) |= PendingBit(Call->Location);
        } else if ((Call->Stack->Control & SL_PENDING_RETURNED) != 0) {
            WrongReturn(RULE_IRP_PENDING, irp, (ULONG)Status);
        } else {
            WrongReturn(RULE_IRP_STATUS, (ULONG)Status, STATUS_PENDING); /* neither completed nor pending */
        }
    }
}

NTSTATUS IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PIO_STACK_LOCATION stack;
    PDRIVER_OBJECT driver;
    PNT_IRP shadow;
    NT_IRP_CALL call;
    NTSTATUS status;
    UCHAR major;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (__builtin_expect(Irp->Type != IO_TYPE_IRP, 0)) {
        NtBugCheckRule(RULE_IRP_FREED, (ULONGLONG)(ULONG_PTR)Irp, 0);
    }
    if (__builtin_expect(Irp->CurrentLocation <= 1 || Irp->CurrentLocation > Irp->StackCount + 1, 0)) {
        NtBugCheckRule(RULE_IRP_STACK, (ULONGLONG)(ULONG_PTR)Irp, (ULONGLONG)(LONGLONG)Irp->CurrentLocation);
    }
    Irp->CurrentLocation--;
    stack = --Irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = DeviceObject;
    driver = DeviceObject->DriverObject;
    major = stack->MajorFunction;
    if (__builtin_expect(major > IRP_MJ_MAXIMUM_FUNCTION, 0)) {
        NtBugCheckRule(RULE_BUGCHECK_CALL, DRIVER_VERIFIER_DETECTED_VIOLATION, major); /* no such major function */
    }
    shadow = NtIrp(Irp);
    if (shadow == NULL) {
        return NT_CALL_OUT(dispatch[major].Name, driver, dispatch[major].Highest, driver->MajorFunction[major],
                           DeviceObject, Irp);
    }
    NoteSent(shadow, &call, Irp);
    status = NT_CALL_OUT(dispatch[major].Name, driver, dispatch[major].Highest, driver->MajorFunction[major],
                         DeviceObject, Irp);
    CheckReturn(shadow, &call, status);
    if (call.Attached) {
        RemoveEntryList(&call.Entry);
    }
    return status;
}

/* ---- up --------------------------------------------------------------------------------------------- */

/* A dispatch routine returned STATUS_PENDING and the location it got was never marked. */
static DECLSPEC_NORETURN VOID BrokenPromise(PIRP Irp)
{
    const IO_STACK_LOCATION *stack = Irp->Tail.Overlay.CurrentStackLocation;
    PDRIVER_OBJECT driver = stack->DeviceObject->DriverObject;
    UCHAR major = stack->MajorFunction;

    if (driver == NULL || major > IRP_MJ_MAXIMUM_FUNCTION) { /* overwritten since */
        NtBugCheckRule(RULE_IRP_PENDING, (ULONGLONG)(ULONG_PTR)Irp, STATUS_PENDING);
    }
    NtBugCheckReturn(RULE_IRP_PENDING, (ULONGLONG)(ULONG_PTR)Irp, STATUS_PENDING, dispatch[major].Name,
                     (PVOID)driver->MajorFunction[major]);
}

/* The IRP leaves Location: tell the calls that wait for it, and check a promise made on return. */
static inline VOID NoteCompleted(PNT_IRP Shadow, PIRP Irp, CHAR Location, BOOLEAN Pending)
{
    PLIST_ENTRY next;

    for (PLIST_ENTRY entry = Shadow->Calls.Flink; entry != &Shadow->Calls; entry = next) {
        NT_IRP_CALL *call = CONTAINING_RECORD(entry, NT_IRP_CALL, Entry);

        next = entry->Flink;
        if (call->Location == Location) {
            call->Attached = FALSE;
            call->Completed = TRUE;
            call->MarkedPending = Pending;
            call->Status = Irp->IoStatus.Status;
            RemoveEntryList(entry);
        }
    }
    if (__builtin_expect((*PendingWord(Shadow, Location) & PendingBit(Location)) != 0, 0)) {
        *PendingWord(Shadow, Location) &= ~PendingBit(Location);
        if (!Pending) {
            BrokenPromise(Irp);
        }
    }
    if (Location == Shadow->Top) {
        Shadow->State = NT_IRP_DONE;
    }
}

static inline BOOLEAN WantsCall(PIRP Irp, UCHAR Control)
{
    if (Irp->Cancel && (Control & SL_INVOKE_ON_CANCEL) != 0) {
        return TRUE;
    }
    return (Control & (NT_SUCCESS(Irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR)) != 0;
}

VOID IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    PNT_IRP shadow;

    UNREFERENCED_PARAMETER(PriorityBoost);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (__builtin_expect(Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation > Irp->StackCount ||
                             Irp->CurrentLocation < 1, 0)) {
        NtBugCheckRule(RULE_IRP_TWICE, (ULONGLONG)(ULONG_PTR)Irp, 0);
    }
    if (__builtin_expect(Irp->IoStatus.Status == STATUS_PENDING, 0)) {
        NtBugCheckRule(RULE_IRP_COMPLETE_PENDING, (ULONGLONG)(ULONG_PTR)Irp, 0);
    }
    shadow = NtIrp(Irp);
    do {
        PIO_STACK_LOCATION stack = Irp->Tail.Overlay.CurrentStackLocation;
        PIO_COMPLETION_ROUTINE routine = stack->CompletionRoutine;
        PVOID context = stack->Context;
        UCHAR control = stack->Control;
        BOOLEAN top;

        Irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
        if (shadow != NULL) {
            NoteCompleted(shadow, Irp, Irp->CurrentLocation, Irp->PendingReturned);
        }
        stack->Control = 0;
        stack->CompletionRoutine = NULL;
        Irp->CurrentLocation++;
        Irp->Tail.Overlay.CurrentStackLocation = stack + 1;
        top = Irp->CurrentLocation > Irp->StackCount;
        if (routine != NULL && WantsCall(Irp, control)) {
            NTSTATUS status = NT_CALL_OUT("completion routine", NtDriverOfCode(NtKernel(), (PVOID)routine),
                                          DISPATCH_LEVEL, routine, top ? NULL : (stack + 1)->DeviceObject, Irp, context);

            if (status == STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
            if (__builtin_expect(Irp->Type != IO_TYPE_IRP, 0)) {
                /* freed, yet not taken back */
                NtBugCheckReturn(RULE_IRP_FREED, (ULONGLONG)(ULONG_PTR)Irp, 0, "completion routine", (PVOID)routine);
            }
        } else if (Irp->PendingReturned && !top) {
            (stack + 1)->Control |= SL_PENDING_RETURNED;
        }
    } while (Irp->CurrentLocation <= Irp->StackCount);
    if (shadow != NULL && shadow->Finish) {
        NtIrpFinish(Irp);
    }
}
