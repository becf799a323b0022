/* SPDX-License-Identifier: MIT */
/* Drivers, devices, names, files, references, handles, remove locks, interfaces, power. */
#include "harness.h"

#include "nt/device.h"
#include "nt/directory.h"
#include "nt/driverobject.h"
#include "nt/routine.h"

static PDEVICE_OBJECT device, device2;
static PFILE_OBJECT file;
static IO_REMOVE_LOCK lock;
static char trail[64];
static int32_t load_status, unload_status;

static UNICODE_STRING text(PCWSTR characters)
{
    UNICODE_STRING string = {.Buffer = (PWCH)(uintptr_t)characters};

    while (characters[string.Length / 2] != 0) {
        string.Length = (USHORT)(string.Length + 2);
    }
    string.MaximumLength = string.Length;
    return string;
}

static NTSTATUS Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    static const char letters[] = {[IRP_MJ_CREATE] = 'o', [IRP_MJ_CLOSE] = 'c', [IRP_MJ_CLEANUP] = 'u', [IRP_MJ_POWER] = 'p'};
    UCHAR major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;
    size_t length = strlen(trail);

    (void)Device;
    trail[length] = letters[major];
    trail[length + 1] = 0;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* ---- devices and names ------------------------------------------------------------------------------ */

static void device_body(void)
{
    UNICODE_STRING name = text(u"\\Device\\Test"), again = text(u"\\DEVICE\\test");
    UNICODE_STRING link = text(u"\\DosDevices\\Link"), other = text(u"\\??\\LINK"), none = text(u"\\Device\\None");

    trail[0] = 0;
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 100, &name, FILE_DEVICE_DISK, 0, FALSE, &device)));
    CHECK(device->DeviceExtension == device + 1 && ((ULONG_PTR)device & 15) == 0 && sizeof(*device) == 336);
    for (int i = 0; i < 100; i++) {
        CHECK(((PUCHAR)device->DeviceExtension)[i] == 0);
    }
    CHECK(device->DriverObject == h.house && h.house->DeviceObject == device && device->Type == IO_TYPE_DEVICE);
    CHECK(IoCreateDevice(h.house, 0, &again, 0, 0, FALSE, &device2) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(device2 == NULL);
    CHECK(IoCreateSymbolicLink(&link, &name) == STATUS_SUCCESS);
    CHECK(IoCreateSymbolicLink(&other, &name) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoGetDeviceObjectPointer(&none, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(IoGetDeviceObjectPointer(&other, 0, &file, &device2) == STATUS_NO_SUCH_DEVICE); /* initializing */
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK(IoGetDeviceObjectPointer(&other, 0, &file, &device2) == STATUS_INVALID_DEVICE_REQUEST); /* no create */
    h.house->MajorFunction[IRP_MJ_CREATE] = h.house->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    h.house->MajorFunction[IRP_MJ_CLEANUP] = Dispatch;
    CHECK(IoGetDeviceObjectPointer(&other, 0, &file, &device2) == STATUS_SUCCESS);
    CHECK(device2 == device && file->DeviceObject == device && device->ReferenceCount == 1);
    CHECK(strcmp(trail, "ou") == 0);
    IoDeleteDevice(device); /* deferred: the file still refers to it */
    CHECK(h.house->DeviceObject == NULL && device->Type == IO_TYPE_DEVICE);
    ObDereferenceObject(file);
    CHECK(strcmp(trail, "ouc") == 0);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_SUCCESS);
    CHECK(IoDeleteSymbolicLink(&link) == STATUS_OBJECT_NAME_NOT_FOUND);
}
static void device_with_name_link_and_file(void **s) { (void)s; expect_good(device_body); }

static void name_limit_body(void)
{
    WCHAR characters[NT_NAME_MAX + 2];
    UNICODE_STRING name = {.Buffer = characters, .Length = NT_NAME_MAX * 2, .MaximumLength = NT_NAME_MAX * 2};

    for (int i = 0; i < NT_NAME_MAX + 2; i++) {
        characters[i] = u'x';
    }
    characters[0] = u'\\';
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, &name, 0, 0, FALSE, &device)));
    name.Length += 2;
    CHECK(IoCreateDevice(h.house, 0, &name, 0, 0, FALSE, &device2) == STATUS_OBJECT_NAME_INVALID);
    name.Length = 0;
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, &name, 0, 0, FALSE, &device2))); /* no name */
    IoDeleteDevice(device);
    IoDeleteDevice(device2);
}
static void longest_name_and_one_past_it(void **s) { (void)s; expect_good(name_limit_body); }

static void link_loop_body(void)
{
    UNICODE_STRING one = text(u"\\??\\one"), two = text(u"\\??\\two");

    CHECK(IoCreateSymbolicLink(&one, &two) == STATUS_SUCCESS && IoCreateSymbolicLink(&two, &one) == STATUS_SUCCESS);
    CHECK(IoGetDeviceObjectPointer(&one, 0, &file, &device) == STATUS_OBJECT_NAME_NOT_FOUND);
}
static void symbolic_links_in_a_circle(void **s) { (void)s; expect_good(link_loop_body); }

/* The order of REMOVE: the filter below deletes itself, then the class driver above detaches. */
static void lower_first_body(void)
{
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, 0, 0, FALSE, &device)));
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, 0, 0, FALSE, &device2)));
    CHECK(IoAttachDeviceToDeviceStack(device2, device) == device);
    IoDeleteDevice(device);
    CHECK(device->Type == IO_TYPE_DEVICE && device->AttachedDevice == device2);
    IoDetachDevice(device);
    IoDeleteDevice(device2);
}
static void lower_device_deleted_before_the_upper_detaches(void **s) { (void)s; expect_good(lower_first_body); }

static void interface_body(void)
{
    static const GUID class = {0x53f56307, 0xb6bf, 0x11d0, {0x94, 0xf2, 0, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};
    UNICODE_STRING link;
    UNICODE_STRING name = text(u"\\Device\\Iface");
    GUID one, two;

    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, &name, FILE_DEVICE_DISK, 0, FALSE, &device)));
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    h.house->MajorFunction[IRP_MJ_CREATE] = h.house->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    h.house->MajorFunction[IRP_MJ_CLEANUP] = Dispatch;
    CHECK(IoRegisterDeviceInterface(device, &class, NULL, &link) == STATUS_SUCCESS);
    CHECK(IoGetDeviceObjectPointer(&link, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
    CHECK(IoGetDeviceObjectPointer(&link, 0, &file, &device2) == STATUS_SUCCESS && device2 == device);
    ObDereferenceObject(file);
    CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS);
    CHECK(IoGetDeviceObjectPointer(&link, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&link);
    IoDeleteDevice(device);
    CHECK(ExUuidCreate(&one) == STATUS_SUCCESS && ExUuidCreate(&two) == STATUS_SUCCESS);
    CHECK(memcmp(&one, &two, sizeof(one)) != 0 && one.Data3 >> 12 == 4);
}
static void device_interface_appears_and_goes(void **s) { (void)s; trail[0] = 0; expect_good(interface_body); }

static void power_done(PDEVICE_OBJECT Device, UCHAR Minor, POWER_STATE State, PVOID Context, PIO_STATUS_BLOCK Status)
{
    CHECK(Device == device && Minor == IRP_MN_SET_POWER && State.DeviceState == PowerDeviceD3 && Context == trail);
    CHECK(Status->Status == STATUS_SUCCESS);
    strcat(trail, "d");
}
static void power_body(void)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD3};

    trail[0] = 0;
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &device)));
    h.house->MajorFunction[IRP_MJ_POWER] = Dispatch;
    CHECK(PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, power_done, trail, NULL) == STATUS_PENDING);
    CHECK(strcmp(trail, "pd") == 0);
    CHECK(PoSetPowerState(device, DevicePowerState, state).DeviceState == PowerDeviceD0);
    CHECK(PoSetPowerState(device, DevicePowerState, state).DeviceState == PowerDeviceD3);
    IoDeleteDevice(device);
}
static void power_request_calls_back(void **s) { (void)s; expect_good(power_body); }

static int ticks;
static void tick(PDEVICE_OBJECT Device, PVOID Context)
{
    CHECK(Device == device && Context == &ticks && KeGetCurrentIrql() == DISPATCH_LEVEL);
    ticks++;
}
static void io_timer_body(void)
{
    ticks = 0;
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &device)));
    CHECK(NT_SUCCESS(IoInitializeTimer(device, tick, &ticks)));
    IoStartTimer(device);
    sleep_for(3500);
    CHECK(ticks == 3);
    IoStopTimer(device);
    sleep_for(3000);
    CHECK(ticks == 3);
    IoDeleteDevice(device);
}
static void io_timer_ticks_each_second(void **s) { (void)s; expect_good(io_timer_body); }

static void automatic_body(void)
{
    WCHAR name[32];
    UNICODE_STRING found;
    ULONG length = 0;

    trail[0] = 0;
    h.house->MajorFunction[IRP_MJ_CREATE] = h.house->MajorFunction[IRP_MJ_CLEANUP] = h.house->MajorFunction[IRP_MJ_CLOSE] = Dispatch;
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_DISK, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &device)));
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK(device->Flags & DO_DEVICE_HAS_NAME);
    CHECK(NT_SUCCESS(IoGetDeviceProperty(device, DevicePropertyPhysicalDeviceObjectName, sizeof(name), name, &length)));
    CHECK(length == 17 * sizeof(WCHAR) && name[16] == 0 && name[8] == u'0');
    found = text(name);
    CHECK(NT_SUCCESS(IoGetDeviceObjectPointer(&found, 0, &file, &device2)));
    CHECK(device2 == device);
    ObDereferenceObject(file);
    CHECK(IoCreateDevice(h.house, 0, &found, FILE_DEVICE_DISK, 0, FALSE, &device2) == STATUS_OBJECT_NAME_COLLISION);
    name[8] = u'8'; /* no device has that number */
    CHECK(IoGetDeviceObjectPointer(&found, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
    name[8] = u'G';
    CHECK(IoGetDeviceObjectPointer(&found, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
    name[8] = u'0';
    IoDeleteDevice(device);
    CHECK(IoGetDeviceObjectPointer(&found, 0, &file, &device2) == STATUS_OBJECT_NAME_NOT_FOUND);
}
static void automatic_name_is_found_until_the_device_goes(void **s) { (void)s; expect_good(automatic_body); }

/* ---- references and handles ------------------------------------------------------------------------------ */

static void VENDOR dereference_twice(void)
{
    IoCreateDevice(h.vendor, 0, NULL, 0, 0, FALSE, &device);
    ObReferenceObject(device);
    ObDereferenceObject(device);
    ObDereferenceObject(device);
    ObDereferenceObject(device);
}
static void VENDOR dereference_no_object(void)
{
    PUCHAR memory = ExAllocatePoolZero(NonPagedPoolNx, 256, 'tseT');

    ObDereferenceObject(memory + 128);
}
static void VENDOR delete_twice(void)
{
    IoCreateDevice(h.vendor, 0, NULL, 0, 0, FALSE, &device);
    ObReferenceObject(device);
    IoDeleteDevice(device);
    IoDeleteDevice(device);
}
static void object_dereferenced_below_zero(void **s) { (void)s; expect(RULE_OBJECT_REF, PASSIVE_LEVEL, dereference_twice); }
static void something_else_dereferenced(void **s) { (void)s; expect(RULE_OBJECT_REF, PASSIVE_LEVEL, dereference_no_object); }
static void device_deleted_twice(void **s) { (void)s; expect(RULE_OBJECT_REF, PASSIVE_LEVEL, delete_twice); }

static int closed;
static void close_object(PVOID object)
{
    CHECK(object == &closed);
    closed++;
}
static void handle_body(void)
{
    HANDLE first = NtHandleInsert(&closed, NT_HANDLE_KEY, close_object), last = first;
    ULONG count = 1;

    CHECK(NtHandleLookup(first, NT_HANDLE_KEY) == &closed && NtHandleLookup(first, NT_HANDLE_FILE) == NULL);
    while (count < NT_MAX_HANDLES && (last = NtHandleInsert(&closed, NT_HANDLE_KEY, close_object)) != NULL) {
        count++;
    }
    CHECK(count == NT_MAX_HANDLES && NtHandleInsert(&closed, NT_HANDLE_KEY, close_object) == NULL);
    CHECK(ZwClose(last) == STATUS_SUCCESS && closed == 1 && ZwClose(last) == STATUS_INVALID_HANDLE);
    CHECK(ZwClose(NULL) == STATUS_INVALID_HANDLE && ZwClose((HANDLE)6) == STATUS_INVALID_HANDLE);
    CHECK(ZwClose((HANDLE)~0ull) == STATUS_INVALID_HANDLE && NtHandleInsert(&closed, NT_HANDLE_KEY, close_object) == last);
}
static void handle_table_full_and_one_more(void **s) { (void)s; closed = 0; expect_good(handle_body); }

/* ---- remove locks ------------------------------------------------------------------------------------------- */

static void release_later(PVOID tag)
{
    sleep_for(5);
    CHECK(IoAcquireRemoveLock(&lock, &device) == STATUS_DELETE_PENDING);
    strcat(trail, "r");
    IoReleaseRemoveLock(&lock, tag);
}
static void remove_body(void)
{
    HANDLE handle;
    UCHAR tags[40];

    trail[0] = 0;
    IoInitializeRemoveLock(&lock, 'tseT', 0, 0);
    for (int i = 0; i < 40; i++) { /* more than the tags that are known */
        CHECK(IoAcquireRemoveLock(&lock, &tags[i]) == STATUS_SUCCESS);
    }
    for (int i = 0; i < 40; i++) {
        IoReleaseRemoveLock(&lock, &tags[i]);
    }
    CHECK(IoAcquireRemoveLock(&lock, &lock) == STATUS_SUCCESS && IoAcquireRemoveLock(&lock, &trail) == STATUS_SUCCESS);
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, release_later, &trail);
    IoReleaseRemoveLockAndWait(&lock, &lock);
    CHECK(strcmp(trail, "r") == 0 && IoAcquireRemoveLock(&lock, NULL) == STATUS_DELETE_PENDING);
}
static void VENDOR release_unheld(void)
{
    IoInitializeRemoveLock(&lock, 'tseT', 0, 0);
    IoReleaseRemoveLock(&lock, &lock);
}
static void VENDOR release_other_tag(void)
{
    IoInitializeRemoveLock(&lock, 'tseT', 0, 0);
    IoAcquireRemoveLock(&lock, &lock);
    IoReleaseRemoveLock(&lock, &trail);
}
static void remove_waits_for_the_last_holder(void **s) { (void)s; expect_good(remove_body); }
static void remove_lock_released_unheld(void **s) { (void)s; expect(RULE_REMOVE_LOCK, PASSIVE_LEVEL, release_unheld); }
static void remove_lock_released_with_other_tag(void **s)
{
    (void)s;
    expect(RULE_REMOVE_LOCK, PASSIVE_LEVEL, release_other_tag);
}

/* ---- drivers --------------------------------------------------------------------------------------------------- */

static WCHAR registry_path[128];
static VOID VENDOR SecondUnload(PDRIVER_OBJECT Driver)
{
    CHECK(Driver->Flags & DRVO_UNLOAD_INVOKED);
    strcat(trail, "u");
}
static VOID VENDOR Again(PDRIVER_OBJECT Driver, PVOID Context, ULONG Count)
{
    CHECK(Context == trail && Count == 1 && (Driver->Flags & DRVO_INITIALIZED) != 0);
    strcat(trail, "a");
}
static NTSTATUS VENDOR SecondEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    PVOID extension, same;

    memcpy(registry_path, Path->Buffer, Path->Length);
    Driver->DriverUnload = SecondUnload;
    CHECK(IoAllocateDriverObjectExtension(Driver, trail, 24, &extension) == STATUS_SUCCESS);
    CHECK(IoAllocateDriverObjectExtension(Driver, trail, 24, &same) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(IoGetDriverObjectExtension(Driver, trail) == extension && IoGetDriverObjectExtension(Driver, Path) == NULL);
    CHECK(IoCreateDevice(Driver, 0, NULL, 0, 0, FALSE, &device) == STATUS_SUCCESS);
    IoRegisterDriverReinitialization(Driver, Again, trail);
    CHECK(ExAllocatePoolZero(NonPagedPoolNx, 10, 'kaeL') != NULL);
    strcat(trail, "e");
    return STATUS_SUCCESS;
}
static NTSTATUS VENDOR FailingEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Driver;
    (void)Path;
    return STATUS_NO_SUCH_DEVICE;
}
static void loaded(void *user, int32_t status)
{
    (void)user;
    load_status = status;
}
static void unloaded(void *user, int32_t status)
{
    (void)user;
    unload_status = status;
}
static void driver_loads_and_unloads_with_leftovers(void **s)
{
    struct nt_image image = {.path = "second.so", .base = __start_vendor_text};
    unsigned events;

    (void)s;
    image.size = (size_t)(__stop_vendor_text - __start_vendor_text);
    begin();
    trail[0] = 0;
    memset(registry_path, 0, sizeof(registry_path));
    assert_true(nt_load_driver(h.machine, "second", (void *)SecondEntry, &image, loaded, NULL));
    load_status = unload_status = 1;
    world_run(h.world, 0);
    assert_int_equal(load_status, STATUS_SUCCESS);
    assert_string_equal(trail, "ea");
    assert_memory_equal(registry_path, u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\second",
                        sizeof(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\second"));
    assert_false((device->Flags & DO_DEVICE_INITIALIZING) != 0);
    events = nt_log_count(h.machine);
    nt_unload_driver(h.machine, "SECOND", unloaded, NULL);
    world_run(h.world, WORLD_SECOND);
    assert_int_equal(rule_now(), RULE_NONE);
    assert_int_equal(unload_status, STATUS_SUCCESS);
    assert_string_equal(trail, "eau");
    assert_int_equal(nt_log_count(h.machine), events + 3); /* pool, a device, and its reference on the driver */
    assert_non_null(strstr(nt_log_at(h.machine, events + 2)->text, "EX-POOL-05"));
    nt_unload_driver(h.machine, "vendor", unloaded, NULL);
    world_run(h.world, 2 * WORLD_SECOND);
    assert_int_equal(unload_status, STATUS_NOT_SUPPORTED);
    end();
}
static void driver_entry_fails(void **s)
{
    (void)s;
    begin();
    load_status = 1;
    assert_false(nt_load_driver(h.machine, "bad\\name", (void *)FailingEntry, NULL, loaded, NULL));
    assert_true(nt_load_driver(h.machine, "failing", (void *)FailingEntry, NULL, loaded, NULL));
    world_run(h.world, 0);
    assert_int_equal(load_status, STATUS_NO_SUCH_DEVICE);
    nt_unload_driver(h.machine, "failing", unloaded, NULL);
    world_run(h.world, 1);
    assert_int_equal(unload_status, STATUS_OBJECT_NAME_NOT_FOUND);
    end();
}
static void find_body(void)
{
    CHECK(NtFindDriver(u"VENDOR") == h.vendor && NtFindDriver(u"vendo") == NULL && NtFindDriver(u"vendor2") == NULL);
    CHECK(NtNextDriver(NULL) == h.house && NtNextDriver(h.house) == h.vendor && NtNextDriver(h.vendor) == NULL);
    CHECK(NtDriverIsForeign(h.vendor) && !NtDriverIsForeign(h.house) && !NtDriverIsForeign(NULL));
    CHECK(NtDriverOrdinal(h.vendor) == 2 && strcmp(NtDriverName(h.vendor), "vendor") == 0);
}
static void drivers_are_found_by_name_and_order(void **s) { (void)s; expect_good(find_body); }

static void *lookup(const char *name, unsigned char pe) { return strcmp(name, "KeSetEvent") == 0 && !pe ? &lock : NULL; }
static void routine_body(void)
{
    UNICODE_STRING known = text(u"KeSetEvent"), unknown = text(u"KeSetEven");

    CHECK(MmGetSystemRoutineAddress(&known) == NULL);
    nt_set_routine_lookup(h.machine, lookup);
    CHECK(MmGetSystemRoutineAddress(&known) == &lock && MmGetSystemRoutineAddress(&unknown) == NULL);
}
static void system_routine_by_name(void **s) { (void)s; expect_good(routine_body); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_with_name_link_and_file),
        cmocka_unit_test(longest_name_and_one_past_it),
        cmocka_unit_test(symbolic_links_in_a_circle),
        cmocka_unit_test(lower_device_deleted_before_the_upper_detaches),
        cmocka_unit_test(device_interface_appears_and_goes),
        cmocka_unit_test(power_request_calls_back),
        cmocka_unit_test(io_timer_ticks_each_second),
        cmocka_unit_test(automatic_name_is_found_until_the_device_goes),
        cmocka_unit_test(object_dereferenced_below_zero),
        cmocka_unit_test(something_else_dereferenced),
        cmocka_unit_test(device_deleted_twice),
        cmocka_unit_test(handle_table_full_and_one_more),
        cmocka_unit_test(remove_waits_for_the_last_holder),
        cmocka_unit_test(remove_lock_released_unheld),
        cmocka_unit_test(remove_lock_released_with_other_tag),
        cmocka_unit_test(driver_loads_and_unloads_with_leftovers),
        cmocka_unit_test(driver_entry_fails),
        cmocka_unit_test(drivers_are_found_by_name_and_order),
        cmocka_unit_test(system_routine_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
