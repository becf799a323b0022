/* SPDX-License-Identifier: MIT */
/*
 * The least that registers: a DSM that takes no device, written for the view that NTDDI_VERSION
 * names, with everything that view has. PASSIVE_LEVEL throughout.
 */
#include <dsm.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;

static PDEVICE_OBJECT gControl;
static DSM_MPIO_CONTEXT gMpio;

static NTSTATUS Inquire(PVOID Context, PDEVICE_OBJECT Target, PDEVICE_OBJECT PortFdo,
                        PSTORAGE_DEVICE_DESCRIPTOR Descriptor, PSTORAGE_DEVICE_ID_DESCRIPTOR Ids,
                        PVOID *DsmId)
{
    *DsmId = NULL;
    return STATUS_NOT_SUPPORTED;
}

/* MPIO calls none of these for a DSM without devices, but will not register one without them. */
static BOOLEAN Compare(PVOID Context, PVOID Id1, PVOID Id2) { return FALSE; }
static NTSTATUS Controller(PVOID Context, PVOID Id, ULONG Flags, PCONTROLLER_INFO *Info)
{
    return STATUS_NOT_SUPPORTED;
}
static NTSTATUS SetInfo(PVOID Context, PDEVICE_OBJECT Target, PVOID Id, PVOID *Path)
{
    return STATUS_NOT_SUPPORTED;
}
static BOOLEAN IsActive(PVOID Context, PVOID Path, PVOID Id) { return FALSE; }
static NTSTATUS Verify(PVOID Context, PVOID Id, PVOID Path) { return STATUS_NOT_SUPPORTED; }
static NTSTATUS Invalidate(PVOID Context, ULONG Mask, PVOID Path, PVOID *New)
{
    return STATUS_NOT_SUPPORTED;
}
static NTSTATUS Move(PVOID Context, PDSM_IDS Ids, PVOID Mpio, PVOID Suggested, ULONG Flags)
{
    return STATUS_NOT_SUPPORTED;
}
static NTSTATUS RemovePending(PVOID Context, PVOID Id) { return STATUS_SUCCESS; }
static NTSTATUS RemoveDevice(PVOID Context, PVOID Id, PVOID Path) { return STATUS_SUCCESS; }
static NTSTATUS RemovePath(PVOID Context, PVOID Path) { return STATUS_SUCCESS; }
static NTSTATUS SrbControl(PVOID Context, PDSM_IDS Ids, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                           PKEVENT Event)
{
    return STATUS_NOT_SUPPORTED;
}
static PVOID GetPath(PVOID Context, PSCSI_REQUEST_BLOCK Srb, PDSM_IDS Ids, PVOID Current,
                     NTSTATUS *Status)
{
    return NULL;
}
static NTSTATUS DsmDone(PVOID Context) { return STATUS_SUCCESS; }
static VOID SetCompletion(PVOID Context, PVOID Id, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                          PDSM_COMPLETION_INFO Info)
{
}
static ULONG Categorize(PVOID Context, PDSM_IDS Ids, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                        PVOID Current, PVOID *Path, NTSTATUS *Status)
{
    return DSM_ERROR;
}
#if NTDDI_VERSION >= NTDDI_WS03
static ULONG Interpret(PVOID Context, PVOID Id, PSCSI_REQUEST_BLOCK Srb, PNTSTATUS Status,
                       PBOOLEAN Retry, PLONG Interval, ...)
{
    return 0;
}
#else
static ULONG Interpret(PVOID Context, PVOID Id, PSCSI_REQUEST_BLOCK Srb, PNTSTATUS Status,
                       PBOOLEAN Retry)
{
    return 0;
}
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
static BOOLEAN AddressType(PVOID Context, ULONG Type) { return Type == STORAGE_ADDRESS_TYPE_BTL8; }
static NTSTATUS NotUsed(PVOID Context, PVOID Id) { return STATUS_SUCCESS; }
#endif

static ULONG Fill(PDSM_INIT_DATA Init, PDRIVER_OBJECT Driver)
{
    RtlZeroMemory(Init, sizeof(*Init));
    Init->DsmInquireDriver = Inquire;
    Init->DsmCompareDevices = Compare;
    Init->DsmGetControllerInfo = Controller;
    Init->DsmSetDeviceInfo = SetInfo;
    Init->DsmIsPathActive = IsActive;
    Init->DsmPathVerify = Verify;
    Init->DsmInvalidatePath = Invalidate;
    Init->DsmMoveDevice = Move;
    Init->DsmRemovePending = RemovePending;
    Init->DsmRemoveDevice = RemoveDevice;
    Init->DsmRemovePath = RemovePath;
    Init->DsmSrbDeviceControl = SrbControl;
    Init->DsmLBGetPath = GetPath;
    Init->DsmUnload = DsmDone;
    Init->DsmSetCompletion = SetCompletion;
    Init->DsmCategorizeRequest = Categorize;
    Init->DsmBroadcastSrb = SrbControl;
    Init->DsmContext = &gMpio;
    Init->DriverObject = Driver;
    RtlInitUnicodeString(&Init->DisplayName, L"View DSM");
    Init->InitDataSize = DSM_INIT_DATA_TYPE_1_SIZE;
#if NTDDI_VERSION >= NTDDI_WS03
    Init->DsmInterpretErrorEx = Interpret;
    Init->DsmType = DsmType3;
    Init->InitDataSize = DSM_INIT_DATA_TYPE_3_SIZE;
#else
    Init->DsmInterpretError = Interpret;
#endif
#if NTDDI_VERSION >= NTDDI_VISTA
    Init->DsmVersion.MajorVersion = 1;
    Init->DsmType = DsmType4;
    Init->InitDataSize = DSM_INIT_DATA_TYPE_4_SIZE;
#endif
#if NTDDI_VERSION >= NTDDI_WIN7
    Init->DsmType = DsmType5;
    Init->InitDataSize = DSM_INIT_DATA_TYPE_5_SIZE;
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
    Init->DsmIsAddressTypeSupported = AddressType;
    Init->DsmDeviceNotUsed = NotUsed;
    Init->DsmType = DsmType6;
    Init->InitDataSize = DSM_INIT_DATA_TYPE_6_SIZE;
#endif
    return Init->InitDataSize;
}

static VOID Unload(PDRIVER_OBJECT Driver)
{
    DSM_DEREGISTER_DATA data = {sizeof(data), &gMpio, Driver, &gMpio};
    IO_STATUS_BLOCK result;

    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_DEREGISTER, gControl, &data, NULL, sizeof(data),
                                      0, TRUE, &result);
    ObDereferenceObject(gControl);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath)
{
    DSM_INIT_DATA init;
    UNICODE_STRING name;
    PFILE_OBJECT file;
    IO_STATUS_BLOCK result;
    NTSTATUS status;
    ULONG length = Fill(&init, Driver);

    RtlInitUnicodeString(&name, L"\\DosDevices\\MPIOControl");
    status = IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &gControl);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ObReferenceObject(gControl);
    ObDereferenceObject(file);
    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_REGISTER, gControl, &init, &gMpio, length,
                                      sizeof(gMpio), TRUE, &result);
    if (!NT_SUCCESS(result.Status)) {
        ObDereferenceObject(gControl);
        return result.Status;
    }
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
