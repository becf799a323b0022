/* SPDX-License-Identifier: MIT */
/*
 * Life of an adapter: configuration information with the published defaults, HwFindAdapter,
 * HwInitialize, passive initialization, the query of adapter controls (class-driver 5.2, 5.5), stop
 * and delete. PASSIVE_LEVEL; Plug and Play serialises all of it.
 */
#include "port/port.h"

#define MAXIMUM_RANGES 16
#define LINK_DOWN_DEFAULT 30 /* seconds */
#define LINK_DOWN_MAXIMUM 600

static VOID DefaultConfiguration(PPORT_ADAPTER Adapter)
{
    const HW_INITIALIZATION_DATA *init = &Adapter->Driver->Init;
    PPORT_CONFIGURATION_INFORMATION config = &Adapter->Config;

    RtlZeroMemory(config, sizeof(*config));
    config->Length = sizeof(*config);
    config->AdapterInterfaceType = init->AdapterInterfaceType;
    config->InterruptMode = LevelSensitive;
    config->MaximumTransferLength = SP_UNINITIALIZED_VALUE;
    config->NumberOfPhysicalBreaks = 0x11;
    config->DmaChannel = config->DmaPort = SP_UNINITIALIZED_VALUE;
    config->NumberOfAccessRanges = init->NumberOfAccessRanges;
    for (ULONG i = 0; i < RTL_NUMBER_OF(config->InitiatorBusId); i++) {
        config->InitiatorBusId[i] = (CCHAR)-1;
    }
    config->ScatterGather = config->Master = TRUE;
    config->MapBuffers = init->MapBuffers;
    config->NeedPhysicalAddresses = init->NeedPhysicalAddresses;
    config->TaggedQueuing = init->TaggedQueuing;
    config->AutoRequestSense = init->AutoRequestSense;
    config->MultipleRequestPerLu = init->MultipleRequestPerLu;
    config->ReceiveEvent = init->ReceiveEvent;
    config->MaximumNumberOfTargets = SCSI_MAXIMUM_TARGETS_PER_BUS;
    config->SrbType = SRB_TYPE_SCSI_REQUEST_BLOCK;
    config->AddressType = STORAGE_ADDRESS_TYPE_BTL8;
    config->DeviceExtensionSize = init->DeviceExtensionSize;
    config->SpecificLuExtensionSize = init->SpecificLuExtensionSize;
    config->SrbExtensionSize = init->SrbExtensionSize;
    config->Dma64BitAddresses = SCSI_DMA64_SYSTEM_SUPPORTED;
    config->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LOGICAL_UNITS;
    config->VirtualDevice = Adapter->Driver->Virtual;
    config->MaxNumberOfIO = PORT_MAXIMUM_IO;
    config->MaxIOsPerLun = PORT_MAXIMUM_DEPTH;
    config->InitialLunQueueDepth = Adapter->Driver->Virtual ? PORT_VIRTUAL_DEPTH : PORT_PHYSICAL_DEPTH;
}

/* Memory and I/O ranges of the resources given at START, as many as the miniport asked for. */
static NTSTATUS TakeRanges(PPORT_ADAPTER Adapter, PCM_RESOURCE_LIST Resources)
{
    PCM_PARTIAL_RESOURCE_LIST list;
    ULONG count = Adapter->Config.NumberOfAccessRanges, taken = 0;

    if (count > MAXIMUM_RANGES) {
        return STATUS_INVALID_PARAMETER;
    }
    Adapter->Ranges = ExAllocatePoolZero(NonPagedPoolNx, (count + 1) * sizeof(ACCESS_RANGE), PORT_TAG);
    if (Adapter->Ranges == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->Config.AccessRanges = (ACCESS_RANGE(*)[])Adapter->Ranges;
    if (Resources == NULL || Resources->Count == 0) {
        return STATUS_SUCCESS;
    }
    list = &Resources->List[0].PartialResourceList;
    Adapter->Config.SystemIoBusNumber = Resources->List[0].BusNumber;
    for (ULONG i = 0; i < list->Count && taken < count; i++) {
        const CM_PARTIAL_RESOURCE_DESCRIPTOR *item = &list->PartialDescriptors[i];

        if (item->Type == CmResourceTypeMemory || item->Type == CmResourceTypePort) {
            Adapter->Ranges[taken].RangeStart = item->u.Generic.Start;
            Adapter->Ranges[taken].RangeLength = item->u.Generic.Length;
            Adapter->Ranges[taken].RangeInMemory = item->Type == CmResourceTypeMemory;
            taken++;
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS AllocateExtension(PPORT_ADAPTER Adapter)
{
    PPORT_EXTENSION extension;

    if (Adapter->Extension != NULL) {
        return STATUS_SUCCESS; /* a restart: the extension is zeroed once */
    }
    extension = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*extension) + Adapter->Config.DeviceExtensionSize, PORT_TAG);
    if (extension == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    extension->Adapter = Adapter;
    Adapter->Extension = extension + 1;
    return STATUS_SUCCESS;
}

static ULONG FindAdapter(PPORT_ADAPTER Adapter)
{
    PPORT_DRIVER driver = Adapter->Driver;
    CHAR argument[PORT_ARGUMENT_BYTES];
    BOOLEAN again = FALSE;

    PortReadArgument(Adapter, argument);
    if (driver->Virtual) {
        PVIRTUAL_HW_FIND_ADAPTER find = (PVIRTUAL_HW_FIND_ADAPTER)driver->Init.HwFindAdapter;

        return NT_CALL_OUT("HwFindAdapter", driver->DriverObject, PASSIVE_LEVEL, find, Adapter->Extension, Adapter->Pdo,
                           Adapter->Header.Self, Adapter->Lower, argument, &Adapter->Config, &again);
    }
    PHW_FIND_ADAPTER find = (PHW_FIND_ADAPTER)driver->Init.HwFindAdapter;

    return NT_CALL_OUT("HwFindAdapter", driver->DriverObject, PASSIVE_LEVEL, find, Adapter->Extension, NULL, NULL,
                       argument, &Adapter->Config, &again);
}

/* What HwFindAdapter left that the port cannot work with, for the event log; NULL: nothing. */
static PCSTR Objection(const PORT_CONFIGURATION_INFORMATION *Config)
{
    if (Config->NumberOfBuses == 0 || Config->NumberOfBuses > SCSI_MAXIMUM_BUSES) {
        return "HwFindAdapter has to set NumberOfBuses, 1 to 8";
    }
    if (!Config->AutoRequestSense) {
        return "AutoRequestSense is FALSE: StorPort sends no REQUEST SENSE, a miniport delivers sense data with the error";
    }
    if (Config->SrbExtensionSize > 1u << 20 || Config->SpecificLuExtensionSize > 1u << 20) {
        return "SrbExtensionSize or SpecificLuExtensionSize is above 1 MiB";
    }
    return NULL;
}

/* What the miniport left out of range is cut to it. */
static NTSTATUS AcceptConfiguration(PPORT_ADAPTER Adapter)
{
    PPORT_CONFIGURATION_INFORMATION config = &Adapter->Config;
    PCSTR objection;

    if (config->SrbType != SRB_TYPE_SCSI_REQUEST_BLOCK) {
        return STATUS_NOT_SUPPORTED; /* extended requests are converted for every miniport */
    }
    objection = Objection(config);
    if (objection != NULL) {
        NtLogEvent(11, Adapter->Driver->Name, "port %u: %s", Adapter->Number, objection);
        return STATUS_INVALID_PARAMETER;
    }
    if (!config->MultipleRequestPerLu) {
        config->MaxIOsPerLun = 1;
    }
    if (config->MaximumNumberOfTargets == 0) {
        config->MaximumNumberOfTargets = 1;
    }
    if (config->MaxNumberOfIO == 0) {
        config->MaxNumberOfIO = PORT_MAXIMUM_IO;
    }
    if (config->MaxIOsPerLun == 0 || config->MaxIOsPerLun > PORT_MAXIMUM_DEPTH) {
        config->MaxIOsPerLun = PORT_MAXIMUM_DEPTH;
    }
    if (config->InitialLunQueueDepth == 0 || config->InitialLunQueueDepth > config->MaxIOsPerLun) {
        config->InitialLunQueueDepth = config->MaxIOsPerLun;
    }
    Adapter->FullDuplex = config->SynchronizationModel == StorSynchronizeFullDuplex;
    Adapter->RequestBytes = (FIELD_OFFSET(PORT_REQUEST, Extension) + config->SrbExtensionSize + 15u) & ~15u;
    Adapter->LunLimit = config->MaximumNumberOfLogicalUnits != 0 ? config->MaximumNumberOfLogicalUnits : 1;
    Adapter->Header.Self->AlignmentRequirement = config->AlignmentMask;
    return STATUS_SUCCESS;
}

static VOID QueryControls(PPORT_ADAPTER Adapter)
{
    PPORT_DRIVER driver = Adapter->Driver;
    struct {
        SCSI_SUPPORTED_CONTROL_TYPE_LIST List;
        BOOLEAN Types[ScsiAdapterControlMax];
    } query;

    RtlZeroMemory(&query, sizeof(query));
    query.List.MaxControlType = ScsiAdapterControlMax;
    if (driver->Init.HwAdapterControl != NULL &&
        NT_CALL_OUT("HwAdapterControl", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwAdapterControl,
                    Adapter->Extension, ScsiQuerySupportedControlTypes, (PVOID)&query.List) == ScsiAdapterControlSuccess) {
        RtlCopyMemory(Adapter->Controls, query.List.SupportedTypeList, ScsiAdapterControlMax);
    }
}

static NTSTATUS InitializeMiniport(PPORT_ADAPTER Adapter)
{
    PPORT_DRIVER driver = Adapter->Driver;
    PORT_LOCK_STATE lock;
    BOOLEAN good;

    PortAcquireInterrupt(Adapter, &lock);
    good = NT_CALL_OUT("HwInitialize", driver->DriverObject, driver->InitializeIrql, driver->Init.HwInitialize,
                       Adapter->Extension);
    PortReleaseInterrupt(Adapter, &lock);
    if (good && Adapter->PassiveInitialize != NULL) {
        good = NT_CALL_OUT("HwPassiveInitialize", driver->DriverObject, PASSIVE_LEVEL, Adapter->PassiveInitialize,
                           Adapter->Extension);
    }
    if (!good) {
        NtLogEvent(11, driver->Name, "port %u: the miniport's initialization routine answered FALSE", Adapter->Number);
        return STATUS_ADAPTER_HARDWARE_ERROR;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS CreateProbe(PPORT_ADAPTER Adapter)
{
    PPORT_UNIT probe = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*probe), PORT_TAG);

    if (probe == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    PortInitializeUnit(probe, Adapter);
    if (Adapter->Config.SpecificLuExtensionSize != 0) {
        probe->LuExtension = ExAllocatePoolZero(NonPagedPoolNx, Adapter->Config.SpecificLuExtensionSize, PORT_TAG);
        if (probe->LuExtension == NULL) {
            ExFreePoolWithTag(probe, PORT_TAG);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    Adapter->Probe = probe;
    return STATUS_SUCCESS;
}

NTSTATUS PortAdapterStart(PPORT_ADAPTER Adapter, PCM_RESOURCE_LIST Resources)
{
    static const PCSTR answers[] = {"SP_RETURN_NOT_FOUND", "SP_RETURN_FOUND", "SP_RETURN_ERROR", "SP_RETURN_BAD_CONFIG"};
    PPORT_DRIVER driver = Adapter->Driver;
    NTSTATUS status;
    ULONG found;

    DefaultConfiguration(Adapter);
    Adapter->LinkDownTime = PortReadSetting(Adapter, (PCWSTR)u"Device", (PCWSTR)u"LinkDownTimeoutValue", LINK_DOWN_DEFAULT);
    if (Adapter->LinkDownTime > LINK_DOWN_MAXIMUM) {
        Adapter->LinkDownTime = LINK_DOWN_MAXIMUM;
    }
    Adapter->Config.MaximumNumberOfLogicalUnits =
        (UCHAR)PortReadSetting(Adapter, (PCWSTR)u"Device", (PCWSTR)u"MaximumLogicalUnit", SCSI_MAXIMUM_LUNS_PER_TARGET);
    Adapter->BusType = PortReadSetting(Adapter, NULL, (PCWSTR)u"BusType", BusTypeFibre);
    if (Adapter->BusType > BusTypeMaxReserved) {
        Adapter->BusType = BusTypeFibre;
    }
    status = TakeRanges(Adapter, Resources);
    if (NT_SUCCESS(status)) {
        status = AllocateExtension(Adapter);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    found = FindAdapter(Adapter);
    if (found != SP_RETURN_FOUND) {
        NtLogEvent(11, Adapter->Driver->Name, "HwFindAdapter of port %u answered %u (%s): adapter not started", Adapter->Number,
                   found, found < RTL_NUMBER_OF(answers) ? answers[found] : "no such answer");
        return STATUS_DEVICE_DOES_NOT_EXIST;
    }
    status = AcceptConfiguration(Adapter);
    if (NT_SUCCESS(status)) {
        QueryControls(Adapter);
        status = InitializeMiniport(Adapter);
    }
    if (NT_SUCCESS(status)) {
        status = CreateProbe(Adapter);
    }
    if (!NT_SUCCESS(status)) {
        if (status == STATUS_INSUFFICIENT_RESOURCES || status == STATUS_NOT_SUPPORTED) {
            NtLogEvent(11, Adapter->Driver->Name, "port %u does not start: status %08x", Adapter->Number, (unsigned)status);
        }
        if (driver->Init.HwFreeAdapterResources != NULL) { /* what HwFindAdapter and HwInitialize took */
            NT_CALL_VOID("HwFreeAdapterResources", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwFreeAdapterResources,
                         Adapter->Extension);
        }
        return status;
    }
    Adapter->Running = TRUE;
    Adapter->State = PortStarted;
    return STATUS_SUCCESS;
}

VOID PortAdapterStop(PPORT_ADAPTER Adapter)
{
    PPORT_DRIVER driver = Adapter->Driver;
    PORT_LOCK_STATE lock;

    if (!Adapter->Running) {
        return;
    }
    Adapter->Running = FALSE;
    if (Adapter->Controls[ScsiStopAdapter]) {
        PortAcquireInterrupt(Adapter, &lock);
        NT_CALL_OUT("HwAdapterControl", driver->DriverObject, driver->InitializeIrql, driver->Init.HwAdapterControl,
                    Adapter->Extension, ScsiStopAdapter, NULL);
        PortReleaseInterrupt(Adapter, &lock);
    }
    if (driver->Init.HwFreeAdapterResources != NULL) {
        NT_CALL_VOID("HwFreeAdapterResources", driver->DriverObject, PASSIVE_LEVEL, driver->Init.HwFreeAdapterResources,
                     Adapter->Extension);
    }
}

static VOID Free(PVOID Block)
{
    if (Block != NULL) {
        ExFreePoolWithTag(Block, PORT_TAG);
    }
}

/* Everything of the adapter goes; its units are gone already. */
VOID PortAdapterDelete(PPORT_ADAPTER Adapter)
{
    PPORT_REQUEST request;

    Adapter->State = PortRemoved;
    KeCancelTimer(&Adapter->ResumeTimer);
    KeCancelTimer(&Adapter->LinkTimer);
    KeCancelTimer(&Adapter->HwTimer);
    KeFlushQueuedDpcs();
    PortLeaveWork(Adapter);
    KeWaitForSingleObject(&Adapter->WorkIdle, Executive, KernelMode, FALSE, NULL);
    if (Adapter->Probe != NULL) {
        PortDeleteUnit(Adapter->Probe);
        Free(Adapter->Probe);
    }
    PortAdapterStop(Adapter);
    KeCancelTimer(&Adapter->TickTimer);
    KeFlushQueuedDpcs();
    PortFreeHelpers(Adapter);
    while ((request = Adapter->FreeRequests) != NULL) {
        Adapter->FreeRequests = request->NextFree;
        PortFreeScatterList(request);
        ExFreePoolWithTag(request, PORT_TAG);
    }
    PortFreeAddresses(Adapter);
    Free(Adapter->Ranges);
    Free(Adapter->Uncached);
    Free(Adapter->ScanBuffer);
    if (Adapter->Extension != NULL) {
        Free((PPORT_EXTENSION)Adapter->Extension - 1);
    }
    if (Adapter->ScanWork != NULL) {
        IoFreeWorkItem(Adapter->ScanWork);
    }
    if (Adapter->ResetWork != NULL) {
        IoFreeWorkItem(Adapter->ResetWork);
    }
    IoDeleteDevice(Adapter->Header.Self);
}
