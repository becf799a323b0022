/* SPDX-License-Identifier: MIT */
/*
 * Private to mpio/core: the bus driver's objects and what its files offer each other.
 *
 * Glossary
 *   DSM        one registered module. MPIOContext given to it is the address of its record.
 *   instance   one LUN seen through one path: a LUN PDO of a port with our filter on it, claimed by
 *              one DSM under a DsmId.
 *   path       what one DSM calls a path: all instances for which SetDeviceInfo gave the same PathId.
 *   LUN        the instances a DSM calls the same device, with the queue of their requests.
 *   PDO        the device object of a pseudo-LUN (\Device\MPIODisk<N>). A LUN outlives its PDO when
 *              PDORemovePeriod ended before its instances went away; a recovery gives it a new one.
 *   members    the immutable list of a LUN's instances at one moment, as DSMs see it (DSM_IDS).
 *   hold       what keeps an instance from being removed: a request on it, a members list that names
 *              it, a DSM request sent for it, a verification running.
 *
 * States of a LUN (derived, LunState): Normal - every instance usable. Degraded - some instance is
 * not. Throttled - the DSM asked for quiet. FailingOver - a path of it is being invalidated.
 * AllPathsFailed - none usable, requests held, the PDO remove timer runs. Removing - PDO gone.
 *
 * Guards: Root->Serial (an event, PASSIVE) serialises arrival, removal and registration.
 * Root->Lock guards the lists, hash tables, path states and ordinals. Lun->Lock guards the LUN's
 * queue, gate, members pointer and instance states. Order: Serial, Root->Lock, Lun->Lock. No DSM is
 * called with a lock held.
 */
#ifndef MPIO_CORE_CORE_H
#define MPIO_CORE_CORE_H

#include <ntddk.h>
#include <srb.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <dsm.h>
#include <string.h>

#include "core/mpio_core.h"
#include "core/mpioctl.h"
#include "nt/driver.h"

#define MPIO_TAG           'oipM'
#define MPIO_MAX_PATHS     32   /* instances of one LUN; the 33rd is declined */
#define MPIO_MAX_DSMS      64
#define MPIO_TABLE_FIRST   64   /* buckets of a new table; power of two */
#define MPIO_SERIAL_MAX    128 /* of what a DSM calls a serial number */
#define MPIO_IDENTITY_MAX  280 /* vendor 8, product 16, an identifier of page 0x83 up to 255 */
#define MPIO_ASK_ABOUT_ALL 1024 /* LUNs of a DSM up to which CompareDevices is asked about each (MPIO-ARR-03) */
#define MPIO_REMOVED_PATHS 8    /* per LUN, remembered to tell a dead path from an unknown one */
#define MPIO_DRAIN_LIMIT   300  /* seconds a removal waits for requests the DSM sent itself */
#define MPIO_SECOND        (10000000LL)

typedef struct _MPIO_ROOT MPIO_ROOT, *PMPIO_ROOT;
typedef struct _MPIO_MODULE MPIO_MODULE, *PMPIO_MODULE;
typedef struct _MPIO_PATH MPIO_PATH, *PMPIO_PATH;
typedef struct _MPIO_LUN MPIO_LUN, *PMPIO_LUN;
typedef struct _MPIO_INSTANCE MPIO_INSTANCE, *PMPIO_INSTANCE;
typedef struct _MPIO_PDO MPIO_PDO, *PMPIO_PDO;
typedef struct _MPIO_FILTER MPIO_FILTER, *PMPIO_FILTER;

/* A hash table of objects, chained through a member of theirs (table.c). */
typedef struct _MPIO_HASHED {
    struct _MPIO_HASHED *Next;
    ULONG Hash;
} MPIO_HASHED, *PMPIO_HASHED;
typedef struct _MPIO_TABLE {
    PMPIO_HASHED *Buckets;
    ULONG Mask, Count;
    PMPIO_HASHED First[MPIO_TABLE_FIRST];
} MPIO_TABLE, *PMPIO_TABLE;

/* Values of Services\mpio\Parameters (contract 03 section 1), read at start; seconds. */
typedef struct _MPIO_PARAMETERS {
    ULONG PathVerifyEnabled;
    ULONG PathVerificationPeriod;
    ULONG PdoRemovePeriod;
    ULONG RetryCount;
    ULONG RetryInterval;
    ULONG UseCustomPathRecoveryInterval;
    ULONG PathRecoveryInterval;
} MPIO_PARAMETERS, *PMPIO_PARAMETERS;

/* Kinds of identity, better ones higher. From WORLDWIDE on, two LUNs of one kind are the same if and only if their
 * identifiers are, unless an array breaks its standard. */
enum { MPIO_KIND_NONE, MPIO_KIND_SERIAL, MPIO_KIND_VENDOR_SPECIFIC, MPIO_KIND_T10, MPIO_KIND_WORLDWIDE,
       MPIO_KIND_EUI64 = MPIO_KIND_WORLDWIDE, MPIO_KIND_NAA, MPIO_KIND_NAME, MPIO_KINDS };

/* Who a LUN is, as far as MPIO itself can tell (identity.c). */
typedef struct _MPIO_IDENTITY {
    ULONG Hash;                 /* of the bytes from Begin on */
    UCHAR Kind;                 /* MPIO_KIND_* */
    USHORT Length;              /* 0: neither identifier nor serial number */
    USHORT Begin;               /* of what is compared: worldwide identifiers without vendor and product */
    UCHAR Bytes[MPIO_IDENTITY_MAX]; /* vendor, product, identifier */
} MPIO_IDENTITY, *PMPIO_IDENTITY;

struct _MPIO_MODULE {
    LIST_ENTRY Entry;       /* Root->Dsms, in the order of asking */
    ULONG Ordinal;          /* from 1, order of registration */
    ULONG Instances;        /* Root->Lock */
    LONG References;        /* the registration, and each LUN */
    LIST_ENTRY Luns;        /* MPIO_LUN.Entry */
    ULONG LunCount, LunsOfKind[MPIO_KINDS]; /* Root->Lock */
    BOOLEAN OwnEquality;    /* CompareDevices has contradicted worldwide identifiers */
    LIST_ENTRY Paths;       /* MPIO_PATH.Entry */
    PDRIVER_OBJECT Driver;
    DSM_TYPE Type;
    DSM_INIT_DATA Init;     /* zero beyond what the type has */
    BOOLEAN InBox;          /* "Microsoft DSM": asked last */
    CHAR Name[64];
    WORK_QUEUE_ITEM UnloadItem;
};

struct _MPIO_PATH {
    LIST_ENTRY Entry;       /* Dsm->Paths */
    MPIO_HASHED Hashed;     /* Root->PathTable */
    LIST_ENTRY Instances;   /* MPIO_INSTANCE.PathEntry */
    PMPIO_MODULE Dsm;
    PVOID PathId;
    ULONG Ordinal;
    ULONG InstanceCount;
    enum mpio_path_state State;
    ULONG ErrorMask;        /* InterpretError's answer that began the failover */
    ULONGLONG Failovers;
    LONG Workers;           /* failover or recovery running or queued; Root->Lock */
    KEVENT Idle;            /* signalled while Workers is 0 */
    BOOLEAN RecoverQueued, RecoverAgain;
    WORK_QUEUE_ITEM FailoverItem, RecoverItem;
    KTIMER RecoverTimer;
    KDPC RecoverDpc;
};

struct _MPIO_INSTANCE {
    LIST_ENTRY LunEntry, PathEntry;
    MPIO_HASHED Hashed;
    PMPIO_MODULE Dsm;
    PMPIO_LUN Lun;
    PMPIO_PATH Path;        /* NULL before SetDeviceInfo */
    PMPIO_FILTER Filter;
    PDEVICE_OBJECT Port;    /* the filter's lower device, where requests go; here it costs no cache line */
    PVOID DsmId;
    ULONG Ordinal;
    enum mpio_instance_state State; /* Lun->Lock */
    BOOLEAN Active;         /* last answer of IsPathActive */
    BOOLEAN Draining;
    volatile LONG Holds;
    volatile LONG DsmRequests; /* sent through DsmSendRequest, not yet completed; also in Holds */
    KEVENT Idle;            /* set when Draining and Holds is 0 */
    PCONTROLLER_INFO Controller; /* allocated by the DSM, ours to free */
    SCSI_ADDRESS Address;
    struct mpio_counters Counters; /* Lun->Lock */
};

typedef struct _MPIO_MEMBERS {
    volatile LONG References;
    ULONG Count;
    PVOID *PathIds;             /* dense, for the look-up of a DSM's answer */
    PMPIO_INSTANCE *Instances;
    PDSM_IDS Ids;
} MPIO_MEMBERS, *PMPIO_MEMBERS;

/* Why requests of a LUN are held. */
#define MPIO_GATE_QUEUE     0x01 /* requests wait before this one */
#define MPIO_GATE_THROTTLED 0x02
#define MPIO_GATE_FAILOVER  0x04
#define MPIO_GATE_NO_PATH   0x08

typedef struct _MPIO_REMOVED_PATH {
    PVOID PathId;
    ULONG Ordinal;
} MPIO_REMOVED_PATH;

struct _MPIO_LUN {
    LIST_ENTRY Entry;           /* Dsm->Luns */
    MPIO_HASHED Hashed;         /* Root->LunTable */
    PMPIO_MODULE Dsm;
    LONG References;            /* instances and PDOs; Root->Lock */
    ULONG Ordinal;              /* of the present or last PDO; MPIO_NO_ORDINAL before */
    PMPIO_PDO Pdo;              /* NULL: not visible to PnP; Lun->Lock */
    KSPIN_LOCK Lock;
    ULONG Gate;                 /* MPIO_GATE_*; 0 = requests pass */
    ULONG Epoch;                /* changes with every state or membership change */
    ULONG FailingCount;         /* instances whose path is being invalidated */
    ULONG UsableCount;          /* instances in state ACTIVE */
    ULONG InstanceCount;
    LIST_ENTRY Instances;       /* MPIO_INSTANCE.LunEntry, order of arrival */
    PMPIO_MEMBERS Members;
    PVOID CurrentPath;          /* path of the latest choice, or set by the DSM */
    PMPIO_INSTANCE ThrottledBy;
    BOOLEAN Recategorize;       /* after the throttling ended: held requests choose their path again */
    MPIO_REMOVED_PATH Removed[MPIO_REMOVED_PATHS];
    ULONG RemovedNext;

    SINGLE_LIST_ENTRY FreeRequests;
    LIST_ENTRY Held;            /* MPIO_REQUEST.Link by Sequence */
    LIST_ENTRY Delayed;         /* MPIO_REQUEST.Link, retry timer running */
    ULONG HeldCount;
    ULONGLONG Outstanding;
    ULONGLONG NextSequence;
    BOOLEAN Releasing;
    KDPC ReleaseDpc;

    KTIMER RemoveTimer;
    KDPC RemoveDpc;
    WORK_QUEUE_ITEM RemoveItem;
    BOOLEAN RemoveArmed;
    BOOLEAN RemoveQueued;       /* RemoveItem is queued and owns a reference; Root->Lock */

    PSTORAGE_DEVICE_DESCRIPTOR Device;     /* of the first instance */
    PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceId; /* may be NULL */
    PSTORAGE_ADAPTER_DESCRIPTOR Adapter;
    MPIO_IDENTITY Identity;
    struct mpio_counters Counters;         /* Lun->Lock */
};

typedef enum _MPIO_REQUEST_KIND { MpioReadWrite, MpioScsi, MpioControl } MPIO_REQUEST_KIND;

typedef struct _MPIO_REQUEST {
    LIST_ENTRY Link;            /* held or delayed; Flink doubles as the free-list link */
    PMPIO_LUN Lun;
    PMPIO_PDO Pdo;
    PMPIO_INSTANCE Instance;    /* latest choice; NULL when that instance was removed */
    PIRP Irp;
    PSCSI_REQUEST_BLOCK Srb;    /* NULL for MpioControl */
    ULONGLONG Sequence;
    ULONGLONG Arrived;
    DSM_COMPLETION_INFO Completion;
    PVOID SystemBuffer;         /* the caller's, while ours stands in for it */
    LONG Budget;
    UCHAR Kind;                 /* MPIO_REQUEST_KIND */
    BOOLEAN Write;
    BOOLEAN Sent;               /* Saved is valid */
    BOOLEAN CompletionSet;      /* SetCompletion has run: the DSM's completion routine is due */
    BOOLEAN KeepInstance;       /* resumed without re-categorize: use Instance if it can be used */
    BOOLEAN BufferReplaced;
    MPIO_MEMBERS *HandlerMembers; /* BROADCAST and WILL_HANDLE: the ids given to the worker */
    ULONG Answer;               /* DSM_BROADCAST or DSM_WILL_HANDLE */
    SCSI_REQUEST_BLOCK Saved;   /* as it came from above */
    UCHAR Parameters[24];       /* PERSISTENT RESERVE parameter list shorter than a DSM reads */
    KTIMER Timer;
    KDPC Dpc;
    WORK_QUEUE_ITEM Item;
} MPIO_REQUEST, *PMPIO_REQUEST;

/* First member of every device extension. */
typedef enum _MPIO_KIND { MpioKindControl = 1, MpioKindBus, MpioKindPdo, MpioKindFilter } MPIO_KIND;

typedef struct _MPIO_DEVICE {
    MPIO_KIND Kind;
    PDEVICE_OBJECT Device;
    PDEVICE_OBJECT Lower;       /* bus FDO and filter */
    PDEVICE_OBJECT PhysicalDevice;
} MPIO_DEVICE, *PMPIO_DEVICE;

struct _MPIO_PDO {
    MPIO_DEVICE Common;
    LIST_ENTRY Entry;           /* Root->Pdos while it exists */
    PMPIO_LUN Lun;
    ULONG Ordinal;
    BOOLEAN Gone;               /* to be reported no more; requests fail. Lun->Lock */
    BOOLEAN Missing;            /* Gone, and bus relations without it were read: the next REMOVE is the last */
    BOOLEAN Claimed;
    BOOLEAN Started;
    LONG SpecialFiles;          /* paging, hibernation, dump */
    ULONGLONG Outstanding;      /* Lun->Lock */
    KEVENT Drained;             /* set when Gone and Outstanding is 0 */
};

typedef struct _MPIO_ADAPTER {
    LIST_ENTRY Entry;           /* Root->Adapters; Root->Lock */
    PDEVICE_OBJECT Fdo, Pdo;
    LONG References;            /* filters on its LUNs */
} MPIO_ADAPTER, *PMPIO_ADAPTER;

struct _MPIO_FILTER {
    MPIO_DEVICE Common;
    LIST_ENTRY Entry;           /* Root->Filters; Root->Lock */
    PMPIO_ADAPTER Adapter;
    ULONG BusType;
    UCHAR DeviceType;           /* INQUIRY peripheral device type */
    BOOLEAN Listed;             /* its id is in MPIOSupportedDeviceList */
    BOOLEAN Claimed;            /* SRB_FUNCTION_CLAIM_DEVICE held on the port */
    PMPIO_INSTANCE Instance;    /* NULL: unclaimed, everything passes through */
};

struct _MPIO_ROOT {
    PDRIVER_OBJECT Driver, FilterDriver;
    PDEVICE_OBJECT Control;
    PDEVICE_OBJECT BusFdo, BusPdo;
    KEVENT Serial;
    KSPIN_LOCK Lock;
    LIST_ENTRY Dsms, Pdos, Filters, Adapters;
    ULONG DsmCount;
    ULONG NextDsm, NextInstance, NextPath, NextPdo;
    MPIO_PARAMETERS Parameters;
    KTIMER VerifyTimer;
    KDPC VerifyDpc;
    WORK_QUEUE_ITEM VerifyItem;
    BOOLEAN VerifyQueued;
    MPIO_FILTER VerifyCursor;   /* in Filters while a verification runs; Adapter is NULL */
    MPIO_TABLE InstanceTable;   /* by DsmId; Root->Lock */
    MPIO_TABLE PathTable;       /* by PathId; Root->Lock */
    MPIO_TABLE LunTable;        /* by identity; changes under Root->Lock and Root->Serial */
};

static inline PMPIO_ROOT MpioRoot(VOID)
{
    return (PMPIO_ROOT)*NtDriverRoot(ROOT_CORE);
}
static inline PMPIO_LUN MpioLunFromEntry(PLIST_ENTRY Entry)
{
    return CONTAINING_RECORD(Entry, MPIO_LUN, Entry);
}
/* The port FDO: what SetDeviceInfo finds as PathId, and the "MPIO path" of MoveDevice. */
static inline PVOID MpioDefaultPathId(PMPIO_INSTANCE Instance)
{
    return Instance->Filter->Adapter->Fdo;
}
static inline ULONG MpioPathOrdinal(PMPIO_PATH Path)
{
    return Path != NULL ? Path->Ordinal : MPIO_NO_ORDINAL;
}
static inline BOOLEAN MpioIsUsable(PMPIO_INSTANCE Instance)
{
    return Instance->State == MPIO_INSTANCE_ACTIVE;
}
/* May a DSM choose it? Dead are only instances whose end it was told of (DSM-PATH-02). */
static inline BOOLEAN MpioMayBeChosen(PMPIO_INSTANCE Instance)
{
    return Instance->State != MPIO_INSTANCE_INVALIDATED && Instance->State != MPIO_INSTANCE_REMOVING;
}
PVOID MpioAllocate(SIZE_T Bytes);   /* zeroed, non-paged; NULL when the pool is empty */
VOID MpioFree(PVOID Memory);        /* NULL is fine */
VOID MpioAcquireSerial(VOID);       /* PASSIVE_LEVEL */
VOID MpioReleaseSerial(VOID);

/* Entry of the event log and of the event stream. Object: ordinal of what it is about; Value: the
 * number that Windows puts in the dump data. Ids: contract 05 section 4. <= DISPATCH_LEVEL. */
#define MpioEvent(Id, Object, Value, ...)                               \
    do {                                                                \
        NtTrace(TRACE_EVENT_LOG, (Id), (Object), (ULONGLONG)(Value), 0); \
        NtLogEvent((Id), "mpio", __VA_ARGS__);                          \
    } while (0)
enum {
    MPIO_EVENT_LUN_CREATED = 1, MPIO_EVENT_PATH_ADDED = 2, MPIO_EVENT_ARRIVAL_FAILED = 3, MPIO_EVENT_NOT_CLAIMED = 4,
    MPIO_EVENT_REGISTRATION_REFUSED = 5, MPIO_EVENT_FAILOVER = 16, MPIO_EVENT_DEGRADED = 17, MPIO_EVENT_SINGLE_PATH = 18,
    MPIO_EVENT_VERIFY_FAILED = 20, MPIO_EVENT_FAILOVER_FAILED = 22, MPIO_EVENT_ALL_PATHS_FAILED = 23,
    MPIO_EVENT_PNP_REFUSED = 24, MPIO_EVENT_QUEUE_FAILED = 25, MPIO_EVENT_NO_PATH = 32, MPIO_EVENT_BOGUS_PATH = 33,
    MPIO_EVENT_UNKNOWN_ID = 35, MPIO_EVENT_INVALID_ID = 36, MPIO_EVENT_NOTIFICATION = 37, MPIO_EVENT_REMOVE_FAILED = 38,
    MPIO_EVENT_PATH_REMOVED = 46, MPIO_EVENT_DSM_TEXT = 48, MPIO_EVENT_RECOVERED = 49
};

/* trace.c */
VOID MpioTraceLun(PMPIO_LUN Lun);
VOID MpioTracePath(PMPIO_PATH Path, PMPIO_LUN Lun);

/* params.c */
VOID MpioReadParameters(PMPIO_PARAMETERS Parameters);
ULONG MpioRecoveryPeriod(VOID);     /* seconds */
BOOLEAN MpioIsListedDevice(const STORAGE_DEVICE_DESCRIPTOR *Descriptor, ULONG BusType);

/* register.c */
NTSTATUS MpioRegisterDsm(const DSM_INIT_DATA *Init, ULONG Length, PMPIO_MODULE *Dsm);
NTSTATUS MpioDeregisterDsm(const DSM_DEREGISTER_DATA *Data, ULONG Length);
VOID MpioDereferenceDsm(PMPIO_MODULE Dsm);
PMPIO_MODULE MpioValidDsm(PVOID MpioContext); /* NULL when it is not a registered DSM; <= DISPATCH_LEVEL */

/* table.c: the chain may hold other hashes too; the objects of one hash are in order of insertion */
VOID MpioInitializeTable(PMPIO_TABLE Table);
VOID MpioTableInsert(PMPIO_TABLE Table, PMPIO_HASHED Entry, ULONG Hash);
VOID MpioTableRemove(PMPIO_TABLE Table, PMPIO_HASHED Entry);
static inline PMPIO_HASHED MpioTableChain(const MPIO_TABLE *Table, ULONG Hash)
{
    return Table->Buckets[Hash & Table->Mask];
}

/* index.c: look-ups under Root->Lock taken inside; the instance is held for the caller */
PMPIO_INSTANCE MpioFindInstance(PMPIO_MODULE Dsm, PVOID DsmId);
BOOLEAN MpioDsmIdInUse(PMPIO_MODULE Dsm, PVOID DsmId);
VOID MpioIndexInstance(PMPIO_INSTANCE Instance, BOOLEAN Insert);
PMPIO_PATH MpioFindPathLocked(PMPIO_MODULE Dsm, PVOID PathId);
VOID MpioJoinPath(PMPIO_INSTANCE Instance, PVOID PathId, PMPIO_PATH Fresh);
BOOLEAN MpioLeavePath(PMPIO_INSTANCE Instance);                  /* TRUE: it was the last one */
VOID MpioDeletePath(PMPIO_PATH Path);
BOOLEAN MpioPathBeginWork(PMPIO_PATH Path);                      /* Root->Lock held */
VOID MpioPathEndWork(PMPIO_PATH Path);
VOID MpioHold(PMPIO_INSTANCE Instance);
VOID MpioUnhold(PMPIO_INSTANCE Instance);
ULONG MpioHashBytes(const UCHAR *Bytes, ULONG Length);

/* members.c */
NTSTATUS MpioRebuildMembers(PMPIO_LUN Lun);    /* Serial held; lists instances that the DSM still has */
VOID MpioReleaseMembers(PMPIO_MEMBERS Members);
PMPIO_MEMBERS MpioReferenceMembers(PMPIO_LUN Lun);

/* query.c: synchronous requests to a device, PASSIVE_LEVEL */
NTSTATUS MpioQueryProperty(PDEVICE_OBJECT Device, STORAGE_PROPERTY_ID Property, PVOID *Descriptor);
NTSTATUS MpioSendControl(ULONG Code, PDEVICE_OBJECT Device, PVOID In, ULONG InLength, PVOID Out, ULONG OutLength,
                         BOOLEAN Internal, PIO_STATUS_BLOCK IoStatus);
NTSTATUS MpioSendSrb(PDEVICE_OBJECT Device, PSCSI_REQUEST_BLOCK Srb, PVOID Buffer, ULONG Length);
VOID MpioReleaseQueueAsync(PDEVICE_OBJECT Device); /* <= DISPATCH_LEVEL, fire and forget */
NTSTATUS MpioForwardAndWait(PDEVICE_OBJECT Lower, PIRP Irp);
NTSTATUS MpioForward(PDEVICE_OBJECT Lower, PIRP Irp);
NTSTATUS MpioComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* identity.c */
VOID MpioIdentify(const STORAGE_DEVICE_DESCRIPTOR *Device, const STORAGE_DEVICE_ID_DESCRIPTOR *DeviceId,
                  PMPIO_IDENTITY Identity);
VOID MpioIdentifyBySerial(PCUCHAR Serial, PMPIO_IDENTITY Identity);
BOOLEAN MpioSameIdentity(const MPIO_IDENTITY *One, const MPIO_IDENTITY *Other);
PCSTR MpioDescriptorText(const STORAGE_DEVICE_DESCRIPTOR *Device, ULONG Offset, ULONG *Length);

/* match.c: the LUNs of a DSM; Serial held */
PMPIO_LUN MpioMatchLun(PMPIO_INSTANCE Instance, const MPIO_IDENTITY *Identity); /* NULL: it is a new one */
VOID MpioLinkLun(PMPIO_LUN Lun);
VOID MpioUnlinkLun(PMPIO_LUN Lun);                      /* Root->Lock held instead */

/* lun.c */
PMPIO_LUN MpioCreateLun(PMPIO_MODULE Dsm, const MPIO_IDENTITY *Identity);
VOID MpioReferenceLun(PMPIO_LUN Lun);
VOID MpioDereferenceLun(PMPIO_LUN Lun);
enum mpio_lun_state MpioLunState(PMPIO_LUN Lun);
NTSTATUS MpioPublishLun(PMPIO_LUN Lun);                 /* Serial held: gives it a PDO */
VOID MpioUnpublishLun(PMPIO_LUN Lun, BOOLEAN OnlyIfDead); /* PDO no longer reported, held requests fail */
VOID MpioSetInstanceState(PMPIO_INSTANCE Instance, enum mpio_instance_state State); /* Lun->Lock held */
VOID MpioLunChanged(PMPIO_LUN Lun);                     /* after states changed: timer, gate, queue */
NTSTATUS MpioPdoPnp(PMPIO_PDO Pdo, PIRP Irp);           /* pnplun.c */
NTSTATUS MpioPdoScsi(PMPIO_PDO Pdo, PIRP Irp);          /* lunscsi.c */
NTSTATUS MpioPdoControl(PMPIO_PDO Pdo, PIRP Irp);       /* luncontrol.c */
NTSTATUS MpioPassThrough(PMPIO_PDO Pdo, PIRP Irp);      /* passthrough.c */

/* bus.c, filter.c, filterpnp.c */
DRIVER_ADD_DEVICE MpioBusAddDevice, MpioFilterAddDevice;
NTSTATUS MpioBusPnp(PMPIO_DEVICE Bus, PIRP Irp);
NTSTATUS MpioFilterPnp(PMPIO_FILTER Filter, PIRP Irp);
VOID MpioDereferenceAdapter(PMPIO_ADAPTER Adapter);
NTSTATUS MpioControlDispatch(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Internal); /* control.c */
NTSTATUS MpioWmiCall(PIRP Irp, struct mpio_wmi *Request, ULONG InLength, ULONG OutLength, PULONG Produced); /* wmi.c */
NTSTATUS MpioSnapshot(PVOID Buffer, ULONG Length, PULONG Produced);              /* snapshot.c */
VOID MpioClearCounters(VOID);

/* io.c */
NTSTATUS MpioStartRequest(PMPIO_PDO Pdo, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, MPIO_REQUEST_KIND Kind);
VOID MpioSelectLocked(PMPIO_REQUEST Request, BOOLEAN FromQueue, KIRQL Irql); /* Lun->Lock held, released */
VOID MpioSend(PMPIO_REQUEST Request, PMPIO_INSTANCE Instance); /* Instance is held for the request */
VOID MpioFreeRequest(PMPIO_REQUEST Request);                   /* Lun->Lock held */
IO_COMPLETION_ROUTINE MpioRequestCompleted;                    /* complete.c */

/* queue.c */
VOID MpioHoldRequest(PMPIO_REQUEST Request);
VOID MpioInsertHeldLocked(PMPIO_REQUEST Request);
VOID MpioDelayRequest(PMPIO_REQUEST Request, LONG Seconds);
VOID MpioReleaseHeld(PMPIO_LUN Lun);
VOID MpioFailHeld(PMPIO_LUN Lun);
VOID MpioForgetInstance(PMPIO_INSTANCE Instance);              /* held and delayed requests let go of it */
KDEFERRED_ROUTINE MpioReleaseDpc;
KDEFERRED_ROUTINE MpioRetryDpc;

/* complete.c */
VOID MpioFinish(PMPIO_REQUEST Request, NTSTATUS Status);       /* bookkeeping; the IRP is left to the caller */
VOID MpioFinishIrp(PMPIO_REQUEST Request, NTSTATUS Status, UCHAR SrbStatus); /* and completes the IRP */

/* categorize.c */
BOOLEAN MpioIsReadWrite(PSCSI_REQUEST_BLOCK Srb, PBOOLEAN Write);
ULONG MpioCategorize(PMPIO_REQUEST Request, PMPIO_MEMBERS Members, PVOID Current, PVOID *PathId, PNTSTATUS Status);
VOID MpioHandToDsm(PMPIO_REQUEST Request, PMPIO_MEMBERS Members, ULONG Answer);

/* failover.c */
VOID MpioFailPath(PMPIO_PATH Path, ULONG ErrorMask);           /* <= DISPATCH_LEVEL */
VOID MpioInitializePathWork(PMPIO_PATH Path);

/* recover.c, timers.c */
VOID MpioRecoverPath(PMPIO_PATH Path);                         /* queues a recovery; <= DISPATCH_LEVEL */
VOID MpioArmRecovery(PMPIO_PATH Path);
KDEFERRED_ROUTINE MpioRecoverDpc;
WORKER_THREAD_ROUTINE MpioRecoverWorker;
WORKER_THREAD_ROUTINE MpioFailoverWorker;
VOID MpioStartVerification(VOID);
KDEFERRED_ROUTINE MpioRemoveDpc;
WORKER_THREAD_ROUTINE MpioRemoveWorker;
VOID MpioArmRemoval(PMPIO_LUN Lun);
VOID MpioSetSeconds(PKTIMER Timer, ULONGLONG Seconds, PKDPC Dpc);

/* arrive.c, remove.c, move.c */
NTSTATUS MpioArrive(PMPIO_FILTER Filter, PBOOLEAN Claimed);
VOID MpioRemoveInstance(PMPIO_INSTANCE Instance);              /* Serial held */
PMPIO_LUN MpioFindLun(ULONG Ordinal);
NTSTATUS MpioMoveLun(ULONG Ordinal, PVOID SuggestedPath, ULONG Flags);

#endif
