/* SPDX-License-Identifier: MIT */
/*
 * A virtual miniport of one LUN, root-enumerated, that answers, keeps or spoils its requests as each test says, and
 * the machine around it.
 */
#ifndef PORT_TESTS_MINIPORT_H
#define PORT_TESTS_MINIPORT_H

#include "rig.h"

enum { ANSWER, KEEP, TWICE, PENDING, TOO_LONG, NEXT_REQUEST, FOREIGN };

static struct {
    int reads;                      /* what becomes of READ(10) */
    PVOID extension;
    PSCSI_REQUEST_BLOCK kept[8];
    unsigned kept_count;
    PVOID uncached, uncached_again, device_base;
    BOOLEAN slept, sense, single;
    unsigned bus_resets, lun_resets, target_resets, surprised, freed, tracing;
    BOOLEAN keeps_resets;
    ULONG elements, bytes, first;   /* of the last scatter/gather list */
    PIRP service;
} mini;

static uint16_t service_name[] = u"mini";

/* ---- the miniport --------------------------------------------------------------------------------------------- */
static inline VOID finish(PSCSI_REQUEST_BLOCK srb, UCHAR status)
{
    srb->SrbStatus = status;
    StorPortNotification(RequestComplete, mini.extension, srb);
}

static inline VOID look_at_list(PSCSI_REQUEST_BLOCK srb)
{
    PSTOR_SCATTER_GATHER_LIST list = StorPortGetScatterGatherList(mini.extension, srb);

    mini.elements = mini.bytes = mini.first = 0;
    for (ULONG i = 0; list != NULL && i < list->NumberOfElements; i++) {
        ULONG within = (ULONG)list->List[i].PhysicalAddress.QuadPart & (PAGE_SIZE - 1);

        CHECK(list->List[i].Length != 0 && within + list->List[i].Length <= PAGE_SIZE && (i == 0 || within == 0));
        CHECK(StorPortGetVirtualAddress(mini.extension, list->List[i].PhysicalAddress) == (PUCHAR)srb->DataBuffer + mini.bytes);
        mini.elements++;
        mini.bytes += list->List[i].Length;
    }
    if (list != NULL)
        mini.first = list->List[0].Length;
}

static inline VOID read_blocks(PSCSI_REQUEST_BLOCK srb)
{
    static SCSI_REQUEST_BLOCK foreign;
    static struct {
        PORT_REQUEST request;
        UCHAR more[64];
    } block;

    look_at_list(srb);
    switch (mini.reads) {
    case KEEP:
        if (mini.kept_count < RTL_NUMBER_OF(mini.kept))
            mini.kept[mini.kept_count++] = srb;
        return;
    case TWICE:
        finish(srb, SRB_STATUS_SUCCESS);
        finish(srb, SRB_STATUS_SUCCESS);
        return;
    case PENDING:
        finish(srb, SRB_STATUS_PENDING);
        return;
    case TOO_LONG:
        srb->DataTransferLength++;
        break;
    case NEXT_REQUEST:
        StorPortNotification(NextRequest, mini.extension);
        break;
    case FOREIGN:
        foreign.SrbExtension = block.request.Extension;
        finish(&foreign, SRB_STATUS_SUCCESS);
        return;
    }
    finish(srb, SRB_STATUS_SUCCESS);
}

static inline VOID answer_inquiry(PSCSI_REQUEST_BLOCK srb)
{
    static const UCHAR data[36] = {0, 0, 5, 2, 31, 0, 0, 2, 'M', 'I', 'N', 'I', ' ', ' ', ' ', ' ', 'D', 'I', 'S', 'K'};
    static const UCHAR pages[4] = {0};
    ULONG length = (srb->Cdb[1] & 1) != 0 ? sizeof pages : sizeof data;

    if (length > srb->DataTransferLength)
        length = srb->DataTransferLength;
    memcpy(srb->DataBuffer, (srb->Cdb[1] & 1) != 0 ? pages : data, length);
    srb->DataTransferLength = length;
    finish(srb, SRB_STATUS_SUCCESS);
}

static inline BOOLEAN mini_start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    static const UCHAR luns[16] = {0, 0, 0, 8};

    (void)extension;
    if (srb->Function == SRB_FUNCTION_RESET_LOGICAL_UNIT || srb->Function == SRB_FUNCTION_RESET_DEVICE) {
        mini.lun_resets += srb->Function == SRB_FUNCTION_RESET_LOGICAL_UNIT;
        mini.target_resets += srb->Function == SRB_FUNCTION_RESET_DEVICE;
        if (!mini.keeps_resets)
            finish(srb, SRB_STATUS_SUCCESS);
        return TRUE;
    }
    if (srb->TargetId != 0 || srb->Lun != 0) {
        finish(srb, SRB_STATUS_NO_DEVICE);
        return TRUE;
    }
    switch (srb->Cdb[0]) {
    case 0x12:
        answer_inquiry(srb);
        break;
    case 0xA0:
        memcpy(srb->DataBuffer, luns, sizeof luns);
        srb->DataTransferLength = sizeof luns;
        finish(srb, SRB_STATUS_SUCCESS);
        break;
    case 0x28:
        read_blocks(srb);
        break;
    default:
        finish(srb, SRB_STATUS_SUCCESS);
        break;
    }
    return TRUE;
}

static inline BOOLEAN mini_reset_bus(PVOID extension, ULONG path)
{
    (void)extension, (void)path;
    mini.bus_resets++;
    while (!mini.keeps_resets && mini.kept_count != 0)
        finish(mini.kept[--mini.kept_count], SRB_STATUS_BUS_RESET);
    return TRUE;
}

/* A virtual miniport may wait here. */
static inline BOOLEAN mini_initialize(PVOID extension)
{
    LARGE_INTEGER time;

    (void)extension;
    time.QuadPart = -10;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
    mini.slept = TRUE;
    return TRUE;
}

static inline SCSI_ADAPTER_CONTROL_STATUS mini_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)extension;
    if (type == ScsiQuerySupportedControlTypes)
        list->SupportedTypeList[ScsiAdapterSurpriseRemoval] = TRUE;
    mini.surprised += type == ScsiAdapterSurpriseRemoval;
    return ScsiAdapterControlSuccess;
}

static inline VOID mini_service(PVOID extension, PVOID irp)
{
    (void)extension;
    mini.service = irp;
}

static inline VOID mini_free(PVOID extension)
{
    (void)extension;
    mini.freed++;
}

static inline VOID mini_tracing(PVOID one, PVOID other)
{
    CHECK(one != NULL && other != NULL);
    mini.tracing++;
}

static inline VOID mini_tracing_end(PVOID one)
{
    CHECK(one != NULL && mini.freed != 0);
    mini.tracing--;
}

static inline ULONG mini_find(PVOID extension, PVOID context, PVOID bus, PVOID lower, PCHAR argument,
                       PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    STOR_PHYSICAL_ADDRESS zero = {.QuadPart = 0};

    (void)context, (void)bus, (void)argument;
    CHECK(lower != NULL);
    *again = FALSE;
    mini.extension = extension;
    mini.uncached = StorPortGetUncachedExtension(extension, config, 4096);
    mini.uncached_again = StorPortGetUncachedExtension(extension, config, 4096);
    mini.device_base = StorPortGetDeviceBase(extension, PCIBus, 0, zero, 4096, FALSE);
    config->NumberOfBuses = 1;
    config->VirtualDevice = TRUE;
    config->MaximumNumberOfTargets = 2;
    config->ResetTargetSupported = TRUE;
    config->AutoRequestSense = mini.sense;
    config->MultipleRequestPerLu = !mini.single;
    return SP_RETURN_FOUND;
}

static inline NTSTATUS mini_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    VIRTUAL_HW_INITIALIZATION_DATA data = {
        .HwInitializationDataSize = sizeof data,
        .HwInitialize = mini_initialize,
        .HwStartIo = mini_start_io,
        .HwFindAdapter = mini_find,
        .HwResetBus = mini_reset_bus,
        .HwAdapterControl = mini_control,
        .HwFreeAdapterResources = mini_free,
        .HwProcessServiceRequest = mini_service,
        .HwInitializeTracing = mini_tracing,
        .HwCleanupTracing = mini_tracing_end,
        .MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE,
        .NeedPhysicalAddresses = TRUE,
        .TaggedQueuing = TRUE,
        .AutoRequestSense = TRUE,
        .MultipleRequestPerLu = TRUE,
    };

    return (NTSTATUS)StorPortInitialize(driver, path, (PHW_INITIALIZATION_DATA)&data, NULL);
}

/* ---- the machine around it ---------------------------------------------------------------------------------------- */
static inline void destroy(struct hba *h)
{
    (void)h;
}

static const struct hba_operations nothing = {.destroy = destroy};
static struct hba slot;

static inline void boot(void)
{
    struct world_options options = {.seed = 1};
    struct nt_options kernel = {.pool_bytes = 64u << 20};
    const char *why = "";

    memset(&rig, 0, sizeof rig);
    rig.world = world_create(&options);
    rig.machine = machine_create(rig.world, "node", 2);
    if (!nt_create(rig.machine, &kernel, &why))
        fail_msg("nt_create: %s", why);
    slot = (struct hba){.operations = &nothing, .name = "mini", .kind = HBA_DRIVER, .service = service_name};
    fabric_add_hba(rig.machine, &slot);
    assert_true(nt_load_driver(rig.machine, "mini", (void *)mini_entry, NULL, NULL, NULL));
    world_run(rig.world, 0);
    nt_run_thread(rig.machine, "boot", rig_boot_thread, NULL);
    world_run(rig.world, WORLD_SECOND);
    rig_check(1);
    rig.finished = 0;
}

static inline void begin(int reads)
{
    memset(&mini, 0, sizeof mini);
    mini.sense = TRUE;
    boot();
    mini.reads = reads;
}

static inline void end(void)
{
    fabric_destroy_hbas(rig.machine);
    world_destroy(rig.world);
}

static inline PPORT_ADAPTER adapter(void)
{
    for (PDEVICE_OBJECT d = NtFindDriver(service_name)->DeviceObject; d != NULL; d = d->NextDevice)
        if (((PPORT_HEADER)d->DeviceExtension)->Kind == PORT_KIND_ADAPTER)
            return d->DeviceExtension;
    return NULL;
}

static inline PPORT_UNIT unit(void)
{
    return PortFindUnit(adapter(), 0, 0, 0);
}

static DECLSPEC_ALIGN(4096) UCHAR buffer[4 * 4096];

/* A READ that nobody waits for; its SRB and whether it is back. */
struct reading {
    SCSI_REQUEST_BLOCK srb;
    volatile LONG back;
};

static inline NTSTATUS reading_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct reading *r = context;

    (void)device;
    r->back = 1;
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static inline void start_read(struct reading *r, ULONG seconds)
{
    PIRP irp = IoAllocateIrp(unit()->Header.Self->StackSize, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);

    rig_srb(&r->srb, SRB_FLAGS_DATA_IN, buffer, 512, 0x28, 0, 1);
    r->srb.TimeOutValue = seconds;
    r->back = 0;
    stack->MajorFunction = IRP_MJ_SCSI;
    stack->MinorFunction = IRP_MN_SCSI_CLASS;
    stack->Parameters.Scsi.Srb = &r->srb;
    IoSetCompletionRoutine(irp, reading_done, r, TRUE, TRUE, TRUE);
    IoCallDriver(unit()->Header.Self, irp);
}

static inline void release(void)
{
    while (mini.kept_count != 0)
        finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
}

#endif
