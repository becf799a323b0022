/* SPDX-License-Identifier: MIT */
/*
 * The event queue through its interface: order, moving, cancelling, time, random operations against
 * a simple model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/world.h"

#include <stdlib.h>
#include <string.h>

struct numbered {
    struct event event;
    unsigned number;
};

static struct world *world;
static unsigned ran[64], count;

static void run(struct event *e)
{
    ran[count++ % 64] = ((struct numbered *)e)->number;
}

static struct world *make(uint64_t seed, bool explore)
{
    struct world_options options = {.seed = seed, .explore = explore, .trace_records = 16};
    count = 0;
    return world_create(&options);
}

static int set_up(void **state)
{
    (void)state;
    world = make(1, false);
    return world == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    world_destroy(world);
    return 0;
}

static void number(struct numbered *e, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        e[i] = (struct numbered){{.run = run}, i};
}

static void expect(const unsigned *numbers, unsigned n)
{
    assert_int_equal(count, n);
    assert_memory_equal(ran, numbers, n * sizeof(*numbers));
}

static void events_run_by_time_priority_sequence(void **state)
{
    (void)state;
    struct numbered e[6];
    number(e, 6);
    world_post(world, &e[0].event, 20, EVENT_INTERRUPT);
    world_post(world, &e[1].event, 10, EVENT_IDLE);
    world_post(world, &e[2].event, 10, EVENT_DPC);
    world_post(world, &e[3].event, 10, EVENT_INTERRUPT);
    world_post(world, &e[4].event, 10, EVENT_DPC);
    world_post(world, &e[5].event, 10, EVENT_THREAD);
    assert_int_equal(world_run(world, WORLD_NEVER), WORLD_IDLE);
    expect((const unsigned[]){3, 2, 4, 5, 1, 0}, 6);
    assert_int_equal(world_now(world), 20);
    assert_int_equal(world_events(world), 6);
}

static void posting_again_moves_to_the_end_of_its_time(void **state)
{
    (void)state;
    struct numbered e[3];
    number(e, 3);
    for (unsigned i = 0; i < 3; i++)
        world_post(world, &e[i].event, 5, EVENT_DPC);
    world_post(world, &e[0].event, 5, EVENT_DPC);
    world_run(world, WORLD_NEVER);
    expect((const unsigned[]){1, 2, 0}, 3);
}

static void cancelled_events_do_not_run(void **state)
{
    (void)state;
    struct numbered e[3];
    number(e, 3);
    for (unsigned i = 0; i < 3; i++)
        world_post(world, &e[i].event, 5, EVENT_DPC);
    assert_true(world_cancel(world, &e[1].event));
    assert_false(world_cancel(world, &e[1].event));
    assert_false(event_is_queued(&e[1].event));
    world_post(world, &e[2].event, WORLD_NEVER, EVENT_DPC);
    assert_false(event_is_queued(&e[2].event));
    world_run(world, WORLD_NEVER);
    expect((const unsigned[]){0}, 1);
}

static void a_run_includes_events_at_its_end_and_none_after(void **state)
{
    (void)state;
    struct numbered e[2];
    number(e, 2);
    world_post(world, &e[0].event, 100, EVENT_DPC);
    world_post(world, &e[1].event, 101, EVENT_DPC);
    assert_int_equal(world_run(world, 99), WORLD_TIME_REACHED);
    assert_int_equal(count, 0);
    assert_int_equal(world_run(world, 100), WORLD_TIME_REACHED);
    expect((const unsigned[]){0}, 1);
    assert_int_equal(world_run(world, 500), WORLD_IDLE);
    expect((const unsigned[]){0, 1}, 2);
    assert_int_equal(world_now(world), 500);
    world_post(world, &e[0].event, 3, EVENT_DPC); /* a time that is over means now */
    world_run(world, WORLD_NEVER);
    assert_int_equal(world_now(world), 500);
    assert_int_equal(count, 3);
}

static void run_stop(struct event *e)
{
    run(e);
    world_stop(world);
}

static void stopping_leaves_the_rest_for_the_next_run(void **state)
{
    (void)state;
    struct numbered e[3];
    number(e, 3);
    e[1].event.run = run_stop;
    for (unsigned i = 0; i < 3; i++)
        world_post(world, &e[i].event, 5, EVENT_DPC);
    assert_int_equal(world_run(world, WORLD_NEVER), WORLD_STOPPED);
    expect((const unsigned[]){0, 1}, 2);
    assert_int_equal(world_run(world, WORLD_NEVER), WORLD_IDLE);
    expect((const unsigned[]){0, 1, 2}, 3);
}

static void exploring_shuffles_equal_times_only_by_seed(void **state)
{
    (void)state;
    unsigned orders[4][8], different = 0;
    for (unsigned s = 0; s < 4; s++) {
        struct world *w = make(s / 2, true); /* every seed twice */
        struct numbered e[10];
        number(e, 10);
        for (unsigned i = 0; i < 8; i++)
            world_post(w, &e[i].event, 5, EVENT_DPC);
        world_post(w, &e[8].event, 5, EVENT_INTERRUPT);
        world_post(w, &e[9].event, 4, EVENT_IDLE);
        world_run(w, WORLD_NEVER);
        assert_int_equal(ran[0], 9);
        assert_int_equal(ran[1], 8);
        memcpy(orders[s], ran + 2, sizeof(orders[s]));
        for (unsigned i = 0; i < 8; i++)
            different += orders[s][i] != i;
        world_destroy(w);
    }
    assert_memory_equal(orders[0], orders[1], sizeof(orders[0]));
    assert_memory_equal(orders[2], orders[3], sizeof(orders[2]));
    assert_memory_not_equal(orders[0], orders[2], sizeof(orders[0]));
    assert_true(different > 0);
}

/* The model: an array searched from end to end. */
#define MODEL_EVENTS 700
struct modelled {
    struct event event;
    bool queued;
    uint64_t time, sequence;
    unsigned priority;
};
static struct modelled model[MODEL_EVENTS];
static unsigned wrong, model_runs;

static bool earlier(const struct modelled *a, const struct modelled *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return a->sequence < b->sequence;
}

static void run_modelled(struct event *e)
{
    struct modelled *self = (struct modelled *)e;
    const struct modelled *first = NULL;
    for (unsigned i = 0; i < MODEL_EVENTS; i++)
        if (model[i].queued && (first == NULL || earlier(&model[i], first)))
            first = &model[i];
    wrong += first != self || world_now(world) != self->time;
    self->queued = false;
    model_runs++;
}

static void a_hundred_thousand_operations_match_a_simple_model(void **state)
{
    (void)state;
    uint64_t sequence = 0;
    memset(model, 0, sizeof(model));
    wrong = model_runs = 0;
    for (unsigned i = 0; i < MODEL_EVENTS; i++)
        model[i].event.run = run_modelled;
    for (unsigned i = 0; i < 100000; i++) {
        struct modelled *m = &model[world_random_below(world, STREAM_LOAD, MODEL_EVENTS)];
        unsigned what = (unsigned)world_random_below(world, STREAM_LOAD, 8);
        if (what < 6) {
            m->time = world_now(world) + world_random_below(world, STREAM_LOAD, 100);
            m->priority = (unsigned)world_random_below(world, STREAM_LOAD, 4);
            m->sequence = sequence++;
            m->queued = true;
            world_post(world, &m->event, m->time, (enum event_priority)m->priority);
        } else if (what == 6) {
            assert_int_equal(world_cancel(world, &m->event), m->queued);
            m->queued = false;
        } else {
            world_run(world, world_now(world) + world_random_below(world, STREAM_LOAD, 3));
        }
        assert_int_equal(event_is_queued(&m->event), m->queued);
    }
    world_run(world, WORLD_NEVER);
    assert_int_equal(wrong, 0);
    assert_true(model_runs > 10000);
}

static void random_streams_are_independent_and_in_range(void **state)
{
    (void)state;
    struct world *same = make(1, false), *other = make(2, false);
    uint64_t histogram[7] = {0}, equal = 0;
    for (unsigned i = 0; i < 7000; i++) {
        for (unsigned j = 0; j < i % 3; j++)
            world_random(same, STREAM_FABRIC); /* moves no other stream */
        uint64_t x = world_random(world, STREAM_FAULTS);
        assert_int_equal(x, world_random(same, STREAM_FAULTS));
        equal += x == world_random(other, STREAM_FAULTS);
        equal += x == world_random(other, STREAM_LOAD);
        uint64_t below = world_random_below(world, STREAM_KERNEL, 7);
        assert_in_range(below, 0, 6);
        histogram[below]++;
        assert_int_equal(world_random_below(world, STREAM_LOAD, 1), 0);
    }
    assert_int_equal(equal, 0);
    for (unsigned i = 0; i < 7; i++)
        assert_in_range(histogram[i], 850, 1150);
    world_destroy(same);
    world_destroy(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(events_run_by_time_priority_sequence),
        TEST(posting_again_moves_to_the_end_of_its_time),
        TEST(cancelled_events_do_not_run),
        TEST(a_run_includes_events_at_its_end_and_none_after),
        TEST(stopping_leaves_the_rest_for_the_next_run),
        TEST(exploring_shuffles_equal_times_only_by_seed),
        TEST(a_hundred_thousand_operations_match_a_simple_model),
        TEST(random_streams_are_independent_and_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
