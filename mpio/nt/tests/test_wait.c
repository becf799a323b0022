/* SPDX-License-Identifier: MIT */
/* Waits, events, semaphores, mutexes, threads, rundown: semantics, order of waiters, and the wait rules. */
#include "harness.h"

static KEVENT event, event2;
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static FAST_MUTEX fast;
static KSPIN_LOCK lock;
static EX_RUNDOWN_REF rundown;
static KIRQL irql;
static LARGE_INTEGER zero;
static char trail[64];

static void note(char what)
{
    size_t length = strlen(trail);

    if (length + 1 < sizeof(trail)) {
        trail[length] = what;
        trail[length + 1] = 0;
    }
}

static void setup_objects(void)
{
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&event2, NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 0, 3);
    KeInitializeMutex(&mutex, 0);
    ExInitializeFastMutex(&fast);
    ExInitializeRundownProtection(&rundown);
}

static NTSTATUS wait_for(PVOID object, LONGLONG ms)
{
    LARGE_INTEGER time = milliseconds(ms);

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, ms < 0 ? NULL : &time);
}

/* ---- rules ---------------------------------------------------------------------------------------- */

static void VENDOR wait_a_little(void)
{
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    wait_for(&event, 1); /* signaled or not: the time-out is not zero */
}
static void VENDOR poll(void)
{
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero) == STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS);
}
static void VENDOR wait_with_lock(void)
{
    lock = 0;
    KeAcquireSpinLock(&lock, &irql);
    wait_a_little();
}
static void VENDOR delay(void) { sleep_for(1); }
static void VENDOR set_too_high(void) { KeSetEvent(&event, 0, FALSE); }
static void VENDOR fast_twice(void)
{
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
    ExAcquireFastMutex(&fast);
}
static void VENDOR fast_unheld(void)
{
    ExInitializeFastMutex(&fast);
    ExReleaseFastMutexUnsafe(&fast);
}
static void VENDOR fast_left_held(void)
{
    ExInitializeFastMutex(&fast);
    ExAcquireFastMutex(&fast);
}
static void VENDOR mutex_unowned(void)
{
    KeInitializeMutex(&mutex, 0);
    KeReleaseMutex(&mutex, FALSE);
}
static void VENDOR semaphore_over_limit(void)
{
    KeInitializeSemaphore(&semaphore, 2, 3);
    CHECK(KeReleaseSemaphore(&semaphore, 0, 1, FALSE) == 2);
    KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
}
static void VENDOR four_objects_without_blocks(void)
{
    PVOID objects[4] = {&event, &event, &event, &event};

    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, &zero, NULL);
}

static void wait_at_dispatch(void **s) { (void)s; expect(RULE_WAIT_DISPATCH, DISPATCH_LEVEL, wait_a_little); }
static void delay_at_dispatch(void **s) { (void)s; expect(RULE_WAIT_DISPATCH, DISPATCH_LEVEL, delay); }
static void poll_at_dispatch(void **s) { (void)s; expect(RULE_NONE, DISPATCH_LEVEL, poll); }
static void wait_at_passive_in_a_dispatch_callback(void **s)
{
    (void)s;
    expect_in_callback(RULE_WAIT_CALLBACK, PASSIVE_LEVEL, DISPATCH_LEVEL, wait_a_little);
}
static void poll_in_a_dispatch_callback(void **s)
{
    (void)s;
    expect_in_callback(RULE_NONE, PASSIVE_LEVEL, DISPATCH_LEVEL, poll);
}
static void wait_in_a_passive_callback(void **s) { (void)s; expect(RULE_NONE, PASSIVE_LEVEL, wait_a_little); }
static void wait_with_a_spin_lock(void **s) { (void)s; expect(RULE_WAIT_LOCKED, PASSIVE_LEVEL, wait_with_lock); }
static void event_set_at_device_level(void **s) { (void)s; expect(RULE_IRQL_ROUTINE, CMCI_LEVEL, set_too_high); }
static void fast_mutex_acquired_twice(void **s) { (void)s; expect(RULE_LOCK_RECURSIVE, PASSIVE_LEVEL, fast_twice); }
static void fast_mutex_released_unheld(void **s) { (void)s; expect(RULE_LOCK_NOT_HELD, PASSIVE_LEVEL, fast_unheld); }
static void callback_returns_at_apc_level(void **s)
{
    (void)s;
    expect(RULE_IRQL_RETURN, PASSIVE_LEVEL, fast_left_held);
}
static void mutex_released_by_another(void **s) { (void)s; expect(RULE_BUGCHECK_CALL, PASSIVE_LEVEL, mutex_unowned); }
static void semaphore_one_past_its_limit(void **s)
{
    (void)s;
    expect(RULE_BUGCHECK_CALL, PASSIVE_LEVEL, semaphore_over_limit);
}
static void more_objects_than_built_in_blocks(void **s)
{
    (void)s;
    expect(RULE_BUGCHECK_CALL, PASSIVE_LEVEL, four_objects_without_blocks);
}

/* ---- semantics ---------------------------------------------------------------------------------------- */

static void events_body(void)
{
    LARGE_INTEGER absolute, now;

    setup_objects();
    CHECK(KeSetEvent(&event, 0, FALSE) == 0 && KeSetEvent(&event, 0, FALSE) == 1);
    CHECK(wait_for(&event, -1) == STATUS_SUCCESS && KeReadStateEvent(&event) == 0);
    KeSetEvent(&event2, 0, FALSE);
    CHECK(wait_for(&event2, 0) == STATUS_SUCCESS && KeReadStateEvent(&event2) == 1);
    CHECK(KeResetEvent(&event2) == 1 && KeResetEvent(&event2) == 0);
    KeQuerySystemTime(&now);
    CHECK(wait_for(&event2, 7) == STATUS_TIMEOUT);
    KeQuerySystemTime(&absolute);
    CHECK(absolute.QuadPart - now.QuadPart == 7 * (LONGLONG)WORLD_MS);
    absolute.QuadPart += 3 * (LONGLONG)WORLD_MS;
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute) == STATUS_TIMEOUT);
    KeQuerySystemTime(&now);
    CHECK(now.QuadPart == absolute.QuadPart);
    absolute.QuadPart -= 1; /* over already */
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute) == STATUS_TIMEOUT);
    KeQuerySystemTime(&absolute);
    CHECK(now.QuadPart == absolute.QuadPart);
}
static void events_and_time_outs(void **s) { (void)s; expect_good(events_body); }

static void waiter(PVOID name)
{
    CHECK(wait_for(&event, -1) == STATUS_SUCCESS);
    note(*(char *)name);
}
static void fifo_body(void)
{
    HANDLE handle;
    char names[] = "abc";

    setup_objects();
    for (int i = 0; i < 3; i++) {
        CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, waiter, &names[i]) == STATUS_SUCCESS);
        CHECK(ZwClose(handle) == STATUS_SUCCESS);
    }
    sleep_for(1);
    KeSetEvent(&event, 0, FALSE);
    sleep_for(1);
    CHECK(strcmp(trail, "a") == 0);
    KeSetEvent(&event, 0, FALSE);
    KeSetEvent(&event, 0, FALSE);
    sleep_for(1);
    CHECK(strcmp(trail, "abc") == 0);
}
static void waiters_go_on_in_order_of_arrival(void **s) { (void)s; trail[0] = 0; expect_good(fifo_body); }

static void semaphore_body(void)
{
    setup_objects();
    CHECK(wait_for(&semaphore, 1) == STATUS_TIMEOUT);
    CHECK(KeReleaseSemaphore(&semaphore, 0, 3, FALSE) == 0 && KeReadStateSemaphore(&semaphore) == 3);
    CHECK(wait_for(&semaphore, 0) == STATUS_SUCCESS && KeReadStateSemaphore(&semaphore) == 2);
}
static void semaphore_counts(void **s) { (void)s; expect_good(semaphore_body); }

static void mutex_owner(PVOID unused)
{
    (void)unused;
    wait_for(&mutex, -1);
    CHECK(wait_for(&mutex, 0) == STATUS_SUCCESS && KeReadStateMutex(&mutex) == -1);
    sleep_for(5);
    KeReleaseMutex(&mutex, FALSE);
    note('i');
    KeReleaseMutex(&mutex, FALSE);
}
static void mutex_body(void)
{
    HANDLE handle;

    setup_objects();
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, mutex_owner, NULL);
    sleep_for(1);
    CHECK(wait_for(&mutex, 1) == STATUS_TIMEOUT);
    CHECK(wait_for(&mutex, -1) == STATUS_SUCCESS);
    note('o');
    CHECK(strcmp(trail, "io") == 0);
    CHECK(KeReleaseMutex(&mutex, FALSE) == 0 && KeReadStateMutex(&mutex) == 1);
    ZwClose(handle);
}
static void mutex_is_recursive_and_exclusive(void **s) { (void)s; trail[0] = 0; expect_good(mutex_body); }

static void fast_holder(PVOID unused)
{
    (void)unused;
    ExAcquireFastMutex(&fast);
    CHECK(KeGetCurrentIrql() == APC_LEVEL);
    sleep_for(2);
    note('h');
    ExReleaseFastMutex(&fast);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}
static void fast_body(void)
{
    HANDLE handle;

    setup_objects();
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, fast_holder, NULL);
    ZwClose(handle);
    sleep_for(1);
    CHECK(!ExTryToAcquireFastMutex(&fast));
    ExAcquireFastMutex(&fast);
    note('w');
    ExReleaseFastMutex(&fast);
    CHECK(strcmp(trail, "hw") == 0 && ExTryToAcquireFastMutex(&fast));
    ExReleaseFastMutex(&fast);
}
static void fast_mutex_waits_for_its_holder(void **s) { (void)s; trail[0] = 0; expect_good(fast_body); }

static void set_later(PVOID which)
{
    sleep_for(2);
    KeSetEvent(which, 0, FALSE);
}
static void multiple_body(void)
{
    PVOID both[2] = {&event, &event2};
    HANDLE handle;
    LARGE_INTEGER two = milliseconds(1);

    setup_objects();
    CHECK(KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, &two, NULL) == STATUS_TIMEOUT);
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, set_later, &event2);
    ZwClose(handle);
    CHECK(KeWaitForMultipleObjects(2, both, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) == STATUS_WAIT_0 + 1);
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, set_later, &event);
    ZwClose(handle);
    CHECK(KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&event) == 0 && KeReadStateEvent(&event2) == 1);
    KeClearEvent(&event2);
    KeSetEvent(&event, 0, FALSE); /* one of two is not all, and stays untouched */
    CHECK(KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, &two, NULL) == STATUS_TIMEOUT);
    CHECK(KeReadStateEvent(&event) == 1);
}
static void several_objects_at_once(void **s) { (void)s; expect_good(multiple_body); }

static void thread_main(PVOID argument)
{
    CHECK(argument == &event && PsGetCurrentThread() != NULL && KeGetCurrentIrql() == PASSIVE_LEVEL);
    sleep_for(3);
    PsTerminateSystemThread(STATUS_SUCCESS);
    CHECK(!"terminated");
}
static void thread_body(void)
{
    CLIENT_ID id;
    HANDLE handle;
    PVOID thread;

    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, &id, thread_main, &event) == STATUS_SUCCESS);
    CHECK(id.UniqueThread != PsGetCurrentThreadId());
    CHECK(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &thread, NULL) == STATUS_SUCCESS);
    CHECK(ZwClose(handle) == STATUS_SUCCESS && ZwClose(handle) == STATUS_INVALID_HANDLE);
    CHECK(wait_for(thread, 2) == STATUS_TIMEOUT);
    CHECK(wait_for(thread, -1) == STATUS_SUCCESS);
    CHECK(wait_for(thread, 0) == STATUS_SUCCESS);
    ObDereferenceObject(thread);
}
static void thread_is_signaled_when_it_ends(void **s) { (void)s; expect_good(thread_body); }

static void rundown_holder(PVOID unused)
{
    (void)unused;
    CHECK(ExAcquireRundownProtection(&rundown));
    sleep_for(3);
    CHECK(!ExAcquireRundownProtection(&rundown));
    note('r');
    ExReleaseRundownProtection(&rundown);
}
static void rundown_body(void)
{
    HANDLE handle;

    setup_objects();
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, rundown_holder, NULL);
    ZwClose(handle);
    sleep_for(1);
    ExWaitForRundownProtectionRelease(&rundown);
    note('w');
    CHECK(strcmp(trail, "rw") == 0 && !ExAcquireRundownProtection(&rundown));
    ExReInitializeRundownProtection(&rundown);
    CHECK(ExAcquireRundownProtection(&rundown));
    ExReleaseRundownProtection(&rundown);
}
static void rundown_waits_for_holders(void **s) { (void)s; trail[0] = 0; expect_good(rundown_body); }

static void VENDOR free_awaited(PVOID memory) { ExFreePool(memory); }
static void awaiting(PVOID memory) { wait_for(memory, -1); }
static void awaited_body(void)
{
    PKEVENT memory = ExAllocatePoolZero(NonPagedPoolNx, sizeof(KEVENT), 'tseT');
    HANDLE handle;

    KeInitializeEvent(memory, NotificationEvent, FALSE);
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, awaiting, memory);
    sleep_for(1);
    free_awaited(memory);
}
static void event_freed_while_awaited(void **s) { (void)s; expect(RULE_TIMER_FREED, PASSIVE_LEVEL, awaited_body); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_at_dispatch),
        cmocka_unit_test(delay_at_dispatch),
        cmocka_unit_test(poll_at_dispatch),
        cmocka_unit_test(wait_at_passive_in_a_dispatch_callback),
        cmocka_unit_test(poll_in_a_dispatch_callback),
        cmocka_unit_test(wait_in_a_passive_callback),
        cmocka_unit_test(wait_with_a_spin_lock),
        cmocka_unit_test(event_set_at_device_level),
        cmocka_unit_test(fast_mutex_acquired_twice),
        cmocka_unit_test(fast_mutex_released_unheld),
        cmocka_unit_test(callback_returns_at_apc_level),
        cmocka_unit_test(mutex_released_by_another),
        cmocka_unit_test(semaphore_one_past_its_limit),
        cmocka_unit_test(more_objects_than_built_in_blocks),
        cmocka_unit_test(events_and_time_outs),
        cmocka_unit_test(waiters_go_on_in_order_of_arrival),
        cmocka_unit_test(semaphore_counts),
        cmocka_unit_test(mutex_is_recursive_and_exclusive),
        cmocka_unit_test(fast_mutex_waits_for_its_holder),
        cmocka_unit_test(several_objects_at_once),
        cmocka_unit_test(thread_is_signaled_when_it_ends),
        cmocka_unit_test(rundown_waits_for_holders),
        cmocka_unit_test(event_freed_while_awaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
