/* SPDX-License-Identifier: MIT */
/*
 * Ex: callback objects and EX_TIMERs, and events that have a name or a handle. PASSIVE_LEVEL unless
 * said otherwise.
 * Source: wdm.h, ntddk.h, ntifs.h and the pages of the routines.
 */
#ifndef OPENMPIO_CALLBACK_H
#define OPENMPIO_CALLBACK_H

#include <openmpio/executive.h>

DDK_BEGIN_C

/* ---- callback objects: named lists of routines --------------------------------------------------- */
typedef struct _CALLBACK_OBJECT *PCALLBACK_OBJECT;
typedef VOID NTAPI CALLBACK_FUNCTION(PVOID CallbackContext, PVOID Argument1, PVOID Argument2);
typedef CALLBACK_FUNCTION *PCALLBACK_FUNCTION;

/* Opens the object of that name, or makes it when Create is TRUE (STATUS_OBJECT_NAME_NOT_FOUND
 * otherwise); an object without a name is always made. The caller owes one ObDereferenceObject.
 * Limit: \Callback\SetSystemTime, PowerState and ProcessorAdd exist, but the system never notifies. */
NTKERNELAPI NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes,
                                            BOOLEAN Create, BOOLEAN AllowMultipleCallbacks);
/* <= APC_LEVEL. A registration, to be given to ExUnregisterCallback; NULL: there is one already and the
 * object allows no second, or no memory. Unregister waits while the routine runs. */
NTKERNELAPI PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                                           PVOID CallbackContext);
NTKERNELAPI VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration);
/* <= DISPATCH_LEVEL: calls the routines, at the caller's level, in order of registration. */
NTKERNELAPI VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2);

/* ---- EX_TIMER: due time and period in 100 ns; can be waited for ---------------------------------- */
typedef struct _EX_TIMER *PEX_TIMER;
typedef VOID NTAPI EXT_CALLBACK(PEX_TIMER Timer, PVOID Context); /* DISPATCH_LEVEL */
typedef EXT_CALLBACK *PEXT_CALLBACK;
typedef VOID NTAPI EXT_DELETE_CALLBACK(PVOID Context); /* DISPATCH_LEVEL */
typedef EXT_DELETE_CALLBACK *PEXT_DELETE_CALLBACK;

typedef struct _EXT_SET_PARAMETERS_V0 {
    ULONG Version;
    ULONG Reserved;
    LONGLONG NoWakeTolerance;
} EXT_SET_PARAMETERS, *PEXT_SET_PARAMETERS, KT2_SET_PARAMETERS, *PKT2_SET_PARAMETERS;
typedef PVOID PEXT_CANCEL_PARAMETERS; /* NULL */
typedef struct _EXT_DELETE_PARAMETERS {
    ULONG Version;
    ULONG Reserved;
    PEXT_DELETE_CALLBACK DeleteCallback;
    PVOID DeleteContext;
} EXT_DELETE_PARAMETERS, *PEXT_DELETE_PARAMETERS;

#define EX_TIMER_HIGH_RESOLUTION 4
#define EX_TIMER_NO_WAKE         8
#define EX_TIMER_UNLIMITED_TOLERANCE ((LONGLONG)-1)
#define EX_TIMER_NOTIFICATION    (1u << 31)

FORCEINLINE VOID ExInitializeSetTimerParameters(PEXT_SET_PARAMETERS Parameters)
{
    __builtin_memset(Parameters, 0, sizeof(*Parameters));
}
FORCEINLINE VOID ExInitializeDeleteTimerParameters(PEXT_DELETE_PARAMETERS Parameters)
{
    __builtin_memset(Parameters, 0, sizeof(*Parameters));
}

/* NULL: no memory. Callback may be NULL. <= DISPATCH_LEVEL. Attributes: EX_TIMER_*; expiry is exact with all. */
NTKERNELAPI PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes);
/* <= DISPATCH_LEVEL. TRUE: the timer was running. DueTime negative = relative; Period 0 = once. */
NTKERNELAPI BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period,
                                     PEXT_SET_PARAMETERS Parameters);
NTKERNELAPI BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PEXT_CANCEL_PARAMETERS Parameters);
/* Frees the timer, after its callback if that runs; TRUE: it was running and has been cancelled.
 * <= DISPATCH_LEVEL; <= APC_LEVEL with Wait, which Cancel must go with. */
NTKERNELAPI BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                                        PEXT_DELETE_PARAMETERS Parameters);
/* The clock of this kernel is exact: answers the resolution, in 100 ns, and keeps it. */
NTKERNELAPI ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution);
NTKERNELAPI VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime);

/* ---- events with a name or a handle ---------------------------------------------------------------- */
/* The event of that name, made signaled when there is none. It lives until its last handle is closed
 * with ZwClose. NULL: the name is something else's, or no memory. */
NTKERNELAPI PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle);
NTKERNELAPI PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle);
/* A handle to the event of the name in ObjectAttributes (made when there is none; always when it has no
 * name). */
NTKERNELAPI NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                                         POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                                         BOOLEAN InitialState);
NTKERNELAPI NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes);
/* <= DISPATCH_LEVEL: sets (clears) the event; *PreviousState may be NULL. */
NTKERNELAPI NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState);
NTKERNELAPI NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle);
/* Waits for the event or thread of the handle. Timeout as for KeWaitForSingleObject. */
NTKERNELAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout);

DDK_END_C

#endif
