/* SPDX-License-Identifier: MIT */
/* Registry text: grammar, both formats, limits, errors, canonical output and round trips. */
#include "support.h"

#include "text/regfile.h"
#include "text/utf16.h"

#define HEADER "Windows Registry Editor Version 5.00\n\n"

/* Each event as one line of text: what arrived, byte by byte. */
static const char *record_key(void *context, const uint16_t *path, size_t length, bool deleted)
{
    buffer_append_text(context, deleted ? "DELETE " : "KEY ");
    utf16_append_utf8(context, path, length);
    buffer_append_text(context, "\n");
    return NULL;
}

static const char *record_value(void *context, const uint16_t *name, size_t name_length,
                                uint32_t type, const uint8_t *data, size_t length, bool deleted)
{
    buffer_append_text(context, "<");
    utf16_append_utf8(context, name, name_length);
    buffer_printf(context, deleted ? "> gone" : "> %x:", type);
    for (size_t i = 0; i < length; i++)
        buffer_printf(context, " %02x", data[i]);
    buffer_append_text(context, "\n");
    return NULL;
}

static bool record(const char *image, size_t length, struct buffer *out, struct text_error *error)
{
    struct regfile_receiver receiver = {out, record_key, record_value};
    char *copy = exact_copy(image, length);
    bool good = regfile_parse("f.reg", copy, length, &receiver, error);

    free(copy);
    return good;
}

static void expect_bytes(const char *image, size_t length, const char *expected)
{
    struct buffer out = {0};
    struct text_error error;

    if (!record(image, length, &out, &error))
        fail_msg("line %u column %u: %s", error.line, error.column, error.message);
    assert_string_equal(buffer_text(&out), expected);
    buffer_free(&out);
}

static void expect(const char *text, const char *expected)
{
    expect_bytes(text, strlen(text), expected);
}

static void keys_and_values_of_every_kind(void **state)
{
    (void)state;
    expect(
        "\r\n"
        "Windows Registry Editor Version 5.00\r\n\r\n"
        "; comment\r\n"
        "[HKEY_LOCAL_MACHINE\\A]; x]\r\n"
        "@=\"d\"\r\n"
        "\"a\\\\b\\\"c\"=\"\"\r\n"
        "\"n\" = dword:1F ; comment\r\n"
        "\"b\"=hex:01,02,\\\r\n"
        "  a3, 4\r\n"
        "\"none\"=hex(0):\r\n"
        "\"e\"=hex(2):41,00,00,00\r\n"
        "\"q\"=hex(b):01,00,00,00,00,00,00,00\r\n"
        "\"own\"=hex(ffff0001):ff\r\n"
        "\"odd\"=hex(4):01,02,03\r\n"
        "\"old\"=-\r\n"
        "@=-\r\n"
        "[-HKEY_LOCAL_MACHINE\\B]\r\n"
        "[HKEY_LOCAL_MACHINE\\C]x;]\r\n",
        "KEY HKEY_LOCAL_MACHINE\\A]; x\n"
        "<> 1: 64 00 00 00\n<a\\b\"c> 1: 00 00\n<n> 4: 1f 00 00 00\n<b> 3: 01 02 a3 04\n<none> 0:\n"
        "<e> 2: 41 00 00 00\n<q> b: 01 00 00 00 00 00 00 00\n<own> ffff0001: ff\n"
        "<odd> 4: 01 02 03\n<old> gone\n<> gone\n"
        "DELETE HKEY_LOCAL_MACHINE\\B\nKEY HKEY_LOCAL_MACHINE\\C]x;\n");
    expect(HEADER "[K] ; note\n", "KEY K\n");
    expect(HEADER "[K]\n\"two\nlines\"=\"a\r\nb\"\n",
           "KEY K\n<two\nlines> 1: 61 00 0d 00 0a 00 62 00 00 00\n");
    expect(HEADER "[K]\n@=\"\xF0\x9F\x98\x80\"", "KEY K\n<> 1: 3d d8 00 de 00 00\n");
}

static void old_format_widens_its_string_bytes(void **state)
{
    (void)state;
    expect("REGEDIT4\n[K]\n\"e\"=hex(2):41,80,00\n\"m\"=hex(7):41,00,00\n\"b\"=hex:41,80\n",
           "KEY K\n<e> 2: 41 00 ac 20 00 00\n<m> 7: 41 00 00 00 00 00\n<b> 3: 41 80\n");
    expect("REGEDIT4\n[K\xAE]\n", "KEY K\xC2\xAE\n");
}

static void image_as_windows_writes_it(void **state)
{
    struct buffer image = {0};
    static const char text[] =
        "Windows Registry Editor Version 5.00\r\n\r\n[K]\r\n\"n\"=dword:00000007\r\n";

    (void)state;
    buffer_append(&image, "\xFF\xFE", 2);
    for (size_t i = 0; i < sizeof text - 1; i++)
        buffer_append(&image, (char[]){text[i], 0}, 2);
    expect_bytes(image.data, image.length, "KEY K\n<n> 4: 07 00 00 00\n");
    buffer_free(&image);
}

static void errors_name_line_and_reason(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *reason;
    } cases[] = {
        {"", 1, "does not start with"},
        {"\n[K]\n", 2, "does not start with"},
        {"REGEDIT5\n", 1, "does not start with"},
        {"REGEDIT44\n", 1, "behind the end"},
        {HEADER "@=\"x\"\n", 3, "before the first [key]"},
        {HEADER "[K\n", 3, "not closed with ']'"},
        {HEADER "[]\n", 3, "empty component"},
        {HEADER "[-]\n", 3, "empty component"},
        {HEADER "[--K]\n", 3, "starts with its root"},
        {HEADER "[A\\\\B]\n", 3, "empty component"},
        {HEADER "[A\\]\n", 3, "empty component"},
        {HEADER "[A] x\n", 3, "not closed with ']'"},
        {HEADER "[-K]\n@=\"\"\n", 4, "below a deleted key"},
        {HEADER "[K]\nx=1\n", 4, "a line starts with"},
        {HEADER "[K]\n@\"\"\n", 4, "'=' is expected"},
        {HEADER "[K]\n@=\"a\nb\n\n", 4, "not closed"},
        {HEADER "[K]\n@=\"C:\\Temp\"\n", 4, "is no escape"},
        {HEADER "[K]\n@=\"a\" b\n", 4, "behind the end"},
        {HEADER "[K]\n@=dword:\n", 4, "1 to 8 hexadecimal digits"},
        {HEADER "[K]\n@=dword:123456789\n", 4, "more than 8"},
        {HEADER "[K]\n@=hex:1,\n", 4, "1 to 2 hexadecimal digits"},
        {HEADER "[K]\n@=hex:001\n", 4, "more than 2"},
        {HEADER "[K]\n@=hex:01,\\\n;x\n", 5, "1 to 2 hexadecimal digits"},
        {HEADER "[K]\n@=hex:01,\\ 02\n", 4, "behind the end"},
        {HEADER "[K]\n@=hex(2:00\n", 4, "\"):\""},
        {HEADER "[K]\n@=hex(100000000):\n", 4, "more than 8"},
        {HEADER "[K]\n@=word:1\n", 4, "unknown kind"},
        {HEADER "[K]\n@=\n", 4, "unknown kind"},
        {HEADER "[K]\n@=\"\xFF\"\n", 4, "not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        struct text_error error = {0};
        assert_false(record(cases[i].text, strlen(cases[i].text), &out, &error));
        if (error.line != cases[i].line || !strstr(error.message, cases[i].reason))
            fail_msg("case %zu: line %u: \"%s\"", i, error.line, error.message);
        assert_false(record(cases[i].text, strlen(cases[i].text), &out, NULL));
        buffer_free(&out);
    }
}

static void nul_in_a_name_or_path_is_refused(void **state)
{
    struct buffer out = {0};
    struct text_error error;

    (void)state;
    assert_false(record(HEADER "[K\0L]\n", sizeof HEADER "[K\0L]\n" - 1, &out, &error));
    assert_false(
        record(HEADER "[K]\n\"a\0\"=-\n", sizeof HEADER "[K]\n\"a\0\"=-\n" - 1, &out, &error));
    assert_int_equal(error.line, 4);
    buffer_free(&out);
}

static const char *refuse_key(void *context, const uint16_t *path, size_t length, bool deleted)
{
    (void)context, (void)path, (void)length, (void)deleted;
    return "the hive is read-only";
}

static void refusal_of_the_receiver_ends_the_parse(void **state)
{
    struct buffer out = {0};
    struct regfile_receiver receiver = {&out, refuse_key, record_value};
    struct text_error error;

    (void)state;
    assert_false(
        regfile_parse("f", HEADER "[K]\n@=\"\"\n", strlen(HEADER) + 10, &receiver, &error));
    assert_int_equal(error.line, 3);
    assert_string_equal(error.message, "the hive is read-only");
    assert_int_equal(out.length, 0);
}

static void repeat(struct buffer *text, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_append_text(text, piece);
}

static bool accepted(struct buffer *text, struct text_error *error)
{
    struct buffer out = {0};
    bool good = record(text->data, text->length, &out, error);

    buffer_free(&out);
    buffer_free(text);
    return good;
}

static void limits_and_one_past_each(void **state)
{
    struct buffer text = {0};
    struct text_error error;

    (void)state;
    for (unsigned past = 0; past <= 1; past++) {
        repeat(&text, HEADER "[A\\", 1);
        repeat(&text, "\xE2\x82\xAC", REGFILE_MAX_KEY_NAME + past);
        repeat(&text, "]", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "longer than 255"));

        repeat(&text, HEADER "[A", 1);
        repeat(&text, "\\B", REGFILE_MAX_KEY_DEPTH - 1 + past);
        repeat(&text, "]", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "deeper than 512"));

        repeat(&text, HEADER "[A]\n\"", 1);
        repeat(&text, "n", REGFILE_MAX_VALUE_NAME + past);
        repeat(&text, "\"=-", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "value name"));

        repeat(&text, HEADER "[A]\n@=\"", 1);
        repeat(&text, "n", REGFILE_MAX_DATA / 2 - 1 + past);
        repeat(&text, "\"", 1);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "more than 1048576"));

        repeat(&text, HEADER "[A]\n@=hex:1", 1);
        repeat(&text, ",2", REGFILE_MAX_DATA - 1 + past);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "more than 1048576"));

        repeat(&text, HEADER, 1);
        repeat(&text, "\n", REGFILE_MAX_FILE - strlen(HEADER) + past);
        assert_int_equal(accepted(&text, &error), !past);
        assert_true(!past || strstr(error.message, "at most 16777216"));
    }
}

static void canonical_output(void **state)
{
    static const uint8_t bytes[26] = {0x0a, 0xff};
    struct buffer out = {0};

    (void)state;
    assert_true(regfile_write_header(&out));
    assert_true(regfile_write_key(&out, u"HKLM\\A", 6, false));
    assert_true(
        regfile_write_value(&out, NULL, 0, REGFILE_SZ, (const uint8_t *)"a\0\"\0\\\0\0", 8));
    assert_true(
        regfile_write_value(&out, u"d\"", 2, REGFILE_DWORD, (const uint8_t *)"\x12\0\0\x80", 4));
    assert_true(regfile_write_value(&out, u"d3", 2, REGFILE_DWORD, bytes, 3));
    assert_true(regfile_write_value(&out, u"b", 1, REGFILE_BINARY, bytes, 26));
    assert_true(regfile_write_value(&out, u"m", 1, REGFILE_MULTI_SZ, bytes + 2, 2));
    assert_true(regfile_write_value(&out, u"z", 1, REGFILE_BINARY, NULL, 0));
    assert_true(regfile_write_value(&out, u"l", 1, REGFILE_SZ, (const uint8_t *)"\n\0\0\0", 4));
    assert_true(regfile_write_deleted_value(&out, u"x", 1));
    assert_true(regfile_write_key(&out, u"HKLM\\B", 6, true));
    assert_string_equal(
        buffer_text(&out),
        "Windows Registry Editor Version 5.00\n\n[HKLM\\A]\n@=\"a\\\"\\\\\"\n"
        "\"d\\\"\"=dword:80000012\n\"d3\"=hex(4):0a,ff,00\n"
        "\"b\"=hex:0a,ff,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,00,"
        "00,00,\\\n  "
        "00\n\"m\"=hex(7):00,00\n\"z\"=hex:\n\"l\"=hex(1):0a,00,00,00\n\"x\"=-\n\n[-HKLM\\B]\n");
    buffer_free(&out);
}

static void what_cannot_be_told_is_not_written(void **state)
{
    static const uint16_t half[] = {'a', 0xD800}, nul[] = {'a', 0};
    static uint16_t longest[REGFILE_MAX_VALUE_NAME + 1];
    struct buffer out = {0};

    (void)state;
    assert_false(regfile_write_deleted_value(&out, half, 2));
    assert_false(regfile_write_deleted_value(&out, nul, 2));
    assert_false(regfile_write_key(&out, half, 2, false));
    assert_false(regfile_write_key(&out, u"", 0, false));
    assert_false(regfile_write_key(&out, u"-a", 2, false));
    assert_false(regfile_write_key(&out, u"a\nb", 3, false));
    assert_false(regfile_write_key(&out, u"a\\\\b", 4, false));
    assert_false(regfile_write_key(&out, u"a\\", 2, false));
    for (size_t i = 0; i < REGFILE_MAX_VALUE_NAME + 1; i++)
        longest[i] = 'n';
    assert_false(regfile_write_key(&out, longest, REGFILE_MAX_KEY_NAME + 1, false));
    assert_false(regfile_write_deleted_value(&out, longest, REGFILE_MAX_VALUE_NAME + 1));
    assert_int_equal(out.length, 0);
    assert_true(regfile_write_key(&out, longest, REGFILE_MAX_KEY_NAME, false));
    assert_true(regfile_write_deleted_value(&out, longest, REGFILE_MAX_VALUE_NAME));
    buffer_free(&out);
}

/* Every type with data of every small length, strings that quotes cannot hold among them. */
static void data_reads_back_bit_for_bit(void **state)
{
    static const char *const strings[] = {"",
                                          "\0",
                                          "\0\0",
                                          "a\0",
                                          "a\0\0\0",
                                          "a\0\0\0\0\0",
                                          "a\0\0",
                                          "\n\0\0\0",
                                          "\x00\xD8\0\0",
                                          "\xAC\x20\0\0",
                                          "\x3D\xD8\x00\xDE\0\0",
                                          "\0\0a\0\0\0",
                                          "\"\0;\0\\\0\0\0"};
    static const size_t lengths[] = {0, 1, 2, 2, 4, 6, 3, 4, 4, 4, 6, 6, 8};
    static const uint16_t name[] = {'\n', '"', '\\', ']', 0xD83D, 0xDE00, '='};
    struct buffer text = {0}, expected = {0}, out = {0};
    struct text_error error;

    (void)state;
    regfile_write_header(&text);
    regfile_write_key(&text, u"K]\\;[", 5, false);
    record_key(&expected, u"K]\\;[", 5, false);
    for (uint32_t type = 0; type <= 12; type++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            const uint8_t *data = (const uint8_t *)strings[i];
            size_t name_length = (type + i) % 7;
            name_length -= name_length == 5; /* not in the middle of the pair */
            assert_true(regfile_write_value(&text, name, name_length, type, data, lengths[i]));
            record_value(&expected, name, name_length, type, data, lengths[i], false);
        }
    }
    assert_true(record(text.data, text.length, &out, &error));
    assert_int_equal(out.length, expected.length);
    assert_string_equal(buffer_text(&out), buffer_text(&expected));
    buffer_free(&text);
    buffer_free(&expected);
    buffer_free(&out);
}

static void every_prefix_of_a_valid_file_is_parsed_or_refused(void **state)
{
    static const char text[] =
        HEADER "[HKLM\\A]\r\n@=\"a\\\\\\\"\xE2\x82\xAC\"\r\n\"n\"=dword:0000001f ; c\r\n"
               "\"b\"=hex(7):41,00,\\\r\n  00,00\r\n\"o\"=-\r\n[-HKLM\\B]\r\n";
    size_t good = 0;

    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        struct buffer out = {0};
        struct text_error error = {0};
        bool parsed = record(text, length, &out, &error);
        assert_true(parsed != (error.message[0] != 0));
        good += parsed;
        buffer_free(&out);
    }
    assert_in_range(good, 20, sizeof text - 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_of_every_kind),
        cmocka_unit_test(old_format_widens_its_string_bytes),
        cmocka_unit_test(image_as_windows_writes_it),
        cmocka_unit_test(errors_name_line_and_reason),
        cmocka_unit_test(nul_in_a_name_or_path_is_refused),
        cmocka_unit_test(refusal_of_the_receiver_ends_the_parse),
        cmocka_unit_test(limits_and_one_past_each),
        cmocka_unit_test(canonical_output),
        cmocka_unit_test(what_cannot_be_told_is_not_written),
        cmocka_unit_test(data_reads_back_bit_for_bit),
        cmocka_unit_test(every_prefix_of_a_valid_file_is_parsed_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
