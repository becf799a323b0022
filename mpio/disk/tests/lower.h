/* SPDX-License-Identifier: MIT */
/*
 * A machine with the disk driver on top of a lower device that the test scripts: each READ, WRITE,
 * SYNCHRONIZE CACHE takes the next step (success when there is none) and is written down with its time.
 * Bodies run as a system thread; they use CHECK, since CMocka's asserts jump.
 */
#ifndef MPIO_DISK_TESTS_LOWER_H
#define MPIO_DISK_TESTS_LOWER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "nt/nt.h"
#include "disk/disk.h"

struct step {
    UCHAR srb, scsi, key, asc, ascq;
    bool hold;                          /* keep it until release_held */
};
struct command {
    uint64_t time;
    UCHAR function, opcode, cdb1;
    ULONGLONG lba;
    ULONG blocks, flags, timeout;
};

static struct lower {
    struct world *world;
    struct machine *machine;
    PDRIVER_OBJECT driver;
    PDEVICE_OBJECT pdo, disk;
    struct step step[64];
    unsigned steps, next;
    struct command seen[256];
    unsigned count;
    PIRP held[64];
    unsigned held_count;
    ULONG max_transfer, max_pages, blocks, block_size;
    UCHAR wce;
    ULONG short_of_memory;              /* blocks; larger transfers are refused */
    unsigned arrived, gone, finished;
    char failure[300];
} t;

#define CHECK(condition)                                                                         \
    do {                                                                                         \
        if (!(condition) && t.failure[0] == '\0')                                                \
            snprintf(t.failure, sizeof t.failure, "%s:%d: %s", __FILE__, __LINE__, #condition);  \
    } while (0)

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    STORAGE_PROPERTY_QUERY *query = irp->AssociatedIrp.SystemBuffer;
    ULONG room = stack->Parameters.DeviceIoControl.OutputBufferLength;
    STORAGE_ADAPTER_DESCRIPTOR adapter = {sizeof adapter, sizeof adapter, t.max_transfer, t.max_pages, 0, 0, 0, 1,
                                          1, BusTypeFibre, 0, 0, 0, 0};
    struct { STORAGE_DEVICE_DESCRIPTOR d; char text[32]; } d = {{40, sizeof d, 0, 0, 0, 1, 40, 0, 0, 48, BusTypeFibre, 0, {0}},
                                                                "VENDOR \0SERIAL7"};
    const void *answer = &d;
    ULONG size = sizeof d;

    (void)device;
    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_STORAGE_QUERY_PROPERTY ||
        query->PropertyId > StorageAdapterProperty)
        return finish(irp, STATUS_NOT_SUPPORTED, 0);
    if (query->PropertyId == StorageAdapterProperty) {
        answer = &adapter;
        size = sizeof adapter;
    }
    size = size < room ? size : room;
    memcpy(irp->AssociatedIrp.SystemBuffer, answer, size);
    return finish(irp, STATUS_SUCCESS, size);
}

static void put32(UCHAR *to, ULONG value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        to[i] = (UCHAR)value;
}

static void apply(SCSI_REQUEST_BLOCK *srb, const struct step *s)
{
    srb->SrbStatus = s->srb;
    srb->ScsiStatus = s->scsi;
    if (s->key | s->asc) {
        UCHAR sense[18] = {0x70, 0, s->key, 0, 0, 0, 0, 10, 0, 0, 0, 0, s->asc, s->ascq};
        srb->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
        srb->ScsiStatus = 2;
        memcpy(srb->SenseInfoBuffer, sense, sizeof sense);
        srb->SenseInfoBufferLength = sizeof sense;
    }
    if (SRB_STATUS(s->srb) != SRB_STATUS_SUCCESS)
        srb->DataTransferLength = 0; /* ports change it */
}

static NTSTATUS end_srb(PIRP irp, SCSI_REQUEST_BLOCK *srb)
{
    return finish(irp, SRB_STATUS(srb->SrbStatus) == SRB_STATUS_SUCCESS ? STATUS_SUCCESS : STATUS_IO_DEVICE_ERROR, 0);
}

static NTSTATUS execute(PIRP irp, SCSI_REQUEST_BLOCK *srb)
{
    struct command *c = &t.seen[t.count++ % 256];
    struct step s = {.srb = SRB_STATUS_SUCCESS};

    *c = (struct command){world_now(t.world), srb->Function, srb->Cdb[0], srb->Cdb[1], 0, 0, srb->SrbFlags, srb->TimeOutValue};
    DiskCommandRange(srb->Cdb, &c->lba, &c->blocks);
    CHECK(srb->OriginalRequest == irp);
    if (srb->DataTransferLength)
        CHECK(irp->MdlAddress && MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority) == srb->DataBuffer &&
              MmGetMdlByteCount(irp->MdlAddress) == srb->DataTransferLength);
    if (t.next < t.steps)
        s = t.step[t.next++];
    if (t.short_of_memory && c->blocks > t.short_of_memory) {
        srb->SrbStatus = SRB_STATUS_INTERNAL_ERROR;
        srb->InternalStatus = (ULONG)STATUS_INSUFFICIENT_RESOURCES;
        return end_srb(irp, srb);
    }
    if (s.hold) {
        IoMarkIrpPending(irp);
        t.held[t.held_count++] = irp;
        return STATUS_PENDING;
    }
    apply(srb, &s);
    return end_srb(irp, srb);
}

static NTSTATUS scsi(PDEVICE_OBJECT device, PIRP irp)
{
    SCSI_REQUEST_BLOCK *srb = IoGetCurrentIrpStackLocation(irp)->Parameters.Scsi.Srb;
    UCHAR *data = srb->DataBuffer;

    (void)device;
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    if (srb->Function == SRB_FUNCTION_CLAIM_DEVICE)
        return finish(irp, STATUS_SUCCESS, 0);
    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI) {
        struct step none = {.srb = SRB_STATUS_SUCCESS};
        t.seen[t.count++ % 256] = (struct command){.time = world_now(t.world), .function = srb->Function};
        apply(srb, &none);
        return end_srb(irp, srb);
    }
    switch (srb->Cdb[0]) {
    case SCSIOP_READ_CAPACITY:
        put32(data, t.blocks - 1);
        put32(data + 4, t.block_size);
        return end_srb(irp, srb);
    case SCSIOP_INQUIRY:
        apply(srb, &(struct step){.srb = SRB_STATUS_ERROR, .key = 5, .asc = 0x24});
        return end_srb(irp, srb);
    case SCSIOP_MODE_SENSE:
        memset(data, 0, srb->DataTransferLength);
        data[0] = 23;
        data[4] = 0x08;
        data[5] = 18;
        data[6] = t.wce;
        srb->DataTransferLength = 24;
        return end_srb(irp, srb);
    default:
        return execute(irp, srb);
    }
}

static NTSTATUS plug(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS LowerEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    t.driver = driver;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    driver->MajorFunction[IRP_MJ_SCSI] = scsi;
    driver->MajorFunction[IRP_MJ_PNP] = plug;
    return STATUS_SUCCESS;
}

static inline void release_held(struct step with)
{
    unsigned count = t.held_count;

    t.held_count = 0;
    for (unsigned i = 0; i < count; i++) {
        SCSI_REQUEST_BLOCK *srb = IoGetCurrentIrpStackLocation(t.held[i])->Parameters.Scsi.Srb;
        apply(srb, &with);
        end_srb(t.held[i], srb);
    }
}

static inline NTSTATUS send_pnp(UCHAR minor)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(t.pdo);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    (void)iosb;
    status = IoCallDriver(top, irp);
    CHECK(status != STATUS_PENDING);
    IoFreeIrp(irp);
    ObDereferenceObject(top);
    return status;
}

static inline void observer(void *context, PDEVICE_OBJECT device, BOOLEAN arrived)
{
    (void)context;
    if (arrived) {
        t.arrived++;
        t.disk = device;
    } else {
        t.gone++;
    }
}

static inline void start_body(void)
{
    PDRIVER_OBJECT disk = NtFindDriver(u"disk");

    DiskObserve(observer, NULL);
    CHECK(NT_SUCCESS(IoCreateDevice(t.driver, 0, NULL, FILE_DEVICE_MASS_STORAGE, 0, FALSE, &t.pdo)));
    t.pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    CHECK(NT_SUCCESS(disk->DriverExtension->AddDevice(disk, t.pdo)));
    CHECK(NT_SUCCESS(send_pnp(IRP_MN_START_DEVICE)));
    CHECK(t.arrived == 1);
    t.count = 0;
}

static inline void run_body(void *argument)
{
    start_body();
    ((void (*)(void))argument)();
    t.finished++;
}

static inline void prepare(void)
{
    memset(&t, 0, sizeof t);
    t.max_transfer = 1 << 20;
    t.max_pages = 257;
    t.blocks = 0x100000;
    t.block_size = 512;
    t.wce = 0x04;
}

/* The body in a fresh machine, until the world is idle; it must end, without a bug check. */
static inline void run(void (*body)(void))
{
    struct nt_options options = {.pool_bytes = 64u << 20};
    const char *why = "";

    t.world = world_create(&(struct world_options){.seed = 1});
    t.machine = machine_create(t.world, "node", 2);
    assert_true(nt_create(t.machine, &options, &why));
    assert_true(nt_load_driver(t.machine, "disk", (void *)DiskDriverEntry, NULL, NULL, NULL));
    assert_true(nt_load_driver(t.machine, "lower", (void *)LowerEntry, NULL, NULL, NULL));
    world_run(t.world, 0);
    nt_run_thread(t.machine, "test", run_body, (void *)body);
    world_run(t.world, 3600 * WORLD_SECOND);
    if (nt_bugcheck(t.machine))
        print_error("%s\n", nt_bugcheck(t.machine)->text);
    assert_null(nt_bugcheck(t.machine));
    if (t.failure[0] == '\0')
        CHECK(t.finished == 1);
    world_destroy(t.world);
    if (t.failure[0])
        fail_msg("%s", t.failure);
}

/* ---- I/O from a body ----------------------------------------------------------------------------------- */
struct request {
    DISK_IO io;
    KEVENT event;
    unsigned done;
};

static inline void request_done(DISK_IO *io)
{
    struct request *r = io->User;

    r->done++;
    KeSetEvent(&r->event, 0, FALSE);
}

static inline void submit(struct request *r, DISK_OPERATION operation, ULONGLONG lba, ULONG blocks, void *buffer)
{
    memset(r, 0, sizeof *r);
    KeInitializeEvent(&r->event, NotificationEvent, FALSE);
    r->io.Operation = operation;
    r->io.Lba = lba;
    r->io.Blocks = blocks;
    r->io.Buffer = buffer;
    r->io.Done = request_done;
    r->io.User = r;
    DiskSubmit(t.disk, &r->io);
}

static inline NTSTATUS transfer(struct request *r, DISK_OPERATION operation, ULONGLONG lba, ULONG blocks, void *buffer)
{
    submit(r, operation, lba, blocks, buffer);
    KeWaitForSingleObject(&r->event, Executive, KernelMode, FALSE, NULL);
    CHECK(r->done == 1);
    return r->io.Status;
}

static inline void script(unsigned count, struct step s)
{
    for (unsigned i = 0; i < count; i++)
        t.step[t.steps++] = s;
}

#endif
