/* SPDX-License-Identifier: MIT */
/*
 * See emulate.h. The rows below are the loads that C compilers make; a store has no row, so it stays a fault. Runs on the
 * stack of the driver's code, as an ordinary function.
 */
#include "host/emulate.h"

#include <string.h>

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

enum operation {
    LOAD, ADD, OR, ADC, SBB, AND, SUB, XOR, COMPARE, /* ADD ... COMPARE in the order of their opcodes */
    TEST, MULTIPLY, SSE_LOAD, REVERSED_COMPARE /* memory minus register or immediate */
};

struct cursor {
    const uint8_t *code;
    size_t left;
    unsigned used;
    bool short_of_bytes;
    bool absolute; /* the operand is [constant] or [index + constant] */
};

static uint8_t next(struct cursor *c)
{
    if (c->used == c->left) {
        c->short_of_bytes = true;
        return 0;
    }
    return c->code[c->used++];
}

static uint64_t next_value(struct cursor *c, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)next(c) << 8 * i;
    return value;
}

static uint64_t sign_extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;
    return shift == 0 ? value : (uint64_t)((int64_t)(value << shift) >> shift);
}

struct prefixes {
    bool operand_16, f2, f3, gs, ds, rex_given;
    uint8_t rex;
};

static uint8_t read_prefixes(struct cursor *c, struct prefixes *p)
{
    for (;;) {
        uint8_t byte = next(c);
        switch (byte) {
        case 0x66: p->operand_16 = true; continue;
        case 0xF2: p->f2 = true; continue;
        case 0xF3: p->f3 = true; continue;
        case 0x65: p->gs = true; continue;
        case 0x3E: p->ds = true; continue;
        case 0x26: case 0x2E: case 0x36: continue; /* mean nothing in this mode */
        }
        if ((byte & 0xF0) != 0x40)
            return byte;
        p->rex = byte & 15;
        p->rex_given = true;
        return next(c);
    }
}

/* The operand behind ModRM; false when it is a register. `tail`: bytes of an immediate that follows, for rip-relative ones. */
static bool read_operand(struct cursor *c, const struct prefixes *p, const struct host_registers *r, unsigned tail, unsigned *reg,
                         unsigned *rm, uint64_t *address)
{
    uint8_t modrm = next(c);
    unsigned mode = modrm >> 6;

    *reg = (modrm >> 3 & 7) | (p->rex & REX_R ? 8 : 0);
    *rm = (modrm & 7) | (p->rex & REX_B ? 8 : 0);
    if (mode == 3)
        return false;
    uint64_t base = 0;
    bool relative = false, absolute = false;
    if ((modrm & 7) == 4) {
        uint8_t sib = next(c);
        unsigned index = (sib >> 3 & 7) | (p->rex & REX_X ? 8 : 0), from = (sib & 7) | (p->rex & REX_B ? 8 : 0);
        absolute = (sib & 7) == 5 && mode == 0;
        base = absolute ? 0 : r->general[from];
        if (index != 4)
            base += r->general[index] << (sib >> 6);
    } else if ((modrm & 7) == 5 && mode == 0) {
        relative = true;
    } else {
        base = r->general[*rm];
    }
    if (mode == 1)
        base += sign_extend(next(c), 1);
    else if (mode == 2 || relative || absolute)
        base += sign_extend(next_value(c, 4), 4);
    if (relative)
        base += r->rip + c->used + tail;
    c->absolute = absolute;
    *address = base;
    return true;
}

/* ---- two-byte opcodes ------------------------------------------------------------------------------ */

static void decode_cr(struct cursor *c, const struct prefixes *p, uint8_t opcode, struct emulate_instruction *i)
{
    uint8_t modrm = next(c);
    unsigned cr = (modrm >> 3 & 7) | (p->rex & REX_R ? 8 : 0);

    i->reg = (uint8_t)((modrm & 7) | (p->rex & REX_B ? 8 : 0));
    i->kind = EMULATE_PRIVILEGED;
    i->name = opcode & 1 ? "mov of a debug register" : "mov of a control register other than cr8";
    if (cr == 8 && (opcode & 1) == 0)
        i->kind = opcode == 0x20 ? EMULATE_READ_CR8 : EMULATE_WRITE_CR8;
}

static void decode_system(struct cursor *c, struct emulate_instruction *i, uint8_t opcode)
{
    static const char *const group_7[] = {"sgdt", "sidt", "lgdt", "lidt", "smsw", NULL, "lmsw", "invlpg"};
    uint8_t modrm;

    i->kind = EMULATE_PRIVILEGED;
    switch (opcode) {
    case 0x00:
        modrm = next(c);
        i->name = (modrm >> 3 & 7) == 2 ? "lldt" : (modrm >> 3 & 7) == 3 ? "ltr" : NULL;
        break;
    case 0x01:
        modrm = next(c);
        i->name = modrm == 0xF8 ? "swapgs" : modrm == 0xD1 ? "xsetbv" : group_7[modrm >> 3 & 7];
        break;
    case 0x06: i->name = "clts"; break;
    case 0x08: i->name = "invd"; break;
    case 0x09: i->name = "wbinvd"; break;
    case 0x30: i->name = "wrmsr"; break;
    case 0x32: i->name = "rdmsr"; break;
    case 0x33: i->name = "rdpmc"; break;
    }
    if (i->name == NULL)
        i->kind = EMULATE_OTHER;
}

static void memory_operand(struct cursor *c, const struct prefixes *p, const struct host_registers *r, struct emulate_instruction *i)
{
    unsigned reg, rm;

    if (!read_operand(c, p, r, 0, &reg, &rm, &i->address))
        i->kind = EMULATE_OTHER;
    i->reg = (uint8_t)reg;
}

static unsigned operand_size(const struct prefixes *p)
{
    return p->rex & REX_W ? 8 : p->operand_16 ? 2 : 4;
}

static void load(struct emulate_instruction *i, enum operation operation, unsigned width, unsigned result)
{
    i->kind = EMULATE_LOAD;
    i->operation = (uint8_t)operation;
    i->width = width;
    i->result = (uint8_t)result;
}

static void decode_0f(struct cursor *c, const struct prefixes *p, const struct host_registers *r, struct emulate_instruction *i)
{
    uint8_t opcode = next(c);

    switch (opcode) {
    case 0x20: case 0x21: case 0x22: case 0x23:
        decode_cr(c, p, opcode, i);
        return;
    case 0xB6: load(i, LOAD, 1, operand_size(p)); break;                 /* movzx */
    case 0xB7: load(i, LOAD, 2, operand_size(p)); break;
    case 0xBE: load(i, LOAD, 1, operand_size(p)); i->sign = true; break; /* movsx */
    case 0xBF: load(i, LOAD, 2, operand_size(p)); i->sign = true; break;
    case 0xAF: load(i, MULTIPLY, operand_size(p), operand_size(p)); break;
    case 0x10: load(i, SSE_LOAD, p->f3 ? 4 : p->f2 ? 8 : 16, 16); break; /* movss, movsd, movups, movupd */
    case 0x28: load(i, SSE_LOAD, 16, 16); break;                         /* movaps, movapd */
    case 0x6E:
        if (p->operand_16)
            load(i, SSE_LOAD, p->rex & REX_W ? 8 : 4, 16);               /* movd, movq */
        break;
    case 0x6F:
        if (p->operand_16 || p->f3)
            load(i, SSE_LOAD, 16, 16);                                   /* movdqa, movdqu */
        break;
    case 0x7E:
        if (p->f3)
            load(i, SSE_LOAD, 8, 16);                                    /* movq */
        break;
    default:
        decode_system(c, i, opcode);
        return;
    }
    if (i->kind == EMULATE_LOAD)
        memory_operand(c, p, r, i);
}

/* ---- one-byte opcodes ------------------------------------------------------------------------------- */

/* cmp and test of memory with a constant. */
static void decode_immediate(struct cursor *c, const struct prefixes *p, const struct host_registers *r, uint8_t opcode,
                             struct emulate_instruction *i)
{
    unsigned width = opcode & 1 ? operand_size(p) : 1, wanted = opcode >= 0xF0 ? 0 : 7;
    unsigned bytes = opcode == 0x83 ? 1 : width > 4 ? 4 : width, group, rm;

    if (!read_operand(c, p, r, bytes, &group, &rm, &i->address) || (group & 7) != wanted)
        return;
    load(i, wanted == 0 ? TEST : REVERSED_COMPARE, width, width);
    i->immediate_given = true;
    i->immediate = sign_extend(next_value(c, bytes), bytes);
}

static void decode_moffs(struct cursor *c, const struct prefixes *p, uint8_t opcode, struct emulate_instruction *i)
{
    unsigned width = opcode & 1 ? operand_size(p) : 1;

    load(i, LOAD, width, width);
    i->address = next_value(c, 8);
    i->reg = HOST_RAX;
}

static void decode_multiply(struct cursor *c, const struct prefixes *p, const struct host_registers *r, uint8_t opcode,
                            struct emulate_instruction *i)
{
    unsigned width = operand_size(p), bytes = opcode == 0x6B ? 1 : width > 4 ? 4 : width, reg, rm;

    if (!read_operand(c, p, r, bytes, &reg, &rm, &i->address))
        return;
    load(i, MULTIPLY, width, width);
    i->reg = (uint8_t)reg;
    i->immediate_given = true;
    i->immediate = sign_extend(next_value(c, bytes), bytes);
}

static const char *privileged(uint8_t opcode)
{
    switch (opcode) {
    case 0xF4: return "hlt";
    case 0xFA: return "cli";
    case 0xFB: return "sti";
    case 0x6C: case 0x6D: return "ins";
    case 0x6E: case 0x6F: return "outs";
    case 0xE4: case 0xE5: case 0xEC: case 0xED: return "in";
    case 0xE6: case 0xE7: case 0xEE: case 0xEF: return "out";
    case 0xCF: return "iretq";
    default: return NULL;
    }
}

static void decode_one(struct cursor *c, const struct prefixes *p, const struct host_registers *r, uint8_t opcode,
                       struct emulate_instruction *i)
{
    unsigned size = operand_size(p);

    if (opcode < 0x40 && (opcode & 6) == 2) { /* add ... cmp reg, memory */
        unsigned width = opcode & 1 ? size : 1;
        load(i, (enum operation)(ADD + (opcode >> 3)), width, width);
    } else if (opcode == 0x38 || opcode == 0x39) {
        load(i, REVERSED_COMPARE, opcode & 1 ? size : 1, size);
    } else if (opcode == 0x84 || opcode == 0x85) {
        load(i, TEST, opcode & 1 ? size : 1, size);
    } else if (opcode == 0x8A || opcode == 0x8B) {
        load(i, LOAD, opcode & 1 ? size : 1, opcode & 1 ? size : 1);
    } else if (opcode == 0x63) { /* movsxd */
        load(i, LOAD, size == 2 ? 2 : 4, size);
        i->sign = true;
    } else if (opcode == 0x80 || opcode == 0x81 || opcode == 0x83 || opcode == 0xF6 || opcode == 0xF7) {
        decode_immediate(c, p, r, opcode, i);
        return;
    } else if (opcode == 0x69 || opcode == 0x6B) {
        decode_multiply(c, p, r, opcode, i);
        return;
    } else if (opcode >= 0xA0 && opcode <= 0xA1) {
        decode_moffs(c, p, opcode, i);
        return;
    } else if (opcode == 0xCC) {
        i->kind = EMULATE_INTERRUPT;
        i->vector = 3;
        return;
    } else if (opcode == 0xCD) {
        i->kind = EMULATE_INTERRUPT;
        i->vector = next(c);
        return;
    } else {
        i->name = privileged(opcode);
        i->kind = i->name != NULL ? EMULATE_PRIVILEGED : EMULATE_OTHER;
        return;
    }
    memory_operand(c, p, r, i);
}

void emulate_decode(const struct host_registers *r, const uint8_t *code, size_t available, struct emulate_instruction *i)
{
    struct cursor c = {.code = code, .left = available < EMULATE_MAX_LENGTH ? available : EMULATE_MAX_LENGTH};
    struct prefixes p = {.rex = 0};

    *i = (struct emulate_instruction){.kind = EMULATE_OTHER};
    uint8_t opcode = read_prefixes(&c, &p);
    if (opcode == 0x0F)
        decode_0f(&c, &p, r, i);
    else
        decode_one(&c, &p, r, opcode, i);
    if (c.short_of_bytes)
        i->kind = EMULATE_OTHER;
    i->gs = p.gs || (p.ds && c.absolute); /* pe_patch.c writes the second for the first */
    i->length = c.used;
    /* Without a REX prefix the byte registers 4 to 7 are ah, ch, dh, bh. */
    i->legacy_byte = !p.rex_given && i->reg >= 4 && i->operation != SSE_LOAD &&
                     (i->operation == LOAD ? i->result == 1 : i->width == 1) && !i->immediate_given;
}

/* ---- carrying out ------------------------------------------------------------------------------------ */

static uint64_t get(const struct host_registers *r, const struct emulate_instruction *i, unsigned bytes)
{
    uint64_t value = i->legacy_byte ? r->general[i->reg - 4] >> 8 : r->general[i->reg];
    return bytes == 8 ? value : value & ((1ull << 8 * bytes) - 1);
}

static void set(struct host_registers *r, const struct emulate_instruction *i, uint64_t value, unsigned bytes)
{
    uint64_t *to = &r->general[i->legacy_byte ? i->reg - 4 : i->reg];
    unsigned shift = i->legacy_byte ? 8 : 0;

    if (bytes >= 4) {
        *to = bytes == 8 ? value : (uint32_t)value; /* 32-bit results clear the upper half */
        return;
    }
    uint64_t mask = ((1ull << 8 * bytes) - 1) << shift;
    *to = (*to & ~mask) | (value << shift & mask);
}

/* The processor itself makes the flags. Narrow operands are worked on in the upper bits of the register, where the flags
 * of 64-bit arithmetic are theirs - but for parity and the half carry, which hardly any compiler reads. */
#define STATUS_FLAGS 0x8D5ull /* carry, parity, half carry, zero, sign, overflow */
#define CARRY        1ull

static uint64_t arithmetic(struct host_registers *r, enum operation operation, uint64_t a, uint64_t b, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;
    uint64_t flags = 0, x = a << shift, y = b << shift;

    if (operation == ADC || operation == SBB) { /* with a carry in: do it bit-true in the narrow type */
        uint64_t carry = r->flags & CARRY, whole, sign = 1ull << (8 * bytes - 1), mask = sign | (sign - 1);
        whole = operation == ADC ? a + b + carry : a - b - carry;
        bool carried = operation == ADC ? (bytes == 8 ? whole < a || (carry && whole == a) : whole > mask)
                                        : a < b || (carry && a == b);
        whole &= mask;
        bool overflow = operation == ADC ? (~(a ^ b) & (a ^ whole) & sign) != 0 : ((a ^ b) & (a ^ whole) & sign) != 0;
        flags = (carried ? CARRY : 0) | (whole == 0 ? 0x40 : 0) | (whole & sign ? 0x80 : 0) | (overflow ? 0x800 : 0);
        r->flags = (r->flags & ~STATUS_FLAGS) | flags;
        return whole;
    }
#if defined(__x86_64__)
#define DO(instruction) __asm__(instruction " %2, %0\n\tlahf\n\tseto %%al" : "+r"(x), "=&a"(flags) : "r"(y) : "cc")
    switch (operation) {
    case ADD: DO("addq"); break;
    case OR: DO("orq"); break;
    case AND: case TEST: DO("andq"); break;
    case XOR: DO("xorq"); break;
    default: DO("subq"); break;
    }
#endif
    flags = (flags >> 8 & 0xD5) | (flags & 1) << 11; /* ah has all but the overflow flag, al that one */
    r->flags = (r->flags & ~STATUS_FLAGS) | flags;
    return x >> shift;
}

static void multiply(struct host_registers *r, const struct emulate_instruction *i, uint64_t a, uint64_t b)
{
    int64_t low;
    bool wide = __builtin_mul_overflow((int64_t)sign_extend(a, i->width), (int64_t)sign_extend(b, i->width), &low);

    wide = wide || (int64_t)sign_extend((uint64_t)low, i->width) != low;
    set(r, i, (uint64_t)low, i->result);
    r->flags = (r->flags & ~(CARRY | 0x800ull)) | (wide ? CARRY | 0x800 : 0);
}

void emulate_load(struct host_registers *r, const struct emulate_instruction *i, const void *memory)
{
    uint64_t value = 0, other = i->immediate;

    r->rip += i->length;
    if (i->operation == SSE_LOAD) {
        memset(r->xmm[i->reg], 0, sizeof(r->xmm[0]));
        memcpy(r->xmm[i->reg], memory, i->width);
        return;
    }
    memcpy(&value, memory, i->width);
    if (!i->immediate_given)
        other = get(r, i, i->width);
    else if (i->width < 8)
        other &= (1ull << 8 * i->width) - 1;
    switch (i->operation) {
    case LOAD:
        set(r, i, i->sign ? sign_extend(value, i->width) : value, i->result);
        break;
    case REVERSED_COMPARE:
        arithmetic(r, COMPARE, value, other, i->width);
        break;
    case COMPARE: case TEST:
        arithmetic(r, (enum operation)i->operation, other, value, i->width);
        break;
    case MULTIPLY:
        multiply(r, i, value, other);
        break;
    default:
        set(r, i, arithmetic(r, (enum operation)i->operation, other, value, i->width), i->width);
        break;
    }
}
