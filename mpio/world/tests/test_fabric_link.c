/* SPDX-License-Identifier: MIT */
/* Cuts, the link-down and dev-loss times, returns, controllers. */
#include "test_fabric_support.h"

#define SEND 100
#define HOLD WORLD_SECOND
#define LOSS (5 * WORLD_SECOND)
#define MANY 64

static void expect_event(const struct site *s, unsigned index, enum hba_event event, uint64_t time)
{
    assert_true(index < s->event_count);
    assert_int_equal(s->events[index].event, event);
    assert_int_equal(s->events[index].time, time);
}

static void start(struct site *s, uint64_t hold, uint64_t loss)
{
    site_init(s, hold, loss);
    site_connect(s, &s->array, 0, SEND);
    s->hba->on_event = site_event;
}

static void cut_in_flight_loses_every_answer_and_executes_some(void **state)
{
    struct test_cmd c[MANY];
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    for (unsigned i = 0; i < MANY; i++)
        submit(&s, &c[i], 0, LUN_A);
    fabric_link(s.hba, 0, false);
    assert_in_range(s.array.executed, 1, MANY - 1);
    assert_false(fabric_link_is_up(s.hba, 0));
    world_run(s.world, HOLD - 1);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(c[i].done, 0);
    assert_int_equal(s.event_count, 1);
    expect_event(&s, 0, HBA_EVENT_LINK_DOWN, 0);
    world_run(s.world, HOLD);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(c[i].done, 1);
        assert_true(c[i].in_interrupt);
        assert_int_equal(c[i].cmd.status, HBA_LINK_DOWN);
    }
    site_end(&s);
}

static void submits_are_held_then_fail_at_once_then_find_nobody(void **state)
{
    struct test_cmd held, late, none;
    struct fabric_path_info info;
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    fabric_link(s.hba, 0, false);
    world_run(s.world, HOLD - 1);
    submit(&s, &held, 0, LUN_A);
    assert_int_equal(held.done, 0);
    world_run(s.world, HOLD);
    assert_int_equal(held.cmd.status, HBA_LINK_DOWN);
    submit(&s, &late, 0, LUN_A);
    assert_int_equal(late.done, 1);
    assert_int_equal(late.cmd.status, HBA_LINK_DOWN);
    world_run(s.world, LOSS - 1);
    assert_true(s.hba->operations->target_present(s.hba, 0));
    assert_int_equal(s.event_count, 1);
    world_run(s.world, LOSS);
    assert_false(s.hba->operations->target_present(s.hba, 0));
    expect_event(&s, 1, HBA_EVENT_TARGET_GONE, LOSS);
    submit(&s, &none, 0, LUN_A);
    assert_int_equal(none.cmd.status, HBA_NO_TARGET);
    assert_int_equal(s.array.executed, 0);
    assert_int_equal(s.array.logouts, 1);
    assert_true(fabric_path_info(s.hba, 0, &info));
    assert_int_equal(info.commands, 3);
    assert_int_equal(info.lost, 3);
    assert_false(info.up);
    site_end(&s);
}

static void flap_shorter_than_the_link_down_time_sends_what_was_held(void **state)
{
    struct test_cmd flying, held;
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    submit(&s, &flying, 0, LUN_A);
    fabric_link(s.hba, 0, false);
    submit(&s, &held, 0, LUN_A);
    world_run(s.world, HOLD - 1);
    fabric_link(s.hba, 0, true);
    world_run(s.world, HOLD);
    assert_int_equal(flying.done_at, HOLD - 1); /* the login drops it */
    assert_int_equal(flying.cmd.status, HBA_LINK_DOWN);
    assert_int_equal(held.done, 0);
    world_run(s.world, LOSS);
    assert_int_equal(held.done_at, HOLD - 1 + SEND);
    assert_int_equal(held.cmd.status, HBA_OK);
    assert_int_equal(s.event_count, 2);
    expect_event(&s, 0, HBA_EVENT_LINK_DOWN, 0);
    expect_event(&s, 1, HBA_EVENT_LINK_UP, HOLD - 1);
    assert_int_equal(s.array.logins, 1);
    site_end(&s);
}

static void held_command_of_a_zero_latency_path_is_answered_by_interrupt(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    site_init(&s, HOLD, LOSS);
    site_connect(&s, &s.array, 0, 0);
    fabric_link(s.hba, 0, false);
    submit(&s, &c, 0, LUN_A);
    fabric_link(s.hba, 0, true);
    assert_int_equal(c.done, 0);
    world_run(s.world, 1);
    assert_int_equal(c.done, 1);
    assert_true(c.in_interrupt);
    assert_int_equal(c.cmd.status, HBA_OK);
    site_end(&s);
}

static void return_after_dev_loss_logs_in_again(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    fabric_link(s.hba, 0, false);
    world_run(s.world, 2 * LOSS);
    fabric_link(s.hba, 0, true);
    submit(&s, &c, 0, LUN_A);
    world_run(s.world, 2 * LOSS + SEND);
    assert_int_equal(c.cmd.status, HBA_OK);
    assert_int_equal(s.array.logins, 2);
    assert_int_equal(s.event_count, 4);
    expect_event(&s, 2, HBA_EVENT_LINK_UP, 2 * LOSS);
    expect_event(&s, 3, HBA_EVENT_TARGET_ARRIVED, 2 * LOSS);
    site_end(&s);
}

static void fast_return_without_link_down_time_makes_no_pnp_event(void **state)
{
    struct test_cmd flying, next;
    struct site s;

    (void)state;
    start(&s, 0, LOSS);
    submit(&s, &flying, 0, LUN_A);
    world_run(s.world, 10);
    fabric_link(s.hba, 0, false);
    world_run(s.world, 20);
    assert_int_equal(flying.done_at, 10);
    assert_int_equal(flying.cmd.status, HBA_LINK_DOWN);
    submit(&s, &next, 0, LUN_A);
    assert_int_equal(next.cmd.status, HBA_LINK_DOWN);
    fabric_link(s.hba, 0, true);
    world_run(s.world, 10 * LOSS);
    assert_int_equal(s.event_count, 2);
    expect_event(&s, 0, HBA_EVENT_LINK_DOWN, 10);
    expect_event(&s, 1, HBA_EVENT_LINK_UP, 20);
    site_end(&s);
}

static void bounce_within_one_instant_drops_exchanges_and_is_told(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    submit(&s, &c, 0, LUN_A);
    fabric_link(s.hba, 0, false);
    fabric_link(s.hba, 0, true);
    world_run(s.world, LOSS);
    assert_int_equal(c.done_at, 0);
    assert_int_equal(c.cmd.status, HBA_LINK_DOWN);
    assert_int_equal(s.event_count, 2);
    expect_event(&s, 0, HBA_EVENT_LINK_DOWN, 0);
    expect_event(&s, 1, HBA_EVENT_LINK_UP, 0);
    site_end(&s);
}

static void second_loss_counts_its_times_anew(void **state)
{
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    fabric_link(s.hba, 0, false);
    world_run(s.world, LOSS - 1);
    fabric_link(s.hba, 0, true);
    fabric_link(s.hba, 0, false);
    world_run(s.world, 2 * LOSS - 2);
    assert_true(s.hba->operations->target_present(s.hba, 0));
    world_run(s.world, 2 * LOSS - 1);
    assert_false(s.hba->operations->target_present(s.hba, 0));
    site_end(&s);
}

static void zero_dev_loss_time_removes_the_target_with_the_cut(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    start(&s, 0, 0);
    submit(&s, &c, 0, LUN_A);
    fabric_link(s.hba, 0, false);
    world_run(s.world, 1);
    assert_int_equal(c.cmd.status, HBA_LINK_DOWN);
    assert_int_equal(s.event_count, 2);
    expect_event(&s, 0, HBA_EVENT_LINK_DOWN, 0);
    expect_event(&s, 1, HBA_EVENT_TARGET_GONE, 0);
    site_end(&s);
}

static void path_needs_cable_link_and_controller_together(void **state)
{
    struct site s;

    (void)state;
    start(&s, HOLD, LOSS);
    site_connect(&s, &s.array, 1, SEND);
    fabric_link(s.hba, 0, false);
    fabric_link(s.hba, HBA_ALL_TARGETS, false);
    assert_false(fabric_link_is_up(s.hba, 1));
    assert_false(fabric_link_is_up(s.hba, HBA_ALL_TARGETS));
    fabric_controller(s.world, &s.array, 1, false);
    fabric_link(s.hba, HBA_ALL_TARGETS, true);
    assert_false(fabric_link_is_up(s.hba, 0));
    assert_false(fabric_link_is_up(s.hba, 1));
    fabric_link(s.hba, 0, true);
    assert_true(fabric_link_is_up(s.hba, 0));
    fabric_controller(s.world, &s.array, 1, true);
    assert_true(fabric_link_is_up(s.hba, 1));
    site_end(&s);
}

static void controller_death_cuts_its_paths_in_every_machine(void **state)
{
    struct site s, other;
    struct test_cmd c[MANY], mine, theirs;

    (void)state;
    start(&s, HOLD, LOSS);
    site_init_on(&other, s.world, "node1", HOLD, LOSS);
    other.hba->on_event = site_event;
    site_connect(&s, &s.array, 1, SEND);
    site_connect(&other, &s.array, 0, SEND);
    site_connect(&other, &s.array, 1, SEND);
    world_run(s.world, 1);
    s.event_count = other.event_count = 0;
    for (unsigned i = 0; i < MANY; i++)
        submit(&s, &c[i], 1, LUN_A);
    fabric_controller(s.world, &s.array, 1, false);
    assert_in_range(s.array.executed, 1, MANY - 1); /* what was under way may still be executed */
    assert_false(array_controller_is_up(&s.array, 1));
    submit(&s, &mine, 0, LUN_A);
    submit(&other, &theirs, 0, LUN_A);
    world_run(s.world, 1 + HOLD);
    assert_int_equal(mine.cmd.status, HBA_OK);
    assert_int_equal(theirs.cmd.status, HBA_OK);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(c[i].cmd.status, HBA_LINK_DOWN);
    world_run(s.world, 2 * LOSS);
    assert_int_equal(s.event_count, 2);
    assert_int_equal(other.event_count, 2);
    assert_int_equal(s.events[1].target, 1);
    assert_int_equal(other.events[1].event, HBA_EVENT_TARGET_GONE);
    fabric_controller(s.world, &s.array, 1, true);
    world_run(s.world, 3 * LOSS);
    assert_int_equal(s.events[3].event, HBA_EVENT_TARGET_ARRIVED);
    assert_int_equal(other.events[3].event, HBA_EVENT_TARGET_ARRIVED);
    fabric_destroy_hbas(other.machine);
    other.machine->operations = NULL;
    site_end(&s);
}

static void path_to_a_dead_controller_starts_absent(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    site_init(&s, HOLD, LOSS);
    s.array.dead[1] = true;
    site_connect(&s, &s.array, 1, SEND);
    s.hba->on_event = site_event;
    assert_false(s.hba->operations->target_present(s.hba, 0));
    submit(&s, &c, 0, LUN_A);
    assert_int_equal(c.cmd.status, HBA_NO_TARGET);
    fabric_controller(s.world, &s.array, 1, true);
    world_run(s.world, 1);
    assert_true(s.hba->operations->target_present(s.hba, 0));
    assert_int_equal(s.events[1].event, HBA_EVENT_TARGET_ARRIVED);
    site_end(&s);
}

static void no_answer_ends_with_the_link(void **state)
{
    struct test_cmd c;
    struct site s;

    (void)state;
    start(&s, 0, LOSS);
    s.array.mute = true;
    submit(&s, &c, 0, LUN_A);
    world_run(s.world, HOLD);
    assert_int_equal(c.done, 0);
    fabric_link(s.hba, HBA_ALL_TARGETS, false);
    world_run(s.world, HOLD + 1);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.cmd.status, HBA_LINK_DOWN);
    site_end(&s);
}

static uint64_t hash_of_a_run(uint64_t seed)
{
    struct world_options options = {.seed = seed};
    struct test_cmd c[MANY];
    struct site s;
    uint64_t hash;

    inside_interrupt = false;
    site_init_on(&s, world_create(&options), "node0", 0, LOSS);
    site_connect(&s, &s.array, 0, SEND);
    for (unsigned i = 0; i < MANY; i++)
        submit(&s, &c[i], 0, LUN_A);
    fabric_link(s.hba, 0, false);
    world_run(s.world, HOLD);
    hash = trace_hash(s.world);
    site_end(&s);
    return hash;
}

static void same_seed_loses_the_same_commands(void **state)
{
    (void)state;
    assert_true(hash_of_a_run(1) == hash_of_a_run(1));
    assert_true(hash_of_a_run(1) != hash_of_a_run(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_in_flight_loses_every_answer_and_executes_some),
        cmocka_unit_test(submits_are_held_then_fail_at_once_then_find_nobody),
        cmocka_unit_test(flap_shorter_than_the_link_down_time_sends_what_was_held),
        cmocka_unit_test(held_command_of_a_zero_latency_path_is_answered_by_interrupt),
        cmocka_unit_test(return_after_dev_loss_logs_in_again),
        cmocka_unit_test(fast_return_without_link_down_time_makes_no_pnp_event),
        cmocka_unit_test(bounce_within_one_instant_drops_exchanges_and_is_told),
        cmocka_unit_test(second_loss_counts_its_times_anew),
        cmocka_unit_test(zero_dev_loss_time_removes_the_target_with_the_cut),
        cmocka_unit_test(path_needs_cable_link_and_controller_together),
        cmocka_unit_test(controller_death_cuts_its_paths_in_every_machine),
        cmocka_unit_test(path_to_a_dead_controller_starts_absent),
        cmocka_unit_test(no_answer_ends_with_the_link),
        cmocka_unit_test(same_seed_loses_the_same_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
