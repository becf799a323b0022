/* SPDX-License-Identifier: MIT */
/*
 * The device tree, private. A node is one PDO with the stack on top of it. The manager hangs on the
 * machine; Busy (a synchronization event) serialises everything that sends PnP IRPs; the spin lock
 * guards the list of buses, which invalidations walk at DISPATCH_LEVEL.
 */
#ifndef MPIO_PNP_TREE_H
#define MPIO_PNP_TREE_H

#include <string.h>

#include "nt/driver.h"
#include "pnp/pnp.h"

#define PNP_TAG        'ppnP'
#define PNP_ID_CHARS   200      /* longest instance path, terminator included */
#define PNP_NO_SLOT    0xFFFF
#define PNP_BUCKETS    16384    /* power of two; nodes by address of their PDO */

typedef struct _PNP_NODE PNP_NODE, *PPNP_NODE;

typedef enum _PNP_NODE_STATE {
    NodeFound,          /* no stack yet, or its service is not loaded */
    NodeStarted,        /* START succeeded */
    NodeFailed,         /* START or AddDevice failed: stack removed */
    NodeRemoved         /* REMOVE sent while the device is present */
} PNP_NODE_STATE;

struct _PNP_NODE {
    PPNP_NODE Parent;
    LIST_ENTRY Link;            /* parent's Children, or the manager's Buses */
    LIST_ENTRY Children;
    PPNP_NODE NextInBucket;
    PDEVICE_OBJECT Pdo;         /* referenced */
    PCWSTR Service;             /* static text; NULL: decided by the device's ids */
    ULONG Ordinal;              /* in order of discovery, for the trace */
    UCHAR State;
    UCHAR Depth;
    BOOLEAN Seen;               /* in the relations just read */
    BOOLEAN Dirty;              /* its relations are to be read again */
    USHORT Slot;                /* adapters: place among the machine's HBAs; else PNP_NO_SLOT */
    USHORT Plugged;             /* adapters: which life of the HBA this is */
    CHAR Path[ANYSIZE_ARRAY];   /* device instance path; PATH in node.c lets nothing else in */
};

typedef struct _PNP_MANAGER {
    PDRIVER_OBJECT Driver;      /* owns the PDOs of root devices */
    LIST_ENTRY Buses;           /* nodes of the root: MPIO's bus and the adapters */
    KSPIN_LOCK Lock;
    KEVENT Busy;
    WORK_QUEUE_ITEM Work;
    volatile LONG WorkQueued;
    BOOLEAN Booted, Stopping;
    ULONG NextOrdinal;
    PPNP_NODE Buckets[PNP_BUCKETS];
} PNP_MANAGER, *PPNP_MANAGER;

static inline PPNP_MANAGER PnpManager(VOID)
{
    return (PPNP_MANAGER)*NtDriverRoot(ROOT_PNP);
}

/* ---- node.c ------------------------------------------------------------------------------------------- */
PPNP_NODE PnpCreateNode(PPNP_NODE Parent, PDEVICE_OBJECT Pdo); /* takes the caller's reference on Pdo, also on failure */
VOID PnpDestroyNode(PPNP_NODE Node);
PPNP_NODE PnpFindNode(PDEVICE_OBJECT Pdo);
BOOLEAN PnpHasPrefix(PCSTR Text, PCSTR Prefix);    /* case-insensitive */
VOID PnpLog(PPNP_NODE Node, PCSTR What, NTSTATUS Status);

/* ---- irp.c: PASSIVE_LEVEL; to the top of the node's stack, waited for ----------------------------------------- */
typedef struct _PNP_RESULT {
    NTSTATUS Status;
    ULONG_PTR Information;
} PNP_RESULT;
PNP_RESULT PnpSend(PPNP_NODE Node, const IO_STACK_LOCATION *Request);
PNP_RESULT PnpSendMinor(PPNP_NODE Node, UCHAR Minor);
PNP_RESULT PnpQueryId(PPNP_NODE Node, BUS_QUERY_ID_TYPE Type); /* Information: a string in pool, or 0 */
PNP_RESULT PnpQueryText(PPNP_NODE Node, DEVICE_TEXT_TYPE Type);

/* ---- start.c, enumerate.c, remove.c, root.c, property.c ---------------------------------------------------------- */
VOID PnpStartNode(PPNP_NODE Node);
VOID PnpEnumerate(PPNP_NODE Node);              /* reads bus relations; removes what is gone, starts what is new */
VOID PnpInvalidate(PDEVICE_OBJECT Pdo, DEVICE_RELATION_TYPE Type); /* <= DISPATCH_LEVEL */
VOID PnpSurpriseRemove(PPNP_NODE Node);         /* children first; the node goes */
VOID PnpRemoveStack(PPNP_NODE Node);            /* REMOVE_DEVICE, children first; the nodes stay */
PDEVICE_OBJECT PnpCreateRootDevice(PCWSTR DeviceId, PCWSTR InstanceId, PCWSTR Description);
DRIVER_INITIALIZE PnpRootDriverEntry;
NTSTATUS PnpGetDeviceProperty(PDEVICE_OBJECT Pdo, DEVICE_REGISTRY_PROPERTY Property, ULONG Length, PVOID Buffer,
                              PULONG ResultLength);
VOID PnpAcquire(VOID);                          /* Busy */
VOID PnpRelease(VOID);

#endif
