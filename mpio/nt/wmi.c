/* SPDX-License-Identifier: MIT */
/*
 * WMI registrations and events as the kernel's side sees them: who registered is remembered (and shown as a
 * debug line when it goes wrong), events are taken over, counted and logged. The data blocks themselves
 * travel as IRP_MJ_SYSTEM_CONTROL between the consumer and the provider. Registration: PASSIVE_LEVEL;
 * events: <= DISPATCH_LEVEL.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/pool.h"

#define MAXIMUM_PROVIDERS 65536u

typedef struct _NT_WMI {
    PDEVICE_OBJECT *Provider;   /* in order of registration */
    ULONG Count, Room;
    ULONGLONG Events;
} NT_WMI;

/* Published head of every event: a WNODE_HEADER. */
typedef struct _EVENT_HEAD {
    ULONG BufferSize;
    ULONG ProviderId;
    ULONG Version, Linkage;
    LARGE_INTEGER TimeStamp;
    GUID Guid;
    ULONG ClientContext;
    ULONG Flags;
} EVENT_HEAD;
C_ASSERT(sizeof(EVENT_HEAD) == 48);

BOOLEAN NtWmiInitialize(PNT_MACHINE Kernel)
{
    Kernel->Wmi = calloc(1, sizeof(*Kernel->Wmi));
    return Kernel->Wmi != NULL;
}

VOID NtWmiDestroy(PNT_MACHINE Kernel)
{
    if (Kernel->Wmi != NULL) {
        free(Kernel->Wmi->Provider);
        free(Kernel->Wmi);
        Kernel->Wmi = NULL;
    }
}

static ULONG Find(const NT_WMI *Wmi, PDEVICE_OBJECT Device)
{
    ULONG i = 0;

    while (i < Wmi->Count && Wmi->Provider[i] != Device) {
        i++;
    }
    return i;
}

static NTSTATUS Register(NT_WMI *Wmi, PDEVICE_OBJECT Device)
{
    if (Find(Wmi, Device) < Wmi->Count) {
        return STATUS_SUCCESS; /* again: replaces the former registration */
    }
    if (Wmi->Count == MAXIMUM_PROVIDERS) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Wmi->Count == Wmi->Room) {
        ULONG room = Wmi->Room == 0 ? 16 : 2 * Wmi->Room;
        PDEVICE_OBJECT *larger = realloc(Wmi->Provider, room * sizeof(*larger));
        if (larger == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Wmi->Provider = larger;
        Wmi->Room = room;
    }
    Wmi->Provider[Wmi->Count++] = Device;
    return STATUS_SUCCESS;
}

static NTSTATUS Deregister(NT_WMI *Wmi, PDEVICE_OBJECT Device)
{
    ULONG i = Find(Wmi, Device);

    if (i == Wmi->Count) {
        return STATUS_INVALID_PARAMETER;
    }
    Wmi->Count--;
    memmove(&Wmi->Provider[i], &Wmi->Provider[i + 1], (Wmi->Count - i) * sizeof(Wmi->Provider[0]));
    return STATUS_SUCCESS;
}

NTSTATUS IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action)
{
    NT_WMI *wmi;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    wmi = NtKernel()->Wmi;
    switch (Action & ~(ULONG)(WMIREG_FLAG_TRACE_PROVIDER | WMIREG_FLAG_TRACE_NOTIFY_MASK | WMIREG_FLAG_CALLBACK)) {
    case WMIREG_ACTION_REGISTER:
        return Register(wmi, DeviceObject);
    case WMIREG_ACTION_DEREGISTER:
        return Deregister(wmi, DeviceObject);
    case WMIREG_ACTION_REREGISTER:
    case WMIREG_ACTION_UPDATE_GUIDS:
    case WMIREG_ACTION_BLOCK_IRPS:
        return Find(wmi, DeviceObject) < wmi->Count ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* Takes the event over when it succeeds. There is no consumer: the event is logged by its class. */
NTSTATUS IoWMIWriteEvent(PVOID WnodeEventItem)
{
    PNT_MACHINE kernel;
    EVENT_HEAD head;
    CHAR text[96];

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    kernel = NtKernel();
    if (WnodeEventItem == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    memcpy(&head, WnodeEventItem, sizeof(head));
    if (head.BufferSize < sizeof(head)) {
        return STATUS_INVALID_PARAMETER;
    }
    kernel->Wmi->Events++;
    snprintf(text, sizeof(text), "WMI event {%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}, %u bytes",
             head.Guid.Data1, head.Guid.Data2, head.Guid.Data3, head.Guid.Data4[0], head.Guid.Data4[1],
             head.Guid.Data4[2], head.Guid.Data4[3], head.Guid.Data4[4], head.Guid.Data4[5],
             head.Guid.Data4[6], head.Guid.Data4[7], head.BufferSize);
    NtDebugLine(kernel, "wmi", 4, text);
    ExFreePool(WnodeEventItem);
    return STATUS_SUCCESS;
}
