/* SPDX-License-Identifier: 0BSD */
/*
 * dsm_sample - a small device-specific module to copy.
 *
 *   driver.c  load, registration with MPIO, unload
 *   path.c    instances and paths: they arrive, are verified, fail, return, leave
 *   io.c      which path takes a request, and what an error means
 *   health.c  optional: errors that matter when they come in a row
 *   wmi.c     optional: an administrator moves LUNs and sets policies over WMI
 *   pr.c      optional: persistent reservations for clusters
 *
 * Words: an *instance* (DsmId) is one LUN seen through one path; a *path* (PathId) is one I_T nexus,
 * shared by all LUNs behind it; a *LUN* is the group of instances that are the same disk, which MPIO
 * shows to Windows as one pseudo-LUN.
 *
 * Locks: Context->Lock guards the list of LUNs, Lun->Lock everything in a LUN and its instances; whoever
 * needs both takes them in this order. They are held for a few instructions, never across a call that
 * waits. MPIO never runs two arrivals or removals at once, so those may look at the list without a lock.
 */
#ifndef DSM_SAMPLE_H
#define DSM_SAMPLE_H

#include <dsm.h>
#include <srbhelper.h>

#pragma warning(disable : 4100) /* callbacks have fixed parameter lists; not every one is needed */

/* To build without one of the three files: 0 here, and its name out of SRCS in the Makefile. */
#define SAMPLE_WITH_HEALTH 1
#define SAMPLE_WITH_WMI    1
#define SAMPLE_WITH_PR     1

#define SAMPLE_NAME      L"OpenMPIO Sample DSM"
#define SAMPLE_TAG       'lpmS'
#define SAMPLE_MAX_PATHS 32     /* MPIO's own limit of paths per LUN */
#define SAMPLE_MAX_ID    256    /* bytes of a page 0x83 identifier, one more for its type */
#define SAMPLE_BUCKETS   1024   /* power of two; LUNs by identity */

/* Load-balance policies, numbered as DSM_Load_Balance_Policy in mpiodisk.h. */
#define SAMPLE_FAILOVER    1
#define SAMPLE_ROUND_ROBIN 2

/* The key we registered; used by pr.c. */
typedef struct _SAMPLE_RESERVATION {
    BOOLEAN HasKey;
    BOOLEAN PersistThroughPowerLoss;
    UCHAR Key[8];
} SAMPLE_RESERVATION;

typedef struct _SAMPLE_LUN {
    LIST_ENTRY Link;            /* Context->Luns */
    struct _SAMPLE_LUN *NextInBucket; /* Context->Buckets */
    KSPIN_LOCK Lock;
    ULONG Policy;
    ULONG Instances;
    ULONG Usables;
    ULONG Next;                 /* round robin: index into Usable; fail over: the one in use */
    struct _SAMPLE_INSTANCE *Instance[SAMPLE_MAX_PATHS]; /* all of them */
    struct _SAMPLE_INSTANCE *Usable[SAMPLE_MAX_PATHS];   /* those I/O may take; rebuilt on every change */
    PVOID Reporter;             /* the instance whose unit attentions the disk driver hears: one that has I/O */
    PVOID Preferred;            /* fail over: go back to this path when it returns; NULL = stay */
    SAMPLE_RESERVATION Reservation;
} SAMPLE_LUN, *PSAMPLE_LUN;

typedef struct _SAMPLE_INSTANCE {
    PSAMPLE_LUN Lun;            /* NULL until SetDeviceInfo */
    PVOID Path;                 /* SAMPLE_PATH_ID of its SCSI address */
    PDEVICE_OBJECT Target;      /* our own requests go here */
    SCSI_ADDRESS Address;
    BOOLEAN Active;             /* from IsPathActive until its path fails or RemovePending */
    BOOLEAN Registered;         /* our reservation key is on this path */
    ULONG Errors, Attentions;   /* in a row: health.c */
    ULONGLONG LastError;
    ULONG IdLength;
    UCHAR Id[ANYSIZE_ARRAY];    /* the LUN's identity: designator type, then the bytes */
} SAMPLE_INSTANCE, *PSAMPLE_INSTANCE;

typedef struct _SAMPLE_CONTEXT {
    PVOID MpioContext;
    PDEVICE_OBJECT MpioControl;
    KSPIN_LOCK Lock;
    LIST_ENTRY Luns;
    PSAMPLE_LUN Buckets[SAMPLE_BUCKETS]; /* the same LUNs again; only arrivals and removals look there */
    ULONG DefaultPolicy;        /* Parameters\LoadBalancePolicy */
    ULONG AcceptAlua;           /* Parameters\AcceptAlua */
    UNICODE_STRING SupportedDevices; /* Parameters\DsmSupportedDeviceList, REG_MULTI_SZ */
} SAMPLE_CONTEXT, *PSAMPLE_CONTEXT;

/* A path identifier is any pointer-sized value: ours names the I_T nexus, so that all LUNs behind one port,
 * bus and target share it and fail over together. Never NULL. */
#define SAMPLE_PATH_ID(a) \
    ((PVOID)(ULONG_PTR)(0x5A000000u | (a)->PortNumber << 16 | (a)->PathId << 8 | (a)->TargetId))

/* Where the LUNs with this identity, and a few others, begin. */
static __inline PSAMPLE_LUN *SampleBucket(PSAMPLE_CONTEXT Context, PSAMPLE_INSTANCE Instance)
{
    ULONG i, hash = 0;

    for (i = 0; i < Instance->IdLength; i++)
        hash = hash * 31 + Instance->Id[i];
    return &Context->Buckets[hash & (SAMPLE_BUCKETS - 1)];
}

/* path.c */
NTSTATUS SampleInquire(PVOID DsmContext, PDEVICE_OBJECT TargetDevice, PDEVICE_OBJECT PortFdo,
                       PSTORAGE_DEVICE_DESCRIPTOR Descriptor, PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceIdList,
                       PVOID *DsmIdentifier);
BOOLEAN SampleCompareDevices(PVOID DsmContext, PVOID DsmId1, PVOID DsmId2);
NTSTATUS SampleGetControllerInfo(PVOID DsmContext, PVOID DsmId, ULONG Flags, PCONTROLLER_INFO *ControllerInfo);
NTSTATUS SampleSetDeviceInfo(PVOID DsmContext, PDEVICE_OBJECT TargetObject, PVOID DsmId, PVOID *PathId);
BOOLEAN SampleIsPathActive(PVOID DsmContext, PVOID PathId, PVOID DsmId);
NTSTATUS SamplePathVerify(PVOID DsmContext, PVOID DsmId, PVOID PathId);
NTSTATUS SampleInvalidatePath(PVOID DsmContext, ULONG ErrorMask, PVOID PathId, PVOID *NewPathId);
NTSTATUS SampleRemovePending(PVOID DsmContext, PVOID DsmId);
NTSTATUS SampleRemoveDevice(PVOID DsmContext, PVOID DsmId, PVOID PathId);
NTSTATUS SampleRemovePath(PVOID DsmContext, PVOID PathId);
NTSTATUS SampleDeviceNotUsed(PVOID DsmContext, PVOID DsmId);
/* Rebuilds Lun->Usable; Lun->Lock held. */
VOID SampleChoosePaths(PSAMPLE_LUN Lun);

/* io.c */
PVOID SampleGetPath(PVOID DsmContext, PSCSI_REQUEST_BLOCK Srb, PDSM_IDS DsmIds, PVOID CurrentPath, NTSTATUS *Status);
ULONG SampleCategorize(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PVOID CurrentPath,
                       PVOID *PathId, NTSTATUS *Status);
VOID SampleSetCompletion(PVOID DsmContext, PVOID DsmId, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                         PDSM_COMPLETION_INFO CompletionInfo);
ULONG SampleInterpretError(PVOID DsmContext, PVOID DsmId, PSCSI_REQUEST_BLOCK Srb, NTSTATUS *Status, PBOOLEAN Retry,
                           PLONG RetryInterval, ...);
BOOLEAN SampleIsAddressTypeSupported(PVOID DsmContext, ULONG AddressType);
NTSTATUS SampleRefuse(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
/* FALSE: the request brought no sense data. */
BOOLEAN SampleGetSense(PSCSI_REQUEST_BLOCK Srb, PUCHAR Key, PUCHAR Asc, PUCHAR Ascq);

/* health.c: all at up to DISPATCH_LEVEL */
#if SAMPLE_WITH_HEALTH
VOID SampleWatch(PSAMPLE_INSTANCE Instance, PDSM_COMPLETION_INFO CompletionInfo);
ULONG SampleCountError(PSAMPLE_INSTANCE Instance, PSCSI_REQUEST_BLOCK Srb, PBOOLEAN Retry, PLONG RetryInterval);
ULONG SampleCountAttention(PSAMPLE_INSTANCE Instance);
#else
#define SampleWatch(Instance, CompletionInfo) ((void)0)
#define SampleCountError(Instance, Srb, Retry, RetryInterval) 0
#define SampleCountAttention(Instance) 0
#endif

/* pr.c */
#if SAMPLE_WITH_PR
NTSTATUS SampleReservation(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
/* At PASSIVE_LEVEL, when an instance may carry I/O from now on. */
VOID SampleRegisterNewPath(PSAMPLE_INSTANCE Instance);
/* At up to DISPATCH_LEVEL, when the array says that another node removed our registrations. */
VOID SampleForgetKey(PSAMPLE_INSTANCE Instance);
#else
#define SampleReservation SampleRefuse
#define SampleRegisterNewPath(Instance) ((void)0)
#define SampleForgetKey(Instance) ((void)0)
#endif

/* wmi.c */
#if SAMPLE_WITH_WMI
NTSTATUS SampleMoveDevice(PVOID DsmContext, PDSM_IDS DsmIds, PVOID MPIOPath, PVOID SuggestedPath, ULONG Flags);
VOID SampleInitializeWmi(PDSM_INIT_DATA InitData);
#else
static __inline NTSTATUS SampleMoveDevice(PVOID DsmContext, PDSM_IDS DsmIds, PVOID MPIOPath, PVOID SuggestedPath,
                                          ULONG Flags)
{
    return STATUS_NOT_SUPPORTED;
}
#define SampleInitializeWmi(InitData) ((void)0)
#endif

#endif
