/* SPDX-License-Identifier: MIT */
/*
 * See seh.h. Frames are undone by pe_virtual_unwind; handlers, filters and __finally blocks are called on top of the
 * abandoned frames, like on Windows. The search ends where code of ours called the image: an exception never crosses the
 * boundary of a driver call. Limit: an exception inside a filter or a __finally block ends there, too. Any IRQL.
 */
#include "load/seh.h"

#include <string.h>

#include "nt/driver.h"

#define FRAME_LIMIT 4096u /* a stack that loops */

typedef int32_t language_handler(EXCEPTION_RECORD *record, void *frame, struct seh_context *context, struct seh_dispatcher *dispatcher);

void seh_to_context(const struct host_registers *from, struct seh_context *to)
{
    memset(to, 0, sizeof(*to));
    to->context_flags = 0x10000B; /* control, integer, floating point */
    to->segment[0] = 0x10;        /* what a kernel's code runs with */
    to->segment[1] = to->segment[2] = to->segment[4] = 0x2B;
    to->segment[3] = 0x53;
    to->segment[5] = 0x18;
    to->mxcsr = to->save_mxcsr = from->mxcsr;
    to->x87_control = 0x27F;
    to->eflags = (uint32_t)from->flags;
    to->rip = from->rip;
    memcpy(to->general, from->general, sizeof(to->general));
    memcpy(to->xmm, from->xmm, sizeof(to->xmm));
}

#define USER_FLAGS 0xCD5u /* what a context may change: arithmetic and direction */

void seh_from_context(const struct seh_context *from, struct host_registers *to)
{
    to->flags = (to->flags & ~(uint64_t)USER_FLAGS) | (from->eflags & USER_FLAGS);
    to->mxcsr = from->mxcsr & 0xFFC0; /* no pending exception bits */
    to->rip = from->rip;
    memcpy(to->general, from->general, sizeof(to->general));
    memcpy(to->xmm, from->xmm, sizeof(to->xmm));
}

bool seh_image_of(uint64_t pc, struct pe_unwind_image *image)
{
    const struct host_image *known = host_image_at(pc);

    if (known == NULL || known->functions == NULL)
        return false;
    *image = (struct pe_unwind_image){.base = known->base, .size = known->size,
                                      .exception_rva = (uint32_t)((const uint8_t *)known->functions - (const uint8_t *)known->base),
                                      .exception_size = known->function_count * 12};
    return true;
}

/* ---- walking ------------------------------------------------------------------------------------------- */

struct walk {
    struct pe_registers here, caller; /* the frame, and the one that called it */
    struct pe_unwind_image image;
    struct pe_unwind_result result;
    unsigned frames;
};

static void begin(struct walk *w, const struct host_registers *r)
{
    memset(w, 0, sizeof(*w));
    memcpy(w->caller.general, r->general, sizeof(r->general));
    memcpy(w->caller.xmm, r->xmm, sizeof(r->xmm));
    w->caller.rip = r->rip;
    host_stack_bounds(&w->caller.stack_low, &w->caller.stack_high);
}

/* False at the boundary: what comes next is no image's code. */
static bool next(struct walk *w)
{
    w->here = w->caller;
    return w->frames++ < FRAME_LIMIT && seh_image_of(w->here.rip, &w->image) &&
           pe_virtual_unwind(&w->image, &w->caller, &w->result);
}

static void use(const struct pe_registers *from, struct host_registers *to)
{
    memcpy(to->general, from->general, sizeof(to->general));
    memcpy(to->xmm, from->xmm, sizeof(to->xmm));
    to->rip = from->rip;
}

/* `context` of the call is that of the exception; the dispatcher's is the caller's. */
static int32_t call_handler(struct walk *w, const struct host_registers *r, EXCEPTION_RECORD *record, struct seh_context *context,
                            struct seh_dispatcher *d, uint64_t target_ip)
{
    struct host_registers registers = *r;
    struct seh_context around;
    language_handler *handler = (language_handler *)(uintptr_t)(w->image.base + w->result.handler);

    use(&w->caller, &registers);
    seh_to_context(&registers, &around);
    *d = (struct seh_dispatcher){
        .control_pc = w->here.rip,
        .image_base = (uintptr_t)w->image.base,
        .function = w->result.function,
        .establisher_frame = w->result.establisher_frame,
        .target_ip = target_ip,
        .context = &around,
        .language_handler = (void *)(uintptr_t)handler,
        .handler_data = w->result.handler_data,
    };
    int32_t disposition = NT_INVOKE(handler, record, (void *)(uintptr_t)w->result.establisher_frame, context, d);
    d->context = NULL;
    return disposition;
}

void seh_unhandled(const EXCEPTION_RECORD *record)
{
    NtBugCheckRule(RULE_BUGCHECK_CALL, KMODE_EXCEPTION_NOT_HANDLED, (ULONG)record->ExceptionCode);
}

static DECLSPEC_NORETURN void unhandled_code(NTSTATUS code)
{
    const EXCEPTION_RECORD record = {.ExceptionCode = code};
    seh_unhandled(&record);
}

/* ---- the two passes --------------------------------------------------------------------------------------- */

void seh_unwind(struct host_registers *registers, uint64_t target_frame, uint64_t target_ip, EXCEPTION_RECORD *record, uint64_t value)
{
    struct seh_context context;
    struct seh_dispatcher d;
    struct walk w;
    bool target = false;

    begin(&w, registers);
    record->ExceptionFlags |= SEH_UNWINDING | (target_frame == 0 ? SEH_EXIT_UNWIND : 0);
    while (!target) {
        if (!next(&w))
            unhandled_code(STATUS_INVALID_UNWIND_TARGET);
        target = w.result.establisher_frame == target_frame;
        if (target)
            record->ExceptionFlags |= SEH_TARGET_UNWIND;
        if ((w.result.handler_flags & PE_HANDLER_UNWIND) == 0)
            continue;
        struct host_registers here = *registers;
        use(&w.here, &here);
        seh_to_context(&here, &context);
        if (call_handler(&w, registers, record, &context, &d, target_ip) != SEH_CONTINUE_SEARCH)
            unhandled_code(STATUS_INVALID_DISPOSITION);
    }
    use(&w.here, registers);
    registers->rip = target_ip;
    registers->general[HOST_RAX] = value;
    registers->flags &= ~0x400ull;
    /* The frames below are gone without having returned: their marks for AddressSanitizer, too. */
    host_unpoison((void *)(uintptr_t)w.here.stack_low, (size_t)(w.here.general[HOST_RSP] - w.here.stack_low));
}

bool seh_dispatch(struct host_registers *registers, EXCEPTION_RECORD *record)
{
    struct seh_context context;
    struct seh_dispatcher d;
    struct walk w;

    seh_to_context(registers, &context);
    begin(&w, registers);
    while (next(&w)) {
        if ((w.result.handler_flags & PE_HANDLER_EXCEPTION) == 0)
            continue;
        switch (call_handler(&w, registers, record, &context, &d, 0)) {
        case SEH_CONTINUE_SEARCH:
            break;
        case SEH_CONTINUE_EXECUTION:
            if ((record->ExceptionFlags & EXCEPTION_NONCONTINUABLE) != 0)
                unhandled_code(STATUS_NONCONTINUABLE_EXCEPTION);
            seh_from_context(&context, registers);
            return true;
        case SEH_UNWIND_NOW:
            seh_unwind(registers, w.result.establisher_frame, d.chosen_ip, record, (uint64_t)(uint32_t)record->ExceptionCode);
            return true;
        default:
            unhandled_code(STATUS_INVALID_DISPOSITION);
        }
    }
    return false;
}
