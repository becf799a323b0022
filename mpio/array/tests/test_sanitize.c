/* SPDX-License-Identifier: MIT */
/*
 * What concerns a unit as a whole or a write as a whole: SANITIZE, WRITE ATOMIC(16), WRITE SAME to
 * the end, physical blocks, READ DEFECT DATA.
 */
#include "support.h"

static uint8_t write_block(struct bench *b, uint16_t lba, uint8_t fill)
{
    memset(b->data, fill, 512);
    return OUT(b, 0, 0, 512, 0x2A, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, 1, 0);
}

static uint8_t first_byte(struct bench *b, uint16_t lba)
{
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, 1, 0));
    return b->data[0];
}

static uint8_t sanitize(struct bench *b, unsigned port, uint8_t action)
{
    return IN(b, port, 0, 0, 0x48, action, 0, 0, 0, 0, 0, 0, 0, 0);
}

static uint8_t write_atomic(struct bench *b, uint16_t lba, uint16_t blocks, uint32_t length)
{
    return OUT(b, 0, 0, length, 0x9C, 0, 0, 0, 0, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, blocks >> 8,
               blocks & 0xFF, 0, 0);
}

static void rebuild(struct bench *b, struct array_config config, struct array_lun_config lun)
{
    array_destroy(b->array);
    b->array = array_create(&config, NULL);
    if (lun.pool)
        assert_true(array_set_pool(b->array, 0, 8 << 16, 0));
    bench_add(b, lun);
    for (unsigned port = 0; port < PORTS; port++)
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
    clear_attentions(b, 0);
}

static void sanitize_erases_every_block(void **state)
{
    struct bench *b = *state;

    for (uint8_t action = 2; action <= 3; action++) { /* BLOCK ERASE, CRYPTOGRAPHIC ERASE */
        assert_good(write_block(b, 0, 0x11));
        assert_good(write_block(b, 999, 0x22));
        assert_good(sanitize(b, 1, action | (action == 3 ? 0xA0 : 0))); /* IMMED, AUSE */
        assert_int_equal(first_byte(b, 0), 0);
        assert_int_equal(first_byte(b, 999), 0);
        assert_good(IN(b, 0, 0, 24, 0x9E, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0));
        assert_bytes(b, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0xE8, 1);
    }
    assert_good(write_block(b, 0, 0x11));
    assert_good(sanitize(b, 0, 0x1F)); /* EXIT FAILURE MODE: nothing to leave, nothing lost */
    assert_int_equal(first_byte(b, 0), 0x11);
}

static void sanitize_that_is_refused_erases_nothing(void **state)
{
    struct bench *b = *state;

    assert_good(write_block(b, 0, 0x11));
    for (uint8_t action = 0; action < 0x20; action++) {
        if (action == 2 || action == 3 || action == 0x1F)
            continue;
        sanitize(b, 0, action);
        expect_sense(b, 5, 0x24, 0);
    }
    sanitize(b, 0, 0x42); /* ZNR: no zones */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 0, 0x48, 2, 0, 0, 0, 0, 0, 0, 4, 0); /* a parameter list */
    expect_sense(b, 5, 0x24, 0);
    assert_good(IN(b, 1, 0, 0, 0x16, 0, 0, 0, 0, 0)); /* reserved by another */
    assert_int_equal(sanitize(b, 0, 2), 0x18);
    assert_good(IN(b, 1, 0, 0, 0x17, 0, 0, 0, 0, 0));
    assert_int_equal(first_byte(b, 0), 0x11);

    rebuild(b, bench_config(b, ARRAY_SYMMETRIC), (struct array_lun_config){.read_only = true});
    sanitize(b, 0, 2);
    expect_sense(b, 7, 0x27, 0);
}

static void sanitize_gives_space_back_and_survives_power(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    config.volatile_blocks = 16;
    rebuild(b, config, (struct array_lun_config){.blocks = 2048, .pool = 1});
    for (uint16_t lba = 0; lba < 1024; lba += 128)
        assert_good(write_block(b, lba, 0x11));
    assert_good(IN(b, 0, 0, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0)); /* SYNCHRONIZE CACHE: durable */
    assert_good(write_block(b, 0, 0x22));
    write_block(b, 1024, 0x11); /* the ninth chunk of eight */
    expect_sense(b, 7, 0x27, 7);
    assert_good(sanitize(b, 0, 2));
    array_power(b->array, false);
    array_power(b->array, true);
    clear_attentions(b, 0);
    assert_int_equal(first_byte(b, 0), 0); /* not brought back from the cache */
    assert_good(write_block(b, 1024, 0x11));
}

static void many_blocks_that_do_not_fit_change_nothing(void **state)
{
    struct bench *b = *state;

    rebuild(b, bench_config(b, ARRAY_SYMMETRIC), (struct array_lun_config){.blocks = 2048, .pool = 1});
    memset(b->data, 0x11, 512);
    assert_good(OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 0, 0, 2, 0, 0)); /* 4 of 8 chunks */
    memset(b->data, 0x22, 512);
    OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 1, 0, 4, 0x80, 0); /* WRITE SAME, 9 chunks and a block */
    expect_sense(b, 7, 0x27, 7);
    assert_int_equal(first_byte(b, 1), 0x11);
    memset(b->data, 0xFF, 1152 * 512);
    OUT(b, 0, 0, 1152 * 512, 0x8B, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x04, 0x80, 0, 0); /* ORWRITE */
    expect_sense(b, 7, 0x27, 7);
    assert_int_equal(first_byte(b, 1), 0x11);
}

static void sanitize_of_a_file_takes_what_lies_behind_the_capacity(void **state)
{
    struct bench *b = *state;

    memset(&disk, 0, sizeof disk);
    disk.size = 40 * 512;
    memset(disk.bytes, 0x55, 40 * 512);
    rebuild(b, bench_config(b, ARRAY_SYMMETRIC),
            (struct array_lun_config){.blocks = 16, .media = ARRAY_MEDIA_FILE, .file = "f"});
    assert_int_equal(first_byte(b, 15), 0x55);
    assert_good(sanitize(b, 0, 2));
    assert_int_equal(disk.size, 40 * 512);
    for (unsigned i = 0; i < 40 * 512; i++)
        assert_int_equal(disk.bytes[i], 0);
}

static void an_atomic_write_is_whole_or_not_at_all(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    config.volatile_blocks = 16;
    rebuild(b, config, (struct array_lun_config){.blocks = 4096});
    memset(b->data, 0x33, 1024);
    assert_good(write_atomic(b, 10, 2, 1024));
    memset(b->data, 0x44, 1024);
    write_atomic(b, 10, 2, 1023); /* data missing: not even the first block */
    expect_sense(b, 5, 0x1A, 0);
    array_power(b->array, false); /* never in the volatile cache */
    array_power(b->array, true);
    clear_attentions(b, 0);
    assert_int_equal(first_byte(b, 10), 0x33);
    assert_int_equal(first_byte(b, 11), 0x33);
    assert_good(write_atomic(b, 10, 0, 0));

    assert_good(write_atomic(b, 0, 2048, 2048 * 512)); /* the limit of VPD page B0h */
    write_atomic(b, 0, 2049, 0);
    expect_sense(b, 5, 0x24, 0);
    assert_int_equal(b->cmd.sense[17], 12);
    write_atomic(b, 4095, 2, 1024);
    expect_sense(b, 5, 0x21, 0);
    OUT(b, 0, 0, 512, 0x9C, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0); /* a boundary */
    expect_sense(b, 5, 0x24, 0);
}

static void write_same_without_a_number_goes_to_the_end(void **state)
{
    struct bench *b = *state;

    assert_good(write_block(b, 997, 0x11));
    memset(b->data, 0x66, 512);
    assert_good(OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 3, 0xE6, 0, 0, 0, 0)); /* from 998 */
    assert_int_equal(first_byte(b, 997), 0x11);
    assert_int_equal(first_byte(b, 998), 0x66);
    assert_int_equal(first_byte(b, 999), 0x66);
    assert_good(IN(b, 0, 0, 0, 0x93, 0x09, 0, 0, 0, 0, 0, 0, 3, 0xE7, 0, 0, 0, 0, 0, 0)); /* NDOB, UNMAP */
    assert_int_equal(first_byte(b, 998), 0x66);
    assert_int_equal(first_byte(b, 999), 0);
    OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 3, 0xE8, 0, 0, 0, 0); /* behind the end */
    expect_sense(b, 5, 0x21, 0);

    rebuild(b, bench_config(b, ARRAY_SYMMETRIC), (struct array_lun_config){.blocks = 32769});
    assert_good(OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 1, 0, 0, 0, 0)); /* 32768: MAXIMUM WRITE SAME LENGTH */
    OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_sense(b, 5, 0x24, 0);
}

static void physical_blocks_are_told(void **state)
{
    struct bench *b = *state;
    const char *why = NULL;
    static const struct {
        uint32_t block, physical;
        uint16_t aligned;
        uint8_t exponent; /* 0xFF: refused */
        uint16_t granularity;
    } cases[] = {
        {512, 0, 0, 0, 8},         {512, 512, 0, 0, 8},        {512, 4096, 7, 3, 8},
        {512, 4096, 8, 0xFF, 0},   {512, 256, 0, 0xFF, 0},     {512, 1536, 0, 0xFF, 0},
        {4096, 4096, 0, 0, 1},     {4096, 512, 0, 0xFF, 0},    {512, 65536, 0, 7, 128},
        {512, 512u << 15, 16383, 15, 32768}, {512, 512u << 15, 16384, 0xFF, 0},
        {512, 512u << 16, 0, 0xFF, 0},       {4096, 4096u << 15, 0, 15, 32768},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct array_lun_config lun = {.number = (uint16_t)(i + 1), .block_size = cases[i].block,
                                       .blocks = 1000, .physical_block = cases[i].physical,
                                       .first_aligned = cases[i].aligned};
        bool good = array_add_lun(b->array, &lun, &why) == 0;
        assert_int_equal(good, cases[i].exponent != 0xFF);
        if (!good) {
            assert_non_null(why);
            continue;
        }
        clear_attentions(b, i + 1);
        assert_good(IN(b, 0, i + 1, 32, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
        assert_int_equal(b->data[13], cases[i].exponent);
        assert_int_equal(b->data[14] << 8 | b->data[15], 0xC000 | cases[i].aligned);
        assert_good(IN(b, 0, i + 1, 64, 0x12, 1, 0xB0, 0, 64, 0));
        assert_int_equal(b->data[6] << 8 | b->data[7], cases[i].granularity);
    }
}

static void defect_lists_are_empty(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 16, 0x37, 0, 0x18, 0, 0, 0, 0, 0, 16, 0));
    assert_int_equal(b->cmd.transferred, 4);
    assert_bytes(b, 0, 0x18, 0, 0);
    assert_good(IN(b, 0, 0, 16, 0x37, 0, 0x0B, 0, 0, 0, 0, 0, 16, 0));
    assert_bytes(b, 0, 0x0B, 0, 0);
    assert_good(IN(b, 0, 0, 3, 0x37, 0, 0x10, 0, 0, 0, 0, 0, 3, 0));
    assert_int_equal(b->cmd.transferred, 3);
    IN(b, 0, 0, 16, 0x37, 0, 0x15, 0, 0, 0, 0, 0, 16, 0); /* physical sectors */
    expect_sense(b, 1, 0x1C, 0);
    assert_int_equal(b->cmd.transferred, 4);
    assert_bytes(b, 0, 0x13, 0, 0);
    assert_good(IN(b, 0, 0, 16, 0xB7, 0x18, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0));
    assert_int_equal(b->cmd.transferred, 8);
    assert_bytes(b, 0, 0x18, 0, 0, 0, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, sanitize_erases_every_block),
        TEST_ON(symmetric_bench, sanitize_that_is_refused_erases_nothing),
        TEST_ON(symmetric_bench, sanitize_gives_space_back_and_survives_power),
        TEST_ON(symmetric_bench, many_blocks_that_do_not_fit_change_nothing),
        TEST_ON(symmetric_bench, sanitize_of_a_file_takes_what_lies_behind_the_capacity),
        TEST_ON(symmetric_bench, an_atomic_write_is_whole_or_not_at_all),
        TEST_ON(symmetric_bench, write_same_without_a_number_goes_to_the_end),
        TEST_ON(symmetric_bench, physical_blocks_are_told),
        TEST_ON(symmetric_bench, defect_lists_are_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
