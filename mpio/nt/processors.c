/* SPDX-License-Identifier: MIT */
/*
 * Processors and groups, affinity and priority of threads, bug-check callback records, stacks. One
 * group, one node. What is set is kept and answered; scheduling does not look at it.
 */
#include "nt/driverobject.h"
#include "nt/lock.h"
#include "nt/thread.h"

#define NORMAL_PRIORITY   8
#define LOWEST_PRIORITY   1
#define DATA_ALIGNMENT    64
#define SYSTEM_PROCESS_ID 4
#define BUG_CHECK_INSERTED BufferInserted

NTSTATUS KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (ProcIndex >= NtKernel()->Machine->cpus) {
        return STATUS_INVALID_PARAMETER;
    }
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

ULONG KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return ProcNumber->Group == 0 && ProcNumber->Number < NtKernel()->Machine->cpus ? ProcNumber->Number
                                                                                    : INVALID_PROCESSOR_INDEX;
}

USHORT KeGetCurrentNodeNumber(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return 0;
}

USHORT KeQueryMaximumGroupCount(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return 1;
}

KAFFINITY KeQueryGroupAffinity(USHORT GroupNumber)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return GroupNumber == 0 ? KeQueryActiveProcessors() : 0;
}

VOID KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (Affinity != NULL) {
        *Affinity = (GROUP_AFFINITY){.Mask = NodeNumber == 0 ? KeQueryActiveProcessors() : 0};
    }
    if (Count != NULL) {
        *Count = NodeNumber == 0 ? (USHORT)NtKernel()->Machine->cpus : 0;
    }
}

ULONG KeGetRecommendedSharedDataAlignment(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return DATA_ALIGNMENT;
}

/* ---- threads ---------------------------------------------------------------------------------------------- */

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KAFFINITY old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = NtThreadCurrent()->Affinity;
    if ((Affinity & KeQueryActiveProcessors()) != 0) {
        NtThreadCurrent()->Affinity = Affinity & KeQueryActiveProcessors();
    }
    return old;
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtThreadCurrent()->Affinity = Affinity & KeQueryActiveProcessors();
}

VOID KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KeSetSystemAffinityThreadEx(Affinity);
}

VOID KeRevertToUserAffinityThread(VOID)
{
    KeRevertToUserAffinityThreadEx(0);
}

VOID KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    if (PreviousAffinity != NULL) {
        *PreviousAffinity = (GROUP_AFFINITY){.Mask = NtThreadCurrent()->Affinity};
    }
    if (Affinity->Group == 0) {
        KeSetSystemAffinityThreadEx(Affinity->Mask);
    }
}

VOID KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    KeRevertToUserAffinityThreadEx(PreviousAffinity->Mask);
}

KPRIORITY KeQueryPriorityThread(PKTHREAD Thread)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return ((PNT_THREAD)(PVOID)Thread)->Priority;
}

LONG KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    PNT_THREAD thread = (PNT_THREAD)(PVOID)Thread;
    LONG old = thread->Priority - NORMAL_PRIORITY, priority = NORMAL_PRIORITY + Increment;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    thread->Priority = priority < LOWEST_PRIORITY ? LOWEST_PRIORITY
                       : priority > HIGH_PRIORITY ? HIGH_PRIORITY
                                                  : priority;
    return old;
}

KPROCESSOR_MODE ExGetPreviousMode(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return KernelMode;
}

BOOLEAN ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    UNREFERENCED_PARAMETER(ProcessorFeature);
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return FALSE; /* virtual processors promise nothing */
}

BOOLEAN PsIsSystemThread(PETHREAD Thread)
{
    UNREFERENCED_PARAMETER(Thread);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return TRUE;
}

HANDLE PsGetThreadId(PETHREAD Thread)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return (HANDLE)(ULONG_PTR)((PNT_THREAD)(PVOID)Thread)->Id;
}

HANDLE PsGetProcessId(PEPROCESS Process)
{
    UNREFERENCED_PARAMETER(Process);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

NTSTATUS PsGetThreadExitStatus(PETHREAD Thread)
{
    PNT_THREAD thread = (PNT_THREAD)(PVOID)Thread;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return thread->Ended ? thread->ExitStatus : STATUS_PENDING;
}

/* ---- DPCs ------------------------------------------------------------------------------------------------- */

KIRQL KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    KeReleaseSpinLock(SpinLock, OldIrql);
}

VOID KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeAcquireInStackQueuedSpinLock(SpinLock, LockHandle);
}

VOID KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeReleaseInStackQueuedSpinLock(LockHandle);
}

LOGICAL KeShouldYieldProcessor(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return FALSE;
}

NTSTATUS KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    *WatchdogInformation = (KDPC_WATCHDOG_INFORMATION){0};
    return STATUS_SUCCESS;
}

/* ---- bug-check callbacks: kept, never called ---------------------------------------------------------------- */

static BOOLEAN Listed(PLIST_ENTRY Record)
{
    PLIST_ENTRY head = &NtKernel()->BugCheckRecords;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        if (entry == Record) {
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN Register(PLIST_ENTRY Record, PUCHAR State)
{
    if (Listed(Record)) {
        return FALSE;
    }
    InsertTailList(&NtKernel()->BugCheckRecords, Record);
    *State = BUG_CHECK_INSERTED;
    return TRUE;
}

static BOOLEAN Deregister(PLIST_ENTRY Record, PUCHAR State)
{
    if (!Listed(Record)) {
        return FALSE;
    }
    RemoveEntryList(Record);
    *State = BufferEmpty;
    return TRUE;
}

BOOLEAN KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                   PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer, ULONG Length,
                                   PUCHAR Component)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (!Register(&CallbackRecord->Entry, &CallbackRecord->State)) {
        return FALSE;
    }
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Buffer = Buffer;
    CallbackRecord->Length = Length;
    CallbackRecord->Component = Component;
    return TRUE;
}

BOOLEAN KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Deregister(&CallbackRecord->Entry, &CallbackRecord->State);
}

BOOLEAN KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                         KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    if (!Register(&CallbackRecord->Entry, &CallbackRecord->State)) {
        return FALSE;
    }
    CallbackRecord->CallbackRoutine = CallbackRoutine;
    CallbackRecord->Reason = Reason;
    CallbackRecord->Component = Component;
    return TRUE;
}

BOOLEAN KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return Deregister(&CallbackRecord->Entry, &CallbackRecord->State);
}

/* ---- floating point and stacks ------------------------------------------------------------------------------ */

NTSTATUS KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RtlZeroMemory(FloatSave, sizeof(*FloatSave));
    return STATUS_SUCCESS;
}

NTSTATUS KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave)
{
    UNREFERENCED_PARAMETER(FloatSave);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return STATUS_SUCCESS;
}

ULONG_PTR IoGetRemainingStackSize(VOID)
{
    PNT_CALL call;
    ULONG_PTR used;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    call = NtContext()->Call;
    used = call == NULL ? 0 : (ULONG_PTR)call->StackTop - (ULONG_PTR)__builtin_frame_address(0);
    return used >= NT_STACK_BUDGET ? 0 : NT_STACK_BUDGET - used;
}

/* A call into the driver has the whole budget again. */
static NTSTATUS Callout(PEXPAND_STACK_CALLOUT Routine, PVOID Parameter, SIZE_T Size)
{
    if (Size > MAXIMUM_EXPANSION_SIZE) {
        return STATUS_INVALID_PARAMETER_3;
    }
    NT_CALL_VOID("stack callout", NtDriverOfCode(NtKernel(), (PVOID)Routine), PASSIVE_LEVEL, Routine, Parameter);
    return STATUS_SUCCESS;
}

NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Routine, PVOID Parameter, SIZE_T Size)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return Callout(Routine, Parameter, Size);
}

NTSTATUS KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Routine, PVOID Parameter, SIZE_T Size, BOOLEAN Wait,
                                         PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    NT_REQUIRE_IRQL(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    return Callout(Routine, Parameter, Size);
}
