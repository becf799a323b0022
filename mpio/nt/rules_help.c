/* SPDX-License-Identifier: MIT */
/*
 * What a report of a bug check tells the driver's author beyond the rule's text: how the parameters
 * are to be read, and what to do next. One row per rule of rules.h; a test sees that none is missing.
 */
#include <stddef.h>
#include <string.h>

#include "nt/rules.h"

static const struct {
    enum nt_parameter p1, p2;
    const char *next;
} help[NT_RULE_COUNT] = {
    [RULE_IRQL_ROUTINE] = {PARAMETER_IRQL, PARAMETER_IRQL,
        "call it at a lower IRQL, or queue a work item that does; the routine's IRQL is in its WDK page"},
    [RULE_IRQL_RAISE] = {PARAMETER_IRQL, PARAMETER_IRQL, "raise only; go down with KeLowerIrql to the saved level"},
    [RULE_IRQL_LOWER] = {PARAMETER_IRQL, PARAMETER_IRQL, "lower to the level that KeRaiseIrql or the lock saved"},
    [RULE_IRQL_RETURN] = {PARAMETER_IRQL, PARAMETER_IRQL, "restore the IRQL on every way out of the routine"},
    [RULE_IRQL_PAGED] = {PARAMETER_IRQL, PARAMETER_NONE,
        "this code may be paged out: do not call it at DISPATCH_LEVEL or above, or do not page it"},
    [RULE_WAIT_DISPATCH] = {PARAMETER_IRQL, PARAMETER_NONE, "wait in a work item, or go on in a DPC or completion routine"},
    [RULE_WAIT_CALLBACK] = {PARAMETER_IRQL, PARAMETER_NONE,
        "MPIO may make this call at DISPATCH_LEVEL next time: never wait in it, whatever the level is now"},
    [RULE_WAIT_LOCKED] = {PARAMETER_NUMBER, PARAMETER_NONE, "release the spin locks before the wait"},
    [RULE_LOCK_RECURSIVE] = {PARAMETER_CODE, PARAMETER_NONE, "release the lock first, or split a routine for callers that hold it"},
    [RULE_LOCK_NOT_HELD] = {PARAMETER_ADDRESS, PARAMETER_NONE, "pair each release with an acquire on the same processor"},
    [RULE_LOCK_RETURN] = {PARAMETER_NUMBER, PARAMETER_CODE, "release the lock on every way out of the routine"},
    [RULE_LOCK_LEVEL] = {PARAMETER_IRQL, PARAMETER_NONE, "use KeAcquireSpinLock, which raises the IRQL"},
    [RULE_LOCK_TOO_MANY] = {PARAMETER_NUMBER, PARAMETER_NONE, "one lock for all, or one after the other"},
    [RULE_LOCK_KIND] = {PARAMETER_NUMBER, PARAMETER_NUMBER, "release it with the counterpart of the routine that acquired it"},
    [RULE_POOL_CANARY] = {PARAMETER_ADDRESS, PARAMETER_NUMBER,
        "found now, written earlier: build the driver with SAN=1, then the write itself is reported"},
    [RULE_POOL_FREE] = {PARAMETER_ADDRESS, PARAMETER_NONE, "free the address that the allocation returned, unchanged"},
    [RULE_POOL_TAG] = {PARAMETER_TAG, PARAMETER_TAG, "free with the tag of the allocation, or with ExFreePool"},
    [RULE_POOL_PAGED] = {PARAMETER_IRQL, PARAMETER_NONE, "use NonPagedPoolNx, or allocate beforehand at PASSIVE_LEVEL"},
    [RULE_POOL_LEAK] = {PARAMETER_TAG, PARAMETER_NUMBER, "free everything with this tag before DsmUnload returns"},
    [RULE_POOL_TWICE] = {PARAMETER_ADDRESS, PARAMETER_NONE, "one owner frees; set the pointer to NULL afterwards"},
    [RULE_IRP_TWICE] = {PARAMETER_ADDRESS, PARAMETER_NONE, "complete an IRP once, and do not touch it afterwards"},
    [RULE_IRP_PENDING] = {PARAMETER_ADDRESS, PARAMETER_STATUS, "IoMarkIrpPending and STATUS_PENDING: both or neither"},
    [RULE_IRP_STATUS] = {PARAMETER_STATUS, PARAMETER_STATUS,
        "return the status the IRP was completed with, what IoCallDriver returned, or STATUS_PENDING"},
    [RULE_IRP_STACK] = {PARAMETER_ADDRESS, PARAMETER_NUMBER,
        "allocate the IRP with the StackSize of the device it is sent to (plus one if you use a location yourself)"},
    [RULE_IRP_FREED] = {PARAMETER_ADDRESS, PARAMETER_NONE,
        "nobody may use an IRP after IoFreeIrp; a completion routine that frees it returns "
        "STATUS_MORE_PROCESSING_REQUIRED"},
    [RULE_IRP_ACTIVE] = {PARAMETER_ADDRESS, PARAMETER_NONE, "wait for its completion routine before you free or reuse it"},
    [RULE_IRP_COMPLETE_PENDING] = {PARAMETER_ADDRESS, PARAMETER_NONE, "set IoStatus.Status to the final status first"},
    [RULE_OBJECT_REF] = {PARAMETER_ADDRESS, PARAMETER_NONE, "dereference once for each reference taken"},
    [RULE_REMOVE_LOCK] = {PARAMETER_ADDRESS, PARAMETER_ADDRESS, "release with the tag it was acquired with, once"},
    [RULE_TIMER_FREED] = {PARAMETER_ADDRESS, PARAMETER_NONE,
        "KeCancelTimer and KeFlushQueuedDpcs, then free the memory it lies in"},
    [RULE_FAULT_ACCESS] = {PARAMETER_ADDRESS, PARAMETER_NONE, "a small address is a member of a NULL structure; SAN=1 tells more of freed or overrun memory"},
    [RULE_FAULT_OTHER] = {PARAMETER_FAULT, PARAMETER_NUMBER, "look at the line; an optimizer's trap marks undefined behaviour"},
    [RULE_STACK_OVERFLOW] = {PARAMETER_NUMBER, PARAMETER_NUMBER, "no recursion, no large arrays on the stack: use pool"},
    [RULE_HANG] = {PARAMETER_NONE, PARAMETER_NONE, "a loop that waits for somebody else must call the kernel (an event, a delay)"},
    [RULE_NO_PROGRESS] = {PARAMETER_NUMBER, PARAMETER_NONE, "wait for an event or a time instead of asking again and again"},
    [RULE_DEADLOCK] = {PARAMETER_ADDRESS, PARAMETER_NONE,
        "take locks in one order everywhere, and call KeInitializeSpinLock before the first use"},
    [RULE_BUGCHECK_CALL] = {PARAMETER_ADDRESS, PARAMETER_ADDRESS, "the driver asked for it: see the line"},
    [RULE_DSM_PATH] = {PARAMETER_NUMBER, PARAMETER_ADDRESS, "return a PathId that SetDeviceInfo gave for an instance of DsmIds"},
    [RULE_DSM_DEAD_PATH] = {PARAMETER_NUMBER, PARAMETER_NUMBER,
        "stop choosing a path in InvalidatePath and RemovePending, until PathVerify brings it back"},
    [RULE_DSM_CATEGORIZE] = {PARAMETER_NUMBER, PARAMETER_NUMBER,
        "answer DSM_BROADCAST, DSM_WILL_HANDLE, DSM_PATH_SET or DSM_ERROR"},
    [RULE_DSM_IDENTIFIER] = {PARAMETER_NUMBER, PARAMETER_NUMBER, "give every instance an identifier of its own"},
    [RULE_DSM_EVENT] = {PARAMETER_NUMBER, PARAMETER_STATUS, "set the event when the request is done, or return STATUS_PENDING"},
    [RULE_DSM_COMPLETION] = {PARAMETER_NUMBER, PARAMETER_NUMBER, "see that every request sent with DsmSendRequest completes"},
    [RULE_DSM_STATUS] = {PARAMETER_NUMBER, PARAMETER_STATUS, "set *Status to an error when no path can be named"},
    [RULE_SRB_OWNER] = {PARAMETER_ADDRESS, PARAMETER_NUMBER,
        "take a request off your list under a lock before you complete it, and complete it once; after HwStartIo or HwBuildIo "
        "returned FALSE, or a reset that you let pass, it is the port's"},
    [RULE_SRB_PENDING] = {PARAMETER_ADDRESS, PARAMETER_NUMBER, "set SrbStatus to the final status first"},
    [RULE_SRB_LENGTH] = {PARAMETER_NUMBER, PARAMETER_NUMBER, "report the bytes that were moved; they fit into the buffer"},
    [RULE_NOTIFICATION] = {PARAMETER_NUMBER, PARAMETER_NONE,
        "NextRequest, NextLuRequest and Call...Interrupts are SCSI port's: StorPort keeps its queues by itself, take the call out"},
};

enum nt_parameter nt_rule_parameter(enum nt_rule rule, unsigned number)
{
    if ((unsigned)rule >= NT_RULE_COUNT) {
        return PARAMETER_NONE;
    }
    return number == 1 ? help[rule].p1 : help[rule].p2;
}

/* A rule's text ends in "(P1 = meaning, P2 = meaning)" when its parameters say something. */
static const char *parameters(enum nt_rule rule)
{
    const char *text = nt_rule_text(rule), *at = strstr(text, " (P1 = ");

    return at != NULL ? at : text + strlen(text);
}

unsigned nt_rule_sentence(enum nt_rule rule)
{
    return (unsigned)(parameters(rule) - nt_rule_text(rule));
}

const char *nt_rule_parameter_name(enum nt_rule rule, unsigned number, unsigned *length)
{
    const char *name = strstr(parameters(rule), number == 1 ? "P1 = " : "P2 = "), *second;
    size_t end;

    *length = 0;
    if (name == NULL) {
        return "";
    }
    name += strlen("P1 = ");
    second = number == 1 ? strstr(name, ", P2 = ") : NULL;
    end = strlen(name);
    *length = (unsigned)(second != NULL ? (size_t)(second - name) : end > 0 ? end - 1 : 0);
    return name;
}

const char *nt_rule_next(enum nt_rule rule)
{
    return (unsigned)rule < NT_RULE_COUNT && help[rule].next != NULL ? help[rule].next : "";
}
