/* SPDX-License-Identifier: MIT */
/*
 * x64 unwind information as DWARF call frames, so that the unwinder of the host's compiler walks through PE
 * frames like through its own. Each function becomes one description whose rows follow its prologue instruction by
 * instruction; a canonical frame address (CFA) is the stack pointer before the call. Epilogues cannot be told from
 * the tables: a return address never lies in one, and for interrupted code host/posix/image.c looks at the
 * instructions. Saved SSE registers are left out: nobody who walks a stack reads them.
 * Pure; no state.
 */
#include "load/pe_unwind.h"

#include <stdlib.h>
#include <string.h>

#include "host/pe_code.h"

#define MAX_DESCRIPTIONS 262144u /* an image of the largest size has fewer functions */
#define MAX_BLOB         (64u << 20)

#define DWARF_RSP            7
#define DWARF_RETURN_ADDRESS 16
#define DATA_ALIGNMENT       (-8)

enum {
    CFA_ADVANCE = 0x40, /* | bytes of code, up to 63 */
    CFA_ADVANCE_1 = 0x02,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEFINE_SF = 0x12,
};

static const uint8_t dwarf_register[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

/* The section being written. Full: nothing more is added, what is there stays valid. */
struct blob {
    uint8_t *bytes;
    size_t used, room;
    unsigned descriptions;
};

static void put(struct blob *b, const void *bytes, size_t count)
{
    if (b->room - b->used < count) {
        b->room = b->room * 2 + count + 4096;
        b->bytes = realloc(b->bytes, b->room);
        if (b->bytes == NULL)
            abort();
    }
    memcpy(b->bytes + b->used, bytes, count);
    b->used += count;
}

static void put_8(struct blob *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

static void put_32(struct blob *b, uint32_t value)
{
    put(b, &value, sizeof(value));
}

static void put_64(struct blob *b, uint64_t value)
{
    put(b, &value, sizeof(value));
}

static void put_signed(struct blob *b, int64_t value)
{
    for (;;) {
        unsigned low = value & 0x7f;
        value >>= 7;
        bool last = value == ((low & 0x40) != 0 ? -1 : 0);
        put_8(b, low | (last ? 0 : 0x80));
        if (last)
            return;
    }
}

/* Entries are padded with no-operations (zero) to eight bytes; the length does not count itself. */
static void close_entry(struct blob *b, size_t start)
{
    while ((b->used - start) % 8 != 4)
        put_8(b, 0);
    uint32_t length = (uint32_t)(b->used - start - 4);
    memcpy(b->bytes + start, &length, sizeof(length));
}

static void define_cfa(struct blob *b, unsigned reg, int64_t offset)
{
    put_8(b, CFA_DEFINE_SF);
    put_8(b, dwarf_register[reg]);
    put_signed(b, offset / DATA_ALIGNMENT);
}

static void put_common_entry(struct blob *b)
{
    size_t start = b->used;
    put_32(b, 0); /* length */
    put_32(b, 0); /* this is the common entry */
    put_8(b, 1);  /* version */
    put_8(b, 0);  /* no augmentation: addresses are absolute, eight bytes */
    put_8(b, 1);  /* code alignment */
    put_signed(b, DATA_ALIGNMENT);
    put_8(b, DWARF_RETURN_ADDRESS);
    define_cfa(b, PE_RSP, 8);
    put_8(b, 0x80 | DWARF_RETURN_ADDRESS); /* saved at CFA + 1 * alignment */
    put_8(b, 1);
    close_entry(b, start);
}

static size_t open_description(struct blob *b, const struct pe_code *code, uint32_t begin, uint32_t end)
{
    size_t start = b->used;
    b->descriptions++;
    put_32(b, 0);
    put_32(b, (uint32_t)(b->used)); /* back to the common entry, which stands first */
    put_64(b, (uint64_t)(uintptr_t)code->base + begin);
    put_64(b, end - begin);
    return start;
}

static bool is_full(const struct blob *b)
{
    return b->descriptions >= MAX_DESCRIPTIONS || b->used >= MAX_BLOB;
}

/* Bytes between the return address and rsp once the whole prologue has run. Places that the prologue stores to
 * are counted from there, or from where the frame register was taken. */
static int64_t depth_of_saves(const struct pe_prologue *p)
{
    int64_t depth = 0;
    for (unsigned i = p->steps; i-- > 0;) {
        if (p->step[i].kind == PE_STEP_PUSH || p->step[i].kind == PE_STEP_ALLOCATE)
            depth += p->step[i].value;
        else if (p->step[i].kind == PE_STEP_SET_FRAME)
            return depth;
    }
    return depth;
}

/* A row for every step, in the order of execution. */
static void put_function(struct blob *b, const struct pe_code *code, const struct pe_function *f,
                         const struct pe_prologue *p)
{
    int64_t depth = 0, saves = depth_of_saves(p);
    unsigned at = 0;
    bool framed = false; /* the frame register holds the CFA from now on */
    size_t start = open_description(b, code, f->begin, f->end);

    for (unsigned i = p->steps; i-- > 0;) {
        const struct pe_step *step = &p->step[i];
        if (step->offset > at && step->offset - at < 64) {
            put_8(b, CFA_ADVANCE | (step->offset - at));
        } else if (step->offset > at) {
            put_8(b, CFA_ADVANCE_1);
            put_8(b, step->offset - at);
        }
        at = step->offset;
        int64_t place = 0;
        switch (step->kind) {
        case PE_STEP_PUSH:
        case PE_STEP_ALLOCATE:
            depth += step->value;
            if (!framed)
                define_cfa(b, PE_RSP, depth + 8);
            place = -8 - depth;
            break;
        case PE_STEP_SET_FRAME:
            define_cfa(b, step->reg, depth + 8 - (int64_t)step->value);
            framed = true;
            break;
        case PE_STEP_SAVE:
            place = (int64_t)step->value - 8 - saves;
            break;
        }
        if (step->kind == PE_STEP_PUSH || step->kind == PE_STEP_SAVE) {
            put_8(b, CFA_OFFSET_EXTENDED_SF);
            put_8(b, dwarf_register[step->reg]);
            put_signed(b, place / DATA_ALIGNMENT);
        }
    }
    close_entry(b, start);
}

/* ---- code outside the table ------------------------------------------------------------------- */

static void put_gap(struct blob *b, const struct pe_code *code, const struct pe_section_range *sections, unsigned count,
                    uint32_t begin, uint32_t end)
{
    for (unsigned i = 0; i < count && !is_full(b); i++) {
        if ((sections[i].flags & PE_SECTION_EXECUTE) == 0)
            continue;
        uint32_t from = begin > sections[i].begin ? begin : sections[i].begin;
        uint32_t to = end < sections[i].end ? end : sections[i].end;
        if (from < to)
            close_entry(b, open_description(b, code, from, to));
    }
}

void *pe_call_frames(const uint8_t *base, size_t size, uint32_t exception_rva, uint32_t exception_size)
{
    const struct pe_unwind_image image = {base, size, exception_rva, exception_size};
    struct pe_section_range sections[PE_MAX_SECTIONS];
    struct pe_prologue prologue;
    struct pe_function f;
    struct pe_code code;
    struct blob blob = {.bytes = NULL};
    uint32_t done = 0; /* everything below is described or left out */

    if (!pe_unwind_table(&image, &code))
        return NULL;
    unsigned count = pe_sections(&code, sections);
    put_common_entry(&blob);
    for (uint32_t i = 0; i < code.function_count && !is_full(&blob); i++) {
        if (!pe_function_read(&code, i, &f) || f.begin < done)
            continue; /* outside the image, out of order or overlapping */
        put_gap(&blob, &code, sections, count, done, f.begin);
        if (!is_full(&blob) && pe_prologue_read(&code, &f, &prologue))
            put_function(&blob, &code, &f, &prologue);
        done = f.end;
    }
    put_gap(&blob, &code, sections, count, done, (uint32_t)size);
    if (blob.descriptions == 0) {
        free(blob.bytes);
        return NULL;
    }
    put_32(&blob, 0);
    return blob.bytes;
}
