/* SPDX-License-Identifier: MIT */
/*
 * Requests through a pseudo-LUN: path choice, the four answers of CategorizeRequest, retries and
 * their budget, throttling, MPIO pass-through, and the rules a DSM's answers are held to.
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

static const struct answer unit_attention = {STATUS_SUCCESS, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID,
                                             SCSISTAT_CHECK_CONDITION, 6, 0x29, 0};

static void round_robin_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    for (unsigned i = 0; i < 10; i++) {
        CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
    }
    CHECK(f.paths[0].commands == 5 && f.paths[1].commands == 5);
    CHECK(f.dsms[0].set_completions == 10 && f.dsms[0].completions == 10);
    CHECK(do_io(lun, SCSIOP_TEST_UNIT_READY) == STATUS_SUCCESS);
    CHECK(f.dsms[0].completions == 11);
}

static void good_requests_alternate_and_complete_once(void **state)
{
    (void)state;
    expect(round_robin_body, RULE_NONE);
}

static void categories_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].category = DSM_WILL_HANDLE;
    CHECK(do_io(lun, SCSIOP_PERSISTENT_RESERVE_OUT) == STATUS_SUCCESS);
    CHECK_LOG("Handle");
    f.dsms[0].category = DSM_BROADCAST;
    CHECK(do_io(lun, SCSIOP_START_STOP_UNIT) == STATUS_SUCCESS);
    CHECK_LOG("Broadcast");
    f.dsms[0].category = DSM_ERROR;
    CHECK(do_io(lun, SCSIOP_TEST_UNIT_READY) == STATUS_ACCESS_DENIED);
    CHECK(ios[0].srb.SrbStatus == SRB_STATUS_NO_DEVICE);
    CHECK(f.dsms[0].set_completions == 0);
    f.dsms[0].category = DSM_PATH_SET;
    CHECK(do_io(lun, SCSIOP_TEST_UNIT_READY) == STATUS_SUCCESS);
    CHECK(f.dsms[0].set_completions == 1);
}

static void four_answers_of_categorize(void **state)
{
    (void)state;
    expect(categories_body, RULE_NONE);
}

static void retry_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    ULONGLONG begin_time;

    f.dsms[0].retry = TRUE;
    f.paths[0].next = f.paths[1].next = unit_attention;
    /* Budget 3: three retries succeed at the fourth try ... */
    f.paths[0].failures = 2;
    f.paths[1].failures = 1;
    begin_time = world_now(f.world);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
    CHECK(ios[0].at - begin_time == 3 * WORLD_SECOND); /* RetryInterval 1 each */
    CHECK(f.dsms[0].set_completions == 1 && f.dsms[0].completions == 1);
    /* ... and one error more is too much. */
    f.paths[0].failures = f.paths[1].failures = 2;
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_IO_DEVICE_ERROR);
    CHECK(ios[0].srb.ScsiStatus == SCSISTAT_CHECK_CONDITION && ios[0].sense[12] == 0x29);
    CHECK(f.dsms[0].completions == 2);
    /* Interval 0: at once. No decrement: any number. */
    f.dsms[0].interval = 0;
    f.dsms[0].mask = DSM_RETRY_DONT_DECREMENT;
    f.paths[0].failures = f.paths[1].failures = 50;
    begin_time = world_now(f.world);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
    CHECK(ios[0].at == begin_time);
    /* No retry wanted: the first error goes up. */
    f.dsms[0].retry = FALSE;
    f.dsms[0].mask = 0;
    f.paths[0].failures = f.paths[1].failures = 1;
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_IO_DEVICE_ERROR);
    CHECK(f.dsms[0].completions == 4);
}

static void retry_budget_and_interval(void **state)
{
    (void)state;
    expect(retry_body, RULE_NONE);
}

static void throttle_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    PVOID context = f.dsms[0].mpio_context;
    NTSTATUS status = STATUS_PENDING;
    struct io *first, *second;

    DsmNotification(context, ResumeIO_V2, &f.dsms[0].ids[0], TRUE, &status, 0);
    CHECK(status == STATUS_INVALID_DEVICE_STATE);
    DsmNotification(context, ThrottleIO_V2, &f.dsms[0].ids[0], FALSE, &status, 0);
    CHECK(status == STATUS_SUCCESS);
    DsmNotification(context, ThrottleIO_V2, &f.dsms[0].ids[0], FALSE, &status, 0);
    CHECK(status == STATUS_INVALID_DEVICE_STATE);
    first = start_io(lun, 1, SCSIOP_READ);
    second = start_io(lun, 2, SCSIOP_WRITE);
    pause_ms(3000);
    CHECK(!io_finished(first) && !io_finished(second));
    DsmNotification(context, ResumeIO_V2, &f.dsms[0].ids[1], TRUE, &status, 0);
    CHECK(status == STATUS_SUCCESS);
    CHECK(wait_io(first) == STATUS_SUCCESS && wait_io(second) == STATUS_SUCCESS);
    CHECK(first->order < second->order);
    DsmNotification(context, ThrottleIO, &f.dsms[0].ids[0]);
    first = start_io(lun, 1, SCSIOP_READ);
    CHECK(!io_finished(first));
    DsmNotification(context, ResumeIO, &f.dsms[0].ids[0]);
    CHECK(wait_io(first) == STATUS_SUCCESS);
    DsmNotification(context, ThrottleIO_V2, (PVOID)0x7777, FALSE, &status, 0);
    CHECK(status == STATUS_INVALID_PARAMETER && events_logged(35) == 1);
}

static void throttled_requests_wait_in_order(void **state)
{
    (void)state;
    expect(throttle_body, RULE_NONE);
}

/* ---- rules ------------------------------------------------------------------------------------------ */

static void wrong_path_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].wrong_path = true;
    do_io(lun, SCSIOP_READ);
}

static void path_of_nobody_is_a_bug_check(void **state)
{
    (void)state;
    expect(wrong_path_body, RULE_DSM_PATH);
}

static void removed_path_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
    f.dsms[0].force_path = (PVOID)(ULONG_PTR)0x100;
    do_io(lun, SCSIOP_READ);
}

static void removed_path_is_a_bug_check(void **state)
{
    (void)state;
    expect(removed_path_body, RULE_DSM_DEAD_PATH);
}

static void no_status_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].no_path = f.dsms[0].no_event = true;
    do_io(lun, SCSIOP_READ);
}

static void no_path_without_status_is_a_bug_check(void **state)
{
    (void)state;
    expect(no_status_body, RULE_DSM_STATUS);
}

static void no_path_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].no_path = true;
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_NO_SUCH_DEVICE);
    CHECK(events_logged(32) == 1 && f.dsms[0].set_completions == 0);
}

static void no_path_with_status_fails_the_request(void **state)
{
    (void)state;
    expect(no_path_body, RULE_NONE);
}

static void bad_category_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].category = DSM_ERROR + 1;
    do_io(lun, SCSIOP_TEST_UNIT_READY);
}

static void fifth_answer_of_categorize_is_a_bug_check(void **state)
{
    (void)state;
    expect(bad_category_body, RULE_DSM_CATEGORIZE);
}

static void no_event_body(void)
{
    PDEVICE_OBJECT lun = two_paths();

    f.dsms[0].category = DSM_WILL_HANDLE;
    f.dsms[0].no_event = true;
    do_io(lun, SCSIOP_PERSISTENT_RESERVE_OUT);
}

static void final_status_without_event_is_a_bug_check(void **state)
{
    (void)state;
    expect(no_event_body, RULE_DSM_EVENT);
}

/* ---- device controls ---------------------------------------------------------------------------------- */

static NTSTATUS pass_through(PDEVICE_OBJECT lun, UCHAR flags, ULONGLONG path_id, UCHAR port, UCHAR target, USHORT length)
{
    MPIO_PASS_THROUGH_PATH pass;
    IO_STATUS_BLOCK result;

    memset(&pass, 0, sizeof(pass));
    pass.PassThrough.Length = sizeof(pass.PassThrough);
    pass.PassThrough.CdbLength = 6;
    pass.PassThrough.TargetId = target;
    pass.Length = length;
    pass.Flags = flags;
    pass.PortNumber = port;
    pass.MpioPathId = path_id;
    DsmSendDeviceIoControlSynchronous(IOCTL_MPIO_PASS_THROUGH_PATH, lun, &pass, &pass, sizeof(pass), sizeof(pass), FALSE,
                                      &result);
    return result.Status;
}

static void pass_through_body(void)
{
    const USHORT good = sizeof(MPIO_PASS_THROUGH_PATH);
    PDEVICE_OBJECT lun = two_paths();

    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_PATHID, 0x101, 0, 0, good) == STATUS_SUCCESS);
    CHECK(f.paths[0].commands == 0 && f.paths[1].commands == 1);
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_SCSIADDRESS, 0, 2, 0, good) == STATUS_SUCCESS);
    CHECK(f.paths[0].commands == 1 && f.paths[1].commands == 1);
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_PATHID, 0x102, 0, 0, good) == STATUS_INVALID_PARAMETER);
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_SCSIADDRESS, 0, 3, 0, good) == STATUS_INVALID_PARAMETER);
    CHECK(pass_through(lun, 3, 0x101, 2, 0, good) == STATUS_INVALID_PARAMETER);
    CHECK(pass_through(lun, 0, 0x101, 0, 0, good) == STATUS_INVALID_PARAMETER);
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_PATHID, 0x101, 0, 0, good - 1) == STATUS_INVALID_PARAMETER);
    /* The DSM must choose the same instance. */
    f.dsms[0].force_path = (PVOID)(ULONG_PTR)0x101;
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_PATHID | MPIO_IOCTL_FLAG_INVOLVE_DSM, 0x101, 0, 0, good) == STATUS_SUCCESS);
    CHECK(pass_through(lun, MPIO_IOCTL_FLAG_USE_PATHID | MPIO_IOCTL_FLAG_INVOLVE_DSM, 0x100, 0, 0, good) ==
          STATUS_INVALID_PARAMETER);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
}

static void pass_through_goes_to_the_named_path_only(void **state)
{
    (void)state;
    expect(pass_through_body, RULE_NONE);
}

static void property_body(void)
{
    PDEVICE_OBJECT lun = two_paths();
    STORAGE_ADAPTER_DESCRIPTOR *adapter;
    STORAGE_DEVICE_DESCRIPTOR *device;

    CHECK(NT_SUCCESS(MpioQueryProperty(lun, StorageAdapterProperty, (PVOID *)&adapter)));
    CHECK(adapter->SrbType == 0 && adapter->MaximumTransferLength == 1 << 20);
    MpioFree(adapter);
    CHECK(NT_SUCCESS(MpioQueryProperty(lun, StorageDeviceProperty, (PVOID *)&device)));
    CHECK(memcmp((char *)device + device->VendorIdOffset, "ACME", 4) == 0);
    MpioFree(device);
}

static void properties_of_a_pseudo_lun(void **state)
{
    (void)state;
    expect(property_body, RULE_NONE);
}

static void snapshot_body(void)
{
    static ULONG64 buffer[512];
    struct mpio_snapshot *snapshot = (void *)buffer;
    struct mpio_lun_entry *luns;
    PDEVICE_OBJECT lun = two_paths();

    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS && do_io(lun, SCSIOP_WRITE) == STATUS_SUCCESS);
    CHECK(control_request(IOCTL_OPENMPIO_SNAPSHOT, NULL, 0, buffer, sizeof(*snapshot)) == STATUS_BUFFER_OVERFLOW);
    CHECK(control_request(IOCTL_OPENMPIO_SNAPSHOT, NULL, 0, buffer, snapshot->bytes) == STATUS_SUCCESS);
    CHECK(snapshot->dsms == 1 && snapshot->luns == 1 && snapshot->paths == 2 && snapshot->instances == 2);
    luns = (void *)((char *)buffer + snapshot->lun_offset);
    CHECK(luns[0].counters.reads == 1 && luns[0].counters.bytes_written == 512 && luns[0].state == MPIO_LUN_NORMAL);
    CHECK(control_request(IOCTL_OPENMPIO_CLEAR, NULL, 0, NULL, 0) == STATUS_SUCCESS);
    CHECK(control_request(IOCTL_OPENMPIO_SNAPSHOT, NULL, 0, buffer, sizeof(buffer)) == STATUS_SUCCESS);
    CHECK(luns[0].counters.reads == 0);
    f.log[0] = '\0';
    CHECK(control_request(IOCTL_OPENMPIO_MOVE, &(struct mpio_move){.lun = 0, .path_id = 0x101}, sizeof(struct mpio_move), NULL,
                          0) == STATUS_SUCCESS);
    CHECK_LOG("Move");
}

static void snapshot_counts_and_clears(void **state)
{
    (void)state;
    expect(snapshot_body, RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests_alternate_and_complete_once),
        cmocka_unit_test(four_answers_of_categorize),
        cmocka_unit_test(retry_budget_and_interval),
        cmocka_unit_test(throttled_requests_wait_in_order),
        cmocka_unit_test(path_of_nobody_is_a_bug_check),
        cmocka_unit_test(removed_path_is_a_bug_check),
        cmocka_unit_test(no_path_without_status_is_a_bug_check),
        cmocka_unit_test(no_path_with_status_fails_the_request),
        cmocka_unit_test(fifth_answer_of_categorize_is_a_bug_check),
        cmocka_unit_test(final_status_without_event_is_a_bug_check),
        cmocka_unit_test(pass_through_goes_to_the_named_path_only),
        cmocka_unit_test(properties_of_a_pseudo_lun),
        cmocka_unit_test(snapshot_counts_and_clears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
