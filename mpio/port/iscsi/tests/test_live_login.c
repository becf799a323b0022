/* SPDX-License-Identifier: MIT */
/* Logins that work and logins that do not: CHAP, wrong names, silent and absent portals, bad
 * configurations. */
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#define USER          "alice"
#define SECRET        "wonderland123"
#define TARGET_USER   "queen"
#define TARGET_SECRET "offwithheads1"

static char chap_target[160];

static int start_with_chap(void **state)
{
    setenv("CHAP_USER", USER, 1);
    setenv("CHAP_SECRET", SECRET, 1);
    setenv("CHAP_TARGET_USER", TARGET_USER, 1);
    setenv("CHAP_TARGET_SECRET", TARGET_SECRET, 1);
    rig_start(state);
    snprintf(chap_target, sizeof chap_target, "%s-chap", rig.target);
    return 0;
}

static void assert_logs_in(const struct iscsi_path_config *config)
{
    struct rig_world r;
    struct test_command c;
    int target;

    world_up(&r, WORLD_SECOND);
    target = iscsi_hba_add_path(r.hba, config);
    assert_int_equal(target, 0);
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    test_unit_ready(&r, &c, 0, 1);
    assert_sense(&c, 6, 0x29, 0);
    world_down(&r);
}

/* Tries more than once, says why once, names the portal, and never shows a target. */
static void assert_refused(const struct iscsi_path_config *config, const char *why)
{
    struct rig_world r;
    struct iscsi_path_state path;
    struct test_command c;
    static const uint8_t cdb[6];

    world_up(&r, WORLD_SECOND);
    assert_int_equal(iscsi_hba_add_path(r.hba, config), 0);
    RUN_UNTIL(&r, *r.report != '\0', LOGIN_MS);
    if (strstr(r.report, why) == NULL)
        print_message("%s", r.report);
    assert_non_null(strstr(r.report, why));
    assert_non_null(strstr(r.report, config->portal));
    run_for(&r, 100);
    assert_ptr_equal(strchr(r.report, '\n'), strrchr(r.report, '\n'));
    assert_true(iscsi_hba_path_state(r.hba, 0, &path));
    assert_false(path.up);
    assert_int_equal(path.logins, 0);
    assert_non_null(strstr(path.error, why));
    assert_int_equal(r.events, 0);
    submit(&r, &c, 0, 1, cdb, sizeof cdb, NULL, 0, false);
    assert_int_equal(c.cmd.status, HBA_NO_TARGET);
    world_down(&r);
}

static struct iscsi_path_config chap(const char *user, const char *secret)
{
    return (struct iscsi_path_config){.portal = rig.portal[0],
                                      .target = chap_target,
                                      .user = user,
                                      .secret = secret,
                                      .retry_interval = 20 * WORLD_MS};
}

static void chap_with_the_right_secret(void **state)
{
    struct iscsi_path_config config;

    (void)state;
    NEED_RIG();
    config = chap(USER, SECRET);
    assert_logs_in(&config);
    config.target_user = TARGET_USER;
    config.target_secret = TARGET_SECRET;
    assert_logs_in(&config);
}

static void chap_with_wrong_secrets(void **state)
{
    struct iscsi_path_config config;

    (void)state;
    NEED_RIG();
    config = chap(USER, "wonderland124");
    assert_refused(&config, "uthentication");
    config = chap("bob", SECRET);
    assert_refused(&config, "uthentication");
    config = chap(NULL, NULL);
    assert_refused(&config, "login failed");
    config = chap(USER, SECRET);
    config.target_user = TARGET_USER;
    config.target_secret = "offwithheads2";
    assert_refused(&config, "login failed");
}

static void header_digests(void **state)
{
    struct iscsi_path_config config = {
        .portal = rig.portal[1], .target = rig.target, .header_digest = true};

    (void)state;
    NEED_RIG();
    assert_logs_in(&config);
}

static void unknown_target_and_closed_port(void **state)
{
    struct iscsi_path_config config = {.portal = rig.portal[0],
                                       .target = "iqn.2026-11.nobody:home",
                                       .retry_interval = 20 * WORLD_MS};

    (void)state;
    NEED_RIG();
    assert_refused(&config, "Target not found");
    config.portal = "127.0.0.1:1";
    assert_refused(&config, "cannot connect");
    config.portal = "no portal at all";
    assert_refused(&config, "cannot connect");
}

static void silent_portal_ends_at_the_login_timeout(void **state)
{
    struct test_proxy proxy;
    struct rig_world r;
    struct iscsi_path_config config = {
        .target = rig.target, .login_timeout = 100 * WORLD_MS, .retry_interval = 20 * WORLD_MS};
    uint64_t began;

    (void)state;
    NEED_RIG();
    proxy_start(&proxy, rig.portal[0]);
    proxy_say(&proxy, "blackhole");
    config.portal = proxy.portal;
    world_up(&r, WORLD_SECOND);
    began = world_now(r.world);
    iscsi_hba_add_path(r.hba, &config);
    RUN_UNTIL(&r, *r.report != '\0', 1000);
    assert_non_null(strstr(r.report, "login time-out"));
    assert_in_range(world_now(r.world) - began, 100 * WORLD_MS, 200 * WORLD_MS);
    proxy_say(&proxy, "resume");
    RUN_UNTIL(&r, is_up(&r, 0), LOGIN_MS);
    world_down(&r);
    proxy_stop(&proxy);
}

static void configurations_out_of_range(void **state)
{
    struct rig_world r;
    struct world_options options = {.seed = 1};
    char name[400];
    struct iscsi_path_config good = {.portal = "127.0.0.1:1", .target = "iqn.2026-11.x:y"}, bad;
    struct iscsi_hba_config hba = {
        .name = "hba0", .initiator = INITIATOR, .report = on_report, .user = &r};

    (void)state;
    memset(name, 'a', sizeof name);
    world_up(&r, WORLD_SECOND);
    assert_null(iscsi_hba_create(r.machine, &hba)); /* the name is taken */
    hba.name = "a name of thirty-two characters.";
    assert_null(iscsi_hba_create(r.machine, &hba));
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        bad = good;                                                                                \
        change;                                                                                    \
        *r.report = '\0';                                                                          \
        assert_int_equal(iscsi_hba_add_path(r.hba, &bad), -1);                                     \
        assert_non_null(strstr(r.report, "hba0: cannot add"));                                     \
    } while (0)
    name[ISCSI_MAX_INITIATOR + 1] = '\0';
    REFUSED(bad.portal = NULL);
    REFUSED(bad.portal = "");
    REFUSED(bad.target = name);
    REFUSED(bad.initiator = name);
    REFUSED(bad.user = "u");
    REFUSED(bad.secret = "s");
    REFUSED((bad.target_user = "u", bad.target_secret = "s"));
    REFUSED(bad.isid = 0x1000000);
    name[ISCSI_MAX_INITIATOR] = '\0';
    bad = good;
    bad.target = bad.initiator = name;
    bad.isid = 0xffffff;
    for (unsigned i = 0; i < HBA_MAX_TARGETS; i++)
        assert_int_equal(iscsi_hba_add_path(r.hba, &bad), i);
    REFUSED((void)0);
    assert_non_null(strstr(r.report, "no free target id"));
    world_down(&r);

    world_up(&r, 0);
    world_down(&r);
    memset(&r, 0, sizeof r);
    hba.name = "hba0";
    r.world = world_create(&options);
    r.machine = machine_create(r.world, "node1", 2);
    r.hba = iscsi_hba_create(r.machine, &hba);
    REFUSED((void)0);
    assert_non_null(strstr(r.report, "host clock"));
    world_down(&r);
}

/* A target that dies while we write to it: seen as exit 141 of a whole run, once in many. */
static void a_peer_that_is_gone_is_no_signal(void **state)
{
    struct rig_world r;
    int ends[2];

    (void)state;
    signal(SIGPIPE, SIG_DFL);
    world_up(&r, WORLD_SECOND);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(ends[1]);
    world_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chap_with_the_right_secret),
        cmocka_unit_test(chap_with_wrong_secrets),
        cmocka_unit_test(header_digests),
        cmocka_unit_test(unknown_target_and_closed_port),
        cmocka_unit_test(silent_portal_ends_at_the_login_timeout),
        cmocka_unit_test(configurations_out_of_range),
        cmocka_unit_test(a_peer_that_is_gone_is_no_signal),
    };

    return cmocka_run_group_tests(tests, start_with_chap, rig_stop);
}
