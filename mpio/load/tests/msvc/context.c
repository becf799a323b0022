/* SPDX-License-Identifier: MIT */
/*
 * What handlers and unwinding import: contexts, function tables, RtlRaiseException and its continuation, _local_unwind, __chkstk.
 * Found by name, since no header of the DDK names them. The assembly is what Microsoft's compiler makes and clang does not.
 */
#include "msvc.h"

#include <excpt.h>

#define RAX 0x78 /* places in CONTEXT */
#define RCX 0x80
#define RSP 0x98
#define RIP 0xF8

typedef DECLSPEC_ALIGN(16) struct _CPU {
    UCHAR Bytes[1232];
} CPU;
#define FIELD(Context, At) (*(ULONG_PTR *)(PVOID)((PUCHAR)(Context) + (At)))

static VOID (*Capture)(CPU *Context);
static PVOID (*LookUp)(ULONG_PTR Pc, PULONG_PTR Base, PVOID History);
static PVOID (*VirtualUnwind)(ULONG Type, ULONG_PTR Base, ULONG_PTR Pc, PVOID Function, CPU *Context, PVOID *Data, PULONG_PTR Frame,
                              PVOID Pointers);
static PVOID (*FileHeader)(PVOID Pc, PVOID *Base);
static VOID (*Raise)(PEXCEPTION_RECORD Record);
VOID (*LocalUnwind)(PVOID Frame, PVOID Target);
VOID (*CheckStack)(VOID);
ULONG FinallyRan;

static PVOID Find(PCWSTR Name)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, Name);
    return MmGetSystemRoutineAddress(&name);
}

static NTSTATUS FindAll(VOID)
{
    CHECK((*(PVOID *)(PVOID)&Capture = Find(L"RtlCaptureContext")) != NULL);
    CHECK((*(PVOID *)(PVOID)&LookUp = Find(L"RtlLookupFunctionEntry")) != NULL);
    CHECK((*(PVOID *)(PVOID)&VirtualUnwind = Find(L"RtlVirtualUnwind")) != NULL);
    CHECK((*(PVOID *)(PVOID)&FileHeader = Find(L"RtlPcToFileHeader")) != NULL);
    CHECK((*(PVOID *)(PVOID)&Raise = Find(L"RtlRaiseException")) != NULL);
    CHECK((*(PVOID *)(PVOID)&LocalUnwind = Find(L"_local_unwind")) != NULL);
    CHECK((*(PVOID *)(PVOID)&CheckStack = Find(L"__chkstk")) != NULL);
    return STATUS_SUCCESS;
}

static DECLSPEC_NOINLINE NTSTATUS Walk(VOID)
{
    CPU cpu;
    PVOID function, data, base;
    ULONG_PTR image, frame, stack;

    Capture(&cpu);
    stack = FIELD(&cpu, RSP);
    CHECK(FIELD(&cpu, RIP) > (ULONG_PTR)Walk && FIELD(&cpu, RIP) < (ULONG_PTR)Walk + 0x400);
    CHECK(stack <= (ULONG_PTR)&cpu && (ULONG_PTR)&cpu - stack < 0x1000);
    function = LookUp(FIELD(&cpu, RIP), &image, NULL);
    CHECK(function != NULL && FileHeader((PVOID)Walk, &base) == base && base == (PVOID)image);
    CHECK(*(PUSHORT)base == 0x5A4D);
    CHECK(VirtualUnwind(0, image, FIELD(&cpu, RIP), function, &cpu, &data, &frame, NULL) == NULL);
    CHECK(FIELD(&cpu, RIP) == (ULONG_PTR)__builtin_return_address(0) && FIELD(&cpu, RSP) > stack);
    return STATUS_SUCCESS;
}

/* ---- EXCEPTION_CONTINUE_EXECUTION ------------------------------------------------------------------------- */

static DECLSPEC_NOINLINE ULONG ReadThere(volatile ULONG *Where)
{
    ULONG value;

    __asm__ volatile("movl (%%rcx), %0" : "=r"(value) : "c"(Where)); /* rcx is what the filter repairs */
    return value;
}

static LONG Repair(struct _EXCEPTION_POINTERS *Pointers, PULONG Good)
{
    FIELD(Pointers->ContextRecord, RCX) = (ULONG_PTR)Good;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static LONG Ignore(struct _EXCEPTION_POINTERS *Pointers, PULONG Seen)
{
    PEXCEPTION_RECORD record = Pointers->ExceptionRecord;

    if (record->ExceptionCode != 0x2000ABCD || record->NumberParameters != 1)
        return EXCEPTION_CONTINUE_SEARCH;
    *Seen = (ULONG)record->ExceptionInformation[0];
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* ExRaiseStatus does not return. */
VOID ContinueForbidden(VOID)
{
    __try {
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    } __except (EXCEPTION_CONTINUE_EXECUTION) {
    }
}

static NTSTATUS Continue(VOID)
{
    EXCEPTION_RECORD record = {.ExceptionCode = 0x2000ABCD, .NumberParameters = 1, .ExceptionInformation = {77}};
    ULONG good = 4711, value = 0, seen = 0;

    __try {
        value = ReadThere((PULONG)64);
    } __except (Repair(GetExceptionInformation(), &good)) {
        value = 1;
    }
    CHECK(value == 4711);
    __try {
        Raise(&record);
        value++;
    } __except (Ignore(GetExceptionInformation(), &seen)) {
        value = 2;
    }
    CHECK(seen == 77 && value == 4712);
    return STATUS_SUCCESS;
}

/* ---- assembly ------------------------------------------------------------------------------------------------ */

/* goto out of a __try with a __finally; a handler whose filter is the constant 1; a frame register and a chained part. */
ULONG LeaveTry(VOID);
ULONG ConstantFilter(PVOID Where);
ULONG BigFrame(VOID);
ULONG Keep(PVOID Routine, PVOID Argument); /* calls it; number of registers that an exception did not give back */
VOID Spoil(PVOID Where);
__asm__(".text\n"
        ".globl LeaveTry\n"
        ".seh_proc LeaveTry\n"
        "LeaveTry:\n\t"
        "pushq %rbx\n\t.seh_pushreg %rbx\n\t"
        "subq $32, %rsp\n\t.seh_stackalloc 32\n\t"
        ".seh_endprologue\n\t"
        "movl $0x600D, %ebx\n"
        "leave_begin:\n\t"
        "movq %rsp, %rcx\n\t"
        "leaq leave_target(%rip), %rdx\n\t"
        "callq *LocalUnwind(%rip)\n\t"
        "ud2\n"
        "leave_end:\n"
        "leave_target:\n\t"
        "movl %ebx, %eax\n\t"
        "addq $32, %rsp\n\t"
        "popq %rbx\n\t"
        "retq\n\t"
        ".seh_handler __C_specific_handler, @except, @unwind\n\t"
        ".seh_handlerdata\n\t"
        ".long 1\n\t"
        ".rva leave_begin, leave_end, leave_finally\n\t"
        ".long 0\n\t"
        ".text\n\t"
        ".seh_endproc\n"
        "leave_finally:\n\t"
        "incl FinallyRan(%rip)\n\t"
        "retq\n"

        ".globl ConstantFilter\n"
        ".seh_proc ConstantFilter\n"
        "ConstantFilter:\n\t"
        "pushq %rbp\n\t.seh_pushreg %rbp\n\t"
        "pushq %rsi\n\t.seh_pushreg %rsi\n\t"
        "subq $200, %rsp\n\t.seh_stackalloc 200\n\t"
        "leaq 64(%rsp), %rbp\n\t.seh_setframe %rbp, 64\n\t"
        "movaps %xmm6, 80(%rbp)\n\t.seh_savexmm %xmm6, 144\n\t"
        ".seh_endprologue\n\t"
        "subq $512, %rsp\n" /* moves: only rbp finds the frame */
        "filter_begin:\n\t"
        "movl (%rcx), %eax\n\t"
        "nop\n"
        "filter_end:\n\t"
        "jmp filter_out\n"
        "filter_target:\n\t" /* eax: the exception's code */
        "orl $1, %eax\n"
        "filter_out:\n\t"
        "movaps 80(%rbp), %xmm6\n\t"
        "leaq 136(%rbp), %rsp\n\t"
        "popq %rsi\n\t"
        "popq %rbp\n\t"
        "retq\n\t"
        ".seh_handler __C_specific_handler, @except, @unwind\n\t"
        ".seh_handlerdata\n\t"
        ".long 1\n\t"
        ".rva filter_begin, filter_end\n\t"
        ".long 1\n\t"
        ".rva filter_target\n\t"
        ".text\n\t"
        ".seh_endproc\n"

        ".globl Keep\n"
        ".seh_proc Keep\n"
        "Keep:\n\t"
        "pushq %rbx\n\t.seh_pushreg %rbx\n\t"
        "pushq %rsi\n\t.seh_pushreg %rsi\n\t"
        "pushq %rdi\n\t.seh_pushreg %rdi\n\t"
        "pushq %r14\n\t.seh_pushreg %r14\n\t"
        "subq $72, %rsp\n\t.seh_stackalloc 72\n\t"
        "movaps %xmm6, 32(%rsp)\n\t.seh_savexmm %xmm6, 32\n\t"
        ".seh_endprologue\n\t"
        "movq %rcx, %rax\n\t"
        "movq %rdx, %rcx\n\t"
        "movl $11, %ebx\n\t"
        "movl $12, %esi\n\t"
        "movl $13, %edi\n\t"
        "movl $14, %r14d\n\t"
        "movd %ebx, %xmm6\n"
        "keep_begin:\n\t"
        "callq *%rax\n\t"
        "nop\n"
        "keep_end:\n\t"
        "movl $99, %eax\n\t"
        "jmp keep_out\n"
        "keep_target:\n\t"
        "movd %xmm6, %ecx\n\t"
        "xorl %eax, %eax\n\t"
        "cmpl $11, %ecx\n\tje 1f\n\tincl %eax\n1:\t"
        "cmpl $11, %ebx\n\tje 1f\n\tincl %eax\n1:\t"
        "cmpl $12, %esi\n\tje 1f\n\tincl %eax\n1:\t"
        "cmpl $13, %edi\n\tje 1f\n\tincl %eax\n1:\t"
        "cmpl $14, %r14d\n\tje 1f\n\tincl %eax\n1:\n"
        "keep_out:\n\t"
        "movaps 32(%rsp), %xmm6\n\t"
        "addq $72, %rsp\n\t"
        "popq %r14\n\tpopq %rdi\n\tpopq %rsi\n\tpopq %rbx\n\t"
        "retq\n\t"
        ".seh_handler __C_specific_handler, @except, @unwind\n\t"
        ".seh_handlerdata\n\t"
        ".long 1\n\t"
        ".rva keep_begin, keep_end\n\t"
        ".long 1\n\t"
        ".rva keep_target\n\t"
        ".text\n\t"
        ".seh_endproc\n"

        ".globl Spoil\n"
        ".seh_proc Spoil\n"
        "Spoil:\n\t"
        "pushq %rbx\n\t.seh_pushreg %rbx\n\t"
        "pushq %rdi\n\t.seh_pushreg %rdi\n\t"
        "subq $56, %rsp\n\t.seh_stackalloc 56\n\t"
        "movq %rsi, 32(%rsp)\n\t.seh_savereg %rsi, 32\n\t"
        "movaps %xmm6, 16(%rsp)\n\t.seh_savexmm %xmm6, 16\n\t"
        ".seh_endprologue\n\t"
        "xorl %ebx, %ebx\n\t"
        "xorl %esi, %esi\n\t"
        "xorl %edi, %edi\n\t"
        "xorps %xmm6, %xmm6\n\t"
        "movl (%rcx), %eax\n\t"
        "ud2\n\t"
        ".seh_endproc\n"

        ".globl BigFrame\n"
        "BigFrame:\n\t"
        "movl $20000, %eax\n\t"
        "subq $40, %rsp\n\t"
        "callq *CheckStack(%rip)\n\t"
        "addq $40, %rsp\n\t"
        "retq\n");

NTSTATUS TryContexts(VOID)
{
    NTSTATUS status = FindAll();
    ULONG value = 12;

    if (NT_SUCCESS(status))
        status = Walk();
    if (NT_SUCCESS(status))
        status = Continue();
    if (!NT_SUCCESS(status))
        return status;
    CHECK(LeaveTry() == 0x600D && FinallyRan == 1);
    CHECK(ConstantFilter(&value) == 12);
    CHECK(ConstantFilter((PVOID)0x5000) == ((ULONG)STATUS_ACCESS_VIOLATION | 1));
    CHECK(BigFrame() == 20000);
    CHECK(Keep((PVOID)Spoil, (PVOID)0x5000) == 0);
    CHECK(Keep(Find(L"strlen"), (PVOID)0x5000) == 0);
    CHECK(Keep(Find(L"strstr"), (PVOID)0x5000) == 0);
    CHECK(Keep(Find(L"RtlUlongByteSwap"), (PVOID)0x5000) == 99);
    CHECK(Keep(Find(L"IoFreeMdl"), (PVOID)0x5000) == 0);        /* deep in the kernel */
    CHECK(Keep(Find(L"ExRaiseStatus"), (PVOID)0x5000) == 0);
    return STATUS_SUCCESS;
}
