/* SPDX-License-Identifier: MIT */
/*
 * A machine's kernel as a whole: creation, interrupts, counters, end. House side of the room; called
 * from outside the world's loop, except the interrupt operation.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/bugcheck.h"
#include "nt/device.h"
#include "nt/driverobject.h"
#include "nt/thread.h"

#define DEVICE_IRQL 5 /* the level of all simulated adapters; a device's on every processor */
#define FIRST_THREAD_ID 8

/* Runs on whatever fibre the interrupt arrives on: also code of another machine, or this one at DISPATCH_LEVEL. */
static void interrupt(struct machine *m, void (*routine)(void *), void *argument)
{
    struct machine *before = world_fibre->machine;
    PNT_CONTEXT context = NtContext();
    PNT_CALL call = context->Call;
    NT_CONTEXT saved;

    if (m->state != MACHINE_RUNNING) {
        return;
    }
    if (before == m) {
        KIRQL irql = context->Irql;

        context->Irql = irql > DEVICE_IRQL ? irql : DEVICE_IRQL;
        context->Call = NULL;
        routine(argument);
        context->Call = call;
        context->Irql = irql;
        return;
    }
    saved = *context;
    memset(context, 0, sizeof(*context));
    world_fibre->machine = m;
    context->Irql = DEVICE_IRQL;
    context->Cpu = NtPickCpu(NtKernelOf(m));
    routine(argument);
    world_fibre->machine = before;
    *context = saved;
}

static void destroy(struct machine *m)
{
    PNT_MACHINE kernel = NtKernelOf(m);

    if (kernel == NULL) {
        return;
    }
    NtLookasideDestroy(kernel);
    NtWmiDestroy(kernel);
    NtMdlDestroy(kernel);
    NtLogDestroy(kernel);
    NtRegistryDestroy(kernel);
    NtDebugDestroy(kernel);
    NtPoolDestroy(kernel);
    NtSideDestroy(kernel);
    free(kernel->Handles);
    if (kernel->BugCheck != NULL) {
        free(CONTAINING_RECORD(kernel->BugCheck, NT_BUGCHECK, Public));
    }
    free(kernel);
    m->root[ROOT_NT] = NULL;
}

static const struct machine_operations operations = {.interrupt = interrupt, .fault = NtFault, .destroy = destroy};

static VOID InitializeLists(PNT_MACHINE Kernel)
{
    PLIST_ENTRY lists[] = {&Kernel->Suspended,   &Kernel->LockWaiters,  &Kernel->Drivers,   &Kernel->Dpcs,
                           &Kernel->FlushWaiters, &Kernel->FreeDpcs,    &Kernel->FreeTimers, &Kernel->WorkQueue,
                           &Kernel->FreeWork,    &Kernel->IdleWorkers,  &Kernel->FreeRemoveLocks,
                           &Kernel->NamedObjects, &Kernel->Interfaces,  &Kernel->Notifications, &Kernel->BugCheckRecords,
                           &Kernel->SleepHolds,  &Kernel->FreeSleepHolds, &Kernel->SleepWaiters};

    for (ULONG i = 0; i < RTL_NUMBER_OF(lists); i++) {
        InitializeListHead(lists[i]);
    }
    for (ULONG i = 0; i < NT_QUEUED_BUCKETS; i++) {
        InitializeListHead(&Kernel->QueuedObjects[i]);
    }
}

bool nt_create(struct machine *m, const struct nt_options *options, const char **why)
{
    static const struct nt_options none;
    const char *unused;
    PNT_MACHINE kernel = calloc(1, sizeof(*kernel));

    if (why == NULL) {
        why = &unused;
    }
    *why = "the host has no memory for another machine";
    if (kernel == NULL) {
        return false;
    }
    kernel->Machine = m;
    kernel->Options = options != NULL ? *options : none;
    if (kernel->Options.os_major == 0) {
        kernel->Options.os_major = 10;
        kernel->Options.os_minor = 0;
        kernel->Options.os_build = 14393;
    }
    kernel->Explore = world_explores(m->world);
    kernel->EntryPeriod = kernel->EntryCountdown = kernel->Explore ? 1 : NT_ENTRY_PERIOD;
    kernel->ProgressLimit = NT_NO_PROGRESS_CALLS;
    kernel->NextThreadId = FIRST_THREAD_ID;
    InitializeLists(kernel);
    m->root[ROOT_NT] = kernel;
    m->operations = &operations;
    if (NtPoolInitialize(kernel, kernel->Options.pool_bytes, why) && NtDebugInitialize(kernel) &&
        NtRegistryInitialize(kernel) && NtLogInitialize(kernel) && NtMdlInitialize(kernel) &&
        NtWmiInitialize(kernel) && NtLookasideInitialize(kernel) &&
        (kernel->IdleThread = NtThreadCreateIdle(kernel)) != NULL) {
        return true;
    }
    destroy(m);
    m->operations = NULL;
    return false;
}

void nt_counters(const struct machine *m, struct nt_counters *out)
{
    PNT_MACHINE kernel = NtKernelOf(m);

    memset(out, 0, sizeof(*out));
    NtPoolCounters(kernel, out);
    out->irps_allocated = kernel->IrpsAllocated;
    out->irps_freed = kernel->IrpsFreed;
    out->dpcs = kernel->DpcsRun;
    out->timers = kernel->Timers;
    out->waits = kernel->Waits;
    out->kernel_calls = kernel->EntryCalls + (kernel->EntryPeriod - kernel->EntryCountdown);
}
