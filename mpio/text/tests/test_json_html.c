/* SPDX-License-Identifier: MIT */
/* The JSON writer and the HTML/XML escapers. */
#include "support.h"

#include "text/html.h"
#include "text/json.h"

static void json_compact_and_indented(void **state)
{
    static const char *const expected[] = {
        "{\"paths\":[1,-2,{}],\"none\":[],\"ratio\":-1.250,\"up\":true,\"name\":null}",
        "{\n  \"paths\": [\n    1,\n    -2,\n    {}\n  ],\n  \"none\": [],\n  \"ratio\": -1.250,\n"
        "  \"up\": true,\n  \"name\": null\n}\n",
    };

    (void)state;
    for (int layout = JSON_COMPACT; layout <= JSON_INDENTED; layout++) {
        struct buffer out = {0};
        struct json_writer json;
        json_init_buffer(&json, &out, layout);
        json_begin_object(&json);
        json_key(&json, "paths"), json_begin_array(&json);
        json_unsigned(&json, 1), json_signed(&json, -2);
        json_begin_object(&json), json_end_object(&json);
        json_end_array(&json);
        json_key(&json, "none"), json_begin_array(&json), json_end_array(&json);
        json_key(&json, "ratio"), json_decimal(&json, -1250, 3);
        json_key(&json, "up"), json_boolean(&json, true);
        json_key(&json, "name"), json_string(&json, NULL);
        json_end_object(&json);
        assert_true(json_finish(&json));
        assert_string_equal(buffer_text(&out), expected[layout]);
        buffer_free(&out);
    }
}

static void json_escapes_hostile_strings(void **state)
{
    static const uint16_t units[] = {'a', 0xD83D, 0xDE00, 0xD800, '"'};
    struct buffer out = {0};
    struct json_writer json;

    (void)state;
    json_init_buffer(&json, &out, JSON_COMPACT);
    json_begin_array(&json);
    json_string_bytes(&json, "\"\\\b\f\n\r\t\0\x1f\x7f/", 11);
    json_string(&json, "\xE2\x82\xAC\xFF\xE2\x82");
    json_string_utf16(&json, units, 5);
    json_end_array(&json);
    assert_true(json_finish(&json));
    assert_string_equal(buffer_text(&out), "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f/\","
                                           "\"\xE2\x82\xAC\xEF\xBF\xBD\xEF\xBF\xBD\","
                                           "\"a\xF0\x9F\x98\x80\xEF\xBF\xBD\\\"\"]");
    buffer_free(&out);
}

static void json_numbers_at_their_limits(void **state)
{
    struct buffer out = {0};
    struct json_writer json;

    (void)state;
    json_init_buffer(&json, &out, JSON_COMPACT);
    json_begin_array(&json);
    json_unsigned(&json, UINT64_MAX);
    json_signed(&json, INT64_MIN);
    json_decimal(&json, INT64_MIN, 18);
    json_decimal(&json, 5, 0);
    json_decimal(&json, -5, 2);
    json_end_array(&json);
    assert_true(json_finish(&json));
    assert_string_equal(buffer_text(&out), "[18446744073709551615,-9223372036854775808,"
                                           "-9.223372036854775808,5,-0.05]");
    json_init_buffer(&json, &out, JSON_COMPACT);
    json_decimal(&json, 5, JSON_MAX_DECIMALS + 1);
    assert_false(json_finish(&json));
    buffer_free(&out);
}

static void json_depth_at_its_limit_and_one_past(void **state)
{
    (void)state;
    for (unsigned depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
        struct buffer out = {0};
        struct json_writer json;
        json_init_buffer(&json, &out, JSON_COMPACT);
        for (unsigned i = 0; i < depth; i++)
            json_begin_array(&json);
        for (unsigned i = 0; i < depth; i++)
            json_end_array(&json);
        assert_int_equal(json_finish(&json), depth == JSON_MAX_DEPTH);
        buffer_free(&out);
    }
}

static void json_wrong_calls_stop_the_writer(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 8; wrong++) {
        struct buffer out = {0};
        struct json_writer json;
        json_init_buffer(&json, &out, JSON_COMPACT);
        switch (wrong) {
        case 0:
            json_begin_object(&json), json_null(&json), json_end_object(&json);
            break;
        case 1:
            json_begin_object(&json), json_end_array(&json);
            break;
        case 2:
            json_begin_object(&json), json_key(&json, "k"), json_end_object(&json);
            break;
        case 3:
            json_null(&json), json_null(&json);
            break;
        case 4:
            json_begin_array(&json), json_key(&json, "k");
            break;
        case 5:
            json_begin_array(&json);
            break;
        case 6:
            json_null(&json), json_end_object(&json);
            break;
        case 7:
            json_key(&json, "k");
            break;
        }
        assert_false(json_finish(&json));
        assert_non_null(json.failure);
        buffer_free(&out);
    }
}

static void json_stops_when_its_sink_is_full(void **state)
{
    struct buffer out;
    struct json_writer json;

    (void)state;
    buffer_init(&out, 5);
    json_init_buffer(&json, &out, JSON_COMPACT);
    json_string(&json, "abc");
    assert_true(json_finish(&json));
    buffer_clear(&out);
    json_init_buffer(&json, &out, JSON_COMPACT);
    json_string(&json, "abcd");
    assert_false(json_finish(&json));
    buffer_free(&out);
}

static void html_escapes_text_and_attributes(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_true(html_append_text(&out, "<a href='x' title=\"y\">&\n\x01\xFF\xEF\xBF\xBF\xC3\xA9"));
    assert_string_equal(buffer_text(&out), "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;\n"
                                           "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9");
    buffer_clear(&out);
    assert_true(html_append_attribute(&out, "name", "a\tb\n\"<"));
    assert_string_equal(buffer_text(&out), " name=\"a&#9;b&#10;&quot;&lt;\"");
    buffer_clear(&out);
    assert_true(html_append_bytes(&out, "a\0\xEF\xBF\xBE", 5));
    assert_string_equal(buffer_text(&out), "a\xEF\xBF\xBD\xEF\xBF\xBD");
    buffer_free(&out);
}

static void cdata_cannot_be_closed_by_its_text(void **state)
{
    struct buffer out = {0};

    (void)state;
    assert_true(xml_append_cdata(&out, "a]]>b]]\x1b", 8));
    assert_string_equal(buffer_text(&out), "<![CDATA[a]]]]><![CDATA[>b]]\xEF\xBF\xBD]]>");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_compact_and_indented),
        cmocka_unit_test(json_escapes_hostile_strings),
        cmocka_unit_test(json_numbers_at_their_limits),
        cmocka_unit_test(json_depth_at_its_limit_and_one_past),
        cmocka_unit_test(json_wrong_calls_stop_the_writer),
        cmocka_unit_test(json_stops_when_its_sink_is_full),
        cmocka_unit_test(html_escapes_text_and_attributes),
        cmocka_unit_test(cdata_cannot_be_closed_by_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
