/* SPDX-License-Identifier: MIT */
/*
 * ntstrsafe.h and ntintsafe.h over the kernel's own formatter: ends, remaining room, flags, and
 * results that just fit or just do not.
 */
#include "harness.h"

#include <ntintsafe.h>
#include <ntstrsafe.h>

static void copies_tell_where_they_end(void)
{
    char text[6];
    WCHAR wide[4], *wide_end;
    char *end;
    SIZE_T left;

    CHECK(RtlStringCchCopyExA(text, 6, "abc", &end, &left, 0) == STATUS_SUCCESS && end == text + 3 && left == 3);
    CHECK(RtlStringCchCopyExA(text, 4, "abc", &end, &left, 0) == STATUS_SUCCESS && left == 1);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, 0) == STATUS_BUFFER_OVERFLOW && end == text + 2 && left == 1 &&
          strcmp(text, "ab") == 0);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW &&
          end == text && left == 3 && text[0] == 0);
    memset(text, 'x', 6);
    CHECK(RtlStringCchCopyExA(text, 6, "a", NULL, NULL, STRSAFE_FILL_BYTE('z')) == STATUS_SUCCESS);
    CHECK(memcmp(text, "a\0zzzz", 6) == 0);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, STRSAFE_FAILURE_BYTE('q')) == STATUS_BUFFER_OVERFLOW &&
          strcmp(text, "qq") == 0 && left == 1);
    CHECK(RtlStringCchCopyExA(text, 3, "abc", &end, &left, STRSAFE_FAILURE_BYTE(0)) == STATUS_BUFFER_OVERFLOW && left == 3);
    CHECK(RtlStringCchCopyExA(text, 6, NULL, NULL, NULL, 0) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyExA(text, 6, NULL, &end, &left, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS && left == 6);
    CHECK(RtlStringCchCopyExA(NULL, 0, NULL, &end, &left, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS && left == 0);
    CHECK(RtlStringCchCopyExA(text, 6, "a", NULL, NULL, 0x10000) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCchCopyNExA(text, 6, "abcdef", 2, &end, &left, 0) == STATUS_SUCCESS && strcmp(text, "ab") == 0);
    CHECK(RtlStringCbCopyExW(wide, 7, u"ab", &wide_end, &left, 0) == STATUS_SUCCESS && left == 3 && wide_end == wide + 2);
    CHECK(RtlStringCbCopyNExW(wide, 8, u"abc", 4, &wide_end, &left, 0) == STATUS_SUCCESS && left == 4);
}

static void appends_keep_what_was_there(void)
{
    char text[6] = "ab";
    WCHAR wide[6] = u"ab";
    char *end;
    SIZE_T left;

    CHECK(RtlStringCchCatExA(text, 6, "cde", &end, &left, 0) == STATUS_SUCCESS && left == 1 && end == text + 5);
    CHECK(RtlStringCchCatExA(text, 6, "f", &end, &left, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW &&
          strcmp(text, "abcde") == 0);
    text[2] = 0;
    CHECK(RtlStringCchCatNExA(text, 4, "cde", 1, &end, &left, 0) == STATUS_SUCCESS && strcmp(text, "abc") == 0);
    CHECK(RtlStringCchCatExA(text, 4, "x", NULL, NULL, STRSAFE_NULL_ON_FAILURE) == STATUS_BUFFER_OVERFLOW && text[0] == 0);
    memset(text, 'x', 6);
    CHECK(RtlStringCchCatExA(text, 6, "y", NULL, NULL, 0) == STATUS_INVALID_PARAMETER);
    CHECK(RtlStringCbCatExW(wide, 12, u"cd", NULL, &left, 0) == STATUS_SUCCESS && left == 4 && wide[3] == 'd');
    CHECK(RtlStringCbCatNExW(wide, 12, u"efg", 2, NULL, &left, 0) == STATUS_SUCCESS && left == 2);
}

static void printed_text_fits_or_is_cut_off(void)
{
    WCHAR wide[8];
    char text[8], *end;
    SIZE_T left;

    CHECK(RtlStringCchPrintfExW(wide, 8, NULL, &left, 0, u"%d-%ws", 12, u"abcd") == STATUS_SUCCESS && left == 1);
    CHECK(RtlStringCchPrintfExW(wide, 7, NULL, &left, 0, u"%d-%ws", 12, u"abcd") == STATUS_BUFFER_OVERFLOW &&
          wide[6] == 0 && wide[5] == 'c');
    CHECK(RtlStringCbPrintfExA(text, 8, &end, &left, STRSAFE_NO_TRUNCATION, "%s", "12345678") == STATUS_BUFFER_OVERFLOW &&
          text[0] == 0 && left == 8);
    CHECK(RtlStringCbPrintfExA(text, 8, &end, &left, STRSAFE_FILL_BYTE('.'), "%s", "123") == STATUS_SUCCESS &&
          end == text + 3 && left == 5 && memcmp(text, "123\0....", 8) == 0);
    CHECK(RtlStringCchPrintfExA(NULL, 0, NULL, NULL, STRSAFE_IGNORE_NULLS, "") == STATUS_SUCCESS);
    CHECK(RtlStringCchPrintfExA(text, 0, NULL, NULL, 0, "a") == STATUS_INVALID_PARAMETER);
}

static void counted_strings_give_the_rest_of_their_buffer(void)
{
    WCHAR room[6];
    UNICODE_STRING s = {0, sizeof(room), room}, t, rest;

    CHECK(RtlUnicodeStringInit(&t, u"abcd") == STATUS_SUCCESS);
    CHECK(RtlUnicodeStringCopyEx(&s, &t, &rest, 0) == STATUS_SUCCESS && rest.MaximumLength == 4 && rest.Buffer == room + 4);
    CHECK(RtlUnicodeStringCatStringEx(&s, u"efg", &rest, STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW && s.Length == 8);
    CHECK(RtlUnicodeStringCatStringEx(&s, u"efg", &rest, 0) == STATUS_BUFFER_OVERFLOW && s.Length == 12 &&
          rest.MaximumLength == 0);
    CHECK(RtlUnicodeStringCchCopyStringN(&s, u"xyz", 2) == STATUS_SUCCESS && s.Length == 4);
    CHECK(RtlUnicodeStringCbCatN(&s, &t, 6) == STATUS_SUCCESS && s.Length == 10 && room[4] == 'c');
    CHECK(RtlUnicodeStringCchCatN(&s, &t, 2) == STATUS_BUFFER_OVERFLOW && s.Length == 12);
    CHECK(RtlUnicodeStringPrintfEx(&s, &rest, 0, u"%u", 1234) == STATUS_SUCCESS && rest.MaximumLength == 4);
    CHECK(RtlUnicodeStringPrintfEx(&s, &rest, STRSAFE_ZERO_LENGTH_ON_FAILURE, u"%u", 1234567) == STATUS_BUFFER_OVERFLOW &&
          s.Length == 0 && rest.MaximumLength == 12);
    CHECK(RtlUnicodeStringCopyEx(&s, NULL, NULL, 0) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeStringCopyEx(&s, NULL, &rest, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS && s.Length == 0);
    s.Length = 3;
    CHECK(RtlUnicodeStringCatEx(&s, &t, &rest, 0) == STATUS_INVALID_PARAMETER);
    CHECK(RtlUnicodeStringInitEx(&t, NULL, 0) == STATUS_INVALID_PARAMETER &&
          RtlUnicodeStringInitEx(&t, NULL, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS);
}

static void integers_at_the_limit_and_one_past_it(void)
{
    ULONG u;
    LONG l;
    UCHAR c;
    SIZE_T z;
    ULONG_PTR p;
    SSIZE_T sz;
    INT8 i8;
    LONGLONG ll;
    USHORT us;

    CHECK(RtlULongAdd(MAXULONG - 1, 1, &u) == STATUS_SUCCESS && u == MAXULONG);
    CHECK(RtlULongAdd(MAXULONG, 1, &u) == STATUS_INTEGER_OVERFLOW && u == ULONG_ERROR);
    CHECK(RtlLongSub((LONG)0x80000001, 1, &l) == STATUS_SUCCESS && RtlLongSub((LONG)0x80000000, 1, &l) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlLongLongMult(1ll << 62, 2, &ll) == STATUS_INTEGER_OVERFLOW && RtlInt8Add(127, 1, &i8) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlULongToUChar(255, &c) == STATUS_SUCCESS && c == 255 && RtlULongToUChar(256, &c) == STATUS_INTEGER_OVERFLOW);
    CHECK(RtlIntToSizeT(-1, &z) == STATUS_INTEGER_OVERFLOW && RtlIntToSizeT(1, &z) == STATUS_SUCCESS && z == 1);
    CHECK(RtlSizeTToSSIZET(MAXSIZE_T, &sz) == STATUS_INTEGER_OVERFLOW && RtlSizeTToSSIZET(MAXSIZE_T >> 1, &sz) == STATUS_SUCCESS);
    CHECK(RtlLongPtrToUShort(-1, &us) == STATUS_INTEGER_OVERFLOW && RtlPtrdiffTToUShort(65535, &us) == STATUS_SUCCESS);
    CHECK(RtlShortToInt8(-128, &i8) == STATUS_SUCCESS && RtlShortToInt8(-129, &i8) == STATUS_INTEGER_OVERFLOW && i8 == INT8_ERROR);
    CHECK(RtlSIZETAdd(MAXSIZE_T, 0, &z) == STATUS_SUCCESS && RtlULongPtrMult(MAXULONG_PTR, 1, &p) == STATUS_SUCCESS);
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
TEST(copies_tell_where_they_end)
TEST(appends_keep_what_was_there)
TEST(printed_text_fits_or_is_cut_off)
TEST(counted_strings_give_the_rest_of_their_buffer)
TEST(integers_at_the_limit_and_one_past_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_tell_where_they_end),
        cmocka_unit_test(test_appends_keep_what_was_there),
        cmocka_unit_test(test_printed_text_fits_or_is_cut_off),
        cmocka_unit_test(test_counted_strings_give_the_rest_of_their_buffer),
        cmocka_unit_test(test_integers_at_the_limit_and_one_past_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
