/* SPDX-License-Identifier: MIT */
/*
 * Imports of a placed image: each module's routines by name or ordinal into its import address table. Everything that
 * is missing is reported at once. The tables are the image's own and may point anywhere. No state.
 */
#include "load/pe.h"

#include <stdio.h>
#include <string.h>

#define FAIL(...) pe_fail(why, why_size, __VA_ARGS__)
#define DESCRIPTOR_SIZE 20u
#define LISTED_LIMIT    12u /* missing routines that are named */

struct missing {
    unsigned count, listed;
    size_t length;
    char text[1024];
    char module[PE_NAME_LIMIT + 1]; /* the first one that nobody knows */
};

/* A NUL-terminated printable name inside the image, or NULL. */
static const char *name_at(const struct pe_headers *pe, const uint8_t *area, uint64_t rva)
{
    for (uint64_t i = 0; i <= PE_NAME_LIMIT && rva + i < pe->image_size; i++) {
        uint8_t c = area[rva + i];

        if (c == 0)
            return i == 0 ? NULL : (const char *)area + rva;
        if (c <= ' ' || c > '~')
            return NULL;
    }
    return NULL;
}

static void note(struct missing *m, const struct pe_exporter *exporter, const char *module, const char *name, unsigned ordinal)
{
    size_t room = sizeof m->text - m->length;
    int n;

    m->count++;
    if (m->module[0] == '\0' && !exporter->knows(module))
        snprintf(m->module, sizeof m->module, "%s", module);
    if (m->listed == LISTED_LIMIT)
        return;
    if (name)
        n = snprintf(m->text + m->length, room, "%s%s!%s", m->listed ? ", " : "", module, name);
    else
        n = snprintf(m->text + m->length, room, "%s%s!#%u", m->listed ? ", " : "", module, ordinal);
    if (n < 0 || (size_t)n >= room) {
        m->text[m->length] = '\0'; /* whole names only */
        return;
    }
    m->length += (size_t)n;
    m->listed++;
}

/* One module. `left` counts down over all modules. */
static bool bind_module(const struct pe_headers *pe, uint8_t *area, const struct pe_exporter *exporter, const char *module,
                        uint32_t names, uint32_t table, unsigned *left, struct missing *missing, char *why, size_t why_size)
{
    const uint32_t width = pe->wide ? 8 : 4;

    for (uint64_t i = 0;; i += width) {
        if (!pe_inside(names + i, width, pe->image_size) || !pe_inside(table + i, width, pe->image_size))
            return FAIL("is damaged: the imports from %s at 0x%x do not end inside the image; build it again", module, names);
        uint64_t entry = pe->wide ? pe_u64(area + names + i) : pe_u32(area + names + i);
        bool by_ordinal = entry >> (pe->wide ? 63 : 31);
        const char *name = NULL;
        unsigned ordinal = (unsigned)(entry & 0xFFFF);

        if (entry == 0)
            return true;
        if (*left == 0)
            return FAIL("is damaged: it imports more than %u routines; build it again", PE_IMPORT_LIMIT);
        --*left;
        if (!by_ordinal) {
            name = entry < pe->image_size ? name_at(pe, area, entry + 2) : NULL; /* behind a hint of two bytes */
            if (!name)
                return FAIL("is damaged: the import from %s at 0x%llx of the image has no readable name; build it again", module,
                            (unsigned long long)(names + i));
        }
        void *routine = exporter->find(module, name, ordinal);
        if (!routine)
            note(missing, exporter, module, name, ordinal);
        else if (pe->wide)
            pe_put64(area + table + i, (uint64_t)(uintptr_t)routine);
        else
            pe_put32(area + table + i, (uint32_t)(uintptr_t)routine);
    }
}

static bool say_missing(const struct missing *m, char *why, size_t why_size)
{
    char more[32] = "", module[PE_NAME_LIMIT + 40] = "";

    if (m->count > m->listed)
        snprintf(more, sizeof more, " (%u more)", m->count - m->listed);
    if (m->module[0])
        snprintf(module, sizeof module, "; nothing here exports from %s", m->module);
    return FAIL("imports what is not there: %s%s%s; ddk/lib/*.def list what is", m->text, more, module);
}

bool pe_bind(const struct pe_headers *pe, uint8_t *area, const struct pe_exporter *exporter, char *why, size_t why_size)
{
    struct missing missing = {0};
    unsigned left = PE_IMPORT_LIMIT;
    uint64_t at = pe->directory[PE_IMPORTS].rva;

    if (at == 0)
        return true;
    for (unsigned modules = 0;; modules++, at += DESCRIPTOR_SIZE) {
        if (modules == PE_MODULE_LIMIT || !pe_inside(at, DESCRIPTOR_SIZE, pe->image_size))
            return FAIL("is damaged: its list of imported modules at 0x%x does not end; build it again", pe->directory[PE_IMPORTS].rva);
        uint32_t names = pe_u32(area + at), stamp = pe_u32(area + at + 4), chain = pe_u32(area + at + 8);
        uint32_t title = pe_u32(area + at + 12), table = pe_u32(area + at + 16);
        char module[PE_NAME_LIMIT + 1];

        if (title == 0 && table == 0)
            break;
        if (!name_at(pe, area, title))
            return FAIL("is damaged: the imported module at 0x%llx of the image has no readable name; build it again",
                        (unsigned long long)at);
        snprintf(module, sizeof module, "%s", name_at(pe, area, title)); /* the table may lie over it */
        if (chain != 0 && chain != 0xFFFFFFFF)
            return FAIL("has forwarded imports from %s (0x%llx of the image), made by binding it to one system; link it without /BIND",
                        module, (unsigned long long)at);
        if (names == 0 && stamp != 0)
            return FAIL("is bound to the addresses of one system and has lost the names of its imports from %s; link it without /BIND",
                        module);
        if (!bind_module(pe, area, exporter, module, names ? names : table, table, &left, &missing, why, why_size))
            return false;
    }
    return missing.count == 0 || say_missing(&missing, why, why_size);
}
