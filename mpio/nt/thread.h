/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: system threads. A thread is a fibre with an object that can be waited for.
 */
#ifndef MPIO_NT_THREAD_H
#define MPIO_NT_THREAD_H

#include "nt/object.h"
#include "nt/wait.h"

struct _NT_THREAD {
    DISPATCHER_HEADER Header;   /* first: the object drivers wait for */
    struct fibre *Fibre;
    VOID (*Routine)(PVOID Argument);
    PVOID Argument;
    PDRIVER_OBJECT Driver;      /* whose code it runs; NULL = the framework */
    PCSTR CallName;
    ULONGLONG Id;
    KPRIORITY Priority;
    KAFFINITY Affinity;         /* what was set; 0: any processor */
    PDEVICE_OBJECT DeviceToVerify;
    LONG CriticalRegions, GuardedRegions;
    NTSTATUS ExitStatus;
    BOOLEAN Worker;
    BOOLEAN Ended;
    CHAR Name[32];
};

/* A new thread of the machine; it holds a reference on itself until it ends. NULL: no memory. */
PNT_THREAD NtThreadStart(PNT_MACHINE Kernel, PCSTR Name, VOID (*Routine)(PVOID Argument), PVOID Argument,
                         PDRIVER_OBJECT Driver, PCSTR CallName);
/* The thread object that stands for interrupts and DPCs. */
PNT_THREAD NtThreadCreateIdle(PNT_MACHINE Kernel);
/* The running thread; in an interrupt or DPC the idle thread. */
static inline PNT_THREAD NtThreadCurrent(VOID)
{
    return NtContext()->Thread != NULL ? NtContext()->Thread : NtKernel()->IdleThread;
}
/* A thread (NULL: none) begins and ends to wait; work.c counts its workers. */
VOID NtThreadBlocks(PNT_MACHINE Kernel, PNT_THREAD Thread);
VOID NtThreadGoesOn(PNT_MACHINE Kernel, PNT_THREAD Thread);
/* work.c: every worker may be blocked now. */
VOID NtWorkerBlocked(PNT_MACHINE Kernel);

#endif
