/* SPDX-License-Identifier: MIT */
/*
 * Driver objects: loading (DriverEntry in a system thread), look-up, client extensions,
 * reinitialization. PASSIVE_LEVEL, except the look-ups. Unloading is in unload.c.
 */
#include <stdio.h>
#include <string.h>

#include "nt/driverobject.h"
#include "nt/thread.h"

#define DRIVER_TAG 'vrDN'
#define MAX_REINITIALIZE_ROUNDS 16

static NTSTATUS InvalidRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

BOOLEAN NtDriverIsForeign(PDRIVER_OBJECT Driver)
{
    return Driver != NULL && NtDriver(Driver)->Foreign;
}

ULONG NtDriverOrdinal(PDRIVER_OBJECT Driver)
{
    return Driver == NULL ? 0 : NtDriver(Driver)->Ordinal;
}

PCSTR NtDriverName(PDRIVER_OBJECT Driver)
{
    return Driver == NULL ? "" : NtDriver(Driver)->Name;
}

/* The framework's own completion routines end at the first comparison. */
PDRIVER_OBJECT NtDriverOfCode(PNT_MACHINE Kernel, PVOID Code)
{
    if ((ULONG_PTR)Code - Kernel->ForeignLow >= Kernel->ForeignHigh - Kernel->ForeignLow) {
        return NULL;
    }
    for (PLIST_ENTRY entry = Kernel->Drivers.Flink; entry != &Kernel->Drivers; entry = entry->Flink) {
        PNT_DRIVER driver = CONTAINING_RECORD(entry, NT_DRIVER, Entry);

        if (driver->Foreign && (ULONG_PTR)Code - (ULONG_PTR)driver->Image.base < driver->Image.size) {
            return &driver->Object;
        }
    }
    return NULL;
}

static WCHAR Upper(WCHAR Character)
{
    return Character >= u'a' && Character <= u'z' ? (WCHAR)(Character - u'a' + u'A') : Character;
}

PDRIVER_OBJECT NtFindDriver(PCWSTR ServiceName)
{
    PNT_MACHINE kernel = NtKernel();

    for (PLIST_ENTRY entry = kernel->Drivers.Flink; entry != &kernel->Drivers; entry = entry->Flink) {
        PNT_DRIVER driver = CONTAINING_RECORD(entry, NT_DRIVER, Entry);
        ULONG i = 0;

        while (ServiceName[i] != 0 && Upper(ServiceName[i]) == Upper(driver->ServiceName[i])) {
            i++;
        }
        if (ServiceName[i] == 0 && driver->ServiceName[i] == 0) {
            return &driver->Object;
        }
    }
    return NULL;
}

PDRIVER_OBJECT NtNextDriver(PDRIVER_OBJECT Driver)
{
    PNT_MACHINE kernel = NtKernel();
    PLIST_ENTRY next = Driver == NULL ? kernel->Drivers.Flink : NtDriver(Driver)->Entry.Flink;

    return next == &kernel->Drivers ? NULL : &CONTAINING_RECORD(next, NT_DRIVER, Entry)->Object;
}

static VOID DeleteDriver(PVOID Object)
{
    PNT_DRIVER driver = NtDriver(Object);

    NtDriverDestroyExtensions(NtKernel(), driver);
    NtPoolFreeKernel(NtKernel(), driver);
}

/* ---- strings -------------------------------------------------------------------------------------- */

static VOID Join(WCHAR *Buffer, PCWSTR Prefix, const CHAR *Name, PUNICODE_STRING String)
{
    USHORT length = 0;

    while (Prefix[length] != 0) {
        Buffer[length] = Prefix[length];
        length++;
    }
    for (; *Name != 0; Name++) {
        Buffer[length++] = (WCHAR)(UCHAR)*Name;
    }
    Buffer[length] = 0;
    String->Buffer = Buffer;
    String->Length = (USHORT)(length * sizeof(WCHAR));
    String->MaximumLength = (USHORT)(String->Length + sizeof(WCHAR));
}

static BOOLEAN IsServiceName(const char *Service)
{
    size_t length = strlen(Service);

    if (length == 0 || length > NT_SERVICE_NAME_MAX) {
        return FALSE;
    }
    for (size_t i = 0; i < length; i++) {
        if (Service[i] <= ' ' || Service[i] >= 0x7f || Service[i] == '\\' || Service[i] == '/') {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- loading ---------------------------------------------------------------------------------------- */

static VOID Reinitialize(PNT_DRIVER Driver);

static VOID ClearInitializing(PDRIVER_OBJECT Driver)
{
    for (PDEVICE_OBJECT device = Driver->DeviceObject; device != NULL; device = device->NextDevice) {
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    }
}

static VOID Load(PVOID Argument)
{
    PNT_DRIVER driver = Argument;
    UNICODE_STRING path;
    WCHAR parameters[NT_SERVICE_NAME_MAX + 16];
    UNICODE_STRING unused;
    NTSTATUS status;

    Join(driver->RegistryPath, u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", driver->Name, &path);
    Join(parameters, u"", driver->Name, &unused);
    memcpy((PUCHAR)parameters + unused.Length, u"\\Parameters", sizeof(u"\\Parameters"));
    status = RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, driver->ServiceName);
    if (NT_SUCCESS(status)) {
        status = RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, parameters);
    }
    if (NT_SUCCESS(status)) {
        status = NT_CALL_OUT("DriverEntry", &driver->Object, PASSIVE_LEVEL, driver->Object.DriverInit,
                             &driver->Object, &path);
    }
    if (NT_SUCCESS(status)) {
        driver->Object.Flags |= DRVO_INITIALIZED;
        ClearInitializing(&driver->Object);
        Reinitialize(driver);
    } else {
        /* Devices and memory a failed DriverEntry leaves behind stay, as on Windows. */
        RemoveEntryList(&driver->Entry);
        InitializeListHead(&driver->Entry);
    }
    if (driver->Done != NULL) {
        driver->Done(driver->DoneUser, status);
    }
}

bool nt_load_driver(struct machine *m, const char *service, void *entry, const struct nt_image *image,
                    void (*done)(void *user, int32_t status), void *user)
{
    PNT_MACHINE kernel = NtKernelOf(m);
    PNT_DRIVER driver;
    UNICODE_STRING name;

    if (!IsServiceName(service) || entry == NULL) {
        return false;
    }
    driver = NtPoolAllocateKernel(kernel, sizeof(*driver), DRIVER_TAG);
    if (driver == NULL) {
        return false;
    }
    NtObjectInitialize(&driver->Header, NT_OBJECT_DRIVER, DeleteDriver);
    InitializeListHead(&driver->ClientExtensions);
    InitializeListHead(&driver->Reinitialize);
    if (image != NULL) {
        driver->Image = *image;
    }
    driver->Foreign = driver->Image.path[0] != 0;
    if (driver->Foreign) {
        ULONG_PTR low = (ULONG_PTR)driver->Image.base, high = low + driver->Image.size;

        kernel->ForeignLow = kernel->ForeignHigh == 0 || low < kernel->ForeignLow ? low : kernel->ForeignLow;
        kernel->ForeignHigh = high > kernel->ForeignHigh ? high : kernel->ForeignHigh;
    }
    driver->Ordinal = ++kernel->DriverCount;
    driver->Done = done;
    driver->DoneUser = user;
    memcpy(driver->Name, service, strlen(service));
    driver->Object.Type = IO_TYPE_DRIVER;
    driver->Object.Size = sizeof(DRIVER_OBJECT);
    driver->Object.DriverStart = driver->Image.base;
    driver->Object.DriverSize = (ULONG)driver->Image.size;
    driver->Object.DriverExtension = &driver->Extension;
    driver->Object.DriverInit = (PDRIVER_INITIALIZE)entry;
    driver->Extension.DriverObject = &driver->Object;
    Join(driver->ServiceName, u"", driver->Name, &driver->Extension.ServiceKeyName);
    Join(driver->DriverName, u"\\Driver\\", driver->Name, &name);
    driver->Object.DriverName = name;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver->Object.MajorFunction[i] = InvalidRequest;
    }
    InsertTailList(&kernel->Drivers, &driver->Entry);
    if (NtThreadStart(kernel, service, Load, driver, NULL, "load of a driver") == NULL) {
        RemoveEntryList(&driver->Entry);
        NtPoolFreeKernel(kernel, driver);
        return false;
    }
    return true;
}

/* ---- client extensions and reinitialization ------------------------------------------------------------ */

typedef struct DECLSPEC_ALIGN(16) _NT_CLIENT_EXTENSION {
    LIST_ENTRY Entry;
    PVOID Client;
} NT_CLIENT_EXTENSION;

typedef struct _NT_REINITIALIZE {
    LIST_ENTRY Entry;
    PDRIVER_REINITIALIZE Routine;
    PVOID Context;
} NT_REINITIALIZE;

PVOID IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    PLIST_ENTRY head = &NtDriver(DriverObject)->ClientExtensions;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_CLIENT_EXTENSION *extension = CONTAINING_RECORD(entry, NT_CLIENT_EXTENSION, Entry);

        if (extension->Client == ClientIdentificationAddress) {
            return extension + 1;
        }
    }
    return NULL;
}

NTSTATUS IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress, ULONG Size,
                                         PVOID *DriverObjectExtension)
{
    NT_CLIENT_EXTENSION *extension;

    NT_REQUIRE_IRQL(APC_LEVEL);
    *DriverObjectExtension = NULL;
    if (IoGetDriverObjectExtension(DriverObject, ClientIdentificationAddress) != NULL) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    extension = NtPoolAllocateKernel(NtKernel(), sizeof(*extension) + Size, DRIVER_TAG);
    if (extension == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    extension->Client = ClientIdentificationAddress;
    InsertTailList(&NtDriver(DriverObject)->ClientExtensions, &extension->Entry);
    *DriverObjectExtension = extension + 1;
    return STATUS_SUCCESS;
}

VOID IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject, PDRIVER_REINITIALIZE Routine, PVOID Context)
{
    NT_REINITIALIZE *record;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    record = NtPoolAllocateKernel(NtKernel(), sizeof(*record), DRIVER_TAG);
    if (record == NULL) {
        return;
    }
    record->Routine = Routine;
    record->Context = Context;
    InsertTailList(&NtDriver(DriverObject)->Reinitialize, &record->Entry);
}

/* Runs what was registered, and what those routines register again, a bounded number of times. */
static VOID Reinitialize(PNT_DRIVER Driver)
{
    for (ULONG round = 1; round <= MAX_REINITIALIZE_ROUNDS && !IsListEmpty(&Driver->Reinitialize); round++) {
        NT_REINITIALIZE *record = CONTAINING_RECORD(RemoveHeadList(&Driver->Reinitialize), NT_REINITIALIZE, Entry);
        PDRIVER_REINITIALIZE routine = record->Routine;
        PVOID context = record->Context;

        NtPoolFreeKernel(NtKernel(), record);
        Driver->Extension.Count++;
        NT_CALL_VOID("reinitialization routine", &Driver->Object, PASSIVE_LEVEL, routine, &Driver->Object, context,
                     Driver->Extension.Count);
    }
}

VOID NtDriverDestroyExtensions(PNT_MACHINE Kernel, PNT_DRIVER Driver)
{
    while (!IsListEmpty(&Driver->ClientExtensions)) {
        NtPoolFreeKernel(Kernel, CONTAINING_RECORD(RemoveHeadList(&Driver->ClientExtensions), NT_CLIENT_EXTENSION, Entry));
    }
    while (!IsListEmpty(&Driver->Reinitialize)) {
        NtPoolFreeKernel(Kernel, CONTAINING_RECORD(RemoveHeadList(&Driver->Reinitialize), NT_REINITIALIZE, Entry));
    }
}
