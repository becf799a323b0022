/* SPDX-License-Identifier: MIT */
/* Commands through real sessions: data, residuals, sense data, limits, resets, two portals. */
#include "support.h"

static const uint8_t lun1[8] = {0, 1};

static void first_command_meets_the_power_on_attention(void **state)
{
    struct rig_world r;
    struct test_command c;
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = add_path(&r, rig.portal[0]);
    assert_false(r.hba->operations->target_present(r.hba, target));
    RUN_UNTIL(&r, count_events(&r, HBA_EVENT_TARGET_ARRIVED, target) == 1, LOGIN_MS);
    assert_true(r.hba->operations->target_present(r.hba, target));
    assert_int_equal(r.event[0].event, HBA_EVENT_LINK_UP);
    assert_int_equal(r.event[1].event, HBA_EVENT_TARGET_ARRIVED);
    test_unit_ready(&r, &c, target, 1);
    assert_sense(&c, 6, 0x29, 0);
    test_unit_ready(&r, &c, target, 1);
    assert_good(&c);
    assert_int_equal(r.events, 2);
    assert_string_equal(r.report, "");
    world_down(&r);
}

static void round_trip(struct rig_world *r, uint32_t target, uint16_t blocks)
{
    size_t bytes = blocks * 512u;
    uint8_t *out = malloc(bytes), *in = calloc(1, bytes + 16);
    struct test_command c;

    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(i * 7 + i / 512 + blocks);
    submit_block(r, &c, target, 1, 100, blocks, out, true);
    wait_for(r, &c);
    assert_good(&c);
    assert_int_equal(c.cmd.scsi.transferred, bytes);
    submit_block(r, &c, target, 1, 100, blocks, in, false);
    wait_for(r, &c);
    assert_good(&c);
    assert_int_equal(c.cmd.scsi.transferred, bytes);
    assert_memory_equal(out, in, bytes);
    for (unsigned i = 0; i < 16; i++)
        assert_int_equal(in[bytes + i], 0);
    free(out);
    free(in);
}

/* One block; a first burst; one block more than a burst (R2T); 2 MiB. */
static void written_data_is_read_back(void **state)
{
    struct rig_world r;
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    round_trip(&r, target, 1);
    round_trip(&r, target, 512);
    round_trip(&r, target, 513);
    round_trip(&r, target, 4096);
    world_down(&r);
}

static void short_and_long_answers_have_residuals(void **state)
{
    static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 255},
                         read_two[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 2};
    struct rig_world r;
    struct test_command c;
    uint8_t data[1024 + 16];
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit(&r, &c, target, 1, inquiry, sizeof inquiry, data, 255, false);
    wait_for(&r, &c);
    assert_good(&c);
    assert_true(c.cmd.scsi.transferred >= 36 && c.cmd.scsi.transferred < 255);
    assert_int_equal(c.cmd.scsi.transferred, data[4] + 5);
    assert_memory_equal(data + 8, "OPENMPIO", 8);
    memset(data, 0xee, sizeof data);
    submit(&r, &c, target, 1, read_two, sizeof read_two, data, 512, false);
    wait_for(&r, &c);
    assert_int_equal(c.cmd.scsi.transferred, 512);
    assert_int_equal(c.cmd.scsi.wanted, 1024);
    for (unsigned i = 512; i < sizeof data; i++)
        assert_int_equal(data[i], 0xee);
    world_down(&r);
}

static void sense_data_comes_as_the_target_sent_it(void **state)
{
    struct rig_world r;
    struct test_command c;
    uint8_t data[512];
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit_block(&r, &c, target, 1, 16u * 2048, 1, data, false); /* one past the last block */
    wait_for(&r, &c);
    assert_sense(&c, 5, 0x21, 0);
    submit_block(&r, &c, target, 1, 16u * 2048 - 1, 1, data, false);
    wait_for(&r, &c);
    assert_good(&c);
    submit_block(&r, &c, target, 77, 0, 1, data, false);
    wait_for(&r, &c);
    assert_sense(&c, 5, 0x25, 0);
    world_down(&r);
}

static void commands_the_library_cannot_carry_are_refused(void **state)
{
    static const uint8_t read16[17] = {0x88, [13] = 1};
    struct rig_world r;
    struct test_command c;
    uint8_t data[512];
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit(&r, &c, target, 1, read16, 16, data, 512, false);
    wait_for(&r, &c);
    assert_good(&c);
    submit(&r, &c, target, 1, read16, 17, data, 512, false);
    assert_sense(&c, 5, 0x20, 0);
    submit(&r, &c, target, 1, read16, 0, data, 512, false);
    assert_sense(&c, 5, 0x20, 0);
    submit(&r, &c, target, 1, read16, 16, data, ISCSI_MAX_TRANSFER + 1, false);
    assert_sense(&c, 5, 0x24, 0);
    submit(&r, &c, target, 1, read16, 16, NULL, 512, false);
    assert_sense(&c, 5, 0x24, 0);
    submit(&r, &c, target + 1, 1, read16, 16, data, 512, false);
    assert_int_equal(c.cmd.status, HBA_NO_TARGET);
    assert_int_equal(c.endings, 1);
    world_down(&r);
}

static void full_queue_is_busy_and_loses_nothing(void **state)
{
    struct rig_world r;
    struct test_command *c = calloc(ISCSI_MAX_COMMANDS + 1, sizeof *c);
    uint8_t *data = malloc(ISCSI_MAX_COMMANDS * 512u + 512);
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    r.done = 0;
    for (unsigned i = 0; i <= ISCSI_MAX_COMMANDS; i++)
        submit_block(&r, &c[i], target, 1 + i % 2, i, 1, data + i * 512u, false);
    assert_int_equal(r.done, 1);
    assert_int_equal(c[ISCSI_MAX_COMMANDS].cmd.status, HBA_BUSY);
    RUN_UNTIL(&r, r.done == ISCSI_MAX_COMMANDS + 1, 3000);
    for (unsigned i = 0; i < ISCSI_MAX_COMMANDS; i++)
        assert_good(&c[i]);
    submit_block(&r, &c[0], target, 1, 0, 1, data, false);
    wait_for(&r, &c[0]);
    assert_good(&c[0]);
    world_down(&r);
    free(c);
    free(data);
}

static void lun_reset_aborts_before_it_returns(void **state)
{
    struct rig_world r;
    struct test_command c[16], after;
    static uint8_t data[16][64 * 512];
    uint32_t target;
    unsigned aborted = 0;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    r.done = 0;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 16; i++)
            submit_block(&r, &c[i], target, 1 + i % 2, i, 64, data[i], false);
        run_for(&r, 0);
        r.hba->operations->reset_lun(r.hba, target, lun1);
        for (unsigned i = 0; i < 16; i += 2) {
            assert_int_equal(c[i].endings, 1);
            assert_true(c[i].cmd.status == HBA_ABORTED || c[i].cmd.status == HBA_OK);
            aborted += c[i].cmd.status == HBA_ABORTED;
        }
        RUN_UNTIL(&r, r.done == 16 * (round + 1), 2000);
        for (unsigned i = 1; i < 16; i += 2)
            assert_int_equal(c[i].cmd.status, HBA_OK);
    }
    assert_true(aborted > 0);
    assert_true(is_up(&r, target));
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 0);
    for (unsigned i = 0; i < 2; i++)
        test_unit_ready(&r, &after, target, 1);
    assert_good(&after);
    world_down(&r);
}

/* Parts of large writes still wait in the send queue: only dropping the session gets rid of them.
 */
static void lun_reset_with_unsent_data_drops_the_session_unseen(void **state)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct test_command c[100], read;
    uint8_t *data = calloc(1, 4u << 20), block[512];
    struct iscsi_path_state path;
    uint32_t target;

    (void)state;
    NEED_RIG();
    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, proxy.portal);
    proxy_say(&proxy, "throttle 20");
    for (unsigned i = 0; i < 100; i++)
        submit_block(&r, &c[i], target, 1, 0, 8192, data, true);
    submit_block(&r, &read, target, 2, 0, 1, block, false);
    run_for(&r, 100); /* the target has asked for 256 KiB of each by now */
    r.hba->operations->reset_lun(r.hba, target, lun1);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(c[i].endings, 1);
    assert_int_equal(c[99].cmd.status, HBA_ABORTED);
    assert_int_equal(read.endings, 1); /* the other LUN's command goes with the session */
    free(data);                        /* nobody may touch it any more */
    proxy_say(&proxy, "throttle 0");
    RUN_UNTIL(&r, is_up(&r, target), LOGIN_MS);
    iscsi_hba_path_state(r.hba, target, &path);
    assert_int_equal(path.logins, 2);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 0);
    world_down(&r);
    proxy_stop(&proxy);
}

static void target_reset_holds_new_commands_until_the_login(void **state)
{
    struct rig_world r;
    struct test_command c[4], held;
    static uint8_t data[4][512];
    struct iscsi_path_state path;
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    for (unsigned i = 0; i < 4; i++)
        submit_block(&r, &c[i], target, 1, i, 1, data[i], false);
    r.hba->operations->reset_target(r.hba, target);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(c[i].endings, 1);
        assert_int_equal(c[i].cmd.status, HBA_ABORTED);
    }
    submit_block(&r, &held, target, 1, 0, 1, data[0], false);
    assert_int_equal(held.endings, 0);
    wait_for(&r, &held);
    assert_sense(&held, 6, 0x29, 0);
    iscsi_hba_path_state(r.hba, target, &path);
    assert_int_equal(path.logins, 2);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 0);
    r.hba->operations->reset_bus(r.hba);
    RUN_UNTIL(&r, is_up(&r, target), LOGIN_MS);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 0);
    world_down(&r);
}

static void two_portals_are_two_paths_to_one_logical_unit(void **state)
{
    static const uint8_t vpd83[6] = {0x12, 1, 0x83, 0, 255};
    struct rig_world r;
    struct test_command c[2];
    uint8_t page[2][255] = {{0}};
    uint8_t block[512], back[512];

    (void)state;
    NEED_RIG();
    world_up(&r, WORLD_SECOND);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(path_up(&r, rig.portal[i]), i);
    for (unsigned i = 0; i < 2; i++)
        submit(&r, &c[i], i, 1, vpd83, sizeof vpd83, page[i], 255, false);
    for (unsigned i = 0; i < 2; i++) {
        wait_for(&r, &c[i]);
        assert_good(&c[i]);
    }
    assert_memory_equal(page[0], page[1], 255);
    assert_non_null(memmem(page[0], 255, "\x60\x01\x40\x50", 4));
    memset(block, 0xa7, sizeof block);
    submit_block(&r, &c[0], 0, 2, 5, 1, block, true);
    wait_for(&r, &c[0]);
    submit_block(&r, &c[1], 1, 2, 5, 1, back, false);
    wait_for(&r, &c[1]);
    assert_good(&c[1]);
    assert_memory_equal(block, back, sizeof block);
    world_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_command_meets_the_power_on_attention),
        cmocka_unit_test(written_data_is_read_back),
        cmocka_unit_test(short_and_long_answers_have_residuals),
        cmocka_unit_test(sense_data_comes_as_the_target_sent_it),
        cmocka_unit_test(commands_the_library_cannot_carry_are_refused),
        cmocka_unit_test(full_queue_is_busy_and_loses_nothing),
        cmocka_unit_test(lun_reset_aborts_before_it_returns),
        cmocka_unit_test(lun_reset_with_unsent_data_drops_the_session_unseen),
        cmocka_unit_test(target_reset_holds_new_commands_until_the_login),
        cmocka_unit_test(two_portals_are_two_paths_to_one_logical_unit),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
