/* SPDX-License-Identifier: MIT */
/*
 * A bug check as people read it: names and source lines of the call stack, one line of text, and the
 * whole report with the seed. Outside the machine; nothing runs in it any more.
 */
#include <stdio.h>
#include <string.h>

#include "nt/bugcheck.h"
#include "text/buffer.h"

static void locate(NT_BUGCHECK *record, unsigned index)
{
    struct nt_frame *frame = &record->Public.frame[index];
    struct host_location location = {.line = 0};
    const char *pc = record->Pc[index];
    uint64_t offset = (uint64_t)((uintptr_t)pc - (uintptr_t)record->Image.base);

    host_locate(pc, &location);
    snprintf(frame->function, sizeof(frame->function), "%s", location.function);
    snprintf(frame->file, sizeof(frame->file), "%s", location.file);
    snprintf(frame->module, sizeof(frame->module), "%s", location.module);
    frame->line = location.line;
    frame->offset = location.offset;
    if (record->Image.pe && offset < record->Image.size) {
        snprintf(frame->module, sizeof(frame->module), "%s", record->Image.path);
        frame->offset = offset;
    }
}

/* Helpers of ours may lie between the routine that the driver called and the check. */
static bool is_kernel_routine(const char *name)
{
    static const char *const prefixes[] = {"Ke", "Kf", "Ex", "Io", "Ob", "Mm", "Ps", "Rtl", "Dbg", "Zw", "Dsm", "StorPort"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void locate_routine(NT_BUGCHECK *record)
{
    struct host_location location = {.line = 0};

    for (unsigned i = 0; i < record->InnerFrames; i++) {
        host_locate(record->InnerPc[i], &location);
        if (is_kernel_routine(location.function)) {
            snprintf(record->Public.routine, sizeof(record->Public.routine), "%s", location.function);
            return;
        }
    }
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash != NULL ? slash + 1 : file;
}

static void describe(NT_BUGCHECK *record)
{
    struct nt_bugcheck *b = &record->Public;
    const struct nt_frame *at = b->frames > 0 ? &b->frame[0] : NULL;
    char where[200] = "";

    if (at != NULL && at->line != 0) {
        snprintf(where, sizeof(where), " at %.80s (%.80s:%u)", at->function, base_name(at->file), at->line);
    } else if (at != NULL) {
        snprintf(where, sizeof(where), " at %.80s+0x%llx", at->module, (unsigned long long)at->offset);
    }
    snprintf(b->text, sizeof(b->text), "%s: %.*s; driver \"%s\", %s%s; P1=0x%llx P2=0x%llx IRQL=%u CPU=%u",
             nt_rule_id(b->rule), (int)nt_rule_sentence(b->rule), nt_rule_text(b->rule), b->driver, b->callback, where,
             (unsigned long long)b->p1, (unsigned long long)b->p2, b->irql, b->cpu);
}

const struct nt_bugcheck *nt_bugcheck(const struct machine *m)
{
    PNT_MACHINE kernel = NtKernelOf(m);
    NT_BUGCHECK *record;

    if (kernel == NULL || kernel->BugCheck == NULL) {
        return NULL;
    }
    record = CONTAINING_RECORD(kernel->BugCheck, NT_BUGCHECK, Public);
    if (!record->Located) {
        record->Located = TRUE;
        for (unsigned i = 0; i < record->Public.frames; i++) {
            locate(record, i);
        }
        if (record->Public.returned) {
            NtLocateDefinition(&record->Public.frame[0]);
        }
        locate_routine(record);
        describe(record);
    }
    return &record->Public;
}

/* ---- the whole report ----------------------------------------------------------------------------------- */

static void print_irql(struct buffer *out, uint64_t irql)
{
    static const char *const names[] = {" (PASSIVE_LEVEL)", " (APC_LEVEL)", " (DISPATCH_LEVEL)"};

    buffer_printf(out, "%llu%s", (unsigned long long)irql, irql < 3 ? names[irql] : "");
}

static void print_tag(struct buffer *out, uint64_t tag)
{
    char text[5] = "";

    for (unsigned i = 0; i < 4; i++) {
        char c = (char)(tag >> (i * 8));

        text[i] = c >= ' ' && c < 0x7f ? c : '.';
    }
    buffer_printf(out, "tag '%s'", text);
}

static void print_code(struct buffer *out, uint64_t return_address)
{
    struct host_location location = {.line = 0};

    if (return_address == 0) {
        buffer_append_text(out, "unknown");
        return;
    }
    host_locate((const void *)(uintptr_t)(return_address - 1), &location);
    if (location.line != 0) {
        buffer_printf(out, "%s at %s:%u", location.function, location.file, location.line);
    } else {
        buffer_printf(out, "%s+0x%llx", location.module, (unsigned long long)location.offset);
    }
}

static void print_fault(struct buffer *out, uint64_t kind)
{
    switch (kind) {
    case HOST_FAULT_ILLEGAL:
        buffer_append_text(out, "illegal instruction");
        break;
    case HOST_FAULT_DIVIDE:
        buffer_append_text(out, "division fault");
        break;
    case HOST_FAULT_BREAKPOINT:
        buffer_append_text(out, "breakpoint");
        break;
    default:
        buffer_printf(out, "%llu", (unsigned long long)kind);
    }
}

static void print_parameter(const struct nt_bugcheck *b, unsigned number, struct buffer *out)
{
    uint64_t value = number == 1 ? b->p1 : b->p2;
    unsigned length;
    const char *name = nt_rule_parameter_name(b->rule, number, &length);

    if (length == 0) {
        return;
    }
    buffer_printf(out, "  P%u, %.*s: ", number, (int)length, name);
    switch (nt_rule_parameter(b->rule, number)) {
    case PARAMETER_IRQL:
        print_irql(out, value);
        break;
    case PARAMETER_TAG:
        print_tag(out, value);
        break;
    case PARAMETER_CODE:
        print_code(out, value);
        break;
    case PARAMETER_STATUS:
        buffer_printf(out, "0x%08x", (unsigned)value);
        break;
    case PARAMETER_FAULT:
        print_fault(out, value);
        break;
    case PARAMETER_NUMBER:
        buffer_printf(out, "%llu", (unsigned long long)value);
        break;
    default:
        buffer_printf(out, "0x%llx", (unsigned long long)value);
    }
    buffer_append_text(out, "\n");
}

static void print_frame(const struct nt_bugcheck *b, unsigned index, struct buffer *out)
{
    const struct nt_frame *frame = &b->frame[index];

    buffer_printf(out, "  %s #%u %s", frame->foreign ? "=>" : "  ", index, frame->function[0] != 0 ? frame->function : "?");
    if (frame->line != 0) {
        buffer_printf(out, " at %s:%u", frame->file, frame->line);
    } else {
        buffer_printf(out, " in %s+0x%llx", frame->module, (unsigned long long)frame->offset);
    }
    if (frame->repeats != 0) {
        buffer_printf(out, ", and again %u times or more", frame->repeats);
    }
    buffer_append_text(out, "\n");
}

static void print_stack(const struct nt_bugcheck *b, struct buffer *out)
{
    if (b->returned) {
        buffer_printf(out, "  %s returned from:\n", b->callback);
    } else if (b->routine[0] != 0) {
        buffer_printf(out, "  %s called from:\n", b->routine);
    } else {
        buffer_append_text(out, "  call stack, innermost first:\n");
    }
    for (unsigned i = 0; i < b->frames; i++) {
        print_frame(b, i, out);
    }
}

void nt_bugcheck_print(const struct machine *m, struct buffer *out)
{
    const struct nt_bugcheck *b = nt_bugcheck(m);

    if (b == NULL) {
        buffer_printf(out, "machine %s: no bug check\n", m->name);
        return;
    }
    buffer_printf(out, "machine %s stopped: %s\n  %.*s\n", m->name, nt_rule_id(b->rule), (int)nt_rule_sentence(b->rule),
                  nt_rule_text(b->rule));
    print_parameter(b, 1, out);
    print_parameter(b, 2, out);
    if (b->driver[0] != 0 || b->callback[0] != 0) {
        buffer_printf(out, "  driver \"%s\", in %s", b->driver, b->callback);
    } else {
        buffer_append_text(out, "  in no driver's routine");
    }
    buffer_append_text(out, ", at IRQL ");
    print_irql(out, b->irql);
    buffer_printf(out, " on CPU %u\n  time %llu.%07llu s, seed %llu\n", b->cpu, (unsigned long long)(b->time / WORLD_SECOND),
                  (unsigned long long)(b->time % WORLD_SECOND), (unsigned long long)world_seed(m->world));
    print_stack(b, out);
    buffer_printf(out, "  next: %s\n", nt_rule_next(b->rule));
}
