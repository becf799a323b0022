/* SPDX-License-Identifier: MIT */
/* REPORT TARGET PORT GROUPS that lies as often as asked, and then tells the truth again. */
#include "support.h"

static int implicit_bench(void **state)
{
    struct bench *b = bench_make(ARRAY_ALUA_IMPLICIT, 0);

    clear_attentions(b, 0);
    *state = b;
    return 0;
}

static void report(struct bench *b, uint8_t room)
{
    assert_good(IN(b, 0, 0, room, 0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, room, 0, 0));
}

static void assert_truth(struct bench *b)
{
    report(b, 64);
    assert_int_equal(b->cmd.transferred, 36);
    assert_bytes(b, 0, 0, 0, 32, 0x80, 0x8F, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x8F, 0, 2);
}

static void a_group_is_missing(void **state)
{
    struct bench *b = *state;

    array_wrong_report(b->array, ARRAY_LIE_MISSING_GROUP, 2);
    for (unsigned i = 0; i < 2; i++) {
        report(b, 64);
        assert_int_equal(b->cmd.transferred, 20);
        assert_bytes(b, 0, 0, 0, 16, 0x01, 0x8F, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4);
    }
    assert_truth(b);
}

static void every_state_is_a_reserved_one(void **state)
{
    struct bench *b = *state;

    array_wrong_report(b->array, ARRAY_LIE_BAD_STATE, 1);
    report(b, 64);
    assert_bytes(b, 0, 0, 0, 32, 0x8B);
    assert_int_equal(b->data[20], 0x0B);
    assert_truth(b);
}

static void the_length_is_more_than_there_is(void **state)
{
    struct bench *b = *state;

    array_wrong_report(b->array, ARRAY_LIE_BAD_LENGTH, 1);
    report(b, 64);
    assert_int_equal(b->cmd.transferred, 36);
    assert_bytes(b, 0, 0, 0x10, 32, 0x80);
    assert_truth(b);
}

/* Who asks for the length alone gets no lie, and takes none away; a cut answer is changed where it is. */
static void short_answers_stay_within_their_buffer(void **state)
{
    struct bench *b = *state;

    array_wrong_report(b->array, ARRAY_LIE_MISSING_GROUP, 1);
    report(b, 4);
    assert_bytes(b, 0, 0, 0, 32);
    report(b, 10);
    assert_int_equal(b->cmd.transferred, 10);
    assert_bytes(b, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0);
    assert_truth(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(implicit_bench, a_group_is_missing),
        TEST_ON(implicit_bench, every_state_is_a_reserved_one),
        TEST_ON(implicit_bench, the_length_is_more_than_there_is),
        TEST_ON(implicit_bench, short_answers_stay_within_their_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
