/* SPDX-License-Identifier: MIT */
/*
 * Execution contexts: a committed stack, guard pages below it and one page that is never there; the thread's block names
 * these bounds while the stack runs, so that stack probes, exceptions and overflows work as on a stack of Windows' own.
 * Top of stack: what to run first; below it the frame that the switch pops. One thread; nothing guards a context.
 */
#include "host/windows/state.h"

#include <stdlib.h>

#define NEVER_THERE 4096u

void host_context_swap(void **save_sp, void *load_sp);

/* At the very top of every stack made here. */
struct start {
    void (*entry)(void *);
    void *argument;
    uint64_t guard_spent; /* by an overflow */
    uint64_t end;         /* keeps the stack below aligned to 16 */
};

/* What host_context_swap pops. */
struct frame {
    unsigned char xmm[160];
    uint32_t mxcsr, x87_control;
    uint64_t stack_base, stack_limit, deallocation, guaranteed;
    uint64_t r15, r14, r13, r12, rdi, rsi, rbx, rbp, return_address;
    uint64_t end; /* the thunk's own return address: none */
};
_Static_assert(__builtin_offsetof(struct frame, return_address) == 264, "as host_context_swap leaves it");

static struct start *start_of(char *stack_high)
{
    return (struct start *)(stack_high - sizeof(struct start));
}

static void begin(void)
{
    struct start *start = start_of(host_state.stack_high);
    start->entry(start->argument);
    host_log("mpio: the entry function of a context returned; contexts end by a switch");
    abort();
}

static bool set_guard(char *stack_low)
{
    DWORD old;
    return VirtualProtect(stack_low - HOST_GUARD_BYTES, HOST_GUARD_BYTES, PAGE_READWRITE | PAGE_GUARD, &old) != 0;
}

bool host_context_create(struct host_context *c, size_t bytes, void (*entry)(void *), void *argument)
{
    size_t page = host_page_size();
    size_t usable = (bytes + page - 1) / page * page;
    size_t below = NEVER_THERE + HOST_GUARD_BYTES;
    char *base = VirtualAlloc(NULL, below + usable, MEM_RESERVE, PAGE_READWRITE);
    if (base == NULL)
        return host_fail_system(GetLastError(), "cannot map a stack of %zu bytes", usable);
    char *low = base + below;
    if (VirtualAlloc(base + NEVER_THERE, HOST_GUARD_BYTES + usable, MEM_COMMIT, PAGE_READWRITE) == NULL ||
        !set_guard(low)) {
        DWORD code = GetLastError();
        VirtualFree(base, 0, MEM_RELEASE);
        return host_fail_system(code, "cannot map a stack of %zu bytes", usable);
    }
    *c = (struct host_context){.stack_low = low, .stack_high = low + usable};
    host_context_reset(c, entry, argument);
    return true;
}

void host_context_reset(struct host_context *c, void (*entry)(void *), void *argument)
{
    struct start *start = start_of(c->stack_high);
    if (start->guard_spent != 0)
        set_guard(c->stack_low);
    *start = (struct start){.entry = entry, .argument = argument};
    struct frame *frame = (struct frame *)((uintptr_t)((char *)start - sizeof(*frame)) & ~(uintptr_t)15);
    *frame = (struct frame){
        .mxcsr = 0x1f80, /* every exception masked, round to nearest */
        .x87_control = 0x037f,
        .stack_base = (uintptr_t)c->stack_high,
        .stack_limit = (uintptr_t)c->stack_low,
        .deallocation = (uintptr_t)c->stack_low - HOST_GUARD_BYTES - NEVER_THERE,
        .guaranteed = HOST_GUARD_BYTES,
        .rbx = (uintptr_t)begin,
        .return_address = (uintptr_t)host_context_thunk,
    };
    c->sp = frame;
}

void host_context_destroy(struct host_context *c)
{
    if (c->stack_low == NULL)
        return;
    VirtualFree((char *)c->stack_low - HOST_GUARD_BYTES - NEVER_THERE, 0, MEM_RELEASE);
    *c = (struct host_context){0};
}

void host_context_adopt(struct host_context *c)
{
    struct host_state *s = &host_state;
    s->stack_low = *host_thread_field(THREAD_DEALLOCATION);
    s->stack_high = *host_thread_field(THREAD_STACK_BASE);
    *c = (struct host_context){.stack_low = s->stack_low, .stack_high = s->stack_high};
}

void host_context_switch(struct host_context *from, struct host_context *to, bool from_ends)
{
    (void)from_ends;
    host_state.stack_low = to->stack_low;
    host_state.stack_high = to->stack_high;
    host_context_swap(&from->sp, to->sp);
}

void host_context_guard_spent(char *stack_high)
{
    start_of(stack_high)->guard_spent = 1;
}

void host_context_announce(char *low, char *high)
{
    *host_thread_field(THREAD_STACK_BASE) = high;
    *host_thread_field(THREAD_STACK_LIMIT) = low;
    *host_thread_field(THREAD_DEALLOCATION) = low - HOST_GUARD_BYTES - NEVER_THERE;
    *(volatile uint32_t *)(host_thread_block() + THREAD_GUARANTEED) = HOST_GUARD_BYTES;
}
