/* SPDX-License-Identifier: MIT */
/*
 * The disk: memory that all adapters share, and the commands of its one LUN. <= DISPATCH_LEVEL. The media
 * need no lock: two commands that touch one block at the same time get what they ask for in some order.
 */
#include "vminiport.h"

static PUCHAR gMedia;
static ULONG gBlocks;
static LONG gUsers;

BOOLEAN VmOpenDisk(ULONG Megabytes)
{
    if (gMedia == NULL) {
        gMedia = ExAllocatePoolWithTag(NonPagedPoolNx, (SIZE_T)Megabytes << 20, VM_TAG);
        if (gMedia == NULL) {
            return FALSE;
        }
        RtlZeroMemory(gMedia, (SIZE_T)Megabytes << 20);
        gBlocks = Megabytes << (20 - 9);
    }
    InterlockedIncrement(&gUsers);
    return TRUE;
}

VOID VmCloseDisk(VOID)
{
    if (InterlockedDecrement(&gUsers) == 0) {
        ExFreePoolWithTag(gMedia, VM_TAG);
        gMedia = NULL;
    }
}

/* ---- answers ---------------------------------------------------------------------------------------------- */
static VOID CheckCondition(PSCSI_REQUEST_BLOCK Srb, UCHAR Key, UCHAR Code)
{
    SENSE_DATA sense;
    ULONG length = Srb->SenseInfoBufferLength;

    Srb->SrbStatus = SRB_STATUS_ERROR;
    Srb->ScsiStatus = SCSISTAT_CHECK_CONDITION;
    Srb->DataTransferLength = 0;
    if (Srb->SenseInfoBuffer == NULL || length == 0 || (Srb->SrbFlags & SRB_FLAGS_DISABLE_AUTOSENSE) != 0) {
        return;
    }
    RtlZeroMemory(&sense, sizeof(sense));
    sense.ErrorCode = SCSI_SENSE_ERRORCODE_FIXED_CURRENT;
    sense.SenseKey = Key;
    sense.AdditionalSenseLength = sizeof(sense) - RTL_SIZEOF_THROUGH_FIELD(SENSE_DATA, AdditionalSenseLength);
    sense.AdditionalSenseCode = Code;
    if (length > sizeof(sense)) {
        length = sizeof(sense);
    }
    RtlCopyMemory(Srb->SenseInfoBuffer, &sense, length);
    Srb->SenseInfoBufferLength = (UCHAR)length;
    Srb->SrbStatus |= SRB_STATUS_AUTOSENSE_VALID;
}

static VOID Good(PSCSI_REQUEST_BLOCK Srb, ULONG Length)
{
    Srb->ScsiStatus = SCSISTAT_GOOD;
    Srb->SrbStatus = Length < Srb->DataTransferLength ? SRB_STATUS_DATA_OVERRUN : SRB_STATUS_SUCCESS; /* an underrun */
    Srb->DataTransferLength = Length;
}

static VOID Answer(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb, const VOID *Data, ULONG Length, ULONG Allowed)
{
    PVOID buffer = NULL;

    if (Length > Allowed) {
        Length = Allowed;
    }
    if (Length > Srb->DataTransferLength) {
        Length = Srb->DataTransferLength;
    }
    if (Length != 0 && StorPortGetSystemAddress(Adapter, Srb, &buffer) != STOR_STATUS_SUCCESS) {
        Srb->SrbStatus = SRB_STATUS_INSUFFICIENT_RESOURCES;
        Srb->DataTransferLength = 0;
        return;
    }
    if (Length != 0) {
        StorPortMoveMemory(buffer, (PVOID)Data, Length);
    }
    Good(Srb, Length);
}

/* ---- what it is ------------------------------------------------------------------------------------------- */
static const UCHAR gSerial[] = {'V', 'M', '0', '0', '0', '0', '0', '1'};

static VOID VitalProduct(PVM_ADAPTER Adapter, PVM_TARGET Target, PSCSI_REQUEST_BLOCK Srb)
{
    static const UCHAR lun[] = {0x01, 0x03, 0, 8, 0x50, 0x0A, 0x0B, 0x80, 0, 0, 0, 1}; /* NAA 5, of the LUN */
    UCHAR page[64], *port;
    ULONG length = 4;

    RtlZeroMemory(page, sizeof(page));
    page[1] = Srb->Cdb[2];
    switch (page[1]) {
    case VPD_SUPPORTED_PAGES:
        page[length++] = VPD_SUPPORTED_PAGES;
        page[length++] = VPD_SERIAL_NUMBER;
        page[length++] = VPD_DEVICE_IDENTIFIERS;
        break;
    case VPD_SERIAL_NUMBER:
        RtlCopyMemory(page + length, gSerial, sizeof(gSerial));
        length += sizeof(gSerial);
        break;
    case VPD_DEVICE_IDENTIFIERS:
        RtlCopyMemory(page + length, lun, sizeof(lun));
        port = page + length + sizeof(lun);
        RtlCopyMemory(port, lun, sizeof(lun)); /* the same number with another end: of the target port */
        port[1] = 0x80 | 0x10 | 0x03;
        port[0] = 0x60 | 0x01;
        port[10] = 0x01;
        port[11] = (UCHAR)Target->Path;
        length += 2 * sizeof(lun);
        page[length] = 0x60 | 0x01;            /* relative target port */
        page[length + 1] = 0x80 | 0x10 | 0x04;
        page[length + 3] = 4;
        page[length + 7] = (UCHAR)(Target->Path + 1);
        length += 8;
        break;
    default:
        CheckCondition(Srb, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_INVALID_CDB);
        return;
    }
    page[3] = (UCHAR)(length - 4);
    Answer(Adapter, Srb, page, length, (ULONG)Srb->Cdb[3] << 8 | Srb->Cdb[4]);
}

static VOID Inquiry(PVM_ADAPTER Adapter, PVM_TARGET Target, PSCSI_REQUEST_BLOCK Srb)
{
    INQUIRYDATA data;

    if ((Srb->Cdb[1] & 1) != 0) {
        VitalProduct(Adapter, Target, Srb);
        return;
    }
    RtlZeroMemory(&data, sizeof(data));
    data.DeviceType = DIRECT_ACCESS_DEVICE;
    data.Versions = 5;
    data.ResponseDataFormat = 2;
    data.AdditionalLength = INQUIRYDATABUFFERSIZE - 5;
    data.MultiPort = 1;
    data.CommandQueue = 1;
    RtlCopyMemory(data.VendorId, "VIRTUAL ", 8);
    RtlCopyMemory(data.ProductId, "RAM disk        ", 16);
    RtlCopyMemory(data.ProductRevisionLevel, "0001", 4);
    Answer(Adapter, Srb, &data, INQUIRYDATABUFFERSIZE, (ULONG)Srb->Cdb[3] << 8 | Srb->Cdb[4]);
}

static VOID Capacity(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    ULONG last = gBlocks - 1, size = VM_BLOCK;
    READ_CAPACITY_DATA data;

    REVERSE_BYTES(&data.LogicalBlockAddress, &last);
    REVERSE_BYTES(&data.BytesPerBlock, &size);
    Answer(Adapter, Srb, &data, sizeof(data), sizeof(data));
}

static VOID Capacity16(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    ULONGLONG last = gBlocks - 1;
    ULONG size = VM_BLOCK, allowed;
    READ_CAPACITY16_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    REVERSE_BYTES_QUAD(&data.LogicalBlockAddress, &last);
    REVERSE_BYTES(&data.BytesPerBlock, &size);
    REVERSE_BYTES(&allowed, &Srb->Cdb[10]);
    Answer(Adapter, Srb, &data, sizeof(data), allowed);
}

static VOID ReportLuns(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR list[16] = {0, 0, 0, 8}; /* LUN 0 */
    ULONG allowed;

    REVERSE_BYTES(&allowed, &Srb->Cdb[6]);
    Answer(Adapter, Srb, list, sizeof(list), allowed);
}

/* ---- what it holds ---------------------------------------------------------------------------------------- */
BOOLEAN VmIsTransfer(PSCSI_REQUEST_BLOCK Srb)
{
    UCHAR operation = Srb->Cdb[0];

    return operation == SCSIOP_READ || operation == SCSIOP_WRITE || operation == SCSIOP_READ16 || operation == SCSIOP_WRITE16;
}

static VOID Transfer(PVM_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    BOOLEAN write = Srb->Cdb[0] == SCSIOP_WRITE || Srb->Cdb[0] == SCSIOP_WRITE16;
    ULONGLONG block;
    ULONG count, length;
    PVOID buffer;

    if (Srb->Cdb[0] == SCSIOP_READ || Srb->Cdb[0] == SCSIOP_WRITE) {
        ULONG start;

        REVERSE_BYTES(&start, &Srb->Cdb[2]);
        block = start;
        count = (ULONG)Srb->Cdb[7] << 8 | Srb->Cdb[8];
    } else {
        REVERSE_BYTES_QUAD(&block, &Srb->Cdb[2]);
        REVERSE_BYTES(&count, &Srb->Cdb[10]);
    }
    if (block > gBlocks || count > gBlocks - block) {
        CheckCondition(Srb, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_ILLEGAL_BLOCK);
        return;
    }
    length = count * VM_BLOCK;
    if (length > Srb->DataTransferLength) {
        length = Srb->DataTransferLength;
    }
    if (length != 0 && StorPortGetSystemAddress(Adapter, Srb, &buffer) != STOR_STATUS_SUCCESS) {
        Srb->SrbStatus = SRB_STATUS_INSUFFICIENT_RESOURCES;
        Srb->DataTransferLength = 0;
        return;
    }
    if (length != 0 && write) {
        StorPortMoveMemory(gMedia + block * VM_BLOCK, buffer, length);
    } else if (length != 0) {
        StorPortMoveMemory(buffer, gMedia + block * VM_BLOCK, length);
    }
    Good(Srb, length);
}

VOID VmExecute(PVM_ADAPTER Adapter, PVM_TARGET Target, PSCSI_REQUEST_BLOCK Srb)
{
    if (Srb->Lun != 0 && Srb->Cdb[0] != SCSIOP_REPORT_LUNS) {
        Srb->SrbStatus = SRB_STATUS_INVALID_LUN;
        Srb->DataTransferLength = 0;
        return;
    }
    switch (Srb->Cdb[0]) {
    case SCSIOP_INQUIRY:
        Inquiry(Adapter, Target, Srb);
        break;
    case SCSIOP_REPORT_LUNS:
        ReportLuns(Adapter, Srb);
        break;
    case SCSIOP_TEST_UNIT_READY:
    case SCSIOP_SYNCHRONIZE_CACHE:
    case SCSIOP_SYNCHRONIZE_CACHE16:
        Good(Srb, 0);
        break;
    case SCSIOP_READ_CAPACITY:
        Capacity(Adapter, Srb);
        break;
    case SCSIOP_READ_CAPACITY16:
        if ((Srb->Cdb[1] & 0x1F) == SERVICE_ACTION_READ_CAPACITY16) {
            Capacity16(Adapter, Srb);
        } else {
            CheckCondition(Srb, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_INVALID_CDB);
        }
        break;
    case SCSIOP_READ:
    case SCSIOP_WRITE:
    case SCSIOP_READ16:
    case SCSIOP_WRITE16:
        Transfer(Adapter, Srb);
        break;
    default:
        CheckCondition(Srb, SCSI_SENSE_ILLEGAL_REQUEST, SCSI_ADSENSE_ILLEGAL_COMMAND);
        break;
    }
}
