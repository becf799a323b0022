/* SPDX-License-Identifier: MIT */
/*
 * A DSM for the core's tests, part of fixture.h: it follows the contract unless a field of struct
 * fake_dsm tells it to break a rule, and notes every PASSIVE callback in f.log.
 * A path id is 0x100 + index of the fake path.
 */
#ifndef MPIO_CORE_TESTS_FAKEDSM_H
#define MPIO_CORE_TESTS_FAKEDSM_H

HELPER NTSTATUS dsm_inquire(PVOID context, PDEVICE_OBJECT target, PDEVICE_OBJECT fdo, PSTORAGE_DEVICE_DESCRIPTOR descriptor,
                            PSTORAGE_DEVICE_ID_DESCRIPTOR list, PVOID *id)
{
    struct fake_dsm *dsm = context;
    struct fake_path *path = *(struct fake_path **)target->DeviceExtension;

    (void)fdo;
    (void)list;
    note(dsm, "Inquire");
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    CHECK(descriptor != NULL && descriptor->Size > 40);
    if (dsm->decline) {
        return STATUS_NOT_SUPPORTED;
    }
    for (unsigned i = 0; i < MAX_PATHS; i++) {
        if (!dsm->ids[i].used || dsm->same_id) {
            dsm->ids[i] = (struct fake_id){.used = true, .pdo = target, .path = path->index, .lun = path->lun};
            *id = &dsm->ids[i];
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

HELPER BOOLEAN dsm_compare(PVOID context, PVOID a, PVOID b)
{
    note(context, "Compare");
    return ((struct fake_id *)a)->lun == ((struct fake_id *)b)->lun;
}

HELPER NTSTATUS dsm_controller(PVOID context, PVOID id, ULONG flags, PCONTROLLER_INFO *info)
{
    (void)id;
    note(context, flags == DSM_CNTRL_FLAGS_ALLOCATE ? "Allocate" : "CheckState");
    if (flags == DSM_CNTRL_FLAGS_ALLOCATE) {
        *info = ExAllocatePoolZero(NonPagedPoolNx, sizeof(**info), 'tset');
    }
    (*info)->State = DSM_CONTROLLER_ACTIVE;
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_set_device(PVOID context, PDEVICE_OBJECT target, PVOID id, PVOID *path)
{
    struct fake_dsm *dsm = context;
    struct fake_id *one = id;

    note(dsm, "SetDevice");
    CHECK(*path == f.adapter[one->path]);
    if (dsm->fail_set) {
        return STATUS_UNSUCCESSFUL;
    }
    one->target = target;
    one->path_id = *path = (PVOID)(ULONG_PTR)(0x100 + one->path);
    return STATUS_SUCCESS;
}

HELPER BOOLEAN dsm_active(PVOID context, PVOID path, PVOID id)
{
    struct fake_id *one = id;

    note(context, "IsActive");
    CHECK(one->path_id == path && one->verified);
    one->usable = true;
    return TRUE;
}

HELPER NTSTATUS dsm_verify(PVOID context, PVOID id, PVOID path)
{
    struct fake_dsm *dsm = context;
    struct fake_id *one = id;
    NTSTATUS status;

    (void)path;
    note(dsm, "Verify");
    status = dsm->fail_verify ? STATUS_UNSUCCESSFUL : DsmSendTUR(one->target);
    one->verified = NT_SUCCESS(status);
    return status;
}

HELPER NTSTATUS dsm_invalidate(PVOID context, ULONG mask, PVOID path, PVOID *next)
{
    struct fake_dsm *dsm = context;

    (void)mask;
    note(dsm, "Invalidate");
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    dsm->invalidations++;
    *next = NULL;
    for (unsigned i = 0; i < MAX_PATHS; i++) {
        if (dsm->ids[i].used && dsm->ids[i].path_id == path) {
            dsm->ids[i].usable = dsm->ids[i].verified = false;
        }
    }
    for (unsigned i = 0; i < MAX_PATHS; i++) {
        if (dsm->ids[i].used && dsm->ids[i].usable) {
            *next = dsm->ids[i].path_id;
            break;
        }
    }
    return *next == NULL || dsm->fail_invalidate ? STATUS_NO_SUCH_DEVICE : STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_move(PVOID context, PDSM_IDS ids, PVOID from, PVOID to, ULONG flags)
{
    (void)ids;
    (void)from;
    (void)to;
    note(context, "Move");
    CHECK(flags & DSM_MOVE_ADMIN_REQUEST);
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_remove_pending(PVOID context, PVOID id)
{
    note(context, "RemovePending");
    ((struct fake_id *)id)->usable = false;
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_remove_device(PVOID context, PVOID id, PVOID path)
{
    note(context, "RemoveDevice");
    CHECK(((struct fake_id *)id)->path_id == path);
    memset(id, 0, sizeof(struct fake_id));
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_remove_path(PVOID context, PVOID path)
{
    (void)path;
    note(context, "RemovePath");
    return STATUS_SUCCESS;
}

HELPER NTSTATUS dsm_handle(PVOID context, PDSM_IDS ids, PIRP irp, PSCSI_REQUEST_BLOCK srb, PKEVENT event)
{
    struct fake_dsm *dsm = context;

    note(dsm, dsm->category == DSM_BROADCAST ? "Broadcast" : "Handle");
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && ids->Count != 0);
    if (srb->Cdb[0] == SCSIOP_PERSISTENT_RESERVE_OUT) {
        CHECK(irp->AssociatedIrp.SystemBuffer == srb->DataBuffer);
    }
    srb->SrbStatus = SRB_STATUS_SUCCESS;
    irp->IoStatus.Status = STATUS_SUCCESS;
    if (!dsm->no_event) {
        KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
    return STATUS_SUCCESS;
}

HELPER PVOID choose(struct fake_dsm *dsm, PDSM_IDS ids)
{
    if (dsm->wrong_path) {
        return (PVOID)(ULONG_PTR)0xBAD;
    }
    if (dsm->force_path != NULL) {
        return dsm->force_path;
    }
    for (unsigned i = 0; i < ids->Count && !dsm->no_path; i++) {
        struct fake_id *one = ids->IdList[dsm->next++ % ids->Count];

        if (one->usable) {
            return one->path_id;
        }
    }
    return NULL;
}

HELPER PVOID dsm_get_path(PVOID context, PSCSI_REQUEST_BLOCK srb, PDSM_IDS ids, PVOID current, NTSTATUS *status)
{
    struct fake_dsm *dsm = context;
    PVOID path = choose(dsm, ids);
    PIRP irp = (PIRP)srb->OriginalRequest;

    (void)current;
    CHECK(irp != NULL && IoGetCurrentIrpStackLocation(irp)->Parameters.Scsi.Srb == srb);
    if (path == NULL && !dsm->no_event) {
        *status = STATUS_NO_SUCH_DEVICE;
    }
    return path;
}

HELPER ULONG dsm_categorize(PVOID context, PDSM_IDS ids, PIRP irp, PSCSI_REQUEST_BLOCK srb, PVOID current, PVOID *path,
                            NTSTATUS *status)
{
    struct fake_dsm *dsm = context;

    (void)irp;
    (void)srb;
    (void)current;
    if (dsm->category == DSM_PATH_SET) {
        *path = choose(dsm, ids);
    } else if (dsm->category == DSM_ERROR && !dsm->no_event) {
        *status = STATUS_ACCESS_DENIED;
    }
    return dsm->category;
}

HELPER VOID dsm_completed(PVOID id, PIRP irp, PSCSI_REQUEST_BLOCK srb, PVOID context)
{
    struct fake_dsm *dsm = context;

    (void)irp;
    CHECK(DsmGetContextFromSrb(srb) == dsm);
    CHECK(srb->DataTransferLength == 512 || srb->DataTransferLength == 24);
    dsm->completions++;
    dsm->null_completions += id == NULL;
}

HELPER VOID dsm_set_completion(PVOID context, PVOID id, PIRP irp, PSCSI_REQUEST_BLOCK srb, PDSM_COMPLETION_INFO info)
{
    struct fake_dsm *dsm = context;

    (void)srb;
    CHECK(id != NULL);
    /* First sight of this request: MPIO has cleared the pointer DSMs keep here. */
    CHECK(IoGetCurrentIrpStackLocation(irp)->Parameters.Others.Argument3 == NULL);
    IoGetCurrentIrpStackLocation(irp)->Parameters.Others.Argument3 = dsm;
    dsm->set_completions++;
    info->DsmCompletionRoutine = dsm_completed;
    info->DsmContext = dsm;
}

HELPER ULONG dsm_interpret(PVOID context, PVOID id, PSCSI_REQUEST_BLOCK srb, PNTSTATUS status, PBOOLEAN retry, PLONG interval, ...)
{
    struct fake_dsm *dsm = context;

    (void)id;
    CHECK(*retry == FALSE && *interval == MAXLONG);
    if ((srb->SrbStatus & SRB_STATUS_AUTOSENSE_VALID) && srb->ScsiStatus == SCSISTAT_CHECK_CONDITION) {
        CHECK(*status == STATUS_IO_DEVICE_ERROR);
    }
    if (srb->SrbStatus == SRB_STATUS_NO_DEVICE) {
        return DSM_FATAL_ERROR;
    }
    *retry = dsm->retry;
    *interval = dsm->interval;
    return dsm->mask;
}

HELPER NTSTATUS dsm_unload(PVOID context)
{
    note(context, "Unload");
    return STATUS_SUCCESS;
}

HELPER BOOLEAN dsm_address_type(PVOID context, ULONG type)
{
    (void)context;
    return type == 0;
}

HELPER NTSTATUS dsm_not_used(PVOID context, PVOID id)
{
    note(context, "NotUsed");
    memset(id, 0, sizeof(struct fake_id));
    return STATUS_SUCCESS;
}

HELPER void fill_init(DSM_INIT_DATA *init, unsigned n, const WCHAR *name)
{
    memset(init, 0, sizeof(*init));
    init->InitDataSize = sizeof(*init);
    init->DsmInquireDriver = dsm_inquire;
    init->DsmCompareDevices = dsm_compare;
    init->DsmGetControllerInfo = dsm_controller;
    init->DsmSetDeviceInfo = dsm_set_device;
    init->DsmIsPathActive = dsm_active;
    init->DsmPathVerify = dsm_verify;
    init->DsmInvalidatePath = dsm_invalidate;
    init->DsmMoveDevice = dsm_move;
    init->DsmRemovePending = dsm_remove_pending;
    init->DsmRemoveDevice = dsm_remove_device;
    init->DsmRemovePath = dsm_remove_path;
    init->DsmSrbDeviceControl = dsm_handle;
    init->DsmLBGetPath = dsm_get_path;
    init->DsmInterpretErrorEx = dsm_interpret;
    init->DsmUnload = dsm_unload;
    init->DsmSetCompletion = dsm_set_completion;
    init->DsmCategorizeRequest = dsm_categorize;
    init->DsmBroadcastSrb = dsm_handle;
    init->DsmContext = &f.dsms[n];
    init->DriverObject = f.dsm_driver[n];
    init->DsmType = (DSM_TYPE)f.dsms[n].type;
    init->DsmIsAddressTypeSupported = dsm_address_type;
    init->DsmDeviceNotUsed = dsm_not_used;
    RtlInitUnicodeString(&init->DisplayName, name);
}

HELPER NTSTATUS control_request(ULONG code, void *in, ULONG in_length, void *out, ULONG out_length)
{
    IO_STATUS_BLOCK result;

    DsmSendDeviceIoControlSynchronous(code, MpioRoot()->Control, in, out, in_length, out_length, TRUE, &result);
    return result.Status;
}

HELPER NTSTATUS register_dsm(unsigned n, const WCHAR *name)
{
    DSM_INIT_DATA init;
    DSM_MPIO_CONTEXT context = {NULL};
    NTSTATUS status;

    fill_init(&init, n, name);
    status = control_request(IOCTL_MPDSM_REGISTER, &init, sizeof(init), &context, sizeof(context));
    f.dsms[n].mpio_context = context.MPIOContext;
    f.dsms[n].driver = init.DriverObject;
    return status;
}

HELPER NTSTATUS deregister_dsm(unsigned n)
{
    DSM_DEREGISTER_DATA data;

    memset(&data, 0, sizeof(data));
    data.DeregisterDataSize = sizeof(data);
    data.DsmContext = &f.dsms[n];
    data.DriverObject = f.dsm_driver[n];
    data.MpioContext = f.dsms[n].mpio_context;
    return control_request(IOCTL_MPDSM_DEREGISTER, &data, sizeof(data), NULL, 0);
}

#endif
