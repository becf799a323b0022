/* SPDX-License-Identifier: MIT */
/*
 * What the command table says of itself, held against what the server does; and the commands that
 * are no everyday block commands: logs, identifying information, time, diagnostics, buffers.
 */
#include "support.h"

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* REPORT SUPPORTED OPERATION CODES; the answer is in b->data. */
static uint8_t rsoc(struct bench *b, uint8_t option, uint8_t opcode, uint16_t service,
                    uint32_t length)
{
    return IN(b, 0, 0, length, 0xA3, 0x0C, option, opcode, service >> 8, service & 0xFF, 0, 0,
              length >> 8, length & 0xFF, 0, 0);
}

static void every_listed_command_is_there_and_no_other(void **state)
{
    struct bench *b = *state;
    static uint8_t list[4096];
    bool listed[256] = {false};

    assert_good(rsoc(b, 0, 0, 0, sizeof list));
    memcpy(list, b->data, sizeof list);
    uint32_t bytes = get32(list);
    assert_int_equal(b->cmd.transferred, bytes + 4);
    assert_int_equal(bytes % 8, 0);
    for (const uint8_t *d = list + 4; d < list + 4 + bytes; d += 8) {
        uint8_t cdb[16] = {d[0]};
        bool services = d[5] & 1;
        listed[d[0]] = true;
        assert_int_equal(d[5] & ~1, 0); /* no timeouts asked for */
        assert_true(services || get16(d + 2) == 0);
        assert_good(rsoc(b, services ? 2 : 1, d[0], get16(d + 2), 64));
        assert_int_equal(b->data[1], 3);
        assert_int_equal(get16(b->data + 2), get16(d + 6));
        assert_int_equal(b->cmd.transferred, 4u + get16(d + 6));
        assert_int_equal(b->data[4], d[0]);
        assert_int_equal(b->data[5] & (services ? 0x1F : 0), services ? d[3] : 0);
        assert_good(rsoc(b, 3, d[0], get16(d + 2), 64));
        assert_int_equal(b->data[1], 3);
        /* asked for in the other way */
        rsoc(b, services ? 1 : 2, d[0], get16(d + 2), 64);
        expect_sense(b, 5, 0x24, 0);
        /* it is really there */
        cdb[1] = services ? d[3] : 0;
        run_at(b, 3, 0, cdb, get16(d + 6), false, 0);
        if (b->cmd.status == 2)
            assert_int_not_equal(b->cmd.sense[12], 0x20);
    }
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t cdb[16] = {(uint8_t)opcode};
        if (listed[opcode])
            continue;
        assert_good(rsoc(b, 1, (uint8_t)opcode, 0, 64));
        assert_int_equal(b->data[1], 1);
        assert_int_equal(b->cmd.transferred, 4);
        run_at(b, 3, 0, cdb, 16, false, 0);
        expect_sense(b, 5, 0x20, 0);
    }
}

/* Every pair of operation code and service action: REPORT SUPPORTED OPERATION CODES says that it is
 * there exactly when the server does not say that it is not. */
static void compare_with_execution(struct bench *b)
{
    for (unsigned pair = 0; pair < 256 * 32; pair++) {
        uint8_t opcode = (uint8_t)(pair / 32), service = pair % 32;
        uint8_t cdb[16] = {opcode, service};
        if (rsoc(b, 2, opcode, service, 4) != 0) { /* the code has no service actions */
            expect_sense(b, 5, 0x24, 0);
            if (service != 0)
                continue;
            assert_good(rsoc(b, 1, opcode, 0, 4));
        }
        bool told = (b->data[1] & 7) == 3;
        if (!told)
            assert_int_equal(b->data[1] & 7, 1);
        run_at(b, 3, 0, cdb, sizeof cdb, false, 0);
        bool denied = b->cmd.status == 2 && (b->cmd.sense[12] == 0x20 ||
                      (b->cmd.sense[12] == 0x24 && b->cmd.sense[15] == 0xC0 &&
                       get16(b->cmd.sense + 16) == 1 && !told)); /* an unknown service action */
        if (told == denied)
            fail_msg("%02x/%02x: told %d, denied %d", opcode, service, told, denied);
    }
}

static void commands_are_told_as_they_are_executed(void **state)
{
    struct bench *b = *state;
    static const enum array_access kinds[] = {ARRAY_SYMMETRIC, ARRAY_ALUA_IMPLICIT, ARRAY_ALUA_BOTH,
                                              ARRAY_ACTIVE_PASSIVE};

    for (unsigned i = 0; i < 8; i++) {
        struct array_config config = bench_config(b, kinds[i % 4]);
        config.quirks = i < 4 ? 0 : ARRAY_QUIRK_NO_PERSISTENT | ARRAY_QUIRK_NO_SIMPLE_RESERVE;
        array_destroy(b->array);
        b->array = array_create(&config, NULL);
        bench_add(b, (struct array_lun_config){.number = 0});
        for (unsigned port = 0; port < PORTS; port++)
            b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
        array_move_lun(b->array, 0, 1);
        for (unsigned tries = 0; tries < 9; tries++) {
            TUR(b, 0, 0); /* not ready in the end through a passive port */
            TUR(b, 3, 0);
        }
        compare_with_execution(b);
    }
}

/* Of every command, every bit outside the usage data is refused at its byte. Bits of byte 1 may be
 * ignored on purpose, and CONTROL has none but NACA. */
static void bits_outside_the_usage_data_are_refused(void **state)
{
    struct bench *b = *state;
    static uint8_t list[4096];

    assert_good(rsoc(b, 0, 0, 0, sizeof list));
    memcpy(list, b->data, sizeof list);
    for (const uint8_t *d = list + 4; d < list + 4 + get32(list); d += 8) {
        uint8_t usage[16] = {0};
        unsigned length = get16(d + 6);
        assert_good(rsoc(b, 3, d[0], get16(d + 2), 64));
        memcpy(usage, b->data + 4, length);
        assert_int_equal(usage[length - 1], 0);
        for (unsigned bit = 16; bit < 8 * (length - 1); bit++) {
            uint8_t cdb[16] = {d[0], d[5] & 1 ? d[3] : 0};
            if (usage[bit / 8] >> bit % 8 & 1)
                continue;
            cdb[bit / 8] |= (uint8_t)(1 << bit % 8);
            run_at(b, 3, 0, cdb, length, false, 0);
            expect_sense(b, 5, 0x24, 0);
            assert_int_equal(b->cmd.sense[15], 0xC0);
            assert_int_equal(get16(b->cmd.sense + 16), bit / 8);
        }
    }
}

static void timeouts_come_when_asked_for(void **state)
{
    struct bench *b = *state;

    assert_good(rsoc(b, 0x80, 0, 0, 24));
    assert_int_equal(get32(b->data) % 20, 0);
    assert_int_equal(b->data[4 + 5], 2);
    assert_int_equal(get16(b->data + 4 + 8), 10);
    assert_good(rsoc(b, 0x81, 0x28, 0, 64));
    assert_int_equal(b->cmd.transferred, 4 + 10 + 12);
    assert_bytes(b, 0, 0x83, 0, 10, 0x28, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0, /* READ(10) */
                 0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 30);
    rsoc(b, 4, 0, 0, 64); /* one past the last option */
    expect_sense(b, 5, 0x24, 0);
    assert_good(rsoc(b, 3, 0x28, 1, 64)); /* a service action where there is none */
    assert_int_equal(b->data[1], 1);
    assert_good(rsoc(b, 2, 0x9E, 0xFFFF, 64));
    assert_int_equal(b->data[1], 1);
}

static void task_management_functions(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 16, 0xA3, 0x0D, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0));
    assert_int_equal(b->cmd.transferred, 4);
    assert_bytes(b, 0xDA, 0x01, 0, 0);
    assert_good(IN(b, 0, 0, 16, 0xA3, 0x0D, 0x80, 0, 0, 0, 0, 0, 0, 16, 0, 0));
    assert_int_equal(b->cmd.transferred, 16);
    assert_int_equal(b->data[3], 12);
}

static void log_pages_count_what_happened(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x40, 0, 0, 0, 0, 0, 64, 0));
    assert_int_equal(b->cmd.transferred, 11);
    assert_bytes(b, 0, 0, 0, 7, 0x00, 0x02, 0x03, 0x05, 0x06, 0x0C, 0x2F);
    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x40, 0xFF, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0x40, 0xFF, 0, 16, 0, 0, 0, 0xFF, 2, 0, 3, 0);

    assert_good(OUT(b, 0, 0, 1024, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x42, 0, 0, 0, 0, 0, 64, 0));
    assert_int_equal(b->cmd.transferred, 28);
    assert_bytes(b, 2, 0, 0, 24, 0, 5, 0, 8, 0, 0, 0, 0, 0, 0, 4, 0, 0, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    array_inject(b->array, 0, 1, 0x02, 3, 0x11, 0);
    IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x43, 0, 0, 0, 6, 0, 64, 0)); /* from parameter 6 on */
    assert_int_equal(b->cmd.transferred, 16);
    assert_bytes(b, 3, 0, 0, 12, 0, 6, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1);
    IN(b, 0, 0, 64, 0x4D, 0, 0x43, 0, 0, 0, 7, 0, 64, 0); /* behind the last */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 64, 0x4D, 0, 0x44, 0, 0, 0, 0, 0, 64, 0); /* no such page */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 64, 0x4D, 0, 0x43, 1, 0, 0, 0, 0, 64, 0); /* no such subpage */
    expect_sense(b, 5, 0x24, 0);

    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x4C, 0, 0, 0, 0, 0, 64, 0)); /* 1000 blocks: 8 chunks */
    assert_int_equal(b->cmd.transferred, 28);
    assert_bytes(b, 0x0C, 0, 0, 24, 0, 1, 3, 8, 0, 0, 0, 7, 1, 0, 0, 0, 0, 2, 3, 8, 0, 0, 0, 1, 1);

    assert_good(IN(b, 0, 0, 0, 0x4C, 2, 0xC0, 0, 0, 0, 0, 0, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 2);
    assert_good(IN(b, 0, 0, 64, 0x4D, 0, 0x42, 0, 0, 0, 0, 0, 64, 0));
    assert_int_equal(b->data[14], 0);
    OUT(b, 0, 0, 4, 0x4C, 0, 0xC0, 0, 0, 0, 0, 0, 4, 0); /* parameters: none can be set */
    expect_sense(b, 5, 0x24, 0);
}

static void identifying_information_stays(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 64, 0xA3, 5, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_int_equal(b->cmd.transferred, 4);
    memcpy(b->data, "rack 7", 6);
    assert_good(OUT(b, 0, 0, 6, 0xA4, 6, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x3F, 5);
    assert_good(IN(b, 2, 0, 64, 0xA3, 5, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0) == 2 /* its own UA */
                    ? IN(b, 2, 0, 64, 0xA3, 5, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0)
                    : 0);
    assert_bytes(b, 0, 0, 0, 6, 'r', 'a', 'c', 'k', ' ', '7');
    assert_good(OUT(b, 0, 0, 64, 0xA4, 6, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    OUT(b, 0, 0, 65, 0xA4, 6, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0);
    expect_sense(b, 5, 0x24, 0);
    OUT(b, 0, 0, 6, 0xA4, 6, 0, 0, 0, 0, 0, 0, 0, 6, 2, 0); /* another type */
    expect_sense(b, 5, 0x24, 0);
    assert_good(IN(b, 0, 0, 64, 0xA3, 5, 0, 0, 0, 0, 0, 0, 0, 64, 0xFE, 0));
    assert_bytes(b, 0, 0, 0, 8, 0, 0, 0, 64, 0xFE, 0, 0, 0);
}

static void the_clock_runs_on_from_what_was_set(void **state)
{
    struct bench *b = *state;

    b->time = UINT64_C(10000) * 5; /* 5 ms */
    assert_good(IN(b, 0, 0, 64, 0xA3, 0x0F, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_int_equal(b->cmd.transferred, 12);
    assert_bytes(b, 0, 10, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0);
    memcpy(b->data, (uint8_t[]){0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0}, 12);
    assert_good(OUT(b, 0, 0, 12, 0xA4, 0x0F, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 0x10);
    b->time += UINT64_C(10000) * 7;
    assert_good(IN(b, 0, 0, 64, 0xA3, 0x0F, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_bytes(b, 0, 10, 2, 0, 1, 2, 3, 4, 5, 7, 0, 0);
    OUT(b, 0, 0, 11, 0xA4, 0x0F, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0);
    expect_sense(b, 5, 0x1A, 0);
}

static void diagnostics(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x1D, 0x04, 0, 0, 0, 0)); /* self-test */
    assert_good(IN(b, 0, 0, 0, 0x1D, 0x20, 0, 0, 0, 0)); /* background short */
    IN(b, 0, 0, 0, 0x1D, 0x60, 0, 0, 0, 0);              /* reserved code */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 0, 0x1D, 0x24, 0, 0, 0, 0); /* a code together with SELFTEST */
    expect_sense(b, 5, 0x24, 0);
    memset(b->data, 0, 4);
    assert_good(OUT(b, 0, 0, 4, 0x1D, 0x10, 0, 0, 4, 0)); /* asks for the list of pages */
    assert_good(IN(b, 0, 0, 8, 0x1C, 0, 0, 0, 8, 0));
    assert_int_equal(b->cmd.transferred, 5);
    assert_bytes(b, 0, 0, 0, 1, 0);
    IN(b, 0, 0, 8, 0x1C, 1, 0x40, 0, 8, 0);
    expect_sense(b, 5, 0x24, 0);
}

static void the_echo_buffer_belongs_to_who_wrote_it(void **state)
{
    struct bench *b = *state;

    IN(b, 0, 0, 8, 0x3C, 0x0A, 0, 0, 0, 0, 0, 0, 8, 0); /* nothing written yet */
    expect_sense(b, 5, 0x2C, 0);
    assert_good(IN(b, 0, 0, 4, 0x3C, 0x0B, 0, 0, 0, 0, 0, 0, 4, 0));
    assert_bytes(b, 0, 0, 0x10, 0);
    memcpy(b->data, "echo", 4);
    assert_good(OUT(b, 0, 0, 4, 0x3B, 0x0A, 0, 0, 0, 0, 0, 0, 4, 0));
    assert_good(IN(b, 0, 0, 8, 0x3C, 0x0A, 0, 0, 0, 0, 0, 0, 8, 0));
    assert_int_equal(b->cmd.transferred, 4);
    assert_memory_equal(b->data, "echo", 4);
    IN(b, 1, 0, 8, 0x3C, 0x0A, 0, 0, 0, 0, 0, 0, 8, 0);
    expect_sense(b, 5, 0x2C, 0);
    assert_good(OUT(b, 0, 0, 4096, 0x3B, 0x0A, 0, 0, 0, 0, 0, 0x10, 0, 0));
    OUT(b, 0, 0, 4097, 0x3B, 0x0A, 0, 0, 0, 0, 0, 0x10, 1, 0);
    expect_sense(b, 5, 0x24, 0);
    OUT(b, 0, 0, 4, 0x3B, 0x05, 0, 0, 0, 0, 0, 0, 4, 0); /* microcode */
    expect_sense(b, 5, 0x24, 0);
}

static void or_write_and_write_and_verify(void **state)
{
    struct bench *b = *state;

    memset(b->data, 0x0F, 1024);
    assert_good(OUT(b, 0, 0, 1024, 0x2E, 0x02, 0, 0, 0, 10, 0, 0, 2, 0)); /* BYTCHK */
    OUT(b, 0, 0, 1024, 0x2E, 0x04, 0, 0, 0, 10, 0, 0, 2, 0);
    expect_sense(b, 5, 0x24, 0);
    memset(b->data, 0xA0, 1024);
    assert_good(OUT(b, 0, 0, 1024, 0x8B, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0));
    assert_good(IN(b, 0, 0, 1024, 0x28, 0, 0, 0, 0, 10, 0, 0, 2, 0));
    assert_int_equal(b->data[0], 0xAF);
    assert_int_equal(b->data[1023], 0xAF);
    OUT(b, 0, 0, 1024, 0x8B, 0, 0, 0, 0, 0, 0, 0, 3, 0xE7, 0, 0, 0, 2, 0, 0); /* over the end */
    expect_sense(b, 5, 0x21, 0);
    OUT(b, 0, 0, 1023, 0x8B, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0);
    expect_sense(b, 5, 0x1A, 0);
}

static void prefetch_checks_its_range(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x34, 2, 0, 0, 0, 0, 0, 3, 0xE8, 0));
    IN(b, 0, 0, 0, 0x34, 0, 0, 0, 0, 1, 0, 3, 0xE8, 0);
    expect_sense(b, 5, 0x21, 0);
    assert_good(IN(b, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xE8, 0, 0));
    IN(b, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0); /* longer than B0 says */
    assert_int_equal(b->cmd.status, 2);
}

static void power_conditions_end_with_the_next_access(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x1B, 0, 0, 0, 0x30, 0)); /* STANDBY */
    assert_good(TUR(b, 0, 0));
    assert_good(IN(b, 0, 0, 18, 0x03, 0, 0, 0, 18, 0));
    assert_int_equal(b->data[2], 0);
    assert_int_equal(get16(b->data + 12), 0x5E04);
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    assert_good(IN(b, 0, 0, 18, 0x03, 0, 0, 0, 18, 0));
    assert_int_equal(get16(b->data + 12), 0);
    IN(b, 0, 0, 0, 0x1B, 0, 0, 0, 0x40, 0); /* reserved */
    expect_sense(b, 5, 0x24, 0);
}

static void an_array_without_some_commands(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    config.quirks = ARRAY_QUIRK_NO_PERSISTENT | ARRAY_QUIRK_NO_COMMAND_LIST | ARRAY_QUIRK_NO_PAGE_83;
    array_destroy(b->array);
    b->array = array_create(&config, NULL);
    bench_add(b, (struct array_lun_config){.number = 0});
    b->nexus[0] = array_login(b->array, 0, "iqn.2024-01.test:host");
    TUR(b, 0, 0);
    IN(b, 0, 0, 64, 0x5E, 0, 0, 0, 0, 0, 0, 0, 64, 0);
    expect_sense(b, 5, 0x20, 0);
    rsoc(b, 0, 0, 0, 64);
    expect_sense(b, 5, 0x20, 0);
    IN(b, 0, 0, 64, 0x12, 1, 0x83, 0, 64, 0);
    expect_sense(b, 5, 0x24, 0);
    assert_good(IN(b, 0, 0, 64, 0x12, 1, 0, 0, 64, 0));
    assert_bytes(b, 0, 0, 0, 9, 0x00, 0x80, 0x85);
    assert_good(IN(b, 0, 0, 0, 0x16, 0, 0, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, every_listed_command_is_there_and_no_other),
        TEST_ON(symmetric_bench, commands_are_told_as_they_are_executed),
        TEST_ON(symmetric_bench, bits_outside_the_usage_data_are_refused),
        TEST_ON(symmetric_bench, timeouts_come_when_asked_for),
        TEST_ON(symmetric_bench, task_management_functions),
        TEST_ON(symmetric_bench, log_pages_count_what_happened),
        TEST_ON(symmetric_bench, identifying_information_stays),
        TEST_ON(symmetric_bench, the_clock_runs_on_from_what_was_set),
        TEST_ON(symmetric_bench, diagnostics),
        TEST_ON(symmetric_bench, the_echo_buffer_belongs_to_who_wrote_it),
        TEST_ON(symmetric_bench, or_write_and_write_and_verify),
        TEST_ON(symmetric_bench, prefetch_checks_its_range),
        TEST_ON(symmetric_bench, power_conditions_end_with_the_next_access),
        TEST_ON(symmetric_bench, an_array_without_some_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
