/* SPDX-License-Identifier: MIT */
/*
 * PnP of the filter: START offers the instance to the DSMs (Information 1: claimed, keep class drivers
 * off), removal takes it away from its DSM. PASSIVE_LEVEL.
 */
#include "core/core.h"

/* The claim keeps class drivers off the port PDO and opens it to our own pass-through requests. */
static NTSTATUS ClaimPort(PMPIO_FILTER Filter, UCHAR Function)
{
    SCSI_REQUEST_BLOCK srb;
    NTSTATUS status;

    RtlZeroMemory(&srb, sizeof(srb));
    srb.Function = Function;
    status = MpioSendSrb(Filter->Common.Lower, &srb, NULL, 0);
    Filter->Claimed = Function == SRB_FUNCTION_CLAIM_DEVICE && NT_SUCCESS(status);
    return status;
}

static NTSTATUS Start(PMPIO_FILTER Filter, PIRP Irp)
{
    NTSTATUS status = MpioForwardAndWait(Filter->Common.Lower, Irp);
    BOOLEAN claimed = FALSE;

    if (NT_SUCCESS(status) && Filter->Listed && Filter->DeviceType == 0 && Filter->Instance == NULL) {
        if (!NT_SUCCESS(ClaimPort(Filter, SRB_FUNCTION_CLAIM_DEVICE))) {
            MpioEvent(MPIO_EVENT_ARRIVAL_FAILED, MPIO_NO_ORDINAL, 0,
                      "a device of MPIOSupportedDeviceList is claimed by another driver; MPIO leaves it alone");
        } else {
            (VOID)MpioArrive(Filter, &claimed);
            if (!claimed) {
                (VOID)ClaimPort(Filter, SRB_FUNCTION_RELEASE_DEVICE);
            }
        }
    }
    return MpioComplete(Irp, status, claimed);
}

static VOID RemoveFromMpio(PMPIO_FILTER Filter)
{
    MpioAcquireSerial();
    if (Filter->Instance != NULL) {
        MpioRemoveInstance(Filter->Instance);
    }
    MpioReleaseSerial();
}

static NTSTATUS Remove(PMPIO_FILTER Filter, PIRP Irp)
{
    PMPIO_ROOT root = MpioRoot();
    PDEVICE_OBJECT device = Filter->Common.Device;
    PMPIO_ADAPTER adapter = Filter->Adapter;
    NTSTATUS status;
    KIRQL irql;

    RemoveFromMpio(Filter); /* the stack below still works: DSMs may send their last commands */
    if (Filter->Claimed) {
        (VOID)ClaimPort(Filter, SRB_FUNCTION_RELEASE_DEVICE);
    }
    KeAcquireSpinLock(&root->Lock, &irql);
    RemoveEntryList(&Filter->Entry);
    KeReleaseSpinLock(&root->Lock, irql);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    status = MpioForward(Filter->Common.Lower, Irp);
    IoDetachDevice(Filter->Common.Lower);
    IoDeleteDevice(device);
    MpioDereferenceAdapter(adapter);
    return status;
}

NTSTATUS MpioFilterPnp(PMPIO_FILTER Filter, PIRP Irp)
{
    NTSTATUS status;

    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(Filter, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        /* The port fails what it has first, so the instance can drain. */
        Irp->IoStatus.Status = STATUS_SUCCESS;
        status = MpioForwardAndWait(Filter->Common.Lower, Irp);
        RemoveFromMpio(Filter);
        return MpioComplete(Irp, NT_SUCCESS(status) ? STATUS_SUCCESS : status, 0);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(Filter, Irp);
    default:
        return MpioForward(Filter->Common.Lower, Irp);
    }
}
