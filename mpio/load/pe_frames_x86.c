/* SPDX-License-Identifier: MIT */
/*
 * Call frames of x86 images. Their format knows no unwind tables; but drivers are compiled with frame pointers (/Oy-, the
 * WDK's setting, and ddk/dsm.mk's): a function that calls has its caller's ebp at ebp and the return address behind it. That
 * is said once per executable section, as DWARF call frame information for the unwinder of the host's compiler. Where an
 * interrupted function has no frame yet, or none any more, host/posix/image.c looks at the instructions. Pure; no state.
 */
#if defined(__i386__)

#include "load/pe_unwind.h"

#include <stdlib.h>
#include <string.h>

#include "host/pe_code.h"

enum { DWARF_EBP = 5, DWARF_RETURN_ADDRESS = 8, CFA_DEFINE = 0x0C, CFA_OFFSET = 0x80 };

#define COMMON_BYTES      20u /* with the length, which does not count itself */
#define DESCRIPTION_BYTES 16u

static uint8_t *put_32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
    return at + sizeof(value);
}

void *pe_call_frames_x86(const uint8_t *base, size_t size)
{
    static const uint8_t common[COMMON_BYTES - 8] = {
        1, 0,                                 /* version, no augmentation: addresses are absolute, four bytes */
        1, 0x7C, DWARF_RETURN_ADDRESS,        /* code alignment, data alignment -4 */
        CFA_DEFINE, DWARF_EBP, 8,             /* the frame address is ebp + 8 */
        CFA_OFFSET | DWARF_RETURN_ADDRESS, 1, /* saved at that - 4 */
        CFA_OFFSET | DWARF_EBP, 2,
    };
    const struct pe_code code = {.base = base, .size = size};
    struct pe_section_range sections[PE_MAX_SECTIONS];
    unsigned count = pe_sections(&code, sections);
    uint8_t *frames = malloc(COMMON_BYTES + count * DESCRIPTION_BYTES + 4), *at = frames;

    if (frames == NULL)
        abort();
    at = put_32(put_32(at, COMMON_BYTES - 4), 0);
    memcpy(at, common, sizeof(common));
    at += sizeof(common);
    for (unsigned i = 0; i < count; i++) {
        if ((sections[i].flags & PE_SECTION_EXECUTE) == 0)
            continue;
        at = put_32(at, DESCRIPTION_BYTES - 4);
        at = put_32(at, (uint32_t)(at - frames)); /* back to the common entry */
        at = put_32(at, (uint32_t)(uintptr_t)base + sections[i].begin);
        at = put_32(at, sections[i].end - sections[i].begin);
    }
    put_32(at, 0);
    return frames;
}

#endif
