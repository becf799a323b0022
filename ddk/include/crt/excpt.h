/* SPDX-License-Identifier: MIT */
/*
 * Structured exceptions, for DSM sources only (compiler.h includes this first). Microsoft's language has
 * the words built in: msvc-clang compiles them. Every other compiler gets one error that says so.
 */
#ifndef OPENMPIO_CRT_EXCPT_H
#define OPENMPIO_CRT_EXCPT_H

#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#ifdef _MSC_VER
#define GetExceptionCode        _exception_code
#define exception_code          _exception_code
#define GetExceptionInformation (struct _EXCEPTION_POINTERS *)_exception_info
#define exception_info          (struct _EXCEPTION_POINTERS *)_exception_info
#define AbnormalTermination     _abnormal_termination
#define abnormal_termination    _abnormal_termination
#else
#define __try \
    _Pragma("GCC error \"__try needs structured exceptions: build the .sys with TOOLCHAIN=msvc-clang\"")
#define __except(filter) if (0)
#define __finally
#define __leave ((void)0)
#define GetExceptionCode()    0
#define AbnormalTermination() 0
#endif

#endif
