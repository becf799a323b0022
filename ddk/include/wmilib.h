/* SPDX-License-Identifier: MIT */
/*
 * The WMI library, wmilib.sys: a driver with data blocks hands its IRP_MJ_SYSTEM_CONTROL requests
 * to WmiSystemControl, which checks them and calls one routine of the driver's WMILIB_CONTEXT. A
 * DSM registers its blocks with MPIO instead (DSM_WMILIB_CONTEXT of dsm.h) and needs only the data
 * types. Published as wmilib.h; routine names of the callbacks: DpWmi... in the documentation.
 */
#ifndef OPENMPIO_WMILIB_H
#define OPENMPIO_WMILIB_H

#include <wdm.h>
#include <wmistr.h>

DDK_BEGIN_C

#define WMILIBAPI DDK_API /* wmilib.sys */

typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags; /* WMIREG_FLAG_* */
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

typedef enum {
    WmiEventControl,    /* events of the block on or off */
    WmiDataBlockControl /* collection of an expensive block on or off */
} WMIENABLEDISABLECONTROL, *PWMIENABLEDISABLECONTROL;

/* What the caller of WmiSystemControl does with the IRP. */
typedef enum _SYSCTL_IRP_DISPOSITION {
    IrpProcessed,    /* nothing: a callback has it, and completes it with WmiCompleteRequest */
    IrpNotCompleted, /* IoCompleteRequest: IoStatus is set */
    IrpNotWmi,       /* its own handling: a minor function that is none of WMI's */
    IrpForward       /* pass it down: meant for another device object */
} SYSCTL_IRP_DISPOSITION, *PSYSCTL_IRP_DISPOSITION;

/* ---- callbacks, PASSIVE_LEVEL ---------------------------------------------------------------- */
/* Each but the first ends in WmiCompleteRequest and returns what that returned, or STATUS_PENDING.
 * GuidIndex counts in GuidList, InstanceIndex from 0; sizes in bytes. */

/* InstanceName (unless *RegFlags has WMIREG_FLAG_INSTANCE_PDO: then *Pdo) in paged pool, freed by
 * the library; the other strings stay the driver's and must last. */
typedef NTSTATUS NTAPI WMI_QUERY_REGINFO_CALLBACK(PDEVICE_OBJECT DeviceObject, PULONG RegFlags,
                                                  PUNICODE_STRING InstanceName,
                                                  PUNICODE_STRING *RegistryPath,
                                                  PUNICODE_STRING MofResourceName,
                                                  PDEVICE_OBJECT *Pdo);
/* InstanceLengthArray and Buffer are NULL when there is no room at all. Blocks start at multiples
 * of 8; the last length may be any. */
typedef NTSTATUS NTAPI WMI_QUERY_DATABLOCK_CALLBACK(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                    ULONG GuidIndex, ULONG InstanceIndex,
                                                    ULONG InstanceCount,
                                                    PULONG InstanceLengthArray, ULONG BufferAvail,
                                                    PUCHAR Buffer);
typedef NTSTATUS NTAPI WMI_SET_DATABLOCK_CALLBACK(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                  ULONG GuidIndex, ULONG InstanceIndex,
                                                  ULONG BufferSize, PUCHAR Buffer);
typedef NTSTATUS NTAPI WMI_SET_DATAITEM_CALLBACK(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                 ULONG GuidIndex, ULONG InstanceIndex,
                                                 ULONG DataItemId, ULONG BufferSize, PUCHAR Buffer);
/* One buffer: InBufferSize bytes of arguments, room for OutBufferSize bytes of results. */
typedef NTSTATUS NTAPI WMI_EXECUTE_METHOD_CALLBACK(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                   ULONG GuidIndex, ULONG InstanceIndex,
                                                   ULONG MethodId, ULONG InBufferSize,
                                                   ULONG OutBufferSize, PUCHAR Buffer);
typedef NTSTATUS NTAPI WMI_FUNCTION_CONTROL_CALLBACK(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                     ULONG GuidIndex,
                                                     WMIENABLEDISABLECONTROL Function,
                                                     BOOLEAN Enable);
typedef WMI_QUERY_REGINFO_CALLBACK *PWMI_QUERY_REGINFO;
typedef WMI_QUERY_DATABLOCK_CALLBACK *PWMI_QUERY_DATABLOCK;
typedef WMI_SET_DATABLOCK_CALLBACK *PWMI_SET_DATABLOCK;
typedef WMI_SET_DATAITEM_CALLBACK *PWMI_SET_DATAITEM;
typedef WMI_EXECUTE_METHOD_CALLBACK *PWMI_EXECUTE_METHOD;
typedef WMI_FUNCTION_CONTROL_CALLBACK *PWMI_FUNCTION_CONTROL;

/* The driver's; the first two routines are required, the others may be NULL. */
typedef struct _WMILIB_CONTEXT {
    ULONG GuidCount;
    PWMIGUIDREGINFO GuidList;
    PWMI_QUERY_REGINFO QueryWmiRegInfo;
    PWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PWMI_SET_DATABLOCK SetWmiDataBlock;       /* NULL: STATUS_WMI_READ_ONLY */
    PWMI_SET_DATAITEM SetWmiDataItem;         /* NULL: STATUS_WMI_READ_ONLY */
    PWMI_EXECUTE_METHOD ExecuteWmiMethod;     /* NULL: STATUS_INVALID_DEVICE_REQUEST */
    PWMI_FUNCTION_CONTROL WmiFunctionControl; /* NULL: success */
} WMILIB_CONTEXT, *PWMILIB_CONTEXT;

/* ---- routines -------------------------------------------------------------------------------- */
/* PASSIVE_LEVEL, from the driver's dispatch routine, which returns this status unless the
 * disposition asks for something else. */
WMILIBAPI NTSTATUS NTAPI WmiSystemControl(PWMILIB_CONTEXT WmiLibInfo, PDEVICE_OBJECT DeviceObject,
                                          PIRP Irp, PSYSCTL_IRP_DISPOSITION IrpDisposition);
/* <= DISPATCH_LEVEL. Completes the IRP. BufferUsed: bytes written, or with STATUS_BUFFER_TOO_SMALL
 * the bytes needed; that status is turned into a WNODE_TOO_SMALL and success. Returns the final
 * status. */
WMILIBAPI NTSTATUS NTAPI WmiCompleteRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status,
                                            ULONG BufferUsed, CCHAR PriorityBoost);
/* <= DISPATCH_LEVEL. EventData: non-paged pool, always freed by the library; may be NULL. */
WMILIBAPI NTSTATUS NTAPI WmiFireEvent(PDEVICE_OBJECT DeviceObject, LPCGUID Guid,
                                      ULONG InstanceIndex, ULONG EventDataSize, PVOID EventData);

DDK_END_C

#endif
