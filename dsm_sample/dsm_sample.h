/* SPDX-License-Identifier: 0BSD */
/*
 * dsm_sample - a small device-specific module to copy.
 *
 *   driver.c  load, registration with MPIO, unload
 *   path.c    instances and paths: they arrive, are verified, fail, return, leave
 *   io.c      which path takes a request, and what an error means
 *   wmi.c     optional: an administrator moves LUNs and sets policies over WMI
 *   pr.c      optional: persistent reservations for clusters
 *
 * Words: an *instance* (DsmId) is one LUN seen through one path; a *path* (PathId) is one I_T nexus,
 * shared by all LUNs behind it; a *LUN* is the group of instances that are the same disk, which MPIO
 * shows to Windows as one pseudo-LUN.
 *
 * Locks: Context->Lock guards the list of LUNs and everything in LUNs and instances. It is held for a few
 * instructions at a time and never across a call that waits. MPIO never runs two arrivals or removals
 * at once, so those may look at the list without it.
 */
#ifndef DSM_SAMPLE_H
#define DSM_SAMPLE_H

#include <dsm.h>
#include <srbhelper.h>
#include <ntstrsafe.h>

#pragma warning(disable : 4100) /* callbacks have fixed parameter lists; not every one is needed */

/* Set to 0 and take the file out of SRCS in the Makefile to build without. */
#define SAMPLE_WITH_WMI 1
#define SAMPLE_WITH_PR  1

#define SAMPLE_NAME      L"OpenMPIO Sample DSM"
#define SAMPLE_TAG       'lpmS'
#define SAMPLE_MAX_PATHS 32     /* MPIO's own limit of paths per LUN */
#define SAMPLE_MAX_ID    256    /* bytes of a page 0x83 identifier we keep */

/* Load-balance policies, numbered as DSM_Load_Balance_Policy in mpiodisk.h. */
#define SAMPLE_FAILOVER    1
#define SAMPLE_ROUND_ROBIN 2

/* What a persistent reservation needs to know; used by pr.c. */
typedef struct _SAMPLE_RESERVATION {
    BOOLEAN HasKey;
    UCHAR Key[8];
    UCHAR Action;               /* service action the key was registered with */
} SAMPLE_RESERVATION;

typedef struct _SAMPLE_LUN {
    LIST_ENTRY Link;            /* Context->Luns */
    ULONG Policy;
    struct _SAMPLE_INSTANCE *Instance[SAMPLE_MAX_PATHS]; /* all of them */
    ULONG Instances;
    struct _SAMPLE_INSTANCE *Usable[SAMPLE_MAX_PATHS];   /* those I/O may take; rebuilt on every change */
    ULONG Usables;
    ULONG Next;                 /* round robin: index into Usable; fail over: the one in use */
    PVOID Preferred;            /* fail over: go back to this path when it returns; NULL = stay */
    SAMPLE_RESERVATION Reservation;
} SAMPLE_LUN, *PSAMPLE_LUN;

typedef struct _SAMPLE_INSTANCE {
    PSAMPLE_LUN Lun;            /* NULL until SetDeviceInfo */
    PVOID Path;                 /* SAMPLE_PATH_ID of its SCSI address */
    PDEVICE_OBJECT Target;      /* our own requests go here */
    SCSI_ADDRESS Address;
    BOOLEAN Active;             /* IsPathActive accepted it */
    BOOLEAN Failed;             /* a fatal error took it out */
    BOOLEAN Leaving;            /* RemovePending was called */
    BOOLEAN Registered;         /* our reservation key is on this path */
    ULONG IdLength;
    UCHAR Id[SAMPLE_MAX_ID];    /* the LUN's identity: designator type, then the bytes */
} SAMPLE_INSTANCE, *PSAMPLE_INSTANCE;

typedef struct _SAMPLE_CONTEXT {
    PVOID MpioContext;
    PDEVICE_OBJECT MpioControl;
    KSPIN_LOCK Lock;
    LIST_ENTRY Luns;
    ULONG DefaultPolicy;        /* Parameters\LoadBalancePolicy */
    UNICODE_STRING SupportedDevices; /* Parameters\DsmSupportedDeviceList, REG_MULTI_SZ */
} SAMPLE_CONTEXT, *PSAMPLE_CONTEXT;

/* A path identifier is any pointer-sized value: ours names the I_T nexus, so that all LUNs behind one port,
 * bus and target share it and fail over together. Never NULL. */
#define SAMPLE_PATH_ID(a) \
    ((PVOID)(ULONG_PTR)(0x5A000000u | (a)->PortNumber << 16 | (a)->PathId << 8 | (a)->TargetId))

/* path.c */
DSM_INQUIRE_DRIVER SampleInquire;
DSM_COMPARE_DEVICES SampleCompareDevices;
DSM_GET_CONTROLLER_INFO SampleGetControllerInfo;
DSM_SET_DEVICE_INFO SampleSetDeviceInfo;
DSM_IS_PATH_ACTIVE SampleIsPathActive;
DSM_PATH_VERIFY SamplePathVerify;
DSM_INVALIDATE_PATH SampleInvalidatePath;
DSM_REMOVE_PENDING SampleRemovePending;
DSM_REMOVE_DEVICE SampleRemoveDevice;
DSM_REMOVE_PATH SampleRemovePath;
DSM_DEVICE_NOT_USED SampleDeviceNotUsed;
/* Context->Lock held. */
VOID SampleChoosePaths(PSAMPLE_LUN Lun);

/* io.c */
DSM_LB_GET_PATH SampleGetPath;
DSM_CATEGORIZE_REQUEST SampleCategorize;
DSM_SET_COMPLETION SampleSetCompletion;
DSM_INTERPRET_ERROR_EX SampleInterpretError;
DSM_ADDRESS_TYPE_SUPPORTED SampleIsAddressTypeSupported;
DSM_SRB_DEVICE_CONTROL SampleRefuse;

/* pr.c */
DSM_SRB_DEVICE_CONTROL SampleReservation;
VOID SampleRegisterNewPath(PSAMPLE_CONTEXT Context, PSAMPLE_INSTANCE Instance);

/* wmi.c: what an administrator asks for */
DSM_MOVE_DEVICE SampleMoveDevice;
VOID SampleInitializeWmi(PDSM_INIT_DATA InitData);

#endif
