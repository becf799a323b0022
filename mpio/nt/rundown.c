/* SPDX-License-Identifier: MIT */
/*
 * Rundown protection. Acquire and release: <= DISPATCH_LEVEL; wait: <= APC_LEVEL. While holders are
 * left the word is 2 per holder; once a waiter has come it is the address of the waiter's block with
 * bit 0 set, as on Windows; after completion it is 1.
 */
#include "nt/wait.h"

#define RUNDOWN ((ULONG_PTR)1)

typedef struct _NT_RUNDOWN_WAIT {
    ULONG_PTR Count;
    KEVENT Event;
} NT_RUNDOWN_WAIT;

VOID ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RunRef->Count = 0;
}

VOID ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExInitializeRundownProtection(RunRef);
}

VOID ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RunRef->Count = RUNDOWN;
}

BOOLEAN ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if ((RunRef->Count & RUNDOWN) != 0) {
        return FALSE;
    }
    RunRef->Count += (ULONG_PTR)Count * 2;
    return TRUE;
}

BOOLEAN ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    return ExAcquireRundownProtectionEx(RunRef, 1);
}

VOID ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    NT_RUNDOWN_WAIT *wait;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if ((RunRef->Count & RUNDOWN) == 0) {
        if (RunRef->Count < (ULONG_PTR)Count * 2) {
            NtBugCheckRule(RULE_REMOVE_LOCK, (ULONGLONG)(ULONG_PTR)RunRef, Count);
        }
        RunRef->Count -= (ULONG_PTR)Count * 2;
        return;
    }
    wait = (NT_RUNDOWN_WAIT *)(RunRef->Count & ~RUNDOWN);
    if (wait == NULL || wait->Count < Count) {
        NtBugCheckRule(RULE_REMOVE_LOCK, (ULONGLONG)(ULONG_PTR)RunRef, Count);
    }
    wait->Count -= Count;
    if (wait->Count == 0) {
        KeSetEvent(&wait->Event, IO_NO_INCREMENT, FALSE);
    }
}

VOID ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    ExReleaseRundownProtectionEx(RunRef, 1);
}

VOID ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    NT_RUNDOWN_WAIT wait;

    NT_REQUIRE_IRQL(APC_LEVEL);
    if ((RunRef->Count & RUNDOWN) != 0) {
        return;
    }
    wait.Count = RunRef->Count / 2;
    if (wait.Count == 0) {
        RunRef->Count = RUNDOWN;
        return;
    }
    NtInitializeHeader(&wait.Event.Header, NT_EVENT_SYNCHRONIZATION, sizeof(KEVENT), 0);
    RunRef->Count = (ULONG_PTR)&wait | RUNDOWN;
    KeWaitForSingleObject(&wait.Event, Executive, KernelMode, FALSE, NULL);
    RunRef->Count = RUNDOWN;
}
