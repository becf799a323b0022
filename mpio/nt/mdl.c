/* SPDX-License-Identifier: MIT */
/*
 * MDLs. There is one address space and memory never moves, so a mapping is the memory itself and locking
 * is book-keeping; the page frame numbers are the addresses' page numbers. MDLs of up to 128 KiB come from
 * a list of free ones: no pool allocation in steady state. <= DISPATCH_LEVEL; guards: none needed, see
 * kernel.h.
 */
#include <stdlib.h>

#include "nt/pool.h"

#define FIXED_PAGES   33u       /* 128 KiB at any byte offset */
#define MAXIMUM_PAGES 4090u     /* what the 16-bit Size of an MDL can say */
#define TAG_MDL       0x206C644Du /* "Mdl " */
#define FREED_SIZE    0         /* Size of an MDL on the free list: no live one has it */
#define TARGET_MDL_TOO_SMALL 0x00000040

typedef struct _NT_MDL {
    PMDL Free;                  /* FIXED_PAGES each */
} NT_MDL;

BOOLEAN NtMdlInitialize(PNT_MACHINE Kernel)
{
    Kernel->Mdl = calloc(1, sizeof(*Kernel->Mdl));
    return Kernel->Mdl != NULL;
}

/* The MDLs themselves go with the arena. */
VOID NtMdlDestroy(PNT_MACHINE Kernel)
{
    free(Kernel->Mdl);
    Kernel->Mdl = NULL;
}

static VOID FillPages(PMDL Mdl)
{
    PPFN_NUMBER frame = MmGetMdlPfnArray(Mdl);
    ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount);
    PFN_NUMBER first = (ULONG_PTR)Mdl->StartVa >> PAGE_SHIFT;

    for (ULONG i = 0; i < pages; i++) {
        frame[i] = first + i;
    }
}

static PMDL AllocateFixed(PNT_MACHINE Kernel)
{
    PMDL mdl = Kernel->Mdl->Free;

    if (mdl != NULL) {
        Kernel->Mdl->Free = mdl->Next;
        return mdl;
    }
    return NtPoolAllocateKernel(Kernel, sizeof(MDL) + FIXED_PAGES * sizeof(PFN_NUMBER), TAG_MDL);
}

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota, PIRP Irp)
{
    PNT_MACHINE kernel;
    SIZE_T pages = ((SIZE_T)BYTE_OFFSET(VirtualAddress) + Length + PAGE_SIZE - 1) >> PAGE_SHIFT;
    PMDL mdl, last;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ChargeQuota);
    kernel = NtKernel();
    if (pages > MAXIMUM_PAGES || NtPoolFailsNow(kernel, NtPoolOwner(NT_CALLER()))) {
        return NULL;
    }
    if (pages <= FIXED_PAGES) {
        mdl = AllocateFixed(kernel);
    } else {
        mdl = NtPoolAllocateKernel(kernel, sizeof(MDL) + pages * sizeof(PFN_NUMBER), TAG_MDL);
    }
    if (mdl == NULL) {
        return NULL;
    }
    MmInitializeMdl(mdl, VirtualAddress, Length);
    mdl->Process = NULL;
    mdl->MappedSystemVa = NULL;
    if (pages <= FIXED_PAGES) {
        mdl->MdlFlags = MDL_ALLOCATED_FIXED_SIZE;
        mdl->Size = (CSHORT)(sizeof(MDL) + FIXED_PAGES * sizeof(PFN_NUMBER));
    }
    if (Irp != NULL && !SecondaryBuffer) {
        Irp->MdlAddress = mdl;
    } else if (Irp != NULL && Irp->MdlAddress == NULL) {
        Irp->MdlAddress = mdl;
    } else if (Irp != NULL) {
        for (last = Irp->MdlAddress; last->Next != NULL; last = last->Next) {
        }
        last->Next = mdl;
    }
    return mdl;
}

static VOID Unmap(PMDL Mdl)
{
    Mdl->MdlFlags &= (CSHORT) ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

VOID IoFreeMdl(PMDL Mdl)
{
    PNT_MACHINE kernel;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    kernel = NtKernel();
    if ((Mdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE) == 0) {
        NtPoolFreeKernel(kernel, Mdl);
        return;
    }
    if (Mdl->Size == FREED_SIZE) {
        NtBugCheckRule(RULE_POOL_TWICE, (ULONG_PTR)Mdl, 0);
    }
    Mdl->Size = FREED_SIZE;
    Mdl->Next = kernel->Mdl->Free;
    kernel->Mdl->Free = Mdl;
}

VOID MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    FillPages(MemoryDescriptorList);
    MemoryDescriptorList->MappedSystemVa = MmGetMdlVirtualAddress(MemoryDescriptorList);
    MemoryDescriptorList->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

VOID MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(AccessMode);
    FillPages(MemoryDescriptorList);
    MemoryDescriptorList->MdlFlags |= MDL_PAGES_LOCKED;
    if (Operation != IoReadAccess) {
        MemoryDescriptorList->MdlFlags |= MDL_WRITE_OPERATION;
    }
}

VOID MmUnlockPages(PMDL MemoryDescriptorList)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Unmap(MemoryDescriptorList);
    MemoryDescriptorList->MdlFlags &= (CSHORT) ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
}

static PVOID Map(PMDL Mdl)
{
    Mdl->MappedSystemVa = MmGetMdlVirtualAddress(Mdl);
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if ((Mdl->MdlFlags & MDL_PARTIAL) != 0) {
        Mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    }
    return Mdl->MappedSystemVa;
}

PVOID MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return AccessMode == KernelMode ? Map(MemoryDescriptorList)
                                    : MmGetMdlVirtualAddress(MemoryDescriptorList);
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                   MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                   ULONG BugCheckOnFailure, ULONG Priority)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(CacheType);
    UNREFERENCED_PARAMETER(RequestedAddress);
    UNREFERENCED_PARAMETER(BugCheckOnFailure);
    UNREFERENCED_PARAMETER(Priority);
    return AccessMode == KernelMode ? Map(MemoryDescriptorList)
                                    : MmGetMdlVirtualAddress(MemoryDescriptorList);
}

VOID MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(BaseAddress);
    Unmap(MemoryDescriptorList);
}

/* Length 0: up to the end of the source. */
VOID IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    PUCHAR base = MmGetMdlVirtualAddress(SourceMdl);
    ULONG_PTR offset = (ULONG_PTR)VirtualAddress - (ULONG_PTR)base;
    CSHORT kept = TargetMdl->MdlFlags & MDL_ALLOCATED_FIXED_SIZE;
    ULONG pages, room;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (offset > SourceMdl->ByteCount || Length > SourceMdl->ByteCount - offset) {
        KeBugCheckEx(TARGET_MDL_TOO_SMALL, (ULONG_PTR)SourceMdl, (ULONG_PTR)VirtualAddress, Length, 0);
    }
    if (Length == 0) {
        Length = SourceMdl->ByteCount - (ULONG)offset;
    }
    pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    room = (ULONG)(((USHORT)TargetMdl->Size - sizeof(MDL)) / sizeof(PFN_NUMBER));
    if ((USHORT)TargetMdl->Size < sizeof(MDL) || pages > room) {
        KeBugCheckEx(TARGET_MDL_TOO_SMALL, (ULONG_PTR)TargetMdl, pages, room, 0);
    }
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length;
    TargetMdl->MdlFlags = (CSHORT)(kept | MDL_PARTIAL | (SourceMdl->MdlFlags & MDL_IO_SPACE));
    TargetMdl->MappedSystemVa = NULL;
    if ((SourceMdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0) {
        TargetMdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
        TargetMdl->MappedSystemVa = (PUCHAR)SourceMdl->MappedSystemVa + offset;
    } else if ((SourceMdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) {
        TargetMdl->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA | MDL_MAPPED_TO_SYSTEM_VA;
        TargetMdl->MappedSystemVa = (PUCHAR)SourceMdl->MappedSystemVa + offset;
    }
    FillPages(TargetMdl);
}

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ((BYTE_OFFSET(Base) + Length + PAGE_SIZE - 1) >> PAGE_SHIFT);
}
