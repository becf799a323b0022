/* SPDX-License-Identifier: MIT */
/*
 * StorPort's lists and device registers. Lists share one lock of the adapter; any IRQL. Registers are
 * memory: whoever hands out a register address answers for it.
 */
#include "port/port.h"

ULONG StorPortInitializeListHead(PVOID HwDeviceExtension, PLIST_ENTRY ListHead)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    InitializeListHead(ListHead);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedInsertHeadList(PVOID HwDeviceExtension, PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                        PLIST_ENTRY *Result)
{
    *Result = ExInterlockedInsertHeadList(ListHead, ListEntry, &PortAdapterOf(HwDeviceExtension)->ListLock);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedInsertTailList(PVOID HwDeviceExtension, PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                        PLIST_ENTRY *Result)
{
    *Result = ExInterlockedInsertTailList(ListHead, ListEntry, &PortAdapterOf(HwDeviceExtension)->ListLock);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedRemoveHeadList(PVOID HwDeviceExtension, PLIST_ENTRY ListHead, PLIST_ENTRY *Result)
{
    *Result = ExInterlockedRemoveHeadList(ListHead, &PortAdapterOf(HwDeviceExtension)->ListLock);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInitializeSListHead(PVOID HwDeviceExtension, PSLIST_HEADER SListHead)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    InitializeSListHead(SListHead);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedPushEntrySList(PVOID HwDeviceExtension, PSLIST_HEADER SListHead, PSLIST_ENTRY SListEntry,
                                        PSLIST_ENTRY *Result)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Result = InterlockedPushEntrySList(SListHead, SListEntry);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedPopEntrySList(PVOID HwDeviceExtension, PSLIST_HEADER SListHead, PSLIST_ENTRY *Result)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Result = InterlockedPopEntrySList(SListHead);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortInterlockedFlushSList(PVOID HwDeviceExtension, PSLIST_HEADER SListHead, PSLIST_ENTRY *Result)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Result = InterlockedFlushSList(SListHead);
    return STOR_STATUS_SUCCESS;
}

ULONG StorPortQueryDepthSList(PVOID HwDeviceExtension, PSLIST_HEADER SListHead, PUSHORT Depth)
{
    UNREFERENCED_PARAMETER(HwDeviceExtension);
    *Depth = QueryDepthSList(SListHead);
    return STOR_STATUS_SUCCESS;
}

#define REGISTER_ACCESS(Kind, Name, Type, Pointer)                                     \
    Type StorPortRead##Kind##Name(PVOID HwDeviceExtension, Pointer Address)            \
    {                                                                                  \
        UNREFERENCED_PARAMETER(HwDeviceExtension);                                     \
        return *(volatile Type *)Address;                                              \
    }                                                                                  \
    VOID StorPortWrite##Kind##Name(PVOID HwDeviceExtension, Pointer Address, Type Value) \
    {                                                                                  \
        UNREFERENCED_PARAMETER(HwDeviceExtension);                                     \
        *(volatile Type *)Address = Value;                                             \
    }

REGISTER_ACCESS(Port, Uchar, UCHAR, PUCHAR)
REGISTER_ACCESS(Port, Ushort, USHORT, PUSHORT)
REGISTER_ACCESS(Port, Ulong, ULONG, PULONG)
REGISTER_ACCESS(Register, Uchar, UCHAR, PUCHAR)
REGISTER_ACCESS(Register, Ushort, USHORT, PUSHORT)
REGISTER_ACCESS(Register, Ulong, ULONG, PULONG)
