/* SPDX-License-Identifier: MIT */
/*
 * Executive resources, push locks, cache-aware rundown protection: who gets in, in which order.
 */
#include "harness.h"

static ERESOURCE resource;
static EX_PUSH_LOCK push;
static char order[32];

static void note(char c)
{
    size_t n = strlen(order);

    order[n] = c;
    order[n + 1] = '\0';
}

static VOID writer(PVOID name)
{
    ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
    note((char)(ULONG_PTR)name);
    sleep_for(1);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
}

static VOID reader(PVOID name)
{
    ExEnterCriticalRegionAndAcquireResourceShared(&resource);
    note((char)(ULONG_PTR)name);
    sleep_for(1);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
}

static void start(PKSTART_ROUTINE routine, char name)
{
    HANDLE handle;

    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine,
                               (PVOID)(ULONG_PTR)name) == STATUS_SUCCESS);
    ZwClose(handle);

    KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -10});
}
#define START(routine, name) start(routine, name)

static void readers_do_not_pass_a_waiting_writer(void)
{
    order[0] = '\0';
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceSharedLite(&resource, TRUE));
    START(reader, 'a'); /* beside us */
    START(writer, 'w');
    START(reader, 'b'); /* behind the writer */
    START(reader, 'c');
    CHECK(strcmp(order, "a") == 0);
    CHECK(ExGetExclusiveWaiterCount(&resource) == 1 && ExGetSharedWaiterCount(&resource) == 2);
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE)); /* we read already */
    CHECK(!ExAcquireSharedWaitForExclusive(&resource, FALSE));
    CHECK(ExIsResourceAcquiredSharedLite(&resource) == 2 && !ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
    sleep_for(5);
    CHECK(strcmp(order, "a") == 0);
    ExReleaseResourceLite(&resource);
    sleep_for(10);
    CHECK(strcmp(order, "awbc") == 0);
    CHECK(resource.ContentionCount == 3 && ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
    KeLeaveCriticalRegion();
}

static void writer_is_recursive_and_becomes_a_reader(void)
{
    order[0] = '\0';
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(ExTryToAcquireResourceExclusiveLite(&resource) && ExAcquireResourceExclusiveLite(&resource, TRUE));
    CHECK(ExAcquireResourceSharedLite(&resource, TRUE) && ExIsResourceAcquiredSharedLite(&resource) == 3);
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    START(reader, 'r');
    CHECK(order[0] == '\0');
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    ExConvertExclusiveToSharedLite(&resource);
    sleep_for(5);
    CHECK(strcmp(order, "r") == 0 && ExIsResourceAcquiredSharedLite(&resource) == 1);
    ExReleaseResourceForThreadLite(&resource, ExGetCurrentResourceThread());
    CHECK(ExIsResourceAcquiredSharedLite(&resource) == 0);
    KeLeaveCriticalRegion();
}

static void starving_readers_pass_a_waiting_writer(void)
{
    order[0] = '\0';
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(ExAcquireSharedStarveExclusive(&resource, FALSE));
    START(writer, 'w');
    CHECK(!ExAcquireResourceExclusiveLite(&resource, FALSE));
    CHECK(ExAcquireSharedStarveExclusive(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    sleep_for(5);
    CHECK(strcmp(order, "w") == 0);
    KeLeaveCriticalRegion();
}

static void VENDOR reader_that_wants_to_write(void)
{
    ExInitializeResourceLite(&resource);
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExAcquireResourceExclusiveLite(&resource, TRUE);
}

static void VENDOR release_of_what_nobody_holds(void)
{
    ExInitializeResourceLite(&resource);
    ExReleaseResourceLite(&resource);
}

static void VENDOR delete_of_a_held_resource(void)
{
    ExInitializeResourceLite(&resource);
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExDeleteResourceLite(&resource);
}

static void VENDOR acquire_above_apc_level(void)
{
    ExInitializeResourceLite(&resource);
    ExAcquireResourceSharedLite(&resource, FALSE);
}

static VOID push_writer(PVOID name)
{
    ExAcquirePushLockExclusive(&push);
    note((char)(ULONG_PTR)name);
    sleep_for(1);
    ExReleasePushLockExclusive(&push);
}

static VOID push_reader(PVOID name)
{
    ExAcquirePushLockShared(&push);
    note((char)(ULONG_PTR)name);
    sleep_for(1);
    ExReleasePushLock(&push);
}

static void push_lock_serves_first_come_first(void)
{
    order[0] = '\0';
    ExInitializePushLock(&push);
    ExAcquirePushLockShared(&push);
    START(push_reader, 'a');
    START(push_writer, 'w');
    START(push_reader, 'b');
    START(push_writer, 'x');
    sleep_for(5);
    CHECK(strcmp(order, "a") == 0);
    ExReleasePushLockShared(&push);
    sleep_for(10);
    CHECK(strcmp(order, "awbx") == 0 && push == 0);
}

static void VENDOR push_lock_released_twice(void)
{
    ExInitializePushLock(&push);
    ExAcquirePushLockExclusive(&push);
    ExReleasePushLockExclusive(&push);
    ExReleasePushLockExclusive(&push);
}

static void VENDOR push_lock_of_a_reader_released_as_a_writer(void)
{
    ExInitializePushLock(&push);
    ExAcquirePushLockShared(&push);
    ExReleasePushLockExclusive(&push);
}

static PEX_RUNDOWN_REF_CACHE_AWARE rundown;

static VOID holder(PVOID unused)
{
    (void)unused;
    sleep_for(3);
    note('h');
    ExReleaseRundownProtectionCacheAware(rundown);
}

static void rundown_waits_for_its_holder(void)
{
    order[0] = '\0';
    rundown = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'nuR1');
    CHECK(rundown != NULL && ExAcquireRundownProtectionCacheAware(rundown));
    CHECK(ExAcquireRundownProtectionCacheAwareEx(rundown, 2));
    ExReleaseRundownProtectionCacheAwareEx(rundown, 2);
    START(holder, 0);
    ExWaitForRundownProtectionReleaseCacheAware(rundown);
    note('d');
    CHECK(strcmp(order, "hd") == 0 && !ExAcquireRundownProtectionCacheAware(rundown));
    ExRundownCompletedCacheAware(rundown);
    ExReInitializeRundownProtectionCacheAware(rundown);
    CHECK(ExAcquireRundownProtectionCacheAware(rundown));
    ExReleaseRundownProtectionCacheAware(rundown);
    ExFreeCacheAwareRundownProtection(rundown);
    CHECK(ExSizeOfRundownProtectionCacheAware() >= sizeof(EX_RUNDOWN_REF));
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
#define BREACH(name, rule, irql) static void test_##name(void **state) { (void)state; expect(rule, irql, name); }
TEST(readers_do_not_pass_a_waiting_writer)
TEST(writer_is_recursive_and_becomes_a_reader)
TEST(starving_readers_pass_a_waiting_writer)
TEST(push_lock_serves_first_come_first)
TEST(rundown_waits_for_its_holder)
BREACH(reader_that_wants_to_write, RULE_LOCK_RECURSIVE, PASSIVE_LEVEL)
BREACH(release_of_what_nobody_holds, RULE_LOCK_NOT_HELD, PASSIVE_LEVEL)
BREACH(delete_of_a_held_resource, RULE_TIMER_FREED, PASSIVE_LEVEL)
BREACH(acquire_above_apc_level, RULE_IRQL_ROUTINE, DISPATCH_LEVEL)
BREACH(push_lock_released_twice, RULE_LOCK_NOT_HELD, PASSIVE_LEVEL)
BREACH(push_lock_of_a_reader_released_as_a_writer, RULE_LOCK_NOT_HELD, PASSIVE_LEVEL)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readers_do_not_pass_a_waiting_writer),
        cmocka_unit_test(test_writer_is_recursive_and_becomes_a_reader),
        cmocka_unit_test(test_starving_readers_pass_a_waiting_writer),
        cmocka_unit_test(test_push_lock_serves_first_come_first),
        cmocka_unit_test(test_rundown_waits_for_its_holder),
        cmocka_unit_test(test_reader_that_wants_to_write),
        cmocka_unit_test(test_release_of_what_nobody_holds),
        cmocka_unit_test(test_delete_of_a_held_resource),
        cmocka_unit_test(test_acquire_above_apc_level),
        cmocka_unit_test(test_push_lock_released_twice),
        cmocka_unit_test(test_push_lock_of_a_reader_released_as_a_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
