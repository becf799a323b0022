/* SPDX-License-Identifier: MIT */
/*
 * Who is called when: callback objects, EX_TIMERs, named events, device interfaces and Plug and Play
 * notification.
 */
#include "harness.h"

static UNICODE_STRING name_of(PCWSTR text)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, text);
    return name;
}

static unsigned calls, deleted;
static PVOID last_context;

static VOID VENDOR on_callback(PVOID context, PVOID a, PVOID b)
{
    calls += (unsigned)(ULONG_PTR)a + (unsigned)(ULONG_PTR)b;
    last_context = context;
}

static void callback_object_is_found_by_name_and_calls_all(void)
{
    UNICODE_STRING name = name_of(u"\\Callback\\Vendor"), again = name_of(u"\\CALLBACK\\vendor"),
                   system = name_of(u"\\Callback\\PowerState"), none = name_of(u"\\Callback\\None");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object, same, one;
    PVOID first, second;

    calls = 0;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK(ExCreateCallback(&object, &attributes, TRUE, TRUE) == STATUS_SUCCESS);
    attributes.ObjectName = &again;
    CHECK(ExCreateCallback(&same, &attributes, FALSE, TRUE) == STATUS_SUCCESS && same == object);
    attributes.ObjectName = &none;
    CHECK(ExCreateCallback(&one, &attributes, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
    attributes.ObjectName = &system;
    CHECK(ExCreateCallback(&one, &attributes, FALSE, TRUE) == STATUS_SUCCESS);
    ObDereferenceObject(one);
    first = ExRegisterCallback(object, on_callback, (PVOID)1);
    second = ExRegisterCallback(object, on_callback, (PVOID)2);
    ExNotifyCallback(object, (PVOID)10, (PVOID)1);
    CHECK(calls == 22 && last_context == (PVOID)2);
    ExUnregisterCallback(second);
    ExNotifyCallback(object, (PVOID)100, NULL);
    CHECK(calls == 122 && last_context == (PVOID)1);
    ExUnregisterCallback(first);
    ObDereferenceObject(same);
    ObDereferenceObject(object);
    attributes.ObjectName = &name;
    CHECK(ExCreateCallback(&one, &attributes, FALSE, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
    attributes.ObjectName = NULL;
    CHECK(ExCreateCallback(&one, &attributes, TRUE, FALSE) == STATUS_SUCCESS);
    first = ExRegisterCallback(one, on_callback, NULL);
    CHECK(first != NULL && ExRegisterCallback(one, on_callback, NULL) == NULL);
    ExUnregisterCallback(first);
    ObDereferenceObject(one);
}

static VOID VENDOR on_timer(PEX_TIMER timer, PVOID context)
{
    (void)timer;
    (void)context;
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    calls++;
}

static VOID VENDOR on_deleted(PVOID context)
{
    deleted += (unsigned)(ULONG_PTR)context;
}

static void ex_timer_runs_periodically_until_it_is_deleted(void)
{
    PEX_TIMER timer = ExAllocateTimer(on_timer, NULL, EX_TIMER_HIGH_RESOLUTION);
    EXT_DELETE_PARAMETERS parameters;
    LARGE_INTEGER now = {.QuadPart = 0};

    calls = deleted = 0;
    CHECK(!ExSetTimer(timer, -5000, 10000, NULL)); /* after 0.5 ms, then every millisecond */
    sleep_for(4);
    CHECK(calls == 4);
    CHECK(ExSetTimer(timer, -20000, 0, NULL));
    CHECK(ExCancelTimer(timer, NULL) && !ExCancelTimer(timer, NULL));
    sleep_for(5);
    CHECK(calls == 4);
    CHECK(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
    ExSetTimer(timer, -5000, 0, NULL);
    CHECK(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeWaitForSingleObject(timer, Executive, KernelMode, FALSE, &now) == STATUS_TIMEOUT);
    ExInitializeDeleteTimerParameters(&parameters);
    parameters.DeleteCallback = on_deleted;
    parameters.DeleteContext = (PVOID)7;
    ExSetTimer(timer, -5000, 5000, NULL);
    CHECK(ExDeleteTimer(timer, TRUE, TRUE, &parameters) && deleted == 7);
    sleep_for(3);
    CHECK(calls == 5);
    timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);
    ExSetTimer(timer, -5000, 0, NULL);
    parameters.DeleteContext = (PVOID)1;
    CHECK(!ExDeleteTimer(timer, FALSE, FALSE, &parameters) && deleted == 7); /* it may still expire */
    sleep_for(2);
    CHECK(deleted == 8);
}

static void named_event_lives_with_its_handles(void)
{
    UNICODE_STRING name = name_of(u"\\BaseNamedObjects\\Vendor"), device = name_of(u"\\BaseNamedObjects\\None");
    OBJECT_ATTRIBUTES attributes;
    HANDLE a, b, c;
    PKEVENT event = IoCreateNotificationEvent(&name, &a);
    LARGE_INTEGER now = {.QuadPart = 0};
    LONG old;
    PVOID object;

    CHECK(event != NULL && KeReadStateEvent(event) != 0);
    CHECK(IoCreateSynchronizationEvent(&name, &b) == event);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK(ZwCreateEvent(&c, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE) == STATUS_OBJECT_NAME_COLLISION);
    CHECK(ZwOpenEvent(&c, EVENT_ALL_ACCESS, &attributes) == STATUS_SUCCESS);
    CHECK(ZwClearEvent(c) == STATUS_SUCCESS && KeReadStateEvent(event) == 0);
    CHECK(ZwWaitForSingleObject(a, FALSE, &now) == STATUS_TIMEOUT);
    CHECK(ZwSetEvent(b, &old) == STATUS_SUCCESS && old == 0 && ZwWaitForSingleObject(a, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(a, EVENT_ALL_ACCESS, *ExEventObjectType, KernelMode, &object, NULL) ==
              STATUS_SUCCESS && object == event);
    ZwClose(a);
    ZwClose(b);
    ZwClose(c);
    CHECK(ZwOpenEvent(&c, EVENT_ALL_ACCESS, &attributes) == STATUS_SUCCESS); /* we refer to it */
    ZwClose(c);
    ObDereferenceObject(object);
    CHECK(ZwOpenEvent(&c, EVENT_ALL_ACCESS, &attributes) == STATUS_OBJECT_NAME_NOT_FOUND);
    attributes.ObjectName = &device;
    CHECK(ZwCreateEvent(&c, EVENT_ALL_ACCESS, &attributes, SynchronizationEvent, TRUE) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(c, FALSE, &now) == STATUS_SUCCESS);
    CHECK(ZwWaitForSingleObject(c, FALSE, &now) == STATUS_TIMEOUT);
    ZwClose(c);
    CHECK(ZwSetEvent(c, NULL) == STATUS_INVALID_HANDLE && ZwWaitForSingleObject(c, FALSE, &now) == STATUS_INVALID_HANDLE);
    CHECK(ZwCreateEvent(&c, EVENT_ALL_ACCESS, NULL, (EVENT_TYPE)2, TRUE) == STATUS_INVALID_PARAMETER);
}

/* ---- interfaces and notification ---------------------------------------------------------------------------- */

static const GUID vendor_class = {0x12345678, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static unsigned arrivals, removals, customs, completions;
static WCHAR seen[128];

static NTSTATUS VENDOR on_interface(PVOID structure, PVOID context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION n = structure;

    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && context == &arrivals && n->Version == 1);
    CHECK(IsEqualGUID(&n->InterfaceClassGuid, &vendor_class) && n->SymbolicLinkName->Length < sizeof(seen));
    memcpy(seen, n->SymbolicLinkName->Buffer, n->SymbolicLinkName->Length);
    if (n->Event.Data1 == 0xcb3a4004) {
        arrivals++;
    } else if (n->Event.Data1 == 0xcb3a4005) {
        removals++;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS VENDOR on_target(PVOID structure, PVOID context)
{
    PTARGET_DEVICE_CUSTOM_NOTIFICATION n = structure;

    CHECK(n->FileObject == context && n->CustomDataBuffer[0] == 0x5a && n->Event.Data1 == 99);
    sleep_for(1); /* longer than the call that caused it would like */
    customs++;
    return STATUS_SUCCESS;
}

static VOID VENDOR on_complete(PVOID context)
{
    CHECK(customs == 2 && context == &completions);
    completions++;
}

static void interface_arrivals_and_removals_are_told(void)
{
    PDEVICE_OBJECT device;
    UNICODE_STRING link, other;
    PVOID entry, late;
    PZZWSTR list;

    arrivals = removals = 0;
    CHECK(IoCreateDevice(h.vendor, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &device) == STATUS_SUCCESS);
    CHECK(IoRegisterDeviceInterface(device, &vendor_class, NULL, &link) == STATUS_SUCCESS);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, NULL, h.vendor, on_interface, &arrivals,
                                         &entry) == STATUS_INVALID_PARAMETER);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, (PVOID)&vendor_class, h.vendor,
                                         on_interface, &arrivals, &entry) == STATUS_SUCCESS);
    CHECK(IoGetDeviceInterfaces(&vendor_class, NULL, 0, &list) == STATUS_SUCCESS && list[0] == 0);
    ExFreePool(list);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS && arrivals == 0);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_OBJECT_NAME_EXISTS);
    sleep_for(1);
    CHECK(arrivals == 1 && memcmp(seen, link.Buffer, link.Length) == 0);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange,
                                         PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, (PVOID)&vendor_class,
                                         h.vendor, on_interface, &arrivals, &late) == STATUS_SUCCESS);
    CHECK(arrivals == 2); /* told before the call returned */
    CHECK(IoGetDeviceInterfaces(&vendor_class, device, 0, &list) == STATUS_SUCCESS);
    CHECK(memcmp(list, link.Buffer, link.Length) == 0 && list[link.Length / 2] == 0 && list[link.Length / 2 + 1] == 0);
    ExFreePool(list);
    CHECK(IoUnregisterPlugPlayNotificationEx(late) == STATUS_SUCCESS);
    CHECK(IoSetDeviceInterfaceState(&link, FALSE) == STATUS_SUCCESS && removals == 0);
    sleep_for(1);
    CHECK(removals == 1);
    CHECK(IoSetDeviceInterfaceState(&link, TRUE) == STATUS_SUCCESS);
    CHECK(IoUnregisterPlugPlayNotification(entry) == STATUS_SUCCESS); /* before it was told: it is not */
    sleep_for(1);
    CHECK(arrivals == 2);
    other = name_of(u"\\??\\nothing");
    CHECK(IoSetDeviceInterfaceState(&other, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&link);
    IoDeleteDevice(device);
    CHECK(IoGetDeviceInterfaces(&vendor_class, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE, &list) == STATUS_SUCCESS &&
          list[0] == 0);
    ExFreePool(list);
}

static NTSTATUS open_close(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void custom_events_reach_those_registered_for_the_device(void)
{
    UNICODE_STRING name = name_of(u"\\Device\\VendorTarget");
    TARGET_DEVICE_CUSTOM_NOTIFICATION event = {.Version = 1, .Size = sizeof(event), .Event = {.Data1 = 99}};
    PDEVICE_OBJECT device, opened;
    PFILE_OBJECT file;
    PVOID a, b;

    customs = completions = 0;
    event.CustomDataBuffer[0] = 0x5a;
    h.house->MajorFunction[IRP_MJ_CREATE] = h.house->MajorFunction[IRP_MJ_CLOSE] =
        h.house->MajorFunction[IRP_MJ_CLEANUP] = open_close;
    CHECK(IoCreateDevice(h.house, 0, &name, FILE_DEVICE_DISK, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &opened) == STATUS_SUCCESS);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file, h.vendor, on_target, file, &a) ==
          STATUS_SUCCESS);
    CHECK(IoReportTargetDeviceChange(device, &event) == STATUS_SUCCESS && customs == 1);
    CHECK(IoReportTargetDeviceChangeAsynchronous(device, &event, on_complete, &completions) == STATUS_PENDING);
    CHECK(customs == 1);
    sleep_for(3);
    CHECK(customs == 2 && completions == 1);
    event.Size = 4;
    CHECK(IoReportTargetDeviceChange(device, &event) == STATUS_INVALID_PARAMETER);
    event.Size = sizeof(event);
    CHECK(IoRegisterPlugPlayNotification(EventCategoryHardwareProfileChange, 0, NULL, h.vendor, on_target, NULL, &b) ==
          STATUS_SUCCESS);
    CHECK(IoUnregisterPlugPlayNotification(a) == STATUS_SUCCESS && IoUnregisterPlugPlayNotification(b) == STATUS_SUCCESS);
    CHECK(IoReportTargetDeviceChange(device, &event) == STATUS_SUCCESS && customs == 2);
    ObDereferenceObject(file);
    IoDeleteDevice(device);
}

static void VENDOR interface_state_at_dispatch_level(void)
{
    UNICODE_STRING name = {0, 0, NULL};

    IoSetDeviceInterfaceState(&name, TRUE);
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
TEST(callback_object_is_found_by_name_and_calls_all)
TEST(ex_timer_runs_periodically_until_it_is_deleted)
TEST(named_event_lives_with_its_handles)
TEST(interface_arrivals_and_removals_are_told)
TEST(custom_events_reach_those_registered_for_the_device)
static void test_interface_state_at_dispatch_level(void **state)
{
    (void)state;
    expect(RULE_IRQL_ROUTINE, DISPATCH_LEVEL, interface_state_at_dispatch_level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callback_object_is_found_by_name_and_calls_all),
        cmocka_unit_test(test_ex_timer_runs_periodically_until_it_is_deleted),
        cmocka_unit_test(test_named_event_lives_with_its_handles),
        cmocka_unit_test(test_interface_arrivals_and_removals_are_told),
        cmocka_unit_test(test_custom_events_reach_those_registered_for_the_device),
        cmocka_unit_test(test_interface_state_at_dispatch_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
