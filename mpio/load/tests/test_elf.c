/* SPDX-License-Identifier: MIT */
/* Driver files: the good one, and every kind of wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/load.h"
#include "load/tests/sample_dsm.h"

static char *directory, file[512], *bytes;
static size_t length;

static int setup(void **state)
{
    (void)state;
    directory = host_temporary_directory();
    bytes = host_read_file(dsm(), 64u << 20, &length);
    if (!directory || !bytes)
        return -1;
    snprintf(file, sizeof file, "%s/driver.so", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    host_remove_file(file);
    host_remove_file(directory);
    free(directory);
    free(bytes);
    return 0;
}

static void refused(size_t size, const char *reason)
{
    struct load_driver d;
    char why[600] = "";

    assert_true(host_write_file(file, bytes, size));
    assert_false(load_driver_open(file, &d, why, sizeof why));
    assert_non_null(strstr(why, file));
    if (!strstr(why, reason))
        fail_msg("'%s' does not say '%s'", why, reason);
    assert_null(d.library);
}

static void two_machines_get_copies_of_their_own(void **state)
{
    struct load_driver a, b;
    char why[600] = "";
    (void)state;

    if (!load_driver_open(dsm(), &a, why, sizeof why) || !load_driver_open(dsm(), &b, why, sizeof why))
        fail_msg("%s", why);
    assert_string_equal(a.service, "dsm_sample");
    assert_true(a.entry != b.entry);
    assert_true(a.image.base != b.image.base);
    assert_true((char *)a.entry >= (char *)a.image.base && (char *)a.entry < (char *)a.image.base + a.image.size);
    assert_string_equal(a.image.path, dsm());
    char *copy = strdup(a.copy);
    load_driver_close(&a);
    assert_true(host_file_open(copy, false) < 0); /* nothing is left on the disk */
    free(copy);
    load_driver_close(&b);
}

/* Where the last loadable segment ends; behind it stand names and debug information, which nobody maps. */
static size_t end_of_segments(void)
{
    uint64_t at, offset, size, end = 0;
    uint16_t count;
    uint32_t type;

    memcpy(&at, bytes + 32, 8);
    memcpy(&count, bytes + 56, 2);
    for (unsigned i = 0; i < count; i++) {
        memcpy(&type, bytes + at + i * 56u, 4);
        memcpy(&offset, bytes + at + i * 56u + 8, 8);
        memcpy(&size, bytes + at + i * 56u + 32, 8);
        if (type == 1 && offset + size > end)
            end = offset + size;
    }
    return end;
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < 4096 && size < length; size += 61)
        refused(size, size < 64 ? "is not an ELF file" : "");
    for (size_t size = 4096; size < end_of_segments(); size += 601)
        refused(size, "truncated");
    refused(end_of_segments() - 1, "truncated");
}

static void other_kinds_of_file_are_named(void **state)
{
    char *whole = malloc(length);
    (void)state;

    memcpy(whole, bytes, length);
    bytes[18] = 0xF3; /* another processor */
    refused(length, "another processor");
    memcpy(bytes, whole, length);
    bytes[16] = 2; /* an executable */
    refused(length, "not a shared object");
    memcpy(bytes, whole, length);
    memset(bytes + 32, 0xFF, 8); /* program headers outside the file */
    refused(length, "program headers");
    memcpy(bytes, whole, length);
    bytes[0] = 'M', bytes[1] = 'Z';
    refused(length, "its PE header");
    memcpy(bytes, whole, length);
    free(whole);

    struct load_driver d;
    char why[600];
    assert_false(load_driver_open("/nowhere/at/all.so", &d, why, sizeof why));
    assert_non_null(strstr(why, "/nowhere/at/all.so"));
    assert_int_equal(load_file_hash("/nowhere/at/all.so"), 0);
    assert_int_not_equal(load_file_hash(dsm()), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_machines_get_copies_of_their_own),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(other_kinds_of_file_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
