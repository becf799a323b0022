/* SPDX-License-Identifier: MIT */
/*
 * Reading x64 PE code and its function table: which function an address belongs to, and whether it is
 * on that function's way out. Leaf; no system calls; safe in a signal handler. Nothing is read outside the
 * image's sections, whatever its tables say: between sections there may be no memory.
 */
#ifndef MPIO_HOST_PE_CODE_H
#define MPIO_HOST_PE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pe_code {
    const uint8_t *base; /* the mapped image */
    size_t size;
    const uint8_t *functions; /* PE_FUNCTION_BYTES each, ascending */
    uint32_t function_count;
};

#define PE_FUNCTION_BYTES 12
struct pe_function {
    uint32_t begin, end, unwind; /* RVAs; `end` is the first byte behind it */
};

/* Registers by the processor's number: rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15. */
#define PE_RSP 4

/* What remains to be executed of a function's way out: rsp becomes `base` plus `adjust`, then the
 * registers are popped, then it returns (or jumps to a function that returns for it). */
struct pe_epilogue {
    uint8_t base;
    int32_t adjust;
    uint8_t pop[16];
    unsigned pops;
};

#define PE_MAX_SECTIONS    96u
#define PE_SECTION_EXECUTE 0x20000000u
struct pe_section_range {
    uint32_t begin, end, flags;
};
/* From the headers of the mapped image; at most PE_MAX_SECTIONS. */
unsigned pe_sections(const struct pe_code *code, struct pe_section_range *sections);
bool pe_readable(const struct pe_code *code, uint32_t rva, size_t bytes);
bool pe_table_readable(const struct pe_code *code);

/* The table must be readable. False: the entry's range is not inside the image. */
bool pe_function_read(const struct pe_code *code, uint32_t index, struct pe_function *function);
/* The function around an address; its index, or -1: a function that changes no register needs none. */
int64_t pe_function_find(const struct pe_code *code, uint32_t rva, struct pe_function *function);
bool pe_epilogue_find(const struct pe_code *code, uint32_t rva, struct pe_epilogue *epilogue);

#endif
