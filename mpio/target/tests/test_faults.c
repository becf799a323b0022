/* SPDX-License-Identifier: MIT */
/*
 * Faults on the wire: answers that come late, power, and what the timeline of a simulated world holds for hosts
 * that are not there.
 */
#include "support.h"

#define SLOW "[array a0]\ncontrollers = 2\naccess = implicit\nslow-report = 200ms\n[lun disk]\nsize = 1M\n"
#define WORLD \
    PLAIN "[machine m]\n[hba h]\nmachine = m\n[link l]\nhba = h\narray = a0\nports = all\nlatency = 0ms\n[timeline]\n"

static const uint8_t REPORT_GROUPS[16] = {0xA3, 0x0A, [9] = 64};

static bool control(struct rig *r, const char *line)
{
    struct buffer answer = {0};
    bool good = target_control(r->target, line, &answer);

    assert_int_equal(strncmp(buffer_text(&answer), "error: ", 7) == 0, !good);
    buffer_free(&answer);
    return good;
}

static void expect_data(struct initiator *i, uint8_t first)
{
    expect(i, DATA_IN);
    assert_int_equal(i->data[0], first);
    if (!(i->header[1] & 1)) /* no status in it */
        expect_status(i, 0);
}

static void a_slow_report_takes_its_time(void **state)
{
    struct rig r;
    struct initiator i;

    (void)state;
    rig_open(&r, SLOW);
    log_in(&i, &r, 0);
    settle_in(&i);
    send_command(&i, PDU_FINAL | COMMAND_READ, REPORT_GROUPS, 64, NULL, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&i, 0); /* others do not wait for it */
    rig_wait(&r, 199 * WORLD_MS);
    expect_silence(&i);
    rig_wait(&r, 2 * WORLD_MS);
    expect(&i, DATA_IN);
    hang_up(&i);

    log_in(&i, &r, 0); /* the session ends meanwhile */
    settle_in(&i);
    send_command(&i, PDU_FINAL | COMMAND_READ, REPORT_GROUPS, 64, NULL, 0);
    hang_up(&i);
    rig_wait(&r, 300 * WORLD_MS);
    rig_close(&r);
}

/* Late completion: done at once, told later. Late command: the other way round. */
static void what_is_late_and_when_it_is_done(void **state)
{
    static const struct {
        const char *fault;
        uint8_t meanwhile;
    } cases[] = {{"fault 0 late-completion 1 50ms", 0x77}, {"fault 0 late-command 1 50ms", 0}};
    uint8_t block[512];

    (void)state;
    memset(block, 0x77, sizeof block);
    for (unsigned n = 0; n < 2; n++) {
        struct rig r;
        struct initiator i, other;
        rig_open(&r, PLAIN);
        log_in(&i, &r, 0);
        settle_in(&i);
        log_in(&other, &r, 1);
        settle_in(&other);
        assert_true(control(&r, cases[n].fault));
        send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, block, 512);
        expect_silence(&i);
        send_command(&other, PDU_FINAL | COMMAND_READ, READ_10(1), 512, NULL, 0);
        expect_data(&other, cases[n].meanwhile);
        rig_wait(&r, 51 * WORLD_MS);
        expect_status(&i, 0);
        send_command(&other, PDU_FINAL | COMMAND_READ, READ_10(1), 512, NULL, 0);
        expect_data(&other, 0x77);
        hang_up(&i);
        hang_up(&other);
        rig_close(&r);
    }
}

static void power_ends_the_sessions_and_gives_them_back(void **state)
{
    struct initiator *i = *state;

    assert_true(control(i->rig, "power a0 off"));
    look(i);
    assert_null(i->connection);
    hang_up(i);
    assert_true(control(i->rig, "power a0 on"));
    log_in(i, i->rig, 0);
    settle_in(i);
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(i, 0);
}

static void what_strikes_simulated_hosts_is_refused_or_passed_over(void **state)
{
    static const char *const hosts[] = {
        "machine m crash", "hba h power off", "rscn h", "logout h target 0", "path-fault h target 0 torn 1",
        "path-fault h target 0 duplicate 1 5ms", "path-fault h target 0 reorder 1", "expect errors"};
    static const char *const arrays[] = {
        "state a0 0 0 automatic", "reshuffle a0", "identity a0 0 77", "wrong-report a0 bad-state 1", "ghost a0 0 register",
        "mask a0 1", "map a0 1", "path-fault h target 0 late-command 1 5ms"};
    struct rig r;
    struct initiator i;
    char ini[2000] = WORLD;

    (void)state;
    for (unsigned n = 0; n < sizeof hosts / sizeof *hosts; n++) {
        size_t length = strlen(ini);
        snprintf(ini + length, sizeof ini - length, "1s = %s\n", hosts[n]);
    }
    rig_open(&r, ini);
    for (unsigned n = 0; n < sizeof hosts / sizeof *hosts; n++)
        if (control(&r, hosts[n]))
            fail_msg("\"%s\" was taken", hosts[n]);
    rig_wait(&r, 2 * WORLD_SECOND); /* the timeline has come by */
    for (unsigned n = 0; n < sizeof arrays / sizeof *arrays; n++)
        if (!control(&r, arrays[n]))
            fail_msg("\"%s\" was refused", arrays[n]);
    rig_wait(&r, WORLD_SECOND);
    log_in(&i, &r, 1);
    settle_in(&i);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect(&i, SCSI_RESPONSE);
    hang_up(&i);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_report_takes_its_time),
        cmocka_unit_test(what_is_late_and_when_it_is_done),
        session_test(power_ends_the_sessions_and_gives_them_back),
        cmocka_unit_test(what_strikes_simulated_hosts_is_refused_or_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
