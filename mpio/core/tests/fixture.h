/* SPDX-License-Identifier: MIT */
/*
 * A machine for the core's unit tests: a real kernel, the drivers mpio and mpdev, and two fakes - a
 * port whose LUN PDOs answer as told, and DSMs that log their callbacks and choose paths in turn.
 * No pnp room: a test body sends AddDevice, START and REMOVE itself, as a system thread.
 */
#ifndef MPIO_CORE_TESTS_FIXTURE_H
#define MPIO_CORE_TESTS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/core.h"
#include "nt/nt.h"
#include "port/portctl.h"

#define MAX_PATHS 40
#define MAX_IO    64
#define HELPER    static __attribute__((unused))

/* What the next SRBs on a path are answered with. */
struct answer {
    NTSTATUS status;
    UCHAR srb, scsi, key, asc, ascq;
};

struct fake_path {
    PDEVICE_OBJECT pdo;
    unsigned index, lun;
    UCHAR naa;                  /* last byte of the NAA identifier in page 83h; 0: it has no such page */
    bool dead;                  /* every SRB: NO_DEVICE */
    bool hold;                  /* SRBs stay in `held` until release_path */
    struct answer next;         /* used `failures` times */
    unsigned failures;
    unsigned commands, tests;   /* I/O SRBs, TEST UNIT READYs */
    bool claimed;
    PIRP held[MAX_IO];
    unsigned held_count;
};

struct fake_id {
    bool used, usable, verified;
    PDEVICE_OBJECT pdo, target;
    unsigned path, lun;
    PVOID path_id;
};

struct fake_dsm {
    PVOID mpio_context;
    PDRIVER_OBJECT driver;
    const char *tag;
    unsigned type;
    struct fake_id ids[MAX_PATHS];
    unsigned next;              /* round robin */
    bool decline, fail_set, fail_verify, fail_invalidate;
    ULONG category;             /* DSM_PATH_SET by default */
    ULONG mask;                 /* InterpretError's answer */
    BOOLEAN retry;
    LONG interval;
    bool wrong_path, no_path, no_event, same_id;
    PVOID force_path;
    unsigned completions, null_completions, set_completions;
    unsigned invalidations;
};

struct fixture {
    struct world *world;
    struct machine *machine;
    PDRIVER_OBJECT port_driver, dsm_driver[2];
    PDEVICE_OBJECT bus_pdo, adapter[MAX_PATHS];
    struct fake_path paths[MAX_PATHS];
    unsigned path_count;
    UCHAR naa;                  /* of paths to come */
    struct fake_dsm dsms[2];
    char log[4096];
    char failure[300];
    unsigned finished;
};
static struct fixture f;

#define CHECK(condition)                                                                        \
    do {                                                                                        \
        if (!(condition) && f.failure[0] == '\0') {                                             \
            snprintf(f.failure, sizeof(f.failure), "%s:%d: %s", __FILE__, __LINE__, #condition); \
        }                                                                                       \
    } while (0)
#define CHECK_LOG(text)                                                                              \
    do {                                                                                             \
        if (strcmp(f.log, (text)) != 0 && f.failure[0] == '\0') {                                    \
            snprintf(f.failure, sizeof(f.failure), "%s:%d: log \"%.200s\"", __FILE__, __LINE__, f.log); \
        }                                                                                            \
        f.log[0] = '\0';                                                                             \
    } while (0)

HELPER void note(struct fake_dsm *dsm, const char *what)
{
    size_t used = strlen(f.log);

    snprintf(f.log + used, sizeof(f.log) - used, "%s%s%s", used != 0 ? " " : "", dsm->tag, what);
}

HELPER void pause_ms(LONGLONG count)
{
    LARGE_INTEGER time;

    time.QuadPart = -count * (LONGLONG)WORLD_MS;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

/* ---- the fake port -------------------------------------------------------------------------------- */

HELPER NTSTATUS end_irp(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

HELPER NTSTATUS answer_srb(struct fake_path *path, PIRP irp)
{
    PSCSI_REQUEST_BLOCK srb = IoGetCurrentIrpStackLocation(irp)->Parameters.Scsi.Srb;
    struct answer with = {STATUS_SUCCESS, SRB_STATUS_SUCCESS, SCSISTAT_GOOD, 0, 0, 0};

    if (path->dead) {
        with = (struct answer){STATUS_NO_SUCH_DEVICE, SRB_STATUS_NO_DEVICE, 0, 0, 0, 0};
    } else if (path->failures != 0) {
        path->failures--;
        with = path->next;
    }
    srb->SrbStatus = with.srb;
    srb->ScsiStatus = with.scsi;
    if ((with.srb & SRB_STATUS_AUTOSENSE_VALID) && srb->SenseInfoBufferLength >= 18) {
        UCHAR *sense = srb->SenseInfoBuffer;

        memset(sense, 0, 18);
        sense[0] = 0x70;
        sense[2] = with.key;
        sense[7] = 10;
        sense[12] = with.asc;
        sense[13] = with.ascq;
    }
    return end_irp(irp, with.status, with.srb == SRB_STATUS_SUCCESS ? srb->DataTransferLength : 0);
}

HELPER NTSTATUS port_scsi(PDEVICE_OBJECT device, PIRP irp)
{
    struct fake_path *path = *(struct fake_path **)device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PSCSI_REQUEST_BLOCK srb = stack->Parameters.Scsi.Srb;

    if (stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_OPENMPIO_GET_ADAPTER) {
        OPENMPIO_ADAPTER *adapter = irp->AssociatedIrp.SystemBuffer;

        memset(adapter, 0, sizeof(*adapter));
        adapter->Fdo = f.adapter[path->index];
        adapter->Pdo = f.bus_pdo;
        adapter->BusType = BusTypeFibre;
        return end_irp(irp, STATUS_SUCCESS, sizeof(*adapter));
    }
    if (srb->Function == SRB_FUNCTION_CLAIM_DEVICE || srb->Function == SRB_FUNCTION_RELEASE_DEVICE) {
        path->claimed = srb->Function == SRB_FUNCTION_CLAIM_DEVICE;
        srb->SrbStatus = SRB_STATUS_SUCCESS;
        return end_irp(irp, STATUS_SUCCESS, 0);
    }
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI && srb->Cdb[0] == SCSIOP_TEST_UNIT_READY && srb->TimeOutValue == 10) {
        path->tests++;
        return answer_srb(path, irp);
    }
    path->commands++;
    if (path->hold && !path->dead) {
        IoMarkIrpPending(irp);
        path->held[path->held_count++] = irp;
        return STATUS_PENDING;
    }
    return answer_srb(path, irp);
}

HELPER void release_path(struct fake_path *path)
{
    unsigned count = path->held_count;
    KIRQL irql;

    path->hold = false;
    path->held_count = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (unsigned i = 0; i < count; i++) {
        answer_srb(path, path->held[i]);
    }
    KeLowerIrql(irql);
}

HELPER NTSTATUS give(PIRP irp, const void *from, ULONG size, ULONG room)
{
    memcpy(irp->AssociatedIrp.SystemBuffer, from, size < room ? size : room);
    return end_irp(irp, STATUS_SUCCESS, size < room ? size : room);
}

HELPER NTSTATUS port_identifiers(const struct fake_path *path, PIRP irp, ULONG room)
{
    struct {
        ULONG version, size, count;
        STORAGE_IDENTIFIER head;
        UCHAR rest[16];
    } ids;
    STORAGE_IDENTIFIER *id = (STORAGE_IDENTIFIER *)((UCHAR *)&ids + FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers));

    if (path->naa == 0) {
        return end_irp(irp, STATUS_NOT_SUPPORTED, 0);
    }
    memset(&ids, 0, sizeof(ids));
    ids.version = sizeof(STORAGE_DEVICE_ID_DESCRIPTOR);
    ids.count = 1;
    id->CodeSet = StorageIdCodeSetBinary;
    id->Type = StorageIdTypeFCPHName;
    id->IdentifierSize = 16;
    id->Association = StorageIdAssocDevice;
    id->Identifier[0] = 0x60;
    id->Identifier[15] = path->naa;
    ids.size = (ULONG)(id->Identifier + 16 - (UCHAR *)&ids);
    return give(irp, &ids, ids.size, room);
}

HELPER NTSTATUS port_property(struct fake_path *path, PIRP irp, ULONG room)
{
    struct {
        STORAGE_DEVICE_DESCRIPTOR d;
        char text[64];
    } device;
    STORAGE_ADAPTER_DESCRIPTOR adapter;
    PSTORAGE_PROPERTY_QUERY query = irp->AssociatedIrp.SystemBuffer;
    const void *from = &device;
    ULONG size = sizeof(device);

    memset(&device, 0, sizeof(device));
    device.d.Version = sizeof(STORAGE_DEVICE_DESCRIPTOR);
    device.d.Size = sizeof(device);
    device.d.VendorIdOffset = offsetof(__typeof__(device), text);
    device.d.ProductIdOffset = device.d.VendorIdOffset + 9;
    device.d.ProductRevisionOffset = device.d.VendorIdOffset + 26;
    device.d.SerialNumberOffset = device.d.VendorIdOffset + 31;
    device.d.BusType = BusTypeFibre;
    snprintf(device.text, 9, "ACME    ");
    snprintf(device.text + 9, 17, "ARRAY           ");
    snprintf(device.text + 26, 5, "0001");
    snprintf(device.text + 31, 16, "SERIAL%u", path->lun);
    memset(&adapter, 0, sizeof(adapter));
    adapter.Version = adapter.Size = sizeof(adapter);
    adapter.MaximumTransferLength = 1 << 20;
    adapter.AlignmentMask = 3;
    adapter.SrbType = 1;
    if (query->PropertyId == StorageAdapterProperty) {
        from = &adapter;
        size = sizeof(adapter);
    } else if (query->PropertyId == StorageDeviceIdProperty) {
        return port_identifiers(path, irp, room);
    } else if (query->PropertyId != StorageDeviceProperty) {
        return end_irp(irp, STATUS_NOT_SUPPORTED, 0);
    }
    return give(irp, from, size, room);
}

HELPER NTSTATUS port_control(PDEVICE_OBJECT device, PIRP irp)
{
    struct fake_path *path = *(struct fake_path **)device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG room = stack->Parameters.DeviceIoControl.OutputBufferLength;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_STORAGE_QUERY_PROPERTY:
        return port_property(path, irp, room);
    case IOCTL_SCSI_GET_ADDRESS: {
        SCSI_ADDRESS *address = irp->AssociatedIrp.SystemBuffer;

        memset(address, 0, sizeof(*address));
        address->Length = sizeof(*address);
        address->PortNumber = 2;
        address->TargetId = (UCHAR)path->index;
        address->Lun = (UCHAR)path->lun;
        return end_irp(irp, STATUS_SUCCESS, sizeof(*address));
    }
    case IOCTL_SCSI_PASS_THROUGH:
        path->commands++;
        ((SCSI_PASS_THROUGH *)irp->AssociatedIrp.SystemBuffer)->ScsiStatus = 0;
        return end_irp(irp, STATUS_SUCCESS, sizeof(SCSI_PASS_THROUGH));
    default:
        return end_irp(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

HELPER NTSTATUS port_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS) {
        return end_irp(irp, irp->IoStatus.Status, irp->IoStatus.Information);
    }
    return end_irp(irp, STATUS_SUCCESS, 0);
}

HELPER NTSTATUS port_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    f.port_driver = driver;
    driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = port_scsi;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = port_control;
    driver->MajorFunction[IRP_MJ_PNP] = port_pnp;
    return STATUS_SUCCESS;
}

#include "fakedsm.h"

/* ---- a machine and its bodies --------------------------------------------------------------------- */

HELPER NTSTATUS dsm0_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    f.dsm_driver[0] = driver;
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm1_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    f.dsm_driver[1] = driver;
    return STATUS_SUCCESS;
}

HELPER NTSTATUS send_pnp(PDEVICE_OBJECT device, UCHAR minor, ULONG_PTR *information)
{
    PIRP irp = IoAllocateIrp((CCHAR)(device->StackSize + 1), FALSE);
    KEVENT done;
    IO_STATUS_BLOCK result;
    PIO_STACK_LOCATION stack;
    NTSTATUS status;

    IoFreeIrp(irp);
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device, NULL, 0, NULL, &done, &result);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = minor;
    if (minor == IRP_MN_QUERY_DEVICE_RELATIONS) {
        stack->Parameters.QueryDeviceRelations.Type = BusRelations;
    }
    status = IoCallDriver(device, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    if (information != NULL) {
        *information = result.Information;
    }
    return status;
}

/* The n-th pseudo-LUN that mpio reports; NULL: there are fewer. */
HELPER PDEVICE_OBJECT pseudo_lun(unsigned n)
{
    ULONG_PTR information = 0;
    PDEVICE_RELATIONS relations;
    PDEVICE_OBJECT found = NULL;

    send_pnp(MpioRoot()->BusFdo, IRP_MN_QUERY_DEVICE_RELATIONS, &information);
    relations = (PDEVICE_RELATIONS)information;
    for (ULONG i = 0; relations != NULL && i < relations->Count; i++) {
        if (i == n) {
            found = relations->Objects[i];
        }
        ObDereferenceObject(relations->Objects[i]);
    }
    if (relations != NULL) {
        ExFreePool(relations);
    }
    return found;
}

HELPER PDEVICE_OBJECT bare_device(PDRIVER_OBJECT driver, void *tag)
{
    PDEVICE_OBJECT device = NULL;

    IoCreateDevice(driver, sizeof(void *), NULL, FILE_DEVICE_MASS_STORAGE, 0, FALSE, &device);
    *(void **)device->DeviceExtension = tag;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return device;
}

/* A LUN PDO appears behind a HBA of its own and is started. TRUE: a DSM claimed it. */
HELPER bool add_path(unsigned lun)
{
    struct fake_path *path = &f.paths[f.path_count];
    ULONG_PTR claimed = 0;
    NTSTATUS status;

    path->index = f.path_count;
    path->lun = lun;
    path->naa = f.naa;
    f.adapter[f.path_count] = bare_device(f.port_driver, NULL);
    f.path_count++;
    path->pdo = bare_device(f.port_driver, path);
    status = MpioRoot()->FilterDriver->DriverExtension->AddDevice(MpioRoot()->FilterDriver, path->pdo);
    if (!NT_SUCCESS(status)) {
        return false;
    }
    CHECK(send_pnp(path->pdo->AttachedDevice, IRP_MN_START_DEVICE, &claimed) == STATUS_SUCCESS);
    return claimed == 1;
}

HELPER void remove_path(unsigned index, UCHAR minor)
{
    CHECK(NT_SUCCESS(send_pnp(f.paths[index].pdo->AttachedDevice, minor, NULL)));
}

HELPER void begin_with(uint64_t seed, bool explore)
{
    struct nt_options options = {.pool_bytes = 64u << 20};
    struct world_options world = {.seed = seed, .explore = explore};
    const char *why = "";

    memset(&f, 0, sizeof(f));
    for (unsigned i = 0; i < 2; i++) {
        f.dsms[i].type = DsmType6;
        f.dsms[i].category = DSM_PATH_SET;
        f.dsms[i].interval = MAXLONG;
        f.dsms[i].tag = "";
    }
    f.world = world_create(&world);
    f.machine = machine_create(f.world, "node", 2);
    if (!nt_create(f.machine, &options, &why)) {
        fail_msg("nt_create: %s", why);
    }
    nt_registry_add_multi(f.machine, "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV", "MPIOSupportedDeviceList",
                          "ACME    ARRAY");
}

HELPER void begin(void)
{
    begin_with(1, false);
}

HELPER void parameter(const char *name, uint32_t value)
{
    assert_true(nt_registry_set_dword(f.machine, "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\mpio\\Parameters",
                                      name, value));
}

HELPER void run_body(void *argument)
{
    void (*body)(void) = (void (*)(void))(uintptr_t)argument;

    f.bus_pdo = bare_device(f.port_driver, NULL);
    CHECK(NT_SUCCESS(MpioRoot()->Driver->DriverExtension->AddDevice(MpioRoot()->Driver, f.bus_pdo)));
    CHECK(NT_SUCCESS(send_pnp(MpioRoot()->BusFdo, IRP_MN_START_DEVICE, NULL)));
    body();
    f.finished++;
}

HELPER enum nt_rule rule_now(void)
{
    return nt_bugcheck(f.machine) != NULL ? nt_bugcheck(f.machine)->rule : RULE_NONE;
}

/* Loads the drivers, runs the body until nothing is left to do or an hour has passed. */
HELPER void run(void (*body)(void))
{
    static const struct {
        const char *service;
        void *entry;
    } drivers[] = {{"mpio", (void *)MpioDriverEntry}, {"mpdev", (void *)MpdevDriverEntry}, {"fakeport", (void *)port_entry},
                   {"fakedsm0", (void *)dsm0_entry},  {"fakedsm1", (void *)dsm1_entry}};

    for (unsigned i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        assert_true(nt_load_driver(f.machine, drivers[i].service, drivers[i].entry, NULL, NULL, NULL));
        world_run(f.world, world_now(f.world) + WORLD_SECOND);
    }
    nt_run_thread(f.machine, "test", run_body, (void *)(uintptr_t)body);
    world_run(f.world, world_now(f.world) + 3600 * WORLD_SECOND);
}

HELPER void finish(enum nt_rule rule)
{
    enum nt_rule got = rule_now();
    char text[400] = "";

    if (got != RULE_NONE) {
        snprintf(text, sizeof(text), "%s", nt_bugcheck(f.machine)->text);
    }
    world_destroy(f.world);
    if (f.failure[0] != '\0') {
        fail_msg("%s", f.failure);
    }
    if (got != rule && text[0] != '\0') {
        print_error("%s\n", text);
    }
    assert_string_equal(nt_rule_id(got), nt_rule_id(rule));
    assert_int_equal(f.finished, rule == RULE_NONE ? 1 : 0);
}

HELPER void expect(void (*body)(void), enum nt_rule rule)
{
    begin();
    run(body);
    finish(rule);
}

/* ---- I/O from above --------------------------------------------------------------------------------- */

struct io {
    SCSI_REQUEST_BLOCK srb;
    UCHAR sense[18], data[512];
    PIRP irp;
    KEVENT done;
    NTSTATUS status;
    ULONGLONG at;               /* completion time, world units */
    unsigned order;
};
static struct io ios[MAX_IO];
static unsigned io_order;

HELPER NTSTATUS io_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct io *io = context;

    (void)device;
    io->status = irp->IoStatus.Status;
    io->at = world_now(f.world);
    io->order = ++io_order;
    KeSetEvent(&io->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

HELPER struct io *start_io(PDEVICE_OBJECT lun, unsigned slot, UCHAR opcode)
{
    struct io *io = &ios[slot];
    PIO_STACK_LOCATION stack;

    memset(io, 0, sizeof(*io));
    io->status = STATUS_PENDING;
    KeInitializeEvent(&io->done, NotificationEvent, FALSE);
    io->srb.Length = sizeof(io->srb);
    io->srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    io->srb.CdbLength = 10;
    io->srb.Cdb[0] = opcode;
    io->srb.DataBuffer = io->data;
    io->srb.DataTransferLength = opcode == SCSIOP_PERSISTENT_RESERVE_OUT ? 24 : sizeof(io->data);
    io->srb.SenseInfoBuffer = io->sense;
    io->srb.SenseInfoBufferLength = sizeof(io->sense);
    io->srb.TimeOutValue = 60;
    io->irp = IoAllocateIrp((CCHAR)(lun->StackSize + 1), FALSE);
    IoSetNextIrpStackLocation(io->irp);
    stack = IoGetNextIrpStackLocation(io->irp);
    stack->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.Others.Argument3 = (PVOID)0x1234; /* left over from somebody: MPIO must clear it */
    stack->Parameters.Scsi.Srb = &io->srb;
    IoSetCompletionRoutine(io->irp, io_done, io, TRUE, TRUE, TRUE);
    (void)IoCallDriver(lun, io->irp);
    return io;
}

HELPER NTSTATUS wait_io(struct io *io)
{
    KeWaitForSingleObject(&io->done, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(io->irp);
    io->irp = NULL;
    return io->status;
}

HELPER NTSTATUS do_io(PDEVICE_OBJECT lun, UCHAR opcode)
{
    return wait_io(start_io(lun, 0, opcode));
}

HELPER bool io_finished(struct io *io)
{
    return KeReadStateEvent(&io->done) != 0;
}

HELPER unsigned events_logged(uint32_t id)
{
    unsigned count = 0;

    for (unsigned i = 0; i < nt_log_count(f.machine); i++) {
        const struct nt_log_entry *entry = nt_log_at(f.machine, i);

        count += entry != NULL && entry->id == id;
    }
    return count;
}

#endif
