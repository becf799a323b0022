/* SPDX-License-Identifier: MIT */
/*
 * DsmNotification (contract 02 section 6): what a DSM tells MPIO of its own accord. <= DISPATCH_LEVEL,
 * possibly from inside another callback and with the DSM's locks held: nothing here calls the DSM.
 * An id that MPIO does not know is logged (event 35) and answered, not a bug check.
 */
#include <stdarg.h>

#include "core/core.h"

static VOID UnknownId(PMPIO_MODULE Dsm, ULONG Type)
{
    MpioEvent(MPIO_EVENT_UNKNOWN_ID, Dsm->Ordinal, Type, "DSM %s gave an id MPIO does not know to DsmNotification type %u",
              Dsm->Name, Type);
}

/* Only a LUN that works as usual can be throttled; only a throttled one resumed. */
static NTSTATUS Throttle(PMPIO_INSTANCE Instance)
{
    PMPIO_LUN lun = Instance->Lun;
    enum mpio_lun_state state;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    state = MpioLunState(lun);
    if (state == MPIO_LUN_NORMAL || state == MPIO_LUN_DEGRADED) {
        lun->Gate |= MPIO_GATE_THROTTLED;
        lun->ThrottledBy = Instance;
        MpioTraceLun(lun);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    return state == MPIO_LUN_NORMAL || state == MPIO_LUN_DEGRADED ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS Resume(PMPIO_INSTANCE Instance, BOOLEAN Categorize)
{
    PMPIO_LUN lun = Instance->Lun;
    BOOLEAN throttled;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    throttled = (lun->Gate & MPIO_GATE_THROTTLED) != 0;
    if (throttled) {
        lun->Gate &= ~(ULONG)MPIO_GATE_THROTTLED;
        lun->ThrottledBy = NULL;
        lun->Recategorize = Categorize || lun->FailingCount != 0;
        MpioTraceLun(lun);
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    MpioReleaseHeld(lun);
    return throttled ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS ChangeCurrentPath(PMPIO_INSTANCE Instance, PVOID PathId)
{
    PMPIO_LUN lun = Instance->Lun;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    KIRQL irql;

    KeAcquireSpinLock(&lun->Lock, &irql);
    for (ULONG i = 0; i < lun->Members->Count; i++) {
        if (lun->Members->PathIds[i] == PathId) {
            lun->CurrentPath = PathId;
            status = STATUS_SUCCESS;
        }
    }
    KeReleaseSpinLock(&lun->Lock, irql);
    return status;
}

static NTSTATUS NotifyInstance(PMPIO_MODULE Dsm, ULONG Type, PVOID DsmId, PVOID PathId, BOOLEAN Categorize)
{
    PMPIO_INSTANCE instance = MpioFindInstance(Dsm, DsmId);
    NTSTATUS status = STATUS_SUCCESS;

    if (instance == NULL || instance->Lun == NULL) {
        if (instance != NULL) {
            MpioUnhold(instance);
        }
        UnknownId(Dsm, Type);
        return STATUS_INVALID_PARAMETER;
    }
    switch (Type) {
    case DeviceFailure:
        /* A path fails as a whole (contract 02 section 4.4). */
        if (instance->Path != NULL) {
            MpioFailPath(instance->Path, DSM_FATAL_ERROR);
        }
        break;
    case ThrottleIO:
    case ThrottleIO_V2:
        status = Throttle(instance);
        break;
    case ResumeIO:
    case ResumeIO_V2:
        status = Resume(instance, Categorize);
        break;
    default:
        status = ChangeCurrentPath(instance, PathId);
        break;
    }
    MpioUnhold(instance);
    return status;
}

static VOID NotifyPath(PMPIO_MODULE Dsm, ULONG Type, PVOID PathId)
{
    PMPIO_ROOT root = MpioRoot();
    PMPIO_PATH path;
    KIRQL irql;

    KeAcquireSpinLock(&root->Lock, &irql);
    path = MpioFindPathLocked(Dsm, PathId);
    if (path != NULL && !MpioPathBeginWork(path)) {
        path = NULL;
    }
    KeReleaseSpinLock(&root->Lock, irql);
    if (path == NULL) {
        UnknownId(Dsm, Type);
        return;
    }
    if (Type == PathFailure) {
        MpioFailPath(path, DSM_FATAL_ERROR);
    } else {
        MpioRecoverPath(path);
    }
    MpioPathEndWork(path);
}

static VOID Store(ULONG_PTR Pointer, NTSTATUS Status)
{
    if (Pointer != 0) {
        *(PNTSTATUS)Pointer = Status;
    }
}

VOID MpioNotification(PVOID MpioContext, ULONG Type, ULONG_PTR A, ULONG_PTR B, ULONG_PTR C, ULONG_PTR D)
{
    PMPIO_MODULE dsm = MpioValidDsm(MpioContext);

    UNREFERENCED_PARAMETER(D);
    if (dsm == NULL) {
        return;
    }
    MpioEvent(MPIO_EVENT_NOTIFICATION, dsm->Ordinal, Type, "DSM %s: notification type %u", dsm->Name, Type);
    switch (Type) {
    case DeviceFailure:
    case ThrottleIO:
    case ResumeIO:
        (VOID)NotifyInstance(dsm, Type, (PVOID)A, NULL, FALSE);
        break;
    case PathFailure:
    case PathOnLine:
        NotifyPath(dsm, Type, (PVOID)A);
        break;
    case SetCurrentPath_V2:
        Store(C, NotifyInstance(dsm, Type, (PVOID)B, (PVOID)A, FALSE));
        break;
    case SetCurrentPath:
        (VOID)NotifyInstance(dsm, Type, (PVOID)B, (PVOID)A, FALSE);
        break;
    case ThrottleIO_V2:
    case ResumeIO_V2:
        Store(C, NotifyInstance(dsm, Type, (PVOID)A, NULL, (BOOLEAN)B));
        break;
    default:
        UnknownId(dsm, Type);
        break;
    }
}

VOID DsmNotification(PVOID MPIOContext, DSM_NOTIFICATION_TYPE NotificationType, ...)
{
    ULONG_PTR a = 0, b = 0, c = 0;
    va_list arguments;

    va_start(arguments, NotificationType);
    switch (NotificationType) {
    case DeviceFailure:
    case PathFailure:
    case PathOnLine:
    case ThrottleIO:
    case ResumeIO:
        a = (ULONG_PTR)va_arg(arguments, PVOID);
        break;
    case SetCurrentPath:
        a = (ULONG_PTR)va_arg(arguments, PVOID);
        b = (ULONG_PTR)va_arg(arguments, PVOID);
        break;
    case ThrottleIO_V2:
    case ResumeIO_V2:
        a = (ULONG_PTR)va_arg(arguments, PVOID);
        b = (ULONG_PTR)(BOOLEAN)va_arg(arguments, int);
        c = (ULONG_PTR)va_arg(arguments, PNTSTATUS);
        break;
    case SetCurrentPath_V2:
        a = (ULONG_PTR)va_arg(arguments, PVOID);
        b = (ULONG_PTR)va_arg(arguments, PVOID);
        c = (ULONG_PTR)va_arg(arguments, PNTSTATUS);
        break;
    default:
        break;
    }
    va_end(arguments);
    MpioNotification(MPIOContext, NotificationType, a, b, c, 0);
}
