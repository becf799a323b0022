/* SPDX-License-Identifier: MIT */
/*
 * The part of CMocka's interface that our unit tests use, for the Windows build, where there is no CMocka. One test
 * program is one source file, so everything is here; a failed assertion leaves its test by longjmp. The closing lines
 * are CMocka's, which tools/check.sh counts.
 */
#ifndef OPENMPIO_WIN_CMOCKA_H
#define OPENMPIO_WIN_CMOCKA_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef int (*CMFixtureFunction)(void **state);
struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    CMFixtureFunction setup, teardown;
    void *initial_state;
};
#define cmocka_unit_test_setup_teardown(f, s, t) {#f, f, s, t, NULL}
#define cmocka_unit_test_setup(f, s)             {#f, f, s, NULL, NULL}
#define cmocka_unit_test_teardown(f, t)          {#f, f, NULL, t, NULL}
#define cmocka_unit_test(f)                      {#f, f, NULL, NULL, NULL}

enum { CM_FAILED = 1, CM_SKIPPED };
static jmp_buf cm_leave;

#define print_message(...) printf(__VA_ARGS__)
#define print_error(...)   printf(__VA_ARGS__)
#define skip() longjmp(cm_leave, CM_SKIPPED)
#define fail_msg(...) \
    (printf("[  ERROR   ] %s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), printf("\n"), longjmp(cm_leave, CM_FAILED))
#define fail() fail_msg("fail")
#define cm_number(x) ((unsigned long long)(uintptr_t)(x))
#define cm_compare(a, op, b) \
    do { \
        unsigned long long cm_a = cm_number(a), cm_b = cm_number(b); \
        if (!(cm_a op cm_b)) \
            fail_msg("%s " #op " %s: %#llx, %#llx", #a, #b, cm_a, cm_b); \
    } while (0)
#define assert_true(x)  ((x) ? (void)0 : (void)fail_msg("%s", #x))
#define assert_false(x) assert_true(!(x))
#define assert_null(x)      cm_compare(x, ==, 0)
#define assert_non_null(x)  cm_compare(x, !=, 0)
#define assert_int_equal(a, b)     cm_compare(a, ==, b)
#define assert_int_not_equal(a, b) cm_compare(a, !=, b)
#define assert_ptr_equal(a, b)     cm_compare(a, ==, b)
#define assert_ptr_not_equal(a, b) cm_compare(a, !=, b)
#define assert_in_range(x, low, high) \
    do { \
        unsigned long long cm_x = cm_number(x); \
        if (cm_x - cm_number(low) > cm_number(high) - cm_number(low)) \
            fail_msg("%s = %llu is not within %s to %s", #x, cm_x, #low, #high); \
    } while (0)
#define cm_strings(a, b, equal) \
    do { \
        const char *cm_a = (a), *cm_b = (b); \
        if ((strcmp(cm_a, cm_b) == 0) != (equal)) \
            fail_msg("\"%s\", \"%s\"", cm_a, cm_b); \
    } while (0)
#define assert_string_equal(a, b)     cm_strings(a, b, 1)
#define assert_string_not_equal(a, b) cm_strings(a, b, 0)
#define assert_memory_equal(a, b, n)     assert_true(memcmp(a, b, n) == 0)
#define assert_memory_not_equal(a, b, n) assert_true(memcmp(a, b, n) != 0)

static int cm_run(const struct CMUnitTest *test)
{
    void *state = test->initial_state;
    int how = setjmp(cm_leave);
    if (how == 0) {
        if (test->setup != NULL && test->setup(&state) != 0)
            return CM_FAILED;
        test->test(&state);
        if (test->teardown != NULL && test->teardown(&state) != 0)
            return CM_FAILED;
    }
    return how;
}

static int cm_run_group(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup, CMFixtureFunction teardown)
{
    static size_t passed, failed; /* outlive the longjmp of a failed test */
    void *state = NULL;
    setvbuf(stdout, NULL, _IONBF, 0);
    if (setup != NULL && setup(&state) != 0)
        failed++;
    for (size_t i = 0; i < count && failed == 0; i++) {
        printf("[ RUN      ] %s\n", tests[i].name);
        if (cm_run(&tests[i]) == CM_FAILED)
            printf("[  FAILED  ] %s\n", tests[i].name), failed++;
        else
            passed++;
    }
    if (teardown != NULL && teardown(&state) != 0)
        failed++;
    printf("[  PASSED  ] %zu test(s).\n", passed);
    if (failed > 0)
        printf("[  FAILED  ] %zu test(s).\n", failed);
    return (int)failed;
}
#define cmocka_run_group_tests(tests, setup, teardown) \
    cm_run_group(tests, sizeof(tests) / sizeof((tests)[0]), setup, teardown)

#endif
