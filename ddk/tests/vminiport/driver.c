/* SPDX-License-Identifier: MIT */
/* From DriverEntry to a running adapter, and back. PASSIVE_LEVEL unless said otherwise. */
#include "vminiport.h"

DRIVER_INITIALIZE DriverEntry;
static VIRTUAL_HW_FIND_ADAPTER VmFindAdapter;
static HW_INITIALIZE VmInitialize;
static HW_ADAPTER_CONTROL VmAdapterControl;
static HW_FREE_ADAPTER_RESOURCES VmFreeResources;

static LONG gAdapters; /* found so far */

static ULONG ReadSetting(PVM_ADAPTER Adapter, PCSTR Name, ULONG Default, ULONG Maximum)
{
    ULONG length = sizeof(ULONG), value = Default;
    PUCHAR buffer = StorPortAllocateRegistryBuffer(Adapter, &length);

    if (buffer == NULL) {
        return Default;
    }
    if (StorPortRegistryRead(Adapter, (PUCHAR)Name, 1, MINIPORT_REG_DWORD, buffer, &length) && length == sizeof(ULONG)) {
        value = *(PULONG)buffer;
    }
    StorPortFreeRegistryBuffer(Adapter, buffer);
    return value <= Maximum ? value : Maximum;
}

static VOID ReadSettings(PVM_ADAPTER Adapter)
{
    PVM_SETTINGS settings = &Adapter->Settings;

    settings->DiskMegabytes = ReadSetting(Adapter, "DiskMegabytes", 16, 64);
    settings->Buses = ReadSetting(Adapter, "Buses", 1, VM_MAX_BUSES);
    settings->Targets = ReadSetting(Adapter, "Targets", 2, VM_MAX_TARGETS);
    settings->Latency = ReadSetting(Adapter, "LatencyMicroseconds", 1000, 60000000);
    settings->FailPath = ReadSetting(Adapter, "FailPath", VM_NO_PATH, VM_NO_PATH);
    settings->FailAfter = ReadSetting(Adapter, "FailAfter", 100, VM_NO_PATH);
    settings->FailStatus = ReadSetting(Adapter, "FailStatus", SRB_STATUS_NO_DEVICE, 0x3F);
    settings->ReturnAfter = ReadSetting(Adapter, "ReturnAfterMs", 0, 3600000);
}

static ULONG NTAPI VmFindAdapter(PVOID DeviceExtension, PVOID HwContext, PVOID BusInformation, PVOID LowerDevice,
                                 PCHAR ArgumentString, PPORT_CONFIGURATION_INFORMATION ConfigInfo, PBOOLEAN Again)
{
    PVM_ADAPTER adapter = DeviceExtension;
    PVM_SETTINGS settings = &adapter->Settings;
    ULONG bus, target;

    UNREFERENCED_PARAMETER(HwContext);
    UNREFERENCED_PARAMETER(BusInformation);
    UNREFERENCED_PARAMETER(LowerDevice);
    UNREFERENCED_PARAMETER(ArgumentString);
    *Again = FALSE;
    ReadSettings(adapter);
    if (settings->Buses == 0 || settings->Targets == 0 || settings->DiskMegabytes == 0) {
        return SP_RETURN_BAD_CONFIG;
    }
    KeInitializeSpinLock(&adapter->Lock);
    InitializeListHead(&adapter->Pending);
    adapter->Ordinal = (ULONG)InterlockedIncrement(&gAdapters) - 1;
    for (bus = 0; bus < settings->Buses; bus++) {
        for (target = 0; target < settings->Targets; target++) {
            adapter->Targets[bus][target].Path = (adapter->Ordinal * settings->Buses + bus) * settings->Targets + target;
        }
    }
    ConfigInfo->VirtualDevice = TRUE;
    ConfigInfo->WmiDataProvider = FALSE;
    ConfigInfo->MaximumTransferLength = 256 * 1024;
    ConfigInfo->NumberOfPhysicalBreaks = 65;
    ConfigInfo->AlignmentMask = FILE_LONG_ALIGNMENT;
    ConfigInfo->NumberOfBuses = (UCHAR)settings->Buses;
    ConfigInfo->InitiatorBusId[0] = ConfigInfo->InitiatorBusId[1] = 7;
    ConfigInfo->MaximumNumberOfTargets = 8;
    ConfigInfo->MaximumNumberOfLogicalUnits = 8;
    ConfigInfo->ScatterGather = TRUE;
    ConfigInfo->Master = TRUE;
    ConfigInfo->CachesData = FALSE;
    ConfigInfo->ResetTargetSupported = TRUE;
    ConfigInfo->MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    ConfigInfo->SynchronizationModel = StorSynchronizeFullDuplex;
    return SP_RETURN_FOUND;
}

static BOOLEAN NTAPI VmInitialize(PVOID DeviceExtension)
{
    PVM_ADAPTER adapter = DeviceExtension;

    adapter->HasDisk = VmOpenDisk(adapter->Settings.DiskMegabytes);
    return adapter->HasDisk && StorPortInitializeTimer(adapter, &adapter->Timer) == STOR_STATUS_SUCCESS &&
           StorPortInitializeTimer(adapter, &adapter->ReturnTimer) == STOR_STATUS_SUCCESS;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI VmAdapterControl(PVOID DeviceExtension, SCSI_ADAPTER_CONTROL_TYPE ControlType,
                                                          PVOID Parameters)
{
    PSCSI_SUPPORTED_CONTROL_TYPE_LIST list = Parameters;

    switch (ControlType) {
    case ScsiQuerySupportedControlTypes:
        if (list->MaxControlType > ScsiRestartAdapter) {
            list->SupportedTypeList[ScsiQuerySupportedControlTypes] = TRUE;
            list->SupportedTypeList[ScsiStopAdapter] = TRUE;
            list->SupportedTypeList[ScsiRestartAdapter] = TRUE;
        }
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
        VmEndPending(DeviceExtension, NULL, SRB_STATUS_NO_DEVICE);
        return ScsiAdapterControlSuccess;
    case ScsiRestartAdapter:
        return ScsiAdapterControlSuccess;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}

static VOID NTAPI VmFreeResources(PVOID DeviceExtension)
{
    PVM_ADAPTER adapter = DeviceExtension;

    if (adapter->Timer != NULL) {
        StorPortFreeTimer(adapter, adapter->Timer);
    }
    if (adapter->ReturnTimer != NULL) {
        StorPortFreeTimer(adapter, adapter->ReturnTimer);
    }
    if (adapter->HasDisk) {
        VmCloseDisk();
    }
    adapter->Timer = adapter->ReturnTimer = NULL;
    adapter->HasDisk = FALSE;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    VIRTUAL_HW_INITIALIZATION_DATA data;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(VIRTUAL_HW_INITIALIZATION_DATA);
    data.AdapterInterfaceType = Internal;
    data.HwInitialize = VmInitialize;
    data.HwStartIo = VmStartIo;
    data.HwFindAdapter = VmFindAdapter;
    data.HwResetBus = VmResetBus;
    data.HwAdapterControl = VmAdapterControl;
    data.HwFreeAdapterResources = VmFreeResources;
    data.DeviceExtensionSize = sizeof(VM_ADAPTER);
    data.SrbExtensionSize = sizeof(VM_REQUEST);
    data.MapBuffers = STOR_MAP_ALL_BUFFERS_INCLUDING_READ_WRITE;
    data.NeedPhysicalAddresses = TRUE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    return (NTSTATUS)StorPortInitialize(DriverObject, RegistryPath, (PHW_INITIALIZATION_DATA)&data, NULL);
}
