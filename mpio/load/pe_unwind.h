/* SPDX-License-Identifier: MIT */
/*
 * Unwinding x64 PE code: its function table (.pdata) and unwind information (.xdata), read with every bound
 * checked, translated into DWARF call frames for the host's unwinder, and executed for one frame for
 * structured exception handling.
 */
#ifndef MPIO_LOAD_PE_UNWIND_H
#define MPIO_LOAD_PE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole table as one .eh_frame section with absolute addresses, for an image at its final place; ended by
 * a zero word; malloc'ed. NULL when the image has no table, or nothing in it can be used. A function whose
 * information is damaged is left out. Code outside every function of an executable section is described too:
 * by the convention it has changed no register and its return address is on top of the stack. */
void *pe_call_frames(const uint8_t *base, size_t size, uint32_t exception_rva, uint32_t exception_size);

/* The same for an x86 image, by its frame pointers (pe_frames_x86.c). */
void *pe_call_frames_x86(const uint8_t *base, size_t size);

/* ---- one frame ------------------------------------------------------------------------------- */

struct pe_unwind_image {
    const uint8_t *base;
    size_t size;
    uint32_t exception_rva, exception_size; /* the exception directory */
};

struct pe_registers {
    uint64_t general[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15 */
    uint64_t rip;
    uint64_t xmm[16][2];
    uint64_t stack_low, stack_high; /* nothing outside is read */
};

#define PE_HANDLER_EXCEPTION 1u
#define PE_HANDLER_UNWIND    2u

struct pe_unwind_result {
    const void *function;    /* its entry in the function table; NULL: a function without one */
    uint32_t begin, end;     /* of that entry */
    unsigned handler_flags;  /* PE_HANDLER_*; 0 in prologue and epilogue, where no handler is called */
    uint32_t handler;        /* RVA of the language's handler */
    const void *handler_data;
    uint64_t establisher_frame;
};

/* From the registers at `rip` to those in the caller, `rip` then being the return address. Volatile registers stay
 * as they are. False, and *r unchanged, when the tables are damaged or the stack ends. */
bool pe_virtual_unwind(const struct pe_unwind_image *image, struct pe_registers *r, struct pe_unwind_result *out);

/* ---- shared by the two: what a function's prologue does ----------------------------------------- */

enum pe_step_kind { PE_STEP_PUSH, PE_STEP_ALLOCATE, PE_STEP_SET_FRAME, PE_STEP_SAVE, PE_STEP_SAVE_XMM };

struct pe_step {
    uint8_t kind;
    uint8_t reg;
    uint8_t offset;  /* done when the address is this far in the function or farther */
    uint32_t value;  /* bytes: allocated, frame register above rsp, or place of the register */
};

#define PE_UNWIND_MAX_CHAIN 32  /* published limit */
#define PE_UNWIND_MAX_STEPS 512 /* ours; a prologue saves 24 registers at most */

struct pe_prologue {
    uint8_t length;          /* bytes of code */
    unsigned handler_flags;
    uint32_t handler, handler_data; /* RVAs */
    unsigned steps;
    struct pe_step step[PE_UNWIND_MAX_STEPS]; /* the last one first, the order of undoing */
};

struct pe_code;
struct pe_function;
/* The table as host/pe_code.h sees it; false when it is not inside the image. */
bool pe_unwind_table(const struct pe_unwind_image *image, struct pe_code *code);
bool pe_prologue_read(const struct pe_code *code, const struct pe_function *function, struct pe_prologue *prologue);

#endif
