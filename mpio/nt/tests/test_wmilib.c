/* SPDX-License-Identifier: MIT */
/*
 * WMI library: requests reach the driver's routine with the right arguments, answers become WNODEs, and what
 * is malformed, unknown or too small is answered without the driver.
 */
#include <wmilib.h>

#include "harness.h"

static const GUID block = {0x11111111, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static const GUID other = {0x22222222, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static WMIGUIDREGINFO guids[] = {{&other, 1, 0}, {&block, 3, WMIREG_FLAG_EXPENSIVE}};
static WMILIB_CONTEXT library;
static SYSCTL_IRP_DISPOSITION disposition;
static PDEVICE_OBJECT device;

/* What a callback saw last. */
static struct {
    ULONG calls, guid, instance, count, size, other;
    UCHAR first;
} seen;
/* One buffer for every request; "size" bytes of it count. */
static union {
    WNODE_ALL_DATA all;
    WNODE_SINGLE_INSTANCE one;
    WNODE_SINGLE_ITEM item;
    WNODE_METHOD_ITEM method;
    WNODE_TOO_SMALL small;
    WMIREGINFOW info;
    UCHAR bytes[512];
} wnode;

/* Each instance's block is instance + 5 bytes, so that none is a multiple of 8 but one. */
static NTSTATUS NTAPI Query(PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid, ULONG Instance, ULONG Count, PULONG Lengths,
                            ULONG Available, PUCHAR Buffer)
{
    ULONG used = 0, i;

    seen.calls++;
    seen.guid = Guid;
    seen.instance = Instance;
    seen.count = Count;
    seen.size = Available;
    for (i = 0; i < Count; i++) {
        used = ((used + 7) & ~7u) + Instance + i + 5;
    }
    if (Buffer == NULL || Available < used) {
        return WmiCompleteRequest(Device, Irp, STATUS_BUFFER_TOO_SMALL, used, IO_NO_INCREMENT);
    }
    for (i = 0, used = 0; i < Count; i++) {
        used = (used + 7) & ~7u;
        Lengths[i] = Instance + i + 5;
        memset(Buffer + used, 'a' + (int)(Instance + i), Lengths[i]);
        used += Lengths[i];
    }
    return WmiCompleteRequest(Device, Irp, STATUS_SUCCESS, used, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI Set(PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid, ULONG Instance, ULONG Size, PUCHAR Buffer)
{
    seen.calls++;
    seen.guid = Guid;
    seen.instance = Instance;
    seen.size = Size;
    seen.first = Size != 0 ? Buffer[0] : 0;
    return WmiCompleteRequest(Device, Irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI SetItem(PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid, ULONG Instance, ULONG Item, ULONG Size,
                              PUCHAR Buffer)
{
    seen.other = Item;
    return Set(Device, Irp, Guid, Instance, Size, Buffer);
}

static NTSTATUS NTAPI Method(PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid, ULONG Instance, ULONG MethodId, ULONG InSize,
                             ULONG OutSize, PUCHAR Buffer)
{
    seen.calls++;
    seen.guid = Guid;
    seen.instance = Instance;
    seen.other = MethodId;
    seen.count = InSize;
    seen.size = OutSize;
    memset(Buffer, 'm', 2);
    return WmiCompleteRequest(Device, Irp, STATUS_SUCCESS, 2, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI Function(PDEVICE_OBJECT Device, PIRP Irp, ULONG Guid, WMIENABLEDISABLECONTROL Control,
                               BOOLEAN Enable)
{
    seen.calls++;
    seen.guid = Guid;
    seen.other = (ULONG)Control * 2 + Enable;
    return WmiCompleteRequest(Device, Irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI RegInfo(PDEVICE_OBJECT Device, PULONG Flags, PUNICODE_STRING Name, PUNICODE_STRING *Path,
                              PUNICODE_STRING Mof, PDEVICE_OBJECT *Pdo)
{
    static WCHAR text[] = u"mof";

    (void)Device;
    (void)Path;
    (void)Pdo;
    *Flags = 0;
    Name->Buffer = ExAllocatePoolWithTag(PagedPool, 8, 'tseT');
    Name->Length = Name->MaximumLength = 8;
    memcpy(Name->Buffer, u"base", 8);
    RtlInitUnicodeString(Mof, text);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    NTSTATUS status = WmiSystemControl(&library, Device, Irp, &disposition);

    if (disposition == IrpNotWmi || disposition == IrpForward) {
        Irp->IoStatus.Status = status = STATUS_NOT_SUPPORTED;
    }
    if (disposition != IrpProcessed) {
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
    }
    return status;
}

static NTSTATUS NTAPI Keep(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Irp;
    (void)Context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* One request; the answer's status, and its bytes in *information. */
static NTSTATUS ask(UCHAR minor, const GUID *guid, ULONG size, ULONG_PTR *information)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    NTSTATUS status;

    memset(&seen, 0, sizeof(seen));
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_SYSTEM_CONTROL;
    stack->MinorFunction = minor;
    stack->Parameters.WMI.ProviderId = (ULONG_PTR)device;
    stack->Parameters.WMI.DataPath = (PVOID)(ULONG_PTR)guid;
    stack->Parameters.WMI.BufferSize = size;
    stack->Parameters.WMI.Buffer = &wnode;
    IoSetCompletionRoutine(irp, Keep, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(device, irp);
    status = irp->IoStatus.Status;
    *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

static void make_device(void)
{
    library = (WMILIB_CONTEXT){2, guids, RegInfo, Query, Set, SetItem, Method, Function};
    h.house->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Dispatch;
    CHECK(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) == STATUS_SUCCESS);
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    memset(&wnode, 0, sizeof(wnode));
}

static void set_instance(ULONG index)
{
    memset(&wnode, 0, sizeof(wnode));
    wnode.one.WnodeHeader.Flags = WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_STATIC_INSTANCE_NAMES;
    wnode.one.InstanceIndex = index;
    wnode.one.DataBlockOffset = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);
}

static void all_instances_body(void)
{
    ULONG_PTR used;
    ULONG start = 88; /* 60 bytes of head, three pairs, up to a multiple of 8 */

    make_device();
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &block, sizeof(wnode), &used) == STATUS_SUCCESS);
    CHECK(seen.guid == 1 && seen.count == 3 && seen.size == sizeof(wnode) - start);
    CHECK(wnode.all.DataBlockOffset == start && wnode.all.InstanceCount == 3);
    CHECK(used == start + 8 + 8 + 7 && wnode.all.WnodeHeader.BufferSize == used);
    for (ULONG i = 0; i < 3; i++) {
        CHECK((&wnode.all.OffsetInstanceDataAndLength[0])[i].LengthInstanceData == 5 + i);
        CHECK((&wnode.all.OffsetInstanceDataAndLength[0])[i].OffsetInstanceData == start + 8 * i);
        CHECK(wnode.bytes[start + 8 * i] == 'a' + i);
    }
    /* The exact size will do, one byte less will not. */
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &block, start + 23, &used) == STATUS_SUCCESS && used == start + 23);
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &block, start + 22, &used) == STATUS_SUCCESS && used == sizeof(WNODE_TOO_SMALL));
    CHECK((wnode.small.WnodeHeader.Flags & WNODE_FLAG_TOO_SMALL) != 0 && wnode.small.SizeNeeded == start + 23);
    /* No room for any block: the driver sees NULL. */
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &block, start, &used) == STATUS_SUCCESS && wnode.small.SizeNeeded == start + 23);
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &block, sizeof(WNODE_ALL_DATA) - 1, &used) == STATUS_INVALID_PARAMETER);
    CHECK(seen.calls == 0);
    /* A block with one instance has a fixed size. */
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &other, sizeof(wnode), &used) == STATUS_SUCCESS);
    CHECK((wnode.all.WnodeHeader.Flags & WNODE_FLAG_FIXED_INSTANCE_SIZE) != 0 && wnode.all.FixedInstanceSize == 5);
    IoDeleteDevice(device);
}

static void one_instance_body(void)
{
    ULONG_PTR used;
    const ULONG head = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);

    make_device();
    set_instance(2);
    CHECK(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &block, sizeof(wnode), &used) == STATUS_SUCCESS);
    CHECK(seen.instance == 2 && seen.count == 1 && used == head + 7 && wnode.one.SizeDataBlock == 7);
    CHECK(wnode.one.VariableData[6] == 'c');
    set_instance(3);
    CHECK(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &block, sizeof(wnode), &used) == STATUS_WMI_INSTANCE_NOT_FOUND);
    set_instance(0);
    wnode.one.WnodeHeader.Flags = WNODE_FLAG_SINGLE_INSTANCE;
    CHECK(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &block, sizeof(wnode), &used) == STATUS_WMI_INSTANCE_NOT_FOUND);
    set_instance(0);
    wnode.one.DataBlockOffset = head - 1;
    CHECK(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &block, sizeof(wnode), &used) == STATUS_INVALID_PARAMETER);
    wnode.one.DataBlockOffset = 0xFFFFFFF8;
    CHECK(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &block, sizeof(wnode), &used) == STATUS_SUCCESS && seen.size == 0);
    CHECK(used == sizeof(WNODE_TOO_SMALL));
    IoDeleteDevice(device);
}

static void set_and_method_body(void)
{
    ULONG_PTR used;
    const ULONG head = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);

    make_device();
    set_instance(1);
    wnode.one.SizeDataBlock = 4;
    wnode.one.VariableData[0] = 0x5A;
    CHECK(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &block, head + 4, &used) == STATUS_SUCCESS && used == 0);
    CHECK(seen.instance == 1 && seen.size == 4 && seen.first == 0x5A);
    CHECK(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &block, head + 3, &used) == STATUS_INVALID_PARAMETER && seen.calls == 0);
    library.SetWmiDataBlock = NULL;
    CHECK(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &block, head + 4, &used) == STATUS_WMI_READ_ONLY);

    set_instance(1);
    wnode.item.ItemId = 9;
    wnode.item.DataBlockOffset = FIELD_OFFSET(WNODE_SINGLE_ITEM, VariableData);
    wnode.item.SizeDataItem = 2;
    CHECK(ask(IRP_MN_CHANGE_SINGLE_ITEM, &block, sizeof(wnode), &used) == STATUS_SUCCESS);
    CHECK(seen.other == 9 && seen.size == 2);

    set_instance(0);
    wnode.method.MethodId = 4;
    wnode.method.DataBlockOffset = 72;
    wnode.method.SizeDataBlock = 10;
    CHECK(ask(IRP_MN_EXECUTE_METHOD, &block, 92, &used) == STATUS_SUCCESS && used == 74);
    CHECK(seen.other == 4 && seen.count == 10 && seen.size == 20 && wnode.method.SizeDataBlock == 2);
    library.ExecuteWmiMethod = NULL;
    CHECK(ask(IRP_MN_EXECUTE_METHOD, &block, 92, &used) == STATUS_INVALID_DEVICE_REQUEST);
    IoDeleteDevice(device);
}

static void dispositions_body(void)
{
    ULONG_PTR used;
    GUID unknown = block;

    make_device();
    unknown.Data1++;
    CHECK(ask(IRP_MN_QUERY_ALL_DATA, &unknown, sizeof(wnode), &used) == STATUS_WMI_GUID_NOT_FOUND);
    CHECK(disposition == IrpNotCompleted && seen.calls == 0);
    CHECK(ask(IRP_MN_ENABLE_COLLECTION, &block, 0, &used) == STATUS_SUCCESS && seen.other == 3);
    CHECK(ask(IRP_MN_DISABLE_EVENTS, &block, 0, &used) == STATUS_SUCCESS && seen.other == 0);
    library.WmiFunctionControl = NULL;
    CHECK(ask(IRP_MN_ENABLE_EVENTS, &block, 0, &used) == STATUS_SUCCESS && disposition == IrpProcessed);
    CHECK(ask(0x0A, &block, sizeof(wnode), &used) == STATUS_NOT_SUPPORTED && disposition == IrpNotWmi);
    CHECK(ask(0x0C, &block, sizeof(wnode), &used) == STATUS_NOT_SUPPORTED && disposition == IrpNotWmi);
    IoDeleteDevice(device);
}

static void registration_body(void)
{
    ULONG_PTR used, full;
    WMIREGINFOW *info = &wnode.info;
    USHORT length;

    make_device();
    CHECK(ask(IRP_MN_REGINFO_EX, NULL, sizeof(wnode), &full) == STATUS_SUCCESS);
    CHECK(disposition == IrpNotCompleted && info->BufferSize == full && info->GuidCount == 2);
    CHECK(info->WmiRegGuid[1].InstanceCount == 3 && memcmp(&info->WmiRegGuid[1].Guid, &block, sizeof(GUID)) == 0);
    CHECK(info->WmiRegGuid[1].Flags == (WMIREG_FLAG_EXPENSIVE | WMIREG_FLAG_INSTANCE_BASENAME));
    memcpy(&length, wnode.bytes + info->WmiRegGuid[0].BaseNameOffset, 2);
    CHECK(length == 8 && memcmp(wnode.bytes + info->WmiRegGuid[0].BaseNameOffset + 2, u"base", 8) == 0);
    memcpy(&length, wnode.bytes + info->RegistryPath, 2);
    CHECK(length == 0);
    CHECK(memcmp(wnode.bytes + info->MofResourceName + 2, u"mof", 6) == 0);
    CHECK(ask(IRP_MN_REGINFO, NULL, (ULONG)full, &used) == STATUS_SUCCESS && used == full);
    CHECK(ask(IRP_MN_REGINFO, NULL, (ULONG)full - 1, &used) == STATUS_BUFFER_TOO_SMALL && used == 4);
    CHECK(*(PULONG)wnode.bytes == full);
    CHECK(ask(IRP_MN_REGINFO, NULL, 3, &used) == STATUS_BUFFER_TOO_SMALL && used == 0);
    IoDeleteDevice(device);
}

/* The library owns the event's data whatever happens. */
static void events_body(void)
{
    struct nt_counters before, after;
    PVOID data;

    make_device();
    NtPoolCounters(NtKernel(), &before);
    data = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tseT');
    memset(data, 1, 16);
    CHECK(WmiFireEvent(device, &block, 0, 16, data) == STATUS_SUCCESS);
    CHECK(WmiFireEvent(device, &block, 0, 0, NULL) == STATUS_SUCCESS);
    CHECK(WmiFireEvent(device, &block, 0, 1, NULL) == STATUS_INVALID_PARAMETER);
    data = ExAllocatePoolWithTag(NonPagedPoolNx, 16, 'tseT');
    CHECK(WmiFireEvent(device, &block, 0, MAXULONG, data) == STATUS_INVALID_PARAMETER);
    NtPoolCounters(NtKernel(), &after);
    CHECK(after.pool_blocks == before.pool_blocks && after.pool_allocations == before.pool_allocations + 4);
    IoDeleteDevice(device);
}

static void at_dispatch_body(void)
{
    KIRQL old;
    ULONG_PTR used;

    make_device();
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ask(IRP_MN_QUERY_ALL_DATA, &block, sizeof(wnode), &used);
    CHECK(!"refused");
}

static void all_instances_with_lengths_and_offsets(void **state)
{
    (void)state;
    expect_good(all_instances_body);
}
static void one_instance_by_static_name(void **state)
{
    (void)state;
    expect_good(one_instance_body);
}
static void set_item_and_method(void **state)
{
    (void)state;
    expect_good(set_and_method_body);
}
static void who_completes_which_request(void **state)
{
    (void)state;
    expect_good(dispositions_body);
}
static void registration_and_one_byte_less(void **state)
{
    (void)state;
    expect_good(registration_body);
}
static void event_data_is_always_freed(void **state)
{
    (void)state;
    expect_good(events_body);
}
static void system_control_at_dispatch_is_a_bug_check(void **state)
{
    struct body body = {at_dispatch_body, PASSIVE_LEVEL, PASSIVE_LEVEL, false};

    (void)state;
    begin();
    assert_string_not_equal(nt_rule_id(run_until_idle(&body)), "");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_instances_with_lengths_and_offsets),
        cmocka_unit_test(one_instance_by_static_name),
        cmocka_unit_test(set_item_and_method),
        cmocka_unit_test(who_completes_which_request),
        cmocka_unit_test(registration_and_one_byte_less),
        cmocka_unit_test(event_data_is_always_freed),
        cmocka_unit_test(system_control_at_dispatch_is_a_bug_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
