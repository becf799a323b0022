/* SPDX-License-Identifier: MIT */
/*
 * MDLs: chain in the IRP, mapping life cycle, partial MDLs, the free list, the size limit.
 */
#include "harness2.h"

static UCHAR memory[300000];

static void describes_the_buffer(void)
{
    PMDL mdl = IoAllocateMdl(memory + 5, 9000, FALSE, FALSE, NULL);

    CHECK(MmGetMdlVirtualAddress(mdl) == memory + 5 && mdl->ByteCount == 9000);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory + 5);
    CHECK(MmGetMdlPfnArray(mdl)[1] == MmGetMdlPfnArray(mdl)[0] + 1);
    CHECK((mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
    CHECK(MmSizeOfMdl((PVOID)0x1FFF, 2) == sizeof(MDL) + 2 * sizeof(PFN_NUMBER));
    IoFreeMdl(mdl);
}

static void chains_into_the_irp(void)
{
    IRP irp = {0};
    PMDL first = IoAllocateMdl(memory, 10, FALSE, FALSE, &irp);
    PMDL second = IoAllocateMdl(memory, 20, TRUE, FALSE, &irp);
    PMDL third = IoAllocateMdl(memory, 30, TRUE, FALSE, &irp);

    CHECK(irp.MdlAddress == first && first->Next == second && second->Next == third && third->Next == NULL);
    IoFreeMdl(first);
    IoFreeMdl(second);
    IoFreeMdl(third);
}

static void locks_maps_and_unlocks(void)
{
    PMDL mdl = IoAllocateMdl(memory, 10, FALSE, FALSE, NULL);

    MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
    CHECK((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION)) == (MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
    CHECK(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == memory);
    CHECK((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    MmUnlockPages(mdl);
    CHECK((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)) == 0);
    IoFreeMdl(mdl);
}

static void partial_follows_its_source(void)
{
    PMDL source = IoAllocateMdl(memory + 100, 20000, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(memory, 20000, FALSE, FALSE, NULL);

    MmBuildMdlForNonPagedPool(source);
    IoBuildPartialMdl(source, part, memory + 5100, 3000);
    CHECK(MmGetMdlVirtualAddress(part) == memory + 5100 && part->ByteCount == 3000);
    CHECK(MmGetSystemAddressForMdlSafe(part, NormalPagePriority) == memory + 5100);
    IoBuildPartialMdl(source, part, memory + 5100, 0);
    CHECK(part->ByteCount == 15000);
    IoFreeMdl(part);
    IoFreeMdl(source);
}

static void partial_beyond_its_source(void)
{
    PMDL source = IoAllocateMdl(memory, 1000, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(memory, 1000, FALSE, FALSE, NULL);

    MmBuildMdlForNonPagedPool(source);
    IoBuildPartialMdl(source, part, memory + 1, 1000);
}

static void steady_state_allocates_nothing(void)
{
    struct nt_counters before, after;

    IoFreeMdl(IoAllocateMdl(memory, 131072, FALSE, FALSE, NULL));
    NtPoolCounters(NtKernel(), &before);
    for (int i = 0; i < 100; i++) {
        IoFreeMdl(IoAllocateMdl(memory, 131072, FALSE, FALSE, NULL));
    }
    NtPoolCounters(NtKernel(), &after);
    CHECK(after.pool_allocations == before.pool_allocations);
}

static void size_limit_and_one_past_it(void)
{
    PVOID page = (PVOID)(((ULONG_PTR)memory + PAGE_SIZE) & ~(ULONG_PTR)(PAGE_SIZE - 1));
    PMDL largest = IoAllocateMdl(page, 4090u * PAGE_SIZE, FALSE, FALSE, NULL);

    CHECK(largest != NULL);
    CHECK(IoAllocateMdl(page, 4090u * PAGE_SIZE + 1, FALSE, FALSE, NULL) == NULL);
    IoFreeMdl(largest);
}

static void freed_twice(void)
{
    PMDL mdl = IoAllocateMdl(memory, 10, FALSE, FALSE, NULL);
    IoFreeMdl(mdl);
    IoFreeMdl(mdl);
}

#define LIVES(name)                                                                                  \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_success(name, 1);                                                                     \
    }
#define DIES(name, rule)                                                                             \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_rule(name, 1, rule);                                                                  \
    }
LIVES(describes_the_buffer)
LIVES(chains_into_the_irp)
LIVES(locks_maps_and_unlocks)
LIVES(partial_follows_its_source)
LIVES(steady_state_allocates_nothing)
LIVES(size_limit_and_one_past_it)
DIES(partial_beyond_its_source, RULE_BUGCHECK_CALL)
DIES(freed_twice, RULE_POOL_TWICE)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describes_the_buffer),
        cmocka_unit_test(test_chains_into_the_irp),
        cmocka_unit_test(test_locks_maps_and_unlocks),
        cmocka_unit_test(test_partial_follows_its_source),
        cmocka_unit_test(test_partial_beyond_its_source),
        cmocka_unit_test(test_steady_state_allocates_nothing),
        cmocka_unit_test(test_size_limit_and_one_past_it),
        cmocka_unit_test(test_freed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
