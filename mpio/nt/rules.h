/* SPDX-License-Identifier: MIT */
/*
 * The always-on checks: one list makes the ids, the texts in bug-check reports and the table in
 * docs/contract/. Parameters P1, P2 of each bug check are explained in the text.
 */
#ifndef MPIO_NT_RULES_H
#define MPIO_NT_RULES_H

/* X(CODE, "id", "what was broken") */
#define NT_RULES(X)                                                                                                 \
    X(RULE_IRQL_ROUTINE,   "KE-IRQL-01",  "kernel routine called at an IRQL above the one it allows (P1 = IRQL, P2 = highest allowed)")   \
    X(RULE_IRQL_RAISE,     "KE-IRQL-02",  "KeRaiseIrql to a level below the present one (P1 = present, P2 = wanted)")       \
    X(RULE_IRQL_LOWER,     "KE-IRQL-03",  "KeLowerIrql to a level above the present one (P1 = present, P2 = wanted)")       \
    X(RULE_IRQL_RETURN,    "KE-IRQL-04",  "driver routine returned at another IRQL than it was called at (P1 = on return, P2 = on call)")  \
    X(RULE_IRQL_PAGED,     "KE-IRQL-05",  "PAGED_CODE reached at DISPATCH_LEVEL or above (P1 = IRQL)")                       \
    X(RULE_WAIT_DISPATCH,  "KE-WAIT-01",  "wait with a non-zero time-out at DISPATCH_LEVEL or above (P1 = IRQL)")           \
    X(RULE_WAIT_CALLBACK,  "KE-WAIT-02",  "wait inside a callback that the contract allows at DISPATCH_LEVEL (P1 = IRQL now)") \
    X(RULE_WAIT_LOCKED,    "KE-WAIT-03",  "wait while a spin lock is held (P1 = number of locks)")                           \
    X(RULE_LOCK_RECURSIVE, "KE-LOCK-01",  "spin lock acquired by its present owner (P1 = where it was acquired first)")     \
    X(RULE_LOCK_NOT_HELD,  "KE-LOCK-02",  "spin lock released by somebody who does not hold it (P1 = lock)")                            \
    X(RULE_LOCK_RETURN,    "KE-LOCK-03",  "driver routine returned with a spin lock held (P1 = number, P2 = where acquired)") \
    X(RULE_LOCK_LEVEL,     "KE-LOCK-04",  "AtDpcLevel or FromDpcLevel lock routine called below DISPATCH_LEVEL (P1 = IRQL)") \
    X(RULE_LOCK_TOO_MANY,  "KE-LOCK-05",  "more than 16 spin locks held at once")                                           \
    X(RULE_LOCK_KIND,      "KE-LOCK-06",  "spin lock released in another way than it was acquired")                         \
    X(RULE_POOL_CANARY,    "EX-POOL-01",  "memory written outside its pool block (P1 = block, P2 = size)")                  \
    X(RULE_POOL_FREE,      "EX-POOL-02",  "free of an address that is not an allocated pool block (P1 = address)")          \
    X(RULE_POOL_TAG,       "EX-POOL-03",  "ExFreePoolWithTag with another tag (P1 = allocated with, P2 = freed with)")      \
    X(RULE_POOL_PAGED,     "EX-POOL-04",  "paged pool allocated or freed at DISPATCH_LEVEL or above (P1 = IRQL)")           \
    X(RULE_POOL_LEAK,      "EX-POOL-05",  "pool left allocated after unload (P1 = tag, P2 = blocks)")                       \
    X(RULE_POOL_TWICE,     "EX-POOL-06",  "pool block freed twice (P1 = address)")                                          \
    X(RULE_IRP_TWICE,      "IO-IRP-01",   "IRP completed twice, or completed after it was freed (P1 = IRP)")                \
    X(RULE_IRP_PENDING,    "IO-IRP-02",   "dispatch routine returned STATUS_PENDING without IoMarkIrpPending, or the reverse (P1 = IRP, P2 = returned)") \
    X(RULE_IRP_STATUS,     "IO-IRP-03",   "dispatch routine returned another status than the IRP was completed with (P1 = returned, P2 = completed)") \
    X(RULE_IRP_STACK,      "IO-IRP-04",   "IRP has no stack location left for the driver called (P1 = IRP)")                \
    X(RULE_IRP_FREED,      "IO-IRP-05",   "IRP used after IoFreeIrp, or not an IRP (P1 = address)")                        \
    X(RULE_IRP_ACTIVE,     "IO-IRP-06",   "IRP freed or reused while a lower driver owns it (P1 = IRP)")                   \
    X(RULE_IRP_COMPLETE_PENDING, "IO-IRP-07", "IRP completed with STATUS_PENDING (P1 = IRP)")                            \
    X(RULE_OBJECT_REF,     "OB-REF-01",   "object dereferenced below zero, or not an object (P1 = object)")                \
    X(RULE_REMOVE_LOCK,    "IO-RMLK-01",  "remove lock released without being held, or with another tag (P1 = lock, P2 = tag)")                 \
    X(RULE_TIMER_FREED,    "KE-TIMER-01", "timer, DPC or event memory freed while it was queued (P1 = object)")             \
    X(RULE_FAULT_ACCESS,   "KE-FAULT-01", "memory access fault in driver code (P1 = address)")                             \
    X(RULE_FAULT_OTHER,    "KE-FAULT-02", "illegal instruction, division fault or breakpoint in driver code (P1 = kind)")   \
    X(RULE_STACK_OVERFLOW, "KE-STACK-01", "kernel stack overflow: more than 24 KiB used by the driver (P1 = bytes, P2 = budget)")        \
    X(RULE_HANG,           "KE-HANG-01",  "driver code spins without calling the kernel")                                   \
    X(RULE_NO_PROGRESS,    "KE-HANG-02",  "no progress: the driver calls the kernel for ever without time advancing")       \
    X(RULE_DEADLOCK,       "KE-HANG-03",  "every virtual CPU waits for a spin lock")                                        \
    X(RULE_BUGCHECK_CALL,  "KE-BUG-01",   "the driver called KeBugCheckEx (P1 = code, P2 = first parameter)")               \
    X(RULE_DSM_PATH,       "DSM-PATH-01", "DSM returned a path that is not a path of this LUN (P1 = LUN ordinal, P2 = value)")   \
    X(RULE_DSM_DEAD_PATH,  "DSM-PATH-02", "DSM chose a path it was told is gone: invalidated or removed (P1 = LUN ordinal, P2 = path ordinal)") \
    X(RULE_DSM_CATEGORIZE, "DSM-CAT-01",  "DsmCategorizeRequest answered a value that is not one of the four (P1 = value, P2 = LUN ordinal)")   \
    X(RULE_DSM_IDENTIFIER, "DSM-ID-01",   "DsmInquireDriver returned an identifier that is already in use (P1 = DSM ordinal, P2 = instance ordinal)")     \
    X(RULE_DSM_EVENT,      "DSM-EVT-01",  "DSM returned a final status from SrbDeviceControl or BroadcastSrb without setting the event (P1 = LUN ordinal, P2 = status)") \
    X(RULE_DSM_COMPLETION, "DSM-CMP-01",  "DSM sent a request whose completion never ran before the instance was removed (P1 = instance ordinal, P2 = requests)") \
    X(RULE_DSM_STATUS,     "DSM-STS-01",  "DSM returned no path without setting an error status (P1 = LUN ordinal, P2 = *Status)") \
    X(RULE_SRB_OWNER,      "SP-SRB-01",   "miniport completed a request that is not its own: twice, or never given to it (P1 = SRB, P2 = its SrbStatus)") \
    X(RULE_SRB_PENDING,    "SP-SRB-02",   "miniport completed a request with SRB_STATUS_PENDING (P1 = SRB, P2 = its Function)") \
    X(RULE_SRB_LENGTH,     "SP-SRB-03",   "miniport completed a request with a longer DataTransferLength than it was given (P1 = given, P2 = on completion)") \
    X(RULE_NOTIFICATION,   "SP-NTF-01",   "StorPortNotification with a type that StorPort has not (P1 = type)")

enum nt_rule {
    RULE_NONE,
#define X(code, id, text) code,
    NT_RULES(X)
#undef X
    NT_RULE_COUNT
};
const char *nt_rule_id(enum nt_rule rule);
const char *nt_rule_text(enum nt_rule rule);

/* ---- help for the reader of a report (rules_help.c) ------------------------------------------------ */

/* How a parameter is shown. */
enum nt_parameter { PARAMETER_NONE, PARAMETER_NUMBER, PARAMETER_ADDRESS, PARAMETER_IRQL, PARAMETER_CODE, PARAMETER_TAG,
                    PARAMETER_STATUS, PARAMETER_FAULT };
enum nt_parameter nt_rule_parameter(enum nt_rule rule, unsigned number); /* number: 1 or 2 */
/* What P1 or P2 means, from the rule's text ("" when it says nothing); length in *length. Not terminated. */
const char *nt_rule_parameter_name(enum nt_rule rule, unsigned number, unsigned *length);
/* Length of the rule's text without the part on the parameters. */
unsigned nt_rule_sentence(enum nt_rule rule);
/* One sentence: what the driver's author does next. */
const char *nt_rule_next(enum nt_rule rule);

#endif
