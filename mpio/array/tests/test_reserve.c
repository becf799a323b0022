/* SPDX-License-Identifier: MIT */
/*
 * Persistent reservations and RESERVE/RELEASE over four nexuses: SPC-4 rules, unit attentions,
 * generation counter and parameter data.
 */
#include "support.h"

enum { CONFLICT = 0x18 };
enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_ABORT, REGISTER_IGNORE };
enum { WE = 1, EA = 3, WE_RO = 5, EA_RO = 6, WE_AR = 7, EA_AR = 8 };

static uint8_t pr_out(struct bench *b, unsigned port, uint8_t action, uint8_t type, uint8_t key,
                      uint8_t target)
{
    memset(b->data, 0, 24);
    b->data[7] = key;
    b->data[15] = target;
    return OUT(b, port, 0, 24, 0x5F, action, type, 0, 0, 0, 0, 0, 24, 0);
}

static uint8_t read1(struct bench *b, unsigned port)
{
    return IN(b, port, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static uint8_t write1(struct bench *b, unsigned port)
{
    return OUT(b, port, 0, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

/* Keys 1, 2, 3 on ports 0, 1, 2; port 3 stays a stranger. */
static void register_three(struct bench *b)
{
    for (uint8_t port = 0; port < 3; port++)
        assert_good(pr_out(b, port, REGISTER, 0, 0, port + 1));
}

static void keys_and_reservation_as_bytes(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(IN(b, 3, 0, 255, 0x5E, 0, 0, 0, 0, 0, 0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 32);
    assert_bytes(b, 0, 0, 0, 3, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0,
                 0, 0, 0, 0, 0, 3);
    assert_good(IN(b, 3, 0, 255, 0x5E, 1, 0, 0, 0, 0, 0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 8);
    assert_bytes(b, 0, 0, 0, 3, 0, 0, 0, 0);
    assert_good(pr_out(b, 1, RESERVE, WE_RO, 2, 0));
    assert_good(IN(b, 3, 0, 255, 0x5E, 1, 0, 0, 0, 0, 0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 24);
    assert_bytes(b, 0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 5, 0, 0);
    assert_good(IN(b, 3, 0, 12, 0x5E, 0, 0, 0, 0, 0, 0, 0, 12, 0)); /* cut, yet the full length */
    assert_int_equal(b->cmd.transferred, 12);
    assert_int_equal(b->data[7], 24);
    assert_good(IN(b, 3, 0, 8, 0x5E, 2, 0, 0, 0, 0, 0, 0, 8, 0));
    assert_bytes(b, 0, 8, 0x0D, 0xC0, 0xEA, 0x01, 0, 0);
    IN(b, 3, 0, 8, 0x5E, 4, 0, 0, 0, 0, 0, 0, 8, 0);
    expect_sense(b, 5, 0x24, 0);
}

static void registering_changing_and_dropping_a_key(void **state)
{
    struct bench *b = *state;

    assert_int_equal(pr_out(b, 0, REGISTER, 0, 9, 1), CONFLICT); /* not registered: key must be 0 */
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_int_equal(pr_out(b, 0, REGISTER, 0, 0, 2), CONFLICT);
    assert_good(pr_out(b, 0, REGISTER, 0, 1, 2));
    assert_good(pr_out(b, 0, REGISTER_IGNORE, 0, 99, 3));
    assert_good(pr_out(b, 1, REGISTER, 0, 0, 0)); /* nothing to do, not counted */
    assert_good(pr_out(b, 0, REGISTER, 0, 3, 0));
    assert_good(IN(b, 0, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0, 0, 0, 4, 0, 0, 0, 0);
    assert_int_equal(pr_out(b, 0, RESERVE, WE, 3, 0), CONFLICT); /* no key, no reservation */
}

/* SPC-4 tables 43 and 44 and SBC-3 table 13, what a nexus that does not hold may do. */
enum { ALWAYS, READING, WRITING };
static const struct {
    const char *name;
    uint8_t need, cdb[16], cdb_length;
    uint16_t out, in;
} commands[] = {
    {"TEST UNIT READY", ALWAYS, {0x00}, 6, 0, 0},
    {"REQUEST SENSE", ALWAYS, {0x03, 0, 0, 0, 18}, 6, 0, 18},
    {"READ(6)", READING, {0x08, 0, 0, 0, 1}, 6, 0, 512},
    {"WRITE(6)", WRITING, {0x0A, 0, 0, 0, 1}, 6, 512, 0},
    {"INQUIRY", ALWAYS, {0x12, 0, 0, 0, 36}, 6, 0, 36},
    {"MODE SELECT(6)", WRITING, {0x15, 0x10}, 6, 0, 0},
    {"MODE SENSE(6)", READING, {0x1A, 0, 0x0A, 0, 64}, 6, 0, 64},
    {"START STOP UNIT, start", ALWAYS, {0x1B, 0, 0, 0, 1}, 6, 0, 0},
    {"START STOP UNIT, stop", WRITING, {0x1B}, 6, 0, 0},
    {"READ CAPACITY(10)", ALWAYS, {0x25}, 10, 0, 8},
    {"READ(10)", READING, {0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 0, 512},
    {"WRITE(10)", WRITING, {0x2A, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 512, 0},
    {"WRITE AND VERIFY(10)", WRITING, {0x2E, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 512, 0},
    {"VERIFY(10)", READING, {0x2F, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 0, 0},
    {"SYNCHRONIZE CACHE(10)", WRITING, {0x35}, 10, 0, 0},
    {"WRITE SAME(10)", WRITING, {0x41, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 512, 0},
    {"UNMAP", WRITING, {0x42}, 10, 0, 0},
    {"MODE SELECT(10)", WRITING, {0x55, 0x10}, 10, 0, 0},
    {"MODE SENSE(10)", READING, {0x5A, 0, 0x0A, 0, 0, 0, 0, 0, 64}, 10, 0, 64},
    {"PERSISTENT RESERVE IN", ALWAYS, {0x5E, 0, 0, 0, 0, 0, 0, 0, 64}, 10, 0, 64},
    {"READ(16)", READING, {0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, 0, 512},
    {"COMPARE AND WRITE", WRITING, {0x89}, 16, 0, 0},
    {"WRITE(16)", WRITING, {0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, 512, 0},
    {"WRITE AND VERIFY(16)", WRITING, {0x8E}, 16, 0, 0},
    {"VERIFY(16)", READING, {0x8F}, 16, 0, 0},
    {"SYNCHRONIZE CACHE(16)", WRITING, {0x91}, 16, 0, 0},
    {"WRITE SAME(16)", WRITING, {0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, 512, 0},
    {"READ CAPACITY(16)", ALWAYS, {0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, 16, 0, 32},
    {"REPORT LUNS", ALWAYS, {0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16}, 12, 0, 16},
    {"REPORT TARGET PORT GROUPS", ALWAYS, {0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 64}, 12, 0, 64},
    {"READ(12)", READING, {0xA8, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 12, 0, 512},
    {"WRITE(12)", WRITING, {0xAA, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 12, 512, 0},
    {"WRITE AND VERIFY(12)", WRITING, {0xAE}, 12, 0, 0},
    {"VERIFY(12)", READING, {0xAF}, 12, 0, 0},
};

/* Whether each command meets a reservation conflict on this port. */
static void expect_access(struct bench *b, unsigned port, uint8_t type, bool reads, bool writes)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        bool out = commands[i].out != 0;
        bool passes = commands[i].need == ALWAYS || (commands[i].need == READING ? reads : writes);

        memset(b->data, 0, 512);
        uint8_t status = run_at(b, port, 0, commands[i].cdb, commands[i].cdb_length, out,
                                out ? commands[i].out : commands[i].in);
        if (status != (passes ? 0 : CONFLICT))
            fail_msg("%s on port %u, reservation type %u: status %02X", commands[i].name, port, type,
                     status);
        if (status == CONFLICT)
            assert_int_equal(b->cmd.sense_length, 0);
        else if (commands[i].cdb[0] == 0x1B) /* running again for the next */
            assert_good(IN(b, port, 0, 0, 0x1B, 0, 0, 0, 1, 0));
    }
}

static void every_command_under_each_type(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t type;
        bool registered_reads, registered_writes, stranger_reads;
    } rules[] = {{WE, true, false, true},    {EA, false, false, false}, {WE_RO, true, true, true},
                 {EA_RO, true, true, false}, {WE_AR, true, true, true}, {EA_AR, true, true, false}};

    register_three(b);
    for (unsigned i = 0; i < sizeof rules / sizeof *rules; i++) {
        uint8_t type = rules[i].type;
        assert_good(pr_out(b, 0, RESERVE, type, 1, 0));
        expect_access(b, 0, type, true, true);
        clear_attentions(b, 0);
        expect_access(b, 1, type, rules[i].registered_reads, rules[i].registered_writes);
        clear_attentions(b, 0);
        expect_access(b, 3, type, rules[i].stranger_reads, false);
        assert_good(pr_out(b, 0, RELEASE, type, 1, 0));
        clear_attentions(b, 0);
    }
    expect_access(b, 3, 0, true, true);
}

static void what_a_reserve_of_another_nexus_lets_through(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        bool out = commands[i].out != 0, passes;
        switch (commands[i].cdb[0]) {
        case 0x03: case 0x12: case 0x25: case 0x9E: case 0xA0: case 0xA3:
            passes = true;
            break;
        default:
            passes = false;
            break;
        }
        uint8_t status = run_at(b, 1, 0, commands[i].cdb, commands[i].cdb_length, out,
                                out ? commands[i].out : commands[i].in);
        if (status != (passes ? 0 : CONFLICT))
            fail_msg("%s: status %02X", commands[i].name, status);
    }
}

static void reserving_twice_and_over_another(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_int_equal(pr_out(b, 0, RESERVE, EA_RO, 1, 0), CONFLICT);
    assert_int_equal(pr_out(b, 1, RESERVE, WE_RO, 2, 0), CONFLICT);
    assert_int_equal(pr_out(b, 1, RESERVE, WE_RO, 1, 0), CONFLICT); /* someone else's key */
    assert_good(pr_out(b, 1, RELEASE, WE_RO, 2, 0));                /* not the holder: no effect */
    assert_int_equal(write1(b, 3), CONFLICT);
    pr_out(b, 0, RELEASE, EA_RO, 1, 0);
    expect_sense(b, 5, 0x26, 4);
    assert_good(pr_out(b, 0, RELEASE, WE_RO, 1, 0));
    assert_good(TUR(b, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 4);
    assert_good(TUR(b, 3, 0)); /* strangers are not told */
}

static void release_of_plain_types_is_silent(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE, 1, 0));
    assert_good(pr_out(b, 0, RELEASE, WE, 1, 0));
    assert_good(TUR(b, 1, 0));
}

static void the_holder_unregisters(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, EA_RO, 1, 0));
    assert_good(pr_out(b, 0, REGISTER, 0, 1, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 4);
    assert_good(write1(b, 3));
}

static void all_registrants_hold_until_the_last_leaves(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_AR, 1, 0));
    assert_good(pr_out(b, 1, RESERVE, WE_AR, 2, 0));
    assert_good(IN(b, 0, 0, 24, 0x5E, 1, 0, 0, 0, 0, 0, 0, 24, 0));
    assert_int_equal(b->data[15], 0); /* no single holder's key */
    assert_int_equal(b->data[21], 7);
    assert_good(pr_out(b, 0, REGISTER, 0, 1, 0));
    assert_good(pr_out(b, 1, REGISTER, 0, 2, 0));
    assert_int_equal(write1(b, 3), CONFLICT);
    assert_good(pr_out(b, 2, REGISTER, 0, 3, 0));
    assert_good(write1(b, 3));
}

static void clear_tells_the_others(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_int_equal(pr_out(b, 3, CLEAR, 0, 0, 0), CONFLICT);
    assert_good(pr_out(b, 1, CLEAR, 0, 2, 0));
    assert_good(TUR(b, 1, 0));
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 3);
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 3);
    assert_good(write1(b, 3));
    assert_good(IN(b, 0, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0, 0, 0, 4, 0, 0, 0, 0);
}

static void preempt_takes_the_reservation_and_the_victims_key(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_good(pr_out(b, 1, PREEMPT_ABORT, EA_RO, 2, 1));
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 5);
    TUR(b, 2, 0); /* another type now */
    expect_sense(b, 6, 0x2A, 4);
    assert_good(TUR(b, 1, 0));
    assert_int_equal(write1(b, 0), CONFLICT);
    assert_good(write1(b, 2));
    assert_good(IN(b, 0, 0, 24, 0x5E, 1, 0, 0, 0, 0, 0, 0, 24, 0));
    assert_bytes(b, 0, 0, 0, 4, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 6, 0, 0);
}

static void the_holder_preempts_itself_to_change_the_type(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_good(pr_out(b, 0, PREEMPT, EA, 1, 1));
    assert_good(write1(b, 0)); /* its own registration stayed */
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 4);
    assert_int_equal(write1(b, 1), CONFLICT);
    assert_good(IN(b, 3, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0, 0, 0, 4, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 1);
}

static void preempt_of_a_mere_registrant(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, WE_RO, 1, 0));
    assert_int_equal(pr_out(b, 0, PREEMPT, WE_RO, 1, 77), CONFLICT); /* nobody has this key */
    pr_out(b, 0, PREEMPT, WE_RO, 1, 0);
    expect_sense(b, 5, 0x26, 0);
    assert_good(pr_out(b, 0, PREEMPT, WE_RO, 1, 3));
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x2A, 5);
    assert_good(TUR(b, 1, 0));
    assert_int_equal(write1(b, 2), CONFLICT);
    assert_good(write1(b, 1));
}

static void preempt_of_all_registrants_with_key_zero(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, EA_AR, 1, 0));
    assert_good(pr_out(b, 2, PREEMPT, WE, 3, 0));
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 5);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 5);
    assert_good(write1(b, 2));
    assert_int_equal(write1(b, 0), CONFLICT);
    assert_good(read1(b, 0));
}

static void bad_parameter_lists_and_types(void **state)
{
    struct bench *b = *state;

    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    OUT(b, 0, 0, 23, 0x5F, 1, 5, 0, 0, 0, 0, 0, 23, 0);
    expect_sense(b, 5, 0x1A, 0);
    OUT(b, 0, 0, 23, 0x5F, 1, 5, 0, 0, 0, 0, 0, 24, 0); /* told 24, sent 23 */
    expect_sense(b, 5, 0x1A, 0);
    pr_out(b, 0, RESERVE, 2, 1, 0);
    expect_sense(b, 5, 0x24, 0);
    pr_out(b, 0, RESERVE, 0x15, 1, 0); /* scope 1 */
    expect_sense(b, 5, 0x24, 0);
    pr_out(b, 0, 8, 0, 1, 0); /* REPLACE LOST RESERVATION */
    expect_sense(b, 5, 0x24, 0);
}

static void registrations_survive_reset_and_relogin(void **state)
{
    struct bench *b = *state;

    register_three(b);
    assert_good(pr_out(b, 0, RESERVE, EA, 1, 0));
    array_reset_target(b->nexus[1]);
    array_logout(b->nexus[0]);
    assert_ptr_equal(array_login(b->array, 0, "iqn.2024-01.test:host"), b->nexus[0]);
    clear_attentions(b, 0);
    assert_good(write1(b, 0));
    assert_int_equal(read1(b, 1), CONFLICT);
    assert_ptr_not_equal(array_login(b->array, 0, "iqn.2024-01.test:other"), b->nexus[0]);
}

static void simple_reserve_belongs_to_one_nexus(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
    assert_int_equal(TUR(b, 1, 0), CONFLICT);
    assert_int_equal(read1(b, 1), CONFLICT);
    assert_good(write1(b, 0));
    assert_good(IN(b, 1, 0, 36, 0x12, 0, 0, 0, 36, 0));
    assert_int_equal(pr_out(b, 1, REGISTER, 0, 0, 1), CONFLICT);
    assert_int_equal(pr_out(b, 0, REGISTER, 0, 0, 1), CONFLICT);
    assert_int_equal(IN(b, 1, 0, 0, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0), CONFLICT);
    assert_good(IN(b, 1, 0, 0, 0x17, 0, 0, 0, 0, 0)); /* no effect */
    assert_int_equal(read1(b, 1), CONFLICT);
    assert_good(IN(b, 0, 0, 0, 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_good(read1(b, 1));
    assert_good(pr_out(b, 0, REGISTER, 0, 0, 1));
    assert_int_equal(IN(b, 1, 0, 0, 0x16, 0, 0, 0, 0, 0), CONFLICT); /* keys are there */
}

static void simple_reserve_ends_with_reset_or_logout(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
    assert_true(array_reset_lun(b->nexus[1], (uint8_t[8]){0}));
    clear_attentions(b, 0);
    assert_good(read1(b, 1));
    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
    array_logout(b->nexus[0]);
    assert_good(read1(b, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, keys_and_reservation_as_bytes),
        TEST_ON(symmetric_bench, registering_changing_and_dropping_a_key),
        TEST_ON(symmetric_bench, every_command_under_each_type),
        TEST_ON(symmetric_bench, what_a_reserve_of_another_nexus_lets_through),
        TEST_ON(symmetric_bench, reserving_twice_and_over_another),
        TEST_ON(symmetric_bench, release_of_plain_types_is_silent),
        TEST_ON(symmetric_bench, the_holder_unregisters),
        TEST_ON(symmetric_bench, all_registrants_hold_until_the_last_leaves),
        TEST_ON(symmetric_bench, clear_tells_the_others),
        TEST_ON(symmetric_bench, preempt_takes_the_reservation_and_the_victims_key),
        TEST_ON(symmetric_bench, the_holder_preempts_itself_to_change_the_type),
        TEST_ON(symmetric_bench, preempt_of_a_mere_registrant),
        TEST_ON(symmetric_bench, preempt_of_all_registrants_with_key_zero),
        TEST_ON(symmetric_bench, bad_parameter_lists_and_types),
        TEST_ON(symmetric_bench, registrations_survive_reset_and_relogin),
        TEST_ON(symmetric_bench, simple_reserve_belongs_to_one_nexus),
        TEST_ON(symmetric_bench, simple_reserve_ends_with_reset_or_logout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
