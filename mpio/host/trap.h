/* SPDX-License-Identifier: MIT */
/*
 * Instructions of an image (host_image_add) that the processor refuses become calls of a handler, on the stack
 * and in place of the code that ran: as if the instruction had been a call. What the handler leaves in the
 * registers is where the thread goes on. For code that was compiled for a kernel, and for its exceptions.
 * x64 only; elsewhere nothing is ever refused this way. Everything belongs to the thread.
 */
#ifndef MPIO_HOST_TRAP_H
#define MPIO_HOST_TRAP_H

#include "host/host.h"

/* The layout is known to trap_x86_64.S. */
struct host_registers {
    uint64_t general[16]; /* by the processor's number: rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15 */
    uint64_t rip;
    uint64_t flags;
    uint32_t mxcsr, unused[3];
    uint64_t xmm[16][2];
};
enum { HOST_RAX, HOST_RCX, HOST_RDX, HOST_RBX, HOST_RSP, HOST_RBP, HOST_RSI, HOST_RDI };

enum host_trap_kind {
    HOST_TRAP_INSTRUCTION, /* rip is at an instruction of an image */
    HOST_TRAP_ROUTINE,     /* a routine that the image called faulted; rip is behind the call */
    HOST_TRAP_RAISE,       /* host_raise; rip is behind the call */
};
struct host_trap {
    struct host_registers registers;
    enum host_trap_kind kind;
    enum host_fault_kind fault; /* not for HOST_TRAP_RAISE */
    bool has_address;           /* the processor knows which address could not be used */
    bool write;
    uint64_t address;
    uint32_t code;              /* HOST_TRAP_RAISE */
    uint64_t stack_low, stack_high;
};

struct host_trap_handler {
    /* May the routine that an image called be ended from outside? `slot` is where its return address lies. Called in
     * signal context, for faults in code of ours below an image's call. */
    bool (*may_leave)(const void *slot);
    /* False: an ordinary fault, reported as such; the registers must be as they were. Not for HOST_TRAP_RAISE. */
    bool (*run)(struct host_trap *trap);
};
void host_on_trap(const struct host_trap_handler *handler); /* kept by reference; NULL: none */

/* Where the return address of the innermost call from an image lies; NULL when none is on the stack. Slow. */
void *host_image_caller(void);
/* The call that `slot` belongs to raises an exception in its caller: HOST_TRAP_RAISE once it has returned. The caller of
 * this function returns at once; or it does not return at all. */
void host_raise(void *slot, uint32_t code);
/* run(registers of the caller, a copy of data) when the call has returned; then it goes on with those registers. */
#define HOST_AT_RETURN_BYTES 256
void host_at_return(void *slot, void (*run)(struct host_registers *registers, void *data), const void *data, size_t bytes);

/* The image around an address, or NULL. */
const struct host_image *host_image_at(uint64_t pc);
/* Bounds of the stack that runs now. */
void host_stack_bounds(uint64_t *low, uint64_t *high);

#endif
