/* SPDX-License-Identifier: MIT */
/* Scan, reads and writes, recursion and allocation on the good path. */
#include "rig.h"

static void scan_body(void *argument)
{
    (void)argument;
    CHECK(rig_count() == 2 * RIG_LUNS);
    for (UCHAR target = 0; target < 2; target++)
        for (UCHAR lun = 0; lun < RIG_LUNS; lun++) {
            PPORT_UNIT unit = rig_unit(target, lun);
            CHECK(unit != NULL && unit->State == PortStarted && unit->Depth == 32);
        }
    CHECK(rig_unit(0, RIG_LUNS) == NULL);
    rig.finished++;
}

static void scan_finds_every_lun_on_both_targets(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(scan_body, WORLD_SECOND);
    rig_end();
}

static void data_body(void *argument)
{
    static UCHAR data[4096], back[4096];

    (void)argument;
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (UCHAR)(i * 7 + i / 256);
    CHECK(rig_io(rig_unit(0, 1), TRUE, 8, data, 8) == STATUS_SUCCESS);
    CHECK(rig_io(rig_unit(1, 1), FALSE, 8, back, 8) == STATUS_SUCCESS);
    CHECK(memcmp(data, back, sizeof data) == 0);
    rig.finished++;
}

static void written_on_one_path_read_on_the_other(void **state)
{
    (void)state;
    for (unsigned latency = 0; latency <= 1000; latency += 1000) {
        rig_begin(latency != 0 ? HBA_ISCSI : HBA_FC, latency, 0, 0);
        rig_run(data_body, WORLD_SECOND);
        rig_end();
    }
}

/* ---- a completion that sends the next request must not nest without end --------------------------------------- */
#define CHAIN 20000
static struct {
    PIRP irp;
    SCSI_REQUEST_BLOCK srb;
    PPORT_UNIT unit;
    unsigned left;
    char *deepest, *top;
    KEVENT done;
    UCHAR data[512], sense[32];
} chain;

static NTSTATUS chain_next(PDEVICE_OBJECT device, PIRP irp, PVOID context);

static void chain_send(void)
{
    PIO_STACK_LOCATION stack;

    IoReuseIrp(chain.irp, STATUS_SUCCESS);
    stack = IoGetNextIrpStackLocation(chain.irp);
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->Parameters.Scsi.Srb = &chain.srb;
    rig_srb(&chain.srb, SRB_FLAGS_DATA_IN, chain.data, 512, 0x28, 1, 1);
    chain.srb.SenseInfoBuffer = chain.sense;
    chain.srb.SenseInfoBufferLength = sizeof chain.sense;
    IoSetCompletionRoutine(chain.irp, chain_next, NULL, TRUE, TRUE, TRUE);
    IoCallDriver(chain.unit->Header.Self, chain.irp);
}

static NTSTATUS chain_next(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    char here;

    (void)device;
    (void)irp;
    (void)context;
    if (chain.deepest == NULL || &here < chain.deepest)
        chain.deepest = &here;
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
    if (--chain.left == 0)
        KeSetEvent(&chain.done, 0, FALSE);
    else
        chain_send();
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void chain_body(void *argument)
{
    struct nt_counters before, after;
    char here;

    (void)argument;
    chain.unit = rig_unit(0, 0);
    CHECK(rig_io(chain.unit, FALSE, 0, chain.data, 1) == STATUS_SUCCESS);
    chain.irp = IoAllocateIrp(1, FALSE);
    chain.left = 10;
    chain.deepest = NULL;
    chain.top = &here;
    KeInitializeEvent(&chain.done, SynchronizationEvent, FALSE);
    chain_send();
    KeWaitForSingleObject(&chain.done, Executive, KernelMode, FALSE, NULL);
    nt_counters(rig.machine, &before);
    chain.left = CHAIN;
    chain_send();
    KeWaitForSingleObject(&chain.done, Executive, KernelMode, FALSE, NULL);
    nt_counters(rig.machine, &after);
    CHECK(after.pool_allocations == before.pool_allocations);
    CHECK(after.timers <= before.timers + 2);
    CHECK(after.dpcs <= before.dpcs + 2);
    CHECK(chain.top - chain.deepest < 16384 || chain.deepest - chain.top > 0);
    IoFreeIrp(chain.irp);
    rig.finished++;
}

static void completion_that_sends_the_next_request_stays_flat_and_allocates_nothing(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(chain_body, WORLD_SECOND);
    rig_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_finds_every_lun_on_both_targets),
        cmocka_unit_test(written_on_one_path_read_on_the_other),
        cmocka_unit_test(completion_that_sends_the_next_request_stays_flat_and_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
