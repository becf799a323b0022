/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of the processor become calls of a handler. The vectored handler runs on the faulting stack, of which
 * little may be left: it only copies the interrupted context and lets Windows continue in land() on an emergency stack,
 * where the frames are noted. So the handler runs as ordinary code.
 */
#include "host/windows/state.h"
#include "host/windows/trap.h"

#include <stdlib.h>

#define EMERGENCY_STACK_BYTES 1048576u
/* A fault this far below the running stack is an overflow of it (the guard area and one more). */
#define OVERFLOW_BYTES 131072u
#define EXCEPTION_ASSERTION_FAILURE 0xC0000420
#define EXCEPTION_FAST_FAIL         0xC0000409
#define EFLAGS_TO_CLEAR 0x40500u /* alignment check, direction, trap flag */

static void note_frames(struct host_fault *fault, CONTEXT *frame, const char *low, const char *high)
{
    do
        fault->pc[fault->frames++] = (void *)frame->Rip;
    while (fault->frames < HOST_MAX_FRAMES && host_unwind_step(frame, low, high));
}

static void land(void)
{
    const uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
    struct host_state *s = &host_state;
    host_context_announce(s->emergency.stack_low, s->emergency.stack_high);
    s->stack_low = s->emergency.stack_low;
    s->stack_high = s->emergency.stack_high;
    /* A damaged stack may lead the unwinder astray: then we land here again, with the frames up to there. */
    if (!s->unwinding) {
        s->unwinding = true;
        note_frames(&s->fault, &s->interrupted, s->interrupted_low - HOST_GUARD_BYTES, s->interrupted_high);
    }
    s->unwinding = false;
    s->handler(&s->fault);
    host_log("mpio: the fault handler returned; it must leave to another context");
    abort();
}

/* Makes the context one that continues in land(). */
static void divert(struct host_state *s, CONTEXT *c)
{
    uint64_t *top = (uint64_t *)(((uintptr_t)s->emergency.stack_high & ~(uintptr_t)15) - 64);
    *top = 0; /* the thunk's return address */
    c->Rip = (uintptr_t)host_context_thunk;
    c->Rsp = (uintptr_t)top;
    c->Rbx = (uintptr_t)land;
    c->EFlags &= ~(DWORD)EFLAGS_TO_CLEAR;
}

void host_fault_land(struct host_state *s, CONTEXT *interrupted)
{
    s->handling = true;
    s->fault.frames = 0;
    s->interrupted = *interrupted;
    s->interrupted_low = s->stack_low;
    s->interrupted_high = s->stack_high;
    divert(s, interrupted);
}

/* False: an exception that is none of ours (debugger strings, C++ and the like). */
static bool classify(const EXCEPTION_RECORD *e, struct host_fault *fault)
{
    uintptr_t a, low = (uintptr_t)host_state.stack_low;
    fault->address = NULL;
    switch (e->ExceptionCode) {
    case EXCEPTION_ACCESS_VIOLATION:
    case EXCEPTION_IN_PAGE_ERROR:
        a = e->NumberParameters >= 2 ? e->ExceptionInformation[1] : 0;
        fault->address = (void *)a;
        fault->kind = low != 0 && a < low && a >= low - OVERFLOW_BYTES ? HOST_FAULT_STACK : HOST_FAULT_ACCESS;
        return true;
    case EXCEPTION_PRIV_INSTRUCTION:
    case EXCEPTION_DATATYPE_MISALIGNMENT:
    case EXCEPTION_ARRAY_BOUNDS_EXCEEDED:
        fault->kind = HOST_FAULT_ACCESS;
        return true;
    case EXCEPTION_STACK_OVERFLOW:
    case EXCEPTION_GUARD_PAGE:
        fault->kind = HOST_FAULT_STACK;
        return true;
    case EXCEPTION_ASSERTION_FAILURE: /* int 0x2c, __fastfail: their instruction decides (load/traps.c) */
    case EXCEPTION_FAST_FAIL:
    case EXCEPTION_ILLEGAL_INSTRUCTION:
        fault->kind = HOST_FAULT_ILLEGAL;
        return true;
    case EXCEPTION_INT_DIVIDE_BY_ZERO:
    case EXCEPTION_INT_OVERFLOW:
    case EXCEPTION_FLT_DENORMAL_OPERAND:
    case EXCEPTION_FLT_DIVIDE_BY_ZERO:
    case EXCEPTION_FLT_INEXACT_RESULT:
    case EXCEPTION_FLT_INVALID_OPERATION:
    case EXCEPTION_FLT_OVERFLOW:
    case EXCEPTION_FLT_STACK_CHECK:
    case EXCEPTION_FLT_UNDERFLOW:
        fault->kind = HOST_FAULT_DIVIDE;
        return true;
    case EXCEPTION_BREAKPOINT:
    case EXCEPTION_SINGLE_STEP:
        fault->kind = HOST_FAULT_BREAKPOINT;
        return true;
    default:
        return false;
    }
}

static LONG CALLBACK on_exception(EXCEPTION_POINTERS *exception)
{
    const EXCEPTION_RECORD *e = exception->ExceptionRecord;
    struct host_state *s = &host_state;
    struct host_fault fault;
    if (e->ExceptionCode == EXCEPTION_ACCESS_VIOLATION && e->NumberParameters >= 2 &&
        host_first_touch(e->ExceptionInformation[1]))
        return EXCEPTION_CONTINUE_EXECUTION;
    if (s->handler == NULL || !classify(e, &fault))
        return EXCEPTION_CONTINUE_SEARCH;
    if (s->unwinding) {
        divert(s, exception->ContextRecord);
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (s->handling) { /* no dialogue box, no debugger: the second fault is in our own report */
        host_log("mpio: another fault while a fault was handled; the process ends");
        TerminateProcess(GetCurrentProcess(), e->ExceptionCode);
    }
    if (host_trap_exception(fault.kind, e, exception->ContextRecord))
        return EXCEPTION_CONTINUE_EXECUTION;
    if (fault.kind == HOST_FAULT_STACK)
        host_context_guard_spent(s->stack_high);
    s->fault.kind = fault.kind;
    s->fault.address = fault.address;
    host_fault_land(s, exception->ContextRecord);
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* The handler is the process's: one for all threads, from the first lazy mapping or world on. */
void host_take_exceptions(void)
{
    static volatile LONG taken;
    if (InterlockedExchange(&taken, 1) == 0 && AddVectoredExceptionHandler(1, on_exception) == NULL)
        abort();
}

void host_on_fault(void (*handler)(const struct host_fault *fault))
{
    struct host_state *s = &host_state;
    host_take_exceptions();
    if (handler != NULL && !s->installed) {
        if (!host_context_create(&s->emergency, EMERGENCY_STACK_BYTES, NULL, NULL)) {
            host_log("mpio: no memory for the stack on which faults are handled");
            abort();
        }
        s->installed = true;
    }
    s->beat++; /* a hang takes a whole period from here */
    s->handler = handler;
}

void host_fault_handled(void)
{
    host_state.handling = false;
}
