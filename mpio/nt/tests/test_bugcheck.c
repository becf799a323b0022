/* SPDX-License-Identifier: MIT */
/* The end of a machine: faults, overflow, hangs, KeBugCheckEx, what the report says, and the world's survival. */
#include "harness.h"

#include "text/buffer.h"

static volatile int sink;
static volatile void *volatile nowhere = (void *)16;

static void VENDOR write_to_nowhere(void) { *(volatile int *)nowhere = 1; }
static void VENDOR jump_to_nowhere(void) { ((void (*)(void))(uintptr_t)nowhere)(); }
static void VENDOR illegal(void) { __builtin_trap(); }
static void VENDOR own_bugcheck(void) { KeBugCheckEx(MANUALLY_INITIATED_CRASH, 42, 0, 0, 0); }
static void VENDOR fill_stack(void)
{
    volatile char frame[NT_STACK_BUDGET + 1024];

    frame[0] = frame[sizeof(frame) - 1] = 1;
    __asm__ volatile("" : : "r"(frame) : "memory"); /* the compiler keeps all of it */
    sink = (int)KeQueryTimeIncrement() + frame[0];
}
static void VENDOR fill_stack_within_budget(void)
{
    volatile char frame[NT_STACK_BUDGET / 2];

    frame[0] = frame[sizeof(frame) - 1] = 1;
    __asm__ volatile("" : : "r"(frame) : "memory"); /* the compiler keeps all of it */
    sink = (int)KeQueryTimeIncrement() + frame[0];
}
static int (*volatile recurse_again)(volatile char *outer);
static int VENDOR recurse(volatile char *outer)
{
    volatile char frame[512];

    frame[0] = outer == NULL ? 1 : outer[0];
    return recurse_again(frame) + frame[0];
}
static void VENDOR recurse_for_ever(void)
{
    recurse_again = recurse;
    sink = recurse(NULL);
}
static void VENDOR spin(void)
{
    for (;;) {
        sink++;
    }
}
static void VENDOR ask_the_time_for_ever(void)
{
    LARGE_INTEGER now;

    NtKernel()->ProgressLimit = 100000;
    for (;;) {
        KeQueryTickCount(&now);
    }
}

static void memory_access_fault(void **s) { (void)s; expect(RULE_FAULT_ACCESS, PASSIVE_LEVEL, write_to_nowhere); }
static void fault_at_dispatch(void **s) { (void)s; expect(RULE_FAULT_ACCESS, DISPATCH_LEVEL, write_to_nowhere); }
static void jump_into_nothing(void **s) { (void)s; expect(RULE_FAULT_ACCESS, PASSIVE_LEVEL, jump_to_nowhere); }
static void illegal_instruction(void **s) { (void)s; expect(RULE_FAULT_OTHER, PASSIVE_LEVEL, illegal); }
static void driver_calls_bugcheck(void **s) { (void)s; expect(RULE_BUGCHECK_CALL, PASSIVE_LEVEL, own_bugcheck); }
static void stack_budget_kept(void **s) { (void)s; expect(RULE_NONE, PASSIVE_LEVEL, fill_stack_within_budget); }
static void stack_budget_exceeded(void **s) { (void)s; expect(RULE_STACK_OVERFLOW, PASSIVE_LEVEL, fill_stack); }
static void stack_overflows(void **s) { (void)s; expect(RULE_STACK_OVERFLOW, PASSIVE_LEVEL, recurse_for_ever); }
static void time_asked_without_end(void **s) { (void)s; expect(RULE_NO_PROGRESS, PASSIVE_LEVEL, ask_the_time_for_ever); }
static void spin_without_kernel_calls(void **s)
{
    (void)s;
    host_watchdog(200);
    expect(RULE_HANG, PASSIVE_LEVEL, spin);
    host_watchdog(0);
}

static void again(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Context;
    KeInsertQueueDpc(Dpc, One, Two);
}
static KDPC dpc;
static void queue_for_ever(void)
{
    NtKernel()->ProgressLimit = 100000;
    KeInitializeDpc(&dpc, again, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
}
static void dpc_queues_itself_without_end(void **s)
{
    static const struct body body = {queue_for_ever, PASSIVE_LEVEL, PASSIVE_LEVEL, false};

    (void)s;
    begin();
    assert_string_equal(nt_rule_id(run_until_idle(&body)), "KE-HANG-02");
    end();
}

/* ---- the report ------------------------------------------------------------------------------------- */

static KSPIN_LOCK lock;
static KIRQL irql;
static void VENDOR inner_function(void)
{
    KeAcquireSpinLock(&lock, &irql);
    KeAcquireSpinLockAtDpcLevel(&lock); /* the line of the report */
    sink++;
}
static void VENDOR outer_function(void)
{
    inner_function();
    sink++;
}

static void report_names_the_drivers_line(void **s)
{
    struct body body = {outer_function, PASSIVE_LEVEL, PASSIVE_LEVEL, true};
    const struct nt_bugcheck *b;
    struct buffer text = {0};
    bool outer = false;

    (void)s;
    lock = 0;
    begin();
    run_until_idle(&body);
    b = nt_bugcheck(h.machine);
    assert_non_null(b);
    assert_int_equal(b->rule, RULE_LOCK_RECURSIVE);
    assert_string_equal(b->driver, "vendor");
    assert_string_equal(b->callback, "test callback");
    assert_int_equal(b->irql, DISPATCH_LEVEL);
    assert_int_equal(b->driver_frame, 0);
    assert_string_equal(b->frame[0].function, "inner_function");
    assert_non_null(strstr(b->frame[0].file, "test_bugcheck.c"));
    for (unsigned i = 0; i < b->frames; i++) {
        outer |= strcmp(b->frame[i].function, "outer_function") == 0;
    }
    assert_true(b->frame[b->frames - 1].foreign); /* nothing of ours above or below the driver */
    assert_true(outer);
    assert_non_null(strstr(b->text, "KE-LOCK-01"));
    assert_non_null(strstr(b->text, "inner_function (test_bugcheck.c:"));
    nt_bugcheck_print(h.machine, &text);
    assert_non_null(strstr(buffer_text(&text), "=> #"));
    assert_non_null(strstr(buffer_text(&text), "seed 1"));
    assert_non_null(strstr(buffer_text(&text), "next: release the lock first"));
    assert_non_null(strstr(buffer_text(&text), "P1, where it was acquired first: inner_function at "));
    buffer_free(&text);
    end();
}

static void VENDOR leave_with_lock(void)
{
    KeAcquireSpinLock(&lock, &irql);
    KeLowerIrql(irql);
}
static void report_names_the_routine_that_returned_with_a_lock(void **s)
{
    struct body body = {leave_with_lock, PASSIVE_LEVEL, PASSIVE_LEVEL, true};
    const struct nt_bugcheck *b;
    struct buffer text = {0};

    (void)s;
    lock = 0;
    begin();
    assert_int_equal(run_until_idle(&body), RULE_LOCK_RETURN);
    b = nt_bugcheck(h.machine);
    assert_true(b->returned);
    assert_int_equal(b->frames, 1);
    assert_string_equal(b->frame[0].function, "leave_with_lock");
    assert_string_equal(b->callback, "test callback");
    nt_bugcheck_print(h.machine, &text);
    assert_non_null(strstr(buffer_text(&text), "P2, where acquired: leave_with_lock at "));
    assert_non_null(strstr(buffer_text(&text), "test callback returned from:"));
    buffer_free(&text);
    end();
}

static void VENDOR answer_well(void) { sink++; }
static void house_finds_answer_wrong(void)
{
    void (*callback)(void) = answer_well;

    NT_CALL_VOID("DsmLBGetPath", h.vendor, DISPATCH_LEVEL, callback);
    NtBugCheckRule(RULE_DSM_PATH, 1, 2);
}
static void report_of_a_wrong_answer_names_the_callback_that_gave_it(void **s)
{
    struct body body = {house_finds_answer_wrong, PASSIVE_LEVEL, PASSIVE_LEVEL, false};
    const struct nt_bugcheck *b;

    (void)s;
    begin();
    assert_int_equal(run_until_idle(&body), RULE_DSM_PATH);
    b = nt_bugcheck(h.machine);
    assert_true(b->returned);
    assert_string_equal(b->driver, "vendor");
    assert_string_equal(b->callback, "DsmLBGetPath");
    assert_string_equal(b->frame[0].function, "answer_well");
    end();
}

static void recursion_is_counted_and_not_repeated(void **s)
{
    struct body body = {recurse_for_ever, PASSIVE_LEVEL, PASSIVE_LEVEL, true};
    const struct nt_bugcheck *b;
    unsigned repeats = 0;

    (void)s;
    begin();
    assert_int_equal(run_until_idle(&body), RULE_STACK_OVERFLOW);
    b = nt_bugcheck(h.machine);
    assert_true(b->frames < 5);
    for (unsigned i = 0; i < b->frames; i++) {
        repeats += b->frame[i].repeats;
    }
    assert_true(repeats > 20);
    end();
}

static void fault_report_begins_in_the_driver(void **s)
{
    struct body body = {write_to_nowhere, PASSIVE_LEVEL, PASSIVE_LEVEL, true};
    const struct nt_bugcheck *b;

    (void)s;
    begin();
    run_until_idle(&body);
    b = nt_bugcheck(h.machine);
    assert_int_equal(b->p1, 16);
    assert_int_equal(b->driver_frame, 0);
    assert_string_equal(b->frame[0].function, "write_to_nowhere");
    end();
}

static void never_run(void *argument)
{
    (void)argument;
    h.finished += 100;
}
static void other_machine(void *argument)
{
    (void)argument;
    sleep_for(5);
    h.finished++;
}
static void machine_dies_and_the_world_goes_on(void **s)
{
    struct body body = {own_bugcheck, DISPATCH_LEVEL, PASSIVE_LEVEL, true};
    struct nt_options options = {.pool_bytes = 16u << 20};
    struct machine *other;

    (void)s;
    begin();
    assert_null(nt_bugcheck(h.machine));
    other = machine_create(h.world, "other", 2);
    assert_true(nt_create(other, &options, NULL));
    nt_run_thread(other, "other", other_machine, NULL);
    run_until_idle(&body);
    nt_run_thread(h.machine, "late", never_run, NULL); /* a dead machine runs nothing */
    world_run(h.world, world_now(h.world) + WORLD_SECOND);
    assert_int_equal(h.machine->state, MACHINE_BUGCHECKED);
    assert_int_equal(other->state, MACHINE_RUNNING);
    assert_int_equal(h.finished, 1);
    assert_int_equal(nt_bugcheck(h.machine)->p1, MANUALLY_INITIATED_CRASH);
    assert_int_equal(nt_bugcheck(h.machine)->p2, 42);
    end();
}

static void in_interrupt(void *argument)
{
    CHECK(argument == &dpc && KeGetCurrentIrql() == CMCI_LEVEL);
    sink++;
}
static void interrupt_body(void)
{
    sink = 0;
    h.machine->operations->interrupt(h.machine, in_interrupt, &dpc);
    CHECK(sink == 1 && KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    h.machine->operations->interrupt(h.machine, in_interrupt, &dpc);
    CHECK(sink == 2 && KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(irql);
}
static void interrupt_raises_and_restores(void **s) { (void)s; expect_good(interrupt_body); }

static void rules_have_ids_and_texts(void **s)
{
    (void)s;
    for (int i = 1; i < NT_RULE_COUNT; i++) {
        unsigned length, sentence = nt_rule_sentence(i);

        assert_true(strlen(nt_rule_id(i)) >= 7 && strlen(nt_rule_text(i)) > 10 && strlen(nt_rule_next(i)) > 10);
        assert_true(sentence > 10 && nt_rule_text(i)[sentence - 1] != ')');
        for (unsigned p = 1; p <= 2; p++) { /* what has a meaning has a way to be shown */
            nt_rule_parameter_name(i, p, &length);
            assert_true(length == 0 || nt_rule_parameter(i, p) != PARAMETER_NONE);
        }
        for (int j = 1; j < i; j++) {
            assert_string_not_equal(nt_rule_id(i), nt_rule_id(j));
        }
    }
    assert_string_equal(nt_rule_id(NT_RULE_COUNT), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_access_fault),
        cmocka_unit_test(fault_at_dispatch),
        cmocka_unit_test(jump_into_nothing),
        cmocka_unit_test(illegal_instruction),
        cmocka_unit_test(driver_calls_bugcheck),
        cmocka_unit_test(stack_budget_kept),
        cmocka_unit_test(stack_budget_exceeded),
        cmocka_unit_test(stack_overflows),
        cmocka_unit_test(time_asked_without_end),
        cmocka_unit_test(spin_without_kernel_calls),
        cmocka_unit_test(dpc_queues_itself_without_end),
        cmocka_unit_test(report_names_the_drivers_line),
        cmocka_unit_test(report_names_the_routine_that_returned_with_a_lock),
        cmocka_unit_test(report_of_a_wrong_answer_names_the_callback_that_gave_it),
        cmocka_unit_test(recursion_is_counted_and_not_repeated),
        cmocka_unit_test(fault_report_begins_in_the_driver),
        cmocka_unit_test(machine_dies_and_the_world_goes_on),
        cmocka_unit_test(interrupt_raises_and_restores),
        cmocka_unit_test(rules_have_ids_and_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
