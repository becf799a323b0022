/* SPDX-License-Identifier: MIT */
/* The growable buffer and the error record. */
#include "support.h"

#include "text/buffer.h"
#include "text/text_error.h"

static void buffer_grows_and_stays_terminated(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 1000; i++)
        assert_true(buffer_printf(&buffer, "%03d,", i));
    assert_int_equal(buffer.length, 4000);
    assert_int_equal(strlen(buffer_text(&buffer)), 4000);
    assert_memory_equal(buffer.data + 3996, "999,", 4);
    buffer_free(&buffer);
}

static void buffer_at_its_limit_and_one_past(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 4);
    assert_true(buffer_append(&buffer, "abcd", 4));
    assert_false(buffer_append_byte(&buffer, 'e'));
    assert_true(buffer.failed);
    assert_string_equal(buffer_text(&buffer), "abcd");
    assert_false(buffer_append(&buffer, "", 0)); /* failed once, failed for good */
    buffer_clear(&buffer);
    assert_false(buffer_append(&buffer, "abcde", 5));
    assert_string_equal(buffer_text(&buffer), ""); /* an append is whole or not at all */
    buffer_clear(&buffer);
    assert_true(buffer_printf(&buffer, "%d", 1234));
    assert_null((buffer_append_byte(&buffer, '5'), buffer_take(&buffer, NULL)));
    assert_int_equal(buffer.length, 0);
    buffer_free(&buffer);
}

static void taken_buffer_belongs_to_the_caller(void **state)
{
    struct buffer buffer = {0};
    size_t length = 99;

    (void)state;
    char *empty = buffer_take(&buffer, &length);
    assert_string_equal(empty, "");
    assert_int_equal(length, 0);
    buffer_append_text(&buffer, "text");
    char *text = buffer_take(&buffer, &length);
    assert_int_equal(length, 4);
    assert_string_equal(text, "text");
    assert_int_equal(buffer.length, 0);
    free(empty);
    free(text);
}

static void error_names_file_and_line(void **state)
{
    struct text_error error;
    char out[64];

    (void)state;
    assert_false(text_error_set(&error, "a.inf", 7, 3, "bad \"%s\"", "x\x1b[2J"));
    assert_int_equal(error.column, 3);
    assert_int_equal(text_error_format(&error, out, sizeof out), 20);
    assert_string_equal(out, "a.inf:7: bad \"x?[2J\"");
    text_error_set(&error, "a.inf", 0, 0, "too big");
    text_error_format(&error, out, sizeof out);
    assert_string_equal(out, "a.inf: too big");
    text_error_set(&error, NULL, 0, 0, "no");
    text_error_format(&error, out, sizeof out);
    assert_string_equal(out, "no");
    assert_false(text_error_set(NULL, "a", 1, 1, "nobody listens"));
}

static void long_error_is_cut_at_a_whole_character(void **state)
{
    struct text_error error;
    char text[300];

    (void)state;
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "\xE2\x82\xAC", 4);
    text_error_set(&error, NULL, 0, 0, "%s", text); /* 199 bytes fit: 66 characters and a third */
    assert_int_equal(strlen(error.message), 198);
    text_error_set(&error, NULL, 0, 0, "x%s", text);
    assert_int_equal(strlen(error.message), 199);
    text_error_set(&error, NULL, 0, 0, "xx%s", text);
    assert_int_equal(strlen(error.message), 197);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows_and_stays_terminated),
        cmocka_unit_test(buffer_at_its_limit_and_one_past),
        cmocka_unit_test(taken_buffer_belongs_to_the_caller),
        cmocka_unit_test(error_names_file_and_line),
        cmocka_unit_test(long_error_is_cut_at_a_whole_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
