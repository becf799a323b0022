/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    passthru.c

Abstract:

    Pass-through requests: our own to a device, and those of applications that name a path. The latter come in four
    forms, and from 32-bit processes in four more.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "passthru.tmh"
#endif

_Use_decl_annotations_
VOID
WdBuildAddress(
    PSCSI_ADDRESS From,
    PSTOR_ADDR_BTL8 Address
    )
{
    RtlZeroMemory(Address, sizeof(STOR_ADDR_BTL8));
    Address->Type = STOR_ADDRESS_TYPE_BTL8;
    Address->Port = From->PortNumber;
    Address->AddressLength = STOR_ADDR_BTL8_ADDRESS_LENGTH;
    Address->Path = From->PathId;
    Address->Target = From->TargetId;
    Address->Lun = From->Lun;
}

static
BOOLEAN
WdSameAddress(
    _In_ PWDKDSM_DEVICE Device,
    _In_ PSTOR_ADDR_BTL8 Address
    )
{
    STOR_ADDR_BTL8 Own;

    WdBuildAddress(&Device->Address, &Own);
    return (BOOLEAN)(Own.Type == Address->Type && Own.Port == Address->Port && Own.Path == Address->Path &&
                     Own.Target == Address->Target);
}

//
// The same walk over every layout of the request, and of the pass-through structure in it.
//
#define WD_PARSE_PLAIN(Layout)                                                                                      \
    if (Length >= sizeof(Layout) && ((const Layout *)Buffer)->Length >= sizeof(Layout)) {                           \
        const Layout *Request = (const Layout *)Buffer;                                                             \
                                                                                                                    \
        Flags = Request->Flags;                                                                                     \
        PathId = Request->MpioPathId;                                                                               \
        Address.Type = STOR_ADDRESS_TYPE_BTL8;                                                                      \
        Address.Port = Request->PortNumber;                                                                         \
        Address.Path = Request->PassThrough.PathId;                                                                 \
        Address.Target = Request->PassThrough.TargetId;                                                             \
    }

#define WD_PARSE_EX(Layout, Through)                                                                                \
    if (Length >= sizeof(Layout) && ((const Layout *)Buffer)->Length >= sizeof(Layout)) {                           \
        const Layout *Request = (const Layout *)Buffer;                                                             \
        ULONG Left = Length - min(Request->PassThroughOffset, Length);                                              \
        const Through *Ex = (const Through *)((const UCHAR *)Buffer + Request->PassThroughOffset);                  \
                                                                                                                    \
        if (Request->PassThroughOffset >= sizeof(Layout) && Request->PassThroughOffset % 8 == 0 &&                  \
            Left >= sizeof(Through)) {                                                                              \
            Flags = Request->Flags;                                                                                 \
            PathId = Request->MpioPathId;                                                                           \
            if (Ex->StorAddressOffset >= sizeof(Through) && Ex->StorAddressOffset <= Left &&                        \
                Left - Ex->StorAddressOffset >= FIELD_OFFSET(STOR_ADDR_BTL8, Reserved) &&                           \
                Ex->StorAddressLength >= FIELD_OFFSET(STOR_ADDR_BTL8, Reserved)) {                                  \
                RtlCopyMemory(&Address, (const UCHAR *)Ex + Ex->StorAddressOffset,                                  \
                              FIELD_OFFSET(STOR_ADDR_BTL8, Reserved));                                              \
                Address.Port = Request->PortNumber;                                                                 \
            }                                                                                                       \
        }                                                                                                           \
    }

_Use_decl_annotations_
PWDKDSM_DEVICE
WdPassThroughDevice(
    PDSM_IDS DsmIds,
    PIRP Irp,
    NTSTATUS *Status
    )
/*++

Routine Description:

    The instance that a path pass-through request names: by path id, or by SCSI address.

--*/
{
    PIO_STACK_LOCATION IrpStack = IoGetCurrentIrpStackLocation(Irp);
    ULONG Length = IrpStack->Parameters.DeviceIoControl.InputBufferLength;
    PVOID Buffer = Irp->AssociatedIrp.SystemBuffer;
    STOR_ADDR_BTL8 Address = {0};
    ULONGLONG PathId = 0;
    BOOLEAN Is32bit = FALSE;
    UCHAR Flags = 0;
    ULONG i;

#ifdef _WIN64
    Is32bit = IoIs32bitProcess(Irp);
    if (Is32bit) {
        switch (IrpStack->Parameters.DeviceIoControl.IoControlCode) {
            case IOCTL_MPIO_PASS_THROUGH_PATH:
                WD_PARSE_PLAIN(MPIO_PASS_THROUGH_PATH32)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT:
                WD_PARSE_PLAIN(MPIO_PASS_THROUGH_PATH_DIRECT32)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_EX:
                WD_PARSE_EX(MPIO_PASS_THROUGH_PATH32_EX, SCSI_PASS_THROUGH32_EX)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT_EX:
                WD_PARSE_EX(MPIO_PASS_THROUGH_PATH_DIRECT32_EX, SCSI_PASS_THROUGH_DIRECT32_EX)
                break;
            default:
                break;
        }
    }
#endif
    if (!Is32bit) {
        switch (IrpStack->Parameters.DeviceIoControl.IoControlCode) {
            case IOCTL_MPIO_PASS_THROUGH_PATH:
                WD_PARSE_PLAIN(MPIO_PASS_THROUGH_PATH)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT:
                WD_PARSE_PLAIN(MPIO_PASS_THROUGH_PATH_DIRECT)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_EX:
                WD_PARSE_EX(MPIO_PASS_THROUGH_PATH_EX, SCSI_PASS_THROUGH_EX)
                break;
            case IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT_EX:
                WD_PARSE_EX(MPIO_PASS_THROUGH_PATH_DIRECT_EX, SCSI_PASS_THROUGH_DIRECT_EX)
                break;
            default:
                break;
        }
    }
    TracePrint((TRACE_LEVEL_INFORMATION, TRACE_FLAG_IOCTL, "Path pass-through %x: flags %x, path %I64x, 32 bit %!bool!.\n",
                IrpStack->Parameters.DeviceIoControl.IoControlCode, Flags, PathId, Is32bit));
    if (Flags & MPIO_IOCTL_FLAG_INVOLVE_DSM) {
        Flags &= ~MPIO_IOCTL_FLAG_INVOLVE_DSM;  // We are
    }
    for (i = 0; i < DsmIds->Count; i++) {
        PWDKDSM_DEVICE Device = (PWDKDSM_DEVICE)DsmIds->IdList[i];

        if (Device->Path == NULL) {
            continue;
        }
        if (((Flags & MPIO_IOCTL_FLAG_USE_PATHID) && (ULONGLONG)(ULONG_PTR)Device->Path->PathId == PathId) ||
            ((Flags & MPIO_IOCTL_FLAG_USE_SCSIADDRESS) && WdSameAddress(Device, &Address))) {
            *Status = STATUS_SUCCESS;
            return Device;
        }
    }
    *Status = STATUS_INVALID_PARAMETER;
    return NULL;
}

NTSTATUS
WdInquiry(
    PDEVICE_OBJECT DeviceObject,
    UCHAR Page,
    BOOLEAN Vital,
    PVOID Data,
    ULONG Length
    )
{
    PSCSI_PASS_THROUGH_WITH_BUFFERS PassThrough;
    IO_STATUS_BLOCK IoStatus;
    UCHAR Key = 0, Asc, Ascq;
    ULONG Tries;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PCDB Cdb;

    if (Length > SPTWB_DATA_LENGTH || Length > MAXUCHAR) {
        return STATUS_INVALID_PARAMETER;
    }
    PassThrough = ExAllocatePoolZero(NonPagedPoolNx, sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS), WDKDSM_TAG_BUFFER);
    if (PassThrough == NULL) {
        return Status;
    }
    for (Tries = 0; Tries < 4; Tries++) {
        RtlZeroMemory(PassThrough, sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS));
        PassThrough->ScsiPassThrough.Length = sizeof(SCSI_PASS_THROUGH);
        PassThrough->ScsiPassThrough.CdbLength = 6;
        PassThrough->ScsiPassThrough.SenseInfoLength = SPTWB_SENSE_LENGTH;
        PassThrough->ScsiPassThrough.SenseInfoOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, SenseInfoBuffer);
        PassThrough->ScsiPassThrough.DataIn = SCSI_IOCTL_DATA_IN;
        PassThrough->ScsiPassThrough.DataTransferLength = Length;
        PassThrough->ScsiPassThrough.DataBufferOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, DataBuffer);
        PassThrough->ScsiPassThrough.TimeOutValue = WDKDSM_TIMEOUT;
        Cdb = (PCDB)PassThrough->ScsiPassThrough.Cdb;
        if (Vital) {
            Cdb->CDB6INQUIRY3.OperationCode = SCSIOP_INQUIRY;
            Cdb->CDB6INQUIRY3.EnableVitalProductData = 1;
            Cdb->CDB6INQUIRY3.CommandSupportData = 0;
            Cdb->CDB6INQUIRY3.PageCode = Page;
            Cdb->CDB6INQUIRY3.AllocationLength = (UCHAR)Length;
            Cdb->CDB6INQUIRY3.Control = 0;
        } else {
            Cdb->CDB6INQUIRY.OperationCode = SCSIOP_INQUIRY;
            Cdb->CDB6INQUIRY.LogicalUnitNumber = 0;
            Cdb->CDB6INQUIRY.PageCode = Page;
            Cdb->CDB6INQUIRY.IReserved = 0;
            Cdb->CDB6INQUIRY.AllocationLength = (UCHAR)Length;
        }
        DsmSendDeviceIoControlSynchronous(IOCTL_SCSI_PASS_THROUGH, DeviceObject, PassThrough, PassThrough,
                                          sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS),
                                          sizeof(SCSI_PASS_THROUGH_WITH_BUFFERS), FALSE, &IoStatus);
        Status = IoStatus.Status;
        if (NT_SUCCESS(Status) && PassThrough->ScsiPassThrough.ScsiStatus == SCSISTAT_GOOD) {
            RtlCopyMemory(Data, PassThrough->DataBuffer, min(Length, PassThrough->ScsiPassThrough.DataTransferLength));
            break;
        }
        if (NT_SUCCESS(Status)) {
            Status = STATUS_IO_DEVICE_ERROR;
        }
        if (PassThrough->ScsiPassThrough.ScsiStatus != SCSISTAT_CHECK_CONDITION ||
            !ScsiGetSenseKeyAndCodes(PassThrough->SenseInfoBuffer, SPTWB_SENSE_LENGTH, SCSI_SENSE_OPTIONS_NONE, &Key,
                                     &Asc, &Ascq) ||
            Key != SCSI_SENSE_UNIT_ATTENTION) {
            break;
        }
    }
    ExFreePoolWithTag(PassThrough, WDKDSM_TAG_BUFFER);
    return Status;
}

_Use_decl_annotations_
PSTORAGE_DEVICE_ID_DESCRIPTOR
WdQueryDeviceIds(
    PDEVICE_OBJECT DeviceObject
    )
/*++

Routine Description:

    Page 0x83 through the storage property interface: first how large, then all of it.

--*/
{
    STORAGE_PROPERTY_QUERY Query = {0};
    STORAGE_DESCRIPTOR_HEADER Header = {0};
    PSTORAGE_DEVICE_ID_DESCRIPTOR Descriptor;
    IO_STATUS_BLOCK IoStatus;
    ULONG Length;

    Query.PropertyId = StorageDeviceIdProperty;
    Query.QueryType = PropertyStandardQuery;
    DsmSendDeviceIoControlSynchronous(IOCTL_STORAGE_QUERY_PROPERTY, DeviceObject, &Query, &Header, sizeof(Query),
                                      sizeof(Header), FALSE, &IoStatus);
    if (!NT_SUCCESS(IoStatus.Status) || Header.Size < sizeof(STORAGE_DEVICE_ID_DESCRIPTOR)) {
        return NULL;
    }
    Length = max(Header.Size, sizeof(Query));
    Descriptor = ExAllocatePoolZero(NonPagedPoolNx, Length, WDKDSM_TAG_BUFFER);
    if (Descriptor == NULL) {
        return NULL;
    }
    RtlCopyMemory(Descriptor, &Query, sizeof(Query));
    DsmSendDeviceIoControlSynchronous(IOCTL_STORAGE_QUERY_PROPERTY, DeviceObject, Descriptor, Descriptor, sizeof(Query),
                                      Length, FALSE, &IoStatus);
    if (!NT_SUCCESS(IoStatus.Status) || Descriptor->Size > Length) {
        ExFreePoolWithTag(Descriptor, WDKDSM_TAG_BUFFER);
        return NULL;
    }
    return Descriptor;
}

_Use_decl_annotations_
NTSTATUS
WdDisableImplicitTransitions(
    PDEVICE_OBJECT DeviceObject
    )
/*++

Routine Description:

    Control extension mode page (0x0A, subpage 1): byte 4, bit 1 is IALUAE. Refused by most arrays.

--*/
{
    SCSI_PASS_THROUGH_WITH_BUFFERS PassThrough = {0};
    IO_STATUS_BLOCK IoStatus;
    PCDB Cdb = (PCDB)PassThrough.ScsiPassThrough.Cdb;
    ULONG Round;

    for (Round = 0; Round < 2; Round++) {
        PassThrough.ScsiPassThrough.Length = sizeof(SCSI_PASS_THROUGH);
        PassThrough.ScsiPassThrough.CdbLength = 6;
        PassThrough.ScsiPassThrough.SenseInfoLength = SPTWB_SENSE_LENGTH;
        PassThrough.ScsiPassThrough.SenseInfoOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, SenseInfoBuffer);
        PassThrough.ScsiPassThrough.DataTransferLength = 32 + 4;
        PassThrough.ScsiPassThrough.DataBufferOffset = FIELD_OFFSET(SCSI_PASS_THROUGH_WITH_BUFFERS, DataBuffer);
        PassThrough.ScsiPassThrough.TimeOutValue = WDKDSM_TIMEOUT;
        RtlZeroMemory(Cdb, sizeof(PassThrough.ScsiPassThrough.Cdb));
        if (Round == 0) {
            PassThrough.ScsiPassThrough.DataIn = SCSI_IOCTL_DATA_IN;
            Cdb->MODE_SENSE.OperationCode = SCSIOP_MODE_SENSE;
            Cdb->MODE_SENSE.Dbd = 1;
            Cdb->MODE_SENSE.Pc = 0;
            Cdb->MODE_SENSE.PageCode = 0x0A;
            Cdb->MODE_SENSE.SubPageCode = 0x01;
            Cdb->MODE_SENSE.AllocationLength = 32 + 4;
            Cdb->MODE_SENSE.Control = 0;
        } else {
            PassThrough.ScsiPassThrough.DataIn = SCSI_IOCTL_DATA_OUT;
            Cdb->MODE_SELECT.OperationCode = SCSIOP_MODE_SELECT;
            Cdb->MODE_SELECT.PFBit = 1;
            Cdb->MODE_SELECT.SPBit = 0;
            Cdb->MODE_SELECT.LogicalUnitNumber = 0;
            Cdb->MODE_SELECT.ParameterListLength = 32 + 4;
            Cdb->MODE_SELECT.Control = 0;
        }
        DsmSendDeviceIoControlSynchronous(IOCTL_SCSI_PASS_THROUGH, DeviceObject, &PassThrough, &PassThrough,
                                          sizeof(PassThrough), sizeof(PassThrough), FALSE, &IoStatus);
        if (!NT_SUCCESS(IoStatus.Status) || PassThrough.ScsiPassThrough.ScsiStatus != SCSISTAT_GOOD) {
            return STATUS_NOT_SUPPORTED;
        }
        if (Round == 0) {
            if ((PassThrough.DataBuffer[4 + 4] & 0x02) == 0) {
                return STATUS_SUCCESS;
            }
            PassThrough.DataBuffer[0] = 0;              // The mode data length is reserved in MODE SELECT,
            PassThrough.DataBuffer[4] &= 0x7F;          // and so is PS
            PassThrough.DataBuffer[4 + 4] &= ~0x02;
        }
    }
    return STATUS_SUCCESS;
}
