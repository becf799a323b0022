/* SPDX-License-Identifier: MIT */
/*
 * Contexts without a world: arguments, what a switch keeps, reuse of stacks, clean ends of stacks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/host.h"

#include <fenv.h>
#include <string.h>

#define STACK (256u << 10)

static struct host_context thread, first, second;
static unsigned sum;

static void add_and_return(void *argument)
{
    for (;;) {
        sum += (unsigned)(uintptr_t)argument;
        host_context_switch(&first, &thread, false);
    }
}

static void a_context_runs_where_it_stopped(void **state)
{
    (void)state;
    sum = 0;
    host_context_adopt(&thread);
    assert_true(host_context_create(&first, STACK, add_and_return, (void *)3));
    for (unsigned i = 0; i < 10; i++)
        host_context_switch(&thread, &first, false);
    assert_int_equal(sum, 30);
    host_context_reset(&first, add_and_return, (void *)100);
    host_context_switch(&thread, &first, false);
    assert_int_equal(sum, 130);
    host_context_destroy(&first);
    assert_null(first.stack_low);
    host_context_destroy(&first); /* a second time does nothing */
}

static void pass_on(void *argument)
{
    (void)argument;
    sum = sum * 10 + 1;
    host_context_switch(&first, &second, true);
}

static void come_back(void *argument)
{
    (void)argument;
    sum = sum * 10 + 2;
    host_context_switch(&second, &thread, true);
}

static void ended_contexts_hand_over(void **state)
{
    (void)state;
    sum = 0;
    host_context_adopt(&thread);
    assert_true(host_context_create(&first, STACK, pass_on, NULL));
    assert_true(host_context_create(&second, STACK, come_back, NULL));
    host_context_switch(&thread, &first, false);
    assert_int_equal(sum, 12);
    host_context_destroy(&first);
    host_context_destroy(&second);
}

static int rounding;
static double upward_third;

/* What the processor's arithmetic does, not what a control word says: 1/3 up or down. */
static double third(void)
{
    volatile double one = 1, three = 3;
    return one / three;
}

static void change_rounding(void *argument)
{
    (void)argument;
    rounding = fegetround();
    fesetround(FE_UPWARD);
    host_context_switch(&first, &thread, false);
    rounding = fegetround();
    upward_third = third();
    host_context_switch(&first, &thread, true);
}

static void rounding_mode_belongs_to_the_context(void **state)
{
    (void)state;
    host_context_adopt(&thread);
    assert_true(host_context_create(&first, STACK, change_rounding, NULL));
    fesetround(FE_DOWNWARD);
    host_context_switch(&thread, &first, false);
    assert_int_equal(rounding, FE_TONEAREST);
    assert_int_equal(fegetround(), FE_DOWNWARD);
    double downward_third = third();
    fesetround(FE_TOWARDZERO);
    host_context_switch(&thread, &first, false);
    assert_int_equal(rounding, FE_UPWARD);
    if (!host_under_valgrind()) /* which always rounds divisions to nearest */
        assert_true(upward_third > downward_third);
    assert_int_equal(fegetround(), FE_TOWARDZERO);
    fesetround(FE_TONEAREST);
    host_context_destroy(&first);
}

static unsigned frames;
static void *pc[HOST_MAX_FRAMES];

static void walk(void *argument)
{
    (void)argument;
    frames = host_backtrace(pc, HOST_MAX_FRAMES, 0);
    host_context_switch(&first, &thread, true);
}

static void a_walk_from_a_context_ends_at_its_entry(void **state)
{
    (void)state;
    host_context_adopt(&thread);
    assert_true(host_context_create(&first, STACK, walk, NULL));
    host_context_switch(&thread, &first, false);
    assert_in_range(frames, 2, 4);
    struct host_location l;
    host_locate((char *)pc[0] - 1, &l);
    assert_string_equal(l.function, "walk");
#ifndef _WIN32 /* where the symbols of assembly are lost beside its lines */
    host_locate((char *)pc[frames - 1] - 1, &l);
    assert_string_equal(l.function, "host_context_thunk");
#endif
    host_context_destroy(&first);
}

static void whole_stack(void *argument)
{
    (void)argument;
    volatile char room[STACK - 16384];
    for (unsigned i = 0; i < sizeof(room); i += 1024)
        room[i] = 1;
    sum = (unsigned)room[0];
    host_context_switch(&first, &thread, true);
}

static void the_promised_bytes_can_be_used(void **state)
{
    (void)state;
    sum = 0;
    host_context_adopt(&thread);
    assert_true(host_context_create(&first, STACK, whole_stack, NULL));
    assert_int_equal((char *)first.stack_high - (char *)first.stack_low, STACK);
    host_context_switch(&thread, &first, false);
    assert_int_equal(sum, 1);
    host_context_destroy(&first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_context_runs_where_it_stopped),
        cmocka_unit_test(ended_contexts_hand_over),
        cmocka_unit_test(rounding_mode_belongs_to_the_context),
        cmocka_unit_test(a_walk_from_a_context_ends_at_its_entry),
        cmocka_unit_test(the_promised_bytes_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
