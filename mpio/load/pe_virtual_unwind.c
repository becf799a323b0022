/* SPDX-License-Identifier: MIT */
/*
 * One frame of x64 PE code undone, as RtlVirtualUnwind is published to do it: for structured exception handling.
 * Reads the image within its bounds and the stack within the bounds given. Pure; no state.
 */
#include "load/pe_unwind.h"

#include <string.h>

#include "host/pe_code.h"

static bool read_stack(const struct pe_registers *r, uint64_t address, void *to, size_t bytes)
{
    if (address < r->stack_low || r->stack_high < bytes || address > r->stack_high - bytes)
        return false;
    memcpy(to, (const void *)(uintptr_t)address, bytes);
    return true;
}

static bool pop(struct pe_registers *r, uint64_t *to)
{
    if (!read_stack(r, r->general[PE_RSP], to, 8))
        return false;
    r->general[PE_RSP] += 8;
    return true;
}

static bool undo_step(struct pe_registers *r, const struct pe_step *step, uint64_t frame)
{
    switch (step->kind) {
    case PE_STEP_PUSH:
        return pop(r, &r->general[step->reg]);
    case PE_STEP_ALLOCATE:
        r->general[PE_RSP] += step->value;
        return true;
    case PE_STEP_SET_FRAME:
        r->general[PE_RSP] = frame;
        return true;
    case PE_STEP_SAVE:
        return read_stack(r, frame + step->value, &r->general[step->reg], 8);
    default:
        return read_stack(r, frame + step->value, r->xmm[step->reg], 16);
    }
}

static bool undo_function(const struct pe_code *code, const struct pe_function *f, uint32_t rva,
                          struct pe_registers *r, struct pe_unwind_result *out)
{
    struct pe_prologue prologue;
    struct pe_epilogue epilogue;
    uint32_t offset = rva - f->begin;

    if (!pe_prologue_read(code, f, &prologue))
        return false;
    /* The fixed part of the stack, which handlers and saved registers are found by. */
    uint64_t frame = r->general[PE_RSP];
    for (unsigned i = 0; i < prologue.steps; i++)
        if (prologue.step[i].kind == PE_STEP_SET_FRAME && prologue.step[i].offset <= offset)
            frame = r->general[prologue.step[i].reg] - prologue.step[i].value;
    out->establisher_frame = frame;

    if (pe_epilogue_find(code, rva, &epilogue)) {
        r->general[PE_RSP] = r->general[epilogue.base] + (uint64_t)(int64_t)epilogue.adjust;
        for (unsigned i = 0; i < epilogue.pops; i++)
            if (!pop(r, &r->general[epilogue.pop[i]]))
                return false;
        return true;
    }
    for (unsigned i = 0; i < prologue.steps; i++)
        if (prologue.step[i].offset <= offset && !undo_step(r, &prologue.step[i], frame))
            return false;
    if (offset >= prologue.length && prologue.handler_flags != 0) {
        out->handler_flags = prologue.handler_flags;
        out->handler = prologue.handler;
        out->handler_data = code->base + prologue.handler_data;
    }
    return true;
}

bool pe_virtual_unwind(const struct pe_unwind_image *image, struct pe_registers *r, struct pe_unwind_result *out)
{
    struct pe_registers caller = *r;
    struct pe_function f;
    struct pe_code code;
    uint64_t rva = r->rip - (uint64_t)(uintptr_t)image->base;

    *out = (struct pe_unwind_result){.establisher_frame = r->general[PE_RSP]};
    if (rva >= image->size || !pe_unwind_table(image, &code))
        return false;
    int64_t index = pe_function_find(&code, (uint32_t)rva, &f);
    if (index >= 0) {
        out->function = code.functions + index * PE_FUNCTION_BYTES;
        out->begin = f.begin;
        out->end = f.end;
        if (!undo_function(&code, &f, (uint32_t)rva, &caller, out))
            return false;
    }
    if (!pop(&caller, &caller.rip))
        return false;
    *r = caller;
    return true;
}
