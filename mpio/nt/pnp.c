/* SPDX-License-Identifier: MIT */
/*
 * The I/O manager's side of plug and play and power: hooks to the room pnp, power requests,
 * unique ids. PASSIVE_LEVEL unless said. Before the hooks are set invalidations are dropped
 * and properties are not supported.
 */
#include "nt/device.h"
#include "nt/driverobject.h"

VOID NtSetPnpHooks(const NT_PNP_HOOKS *Hooks)
{
    NtKernel()->Pnp = *Hooks;
}

VOID IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    if (NtKernel()->Pnp.InvalidateRelations != NULL) {
        NtKernel()->Pnp.InvalidateRelations(DeviceObject, Type);
    }
}

VOID IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(PhysicalDeviceObject); /* no device of this emulator reports a PnP state of its own */
}

VOID IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject)
{
    IoInvalidateDeviceRelations(PhysicalDeviceObject, EjectionRelations);
}

/* The I/O manager's own knowledge: an unnamed device gives an empty string. */
static NTSTATUS GiveObjectName(PCWSTR Name, ULONG Length, PVOID Buffer, PULONG ResultLength)
{
    ULONG bytes = sizeof(WCHAR);

    for (ULONG i = 0; Name[i] != 0; i++) {
        bytes += sizeof(WCHAR);
    }
    *ResultLength = bytes;
    if (Length < bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(Buffer, Name, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                             ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength)
{
    WCHAR name[NT_AUTOMATIC_NAME + 1];

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    NtDeviceRequire(DeviceObject);
    if (DeviceProperty == DevicePropertyPhysicalDeviceObjectName) {
        return GiveObjectName(NtDeviceName(NtDevice(DeviceObject), name), BufferLength, PropertyBuffer, ResultLength);
    }
    if (NtKernel()->Pnp.GetDeviceProperty == NULL) {
        *ResultLength = 0;
        return STATUS_NOT_SUPPORTED;
    }
    return NtKernel()->Pnp.GetDeviceProperty(DeviceObject, DeviceProperty, BufferLength, PropertyBuffer,
                                             ResultLength);
}

/* ---- power -------------------------------------------------------------------------------------------------- */

typedef struct _NT_POWER_REQUEST {
    PDEVICE_OBJECT Device;
    PREQUEST_POWER_COMPLETE Function;
    PVOID Context;
    POWER_STATE State;
    UCHAR Minor;
} NT_POWER_REQUEST;

VOID PoStartNextPowerIrp(PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    NT_REQUIRE_IRQL(DISPATCH_LEVEL); /* since Windows Vista nothing is left to do */
}

NTSTATUS PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

static NTSTATUS PowerDone(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    NT_POWER_REQUEST request = *(NT_POWER_REQUEST *)Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    NtPoolFreeKernel(NtKernel(), Context);
    if (request.Function != NULL) {
        NT_CALL_VOID("power completion routine", NtDriverOfCode(NtKernel(), (PVOID)request.Function), DISPATCH_LEVEL,
                     request.Function, request.Device, request.Minor, request.State, request.Context, &Irp->IoStatus);
    }
    IoFreeIrp(Irp);
    NtObjectRelease(request.Device);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction, POWER_STATE PowerState,
                           PREQUEST_POWER_COMPLETE CompletionFunction, PVOID Context, PIRP *Irp)
{
    PDEVICE_OBJECT top;
    NT_POWER_REQUEST *request;
    PIO_STACK_LOCATION stack;
    PIRP irp;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    if (MinorFunction != IRP_MN_SET_POWER && MinorFunction != IRP_MN_QUERY_POWER && MinorFunction != IRP_MN_WAIT_WAKE) {
        return STATUS_INVALID_PARAMETER_2;
    }
    NtDeviceRequire(DeviceObject);
    top = NtDeviceTop(DeviceObject);
    request = NtPoolAllocateKernel(NtKernel(), sizeof(*request), 'rwoP');
    irp = IoAllocateIrp(top->StackSize, FALSE);
    if (request == NULL || irp == NULL) {
        if (request != NULL) {
            NtPoolFreeKernel(NtKernel(), request);
        }
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *request = (NT_POWER_REQUEST){DeviceObject, CompletionFunction, Context, PowerState, MinorFunction};
    NtObjectReference(DeviceObject);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_POWER;
    stack->MinorFunction = MinorFunction;
    stack->Parameters.Power.Type = DevicePowerState;
    stack->Parameters.Power.State = PowerState;
    IoSetCompletionRoutine(irp, PowerDone, request, TRUE, TRUE, TRUE);
    if (Irp != NULL) {
        *Irp = irp;
    }
    IoCallDriver(top, irp);
    return STATUS_PENDING;
}

POWER_STATE PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type, POWER_STATE State)
{
    PNT_DEVICE device;
    POWER_STATE old;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtDeviceRequire(DeviceObject);
    device = NtDevice(DeviceObject);
    if (Type == DevicePowerState) {
        old.DeviceState = device->DevicePower;
        device->DevicePower = (UCHAR)State.DeviceState;
    } else {
        old.SystemState = device->SystemPower;
        device->SystemPower = (UCHAR)State.SystemState;
    }
    return old;
}

/* Version 4 (random) by shape, drawn from a counter and the machine's number: the same in every replay. */
NTSTATUS ExUuidCreate(GUID *Uuid)
{
    PNT_MACHINE kernel;
    ULONGLONG mix;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    kernel = NtKernel();
    mix = (++kernel->UuidSequence + ((ULONGLONG)kernel->Machine->ordinal << 32) + world_seed(kernel->Machine->world)) *
          0x9e3779b97f4a7c15ull;
    mix = (mix ^ mix >> 29) * 0xbf58476d1ce4e5b9ull;
    Uuid->Data1 = (ULONG)mix;
    Uuid->Data2 = (USHORT)(mix >> 32);
    Uuid->Data3 = (USHORT)((mix >> 48 & 0x0fff) | 0x4000);
    mix = (mix ^ mix >> 32) * 0x94d049bb133111ebull;
    for (ULONG i = 0; i < 8; i++) {
        Uuid->Data4[i] = (UCHAR)(mix >> (i * 8));
    }
    Uuid->Data4[0] = (UCHAR)((Uuid->Data4[0] & 0x3f) | 0x80);
    return STATUS_SUCCESS;
}
