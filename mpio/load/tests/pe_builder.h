/* SPDX-License-Identifier: MIT */
/* A small PE image made in memory, for tests: every table where the test can bend it. */
#ifndef MPIO_LOAD_TESTS_PE_BUILDER_H
#define MPIO_LOAD_TESTS_PE_BUILDER_H

#include <stdlib.h>
#include <string.h>

#include "load/pe.h"

/* Places in the file and (rva_*) in the image. */
enum {
    at_pe = 0x80, at_optional = at_pe + 24,
    at_text = 0x400, at_rdata = 0x600, at_data = 0xA00, at_reloc = 0xC00, file_length = 0xE00,
    rva_text = 0x1000, rva_rdata = 0x2000, rva_data = 0x3000, rva_reloc = 0x4000, image_length = 0x5000,
    /* in .rdata */
    descriptors = 0x000, names_a = 0x080, names_b = 0x0A0, table_a = 0x0C0, table_b = 0x0E0, texts = 0x100, config = 0x200,
    /* in .data */
    pointer = 0x10, cookie = 0x20,
};

struct built {
    uint8_t *bytes;
    bool wide;
    uint64_t linked_base;
};

static inline void put(uint8_t *p, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint32_t at_directory(const struct built *b, unsigned index)
{
    return at_optional + (b->wide ? 112 : 96) + index * 8;
}

static inline uint32_t at_section(const struct built *b, unsigned index)
{
    return at_optional + (b->wide ? 240 : 224) + index * 40;
}

static inline void put_directory(struct built *b, unsigned index, uint32_t rva, uint32_t size)
{
    put(b->bytes + at_directory(b, index), 4, rva);
    put(b->bytes + at_directory(b, index) + 4, 4, size);
}

static inline void put_section(struct built *b, unsigned index, const char *name, uint32_t rva, uint32_t offset, uint32_t size,
                               uint32_t flags)
{
    uint8_t *s = b->bytes + at_section(b, index);

    memcpy(s, name, strlen(name));
    put(s + 8, 4, size);
    put(s + 12, 4, rva);
    put(s + 16, 4, size);
    put(s + 20, 4, offset);
    put(s + 36, 4, flags);
}

/* Code: returns the address that the relocated pointer in .data holds. Imports: NTOSKRNL.EXE KeSetEvent and memcpy,
 * mpio.sys number 7. The caller frees bytes. */
static inline struct built build(bool wide)
{
    struct built b = {calloc(1, file_length), wide, wide ? 0x140000000ull : 0x10000ull};
    const unsigned width = wide ? 8 : 4;
    uint8_t *pe = b.bytes + at_pe, *o = b.bytes + at_optional, *r = b.bytes + at_rdata, *d = b.bytes + at_data;
    uint8_t *l = b.bytes + at_reloc;

    memcpy(b.bytes, "MZ", 2);
    put(b.bytes + 60, 4, at_pe);
    memcpy(pe, "PE\0\0", 4);
    put(pe + 4, 2, wide ? PE_MACHINE_AMD64 : PE_MACHINE_I386);
    put(pe + 6, 2, 4);
    put(pe + 20, 2, wide ? 240 : 224);
    put(pe + 22, 2, 0x2022);
    put(o, 2, wide ? 0x20B : 0x10B);
    put(o + 16, 4, rva_text);
    if (wide)
        put(o + 24, 8, b.linked_base);
    else
        put(o + 28, 4, b.linked_base);
    put(o + 32, 4, 0x1000);
    put(o + 36, 4, 0x200);
    put(o + 56, 4, image_length);
    put(o + 60, 4, 0x400);
    put(o + 68, 2, 1);
    put(o + 70, 2, 0x160);
    put(o + (wide ? 108 : 92), 4, 16);
    put_directory(&b, PE_IMPORTS, rva_rdata + descriptors, 60);
    put_directory(&b, PE_RELOCATIONS, rva_reloc, 16);
    put_directory(&b, PE_LOAD_CONFIG, rva_rdata + config, 0x70);
    put_section(&b, 0, ".text", rva_text, at_text, 0x200, 0x60000020);
    put_section(&b, 1, ".rdata", rva_rdata, at_rdata, 0x400, 0xC0000040);
    put_section(&b, 2, ".data", rva_data, at_data, 0x200, 0xC0000040);
    put_section(&b, 3, ".reloc", rva_reloc, at_reloc, 0x200, 0x42000040);

    memcpy(b.bytes + at_text, "\x48\x8B\x05", 3); /* mov rax, [rip + ...]; ret */
    put(b.bytes + at_text + 3, 4, rva_data + pointer - (rva_text + 7));
    b.bytes[at_text + 7] = 0xC3;

    put(r + descriptors, 4, rva_rdata + names_a);
    put(r + descriptors + 12, 4, rva_rdata + texts);
    put(r + descriptors + 16, 4, rva_rdata + table_a);
    put(r + descriptors + 20, 4, rva_rdata + names_b);
    put(r + descriptors + 32, 4, rva_rdata + texts + 0x20);
    put(r + descriptors + 36, 4, rva_rdata + table_b);
    strcpy((char *)r + texts, "NTOSKRNL.EXE");
    strcpy((char *)r + texts + 0x20, "mpio.sys");
    strcpy((char *)r + texts + 0x42, "KeSetEvent");
    strcpy((char *)r + texts + 0x62, "memcpy");
    put(r + names_a, width, rva_rdata + texts + 0x40);
    put(r + names_a + width, width, rva_rdata + texts + 0x60);
    put(r + names_b, width, wide ? 1ull << 63 | 7 : 1u << 31 | 7);
    put(r + config, 4, wide ? 0x70 : 0x48);
    put(r + config + (wide ? 88 : 60), width, b.linked_base + rva_data + cookie);

    put(d + pointer, width, b.linked_base + rva_data + 8);
    put(d + cookie, width, wide ? 0x2B992DDFA232ull : 0xBB40E64Eu);

    put(l, 4, rva_data);            /* one block: the pointer; the cookie's address lies in .rdata */
    put(l + 4, 4, 10);
    put(l + 8, 2, (wide ? 10 : 3) << 12 | pointer);
    put(l + 10, 4, rva_rdata);
    put(l + 14, 4, 10);
    put(l + 18, 2, (wide ? 10 : 3) << 12 | (config + (wide ? 88 : 60)));
    put_directory(&b, PE_RELOCATIONS, rva_reloc, 20);
    return b;
}

/* ---- an exporter of what the image above imports ------------------------------------------------- */
#define FAKE_ROUTINE(n) ((void *)(uintptr_t)(0x11110000u + (n)))

static inline void *fake_find(const char *module, const char *name, unsigned ordinal)
{
    if (strcmp(module, "NTOSKRNL.EXE") == 0 && name)
        return strcmp(name, "KeSetEvent") == 0 ? FAKE_ROUTINE(1) : strcmp(name, "memcpy") == 0 ? FAKE_ROUTINE(2) : NULL;
    return strcmp(module, "mpio.sys") == 0 && !name && ordinal == 7 ? FAKE_ROUTINE(7) : NULL;
}

static inline bool fake_knows(const char *module)
{
    return strcmp(module, "NTOSKRNL.EXE") == 0 || strcmp(module, "mpio.sys") == 0;
}

static const struct pe_exporter fake = {fake_find, fake_knows};

#endif
