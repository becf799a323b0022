/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: function tables and unwind information. The input is the sections of an image; the exception
 * directory and the address to unwind from are its first words. What comes out as call frames must be
 * well-formed; what one frame reads must be the image and the stack.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/pe_code.h"
#include "load/pe_unwind.h"

#define SECTION_AT 4096u
#define LIMIT      65536u

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void put_headers(uint8_t *image, uint32_t bytes)
{
    uint32_t words[][2] = {{60, 64}, {64 + 84, SECTION_AT}, {328 + 8, bytes}, {328 + 12, SECTION_AT}, {328 + 36, 0x60000020}};
    image[64 + 6] = 1;
    image[64 + 20] = 240;
    for (unsigned i = 0; i < 5; i++)
        memcpy(image + words[i][0], &words[i][1], 4);
}

static void check_frames(const uint8_t *image, size_t size, uint32_t rva, uint32_t bytes)
{
    uint8_t *frames = pe_call_frames(image, size, rva, bytes), *at = frames;
    uint64_t end = (uint64_t)(uintptr_t)image, begin, length;
    for (; frames && u32(at) != 0; at += 4 + u32(at)) {
        if (u32(at + 4) == 0)
            continue;
        memcpy(&begin, at + 8, 8);
        memcpy(&length, at + 16, 8);
        if (u32(at + 4) != (uint32_t)(at + 4 - frames) || begin < end || length == 0 || begin + length > (uint64_t)(uintptr_t)image + size)
            abort(); /* ascending, inside, not overlapping */
        end = begin + length;
    }
    free(frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
    uint64_t stack[32];
    struct pe_unwind_result out;
    if (length < 16 || length > LIMIT)
        return 0;
    size_t size = SECTION_AT + length;
    uint8_t *image = calloc(1, size);
    put_headers(image, (uint32_t)length);
    memcpy(image + SECTION_AT, data, length);
    uint32_t rva = u32(data) % (uint32_t)(size + 16), bytes = u32(data + 4) % (uint32_t)(length + 16), from = u32(data + 8);
    const struct pe_unwind_image whole = {image, size, rva, bytes};

    check_frames(image, size, rva, bytes);
    for (unsigned i = 0; i < 64; i++) {
        struct pe_registers r = {.rip = (uint64_t)(uintptr_t)image + (from + i) % (uint32_t)(size + 1),
                                 .stack_low = (uint64_t)(uintptr_t)stack,
                                 .stack_high = (uint64_t)(uintptr_t)(stack + 32)};
        for (unsigned k = 0; k < 16; k++)
            r.general[k] = (uint64_t)(uintptr_t)&stack[(data[12] + k) % 32];
        for (unsigned k = 0; k < 32; k++)
            stack[k] = (uint64_t)(uintptr_t)&stack[(k * 7 + i) % 32];
        pe_virtual_unwind(&whole, &r, &out);
        if (out.function != NULL && out.begin >= out.end)
            abort();
    }
    free(image);
    return 0;
}
