/* SPDX-License-Identifier: MIT */
/* Prototypes, with SAL. */

#ifndef _WDKDSM_PROTOTYPES_H_
#define _WDKDSM_PROTOTYPES_H_

//
// main.c
//
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD WdDriverUnload;

NTSTATUS
WdUnload(
    _In_ IN PVOID DsmContext
    );

//
// device.c
//
NTSTATUS
WdInquire(
    _In_ IN PVOID DsmContext,
    _In_ IN PDEVICE_OBJECT TargetDevice,
    _In_ IN PDEVICE_OBJECT PortFdo,
    _In_ IN PSTORAGE_DEVICE_DESCRIPTOR Descriptor,
    _In_opt_ IN PSTORAGE_DEVICE_ID_DESCRIPTOR DeviceIdList,
    _Outptr_result_maybenull_ OUT PVOID *DsmIdentifier
    );

BOOLEAN
WdCompareDevices(
    _In_ IN PVOID DsmContext,
    _In_ IN PVOID DsmId1,
    _In_ IN PVOID DsmId2
    );

_Must_inspect_result_
_Ret_maybenull_
PUCHAR
WdSerialNumber(
    IN PVOID DsmContext,
    IN PVOID DsmId
    );

NTSTATUS
WdGetControllerInfo(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN ULONG Flags,
    _Inout_ IN OUT PCONTROLLER_INFO *ControllerInfo
    );

_Success_(return == STATUS_SUCCESS)
NTSTATUS
WdSetDeviceInfo(
    IN PVOID DsmContext,
    IN PDEVICE_OBJECT TargetObject,
    IN PVOID DsmId,
    IN OUT PVOID *PathId
    );

BOOLEAN
WdIsPathActive(
    IN PVOID DsmContext,
    IN PVOID PathId,
    IN PVOID DsmId
    );

NTSTATUS
WdPathVerify(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PVOID PathId
    );

NTSTATUS
WdInvalidatePath(
    IN PVOID DsmContext,
    IN ULONG ErrorMask,
    IN PVOID PathId,
    _Outptr_result_maybenull_ OUT PVOID *NewPathId
    );

NTSTATUS
WdMoveDevice(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PVOID MPIOPath,
    IN PVOID SuggestedPath,
    IN ULONG Flags
    );

NTSTATUS WdRemovePending(IN PVOID DsmContext, IN PVOID DsmId);
NTSTATUS WdRemoveDevice(IN PVOID DsmContext, IN PVOID DsmId, IN PVOID PathId);
NTSTATUS WdRemovePath(IN PVOID DsmContext, IN PVOID PathId);
NTSTATUS WdDeviceNotUsed(IN PVOID DsmContext, IN PVOID DsmId);

//
// policy.c
//
_IRQL_requires_max_(DISPATCH_LEVEL)
_Requires_lock_held_(Context->Lock)
PWDKDSM_DEVICE
WdChoose(
    _In_ PWDKDSM_CONTEXT Context,
    _In_ PWDKDSM_GROUP Group,
    _In_opt_ PVOID Srb
    );

_Requires_lock_held_(Context->Lock)
VOID
WdRestate(
    _In_ PWDKDSM_CONTEXT Context,
    _Inout_ PWDKDSM_GROUP Group
    );

//
// io.c
//
PVOID
WdGetPath(
    IN PVOID DsmContext,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PDSM_IDS DsmIds,
    IN PVOID CurrentPath,
    OUT NTSTATUS *Status
    );

ULONG
WdCategorize(
    IN PVOID DsmContext,
    IN PDSM_IDS DsmIds,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PVOID CurrentPath,
    OUT PVOID *PathId,
    OUT NTSTATUS *Status
    );

VOID
WdSetCompletion(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN OUT PDSM_COMPLETION_INFO DsmCompletion
    );

VOID
WdCompletion(
    _In_opt_ IN PVOID DsmId,
    IN PIRP Irp,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN PVOID DsmContext
    );

NTSTATUS WdBroadcast(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
BOOLEAN WdIsAddressTypeSupported(IN PVOID DsmContext, IN ULONG AddressType OPTIONAL);

//
// error.c
//
ULONG
WdInterpretErrorEx(
    IN PVOID DsmContext,
    IN PVOID DsmId,
    IN PSCSI_REQUEST_BLOCK Srb,
    IN OUT NTSTATUS *Status,
    OUT PBOOLEAN Retry,
    OUT PLONG RetryInterval,
    ...
    );

_Success_(return != FALSE)
BOOLEAN
WdGetSense(
    _In_ PSCSI_REQUEST_BLOCK Srb,
    _Out_ PUCHAR Key,
    _Out_ PUCHAR Asc,
    _Out_ PUCHAR Ascq
    );

//
// alua.c
//
NTSTATUS WdReportTargetPortGroups(_In_ PWDKDSM_DEVICE Device, _In_ PDEVICE_OBJECT DeviceObject);
NTSTATUS WdSetTargetPortGroups(_In_ PWDKDSM_DEVICE Device);
VOID WdStartTargetPortGroups(_In_ PWDKDSM_DEVICE Device, _In_ BOOLEAN Set, _In_ BOOLEAN Throttle);
IO_COMPLETION_ROUTINE WdTargetPortGroupsDone;
IO_COMPLETION_ROUTINE WdSignalCompletion;

NTSTATUS
WdParseTargetPortGroups(
    _In_ PWDKDSM_GROUP Group,
    _In_reads_bytes_(Length) const UCHAR *Buffer,
    _In_ ULONG Length
    );

//
// pr.c
//
NTSTATUS WdSrbDeviceControl(PVOID DsmContext, PDSM_IDS DsmIds, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PKEVENT Event);
VOID WdReplayRegistration(_In_ PWDKDSM_DEVICE Device);

//
// passthru.c
//
_When_(return != NULL, _Post_satisfies_(*Status == STATUS_SUCCESS))
PWDKDSM_DEVICE
WdPassThroughDevice(
    _In_ PDSM_IDS DsmIds,
    _In_ PIRP Irp,
    _Out_ NTSTATUS *Status
    );

VOID
WdBuildAddress(
    _In_ PSCSI_ADDRESS From,
    _Out_ PSTOR_ADDR_BTL8 Address
    );

_Post_maybenull_
_Outptr_result_buffer_maybenull_(return->Size)
PSTORAGE_DEVICE_ID_DESCRIPTOR
WdQueryDeviceIds(
    _In_ PDEVICE_OBJECT DeviceObject
    );

NTSTATUS WdInquiry(PDEVICE_OBJECT DeviceObject, UCHAR Page, BOOLEAN Vital, PVOID Data, ULONG Length);
NTSTATUS WdDisableImplicitTransitions(_In_ PDEVICE_OBJECT DeviceObject);

//
// wmi.c
//
VOID WdInitializeWmi(_Inout_ PDSM_INIT_DATA InitData, _In_ _Const_ PUNICODE_STRING RegistryPath);

//
// registry.c
//
NTSTATUS WdReadParameters(_Inout_ PWDKDSM_CONTEXT Context);
NTSTATUS WdOpenKey(_In_ PUNICODE_STRING Path, _In_ BOOLEAN Create, _Out_ PHANDLE Key);
NTSTATUS WdOpenGroupKey(_In_ PWDKDSM_CONTEXT Context, _In_opt_ PWDKDSM_GROUP Group, _Outptr_ PHANDLE Key);
NTSTATUS WdSavePolicy(_In_ PWDKDSM_CONTEXT Context, _In_ PWDKDSM_GROUP Group, _In_ BOOLEAN Explicit);
NTSTATUS WdLoadPolicy(_In_ PWDKDSM_CONTEXT Context, _Inout_ PWDKDSM_GROUP Group);
NTSTATUS WdDeleteTree(_In_ HANDLE Key, _In_ ULONG Depth);
NTSTATUS WdCopyString(_In_ PUNICODE_STRING From, _In_opt_ PCWSTR Suffix, _Out_ PUNICODE_STRING To);

//
// thread.c
//
NTSTATUS WdStartHousekeeping(_Inout_ PWDKDSM_CONTEXT Context);
VOID WdStopHousekeeping(_Inout_ PWDKDSM_CONTEXT Context);

//
// The self-test: bits.c, guids.c, selftest.c, selfcall.c, selfreg.c, selfsrb.c, selfwmi.c. What is constant is checked by
// the compiler: values.c, layouts.c, kernlay.c, wmilay.c.
//
typedef struct _WDKDSM_TEST {
    ULONG Passed;
    ULONG Failed;
} WDKDSM_TEST, *PWDKDSM_TEST;

VOID WdSelfTest(_Inout_ PWDKDSM_CONTEXT Context);
VOID WdCheck(_Inout_ PWDKDSM_TEST Test, _In_ BOOLEAN Condition, _In_z_ PCSTR What);
VOID WdTestBits(_Inout_ PWDKDSM_TEST Test);
VOID WdTestGuids(_Inout_ PWDKDSM_TEST Test);
VOID WdTestRegistry(_Inout_ PWDKDSM_TEST Test, _In_ PWDKDSM_CONTEXT Context);
VOID WdTestSrb(_Inout_ PWDKDSM_TEST Test);
VOID WdTestCalls(_Inout_ PWDKDSM_TEST Test);
_Ret_maybenull_ PDSM_IDS WdMakeIds(_In_ PVOID One, _In_ PVOID Two);
VOID WdTestPassThrough(_Inout_ PWDKDSM_TEST Test);
VOID WdTestWmi(_Inout_ PWDKDSM_TEST Test, _In_ PWDKDSM_CONTEXT Context);
VOID WdTestHousekeeping(_Inout_ PWDKDSM_TEST Test, _In_ PWDKDSM_CONTEXT Context);

#define WD_CHECK(Test, Condition) WdCheck((Test), (BOOLEAN)((Condition) ? TRUE : FALSE), #Condition)

#endif // _WDKDSM_PROTOTYPES_H_
