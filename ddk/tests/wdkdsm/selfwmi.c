/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    selfwmi.c

Abstract:

    Our own WMI callbacks called as MPIO does, and the library for drivers that register themselves (wmilib.sys) with
    a device of our own. PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "selfwmi.tmh"
#endif

DRIVER_DISPATCH WdSystemControl;
WMI_QUERY_REGINFO_CALLBACK WdQueryRegInfo;
WMI_QUERY_DATABLOCK_CALLBACK WdQueryBlock;

static GUID gDeviceClass = WDKDSM_DEFAULT_POLICYGuid;
static WMIGUIDREGINFO gDeviceClasses[] = {{&gDeviceClass, 1, 0}};
static WMILIB_CONTEXT gWmiLib = {RTL_NUMBER_OF(gDeviceClasses), gDeviceClasses, WdQueryRegInfo, WdQueryBlock,
                                 NULL, NULL, NULL, NULL};

NTSTATUS
WdQueryRegInfo(
    IN PDEVICE_OBJECT DeviceObject,
    OUT PULONG RegFlags,
    OUT PUNICODE_STRING InstanceName,
    OUT PUNICODE_STRING *RegistryPath,
    OUT PUNICODE_STRING MofResourceName,
    OUT PDEVICE_OBJECT *Pdo
    )
{
    UNICODE_STRING Name;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Pdo);
    *RegFlags = WMIREG_FLAG_INSTANCE_BASENAME;
    *RegistryPath = &gContext->RegistryPath;
    RtlInitUnicodeString(MofResourceName, L"DsmMofResourceName");
    RtlInitUnicodeString(&Name, L"WdkDsm");
    return WdCopyString(&Name, NULL, InstanceName);
}

NTSTATUS
WdQueryBlock(
    IN PDEVICE_OBJECT DeviceObject,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN ULONG InstanceIndex,
    IN ULONG InstanceCount,
    IN OUT PULONG InstanceLengthArray,
    IN ULONG BufferAvail,
    OUT PUCHAR Buffer
    )
{
    NTSTATUS Status;
    ULONG Used = 0;

    UNREFERENCED_PARAMETER(InstanceIndex);
    UNREFERENCED_PARAMETER(InstanceCount);
    Status = gDsmInitData.DsmWmiGlobalInfo.QueryWmiDataBlockEx(gContext, NULL, Irp, GuidIndex + 1, 0, 1,
                                                               InstanceLengthArray, BufferAvail, Buffer, &Used);
    if (InstanceLengthArray != NULL) {
        *InstanceLengthArray = Used;
    }
    return WmiCompleteRequest(DeviceObject, Irp, Status, Used, IO_NO_INCREMENT);
}

NTSTATUS
WdSystemControl(
    IN PDEVICE_OBJECT DeviceObject,
    IN PIRP Irp
    )
{
    SYSCTL_IRP_DISPOSITION Disposition;
    NTSTATUS Status;

    Status = WmiSystemControl(&gWmiLib, DeviceObject, Irp, &Disposition);
    switch (Disposition) {
        case IrpProcessed:
            break;
        case IrpNotCompleted:
            IoCompleteRequest(Irp, IO_NO_INCREMENT);
            break;
        default:
            Irp->IoStatus.Status = Status = STATUS_INVALID_DEVICE_REQUEST;
            IoCompleteRequest(Irp, IO_NO_INCREMENT);
            break;
    }
    return Status;
}

static
VOID
WdTestDsmClasses(
    _Inout_ PWDKDSM_TEST Test,
    _In_ PWDKDSM_CONTEXT Context
    )
/*++

Routine Description:

    A LUN with two paths that exists only here.

--*/
{
    PDSM_WMILIB_CONTEXT Info = &gDsmInitData.DsmWmiInfo;
    PDSM_IDS Ids = NULL;
    UCHAR Buffer[512];
    PDSM_Load_Balance_Policy_V2 Policy = (PDSM_Load_Balance_Policy_V2)Buffer;
    PWDKDSM_GROUP Group;
    PWDKDSM_DEVICE Devices;
    WDKDSM_PATH Paths[2];
    ULONG Length = 0, Out, Saved = Context->DefaultPolicy;
    ULONG i;
    NTSTATUS Status;

    Group = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WDKDSM_GROUP), WDKDSM_TAG_TEST);
    Devices = ExAllocatePoolZero(NonPagedPoolNx, 2 * sizeof(WDKDSM_DEVICE), WDKDSM_TAG_TEST);
    WD_CHECK(Test, Group != NULL && Devices != NULL);
    if (Group == NULL || Devices == NULL) {
        goto __Exit;
    }
    RtlZeroMemory(Paths, sizeof(Paths));
    RtlStringCchCopyW(Group->Name, WDKDSM_NAME_LENGTH, L"SelfTest");
    Group->Symmetric = TRUE;
    Group->Count = 2;
    for (i = 0; i < 2; i++) {
        Paths[i].PathId = (PVOID)(ULONG_PTR)(0x57000001 + i);
        Devices[i].Path = &Paths[i];
        Devices[i].Group = Group;
        Devices[i].Context = Context;
        Devices[i].Usable = TRUE;
        Group->Devices[i] = &Devices[i];
    }
    Ids = WdMakeIds(&Devices[0], &Devices[1]);
    if (Ids == NULL) {
        goto __Exit;
    }

    for (i = 0; i < Info->GuidCount; i++) {
        Status = Info->QueryWmiDataBlockEx(Context, Ids, NULL, i, 0, 1, NULL, 0, Buffer, &Length);
        WD_CHECK(Test, Status == STATUS_BUFFER_TOO_SMALL && Length >= 4 && Length <= sizeof(Buffer));
        Status = Info->QueryWmiDataBlockEx(Context, Ids, NULL, i, 0, 1, NULL, sizeof(Buffer), Buffer, &Length);
        WD_CHECK(Test, NT_SUCCESS(Status));
    }
    Status = Info->QueryWmiDataBlockEx(Context, Ids, NULL, i, 0, 1, NULL, sizeof(Buffer), Buffer, &Length);
    WD_CHECK(Test, Status == STATUS_WMI_GUID_NOT_FOUND);

    //
    // Each policy: set, and what it chooses. Then back to the default.
    //
    for (i = DSM_LB_FAILOVER; i <= DSM_LB_VENDOR_SPECIFIC; i++) {
        ULONG Chosen[2] = {0, 0};
        ULONG Turn;

        RtlZeroMemory(Buffer, sizeof(Buffer));
        Policy->Version = 2;
        Policy->LoadBalancePolicy = i;
        Policy->DSMPathCount = 2;
        Policy->DSM_Paths[0].DsmPathId = 0x57000001;
        Policy->DSM_Paths[0].PathWeight = 9;
        Policy->DSM_Paths[0].PrimaryPath = (i != DSM_LB_FAILOVER);
        Policy->DSM_Paths[1].DsmPathId = 0x57000002;
        Policy->DSM_Paths[1].PathWeight = 1;
        Policy->DSM_Paths[1].PrimaryPath = 1;
        Out = sizeof(ULONG);
        Status = Info->ExecuteWmiMethodEx(Context, Ids, NULL, 0, 0, DsmSetLoadBalancePolicyALUA,
                                          sizeof(DSM_Load_Balance_Policy_V2) + sizeof(MPIO_DSM_Path_V2), &Out, Buffer);
        WD_CHECK(Test, Status == ((i == DSM_LB_VENDOR_SPECIFIC) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS));
        WD_CHECK(Test, ((PDsmSetLoadBalancePolicyALUA_OUT)Buffer)->Status == (ULONG)Status);
        for (Turn = 0; Turn < 8; Turn++) {
            PVOID Path = WdGetPath(Context, NULL, Ids, NULL, &Status);

            if (Path != NULL) {
                Chosen[(Path == Paths[1].PathId) ? 1 : 0]++;
            }
        }
        WD_CHECK(Test, Chosen[0] + Chosen[1] == 8);
        if (i == DSM_LB_ROUND_ROBIN || i == DSM_LB_ROUND_ROBIN_WITH_SUBSET) {
            WD_CHECK(Test, Chosen[0] == 4 && Chosen[1] == 4);
        } else if (i == DSM_LB_FAILOVER || i == DSM_LB_WEIGHTED_PATHS) {
            WD_CHECK(Test, Chosen[1] == 8);
        }
    }
    RtlZeroMemory(Buffer, sizeof(Buffer));
    Out = sizeof(ULONG);
    Status = Info->ExecuteWmiMethodEx(Context, Ids, NULL, 0, 0, DsmSetLoadBalancePolicy, 16, &Out, Buffer);
    WD_CHECK(Test, NT_SUCCESS(Status) && Group->Policy == Context->DefaultPolicy);
    Status = Info->ExecuteWmiMethodEx(Context, Ids, NULL, 0, 0, 9, 16, &Out, Buffer);
    WD_CHECK(Test, Status == STATUS_WMI_ITEMID_NOT_FOUND);
    Status = Info->WmiFunctionControlEx(Context, Ids, NULL, 0, WmiEventControl, TRUE);
    WD_CHECK(Test, NT_SUCCESS(Status));

    Info = &gDsmInitData.DsmWmiGlobalInfo;
    Status = Info->QueryWmiDataBlockEx(Context, NULL, NULL, 0, 0, 1, NULL, sizeof(Buffer), Buffer, &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) || Status == STATUS_BUFFER_TOO_SMALL);
    Status = Info->QueryWmiDataBlockEx(Context, NULL, NULL, 1, 0, 1, NULL, sizeof(Buffer), Buffer, &Length);
    WD_CHECK(Test, NT_SUCCESS(Status) && ((PWDKDSM_DEFAULT_POLICY)Buffer)->LoadBalancePolicy == Saved);
    WD_CHECK(Test, NT_SUCCESS(Info->SetWmiDataBlockEx(Context, NULL, NULL, 1, 0, Length, Buffer)));
    ((PWDKDSM_DEFAULT_POLICY)Buffer)->LoadBalancePolicy = DSM_LB_VENDOR_SPECIFIC;
    WD_CHECK(Test, Info->SetWmiDataBlockEx(Context, NULL, NULL, 1, 0, Length, Buffer) == STATUS_INVALID_PARAMETER);
    WD_CHECK(Test, Context->DefaultPolicy == Saved);

__Exit:
    WdFree(Ids, WDKDSM_TAG_TEST, NULL);
    if (Group != NULL) {
        ExFreePoolWithTag(Group, WDKDSM_TAG_TEST);
    }
    if (Devices != NULL) {
        ExFreePoolWithTag(Devices, WDKDSM_TAG_TEST);
    }
}

_Use_decl_annotations_
VOID
WdTestWmi(
    PWDKDSM_TEST Test,
    PWDKDSM_CONTEXT Context
    )
{
    PDEVICE_OBJECT DeviceObject;
    PDRIVER_DISPATCH Before;
    PWDKDSM_DEFAULT_POLICY Event;
    NTSTATUS Status;

    WdTestDsmClasses(Test, Context);

    Status = IoCreateDevice(Context->DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                            &DeviceObject);
    WD_CHECK(Test, NT_SUCCESS(Status));
    if (!NT_SUCCESS(Status)) {
        return;
    }
    Before = Context->DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL];
    Context->DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = WdSystemControl;
    DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
    WD_CHECK(Test, NT_SUCCESS(IoWMIRegistrationControl(DeviceObject, WMIREG_ACTION_REGISTER)));
    Event = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WDKDSM_DEFAULT_POLICY), WDKDSM_TAG_TEST);
    if (Event != NULL) {
        Event->LoadBalancePolicy = DSM_LB_ROUND_ROBIN;
        Status = WmiFireEvent(DeviceObject, &gDeviceClass, 0, sizeof(WDKDSM_DEFAULT_POLICY), Event);
        WD_CHECK(Test, NT_SUCCESS(Status));
    }
    WD_CHECK(Test, NT_SUCCESS(IoWMIRegistrationControl(DeviceObject, WMIREG_ACTION_DEREGISTER)));
    Context->DriverObject->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Before;
    IoDeleteDevice(DeviceObject);
}
