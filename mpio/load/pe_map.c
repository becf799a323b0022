/* SPDX-License-Identifier: MIT */
/*
 * A PE image in memory, ready to run. Slots are tried from the bottom of the window, never at random: the same order of
 * loading gives the same addresses on every host. Protections follow the sections; nothing is writable and executable.
 */
#include "load/pe.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "load/pe_unwind.h"

#define FAIL(...) pe_fail(why, why_size, __VA_ARGS__)
#define FUNCTION_SIZE 12u /* an entry of the x64 function table */

static uint8_t *next_slot(size_t size)
{
    for (uint64_t at = PE_WINDOW_BASE; at + size <= (uint64_t)PE_WINDOW_BASE + PE_WINDOW_SIZE; at += PE_SLOT) {
        uint8_t *base = host_map_at(at, size);

        if (base)
            return base;
    }
    return NULL;
}

static enum host_access access_of(uint32_t flags)
{
    if (flags & PE_EXECUTE)
        return HOST_READ_EXECUTE; /* a writable one is discardable (INIT): written by its loader only */
    return flags & PE_WRITE ? HOST_READ_WRITE : HOST_READ;
}

static size_t pages(size_t bytes)
{
    return (bytes + PE_PAGE - 1) & ~(size_t)(PE_PAGE - 1);
}

static bool protect(const struct pe_headers *pe, uint8_t *base)
{
    bool ok = host_protect(base, pe->image_size, HOST_NONE) && host_protect(base, pages(pe->header_size), HOST_READ);

    for (unsigned i = 0; i < pe->section_count && ok; i++)
        ok = host_protect(base + pe->section[i].rva, pages(pe->section[i].memory_size), access_of(pe->section[i].flags));
    return ok;
}

/* Makes call stacks, faults and source lines work. */
static bool announce(const struct pe_headers *pe, struct pe_image *image)
{
    struct host_image told = {
        .base = image->base,
        .size = image->size,
        .path = image->path,
        .linked_base = pe->linked_base,
    };

    if (pe->machine == PE_MACHINE_AMD64 && pe->directory[PE_EXCEPTIONS].rva) {
        told.functions = image->base + pe->directory[PE_EXCEPTIONS].rva;
        told.function_count = pe->directory[PE_EXCEPTIONS].size / FUNCTION_SIZE;
    }
#if defined(__i386__)
    image->call_frames = pe_call_frames_x86(image->base, image->size);
    told.call_frames = image->call_frames;
#elif !defined(_WIN32)
    image->call_frames = pe_call_frames(image->base, image->size, pe->directory[PE_EXCEPTIONS].rva, pe->directory[PE_EXCEPTIONS].size);
    told.call_frames = image->call_frames;
#endif
    return host_image_add(&told);
}

bool pe_open(const uint8_t *bytes, size_t length, const char *path, const struct pe_exporter *exporter, struct pe_image *image,
             char *why, size_t why_size)
{
    struct pe_headers pe;

    memset(image, 0, sizeof *image);
    if (!pe_parse(bytes, length, PE_THIS_MACHINE, &pe, why, why_size))
        return false;
    uint8_t *base = next_slot(pe.image_size);
    if (!base)
        return FAIL("does not fit: no 0x%x bytes are free from 0x%x on, where PE images run; load fewer of them", pe.image_size,
                    PE_WINDOW_BASE);
    uint64_t address = (uint64_t)(uintptr_t)base;
    if (!pe_place(&pe, bytes, base, address, why, why_size) || !pe_set_cookie(&pe, base, address, why, why_size) ||
        !pe_bind(&pe, base, exporter, why, why_size))
        goto unmap;
#if defined(_WIN32)
    pe_patch_gs(&pe, base);
#endif
    if (!protect(&pe, base)) {
        FAIL("cannot be protected: %s", host_error());
        goto unmap;
    }
    image->path = malloc(strlen(path) + 1);
    if (!image->path)
        abort();
    strcpy(image->path, path);
    image->base = base;
    image->size = pe.image_size;
    image->entry = base + pe.entry;
    if (announce(&pe, image))
        return true;
    FAIL("cannot be announced to the host: %s", host_error());
    free(image->call_frames);
    free(image->path);
    memset(image, 0, sizeof *image);
unmap:
    host_unmap(base, pe.image_size);
    return false;
}

void pe_close(struct pe_image *image)
{
    if (!image->base)
        return;
    host_image_remove(image->base);
    host_unmap(image->base, image->size);
    free(image->call_frames);
    free(image->path);
    memset(image, 0, sizeof *image);
}
