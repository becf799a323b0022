/* SPDX-License-Identifier: MIT */
/*
 * Target port groups: RTPG as bytes, ownership that moves when a controller goes and comes back,
 * transitions in world time, and what each access state lets through.
 */
#include "support.h"

static int slow_bench(void **state)
{
    struct bench *b = bench_make(ARRAY_ALUA_IMPLICIT, 1500000); /* 1.5 s to change the owner */

    clear_attentions(b, 0);
    *state = b;
    return 0;
}

static uint8_t rtpg(struct bench *b, unsigned port)
{
    return IN(b, port, 0, 64, 0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
}

static uint8_t read1(struct bench *b, unsigned port)
{
    return IN(b, port, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void states_of_a_healthy_array(void **state)
{
    struct bench *b = *state;

    assert_good(rtpg(b, 0));
    assert_int_equal(b->cmd.transferred, 36);
    assert_bytes(b, 0, 0, 0, 32, 0x80, 0x8F, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x8F,
                 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4);
    assert_good(IN(b, 0, 0, 4, 0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0));
    assert_bytes(b, 0, 0, 0, 32); /* cut, yet the full length */
    IN(b, 0, 0, 64, 0xA3, 0x4A, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
    expect_sense(b, 5, 0x24, 0);
    assert_good(read1(b, 0));
    assert_good(read1(b, 3)); /* non-optimized still works */
}

static void extended_header_tells_the_transition_time(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 64, 0xA3, 0x2A, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_int_equal(b->cmd.transferred, 40);
    assert_bytes(b, 0, 0, 0, 36, 0x10, 2, 0, 0, 0x80, 0x8F, 0, 1);
}

static void symmetric_groups_are_all_optimized(void **state)
{
    struct bench *b = *state;

    assert_good(rtpg(b, 0));
    assert_bytes(b, 0, 0, 0, 32, 0x00, 0x09, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x00, 0x09);
    array_controller_up(b->array, 1, false);
    assert_good(rtpg(b, 0)); /* no unit attention: the array claims no asymmetry */
    assert_int_equal(b->data[20], 0x03);
    assert_false(array_force_state(b->array, 0, 0, ARRAY_STATE_STANDBY));
}

static void owner_goes_down_and_returns(void **state)
{
    struct bench *b = *state;
    static const uint8_t tur[6];

    array_controller_up(b->array, 0, false);
    assert_false(array_controller_is_up(b->array, 0));
    b->cmd = (struct array_cmd){.cdb = tur, .cdb_length = 6};
    assert_int_equal(array_execute(b->nexus[0], &b->cmd), ARRAY_NO_ANSWER);
    rtpg(b, 2);
    expect_sense(b, 6, 0x2A, 6);
    assert_good(rtpg(b, 2));
    assert_bytes(b, 0, 0, 0, 32, 0x83, 0x8F, 0, 1, 0, 2, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x00, 0x8F,
                 0, 2, 0, 2, 0, 2);
    assert_good(read1(b, 2));

    array_controller_up(b->array, 0, true);
    read1(b, 0);
    expect_sense(b, 6, 0x29, 0); /* it restarted; nothing older is left to tell */
    assert_good(read1(b, 0));
    read1(b, 2);
    expect_sense(b, 6, 0x2A, 6);
    assert_good(rtpg(b, 2));
    assert_int_equal(b->data[4], 0x80);
    assert_int_equal(b->data[20], 0x01);
}

static void both_controllers_down_then_the_other_returns(void **state)
{
    struct bench *b = *state;

    array_controller_up(b->array, 0, false);
    array_controller_up(b->array, 1, false);
    array_controller_up(b->array, 1, true);
    read1(b, 2);
    expect_sense(b, 6, 0x29, 0);
    assert_good(rtpg(b, 2));
    assert_int_equal(b->data[4], 0x83);
    assert_int_equal(b->data[20], 0x00);
}

static void a_move_takes_time_and_ends_with_news(void **state)
{
    struct bench *b = *state;

    array_move_lun(b->array, 0, 1);
    for (unsigned port = 0; port < PORTS; port += 3) {
        read1(b, port);
        expect_sense(b, 6, 0x2A, 6);
        read1(b, port);
        expect_sense(b, 2, 0x04, 0x0A);
        TUR(b, port, 0);
        expect_sense(b, 2, 0x04, 0x0A);
        assert_good(rtpg(b, port));
        assert_int_equal(b->data[4], 0x0F);
        assert_int_equal(b->data[20], 0x8F);
        assert_good(IN(b, port, 0, 18, 0x03, 0, 0, 0, 18, 0)); /* REQUEST SENSE says the same */
        assert_int_equal(b->data[13], 0x0A);
        assert_good(IN(b, port, 0, 36, 0x12, 0, 0, 0, 36, 0));
    }
    b->time += 15000000 - 1; /* in 100 ns: one tick short of 1.5 s */
    read1(b, 0);
    expect_sense(b, 2, 0x04, 0x0A);
    b->time += 1;
    read1(b, 0);
    expect_sense(b, 6, 0x2A, 6);
    assert_good(read1(b, 0));
    read1(b, 3);
    expect_sense(b, 6, 0x2A, 6);
    assert_good(rtpg(b, 3));
    assert_int_equal(b->data[4], 0x01);
    assert_int_equal(b->data[20], 0x80);
}

static void a_move_to_the_present_owner_is_no_news(void **state)
{
    struct bench *b = *state;

    array_move_lun(b->array, 0, 0);
    for (unsigned port = 0; port < PORTS; port++)
        assert_good(read1(b, port));
    assert_good(rtpg(b, 0));
    assert_int_equal(b->data[9], 0); /* status code: no state change */
}

static void standby_and_unavailable_let_little_through(void **state)
{
    struct bench *b = *state;

    assert_true(array_force_state(b->array, 0, 1, ARRAY_STATE_STANDBY));
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 6);
    TUR(b, 2, 0);
    expect_sense(b, 2, 0x04, 0x0B);
    read1(b, 2);
    expect_sense(b, 2, 0x04, 0x0B);
    assert_good(IN(b, 2, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0)); /* reservations work */
    assert_good(IN(b, 2, 0, 64, 0x1A, 0, 0x3F, 0, 64, 0));
    assert_true(array_force_state(b->array, 0, 1, ARRAY_STATE_UNAVAILABLE));
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 6);
    IN(b, 2, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0);
    expect_sense(b, 2, 0x04, 0x0C);
    assert_good(rtpg(b, 2));
    assert_int_equal(b->data[20], 0x03);
    assert_true(array_force_state(b->array, 0, 1, ARRAY_STATE_AUTOMATIC));
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 6);
    assert_good(read1(b, 2));
    assert_false(array_force_state(b->array, 0, 2, ARRAY_STATE_STANDBY));
    assert_false(array_force_state(b->array, 9, 0, ARRAY_STATE_STANDBY));
    assert_false(array_force_state(b->array, 0, 0, (enum array_port_state)7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(alua_bench, states_of_a_healthy_array),
        TEST_ON(slow_bench, extended_header_tells_the_transition_time),
        TEST_ON(symmetric_bench, symmetric_groups_are_all_optimized),
        TEST_ON(alua_bench, owner_goes_down_and_returns),
        TEST_ON(alua_bench, both_controllers_down_then_the_other_returns),
        TEST_ON(slow_bench, a_move_takes_time_and_ends_with_news),
        TEST_ON(alua_bench, a_move_to_the_present_owner_is_no_news),
        TEST_ON(alua_bench, standby_and_unavailable_let_little_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
