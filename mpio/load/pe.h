/* SPDX-License-Identifier: MIT */
/*
 * PE images (.sys): parsed, laid out, relocated, bound and protected by this room, on every host alike.
 * The file is hostile until pe_parse has accepted it, and what lies inside its image even then: every
 * step checks what it reads. `why` receives a predicate about the file ("is truncated: ..."), with the
 * place in the file and what to do.
 */
#ifndef MPIO_LOAD_PE_H
#define MPIO_LOAD_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where images run; nt/driver.h names the same window, exports.h compares the two. */
#define PE_WINDOW_BASE 0x20000000u
#define PE_WINDOW_SIZE 0x30000000u
#define PE_SLOT        0x10000u             /* images start at multiples of this, as on Windows */

#define PE_IMAGE_LIMIT  (256u * 1024 * 1024)
#define PE_SECTION_LIMIT 96u                /* Windows' own limit */
#define PE_IMPORT_LIMIT  65536u
#define PE_MODULE_LIMIT  256u
#define PE_NAME_LIMIT    255u
#define PE_PAGE          4096u

enum { PE_MACHINE_I386 = 0x014C, PE_MACHINE_AMD64 = 0x8664, PE_MACHINE_ARM64 = 0xAA64 };
#if defined(__x86_64__)
#define PE_THIS_MACHINE PE_MACHINE_AMD64
#elif defined(__i386__)
#define PE_THIS_MACHINE PE_MACHINE_I386
#else
#define PE_THIS_MACHINE 0                   /* this host runs no PE images */
#endif

enum pe_directory_index {
    PE_EXPORTS, PE_IMPORTS, PE_RESOURCES, PE_EXCEPTIONS, PE_CERTIFICATE, PE_RELOCATIONS, PE_DEBUG, PE_ARCHITECTURE,
    PE_GLOBAL_POINTER, PE_THREAD_STORAGE, PE_LOAD_CONFIG, PE_BOUND_IMPORTS, PE_IMPORT_TABLE, PE_DELAY_IMPORTS,
    PE_DIRECTORIES = 16
};

#define PE_DISCARDABLE 0x02000000u          /* section flags */
#define PE_EXECUTE     0x20000000u
#define PE_WRITE       0x80000000u

struct pe_section {
    char name[9];
    uint32_t rva, memory_size;      /* memory_size is never 0 */
    uint32_t file_offset, file_size; /* file_size: what is copied, at most memory_size */
    uint32_t flags;
};

struct pe_headers {
    bool wide;                      /* PE32+: 8-byte pointers */
    uint16_t machine;
    uint64_t linked_base;
    uint32_t entry, image_size, header_size;
    unsigned section_count;
    struct pe_section section[PE_SECTION_LIMIT];
    struct { uint32_t rva, size; } directory[PE_DIRECTORIES]; /* rva 0: absent; inside the image otherwise */
};

/* `machine`: what the image must be built for. Accepts native images and DLLs that can be moved. */
bool pe_parse(const uint8_t *bytes, size_t length, uint16_t machine, struct pe_headers *pe, char *why, size_t why_size);

/* Copies headers and sections into `area` (pe->image_size zeroed bytes) and relocates them to run at `address`. */
bool pe_place(const struct pe_headers *pe, const uint8_t *bytes, uint8_t *area, uint64_t address, char *why, size_t why_size);

/* Where imports come from. Module names compare without regard to case and suffix. */
struct pe_exporter {
    void *(*find)(const char *module, const char *name, unsigned ordinal); /* name NULL: by ordinal; NULL: not there */
    bool (*knows)(const char *module);
};
/* Fills the import table of a placed image, or lists everything that is missing. */
bool pe_bind(const struct pe_headers *pe, uint8_t *area, const struct pe_exporter *exporter, char *why, size_t why_size);
/* Gives the stack-protection cookie of a placed image its value. True when there is none. */
bool pe_set_cookie(const struct pe_headers *pe, uint8_t *area, uint64_t address, char *why, size_t why_size);

/* Where gs is the host's own (Windows), reads of the processor's control region through it do not fault: their gs prefix becomes
 * one that the emulator (host/emulate.c) takes for it and that does. Number of places patched. */
unsigned pe_patch_gs(const struct pe_headers *pe, uint8_t *area);

struct pe_image {
    uint8_t *base;
    size_t size;
    void *entry;
    char *path;
    void *call_frames;
};
/* All of the above at the first free slot of the window; the code may run afterwards. */
bool pe_open(const uint8_t *bytes, size_t length, const char *path, const struct pe_exporter *exporter, struct pe_image *image,
             char *why, size_t why_size);
void pe_close(struct pe_image *image); /* nothing when it was not opened */

/* ---- between the pe_*.c files: bounded access to little-endian bytes --------------------------------- */
static inline uint16_t pe_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t pe_u32(const uint8_t *p) { return pe_u16(p) | (uint32_t)pe_u16(p + 2) << 16; }
static inline uint64_t pe_u64(const uint8_t *p) { return pe_u32(p) | (uint64_t)pe_u32(p + 4) << 32; }
static inline void pe_put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}
static inline void pe_put64(uint8_t *p, uint64_t v)
{
    pe_put32(p, (uint32_t)v);
    pe_put32(p + 4, (uint32_t)(v >> 32));
}
static inline bool pe_inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}
bool pe_fail(char *why, size_t why_size, const char *format, ...) __attribute__((format(printf, 3, 4))); /* false */

#endif
