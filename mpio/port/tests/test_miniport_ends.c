/* SPDX-License-Identifier: MIT */
/* A miniport whose link is lost, that answers no more, that is removed or unloaded: what becomes of its requests. */
#include "miniport.h"

static void link_body(void *argument)
{
    static struct reading r;

    (void)argument;
    StorPortNotification(LinkDown, mini.extension);
    start_read(&r, 10);
    rig_sleep(29 * WORLD_SECOND);
    CHECK(!r.back);
    StorPortNotification(LinkUp, mini.extension);
    rig_sleep(WORLD_MS);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_SUCCESS);
    StorPortNotification(LinkDown, mini.extension);
    start_read(&r, 10);
    rig_sleep(29 * WORLD_SECOND);
    CHECK(!r.back);
    rig_sleep(2 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_LINK_DOWN);
    start_read(&r, 10);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_LINK_DOWN);
    StorPortNotification(LinkUp, mini.extension);
    rig_sleep(WORLD_MS);
    start_read(&r, 10);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_SUCCESS);
    rig.finished++;
}

static void link_down_holds_requests_for_thirty_seconds(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(link_body, 100 * WORLD_SECOND);
    end();
}

static void ladder_body(void *argument)
{
    static struct reading r;

    (void)argument;
    start_read(&r, 3);
    rig_sleep(10 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_TIMEOUT);
    CHECK(mini.lun_resets == 1 && mini.target_resets == 1 && mini.bus_resets == 1);
    rig.finished++;
}

static void kept_request_is_ended_by_bus_reset(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(ladder_body, 60 * WORLD_SECOND);
    end();
}

/* Not even the reset requests come back: 10 s for each of the two rungs, then HwResetBus, which does nothing. */
static void dead_body(void *argument)
{
    static struct reading r;

    (void)argument;
    mini.keeps_resets = TRUE;
    start_read(&r, 3);
    rig_sleep(30 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_TIMEOUT);
    CHECK(mini.lun_resets == 1 && mini.target_resets == 1 && mini.bus_resets == 1);
    rig.finished++;
}

static void dead_miniport_cannot_keep_a_sender_waiting(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(dead_body, 60 * WORLD_SECOND);
    end();
}

static void surprise_body(void *argument)
{
    static struct reading r;
    PIRP irp = IoAllocateIrp(4, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    KEVENT event;

    (void)argument;
    CHECK(StorPortPause(mini.extension, 60));
    start_read(&r, 10);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = IRP_MN_SURPRISE_REMOVAL;
    IoSetCompletionRoutine(irp, rig_done, &event, TRUE, TRUE, TRUE);
    IoCallDriver(adapter()->Header.Self, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
    CHECK(mini.surprised == 1);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_NO_DEVICE);
    PnpShutdown();
    rig.finished++;
}

static void surprise_removal_fails_what_waits_and_tells_the_miniport(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(surprise_body, 10 * WORLD_SECOND);
    assert_int_equal(mini.freed, 1);
    end();
}

static void unload_done(void *user, int32_t status)
{
    *(int32_t *)user = status;
}

static void shutdown_body(void *argument)
{
    (void)argument;
    CHECK(mini.tracing == 1);
    PnpShutdown();
    CHECK(mini.freed == 1 && mini.tracing == 1);
    rig.finished++;
}

static void unload_frees_adapters_first_and_ends_tracing(void **s)
{
    int32_t status = -1;

    (void)s;
    begin(ANSWER);
    rig_run(shutdown_body, 10 * WORLD_SECOND);
    nt_unload_driver(rig.machine, "mini", unload_done, &status);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    assert_int_equal(status, 0);
    assert_int_equal(mini.tracing, 0);
    rig_check(1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_down_holds_requests_for_thirty_seconds),
        cmocka_unit_test(kept_request_is_ended_by_bus_reset),
        cmocka_unit_test(dead_miniport_cannot_keep_a_sender_waiting),
        cmocka_unit_test(surprise_removal_fails_what_waits_and_tells_the_miniport),
        cmocka_unit_test(unload_frees_adapters_first_and_ends_tracing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
