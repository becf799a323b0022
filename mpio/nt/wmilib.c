/* SPDX-License-Identifier: MIT */
/*
 * wmilib.sys: takes IRP_MJ_SYSTEM_CONTROL requests apart, checks GUID, instance and sizes, calls the driver's
 * routine, and builds the answering WNODE when the driver completes the request. Nothing is kept between the
 * two calls: the WNODE in the request's buffer says it all. WmiSystemControl at PASSIVE_LEVEL, the others at
 * <= DISPATCH_LEVEL; no locks. Instances are named by index (static names), as wmilib's always are.
 */
#include <string.h>

#include <wmilib.h>

#include "nt/kernel.h"

#define WMILIB_TAG  'LimW'
#define WMI_ALIGN   8u
#define MAXIMUM_INSTANCES 65536u /* of one GUID: keeps every offset within 32 bits */

static ULONG Align(ULONG Bytes)
{
    return (Bytes + WMI_ALIGN - 1) & ~(WMI_ALIGN - 1);
}

/* Where WNODE_ALL_DATA's blocks start: behind its array of offsets and lengths. */
static ULONG AllDataOffset(ULONG Instances)
{
    return Align((ULONG)FIELD_OFFSET(WNODE_ALL_DATA, OffsetInstanceDataAndLength) +
                 Instances * (ULONG)sizeof(OFFSETINSTANCEDATAANDLENGTH));
}

/* ---- WmiSystemControl -------------------------------------------------------------------------------- */

typedef struct _WMI_REQUEST {
    PWMILIB_CONTEXT Library;
    PDEVICE_OBJECT Device;
    PDRIVER_OBJECT Driver;
    PIRP Irp;
    PUCHAR Buffer;
    ULONG BufferSize;
    ULONG GuidIndex;
} WMI_REQUEST, *PWMI_REQUEST;

static NTSTATUS FindGuid(PWMI_REQUEST Request, const GUID *Guid)
{
    ULONG i;

    for (i = 0; Guid != NULL && i < Request->Library->GuidCount; i++) {
        if (memcmp(Request->Library->GuidList[i].Guid, Guid, sizeof(GUID)) == 0) {
            Request->GuidIndex = i;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_WMI_GUID_NOT_FOUND;
}

/* The three WNODEs of one instance share the head up to the instance's index. */
static NTSTATUS CheckInstance(PWMI_REQUEST Request, ULONG WnodeSize, PULONG InstanceIndex)
{
    PWNODE_SINGLE_INSTANCE wnode = (PWNODE_SINGLE_INSTANCE)Request->Buffer;

    if (Request->BufferSize < WnodeSize) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((wnode->WnodeHeader.Flags & WNODE_FLAG_STATIC_INSTANCE_NAMES) == 0 ||
        wnode->InstanceIndex >= Request->Library->GuidList[Request->GuidIndex].InstanceCount) {
        return STATUS_WMI_INSTANCE_NOT_FOUND;
    }
    *InstanceIndex = wnode->InstanceIndex;
    return STATUS_SUCCESS;
}

static BOOLEAN Fits(PWMI_REQUEST Request, ULONG Offset, ULONG Size)
{
    return (BOOLEAN)(Offset <= Request->BufferSize && Size <= Request->BufferSize - Offset);
}

static NTSTATUS QueryAll(PWMI_REQUEST Request, PSYSCTL_IRP_DISPOSITION Disposition)
{
    PWNODE_ALL_DATA wnode = (PWNODE_ALL_DATA)Request->Buffer;
    ULONG instances = Request->Library->GuidList[Request->GuidIndex].InstanceCount;
    ULONG offset = AllDataOffset(instances);
    BOOLEAN room = (BOOLEAN)(offset < Request->BufferSize);

    if (Request->BufferSize < sizeof(*wnode) || instances > MAXIMUM_INSTANCES) {
        return STATUS_INVALID_PARAMETER;
    }
    wnode->DataBlockOffset = offset;
    wnode->InstanceCount = instances;
    wnode->OffsetInstanceNameOffsets = 0;
    *Disposition = IrpProcessed;
    /* The lengths gather in the array that WmiCompleteRequest spreads out. */
    return NT_CALL_OUT("DpWmiQueryDataBlock", Request->Driver, PASSIVE_LEVEL, Request->Library->QueryWmiDataBlock,
                       Request->Device, Request->Irp, Request->GuidIndex, 0, instances,
                       room ? (PULONG)wnode->OffsetInstanceDataAndLength : NULL,
                       room ? Request->BufferSize - offset : 0, room ? Request->Buffer + offset : NULL);
}

static NTSTATUS QueryOne(PWMI_REQUEST Request, PSYSCTL_IRP_DISPOSITION Disposition)
{
    PWNODE_SINGLE_INSTANCE wnode = (PWNODE_SINGLE_INSTANCE)Request->Buffer;
    ULONG instance;
    BOOLEAN room;
    NTSTATUS status = CheckInstance(Request, sizeof(*wnode), &instance);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (wnode->DataBlockOffset < FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData)) {
        return STATUS_INVALID_PARAMETER;
    }
    room = (BOOLEAN)(wnode->DataBlockOffset < Request->BufferSize);
    *Disposition = IrpProcessed;
    return NT_CALL_OUT("DpWmiQueryDataBlock", Request->Driver, PASSIVE_LEVEL, Request->Library->QueryWmiDataBlock,
                       Request->Device, Request->Irp, Request->GuidIndex, instance, 1,
                       room ? &wnode->SizeDataBlock : NULL, room ? Request->BufferSize - wnode->DataBlockOffset : 0,
                       room ? Request->Buffer + wnode->DataBlockOffset : NULL);
}

static NTSTATUS SetOne(PWMI_REQUEST Request, PSYSCTL_IRP_DISPOSITION Disposition)
{
    PWNODE_SINGLE_INSTANCE wnode = (PWNODE_SINGLE_INSTANCE)Request->Buffer;
    ULONG instance;
    NTSTATUS status = CheckInstance(Request, sizeof(*wnode), &instance);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!Fits(Request, wnode->DataBlockOffset, wnode->SizeDataBlock)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Request->Library->SetWmiDataBlock == NULL) {
        return STATUS_WMI_READ_ONLY;
    }
    *Disposition = IrpProcessed;
    return NT_CALL_OUT("DpWmiSetDataBlock", Request->Driver, PASSIVE_LEVEL, Request->Library->SetWmiDataBlock,
                       Request->Device, Request->Irp, Request->GuidIndex, instance, wnode->SizeDataBlock,
                       Request->Buffer + wnode->DataBlockOffset);
}

static NTSTATUS SetItem(PWMI_REQUEST Request, PSYSCTL_IRP_DISPOSITION Disposition)
{
    PWNODE_SINGLE_ITEM wnode = (PWNODE_SINGLE_ITEM)Request->Buffer;
    ULONG instance;
    NTSTATUS status = CheckInstance(Request, sizeof(*wnode), &instance);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!Fits(Request, wnode->DataBlockOffset, wnode->SizeDataItem)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Request->Library->SetWmiDataItem == NULL) {
        return STATUS_WMI_READ_ONLY;
    }
    *Disposition = IrpProcessed;
    return NT_CALL_OUT("DpWmiSetDataItem", Request->Driver, PASSIVE_LEVEL, Request->Library->SetWmiDataItem,
                       Request->Device, Request->Irp, Request->GuidIndex, instance, wnode->ItemId,
                       wnode->SizeDataItem, Request->Buffer + wnode->DataBlockOffset);
}

static NTSTATUS ExecuteMethod(PWMI_REQUEST Request, PSYSCTL_IRP_DISPOSITION Disposition)
{
    PWNODE_METHOD_ITEM wnode = (PWNODE_METHOD_ITEM)Request->Buffer;
    ULONG instance;
    NTSTATUS status = CheckInstance(Request, sizeof(*wnode), &instance);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (!Fits(Request, wnode->DataBlockOffset, wnode->SizeDataBlock)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Request->Library->ExecuteWmiMethod == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *Disposition = IrpProcessed;
    return NT_CALL_OUT("DpWmiExecuteMethod", Request->Driver, PASSIVE_LEVEL, Request->Library->ExecuteWmiMethod,
                       Request->Device, Request->Irp, Request->GuidIndex, instance, wnode->MethodId,
                       wnode->SizeDataBlock, Request->BufferSize - wnode->DataBlockOffset,
                       Request->Buffer + wnode->DataBlockOffset);
}

static NTSTATUS Control(PWMI_REQUEST Request, UCHAR Minor, PSYSCTL_IRP_DISPOSITION Disposition)
{
    WMIENABLEDISABLECONTROL function = Minor == IRP_MN_ENABLE_EVENTS || Minor == IRP_MN_DISABLE_EVENTS
                                           ? WmiEventControl
                                           : WmiDataBlockControl;
    BOOLEAN enable = (BOOLEAN)(Minor == IRP_MN_ENABLE_EVENTS || Minor == IRP_MN_ENABLE_COLLECTION);

    *Disposition = IrpProcessed;
    if (Request->Library->WmiFunctionControl == NULL) {
        return WmiCompleteRequest(Request->Device, Request->Irp, STATUS_SUCCESS, 0, IO_NO_INCREMENT);
    }
    return NT_CALL_OUT("DpWmiFunctionControl", Request->Driver, PASSIVE_LEVEL, Request->Library->WmiFunctionControl,
                       Request->Device, Request->Irp, Request->GuidIndex, function, enable);
}

/* ---- registration ------------------------------------------------------------------------------------ */

/* A counted string at Offset; returns the offset behind it. */
static ULONG PutString(PUCHAR Buffer, ULONG Offset, const UNICODE_STRING *String)
{
    memcpy(Buffer + Offset, &String->Length, sizeof(USHORT));
    if (String->Length != 0) {
        memcpy(Buffer + Offset + sizeof(USHORT), String->Buffer, String->Length);
    }
    return Offset + (ULONG)sizeof(USHORT) + String->Length;
}

static NTSTATUS WriteRegistration(PWMI_REQUEST Request, ULONG Flags, const UNICODE_STRING *Name,
                                  const UNICODE_STRING *Path, const UNICODE_STRING *Mof, PDEVICE_OBJECT Pdo)
{
    PWMIREGINFOW info = (PWMIREGINFOW)Request->Buffer;
    ULONG count = Request->Library->GuidCount;
    ULONGLONG strings = FIELD_OFFSET(WMIREGINFOW, WmiRegGuid) + (ULONGLONG)count * sizeof(WMIREGGUIDW);
    ULONGLONG size = strings + 3 * sizeof(USHORT) + Name->Length + Path->Length + Mof->Length;
    ULONG offset, nameOffset, i;

    if (size > MAXULONG) {
        return STATUS_INVALID_PARAMETER;
    }
    if (size > Request->BufferSize) {
        if (Request->BufferSize < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        *(PULONG)Request->Buffer = (ULONG)size;
        Request->Irp->IoStatus.Information = sizeof(ULONG);
        return STATUS_BUFFER_TOO_SMALL;
    }
    memset(info, 0, (size_t)size);
    info->BufferSize = (ULONG)size;
    info->GuidCount = count;
    nameOffset = (ULONG)strings;
    offset = PutString(Request->Buffer, nameOffset, Name);
    info->RegistryPath = offset;
    offset = PutString(Request->Buffer, offset, Path);
    info->MofResourceName = offset;
    PutString(Request->Buffer, offset, Mof);
    for (i = 0; i < count; i++) {
        PWMIREGGUIDW guid = &info->WmiRegGuid[i];

        guid->Guid = *Request->Library->GuidList[i].Guid;
        guid->InstanceCount = Request->Library->GuidList[i].InstanceCount;
        guid->Flags = Request->Library->GuidList[i].Flags | Flags;
        if ((Flags & WMIREG_FLAG_INSTANCE_PDO) != 0) {
            ObReferenceObject(Pdo); /* the reader of the registration gives it back */
            guid->Pdo = (ULONG_PTR)Pdo;
        } else {
            guid->BaseNameOffset = nameOffset;
        }
    }
    Request->Irp->IoStatus.Information = (ULONG_PTR)size;
    return STATUS_SUCCESS;
}

static NTSTATUS Register(PWMI_REQUEST Request)
{
    UNICODE_STRING name = {0}, mof = {0}, none = {0};
    PUNICODE_STRING path = NULL;
    PDEVICE_OBJECT pdo = NULL;
    ULONG flags = 0;
    NTSTATUS status = NT_CALL_OUT("DpWmiQueryReginfo", Request->Driver, PASSIVE_LEVEL,
                                  Request->Library->QueryWmiRegInfo, Request->Device, &flags, &name, &path, &mof, &pdo);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((flags & WMIREG_FLAG_INSTANCE_PDO) != 0 ? pdo == NULL : name.Buffer == NULL) {
        status = STATUS_INVALID_DEVICE_REQUEST; /* neither a base name nor a device to name instances after */
    } else {
        if ((flags & WMIREG_FLAG_INSTANCE_PDO) == 0) {
            flags |= WMIREG_FLAG_INSTANCE_BASENAME;
        }
        status = WriteRegistration(Request, flags, &name, path != NULL ? path : &none, &mof, pdo);
    }
    if (name.Buffer != NULL) {
        ExFreePool(name.Buffer);
    }
    return status;
}

NTSTATUS WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                          PSYSCTL_IRP_DISPOSITION IrpDisposition)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    WMI_REQUEST request = {WmiLibInfo, DeviceObject, DeviceObject->DriverObject, Irp, stack->Parameters.WMI.Buffer,
                           stack->Parameters.WMI.BufferSize, 0};
    BOOLEAN registration = (BOOLEAN)(stack->MinorFunction == IRP_MN_REGINFO ||
                                     stack->MinorFunction == IRP_MN_REGINFO_EX);
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (!registration && stack->MinorFunction > IRP_MN_EXECUTE_METHOD) {
        *IrpDisposition = IrpNotWmi;
        return STATUS_SUCCESS;
    }
    if (stack->Parameters.WMI.ProviderId != (ULONG_PTR)DeviceObject) {
        *IrpDisposition = IrpForward;
        return STATUS_SUCCESS;
    }
    *IrpDisposition = IrpNotCompleted;
    Irp->IoStatus.Information = 0;
    status = registration ? Register(&request) : FindGuid(&request, stack->Parameters.WMI.DataPath);
    if (!registration && NT_SUCCESS(status)) {
        switch (stack->MinorFunction) {
        case IRP_MN_QUERY_ALL_DATA:
            status = QueryAll(&request, IrpDisposition);
            break;
        case IRP_MN_QUERY_SINGLE_INSTANCE:
            status = QueryOne(&request, IrpDisposition);
            break;
        case IRP_MN_CHANGE_SINGLE_INSTANCE:
            status = SetOne(&request, IrpDisposition);
            break;
        case IRP_MN_CHANGE_SINGLE_ITEM:
            status = SetItem(&request, IrpDisposition);
            break;
        case IRP_MN_EXECUTE_METHOD:
            status = ExecuteMethod(&request, IrpDisposition);
            break;
        default:
            status = Control(&request, stack->MinorFunction, IrpDisposition);
        }
    }
    if (*IrpDisposition == IrpNotCompleted) { /* else the IRP may be gone */
        Irp->IoStatus.Status = status;
    }
    return status;
}

/* ---- WmiCompleteRequest, WmiFireEvent ---------------------------------------------------------------- */

/* Lengths, gathered as an array of numbers, become pairs of offset and length; from the end, since the pairs
 * overlay the numbers. */
static VOID SpreadInstances(PWNODE_ALL_DATA Wnode)
{
    PULONG length = (PULONG)Wnode->OffsetInstanceDataAndLength;
    ULONG offset = Wnode->DataBlockOffset, i;

    for (i = 0; i + 1 < Wnode->InstanceCount; i++) {
        offset += Align(length[i]);
    }
    for (i = Wnode->InstanceCount; i-- > 0;) {
        ULONG bytes = length[i];

        Wnode->OffsetInstanceDataAndLength[i].LengthInstanceData = bytes;
        Wnode->OffsetInstanceDataAndLength[i].OffsetInstanceData = offset;
        if (i > 0) {
            offset -= Align(length[i - 1]);
        }
    }
}

/* The answer of a query or method; returns the bytes of it. */
static ULONG FinishAnswer(UCHAR Minor, PVOID Buffer, ULONG BufferSize, NTSTATUS Status, ULONG BufferUsed)
{
    PWNODE_HEADER head = Buffer;
    PWNODE_SINGLE_INSTANCE single = Buffer;
    PWNODE_METHOD_ITEM method = Buffer;
    PWNODE_ALL_DATA all = Buffer;
    PWNODE_TOO_SMALL small = Buffer;
    ULONG offset = Minor == IRP_MN_QUERY_ALL_DATA   ? all->DataBlockOffset
                   : Minor == IRP_MN_EXECUTE_METHOD ? method->DataBlockOffset
                                                    : single->DataBlockOffset;

    if (Status == STATUS_BUFFER_TOO_SMALL || offset > BufferSize || BufferUsed > BufferSize - offset) {
        head->BufferSize = sizeof(*small);
        head->Flags |= WNODE_FLAG_TOO_SMALL;
        small->SizeNeeded = offset + BufferUsed;
        return sizeof(*small);
    }
    if (Minor == IRP_MN_QUERY_ALL_DATA) {
        if (all->InstanceCount == 1) {
            head->Flags |= WNODE_FLAG_FIXED_INSTANCE_SIZE;
            all->FixedInstanceSize = BufferUsed;
        } else {
            SpreadInstances(all);
        }
    } else if (Minor == IRP_MN_EXECUTE_METHOD) {
        method->SizeDataBlock = BufferUsed;
    } else {
        single->SizeDataBlock = BufferUsed;
    }
    head->BufferSize = offset + BufferUsed;
    return offset + BufferUsed;
}

NTSTATUS WmiCompleteRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status, ULONG BufferUsed,
                            CCHAR PriorityBoost)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    (void)DeviceObject;
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    Irp->IoStatus.Information = 0;
    if ((stack->MinorFunction == IRP_MN_QUERY_ALL_DATA || stack->MinorFunction == IRP_MN_QUERY_SINGLE_INSTANCE ||
         stack->MinorFunction == IRP_MN_EXECUTE_METHOD) &&
        (NT_SUCCESS(Status) || Status == STATUS_BUFFER_TOO_SMALL)) {
        Irp->IoStatus.Information = FinishAnswer(stack->MinorFunction, stack->Parameters.WMI.Buffer,
                                                 stack->Parameters.WMI.BufferSize, Status, BufferUsed);
        if (Status == STATUS_BUFFER_TOO_SMALL) {
            Status = STATUS_SUCCESS;
        }
    }
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, PriorityBoost);
    return Status;
}

NTSTATUS WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid, ULONG InstanceIndex, ULONG EventDataSize,
                      PVOID EventData)
{
    ULONG offset = FIELD_OFFSET(WNODE_SINGLE_INSTANCE, VariableData);
    PWNODE_SINGLE_INSTANCE wnode = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (Guid != NULL && EventDataSize <= MAXULONG - offset && (EventData != NULL || EventDataSize == 0)) {
        wnode = ExAllocatePoolWithTag(NonPagedPoolNx, offset + EventDataSize, WMILIB_TAG);
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (wnode != NULL) {
        memset(wnode, 0, offset);
        wnode->WnodeHeader.BufferSize = offset + EventDataSize;
        wnode->WnodeHeader.ProviderId = (ULONG)(ULONG_PTR)DeviceObject;
        KeQuerySystemTime(&wnode->WnodeHeader.TimeStamp);
        wnode->WnodeHeader.Guid = *Guid;
        wnode->WnodeHeader.Flags =
            WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM | WNODE_FLAG_STATIC_INSTANCE_NAMES;
        wnode->InstanceIndex = InstanceIndex;
        wnode->DataBlockOffset = offset;
        wnode->SizeDataBlock = EventDataSize;
        if (EventDataSize != 0) {
            memcpy(wnode->VariableData, EventData, EventDataSize);
        }
        status = IoWMIWriteEvent(wnode);
        if (!NT_SUCCESS(status)) {
            ExFreePool(wnode);
        }
    }
    if (EventData != NULL) {
        ExFreePool(EventData);
    }
    return status;
}
