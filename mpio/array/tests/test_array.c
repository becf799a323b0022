/* SPDX-License-Identifier: MIT */
/*
 * Limits of the configuration, each at the limit and one past it, and the LUN map as it grows,
 * shrinks and is used again.
 */
#include "support.h"
#include "array/internal.h"

static void limits_of_an_array(void **state)
{
    (void)state;
    struct bench b = {0};
    const char *why = "";
    struct array_config good = bench_config(&b, ARRAY_SYMMETRIC), bad;

    good.controllers = ARRAY_MAX_CONTROLLERS;
    good.ports_per_controller = ARRAY_MAX_PORTS / ARRAY_MAX_CONTROLLERS;
    struct array *a = array_create(&good, &why);
    assert_non_null(a);
    assert_int_equal(array_ports(a), ARRAY_MAX_PORTS);
    assert_int_equal(array_controller_of_port(a, ARRAY_MAX_PORTS - 1), ARRAY_MAX_CONTROLLERS - 1);
    assert_null(array_login(a, ARRAY_MAX_PORTS, "x"));
    assert_null(array_login(a, 0, ""));
    char name[242];
    memset(name, 'n', 241);
    name[241] = '\0';
    assert_null(array_login(a, 0, name));
    assert_non_null(array_login(a, 0, name + 1));
    assert_string_equal(array_name(a), "bench");
    array_destroy(a);

    bad = good, bad.controllers++;
    assert_null(array_create(&bad, &why));
    bad = good, bad.ports_per_controller++;
    assert_null(array_create(&bad, &why));
    bad = good, bad.controllers = 0;
    assert_null(array_create(&bad, &why));
    bad = good, bad.ports_per_controller = 0;
    assert_null(array_create(&bad, &why));
    bad = good, bad.name = NULL;
    assert_null(array_create(&bad, &why));
    assert_string_equal(why, "an array needs a name");
    bad = good, memset(bad.vendor, 'v', sizeof bad.vendor); /* not terminated */
    assert_null(array_create(&bad, NULL));
    bad = good, bad.product[0] = '\n';
    assert_null(array_create(&bad, NULL));
    array_destroy(NULL);
}

static void limits_of_a_lun(void **state)
{
    struct bench *b = *state;
    struct array_lun_config good = {.number = ARRAY_MAX_LUNS - 1,
                                    .block_size = 4096,
                                    .blocks = INT64_MAX / 4096,
                                    .owner = 1},
                            bad;
    char serial[66];

    memset(serial, 's', 65);
    serial[65] = '\0';
    good.serial = serial + 1; /* 64 characters */
    assert_int_equal(array_add_lun(b->array, &good, NULL), 0);
    assert_int_equal(array_add_lun(b->array, &good, NULL), -1); /* number taken */
    good.number = 1;
    bad = good, bad.number = ARRAY_MAX_LUNS;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.blocks++;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.blocks = 0;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.block_size = 520;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.owner = 2;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.serial = serial;
    assert_int_equal(array_add_lun(b->array, &bad, NULL), -1);
    bad = good, bad.media = ARRAY_MEDIA_FILE;
    const char *why;
    assert_int_equal(array_add_lun(b->array, &bad, &why), -1);
    assert_string_equal(why, "a LUN on a media file needs the file's path");

    /* the last block of the largest LUN */
    clear_attentions(b, ARRAY_MAX_LUNS - 1);
    memset(b->data, 0x42, 4096);
    assert_good(OUT(b, 0, ARRAY_MAX_LUNS - 1, 4096, 0x8A, 0, 0, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                    0xFE, 0, 0, 0, 1, 0, 0));
    OUT(b, 0, ARRAY_MAX_LUNS - 1, 4096, 0x8A, 0, 0, 0x07, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0,
        0, 1, 0, 0);
    expect_sense(b, 5, 0x21, 0);
}

static void a_reused_ordinal_carries_nothing_over(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 10});
    clear_attentions(b, 10);
    memset(b->data, 0, 24);
    b->data[15] = 0x5A;
    assert_good(OUT(b, 0, 10, 24, 0x5F, 0, 0, 0, 0, 0, 0, 0, 24, 0));
    assert_int_equal(array_remove_lun(b->array, 10), 0);
    bench_add(b, (struct array_lun_config){.number = 11});
    clear_attentions(b, 11);
    assert_good(IN(b, 0, 11, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(b->cmd.transferred, 8); /* and no forgotten key behind the header */
}

static void luns_that_come_and_go_need_no_more_room(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 10});
    bench_add(b, (struct array_lun_config){.number = 11});
    unsigned ordinals = b->array->ordinals;
    for (uint16_t i = 0; i < 100; i++) {
        assert_int_equal(array_remove_lun(b->array, 10 + i % 2), 0);
        bench_add(b, (struct array_lun_config){.number = 10 + i % 2});
    }
    assert_int_equal(b->array->ordinals, ordinals);
}

static void hundreds_of_luns_arrive_after_login(void **state)
{
    struct bench *b = *state;

    for (uint16_t i = 1; i <= 500; i++)
        bench_add(b, (struct array_lun_config){.number = (uint16_t)(i * 32)});
    for (unsigned i = 1; i <= 500; i++) {
        array_unit_attention(b->array, (uint16_t)(i * 32), 0x2A, 0x09);
        clear_attentions(b, i * 32);
        assert_good(TUR(b, 3, i * 32));
    }
    for (uint16_t i = 1; i <= 500; i++)
        assert_int_equal(array_remove_lun(b->array, (uint16_t)(i * 32)), 0);
    assert_good(IN(b, 0, 0, 64, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_int_equal(b->cmd.transferred, 16);
}

static void admin_calls_on_absent_things_do_no_harm(void **state)
{
    struct bench *b = *state;

    array_move_lun(b->array, 99, 0);
    array_move_lun(b->array, 0, 99);
    array_inject(b->array, 99, 1, 2, 3, 0x11, 0);
    array_unit_attention(b->array, 99, 0x2A, 1);
    array_controller_up(b->array, 99, false);
    assert_false(array_controller_is_up(b->array, 99));
    assert_int_equal(array_resize_lun(b->array, 99, 1), -1);
    assert_good(TUR(b, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_of_an_array),
        TEST_ON(symmetric_bench, limits_of_a_lun),
        TEST_ON(symmetric_bench, a_reused_ordinal_carries_nothing_over),
        TEST_ON(symmetric_bench, luns_that_come_and_go_need_no_more_room),
        TEST_ON(symmetric_bench, hundreds_of_luns_arrive_after_login),
        TEST_ON(symmetric_bench, admin_calls_on_absent_things_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
