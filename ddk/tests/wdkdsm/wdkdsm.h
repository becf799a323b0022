/* SPDX-License-Identifier: MIT */
/*++

Module Name:

    wdkdsm.h

Abstract:

    Private types of the WDK style test DSM. One spin lock (Context->Lock) guards every list and all states; the
    I/O path takes it shared, arrival and removal exclusive. Counters are interlocked.

--*/

#ifndef _WDKDSM_H_
#define _WDKDSM_H_

#define WDKDSM_NAME             L"WDK Style Test DSM"
#define WDKDSM_MAX_PATHS        32
#define WDKDSM_MAX_ID           256
#define WDKDSM_NAME_LENGTH      64
#define WDKDSM_TPG_LENGTH       4356
#define WDKDSM_TIMEOUT          20
#define WDKDSM_NO_PREFERRED     ((PVOID)(ULONG_PTR)MAXULONG)

//
// Pool tags: multi-character constants, one per kind of allocation.
//
#define WDKDSM_TAG_CONTEXT      '00dW'
#define WDKDSM_TAG_GROUP        '10dW'
#define WDKDSM_TAG_DEVICE       '20dW'
#define WDKDSM_TAG_PATH         '30dW'
#define WDKDSM_TAG_REQUEST      '40dW'
#define WDKDSM_TAG_BUFFER       '50dW'
#define WDKDSM_TAG_REGISTRY     '60dW'
#define WDKDSM_TAG_TPG          '70dW'
#define WDKDSM_TAG_PR           '80dW'
#define WDKDSM_TAG_TEST         '90dW'

//
// States: the first four and transitioning are those of REPORT TARGET PORT GROUPS.
//
typedef enum _WDKDSM_STATE {
    WdStateActiveOptimized = 0,
    WdStateActiveUnoptimized = 1,
    WdStateStandby = 2,
    WdStateUnavailable = 3,
    WdStateTransitioning = 15,
    WdStateNotUsed = 16,
    WdStateFailed = 18,
    WdStateRemovePending = 20
} WDKDSM_STATE, *PWDKDSM_STATE;

typedef struct _WDKDSM_PATH {
    LIST_ENTRY ListEntry;
    PVOID PathId;
    LONG References;                // Instances on it
    volatile LONG Outstanding;
    volatile LONGLONG OutstandingBytes;
    ULONGLONG LastLba;
} WDKDSM_PATH, *PWDKDSM_PATH;

typedef struct _WDKDSM_DEVICE {
    struct _WDKDSM_GROUP *Group;
    struct _WDKDSM_CONTEXT *Context;
    PWDKDSM_PATH Path;              // NULL until SetDeviceInfo
    PDEVICE_OBJECT TargetObject;
    PDEVICE_OBJECT PortPdo;
    SCSI_ADDRESS Address;
    WDKDSM_STATE State;
    WDKDSM_STATE DesiredState;
    BOOLEAN Usable;
    BOOLEAN KeyRegistered;
    BOOLEAN NeedsReport;            // Of the thread
    USHORT TargetPortGroup;
    ULONG RelativePort;
    ULONG Weight;
    volatile LONG Reads;
    volatile LONG Writes;
    volatile LONGLONG BytesRead;
    volatile LONGLONG BytesWritten;
    volatile LONG Errors;
    volatile LONG BlockRemove;      // Asynchronous requests on this instance
    ULONG IdLength;
    UCHAR Id[WDKDSM_MAX_ID];
    CHAR SerialNumber[WDKDSM_NAME_LENGTH];
} WDKDSM_DEVICE, *PWDKDSM_DEVICE;

typedef struct _WDKDSM_RESERVATION {
    BOOLEAN Valid;
    UCHAR Key[8];
    UCHAR Action;
    UCHAR Scope : 4;
    UCHAR Type : 4;
    UCHAR PersistThroughPowerLoss : 1;
    UCHAR Spare : 7;
} WDKDSM_RESERVATION, *PWDKDSM_RESERVATION;

typedef struct _WDKDSM_GROUP {
    LIST_ENTRY ListEntry;
    ULONG Policy;
    ULONG Count;
    PWDKDSM_DEVICE Devices[WDKDSM_MAX_PATHS];
    volatile PVOID Current;         // The instance that the policy stays on
    volatile LONG Cursor;
    volatile LONG Retries;
    volatile LONG TpgInFlight;
    volatile LONG Throttled;
    PVOID PreferredPath;
    UCHAR Alua;                     // TPGS of INQUIRY
    BOOLEAN Symmetric;
    WDKDSM_RESERVATION Reservation;
    WCHAR Name[WDKDSM_NAME_LENGTH];
} WDKDSM_GROUP, *PWDKDSM_GROUP;

//
// One per request between SetCompletion and its completion; from a lookaside list.
//
typedef struct _WDKDSM_REQUEST {
    PWDKDSM_DEVICE Device;
    PWDKDSM_PATH Path;
    ULONG Length;
    BOOLEAN IsRead;
    BOOLEAN IsWrite;
    LARGE_INTEGER Started;          // Ticks
} WDKDSM_REQUEST, *PWDKDSM_REQUEST;

//
// An asynchronous REPORT or SET TARGET PORT GROUPS.
//
typedef struct _WDKDSM_TPG_REQUEST {
    PWDKDSM_DEVICE Device;
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[SENSE_BUFFER_SIZE_EX];
    BOOLEAN Set;
    BOOLEAN Throttled;
    ULONG BufferLength;
    _Field_size_(BufferLength) UCHAR Buffer[ANYSIZE_ARRAY];
} WDKDSM_TPG_REQUEST, *PWDKDSM_TPG_REQUEST;

typedef struct _WDKDSM_CONTEXT {
    EX_SPIN_LOCK Lock;
    LIST_ENTRY Groups;
    LIST_ENTRY Paths;
    ULONG NumberGroups;
    PVOID MpioContext;
    PDEVICE_OBJECT ControlObject;
    PDRIVER_OBJECT DriverObject;
    UNICODE_STRING RegistryPath;
    UNICODE_STRING ParametersPath;
    UNICODE_STRING SupportedDevices;    // REG_MULTI_SZ
    ULONG DefaultPolicy;
    ULONGLONG PreferredPath;
    ULONG DisableStatistics;
    ULONG MaximumPrTime;            // Seconds
    ULONG SelfTest;
    ULONGLONG CacheSize;
    RTL_OSVERSIONINFOW OsVersion;
    NPAGED_LOOKASIDE_LIST RequestList;

    //
    // Housekeeping: timer -> DPC -> work item; and a thread that refreshes target port groups.
    //
    KTIMER Timer;
    KDPC Dpc;
    KSPIN_LOCK TimerLock;
    BOOLEAN TimerStopped;
    PIO_WORKITEM WorkItem;
    volatile LONG WorkItemBusy;
    IO_REMOVE_LOCK RemoveLock;
    FAST_MUTEX ConfigurationMutex;
    KEVENT ThreadStop;
    KEVENT ThreadWake;
    PVOID Thread;
    ULONG Snapshots;
} WDKDSM_CONTEXT, *PWDKDSM_CONTEXT;

//
// Tentative definitions, met by every source of the driver.
//
DSM_INIT_DATA gDsmInitData;
PWDKDSM_CONTEXT gContext;
ULONG WdChecksOfSrbHelper;

#define WDKDSM_IS_READ(Op)  ((Op) == SCSIOP_READ || (Op) == SCSIOP_READ16)
#define WDKDSM_IS_WRITE(Op) ((Op) == SCSIOP_WRITE || (Op) == SCSIOP_WRITE16)

#endif // _WDKDSM_H_
