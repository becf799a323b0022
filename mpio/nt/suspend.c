/* SPDX-License-Identifier: MIT */
/*
 * The slow half of NT_REQUIRE_IRQL, virtual CPUs, and suspension of the running context.
 * Rules: KE-IRQL-01, KE-STACK-01, KE-HANG-02. Any IRQL. Loop phase: inside events and fibres.
 *
 * A context that is suspended at DISPATCH_LEVEL or above keeps its CPU busy: other contexts that
 * raise to DISPATCH_LEVEL meanwhile are given another CPU, as on a machine with several.
 */
#include <stdlib.h>

#include "nt/suspend.h"

struct _NT_SIDE_MEMORY {
    struct _NT_SIDE_MEMORY *Next;
    ULONGLONG Align;
};

VOID NtIrqlTooHigh(KIRQL Highest)
{
    NtBugCheckRule(RULE_IRQL_ROUTINE, NtContext()->Irql, Highest);
}

VOID NtStackDeep(PNT_CALL Call, LONG_PTR Used)
{
    PVOID low, high;

    /* A call record of another stack says nothing about this one. */
    fibre_stack(world_fibre, &low, &high);
    if (NtDriverIsForeign(Call->Driver) && Call->StackTop >= low && Call->StackTop <= high) {
        NtBugCheckRule(RULE_STACK_OVERFLOW, (ULONGLONG)Used, NT_STACK_BUDGET);
    }
}

VOID NtKernelEntrySlow(PNT_MACHINE Kernel)
{
    ULONGLONG now = NtNow();

    Kernel->EntryCalls += Kernel->EntryPeriod;
    Kernel->EntryCountdown = Kernel->EntryPeriod;
    host_watchdog_pat(host_watchdog_beat());
    if (now != Kernel->ProgressTime) {
        Kernel->ProgressTime = now;
        Kernel->ProgressCalls = 0;
    }
    Kernel->ProgressCalls += Kernel->EntryPeriod;
    if (Kernel->ProgressCalls > Kernel->ProgressLimit) {
        Kernel->ProgressCalls = 0;
        NtBugCheckRule(RULE_NO_PROGRESS, Kernel->ProgressLimit, 0);
    }
    if (Kernel->Explore) {
        NtPreempt();
    }
}

UCHAR NtPickCpu(PNT_MACHINE Kernel)
{
    unsigned cpus = Kernel->Machine->cpus < NT_MAX_CPUS ? Kernel->Machine->cpus : NT_MAX_CPUS;
    unsigned cpu = Kernel->NextCpu;

    if (Kernel->Explore) {
        cpu = (unsigned)world_random_below(Kernel->Machine->world, STREAM_KERNEL, cpus);
    }
    for (unsigned tries = 0; tries < cpus && (Kernel->BusyCpus >> cpu & 1) != 0; tries++) {
        cpu = cpu + 1 == cpus ? 0 : cpu + 1;
    }
    Kernel->NextCpu = (UCHAR)(cpu + 1 == cpus ? 0 : cpu + 1);
    return (UCHAR)cpu;
}

static VOID Suspend(NT_SUSPENDED *Record)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_CONTEXT context = NtContext();

    Record->Context = context;
    Record->Busy = context->Irql >= DISPATCH_LEVEL;
    Record->Listed = Record->Busy || context->LockCount != 0;
    if (Record->Listed) {
        InsertTailList(&kernel->Suspended, &Record->Entry);
    }
    if (Record->Busy && kernel->BusyCount[context->Cpu]++ == 0) {
        kernel->BusyCpus |= 1ull << context->Cpu;
    }
}

static VOID Resume(NT_SUSPENDED *Record)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_CONTEXT context = Record->Context;

    if (Record->Busy && --kernel->BusyCount[context->Cpu] == 0) {
        kernel->BusyCpus &= ~(1ull << context->Cpu);
    }
    if (Record->Listed) {
        RemoveEntryList(&Record->Entry);
    } else {
        context->Cpu = NtPickCpu(kernel);
    }
}

VOID NtBlock(VOID)
{
    NT_SUSPENDED record;

    Suspend(&record);
    fibre_block();
    Resume(&record);
}

VOID NtSleepUntil(ULONGLONG Time)
{
    NT_SUSPENDED record;

    Suspend(&record);
    fibre_sleep(Time, EVENT_THREAD);
    Resume(&record);
}

VOID NtPreempt(VOID)
{
    NT_SUSPENDED record;

    Suspend(&record);
    fibre_preempt();
    Resume(&record);
}

VOID NtEnterDispatch(PNT_MACHINE Kernel)
{
    PNT_CONTEXT context = NtContext();

    context->Irql = DISPATCH_LEVEL;
    context->Cpu = NtPickCpu(Kernel);
    context->LockCount = 0;
    context->Call = NULL;
    context->Thread = NULL;
}

VOID NtLeaveDispatch(VOID)
{
    PNT_CONTEXT context = NtContext();

    context->Irql = PASSIVE_LEVEL;
    context->Cpu = 0;
}

PVOID NtSideAllocate(PNT_MACHINE Kernel, SIZE_T Bytes)
{
    struct _NT_SIDE_MEMORY *memory = calloc(1, sizeof(*memory) + Bytes);

    if (memory == NULL) {
        host_log("nt: the host has no memory left for kernel book-keeping; use fewer machines or disks");
        abort();
    }
    memory->Next = Kernel->SideMemory;
    Kernel->SideMemory = memory;
    return memory + 1;
}

VOID NtSideDestroy(PNT_MACHINE Kernel)
{
    while (Kernel->SideMemory != NULL) {
        struct _NT_SIDE_MEMORY *memory = Kernel->SideMemory;

        Kernel->SideMemory = memory->Next;
        free(memory);
    }
}
