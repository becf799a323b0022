/* SPDX-License-Identifier: MIT */
/*
 * S-lists and lookaside lists: order, depth, misses, inline use through the pointers, drivers' own routines.
 */
#include "harness2.h"

static void slist_is_a_counted_stack(void)
{
    DECLSPEC_ALIGN(16) SLIST_ENTRY entry[3];
    SLIST_HEADER head;

    InitializeSListHead(&head);
    CHECK(ExpInterlockedPopEntrySList(&head) == NULL && ExQueryDepthSList(&head) == 0);
    CHECK(ExpInterlockedPushEntrySList(&head, &entry[0]) == NULL);
    CHECK(ExpInterlockedPushEntrySList(&head, &entry[1]) == &entry[0]);
    CHECK(ExpInterlockedPushEntrySList(&head, &entry[2]) == &entry[1] && ExQueryDepthSList(&head) == 3);
    CHECK(ExpInterlockedPopEntrySList(&head) == &entry[2] && ExQueryDepthSList(&head) == 2);
    CHECK(ExpInterlockedFlushSList(&head) == &entry[1] && entry[1].Next == &entry[0]);
    CHECK(ExQueryDepthSList(&head) == 0 && ExpInterlockedFlushSList(&head) == NULL);
}

static void entries_are_reused(void)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID a, b;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, POOL_NX_ALLOCATION, 100, 0x6B6F6F4C, 0);
    a = ExAllocateFromNPagedLookasideList(&list);
    ExFreeToNPagedLookasideList(&list, a);
    b = ExAllocateFromNPagedLookasideList(&list);
    CHECK(a == b && list.L.TotalAllocates == 2 && list.L.AllocateMisses == 1);
    CHECK(list.L.Type == NonPagedPoolNx && list.L.Size == 100 && list.L.Tag == 0x6B6F6F4C);
    ExFreeToNPagedLookasideList(&list, b);
    ExDeleteNPagedLookasideList(&list);
}

static void image_may_run_the_lists_inline(void)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 4, 0x6B6F6F4C, 0);
    CHECK(list.L.Size == 8);
    entry = ExpInterlockedPopEntrySList(&list.L.ListHead);
    CHECK(entry == NULL);
    entry = list.L.Allocate(list.L.Type, list.L.Size, list.L.Tag);
    CHECK(entry != NULL && ExQueryDepthSList(&list.L.ListHead) < list.L.Depth);
    ExpInterlockedPushEntrySList(&list.L.ListHead, entry);
    entry = ExpInterlockedPopEntrySList(&list.L.ListHead);
    list.L.Free(entry);
    ExDeleteNPagedLookasideList(&list);
}

static void depth_bounds_what_is_kept(void)
{
    static PVOID entry[400];
    NPAGED_LOOKASIDE_LIST list;

    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 32, 0x6B6F6F4C, 0);
    for (int i = 0; i < 400; i++) {
        entry[i] = ExAllocateFromNPagedLookasideList(&list);
    }
    CHECK(list.L.Depth == 256); /* it grew with the misses, to its maximum */
    for (int i = 0; i < 400; i++) {
        ExFreeToNPagedLookasideList(&list, entry[i]);
    }
    CHECK(ExQueryDepthSList(&list.L.ListHead) == 256 && list.L.FreeMisses == 144);
    ExDeleteNPagedLookasideList(&list);
    CHECK(ExQueryDepthSList(&list.L.ListHead) == 0);
}

static LOOKASIDE_LIST_EX *seen;
static int freed;

static PVOID own_allocate(POOL_TYPE type, SIZE_T bytes, ULONG tag, PLOOKASIDE_LIST_EX list)
{
    seen = list;
    return ExAllocatePoolWithTag(type, bytes, tag);
}

static VOID own_free(PVOID buffer, PLOOKASIDE_LIST_EX list)
{
    freed += list == seen;
    ExFreePool(buffer);
}

static void own_routines_get_the_list(void)
{
    LOOKASIDE_LIST_EX list;
    PVOID a;

    freed = 0;
    CHECK(ExInitializeLookasideListEx(&list, own_allocate, own_free, NonPagedPoolNx, 0, 64, 0x31313131, 1) ==
          STATUS_INVALID_PARAMETER_8);
    CHECK(ExInitializeLookasideListEx(&list, own_allocate, own_free, NonPagedPoolNx, 0, 64, 0x31313131, 0) ==
          STATUS_SUCCESS);
    a = ExAllocateFromLookasideListEx(&list);
    CHECK(a != NULL && seen == &list);
    ExFreeToLookasideListEx(&list, a);
    CHECK(freed == 0);
    ExDeleteLookasideListEx(&list);
    CHECK(freed == 1);
}

static void paged_list_at_dispatch(void)
{
    static PAGED_LOOKASIDE_LIST list;

    ExInitializePagedLookasideList(&list, NULL, NULL, 0, 64, 0x31313131, 0);
    KfRaiseIrql(DISPATCH_LEVEL);
    ExAllocateFromPagedLookasideList(&list);
}

#define LIVES(name)                                                                                  \
    static void test_##name(void **state)                                                            \
    {                                                                                                \
        (void)state;                                                                                 \
        expect_success(name, 1);                                                                     \
    }
LIVES(slist_is_a_counted_stack)
LIVES(entries_are_reused)
LIVES(image_may_run_the_lists_inline)
LIVES(depth_bounds_what_is_kept)
LIVES(own_routines_get_the_list)

static void test_paged_list_at_dispatch(void **state)
{
    (void)state;
    expect_rule(paged_list_at_dispatch, 1, RULE_IRQL_ROUTINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slist_is_a_counted_stack),
        cmocka_unit_test(test_entries_are_reused),
        cmocka_unit_test(test_image_may_run_the_lists_inline),
        cmocka_unit_test(test_depth_bounds_what_is_kept),
        cmocka_unit_test(test_own_routines_get_the_list),
        cmocka_unit_test(test_paged_list_at_dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
