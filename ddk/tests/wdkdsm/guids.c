/* SPDX-License-Identifier: MIT */
/* The one source that defines the GUID variables of the WMI headers, and compares them with the initializer macros. */

#include <ntddk.h>
#include <initguid.h>
#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "guids.tmh"
#endif

#define WD_SAME_GUID(Class) do { \
        static const GUID Wanted = Class##Guid; \
        WD_CHECK(Test, RtlEqualMemory(&Wanted, &Class##_GUID, sizeof(GUID))); \
    } while (0)

VOID
WdTestGuids(
    _Inout_ PWDKDSM_TEST Test
    )
{
    //
    // Of mpiodisk.h; a DSM serves those that begin with DSM_.
    //
    WD_SAME_GUID(PDOSCSI_ADDR);
    WD_SAME_GUID(PDO_INFORMATION);
    WD_SAME_GUID(MPIO_GET_DESCRIPTOR);
    WD_SAME_GUID(MPIO_DEVINSTANCE_HEALTH_CLASS);
    WD_SAME_GUID(MPIO_DEVINSTANCE_HEALTH_INFO);
    WD_SAME_GUID(MPIO_DISK_WMI_METHODS);
    WD_SAME_GUID(MPIO_DSM_Path_V2);
    WD_SAME_GUID(DSM_Load_Balance_Policy_V2);
    WD_SAME_GUID(DSM_QueryLBPolicy_V2);
    WD_SAME_GUID(DSM_QuerySupportedLBPolicies_V2);
    WD_SAME_GUID(MPIO_DSM_Path);
    WD_SAME_GUID(DSM_Load_Balance_Policy);
    WD_SAME_GUID(DSM_QueryLBPolicy);
    WD_SAME_GUID(DSM_QuerySupportedLBPolicies);
    WD_SAME_GUID(DSM_LB_Operations);
    WD_SAME_GUID(DSM_QueryUniqueId);

    //
    // Of mpiowmi.h, which MPIO itself serves.
    //
    WD_SAME_GUID(MPIO_PATH_HEALTH_CLASS);
    WD_SAME_GUID(MPIO_PATH_HEALTH_INFO);
    WD_SAME_GUID(MPIO_DISK_HEALTH_CLASS);
    WD_SAME_GUID(MPIO_DISK_HEALTH_INFO);
    WD_SAME_GUID(SCSI_ADDR);
    WD_SAME_GUID(MPIO_DRIVE_INFO);
    WD_SAME_GUID(MPIO_DISK_INFO);
    WD_SAME_GUID(DSM_VERSION);
    WD_SAME_GUID(DSM_COUNTERS);
    WD_SAME_GUID(DSM_PARAMETERS);
    WD_SAME_GUID(MPIO_REGISTERED_DSM);
    WD_SAME_GUID(MPIO_ADAPTER_INFORMATION);
    WD_SAME_GUID(MPIO_PATH_INFORMATION);
    WD_SAME_GUID(MPIO_CONTROLLER_INFO);
    WD_SAME_GUID(MPIO_CONTROLLER_CONFIGURATION);
    WD_SAME_GUID(MPIO_TIMERS_COUNTERS);
    WD_SAME_GUID(MPIO_WMI_METHODS);
    WD_SAME_GUID(MPIO_EventEntry);

    //
    // Our own.
    //
    WD_SAME_GUID(WDKDSM_PATH_PERF);
    WD_SAME_GUID(WDKDSM_DEVICE_PERF);
    WD_SAME_GUID(WDKDSM_METHODS);
    WD_SAME_GUID(WDKDSM_DEFAULT_POLICY);
    WD_SAME_GUID(WDKDSM_SUPPORTED_DEVICES);
}
