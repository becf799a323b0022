/* SPDX-License-Identifier: MIT */
/*
 * Lookaside lists in the WDK's layout. Images built with Microsoft's WDK run the hit path inline and call
 * Allocate and Free through the pointers of the structure, so those hold routines of the image's own
 * convention; ours are recognised and bypassed. Entries count for the driver that allocated them.
 * Non-paged lists: <= DISPATCH_LEVEL, paged: <= APC_LEVEL. The driver guards nothing: see slist.c.
 */
#include "nt/pool.h"

#define DEPTH_INITIAL  64u      /* unspecified; deep enough for an image that never reports its misses */
#define DEPTH_MAXIMUM  256u
#define DEPTH_PATIENCE 16u      /* misses before the depth doubles */
#define ENTRY_MINIMUM  8u       /* the link of a free entry */

static inline PVOID DefaultAllocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, PVOID Caller)
{
    PNT_MACHINE kernel = NtKernel();
    ULONG flags = NtPoolTypeFlags(PoolType);
    PVOID memory;

    if ((flags & NT_POOL_PAGED) != 0 && NtContext()->Irql > APC_LEVEL) {
        NtBugCheckRule(RULE_POOL_PAGED, NtContext()->Irql, 0);
    }
    kernel->Pool->LookasideMisses++;
    memory = NtPoolAllocate(kernel, flags, NumberOfBytes, Tag, NtPoolOwner(Caller));
    if (memory == NULL && ((ULONG)PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0) {
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)STATUS_INSUFFICIENT_RESOURCES, NumberOfBytes, Tag,
                     0);
    }
    return memory;
}

/* What Allocate and Free point to when the driver gives none: one pair per convention. */
static PVOID NTAPI AllocateHost(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return DefaultAllocate(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

static VOID NTAPI FreeHost(PVOID Buffer)
{
    ExFreePool(Buffer);
}

#ifdef NT_TWO_CONVENTIONS
static NT_IMAGE_ENTERS PVOID AllocateImage(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return DefaultAllocate(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

static NT_IMAGE_ENTERS VOID FreeImage(PVOID Buffer)
{
    ExFreePool(Buffer);
}
#else
#define AllocateImage AllocateHost
#define FreeImage     FreeHost
#endif

static BOOLEAN CallerIsImage(VOID)
{
    PNT_CALL call = NtContext()->Call;

    return call != NULL && call->Driver != NULL &&
           (ULONG_PTR)call->Driver->DriverStart - NT_PE_WINDOW_BASE < NT_PE_WINDOW_SIZE;
}

static BOOLEAN AllocatesFromPool(const GENERAL_LOOKASIDE_POOL *List)
{
    PVOID routine = (PVOID)List->Allocate;

    return routine == (PVOID)AllocateHost || routine == (PVOID)AllocateImage;
}

static BOOLEAN FreesToPool(const GENERAL_LOOKASIDE_POOL *List)
{
    PVOID routine = (PVOID)List->Free;

    return routine == (PVOID)FreeHost || routine == (PVOID)FreeImage;
}

/* GENERAL_LOOKASIDE is the same structure with a stricter alignment. */
static PGENERAL_LOOKASIDE_POOL ListOf(PVOID Lookaside)
{
    return (PGENERAL_LOOKASIDE_POOL)Lookaside;
}

static VOID Initialize(PGENERAL_LOOKASIDE_POOL List, PVOID Allocate, PVOID Free, POOL_TYPE Type, SIZE_T Size,
                       ULONG Tag)
{
    BOOLEAN image = CallerIsImage();

    RtlZeroMemory(List, sizeof(*List));
    List->Depth = DEPTH_INITIAL;
    List->MaximumDepth = DEPTH_MAXIMUM;
    List->Type = Type;
    List->Tag = Tag;
    List->Size = (ULONG)(Size < ENTRY_MINIMUM ? ENTRY_MINIMUM : Size);
    if (Allocate == NULL) {
        Allocate = image ? (PVOID)AllocateImage : (PVOID)AllocateHost;
    }
    if (Free == NULL) {
        Free = image ? (PVOID)FreeImage : (PVOID)FreeHost;
    }
    List->Allocate = (PALLOCATE_FUNCTION)Allocate;
    List->Free = (PFREE_FUNCTION)Free;
    InitializeListHead(&List->ListEntry);
}

static PDRIVER_OBJECT InnermostDriver(VOID)
{
    PNT_CALL call = NtContext()->Call;

    return call != NULL ? call->Driver : NULL;
}

static PVOID Take(PGENERAL_LOOKASIDE_POOL List, PLOOKASIDE_LIST_EX Extended, PVOID Caller)
{
    PVOID entry;

    List->TotalAllocates++;
    entry = ExpInterlockedPopEntrySList(&List->ListHead);
    if (entry != NULL) {
        return entry;
    }
    List->AllocateMisses++;
    if (List->AllocateMisses - List->LastAllocateMisses >= DEPTH_PATIENCE &&
        List->Depth < List->MaximumDepth) {
        List->LastAllocateMisses = List->AllocateMisses;
        List->Depth = (USHORT)(2 * List->Depth > List->MaximumDepth ? List->MaximumDepth : 2 * List->Depth);
    }
    if (AllocatesFromPool(List)) {
        return DefaultAllocate(List->Type, List->Size, List->Tag, Caller);
    }
    if (Extended != NULL) {
        return NT_CALL_OUT("lookaside allocate routine", InnermostDriver(), DISPATCH_LEVEL,
                           List->AllocateEx, List->Type, List->Size, List->Tag, Extended);
    }
    return NT_CALL_OUT("lookaside allocate routine", InnermostDriver(), DISPATCH_LEVEL, List->Allocate,
                       List->Type, List->Size, List->Tag);
}

static VOID Discard(PGENERAL_LOOKASIDE_POOL List, PLOOKASIDE_LIST_EX Extended, PVOID Entry)
{
    if (FreesToPool(List)) {
        ExFreePool(Entry);
    } else if (Extended != NULL) {
        NT_CALL_VOID("lookaside free routine", InnermostDriver(), DISPATCH_LEVEL, List->FreeEx, Entry,
                     Extended);
    } else {
        NT_CALL_VOID("lookaside free routine", InnermostDriver(), DISPATCH_LEVEL, List->Free, Entry);
    }
}

static VOID Give(PGENERAL_LOOKASIDE_POOL List, PLOOKASIDE_LIST_EX Extended, PVOID Entry)
{
    List->TotalFrees++;
    if (ExQueryDepthSList(&List->ListHead) >= List->Depth) {
        List->FreeMisses++;
        Discard(List, Extended, Entry);
    } else {
        ExpInterlockedPushEntrySList(&List->ListHead, Entry);
    }
}

static VOID Flush(PGENERAL_LOOKASIDE_POOL List, PLOOKASIDE_LIST_EX Extended)
{
    PVOID entry;

    while ((entry = ExpInterlockedPopEntrySList(&List->ListHead)) != NULL) {
        Discard(List, Extended, entry);
    }
}

/* ---- non-paged ------------------------------------------------------------------------------------- */

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                     PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Depth); /* published as reserved */
    Initialize(ListOf(Lookaside), (PVOID)Allocate, (PVOID)Free,
               (Flags & POOL_NX_ALLOCATION) != 0 ? NonPagedPoolNx : NonPagedPool, Size, Tag);
}

VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Flush(ListOf(Lookaside), NULL);
}

PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Take(ListOf(Lookaside), NULL, NT_CALLER());
}

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Give(ListOf(Lookaside), NULL, Entry);
}

/* ---- paged ----------------------------------------------------------------------------------------- */

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                    PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    UNREFERENCED_PARAMETER(Flags);
    UNREFERENCED_PARAMETER(Depth);
    Initialize(ListOf(Lookaside), (PVOID)Allocate, (PVOID)Free, PagedPool, Size, Tag);
}

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    Flush(ListOf(Lookaside), NULL);
}

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return Take(ListOf(Lookaside), NULL, NT_CALLER());
}

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    Give(ListOf(Lookaside), NULL, Entry);
}

/* ---- either kind, with the list handed to the routines ------------------------------------------------- */

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size,
                                     ULONG Tag, USHORT Depth)
{
    const ULONG known = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Depth != 0) {
        return STATUS_INVALID_PARAMETER_8;
    }
    if ((Flags & ~known) != 0 || Flags == known) {
        return STATUS_INVALID_PARAMETER_5;
    }
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0) {
        PoolType = (POOL_TYPE)((ULONG)PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE);
    }
    Initialize(&Lookaside->L, (PVOID)Allocate, (PVOID)Free, PoolType, Size, Tag);
    return STATUS_SUCCESS;
}

VOID ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Flush(&Lookaside->L, Lookaside);
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Flush(&Lookaside->L, Lookaside);
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return Take(&Lookaside->L, Lookaside, NT_CALLER());
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Give(&Lookaside->L, Lookaside, Entry);
}

/* The lists live in drivers' memory; the kernel keeps nothing about them. */
BOOLEAN NtLookasideInitialize(PNT_MACHINE Kernel)
{
    UNREFERENCED_PARAMETER(Kernel);
    return TRUE;
}

VOID NtLookasideDestroy(PNT_MACHINE Kernel)
{
    UNREFERENCED_PARAMETER(Kernel);
}
