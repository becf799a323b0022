/* SPDX-License-Identifier: MIT */
/*
 * Space and what is behind the blocks: mapped and deallocated blocks, pools that run out, the write
 * cache that a loss of power empties, and which host sees which LUN.
 */
#include "support.h"

static void write_block(struct bench *b, unsigned lun, uint16_t lba, uint8_t fill, uint8_t flags)
{
    memset(b->data, fill, 512);
    assert_good(OUT(b, 0, lun, 512, 0x2A, flags, 0, 0, lba >> 8, lba & 0xFF, 0, 0, 1, 0));
}

static uint8_t first_byte(struct bench *b, unsigned lun, uint16_t lba)
{
    assert_good(IN(b, 0, lun, 512, 0x28, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, 1, 0));
    return b->data[0];
}

static uint8_t unmap(struct bench *b, unsigned lun, uint16_t lba, uint16_t blocks)
{
    memset(b->data, 0, 24);
    memcpy(b->data, (uint8_t[]){0, 22, 0, 16}, 4);
    b->data[14] = lba >> 8;
    b->data[15] = lba & 0xFF;
    b->data[18] = blocks >> 8;
    b->data[19] = blocks & 0xFF;
    return OUT(b, 0, lun, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
}

static void expect_status(struct bench *b, unsigned at, uint16_t lba, uint16_t blocks, uint8_t status)
{
    const uint8_t *d = b->data + 8 + 16 * at;

    assert_memory_equal(d, ((uint8_t[]){0, 0, 0, 0, 0, 0, lba >> 8, lba & 0xFF, 0, 0, blocks >> 8,
                                        blocks & 0xFF, status, 0, 0, 0}), 16);
}

#define GET_LBA_STATUS(b, lba, length) \
    IN(b, 0, 0, length, 0x9E, 0x12, 0, 0, 0, 0, 0, 0, (lba) >> 8, (lba) & 0xFF, 0, 0, (length) >> 8, \
       (length) & 0xFF, 0, 0)

static void lba_status_tells_every_run(void **state)
{
    struct bench *b = *state;

    assert_good(GET_LBA_STATUS(b, 0, 1000));
    assert_int_equal(b->cmd.transferred, 24);
    expect_status(b, 0, 0, 1000, 1);
    write_block(b, 0, 2, 1, 0);
    write_block(b, 0, 127, 1, 0); /* the last of a chunk, and the first of the next */
    write_block(b, 0, 128, 1, 0);
    assert_good(GET_LBA_STATUS(b, 0, 1000));
    assert_int_equal(b->cmd.transferred, 8 + 5 * 16);
    assert_int_equal(b->data[3], 4 + 5 * 16);
    expect_status(b, 0, 0, 2, 1);
    expect_status(b, 1, 2, 1, 0);
    expect_status(b, 2, 3, 124, 1);
    expect_status(b, 3, 127, 2, 0);
    expect_status(b, 4, 129, 871, 1);
    assert_good(GET_LBA_STATUS(b, 128, 24));
    expect_status(b, 0, 128, 1, 0);
    assert_good(GET_LBA_STATUS(b, 0, 24)); /* one descriptor fits */
    assert_int_equal(b->data[3], 20);
    assert_good(unmap(b, 0, 127, 1));
    assert_good(GET_LBA_STATUS(b, 127, 24));
    expect_status(b, 0, 127, 1, 1);
    assert_int_equal(first_byte(b, 0, 127), 0);
    assert_int_equal(first_byte(b, 0, 128), 1);
    assert_good(GET_LBA_STATUS(b, 999, 24));
    expect_status(b, 0, 999, 1, 1);
    GET_LBA_STATUS(b, 1000, 24);
    expect_sense(b, 5, 0x21, 0);
}

static void write_same_of_zeros_maps_unless_told_to_unmap(void **state)
{
    struct bench *b = *state;

    memset(b->data, 0, 512);
    assert_good(OUT(b, 0, 0, 512, 0x41, 0, 0, 0, 0, 10, 0, 0, 3, 0));
    assert_good(GET_LBA_STATUS(b, 10, 24));
    expect_status(b, 0, 10, 3, 0);
    memset(b->data, 0, 512);
    assert_good(OUT(b, 0, 0, 512, 0x41, 0x08, 0, 0, 0, 11, 0, 0, 1, 0));
    assert_good(GET_LBA_STATUS(b, 11, 24));
    expect_status(b, 0, 11, 1, 1);
    OUT(b, 0, 0, 512, 0x41, 0x18, 0, 0, 0, 11, 0, 0, 1, 0); /* ANCHOR: there are no anchors */
    expect_sense(b, 5, 0x24, 0);
}

/* Chunks go in an order of their own; whoever shared a way in the table with them must stay found. */
static void unmapped_chunks_leave_the_others_where_they_are(void **state)
{
    struct bench *b = *state;
    bool gone[200] = {false};

    bench_add(b, (struct array_lun_config){.number = 1, .blocks = 200 * 128});
    clear_attentions(b, 1);
    for (unsigned chunk = 0; chunk < 200; chunk++)
        write_block(b, 1, (uint16_t)(chunk * 128 + chunk % 128), (uint8_t)(chunk + 1), 0);
    for (unsigned i = 0; i < 200; i++) {
        unsigned victim = i * 73 % 200;
        assert_good(unmap(b, 1, (uint16_t)(victim * 128), 128));
        gone[victim] = true;
        for (unsigned chunk = 0; i % 20 == 0 && chunk < 200; chunk++)
            assert_int_equal(first_byte(b, 1, (uint16_t)(chunk * 128 + chunk % 128)),
                             gone[chunk] ? 0 : (uint8_t)(chunk + 1));
    }
}

static void a_shrunk_lun_forgets_its_tail(void **state)
{
    struct bench *b = *state;

    for (uint16_t lba = 0; lba < 1000; lba += 50)
        write_block(b, 0, lba, 7, 0);
    assert_int_equal(array_resize_lun(b->array, 0, 400), 0);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 9);
    assert_int_equal(array_resize_lun(b->array, 0, 1000), 0);
    TUR(b, 0, 0);
    assert_int_equal(first_byte(b, 0, 350), 7);
    for (uint16_t lba = 400; lba < 1000; lba += 50)
        assert_int_equal(first_byte(b, 0, lba), 0);
}

/* LUNs 1 and 2 in a pool of 4 chunks with a soft threshold at 3. */
static void pool(struct bench *b)
{
    assert_true(array_set_pool(b->array, 0, 4 * 65536, 75));
    bench_add(b, (struct array_lun_config){.number = 1, .pool = 1});
    bench_add(b, (struct array_lun_config){.number = 2, .pool = 1});
    clear_attentions(b, 1);
    clear_attentions(b, 2);
}

static void a_pool_warns_once_and_then_runs_out(void **state)
{
    struct bench *b = *state;

    pool(b);
    write_block(b, 1, 0, 1, 0);
    write_block(b, 2, 0, 1, 0);
    assert_good(TUR(b, 3, 1));
    write_block(b, 2, 128, 1, 0); /* the third chunk */
    for (unsigned lun = 1; lun <= 2; lun++) {
        for (unsigned port = 0; port < PORTS; port++) {
            TUR(b, port, lun);
            expect_sense(b, 6, 0x38, 7);
        }
    }
    assert_good(TUR(b, 0, 0)); /* LUN 0 has its own space */
    write_block(b, 1, 128, 1, 0);
    assert_good(IN(b, 0, 1, 64, 0x4D, 0, 0x4C, 0, 0, 0, 0, 0, 64, 0));
    assert_bytes(b, 0x0C, 0, 0, 24, 0, 1, 3, 8, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 3, 8, 0, 0, 0, 2, 1);
    OUT(b, 0, 1, 512, 0x2A, 0, 0, 0, 2, 0, 0, 0, 1, 0); /* a fifth */
    expect_sense(b, 7, 0x27, 7);
    write_block(b, 1, 5, 9, 0); /* what has space can be written */
    /* half of a write has space: nothing of it is written */
    memset(b->data, 5, 1024);
    OUT(b, 0, 1, 1024, 0x2A, 0, 0, 0, 0, 255, 0, 0, 2, 0);
    expect_sense(b, 7, 0x27, 7);
    assert_int_equal(first_byte(b, 1, 255), 0);

    assert_good(unmap(b, 2, 0, 256)); /* LUN 2 gives both its chunks back */
    write_block(b, 1, 512, 1, 0);
    TUR(b, 0, 1); /* up to the threshold again: told again */
    expect_sense(b, 6, 0x38, 7);
    assert_true(array_set_pool(b->array, 0, 8 * 65536, 0));
    assert_int_equal(array_remove_lun(b->array, 1), 0);
    assert_false(array_set_pool(b->array, 0, 65535, 0));
    assert_false(array_set_pool(b->array, ARRAY_MAX_POOLS, 65536, 0));
}

static void luns_that_no_pool_can_hold(void **state)
{
    struct bench *b = *state;
    struct array_lun_config lun = {.number = 5, .block_size = 512, .blocks = 8, .pool = 1};
    const char *why;

    assert_int_equal(array_add_lun(b->array, &lun, &why), -1); /* no such pool yet */
    assert_true(array_set_pool(b->array, 0, 65536, 100));
    lun.media = ARRAY_MEDIA_NULL;
    assert_int_equal(array_add_lun(b->array, &lun, &why), -1);
    lun.media = ARRAY_MEDIA_MEMORY;
    lun.pool = ARRAY_MAX_POOLS + 1;
    assert_int_equal(array_add_lun(b->array, &lun, &why), -1);
    lun.pool = 1;
    assert_int_equal(array_add_lun(b->array, &lun, &why), 0);
}

/* ---- the write cache ------------------------------------------------------------------------- */
static void volatile_bench(struct bench *b, uint32_t blocks, uint64_t seed)
{
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);

    array_destroy(b->array);
    config.volatile_blocks = blocks;
    config.cache_seed = seed;
    b->array = array_create(&config, NULL);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++)
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
    clear_attentions(b, 0);
}

static void power_cycle(struct bench *b)
{
    array_power(b->array, false);
    array_power(b->array, true);
    clear_attentions(b, 0);
}

static void a_loss_of_power_takes_what_was_not_flushed(void **state)
{
    struct bench *b = *state;

    volatile_bench(b, 16, 0);
    write_block(b, 0, 1, 1, 0);
    assert_good(IN(b, 0, 0, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    write_block(b, 0, 1, 2, 0);
    write_block(b, 0, 1, 3, 0);
    write_block(b, 0, 2, 2, 0x08); /* FUA */
    write_block(b, 0, 3, 2, 0);
    assert_int_equal(first_byte(b, 0, 1), 3);
    power_cycle(b);
    assert_int_equal(first_byte(b, 0, 1), 1);
    assert_int_equal(first_byte(b, 0, 2), 2);
    assert_int_equal(first_byte(b, 0, 3), 0);
    assert_good(GET_LBA_STATUS(b, 3, 24)); /* never written, and so it is again */
    expect_status(b, 0, 3, 997, 1);
}

static void a_flush_of_a_range_leaves_the_rest(void **state)
{
    struct bench *b = *state;

    volatile_bench(b, 16, 0);
    for (uint16_t lba = 0; lba < 6; lba++)
        write_block(b, 0, lba, 5, 0);
    assert_good(IN(b, 0, 0, 0, 0x35, 0, 0, 0, 0, 2, 0, 0, 2, 0));
    power_cycle(b);
    for (uint16_t lba = 0; lba < 6; lba++)
        assert_int_equal(first_byte(b, 0, lba), lba == 2 || lba == 3 ? 5 : 0);
}

static void a_full_cache_destages_the_oldest(void **state)
{
    struct bench *b = *state;

    volatile_bench(b, 4, 0);
    for (uint16_t lba = 0; lba < 5; lba++)
        write_block(b, 0, lba, 5, 0);
    write_block(b, 0, 2, 6, 0x08); /* leaves a hole in the ring */
    write_block(b, 0, 9, 5, 0);
    power_cycle(b);
    assert_int_equal(first_byte(b, 0, 0), 5);
    assert_int_equal(first_byte(b, 0, 1), 5);
    assert_int_equal(first_byte(b, 0, 2), 6);
    assert_int_equal(first_byte(b, 0, 3), 0);
    assert_int_equal(first_byte(b, 0, 4), 0);
    assert_int_equal(first_byte(b, 0, 9), 0);
}

static void without_wce_nothing_is_lost(void **state)
{
    struct bench *b = *state;

    volatile_bench(b, 16, 0);
    write_block(b, 0, 1, 1, 0);
    memset(b->data, 0, 24);
    b->data[4] = 0x08;
    b->data[5] = 0x12;
    assert_good(OUT(b, 0, 0, 24, 0x15, 0x10, 0, 0, 24, 0)); /* off: what is there is flushed */
    write_block(b, 0, 2, 1, 0);
    power_cycle(b);
    assert_int_equal(first_byte(b, 0, 1), 1);
    assert_int_equal(first_byte(b, 0, 2), 1);
    write_block(b, 0, 3, 1, 0); /* not saved: WCE is back */
    power_cycle(b);
    assert_int_equal(first_byte(b, 0, 3), 0);
}

static void a_seed_tears_between_blocks_never_inside(void **state)
{
    struct bench *b = *state;
    unsigned kept = 0;

    volatile_bench(b, 64, 42);
    memset(b->data, 5, 64 * 512);
    assert_good(OUT(b, 0, 0, 64 * 512, 0x2A, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    power_cycle(b);
    assert_good(IN(b, 0, 0, 64 * 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 64, 0));
    for (unsigned i = 0; i < 64; i++) {
        kept += b->data[i * 512] == 5;
        assert_true(b->data[i * 512] == 5 || b->data[i * 512] == 0);
        assert_memory_equal(b->data + i * 512, b->data + i * 512 + 1, 511);
    }
    assert_in_range(kept, 16, 48);
}

static void a_mirrored_cache_loses_nothing(void **state)
{
    struct bench *b = *state;

    write_block(b, 0, 1, 1, 0);
    power_cycle(b);
    assert_int_equal(first_byte(b, 0, 1), 1);
    assert_good(IN(b, 0, 0, 64, 0x12, 1, 0x86, 0, 64, 0));
    assert_int_equal(b->data[6], 0x02); /* NV_SUP */
    volatile_bench(b, ARRAY_MAX_VOLATILE, 0);
    assert_good(IN(b, 0, 0, 64, 0x12, 1, 0x86, 0, 64, 0));
    assert_int_equal(b->data[6], 0x01); /* V_SUP */
    struct array_config config = bench_config(b, ARRAY_SYMMETRIC);
    config.volatile_blocks = ARRAY_MAX_VOLATILE + 1;
    assert_null(array_create(&config, NULL));
}

/* ---- LUN mapping ----------------------------------------------------------------------------- */
static void hosts_see_what_is_mapped_for_them(void **state)
{
    struct bench *b = *state;
    struct array_nexus *other = array_login(b->array, 0, "iqn.2024-01.test:other");

    bench_add(b, (struct array_lun_config){.number = 7});
    clear_attentions(b, 7);
    clear_attentions(b, 0);
    assert_false(array_map_lun(b->array, "*:host", 0, 3)); /* no LUN 3 */
    assert_true(array_map_lun(b->array, "*:host", 300, 7));
    TUR(b, 0, 300);
    expect_sense(b, 6, 0x3F, 0x0E);
    assert_good(TUR(b, 0, 300));
    TUR(b, 0, 0);
    expect_sense(b, 5, 0x25, 0); /* LUN 0 is not mapped for it any more */
    assert_good(IN(b, 0, 0, 64, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0));
    assert_int_equal(b->cmd.transferred, 16);
    assert_memory_equal(b->data + 8, ((uint8_t[]){0x41, 0x2C}), 2);
    /* the same blocks, under another number for another host */
    write_block(b, 300, 1, 9, 0);
    assert_true(array_map_lun(b->array, "IQN.*:OTHER", 0, 7));
    struct array_nexus *mine = b->nexus[0];
    b->nexus[0] = other;
    while (TUR(b, 0, 0) == 2)
        assert_int_equal(b->cmd.sense[2], 6);
    assert_int_equal(first_byte(b, 0, 1), 9);
    TUR(b, 0, 300);
    expect_sense(b, 5, 0x25, 0);
    b->nexus[0] = mine;

    assert_true(array_map_lun(b->array, "*:host", 2, 0)); /* one more */
    TUR(b, 0, 300);
    expect_sense(b, 6, 0x3F, 0x0E);
    assert_true(array_unmap_lun(b->array, "*:host", 300));
    assert_false(array_unmap_lun(b->array, "*:host", 300));
    assert_false(array_unmap_lun(b->array, "nobody", 2));
    TUR(b, 0, 300);
    expect_sense(b, 5, 0x25, 0);
    TUR(b, 0, 2);
    expect_sense(b, 6, 0x3F, 0x0E);
    assert_good(TUR(b, 0, 2));
    assert_false(array_map_lun(b->array, "*", ARRAY_MAX_LUNS, 0));
    assert_true(array_map_lun(b->array, "*", ARRAY_MAX_LUNS - 1, 0));
    assert_good(TUR(b, 0, 2)); /* the first pattern that matches counts */
}

static void a_new_identity_is_told(void **state)
{
    struct bench *b = *state;

    assert_true(array_set_identity(b->array, 0, 0x77));
    TUR(b, 2, 0);
    expect_sense(b, 6, 0x3F, 5);
    assert_good(IN(b, 0, 0, 255, 0x12, 1, 0x83, 0, 255, 0));
    assert_int_equal(b->data[4 + 4 + 15], 0x77);
    assert_false(array_set_identity(b->array, 1, 0x77));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, lba_status_tells_every_run),
        TEST_ON(symmetric_bench, write_same_of_zeros_maps_unless_told_to_unmap),
        TEST_ON(symmetric_bench, unmapped_chunks_leave_the_others_where_they_are),
        TEST_ON(symmetric_bench, a_shrunk_lun_forgets_its_tail),
        TEST_ON(symmetric_bench, a_pool_warns_once_and_then_runs_out),
        TEST_ON(symmetric_bench, luns_that_no_pool_can_hold),
        TEST_ON(symmetric_bench, a_loss_of_power_takes_what_was_not_flushed),
        TEST_ON(symmetric_bench, a_flush_of_a_range_leaves_the_rest),
        TEST_ON(symmetric_bench, a_full_cache_destages_the_oldest),
        TEST_ON(symmetric_bench, without_wce_nothing_is_lost),
        TEST_ON(symmetric_bench, a_seed_tears_between_blocks_never_inside),
        TEST_ON(symmetric_bench, a_mirrored_cache_loses_nothing),
        TEST_ON(symmetric_bench, hosts_see_what_is_mapped_for_them),
        TEST_ON(symmetric_bench, a_new_identity_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
