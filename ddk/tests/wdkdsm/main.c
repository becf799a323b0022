/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    main.c

Abstract:

    Load, registration with MPIO, unload. PASSIVE_LEVEL.

--*/

#define WDKDSM_MAIN 1
#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "main.tmh"
#endif

NTSTATUS WdRegister(_In_ PWDKDSM_CONTEXT Context);
DSM_TYPE WdChooseType(VOID);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(INIT, WdChooseType)
#pragma alloc_text(PAGE, WdRegister)
#pragma alloc_text(PAGE, WdDriverUnload)
#pragma alloc_text(PAGE, WdUnload)
#endif

DSM_TYPE
WdChooseType(
    VOID
    )
/*++

Routine Description:

    The newest type that this MPIO understands: 1.0.7.0 is too old for any, type 6 came after 1.17.

--*/
{
    MPIO_VERSION_INFO Version = {0};
    NTSTATUS Status;

    Status = DsmGetVersion(&Version, sizeof(MPIO_VERSION_INFO));
    if (!NT_SUCCESS(Status)) {
        TracePrint((TRACE_LEVEL_FATAL, TRACE_FLAG_INIT, "DsmGetVersion failed with %x.\n", Status));
        return DsmTypeUnknown;
    }
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_INIT, "MPIO %u.%u.%u.%u.\n", Version.MajorVersion,
                Version.MinorVersion, Version.ProductBuild, Version.QfeNumber));
    if (Version.MajorVersion > 1 || (Version.MajorVersion == 1 && Version.MinorVersion > 17)) {
        return DsmType6;
    }
    if (Version.MajorVersion < 1 || (Version.MinorVersion < 1 && Version.ProductBuild <= 7 && Version.QfeNumber < 1)) {
        return DsmTypeUnknown;
    }
    return DsmType3;
}

NTSTATUS
WdRegister(
    _In_ PWDKDSM_CONTEXT Context
    )
{
    DSM_MPIO_CONTEXT MpioContext = {NULL};
    IO_STATUS_BLOCK IoStatus;
    UNICODE_STRING Name;
    PFILE_OBJECT FileObject;
    DSM_TYPE Type;
    NTSTATUS Status;

    PAGED_CODE();

    Type = WdChooseType();
    if (Type == DsmTypeUnknown || Type == DsmUnknown || Type >= DsmTypeMax) {
        return STATUS_UNSUCCESSFUL;
    }

    RtlInitUnicodeString(&Name, L"\\DosDevices\\MPIOControl");
    Status = IoGetDeviceObjectPointer(&Name, FILE_READ_ATTRIBUTES, &FileObject, &Context->ControlObject);
    if (!NT_SUCCESS(Status)) {
        TracePrint((TRACE_LEVEL_FATAL, TRACE_FLAG_INIT, "No %wZ: %x.\n", &Name, Status));
        Context->ControlObject = NULL;
        return Status;
    }
    ObReferenceObject(Context->ControlObject);
    ObDereferenceObject(FileObject);

    RtlZeroMemory(&gDsmInitData, sizeof(gDsmInitData));
    gDsmInitData.InitDataSize = sizeof(DSM_INIT_DATA);
    gDsmInitData.DsmType = Type;
    gDsmInitData.DsmInquireDriver = WdInquire;
    gDsmInitData.DsmCompareDevices = WdCompareDevices;
    gDsmInitData.DsmDeviceSerialNumber = WdSerialNumber;
    gDsmInitData.DsmGetControllerInfo = WdGetControllerInfo;
    gDsmInitData.DsmSetDeviceInfo = WdSetDeviceInfo;
    gDsmInitData.DsmIsPathActive = WdIsPathActive;
    gDsmInitData.DsmPathVerify = WdPathVerify;
    gDsmInitData.DsmInvalidatePath = WdInvalidatePath;
    gDsmInitData.DsmMoveDevice = WdMoveDevice;
    gDsmInitData.DsmRemovePending = WdRemovePending;
    gDsmInitData.DsmRemoveDevice = WdRemoveDevice;
    gDsmInitData.DsmRemovePath = WdRemovePath;
    gDsmInitData.DsmSrbDeviceControl = WdSrbDeviceControl;
    gDsmInitData.DsmLBGetPath = WdGetPath;
    gDsmInitData.DsmInterpretErrorEx = WdInterpretErrorEx;
    gDsmInitData.DsmUnload = WdUnload;
    gDsmInitData.DsmSetCompletion = WdSetCompletion;
    gDsmInitData.DsmCategorizeRequest = WdCategorize;
    gDsmInitData.DsmBroadcastSrb = WdBroadcast;
    gDsmInitData.DsmIsAddressTypeSupported = WdIsAddressTypeSupported;
    gDsmInitData.DsmDeviceNotUsed = WdDeviceNotUsed;
    gDsmInitData.DsmContext = Context;
    gDsmInitData.DriverObject = Context->DriverObject;
    gDsmInitData.Reserved = 0;
    gDsmInitData.DsmVersion.MajorVersion = Context->OsVersion.dwMajorVersion;
    gDsmInitData.DsmVersion.MinorVersion = Context->OsVersion.dwMinorVersion;
    gDsmInitData.DsmVersion.ProductBuild = Context->OsVersion.dwBuildNumber;
    gDsmInitData.DsmVersion.QfeNumber = 0;
    RtlInitUnicodeString(&gDsmInitData.DisplayName, WDKDSM_NAME);
    WdInitializeWmi(&gDsmInitData, &Context->RegistryPath);

    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_REGISTER,
                                      Context->ControlObject,
                                      &gDsmInitData,
                                      &MpioContext,
                                      sizeof(DSM_INIT_DATA),
                                      sizeof(DSM_MPIO_CONTEXT),
                                      TRUE,
                                      &IoStatus);
    Context->MpioContext = MpioContext.MPIOContext;
    return IoStatus.Status;
}

NTSTATUS
DriverEntry(
    IN PDRIVER_OBJECT DriverObject,
    IN PUNICODE_STRING RegistryPath
    )
{
    PWDKDSM_CONTEXT Context;
    NTSTATUS Status;

    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_INIT, "DriverEntry (%ws) %p.\n", RegistryPath->Buffer, DriverObject));

    if (!RtlIsNtDdiVersionAvailable(NTDDI_VISTA)) {
        WPP_CLEANUP(DriverObject);
        return STATUS_UNSUCCESSFUL;
    }

    Context = ExAllocatePoolZero(NonPagedPoolNxCacheAligned, sizeof(WDKDSM_CONTEXT), WDKDSM_TAG_CONTEXT);
    if (Context == NULL) {
        WPP_CLEANUP(DriverObject);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Context->DriverObject = DriverObject;
    Context->OsVersion.dwOSVersionInfoSize = sizeof(RTL_OSVERSIONINFOW);
    InitializeListHead(&Context->Groups);
    InitializeListHead(&Context->Paths);
    ExInitializeFastMutex(&Context->ConfigurationMutex);
    ExInitializeNPagedLookasideList(&Context->RequestList, NULL, NULL, 0, sizeof(WDKDSM_REQUEST), WDKDSM_TAG_REQUEST, 0);

    Status = RtlGetVersion(&Context->OsVersion);
    if (NT_SUCCESS(Status)) {
        Status = WdCopyString(RegistryPath, NULL, &Context->RegistryPath);
    }
    if (NT_SUCCESS(Status)) {
        Status = WdCopyString(RegistryPath, L"\\Parameters", &Context->ParametersPath);
    }
    if (NT_SUCCESS(Status)) {
        Status = WdReadParameters(Context);
    }
    if (NT_SUCCESS(Status)) {
        Status = WdRegister(Context);
    }
    if (!NT_SUCCESS(Status)) {
        goto __Exit_DriverEntry;
    }

    gContext = Context;
    DriverObject->DriverUnload = WdDriverUnload;
    Status = WdStartHousekeeping(Context);
    if (!NT_SUCCESS(Status)) {
        TracePrint((TRACE_LEVEL_WARNING, TRACE_FLAG_INIT, "No housekeeping: %x.\n", Status));
    }
    if (Context->SelfTest != 0) {
        WdSelfTest(Context);
    }
    return STATUS_SUCCESS;

__Exit_DriverEntry:
    TracePrint((TRACE_LEVEL_ERROR, TRACE_FLAG_INIT, "DriverEntry fails with %x.\n", Status));
    WdUnload(Context);
    WPP_CLEANUP(DriverObject);
    return Status;
}

VOID
WdDriverUnload(
    IN PDRIVER_OBJECT DriverObject
    )
{
    DSM_DEREGISTER_DATA Deregister = {0};
    DSM_MPIO_CONTEXT MpioContext;
    IO_STATUS_BLOCK IoStatus;

    PAGED_CODE();

    MpioContext.MPIOContext = gContext->MpioContext;
    Deregister.DeregisterDataSize = sizeof(DSM_DEREGISTER_DATA);
    Deregister.DsmContext = gContext;
    Deregister.DriverObject = DriverObject;
    Deregister.MpioContext = &MpioContext;
    DsmSendDeviceIoControlSynchronous(IOCTL_MPDSM_DEREGISTER, gContext->ControlObject, &Deregister, NULL,
                                      sizeof(Deregister), 0, TRUE, &IoStatus);
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_INIT, "Deregistered: %x.\n", IoStatus.Status));
    WPP_CLEANUP(DriverObject);
}

NTSTATUS
WdUnload(
    _In_ IN PVOID DsmContext
    )
/*++

Routine Description:

    MPIO's last call, and the clean-up of a DriverEntry that failed.

--*/
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;

    PAGED_CODE();

    NT_ASSERT(IsListEmpty(&Context->Groups));
    WdStopHousekeeping(Context);
    if (Context->ControlObject != NULL) {
        ObDereferenceObject(Context->ControlObject);
    }
    if (Context->SupportedDevices.Buffer != NULL) {
        ExFreePool(Context->SupportedDevices.Buffer);
    }
    if (Context->ParametersPath.Buffer != NULL) {
        ExFreePoolWithTag(Context->ParametersPath.Buffer, WDKDSM_TAG_REGISTRY);
    }
    if (Context->RegistryPath.Buffer != NULL) {
        ExFreePoolWithTag(Context->RegistryPath.Buffer, WDKDSM_TAG_REGISTRY);
    }
    ExDeleteNPagedLookasideList(&Context->RequestList);
    ExFreePoolWithTag(Context, WDKDSM_TAG_CONTEXT);
    return STATUS_SUCCESS;
}
