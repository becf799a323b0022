/* SPDX-License-Identifier: MIT */
/* Exceptions as drivers use them: of the processor, of the kernel's routines, raised by hand; filters, __finally. */
#include "msvc.h"

#include <excpt.h>

typedef struct _EXCEPTION_POINTERS *PPOINTERS;

static volatile ULONG Trail; /* what ran, in order, as decimal digits */
static volatile ULONG Zero;

static VOID Mark(ULONG Digit)
{
    Trail = Trail * 10 + Digit;
}

/* Calls, so that every compiler knows they may raise. */
static DECLSPEC_NOINLINE ULONG Read(volatile ULONG *Where) { return *Where; }
static DECLSPEC_NOINLINE VOID Write(volatile ULONG *Where) { *Where = 1; }
static DECLSPEC_NOINLINE VOID Divide(ULONG By) { Zero = 100 / By; }
static DECLSPEC_NOINLINE VOID Illegal(VOID) { __asm__ volatile("ud2"); }
static DECLSPEC_NOINLINE VOID Break(VOID) { __asm__ volatile("int3"); }

static LONG Filter(PPOINTERS Pointers, NTSTATUS Wanted)
{
    return Pointers->ExceptionRecord->ExceptionCode == Wanted ? EXCEPTION_EXECUTE_HANDLER : EXCEPTION_CONTINUE_SEARCH;
}

static LONG AddressFilter(PPOINTERS Pointers, ULONG_PTR Address, ULONG_PTR IsWrite)
{
    PEXCEPTION_RECORD record = Pointers->ExceptionRecord;

    return record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->NumberParameters == 2 &&
                   record->ExceptionInformation[0] == IsWrite && record->ExceptionInformation[1] == Address
               ? EXCEPTION_EXECUTE_HANDLER
               : EXCEPTION_CONTINUE_SEARCH;
}

#define CATCHES(Statement, Code)                                     \
    do {                                                             \
        NTSTATUS caught_ = STATUS_SUCCESS;                           \
        __try {                                                      \
            Statement;                                               \
        } __except (Filter(GetExceptionInformation(), (Code))) {     \
            caught_ = GetExceptionCode();                            \
        }                                                            \
        CHECK(caught_ == (Code));                                    \
    } while (0)

static NTSTATUS Processor(VOID)
{
    ULONG caught = 0;

    CATCHES(Read((PULONG)16), STATUS_ACCESS_VIOLATION);
    CATCHES(Read((PULONG)0x8000000000000000ull), STATUS_ACCESS_VIOLATION); /* no address at all */
    CATCHES(Divide(Zero), STATUS_INTEGER_DIVIDE_BY_ZERO);
    CATCHES(Illegal(), STATUS_ILLEGAL_INSTRUCTION);
    CATCHES(Break(), STATUS_BREAKPOINT);
    __try {
        Write((PULONG)0x12340);
    } __except (AddressFilter(GetExceptionInformation(), 0x12340, 1)) {
        caught = 1;
    }
    CHECK(caught == 1);
    return STATUS_SUCCESS;
}

static NTSTATUS Kernel(VOID)
{
    PVOID (*volatile move)(PVOID, const VOID *, SIZE_T);
    UNICODE_STRING name;
    KSEMAPHORE semaphore;
    KMUTEX mutex;
    UCHAR bytes[64];

    CATCHES(ExRaiseStatus(STATUS_DEVICE_BUSY), STATUS_DEVICE_BUSY);
    CATCHES(ExRaiseAccessViolation(), STATUS_ACCESS_VIOLATION);
    CATCHES(ExRaiseDatatypeMisalignment(), STATUS_DATATYPE_MISALIGNMENT);
    CATCHES(ProbeForRead((PVOID)0x100, 4, 1), STATUS_ACCESS_VIOLATION);
    CATCHES(ProbeForWrite(bytes + 1, 8, 8), STATUS_DATATYPE_MISALIGNMENT);
    CATCHES(ExAllocatePoolWithTag((POOL_TYPE)(NonPagedPoolNx | POOL_RAISE_IF_ALLOCATION_FAILURE), (SIZE_T)1 << 46, 'cvsm'),
            STATUS_INSUFFICIENT_RESOURCES);
    KeInitializeMutex(&mutex, 0);
    CATCHES(KeReleaseMutex(&mutex, FALSE), STATUS_MUTANT_NOT_OWNED);
    KeInitializeSemaphore(&semaphore, 0, 1);
    CATCHES(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK(KeReadStateSemaphore(&semaphore) == 0);
    /* Faults inside routines of the kernel that got a bad address from here: in a wrapper, and below one. */
    RtlInitUnicodeString(&name, L"memmove");
    CHECK((*(PVOID *)(PVOID)&move = MmGetSystemRoutineAddress(&name)) != NULL);
    CATCHES(move(bytes, (PVOID)0x4000, 64), STATUS_ACCESS_VIOLATION);
    RtlInitUnicodeString(&name, L"strlen");
    CHECK((*(PVOID *)(PVOID)&move = MmGetSystemRoutineAddress(&name)) != NULL);
    CATCHES(move((PVOID)0x4000, NULL, 0), STATUS_ACCESS_VIOLATION);
    CATCHES(RtlInitUnicodeString((PUNICODE_STRING)(PVOID)0x4000, L"text"), STATUS_ACCESS_VIOLATION);
    return STATUS_SUCCESS;
}

static DECLSPEC_NOINLINE VOID WithFinally(VOID)
{
    __try {
        Mark(1);
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    } __finally {
        Mark(AbnormalTermination() ? 3 : 9);
    }
}

/* Blocks of one function: the inner one first; the one around the __except block, not before its own end. */
static DECLSPEC_NOINLINE VOID TwoFinally(VOID)
{
    __try {
        __try {
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } __finally {
            Mark(1);
        }
    } __finally {
        Mark(2);
    }
}

static DECLSPEC_NOINLINE VOID ExceptInFinally(VOID)
{
    __try {
        __try {
            TwoFinally();
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            Mark(3);
        }
        Mark(4);
    } __finally {
        Mark(AbnormalTermination() ? 9 : 5);
    }
}

static LONG MarkingFilter(LONG Answer)
{
    Mark(2);
    return Answer;
}

static NTSTATUS Order(VOID)
{
    ULONG volatile local = 0x1234;

    Trail = 0;
    __try {
        __try {
            WithFinally();
            Mark(9);
        } __except (MarkingFilter(EXCEPTION_CONTINUE_SEARCH)) {
            Mark(9);
        }
    } __except (MarkingFilter(EXCEPTION_EXECUTE_HANDLER)) {
        Mark(4);
        local++;
    }
    CHECK(Trail == 12234 && local == 0x1235);

    Trail = 0;
    __try {
        Mark(1);
    } __finally {
        Mark(AbnormalTermination() ? 9 : 2);
    }
    CHECK(Trail == 12);

    Trail = 0;
    ExceptInFinally();
    CHECK(Trail == 12345);
    return STATUS_SUCCESS;
}

/* A handler in the caller's caller; between them a frame with registers saved and a large local array. */
static DECLSPEC_NOINLINE ULONG Deep(ULONG Level, volatile ULONG *Where)
{
    volatile UCHAR room[600];

    room[Level] = (UCHAR)Level;
    return Level == 0 ? Read(Where) : Deep(Level - 1, Where) + room[Level];
}

static DECLSPEC_NOINLINE ULONG Survive(ULONG Level)
{
    __try {
        return Deep(Level, (PULONG)32);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return Level + 1;
    }
}

static NTSTATUS Nesting(VOID)
{
    ULONG sum = 0;

    for (ULONG i = 0; i < 20; i++)
        sum += Survive(i);
    CHECK(sum == 210);
    /* An exception inside an __except block, handled by the one around it. */
    __try {
        __try {
            Read((PULONG)8);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            ExRaiseStatus(STATUS_RETRY);
        }
        sum = 0;
    } __except (Filter(GetExceptionInformation(), STATUS_RETRY)) {
        sum++;
    }
    CHECK(sum == 211);
    return STATUS_SUCCESS;
}

NTSTATUS TryExceptions(VOID)
{
    NTSTATUS status = Processor();

    if (NT_SUCCESS(status))
        status = Kernel();
    if (NT_SUCCESS(status))
        status = Order();
    if (NT_SUCCESS(status))
        status = Nesting();
    return status;
}
