/* SPDX-License-Identifier: MIT */
/*
 * System threads: PsCreateSystemThread, current thread, critical regions, and nt_run_thread for the
 * house side. A thread starts at PASSIVE_LEVEL when the world runs next, and its object is signaled
 * when it ends. There is one process, the system's.
 */
#include "nt/thread.h"

#include <string.h>

#include "nt/driverobject.h"

#define THREAD_TAG 'rhTN'
#define SYSTEM_PROCESS_ID 4

typedef struct _NT_THREAD_OBJECT {
    NT_OBJECT Object;
    NT_THREAD Thread;
} NT_THREAD_OBJECT;
C_ASSERT(FIELD_OFFSET(NT_THREAD_OBJECT, Thread) == sizeof(NT_OBJECT));

static VOID Delete(PVOID Object)
{
    NtPoolFreeKernel(NtKernel(), NtObjectHeader(Object));
}

static VOID End(PNT_THREAD Thread, NTSTATUS Status)
{
    Thread->ExitStatus = Status;
    Thread->Ended = TRUE;
    Thread->Header.SignalState = 1;
    NtSignal(&Thread->Header);
    NtContext()->Thread = NULL;
    NtObjectRelease(Thread);
}

static VOID Main(PVOID Argument)
{
    PNT_THREAD thread = Argument;
    PNT_CONTEXT context = NtContext();

    context->Thread = thread;
    context->Cpu = NtPickCpu(NtKernel());
    NT_CALL_VOID(thread->CallName, thread->Driver, PASSIVE_LEVEL, thread->Routine, thread->Argument);
    End(thread, STATUS_SUCCESS);
}

static PNT_THREAD Create(PNT_MACHINE Kernel, PCSTR Name)
{
    NT_THREAD_OBJECT *object = NtPoolAllocateKernel(Kernel, sizeof(*object), THREAD_TAG);

    if (object == NULL) {
        return NULL;
    }
    NtObjectInitialize(&object->Object, NT_OBJECT_THREAD, Delete);
    NtInitializeHeader(&object->Thread.Header, NT_THREAD_OBJECT_TYPE, sizeof(object->Thread), 0);
    object->Thread.Id = Kernel->NextThreadId;
    object->Thread.Priority = 8;
    Kernel->NextThreadId += 4;
    strncpy(object->Thread.Name, Name, sizeof(object->Thread.Name) - 1);
    return &object->Thread;
}

PNT_THREAD NtThreadStart(PNT_MACHINE Kernel, PCSTR Name, VOID (*Routine)(PVOID Argument), PVOID Argument,
                         PDRIVER_OBJECT Driver, PCSTR CallName)
{
    PNT_THREAD thread = Create(Kernel, Name);

    if (thread == NULL) {
        return NULL;
    }
    thread->Routine = Routine;
    thread->Argument = Argument;
    thread->Driver = Driver;
    thread->CallName = CallName;
    thread->Fibre = fibre_start(Kernel->Machine->world, Kernel->Machine, Main, thread);
    if (thread->Fibre == NULL) {
        NtPoolFreeKernel(Kernel, NtObjectHeader(thread));
        return NULL;
    }
    return thread;
}

PNT_THREAD NtThreadCreateIdle(PNT_MACHINE Kernel)
{
    return Create(Kernel, "idle");
}

VOID NtThreadBlocks(PNT_MACHINE Kernel, PNT_THREAD Thread)
{
    if (Thread != NULL && Thread->Worker) {
        Kernel->BlockedWorkers++;
        NtWorkerBlocked(Kernel);
    }
}

VOID NtThreadGoesOn(PNT_MACHINE Kernel, PNT_THREAD Thread)
{
    if (Thread != NULL && Thread->Worker) {
        Kernel->BlockedWorkers--;
    }
}

void nt_run_thread(struct machine *m, const char *name, void (*routine)(void *argument), void *argument)
{
    NtThreadStart(NtKernelOf(m), name, routine, argument, NULL, "thread of the host");
}

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                              HANDLE ProcessHandle, PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                              PVOID StartContext)
{
    PNT_MACHINE kernel;
    PNT_THREAD thread;

    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(ObjectAttributes);
    UNREFERENCED_PARAMETER(ProcessHandle);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    kernel = NtKernel();
    thread = NtThreadStart(kernel, "system thread", StartRoutine, StartContext,
                           NtDriverOfCode(kernel, (PVOID)StartRoutine), "system thread");
    if (thread == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NtObjectReference(thread);
    *ThreadHandle = NtHandleInsert(thread, NT_HANDLE_THREAD, NtObjectRelease);
    if (*ThreadHandle == NULL) {
        NtObjectRelease(thread); /* it runs all the same; its creator just cannot wait for it */
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (ClientId != NULL) {
        ClientId->UniqueProcess = (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
        ClientId->UniqueThread = (HANDLE)(ULONG_PTR)thread->Id;
    }
    return STATUS_SUCCESS;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    PNT_CONTEXT context;

    NT_REQUIRE_IRQL(APC_LEVEL);
    context = NtContext();
    if (context->LockCount != 0) {
        NtBugCheckRule(RULE_LOCK_RETURN, context->LockCount,
                       (ULONGLONG)(ULONG_PTR)context->Held[context->LockCount - 1].Acquirer);
    }
    if (context->Thread == NULL || context->Thread->Worker) {
        return STATUS_INVALID_PARAMETER; /* not a thread that PsCreateSystemThread made */
    }
    context->Call = NULL;
    End(context->Thread, ExitStatus);
    fibre_abandon();
}

PETHREAD PsGetCurrentThread(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (PETHREAD)(PVOID)NtThreadCurrent();
}

PKTHREAD KeGetCurrentThread(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return (PKTHREAD)(PVOID)NtThreadCurrent();
}

HANDLE PsGetCurrentThreadId(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return (HANDLE)(ULONG_PTR)NtThreadCurrent()->Id;
}

HANDLE PsGetCurrentProcessId(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return (HANDLE)(ULONG_PTR)SYSTEM_PROCESS_ID;
}

PEPROCESS PsGetCurrentProcess(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return (PEPROCESS)(PVOID)NtKernel()->IdleThread; /* opaque; one process, so any constant will do */
}

PEPROCESS IoGetCurrentProcess(VOID)
{
    return PsGetCurrentProcess();
}

KPRIORITY KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    PNT_THREAD thread = (PNT_THREAD)(PVOID)Thread;
    KPRIORITY old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    old = thread->Priority;
    thread->Priority = Priority;
    return old;
}

VOID KeEnterCriticalRegion(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtThreadCurrent()->CriticalRegions++;
}

VOID KeLeaveCriticalRegion(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtThreadCurrent()->CriticalRegions--;
}

VOID KeEnterGuardedRegion(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtThreadCurrent()->GuardedRegions++;
}

VOID KeLeaveGuardedRegion(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    NtThreadCurrent()->GuardedRegions--;
}

BOOLEAN KeAreApcsDisabled(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return NtThreadCurrent()->CriticalRegions != 0 || NtThreadCurrent()->GuardedRegions != 0 || NtContext()->Irql >= APC_LEVEL;
}

BOOLEAN KeAreAllApcsDisabled(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return NtThreadCurrent()->GuardedRegions != 0 || NtContext()->Irql >= APC_LEVEL;
}
