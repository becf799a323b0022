/* SPDX-License-Identifier: MIT */
/*
 * What the framework's own drivers (pnp, port, core, disk) may use beyond ddk/include: the way to
 * their per-machine root, calls through pointers that a foreign driver supplied, the event stream,
 * and the bug check by rule. Everything else they do with the routines every driver has.
 *
 * Windows dialect. Include after <ntddk.h>.
 */
#ifndef MPIO_NT_DRIVER_H
#define MPIO_NT_DRIVER_H

#include <ntddk.h>
#include "nt/rules.h"
#include "world/trace.h"
#include "world/world.h"

/* ---- the running context: one per fibre, in fibre->local -------------------------------------- */

#define NT_MAX_LOCKS 16

typedef struct _NT_HELD_LOCK {
    PVOID Lock;
    PVOID Acquirer;     /* return address of the acquiring call */
    UCHAR Kind;         /* NT_LOCK_* of lock.c */
    KIRQL OldIrql;
} NT_HELD_LOCK;

/* One call into driver code, on the caller's stack; innermost first. */
typedef struct _NT_CALL {
    struct _NT_CALL *Outer;
    PCSTR Name;             /* "DsmLBGetPath", "completion routine": static text */
    PDRIVER_OBJECT Driver;  /* whose code; NULL = the framework */
    KIRQL EntryIrql;
    KIRQL HighestIrql;      /* the level the contract allows for this callback: waits are refused when DISPATCH_LEVEL */
    UCHAR EntryLocks;
    PVOID StackTop;         /* for the stack budget */
    PVOID Routine;
} NT_CALL, *PNT_CALL;

typedef struct _NT_CONTEXT {
    KIRQL Irql;             /* byte 0 and 1: read by the event stream */
    UCHAR Cpu;
    UCHAR LockCount;
    UCHAR Flags;
    PNT_CALL Call;          /* innermost call into a driver */
    struct _NT_THREAD *Thread; /* NULL: interrupt or DPC on the loop's stack */
    PVOID LastRoutine;      /* the driver routine that returned last: a wrong answer is its answer */
    PCSTR LastName;
    PVOID ImageCaller;      /* a PE image's last call into the kernel came from here (load/exports.h) */
    NT_HELD_LOCK Held[NT_MAX_LOCKS];
} NT_CONTEXT, *PNT_CONTEXT;

C_ASSERT(sizeof(NT_CONTEXT) <= FIBRE_LOCAL_BYTES);

static inline PNT_CONTEXT NtContext(VOID)
{
    return (PNT_CONTEXT)(PVOID)world_fibre->local;
}

/* ---- per-machine root of a room: the only route to a driver's global data ----------------------- */
static inline PVOID *NtDriverRoot(enum machine_root Room)
{
    return &world_fibre->machine->root[Room];
}

/* ---- event stream -------------------------------------------------------------------------------- */
static inline VOID NtTrace(enum trace_kind Kind, ULONGLONG A, ULONGLONG B, ULONGLONG C, ULONGLONG D)
{
    trace_emit(world_fibre->world, world_fibre->machine, Kind, A, B, C, D);
}

/* ---- calls into driver code ------------------------------------------------------------------------ */

/* PE images are mapped in this window (load/pe.h; free on every host, under ASan and valgrind too) and
 * speak Microsoft's convention; everything else speaks the host's. The address decides. */
#define NT_PE_WINDOW_BASE 0x20000000u
#define NT_PE_WINDOW_SIZE 0x30000000u
#if (defined(__x86_64__) || defined(__i386__)) && !defined(_WIN32)
#define NT_TWO_CONVENTIONS 1
#ifdef __x86_64__
#define NT_IMAGE_CALLS   __attribute__((ms_abi))
#define NT_IMAGE_ENTERS  NT_IMAGE_CALLS
#define NT_CDECL_ENTERS  NT_IMAGE_CALLS
#else
/* x86 drivers are compiled with callee-pop (/Gz, -mrtd): a callback is stdcall whether it says so or not, but for one with
 * variable arguments, which the compiler knows by itself. Their stack is aligned to four bytes only. */
#define NT_IMAGE_CALLS   __attribute__((stdcall))
#define NT_IMAGE_ENTERS  __attribute__((stdcall, force_align_arg_pointer))
#define NT_CDECL_ENTERS  __attribute__((force_align_arg_pointer)) /* declared __cdecl */
#endif
/* The empty assembly keeps gcc from taking both calls for the same one: it compares the pointers, not the conventions. */
#define NT_HIDE(Pointer) ({ PVOID ntHidden_ = (PVOID)(Pointer); __asm__("" : "+r"(ntHidden_)); ntHidden_; })
#define NT_INVOKE(Function, ...)                                                                          \
    (__builtin_expect((ULONG_PTR)(Function) - NT_PE_WINDOW_BASE < NT_PE_WINDOW_SIZE, 0)                  \
         ? ((__typeof__(*(Function)) NT_IMAGE_CALLS *)NT_HIDE(Function))(__VA_ARGS__)                    \
         : (Function)(__VA_ARGS__))
#else
#define NT_INVOKE(Function, ...) (Function)(__VA_ARGS__)
#endif

/* Bug checks that NtLeaveCall can raise; never return. */
DECLSPEC_NORETURN VOID NtCallLeftWrong(PNT_CALL Call);

static inline VOID NtEnterCall(PNT_CALL Call, PCSTR Name, PDRIVER_OBJECT Driver, KIRQL HighestIrql, PVOID Routine)
{
    PNT_CONTEXT context = NtContext();

    Call->Outer = context->Call;
    Call->Name = Name;
    Call->Driver = Driver;
    Call->EntryIrql = context->Irql;
    Call->HighestIrql = HighestIrql;
    Call->EntryLocks = context->LockCount;
    Call->StackTop = __builtin_frame_address(0);
    Call->Routine = Routine;
    context->Call = Call;
}

static inline VOID NtLeaveCall(PNT_CALL Call)
{
    PNT_CONTEXT context = NtContext();

    if (__builtin_expect(context->Irql != Call->EntryIrql || context->LockCount != Call->EntryLocks, 0)) {
        NtCallLeftWrong(Call);
    }
    context->LastRoutine = Call->Routine;
    context->LastName = Call->Name;
    context->Call = Call->Outer;
}

/* The one way into driver code: frame, convention, checks on return. NT_CALL_VOID for functions without a result.
 * Name: static text. Driver: the owner of the code. HighestIrql: level the contract allows for this routine. */
#define NT_CALL_OUT(Name, Driver, HighestIrql, Function, ...)                  \
    ({                                                                         \
        NT_CALL ntCall_;                                                       \
        NtEnterCall(&ntCall_, (Name), (Driver), (HighestIrql), (PVOID)(Function)); \
        __auto_type ntResult_ = NT_INVOKE((Function), __VA_ARGS__);            \
        NtLeaveCall(&ntCall_);                                                 \
        ntResult_;                                                             \
    })
#define NT_CALL_VOID(Name, Driver, HighestIrql, Function, ...)                 \
    do {                                                                       \
        NT_CALL ntCall_;                                                       \
        NtEnterCall(&ntCall_, (Name), (Driver), (HighestIrql), (PVOID)(Function)); \
        NT_INVOKE((Function), __VA_ARGS__);                                    \
        NtLeaveCall(&ntCall_);                                                 \
    } while (0)

/* ---- bug check by rule: ends this machine, never the world; does not return ------------------------- */
/* The report shows the stack; for DSM-* rules the routine that returned last, whose answer was wrong. */
DECLSPEC_NORETURN VOID NtBugCheckRule(enum nt_rule Rule, ULONGLONG P1, ULONGLONG P2);

/* ---- Plug and Play: what the I/O manager hands to the pnp room ---------------------------------------- */
typedef struct _NT_PNP_HOOKS {
    VOID (*InvalidateRelations)(PDEVICE_OBJECT Pdo, DEVICE_RELATION_TYPE Type); /* <= DISPATCH_LEVEL */
    /* Every property but the object name, which the kernel knows; asked for DevicePropertyPhysicalDeviceObjectName it
     * answers the device instance path, from which the kernel makes the device's registry key. */
    NTSTATUS (*GetDeviceProperty)(PDEVICE_OBJECT Pdo, DEVICE_REGISTRY_PROPERTY Property, ULONG Length, PVOID Buffer,
                                  PULONG ResultLength);
} NT_PNP_HOOKS;
VOID NtSetPnpHooks(const NT_PNP_HOOKS *Hooks); /* copied; of the machine now running */

/* A driver object by service name ("mpio", "disk", a miniport's), NULL when not loaded. PASSIVE. */
PDRIVER_OBJECT NtFindDriver(PCWSTR ServiceName);
/* Next loaded driver after Driver (NULL: the first), in load order. */
PDRIVER_OBJECT NtNextDriver(PDRIVER_OBJECT Driver);

/* Event-log entry of this machine (visible in reports). Text: UTF-8, static or copied. <= DISPATCH_LEVEL. */
VOID NtLogEvent(ULONG EventId, PCSTR Source, PCSTR Format, ...) __attribute__((format(printf, 3, 4)));

#endif
