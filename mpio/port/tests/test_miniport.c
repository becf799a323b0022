/* SPDX-License-Identifier: MIT */
/* What the port bears from a miniport it did not grow up with, and what it calls a breach. */
#include "miniport.h"

/* ---- breaches -------------------------------------------------------------------------------------------------------- */
static void read_body(void *argument)
{
    (void)argument;
    rig_io(unit(), FALSE, 0, buffer, 1);
    rig.finished++;
}

static void expect(int reads, const char *rule)
{
    begin(reads);
    nt_run_thread(rig.machine, "test", read_body, NULL);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    const struct nt_bugcheck *bug = nt_bugcheck(rig.machine);
    assert_non_null(bug);
    assert_string_equal(nt_rule_id(bug->rule), rule);
    end();
}

static void request_completed_twice(void **s) { (void)s; expect(TWICE, "SP-SRB-01"); }
static void request_of_nobody_completed(void **s) { (void)s; expect(FOREIGN, "SP-SRB-01"); }
static void request_completed_as_pending(void **s) { (void)s; expect(PENDING, "SP-SRB-02"); }
static void request_completed_with_more_data_than_room(void **s) { (void)s; expect(TOO_LONG, "SP-SRB-03"); }
static void scsi_port_notification(void **s) { (void)s; expect(NEXT_REQUEST, "SP-NTF-01"); }

/* ---- what it may do -------------------------------------------------------------------------------------------------- */
static void start_body(void *argument)
{
    (void)argument;
    CHECK(unit() != NULL && unit()->Header.Self != NULL);
    CHECK(mini.slept && mini.uncached != NULL && mini.uncached == mini.uncached_again && mini.device_base == NULL);
    CHECK(StorPortGetUncachedExtension(mini.extension, NULL, 4096) == mini.uncached);
    rig.finished++;
}

static void virtual_miniport_initializes_at_passive_level_and_maps_no_hardware(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(start_body, WORLD_SECOND);
    end();
}

static void scatter_body(void *argument)
{
    (void)argument;
    CHECK(rig_io(unit(), FALSE, 0, buffer, 8) == STATUS_SUCCESS);
    CHECK(mini.elements == 1 && mini.bytes == 4096);
    CHECK(rig_io(unit(), FALSE, 0, buffer + 4096 - 512, 10) == STATUS_SUCCESS);
    CHECK(mini.elements == 3 && mini.bytes == 5120 && mini.first == 512);
    CHECK(rig_io(unit(), FALSE, 0, buffer + 4096 - 512, 1) == STATUS_SUCCESS);
    CHECK(mini.elements == 1 && mini.bytes == 512);
    rig.finished++;
}

static void scatter_gather_list_has_one_element_per_page(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(scatter_body, WORLD_SECOND);
    end();
}

static void single_body(void *argument)
{
    static struct reading one, other;

    (void)argument;
    start_read(&one, 10);
    start_read(&other, 10);
    CHECK(mini.kept_count == 1);
    release();
    CHECK(one.back && !other.back && mini.kept_count == 1);
    release();
    CHECK(other.back);
    rig.finished++;
}

static void multiple_request_per_lu_false_is_one_request_at_a_time(void **s)
{
    (void)s;
    memset(&mini, 0, sizeof mini);
    mini.sense = mini.single = TRUE;
    boot();
    mini.reads = KEEP;
    rig_run(single_body, WORLD_SECOND);
    end();
}

static void pause_body(void *argument)
{
    static struct reading r;

    (void)argument;
    CHECK(StorPortPause(mini.extension, 2));
    start_read(&r, 10);
    rig_sleep(1900 * WORLD_MS);
    CHECK(!r.back);
    rig_sleep(200 * WORLD_MS);
    CHECK(r.back);
    CHECK(StorPortPauseDevice(mini.extension, 0, 0, 0, 60) && !StorPortPauseDevice(mini.extension, 0, 7, 0, 60));
    start_read(&r, 10);
    rig_sleep(WORLD_SECOND);
    CHECK(!r.back);
    CHECK(StorPortResumeDevice(mini.extension, 0, 0, 0));
    rig_sleep(WORLD_MS);
    CHECK(r.back);
    rig.finished++;
}

static void pauses_end_by_time_or_by_resume(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(pause_body, 10 * WORLD_SECOND);
    end();
}

static void busy_body(void *argument)
{
    static struct reading r[3];

    (void)argument;
    CHECK(!StorPortDeviceBusy(mini.extension, 0, 0, 0, 1)); /* nothing would end it */
    start_read(&r[0], 10);
    start_read(&r[1], 10);
    CHECK(StorPortDeviceBusy(mini.extension, 0, 0, 0, 1));
    start_read(&r[2], 10);
    CHECK(mini.kept_count == 2);
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(r[1].back && mini.kept_count == 2); /* one is back: the third has started */
    CHECK(StorPortBusy(mini.extension, 2));
    start_read(&r[1], 10);
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(mini.kept_count == 1); /* two were to come back, one has */
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(mini.kept_count == 1);
    release();
    CHECK(r[0].back && r[1].back && r[2].back);
    rig.finished++;
}

static void busy_ends_when_so_many_requests_are_back(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(busy_body, WORLD_SECOND);
    end();
}

static void service_body(void *argument)
{
    PDEVICE_OBJECT device = adapter()->Header.Self;
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;

    (void)argument;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_MINIPORT_PROCESS_SERVICE_IRP, device, NULL, 0, NULL, 0, FALSE, &event, &result);
    CHECK(IoCallDriver(device, irp) == STATUS_PENDING && mini.service == irp);
    irp->IoStatus.Status = STATUS_DISK_FULL;
    CHECK(StorPortCompleteServiceIrp(mini.extension, irp) == STOR_STATUS_SUCCESS);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK(result.Status == STATUS_DISK_FULL);
    rig.finished++;
}

static void service_request_is_the_miniports_until_it_completes_it(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(service_body, WORLD_SECOND);
    end();
}

static void miniport_without_autosense_is_refused(void **s)
{
    bool told = false;

    (void)s;
    memset(&mini, 0, sizeof mini);
    boot();
    for (unsigned i = 0; i < nt_log_count(rig.machine); i++)
        told = told || strstr(nt_log_at(rig.machine, i)->text, "AutoRequestSense is FALSE") != NULL;
    assert_true(told);
    assert_int_equal(mini.freed, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_completed_twice),
        cmocka_unit_test(request_of_nobody_completed),
        cmocka_unit_test(request_completed_as_pending),
        cmocka_unit_test(request_completed_with_more_data_than_room),
        cmocka_unit_test(scsi_port_notification),
        cmocka_unit_test(virtual_miniport_initializes_at_passive_level_and_maps_no_hardware),
        cmocka_unit_test(scatter_gather_list_has_one_element_per_page),
        cmocka_unit_test(multiple_request_per_lu_false_is_one_request_at_a_time),
        cmocka_unit_test(pauses_end_by_time_or_by_resume),
        cmocka_unit_test(busy_ends_when_so_many_requests_are_back),
        cmocka_unit_test(service_request_is_the_miniports_until_it_completes_it),
        cmocka_unit_test(miniport_without_autosense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
