/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing: every CDB length, the limits and one past them, short and missing buffers,
 * the special writes, write protection and the three kinds of media.
 */
#include "support.h"
#include "array/stamp.h"

static void fill(struct bench *b, uint32_t length, uint8_t first)
{
    for (uint32_t i = 0; i < length; i++)
        b->data[i] = (uint8_t)(first + i * 7 + i / 256);
}

/* Reads back with READ(16) and compares with what fill() gives. */
static void expect_blocks(struct bench *b, unsigned lun, uint16_t lba, uint8_t blocks,
                          uint8_t first)
{
    uint32_t length = 512u * blocks;
    uint8_t *expected = malloc(length);

    fill(b, length, first);
    memcpy(expected, b->data, length);
    memset(b->data, 0xEE, length);
    assert_good(IN(b, 1, lun, length, 0x88, 0, 0, 0, 0, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, 0,
                   blocks, 0, 0));
    assert_int_equal(b->cmd.transferred, length);
    assert_memory_equal(b->data, expected, length);
    free(expected);
}

static void every_length_of_cdb_reaches_the_same_block(void **state)
{
    struct bench *b = *state;

    fill(b, 512, 1);
    assert_good(OUT(b, 0, 0, 512, 0x0A, 0, 0, 9, 1, 0));
    expect_blocks(b, 0, 9, 1, 1);
    fill(b, 512, 2);
    assert_good(OUT(b, 0, 0, 512, 0x2A, 0x08, 0, 0, 0, 9, 0, 0, 1, 0)); /* with FUA */
    expect_blocks(b, 0, 9, 1, 2);
    fill(b, 512, 3);
    assert_good(OUT(b, 0, 0, 512, 0xAA, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0));
    expect_blocks(b, 0, 9, 1, 3);
    fill(b, 512, 4);
    assert_good(OUT(b, 0, 0, 512, 0x8A, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0));
    expect_blocks(b, 0, 9, 1, 4);
    fill(b, 512, 5);
    assert_good(OUT(b, 0, 0, 512, 0x2E, 0, 0, 0, 0, 9, 0, 0, 1, 0)); /* WRITE AND VERIFY */
    assert_good(IN(b, 0, 0, 512, 0x08, 0, 0, 9, 1, 0));
    assert_int_equal(b->data[0], 5);
    assert_good(IN(b, 0, 0, 512, 0xA8, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0));
    assert_int_equal(b->data[0], 5);
    assert_good(IN(b, 0, 0, 256 * 512, 0x08, 0, 0, 0, 0, 0)); /* READ(6) of "0" blocks is 256 */
    assert_int_equal(b->cmd.transferred, 256 * 512);
    assert_int_equal(b->data[9 * 512], 5);
}

static void last_block_and_one_past(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0x03, 0xE7, 0, 0, 1, 0)); /* 999 */
    IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0x03, 0xE8, 0, 0, 1, 0);
    expect_sense(b, 5, 0x21, 0);
    IN(b, 0, 0, 1024, 0x28, 0, 0, 0, 0x03, 0xE7, 0, 0, 2, 0);
    expect_sense(b, 5, 0x21, 0);
    assert_int_equal(b->cmd.transferred, 0);
    assert_good(IN(b, 0, 0, 0, 0x28, 0, 0, 0, 0x03, 0xE7, 0, 0, 0, 0)); /* no blocks is no error */
    IN(b, 0, 0, 0, 0x28, 0, 0, 0, 0x03, 0xE8, 0, 0, 0, 0);
    expect_sense(b, 5, 0x21, 0);
    IN(b, 0, 0, 512, 0x88, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 0, 0);
    expect_sense(b, 5, 0x21, 0);
    assert_good(IN(b, 0, 0, 0, 0x35, 0, 0, 0, 0x03, 0xE7, 0, 0, 1, 0)); /* SYNCHRONIZE CACHE */
    IN(b, 0, 0, 0, 0x91, 0, 0, 0, 0, 0, 0, 0, 0x03, 0xE7, 0, 0, 0, 2, 0, 0);
    expect_sense(b, 5, 0x21, 0);
}

static void largest_transfer_and_one_past(void **state)
{
    struct bench *b = *state;

    bench_add(b,
              (struct array_lun_config){.number = 1, .blocks = 1 << 20, .media = ARRAY_MEDIA_NULL});
    clear_attentions(b, 1);
    /* 32768 blocks are 16 MiB; the buffer here is smaller, which is the initiator's affair */
    assert_good(IN(b, 0, 1, 512, 0xA8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x00, 0, 0));
    assert_int_equal(b->cmd.wanted, ARRAY_MAX_TRANSFER);
    IN(b, 0, 1, 512, 0xA8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x01, 0, 0);
    expect_sense(b, 5, 0x24, 0);
    assert_memory_equal(b->cmd.sense + 15, ((uint8_t[]){0xC0, 0, 6}), 3);
}

static void buffers_shorter_than_the_transfer(void **state)
{
    struct bench *b = *state;

    fill(b, 1024, 1);
    assert_good(OUT(b, 0, 0, 1024, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_good(IN(b, 0, 0, 700, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_int_equal(b->cmd.transferred, 700);
    assert_int_equal(b->cmd.wanted, 1024);
    memset(b->data, 0x55, 1000);
    assert_good(OUT(b, 0, 0, 1000, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0)); /* one whole block came */
    assert_int_equal(b->cmd.transferred, 512);
    fill(b, 1024, 1);
    uint8_t second = b->data[512];
    assert_good(IN(b, 0, 0, 1024, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_int_equal(b->data[511], 0x55);
    assert_int_equal(b->data[512], second);
    assert_good(
        OUT(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0)); /* a read of a data-out buffer */
    assert_int_equal(b->cmd.transferred, 0);
}

static void chunk_borders_and_never_written_blocks(void **state)
{
    struct bench *b = *state;

    fill(b, 8 * 512, 9);
    assert_good(OUT(b, 0, 0, 8 * 512, 0x2A, 0, 0, 0, 0, 124, 0, 0, 8, 0)); /* 64 KiB is block 128 */
    expect_blocks(b, 0, 124, 8, 9);
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0x03, 0, 0, 0, 1, 0));
    assert_int_equal(b->data[0] | b->data[511], 0);
}

static void many_scattered_chunks(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 1, .blocks = UINT64_C(1) << 40});
    clear_attentions(b, 1);
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < 200; i++) {
            if (pass == 0) {
                memset(b->data, (int)i + 1, 512);
                assert_good(OUT(b, 0, 1, 512, 0x8A, 0, 0, 0, 0, i, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0));
            } else {
                assert_good(IN(b, 0, 1, 512, 0x88, 0, 0, 0, 0, i, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0));
                assert_int_equal(b->data[511], i + 1);
            }
        }
}

static void verify_compares_and_points_at_the_difference(void **state)
{
    struct bench *b = *state;

    fill(b, 1024, 3);
    assert_good(OUT(b, 0, 0, 1024, 0x2A, 0, 0, 0, 0, 20, 0, 0, 2, 0));
    assert_good(IN(b, 0, 0, 0, 0x2F, 0, 0, 0, 0, 20, 0, 0, 2, 0));
    assert_good(OUT(b, 0, 0, 1024, 0x8F, 0x02, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0));
    b->data[600] ^= 1;
    OUT(b, 0, 0, 1024, 0xAF, 0x02, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0);
    expect_sense(b, 0xE, 0x1D, 0);
    assert_int_equal(b->cmd.sense[0], 0xF0);
    assert_memory_equal(b->cmd.sense + 3, ((uint8_t[]){0, 0, 0x02, 0x58}), 4);
    OUT(b, 0, 0, 100, 0x2F, 0x02, 0, 0, 0, 20, 0, 0, 1, 0);
    expect_sense(b, 5, 0x1A, 0);
    OUT(b, 0, 0, 512, 0x2F, 0x04, 0, 0, 0, 20, 0, 0, 1, 0);
    expect_sense(b, 5, 0x24, 0);
}

static void compare_and_write_swaps_only_when_equal(void **state)
{
    struct bench *b = *state;

    memset(b->data, 0, 512);
    memset(b->data + 512, 0xA1, 512);
    assert_good(OUT(b, 0, 0, 1024, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0));
    memset(b->data, 0xA1, 512);
    b->data[300] = 0xA2;
    OUT(b, 1, 0, 1024, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0);
    expect_sense(b, 0xE, 0x1D, 0);
    assert_int_equal(b->cmd.sense[0], 0xF0); /* information: 300 bytes in */
    assert_memory_equal(b->cmd.sense + 3, ((uint8_t[]){0, 0, 0x01, 0x2C}), 4);
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 30, 0, 0, 1, 0));
    assert_int_equal(b->data[300], 0xA1);
    assert_good(OUT(b, 0, 0, 0, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0));
    memset(b->data, 0, 16384); /* 16 blocks: the difference lies behind the first 4096 bytes */
    b->data[5000] = 1;
    OUT(b, 0, 0, 16384, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 16, 0, 0);
    expect_sense(b, 0xE, 0x1D, 0);
    assert_memory_equal(b->cmd.sense + 3, ((uint8_t[]){0, 0, 0x13, 0x88}), 4);
    assert_good(OUT(b, 0, 0, 512, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0)); /* for no blocks */
    assert_int_equal(b->cmd.wanted, 0);
    memset(b->data, 0, 256 * 512);
    assert_good(OUT(b, 0, 0, 256 * 512, 0x89, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 128, 0, 0));
    OUT(b, 0, 0, 258 * 512, 0x89, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 129, 0, 0);
    expect_sense(b, 5, 0x24, 0);
    OUT(b, 0, 0, 1023, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0);
    expect_sense(b, 5, 0x1A, 0);
}

static void unmap_and_write_same(void **state)
{
    struct bench *b = *state;

    memset(b->data, 0x77, 512);
    assert_good(OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 40, 0, 0, 10, 0));
    uint8_t list[40] = {0, 38, 0, 32, 0, 0, 0, 0, 0, 0, 0,    0,    0, 0, 0, 42, 0, 0, 0, 2,
                        0, 0,  0, 0,  0, 0, 0, 0, 0, 0, 0x03, 0xE7, 0, 0, 0, 1,  0, 0, 0, 0};
    list[35] = 2; /* the second range ends past the LUN: neither may happen */
    memcpy(b->data, list, 40);
    OUT(b, 0, 0, 40, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0);
    expect_sense(b, 5, 0x21, 0);
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 42, 0, 0, 1, 0));
    assert_int_equal(b->data[0], 0x77);
    list[35] = 1;
    memcpy(b->data, list, 40);
    assert_good(OUT(b, 0, 0, 40, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0));
    assert_good(IN(b, 0, 0, 5 * 512, 0x28, 0, 0, 0, 0, 40, 0, 0, 5, 0));
    assert_int_equal(b->data[1023], 0x77);
    assert_int_equal(b->data[1024], 0);
    assert_int_equal(b->data[2047], 0);
    assert_int_equal(b->data[2048], 0x77);
    assert_good(OUT(b, 0, 0, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    OUT(b, 0, 0, 7, 0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0);
    expect_sense(b, 5, 0x1A, 0);

    assert_good(OUT(b, 0, 0, 0, 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0)); /* NDOB */
    assert_good(IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 44, 0, 0, 1, 0));
    assert_int_equal(b->data[0], 0);
    OUT(b, 0, 0, 511, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 5, 0x1A, 0);
    OUT(b, 0, 0, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0); /* 32769 blocks */
    expect_sense(b, 5, 0x24, 0);
}

static void unmap_limits_and_one_past(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 1, .blocks = 1 << 22});
    clear_attentions(b, 1);
    memset(b->data, 0, 8192);
    memcpy(b->data, (uint8_t[]){0x10, 0x06, 0x10, 0x00}, 4); /* 256 descriptors */
    assert_good(OUT(b, 0, 1, 8 + 4096, 0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x08, 0));
    memcpy(b->data, (uint8_t[]){0x10, 0x16, 0x10, 0x10}, 4); /* 257 */
    OUT(b, 0, 1, 8 + 4112, 0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x18, 0);
    expect_sense(b, 5, 0x26, 0);
    memcpy(b->data, (uint8_t[]){0, 22, 0, 16}, 4);
    memcpy(b->data + 16, (uint8_t[]){0, 0x10, 0, 0}, 4); /* 2^20 blocks are 512 MiB */
    assert_good(OUT(b, 0, 1, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0));
    b->data[19] = 1;
    OUT(b, 0, 1, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    expect_sense(b, 5, 0x26, 0);
}

static void read_only_and_software_write_protect(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 1, .read_only = true});
    clear_attentions(b, 1);
    OUT(b, 0, 1, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 7, 0x27, 0);
    assert_good(IN(b, 0, 1, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    memcpy(b->data, (uint8_t[]){0, 0, 0, 0, 0x0A, 0x0A, 2, 0x10, 0x08, 0, 0, 0, 0, 50, 0, 0}, 16);
    assert_good(OUT(b, 0, 0, 16, 0x15, 0x10, 0, 0, 16, 0));
    OUT(b, 0, 0, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 7, 0x27, 2);
}

static void a_stopped_unit_needs_a_start(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 0, 0x1B, 0, 0, 0, 0, 0));
    TUR(b, 1, 0);
    expect_sense(b, 2, 0x04, 2);
    IN(b, 1, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 2, 0x04, 2);
    assert_good(IN(b, 1, 0, 0, 0x1B, 0, 0, 0, 1, 0));
    assert_good(TUR(b, 0, 0));
    assert_good(IN(b, 0, 0, 0, 0x1B, 0, 0, 0, 0, 0));
    assert_true(array_reset_lun(b->nexus[0], (uint8_t[8]){0})); /* a reset starts it, too */
    clear_attentions(b, 0);
    assert_good(TUR(b, 0, 0));
    IN(b, 0, 0, 0, 0x1B, 0, 0, 0, 2, 0); /* LOEJ */
    expect_sense(b, 5, 0x24, 0);
}

static void null_media_move_nothing(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 1, .media = ARRAY_MEDIA_NULL});
    clear_attentions(b, 1);
    memset(b->data, 0x3C, 512);
    assert_good(OUT(b, 0, 1, 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    assert_int_equal(b->cmd.transferred, 512);
    memset(b->data, 0x3D, 512);
    assert_good(IN(b, 0, 1, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    assert_int_equal(b->cmd.transferred, 512);
    assert_int_equal(b->data[100], 0x3D);
}

static void file_media_keep_blocks_and_report_failures(void **state)
{
    struct bench *b = *state;
    struct array_lun_config config = {
        .number = 1, .block_size = 512, .blocks = 128, .media = ARRAY_MEDIA_FILE, .file = "f"};
    const char *why;

    bench_add(b, config);
    clear_attentions(b, 1);
    fill(b, 3000, 4);
    assert_good(OUT(b, 0, 1, 8 * 512, 0x2A, 0, 0, 0, 0, 2, 0, 0, 8, 0));
    assert_memory_equal(disk.bytes + 1024, b->data, 8 * 512);
    assert_good(OUT(b, 0, 1, 8 * 512, 0x2F, 2, 0, 0, 0, 2, 0, 0, 8, 0));
    assert_good(IN(b, 0, 1, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_int_equal(disk.syncs, 1);
    assert_good(OUT(b, 0, 1, 0, 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0));
    assert_int_equal(disk.bytes[1536], 0);
    disk.fails = true;
    IN(b, 0, 1, 512, 0x28, 0, 0, 0, 0, 2, 0, 0, 1, 0);
    expect_sense(b, 3, 0x11, 0);
    assert_int_equal(b->cmd.transferred, 0);
    OUT(b, 0, 1, 512, 0x2A, 0, 0, 0, 0, 2, 0, 0, 1, 0);
    expect_sense(b, 3, 0x0C, 0);
    IN(b, 0, 1, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_sense(b, 3, 0x0C, 0);
    disk.fails = false;

    config.number = 2;
    config.blocks = 129; /* one more than the stand-in's disk holds */
    assert_int_equal(array_add_lun(b->array, &config, &why), -1);
    disk.no_open = true;
    assert_int_equal(array_add_lun(b->array, &config, &why), -1);
    assert_string_equal(why, "the LUN's media file cannot be opened or created");
}

static void checksum_covers_the_bytes_moved(void **state)
{
    struct bench *b = *state;

    fill(b, 1024, 8);
    assert_good(OUT(b, 0, 0, 1024, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_int_equal(b->cmd.checksum, 0);
    array_checksum(b->array, true);
    assert_good(OUT(b, 0, 0, 1024, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_int_equal(b->cmd.checksum, crc32c(0, b->data, 1024));
    uint32_t first_700 = crc32c(0, b->data, 700);
    assert_good(IN(b, 0, 0, 700, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0));
    assert_int_equal(b->cmd.checksum, first_700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, every_length_of_cdb_reaches_the_same_block),
        TEST_ON(symmetric_bench, last_block_and_one_past),
        TEST_ON(symmetric_bench, largest_transfer_and_one_past),
        TEST_ON(symmetric_bench, buffers_shorter_than_the_transfer),
        TEST_ON(symmetric_bench, chunk_borders_and_never_written_blocks),
        TEST_ON(symmetric_bench, many_scattered_chunks),
        TEST_ON(symmetric_bench, verify_compares_and_points_at_the_difference),
        TEST_ON(symmetric_bench, compare_and_write_swaps_only_when_equal),
        TEST_ON(symmetric_bench, unmap_and_write_same),
        TEST_ON(symmetric_bench, unmap_limits_and_one_past),
        TEST_ON(symmetric_bench, read_only_and_software_write_protect),
        TEST_ON(symmetric_bench, a_stopped_unit_needs_a_start),
        TEST_ON(symmetric_bench, null_media_move_nothing),
        TEST_ON(symmetric_bench, file_media_keep_blocks_and_report_failures),
        TEST_ON(symmetric_bench, checksum_covers_the_bytes_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
