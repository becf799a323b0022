/* SPDX-License-Identifier: MIT */
/*
 * Golden strings of the formatter: conversions, sizes, both widths, cut output, WPP extensions, and the
 * ms_abi argument list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <uchar.h>
#include <string.h>

#include <cmocka.h>

#include <ntdef.h>
#include <ntstatus.h>

#include "nt/format.h"

static char text[4096];
static size_t last;
static const struct format_site *site_now;

static const char *narrow_at(size_t capacity, enum format_charset charset, const char *format, ...)
{
    struct format_va_source source;
    va_list list;

    va_start(list, format);
    format_va_begin(&source, list);
    memset(text, '~', sizeof(text));
    last = format_narrow(text, capacity, charset, format, &source.source, site_now);
    format_va_end(&source);
    va_end(list);
    text[last == FORMAT_CUT ? capacity : last] = '\0';
    return text;
}
#define NARROW(...) narrow_at(sizeof(text) - 1, FORMAT_ANSI, __VA_ARGS__)
#define UTF8(...)   narrow_at(sizeof(text) - 1, FORMAT_UTF8, __VA_ARGS__)

/* Wide output, shown as UTF-8 for comparison (ASCII and Latin-1 below 0x100 as one char each). */
static const char *wide(const char16_t *format, ...)
{
    static uint16_t units[512];
    struct format_va_source source;
    va_list list;

    va_start(list, format);
    format_va_begin(&source, list);
    last = format_wide(units, 511, (const uint16_t *)format, &source.source);
    format_va_end(&source);
    va_end(list);
    for (size_t i = 0; i < last; i++) {
        text[i] = (char)units[i];
    }
    text[last] = '\0';
    return text;
}

static void integers_of_every_size(void **state)
{
    (void)state;
    assert_string_equal(NARROW("%d %i %u %x %X %o", -5, 7, 4000000000u, 0xBEEF, 0xBEEF, 8), "-5 7 4000000000 beef BEEF 10");
    assert_string_equal(NARROW("%I64d %I64u %I64x %lld %llu", -1LL, ~0ULL, 0x123456789ABCDEFULL, -2LL, 3ULL),
                        "-1 18446744073709551615 123456789abcdef -2 3");
    assert_string_equal(NARROW("%ld %lu %lx", -1, 0xFFFFFFFFu, 0xFFFFFFFFu), "-1 4294967295 ffffffff");
    assert_string_equal(NARROW("%hd %hu %hhd %hhx", 0x12345, 0x12345, 0x1FF, 0x1FF), "9029 9029 -1 ff");
    assert_string_equal(NARROW("%I32d %Iu %zu", -3, (size_t)5, (size_t)6), "-3 5 6");
    assert_string_equal(NARROW("%I64d", (LONGLONG)INT64_MIN), "-9223372036854775808");
}

static void flags_width_and_precision(void **state)
{
    (void)state;
    assert_string_equal(NARROW("[%5d][%-5d][%05d][%+d][% d]", 42, 42, 42, 42, 42), "[   42][42   ][00042][+42][ 42]");
    assert_string_equal(NARROW("[%#x][%#X][%#o][%#x]", 255, 255, 8, 0), "[0xff][0XFF][010][0]");
    assert_string_equal(NARROW("[%.5d][%8.5d][%-8.5d][%.0d][%08.3d]", 42, 42, 42, 0, 42), "[00042][   00042][00042   ][][     042]");
    assert_string_equal(NARROW("[%*d][%-*d][%.*d][%*d]", 4, 7, 4, 7, 3, 7, -4, 7), "[   7][7   ][007][7   ]");
    assert_string_equal(NARROW("[%05d][%+05d]", -42, 42), "[-0042][+0042]");
}

static void pointer_is_sixteen_upper_case_digits(void **state)
{
    (void)state;
    assert_string_equal(NARROW("%p", (void *)(uintptr_t)0xABCDEF), sizeof(void *) == 8 ? "0000000000ABCDEF" : "00ABCDEF");
}

static void strings_of_both_widths(void **state)
{
    (void)state;
    assert_string_equal(NARROW("%s|%S|%ws|%ls|%hs", "a", u"b", u"c", u"d", "e"), "a|b|c|d|e");
    assert_string_equal(wide(u"%s|%S|%hs|%ws", u"a", "b", "c", u"d"), "a|b|c|d");
    assert_string_equal(NARROW("[%5s][%-5s][%.2s][%5.1S]", "ab", "ab", "abc", u"xyz"), "[   ab][ab   ][ab][    x]");
    assert_string_equal(NARROW("%c%C%lc", 'a', u'b', u'c'), "abc");
    assert_string_equal(NARROW("%s %S %ws", (char *)NULL, (void *)NULL, (void *)NULL), "(null) (null) (null)");
}

static void counted_strings(void **state)
{
    char16_t units[] = u"unicode!";
    UNICODE_STRING unicode = {14, 16, (PWCH)units};
    ANSI_STRING ansi = {4, 5, (PCHAR) "ansi!"};
    UNICODE_STRING empty = {0};

    (void)state;
    assert_string_equal(NARROW("%wZ %Z", &unicode, &ansi), "unicode ansi");
    assert_string_equal(NARROW("[%9wZ][%.3wZ]", &unicode, &unicode), "[  unicode][uni]");
    assert_string_equal(NARROW("%wZ %Z", (void *)NULL, &empty), "(null) (null)");
    assert_string_equal(wide(u"%wZ %Z", &unicode, &ansi), "unicode ansi");
}

static void wide_text_in_narrow_output(void **state)
{
    (void)state;
    assert_string_equal(NARROW("%ws", u"\u00e9\u20ac\u4e2d"), "\xe9\x80?");
    assert_string_equal(UTF8("%ws", u"\u00e9\u20ac\U0001F600"), "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    const uint16_t lone[] = {'a', 0xD83D, 'b', 0xD83D, 0};
    assert_string_equal(UTF8("%ws", lone), "a\xef\xbf\xbd" "b\xef\xbf\xbd");
}

static void output_at_the_limit_and_one_past_it(void **state)
{
    (void)state;
    narrow_at(5, FORMAT_ANSI, "%s", "12345");
    assert_int_equal(last, 5);
    narrow_at(5, FORMAT_ANSI, "%s", "123456");
    assert_true(last == FORMAT_CUT);
    assert_string_equal(text, "12345");
    narrow_at(0, FORMAT_ANSI, "");
    assert_int_equal(last, 0);
    narrow_at(0, FORMAT_ANSI, "x");
    assert_true(last == FORMAT_CUT);
}

static void unterminated_string_is_read_no_further_than_it_fits(void **state)
{
    char bytes[8] = {'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'};
    char *exact = malloc(3);

    (void)state;
    memcpy(exact, bytes, 3);
    narrow_at(2, FORMAT_ANSI, "%s", exact);
    assert_true(last == FORMAT_CUT);
    assert_string_equal(NARROW("%.3s", exact), "aaa");
    free(exact);
}

static void odd_conversions(void **state)
{
    int sink = 7;

    (void)state;
    assert_string_equal(NARROW("100%% %d%n%s", 1, &sink, "x"), "100% 1x");
    assert_int_equal(sink, 7);
    assert_string_equal(NARROW("%f %d", 1.5, 3), "%f 3");
    assert_string_equal(NARROW("%k", 1), "k");
    assert_string_equal(NARROW("end%"), "end");
    assert_string_equal(NARROW("end%ll"), "end");
    NARROW("%5000d", 1);
    assert_int_equal(last, FORMAT_MAX_WIDTH);
}

static void wpp_extensions(void **state)
{
    static const struct format_site site = {.function = "DriverEntry", .file = "a.c", .line = 42, .level = 2, .flag = 0x10};
    GUID guid = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
    const uint8_t sid[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};

    (void)state;
    site_now = &site;
    assert_string_equal(NARROW("%!FUNC!:%!LINE! %!FILE! %!LEVEL! %!FLAGS!"), "DriverEntry:42 a.c ERROR 0x00000010");
    assert_string_equal(NARROW("%!bool! %!bool! %d", 1, 0, 5), "TRUE FALSE 5");
    assert_string_equal(NARROW("%!STATUS! %!STATUS!", STATUS_INVALID_HANDLE, 0x12345678),
                        "0xc0000008(STATUS_INVALID_HANDLE) 0x12345678");
    assert_string_equal(NARROW("%!GUID!", &guid), "{12345678-9abc-def0-0102-030405060708}");
    assert_string_equal(NARROW("%!irql! %!irql!", 2, 5), "DISPATCH_LEVEL DIRQL 5");
    assert_string_equal(NARROW("%!IPADDR!", 0x0100007f), "127.0.0.1");
    assert_string_equal(NARROW("%!sid!", sid), "S-1-5-32-544");
    assert_string_equal(NARROW("%!HRESULT! %!WINERROR! %!TIMESTAMP!", 0x80004005, 5, 77LL),
                        "0x80004005 5 1601-01-01 00:00:00.0000077");
    site_now = NULL;
}

#if defined(__x86_64__) && !defined(_WIN32)
static __attribute__((ms_abi)) void ms_format(const char *format, ...)
{
    struct format_ms_source source;
    __builtin_ms_va_list list;

    __builtin_ms_va_start(list, format);
    format_ms_begin(&source, list);
    last = format_narrow(text, sizeof(text) - 1, FORMAT_ANSI, format, &source.source, NULL);
    __builtin_ms_va_end(list);
    text[last] = '\0';
}

static void arguments_of_an_ms_abi_function(void **state)
{
    (void)state;
    ms_format("%d %s %I64x %c %ws %d %p", -1, "two", 0x123456789AULL, 'c', u"w", 6, NULL);
    assert_string_equal(text, "-1 two 123456789a c w 6 0000000000000000");
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_size),
        cmocka_unit_test(flags_width_and_precision),
        cmocka_unit_test(pointer_is_sixteen_upper_case_digits),
        cmocka_unit_test(strings_of_both_widths),
        cmocka_unit_test(counted_strings),
        cmocka_unit_test(wide_text_in_narrow_output),
        cmocka_unit_test(output_at_the_limit_and_one_past_it),
        cmocka_unit_test(unterminated_string_is_read_no_further_than_it_fits),
        cmocka_unit_test(odd_conversions),
        cmocka_unit_test(wpp_extensions),
#if defined(__x86_64__) && !defined(_WIN32)
        cmocka_unit_test(arguments_of_an_ms_abi_function),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
