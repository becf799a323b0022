/* SPDX-License-Identifier: MIT */
/* IRQL and spin locks: the rules, contention with a suspended owner, deadlocks, reader/writer locks. */
#include "harness.h"

static KSPIN_LOCK lock, lock2;
static EX_SPIN_LOCK ex;
static KSPIN_LOCK locks[NT_MAX_LOCKS + 1];
static KLOCK_QUEUE_HANDLE queue;
static KIRQL irql, irql2;
static int step, order[8];

static void clear(void)
{
    lock = lock2 = 0;
    ex = 0;
    step = 0;
    memset(locks, 0, sizeof(locks));
    memset(order, 0, sizeof(order));
}

/* ---- IRQL ----------------------------------------------------------------------------------------- */

static void VENDOR raise_below(void) { KfRaiseIrql(APC_LEVEL); }
static void VENDOR raise_too_far(void) { KfRaiseIrql(HIGH_LEVEL + 1); }
static void VENDOR lower_above(void) { KeLowerIrql(DISPATCH_LEVEL); }
static void VENDOR raise_and_return(void) { KfRaiseIrql(DISPATCH_LEVEL); }
static void VENDOR acquire_above_dispatch(void) { KeAcquireSpinLock(&lock, &irql); }
static void VENDOR levels(void)
{
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(irql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeRaiseIrql(HIGH_LEVEL, &irql2);
    KeLowerIrql(irql2);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    KeLowerIrql(irql);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static void irql_goes_up_and_down(void **s) { (void)s; expect(RULE_NONE, PASSIVE_LEVEL, levels); }
static void raise_to_a_lower_level(void **s) { (void)s; expect(RULE_IRQL_RAISE, DISPATCH_LEVEL, raise_below); }
static void raise_one_past_high_level(void **s) { (void)s; expect(RULE_IRQL_RAISE, PASSIVE_LEVEL, raise_too_far); }
static void lower_to_a_higher_level(void **s) { (void)s; expect(RULE_IRQL_LOWER, PASSIVE_LEVEL, lower_above); }
static void callback_returns_raised(void **s) { (void)s; expect(RULE_IRQL_RETURN, PASSIVE_LEVEL, raise_and_return); }
static void spin_lock_at_device_level(void **s)
{
    (void)s;
    clear();
    expect(RULE_IRQL_ROUTINE, CMCI_LEVEL, acquire_above_dispatch);
}

/* ---- lock rules ------------------------------------------------------------------------------------- */

static void VENDOR acquire_twice(void)
{
    KeAcquireSpinLock(&lock, &irql);
    KeAcquireSpinLock(&lock, &irql2);
}
static void VENDOR release_unheld(void) { KeReleaseSpinLock(&lock, PASSIVE_LEVEL); }
static void VENDOR return_with_lock(void) { KeAcquireSpinLock(&lock, &irql); }
static void VENDOR at_dpc_below(void) { KeAcquireSpinLockAtDpcLevel(&lock); }
static void VENDOR ex_from_dpc_below(void) { ExReleaseSpinLockSharedFromDpcLevel(&ex); }
static void VENDOR acquire_most(void)
{
    for (int i = 0; i < NT_MAX_LOCKS; i++) {
        KeAcquireSpinLockAtDpcLevel(&locks[i]);
    }
    for (int i = 0; i < NT_MAX_LOCKS; i++) {
        KeReleaseSpinLockFromDpcLevel(&locks[i]); /* oldest first is legal, too */
    }
}
static void VENDOR acquire_one_more(void)
{
    for (int i = 0; i <= NT_MAX_LOCKS; i++) {
        KeAcquireSpinLockAtDpcLevel(&locks[i]);
    }
}
static void VENDOR release_other_kind(void)
{
    KeAcquireInStackQueuedSpinLock(&lock, &queue);
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}
static void VENDOR release_shared_as_exclusive(void)
{
    irql = ExAcquireSpinLockShared(&ex);
    ExReleaseSpinLockExclusive(&ex, irql);
}
static void VENDOR upgrade_by_acquiring(void)
{
    irql = ExAcquireSpinLockShared(&ex);
    ExAcquireSpinLockExclusiveAtDpcLevel(&ex);
}
static void VENDOR convert_unheld(void) { ExTryConvertSharedSpinLockExclusive(&ex); }
static void VENDOR cancel_lock_released_unheld(void) { IoReleaseCancelSpinLock(PASSIVE_LEVEL); }
static void VENDOR lock_never_initialised(void)
{
    lock = 0xcdcdcdcdcdcdcdcdull;
    KeAcquireSpinLock(&lock, &irql);
}

#define RULE_TEST(name, rule, level, body) \
    static void name(void **s) { (void)s; clear(); expect(rule, level, body); }
RULE_TEST(lock_acquired_twice, RULE_LOCK_RECURSIVE, PASSIVE_LEVEL, acquire_twice)
RULE_TEST(lock_released_unheld, RULE_LOCK_NOT_HELD, PASSIVE_LEVEL, release_unheld)
RULE_TEST(cancel_lock_unheld, RULE_LOCK_NOT_HELD, PASSIVE_LEVEL, cancel_lock_released_unheld)
RULE_TEST(callback_returns_with_lock, RULE_LOCK_RETURN, PASSIVE_LEVEL, return_with_lock)
RULE_TEST(lock_at_dpc_level_below_it, RULE_LOCK_LEVEL, PASSIVE_LEVEL, at_dpc_below)
RULE_TEST(ex_lock_from_dpc_level_below_it, RULE_LOCK_LEVEL, APC_LEVEL, ex_from_dpc_below)
RULE_TEST(sixteen_locks, RULE_NONE, DISPATCH_LEVEL, acquire_most)
RULE_TEST(seventeen_locks, RULE_LOCK_TOO_MANY, DISPATCH_LEVEL, acquire_one_more)
RULE_TEST(lock_released_as_other_kind, RULE_LOCK_KIND, PASSIVE_LEVEL, release_other_kind)
RULE_TEST(ex_shared_released_as_exclusive, RULE_LOCK_KIND, PASSIVE_LEVEL, release_shared_as_exclusive)
RULE_TEST(ex_upgraded_by_acquiring, RULE_LOCK_RECURSIVE, PASSIVE_LEVEL, upgrade_by_acquiring)
RULE_TEST(ex_converted_unheld, RULE_LOCK_NOT_HELD, DISPATCH_LEVEL, convert_unheld)
RULE_TEST(lock_in_uninitialised_memory, RULE_DEADLOCK, PASSIVE_LEVEL, lock_never_initialised)

static void all_forms(void)
{
    KLOCK_QUEUE_HANDLE inner;

    KeAcquireSpinLock(&lock, &irql);
    CHECK(!KeTestSpinLock(&lock) && KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    CHECK(KeTryToAcquireSpinLockAtDpcLevel(&lock2));
    KeReleaseSpinLockFromDpcLevel(&lock2);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock2, &inner);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&inner);
    KeReleaseSpinLock(&lock, irql);
    KeAcquireInStackQueuedSpinLock(&lock, &queue);
    KeReleaseInStackQueuedSpinLock(&queue);
    CHECK(KeTestSpinLock(&lock) && KeGetCurrentIrql() == PASSIVE_LEVEL);
    irql = ExAcquireSpinLockShared(&ex);
    CHECK(ex == 1 && !ExTryAcquireSpinLockExclusiveAtDpcLevel(&ex) && ExTryAcquireSpinLockSharedAtDpcLevel(&ex));
    CHECK(!ExTryConvertSharedSpinLockExclusive(&ex));
    ExReleaseSpinLockSharedFromDpcLevel(&ex);
    CHECK(ExTryConvertSharedSpinLockExclusive(&ex) && ex == (LONG)0x80000000);
    ExReleaseSpinLockExclusiveFromDpcLevel(&ex);
    ExAcquireSpinLockExclusiveAtDpcLevel(&ex);
    ExReleaseSpinLockExclusive(&ex, irql);
    CHECK(ex == 0 && KeGetCurrentIrql() == PASSIVE_LEVEL);
}
static void every_form_of_every_lock(void **s) { (void)s; clear(); expect_good(all_forms); }

/* ---- contention --------------------------------------------------------------------------------------- */

static void hold_and_stall(void)
{
    int me = step++;

    KeAcquireSpinLock(&lock, &irql2);
    KeStallExecutionProcessor(50);
    order[me] = ++step;
    KeReleaseSpinLock(&lock, irql2);
}

static void two_threads_contend_while_the_owner_stalls(void **s)
{
    static const struct body body = {hold_and_stall, PASSIVE_LEVEL, PASSIVE_LEVEL, false};

    (void)s;
    clear();
    begin();
    for (int i = 0; i < 3; i++) {
        nt_run_thread(h.machine, "contender", run_body, (void *)(uintptr_t)&body);
    }
    world_run(h.world, WORLD_SECOND);
    assert_int_equal(rule_now(), RULE_NONE);
    assert_int_equal(h.finished, 3);
    assert_true(order[0] < order[1] && order[1] < order[2]);
    assert_true(world_now(h.world) >= 3 * 50 * WORLD_US);
    end();
}

static int writers, readers, most_readers;
static void read_and_stall(void)
{
    KIRQL old = ExAcquireSpinLockShared(&ex);

    CHECK(writers == 0);
    readers++;
    most_readers = readers > most_readers ? readers : most_readers;
    KeStallExecutionProcessor(20);
    readers--;
    ExReleaseSpinLockShared(&ex, old);
}
static void write_and_stall(void)
{
    KIRQL old = ExAcquireSpinLockExclusive(&ex);

    CHECK(writers == 0 && readers == 0);
    writers++;
    KeStallExecutionProcessor(20);
    writers--;
    ExReleaseSpinLockExclusive(&ex, old);
}

static void readers_share_and_writers_exclude(void **s)
{
    static const struct body reader = {read_and_stall, PASSIVE_LEVEL, PASSIVE_LEVEL, false};
    static const struct body writer = {write_and_stall, PASSIVE_LEVEL, PASSIVE_LEVEL, false};

    (void)s;
    clear();
    readers = writers = most_readers = 0;
    begin();
    for (int i = 0; i < 12; i++) {
        const struct body *body = i % 4 == 2 ? &writer : &reader;

        nt_run_thread(h.machine, "contender", run_body, (void *)(uintptr_t)body);
    }
    world_run(h.world, WORLD_SECOND);
    assert_int_equal(rule_now(), RULE_NONE);
    assert_int_equal(h.finished, 12);
    assert_true(most_readers >= 2);
    end();
}

static char fair[8];
static void take_in_turn(void *argument)
{
    const char *who = argument; /* R: reader, W: writer; then start and duration in tens of microseconds */
    KIRQL old;

    KeStallExecutionProcessor((ULONG)(who[1] - '0') * 10);
    old = who[0] == 'R' ? ExAcquireSpinLockShared(&ex) : ExAcquireSpinLockExclusive(&ex);
    fair[strlen(fair)] = who[3];
    KeStallExecutionProcessor((ULONG)(who[2] - '0') * 10);
    if (who[0] == 'R') {
        ExReleaseSpinLockShared(&ex, old);
    } else {
        ExReleaseSpinLockExclusive(&ex, old);
    }
    h.finished++;
}
static void waiting_writer_is_not_overtaken_by_readers(void **s)
{
    static const char *const plan[] = {"R02a", "R08b", "W11w", "R11c"};

    (void)s;
    clear();
    memset(fair, 0, sizeof(fair));
    begin();
    for (int i = 0; i < 4; i++) {
        nt_run_thread(h.machine, plan[i], take_in_turn, (void *)(uintptr_t)plan[i]);
    }
    world_run(h.world, WORLD_SECOND);
    assert_int_equal(h.finished, 4);
    assert_string_equal(fair, "abwc");
    end();
}

static void VENDOR first_then_second(void)
{
    KeAcquireSpinLock(&lock, &irql);
    KeStallExecutionProcessor(10);
    KeAcquireSpinLockAtDpcLevel(&lock2);
}
static void VENDOR second_then_first(void)
{
    KeAcquireSpinLock(&lock2, &irql);
    KeStallExecutionProcessor(10);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void locks_taken_in_both_orders_deadlock(void **s)
{
    static const struct body one = {first_then_second, PASSIVE_LEVEL, PASSIVE_LEVEL, true};
    static const struct body two = {second_then_first, PASSIVE_LEVEL, PASSIVE_LEVEL, true};

    (void)s;
    clear();
    begin();
    nt_run_thread(h.machine, "one", run_body, (void *)(uintptr_t)&one);
    nt_run_thread(h.machine, "two", run_body, (void *)(uintptr_t)&two);
    world_run(h.world, WORLD_SECOND);
    assert_string_equal(nt_rule_id(rule_now()), "KE-HANG-03");
    end();
}

/* Every mode of the scheduler keeps exclusion: a counter that would lose steps. */
static LONG shared_counter;
static void count_under_lock(void)
{
    for (int i = 0; i < 50; i++) {
        KIRQL old;
        LONG seen;

        KeAcquireSpinLock(&lock, &old);
        seen = shared_counter;
        KeQueryTimeIncrement(); /* a preemption point */
        shared_counter = seen + 1;
        KeReleaseSpinLock(&lock, old);
    }
}
static void exclusion_holds_in_explore_mode(void **s)
{
    static const struct body body = {count_under_lock, PASSIVE_LEVEL, PASSIVE_LEVEL, false};

    (void)s;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        clear();
        shared_counter = 0;
        begin_with(&(struct world_options){.seed = seed, .explore = true});
        for (int i = 0; i < 4; i++) {
            nt_run_thread(h.machine, "counter", run_body, (void *)(uintptr_t)&body);
        }
        world_run(h.world, WORLD_SECOND);
        assert_int_equal(rule_now(), RULE_NONE);
        assert_int_equal(h.finished, 4);
        assert_int_equal(shared_counter, 200);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(irql_goes_up_and_down),
        cmocka_unit_test(raise_to_a_lower_level),
        cmocka_unit_test(raise_one_past_high_level),
        cmocka_unit_test(lower_to_a_higher_level),
        cmocka_unit_test(callback_returns_raised),
        cmocka_unit_test(spin_lock_at_device_level),
        cmocka_unit_test(lock_acquired_twice),
        cmocka_unit_test(lock_released_unheld),
        cmocka_unit_test(cancel_lock_unheld),
        cmocka_unit_test(callback_returns_with_lock),
        cmocka_unit_test(lock_at_dpc_level_below_it),
        cmocka_unit_test(ex_lock_from_dpc_level_below_it),
        cmocka_unit_test(sixteen_locks),
        cmocka_unit_test(seventeen_locks),
        cmocka_unit_test(lock_released_as_other_kind),
        cmocka_unit_test(ex_shared_released_as_exclusive),
        cmocka_unit_test(ex_upgraded_by_acquiring),
        cmocka_unit_test(ex_converted_unheld),
        cmocka_unit_test(lock_in_uninitialised_memory),
        cmocka_unit_test(every_form_of_every_lock),
        cmocka_unit_test(two_threads_contend_while_the_owner_stalls),
        cmocka_unit_test(readers_share_and_writers_exclude),
        cmocka_unit_test(waiting_writer_is_not_overtaken_by_readers),
        cmocka_unit_test(locks_taken_in_both_orders_deadlock),
        cmocka_unit_test(exclusion_holds_in_explore_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
