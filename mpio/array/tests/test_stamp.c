/* SPDX-License-Identifier: MIT */
/*
 * Block stamps, verdict by verdict, and CRC-32C against published values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "array/crc32c.h"
#include "array/stamp.h"

static const struct block_stamp here = {
    .lba = 77, .generation = 3, .writer = 5, .lun = 2, .seed = 9};

static void crc_of_published_vectors(void **state)
{
    (void)state;
    uint8_t zeros[32] = {0}, ones[32];

    memset(ones, 0xFF, sizeof ones);
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, zeros, 32), 0x8A9136AA); /* RFC 3720 B.4 */
    assert_int_equal(crc32c(0, ones, 32), 0x62A8AB43);
    assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
    assert_int_equal(crc32c(0, NULL, 0), 0);
}

static void both_crc_implementations_agree_at_every_length_and_offset(void **state)
{
    (void)state;
    uint8_t bytes[80];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 151 + 7);
    for (unsigned at = 0; at < 8; at++)
        for (unsigned length = 0; length + at <= sizeof bytes; length++)
            assert_int_equal(crc32c(at, bytes + at, length),
                             crc32c_portable(at, bytes + at, length));
}

static void good_block_of_every_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {64, 65, 512, 4096};
    uint8_t block[4096];
    struct block_stamp found;

    for (unsigned i = 0; i < 4; i++) {
        stamp_fill(block, sizes[i], &here);
        assert_int_equal(stamp_check(block, sizes[i], &here, &found), STAMP_GOOD);
        assert_memory_equal(&found, &here, sizeof here);
    }
}

static void never_written_and_torn(void **state)
{
    (void)state;
    uint8_t block[512] = {0}, newer[512];
    struct block_stamp found, next = here;

    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_NEVER_WRITTEN);
    block[511] = 1;
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_TORN);
    next.generation++;
    stamp_fill(block, 512, &here);
    stamp_fill(newer, 512, &next);
    memcpy(block, newer, 256); /* the power went in the middle of the block */
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_TORN);
    for (unsigned i = 0; i < 512; i++) { /* any flipped bit */
        stamp_fill(block, 512, &here);
        block[i] ^= 0x10;
        assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_TORN);
    }
}

static void misdirected_and_foreign(void **state)
{
    (void)state;
    uint8_t block[512];
    struct block_stamp found, other;

    other = here, other.lba++;
    stamp_fill(block, 512, &other);
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_MISDIRECTED);
    assert_int_equal(found.lba, 78);
    other = here, other.lun++;
    stamp_fill(block, 512, &other);
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_MISDIRECTED);
    other = here, other.writer++;
    stamp_fill(block, 512, &other);
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_FOREIGN);
    assert_int_equal(found.writer, 6);
    other = here, other.seed++, other.lba++;
    stamp_fill(block, 512, &other);
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_FOREIGN);
    other = here, other.generation--; /* stale: the caller's to judge */
    stamp_fill(block, 512, &other);
    assert_int_equal(stamp_check(block, 512, &here, &found), STAMP_GOOD);
    assert_int_equal(found.generation, 2);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    assert_string_equal(stamp_verdict_name(STAMP_GOOD), "good");
    assert_string_equal(stamp_verdict_name(STAMP_NEVER_WRITTEN), "never written");
    assert_string_equal(stamp_verdict_name(STAMP_TORN), "torn");
    assert_string_equal(stamp_verdict_name(STAMP_MISDIRECTED), "misdirected");
    assert_string_equal(stamp_verdict_name(STAMP_FOREIGN), "foreign");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_of_published_vectors),
        cmocka_unit_test(both_crc_implementations_agree_at_every_length_and_offset),
        cmocka_unit_test(good_block_of_every_size),
        cmocka_unit_test(never_written_and_torn),
        cmocka_unit_test(misdirected_and_foreign),
        cmocka_unit_test(verdicts_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
