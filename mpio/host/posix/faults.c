/* SPDX-License-Identifier: MIT */
/*
 * Faults of the processor become calls of a handler. The signal handler runs on its own stack,
 * notes the frames of the interrupted code, and makes the kernel return to land() on an emergency
 * stack: so the handler runs as ordinary code with the interrupted code's signal mask.
 */
#define _GNU_SOURCE
#include "host/posix/image.h"
#include "host/posix/machine.h"
#include "host/posix/state.h"
#include "host/posix/trap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unwind.h>

#define SIGNAL_STACK_BYTES    131072u
#define EMERGENCY_STACK_BYTES 1048576u
/* A fault this far below the running stack is an overflow of it (the guard area and one more). */
#define OVERFLOW_BYTES 131072u

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
#define FAULT_SIGNALS (sizeof(fault_signals) / sizeof(fault_signals[0]))

/* A disposition is the process's, so this is the one thing here that is not the thread's: what had
 * the signals before us. */
static struct {
    struct sigaction previous[FAULT_SIGNALS];
} host_process;

static void land(void)
{
    struct host_state *s = &host_state;
    machine_reset_arithmetic();
    s->stack_low = s->emergency.stack_low;
    s->stack_high = s->emergency.stack_high;
    struct host_context abandoned;
    host_stack_leaving(&abandoned, &s->emergency, true);
    host_stack_arrived(NULL);
    s->handler(&s->fault);
    host_log("mpio: the fault handler returned; it must leave to another context");
    abort();
}

struct capture {
    struct host_fault *fault;
    bool recording;
};

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *frame, void *argument)
{
    struct capture *c = argument;
    int exact = 0; /* set for the frame that a signal interrupted */
    uintptr_t pc = _Unwind_GetIPInfo(frame, &exact);
    if (exact)
        c->recording = true;
    if (pc == 0)
        return _URC_END_OF_STACK;
    if (c->recording && c->fault->frames < HOST_MAX_FRAMES)
        c->fault->pc[c->fault->frames++] = (void *)pc;
    return c->fault->frames < HOST_MAX_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void note_frames(struct host_fault *fault, ucontext_t *interrupted)
{
    struct host_state *s = &host_state;
    uintptr_t pc = machine_pc(interrupted);
    fault->frames = 0;
    if (fault->kind == HOST_FAULT_ACCESS && pc == (uintptr_t)fault->address) {
        fault->pc[fault->frames++] = (void *)pc; /* a jump to where no code is */
        if (!machine_undo_call(interrupted, s->stack_low, s->stack_high))
            return;
    } else if (host_image_finish_function(interrupted, s->stack_low, s->stack_high)) {
        fault->pc[fault->frames++] = (void *)pc;
    }
    struct capture capture = {.fault = fault};
    unsigned before = fault->frames;
    _Unwind_Backtrace(note_frame, &capture);
    if (fault->frames == before) /* code without unwind information */
        fault->pc[fault->frames++] = (void *)machine_pc(interrupted);
    if (before == 1)
        fault->pc[1] = (char *)fault->pc[1] + 1; /* the call was undone: a return address again */
    if (fault->kind == HOST_FAULT_BREAKPOINT)
        fault->pc[0] = (char *)fault->pc[0] - MACHINE_BREAKPOINT_BYTES;
}

static enum host_fault_kind classify(int signal, const void *address)
{
    uintptr_t a = (uintptr_t)address, low = (uintptr_t)host_state.stack_low;
    switch (signal) {
    case SIGILL:
        return HOST_FAULT_ILLEGAL;
    case SIGFPE:
        return HOST_FAULT_DIVIDE;
    case SIGTRAP:
        return HOST_FAULT_BREAKPOINT;
    case SIGSEGV:
    case SIGBUS:
        return low != 0 && a < low && a >= low - OVERFLOW_BYTES ? HOST_FAULT_STACK
                                                                : HOST_FAULT_ACCESS;
    default:
        return HOST_FAULT_HANG;
    }
}

/* Back to what the process did with this signal before; the instruction faults again, or the signal
 * is sent again when no instruction caused it. */
static void give_up(int signal, bool repeats)
{
    for (size_t i = 0; i < FAULT_SIGNALS; i++)
        if (fault_signals[i] == signal)
            sigaction(signal, &host_process.previous[i], NULL);
    if (!repeats)
        raise(signal);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct host_state *s = &host_state;
    ucontext_t *interrupted = context;
    int saved_errno = errno;
    bool watchdog = signal == host_watchdog_signal();
    if (watchdog && !host_watchdog_expired()) {
        errno = saved_errno;
        return;
    }
    /* Signals that a process sent (kill, raise) are not faults of the running code. */
    bool caused = info->si_code > 0;
    if (!watchdog && (!caused || s->handler == NULL || s->handling)) {
        give_up(signal, caused && signal != SIGTRAP);
        errno = saved_errno;
        return;
    }
    bool has_address = signal == SIGSEGV || signal == SIGBUS;
    s->fault.address = has_address ? info->si_addr : NULL;
    s->fault.kind = classify(signal, s->fault.address);
    if (!watchdog && host_trap_instruction(s->fault.kind, info, interrupted)) {
        errno = saved_errno;
        return;
    }
    note_frames(&s->fault, interrupted);
    if (!watchdog && host_trap_routine(&s->fault, info, interrupted)) {
        errno = saved_errno;
        return;
    }
    s->handling = true;
    machine_land(interrupted, s->emergency.stack_low, s->emergency.stack_high, land);
}

static void make_stacks(void)
{
    struct host_state *s = &host_state;
    void *stack = host_map(SIGNAL_STACK_BYTES);
    stack_t alternate = {.ss_sp = stack, .ss_size = SIGNAL_STACK_BYTES};
    if (stack == NULL || sigaltstack(&alternate, NULL) != 0 ||
        !host_context_create(&s->emergency, EMERGENCY_STACK_BYTES, NULL, NULL)) {
        host_log("mpio: no memory for the stacks on which faults are handled");
        abort();
    }
    s->installed = true;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == on_signal;
}

/* Takes the signals from whoever has them: test frameworks set their own handlers between two runs,
 * all of them at once, so one tells. */
static void take_signals(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    struct sigaction old;
    sigaction(SIGSEGV, NULL, &old);
    if (is_ours(&old))
        return;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, host_watchdog_signal());
    for (size_t i = 0; i < FAULT_SIGNALS; i++) {
        sigaction(fault_signals[i], &action, &old);
        if (!is_ours(&old))
            host_process.previous[i] = old;
    }
    sigaction(host_watchdog_signal(), &action, NULL);
}

void host_on_fault(void (*handler)(const struct host_fault *fault))
{
    struct host_state *s = &host_state;
    if (handler != NULL && !s->installed)
        make_stacks();
    if (handler != NULL)
        take_signals();
    s->last_beat = s->beat - 1; /* a hang takes a whole period from here */
    s->handler = handler;
}

void host_fault_handled(void)
{
    host_state.handling = false;
}

struct trace {
    void **pc;
    unsigned count, limit, skip;
};

static _Unwind_Reason_Code note_caller(struct _Unwind_Context *frame, void *argument)
{
    struct trace *t = argument;
    uintptr_t pc = _Unwind_GetIP(frame);
    if (pc == 0 || t->count == t->limit)
        return _URC_END_OF_STACK;
    if (t->skip > 0)
        t->skip--;
    else
        t->pc[t->count++] = (void *)pc;
    return _URC_NO_REASON;
}

__attribute__((noinline)) unsigned host_backtrace(void **pc, unsigned limit, unsigned skip)
{
    struct trace t = {.pc = pc, .limit = limit, .skip = skip + 1}; /* not this function itself */
    _Unwind_Backtrace(note_caller, &t);
    return t.count;
}
