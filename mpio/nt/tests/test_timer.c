/* SPDX-License-Identifier: MIT */
/* Timers, DPCs, work items, time, and busy-waiting for another CPU. */
#include "harness.h"

static KTIMER timer;
static KDPC dpc, dpc2;
static KEVENT event;
static volatile int ran, flag;
static ULONGLONG times[8];

static void count_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)One;
    (void)Two;
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    if (ran < 8) {
        times[ran] = KeQueryInterruptTime();
    }
    ran++;
    if (Context != NULL) {
        KeSetEvent(Context, 0, FALSE);
    }
}

static void reset(void)
{
    ran = flag = 0;
    memset(times, 0, sizeof(times));
}

/* ---- timers ---------------------------------------------------------------------------------------- */

static void timer_body(void)
{
    ULONGLONG start = KeQueryInterruptTime();
    LARGE_INTEGER five = milliseconds(5);

    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    CHECK(!KeSetTimer(&timer, five, &dpc) && !KeReadStateTimer(&timer));
    CHECK(KeSetTimer(&timer, five, &dpc)); /* set again: was in the queue */
    CHECK(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeQueryInterruptTime() - start == 5 * WORLD_MS && KeReadStateTimer(&timer));
    sleep_for(1);
    CHECK(ran == 1 && times[0] - start == 5 * WORLD_MS && !KeCancelTimer(&timer));
    KeSetTimer(&timer, five, &dpc);
    CHECK(KeCancelTimer(&timer) && !KeCancelTimer(&timer));
    sleep_for(10);
    CHECK(ran == 1);
}
static void timer_fires_once_at_its_time(void **s) { (void)s; reset(); expect_good(timer_body); }

static void periodic_body(void)
{
    ULONGLONG start = KeQueryInterruptTime();
    LARGE_INTEGER three = milliseconds(3);

    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeSetTimerEx(&timer, three, 10, &dpc);
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    CHECK(!KeReadStateTimer(&timer)); /* consumed by the wait */
    sleep_for(22);
    CHECK(KeCancelTimer(&timer));
    sleep_for(50);
    CHECK(ran == 3 && times[0] - start == 3 * WORLD_MS && times[2] - start == 23 * WORLD_MS);
}
static void periodic_timer_keeps_its_period(void **s) { (void)s; reset(); expect_good(periodic_body); }

static void VENDOR free_queued_timer(void)
{
    PKTIMER memory = ExAllocatePoolZero(NonPagedPoolNx, sizeof(KTIMER), 'tseT');

    KeInitializeTimer(memory);
    KeSetTimer(memory, milliseconds(5), NULL);
    ExFreePoolWithTag(memory, 'tseT');
}
static void VENDOR free_queued_dpc(void)
{
    PKDPC memory = ExAllocatePoolZero(NonPagedPoolNx, 4 * sizeof(KDPC), 'tseT');

    KeInitializeDpc(&memory[3], count_dpc, NULL);
    KeInsertQueueDpc(&memory[3], NULL, NULL);
    ExFreePoolWithTag(memory, 'tseT');
}
static void VENDOR initialise_queued_timer(void)
{
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, milliseconds(5), NULL);
    KeInitializeTimer(&timer);
}
static void VENDOR set_timer_too_high(void) { KeSetTimer(&timer, milliseconds(5), NULL); }
static void timer_freed_while_queued(void **s) { (void)s; expect(RULE_TIMER_FREED, PASSIVE_LEVEL, free_queued_timer); }
static void dpc_freed_while_queued(void **s) { (void)s; expect(RULE_TIMER_FREED, DISPATCH_LEVEL, free_queued_dpc); }
static void timer_initialised_while_queued(void **s)
{
    (void)s;
    expect(RULE_TIMER_FREED, PASSIVE_LEVEL, initialise_queued_timer);
}
static void timer_set_at_device_level(void **s)
{
    (void)s;
    expect(RULE_IRQL_ROUTINE, CMCI_LEVEL, set_timer_too_high);
}

/* ---- DPCs ---------------------------------------------------------------------------------------------- */

static void arguments_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    CHECK(Dpc == &dpc && Context == &flag && One == (PVOID)1 && Two == (PVOID)2);
    CHECK(PsGetCurrentThread() != NULL);
    if (++ran == 1) {
        CHECK(KeInsertQueueDpc(Dpc, One, Two)); /* not queued any more while it runs */
    }
}
static void dpc_body(void)
{
    KIRQL old;

    KeInitializeDpc(&dpc, arguments_dpc, (PVOID)&flag);
    KeRaiseIrql(CMCI_LEVEL, &old);
    CHECK(KeInsertQueueDpc(&dpc, (PVOID)1, (PVOID)2) && !KeInsertQueueDpc(&dpc, (PVOID)3, (PVOID)4));
    KeLowerIrql(old);
    CHECK(ran == 0);
    KeFlushQueuedDpcs();
    CHECK(ran >= 1);
    KeFlushQueuedDpcs();
    CHECK(ran == 2);
    CHECK(KeInsertQueueDpc(&dpc, (PVOID)1, (PVOID)2) && KeRemoveQueueDpc(&dpc) && !KeRemoveQueueDpc(&dpc));
    KeFlushQueuedDpcs();
    CHECK(ran == 2);
}
static void dpc_runs_once_per_insert(void **s) { (void)s; reset(); expect_good(dpc_body); }

static void cpu_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    flag = (int)KeGetCurrentProcessorNumber();
}
static void target_body(void)
{
    for (CCHAR cpu = 0; cpu < 4; cpu++) {
        KeInitializeDpc(&dpc, cpu_dpc, NULL);
        KeSetTargetProcessorDpc(&dpc, cpu);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        CHECK(flag == cpu);
    }
}
static void dpc_runs_on_its_target_processor(void **s) { (void)s; reset(); expect_good(target_body); }

static void VENDOR set_flag(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    (void)Dpc;
    (void)One;
    (void)Two;
    *(volatile int *)Context = 1 + (int)KeGetCurrentProcessorNumber();
}
static void VENDOR spin_for_dpc(void)
{
    int me = (int)KeGetCurrentProcessorNumber();

    KeInitializeDpc(&dpc, set_flag, (PVOID)&flag);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (flag == 0) {
        KeStallExecutionProcessor(1);
    }
    CHECK(flag != 1 + me && (int)KeGetCurrentProcessorNumber() == me);
    flag = 0;
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (flag == 0) {
        YieldProcessor();
    }
}
static void busy_wait_at_dispatch_for_another_cpu(void **s)
{
    (void)s;
    reset();
    expect_in_callback(RULE_NONE, DISPATCH_LEVEL, DISPATCH_LEVEL, spin_for_dpc);
}

/* A DPC that stalls keeps its CPU; the others go on meanwhile. */
static void stalling_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    ULONG cpu = KeGetCurrentProcessorNumber();

    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    KeStallExecutionProcessor(1000);
    CHECK(KeGetCurrentProcessorNumber() == cpu && KeGetCurrentIrql() == DISPATCH_LEVEL);
    ran += 100;
}
static void stall_body(void)
{
    KeInitializeDpc(&dpc, stalling_dpc, NULL);
    KeInitializeDpc(&dpc2, count_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeInsertQueueDpc(&dpc2, NULL, NULL);
    KeStallExecutionProcessor(10);
    CHECK(ran == 1);
    KeFlushQueuedDpcs(); /* also for the one that stalls */
    CHECK(ran == 101);
}
static void dpc_runs_while_another_stalls(void **s) { (void)s; reset(); expect_good(stall_body); }

static void VENDOR wait_in_dpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    LARGE_INTEGER one = milliseconds(1);

    (void)Dpc;
    (void)Context;
    (void)One;
    (void)Two;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &one);
}
static void wait_in_dpc_body(void)
{
    KeInitializeDpc(&dpc, wait_in_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_for(1);
}
static void wait_in_a_dpc(void **s)
{
    (void)s;
    expect(RULE_WAIT_DISPATCH, PASSIVE_LEVEL, wait_in_dpc_body);
}

/* ---- work items ------------------------------------------------------------------------------------------ */

static PDEVICE_OBJECT device;
static PIO_WORKITEM item;
static char trail[256];

static void work(PDEVICE_OBJECT Device, PVOID Context)
{
    size_t length = strlen(trail);

    CHECK(Device == device && KeGetCurrentIrql() == PASSIVE_LEVEL);
    trail[length] = *(char *)Context;
    trail[length + 1] = 0;
}
static void blocking_work(PVOID Context)
{
    KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL);
    ran++;
}
static void work_body(void)
{
    PIO_WORKITEM items[6];
    WORK_QUEUE_ITEM blockers[5];
    char names[] = "abcdef";

    trail[0] = 0;
    CHECK(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    for (int i = 0; i < 6; i++) {
        items[i] = IoAllocateWorkItem(device);
        IoQueueWorkItem(items[i], work, DelayedWorkQueue, &names[i]);
    }
    sleep_for(1);
    CHECK(strcmp(trail, "abcdef") == 0);
    IoQueueWorkItem(items[0], work, DelayedWorkQueue, &names[5]); /* again, after it ran */
    sleep_for(1);
    CHECK(strcmp(trail, "abcdeff") == 0);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (int i = 0; i < 5; i++) { /* more than the usual number of workers, all blocked */
        ExInitializeWorkItem(&blockers[i], blocking_work, &event);
        ExQueueWorkItem(&blockers[i], CriticalWorkQueue);
    }
    IoQueueWorkItem(items[1], work, DelayedWorkQueue, &names[1]);
    sleep_for(1);
    CHECK(strcmp(trail, "abcdeffb") == 0 && ran == 0);
    KeSetEvent(&event, 0, FALSE);
    sleep_for(1);
    CHECK(ran == 5);
    for (int i = 0; i < 6; i++) {
        IoFreeWorkItem(items[i]);
    }
    IoDeleteDevice(device);
}
static void work_items_run_in_order_even_when_workers_block(void **s) { (void)s; reset(); expect_good(work_body); }

static void VENDOR free_queued_item(void)
{
    IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, work, DelayedWorkQueue, NULL);
    IoFreeWorkItem(item);
}
static void VENDOR queue_item_twice(void)
{
    IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    item = IoAllocateWorkItem(device);
    IoQueueWorkItem(item, work, DelayedWorkQueue, NULL);
    IoQueueWorkItem(item, work, DelayedWorkQueue, NULL);
}
static void work_item_freed_while_queued(void **s) { (void)s; expect(RULE_TIMER_FREED, PASSIVE_LEVEL, free_queued_item); }
static void work_item_queued_twice(void **s) { (void)s; expect(RULE_BUGCHECK_CALL, PASSIVE_LEVEL, queue_item_twice); }

/* ---- time --------------------------------------------------------------------------------------------------- */

static void time_body(void)
{
    LARGE_INTEGER ticks, now, frequency, counter;

    KeQuerySystemTime(&now);
    CHECK(now.QuadPart - (LONGLONG)KeQueryInterruptTime() == (LONGLONG)NT_EPOCH);
    sleep_for(1000);
    KeQueryTickCount(&ticks);
    CHECK(ticks.QuadPart == 64 && KeQueryTimeIncrement() == 156250);
    counter = KeQueryPerformanceCounter(&frequency);
    CHECK(frequency.QuadPart == 10000000 && counter.QuadPart == 10000000);
    CHECK(KeQueryActiveProcessorCount(NULL) == 4 && KeQueryActiveProcessors() == 15);
}
static void time_is_the_worlds(void **s) { (void)s; expect_good(time_body); }

/* ---- determinism ---------------------------------------------------------------------------------------------- */

static void mixed_body(void)
{
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_dpc, NULL);
    KeSetTimerEx(&timer, milliseconds(1), 1, &dpc);
    for (int i = 0; i < 20; i++) {
        NtTrace(TRACE_MESSAGE, (ULONGLONG)ran, KeGetCurrentProcessorNumber(), KeQueryInterruptTime(), 0);
        KeStallExecutionProcessor(700);
    }
    KeCancelTimer(&timer);
}
static uint64_t hash_of(uint64_t seed, bool explore)
{
    static const struct body body = {mixed_body, PASSIVE_LEVEL, PASSIVE_LEVEL, false};
    uint64_t hash;

    reset();
    begin_with(&(struct world_options){.seed = seed, .explore = explore});
    for (int i = 0; i < 3; i++) {
        nt_run_thread(h.machine, "mixed", run_body, (void *)(uintptr_t)&body);
        world_run(h.world, world_now(h.world) + WORLD_SECOND);
    }
    assert_int_equal(rule_now(), RULE_NONE);
    hash = trace_hash(h.world);
    end();
    return hash;
}
static void same_seed_same_trace(void **s)
{
    (void)s;
    assert_true(hash_of(7, false) == hash_of(7, false));
    assert_true(hash_of(7, true) == hash_of(7, true));
    assert_true(hash_of(7, true) != hash_of(8, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timer_fires_once_at_its_time),
        cmocka_unit_test(periodic_timer_keeps_its_period),
        cmocka_unit_test(timer_freed_while_queued),
        cmocka_unit_test(dpc_freed_while_queued),
        cmocka_unit_test(timer_initialised_while_queued),
        cmocka_unit_test(timer_set_at_device_level),
        cmocka_unit_test(dpc_runs_once_per_insert),
        cmocka_unit_test(dpc_runs_on_its_target_processor),
        cmocka_unit_test(busy_wait_at_dispatch_for_another_cpu),
        cmocka_unit_test(dpc_runs_while_another_stalls),
        cmocka_unit_test(wait_in_a_dpc),
        cmocka_unit_test(work_items_run_in_order_even_when_workers_block),
        cmocka_unit_test(work_item_freed_while_queued),
        cmocka_unit_test(work_item_queued_twice),
        cmocka_unit_test(time_is_the_worlds),
        cmocka_unit_test(same_seed_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
