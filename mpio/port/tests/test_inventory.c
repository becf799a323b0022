/* SPDX-License-Identifier: MIT */
/* LUNs and paths that come, go and change while the machine runs. */
#include "rig.h"

static UCHAR block[512];

static void has_all(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    for (UCHAR lun = 0; lun < RIG_LUNS; lun++)
        CHECK(rig_unit(0, lun) != NULL && rig_io(rig_unit(0, lun), FALSE, 0, block, 1) == STATUS_SUCCESS);
    rig.finished++;
}

static void has_second_path_only(void *argument)
{
    (void)argument;
    CHECK(rig_count() == RIG_LUNS);
    CHECK(rig_unit(0, 0) == NULL && rig_unit(1, 0) != NULL);
    rig.finished++;
}

static void still_has_all_but_io_fails(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    CHECK(rig_io(rig_unit(0, 0), FALSE, 0, block, 1) == STATUS_DEVICE_DOES_NOT_EXIST);
    rig.finished++;
}

static void path_lost_and_found_again(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, WORLD_SECOND, 10 * WORLD_SECOND);
    fabric_link(rig.hba, 0, false);
    world_run(rig.world, world_now(rig.world) + 2 * WORLD_SECOND);
    rig_run(still_has_all_but_io_fails, WORLD_SECOND); /* after link-down, before dev-loss time */
    world_run(rig.world, world_now(rig.world) + 20 * WORLD_SECOND);
    rig_run(has_second_path_only, WORLD_SECOND);
    fabric_link(rig.hba, 0, true);
    world_run(rig.world, world_now(rig.world) + 5 * WORLD_SECOND);
    rig_run(has_all, WORLD_SECOND);
    rig_end();
}

static void bounce_within_the_dev_loss_time_keeps_the_device(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, 10 * WORLD_SECOND);
    fabric_link(rig.hba, 0, false);
    rig_run(still_has_all_but_io_fails, WORLD_SECOND);
    fabric_luns_changed(rig.world, rig.array); /* a rescan in between must not take it for gone */
    world_run(rig.world, world_now(rig.world) + 2 * WORLD_SECOND);
    fabric_link(rig.hba, 0, true);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    rig_run(has_all, WORLD_SECOND);
    rig_end();
}

static void a_scan_whose_commands_get_lost_finds_the_path_all_the_same(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, WORLD_SECOND, 2 * WORLD_SECOND);
    fabric_link(rig.hba, 0, false);
    world_run(rig.world, world_now(rig.world) + 5 * WORLD_SECOND);
    rig_run(has_second_path_only, WORLD_SECOND);
    fabric_inject(rig.hba, 0, FABRIC_LOSE_COMMAND, 2, 0);
    fabric_link(rig.hba, 0, true);
    world_run(rig.world, world_now(rig.world) + 60 * WORLD_SECOND); /* each costs its time-out and the reset after it */
    rig_run(has_all, WORLD_SECOND);
    rig_end();
}

static PDEVICE_OBJECT before;

static void remember(void *argument)
{
    (void)argument;
    before = rig_unit(0, 1)->Header.Self;
    rig.finished++;
}

static void is_another(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    CHECK(rig_unit(0, 1) != NULL);
    CHECK(rig_unit(0, 1)->Identity->SerialLength == 5 && memcmp(rig_unit(0, 1)->Identity->Bytes, "OTHER", 5) == 0);
    CHECK(rig_unit(0, 1)->State == PortStarted);
    rig.finished++;
}

static void has_one_less(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * (RIG_LUNS - 1) && rig_unit(0, 1) == NULL && rig_unit(1, 1) == NULL);
    rig.finished++;
}

/* Unmapped and mapped again within one rescan: same address, other serial number. */
static void lun_that_became_another_is_a_new_device(void **state)
{
    struct array_lun_config other = {.number = 1, .block_size = 512, .blocks = 8192, .media = ARRAY_MEDIA_MEMORY,
                                     .serial = "OTHER"};
    const char *why;

    (void)state;
    rig_begin(HBA_FC, 100, 0, 0);
    rig_run(remember, WORLD_SECOND);
    assert_int_equal(array_remove_lun(rig.array, 1), 0);
    fabric_luns_changed(rig.world, rig.array);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    rig_run(has_one_less, WORLD_SECOND);
    assert_int_equal(array_add_lun(rig.array, &other, &why), 0);
    fabric_luns_changed(rig.world, rig.array);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    rig_run(is_another, WORLD_SECOND);
    rig_end();
}

static void shut_down(void *argument)
{
    (void)argument;
    PnpShutdown();
    CHECK(NtFindDriver((PCWSTR)u"ompfc")->DeviceObject == NULL);
    rig.finished++;
}

static void unloaded(void *user, int32_t status)
{
    (void)user;
    CHECK(status == STATUS_SUCCESS);
    rig.finished++;
}

static void shutdown_leaves_nothing_behind(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, 0);
    rig_run(has_all, WORLD_SECOND);
    rig_run(shut_down, 10 * WORLD_SECOND);
    nt_unload_driver(rig.machine, "ompfc", unloaded, NULL);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    rig_check(3);
    rig_end();
}

static void every_unit_has_its_pages(void *argument)
{
    (void)argument;
    for (PLIST_ENTRY e = rig_adapter()->Units.Flink; e != &rig_adapter()->Units; e = e->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(e, PORT_UNIT, Link);

        CHECK(unit->Missing || unit->Identity->PageLength != 0);
    }
    rig.finished++;
}

/* A LUN without its page 83h would be taken for another device, and no DSM would claim it. */
static void link_lost_at_any_moment_of_a_scan(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, WORLD_SECOND);
    for (unsigned cut = 50; cut < 3000; cut += 100) {
        fabric_link(rig.hba, 0, false);
        world_run(rig.world, world_now(rig.world) + 3 * WORLD_SECOND);
        fabric_link(rig.hba, 0, true);
        world_run(rig.world, world_now(rig.world) + cut);
        fabric_link(rig.hba, 0, false);
        world_run(rig.world, world_now(rig.world) + WORLD_SECOND / 2); /* the scan ends, the dev-loss time does not */
        rig_run(every_unit_has_its_pages, WORLD_MS);
    }
    fabric_link(rig.hba, 0, true);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    rig_run(has_all, WORLD_SECOND);
    rig_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_lost_and_found_again),
        cmocka_unit_test(bounce_within_the_dev_loss_time_keeps_the_device),
        cmocka_unit_test(a_scan_whose_commands_get_lost_finds_the_path_all_the_same),
        cmocka_unit_test(lun_that_became_another_is_a_new_device),
        cmocka_unit_test(link_lost_at_any_moment_of_a_scan),
        cmocka_unit_test(shutdown_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
