/* SPDX-License-Identifier: MIT */
/*
 * Removal: surprise (the hardware is gone), orderly (queried first), and the end of everything.
 * Children always go first. PASSIVE_LEVEL, Busy held except in the two public routines, which take it.
 */
#include "pnp/tree.h"

/* Depth first, last child first. */
VOID PnpRemoveStack(PPNP_NODE Node)
{
    for (PLIST_ENTRY entry = Node->Children.Blink; entry != &Node->Children; entry = entry->Blink) {
        PnpRemoveStack(CONTAINING_RECORD(entry, PNP_NODE, Link));
    }
    if (Node->State != NodeRemoved) {
        PnpSendMinor(Node, IRP_MN_REMOVE_DEVICE);
        Node->State = NodeRemoved;
    }
}

static VOID TellSurprise(PPNP_NODE Node)
{
    for (PLIST_ENTRY entry = Node->Children.Blink; entry != &Node->Children; entry = entry->Blink) {
        TellSurprise(CONTAINING_RECORD(entry, PNP_NODE, Link));
    }
    if (Node->State == NodeStarted) {
        PnpSendMinor(Node, IRP_MN_SURPRISE_REMOVAL);
    }
}

static VOID RemoveGone(PPNP_NODE Node)
{
    while (!IsListEmpty(&Node->Children)) {
        RemoveGone(CONTAINING_RECORD(Node->Children.Blink, PNP_NODE, Link));
    }
    /* Also when the stack was removed before: this REMOVE tells the bus driver that the device object may go. */
    PnpSendMinor(Node, IRP_MN_REMOVE_DEVICE);
    PnpDestroyNode(Node);
}

/* Everybody hears that the hardware is gone before anybody is removed: an adapter ends what its LUNs still wait for. */
VOID PnpSurpriseRemove(PPNP_NODE Node)
{
    TellSurprise(Node);
    RemoveGone(Node);
}

/* ---- orderly removal ------------------------------------------------------------------------------------- */
static VOID Cancel(PPNP_NODE Node)
{
    for (PLIST_ENTRY entry = Node->Children.Flink; entry != &Node->Children; entry = entry->Flink) {
        Cancel(CONTAINING_RECORD(entry, PNP_NODE, Link));
    }
    if (Node->State == NodeStarted) {
        PnpSendMinor(Node, IRP_MN_CANCEL_REMOVE_DEVICE);
    }
}

static NTSTATUS Query(PPNP_NODE Node)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (PLIST_ENTRY entry = Node->Children.Flink; entry != &Node->Children && NT_SUCCESS(status); entry = entry->Flink) {
        status = Query(CONTAINING_RECORD(entry, PNP_NODE, Link));
    }
    if (NT_SUCCESS(status) && Node->State == NodeStarted) {
        status = PnpSendMinor(Node, IRP_MN_QUERY_REMOVE_DEVICE).Status;
        if (!NT_SUCCESS(status)) {
            PnpLog(Node, "refuses its removal", status);
        }
    }
    return status;
}

NTSTATUS PnpRemoveDevice(PDEVICE_OBJECT PhysicalDeviceObject)
{
    PPNP_NODE node;
    NTSTATUS status = STATUS_NO_SUCH_DEVICE;

    PnpAcquire();
    node = PnpFindNode(PhysicalDeviceObject);
    if (node != NULL) {
        status = Query(node);
        if (NT_SUCCESS(status)) {
            PnpRemoveStack(node);
        } else {
            Cancel(node);
        }
    }
    PnpRelease();
    return status;
}

/* ---- the end ------------------------------------------------------------------------------------------------ */
static VOID DropNodes(PPNP_NODE Node)
{
    while (!IsListEmpty(&Node->Children)) {
        DropNodes(CONTAINING_RECORD(Node->Children.Blink, PNP_NODE, Link));
    }
    PnpDestroyNode(Node);
}

static VOID RemoveChildren(PPNP_NODE Bus)
{
    for (PLIST_ENTRY entry = Bus->Children.Blink; entry != &Bus->Children; entry = entry->Blink) {
        PnpRemoveStack(CONTAINING_RECORD(entry, PNP_NODE, Link));
    }
}

/* Class drivers first, wherever they sit; then LUNs and their adapters, newest first; MPIO's bus, which
 * was first, goes last and may have lost pseudo-LUNs on the way. */
VOID PnpShutdown(VOID)
{
    PPNP_MANAGER manager = PnpManager();
    PPNP_NODE bus;
    PDEVICE_OBJECT pdo;

    if (manager == NULL) {
        return;
    }
    PnpAcquire();
    manager->Stopping = TRUE;
    if (!IsListEmpty(&manager->Buses)) {
        RemoveChildren(CONTAINING_RECORD(manager->Buses.Flink, PNP_NODE, Link));
    }
    while (!IsListEmpty(&manager->Buses)) {
        bus = CONTAINING_RECORD(manager->Buses.Blink, PNP_NODE, Link);
        pdo = bus->Pdo;
        if (bus->State == NodeStarted && PnpHasPrefix(bus->Path, "ROOT\\")) {
            PnpEnumerate(bus);
        }
        PnpRemoveStack(bus);
        DropNodes(bus);
        IoDeleteDevice(pdo);
    }
    PnpRelease();
}
