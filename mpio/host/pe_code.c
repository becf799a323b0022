/* SPDX-License-Identifier: MIT */
/*
 * The published rules of x64 PE code: the function table is sorted; an epilogue is an optional
 * `add rsp` or `lea rsp, [frame register]`, pops, and a return or a jump out of the function.
 */
#include "host/pe_code.h"

#include <string.h>

static uint32_t read_32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* ---- sections ----------------------------------------------------------------------------------- */

#define FIRST_PAGE 4096u /* of an image: always there, and the headers begin in it */

static uint32_t read_16(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

unsigned pe_sections(const struct pe_code *code, struct pe_section_range *sections)
{
    unsigned found = 0;
    if (code->size < FIRST_PAGE || code->size > UINT32_MAX)
        return 0;
    uint32_t header = read_32(code->base + 60);
    if (header > FIRST_PAGE - 88)
        return 0;
    uint32_t count = read_16(code->base + header + 6), all = read_32(code->base + header + 84);
    uint32_t at = header + 24 + read_16(code->base + header + 20);
    if (all > code->size)
        return 0;
    for (unsigned i = 0; i < count && i < PE_MAX_SECTIONS && at + 40 <= all; i++, at += 40) {
        const uint8_t *section = code->base + at;
        uint32_t bytes = read_32(section + 8), begin = read_32(section + 12);
        if (bytes == 0)
            bytes = read_32(section + 16); /* as long as in the file */
        if (begin >= code->size || bytes > code->size - begin)
            continue;
        sections[found++] = (struct pe_section_range){begin, begin + bytes, read_32(section + 36)};
    }
    return found;
}

bool pe_readable(const struct pe_code *code, uint32_t rva, size_t bytes)
{
    struct pe_section_range sections[PE_MAX_SECTIONS];
    unsigned count = pe_sections(code, sections);
    for (unsigned i = 0; i < count; i++)
        if (rva >= sections[i].begin && rva <= sections[i].end && bytes <= sections[i].end - rva)
            return true;
    return false;
}

bool pe_table_readable(const struct pe_code *code)
{
    size_t at = (uintptr_t)code->functions - (uintptr_t)code->base;
    return at <= UINT32_MAX && pe_readable(code, (uint32_t)at, (size_t)code->function_count * PE_FUNCTION_BYTES);
}

/* ---- the function table --------------------------------------------------------------------------- */

bool pe_function_read(const struct pe_code *code, uint32_t index, struct pe_function *function)
{
    const uint8_t *entry = code->functions + (size_t)index * PE_FUNCTION_BYTES;
    *function = (struct pe_function){read_32(entry), read_32(entry + 4), read_32(entry + 8)};
    return function->begin < function->end && function->end <= code->size;
}

int64_t pe_function_find(const struct pe_code *code, uint32_t rva, struct pe_function *function)
{
    uint32_t low = 0, high = pe_table_readable(code) ? code->function_count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        bool good = pe_function_read(code, middle, function);
        if (rva < function->begin)
            high = middle;
        else if (rva >= function->end)
            low = middle + 1;
        else
            return good ? (int64_t)middle : -1;
    }
    return -1;
}

/* ---- ways out of a function ------------------------------------------------------------------------- */

/* The first four bytes of a function's unwind information: version and flags, length of the prologue, number
 * of codes, frame register. */
static bool unwind_head(const struct pe_code *code, const struct pe_function *function, const uint8_t **head)
{
    if ((function->unwind & 1) != 0 || !pe_readable(code, function->unwind, 4))
        return false; /* odd: a reference to another entry, which no compiler of today makes */
    *head = code->base + function->unwind;
    return true;
}

#define CHAINED 0x20 /* in the first byte of unwind information */

/* A jump leaves the function for good when it goes where a function begins, or to code outside the table.
 * Not so when that function is a part of another one, which begins with a frame in place: chained to
 * its main part (Microsoft), or with a prologue without code (gcc's "cold" parts). */
static bool is_tail_jump(const struct pe_code *code, int64_t target)
{
    struct pe_function to;
    const uint8_t *head;
    if (target < 0 || target >= (int64_t)code->size)
        return false; /* no relative jump leaves an image */
    if (pe_function_find(code, (uint32_t)target, &to) < 0)
        return true;
    if (to.begin != target || !unwind_head(code, &to, &head))
        return false;
    return (head[0] & CHAINED) == 0 && (head[1] != 0 || head[2] == 0);
}

/* Bytes of code that may still be looked at, never beyond the function. */
struct window {
    const uint8_t *at;
    size_t left;
};

static bool next_is(struct window *w, size_t length)
{
    if (w->left < length)
        return false;
    w->at += length;
    w->left -= length;
    return true;
}

static void read_adjustment(struct window *w, unsigned frame_register, struct pe_epilogue *e)
{
    const uint8_t *p = w->at;
    uint8_t rex = 0x48 | (frame_register >> 3);
    if (w->left >= 4 && p[0] == 0x48 && p[1] == 0x83 && p[2] == 0xC4) {
        e->adjust = (int8_t)p[3];
        next_is(w, 4);
    } else if (w->left >= 7 && p[0] == 0x48 && p[1] == 0x81 && p[2] == 0xC4) {
        e->adjust = (int32_t)read_32(p + 3);
        next_is(w, 7);
    } else if (frame_register != 0 && (frame_register & 7) != 4 && w->left >= 4 && p[0] == rex && p[1] == 0x8D) {
        uint8_t operand = p[2] & 0x3F;
        if (operand != (0x20 | (frame_register & 7)))
            return;
        if (p[2] >> 6 == 1) {
            e->adjust = (int8_t)p[3];
            next_is(w, 4);
        } else if (p[2] >> 6 == 2 && w->left >= 7) {
            e->adjust = (int32_t)read_32(p + 3);
            next_is(w, 7);
        } else {
            return;
        }
        e->base = (uint8_t)frame_register;
    }
}

static bool read_pops(struct window *w, struct pe_epilogue *e)
{
    for (;;) {
        unsigned rex = w->left >= 2 && w->at[0] == 0x41 ? 1 : 0;
        if (w->left <= rex || (w->at[rex] & 0xF8) != 0x58)
            return true;
        uint8_t reg = (uint8_t)((w->at[rex] & 7) | rex << 3);
        if (reg == PE_RSP || e->pops == sizeof(e->pop))
            return false;
        e->pop[e->pops++] = reg;
        next_is(w, rex + 1);
    }
}

static bool is_way_out(const struct pe_code *code, const struct window *w)
{
    const uint8_t *p = w->at;
    int64_t rva = p - code->base;
    if (w->left >= 1 && p[0] == 0xC3)
        return true;
    if ((w->left >= 3 && p[0] == 0xC2) || (w->left >= 2 && p[0] == 0xF3 && p[1] == 0xC3))
        return true;
    if (w->left >= 2 && p[0] == 0xEB)
        return is_tail_jump(code, rva + 2 + (int8_t)p[1]);
    if (w->left >= 5 && p[0] == 0xE9)
        return is_tail_jump(code, rva + 5 + (int32_t)read_32(p + 1));
    if (w->left >= 6 && p[0] == 0xFF && p[1] == 0x25)
        return true;
    /* Through a register or memory: with REX.W by convention, which a jump table's jump has not. */
    return w->left >= 3 && (p[0] & 0xF8) == 0x48 && p[1] == 0xFF && (p[2] & 0x38) == 0x20 &&
           (p[2] >> 6 == 3 || p[2] >> 6 == 0);
}

bool pe_epilogue_find(const struct pe_code *code, uint32_t rva, struct pe_epilogue *epilogue)
{
    struct pe_function function;
    const uint8_t *head;
    *epilogue = (struct pe_epilogue){.base = PE_RSP};
    if (pe_function_find(code, rva, &function) < 0 || !unwind_head(code, &function, &head))
        return false;
    if (rva - function.begin < head[1])
        return false; /* the prologue; its instructions may look alike */
    if (!pe_readable(code, rva, function.end - rva))
        return false;
    struct window w = {code->base + rva, function.end - rva};
    read_adjustment(&w, head[3] & 15, epilogue);
    return read_pops(&w, epilogue) && is_way_out(code, &w);
}
