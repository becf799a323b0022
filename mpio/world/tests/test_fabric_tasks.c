/* SPDX-License-Identifier: MIT */
/* Task sets in the fabric: depth, order, task management over several machines; slow reports. */
#include "test_fabric_rig.h"

#define TRIP 100

static struct rig_cmd a[8], b[8];

/* Machine 0 at port 0, machine 1 at port 1. */
static void start(struct rig *r, struct array_config *config, uint64_t latency_of_0)
{
    rig_begin(r, HBA_FC, config);
    rig_connect(r, 0, 0, latency_of_0);
    rig_connect(r, 1, 1, TRIP);
    rig_settle(r, 0, 0);
    rig_settle(r, 1, 0);
}

static void more_than_the_lun_takes_is_task_set_full_or_busy(void **state)
{
    struct array_config config = {.lun_depth = 3};
    struct rig r;

    (void)state;
    start(&r, &config, TRIP);
    for (unsigned i = 0; i < 4; i++)
        rig_write(&r, 0, 0, &a[i], i, 1);
    rig_write(&r, 1, 0, &b[0], 9, 1);
    rig_run(&r, TRIP);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(a[i].cmd.scsi.status, i < 3 ? 0 : 0x28);
    assert_int_equal(b[0].cmd.scsi.status, 0x08); /* has none in the set: BUSY */
    assert_int_equal(a[3].done + b[0].done, 2);
    rig_write(&r, 1, 0, &b[0], 9, 1);
    rig_run(&r, TRIP);
    assert_int_equal(b[0].cmd.scsi.status, 0);
    rig_end(&r);
}

static void port_depth_counts_every_initiator_of_the_port(void **state)
{
    struct array_config config = {.port_depth = 2};
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, &config);
    for (unsigned m = 0; m < 2; m++) {
        rig_connect(&r, m, 0, TRIP);
        rig_connect(&r, m, 1, TRIP);
        for (unsigned t = 0; t < 2; t++)
            rig_settle(&r, m, t);
    }
    rig_write(&r, 0, 0, &a[0], 1, 1);
    rig_write(&r, 1, 0, &a[1], 2, 1);
    rig_write(&r, 1, 0, &a[2], 3, 1);
    rig_write(&r, 1, 1, &a[3], 4, 1);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.scsi.status, 0);
    assert_int_equal(a[1].cmd.scsi.status, 0);
    assert_int_equal(a[2].cmd.scsi.status, 0x28);
    assert_int_equal(a[3].cmd.scsi.status, 0);
    rig_end(&r);
}

static void ordered_waits_for_the_older_of_another_machine_and_holds_the_younger(void **state)
{
    struct rig r;

    (void)state;
    start(&r, NULL, 10 * TRIP);
    rig_completions = 0;
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_blocks(&a[1], true, 0, 1, 2);
    rig_submit(&r, 1, 0, &a[1], ARRAY_TASK_ORDERED);
    rig_write(&r, 1, 0, &a[2], 0, 3);
    rig_blocks(&a[3], true, 1, 1, 4);
    rig_submit(&r, 1, 0, &a[3], ARRAY_TASK_HEAD);
    rig_run(&r, 20 * TRIP);
    assert_int_equal(a[3].order, 1);
    assert_int_equal(a[0].order, 2);
    assert_int_equal(a[1].order, 3);
    assert_int_equal(a[2].order, 4);
    assert_int_equal(a[1].done_at - a[0].done_at, TRIP);
    assert_int_equal(a[2].done_at - a[1].done_at, TRIP);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 3);
    rig_end(&r);
}

static void cut_of_the_older_frees_the_one_that_waits(void **state)
{
    struct rig r;

    (void)state;
    start(&r, NULL, 10 * TRIP);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_blocks(&a[1], true, 0, 1, 2);
    rig_submit(&r, 1, 0, &a[1], ARRAY_TASK_ORDERED);
    fabric_link(r.hba[0], HBA_ALL_TARGETS, false);
    rig_run(&r, TRIP);
    assert_int_equal(a[1].done, 1);
    assert_int_equal(a[0].done, 0);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 2);
    rig_end(&r);
}

static void lun_reset_takes_the_commands_of_all_machines(void **state)
{
    struct rig r;

    (void)state;
    start(&r, NULL, TRIP);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_write(&r, 1, 0, &a[1], 0, 2);
    r.hba[0]->operations->reset_lun(r.hba[0], 0, RIG_LUN);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[0].cmd.status, HBA_ABORTED);
    rig_run(&r, 10 * TRIP);
    assert_int_equal(a[1].done, 0); /* silently: TAS is off */
    assert_int_equal(rig_attention(&r, 1, 0), 0x2903);
    assert_int_equal(rig_byte(&r, 1, 0, 0), 0);
    r.hba[1]->operations->reset_target(r.hba[1], 0);
    assert_int_equal(a[1].done, 1);
    rig_end(&r);
}

static void aborted_status_tells_the_other_machine_when_the_lun_has_tas(void **state)
{
    static struct rig_cmd select;
    struct rig r;

    (void)state;
    start(&r, NULL, TRIP);
    memset(&select, 0, sizeof select);
    select.cdb[0] = 0x15; /* MODE SELECT(6): control page with TAS */
    select.cdb[1] = 0x10;
    select.cdb[4] = 16;
    select.cmd.scsi.cdb_length = 6;
    select.cmd.scsi.data = select.data;
    select.cmd.scsi.length = 16;
    select.cmd.scsi.out = true;
    /* The page as it is, by MODE SENSE(6), then with the bit. */
    static struct rig_cmd sense;
    memset(&sense, 0, sizeof sense);
    sense.cdb[0] = 0x1A;
    sense.cdb[1] = 0x08;
    sense.cdb[2] = 0x0A;
    sense.cdb[4] = 255;
    sense.cmd.scsi.cdb_length = 6;
    sense.cmd.scsi.data = sense.data;
    sense.cmd.scsi.length = 255;
    rig_submit(&r, 0, 0, &sense, ARRAY_TASK_SIMPLE);
    rig_run(&r, TRIP);
    assert_int_equal(sense.cmd.scsi.status, 0);
    memcpy(select.data + 4, sense.data + 4, 12);
    select.data[4] &= 0x7F;
    select.data[4 + 5] |= 0x40;
    rig_submit(&r, 0, 0, &select, ARRAY_TASK_SIMPLE);
    rig_run(&r, TRIP);
    assert_int_equal(select.cmd.scsi.status, 0);
    rig_settle(&r, 1, 0);
    rig_write(&r, 1, 0, &a[1], 0, 2);
    r.hba[0]->operations->reset_lun(r.hba[0], 0, RIG_LUN);
    rig_run(&r, TRIP);
    assert_int_equal(a[1].done, 1);
    assert_int_equal(a[1].cmd.status, HBA_OK);
    assert_int_equal(a[1].cmd.scsi.status, 0x40);
    rig_end(&r);
}

static void slow_report_delays_its_own_answer_only(void **state)
{
    struct array_config config = {.slow_report_us = 50000, .access = ARRAY_ALUA_IMPLICIT};
    static struct rig_cmd report;

    for (uint64_t latency = 0; latency <= TRIP; latency += TRIP) {
        struct rig r;
        uint64_t begin;

        (void)state;
        rig_begin(&r, HBA_FC, &config);
        rig_connect(&r, 0, 0, latency);
        rig_settle(&r, 0, 0);
        begin = world_now(r.world);
        memset(&report, 0, sizeof report);
        report.cdb[0] = 0xA3;
        report.cdb[1] = 0x0A;
        report.cdb[9] = 128;
        report.cmd.scsi.cdb_length = 12;
        report.cmd.scsi.data = report.data;
        report.cmd.scsi.length = 128;
        rig_submit(&r, 0, 0, &report, ARRAY_TASK_SIMPLE);
        rig_write(&r, 0, 0, &a[0], 0, 1);
        rig_run(&r, latency);
        assert_int_equal(a[0].done, 1);
        assert_int_equal(report.done, 0);
        rig_run(&r, 50 * WORLD_MS);
        assert_int_equal(report.done, 1);
        assert_int_equal(report.done_at - begin, latency + 50 * WORLD_MS);
        assert_int_equal(report.cmd.scsi.status, 0);
        rig_end(&r);
    }
}

static void waiting_command_leaves_with_its_lun(void **state)
{
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    rig_connect(&r, 0, 0, TRIP);
    rig_settle(&r, 0, 0);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_blocks(&a[1], true, 0, 1, 2);
    rig_submit(&r, 0, 0, &a[1], ARRAY_TASK_ORDERED);
    array_remove_lun(r.array, 0);
    fabric_luns_changed(r.world, r.array);
    rig_run(&r, 3 * TRIP);
    assert_int_equal(a[0].done, 1);
    assert_int_equal(a[1].done, 1);
    assert_int_equal(a[1].cmd.scsi.status, 2);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_the_lun_takes_is_task_set_full_or_busy),
        cmocka_unit_test(port_depth_counts_every_initiator_of_the_port),
        cmocka_unit_test(ordered_waits_for_the_older_of_another_machine_and_holds_the_younger),
        cmocka_unit_test(cut_of_the_older_frees_the_one_that_waits),
        cmocka_unit_test(lun_reset_takes_the_commands_of_all_machines),
        cmocka_unit_test(aborted_status_tells_the_other_machine_when_the_lun_has_tas),
        cmocka_unit_test(slow_report_delays_its_own_answer_only),
        cmocka_unit_test(waiting_command_leaves_with_its_lun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
