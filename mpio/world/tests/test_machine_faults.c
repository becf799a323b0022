/* SPDX-License-Identifier: MIT */
/* Machines that pause or crash: their events, their commands in the fabric, and their neighbours. */
#include "test_fabric_rig.h"

#define TRIP 100
#define CRASHES 16

static struct rig_cmd a[CRASHES], b[8];

struct note {
    struct event event;
    struct world *world;
    uint64_t at;
    unsigned order;
};

static unsigned notes;

static void note(struct event *e)
{
    struct note *n = (struct note *)((char *)e - offsetof(struct note, event));

    n->at = world_now(n->world);
    n->order = ++notes;
}

static void put_note(struct note *n, struct machine *m, uint64_t time, enum event_priority priority)
{
    *n = (struct note){.event = {.run = note, .machine = m}, .world = m->world};
    world_post(m->world, &n->event, time, priority);
}

static void a_paused_machine_catches_up_in_its_order(void **state)
{
    struct rig r;
    struct note late, early, after, last, other, posted;

    (void)state;
    notes = 0;
    rig_begin(&r, HBA_FC, NULL);
    put_note(&late, r.machine[0], 40, EVENT_DPC);
    put_note(&early, r.machine[0], 30, EVENT_DPC);
    put_note(&last, r.machine[0], 99, EVENT_DPC);
    put_note(&after, r.machine[0], 101, EVENT_DPC);
    put_note(&other, r.machine[1], 50, EVENT_DPC);
    world_run(r.world, 20);
    machine_pause(r.machine[0], 100);
    assert_true(machine_is_paused(r.machine[0]));
    put_note(&posted, r.machine[0], 25, EVENT_DPC);
    world_run(r.world, 99);
    assert_int_equal(notes, 1);
    assert_int_equal(other.at, 50);
    world_run(r.world, 100);
    assert_false(machine_is_paused(r.machine[0]));
    assert_int_equal(early.at, 100);
    assert_int_equal(early.order, 2);
    assert_int_equal(late.order, 3);
    assert_int_equal(last.order, 4);
    assert_int_equal(posted.order, 5);
    world_run(r.world, 200);
    assert_int_equal(after.at, 101);
    rig_end(&r);
}

static void a_second_pause_only_makes_it_longer(void **state)
{
    struct rig r;
    struct note n;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    put_note(&n, r.machine[0], 10, EVENT_DPC);
    machine_pause(r.machine[0], 100);
    machine_pause(r.machine[0], 50);
    world_run(r.world, 99);
    assert_int_equal(n.at, 0);
    machine_pause(r.machine[0], 150);
    world_run(r.world, 149);
    assert_int_equal(n.at, 0);
    world_run(r.world, 150);
    assert_int_equal(n.at, 150);
    rig_end(&r);
}

static void a_crash_during_a_pause_drops_everything(void **state)
{
    struct rig r;
    struct note n;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    put_note(&n, r.machine[0], 10, EVENT_DPC);
    fabric_machine_pause(r.machine[0], 100);
    fabric_machine_crash(r.machine[0]);
    assert_int_equal(r.machine[0]->state, MACHINE_CRASHED);
    assert_int_equal(world_run(r.world, 1000), WORLD_IDLE);
    assert_int_equal(n.at, 0);
    rig_end(&r);
}

static void a_paused_machines_write_is_executed_and_its_answer_waits(void **state)
{
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    rig_listen(&r);
    rig_connect(&r, 0, 0, TRIP);
    rig_connect(&r, 1, 1, TRIP);
    rig_run(&r, 1);
    rig_settle(&r, 0, 0);
    rig_settle(&r, 1, 0);
    rig_write(&r, 0, 0, &a[0], 3, 0x55);
    fabric_machine_pause(r.machine[0], 10 * WORLD_SECOND);
    uint64_t until = world_now(r.world) + 10 * WORLD_SECOND;
    rig_run(&r, TRIP);
    assert_int_equal(rig_byte(&r, 1, 0, 3), 0x55);
    assert_int_equal(a[0].done, 0);
    world_run(r.world, until - 1);
    assert_int_equal(a[0].done, 0);
    world_run(r.world, until);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[0].cmd.status, HBA_OK);
    rig_end(&r);
}

/* Sixteen writes under way at a crash, each to a block of its own. */
static void crash_with_writes(struct rig *r)
{
    rig_begin(r, HBA_FC, NULL);
    rig_connect(r, 0, 0, TRIP);
    rig_connect(r, 1, 1, TRIP);
    rig_settle(r, 0, 0);
    rig_settle(r, 1, 0);
    for (unsigned i = 0; i < CRASHES; i++)
        rig_write(r, 0, 0, &a[i], i, (uint8_t)(i + 1));
    fabric_machine_crash(r->machine[0]);
    for (unsigned i = 0; i < CRASHES; i++)
        memset(a[i].data, 0xEE, RIG_BLOCK); /* the machine's memory is nobody's now */
}

static unsigned written(struct rig *r)
{
    unsigned count = 0;

    for (unsigned i = 0; i < CRASHES; i++) {
        uint8_t byte = rig_byte(r, 1, 0, i);
        assert_true(byte == 0 || byte == i + 1);
        count += byte != 0;
    }
    return count;
}

static void a_dead_machines_writes_are_gone_or_come_late(void **state)
{
    struct rig r;

    (void)state;
    crash_with_writes(&r);
    rig_run(&r, TRIP);
    assert_int_equal(fabric_machine_orphans(r.machine[0]), 0);
    rig_run(&r, 5 * WORLD_SECOND);
    uint64_t late = fabric_machine_orphans(r.machine[0]);
    assert_in_range(late, 1, CRASHES - 1);
    assert_int_equal(written(&r), late);
    for (unsigned i = 0; i < CRASHES; i++)
        assert_int_equal(a[i].done, 0);
    rig_run(&r, 60 * WORLD_SECOND);
    assert_int_equal(fabric_machine_orphans(r.machine[0]), late);
    rig_end(&r);
}

static void persist(struct rig *r, unsigned machine, uint8_t action, uint8_t key, uint8_t target)
{
    static struct rig_cmd c;

    for (unsigned i = 0; i < 8; i++) {
        memset(&c, 0, sizeof c);
        c.cdb[0] = 0x5F;
        c.cdb[1] = action;
        c.cdb[2] = action == 6 ? 0 : 5;
        c.cdb[8] = 24;
        c.cmd.scsi.cdb_length = 10;
        c.cmd.scsi.data = c.data;
        c.cmd.scsi.length = 24;
        c.cmd.scsi.out = true;
        c.data[7] = key;
        c.data[15] = target;
        rig_submit(r, machine, 0, &c, ARRAY_TASK_SIMPLE);
        rig_run(r, TRIP);
        if (c.cmd.scsi.status == 0)
            return;
    }
    fail_msg("no PERSISTENT RESERVE OUT gets through");
}

enum ending { LOGOUT, LINK_LOSS, LUN_RESET, PREEMPTED, PREEMPTED_AND_ABORTED, NO_POWER, ENDINGS };

static void what_ends_a_session_or_a_task_ends_them(void **state)
{
    (void)state;
    for (enum ending how = 0; how < ENDINGS; how++) {
        struct rig r;

        rig_begin(&r, HBA_FC, NULL);
        rig_connect(&r, 0, 0, TRIP);
        rig_connect(&r, 1, 1, TRIP);
        rig_settle(&r, 0, 0);
        rig_settle(&r, 1, 0);
        persist(&r, 0, 6, 0, 1);
        persist(&r, 1, 6, 0, 2);
        persist(&r, 0, 1, 1, 0);
        for (unsigned i = 0; i < CRASHES; i++)
            rig_write(&r, 0, 0, &a[i], i, (uint8_t)(i + 1));
        fabric_machine_crash(r.machine[0]);
        switch (how) {
        case LOGOUT: fabric_port_logout(r.hba[0], 0); break;
        case LINK_LOSS: fabric_link(r.hba[0], HBA_ALL_TARGETS, false); break;
        case LUN_RESET: r.hba[1]->operations->reset_lun(r.hba[1], 0, RIG_LUN); break;
        case PREEMPTED: persist(&r, 1, 4, 2, 1); break;
        case NO_POWER: fabric_hba_power(r.hba[0], false); break;
        default: persist(&r, 1, 5, 2, 1); break;
        }
        rig_run(&r, 6 * WORLD_SECOND);
        assert_int_equal(written(&r), 0);
        rig_end(&r);
    }
}

static void an_ordered_command_of_another_machine_does_not_wait_for_the_dead(void **state)
{
    struct rig r;

    (void)state;
    crash_with_writes(&r);
    rig_blocks(&b[0], true, 20, 1, 9);
    rig_submit(&r, 1, 0, &b[0], ARRAY_TASK_ORDERED);
    rig_run(&r, 6 * WORLD_SECOND);
    assert_int_equal(b[0].done, 1); /* it had to wait for what is still on its way, and no longer */
    assert_int_equal(b[0].cmd.scsi.status, 0);
    rig_end(&r);
}

static void a_boot_ends_what_the_dead_machine_had_under_way(void **state)
{
    struct rig r;

    (void)state;
    crash_with_writes(&r);
    persist(&r, 1, 6, 0, 2);
    fabric_machine_reset(r.machine[0]);
    rig_run(&r, 6 * WORLD_SECOND);
    assert_int_equal(written(&r), 0);
    machine_restart(r.machine[0]);
    rig_settle(&r, 0, 0);
    rig_write(&r, 0, 0, &a[0], 3, 0x77); /* the memory of the old kernel serves the new one */
    rig_run(&r, TRIP);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(rig_byte(&r, 1, 0, 3), 0x77);
    rig_end(&r);
}

static void a_boot_forgets_a_session_that_was_away_and_a_pause(void **state)
{
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    rig_connect(&r, 0, 0, TRIP);
    rig_connect(&r, 1, 1, TRIP);
    fabric_port_logout(r.hba[0], 0);
    fabric_machine_pause(r.machine[0], 10 * WORLD_SECOND);
    fabric_machine_crash(r.machine[0]);
    rig_run(&r, WORLD_SECOND);
    assert_false(fabric_link_is_up(r.hba[0], 0)); /* nobody logs in for a dead machine */
    fabric_machine_reset(r.machine[0]);
    machine_restart(r.machine[0]);
    assert_false(machine_is_paused(r.machine[0]));
    assert_true(fabric_link_is_up(r.hba[0], 0));
    rig_end(&r);
}

static void a_pulled_hba_answers_at_once_and_gives_back_what_it_had(void **state)
{
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    rig_listen(&r);
    rig_connect(&r, 0, 0, TRIP);
    rig_connect(&r, 1, 1, TRIP);
    rig_run(&r, 1);
    rig_settle(&r, 0, 0);
    rig_settle(&r, 1, 0);
    rig_write(&r, 0, 0, &a[0], 3, 0x55);
    fabric_take_back(r.hba[0], 0, HBA_ALL_TARGETS, NULL); /* nothing: it is in its machine */
    fabric_hba_plug(r.hba[0], false);
    unsigned told = r.event_count[0];
    rig_run(&r, WORLD_SECOND);
    assert_int_equal(a[0].done, 0);
    rig_write(&r, 0, 0, &a[1], 4, 0x56);
    assert_int_equal(a[1].done, 1);
    assert_int_equal(a[1].cmd.status, HBA_NO_TARGET);
    fabric_hba_power(r.hba[0], true); /* it is not there */
    fabric_take_back(r.hba[0], 0, 0, (const uint8_t[8]){0, 1}); /* of another LUN */
    assert_int_equal(a[0].done, 0);
    fabric_take_back(r.hba[0], 0, 0, RIG_LUN);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[0].cmd.status, HBA_NO_TARGET);
    assert_int_equal(r.event_count[0], told);
    assert_int_equal(rig_byte(&r, 1, 0, 4), 0);
    fabric_hba_plug(r.hba[0], true);
    assert_int_equal(r.hba[0]->plugged, 1);
    rig_run(&r, 1);
    rig_settle(&r, 0, 0);
    rig_write(&r, 0, 0, &a[1], 4, 0x57);
    rig_run(&r, TRIP);
    assert_int_equal(rig_byte(&r, 1, 0, 4), 0x57);
    rig_end(&r);
}

static void the_world_ends_with_orphans_under_way(void **state)
{
    struct rig r;

    (void)state;
    crash_with_writes(&r);
    rig_end(&r); /* AddressSanitizer looks on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_paused_machine_catches_up_in_its_order),
        cmocka_unit_test(a_second_pause_only_makes_it_longer),
        cmocka_unit_test(a_boot_ends_what_the_dead_machine_had_under_way),
        cmocka_unit_test(a_boot_forgets_a_session_that_was_away_and_a_pause),
        cmocka_unit_test(a_pulled_hba_answers_at_once_and_gives_back_what_it_had),
        cmocka_unit_test(a_crash_during_a_pause_drops_everything),
        cmocka_unit_test(a_paused_machines_write_is_executed_and_its_answer_waits),
        cmocka_unit_test(a_dead_machines_writes_are_gone_or_come_late),
        cmocka_unit_test(what_ends_a_session_or_a_task_ends_them),
        cmocka_unit_test(an_ordered_command_of_another_machine_does_not_wait_for_the_dead),
        cmocka_unit_test(the_world_ends_with_orphans_under_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
