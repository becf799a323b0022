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

static void describe(NT_BUGCHECK *record)
{
    struct nt_bugcheck *b = &record->Public;
    const struct nt_frame *at = b->frames > b->driver_frame ? &b->frame[b->driver_frame] : NULL;
    char where[200] = "";

    if (at != NULL && at->line != 0) {
        const char *slash = strrchr(at->file, '/');

        snprintf(where, sizeof(where), " at %.80s (%.80s:%u)", at->function, slash != NULL ? slash + 1 : at->file,
                 at->line);
    } else if (at != NULL) {
        snprintf(where, sizeof(where), " at %.80s+0x%llx", at->module, (unsigned long long)at->offset);
    }
    snprintf(b->text, sizeof(b->text), "%s: %s; driver \"%s\", %s%s; P1=0x%llx P2=0x%llx IRQL=%u CPU=%u",
             nt_rule_id(b->rule), nt_rule_text(b->rule), b->driver, b->callback, where, (unsigned long long)b->p1,
             (unsigned long long)b->p2, b->irql, b->cpu);
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
        describe(record);
    }
    return &record->Public;
}

void nt_bugcheck_print(const struct machine *m, struct buffer *out)
{
    const struct nt_bugcheck *b = nt_bugcheck(m);

    if (b == NULL) {
        buffer_printf(out, "machine %s: no bug check\n", m->name);
        return;
    }
    buffer_printf(out, "machine %s stopped: %s %s\n", m->name, nt_rule_id(b->rule), nt_rule_text(b->rule));
    buffer_printf(out, "  P1 = 0x%llx, P2 = 0x%llx\n", (unsigned long long)b->p1, (unsigned long long)b->p2);
    buffer_printf(out, "  time %llu.%07llu s, IRQL %u, CPU %u, seed %llu\n",
                  (unsigned long long)(b->time / WORLD_SECOND), (unsigned long long)(b->time % WORLD_SECOND), b->irql,
                  b->cpu, (unsigned long long)world_seed(m->world));
    if (b->driver[0] != 0 || b->callback[0] != 0) {
        buffer_printf(out, "  driver \"%s\", in %s\n", b->driver, b->callback);
    }
    for (unsigned i = 0; i < b->frames; i++) {
        const struct nt_frame *frame = &b->frame[i];

        buffer_printf(out, "  %s #%u %s", i == b->driver_frame && b->driver[0] != 0 ? "=>" : "  ", i,
                      frame->function[0] != 0 ? frame->function : "?");
        if (frame->line != 0) {
            buffer_printf(out, " at %s:%u\n", frame->file, frame->line);
        } else {
            buffer_printf(out, " in %s+0x%llx\n", frame->module, (unsigned long long)frame->offset);
        }
    }
}
