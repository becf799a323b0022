/* SPDX-License-Identifier: MIT */
/* HBA personalities as a class driver sees them: bus type, inventory, transfer length, and how a lost path is told. */
#include "rig.h"

static UCHAR block[512];

static UCHAR expected_status(enum hba_flavour flavour)
{
    switch (flavour) {
    case HBA_SAYS_NO_DEVICE:
        return SRB_STATUS_NO_DEVICE;
    case HBA_SAYS_SELECTION_TIMEOUT:
        return SRB_STATUS_SELECTION_TIMEOUT;
    case HBA_SAYS_BUS_RESET:
        return SRB_STATUS_BUS_RESET;
    case HBA_SAYS_TIMEOUT:
        return SRB_STATUS_TIMEOUT;
    case HBA_SAYS_BUSY:
        return SRB_STATUS_BUSY;
    case HBA_SAYS_LINK_DOWN:
        return SRB_STATUS_LINK_DOWN;
    default:
        return SRB_STATUS_ERROR;
    }
}

static STORAGE_BUS_TYPE expected_bus(enum hba_kind kind)
{
    static const STORAGE_BUS_TYPE types[] = {BusTypeFibre, BusTypeiScsi, BusTypeSas, BusTypeScsi};

    return types[kind];
}

static void flavour_body(void *argument)
{
    const struct hba_personality *p = rig.hba->personality;
    PPORT_ADAPTER adapter = rig_adapter();
    PPORT_UNIT unit = rig_unit(1, 2);
    SCSI_REQUEST_BLOCK srb;

    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    CHECK(adapter->BusType == expected_bus(p->kind));
    CHECK(adapter->Config.MaximumTransferLength == p->max_transfer);
    CHECK(rig_io(unit, TRUE, 0, block, 1) == STATUS_SUCCESS);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    fabric_link(rig.hba, HBA_ALL_TARGETS, false);
    fibre_sleep(world_now(rig.world) + 2 * WORLD_SECOND, EVENT_THREAD);
    rig_srb(&srb, SRB_FLAGS_DATA_IN, block, 512, 0x28, 0, 1);
    rig_send(unit, &srb);
    CHECK(SRB_STATUS(srb.SrbStatus) == expected_status(p->kind == HBA_SPI ? p->no_target : p->lost));
    fabric_link(rig.hba, HBA_ALL_TARGETS, true);
    fibre_sleep(world_now(rig.world) + WORLD_SECOND, EVENT_THREAD);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    rig.finished++;
}

static void every_personality_tells_a_lost_path_its_own_way(void **state)
{
    unsigned count = 0;

    (void)state;
    for (; (rig_personality = hba_personality(count)) != NULL; count++) {
        rig_begin(rig_personality->kind, 100, WORLD_SECOND, 60 * WORLD_SECOND);
        rig_run(flavour_body, 60 * WORLD_SECOND);
        rig_end();
    }
    assert_true(count >= 9);
}

static void tag_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);

    (void)argument;
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS);
    rig.finished++;
}

/* An SRB's queue action becomes the task attribute; only where the SRB says that it counts. */
static enum array_task_attribute seen;
static struct hba_operations looking;
static const struct hba_operations *real;

static void look(struct hba *h, struct hba_cmd *cmd)
{
    seen = cmd->task.attribute;
    h->operations = real;
    hba_submit(h, cmd);
    h->operations = &looking;
}

static enum array_task_attribute attribute_of(PPORT_UNIT unit, ULONG flags, UCHAR action)
{
    SCSI_REQUEST_BLOCK srb;

    rig_srb(&srb, SRB_FLAGS_DATA_IN | flags, block, 512, 0x28, 0, 1);
    srb.QueueAction = action;
    rig_send(unit, &srb);
    CHECK(SRB_STATUS(srb.SrbStatus) == SRB_STATUS_SUCCESS);
    return seen;
}

static void attribute_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);

    tag_body(argument);
    real = rig.hba->operations;
    looking = *real;
    looking.submit = look;
    rig.hba->operations = &looking;
    CHECK(attribute_of(unit, SRB_FLAGS_QUEUE_ACTION_ENABLE, SRB_SIMPLE_TAG_REQUEST) == ARRAY_TASK_SIMPLE);
    CHECK(attribute_of(unit, SRB_FLAGS_QUEUE_ACTION_ENABLE, SRB_ORDERED_QUEUE_TAG_REQUEST) == ARRAY_TASK_ORDERED);
    CHECK(attribute_of(unit, SRB_FLAGS_QUEUE_ACTION_ENABLE, SRB_HEAD_OF_QUEUE_TAG_REQUEST) == ARRAY_TASK_HEAD);
    CHECK(attribute_of(unit, 0, SRB_ORDERED_QUEUE_TAG_REQUEST) == ARRAY_TASK_SIMPLE);
    rig.hba->operations = real;
}

static void queue_action_becomes_the_task_attribute(void **state)
{
    (void)state;
    rig_personality = NULL;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(attribute_body, WORLD_SECOND);
    rig_end();
}

static void torn_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);
    SCSI_REQUEST_BLOCK srb;
    UCHAR data[4 * 512], sense[32];

    tag_body(argument);
    fabric_inject(rig.hba, 0, FABRIC_TORN, 2, 0);
    rig_srb(&srb, SRB_FLAGS_DATA_IN, data, sizeof data, 0x28, 0, 4);
    rig_send(unit, &srb);
    CHECK(SRB_STATUS(srb.SrbStatus) == SRB_STATUS_DATA_OVERRUN);
    CHECK(srb.DataTransferLength == 2 * 512);
    rig_srb(&srb, SRB_FLAGS_DATA_OUT, data, sizeof data, 0x2A, 0, 4);
    srb.SenseInfoBuffer = sense;
    srb.SenseInfoBufferLength = sizeof sense;
    rig_send(unit, &srb);
    CHECK(SRB_STATUS(srb.SrbStatus) == SRB_STATUS_ERROR && (sense[2] & 15) == 0x0B);
}

static void torn_transfer_is_an_underrun_or_an_aborted_command(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(torn_body, WORLD_SECOND);
    rig_end();
}

static void reset_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);
    SCSI_REQUEST_BLOCK srb;

    tag_body(argument);
    rig_srb(&srb, SRB_FLAGS_DATA_IN, block, 512, 0x28, 0, 1);
    fabric_bus_reset(rig.hba);
    CHECK(rig_io(unit, FALSE, 0, block, 1) == STATUS_SUCCESS); /* after the pause and the unit attention */
}

static void bus_reset_by_the_other_initiator_is_survived(void **state)
{
    (void)state;
    rig_begin(HBA_SPI, 100, 0, WORLD_SECOND);
    rig_run(reset_body, 10 * WORLD_SECOND);
    rig_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_personality_tells_a_lost_path_its_own_way),
        cmocka_unit_test(queue_action_becomes_the_task_attribute),
        cmocka_unit_test(torn_transfer_is_an_underrun_or_an_aborted_command),
        cmocka_unit_test(bus_reset_by_the_other_initiator_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
