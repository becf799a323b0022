/* SPDX-License-Identifier: MIT */
/*
 * Rig for the port's tests: a world with one array, one machine with one Fibre Channel HBA and two
 * paths (targets 0 and 1), booted by Plug and Play without class drivers. Bodies run as threads of the
 * machine; CMocka's asserts jump, which a fibre must not: bodies use CHECK.
 */
#ifndef MPIO_PORT_TESTS_RIG_H
#define MPIO_PORT_TESTS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "array/array.h"
#include "nt/nt.h"
#include "pnp/pnp.h"
#include "port/port.h"
#include "port/sim/miniports.h"
#include "world/fabric.h"

#define RIG_LUNS 4

struct rig {
    struct world *world;
    struct machine *machine;
    struct array *array;
    struct hba *hba;
    uint64_t latency;
    char failure[300];
    unsigned finished;
};
static struct rig rig;
static const struct hba_personality *rig_personality; /* NULL: the plain one of the kind */

#define CHECK(condition)                                                                             \
    do {                                                                                             \
        if (!(condition) && rig.failure[0] == '\0')                                                  \
            snprintf(rig.failure, sizeof rig.failure, "%s:%d: %s", __FILE__, __LINE__, #condition);  \
    } while (0)

static inline uint64_t rig_now(void *clock)
{
    return world_now(clock);
}

static inline void rig_boot_thread(void *argument)
{
    (void)argument;
    PnpBoot();
    rig.finished++;
}

static inline void rig_check(unsigned finished)
{
    const struct nt_bugcheck *bug = nt_bugcheck(rig.machine);

    if (bug != NULL)
        fail_msg("bug check: %s", bug->text);
    if (rig.failure[0] != '\0')
        fail_msg("%s", rig.failure);
    assert_int_equal(rig.finished, finished);
}

static inline const char *rig_service(enum hba_kind kind)
{
    static const char *const services[] = {"ompfc", "ompiscsi", "ompsas", "ompspi"};

    return services[kind];
}

static inline void rig_begin(enum hba_kind kind, uint64_t latency, uint64_t link_down, uint64_t dev_loss)
{
    struct world_options options = {.seed = 1};
    struct nt_options kernel = {.pool_bytes = 64u << 20};
    struct array_config shelf = {.name = "array0", .vendor = "OPENMPIO", .product = "SHELF", .revision = "0001",
                                 .access = ARRAY_SYMMETRIC, .controllers = 2, .ports_per_controller = 1,
                                 .naa = 0x600A0B8000000000ull, .now = rig_now};
    const char *why = "";

    memset(&rig, 0, sizeof rig);
    rig.world = world_create(&options);
    rig.machine = machine_create(rig.world, "node", 2);
    if (!nt_create(rig.machine, &kernel, &why))
        fail_msg("nt_create: %s", why);
    shelf.clock = rig.world;
    rig.array = array_create(&shelf, &why);
    assert_non_null(rig.array);
    for (unsigned lun = 0; lun < RIG_LUNS; lun++) {
        struct array_lun_config disk = {.number = (uint16_t)lun, .block_size = 512, .blocks = 4096,
                                        .media = ARRAY_MEDIA_MEMORY};
        assert_int_equal(array_add_lun(rig.array, &disk, &why), 0);
    }
    struct fabric_hba_config config = {.name = "hba0", .initiator = "10000000c9000001", .kind = kind,
                                       .link_down_time = link_down, .dev_loss_time = dev_loss,
                                       .personality = rig_personality};
    static const PDRIVER_INITIALIZE entries[] = {FcMiniportDriverEntry, IscsiMiniportDriverEntry, SasMiniportDriverEntry,
                                                 SpiMiniportDriverEntry};
    rig.hba = fabric_create_hba(rig.machine, &config);
    assert_non_null(rig.hba);
    for (unsigned port = 0; port < 2; port++) {
        struct fabric_path_config path = {.array = rig.array, .port = port, .latency = latency};
        assert_int_equal(fabric_connect(rig.hba, &path), (int)port);
    }
    assert_true(nt_load_driver(rig.machine, rig_service(kind), (void *)entries[kind], NULL, NULL, NULL));
    world_run(rig.world, 0);
    nt_run_thread(rig.machine, "boot", rig_boot_thread, NULL);
    world_run(rig.world, WORLD_SECOND);
    rig_check(1);
    rig.finished = 0;
}

static inline void rig_end(void)
{
    fabric_destroy_hbas(rig.machine);
    world_destroy(rig.world);
    array_destroy(rig.array);
}

/* Runs a body as a thread for at most `time`. */
static inline void rig_run(void (*body)(void *), uint64_t time)
{
    unsigned before = rig.finished;

    nt_run_thread(rig.machine, "test", body, NULL);
    world_run(rig.world, world_now(rig.world) + time);
    rig_check(before + 1);
}

/* ---- inside the machine ------------------------------------------------------------------------------------ */
static inline PPORT_ADAPTER rig_adapter(void)
{
    static const PCWSTR services[] = {u"ompfc", u"ompiscsi", u"ompsas", u"ompspi"};
    PDRIVER_OBJECT driver = NtFindDriver(services[rig.hba->kind]);

    for (PDEVICE_OBJECT device = driver->DeviceObject; device != NULL; device = device->NextDevice)
        if (((PPORT_HEADER)device->DeviceExtension)->Kind == PORT_KIND_ADAPTER)
            return device->DeviceExtension;
    return NULL;
}

static inline PPORT_UNIT rig_unit(UCHAR target, UCHAR lun)
{
    PPORT_UNIT unit = PortFindUnit(rig_adapter(), 0, target, lun);

    return unit != NULL && unit->Header.Self != NULL ? unit : NULL;
}

static inline unsigned rig_count(void)
{
    unsigned count = 0;
    PPORT_ADAPTER adapter = rig_adapter();

    for (PLIST_ENTRY e = adapter->Units.Flink; e != &adapter->Units; e = e->Flink)
        count += !CONTAINING_RECORD(e, PORT_UNIT, Link)->Missing;
    return count;
}

static inline NTSTATUS rig_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, 0, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Sends an SRB and waits. */
static inline NTSTATUS rig_send(PPORT_UNIT unit, PSCSI_REQUEST_BLOCK srb)
{
    PIRP irp = IoAllocateIrp(unit->Header.Self->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    NTSTATUS status;
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.Scsi.Srb = srb;
    IoSetCompletionRoutine(irp, rig_done, &event, TRUE, TRUE, TRUE);
    IoCallDriver(unit->Header.Self, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    status = irp->IoStatus.Status;
    IoFreeIrp(irp);
    return status;
}

static inline void rig_srb(PSCSI_REQUEST_BLOCK srb, ULONG flags, PVOID data, ULONG length, UCHAR opcode, ULONG lba,
                           USHORT blocks)
{
    memset(srb, 0, sizeof *srb);
    srb->Length = sizeof *srb;
    srb->Function = SRB_FUNCTION_EXECUTE_SCSI;
    srb->CdbLength = 10;
    srb->Cdb[0] = opcode;
    srb->Cdb[2] = (UCHAR)(lba >> 24);
    srb->Cdb[3] = (UCHAR)(lba >> 16);
    srb->Cdb[4] = (UCHAR)(lba >> 8);
    srb->Cdb[5] = (UCHAR)lba;
    srb->Cdb[7] = (UCHAR)(blocks >> 8);
    srb->Cdb[8] = (UCHAR)blocks;
    srb->SrbFlags = flags | SRB_FLAGS_NO_QUEUE_FREEZE;
    srb->DataBuffer = data;
    srb->DataTransferLength = length;
    srb->TimeOutValue = 10;
}

/* READ(10) or WRITE(10) of whole blocks, repeated over unit attentions. */
static inline NTSTATUS rig_io(PPORT_UNIT unit, BOOLEAN write, ULONG lba, PVOID data, ULONG blocks)
{
    UCHAR sense[32];
    SCSI_REQUEST_BLOCK srb;
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < 4; i++) {
        rig_srb(&srb, write ? SRB_FLAGS_DATA_OUT : SRB_FLAGS_DATA_IN, data, blocks * 512, write ? 0x2A : 0x28, lba,
                (USHORT)blocks);
        srb.SenseInfoBuffer = sense;
        srb.SenseInfoBufferLength = sizeof sense;
        status = rig_send(unit, &srb);
        if (NT_SUCCESS(status) || SRB_STATUS(srb.SrbStatus) != SRB_STATUS_ERROR)
            break;
    }
    return status;
}

/* A device control; buffer is input and output. */
static inline NTSTATUS rig_control(PDEVICE_OBJECT device, ULONG code, PVOID buffer, ULONG input, ULONG output,
                                   ULONG_PTR *information)
{
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(code, device, buffer, input, buffer, output, FALSE, &event, &result);
    result.Information = 0;
    status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    if (information != NULL)
        *information = result.Information;
    return status;
}

static inline void rig_sleep(uint64_t time)
{
    LARGE_INTEGER delay;

    delay.QuadPart = -(LONGLONG)time;
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
}

#endif
