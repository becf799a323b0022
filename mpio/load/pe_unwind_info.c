/* SPDX-License-Identifier: MIT */
/*
 * UNWIND_INFO of x64 PE images: what a function's prologue does, gathered along the chain of a function's parts.
 * The tables are hostile: every read is inside a section, chains and steps are limited, and what makes no
 * sense makes the function unusable, nothing more. Pure; no state.
 */
#include "load/pe_unwind.h"

#include <string.h>

#include "host/pe_code.h"

#define FLAG_HANDLERS 3u
#define FLAG_CHAINED  4u
#define FRAME_LIMIT   0x7fffffffu /* bytes of one frame */

enum unwind_operation {
    UNWIND_PUSH_NONVOL,
    UNWIND_ALLOC_LARGE,
    UNWIND_ALLOC_SMALL,
    UNWIND_SET_FPREG,
    UNWIND_SAVE_NONVOL,
    UNWIND_SAVE_NONVOL_FAR,
    UNWIND_EPILOG,
    UNWIND_SPARE,
    UNWIND_SAVE_XMM128,
    UNWIND_SAVE_XMM128_FAR,
    UNWIND_PUSH_MACHFRAME,
};

struct codes {
    const uint8_t *at; /* two bytes each */
    unsigned left;
    unsigned version, frame_register, frame_offset;
};

static uint32_t read_16(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t read_32(const uint8_t *at)
{
    return read_16(at) | read_16(at + 2) << 16;
}

bool pe_unwind_table(const struct pe_unwind_image *image, struct pe_code *code)
{
    if (image->exception_rva == 0 || image->exception_rva > image->size)
        return false;
    *code = (struct pe_code){.base = image->base, .size = image->size,
                             .functions = image->base + image->exception_rva,
                             .function_count = image->exception_size / PE_FUNCTION_BYTES};
    return pe_table_readable(code);
}

/* The operand behind a code: a number of units in one slot, or bytes in two. */
static bool operand(struct codes *c, bool far, uint32_t unit, uint32_t *value)
{
    unsigned slots = far ? 2 : 1;
    if (c->left < slots)
        return false;
    *value = far ? read_32(c->at) : read_16(c->at) * unit;
    c->at += slots * 2;
    c->left -= slots;
    return true;
}

/* Reads one code. *taken: it is a step of the prologue. */
static bool read_code(struct codes *c, struct pe_step *step, bool *taken)
{
    unsigned operation = c->at[1] & 15, info = c->at[1] >> 4;
    uint32_t ignored;
    *step = (struct pe_step){.offset = c->at[0], .reg = (uint8_t)info};
    *taken = true;
    c->at += 2;
    c->left--;
    switch (operation) {
    case UNWIND_PUSH_NONVOL:
        step->kind = PE_STEP_PUSH;
        step->value = 8;
        return info != PE_RSP;
    case UNWIND_ALLOC_SMALL:
        step->kind = PE_STEP_ALLOCATE;
        step->value = info * 8 + 8;
        return true;
    case UNWIND_ALLOC_LARGE:
        step->kind = PE_STEP_ALLOCATE;
        return info <= 1 && operand(c, info == 1, 8, &step->value) && step->value % 8 == 0;
    case UNWIND_SET_FPREG:
        step->kind = PE_STEP_SET_FRAME;
        step->reg = (uint8_t)c->frame_register;
        step->value = c->frame_offset * 16;
        return c->frame_register != 0 && c->frame_register != PE_RSP;
    case UNWIND_SAVE_NONVOL:
    case UNWIND_SAVE_NONVOL_FAR:
        step->kind = PE_STEP_SAVE;
        return info != PE_RSP && operand(c, operation == UNWIND_SAVE_NONVOL_FAR, 8, &step->value) &&
               step->value % 8 == 0;
    case UNWIND_SAVE_XMM128:
    case UNWIND_SAVE_XMM128_FAR:
        step->kind = PE_STEP_SAVE_XMM;
        return operand(c, operation == UNWIND_SAVE_XMM128_FAR, 16, &step->value);
    case UNWIND_EPILOG: /* version 2 lists the epilogues; pe_epilogue_find looks at the code itself */
        *taken = false;
        return c->version == 2 && operand(c, false, 1, &ignored);
    default: /* interrupt frames: no driver's function has one; the rest is undefined */
        return false;
    }
}

static bool append(struct pe_prologue *p, const struct pe_step *step, uint32_t *frame)
{
    bool framed = step->kind == PE_STEP_SET_FRAME;
    for (unsigned i = 0; framed && i < p->steps; i++)
        if (p->step[i].kind == PE_STEP_SET_FRAME)
            return false;
    if (p->steps == PE_UNWIND_MAX_STEPS || (p->steps > 0 && step->offset > p->step[p->steps - 1].offset))
        return false;
    if (step->kind == PE_STEP_PUSH || step->kind == PE_STEP_ALLOCATE) {
        if (step->value > FRAME_LIMIT - *frame)
            return false;
        *frame += step->value;
    } else if (step->value > FRAME_LIMIT) {
        return false;
    }
    p->step[p->steps++] = *step;
    return true;
}

bool pe_prologue_read(const struct pe_code *code, const struct pe_function *function, struct pe_prologue *p)
{
    uint32_t unwind = function->unwind, frame = 0;
    bool outermost = true;

    p->length = 0;
    p->steps = 0;
    p->handler_flags = 0;
    p->handler = p->handler_data = 0;
    for (unsigned links = 0; links < PE_UNWIND_MAX_CHAIN; links++, outermost = false) {
        if ((unwind & 1) != 0) { /* the same as another entry: that one's third word follows */
            if (!pe_readable(code, unwind - 1, PE_FUNCTION_BYTES))
                return false;
            unwind = read_32(code->base + unwind - 1 + 8);
            continue;
        }
        if (!pe_readable(code, unwind, 4))
            return false;
        const uint8_t *info = code->base + unwind;
        unsigned flags = info[0] >> 3, count = info[2];
        uint32_t behind = unwind + 4 + (count + (count & 1)) * 2;
        struct codes codes = {info + 4, count, info[0] & 7, info[3] & 15, info[3] >> 4};
        if (codes.version < 1 || codes.version > 2 || !pe_readable(code, unwind, 4 + count * 2u))
            return false;
        if (outermost)
            p->length = info[1];
        while (codes.left > 0) {
            struct pe_step step;
            bool taken;
            if (!read_code(&codes, &step, &taken))
                return false;
            if (!outermost)
                step.offset = 0; /* the parts behind run with the whole prologue done */
            if (taken && !append(p, &step, &frame))
                return false;
        }
        if ((flags & FLAG_CHAINED) != 0) {
            if (!pe_readable(code, behind, PE_FUNCTION_BYTES))
                return false;
            unwind = read_32(code->base + behind + 8);
            continue;
        }
        if ((flags & FLAG_HANDLERS) != 0) {
            if (!pe_readable(code, behind, 4))
                return false;
            p->handler_flags = flags & FLAG_HANDLERS;
            p->handler = read_32(code->base + behind);
            p->handler_data = behind + 4;
            return p->handler < code->size;
        }
        return true;
    }
    return false; /* a chain that does not end */
}
