/* SPDX-License-Identifier: MIT */
/*
 * Partition tables as IOCTL_DISK_GET/SET_DRIVE_LAYOUT(_EX) and _PARTITION_INFO(_EX) carry them
 * (published in ntdddisk.h).
 */
#ifndef OPENMPIO_DISK_PARTITIONS_H
#define OPENMPIO_DISK_PARTITIONS_H

#include <ntdddisk.h>

DDK_BEGIN_C

/* ---- partition types of the master boot record ----------------------------------------------- */
#define PARTITION_ENTRY_UNUSED     0x00
#define PARTITION_FAT_12           0x01
#define PARTITION_XENIX_1          0x02
#define PARTITION_XENIX_2          0x03
#define PARTITION_FAT_16           0x04
#define PARTITION_EXTENDED         0x05
#define PARTITION_HUGE             0x06
#define PARTITION_IFS              0x07
#define PARTITION_OS2BOOTMGR       0x0A
#define PARTITION_FAT32            0x0B
#define PARTITION_FAT32_XINT13     0x0C
#define PARTITION_XINT13           0x0E
#define PARTITION_XINT13_EXTENDED  0x0F
#define PARTITION_PREP             0x41
#define PARTITION_LDM              0x42
#define PARTITION_UNIX             0x63
#define PARTITION_NTFT             0x80
#define VALID_NTFT                 0xC0
#define DDK_HOLDS_A_FILE_SYSTEM(type)                                                  \
    ((type) == PARTITION_FAT_12 || (type) == PARTITION_IFS || (type) == PARTITION_HUGE || \
     (type) == PARTITION_FAT32 || (type) == PARTITION_FAT32_XINT13 ||                  \
     (type) == PARTITION_XINT13)
/* A partition that a file system may look at: no container, not empty. */
#define IsRecognizedPartition(type)                                          \
    (((type) & PARTITION_NTFT) != 0                                          \
         ? DDK_HOLDS_A_FILE_SYSTEM((type) & ~VALID_NTFT)                     \
         : (DDK_HOLDS_A_FILE_SYSTEM(type) || (type) == PARTITION_FAT_16))
#define IsContainerPartition(type) \
    ((type) == PARTITION_EXTENDED || (type) == PARTITION_XINT13_EXTENDED)
#define IsFTPartition(type) \
    (((type) & PARTITION_NTFT) != 0 && IsRecognizedPartition(type))

/* ---- partitions: offsets and lengths in bytes ------------------------------------------------ */
typedef struct _PARTITION_INFORMATION {
    LARGE_INTEGER StartingOffset;
    LARGE_INTEGER PartitionLength;
    ULONG HiddenSectors;
    ULONG PartitionNumber;
    UCHAR PartitionType;
    BOOLEAN BootIndicator;
    BOOLEAN RecognizedPartition;
    BOOLEAN RewritePartition;
} PARTITION_INFORMATION, *PPARTITION_INFORMATION;

typedef struct _SET_PARTITION_INFORMATION {
    UCHAR PartitionType;
} SET_PARTITION_INFORMATION, *PSET_PARTITION_INFORMATION;

typedef struct _DRIVE_LAYOUT_INFORMATION {
    ULONG PartitionCount;
    ULONG Signature;
    PARTITION_INFORMATION PartitionEntry[ANYSIZE_ARRAY];
} DRIVE_LAYOUT_INFORMATION, *PDRIVE_LAYOUT_INFORMATION;

typedef struct _PARTITION_INFORMATION_MBR {
    UCHAR PartitionType;
    BOOLEAN BootIndicator;
    BOOLEAN RecognizedPartition;
    ULONG HiddenSectors;
    GUID PartitionId;
} PARTITION_INFORMATION_MBR, *PPARTITION_INFORMATION_MBR;

typedef struct _PARTITION_INFORMATION_GPT {
    GUID PartitionType;
    GUID PartitionId;
    ULONG64 Attributes;
    WCHAR Name[36];
} PARTITION_INFORMATION_GPT, *PPARTITION_INFORMATION_GPT;

typedef struct _PARTITION_INFORMATION_EX {
    PARTITION_STYLE PartitionStyle;
    LARGE_INTEGER StartingOffset;
    LARGE_INTEGER PartitionLength;
    ULONG PartitionNumber;
    BOOLEAN RewritePartition;
    union {
        PARTITION_INFORMATION_MBR Mbr;
        PARTITION_INFORMATION_GPT Gpt;
    };
} PARTITION_INFORMATION_EX, *PPARTITION_INFORMATION_EX;

typedef SET_PARTITION_INFORMATION SET_PARTITION_INFORMATION_MBR;
typedef PARTITION_INFORMATION_GPT SET_PARTITION_INFORMATION_GPT;

typedef struct _SET_PARTITION_INFORMATION_EX {
    PARTITION_STYLE PartitionStyle;
    union {
        SET_PARTITION_INFORMATION_MBR Mbr;
        SET_PARTITION_INFORMATION_GPT Gpt;
    };
} SET_PARTITION_INFORMATION_EX, *PSET_PARTITION_INFORMATION_EX;

typedef struct _DRIVE_LAYOUT_INFORMATION_MBR {
    ULONG Signature;
} DRIVE_LAYOUT_INFORMATION_MBR, *PDRIVE_LAYOUT_INFORMATION_MBR;

typedef struct _DRIVE_LAYOUT_INFORMATION_GPT {
    GUID DiskId;
    LARGE_INTEGER StartingUsableOffset;
    LARGE_INTEGER UsableLength;
    ULONG MaxPartitionCount;
} DRIVE_LAYOUT_INFORMATION_GPT, *PDRIVE_LAYOUT_INFORMATION_GPT;

typedef struct _DRIVE_LAYOUT_INFORMATION_EX {
    ULONG PartitionStyle;
    ULONG PartitionCount;
    union {
        DRIVE_LAYOUT_INFORMATION_MBR Mbr;
        DRIVE_LAYOUT_INFORMATION_GPT Gpt;
    };
    PARTITION_INFORMATION_EX PartitionEntry[ANYSIZE_ARRAY];
} DRIVE_LAYOUT_INFORMATION_EX, *PDRIVE_LAYOUT_INFORMATION_EX;

DDK_END_C

#endif
