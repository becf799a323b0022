/* SPDX-License-Identifier: MIT */
/*
 * The second half of srbhelper.h: CDB, SCSI status and sense buffer of either kind of SRB. The
 * three CDB records share the layout of status, sense length and sense pointer, but not of the
 * CDB itself.
 */
#ifndef OPENMPIO_SRB_CDB_H
#define OPENMPIO_SRB_CDB_H

#include <srbhelper.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"

DDK_BEGIN_C

/* Where each CDB-type field is, for one request; all NULL if the request has no CDB. */
typedef struct _DDK_SRB_CDB {
    PUCHAR ScsiStatus;
    PUCHAR SenseInfoBufferLength;
    PVOID *SenseInfoBuffer;
    PUCHAR Cdb;
    PUCHAR CdbLength8;
    PULONG CdbLength32;
} DDK_SRB_CDB;

FORCEINLINE VOID DdkSrbLocateCdb(PVOID Srb, DDK_SRB_CDB *Fields)
{
    PSRBEX_DATA record;

    RtlZeroMemory(Fields, sizeof(*Fields));
    if (!DdkSrbIsExtended(Srb)) {
        PSCSI_REQUEST_BLOCK classic = DDK_CLASSIC(Srb);

        Fields->ScsiStatus = &classic->ScsiStatus;
        Fields->SenseInfoBufferLength = &classic->SenseInfoBufferLength;
        Fields->SenseInfoBuffer = &classic->SenseInfoBuffer;
        Fields->Cdb = classic->Cdb;
        Fields->CdbLength8 = &classic->CdbLength;
        return;
    }
    record = DdkSrbCdbRecord(Srb);
    if (record == NULL) {
        return;
    }
    if (record->Type == SrbExDataTypeScsiCdbVar) {
        PSRBEX_DATA_SCSI_CDB_VAR cdb = (PSRBEX_DATA_SCSI_CDB_VAR)record;

        Fields->ScsiStatus = &cdb->ScsiStatus;
        Fields->SenseInfoBufferLength = &cdb->SenseInfoBufferLength;
        Fields->SenseInfoBuffer = &cdb->SenseInfoBuffer;
        Fields->Cdb = cdb->Cdb;
        Fields->CdbLength32 = &cdb->CdbLength;
    } else {
        PSRBEX_DATA_SCSI_CDB16 cdb = (PSRBEX_DATA_SCSI_CDB16)record;

        Fields->ScsiStatus = &cdb->ScsiStatus;
        Fields->SenseInfoBufferLength = &cdb->SenseInfoBufferLength;
        Fields->SenseInfoBuffer = &cdb->SenseInfoBuffer;
        Fields->Cdb = cdb->Cdb;
        Fields->CdbLength8 = &cdb->CdbLength;
    }
}

FORCEINLINE PCDB SrbGetCdb(PVOID Srb)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    return (PCDB)fields.Cdb;
}

FORCEINLINE UCHAR SrbGetCdbLength(PVOID Srb)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.CdbLength8 != NULL) {
        return *fields.CdbLength8;
    }
    return fields.CdbLength32 != NULL ? (UCHAR)*fields.CdbLength32 : (UCHAR)0;
}

FORCEINLINE VOID SrbSetCdbLength(PVOID Srb, UCHAR Length)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.CdbLength8 != NULL) {
        *fields.CdbLength8 = Length;
    } else if (fields.CdbLength32 != NULL) {
        *fields.CdbLength32 = Length;
    }
}

FORCEINLINE UCHAR SrbGetScsiStatus(PVOID Srb)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    return fields.ScsiStatus != NULL ? *fields.ScsiStatus : (UCHAR)0;
}

FORCEINLINE VOID SrbSetScsiStatus(PVOID Srb, UCHAR Status)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.ScsiStatus != NULL) {
        *fields.ScsiStatus = Status;
    }
}

FORCEINLINE PVOID SrbGetSenseInfoBuffer(PVOID Srb)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    return fields.SenseInfoBuffer != NULL ? *fields.SenseInfoBuffer : NULL;
}

FORCEINLINE VOID SrbSetSenseInfoBuffer(PVOID Srb, PVOID Buffer)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.SenseInfoBuffer != NULL) {
        *fields.SenseInfoBuffer = Buffer;
    }
}

FORCEINLINE UCHAR SrbGetSenseInfoBufferLength(PVOID Srb)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    return fields.SenseInfoBufferLength != NULL ? *fields.SenseInfoBufferLength : (UCHAR)0;
}

FORCEINLINE VOID SrbSetSenseInfoBufferLength(PVOID Srb, UCHAR Length)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.SenseInfoBufferLength != NULL) {
        *fields.SenseInfoBufferLength = Length;
    }
}

/* All CDB-type fields at once; answer pointers may be NULL. Returns the CDB. */
FORCEINLINE PCDB SrbGetScsiData(PVOID Srb, PUCHAR CdbLength8, PULONG CdbLength32,
                                PUCHAR ScsiStatus, PVOID *SenseInfoBuffer,
                                PUCHAR SenseInfoBufferLength)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (CdbLength8 != NULL) {
        *CdbLength8 = fields.CdbLength8 != NULL ? *fields.CdbLength8 : (UCHAR)0;
    }
    if (CdbLength32 != NULL) {
        *CdbLength32 = fields.CdbLength32 != NULL ? *fields.CdbLength32 : 0;
    }
    if (ScsiStatus != NULL) {
        *ScsiStatus = fields.ScsiStatus != NULL ? *fields.ScsiStatus : (UCHAR)0;
    }
    if (SenseInfoBuffer != NULL) {
        *SenseInfoBuffer = fields.SenseInfoBuffer != NULL ? *fields.SenseInfoBuffer : NULL;
    }
    if (SenseInfoBufferLength != NULL) {
        *SenseInfoBufferLength =
            fields.SenseInfoBufferLength != NULL ? *fields.SenseInfoBufferLength : (UCHAR)0;
    }
    return (PCDB)fields.Cdb;
}

/* NULL leaves a field as it is. */
FORCEINLINE VOID SrbSetScsiData(PVOID Srb, PUCHAR CdbLength8, PULONG CdbLength32, PUCHAR ScsiStatus,
                                PVOID *SenseInfoBuffer, PUCHAR SenseInfoBufferLength)
{
    DDK_SRB_CDB fields;

    DdkSrbLocateCdb(Srb, &fields);
    if (fields.Cdb == NULL) {
        return;
    }
    if (CdbLength8 != NULL && fields.CdbLength8 != NULL) {
        *fields.CdbLength8 = *CdbLength8;
    }
    if (CdbLength32 != NULL && fields.CdbLength32 != NULL) {
        *fields.CdbLength32 = *CdbLength32;
    }
    if (ScsiStatus != NULL) {
        *fields.ScsiStatus = *ScsiStatus;
    }
    if (SenseInfoBuffer != NULL) {
        *fields.SenseInfoBuffer = *SenseInfoBuffer;
    }
    if (SenseInfoBufferLength != NULL) {
        *fields.SenseInfoBufferLength = *SenseInfoBufferLength;
    }
}

DDK_END_C

#pragma GCC diagnostic pop

#endif
