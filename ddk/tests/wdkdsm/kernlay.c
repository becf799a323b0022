/* SPDX-License-Identifier: MIT */
/*
 * Layouts that this driver relies on, checked where it is compiled: objects of the kernel and the registry.
 * S: size on 64-bit and 32-bit systems; O: offset on both; E: offset, equal on both; X and Z: 64-bit only.
 */

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "kernlay.tmh"
#endif

#ifdef _WIN64
#define S(Type, Size64, Size32)              C_ASSERT(sizeof(Type) == Size64)
#define O(Type, Member, At64, At32)          C_ASSERT(FIELD_OFFSET(Type, Member) == At64)
#define X(Type, Member, At64)                C_ASSERT(FIELD_OFFSET(Type, Member) == At64)
#define Z(Type, Size64)                      C_ASSERT(sizeof(Type) == Size64)
#else
#define S(Type, Size64, Size32)              C_ASSERT(sizeof(Type) == Size32)
#define O(Type, Member, At64, At32)          C_ASSERT(FIELD_OFFSET(Type, Member) == At32)
#endif
#define E(Type, Member, At)                  C_ASSERT(FIELD_OFFSET(Type, Member) == At)

S(IRP, 208, 112); E(IRP, Type, 0); E(IRP, Size, 2); O(IRP, MdlAddress, 8, 4); O(IRP, Flags, 16, 8);
O(IRP, AssociatedIrp.MasterIrp, 24, 12); O(IRP, AssociatedIrp.IrpCount, 24, 12);
O(IRP, AssociatedIrp.SystemBuffer, 24, 12); O(IRP, ThreadListEntry, 32, 16); O(IRP, IoStatus, 48, 24);
O(IRP, RequestorMode, 64, 32); O(IRP, PendingReturned, 65, 33); O(IRP, StackCount, 66, 34);
O(IRP, CurrentLocation, 67, 35); O(IRP, Cancel, 68, 36); O(IRP, CancelIrql, 69, 37); O(IRP, ApcEnvironment, 70, 38);
O(IRP, AllocationFlags, 71, 39); O(IRP, UserIosb, 72, 40); O(IRP, UserEvent, 80, 44);
O(IRP, Overlay.AsynchronousParameters.UserApcRoutine, 88, 48);
O(IRP, Overlay.AsynchronousParameters.IssuingProcess, 88, 48);
O(IRP, Overlay.AsynchronousParameters.UserApcContext, 96, 52); O(IRP, Overlay.AllocationSize, 88, 48);
O(IRP, CancelRoutine, 104, 56); O(IRP, UserBuffer, 112, 60); O(IRP, Tail.Overlay.DeviceQueueEntry, 120, 64);
O(IRP, Tail.Overlay.DriverContext, 120, 64); O(IRP, Tail.Overlay.Thread, 152, 80);
O(IRP, Tail.Overlay.AuxiliaryBuffer, 160, 84); O(IRP, Tail.Overlay.ListEntry, 168, 88);
O(IRP, Tail.Overlay.CurrentStackLocation, 184, 96); O(IRP, Tail.Overlay.PacketType, 184, 96);
O(IRP, Tail.Overlay.OriginalFileObject, 192, 100); O(IRP, Tail.Apc, 120, 64); O(IRP, Tail.CompletionKey, 120, 64);

S(IO_STACK_LOCATION, 72, 36); E(IO_STACK_LOCATION, MajorFunction, 0); E(IO_STACK_LOCATION, MinorFunction, 1);
E(IO_STACK_LOCATION, Flags, 2); E(IO_STACK_LOCATION, Control, 3); O(IO_STACK_LOCATION, Parameters.Read.Length, 8, 4);
O(IO_STACK_LOCATION, Parameters.Read.Key, 16, 8); O(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 24, 12);
O(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 8, 4);
O(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 16, 8);
O(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 24, 12);
O(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 32, 16);
O(IO_STACK_LOCATION, Parameters.Scsi.Srb, 8, 4); O(IO_STACK_LOCATION, Parameters.WMI.ProviderId, 8, 4);
O(IO_STACK_LOCATION, Parameters.WMI.DataPath, 16, 8); O(IO_STACK_LOCATION, Parameters.WMI.BufferSize, 24, 12);
O(IO_STACK_LOCATION, Parameters.WMI.Buffer, 32, 16); O(IO_STACK_LOCATION, Parameters.Others.Argument1, 8, 4);
O(IO_STACK_LOCATION, Parameters.Others.Argument2, 16, 8); O(IO_STACK_LOCATION, Parameters.Others.Argument3, 24, 12);
O(IO_STACK_LOCATION, Parameters.Others.Argument4, 32, 16); O(IO_STACK_LOCATION, DeviceObject, 40, 20);
O(IO_STACK_LOCATION, FileObject, 48, 24); O(IO_STACK_LOCATION, CompletionRoutine, 56, 28);
O(IO_STACK_LOCATION, Context, 64, 32);

S(MDL, 48, 28); E(MDL, Next, 0); O(MDL, Size, 8, 4); O(MDL, MdlFlags, 10, 6); O(MDL, Process, 16, 8);
O(MDL, MappedSystemVa, 24, 12); O(MDL, StartVa, 32, 16); O(MDL, ByteCount, 40, 20); O(MDL, ByteOffset, 44, 24);

S(DEVICE_OBJECT, 336, 184); E(DEVICE_OBJECT, Type, 0); E(DEVICE_OBJECT, Size, 2); E(DEVICE_OBJECT, ReferenceCount, 4);
E(DEVICE_OBJECT, DriverObject, 8); O(DEVICE_OBJECT, NextDevice, 16, 12); O(DEVICE_OBJECT, AttachedDevice, 24, 16);
O(DEVICE_OBJECT, CurrentIrp, 32, 20); O(DEVICE_OBJECT, Timer, 40, 24); O(DEVICE_OBJECT, Flags, 48, 28);
O(DEVICE_OBJECT, Characteristics, 52, 32); O(DEVICE_OBJECT, Vpb, 56, 36); O(DEVICE_OBJECT, DeviceExtension, 64, 40);
O(DEVICE_OBJECT, DeviceType, 72, 44); O(DEVICE_OBJECT, StackSize, 76, 48); O(DEVICE_OBJECT, Queue.ListEntry, 80, 52);
O(DEVICE_OBJECT, Queue.Wcb, 80, 52); O(DEVICE_OBJECT, AlignmentRequirement, 152, 92);
O(DEVICE_OBJECT, DeviceQueue, 160, 96); O(DEVICE_OBJECT, Dpc, 200, 116);
O(DEVICE_OBJECT, ActiveThreadCount, 264, 148); O(DEVICE_OBJECT, SecurityDescriptor, 272, 152);
O(DEVICE_OBJECT, DeviceLock, 280, 156); O(DEVICE_OBJECT, SectorSize, 304, 172);
O(DEVICE_OBJECT, DeviceObjectExtension, 312, 176); O(DEVICE_OBJECT, Reserved, 320, 180);

S(DRIVER_OBJECT, 336, 168); E(DRIVER_OBJECT, Type, 0); E(DRIVER_OBJECT, Size, 2);
O(DRIVER_OBJECT, DeviceObject, 8, 4); O(DRIVER_OBJECT, Flags, 16, 8); O(DRIVER_OBJECT, DriverStart, 24, 12);
O(DRIVER_OBJECT, DriverSize, 32, 16); O(DRIVER_OBJECT, DriverSection, 40, 20);
O(DRIVER_OBJECT, DriverExtension, 48, 24); O(DRIVER_OBJECT, DriverName, 56, 28);
O(DRIVER_OBJECT, HardwareDatabase, 72, 36); O(DRIVER_OBJECT, FastIoDispatch, 80, 40);
O(DRIVER_OBJECT, DriverInit, 88, 44); O(DRIVER_OBJECT, DriverStartIo, 96, 48);
O(DRIVER_OBJECT, DriverUnload, 104, 52); O(DRIVER_OBJECT, MajorFunction, 112, 56);

S(IO_STATUS_BLOCK, 16, 8); E(IO_STATUS_BLOCK, Status, 0); E(IO_STATUS_BLOCK, Pointer, 0);
O(IO_STATUS_BLOCK, Information, 8, 4);

S(UNICODE_STRING, 16, 8); E(UNICODE_STRING, Length, 0); E(UNICODE_STRING, MaximumLength, 2);
O(UNICODE_STRING, Buffer, 8, 4);

S(STRING, 16, 8); E(STRING, Length, 0); E(STRING, MaximumLength, 2); O(STRING, Buffer, 8, 4);

S(OBJECT_ATTRIBUTES, 48, 24); E(OBJECT_ATTRIBUTES, Length, 0); O(OBJECT_ATTRIBUTES, RootDirectory, 8, 4);
O(OBJECT_ATTRIBUTES, ObjectName, 16, 8); O(OBJECT_ATTRIBUTES, Attributes, 24, 12);
O(OBJECT_ATTRIBUTES, SecurityDescriptor, 32, 16); O(OBJECT_ATTRIBUTES, SecurityQualityOfService, 40, 20);

S(LIST_ENTRY, 16, 8); E(LIST_ENTRY, Flink, 0); O(LIST_ENTRY, Blink, 8, 4);

S(GENERAL_LOOKASIDE, 128, 72); E(GENERAL_LOOKASIDE, ListHead, 0); E(GENERAL_LOOKASIDE, SingleListHead, 0);
O(GENERAL_LOOKASIDE, Depth, 16, 8); O(GENERAL_LOOKASIDE, MaximumDepth, 18, 10);
O(GENERAL_LOOKASIDE, TotalAllocates, 20, 12); O(GENERAL_LOOKASIDE, AllocateMisses, 24, 16);
O(GENERAL_LOOKASIDE, AllocateHits, 24, 16); O(GENERAL_LOOKASIDE, TotalFrees, 28, 20);
O(GENERAL_LOOKASIDE, FreeMisses, 32, 24); O(GENERAL_LOOKASIDE, FreeHits, 32, 24); O(GENERAL_LOOKASIDE, Type, 36, 28);
O(GENERAL_LOOKASIDE, Tag, 40, 32); O(GENERAL_LOOKASIDE, Size, 44, 36); O(GENERAL_LOOKASIDE, AllocateEx, 48, 40);
O(GENERAL_LOOKASIDE, Allocate, 48, 40); O(GENERAL_LOOKASIDE, FreeEx, 56, 44); O(GENERAL_LOOKASIDE, Free, 56, 44);
O(GENERAL_LOOKASIDE, ListEntry, 64, 48); O(GENERAL_LOOKASIDE, LastTotalAllocates, 80, 56);
O(GENERAL_LOOKASIDE, LastAllocateMisses, 84, 60); O(GENERAL_LOOKASIDE, LastAllocateHits, 84, 60);
O(GENERAL_LOOKASIDE, Future, 88, 64);

S(KEY_BASIC_INFORMATION, 24, 24); E(KEY_BASIC_INFORMATION, LastWriteTime, 0); E(KEY_BASIC_INFORMATION, TitleIndex, 8);
E(KEY_BASIC_INFORMATION, NameLength, 12); E(KEY_BASIC_INFORMATION, Name, 16);

S(KEY_FULL_INFORMATION, 48, 48); E(KEY_FULL_INFORMATION, LastWriteTime, 0); E(KEY_FULL_INFORMATION, TitleIndex, 8);
E(KEY_FULL_INFORMATION, ClassOffset, 12); E(KEY_FULL_INFORMATION, ClassLength, 16);
E(KEY_FULL_INFORMATION, SubKeys, 20); E(KEY_FULL_INFORMATION, MaxNameLen, 24);
E(KEY_FULL_INFORMATION, MaxClassLen, 28); E(KEY_FULL_INFORMATION, Values, 32);
E(KEY_FULL_INFORMATION, MaxValueNameLen, 36); E(KEY_FULL_INFORMATION, MaxValueDataLen, 40);
E(KEY_FULL_INFORMATION, Class, 44);

S(KEY_VALUE_FULL_INFORMATION, 24, 24); E(KEY_VALUE_FULL_INFORMATION, TitleIndex, 0);
E(KEY_VALUE_FULL_INFORMATION, Type, 4); E(KEY_VALUE_FULL_INFORMATION, DataOffset, 8);
E(KEY_VALUE_FULL_INFORMATION, DataLength, 12); E(KEY_VALUE_FULL_INFORMATION, NameLength, 16);
E(KEY_VALUE_FULL_INFORMATION, Name, 20);

S(KEY_VALUE_PARTIAL_INFORMATION, 16, 16); E(KEY_VALUE_PARTIAL_INFORMATION, TitleIndex, 0);
E(KEY_VALUE_PARTIAL_INFORMATION, Type, 4); E(KEY_VALUE_PARTIAL_INFORMATION, DataLength, 8);
E(KEY_VALUE_PARTIAL_INFORMATION, Data, 12);

S(RTL_QUERY_REGISTRY_TABLE, 56, 28); E(RTL_QUERY_REGISTRY_TABLE, QueryRoutine, 0);
O(RTL_QUERY_REGISTRY_TABLE, Flags, 8, 4); O(RTL_QUERY_REGISTRY_TABLE, Name, 16, 8);
O(RTL_QUERY_REGISTRY_TABLE, EntryContext, 24, 12); O(RTL_QUERY_REGISTRY_TABLE, DefaultType, 32, 16);
O(RTL_QUERY_REGISTRY_TABLE, DefaultData, 40, 20); O(RTL_QUERY_REGISTRY_TABLE, DefaultLength, 48, 24);

S(RTL_OSVERSIONINFOW, 276, 276); E(RTL_OSVERSIONINFOW, dwOSVersionInfoSize, 0);
E(RTL_OSVERSIONINFOW, dwMajorVersion, 4); E(RTL_OSVERSIONINFOW, dwMinorVersion, 8);
E(RTL_OSVERSIONINFOW, dwBuildNumber, 12); E(RTL_OSVERSIONINFOW, dwPlatformId, 16);
E(RTL_OSVERSIONINFOW, szCSDVersion, 20);

S(WMIGUIDREGINFO, 16, 12); E(WMIGUIDREGINFO, Guid, 0); O(WMIGUIDREGINFO, InstanceCount, 8, 4);
O(WMIGUIDREGINFO, Flags, 12, 8);

S(KEVENT, 24, 16); E(KEVENT, Header.SignalState, 4); E(KEVENT, Header.WaitListHead, 8);
S(KSPIN_LOCK, 8, 4); S(SLIST_HEADER, 16, 8); S(LARGE_INTEGER, 8, 8); S(GUID, 16, 16);
S(NPAGED_LOOKASIDE_LIST, 128, 80); E(NPAGED_LOOKASIDE_LIST, L.ListHead, 0);
S(RTL_OSVERSIONINFOEXW, 284, 284); S(OSVERSIONINFOW, 276, 276);
S(EX_SPIN_LOCK, 4, 4); S(PEX_SPIN_LOCK, 8, 4); S(POOL_FLAGS, 8, 8); S(POOL_EXTENDED_PARAMETER, 16, 16);
S(WCHAR, 2, 2); S(LONG, 4, 4); S(NTSTATUS, 4, 4); S(BOOLEAN, 1, 1); S(HANDLE, 8, 4); S(ULONG_PTR, 8, 4);
