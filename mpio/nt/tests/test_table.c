/* SPDX-License-Identifier: MIT */
/*
 * AVL tables, splay tables and bitmaps against plain arrays that say what they must hold.
 */
#include "harness.h"

#define KEYS 400u

struct element {
    ULONG key, value;
};

static ULONG allocations, frees, allow;

static RTL_GENERIC_COMPARE_RESULTS VENDOR order(PVOID a, PVOID b)
{
    ULONG x = ((struct element *)a)->key, y = ((struct element *)b)->key;

    return x < y ? GenericLessThan : x > y ? GenericGreaterThan : GenericEqual;
}

static PVOID VENDOR take(CLONG bytes)
{
    if (allow == 0) {
        return NULL;
    }
    allow--;
    allocations++;
    return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, 'elbT');
}

static RTL_GENERIC_COMPARE_RESULTS VENDOR avl_order(PRTL_AVL_TABLE t, PVOID a, PVOID b) { (void)t; return order(a, b); }
static PVOID VENDOR avl_take(PRTL_AVL_TABLE t, CLONG bytes) { (void)t; return take(bytes); }
static VOID VENDOR avl_give(PRTL_AVL_TABLE t, PVOID p) { (void)t; frees++; ExFreePool(p); }
static RTL_GENERIC_COMPARE_RESULTS VENDOR splay_order(PRTL_GENERIC_TABLE t, PVOID a, PVOID b) { (void)t; return order(a, b); }
static PVOID VENDOR splay_take(PRTL_GENERIC_TABLE t, CLONG bytes) { (void)t; return take(bytes); }
static VOID VENDOR splay_give(PRTL_GENERIC_TABLE t, PVOID p) { (void)t; frees++; ExFreePool(p); }

/* Depth of a subtree whose links and balances are right; -1 when something is wrong. */
static LONG depth_of(PRTL_BALANCED_LINKS node)
{
    LONG left, right;

    if (node == NULL) {
        return 0;
    }
    left = depth_of(node->LeftChild);
    right = depth_of(node->RightChild);
    if (left < 0 || right < 0 || right - left != node->Balance || right - left > 1 || left - right > 1 ||
        (node->LeftChild != NULL && node->LeftChild->Parent != node) ||
        (node->RightChild != NULL && node->RightChild->Parent != node)) {
        return -1;
    }
    return 1 + (left > right ? left : right);
}

static void avl_stays_ordered_and_balanced_through_inserts_and_deletes(void)
{
    static UCHAR there[KEYS];
    RTL_AVL_TABLE table;
    ULONG seed = 7, count = 0;

    allocations = frees = 0;
    allow = MAXULONG;
    memset(there, 0, sizeof(there));
    RtlInitializeGenericTableAvl(&table, avl_order, avl_take, avl_give, &seed);
    CHECK(RtlIsGenericTableEmptyAvl(&table) && RtlEnumerateGenericTableAvl(&table, TRUE) == NULL);
    for (ULONG i = 0; i < 6000; i++) {
        struct element e = {RtlRandom(&seed) % KEYS, i}, *got;
        BOOLEAN fresh = 2;

        if (RtlRandom(&seed) % 100 < (i < 2000 ? 80u : 45u)) {
            got = RtlInsertElementGenericTableAvl(&table, &e, sizeof(e), &fresh);
            CHECK(got != NULL && got->key == e.key && fresh == !there[e.key]);
            CHECK(!fresh || got->value == i);
            there[e.key] = 1;
        } else {
            CHECK(RtlDeleteElementGenericTableAvl(&table, &e) == there[e.key]);
            there[e.key] = 0;
        }
        if (i % 50 == 0) {
            CHECK(depth_of(table.BalancedRoot.RightChild) == (LONG)table.DepthOfTree);
        }
    }
    for (ULONG key = 0; key < KEYS; key++) {
        struct element e = {key, 0}, *got = RtlLookupElementGenericTableAvl(&table, &e);

        CHECK((got != NULL) == there[key] && (got == NULL || got->key == key));
        if (there[key]) {
            got = RtlGetElementGenericTableAvl(&table, count++);
            CHECK(got != NULL && got->key == key);
        }
    }
    CHECK(RtlNumberGenericTableElementsAvl(&table) == count && RtlGetElementGenericTableAvl(&table, count) == NULL);
    CHECK(((struct element *)RtlGetElementGenericTableAvl(&table, 0))->key < KEYS);
    for (struct element *e = RtlEnumerateGenericTableAvl(&table, TRUE); e != NULL;
         e = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        struct element gone = *e;

        CHECK(there[gone.key] == 1);
        there[gone.key] = 2;
        CHECK(RtlDeleteElementGenericTableAvl(&table, &gone)); /* the enumeration goes on behind it */
    }
    for (ULONG key = 0; key < KEYS; key++) {
        CHECK(there[key] != 1);
    }
    CHECK(RtlIsGenericTableEmptyAvl(&table) && allocations == frees && allocations != 0);
}

static void avl_without_memory_and_with_known_place(void)
{
    RTL_AVL_TABLE table;
    struct element e = {5, 1}, other = {9, 2};
    PVOID place, key = NULL;
    TABLE_SEARCH_RESULT where;
    BOOLEAN fresh = TRUE;

    allow = 1;
    RtlInitializeGenericTableAvl(&table, avl_order, avl_take, avl_give, NULL);
    CHECK(RtlInsertElementGenericTableAvl(&table, &e, sizeof(e), NULL) != NULL);
    CHECK(RtlInsertElementGenericTableAvl(&table, &other, sizeof(other), &fresh) == NULL && !fresh);
    CHECK(RtlNumberGenericTableElementsAvl(&table) == 1);
    allow = 1;
    CHECK(RtlLookupElementGenericTableFullAvl(&table, &other, &place, &where) == NULL && where == TableInsertAsRight);
    CHECK(RtlInsertElementGenericTableFullAvl(&table, &other, sizeof(other), &fresh, place, where) != NULL && fresh);
    CHECK(RtlLookupFirstMatchingElementGenericTableAvl(&table, &other, &key) != NULL && key != NULL);
    CHECK(RtlEnumerateGenericTableWithoutSplayingAvl(&table, &key) == NULL);
    CHECK(RtlDeleteElementGenericTableAvl(&table, &e) && !RtlDeleteElementGenericTableAvl(&table, &e));
    CHECK(RtlDeleteElementGenericTableAvl(&table, &other));
}

static void splay_table_keeps_order_of_insertion_as_well(void)
{
    static ULONG inserted[KEYS];
    static UCHAR there[KEYS];
    RTL_GENERIC_TABLE table;
    ULONG seed = 3, count = 0, last = 0, seen = 0;
    PVOID key = NULL;

    allocations = frees = 0;
    allow = MAXULONG;
    memset(there, 0, sizeof(there));
    RtlInitializeGenericTable(&table, splay_order, splay_take, splay_give, NULL);
    for (ULONG i = 0; i < 300; i++) {
        struct element e = {RtlRandom(&seed) % KEYS, i};
        BOOLEAN fresh;

        CHECK(RtlInsertElementGenericTable(&table, &e, sizeof(e), &fresh) != NULL && fresh == !there[e.key]);
        if (fresh) {
            inserted[count++] = e.key;
        }
        there[e.key] = 1;
    }
    CHECK(RtlNumberGenericTableElements(&table) == count);
    for (ULONG i = 0; i < count; i++) {
        CHECK(((struct element *)RtlGetElementGenericTable(&table, i))->key == inserted[i]);
    }
    CHECK(((struct element *)RtlGetElementGenericTable(&table, 3))->key == inserted[3]);
    CHECK(RtlGetElementGenericTable(&table, count) == NULL);
    for (struct element *e; (e = RtlEnumerateGenericTableWithoutSplaying(&table, &key)) != NULL; seen++) {
        CHECK(seen == 0 || e->key > last);
        last = e->key;
    }
    CHECK(seen == count);
    seen = 0;
    for (struct element *e = RtlEnumerateGenericTable(&table, TRUE); e != NULL;
         e = RtlEnumerateGenericTable(&table, FALSE), seen++) {
        CHECK(seen == 0 || e->key > last);
        last = e->key;
    }
    CHECK(seen == count);
    for (ULONG i = 0; i < KEYS; i++) {
        struct element e = {(i * 7) % KEYS, 0};

        if (i % 2 == 0) { /* the element is the root then; otherwise it lies anywhere */
            CHECK((RtlLookupElementGenericTable(&table, &e) != NULL) == there[e.key]);
        }
        CHECK(RtlDeleteElementGenericTable(&table, &e) == there[e.key]);
    }
    CHECK(RtlIsGenericTableEmpty(&table) && allocations == frees);
}

static void splay_links_delete_a_root_with_two_children(void)
{
    RTL_SPLAY_LINKS n[3], *root;

    for (int i = 0; i < 3; i++) {
        RtlInitializeSplayLinks(&n[i]);
    }
    RtlInsertAsLeftChild(&n[1], &n[0]);
    RtlInsertAsRightChild(&n[1], &n[2]);
    CHECK(RtlRealSuccessor(&n[0]) == &n[1] && RtlRealPredecessor(&n[2]) == &n[1] && RtlRealSuccessor(&n[2]) == NULL);
    CHECK(RtlSubtreeSuccessor(&n[1]) == &n[2] && RtlSubtreePredecessor(&n[0]) == NULL);
    RtlDeleteNoSplay(&n[1], &root);
    CHECK(root == &n[0] && RtlIsRoot(root) && root->RightChild == &n[2] && root->LeftChild == NULL);
    CHECK(RtlDelete(&n[0]) == &n[2] && RtlIsRoot(&n[2]) && RtlDelete(&n[2]) == NULL);
}

/* ---- bitmaps ------------------------------------------------------------------------------------------------ */

static void bits_to_the_last_and_one_past_it(void)
{
    ULONG words[4] = {0, 0, 0, 0xffffffff};
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, words, 70);
    RtlSetBit(&map, 69);
    RtlSetBit(&map, 70);
    CHECK(words[2] == 1u << 5 && RtlTestBit(&map, 69) && !RtlTestBit(&map, 70));
    RtlSetAllBits(&map);
    CHECK(words[3] == 0xffffffff && RtlNumberOfSetBits(&map) == 70 && RtlNumberOfClearBits(&map) == 0);
    CHECK(RtlFindClearBits(&map, 1, 0) == RTL_BITMAP_NOT_FOUND);
    RtlClearAllBits(&map);
    CHECK(words[3] == 0xffffffff);
    RtlSetBits(&map, 3, 60);
    CHECK(RtlAreBitsSet(&map, 3, 60) && !RtlAreBitsSet(&map, 2, 2) && !RtlAreBitsSet(&map, 3, 61));
    CHECK(RtlAreBitsClear(&map, 63, 7) && !RtlAreBitsClear(&map, 63, 8) && !RtlAreBitsClear(&map, 0, 0));
    CHECK(RtlFindClearBits(&map, 3, 1) == 63 && RtlFindClearBits(&map, 7, 64) == 63);
    CHECK(RtlFindClearBits(&map, 8, 0) == RTL_BITMAP_NOT_FOUND && RtlFindClearBits(&map, 3, 68) == 0);
    CHECK(RtlFindClearBitsAndSet(&map, 3, 0) == 0 && RtlFindSetBits(&map, 63, 5) == 0);
    CHECK(RtlFindSetBitsAndClear(&map, 2, 10) == 10 && !RtlTestBit(&map, 11) && RtlTestBit(&map, 12));
    CHECK(RtlNumberOfSetBitsInRange(&map, 9, 4) == 2 && RtlNumberOfClearBitsInRange(&map, 69, 2) == 0);
    CHECK(RtlFindClearBits(&map, 0, 21) == 16);
}

static void runs_of_clear_bits(void)
{
    ULONG words[2] = {0, 0}, copy[2] = {0, 0}, at;
    RTL_BITMAP map, other;
    RTL_BITMAP_RUN runs[2];

    RtlInitializeBitMap(&map, words, 64);
    RtlSetBits(&map, 4, 4);
    RtlSetBits(&map, 20, 30);
    CHECK(RtlFindClearRuns(&map, runs, 2, FALSE) == 2 && runs[0].NumberOfBits == 4 && runs[1].StartingIndex == 8);
    CHECK(RtlFindClearRuns(&map, runs, 2, TRUE) == 2 && runs[0].StartingIndex == 50 && runs[0].NumberOfBits == 14 &&
          runs[1].NumberOfBits == 12);
    CHECK(RtlFindLongestRunClear(&map, &at) == 14 && at == 50);
    CHECK(RtlFindFirstRunClear(&map, &at) == 4 && at == 0);
    CHECK(RtlFindNextForwardRunClear(&map, 5, &at) == 12 && at == 8);
    CHECK(RtlFindLastBackwardRunClear(&map, 40, &at) == 12 && at == 8);
    CHECK(RtlFindLastBackwardRunClear(&map, 10, &at) == 3 && at == 8);
    RtlInitializeBitMap(&other, copy, 64);
    RtlCopyBitMap(&map, &other, 60);
    CHECK(copy[1] == 0);
    RtlCopyBitMap(&map, &other, 40);
    CHECK(copy[0] == 0 && copy[1] == 0xf000f000u); /* 44 to 47, and 60 to 63: the rest does not fit */
    RtlExtractBitMap(&map, &other, 20, 8);
    CHECK((copy[0] & 0xff) == 0xff);
    CHECK(RtlFindMostSignificantBit(0) == -1 && RtlFindMostSignificantBit(1ull << 63) == 63);
    CHECK(RtlFindLeastSignificantBit(0) == -1 && RtlFindLeastSignificantBit(0x50) == 4);
    CHECK(RtlNumberOfSetBitsUlongPtr(0xff00ff) == 16);
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
TEST(avl_stays_ordered_and_balanced_through_inserts_and_deletes)
TEST(avl_without_memory_and_with_known_place)
TEST(splay_table_keeps_order_of_insertion_as_well)
TEST(splay_links_delete_a_root_with_two_children)
TEST(bits_to_the_last_and_one_past_it)
TEST(runs_of_clear_bits)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avl_stays_ordered_and_balanced_through_inserts_and_deletes),
        cmocka_unit_test(test_avl_without_memory_and_with_known_place),
        cmocka_unit_test(test_splay_table_keeps_order_of_insertion_as_well),
        cmocka_unit_test(test_splay_links_delete_a_root_with_two_children),
        cmocka_unit_test(test_bits_to_the_last_and_one_past_it),
        cmocka_unit_test(test_runs_of_clear_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
