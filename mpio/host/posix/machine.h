/* SPDX-License-Identifier: MIT */
/*
 * What differs between processors: the first frame of a new stack (the one host_context_swap in
 * context_*.S pops), and the registers of code interrupted by a signal. ucontext serves processors
 * without an assembly switch.
 */
#ifndef MPIO_HOST_POSIX_MACHINE_H
#define MPIO_HOST_POSIX_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

void host_context_swap(void **save_sp, void *load_sp);
void host_context_thunk(void); /* outermost frame of every new stack */

#if defined(__x86_64__) && !defined(HOST_USE_UCONTEXT)

#define MACHINE_BREAKPOINT_BYTES 1 /* the signal comes behind the instruction */

static inline void *machine_prepare(char *low, char *high, void (*function)(void))
{
    struct {
        uint32_t mxcsr;
        uint32_t x87_control;
        uint64_t r15, r14, r13, r12, rbx, rbp, return_address, end;
    } frame = {
        .mxcsr = 0x1f80, /* every exception masked, round to nearest */
        .x87_control = 0x037f,
        .rbx = (uint64_t)(uintptr_t)function,
        .return_address = (uint64_t)(uintptr_t)host_context_thunk,
    };
    (void)low;
    char *sp = high - sizeof(frame) - 8; /* the thunk starts with a 16-byte aligned stack */
    memcpy(sp, &frame, sizeof(frame));
    return sp;
}

static inline uintptr_t machine_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
}

/* Undoes a call to an address without code: as if the call instruction itself had faulted. */
static inline bool machine_undo_call(ucontext_t *u, const char *low, const char *high)
{
    uintptr_t sp = (uintptr_t)u->uc_mcontext.gregs[REG_RSP];
    if (sp < (uintptr_t)low || sp > (uintptr_t)high - sizeof(uint64_t))
        return false;
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)(*(const uint64_t *)sp - 1);
    u->uc_mcontext.gregs[REG_RSP] += 8;
    return true;
}

/* When the signal handler returns, `function` runs on this stack, not the interrupted code. */
static inline void machine_land(ucontext_t *u, char *low, char *high, void (*function)(void))
{
    (void)low;
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)host_context_thunk;
    u->uc_mcontext.gregs[REG_RSP] = (greg_t)((uintptr_t)high & ~(uintptr_t)15);
    u->uc_mcontext.gregs[REG_RBX] = (greg_t)(uintptr_t)function;
    u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)0x40500; /* alignment check, direction, trap flag */
}

static inline void machine_reset_arithmetic(void)
{
    const uint32_t mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(mxcsr));
}

#elif defined(__aarch64__) && !defined(HOST_USE_UCONTEXT)

#define MACHINE_BREAKPOINT_BYTES 0

static inline void *machine_prepare(char *low, char *high, void (*function)(void))
{
    uint64_t frame[22] = {
        [0] = (uint64_t)(uintptr_t)function,            /* x19 */
        [11] = (uint64_t)(uintptr_t)host_context_thunk, /* x30 */
    };
    (void)low;
    char *sp = high - sizeof(frame);
    memcpy(sp, frame, sizeof(frame));
    return sp;
}

static inline uintptr_t machine_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.pc;
}

static inline bool machine_undo_call(ucontext_t *u, const char *low, const char *high)
{
    (void)low, (void)high;
    u->uc_mcontext.pc = u->uc_mcontext.regs[30] - 4;
    return true;
}

static inline void machine_land(ucontext_t *u, char *low, char *high, void (*function)(void))
{
    (void)low;
    u->uc_mcontext.pc = (uint64_t)(uintptr_t)host_context_thunk;
    u->uc_mcontext.sp = (uint64_t)((uintptr_t)high & ~(uintptr_t)15);
    u->uc_mcontext.regs[19] = (uint64_t)(uintptr_t)function;
}

static inline void machine_reset_arithmetic(void)
{
}

#elif defined(__i386__) && !defined(HOST_USE_UCONTEXT)

#define MACHINE_BREAKPOINT_BYTES 1 /* the signal comes behind the instruction */

static inline void *machine_prepare(char *low, char *high, void (*function)(void))
{
    struct {
        uint32_t x87_control;
        uint32_t edi, esi, ebx, ebp, return_address, end[2];
    } frame = {
        .x87_control = 0x037f, /* every exception masked, round to nearest */
        .ebx = (uint32_t)(uintptr_t)function,
        .return_address = (uint32_t)(uintptr_t)host_context_thunk,
    };
    (void)low;
    char *sp = (char *)((uintptr_t)high & ~(uintptr_t)15) - sizeof(frame) - 8; /* the thunk: 16-byte aligned */
    memcpy(sp, &frame, sizeof(frame));
    return sp;
}

static inline uintptr_t machine_pc(const ucontext_t *u)
{
    return (uintptr_t)u->uc_mcontext.gregs[REG_EIP];
}

/* Undoes a call to an address without code: as if the call instruction itself had faulted. */
static inline bool machine_undo_call(ucontext_t *u, const char *low, const char *high)
{
    uintptr_t sp = (uintptr_t)u->uc_mcontext.gregs[REG_ESP];
    if (sp < (uintptr_t)low || sp > (uintptr_t)high - sizeof(uint32_t))
        return false;
    u->uc_mcontext.gregs[REG_EIP] = (greg_t)(*(const uint32_t *)sp - 1);
    u->uc_mcontext.gregs[REG_ESP] += 4;
    return true;
}

/* When the signal handler returns, `function` runs on this stack, not the interrupted code. */
static inline void machine_land(ucontext_t *u, char *low, char *high, void (*function)(void))
{
    (void)low;
    u->uc_mcontext.gregs[REG_EIP] = (greg_t)(uintptr_t)host_context_thunk;
    u->uc_mcontext.gregs[REG_ESP] = (greg_t)((uintptr_t)high & ~(uintptr_t)15);
    u->uc_mcontext.gregs[REG_EBX] = (greg_t)(uintptr_t)function;
    u->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)0x40500; /* alignment check, direction, trap flag */
}

static inline void machine_reset_arithmetic(void)
{
    __asm__ volatile("fninit");
}

#else

#define HOST_SWITCHES_BY_UCONTEXT 1
#define MACHINE_BREAKPOINT_BYTES  0

static inline void *machine_prepare(char *low, char *high, void (*function)(void))
{
    ucontext_t *u = (ucontext_t *)(((uintptr_t)high - sizeof(*u)) & ~(uintptr_t)63);
    getcontext(u);
    u->uc_stack.ss_sp = low;
    u->uc_stack.ss_size = (size_t)((char *)u - low);
    u->uc_link = NULL;
    makecontext(u, function, 0);
    return u;
}

static inline uintptr_t machine_pc(const ucontext_t *u)
{
    (void)u;
    return UINTPTR_MAX; /* unknown; equal to no address that faults */
}

static inline bool machine_undo_call(ucontext_t *u, const char *low, const char *high)
{
    (void)u, (void)low, (void)high;
    return false;
}

/* Leaves the signal handler at once; the kernel sees from the stack pointer that it was left. */
static inline void machine_land(ucontext_t *u, char *low, char *high, void (*function)(void))
{
    ucontext_t *landing = machine_prepare(low, high, function);
    landing->uc_sigmask = u->uc_sigmask;
    setcontext(landing);
}

static inline void machine_reset_arithmetic(void)
{
}

#endif
#endif
