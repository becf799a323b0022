/* SPDX-License-Identifier: MIT */
/* A hostile initiator: bad lengths, digests, numbers, floods. It is turned away, the log and the memory stay
 * bounded, and a session next door never notices. */
#include "support.h"

/* An honest session on the other portal, before and after. */
struct neighbour {
    struct initiator i;
};

static void neighbour_in(struct neighbour *n, struct rig *r)
{
    log_in(&n->i, r, 1);
    settle_in(&n->i);
}

static void neighbour_out(struct neighbour *n)
{
    send_command(&n->i, PDU_FINAL | COMMAND_READ, READ_10(1), 512, NULL, 0);
    expect(&n->i, DATA_IN);
    hang_up(&n->i);
}

/* One PDU that must end the session, after a Reject. */
struct bad_pdu {
    const char *what;
    uint8_t header[48];
    uint32_t length;
};

static void pdus_that_end_the_session(void **state)
{
    static const struct bad_pdu bad[] = {
        {"login again", {PDU_IMMEDIATE | LOGIN_REQUEST, 0x87}, 0},
        {"data with a read", {SCSI_COMMAND, PDU_FINAL | COMMAND_READ, [18] = 9, [23] = 255, [27] = 2}, 8},
        {"more immediate data than expected", {SCSI_COMMAND, PDU_FINAL | COMMAND_WRITE, [18] = 9, [23] = 4, [27] = 2}, 8},
        {"immediate data above FirstBurstLength", {SCSI_COMMAND, PDU_FINAL | COMMAND_WRITE, [18] = 9, [21] = 8, [27] = 2}, 65537},
        {"unsolicited data against InitialR2T", {SCSI_COMMAND, COMMAND_WRITE, [18] = 9, [22] = 2, [27] = 2}, 0},
        {"a read that is not final", {SCSI_COMMAND, COMMAND_READ, [18] = 9, [22] = 2, [27] = 2}, 0},
        {"a gap in CmdSN", {SCSI_COMMAND, PDU_FINAL, [18] = 9, [27] = 3}, 0},
        {"NOP without a tag, not immediate", {NOP_OUT, PDU_FINAL, [16] = 255, 255, 255, 255, [27] = 2}, 0},
        {"too much text", {TEXT_REQUEST, PDU_FINAL, [16] = 0, 0, 0, 1, 255, 255, 255, 255, [27] = 2}, 16385},
        {"text that is none", {TEXT_REQUEST, PDU_FINAL, [16] = 0, 0, 0, 1, 255, 255, 255, 255, [27] = 2}, 40},
        {"segment above MaxRecvDataSegmentLength", {NOP_OUT, PDU_FINAL, [19] = 1, [27] = 2}, 262145},
    };
    uint8_t *data = malloc(300000);

    (void)state;
    memset(data, 'x', 300000);
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct rig r;
        struct initiator i;
        struct neighbour other;
        uint8_t h[48];

        rig_open(&r, PLAIN);
        neighbour_in(&other, &r);
        log_in(&i, &r, 0);
        settle_in(&i);
        memcpy(h, bad[n].header, 48);
        send_pdu(&i, h, data, bad[n].length);
        if (i.connection)
            fail_msg("%s: the session goes on", bad[n].what);
        expect(&i, REJECT);
        assert_int_equal(i.length, 48);
        assert_int_equal(r.logged, 1);
        hang_up(&i);
        neighbour_out(&other);
        rig_close(&r);
    }
    free(data);
}

static void pdus_that_are_rejected_or_ignored(void **state)
{
    struct initiator *i = *state;
    uint8_t h[48] = {SNACK_REQUEST, PDU_FINAL};

    send_pdu(i, h, NULL, 0);
    expect(i, REJECT);
    assert_int_equal(i->header[2], REJECT_SNACK);
    h[0] = 0x1c; /* vendor's */
    send_pdu(i, h, NULL, 0);
    expect(i, REJECT);
    assert_int_equal(i->header[2], REJECT_NOT_SUPPORTED);
    send_data_out(i, PDU_FINAL, 4711, PDU_NO_TAG, 0, 0, "late", 4);
    expect_silence(i);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect(i, R2T);
    i->tag--; /* the same tag again */
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect(i, REJECT);
    assert_int_equal(i->header[2], REJECT_TASK_IN_PROGRESS);
    send_command(i, PDU_FINAL | COMMAND_WRITE | COMMAND_READ, WRITE_10(1), 512, NULL, 0); /* bidirectional */
    expect_status(i, 0x02);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 16u << 20, NULL, 0); /* the most there is */
    expect(i, R2T);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), (16u << 20) + 1, NULL, 0);
    expect_status(i, 0x02);
    assert_int_equal(i->data[2 + 12], 0x24);
}

/* Data-Out that does not fit its R2T. */
static void data_out_beyond_its_burst_ends_the_session(void **state)
{
    static const struct {
        unsigned flags;
        uint32_t offset, length;
    } bad[] = {{PDU_FINAL, 0, 516}, {PDU_FINAL, 512, 4}, {PDU_FINAL, 0xfffffe00, 512}, {PDU_FINAL, 0, 508}, {0, 0, 512}};
    static const uint8_t data[1024];

    (void)state;
    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct rig r;
        struct initiator i;

        rig_open(&r, PLAIN);
        log_in(&i, &r, 0);
        settle_in(&i);
        uint32_t tag = send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
        expect(&i, R2T);
        send_data_out(&i, bad[n].flags, tag, get_32(i.header + AT_TRANSFER_TAG), 0, bad[n].offset, data, bad[n].length);
        assert_null(i.connection);
        hang_up(&i);
        rig_close(&r);
    }
}

/* 64 MiB of one session's data buffers; what is beyond finds the task set full. */
static void data_buffers_of_a_session_are_bounded(void **state)
{
    struct initiator *i = *state;

    for (unsigned n = 0; n < 4; n++) {
        send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 16u << 20, NULL, 0);
        expect(i, R2T);
    }
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect_status(i, 0x28);
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(i, 0);
}

static void immediate_commands_beyond_160_are_rejected(void **state)
{
    struct initiator *i = *state;
    uint8_t h[48] = {PDU_IMMEDIATE | SCSI_COMMAND, PDU_FINAL | COMMAND_WRITE};

    memcpy(h + AT_CDB, WRITE_10(1), 16);
    put_32(h + AT_EXPECTED_LENGTH, 512);
    put_32(h + AT_CMD_SN, i->cmd_sn);
    for (unsigned n = 0; n < 160; n++) {
        put_32(h + AT_TAG, 1000 + n);
        send_pdu(i, h, NULL, 0);
        expect(i, R2T);
    }
    put_32(h + AT_TAG, 5000);
    send_pdu(i, h, NULL, 0);
    expect(i, REJECT);
    assert_int_equal(i->header[2], REJECT_IMMEDIATE);
}

/* Login text: at most 8192 bytes in a PDU, 16384 in all. */
static void oversized_login_text_is_refused(void **state)
{
    struct rig *r = *state;
    struct initiator i;
    char *text = malloc(8193);

    memset(text, 'a', 8193);
    dial(&i, r, 0);
    send_login(&i, OPERATIONAL, text, 8193);
    assert_null(i.connection);
    hang_up(&i);
    dial(&i, r, 0);
    for (unsigned n = 0; n < 2; n++) {
        send_login(&i, OPERATIONAL | PDU_CONTINUE, text, 8192);
        expect(&i, LOGIN_RESPONSE);
        assert_int_equal(login_status(&i), 0);
    }
    send_login(&i, OPERATIONAL | PDU_CONTINUE, text, 1);
    expect(&i, LOGIN_RESPONSE);
    assert_int_equal(login_status(&i), LOGIN_INITIATOR_ERROR);
    assert_null(i.connection);
    hang_up(&i);
    free(text);
}

static void something_else_before_the_login_is_dropped(void **state)
{
    struct rig *r = *state;
    struct initiator i;

    dial(&i, r, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    assert_null(i.connection);
    hang_up(&i);
    dial(&i, r, 0);
    send_raw(&i, "GET / HTTP/1.1\r\nHost: 127.0.0.1:3260\r\nAccept: */*\r\n\r\n", 53);
    assert_null(i.connection);
    hang_up(&i);
}

/* A thousand bad connections of one peer: one line in that second, and their number with the next. */
static void log_has_one_line_per_peer_and_second(void **state)
{
    struct rig *r = *state;
    struct initiator i;

    for (unsigned n = 0; n < 1000; n++) {
        dial(&i, r, 0);
        send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
        hang_up(&i);
    }
    assert_int_equal(r->logged, 1);
    rig_wait(r, WORLD_SECOND);
    dial(&i, r, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    hang_up(&i);
    assert_int_equal(r->logged, 2);
    assert_non_null(strstr(r->last_log, "999 more"));
}

/* Any portions of bytes make the same PDUs. */
static void bytes_one_by_one_are_the_same_as_all_at_once(void **state)
{
    struct initiator *i = *state;
    uint8_t all[48 + 48 + 512];

    memset(all, 0, sizeof all);
    all[0] = SCSI_COMMAND;
    all[1] = PDU_FINAL | COMMAND_WRITE | ATTRIBUTE_SIMPLE;
    put_32(all + AT_LENGTH - 1, 512);
    put_32(all + AT_TAG, 50);
    put_32(all + AT_EXPECTED_LENGTH, 512);
    put_32(all + AT_CMD_SN, i->cmd_sn);
    memcpy(all + AT_CDB, WRITE_10(1), 16);
    memset(all + 48, 0x5a, 512);
    all[560] = SCSI_COMMAND;
    all[561] = PDU_FINAL;
    put_32(all + 560 + AT_TAG, 51);
    put_32(all + 560 + AT_CMD_SN, i->cmd_sn + 1);
    for (size_t n = 0; n < sizeof all; n++)
        send_raw(i, all + n, 1);
    expect_status(i, 0);
    expect_status(i, 0);
    assert_int_equal(get_32(i->header + AT_TAG), 51);
}

static void control_socket_refuses_nonsense(void **state)
{
    struct rig *r = *state;
    static const char *const bad[] = {"", "nonsense", "link", "link 0", "link 9 down", "link 0 sideways", "fault 0 melt 1", "fault 0 slow 1",
                                      "latency 0 fast", "redirect 0 nowhere", "event 0 x 6/3f/0e", "state a0 0 0 odd", "controller a9 0 down",
                                      "controller a0 9 down", "move a0 99 1"};

    for (unsigned n = 0; n < sizeof bad / sizeof bad[0]; n++) {
        struct buffer answer = {0};
        if (target_control(r->target, bad[n], &answer))
            fail_msg("\"%s\" was taken", bad[n]);
        assert_int_equal(strncmp(buffer_text(&answer), "error: ", 7), 0);
        buffer_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pdus_that_end_the_session),
        session_test(pdus_that_are_rejected_or_ignored),
        cmocka_unit_test(data_out_beyond_its_burst_ends_the_session),
        session_test(data_buffers_of_a_session_are_bounded),
        session_test(immediate_commands_beyond_160_are_rejected),
        rig_test(oversized_login_text_is_refused),
        rig_test(something_else_before_the_login_is_dropped),
        rig_test(log_has_one_line_per_peer_and_second),
        session_test(bytes_one_by_one_are_the_same_as_all_at_once),
        rig_test(control_socket_refuses_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
