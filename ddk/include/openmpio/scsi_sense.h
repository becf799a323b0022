/* SPDX-License-Identifier: MIT */
/*
 * Inlines that read sense data of either format from a buffer of a given valid length. Nothing is
 * read beyond that length. Any IRQL.
 */
#ifndef OPENMPIO_SCSI_SENSE_H
#define OPENMPIO_SCSI_SENSE_H

#include <scsi.h>

DDK_BEGIN_C

typedef ULONG SCSI_SENSE_OPTIONS;
#define SCSI_SENSE_OPTIONS_NONE                                     0x00000000
#define SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED 0x00000001

/* Bytes needed before a format's length field (byte 7) can be trusted. */
#define DDK_SENSE_HEADER 8

FORCEINLINE UCHAR ScsiGetSenseErrorCode(PVOID SenseInfoBuffer)
{
    return (UCHAR)(*(PUCHAR)SenseInfoBuffer & 0x7F);
}

FORCEINLINE BOOLEAN IsDescriptorSenseDataFormat(UCHAR ErrorCode)
{
    return (BOOLEAN)(ErrorCode == SCSI_SENSE_ERRORCODE_DESCRIPTOR_CURRENT ||
                     ErrorCode == SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED);
}

FORCEINLINE BOOLEAN IsFixedSenseDataFormat(UCHAR ErrorCode)
{
    return (BOOLEAN)(ErrorCode == SCSI_SENSE_ERRORCODE_FIXED_CURRENT ||
                     ErrorCode == SCSI_SENSE_ERRORCODE_FIXED_DEFERRED);
}

FORCEINLINE BOOLEAN IsSenseDataFormatValueValid(UCHAR ErrorCode)
{
    return (BOOLEAN)(IsFixedSenseDataFormat(ErrorCode) || IsDescriptorSenseDataFormat(ErrorCode));
}

FORCEINLINE BOOLEAN IsSenseDataCurrentError(UCHAR ErrorCode)
{
    return (BOOLEAN)(ErrorCode == SCSI_SENSE_ERRORCODE_FIXED_CURRENT ||
                     ErrorCode == SCSI_SENSE_ERRORCODE_DESCRIPTOR_CURRENT);
}

FORCEINLINE BOOLEAN IsSenseDataDeferredError(UCHAR ErrorCode)
{
    return (BOOLEAN)(ErrorCode == SCSI_SENSE_ERRORCODE_FIXED_DEFERRED ||
                     ErrorCode == SCSI_SENSE_ERRORCODE_DESCRIPTOR_DEFERRED);
}

/* How long the device says its sense data is; FALSE if the buffer is too short to tell. */
FORCEINLINE BOOLEAN ScsiGetTotalSenseByteCountIndicated(PVOID SenseInfoBuffer,
                                                        UCHAR SenseInfoBufferLength,
                                                        PULONG TotalByteCountIndicated)
{
    if (SenseInfoBuffer == NULL || TotalByteCountIndicated == NULL ||
        SenseInfoBufferLength < DDK_SENSE_HEADER ||
        !IsSenseDataFormatValueValid(ScsiGetSenseErrorCode(SenseInfoBuffer))) {
        return FALSE;
    }
    *TotalByteCountIndicated = DDK_SENSE_HEADER + ((PUCHAR)SenseInfoBuffer)[7];
    return TRUE;
}

/* Key and codes, from whichever format; absent codes are 0. Each answer pointer may be NULL. */
FORCEINLINE BOOLEAN ScsiGetSenseKeyAndCodes(PVOID SenseInfoBuffer, UCHAR SenseInfoBufferLength,
                                            SCSI_SENSE_OPTIONS Options, PUCHAR SenseKey,
                                            PUCHAR AdditionalSenseCode,
                                            PUCHAR AdditionalSenseCodeQualifier)
{
    PUCHAR sense = (PUCHAR)SenseInfoBuffer;
    UCHAR key, code = 0, qualifier = 0, format;

    if (sense == NULL || SenseInfoBufferLength < DDK_SENSE_HEADER) {
        return FALSE;
    }
    format = ScsiGetSenseErrorCode(sense);
    if (IsDescriptorSenseDataFormat(format)) {
        key = (UCHAR)(sense[1] & 0x0F);
        code = sense[2];
        qualifier = sense[3];
    } else if (IsFixedSenseDataFormat(format) ||
               (Options & SCSI_SENSE_OPTIONS_FIXED_FORMAT_IF_UNKNOWN_FORMAT_INDICATED) != 0) {
        ULONG valid = (ULONG)DDK_SENSE_HEADER + sense[7];

        if (valid > SenseInfoBufferLength) {
            valid = SenseInfoBufferLength;
        }
        key = (UCHAR)(sense[2] & 0x0F);
        if (valid > 12) {
            code = sense[12];
        }
        if (valid > 13) {
            qualifier = sense[13];
        }
    } else {
        return FALSE;
    }
    if (SenseKey != NULL) {
        *SenseKey = key;
    }
    if (AdditionalSenseCode != NULL) {
        *AdditionalSenseCode = code;
    }
    if (AdditionalSenseCodeQualifier != NULL) {
        *AdditionalSenseCodeQualifier = qualifier;
    }
    return TRUE;
}

/* The first descriptor of the wanted type that lies entirely inside the valid bytes. */
FORCEINLINE BOOLEAN ScsiGetSenseDescriptor(PVOID SenseInfoBuffer, UCHAR SenseInfoBufferLength,
                                           UCHAR TypeOfDescriptor, PVOID *DescriptorBuffer,
                                           PUCHAR DescriptorBufferLength)
{
    PUCHAR sense = (PUCHAR)SenseInfoBuffer;
    ULONG valid, offset;

    if (!ScsiGetTotalSenseByteCountIndicated(SenseInfoBuffer, SenseInfoBufferLength, &valid) ||
        !IsDescriptorSenseDataFormat(ScsiGetSenseErrorCode(sense))) {
        return FALSE;
    }
    if (valid > SenseInfoBufferLength) {
        valid = SenseInfoBufferLength;
    }
    for (offset = DDK_SENSE_HEADER; offset + 2 <= valid; offset += 2u + sense[offset + 1]) {
        if (offset + 2u + sense[offset + 1] > valid) {
            return FALSE;
        }
        if (sense[offset] == TypeOfDescriptor) {
            *DescriptorBuffer = sense + offset;
            *DescriptorBufferLength = (UCHAR)(valid - offset);
            return TRUE;
        }
    }
    return FALSE;
}

FORCEINLINE BOOLEAN ScsiValidateInformationSenseDescriptor(PVOID DescriptorBuffer,
                                                           UCHAR DescriptorBufferLength)
{
    PSCSI_SENSE_DESCRIPTOR_INFORMATION information =
        (PSCSI_SENSE_DESCRIPTOR_INFORMATION)DescriptorBuffer;

    return (BOOLEAN)(information != NULL &&
                     DescriptorBufferLength >= sizeof(SCSI_SENSE_DESCRIPTOR_INFORMATION) &&
                     information->Header.DescriptorType ==
                         SCSI_SENSE_DESCRIPTOR_TYPE_INFORMATION &&
                     information->Header.AdditionalLength ==
                         sizeof(SCSI_SENSE_DESCRIPTOR_INFORMATION) -
                             sizeof(SCSI_SENSE_DESCRIPTOR_HEADER) &&
                     information->Valid == 1);
}

/* Key and codes of the other format, as fixed-format sense in the caller's buffer. */
FORCEINLINE BOOLEAN ScsiConvertToFixedSenseFormat(PVOID SenseInfoBuffer,
                                                  UCHAR SenseInfoBufferLength, PVOID OutBuffer,
                                                  UCHAR OutBufferLength)
{
    PSENSE_DATA fixed = (PSENSE_DATA)OutBuffer;
    UCHAR key, code, qualifier;

    if (fixed == NULL || OutBufferLength < sizeof(SENSE_DATA) ||
        !ScsiGetSenseKeyAndCodes(SenseInfoBuffer, SenseInfoBufferLength, SCSI_SENSE_OPTIONS_NONE,
                                 &key, &code, &qualifier) ||
        !IsDescriptorSenseDataFormat(ScsiGetSenseErrorCode(SenseInfoBuffer))) {
        return FALSE;
    }
    RtlZeroMemory(fixed, OutBufferLength);
    fixed->ErrorCode = IsSenseDataCurrentError(ScsiGetSenseErrorCode(SenseInfoBuffer))
                           ? SCSI_SENSE_ERRORCODE_FIXED_CURRENT
                           : SCSI_SENSE_ERRORCODE_FIXED_DEFERRED;
    fixed->SenseKey = key;
    fixed->AdditionalSenseLength = sizeof(SENSE_DATA) - DDK_SENSE_HEADER;
    fixed->AdditionalSenseCode = code;
    fixed->AdditionalSenseCodeQualifier = qualifier;
    return TRUE;
}

DDK_END_C

#endif
