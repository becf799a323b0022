/* SPDX-License-Identifier: MIT */
/*
 * Debug output, assertions, PAGED_CODE, and the kernel's two formatting routines. Any IRQL. A
 * failed assertion is logged with its place and the driver goes on.
 * Source: wdm.h, dpfilter.h and the pages of the Dbg routines.
 */
#ifndef OPENMPIO_DEBUG_H
#define OPENMPIO_DEBUG_H

#include <openmpio/kernel.h>

DDK_BEGIN_C

#define DPFLTR_ERROR_LEVEL   0
#define DPFLTR_WARNING_LEVEL 1
#define DPFLTR_TRACE_LEVEL   2
#define DPFLTR_INFO_LEVEL    3
#define DPFLTR_MASK          0x80000000
#define DPFLTR_IHVDRIVER_ID  77
#define DPFLTR_DEFAULT_ID    101
#define DPFLTR_MSDSM_ID      134

/* Windows formats: %ws %S %wZ %Z %I64d %p; wide text is 16-bit. */
NTKERNELAPI ULONG DDK_CDECL DbgPrint(PCSTR Format, ...);
NTKERNELAPI ULONG DDK_CDECL DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);
NTKERNELAPI ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, va_list ArgList);
NTKERNELAPI ULONG NTAPI vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level,
                                              PCSTR Format, va_list ArgList);
NTKERNELAPI VOID NTAPI DbgBreakPoint(VOID);
NTKERNELAPI VOID NTAPI DbgBreakPointWithStatus(ULONG Status);
NTKERNELAPI VOID NTAPI RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber,
                                 PSTR Message);

#if defined(_WIN32) && !defined(OPENMPIO_DSM_SOURCE)
/* The framework on a Windows host, whose C library has other functions of these names. */
#include <stdio.h>
#include <wchar.h>
#define _vsnwprintf DdkVsnwprintf
#define _vsnprintf  DdkVsnprintf
#define _snwprintf  DdkSnwprintf
#define _snprintf   DdkSnprintf
#endif
/* Characters written, or -1 when the text was cut off (then without a terminator). */
NTKERNELAPI int DDK_CDECL _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format,
                                      va_list Arguments);
NTKERNELAPI int DDK_CDECL _vsnprintf(char *Buffer, size_t Count, const char *Format,
                                     va_list Arguments);
NTKERNELAPI int DDK_CDECL _snwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, ...);
NTKERNELAPI int DDK_CDECL _snprintf(char *Buffer, size_t Count, const char *Format, ...);

#if DBG
#define NT_ASSERT(e) \
    ((!(e)) ? (RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, NULL), FALSE) : TRUE)
#define NT_ASSERTMSG(message, e) \
    ((!(e)) ? (RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, (PSTR)(message)), FALSE) : TRUE)
#define KdPrint(arguments)   DbgPrint arguments
#define KdPrintEx(arguments) DbgPrintEx arguments
#define KdBreakPoint()       DbgBreakPoint()
#define PAGED_CODE()         NT_ASSERT(KeGetCurrentIrql() <= APC_LEVEL)
#else
#define NT_ASSERT(e)             ((void)0)
#define NT_ASSERTMSG(message, e) ((void)0)
#define KdPrint(arguments)       ((void)0)
#define KdPrintEx(arguments)     ((void)0)
#define KdBreakPoint()           ((void)0)
#define PAGED_CODE()             ((void)0)
#endif
#define ASSERT(e)             NT_ASSERT(e)
#define ASSERTMSG(message, e) NT_ASSERTMSG(message, e)
#define RTL_SOFT_ASSERT(e)    NT_ASSERT(e)
#define NT_VERIFY(e) \
    ((e) ? TRUE : (RtlAssert((PVOID)#e, (PVOID)__FILE__, __LINE__, NULL), FALSE))
#define NT_ASSERT_ASSUME(e)   NT_ASSERT(e)
#define NT_FRE_ASSERT(e)      NT_VERIFY(e)
#define PAGED_CODE_LOCKED()   ((void)0)
#define PAGED_ASSERT(e)       NT_ASSERT(e)

DDK_END_C

#endif
