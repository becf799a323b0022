/* SPDX-License-Identifier: MIT */
/*
 * IRPs: allocation, reuse, free, cancel. <= DISPATCH_LEVEL. Rules: IO-IRP-05, IO-IRP-06. One hidden
 * stack location lies above the allocated ones, as on Windows, and one below: a driver that prepares
 * a location it does not have must not write over the IRP before IofCallDriver can say so. Freed
 * IRPs rest in a ring of 256 before they are used again, so that a late use meets a dead IRP and not
 * somebody else's. No pool allocation in steady state.
 */
#include "nt/irp_shadow.h"

#include <string.h>

#include "nt/driverobject.h"

#define IRP_TAG ' prI'
#define HIDDEN 2 /* locations, one at either end */
#define MOST_LOCATIONS 125

static VOID RequireIrp(PIRP Irp)
{
    if (Irp == NULL || Irp->Type != IO_TYPE_IRP) {
        NtBugCheckRule(RULE_IRP_FREED, (ULONGLONG)(ULONG_PTR)Irp, 0);
    }
}

/* Below: hidden locations between the IRP and its first one. */
static VOID Prepare(PIRP Irp, USHORT Size, CCHAR StackSize, ULONG Below)
{
    memset(Irp, 0, Size);
    Irp->Type = IO_TYPE_IRP;
    Irp->Size = Size;
    Irp->StackCount = StackSize;
    Irp->CurrentLocation = (CHAR)(StackSize + 1);
    InitializeListHead(&Irp->ThreadListEntry);
    Irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(PVOID)(Irp + 1) + Below + StackSize;
}

static PNT_IRP TakeFree(PNT_MACHINE Kernel, CCHAR StackSize)
{
    PNT_IRP shadow;

    if (StackSize <= NT_IRP_SIZES && Kernel->FreeIrps[(UCHAR)StackSize] != NULL) {
        shadow = Kernel->FreeIrps[(UCHAR)StackSize];
        Kernel->FreeIrps[(UCHAR)StackSize] = shadow->Next;
        return shadow;
    }
    return NtPoolAllocateKernel(Kernel, sizeof(*shadow) + IoSizeOfIrp((CCHAR)(StackSize + HIDDEN)), IRP_TAG);
}

PIRP IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PNT_MACHINE kernel;
    PNT_IRP shadow;
    PIRP irp;

    UNREFERENCED_PARAMETER(ChargeQuota);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (StackSize < 0 || StackSize > MOST_LOCATIONS) {
        return NULL;
    }
    kernel = NtKernel();
    shadow = TakeFree(kernel, StackSize);
    if (shadow == NULL) {
        return NULL;
    }
    memset(shadow, 0, sizeof(*shadow));
    shadow->StackSize = StackSize;
    shadow->State = NT_IRP_IDLE;
    InitializeListHead(&shadow->Calls);
    irp = NtIrpPublic(shadow);
    Prepare(irp, IoSizeOfIrp((CCHAR)(StackSize + HIDDEN)), StackSize, 1);
    irp->Size = IoSizeOfIrp(StackSize);
    irp->AllocationFlags = NT_IRP_OURS;
    kernel->IrpsAllocated++;
    return irp;
}

PIRP IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return IoAllocateIrp(StackSize, ChargeQuota);
}

VOID IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (StackSize < 0 || StackSize > MOST_LOCATIONS || PacketSize < IoSizeOfIrp(StackSize)) {
        NtBugCheckRule(RULE_IRP_STACK, (ULONGLONG)(ULONG_PTR)Irp, PacketSize);
    }
    Prepare(Irp, PacketSize, StackSize, 0);
}

VOID IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    PNT_IRP shadow;
    UCHAR flags;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireIrp(Irp);
    shadow = NtIrp(Irp);
    flags = Irp->AllocationFlags;
    if (shadow == NULL) {
        Prepare(Irp, Irp->Size, Irp->StackCount, 0);
    } else {
        if (shadow->State == NT_IRP_ACTIVE) {
            NtBugCheckRule(RULE_IRP_ACTIVE, (ULONGLONG)(ULONG_PTR)Irp, 0);
        }
        shadow->State = NT_IRP_IDLE;
        shadow->Finish = FALSE;
        shadow->ReturnedPending[0] = shadow->ReturnedPending[1] = 0;
        Prepare(Irp, IoSizeOfIrp((CCHAR)(shadow->StackSize + HIDDEN)), shadow->StackSize, 1);
        Irp->Size = IoSizeOfIrp(shadow->StackSize);
    }
    Irp->AllocationFlags = flags;
    Irp->IoStatus.Status = Iostatus;
}

VOID IoFreeIrp(PIRP Irp)
{
    PNT_MACHINE kernel;
    PNT_IRP shadow, old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireIrp(Irp);
    shadow = NtIrp(Irp);
    if (shadow == NULL) {
        return; /* the driver's own memory: nothing of ours to free */
    }
    if (shadow->State == NT_IRP_ACTIVE) {
        NtBugCheckRule(RULE_IRP_ACTIVE, (ULONGLONG)(ULONG_PTR)Irp, 0);
    }
    while (!IsListEmpty(&shadow->Calls)) {
        CONTAINING_RECORD(RemoveHeadList(&shadow->Calls), NT_IRP_CALL, Entry)->Attached = FALSE;
    }
    Irp->Type = 0;
    kernel = NtKernel();
    kernel->IrpsFreed++;
    old = kernel->Quarantine[kernel->QuarantineNext];
    kernel->Quarantine[kernel->QuarantineNext] = shadow;
    kernel->QuarantineNext = (kernel->QuarantineNext + 1) % NT_IRP_QUARANTINE;
    if (old == NULL) {
        return;
    }
    if (old->StackSize <= NT_IRP_SIZES) {
        old->Next = kernel->FreeIrps[(UCHAR)old->StackSize];
        kernel->FreeIrps[(UCHAR)old->StackSize] = old;
    } else {
        NtPoolFreeKernel(kernel, old);
    }
}

VOID NtIrpRunCancelRoutine(PIRP Irp, PDRIVER_CANCEL Routine, KIRQL Irql)
{
    PDEVICE_OBJECT device =
        Irp->CurrentLocation <= Irp->StackCount ? IoGetCurrentIrpStackLocation(Irp)->DeviceObject : NULL;
    NT_CALL call;

    Irp->CancelIrql = Irql;
    /* The routine releases the cancel lock, so it returns at the caller's level with one lock less. */
    NtEnterCall(&call, "cancel routine", NtDriverOfCode(NtKernel(), (PVOID)Routine), DISPATCH_LEVEL, (PVOID)Routine);
    call.EntryIrql = Irql;
    call.EntryLocks = (UCHAR)(NtContext()->LockCount - 1);
    NT_INVOKE(Routine, device, Irp);
    NtLeaveCall(&call);
}

BOOLEAN IoCancelIrp(PIRP Irp)
{
    PDRIVER_CANCEL routine;
    KIRQL irql;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireIrp(Irp);
    IoAcquireCancelSpinLock(&irql);
    Irp->Cancel = TRUE;
    routine = IoSetCancelRoutine(Irp, NULL);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    NtIrpRunCancelRoutine(Irp, routine, irql);
    return TRUE;
}

BOOLEAN IoIs32bitProcess(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return FALSE;
}

PIRP IoGetTopLevelIrp(VOID)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    return NULL; /* file systems only */
}
