/* SPDX-License-Identifier: MIT */
/*
 * The habits of WDK driver sources that the build must take: a tentative definition in a header, bare
 * __inline functions, include order with own prototypes before srbhelper.h, SAL inside a prototype.
 */
#include <stdio.h>
#include <stdarg.h>
#include <dsm.h>
#include <mpiodisk.h>
#include "trace.h"

#define POOL_TAG '1dnV'

DSM_INIT_DATA gDsmInitData;

_IRQL_requires_max_(DISPATCH_LEVEL)
_When_(Srb != NULL, _Post_satisfies_(return != NULL))
PVOID
ChoosePath(_In_ PSTORAGE_REQUEST_BLOCK Srb, _In_reads_(Count) PVOID *Paths, IN ULONG Count);

BOOLEAN IsPathRequest(IN PMPIO_PASS_THROUGH_PATH_EX Request, OUT PSTOR_ADDR_BTL8 Address OPTIONAL);

#include <srbhelper.h>
#include <ntstrsafe.h>
#include <ntintsafe.h>

__inline PSTORAGE_REQUEST_BLOCK_HEADER CopyRequest(PVOID Srb, POOL_TYPE PoolType, ULONG Tag)
{
    ULONG length = SrbGetSrbLength(Srb);
    PVOID copy = ExAllocatePoolZero(PoolType, length, Tag);

    if (copy != NULL) {
        SrbCopySrb(copy, length, Srb);
    }
    return (PSTORAGE_REQUEST_BLOCK_HEADER)copy;
}
