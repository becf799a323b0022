/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16, both ways, and file images. */
#include "support.h"

#include "text/utf16.h"

static void every_scalar_value_round_trips(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char utf8[4];
        uint16_t units[2];
        size_t position = 0;
        if (c == 0xD800)
            c = 0xE000;
        size_t bytes = utf8_encode(c, utf8);
        if (utf8_next(utf8, bytes, &position) != c || position != bytes)
            fail_msg("U+%04x does not survive UTF-8", (unsigned)c);
        size_t count = utf8_to_utf16(utf8, bytes, UTF_STRICT, units, 2);
        position = 0;
        if (count != (c < 0x10000 ? 1u : 2u) || utf16_next(units, count, &position) != c)
            fail_msg("U+%04x does not survive UTF-16", (unsigned)c);
        char back[4];
        if (utf16_to_utf8(units, count, UTF_STRICT, back, 4) != bytes || memcmp(back, utf8, bytes))
            fail_msg("U+%04x does not come back", (unsigned)c);
    }
}

static void malformed_utf8_is_refused_or_replaced_by_maximal_subparts(void **state)
{
    static const struct {
        const char *text;
        size_t length, replacements, units;
    } cases[] = {
        {"\x80", 1, 1, 1},             /* continuation alone */
        {"\xC0\xAF", 2, 2, 2},         /* overlong '/' */
        {"\xE0\x80\x80", 3, 3, 3},     /* overlong NUL */
        {"\xED\xA0\x80", 3, 3, 3},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, 4, 4}, /* above U+10FFFF */
        {"\xF5", 1, 1, 1},
        {"\xE2\x82", 2, 1, 1}, /* cut: one maximal subpart */
        {"\xE2\x82"
         "A",
         3, 1, 2},
        {"\xF0\x9F\x98", 3, 1, 1},
        {"\xF0\x9F\x98\xE2\x82\xAC", 6, 1, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = exact_copy(cases[i].text, cases[i].length);
        uint16_t units[8];
        size_t found = 0;
        assert_int_equal(utf8_to_utf16(text, cases[i].length, UTF_STRICT, units, 8), UTF_REFUSED);
        assert_int_equal(utf8_to_utf16(text, cases[i].length, UTF_LENIENT, units, 8),
                         cases[i].units);
        for (size_t u = 0; u < cases[i].units; u++)
            found += units[u] == UTF_REPLACEMENT;
        assert_int_equal(found, cases[i].replacements);
        free(text);
    }
    assert_int_equal(utf8_valid_length("ab\xE2\x82\xAC"
                                       "c\xFFz",
                                       8),
                     6);
}

static void lone_surrogates_are_refused_or_replaced(void **state)
{
    static const uint16_t high_end[] = {'a', 0xD83D}, low[] = {0xDE00, 'b'},
                          two[] = {0xD83D, 0xD83D, 0xDE00};
    char out[16];

    (void)state;
    assert_int_equal(utf16_to_utf8(high_end, 2, UTF_STRICT, out, 16), UTF_REFUSED);
    assert_int_equal(utf16_to_utf8(low, 2, UTF_STRICT, out, 16), UTF_REFUSED);
    assert_int_equal(utf16_to_utf8(high_end, 2, UTF_LENIENT, out, 16), 4);
    assert_memory_equal(out, "a\xEF\xBF\xBD", 4);
    assert_int_equal(utf16_to_utf8(two, 3, UTF_LENIENT, out, 16), 7);
    assert_memory_equal(out, "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7);
}

static void short_output_holds_whole_characters_and_tells_the_need(void **state)
{
    uint16_t units[4] = {7, 7, 7, 7};
    static const uint16_t source[] = {'a', 0x20AC, 'b'};
    char out[5] = "!!!!";

    (void)state;
    assert_int_equal(utf8_to_utf16("a\xF0\x9F\x98\x80"
                                   "b",
                                   6, UTF_STRICT, NULL, 0),
                     4);
    assert_int_equal(utf8_to_utf16("a\xF0\x9F\x98\x80"
                                   "b",
                                   6, UTF_STRICT, units, 2),
                     4);
    assert_int_equal(units[0], 'a');
    assert_int_equal(units[1], 7); /* no half pair, and no 'b' in its place */
    assert_int_equal(utf8_to_utf16("a\xF0\x9F\x98\x80"
                                   "b",
                                   6, UTF_STRICT, units, 4),
                     4);
    assert_int_equal(units[3], 'b');
    assert_int_equal(utf16_to_utf8(source, 3, UTF_STRICT, out, 3), 5);
    assert_string_equal(out, "a!!!");
    assert_int_equal(utf16_to_utf8(source, 3, UTF_STRICT, out, 4), 5);
    assert_string_equal(out, "a\xE2\x82\xAC");
}

static void decode(const char *image, size_t length, enum text_decoding decoding,
                   const char *expected)
{
    struct buffer out = {0};
    struct text_error error;
    char *copy = exact_copy(image, length);

    assert_true(text_decode_file("f", copy, length, decoding, &out, &error));
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
    free(copy);
}

static void file_images_decode_by_their_byte_order_mark(void **state)
{
    (void)state;
    decode("", 0, TEXT_DECODE_STRICT, "");
    decode("a\xE2\x82\xAC", 4, TEXT_DECODE_STRICT, "a\xE2\x82\xAC");
    decode("\xEF\xBB\xBF"
           "a",
           4, TEXT_DECODE_STRICT, "a");
    decode("\xFF\xFE"
           "a\0\xAC\x20\x3D\xD8\x00\xDE",
           10, TEXT_DECODE_STRICT, "a\xE2\x82\xAC\xF0\x9F\x98\x80");
    decode("\xFE\xFF\0a\x20\xAC", 6, TEXT_DECODE_STRICT, "a\xE2\x82\xAC");
    decode("\xFF\xFE"
           "a\0b",
           5, TEXT_DECODE_LENIENT, "a\xEF\xBF\xBD");
    decode("\xFF\xFE\x3D\xD8"
           "b\0",
           6, TEXT_DECODE_LENIENT,
           "\xEF\xBF\xBD"
           "b");
    decode("a\xFF"
           "b",
           3, TEXT_DECODE_LENIENT,
           "a\xEF\xBF\xBD"
           "b");
    decode("\xAE\x80\x81", 3, TEXT_DECODE_ANSI, "\xC2\xAE\xE2\x82\xAC\xC2\x81");
    decode("\xC2\xAE", 2, TEXT_DECODE_ANSI, "\xC2\xAE"); /* UTF-8 first */
}

static void malformed_file_image_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *image;
        size_t length;
        enum text_decoding decoding;
        unsigned line;
    } cases[] = {
        {"a\nb\n\xFF", 5, TEXT_DECODE_STRICT, 3},
        {"\xEF\xBB\xBF\n\xFF", 5, TEXT_DECODE_ANSI, 2},
        {"\xFF\xFE\n\0\n\0\x00\xDC", 8, TEXT_DECODE_STRICT, 3},
        {"\xFF\xFE\n\0"
         "a",
         5, TEXT_DECODE_ANSI, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        struct text_error error;
        char *copy = exact_copy(cases[i].image, cases[i].length);
        assert_false(text_decode_file("f", copy, cases[i].length, cases[i].decoding, &out, &error));
        assert_int_equal(error.line, cases[i].line);
        buffer_free(&out);
        free(copy);
    }
}

static void decoded_text_that_does_not_fit_is_an_error(void **state)
{
    struct buffer out;
    struct text_error error;

    (void)state;
    buffer_init(&out, 3);
    assert_true(text_decode_file("f", "abc", 3, TEXT_DECODE_STRICT, &out, &error));
    buffer_clear(&out);
    assert_false(text_decode_file("f", "abcd", 4, TEXT_DECODE_STRICT, &out, &error));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value_round_trips),
        cmocka_unit_test(malformed_utf8_is_refused_or_replaced_by_maximal_subparts),
        cmocka_unit_test(lone_surrogates_are_refused_or_replaced),
        cmocka_unit_test(short_output_holds_whole_characters_and_tells_the_need),
        cmocka_unit_test(file_images_decode_by_their_byte_order_mark),
        cmocka_unit_test(malformed_file_image_is_refused_with_its_line),
        cmocka_unit_test(decoded_text_that_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
