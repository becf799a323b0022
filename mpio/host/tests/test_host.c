/* SPDX-License-Identifier: MIT */
/*
 * Memory, files, poll, processes and addresses: what each answers on success and on failure.
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
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static char *directory;

static int make_directory(void **state)
{
    (void)state;
    directory = host_temporary_directory();
    return directory == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    int failed = rmdir(directory); /* every test removes what it made */
    free(directory);
    return failed;
}

static const char *in_directory(const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void a_taken_address_is_refused(void **state)
{
    (void)state;
    size_t page = host_page_size();
    char *any = host_map(page);
    assert_non_null(any);
    assert_int_equal(any[page - 1], 0);
    assert_null(host_map_at((uintptr_t)any, page));
    assert_non_null(strstr(host_error(), "cannot map"));
    host_unmap(any, page);
    char *again = host_map_at((uintptr_t)any, page);
    assert_ptr_equal(again, any);
    again[0] = 1;
    assert_true(host_protect(again, page, HOST_READ));
    assert_int_equal(again[0], 1);
    host_unmap(again, page);
    assert_null(host_map_at(0, page));
}

static void a_written_file_reads_back_and_keeps_the_limit(void **state)
{
    (void)state;
    char *data = malloc(100000);
    for (unsigned i = 0; i < 100000; i++)
        data[i] = (char)(i * 7);
    size_t length;
    for (unsigned round = 0; round < 2; round++) {
        assert_true(host_write_file(in_directory("a"), data, 100000 - round));
        char *back = host_read_file(in_directory("a"), 100000 - round, &length);
        assert_non_null(back);
        assert_int_equal(length, 100000 - round);
        assert_memory_equal(back, data, length);
        assert_int_equal(back[length], 0);
        free(back);
    }
    assert_null(host_read_file(in_directory("a"), 99998, &length));
    assert_non_null(strstr(host_error(), "longer than 99998 bytes"));
    assert_true(host_remove_file(in_directory("a")));
    assert_false(host_remove_file(in_directory("a")));
    assert_null(host_read_file(in_directory("a"), 10, &length));
    assert_non_null(strstr(host_error(), "No such file"));
    assert_false(host_write_file(in_directory("none/a"), data, 1));
    free(data);
}

static void an_empty_file_is_an_empty_text(void **state)
{
    (void)state;
    size_t length = 9;
    assert_true(host_write_file(in_directory("empty"), "", 0));
    char *text = host_read_file(in_directory("empty"), 0, &length);
    assert_non_null(text);
    assert_int_equal(length, 0);
    assert_string_equal(text, "");
    free(text);
    assert_true(host_remove_file(in_directory("empty")));
}

static void parts_of_files_transfer_at_offsets(void **state)
{
    (void)state;
    assert_true(host_file_open(in_directory("f"), false) < 0);
    int file = host_file_open(in_directory("f"), true);
    assert_true(file >= 0);
    assert_true(host_file_resize(file, 1000));
    assert_int_equal(host_file_size(file), 1000);
    assert_int_equal(host_file_pwrite(file, "hello", 5, 998), 5);
    assert_int_equal(host_file_size(file), 1003);
    char back[16];
    assert_int_equal(host_file_pread(file, back, 16, 997), 6);
    assert_memory_equal(back, "\0hello", 6);
    assert_int_equal(host_file_pread(file, back, 16, 2000), 0);
    assert_true(host_file_sync(file));
    assert_false(host_file_resize(file, UINT64_MAX));
    host_file_close(file);
    assert_int_equal(host_file_pread(file, back, 1, 0), -1);
    assert_true(host_copy_file(in_directory("f"), "/dev/null"));
    assert_true(host_remove_file(in_directory("f")));
}

static void directories_are_made_with_their_parents(void **state)
{
    (void)state;
    char inner[512];
    snprintf(inner, sizeof(inner), "%s", in_directory("one/two"));
    assert_true(host_make_directory(inner));
    assert_true(host_make_directory(inner));
    assert_true(host_write_file(in_directory("file"), "x", 1));
    assert_false(host_make_directory(in_directory("file")));
    assert_false(host_make_directory(in_directory("file/below")));
    assert_false(host_make_directory(""));
    assert_true(host_remove_file(in_directory("file")));
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(in_directory("one")), 0);
}

static void poll_tells_ready_from_quiet_descriptors(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct host_waker waker;
    assert_true(host_waker_open(&waker));
    struct host_poll fds[100];
    for (unsigned i = 0; i < 100; i++) /* more than fit on poll's stack */
        fds[i] = (struct host_poll){.fd = ends[0], .want = HOST_POLL_IN};
    fds[99] = (struct host_poll){.fd = ends[1], .want = HOST_POLL_OUT};
    fds[98] = (struct host_poll){.fd = waker.wait_fd, .want = HOST_POLL_IN};
    assert_int_equal(host_poll(fds, 100, 0), 1);
    assert_int_equal(fds[99].got, HOST_POLL_OUT);
    assert_int_equal(fds[98].got, 0);
    host_waker_signal(&waker);
    assert_int_equal(host_poll(fds, 100, UINT64_MAX), 2);
    assert_int_equal(fds[98].got, HOST_POLL_IN);
    host_waker_drain(&waker);
    assert_int_equal(host_poll(fds, 99, 1000), 0);
    close(ends[1]);
    assert_int_equal(host_poll(fds, 1, 0), 1);
    assert_int_equal(fds[0].got, HOST_POLL_HANG_UP);
    close(ends[0]);
    assert_int_equal(host_poll(fds, 1, 0), 1);
    assert_int_equal(fds[0].got, HOST_POLL_ERROR);
    host_waker_close(&waker);
}

/* Two small writes with what is between them held: how much the peer has before the second and after letting go. */
static void two_writes(int fd, int peer, bool hold, ssize_t *early, ssize_t *late)
{
    char bytes[8];
    struct host_poll wait = {.fd = peer, .want = HOST_POLL_IN};

    if (hold)
        host_hold_sends(fd, true);
    assert_int_equal(write(fd, "a", 1), 1);
    *early = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT | MSG_PEEK);
    assert_int_equal(write(fd, "b", 1), 1);
    if (hold)
        host_hold_sends(fd, false);
    do
        assert_int_equal(host_poll(&wait, 1, 5000000000u), 1);
    while ((*late = recv(peer, bytes, sizeof bytes, MSG_PEEK)) < 2);
    assert_int_equal(recv(peer, bytes, sizeof bytes, 0), 2);
}

static void held_writes_wait_for_each_other(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int peer = accept(listener, NULL, NULL);
    bool waited = false;
    for (int attempt = 0; attempt < 10 && !waited; attempt++) { /* the system holds for 200 ms only */
        ssize_t early = 0, late = 0;
        two_writes(fd, peer, true, &early, &late);
        waited = early < 0 && late == 2;
    }
    assert_true(waited);
    close(peer);
    close(fd);
    close(listener);
}

static void programs_run_with_their_output_collected(void **state)
{
    (void)state;
    char text[8];
    const char *const echo[] = {"echo", "0123456789", NULL};
    assert_int_equal(host_run(echo, text, sizeof(text)), 0);
    assert_string_equal(text, "0123456");
    const char *const fails[] = {"sh", "-c", "exit 3", NULL};
    assert_int_equal(host_run(fails, text, sizeof(text)), 3);
    assert_string_equal(text, "");
    const char *const ended[] = {"sh", "-c", "kill -9 $$", NULL};
    assert_int_equal(host_run(ended, text, sizeof(text)), -1);
    assert_non_null(strstr(host_error(), "signal 9"));
    if (host_under_valgrind())
        return; /* its posix_spawn cannot tell that there is no such program */
    const char *const missing[] = {"no-such-program-here", NULL};
    assert_int_equal(host_run(missing, text, sizeof(text)), -1);
    assert_non_null(strstr(host_error(), "no-such-program-here"));
}

static void children_run_beside_us_and_are_told_apart_by_their_ends(void **state)
{
    (void)state;
    const char *const slow[] = {"/bin/sh", "-c", "sleep 30", NULL};
    const char *const fails[] = {"/bin/sh", "-c", "echo says; echo warns >&2; exit 3", NULL};
    const char *const crashes[] = {"/bin/sh", "-c", "kill -SEGV $$", NULL};
    const char *const spins[] = {"/bin/sh", "-c", "while :; do :; done", NULL};
    struct host_child *children[4] = {NULL};
    struct host_child_result result;
    assert_int_equal(host_child_wait(children, 4, UINT64_MAX, &result), -1); /* nobody to wait for */
    children[1] = host_child_start(slow, NULL, 0);
    assert_non_null(children[1]);
    assert_int_equal(host_child_wait(children, 4, 1000000, &result), -1);
    children[2] = host_child_start(fails, in_directory("out"), 0);
    assert_int_equal(host_child_wait(children, 4, UINT64_MAX, &result), 2);
    assert_null(children[2]);
    assert_int_equal(result.end, HOST_CHILD_EXITED);
    assert_int_equal(result.code, 3);
    size_t length;
    char *text = host_read_file(in_directory("out"), 100, &length);
    assert_string_equal(text, "says\nwarns\n");
    free(text);
    assert_true(host_remove_file(in_directory("out")));
    children[0] = host_child_start(crashes, NULL, 0);
    assert_int_equal(host_child_wait(children, 4, UINT64_MAX, &result), 0);
    assert_int_equal(result.end, HOST_CHILD_CRASHED);
    assert_int_equal(result.code, 11);
    children[3] = host_child_start(spins, NULL, 1);
    assert_int_equal(host_child_wait(children, 4, UINT64_MAX, &result), 3);
    assert_int_equal(result.end, HOST_CHILD_OUT_OF_CPU);
    assert_true(result.cpu_ns > 0);
    host_child_kill(children[1]);
    host_child_kill(NULL);
    if (host_under_valgrind())
        return;
    const char *const missing[] = {"/no/such/program", NULL};
    assert_null(host_child_start(missing, NULL, 0));
    assert_non_null(strstr(host_error(), "/no/such/program"));
    assert_true(host_processors() >= 1);
}

/* What the child wrote into its directory for temporary files, whose name it printed, is gone with it. */
static void expect_nothing_left(void)
{
    size_t length;
    char *text = host_read_file(in_directory("out"), 500, &length);
    assert_non_null(text);
    assert_true(length > 1);
    text[length - 1] = '\0';
    assert_int_equal(host_directory_entries(text), 0);
    assert_int_not_equal(access(text, F_OK), 0);
    free(text);
    assert_true(host_remove_file(in_directory("out")));
}

static void child_leaves_no_temporary_files_however_it_ends(void **state)
{
    (void)state;
    const char *const crashes[] = {"/bin/sh", "-c", "mkdir $TMPDIR/a; : > $TMPDIR/a/b; echo $TMPDIR; kill -SEGV $$", NULL};
    const char *const stays[] = {"/bin/sh", "-c", ": > $TMPDIR/a; ln -s / $TMPDIR/b; echo $TMPDIR; kill -STOP $$", NULL};
    struct host_child *child[1] = {host_child_start(crashes, in_directory("out"), 0)};
    struct host_child_result result;
    assert_int_equal(host_child_wait(child, 1, UINT64_MAX, &result), 0);
    expect_nothing_left();
    child[0] = host_child_start(stays, in_directory("out"), 0);
    for (size_t length = 0; length == 0;) { /* it has said so: it has made them */
        assert_int_equal(host_child_wait(child, 1, 10000000, &result), -1);
        free(host_read_file(in_directory("out"), 500, &length));
    }
    host_child_kill(child[0]);
    expect_nothing_left();
}

static void libraries_say_what_is_missing(void **state)
{
    (void)state;
    assert_null(host_library_open("./no-such-library.so"));
    assert_non_null(strstr(host_error(), "no-such-library.so"));
    assert_null(host_library_open("libc.so.6"));
    assert_non_null(strstr(host_error(), "directory"));
}

static __attribute__((noinline)) const void *my_address(unsigned *line)
{
    *line = __LINE__ + 1;
    return __builtin_extract_return_addr(__builtin_return_address(0));
}

static void an_address_is_this_file_and_line(void **state)
{
    (void)state;
    unsigned inside;
    const char *pc = my_address(&inside);
    unsigned line = __LINE__ - 1;
    struct host_location l;
    host_locate(pc - 1, &l);
    assert_string_equal(l.function, "an_address_is_this_file_and_line");
    assert_non_null(strstr(l.file, "test_host.c"));
    assert_int_equal(l.line, line);
    assert_non_null(strstr(l.module, "test_host"));
    assert_int_not_equal(l.offset, 0);
    char text[128], expected[128];
    host_describe_address(pc - 1, text, sizeof(text));
    snprintf(expected, sizeof(expected), "an_address_is_this_file_and_line at test_host.c:%u",
             line);
    assert_string_equal(text, expected);
    host_locate((const void *)16, &l);
    assert_string_equal(l.module, "");
    assert_string_equal(l.function, "");
    host_describe_address((const void *)16, text, 8);
    assert_int_equal(strlen(text), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_address_is_refused),
        cmocka_unit_test(a_written_file_reads_back_and_keeps_the_limit),
        cmocka_unit_test(an_empty_file_is_an_empty_text),
        cmocka_unit_test(parts_of_files_transfer_at_offsets),
        cmocka_unit_test(directories_are_made_with_their_parents),
        cmocka_unit_test(poll_tells_ready_from_quiet_descriptors),
        cmocka_unit_test(held_writes_wait_for_each_other),
        cmocka_unit_test(programs_run_with_their_output_collected),
        cmocka_unit_test(children_run_beside_us_and_are_told_apart_by_their_ends),
        cmocka_unit_test(child_leaves_no_temporary_files_however_it_ends),
        cmocka_unit_test(libraries_say_what_is_missing),
        cmocka_unit_test(an_address_is_this_file_and_line),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
