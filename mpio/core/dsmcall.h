/* SPDX-License-Identifier: MIT */
/*
 * The one way into a DSM's callbacks: call frame, convention by address, checks on return, and a
 * record in the event stream. Numbers of callbacks are their order in DSM_INIT_DATA.
 */
#ifndef MPIO_CORE_DSMCALL_H
#define MPIO_CORE_DSMCALL_H

#include "core/core.h"

enum {
    DSM_CALL_InquireDriver = 1, DSM_CALL_CompareDevices, DSM_CALL_DeviceSerialNumber, DSM_CALL_GetControllerInfo,
    DSM_CALL_SetDeviceInfo, DSM_CALL_IsPathActive, DSM_CALL_PathVerify, DSM_CALL_InvalidatePath, DSM_CALL_MoveDevice,
    DSM_CALL_RemovePending, DSM_CALL_RemoveDevice, DSM_CALL_RemovePath, DSM_CALL_SrbDeviceControl, DSM_CALL_LBGetPath,
    DSM_CALL_InterpretError, DSM_CALL_InterpretErrorEx, DSM_CALL_Unload, DSM_CALL_SetCompletion,
    DSM_CALL_CategorizeRequest, DSM_CALL_BroadcastSrb, DSM_CALL_DeviceNotUsed, DSM_CALL_Completion, DSM_CALL_Wmi
};

/* Object: ordinal of the LUN, path or instance it is about; Argument: ordinal or plain value;
 * Result: status, ordinal or plain value. Never addresses. */
static inline VOID DsmTrace(PMPIO_MODULE Dsm, ULONG Callback, ULONGLONG Object, ULONGLONG Argument, ULONGLONG Result)
{
    NtTrace(TRACE_DSM_CALL, (ULONGLONG)Dsm->Ordinal << 32 | Callback, Object, Argument, Result);
}

/* Level: highest IRQL the contract allows the callback at. The result is not traced: for answers that
 * are addresses, whose ordinal the caller looks up and gives to DsmTrace. */
#define DSM_CALL_QUIET(Module, Callback, Level, ...) \
    NT_CALL_OUT("Dsm" #Callback, (Module)->Driver, (Level), (Module)->Init.Dsm##Callback, __VA_ARGS__)

/* With the result traced. */
#define DSM_CALL(Module, Callback, Level, Object, Argument, ...)                               \
    ({                                                                                         \
        __auto_type dsmResult_ = DSM_CALL_QUIET(Module, Callback, Level, __VA_ARGS__);            \
        DsmTrace((Module), DSM_CALL_##Callback, (Object), (Argument), (ULONG)dsmResult_);         \
        dsmResult_;                                                                            \
    })

/* For callbacks without a result. */
#define DSM_CALL_VOID(Module, Callback, Level, Object, Argument, ...)                                          \
    do {                                                                                                       \
        NT_CALL_VOID("Dsm" #Callback, (Module)->Driver, (Level), (Module)->Init.Dsm##Callback, __VA_ARGS__);         \
        DsmTrace((Module), DSM_CALL_##Callback, (Object), (Argument), 0);                                         \
    } while (0)

#endif
