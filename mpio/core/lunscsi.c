/* SPDX-License-Identifier: MIT */
/*
 * SRB functions at a pseudo-LUN: the claim of the class driver and the queue functions end here,
 * everything else becomes a request. <= DISPATCH_LEVEL.
 */
#include "core/core.h"

static NTSTATUS Answer(PIRP Irp, PSCSI_REQUEST_BLOCK Srb, NTSTATUS Status, UCHAR SrbStatus)
{
    Srb->SrbStatus = SrbStatus;
    return MpioComplete(Irp, Status, 0);
}

static NTSTATUS Claim(PMPIO_PDO Pdo, PIRP Irp, PSCSI_REQUEST_BLOCK Srb)
{
    BOOLEAN busy;
    KIRQL irql;

    KeAcquireSpinLock(&Pdo->Lun->Lock, &irql);
    busy = Pdo->Claimed;
    Pdo->Claimed = TRUE;
    KeReleaseSpinLock(&Pdo->Lun->Lock, irql);
    if (busy) {
        return Answer(Irp, Srb, STATUS_DEVICE_BUSY, SRB_STATUS_BUSY);
    }
    Srb->DataBuffer = Pdo->Common.Device;
    return Answer(Irp, Srb, STATUS_SUCCESS, SRB_STATUS_SUCCESS);
}

NTSTATUS MpioPdoScsi(PMPIO_PDO Pdo, PIRP Irp)
{
    PSCSI_REQUEST_BLOCK srb = IoGetCurrentIrpStackLocation(Irp)->Parameters.Scsi.Srb;

    if (srb == NULL) {
        return MpioComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    }
    switch (srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        if (srb->Length < sizeof(*srb)) {
            return Answer(Irp, srb, STATUS_INVALID_PARAMETER, SRB_STATUS_INVALID_REQUEST);
        }
        return MpioStartRequest(Pdo, Irp, srb, MpioScsi);
    case SRB_FUNCTION_CLAIM_DEVICE:
        return Claim(Pdo, Irp, srb);
    case SRB_FUNCTION_RELEASE_DEVICE:
    case SRB_FUNCTION_REMOVE_DEVICE:
        Pdo->Claimed = FALSE;
        return Answer(Irp, srb, STATUS_SUCCESS, SRB_STATUS_SUCCESS);
    case SRB_FUNCTION_RELEASE_QUEUE:
    case SRB_FUNCTION_FLUSH_QUEUE:
    case SRB_FUNCTION_LOCK_QUEUE:
    case SRB_FUNCTION_UNLOCK_QUEUE:
    case SRB_FUNCTION_QUIESCE_DEVICE:
        /* Port queues belong to paths and are released when a path's request fails (complete.c). */
        return Answer(Irp, srb, STATUS_SUCCESS, SRB_STATUS_SUCCESS);
    case SRB_FUNCTION_STORAGE_REQUEST_BLOCK:
        /* The adapter property says SrbType 0: no extended SRBs (MPIO-IO-07). */
        return Answer(Irp, srb, STATUS_INVALID_DEVICE_REQUEST, SRB_STATUS_INVALID_REQUEST);
    default:
        return MpioStartRequest(Pdo, Irp, srb, MpioScsi);
    }
}
