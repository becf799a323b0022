/* SPDX-License-Identifier: MIT */
/*
 * What Microsoft's compiler and exception handling import from ntoskrnl.exe, for images only (ddk/lib/crt.def), and the
 * raising routines: an image's caller gets the exception when the wrapper has returned, so that its registers are its own
 * again (host/trap.h). Shared objects know no exceptions: there the same routines end the machine. Any IRQL.
 */
#include "load/exports.h"

#include <string.h>

#include "host/pe_code.h"
#include "load/seh.h"
#include "nt/seh.h"

/* ---- __try, __except, __finally ----------------------------------------------------------------------- */

/* Handler: address of a filter or a __finally block; of a filter 1 means EXCEPTION_EXECUTE_HANDLER. Target: of the __except
 * block, 0 for __finally. */
struct scope {
    uint32_t begin, end, handler, target;
};
#define ALWAYS 1u

struct scopes {
    struct pe_unwind_image image;
    const struct scope *row;
    uint32_t count;
};

typedef int32_t filter(EXCEPTION_POINTERS *pointers, void *frame);
typedef void finally(unsigned char abnormal, void *frame);

/* The table is the image's own: it must lie inside it, and so must what it points to. */
static bool find_scopes(const struct seh_dispatcher *d, struct scopes *s)
{
    struct pe_code code;
    uint64_t rva;

    if (!seh_image_of(d->control_pc, &s->image) || !pe_unwind_table(&s->image, &code))
        return false;
    rva = (uint64_t)(uintptr_t)d->handler_data - (uint64_t)(uintptr_t)s->image.base;
    if (rva >= s->image.size || !pe_readable(&code, (uint32_t)rva, sizeof(s->count)))
        return false;
    memcpy(&s->count, d->handler_data, sizeof(s->count));
    s->row = (const struct scope *)((const uint8_t *)d->handler_data + sizeof(s->count));
    return s->count <= s->image.size / sizeof(struct scope) &&
           pe_readable(&code, (uint32_t)rva + (uint32_t)sizeof(s->count), s->count * sizeof(struct scope));
}

static void *at(const struct scopes *s, uint32_t rva)
{
    if (rva >= s->image.size)
        NtBugCheckRule(RULE_BUGCHECK_CALL, KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_BAD_FUNCTION_TABLE);
    return (void *)(uintptr_t)(s->image.base + rva);
}

static int32_t search(const struct scopes *s, uint32_t pc, EXCEPTION_RECORD *record, void *frame, struct seh_context *context,
                      struct seh_dispatcher *d)
{
    for (; d->scope < s->count; d->scope++) {
        const struct scope *row = &s->row[d->scope];
        EXCEPTION_POINTERS pointers = {record, (struct _CONTEXT *)(void *)context};

        if (pc < row->begin || pc >= row->end || row->target == 0)
            continue;
        int32_t answer = row->handler == ALWAYS ? EXCEPTION_EXECUTE_HANDLER
                                                : NT_INVOKE((filter *)at(s, row->handler), &pointers, frame);
        if (answer < 0)
            return SEH_CONTINUE_EXECUTION;
        if (answer > 0) {
            d->chosen_ip = (uint64_t)(uintptr_t)at(s, row->target);
            return SEH_UNWIND_NOW;
        }
    }
    return SEH_CONTINUE_SEARCH;
}

/* Is the place where the unwinding ends in the same block? Then the blocks around stay in force. */
static bool target_shares(const struct scopes *s, const struct scope *row, uint32_t target)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct scope *other = &s->row[i];

        if (target >= other->begin && target < other->end && other->target == row->target && other->handler == row->handler)
            return true;
    }
    return false;
}

static void unwind(const struct scopes *s, uint32_t pc, const EXCEPTION_RECORD *record, void *frame, struct seh_dispatcher *d)
{
    uint32_t target = (uint32_t)(d->target_ip - d->image_base);
    bool last = (record->ExceptionFlags & SEH_TARGET_UNWIND) != 0;

    while (d->scope < s->count) {
        const struct scope *row = &s->row[d->scope++];

        if (pc < row->begin || pc >= row->end)
            continue;
        if (last && (target_shares(s, row, target) || (row->target != 0 && row->target == target)))
            return;
        if (row->target == 0)
            NT_INVOKE((finally *)at(s, row->handler), 1, frame);
    }
}

PE_API int32_t pe___C_specific_handler(EXCEPTION_RECORD *record, void *frame, struct seh_context *context, struct seh_dispatcher *d)
{
    uint32_t pc = (uint32_t)(d->control_pc - d->image_base);
    struct scopes scopes;

    PE_ENTER();
    if (!find_scopes(d, &scopes))
        return SEH_CONTINUE_SEARCH;
    if ((record->ExceptionFlags & (SEH_UNWINDING | SEH_EXIT_UNWIND)) == 0)
        return search(&scopes, pc, record, frame, context, d);
    unwind(&scopes, pc, record, frame, d);
    return SEH_CONTINUE_SEARCH;
}

/* ---- unwinding from the caller ------------------------------------------------------------------------- */

static void *image_caller(void)
{
    void *slot = host_image_caller();

    if (slot == NULL)
        NtBugCheckRule(RULE_BUGCHECK_CALL, KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_INVALID_UNWIND_TARGET);
    return slot;
}

struct unwind_request {
    uint64_t frame, ip, value;
    EXCEPTION_RECORD record;
};

static void unwind_from(struct host_registers *registers, void *data)
{
    struct unwind_request *request = data;

    seh_unwind(registers, request->frame, request->ip, &request->record, request->value);
}

static void request_unwind(void *frame, void *ip, const EXCEPTION_RECORD *record, void *value)
{
    struct unwind_request request = {(uintptr_t)frame, (uintptr_t)ip, (uintptr_t)value, {.ExceptionCode = STATUS_UNWIND}};

    if (record != NULL)
        request.record = *record;
    host_at_return(image_caller(), unwind_from, &request, sizeof(request));
}

PE_API void pe_RtlUnwindEx(void *frame, void *ip, EXCEPTION_RECORD *record, void *value, struct seh_context *context, void *history)
{
    (void)context, (void)history;
    PE_ENTER();
    request_unwind(frame, ip, record, value);
}

PE_API void pe_RtlUnwind(void *frame, void *ip, EXCEPTION_RECORD *record, void *value)
{
    PE_ENTER();
    request_unwind(frame, ip, record, value);
}

PE_API void pe__local_unwind(void *frame, void *ip)
{
    PE_ENTER();
    request_unwind(frame, ip, NULL, NULL);
}

/* ---- contexts and tables ---------------------------------------------------------------------------------- */

static void capture(struct host_registers *registers, void *data)
{
    struct seh_context **context = data;

    seh_to_context(registers, *context);
}

PE_API void pe_RtlCaptureContext(struct seh_context *context)
{
    PE_ENTER();
    host_at_return(image_caller(), capture, &context, sizeof(context));
}

PE_API void *pe_RtlPcToFileHeader(void *pc, void **base)
{
    const struct host_image *image = host_image_at((uintptr_t)pc);

    *base = image != NULL ? image->base : NULL;
    return *base;
}

PE_API const void *pe_RtlLookupFunctionEntry(uint64_t pc, uint64_t *base, void *history)
{
    struct pe_unwind_image image;
    struct pe_function function;
    struct pe_code code;

    (void)history;
    if (!seh_image_of(pc, &image) || !pe_unwind_table(&image, &code))
        return NULL;
    *base = (uintptr_t)image.base;
    int64_t index = pe_function_find(&code, (uint32_t)(pc - *base), &function);
    return index < 0 ? NULL : code.functions + index * PE_FUNCTION_BYTES;
}

/* FunctionEntry is found again by its address; places of the saved registers are not told. */
PE_API void *pe_RtlVirtualUnwind(uint32_t type, uint64_t base, uint64_t pc, void *function, struct seh_context *context,
                                 void **handler_data, uint64_t *frame, void *pointers)
{
    struct pe_unwind_result result = {.function = NULL};
    struct pe_unwind_image image;
    struct pe_registers r;

    (void)function, (void)pointers;
    *handler_data = NULL;
    *frame = context->general[HOST_RSP];
    memcpy(r.general, context->general, sizeof(r.general));
    memcpy(r.xmm, context->xmm, sizeof(r.xmm));
    r.rip = pc;
    host_stack_bounds(&r.stack_low, &r.stack_high);
    if (!seh_image_of(pc, &image) || !pe_virtual_unwind(&image, &r, &result)) {
        context->rip = 0; /* the end of what can be walked */
        return NULL;
    }
    memcpy(context->general, r.general, sizeof(r.general));
    memcpy(context->xmm, r.xmm, sizeof(r.xmm));
    context->rip = r.rip;
    *frame = result.establisher_frame;
    *handler_data = (void *)(uintptr_t)result.handler_data;
    return (result.handler_flags & type) != 0 ? (void *)(uintptr_t)(base + result.handler) : NULL;
}

/* ---- raising ------------------------------------------------------------------------------------------------ */

static void raise_record(struct host_registers *registers, void *data)
{
    EXCEPTION_RECORD *record = data;

    record->ExceptionAddress = (PVOID)(ULONG_PTR)registers->rip;
    if (!seh_dispatch(registers, record))
        seh_unhandled(record);
}

PE_API void pe_RtlRaiseException(EXCEPTION_RECORD *record)
{
    PE_ENTER();
    host_at_return(image_caller(), raise_record, record, sizeof(*record));
}

static void raise_status(NTSTATUS status)
{
    EXCEPTION_RECORD record = {.ExceptionCode = status, .ExceptionFlags = EXCEPTION_NONCONTINUABLE};

    host_at_return(image_caller(), raise_record, &record, sizeof(record));
}

PE_API void pe_RtlRaiseStatus(NTSTATUS status)
{
    PE_ENTER();
    raise_status(status);
}

#ifdef NT_TWO_CONVENTIONS
PE_API void pe_ExRaiseStatus(NTSTATUS status)
{
    PE_ENTER();
    raise_status(status);
}

PE_API void pe_ExRaiseAccessViolation(void)
{
    PE_ENTER();
    raise_status(STATUS_ACCESS_VIOLATION);
}

PE_API void pe_ExRaiseDatatypeMisalignment(void)
{
    PE_ENTER();
    raise_status(STATUS_DATATYPE_MISALIGNMENT);
}
#endif

/* ---- large frames --------------------------------------------------------------------------------------------- */

/* rax: bytes of the frame to be. Touches each of its pages, so that an overflow meets the guard of the stack; keeps every
 * register but r10 and r11. */
#if defined(__x86_64__)
PE_API __attribute__((naked)) void pe___chkstk(void)
{
    __asm__("leaq 8(%rsp), %r10\n\t"
            "movq %rax, %r11\n"
            "1:\tcmpq $4096, %r11\n\t"
            "jb 2f\n\t"
            "subq $4096, %r10\n\t"
            "testb $0, (%r10)\n\t"
            "subq $4096, %r11\n\t"
            "jmp 1b\n"
            "2:\tsubq %r11, %r10\n\t"
            "testb $0, (%r10)\n\t"
            "retq");
}
#else
PE_API void pe___chkstk(void)
{
}
#endif
