/* SPDX-License-Identifier: MIT */
/*
 * A small array on a bench: two controllers of two ports, LUN 0 of 1000 blocks owned by controller
 * 0, one nexus per port. Every command runs on a buffer of exactly its length, so that the
 * sanitizer sees one byte too many.
 */
#ifndef MPIO_ARRAY_TESTS_SUPPORT_H
#define MPIO_ARRAY_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array/array.h"
#include "host_double.h"

#define PORTS 4
#define BYTES (1u << 20)

struct bench {
    struct array *array;
    struct array_nexus *nexus[PORTS];
    struct array_cmd cmd; /* the last one */
    uint8_t data[BYTES];
    uint64_t time;
};

/* ---- the bench ---------------------------------------------------------------------------------
 */
static inline uint64_t bench_now(void *clock)
{
    return *(uint64_t *)clock;
}

static inline struct array_config bench_config(struct bench *b, enum array_access access)
{
    return (struct array_config){.name = "bench",
                                 .vendor = "OPENMPIO",
                                 .product = "TEST DISK",
                                 .revision = "0001",
                                 .access = access,
                                 .controllers = 2,
                                 .ports_per_controller = PORTS / 2,
                                 .naa = UINT64_C(0x0123456789ABCDEF),
                                 .now = bench_now,
                                 .clock = &b->time};
}

static inline void bench_add(struct bench *b, struct array_lun_config lun)
{
    const char *why = NULL;

    lun.block_size = lun.block_size ? lun.block_size : 512;
    lun.blocks = lun.blocks ? lun.blocks : 1000;
    if (array_add_lun(b->array, &lun, &why) != 0)
        fail_msg("LUN %u: %s", lun.number, why);
}

/* Runs one command; the outcome is in b->cmd, the bytes moved in b->data. */
static inline uint8_t run_at(struct bench *b, unsigned port, unsigned lun, const uint8_t *cdb,
                             size_t cdb_length, bool out, uint32_t length)
{
    uint8_t *exact = malloc(length ? length : 1);

    assert_non_null(exact);
    if (length)
        memcpy(exact, b->data, length);
    b->cmd = (struct array_cmd){.cdb = cdb,
                                .cdb_length = (uint8_t)cdb_length,
                                .lun = {lun < 256 ? 0 : 0x40 | lun >> 8, lun & 0xFF},
                                .data = length ? exact : NULL,
                                .length = length,
                                .out = out};
    assert_int_equal(array_execute(b->nexus[port], &b->cmd), ARRAY_DONE);
    assert_true(b->cmd.transferred <= length);
    if (!out && length)
        memcpy(b->data, exact, length);
    free(exact);
    b->cmd.data = NULL;
    return b->cmd.status;
}

#define BYTES_OF(...) \
    ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})
#define IN(b, port, lun, length, ...)  run_at(b, port, lun, BYTES_OF(__VA_ARGS__), false, length)
#define OUT(b, port, lun, length, ...) run_at(b, port, lun, BYTES_OF(__VA_ARGS__), true, length)
#define TUR(b, port, lun)              IN(b, port, lun, 0, 0, 0, 0, 0, 0, 0)

#define assert_good(status) assert_int_equal(status, 0x00)
#define assert_bytes(b, ...)                                                                       \
    assert_memory_equal((b)->data, ((const uint8_t[]){__VA_ARGS__}),                               \
                        sizeof((const uint8_t[]){__VA_ARGS__}))

/* CHECK CONDITION with this key, ASC and ASCQ, in whichever format. */
static inline void expect_sense(const struct bench *b, uint8_t key, uint8_t asc, uint8_t ascq)
{
    const uint8_t *s = b->cmd.sense;
    bool fixed = s[0] == 0x70 || s[0] == 0xF0;

    assert_int_equal(b->cmd.status, 0x02);
    assert_true(b->cmd.sense_length >= 8);
    assert_int_equal((fixed ? s[2] : s[1]) << 16 | (fixed ? s[12] : s[2]) << 8 |
                         (fixed ? s[13] : s[3]),
                     key << 16 | asc << 8 | ascq);
}

/* Takes the power-on unit attention of every nexus on a LUN. */
static inline void clear_attentions(struct bench *b, unsigned lun)
{
    for (unsigned port = 0; port < PORTS; port++)
        for (unsigned tries = 0; tries < 9 && TUR(b, port, lun) == 0x02; tries++)
            assert_int_equal(b->cmd.sense[2] & 0x0F, 6);
}

static inline struct bench *bench_make(enum array_access access, uint32_t transition_us)
{
    struct bench *b = calloc(1, sizeof *b);
    const char *why = NULL;

    assert_non_null(b);
    b->time = 1;
    memset(&disk, 0, sizeof disk);
    struct array_config config = bench_config(b, access);
    config.transition_us = transition_us;
    b->array = array_create(&config, &why);
    if (!b->array)
        fail_msg("array: %s", why);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++) {
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
        assert_non_null(b->nexus[port]);
    }
    return b;
}

static inline int bench_free(void **state)
{
    struct bench *b = *state;

    array_destroy(b->array);
    free(b);
    return 0;
}

static inline int symmetric_bench(void **state)
{
    struct bench *b = bench_make(ARRAY_SYMMETRIC, 0);

    clear_attentions(b, 0);
    *state = b;
    return 0;
}

static inline int alua_bench(void **state)
{
    struct bench *b = bench_make(ARRAY_ALUA_IMPLICIT, 0);

    clear_attentions(b, 0);
    *state = b;
    return 0;
}

#define TEST_ON(bench, test) cmocka_unit_test_setup_teardown(test, bench, bench_free)

#endif
