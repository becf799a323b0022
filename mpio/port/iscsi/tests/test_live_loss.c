/* SPDX-License-Identifier: MIT */
/* Paths that are cut, go silent, come back, and end with their machine. */
#include "support.h"

#define IN_FLIGHT 32

struct load {
    struct test_command c[IN_FLIGHT];
    uint8_t data[IN_FLIGHT][4096];
    uint64_t last_end;
};

static void submit_load(struct rig_world *r, struct load *l, uint32_t target)
{
    r->done = 0;
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        submit_block(r, &l->c[i], target, 1, i * 8, 8, l->data[i], i % 2 != 0);
}

/* Each command ended once, with an answer or with the loss of the link. */
static unsigned count_lost(const struct load *l)
{
    unsigned lost = 0;

    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        assert_int_equal(l->c[i].endings, 1);
        assert_true(l->c[i].cmd.status == HBA_OK || l->c[i].cmd.status == HBA_LINK_DOWN);
        lost += l->c[i].cmd.status == HBA_LINK_DOWN;
    }
    return lost;
}

static void cut_path(const char *how)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct load l;
    struct test_command c;
    uint32_t target;
    uint64_t cut_at;

    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, 10 * WORLD_SECOND);
    target = path_up(&r, proxy.portal);
    proxy_say(&proxy, "blackhole"); /* so that all are under way at the cut */
    submit_load(&r, &l, target);
    run_for(&r, 20);
    assert_int_equal(r.done, 0);
    proxy_say(&proxy, how);
    cut_at = world_now(r.world);
    RUN_UNTIL(&r, r.done == IN_FLIGHT, 1000);
    assert_int_equal(count_lost(&l), IN_FLIGHT);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 1);
    assert_true(time_of_event(&r, HBA_EVENT_LINK_DOWN, target) - cut_at < 50 * WORLD_MS);
    assert_true(r.hba->operations->target_present(r.hba, target));
    submit_load(&r, &l, target);
    assert_int_equal(r.done, IN_FLIGHT); /* at once */
    assert_int_equal(count_lost(&l), IN_FLIGHT);
    proxy_say(&proxy, "resume");
    RUN_UNTIL(&r, is_up(&r, target), LOGIN_MS);
    run_for(&r, 5);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_UP, target), 2);
    assert_int_equal(count_events(&r, HBA_EVENT_TARGET_GONE, target), 0);
    assert_int_equal(count_events(&r, HBA_EVENT_TARGET_ARRIVED, target), 1);
    test_unit_ready(&r, &c, target, 1);
    assert_sense(&c, 6, 0x29, 0); /* a new nexus */
    world_down(&r);
    proxy_stop(&proxy);
}

static void reset_connection_ends_every_command_at_once(void **state)
{
    (void)state;
    NEED_RIG();
    cut_path("cut");
}

static void closed_connection_ends_every_command_at_once(void **state)
{
    (void)state;
    NEED_RIG();
    cut_path("fin");
}

static void silent_connection_is_found_by_its_ping(void **state)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct load l;
    struct iscsi_path_config config = {.target = rig.target,
                                       .ping_interval = 50 * WORLD_MS,
                                       .ping_timeout = 100 * WORLD_MS,
                                       .retry_interval = 20 * WORLD_MS,
                                       .login_timeout = 200 * WORLD_MS};
    uint64_t silent_at, found;

    (void)state;
    NEED_RIG();
    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, 10 * WORLD_SECOND);
    config.portal = proxy.portal;
    iscsi_hba_add_path(r.hba, &config);
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    run_for(&r, 300); /* idle and answered pings do no harm */
    assert_true(is_up(&r, 0));
    proxy_say(&proxy, "blackhole");
    silent_at = world_now(r.world);
    submit_load(&r, &l, 0);
    RUN_UNTIL(&r, r.done == IN_FLIGHT, 1000);
    assert_int_equal(count_lost(&l), IN_FLIGHT);
    found = time_of_event(&r, HBA_EVENT_LINK_DOWN, 0) - silent_at;
    assert_in_range(found, 90 * WORLD_MS, 220 * WORLD_MS);
    assert_non_null(strstr(r.report, "NOP-Out"));
    proxy_say(&proxy, "resume");
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    world_down(&r);
    proxy_stop(&proxy);
}

/* What was under way when the network went silent must not come out of it after the retry on another
 * path and the writes that followed. */
static void write_lost_in_silence_never_overtakes_its_retry(void **state)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct test_command old, new, read;
    struct iscsi_path_config config = {.target = rig.target,
                                       .ping_interval = 20 * WORLD_MS,
                                       .ping_timeout = 50 * WORLD_MS,
                                       .retry_interval = 20 * WORLD_MS};
    uint8_t first[512], second[512], found[512];
    uint32_t other;

    (void)state;
    NEED_RIG();
    memset(first, 1, sizeof first);
    memset(second, 2, sizeof second);
    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, 10 * WORLD_SECOND);
    config.portal = proxy.portal;
    iscsi_hba_add_path(r.hba, &config);
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    test_unit_ready(&r, &old, 0, 1);
    other = path_up(&r, rig.portal[1]);
    proxy_say(&proxy, "blackhole");
    submit_block(&r, &old, 0, 1, 7, 1, first, true);
    wait_for(&r, &old);
    assert_int_equal(old.cmd.status, HBA_LINK_DOWN);
    submit_block(&r, &new, other, 1, 7, 1, second, true);
    wait_for(&r, &new);
    assert_good(&new);
    proxy_say(&proxy, "resume");
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    run_for(&r, 50);
    submit_block(&r, &read, other, 1, 7, 1, found, false);
    wait_for(&r, &read);
    assert_good(&read);
    assert_memory_equal(found, second, sizeof found);
    world_down(&r);
    proxy_stop(&proxy);
}

/* tgtd answers pings of a session whose target is offline, but swallows its commands. */
static void swallowed_command_is_found_by_the_command_timeout(void **state)
{
    struct rig_world r;
    struct iscsi_path_config config = {.portal = rig.portal[0],
                                       .target = rig.target,
                                       .command_timeout = 150 * WORLD_MS,
                                       .ping_interval = 20 * WORLD_MS};
    char socket[256];
    const char *argv[] = {"tgtadm", "-C",    "0", "--lld",  "iscsi", "--mode",  "target",  "--op",
                          "update", "--tid", "1", "--name", "state", "--value", "offline", NULL};
    struct test_command c;
    uint64_t began;

    (void)state;
    NEED_RIG();
    snprintf(socket, sizeof socket, "%s/sock", rig.directory);
    setenv("TGT_IPC_SOCKET", socket, 1);
    world_up(&r, 10 * WORLD_SECOND);
    iscsi_hba_add_path(r.hba, &config);
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    test_unit_ready(&r, &c, 0, 1);
    assert_int_equal(host_run(argv, NULL, 0), 0);
    run_for(&r, 1);
    began = world_now(r.world);
    submit_block(&r, &c, 0, 1, 0, 1, (uint8_t[512]){0}, false);
    RUN_UNTIL(&r, c.endings == 1, 1000);
    argv[14] = "ready";
    assert_int_equal(host_run(argv, NULL, 0), 0);
    assert_int_equal(c.cmd.status, HBA_LINK_DOWN);
    assert_in_range(world_now(r.world) - began, 150 * WORLD_MS, 200 * WORLD_MS);
    assert_non_null(strstr(r.report, "command time-out"));
    world_down(&r);
}

static void target_disappears_after_the_dev_loss_time_and_arrives_again(void **state)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct test_command c;
    uint32_t target;
    uint64_t loss;
    static const uint8_t cdb[6];

    (void)state;
    NEED_RIG();
    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, 100 * WORLD_MS);
    target = path_up(&r, proxy.portal);
    proxy_say(&proxy, "down");
    RUN_UNTIL(&r, count_events(&r, HBA_EVENT_TARGET_GONE, target) == 1, 1000);
    loss = time_of_event(&r, HBA_EVENT_TARGET_GONE, target) -
           time_of_event(&r, HBA_EVENT_LINK_DOWN, target);
    assert_in_range(loss, 99 * WORLD_MS, 130 * WORLD_MS);
    assert_false(r.hba->operations->target_present(r.hba, target));
    submit(&r, &c, target, 1, cdb, sizeof cdb, NULL, 0, false);
    assert_int_equal(c.cmd.status, HBA_NO_TARGET);
    proxy_say(&proxy, "resume");
    RUN_UNTIL(&r, count_events(&r, HBA_EVENT_TARGET_ARRIVED, target) == 2, LOGIN_MS);
    test_unit_ready(&r, &c, target, 1);
    assert_sense(&c, 6, 0x29, 0);
    world_down(&r);
    proxy_stop(&proxy);
}

static void loss_of_one_path_leaves_the_other_alone(void **state)
{
    struct rig_world r;
    struct test_proxy proxy;
    struct load lost, well;

    (void)state;
    NEED_RIG();
    proxy_start(&proxy, rig.portal[0]);
    world_up(&r, 10 * WORLD_SECOND);
    path_up(&r, proxy.portal);
    path_up(&r, rig.portal[1]);
    proxy_say(&proxy, "blackhole");
    submit_load(&r, &lost, 0);
    submit_load(&r, &well, 1);
    RUN_UNTIL(&r, r.done == IN_FLIGHT, 1000);
    assert_int_equal(count_lost(&well), 0);
    proxy_say(&proxy, "cut");
    RUN_UNTIL(&r, r.done == 2 * IN_FLIGHT, 1000);
    assert_int_equal(count_lost(&lost), IN_FLIGHT);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, 1), 0);
    submit_load(&r, &well, 1);
    RUN_UNTIL(&r, r.done == IN_FLIGHT, 1000);
    assert_int_equal(count_lost(&well), 0);
    world_down(&r);
    proxy_stop(&proxy);
}

static void path_taken_out_of_use_stays_away_until_put_back(void **state)
{
    struct rig_world r;
    struct load l;
    struct iscsi_path_state path;
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, 10 * WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit_load(&r, &l, target);
    iscsi_hba_link(r.hba, HBA_ALL_TARGETS, false);
    run_for(&r, 100);
    assert_int_equal(count_lost(&l), IN_FLIGHT);
    iscsi_hba_path_state(r.hba, target, &path);
    assert_string_equal(path.state, "down");
    assert_int_equal(path.logins, 1);
    assert_int_equal(count_events(&r, HBA_EVENT_LINK_DOWN, target), 1);
    iscsi_hba_link(r.hba, target, true);
    RUN_UNTIL(&r, is_up(&r, target), LOGIN_MS);
    world_down(&r);
}

static void killed_target_comes_back_under_load(void **state)
{
    struct rig_world r;
    struct load l;
    struct test_command c;
    uint32_t target;
    char port[16];

    (void)state;
    NEED_RIG();
    world_up(&r, 10 * WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    for (unsigned i = 0; i < 20; i++) { /* some answered, some not */
        submit_load(&r, &l, target);
        if (i == 19)
            kill(rig.pid, SIGKILL);
        RUN_UNTIL(&r, r.done == IN_FLIGHT, 1000);
        count_lost(&l);
    }
    RUN_UNTIL(&r, count_events(&r, HBA_EVENT_LINK_DOWN, target) == 1, 100);
    snprintf(port, sizeof port, "%u", rig.port);
    setenv("PORT", port, 1);
    assert_true(rig_start_again("2", "16M"));
    unsetenv("PORT");
    RUN_UNTIL(&r, is_up(&r, target), LOGIN_MS);
    test_unit_ready(&r, &c, target, 1);
    assert_sense(&c, 6, 0x29, 0);
    world_down(&r);
}

static void stopped_machine_hears_nothing_more(void **state)
{
    struct rig_world r;
    struct load l;
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, 10 * WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit_load(&r, &l, target);
    world_run(r.world, world_now(r.world)); /* sent, not answered */
    machine_stop(r.machine, MACHINE_BUGCHECKED);
    r.done = 0;
    run_for(&r, 50);
    assert_int_equal(r.done, 0);
    assert_false(is_up(&r, target));
    world_down(&r);
}

static void hba_goes_with_commands_under_way(void **state)
{
    struct rig_world r;
    struct load *l = malloc(sizeof *l);
    uint32_t target;

    (void)state;
    NEED_RIG();
    world_up(&r, 10 * WORLD_SECOND);
    target = path_up(&r, rig.portal[0]);
    submit_load(&r, l, target);
    run_for(&r, 0);
    fabric_destroy_hbas(r.machine);
    r.done = 0;
    free(l);
    run_for(&r, 20);
    assert_int_equal(r.done, 0);
    world_destroy(r.world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reset_connection_ends_every_command_at_once),
        cmocka_unit_test(closed_connection_ends_every_command_at_once),
        cmocka_unit_test(silent_connection_is_found_by_its_ping),
        cmocka_unit_test(write_lost_in_silence_never_overtakes_its_retry),
        cmocka_unit_test(swallowed_command_is_found_by_the_command_timeout),
        cmocka_unit_test(target_disappears_after_the_dev_loss_time_and_arrives_again),
        cmocka_unit_test(loss_of_one_path_leaves_the_other_alone),
        cmocka_unit_test(path_taken_out_of_use_stays_away_until_put_back),
        cmocka_unit_test(killed_target_comes_back_under_load),
        cmocka_unit_test(stopped_machine_hears_nothing_more),
        cmocka_unit_test(hba_goes_with_commands_under_way),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
