/* SPDX-License-Identifier: MIT */
/* IRPs: order of completion, pending, cancel, reuse, built requests, and every IRP rule. */
#include "harness.h"

/* A stack of three devices: vendor on house on house; behaviour chosen per test. */
static PDEVICE_OBJECT low, middle, top;
static PIRP irp, kept;
static KEVENT event;
static IO_STATUS_BLOCK iosb;
static char trail[64];
static UCHAR buffer[64];

enum mode { COMPLETE, PEND, PEND_THEN_COMPLETE, PENDING_UNMARKED, MARKED_NOT_PENDING, WRONG_STATUS, NEITHER,
            COMPLETE_TWICE, WITH_PENDING_STATUS, FORGET_TO_MARK, ECHO };
static enum mode mode;

static void note(char what)
{
    size_t length = strlen(trail);

    if (length + 1 < sizeof(trail)) {
        trail[length] = what;
        trail[length + 1] = 0;
    }
}

static NTSTATUS finish(PIRP Irp, NTSTATUS status, ULONG_PTR information)
{
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS LowDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    CHECK(Device == low && stack->DeviceObject == low);
    note('l');
    switch (mode) {
    case PEND:
        IoMarkIrpPending(Irp);
        kept = Irp;
        return STATUS_PENDING;
    case PEND_THEN_COMPLETE:
        IoMarkIrpPending(Irp);
        finish(Irp, STATUS_SUCCESS, 0);
        return STATUS_PENDING;
    case PENDING_UNMARKED:
        finish(Irp, STATUS_SUCCESS, 0);
        return STATUS_PENDING;
    case MARKED_NOT_PENDING:
        IoMarkIrpPending(Irp);
        return finish(Irp, STATUS_SUCCESS, 0);
    case WRONG_STATUS:
        finish(Irp, STATUS_SUCCESS, 0);
        return STATUS_UNSUCCESSFUL;
    case NEITHER:
        return STATUS_SUCCESS;
    case COMPLETE_TWICE:
        finish(Irp, STATUS_SUCCESS, 0);
        return finish(Irp, STATUS_SUCCESS, 0);
    case WITH_PENDING_STATUS:
        return finish(Irp, STATUS_PENDING, 0);
    case FORGET_TO_MARK:
        kept = Irp;
        return STATUS_PENDING;
    case ECHO:
        for (ULONG i = 0; i < stack->Parameters.DeviceIoControl.OutputBufferLength; i++) {
            ((PUCHAR)Irp->AssociatedIrp.SystemBuffer)[i] ^= 0xff;
        }
        return finish(Irp, STATUS_SUCCESS, stack->Parameters.DeviceIoControl.OutputBufferLength);
    default:
        return finish(Irp, STATUS_SUCCESS, 5);
    }
}

static NTSTATUS MiddleDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    CHECK(Device == middle && Context == &low);
    note('m');
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS MiddleDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    CHECK(Device == middle);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, MiddleDone, &low, TRUE, TRUE, TRUE);
    return IoCallDriver(low, Irp);
}

static NTSTATUS HouseDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    return Device == low ? LowDispatch(Device, Irp) : MiddleDispatch(Device, Irp);
}

static NTSTATUS VENDOR VendorDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    CHECK(Device == top);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(middle, Irp);
}

static void build_stack(void)
{
    trail[0] = 0;
    kept = NULL;
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        h.house->MajorFunction[i] = HouseDispatch;
        h.vendor->MajorFunction[i] = VendorDispatch;
    }
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &low)));
    CHECK(NT_SUCCESS(IoCreateDevice(h.house, 16, NULL, FILE_DEVICE_DISK, 0, FALSE, &middle)));
    CHECK(NT_SUCCESS(IoCreateDevice(h.vendor, 16, NULL, FILE_DEVICE_DISK, 0, FALSE, &top)));
    CHECK(IoAttachDeviceToDeviceStack(middle, low) == low);
    CHECK(IoAttachDeviceToDeviceStack(top, low) == middle);
    CHECK(top->StackSize == 3 && IoGetAttachedDevice(low) == top);
}

static void remove_stack(void)
{
    IoDetachDevice(middle);
    IoDetachDevice(low);
    IoDeleteDevice(top);
    IoDeleteDevice(middle);
    IoDeleteDevice(low);
}

static NTSTATUS OriginDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Irp;
    CHECK(Device == NULL && Context == &event);
    note('o');
    KeSetEvent(&event, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A read from the top of the stack. */
static NTSTATUS send(void)
{
    irp = IoAllocateIrp(top->StackSize, FALSE);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, OriginDone, &event, TRUE, TRUE, TRUE);
    return IoCallDriver(top, irp);
}

/* ---- semantics -------------------------------------------------------------------------------------- */

static void sync_body(void)
{
    build_stack();
    mode = COMPLETE;
    CHECK(send() == STATUS_SUCCESS && strcmp(trail, "lmo") == 0);
    CHECK(irp->IoStatus.Information == 5 && !irp->PendingReturned && irp->CurrentLocation == 4);
    IoFreeIrp(irp);
    mode = PEND_THEN_COMPLETE;
    CHECK(send() == STATUS_PENDING && irp->PendingReturned);
    IoFreeIrp(irp);
    remove_stack();
}
static void completion_runs_from_the_bottom_up(void **s) { (void)s; expect_good(sync_body); }

static void complete_kept(PVOID unused)
{
    (void)unused;
    sleep_for(3);
    note('k');
    finish(kept, STATUS_IO_TIMEOUT, 0);
}
static void async_body(void)
{
    HANDLE handle;

    build_stack();
    mode = PEND;
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, complete_kept, NULL);
    CHECK(send() == STATUS_PENDING);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK(strcmp(trail, "lkmo") == 0 && irp->IoStatus.Status == STATUS_IO_TIMEOUT && irp->PendingReturned);
    IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
    CHECK(irp->IoStatus.Status == STATUS_NOT_SUPPORTED && irp->MdlAddress == NULL && irp->StackCount == 3);
    CHECK(irp->CurrentLocation == 4 && IoGetNextIrpStackLocation(irp)->CompletionRoutine == NULL);
    IoFreeIrp(irp);
    remove_stack();
}
static void pending_irp_completes_in_another_thread(void **s) { (void)s; expect_good(async_body); }

static NTSTATUS FreeAtTop(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Context;
    IoMarkIrpPending(Irp); /* writes the hidden location, as DSMs do */
    IoFreeIrp(Irp);
    note('f');
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static void freed_inside_body(void)
{
    build_stack();
    mode = COMPLETE;
    irp = IoAllocateIrp(top->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE;
    IoSetCompletionRoutine(irp, FreeAtTop, NULL, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(top, irp) == STATUS_SUCCESS && strcmp(trail, "lmf") == 0);
    remove_stack();
}
static void irp_freed_inside_its_completion(void **s) { (void)s; expect_good(freed_inside_body); }

static void only_error_body(void)
{
    build_stack();
    mode = COMPLETE;
    irp = IoAllocateIrp(top->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, OriginDone, &event, FALSE, TRUE, TRUE);
    CHECK(IoCallDriver(top, irp) == STATUS_SUCCESS && strcmp(trail, "lm") == 0);
    IoFreeIrp(irp);
    remove_stack();
}
static void routine_for_errors_only_stays_silent_on_success(void **s) { (void)s; expect_good(only_error_body); }

static void Cancelled(PDEVICE_OBJECT Device, PIRP Irp)
{
    CHECK(Device == low && KeGetCurrentIrql() == DISPATCH_LEVEL && Irp->Cancel);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    note('c');
    finish(Irp, STATUS_CANCELLED, 0);
}
static void cancel_body(void)
{
    build_stack();
    mode = PEND;
    CHECK(send() == STATUS_PENDING);
    CHECK(!IoCancelIrp(irp) && irp->Cancel); /* nobody set a routine */
    irp->Cancel = FALSE;
    IoSetCancelRoutine(irp, Cancelled);
    CHECK(IoCancelIrp(irp) && KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(strcmp(trail, "lcmo") == 0 && irp->IoStatus.Status == STATUS_CANCELLED);
    IoFreeIrp(irp);
    remove_stack();
}
static void cancel_runs_the_routine_with_the_lock(void **s) { (void)s; expect_good(cancel_body); }

#define IOCTL_ECHO CTL_CODE(FILE_DEVICE_DISK, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
static void ioctl_body(void)
{
    struct nt_counters before, after;

    build_stack();
    mode = ECHO;
    nt_counters(h.machine, &before);
    memset(buffer, 0x0f, sizeof(buffer));
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_ECHO, top, buffer, 8, buffer, 16, FALSE, &event, &iosb);
    CHECK(IoCallDriver(top, irp) == STATUS_SUCCESS);
    CHECK(KeReadStateEvent(&event) == 1 && iosb.Status == STATUS_SUCCESS && iosb.Information == 16);
    CHECK(buffer[0] == 0xf0 && buffer[7] == 0xf0 && buffer[8] == 0xff && buffer[15] == 0xff && buffer[16] == 0x0f);
    nt_counters(h.machine, &after);
    CHECK(after.irps_allocated - before.irps_allocated == 1 && after.irps_freed - before.irps_freed == 1);
    remove_stack();
}
static void built_device_control_copies_back_and_frees_itself(void **s) { (void)s; expect_good(ioctl_body); }

static void fsd_body(void)
{
    LARGE_INTEGER offset = {.QuadPart = 4096};

    build_stack();
    top->Flags |= DO_DIRECT_IO;
    mode = PEND;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, top, buffer, sizeof(buffer), &offset, &event, &iosb);
    CHECK(IoGetNextIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart == 4096 && irp->MdlAddress != NULL);
    CHECK(IoCallDriver(top, irp) == STATUS_PENDING && KeReadStateEvent(&event) == 0);
    finish(kept, STATUS_SUCCESS, 64);
    CHECK(KeReadStateEvent(&event) == 1 && iosb.Information == 64);
    mode = COMPLETE;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, top, NULL, 0, NULL, &iosb);
    CHECK(IoCallDriver(top, irp) == STATUS_SUCCESS && iosb.Information == 5);
    remove_stack();
}
static void built_read_fills_the_status_block(void **s) { (void)s; expect_good(fsd_body); }

static NTSTATUS ForwardDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    CHECK(IoForwardIrpSynchronously(low, Irp));
    note('w');
    return finish(Irp, Irp->IoStatus.Status, 9);
}
static void forward_body(void)
{
    HANDLE handle;

    build_stack();
    mode = PEND;
    h.vendor->MajorFunction[IRP_MJ_PNP] = ForwardDispatch;
    PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, complete_kept, NULL);
    irp = IoAllocateIrp(top->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_PNP;
    IoSetCompletionRoutine(irp, OriginDone, &event, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(top, irp) == STATUS_IO_TIMEOUT && irp->IoStatus.Information == 9);
    CHECK(strcmp(trail, "lkwo") == 0);
    IoFreeIrp(irp);
    remove_stack();
}
static void forwarded_synchronously(void **s) { (void)s; expect_good(forward_body); }

static void steady_body(void)
{
    struct nt_counters before, after;

    build_stack();
    mode = COMPLETE;
    for (int i = 0; i < 1000; i++) {
        send();
        IoFreeIrp(irp);
        if (i == 500) {
            nt_counters(h.machine, &before);
        }
    }
    nt_counters(h.machine, &after);
    CHECK(before.pool_allocations == after.pool_allocations);
    remove_stack();
}
static void irps_need_no_pool_in_steady_state(void **s) { (void)s; expect_good(steady_body); }

/* ---- rules ------------------------------------------------------------------------------------------- */

static void vendor_sends(enum mode m)
{
    build_stack();
    mode = m;
    send();
}
#define MODE_TEST(name, m, rule)                                            \
    static void VENDOR name##_body(void) { vendor_sends(m); }               \
    static void name(void **s) { (void)s; expect(rule, PASSIVE_LEVEL, name##_body); }
MODE_TEST(pending_returned_without_mark, PENDING_UNMARKED, RULE_IRP_PENDING)
MODE_TEST(mark_without_pending_returned, MARKED_NOT_PENDING, RULE_IRP_PENDING)
MODE_TEST(another_status_returned, WRONG_STATUS, RULE_IRP_STATUS)
MODE_TEST(neither_completed_nor_pending, NEITHER, RULE_IRP_STATUS)
MODE_TEST(completed_twice, COMPLETE_TWICE, RULE_IRP_TWICE)
MODE_TEST(completed_with_status_pending, WITH_PENDING_STATUS, RULE_IRP_COMPLETE_PENDING)

static void VENDOR never_marked(void)
{
    vendor_sends(FORGET_TO_MARK);
    finish(kept, STATUS_SUCCESS, 0);
}
static void VENDOR complete_after_free(void)
{
    vendor_sends(COMPLETE);
    IoFreeIrp(irp);
    finish(irp, STATUS_SUCCESS, 0);
}
static void VENDOR free_twice(void)
{
    irp = IoAllocateIrp(1, FALSE);
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}
static void VENDOR call_after_free(void)
{
    build_stack();
    irp = IoAllocateIrp(3, FALSE);
    IoFreeIrp(irp);
    IoCallDriver(top, irp);
}
static void VENDOR free_in_flight(void)
{
    vendor_sends(PEND);
    IoFreeIrp(irp);
}
static void VENDOR reuse_in_flight(void)
{
    vendor_sends(PEND);
    IoReuseIrp(irp, STATUS_SUCCESS);
}
static void VENDOR too_few_locations(void)
{
    build_stack();
    mode = COMPLETE;
    irp = IoAllocateIrp(1, FALSE); /* the skip at the top needs none, the middle one more */
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoCallDriver(top, irp);
}
static void VENDOR no_location(void)
{
    build_stack();
    irp = IoAllocateIrp(0, FALSE);
    IoCallDriver(top, irp);
}
static void VENDOR complete_unsent(void) { finish(IoAllocateIrp(1, FALSE), STATUS_SUCCESS, 0); }
static NTSTATUS VENDOR FreeAndContinue(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Context;
    IoFreeIrp(Irp);
    return STATUS_SUCCESS;
}
static void VENDOR freed_but_not_taken_back(void)
{
    build_stack();
    mode = COMPLETE;
    irp = IoAllocateIrp(3, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, FreeAndContinue, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(top, irp);
}
static void VENDOR call_too_high(void) { IoAllocateIrp(1, FALSE); }
static NTSTATUS VENDOR WaitingDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Irp;
    (void)Context;
    sleep_for(1);
    return STATUS_MORE_PROCESSING_REQUIRED;
}
static void wait_in_routine(void)
{
    build_stack();
    mode = COMPLETE;
    irp = IoAllocateIrp(3, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, WaitingDone, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(middle, irp);
}

#define RULE_TEST(name, rule, body) \
    static void name(void **s) { (void)s; expect(rule, PASSIVE_LEVEL, body); }
RULE_TEST(pending_promised_but_never_marked, RULE_IRP_PENDING, never_marked)
RULE_TEST(completed_after_free, RULE_IRP_TWICE, complete_after_free)
RULE_TEST(completed_without_being_sent, RULE_IRP_TWICE, complete_unsent)
RULE_TEST(freed_twice, RULE_IRP_FREED, free_twice)
RULE_TEST(sent_after_free, RULE_IRP_FREED, call_after_free)
RULE_TEST(freed_in_completion_but_not_taken_back, RULE_IRP_FREED, freed_but_not_taken_back)
RULE_TEST(freed_while_a_lower_driver_owns_it, RULE_IRP_ACTIVE, free_in_flight)
RULE_TEST(reused_while_a_lower_driver_owns_it, RULE_IRP_ACTIVE, reuse_in_flight)
RULE_TEST(one_location_too_few, RULE_IRP_STACK, too_few_locations)
RULE_TEST(no_location_at_all, RULE_IRP_STACK, no_location)
RULE_TEST(wait_in_a_completion_routine, RULE_WAIT_CALLBACK, wait_in_routine)
static void irp_allocated_at_device_level(void **s) { (void)s; expect(RULE_IRQL_ROUTINE, CMCI_LEVEL, call_too_high); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(completion_runs_from_the_bottom_up),
        cmocka_unit_test(pending_irp_completes_in_another_thread),
        cmocka_unit_test(irp_freed_inside_its_completion),
        cmocka_unit_test(routine_for_errors_only_stays_silent_on_success),
        cmocka_unit_test(cancel_runs_the_routine_with_the_lock),
        cmocka_unit_test(built_device_control_copies_back_and_frees_itself),
        cmocka_unit_test(built_read_fills_the_status_block),
        cmocka_unit_test(forwarded_synchronously),
        cmocka_unit_test(irps_need_no_pool_in_steady_state),
        cmocka_unit_test(pending_returned_without_mark),
        cmocka_unit_test(mark_without_pending_returned),
        cmocka_unit_test(another_status_returned),
        cmocka_unit_test(neither_completed_nor_pending),
        cmocka_unit_test(completed_twice),
        cmocka_unit_test(completed_with_status_pending),
        cmocka_unit_test(pending_promised_but_never_marked),
        cmocka_unit_test(completed_after_free),
        cmocka_unit_test(completed_without_being_sent),
        cmocka_unit_test(freed_twice),
        cmocka_unit_test(sent_after_free),
        cmocka_unit_test(freed_in_completion_but_not_taken_back),
        cmocka_unit_test(freed_while_a_lower_driver_owns_it),
        cmocka_unit_test(reused_while_a_lower_driver_owns_it),
        cmocka_unit_test(one_location_too_few),
        cmocka_unit_test(no_location_at_all),
        cmocka_unit_test(wait_in_a_completion_routine),
        cmocka_unit_test(irp_allocated_at_device_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
