/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    selfsrb.c

Abstract:

    SRB helpers over both kinds of SRB, sense data in both formats, IRPs and MDLs, and the pass-through requests that
    name a path. Nothing here reaches a device.

--*/

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "selfsrb.tmh"
#endif

//
// An extended SRB as a class driver builds it: the SRB, an address, and one record for the command.
//
typedef struct _WD_EXTENDED {
    STORAGE_REQUEST_BLOCK Srb;
    STOR_ADDR_BTL8 POINTER_ALIGN Address;
    SRBEX_DATA_SCSI_CDB16 POINTER_ALIGN Command;
    SRBEX_DATA_IO_INFO POINTER_ALIGN IoInfo;
} WD_EXTENDED;

struct STOR_ADDRESS_ALIGN _WD_ALIGNED_ADDRESS {
    STOR_ADDRESS Address;
};
struct SRB_ALIGN _WD_ALIGNED_SRB {
    UCHAR Byte;
};

static
VOID
WdBuildExtended(
    _Out_ WD_EXTENDED *Extended
    )
{
    SCSI_ADDRESS Address = {sizeof(SCSI_ADDRESS), 3, 1, 2, 5};

    RtlZeroMemory(Extended, sizeof(*Extended));
    Extended->Srb.Length = FIELD_OFFSET(STORAGE_REQUEST_BLOCK, Signature);
    Extended->Srb.Function = SRB_FUNCTION_STORAGE_REQUEST_BLOCK;
    Extended->Srb.Signature = SRB_SIGNATURE;
    Extended->Srb.Version = STORAGE_REQUEST_BLOCK_VERSION_1;
    Extended->Srb.SrbLength = sizeof(*Extended);
    Extended->Srb.SrbFunction = SRB_FUNCTION_EXECUTE_SCSI;
    Extended->Srb.AddressOffset = FIELD_OFFSET(WD_EXTENDED, Address);
    Extended->Srb.NumSrbExData = 1;
    Extended->Srb.SrbExDataOffset[0] = FIELD_OFFSET(WD_EXTENDED, Command);
    WdBuildAddress(&Address, &Extended->Address);
    Extended->Command.Type = SrbExDataTypeScsiCdb16;
    Extended->Command.Length = SRBEX_DATA_SCSI_CDB16_LENGTH;
    Extended->Command.CdbLength = 16;
}

static
VOID
WdTestOneSrb(
    _Inout_ PWDKDSM_TEST Test,
    _Inout_ PVOID Srb,
    _In_ ULONG Size
    )
{
    UCHAR Sense[SENSE_BUFFER_SIZE_EX] = {0};
    UCHAR Data[64];
    PSTORAGE_REQUEST_BLOCK_HEADER Copy;
    UCHAR CdbLength = 10, Status = SCSISTAT_GOOD, SenseLength = sizeof(Sense);
    PVOID SenseBuffer = Sense;
    ULONG LongLength = 0;
    UCHAR Path = 9, Target = 9, Lun = 9;
    UCHAR Key, Asc, Ascq;

    WD_CHECK(Test, SrbGetSrbLength(Srb) == Size && SrbGetSrbFunction(Srb) == SRB_FUNCTION_EXECUTE_SCSI);
    WD_CHECK(Test, SrbGetPathId(Srb) == 1 && SrbGetTargetId(Srb) == 2 && SrbGetLun(Srb) == 5);
    SrbGetPathTargetLun(Srb, &Path, &Target, &Lun);
    WD_CHECK(Test, Path == 1 && Target == 2 && Lun == 5);
    SrbSetScsiData(Srb, &CdbLength, NULL, &Status, &SenseBuffer, &SenseLength);
    WD_CHECK(Test, SrbGetCdbLength(Srb) == 10 && SrbGetSenseInfoBuffer(Srb) == Sense);
    CdbLength = 0;
    WD_CHECK(Test, SrbGetScsiData(Srb, &CdbLength, &LongLength, &Status, &SenseBuffer, &SenseLength) == SrbGetCdb(Srb) &&
                   CdbLength == 10);
    SrbSetCdbLength(Srb, 16);
    SrbGetCdb(Srb)->CDB16.OperationCode = SCSIOP_READ16;
    SrbSetDataBuffer(Srb, Data);
    SrbSetDataTransferLength(Srb, sizeof(Data));
    SrbSetTimeOutValue(Srb, 7);
    WD_CHECK(Test, SrbGetDataBuffer(Srb) == Data && SrbGetDataTransferLength(Srb) == 64 && SrbGetTimeOutValue(Srb) == 7);
    SrbSetSrbFlags(Srb, SRB_FLAGS_DATA_IN);
    SrbSetSrbFlags(Srb, SRB_FLAGS_NO_QUEUE_FREEZE);
    WD_CHECK(Test, SrbGetSrbFlags(Srb) == (SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE));
    SrbClearSrbFlags(Srb, SRB_FLAGS_DATA_IN);
    WD_CHECK(Test, SrbGetSrbFlags(Srb) == SRB_FLAGS_NO_QUEUE_FREEZE);
    SrbAssignSrbFlags(Srb, SRB_FLAGS_DATA_OUT);
    WD_CHECK(Test, SrbGetSrbFlags(Srb) == SRB_FLAGS_DATA_OUT);
    SrbSetRequestTag(Srb, 42);
    WD_CHECK(Test, SrbGetRequestTag(Srb) == 42 && SrbGetQueueTag(Srb) == 42);
    SrbSetQueueAction(Srb, SRB_HEAD_OF_QUEUE_TAG_REQUEST);
    WD_CHECK(Test, SrbGetRequestAttribute(Srb) == SRB_HEAD_OF_QUEUE_TAG_REQUEST);
    SrbSetRequestAttribute(Srb, SRB_SIMPLE_TAG_REQUEST);
    SrbSetOriginalRequest(Srb, Test);
    SrbSetNextSrb(Srb, NULL);
    SrbSetSystemStatus(Srb, 5);
    SrbSetMiniportContext(Srb, Data);
    WD_CHECK(Test, SrbGetOriginalRequest(Srb) == Test && SrbGetNextSrb(Srb) == NULL && SrbGetSystemStatus(Srb) == 5 &&
                   SrbGetMiniportContext(Srb) == Data);

    //
    // A status that is set keeps the note that sense data is valid.
    //
    SrbSetSrbStatus(Srb, SRB_STATUS_ERROR);
    ((PSTORAGE_REQUEST_BLOCK_HEADER)Srb)->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
    SrbSetSrbStatus(Srb, SRB_STATUS_BUSY);
    WD_CHECK(Test, SrbGetSrbStatus(Srb) == (SRB_STATUS_BUSY | SRB_STATUS_AUTOSENSE_VALID));
    SrbSetScsiStatus(Srb, SCSISTAT_CHECK_CONDITION);
    SrbSetSenseInfoBuffer(Srb, Sense);
    SrbSetSenseInfoBufferLength(Srb, sizeof(Sense));
    Sense[0] = SCSI_SENSE_ERRORCODE_FIXED_CURRENT;
    Sense[2] = SCSI_SENSE_UNIT_ATTENTION;
    Sense[7] = 10;
    Sense[12] = SCSI_ADSENSE_BUS_RESET;
    WD_CHECK(Test, WdGetSense(Srb, &Key, &Asc, &Ascq) && Key == SCSI_SENSE_UNIT_ATTENTION &&
                   Asc == SCSI_ADSENSE_BUS_RESET && Ascq == 0 && SrbGetScsiStatus(Srb) == SCSISTAT_CHECK_CONDITION);

    Copy = SrbAllocateCopy(Srb, NonPagedPoolNx, WDKDSM_TAG_TEST);
    WD_CHECK(Test, Copy != NULL && SrbGetSrbLength(Copy) == Size && SrbGetCdb(Copy)->AsByte[0] == SCSIOP_READ16 &&
                   SrbGetSenseInfoBufferLength(Copy) == sizeof(Sense));
    if (Copy != NULL) {
        WD_CHECK(Test, !SrbCopySrb(Copy, 8, Srb));
        SrbZeroSrb(Copy);
        WD_CHECK(Test, SrbGetSrbLength(Copy) == Size && SrbGetDataBuffer(Copy) == NULL && SrbGetSrbStatus(Copy) == 0);
        ExFreePoolWithTag(Copy, WDKDSM_TAG_TEST);
    }
}

static
VOID
WdTestSense(
    _Inout_ PWDKDSM_TEST Test
    )
{
    SENSE_DATA_EX Sense = {0};
    PFIXED_SENSE_DATA Fixed = (PFIXED_SENSE_DATA)&Sense.FixedData;
    UCHAR Descriptor[8 + 12] = {SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED, SCSI_SENSE_NOT_READY, 0x04, 0x0A, 0, 0, 0, 12,
                                0x00, 0x0A, 0x80, 0};
    SENSE_DATA Converted;
    UCHAR Key, Asc, Ascq, Length;
    PVOID Found;
    ULONG Total;

    Fixed->ErrorCode = SCSI_SENSE_ERRORCODE_FIXED_CURRENT;
    Fixed->SenseKey = SCSI_SENSE_HARDWARE_ERROR;
    Fixed->AdditionalSenseLength = 10;
    Fixed->AdditionalSenseCode = SCSI_ADSENSE_LOGICAL_UNIT_ERROR;
    Fixed->AdditionalSenseCodeQualifier = SCSI_SENSEQ_TIMEOUT_ON_LOGICAL_UNIT;
    WD_CHECK(Test, ScsiGetSenseKeyAndCodes(&Sense, sizeof(Sense), SCSI_SENSE_OPTIONS_NONE, &Key, &Asc, &Ascq) &&
                   Key == 4 && Asc == 0x3E && Ascq == 2);
    WD_CHECK(Test, IsFixedSenseDataFormat(ScsiGetSenseErrorCode(&Sense)) &&
                   ScsiGetTotalSenseByteCountIndicated(&Sense, sizeof(Sense), &Total) && Total == 18);
    Fixed->ErrorCode = 0x7F;
    WD_CHECK(Test, !ScsiGetSenseKeyAndCodes(&Sense, sizeof(Sense), SCSI_SENSE_OPTIONS_NONE, NULL, NULL, NULL) &&
                   ScsiGetSenseKeyAndCodes(&Sense, sizeof(Sense), SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED,
                                           &Key, NULL, NULL));
    WD_CHECK(Test, IsDescriptorSenseDataFormat(Descriptor[0]) &&
                   ScsiGetSenseKeyAndCodes(Descriptor, sizeof(Descriptor), SCSI_SENSE_OPTIONS_NONE, &Key, &Asc, &Ascq) &&
                   Key == SCSI_SENSE_NOT_READY && Asc == 4 && Ascq == 0x0A);
    WD_CHECK(Test, ScsiGetSenseDescriptor(Descriptor, sizeof(Descriptor), 0, &Found, &Length) && Found == Descriptor + 8 &&
                   ScsiValidateInformationSenseDescriptor(Found, Length));
    WD_CHECK(Test, ScsiConvertToFixedSenseFormat(Descriptor, sizeof(Descriptor), &Converted, sizeof(Converted)) &&
                   Converted.SenseKey == SCSI_SENSE_NOT_READY && Converted.ErrorCode == SCSI_SENSE_ERRORCODE_FIXED_DEFERRED);
    WD_CHECK(Test, Sense.DescriptorData.ErrorCode == 0x7F);
}

_Use_decl_annotations_
VOID
WdTestSrb(
    PWDKDSM_TEST Test
    )
{
    SCSI_REQUEST_BLOCK Classic = {0};
    WD_EXTENDED Extended;
    SRBEX_DATA_SCSI_CDB32 Cdb32;
    SRBEX_DATA_SCSI_CDB_VAR CdbVar;
    SRBEX_DATA_BIDIRECTIONAL Bidirectional;
    SRBEX_DATA_WMI Wmi;
    PIRP Irp;
    PMDL Mdl;
    PVOID Buffer;

    Classic.Length = sizeof(SCSI_REQUEST_BLOCK);
    Classic.Function = SRB_FUNCTION_EXECUTE_SCSI;
    Classic.PathId = 1;
    Classic.TargetId = 2;
    Classic.Lun = 5;
    WdTestOneSrb(Test, &Classic, SCSI_REQUEST_BLOCK_SIZE);

    WdBuildExtended(&Extended);
    WdTestOneSrb(Test, &Extended.Srb, sizeof(Extended));
    WdBuildExtended(&Extended);
    WD_CHECK(Test, SrbGetAddress(&Extended.Srb) == (PSTOR_ADDRESS)&Extended.Address);
    WD_CHECK(Test, SrbGetSrbExDataByType(&Extended.Srb, SrbExDataTypeScsiCdb16) == (PSRBEX_DATA)&Extended.Command &&
                   SrbGetSrbExDataByType(&Extended.Srb, SrbExDataTypeIoInfo) == NULL);
    SrbSetClassContext(&Extended.Srb, Test);
    SrbSetPortContext(&Extended.Srb, &Classic);
    SrbSetRequestPriority(&Extended.Srb, 3);
    WD_CHECK(Test, SrbGetClassContext(&Extended.Srb) == Test && SrbGetPortContext(&Extended.Srb) == &Classic &&
                   SrbGetRequestPriority(&Extended.Srb) == 3);
    SrbSetSrbLength(&Extended.Srb, sizeof(Extended) - sizeof(SRBEX_DATA_IO_INFO));
    WD_CHECK(Test, SrbGetSrbLength(&Extended.Srb) == sizeof(Extended) - sizeof(SRBEX_DATA_IO_INFO));
    Extended.Srb.SrbFunction = SRB_FUNCTION_FLUSH;
    WD_CHECK(Test, SrbGetCdb(&Extended.Srb) == NULL && SrbGetCdbLength(&Extended.Srb) == 0);
    WD_CHECK(Test, sizeof(Cdb32.Cdb) == 32 && sizeof(CdbVar.Cdb) == 1 && sizeof(Bidirectional.DataInBuffer) == sizeof(PVOID) &&
                   sizeof(Wmi.DataPath) == sizeof(PVOID));
    WD_CHECK(Test, sizeof(struct _WD_ALIGNED_ADDRESS) % __alignof(PVOID) == 0 && sizeof(struct _WD_ALIGNED_SRB) >= 1);
    WdTestSense(Test);

    //
    // An IRP and its MDL.
    //
    Buffer = ExAllocatePoolZero(NonPagedPoolNx, 4096 + 20, WDKDSM_TAG_TEST);
    Irp = IoAllocateIrp(2, FALSE);
    WD_CHECK(Test, Irp != NULL && Buffer != NULL && Irp->StackCount == 2 && Irp->CurrentLocation == 3);
    if (Irp != NULL && Buffer != NULL) {
        Mdl = IoAllocateMdl(Buffer, 4096 + 20, FALSE, FALSE, Irp);
        WD_CHECK(Test, Mdl != NULL && Irp->MdlAddress == Mdl && MmGetMdlByteCount(Mdl) == 4096 + 20);
        if (Mdl != NULL) {
            MmBuildMdlForNonPagedPool(Mdl);
            WD_CHECK(Test, MmGetMdlVirtualAddress(Mdl) == Buffer &&
                           MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) == Buffer);
            IoFreeMdl(Mdl);
        }
        IoReuseIrp(Irp, STATUS_PENDING);
        WD_CHECK(Test, Irp->MdlAddress == NULL && Irp->IoStatus.Status == STATUS_PENDING);
        IoFreeIrp(Irp);
    }
    if (Buffer != NULL) {
        ExFreePoolWithTag(Buffer, WDKDSM_TAG_TEST);
    }
}

_Use_decl_annotations_
VOID
WdTestPassThrough(
    PWDKDSM_TEST Test
    )
/*++

Routine Description:

    Two instances that exist only here, and requests that name one of them.

--*/
{
    static const ULONG Codes[] = {IOCTL_MPIO_PASS_THROUGH_PATH, IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT,
                                  IOCTL_MPIO_PASS_THROUGH_PATH_EX, IOCTL_MPIO_PASS_THROUGH_PATH_DIRECT_EX};
    PDSM_IDS Ids = NULL;
    WDKDSM_PATH Paths[2];
    PWDKDSM_DEVICE Devices;
    PIO_STACK_LOCATION IrpStack;
    union {
        MPIO_PASS_THROUGH_PATH Plain;
        MPIO_PASS_THROUGH_PATH_DIRECT Direct;
        struct {
            MPIO_PASS_THROUGH_PATH_EX Path;
            SCSI_PASS_THROUGH_EX Through;
            STOR_ADDR_BTL8 Address;
        } Ex;
        UCHAR Bytes[256];
    } Request;
    NTSTATUS Status;
    PIRP Irp;
    ULONG i;

    Devices = ExAllocatePoolZero(NonPagedPoolNx, 2 * sizeof(WDKDSM_DEVICE), WDKDSM_TAG_TEST);
    Irp = IoAllocateIrp(2, FALSE);
    WD_CHECK(Test, Devices != NULL && Irp != NULL);
    if (Devices == NULL || Irp == NULL) {
        goto __Exit;
    }
    RtlZeroMemory(Paths, sizeof(Paths));
    for (i = 0; i < 2; i++) {
        Paths[i].PathId = (PVOID)(ULONG_PTR)(0x57000001 + i);
        Devices[i].Path = &Paths[i];
        Devices[i].Address.PortNumber = 4;
        Devices[i].Address.TargetId = (UCHAR)i;
    }
    Ids = WdMakeIds(&Devices[0], &Devices[1]);
    if (Ids == NULL) {
        goto __Exit;
    }

    IoSetNextIrpStackLocation(Irp);
    IrpStack = IoGetCurrentIrpStackLocation(Irp);
    IrpStack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    Irp->AssociatedIrp.SystemBuffer = &Request;
    for (i = 0; i < RTL_NUMBER_OF(Codes); i++) {
        WD_CHECK(Test, WdIsPathPassThrough(Codes[i]));
        IrpStack->Parameters.DeviceIoControl.IoControlCode = Codes[i];
        IrpStack->Parameters.DeviceIoControl.InputBufferLength = sizeof(Request);
        RtlZeroMemory(&Request, sizeof(Request));
        if (i < 2) {
            Request.Plain.Version = 0;
            Request.Plain.Length = sizeof(MPIO_PASS_THROUGH_PATH);
            Request.Plain.Flags = MPIO_IOCTL_FLAG_USE_PATHID | MPIO_IOCTL_FLAG_INVOLVE_DSM;
            Request.Plain.MpioPathId = 0x57000002;
        } else {
            Request.Ex.Path.PassThroughOffset = sizeof(MPIO_PASS_THROUGH_PATH_EX);
            Request.Ex.Path.Length = sizeof(MPIO_PASS_THROUGH_PATH_EX);
            Request.Ex.Path.Flags = MPIO_IOCTL_FLAG_USE_PATHID;
            Request.Ex.Path.MpioPathId = 0x57000002;
        }
        WD_CHECK(Test, WdPassThroughDevice(Ids, Irp, &Status) == &Devices[1] && NT_SUCCESS(Status));
        if (i < 2) {
            Request.Plain.Flags = MPIO_IOCTL_FLAG_USE_SCSIADDRESS;
            Request.Plain.PortNumber = 4;
            Request.Plain.PassThrough.TargetId = 1;
        } else {
            SCSI_ADDRESS Address = {sizeof(SCSI_ADDRESS), 4, 0, 1, 0};

            Request.Ex.Path.Flags = MPIO_IOCTL_FLAG_USE_SCSIADDRESS;
            Request.Ex.Path.PortNumber = 4;
            Request.Ex.Through.StorAddressOffset = sizeof(SCSI_PASS_THROUGH_EX);
            Request.Ex.Through.StorAddressLength = sizeof(STOR_ADDR_BTL8);
            WdBuildAddress(&Address, &Request.Ex.Address);
        }
        WD_CHECK(Test, WdPassThroughDevice(Ids, Irp, &Status) == &Devices[1]);
        IrpStack->Parameters.DeviceIoControl.InputBufferLength = 8;
        WD_CHECK(Test, WdPassThroughDevice(Ids, Irp, &Status) == NULL && Status == STATUS_INVALID_PARAMETER);
    }
    WD_CHECK(Test, !IoIs32bitProcess(Irp) || sizeof(PVOID) == 4);

__Exit:
    WdFree(Ids, WDKDSM_TAG_TEST, NULL);
    if (Irp != NULL) {
        IoFreeIrp(Irp);
    }
    if (Devices != NULL) {
        ExFreePoolWithTag(Devices, WDKDSM_TAG_TEST);
    }
}
