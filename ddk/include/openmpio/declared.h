/* SPDX-License-Identifier: MIT */
/*
 * Declared, not exported: routines of the WDK that this kernel cannot honour - hardware, user mode,
 * file systems, the power framework. Sources that name them compile; an image that calls one is
 * refused by name when it is linked (PE) or loaded (ELF), never at the call.
 * Source: wdm.h, ntddk.h, ntifs.h. Notes say why.
 */
#ifndef OPENMPIO_DECLARED_H
#define OPENMPIO_DECLARED_H

#include <openmpio/notify.h>
#include <openmpio/registry.h>
#include <openmpio/table.h>

DDK_BEGIN_C

#define DDK_DECLARED DDK_API

/* ---- files: machines have none ------------------------------------------------------------------ */
typedef enum _FILE_INFORMATION_CLASS {
    FileDirectoryInformation = 1,
    FileBasicInformation = 4,
    FileStandardInformation = 5,
    FileNameInformation = 9,
    FilePositionInformation = 14,
    FileAllocationInformation = 19,
    FileEndOfFileInformation = 20
} FILE_INFORMATION_CLASS, *PFILE_INFORMATION_CLASS;
typedef struct _FILE_STANDARD_INFORMATION {
    LARGE_INTEGER AllocationSize;
    LARGE_INTEGER EndOfFile;
    ULONG NumberOfLinks;
    BOOLEAN DeletePending;
    BOOLEAN Directory;
} FILE_STANDARD_INFORMATION, *PFILE_STANDARD_INFORMATION;
typedef struct _FILE_POSITION_INFORMATION {
    LARGE_INTEGER CurrentByteOffset;
} FILE_POSITION_INFORMATION, *PFILE_POSITION_INFORMATION;
DDK_DECLARED NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                                         POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                                         PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                                         ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                                         ULONG EaLength);
DDK_DECLARED NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                                       ULONG ShareAccess, ULONG OpenOptions);
DDK_DECLARED NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                       PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                                       PLARGE_INTEGER ByteOffset, PULONG Key);
DDK_DECLARED NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                        PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                                        PLARGE_INTEGER ByteOffset, PULONG Key);
DDK_DECLARED NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                                   PVOID FileInformation, ULONG Length,
                                                   FILE_INFORMATION_CLASS FileInformationClass);
DDK_DECLARED NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                                 PVOID FileInformation, ULONG Length,
                                                 FILE_INFORMATION_CLASS FileInformationClass);
DDK_DECLARED NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                                  PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                                  ULONG IoControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                                                  PVOID OutputBuffer, ULONG OutputBufferLength);

/* ---- interrupts, bus addresses and DMA: adapters are simulated behind StorPort --------------------- */
typedef struct _KINTERRUPT *PKINTERRUPT;
typedef BOOLEAN NTAPI KSERVICE_ROUTINE(PKINTERRUPT Interrupt, PVOID ServiceContext);
typedef KSERVICE_ROUTINE *PKSERVICE_ROUTINE;
typedef BOOLEAN NTAPI KSYNCHRONIZE_ROUTINE(PVOID SynchronizeContext);
typedef KSYNCHRONIZE_ROUTINE *PKSYNCHRONIZE_ROUTINE;
DDK_DECLARED NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                               PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                                               KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                               BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                                               BOOLEAN FloatingSave);
DDK_DECLARED VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject);
DDK_DECLARED BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                  PVOID SynchronizeContext);
DDK_DECLARED KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt);
DDK_DECLARED VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql);
DDK_DECLARED PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                                      MEMORY_CACHING_TYPE CacheType);
DDK_DECLARED VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes);
struct _DEVICE_DESCRIPTION;
struct _DMA_ADAPTER;
DDK_DECLARED struct _DMA_ADAPTER *NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject,
                                                        struct _DEVICE_DESCRIPTION *DeviceDescription,
                                                        PULONG NumberOfMapRegisters);

/* ---- pages without addresses: memory here always has one ------------------------------------------------ */
DDK_DECLARED PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                              PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes);
DDK_DECLARED PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                                PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                                MEMORY_CACHING_TYPE CacheType, ULONG Flags);
DDK_DECLARED VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList);
DDK_DECLARED PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag);
DDK_DECLARED VOID NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag);
DDK_DECLARED PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
                                                             PMDL MemoryDescriptorList,
                                                             MEMORY_CACHING_TYPE CacheType);
DDK_DECLARED NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect);

/* ---- associated IRPs, share access, device properties and registry keys of interfaces -------------------- */
DDK_DECLARED PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize);
DDK_DECLARED NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName,
                                                             ACCESS_MASK DesiredAccess,
                                                             PHANDLE DeviceInterfaceRegKey);
DDK_DECLARED NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                                      const GUID *AliasInterfaceClassGuid,
                                                      PUNICODE_STRING AliasSymbolicLinkName);
DDK_DECLARED NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject);
DDK_DECLARED VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                             PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                             PVOID Context);

/* ---- WMI from a driver's side as a consumer ---------------------------------------------------------------- */
typedef VOID NTAPI WMI_NOTIFICATION_CALLBACK(PVOID Wnode, PVOID Context);
typedef WMI_NOTIFICATION_CALLBACK *WMI_NOTIFICATION_CALLBACK_ROUTINE;
DDK_DECLARED NTSTATUS NTAPI IoWMIOpenBlock(const GUID *DataBlockGuid, ULONG DesiredAccess, PVOID *DataBlockObject);
DDK_DECLARED NTSTATUS NTAPI IoWMIQueryAllData(PVOID DataBlockObject, PULONG InOutBufferSize, PVOID OutBuffer);
DDK_DECLARED NTSTATUS NTAPI IoWMIQuerySingleInstance(PVOID DataBlockObject, PUNICODE_STRING InstanceName,
                                                     PULONG InOutBufferSize, PVOID OutBuffer);
DDK_DECLARED NTSTATUS NTAPI IoWMIExecuteMethod(PVOID DataBlockObject, PUNICODE_STRING InstanceName, ULONG MethodId,
                                               ULONG InBufferSize, PULONG OutBufferSize, PUCHAR InOutBuffer);
DDK_DECLARED NTSTATUS NTAPI IoWMISetNotificationCallback(PVOID Object, WMI_NOTIFICATION_CALLBACK_ROUTINE Callback,
                                                         PVOID Context);
DDK_DECLARED NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID *Guid, ULONG InstanceCount, ULONG *FirstInstanceId);
DDK_DECLARED NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT PhysicalDeviceObject,
                                                     PUNICODE_STRING SymbolicLinkName, BOOLEAN CombineNames,
                                                     PUNICODE_STRING SuggestedInstanceName);

/* ---- power beyond device power IRPs; processors, processes and images come and go in no machine ----------- */
typedef NTSTATUS NTAPI POWER_SETTING_CALLBACK(const GUID *SettingGuid, PVOID Value, ULONG ValueLength,
                                              PVOID Context);
typedef POWER_SETTING_CALLBACK *PPOWER_SETTING_CALLBACK;
DDK_DECLARED PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject, ULONG ConservationIdleTime,
                                                           ULONG PerformanceIdleTime, DEVICE_POWER_STATE State);
DDK_DECLARED VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer);
DDK_DECLARED PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, ULONG Flags);
DDK_DECLARED VOID NTAPI PoUnregisterSystemState(PVOID StateHandle);
DDK_DECLARED NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT DeviceObject, const GUID *SettingGuid,
                                                           PPOWER_SETTING_CALLBACK Callback, PVOID Context,
                                                           PVOID *Handle);
DDK_DECLARED NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID Handle);
typedef VOID NTAPI PROCESSOR_CALLBACK_FUNCTION(PVOID CallbackContext, PVOID ChangeContext,
                                               PNTSTATUS OperationStatus);
typedef PROCESSOR_CALLBACK_FUNCTION *PPROCESSOR_CALLBACK_FUNCTION;
DDK_DECLARED PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                                           PVOID CallbackContext, ULONG Flags);
DDK_DECLARED VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle);
typedef VOID NTAPI CREATE_PROCESS_NOTIFY_ROUTINE(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create);
typedef CREATE_PROCESS_NOTIFY_ROUTINE *PCREATE_PROCESS_NOTIFY_ROUTINE;
DDK_DECLARED NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine,
                                                            BOOLEAN Remove);

/* ---- objects and the registry --------------------------------------------------------------------------------- */
DDK_DECLARED NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE KeyHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                              PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                              ULONG CompletionFilter, BOOLEAN WatchTree, PVOID Buffer,
                                              ULONG BufferSize, BOOLEAN Asynchronous);
DDK_DECLARED NTSTATUS NTAPI ZwRenameKey(HANDLE KeyHandle, PUNICODE_STRING NewName);
DDK_DECLARED NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                                    POBJECT_ATTRIBUTES ObjectAttributes);
DDK_DECLARED NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle);
DDK_DECLARED NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                                     POBJECT_ATTRIBUTES ObjectAttributes);
DDK_DECLARED NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                                      PULONG ReturnedLength);
DDK_DECLARED NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName);
DDK_DECLARED NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName);
DDK_DECLARED BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor, PVOID SubjectSecurityContext,
                                         BOOLEAN SubjectContextLocked, ACCESS_MASK DesiredAccess,
                                         ACCESS_MASK PreviouslyGrantedAccess, PVOID *Privileges,
                                         PVOID GenericMapping, KPROCESSOR_MODE AccessMode,
                                         PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus);
DDK_DECLARED ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor);
DDK_DECLARED PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE Table,
                                                                PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                                PVOID MatchData, ULONG NextFlag, PVOID *RestartKey,
                                                                PULONG DeleteCount, PVOID Buffer);
DDK_END_C

#endif
