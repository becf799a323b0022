/* SPDX-License-Identifier: MIT */
/* The way of commands through the fabric: inline and travelling, resets, injected faults, trace. */
#include "test_fabric_support.h"

#define SEND 100 /* latency of the travelling paths */

static void zero_latency_completes_inside_submit(void **state)
{
    struct site s;
    struct test_cmd c;

    (void)state;
    site_init(&s, 0, 0);
    submit(&s, &c, site_connect(&s, &s.array, 0, 0), LUN_A);
    assert_int_equal(c.done, 1);
    assert_false(c.in_interrupt);
    assert_int_equal(c.cmd.status, HBA_OK);
    assert_int_equal(world_run(s.world, 10), WORLD_IDLE);
    assert_int_equal(c.done, 1);
    site_end(&s);
}

static void latency_executes_on_arrival_and_interrupts(void **state)
{
    struct site s;
    struct test_cmd c;

    (void)state;
    site_init(&s, 0, 0);
    submit(&s, &c, site_connect(&s, &s.array, 0, SEND), LUN_A);
    world_run(s.world, SEND - 1);
    assert_int_equal(s.array.executed, 0);
    assert_int_equal(c.done, 0);
    world_run(s.world, SEND);
    assert_int_equal(s.array.executed, 1);
    assert_int_equal(c.done, 1);
    assert_true(c.in_interrupt);
    assert_int_equal(c.done_at, SEND);
    site_end(&s);
}

static void bandwidth_is_rounded_up_and_jitter_stays_in_range(void **state)
{
    struct fabric_path_config slow = {.latency = 0, .ns_per_kib = 1050}, shaky = {.jitter = 5};
    unsigned seen[6] = {0};
    struct test_cmd c[200];
    struct site s;

    (void)state;
    site_init(&s, 0, 0);
    slow.array = shaky.array = &s.array;
    assert_int_equal(fabric_connect(s.hba, &slow), 0);
    assert_int_equal(fabric_connect(s.hba, &shaky), 1);
    memset(&c[0], 0, sizeof c[0]);
    submit(&s, &c[0], 0, LUN_A);
    c[0].again = true;
    c[0].cmd.scsi.length = 2048; /* for the second round: 2 KiB, 2100 ns */
    world_run(s.world, 1000);
    assert_int_equal(c[0].done, 2);
    assert_int_equal(c[0].done_at, 21);
    for (unsigned i = 0; i < 200; i++)
        submit(&s, &c[i], 1, LUN_A);
    world_run(s.world, 2000);
    for (unsigned i = 0; i < 200; i++) {
        assert_in_range(c[i].done_at, 1000, 1005);
        seen[c[i].done_at - 1000]++;
    }
    for (unsigned i = 0; i < 6; i++)
        assert_true(seen[i] != 0);
    site_end(&s);
}

static void no_such_target_answers_at_once(void **state)
{
    struct site s;
    struct test_cmd c;

    (void)state;
    site_init(&s, 0, 0);
    submit(&s, &c, site_connect(&s, &s.array, 0, 0) + 1, LUN_A);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.cmd.status, HBA_NO_TARGET);
    site_end(&s);
}

static void no_answer_waits_for_the_reset_of_its_own_lun(void **state)
{
    for (unsigned latency = 0; latency <= SEND; latency += SEND) {
        struct site s;
        struct test_cmd a, b;

        (void)state;
        site_init(&s, 0, 0);
        s.array.mute = true;
        submit(&s, &a, site_connect(&s, &s.array, 0, latency), LUN_A);
        submit(&s, &b, 0, LUN_B);
        world_run(s.world, 60 * WORLD_SECOND);
        assert_int_equal(a.done + b.done, 0);
        s.hba->operations->reset_lun(s.hba, 0, LUN_A);
        assert_int_equal(a.done, 1);
        assert_int_equal(a.cmd.status, HBA_ABORTED);
        assert_int_equal(b.done, 0);
        assert_int_equal(s.array.lun_resets, 1);
        s.hba->operations->reset_target(s.hba, 0);
        assert_int_equal(b.done, 1);
        assert_int_equal(b.cmd.status, HBA_ABORTED);
        assert_int_equal(s.array.target_resets, 1);
        site_end(&s);
    }
}

static void bus_reset_takes_flying_commands_of_every_target_unexecuted(void **state)
{
    struct site s;
    struct test_cmd a, b;

    (void)state;
    site_init(&s, 0, 0);
    submit(&s, &a, site_connect(&s, &s.array, 0, SEND), LUN_A);
    submit(&s, &b, site_connect(&s, &s.array, 1, SEND), LUN_B);
    s.hba->operations->reset_bus(s.hba);
    assert_int_equal(a.cmd.status, HBA_ABORTED);
    assert_int_equal(b.cmd.status, HBA_ABORTED);
    world_run(s.world, 10 * SEND);
    assert_int_equal(a.done, 1);
    assert_int_equal(b.done, 1);
    assert_int_equal(s.array.executed, 0);
    assert_int_equal(s.array.target_resets, 2);
    site_end(&s);
}

static void reset_spares_what_its_completions_submit(void **state)
{
    struct site s;
    struct test_cmd c;

    (void)state;
    site_init(&s, 0, 0);
    submit(&s, &c, site_connect(&s, &s.array, 0, SEND), LUN_A);
    c.again = true;
    s.hba->operations->reset_lun(s.hba, 0, LUN_A);
    assert_int_equal(c.done, 1);
    world_run(s.world, SEND);
    assert_int_equal(c.done, 2);
    assert_int_equal(c.cmd.status, HBA_OK);
    site_end(&s);
}

static void reset_while_the_link_is_down_does_not_reach_the_array(void **state)
{
    struct site s;
    struct test_cmd c;

    (void)state;
    site_init(&s, WORLD_SECOND, 2 * WORLD_SECOND);
    site_connect(&s, &s.array, 0, SEND);
    fabric_link(s.hba, 0, false);
    submit(&s, &c, 0, LUN_A);
    s.hba->operations->reset_lun(s.hba, 0, LUN_A);
    s.hba->operations->reset_target(s.hba, 0);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.cmd.status, HBA_ABORTED);
    assert_int_equal(s.array.lun_resets + s.array.target_resets, 0);
    site_end(&s);
}

static void injected_faults_strike_as_often_as_asked(void **state)
{
    struct site s;
    struct test_cmd c[3];

    (void)state;
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, 0);

    fabric_inject(s.hba, 0, FABRIC_BUSY, 2, 0);
    for (unsigned i = 0; i < 3; i++)
        submit(&s, &c[i], 0, LUN_A);
    assert_int_equal(c[0].cmd.status, HBA_BUSY);
    assert_int_equal(c[1].cmd.status, HBA_BUSY);
    assert_int_equal(c[2].cmd.status, HBA_OK);
    assert_int_equal(s.array.executed, 1);

    fabric_inject(s.hba, 0, FABRIC_QUEUE_FULL, 1, 0);
    submit(&s, &c[0], 0, LUN_A);
    assert_int_equal(c[0].cmd.status, HBA_OK);
    assert_int_equal(c[0].cmd.scsi.status, 0x28);
    assert_int_equal(c[0].cmd.scsi.sense_length, 0);
    assert_int_equal(s.array.executed, 1);

    fabric_inject(s.hba, 0, FABRIC_SLOW, 1, 50);
    submit(&s, &c[0], 0, LUN_A);
    submit(&s, &c[1], 0, LUN_A);
    assert_int_equal(c[1].done, 1);
    world_run(s.world, 49);
    assert_int_equal(c[0].done, 0);
    world_run(s.world, 50);
    assert_int_equal(c[0].done, 1);
    site_end(&s);
}

static void lost_command_and_lost_answer_differ_at_the_array(void **state)
{
    struct site s;
    struct test_cmd command, answer;

    (void)state;
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, SEND);
    fabric_inject(s.hba, 0, FABRIC_LOSE_COMMAND, 1, 0);
    submit(&s, &command, 0, LUN_A);
    world_run(s.world, WORLD_SECOND);
    assert_int_equal(s.array.executed, 0);
    fabric_inject(s.hba, 0, FABRIC_LOSE_COMPLETION, 1, 0);
    submit(&s, &answer, 0, LUN_A);
    world_run(s.world, 2 * WORLD_SECOND);
    assert_int_equal(s.array.executed, 1);
    assert_int_equal(command.done + answer.done, 0);
    s.hba->operations->reset_target(s.hba, 0);
    assert_int_equal(command.cmd.status, HBA_ABORTED);
    assert_int_equal(answer.cmd.status, HBA_ABORTED);
    assert_int_equal(command.cmd.scsi.transferred, 0);
    site_end(&s);
}

static void hba_takes_255_targets_and_no_more(void **state)
{
    struct fabric_path_config config = {.port = 0};
    struct fabric_path_info info;
    struct site s;

    (void)state;
    site_init(&s, 0, 0);
    config.array = &s.array;
    for (int i = 0; i < HBA_MAX_TARGETS; i++)
        assert_int_equal(fabric_connect(s.hba, &config), i);
    assert_int_equal(fabric_connect(s.hba, &config), -1);
    assert_true(fabric_path_info(s.hba, HBA_MAX_TARGETS - 1, &info));
    assert_false(fabric_path_info(s.hba, HBA_MAX_TARGETS, &info));
    site_end(&s);
}

static void names_and_ports_out_of_range_are_refused(void **state)
{
    struct fabric_hba_config config = {.name = "hba0", .initiator = "x"};
    struct fabric_path_config path = {.port = 2};
    struct site s;

    (void)state;
    site_init(&s, 0, 0);
    path.array = &s.array;
    assert_null(fabric_create_hba(s.machine, &config)); /* the name is taken */
    config.name = "0123456789012345678901234567890"; /* 31 */
    assert_non_null(fabric_create_hba(s.machine, &config));
    config.name = "01234567890123456789012345678901";
    assert_null(fabric_create_hba(s.machine, &config));
    assert_int_equal(fabric_connect(s.hba, &path), -1);
    path.port = 1;
    assert_int_equal(fabric_connect(s.hba, &path), 0);
    assert_ptr_equal(fabric_find_hba(s.machine, "hba0"), s.hba);
    assert_null(fabric_find_hba(s.machine, "hba1"));
    assert_int_equal(s.hba->next->ordinal, 1);
    site_end(&s);
}

static void trace_names_the_command_and_quiet_leaves_it_out(void **state)
{
    const struct trace_record *r;
    struct test_cmd c;
    struct site s;
    uint64_t count;

    (void)state;
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, 0);
    site_connect(&s, &s.array, 1, 0);
    submit(&s, &c, 1, LUN_B);
    count = trace_count(s.world);
    r = trace_record(s.world, count - 1);
    assert_int_equal(r->kind, TRACE_CDB);
    assert_int_equal(r->argument[0], 1ull << 32 | 258);
    assert_int_equal(r->argument[1], 0x28ull << 32);
    assert_int_equal(r->argument[2], 2ull << 24 | 0x062903);
    assert_int_equal(r->argument[3], 1);
    s.hba->quiet = true;
    submit(&s, &c, 1, LUN_B);
    assert_int_equal(c.done, 1);
    assert_int_equal(trace_count(s.world), count);
    site_end(&s);
}

static void stopped_machine_hears_nothing_more(void **state)
{
    struct site s;
    struct test_cmd c[16];

    (void)state;
    site_init(&s, 0, 0);
    s.hba->on_event = site_event;
    site_connect(&s, &s.array, 0, SEND);
    world_run(s.world, 1);
    s.event_count = 0;
    for (unsigned i = 0; i < 16; i++)
        submit(&s, &c[i], 0, LUN_A);
    machine_stop(s.machine, MACHINE_STOPPED);
    fabric_link(s.hba, 0, false);
    world_run(s.world, WORLD_SECOND);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(c[i].done, 0);
    assert_int_equal(s.event_count, 0);
    assert_int_equal(s.array.executed, 0);
    site_end(&s);
}

static void new_target_is_announced_to_a_listening_miniport(void **state)
{
    struct site s;

    (void)state;
    site_init(&s, 0, 0);
    site_connect(&s, &s.array, 0, SEND); /* before the miniport: its scan finds it */
    s.hba->on_event = site_event;
    site_connect(&s, &s.array, 1, SEND);
    world_run(s.world, 1);
    assert_int_equal(s.event_count, 2);
    assert_int_equal(s.events[0].event, HBA_EVENT_LINK_UP);
    assert_int_equal(s.events[1].event, HBA_EVENT_TARGET_ARRIVED);
    assert_int_equal(s.events[1].target, 1);
    fabric_luns_changed(s.world, &s.array);
    world_run(s.world, 2);
    assert_int_equal(s.event_count, 4);
    assert_int_equal(s.events[2].event, HBA_EVENT_LUNS_CHANGED);
    assert_int_equal(s.events[3].event, HBA_EVENT_LUNS_CHANGED);
    site_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_latency_completes_inside_submit),
        cmocka_unit_test(latency_executes_on_arrival_and_interrupts),
        cmocka_unit_test(bandwidth_is_rounded_up_and_jitter_stays_in_range),
        cmocka_unit_test(no_such_target_answers_at_once),
        cmocka_unit_test(no_answer_waits_for_the_reset_of_its_own_lun),
        cmocka_unit_test(bus_reset_takes_flying_commands_of_every_target_unexecuted),
        cmocka_unit_test(reset_spares_what_its_completions_submit),
        cmocka_unit_test(reset_while_the_link_is_down_does_not_reach_the_array),
        cmocka_unit_test(injected_faults_strike_as_often_as_asked),
        cmocka_unit_test(lost_command_and_lost_answer_differ_at_the_array),
        cmocka_unit_test(hba_takes_255_targets_and_no_more),
        cmocka_unit_test(names_and_ports_out_of_range_are_refused),
        cmocka_unit_test(trace_names_the_command_and_quiet_leaves_it_out),
        cmocka_unit_test(stopped_machine_hears_nothing_more),
        cmocka_unit_test(new_target_is_announced_to_a_listening_miniport),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
