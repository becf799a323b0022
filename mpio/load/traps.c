/* SPDX-License-Identifier: MIT */
/*
 * What becomes of an instruction of a PE image that the processor refuses: reads of a kernel's own pages and cr8 are carried
 * out, assertions are told, other faults are exceptions when the image handles them and bug checks when not. Runs on the
 * stack of the driver's code, outside signal context. Any IRQL.
 */
#include <ntddk.h>
#include <stdio.h>
#include <string.h>

#include "host/emulate.h"
#include "host/pe_code.h"
#include "load/seh.h"
#include "nt/debug.h"
#include "nt/seh.h"

#define KERNEL_SECURITY_CHECK_FAILURE 0x139u

enum { INT_BREAKPOINT = 0x03, INT_FAST_FAIL = 0x29, INT_ASSERT = 0x2C, INT_DEBUG_SERVICE = 0x2D };

/* The instruction, "module+0x1234", for messages. */
static void name_place(const struct host_registers *r, char *text, size_t size)
{
    const struct host_image *image = host_image_at(r->rip);
    const char *path = image->path, *slash = strrchr(path, '/');

    snprintf(text, size, "%s+0x%llx", slash != NULL ? slash + 1 : path,
             (unsigned long long)(r->rip - (uint64_t)(uintptr_t)image->base));
}

static bool read_kernel_page(struct host_trap *t, const struct emulate_instruction *i)
{
    uint8_t memory[16];

    if (!NtReadKernelPage(i->gs ? NT_PROCESSOR_BLOCK + i->address : i->address, memory, i->width))
        return false;
    emulate_load(&t->registers, i, memory);
    return true;
}

/* In a report the pc is that of a call, so the instruction counts as done. */
static DECLSPEC_NORETURN void refuse(struct host_trap *t, const struct emulate_instruction *i, const uint8_t *code)
{
    char place[280], text[400];
    ULONGLONG bytes = 0;

    name_place(&t->registers, place, sizeof(place));
    for (unsigned n = 0; n < i->length && n < 8; n++)
        bytes = bytes << 8 | code[n];
    snprintf(text, sizeof(text), "instruction %s (bytes %llX) at %s: it is not carried out for a driver", i->name,
             (unsigned long long)bytes, place);
    NtDebugLine(NtKernel(), "kernel", NT_DEBUG_ERROR, text);
    t->registers.rip += i->length;
    NtBugCheckRule(RULE_FAULT_OTHER, HOST_FAULT_ILLEGAL, bytes);
}

static bool take_interrupt(struct host_trap *t, const struct emulate_instruction *i, NTSTATUS *exception)
{
    char place[280];

    switch (i->vector) {
    case INT_ASSERT: /* NT_ASSERT, whose text is in the debug information only */
        name_place(&t->registers, place, sizeof(place));
        t->registers.rip += i->length;
        RtlAssert((PVOID)"NT_ASSERT", place, 0, NULL);
        return true;
    case INT_FAST_FAIL:
        t->registers.rip += i->length;
        NtBugCheckRule(RULE_BUGCHECK_CALL, KERNEL_SECURITY_CHECK_FAILURE, (ULONG)t->registers.general[HOST_RCX]);
    case INT_BREAKPOINT:
    case INT_DEBUG_SERVICE:
        *exception = STATUS_BREAKPOINT;
        return false;
    default:
        return false;
    }
}

/* Unlike int3, which the processor itself reports as a breakpoint. */
static void refuse_debug_service(struct host_trap *t, const struct emulate_instruction *i)
{
    if (i->kind == EMULATE_INTERRUPT && i->vector == INT_DEBUG_SERVICE) {
        t->registers.rip += i->length;
        NtBugCheckRule(RULE_FAULT_OTHER, HOST_FAULT_BREAKPOINT, i->vector);
    }
}

static NTSTATUS code_of_fault(const struct host_trap *t)
{
    switch (t->fault) {
    case HOST_FAULT_ILLEGAL:
        return STATUS_ILLEGAL_INSTRUCTION;
    case HOST_FAULT_DIVIDE:
        return STATUS_INTEGER_DIVIDE_BY_ZERO;
    case HOST_FAULT_BREAKPOINT:
        return STATUS_BREAKPOINT;
    default:
        return STATUS_ACCESS_VIOLATION;
    }
}

static bool raise_exception(struct host_trap *t, NTSTATUS code)
{
    EXCEPTION_RECORD record = {.ExceptionCode = code, .ExceptionAddress = (PVOID)(ULONG_PTR)t->registers.rip};

    if (code == STATUS_ACCESS_VIOLATION && t->kind != HOST_TRAP_RAISE) {
        if (!NtFaultIsException(t->has_address, t->address))
            return false;
        record.NumberParameters = 2;
        record.ExceptionInformation[0] = t->write;
        record.ExceptionInformation[1] = t->address;
    }
    if (t->kind == HOST_TRAP_RAISE)
        record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    if (seh_dispatch(&t->registers, &record))
        return true;
    if (t->kind == HOST_TRAP_RAISE)
        seh_unhandled(&record);
    return false;
}

/* Between sections there may be no memory. */
static size_t readable_code(const struct host_image *image, uint64_t pc)
{
    const struct pe_code code = {.base = image->base, .size = image->size};
    uint32_t rva = (uint32_t)(pc - (uint64_t)(uintptr_t)image->base);
    size_t bytes = EMULATE_MAX_LENGTH;

    while (bytes > 0 && !pe_readable(&code, rva, bytes))
        bytes--;
    return bytes;
}

static bool take_instruction(struct host_trap *t)
{
    const struct host_image *image = host_image_at(t->registers.rip);
    const uint8_t *code = (const uint8_t *)(uintptr_t)t->registers.rip;
    NTSTATUS exception = code_of_fault(t);
    struct emulate_instruction i;

    /* A jump to where no code is. */
    if (t->fault == HOST_FAULT_ACCESS && t->has_address && t->address == t->registers.rip)
        return raise_exception(t, exception);
    emulate_decode(&t->registers, code, readable_code(image, t->registers.rip), &i);
    switch (i.kind) {
    case EMULATE_LOAD:
        if (read_kernel_page(t, &i))
            return true;
        break;
    case EMULATE_READ_CR8:
        t->registers.general[i.reg] = NtReadCr8();
        t->registers.rip += i.length;
        return true;
    case EMULATE_WRITE_CR8:
        t->registers.rip += i.length;
        NtWriteCr8(t->registers.general[i.reg]);
        return true;
    case EMULATE_INTERRUPT:
        if (take_interrupt(t, &i, &exception))
            return true;
        break;
    case EMULATE_PRIVILEGED:
        refuse(t, &i, code);
    case EMULATE_OTHER:
        break;
    }
    if (raise_exception(t, exception))
        return true;
    refuse_debug_service(t, &i);
    return false;
}

static bool run(struct host_trap *t)
{
    switch (t->kind) {
    case HOST_TRAP_INSTRUCTION:
        return take_instruction(t);
    case HOST_TRAP_ROUTINE:
        return raise_exception(t, code_of_fault(t));
    default:
        return raise_exception(t, (NTSTATUS)t->code);
    }
}

void load_take_traps(void)
{
    static const struct host_trap_handler handler = {NtMayLeaveRoutine, run};

    host_on_trap(&handler);
}
