/* SPDX-License-Identifier: MIT */
/*
 * Exceptions as drivers see them: records, raising, and probing of user buffers (the words of
 * __try/__except: excpt.h). Here every address is the kernel's, so a probe
 * judges alignment and wrap-around only.
 * Source: wdm.h, ntddk.h, excpt.h and the pages of the routines.
 */
#ifndef OPENMPIO_EXCEPTION_H
#define OPENMPIO_EXCEPTION_H

#include <openmpio/kernel.h>

DDK_BEGIN_C

#ifndef EXCEPTION_EXECUTE_HANDLER /* excpt.h */
#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)
#endif
#define EXCEPTION_NONCONTINUABLE     0x1
#define EXCEPTION_MAXIMUM_PARAMETERS 15

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

struct _CONTEXT;
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    struct _CONTEXT *ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

/* <= APC_LEVEL. Raise STATUS_DATATYPE_MISALIGNMENT or STATUS_ACCESS_VIOLATION; Length in bytes, of 0
 * nothing is judged. Alignment: 1, 2, 4, 8 or 16.
 * Limit: there is no user address space, so no address is refused for being the kernel's. */
NTKERNELAPI VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment);
NTKERNELAPI VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment);
/* As ExRaiseStatus with these codes. */
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID);
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID);

DDK_END_C

#endif
