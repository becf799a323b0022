/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play notification: registrations, and the events that reach them - device interfaces that
 * come and go, custom events of a target device. Routines run at PASSIVE_LEVEL in a worker thread, in
 * order of the events; a registration that is taken back waits while its routine runs.
 */
#include <string.h>

#include "nt/device.h"
#include "nt/driverobject.h"
#include "nt/notification.h"
#include "nt/wait.h"

#define MAX_CUSTOM_EVENT 4096 /* bytes of a custom notification */

static const GUID InterfaceArrival = {0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
static const GUID InterfaceRemoval = {0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

typedef struct _NT_NOTIFICATION {
    LIST_ENTRY Entry;
    IO_NOTIFICATION_EVENT_CATEGORY Category;
    GUID Class;             /* interface changes */
    PFILE_OBJECT File;      /* target devices, referenced */
    PDEVICE_OBJECT Device;  /* its PDO's stack: the bottom device */
    PDRIVER_OBJECT Driver;  /* who registered, referenced */
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE Routine;
    PVOID Context;
    ULONG References;       /* the registration itself, and each call that is due */
    BOOLEAN Gone;
    KEVENT Idle;
} NT_NOTIFICATION;

/* The calls of one custom event; Done runs behind the last of them. */
typedef struct _NT_EVENT_CALLS {
    ULONG Pending;
    PDEVICE_CHANGE_COMPLETE_CALLBACK Done;
    PVOID Context;
} NT_EVENT_CALLS;

/* One call that is due. */
typedef struct _NT_DUE_CALL {
    WORK_QUEUE_ITEM Work;
    NT_NOTIFICATION *To;    /* NULL: none, it only ends the event */
    NT_EVENT_CALLS *Calls;  /* NULL: not of a custom event */
    UNICODE_STRING Name;
    union {
        DEVICE_INTERFACE_CHANGE_NOTIFICATION Interface;
        TARGET_DEVICE_CUSTOM_NOTIFICATION Custom;
    };
    UCHAR Tail[];           /* of a custom event; the name of an interface */
} NT_DUE_CALL;

static VOID Unreference(NT_NOTIFICATION *Registration)
{
    if (--Registration->References == 0) {
        KeSetEvent(&Registration->Idle, IO_NO_INCREMENT, FALSE);
    }
}

static NTSTATUS CallRoutine(NT_NOTIFICATION *To, PVOID Structure)
{
    return NT_CALL_OUT("PnP notification routine", NtDriverOfCode(NtKernel(), (PVOID)To->Routine), PASSIVE_LEVEL, To->Routine, Structure, To->Context);
}

static VOID RunCall(PVOID Parameter)
{
    NT_DUE_CALL *call = Parameter;

    if (call->To != NULL) {
        if (!call->To->Gone) {
            CallRoutine(call->To, &call->Interface); /* any notification begins at the same place */
        }
        Unreference(call->To);
    }
    if (call->Calls != NULL && --call->Calls->Pending == 0) {
        if (call->Calls->Done != NULL) {
            NT_CALL_VOID("device change completion", NtDriverOfCode(NtKernel(), (PVOID)call->Calls->Done),
                         PASSIVE_LEVEL, call->Calls->Done, call->Calls->Context);
        }
        NtPoolFreeKernel(NtKernel(), call->Calls);
    }
    NtPoolFreeKernel(NtKernel(), call);
}

static NT_DUE_CALL *NewCall(NT_NOTIFICATION *To, SIZE_T Tail)
{
    NT_DUE_CALL *call = NtPoolAllocateKernel(NtKernel(), sizeof(*call) + Tail, 'yfoN');

    if (call != NULL) {
        call->To = To;
        if (To != NULL) {
            To->References++;
        }
        ExInitializeWorkItem(&call->Work, RunCall, call);
    }
    return call;
}

static VOID FillInterface(PDEVICE_INTERFACE_CHANGE_NOTIFICATION Event, const GUID *Class, PUNICODE_STRING Name,
                          BOOLEAN Arrived)
{
    Event->Version = 1;
    Event->Size = sizeof(*Event);
    Event->Event = Arrived ? InterfaceArrival : InterfaceRemoval;
    Event->InterfaceClassGuid = *Class;
    Event->SymbolicLinkName = Name;
}

VOID NtNotifyInterface(const GUID *Class, PCUNICODE_STRING Name, BOOLEAN Arrived)
{
    PLIST_ENTRY head = &NtKernel()->Notifications;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_NOTIFICATION *one = CONTAINING_RECORD(entry, NT_NOTIFICATION, Entry);
        NT_DUE_CALL *call;

        if (one->Category != EventCategoryDeviceInterfaceChange || one->Gone || !IsEqualGUID(&one->Class, Class)) {
            continue;
        }
        call = NewCall(one, Name->Length);
        if (call == NULL) {
            continue; /* as on Windows, where memory for the event may fail too */
        }
        memcpy(call->Tail, Name->Buffer, Name->Length);
        call->Name = (UNICODE_STRING){Name->Length, Name->Length, (PWSTR)(PVOID)call->Tail};
        FillInterface(&call->Interface, Class, &call->Name, Arrived);
        ExQueueWorkItem(&call->Work, DelayedWorkQueue);
    }
}

static VOID TellExisting(PVOID User, PCUNICODE_STRING Name)
{
    NT_NOTIFICATION *to = User;
    UNICODE_STRING name = *Name;
    DEVICE_INTERFACE_CHANGE_NOTIFICATION event;

    FillInterface(&event, &to->Class, &name, TRUE);
    CallRoutine(to, &event);
}

static PDEVICE_OBJECT Bottom(PDEVICE_OBJECT Device)
{
    while (NtDevice(Device)->Lower != NULL) {
        Device = NtDevice(Device)->Lower;
    }
    return Device;
}

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory, ULONG EventCategoryFlags,
                                        PVOID EventCategoryData, PDRIVER_OBJECT DriverObject,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                                        PVOID *NotificationEntry)
{
    NT_NOTIFICATION *made;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (EventCategory != EventCategoryHardwareProfileChange &&
        (EventCategoryData == NULL || (EventCategory != EventCategoryDeviceInterfaceChange &&
                                       EventCategory != EventCategoryTargetDeviceChange))) {
        return STATUS_INVALID_PARAMETER;
    }
    made = NtPoolAllocateKernel(NtKernel(), sizeof(*made), 'nPnP');
    if (made == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    made->Category = EventCategory;
    made->Driver = DriverObject;
    made->Routine = CallbackRoutine;
    made->Context = Context;
    made->References = 1;
    NtInitializeHeader(&made->Idle.Header, NT_EVENT_NOTIFICATION, sizeof(KEVENT), 0);
    if (EventCategory == EventCategoryTargetDeviceChange) {
        made->File = EventCategoryData;
        NtObjectReference(made->File);
        made->Device = Bottom(made->File->DeviceObject);
    }
    NtObjectReference(DriverObject);
    InsertTailList(&NtKernel()->Notifications, &made->Entry);
    *NotificationEntry = made;
    if (EventCategory == EventCategoryDeviceInterfaceChange) {
        made->Class = *(const GUID *)EventCategoryData;
        if ((EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) != 0) {
            NtInterfacesVisit(&made->Class, TellExisting, made);
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Unregister(NT_NOTIFICATION *Registration)
{
    Registration->Gone = TRUE;
    Unreference(Registration);
    if (Registration->References != 0) {
        KeWaitForSingleObject(&Registration->Idle, Executive, KernelMode, FALSE, NULL);
    }
    RemoveEntryList(&Registration->Entry);
    if (Registration->File != NULL) {
        NtObjectRelease(Registration->File);
    }
    NtObjectRelease(Registration->Driver);
    NtPoolFreeKernel(NtKernel(), Registration);
    return STATUS_SUCCESS;
}

NTSTATUS IoUnregisterPlugPlayNotification(PVOID NotificationEntry)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return Unregister(NotificationEntry);
}

NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    return Unregister(NotificationEntry);
}

/* ---- custom events of a target device ---------------------------------------------------------------------- */

static NTSTATUS Check(const TARGET_DEVICE_CUSTOM_NOTIFICATION *Event)
{
    if (Event == NULL || Event->Version != 1 || Event->Size < FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) ||
        Event->Size > MAX_CUSTOM_EVENT) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS QueueOne(NT_NOTIFICATION *To, const TARGET_DEVICE_CUSTOM_NOTIFICATION *Event, NT_EVENT_CALLS *Calls)
{
    NT_DUE_CALL *call = NewCall(To, Event->Size);

    if (call == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (To != NULL) {
        memcpy(&call->Custom, Event, Event->Size);
        call->Custom.FileObject = To->File;
    }
    call->Calls = Calls;
    Calls->Pending++;
    ExQueueWorkItem(&call->Work, DelayedWorkQueue);
    return STATUS_SUCCESS;
}

/* The call without a registration ends an event that nobody hears. */
static NTSTATUS Queue(PDEVICE_OBJECT Device, const TARGET_DEVICE_CUSTOM_NOTIFICATION *Event,
                      PDEVICE_CHANGE_COMPLETE_CALLBACK Done, PVOID DoneContext)
{
    PLIST_ENTRY head = &NtKernel()->Notifications;
    NT_EVENT_CALLS *calls = NtPoolAllocateKernel(NtKernel(), sizeof(*calls), 'yfoN');
    NTSTATUS status;

    if (calls == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *calls = (NT_EVENT_CALLS){0, Done, DoneContext};
    status = QueueOne(NULL, Event, calls);
    if (!NT_SUCCESS(status)) {
        NtPoolFreeKernel(NtKernel(), calls);
        return status;
    }
    for (PLIST_ENTRY entry = head->Flink; entry != head && NT_SUCCESS(status); entry = entry->Flink) {
        NT_NOTIFICATION *one = CONTAINING_RECORD(entry, NT_NOTIFICATION, Entry);

        if (one->Category == EventCategoryTargetDeviceChange && !one->Gone && one->Device == Device) {
            status = QueueOne(one, Event, calls);
        }
    }
    return STATUS_SUCCESS; /* those for whom memory failed do not hear of it */
}

static VOID SetEvent(PVOID Event)
{
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
}

NTSTATUS IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure)
{
    NTSTATUS status;
    KEVENT told;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    NtDeviceRequire(PhysicalDeviceObject);
    status = Check(NotificationStructure);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeInitializeEvent(&told, NotificationEvent, FALSE);
    status = Queue(PhysicalDeviceObject, NotificationStructure, SetEvent, &told);
    if (NT_SUCCESS(status)) {
        KeWaitForSingleObject(&told, Executive, KernelMode, FALSE, NULL);
    }
    return status;
}

NTSTATUS IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure,
                                                PDEVICE_CHANGE_COMPLETE_CALLBACK Callback, PVOID Context)
{
    NTSTATUS status;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(PhysicalDeviceObject);
    status = Check(NotificationStructure);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = Queue(PhysicalDeviceObject, NotificationStructure, Callback, Context);
    return NT_SUCCESS(status) ? STATUS_PENDING : status;
}
