/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    policy.c

Abstract:

    The load-balance policies. Up to DISPATCH_LEVEL, Context->Lock held (shared is enough to choose).

    Every policy looks at one rank only: the active/optimized paths; without any, the active/unoptimized ones; then
    standby. Among these:

        DSM_LB_FAILOVER                 the path in use; a preferred one when it is there
        DSM_LB_ROUND_ROBIN, _SUBSET     the next
        DSM_LB_DYN_LEAST_QUEUE_DEPTH    fewest requests in flight on the path
        DSM_LB_WEIGHTED_PATHS           lowest weight
        DSM_LB_LEAST_BLOCKS             fewest bytes in flight; a sequential stream stays where it is

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "policy.tmh"
#endif

static
BOOLEAN
WdIsEligible(
    _In_ PWDKDSM_GROUP Group,
    _In_ PWDKDSM_DEVICE Device
    )
{
    return (BOOLEAN)(Device->Usable && Device->Path != NULL && Device->State < WdStateUnavailable &&
                     (!Group->Reservation.Valid || Device->KeyRegistered));
}

static
BOOLEAN
WdIsSequential(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PWDKDSM_DEVICE Device,
    _In_opt_ PVOID Srb
    )
/*++

Routine Description:

    A request that goes on where the path's last one ended; a write only while the array's cache has room for it.

--*/
{
    PCDB Cdb = (Srb != NULL) ? SrbGetCdb(Srb) : NULL;
    ULONGLONG Lba = 0;
    ULONG Bytes;

    if (Cdb == NULL || !(WDKDSM_IS_READ(Cdb->AsByte[0]) || WDKDSM_IS_WRITE(Cdb->AsByte[0]))) {
        return TRUE;
    }
    if (Cdb->AsByte[0] == SCSIOP_READ || Cdb->AsByte[0] == SCSIOP_WRITE) {
        ULONG Lba32;

        REVERSE_BYTES(&Lba32, &Cdb->CDB10.LogicalBlockByte0);
        Lba = Lba32;
    } else {
        REVERSE_BYTES_QUAD(&Lba, Cdb->CDB16.LogicalBlock);
    }
    if (Lba < Device->Path->LastLba) {
        return FALSE;
    }
    if (WDKDSM_IS_READ(Cdb->AsByte[0])) {
        return TRUE;
    }
    if (!NT_SUCCESS(RtlULongAdd((ULONG)Device->Path->OutstandingBytes, SrbGetDataTransferLength(Srb), &Bytes))) {
        return FALSE;
    }
    return (BOOLEAN)(Bytes <= Context->CacheSize);
}

_Use_decl_annotations_
PWDKDSM_DEVICE
WdChoose(
    PWDKDSM_CONTEXT Context,
    PWDKDSM_GROUP Group,
    PVOID Srb
    )
{
    WDKDSM_STATE Rank = WdStateUnavailable;
    PWDKDSM_DEVICE Current = (PWDKDSM_DEVICE)Group->Current;
    PWDKDSM_DEVICE Best = NULL;
    ULONG Start = 0;
    ULONG i;

    for (i = 0; i < Group->Count; i++) {
        if (WdIsEligible(Group, Group->Devices[i]) && Group->Devices[i]->State < Rank) {
            Rank = Group->Devices[i]->State;
        }
    }
    if (Rank == WdStateUnavailable) {
        return NULL;
    }
    if (Current != NULL && (!WdIsEligible(Group, Current) || Current->State != Rank)) {
        Current = NULL;
    }
    if (Current != NULL && Group->Policy == DSM_LB_FAILOVER) {
        return Current;
    }
    if (Current != NULL && Group->Policy == DSM_LB_LEAST_BLOCKS && WdIsSequential(Context, Current, Srb)) {
        return Current;
    }
    if (Group->Policy == DSM_LB_ROUND_ROBIN || Group->Policy == DSM_LB_ROUND_ROBIN_WITH_SUBSET) {
        Start = (ULONG)InterlockedIncrement(&Group->Cursor);
    }
    for (i = 0; i < Group->Count; i++) {
        PWDKDSM_DEVICE Device = Group->Devices[(Start + i) % Group->Count];

        if (!WdIsEligible(Group, Device) || Device->State != Rank) {
            continue;
        }
        if (Best == NULL) {
            Best = Device;
            if (Group->Policy == DSM_LB_ROUND_ROBIN || Group->Policy == DSM_LB_ROUND_ROBIN_WITH_SUBSET) {
                //
                // Later requests start behind this one, so that a gap does not double its successor's share.
                //
                InterlockedExchange(&Group->Cursor, (LONG)((Start + i) % Group->Count));
                break;
            }
            continue;
        }
        switch (Group->Policy) {
            case DSM_LB_DYN_LEAST_QUEUE_DEPTH:
                if (Device->Path->Outstanding < Best->Path->Outstanding) {
                    Best = Device;
                }
                break;

            case DSM_LB_WEIGHTED_PATHS:
                if (Device->Weight < Best->Weight) {
                    Best = Device;
                }
                break;

            case DSM_LB_LEAST_BLOCKS:
                if (Device->Path->OutstandingBytes < Best->Path->OutstandingBytes) {
                    Best = Device;
                }
                break;

            default:
                break;
        }
    }
    if (Group->Policy == DSM_LB_FAILOVER || Group->Policy == DSM_LB_LEAST_BLOCKS) {
        InterlockedExchangePointer((PVOID volatile *)&Group->Current, Best);
    }
    return Best;
}

_Use_decl_annotations_
VOID
WdRestate(
    PWDKDSM_CONTEXT Context,
    PWDKDSM_GROUP Group
    )
/*++

Routine Description:

    After a change: states of symmetric LUNs follow the policy, and the path in use is chosen anew. Lock held
    exclusive.

--*/
{
    PWDKDSM_DEVICE Old = (PWDKDSM_DEVICE)Group->Current;
    PWDKDSM_DEVICE Chosen;
    ULONG i;

    if (Group->Symmetric) {
        for (i = 0; i < Group->Count; i++) {
            PWDKDSM_DEVICE Device = Group->Devices[i];

            if (Device->State < WdStateNotUsed) {
                Device->State = (Group->Policy == DSM_LB_ROUND_ROBIN_WITH_SUBSET) ? Device->DesiredState :
                                                                                     WdStateActiveOptimized;
            }
        }
    }
    for (i = 0; i < Group->Count && Group->Policy == DSM_LB_FAILOVER; i++) {
        PWDKDSM_DEVICE Device = Group->Devices[i];

        if (Device->Path != NULL && Device->Path->PathId == Group->PreferredPath && WdIsEligible(Group, Device)) {
            Group->Current = Device;
        }
    }
    Chosen = WdChoose(Context, Group, NULL);
    if (Group->Symmetric && Group->Policy == DSM_LB_FAILOVER && Chosen != NULL) {
        for (i = 0; i < Group->Count; i++) {
            if (Group->Devices[i]->State < WdStateNotUsed) {
                Group->Devices[i]->State = (Group->Devices[i] == Chosen) ? WdStateActiveOptimized : WdStateStandby;
            }
        }
    }
    Group->Current = Chosen;
    if (Old != NULL && Chosen != NULL && Old->Path != Chosen->Path) {
        TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_PNP, "%ws: path %p in place of %p.\n", Group->Name,
                    Chosen->Path->PathId, (Old->Path != NULL) ? Old->Path->PathId : NULL));
    }
}
