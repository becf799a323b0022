/* SPDX-License-Identifier: MIT */
/*
 * From file to memory image: sections copied, addresses relocated, the stack-protection cookie set. The
 * headers are known to be sound (pe_parse); tables inside the image are not. No state.
 */
#include "load/pe.h"

#include <string.h>

#define FAIL(...) pe_fail(why, why_size, __VA_ARGS__)

enum { RELOCATE_NOTHING = 0, RELOCATE_32 = 3, RELOCATE_64 = 10 };

static void relocate(uint8_t *at, unsigned type, uint64_t delta)
{
    if (type == RELOCATE_64)
        pe_put64(at, pe_u64(at) + delta);
    else
        pe_put32(at, pe_u32(at) + (uint32_t)delta);
}

static bool relocate_all(const struct pe_headers *pe, uint8_t *area, uint64_t delta, char *why, size_t why_size)
{
    uint32_t at = pe->directory[PE_RELOCATIONS].rva, left = pe->directory[PE_RELOCATIONS].size;

    while (left >= 8) {
        uint32_t page = pe_u32(area + at), size = pe_u32(area + at + 4);

        if (size < 8 || size % 2 != 0 || size > left)
            return FAIL("is damaged: a block of relocations at 0x%x of the image claims 0x%x of 0x%x bytes; build it again", at, size,
                        left);
        for (uint32_t i = 8; i < size; i += 2) {
            unsigned entry = pe_u16(area + at + i), type = entry >> 12;
            uint64_t target = (uint64_t)page + (entry & 0xFFF);

            if (type == RELOCATE_NOTHING)
                continue;
            if (type != RELOCATE_32 && type != RELOCATE_64)
                return FAIL("has a relocation of type %u at 0x%x of the image, which does not exist on this processor; build it again",
                            type, at + i);
            if (!pe_inside(target, type == RELOCATE_64 ? 8 : 4, pe->image_size))
                return FAIL("is damaged: the relocation at 0x%x of the image points to 0x%llx, outside its 0x%x bytes; build it again",
                            at + i, (unsigned long long)target, pe->image_size);
            relocate(area + target, type, delta);
        }
        at += size;
        left -= size;
    }
    return true;
}

bool pe_place(const struct pe_headers *pe, const uint8_t *bytes, uint8_t *area, uint64_t address, char *why, size_t why_size)
{
    memcpy(area, bytes, pe->header_size);
    for (unsigned i = 0; i < pe->section_count; i++)
        if (pe->section[i].file_size)
            memcpy(area + pe->section[i].rva, bytes + pe->section[i].file_offset, pe->section[i].file_size);
    return relocate_all(pe, area, address - pe->linked_base, why, why_size);
}

/* Any value but the linker's own one (0x2B992DDFA232, 0xBB40E64E for 32 bit) and 0 tells the image that its
 * loader set it. The same at every load: a world replays bit for bit. The upper 16 bits must be 0. */
#define COOKIE_64 0x00004F4D50494F21ull
#define COOKIE_32 0x4F4D5049u

bool pe_set_cookie(const struct pe_headers *pe, uint8_t *area, uint64_t address, char *why, size_t why_size)
{
    const uint32_t rva = pe->directory[PE_LOAD_CONFIG].rva, field = pe->wide ? 88 : 60, width = pe->wide ? 8 : 4;
    uint64_t cookie;

    /* The directory's size is that of an old structure in some images; the structure knows better. */
    if (rva == 0 || !pe_inside(rva, field + width, pe->image_size) || pe_u32(area + rva) < field + width)
        return true;
    cookie = pe->wide ? pe_u64(area + rva + field) : pe_u32(area + rva + field);
    if (cookie == 0)
        return true;
    if (cookie < address || !pe_inside(cookie - address, width, pe->image_size))
        return FAIL("is damaged: its load configuration at 0x%x of the image places the security cookie at 0x%llx, outside the image; "
                    "build it again", rva, (unsigned long long)cookie);
    if (pe->wide)
        pe_put64(area + (cookie - address), COOKIE_64);
    else
        pe_put32(area + (cookie - address), COOKIE_32);
    return true;
}
