/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    thread.c

Abstract:

    Housekeeping. A timer's DPC queues a work item, which takes a snapshot of the counters; a system thread asks
    arrays for their target port groups when somebody at DISPATCH_LEVEL could not wait for the answer.

    The remove lock counts what is on its way; WdStopHousekeeping waits for all of it.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "thread.tmh"
#endif

#define WD_SNAPSHOT_PERIOD 10000    // Milliseconds

KDEFERRED_ROUTINE WdTimerDpc;
IO_WORKITEM_ROUTINE WdSnapshot;
KSTART_ROUTINE WdThread;

VOID
WdTimerDpc(
    _In_ PKDPC Dpc,
    _In_opt_ PVOID DeferredContext,
    _In_opt_ PVOID SystemArgument1,
    _In_opt_ PVOID SystemArgument2
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DeferredContext;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(SystemArgument1);
    UNREFERENCED_PARAMETER(SystemArgument2);

    KeAcquireSpinLockAtDpcLevel(&Context->TimerLock);
    if (!Context->TimerStopped && InterlockedCompareExchange(&Context->WorkItemBusy, 1, 0) == 0) {
        if (NT_SUCCESS(IoAcquireRemoveLock(&Context->RemoveLock, Context->WorkItem))) {
            IoQueueWorkItem(Context->WorkItem, WdSnapshot, DelayedWorkQueue, Context);
        } else {
            InterlockedExchange(&Context->WorkItemBusy, 0);
        }
    }
    KeReleaseSpinLockFromDpcLevel(&Context->TimerLock);
}

VOID
WdSnapshot(
    _In_ PDEVICE_OBJECT DeviceObject,
    _In_opt_ PVOID WorkContext
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)WorkContext;
    PLIST_ENTRY Entry;
    LARGE_INTEGER Now;
    LONG Outstanding = 0;
    ULONG Paths = 0;

    PAGED_CODE();

    UNREFERENCED_PARAMETER(DeviceObject);
    ExAcquireFastMutex(&Context->ConfigurationMutex);
    KeQuerySystemTime(&Now);
    {
        KIRQL Irql = ExAcquireSpinLockShared(&Context->Lock);

        for (Entry = Context->Paths.Flink; Entry != &Context->Paths; Entry = Entry->Flink) {
            Outstanding += CONTAINING_RECORD(Entry, WDKDSM_PATH, ListEntry)->Outstanding;
            Paths++;
        }
        if (ExTryConvertSharedSpinLockExclusive(&Context->Lock)) {
            Context->Snapshots++;
            ExReleaseSpinLockExclusive(&Context->Lock, Irql);
        } else {
            ExReleaseSpinLockShared(&Context->Lock, Irql);
        }
    }
    TracePrint((TRACE_LEVEL_VERBOSE, TRACE_FLAG_TIMER, "%I64d: %u LUNs, %u paths, %d requests in flight.\n",
                Now.QuadPart, Context->NumberGroups, Paths, Outstanding));
    ExReleaseFastMutex(&Context->ConfigurationMutex);
    InterlockedExchange(&Context->WorkItemBusy, 0);
    IoReleaseRemoveLock(&Context->RemoveLock, Context->WorkItem);
}

static
PWDKDSM_DEVICE
WdTakeDevice(
    _In_ PWDKDSM_CONTEXT Context
    )
/*++

Routine Description:

    An instance whose array is to be asked; it cannot go until BlockRemove falls again.

--*/
{
    PWDKDSM_DEVICE Device = NULL;
    PLIST_ENTRY Entry;
    KIRQL Irql;
    ULONG i;

    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    for (Entry = Context->Groups.Flink; Entry != &Context->Groups && Device == NULL; Entry = Entry->Flink) {
        PWDKDSM_GROUP Group = CONTAINING_RECORD(Entry, WDKDSM_GROUP, ListEntry);

        for (i = 0; i < Group->Count && Device == NULL; i++) {
            if (Group->Devices[i]->NeedsReport) {
                Group->Devices[i]->NeedsReport = FALSE;
                if (Group->Devices[i]->Usable) {
                    Device = Group->Devices[i];
                    InterlockedIncrement(&Device->BlockRemove);
                }
            }
        }
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    return Device;
}

VOID
WdThread(
    _In_ PVOID StartContext
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)StartContext;
    PVOID Objects[2];
    PWDKDSM_DEVICE Device;
    NTSTATUS Status;

    Objects[0] = &Context->ThreadStop;
    Objects[1] = &Context->ThreadWake;
    for (;;) {
        Status = KeWaitForMultipleObjects(RTL_NUMBER_OF(Objects), Objects, WaitAny, Executive, KernelMode, FALSE, NULL,
                                          NULL);
        if (Status != STATUS_WAIT_1) {
            break;
        }
        while ((Device = WdTakeDevice(Context)) != NULL) {
            (VOID)WdReportTargetPortGroups(Device, Device->TargetObject);
            InterlockedDecrement(&Device->BlockRemove);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_
NTSTATUS
WdStartHousekeeping(
    PWDKDSM_CONTEXT Context
    )
{
    OBJECT_ATTRIBUTES Attributes;
    LARGE_INTEGER Due;
    HANDLE Handle;
    NTSTATUS Status;

    IoInitializeRemoveLock(&Context->RemoveLock, WDKDSM_TAG_CONTEXT, 0, 0);
    KeInitializeSpinLock(&Context->TimerLock);
    KeInitializeEvent(&Context->ThreadStop, NotificationEvent, FALSE);
    KeInitializeEvent(&Context->ThreadWake, SynchronizationEvent, FALSE);
    KeInitializeTimer(&Context->Timer);
    KeInitializeDpc(&Context->Dpc, WdTimerDpc, Context);
    Context->WorkItem = IoAllocateWorkItem(Context->ControlObject);
    if (Context->WorkItem == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = IoAcquireRemoveLock(&Context->RemoveLock, Context);
    NT_ASSERT(NT_SUCCESS(Status));

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, WdThread, Context);
    if (NT_SUCCESS(Status)) {
        Status = ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, NULL, KernelMode, &Context->Thread, NULL);
        ZwClose(Handle);
    }
    Due.QuadPart = -10LL * 1000 * WD_SNAPSHOT_PERIOD;
    KeSetTimerEx(&Context->Timer, Due, WD_SNAPSHOT_PERIOD, &Context->Dpc);
    return Status;
}

_Use_decl_annotations_
VOID
WdStopHousekeeping(
    PWDKDSM_CONTEXT Context
    )
{
    KIRQL Irql;

    if (Context->WorkItem == NULL) {
        return;     // It never began
    }
    KeAcquireSpinLock(&Context->TimerLock, &Irql);
    Context->TimerStopped = TRUE;
    KeReleaseSpinLock(&Context->TimerLock, Irql);
    KeCancelTimer(&Context->Timer);
    KeFlushQueuedDpcs();
    IoReleaseRemoveLockAndWait(&Context->RemoveLock, Context);
    IoFreeWorkItem(Context->WorkItem);
    Context->WorkItem = NULL;
    if (Context->Thread != NULL) {
        KeSetEvent(&Context->ThreadStop, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(Context->Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Context->Thread);
        Context->Thread = NULL;
    }
}
