/* SPDX-License-Identifier: MIT */
/*
 * PnP IRPs, sent to the top of a stack and waited for; each one leaves a record in the event stream.
 * PASSIVE_LEVEL.
 */
#include "pnp/tree.h"

static NTSTATUS Done(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Event)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

PNP_RESULT PnpSend(PPNP_NODE Node, const IO_STACK_LOCATION *Request)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(Node->Pdo);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    PNP_RESULT result = {STATUS_INSUFFICIENT_RESOURCES, 0};
    ULONG ordinal = Node->Ordinal;
    PIO_STACK_LOCATION stack;
    KEVENT event;

    if (irp != NULL) {
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_PNP;
        stack->MinorFunction = Request->MinorFunction;
        stack->Parameters = Request->Parameters;
        IoSetCompletionRoutine(irp, Done, &event, TRUE, TRUE, TRUE);
        IoCallDriver(top, irp);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        result.Status = irp->IoStatus.Status;
        result.Information = irp->IoStatus.Information;
        IoFreeIrp(irp);
    }
    ObDereferenceObject(top);
    NtTrace(TRACE_PNP, ordinal, Request->MinorFunction, (ULONG)result.Status, 0);
    return result;
}

PNP_RESULT PnpSendMinor(PPNP_NODE Node, UCHAR Minor)
{
    IO_STACK_LOCATION request;

    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = Minor;
    return PnpSend(Node, &request);
}

static PNP_RESULT TextOnly(PNP_RESULT Result)
{
    if (!NT_SUCCESS(Result.Status)) {
        Result.Information = 0;
    } else if (Result.Information == 0) {
        Result.Status = STATUS_NOT_SUPPORTED;
    }
    return Result;
}

PNP_RESULT PnpQueryId(PPNP_NODE Node, BUS_QUERY_ID_TYPE Type)
{
    IO_STACK_LOCATION request;

    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = IRP_MN_QUERY_ID;
    request.Parameters.QueryId.IdType = Type;
    return TextOnly(PnpSend(Node, &request));
}

PNP_RESULT PnpQueryText(PPNP_NODE Node, DEVICE_TEXT_TYPE Type)
{
    IO_STACK_LOCATION request;

    RtlZeroMemory(&request, sizeof(request));
    request.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
    request.Parameters.QueryDeviceText.DeviceTextType = Type;
    return TextOnly(PnpSend(Node, &request));
}
