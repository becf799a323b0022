/* SPDX-License-Identifier: MIT */
/*
 * Fibres and the loop: blocking from thread fibres and from events on the loop's stack, nesting,
 * abandoning, machines that stop under their fibres, unwinding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world/world_private.h"

#include <stdlib.h>
#include <string.h>

struct log {
    char text[128];
    unsigned length;
};
static struct log log_;
static struct fibre *blocked[8];

static void note(char c)
{
    log_.text[log_.length++] = c;
    log_.text[log_.length] = '\0';
}

static int set_up(void **state)
{
    memset(&log_, 0, sizeof(log_));
    memset(blocked, 0, sizeof(blocked));
    struct world_options options = {.seed = 1};
    *state = world_create(&options);
    return *state == NULL;
}

static int tear_down(void **state)
{
    world_destroy(*state);
    return 0;
}

static void block_twice(void *argument)
{
    unsigned n = (unsigned)(uintptr_t)argument;
    blocked[n] = world_fibre;
    note((char)('a' + n));
    fibre_block();
    note((char)('A' + n));
    assert_ptr_equal(world_fibre, blocked[n]);
}

static void fibres_block_and_wake_in_either_order(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    fibre_start(w, m, block_twice, (void *)0);
    fibre_start(w, m, block_twice, (void *)1);
    assert_int_equal(world_run(w, WORLD_NEVER), WORLD_IDLE);
    assert_string_equal(log_.text, "ab");
    assert_true(fibre_is_blocked(blocked[0]));
    fibre_wake(blocked[1], 20, EVENT_THREAD);
    fibre_wake(blocked[0], 30, EVENT_THREAD);
    assert_false(fibre_is_blocked(blocked[0]));
    assert_int_equal(world_run(w, 20), WORLD_TIME_REACHED);
    assert_string_equal(log_.text, "abB");
    assert_int_equal(world_run(w, WORLD_NEVER), WORLD_IDLE);
    assert_string_equal(log_.text, "abBA");
    assert_int_equal(world_now(w), 30);
}

struct blocking_event {
    struct event event;
    unsigned n;
};

static void run_blocking(struct event *e)
{
    block_twice((void *)(uintptr_t)((struct blocking_event *)e)->n);
    note('.');
}

static void events_on_the_loop_block_nested(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    struct blocking_event e[4];
    const unsigned order[2][4] = {{0, 1, 2, 3}, {3, 1, 2, 0}};
    for (unsigned round = 0; round < 2; round++) {
        memset(&log_, 0, sizeof(log_));
        for (unsigned i = 0; i < 4; i++) {
            e[i] = (struct blocking_event){{.run = run_blocking, .machine = m}, i};
            world_post(w, &e[i].event, world_now(w) + i, EVENT_DPC);
        }
        world_run(w, WORLD_NEVER);
        assert_string_equal(log_.text, "abcd");
        for (unsigned i = 0; i < 4; i++)
            for (unsigned j = 0; j < i; j++)
                assert_ptr_not_equal(blocked[i], blocked[j]);
        for (unsigned i = 0; i < 4; i++)
            fibre_wake(blocked[order[round][i]], world_now(w) + i, EVENT_THREAD);
        world_run(w, WORLD_NEVER);
        assert_string_equal(log_.text, round == 0 ? "abcdA.B.C.D." : "abcdD.B.C.A.");
    }
}

static void run_sleeping(struct event *e)
{
    (void)e;
    for (unsigned i = 0; i < 3; i++) {
        note('s');
        fibre_sleep(world_now(world_fibre->world) + 10, EVENT_THREAD);
    }
    note('S');
}

static void run_tick(struct event *e)
{
    (void)e;
    note('t');
}

static void an_event_sleeps_while_others_run(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    struct event sleeper = {.run = run_sleeping, .machine = m};
    struct event tick[3] = {{.run = run_tick}, {.run = run_tick}, {.run = run_tick}};
    world_post(w, &sleeper, 0, EVENT_DPC);
    for (unsigned i = 0; i < 3; i++)
        world_post(w, &tick[i], 5 + 10 * i, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "stststS");
    assert_int_equal(world_now(w), 30);
}

static void check_local(void *argument)
{
    for (unsigned i = 0; i < FIBRE_LOCAL_BYTES / 8; i++)
        assert_int_equal(world_fibre->local[i], 0);
    memset(world_fibre->local, 0xff, sizeof(world_fibre->local));
    assert_ptr_equal(machine_now(), argument);
    void *low, *high;
    fibre_stack(world_fibre, &low, &high);
    assert_true((char *)&low > (char *)low && (char *)&low < (char *)high);
}

static void every_fibre_starts_with_zeroed_local_and_its_machine(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    for (unsigned i = 0; i < 3; i++) {
        fibre_start(w, m, check_local, m);
        world_run(w, WORLD_NEVER);
    }
}

static void abandon(void *argument)
{
    (void)argument;
    note('x');
    fibre_abandon();
}

static void run_abandon(struct event *e)
{
    abandon(e);
}

static void abandoned_fibres_and_loops_leave_the_world_going(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    struct event e = {.run = run_abandon, .machine = m}, tick = {.run = run_tick};
    fibre_start(w, m, abandon, NULL);
    world_post(w, &e, 1, EVENT_DPC);
    world_post(w, &tick, 2, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "xxt");
}

static void stop_own_machine(struct event *e)
{
    note('o');
    machine_stop(e->machine, MACHINE_STOPPED);
    note('!'); /* never */
}

static void stopping_a_machine_takes_its_events_and_fibres(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2), *other = machine_create(w, "other", 2);
    fibre_start(w, m, block_twice, (void *)0);
    fibre_start(w, other, block_twice, (void *)1);
    struct event stop = {.run = stop_own_machine, .machine = m};
    struct event dropped = {.run = run_tick, .machine = m}, kept = {.run = run_tick};
    world_run(w, 0);
    world_post(w, &stop, 1, EVENT_DPC);
    world_post(w, &dropped, 2, EVENT_DPC);
    world_post(w, &kept, 2, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "abot");
    assert_int_equal(m->state, MACHINE_STOPPED);
    assert_false(event_is_queued(&dropped));
    assert_false(fibre_is_blocked(blocked[0]));
    assert_true(fibre_is_blocked(blocked[1]));
    world_post(w, &dropped, 3, EVENT_DPC);
    assert_false(event_is_queued(&dropped));
    assert_null(fibre_start(w, m, block_twice, NULL));
    fibre_wake(blocked[1], 9, EVENT_THREAD);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "abotB");
}

static unsigned fibres_of(const struct world *w)
{
    unsigned count = 0;
    for (const struct fibre *f = w->fibres; f != NULL; f = f->private->next)
        count++;
    return count;
}

static void stacks_of_stopped_machines_are_used_again(void **state)
{
    struct world *w = *state;
    for (unsigned round = 0; round < 100; round++) {
        struct machine *m = machine_create(w, "m", 2);
        for (unsigned i = 0; i < 4; i++)
            fibre_start(w, m, block_twice, (void *)(uintptr_t)i);
        world_run(w, WORLD_NEVER);
        machine_stop(m, MACHINE_STOPPED);
        log_.length = 0;
    }
    assert_int_equal(fibres_of(w), 5); /* the loop and four */
}

static void stacks_of_events_that_blocked_are_used_again(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    struct event sleeper = {.run = run_sleeping, .machine = m};
    for (unsigned i = 0; i < 100; i++) {
        log_.length = 0;
        world_post(w, &sleeper, world_now(w), EVENT_DPC);
        world_run(w, WORLD_NEVER);
    }
    assert_int_equal(fibres_of(w), 2); /* the loop and one more */
}

/* Two frames that look different to AddressSanitizer. */
static __attribute__((noinline)) void many_small(void)
{
    volatile char a[8] = {0}, b[40] = {0}, c[8] = {0}, d[72] = {0};
    volatile char *all[] = {a, b, c, d};
    fibre_block();
    for (unsigned i = 1; i < 4; i++)
        all[0][0] += all[i][0];
}

static __attribute__((noinline)) void one_large(void)
{
    volatile char room[4096];
    for (unsigned i = 0; i < sizeof(room); i++)
        room[i] = 1;
}

static void block_with_arrays(void *argument)
{
    if (argument != NULL)
        many_small();
    else
        one_large();
}

static void a_dropped_stack_holds_nothing_of_its_past(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2), *n = machine_create(w, "n", 2);
    fibre_start(w, m, block_with_arrays, m);
    world_run(w, WORLD_NEVER);
    machine_stop(m, MACHINE_STOPPED);
    fibre_start(w, n, block_with_arrays, NULL);
    world_run(w, WORLD_NEVER);
    assert_int_equal(fibres_of(w), 2);
}

struct walk {
    unsigned frames;
    void *pc[HOST_MAX_FRAMES];
};

static __attribute__((noinline)) void deep(struct walk *walk, unsigned depth)
{
    if (depth == 0)
        walk->frames = host_backtrace(walk->pc, HOST_MAX_FRAMES, 0);
    else
        deep(walk, depth - 1);
    __asm__ volatile("" : : : "memory"); /* not a tail call */
}

static void walk_stack(void *argument)
{
    deep(argument, 5);
}

static void unwinding_from_a_fibre_ends_cleanly(void **state)
{
    struct world *w = *state;
    struct walk walk;
    fibre_start(w, machine_create(w, "m", 2), walk_stack, &walk);
    world_run(w, WORLD_NEVER);
    /* deep six times, walk_stack, the fibre's entry, the context's, the thunk; 1 more at -O0 */
    assert_in_range(walk.frames, 8, 14);
    struct host_location location;
    host_locate((char *)walk.pc[0] - 1, &location);
    assert_string_equal(location.function, "deep");
}

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>

static void hold_memory(void *argument)
{
    char *volatile memory = malloc(100); /* volatile: or there would be no allocation */
    (void)argument;
    blocked[0] = world_fibre;
    fibre_block();
    free(memory);
}

static __attribute__((noinline)) void start_holding(struct world *w)
{
    fibre_start(w, machine_create(w, "m", 2), hold_memory, NULL);
    world_run(w, WORLD_NEVER);
}

static void memory_held_by_a_suspended_fibre_is_no_leak(void **state)
{
    start_holding(*state);
    assert_int_equal(__lsan_do_recoverable_leak_check(), 0);
    fibre_wake(blocked[0], 0, EVENT_THREAD);
    world_run(*state, WORLD_NEVER);
}
#endif

static void machine_fault(struct machine *m, const void *host_fault)
{
    const struct host_fault *fault = host_fault;
    assert_int_equal(fault->kind, HOST_FAULT_HANG);
    note('h');
    machine_stop(m, MACHINE_BUGCHECKED);
    abort();
}
static const struct machine_operations operations = {.fault = machine_fault};

static void poll_for_ever(void *argument)
{
    (void)argument;
    for (;;)
        fibre_preempt();
}

static void post_for_ever(struct event *e)
{
    world_post(e->machine->world, e, world_now(e->machine->world), EVENT_DPC);
}

static void kernel_calls_without_progress_are_a_hang(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    m->operations = &operations;
    fibre_start(w, m, poll_for_ever, NULL);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "h");
    assert_int_equal(m->state, MACHINE_BUGCHECKED);
}

static void events_without_progress_are_a_hang(void **state)
{
    struct world *w = *state;
    struct machine *m = machine_create(w, "m", 2);
    m->operations = &operations;
    struct event e = {.run = post_for_ever, .machine = m}, tick = {.run = run_tick};
    world_post(w, &e, 0, EVENT_DPC);
    world_post(w, &tick, 1, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_string_equal(log_.text, "ht");
    assert_int_equal(world_events(w), WORLD_NO_PROGRESS_LIMIT + 2);
}

static void explored_fibres_take_turns_by_seed(void **state)
{
    (void)state;
    char first[128] = "";
    unsigned different = 0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        for (unsigned again = 0; again < 2; again++) {
            memset(&log_, 0, sizeof(log_));
            struct world_options options = {.seed = seed, .explore = true};
            struct world *w = world_create(&options);
            struct machine *m = machine_create(w, "m", 2);
            for (unsigned i = 0; i < 6; i++)
                fibre_start(w, m, block_twice, (void *)(uintptr_t)i);
            world_run(w, WORLD_NEVER);
            world_destroy(w);
            if (again == 0)
                memcpy(first, log_.text, sizeof(first));
            else
                assert_string_equal(first, log_.text);
        }
        different += strcmp(first, "abcdef") != 0;
    }
    assert_true(different >= 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fibres_block_and_wake_in_either_order),
        TEST(events_on_the_loop_block_nested),
        TEST(an_event_sleeps_while_others_run),
        TEST(every_fibre_starts_with_zeroed_local_and_its_machine),
        TEST(abandoned_fibres_and_loops_leave_the_world_going),
        TEST(stopping_a_machine_takes_its_events_and_fibres),
        TEST(stacks_of_stopped_machines_are_used_again),
        TEST(stacks_of_events_that_blocked_are_used_again),
        TEST(a_dropped_stack_holds_nothing_of_its_past),
        TEST(unwinding_from_a_fibre_ends_cleanly),
#if defined(__SANITIZE_ADDRESS__)
        TEST(memory_held_by_a_suspended_fibre_is_no_leak),
#endif
        TEST(kernel_calls_without_progress_are_a_hang),
        TEST(events_without_progress_are_a_hang),
        TEST(explored_fibres_take_turns_by_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
