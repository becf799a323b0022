/* SPDX-License-Identifier: MIT */
/*
 * Who sits on whom. MPIO's bus and adapters have one service each. A LUN of a port is offered to mpdev
 * (MPIO's filter), which may decline at AddDevice; a START that ends with Information 1 says that MPIO
 * has claimed the device and no class driver shall sit on it. Otherwise a disk gets the class driver
 * and is started again; other devices stay raw. Pseudo-LUNs get the class driver. PASSIVE_LEVEL.
 */
#include "pnp/tree.h"

static NTSTATUS AddDevice(PPNP_NODE Node, PCWSTR Service)
{
    PDRIVER_OBJECT driver = NtFindDriver(Service);

    if (driver == NULL || driver->DriverExtension->AddDevice == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return NT_CALL_OUT("AddDevice", driver, PASSIVE_LEVEL, driver->DriverExtension->AddDevice, driver, Node->Pdo);
}

/* The only resource of an adapter on a bus with hardware: one memory range whose start is the slot of its HBA. */
static PNP_RESULT SendStart(PPNP_NODE Node)
{
    CM_RESOURCE_LIST resources;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR range = &resources.List[0].PartialResourceList.PartialDescriptors[0];
    IO_STACK_LOCATION request;

    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = IRP_MN_START_DEVICE;
    if (Node->Parent == NULL && PnpHasPrefix(Node->Path, "PCI\\")) {
        RtlZeroMemory(&resources, sizeof(resources));
        resources.Count = 1;
        resources.List[0].InterfaceType = PCIBus;
        resources.List[0].PartialResourceList.Version = 1;
        resources.List[0].PartialResourceList.Revision = 1;
        resources.List[0].PartialResourceList.Count = 1;
        range->Type = CmResourceTypeMemory;
        range->u.Memory.Start.QuadPart = Node->Slot;
        range->u.Memory.Length = PAGE_SIZE;
        request.Parameters.StartDevice.AllocatedResources = &resources;
        request.Parameters.StartDevice.AllocatedResourcesTranslated = &resources;
    }
    return PnpSend(Node, &request);
}

static PNP_RESULT Start(PPNP_NODE Node)
{
    PNP_RESULT result = SendStart(Node);

    if (NT_SUCCESS(result.Status)) {
        Node->State = NodeStarted;
        return result;
    }
    PnpLog(Node, "START_DEVICE failed", result.Status);
    PnpRemoveStack(Node);
    Node->State = NodeFailed;
    return result;
}

static VOID StartClass(PPNP_NODE Node)
{
    NTSTATUS status = AddDevice(Node, (PCWSTR)u"disk");

    if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_NOT_FOUND) {
        PnpLog(Node, "the class driver's AddDevice failed", status);
    }
    if (NT_SUCCESS(status) || Node->State != NodeStarted) {
        Start(Node);
    }
}

static VOID StartLun(PPNP_NODE Node)
{
    BOOLEAN disk = PnpHasPrefix(Node->Path, "SCSI\\Disk&");
    NTSTATUS status = AddDevice(Node, (PCWSTR)u"mpdev");
    PNP_RESULT result;

    if (NT_SUCCESS(status)) {
        result = Start(Node);
        if (!NT_SUCCESS(result.Status) || result.Information == 1) {
            return;
        }
    } else if (status != STATUS_NOT_SUPPORTED && status != STATUS_OBJECT_NAME_NOT_FOUND) {
        PnpLog(Node, "mpdev's AddDevice failed", status);
    }
    if (disk) {
        StartClass(Node);
    } else if (Node->State != NodeStarted) {
        Start(Node);
    }
}

VOID PnpStartNode(PPNP_NODE Node)
{
    NTSTATUS status;

    if (Node->Service != NULL) {
        status = AddDevice(Node, Node->Service);
        if (NT_SUCCESS(status)) {
            Start(Node);
        } else if (status != STATUS_OBJECT_NAME_NOT_FOUND) {
            PnpLog(Node, "AddDevice failed", status);
        }
        return;
    }
    if (PnpHasPrefix(Node->Path, "MPIO\\")) {
        StartClass(Node);
    } else {
        StartLun(Node);
    }
}
