/* SPDX-License-Identifier: 0BSD */
/*
 * Optional: what an administrator asks for. The classes of every LUN that MPIO's tools use (mpiodisk.h),
 * one of our own as a pattern (dsm_sample.mof), and MoveDevice. PASSIVE_LEVEL.
 *
 * MPIO registers the classes for us, one instance per LUN, and hands each request on with the LUN's
 * DsmIds. Query: STATUS_BUFFER_TOO_SMALL and the size needed, or the data. Method: input and output
 * share one buffer. A policy set here lasts until the LUN goes away; the service's Parameters set the
 * one that new LUNs get.
 */
#include "dsm_sample.h"
#include <mpiodisk.h>

#define WMI_VERSION 2 /* of DSM_Load_Balance_Policy, the newest we understand */

/* What the MOF compiler makes of dsm_sample.mof. */
#define SampleLunStatusGuid \
    {0xa3c19e97, 0xd048, 0x4649, {0xaa, 0x79, 0x87, 0xa2, 0xab, 0xb6, 0x16, 0x85}}
typedef struct _SampleLunStatus {
    ULONG NumberPaths;
    ULONG NumberUsablePaths;
    ULONGLONG PathInUse;
} SampleLunStatus;

enum { LbOperations, Policy, SupportedPolicies, UniqueId, PolicyV2, SupportedPoliciesV2, LunStatus, Classes };

static const GUID gGuids[Classes] = {
    DSM_LB_OperationsGuid, DSM_QueryLBPolicyGuid, DSM_QuerySupportedLBPoliciesGuid, DSM_QueryUniqueIdGuid,
    DSM_QueryLBPolicy_V2Guid, DSM_QuerySupportedLBPolicies_V2Guid, SampleLunStatusGuid,
};
static WMIGUIDREGINFO gClasses[Classes] = {
    {&gGuids[LbOperations], 1, 0}, {&gGuids[Policy], 1, 0}, {&gGuids[SupportedPolicies], 1, 0},
    {&gGuids[UniqueId], 1, 0}, {&gGuids[PolicyV2], 1, 0}, {&gGuids[SupportedPoliciesV2], 1, 0},
    {&gGuids[LunStatus], 1, 0},
};
static const ULONG gPolicies[] = {SAMPLE_FAILOVER, SAMPLE_ROUND_ROBIN};

/* Version 1 of a policy and of its paths is the head of version 2, so one code serves both. */
#define HEADER ((ULONG)FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths))
C_ASSERT(FIELD_OFFSET(DSM_Load_Balance_Policy, DSM_Paths) == FIELD_OFFSET(DSM_Load_Balance_Policy_V2, DSM_Paths));
C_ASSERT(FIELD_OFFSET(MPIO_DSM_Path, PrimaryPath) == FIELD_OFFSET(MPIO_DSM_Path_V2, PrimaryPath));

static PSAMPLE_LUN LunOf(PDSM_IDS DsmIds)
{
    return DsmIds != NULL && DsmIds->Count > 0 ? ((PSAMPLE_INSTANCE)DsmIds->IdList[0])->Lun : NULL;
}

/* Lun->Lock held. A path that is out shows no id. */
static VOID DescribePath(PSAMPLE_LUN Lun, PSAMPLE_INSTANCE Instance, MPIO_DSM_Path_V2 *Path)
{
    BOOLEAN inUse = Lun->Policy == SAMPLE_ROUND_ROBIN || (Lun->Usables > 0 && Lun->Usable[Lun->Next] == Instance);

    RtlZeroMemory(Path, sizeof(*Path));
    Path->DsmPathId = Instance->Active ? (ULONG_PTR)Instance->Path : 0;
    Path->Reserved = 1; /* standby may be set */
    Path->PrimaryPath = Instance->Active && inUse;
    Path->OptimizedPath = Instance->Active; /* (1, 1) is active/optimized, (0, 1) standby */
    Path->PreferredPath = Lun->Preferred != NULL && Instance->Path == Lun->Preferred;
    Path->FailedPath = !Instance->Active;
    Path->TargetPortGroup_State = STATE_NOT_USED;
    Path->ALUASupport = ALUA_NOT_SUPPORTED;
    Path->SymmetricLUA = TRUE;
}

/* Room for DsmIds->Count paths of Size bytes has been checked. */
static VOID DescribePolicy(PDSM_IDS DsmIds, ULONG Size, PUCHAR Buffer)
{
    PSAMPLE_LUN lun = LunOf(DsmIds);
    DSM_Load_Balance_Policy_V2 policy = {0};
    MPIO_DSM_Path_V2 path;
    KIRQL irql;
    ULONG i;

    KeAcquireSpinLock(&lun->Lock, &irql);
    policy.Version = WMI_VERSION;
    policy.LoadBalancePolicy = lun->Policy;
    policy.DSMPathCount = DsmIds->Count;
    RtlCopyMemory(Buffer, &policy, HEADER);
    for (i = 0; i < DsmIds->Count; i++) {
        DescribePath(lun, DsmIds->IdList[i], &path);
        RtlCopyMemory(Buffer + HEADER + i * Size, &path, Size);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
}

/* The policies that may be set: a count, and for each the head of a policy without paths. */
static VOID DescribeSupported(PUCHAR Buffer)
{
    ULONG head[2] = {RTL_NUMBER_OF(gPolicies), 0};
    DSM_Load_Balance_Policy_V2 policy = {0};
    ULONG i;

    RtlCopyMemory(Buffer, head, sizeof(head));
    for (i = 0; i < RTL_NUMBER_OF(gPolicies); i++) {
        policy.Version = WMI_VERSION;
        policy.LoadBalancePolicy = gPolicies[i];
        RtlCopyMemory(Buffer + sizeof(head) + i * HEADER, &policy, HEADER);
    }
}

static VOID DescribeLun(PDSM_IDS DsmIds, PUCHAR Buffer)
{
    PSAMPLE_LUN lun = LunOf(DsmIds);
    SampleLunStatus answer;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    answer.NumberPaths = lun->Instances;
    answer.NumberUsablePaths = lun->Usables;
    answer.PathInUse = lun->Usables > 0 ? (ULONG_PTR)lun->Usable[lun->Next]->Path : 0;
    KeReleaseSpinLock(&lun->Lock, irql);
    RtlCopyMemory(Buffer, &answer, sizeof(answer));
}

static NTSTATUS Query(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, ULONG GuidIndex, ULONG InstanceIndex,
                      ULONG InstanceCount, PULONG InstanceLengthArray, ULONG BufferAvail, PUCHAR Buffer,
                      PULONG DataLength, ...)
{
    ULONGLONG uniqueId = (ULONG_PTR)DsmContext; /* with the path id it is unique among DSMs */
    ULONG pathSize = GuidIndex == PolicyV2 ? sizeof(MPIO_DSM_Path_V2) : sizeof(MPIO_DSM_Path);

    if (LunOf(DsmIds) == NULL)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    switch (GuidIndex) {
    case LbOperations: /* methods only; WMI wants an instance to call them on */
        *DataLength = sizeof(ULONG);
        break;
    case Policy: case PolicyV2:
        *DataLength = HEADER + DsmIds->Count * pathSize;
        break;
    case SupportedPolicies: case SupportedPoliciesV2:
        *DataLength = 2 * sizeof(ULONG) + RTL_NUMBER_OF(gPolicies) * HEADER;
        break;
    case UniqueId:
        *DataLength = sizeof(uniqueId);
        break;
    case LunStatus:
        *DataLength = sizeof(SampleLunStatus);
        break;
    default:
        return STATUS_WMI_GUID_NOT_FOUND;
    }
    if (BufferAvail < *DataLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (GuidIndex == LbOperations)
        RtlZeroMemory(Buffer, *DataLength);
    else if (GuidIndex == UniqueId)
        RtlCopyMemory(Buffer, &uniqueId, sizeof(uniqueId));
    else if (GuidIndex == LunStatus)
        DescribeLun(DsmIds, Buffer);
    else if (GuidIndex == Policy || GuidIndex == PolicyV2)
        DescribePolicy(DsmIds, pathSize, Buffer);
    else
        DescribeSupported(Buffer);
    if (InstanceLengthArray != NULL)
        *InstanceLengthArray = *DataLength;
    return STATUS_SUCCESS;
}

/* The entry of a set request that names this path, or FALSE if there is none or more than one. */
static BOOLEAN FindEntry(const UCHAR *Paths, ULONG Size, ULONG Count, PVOID PathId, MPIO_DSM_Path_V2 *Path)
{
    MPIO_DSM_Path_V2 entry;
    ULONG i, found = 0;

    for (i = 0; i < Count; i++) {
        RtlZeroMemory(&entry, sizeof(entry));
        entry.OptimizedPath = TRUE; /* version 1 does not say */
        RtlCopyMemory(&entry, Paths + i * Size, Size);
        if (entry.DsmPathId == (ULONG_PTR)PathId) {
            *Path = entry;
            found++;
        }
    }
    return found == 1;
}

/* How many entries name no path; only paths that are out may go unnamed. */
static ULONG CountUnnamed(const UCHAR *Paths, ULONG Size, ULONG Count)
{
    ULONGLONG id;
    ULONG i, unnamed = 0;

    for (i = 0; i < Count; i++) {
        RtlCopyMemory(&id, Paths + i * Size, sizeof(id));
        unnamed += id == 0;
    }
    return unnamed;
}

/* Lun->Lock held; nothing changes unless everything is right. */
static NTSTATUS ApplyPolicy(PSAMPLE_LUN Lun, PDSM_IDS DsmIds, ULONG NewPolicy, const UCHAR *Paths, ULONG Size)
{
    ULONG i, named = 0, primaries = 0, preferred = 0;
    PSAMPLE_INSTANCE primary = NULL;
    PVOID home = NULL;
    MPIO_DSM_Path_V2 path;

    for (i = 0; i < DsmIds->Count; i++) {
        PSAMPLE_INSTANCE instance = DsmIds->IdList[i];

        if (!FindEntry(Paths, Size, DsmIds->Count, instance->Path, &path)) {
            if (instance->Active)
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        named++;
        if (path.PreferredPath) {
            preferred++;
            home = instance->Path;
        }
        if (path.PrimaryPath && path.OptimizedPath) {
            primaries++;
            primary = instance;
        } else if (NewPolicy == SAMPLE_ROUND_ROBIN && instance->Active) {
            return STATUS_INVALID_PARAMETER; /* round robin knows no standby */
        }
    }
    /* Every entry that names a path must have named one of ours. */
    if (named + CountUnnamed(Paths, Size, DsmIds->Count) != DsmIds->Count || primaries == 0)
        return STATUS_INVALID_PARAMETER;
    if (NewPolicy == SAMPLE_FAILOVER && (primaries > 1 || preferred > 1 || !primary->Active))
        return STATUS_INVALID_PARAMETER;
    Lun->Policy = NewPolicy;
    Lun->Preferred = NewPolicy == SAMPLE_FAILOVER ? home : NULL;
    for (i = 0; NewPolicy == SAMPLE_FAILOVER && i < Lun->Usables; i++) {
        if (Lun->Usable[i] == primary)
            Lun->Next = i;
    }
    SampleChoosePaths(Lun);
    return STATUS_SUCCESS;
}

static NTSTATUS SetPolicy(PSAMPLE_CONTEXT Context, PDSM_IDS DsmIds, ULONG Size, ULONG InLength, const UCHAR *Buffer)
{
    PSAMPLE_LUN lun = LunOf(DsmIds);
    DSM_Load_Balance_Policy_V2 policy = {0};
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql;

    RtlCopyMemory(&policy, Buffer, InLength < HEADER ? InLength : HEADER);
    if (InLength < 2 * sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    if (policy.LoadBalancePolicy != 0) { /* 0: back to the default, nothing else is looked at */
        if (InLength < HEADER || policy.DSMPathCount > (InLength - HEADER) / Size)
            return STATUS_BUFFER_TOO_SMALL;
        if (policy.Version > WMI_VERSION)
            return STATUS_NOT_SUPPORTED;
        if ((policy.LoadBalancePolicy != SAMPLE_FAILOVER && policy.LoadBalancePolicy != SAMPLE_ROUND_ROBIN) ||
            policy.DSMPathCount != DsmIds->Count)
            return STATUS_INVALID_PARAMETER;
    }
    KeAcquireSpinLock(&lun->Lock, &irql);
    if (policy.LoadBalancePolicy != 0) {
        status = ApplyPolicy(lun, DsmIds, policy.LoadBalancePolicy, Buffer + HEADER, Size);
    } else {
        lun->Policy = Context->DefaultPolicy;
        lun->Preferred = NULL;
        SampleChoosePaths(lun);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    return status;
}

static NTSTATUS Execute(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, ULONG GuidIndex, ULONG InstanceIndex,
                        ULONG MethodId, ULONG InBufferSize, PULONG OutBufferSize, PUCHAR Buffer, ...)
{
    ULONG size = MethodId == DsmSetLoadBalancePolicy ? sizeof(MPIO_DSM_Path) : sizeof(MPIO_DSM_Path_V2);
    ULONG room = *OutBufferSize;
    NTSTATUS status;

    if (GuidIndex != LbOperations)
        return STATUS_WMI_GUID_NOT_FOUND;
    if (MethodId != DsmSetLoadBalancePolicy && MethodId != DsmSetLoadBalancePolicyALUA)
        return STATUS_WMI_ITEMID_NOT_FOUND;
    if (LunOf(DsmIds) == NULL)
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    *OutBufferSize = sizeof(status);
    if (room < sizeof(status))
        return STATUS_BUFFER_TOO_SMALL;
    status = SetPolicy(DsmContext, DsmIds, size, InBufferSize, Buffer);
    RtlCopyMemory(Buffer, &status, sizeof(status));
    return status;
}

/* Before an adapter goes, or because an administrator wants it. Round robin only goes on from there. */
NTSTATUS SampleMoveDevice(PVOID DsmContext, PDSM_IDS DsmIds, PVOID MPIOPath, PVOID SuggestedPath, ULONG Flags)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER; /* no such path, or it is out */
    PSAMPLE_LUN lun = LunOf(DsmIds);
    KIRQL irql;
    ULONG i;

    if (lun == NULL)
        return STATUS_NO_SUCH_DEVICE;
    KeAcquireSpinLock(&lun->Lock, &irql);
    for (i = 0; i < lun->Usables && status != STATUS_SUCCESS; i++) {
        PVOID path = lun->Usable[i]->Path;

        if (SuggestedPath != NULL ? path == SuggestedPath : path != MPIOPath) {
            lun->Next = i;
            if ((Flags & DSM_MOVE_PERMANENT) && lun->Policy == SAMPLE_FAILOVER)
                lun->Preferred = path;
            status = STATUS_SUCCESS;
        }
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    return status;
}

VOID SampleInitializeWmi(PDSM_INIT_DATA InitData)
{
    InitData->DsmWmiInfo.GuidCount = Classes;
    InitData->DsmWmiInfo.GuidList = gClasses;
    RtlInitUnicodeString(&InitData->DsmWmiInfo.MofResourceName, L"MofResourceName"); /* dsm_sample.rc */
    InitData->DsmWmiInfo.QueryWmiDataBlockEx = Query;
    InitData->DsmWmiInfo.ExecuteWmiMethodEx = Execute;
}
