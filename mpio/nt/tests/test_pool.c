/* SPDX-License-Identifier: MIT */
/*
 * Pool: shapes of blocks, every rule EX-POOL-*, quarantine, fail-Nth, owner accounting.
 */
#include <stdlib.h>

#include "harness2.h"

#include "nt/pool.h"

#define TAG 0x74736554u /* "Test" */

static void sizes_are_usable_and_aligned(void)
{
    static const SIZE_T sizes[] = {0, 1, 8, 15, 16, 17, 984, 985, 1023, 1024, 1025, 4055, 4056, 4095, 4096,
                                   4097, 8192, 16384, 65536, 65537, 1 << 20};

    for (ULONG i = 0; i < RTL_NUMBER_OF(sizes); i++) {
        PUCHAR plain = ExAllocatePoolWithTag(NonPagedPoolNx, sizes[i], TAG);
        PUCHAR aligned = ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizes[i], TAG);
        CHECK(plain != NULL && aligned != NULL);
        CHECK(((ULONG_PTR)plain & (sizes[i] >= PAGE_SIZE ? PAGE_SIZE - 1 : 15)) == 0);
        CHECK(((ULONG_PTR)aligned & 63) == 0);
        memset(plain, 0x55, sizes[i]);
        memset(aligned, 0x66, sizes[i]);
        ExFreePoolWithTag(plain, TAG);
        ExFreePool(aligned);
    }
}

static void zeroing_and_filling(void)
{
    PUCHAR zero = ExAllocatePoolZero(NonPagedPoolNx, 100, TAG);
    PUCHAR two = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, TAG);
    PUCHAR raw = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 100, TAG);
    PUCHAR old = ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG);

    for (int i = 0; i < 100; i++) {
        CHECK(zero[i] == 0 && two[i] == 0 && raw[i] == NT_POOL_FILL_NEW && old[i] == NT_POOL_FILL_NEW);
    }
    ExFreePool(zero);
    ExFreePool2(two, TAG, NULL, 0);
    ExFreePool(raw);
    ExFreePool(old);
}

static void pool2_refuses_wrong_flags(void)
{
    POOL_EXTENDED_PARAMETER secure = {.Type = PoolExtendedParameterSecurePool};
    PVOID p;

    CHECK(ExAllocatePool2(0, 8, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_NON_PAGED, 8, TAG) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED, 8, 0) == NULL);
    CHECK(ExAllocatePool2(POOL_FLAG_PAGED | 0x10000, 8, TAG) == NULL);
    CHECK(ExAllocatePool3(POOL_FLAG_PAGED, 8, TAG, &secure, 1) == NULL);
    secure.Optional = 1;
    p = ExAllocatePool3(POOL_FLAG_PAGED, 8, TAG, &secure, 1);
    CHECK(p != NULL);
    ExFreePool(p);
}

static void huge_requests_fail(void)
{
    PVOID big = ExAllocatePoolWithTag(NonPagedPoolNx, 32u << 20, TAG);

    CHECK(big != NULL);
    CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, 48u << 20, TAG) == NULL); /* the arena has 64 MiB */
    CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, NT_POOL_BLOCK_MAXIMUM + 1, TAG) == NULL);
    CHECK(ExAllocatePoolWithTag(NonPagedPoolNx, MAXSIZE_T, TAG) == NULL);
    ExFreePool(big);
}

static void freed_block_rests_in_quarantine(void)
{
    PVOID first = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG), again = NULL;
    ULONG rounds = 0;

    ExFreePool(first);
    while (again != first && rounds < 2 * NT_POOL_QUARANTINE) {
        again = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
        ExFreePool(again);
        rounds++;
    }
    CHECK(rounds == NT_POOL_QUARANTINE + 1);
}

static void write_behind_the_block(void)
{
    volatile UCHAR *p = ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG);
#ifndef __SANITIZE_ADDRESS__
    p[24] = 1;
#else /* the sanitizer would stop the store: damage the canary in a way it does not see */
    __asm__ volatile("movb $1, 24(%0)" : : "r"(p) : "memory");
#endif
    ExFreePool((PVOID)p);
}

static void write_before_the_block(void)
{
    volatile UCHAR *p = ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG);
    p[-1] ^= 1;
    ExFreePool((PVOID)p);
}

static void write_after_free(void)
{
    UCHAR *p = ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG);
    ExFreePool(p);
    __asm__ volatile("movb $1, (%0)" : : "r"(p) : "memory");
    for (ULONG i = 0; i < NT_POOL_QUARANTINE; i++) {
        ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG));
    }
}

static void free_of_a_stack_address(void)
{
    DECLSPEC_ALIGN(16) UCHAR local[64];
    ExFreePool(local);
}

static void free_inside_a_block(void)
{
    PUCHAR p = ExAllocatePoolZero(NonPagedPoolNx, 256, TAG);
    ExFreePool(p + 64);
}

static void free_of_null(void)
{
    ExFreePool(NULL);
}

static void free_twice(void)
{
    PVOID p = ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG);
    ExFreePool(p);
    ExFreePool(p);
}

static void free_with_another_tag(void)
{
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG), TAG + 1);
}

static void protected_bit_of_a_tag_is_no_difference(void)
{
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG | 0x80000000u), TAG);
}

static void paged_allocation_at_dispatch(void)
{
    KfRaiseIrql(DISPATCH_LEVEL);
    ExAllocatePoolWithTag(PagedPool, 24, TAG);
}

static void paged_free_at_dispatch(void)
{
    PVOID p = ExAllocatePoolWithTag(PagedPool, 24, TAG);
    KfRaiseIrql(DISPATCH_LEVEL);
    ExFreePool(p);
}

static void non_paged_pool_at_dispatch(void)
{
    KIRQL old = KfRaiseIrql(DISPATCH_LEVEL);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG));
    KfLowerIrql(old);
}

static void non_paged_pool_above_dispatch(void)
{
    KfRaiseIrql(DISPATCH_LEVEL + 1);
    ExAllocatePoolWithTag(NonPagedPoolNx, 24, TAG);
}

static void third_allocation_fails(void)
{
    PVOID p[4];

    nt_fail_pool(machine_now(), 3);
    for (int i = 0; i < 4; i++) {
        p[i] = ExAllocatePoolWithTag(NonPagedPoolNx, 8, TAG);
        CHECK((p[i] == NULL) == (i == 2));
    }
    for (int i = 0; i < 4; i++) {
        if (p[i] != NULL) {
            ExFreePool(p[i]);
        }
    }
}

static void nothing_fails(void)
{
    nt_fail_pool(machine_now(), 1);
    PVOID p = ExAllocatePoolWithTag(NonPagedPoolNx, 8, TAG);
    CHECK(p != NULL);
    ExFreePool(p);
    nt_fail_pool(machine_now(), 0);
}

static char report[256];

static VOID report_line(PVOID User, ULONG Tag, ULONGLONG Blocks, ULONGLONG Bytes)
{
    (void)User;
    size_t used = strlen(report);
    snprintf(report + used, sizeof(report) - used, "%.4s:%llu:%llu ", (char *)&Tag, Blocks, Bytes);
}

static void report_by_tag(void)
{
    PDRIVER_OBJECT driver = NtContext()->Call->Driver;
    PVOID p[5] = {
        ExAllocatePoolWithTag(NonPagedPoolNx, 10, 0x62626262), ExAllocatePoolWithTag(NonPagedPoolNx, 5000, 0x61616161),
        ExAllocatePoolWithTag(PagedPool, 20, 0x62626262),      ExAllocatePoolWithTag(PagedPool, 100000, 0x63636363),
        NtPoolAllocateKernel(NtKernel(), 30, 0x64646464)};

    report[0] = '\0';
    NtPoolReport(NtKernel(), driver, report_line, NULL);
    CHECK(strcmp(report, "aaaa:1:5000 bbbb:2:30 cccc:1:100000 ") == 0);
    for (int i = 0; i < 5; i++) {
        ExFreePool(p[i]);
    }
    report[0] = '\0';
    NtPoolReport(NtKernel(), driver, report_line, NULL);
    CHECK(report[0] == '\0');
}

#define LIVES(name, driver)                                                                          \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_success(name, driver);                                                                \
    }
#define DIES(name, rule)                                                                             \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_rule(name, 1, rule);                                                                  \
    }
LIVES(sizes_are_usable_and_aligned, 1)
LIVES(zeroing_and_filling, 1)
LIVES(pool2_refuses_wrong_flags, 1)
LIVES(huge_requests_fail, 1)
LIVES(freed_block_rests_in_quarantine, 1)
LIVES(protected_bit_of_a_tag_is_no_difference, 1)
LIVES(non_paged_pool_at_dispatch, 1)
LIVES(third_allocation_fails, 1)
LIVES(nothing_fails, 0)
LIVES(report_by_tag, 1)
DIES(write_behind_the_block, RULE_POOL_CANARY)
DIES(write_before_the_block, RULE_POOL_CANARY)
DIES(write_after_free, RULE_POOL_CANARY)
DIES(free_of_a_stack_address, RULE_POOL_FREE)
DIES(free_inside_a_block, RULE_POOL_FREE)
DIES(free_of_null, RULE_POOL_FREE)
DIES(free_twice, RULE_POOL_TWICE)
DIES(free_with_another_tag, RULE_POOL_TAG)
DIES(paged_allocation_at_dispatch, RULE_POOL_PAGED)
DIES(paged_free_at_dispatch, RULE_POOL_PAGED)
DIES(non_paged_pool_above_dispatch, RULE_IRQL_ROUTINE)

/* Every size has a class whose stride holds it, the smallest such; every class is hit by its own stride. */
static void every_class_holds_its_sizes(void **state)
{
    NT_POOL pool = {0};
    SIZE_T size;

    (void)state;
    assert_true(NtPoolArenaCreate(&pool, 9, 1 << 20));
    for (size = 0; size < 300000; size += size < 9000 ? 1 : 997) {
        for (int aligned = 0; aligned < 2; aligned++) {
            ULONG class = NtPoolClass(size, aligned);
            SIZE_T head = size >= PAGE_SIZE ? PAGE_SIZE : sizeof(NT_POOL_BLOCK);
            assert_true(class < NT_POOL_CLASSES);
            assert_true(pool.Stride[class] >= head + size + sizeof(ULONGLONG));
            /* The block's own bytes hold it, and none of them lies beyond the stride, where a neighbour may begin. */
            assert_true(NtPoolRoom(&pool, class) >= size + sizeof(ULONGLONG));
            assert_true(head + NtPoolRoom(&pool, class) == pool.Stride[class]);
            assert_true(size < PAGE_SIZE || pool.Stride[class] % PAGE_SIZE == 0);
            assert_true(size >= PAGE_SIZE || !aligned || pool.Stride[class] % 64 == 0);
            assert_true(pool.Stride[class] <= (head + size + 64 + 8) * 3 / 2 + PAGE_SIZE * (size >= PAGE_SIZE));
        }
    }
    assert_int_equal(NtPoolClass((SIZE_T)1 << 40, FALSE), NT_POOL_CLASSES);
    host_unmap(pool.Base, pool.Bytes);
    free(pool.UnitClass);
}

int main(void)
{
#define T(name) cmocka_unit_test(test_##name)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_holds_its_sizes),
        T(sizes_are_usable_and_aligned), T(zeroing_and_filling), T(pool2_refuses_wrong_flags),
        T(huge_requests_fail), T(freed_block_rests_in_quarantine),
        T(protected_bit_of_a_tag_is_no_difference), T(non_paged_pool_at_dispatch),
        T(third_allocation_fails), T(nothing_fails), T(report_by_tag), T(write_behind_the_block),
        T(write_before_the_block), T(write_after_free), T(free_of_a_stack_address), T(free_inside_a_block),
        T(free_of_null), T(free_twice), T(free_with_another_tag), T(paged_allocation_at_dispatch),
        T(paged_free_at_dispatch), T(non_paged_pool_above_dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
