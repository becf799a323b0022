/* SPDX-License-Identifier: MIT */
/*
 * The pool routines that drivers call. Non-paged pool: <= DISPATCH_LEVEL; paged: <= APC_LEVEL, else rule
 * EX-POOL-04. Memory is filled with 0xCD for vendors' drivers unless zeroing was asked for, so that
 * reliance on zeroes shows. There are no structured exceptions here: where Windows would raise one on
 * failure, the machine stops as it does for an unhandled exception.
 */
#include "nt/pool.h"
#include "nt/seh.h"

#define UNTAGGED 0x656E6F4Eu /* "None" */

ULONG NtPoolTypeFlags(POOL_TYPE Type)
{
    ULONG flags = 0;

    if (((ULONG)Type & 1) != 0) {
        flags |= NT_POOL_PAGED;
    }
    if (((ULONG)Type & 4) != 0) {
        flags |= NT_POOL_CACHE_ALIGNED;
    }
    if (((ULONG)Type & POOL_ZERO_ALLOCATION) != 0) {
        flags |= NT_POOL_ZERO;
    }
    return flags;
}

/* The innermost driver answers, unless the request comes from code outside its image: a framework
 * routine that works on its behalf. */
PDRIVER_OBJECT NtPoolOwner(PVOID Caller)
{
    PNT_CALL call = NtContext()->Call;
    PDRIVER_OBJECT driver = call != NULL ? call->Driver : NULL;
    ULONG_PTR start;

    if (driver == NULL || !NtDriverIsForeign(driver)) {
        return NULL;
    }
    start = (ULONG_PTR)driver->DriverStart;
    if (driver->DriverSize != 0 && (ULONG_PTR)Caller - start >= driver->DriverSize) {
        return NULL;
    }
    return driver;
}

static VOID RequirePagedLevel(ULONG Flags)
{
    if ((Flags & NT_POOL_PAGED) != 0 && NtContext()->Irql > APC_LEVEL) {
        NtBugCheckRule(RULE_POOL_PAGED, NtContext()->Irql, 0);
    }
}

static PVOID Allocate(ULONG Flags, SIZE_T Bytes, ULONG Tag, PVOID Caller, BOOLEAN Raise)
{
    PVOID memory;

    RequirePagedLevel(Flags);
    memory = NtPoolAllocate(NtKernel(), Flags, Bytes, Tag, NtPoolOwner(Caller));
    if (memory == NULL && Raise && !NtRaiseAtCaller(STATUS_INSUFFICIENT_RESOURCES)) {
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)STATUS_INSUFFICIENT_RESOURCES, Bytes, Tag, 0);
    }
    return memory;
}

static BOOLEAN Raises(POOL_TYPE Type)
{
    return ((ULONG)Type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0;
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType), NumberOfBytes, UNTAGGED, NT_CALLER(),
                    Raises(PoolType));
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType), NumberOfBytes, Tag, NT_CALLER(),
                    Raises(PoolType));
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType) & ~NT_POOL_ZERO, NumberOfBytes, Tag,
                    NT_CALLER(), Raises(PoolType));
}

PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType) | NT_POOL_ZERO, NumberOfBytes, Tag,
                    NT_CALLER(), Raises(PoolType));
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                    EX_POOL_PRIORITY Priority)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Priority);
    return Allocate(NtPoolTypeFlags(PoolType), NumberOfBytes, Tag, NT_CALLER(),
                    Raises(PoolType));
}

PVOID ExAllocatePoolPriorityZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                 EX_POOL_PRIORITY Priority)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Priority);
    return Allocate(NtPoolTypeFlags(PoolType) | NT_POOL_ZERO, NumberOfBytes, Tag,
                    NT_CALLER(), Raises(PoolType));
}

/* The quota forms raise unless told not to. */
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType), NumberOfBytes, Tag, NT_CALLER(),
                    ((ULONG)PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0);
}

PVOID ExAllocatePoolQuotaZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate(NtPoolTypeFlags(PoolType) | NT_POOL_ZERO, NumberOfBytes, Tag,
                    NT_CALLER(),
                    ((ULONG)PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0);
}

/* Exactly one kind of memory, no unknown bit below the optional half, a tag; else NULL, as published. */
static PVOID Allocate2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PVOID Caller)
{
    const POOL_FLAGS kinds = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    const POOL_FLAGS known = kinds | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                             POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE;
    BOOLEAN raise = (Flags & POOL_FLAG_RAISE_ON_FAILURE) != 0;
    ULONG flags = 0;

    if (__builtin_popcountll(Flags & kinds) != 1 || (Flags & 0xFFFFFFFFull & ~known) != 0 || Tag == 0) {
        if (raise) {
            KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)STATUS_INVALID_PARAMETER, (ULONG_PTR)Flags,
                         Tag, 0);
        }
        return NULL;
    }
    if ((Flags & POOL_FLAG_PAGED) != 0) {
        flags |= NT_POOL_PAGED;
    }
    if ((Flags & POOL_FLAG_CACHE_ALIGNED) != 0) {
        flags |= NT_POOL_CACHE_ALIGNED;
    }
    if ((Flags & POOL_FLAG_UNINITIALIZED) == 0) {
        flags |= NT_POOL_ZERO;
    }
    return Allocate(flags, NumberOfBytes, Tag, Caller, raise);
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Allocate2(Flags, NumberOfBytes, Tag, NT_CALLER());
}

/* Priority and NUMA node change nothing here; secure pool does not exist, so it fails unless optional. */
PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                      PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    for (ULONG i = 0; ExtendedParameters != NULL && i < ExtendedParametersCount; i++) {
        ULONG64 type = ExtendedParameters[i].Type;
        if (type != PoolExtendedParameterPriority && type != PoolExtendedParameterNumaNode &&
            !ExtendedParameters[i].Optional) {
            return NULL;
        }
    }
    return Allocate2(Flags, NumberOfBytes, Tag, NT_CALLER());
}

static VOID Free(PVOID Memory, ULONG Tag)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_POOL pool = kernel->Pool;

    if (NtContext()->Irql > APC_LEVEL && (ULONG_PTR)Memory - (ULONG_PTR)pool->Base < pool->Bytes) {
        RequirePagedLevel(NtPoolIsPaged(pool, Memory) ? NT_POOL_PAGED : 0);
    }
    NtPoolFree(kernel, Memory, Tag);
}

VOID ExFreePool(PVOID P)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Free(P, 0);
}

VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Free(P, Tag);
}

VOID ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                 ULONG ExtendedParametersCount)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ExtendedParameters);
    UNREFERENCED_PARAMETER(ExtendedParametersCount);
    Free(P, Tag);
}

/* Nothing to opt in to: no pool of ours is executable. */
VOID ExInitializeDriverRuntime(ULONG RuntimeFlags)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(RuntimeFlags);
}
