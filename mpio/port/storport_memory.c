/* SPDX-License-Identifier: MIT */
/*
 * StorPort routines about memory, addresses and hardware: pool, MDLs, device base, physical addresses.
 * The emulator has one address space, so a system address is the buffer itself;
 * still it is derived from the MDL as on Windows. <= DISPATCH_LEVEL.
 *
 * Hardware: the memory range of an adapter starts at the ordinal of its HBA among the machine's, and
 * its device base is that HBA (world/fabric.h): the one place where the port touches hardware.
 */
#include "port/port.h"
#include "world/fabric.h"

PVOID StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                            STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);
    struct hba *hba = fabric_hbas(machine_now());

    /* A root-enumerated adapter was given no range: there is nothing to map for its miniport. */
    if (adapter->Ranges == NULL || adapter->Ranges[0].RangeLength == 0) {
        return NULL;
    }
    UNREFERENCED_PARAMETER(BusType);
    UNREFERENCED_PARAMETER(SystemIoBusNumber);
    UNREFERENCED_PARAMETER(NumberOfBytes);
    for (LONGLONG i = 0; hba != NULL && i < IoAddress.QuadPart; i++) {
        hba = hba->next;
    }
    return InIoSpace || IoAddress.QuadPart < 0 ? NULL : hba;
}

VOID StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    UNREFERENCED_PARAMETER(MappedAddress);
}

BOOLEAN StorPortValidateRange(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                              STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    return StorPortGetDeviceBase(HwDeviceExtension, BusType, SystemIoBusNumber, IoAddress, NumberOfBytes, InIoSpace) !=
           NULL;
}

/* The simulated bus has no configuration space. */
ULONG StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber, ULONG SlotNumber, PVOID Buffer,
                         ULONG Length)
{
    UNREFERENCED_PARAMETER(DeviceExtension);
    UNREFERENCED_PARAMETER(BusDataType);
    UNREFERENCED_PARAMETER(SystemIoBusNumber);
    UNREFERENCED_PARAMETER(SlotNumber);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    return 0;
}

ULONG StorPortSetBusDataByOffset(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber, ULONG SlotNumber,
                                 PVOID Buffer, ULONG Offset, ULONG Length)
{
    UNREFERENCED_PARAMETER(Offset);
    return StorPortGetBusData(DeviceExtension, BusDataType, SystemIoBusNumber, SlotNumber, Buffer, Length);
}

PVOID StorPortGetUncachedExtension(PVOID HwDeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo, ULONG NumberOfBytes)
{
    PPORT_ADAPTER adapter = PortAdapterOf(HwDeviceExtension);

    UNREFERENCED_PARAMETER(ConfigInfo);
    if (adapter->Uncached == NULL && !adapter->Running) {
        adapter->Uncached = ExAllocatePoolZero(NonPagedPoolNx, NumberOfBytes, PORT_TAG);
    }
    return adapter->Uncached;
}

/* ---- pool and MDLs -------------------------------------------------------------------------------------- */
ULONG StorPortAllocatePool(PVOID HwDeviceExtension, ULONG NumberOfBytes, ULONG Tag, PVOID *BufferPointer)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *BufferPointer = ExAllocatePoolWithTag(NonPagedPoolNx, NumberOfBytes, Tag);
    return *BufferPointer != NULL ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG StorPortFreePool(PVOID HwDeviceExtension, PVOID BufferPointer)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    ExFreePool(BufferPointer);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortAllocateMdl(PVOID HwDeviceExtension, PVOID BufferPointer, ULONG NumberOfBytes, PVOID *Mdl)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Mdl = IoAllocateMdl(BufferPointer, NumberOfBytes, FALSE, FALSE, NULL);
    return *Mdl != NULL ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG StorPortFreeMdl(PVOID HwDeviceExtension, PVOID Mdl)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    IoFreeMdl(Mdl);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortBuildMdlForNonPagedPool(PVOID HwDeviceExtension, PVOID Mdl)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    MmBuildMdlForNonPagedPool(Mdl);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortAllocateContiguousMemorySpecifyCacheNode(PVOID HwDeviceExtension, SIZE_T NumberOfBytes,
                                                       PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       MEMORY_CACHING_TYPE CacheType, ULONG PreferredNode,
                                                       PVOID *BufferPointer)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    UNREFERENCED_PARAMETER(PreferredNode);
    *BufferPointer = MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, LowestAcceptableAddress, HighestAcceptableAddress,
                                                            BoundaryAddressMultiple, CacheType);
    return *BufferPointer != NULL ? STOR_STATUS_SUCCESS : STOR_STATUS_INSUFFICIENT_RESOURCES;
}

ULONG StorPortFreeContiguousMemorySpecifyCache(PVOID HwDeviceExtension, PVOID BaseAddress, SIZE_T NumberOfBytes,
                                               MEMORY_CACHING_TYPE CacheType)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    MmFreeContiguousMemorySpecifyCache(BaseAddress, NumberOfBytes, CacheType);
    return STOR_STATUS_SUCCESS;
}

/* ---- the data of a request -------------------------------------------------------------------------------- */
ULONG StorPortGetOriginalMdl(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *Mdl)
{
    PIRP irp = PortRequestOf(Srb)->Irp;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Mdl = irp != NULL ? irp->MdlAddress : NULL;
    return *Mdl != NULL ? STOR_STATUS_SUCCESS : STOR_STATUS_UNSUCCESSFUL;
}

/* DataBuffer is an address within the MDL's virtual range; without an MDL it is a system address. */
ULONG StorPortGetSystemAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID *SystemAddress)
{
    PIRP irp = PortRequestOf(Srb)->Irp;
    PMDL mdl = irp != NULL ? irp->MdlAddress : NULL;
    ULONG_PTR offset;
    PUCHAR base;

    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *SystemAddress = Srb->DataBuffer;
    if (mdl == NULL) {
        return STOR_STATUS_SUCCESS;
    }
    offset = (ULONG_PTR)Srb->DataBuffer - (ULONG_PTR)MmGetMdlVirtualAddress(mdl);
    if (offset >= MmGetMdlByteCount(mdl)) {
        return STOR_STATUS_SUCCESS; /* a buffer of its own, such as sense or parameter data */
    }
    base = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (base == NULL) {
        return STOR_STATUS_INSUFFICIENT_RESOURCES;
    }
    *SystemAddress = base + offset;
    return STOR_STATUS_SUCCESS;
}

STOR_PHYSICAL_ADDRESS StorPortGetPhysicalAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, PVOID VirtualAddress,
                                                 ULONG *Length)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Length = PAGE_SIZE - BYTE_OFFSET(VirtualAddress);
    if (Srb != NULL) {
        ULONG_PTR offset = (ULONG_PTR)VirtualAddress - (ULONG_PTR)Srb->DataBuffer;

        if (offset < Srb->DataTransferLength && Srb->DataTransferLength - offset < *Length) {
            *Length = Srb->DataTransferLength - (ULONG)offset;
        }
    }
    return MmGetPhysicalAddress(VirtualAddress);
}
