/* SPDX-License-Identifier: MIT */
/*
 * The index of rows by key: order within a key over growth and wrap-around, replacement, what is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "embed/index.h"

static void rows_of_one_key_keep_their_order_while_the_table_grows(void **state)
{
    struct index x = {0};

    (void)state;
    for (uint32_t i = 0; i < 3000; i++)
        assert_true(index_add(&x, i % 7, i));
    for (uint64_t key = 0; key < 7; key++) {
        uint32_t cursor = 0;
        for (uint32_t row = (uint32_t)key; row < 3000; row += 7)
            assert_int_equal(index_next(&x, key, &cursor), row);
        assert_int_equal(index_next(&x, key, &cursor), INDEX_NONE);
    }
    index_free(&x);
}

static void many_keys_are_found_and_others_are_not(void **state)
{
    struct index x = {0};

    (void)state;
    assert_int_equal(index_first(&x, 1), INDEX_NONE); /* nothing was ever added */
    for (uint32_t i = 0; i < 10000; i++)
        assert_true(index_add(&x, (uint64_t)i << 12, i));
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(index_first(&x, (uint64_t)i << 12), i);
    assert_int_equal(index_first(&x, 1), INDEX_NONE);
    assert_int_equal(index_first(&x, 10000ull << 12), INDEX_NONE);
    index_free(&x);
}

static void a_key_that_is_set_again_leads_to_the_new_row_only(void **state)
{
    struct index x = {0};

    (void)state;
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t i = 0; i < 100; i++)
            assert_true(index_set(&x, i, 100 * round + i));
    assert_int_equal(x.count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t cursor = 0;
        assert_int_equal(index_next(&x, i, &cursor), 200 + i);
        assert_int_equal(index_next(&x, i, &cursor), INDEX_NONE);
    }
    index_free(&x);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_one_key_keep_their_order_while_the_table_grows),
        cmocka_unit_test(many_keys_are_found_and_others_are_not),
        cmocka_unit_test(a_key_that_is_set_again_leads_to_the_new_row_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
