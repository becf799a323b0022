/* SPDX-License-Identifier: MIT */
/*
 * Private to nt: the header in front of the objects that the kernel makes (drivers, devices, files,
 * threads, events): type and references. Rule: OB-REF-01.
 */
#ifndef MPIO_NT_OBJECT_H
#define MPIO_NT_OBJECT_H

#include "nt/kernel.h"

enum { NT_OBJECT_DRIVER = 1, NT_OBJECT_DEVICE, NT_OBJECT_FILE, NT_OBJECT_THREAD, NT_OBJECT_EVENT, NT_OBJECT_CALLBACK };

#define NT_OBJECT_MAGIC 0x4a424f4eu
#define NT_OBJECT_GONE  0x454e4f47u

typedef struct DECLSPEC_ALIGN(16) _NT_OBJECT {
    ULONG Magic;
    ULONG Type;
    LONGLONG References;
    VOID (*Delete)(PVOID Object);   /* the last reference is gone */
} NT_OBJECT, *PNT_OBJECT;

/* The object follows its header immediately. */
static inline VOID NtObjectInitialize(PNT_OBJECT Header, ULONG Type, VOID (*Delete)(PVOID Object))
{
    Header->Magic = NT_OBJECT_MAGIC;
    Header->Type = Type;
    Header->References = 1;
    Header->Delete = Delete;
}

static inline PNT_OBJECT NtObjectHeader(PVOID Object)
{
    return (PNT_OBJECT)Object - 1;
}

/* TRUE for a living object of the type (0: any). */
BOOLEAN NtObjectIs(PVOID Object, ULONG Type);
/* The same as ObfReferenceObject and ObfDereferenceObject without the entry check. */
VOID NtObjectReference(PVOID Object);
VOID NtObjectRelease(PVOID Object);

#endif
