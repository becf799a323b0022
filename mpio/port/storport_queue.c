/* SPDX-License-Identifier: MIT */
/*
 * StorPort routines about requests and queues: notification, pause and busy, queue depth, look-up of
 * units and requests (class-driver 5.6 - 5.8). Any IRQL unless the work needs a timer: then a DPC does
 * it (PortChange).
 */
#include "port/port.h"

/* ---- StorPortNotification -------------------------------------------------------------------------- */
static VOID Complete(PPORT_ADAPTER Adapter, PSCSI_REQUEST_BLOCK Srb)
{
    PPORT_REQUEST request = Srb != NULL && Srb->SrbExtension != NULL ? PortRequestOf(Srb) : NULL;

    if (request == NULL || request->Srb != Srb || request->State != PORT_REQUEST_ACTIVE) {
        if (request != NULL && request->Abandoned == Srb) {
            return; /* the event log has told it */
        }
        NtBugCheckRule(RULE_SRB_OWNER, (ULONG_PTR)Srb, Srb != NULL ? Srb->SrbStatus : 0);
    }
    if (SRB_STATUS(Srb->SrbStatus) == SRB_STATUS_PENDING) {
        NtBugCheckRule(RULE_SRB_PENDING, (ULONG_PTR)Srb, Srb->Function);
    }
    if (Srb->DataTransferLength > request->Length) {
        NtBugCheckRule(RULE_SRB_LENGTH, request->Length, Srb->DataTransferLength);
    }
    PortReturn(Adapter, request);
}

static VOID TimerCall(PPORT_ADAPTER Adapter, PHW_TIMER Routine, ULONG Microseconds)
{
    LARGE_INTEGER due;

    if (Microseconds == 0) {
        KeCancelTimer(&Adapter->HwTimer);
        return;
    }
    Adapter->HwTimerRoutine = Routine;
    due.QuadPart = -(LONGLONG)Microseconds * 10;
    KeSetTimer(&Adapter->HwTimer, due, &Adapter->HwTimerDpc);
}

VOID PortHwTimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_ADAPTER adapter = Context;
    PORT_LOCK_STATE lock;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    PortAcquireStartIo(adapter, &lock);
    NT_CALL_VOID("HwTimer", adapter->Driver->DriverObject, DISPATCH_LEVEL, adapter->HwTimerRoutine, adapter->Extension);
    PortReleaseStartIo(adapter, &lock);
}

VOID StorPortNotification(SCSI_NOTIFICATION_TYPE NotificationType, PVOID HwDeviceExtension, ...)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    va_list arguments;
    PHW_TIMER timer;

    va_start(arguments, HwDeviceExtension);
    switch (NotificationType) {
    case RequestComplete:
        Complete(adapter, va_arg(arguments, PSCSI_REQUEST_BLOCK));
        break;
    case RequestTimerCall:
        timer = va_arg(arguments, PHW_TIMER);
        TimerCall(adapter, timer, va_arg(arguments, ULONG));
        break;
    case ResetDetected:
        StorPortPause(HwDeviceExtension, adapter->Config.BusResetHoldTime / 1000000 + 1);
        break;
    case BusChangeDetected:
        PortChange(adapter, PORT_CHANGE_SCAN);
        break;
    case LinkDown:
        PortLinkDown(adapter);
        break;
    case LinkUp:
        PortSetAdapterHold(adapter, 0, ADAPTER_HOLD_LINK | ADAPTER_HOLD_LOST);
        break;
    case QueryTickCount:
        KeQueryTickCount(va_arg(arguments, PLARGE_INTEGER));
        break;
    case BufferOverrunDetected:
        KeBugCheckEx(DRIVER_VERIFIER_DETECTED_VIOLATION, BufferOverrunDetected, adapter->Number, 0, 0);
    case WMIEvent:
    case WMIReregister:
    case TraceNotification:
    case IoTargetRequestServiceTime:
        break; /* nobody listens */
    default:
        NtBugCheckRule(RULE_NOTIFICATION, NotificationType, 0);
    }
    va_end(arguments);
}

VOID StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    for (PLIST_ENTRY entry = adapter->Units.Flink; entry != &adapter->Units; entry = entry->Flink) {
        PPORT_UNIT unit = CONTAINING_RECORD(entry, PORT_UNIT, Link);

        if ((PathId != 0xFF && unit->Path != PathId) || (TargetId != 0xFF && unit->Target != TargetId) ||
            (Lun != 0xFF && unit->Lun != Lun)) {
            continue;
        }
        for (PLIST_ENTRY active = unit->Active.Flink; active != &unit->Active; active = active->Flink) {
            PPORT_REQUEST request = CONTAINING_RECORD(active, PORT_REQUEST, Link);

            if (request->State == PORT_REQUEST_ACTIVE) {
                request->Srb->SrbStatus = SrbStatus;
                PortReturn(adapter, request);
            }
        }
    }
}

/* ---- look-up ------------------------------------------------------------------------------------------ */
PVOID StorPortGetLogicalUnit(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    PPORT_UNIT unit = PortFindUnit(PortAdapterOf(HwDeviceExtension), PathId, TargetId, Lun);

    return unit != NULL ? unit->LuExtension : NULL;
}

PSCSI_REQUEST_BLOCK StorPortGetSrb(PVOID DeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, LONG QueueTag)
{
    PPORT_UNIT unit = PortFindUnit(PortAdapterOf(DeviceExtension), PathId, TargetId, Lun);

    if (unit == NULL) {
        return NULL;
    }
    for (PLIST_ENTRY entry = unit->Active.Flink; entry != &unit->Active; entry = entry->Flink) {
        PPORT_REQUEST request = CONTAINING_RECORD(entry, PORT_REQUEST, Link);

        if (request->State == PORT_REQUEST_ACTIVE && request->Srb->QueueTag == (UCHAR)QueueTag) {
            return request->Srb;
        }
    }
    return NULL;
}

/* ---- holds ---------------------------------------------------------------------------------------------- */
BOOLEAN StorPortPauseDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG TimeOut)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_UNIT unit = PortFindUnit(adapter, PathId, TargetId, Lun);

    if (unit == NULL) {
        return FALSE;
    }
    unit->PausedUntil = KeQueryInterruptTime() + TimeOut * PORT_SECOND;
    PortSetUnitHold(unit, UNIT_HOLD_PAUSED, 0);
    PortChange(adapter, PORT_CHANGE_KICK); /* arms the unit's timer */
    return TRUE;
}

BOOLEAN StorPortResumeDevice(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_UNIT unit = PortFindUnit(adapter, PathId, TargetId, Lun);

    if (unit == NULL) {
        return FALSE;
    }
    unit->PausedUntil = 0;
    InterlockedAnd(&unit->Holds, ~UNIT_HOLD_PAUSED);
    PortChange(adapter, PORT_CHANGE_KICK);
    return TRUE;
}

BOOLEAN StorPortPause(PVOID HwDeviceExtension, ULONG TimeOut)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    adapter->ResumeAt = KeQueryInterruptTime() + TimeOut * PORT_SECOND;
    PortSetAdapterHold(adapter, ADAPTER_HOLD_PAUSED, 0);
    PortChange(adapter, PORT_CHANGE_PAUSE);
    return TRUE;
}

VOID PortAdapterResumeDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PPORT_ADAPTER adapter = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    PortSetAdapterHold(adapter, 0, ADAPTER_HOLD_PAUSED);
}

BOOLEAN StorPortResume(PVOID HwDeviceExtension)
{
    PortSetAdapterHold(PortAdapterOf(HwDeviceExtension), 0, ADAPTER_HOLD_PAUSED);
    return TRUE;
}

/* Requests that are to complete first; more than there are, or 0 of them, means all. */
static ULONG Below(ULONG Outstanding, ULONG RequestsToComplete)
{
    return RequestsToComplete != 0 && RequestsToComplete < Outstanding ? Outstanding - RequestsToComplete : 0;
}

BOOLEAN StorPortDeviceBusy(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG RequestsToComplete)
{
    PPORT_UNIT unit = PortFindUnit(PortAdapterOf(HwDeviceExtension), PathId, TargetId, Lun);

    if (unit == NULL || unit->Outstanding == 0) {
        return FALSE; /* nothing would ever end it */
    }
    unit->BusyBelow = Below(unit->Outstanding, RequestsToComplete);
    PortSetUnitHold(unit, UNIT_HOLD_BUSY, 0);
    return TRUE;
}

BOOLEAN StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_UNIT unit = PortFindUnit(adapter, PathId, TargetId, Lun);

    if (unit == NULL) {
        return FALSE;
    }
    InterlockedAnd(&unit->Holds, ~UNIT_HOLD_BUSY);
    PortChange(adapter, PORT_CHANGE_KICK);
    return TRUE;
}

BOOLEAN StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    if (adapter->Outstanding <= 0) {
        return FALSE;
    }
    adapter->BusyBelow = Below((ULONG)adapter->Outstanding, RequestsToComplete);
    PortSetAdapterHold(adapter, ADAPTER_HOLD_BUSY, 0);
    return TRUE;
}

BOOLEAN StorPortReady(PVOID HwDeviceExtension)
{
    PortSetAdapterHold(PortAdapterOf(HwDeviceExtension), 0, ADAPTER_HOLD_BUSY);
    return TRUE;
}

BOOLEAN StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG Depth)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    PPORT_UNIT unit = PortFindUnit(adapter, PathId, TargetId, Lun);

    if (unit == NULL || Depth == 0 || Depth > adapter->Config.MaxIOsPerLun) {
        return FALSE;
    }
    if (Depth > unit->Depth && unit->WaitingCount != 0) {
        PortChange(adapter, PORT_CHANGE_KICK);
    }
    unit->Depth = Depth;
    return TRUE;
}

ULONG StorPortUpdateAdapterMaxIO(PVOID HwDeviceExtension, ULONG MaxIOCount)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    if (MaxIOCount == 0) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    adapter->Config.MaxNumberOfIO = MaxIOCount;
    PortChange(adapter, PORT_CHANGE_KICK);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortStateChangeDetected(PVOID HwDeviceExtension, ULONG ChangedEntity, PSTOR_ADDRESS Address, ULONG Attributes,
                                  PHW_STATE_CHANGE HwStateChange, PVOID HwStateChangeContext)
{
    UNREFERENCED_PARAMETER(Address);
    UNREFERENCED_PARAMETER(Attributes);
    UNREFERENCED_PARAMETER(HwStateChangeContext);
    if ((ChangedEntity & (STATE_CHANGE_LUN | STATE_CHANGE_TARGET | STATE_CHANGE_BUS)) == 0) {
        return STOR_STATUS_INVALID_PARAMETER;
    }
    if (HwStateChange != NULL) {
        return STOR_STATUS_NOT_IMPLEMENTED; /* the whole adapter is scanned; nobody is called back */
    }
    PortChange(PortAdapterOf(HwDeviceExtension), PORT_CHANGE_SCAN);
    return STOR_STATUS_SUCCESS;
}
