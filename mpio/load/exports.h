/* SPDX-License-Identifier: MIT */
/*
 * What drivers import: the table that tools/thunks.sh makes from the export lists of ddk/lib and the headers' prototypes, and the words
 * its wrappers are written with. On x64 and x86 hosts other than Windows an image comes in through a wrapper of Microsoft's
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

#ifdef NT_TWO_CONVENTIONS
/* All wrappers lie in one section: the kernel takes a caller in it for the image (NtCallerOf). On x86, Windows' own headers
 * declare a few routines fastcall, and the C library's cdecl, as everything with variable arguments is. */
#define PE_API   NT_IMAGE_ENTERS __attribute__((section("pe_wrappers")))
#define PE_CDECL NT_CDECL_ENTERS __attribute__((section("pe_wrappers")))
#define PE_ENTER() (NtContext()->ImageCaller = __builtin_return_address(0))
#define PE_WRAPPER(Enters, Result, Name, Parameters, Arguments) \
    static Enters Result pe_##Name Parameters                   \
    {                                                           \
        PE_ENTER();                                             \
        return (Name) Arguments;                                \
    }
#define PE_ROUTINE(Result, Name, Parameters, Arguments) PE_WRAPPER(PE_API, Result, Name, Parameters, Arguments)
#ifdef __i386__
#define PE_FAST_API __attribute__((fastcall, force_align_arg_pointer, section("pe_wrappers")))
#define PE_FAST_ROUTINE(Result, Name, Parameters, Arguments) PE_WRAPPER(PE_FAST_API, Result, Name, Parameters, Arguments)
#define PE_INVOKE_CDECL(Function, ...) (Function)(__VA_ARGS__)
#else
#define PE_FAST_ROUTINE PE_ROUTINE
#define PE_INVOKE_CDECL NT_INVOKE
#endif
#define PE_OWN(Name) ((void *)pe_##Name)
#else
#define PE_API
#define PE_CDECL
#define PE_ENTER() ((void)0)
#define PE_ROUTINE(Result, Name, Parameters, Arguments)
#define PE_FAST_ROUTINE(Result, Name, Parameters, Arguments)
#define PE_INVOKE_CDECL NT_INVOKE
#define PE_OWN(Name) ((void *)Name)
#endif
typedef format_image_list pe_va_list;
typedef format_image_source pe_format_source;
#define pe_va_start     format_image_start
#define pe_va_end       format_image_stop
#define pe_format_begin format_image_begin
#define pe_format_end   format_image_end

#endif
