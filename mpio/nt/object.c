/* SPDX-License-Identifier: MIT */
/*
 * References on objects. <= DISPATCH_LEVEL. Rule: OB-REF-01. The last release deletes at once; all
 * deletions of this kernel are legal at DISPATCH_LEVEL but that of a file object, which sends
 * IRP_MJ_CLOSE.
 */
#include "nt/object.h"

#include "nt/wait.h"

/* Looks at memory that may have been freed: the answer is the finding, not the access. */
__attribute__((no_sanitize_address)) BOOLEAN NtObjectIs(PVOID Object, ULONG Type)
{
    const NT_OBJECT *header;

    if (Object == NULL || ((ULONG_PTR)Object & 15) != 0) {
        return FALSE;
    }
    header = NtObjectHeader(Object);
    return header->Magic == NT_OBJECT_MAGIC && (Type == 0 || header->Type == Type);
}

VOID NtObjectReference(PVOID Object)
{
    if (!NtObjectIs(Object, 0) || NtObjectHeader(Object)->References <= 0) {
        NtBugCheckRule(RULE_OBJECT_REF, (ULONGLONG)(ULONG_PTR)Object, 0);
    }
    NtObjectHeader(Object)->References++;
}

VOID NtObjectRelease(PVOID Object)
{
    PNT_OBJECT header = NtObjectHeader(Object);

    if (!NtObjectIs(Object, 0) || header->References <= 0) {
        NtBugCheckRule(RULE_OBJECT_REF, (ULONGLONG)(ULONG_PTR)Object, 0);
    }
    if (--header->References == 0) {
        header->Magic = NT_OBJECT_GONE;
        header->Delete(Object);
    }
}

LONG_PTR ObfReferenceObject(PVOID Object)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtObjectReference(Object);
    return (LONG_PTR)NtObjectHeader(Object)->References;
}

LONG_PTR ObfDereferenceObject(PVOID Object)
{
    LONG_PTR left;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    left = NtObjectIs(Object, 0) ? (LONG_PTR)NtObjectHeader(Object)->References - 1 : 0;
    NtObjectRelease(Object);
    return left;
}

VOID ObDereferenceObjectDeferDelete(PVOID Object)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtObjectRelease(Object);
}

NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                    KPROCESSOR_MODE AccessMode)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(ObjectType);
    UNREFERENCED_PARAMETER(AccessMode);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtObjectReference(Object);
    return STATUS_SUCCESS;
}

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                   KPROCESSOR_MODE AccessMode, PVOID *Object,
                                   POBJECT_HANDLE_INFORMATION HandleInformation)
{
    static const ULONG types[] = {NT_HANDLE_THREAD, NT_HANDLE_FILE, NT_HANDLE_EVENT};

    UNREFERENCED_PARAMETER(ObjectType); /* object types are not exported: any object is what it is */
    UNREFERENCED_PARAMETER(AccessMode);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    *Object = NULL;
    for (ULONG i = 0; i < RTL_NUMBER_OF(types) && *Object == NULL; i++) {
        *Object = NtHandleLookup(Handle, types[i]);
    }
    if (*Object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    NtObjectReference(*Object);
    if (HandleInformation != NULL) {
        HandleInformation->HandleAttributes = 0;
        HandleInformation->GrantedAccess = DesiredAccess;
    }
    return STATUS_SUCCESS;
}
