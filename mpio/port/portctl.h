/* SPDX-License-Identifier: MIT */
/*
 * Internal device controls of a LUN PDO, for the framework's own drivers and tests (not Microsoft's).
 * METHOD_BUFFERED, sent as IRP_MJ_INTERNAL_DEVICE_CONTROL, completed inline, <= DISPATCH_LEVEL.
 */
#ifndef MPIO_PORT_PORTCTL_H
#define MPIO_PORT_PORTCTL_H

#include <ntddk.h>

#define PORT_CONTROL_CODE(n) ((0x8001u << 16) | (3u << 14) | ((0x900u + (n)) << 2))

/* out: OPENMPIO_ADAPTER. The devices are not referenced: valid while the LUN PDO is. */
#define IOCTL_OPENMPIO_GET_ADAPTER    PORT_CONTROL_CODE(0)
/* out: OPENMPIO_UNIT_STATISTICS */
#define IOCTL_OPENMPIO_GET_STATISTICS PORT_CONTROL_CODE(1)

typedef struct _OPENMPIO_ADAPTER {
    PDEVICE_OBJECT Fdo;     /* the HBA's functional device: default path identity */
    PDEVICE_OBJECT Pdo;     /* the HBA's physical device */
    ULONG BusType;          /* STORAGE_BUS_TYPE */
    WCHAR Name[32];         /* "\Device\RaidPort0" */
} OPENMPIO_ADAPTER, *POPENMPIO_ADAPTER;

typedef struct _OPENMPIO_UNIT_STATISTICS {
    ULONGLONG Requests;     /* started, retries included */
    ULONGLONG BusyRetries;  /* resent after BUSY or QUEUE FULL */
    ULONGLONG TimeOuts;     /* requests whose time ran out */
    ULONG LunResets, TargetResets, BusResets;
    ULONG Outstanding, Waiting, Depth;
    ULONG Frozen;
} OPENMPIO_UNIT_STATISTICS, *POPENMPIO_UNIT_STATISTICS;

#endif
