/* SPDX-License-Identifier: MIT */
/*
 * What the three compilers of a DSM (gcc and clang native, mingw-w64 gcc for PE) need before the
 * first type: platform names, calling conventions, import and inline words, Microsoft keywords.
 * A DSM is recognised by <openmpio_crt.h> (ddk/include/crt) being on the include path; code of the
 * framework itself has the host's C library there and none of the DSM-only words below.
 */
#ifndef OPENMPIO_COMPILER_H
#define OPENMPIO_COMPILER_H

#if defined(__has_include)
#if __has_include(<openmpio_crt.h>)
#define OPENMPIO_DSM_SOURCE 1
#endif
#endif

/* ---- platform -------------------------------------------------------------------------------- */
#if defined(__x86_64__)
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif
#define DDK_STDCALL
#define DDK_FASTCALL
#define DDK_CDECL
#elif defined(__aarch64__)
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef _ARM64_
#define _ARM64_ 1
#endif
#define DDK_STDCALL
#define DDK_FASTCALL
#define DDK_CDECL
#elif defined(__i386__)
#ifndef _X86_
#define _X86_ 1
#endif
#ifdef _WIN32
#define DDK_STDCALL __attribute__((stdcall))
#define DDK_FASTCALL __attribute__((fastcall))
#define DDK_CDECL __attribute__((cdecl))
#else /* a shared object has the host's convention only */
#define DDK_STDCALL
#define DDK_FASTCALL
#define DDK_CDECL
#endif
#else
#error "OpenMPIO ddk: unsupported processor; build for x86_64, aarch64 or i686"
#endif

/* Windows versions a driver may ask for; the newest is the default. */
#define NTDDI_WIN2K    0x05000000
#define NTDDI_WINXP    0x05010000
#define NTDDI_WS03     0x05020000
#define NTDDI_WIN6     0x06000000
#define NTDDI_VISTA    0x06000000
#define NTDDI_LONGHORN 0x06000000
#define NTDDI_VISTASP1 0x06000100
#define NTDDI_WS08     0x06000100
#define NTDDI_WIN7     0x06010000
#define NTDDI_WIN8     0x06020000
#define NTDDI_WINBLUE  0x06030000
#define NTDDI_WIN10    0x0A000000
#define NTDDI_THRESHOLD NTDDI_WIN10
#ifndef NTDDI_VERSION
#define NTDDI_VERSION NTDDI_WIN10
#endif
#define _WIN32_WINNT_WIN7    0x0601
#define _WIN32_WINNT_WIN8    0x0602
#define _WIN32_WINNT_WINBLUE 0x0603
#define _WIN32_WINNT_WIN10   0x0A00
#ifndef _WIN32_WINNT
#define _WIN32_WINNT (NTDDI_VERSION >> 16)
#endif
#ifndef DBG
#define DBG 0
#endif

/* ---- linkage --------------------------------------------------------------------------------- */
#ifdef __cplusplus
#define DDK_BEGIN_C extern "C" {
#define DDK_END_C   }
#define DDK_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define DDK_BEGIN_C
#define DDK_END_C
#define DDK_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* Every routine that the emulator exports is declared with one of the words made from this one;
 * ddk/tools/check-exports.sh keeps ddk/lib/<image>.def equal to these declarations. */
#if defined(_WIN32) && defined(OPENMPIO_DSM_SOURCE)
#define DDK_API extern __attribute__((dllimport))
#else
#define DDK_API extern
#endif
#define NTKERNELAPI  DDK_API /* ntoskrnl.exe */
#define MPIOAPI      DDK_API /* mpio.sys */
#define STORPORT_API DDK_API /* storport.sys */
#define NTSYSAPI     DDK_API
#define NTHALAPI     DDK_API
#define DECLSPEC_IMPORT DDK_API
#define DECLSPEC_EXPORT

#define NTAPI    DDK_STDCALL
#define FASTCALL DDK_FASTCALL

/* ---- inlines --------------------------------------------------------------------------------- */
/* Never emitted out of line, so a header may be included anywhere; no "static", because drivers
 * write "static FORCEINLINE" and call these from their own non-static inlines. */
#define FORCEINLINE __inline__ __attribute__((always_inline, unused))
#define CFORCEINLINE FORCEINLINE
/* For variadic functions, which compilers do not inline. */
#define DDK_STATIC_INLINE static __inline__ __attribute__((unused))
#ifdef __OPTIMIZE__
#define DECLSPEC_NOINLINE __attribute__((noinline))
#else
#define DECLSPEC_NOINLINE
#endif

/* ---- attributes ------------------------------------------------------------------------------ */
#define DECLSPEC_ALIGN(n) __attribute__((aligned(n)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define DECLSPEC_NORETURN __attribute__((noreturn))
#ifdef _WIN32 /* one COMDAT, as there is no weak data in PE images */
#define DECLSPEC_SELECTANY __attribute__((selectany))
#else
#define DECLSPEC_SELECTANY __attribute__((weak))
#endif
#define DECLSPEC_DEPRECATED
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_NOTHROW
#define DECLSPEC_RESTRICT
#undef UNALIGNED
#define UNALIGNED
#define UNALIGNED64
#define RESTRICTED_POINTER
#ifdef _WIN64
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#define POINTER_ALIGN     DECLSPEC_ALIGN(8)
#else
#define MEMORY_ALLOCATION_ALIGNMENT 8
#define POINTER_ALIGNMENT
#define POINTER_ALIGN
#endif

/* ---- words that Microsoft's compiler has built in, for DSM sources only ---------------------- */
#ifdef OPENMPIO_DSM_SOURCE
#undef __inline
#define __inline __inline__ __attribute__((always_inline, unused))
#undef __forceinline
#define __forceinline FORCEINLINE
#define _inline __inline
#ifndef __clang__
#define __pragma(x)
#endif
#define __debugbreak() DbgBreakPoint()
#define _ReturnAddress() __builtin_return_address(0)
#undef __int8
#undef __int16
#undef __int32
#undef __int64
#define __int8  char
#define __int16 short
#define __int32 int
#define __int64 long long
#ifndef _WIN32
#undef __cdecl
#undef __stdcall
#undef __fastcall
#define __cdecl    DDK_CDECL
#define __stdcall  DDK_STDCALL
#define __fastcall DDK_FASTCALL
#define _cdecl     DDK_CDECL
#define _stdcall   DDK_STDCALL
#endif
#undef __unaligned
#undef __ptr64
#undef __ptr32
#undef __w64
#define __unaligned
#define __ptr64
#define __ptr32
#define __w64
#undef __declspec
#define __declspec(word) DDK_DECLSPEC_##word
#define DDK_DECLSPEC_align(n)      __attribute__((aligned(n)))
#define DDK_DECLSPEC_noreturn      __attribute__((noreturn))
#define DDK_DECLSPEC_noinline      __attribute__((noinline))
#define DDK_DECLSPEC_selectany     DECLSPEC_SELECTANY
#define DDK_DECLSPEC_deprecated(x)
#define DDK_DECLSPEC_dllexport
#define DDK_DECLSPEC_dllimport
#define DDK_DECLSPEC_nothrow
#define DDK_DECLSPEC_restrict
#define DDK_DECLSPEC_noalias
#define DDK_DECLSPEC_allocate(section)
#define DDK_DECLSPEC_code_seg(section)
#define DDK_DECLSPEC_uuid(text)
#include <excpt.h>
#endif

#endif
