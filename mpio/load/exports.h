/* SPDX-License-Identifier: MIT */
/*
 * What drivers import: the table that tools/thunks.sh makes from the export lists of ddk/lib and the headers' prototypes, and the words
 * its wrappers are written with. On x64 hosts other than Windows an image comes in through a wrapper of Microsoft's
 * convention; elsewhere both sides speak the same one and the table holds the routines themselves.
 */
#ifndef MPIO_LOAD_EXPORTS_H
#define MPIO_LOAD_EXPORTS_H

#include <ntddk.h>
#include "load/pe.h"
#include "nt/driver.h"
#include "nt/format.h"

C_ASSERT(PE_WINDOW_BASE == NT_PE_WINDOW_BASE && PE_WINDOW_SIZE == NT_PE_WINDOW_SIZE);

struct export {
    const char *module;         /* lower case, no suffix */
    const char *name;
    unsigned ordinal;           /* 0: by name only */
    void *native;               /* what ELF drivers call; NULL: for images only (C library names) */
    void *image;                /* what images call */
};
extern const struct export exports_table[];     /* sorted by module, then name (generated) */
extern const unsigned exports_count;

void *exports_find_image(const char *module, const char *name, unsigned ordinal);
bool exports_know(const char *module);

#if defined(__x86_64__) && !defined(_WIN32)
/* All wrappers lie in one section: the kernel takes a caller in it for the image (NtCallerOf). */
#define PE_API __attribute__((ms_abi, section("pe_wrappers")))
#define PE_ENTER() (NtContext()->ImageCaller = __builtin_return_address(0))
#define PE_ROUTINE(Result, Name, Parameters, Arguments) \
    static PE_API Result pe_##Name Parameters           \
    {                                                   \
        PE_ENTER();                                     \
        return (Name) Arguments;                        \
    }
#define PE_OWN(Name) ((void *)pe_##Name)
typedef __builtin_ms_va_list pe_va_list;
#define pe_va_start(list, last) __builtin_ms_va_start(list, last)
#define pe_va_end(list)         __builtin_ms_va_end(list)
typedef struct format_ms_source pe_format_source;
#define pe_format_begin(source, list) format_ms_begin(source, list)
#define pe_format_end(source)         ((void)(source))
#else
#define PE_API
#define PE_ENTER() ((void)0)
#define PE_ROUTINE(Result, Name, Parameters, Arguments)
#define PE_OWN(Name) ((void *)Name)
typedef va_list pe_va_list;
#define pe_va_start(list, last) va_start(list, last)
#define pe_va_end(list)         va_end(list)
typedef struct format_va_source pe_format_source;
#define pe_format_begin(source, list) format_va_begin(source, list)
#define pe_format_end(source)         format_va_end(source)
#endif

#endif
