/* SPDX-License-Identifier: MIT */
/*
 * The interface between MPIO and a device-specific module: the callbacks a DSM registers and the
 * services mpio.sys exports. Callbacks have the plain C convention. IRQL stands beside each type;
 * "context" is the DsmContext of DSM_INIT_DATA, "id" the DsmId that Inquire answered, "path" the
 * value SetDeviceInfo answered. Published order, sizes and values: ddk/tests/layout_*.c pin them.
 */
#ifndef OPENMPIO_DSM_H
#define OPENMPIO_DSM_H

#include <ntddk.h>
#include <scsi.h>
#include <ntddscsi.h>
#include <ntddstor.h>
#include <wmistr.h>
#include <wmiguid.h>
#include <wmilib.h>

DDK_BEGIN_C

#define MPIO_DSM ((ULONG)0x0064736D) /* 'dsm' */
#define IOCTL_MPDSM_REGISTER \
    CTL_CODE(MPIO_DSM, 1, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_MPDSM_DEREGISTER \
    CTL_CODE(MPIO_DSM, 2, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)

/* The devices of one pseudo-LUN, one id per path. */
typedef struct _DSM_IDS {
    ULONG Count;
    PVOID IdList[1];
} DSM_IDS, *PDSM_IDS;

/* ---- pass-through buffers that DSMs build ---------------------------------------------------- */
#define SPTWB_SENSE_LENGTH 32
#define SPTWB_DATA_LENGTH  512
#ifdef _WIN64
#define PTRALIGN DECLSPEC_ALIGN(16)
#else
#define PTRALIGN DECLSPEC_ALIGN(4)
#endif

typedef struct _SCSI_PASS_THROUGH_WITH_BUFFERS {
    SCSI_PASS_THROUGH ScsiPassThrough;
    UCHAR PTRALIGN SenseInfoBuffer[SPTWB_SENSE_LENGTH];
    UCHAR PTRALIGN DataBuffer[SPTWB_DATA_LENGTH];
} SCSI_PASS_THROUGH_WITH_BUFFERS, *PSCSI_PASS_THROUGH_WITH_BUFFERS;

typedef struct _SCSI_PASS_THROUGH_DIRECT_WITH_BUFFER {
    SCSI_PASS_THROUGH_DIRECT ScsiPassThroughDirect;
    UCHAR PTRALIGN SenseInfoBuffer[SPTWB_SENSE_LENGTH];
} SCSI_PASS_THROUGH_DIRECT_WITH_BUFFER, *PSCSI_PASS_THROUGH_DIRECT_WITH_BUFFER;

/* ---- controllers ----------------------------------------------------------------------------- */
#define DSM_CONTROLLER_ACTIVE   1
#define DSM_CONTROLLER_STANDBY  2
#define DSM_CONTROLLER_FAILED   3
#define DSM_CONTROLLER_NO_CNTRL 4

#define DSM_CNTRL_FLAGS_ALLOCATE    0x00000001
#define DSM_CNTRL_FLAGS_CHECK_STATE 0x00000002
#define DSM_CNTRL_FLAGS_RESERVED    0xFFFFFFFC

typedef struct _CONTROLLER_IDS {
    STORAGE_IDENTIFIER_CODE_SET Type;
    ULONG Length;
    UCHAR SerialNumber[32];
} CONTROLLER_IDS, *PCONTROLLER_IDS;

/* Allocated by the DSM in pool, freed by MPIO. */
typedef struct _CONTROLLER_INFO {
    PDEVICE_OBJECT DeviceObject;
    CONTROLLER_IDS Identifier;
    ULONG State; /* DSM_CONTROLLER_* */
} CONTROLLER_INFO, *PCONTROLLER_INFO;

/* ---- masks and answers ----------------------------------------------------------------------- */
/* InterpretError: the answer; InvalidatePath: the reason. */
#define DSM_FATAL_ERROR          0x80000000 /* the path has failed: fail over */
#define DSM_ADMIN_FO             0x40000000 /* an administrator asked */
#define DSM_RETRY_DONT_DECREMENT 0x00008000 /* retry without spending MPIO's retry budget */
#define DSM_FATAL_ERROR_OEM_MASK 0x0000FFFF /* the DSM's own, handed on to InvalidatePath */
#define DSM_FATAL_ERROR_RESERVED 0x3FFF0000

#define DSM_MOVE_PERMANENT       0x00000001
#define DSM_MOVE_PENDING_REMOVAL 0x00000002
#define DSM_MOVE_OEM_MASK        0x0000FF00
#define DSM_MOVE_RESERVED        0x7FFF0000
#define DSM_MOVE_ADMIN_REQUEST   0x80000000

#define DSM_BROADCAST   1 /* send down every path: BroadcastSrb */
#define DSM_WILL_HANDLE 2 /* call SrbDeviceControl */
#define DSM_PATH_SET    3 /* *PathId is where to send it */
#define DSM_ERROR       4 /* *Status says why not */

#define DSM_CALL_COMPLETION_ON_MPIO_ERROR 1 /* DsmSendRequestEx: it always runs */
#define NUMA_MAX_WEIGHT 10

typedef enum _DSM_TYPE {
    DsmTypeUnknown = 0,
    DsmUnknown = 0,
    DsmType1,
    DsmType2, /* Ex callbacks */
    DsmType3, /* completion may see a NULL id */
    DsmType4, /* DsmVersion */
    DsmType5, /* DsmWmiGlobalInfo; before Windows 7 the number exists, unused */
#if NTDDI_VERSION >= NTDDI_WIN8
    DsmType6, /* extended SRBs and addresses */
    DsmType7, /* unused */
#endif
    DsmTypeMax
} DSM_TYPE, *PDSM_TYPE;

typedef enum _DSM_NOTIFICATION_TYPE {
    DeviceFailure = 0, /* (id) */
    PathFailure,       /* (path) */
    PathOnLine,        /* (path) */
    ThrottleIO,        /* (id) */
    ResumeIO,          /* (id) */
    SetCurrentPath,    /* (path, id) */
    ThrottleIO_V2,     /* (id, BOOLEAN, PNTSTATUS, LONG 0) */
    ResumeIO_V2,       /* (id, BOOLEAN recategorize, PNTSTATUS, LONG 0) */
    SetCurrentPath_V2, /* (path, id, PNTSTATUS, LONG 0) */
    MaxDsmNotificationType
} DSM_NOTIFICATION_TYPE, *PDSM_NOTIFICATION_TYPE;

/* ---- callbacks: PASSIVE_LEVEL ---------------------------------------------------------------- */
/* Does this DSM want the device? Answers the id it will be known by. */
typedef NTSTATUS (*DSM_INQUIRE_DRIVER)(PVOID DsmContext, PDEVICE_OBJECT TargetDevice,
                                       PDEVICE_OBJECT PortFdo,
                                       PSTORAGE_DEVICE_DESCRIPTOR Descriptor,
                                       PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceIdList,
                                       PVOID *DsmIdentifier);
/* Are the two ids paths to one LUN? */
typedef BOOLEAN (*DSM_COMPARE_DEVICES)(PVOID DsmContext, PVOID DsmId1, PVOID DsmId2);
typedef PUCHAR (*DSM_DEVICE_SERIAL_NUMBER)(PVOID DsmContext, PVOID DsmId);
typedef NTSTATUS (*DSM_GET_CONTROLLER_INFO)(PVOID DsmContext, PVOID DsmId, ULONG Flags,
                                            PCONTROLLER_INFO *ControllerInfo);
/* *PathId: in MPIO's proposal, out the DSM's name for the path, used from then on. */
typedef NTSTATUS (*DSM_SET_DEVICE_INFO)(PVOID DsmContext, PDEVICE_OBJECT TargetObject, PVOID DsmId,
                                        PVOID *PathId);
typedef BOOLEAN (*DSM_IS_PATH_ACTIVE)(PVOID DsmContext, PVOID PathId, PVOID DsmId);
typedef NTSTATUS (*DSM_PATH_VERIFY)(PVOID DsmContext, PVOID DsmId, PVOID PathId);
typedef NTSTATUS (*DSM_INVALIDATE_PATH)(PVOID DsmContext, ULONG ErrorMask, PVOID PathId,
                                        PVOID *NewPathId);
typedef NTSTATUS (*DSM_MOVE_DEVICE)(PVOID DsmContext, PDSM_IDS DsmIds, PVOID MPIOPath,
                                    PVOID SuggestedPath, ULONG Flags);
typedef NTSTATUS (*DSM_REMOVE_PENDING)(PVOID DsmContext, PVOID DsmId);
typedef NTSTATUS (*DSM_REMOVE_DEVICE)(PVOID DsmContext, PVOID DsmId, PVOID PathId);
typedef NTSTATUS (*DSM_REMOVE_PATH)(PVOID DsmContext, PVOID PathId);
/* May wait. The DSM sets Event when it has finished with the request. */
typedef NTSTATUS (*DSM_SRB_DEVICE_CONTROL)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                           PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
typedef NTSTATUS (*DSM_BROADCAST_SRB)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                      PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
typedef NTSTATUS (*DSM_UNLOAD)(PVOID DsmContext);
typedef NTSTATUS (*DSM_DEVICE_NOT_USED)(PVOID DsmContext, PVOID DsmId);
typedef BOOLEAN (*DSM_ADDRESS_TYPE_SUPPORTED)(PVOID DsmContext, ULONG AddressType);

/* ---- callbacks: <= DISPATCH_LEVEL ------------------------------------------------------------ */
/* The path of a read or write; NULL with *Status set if there is none. */
typedef PVOID (*DSM_LB_GET_PATH)(PVOID DsmContext, PSCSI_REQUEST_BLOCK Srb, PDSM_IDS DsmList,
                                 PVOID CurrentPath, NTSTATUS *Status);
/* DSM_BROADCAST, DSM_WILL_HANDLE, DSM_PATH_SET or DSM_ERROR, for any other request. */
typedef ULONG (*DSM_CATEGORIZE_REQUEST)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                        PSCSI_REQUEST_BLOCK Srb, PVOID CurrentPath, PVOID *PathId,
                                        NTSTATUS *Status);
typedef ULONG (*DSM_INTERPRET_ERROR)(PVOID DsmContext, PVOID DsmId, PSCSI_REQUEST_BLOCK Srb,
                                     PNTSTATUS Status, PBOOLEAN Retry);
/* *RetryInterval in seconds; MAXLONG = MPIO's own. */
typedef ULONG (*DSM_INTERPRET_ERROR_EX)(PVOID DsmContext, PVOID DsmId, PSCSI_REQUEST_BLOCK Srb,
                                        PNTSTATUS Status, PBOOLEAN Retry, PLONG RetryInterval, ...);
/* DsmId may be NULL from type 3 on. */
typedef VOID (*DSM_COMPLETION_ROUTINE)(PVOID DsmId, PIRP Irp, PSCSI_REQUEST_BLOCK Srb,
                                       PVOID DsmContext);

typedef struct _DSM_COMPLETION_INFO {
    DSM_COMPLETION_ROUTINE DsmCompletionRoutine;
    PVOID DsmContext;
} DSM_COMPLETION_INFO, *PDSM_COMPLETION_INFO;

typedef VOID (*DSM_SET_COMPLETION)(PVOID DsmContext, PVOID DsmId, PIRP Irp,
                                   PSCSI_REQUEST_BLOCK Srb, PDSM_COMPLETION_INFO DsmCompletion);

/* ---- WMI callbacks: PASSIVE_LEVEL ------------------------------------------------------------ */
/* Too small a buffer: STATUS_BUFFER_TOO_SMALL, and *DataLength says what is needed. */
typedef NTSTATUS (*DSM_QUERY_DATABLOCK)(PVOID DsmContext, PIRP Irp, ULONG GuidIndex,
                                        ULONG InstanceIndex, ULONG InstanceCount,
                                        PULONG InstanceLengthArray, ULONG BufferAvail,
                                        PUCHAR Buffer, PULONG DataLength);
typedef NTSTATUS (*DSM_QUERY_DATABLOCK_EX)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                           ULONG GuidIndex, ULONG InstanceIndex,
                                           ULONG InstanceCount, PULONG InstanceLengthArray,
                                           ULONG BufferAvail, PUCHAR Buffer, PULONG DataLength,
                                           ...);
typedef NTSTATUS (*DSM_SET_DATABLOCK)(PVOID DsmContext, PIRP Irp, ULONG GuidIndex,
                                      ULONG InstanceIndex, ULONG BufferSize, PUCHAR Buffer);
typedef NTSTATUS (*DSM_SET_DATABLOCK_EX)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                         ULONG GuidIndex, ULONG InstanceIndex, ULONG BufferSize,
                                         PUCHAR Buffer, ...);
typedef NTSTATUS (*DSM_EXECUTE_METHOD)(PVOID DsmContext, PIRP Irp, ULONG GuidIndex,
                                       ULONG InstanceIndex, ULONG MethodId, ULONG InBufferSize,
                                       PULONG OutBufferSize, PUCHAR Buffer);
typedef NTSTATUS (*DSM_EXECUTE_METHOD_EX)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                          ULONG GuidIndex, ULONG InstanceIndex, ULONG MethodId,
                                          ULONG InBufferSize, PULONG OutBufferSize, PUCHAR Buffer,
                                          ...);
typedef NTSTATUS (*DSM_FUNCTION_CONTROL)(PVOID DsmContext, PIRP Irp, ULONG GuidIndex,
                                         WMIENABLEDISABLECONTROL Function, BOOLEAN Enable);
typedef NTSTATUS (*DSM_FUNCTION_CONTROL_EX)(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp,
                                            ULONG GuidIndex, WMIENABLEDISABLECONTROL Function,
                                            BOOLEAN Enable, ...);

/* The Ex members apply from type 2 on. */
typedef struct _DSM_WMILIB_CONTEXT {
    ULONG GuidCount;
    PWMIGUIDREGINFO GuidList;
    UNICODE_STRING RegistryPath;
    UNICODE_STRING MofResourceName;
    union {
        DSM_QUERY_DATABLOCK QueryWmiDataBlock;
        DSM_QUERY_DATABLOCK_EX QueryWmiDataBlockEx;
    };
    union {
        DSM_SET_DATABLOCK SetWmiDataBlock;
        DSM_SET_DATABLOCK_EX SetWmiDataBlockEx;
    };
    union {
        DSM_EXECUTE_METHOD ExecuteWmiMethod;
        DSM_EXECUTE_METHOD_EX ExecuteWmiMethodEx;
    };
    union {
        DSM_FUNCTION_CONTROL WmiFunctionControl;
        DSM_FUNCTION_CONTROL_EX WmiFunctionControlEx;
    };
} DSM_WMILIB_CONTEXT, *PDSM_WMILIB_CONTEXT;

/* ---- registration ---------------------------------------------------------------------------- */
typedef struct _DSM_VERSION_INFO {
    ULONG MajorVersion;
    ULONG MinorVersion;
    ULONG ProductBuild;
    ULONG QfeNumber;
} DSM_VERSION_INFO, *PDSM_VERSION_INFO, MPIO_VERSION_INFO, *PMPIO_VERSION_INFO;

/* Input of IOCTL_MPDSM_REGISTER; the output is a DSM_MPIO_CONTEXT. The structure ends where it did
 * in the system that NTDDI_VERSION names: Windows 2000 at Reserved, Server 2003 at DsmType, 2008 at
 * DsmVersion, 2008 R2 at DsmWmiGlobalInfo, 2012 and later at DsmDeviceNotUsed. InitDataSize is one
 * of DSM_INIT_DATA_TYPE_n_SIZE; MPIO reads no further. */
typedef struct _DSM_INIT_DATA {
    ULONG InitDataSize;
    DSM_INQUIRE_DRIVER DsmInquireDriver;
    DSM_COMPARE_DEVICES DsmCompareDevices;
    DSM_DEVICE_SERIAL_NUMBER DsmDeviceSerialNumber; /* may be NULL */
    DSM_GET_CONTROLLER_INFO DsmGetControllerInfo;
    DSM_SET_DEVICE_INFO DsmSetDeviceInfo;
    DSM_IS_PATH_ACTIVE DsmIsPathActive;
    DSM_PATH_VERIFY DsmPathVerify;
    DSM_INVALIDATE_PATH DsmInvalidatePath;
    DSM_MOVE_DEVICE DsmMoveDevice;
    DSM_REMOVE_PENDING DsmRemovePending;
    DSM_REMOVE_DEVICE DsmRemoveDevice;
    DSM_REMOVE_PATH DsmRemovePath;
    DSM_SRB_DEVICE_CONTROL DsmSrbDeviceControl;
    DSM_LB_GET_PATH DsmLBGetPath;
    union {
        DSM_INTERPRET_ERROR DsmInterpretError;
        DSM_INTERPRET_ERROR_EX DsmInterpretErrorEx;
    };
    DSM_UNLOAD DsmUnload;
    DSM_SET_COMPLETION DsmSetCompletion;
    DSM_CATEGORIZE_REQUEST DsmCategorizeRequest;
    DSM_BROADCAST_SRB DsmBroadcastSrb;
    DSM_WMILIB_CONTEXT DsmWmiInfo; /* per-LUN classes */
    PVOID DsmContext;
    PDRIVER_OBJECT DriverObject;
    UNICODE_STRING DisplayName;
    ULONG Reserved;
#if NTDDI_VERSION >= NTDDI_WS03
    DSM_TYPE DsmType;
#endif
#if NTDDI_VERSION >= NTDDI_VISTA
    DSM_VERSION_INFO DsmVersion;
#endif
#if NTDDI_VERSION >= NTDDI_WIN7
    DSM_WMILIB_CONTEXT DsmWmiGlobalInfo; /* DSM-wide classes */
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
    DSM_ADDRESS_TYPE_SUPPORTED DsmIsAddressTypeSupported;
    DSM_DEVICE_NOT_USED DsmDeviceNotUsed;
#endif
} DSM_INIT_DATA, *PDSM_INIT_DATA;

/* What InitDataSize must cover at least, by type. */
#define DSM_INIT_DATA_TYPE_1_SIZE RTL_SIZEOF_THROUGH_FIELD(DSM_INIT_DATA, Reserved)
#if NTDDI_VERSION >= NTDDI_WS03
#define DSM_INIT_DATA_TYPE_2_SIZE RTL_SIZEOF_THROUGH_FIELD(DSM_INIT_DATA, DsmType)
#define DSM_INIT_DATA_TYPE_3_SIZE RTL_SIZEOF_THROUGH_FIELD(DSM_INIT_DATA, DsmType)
#endif
#if NTDDI_VERSION >= NTDDI_VISTA
#define DSM_INIT_DATA_TYPE_4_SIZE RTL_SIZEOF_THROUGH_FIELD(DSM_INIT_DATA, DsmVersion)
#endif
#if NTDDI_VERSION >= NTDDI_WIN7
#define DSM_INIT_DATA_TYPE_5_SIZE RTL_SIZEOF_THROUGH_FIELD(DSM_INIT_DATA, DsmWmiGlobalInfo)
#endif
#if NTDDI_VERSION >= NTDDI_WIN8
#define DSM_INIT_DATA_TYPE_6_SIZE sizeof(DSM_INIT_DATA)
#endif

typedef struct _DSM_MPIO_CONTEXT {
    PVOID MPIOContext;
} DSM_MPIO_CONTEXT, *PDSM_MPIO_CONTEXT;

/* Input of IOCTL_MPDSM_DEREGISTER. */
typedef struct _DSM_DEREGISTER_DATA {
    ULONG DeregisterDataSize;
    PVOID DsmContext;
    PDRIVER_OBJECT DriverObject;
    PDSM_MPIO_CONTEXT MpioContext;
} DSM_DEREGISTER_DATA, *PDSM_DEREGISTER_DATA;

/* ---- services of mpio.sys -------------------------------------------------------------------- */
/* PASSIVE_LEVEL: sends and waits; the outcome is in *IoStatus. Either buffer may be NULL. */
MPIOAPI VOID DsmSendDeviceIoControlSynchronous(ULONG IoControlCode,
                                               PDEVICE_OBJECT TargetDeviceObject,
                                               PVOID InputBuffer, PVOID OutputBuffer,
                                               ULONG InputBufferLength, ULONG OutputBufferLength,
                                               BOOLEAN InternalDeviceIoControl,
                                               PIO_STATUS_BLOCK IoStatus);
MPIOAPI NTSTATUS DsmSendPassThroughDirect(PDEVICE_OBJECT DeviceObject,
                                          PSCSI_PASS_THROUGH_DIRECT ScsiPassThrough,
                                          ULONG InputBufferLength, ULONG OutputBufferLength);
/* PASSIVE_LEVEL. The caller frees *ScsiAddress with ExFreePool. */
MPIOAPI NTSTATUS DsmGetScsiAddress(PDEVICE_OBJECT DeviceObject, PSCSI_ADDRESS *ScsiAddress);
/* The other devices of that SCSI type on the adapter, as device objects in IdList; NULL if there
 * are none. The caller frees the list with ExFreePool. */
MPIOAPI PDSM_IDS DsmGetAssociatedDevice(PVOID MPIOContext, PDEVICE_OBJECT PortFdo,
                                        UCHAR DeviceType);
MPIOAPI PDEVICE_OBJECT DsmGetPDO(PVOID MPIOContext, PDEVICE_OBJECT PortFdo);
MPIOAPI NTSTATUS DsmReleaseQueue(PDEVICE_OBJECT DeviceObject);
/* TEST UNIT READY, PASSIVE_LEVEL. */
MPIOAPI NTSTATUS DsmSendTUR(PDEVICE_OBJECT TargetDevice);
/* <= DISPATCH_LEVEL: sends the DSM's IRP down that path; RemoveDevice of the id waits for it.
 * STATUS_PENDING whenever the IRP is not complete on return. */
MPIOAPI NTSTATUS DsmSendRequest(PVOID MPIOContext, PDEVICE_OBJECT TargetDevice, PIRP Irp,
                                PVOID DsmId);
MPIOAPI NTSTATUS DsmSendRequestEx(PVOID MPIOContext, PDEVICE_OBJECT TargetDevice, PIRP Irp,
                                  PVOID DsmId, ULONG Flags);
MPIOAPI VOID DsmCompleteRequest(PVOID MPIOContext, PVOID DsmId);
/* <= DISPATCH_LEVEL; further arguments per type above. */
MPIOAPI VOID DsmNotification(PVOID MPIOContext, DSM_NOTIFICATION_TYPE NotificationType, ...);
/* Severity 1 (fatal) to 4 (information). */
MPIOAPI NTSTATUS DsmWriteEvent(PVOID MPIOContext, PWSTR ComponentName, PWSTR EventDescription,
                               ULONG Severity);
MPIOAPI NTSTATUS DsmGetVersion(PMPIO_VERSION_INFO VersionInfo, ULONG SizeofVersionInfo);
MPIOAPI PVOID DsmGetContextFromSrb(PSCSI_REQUEST_BLOCK Srb);

DDK_END_C

#endif
