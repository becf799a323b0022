/* SPDX-License-Identifier: MIT */
/*
 * Plug-ins: the example of docs/examples, compiled in, and one that lies in everything it can.
 */
#include "support.h"

#include "../../../docs/examples/array_plugin.c"

static void plugged(struct bench *b, const struct mpio_array_plugin *table, const char *argument)
{
    struct array_config config = bench_config(b, ARRAY_ALUA_IMPLICIT);
    const char *why = NULL;

    array_destroy(b->array);
    b->array = array_create(&config, NULL);
    if (!array_set_plugin(b->array, table, argument, &why))
        fail_msg("%s", why);
    bench_add(b, (struct array_lun_config){.number = 0});
    for (unsigned port = 0; port < PORTS; port++) {
        b->nexus[port] = array_login(b->array, port, "iqn.2024-01.test:host");
        TUR(b, port, 0);
    }
}

static void the_example_answers_its_own_command(void **state)
{
    struct bench *b = *state;

    plugged(b, mpio_array_plugin(), "");
    assert_good(IN(b, 3, 0, 2, 0xC3, 0, 0, 0, 0, 0));
    assert_bytes(b, 0, 0);
    assert_good(IN(b, 3, 0, 2, 0xC3, 1, 0, 0, 0, 0));
    assert_bytes(b, 1, 1);
    TUR(b, 0, 0);
    expect_sense(b, 6, 0x2A, 6); /* the groups changed */
    assert_good(IN(b, 0, 0, 2, 0xC3, 0, 0, 0, 0, 0));
    assert_bytes(b, 1, 1);
    assert_good(TUR(b, 0, 0)); /* the server still answers the rest */
    assert_good(IN(b, 0, 0, 96, 0x12, 0, 0, 0, 96, 0));
    IN(b, 0, 9, 2, 0xC3, 0, 0, 0, 0, 0); /* passed on: no such LUN */
    expect_sense(b, 5, 0x25, 0);
}

static void the_example_changes_an_answer(void **state)
{
    struct bench *b = *state;

    plugged(b, mpio_array_plugin(), "strict");
    assert_good(TUR(b, 0, 0));
    TUR(b, 2, 0);
    expect_sense(b, 2, 0x04, 0x81);
}

static void what_cannot_be_plugged_in(void **state)
{
    struct bench *b = *state;
    struct mpio_array_plugin other = *mpio_array_plugin();
    const char *why = NULL;

    assert_false(array_set_plugin(b->array, mpio_array_plugin(), "lenient", &why));
    assert_string_equal(why, "the argument is \"strict\" or nothing");
    other.version++;
    assert_false(array_set_plugin(b->array, &other, "", &why));
    other = *mpio_array_plugin();
    other.size--;
    assert_false(array_set_plugin(b->array, &other, "", &why));
    other = *mpio_array_plugin();
    other.destroy = NULL;
    assert_false(array_set_plugin(b->array, &other, "", &why));
    assert_false(array_load_plugin(b->array, "nowhere.so", "", &why));
    assert_string_equal(why, "no such file");
    assert_true(array_set_plugin(b->array, mpio_array_plugin(), "", &why));
    assert_false(array_set_plugin(b->array, mpio_array_plugin(), "", &why)); /* one is enough */
}

static enum mpio_array_verdict lie(void *state, struct mpio_array_command *c)
{
    (void)state;
    c->transferred = UINT32_MAX;
    c->sense_length = 255;
    c->status = c->cdb[5];
    return MPIO_ARRAY_ANSWERED;
}

static void a_plugin_that_lies_is_held_to_its_bounds(void **state)
{
    struct bench *b = *state;
    static struct mpio_array_plugin liar;

    liar = *mpio_array_plugin();

    liar.command = lie;
    plugged(b, &liar, "");
    IN(b, 0, 0, 7, 0x12, 0, 0, 0, 7, 0x02);
    assert_int_equal(b->cmd.transferred, 7);
    assert_int_equal(b->cmd.sense_length, ARRAY_MAX_SENSE);
    IN(b, 0, 0, 0, 0x12, 0, 0, 0, 0, 0x08);
    assert_int_equal(b->cmd.transferred, 0);
    assert_int_equal(b->cmd.sense_length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_ON(symmetric_bench, the_example_answers_its_own_command),
        TEST_ON(symmetric_bench, the_example_changes_an_answer),
        TEST_ON(symmetric_bench, what_cannot_be_plugged_in),
        TEST_ON(symmetric_bench, a_plugin_that_lies_is_held_to_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
