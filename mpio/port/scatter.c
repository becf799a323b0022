/* SPDX-License-Identifier: MIT */
/*
 * Scatter/gather lists: one element for each page that the data touches, as on a machine whose buffers are
 * not contiguous. Physical addresses are the emulator's own (MmGetPhysicalAddress), so a miniport that hands
 * them to "hardware" in this process works. The list belongs to the request and is the miniport's until it
 * completes the request. <= DISPATCH_LEVEL.
 */
#include "port/port.h"

static PSTOR_SCATTER_GATHER_LIST MakeRoom(PPORT_REQUEST Request, ULONG Elements)
{
    SIZE_T size = FIELD_OFFSET(STOR_SCATTER_GATHER_LIST, List) + Elements * sizeof(STOR_SCATTER_GATHER_ELEMENT);

    if (Request->ScatterRoom >= Elements) {
        return Request->Scatter;
    }
    PortFreeScatterList(Request);
    Request->Scatter = ExAllocatePoolZero(NonPagedPoolNx, size, PORT_TAG);
    Request->ScatterRoom = Request->Scatter != NULL ? Elements : 0;
    return Request->Scatter;
}

VOID PortFreeScatterList(PPORT_REQUEST Request)
{
    if (Request->Scatter != NULL) {
        ExFreePoolWithTag(Request->Scatter, PORT_TAG);
        Request->Scatter = NULL;
        Request->ScatterRoom = 0;
    }
}

PSTOR_SCATTER_GATHER_LIST StorPortGetScatterGatherList(PVOID DeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    PPORT_REQUEST request = PortRequestOf(Srb);
    PSTOR_SCATTER_GATHER_LIST list;
    ULONG left = request->Length;
    PVOID address;

    if (left == 0 || StorPortGetSystemAddress(DeviceExtension, Srb, &address) != STOR_STATUS_SUCCESS) {
        return NULL;
    }
    list = MakeRoom(request, ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, left));
    if (list == NULL) {
        return NULL;
    }
    list->NumberOfElements = 0;
    while (left != 0) {
        PSTOR_SCATTER_GATHER_ELEMENT element = &list->List[list->NumberOfElements++];
        ULONG length = PAGE_SIZE - BYTE_OFFSET(address);

        element->Length = length < left ? length : left;
        element->PhysicalAddress = MmGetPhysicalAddress(address);
        address = (PUCHAR)address + element->Length;
        left -= element->Length;
    }
    return list;
}

PVOID StorPortGetVirtualAddress(PVOID HwDeviceExtension, STOR_PHYSICAL_ADDRESS PhysicalAddress)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    return (PVOID)(ULONG_PTR)PhysicalAddress.QuadPart;
}
