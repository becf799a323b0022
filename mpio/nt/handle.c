/* SPDX-License-Identifier: MIT */
/*
 * The handle table of a machine, shared by threads, files, events and registry keys. Handles are
 * index * 4 + 4, so 0 is never one. PASSIVE_LEVEL. The table grows by doubling up to NT_MAX_HANDLES.
 */
#include <stdlib.h>

#include "nt/kernel.h"

#define NO_ENTRY 0xffffffffu
#define FIRST_SIZE 64u

static BOOLEAN Grow(PNT_MACHINE Kernel)
{
    ULONG count = Kernel->HandleCount == 0 ? FIRST_SIZE : Kernel->HandleCount * 2;
    NT_HANDLE_ENTRY *table;

    if (count > NT_MAX_HANDLES) {
        return FALSE;
    }
    table = realloc(Kernel->Handles, count * sizeof(*table));
    if (table == NULL) {
        return FALSE;
    }
    for (ULONG i = Kernel->HandleCount; i < count; i++) {
        table[i] = (NT_HANDLE_ENTRY){.NextFree = i + 1 == count ? NO_ENTRY : i + 1};
    }
    Kernel->FreeHandle = Kernel->HandleCount;
    Kernel->Handles = table;
    Kernel->HandleCount = count;
    return TRUE;
}

HANDLE NtHandleInsert(PVOID Object, ULONG Type, VOID (*Close)(PVOID Object))
{
    PNT_MACHINE kernel = NtKernel();
    ULONG index;

    if ((kernel->HandleCount == 0 || kernel->FreeHandle == NO_ENTRY) && !Grow(kernel)) {
        return NULL;
    }
    index = kernel->FreeHandle;
    kernel->FreeHandle = kernel->Handles[index].NextFree;
    kernel->Handles[index].Object = Object;
    kernel->Handles[index].Type = Type;
    kernel->Handles[index].Close = Close;
    return (HANDLE)(ULONG_PTR)(index * 4 + 4);
}

static NT_HANDLE_ENTRY *Find(HANDLE Handle)
{
    PNT_MACHINE kernel = NtKernel();
    ULONG_PTR value = (ULONG_PTR)Handle;

    if (value < 4 || value % 4 != 0 || value / 4 - 1 >= kernel->HandleCount) {
        return NULL;
    }
    return kernel->Handles[value / 4 - 1].Type == 0 ? NULL : &kernel->Handles[value / 4 - 1];
}

PVOID NtHandleLookup(HANDLE Handle, ULONG Type)
{
    const NT_HANDLE_ENTRY *entry = Find(Handle);

    return entry == NULL || entry->Type != Type ? NULL : entry->Object;
}

NTSTATUS NtHandleClose(HANDLE Handle)
{
    NT_HANDLE_ENTRY *entry = Find(Handle);
    NT_HANDLE_ENTRY old;

    if (entry == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    old = *entry;
    entry->Type = 0;
    entry->Object = NULL;
    entry->NextFree = NtKernel()->FreeHandle;
    NtKernel()->FreeHandle = (ULONG)((ULONG_PTR)Handle / 4 - 1);
    if (old.Close != NULL) {
        old.Close(old.Object);
    }
    return STATUS_SUCCESS;
}

NTSTATUS ZwClose(HANDLE Handle)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return NtHandleClose(Handle);
}
