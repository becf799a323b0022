/* SPDX-License-Identifier: MIT */
/*
 * The routines of storport.sys, as plain exported functions (in Windows many are inlines over one
 * variadic export whose codes are unpublished). Unless said otherwise they answer a
 * STOR_STATUS_*, take the device extension first, and run at <= DISPATCH_LEVEL. The numbers of
 * STOR_STATUS are our choice. What the port does not implement answers
 * STOR_STATUS_NOT_IMPLEMENTED.
 */
#ifndef OPENMPIO_STORPORT_ROUTINES_H
#define OPENMPIO_STORPORT_ROUTINES_H

#include <storport.h>

DDK_BEGIN_C

#define STOR_STATUS_SUCCESS                0x00000000
#define STOR_STATUS_UNSUCCESSFUL           0xC1000001
#define STOR_STATUS_NOT_IMPLEMENTED        0xC1000002
#define STOR_STATUS_INSUFFICIENT_RESOURCES 0xC1000003
#define STOR_STATUS_BUFFER_TOO_SMALL       0xC1000004
#define STOR_STATUS_ACCESS_DENIED          0xC1000005
#define STOR_STATUS_INVALID_PARAMETER      0xC1000006
#define STOR_STATUS_INVALID_DEVICE_REQUEST 0xC1000007
#define STOR_STATUS_INVALID_IRQL           0xC1000008
#define STOR_STATUS_INVALID_DEVICE_STATE   0xC1000009
#define STOR_STATUS_INVALID_BUFFER_SIZE    0xC100000A
#define STOR_STATUS_UNSUPPORTED_VERSION    0xC100000B
#define STOR_STATUS_BUSY                   0xC100000C

/* ---- types ----------------------------------------------------------------------------------- */
typedef struct _STOR_SCATTER_GATHER_ELEMENT {
    STOR_PHYSICAL_ADDRESS PhysicalAddress;
    ULONG Length;
    ULONG_PTR Reserved;
} STOR_SCATTER_GATHER_ELEMENT, *PSTOR_SCATTER_GATHER_ELEMENT;

typedef struct _STOR_SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    STOR_SCATTER_GATHER_ELEMENT List[];
} STOR_SCATTER_GATHER_LIST, *PSTOR_SCATTER_GATHER_LIST;

typedef enum _STOR_SPINLOCK {
    DpcLock = 1,
    StartIoLock,
    InterruptLock,
    ThreadedDpcLock,
    DpcLevelLock
} STOR_SPINLOCK;

struct _STOR_DPC;
typedef VOID HW_DPC_ROUTINE(struct _STOR_DPC *Dpc, PVOID DeviceExtension, PVOID SystemArgument1,
                            PVOID SystemArgument2);
typedef HW_DPC_ROUTINE *PHW_DPC_ROUTINE;

typedef struct _STOR_DPC {
    KDPC Dpc;
    KSPIN_LOCK Lock;
} STOR_DPC, *PSTOR_DPC;

typedef struct _STOR_LOCK_HANDLE {
    STOR_SPINLOCK Lock;
    KLOCK_QUEUE_HANDLE Context;
} STOR_LOCK_HANDLE, *PSTOR_LOCK_HANDLE;

typedef struct _STOR_REQUEST_INFO {
    USHORT Version;
    USHORT Size;
    ULONG PriorityHint;
    ULONG Flags;
    ULONG Key;
    ULONG Length;
    BOOLEAN IsWriteRequest;
    UCHAR CachePriority;
    UCHAR Reserved[2];
    ULONG Reserved1[4];
} STOR_REQUEST_INFO, *PSTOR_REQUEST_INFO;

typedef struct _PERF_CONFIGURATION_DATA {
    ULONG Version;
    ULONG Size;
    ULONG Flags;
    ULONG ConcurrentChannels;
    ULONG FirstRedirectionMessageNumber;
    ULONG LastRedirectionMessageNumber;
    ULONG DeviceNode;
    ULONG Reserved;
    PGROUP_AFFINITY MessageTargets;
} PERF_CONFIGURATION_DATA, *PPERF_CONFIGURATION_DATA;

typedef struct _STARTIO_PERFORMANCE_PARAMETERS {
    ULONG Version;
    ULONG Size;
    ULONG MessageNumber;
    ULONG ChannelNumber;
} STARTIO_PERFORMANCE_PARAMETERS, *PSTARTIO_PERFORMANCE_PARAMETERS;

typedef struct _MESSAGE_INTERRUPT_INFORMATION {
    ULONG MessageId;
    ULONG MessageData;
    STOR_PHYSICAL_ADDRESS MessageAddress;
    ULONG InterruptVector;
    ULONG InterruptLevel;
    KINTERRUPT_MODE InterruptMode;
} MESSAGE_INTERRUPT_INFORMATION, *PMESSAGE_INTERRUPT_INFORMATION;

typedef struct _STOR_UNIT_ATTRIBUTES {
    ULONG DeviceAttentionSupported : 1;
    ULONG AsyncNotificationSupported : 1;
    ULONG D3ColdNotSupported : 1;
    ULONG BypassIOSupported : 1;
    ULONG Reserved : 28;
} STOR_UNIT_ATTRIBUTES, *PSTOR_UNIT_ATTRIBUTES;

typedef VOID STOR_SCATTER_GATHER_ROUTINE(PVOID DeviceObject, PVOID Irp,
                                         PSTOR_SCATTER_GATHER_LIST ScatterGather, PVOID Context);
typedef STOR_SCATTER_GATHER_ROUTINE *PSTOR_SCATTER_GATHER_ROUTINE;
typedef VOID STOR_THREAD_START_ROUTINE(PVOID StartContext);
typedef STOR_THREAD_START_ROUTINE *PSTOR_THREAD_START_ROUTINE;

#define STATE_CHANGE_LUN    0x1
#define STATE_CHANGE_TARGET 0x2
#define STATE_CHANGE_BUS    0x4

/* ---- initialisation and resources ------------------------------------------------------------ */
/* DriverEntry, PASSIVE_LEVEL. Answers an NTSTATUS, which DriverEntry returns. */
STORPORT_API ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2,
                                            PHW_INITIALIZATION_DATA HwInitializationData,
                                            PVOID HwContext);
STORPORT_API PVOID NTAPI StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType,
                                               ULONG SystemIoBusNumber,
                                               STOR_PHYSICAL_ADDRESS IoAddress,
                                               ULONG NumberOfBytes, BOOLEAN InIoSpace);
STORPORT_API VOID NTAPI StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress);
STORPORT_API BOOLEAN NTAPI StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType,
                                                 ULONG SystemIoBusNumber,
                                                 STOR_PHYSICAL_ADDRESS IoAddress,
                                                 ULONG NumberOfBytes, BOOLEAN InIoSpace);
STORPORT_API ULONG NTAPI StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType,
                                            ULONG SystemIoBusNumber, ULONG SlotNumber, PVOID Buffer,
                                            ULONG Length);
STORPORT_API ULONG NTAPI StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType,
                                                    ULONG SystemIoBusNumber, ULONG SlotNumber,
                                                    PVOID Buffer, ULONG Offset, ULONG Length);
/* HwFindAdapter only; the same memory on every call. */
STORPORT_API PVOID NTAPI StorPortGetUncachedExtension(PVOID HwDeviceExtension,
                                                      PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                                      ULONG NumberOfBytes);
STORPORT_API BOOLEAN NTAPI StorPortEnablePassiveInitialization(
    PVOID DeviceExtension, PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine);
STORPORT_API ULONG NTAPI StorPortInitializePerfOpts(PVOID HwDeviceExtension, BOOLEAN Query,
                                                    PPERF_CONFIGURATION_DATA PerfConfigData);
STORPORT_API ULONG NTAPI StorPortGetStartIoPerfParams(PVOID HwDeviceExtension,
                                                      PSCSI_REQUEST_BLOCK Srb,
                                                      PSTARTIO_PERFORMANCE_PARAMETERS Parameters);
STORPORT_API ULONG NTAPI StorPortAcquireMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId,
                                                    PULONG OldIrql);
STORPORT_API ULONG NTAPI StorPortReleaseMSISpinLock(PVOID HwDeviceExtension, ULONG MessageId,
                                                    ULONG OldIrql);

/* ---- requests and addresses ------------------------------------------------------------------ */
STORPORT_API VOID DDK_CDECL StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType,
                                                 PVOID HwDeviceExtension, ...);
/* NULL if the unit is unknown. */
STORPORT_API PVOID NTAPI StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun);
STORPORT_API PSCSI_REQUEST_BLOCK NTAPI StorPortGetSrb(PVOID DeviceExtension, UCHAR PathId,
                                                      UCHAR TargetId, UCHAR Lun, LONG QueueTag);
/* Completes every request of the address, 0xFF = all; RequestComplete is the better way. */
STORPORT_API VOID NTAPI StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus);
STORPORT_API STOR_PHYSICAL_ADDRESS NTAPI StorPortGetPhysicalAddress(PVOID HwDeviceExtension,
                                                                    PSCSI_REQUEST_BLOCK Srb,
                                                                    PVOID VirtualAddress,
                                                                    ULONG *Length);
STORPORT_API PVOID NTAPI StorPortGetVirtualAddress(PVOID HwDeviceExtension,
                                                   STOR_PHYSICAL_ADDRESS PhysicalAddress);
/* One element per page; valid until the request is completed. NULL: no data, or no memory. */
STORPORT_API PSTOR_SCATTER_GATHER_LIST NTAPI StorPortGetScatterGatherList(PVOID DeviceExtension,
                                                                          PSCSI_REQUEST_BLOCK Srb);
/* Of a virtual miniport, for an IRP that HwProcessServiceRequest was given. */
STORPORT_API ULONG NTAPI StorPortCompleteServiceIrp(PVOID HwDeviceExtension, PVOID Irp);
STORPORT_API ULONG NTAPI StorPortGetSystemAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                  PVOID *SystemAddress);
STORPORT_API ULONG NTAPI StorPortGetOriginalMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                PVOID *Mdl);
STORPORT_API VOID NTAPI StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length);
STORPORT_API STOR_PHYSICAL_ADDRESS NTAPI
StorPortConvertUlong64ToPhysicalAddress(ULONG64 UlongAddress);
STORPORT_API ULONG64 NTAPI StorPortConvertPhysicalAddressToUlong64(STOR_PHYSICAL_ADDRESS Address);
STORPORT_API BOOLEAN NTAPI StorPortSynchronizeAccess(
    PVOID HwDeviceExtension, PSTOR_SYNCHRONIZED_ACCESS SynchronizedAccessRoutine, PVOID Context);

/* ---- queues: FALSE = no such unit ------------------------------------------------------------ */
STORPORT_API BOOLEAN NTAPI StorPortPauseDevice(PVOID HwDeviceExtension, UCHAR PathId,
                                               UCHAR TargetId, UCHAR Lun, ULONG TimeOut);
STORPORT_API BOOLEAN NTAPI StorPortResumeDevice(PVOID HwDeviceExtension, UCHAR PathId,
                                                UCHAR TargetId, UCHAR Lun);
STORPORT_API BOOLEAN NTAPI StorPortPause(PVOID HwDeviceExtension, ULONG TimeOut);
STORPORT_API BOOLEAN NTAPI StorPortResume(PVOID HwDeviceExtension);
STORPORT_API BOOLEAN NTAPI StorPortDeviceBusy(PVOID HwDeviceExtension, UCHAR PathId,
                                              UCHAR TargetId, UCHAR Lun, ULONG RequestsToComplete);
STORPORT_API BOOLEAN NTAPI StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId,
                                               UCHAR TargetId, UCHAR Lun);
STORPORT_API BOOLEAN NTAPI StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete);
STORPORT_API BOOLEAN NTAPI StorPortReady(PVOID HwDeviceExtension);
STORPORT_API BOOLEAN NTAPI StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId,
                                                       UCHAR TargetId, UCHAR Lun, ULONG Depth);
STORPORT_API ULONG NTAPI StorPortUpdateAdapterMaxIO(PVOID HwDeviceExtension, ULONG MaxIOCount);

/* ---- pool and MDLs --------------------------------------------------------------------------- */
STORPORT_API ULONG NTAPI StorPortAllocatePool(PVOID HwDeviceExtension, ULONG NumberOfBytes,
                                              ULONG Tag, PVOID *BufferPointer);
STORPORT_API ULONG NTAPI StorPortFreePool(PVOID HwDeviceExtension, PVOID BufferPointer);
STORPORT_API ULONG NTAPI StorPortAllocateMdl(PVOID HwDeviceExtension, PVOID BufferPointer,
                                             ULONG NumberOfBytes, PVOID *Mdl);
STORPORT_API ULONG NTAPI StorPortFreeMdl(PVOID HwDeviceExtension, PVOID Mdl);
STORPORT_API ULONG NTAPI StorPortBuildMdlForNonPagedPool(PVOID HwDeviceExtension, PVOID Mdl);
STORPORT_API ULONG NTAPI StorPortAllocateContiguousMemorySpecifyCacheNode(
    PVOID HwDeviceExtension, SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
    PHYSICAL_ADDRESS HighestAcceptableAddress, PHYSICAL_ADDRESS BoundaryAddressMultiple,
    MEMORY_CACHING_TYPE CacheType, ULONG PreferredNode, PVOID *BufferPointer);
STORPORT_API ULONG NTAPI StorPortFreeContiguousMemorySpecifyCache(PVOID HwDeviceExtension,
                                                                  PVOID BaseAddress,
                                                                  SIZE_T NumberOfBytes,
                                                                  MEMORY_CACHING_TYPE CacheType);

/* ---- DPCs and locks (order: DPC or StartIo, then Interrupt) ---------------------------------- */
STORPORT_API VOID NTAPI StorPortInitializeDpc(PVOID DeviceExtension, PSTOR_DPC Dpc,
                                              PHW_DPC_ROUTINE HwDpcRoutine);
STORPORT_API BOOLEAN NTAPI StorPortIssueDpc(PVOID DeviceExtension, PSTOR_DPC Dpc,
                                            PVOID SystemArgument1, PVOID SystemArgument2);
STORPORT_API ULONG NTAPI StorPortCancelDpc(PVOID DeviceExtension, PSTOR_DPC Dpc,
                                           PBOOLEAN Cancelled);
STORPORT_API VOID NTAPI StorPortAcquireSpinLock(PVOID DeviceExtension, STOR_SPINLOCK SpinLock,
                                                PVOID LockContext, PSTOR_LOCK_HANDLE LockHandle);
STORPORT_API VOID NTAPI StorPortReleaseSpinLock(PVOID DeviceExtension,
                                                PSTOR_LOCK_HANDLE LockHandle);
STORPORT_API ULONG NTAPI StorPortInitializeSpinLock(PVOID DeviceExtension, PKSPIN_LOCK SpinLock);

/* ---- timers, work items, threads, events ----------------------------------------------------- */
STORPORT_API ULONG NTAPI StorPortInitializeTimer(PVOID HwDeviceExtension, PVOID *TimerHandle);
STORPORT_API ULONG NTAPI StorPortRequestTimer(PVOID HwDeviceExtension, PVOID TimerHandle,
                                              PHW_TIMER_EX TimerCallback, PVOID CallbackContext,
                                              ULONGLONG TimerValue, ULONGLONG TolerableDelay);
STORPORT_API ULONG NTAPI StorPortFreeTimer(PVOID HwDeviceExtension, PVOID TimerHandle);
STORPORT_API ULONG NTAPI StorPortQueryTimerMinInterval(PVOID HwDeviceExtension, PULONG Interval);
STORPORT_API ULONG NTAPI StorPortInitializeWorker(PVOID HwDeviceExtension, PVOID *Worker);
STORPORT_API ULONG NTAPI StorPortQueueWorkItem(PVOID HwDeviceExtension,
                                               PHW_WORKITEM WorkItemCallback, PVOID Worker,
                                               PVOID Context);
STORPORT_API ULONG NTAPI StorPortFreeWorker(PVOID HwDeviceExtension, PVOID Worker);
STORPORT_API ULONG NTAPI StorPortCreateSystemThread(PVOID HwDeviceExtension,
                                                    PSTOR_THREAD_START_ROUTINE StartRoutine,
                                                    PVOID StartContext, PVOID *ThreadContext);
STORPORT_API ULONG NTAPI StorPortTerminateSystemThread(PVOID HwDeviceExtension,
                                                       PVOID ThreadContext);
STORPORT_API ULONG NTAPI StorPortInitializeEvent(PVOID HwDeviceExtension, PKEVENT Event,
                                                 EVENT_TYPE Type, BOOLEAN InitialState);
STORPORT_API ULONG NTAPI StorPortSetEvent(PVOID HwDeviceExtension, PKEVENT Event,
                                          KPRIORITY Increment);
STORPORT_API ULONG NTAPI StorPortWaitForSingleObject(PVOID HwDeviceExtension, PVOID Object,
                                                     BOOLEAN Alertable, PLARGE_INTEGER Timeout);
STORPORT_API ULONG NTAPI StorPortDelayExecution(PVOID HwDeviceExtension, ULONG DelayInMicroseconds);
STORPORT_API VOID NTAPI StorPortStallExecution(ULONG Delay);

/* ---- time and processors --------------------------------------------------------------------- */
STORPORT_API VOID NTAPI StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime);
STORPORT_API ULONG NTAPI StorPortQueryPerformanceCounter(PVOID HwDeviceExtension,
                                                         PLARGE_INTEGER PerformanceFrequency,
                                                         PLARGE_INTEGER PerformanceCounter);
STORPORT_API ULONG NTAPI StorPortGetCurrentIrql(PVOID HwDeviceExtension, PKIRQL Irql);
STORPORT_API ULONG NTAPI StorPortGetCurrentProcessorNumber(PVOID HwDeviceExtension,
                                                           PPROCESSOR_NUMBER ProcNumber);
STORPORT_API ULONG NTAPI StorPortGetActiveGroupCount(PVOID HwDeviceExtension,
                                                     PUSHORT NumberActiveGroups);
STORPORT_API ULONG NTAPI StorPortGetGroupAffinity(PVOID HwDeviceExtension, USHORT GroupNumber,
                                                  PKAFFINITY GroupAffinityMask);
STORPORT_API ULONG NTAPI StorPortGetActiveNodeCount(PVOID HwDeviceExtension,
                                                    PULONG NumberActiveNodes);
STORPORT_API ULONG NTAPI StorPortGetHighestNodeNumber(PVOID HwDeviceExtension, PULONG HighestNode);
STORPORT_API ULONG NTAPI StorPortGetNodeAffinity(PVOID HwDeviceExtension, ULONG NodeNumber,
                                                 PGROUP_AFFINITY NodeAffinityMask);

/* ---- lists ----------------------------------------------------------------------------------- */
STORPORT_API ULONG NTAPI StorPortInitializeListHead(PVOID HwDeviceExtension, PLIST_ENTRY ListHead);
STORPORT_API ULONG NTAPI StorPortInterlockedInsertHeadList(PVOID HwDeviceExtension,
                                                           PLIST_ENTRY ListHead,
                                                           PLIST_ENTRY ListEntry,
                                                           PLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortInterlockedInsertTailList(PVOID HwDeviceExtension,
                                                           PLIST_ENTRY ListHead,
                                                           PLIST_ENTRY ListEntry,
                                                           PLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortInterlockedRemoveHeadList(PVOID HwDeviceExtension,
                                                           PLIST_ENTRY ListHead,
                                                           PLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortInitializeSListHead(PVOID HwDeviceExtension,
                                                     PSLIST_HEADER SListHead);
STORPORT_API ULONG NTAPI StorPortInterlockedPushEntrySList(PVOID HwDeviceExtension,
                                                           PSLIST_HEADER SListHead,
                                                           PSLIST_ENTRY SListEntry,
                                                           PSLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortInterlockedPopEntrySList(PVOID HwDeviceExtension,
                                                          PSLIST_HEADER SListHead,
                                                          PSLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortInterlockedFlushSList(PVOID HwDeviceExtension,
                                                       PSLIST_HEADER SListHead,
                                                       PSLIST_ENTRY *Result);
STORPORT_API ULONG NTAPI StorPortQueryDepthSList(PVOID HwDeviceExtension, PSLIST_HEADER SListHead,
                                                 PUSHORT Depth);

/* ---- registry: PASSIVE_LEVEL; TRUE = done ---------------------------------------------------- */
STORPORT_API PUCHAR NTAPI StorPortAllocateRegistryBuffer(PVOID HwDeviceExtension, PULONG Length);
STORPORT_API VOID NTAPI StorPortFreeRegistryBuffer(PVOID HwDeviceExtension, PUCHAR Buffer);
STORPORT_API BOOLEAN NTAPI StorPortRegistryRead(PVOID HwDeviceExtension, PUCHAR ValueName,
                                                ULONG Global, ULONG Type, PUCHAR Buffer,
                                                PULONG BufferLength);
STORPORT_API BOOLEAN NTAPI StorPortRegistryWrite(PVOID HwDeviceExtension, PUCHAR ValueName,
                                                 ULONG Global, ULONG Type, PUCHAR Buffer,
                                                 ULONG BufferLength);

/* ---- state and logs -------------------------------------------------------------------------- */
STORPORT_API ULONG NTAPI StorPortStateChangeDetected(PVOID HwDeviceExtension, ULONG ChangedEntity,
                                                     PSTOR_ADDRESS Address, ULONG Attributes,
                                                     PHW_STATE_CHANGE HwStateChange,
                                                     PVOID HwStateChangeContext);
STORPORT_API ULONG NTAPI StorPortSetAdapterBusType(PVOID HwDeviceExtension,
                                                   STORAGE_BUS_TYPE BusType);
STORPORT_API ULONG NTAPI StorPortGetSystemPortNumber(PVOID HwDeviceExtension,
                                                     PSTOR_ADDRESS Address);
STORPORT_API ULONG NTAPI StorPortGetDeviceObjects(PVOID HwDeviceExtension,
                                                  PVOID *AdapterDeviceObject,
                                                  PVOID *PhysicalDeviceObject,
                                                  PVOID *LowerDeviceObject);
STORPORT_API VOID NTAPI StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                         UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG ErrorCode,
                                         ULONG UniqueId);
STORPORT_API VOID DDK_CDECL StorPortDebugPrint(ULONG DebugPrintLevel, PCHAR DebugMessage, ...);

/* ---- device registers: any IRQL -------------------------------------------------------------- */
STORPORT_API UCHAR NTAPI StorPortReadPortUchar(PVOID HwDeviceExtension, PUCHAR Port);
STORPORT_API USHORT NTAPI StorPortReadPortUshort(PVOID HwDeviceExtension, PUSHORT Port);
STORPORT_API ULONG NTAPI StorPortReadPortUlong(PVOID HwDeviceExtension, PULONG Port);
STORPORT_API VOID NTAPI StorPortWritePortUchar(PVOID HwDeviceExtension, PUCHAR Port, UCHAR Value);
STORPORT_API VOID NTAPI StorPortWritePortUshort(PVOID HwDeviceExtension, PUSHORT Port,
                                                USHORT Value);
STORPORT_API VOID NTAPI StorPortWritePortUlong(PVOID HwDeviceExtension, PULONG Port, ULONG Value);
STORPORT_API UCHAR NTAPI StorPortReadRegisterUchar(PVOID HwDeviceExtension, PUCHAR Register);
STORPORT_API USHORT NTAPI StorPortReadRegisterUshort(PVOID HwDeviceExtension, PUSHORT Register);
STORPORT_API ULONG NTAPI StorPortReadRegisterUlong(PVOID HwDeviceExtension, PULONG Register);
STORPORT_API VOID NTAPI StorPortWriteRegisterUchar(PVOID HwDeviceExtension, PUCHAR Register,
                                                   UCHAR Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterUshort(PVOID HwDeviceExtension, PUSHORT Register,
                                                    USHORT Value);
STORPORT_API VOID NTAPI StorPortWriteRegisterUlong(PVOID HwDeviceExtension, PULONG Register,
                                                   ULONG Value);

/* ---- declared, not exported: an image that imports one of these does not load ----------------- */
/* Bidirectional data, message-signalled interrupts, unit attributes and the adapter key have no counterpart
 * in this port. <= DISPATCH_LEVEL, the registry routines PASSIVE_LEVEL. */
DDK_API ULONG NTAPI StorPortBuildScatterGatherList(
    PVOID HwDeviceExtension, PVOID Mdl, PVOID CurrentVa, ULONG Length,
    PSTOR_SCATTER_GATHER_ROUTINE ExecutionRoutine, PVOID Context, BOOLEAN WriteToDevice,
    PVOID ScatterGatherBuffer, ULONG ScatterGatherBufferLength);
DDK_API ULONG NTAPI StorPortPutScatterGatherList(PVOID HwDeviceExtension,
                                                      PSTOR_SCATTER_GATHER_LIST ScatterGatherList,
                                                      BOOLEAN WriteToDevice);
DDK_API ULONG NTAPI StorPortGetDataInBufferMdl(PVOID HwDeviceExtension,
                                                    PSTORAGE_REQUEST_BLOCK Srb, PVOID *Mdl);
DDK_API ULONG NTAPI StorPortGetDataInBufferSystemAddress(PVOID HwDeviceExtension,
                                                              PSTORAGE_REQUEST_BLOCK Srb,
                                                              PVOID *SystemAddress);
DDK_API ULONG NTAPI StorPortGetDataInBufferScatterGatherList(
    PVOID HwDeviceExtension, PSTORAGE_REQUEST_BLOCK Srb, PSTOR_SCATTER_GATHER_LIST *List);
DDK_API ULONG NTAPI StorPortMarkDeviceFailed(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                                  ULONG Flags, PWSTR FailReason);
DDK_API ULONG NTAPI StorPortHardwareReset(PVOID HwDeviceExtension);
DDK_API ULONG NTAPI StorPortAsyncNotificationDetected(PVOID HwDeviceExtension,
                                                           PSTOR_ADDRESS Address, ULONGLONG Flags);
DDK_API ULONG NTAPI StorPortSetUnitAttributes(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                                   STOR_UNIT_ATTRIBUTES Attributes);
DDK_API ULONG NTAPI StorPortIsDeviceOperationAllowed(PVOID HwDeviceExtension,
                                                          PSTOR_ADDRESS Address,
                                                          LPCGUID DeviceOperation,
                                                          PULONG AllowedFlag);
DDK_API ULONG NTAPI StorPortGetMSIInfo(PVOID HwDeviceExtension, ULONG MessageId,
                                            PMESSAGE_INTERRUPT_INFORMATION InterruptInfo);
DDK_API ULONG NTAPI StorPortGetRequestInfo(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                PSTOR_REQUEST_INFO RequestInfo);
DDK_API ULONG NTAPI StorPortGetActivityIdSrb(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                  GUID *ActivityId);
DDK_API ULONG NTAPI StorPortRegistryReadAdapterKey(PVOID HwDeviceExtension, PUCHAR SubKeyName,
                                                        PUCHAR ValueName, ULONG ValueType,
                                                        PVOID *ValueData, PULONG ValueDataLength);
DDK_API ULONG NTAPI StorPortRegistryWriteAdapterKey(PVOID HwDeviceExtension,
                                                         PUCHAR SubKeyName, PUCHAR ValueName,
                                                         ULONG ValueType, PVOID ValueData,
                                                         ULONG ValueDataLength);
/* Power framework, ACPI and DMA memory have nothing to act on here. <= DISPATCH_LEVEL, InvokeAcpiMethod
 * and AllocateDmaMemory PASSIVE_LEVEL; times in 100 ns. */
DDK_API ULONG NTAPI StorPortPoFxActivateComponent(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                                  PSCSI_REQUEST_BLOCK Srb, ULONG Component,
                                                  ULONG Flags);
DDK_API ULONG NTAPI StorPortPoFxIdleComponent(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                              PSCSI_REQUEST_BLOCK Srb, ULONG Component,
                                              ULONG Flags);
DDK_API ULONG NTAPI StorPortPoFxSetComponentLatency(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                                    ULONG Component, ULONGLONG Latency);
DDK_API ULONG NTAPI StorPortPoFxSetComponentResidency(PVOID HwDeviceExtension,
                                                      PSTOR_ADDRESS Address, ULONG Component,
                                                      ULONGLONG Residency);
DDK_API ULONG NTAPI StorPortPoFxSetIdleTimeout(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                               ULONGLONG IdleTimeout);
DDK_API ULONG NTAPI StorPortPoFxPowerControl(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                             LPCGUID PowerControlCode, PVOID InBuffer,
                                             SIZE_T InBufferSize, PVOID OutBuffer,
                                             SIZE_T OutBufferSize, PSIZE_T BytesReturned);
DDK_API ULONG NTAPI StorPortSetPowerSettingNotificationGuids(PVOID HwDeviceExtension,
                                                             ULONG GuidCount, GUID *Guid);
DDK_API ULONG NTAPI StorPortInvokeAcpiMethod(PVOID HwDeviceExtension, PSTOR_ADDRESS Address,
                                             ULONG MethodName, PVOID InputBuffer,
                                             ULONG InputBufferLength, PVOID OutputBuffer,
                                             ULONG OutputBufferLength, PULONG BytesReturned);
DDK_API ULONG NTAPI StorPortAllocateDmaMemory(
    PVOID HwDeviceExtension, SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
    PHYSICAL_ADDRESS HighestAcceptableAddress, PHYSICAL_ADDRESS BoundaryAddressMultiple,
    MEMORY_CACHING_TYPE CacheType, ULONG PreferredNode, PVOID *BufferPointer,
    PHYSICAL_ADDRESS *PhysicalAddress);

DDK_END_C

#endif
