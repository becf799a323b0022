/* SPDX-License-Identifier: MIT */
/*
 * Microsoft's printf family and the WPP extensions, for narrow (8-bit) and wide (16-bit) text. The
 * arguments come through a fetch routine, so that a host va_list and an ms_abi one feed the same
 * formatter. Any IRQL; touches nothing but its arguments.
 *
 * In a narrow format %s is narrow and %S wide; in a wide format the reverse; %hs, %ls, %ws say it
 * themselves. %Z takes an ANSI_STRING, %wZ a UNICODE_STRING. %n and floating point are not supported,
 * as in the kernel: they consume their argument and print nothing, or the conversion itself.
 */
#ifndef MPIO_NT_FORMAT_H
#define MPIO_NT_FORMAT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX_WIDTH 1024u  /* width and precision above this are cut to it */

enum format_fetch { FORMAT_INT32, FORMAT_INT64, FORMAT_POINTER, FORMAT_DOUBLE, FORMAT_BUFFER };

/* Answers the next argument; INT32 may leave anything in the upper half. BUFFER is WPP's counted string, a
 * structure passed by value: the answer is its address, its length goes to `length`. */
struct format_source {
    uint64_t (*fetch)(struct format_source *source, enum format_fetch kind);
    uint64_t length;
};
struct format_buffer {
    void *address;
    int16_t length;
};

/* A source over the host's va_list (copied: the caller's stays where it is). */
struct format_va_source {
    struct format_source source;
    va_list list;
};
void format_va_begin(struct format_va_source *source, va_list list);
void format_va_end(struct format_va_source *source);

/* The same for an image's argument list. On x64 every slot of an ms_abi function has 8 bytes; elsewhere
 * both conventions pass variable arguments alike. */
#if defined(__x86_64__) && !defined(_WIN32)
struct format_ms_source {
    struct format_source source;
    __builtin_ms_va_list list;
};
void format_ms_begin(struct format_ms_source *source, __builtin_ms_va_list list);
typedef struct format_ms_source format_image_source;
typedef __builtin_ms_va_list format_image_list;
#define format_image_start(list, last)    __builtin_ms_va_start(list, last)
#define format_image_stop(list)           __builtin_ms_va_end(list)
#define format_image_begin(source, list)  format_ms_begin(source, list)
#define format_image_end(source)          ((void)(source))
#else
typedef struct format_va_source format_image_source;
typedef va_list format_image_list;
#define format_image_start(list, last)    va_start(list, last)
#define format_image_stop(list)           va_end(list)
#define format_image_begin(source, list)  format_va_begin(source, list)
#define format_image_end(source)          format_va_end(source)
#endif

/* Where a trace message stands; makes %!FUNC! and its kin work. Texts may be NULL. */
struct format_site {
    const char *function, *file;
    unsigned line, level, flag;
    const char *level_text, *flag_text; /* as the source spells them */
    const char *component;
    const char *types;          /* the project's own %!NAME! types: format_types.c */
    unsigned cpu;
};

enum format_charset {
    FORMAT_ANSI,    /* wide text becomes Windows-1252, '?' when it has no character there */
    FORMAT_UTF8,    /* wide text becomes UTF-8, narrow text is passed as it is */
};

/* Writes at most `capacity` units without terminator. Returns the number written, or FORMAT_CUT when
 * the text did not fit: then `capacity` units are written. `site` NULL: no WPP extensions. */
#define FORMAT_CUT ((size_t)-1)
size_t format_narrow(char *out, size_t capacity, enum format_charset charset, const char *format,
                     struct format_source *source, const struct format_site *site);
size_t format_wide(uint16_t *out, size_t capacity, const uint16_t *format,
                   struct format_source *source);

/* ---- between format.c, format_trace.c and format_types.c ------------------------------------ */
struct format_output {
    char *narrow;       /* one of the two */
    uint16_t *wide;
    size_t length, capacity;
    enum format_charset charset;
    uint16_t surrogate; /* high surrogate that waits for its partner (UTF-8 output) */
    int cut;
};
void format_put_text(struct format_output *out, const char *text);
void format_put_wide(struct format_output *out, const uint16_t *text, size_t length);
void format_put_hex(struct format_output *out, uint64_t value, unsigned digits, int upper);
void format_put_decimal(struct format_output *out, uint64_t value);
#define FORMAT_NAME 64u         /* longest name between %! and ! */
/* %!NAME!: always true; a name that nobody knows prints itself and takes one argument. */
int format_trace_extension(struct format_output *out, const char *name, size_t length,
                           struct format_source *source, const struct format_site *site);
/* A type of the project, found in site->types; false: there is none of this name. */
int format_project_type(struct format_output *out, const char *name, size_t length,
                        struct format_source *source, const struct format_site *site);
/* [1,3]: the numbers of the bits that are set, from 1. */
void format_put_bits(struct format_output *out, uint64_t value, unsigned bits);
void format_put_guid(struct format_output *out, const void *guid);
void format_put_bytes(struct format_output *out, const void *bytes, uint64_t length);
/* The Windows-1252 byte of a wide character, '?' when it has none. */
unsigned char format_ansi_byte(uint16_t unit);
/* File name without directories, "?" for NULL. */
const char *format_base_name(const char *file);
/* "ERROR" for 2, NULL above the known levels. */
#define FORMAT_LEVELS 6u
const char *format_level_name(unsigned level);
/* "STATUS_..." or NULL. */
const char *format_status_name(uint32_t status);

#endif
