/* SPDX-License-Identifier: MIT */
/*
 * SET TARGET PORT GROUPS and what follows from it: states, errors, unit attentions, transitions,
 * failover and failback of every access kind, and what each state lets through. RTPG bytes worked
 * out from SPC-4.
 */
#include "support.h"

enum { AO, AN, STANDBY, UNAVAILABLE, LBA, OFFLINE = 14, TRANSITIONING };

/* REQUEST SENSE takes unit attentions in every state. */
static void take_attentions(struct bench *b, unsigned lun)
{
    for (unsigned port = 0; port < PORTS; port++)
        do
            assert_good(IN(b, port, lun, 18, 0x03, 0, 0, 0, 18, 0));
        while ((b->data[2] & 0x0F) == 6);
}

/* A LUN 0 and whatever the configuration says; attentions taken. */
static struct bench *make(struct array_config (*adjust)(struct array_config))
{
    struct bench *b = calloc(1, sizeof *b);
    const char *why = NULL;

    b->time = 1;
    struct array_config config = adjust(bench_config(b, ARRAY_ALUA_EXPLICIT));
    b->array = array_create(&config, &why);
    if (!b->array)
        fail_msg("array: %s", why);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++) {
        b->nexus[port] = array_login(b->array, port % array_ports(b->array),
                                     port < array_ports(b->array) ? "iqn.x:host" : "iqn.x:other");
        assert_non_null(b->nexus[port]);
    }
    take_attentions(b, 0);
    return b;
}

#define BENCH(name, ...)                                            \
    static struct array_config name##_config(struct array_config c) \
    {                                                               \
        __VA_ARGS__;                                                \
        return c;                                                   \
    }                                                               \
    static int name(void **state)                                   \
    {                                                               \
        *state = make(name##_config);                               \
        return 0;                                                   \
    }

BENCH(explicit_bench, (void)0)
BENCH(both_bench, c.access = ARRAY_ALUA_BOTH)
BENCH(slow_bench, c.access = ARRAY_ALUA_BOTH, c.transition_us = 2000000)
BENCH(busy_bench, c.transition_us = 2000000, c.transition_busy = true)
BENCH(standby_bench, c.access = ARRAY_ALUA_BOTH, c.passive_state = ARRAY_STATE_STANDBY, c.no_preferred = true)
BENCH(three_bench, c.controllers = 3, c.ports_per_controller = 1)
BENCH(slow_three_bench, c.controllers = 3, c.ports_per_controller = 1, c.access = ARRAY_ALUA_BOTH,
      c.transition_us = 1000000)
BENCH(one_bench, c.controllers = 1, c.ports_per_controller = 4)
BENCH(staying_bench, c.access = ARRAY_ALUA_IMPLICIT, c.no_failback = true)
BENCH(passive_bench, c.access = ARRAY_ACTIVE_PASSIVE)
BENCH(rude_passive_bench, c.access = ARRAY_ACTIVE_PASSIVE, c.passive_sense = 0x052501)

static uint8_t rtpg(struct bench *b, unsigned port)
{
    return IN(b, port, 0, 128, 0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0);
}

static uint8_t stpg_list(struct bench *b, unsigned port, uint8_t length)
{
    return OUT(b, port, 0, length, 0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, length, 0, 0);
}

/* Up to three descriptors: state, group (or port), ... */
static uint8_t stpg(struct bench *b, unsigned port, unsigned count, const uint8_t *pairs)
{
    memset(b->data, 0, 64);
    for (unsigned i = 0; i < count; i++) {
        b->data[4 + 4 * i] = pairs[2 * i];
        b->data[4 + 4 * i + 3] = pairs[2 * i + 1];
    }
    return stpg_list(b, port, (uint8_t)(4 + 4 * count));
}
#define STPG(b, port, ...) stpg(b, port, sizeof((uint8_t[]){__VA_ARGS__}) / 2, (uint8_t[]){__VA_ARGS__})

/* The state of each group in RTPG through this port, PREF bit cut off. */
static void expect_states(struct bench *b, unsigned port, unsigned ports, unsigned count,
                          const uint8_t *states)
{
    assert_good(rtpg(b, port));
    for (unsigned i = 0; i < count; i++)
        if ((b->data[4 + i * (8 + 4 * ports)] & 0x0F) != states[i])
            fail_msg("group %u is in state %u, not %u", i + 1, b->data[4 + i * (8 + 4 * ports)] & 0x0F,
                     states[i]);
}
#define STATES(b, port, ports, ...) \
    expect_states(b, port, ports, sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static uint8_t read1(struct bench *b, unsigned port)
{
    return IN(b, port, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
}

static void expect_attention(struct bench *b, unsigned port, uint8_t asc, uint8_t ascq)
{
    read1(b, port);
    expect_sense(b, 6, asc, ascq);
}

/* ---- what is reported ------------------------------------------------------------------------------ */
static void inquiry_tells_the_kind(void **state)
{
    static const uint8_t tpgs[] = {0x00, 0x10, 0x20, 0x30, 0x00};

    (void)state;
    for (unsigned access = ARRAY_SYMMETRIC; access <= ARRAY_ACTIVE_PASSIVE; access++) {
        struct bench *b = bench_make((enum array_access)access, 0);
        take_attentions(b, 0);
        assert_good(IN(b, 0, 0, 36, 0x12, 0, 0, 0, 36, 0));
        assert_int_equal(b->data[5] & 0x30, tpgs[access]);
        uint8_t status = STPG(b, 0, AO, 1);
        if (access == ARRAY_ALUA_EXPLICIT || access == ARRAY_ALUA_BOTH)
            assert_good(status);
        else
            expect_sense(b, 5, 0x20, 0);
        void *end = b;
        bench_free(&end);
    }
}

static void three_controllers_of_one_port(void **state)
{
    struct bench *b = *state;

    assert_good(rtpg(b, 0));
    assert_int_equal(b->cmd.transferred, 40);
    assert_bytes(b, 0, 0, 0, 36, 0x80, 0xCF, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x01, 0xCF, 0, 2, 0, 0, 0, 1,
                 0, 0, 0, 2, 0x01, 0xCF, 0, 3, 0, 0, 0, 1, 0, 0, 0, 3);
    assert_good(STPG(b, 0, AO, 3, UNAVAILABLE, 2));
    assert_good(rtpg(b, 0));
    /* PREF stays with the configured owner; status code 1: by SET TARGET PORT GROUPS */
    assert_bytes(b, 0, 0, 0, 36, 0x81, 0xCF, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0x03, 0xCF, 0, 2, 0, 1, 0, 1,
                 0, 0, 0, 2, 0x00, 0xCF, 0, 3, 0, 1, 0, 1, 0, 0, 0, 3);
}

static void an_offline_port_is_in_a_secondary_group_too(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 0, OFFLINE, 4, OFFLINE, 2));
    for (unsigned port = 1; port < PORTS; port++)
        expect_attention(b, port, 0x2A, 6);
    assert_good(rtpg(b, 1));
    assert_int_equal(b->cmd.transferred, 4 + 16 + 16 + 16);
    assert_bytes(b, 0, 0, 0, 48, 0x80, 0xCF, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0xCF, 0, 2,
                 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0x0E, 0x40, 0, 3, 0, 1, 0, 2, 0, 0, 0, 2, 0, 0, 0,
                 4);
    read1(b, 1);
    expect_sense(b, 2, 0x04, 0x12);
    assert_good(read1(b, 0));
    assert_good(read1(b, 2));
    assert_good(STPG(b, 1, AO, 1)); /* its group's ports are back; the other group's stay offline */
    assert_good(read1(b, 1));
    expect_attention(b, 0, 0x2A, 6);
    expect_attention(b, 3, 0x2A, 6);
    read1(b, 3);
    expect_sense(b, 2, 0x04, 0x12);
    assert_true(array_port_offline(b->array, 0, 3, false));
    expect_attention(b, 3, 0x2A, 6);
    assert_good(read1(b, 3));
    assert_false(array_port_offline(b->array, 0, 4, true));
    assert_false(array_port_offline(b->array, 7, 0, true));
}

static void active_and_standby_controllers(void **state)
{
    struct bench *b = *state;

    assert_good(rtpg(b, 0)); /* no PREF, and active/non-optimized is nothing it knows */
    assert_bytes(b, 0, 0, 0, 32, 0x00, 0xCD, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x02, 0xCD, 0, 2);
    STPG(b, 0, AN, 2);
    expect_sense(b, 5, 0x26, 0);
    read1(b, 2);
    expect_sense(b, 2, 0x04, 0x0B);
    assert_good(STPG(b, 2, AO, 2)); /* the failover, through the standby port */
    assert_good(read1(b, 2));
    expect_attention(b, 0, 0x2A, 6);
    read1(b, 0);
    expect_sense(b, 2, 0x04, 0x0B);
    assert_good(STPG(b, 2, STANDBY, 1)); /* as it is */
    assert_good(STPG(b, 2, STANDBY, 2)); /* hands over */
    STATES(b, 2, 2, AO, STANDBY);
}

static void report_is_cut_to_the_allocation_length(void **state)
{
    struct bench *b = *state;
    uint8_t whole[64];

    for (uint8_t format = 0; format <= 0x20; format += 0x20) {
        IN(b, 0, 0, 64, 0xA3, 0x0A | format, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
        uint32_t size = b->cmd.transferred;
        assert_int_equal(size, 36 + format / 8);
        memcpy(whole, b->data, size);
        for (uint8_t cut = 0; cut <= size; cut++) {
            assert_good(IN(b, 0, 0, cut, 0xA3, 0x0A | format, 0, 0, 0, 0, 0, 0, 0, cut, 0, 0));
            assert_int_equal(b->cmd.transferred, cut);
            assert_memory_equal(b->data, whole, cut);
        }
    }
}

/* ---- what is refused --------------------------------------------------------------------------------- */
static void lists_that_are_malformed_change_nothing(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *what;
        uint8_t length, list[16], asc, field;
    } bad[] = {
        {"one byte", 1, {0}, 0x1A, 0},
        {"half a header", 3, {0}, 0x1A, 0},
        {"half a descriptor", 6, {0}, 0x1A, 0},
        {"half a second descriptor", 10, {0, 0, 0, 0, AO, 0, 0, 2}, 0x1A, 0},
        {"reserved header", 8, {0, 0, 1, 0, AO, 0, 0, 2}, 0x26, 2},
        {"reserved bits beside the state", 8, {0, 0, 0, 0, 0x80 | AO, 0, 0, 2}, 0x26, 4},
        {"reserved byte", 8, {0, 0, 0, 0, AO, 1, 0, 2}, 0x26, 5},
        {"group 0", 8, {0, 0, 0, 0, AO, 0, 0, 0}, 0x26, 6},
        {"group one past the last", 8, {0, 0, 0, 0, AO, 0, 0, 3}, 0x26, 6},
        {"group in the high byte", 8, {0, 0, 0, 0, AO, 0, 1, 2}, 0x26, 6},
        {"LBA dependent", 8, {0, 0, 0, 0, LBA, 0, 0, 2}, 0x26, 4},
        {"a state without meaning", 8, {0, 0, 0, 0, 13, 0, 0, 2}, 0x26, 4},
        {"transitioning", 8, {0, 0, 0, 0, TRANSITIONING, 0, 0, 2}, 0x26, 4},
        {"a group twice", 12, {0, 0, 0, 0, AO, 0, 0, 2, AN, 0, 0, 2}, 0x26, 10},
        {"port 0 offline", 8, {0, 0, 0, 0, OFFLINE, 0, 0, 0}, 0x26, 6},
        {"port one past the last offline", 8, {0, 0, 0, 0, OFFLINE, 0, 0, 5}, 0x26, 6},
        {"a port offline twice", 12, {0, 0, 0, 0, OFFLINE, 0, 0, 4, OFFLINE, 0, 0, 4}, 0x26, 10},
        {"good, then bad", 12, {0, 0, 0, 0, AO, 0, 0, 2, LBA, 0, 0, 1}, 0x26, 8},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memcpy(b->data, bad[i].list, 16);
        stpg_list(b, 0, bad[i].length);
        if (b->cmd.status != 2 || b->cmd.sense[2] != 5 || b->cmd.sense[12] != bad[i].asc)
            fail_msg("%s: status %02X, %X/%02X", bad[i].what, b->cmd.status, b->cmd.sense[2],
                     b->cmd.sense[12]);
        if (bad[i].asc == 0x26) {
            assert_int_equal(b->cmd.sense[15], 0x80); /* in the parameter list */
            assert_int_equal(b->cmd.sense[17], bad[i].field);
        }
    }
    OUT(b, 0, 0, 7, 0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0); /* told 8, sent 7 */
    expect_sense(b, 5, 0x1A, 0);
    assert_good(stpg_list(b, 0, 0)); /* no list, and an empty one: no change */
    assert_good(STPG(b, 0));
    assert_good(STPG(b, 0, AO, 1, AN, 2)); /* as it is already */
    STATES(b, 2, 2, AO, AN);
    for (unsigned port = 0; port < PORTS; port++)
        assert_good(read1(b, port)); /* no news for anybody */
    assert_int_equal((rtpg(b, 0), b->data[9]), 0);
}

static void what_the_array_cannot_do_fails_and_the_rest_is_done(void **state)
{
    struct bench *b = *state;

    STPG(b, 0, AO, 2, UNAVAILABLE, 1, AO, 3); /* one owner only */
    expect_sense(b, 4, 0x67, 0x0A);
    STATES(b, 0, 1, UNAVAILABLE, AO, AN);
    assert_good(STPG(b, 0, AO, 1));
    array_force_state(b->array, 0, 2, ARRAY_STATE_STANDBY); /* stuck */
    rtpg(b, 0);
    STPG(b, 0, AO, 3, STANDBY, 2);
    expect_sense(b, 4, 0x67, 0x0A);
    STATES(b, 0, 1, AO, STANDBY, STANDBY);
    STPG(b, 0, STANDBY, 1); /* nobody is left to own it */
    expect_sense(b, 4, 0x67, 0x0A);
    STATES(b, 0, 1, AO, STANDBY, STANDBY);
    array_force_state(b->array, 0, 2, ARRAY_STATE_AUTOMATIC);
    array_controller_up(b->array, 2, false);
    rtpg(b, 0);
    STPG(b, 0, AO, 3);
    expect_sense(b, 4, 0x67, 0x0A);
    assert_good(STPG(b, 0, UNAVAILABLE, 3)); /* it is */
    STATES(b, 0, 1, AO, STANDBY, UNAVAILABLE);
}

static void the_only_controller_stays_the_owner(void **state)
{
    struct bench *b = *state;

    STPG(b, 0, AN, 1);
    expect_sense(b, 4, 0x67, 0x0A);
    STPG(b, 0, UNAVAILABLE, 1);
    expect_sense(b, 4, 0x67, 0x0A);
    STATES(b, 0, 4, AO);
    assert_good(read1(b, 3));
}

static void an_owner_set_lower_hands_over(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 0, STANDBY, 1, AN, 2)); /* not to who was asked for less, either */
    STATES(b, 0, 1, STANDBY, AN, AO);
    assert_good(STPG(b, 0, AN, 1));
    assert_good(STPG(b, 0, UNAVAILABLE, 3));
    STATES(b, 0, 1, AO, AN, UNAVAILABLE);
}

/* ---- unit attentions and time ------------------------------------------------------------------------ */
static void everyone_but_the_requester_is_told(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 3, AO, 2));
    assert_good(read1(b, 3));
    for (unsigned port = 0; port < 3; port++) {
        expect_attention(b, port, 0x2A, 6);
        assert_good(read1(b, port));
    }
    STATES(b, 3, 2, AN, AO);
}

static void a_transition_by_request(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 2, AO, 2));
    STATES(b, 2, 2, TRANSITIONING, TRANSITIONING);
    assert_int_equal(b->data[9], 1);
    read1(b, 2);
    expect_sense(b, 2, 0x04, 0x0A);
    STPG(b, 2, AO, 1); /* one after the other */
    expect_sense(b, 2, 0x04, 0x0A);
    expect_attention(b, 0, 0x2A, 6);
    b->time += 20000000;
    assert_good(read1(b, 2)); /* not told of the end either */
    expect_attention(b, 0, 0x2A, 6);
    STATES(b, 2, 2, AN, AO);
    assert_int_equal(b->data[9], 1);
}

static void the_requester_leaves_during_its_transition(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 2, AO, 2));
    array_forget(b->nexus[2]);
    b->nexus[2] = array_login(b->array, 2, "iqn.x:host");
    b->time += 20000000;
    expect_attention(b, 2, 0x29, 0);
    expect_attention(b, 2, 0x2A, 6);
    assert_good(read1(b, 2));
}

static void busy_during_a_transition(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 0, AO, 2));
    assert_int_equal(read1(b, 0), 0x08);
    assert_int_equal(b->cmd.sense_length, 0);
    STPG(b, 0, AO, 1);
    expect_sense(b, 2, 0x04, 0x0A); /* the command is no business of the blocks */
    b->time += 20000000;
    assert_good(read1(b, 0));
}

static void the_new_owner_dies_under_way(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 0, AO, 2));
    b->time += 5000000;
    array_controller_up(b->array, 1, false); /* now the array decides, and everyone hears of it */
    expect_attention(b, 0, 0x2A, 6);
    STATES(b, 0, 1, TRANSITIONING, UNAVAILABLE, TRANSITIONING);
    assert_int_equal(b->data[9], 1);
    assert_int_equal(b->data[21], 2);
    b->time += 10000000;
    expect_attention(b, 0, 0x2A, 6);
    STATES(b, 0, 1, AN, UNAVAILABLE, AO);
    array_controller_up(b->array, 1, true); /* back to who was asked to own it */
    expect_attention(b, 0, 0x2A, 6);
    array_controller_up(b->array, 1, false); /* and dies again before it has it */
    expect_attention(b, 0, 0x2A, 7);
    expect_attention(b, 0, 0x2A, 6);
    b->time += 10000000;
    rtpg(b, 0);
    STATES(b, 0, 1, AN, UNAVAILABLE, AO);
}

static void another_controller_dies_under_way(void **state)
{
    struct bench *b = *state;

    assert_good(STPG(b, 0, AO, 2));
    array_controller_up(b->array, 2, false); /* that is news for the requester too */
    expect_attention(b, 0, 0x2A, 6);
    b->time += 10000000;
    expect_attention(b, 0, 0x2A, 6);
    STATES(b, 0, 1, AN, AO, UNAVAILABLE);
}

/* ---- failover of each kind ----------------------------------------------------------------------------- */
static void explicit_alone_waits_to_be_told(void **state)
{
    struct bench *b = *state;

    array_controller_up(b->array, 0, false);
    expect_attention(b, 2, 0x2A, 6);
    STATES(b, 2, 2, UNAVAILABLE, AN);
    assert_good(STPG(b, 2, AO, 2));
    STATES(b, 2, 2, UNAVAILABLE, AO);
    array_controller_up(b->array, 0, true);
    expect_attention(b, 2, 0x2A, 6);
    STATES(b, 2, 2, AN, AO); /* no failback */
    assert_int_equal(b->data[4] & 0x80, 0x80);
}

static void both_kinds_fail_over_and_back_to_the_chosen(void **state)
{
    struct bench *b = *state;

    array_controller_up(b->array, 0, false);
    expect_attention(b, 2, 0x2A, 6);
    STATES(b, 2, 2, UNAVAILABLE, AO);
    array_controller_up(b->array, 0, true);
    expect_attention(b, 2, 0x2A, 6);
    STATES(b, 2, 2, AO, AN);
    assert_good(STPG(b, 2, AO, 2));
    array_controller_up(b->array, 1, false);
    array_controller_up(b->array, 1, true);
    expect_attention(b, 2, 0x29, 0);
    STATES(b, 2, 2, AN, AO);
    array_power(b->array, false);
    array_power(b->array, true);
    expect_attention(b, 2, 0x29, 1);
    STATES(b, 2, 2, AO, AN); /* as configured */
}

static void without_failback_it_stays(void **state)
{
    struct bench *b = *state;

    array_controller_up(b->array, 0, false);
    array_controller_up(b->array, 0, true);
    take_attentions(b, 0);
    STATES(b, 2, 2, AN, AO);
    array_move_lun(b->array, 0, 0);
    take_attentions(b, 0);
    STATES(b, 2, 2, AO, AN);
}

static void luns_of_one_group_move_together(void **state)
{
    struct bench *b = *state;

    for (uint16_t number = 1; number <= 3; number++) {
        bench_add(b, (struct array_lun_config){.number = number, .ownership_group = number < 3 ? 7 : 8});
        take_attentions(b, number);
    }
    take_attentions(b, 0);
    memset(b->data, 0, 8);
    b->data[7] = 2;
    assert_good(OUT(b, 0, 1, 8, 0xA4, 0x0A, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0));
    static const uint8_t first_group[] = {AO, AN, AN, AO};
    for (unsigned number = 0; number <= 3; number++) {
        assert_good(IN(b, 0, number, 64, 0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
        assert_int_equal(b->data[4] & 0x0F, first_group[number]);
        assert_int_equal(TUR(b, 1, number), first_group[number] == AN ? 2 : 0); /* UA 2A/06 */
    }
    array_move_lun(b->array, 2, 0);
    assert_good(TUR(b, 0, 3));
    TUR(b, 0, 1);
    expect_sense(b, 6, 0x2A, 6);
}

static void active_passive_without_target_port_groups(void **state)
{
    struct bench *b = *state;

    rtpg(b, 0);
    expect_sense(b, 5, 0x20, 0);
    assert_good(read1(b, 0));
    read1(b, 2);
    expect_sense(b, 2, 0x04, 0x03);
    assert_good(IN(b, 2, 0, 36, 0x12, 0, 0, 0, 36, 0));
    array_controller_up(b->array, 0, false);
    assert_good(read1(b, 2)); /* it moved, and nobody is told */
    assert_false(array_force_state(b->array, 0, 0, ARRAY_STATE_STANDBY));
}

static void active_passive_with_its_own_sense(void **state)
{
    struct bench *b = *state;

    read1(b, 2);
    expect_sense(b, 5, 0x25, 0x01);
    assert_good(IN(b, 2, 0, 18, 0x03, 0, 0, 0, 18, 0)); /* REQUEST SENSE says the same */
    assert_int_equal(b->data[2], 5);
    assert_int_equal(b->data[12], 0x25);
}

/* ---- what each state lets through (SPC-4 5.11.2.4 to 5.11.2.9) ------------------------------------------ */
static void commands_through_each_state(void **state)
{
    struct bench *b = *state;
    enum { EVERYWHERE, TO_STANDBY, ACTIVE };
    static const struct {
        const char *name;
        uint8_t where, cdb[16], cdb_length;
        bool out;
        uint16_t length;
    } commands[] = {
        {"INQUIRY", EVERYWHERE, {0x12, 0, 0, 0, 36}, 6, false, 36},
        {"REPORT LUNS", EVERYWHERE, {0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 16}, 12, false, 16},
        {"REQUEST SENSE", EVERYWHERE, {0x03, 0, 0, 0, 18}, 6, false, 18},
        {"RTPG", EVERYWHERE, {0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 64}, 12, false, 64},
        {"MODE SENSE(6)", TO_STANDBY, {0x1A, 0, 0x0A, 0, 64}, 6, false, 64},
        {"MODE SELECT(10)", TO_STANDBY, {0x55, 0x10}, 10, true, 0},
        {"PERSISTENT RESERVE IN", TO_STANDBY, {0x5E, 0, 0, 0, 0, 0, 0, 0, 64}, 10, false, 64},
        {"PERSISTENT RESERVE OUT", TO_STANDBY, {0x5F, 0, 0, 0, 0, 0, 0, 0, 24}, 10, true, 24},
        {"TEST UNIT READY", ACTIVE, {0x00}, 6, false, 0},
        {"READ(10)", ACTIVE, {0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 10, false, 512},
        {"WRITE(16)", ACTIVE, {0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 16, true, 512},
        {"READ CAPACITY(16)", ACTIVE, {0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, 16, false, 32},
        {"UNMAP", ACTIVE, {0x42}, 10, true, 0},
        {"RESERVE(6)", ACTIVE, {0x16}, 6, false, 0},
    };
    static const struct {
        uint8_t state, lets, ascq;
    } rules[] = {{AO, ACTIVE, 0},          {AN, ACTIVE, 0},
                 {STANDBY, TO_STANDBY, 11}, {UNAVAILABLE, EVERYWHERE, 12},
                 {TRANSITIONING, EVERYWHERE, 10}, {OFFLINE, EVERYWHERE, 18}};

    for (size_t s = 0; s < sizeof rules / sizeof *rules; s++) {
        if (rules[s].state == OFFLINE) {
            array_force_state(b->array, 0, 1, ARRAY_STATE_AUTOMATIC);
            array_port_offline(b->array, 0, 2, true);
        } else {
            array_force_state(b->array, 0, 1, rules[s].state);
        }
        read1(b, 2); /* the unit attention */
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
            memset(b->data, 0, 512);
            uint8_t status = run_at(b, 2, 0, commands[i].cdb, commands[i].cdb_length, commands[i].out,
                                    commands[i].length);
            bool passes = commands[i].where <= rules[s].lets;
            if (status != (passes ? 0 : 2) ||
                (!passes && (b->cmd.sense[2] != 2 || b->cmd.sense[12] != 4 ||
                             b->cmd.sense[13] != rules[s].ascq)))
                fail_msg("%s in state %u: status %02X, 04/%02X", commands[i].name, rules[s].state, status,
                         b->cmd.sense[13]);
        }
        if (rules[s].lets == ACTIVE)
            assert_good(IN(b, 2, 0, 0, 0x17, 0, 0, 0, 0, 0));
        STPG(b, 2, AN, 2);
        if (rules[s].state == TRANSITIONING)
            expect_sense(b, 2, 0x04, 0x0A);
        else
            assert_true(b->cmd.status == 0 || b->cmd.sense[12] == 0x67); /* pinned by the fault */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inquiry_tells_the_kind),
        TEST_ON(three_bench, three_controllers_of_one_port),
        TEST_ON(explicit_bench, an_offline_port_is_in_a_secondary_group_too),
        TEST_ON(standby_bench, active_and_standby_controllers),
        TEST_ON(explicit_bench, report_is_cut_to_the_allocation_length),
        TEST_ON(explicit_bench, lists_that_are_malformed_change_nothing),
        TEST_ON(three_bench, what_the_array_cannot_do_fails_and_the_rest_is_done),
        TEST_ON(one_bench, the_only_controller_stays_the_owner),
        TEST_ON(three_bench, an_owner_set_lower_hands_over),
        TEST_ON(explicit_bench, everyone_but_the_requester_is_told),
        TEST_ON(slow_bench, a_transition_by_request),
        TEST_ON(slow_bench, the_requester_leaves_during_its_transition),
        TEST_ON(busy_bench, busy_during_a_transition),
        TEST_ON(slow_three_bench, the_new_owner_dies_under_way),
        TEST_ON(slow_three_bench, another_controller_dies_under_way),
        TEST_ON(explicit_bench, explicit_alone_waits_to_be_told),
        TEST_ON(both_bench, both_kinds_fail_over_and_back_to_the_chosen),
        TEST_ON(staying_bench, without_failback_it_stays),
        TEST_ON(explicit_bench, luns_of_one_group_move_together),
        TEST_ON(passive_bench, active_passive_without_target_port_groups),
        TEST_ON(rude_passive_bench, active_passive_with_its_own_sense),
        TEST_ON(explicit_bench, commands_through_each_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
