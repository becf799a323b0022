/* SPDX-License-Identifier: 0BSD */
/*
 * Errors that mean nothing one by one and much in a row. Not every adapter says that a link is gone: some end
 * each command with a bus reset, a time-out or BUSY, which a path in good health now and then does too. And a
 * unit attention costs a request nothing, unless the array never stops to report it.
 *
 * A row ends with the first good request that was sent after it began. Only those have a completion routine:
 * a path without errors pays nothing. Everything here may run at DISPATCH_LEVEL; Lun->Lock guards the counters.
 */
#include "dsm_sample.h"

#define ERRORS_IN_A_ROW     3   /* while another path is left: to lose one is cheap, and it comes back */
#define ERRORS_OF_THE_LAST  5   /* one more than the disk driver's retries: what they cure is no dead path */
#define ATTENTIONS_IN_A_ROW 16  /* as many as an array may have queued for one path, and some more */
#define ONE_SECOND          10000000ull

/* DsmId: the instance that served the request in the end; NULL: it has left. */
static VOID Completed(PVOID DsmId, PIRP Irp, PSCSI_REQUEST_BLOCK Srb, PVOID CompletionContext)
{
    PSAMPLE_INSTANCE instance = DsmId;
    KIRQL irql;

    if (instance == NULL || SRB_STATUS(SrbGetSrbStatus(Srb)) != SRB_STATUS_SUCCESS)
        return;
    KeAcquireSpinLock(&instance->Lun->Lock, &irql);
    instance->Errors = instance->Attentions = 0;
    KeReleaseSpinLock(&instance->Lun->Lock, irql);
}

/* From SetCompletion. */
VOID SampleWatch(PSAMPLE_INSTANCE Instance, PDSM_COMPLETION_INFO CompletionInfo)
{
    if (Instance->Errors != 0 || Instance->Attentions != 0)
        CompletionInfo->DsmCompletionRoutine = Completed;
}

/* The device has not answered; the transport says so, and may or may not do better the next time. */
static BOOLEAN IsTransportError(PSCSI_REQUEST_BLOCK Srb)
{
    switch (SRB_STATUS(SrbGetSrbStatus(Srb))) {
    case SRB_STATUS_BUS_RESET: case SRB_STATUS_TIMEOUT: case SRB_STATUS_COMMAND_TIMEOUT: case SRB_STATUS_BUSY:
    case SRB_STATUS_ABORTED: case SRB_STATUS_ERROR: case SRB_STATUS_LINK_DOWN: case SRB_STATUS_PARITY_ERROR:
    case SRB_STATUS_UNEXPECTED_BUS_FREE: case SRB_STATUS_PHASE_SEQUENCE_FAILURE:
        return SrbGetScsiStatus(Srb) == SCSISTAT_GOOD;
    }
    return FALSE;
}

/*
 * From InterpretError, without sense data. Send it again, on the next path if there is one; after some errors in
 * a row the path is dead. All requests in flight come back at once from one reset: that counts as one error. So a
 * retry waits as long as it takes to be counted.
 */
ULONG SampleCountError(PSAMPLE_INSTANCE Instance, PSCSI_REQUEST_BLOCK Srb, PBOOLEAN Retry, PLONG RetryInterval)
{
    ULONGLONG now = KeQueryInterruptTime();
    BOOLEAN dead;
    KIRQL irql;

    if (!IsTransportError(Srb))
        return 0;
    KeAcquireSpinLock(&Instance->Lun->Lock, &irql);
    if (Instance->Errors == 0 || now - Instance->LastError >= ONE_SECOND) {
        Instance->Errors++;
        Instance->LastError = now;
    }
    dead = Instance->Errors >= (Instance->Lun->Usables > 1 ? ERRORS_IN_A_ROW : ERRORS_OF_THE_LAST);
    KeReleaseSpinLock(&Instance->Lun->Lock, irql);
    *Retry = TRUE;
    *RetryInterval = 1;
    return dead ? DSM_FATAL_ERROR : 0;
}

/*
 * From InterpretError, for a unit attention that means nothing to the caller. After a reset one waits on every
 * path, and a request may meet one after the other: with more paths than retries it would fail, though nothing
 * is wrong. So they are free, as long as each ends.
 */
ULONG SampleCountAttention(PSAMPLE_INSTANCE Instance)
{
    BOOLEAN endless;
    KIRQL irql;

    KeAcquireSpinLock(&Instance->Lun->Lock, &irql);
    endless = Instance->Attentions >= ATTENTIONS_IN_A_ROW || ++Instance->Attentions >= ATTENTIONS_IN_A_ROW;
    KeReleaseSpinLock(&Instance->Lun->Lock, irql);
    return endless ? 0 : DSM_RETRY_DONT_DECREMENT;
}
