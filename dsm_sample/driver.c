/* SPDX-License-Identifier: 0BSD */
/*
 * Load, registration with MPIO, unload. Everything here runs at PASSIVE_LEVEL.
 *
 * Order at the end of our life: DriverUnload deregisters, MPIO removes what is left and then calls
 * DsmUnload, which frees the context.
 */
#include "dsm_sample.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD SampleDriverUnload;
static NTSTATUS SampleUnload(PVOID DsmContext);

/* MPIO gives every callback our context; only DriverUnload needs this one. */
static PSAMPLE_CONTEXT gContext;

/* A value that is absent keeps its default; one of the wrong type fails the load. */
static NTSTATUS ReadParameters(PSAMPLE_CONTEXT Context, PUNICODE_STRING RegistryPath)
{
    const ULONG direct = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK | RTL_QUERY_REGISTRY_NOEXPAND;
    const ULONG dword = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    const ULONG list = REG_MULTI_SZ << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT; /* allocated for us; we free it */
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, direct, L"LoadBalancePolicy", &Context->DefaultPolicy, dword, NULL, 0},
        {NULL, direct, L"AcceptAlua", &Context->AcceptAlua, dword, NULL, 0},
        {NULL, direct, L"DsmSupportedDeviceList", &Context->SupportedDevices, list, NULL, 0},
        {NULL, 0, NULL, NULL, 0, NULL, 0},
    };
    UNICODE_STRING path = {0, (USHORT)(RegistryPath->Length + sizeof(L"\\Parameters")), NULL};
    NTSTATUS status;

    path.Buffer = ExAllocatePoolZero(PagedPool, path.MaximumLength, SAMPLE_TAG);
    if (path.Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyUnicodeString(&path, RegistryPath);
    RtlAppendUnicodeToString(&path, L"\\Parameters");
    status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path.Buffer, table, NULL, NULL);
    ExFreePoolWithTag(path.Buffer, SAMPLE_TAG);
    if (Context->DefaultPolicy != SAMPLE_FAILOVER)
        Context->DefaultPolicy = SAMPLE_ROUND_ROBIN;
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status; /* no Parameters at all */
}

/* Type 6 (extended SRBs, DsmDeviceNotUsed) came after MPIO 1.17; before 1.0.8 there is nothing to build on. */
static DSM_TYPE ChooseType(VOID)
{
    MPIO_VERSION_INFO mpio;

    if (!NT_SUCCESS(DsmGetVersion(&mpio, sizeof(mpio))) ||
        (mpio.MajorVersion <= 1 && mpio.MinorVersion == 0 && mpio.ProductBuild <= 7))
        return DsmTypeUnknown;
    return mpio.MajorVersion > 1 || mpio.MinorVersion > 17 ? DsmType6 : DsmType3;
}

static VOID FillInitData(PSAMPLE_CONTEXT Context, PDRIVER_OBJECT DriverObject, DSM_TYPE Type, PDSM_INIT_DATA InitData)
{
    RtlZeroMemory(InitData, sizeof(*InitData));
    InitData->InitDataSize = Type == DsmType6 ? DSM_INIT_DATA_TYPE_6_SIZE : DSM_INIT_DATA_TYPE_3_SIZE;
    InitData->DsmType = Type;
    InitData->DsmVersion.MajorVersion = 1;
    InitData->DsmContext = Context;
    InitData->DriverObject = DriverObject;
    RtlInitUnicodeString(&InitData->DisplayName, SAMPLE_NAME);

    InitData->DsmInquireDriver = SampleInquire;
    InitData->DsmCompareDevices = SampleCompareDevices;
    InitData->DsmGetControllerInfo = SampleGetControllerInfo;
    InitData->DsmSetDeviceInfo = SampleSetDeviceInfo;
    InitData->DsmIsPathActive = SampleIsPathActive;
    InitData->DsmPathVerify = SamplePathVerify;
    InitData->DsmInvalidatePath = SampleInvalidatePath;
    InitData->DsmMoveDevice = SampleMoveDevice;
    InitData->DsmRemovePending = SampleRemovePending;
    InitData->DsmRemoveDevice = SampleRemoveDevice;
    InitData->DsmRemovePath = SampleRemovePath;
    InitData->DsmSrbDeviceControl = SampleReservation;
    InitData->DsmLBGetPath = SampleGetPath;
    InitData->DsmInterpretErrorEx = SampleInterpretError;
    InitData->DsmUnload = SampleUnload;
    InitData->DsmSetCompletion = SampleSetCompletion;
    InitData->DsmCategorizeRequest = SampleCategorize;
    InitData->DsmBroadcastSrb = SampleRefuse;
    InitData->DsmIsAddressTypeSupported = SampleIsAddressTypeSupported;
    InitData->DsmDeviceNotUsed = SampleDeviceNotUsed;
    SampleInitializeWmi(InitData);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PSAMPLE_CONTEXT context;
    DSM_TYPE type = ChooseType();
    DSM_MPIO_CONTEXT registered = {NULL};
    DSM_INIT_DATA initData;
    UNICODE_STRING name;
    PFILE_OBJECT file;
    IO_STATUS_BLOCK result;
    NTSTATUS status;

    if (type == DsmTypeUnknown)
        return STATUS_NOT_SUPPORTED;
    context = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*context), SAMPLE_TAG);
    if (context == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeSpinLock(&context->Lock);
    InitializeListHead(&context->Luns);
    status = ReadParameters(context, RegistryPath);
    if (!NT_SUCCESS(status))
        goto failed;

    /* MPIO's control device takes the registration. Keep the device, not the file object. */
    RtlInitUnicodeString(&name, L"\\DosDevices\\MPIOControl");
    status = IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &context->MpioControl);
    if (!NT_SUCCESS(status))
        goto failed;
    ObReferenceObject(context->MpioControl);
    ObDereferenceObject(file);

    FillInitData(context, DriverObject, type, &initData);
    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_REGISTER, context->MpioControl, &initData, &registered,
                                      initData.InitDataSize, sizeof(registered), TRUE, &result);
    status = result.Status;
    if (!NT_SUCCESS(status))
        goto failed;
    context->MpioContext = registered.MPIOContext;
    DriverObject->DriverUnload = SampleDriverUnload;
    gContext = context;
    return STATUS_SUCCESS;

failed:
    SampleUnload(context); /* no callback comes after a refused registration */
    return status;
}

static VOID SampleDriverUnload(PDRIVER_OBJECT DriverObject)
{
    DSM_MPIO_CONTEXT mpio = {gContext->MpioContext};
    DSM_DEREGISTER_DATA data = {sizeof(data), gContext, DriverObject, &mpio};
    IO_STATUS_BLOCK result;

    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_DEREGISTER, gContext->MpioControl, &data, NULL, sizeof(data), 0,
                                      TRUE, &result);
}

/* The last callback: every instance and path is gone by now. */
static NTSTATUS SampleUnload(PVOID DsmContext)
{
    PSAMPLE_CONTEXT context = DsmContext;

    if (context->MpioControl != NULL)
        ObDereferenceObject(context->MpioControl);
    if (context->SupportedDevices.Buffer != NULL)
        ExFreePool(context->SupportedDevices.Buffer);
    ExFreePoolWithTag(context, SAMPLE_TAG);
    return STATUS_SUCCESS;
}
