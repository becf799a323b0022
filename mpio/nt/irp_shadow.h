/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: what the kernel remembers about an IRP that IoAllocateIrp made, in front of the
 * public structure. Rules: IO-IRP-01..07. Owner: whoever owns the IRP.
 */
#ifndef MPIO_NT_IRP_SHADOW_H
#define MPIO_NT_IRP_SHADOW_H

#include "nt/suspend.h"

#define NT_IRP_OURS 0x80 /* in IRP.AllocationFlags: an NT_IRP is in front */

enum { NT_IRP_IDLE, NT_IRP_ACTIVE, NT_IRP_DONE };

/* One IofCallDriver on its caller's stack; in the IRP's list until its location is completed. */
typedef struct _NT_IRP_CALL {
    LIST_ENTRY Entry;
    PIO_STACK_LOCATION Stack;
    CHAR Location;
    BOOLEAN Attached;           /* FALSE: completed, or the IRP was freed */
    BOOLEAN Completed;
    BOOLEAN MarkedPending;
    NTSTATUS Status;            /* the IRP's when this location was completed */
} NT_IRP_CALL;

struct DECLSPEC_ALIGN(16) _NT_IRP {
    NT_IRP *Next;               /* free list */
    LIST_ENTRY Calls;           /* NT_IRP_CALL, newest first */
    ULONGLONG ReturnedPending[2]; /* bit per location: dispatch returned STATUS_PENDING before completion */
    CHAR StackSize;
    CHAR Top;                   /* location of the creator's IofCallDriver */
    UCHAR State;
    BOOLEAN Finish;             /* the I/O manager finishes and frees it at the top */
};

static inline PNT_IRP NtIrp(PIRP Irp)
{
    return __builtin_expect((Irp->AllocationFlags & NT_IRP_OURS) != 0, 1) ? (PNT_IRP)(PVOID)Irp - 1 : NULL;
}

static inline PIRP NtIrpPublic(PNT_IRP Shadow)
{
    return (PIRP)(PVOID)(Shadow + 1);
}

/* irp_build.c: end of an IRP whose creator left it to the I/O manager. */
VOID NtIrpFinish(PIRP Irp);

/* Calls a cancel routine that was taken out of the IRP, with the cancel lock held; the routine releases it at Irql. */
VOID NtIrpRunCancelRoutine(PIRP Irp, PDRIVER_CANCEL Routine, KIRQL Irql);

#endif
