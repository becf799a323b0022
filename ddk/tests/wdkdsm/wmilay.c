/* SPDX-License-Identifier: MIT */
/*
 * WMI classes of MPIO, checked where they are compiled: size, and each member's number, which is its place.
 */

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "wmilay.tmh"
#endif

#define S(Class, Size)       C_ASSERT(sizeof(Class) == (Size))
#define I(Class, Member, Id) C_ASSERT(Class##_##Member##_ID == (Id) && RTL_FIELD_SIZE(Class, Member) != 0)

S(PDOSCSI_ADDR, 4); I(PDOSCSI_ADDR, PortNumber, 1); I(PDOSCSI_ADDR, ScsiPathId, 2); I(PDOSCSI_ADDR, TargetId, 3);
I(PDOSCSI_ADDR, Lun, 4);

S(PDO_INFORMATION, 64); I(PDO_INFORMATION, ScsiAddress, 1); I(PDO_INFORMATION, DeviceState, 2);
I(PDO_INFORMATION, PathIdentifier, 3); I(PDO_INFORMATION, IdentifierType, 4); I(PDO_INFORMATION, IdentifierLength, 5);
I(PDO_INFORMATION, Identifier, 6); I(PDO_INFORMATION, Pad, 7);

S(MPIO_GET_DESCRIPTOR, 200); I(MPIO_GET_DESCRIPTOR, NumberPdos, 1); I(MPIO_GET_DESCRIPTOR, DeviceName, 2);
I(MPIO_GET_DESCRIPTOR, PdoInformation, 3);

S(MPIO_DEVINSTANCE_HEALTH_CLASS, 80); I(MPIO_DEVINSTANCE_HEALTH_CLASS, PathId, 1);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberReads, 2); I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberWrites, 3);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberBytesRead, 4); I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberBytesWritten, 5);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberRetries, 6); I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberIoErrors, 7);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, CreateTime, 8); I(MPIO_DEVINSTANCE_HEALTH_CLASS, FailTime, 9);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, DeviceOffline, 10); I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberReadsWrap, 11);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberWritesWrap, 12); I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberBytesReadWrap, 13);
I(MPIO_DEVINSTANCE_HEALTH_CLASS, NumberBytesWrittenWrap, 14); I(MPIO_DEVINSTANCE_HEALTH_CLASS, Pad, 15);

S(MPIO_DEVINSTANCE_HEALTH_INFO, 88); I(MPIO_DEVINSTANCE_HEALTH_INFO, NumberDevInstancePackets, 1);
I(MPIO_DEVINSTANCE_HEALTH_INFO, Reserved, 2); I(MPIO_DEVINSTANCE_HEALTH_INFO, DevInstanceHealthPackets, 3);

S(MPIO_DSM_Path_V2, 64); I(MPIO_DSM_Path_V2, DsmPathId, 1); I(MPIO_DSM_Path_V2, Reserved, 2);
I(MPIO_DSM_Path_V2, PathWeight, 3); I(MPIO_DSM_Path_V2, PrimaryPath, 4); I(MPIO_DSM_Path_V2, OptimizedPath, 5);
I(MPIO_DSM_Path_V2, PreferredPath, 6); I(MPIO_DSM_Path_V2, FailedPath, 7);
I(MPIO_DSM_Path_V2, TargetPortGroup_State, 8); I(MPIO_DSM_Path_V2, ALUASupport, 9);
I(MPIO_DSM_Path_V2, SymmetricLUA, 10); I(MPIO_DSM_Path_V2, TargetPortGroup_Preferred, 11);
I(MPIO_DSM_Path_V2, TargetPortGroup_Identifier, 12); I(MPIO_DSM_Path_V2, TargetPort_Identifier, 13);
I(MPIO_DSM_Path_V2, Reserved32, 14); I(MPIO_DSM_Path_V2, Reserved64, 15);

S(DSM_Load_Balance_Policy_V2, 80); I(DSM_Load_Balance_Policy_V2, Version, 1);
I(DSM_Load_Balance_Policy_V2, LoadBalancePolicy, 2); I(DSM_Load_Balance_Policy_V2, DSMPathCount, 3);
I(DSM_Load_Balance_Policy_V2, Reserved, 4); I(DSM_Load_Balance_Policy_V2, DSM_Paths, 5);

S(DSM_QueryLBPolicy_V2, 80); I(DSM_QueryLBPolicy_V2, LoadBalancePolicy, 1);

S(DSM_QuerySupportedLBPolicies_V2, 88); I(DSM_QuerySupportedLBPolicies_V2, SupportedLBPoliciesCount, 1);
I(DSM_QuerySupportedLBPolicies_V2, Reserved, 2); I(DSM_QuerySupportedLBPolicies_V2, Supported_LB_Policies, 3);

S(MPIO_DSM_Path, 24); I(MPIO_DSM_Path, DsmPathId, 1); I(MPIO_DSM_Path, Reserved, 2); I(MPIO_DSM_Path, PathWeight, 3);
I(MPIO_DSM_Path, PrimaryPath, 4);

S(DSM_Load_Balance_Policy, 40); I(DSM_Load_Balance_Policy, Version, 1);
I(DSM_Load_Balance_Policy, LoadBalancePolicy, 2); I(DSM_Load_Balance_Policy, DSMPathCount, 3);
I(DSM_Load_Balance_Policy, Reserved, 4); I(DSM_Load_Balance_Policy, DSM_Paths, 5);

S(DSM_QueryLBPolicy, 40); I(DSM_QueryLBPolicy, LoadBalancePolicy, 1);

S(DSM_QuerySupportedLBPolicies, 48); I(DSM_QuerySupportedLBPolicies, SupportedLBPoliciesCount, 1);
I(DSM_QuerySupportedLBPolicies, Reserved, 2); I(DSM_QuerySupportedLBPolicies, Supported_LB_Policies, 3);

S(DSM_QueryUniqueId, 8); I(DSM_QueryUniqueId, DsmUniqueId, 1);

S(MPIO_PATH_HEALTH_CLASS, 80); I(MPIO_PATH_HEALTH_CLASS, PathId, 1); I(MPIO_PATH_HEALTH_CLASS, NumberReads, 2);
I(MPIO_PATH_HEALTH_CLASS, NumberWrites, 3); I(MPIO_PATH_HEALTH_CLASS, NumberBytesRead, 4);
I(MPIO_PATH_HEALTH_CLASS, NumberBytesWritten, 5); I(MPIO_PATH_HEALTH_CLASS, NumberRetries, 6);
I(MPIO_PATH_HEALTH_CLASS, NumberIoErrors, 7); I(MPIO_PATH_HEALTH_CLASS, CreateTime, 8);
I(MPIO_PATH_HEALTH_CLASS, FailTime, 9); I(MPIO_PATH_HEALTH_CLASS, PathOffline, 10);
I(MPIO_PATH_HEALTH_CLASS, NumberReadsWrap, 11); I(MPIO_PATH_HEALTH_CLASS, NumberWritesWrap, 12);
I(MPIO_PATH_HEALTH_CLASS, NumberBytesReadWrap, 13); I(MPIO_PATH_HEALTH_CLASS, NumberBytesWrittenWrap, 14);
I(MPIO_PATH_HEALTH_CLASS, OutstandingRequests, 15); I(MPIO_PATH_HEALTH_CLASS, Pad, 16);

S(MPIO_PATH_HEALTH_INFO, 88); I(MPIO_PATH_HEALTH_INFO, NumberPathPackets, 1); I(MPIO_PATH_HEALTH_INFO, Reserved, 2);
I(MPIO_PATH_HEALTH_INFO, PathHealthPackets, 3);

S(MPIO_DISK_HEALTH_CLASS, 208); I(MPIO_DISK_HEALTH_CLASS, Name, 1); I(MPIO_DISK_HEALTH_CLASS, NumberReads, 2);
I(MPIO_DISK_HEALTH_CLASS, NumberWrites, 3); I(MPIO_DISK_HEALTH_CLASS, NumberBytesRead, 4);
I(MPIO_DISK_HEALTH_CLASS, NumberBytesWritten, 5); I(MPIO_DISK_HEALTH_CLASS, NumberRetries, 6);
I(MPIO_DISK_HEALTH_CLASS, NumberIoErrors, 7); I(MPIO_DISK_HEALTH_CLASS, CreateTime, 8);
I(MPIO_DISK_HEALTH_CLASS, PathFailures, 9); I(MPIO_DISK_HEALTH_CLASS, FailTime, 10);
I(MPIO_DISK_HEALTH_CLASS, DeviceOffline, 11); I(MPIO_DISK_HEALTH_CLASS, NumberReadsWrap, 12);
I(MPIO_DISK_HEALTH_CLASS, NumberWritesWrap, 13); I(MPIO_DISK_HEALTH_CLASS, NumberBytesReadWrap, 14);
I(MPIO_DISK_HEALTH_CLASS, NumberBytesWrittenWrap, 15); I(MPIO_DISK_HEALTH_CLASS, Pad, 16);

S(MPIO_DISK_HEALTH_INFO, 216); I(MPIO_DISK_HEALTH_INFO, NumberDiskPackets, 1); I(MPIO_DISK_HEALTH_INFO, Reserved, 2);
I(MPIO_DISK_HEALTH_INFO, DiskHealthPackets, 3);

S(SCSI_ADDR, 4); I(SCSI_ADDR, PortNumber, 1); I(SCSI_ADDR, ScsiPathId, 2); I(SCSI_ADDR, TargetId, 3);
I(SCSI_ADDR, Lun, 4);

S(MPIO_DRIVE_INFO, 388); I(MPIO_DRIVE_INFO, NumberPaths, 1); I(MPIO_DRIVE_INFO, Name, 2);
I(MPIO_DRIVE_INFO, SerialNumber, 3); I(MPIO_DRIVE_INFO, DsmName, 4);

S(MPIO_DISK_INFO, 392); I(MPIO_DISK_INFO, NumberDrives, 1); I(MPIO_DISK_INFO, DriveInfo, 2);

S(DSM_VERSION, 16); I(DSM_VERSION, MajorVersion, 1); I(DSM_VERSION, MinorVersion, 2); I(DSM_VERSION, ProductBuild, 3);
I(DSM_VERSION, QfeNumber, 4);

S(DSM_COUNTERS, 32); I(DSM_COUNTERS, PathVerifyEnabled, 1); I(DSM_COUNTERS, PathVerificationPeriod, 2);
I(DSM_COUNTERS, PDORemovePeriod, 3); I(DSM_COUNTERS, RetryCount, 4); I(DSM_COUNTERS, RetryInterval, 5);
I(DSM_COUNTERS, Reserved32, 6); I(DSM_COUNTERS, Reserved64, 7);

S(DSM_PARAMETERS, 184); I(DSM_PARAMETERS, DsmName, 1); I(DSM_PARAMETERS, DsmContext, 2);
I(DSM_PARAMETERS, DsmVersion, 3); I(DSM_PARAMETERS, DsmCounters, 4);

S(MPIO_REGISTERED_DSM, 192); I(MPIO_REGISTERED_DSM, NumberDSMs, 1); I(MPIO_REGISTERED_DSM, DsmParameters, 2);

S(MPIO_ADAPTER_INFORMATION, 144); I(MPIO_ADAPTER_INFORMATION, PathId, 1); I(MPIO_ADAPTER_INFORMATION, BusNumber, 2);
I(MPIO_ADAPTER_INFORMATION, DeviceNumber, 3); I(MPIO_ADAPTER_INFORMATION, FunctionNumber, 4);
I(MPIO_ADAPTER_INFORMATION, Pad, 5); I(MPIO_ADAPTER_INFORMATION, AdapterName, 6);

S(MPIO_PATH_INFORMATION, 152); I(MPIO_PATH_INFORMATION, NumberPaths, 1); I(MPIO_PATH_INFORMATION, Pad, 2);
I(MPIO_PATH_INFORMATION, PathList, 3);

S(MPIO_CONTROLLER_INFO, 176); I(MPIO_CONTROLLER_INFO, IdentifierType, 1);
I(MPIO_CONTROLLER_INFO, IdentifierLength, 2); I(MPIO_CONTROLLER_INFO, Identifier, 3);
I(MPIO_CONTROLLER_INFO, ControllerState, 4); I(MPIO_CONTROLLER_INFO, Pad, 5);
I(MPIO_CONTROLLER_INFO, AssociatedDsm, 6);

S(MPIO_CONTROLLER_CONFIGURATION, 180); I(MPIO_CONTROLLER_CONFIGURATION, NumberControllers, 1);
I(MPIO_CONTROLLER_CONFIGURATION, ControllerInfo, 2);

S(MPIO_TIMERS_COUNTERS, 20); I(MPIO_TIMERS_COUNTERS, PathVerifyEnabled, 1);
I(MPIO_TIMERS_COUNTERS, PathVerificationPeriod, 2); I(MPIO_TIMERS_COUNTERS, PDORemovePeriod, 3);
I(MPIO_TIMERS_COUNTERS, RetryCount, 4); I(MPIO_TIMERS_COUNTERS, RetryInterval, 5);

S(MPIO_EventEntry, 272); I(MPIO_EventEntry, TimeStamp, 1); I(MPIO_EventEntry, Severity, 2);
I(MPIO_EventEntry, Component, 3); I(MPIO_EventEntry, EventDescription, 4);

C_ASSERT(DSM_QueryUniqueId_SIZE == 8 && DSM_QueryUniqueId_DsmUniqueId_SIZE == 8);
C_ASSERT(PDOSCSI_ADDR_SIZE == 4 && PDOSCSI_ADDR_Lun_SIZE == 1);
C_ASSERT(ClearDevInstanceHealthCounters_IN_SIZE == 8 && ClearDevInstanceHealthCounters_IN_PathID_ID == 1);
C_ASSERT(DsmSetLoadBalancePolicy_IN_LoadBalancePolicy_ID == 1 && DsmSetLoadBalancePolicy_OUT_Status_ID == 2);
C_ASSERT(DsmSetLoadBalancePolicyALUA_IN_LoadBalancePolicy_ID == 1 && DsmSetLoadBalancePolicyALUA_OUT_Status_ID == 2);
C_ASSERT(MPIOMoveDevice_IN_DiskOrdinal_ID == 1 && MPIOMoveDevice_IN_Flags_ID == 2 && MPIOMoveDevice_IN_PathID_ID == 3);
C_ASSERT(GetPathConfiguration_IN_PathID_ID == 1 && GetPathConfiguration_OUT_EntryCount_ID == 2 &&
         GetPathConfiguration_OUT_Address_ID == 3);
C_ASSERT(SetDSMCounters_IN_DsmContext_ID == 1 && SetDSMCounters_IN_DsmCounters_ID == 2);
C_ASSERT(ClearPathHealthCounters_IN_PathID_ID == 1 && ClearMpioDiskHealthCounters_IN_DiskOrdinal_ID == 1);
C_ASSERT(sizeof(DsmSetLoadBalancePolicy_IN) == sizeof(DSM_Load_Balance_Policy) && sizeof(DsmSetLoadBalancePolicyALUA_IN) == 80);
C_ASSERT(WDKDSM_DEFAULT_POLICY_SIZE == 16 && WDKDSM_PATH_PERF_SIZE == 40 && sizeof(WDKDSM_PATH_PERF) == 40);
C_ASSERT(WdkDsmSetWeight_IN_SIZE == 12 && sizeof(WdkDsmSetWeight_IN) == 16 && WdkDsmSetWeight_OUT_Status_ID == 3);
