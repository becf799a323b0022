/* SPDX-License-Identifier: MIT */
/*
 * What the port bears from a miniport it did not grow up with, and what it calls a breach: a virtual miniport of
 * one LUN, root-enumerated, that answers, keeps or spoils its requests as each test says.
 */
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
static VOID finish(PSCSI_REQUEST_BLOCK srb, UCHAR status)
{
    srb->SrbStatus = status;
    StorPortNotification(RequestComplete, mini.extension, srb);
}

static VOID look_at_list(PSCSI_REQUEST_BLOCK srb)
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

static VOID read_blocks(PSCSI_REQUEST_BLOCK srb)
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

static VOID answer_inquiry(PSCSI_REQUEST_BLOCK srb)
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

static BOOLEAN mini_start_io(PVOID extension, PSCSI_REQUEST_BLOCK srb)
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

static BOOLEAN mini_reset_bus(PVOID extension, ULONG path)
{
    (void)extension, (void)path;
    mini.bus_resets++;
    while (!mini.keeps_resets && mini.kept_count != 0)
        finish(mini.kept[--mini.kept_count], SRB_STATUS_BUS_RESET);
    return TRUE;
}

/* A virtual miniport may wait here. */
static BOOLEAN mini_initialize(PVOID extension)
{
    LARGE_INTEGER time;

    (void)extension;
    time.QuadPart = -10;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
    mini.slept = TRUE;
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS mini_control(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type, PVOID parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = parameters;

    (void)extension;
    if (type == ScsiQuerySupportedControlTypes)
        list->SupportedTypeList[ScsiAdapterSurpriseRemoval] = TRUE;
    mini.surprised += type == ScsiAdapterSurpriseRemoval;
    return ScsiAdapterControlSuccess;
}

static VOID mini_service(PVOID extension, PVOID irp)
{
    (void)extension;
    mini.service = irp;
}

static VOID mini_free(PVOID extension)
{
    (void)extension;
    mini.freed++;
}

static VOID mini_tracing(PVOID one, PVOID other)
{
    CHECK(one != NULL && other != NULL);
    mini.tracing++;
}

static VOID mini_tracing_end(PVOID one)
{
    CHECK(one != NULL && mini.freed != 0);
    mini.tracing--;
}

static ULONG mini_find(PVOID extension, PVOID context, PVOID bus, PVOID lower, PCHAR argument,
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

static NTSTATUS mini_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
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
static void destroy(struct hba *h)
{
    (void)h;
}

static const struct hba_operations nothing = {.destroy = destroy};
static struct hba slot;

static void boot(void)
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

static void begin(int reads)
{
    memset(&mini, 0, sizeof mini);
    mini.sense = TRUE;
    boot();
    mini.reads = reads;
}

static void end(void)
{
    fabric_destroy_hbas(rig.machine);
    world_destroy(rig.world);
}

static PPORT_ADAPTER adapter(void)
{
    for (PDEVICE_OBJECT d = NtFindDriver(service_name)->DeviceObject; d != NULL; d = d->NextDevice)
        if (((PPORT_HEADER)d->DeviceExtension)->Kind == PORT_KIND_ADAPTER)
            return d->DeviceExtension;
    return NULL;
}

static PPORT_UNIT unit(void)
{
    return PortFindUnit(adapter(), 0, 0, 0);
}

static DECLSPEC_ALIGN(4096) UCHAR buffer[4 * 4096];

/* A READ that nobody waits for; its SRB and whether it is back. */
struct reading {
    SCSI_REQUEST_BLOCK srb;
    volatile LONG back;
};

static NTSTATUS reading_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct reading *r = context;

    (void)device;
    r->back = 1;
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void start_read(struct reading *r, ULONG seconds)
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

static void release(void)
{
    while (mini.kept_count != 0)
        finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
}

/* ---- breaches -------------------------------------------------------------------------------------------------------- */
static void read_body(void *argument)
{
    (void)argument;
    rig_io(unit(), FALSE, 0, buffer, 1);
    rig.finished++;
}

static void expect(int reads, const char *rule)
{
    begin(reads);
    nt_run_thread(rig.machine, "test", read_body, NULL);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    const struct nt_bugcheck *bug = nt_bugcheck(rig.machine);
    assert_non_null(bug);
    assert_string_equal(nt_rule_id(bug->rule), rule);
    end();
}

static void request_completed_twice(void **s) { (void)s; expect(TWICE, "SP-SRB-01"); }
static void request_of_nobody_completed(void **s) { (void)s; expect(FOREIGN, "SP-SRB-01"); }
static void request_completed_as_pending(void **s) { (void)s; expect(PENDING, "SP-SRB-02"); }
static void request_completed_with_more_data_than_room(void **s) { (void)s; expect(TOO_LONG, "SP-SRB-03"); }
static void scsi_port_notification(void **s) { (void)s; expect(NEXT_REQUEST, "SP-NTF-01"); }

/* ---- what it may do -------------------------------------------------------------------------------------------------- */
static void start_body(void *argument)
{
    (void)argument;
    CHECK(unit() != NULL && unit()->Header.Self != NULL);
    CHECK(mini.slept && mini.uncached != NULL && mini.uncached == mini.uncached_again && mini.device_base == NULL);
    CHECK(StorPortGetUncachedExtension(mini.extension, NULL, 4096) == mini.uncached);
    rig.finished++;
}

static void virtual_miniport_initializes_at_passive_level_and_maps_no_hardware(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(start_body, WORLD_SECOND);
    end();
}

static void scatter_body(void *argument)
{
    (void)argument;
    CHECK(rig_io(unit(), FALSE, 0, buffer, 8) == STATUS_SUCCESS);
    CHECK(mini.elements == 1 && mini.bytes == 4096);
    CHECK(rig_io(unit(), FALSE, 0, buffer + 4096 - 512, 10) == STATUS_SUCCESS);
    CHECK(mini.elements == 3 && mini.bytes == 5120 && mini.first == 512);
    CHECK(rig_io(unit(), FALSE, 0, buffer + 4096 - 512, 1) == STATUS_SUCCESS);
    CHECK(mini.elements == 1 && mini.bytes == 512);
    rig.finished++;
}

static void scatter_gather_list_has_one_element_per_page(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(scatter_body, WORLD_SECOND);
    end();
}

static void single_body(void *argument)
{
    static struct reading one, other;

    (void)argument;
    start_read(&one, 10);
    start_read(&other, 10);
    CHECK(mini.kept_count == 1);
    release();
    CHECK(one.back && !other.back && mini.kept_count == 1);
    release();
    CHECK(other.back);
    rig.finished++;
}

static void multiple_request_per_lu_false_is_one_request_at_a_time(void **s)
{
    (void)s;
    memset(&mini, 0, sizeof mini);
    mini.sense = mini.single = TRUE;
    boot();
    mini.reads = KEEP;
    rig_run(single_body, WORLD_SECOND);
    end();
}

static void pause_body(void *argument)
{
    static struct reading r;

    (void)argument;
    CHECK(StorPortPause(mini.extension, 2));
    start_read(&r, 10);
    rig_sleep(1900 * WORLD_MS);
    CHECK(!r.back);
    rig_sleep(200 * WORLD_MS);
    CHECK(r.back);
    CHECK(StorPortPauseDevice(mini.extension, 0, 0, 0, 60) && !StorPortPauseDevice(mini.extension, 0, 7, 0, 60));
    start_read(&r, 10);
    rig_sleep(WORLD_SECOND);
    CHECK(!r.back);
    CHECK(StorPortResumeDevice(mini.extension, 0, 0, 0));
    rig_sleep(WORLD_MS);
    CHECK(r.back);
    rig.finished++;
}

static void pauses_end_by_time_or_by_resume(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(pause_body, 10 * WORLD_SECOND);
    end();
}

static void busy_body(void *argument)
{
    static struct reading r[3];

    (void)argument;
    CHECK(!StorPortDeviceBusy(mini.extension, 0, 0, 0, 1)); /* nothing would end it */
    start_read(&r[0], 10);
    start_read(&r[1], 10);
    CHECK(StorPortDeviceBusy(mini.extension, 0, 0, 0, 1));
    start_read(&r[2], 10);
    CHECK(mini.kept_count == 2);
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(r[1].back && mini.kept_count == 2); /* one is back: the third has started */
    CHECK(StorPortBusy(mini.extension, 2));
    start_read(&r[1], 10);
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(mini.kept_count == 1); /* two were to come back, one has */
    finish(mini.kept[--mini.kept_count], SRB_STATUS_SUCCESS);
    rig_sleep(WORLD_MS);
    CHECK(mini.kept_count == 1);
    release();
    CHECK(r[0].back && r[1].back && r[2].back);
    rig.finished++;
}

static void busy_ends_when_so_many_requests_are_back(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(busy_body, WORLD_SECOND);
    end();
}

static void link_body(void *argument)
{
    static struct reading r;

    (void)argument;
    StorPortNotification(LinkDown, mini.extension);
    start_read(&r, 10);
    rig_sleep(29 * WORLD_SECOND);
    CHECK(!r.back);
    StorPortNotification(LinkUp, mini.extension);
    rig_sleep(WORLD_MS);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_SUCCESS);
    StorPortNotification(LinkDown, mini.extension);
    start_read(&r, 10);
    rig_sleep(29 * WORLD_SECOND);
    CHECK(!r.back);
    rig_sleep(2 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_LINK_DOWN);
    start_read(&r, 10);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_LINK_DOWN);
    StorPortNotification(LinkUp, mini.extension);
    rig_sleep(WORLD_MS);
    start_read(&r, 10);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_SUCCESS);
    rig.finished++;
}

static void link_down_holds_requests_for_thirty_seconds(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(link_body, 100 * WORLD_SECOND);
    end();
}

static void ladder_body(void *argument)
{
    static struct reading r;

    (void)argument;
    start_read(&r, 3);
    rig_sleep(10 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_TIMEOUT);
    CHECK(mini.lun_resets == 1 && mini.target_resets == 1 && mini.bus_resets == 1);
    rig.finished++;
}

static void kept_request_is_ended_by_bus_reset(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(ladder_body, 60 * WORLD_SECOND);
    end();
}

/* Not even the reset requests come back: 10 s for each of the two rungs, then HwResetBus, which does nothing. */
static void dead_body(void *argument)
{
    static struct reading r;

    (void)argument;
    mini.keeps_resets = TRUE;
    start_read(&r, 3);
    rig_sleep(30 * WORLD_SECOND);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_TIMEOUT);
    CHECK(mini.lun_resets == 1 && mini.target_resets == 1 && mini.bus_resets == 1);
    rig.finished++;
}

static void dead_miniport_cannot_keep_a_sender_waiting(void **s)
{
    (void)s;
    begin(KEEP);
    rig_run(dead_body, 60 * WORLD_SECOND);
    end();
}

static void service_body(void *argument)
{
    PDEVICE_OBJECT device = adapter()->Header.Self;
    IO_STATUS_BLOCK result;
    KEVENT event;
    PIRP irp;

    (void)argument;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_MINIPORT_PROCESS_SERVICE_IRP, device, NULL, 0, NULL, 0, FALSE, &event, &result);
    CHECK(IoCallDriver(device, irp) == STATUS_PENDING && mini.service == irp);
    irp->IoStatus.Status = STATUS_DISK_FULL;
    CHECK(StorPortCompleteServiceIrp(mini.extension, irp) == STOR_STATUS_SUCCESS);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK(result.Status == STATUS_DISK_FULL);
    rig.finished++;
}

static void service_request_is_the_miniports_until_it_completes_it(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(service_body, WORLD_SECOND);
    end();
}

static void surprise_body(void *argument)
{
    static struct reading r;
    PIRP irp = IoAllocateIrp(4, FALSE);
    PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
    KEVENT event;

    (void)argument;
    CHECK(StorPortPause(mini.extension, 60));
    start_read(&r, 10);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = IRP_MN_SURPRISE_REMOVAL;
    IoSetCompletionRoutine(irp, rig_done, &event, TRUE, TRUE, TRUE);
    IoCallDriver(adapter()->Header.Self, irp);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    IoFreeIrp(irp);
    CHECK(mini.surprised == 1);
    CHECK(r.back && SRB_STATUS(r.srb.SrbStatus) == SRB_STATUS_NO_DEVICE);
    PnpShutdown();
    rig.finished++;
}

static void surprise_removal_fails_what_waits_and_tells_the_miniport(void **s)
{
    (void)s;
    begin(ANSWER);
    rig_run(surprise_body, 10 * WORLD_SECOND);
    assert_int_equal(mini.freed, 1);
    end();
}

static void unload_done(void *user, int32_t status)
{
    *(int32_t *)user = status;
}

static void shutdown_body(void *argument)
{
    (void)argument;
    CHECK(mini.tracing == 1);
    PnpShutdown();
    CHECK(mini.freed == 1 && mini.tracing == 1);
    rig.finished++;
}

static void unload_frees_adapters_first_and_ends_tracing(void **s)
{
    int32_t status = -1;

    (void)s;
    begin(ANSWER);
    rig_run(shutdown_body, 10 * WORLD_SECOND);
    nt_unload_driver(rig.machine, "mini", unload_done, &status);
    world_run(rig.world, world_now(rig.world) + WORLD_SECOND);
    assert_int_equal(status, 0);
    assert_int_equal(mini.tracing, 0);
    rig_check(1);
    end();
}

static void miniport_without_autosense_is_refused(void **s)
{
    bool told = false;

    (void)s;
    memset(&mini, 0, sizeof mini);
    boot();
    for (unsigned i = 0; i < nt_log_count(rig.machine); i++)
        told = told || strstr(nt_log_at(rig.machine, i)->text, "AutoRequestSense is FALSE") != NULL;
    assert_true(told);
    assert_int_equal(mini.freed, 1);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_completed_twice),
        cmocka_unit_test(request_of_nobody_completed),
        cmocka_unit_test(request_completed_as_pending),
        cmocka_unit_test(request_completed_with_more_data_than_room),
        cmocka_unit_test(scsi_port_notification),
        cmocka_unit_test(virtual_miniport_initializes_at_passive_level_and_maps_no_hardware),
        cmocka_unit_test(scatter_gather_list_has_one_element_per_page),
        cmocka_unit_test(multiple_request_per_lu_false_is_one_request_at_a_time),
        cmocka_unit_test(pauses_end_by_time_or_by_resume),
        cmocka_unit_test(busy_ends_when_so_many_requests_are_back),
        cmocka_unit_test(link_down_holds_requests_for_thirty_seconds),
        cmocka_unit_test(kept_request_is_ended_by_bus_reset),
        cmocka_unit_test(dead_miniport_cannot_keep_a_sender_waiting),
        cmocka_unit_test(service_request_is_the_miniports_until_it_completes_it),
        cmocka_unit_test(surprise_removal_fails_what_waits_and_tells_the_miniport),
        cmocka_unit_test(unload_frees_adapters_first_and_ends_tracing),
        cmocka_unit_test(miniport_without_autosense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
