/* SPDX-License-Identifier: MIT */
/*
 * What a shared object wants and nobody has, in one list: its undefined dynamic symbols, looked up where the linker
 * looks (no library: the program and what it is linked with). Runs after the linker has refused; the file is hostile. No state.
 */
#include "load/elf_driver.h"

#include <stdio.h>
#include <string.h>

#include "host/host.h"

#define SECTION_DYNAMIC_SYMBOLS 11u
#define NAME_LIMIT   255u
#define LISTED_LIMIT 12u

/* As the processor's ELF class lays them out. */
struct section {
    uint32_t name, type;
    uintptr_t flags, address, offset, size;
    uint32_t link, info;
    uintptr_t alignment, entry_size;
};

#if UINTPTR_MAX > 0xFFFFFFFFu
struct symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};
#define FILE_HEADER_SIZE 64u
#define SECTION_TABLE    40u /* offsets in the file header */
#define SECTION_SIZES    58u
#else
struct symbol {
    uint32_t name, value, size;
    uint8_t info, other;
    uint16_t section;
};
#define FILE_HEADER_SIZE 52u
#define SECTION_TABLE    32u
#define SECTION_SIZES    46u
#endif

static bool section_at(const char *bytes, size_t length, unsigned index, struct section *s)
{
    uintptr_t table;
    uint16_t entry_size, count;

    memcpy(&table, bytes + SECTION_TABLE, sizeof table);
    memcpy(&entry_size, bytes + SECTION_SIZES, 2);
    memcpy(&count, bytes + SECTION_SIZES + 2, 2);
    if (entry_size < sizeof *s || index >= count || table > length || (uint64_t)(index + 1) * entry_size > length - table)
        return false;
    memcpy(s, bytes + table + (uint64_t)index * entry_size, sizeof *s);
    return s->offset <= length && s->size <= length - s->offset;
}

static const char *undefined_name(const char *bytes, const struct section *names, const struct symbol *symbol)
{
    const char *name = bytes + names->offset + symbol->name;

    if (symbol->section != 0 || symbol->info >> 4 != 1 /* global, not weak */ || symbol->name == 0 || symbol->name >= names->size)
        return NULL;
    size_t room = names->size - symbol->name, used = strnlen(name, room < NAME_LIMIT ? room : NAME_LIMIT);
    return used == room || used == NAME_LIMIT ? NULL : name;
}

bool elf_missing(const char *bytes, size_t length, char *text, size_t size)
{
    struct section symbols, names;
    unsigned index = 0, count = 0, listed = 0;
    size_t used = 0;

    text[0] = '\0';
    if (length < FILE_HEADER_SIZE)
        return false;
    while (section_at(bytes, length, index, &symbols) && symbols.type != SECTION_DYNAMIC_SYMBOLS)
        index++;
    if (!section_at(bytes, length, index, &symbols) || !section_at(bytes, length, symbols.link, &names))
        return false;
    for (uint64_t at = 0; at + sizeof(struct symbol) <= symbols.size; at += sizeof(struct symbol)) {
        struct symbol symbol;

        memcpy(&symbol, bytes + symbols.offset + at, sizeof symbol);
        const char *name = undefined_name(bytes, &names, &symbol);
        if (!name || host_library_symbol(NULL, name))
            continue;
        count++;
        if (listed < LISTED_LIMIT && used + strlen(name) + 32 < size) {
            used += (size_t)snprintf(text + used, size - used, "%s%s", listed ? ", " : "", name);
            listed++;
        }
    }
    if (count > listed)
        snprintf(text + used, size - used, " (%u more)", count - listed);
    return count > 0;
}
