/* SPDX-License-Identifier: MIT */
/*
 * Structured exception handling for PE images: the two passes over the frames of images, and the structures that x64
 * images and their language handlers share with the kernel.
 */
#ifndef MPIO_LOAD_SEH_H
#define MPIO_LOAD_SEH_H

#include <ntddk.h>

#include "host/trap.h"
#include "load/pe_unwind.h"

#ifdef __x86_64__
#define SEH_UNWINDING     0x02u /* flags of a record, beside EXCEPTION_NONCONTINUABLE */
#define SEH_EXIT_UNWIND   0x04u
#define SEH_TARGET_UNWIND 0x20u

/* CONTEXT of x64. */
struct DECLSPEC_ALIGN(16) seh_context {
    uint64_t home[6];
    uint32_t context_flags, mxcsr;
    uint16_t segment[6];
    uint32_t eflags;
    uint64_t debug[6];
    uint64_t general[16];
    uint64_t rip;
    uint16_t x87_control, x87_status;
    uint32_t x87_words[5];
    uint32_t save_mxcsr, save_mxcsr_mask;
    uint8_t x87_registers[128];
    uint64_t xmm[16][2];
    uint8_t save_rest[96];
    uint64_t vector[26][2];
    uint64_t vector_control, debug_control, last_branch[4];
};
C_ASSERT(sizeof(struct seh_context) == 1232 && FIELD_OFFSET(struct seh_context, general) == 0x78 &&
         FIELD_OFFSET(struct seh_context, rip) == 0xF8 && FIELD_OFFSET(struct seh_context, xmm) == 0x1A0);

enum seh_disposition { SEH_CONTINUE_EXECUTION, SEH_CONTINUE_SEARCH, SEH_NESTED, SEH_COLLIDED, SEH_UNWIND_NOW = 0x4D50 };

/* DISPATCHER_CONTEXT, and behind it what our own handler asks for with SEH_UNWIND_NOW. */
struct seh_dispatcher {
    uint64_t control_pc, image_base;
    const void *function;
    uint64_t establisher_frame, target_ip;
    struct seh_context *context;
    void *language_handler;
    const void *handler_data;
    void *history;
    uint32_t scope, fill;
    uint64_t chosen_ip;
};
C_ASSERT(sizeof(void *) != 8 || FIELD_OFFSET(struct seh_dispatcher, chosen_ip) == 0x50);

void seh_to_context(const struct host_registers *from, struct seh_context *to);
void seh_from_context(const struct seh_context *from, struct host_registers *to);
bool seh_image_of(uint64_t pc, struct pe_unwind_image *image);

/* First pass, and when a handler takes the exception the second one: *registers is then where to go on. False: nobody in
 * the images on this stack takes it; *registers is as it was. */
bool seh_dispatch(struct host_registers *registers, EXCEPTION_RECORD *record);
/* Second pass alone (RtlUnwindEx): to `target_ip` in the frame `target_frame`, with `value` in rax. Bug check when no such
 * frame is there. */
void seh_unwind(struct host_registers *registers, uint64_t target_frame, uint64_t target_ip, EXCEPTION_RECORD *record,
                uint64_t value);
/* The bug check of an exception that nobody took. */
DECLSPEC_NORETURN void seh_unhandled(const EXCEPTION_RECORD *record);

/* traps.c: from the first PE image on. */
void load_take_traps(void);
#else /* exceptions of images are served on x64 only */
static inline void load_take_traps(void)
{
}
#endif

#endif
