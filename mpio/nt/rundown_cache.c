/* SPDX-License-Identifier: MIT */
/*
 * Cache-aware rundown protection: on Windows a counter per processor, here one plain EX_RUNDOWN_REF.
 * Levels as in rundown.c.
 */
#include "nt/pool.h"

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF Reference;
    ULONG_PTR Reserved[3];
};

PEX_RUNDOWN_REF_CACHE_AWARE ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return NtPoolAllocate(NtKernel(), NT_POOL_ZERO | ((PoolType & PagedPool) != 0 ? NT_POOL_PAGED : 0),
                          sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE), PoolTag,
                          NtPoolOwner(NT_CALLER()));
}

VOID ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExFreePool(RunRefCacheAware);
}

SIZE_T ExSizeOfRundownProtectionCacheAware(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}

VOID ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, SIZE_T RunRefSize)
{
    UNREFERENCED_PARAMETER(RunRefSize);
    ExInitializeRundownProtection(&RunRefCacheAware->Reference);
}

BOOLEAN ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    return ExAcquireRundownProtection(&RunRefCacheAware->Reference);
}

BOOLEAN ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    return ExAcquireRundownProtectionEx(&RunRefCacheAware->Reference, Count);
}

VOID ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    ExReleaseRundownProtection(&RunRefCacheAware->Reference);
}

VOID ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, ULONG Count)
{
    ExReleaseRundownProtectionEx(&RunRefCacheAware->Reference, Count);
}

VOID ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    ExWaitForRundownProtectionRelease(&RunRef->Reference);
}

VOID ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    ExReInitializeRundownProtection(&RunRefCacheAware->Reference);
}

VOID ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    ExRundownCompleted(&RunRefCacheAware->Reference);
}
