/* SPDX-License-Identifier: MIT */
/*
 * The smaller questions to the I/O and memory managers, probing of buffers, and security of kernel
 * callers. Levels stand with the routines; what is kept lies in the IRP, the thread or NT_MACHINE.
 */
#include "nt/device.h"
#include "nt/irp_shadow.h"
#include "nt/seh.h"
#include "nt/thread.h"

#define PRIORITY_SHIFT 17 /* three bits of IRP.Flags: hint + 1, 0 = none set */
#define PRIORITY_MASK  (7u << PRIORITY_SHIFT)
#define WDM_MAJOR      6
#define WDM_MINOR      0
#define SYSTEM_PROCESS_ID 4

IO_PRIORITY_HINT IoGetIoPriorityHint(PIRP Irp)
{
    ULONG hint = (Irp->Flags & PRIORITY_MASK) >> PRIORITY_SHIFT;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return hint == 0 ? IoPriorityNormal : (IO_PRIORITY_HINT)(hint - 1);
}

NTSTATUS IoSetIoPriorityHint(PIRP Irp, IO_PRIORITY_HINT PriorityHint)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if ((ULONG)PriorityHint >= MaxIoPriorityTypes) {
        return STATUS_INVALID_PARAMETER;
    }
    Irp->Flags = (Irp->Flags & ~PRIORITY_MASK) | ((ULONG)PriorityHint + 1) << PRIORITY_SHIFT;
    return STATUS_SUCCESS;
}

PEPROCESS IoGetRequestorProcess(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return PsGetCurrentProcess();
}

ULONG IoGetRequestorProcessId(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return SYSTEM_PROCESS_ID;
}

/* IRPs of threads carry their thread; others concern the one that runs. */
static PNT_THREAD ThreadOf(PETHREAD Thread)
{
    return Thread != NULL ? (PNT_THREAD)(PVOID)Thread : NtThreadCurrent();
}

VOID IoSetHardErrorOrVerifyDevice(PIRP Irp, PDEVICE_OBJECT DeviceObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    ThreadOf(Irp->Tail.Overlay.Thread)->DeviceToVerify = DeviceObject;
}

PDEVICE_OBJECT IoGetDeviceToVerify(PETHREAD Thread)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return ThreadOf(Thread)->DeviceToVerify;
}

VOID IoSetDeviceToVerify(PETHREAD Thread, PDEVICE_OBJECT DeviceObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    ThreadOf(Thread)->DeviceToVerify = DeviceObject;
}

static NTSTATUS CalledBack(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS IoSynchronousCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT event;

    NT_REQUIRE_IRQL(APC_LEVEL);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoSetCompletionRoutine(Irp, CalledBack, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(DeviceObject, Irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    return Irp->IoStatus.Status;
}

BOOLEAN IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    return MajorVersion < WDM_MAJOR || (MajorVersion == WDM_MAJOR && MinorVersion <= WDM_MINOR);
}

ULONG IoWMIDeviceObjectToProviderId(PDEVICE_OBJECT DeviceObject)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtDeviceRequire(DeviceObject);
    return NtDevice(DeviceObject)->Ordinal;
}

PCONFIGURATION_INFORMATION IoGetConfigurationInformation(VOID)
{
    PNT_MACHINE kernel;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    kernel = NtKernel();
    if (kernel->Configuration == NULL) {
        kernel->Configuration = NtPoolAllocateKernel(kernel, sizeof(*kernel->Configuration), 'fnoC');
        if (kernel->Configuration == NULL) {
            KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INSUFFICIENT_RESOURCES, 0, 0, 0);
        }
        kernel->Configuration->Version = sizeof(*kernel->Configuration);
    }
    return kernel->Configuration;
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

MM_SYSTEMSIZE MmQuerySystemSize(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return MmLargeSystem;
}

BOOLEAN MmIsThisAnNtAsSystem(VOID)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    return TRUE;
}

NTSTATUS MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    ULONG offset = Mdl->ByteOffset + NumberOfBytes, pages = offset >> PAGE_SHIFT;
    ULONG spanned = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(Mdl), Mdl->ByteCount);
    PPFN_NUMBER frames = MmGetMdlPfnArray(Mdl);

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (NumberOfBytes > Mdl->ByteCount) {
        return STATUS_INVALID_PARAMETER_2;
    }
    for (ULONG i = pages; i < spanned; i++) {
        frames[i - pages] = frames[i];
    }
    if ((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0) {
        Mdl->MappedSystemVa = (PUCHAR)Mdl->MappedSystemVa + NumberOfBytes;
    }
    Mdl->StartVa = (PUCHAR)Mdl->StartVa + ((ULONG_PTR)pages << PAGE_SHIFT);
    Mdl->ByteOffset = offset & PAGE_MASK;
    Mdl->ByteCount -= NumberOfBytes;
    return STATUS_SUCCESS;
}

static VOID Raise(NTSTATUS Status)
{
    if (!NtRaiseAtCaller(Status)) {
        NtRaiseStatus(Status);
    }
}

static VOID Probe(ULONG_PTR Address, SIZE_T Length, ULONG Alignment)
{
    if (Length == 0) {
        return;
    }
    if ((Address & (Alignment - 1)) != 0) {
        Raise(STATUS_DATATYPE_MISALIGNMENT);
    } else if (Address + Length < Address || Address < 0x10000) {
        Raise(STATUS_ACCESS_VIOLATION);
    }
}

VOID ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    Probe((ULONG_PTR)Address, Length, Alignment);
}

VOID ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    Probe((ULONG_PTR)Address, Length, Alignment);
}

VOID ExRaiseAccessViolation(VOID)
{
    ExRaiseStatus(STATUS_ACCESS_VIOLATION);
}

VOID ExRaiseDatatypeMisalignment(VOID)
{
    ExRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
}

/* ---- security ---------------------------------------------------------------------------------------------- */

NTSTATUS RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    NT_REQUIRE_IRQL(APC_LEVEL);
    if (Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    *(PISECURITY_DESCRIPTOR)SecurityDescriptor = (SECURITY_DESCRIPTOR){.Revision = SECURITY_DESCRIPTOR_REVISION};
    return STATUS_SUCCESS;
}

NTSTATUS RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent, PACL Dacl,
                                      BOOLEAN DaclDefaulted)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;

    NT_REQUIRE_IRQL(APC_LEVEL);
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION) {
        return STATUS_UNKNOWN_REVISION;
    }
    if ((descriptor->Control & SE_SELF_RELATIVE) != 0) {
        return STATUS_INVALID_SECURITY_DESCR;
    }
    descriptor->Control &= (USHORT) ~(SE_DACL_PRESENT | SE_DACL_DEFAULTED);
    if (DaclPresent) {
        descriptor->Control |= SE_DACL_PRESENT | (DaclDefaulted ? SE_DACL_DEFAULTED : 0);
    }
    descriptor->Dacl = DaclPresent ? Dacl : NULL;
    return STATUS_SUCCESS;
}

BOOLEAN SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode)
{
    UNREFERENCED_PARAMETER(PrivilegeValue);
    UNREFERENCED_PARAMETER(PreviousMode);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return TRUE;
}
