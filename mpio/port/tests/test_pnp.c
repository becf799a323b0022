/* SPDX-License-Identifier: MIT */
/* The device tree over the port: who sits on whom, orderly and refused removal, properties, keys. It lives here because a
 * tree without a bus below it shows nothing. Two drivers of the test play mpdev and disk. */
#include "rig.h"
#include "pnp/tree.h"

typedef struct _TEST_DEVICE {
    PDEVICE_OBJECT Lower;
    CHAR Who;
} TEST_DEVICE;

static char history[4096];
static BOOLEAN claim, decline, refuse;

static void record(char who, UCHAR minor)
{
    size_t used = strlen(history);

    snprintf(history + used, sizeof history - used, "%c%02x ", who, minor);
}

static NTSTATUS test_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    TEST_DEVICE *self = device->DeviceExtension;
    UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
    PDEVICE_OBJECT lower = self->Lower;
    NTSTATUS status;

    if (minor <= IRP_MN_CANCEL_REMOVE_DEVICE || minor == IRP_MN_SURPRISE_REMOVAL)
        record(self->Who, minor);
    if (minor == IRP_MN_START_DEVICE && self->Who == 'f') {
        IoForwardIrpSynchronously(lower, irp);
        return PortEndIrp(irp, irp->IoStatus.Status, claim);
    }
    if (minor == IRP_MN_QUERY_REMOVE_DEVICE && refuse && self->Who == 'd')
        return PortEndIrp(irp, STATUS_DEVICE_BUSY, 0);
    IoSkipCurrentIrpStackLocation(irp);
    status = IoCallDriver(lower, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDetachDevice(lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTSTATUS add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo, char who)
{
    PDEVICE_OBJECT device;
    TEST_DEVICE *self;

    record(who, 0xAD);
    CHECK(IoCreateDevice(driver, sizeof *self, NULL, FILE_DEVICE_DISK, 0, FALSE, &device) == STATUS_SUCCESS);
    self = device->DeviceExtension;
    self->Who = who;
    self->Lower = IoAttachDeviceToDeviceStack(device, pdo);
    device->StackSize = (CCHAR)(self->Lower->StackSize + 1);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTSTATUS filter_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return decline ? STATUS_NOT_SUPPORTED : add(driver, pdo, 'f');
}

static NTSTATUS disk_add(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    return add(driver, pdo, 'd');
}

static NTSTATUS filter_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = filter_add;
    driver->MajorFunction[IRP_MJ_PNP] = test_pnp;
    return STATUS_SUCCESS;
}

static NTSTATUS disk_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = disk_add;
    driver->MajorFunction[IRP_MJ_PNP] = test_pnp;
    return STATUS_SUCCESS;
}

/* One LUN on one path is left: the second path and the other LUNs go before. Then the path bounces with
 * the drivers in place, so the history is that of one device. */
static void one_device(void)
{
    rig_begin(HBA_FC, 100, 0, WORLD_SECOND);
    for (uint16_t lun = 1; lun < RIG_LUNS; lun++)
        assert_int_equal(array_remove_lun(rig.array, lun), 0);
    fabric_link(rig.hba, 0, false);
    fabric_link(rig.hba, 1, false);
    world_run(rig.world, world_now(rig.world) + 5 * WORLD_SECOND);
    assert_true(nt_load_driver(rig.machine, "mpdev", (void *)filter_entry, NULL, NULL, NULL));
    assert_true(nt_load_driver(rig.machine, "disk", (void *)disk_entry, NULL, NULL, NULL));
    history[0] = '\0';
    fabric_link(rig.hba, 0, true);
    world_run(rig.world, world_now(rig.world) + 5 * WORLD_SECOND);
}

static void lose_it(void)
{
    history[0] = '\0';
    fabric_link(rig.hba, 0, false);
    world_run(rig.world, world_now(rig.world) + 5 * WORLD_SECOND);
}

static void claimed_device_gets_no_class_driver(void **state)
{
    (void)state;
    claim = TRUE, decline = FALSE;
    one_device();
    assert_string_equal(history, "fad f00 ");
    lose_it();
    assert_string_equal(history, "f17 f02 ");
    rig_end();
}

static void unclaimed_device_gets_the_class_driver_and_a_second_start(void **state)
{
    (void)state;
    claim = FALSE, decline = FALSE;
    one_device();
    assert_string_equal(history, "fad f00 dad d00 f00 ");
    lose_it();
    assert_string_equal(history, "d17 f17 d02 f02 ");
    rig_end();
}

static void declined_device_gets_the_class_driver_only(void **state)
{
    (void)state;
    decline = TRUE;
    one_device();
    assert_string_equal(history, "dad d00 ");
    rig_end();
}

static void remove_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(0, 0);
    NTSTATUS wanted = refuse ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;

    (void)argument;
    CHECK(PnpRemoveDevice(unit->Header.Self) == wanted);
    CHECK(rig_unit(0, 0) == unit); /* the LUN is still there */
    CHECK(PnpRemoveDevice(rig_adapter()->Header.Self) == STATUS_NO_SUCH_DEVICE); /* not a PDO */
    rig.finished++;
}

static void removal_is_asked_for_and_may_be_refused(void **state)
{
    (void)state;
    decline = TRUE;
    one_device();
    refuse = TRUE;
    history[0] = '\0';
    rig_run(remove_body, WORLD_SECOND);
    assert_string_equal(history, "d01 d03 ");
    refuse = FALSE;
    history[0] = '\0';
    rig_run(remove_body, WORLD_SECOND);
    assert_string_equal(history, "d01 d02 ");
    lose_it(); /* and gone for good: no stack hears of it any more */
    assert_string_equal(history, "");
    rig_end();
}

static void property_body(void *argument)
{
    PDEVICE_OBJECT pdo = rig_unit(0, 0)->Header.Self;
    WCHAR text[256];
    ULONG length;
    HANDLE key;

    (void)argument;
    CHECK(IoGetDeviceProperty(pdo, DevicePropertyEnumeratorName, sizeof text, text, &length) == STATUS_SUCCESS);
    CHECK(length == 10 && text[0] == 'S' && text[3] == 'I' && text[4] == 0);
    CHECK(IoGetDeviceProperty(pdo, DevicePropertyHardwareID, 10, text, &length) == STATUS_BUFFER_TOO_SMALL);
    CHECK(length > 10 && length <= sizeof text * 2);
    CHECK(IoGetDeviceProperty(rig_adapter()->Header.Self, DevicePropertyHardwareID, 10, text, &length) ==
          STATUS_INVALID_DEVICE_REQUEST);
    CHECK(IoOpenDeviceRegistryKey(pdo, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS, &key) == STATUS_SUCCESS);
    ZwClose(key);
    rig.finished++;
}

static void device_answers_properties_and_has_a_key(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(property_body, WORLD_SECOND);
    rig_end();
}

/* ---- adapters that are pulled ------------------------------------------------------------------------ */
static struct {
    SCSI_REQUEST_BLOCK srb;
    UCHAR data[512];
    volatile BOOLEAN back;
} out;

static NTSTATUS came_back(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    out.back = TRUE;
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void read_body(void *argument)
{
    PPORT_UNIT unit = rig_unit(1, 2);
    PIRP irp = IoAllocateIrp(unit->Header.Self->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);

    (void)argument;
    rig_srb(&out.srb, SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE, out.data, sizeof out.data, 0x28, 0, 1);
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.Scsi.Srb = &out.srb;
    IoSetCompletionRoutine(irp, came_back, NULL, TRUE, TRUE, TRUE);
    out.back = FALSE;
    IoCallDriver(unit->Header.Self, irp);
    rig.finished++;
}

static void look_body(void *argument)
{
    (void)argument;
    PnpLookAtAdapters();
    rig.finished++;
}

static void mark_body(void *argument)
{
    (void)argument;
    rig_unit(0, 0)->BusResets = 77;
    rig.finished++;
}

static void gone_body(void *argument)
{
    (void)argument;
    CHECK(rig_adapter() == NULL);
    rig.finished++;
}

static void back_body(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    CHECK(rig_adapter()->Number == 0);
    CHECK(rig_unit(0, 0)->BusResets == 0); /* nobody that mark_body has seen */
    rig.finished++;
}

static void pulled_adapter_ends_what_is_out_and_comes_back_with_its_number(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 1 * WORLD_MS, 0, 0);
    fabric_inject(rig.hba, 1, FABRIC_LOSE_COMMAND, 1, 0);
    rig_run(read_body, WORLD_MS);
    assert_false(out.back);
    fabric_hba_plug(rig.hba, false);
    rig_run(look_body, WORLD_SECOND / 2);
    assert_true(out.back);
    assert_int_equal(SRB_STATUS(out.srb.SrbStatus), SRB_STATUS_NO_DEVICE);
    rig_run(gone_body, 0);
    assert_null(rig.hba->on_event);
    fabric_hba_plug(rig.hba, true);
    rig_run(look_body, WORLD_SECOND);
    rig_run(back_body, 0);
    rig_end();
}

static void adapter_put_back_before_anybody_looked_is_another_one(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 1 * WORLD_MS, 0, 0);
    rig_run(read_body, 0);
    assert_false(out.back);
    fabric_hba_plug(rig.hba, false);
    fabric_hba_plug(rig.hba, true);
    rig_run(mark_body, 0);
    rig_run(look_body, WORLD_SECOND);
    assert_true(out.back);
    rig_run(back_body, 0);
    rig_end();
}

/* Pulled at every moment of its scan: enumeration must end, and nothing may be left. */
static void adapter_pulled_while_its_luns_arrive(void **state)
{
    (void)state;
    for (uint64_t at = 0; at < 40; at++) {
        rig_begin(HBA_FC, 1 * WORLD_MS, 0, 0);
        fabric_hba_plug(rig.hba, false);
        rig_run(look_body, WORLD_SECOND);
        fabric_hba_plug(rig.hba, true);
        nt_run_thread(rig.machine, "arrival", look_body, NULL);
        world_run(rig.world, world_now(rig.world) + at * WORLD_MS + WORLD_MS / 2);
        fabric_hba_plug(rig.hba, false);
        nt_run_thread(rig.machine, "removal", look_body, NULL);
        world_run(rig.world, world_now(rig.world) + 60 * WORLD_SECOND);
        rig_check(3);
        rig_run(gone_body, 0);
        rig_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claimed_device_gets_no_class_driver),
        cmocka_unit_test(unclaimed_device_gets_the_class_driver_and_a_second_start),
        cmocka_unit_test(declined_device_gets_the_class_driver_only),
        cmocka_unit_test(removal_is_asked_for_and_may_be_refused),
        cmocka_unit_test(device_answers_properties_and_has_a_key),
        cmocka_unit_test(pulled_adapter_ends_what_is_out_and_comes_back_with_its_number),
        cmocka_unit_test(adapter_put_back_before_anybody_looked_is_another_one),
        cmocka_unit_test(adapter_pulled_while_its_luns_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
