/* SPDX-License-Identifier: MIT */
/* Busy, queue full, time-outs and the ladder, queue freeze, locked queue, resets on request. */
#include "rig.h"

static UCHAR block[512];

static OPENMPIO_UNIT_STATISTICS statistics(PPORT_UNIT unit)
{
    OPENMPIO_UNIT_STATISTICS s;
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;

    memset(&s, 0, sizeof s);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_OPENMPIO_GET_STATISTICS, unit->Header.Self, NULL, 0, &s, sizeof s, TRUE,
                                        &event, &result);
    CHECK(IoCallDriver(unit->Header.Self, irp) == STATUS_SUCCESS);
    return s;
}

static void busy_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);
    uint64_t start;

    (void)argument;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    fabric_inject(rig.hba, 0, FABRIC_BUSY, 3, 0);
    start = world_now(rig.world);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    CHECK(world_now(rig.world) - start >= 3 * 250 * WORLD_MS && world_now(rig.world) - start < 900 * WORLD_MS);
    CHECK(statistics(unit).BusyRetries == 3);
    /* The last retry allowed succeeds; one more BUSY ends the request. */
    fabric_inject(rig.hba, 0, FABRIC_BUSY, PORT_BUSY_RETRIES, 0);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    fabric_inject(rig.hba, 0, FABRIC_BUSY, PORT_BUSY_RETRIES + 1, 0);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_DEVICE_BUSY);
    fabric_inject(rig.hba, 0, FABRIC_QUEUE_FULL, 2, 0);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    rig.finished++;
}

static void busy_adapter_is_retried_twenty_times(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(busy_body, 60 * WORLD_SECOND);
    rig_end();
}

/* ---- time-out ------------------------------------------------------------------------------------------------------ */
static void timeout_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);
    SCSI_REQUEST_BLOCK srb;
    uint64_t start;

    (void)argument;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    fabric_inject(rig.hba, 0, FABRIC_LOSE_COMMAND, 1, 0);
    rig_srb(&srb, SRB_FLAGS_DATA_IN, block, 512, 0x28, 0, 1);
    srb.TimeOutValue = 3;
    start = world_now(rig.world);
    CHECK(rig_send(unit, &srb) == STATUS_IO_TIMEOUT);
    CHECK(SRB_STATUS(srb.SrbStatus) == SRB_STATUS_TIMEOUT);
    CHECK(world_now(rig.world) - start >= 3 * WORLD_SECOND && world_now(rig.world) - start <= 4 * WORLD_SECOND);
    CHECK(statistics(unit).TimeOuts == 1 && statistics(unit).LunResets == 1);
    CHECK(statistics(unit).TargetResets == 0 && statistics(unit).BusResets == 0);
    CHECK(statistics(unit).Outstanding == 0);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS); /* after the unit attention of the reset */
    rig.finished++;
}

static void lost_command_ends_by_a_lun_reset_after_its_timeout(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, 0);
    rig_run(timeout_body, 60 * WORLD_SECOND);
    rig_end();
}

/* Hardware whose LUN reset, then also whose target reset, ends nothing: the ladder climbs. */
static struct hba_operations broken;
static const struct hba_operations *good;
static unsigned lun_resets, target_resets, bus_resets;

static void ignore_lun(struct hba *h, uint32_t target, const uint8_t lun[8])
{
    (void)h, (void)target, (void)lun;
    lun_resets++;
}

static void ignore_target(struct hba *h, uint32_t target)
{
    (void)h, (void)target;
    target_resets++;
}

static void ignore_bus(struct hba *h)
{
    (void)h;
    bus_resets++;
}

/* The fabric knows its HBAs by their operations: calls into it go with its own in place. */
static void count_bus(struct hba *h)
{
    bus_resets++;
    h->operations = good;
    good->reset_bus(h);
    h->operations = &broken;
}

static void submit(struct hba *h, struct hba_cmd *cmd)
{
    h->operations = good;
    good->submit(h, cmd);
    h->operations = &broken;
}

static void ladder_body(void *argument)
{
    BOOLEAN bus_works = argument != NULL;
    PPORT_UNIT unit = rig_unit(0, 0);
    SCSI_REQUEST_BLOCK srb;

    lun_resets = target_resets = bus_resets = 0;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    good = rig.hba->operations;
    broken = *good;
    broken.submit = submit;
    broken.reset_lun = ignore_lun;
    broken.reset_target = ignore_target;
    broken.reset_bus = bus_works ? count_bus : ignore_bus;
    fabric_inject(rig.hba, 0, FABRIC_LOSE_COMMAND, 1, 0);
    rig_srb(&srb, SRB_FLAGS_DATA_IN, block, 512, 0x28, 0, 1);
    srb.TimeOutValue = 2;
    rig.hba->operations = &broken;
    CHECK(rig_send(unit, &srb) == STATUS_IO_TIMEOUT);
    rig.hba->operations = good;
    CHECK(lun_resets == 1 && target_resets == 1 && bus_resets == 1);
    if (!bus_works) /* the port gave up on it: let the hardware end it too, which must hurt nobody */
        good->reset_bus(rig.hba);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    rig.finished++;
}

static void ladder_climbs_to_the_bus_and_beyond(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, 0);
    rig_run(ladder_body, 60 * WORLD_SECOND);
    rig_end();
    rig_begin(HBA_FC, 100, 0, 0);
    nt_run_thread(rig.machine, "ladder", ladder_body, &rig);
    world_run(rig.world, 60 * WORLD_SECOND);
    rig_check(1);
    rig_end();
}

/* ---- freeze, lock, flush --------------------------------------------------------------------------------------------- */
struct pending {
    SCSI_REQUEST_BLOCK srb;
    UCHAR data[512], sense[32];
    KEVENT done;
    PIRP irp;
};

static void send_async(struct pending *p, PPORT_UNIT unit, ULONG flags)
{
    PIO_STACK_LOCATION stack;

    rig_srb(&p->srb, SRB_FLAGS_DATA_IN, p->data, 512, 0x28, 0, 1);
    p->srb.SrbFlags = SRB_FLAGS_DATA_IN | flags;
    p->srb.SenseInfoBuffer = p->sense;
    p->srb.SenseInfoBufferLength = sizeof p->sense;
    KeInitializeEvent(&p->done, NotificationEvent, FALSE);
    p->irp = IoAllocateIrp(1, FALSE);
    stack = IoGetNextIrpStackLocation(p->irp);
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->Parameters.Scsi.Srb = &p->srb;
    IoSetCompletionRoutine(p->irp, rig_done, &p->done, TRUE, TRUE, TRUE);
    IoCallDriver(unit->Header.Self, p->irp);
}

static NTSTATUS queue_function(PPORT_UNIT unit, UCHAR function, ULONG flags)
{
    SCSI_REQUEST_BLOCK srb;

    memset(&srb, 0, sizeof srb);
    srb.Length = sizeof srb;
    srb.Function = function;
    srb.SrbFlags = flags;
    return rig_send(unit, &srb);
}

static void freeze_body(void *argument)
{
    static struct pending a, b, c;
    PPORT_UNIT unit = rig_unit(0, 0);

    (void)argument;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    array_inject(rig.array, 0, 1, 0x02, 0x04, 0x44, 0x00);
    send_async(&a, unit, 0);
    KeWaitForSingleObject(&a.done, Executive, KernelMode, FALSE, NULL);
    CHECK(a.srb.SrbStatus == (SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID | SRB_STATUS_QUEUE_FROZEN));
    CHECK(a.irp->IoStatus.Status == STATUS_IO_DEVICE_ERROR);
    CHECK((a.sense[2] & 15) == 4 && a.sense[12] == 0x44);
    CHECK(statistics(unit).Frozen == 1);
    send_async(&b, unit, 0);
    rig_sleep(WORLD_SECOND);
    CHECK(KeReadStateEvent(&b.done) == 0 && statistics(unit).Waiting == 1);
    send_async(&c, unit, SRB_FLAGS_BYPASS_FROZEN_QUEUE);
    rig_sleep(WORLD_MS);
    CHECK(KeReadStateEvent(&c.done) != 0 && KeReadStateEvent(&b.done) == 0);
    CHECK(queue_function(unit, SRB_FUNCTION_RELEASE_QUEUE, 0) == STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(KeReadStateEvent(&b.done) != 0 && b.irp->IoStatus.Status == STATUS_SUCCESS);
    IoFreeIrp(a.irp), IoFreeIrp(b.irp), IoFreeIrp(c.irp);

    CHECK(queue_function(unit, SRB_FUNCTION_LOCK_QUEUE, SRB_FLAGS_BYPASS_LOCKED_QUEUE) == STATUS_SUCCESS);
    send_async(&a, unit, SRB_FLAGS_NO_QUEUE_FREEZE);
    rig_sleep(WORLD_MS);
    CHECK(KeReadStateEvent(&a.done) == 0);
    CHECK(queue_function(unit, SRB_FUNCTION_UNLOCK_QUEUE, 0) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(queue_function(unit, SRB_FUNCTION_FLUSH_QUEUE, 0) == STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&a.done) != 0 && a.srb.SrbStatus == SRB_STATUS_REQUEST_FLUSHED);
    CHECK(queue_function(unit, SRB_FUNCTION_UNLOCK_QUEUE, SRB_FLAGS_BYPASS_LOCKED_QUEUE) == STATUS_SUCCESS);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    IoFreeIrp(a.irp);
    CHECK(queue_function(unit, SRB_FUNCTION_FLUSH, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, SRB_FUNCTION_RESET_LOGICAL_UNIT, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, SRB_FUNCTION_RESET_BUS, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, SRB_FUNCTION_QUIESCE_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, 0x77, 0) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(queue_function(unit, SRB_FUNCTION_CLAIM_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, SRB_FUNCTION_CLAIM_DEVICE, 0) == STATUS_DEVICE_BUSY);
    CHECK(queue_function(unit, SRB_FUNCTION_RELEASE_DEVICE, 0) == STATUS_SUCCESS);
    CHECK(queue_function(unit, SRB_FUNCTION_CLAIM_DEVICE, 0) == STATUS_SUCCESS);
    rig.finished++;
}

static void error_freezes_the_queue_until_released(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 100, 0, 0);
    rig_run(freeze_body, 10 * WORLD_SECOND);
    rig_end();
}

/* ---- depth ------------------------------------------------------------------------------------------------------------- */
#define MANY 100
static struct pending many[MANY];

static void depth_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);

    (void)argument;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    for (unsigned i = 0; i < MANY; i++)
        send_async(&many[i], unit, SRB_FLAGS_NO_QUEUE_FREEZE);
    CHECK(statistics(unit).Outstanding == 32 && statistics(unit).Waiting == MANY - 32);
    for (unsigned i = 0; i < MANY; i++) {
        KeWaitForSingleObject(&many[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK(many[i].irp->IoStatus.Status == STATUS_SUCCESS);
        IoFreeIrp(many[i].irp);
    }
    /* QUEUE FULL while others are outstanding: waits for a share of them, not for time. */
    fabric_inject(rig.hba, 0, FABRIC_QUEUE_FULL, 4, 0);
    for (unsigned i = 0; i < MANY; i++)
        send_async(&many[i], unit, SRB_FLAGS_NO_QUEUE_FREEZE);
    for (unsigned i = 0; i < MANY; i++) {
        KeWaitForSingleObject(&many[i].done, Executive, KernelMode, FALSE, NULL);
        CHECK(many[i].irp->IoStatus.Status == STATUS_SUCCESS);
        IoFreeIrp(many[i].irp);
    }
    rig.finished++;
}

static void queue_depth_is_kept_and_queue_full_is_absorbed(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 1000, 0, 0);
    rig_run(depth_body, 10 * WORLD_SECOND);
    rig_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(busy_adapter_is_retried_twenty_times),
        cmocka_unit_test(lost_command_ends_by_a_lun_reset_after_its_timeout),
        cmocka_unit_test(ladder_climbs_to_the_bus_and_beyond),
        cmocka_unit_test(error_freezes_the_queue_until_released),
        cmocka_unit_test(queue_depth_is_kept_and_queue_full_is_absorbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
