/* SPDX-License-Identifier: MIT */
/*
 * A driver that is no DSM: it tries every way in which calls go from a PE image to the kernel and back, and
 * fails its DriverEntry with the number of the line where something was wrong. Built and run by mpio/cli/tests/pe.sh.
 */
#include <ntddk.h>

#define TAG 'borP'
#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition))                                 \
            return (NTSTATUS)(0xE0000000u | __LINE__);    \
    } while (0)

static KEVENT Event;
static ULONG Calls;

static BOOLEAN Waited(VOID)
{
    LARGE_INTEGER limit;

    limit.QuadPart = -10000000; /* a second */
    return KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &limit) == STATUS_SUCCESS;
}

/* ---- callbacks of every kind: each leaves its mark in Calls and sets the event ------------------------ */

static VOID Dpc(PKDPC DpcObject, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(DpcObject);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Calls += KeGetCurrentIrql() == DISPATCH_LEVEL && Context == &Calls ? 1 : 1000;
    KeSetEvent(&Event, 0, FALSE);
}

static VOID Thread(PVOID Context)
{
    Calls += Context == &Calls ? 10 : 1000;
    KeSetEvent(&Event, 0, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    Calls += DeviceObject->DriverObject != NULL && Context == &Calls ? 100 : 1000;
    KeSetEvent(&Event, 0, FALSE);
}

static NTSTATUS Query(PWSTR Name, ULONG Type, PVOID Data, ULONG Length, PVOID Context, PVOID Entry)
{
    UNREFERENCED_PARAMETER(Name);
    return Type == REG_DWORD && Length == 4 && *(PULONG)Data == 77 && Context == &Calls && Entry == &Event ? STATUS_SUCCESS
                                                                                                          : STATUS_UNSUCCESSFUL;
}

static PVOID Allocate(POOL_TYPE Type, SIZE_T Bytes, ULONG Tag)
{
    Calls++;
    return ExAllocatePoolWithTag(Type, Bytes, Tag);
}

static VOID Free(PVOID Memory)
{
    Calls += 10;
    ExFreePool(Memory);
}

static int __cdecl Compare(const void *A, const void *B)
{
    Calls = 1;
    return *(const int *)A < *(const int *)B ? -1 : *(const int *)A > *(const int *)B;
}

static VOID Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Calls++;
    Irp->IoStatus.Status = STATUS_CANCELLED;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static NTSTATUS DispatchRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, Cancel);
    return STATUS_PENDING;
}

static NTSTATUS Completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Calls += Context == &Calls && Irp->IoStatus.Status == STATUS_CANCELLED ? 10 : 1000;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* ---- the tries ------------------------------------------------------------------------------------------ */

static NTSTATUS TryPlace(PDRIVER_OBJECT DriverObject)
{
    LARGE_INTEGER frequency, now = KeQueryPerformanceCounter(&frequency);
    PUCHAR start = DriverObject->DriverStart;

    CHECK(start[0] == 'M' && start[1] == 'Z');
    CHECK((PUCHAR)(ULONG_PTR)&Calls > start && (PUCHAR)(ULONG_PTR)&Calls < start + DriverObject->DriverSize);
    CHECK((PUCHAR)(ULONG_PTR)DriverObject->DriverInit > start);
    CHECK(frequency.QuadPart > 0 && now.QuadPart >= 0);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "probe says %d %s %I64x %ws %c %u %wZ\n", -1, "two", 0x333333333ull, L"four",
               '5', 6u, &DriverObject->DriverName);
    return STATUS_SUCCESS;
}

static NTSTATUS TryLater(PDEVICE_OBJECT Device)
{
    PIO_WORKITEM item = IoAllocateWorkItem(Device);
    LARGE_INTEGER due;
    KTIMER timer;
    KDPC dpc;
    HANDLE thread;

    CHECK(item != NULL);
    Calls = 0;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, Dpc, &Calls);
    due.QuadPart = -10;
    KeSetTimer(&timer, due, &dpc);
    CHECK(Waited() && Calls == 1);
    CHECK(NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, Thread, &Calls)));
    ZwClose(thread);
    CHECK(Waited() && Calls == 11);
    IoQueueWorkItem(item, Work, DelayedWorkQueue, &Calls);
    CHECK(Waited() && Calls == 111);
    IoFreeWorkItem(item);
    return STATUS_SUCCESS;
}

static NTSTATUS TryLookaside(VOID)
{
    NPAGED_LOOKASIDE_LIST list;
    PVOID entry;

    /* The kernel's routines, called inline through the structure as the WDK's headers do. */
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    entry = list.L.Allocate(list.L.Type, list.L.Size, list.L.Tag);
    CHECK(entry != NULL);
    list.L.Free(entry);
    entry = ExAllocateFromNPagedLookasideList(&list);
    CHECK(entry != NULL);
    ExFreeToNPagedLookasideList(&list, entry);
    ExDeleteNPagedLookasideList(&list);

    Calls = 0;
    ExInitializeNPagedLookasideList(&list, Allocate, Free, 0, 64, TAG, 0);
    entry = ExAllocateFromNPagedLookasideList(&list);
    CHECK(entry != NULL && Calls == 1);
    ExFreeToNPagedLookasideList(&list, entry);
    ExDeleteNPagedLookasideList(&list);
    CHECK(Calls == 11);
    return STATUS_SUCCESS;
}

static NTSTATUS TryRegistry(PUNICODE_STRING Path)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG value = 77;

    RtlZeroMemory(table, sizeof(table));
    table[0].QueryRoutine = Query;
    table[0].Name = L"Number";
    table[0].EntryContext = &Event;
    CHECK(NT_SUCCESS(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, Path->Buffer, L"Number", REG_DWORD, &value, sizeof(value))));
    CHECK(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path->Buffer, table, &Calls, NULL) == STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS TryIrps(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);

    CHECK(irp != NULL);
    Calls = 0;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, Completed, &Calls, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(Device, irp) == STATUS_PENDING);
    CHECK(IoCancelIrp(irp));
    CHECK(Calls == 11);

    IoReuseIrp(irp, STATUS_SUCCESS);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE; /* the kernel's own routine answers */
    IoSetCompletionRoutine(irp, Completed, &Calls, TRUE, TRUE, TRUE);
    CHECK(IoCallDriver(Device, irp) == STATUS_INVALID_DEVICE_REQUEST);
    CHECK(Calls == 1011);
    IoFreeIrp(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS TryByName(VOID)
{
    typedef int __cdecl COMPARE(const void *, const void *);
    typedef VOID __cdecl SORT(PVOID, SIZE_T, SIZE_T, COMPARE *);
    typedef PVOID __cdecl SEARCH(const void *, const void *, SIZE_T, SIZE_T, COMPARE *);
    typedef int __cdecl RANDOM(VOID);
    int numbers[] = {5, -1, 9, 5, 0, 7, -30, 12}, key = 7;
    UNICODE_STRING name;
    SORT *sort;
    SEARCH *search;
    RANDOM *random;

    Calls = 0;
    RtlInitUnicodeString(&name, L"qsort");
    CHECK((sort = (SORT *)MmGetSystemRoutineAddress(&name)) != NULL);
    sort(numbers, 8, sizeof(numbers[0]), Compare);
    for (ULONG i = 1; i < 8; i++)
        CHECK(numbers[i - 1] <= numbers[i]);
    RtlInitUnicodeString(&name, L"bsearch");
    CHECK((search = (SEARCH *)MmGetSystemRoutineAddress(&name)) != NULL);
    CHECK(search(&key, numbers, 8, sizeof(numbers[0]), Compare) == &numbers[5]);
    key = 8;
    CHECK(search(&key, numbers, 8, sizeof(numbers[0]), Compare) == NULL && Calls == 1);
    RtlInitUnicodeString(&name, L"rand");
    CHECK((random = (RANDOM *)MmGetSystemRoutineAddress(&name)) != NULL);
    CHECK(random() == 41 && random() == 18467); /* what every program of Microsoft's library sees first */
    RtlInitUnicodeString(&name, L"DsmNotification");
    CHECK(MmGetSystemRoutineAddress(&name) == NULL); /* not the kernel's */
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(DriverObject, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_READ] = DispatchRead;
    status = TryPlace(DriverObject);
    if (NT_SUCCESS(status))
        status = TryLater(device);
    if (NT_SUCCESS(status))
        status = TryLookaside();
    if (NT_SUCCESS(status))
        status = TryRegistry(RegistryPath);
    if (NT_SUCCESS(status))
        status = TryIrps(device);
    if (NT_SUCCESS(status))
        status = TryByName();
    return status;
}
