/* SPDX-License-Identifier: MIT */
/*
 * The headers of a PE file, read once into struct pe_headers. Whatever it accepts can be laid out without
 * leaving the image or the file: sections ascend, do not overlap, and lie inside both. No state.
 */
#include "load/pe.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DOS_HEADER_SIZE  64u
#define FILE_HEADER_SIZE 24u    /* "PE\0\0" and the COFF header */
#define SECTION_SIZE     40u
#define MAGIC_PE32       0x10Bu
#define MAGIC_PE32_PLUS  0x20Bu
#define SUBSYSTEM_NATIVE 1u
#define ALIGNMENT_LIMIT  PE_SLOT

enum { RELOCATIONS_STRIPPED = 0x0001, EXECUTABLE = 0x0002, DLL = 0x2000 };
enum { DYNAMIC_BASE = 0x0040 };

bool pe_fail(char *why, size_t why_size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, why_size, format, list);
    va_end(list);
    return false;
}
#define FAIL(...) pe_fail(why, why_size, __VA_ARGS__)

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case PE_MACHINE_I386:
        return "x86 (32 bit)";
    case PE_MACHINE_AMD64:
        return "x64";
    case PE_MACHINE_ARM64:
        return "ARM64";
    case 0x01C0:
    case 0x01C4:
        return "ARM (32 bit)";
    case 0x0200:
        return "Itanium";
    default:
        return "another processor";
    }
}

static const char *subsystem_name(unsigned subsystem)
{
    switch (subsystem) {
    case 2:
        return "a windowed program";
    case 3:
        return "a console program";
    case 10: case 11: case 12: case 13:
        return "an EFI program";
    default:
        return "a program";
    }
}

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* The fields of the optional header that this loader uses; both layouts agree on all but the image base. */
static bool read_optional(const uint8_t *optional, uint32_t at, uint32_t size, uint16_t characteristics, struct pe_headers *pe,
                          char *why, size_t why_size)
{
    const uint32_t fixed = pe->wide ? 112 : 96;
    uint32_t alignment, file_alignment, directories;
    unsigned subsystem, flags;

    if (size < fixed)
        return FAIL("is damaged: its optional header at offset 0x%x has %u bytes, %u are the least; build it again", at, size, fixed);
    pe->entry = pe_u32(optional + 16);
    pe->linked_base = pe->wide ? pe_u64(optional + 24) : pe_u32(optional + 28);
    alignment = pe_u32(optional + 32);
    file_alignment = pe_u32(optional + 36);
    pe->image_size = pe_u32(optional + 56);
    pe->header_size = pe_u32(optional + 60);
    subsystem = pe_u16(optional + 68);
    flags = pe_u16(optional + 70);
    directories = pe_u32(optional + fixed - 4);

    if (!power_of_two(alignment) || !power_of_two(file_alignment) || file_alignment > alignment)
        return FAIL("is damaged: section alignment 0x%x and file alignment 0x%x at offset 0x%x make no sense; build it again",
                    alignment, file_alignment, at + 32);
    if (alignment < PE_PAGE || alignment > ALIGNMENT_LIMIT)
        return FAIL("aligns its sections to 0x%x bytes, so that code and data share a page or need special placement; link it "
                    "with the default alignment (0x%x)", alignment, PE_PAGE);
    if (pe->image_size == 0 || pe->image_size > PE_IMAGE_LIMIT || pe->image_size % PE_PAGE != 0)
        return FAIL("claims a size of 0x%x bytes in memory (offset 0x%x); a whole number of pages up to 0x%x is possible",
                    pe->image_size, at + 56, PE_IMAGE_LIMIT);
    if (subsystem != SUBSYSTEM_NATIVE && !(characteristics & DLL))
        return FAIL("is %s (subsystem %u), not a driver; link the DSM with /SUBSYSTEM:NATIVE /DRIVER, or build it with ddk/dsm.mk "
                    "('make sys')", subsystem_name(subsystem), subsystem);
    if (directories > PE_DIRECTORIES)
        directories = PE_DIRECTORIES;
    if (directories * 8 > size - fixed)
        return FAIL("is damaged: its %u data directories do not fit into the optional header at offset 0x%x; build it again",
                    directories, at);
    for (unsigned i = 0; i < directories; i++) {
        uint32_t rva = pe_u32(optional + fixed + i * 8), bytes = pe_u32(optional + fixed + i * 8 + 4);

        if (i == PE_CERTIFICATE || rva == 0 || bytes == 0)
            continue; /* the certificate is not mapped */
        if (!pe_inside(rva, bytes, pe->image_size))
            return FAIL("is damaged: data directory %u (offset 0x%x) lies at 0x%x, 0x%x bytes long, outside the image of 0x%x bytes; "
                        "build it again", i, at + fixed + i * 8, rva, bytes, pe->image_size);
        pe->directory[i].rva = rva;
        pe->directory[i].size = bytes;
    }
    if ((characteristics & RELOCATIONS_STRIPPED) || (pe->directory[PE_RELOCATIONS].rva == 0 && !(flags & DYNAMIC_BASE)))
        return FAIL("has no relocations and runs at 0x%llx only; link it without /FIXED (mingw-w64: with -Wl,--dynamicbase)",
                    (unsigned long long)pe->linked_base);
    if (pe->directory[PE_THREAD_STORAGE].rva)
        return FAIL("uses thread-local storage (__declspec(thread)), which the kernel does not have; keep such data elsewhere");
    if (pe->directory[PE_DELAY_IMPORTS].rva)
        return FAIL("has delay-loaded imports, which the kernel does not have; link without /DELAYLOAD");
    return true;
}

static bool read_section(const uint8_t *entry, uint32_t at, size_t length, uint32_t lowest, const struct pe_headers *pe,
                         struct pe_section *s, char *why, size_t why_size)
{
    uint32_t raw = pe_u32(entry + 16);

    memcpy(s->name, entry, 8);
    s->name[8] = '\0';
    for (char *c = s->name; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    s->memory_size = pe_u32(entry + 8) ? pe_u32(entry + 8) : raw;
    s->rva = pe_u32(entry + 12);
    s->file_offset = pe_u32(entry + 20);
    s->file_size = raw < s->memory_size ? raw : s->memory_size;
    s->flags = pe_u32(entry + 36);
    if (s->file_offset == 0)
        s->file_size = 0; /* uninitialised data */
    if (s->memory_size == 0)
        return FAIL("is damaged: section %s (offset 0x%x) is empty; build it again", s->name, at);
    if (s->rva % PE_PAGE != 0 || s->rva < lowest)
        return FAIL("is damaged: section %s (offset 0x%x) lies at 0x%x, which is not a page of its own behind the one before it; "
                    "build it again", s->name, at, s->rva);
    if (!pe_inside(s->rva, s->memory_size, pe->image_size))
        return FAIL("is damaged: section %s (offset 0x%x) lies at 0x%x, 0x%x bytes long, outside the image of 0x%x bytes; "
                    "build it again", s->name, at, s->rva, s->memory_size, pe->image_size);
    if (s->file_size && !pe_inside(s->file_offset, raw, length))
        return FAIL("is truncated: section %s is said to lie at offset 0x%x, 0x%x bytes long, in a file of 0x%zx bytes; build or "
                    "copy it again", s->name, s->file_offset, raw, length);
    if ((s->flags & PE_EXECUTE) && (s->flags & PE_WRITE) && !(s->flags & PE_DISCARDABLE))
        return FAIL("has a section that is writable and executable: %s (offset 0x%x); Windows refuses it when memory integrity is "
                    "on. Keep code and data in sections of their own", s->name, at);
    return true;
}

static uint32_t page_end(uint32_t rva, uint32_t size)
{
    return (uint32_t)(((uint64_t)rva + size + PE_PAGE - 1) & ~(uint64_t)(PE_PAGE - 1)); /* image sizes stay below 2^31 */
}

static bool entry_is_code(const struct pe_headers *pe)
{
    for (unsigned i = 0; i < pe->section_count; i++)
        if (pe->entry >= pe->section[i].rva && pe->entry - pe->section[i].rva < pe->section[i].memory_size)
            return (pe->section[i].flags & PE_EXECUTE) != 0;
    return false;
}

bool pe_parse(const uint8_t *bytes, size_t length, uint16_t machine, struct pe_headers *pe, char *why, size_t why_size)
{
    uint32_t at, optional_size, magic, lowest;
    uint16_t characteristics;
    uint64_t table;

    memset(pe, 0, sizeof *pe);
    if (machine == 0)
        return FAIL("is a PE image, and this host runs none; build the DSM as a shared object (ddk/dsm.mk makes NAME.so)");
    if (length < DOS_HEADER_SIZE || bytes[0] != 'M' || bytes[1] != 'Z')
        return FAIL("is not a PE image; build the DSM with ddk/dsm.mk ('make sys')");
    at = pe_u32(bytes + 60);
    if (at % 4 != 0 || !pe_inside(at, FILE_HEADER_SIZE, length))
        return FAIL("is truncated or damaged: its PE header is said to lie at offset 0x%x of 0x%zx bytes; build or copy it again", at,
                    length);
    if (memcmp(bytes + at, "PE\0\0", 4) != 0)
        return FAIL("is a DOS program: no PE header at offset 0x%x", at);
    pe->machine = pe_u16(bytes + at + 4);
    pe->section_count = pe_u16(bytes + at + 6);
    optional_size = pe_u16(bytes + at + 20);
    characteristics = pe_u16(bytes + at + 22);
    if (pe->machine != machine)
        return FAIL("is built for %s (machine 0x%04X), this program runs %s images; build the DSM for this processor",
                    machine_name(pe->machine), pe->machine, machine_name(machine));
    if (!(characteristics & EXECUTABLE))
        return FAIL("is not linked to the end (characteristics 0x%04X at offset 0x%x); see the linker's messages", characteristics,
                    at + 22);
    if (pe->section_count == 0 || pe->section_count > PE_SECTION_LIMIT)
        return FAIL("is damaged: it claims %u sections (offset 0x%x), 1 to %u are possible; build it again", pe->section_count, at + 6,
                    PE_SECTION_LIMIT);
    at += FILE_HEADER_SIZE;
    if (optional_size < 2 || !pe_inside(at, optional_size, length))
        return FAIL("is truncated or damaged: its optional header lies at offset 0x%x, 0x%x bytes long, in a file of 0x%zx bytes; "
                    "build or copy it again", at, optional_size, length);
    magic = pe_u16(bytes + at);
    pe->wide = magic == MAGIC_PE32_PLUS;
    if (magic != (machine == PE_MACHINE_I386 ? MAGIC_PE32 : MAGIC_PE32_PLUS))
        return FAIL("is damaged: the kind of its optional header is 0x%x (offset 0x%x), which does not go with %s; build it again",
                    magic, at, machine_name(machine));
    if (!read_optional(bytes + at, at, optional_size, characteristics, pe, why, why_size))
        return false;

    table = (uint64_t)at + optional_size;
    if (!pe_inside(table, (uint64_t)pe->section_count * SECTION_SIZE, length))
        return FAIL("is truncated: its section table at offset 0x%llx does not end inside the file of 0x%zx bytes; build or copy it "
                    "again", (unsigned long long)table, length);
    if (pe->header_size < table + (uint64_t)pe->section_count * SECTION_SIZE || pe->header_size > length ||
        pe->header_size > pe->image_size)
        return FAIL("is truncated or damaged: its headers are said to have 0x%x bytes (offset 0x%x); build or copy it again",
                    pe->header_size, at + 60);
    lowest = page_end(0, pe->header_size);
    for (unsigned i = 0; i < pe->section_count; i++) {
        uint32_t entry = (uint32_t)table + i * SECTION_SIZE;

        if (!read_section(bytes + entry, entry, length, lowest, pe, &pe->section[i], why, why_size))
            return false;
        lowest = page_end(pe->section[i].rva, pe->section[i].memory_size);
    }
    if (!entry_is_code(pe))
        return FAIL("has no entry point in its code (0x%x, offset 0x%x); link the DSM with its DriverEntry as entry point", pe->entry,
                    at + 16);
    return true;
}
