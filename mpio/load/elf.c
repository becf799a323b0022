/* SPDX-License-Identifier: MIT */
/*
 * ELF drivers. The dynamic linker does the mapping; this file makes sure that it is handed
 * something sane (header checked by hand), gives each machine its own copy of the file - the linker
 * maps one inode only once - and turns the linker's answers into sentences.
 */
#include "load/elf_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of an ELF file header that decides whether the linker may see the file. Addresses and offsets have the
 * processor's width. */
struct elf_header {
    uint8_t magic[4], class, data, version, abi, pad[8];
    uint16_t type, machine;
    uint32_t object_version;
    uintptr_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_entry_size, program_entries, section_entry_size, section_entries, names;
};

#if UINTPTR_MAX > 0xFFFFFFFFu
struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};
#define ELF_THIS_CLASS 2
#else
struct elf_segment {
    uint32_t type, offset, address, physical, file_size, memory_size, flags, alignment;
};
#define ELF_THIS_CLASS 1
#endif

#define ELF_LOAD          1
#define ELF_LITTLE_ENDIAN 1
#define ELF_SHARED_OBJECT 3
#if defined(__x86_64__)
#define ELF_THIS_MACHINE 62
#elif defined(__aarch64__)
#define ELF_THIS_MACHINE 183
#elif defined(__i386__)
#define ELF_THIS_MACHINE 3
#else
#define ELF_THIS_MACHINE 0
#endif

static const char *what_is_wrong(const char *bytes, size_t length)
{
    const struct elf_header *h = (const void *)bytes;

    if (length < sizeof *h || memcmp(h->magic, "\177ELF", 4) != 0)
        return "is not an ELF file, nor a PE image; build the DSM with ddk/dsm.mk, which makes NAME.so and NAME.sys";
    if (h->class != ELF_THIS_CLASS || h->data != ELF_LITTLE_ENDIAN || h->machine != ELF_THIS_MACHINE)
        return "is built for another processor; rebuild it on this machine";
    if (h->type != ELF_SHARED_OBJECT)
        return "is not a shared object; link it with -shared (ddk/dsm.mk does)";
    if (h->program_headers > length || h->program_entry_size < sizeof(struct elf_segment) ||
        (uint64_t)h->program_entries * h->program_entry_size > length - h->program_headers)
        return "is truncated or damaged (program headers lie outside the file); build it again";
    for (unsigned i = 0; i < h->program_entries; i++) {
        struct elf_segment p;
        memcpy(&p, bytes + h->program_headers + (size_t)i * h->program_entry_size, sizeof p);
        if (p.type == ELF_LOAD && (p.offset > length || p.file_size > length - p.offset))
            return "is truncated (a segment lies beyond its end); build it again";
    }
    return NULL;
}

bool elf_open(const char *file, const char *bytes, size_t length, struct load_driver *driver, char *why, size_t why_size)
{
    const char *wrong = what_is_wrong(bytes, length);

    if (wrong) {
        snprintf(why, why_size, "%s: %s", file, wrong);
        return false;
    }
    driver->directory = host_temporary_directory();
    if (!driver->directory) {
        snprintf(why, why_size, "%s: no room for a private copy: %s", file, host_error());
        return false;
    }
    size_t size = strlen(driver->directory) + sizeof driver->service + 8;
    driver->copy = malloc(size);
    if (!driver->copy)
        abort();
    snprintf(driver->copy, size, "%s/%s.so", driver->directory, driver->service);
    if (!host_copy_file(file, driver->copy)) {
        snprintf(why, why_size, "%s: cannot be copied to %s: %s", file, driver->copy, host_error());
        goto failed;
    }
    driver->library = host_library_open(driver->copy);
    if (!driver->library) {
        char missing[1024];

        if (elf_missing(bytes, length, missing, sizeof missing))
            snprintf(why, why_size, "%s: uses what is not there: %s; ddk/lib/*.def list what is", file, missing);
        else
            snprintf(why, why_size, "%s: does not load: %s", file, host_error());
        goto failed;
    }
    driver->entry = host_library_symbol(driver->library, "DriverEntry");
    if (!driver->entry) {
        snprintf(why, why_size, "%s: exports no DriverEntry; is it a driver?", file);
        goto failed;
    }
    if (!host_library_range(driver->library, &driver->image.base, &driver->image.size)) {
        snprintf(why, why_size, "%s: %s", file, host_error());
        goto failed;
    }
    return true;

failed:
    elf_close(driver);
    return false;
}

void elf_close(struct load_driver *driver)
{
    if (driver->library)
        host_library_close(driver->library);
    if (driver->copy)
        host_remove_file(driver->copy);
    if (driver->directory)
        host_remove_file(driver->directory);
    free(driver->copy);
    free(driver->directory);
}
