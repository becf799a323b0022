/* SPDX-License-Identifier: MIT */
/*
 * Service "disk": entry, AddDevice, disk numbers, unload. PASSIVE_LEVEL; DISK_MACHINE.Lock guards the
 * numbers. Rules: class-driver reference 3.1 (AddDevice), 4.6 (claim).
 */
#include "disk/disk.h"

/* ---- numbers: the first free N ------------------------------------------------------------------------- */

static BOOLEAN GrowNumbers(PDISK_MACHINE Machine)
{
    ULONG words = Machine->NumberWords == 0 ? 8 : 2 * Machine->NumberWords;
    PULONG bits = ExAllocatePoolZero(NonPagedPoolNx, words * sizeof(ULONG), DISK_TAG);

    if (bits == NULL) {
        return FALSE;
    }
    if (Machine->Numbers != NULL) {
        RtlCopyMemory(bits, Machine->Numbers, Machine->NumberWords * sizeof(ULONG));
        ExFreePoolWithTag(Machine->Numbers, DISK_TAG);
    }
    Machine->Numbers = bits;
    Machine->NumberWords = words;
    return TRUE;
}

static NTSTATUS TakeNumber(PULONG Number)
{
    PDISK_MACHINE machine = DiskMachine();
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL irql;

    KeAcquireSpinLock(&machine->Lock, &irql);
    for (ULONG word = 0;; word++) {
        if (word == machine->NumberWords && !GrowNumbers(machine)) {
            break;
        }
        if (machine->Numbers[word] != ~0u) {
            ULONG bit = (ULONG)__builtin_ctz(~machine->Numbers[word]);

            machine->Numbers[word] |= 1u << bit;
            *Number = 32 * word + bit;
            status = STATUS_SUCCESS;
            break;
        }
    }
    KeReleaseSpinLock(&machine->Lock, irql);
    return status;
}

VOID DiskFreeNumber(ULONG Number)
{
    PDISK_MACHINE machine = DiskMachine();
    KIRQL irql;

    KeAcquireSpinLock(&machine->Lock, &irql);
    machine->Numbers[Number / 32] &= ~(1u << (Number % 32));
    KeReleaseSpinLock(&machine->Lock, irql);
}

/* ---- devices ------------------------------------------------------------------------------------------------ */

static VOID AppendText(PUNICODE_STRING Name, PCWSTR Text, ULONG Number)
{
    WCHAR digits[12];
    UNICODE_STRING number = {0, sizeof(digits), digits};

    (VOID)RtlAppendUnicodeToString(Name, Text);
    (VOID)RtlIntegerToUnicodeString(Number, 10, &number);
    (VOID)RtlAppendUnicodeStringToString(Name, &number);
}

static NTSTATUS CreateFdo(PDRIVER_OBJECT DriverObject, ULONG Number, PDEVICE_OBJECT *Fdo)
{
    PDISK_MACHINE machine = DiskMachine();
    WCHAR buffer[64];
    UNICODE_STRING name = {0, sizeof(buffer), buffer};

    AppendText(&name, u"\\Device\\Harddisk", Number);
    AppendText(&name, u"\\DR", machine->NextDevice++);
    return IoCreateDevice(DriverObject, sizeof(DISK), &name, FILE_DEVICE_DISK, FILE_DEVICE_SECURE_OPEN, FALSE, Fdo);
}

static VOID InitializeDisk(PDISK Disk, PDEVICE_OBJECT Fdo, PDEVICE_OBJECT Pdo, ULONG Number)
{
    RtlZeroMemory(Disk, sizeof(*Disk));
    Disk->Self = Fdo;
    Disk->Pdo = Pdo;
    Disk->Number = Number;
    Disk->Holders = 1; /* until REMOVE */
    Disk->BlockSize = 512;
    Disk->BlockShift = 9;
    Disk->TimeOut = DISK_DEFAULT_TIMEOUT;
    Disk->CurrentState = Disk->PreviousState = 0xFF;
    KeInitializeEvent(&Disk->NoHolders, NotificationEvent, FALSE);
    KeInitializeSpinLock(&Disk->Lock);
    InitializeListHead(&Disk->Waiting);
    InitializeListHead(&Disk->FlushRunning);
    InitializeListHead(&Disk->FlushGathering);
    Disk->FreePackets.Next = NULL;
}

static NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(Pdo);
    PDEVICE_OBJECT fdo = NULL;
    ULONG number;
    NTSTATUS status;

    status = TakeNumber(&number);
    if (!NT_SUCCESS(status)) {
        goto no_number;
    }
    status = DiskClaim(top, SRB_FUNCTION_CLAIM_DEVICE);
    if (!NT_SUCCESS(status)) {
        goto not_ours;
    }
    status = CreateFdo(DriverObject, number, &fdo);
    if (!NT_SUCCESS(status)) {
        goto no_device;
    }
    InitializeDisk(DiskOf(fdo), fdo, Pdo, number);
    DiskOf(fdo)->Lower = IoAttachDeviceToDeviceStack(fdo, Pdo);
    if (DiskOf(fdo)->Lower == NULL) {
        status = STATUS_NO_SUCH_DEVICE;
        goto not_attached;
    }
    if (fdo->AlignmentRequirement < DiskOf(fdo)->Lower->AlignmentRequirement) {
        fdo->AlignmentRequirement = DiskOf(fdo)->Lower->AlignmentRequirement;
    }
    fdo->Flags |= DO_DIRECT_IO | (DiskOf(fdo)->Lower->Flags & DO_POWER_PAGABLE);
    fdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    ObDereferenceObject(top);
    return STATUS_SUCCESS;

not_attached:
    IoDeleteDevice(fdo);
no_device:
    (VOID)DiskClaim(top, SRB_FUNCTION_RELEASE_DEVICE);
not_ours:
    DiskFreeNumber(number);
no_number:
    ObDereferenceObject(top);
    return status;
}

/* ---- the rest of the dispatch table ---------------------------------------------------------------------------- */

static NTSTATUS CreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return DiskComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS PassDown(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDISK disk = DiskOf(DeviceObject);

    if (!DiskHold(disk)) {
        DiskRelease(disk);
        return DiskComplete(Irp, STATUS_DEVICE_DOES_NOT_EXIST, 0);
    }
    return DiskForward(disk, Irp);
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    PDISK_MACHINE machine = DiskMachine();

    UNREFERENCED_PARAMETER(DriverObject);
    ExDeleteNPagedLookasideList(&machine->Ios);
    if (machine->Numbers != NULL) {
        ExFreePoolWithTag(machine->Numbers, DISK_TAG);
    }
    *NtDriverRoot(ROOT_DISK) = NULL;
    ExFreePoolWithTag(machine, DISK_TAG);
}

NTSTATUS DiskDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDISK_MACHINE machine = ExAllocatePoolZero(NonPagedPoolNx, sizeof(*machine), DISK_TAG);

    UNREFERENCED_PARAMETER(RegistryPath);
    if (machine == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeInitializeSpinLock(&machine->Lock);
    InitializeListHead(&machine->Disks);
    ExInitializeNPagedLookasideList(&machine->Ios, NULL, NULL, 0, sizeof(DISK_IO), DISK_TAG, 0);
    *NtDriverRoot(ROOT_DISK) = machine;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    DriverObject->DriverUnload = Unload;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        DriverObject->MajorFunction[i] = PassDown;
    }
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    DriverObject->MajorFunction[IRP_MJ_READ] = DiskReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = DiskReadWrite;
    DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = DiskFlushBuffers;
    DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = DiskShutdown;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DiskDeviceControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DiskPnp;
    return STATUS_SUCCESS;
}
