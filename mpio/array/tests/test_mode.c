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
    assert_int_equal(b->cmd.transferred, 4 + 8 + 12 + 16 + 20 + 12 + 40 + 12);
    assert_bytes(b, 123, 0, 0x10, 8, 0, 0, 0x03, 0xE8, 0, 0, 2, 0, /* header, 1000 blocks of 512 */
                 0x81, 0x0A, 0xC0, 0, 0, 0, 0, 0, 0, 0, 0, 0,        /* AWRE, ARRE */
                 0x82, 0x0E, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                 0x88, 0x12, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* WCE */
                 0x8A, 0x0A, 0x02, 0x10, 0, 0, 0, 0, 0, 50, 0, 0,    /* GLTSD, busy 5 s */
                 0x9A, 0x26);
    assert_memory_equal(b->data + 112, ((uint8_t[]){0x9C, 0x0A, 0x08, 0}), 4); /* DEXCPT */
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x3F, 0xFF, 255, 0)); /* no descriptor, subpages too */
    assert_int_equal(b->cmd.transferred, 4 + 112 + 32);
    assert_memory_equal(b->data + 64, ((uint8_t[]){0xCA, 1, 0, 28, 0x04}), 5); /* TCMOS */
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x0A, 0xFF, 255, 0)); /* one page with its subpages */
    assert_int_equal(b->cmd.transferred, 4 + 12 + 32);
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
                 0, 2, 0, 0x88, 0x12);
    assert_good(IN(b, 0, 1, 255, 0x1A, 0, 0x08, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0xFF, 0xFF, 0xFF, 0xFF}), 4);
}

static void changeable_default_and_saved_values(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x48, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0x88, 0x12, 0x04, 0}), 4);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x4A, 0, 255, 0));
    assert_memory_equal(b->data + 4, ((uint8_t[]){0x8A, 0x0A, 0x04, 0, 0x08, 0x40, 0}), 7);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0xC8, 0, 255, 0)); /* saved */
    assert_memory_equal(b->data + 4, ((uint8_t[]){0x88, 0x12, 0x04, 0}), 4);
    IN(b, 0, 0, 255, 0x1A, 8, 0x18, 0, 255, 0); /* the bench speaks no transport */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 255, 0x1A, 8, 0x3F, 1, 255, 0); /* every page's subpage 1 */
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

static void saved_values_come_back_after_a_reset(void **state)
{
    struct bench *b = *state;

    cache_list(b, false);
    assert_good(OUT(b, 0, 0, 24, 0x15, 0x11, 0, 0, 24, 0)); /* SP */
    cache_list(b, true);
    assert_good(OUT(b, 0, 0, 24, 0x15, 0x10, 0, 0, 24, 0));
    assert_true(array_reset_lun(b->nexus[0], (uint8_t[8]){0}));
    clear_attentions(b, 0);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x08, 0, 255, 0));
    assert_int_equal(b->data[6], 0);
    assert_good(IN(b, 0, 0, 255, 0x1A, 8, 0x88, 0, 255, 0)); /* the default is another matter */
    assert_int_equal(b->data[6], 0x04);
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
    memcpy(b->data + 24, (uint8_t[]){0x0A, 0x0A, 2, 0x30}, 4); /* second page: a fixed bit */
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

/* The vendor-unique page of arrays from before ALUA: whoever writes it gets the LUN. */
static void a_vendor_page_moves_the_lun(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_ACTIVE_PASSIVE);

    array_destroy(b->array);
    config.quirks = ARRAY_QUIRK_FAILOVER_PAGE;
    config.passive_sense = 0x058401;
    b->array = array_create(&config, NULL);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++)
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
    for (unsigned port = 0; port < PORTS; port++)
        TUR(b, port, 0);
    IN(b, 3, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 5, 0x84, 1);
    assert_good(IN(b, 3, 0, 64, 0x1A, 8, 0x2C, 0, 64, 0));
    assert_bytes(b, 11, 0, 0x10, 0, 0x2C, 6, 0, 0, 0, 0, 0, 0);
    b->data[0] = b->data[2] = 0;
    b->data[6] = 1;
    assert_good(OUT(b, 3, 0, 12, 0x15, 0x10, 0, 0, 12, 0));
    assert_good(IN(b, 3, 0, 64, 0x1A, 8, 0x2C, 0, 64, 0));
    assert_int_equal(b->data[6], 1);
    assert_good(IN(b, 3, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    for (unsigned tries = 0; tries < 3; tries++)
        IN(b, 0, 0, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_sense(b, 5, 0x84, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, all_pages_with_six_byte_header),
        TEST_ON(symmetric_bench, ten_byte_header_with_long_lba),
        TEST_ON(symmetric_bench, changeable_default_and_saved_values),
        TEST_ON(symmetric_bench, write_cache_off_and_the_others_are_told),
        TEST_ON(symmetric_bench, saved_values_come_back_after_a_reset),
        TEST_ON(symmetric_bench, select_ten_takes_back_what_sense_ten_gave),
        TEST_ON(symmetric_bench, a_vendor_page_moves_the_lun),
        TEST_ON(symmetric_bench, lists_that_are_refused_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
