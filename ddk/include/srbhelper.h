/* SPDX-License-Identifier: MIT */
/*
 * Accessors that work on both kinds of SRB, all inline, any IRQL. CDB fields of an extended
 * request live in its first valid CDB record and exist for EXECUTE_SCSI only: otherwise getters
 * answer 0 or NULL and setters do nothing. Offsets of records are checked against SrbLength
 * before they are followed.
 */
#ifndef OPENMPIO_SRBHELPER_H
#define OPENMPIO_SRBHELPER_H

#include <scsi.h>

/* A constant request on the stack makes gcc 12 complain about the branch for the other kind. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"

DDK_BEGIN_C

#ifndef SRBHELPER_ASSERT
#define SRBHELPER_ASSERT(e) NT_ASSERT(e)
#endif

FORCEINLINE BOOLEAN DdkSrbIsExtended(const VOID *Srb)
{
    return (BOOLEAN)(((const STORAGE_REQUEST_BLOCK_HEADER *)Srb)->Function ==
                     SRB_FUNCTION_STORAGE_REQUEST_BLOCK);
}
#define DDK_EXTENDED(srb) ((PSTORAGE_REQUEST_BLOCK)(srb))
#define DDK_CLASSIC(srb)  ((PSCSI_REQUEST_BLOCK)(srb))

/* The record at one of the offsets, if it is aligned and its head lies inside the request. */
FORCEINLINE PSRBEX_DATA DdkSrbRecord(PSTORAGE_REQUEST_BLOCK Srb, ULONG Index)
{
    ULONG offset = Srb->SrbExDataOffset[Index];

    if (offset < sizeof(STORAGE_REQUEST_BLOCK) || offset % sizeof(PVOID) != 0 ||
        offset > Srb->SrbLength || Srb->SrbLength - offset < (ULONG)FIELD_OFFSET(SRBEX_DATA, Data)) {
        return NULL;
    }
    return (PSRBEX_DATA)((PUCHAR)Srb + offset);
}

/* Number of offsets that fit into the request, whatever NumSrbExData claims. */
FORCEINLINE ULONG DdkSrbRecordCount(PSTORAGE_REQUEST_BLOCK Srb)
{
    ULONG room;

    if (Srb->SrbLength < sizeof(STORAGE_REQUEST_BLOCK)) {
        return 0;
    }
    room = (Srb->SrbLength - (ULONG)FIELD_OFFSET(STORAGE_REQUEST_BLOCK, SrbExDataOffset)) /
           (ULONG)sizeof(ULONG);
    return Srb->NumSrbExData < room ? Srb->NumSrbExData : room;
}

FORCEINLINE PSRBEX_DATA SrbGetSrbExDataByType(PSTORAGE_REQUEST_BLOCK Srb, SRBEXDATATYPE Type)
{
    ULONG i, count = DdkSrbRecordCount(Srb);

    for (i = 0; i < count; i++) {
        PSRBEX_DATA record = DdkSrbRecord(Srb, i);

        if (record != NULL && record->Type == Type) {
            return record;
        }
    }
    return NULL;
}

/* The CDB record of an extended EXECUTE_SCSI request, with room for its type; else NULL. */
FORCEINLINE PSRBEX_DATA DdkSrbCdbRecord(PVOID Srb)
{
    PSTORAGE_REQUEST_BLOCK extended = DDK_EXTENDED(Srb);
    ULONG i, count;

    if (extended->SrbFunction != SRB_FUNCTION_EXECUTE_SCSI) {
        return NULL;
    }
    count = DdkSrbRecordCount(extended);
    for (i = 0; i < count; i++) {
        PSRBEX_DATA record = DdkSrbRecord(extended, i);
        SIZE_T room;

        if (record == NULL) {
            continue;
        }
        room = extended->SrbLength - (SIZE_T)((PUCHAR)record - (PUCHAR)extended);
        if ((record->Type == SrbExDataTypeScsiCdb16 && room >= sizeof(SRBEX_DATA_SCSI_CDB16)) ||
            (record->Type == SrbExDataTypeScsiCdb32 && room >= sizeof(SRBEX_DATA_SCSI_CDB32)) ||
            (record->Type == SrbExDataTypeScsiCdbVar && room >= sizeof(SRBEX_DATA_SCSI_CDB_VAR))) {
            return record;
        }
    }
    return NULL;
}

/* ---- whole requests -------------------------------------------------------------------------- */
FORCEINLINE ULONG SrbGetSrbLength(PVOID Srb)
{
    return DdkSrbIsExtended(Srb) ? DDK_EXTENDED(Srb)->SrbLength : (ULONG)sizeof(SCSI_REQUEST_BLOCK);
}

FORCEINLINE VOID SrbSetSrbLength(PVOID Srb, ULONG Length)
{
    if (DdkSrbIsExtended(Srb)) {
        DDK_EXTENDED(Srb)->SrbLength = Length;
    } else {
        DDK_CLASSIC(Srb)->Length = (USHORT)Length;
    }
}

/* Everything becomes 0 but Length, Function and, for an extended request, SrbLength. */
FORCEINLINE VOID SrbZeroSrb(PVOID Srb)
{
    PSTORAGE_REQUEST_BLOCK_HEADER header = (PSTORAGE_REQUEST_BLOCK_HEADER)Srb;
    USHORT length = header->Length;
    UCHAR function = header->Function;

    if (DdkSrbIsExtended(Srb)) {
        ULONG whole = DDK_EXTENDED(Srb)->SrbLength;

        RtlZeroMemory(Srb, whole);
        DDK_EXTENDED(Srb)->SrbLength = whole;
    } else {
        RtlZeroMemory(Srb, sizeof(SCSI_REQUEST_BLOCK));
    }
    header->Length = length;
    header->Function = function;
}

/* FALSE, nothing copied, if the destination is too short. */
FORCEINLINE BOOLEAN SrbCopySrb(PVOID DestinationSrb, ULONG DestinationSrbLength, PVOID SourceSrb)
{
    ULONG length = SrbGetSrbLength(SourceSrb);

    if (DestinationSrbLength < length) {
        return FALSE;
    }
    RtlCopyMemory(DestinationSrb, SourceSrb, length);
    return TRUE;
}

/* ---- fields that both kinds have ------------------------------------------------------------- */
#define DDK_SRB_GET(name, type, extendedField, classicField)                             \
    FORCEINLINE type SrbGet##name(PVOID Srb)                                             \
    {                                                                                    \
        return DdkSrbIsExtended(Srb) ? (type)DDK_EXTENDED(Srb)->extendedField            \
                                     : (type)DDK_CLASSIC(Srb)->classicField;             \
    }
#define DDK_SRB_GET_SET(name, type, extendedField, extendedType, classicField, classicType) \
    DDK_SRB_GET(name, type, extendedField, classicField)                                 \
    FORCEINLINE VOID SrbSet##name(PVOID Srb, type Value)                                 \
    {                                                                                    \
        if (DdkSrbIsExtended(Srb)) {                                                     \
            DDK_EXTENDED(Srb)->extendedField = (extendedType)Value;                      \
        } else {                                                                         \
            DDK_CLASSIC(Srb)->classicField = (classicType)Value;                         \
        }                                                                                \
    }

DDK_SRB_GET_SET(DataBuffer, PVOID, DataBuffer, PVOID, DataBuffer, PVOID)
DDK_SRB_GET_SET(DataTransferLength, ULONG, DataTransferLength, ULONG, DataTransferLength, ULONG)
DDK_SRB_GET_SET(TimeOutValue, ULONG, TimeOutValue, ULONG, TimeOutValue, ULONG)
DDK_SRB_GET_SET(OriginalRequest, PVOID, OriginalRequest, PVOID, OriginalRequest, PVOID)
DDK_SRB_GET_SET(NextSrb, PVOID, NextSrb, PSTORAGE_REQUEST_BLOCK, NextSrb, PSCSI_REQUEST_BLOCK)
DDK_SRB_GET_SET(SystemStatus, ULONG, SystemStatus, ULONG, InternalStatus, ULONG)
DDK_SRB_GET_SET(MiniportContext, PVOID, MiniportContext, PVOID, SrbExtension, PVOID)
DDK_SRB_GET_SET(RequestTag, ULONG, RequestTag, ULONG, QueueTag, UCHAR)
DDK_SRB_GET_SET(RequestAttribute, UCHAR, RequestAttribute, USHORT, QueueAction, UCHAR)
DDK_SRB_GET(SrbFlags, ULONG, SrbFlags, SrbFlags)
DDK_SRB_GET(SrbFunction, ULONG, SrbFunction, Function)
#define SrbGetQueueTag    SrbGetRequestTag
#define SrbSetQueueTag    SrbSetRequestTag
#define SrbGetQueueAction SrbGetRequestAttribute
#define SrbSetQueueAction SrbSetRequestAttribute

/* Set ORs bits in, Assign replaces, Clear takes bits out. */
FORCEINLINE VOID SrbAssignSrbFlags(PVOID Srb, ULONG Flags)
{
    if (DdkSrbIsExtended(Srb)) {
        DDK_EXTENDED(Srb)->SrbFlags = Flags;
    } else {
        DDK_CLASSIC(Srb)->SrbFlags = Flags;
    }
}

FORCEINLINE VOID SrbSetSrbFlags(PVOID Srb, ULONG Flags)
{
    SrbAssignSrbFlags(Srb, SrbGetSrbFlags(Srb) | Flags);
}

FORCEINLINE VOID SrbClearSrbFlags(PVOID Srb, ULONG Flags)
{
    SrbAssignSrbFlags(Srb, SrbGetSrbFlags(Srb) & ~Flags);
}

FORCEINLINE UCHAR SrbGetSrbStatus(PVOID Srb)
{
    return ((PSTORAGE_REQUEST_BLOCK_HEADER)Srb)->SrbStatus;
}

/* Keeps the autosense flag, as the published helper does. */
FORCEINLINE VOID SrbSetSrbStatus(PVOID Srb, UCHAR Status)
{
    PSTORAGE_REQUEST_BLOCK_HEADER header = (PSTORAGE_REQUEST_BLOCK_HEADER)Srb;

    header->SrbStatus = (UCHAR)((header->SrbStatus & SRB_STATUS_AUTOSENSE_VALID) | Status);
}

/* ---- fields of extended requests only -------------------------------------------------------- */
#define DDK_SRB_EXTENDED_FIELD(name, type, field)          \
    FORCEINLINE type SrbGet##name(PVOID Srb)               \
    {                                                      \
        return DdkSrbIsExtended(Srb) ? (type)DDK_EXTENDED(Srb)->field : (type)0; \
    }                                                      \
    FORCEINLINE VOID SrbSet##name(PVOID Srb, type Value)   \
    {                                                      \
        if (DdkSrbIsExtended(Srb)) {                       \
            DDK_EXTENDED(Srb)->field = Value;              \
        }                                                  \
    }
DDK_SRB_EXTENDED_FIELD(ClassContext, PVOID, ClassContext)
DDK_SRB_EXTENDED_FIELD(PortContext, PVOID, PortContext)
DDK_SRB_EXTENDED_FIELD(RequestPriority, USHORT, RequestPriority)

/* ---- address --------------------------------------------------------------------------------- */
FORCEINLINE PSTOR_ADDRESS SrbGetAddress(PVOID Srb)
{
    PSTORAGE_REQUEST_BLOCK extended = DDK_EXTENDED(Srb);

    if (!DdkSrbIsExtended(Srb) || extended->AddressOffset < sizeof(STORAGE_REQUEST_BLOCK) ||
        extended->AddressOffset % sizeof(PVOID) != 0 ||
        extended->AddressOffset > extended->SrbLength ||
        extended->SrbLength - extended->AddressOffset <
            (ULONG)FIELD_OFFSET(STOR_ADDR_BTL8, Reserved) + 1) {
        return NULL;
    }
    return (PSTOR_ADDRESS)((PUCHAR)Srb + extended->AddressOffset);
}

FORCEINLINE VOID SrbGetPathTargetLun(PVOID Srb, PUCHAR PathId, PUCHAR TargetId, PUCHAR Lun)
{
    UCHAR path = 0, target = 0, lun = 0;

    if (!DdkSrbIsExtended(Srb)) {
        path = DDK_CLASSIC(Srb)->PathId;
        target = DDK_CLASSIC(Srb)->TargetId;
        lun = DDK_CLASSIC(Srb)->Lun;
    } else {
        PSTOR_ADDR_BTL8 address = (PSTOR_ADDR_BTL8)SrbGetAddress(Srb);

        if (address != NULL && address->Type == STOR_ADDRESS_TYPE_BTL8) {
            path = address->Path;
            target = address->Target;
            lun = address->Lun;
        }
    }
    if (PathId != NULL) {
        *PathId = path;
    }
    if (TargetId != NULL) {
        *TargetId = target;
    }
    if (Lun != NULL) {
        *Lun = lun;
    }
}

FORCEINLINE UCHAR SrbGetPathId(PVOID Srb)
{
    UCHAR path;

    SrbGetPathTargetLun(Srb, &path, NULL, NULL);
    return path;
}

FORCEINLINE UCHAR SrbGetTargetId(PVOID Srb)
{
    UCHAR target;

    SrbGetPathTargetLun(Srb, NULL, &target, NULL);
    return target;
}

FORCEINLINE UCHAR SrbGetLun(PVOID Srb)
{
    UCHAR lun;

    SrbGetPathTargetLun(Srb, NULL, NULL, &lun);
    return lun;
}

DDK_END_C

#pragma GCC diagnostic pop

#include <openmpio/srb_cdb.h>

#endif
