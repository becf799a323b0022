/* SPDX-License-Identifier: MIT */
/*
 * See host/trap.h. The vectored handler copies the interrupted context and lets Windows continue in host_trap_entry on the
 * same stack, below the interrupted code. What the trap handler
 * declines runs again, and its second exception is an ordinary fault. One convention on this host: an exception "at the
 * caller" is raised in the context that the unwinder finds there.
 */
#include "host/trap.h"
#include "host/windows/state.h"
#include "host/windows/trap.h"

#include <stdlib.h>
#include <string.h>

#define TRAP_STACK_BYTES 16384u
#define TRAP_GAP         256u
#define FRAME_LIMIT      256u

/* At rsp when host_trap_entry begins; trap_x86_64.S describes it to the unwinder. */
struct trap_frame {
    uint64_t shadow[4];
    uint64_t rip, cs, flags, rsp, ss; /* as the processor pushes them */
    uint64_t unused;
    struct host_trap trap;
};
_Static_assert(offsetof(struct trap_frame, rip) == 32 && offsetof(struct trap_frame, trap) == 80 &&
                   offsetof(struct host_trap, registers) == 0, "trap_x86_64.S knows the layout");

void host_trap_entry(void);
void host_trap_run(struct trap_frame *frame);
__attribute__((noreturn)) void host_registers_load(const struct host_registers *registers);

void host_on_trap(const struct host_trap_handler *handler)
{
    host_state.trap = handler;
}

void host_stack_bounds(uint64_t *low, uint64_t *high)
{
    *low = (uintptr_t)host_state.stack_low;
    *high = (uintptr_t)host_state.stack_high;
}

const struct host_image *host_image_at(uint64_t pc)
{
    return host_image_find((const void *)(uintptr_t)pc);
}

/* rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15 stand in a CONTEXT in this order, too. */
static void from_context(const CONTEXT *c, struct host_registers *r)
{
    memcpy(r->general, &c->Rax, sizeof(r->general));
    r->rip = c->Rip;
    r->flags = c->EFlags;
    r->mxcsr = c->MxCsr;
    memcpy(r->xmm, &c->Xmm0, sizeof(r->xmm));
}

static void to_context(const struct host_registers *r, CONTEXT *c)
{
    memcpy(&c->Rax, r->general, sizeof(r->general));
    c->Rip = r->rip;
    c->EFlags = (DWORD)r->flags;
    c->MxCsr = c->FltSave.MxCsr = r->mxcsr;
    memcpy(&c->Xmm0, r->xmm, sizeof(r->xmm));
}

bool host_trap_exception(enum host_fault_kind fault, const EXCEPTION_RECORD *e, CONTEXT *c)
{
    struct host_state *s = &host_state;
    uint64_t declined = s->trap_declined;
    struct host_trap *t = &s->trap_now;

    s->trap_declined = 0;
    if (s->trap == NULL || fault == HOST_FAULT_STACK || fault == HOST_FAULT_HANG || declined == c->Rip ||
        c->Rsp <= (uintptr_t)s->stack_low + TRAP_STACK_BYTES || c->Rsp > (uintptr_t)s->stack_high)
        return false;
    *t = (struct host_trap){.kind = host_image_at(c->Rip) != NULL ? HOST_TRAP_INSTRUCTION : HOST_TRAP_ROUTINE, .fault = fault};
    from_context(c, &t->registers);
    t->has_address = e->ExceptionCode == EXCEPTION_ACCESS_VIOLATION && e->NumberParameters >= 2 &&
                     e->ExceptionInformation[1] != UINT64_MAX;
    t->write = t->has_address && e->ExceptionInformation[0] == 1;
    t->address = t->has_address ? e->ExceptionInformation[1] : UINT64_MAX;
    host_stack_bounds(&t->stack_low, &t->stack_high);
    c->Rip = (uintptr_t)host_trap_entry;
    c->Rsp = (c->Rsp - TRAP_GAP - sizeof(struct trap_frame)) & ~63ull;
    return true;
}

/* ---- contexts of callers ------------------------------------------------------------------------------ */

static bool find_image(CONTEXT *c)
{
    const char *low = (const char *)host_state.stack_low - HOST_GUARD_BYTES, *high = host_state.stack_high;

    for (unsigned i = 0; i < FRAME_LIMIT; i++) {
        if (!host_unwind_step(c, low, high))
            return false;
        if (host_image_at(c->Rip) != NULL)
            return true;
    }
    return false;
}

void *host_image_caller(void)
{
    CONTEXT *c = &host_state.trap_caller;

    if (host_state.trap == NULL)
        return NULL;
    RtlCaptureContext(c);
    return find_image(c) ? (void *)(uintptr_t)(c->Rsp - sizeof(uint64_t)) : NULL;
}

void host_at_return(void *slot, void (*run)(struct host_registers *registers, void *data), const void *data, size_t bytes)
{
    struct host_registers registers;
    uint8_t copy[HOST_AT_RETURN_BYTES];

    (void)slot;
    if (bytes > sizeof(copy))
        abort();
    if (bytes != 0)
        memcpy(copy, data, bytes);
    from_context(&host_state.trap_caller, &registers);
    run(&registers, copy);
    host_registers_load(&registers);
}

static void raise_here(struct host_registers *registers, void *data)
{
    struct host_trap trap = {.registers = *registers, .kind = HOST_TRAP_RAISE};

    memcpy(&trap.code, data, sizeof(trap.code));
    host_stack_bounds(&trap.stack_low, &trap.stack_high);
    host_state.trap->run(&trap);
    *registers = trap.registers;
}

void host_raise(void *slot, uint32_t code)
{
    host_at_return(slot, raise_here, &code, sizeof(code));
}

/* ---- on the interrupted stack ---------------------------------------------------------------------------- */

/* A routine of this program faulted: is it one that an image called, and does that handle it? */
static void run_routine(struct host_trap *t)
{
    struct host_registers interrupted = t->registers;
    CONTEXT c;

    RtlCaptureContext(&c); /* segments and the like */
    to_context(&interrupted, &c);
    if (find_image(&c) && host_state.trap->may_leave((const void *)(uintptr_t)(c.Rsp - sizeof(uint64_t)))) {
        from_context(&c, &t->registers);
        if (host_state.trap->run(t))
            return;
        t->registers = interrupted;
    }
    host_state.trap_declined = interrupted.rip;
}

/* In reports every pc is taken for a return address. */
void host_trap_run(struct trap_frame *frame)
{
    struct host_trap *t = &frame->trap;
    uint64_t pc;

    *t = host_state.trap_now;
    pc = t->registers.rip;
    frame->rip = pc + 1;
    frame->rsp = t->registers.general[HOST_RSP];
    if (t->kind == HOST_TRAP_ROUTINE)
        run_routine(t);
    else if (!host_state.trap->run(t))
        host_state.trap_declined = pc;
    host_registers_load(&t->registers);
}
