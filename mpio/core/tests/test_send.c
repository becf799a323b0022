/* SPDX-License-Identifier: MIT */
/*
 * What a DSM sends itself, what it asks MPIO, its WMI providers; and everything at once under many
 * schedules.
 */
#include "fixture.h"

struct own {
    PIRP irp;
    SCSI_REQUEST_BLOCK srb;
    unsigned completed;
    NTSTATUS status;
};
static struct own own;

static NTSTATUS own_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct own *one = context;

    (void)device;
    if (irp->PendingReturned) {
        IoMarkIrpPending(irp); /* writes the hidden location of an allocated IRP */
    }
    one->completed++;
    one->status = irp->IoStatus.Status;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* As DSMs do: only the SRB and the completion routine are set. */
static NTSTATUS send_own(PDEVICE_OBJECT target, PVOID id, ULONG flags)
{
    memset(&own.srb, 0, sizeof(own.srb));
    own.completed = 0;
    own.srb.Length = sizeof(own.srb);
    own.srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    own.srb.Cdb[0] = 0xA3;
    own.srb.CdbLength = 12;
    own.irp = IoAllocateIrp(target->StackSize, FALSE);
    own.srb.OriginalRequest = own.irp;
    IoGetNextIrpStackLocation(own.irp)->Parameters.Scsi.Srb = &own.srb;
    IoSetCompletionRoutine(own.irp, own_done, &own, TRUE, TRUE, TRUE);
    return DsmSendRequestEx(f.dsms[0].mpio_context, target, own.irp, id, flags);
}

static void remove_first_path(void *argument)
{
    (void)argument;
    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
}

static void own_request_body(void)
{
    struct fake_id *id = &f.dsms[0].ids[0];
    PDEVICE_OBJECT target;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1));
    target = id->target;
    CHECK(send_own(target, id, 0) == STATUS_PENDING);
    CHECK(own.completed == 1 && own.status == STATUS_SUCCESS && f.paths[0].commands == 1);
    IoFreeIrp(own.irp);
    /* An id MPIO does not know: the routine runs if the flag is set, otherwise the IRP is untouched. */
    CHECK(send_own(target, (PVOID)0x77, DSM_CALL_COMPLETION_ON_MPIO_ERROR) == STATUS_INVALID_PARAMETER);
    CHECK(own.completed == 1 && own.status == STATUS_INVALID_PARAMETER);
    IoFreeIrp(own.irp);
    CHECK(send_own(target, (PVOID)0x77, 0) == STATUS_INVALID_PARAMETER && own.completed == 0);
    IoFreeIrp(own.irp);
    CHECK(events_logged(36) == 2);
    /* RemoveDevice waits for it; DsmCompleteRequest is not called. */
    f.paths[0].hold = true;
    CHECK(send_own(target, id, 0) == STATUS_PENDING && own.completed == 0);
    f.log[0] = '\0';
    nt_run_thread(f.machine, "remover", remove_first_path, NULL);
    pause_ms(5000);
    CHECK_LOG("RemovePending");
    release_path(&f.paths[0]);
    pause_ms(1);
    CHECK(own.completed == 1);
    IoFreeIrp(own.irp);
    CHECK_LOG("RemoveDevice RemovePath");
}

static void removal_waits_for_the_dsms_own_request(void **state)
{
    (void)state;
    expect(own_request_body, RULE_NONE);
}

static void lost_request_body(void)
{
    struct fake_id *id = &f.dsms[0].ids[0];

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1));
    f.paths[0].hold = true;
    send_own(id->target, id, 0);
    remove_path(0, IRP_MN_SURPRISE_REMOVAL);
}

static void own_request_that_never_ends_is_a_bug_check(void **state)
{
    (void)state;
    expect(lost_request_body, RULE_DSM_COMPLETION);
}

static void services_body(void)
{
    MPIO_VERSION_INFO version;
    PSCSI_ADDRESS address = NULL;
    PVOID context;

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(3));
    context = f.dsms[0].mpio_context;
    CHECK(DsmGetVersion(&version, sizeof(version)) == STATUS_SUCCESS && version.MajorVersion == 10);
    CHECK(DsmGetVersion(&version, sizeof(version) - 1) == STATUS_INVALID_PARAMETER);
    CHECK(DsmGetScsiAddress(f.dsms[0].ids[0].target, &address) == STATUS_SUCCESS && address->Lun == 3);
    ExFreePool(address);
    CHECK(DsmGetPDO(context, f.adapter[0]) == f.bus_pdo && DsmGetPDO(context, f.bus_pdo) == NULL);
    CHECK(DsmGetAssociatedDevice(context, f.adapter[0], 0x0C) == NULL);
    /* Unit attentions are asked again, other errors are not. */
    f.paths[0].next = (struct answer){STATUS_SUCCESS, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID, 2, 6, 0x29, 0};
    f.paths[0].failures = 3;
    f.paths[0].tests = 0;
    CHECK(DsmSendTUR(f.dsms[0].ids[0].target) == STATUS_SUCCESS && f.paths[0].tests == 4);
    f.paths[0].next.key = 2;
    f.paths[0].failures = 1;
    CHECK(DsmSendTUR(f.dsms[0].ids[0].target) == STATUS_DEVICE_NOT_READY && f.paths[0].tests == 5);
    CHECK(DsmWriteEvent(context, (PWSTR)u"acme", (PWSTR)u"hello", 3) == STATUS_SUCCESS);
    CHECK(DsmWriteEvent((PVOID)0x5, (PWSTR)u"acme", (PWSTR)u"hello", 3) == STATUS_INVALID_PARAMETER);
}

static void services_answer_as_documented(void **state)
{
    (void)state;
    expect(services_body, RULE_NONE);
}

/* ---- WMI ------------------------------------------------------------------------------------------- */

static const GUID wmi_guid = {0x11223344, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static WMIGUIDREGINFO wmi_list[1];

static NTSTATUS wmi_query(PVOID context, PDSM_IDS ids, PIRP irp, ULONG index, ULONG instance, ULONG count, PULONG lengths,
                          ULONG room, PUCHAR buffer, PULONG length, ...)
{
    (void)context;
    (void)irp;
    (void)lengths;
    CHECK(index == 0 && instance == 0 && count == 1 && ids != NULL && ids->Count == 1);
    *length = 12;
    if (room < 12) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memset(buffer, 0x5A, 12);
    return STATUS_SUCCESS;
}

static NTSTATUS wmi_method(PVOID context, PDSM_IDS ids, PIRP irp, ULONG index, ULONG instance, ULONG method, ULONG in_size,
                           PULONG out_size, PUCHAR buffer, ...)
{
    (void)context;
    (void)ids;
    (void)irp;
    (void)index;
    (void)instance;
    CHECK(method == 9 && in_size == 1 && *out_size >= 8);
    CHECK(buffer[0] == 0xEE && buffer[1] == 0 && buffer[7] == 0);
    buffer[3] = 0x42;
    *out_size = 4;
    return STATUS_SUCCESS;
}

static void wmi_body(void)
{
    struct {
        struct mpio_wmi head;
        UCHAR data[16];
    } call;
    DSM_INIT_DATA init;
    DSM_MPIO_CONTEXT context;

    fill_init(&init, 0, u"Acme DSM");
    wmi_list[0].Guid = &wmi_guid;
    init.DsmWmiInfo.GuidCount = 1;
    init.DsmWmiInfo.GuidList = wmi_list;
    init.DsmWmiInfo.QueryWmiDataBlockEx = wmi_query;
    init.DsmWmiInfo.ExecuteWmiMethodEx = wmi_method;
    CHECK(control_request(IOCTL_MPDSM_REGISTER, &init, sizeof(init), &context, sizeof(context)) == STATUS_SUCCESS);
    CHECK(add_path(1));
    memset(&call, 0, sizeof(call));
    memcpy(call.head.guid, &wmi_guid, 16);
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head), &call, sizeof(call.head) + 11) == STATUS_BUFFER_OVERFLOW);
    CHECK(call.head.out_bytes == 12);
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head), &call, sizeof(call.head) + 12) == STATUS_SUCCESS);
    CHECK(call.head.out_bytes == 12 && call.data[11] == 0x5A);
    call.head.function = MPIO_WMI_EXECUTE;
    call.head.method = 9;
    call.head.in_bytes = 1;
    call.data[0] = 0xEE;
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head) + 1, &call, sizeof(call.head) + 4) == STATUS_SUCCESS);
    CHECK(call.head.out_bytes == 4 && call.data[3] == 0x42);
    call.head.function = MPIO_WMI_SET;
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head) + 1, &call, sizeof(call)) == STATUS_NOT_SUPPORTED);
    call.head.in_bytes = 2; /* more than was sent */
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head) + 1, &call, sizeof(call)) == STATUS_INVALID_PARAMETER);
    call.head.in_bytes = 0;
    call.head.guid[0]++;
    CHECK(control_request(IOCTL_OPENMPIO_WMI, &call, sizeof(call.head), &call, sizeof(call)) == STATUS_WMI_GUID_NOT_FOUND);
}

static void wmi_calls_reach_the_provider(void **state)
{
    (void)state;
    expect(wmi_body, RULE_NONE);
}

/* ---- everything at once --------------------------------------------------------------------------- */

static void chaos_body(void)
{
    PDEVICE_OBJECT lun;
    struct io *io[24];

    CHECK(register_dsm(0, u"Acme DSM") == STATUS_SUCCESS);
    CHECK(add_path(1) && add_path(1) && add_path(1));
    lun = pseudo_lun(0);
    f.dsms[0].retry = TRUE;
    f.dsms[0].interval = 0;
    f.paths[0].hold = f.paths[1].hold = true;
    for (unsigned i = 0; i < 24; i++) {
        io[i] = start_io(lun, 1 + i, i & 1 ? SCSIOP_READ : SCSIOP_WRITE);
        if (i == 8) {
            f.paths[0].dead = true;
            release_path(&f.paths[0]);
        }
        if (i == 12) {
            f.paths[1].next = (struct answer){STATUS_SUCCESS, SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID, 2, 6, 0x29, 0};
            f.paths[1].failures = 2;
            release_path(&f.paths[1]);
            nt_run_thread(f.machine, "remover", remove_first_path, NULL);
        }
        if (i == 16) {
            CHECK(add_path(1));
        }
    }
    for (unsigned i = 0; i < 24; i++) {
        CHECK(wait_io(io[i]) == STATUS_SUCCESS);
    }
    CHECK(f.dsms[0].completions == 24 && f.dsms[0].set_completions == 24);
    pause_ms(1000);
    CHECK(do_io(lun, SCSIOP_READ) == STATUS_SUCCESS);
}

static void failover_retry_removal_and_arrival_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        begin_with(seed, seed != 0);
        run(chaos_body);
        finish(RULE_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removal_waits_for_the_dsms_own_request),
        cmocka_unit_test(own_request_that_never_ends_is_a_bug_check),
        cmocka_unit_test(services_answer_as_documented),
        cmocka_unit_test(wmi_calls_reach_the_provider),
        cmocka_unit_test(failover_retry_removal_and_arrival_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
