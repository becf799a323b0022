/* SPDX-License-Identifier: MIT */
/*
 * The host clock: the loop waits for real time, sockets and other threads. Figures are lower
 * bounds, so a slow machine does not fail them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/host.h"
#include "world/world.h"

#include <pthread.h>
#include <unistd.h>

static struct world *world;
static unsigned calls;
static int ends[2];

static int set_up(void **state)
{
    (void)state;
    struct world_options options = {.seed = 1, .clock = WORLD_CLOCK_HOST, .trace_records = 16, .foreign_posts = true};
    calls = 0;
    world = world_create(&options);
    return world == NULL || pipe(ends) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(world);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void run_write(struct event *e)
{
    (void)e;
    assert_int_equal(write(ends[1], "x", 1), 1);
}

static void take_byte(void *argument, unsigned got)
{
    char byte;
    assert_ptr_equal(argument, &calls);
    assert_true((got & HOST_POLL_IN) != 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    calls++;
    if (calls == 2)
        assert_true(world_watch(world, ends[0], 0, NULL, NULL));
}

static void a_watched_pipe_runs_its_handler(void **state)
{
    (void)state;
    struct event first = {.run = run_write}, second = {.run = run_write};
    assert_true(world_watch(world, ends[0], HOST_POLL_IN, take_byte, &calls));
    world_post(world, &first, WORLD_MS, EVENT_DPC);
    world_post(world, &second, 3 * WORLD_MS, EVENT_DPC);
    /* Idle once the second byte has removed the watch. */
    assert_int_equal(world_run(world, WORLD_NEVER), WORLD_IDLE);
    assert_int_equal(calls, 2);
    assert_true(world_now(world) >= 3 * WORLD_MS);
    assert_false(world_watch(world, ends[0], 0, NULL, NULL));
}

static void sleep_and_take(void *argument, unsigned got)
{
    take_byte(argument, got);
    fibre_sleep(world_now(world) + WORLD_MS, EVENT_THREAD);
    calls += 10;
    world_stop(world);
}

static void a_watch_handler_may_block(void **state)
{
    (void)state;
    struct event first = {.run = run_write};
    assert_true(world_watch(world, ends[0], HOST_POLL_IN, sleep_and_take, &calls));
    world_post(world, &first, 0, EVENT_DPC);
    assert_int_equal(world_run(world, WORLD_NEVER), WORLD_STOPPED);
    assert_int_equal(calls, 11);
}

static void time_passes_up_to_the_end_of_a_run(void **state)
{
    (void)state;
    uint64_t before = host_time_ns();
    world_run(world, world_now(world)); /* looks at the clock */
    uint64_t end = world_now(world) + 5 * WORLD_MS;
    assert_int_equal(world_run(world, end), WORLD_IDLE);
    assert_true(world_now(world) >= end);
    assert_true(host_time_ns() - before >= 4000000);
}

static void run_busy(struct event *e)
{
    calls++;
    world_post(world, e, 0, EVENT_DPC);
}

static void an_ever_busy_world_ends_in_time_and_sees_its_sockets(void **state)
{
    (void)state;
    struct event busy = {.run = run_busy};
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_true(world_watch(world, ends[0], HOST_POLL_IN, sleep_and_take, &calls));
    world_post(world, &busy, 0, EVENT_DPC);
    assert_int_equal(world_run(world, WORLD_SECOND * 30), WORLD_STOPPED);
    assert_int_equal(world_run(world, world_now(world) + WORLD_MS), WORLD_TIME_REACHED);
    world_cancel(world, &busy);
}

static void foreign_call(void *argument)
{
    calls += (unsigned)(uintptr_t)argument;
    if (calls == 100)
        world_stop(world);
}

static void *post_hundred(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 100; i++)
        world_post_foreign(world, foreign_call, (void *)1);
    return NULL;
}

static void another_thread_wakes_the_loop(void **state)
{
    (void)state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, post_hundred, NULL), 0);
    assert_int_equal(world_run(world, world_now(world) + 60 * WORLD_SECOND), WORLD_STOPPED);
    pthread_join(thread, NULL);
    assert_int_equal(calls, 100);
}

static void posts_nobody_ran_are_freed_with_the_world(void **state)
{
    (void)state;
    assert_true(world_post_foreign(world, foreign_call, (void *)1));
}

static void a_virtual_world_takes_foreign_posts_and_no_watches(void **state)
{
    (void)state;
    struct world_options options = {.seed = 1, .trace_records = 16};
    struct world *w = world_create(&options);
    assert_false(world_watch(w, ends[0], HOST_POLL_IN, take_byte, &calls));
    for (unsigned i = 0; i < 3; i++)
        world_post_foreign(w, foreign_call, (void *)1);
    assert_int_equal(world_run(w, WORLD_NEVER), WORLD_IDLE);
    assert_int_equal(calls, 3);
    world_destroy(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_watched_pipe_runs_its_handler),
        TEST(a_watch_handler_may_block),
        TEST(time_passes_up_to_the_end_of_a_run),
        TEST(an_ever_busy_world_ends_in_time_and_sees_its_sockets),
        TEST(another_thread_wakes_the_loop),
        TEST(posts_nobody_ran_are_freed_with_the_world),
        TEST(a_virtual_world_takes_foreign_posts_and_no_watches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
