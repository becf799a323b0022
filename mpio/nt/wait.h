/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: waiting on dispatcher objects. The header's WaitListHead links the KWAIT_BLOCKs of
 * the waiters, oldest first; each block leads to an NT_WAIT on the waiter's stack.
 */
#ifndef MPIO_NT_WAIT_H
#define MPIO_NT_WAIT_H

#include "nt/suspend.h"

/* DISPATCHER_HEADER.Type, as on Windows. */
enum {
    NT_EVENT_NOTIFICATION = 0,
    NT_EVENT_SYNCHRONIZATION = 1,
    NT_MUTANT = 2,
    NT_SEMAPHORE = 5,
    NT_THREAD_OBJECT_TYPE = 6,
    NT_TIMER_NOTIFICATION = 8,
    NT_TIMER_SYNCHRONIZATION = 9,
};

static inline VOID NtInitializeHeader(PDISPATCHER_HEADER Header, UCHAR Type, SIZE_T Bytes, LONG SignalState)
{
    Header->Type = Type;
    Header->Absolute = 0;
    Header->Size = (UCHAR)(Bytes / sizeof(ULONG));
    Header->Inserted = 0;
    Header->SignalState = SignalState;
    InitializeListHead(&Header->WaitListHead);
}

/* Lets waiters go on while the object is signaled. Call it after SignalState went up. */
VOID NtSignal(PDISPATCHER_HEADER Header);
/* Bug check when the running context must not block now: KE-WAIT-01..03. */
VOID NtRequireMayWait(VOID);
/* Due time as world time: negative = relative, else system time. WORLD_NEVER when it overflows. */
ULONGLONG NtDueTime(LONGLONG DueTime);
/* Who owns what is acquired now: the thread, or the context of an interrupt or DPC. */
static inline PVOID NtCurrentOwner(VOID)
{
    PNT_CONTEXT context = NtContext();

    return context->Thread != NULL ? (PVOID)context->Thread : (PVOID)context;
}
/* What Windows does when a routine raises a status: a bug check with the status. */
DECLSPEC_NORETURN VOID NtRaiseStatus(NTSTATUS Status);

#endif
