/* SPDX-License-Identifier: MIT */
/*
 * Memory, files, wakers, programs and addresses of the Windows host; runs under Wine too. What test_host.c asks of
 * the others, in terms that Windows has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAR_AWAY 0x0000070000000000ull
#define LARGE    ((size_t)1 << 30)

static char *directory;

static const char *in_directory(const char *name)
{
    static char path[2][512]; /* two names may be wanted at a time */
    static unsigned turn;
    turn ^= 1;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", directory, name);
    return path[turn];
}

static void a_large_area_comes_as_it_is_touched(void **state)
{
    (void)state;
    char *base = host_map_at(FAR_AWAY, LARGE);
    assert_ptr_equal(base, FAR_AWAY);
    assert_null(host_map_at(FAR_AWAY + LARGE / 2, 65536));
    assert_non_null(strstr(host_error(), "File exists"));
    uint64_t before = host_rss_bytes();
    for (size_t at = 0; at < LARGE; at += LARGE / 16) {
        assert_int_equal(base[at], 0);
        base[at] = 1;
    }
    assert_int_equal(base[LARGE - 1], 0);
    assert_true(host_rss_bytes() - before < LARGE / 4);
    assert_true(host_protect(base + LARGE / 2, 4096, HOST_READ));
    assert_int_equal(base[LARGE / 2], 1);
    host_unmap(base, LARGE);
    assert_null(host_map_at(0, 4096));
    base = host_map_at(FAR_AWAY, 65536);
    assert_ptr_equal(base, FAR_AWAY);
    host_unmap(base, 65536);
}

static void a_file_is_read_into_memory_never_touched(void **state)
{
    (void)state;
    char *base = host_map_at(FAR_AWAY, LARGE);
    int file = host_file_open(in_directory("f"), true);
    assert_true(file >= 0);
    assert_int_equal(host_file_pwrite(file, "hello", 5, 5000000000), 5);
    assert_int_equal(host_file_size(file), 5000000005);
    assert_int_equal(host_file_pread(file, base + LARGE / 2 + 4095, 10, 5000000000), 5);
    assert_memory_equal(base + LARGE / 2 + 4095, "hello", 5);
    assert_int_equal(host_file_pread(file, base, 10, 5000000005), 0);
    assert_true(host_file_resize(file, 7));
    assert_int_equal(host_file_size(file), 7);
    assert_false(host_file_resize(file, UINT64_MAX));
    assert_true(host_file_sync(file));
    host_file_close(file);
    assert_true(host_remove_file(in_directory("f")));
    assert_null(host_read_file(in_directory("f"), 10, NULL));
    assert_non_null(strstr(host_error(), "No such file"));
    host_unmap(base, LARGE);
}

/* The pool gives back the ends of a mapping to have its middle at a round address. */
static void pieces_of_a_mapping_can_be_given_back(void **state)
{
    (void)state;
    char *base = host_map(4 * 65536);
    host_unmap(base, 65536);
    host_unmap(base + 3 * 65536, 65536);
    base[65536] = base[3 * 65536 - 1] = 1;
    host_unmap(base + 65536, 2 * 65536);
    assert_ptr_equal(host_map_at((uintptr_t)base, 65536), base);
    host_unmap(base, 65536);
}

static void a_written_file_replaces_the_old_one(void **state)
{
    (void)state;
    size_t length;
    for (unsigned round = 0; round < 2; round++) {
        assert_true(host_write_file(in_directory("gr\xc3\xb6\xc3\x9f" "e"), "a\nb\r\n", 5 - round));
        char *back = host_read_file(in_directory("gr\xc3\xb6\xc3\x9f" "e"), 5, &length);
        assert_non_null(back);
        assert_int_equal(length, 5 - round);
        assert_memory_equal(back, "a\nb\r\n", length);
        free(back);
    }
    assert_null(host_read_file(in_directory("gr\xc3\xb6\xc3\x9f" "e"), 3, &length));
    assert_non_null(strstr(host_error(), "longer than 3 bytes"));
    assert_true(host_copy_file(in_directory("gr\xc3\xb6\xc3\x9f" "e"), in_directory("copy")));
    assert_true(host_remove_file(in_directory("copy")));
    assert_true(host_remove_file(in_directory("gr\xc3\xb6\xc3\x9f" "e")));
    assert_false(host_write_file(in_directory("none/a"), "", 0));
    char inner[512];
    snprintf(inner, sizeof(inner), "%s", in_directory("one\\two"));
    assert_true(host_make_directory(inner));
    assert_true(host_make_directory(inner));
    assert_true(host_write_file(in_directory("one/two/x"), "", 0));
    assert_false(host_make_directory(in_directory("one/two/x/y")));
    assert_false(host_make_directory(""));
    assert_true(host_remove_file(in_directory("one/two/x")));
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(in_directory("one")), 0);
}

static void a_waker_ends_a_wait(void **state)
{
    (void)state;
    struct host_waker waker;
    assert_true(host_waker_open(&waker));
    struct host_poll fds[2] = {{.fd = waker.wait_fd, .want = HOST_POLL_IN}, {.fd = waker.signal_fd, .want = HOST_POLL_OUT}};
    assert_int_equal(host_poll(fds, 1, 2000000), 0);
    assert_int_equal(host_poll(fds, 2, 0), 1);
    assert_int_equal(fds[1].got, HOST_POLL_OUT);
    host_waker_signal(&waker);
    host_waker_signal(&waker);
    assert_int_equal(host_poll(fds, 1, UINT64_MAX), 1);
    assert_int_equal(fds[0].got, HOST_POLL_IN);
    host_waker_drain(&waker);
    assert_int_equal(host_poll(fds, 1, 0), 0);
    host_waker_close(&waker);
}

static void programs_run_with_their_output_collected(void **state)
{
    (void)state;
    char text[8];
    const char *const says[] = {"cmd", "/c", "echo", "0123456789", NULL};
    assert_int_equal(host_run(says, text, sizeof(text)), 0);
    assert_string_equal(text, "0123456");
    const char *const fails[] = {"cmd", "/c", "exit", "3", NULL};
    assert_int_equal(host_run(fails, text, sizeof(text)), 3);
    assert_string_equal(text, "");
    const char *const missing[] = {"no-such-program-here", NULL};
    assert_int_equal(host_run(missing, text, sizeof(text)), -1);
    assert_non_null(strstr(host_error(), "no-such-program-here"));
}

/* This program again: what it does as a child is in main. */
static void children_run_beside_us_and_are_told_apart_by_their_ends(void **state)
{
    (void)state;
    char program[512];
    snprintf(program, sizeof(program), "%s", host_executable());
    const char *const slow[] = {program, "slow", NULL}, *const fails[] = {program, "fails", NULL};
    const char *const crashes[] = {program, "crashes", NULL}, *const missing[] = {"C:\\no\\such.exe", NULL};
    struct host_child *children[3] = {NULL};
    struct host_child_result result;
    assert_int_equal(host_child_wait(children, 3, UINT64_MAX, &result), -1); /* nobody to wait for */
    children[1] = host_child_start(slow, NULL, 0);
    assert_non_null(children[1]);
    assert_int_equal(host_child_wait(children, 3, 1000000, &result), -1);
    children[2] = host_child_start(fails, in_directory("out"), 0);
    assert_int_equal(host_child_wait(children, 3, UINT64_MAX, &result), 2);
    assert_null(children[2]);
    assert_int_equal(result.end, HOST_CHILD_EXITED);
    assert_int_equal(result.code, 3);
    size_t length;
    char *text = host_read_file(in_directory("out"), 100, &length);
    assert_non_null(strstr(text, "says"));
    assert_non_null(strstr(text, "warns"));
    free(text);
    assert_true(host_remove_file(in_directory("out")));
    children[0] = host_child_start(crashes, NULL, 0);
    assert_int_equal(host_child_wait(children, 3, UINT64_MAX, &result), 0);
    assert_int_equal(result.end, HOST_CHILD_CRASHED);
    assert_int_equal((unsigned)result.code, 0xC0000005u);
    host_child_kill(children[1]);
    host_child_kill(NULL);
    assert_null(host_child_start(missing, NULL, 0));
    assert_non_null(strstr(host_error(), "such.exe"));
    assert_true(host_processors() >= 1);
}

static void child_leaves_no_temporary_files_however_it_ends(void **state)
{
    (void)state;
    char program[512];
    snprintf(program, sizeof(program), "%s", host_executable());
    const char *const crashes[] = {program, "leaves", NULL};
    struct host_child *child[1] = {host_child_start(crashes, in_directory("out"), 0)};
    struct host_child_result result;
    assert_int_equal(host_child_wait(child, 1, UINT64_MAX, &result), 0);
    assert_int_equal(result.end, HOST_CHILD_CRASHED);
    size_t length;
    char *text = host_read_file(in_directory("out"), 1 << 20, &length); /* what Wine says of the crash comes behind */
    assert_non_null(text);
    text[strcspn(text, "\r\n")] = '\0';
    assert_non_null(strstr(text, "mpio-"));
    assert_int_not_equal(access(text, 0), 0);
    free(text);
    assert_true(host_remove_file(in_directory("out")));
}

/* A directory and a file in it, where temporary files are. */
static void leave_something(void)
{
    char name[600];
    snprintf(name, sizeof(name), "%s/a", getenv("TMP"));
    host_make_directory(name);
    snprintf(name, sizeof(name), "%s/a/b", getenv("TMP"));
    host_write_file(name, "b", 1);
    if (access(name, 0) == 0)
        puts(getenv("TMP"));
    fflush(stdout);
}

static int be_a_child(const char *kind)
{
    if (strcmp(kind, "leaves") == 0)
        leave_something();
    if (strcmp(kind, "fails") == 0) {
        fputs("says", stdout);
        fputs("warns", stderr);
        return 3;
    }
    if (strcmp(kind, "slow") == 0)
        sleep(30);
    *(volatile int *)FAR_AWAY = 1;
    return 0;
}

static __attribute__((noinline)) const void *my_address(unsigned *line)
{
    *line = __LINE__ + 1;
    return __builtin_return_address(0);
}

static void an_address_is_this_file_and_line(void **state)
{
    (void)state;
    unsigned inside;
    const char *pc = my_address(&inside);
    unsigned line = __LINE__ - 1;
    struct host_location l;
    host_locate(pc - 1, &l);
    assert_non_null(strstr(l.module, "test_windows.exe"));
    assert_int_not_equal(l.offset, 0);
    if (l.line == 0)
        skip(); /* no addr2line here */
    assert_string_equal(l.function, "an_address_is_this_file_and_line");
    assert_non_null(strstr(l.file, "test_windows.c"));
    assert_int_equal(l.line, line);
    host_locate((const void *)16, &l);
    assert_string_equal(l.module, "");
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_a_child(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_area_comes_as_it_is_touched),
        cmocka_unit_test(a_file_is_read_into_memory_never_touched),
        cmocka_unit_test(pieces_of_a_mapping_can_be_given_back),
        cmocka_unit_test(a_written_file_replaces_the_old_one),
        cmocka_unit_test(a_waker_ends_a_wait),
        cmocka_unit_test(programs_run_with_their_output_collected),
        cmocka_unit_test(children_run_beside_us_and_are_told_apart_by_their_ends),
        cmocka_unit_test(child_leaves_no_temporary_files_however_it_ends),
        cmocka_unit_test(an_address_is_this_file_and_line),
    };
    directory = host_temporary_directory();
    if (directory == NULL)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    failed += rmdir(directory) != 0; /* every test removes what it made */
    free(directory);
    return failed;
}
