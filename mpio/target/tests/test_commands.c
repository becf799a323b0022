/* SPDX-License-Identifier: MIT */
/* The SCSI data path: every way data travels, residuals, the window, digests, task management, faults. */
#include "support.h"

static uint8_t blocks[64 * 512];

static void fill(uint8_t seed)
{
    for (size_t n = 0; n < sizeof blocks; n++)
        blocks[n] = (uint8_t)(n * 7 + seed + n / 512);
}

static void expect_read(struct initiator *i, unsigned count)
{
    uint32_t length = count * 512, at = 0;

    send_command(i, PDU_FINAL | COMMAND_READ, READ_10(count), length, NULL, 0);
    for (uint32_t sn = 0; at < length; sn++) {
        expect(i, DATA_IN);
        assert_int_equal(get_32(i->header + AT_DATA_SN), sn);
        assert_int_equal(get_32(i->header + AT_OFFSET), at);
        assert_memory_equal(i->data, blocks + at, i->length);
        at += i->length;
    }
    assert_int_equal(at, length);
    assert_int_equal(i->header[1], PDU_FINAL | DATA_IN_STATUS);
    assert_int_equal(i->header[3], 0);
    expect_silence(i);
}

static void write_with_immediate_data(void **state)
{
    struct initiator *i = *state;

    fill(1);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(2), 1024, blocks, 1024);
    expect_status(i, 0);
    assert_int_equal(i->header[1], PDU_FINAL);
    expect_read(i, 2);
}

/* MaxBurstLength 1024 and two R2Ts at a time; the initiator takes segments of 512 bytes. */
static void write_by_r2t_in_bursts(void **state)
{
    struct rig *r = *state;
    struct initiator i;
    uint32_t tag, transfer[3];

    dial(&i, r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL,
          WHO "MaxBurstLength=1024\0MaxOutstandingR2T=2\0MaxRecvDataSegmentLength=512\0InitialR2T=Yes\0ImmediateData=No");
    expect(&i, LOGIN_RESPONSE);
    settle_in(&i);
    fill(2);
    tag = send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(5), 2560, NULL, 0);
    for (unsigned n = 0; n < 2; n++) {
        expect(&i, R2T);
        transfer[n] = get_32(i.header + AT_TRANSFER_TAG);
        assert_int_equal(get_32(i.header + AT_DATA_SN), n);
        assert_int_equal(get_32(i.header + AT_OFFSET), n * 1024);
        assert_int_equal(get_32(i.header + AT_DESIRED), 1024);
    }
    expect_silence(&i);
    send_data_out(&i, 0, tag, transfer[0], 0, 0, blocks, 1000);
    expect_silence(&i);
    send_data_out(&i, PDU_FINAL, tag, transfer[0], 1, 1000, blocks + 1000, 24);
    expect(&i, R2T);
    transfer[2] = get_32(i.header + AT_TRANSFER_TAG);
    assert_int_equal(get_32(i.header + AT_DESIRED), 512);
    send_data_out(&i, PDU_FINAL, tag, transfer[1], 0, 1024, blocks + 1024, 1024);
    send_data_out(&i, PDU_FINAL, tag, transfer[2], 0, 2048, blocks + 2048, 512);
    expect_status(&i, 0);
    assert_int_equal(get_32(i.header + AT_EXP_DATA_SN), 3);
    expect_read(&i, 5);
    hang_up(&i);
}

static void write_with_unsolicited_data_then_r2t(void **state)
{
    struct rig *r = *state;
    struct initiator i;
    uint32_t tag;

    dial(&i, r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL, WHO "InitialR2T=No\0FirstBurstLength=1024");
    expect(&i, LOGIN_RESPONSE);
    settle_in(&i);
    fill(3);
    tag = send_command(&i, COMMAND_WRITE, WRITE_10(4), 2048, blocks, 512);
    expect_silence(&i);
    send_data_out(&i, PDU_FINAL, tag, PDU_NO_TAG, 0, 512, blocks + 512, 512);
    expect(&i, R2T);
    assert_int_equal(get_32(i.header + AT_OFFSET), 1024);
    assert_int_equal(get_32(i.header + AT_DESIRED), 1024);
    send_data_out(&i, PDU_FINAL, tag, get_32(i.header + AT_TRANSFER_TAG), 0, 1024, blocks + 1024, 1024);
    expect_status(&i, 0);
    expect_read(&i, 4);
    hang_up(&i);
}

static void digests_both_ways(void **state)
{
    struct rig *r = *state;
    struct initiator i;
    uint8_t nop[48] = {PDU_IMMEDIATE | NOP_OUT, PDU_FINAL};

    dial(&i, r, 0);
    LOGIN(&i, OPERATIONAL_TO_FULL, WHO "HeaderDigest=CRC32C\0DataDigest=CRC32C");
    expect(&i, LOGIN_RESPONSE);
    i.header_digest = i.data_digest = true;
    settle_in(&i);
    fill(4);
    send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, blocks, 512);
    expect_status(&i, 0);
    expect_read(&i, 1);
    put_32(nop + AT_TAG, 99);
    put_32(nop + AT_TRANSFER_TAG, PDU_NO_TAG);
    put_32(nop + AT_CMD_SN, i.cmd_sn);
    send_pdu(&i, nop, "seven b", 7); /* padding is under the digest */
    expect(&i, NOP_IN);
    assert_int_equal(i.length, 7);
    assert_memory_equal(i.data, "seven b", 7);

    /* A wrong data digest rejects the PDU, the command goes by; a wrong header digest ends the session. */
    struct initiator wrong = i;
    wrong.data_digest = false;
    static const uint8_t bad[4] = {1, 2, 3, 4};
    send_command(&wrong, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, blocks, 512);
    send_raw(&wrong, bad, 4);
    i = wrong;
    i.data_digest = true;
    expect(&i, REJECT);
    assert_int_equal(i.header[2], REJECT_DATA_DIGEST);
    i.cmd_sn--; /* the whole PDU again */
    send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, blocks, 512);
    expect_status(&i, 0);
    i.header_digest = false;
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    send_raw(&i, bad, 4);
    assert_null(i.connection);
    hang_up(&i);
}

static void residuals_say_what_was_too_much_or_too_little(void **state)
{
    struct initiator *i = *state;

    send_command(i, PDU_FINAL | COMMAND_READ, READ_10(1), 1024, NULL, 0);
    expect(i, DATA_IN);
    assert_int_equal(i->header[1], PDU_FINAL | DATA_IN_STATUS | RESPONSE_UNDERFLOW);
    assert_int_equal(get_32(i->header + AT_RESIDUAL), 512);
    send_command(i, PDU_FINAL | COMMAND_READ, READ_10(2), 512, NULL, 0);
    expect(i, DATA_IN);
    assert_int_equal(i->length, 512);
    assert_int_equal(i->header[1], PDU_FINAL | DATA_IN_STATUS | RESPONSE_OVERFLOW);
    assert_int_equal(get_32(i->header + AT_RESIDUAL), 512);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 1024, blocks, 1024);
    expect_status(i, 0);
    assert_int_equal(i->header[1], PDU_FINAL | RESPONSE_UNDERFLOW);
    assert_int_equal(get_32(i->header + AT_RESIDUAL), 512);
    send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(2), 512, blocks, 512);
    expect_status(i, 0);
    assert_int_equal(i->header[1], PDU_FINAL | RESPONSE_OVERFLOW);
    assert_int_equal(get_32(i->header + AT_RESIDUAL), 512);
}

/* 128 commands fit; the 129th is not heard, nor one from the past. */
static void window_is_128_commands(void **state)
{
    struct initiator *i = *state;

    uint32_t first = i->cmd_sn, max = get_32(i->header + AT_MAX_CMD_SN);
    assert_int_equal(max, first + 127);
    i->cmd_sn = max + 1;
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_silence(i);
    i->cmd_sn = first - 1;
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_silence(i);
    for (unsigned n = 0; n < 128; n++) {
        send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
        expect(i, R2T);
    }
    assert_int_equal(get_32(i->header + AT_MAX_CMD_SN), max);
    assert_int_equal(i->cmd_sn, max + 1);
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_silence(i);
    i->cmd_sn--;
    uint32_t tag = i->tag - 1; /* the 128th */
    send_data_out(i, PDU_FINAL, tag, get_32(i->header + AT_TRANSFER_TAG), 0, 0, blocks, 512);
    expect_status(i, 0);
    assert_int_equal(get_32(i->header + AT_MAX_CMD_SN), max + 1);
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(i, 0);
}

static void wrong_data_sn_fails_the_task_only(void **state)
{
    struct initiator *i = *state;
    uint32_t tag;

    tag = send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(2), 1024, NULL, 0);
    expect(i, R2T);
    uint32_t transfer = get_32(i->header + AT_TRANSFER_TAG);
    send_data_out(i, 0, tag, transfer, 1, 0, blocks, 512);
    send_data_out(i, PDU_FINAL, tag, transfer, 2, 512, blocks, 512);
    expect_status(i, 0x02);
    assert_int_equal(i->data[2 + 2], 0x0B);
    assert_int_equal(i->data[2 + 12], 0x47);
    assert_int_equal(i->data[2 + 13], 0x05);
    send_command(i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(i, 0);
}

static void answer_of(struct initiator *i, unsigned function, uint32_t referenced, unsigned lun, unsigned response)
{
    uint8_t h[48] = {PDU_IMMEDIATE | TASK_REQUEST, (uint8_t)(PDU_FINAL | function)};

    h[AT_LUN + 1] = (uint8_t)lun;
    put_32(h + AT_TAG, 0x7000);
    put_32(h + AT_REFERENCED_TAG, referenced);
    put_32(h + AT_CMD_SN, i->cmd_sn);
    send_pdu(i, h, NULL, 0);
    expect(i, TASK_RESPONSE);
    assert_int_equal(i->header[2], response);
}

static void task_management(void **state)
{
    struct initiator *i = *state;
    struct initiator other;

    log_in(&other, i->rig, 1);
    settle_in(&other);
    uint32_t tag = send_command(i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect(i, R2T);
    uint32_t transfer = get_32(i->header + AT_TRANSFER_TAG);
    answer_of(i, ABORT_TASK, tag, 1, TASK_DOES_NOT_EXIST); /* another LUN */
    answer_of(i, ABORT_TASK, tag, 0, FUNCTION_COMPLETE);
    answer_of(i, ABORT_TASK, tag, 0, TASK_DOES_NOT_EXIST);
    send_data_out(i, PDU_FINAL, tag, transfer, 0, 0, blocks, 512); /* was on its way: nobody minds */
    expect_silence(i);
    answer_of(i, TASK_REASSIGN, tag, 0, REASSIGN_NOT_SUPPORTED);
    answer_of(i, CLEAR_ACA, 0, 0, FUNCTION_NOT_SUPPORTED);
    answer_of(i, 99, 0, 0, FUNCTION_NOT_SUPPORTED);
    answer_of(i, LUN_RESET, 0, 9, LUN_DOES_NOT_EXIST);

    /* So does clearing the task set, and the others hear that somebody did it. */
    send_command(&other, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect(&other, R2T);
    answer_of(i, CLEAR_TASK_SET, 0, 0, FUNCTION_COMPLETE);
    send_command(&other, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&other, 0x02);
    assert_int_equal(other.data[2 + 12], 0x2F);

    /* A LUN reset takes everybody's tasks there. */
    tag = send_command(&other, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
    expect(&other, R2T);
    transfer = get_32(other.header + AT_TRANSFER_TAG);
    answer_of(i, LUN_RESET, 0, 0, FUNCTION_COMPLETE);
    send_data_out(&other, PDU_FINAL, tag, transfer, 0, 0, blocks, 512);
    expect_silence(&other);
    send_command(&other, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&other, 0x02); /* reset by somebody else */
    assert_int_equal(other.data[2 + 12], 0x29);

    /* A cold reset ends every session, its own after the answer. */
    answer_of(i, TARGET_COLD_RESET, 0, 0, FUNCTION_COMPLETE);
    look(&other);
    assert_null(other.connection);
    look(i);
    assert_null(i->connection);
    hang_up(&other);
}

#define SLOW_INI "[machine m]\n[hba h]\n[array a0]\ncontrollers = 2\n[lun disk]\nsize = 1M\ncount = 2\n[link l]\nports = all\nlatency = 10ms\n" \
                 "[timeline]\n1s = controller a0 1 down\n2s = controller a0 1 up\n3s = unit-attention a0 0 2a/01\n"

static void latency_and_faults_of_the_topology_act_here(void **state)
{
    struct rig r;
    struct initiator i, other;
    struct buffer answer = {0};

    (void)state;
    rig_open(&r, SLOW_INI);
    log_in(&i, &r, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    rig_wait(&r, 10 * WORLD_MS - 1);
    expect_silence(&i);
    rig_wait(&r, 1);
    expect_status(&i, 0x02);

    assert_true(target_control(r.target, "fault 0 lose-command 1", &answer));
    assert_true(target_control(r.target, "fault 0 busy 1", &answer));
    uint32_t lost = send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&i, 0x08);
    rig_wait(&r, 500 * WORLD_MS);
    expect_silence(&i);
    answer_of(&i, ABORT_TASK, lost, 0, FUNCTION_COMPLETE);

    /* The controller of portal 1 dies at 1 s: its sessions with it, logins there are refused. */
    log_in(&other, &r, 1);
    rig_wait(&r, 600 * WORLD_MS);
    look(&other);
    assert_null(other.connection);
    hang_up(&other);
    dial(&other, &r, 1);
    LOGIN(&other, OPERATIONAL_TO_FULL, WHO);
    expect(&other, LOGIN_RESPONSE);
    assert_int_equal(login_status(&other), LOGIN_UNAVAILABLE);
    hang_up(&other);
    rig_wait(&r, WORLD_SECOND);
    log_in(&other, &r, 1);
    hang_up(&other);
    rig_wait(&r, WORLD_SECOND);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    rig_wait(&r, 10 * WORLD_MS);
    expect_status(&i, 0x02);
    assert_int_equal(i.data[2 + 12], 0x2A);
    hang_up(&i);
    buffer_free(&answer);
    rig_close(&r);
}

/* A write that is ORDERED does not overtake, and what comes after it does not either. */
static void ordered_command_is_a_barrier(void **state)
{
    struct rig r;
    struct initiator i;
    struct buffer answer = {0};
    uint8_t h[48] = {SCSI_COMMAND, PDU_FINAL | ATTRIBUTE_ORDERED};

    (void)state;
    rig_open(&r, SLOW_INI);
    log_in(&i, &r, 0);
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    rig_wait(&r, 10 * WORLD_MS);
    expect_status(&i, 0x02);
    assert_true(target_control(r.target, "fault 0 slow 1 50ms", &answer));
    uint32_t slow = send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    put_32(h + AT_TAG, ++i.tag);
    put_32(h + AT_CMD_SN, i.cmd_sn++);
    send_pdu(&i, h, NULL, 0);
    uint32_t after = send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    rig_wait(&r, 59 * WORLD_MS);
    expect_silence(&i);
    rig_wait(&r, 2 * WORLD_MS);
    for (uint32_t tag = slow; tag <= after; tag++) {
        expect_status(&i, 0);
        assert_int_equal(get_32(i.header + AT_TAG), tag);
    }
    hang_up(&i);
    buffer_free(&answer);
    rig_close(&r);
}

/* The array's own queue depth, for all sessions together. */
static void task_set_is_full_beyond_the_depth_of_the_lun(void **state)
{
    struct rig r;
    struct initiator i, other;

    (void)state;
    rig_open(&r, "[array a0]\ncontrollers = 2\nlun-depth = 2\n[lun disk]\nsize = 1M\n");
    log_in(&i, &r, 0);
    log_in(&other, &r, 1);
    settle_in(&i);
    settle_in(&other);
    for (unsigned n = 0; n < 2; n++) {
        send_command(&i, PDU_FINAL | COMMAND_WRITE, WRITE_10(1), 512, NULL, 0);
        expect(&i, R2T);
    }
    send_command(&i, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&i, 0x28);
    send_command(&other, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&other, 0x08); /* has no task there: BUSY */
    hang_up(&i); /* and its tasks with it */
    send_command(&other, PDU_FINAL, TEST_UNIT_READY, 0, NULL, 0);
    expect_status(&other, 0);
    hang_up(&other);
    rig_close(&r);
}

static void asynchronous_messages_and_keep_alive(void **state)
{
    struct initiator *i = *state;
    struct buffer answer = {0};

    assert_true(target_control(i->rig->target, "logout all", &answer));
    expect(i, ASYNC_MESSAGE);
    assert_int_equal(i->header[36], ASYNC_LOGOUT);
    assert_true(target_control(i->rig->target, "event 0 1 6/3f/0e", &answer));
    expect(i, ASYNC_MESSAGE);
    assert_int_equal(i->header[36], ASYNC_SCSI);
    assert_int_equal(i->header[AT_LUN + 1], 1);
    assert_int_equal(i->data[2 + 12], 0x3f);
    rig_wait(i->rig, 30 * WORLD_SECOND);
    expect(i, NOP_IN);
    assert_int_equal(get_32(i->header + AT_TAG), PDU_NO_TAG);
    uint8_t h[48] = {PDU_IMMEDIATE | NOP_OUT, PDU_FINAL};
    put_32(h + AT_TAG, PDU_NO_TAG);
    memcpy(h + AT_TRANSFER_TAG, i->header + AT_TRANSFER_TAG, 4);
    send_pdu(i, h, NULL, 0);
    expect_silence(i);
    rig_wait(i->rig, 31 * WORLD_SECOND);
    expect(i, NOP_IN); /* not answered this time */
    rig_wait(i->rig, 31 * WORLD_SECOND);
    look(i);
    assert_null(i->connection);
    buffer_free(&answer);
}

static void logout_ends_the_session_after_its_answer(void **state)
{
    struct initiator *i = *state;
    uint8_t h[48] = {PDU_IMMEDIATE | LOGOUT_REQUEST, PDU_FINAL};

    put_32(h + AT_TAG, 5);
    put_32(h + AT_CMD_SN, i->cmd_sn);
    h[1] = PDU_FINAL | 2; /* recovery: not at level 0 */
    send_pdu(i, h, NULL, 0);
    expect(i, LOGOUT_RESPONSE);
    assert_int_equal(i->header[2], 2);
    h[1] = PDU_FINAL;
    send_pdu(i, h, NULL, 0);
    expect(i, LOGOUT_RESPONSE);
    assert_int_equal(i->header[2], 0);
    assert_null(i->connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        session_test(write_with_immediate_data),
        rig_test(write_by_r2t_in_bursts),
        rig_test(write_with_unsolicited_data_then_r2t),
        rig_test(digests_both_ways),
        session_test(residuals_say_what_was_too_much_or_too_little),
        session_test(window_is_128_commands),
        session_test(wrong_data_sn_fails_the_task_only),
        session_test(task_management),
        cmocka_unit_test(latency_and_faults_of_the_topology_act_here),
        cmocka_unit_test(ordered_command_is_a_barrier),
        cmocka_unit_test(task_set_is_full_beyond_the_depth_of_the_lun),
        session_test(asynchronous_messages_and_keep_alive),
        session_test(logout_ends_the_session_after_its_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
