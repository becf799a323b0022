/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: a loaded driver. DRIVER_OBJECT and what belongs to it.
 */
#ifndef MPIO_NT_DRIVEROBJECT_H
#define MPIO_NT_DRIVEROBJECT_H

#include "nt/object.h"

#define NT_SERVICE_NAME_MAX 63

struct _NT_DRIVER {
    NT_OBJECT Header;           /* directly before Object */
    DRIVER_OBJECT Object;
    DRIVER_EXTENSION Extension;
    LIST_ENTRY Entry;           /* NT_MACHINE.Drivers */
    LIST_ENTRY ClientExtensions;/* IoAllocateDriverObjectExtension */
    LIST_ENTRY Reinitialize;    /* IoRegisterDriverReinitialization */
    struct nt_image Image;      /* path "" = the framework's own code */
    ULONG Ordinal;              /* from 1 */
    BOOLEAN Foreign;
    BOOLEAN Unloading;
    void (*Done)(void *user, int32_t status);
    void *DoneUser;
    CHAR Name[NT_SERVICE_NAME_MAX + 1];
    WCHAR ServiceName[NT_SERVICE_NAME_MAX + 1];
    WCHAR DriverName[NT_SERVICE_NAME_MAX + 1 + 8];
    WCHAR RegistryPath[NT_SERVICE_NAME_MAX + 1 + 64];
};
C_ASSERT(FIELD_OFFSET(NT_DRIVER, Object) == sizeof(NT_OBJECT));

static inline PNT_DRIVER NtDriver(PDRIVER_OBJECT Driver)
{
    return CONTAINING_RECORD(Driver, NT_DRIVER, Object);
}

/* The foreign driver whose image holds this address; NULL for the framework's code. */
PDRIVER_OBJECT NtDriverOfCode(PNT_MACHINE Kernel, PVOID Code);
/* Releases the memory of what hangs on a driver object. */
VOID NtDriverDestroyExtensions(PNT_MACHINE Kernel, PNT_DRIVER Driver);

#endif
