/* SPDX-License-Identifier: MIT */
/*
 * Decoder of the x64 instructions that drivers use on a kernel's own memory and registers: loads and comparisons
 * with a general memory operand, cr8, software interrupts, and the names of those that nothing here carries out.
 * Pure; reads only the bytes it is given.
 */
#ifndef MPIO_HOST_EMULATE_H
#define MPIO_HOST_EMULATE_H

#include "host/trap.h"

#define EMULATE_MAX_LENGTH 15u /* the processor's own limit */

enum emulate_kind {
    EMULATE_OTHER,      /* none of these */
    EMULATE_LOAD,       /* reads `width` bytes at `address` */
    EMULATE_READ_CR8,   /* into general register `reg` */
    EMULATE_WRITE_CR8,  /* from general register `reg` */
    EMULATE_INTERRUPT,  /* int `vector` */
    EMULATE_PRIVILEGED, /* `name`: not for user mode, and not carried out */
};

struct emulate_instruction {
    enum emulate_kind kind;
    unsigned length;
    unsigned width;     /* bytes read from memory */
    bool gs;            /* `address` counts from the base of gs */
    uint64_t address;
    uint8_t reg, vector;
    const char *name;
    /* emulate_load's own */
    uint8_t operation, result; /* result: bytes written to the register */
    bool immediate_given, legacy_byte, sign;
    uint64_t immediate;
};

/* `code` holds `available` readable bytes at r->rip. */
void emulate_decode(const struct host_registers *r, const uint8_t *code, size_t available, struct emulate_instruction *i);
/* Carries out an EMULATE_LOAD with what the memory holds (`width` bytes), and moves rip behind it. */
void emulate_load(struct host_registers *r, const struct emulate_instruction *i, const void *memory);

#endif
