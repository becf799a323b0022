/* SPDX-License-Identifier: MIT */
/*
 * See host/trap.h. The signal handler copies the interrupted registers to the interrupted stack and lets the thread go
 * on in trap_x86_64.S, outside signal context: the handler may block, end the machine, or go on elsewhere. When it
 * declines, the instruction runs again, and its second fault is an ordinary one. What a routine of ours did to its caller's
 * registers, its own return undoes: so an exception "at the caller" is a return address replaced.
 */
#define _GNU_SOURCE
#include "host/trap.h"
#include "host/posix/image.h"
#include "host/posix/state.h"
#include "host/posix/trap.h"

#include <signal.h>
#include <string.h>
#include <unwind.h>

void host_stack_bounds(uint64_t *low, uint64_t *high)
{
    *low = (uintptr_t)host_state.stack_low;
    *high = (uintptr_t)host_state.stack_high;
}

const struct host_image *host_image_at(uint64_t pc)
{
    return host_image_find((uintptr_t)pc);
}

void host_on_trap(const struct host_trap_handler *handler)
{
    host_state.trap = handler;
}

#if defined(__x86_64__) && !defined(HOST_USE_UCONTEXT)

#define TRAP_STACK_BYTES 16384u /* what must be left of the stack for the handler to run on it */
#define TRAP_GAP         256u   /* between the interrupted rsp and the copy: the way back writes below rsp */
#define PAGE_FAULT       14
#define FAULT_IS_WRITE   2u
#define FLAGS_TO_CLEAR   0x40500ull /* alignment check, direction, trap flag */

_Static_assert(offsetof(struct host_registers, rip) == 128 && offsetof(struct host_registers, xmm) == 160 &&
                   sizeof(struct host_registers) <= 448 && offsetof(struct host_trap, registers) == 0,
               "trap_x86_64.S knows the layout");

void host_trap_entry(void);
void host_trap_returned(void);
void host_trap_run(struct host_trap *trap);
void host_trap_return_address(struct host_registers *registers);
void host_trap_returned_run(struct host_registers *registers);

static const int saved[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
static const int dwarf[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

static void copy_registers(struct host_registers *to, const ucontext_t *u)
{
    const greg_t *r = u->uc_mcontext.gregs;
    for (unsigned i = 0; i < 16; i++)
        to->general[i] = (uint64_t)r[saved[i]];
    to->rip = (uint64_t)r[REG_RIP];
    to->flags = (uint64_t)r[REG_EFL];
    to->mxcsr = u->uc_mcontext.fpregs->mxcsr;
    memcpy(to->xmm, u->uc_mcontext.fpregs->_xmm, sizeof(to->xmm));
}

static bool has_room(uint64_t sp)
{
    uint64_t low = (uintptr_t)host_state.stack_low, high = (uintptr_t)host_state.stack_high;
    return sp > low + TRAP_STACK_BYTES && sp <= high;
}

static void describe(struct host_trap *t, enum host_fault_kind fault, const siginfo_t *info, const ucontext_t *u)
{
    t->fault = fault;
    t->has_address = u->uc_mcontext.gregs[REG_TRAPNO] == PAGE_FAULT || info->si_signo == SIGBUS;
    t->write = t->has_address && (u->uc_mcontext.gregs[REG_ERR] & FAULT_IS_WRITE) != 0;
    t->address = t->has_address ? (uint64_t)(uintptr_t)info->si_addr : UINT64_MAX;
    t->code = 0;
    host_stack_bounds(&t->stack_low, &t->stack_high);
}

/* The thread goes on in host_trap_run. */
static void divert(const struct host_trap *trap, ucontext_t *u)
{
    greg_t *r = u->uc_mcontext.gregs;
    uint64_t sp = trap->registers.general[HOST_RSP] - TRAP_GAP - sizeof(*trap);
    struct host_trap *copy = (struct host_trap *)(uintptr_t)(sp & ~63ull);

    host_unpoison(copy, (size_t)(trap->registers.general[HOST_RSP] - (uintptr_t)copy));
    memcpy(copy, trap, sizeof(*copy));
    r[REG_RIP] = (greg_t)(uintptr_t)host_trap_entry;
    r[REG_RSP] = r[REG_RBX] = (greg_t)(uintptr_t)copy;
    r[REG_EFL] &= ~(greg_t)FLAGS_TO_CLEAR;
}

bool host_trap_instruction(enum host_fault_kind fault, const siginfo_t *info, ucontext_t *u)
{
    struct host_state *s = &host_state;
    uint64_t pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP], declined = s->trap_declined;
    struct host_trap trap = {.kind = HOST_TRAP_INSTRUCTION};

    s->trap_declined = 0;
    if (s->trap == NULL || fault == HOST_FAULT_STACK || fault == HOST_FAULT_HANG || host_image_find(pc) == NULL ||
        !has_room((uint64_t)u->uc_mcontext.gregs[REG_RSP]))
        return false;
    copy_registers(&trap.registers, u);
    if (fault == HOST_FAULT_BREAKPOINT)
        trap.registers.rip--; /* the signal comes behind the instruction */
    if (declined != 0 && declined == trap.registers.rip)
        return false;
    describe(&trap, fault, info, u);
    divert(&trap, u);
    return true;
}

void host_trap_run(struct host_trap *trap)
{
    struct host_state *s = &host_state;
    uint64_t pc = trap->registers.rip;

    if (s->trap->run(trap))
        return;
    if (trap->kind == HOST_TRAP_INSTRUCTION) {
        s->trap_declined = pc;
        return;
    }
    s->handling = true;
    s->handler(&s->trap_fault);
}

/* ---- calls from an image into this program ------------------------------------------------------------ */

struct search {
    bool in_signal, recording;
    bool found;
    unsigned frames;
    uint64_t slot;                  /* of the image's return address */
    uint64_t image_pc;
    uint64_t inner_pc;              /* the frame just below the image's: the wrapper */
    uint64_t inner[16], image[16];  /* general registers there */
};

static void get_registers(struct _Unwind_Context *frame, uint64_t *general)
{
    for (unsigned i = 0; i < 16; i++)
        general[i] = i == HOST_RSP ? (uint64_t)_Unwind_GetCFA(frame) : (uint64_t)_Unwind_GetGR(frame, dwarf[i]);
}

static _Unwind_Reason_Code search_frame(struct _Unwind_Context *frame, void *argument)
{
    struct search *s = argument;
    int exact = 0;
    uintptr_t pc = _Unwind_GetIPInfo(frame, &exact);

    if (exact && s->in_signal)
        s->recording = true;
    if (!s->in_signal)
        s->recording = true;
    if (pc == 0 || s->frames++ > 4 * HOST_MAX_FRAMES)
        return _URC_END_OF_STACK;
    if (!s->recording)
        return _URC_NO_REASON;
    if (host_image_find(pc) != NULL) {
        s->found = true;
        s->image_pc = pc;
        s->slot = (uint64_t)_Unwind_GetCFA(frame) - 8;
        if (s->in_signal)
            get_registers(frame, s->image);
        return _URC_END_OF_STACK;
    }
    s->inner_pc = pc;
    if (s->in_signal)
        get_registers(frame, s->inner);
    return _URC_NO_REASON;
}

/* Is this really the image's return address? Then it may be replaced. */
static bool is_return_address(const struct search *s)
{
    uint64_t low, high, value;
    host_stack_bounds(&low, &high);
    if (!s->found || s->slot < low || s->slot > high - sizeof(value) || s->slot % 8 != 0)
        return false;
    memcpy(&value, (const void *)(uintptr_t)s->slot, sizeof(value));
    return value == s->image_pc;
}

void *host_image_caller(void)
{
    struct search s = {.found = false};
    if (host_state.trap == NULL)
        return NULL;
    _Unwind_Backtrace(search_frame, &s);
    return is_return_address(&s) ? (void *)(uintptr_t)s.slot : NULL;
}

void host_at_return(void *slot, void (*run)(struct host_registers *, void *), const void *data, size_t bytes)
{
    struct host_pending_return *p = &host_state.pending;

    if (bytes > sizeof(p->data)) {
        host_log("mpio: too much data for a call at return");
        __builtin_trap();
    }
    memcpy(&p->address, slot, sizeof(p->address));
    p->run = run;
    p->bytes = bytes;
    if (bytes != 0)
        memcpy(p->data, data, bytes);
    uint64_t landing = (uintptr_t)host_trap_returned;
    memcpy(slot, &landing, sizeof(landing));
}

void host_trap_return_address(struct host_registers *registers)
{
    registers->rip = host_state.pending.address;
}

void host_trap_returned_run(struct host_registers *registers)
{
    const struct host_pending_return pending = host_state.pending; /* what follows may use it again */
    uint8_t data[HOST_AT_RETURN_BYTES];

    memcpy(data, pending.data, pending.bytes);
    pending.run(registers, data);
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

/* ---- faults of routines that an image called ------------------------------------------------------------ */

static void fault_here(struct host_registers *registers, void *data)
{
    struct host_trap trap = host_state.trap_routine;

    (void)data;
    trap.registers = *registers;
    host_trap_run(&trap);
    *registers = trap.registers;
}

/* The wrapper between image and routine gets its registers back and returns: so the image finds its own. When the
 * wrapper itself was interrupted, its call frame information tells them. */
bool host_trap_routine(const struct host_fault *fault, const siginfo_t *info, ucontext_t *u)
{
    struct host_state *s = &host_state;
    struct search search = {.in_signal = true};
    struct host_trap trap = {.kind = HOST_TRAP_ROUTINE};
    uint64_t pc = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
    static const uint8_t kept[] = {HOST_RBX, HOST_RBP, 12, 13, 14, 15};

    if (s->trap == NULL || fault->kind == HOST_FAULT_STACK || fault->kind == HOST_FAULT_HANG || host_image_find(pc) != NULL)
        return false;
    _Unwind_Backtrace(search_frame, &search);
    if (!is_return_address(&search) || !has_room(search.slot) || search.inner_pc == 0 ||
        !s->trap->may_leave((const void *)(uintptr_t)search.slot))
        return false;
    describe(&trap, fault->kind, info, u);
    s->trap_fault = *fault;
    if (search.inner_pc == pc) {
        copy_registers(&trap.registers, u); /* the SSE registers */
        memcpy(trap.registers.general, search.image, sizeof(search.image));
        trap.registers.rip = search.image_pc;
        divert(&trap, u);
        return true;
    }
    s->trap_routine = trap;
    host_at_return((void *)(uintptr_t)search.slot, fault_here, NULL, 0);
    for (unsigned i = 0; i < sizeof(kept); i++)
        u->uc_mcontext.gregs[saved[kept[i]]] = (greg_t)search.inner[kept[i]];
    u->uc_mcontext.gregs[REG_RSP] = (greg_t)search.inner[HOST_RSP];
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)search.inner_pc;
    u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)FLAGS_TO_CLEAR;
    host_unpoison(s->stack_low, (size_t)(search.inner[HOST_RSP] - (uintptr_t)s->stack_low));
    return true;
}

#else

void *host_image_caller(void)
{
    return NULL;
}

void host_raise(void *slot, uint32_t code)
{
    (void)slot, (void)code;
}

void host_at_return(void *slot, void (*run)(struct host_registers *, void *), const void *data, size_t bytes)
{
    (void)slot, (void)run, (void)data, (void)bytes;
}

bool host_trap_instruction(enum host_fault_kind fault, const siginfo_t *info, ucontext_t *u)
{
    (void)fault, (void)info, (void)u;
    return false;
}

bool host_trap_routine(const struct host_fault *fault, const siginfo_t *info, ucontext_t *u)
{
    (void)fault, (void)info, (void)u;
    return false;
}

#endif
