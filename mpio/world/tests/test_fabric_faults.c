/* SPDX-License-Identifier: MIT */
/* One-shot faults against a real array: what reaches the medium, when, and what the HBA hands over. */
#include "test_fabric_rig.h"
#include "world/fabric_private.h"

#define TRIP 100

static struct rig_cmd a[8];

static void begin(struct rig *r, uint64_t latency)
{
    rig_begin(r, HBA_FC, NULL);
    rig_connect(r, 0, 0, latency);
    rig_connect(r, 1, 1, TRIP);
    rig_settle(r, 0, 0);
    rig_settle(r, 1, 0);
}

static void late_completion_was_executed_in_time(void **state)
{
    struct rig r;
    uint64_t start;

    (void)state;
    begin(&r, TRIP);
    start = world_now(r.world);
    fabric_inject(r.hba[0], 0, FABRIC_LATE_COMPLETION, 1, 5 * WORLD_SECOND);
    rig_write(&r, 0, 0, &a[0], 0, 7);
    rig_run(&r, WORLD_SECOND);
    assert_int_equal(a[0].done, 0);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 7);
    rig_run(&r, 5 * WORLD_SECOND);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[0].done_at - start, TRIP + 5 * WORLD_SECOND);
    rig_end(&r);
}

static void late_answer_is_lost_by_a_cut_and_not_executed_again(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    fabric_inject(r.hba[0], 0, FABRIC_LATE_COMPLETION, 1, 5 * WORLD_SECOND);
    rig_write(&r, 0, 0, &a[0], 0, 7);
    rig_run(&r, TRIP);
    rig_write(&r, 1, 0, &a[1], 0, 8);
    rig_run(&r, TRIP);
    fabric_link(r.hba[0], 0, false);
    rig_run(&r, TRIP);
    fabric_link(r.hba[0], 0, true);
    rig_run(&r, 10 * WORLD_SECOND);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[0].cmd.status, HBA_LINK_DOWN);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 8);
    rig_end(&r);
}

/* The slot of the command is in use again when its second answer comes: the driver must not believe it. */
static void second_answer_does_not_complete_the_next_command_of_the_slot(void **state)
{
    const struct trace_record *last;
    struct rig r;

    (void)state;
    begin(&r, 10 * TRIP);
    fabric_inject(r.hba[0], 0, FABRIC_DUPLICATE, 1, TRIP);
    rig_write(&r, 0, 0, &a[0], 0, 7);
    rig_run(&r, 10 * TRIP);
    assert_int_equal(a[0].done, 1);
    rig_write(&r, 0, 0, &a[0], 0, 8);
    rig_run(&r, 5 * TRIP);
    assert_int_equal(a[0].done, 0);
    last = trace_record(r.world, trace_count(r.world) - 1);
    assert_int_equal(last->kind, TRACE_FABRIC);
    assert_int_equal(last->argument[2], 0);
    rig_run(&r, 5 * TRIP);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(rig_byte(&r, 0, 0, 0), 8);
    rig_end(&r);
}

static void reordered_write_is_overwritten_by_the_older_one(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    fabric_inject(r.hba[0], 0, FABRIC_REORDER, 1, 0);
    rig_write(&r, 0, 0, &a[1], 0, 2);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].done + a[1].done, 2);
    assert_int_equal(rig_byte(&r, 0, 0, 0), 1);
    rig_end(&r);
}

static void torn_write_leaves_a_prefix_and_an_error(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    for (unsigned blocks = 1; blocks <= 5; blocks++) {
        rig_blocks(&a[0], true, 0, 8, 1);
        rig_submit(&r, 0, 0, &a[0], ARRAY_TASK_SIMPLE);
        rig_run(&r, TRIP);
        fabric_inject(r.hba[0], 0, FABRIC_TORN, 1, 0);
        rig_blocks(&a[1], true, 0, (uint16_t)blocks, 9);
        rig_submit(&r, 0, 0, &a[1], ARRAY_TASK_SIMPLE);
        rig_run(&r, TRIP);
        assert_int_equal(a[1].done, 1);
        assert_int_equal(a[1].cmd.status, HBA_OK);
        assert_int_equal(a[1].cmd.scsi.status, 2);
        assert_int_equal(a[1].cmd.scsi.sense[2], 0x0B);
        assert_int_equal(a[1].cmd.scsi.length, blocks * RIG_BLOCK);
        for (unsigned lba = 0; lba < 8; lba++)
            assert_int_equal(rig_byte(&r, 1, 0, lba), lba < blocks / 2 ? 9 : 1);
    }
    rig_end(&r);
}

static void torn_read_ends_short_and_spares_other_commands(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    fabric_inject(r.hba[0], 0, FABRIC_TORN, 1, 0);
    memset(&a[0], 0, sizeof a[0]); /* TEST UNIT READY passes by */
    a[0].cmd.scsi.cdb_length = 6;
    rig_submit(&r, 0, 0, &a[0], ARRAY_TASK_SIMPLE);
    rig_blocks(&a[1], false, 0, 8, 0xEE);
    rig_submit(&r, 0, 0, &a[1], ARRAY_TASK_SIMPLE);
    rig_blocks(&a[2], false, 0, 8, 0xEE);
    rig_submit(&r, 0, 0, &a[2], ARRAY_TASK_SIMPLE);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.scsi.status, 0);
    assert_int_equal(a[1].cmd.scsi.status, 0);
    assert_int_equal(a[1].cmd.scsi.transferred, 4 * RIG_BLOCK);
    assert_int_equal(a[1].data[4 * RIG_BLOCK - 1], 0);
    assert_int_equal(a[1].data[4 * RIG_BLOCK], 0xEE);
    assert_int_equal(a[2].cmd.scsi.transferred, 8 * RIG_BLOCK);
    rig_end(&r);
}

static void late_command_takes_its_time_when_nobody_gives_it_up(void **state)
{
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    fabric_inject(r.hba[0], 0, FABRIC_LATE_COMMAND, 1, 5 * WORLD_SECOND);
    rig_write(&r, 0, 0, &a[0], 0, 7);
    rig_run(&r, 4 * WORLD_SECOND);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 0);
    rig_run(&r, 2 * WORLD_SECOND);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 7);
    rig_end(&r);
}

/* What failover rests on: however a host gives a write up, the write does not land afterwards. */
enum give_up { RESET_LUN, RESET_TARGET, RESET_BUS, CUT, CUT_FOR_GOOD, LOGOUT, ASYNC_LOGOUT, REDIRECT, POWER, BUS_RESET, WAYS };

static void give_up_by(struct rig *r, enum give_up way)
{
    struct hba *h = r->hba[0];

    switch (way) {
    case RESET_LUN:
        h->operations->reset_lun(h, 0, RIG_LUN);
        break;
    case RESET_TARGET:
        h->operations->reset_target(h, 0);
        break;
    case RESET_BUS:
        h->operations->reset_bus(h);
        break;
    case CUT:
    case CUT_FOR_GOOD:
        fabric_link(h, 0, false);
        if (way == CUT) {
            rig_run(r, WORLD_MS);
            fabric_link(h, 0, true);
        }
        break;
    case LOGOUT:
        fabric_port_logout(h, 0);
        break;
    case ASYNC_LOGOUT:
        fabric_async_logout(h, 0, WORLD_SECOND, 0);
        fabric_link(h, 0, false); /* and it comes back too late */
        rig_run(r, 1500 * WORLD_MS);
        fabric_link(h, 0, true);
        break;
    case REDIRECT:
        assert_true(fabric_redirect(h, 0, 1));
        break;
    case POWER:
        fabric_hba_power(h, false);
        rig_run(r, WORLD_SECOND);
        fabric_hba_power(h, true);
        break;
    default:
        fabric_bus_reset(h);
        break;
    }
}

static void write_that_was_given_up_never_lands(void **state)
{
    for (unsigned kind = HBA_FC; kind <= HBA_SPI; kind++) {
        for (enum give_up way = 0; way < WAYS; way++) {
            struct rig r;
            uint8_t before;

            (void)state;
            rig_begin(&r, (enum hba_kind)kind, NULL);
            rig_connect(&r, 0, 0, TRIP);
            rig_connect(&r, 1, 1, TRIP);
            rig_settle(&r, 0, 0);
            rig_settle(&r, 1, 0);
            /* One on its usual way, one that is late: the first may land before the end, by the coin. */
            rig_write(&r, 0, 0, &a[0], 0, 7);
            fabric_inject(r.hba[0], 0, FABRIC_LATE_COMMAND, 1, 5 * WORLD_SECOND);
            rig_write(&r, 0, 0, &a[1], 1, 7);
            give_up_by(&r, way);
            rig_run(&r, 3 * WORLD_SECOND);
            assert_int_equal(a[0].done, 1);
            assert_int_equal(a[1].done, 1);
            assert_int_not_equal(a[0].cmd.status, HBA_OK);
            assert_int_not_equal(a[1].cmd.status, HBA_OK);
            before = rig_byte(&r, 1, 0, 0);
            rig_write(&r, 1, 0, &a[2], 0, (uint8_t)(before + 1));
            rig_write(&r, 1, 0, &a[3], 1, 8);
            rig_run(&r, 20 * WORLD_SECOND);
            assert_int_equal(rig_byte(&r, 1, 0, 0), before + 1);
            assert_int_equal(rig_byte(&r, 1, 0, 1), 8);
            assert_int_equal(a[0].done + a[1].done, 2);
            rig_end(&r);
        }
    }
}

/* The last guard, should a command of an older session ever be left: the array does not see it. */
static void command_of_an_older_session_is_dropped(void **state)
{
    struct fabric_path *p;
    struct rig r;

    (void)state;
    begin(&r, TRIP);
    p = fabric_hba_of(r.hba[0])->path[0];
    rig_write(&r, 0, 0, &a[0], 0, 7);
    fabric_link(r.hba[0], 0, false);
    fabric_link(r.hba[0], 0, true);
    rig_run(&r, TRIP);
    rig_write(&r, 1, 0, &a[1], 0, 8);
    rig_run(&r, TRIP);
    assert_int_equal(fabric_execute(p, &a[0].cmd), ARRAY_NO_ANSWER);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 8);
    a[0].cmd.incarnation = p->incarnation;
    assert_int_equal(fabric_execute(p, &a[0].cmd), ARRAY_DONE);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 7);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_completion_was_executed_in_time),
        cmocka_unit_test(late_answer_is_lost_by_a_cut_and_not_executed_again),
        cmocka_unit_test(second_answer_does_not_complete_the_next_command_of_the_slot),
        cmocka_unit_test(reordered_write_is_overwritten_by_the_older_one),
        cmocka_unit_test(torn_write_leaves_a_prefix_and_an_error),
        cmocka_unit_test(torn_read_ends_short_and_spares_other_commands),
        cmocka_unit_test(late_command_takes_its_time_when_nobody_gives_it_up),
        cmocka_unit_test(write_that_was_given_up_never_lands),
        cmocka_unit_test(command_of_an_older_session_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
