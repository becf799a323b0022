/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    wmi.c

Abstract:

    WMI: the load-balance classes of each LUN, our counters, and the classes of the module as a whole. PASSIVE_LEVEL.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "wmi.tmh"
#endif

#define WD_WMI_VERSION 2

//
// GUID variables from the initializer macros: headers must not define names of this form.
//
GUID DSM_LB_OperationsGUID = DSM_LB_OperationsGuid;
GUID DSM_QueryLBPolicyGUID = DSM_QueryLBPolicyGuid;
GUID DSM_QuerySupportedLBPoliciesGUID = DSM_QuerySupportedLBPoliciesGuid;
GUID DSM_QueryUniqueIdGUID = DSM_QueryUniqueIdGuid;
GUID DSM_QueryLBPolicy_V2GUID = DSM_QueryLBPolicy_V2Guid;
GUID DSM_QuerySupportedLBPolicies_V2GUID = DSM_QuerySupportedLBPolicies_V2Guid;
GUID WDKDSM_DEVICE_PERFGUID = WDKDSM_DEVICE_PERFGuid;
GUID WDKDSM_METHODSGUID = WDKDSM_METHODSGuid;
GUID WDKDSM_SUPPORTED_DEVICESGUID = WDKDSM_SUPPORTED_DEVICESGuid;
GUID WDKDSM_DEFAULT_POLICYGUID = WDKDSM_DEFAULT_POLICYGuid;

enum {
    WdClassOperations,
    WdClassPolicy,
    WdClassSupported,
    WdClassUniqueId,
    WdClassPolicyV2,
    WdClassSupportedV2,
    WdClassPerf,
    WdClassMethods,
    WdClasses
};
enum { WdGlobalDevices, WdGlobalPolicy, WdGlobals };

static WMIGUIDREGINFO gClassList[WdClasses] = {
    {&DSM_LB_OperationsGUID, 1, 0},         {&DSM_QueryLBPolicyGUID, 1, 0},
    {&DSM_QuerySupportedLBPoliciesGUID, 1, 0}, {&DSM_QueryUniqueIdGUID, 1, 0},
    {&DSM_QueryLBPolicy_V2GUID, 1, 0},      {&DSM_QuerySupportedLBPolicies_V2GUID, 1, 0},
    {&WDKDSM_DEVICE_PERFGUID, 1, 0},        {&WDKDSM_METHODSGUID, 1, 0},
};
static WMIGUIDREGINFO gGlobalList[WdGlobals] = {
    {&WDKDSM_SUPPORTED_DEVICESGUID, 1, 0}, {&WDKDSM_DEFAULT_POLICYGUID, 1, 0},
};

static
VOID
WdDescribePath(
    _In_ PWDKDSM_GROUP Group,
    _In_ PWDKDSM_DEVICE Device,
    _Out_ PMPIO_DSM_Path_V2 Path
    )
{
    RtlZeroMemory(Path, sizeof(MPIO_DSM_Path_V2));
    Path->DsmPathId = Device->Usable ? (ULONGLONG)(ULONG_PTR)Device->Path->PathId : 0;
    Path->Reserved = 1 | 2;     // Standby and active/unoptimized may be asked for
    Path->PathWeight = Device->Weight;
    Path->PrimaryPath = (Device->State <= WdStateActiveUnoptimized);
    Path->OptimizedPath = (Device->State == WdStateActiveOptimized || Device->State == WdStateStandby);
    Path->PreferredPath = (Device->Path != NULL && Device->Path->PathId == Group->PreferredPath);
    Path->FailedPath = !Device->Usable;
    Path->ALUASupport = Group->Alua;
    NT_ASSERT(Group->Alua <= ALUA_IMPLICIT_AND_EXPLICIT && ALUA_IMPLICIT_ONLY != ALUA_EXPLICIT_ONLY);
    Path->SymmetricLUA = Group->Symmetric;
    switch (Group->Symmetric ? WdStateNotUsed : Device->State) {
        case WdStateActiveOptimized: Path->TargetPortGroup_State = STATE_ACTIVE_OPTIMIZED; break;
        case WdStateActiveUnoptimized: Path->TargetPortGroup_State = STATE_ACTIVE_UNOPTIMIZED; break;
        case WdStateStandby: Path->TargetPortGroup_State = STATE_STANDBY; break;
        case WdStateUnavailable: Path->TargetPortGroup_State = STATE_UNAVAILABLE; break;
        default: Path->TargetPortGroup_State = STATE_NOT_USED; break;
    }
    Path->TargetPortGroup_Preferred = 0;
    Path->TargetPortGroup_Identifier = Device->TargetPortGroup;
    Path->TargetPort_Identifier = Device->RelativePort;
    Path->Reserved32 = 0;
    Path->Reserved64 = 0;
}

static
VOID
WdDescribePolicy(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PDSM_IDS DsmIds,
    _In_ BOOLEAN V2,
    _Out_ PUCHAR Buffer
    )
{
    PWDKDSM_GROUP Group = ((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group;
    PDSM_QueryLBPolicy_V2 AnswerV2 = (PDSM_QueryLBPolicy_V2)Buffer;
    PDSM_QueryLBPolicy AnswerV1 = (PDSM_QueryLBPolicy)Buffer;
    KIRQL Irql;
    ULONG i;

    C_ASSERT(FIELD_OFFSET(DSM_Load_Balance_Policy, DSM_Paths) == FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths));
    Irql = ExAcquireSpinLockShared(&Context->Lock);
    AnswerV2->LoadBalancePolicy.Version = WD_WMI_VERSION;
    AnswerV2->LoadBalancePolicy.LoadBalancePolicy = Group->Policy;
    AnswerV2->LoadBalancePolicy.DSMPathCount = DsmIds->Count;
    AnswerV2->LoadBalancePolicy.Reserved = 0;
    for (i = 0; i < DsmIds->Count; i++) {
        MPIO_DSM_Path_V2 Path;

        WdDescribePath(Group, (PWDKDSM_DEVICE)DsmIds->IdList[i], &Path);
        if (V2) {
            AnswerV2->LoadBalancePolicy.DSM_Paths[i] = Path;
        } else {
            PMPIO_DSM_Path Short = &AnswerV1->LoadBalancePolicy.DSM_Paths[i];

            Short->DsmPathId = Path.DsmPathId;
            Short->Reserved = Path.Reserved;
            Short->PathWeight = Path.PathWeight;
            Short->PrimaryPath = Path.PrimaryPath;
        }
    }
    ExReleaseSpinLockShared(&Context->Lock, Irql);
}

static
VOID
WdDescribeSupported(
    _Out_ PUCHAR Buffer
    )
/*++

Routine Description:

    Heads of policies only, without paths, one behind the other.

--*/
{
    PDSM_QuerySupportedLBPolicies_V2 Answer = (PDSM_QuerySupportedLBPolicies_V2)Buffer;
    PUCHAR Position = (PUCHAR)Answer->Supported_LB_Policies;
    ULONG Policy;

    C_ASSERT(FIELD_OFFSET(DSM_QuerySupportedLBPolicies, Supported_LB_Policies) ==
             FIELD_OFFSET(DSM_QuerySupportedLBPolicies_V2, Supported_LB_Policies));
    Answer->SupportedLBPoliciesCount = DSM_LB_LEAST_BLOCKS;
    Answer->Reserved = 0;
    for (Policy = DSM_LB_FAILOVER; Policy < DSM_LB_VENDOR_SPECIFIC; Policy++) {
        PDSM_Load_Balance_Policy_V2 Head = (PDSM_Load_Balance_Policy_V2)Position;

        Head->Version = WD_WMI_VERSION;
        Head->LoadBalancePolicy = Policy;
        Head->DSMPathCount = 0;
        Head->Reserved = 0;
        Position += FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths);
    }
}

static
VOID
WdDescribeCounters(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PDSM_IDS DsmIds,
    _Out_ PUCHAR Buffer
    )
{
    PWDKDSM_DEVICE_PERF Answer = (PWDKDSM_DEVICE_PERF)Buffer;
    KIRQL Irql;
    ULONG i;

    Irql = ExAcquireSpinLockShared(&Context->Lock);
    Answer->NumberPaths = DsmIds->Count;
    Answer->Retries = (ULONG)((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group->Retries;
    for (i = 0; i < DsmIds->Count; i++) {
        PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];
        PWDKDSM_PATH_PERF Path = &Answer->PerfInfo[i];

        RtlZeroMemory(Path, sizeof(WDKDSM_PATH_PERF));
        Path->PathId = (ULONGLONG)(ULONG_PTR)Device->Path->PathId;
        Path->NumberReads = (ULONG)Device->Reads;
        Path->NumberWrites = (ULONG)Device->Writes;
        Path->BytesRead = (ULONGLONG)Device->BytesRead;
        Path->BytesWritten = (ULONGLONG)Device->BytesWritten;
        Path->OutstandingRequests = (ULONG)Device->Path->Outstanding;
        Path->Condition = Device->Usable ? WDKDSM_PATH_GOOD : WDKDSM_PATH_BAD;
    }
    ExReleaseSpinLockShared(&Context->Lock, Irql);
}

NTSTATUS
WdQueryData(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN ULONG InstanceIndex,
    IN ULONG InstanceCount,
    IN OUT PULONG InstanceLengthArray,
    IN ULONG BufferAvail,
    _Out_writes_to_(BufferAvail, *DataLength) OUT PUCHAR Buffer,
    OUT PULONG DataLength,
    ...
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    ULONGLONG UniqueId = (ULONGLONG)(ULONG_PTR)DsmContext;
    ULONG Needed;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(InstanceIndex);
    UNREFERENCED_PARAMETER(InstanceCount);

    if (DsmIds == NULL || DsmIds->Count == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    switch (GuidIndex) {
        case WdClassOperations:
        case WdClassMethods:
            Needed = sizeof(ULONG);
            break;
        case WdClassPolicy:
            Needed = FIELD_OFFSET(DSM_Load_Balance_Policy, DSM_Paths) + DsmIds->Count * sizeof(MPIO_DSM_Path);
            break;
        case WdClassPolicyV2:
            Needed = FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths) + DsmIds->Count * sizeof(MPIO_DSM_Path_V2);
            break;
        case WdClassSupported:
        case WdClassSupportedV2:
            Needed = FIELD_OFFSET(DSM_QuerySupportedLBPolicies_V2, Supported_LB_Policies) +
                     DSM_LB_LEAST_BLOCKS * FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths);
            break;
        case WdClassUniqueId:
            Needed = DSM_QueryUniqueId_SIZE;
            break;
        case WdClassPerf:
            Needed = FIELD_OFFSET(WDKDSM_DEVICE_PERF, PerfInfo) + DsmIds->Count * sizeof(WDKDSM_PATH_PERF);
            break;
        default:
            return STATUS_WMI_GUID_NOT_FOUND;
    }
    *DataLength = Needed;
    if (BufferAvail < Needed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    switch (GuidIndex) {
        case WdClassPolicy:
        case WdClassPolicyV2:
            WdDescribePolicy(Context, DsmIds, (BOOLEAN)(GuidIndex == WdClassPolicyV2), Buffer);
            break;
        case WdClassSupported:
        case WdClassSupportedV2:
            WdDescribeSupported(Buffer);
            break;
        case WdClassUniqueId:
            ((PDSM_QueryUniqueId)Buffer)->DsmUniqueId = UniqueId;
            break;
        case WdClassPerf:
            WdDescribeCounters(Context, DsmIds, Buffer);
            break;
        default:
            RtlZeroMemory(Buffer, Needed);
            break;
    }
    if (InstanceLengthArray != NULL) {
        *InstanceLengthArray = Needed;
    }
    return STATUS_SUCCESS;
}

static
NTSTATUS
WdSetPolicy(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PDSM_IDS DsmIds,
    _In_ BOOLEAN V2,
    _In_ ULONG InBufferSize,
    _In_reads_bytes_(InBufferSize) PUCHAR Buffer
    )
{
    PWDKDSM_GROUP Group = ((PWDKDSM_DEVICE)DsmIds->IdList[0])->Group;
    PDSM_Load_Balance_Policy Policy = (PDSM_Load_Balance_Policy)Buffer;
    ULONG Element = V2 ? sizeof(MPIO_DSM_Path_V2) : sizeof(MPIO_DSM_Path);
    BOOLEAN Explicit;
    ULONG Size;
    ULONG Primaries = 0;
    KIRQL Irql;
    ULONG i, j;

    if (InBufferSize < FIELD_OFFSET(DSM_Load_Balance_Policy, DSMPathCount)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Explicit = (BOOLEAN)(Policy->LoadBalancePolicy != 0);
    if (Explicit) {
        if (InBufferSize < FIELD_OFFSET(DSM_Load_Balance_Policy, DSM_Paths) ||
            !NT_SUCCESS(RtlULongMult(Policy->DSMPathCount, Element, &Size)) ||
            InBufferSize - FIELD_OFFSET(DSM_Load_Balance_Policy, DSM_Paths) < Size) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        if (Policy->Version > WD_WMI_VERSION) {
            return STATUS_NOT_SUPPORTED;
        }
        if (Policy->LoadBalancePolicy > DSM_LB_LEAST_BLOCKS || Policy->DSMPathCount != DsmIds->Count) {
            return STATUS_INVALID_PARAMETER;
        }
        for (i = 0; i < DsmIds->Count; i++) {
            PUCHAR Path = (PUCHAR)Policy->DSM_Paths + i * Element;

            Primaries += ((PMPIO_DSM_Path)Path)->PrimaryPath != 0;
            for (j = 0; j < i; j++) {
                if (((PMPIO_DSM_Path)Path)->DsmPathId != 0 &&
                    ((PMPIO_DSM_Path)((PUCHAR)Policy->DSM_Paths + j * Element))->DsmPathId == ((PMPIO_DSM_Path)Path)->DsmPathId) {
                    return STATUS_INVALID_PARAMETER;
                }
            }
        }
        if (Primaries == 0 || (Policy->LoadBalancePolicy == DSM_LB_FAILOVER && Primaries > 1)) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    ExAcquireFastMutex(&Context->ConfigurationMutex);
    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    Group->Policy = Explicit ? Policy->LoadBalancePolicy : Context->DefaultPolicy;
    Group->PreferredPath = WDKDSM_NO_PREFERRED;
    for (i = 0; Explicit && i < DsmIds->Count; i++) {
        PMPIO_DSM_Path_V2 Path = (PMPIO_DSM_Path_V2)((PUCHAR)Policy->DSM_Paths + i * Element);

        for (j = 0; j < Group->Count; j++) {
            PWDKDSM_DEVICE Device = Group->Devices[j];

            if ((ULONGLONG)(ULONG_PTR)Device->Path->PathId != Path->DsmPathId) {
                continue;
            }
            Device->Weight = Path->PathWeight;
            Device->DesiredState = Path->PrimaryPath ? WdStateActiveOptimized : WdStateStandby;
            if (Path->PrimaryPath && Group->Policy == DSM_LB_FAILOVER) {
                if (Group->Symmetric) {
                    Device->State = WdStateActiveOptimized;
                }
                Group->Current = Device;
                if (V2 && Path->PreferredPath) {
                    Group->PreferredPath = Device->Path->PathId;
                }
            }
        }
    }
    WdRestate(Context, Group);
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    ExReleaseFastMutex(&Context->ConfigurationMutex);
    return WdSavePolicy(Context, Group, Explicit);      // The registry wants PASSIVE_LEVEL; a fast mutex is APC_LEVEL
}

NTSTATUS
WdExecuteMethod(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN ULONG InstanceIndex,
    IN ULONG MethodId,
    IN ULONG InBufferSize,
    IN OUT PULONG OutBufferSize,
    IN OUT PUCHAR Buffer,
    ...
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    NTSTATUS Status = STATUS_WMI_ITEMID_NOT_FOUND;
    ULONG i;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(InstanceIndex);

    if (DsmIds == NULL || DsmIds->Count == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (GuidIndex == WdClassOperations) {
        ULONG Room = *OutBufferSize;

        if (MethodId != DsmSetLoadBalancePolicy && MethodId != DsmSetLoadBalancePolicyALUA) {
            return STATUS_WMI_ITEMID_NOT_FOUND;
        }
        *OutBufferSize = DsmSetLoadBalancePolicyALUA_OUT_SIZE;
        if (Room < DsmSetLoadBalancePolicy_OUT_SIZE) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        Status = WdSetPolicy(Context, DsmIds, (BOOLEAN)(MethodId == DsmSetLoadBalancePolicyALUA), InBufferSize, Buffer);
        if (MethodId == DsmSetLoadBalancePolicy) {
            ((PDsmSetLoadBalancePolicy_OUT)Buffer)->Status = (ULONG)Status;
        } else {
            ((PDsmSetLoadBalancePolicyALUA_OUT)Buffer)->Status = (ULONG)Status;
        }
        return Status;
    }
    if (GuidIndex != WdClassMethods) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    switch (MethodId) {
        case WdkDsmClearCounters:
            for (i = 0; i < DsmIds->Count; i++) {
                PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

                InterlockedExchange(&Device->Reads, 0);
                InterlockedExchange(&Device->Writes, 0);
                InterlockedExchange64(&Device->BytesRead, 0);
                InterlockedExchange64(&Device->BytesWritten, 0);
            }
            *OutBufferSize = 0;
            return STATUS_SUCCESS;

        case WdkDsmSetWeight: {
            WdkDsmSetWeight_IN In;

            if (InBufferSize < WdkDsmSetWeight_IN_SIZE || *OutBufferSize < WdkDsmSetWeight_OUT_SIZE) {
                return STATUS_BUFFER_TOO_SMALL;
            }
            RtlCopyMemory(&In, Buffer, WdkDsmSetWeight_IN_SIZE);
            Status = STATUS_INVALID_PARAMETER;
            for (i = 0; i < DsmIds->Count; i++) {
                PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

                if ((ULONGLONG)(ULONG_PTR)Device->Path->PathId == In.PathId) {
                    InterlockedExchange((LONG volatile *)&Device->Weight, (LONG)In.Weight);
                    Status = STATUS_SUCCESS;
                }
            }
            ((PWdkDsmSetWeight_OUT)Buffer)->Status = (ULONG)Status;
            *OutBufferSize = WdkDsmSetWeight_OUT_SIZE;
            return Status;
        }

        default:
            return Status;
    }
}

NTSTATUS
WdQueryGlobal(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN ULONG InstanceIndex,
    IN ULONG InstanceCount,
    IN OUT PULONG InstanceLengthArray,
    IN ULONG BufferAvail,
    OUT PUCHAR Buffer,
    OUT PULONG DataLength,
    ...
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_SUPPORTED_DEVICES Devices = (PWDKDSM_SUPPORTED_DEVICES)Buffer;
    PWCHAR Entry = Context->SupportedDevices.Buffer;
    const ULONG Element = sizeof(Devices->DeviceId);        // byte count and 31 characters
    ULONG Count = 0;
    PWCHAR Text;

    UNREFERENCED_PARAMETER(DsmIds);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(InstanceIndex);
    UNREFERENCED_PARAMETER(InstanceCount);
    UNREFERENCED_PARAMETER(InstanceLengthArray);

    if (GuidIndex == WdGlobalPolicy) {
        *DataLength = WDKDSM_DEFAULT_POLICY_SIZE;
        if (BufferAvail < WDKDSM_DEFAULT_POLICY_SIZE) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        ((PWDKDSM_DEFAULT_POLICY)Buffer)->LoadBalancePolicy = Context->DefaultPolicy;
        ((PWDKDSM_DEFAULT_POLICY)Buffer)->Reserved = 0;
        ((PWDKDSM_DEFAULT_POLICY)Buffer)->PreferredPath = Context->PreferredPath;
        return STATUS_SUCCESS;
    }
    if (GuidIndex != WdGlobalDevices) {
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    for (Text = Entry; Text != NULL && *Text != UNICODE_NULL; Text += wcslen(Text) + 1) {
        Count++;
    }
    *DataLength = FIELD_OFFSET(WDKDSM_SUPPORTED_DEVICES, DeviceId) + Count * Element;
    if (BufferAvail < *DataLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(Buffer, *DataLength);
    Devices->NumberDevices = Count;
    Text = Devices->DeviceId;
    while (Count-- != 0) {
        Text[0] = (WCHAR)(Element - sizeof(WCHAR));
        RtlStringCbCopyNW(Text + 1, Element - sizeof(WCHAR), Entry, Element - 2 * sizeof(WCHAR));
        Entry += wcslen(Entry) + 1;
        Text += Element / sizeof(WCHAR);
    }
    return STATUS_SUCCESS;
}

NTSTATUS
WdSetGlobal(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN ULONG InstanceIndex,
    IN ULONG BufferSize,
    IN PUCHAR Buffer,
    ...
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEFAULT_POLICY Policy = (PWDKDSM_DEFAULT_POLICY)Buffer;

    UNREFERENCED_PARAMETER(DsmIds);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(InstanceIndex);

    if (GuidIndex != WdGlobalPolicy) {
        return (GuidIndex < WdGlobals) ? STATUS_WMI_READ_ONLY : STATUS_WMI_GUID_NOT_FOUND;
    }
    if (BufferSize < WDKDSM_DEFAULT_POLICY_SIZE) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Policy->LoadBalancePolicy < DSM_LB_FAILOVER || Policy->LoadBalancePolicy > DSM_LB_LEAST_BLOCKS) {
        return STATUS_INVALID_PARAMETER;
    }
    Context->DefaultPolicy = Policy->LoadBalancePolicy;
    Context->PreferredPath = Policy->PreferredPath;
    return RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, Context->ParametersPath.Buffer, L"DsmLoadBalancePolicy",
                                 REG_DWORD, &Context->DefaultPolicy, sizeof(ULONG));
}

NTSTATUS
WdFunctionControl(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN ULONG GuidIndex,
    IN WMIENABLEDISABLECONTROL Function,
    IN BOOLEAN Enable,
    ...
    )
{
    UNREFERENCED_PARAMETER(DsmContext);
    UNREFERENCED_PARAMETER(DsmIds);
    UNREFERENCED_PARAMETER(Irp);

    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_WMI, "Class %u, %s: %!bool!.\n", GuidIndex,
                (Function == WmiEventControl) ? "events" : "collection", Enable));
    return (Function == WmiEventControl || Function == WmiDataBlockControl) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

_Use_decl_annotations_
VOID
WdInitializeWmi(
    PDSM_INIT_DATA InitData,
    PUNICODE_STRING RegistryPath
    )
{
    PDSM_WMILIB_CONTEXT Info = &InitData->DsmWmiInfo;

    Info->GuidCount = WdClasses;
    Info->GuidList = gClassList;
    Info->RegistryPath = *RegistryPath;
    RtlInitUnicodeString(&Info->MofResourceName, L"MofResourceName");
    Info->QueryWmiDataBlockEx = WdQueryData;
    Info->SetWmiDataBlockEx = NULL;
    Info->ExecuteWmiMethodEx = WdExecuteMethod;
    Info->WmiFunctionControlEx = WdFunctionControl;

    Info = &InitData->DsmWmiGlobalInfo;
    Info->GuidCount = WdGlobals;
    Info->GuidList = gGlobalList;
    Info->RegistryPath = *RegistryPath;
    RtlInitUnicodeString(&Info->MofResourceName, L"DsmMofResourceName");
    Info->QueryWmiDataBlockEx = WdQueryGlobal;
    Info->SetWmiDataBlockEx = WdSetGlobal;
    Info->ExecuteWmiMethodEx = NULL;
    Info->WmiFunctionControlEx = NULL;
}
