/* SPDX-License-Identifier: MIT */
/* Transports: logouts, redirection, switches, expanders, the parallel bus, an HBA's power. */
#include "test_fabric_rig.h"

#define TRIP 100

static struct rig_cmd a[4];

static void start(struct rig *r, enum hba_kind kind)
{
    rig_begin(r, kind, NULL);
    rig_connect(r, 0, 0, TRIP);
    rig_connect(r, 1, 0, TRIP);
    rig_settle(r, 0, 0);
    rig_settle(r, 1, 0);
    rig_listen(r);
}

static unsigned count_events(const struct rig *r, unsigned machine, enum hba_event event)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->event_count[machine]; i++)
        count += r->events[machine][i].event == event;
    return count;
}

static void port_logout_comes_back_with_a_nexus_loss(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_FC);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    fabric_port_logout(r.hba[0], 0);
    assert_false(fabric_link_is_up(r.hba[0], 0));
    rig_write(&r, 0, 0, &a[1], 1, 1); /* held until the HBA has logged in again */
    rig_run(&r, FABRIC_RELOGIN);
    assert_true(fabric_link_is_up(r.hba[0], 0));
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.status, HBA_LINK_DOWN);
    assert_int_equal(a[1].cmd.status, HBA_OK);
    assert_int_equal(a[1].cmd.scsi.status, 2);
    assert_int_equal(a[1].cmd.scsi.sense[12] << 8 | a[1].cmd.scsi.sense[13], 0x2907);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_LINK_DOWN), 1);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_LINK_UP), 1);
    assert_int_equal(r.event_count[1], 0);
    assert_int_equal(rig_attention(&r, 1, 0), 0);
    rig_end(&r);
}

static void logout_while_the_cable_is_out_waits_for_the_cable(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_FC);
    fabric_port_logout(r.hba[0], 0);
    fabric_link(r.hba[0], HBA_ALL_TARGETS, false);
    rig_run(&r, 2 * FABRIC_RELOGIN);
    assert_false(fabric_link_is_up(r.hba[0], 0));
    fabric_link(r.hba[0], HBA_ALL_TARGETS, true);
    assert_true(fabric_link_is_up(r.hba[0], 0));
    rig_end(&r);
}

static void state_change_is_told_once_and_harms_nothing(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_FC);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    fabric_rscn(r.hba[0]);
    fabric_rscn(r.hba[0]);
    rig_run(&r, TRIP);
    assert_int_equal(r.event_count[0], 1);
    assert_int_equal(r.events[0][0].event, HBA_EVENT_STATE_CHANGE);
    assert_int_equal(a[0].cmd.status, HBA_OK);
    rig_end(&r);
}

static void retained_session_goes_on_and_a_later_one_does_not(void **state)
{
    for (unsigned late = 0; late < 2; late++) {
        struct rig r;

        (void)state;
        start(&r, HBA_ISCSI);
        for (unsigned i = 0; i < 4; i++) /* some executed before the logout, some not: by the coin */
            rig_write(&r, 0, 0, &a[i], i, 5);
        fabric_async_logout(r.hba[0], 0, WORLD_SECOND, 100 * WORLD_MS);
        if (late != 0)
            fabric_link(r.hba[0], 0, false);
        rig_run(&r, WORLD_SECOND - 1);
        assert_int_equal(a[0].done, 0);
        rig_run(&r, 101 * WORLD_MS);
        fabric_link(r.hba[0], 0, true);
        rig_run(&r, TRIP);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(a[i].done, 1);
            assert_int_equal(a[i].cmd.status, late != 0 ? HBA_LINK_DOWN : HBA_OK);
            assert_int_equal(a[i].cmd.scsi.status, 0);
        }
        assert_int_equal(rig_attention(&r, 0, 0), late != 0 ? 0x2907 : 0);
        for (unsigned i = 0; i < 4 && late == 0; i++)
            assert_int_equal(rig_byte(&r, 1, 0, i), 5);
        rig_end(&r);
    }
}

static void redirected_session_reaches_the_other_port(void **state)
{
    struct fabric_path_info info;
    struct rig r;

    (void)state;
    start(&r, HBA_ISCSI);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    assert_false(fabric_redirect(r.hba[0], 0, 2)); /* no such port */
    assert_false(fabric_redirect(r.hba[0], 0, 0)); /* it is there */
    assert_true(fabric_redirect(r.hba[0], 0, 1));
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.status, HBA_LINK_DOWN);
    assert_true(fabric_path_info(r.hba[0], 0, &info));
    assert_int_equal(info.port, 1);
    assert_int_equal(info.controller, 1);
    assert_true(info.up);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_LUNS_CHANGED), 1);
    rig_settle(&r, 0, 0);
    fabric_controller(r.world, r.array, 0, false); /* the port it left */
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.status, HBA_OK);
    fabric_controller(r.world, r.array, 1, false);
    assert_false(fabric_redirect(r.hba[0], 0, 0)); /* nobody there */
    rig_end(&r);
}

static void connect_through(struct rig *r, unsigned machine, unsigned port, const char *fabric)
{
    struct fabric_path_config config = {.array = r->array, .port = port, .latency = TRIP, .fabric = fabric};

    assert_true(fabric_connect(r->hba[machine], &config) >= 0);
}

static void dead_switch_takes_its_paths_and_no_others(void **state)
{
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_FC, NULL);
    connect_through(&r, 0, 0, "red");
    connect_through(&r, 0, 1, "blue");
    connect_through(&r, 1, 0, "blue");
    rig_connect(&r, 2, 0, TRIP);
    rig_listen(&r);
    assert_false(fabric_switch(r.world, "green", false));
    assert_true(fabric_switch(r.world, "blue", false));
    assert_true(fabric_switch(r.world, "blue", false));
    rig_run(&r, TRIP);
    assert_true(fabric_link_is_up(r.hba[0], 0));
    assert_false(fabric_link_is_up(r.hba[0], 1));
    assert_false(fabric_link_is_up(r.hba[1], 0));
    assert_true(fabric_link_is_up(r.hba[2], 0));
    assert_int_equal(r.event_count[2], 0);
    assert_true(fabric_switch(r.world, "blue", true));
    assert_true(fabric_link_is_up(r.hba[0], 1));
    assert_true(fabric_link_is_up(r.hba[1], 0));
    rig_end(&r);
}

static void sas_path_returns_with_a_nexus_loss(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_SAS);
    fabric_link(r.hba[0], 0, false);
    rig_run(&r, WORLD_MS);
    fabric_link(r.hba[0], 0, true);
    assert_int_equal(rig_attention(&r, 0, 0), 0x2907);
    assert_int_equal(rig_attention(&r, 0, 0), 0);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    fabric_bus_reset(r.hba[0]); /* the expander */
    assert_false(fabric_link_is_up(r.hba[0], 0));
    rig_run(&r, FABRIC_EXPANDER_RESET);
    assert_true(fabric_link_is_up(r.hba[0], 0));
    assert_int_equal(a[0].cmd.status, HBA_LINK_DOWN);
    assert_int_equal(rig_attention(&r, 0, 0), 0x2907);
    assert_int_equal(rig_attention(&r, 1, 0), 0);
    rig_end(&r);
}

static void parallel_bus_reset_hits_both_initiators(void **state)
{
    for (unsigned by_miniport = 0; by_miniport < 2; by_miniport++) {
        struct fabric_path_config third = {.port = 0};
        struct rig r;

        (void)state;
        start(&r, HBA_SPI);
        third.array = r.array;
        assert_int_equal(fabric_connect(r.hba[2], &third), -1); /* a third initiator */
        third.port = 1;
        assert_int_equal(fabric_connect(r.hba[2], &third), 0); /* another bus */
        rig_settle(&r, 2, 0);
        rig_write(&r, 0, 0, &a[0], 0, 1);
        rig_write(&r, 1, 0, &a[1], 0, 1);
        if (by_miniport != 0)
            r.hba[0]->operations->reset_bus(r.hba[0]);
        else
            fabric_bus_reset(r.hba[0]);
        assert_int_equal(a[0].done, by_miniport);
        assert_int_equal(a[1].done, 0); /* its machine hears of it by an interrupt */
        rig_run(&r, 1);
        for (unsigned i = 0; i < 2; i++) {
            assert_int_equal(a[i].done, 1);
            assert_int_equal(a[i].cmd.status, HBA_ABORTED);
        }
        assert_int_equal(count_events(&r, 0, HBA_EVENT_BUS_RESET), 1 - by_miniport);
        assert_int_equal(count_events(&r, 1, HBA_EVENT_BUS_RESET), 1);
        assert_int_equal(rig_attention(&r, 0, 0), 0x2902);
        assert_int_equal(rig_attention(&r, 1, 0), 0x2902);
        assert_int_equal(rig_attention(&r, 2, 0), 0);
        assert_int_equal(rig_byte(&r, 0, 0, 0), 0);
        rig_end(&r);
    }
}

static void unanswered_selection_takes_its_time(void **state)
{
    struct fabric_hba_config config = {.name = "spi", .initiator = "spi-9", .kind = HBA_SPI,
                                       .dev_loss_time = WORLD_SECOND};
    struct rig r;
    uint64_t begin;

    (void)state;
    rig_begin(&r, HBA_SPI, NULL);
    struct hba *own = r.hba[0];
    r.hba[0] = fabric_create_hba(r.machine[0], &config);
    r.hba[0]->miniport = &r;
    rig_connect(&r, 0, 0, TRIP);
    fabric_link(r.hba[0], 0, false);
    rig_run(&r, TRIP);
    begin = world_now(r.world);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    assert_int_equal(a[0].done, 0);
    rig_run(&r, WORLD_SECOND);
    assert_int_equal(a[0].cmd.status, HBA_NO_TARGET);
    assert_int_equal(a[0].done_at - begin, FABRIC_SELECTION);
    r.hba[0] = own;
    rig_end(&r);
}

static void untagged_lun_takes_one_command(void **state)
{
    struct fabric_hba_config config = {.name = "old", .initiator = "spi-9", .kind = HBA_SPI, .untagged = true};
    struct rig r;

    (void)state;
    rig_begin(&r, HBA_SPI, NULL);
    struct hba *own = r.hba[0];
    r.hba[0] = fabric_create_hba(r.machine[0], &config);
    assert_int_equal(r.hba[0]->queue_depth, 1);
    rig_connect(&r, 0, 0, TRIP);
    rig_settle(&r, 0, 0);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_write(&r, 0, 0, &a[1], 1, 1);
    assert_int_equal(a[1].cmd.status, HBA_BUSY);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].cmd.status, HBA_OK);
    rig_write(&r, 0, 0, &a[1], 1, 1);
    rig_run(&r, TRIP);
    assert_int_equal(a[1].cmd.status, HBA_OK);
    r.hba[0] = own;
    rig_end(&r);
}

static void adapter_takes_as_many_commands_as_its_personality(void **state)
{
    struct hba_personality small = *hba_plain_personality(HBA_FC);
    struct fabric_hba_config config = {.name = "small", .initiator = "10000000c9000009", .kind = HBA_FC,
                                       .personality = &small};
    struct rig r;

    (void)state;
    small.port_queue = 2;
    rig_begin(&r, HBA_FC, NULL);
    struct hba *own = r.hba[0];
    r.hba[0] = fabric_create_hba(r.machine[0], &config);
    rig_connect(&r, 0, 0, TRIP);
    rig_connect(&r, 0, 1, TRIP);
    rig_settle(&r, 0, 0);
    rig_settle(&r, 0, 1);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    rig_write(&r, 0, 1, &a[1], 1, 1);
    rig_write(&r, 0, 1, &a[2], 2, 1);
    assert_int_equal(a[2].cmd.status, HBA_BUSY);
    rig_run(&r, TRIP);
    assert_int_equal(a[0].done + a[1].done, 2);
    rig_write(&r, 0, 1, &a[2], 2, 1);
    rig_run(&r, TRIP);
    assert_int_equal(a[2].cmd.status, HBA_OK);
    r.hba[0] = own;
    rig_end(&r);
}

static void hba_without_power_says_nothing_and_starts_afresh(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_FC);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    fabric_hba_power(r.hba[0], false);
    rig_write(&r, 0, 0, &a[1], 1, 1);
    rig_run(&r, 60 * WORLD_SECOND); /* past link-down and dev-loss time */
    assert_int_equal(a[0].done + a[1].done, 0);
    assert_int_equal(r.event_count[0], 0);
    r.hba[0]->operations->reset_lun(r.hba[0], 0, RIG_LUN); /* the driver gives them up itself */
    assert_int_equal(a[0].cmd.status, HBA_ABORTED);
    rig_write(&r, 0, 0, &a[2], 2, 1);
    fabric_hba_power(r.hba[0], true);
    rig_run(&r, TRIP);
    assert_int_equal(a[2].cmd.status, HBA_ABORTED);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_LINK_DOWN), 1);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_LINK_UP), 1);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_TARGET_GONE), 0);
    assert_int_equal(rig_attention(&r, 0, 0), 0x2900);
    assert_int_equal(rig_attention(&r, 1, 0), 0); /* the reset never got out */
    rig_end(&r);
}

static void power_returns_to_a_pulled_cable(void **state)
{
    struct rig r;

    (void)state;
    start(&r, HBA_FC);
    fabric_hba_power(r.hba[0], false);
    fabric_link(r.hba[0], HBA_ALL_TARGETS, false);
    fabric_hba_power(r.hba[0], true);
    rig_run(&r, TRIP);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_TARGET_GONE), 1);
    rig_write(&r, 0, 0, &a[0], 0, 1);
    assert_int_equal(a[0].cmd.status, HBA_NO_TARGET);
    fabric_link(r.hba[0], HBA_ALL_TARGETS, true);
    rig_run(&r, TRIP);
    assert_int_equal(count_events(&r, 0, HBA_EVENT_TARGET_ARRIVED), 1);
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_logout_comes_back_with_a_nexus_loss),
        cmocka_unit_test(logout_while_the_cable_is_out_waits_for_the_cable),
        cmocka_unit_test(state_change_is_told_once_and_harms_nothing),
        cmocka_unit_test(retained_session_goes_on_and_a_later_one_does_not),
        cmocka_unit_test(redirected_session_reaches_the_other_port),
        cmocka_unit_test(dead_switch_takes_its_paths_and_no_others),
        cmocka_unit_test(sas_path_returns_with_a_nexus_loss),
        cmocka_unit_test(parallel_bus_reset_hits_both_initiators),
        cmocka_unit_test(unanswered_selection_takes_its_time),
        cmocka_unit_test(untagged_lun_takes_one_command),
        cmocka_unit_test(adapter_takes_as_many_commands_as_its_personality),
        cmocka_unit_test(hba_without_power_says_nothing_and_starts_afresh),
        cmocka_unit_test(power_returns_to_a_pulled_cable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
