/* SPDX-License-Identifier: MIT */
/*
 * MODE SENSE and MODE SELECT: pages as bytes, what may change, and lists that must be refused as a
 * whole.
 */
#include "support.h"

static void all_pages_with_six_byte_header(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x1A, 0, 0x3F, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 4 + 8 + 20 + 12);
    assert_bytes(b, 43, 0, 0x10, 8, 0, 0, 0x03, 0xE8, 0, 0, 2, 0, /* header, 1000 blocks of 512 */
                 0x08, 0x12, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* WCE */
                 0x0A, 0x0A, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x3F, 0xFF, 255, 0)); /* no descriptor, subpages too */
    assert_int_equal(b->cmd.transferred, 4 + 20 + 12 + 32);
    assert_memory_equal(b->data + 36, ((uint8_t[]){0x4A, 1, 0, 28, 0}), 5);
}

static void ten_byte_header_with_long_lba(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){
                     .number = 1, .blocks = UINT64_C(0x123456789), .read_only = true});
    clear_attentions(b, 1);
    assert_good(IN(b, 0, 1, 255, 0x5A, 0x10, 0x08, 0, 0, 0, 0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 8 + 16 + 20);
    assert_bytes(b, 0, 42, 0, 0x90, 1, 0, 0, 16, 0, 0, 0, 1, 0x23, 0x45, 0x67, 0x89, 0, 0, 0, 0, 0,
                 0, 2, 0, 0x08, 0x12);
    assert_good(IN(b, 0, 1, 255, 0x1A, 0, 0x08, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0xFF, 0xFF, 0xFF, 0xFF}), 4);
}

static void changeable_default_and_saved_values(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x48, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0x08, 0x12, 0x04, 0}), 4);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x4A, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0x0A, 0x0A, 0x04, 0, 0x08}), 5);
    IN(b, 0, 0, 255, 0x1A, 8, 0xC8, 0, 255, 0);
    expect_sense(b, 5, 0x39, 0);
    IN(b, 0, 0, 255, 0x1A, 8, 0x1C, 0, 255, 0);
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 255, 0x1A, 8, 0x08, 1, 255, 0); /* no such subpage */
    expect_sense(b, 5, 0x24, 0);
    assert_int_equal(b->cmd.transferred, 0);
}

/* The 6-byte parameter list that switches the write cache. */
static void cache_list(struct bench *b, bool on)
{
    memset(b->data, 0, 64);
    b->data[4] = 0x08;
    b->data[5] = 0x12;
    b->data[6] = on ? 0x04 : 0;
}

static void write_cache_off_and_the_others_are_told(void **state)
{
    struct bench *b = *state;

    cache_list(b, true);
    assert_good(OUT(b, 0, 0, 24, 0x15, 0x10, 0, 0, 24, 0));
    assert_good(TUR(b, 1, 0)); /* nothing changed, nothing to tell */
    cache_list(b, false);
    assert_good(OUT(b, 0, 0, 24, 0x15, 0x10, 0, 0, 24, 0));
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x08, 0, 255, 0));
    assert_int_equal(b->data[6], 0);
    TUR(b, 1, 0);
    expect_sense(b, 6, 0x2A, 1);
    assert_good(TUR(b, 0, 0));
    assert_true(array_reset_lun(b->nexus[0], (uint8_t[8]){0}));
    clear_attentions(b, 0);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x08, 0, 255, 0));
    assert_int_equal(b->data[6], 0x04); /* back to the default */
}

static void select_ten_takes_back_what_sense_ten_gave(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x5A, 0, 0x3F, 0xFF, 0, 0, 0, 0, 255, 0));
    uint8_t length = (uint8_t)b->cmd.transferred;
    b->data[0] = b->data[1] = 0; /* mode data length is reserved in MODE SELECT */
    assert_good(OUT(b, 0, 0, length, 0x55, 0x10, 0, 0, 0, 0, 0, 0, length, 0));
}

static void lists_that_are_refused_change_nothing(void **state)
{
    struct bench *b = *state;

    cache_list(b, false);
    memcpy(b->data + 24, (uint8_t[]){0x0A, 0x0A, 0, 0x30}, 4); /* second page: a fixed bit */
    OUT(b, 0, 0, 36, 0x15, 0x10, 0, 0, 36, 0);
    expect_sense(b, 5, 0x26, 0);
    assert_memory_equal(b->cmd.sense + 15, ((uint8_t[]){0x80, 0, 27}), 3);
    cache_list(b, false);
    b->data[5] = 0x10; /* another page length than the page has */
    OUT(b, 0, 0, 24, 0x15, 0x10, 0, 0, 24, 0);
    expect_sense(b, 5, 0x26, 0);
    cache_list(b, false);
    OUT(b, 0, 0, 23, 0x15, 0x10, 0, 0, 23, 0); /* page cut short */
    expect_sense(b, 5, 0x1A, 0);
    OUT(b, 0, 0, 5, 0x15, 0x10, 0, 0, 5, 0); /* one byte of a page */
    assert_int_equal(b->cmd.status, 2);
    OUT(b, 0, 0, 23, 0x15, 0x10, 0, 0, 24, 0); /* told 24, sent 23 */
    expect_sense(b, 5, 0x1A, 0);
    OUT(b, 0, 0, 24, 0x15, 0x11, 0, 0, 24, 0); /* SP */
    expect_sense(b, 5, 0x24, 0);
    OUT(b, 0, 0, 24, 0x15, 0x00, 0, 0, 24, 0); /* no PF */
    expect_sense(b, 5, 0x24, 0);
    b->data[3] = 8; /* a descriptor of another block size */
    memcpy(b->data + 4, (uint8_t[]){0, 0, 0, 0, 0, 0, 0x10, 0}, 8);
    OUT(b, 0, 0, 12, 0x15, 0x10, 0, 0, 12, 0);
    expect_sense(b, 5, 0x26, 0);
    b->data[3] = 9;
    OUT(b, 0, 0, 12, 0x15, 0x10, 0, 0, 12, 0); /* descriptor longer than the list */
    expect_sense(b, 5, 0x1A, 0);
    assert_good(OUT(b, 0, 0, 0, 0x15, 0x10, 0, 0, 0, 0));
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x08, 0, 255, 0));
    assert_int_equal(b->data[6], 0x04);
    assert_good(TUR(b, 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, all_pages_with_six_byte_header),
        TEST_ON(symmetric_bench, ten_byte_header_with_long_lba),
        TEST_ON(symmetric_bench, changeable_default_and_saved_values),
        TEST_ON(symmetric_bench, write_cache_off_and_the_others_are_told),
        TEST_ON(symmetric_bench, select_ten_takes_back_what_sense_ten_gave),
        TEST_ON(symmetric_bench, lists_that_are_refused_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
