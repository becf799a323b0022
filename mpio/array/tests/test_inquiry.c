/* SPDX-License-Identifier: MIT */
/*
 * INQUIRY, vital product data, REPORT LUNS and READ CAPACITY against bytes worked out by hand from
 * SPC-4 and SBC-3.
 */
#include "support.h"

static void standard_inquiry_of_a_symmetric_array(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x12, 0, 0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 96);
    assert_bytes(b, 0x00, 0x00, 0x06, 0x12, 0x5B, 0x00, 0x10, 0x02, 'O', 'P', 'E', 'N', 'M', 'P',
                 'I', 'O', 'T', 'E', 'S', 'T', ' ', 'D', 'I', 'S', 'K', ' ', ' ', ' ', ' ', ' ',
                 ' ', ' ', '0', '0', '0', '1');
    assert_memory_equal(b->data + 58, ((uint8_t[]){0x00, 0x80, 0x04, 0x60, 0x04, 0xC0, 0, 0}), 8);
}

static void standard_inquiry_of_an_implicit_alua_array(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 96, 0x12, 0, 0, 0, 96, 0));
    assert_int_equal(b->data[5], 0x10);
}

static void inquiry_is_cut_to_allocation_length_and_to_buffer(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 96, 0x12, 0, 0, 0, 36, 0));
    assert_int_equal(b->cmd.transferred, 36);
    assert_good(IN(b, 0, 0, 5, 0x12, 0, 0, 0, 96, 0));
    assert_int_equal(b->cmd.transferred, 5);
    assert_int_equal(b->cmd.wanted, 96);
    assert_good(IN(b, 0, 0, 0, 0x12, 0, 0, 0, 0, 0));
    assert_int_equal(b->cmd.transferred, 0);
}

static void inquiry_where_no_lun_is(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 7, 96, 0x12, 0, 0, 0, 96, 0));
    assert_int_equal(b->data[0], 0x7F);
    assert_int_equal(TUR(b, 0, 7), 0x02);
    expect_sense(b, 5, 0x25, 0);
    assert_good(IN(b, 0, 7, 18, 0x03, 0, 0, 0, 18, 0));
    assert_bytes(b, 0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0);
}

static void inquiry_with_a_bad_field(void **state)
{
    struct bench *b = *state;

    IN(b, 0, 0, 96, 0x12, 0, 0x80, 0, 96, 0); /* page without EVPD */
    expect_sense(b, 5, 0x24, 0);
    assert_memory_equal(b->cmd.sense + 15, ((uint8_t[]){0xC0, 0, 2}), 3);
    IN(b, 0, 0, 96, 0x12, 1, 0x81, 0, 96, 0); /* unknown page */
    expect_sense(b, 5, 0x24, 0);
    IN(b, 0, 0, 96, 0x12, 2, 0, 0, 96, 0); /* CMDDT */
    expect_sense(b, 5, 0x24, 0);
}

static void supported_pages_and_serial_number(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 64, 0x12, 1, 0x00, 0, 64, 0));
    assert_int_equal(b->cmd.transferred, 14);
    assert_bytes(b, 0, 0, 0, 10, 0x00, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0xB0, 0xB1, 0xB2);
    assert_good(IN(b, 0, 0, 64, 0x12, 1, 0x80, 0, 64, 0));
    assert_int_equal(b->cmd.transferred, 24);
    assert_memory_equal(b->data, "\0\x80\0\x14"
                                 "0123456789ABCDEF0000",
                        24);
}

static void device_identification_through_the_last_port(void **state)
{
    struct bench *b = *state;
    static const uint8_t expected[] = {
        0, 0x83, 0, 128,                                                 /* page */
        0x01, 0x03, 0, 16,                                               /* NAA */
        0x61, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0, 0, 0, 0, 0, 0, 0, 0,
        0x02, 0x01, 0, 44,                                               /* T10 vendor id */
        'O', 'P', 'E', 'N', 'M', 'P', 'I', 'O',
        'T', 'E', 'S', 'T', ' ', 'D', 'I', 'S', 'K', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
        '0', '0', '0', '0',
        0x03, 0x08, 0, 40,                                               /* SCSI name string */
        'n', 'a', 'a', '.', '6', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D',
        'E', 'F', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0',
        0, 0, 0, 0,
        0x01, 0x14, 0, 4, 0, 0, 0, 4,                                    /* relative port 4 */
        0x01, 0x15, 0, 4, 0, 0, 0, 2,                                    /* group 2 */
    };
    _Static_assert(sizeof expected == 132, "page length 128");

    assert_good(IN(b, 3, 0, 255, 0x12, 1, 0x83, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, sizeof expected);
    assert_memory_equal(b->data, expected, sizeof expected);
}

static void rebuild(struct bench *b, struct array_config config)
{
    array_destroy(b->array);
    b->array = array_create(&config, NULL);
    assert_non_null(b->array);
    bench_add(b, (struct array_lun_config){.number = 0});
    b->nexus[3] = array_login(b->array, 3, "iqn.2024-01.test:host");
}

static void identifiers_in_an_order_of_their_own(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);
    static const uint8_t expected[] = {
        0, 0x83, 0, 60,
        0x01, 0x14, 0, 4, 0, 0, 0, 4,                                        /* relative port 4 */
        0x01, 0xA3, 0, 8, 0x53, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x00,    /* target device: FCP */
        0x01, 0x93, 0, 8, 0x53, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x04,    /* port */
        0x01, 0x06, 0, 4, 0, 0, 0x40, 0x01,                                  /* group of LUN 0 alone */
        0x01, 0x02, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0,                           /* EUI-64, 16 bytes */
        0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
    };

    config.transport = ARRAY_TRANSPORT_FC;
    memcpy(config.designators,
           ((uint8_t[]){ARRAY_DESIGNATOR_RELATIVE_PORT, ARRAY_DESIGNATOR_TARGET_NAME, ARRAY_DESIGNATOR_PORT_NAME,
                        ARRAY_DESIGNATOR_LUN_GROUP, ARRAY_DESIGNATOR_EUI64}), 5);
    rebuild(b, config);
    assert_good(IN(b, 3, 0, 255, 0x12, 1, 0x83, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, sizeof expected);
    assert_memory_equal(b->data, expected, sizeof expected);

    bench_add(b, (struct array_lun_config){.number = 1, .ownership_group = 7, .owner = 1});
    bench_add(b, (struct array_lun_config){.number = 2, .ownership_group = 7});
    for (unsigned lun = 1; lun <= 2; lun++) { /* told apart by whom they move with, not by their owners */
        assert_good(IN(b, 3, lun, 255, 0x12, 1, 0x83, 0, 255, 0));
        assert_memory_equal(b->data + 36, ((uint8_t[]){0x01, 0x06, 0, 4, 0, 0, 0, 7}), 8);
    }

    config.designators[0] = ARRAY_DESIGNATOR_LONG_T10;
    config.designators[1] = 0;
    rebuild(b, config);
    assert_good(IN(b, 3, 0, 512, 0x12, 1, 0x83, 2, 0, 0));
    assert_int_equal(b->data[7], 252);
    config.designators[1] = ARRAY_DESIGNATOR_TARGET_NAME + 1;
    assert_null(array_create(&config, NULL));
}

static void ports_by_the_names_of_their_transport(void **state)
{
    struct bench *b = *state;
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    config.transport = ARRAY_TRANSPORT_SAS;
    rebuild(b, config);
    assert_good(IN(b, 3, 0, 255, 0x12, 1, 0x88, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 4 + 4 * (12 + 12));
    assert_bytes(b, 0, 0x88, 0, 96, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 12, /* port 1, no initiator */
                 0x61, 0x93, 0, 8, 0x53, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x01, 0, 0, 0, 2);
    config.transport = ARRAY_TRANSPORT_ISCSI;
    config.target_name = "iqn.x:abcd"; /* with ",t,0x0002" 19 characters, and a NUL */
    rebuild(b, config);
    assert_good(IN(b, 3, 0, 255, 0x12, 1, 0x88, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 4 + 4 * (12 + 4 + 20));
    assert_memory_equal(b->data + 4 + 3 * 36 + 12, "\x53\x98\0\x14iqn.x:abcd,t,0x0002", 23);
    config.transport = ARRAY_TRANSPORT_SPI;
    rebuild(b, config);
    assert_good(IN(b, 3, 0, 255, 0x12, 1, 0x88, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 4 + 4 * 12);
    config.transport = ARRAY_TRANSPORT_SPI + 1;
    assert_null(array_create(&config, NULL));
}

static void block_pages(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 255, 0x12, 1, 0xB0, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 64);
    assert_bytes(b, 0, 0xB0, 0, 0x3C, 0x00, 0x80, 0, 8,    /* no WSNZ, CAW 128, granularity 8 */
                 0, 0, 0x80, 0, 0, 0, 0x08, 0,             /* at most 32768, best 2048 blocks */
                 0, 0, 0x80, 0, 0, 0x10, 0, 0, 0, 0, 1, 0, /* PRE-FETCH, UNMAP 512 MiB, 256 descriptors */
                 0, 0, 0, 128, 0x80, 0, 0, 0,              /* granularity, aligned */
                 0, 0, 0, 0, 0, 0, 0x80, 0,                /* WRITE SAME 32768 blocks */
                 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* WRITE ATOMIC 2048 */
    assert_good(IN(b, 0, 0, 255, 0x12, 1, 0xB1, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 64);
    assert_bytes(b, 0, 0xB1, 0, 0x3C, 0, 1, 0, 0x50, 0, 0);
    assert_good(IN(b, 0, 0, 255, 0x12, 1, 0xB2, 0, 255, 0));
    assert_int_equal(b->cmd.transferred, 8);
    assert_bytes(b, 0, 0xB2, 0, 4, 7, 0xE4, 2, 0);
}

static void report_luns_lists_both_addressing_methods_in_order(void **state)
{
    struct bench *b = *state;

    bench_add(b, (struct array_lun_config){.number = 256});
    bench_add(b, (struct array_lun_config){.number = 255});
    bench_add(b, (struct array_lun_config){.number = ARRAY_MAX_LUNS - 1});
    assert_good(IN(b, 0, 99, 256, 0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0));
    assert_int_equal(b->cmd.transferred, 8 + 4 * 8);
    assert_bytes(b, 0, 0, 0, 32, 0, 0, 0, 0,       /* header */
                 0, 0, 0, 0, 0, 0, 0, 0,           /* 0 */
                 0, 0xFF, 0, 0, 0, 0, 0, 0,        /* 255 */
                 0x41, 0x00, 0, 0, 0, 0, 0, 0,     /* 256 */
                 0x7F, 0xFF, 0, 0, 0, 0, 0, 0);    /* 16383 */
    clear_attentions(b, ARRAY_MAX_LUNS - 1);
    assert_good(TUR(b, 0, ARRAY_MAX_LUNS - 1));
    assert_good(IN(b, 0, 0, 20, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0));
    assert_int_equal(b->cmd.transferred, 20); /* cut in the middle of an entry */
    assert_int_equal(b->data[3], 32);
    IN(b, 0, 0, 20, 0xA0, 0, 3, 0, 0, 0, 0, 0, 0, 20, 0, 0);
    expect_sense(b, 5, 0x24, 0);
}

static void lun_addresses_that_name_nobody(void **state)
{
    struct bench *b = *state;
    static const uint8_t cdb[6];
    static const uint8_t wrong[][8] = {
        {1, 0},                         /* peripheral addressing on bus 1 */
        {0x80, 0},                      /* logical unit addressing */
        {0xC1, 0x01},                   /* REPORT LUNS well-known LUN */
        {0, 0, 0, 1},                   /* a second level */
        {0x7F, 0xFF},                   /* last number, not there */
    };

    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        b->cmd = (struct array_cmd){.cdb = cdb, .cdb_length = 6};
        memcpy(b->cmd.lun, wrong[i], 8);
        assert_int_equal(array_execute(b->nexus[0], &b->cmd), ARRAY_DONE);
        expect_sense(b, 5, 0x25, 0);
    }
    b->cmd = (struct array_cmd){.cdb = cdb, .cdb_length = 6, .lun = {0x40, 0}}; /* flat */
    assert_int_equal(array_execute(b->nexus[0], &b->cmd), ARRAY_DONE);
    assert_good(b->cmd.status);
}

static void read_capacity_below_and_above_32_bits(void **state)
{
    struct bench *b = *state;

    assert_good(IN(b, 0, 0, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_bytes(b, 0, 0, 0x03, 0xE7, 0, 0, 2, 0);
    assert_good(IN(b, 0, 0, 32, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
    assert_int_equal(b->cmd.transferred, 32);
    assert_bytes(b, 0, 0, 0, 0, 0, 0, 0x03, 0xE7, 0, 0, 2, 0, 0, 0, 0xC0, 0);

    bench_add(b, (struct array_lun_config){
                     .number = 1, .block_size = 4096, .blocks = UINT64_C(0x100000000)});
    bench_add(b, (struct array_lun_config){
                     .number = 2, .block_size = 4096, .blocks = UINT64_C(0x100000001)});
    clear_attentions(b, 1);
    clear_attentions(b, 2);
    assert_good(IN(b, 0, 1, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_bytes(b, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x10, 0);
    assert_good(IN(b, 0, 2, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    assert_bytes(b, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0x10, 0);
    assert_good(IN(b, 0, 2, 12, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0));
    assert_int_equal(b->cmd.transferred, 12);
    assert_bytes(b, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x10, 0);
    IN(b, 0, 0, 8, 0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0);
    expect_sense(b, 5, 0x24, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, standard_inquiry_of_a_symmetric_array),
        TEST_ON(alua_bench, standard_inquiry_of_an_implicit_alua_array),
        TEST_ON(symmetric_bench, inquiry_is_cut_to_allocation_length_and_to_buffer),
        TEST_ON(symmetric_bench, inquiry_where_no_lun_is),
        TEST_ON(symmetric_bench, inquiry_with_a_bad_field),
        TEST_ON(symmetric_bench, supported_pages_and_serial_number),
        TEST_ON(symmetric_bench, device_identification_through_the_last_port),
        TEST_ON(symmetric_bench, identifiers_in_an_order_of_their_own),
        TEST_ON(symmetric_bench, ports_by_the_names_of_their_transport),
        TEST_ON(symmetric_bench, block_pages),
        TEST_ON(symmetric_bench, report_luns_lists_both_addressing_methods_in_order),
        TEST_ON(symmetric_bench, lun_addresses_that_name_nobody),
        TEST_ON(symmetric_bench, read_capacity_below_and_above_32_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
