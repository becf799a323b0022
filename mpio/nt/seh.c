/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, the kernel's part. Which faults are exceptions follows Windows: below DISPATCH_LEVEL a bad user address is
 * STATUS_ACCESS_VIOLATION, which __except can handle; a bad address of the kernel, or any at DISPATCH_LEVEL, is a bug
 * check. Rules: NT-EXC-01, NT-EXC-02. Any IRQL.
 */
#include "nt/seh.h"

#include "host/trap.h"
#include "nt/pool.h"

#define USER_ADDRESSES 0x7FFFFFFF0000ull /* MmUserProbeAddress */

BOOLEAN NtRaiseAtCaller(NTSTATUS Status)
{
    PVOID slot = host_image_caller();

    if (slot == NULL || !NtMayLeaveRoutine(slot)) {
        return FALSE;
    }
    host_raise(slot, (ULONG)Status);
    return TRUE;
}

static BOOLEAN Inside(ULONGLONG Address, ULONGLONG Base, ULONGLONG Bytes)
{
    return Address - Base < Bytes;
}

/* The pool, images and stacks lie among the host's addresses, but they are what a kernel's memory is made of. */
static BOOLEAN IsKernelAddress(ULONGLONG Address)
{
    const NT_POOL *pool = NtKernel()->Pool;
    PVOID low, high;

    fibre_stack(world_fibre, &low, &high);
    return Address >= USER_ADDRESSES || Inside(Address, (ULONG_PTR)pool->Base, pool->Bytes) ||
           Inside(Address, NT_PE_WINDOW_BASE, NT_PE_WINDOW_SIZE) ||
           Inside(Address, (ULONG_PTR)low, (ULONG_PTR)high - (ULONG_PTR)low);
}

BOOLEAN NtFaultIsException(BOOLEAN HasAddress, ULONGLONG Address)
{
    return !HasAddress || (NtContext()->Irql < DISPATCH_LEVEL && !IsKernelAddress(Address));
}

bool NtMayLeaveRoutine(const void *Slot)
{
    PNT_CALL call = world_fibre == NULL || world_fibre->machine == NULL ? NULL : NtContext()->Call;

    return call != NULL && NtDriverIsForeign(call->Driver) && (ULONG_PTR)Slot < (ULONG_PTR)call->StackTop;
}
