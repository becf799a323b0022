/* SPDX-License-Identifier: MIT */
/*
 * Inlines and macros over an IRP's stack locations. The owner of the IRP calls them; no locks.
 * CurrentLocation counts down from StackCount + 1 (nobody's) to 1 (the lowest driver).
 * Source: wdm.h and the pages of the Io macros.
 */
#ifndef OPENMPIO_IO_STACK_H
#define OPENMPIO_IO_STACK_H

#include <openmpio/interlocked.h>
#include <openmpio/io.h>

DDK_BEGIN_C

FORCEINLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation;
}

FORCEINLINE PIO_STACK_LOCATION IoGetNextIrpStackLocation(PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

FORCEINLINE VOID IoSetNextIrpStackLocation(PIRP Irp)
{
    Irp->CurrentLocation--;
    Irp->Tail.Overlay.CurrentStackLocation--;
}

FORCEINLINE VOID IoSkipCurrentIrpStackLocation(PIRP Irp)
{
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
}

/* Everything but the completion routine and its context. */
FORCEINLINE VOID IoCopyCurrentIrpStackLocationToNext(PIRP Irp)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    __builtin_memcpy(next, IoGetCurrentIrpStackLocation(Irp),
                     FIELD_OFFSET(IO_STACK_LOCATION, CompletionRoutine));
    next->Control = 0;
}

FORCEINLINE VOID IoSetCompletionRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE CompletionRoutine,
                                        PVOID Context, BOOLEAN InvokeOnSuccess,
                                        BOOLEAN InvokeOnError, BOOLEAN InvokeOnCancel)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    next->CompletionRoutine = CompletionRoutine;
    next->Context = Context;
    next->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
                            (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                            (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
}

FORCEINLINE VOID IoMarkIrpPending(PIRP Irp)
{
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

FORCEINLINE PDRIVER_CANCEL IoSetCancelRoutine(PIRP Irp, PDRIVER_CANCEL CancelRoutine)
{
    return (PDRIVER_CANCEL)InterlockedExchangePointer((PVOID volatile *)&Irp->CancelRoutine,
                                                      (PVOID)CancelRoutine);
}

FORCEINLINE ULONG IoGetFunctionCodeFromCtlCode(ULONG ControlCode)
{
    return (ControlCode >> 2) & 0x00000FFF;
}

FORCEINLINE USHORT IoSizeOfIrp(CCHAR StackSize)
{
    return (USHORT)(sizeof(IRP) + (USHORT)StackSize * sizeof(IO_STACK_LOCATION));
}

#define IoIsErrorUserInduced(status)                                                             \
    ((BOOLEAN)((status) == STATUS_DEVICE_NOT_READY || (status) == STATUS_IO_TIMEOUT ||           \
               (status) == STATUS_MEDIA_WRITE_PROTECTED ||                                       \
               (status) == STATUS_NO_MEDIA_IN_DEVICE ||                                          \
               (status) == STATUS_VERIFY_REQUIRED || (status) == STATUS_UNRECOGNIZED_MEDIA ||    \
               (status) == STATUS_WRONG_VOLUME))

FORCEINLINE VOID IoInitializeDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine)
{
    KeInitializeDpc(&DeviceObject->Dpc, (PKDEFERRED_ROUTINE)(PVOID)DpcRoutine, DeviceObject);
}
#define IoRequestDpc(device, irp, context) KeInsertQueueDpc(&(device)->Dpc, irp, context)

DDK_END_C

#endif
