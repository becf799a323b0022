/* SPDX-License-Identifier: MIT */
/*
 * The end of a machine: by rule, by KeBugCheckEx, by a fault or a hang of the code it runs. Records
 * what happened and stops the machine; the world goes on. Any IRQL, any stack. Rules: all; here
 * KE-FAULT-*, KE-STACK-01, KE-HANG-01/02, KE-BUG-01 arise.
 */
#include "nt/bugcheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/driverobject.h"
#include "nt/suspend.h"

/* ---- parameters of the event stream: never addresses, never anything a compiler decides ------------- */

static ULONG TracedParameters(enum nt_rule Rule)
{
    switch (Rule) {
    case RULE_LOCK_RECURSIVE:
    case RULE_LOCK_NOT_HELD:
    case RULE_POOL_CANARY:
    case RULE_POOL_FREE:
    case RULE_POOL_TWICE:
    case RULE_IRP_TWICE:
    case RULE_IRP_PENDING:
    case RULE_IRP_STACK:
    case RULE_IRP_FREED:
    case RULE_IRP_ACTIVE:
    case RULE_IRP_COMPLETE_PENDING:
    case RULE_OBJECT_REF:
    case RULE_REMOVE_LOCK:
    case RULE_TIMER_FREED:
    case RULE_FAULT_ACCESS:
    case RULE_STACK_OVERFLOW:
    case RULE_HANG:
    case RULE_DEADLOCK:
        return 0;
    case RULE_LOCK_RETURN:
    case RULE_BUGCHECK_CALL:
        return 1;
    default:
        return 2;
    }
}

/* ---- whose fault ------------------------------------------------------------------------------------------- */

/* The innermost call into a vendor's driver, else into any driver, else the innermost of all. */
static const NT_CALL *BlamedCall(PDRIVER_OBJECT OnStack)
{
    const NT_CALL *innermost = NtContext()->Call, *any = NULL;

    for (const NT_CALL *call = innermost; call != NULL; call = call->Outer) {
        if (call->Driver != NULL && (OnStack == NULL ? NtDriverIsForeign(call->Driver) : call->Driver == OnStack)) {
            return call;
        }
        if (any == NULL && call->Driver != NULL) {
            any = call;
        }
    }
    return any != NULL ? any : innermost;
}

static VOID RecordDriver(NT_BUGCHECK *Record, PDRIVER_OBJECT Driver, PCSTR Callback)
{
    if (Driver != NULL) {
        Record->Image = NtDriver(Driver)->Image;
        snprintf(Record->Public.driver, sizeof(Record->Public.driver), "%s", NtDriverName(Driver));
    }
    if (Callback != NULL) {
        snprintf(Record->Public.callback, sizeof(Record->Public.callback), "%s", Callback);
    }
}

/* A frame of recursion is counted, not repeated. */
static VOID RecordFrame(PNT_MACHINE Kernel, NT_BUGCHECK *Record, PVOID Pc)
{
    unsigned last = Record->Public.frames;

    if (last > 0 && Record->Pc[last - 1] == Pc) {
        Record->Public.frame[last - 1].repeats++;
    } else if (last < NT_BUGCHECK_FRAMES) {
        Record->Pc[last] = Pc;
        Record->Public.frame[last].foreign = NtDriverOfCode(Kernel, Pc) != NULL;
        Record->Public.frames++;
    }
}

/* From the first frame of a vendor's driver to the last one; all frames when there is none. */
static VOID RecordFrames(PNT_MACHINE Kernel, NT_BUGCHECK *Record, PVOID *Pc, unsigned Frames)
{
    PDRIVER_OBJECT onStack = NULL;
    unsigned first = 0, end = Frames;
    const NT_CALL *call;

    for (unsigned i = Frames; i-- > 0;) {
        PDRIVER_OBJECT driver = NtDriverOfCode(Kernel, Pc[i]);

        if (driver != NULL) {
            end = onStack == NULL ? i + 1 : end;
            onStack = driver;
            first = i;
        }
    }
    call = BlamedCall(onStack);
    RecordDriver(Record, onStack != NULL || call == NULL ? onStack : call->Driver, call == NULL ? NULL : call->Name);
    for (unsigned i = first; i-- > 0 && Record->InnerFrames < NT_BUGCHECK_INNER;) {
        Record->InnerPc[Record->InnerFrames++] = Pc[i];
    }
    for (unsigned i = first; i < end; i++) {
        RecordFrame(Kernel, Record, Pc[i]);
    }
}

/* The routine has returned: its definition stands for the stack it no longer has. */
static VOID RecordRoutine(PNT_MACHINE Kernel, NT_BUGCHECK *Record, const NT_RETURNED *Returned)
{
    RecordDriver(Record, NtDriverOfCode(Kernel, Returned->Routine), Returned->Name);
    RecordFrame(Kernel, Record, Returned->Routine);
    Record->Public.returned = true;
}

/* Returned: the vendor's routine that is to blame though it is not on the stack any more; NULL: none. */
static DECLSPEC_NORETURN VOID Die(struct machine *Machine, enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2, PVOID *Pc,
                                  unsigned Frames, const NT_RETURNED *Returned)
{
    PNT_MACHINE kernel = NtKernelOf(Machine);
    ULONG traced = TracedParameters(Rule);
    NT_BUGCHECK *record = kernel == NULL || kernel->BugCheck != NULL ? NULL : calloc(1, sizeof(*record));

    if (record != NULL) {
        record->Public.rule = Rule;
        record->Public.p1 = P1;
        record->Public.p2 = P2;
        record->Public.time = world_now(Machine->world);
        record->Public.irql = NtContext()->Irql;
        record->Public.cpu = NtContext()->Cpu;
        kernel->BugCheck = &record->Public;
        if (Returned != NULL && NtDriverOfCode(kernel, Returned->Routine) != NULL) {
            RecordRoutine(kernel, record, Returned);
        } else {
            RecordFrames(kernel, record, Pc, Frames);
        }
        trace_emit(Machine->world, Machine, TRACE_BUGCHECK, Rule, traced > 0 ? P1 : 0, traced > 1 ? P2 : 0, 0);
    }
    machine_stop(Machine, MACHINE_BUGCHECKED);
    /* Only outside the world's loop does the stop return: a breach by the embedding program itself. */
    host_log("nt: a kernel rule was broken by code that runs outside world_run; the process cannot go on");
    host_log(nt_rule_text(Rule));
    abort();
}

/* Inline: the first frame of the backtrace is the caller of the routine this is part of. */
static inline __attribute__((always_inline)) DECLSPEC_NORETURN
VOID DieHere(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2, const NT_RETURNED *Returned)
{
    PVOID pc[HOST_MAX_FRAMES];
    unsigned frames;

    if (world_fibre == NULL || world_fibre->machine == NULL) {
        host_log("nt: a kernel routine was called while no machine runs");
        host_log(nt_rule_text(Rule));
        abort();
    }
    frames = host_backtrace(pc, HOST_MAX_FRAMES, 1);
    for (unsigned i = 0; i < frames; i++) {
        pc[i] = (PCHAR)pc[i] - 1;
    }
    Die(world_fibre->machine, Rule, P1, P2, pc, frames, Returned);
}

/* Rules about what a DSM's callback answered: found out after it has returned. */
static BOOLEAN IsAnswer(enum nt_rule Rule)
{
    switch (Rule) {
    case RULE_DSM_PATH:
    case RULE_DSM_DEAD_PATH:
    case RULE_DSM_CATEGORIZE:
    case RULE_DSM_IDENTIFIER:
    case RULE_DSM_EVENT:
    case RULE_DSM_STATUS:
        return TRUE;
    default:
        return FALSE;
    }
}

VOID NtBugCheckRule(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2)
{
    NT_RETURNED returned = {.Routine = NULL};

    if (IsAnswer(Rule) && world_fibre != NULL) {
        returned = (NT_RETURNED){.Name = NtContext()->LastName, .Routine = NtContext()->LastRoutine};
    }
    DieHere(Rule, P1, P2, &returned);
}

VOID NtBugCheckReturn(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2, PCSTR Name, PVOID Routine)
{
    NT_RETURNED returned = {.Name = Name, .Routine = Routine};

    DieHere(Rule, P1, P2, &returned);
}

VOID KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR BugCheckParameter1, ULONG_PTR BugCheckParameter2,
                  ULONG_PTR BugCheckParameter3, ULONG_PTR BugCheckParameter4)
{
    UNREFERENCED_PARAMETER(BugCheckParameter2);
    UNREFERENCED_PARAMETER(BugCheckParameter3);
    UNREFERENCED_PARAMETER(BugCheckParameter4);
    NtBugCheckRule(RULE_BUGCHECK_CALL, BugCheckCode, BugCheckParameter1);
}

VOID KeBugCheck(ULONG BugCheckCode)
{
    NtBugCheckRule(RULE_BUGCHECK_CALL, BugCheckCode, 0);
}

/* ---- faults --------------------------------------------------------------------------------------------------- */

/* The loop reports events that never let time pass as a hang, too: then nothing of ours is running. */
static enum nt_rule HangRule(PNT_MACHINE Kernel, PVOID *Pc, unsigned Frames)
{
    if (NtContext()->Call != NULL || NtContext()->Thread != NULL) {
        return RULE_HANG;
    }
    for (unsigned i = 0; i < Frames; i++) {
        if (NtDriverOfCode(Kernel, Pc[i]) != NULL) {
            return RULE_HANG;
        }
    }
    return RULE_NO_PROGRESS;
}

void NtFault(struct machine *m, const void *host_fault)
{
    const struct host_fault *fault = host_fault;
    PVOID pc[HOST_MAX_FRAMES];
    unsigned frames = fault->frames < HOST_MAX_FRAMES ? fault->frames : HOST_MAX_FRAMES;
    PVOID low, high;

    for (unsigned i = 0; i < frames; i++) {
        pc[i] = i == 0 ? fault->pc[i] : (PCHAR)fault->pc[i] - 1;
    }
    switch (fault->kind) {
    case HOST_FAULT_ACCESS:
        Die(m, RULE_FAULT_ACCESS, (ULONGLONG)(ULONG_PTR)fault->address, 0, pc, frames, NULL);
    case HOST_FAULT_STACK:
        fibre_stack(world_fibre, &low, &high);
        Die(m, RULE_STACK_OVERFLOW, (ULONGLONG)((PCHAR)high - (PCHAR)low), NT_STACK_BUDGET, pc, frames, NULL);
    case HOST_FAULT_HANG:
        Die(m, HangRule(NtKernelOf(m), pc, frames), 0, 0, pc, frames, NULL);
    default:
        Die(m, RULE_FAULT_OTHER, fault->kind, 0, pc, frames, NULL);
    }
}
