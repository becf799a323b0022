/* SPDX-License-Identifier: MIT */
/*
 * Unit attentions and sense data: who gets which, in what order, how many, and in what format.
 */
#include "support.h"

static int fresh_bench(void **state)
{
    *state = bench_make(ARRAY_SYMMETRIC, 0);
    return 0;
}

static void every_nexus_gets_its_own_power_on(void **state)
{
    struct bench *b = *state;

    for (unsigned port = 0; port < PORTS; port++) {
        TUR(b, port, 0);
        expect_sense(b, 6, 0x29, 0);
        assert_good(TUR(b, port, 0));
    }
}

static void inquiry_and_report_luns_leave_the_attention_alone(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 96, 0x12, 0, 0, 0, 96, 0));
    assert_good(IN(b, 0, 0, 64, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x29, 0);
}

static void request_sense_takes_the_attention(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 18, 0x03, 0, 0, 0, 18, 0));
    assert_bytes(b, 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0);
    assert_good(IN(b, 0, 0, 252, 0x03, 1, 0, 0, 252, 0)); /* descriptor format asked for */
    assert_int_equal(b->cmd.transferred, 8);
    assert_bytes(b, 0x72, 0, 0, 0, 0, 0, 0, 0);
    assert_good(TUR(b, 0, 0));
}

static void attentions_come_oldest_first_and_once(void **state)
{
    struct bench *b = *state;

    array_unit_attention(b->array, 0, 0x2A, 0x01);
    array_unit_attention(b->array, 0, 0x2A, 0x09);
    array_unit_attention(b->array, 0, 0x2A, 0x01);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 0x01);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 0x09);
    assert_good(TUR(b, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 0x01);
}

static void the_queue_is_bounded_and_keeps_the_newest(void **state)
{
    struct bench *b = *state;

    for (uint8_t i = 0; i < 7; i++)
        array_unit_attention(b->array, 0, 0x3F, 0x10 + i); /* exactly full */
    array_unit_attention(b->array, 0, 0x3F, 0x20);         /* one more replaces the last */
    for (uint8_t i = 0; i < 6; i++) {
        TUR(b, 0, 0);
        expect_sense(b, 6, 0x3F, 0x10 + i);
    }
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x3F, 0x20);
    assert_good(TUR(b, 0, 0));
}

/* SAM-5: power on > bus reset, microcode > device reset > nexus loss > all others. */
static void resets_come_first_and_cover_lower_ones(void **state)
{
    struct bench *b = *state;
    static const uint8_t given[][2] = {{0x2A, 1}, {0x29, 7}, {0x2A, 9}, {0x29, 3}, {0x29, 7},
                                       {0x29, 2}, {0x3F, 1}, {0x29, 3}, {0x38, 7}};
    static const uint8_t told[][2] = {{0x29, 2}, {0x3F, 1}, {0x2A, 1}, {0x2A, 9}, {0x38, 7}};

    for (unsigned power = 0; power < 2; power++) {
        for (size_t i = 0; i < sizeof given / sizeof *given; i++)
            array_unit_attention(b->array, 0, given[i][0], given[i][1]);
        if (power) {
            array_unit_attention(b->array, 0, 0x29, 1);
            array_unit_attention(b->array, 0, 0x29, 3); /* no news after that */
            TUR(b, 0, 0);
            expect_sense(b, 6, 0x29, 1);
        }
        for (size_t i = 0; !power && i < sizeof told / sizeof *told; i++) {
            TUR(b, 0, 0);
            expect_sense(b, 6, told[i][0], told[i][1]);
        }
        assert_good(TUR(b, 0, 0));
    }
}

static void a_full_queue_takes_a_reset_in_front(void **state)
{
    struct bench *b = *state;

    for (uint8_t i = 0; i < 7; i++)
        array_unit_attention(b->array, 0, 0x3F, 0x10 + i);
    array_unit_attention(b->array, 0, 0x29, 3);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x29, 3);
    for (uint8_t i = 0; i < 6; i++) {
        TUR(b, 0, 0);
        expect_sense(b, 6, 0x3F, 0x10 + i);
    }
    assert_good(TUR(b, 0, 0));
}

static void a_lun_reset_tells_everybody(void **state)
{
    struct bench *b = *state;

    array_unit_attention(b->array, 0, 0x2A, 0x01);
    assert_true(array_reset_lun(b->nexus[0], (uint8_t[8]){0}));
    assert_false(array_reset_lun(b->nexus[0], (uint8_t[8]){0, 9}));
    for (unsigned port = 0; port < PORTS; port++) {
        TUR(b, port, 0);
        expect_sense(b, 6, 0x29, 0x03);
        TUR(b, port, 0);
        expect_sense(b, 6, 0x2A, 0x01);
        assert_good(TUR(b, port, 0));
    }
}

static void a_changed_lun_map_is_told_once_per_nexus(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 5});
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x3F, 0x0E);
    TUR(b, 0, 5);
    expect_sense(b, 6, 0x29, 0x00);
    assert_good(TUR(b, 0, 5));
    assert_good(IN(b, 1, 0, 64, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_good(TUR(b, 1, 0)); /* REPORT LUNS has told it */
    assert_int_equal(array_remove_lun(b->array, 5), 0);
    assert_int_equal(array_remove_lun(b->array, 5), -1);
    TUR(b, 1, 5);
    expect_sense(b, 5, 0x25, 0);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x3F, 0x0E);
}

static void a_resized_lun_says_so_on_every_nexus(void **state)
{
    struct bench *b = *state;

    assert_int_equal(array_resize_lun(b->array, 0, 2000), 0);
    assert_int_equal(array_resize_lun(b->array, 0, 0), -1);
    TUR(b, 3, 0);
    expect_sense(b, 6, 0x2A, 0x09);
    assert_good(IN(b, 3, 0, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_bytes(b, 0, 0, 0x07, 0xCF);
}

static void a_logged_out_nexus_hears_nothing_and_starts_anew(void **state)
{
    struct bench *b = *state;
    static const uint8_t tur[6];

    array_logout(b->nexus[0]);
    b->cmd = (struct array_cmd){.cdb = tur, .cdb_length = 6};
    assert_int_equal(array_execute(b->nexus[0], &b->cmd), ARRAY_NO_ANSWER);
    array_unit_attention(b->array, 0, 0x2A, 0x09);
    assert_ptr_equal(array_login(b->array, 0, "iqn.2024-01.test:host"), b->nexus[0]);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x29, 0);
    assert_good(TUR(b, 0, 0));
}

static void unknown_opcodes_short_and_empty_cdbs(void **state)
{
    struct bench *b = *state;

    IN(b, 0, 0, 0, 0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_sense(b, 5, 0x20, 0);
    IN(b, 0, 0, 0, 0xA3, 0x1F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* no such service action */
    expect_sense(b, 5, 0x20, 0);
    IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1); /* one byte short */
    expect_sense(b, 5, 0x24, 0);
    run_at(b, 0, 0, (const uint8_t[]){0}, 0, false, 0);
    expect_sense(b, 5, 0x20, 0);
    IN(b, 0, 0, 0, 0, 0, 0, 0, 0, 4); /* NACA */
    expect_sense(b, 5, 0x24, 0);
}

static void fixed_and_descriptor_sense_by_the_control_page(void **state)
{
    struct bench *b = *state;

    IN(b, 0, 0, 0, 0x12, 2, 0, 0, 0, 0);
    assert_int_equal(b->cmd.sense_length, 18);
    assert_memory_equal(
        b->cmd.sense, ((uint8_t[]){0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0xC0, 0, 1}),
        18);
    memcpy(b->data, (uint8_t[]){0, 0, 0, 0, 0x0A, 0x0A, 0x06, 0x10, 0, 0, 0, 0, 0, 50, 0, 0}, 16);
    assert_good(OUT(b, 0, 0, 16, 0x15, 0x10, 0, 0, 16, 0));
    IN(b, 0, 0, 0, 0x12, 2, 0, 0, 0, 0);
    assert_int_equal(b->cmd.sense_length, 16);
    assert_memory_equal(b->cmd.sense,
                        ((uint8_t[]){0x72, 5, 0x24, 0, 0, 0, 0, 8, 2, 6, 0, 0, 0xC0, 0, 1, 0}), 16);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 0x01);
    assert_good(TUR(b, 0, 0)); /* who changed it is not told */
}

static void injected_faults_hit_media_commands_and_wear_off(void **state)
{
    struct bench *b = *state;

    array_inject(b->array, 0, 2, 0x02, 3, 0x11, 0);
    assert_good(TUR(b, 0, 0));
    IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 3, 0x11, 0);
    OUT(b, 1, 0, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 3, 0x11, 0);
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    array_inject(b->array, 0, 1, 0x08, 0, 0, 0); /* BUSY has no sense */
    assert_int_equal(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x08);
    assert_int_equal(b->cmd.sense_length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(fresh_bench, every_nexus_gets_its_own_power_on),
        TEST_ON(fresh_bench, inquiry_and_report_luns_leave_the_attention_alone),
        TEST_ON(fresh_bench, request_sense_takes_the_attention),
        TEST_ON(symmetric_bench, attentions_come_oldest_first_and_once),
        TEST_ON(symmetric_bench, the_queue_is_bounded_and_keeps_the_newest),
        TEST_ON(symmetric_bench, resets_come_first_and_cover_lower_ones),
        TEST_ON(symmetric_bench, a_full_queue_takes_a_reset_in_front),
        TEST_ON(symmetric_bench, a_lun_reset_tells_everybody),
        TEST_ON(symmetric_bench, a_changed_lun_map_is_told_once_per_nexus),
        TEST_ON(symmetric_bench, a_resized_lun_says_so_on_every_nexus),
        TEST_ON(symmetric_bench, a_logged_out_nexus_hears_nothing_and_starts_anew),
        TEST_ON(symmetric_bench, unknown_opcodes_short_and_empty_cdbs),
        TEST_ON(symmetric_bench, fixed_and_descriptor_sense_by_the_control_page),
        TEST_ON(symmetric_bench, injected_faults_hit_media_commands_and_wear_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
