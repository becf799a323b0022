/* SPDX-License-Identifier: MIT */
/*
 * Cancel-safe queues, device queues and StartIo, with the vendor's routines as a driver writes them.
 */
#include "harness.h"

static IO_CSQ csq;
static LIST_ENTRY list;
static KSPIN_LOCK lock;
static PIRP cancelled[4];
static unsigned cancels;

static VOID VENDOR csq_insert(PIO_CSQ q, PIRP irp) { (void)q; InsertTailList(&list, &irp->Tail.Overlay.ListEntry); }
static NTSTATUS VENDOR csq_insert_ex(PIO_CSQ q, PIRP irp, PVOID context)
{
    (void)q;
    if (context != NULL) {
        return STATUS_DEVICE_BUSY;
    }
    InsertTailList(&list, &irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}
static VOID VENDOR csq_remove(PIO_CSQ q, PIRP irp) { (void)q; RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
static PIRP VENDOR csq_peek(PIO_CSQ q, PIRP irp, PVOID context)
{
    PLIST_ENTRY next = irp == NULL ? list.Flink : irp->Tail.Overlay.ListEntry.Flink;

    (void)q;
    (void)context;
    return next == &list ? NULL : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
}
static VOID VENDOR csq_lock(PIO_CSQ q, PKIRQL irql) { (void)q; KeAcquireSpinLock(&lock, irql); }
static VOID VENDOR csq_unlock(PIO_CSQ q, KIRQL irql) { (void)q; KeReleaseSpinLock(&lock, irql); }
static VOID VENDOR csq_complete(PIO_CSQ q, PIRP irp)
{
    (void)q;
    if (cancels < 4) {
        cancelled[cancels++] = irp;
    }
}

/* An IRP in its top stack location, as in a dispatch routine. */
static PIRP new_irp(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->DeviceObject = NULL;
    return irp;
}

static void begin_queue(bool extended)
{
    InitializeListHead(&list);
    KeInitializeSpinLock(&lock);
    cancels = 0;
    if (extended) {
        CHECK(IoCsqInitializeEx(&csq, csq_insert_ex, csq_remove, csq_peek, csq_lock, csq_unlock, csq_complete) ==
              STATUS_SUCCESS);
    } else {
        CHECK(IoCsqInitialize(&csq, csq_insert, csq_remove, csq_peek, csq_lock, csq_unlock, csq_complete) ==
              STATUS_SUCCESS);
    }
}

static void queue_gives_back_in_order_and_cancels_once(void)
{
    PIRP a = new_irp(), b = new_irp(), c = new_irp();
    IO_CSQ_IRP_CONTEXT context;

    begin_queue(false);
    IoCsqInsertIrp(&csq, a, NULL);
    IoCsqInsertIrp(&csq, b, &context);
    IoCsqInsertIrp(&csq, c, NULL);
    CHECK((IoGetCurrentIrpStackLocation(a)->Control & SL_PENDING_RETURNED) != 0);
    CHECK(IoCancelIrp(a) && cancels == 1 && cancelled[0] == a && !IoCancelIrp(a));
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(IoCsqRemoveIrp(&csq, &context) == b && IoCsqRemoveIrp(&csq, &context) == NULL);
    CHECK(!IoCancelIrp(b) && cancels == 1);
    CHECK(IoCsqRemoveNextIrp(&csq, NULL) == c && IoCsqRemoveNextIrp(&csq, NULL) == NULL);
    IoFreeIrp(a);
    IoFreeIrp(b);
    IoFreeIrp(c);
}

static void context_of_a_cancelled_irp_is_empty(void)
{
    PIRP a = new_irp(), b = new_irp();
    IO_CSQ_IRP_CONTEXT context;

    begin_queue(false);
    IoCsqInsertIrp(&csq, a, &context);
    CHECK(IoCancelIrp(a) && context.Irp == NULL && IoCsqRemoveIrp(&csq, &context) == NULL);
    b->Cancel = TRUE; /* cancelled before it was queued */
    IoCsqInsertIrp(&csq, b, NULL);
    CHECK(cancels == 2 && cancelled[1] == b && IsListEmpty(&list));
    IoFreeIrp(a);
    IoFreeIrp(b);
}

static void insert_routine_may_refuse(void)
{
    PIRP a = new_irp();
    IO_CSQ_IRP_CONTEXT context;

    begin_queue(true);
    CHECK(IoCsqInsertIrpEx(&csq, a, &context, a) == STATUS_DEVICE_BUSY && context.Irp == NULL && IsListEmpty(&list));
    CHECK(!IoCancelIrp(a));
    a->Cancel = FALSE;
    CHECK(IoCsqInsertIrpEx(&csq, a, &context, NULL) == STATUS_SUCCESS && IoCsqRemoveNextIrp(&csq, NULL) == a);
    CHECK(context.Irp == NULL);
    IoFreeIrp(a);
}

static void device_queue_sorts_by_key_and_knows_busy(void)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY e[5];

    KeInitializeDeviceQueue(&queue);
    CHECK(!KeInsertByKeyDeviceQueue(&queue, &e[0], 9) && !e[0].Inserted && queue.Busy);
    CHECK(KeInsertByKeyDeviceQueue(&queue, &e[1], 20) && KeInsertByKeyDeviceQueue(&queue, &e[2], 10));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &e[3], 20) && KeInsertByKeyDeviceQueue(&queue, &e[4], 15));
    CHECK(KeRemoveEntryDeviceQueue(&queue, &e[4]) && !KeRemoveEntryDeviceQueue(&queue, &e[4]));
    CHECK(KeRemoveByKeyDeviceQueue(&queue, 11) == &e[1] && KeRemoveByKeyDeviceQueue(&queue, 21) == &e[2]);
    CHECK(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == &e[3] && queue.Busy);
    CHECK(KeRemoveDeviceQueue(&queue) == NULL && !queue.Busy && KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == NULL);
    CHECK(!KeInsertDeviceQueue(&queue, &e[0]));
}

static PIRP started[6];
static unsigned starts, depth, deepest;
static bool at_once;

static VOID VENDOR start_io(PDEVICE_OBJECT device, PIRP irp)
{
    CHECK(device->CurrentIrp == irp && KeGetCurrentIrql() == DISPATCH_LEVEL);
    depth++;
    deepest = depth > deepest ? depth : deepest;
    if (starts < 6) {
        started[starts++] = irp;
    }
    if (at_once) {
        IoStartNextPacket(device, TRUE);
    }
    depth--;
}

static VOID VENDOR cancel_queued(PDEVICE_OBJECT device, PIRP irp)
{
    CHECK(KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry));
    IoReleaseCancelSpinLock(irp->CancelIrql);
    cancels++;
}

static void start_io_runs_one_irp_at_a_time(void)
{
    PDEVICE_OBJECT device;
    PIRP irp[4];
    KIRQL old;

    cancels = starts = depth = deepest = 0;
    at_once = false;
    h.vendor->DriverStartIo = start_io;
    CHECK(IoCreateDevice(h.vendor, 0, NULL, FILE_DEVICE_DISK, 0, FALSE, &device) == STATUS_SUCCESS);
    for (int i = 0; i < 4; i++) {
        irp[i] = new_irp();
        IoGetCurrentIrpStackLocation(irp[i])->DeviceObject = device;
        IoStartPacket(device, irp[i], NULL, i == 1 ? cancel_queued : NULL);
    }
    CHECK(starts == 1 && started[0] == irp[0]);
    CHECK(IoCancelIrp(irp[1]) && cancels == 1);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    IoStartNextPacket(device, TRUE);
    CHECK(starts == 2 && started[1] == irp[2]);
    IoSetStartIoAttributes(device, TRUE, FALSE);
    at_once = true;
    IoStartNextPacket(device, FALSE);
    CHECK(starts == 3 && started[2] == irp[3] && device->CurrentIrp == NULL && !device->DeviceQueue.Busy);
    at_once = false;
    IoStartPacket(device, irp[0], NULL, NULL);
    IoStartPacket(device, irp[2], NULL, NULL);
    IoStartPacket(device, irp[3], NULL, NULL);
    at_once = true;
    deepest = 0;
    IoStartNextPacketByKey(device, FALSE, 0);
    CHECK(starts == 6 && deepest == 1); /* deferred: never one inside the other */
    KeLowerIrql(old);
    IoDeleteDevice(device);
    for (int i = 0; i < 4; i++) {
        IoFreeIrp(irp[i]);
    }
}

#define TEST(name) static void test_##name(void **state) { (void)state; expect_good(name); }
TEST(queue_gives_back_in_order_and_cancels_once)
TEST(context_of_a_cancelled_irp_is_empty)
TEST(insert_routine_may_refuse)
TEST(device_queue_sorts_by_key_and_knows_busy)
TEST(start_io_runs_one_irp_at_a_time)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_gives_back_in_order_and_cancels_once),
        cmocka_unit_test(test_context_of_a_cancelled_irp_is_empty),
        cmocka_unit_test(test_insert_routine_may_refuse),
        cmocka_unit_test(test_device_queue_sorts_by_key_and_knows_busy),
        cmocka_unit_test(test_start_io_runs_one_irp_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
