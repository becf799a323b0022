/* SPDX-License-Identifier: MIT */
/* Numbers, sizes, times and booleans: accepted forms, limits and one past them, messages. */
#include "support.h"

#include "text/number.h"

static void unsigned_numbers(void **state)
{
    static const char *const bad[] = {"", "x", "-1", "+1", " 1", "1 ", "0x", "0xg", "1a", "1.0"};
    struct text_error error;
    uint64_t value = 77;

    (void)state;
    assert_true(text_parse_unsigned("18446744073709551615", 0, UINT64_MAX, &value, &error));
    assert_true(value == UINT64_MAX);
    assert_false(text_parse_unsigned("18446744073709551616", 0, UINT64_MAX, &value, &error));
    assert_false(text_parse_unsigned("0x10000000000000000", 0, UINT64_MAX, &value, &error));
    assert_true(text_parse_unsigned("0xFfffffffffffffff", 0, UINT64_MAX, &value, &error));
    assert_true(text_parse_unsigned("0x1F", 31, 31, &value, &error));
    assert_int_equal(value, 31);
    assert_false(text_parse_unsigned("30", 31, 31, &value, &error));
    assert_false(text_parse_unsigned("32", 31, 31, &value, &error));
    assert_string_equal(error.message, "number 32 is out of range: 31 to 31 is accepted");
    assert_int_equal(value, 31); /* untouched by a refusal */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(text_parse_unsigned(bad[i], 0, 99, &value, &error));
    assert_non_null(strstr(error.message, "\"1.0\" is not a number"));
}

static void sizes(void **state)
{
    static const char *const bad[] = {"", "K", "1KB", "1 K", "1P", "0x10", "1k1", "1.5K"};
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},         {"512", 512},     {"64K", 65536},           {"64k", 65536},
                {"3M", 3u << 20}, {"1G", 1u << 30}, {"2T", (uint64_t)2 << 40}};
    struct text_error error;
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(text_parse_size(good[i].text, 0, UINT64_MAX, &value, &error));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_parse_size(bad[i], 0, UINT64_MAX, &value, &error));
        assert_non_null(strstr(error.message, "is not a size: accepted"));
    }
    assert_true(text_parse_size("16777215T", 0, UINT64_MAX, &value, &error));
    assert_false(text_parse_size("16777216T", 0, UINT64_MAX, &value, &error));
    assert_non_null(strstr(error.message, "out of range"));
    assert_false(text_parse_size("1K", 0, 1023, &value, &error));
    assert_true(text_parse_size("1K", 1024, 1024, &value, &error));
}

static void times(void **state)
{
    static const char *const bad[] = {"", "5", "s", "5 s", "5S", "5sec", "-1s", "1m", "1.5s"};
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},         {"100ns", 1},           {"5us", 50},        {"10ms", 100000},
                {"5s", 50000000}, {"30min", 18000000000}, {"2h", 72000000000}};
    struct text_error error;
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(text_parse_time(good[i].text, &value, &error));
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(text_parse_time(bad[i], &value, &error));
        assert_non_null(strstr(error.message, "is not a time: accepted"));
    }
    assert_false(text_parse_time("150ns", &value, &error));
    assert_non_null(strstr(error.message, "multiple of 100ns"));
    assert_true(text_parse_time("922337203685477580700us", &value, &error) == false);
    assert_true(text_parse_time("922337203685477580us", &value, &error));
    assert_false(text_parse_time("922337203685477581us", &value, &error));
    assert_true(text_parse_time("256204778h", &value, &error));
    assert_false(text_parse_time("256204779h", &value, &error));
    assert_non_null(strstr(error.message, "at most 256204778h"));
}

static void booleans(void **state)
{
    static const char *const yes[] = {"yes", "YES", "true", "True", "1"};
    static const char *const no[] = {"no", "No", "false", "0"};
    struct text_error error;
    bool value;

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        assert_true((value = false, text_parse_boolean(yes[i], &value, &error)) && value);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        assert_true((value = true, text_parse_boolean(no[i], &value, &error)) && !value);
    assert_false(text_parse_boolean("", &value, &error));
    assert_false(text_parse_boolean("on", &value, &error));
    assert_string_equal(error.message,
                        "\"on\" is neither yes nor no: accepted are yes, no, true, false, 1, 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(sizes),
        cmocka_unit_test(times),
        cmocka_unit_test(booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
