/* SPDX-License-Identifier: MIT */
/*
 * The rest of StorPort: time, processors, threads, lists, logs, adapter facts, device registers. Each is
 * a thin cover over a kernel routine; what this port cannot do says STOR_STATUS_NOT_IMPLEMENTED.
 * <= DISPATCH_LEVEL unless said otherwise.
 */
#include "port/port.h"

/* ---- adapter --------------------------------------------------------------------------------------------- */
ULONG StorPortSetAdapterBusType(PVOID HwDeviceExtension, STORAGE_BUS_TYPE BusType)
{
    if ((ULONG)BusType > BusTypeMaxReserved) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    PortAdapterOf(HwDeviceExtension)->BusType = BusType;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetSystemPortNumber(PVOID HwDeviceExtension, PSTOR_ADDRESS Address)
{
    if (Address == NULL || Address->Type != STOR_ADDRESS_TYPE_BTL8) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    Address->Port = (USHORT)PortAdapterOf(HwDeviceExtension)->Number;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetDeviceObjects(PVOID HwDeviceExtension, PVOID *AdapterDeviceObject, PVOID *PhysicalDeviceObject,
                               PVOID *LowerDeviceObject)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    *AdapterDeviceObject = adapter->Header.Self;
    *PhysicalDeviceObject = adapter->Pdo;
    *LowerDeviceObject = adapter->Lower;
    return STOR_STATUS_SUCCESS;
}

BOOLEAN StorPortEnablePassiveInitialization(PVOID DeviceExtension,
                                            PHW_PASSIVE_INITIALIZE_ROUTINE HwPassiveInitializeRoutine)
{
    PPORT_ADAPTER adapter = PortAdapterOf(DeviceExtension);

    if (adapter->Running) {
        return FALSE;
    }
    adapter->PassiveInitialize = HwPassiveInitializeRoutine;
    return TRUE;
}

VOID StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                      ULONG ErrorCode, ULONG UniqueId)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    UNREFERENCED_PARAMETER(Srb);
    NtLogEvent(11, adapter->Driver->Name, "miniport error %u (unique id %08x) on port %u bus %u target %u lun %u", ErrorCode,
               UniqueId, adapter->Number, PathId, TargetId, Lun);
}

VOID StorPortDebugPrint(ULONG DebugPrintLevel, PCHAR DebugMessage, ...)
{
    va_list arguments;

    va_start(arguments, DebugMessage);
    vDbgPrintEx(DPFLTR_IHVDRIVER_ID, DebugPrintLevel, DebugMessage, arguments);
    va_end(arguments);
}

/* ---- performance, messages: one channel, no message-signalled interrupts ------------------------------------- */
ULONG StorPortInitializePerfOpts(PVOID HwDeviceExtension, BOOLEAN Query, PPERF_CONFIGURATION_DATA PerfConfigData)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (!Query) {
        return STOR_STATUS_NOT_IMPLEMENTED;
    }
    PerfConfigData->Flags = 0; /* none is supported */
    PerfConfigData->ConcurrentChannels = 1;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetStartIoPerfParams(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                   PSTARTIO_PERFORMANCE_PARAMETERS Parameters)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    UNREFERENCED_PARAMETER(Srb);
    Parameters->MessageNumber = 0;
    Parameters->ChannelNumber = 0;
    return STOR_STATUS_SUCCESS;
}

/* ---- threads, events, delays: PASSIVE_LEVEL but for SetEvent ---------------------------------------------------- */
ULONG StorPortCreateSystemThread(PVOID HwDeviceExtension, PSTOR_THREAD_START_ROUTINE StartRoutine, PVOID StartContext,
                                 PVOID *ThreadContext)
{
    HANDLE handle;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, StartRoutine, StartContext))) {
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *ThreadContext = handle;
    return STOR_STATUS_SUCCESS;
}

/* Called by the thread about itself; the handle goes with it. */
ULONG StorPortTerminateSystemThread(PVOID HwDeviceExtension, PVOID ThreadContext)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    ZwClose(ThreadContext);
    PsTerminateSystemThread(STATUS_SUCCESS);
    return STOR_STATUS_UNSUCCESSFUL;
}

ULONG StorPortInitializeEvent(PVOID HwDeviceExtension, PKEVENT Event, EVENT_TYPE Type, BOOLEAN InitialState)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    KeInitializeEvent(Event, Type, InitialState);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortSetEvent(PVOID HwDeviceExtension, PKEVENT Event, KPRIORITY Increment)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    KeSetEvent(Event, Increment, FALSE);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortWaitForSingleObject(PVOID HwDeviceExtension, PVOID Object, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    return KeWaitForSingleObject(Object, Executive, KernelMode, Alertable, Timeout) == STATUS_SUCCESS
               ? STOR_STATUS_SUCCESS
               : STOR_STATUS_UNSUCCESSFUL;
}

ULONG StorPortDelayExecution(PVOID HwDeviceExtension, ULONG DelayInMicroseconds)
{
    LARGE_INTEGER delay;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (KeGetCurrentIrql() > APC_LEVEL) {
        return STOR_STATUS_INVALID_IRQL;
    }
    delay.QuadPart = -(LONGLONG)DelayInMicroseconds * 10;
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    return STOR_STATUS_SUCCESS;
}

VOID StorPortStallExecution(ULONG Delay)
{
    KeStallExecutionProcessor(Delay);
}

/* ---- time, processors ----------------------------------------------------------------------------------------- */
VOID StorPortQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    KeQuerySystemTime(CurrentTime);
}

ULONG StorPortQueryPerformanceCounter(PVOID HwDeviceExtension, PLARGE_INTEGER PerformanceFrequency,
                                      PLARGE_INTEGER PerformanceCounter)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *PerformanceCounter = KeQueryPerformanceCounter(PerformanceFrequency);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetCurrentIrql(PVOID HwDeviceExtension, PKIRQL Irql)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Irql = KeGetCurrentIrql();
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetCurrentProcessorNumber(PVOID HwDeviceExtension, PPROCESSOR_NUMBER ProcNumber)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    KeGetCurrentProcessorNumberEx(ProcNumber);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetActiveGroupCount(PVOID HwDeviceExtension, PUSHORT NumberActiveGroups)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *NumberActiveGroups = KeQueryActiveGroupCount();
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetGroupAffinity(PVOID HwDeviceExtension, USHORT GroupNumber, PKAFFINITY GroupAffinityMask)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (GroupNumber != 0) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    *GroupAffinityMask = KeQueryActiveProcessors();
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetActiveNodeCount(PVOID HwDeviceExtension, PULONG NumberActiveNodes)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *NumberActiveNodes = 1;
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetHighestNodeNumber(PVOID HwDeviceExtension, PULONG HighestNode)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *HighestNode = KeQueryHighestNodeNumber();
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortGetNodeAffinity(PVOID HwDeviceExtension, ULONG NodeNumber, PGROUP_AFFINITY NodeAffinityMask)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    if (NodeNumber != 0) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(NodeAffinityMask, sizeof(*NodeAffinityMask));
    NodeAffinityMask->Mask = KeQueryActiveProcessors();
    return STOR_STATUS_SUCCESS;
}

/* ---- memory and addresses ----------------------------------------------------------------------------------------- */
VOID StorPortMoveMemory(PVOID WriteBuffer, PVOID ReadBuffer, ULONG Length)
{
    RtlMoveMemory(WriteBuffer, ReadBuffer, Length);
}

STOR_PHYSICAL_ADDRESS StorPortConvertUlong64ToPhysicalAddress(ULONG64 UlongAddress)
{
    STOR_PHYSICAL_ADDRESS address;

    address.QuadPart = (LONGLONG)UlongAddress;
    return address;
}

ULONG64 StorPortConvertPhysicalAddressToUlong64(STOR_PHYSICAL_ADDRESS Address)
{
    return (ULONG64)Address.QuadPart;
}
