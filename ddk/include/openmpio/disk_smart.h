/* SPDX-License-Identifier: MIT */
/*
 * SMART requests of ATA disks: SMART_GET_VERSION, SMART_SEND_DRIVE_COMMAND, SMART_RCV_DRIVE_DATA
 * (published in ntdddisk.h).
 */
#ifndef OPENMPIO_DISK_SMART_H
#define OPENMPIO_DISK_SMART_H

#include <ntdddisk.h>

DDK_BEGIN_C

/* ---- commands, feature codes, cylinder marks, buffer sizes in bytes, driver errors ------------ */
#define CAP_ATA_ID_CMD                   0x01
#define CAP_ATAPI_ID_CMD                 0x02
#define CAP_SMART_CMD                    0x04
#define ATAPI_ID_CMD                     0xA1
#define ID_CMD                           0xEC
#define SMART_CMD                        0xB0
#define SMART_CYL_LOW                    0x4F
#define SMART_CYL_HI                     0xC2
#define SMART_NO_ERROR                   0x00
#define SMART_IDE_ERROR                  0x01
#define SMART_INVALID_FLAG               0x02
#define SMART_INVALID_COMMAND            0x03
#define SMART_INVALID_BUFFER             0x04
#define SMART_INVALID_DRIVE              0x05
#define SMART_INVALID_IOCTL              0x06
#define SMART_ERROR_NO_MEM               0x07
#define SMART_INVALID_REGISTER           0x08
#define SMART_NOT_SUPPORTED              0x09
#define SMART_NO_IDE_DEVICE              0x0A
#define SMART_OFFLINE_ROUTINE_OFFLINE    0x00
#define SMART_SHORT_SELFTEST_OFFLINE     0x01
#define SMART_EXTENDED_SELFTEST_OFFLINE  0x02
#define SMART_ABORT_OFFLINE_SELFTEST     0x7F
#define SMART_SHORT_SELFTEST_CAPTIVE     0x81
#define SMART_EXTENDED_SELFTEST_CAPTIVE  0x82
#define READ_ATTRIBUTE_BUFFER_SIZE       0x200
#define IDENTIFY_BUFFER_SIZE             0x200
#define READ_THRESHOLD_BUFFER_SIZE       0x200
#define SMART_LOG_SECTOR_SIZE            0x200
#define READ_ATTRIBUTES                  0xD0
#define READ_THRESHOLDS                  0xD1
#define ENABLE_DISABLE_AUTOSAVE          0xD2
#define SAVE_ATTRIBUTE_VALUES            0xD3
#define EXECUTE_OFFLINE_DIAGS            0xD4
#define SMART_READ_LOG                   0xD5
#define SMART_WRITE_LOG                  0xD6
#define ENABLE_SMART                     0xD8
#define DISABLE_SMART                    0xD9
#define RETURN_SMART_STATUS              0xDA
#define ENABLE_DISABLE_AUTO_OFFLINE      0xDB

#pragma pack(push, 1)

typedef struct _GETVERSIONINPARAMS {
    UCHAR bVersion;
    UCHAR bRevision;
    UCHAR bReserved;
    UCHAR bIDEDeviceMap;
    ULONG fCapabilities;
    ULONG dwReserved[4];
} GETVERSIONINPARAMS, *PGETVERSIONINPARAMS, *LPGETVERSIONINPARAMS;

typedef struct _IDEREGS {
    UCHAR bFeaturesReg;
    UCHAR bSectorCountReg;
    UCHAR bSectorNumberReg;
    UCHAR bCylLowReg;
    UCHAR bCylHighReg;
    UCHAR bDriveHeadReg;
    UCHAR bCommandReg;
    UCHAR bReserved;
} IDEREGS, *PIDEREGS, *LPIDEREGS;

typedef struct _SENDCMDINPARAMS {
    ULONG cBufferSize;
    IDEREGS irDriveRegs;
    UCHAR bDriveNumber;
    UCHAR bReserved[3];
    ULONG dwReserved[4];
    UCHAR bBuffer[ANYSIZE_ARRAY];
} SENDCMDINPARAMS, *PSENDCMDINPARAMS, *LPSENDCMDINPARAMS;

typedef struct _DRIVERSTATUS {
    UCHAR bDriverError;
    UCHAR bIDEError;
    UCHAR bReserved[2];
    ULONG dwReserved[2];
} DRIVERSTATUS, *PDRIVERSTATUS, *LPDRIVERSTATUS;

typedef struct _SENDCMDOUTPARAMS {
    ULONG cBufferSize;
    DRIVERSTATUS DriverStatus;
    UCHAR bBuffer[ANYSIZE_ARRAY];
} SENDCMDOUTPARAMS, *PSENDCMDOUTPARAMS, *LPSENDCMDOUTPARAMS;

#pragma pack(pop)

DDK_END_C

#endif
