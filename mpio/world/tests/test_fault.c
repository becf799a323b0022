/* SPDX-License-Identifier: MIT */
/*
 * Faults and hangs in a machine's code end that machine and nothing else; the frames name the code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/host.h"
#include "world/world.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

/* Faults are what this is about: keep the sanitizers from seeing them first. */
#define BREAKS __attribute__((noinline, no_sanitize("address", "undefined")))

static struct host_fault seen;
static unsigned faults, after;

static void machine_fault(struct machine *m, const void *host_fault)
{
    seen = *(const struct host_fault *)host_fault;
    faults++;
    machine_stop(m, MACHINE_BUGCHECKED);
    abort();
}
static const struct machine_operations operations = {.fault = machine_fault};

BREAKS static void write_to_null(void *argument)
{
    (void)argument;
    volatile uintptr_t nowhere = 16;
    *(volatile int *)nowhere = 1;
}

BREAKS static void jump_to_null(void *argument)
{
    (void)argument;
    void (*volatile nowhere)(void) = NULL;
    nowhere();
    after += 1000;
}

BREAKS static unsigned recurse(volatile char *before, unsigned depth)
{
    volatile char room[512];
    room[0] = before != NULL ? before[0] : 1;
    unsigned deeper = depth < UINT32_MAX ? recurse(room, depth + 1) : 0; /* far beyond any stack */
    return deeper + (unsigned)room[0];
}

BREAKS static void overflow_stack(void *argument)
{
    (void)argument;
    after += 1000 * recurse(NULL, 0);
}

BREAKS static void execute_nonsense(void *argument)
{
    (void)argument;
    __builtin_trap();
}

BREAKS static void break_here(void *argument)
{
    (void)argument;
#if defined(__x86_64__)
    __asm__ volatile("int3");
#else
    __asm__ volatile("brk #0");
#endif
}

#if defined(__x86_64__)
BREAKS static void divide_by_zero(void *argument)
{
    (void)argument;
    __asm__ volatile("xorl %%ecx, %%ecx\n\tmovl $1, %%eax\n\tcltd\n\tidivl %%ecx"
                     :
                     :
                     : "eax", "ecx", "edx", "cc");
}
#endif

BREAKS static void spin_for_ever(void *argument)
{
    volatile unsigned *word = argument;
    for (;;)
        *word += 1;
}

static void run_after(struct event *e)
{
    (void)e;
    after++;
}

struct broken_event {
    struct event event;
    void (*routine)(void *);
};
static unsigned spun;

static void run_broken(struct event *e)
{
    ((struct broken_event *)e)->routine(&spun);
    __asm__ volatile("" : : : "memory"); /* not a tail call: the frame is looked for */
}

static struct host_location where(unsigned frame)
{
    struct host_location l;
    host_locate((const char *)seen.pc[frame] - (frame > 0), &l);
    return l;
}

/* Breaks one machine on a fibre and one on the loop's stack; the world goes on both times. */
static void breaks(void (*routine)(void *), enum host_fault_kind kind)
{
    struct world_options options = {.seed = 1};
    struct world *w = world_create(&options);
    struct event tick = {.run = run_after};
    faults = after = 0;

    struct machine *on_fibre = machine_create(w, "on-fibre", 2);
    on_fibre->operations = &operations;
    fibre_start(w, on_fibre, routine, &spun);
    world_post(w, &tick, 5, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_int_equal(faults, 1);
    assert_int_equal(after, 1);
    assert_int_equal(seen.kind, kind);
    assert_int_equal(on_fibre->state, MACHINE_BUGCHECKED);
    assert_in_range(seen.frames, 2, HOST_MAX_FRAMES);

    struct machine *on_loop = machine_create(w, "on-loop", 2);
    on_loop->operations = &operations;
    struct broken_event e = {{.run = run_broken, .machine = on_loop}, routine};
    world_post(w, &e.event, 10, EVENT_DPC);
    world_post(w, &tick, 11, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    assert_int_equal(faults, 2);
    assert_int_equal(after, 2);
    assert_int_equal(seen.kind, kind);
    world_destroy(w);
}

static void a_write_to_null_names_the_line(void **state)
{
    (void)state;
    breaks(write_to_null, HOST_FAULT_ACCESS);
    assert_ptr_equal(seen.address, (void *)16);
    struct host_location l = where(0);
    assert_string_equal(l.function, "write_to_null");
    assert_non_null(strstr(l.file, "test_fault.c"));
    assert_int_not_equal(l.line, 0);
    assert_string_equal(where(1).function, "run_broken");
}

static void a_jump_to_null_names_the_caller(void **state)
{
    (void)state;
    breaks(jump_to_null, HOST_FAULT_ACCESS);
    assert_null(seen.pc[0]);
    assert_string_equal(where(1).function, "jump_to_null");
    assert_string_equal(where(2).function, "run_broken");
}

static void endless_recursion_is_a_stack_overflow(void **state)
{
    (void)state;
    breaks(overflow_stack, HOST_FAULT_STACK);
    assert_string_equal(where(0).function, "recurse");
    assert_string_equal(where(3).function, "recurse");
    assert_int_equal(seen.frames, HOST_MAX_FRAMES);
}

static void other_faults_have_their_kinds(void **state)
{
    (void)state;
    breaks(execute_nonsense, HOST_FAULT_ILLEGAL);
    assert_string_equal(where(0).function, "execute_nonsense");
    breaks(break_here, HOST_FAULT_BREAKPOINT);
    assert_string_equal(where(0).function, "break_here");
#if defined(__x86_64__)
    breaks(divide_by_zero, HOST_FAULT_DIVIDE);
    assert_string_equal(where(0).function, "divide_by_zero");
#endif
}

static void an_endless_loop_is_a_hang(void **state)
{
    (void)state;
    host_watchdog(30);
    breaks(spin_for_ever, HOST_FAULT_HANG);
    host_watchdog(0);
    assert_string_equal(where(0).function, "spin_for_ever");
}

#define BUSY_EVENTS 6000

static void busy_run(struct event *e)
{
    for (volatile unsigned i = 0; i < 20000; i++)
        ;
    if (++after < BUSY_EVENTS)
        world_post(e->machine->world, e, world_now(e->machine->world) + 1, EVENT_DPC);
}

static void a_busy_world_is_no_hang(void **state)
{
    (void)state;
    struct world_options options = {.seed = 1};
    struct world *w = world_create(&options);
    struct machine *m = machine_create(w, "m", 2);
    m->operations = &operations;
    struct event e = {.run = busy_run, .machine = m};
    faults = after = 0;
    host_watchdog(10); /* many times less than the whole run */
    world_post(w, &e, 0, EVENT_DPC);
    world_run(w, WORLD_NEVER);
    host_watchdog(0);
    assert_int_equal(faults, 0);
    assert_int_equal(after, BUSY_EVENTS);
    world_destroy(w);
}

static void fifty_faults_need_no_more_memory(void **state)
{
    (void)state;
    struct world_options options = {.seed = 1};
    struct world *w = world_create(&options);
    faults = 0;
    for (unsigned i = 0; i < 50; i++) {
        struct machine *m = machine_create(w, "m", 2);
        m->operations = &operations;
        fibre_start(w, m, i % 2 ? overflow_stack : write_to_null, NULL);
        world_run(w, WORLD_NEVER);
    }
    assert_int_equal(faults, 50);
    world_destroy(w);
}

#ifndef _WIN32
static void fault_again(struct machine *m, const void *host_fault)
{
    (void)m, (void)host_fault;
    write_to_null(NULL);
}
static const struct machine_operations broken_operations = {.fault = fault_again};

/* The signal that ends a process in which this runs; nobody but the host handles faults there. */
static int ends_by(const struct machine_operations *its_operations)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGABRT, SIG_DFL);
        struct world_options options = {.seed = 1};
        struct world *w = world_create(&options);
        struct machine *m = NULL;
        if (its_operations != NULL) {
            m = machine_create(w, "m", 2);
            m->operations = its_operations;
        }
        close(2); /* the report is for people */
        fibre_start(w, m, write_to_null, NULL);
        world_run(w, WORLD_NEVER);
        _exit(0);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_fault_of_the_world_itself_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(ends_by(NULL), SIGABRT);
}

static void a_fault_while_a_fault_is_handled_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(ends_by(&broken_operations), SIGSEGV);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_to_null_names_the_line),
        cmocka_unit_test(a_jump_to_null_names_the_caller),
        cmocka_unit_test(endless_recursion_is_a_stack_overflow),
        cmocka_unit_test(other_faults_have_their_kinds),
        cmocka_unit_test(an_endless_loop_is_a_hang),
        cmocka_unit_test(a_busy_world_is_no_hang),
#ifndef _WIN32
        cmocka_unit_test(a_fault_of_the_world_itself_ends_the_process),
        cmocka_unit_test(a_fault_while_a_fault_is_handled_ends_the_process),
#endif
        cmocka_unit_test(fifty_faults_need_no_more_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
