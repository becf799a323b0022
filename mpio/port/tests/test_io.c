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

/* ---- the extended form of an SRB ------------------------------------------------------------------------------- */
static void extended_body(void *argument)
{
    static struct {
        STORAGE_REQUEST_BLOCK srb;
        ULONG more[2];
        STOR_ADDR_BTL8 address;
        SRBEX_DATA_SCSI_CDB16 cdb;
    } e;
    static UCHAR data[512], back[512], sense[32];
    PPORT_UNIT unit = rig_unit(0, 3);

    (void)argument;
    memset(data, 0xC3, sizeof data);
    CHECK(rig_io(unit, TRUE, 5, data, 1) == STATUS_SUCCESS);
    e.srb.Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    e.srb.Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    e.srb.Signature = SRB_SIGNATURE;
    e.srb.Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    e.srb.SrbLength = sizeof e;
    e.srb.SrbFunction = SRB_FUNCTION_EXECUTE_SCSI;
    e.srb.SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE;
    e.srb.TimeOutValue = 5;
    e.srb.AddressOffset = (ULONG)((PUCHAR)&e.address - (PUCHAR)&e);
    e.srb.NumSrbExData = 1;
    e.srb.SrbExDataOffset[0] = (ULONG)((PUCHAR)&e.cdb - (PUCHAR)&e);
    e.srb.DataBuffer = back;
    e.srb.DataTransferLength = sizeof back;
    e.address.Type = STOR_ADDRESS_TYPE_BTL8;
    e.address.AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    e.cdb.Type = SrbExDataTypeScsiCdb16;
    e.cdb.Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
    e.cdb.CdbLength = 10;
    e.cdb.Cdb[0] = 0x28;
    e.cdb.Cdb[5] = 5;
    e.cdb.Cdb[8] = 1;
    e.cdb.SenseInfoBuffer = sense;
    e.cdb.SenseInfoBufferLength = sizeof sense;
    CHECK(rig_send(unit, (PSCSI_REQUEST_BLOCK)(PVOID)&e.srb) == STATUS_SUCCESS);
    CHECK(e.srb.SrbStatus == SRB_STATUS_SUCCESS && e.srb.DataTransferLength == 512 && memcmp(data, back, 512) == 0);
    e.cdb.Cdb[2] = 0xFF; /* out of range: sense comes back through the extension record */
    e.srb.DataTransferLength = sizeof back;
    CHECK(rig_send(unit, (PSCSI_REQUEST_BLOCK)(PVOID)&e.srb) == STATUS_IO_DEVICE_ERROR);
    CHECK(e.srb.SrbStatus == (SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID) && e.cdb.ScsiStatus == 2 && (sense[2] & 15) == 5);
    e.srb.Signature = 0;
    CHECK(rig_send(unit, (PSCSI_REQUEST_BLOCK)(PVOID)&e.srb) == STATUS_INVALID_PARAMETER);
    rig.finished++;
}

static void extended_request_reads_and_returns_sense(void **state)
{
    (void)state;
    rig_begin(HBA_FC, 0, 0, 0);
    rig_run(extended_body, WORLD_SECOND);
    rig_end();
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
        cmocka_unit_test(extended_request_reads_and_returns_sense),
        cmocka_unit_test(completion_that_sends_the_next_request_stays_flat_and_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
