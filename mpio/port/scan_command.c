/* SPDX-License-Identifier: MIT */
/*
 * One command of the bus scan, sent through the unit's queue like any other and waited for.
 * PASSIVE_LEVEL. Data and sense land in memory of this call, so it returns only when the request has.
 */
#include "port/port.h"

#define SCAN_TIMEOUT  10    /* seconds */
#define SCAN_TRIES    8     /* unit attentions come one per condition; answers get lost, and resets take others along */
#define KEY_UNIT_ATTENTION 6

typedef struct _SCAN_WAIT {
    SCSI_REQUEST_BLOCK Srb;
    UCHAR Sense[32];
    KEVENT Done;
} SCAN_WAIT;

static VOID CommandDone(PPORT_REQUEST Request)
{
    SCAN_WAIT *wait = Request->Context;

    PortFreeRequest(Request);
    KeSetEvent(&wait->Done, IO_NO_INCREMENT, FALSE);
}

static UCHAR SendOnce(PPORT_UNIT Unit, SCAN_WAIT *Wait, const UCHAR *Cdb, UCHAR CdbLength, PVOID Buffer, ULONG Length)
{
    PPORT_REQUEST request = PortAllocateRequest(Unit);

    if (request == NULL) {
        return SRB_STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Wait, sizeof(*Wait));
    KeInitializeEvent(&Wait->Done, NotificationEvent, FALSE);
    Wait->Srb.Length = SCSI_REQUEST_BLOCK_SIZE;
    Wait->Srb.Function = SRB_FUNCTION_EXECUTE_SCSI;
    Wait->Srb.PathId = Unit->Path;
    Wait->Srb.TargetId = Unit->Target;
    Wait->Srb.Lun = Unit->Lun;
    Wait->Srb.SrbFlags = SRB_FLAGS_DATA_IN | SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_BYPASS_FROZEN_QUEUE |
                         SRB_FLAGS_DISABLE_SYNCH_TRANSFER | SRB_FLAGS_QUEUE_ACTION_ENABLE;
    Wait->Srb.QueueAction = SRB_SIMPLE_TAG_REQUEST;
    Wait->Srb.DataTransferLength = Length;
    Wait->Srb.DataBuffer = Buffer;
    Wait->Srb.TimeOutValue = SCAN_TIMEOUT;
    Wait->Srb.SenseInfoBuffer = Wait->Sense;
    Wait->Srb.SenseInfoBufferLength = sizeof(Wait->Sense);
    Wait->Srb.CdbLength = CdbLength;
    RtlCopyMemory(Wait->Srb.Cdb, Cdb, CdbLength);
    request->Srb = &Wait->Srb;
    request->Context = Wait;
    request->Done = CommandDone;
    PortSubmit(request);
    KeWaitForSingleObject(&Wait->Done, Executive, KernelMode, FALSE, NULL);
    return SRB_STATUS(Wait->Srb.SrbStatus);
}

static BOOLEAN HasSense(const SCAN_WAIT *Wait)
{
    return (Wait->Srb.SrbStatus & SRB_STATUS_AUTOSENSE_VALID) != 0;
}

static UCHAR SenseKey(const SCAN_WAIT *Wait)
{
    return ((Wait->Sense[0] & 0x7F) >= 0x72 ? Wait->Sense[1] : Wait->Sense[2]) & 0x0F;
}

/* Nobody scans again on account of a command that got lost: giving up would lose the LUN until the next event. */
static BOOLEAN MayRetry(UCHAR Status, const SCAN_WAIT *Wait)
{
    switch (Status) {
    case SRB_STATUS_ERROR:
        return !HasSense(Wait) || SenseKey(Wait) == KEY_UNIT_ATTENTION; /* without sense: some HBAs' word for a lost answer */
    case SRB_STATUS_TIMEOUT:
    case SRB_STATUS_COMMAND_TIMEOUT:
    case SRB_STATUS_BUS_RESET:
    case SRB_STATUS_ABORTED:
    case SRB_STATUS_LINK_DOWN: /* a bounce takes what is under way */
    case SRB_STATUS_BUSY:      /* the LUN's own requests were faster each time that the queue had room */
        return TRUE;
    default:
        return FALSE;
    }
}

/* Buffer is zeroed first. *Length: room, then bytes that arrived. Answers the SRB status, with two exceptions: an underrun
 * is a success, and an error without sense that will not go away is SRB_STATUS_ABORTED: it says nothing about the LUN. */
UCHAR PortScanCommand(PPORT_UNIT Unit, const UCHAR *Cdb, UCHAR CdbLength, PVOID Buffer, ULONG *Length)
{
    SCAN_WAIT wait;
    UCHAR status = SRB_STATUS_ERROR;

    for (ULONG try = 0; try < SCAN_TRIES; try++) {
        RtlZeroMemory(Buffer, *Length);
        status = SendOnce(Unit, &wait, Cdb, CdbLength, Buffer, *Length);
        if (!MayRetry(status, &wait)) {
            break;
        }
    }
    if (status == SRB_STATUS_ERROR && !HasSense(&wait)) {
        status = SRB_STATUS_ABORTED;
    }
    if (status == SRB_STATUS_DATA_OVERRUN && wait.Srb.DataTransferLength <= *Length) {
        status = SRB_STATUS_SUCCESS;
    }
    if (status == SRB_STATUS_SUCCESS && wait.Srb.DataTransferLength < *Length) {
        *Length = wait.Srb.DataTransferLength;
    } else if (status != SRB_STATUS_SUCCESS) {
        *Length = 0;
    }
    return status;
}
