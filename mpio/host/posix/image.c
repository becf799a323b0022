/* SPDX-License-Identifier: MIT */
/*
 * PE images that mpio/load has mapped: announced to the compiler's unwinder, to host_locate, and to a
 * debugger, which stops at two functions here (tools/gdb/openmpio.py). The list belongs to the
 * thread, like the world whose machines the images serve; the fault handler of the same thread reads it.
 */
#define _GNU_SOURCE
#include "host/pe_code.h"
#include "host/posix/image.h"
#include "host/posix/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* libgcc's registry of call frame information; published in its unwind-dw2-fde.h. */
void __register_frame(void *frames);
void __deregister_frame(void *frames);
const void *_Unwind_Find_FDE(void *pc, void *bases);

/* Nothing but a place for breakpoints. The arguments are read from the registers. */
__attribute__((noinline)) void mpio_image_mapped(const char *path, void *base, uint64_t linked_base)
{
    __asm__ volatile("" : : "r"(path), "r"(base), "r"(linked_base) : "memory");
}

__attribute__((noinline)) void mpio_image_unmapped(void *base)
{
    __asm__ volatile("" : : "r"(base) : "memory");
}

bool host_image_add(const struct host_image *image)
{
    struct host_image_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL)
        return host_fail(ENOMEM, "no memory to note the image %s", image->path);
    entry->image = *image;
    entry->next = host_state.images;
    if (image->call_frames != NULL) {
        void *bases[3];
        __register_frame((void *)(uintptr_t)image->call_frames);
        /* The registry sorts at the first look-up and allocates for it: not in a signal handler. */
        _Unwind_Find_FDE(image->base, bases);
    }
    host_state.images = entry;
    mpio_image_mapped(image->path, image->base, image->linked_base);
    return true;
}

void host_image_remove(void *base)
{
    for (struct host_image_entry **link = &host_state.images; *link != NULL; link = &(*link)->next) {
        struct host_image_entry *entry = *link;
        if (entry->image.base != base)
            continue;
        mpio_image_unmapped(base);
        *link = entry->next;
        if (entry->image.call_frames != NULL)
            __deregister_frame((void *)(uintptr_t)entry->image.call_frames);
        free(entry);
        return;
    }
}

const struct host_image *host_image_find(uintptr_t pc)
{
    for (const struct host_image_entry *entry = host_state.images; entry != NULL; entry = entry->next)
        if (pc - (uintptr_t)entry->image.base < entry->image.size)
            return &entry->image;
    return NULL;
}

#if defined(__x86_64__)
static const int registers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

bool host_image_finish_function(ucontext_t *u, const char *low, const char *high)
{
    greg_t *r = u->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)r[REG_RIP];
    const struct host_image *image = host_image_find(pc);
    struct pe_epilogue rest;
    if (image == NULL || image->functions == NULL)
        return false;
    const struct pe_code code = {image->base, image->size, image->functions, image->function_count};
    if (!pe_epilogue_find(&code, (uint32_t)(pc - (uintptr_t)image->base), &rest))
        return false;
    uintptr_t sp = (uintptr_t)r[registers[rest.base]] + (uintptr_t)(intptr_t)rest.adjust;
    if (sp < (uintptr_t)low || sp > (uintptr_t)high || (rest.pops + 1) * sizeof(uint64_t) > (uintptr_t)high - sp)
        return false;
    const uint64_t *stack = (const uint64_t *)sp;
    for (unsigned i = 0; i < rest.pops; i++)
        r[registers[rest.pop[i]]] = (greg_t)*stack++;
    r[REG_RSP] = (greg_t)(uintptr_t)(stack + 1);
    r[REG_RIP] = (greg_t)(*stack - 1);
    return true;
}
#elif defined(__i386__)
/* Frames are found by ebp. A function has none of its own before `push ebp; mov ebp, esp` (Microsoft's begin with a
 * `mov edi, edi`) and at its `ret`: there the return address is on top of the stack, or behind the saved ebp. */
bool host_image_finish_function(ucontext_t *u, const char *low, const char *high)
{
    greg_t *r = u->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)r[REG_EIP], sp = (uintptr_t)r[REG_ESP];
    const struct host_image *image = host_image_find(pc);
    if (image == NULL)
        return false;
    const struct pe_code code = {.base = image->base, .size = image->size};
    uint32_t rva = (uint32_t)(pc - (uintptr_t)image->base);
    if (rva == 0 || !pe_readable(&code, rva - 1, 4))
        return false;
    const uint8_t *at = code.base + rva;
    bool enters = at[0] == 0x55 || (at[0] == 0x8B && at[1] == 0xFF && at[2] == 0x55);
    bool has_pushed = at[-1] == 0x55 && ((at[0] == 0x89 && at[1] == 0xE5) || (at[0] == 0x8B && at[1] == 0xEC));
    bool leaves = at[0] == 0xC3 || at[0] == 0xC2;
    if (!enters && !has_pushed && !leaves)
        return false;
    sp += has_pushed ? 4 : 0;
    if (sp < (uintptr_t)low || sp > (uintptr_t)high - sizeof(uint32_t))
        return false;
    r[REG_EIP] = (greg_t)(*(const uint32_t *)sp - 1);
    r[REG_ESP] = (greg_t)(sp + sizeof(uint32_t));
    return true;
}
#else
bool host_image_finish_function(ucontext_t *u, const char *low, const char *high)
{
    (void)u, (void)low, (void)high;
    return false;
}
#endif
