/* SPDX-License-Identifier: MIT */
#ifndef MSVC_H
#define MSVC_H

#include <ntddk.h>

#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition))                                 \
            return (NTSTATUS)(0xE0000000u | __LINE__);    \
    } while (0)

NTSTATUS TryExceptions(VOID);
NTSTATUS TryContexts(VOID);
VOID ContinueForbidden(VOID);

#endif
