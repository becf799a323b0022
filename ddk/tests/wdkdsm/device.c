/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    device.c

Abstract:

    Instances, groups (LUNs) and paths: they arrive, are verified, fail and leave. PASSIVE_LEVEL; MPIO never runs two
    of these at once, so lists are read without the lock here and changed under it.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "device.tmh"
#endif

static
BOOLEAN
WdIsSupported(
    _In_ PWDKDSM_CONTEXT Context,
    _In_reads_(24) PCSTR Id
    )
/*++

Routine Description:

    The list names prefixes of vendor (8 characters) and product (16). An empty list takes every device.

--*/
{
    PWCHAR Entry = Context->SupportedDevices.Buffer;
    ULONG Left = Context->SupportedDevices.Length / sizeof(WCHAR);
    ANSI_STRING AnsiId;
    UNICODE_STRING WideId;
    CHAR Text[25];
    BOOLEAN Found = FALSE;

    if (Entry == NULL || Left == 0 || *Entry == UNICODE_NULL) {
        return TRUE;
    }
    RtlCopyMemory(Text, Id, 24);
    Text[24] = ANSI_NULL;
    RtlInitAnsiString(&AnsiId, Text);
    if (!NT_SUCCESS(RtlAnsiStringToUnicodeString(&WideId, &AnsiId, TRUE))) {
        return FALSE;
    }
    while (Left > 1 && *Entry != UNICODE_NULL && !Found) {
        SIZE_T Length = 0;

        if (!NT_SUCCESS(RtlStringCchLengthW(Entry, Left, &Length))) {
            break;
        }
        Found = (BOOLEAN)(Length <= 24 && RtlCompareUnicodeStrings(Entry, Length, WideId.Buffer, Length, TRUE) == 0);
        Entry += Length + 1;
        Left -= (ULONG)Length + 1;
    }
    RtlFreeUnicodeString(&WideId);
    return Found;
}

static
NTSTATUS
WdTakeIdentity(
    _Inout_ PWDKDSM_DEVICE Device,
    _In_opt_ PSTORAGE_DEVICE_ID_DESCRIPTOR List
    )
/*++

Routine Description:

    The best identifier of the LUN, and the port and the target port group that the instance arrived through. Without
    page 0x83 the serial number page serves.

--*/
{
    static const UCHAR Ranks[] = {1, 2, 3, 4, 0, 0, 0, 0, 5};   // by STORAGE_IDENTIFIER_TYPE
    ULONG Offset = FIELD_OFFSET(STORAGE_DEVICE_ID_DESCRIPTOR, Identifiers);
    UCHAR Rank = 0;
    ULONG i;

    C_ASSERT(StorageIdTypeVendorSpecific == 0 && StorageIdTypeVendorId == 1 && StorageIdTypeEUI64 == 2 &&
             StorageIdTypeFCPHName == 3 && StorageIdTypeScsiNameString == 8);

    for (i = 0; List != NULL && i < List->NumberOfIdentifiers; i++) {
        PSTORAGE_IDENTIFIER Id = (PSTORAGE_IDENTIFIER)((PUCHAR)List + Offset);
        ULONG End;

        if (!NT_SUCCESS(RtlULongAdd(Offset, FIELD_OFFSET(STORAGE_IDENTIFIER, Identifier), &End)) || End > List->Size ||
            !NT_SUCCESS(RtlULongAdd(End, Id->IdentifierSize, &End)) || End > List->Size) {
            break;
        }
        if (Id->Association == StorageIdAssocPort && Id->Type == StorageIdTypePortRelative && Id->IdentifierSize == 4) {
            REVERSE_BYTES(&Device->RelativePort, Id->Identifier);
        } else if (Id->Association == StorageIdAssocPort && Id->Type == StorageIdTypeTargetPortGroup &&
                   Id->IdentifierSize == 4) {
            REVERSE_BYTES_SHORT(&Device->TargetPortGroup, &Id->Identifier[2]);
        } else if (Id->Association == StorageIdAssocDevice && Id->CodeSet != StorageIdCodeSetReserved &&
                   (ULONG)Id->Type < RTL_NUMBER_OF(Ranks) && Ranks[Id->Type] > Rank && Id->IdentifierSize != 0 &&
                   Id->IdentifierSize < WDKDSM_MAX_ID) {
            Rank = Ranks[Id->Type];
            Device->Id[0] = (UCHAR)Id->Type;
            RtlCopyMemory(&Device->Id[1], Id->Identifier, Id->IdentifierSize);
            Device->IdLength = 1 + Id->IdentifierSize;
        }
        if (Id->NextOffset == 0) {
            break;
        }
        Offset += Id->NextOffset;
    }
    return (Rank != 0) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static
VOID
WdReadSerialNumber(
    _Inout_ PWDKDSM_DEVICE Device,
    _In_ PDEVICE_OBJECT TargetDevice
    )
{
    UCHAR Buffer[255] = {0};
    PVPD_SERIAL_NUMBER_PAGE Page = (PVPD_SERIAL_NUMBER_PAGE)Buffer;

    if (!NT_SUCCESS(WdInquiry(TargetDevice, VPD_SERIAL_NUMBER, TRUE, Buffer, sizeof(Buffer))) ||
        Page->PageCode != VPD_SERIAL_NUMBER) {
        return;
    }
    RtlStringCbCopyNA(Device->SerialNumber, sizeof(Device->SerialNumber), (PCSTR)Page->SerialNumber,
                      min(Page->PageLength, sizeof(Buffer) - FIELD_OFFSET(VPD_SERIAL_NUMBER_PAGE, SerialNumber)));
    if (Device->IdLength == 0 && Device->SerialNumber[0] != ANSI_NULL) {
        Device->IdLength = (ULONG)strlen(Device->SerialNumber);
        RtlCopyMemory(Device->Id, Device->SerialNumber, Device->IdLength);
    }
}

NTSTATUS
WdInquire(
    _In_ IN PVOID DsmContext,
    _In_ IN PDEVICE_OBJECT TargetDevice,
    _In_ IN PDEVICE_OBJECT PortFdo,
    _In_ IN PSTORAGE_DEVICE_DESCRIPTOR Descriptor,
    _In_opt_ IN PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceIdList,
    _Outptr_result_maybenull_ OUT PVOID *DsmIdentifier
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = NULL;
    PSTORAGE_DEVICE_ID_DESCRIPTOR Own = NULL;
    PSCSI_ADDRESS Address = NULL;
    PDSM_IDS Controllers;
    INQUIRYDATA Inquiry = {0};
    NTSTATUS Status;

    PAGED_CODE();

    *DsmIdentifier = NULL;
    if (Descriptor == NULL || Descriptor->Size < FIELD_OFFSET(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties)) {
        return STATUS_NOT_SUPPORTED;
    }
    Status = WdInquiry(TargetDevice, 0, FALSE, &Inquiry, sizeof(INQUIRYDATA));
    if (!NT_SUCCESS(Status) || !WdIsSupported(Context, (PCSTR)Inquiry.VendorId)) {
        return STATUS_NOT_SUPPORTED;
    }
    Status = DsmGetScsiAddress(TargetDevice, &Address);
    if (!NT_SUCCESS(Status)) {
        return STATUS_NOT_SUPPORTED;
    }
    Device = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WDKDSM_DEVICE), WDKDSM_TAG_DEVICE);
    if (Device == NULL) {
        ExFreePool(Address);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Device->Context = Context;
    Device->Address = *Address;
    ExFreePool(Address);
    Device->State = WdStateNotUsed;
    Device->DesiredState = WdStateActiveOptimized;
    Device->PortPdo = DsmGetPDO(Context->MpioContext, PortFdo);

    if (DeviceIdList == NULL) {
        Own = WdQueryDeviceIds(TargetDevice);
    }
    Status = WdTakeIdentity(Device, (DeviceIdList != NULL) ? DeviceIdList : Own);
    if (Own != NULL) {
        ExFreePoolWithTag(Own, WDKDSM_TAG_BUFFER);
    }
    WdReadSerialNumber(Device, TargetDevice);
    if (Device->IdLength == 0) {
        ExFreePoolWithTag(Device, WDKDSM_TAG_DEVICE);
        return STATUS_NOT_SUPPORTED;
    }
    if (((Inquiry.Reserved >> 4) & 3) == 3) {
        WdDisableImplicitTransitions(TargetDevice);     // No harm if the array does not want to
    }

    //
    // Array controllers that hang on the same adapter are only counted.
    //
    Controllers = DsmGetAssociatedDevice(Context->MpioContext, PortFdo, 0x0C);
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_PNP, "Inquire: %p is %s at %u/%u/%u/%u, %u controllers, multiport %!bool!.\n",
                Device, Device->SerialNumber, Device->Address.PortNumber, Device->Address.PathId,
                Device->Address.TargetId, Device->Address.Lun, (Controllers != NULL) ? Controllers->Count : 0,
                (BOOLEAN)(Inquiry.MultiPort != 0)));
    if (Controllers != NULL) {
        ExFreePool(Controllers);
    }
    *DsmIdentifier = Device;
    return STATUS_SUCCESS;
}

BOOLEAN
WdCompareDevices(
    _In_ IN PVOID DsmContext,
    _In_ IN PVOID DsmId1,
    _In_ IN PVOID DsmId2
    )
{
    PWDKDSM_DEVICE One = (PWDKDSM_DEVICE)DsmId1;
    PWDKDSM_DEVICE Two = (PWDKDSM_DEVICE)DsmId2;

    UNREFERENCED_PARAMETER(DsmContext);
    return (BOOLEAN)(One->IdLength == Two->IdLength && RtlEqualMemory(One->Id, Two->Id, One->IdLength));
}

PUCHAR
WdSerialNumber(
    IN PVOID DsmContext,
    IN PVOID DsmId
    )
/*++

Routine Description:

    Asked for when a device has no serial number of its own. MPIO frees the string.

--*/
{
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    SIZE_T Size = strlen(Device->SerialNumber) + 1;
    PUCHAR Text = ExAllocatePoolWithTag(NonPagedPoolNx, Size, WDKDSM_TAG_BUFFER);

    UNREFERENCED_PARAMETER(DsmContext);
    if (Text != NULL) {
        RtlStringCchCopyA((PSTR)Text, Size, Device->SerialNumber);
    }
    return Text;
}

NTSTATUS
WdGetControllerInfo(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN ULONG Flags,
    _Inout_ IN OUT PCONTROLLER_INFO *ControllerInfo
    )
{
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    PCONTROLLER_INFO Info = *ControllerInfo;

    UNREFERENCED_PARAMETER(DsmContext);
    if (Flags & DSM_CNTRL_FLAGS_ALLOCATE) {
        Info = ExAllocatePoolZero(NonPagedPoolNx, sizeof(CONTROLLER_INFO), WDKDSM_TAG_BUFFER);
        if (Info == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Info->DeviceObject = NULL;
        Info->Identifier.Type = StorageIdCodeSetAscii;
        RtlStringCbPrintfA((PSTR)Info->Identifier.SerialNumber, sizeof(Info->Identifier.SerialNumber), "Group%04x",
                           Device->TargetPortGroup);
        Info->Identifier.Length = (ULONG)strlen((PCSTR)Info->Identifier.SerialNumber);
        *ControllerInfo = Info;
    }
    if (Flags & (DSM_CNTRL_FLAGS_ALLOCATE | DSM_CNTRL_FLAGS_CHECK_STATE)) {
        switch (Device->State) {
            case WdStateActiveOptimized:
            case WdStateActiveUnoptimized: Info->State = DSM_CONTROLLER_ACTIVE; break;
            case WdStateFailed: Info->State = DSM_CONTROLLER_FAILED; break;
            default: Info->State = (Device->Path != NULL) ? DSM_CONTROLLER_STANDBY : DSM_CONTROLLER_NO_CNTRL; break;
        }
    }
    return (Flags & DSM_CNTRL_FLAGS_RESERVED) ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

static
PWDKDSM_PATH
WdReferencePath(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PVOID PathId
    )
{
    PLIST_ENTRY Entry;
    PWDKDSM_PATH Path;

    for (Entry = Context->Paths.Flink; Entry != &Context->Paths; Entry = Entry->Flink) {
        Path = CONTAINING_RECORD(Entry, WDKDSM_PATH, ListEntry);
        if (Path->PathId == PathId) {
            Path->References++;
            return Path;
        }
    }
    Path = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WDKDSM_PATH), WDKDSM_TAG_PATH);
    if (Path != NULL) {
        Path->PathId = PathId;
        Path->References = 1;
        WdInsertPath(&Context->Paths, Path);
    }
    return Path;
}

static
PWDKDSM_GROUP
WdNewGroup(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PWDKDSM_DEVICE Device
    )
{
    PWDKDSM_GROUP Group = ExAllocatePoolZero(NonPagedPoolNx, sizeof(WDKDSM_GROUP), WDKDSM_TAG_GROUP);
    INQUIRYDATA Inquiry = {0};
    ULONG i;

    if (Group == NULL) {
        return NULL;
    }
    Group->Policy = Context->DefaultPolicy;
    Group->PreferredPath = WDKDSM_NO_PREFERRED;
    if (NT_SUCCESS(WdInquiry(Device->TargetObject, 0, FALSE, &Inquiry, sizeof(Inquiry)))) {
        Group->Alua = (Inquiry.Reserved >> 4) & 3;
    }
    Group->Symmetric = (BOOLEAN)(Group->Alua == ALUA_NOT_SUPPORTED);

    //
    // The name becomes a registry key: no backslash, nothing that does not print.
    //
    RtlStringCbPrintfW(Group->Name, sizeof(Group->Name), L"%.8S_%S", (PCSTR)Inquiry.VendorId, Device->SerialNumber);
    for (i = 0; Group->Name[i] != UNICODE_NULL; i++) {
        if (Group->Name[i] <= L' ' || Group->Name[i] == L'\\') {
            Group->Name[i] = L'_';
        }
    }
    (VOID)WdLoadPolicy(Context, Group);
    return Group;
}

NTSTATUS
WdSetDeviceInfo(
    IN PVOID DsmContext,
    IN PDEVICE_OBJECT TargetObject,
    IN PVOID DsmId,
    IN OUT PVOID *PathId
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    PWDKDSM_GROUP Group = NULL;
    PWDKDSM_PATH Path;
    PLIST_ENTRY Entry;
    PVOID OwnPathId;
    BOOLEAN New = FALSE;
    KIRQL Irql;

    PAGED_CODE();

    Device->TargetObject = TargetObject;
    for (Entry = Context->Groups.Flink; Entry != &Context->Groups; Entry = Entry->Flink) {
        PWDKDSM_GROUP Candidate = CONTAINING_RECORD(Entry, WDKDSM_GROUP, ListEntry);

        if (WdCompareDevices(Context, Candidate->Devices[0], Device)) {
            Group = Candidate;
            break;
        }
    }
    if (Group != NULL && Group->Count == WDKDSM_MAX_PATHS) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Group == NULL) {
        Group = WdNewGroup(Context, Device);
        if (Group == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        New = TRUE;
    }
    OwnPathId = (PVOID)(ULONG_PTR)(0x57000000 | (Device->Address.PortNumber << 16) | (Device->Address.PathId << 8) |
                                   Device->Address.TargetId);
    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    Path = WdReferencePath(Context, OwnPathId);
    if (Path != NULL) {
        if (New) {
            InsertTailList(&Context->Groups, &Group->ListEntry);
            Context->NumberGroups++;
        }
        Device->Path = Path;
        Device->Group = Group;
        Group->Devices[Group->Count++] = Device;
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    if (Path == NULL) {
        if (New) {
            ExFreePoolWithTag(Group, WDKDSM_TAG_GROUP);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *PathId = Path->PathId;
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_PNP, "SetDeviceInfo: %ws, instance %p on path %p, %d now.\n",
                Group->Name, Device, Path->PathId, Group->Count));
    return STATUS_SUCCESS;
}

NTSTATUS
WdPathVerify(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PVOID PathId
    )
{
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;

    UNREFERENCED_PARAMETER(DsmContext);
    if (Device->Path == NULL || Device->Group == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    if (Device->Path->PathId != PathId) {
        return STATUS_DEVICE_NOT_CONNECTED;
    }
    if (Device->Group->Alua == ALUA_NOT_SUPPORTED) {
        return DsmSendTUR(Device->TargetObject);
    }
    return WdReportTargetPortGroups(Device, Device->TargetObject);
}

static
VOID
WdSetUsable(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PWDKDSM_DEVICE Device,
    _In_ WDKDSM_STATE State
    )
{
    KIRQL Irql = ExAcquireSpinLockExclusive(&Context->Lock);

    Device->State = State;
    Device->Usable = (BOOLEAN)(State < WdStateNotUsed);
    if (Device->Group != NULL) {
        WdRestate(Context, Device->Group);
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
}

BOOLEAN
WdIsPathActive(
    IN PVOID DsmContext,
    IN PVOID PathId,
    IN PVOID DsmId
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;

    PAGED_CODE();

    UNREFERENCED_PARAMETER(PathId);
    if (Device->Group->Reservation.Valid) {
        WdReplayRegistration(Device);
    }
    WdSetUsable(Context, Device, (Device->State < WdStateNotUsed) ? Device->State : WdStateActiveOptimized);
    if (Device->Group->Alua != ALUA_NOT_SUPPORTED) {
        (VOID)WdReportTargetPortGroups(Device, Device->TargetObject);
    }
    return Device->Usable;
}

NTSTATUS
WdInvalidatePath(
    IN PVOID DsmContext,
    IN ULONG ErrorMask,
    IN PVOID PathId,
    _Outptr_result_maybenull_ OUT PVOID *NewPathId
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Mover = NULL;
    PLIST_ENTRY Entry;
    PVOID Answer = NULL;
    KIRQL Irql;
    ULONG i;

    NT_ASSERT((ErrorMask & (DSM_FATAL_ERROR | DSM_ADMIN_FO)) != 0 && (ErrorMask & DSM_FATAL_ERROR_RESERVED) == 0);
    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    for (Entry = Context->Groups.Flink; Entry != &Context->Groups; Entry = Entry->Flink) {
        PWDKDSM_GROUP Group = CONTAINING_RECORD(Entry, WDKDSM_GROUP, ListEntry);
        BOOLEAN Hit = FALSE;

        for (i = 0; i < Group->Count; i++) {
            if (Group->Devices[i]->Path->PathId == PathId && Group->Devices[i]->State < WdStateRemovePending) {
                Group->Devices[i]->State = WdStateFailed;
                Group->Devices[i]->Usable = FALSE;
                Group->Devices[i]->KeyRegistered = FALSE;
                Hit = TRUE;
            }
        }
        if (Hit) {
            WdRestate(Context, Group);
            if (Group->Current != NULL) {
                PWDKDSM_DEVICE Next = (PWDKDSM_DEVICE)Group->Current;

                if (Answer == NULL) {
                    Answer = Next->Path->PathId;
                }
                if (!Group->Symmetric && Next->State != WdStateActiveOptimized && Mover == NULL) {
                    Mover = Next;
                }
            }
        }
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);

    //
    // An asymmetric LUN without an optimized path: ask the array to move, or at least what it did by itself.
    //
    if (Mover != NULL) {
        if (Mover->Group->Alua & ALUA_EXPLICIT_ONLY) {
            (VOID)WdSetTargetPortGroups(Mover);
        }
        Mover->NeedsReport = TRUE;
        KeSetEvent(&Context->ThreadWake, IO_NO_INCREMENT, FALSE);
    }
    *NewPathId = Answer;
    TracePrint((TRACE_LEVEL_ERROR, TRACE_FLAG_PNP, "InvalidatePath %p (%x): %p.\n", PathId, ErrorMask, Answer));
    return (Answer != NULL) ? STATUS_SUCCESS : STATUS_NO_SUCH_DEVICE;
}

NTSTATUS
WdMoveDevice(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PVOID MPIOPath,
    IN PVOID SuggestedPath,
    IN ULONG Flags
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    NTSTATUS Status = (Flags & DSM_MOVE_ADMIN_REQUEST) ? STATUS_INVALID_PARAMETER : STATUS_UNSUCCESSFUL;
    KIRQL Irql;
    ULONG i;

    UNREFERENCED_PARAMETER(MPIOPath);
    if (DsmIds->Count == 0 || (Flags & DSM_MOVE_RESERVED) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_PNP, "MoveDevice: to %p, our bits %x.\n", SuggestedPath,
                Flags & DSM_MOVE_OEM_MASK));
    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    for (i = 0; i < DsmIds->Count; i++) {
        PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

        if (Device->Path->PathId == SuggestedPath && Device->Usable) {
            Device->Group->Current = Device;
            if (Flags & DSM_MOVE_PERMANENT) {
                Device->Group->PreferredPath = SuggestedPath;
            }
            if (Device->Group->Symmetric && Device->Group->Policy == DSM_LB_FAILOVER) {
                Device->State = WdStateActiveOptimized;
            }
            WdRestate(Context, Device->Group);
            Status = STATUS_SUCCESS;
        } else if (Flags & DSM_MOVE_PENDING_REMOVAL) {
            Status = STATUS_SUCCESS;    // RemovePending will move it
        }
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    return Status;
}

NTSTATUS
WdRemovePending(
    IN PVOID DsmContext,
    IN PVOID DsmId
    )
{
    WdSetUsable((PWDKDSM_CONTEXT)DsmContext, (PWDKDSM_DEVICE)DsmId, WdStateRemovePending);
    return STATUS_SUCCESS;
}

NTSTATUS
WdRemoveDevice(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PVOID PathId
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmId;
    PWDKDSM_GROUP Group = Device->Group;
    KIRQL Irql;
    ULONG i;

    UNREFERENCED_PARAMETER(PathId);
    while (InterlockedCompareExchange(&Device->BlockRemove, 0, 0) != 0) {
        KeStallExecutionProcessor(10000);
    }
    if (Group != NULL) {
        Irql = ExAcquireSpinLockExclusive(&Context->Lock);
        for (i = 0; i < Group->Count && Group->Devices[i] != Device; i++) {
            ;
        }
        NT_ASSERT(i < Group->Count);
        Group->Count--;
        for (; i < Group->Count; i++) {
            Group->Devices[i] = Group->Devices[i + 1];
        }
        if (Group->Current == Device) {
            Group->Current = NULL;
        }
        Device->Path->References--;
        if (Group->Count == 0) {
            RemoveEntryList(&Group->ListEntry);
            Context->NumberGroups--;
        } else {
            WdRestate(Context, Group);
        }
        ExReleaseSpinLockExclusive(&Context->Lock, Irql);
        if (Group->Count == 0) {
            ExFreePoolWithTag(Group, WDKDSM_TAG_GROUP);
        }
    }
    ExFreePoolWithTag(Device, WDKDSM_TAG_DEVICE);
    return STATUS_SUCCESS;
}

NTSTATUS
WdRemovePath(
    IN PVOID DsmContext,
    IN PVOID PathId
    )
{
    PWDKDSM_CONTEXT Context = (PWDKDSM_CONTEXT)DsmContext;
    PLIST_ENTRY Entry;
    PWDKDSM_PATH Path = NULL;
    KIRQL Irql;

    Irql = ExAcquireSpinLockExclusive(&Context->Lock);
    for (Entry = Context->Paths.Flink; Entry != &Context->Paths; Entry = Entry->Flink) {
        PWDKDSM_PATH Candidate = CONTAINING_RECORD(Entry, WDKDSM_PATH, ListEntry);

        if (Candidate->PathId == PathId && Candidate->References == 0) {
            Path = Candidate;
            RemoveEntryList(&Path->ListEntry);
            break;
        }
    }
    ExReleaseSpinLockExclusive(&Context->Lock, Irql);
    if (Path == NULL) {
        return STATUS_NO_SUCH_DEVICE;
    }
    NT_ASSERT(Path->Outstanding == 0);
    ExFreePoolWithTag(Path, WDKDSM_TAG_PATH);
    return STATUS_SUCCESS;
}

NTSTATUS
WdDeviceNotUsed(
    IN PVOID DsmContext,
    IN PVOID DsmId
    )
{
    return WdRemoveDevice(DsmContext, DsmId, NULL);
}
