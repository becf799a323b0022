/* SPDX-License-Identifier: MIT */
/* The table of exports, and the C library names in it, called as an image calls them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "load/exports.h"
#include "nt/nt.h"
#include "world/world.h"

#if defined(__x86_64__)
#define IMAGE __attribute__((ms_abi))
#else
#define IMAGE
#endif
/* Calls a routine of ntoskrnl.exe by name: CALL(int, "abs", (int))(-3). */
#define CALL(Result, Name, Parameters) ((Result(IMAGE *) Parameters)need(Name))

static void *need(const char *name)
{
    void *routine = exports_find_image("ntoskrnl.exe", name, 0);

    if (!routine)
        fail_msg("ntoskrnl.exe has no %s", name);
    return routine;
}

static void table_is_sorted_and_every_entry_is_found(void **state)
{
    unsigned native = 0;
    (void)state;

    for (unsigned i = 0; i < exports_count; i++) {
        const struct export *e = &exports_table[i];

        assert_non_null(e->image);
        assert_ptr_equal(exports_find_image(e->module, e->name, 0), e->image);
        native += e->native != NULL;
        if (i > 0) {
            int order = strcmp(e[-1].module, e->module);
            assert_true(order < 0 || (order == 0 && strcmp(e[-1].name, e->name) < 0));
        }
#if defined(__x86_64__)
        assert_true(e->native != e->image); /* never the host's convention */
#endif
    }
    assert_true(native > 400);
}

static void modules_compare_without_case_and_suffix(void **state)
{
    void *routine = exports_find_image("ntoskrnl.exe", "KeSetEvent", 0);
    (void)state;

    assert_non_null(routine);
    assert_ptr_equal(exports_find_image("NTOSKRNL.EXE", "KeSetEvent", 0), routine);
    assert_ptr_equal(exports_find_image("NtOsKrnl", "KeSetEvent", 0), routine);
    assert_null(exports_find_image("ntoskrnl.exe", "kesetevent", 0));
    assert_null(exports_find_image("mpio.sys", "KeSetEvent", 0));
    assert_null(exports_find_image("ntoskrnl.exe", NULL, 0));
    assert_null(exports_find_image("ntoskrnl.exe", NULL, 60000));
    assert_null(exports_find_image("a_module_with_a_name_of_more_than_31_letters.sys", "KeSetEvent", 0));
    assert_true(exports_know("MPIO.SYS") && exports_know("HAL.dll") && exports_know("storport.sys"));
    assert_false(exports_know("ndis.sys") || exports_know("") || exports_know("ntoskrnl2.exe"));
}

static void wide_strings_have_16_bit_characters(void **state)
{
    uint16_t buffer[16];
    (void)state;

    assert_int_equal(CALL(size_t, "wcslen", (const uint16_t *))(u"four"), 4);
    assert_int_equal(CALL(size_t, "wcsnlen", (const uint16_t *, size_t))(u"four", 3), 3);
    assert_ptr_equal(CALL(uint16_t *, "wcscpy", (uint16_t *, const uint16_t *))(buffer, u"ab"), buffer);
    CALL(uint16_t *, "wcscat", (uint16_t *, const uint16_t *))(buffer, u"Cd");
    assert_memory_equal(buffer, u"abCd", 10);
    assert_int_equal(CALL(int, "wcscmp", (const uint16_t *, const uint16_t *))(buffer, u"abCe"), -1);
    assert_int_equal(CALL(int, "wcsncmp", (const uint16_t *, const uint16_t *, size_t))(buffer, u"abCe", 3), 0);
    assert_int_equal(CALL(int, "_wcsicmp", (const uint16_t *, const uint16_t *))(buffer, u"ABcD"), 0);
    assert_int_equal(CALL(int, "_wcsnicmp", (const uint16_t *, const uint16_t *, size_t))(buffer, u"ABX", 3), -1);
    assert_int_equal(CALL(int, "wcscmp", (const uint16_t *, const uint16_t *))(u"\xFFFF", u"\x7FFF"), 1);
    assert_ptr_equal(CALL(uint16_t *, "wcschr", (const uint16_t *, uint16_t))(buffer, u'C'), buffer + 2);
    assert_ptr_equal(CALL(uint16_t *, "wcschr", (const uint16_t *, uint16_t))(buffer, 0), buffer + 4);
    assert_null(CALL(uint16_t *, "wcsrchr", (const uint16_t *, uint16_t))(buffer, u'x'));
    assert_ptr_equal(CALL(uint16_t *, "wcsstr", (const uint16_t *, const uint16_t *))(buffer, u"Cd"), buffer + 2);
    assert_null(CALL(uint16_t *, "wcsstr", (const uint16_t *, const uint16_t *))(buffer, u"Cde"));
    assert_ptr_equal(CALL(uint16_t *, "_wcsupr", (uint16_t *))(buffer), buffer);
    assert_memory_equal(buffer, u"ABCD", 10);
    memset(buffer, 0xFF, sizeof buffer);
    CALL(uint16_t *, "wcsncpy", (uint16_t *, const uint16_t *, size_t))(buffer, u"xy", 4);
    assert_memory_equal(buffer, u"xy\0", 8);
    assert_int_equal(buffer[4], 0xFFFF);
    CALL(uint16_t *, "wcsncpy", (uint16_t *, const uint16_t *, size_t))(buffer, u"xyz", 2);
    assert_int_equal(buffer[2], 0);
    assert_int_equal(CALL(uint16_t, "towupper", (uint16_t))(0xE4), 0xE4);
}

/* qsort and bsearch call back: the probe driver of pe.sh tries them. */
static void narrow_strings_and_numbers(void **state)
{
    char buffer[16] = "abc";
    (void)state;

    assert_ptr_equal(CALL(char *, "strstr", (const char *, const char *))(buffer, ""), buffer);
    assert_int_equal(CALL(int, "_stricmp", (const char *, const char *))("LUN", "lun"), 0);
    assert_int_equal(CALL(int, "strcmp", (const char *, const char *))("\xFF", "a"), 1);
    assert_string_equal(CALL(char *, "strncat", (char *, const char *, size_t))(buffer, "defg", 2), "abcde");
    assert_int_equal(CALL(int, "atoi", (const char *))(" \t-12x"), -12);
    assert_int_equal(CALL(int, "atoi", (const char *))("4294967297"), 1);
    assert_int_equal(CALL(int, "isxdigit", (int))('g'), 0);
    assert_int_equal(CALL(int, "isxdigit", (int))('F'), 1);
    assert_int_equal(CALL(int, "isspace", (int))(-1), 0);
    CALL(void *, "memcpy", (void *, const void *, size_t))(buffer + 1, buffer, 4); /* overlaps: as memmove */
    assert_string_equal(buffer, "aabcd");
}

/* What the formatting routines answered: filled in a thread of a machine, where an image's code runs. */
struct formatted {
    char text[64], cut[64];
    uint16_t wide[8], narrow[8];
    int lengths[4];
    bool done;
};

static void format_as_an_image(void *argument)
{
    struct formatted *f = argument;

    f->lengths[0] = CALL(int, "sprintf", (char *, const char *, ...))(f->text, "%d %s %I64x %ws %c", -5, "five", 0x123456789ull,
                                                                      u"w", 'z');
    f->lengths[1] = CALL(int, "_snprintf", (char *, size_t, const char *, ...))(f->cut, 3, "%u", 1234u);
    f->lengths[2] = CALL(int, "_snwprintf", (uint16_t *, size_t, const uint16_t *, ...))(f->wide, 8, u"%s-%u", u"a", 77u);
    f->lengths[3] = CALL(int, "swprintf", (uint16_t *, const uint16_t *, ...))(f->narrow, u"%S", "narrow");
    f->done = true;
}

static void formats_read_an_image_s_arguments(void **state)
{
    static const int lengths[4] = {21, -1, 4, 6};
    struct formatted f = {.cut = "......."};
    struct world *w = world_create(&(struct world_options){.seed = 1});
    struct machine *m = machine_create(w, "node", 1);
    const char *why = "";
    (void)state;

    if (!nt_create(m, &(struct nt_options){.pool_bytes = 16u << 20}, &why))
        fail_msg("%s", why);
    nt_run_thread(m, "test", format_as_an_image, &f);
    world_run(w, WORLD_SECOND);
    world_destroy(w);
    assert_true(f.done);
    assert_memory_equal(f.lengths, lengths, sizeof lengths);
    assert_string_equal(f.text, "-5 five 123456789 w z");
    assert_string_equal(f.cut, "123....");
    assert_memory_equal(f.wide, u"a-77", 10);
    assert_memory_equal(f.narrow, u"narrow", 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sorted_and_every_entry_is_found),
        cmocka_unit_test(modules_compare_without_case_and_suffix),
        cmocka_unit_test(wide_strings_have_16_bit_characters),
        cmocka_unit_test(narrow_strings_and_numbers),
        cmocka_unit_test(formats_read_an_image_s_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
