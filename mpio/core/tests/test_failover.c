/* SPDX-License-Identifier: MIT */
/*
 * Paths that fail and come back: one failover per path, requests that wait, the last path, the
 * published fast-return defect and its cure, periodic verification.
 */
#include "fixture.h"

static PDEVICE_OBJECT two_paths(void)
{
    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1));
    f.dsms[0].next = 0;
    f.log[0] = '\0';
    return pseudo_lun(0);
}

static void fatal_with_queued_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    struct io *io[6];

    f.paths[0].hold = f.paths[1].hold = true;
    for (unsigned i = 0; i < 6; i++) {
        io[i] = start_io(lun, 1 + i, i % 3 ? SCSIOP_READ : SCSIOP_WRITE);
    }
    CHECK(f.paths[0].held_count == 3 && f.paths[1].held_count == 3);
    f.paths[0].dead = true;
    release_path(&f.paths[0]); /* three fatal errors on one path */
    pause_ms(1);
    CHECK_LOG("Invalidate");
    CHECK(f.paths[1].held_count == 6); /* the failed ones went over */
    release_path(&f.paths[1]);
    for (unsigned i = 0; i < 6; i++) {
        CHECK(wait_io(io[i]) == STATUS_SUCCESS);
    }
    /* Failed requests kept their order of arrival. */
    CHECK(io[0]->order < io[2]->order && io[2]->order < io[4]->order);
    CHECK(f.dsms[0].completions == 6 && f.dsms[0].set_completions == 6);
    CHECK(events_logged(16) == 1 && events_logged(17) == 1 && events_logged(23) == 0);
}

static void many_fatal_errors_make_one_failover(void **state)
{
    (void)state;
    expect(fatal_with_queued_body, RULE_NONE);
}

/* A fails and closes the gate, C arrives and waits, then B fails, which is older than C. */
static void order_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    struct io *a, *b, *c;
    PIRP second;
    KIRQL irql;

    f.paths[0].hold = true;
    f.dsms[0].force_path = (PVOID)(ULONG_PTR)0x100;
    a = start_io(lun, 1, SCSIOP_READ);
    b = start_io(lun, 2, SCSIOP_READ);
    f.dsms[0].force_path = NULL;
    CHECK(f.paths[0].held_count == 2);
    second = f.paths[0].held[1];
    f.paths[0].held_count = 1;
    f.paths[0].dead = true;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    release_path(&f.paths[0]);
    c = start_io(lun, 3, SCSIOP_READ);
    answer_srb(&f.paths[0], second);
    KeLowerIrql(irql);
    CHECK(wait_io(a) == STATUS_SUCCESS && wait_io(b) == STATUS_SUCCESS && wait_io(c) == STATUS_SUCCESS);
    CHECK(a->order < b->order && b->order < c->order);
    CHECK(f.dsms[0].invalidations == 1);
}

static void held_requests_leave_in_order_of_arrival(void **state)
{
    (void)state;
    expect(order_body, RULE_NONE);
}

static struct io *wait_without_instance(void)
{
    struct io *io;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1));
    f.paths[0].dead = true;
    io = start_io(pseudo_lun(0), 1, SCSIOP_READ);
    pause_ms(1);
    CHECK(f.dsms[0].set_completions == 1);
    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
    return io;
}

static void instance_gone_body(void)
{
    struct io *io = wait_without_instance();

    CHECK(f.dsms[0].completions == 0);
    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE);
    CHECK(f.dsms[0].completions == 1 && f.dsms[0].null_completions == 1);
}

static void request_outlives_its_instance_and_completes_with_null(void **state)
{
    (void)state;
    expect(instance_gone_body, RULE_NONE);
}

static void instance_gone_old_type_body(void)
{
    struct io *io;

    f.dsms[0].type = DsmType2;
    io = wait_without_instance();
    CHECK(f.dsms[0].completions == 1); /* before RemoveDevice, with its id */
    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE);
    CHECK(f.dsms[0].completions == 1 && f.dsms[0].null_completions == 0);
}

static void dsm_of_type_2_never_sees_a_null_id(void **state)
{
    (void)state;
    expect(instance_gone_old_type_body, RULE_NONE);
}

static void late_error_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    struct io *slow;

    f.paths[0].hold = true;
    slow = start_io(lun, 1, SCSIOP_READ);
    CHECK(f.paths[0].held_count == 1);
    f.paths[0].hold = false;
    f.paths[0].dead = true;
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS); /* path 1 */
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS); /* path 0: fails over */
    CHECK(f.dsms[0].invalidations == 1);
    release_path(&f.paths[0]);
    CHECK(wait_io(slow) == STATUS_SUCCESS);
    CHECK(f.dsms[0].invalidations == 1);
}

static void late_error_of_an_invalidated_path_starts_nothing(void **state)
{
    (void)state;
    expect(late_error_body, RULE_NONE);
}

static void dead_path_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.paths[0].dead = true;
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
    f.dsms[0].force_path = (PVOID)(ULONG_PTR)0x100;
    do_io(lun, SCSIOP_READ);
}

static void invalidated_path_chosen_is_a_bug_check(void **state)
{
    (void)state;
    expect(dead_path_body, RULE_DSM_DEAD_PATH);
}

/* Both paths fail; I/O waits. */
static struct io *lose_everything(PDEVICE_OBJECT lun)
{
    f.paths[0].dead = f.paths[1].dead = true;
    return start_io(lun, 1, SCSIOP_READ);
}

static void last_path_timer_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    ULONGLONG begin_time = world_now(f.world);
    struct io *io = lose_everything(lun);

    pause_ms(19900);
    CHECK(!io_finished(io) && pseudo_lun(0) == lun);
    CHECK(events_logged(23) == 1 && f.dsms[0].invalidations == 2);
    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE);
    CHECK(io->srb.SrbStatus == SRB_STATUS_NO_DEVICE);
    CHECK(io->at - begin_time == 20 * WORLD_SECOND);
    CHECK(pseudo_lun(0) == NULL && events_logged(25) == 1);
    CHECK(f.dsms[0].completions == 1);
}

static void last_path_lost_removes_the_device_after_the_period(void **state)
{
    (void)state;
    expect(last_path_timer_body, RULE_NONE);
}

static void fast_return_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    struct io *io = lose_everything(lun);

    pause_ms(1000);
    f.paths[0].dead = f.paths[1].dead = false; /* back after one second, without a PnP event */
    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE);
    CHECK(pseudo_lun(0) == NULL);
    pause_ms(25000); /* recovery after 2 x PDORemovePeriod gives the LUN a new device */
    CHECK(pseudo_lun(0) != NULL && pseudo_lun(0) != lun);
    CHECK(do_io(pseudo_lun(0), SCSIOP_READ) == STATUS_SUCCESS);
}

static void fast_return_loses_the_device_with_default_timers(void **state)
{
    (void)state;
    expect(fast_return_body, RULE_NONE);
}

static void fast_return_cured_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    ULONGLONG begin_time = world_now(f.world);
    struct io *io = lose_everything(lun);

    pause_ms(1000);
    f.paths[0].dead = f.paths[1].dead = false;
    f.log[0] = '\0';
    CHECK(wait_io(io) == STATUS_SUCCESS);
    CHECK(io->at - begin_time == 10 * WORLD_SECOND);
    CHECK(strncmp(f.log, "Verify IsActive", 15) == 0);
    pause_ms(60000);
    CHECK(pseudo_lun(0) == lun);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
}

static void short_recovery_interval_cures_the_fast_return(void **state)
{
    (void)state;
    begin();
    parameter("UseCustomPathRecoveryInterval", 1);
    parameter("PathRecoveryInterval", 10);
    run(fast_return_cured_body);
    finish(RULE_NONE);
}

static void path_returns_by_pnp_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    struct io *io;

    remove_path(0, IRP_MN_REMOVE_DEVICE);
    remove_path(1, IRP_MN_REMOVE_DEVICE);
    io = start_io(lun, 1, SCSIOP_READ);
    pause_ms(15000);
    CHECK(!io_finished(io));
    CHECK(add_path(1));
    CHECK(wait_io(io) == STATUS_SUCCESS);
    pause_ms(60000);
    CHECK(pseudo_lun(0) == lun && pseudo_lun(1) == NULL);
}

static void path_that_returns_by_pnp_finds_its_device(void **state)
{
    (void)state;
    expect(path_returns_by_pnp_body, RULE_NONE);
}

static void at_once_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    ULONGLONG begin_time = world_now(f.world);
    struct io *io = lose_everything(lun);

    CHECK(wait_io(io) == STATUS_NO_SUCH_DEVICE);
    CHECK(io->at == begin_time);
}

static void remove_period_zero_removes_at_once(void **state)
{
    (void)state;
    begin();
    parameter("PDORemovePeriod", 0);
    run(at_once_body);
    finish(RULE_NONE);
}

static void verify_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    pause_ms(5001);
    CHECK_LOG("Verify Verify");
    f.paths[0].dead = true;
    pause_ms(5000);
    CHECK_LOG("Verify Verify Invalidate");
    CHECK(events_logged(20) == 1 && events_logged(17) == 1);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS && f.paths[0].commands == 0);
}

static void periodic_verification_fails_a_dead_path_over(void **state)
{
    (void)state;
    begin();
    parameter("PathVerifyEnabled", 1);
    parameter("PathVerificationPeriod", 5);
    run(verify_body);
    finish(RULE_NONE);
}

static void notifications_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    PVOID context = f.dsms[0].mpio_context;

    DsmNotification(context, PathFailure, (PVOID)(ULONG_PTR)0x100);
    pause_ms(1);
    CHECK_LOG("Invalidate");
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS && f.paths[1].commands == 1);
    DsmNotification(context, PathOnLine, (PVOID)(ULONG_PTR)0x100);
    pause_ms(1);
    CHECK_LOG("Verify IsActive");
    DsmNotification(context, DeviceFailure, &f.dsms[0].ids[1]);
    pause_ms(1);
    CHECK_LOG("Invalidate");
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS && f.paths[0].commands == 1);
    DsmNotification(context, PathFailure, (PVOID)(ULONG_PTR)0x999);
    CHECK(events_logged(35) == 1 && events_logged(37) == 4);
}

static void dsm_reports_failure_and_return_of_a_path(void **state)
{
    (void)state;
    expect(notifications_body, RULE_NONE);
}

static void two_luns_body(void)
{
    PDEVICE_OBJECT a, b;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1) && add_path(2) && add_path(2));
    a = pseudo_lun(0);
    b = pseudo_lun(1);
    f.paths[0].hold = f.paths[0].dead = f.paths[1].dead = true;
    f.dsms[0].next = 0;
    start_io(a, 1, SCSIOP_READ);
    CHECK(do_io(b, SCSIOP_READ) == STATUS_SUCCESS); /* not delayed by the other LUN's trouble */
    CHECK(!io_finished(&ios[1]));
    CHECK(wait_io(&ios[1]) == STATUS_NO_SUCH_DEVICE);
}

static void failure_of_one_lun_leaves_others_alone(void **state)
{
    (void)state;
    expect(two_luns_body, RULE_NONE);
}

/* The same run under many schedules: no rule broken, no request lost. */
static void explored_failovers_lose_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        begin_with(seed, true);
        run(late_error_body);
        finish(RULE_NONE);
        begin_with(seed, true);
        run(fast_return_body);
        finish(RULE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_fatal_errors_make_one_failover),
        cmocka_unit_test(held_requests_leave_in_order_of_arrival),
        cmocka_unit_test(request_outlives_its_instance_and_completes_with_null),
        cmocka_unit_test(dsm_of_type_2_never_sees_a_null_id),
        cmocka_unit_test(late_error_of_an_invalidated_path_starts_nothing),
        cmocka_unit_test(invalidated_path_chosen_is_a_bug_check),
        cmocka_unit_test(last_path_lost_removes_the_device_after_the_period),
        cmocka_unit_test(fast_return_loses_the_device_with_default_timers),
        cmocka_unit_test(short_recovery_interval_cures_the_fast_return),
        cmocka_unit_test(path_that_returns_by_pnp_finds_its_device),
        cmocka_unit_test(remove_period_zero_removes_at_once),
        cmocka_unit_test(periodic_verification_fails_a_dead_path_over),
        cmocka_unit_test(dsm_reports_failure_and_return_of_a_path),
        cmocka_unit_test(failure_of_one_lun_leaves_others_alone),
        cmocka_unit_test(explored_failovers_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
