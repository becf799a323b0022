/* SPDX-License-Identifier: MIT */
/*
 * Events with a name or a handle: IoCreateNotificationEvent, IoCreateSynchronizationEvent, Zw*Event,
 * and the list of names that callback objects share. PASSIVE_LEVEL; setting and clearing
 * <= DISPATCH_LEVEL. An event lives until its last handle and reference are gone.
 */
#include "nt/named.h"
#include "nt/queued.h"
#include "nt/rtl.h"
#include "nt/wait.h"

#define EVENT_TAG 'tnvE'

typedef struct _NT_NAMED {
    LIST_ENTRY Entry;
    PVOID Object;
    USHORT Length; /* characters */
    WCHAR Text[];
} NT_NAMED;

typedef struct _NT_EVENT {
    NT_OBJECT Header; /* directly before Event */
    KEVENT Event;
} NT_EVENT;
C_ASSERT(FIELD_OFFSET(NT_EVENT, Event) == sizeof(NT_OBJECT));

PVOID NtNamedFind(PCUNICODE_STRING Name)
{
    PLIST_ENTRY head = &NtKernel()->NamedObjects;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_NAMED *named = CONTAINING_RECORD(entry, NT_NAMED, Entry);

        if (named->Length * sizeof(WCHAR) == Name->Length &&
            NtCompareText(named->Text, named->Length, Name->Buffer, named->Length, TRUE) == 0) {
            return named->Object;
        }
    }
    return NULL;
}

BOOLEAN NtNamedInsert(PCUNICODE_STRING Name, PVOID Object)
{
    NT_NAMED *named = NtPoolAllocateKernel(NtKernel(), sizeof(*named) + Name->Length, 'mNbO');

    if (named == NULL) {
        return FALSE;
    }
    named->Object = Object;
    named->Length = Name->Length / sizeof(WCHAR);
    RtlCopyMemory(named->Text, Name->Buffer, named->Length * sizeof(WCHAR));
    InsertTailList(&NtKernel()->NamedObjects, &named->Entry);
    return TRUE;
}

VOID NtNamedRemove(PVOID Object)
{
    PLIST_ENTRY head = &NtKernel()->NamedObjects;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_NAMED *named = CONTAINING_RECORD(entry, NT_NAMED, Entry);

        if (named->Object == Object) {
            RemoveEntryList(entry);
            NtPoolFreeKernel(NtKernel(), named);
            return;
        }
    }
}

static VOID DeleteEvent(PVOID Object)
{
    NtQueuedRefuse(Object, sizeof(KEVENT)); /* somebody waits for it */
    NtNamedRemove(Object);
    NtPoolFreeKernel(NtKernel(), NtObjectHeader(Object));
}

/* The event of that name with a reference for the caller, or a new one; NULL Name: always a new one. */
static NTSTATUS OpenOrMake(PCUNICODE_STRING Name, EVENT_TYPE Type, BOOLEAN State, BOOLEAN Make, PKEVENT *Event)
{
    NT_EVENT *made;

    if (Name != NULL && Name->Length != 0 && (*Event = NtNamedFind(Name)) != NULL) {
        if (!NtObjectIs(*Event, NT_OBJECT_EVENT)) {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
        NtObjectReference(*Event);
        return Make ? STATUS_OBJECT_NAME_EXISTS : STATUS_SUCCESS;
    }
    if (!Make) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    made = NtPoolAllocateKernel(NtKernel(), sizeof(*made), EVENT_TAG);
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NtObjectInitialize(&made->Header, NT_OBJECT_EVENT, DeleteEvent);
    NtInitializeHeader(&made->Event.Header, (UCHAR)Type, sizeof(KEVENT), State ? 1 : 0);
    if (Name != NULL && Name->Length != 0 && !NtNamedInsert(Name, &made->Event)) {
        NtPoolFreeKernel(NtKernel(), made);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Event = &made->Event;
    return STATUS_SUCCESS;
}

/* The handle takes the caller's reference over. */
static NTSTATUS ToHandle(PKEVENT Event, PHANDLE Handle)
{
    *Handle = NtHandleInsert(Event, NT_HANDLE_EVENT, NtObjectRelease);
    if (*Handle == NULL) {
        NtObjectRelease(Event);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static PKEVENT CreateNamed(PUNICODE_STRING Name, EVENT_TYPE Type, PHANDLE Handle)
{
    PKEVENT event;

    if (!NT_SUCCESS(OpenOrMake(Name, Type, TRUE, TRUE, &event)) || !NT_SUCCESS(ToHandle(event, Handle))) {
        return NULL;
    }
    return event;
}

PKEVENT IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return CreateNamed(EventName, NotificationEvent, EventHandle);
}

PKEVENT IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return CreateNamed(EventName, SynchronizationEvent, EventHandle);
}

static NTSTATUS OpenHandle(PHANDLE Handle, POBJECT_ATTRIBUTES Attributes, EVENT_TYPE Type, BOOLEAN State, BOOLEAN Make)
{
    PKEVENT event;
    NTSTATUS status = OpenOrMake(Attributes == NULL ? NULL : Attributes->ObjectName, Type, State, Make, &event), handle;

    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (status == STATUS_OBJECT_NAME_EXISTS && (Attributes->Attributes & OBJ_OPENIF) == 0) {
        NtObjectRelease(event);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    handle = ToHandle(event, Handle);
    return NT_SUCCESS(handle) ? status : handle;
}

NTSTATUS ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                       EVENT_TYPE EventType, BOOLEAN InitialState)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (EventType != NotificationEvent && EventType != SynchronizationEvent) {
        return STATUS_INVALID_PARAMETER;
    }
    return OpenHandle(EventHandle, ObjectAttributes, EventType, InitialState, TRUE);
}

NTSTATUS ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return OpenHandle(EventHandle, ObjectAttributes, NotificationEvent, FALSE, FALSE);
}

NTSTATUS ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    PKEVENT event;
    LONG old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    event = NtHandleLookup(EventHandle, NT_HANDLE_EVENT);
    if (event == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    old = KeSetEvent(event, EVENT_INCREMENT, FALSE);
    if (PreviousState != NULL) {
        *PreviousState = old;
    }
    return STATUS_SUCCESS;
}

NTSTATUS ZwClearEvent(HANDLE EventHandle)
{
    PKEVENT event;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    event = NtHandleLookup(EventHandle, NT_HANDLE_EVENT);
    if (event == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    KeClearEvent(event);
    return STATUS_SUCCESS;
}

NTSTATUS ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    PVOID object;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    object = NtHandleLookup(Handle, NT_HANDLE_EVENT);
    if (object == NULL) {
        object = NtHandleLookup(Handle, NT_HANDLE_THREAD);
    }
    if (object == NULL) {
        return STATUS_INVALID_HANDLE;
    }
    NtObjectReference(object);
    status = KeWaitForSingleObject(object, UserRequest, KernelMode, Alertable, Timeout);
    NtObjectRelease(object);
    return status;
}
