/* SPDX-License-Identifier: MIT */
/*
 * Bus relations: read, compare with the tree, remove what is gone, start what is new. Invalidations
 * (<= DISPATCH_LEVEL) mark the bus and queue one work item; several become one reading.
 */
#include "pnp/tree.h"

VOID PnpAcquire(VOID)
{
    KeWaitForSingleObject(&PnpManager()->Busy, Executive, KernelMode, FALSE, NULL);
}

VOID PnpRelease(VOID)
{
    KeSetEvent(&PnpManager()->Busy, IO_NO_INCREMENT, FALSE);
}

static PDEVICE_RELATIONS ReadRelations(PPNP_NODE Node)
{
    IO_STACK_LOCATION request;
    PNP_RESULT result;

    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    request.Parameters.QueryDeviceRelations.Type = BusRelations;
    result = PnpSend(Node, &request);
    if (!NT_SUCCESS(result.Status)) {
        if (result.Status != STATUS_NOT_SUPPORTED) {
            PnpLog(Node, "bus relations cannot be read", result.Status);
        }
        return NULL;
    }
    return (PDEVICE_RELATIONS)result.Information;
}

static VOID RemoveUnseen(PPNP_NODE Bus)
{
    PLIST_ENTRY entry = Bus->Children.Flink;

    while (entry != &Bus->Children) {
        PPNP_NODE child = CONTAINING_RECORD(entry, PNP_NODE, Link);

        entry = entry->Flink;
        if (!child->Seen) {
            PnpSurpriseRemove(child);
        }
    }
}

/* Removal comes first: a LUN that became another one keeps its address. New nodes start in the order of the list. */
VOID PnpEnumerate(PPNP_NODE Node)
{
    PDEVICE_RELATIONS list = ReadRelations(Node);
    PPNP_NODE child;

    if (list == NULL) {
        return;
    }
    for (PLIST_ENTRY entry = Node->Children.Flink; entry != &Node->Children; entry = entry->Flink) {
        CONTAINING_RECORD(entry, PNP_NODE, Link)->Seen = FALSE;
    }
    for (ULONG i = 0; i < list->Count; i++) {
        child = PnpFindNode(list->Objects[i]);
        if (child != NULL) {
            child->Seen = TRUE;
            ObDereferenceObject(list->Objects[i]); /* the node has one */
            list->Objects[i] = NULL;
        }
    }
    RemoveUnseen(Node);
    for (ULONG i = 0; i < list->Count; i++) {
        if (list->Objects[i] == NULL) {
            continue;
        }
        child = PnpCreateNode(Node, list->Objects[i]);
        if (child != NULL && !PnpManager()->Stopping) {
            PnpStartNode(child);
        }
    }
    ExFreePool(list);
}

static PPNP_NODE NextDirty(PPNP_MANAGER Manager)
{
    PPNP_NODE found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Manager->Lock, &irql);
    for (PLIST_ENTRY entry = Manager->Buses.Flink; entry != &Manager->Buses && found == NULL; entry = entry->Flink) {
        PPNP_NODE node = CONTAINING_RECORD(entry, PNP_NODE, Link);

        if (node->Dirty) {
            node->Dirty = FALSE;
            found = node;
        }
    }
    KeReleaseSpinLock(&Manager->Lock, irql);
    return found;
}

static VOID Worker(PVOID Context)
{
    PPNP_MANAGER manager = Context;
    PPNP_NODE node;

    InterlockedExchange(&manager->WorkQueued, 0);
    PnpAcquire();
    while (!manager->Stopping && (node = NextDirty(manager)) != NULL) {
        if (node->State == NodeStarted) {
            PnpEnumerate(node);
        }
    }
    PnpRelease();
}

VOID PnpInvalidate(PDEVICE_OBJECT Pdo, DEVICE_RELATION_TYPE Type)
{
    PPNP_MANAGER manager = PnpManager();
    BOOLEAN found = FALSE;
    KIRQL irql;

    if (Type != BusRelations) {
        return; /* nothing else is kept */
    }
    KeAcquireSpinLock(&manager->Lock, &irql);
    for (PLIST_ENTRY entry = manager->Buses.Flink; entry != &manager->Buses && !found; entry = entry->Flink) {
        PPNP_NODE node = CONTAINING_RECORD(entry, PNP_NODE, Link);

        if (node->Pdo == Pdo) {
            node->Dirty = TRUE;
            found = TRUE;
        }
    }
    KeReleaseSpinLock(&manager->Lock, irql);
    if (found && InterlockedExchange(&manager->WorkQueued, 1) == 0) {
        ExInitializeWorkItem(&manager->Work, Worker, manager);
        ExQueueWorkItem(&manager->Work, DelayedWorkQueue);
    }
}
