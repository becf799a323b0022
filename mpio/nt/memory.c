/* SPDX-License-Identifier: MIT */
/*
 * Mm routines that are not about MDLs: contiguous memory, addresses, paging of images, look-up of
 * system routines. IRQL limits per routine. Memory is never paged out, so locking sections changes
 * nothing and "physical" addresses are the virtual ones.
 */
#include "nt/driverobject.h"
#include "nt/routine.h"
#include "nt/trace_wpp.h"

#define CONTIGUOUS_TAG 'tnoC'
#define NAME_MAX_LENGTH 127

void nt_set_routine_lookup(struct machine *m, void *(*lookup)(const char *name, unsigned char pe))
{
    NtKernelOf(m)->RoutineLookup = lookup;
}

PVOID MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    PNT_MACHINE kernel;
    PNT_CALL call;
    CHAR name[NAME_MAX_LENGTH + 1];
    ULONG length = SystemRoutineName->Length / sizeof(WCHAR);
    BOOLEAN pe;
    PVOID own;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    kernel = NtKernel();
    call = NtContext()->Call;
    if (length > NAME_MAX_LENGTH) {
        return NULL;
    }
    for (ULONG i = 0; i < length; i++) {
        if (SystemRoutineName->Buffer[i] > 0x7e) {
            return NULL;
        }
        name[i] = (CHAR)SystemRoutineName->Buffer[i];
    }
    name[length] = 0;
    pe = call != NULL && call->Driver != NULL && NtDriver(call->Driver)->Image.pe;
    own = NtTraceRoutine(name, pe);
    return own != NULL || kernel->RoutineLookup == NULL ? own : kernel->RoutineLookup(name, pe);
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    UNREFERENCED_PARAMETER(HighestAcceptableAddress);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return ExAllocatePoolZero(NonPagedPoolNx, ALIGN_UP_BY(NumberOfBytes, PAGE_SIZE), CONTIGUOUS_TAG);
}

PVOID MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                             PHYSICAL_ADDRESS HighestAcceptableAddress,
                                             PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                             MEMORY_CACHING_TYPE CacheType)
{
    UNREFERENCED_PARAMETER(LowestAcceptableAddress);
    UNREFERENCED_PARAMETER(BoundaryAddressMultiple);
    UNREFERENCED_PARAMETER(CacheType);
    return MmAllocateContiguousMemory(NumberOfBytes, HighestAcceptableAddress);
}

VOID MmFreeContiguousMemory(PVOID BaseAddress)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    ExFreePoolWithTag(BaseAddress, CONTIGUOUS_TAG);
}

VOID MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE CacheType)
{
    UNREFERENCED_PARAMETER(NumberOfBytes);
    UNREFERENCED_PARAMETER(CacheType);
    MmFreeContiguousMemory(BaseAddress);
}

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS address;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    address.QuadPart = (LONGLONG)(ULONG_PTR)BaseAddress;
    return address;
}

BOOLEAN MmIsAddressValid(PVOID VirtualAddress)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    /* The first 64 KiB and non-canonical addresses are never valid; the rest is not known without a look. */
    return (ULONG_PTR)VirtualAddress >= 65536 && (ULONGLONG)(ULONG_PTR)VirtualAddress >> 47 == 0;
}

PVOID MmLockPagableDataSection(PVOID AddressWithinSection)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return AddressWithinSection;
}

VOID MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    UNREFERENCED_PARAMETER(ImageSectionHandle);
    NT_REQUIRE_IRQL(APC_LEVEL);
}

PVOID MmPageEntireDriver(PVOID AddressWithinSection)
{
    PNT_MACHINE kernel;
    PDRIVER_OBJECT driver;

    NT_REQUIRE_IRQL(APC_LEVEL);
    kernel = NtKernel();
    driver = NtDriverOfCode(kernel, AddressWithinSection);
    return driver == NULL ? NULL : driver->DriverStart;
}

VOID MmResetDriverPaging(PVOID AddressWithinSection)
{
    UNREFERENCED_PARAMETER(AddressWithinSection);
    NT_REQUIRE_IRQL(APC_LEVEL);
}
