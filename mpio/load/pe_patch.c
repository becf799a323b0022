/* SPDX-License-Identifier: MIT */
/*
 * Reads through gs for a host whose gs is in use: found by their bytes, which are too particular to be anything else - gs
 * prefix, an optional REX, a load, an absolute operand with the offset of a field that the kernel serves (nt/kpcr.c).
 * Pure; no state.
 */
#include "load/pe.h"

#define GS_PREFIX 0x65u
#define DS_PREFIX 0x3Eu

static bool is_field(uint32_t offset)
{
    static const uint16_t fields[] = {0x18, 0x20, 0x30, 0x60, 0x62, 0x184, 0x188, 0x198, 0x1A4};

    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i] == offset)
            return true;
    return false;
}

/* `code` has `left` bytes and begins with the prefix. */
static bool is_read(const uint8_t *code, uint32_t left)
{
    uint32_t at = 1;

    if (left < 10)
        return false;
    if ((code[at] & 0xF0) == 0x40)
        at++;
    if (code[at] == 0x0F && (code[at + 1] == 0xB6 || code[at + 1] == 0xB7))
        at += 2;
    else if (code[at] == 0x8A || code[at] == 0x8B)
        at += 1;
    else
        return false;
    return (code[at] & 0xC7) == 0x04 && code[at + 1] == 0x25 && is_field(pe_u32(code + at + 2));
}

unsigned pe_patch_gs(const struct pe_headers *pe, uint8_t *area)
{
    unsigned patched = 0;

    for (unsigned i = 0; i < pe->section_count && pe->machine == PE_MACHINE_AMD64; i++) {
        const struct pe_section *section = &pe->section[i];

        if ((section->flags & PE_EXECUTE) == 0)
            continue;
        for (uint32_t at = 0; at < section->file_size; at++) {
            uint8_t *code = area + section->rva + at;

            if (*code == GS_PREFIX && is_read(code, section->file_size - at)) {
                *code = DS_PREFIX;
                patched++;
            }
        }
    }
    return patched;
}
