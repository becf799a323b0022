/* SPDX-License-Identifier: MIT */
/* PE images: the good one, and every kind of wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "host/host.h"
#include "pe_builder.h"

static char why[1600];

/* Parse, place, bind and set the cookie in memory of exactly the image's size. */
static bool lay_out(const uint8_t *bytes, size_t length, uint16_t machine, uint8_t **area)
{
    struct pe_headers pe;

    why[0] = '\0';
    *area = NULL;
    if (!pe_parse(bytes, length, machine, &pe, why, sizeof why))
        return false;
    assert_true(pe.image_size <= PE_IMAGE_LIMIT);
    if (pe.image_size > 64 * image_length) /* a mangled size: possible, and nothing for a test's memory */
        return true;
    *area = calloc(1, pe.image_size);
    bool ok = pe_place(&pe, bytes, *area, PE_WINDOW_BASE, why, sizeof why) &&
              pe_set_cookie(&pe, *area, PE_WINDOW_BASE, why, sizeof why) && pe_bind(&pe, *area, &fake, why, sizeof why);
    if (!ok) {
        free(*area);
        *area = NULL;
    }
    return ok;
}

static void refused(struct built *b, size_t length, const char *reason)
{
    uint8_t *area;

    if (lay_out(b->bytes, length, PE_MACHINE_AMD64, &area))
        fail_msg("accepted; should be refused with '%s'", reason);
    if (!strstr(why, reason))
        fail_msg("'%s' does not say '%s'", why, reason);
}

static void accepted(struct built *b)
{
    uint8_t *area;

    if (!lay_out(b->bytes, file_length, PE_MACHINE_AMD64, &area))
        fail_msg("%s", why);
    free(area);
}

#define BEND(reason, ...)                      \
    do {                                       \
        struct built b = build(true);          \
        uint8_t *o = b.bytes + at_optional;    \
        (void)o;                               \
        __VA_ARGS__;                           \
        if (reason[0])                         \
            refused(&b, file_length, reason);  \
        else                                   \
            accepted(&b);                      \
        free(b.bytes);                         \
    } while (0)

static void whole_image_is_laid_out_relocated_and_bound(void **state)
{
    uint8_t *area;
    (void)state;

    for (int wide = 0; wide < 2; wide++) {
        struct built b = build(wide);
        const unsigned width = wide ? 8 : 4;
        uint64_t value = 0;

        assert_true(lay_out(b.bytes, file_length, wide ? PE_MACHINE_AMD64 : PE_MACHINE_I386, &area));
        memcpy(&value, area + rva_data + pointer, width);
        assert_int_equal(value, PE_WINDOW_BASE + rva_data + 8);
        value = 0;
        memcpy(&value, area + rva_rdata + table_a, width);
        assert_ptr_equal((void *)(uintptr_t)value, FAKE_ROUTINE(1));
        memcpy(&value, area + rva_rdata + table_a + width, width);
        assert_ptr_equal((void *)(uintptr_t)value, FAKE_ROUTINE(2));
        memcpy(&value, area + rva_rdata + table_b, width);
        assert_ptr_equal((void *)(uintptr_t)value, FAKE_ROUTINE(7));
        value = 0;
        memcpy(&value, area + rva_data + cookie, width);
        assert_int_not_equal(value, wide ? 0x2B992DDFA232ull : 0xBB40E64Eu);
        assert_int_not_equal(value, 0);
        if (wide)
            assert_int_equal(value >> 48, 0);
        free(area);
        free(b.bytes);
    }
}

static void every_truncation_is_refused(void **state)
{
    struct built b = build(true);
    (void)state;

    for (size_t length = 0; length < file_length; length++) {
        uint8_t *copy = malloc(length ? length : 1), *area; /* exact, so that ASan sees a read beyond */
        memcpy(copy, b.bytes, length);
        assert_false(lay_out(copy, length, PE_MACHINE_AMD64, &area));
        assert_true(strlen(why) > 10);
        free(copy);
    }
    free(b.bytes);
}

static void every_mangled_byte_is_survived(void **state)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF};
    struct built b = build(true);
    (void)state;

    for (size_t i = 0; i < file_length; i++) {
        if (i >= 0x300 && i < at_rdata)
            continue; /* padding and code: nobody reads them */
        uint8_t before = b.bytes[i], *area;
        for (size_t v = 0; v < sizeof values; v++) {
            b.bytes[i] = values[v];
            if (lay_out(b.bytes, file_length, PE_MACHINE_AMD64, &area))
                free(area);
            else
                assert_true(strlen(why) > 10);
        }
        b.bytes[i] = before;
    }
    free(b.bytes);
}

static void wrong_kinds_of_file_are_named(void **state)
{
    (void)state;
    BEND("not a PE image", b.bytes[0] = 'Z');
    BEND("is a DOS program", b.bytes[at_pe] = 'N');
    BEND("PE header is said to lie", put(b.bytes + 60, 4, 0xFFFFFFF0u));
    BEND("is built for ARM64", put(b.bytes + at_pe + 4, 2, PE_MACHINE_ARM64));
    BEND("is built for x86 (32 bit)", put(b.bytes + at_pe + 4, 2, PE_MACHINE_I386));
    BEND("optional header is 0x10b", put(o, 2, 0x10B));
    BEND("not linked to the end", put(b.bytes + at_pe + 22, 2, 0x2020));
    BEND("is a console program", put(b.bytes + at_pe + 22, 2, 0x0022); put(o + 68, 2, 3));
    BEND("", put(o + 68, 2, 3));                        /* a DLL may say what it likes */
    BEND("", put(b.bytes + at_pe + 22, 2, 0x0022));     /* a native program: a driver linked by Microsoft's tools */
    BEND("has no relocations", put(b.bytes + at_pe + 22, 2, 0x2023));
    BEND("has no relocations", put_directory(&b, PE_RELOCATIONS, 0, 0); put(o + 70, 2, 0x120));
    BEND("thread-local", put_directory(&b, PE_THREAD_STORAGE, rva_rdata, 40));
    BEND("delay-loaded", put_directory(&b, PE_DELAY_IMPORTS, rva_rdata, 40));

    struct built b = build(true);
    struct pe_headers pe;
    assert_false(pe_parse(b.bytes, file_length, 0, &pe, why, sizeof why)); /* a host that runs none */
    assert_non_null(strstr(why, "this host runs none"));
    free(b.bytes);
}

static void sizes_and_places_are_checked_to_the_last_byte(void **state)
{
    (void)state;
    BEND("claims 0 sections", put(b.bytes + at_pe + 6, 2, 0));
    BEND("claims 97 sections", put(b.bytes + at_pe + 6, 2, 97));
    BEND("section table", put(b.bytes + at_pe + 6, 2, 96));
    BEND("make no sense", put(o + 32, 4, 0));
    BEND("make no sense", put(o + 36, 4, 0));
    BEND("make no sense", put(o + 32, 4, 0x3000));
    BEND("aligns its sections to 0x800", put(o + 32, 4, 0x800));
    BEND("aligns its sections to 0x20000", put(o + 32, 4, 0x20000));
    BEND("", put(o + 32, 4, 0x10000));
    BEND("a whole number of pages", put(o + 56, 4, image_length + 1));
    BEND("a whole number of pages", put(o + 56, 4, 0));
    BEND("a whole number of pages", put(o + 56, 4, PE_IMAGE_LIMIT + 0x1000));
    BEND("", put(o + 56, 4, PE_IMAGE_LIMIT));
    BEND("section .reloc", put(o + 56, 4, image_length - 0x1000); put_directory(&b, PE_RELOCATIONS, rva_data, 8));
    BEND("headers are said to have 0x40", put(o + 60, 4, 0x40));
    BEND("headers are said to have 0xe01", put(o + 60, 4, file_length + 1));
    BEND(".text (offset", put(o + 60, 4, file_length); put(b.bytes + at_section(&b, 0) + 12, 4, 0));
    BEND("data directory 1 ", put_directory(&b, PE_IMPORTS, image_length - 59, 60));
    BEND("list of imported modules", put_directory(&b, PE_IMPORTS, image_length - 19, 19));
    BEND("data directory 5 ", put_directory(&b, PE_RELOCATIONS, 0xFFFFFFF0u, 0x20));
    BEND("no entry point", put(o + 16, 4, 0));
    BEND("no entry point", put(o + 16, 4, rva_text + 0x200));
    BEND("no entry point", put(o + 16, 4, rva_data));
    BEND("", put(o + 16, 4, rva_text + 0x1FF));
    BEND("has a section that is writable and executable: .text", put(b.bytes + at_section(&b, 0) + 36, 4, 0xE0000020u));
    BEND("", put(b.bytes + at_section(&b, 0) + 36, 4, 0xE2000020u)); /* INIT */
    BEND("section .rdata", put(b.bytes + at_section(&b, 1) + 12, 4, rva_text));
    BEND("section .rdata", put(b.bytes + at_section(&b, 1) + 12, 4, rva_rdata + 8));
    BEND("section .rdata", put(b.bytes + at_section(&b, 0) + 8, 4, 0x1001)); /* .text grows into it */
    BEND("section .reloc", put(b.bytes + at_section(&b, 3) + 8, 4, 0x1001));
    BEND("section .reloc", put(b.bytes + at_section(&b, 3) + 8, 4, 0xFFFFFFFFu));
    BEND("section .reloc", put(b.bytes + at_section(&b, 3) + 20, 4, at_reloc + 1));
    BEND("section .reloc", put(b.bytes + at_section(&b, 3) + 20, 4, 0xFFFFFF00u));
    BEND("is empty", put(b.bytes + at_section(&b, 2) + 8, 4, 0); put(b.bytes + at_section(&b, 2) + 16, 4, 0));
}

static void relocations_stay_inside_the_image(void **state)
{
    (void)state;
    BEND("", put(b.bytes + at_reloc, 4, image_length - 0x18));
    BEND("outside its", put(b.bytes + at_reloc, 4, image_length - 0x17));
    BEND("outside its", put(b.bytes + at_reloc, 4, 0xFFFFFFF0u));
    BEND("relocation of type 5", put(b.bytes + at_reloc + 8, 2, 5 << 12));
    BEND("", put(b.bytes + at_reloc + 8, 2, 0));
    BEND("block of relocations", put(b.bytes + at_reloc + 4, 4, 6));
    BEND("block of relocations", put(b.bytes + at_reloc + 4, 4, 0));
    BEND("block of relocations", put(b.bytes + at_reloc + 4, 4, 11));
    BEND("block of relocations", put(b.bytes + at_reloc + 14, 4, 12));
}

static void missing_imports_are_listed_at_once(void **state)
{
    (void)state;
    BEND("what is not there: NTOSKRNL.EXE!KeResEvent, mpio.sys!#8; ddk", b.bytes[at_rdata + texts + 0x44] = 'R',
         memcpy(b.bytes + at_rdata + texts + 0x45, "es", 2), put(b.bytes + at_rdata + names_b, 2, 8));
    BEND("NTOSKRNX.EXE!KeSetEvent, NTOSKRNX.EXE!memcpy; nothing here exports from NTOSKRNX.EXE; ddk",
         b.bytes[at_rdata + texts + 7] = 'X');

    struct built b = build(true); /* thirty routines that nobody has: twelve are named */
    for (unsigned i = 0; i < 30; i++) {
        put(b.bytes + at_rdata + 0x300 + i * 8, 8, 1ull << 63 | (100 + i));
    }
    put(b.bytes + at_rdata + descriptors, 4, rva_rdata + 0x300);
    put(b.bytes + at_rdata + descriptors + 16, 4, rva_rdata + 0x300);
    refused(&b, file_length, "NTOSKRNL.EXE!#100, NTOSKRNL.EXE!#101");
    assert_non_null(strstr(why, "#111 (18 more)"));
    free(b.bytes);
}

static void damaged_import_tables_are_refused(void **state)
{
    (void)state;
    BEND("", put_directory(&b, PE_IMPORTS, 0, 0));
    BEND("", put(b.bytes + at_rdata + descriptors, 4, 0), memcpy(b.bytes + at_rdata + table_a, b.bytes + at_rdata + names_a, 16));
    BEND("bound to the addresses", put(b.bytes + at_rdata + descriptors, 4, 0), put(b.bytes + at_rdata + descriptors + 4, 4, 1));
    BEND("forwarded imports", put(b.bytes + at_rdata + descriptors + 8, 4, 3));
    BEND("imported module", put(b.bytes + at_rdata + descriptors + 12, 4, 0xFFFFFFFFu));
    BEND("imported module", b.bytes[at_rdata + texts] = 0);
    BEND("imported module", b.bytes[at_rdata + texts] = '\n');
    BEND("no readable name", put(b.bytes + at_rdata + names_a, 8, 0x7FFFFFFFFFFFFFFFull));
    BEND("no readable name", put(b.bytes + at_rdata + names_a, 8, image_length - 2));
    BEND("no readable name", memset(b.bytes + at_rdata + texts + 0x42, 'a', 0x400 - texts - 0x42);
         put_directory(&b, PE_LOAD_CONFIG, 0, 0); put(b.bytes + at_reloc + 18, 2, 0)); /* 702 letters */
    BEND("NTOSKRNL.EXE!aaaa", memset(b.bytes + at_rdata + 0x300, 'a', PE_NAME_LIMIT); put(b.bytes + at_rdata + names_a, 8, rva_rdata + 0x2FE));
    BEND("no readable name", memset(b.bytes + at_rdata + 0x2FF, 'a', PE_NAME_LIMIT + 1);
         put(b.bytes + at_rdata + names_a, 8, rva_rdata + 0x2FD));
    BEND("do not end inside the image", put(b.bytes + at_rdata + descriptors + 16, 4, image_length - 8));
    BEND("do not end inside the image", put(b.bytes + at_rdata + descriptors, 4, 0xFFFFFFF8u));
}

static void cookie_is_set_only_inside_the_image(void **state)
{
    (void)state;
    BEND("security cookie", put(b.bytes + at_rdata + config + 88, 8, b.linked_base + image_length - 7));
    BEND("security cookie", put(b.bytes + at_rdata + config + 88, 8, b.linked_base - 8));
    BEND("", put(b.bytes + at_rdata + config + 88, 8, b.linked_base + image_length - 8));
    BEND("", put(b.bytes + at_rdata + config, 4, 88)); /* a structure without the field */
    BEND("", put_directory(&b, PE_LOAD_CONFIG, image_length - 90, 90));
}

/* ---- in the window ------------------------------------------------------------------------------- */

#if defined(__x86_64__)
static void images_run_at_the_first_free_slot(void **state)
{
    struct built b = build(true);
    struct pe_image one, two, three;
    (void)state;

    assert_true(pe_open(b.bytes, file_length, "one.sys", &fake, &one, why, sizeof why));
    assert_true(pe_open(b.bytes, file_length, "two.sys", &fake, &two, why, sizeof why));
    assert_ptr_equal(one.base, (void *)(uintptr_t)PE_WINDOW_BASE);
    assert_ptr_equal(two.base, one.base + PE_SLOT);
    void *(__attribute__((ms_abi)) *entry)(void) = two.entry;
    assert_ptr_equal(entry(), two.base + rva_data + 8);
    pe_close(&one);
    assert_true(pe_open(b.bytes, file_length, "three.sys", &fake, &three, why, sizeof why));
    assert_ptr_equal(three.base, (void *)(uintptr_t)PE_WINDOW_BASE);
    pe_close(&three);
    pe_close(&two);
    pe_close(&two); /* nothing */
    free(b.bytes);
}

static void refused_image_leaves_its_slot_free(void **state)
{
    struct built b = build(true);
    struct pe_image image;
    (void)state;

    b.bytes[at_rdata + texts + 0x44] = 'X';
    assert_false(pe_open(b.bytes, file_length, "bad.sys", &fake, &image, why, sizeof why));
    assert_null(image.base);
    b.bytes[at_rdata + texts + 0x44] = 'S';
    assert_true(pe_open(b.bytes, file_length, "good.sys", &fake, &image, why, sizeof why));
    assert_ptr_equal(image.base, (void *)(uintptr_t)PE_WINDOW_BASE);
    pe_close(&image);
    free(b.bytes);
}

static void full_window_is_refused(void **state)
{
    struct built b = build(true);
    void *taken = host_map_at(PE_WINDOW_BASE, PE_WINDOW_SIZE - PE_SLOT);
    struct pe_image image, more;
    (void)state;

    assert_non_null(taken);
    assert_true(pe_open(b.bytes, file_length, "last.sys", &fake, &image, why, sizeof why));
    assert_ptr_equal(image.base, (void *)((uintptr_t)PE_WINDOW_BASE + PE_WINDOW_SIZE - PE_SLOT));
    assert_false(pe_open(b.bytes, file_length, "more.sys", &fake, &more, why, sizeof why));
    assert_non_null(strstr(why, "load fewer"));
    pe_close(&image);
    host_unmap(taken, PE_WINDOW_SIZE - PE_SLOT);
    free(b.bytes);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_image_is_laid_out_relocated_and_bound),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_mangled_byte_is_survived),
        cmocka_unit_test(wrong_kinds_of_file_are_named),
        cmocka_unit_test(sizes_and_places_are_checked_to_the_last_byte),
        cmocka_unit_test(relocations_stay_inside_the_image),
        cmocka_unit_test(missing_imports_are_listed_at_once),
        cmocka_unit_test(damaged_import_tables_are_refused),
        cmocka_unit_test(cookie_is_set_only_inside_the_image),
#if defined(__x86_64__)
        cmocka_unit_test(images_run_at_the_first_free_slot),
        cmocka_unit_test(refused_image_leaves_its_slot_free),
        cmocka_unit_test(full_window_is_refused),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
