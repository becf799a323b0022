/* SPDX-License-Identifier: MIT */
/*
 * The sink of debug output: lines go to a ring and to the listener of nt_on_message. For DbgPrint the event
 * stream gets TRACE_MESSAGE with the hash of the format alone (arguments may be addresses), for warnings and
 * worse, whether or not anybody listens. Trace messages get a record outside the stream's hash, since the
 * driver makes them only while their flag is on: so neither listening nor switching changes a run's hash.
 * Any IRQL; one OS thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/debug.h"
#include "nt/trace_wpp.h"

struct _NT_DEBUG {
    void (*Message)(void *user, const char *component, unsigned level, const char *text);
    void *User;
    BOOLEAN InMessage;          /* the listener runs: what it causes is not told again */
    ULONG RingLevel;            /* highest level kept while nobody listens */
    ULONGLONG Lines, Assertions;
    NT_TRACE Trace;
    struct nt_debug_line Ring[NT_DEBUG_RING];
};

BOOLEAN NtDebugInitialize(PNT_MACHINE Kernel)
{
    Kernel->Debug = calloc(1, sizeof(*Kernel->Debug));
    if (Kernel->Debug != NULL) {
        Kernel->Debug->RingLevel = NT_DEBUG_WARNING;
    }
    return Kernel->Debug != NULL;
}

VOID NtDebugDestroy(PNT_MACHINE Kernel)
{
    free(Kernel->Debug);
    Kernel->Debug = NULL;
}

void nt_on_message(struct machine *m, void (*message)(void *user, const char *component, unsigned level,
                                                      const char *text),
                   void *user)
{
    struct _NT_DEBUG *debug = NtKernelOf(m)->Debug;

    debug->Message = message;
    debug->User = user;
    NtTraceRefresh(NtKernelOf(m));
}

PNT_TRACE NtDebugTraceState(PNT_MACHINE Kernel)
{
    return &Kernel->Debug->Trace;
}

BOOLEAN NtDebugWants(PNT_MACHINE Kernel, ULONG Level)
{
    return Level <= Kernel->Debug->RingLevel || Kernel->Debug->Message != NULL;
}

/* One line, without its line end. */
static VOID Emit(PNT_MACHINE Kernel, PCSTR Component, ULONG Level, PCSTR Text, SIZE_T Length)
{
    struct _NT_DEBUG *debug = Kernel->Debug;
    struct nt_debug_line *line = &debug->Ring[debug->Lines++ % NT_DEBUG_RING];
    SIZE_T name = strnlen(Component, NT_DEBUG_SOURCE - 1);

    line->Time = world_now(Kernel->Machine->world);
    line->Level = Level;
    memcpy(line->Component, Component, name);
    line->Component[name] = '\0';
    Length = Length < NT_DEBUG_LINE - 1 ? Length : NT_DEBUG_LINE - 1;
    memcpy(line->Text, Text, Length);
    line->Text[Length] = '\0';
    if (debug->Message != NULL && !debug->InMessage) {
        debug->InMessage = TRUE;
        debug->Message(debug->User, line->Component, Level, line->Text);
        debug->InMessage = FALSE;
    }
}

VOID NtDebugLine(PNT_MACHINE Kernel, PCSTR Component, ULONG Level, PCSTR Text)
{
    PCSTR end;

    while (*Text != '\0') {
        end = strpbrk(Text, "\r\n");
        if (end == NULL) {
            end = Text + strlen(Text);
        }
        if (end != Text) {
            Emit(Kernel, Component, Level, Text, (SIZE_T)(end - Text));
        }
        Text = *end == '\0' ? end : end + 1;
    }
}

ULONGLONG NtDebugLineCount(PNT_MACHINE Kernel)
{
    return Kernel->Debug->Lines;
}

ULONGLONG NtDebugAssertCount(PNT_MACHINE Kernel)
{
    return Kernel->Debug->Assertions;
}

const struct nt_debug_line *NtDebugLineAt(PNT_MACHINE Kernel, ULONGLONG Index)
{
    struct _NT_DEBUG *debug = Kernel->Debug;

    if (Index >= debug->Lines || debug->Lines - Index > NT_DEBUG_RING) {
        return NULL;
    }
    return &debug->Ring[Index % NT_DEBUG_RING];
}

static ULONGLONG HashText(PCSTR Text)
{
    ULONGLONG hash = 0xCBF29CE484222325ull;

    while (*Text != '\0') {
        hash = (hash ^ (UCHAR)*Text++) * 0x100000001B3ull;
    }
    return hash;
}

static PDRIVER_OBJECT Speaker(VOID)
{
    PNT_CALL call = NtContext()->Call;

    return call != NULL ? call->Driver : NULL;
}

static VOID Say(PNT_MACHINE Kernel, PCSTR Prefix, const struct format_site *Site, PCSTR Format,
                struct format_source *Source)
{
    CHAR text[NT_DEBUG_LINE];
    SIZE_T used = 0, length;
    PCSTR component = NtDriverName(Speaker());

    if (Prefix != NULL) {
        used = strnlen(Prefix, sizeof(text) / 2);
        memcpy(text, Prefix, used);
    }
    length = format_narrow(text + used, sizeof(text) - 1 - used, FORMAT_UTF8, Format, Source, Site);
    if (length == FORMAT_CUT) {
        memcpy(text + sizeof(text) - 4, "...", 4);
    } else {
        text[used + length] = '\0';
    }
    NtDebugLine(Kernel, component[0] != '\0' ? component : "kernel", Site->level, text);
}

ULONG NtDebugPrint(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format, struct format_source *Source)
{
    static const UCHAR scale[] = {NT_DEBUG_ERROR, NT_DEBUG_WARNING, NT_DEBUG_VERBOSE, NT_DEBUG_INFO};
    struct format_site site = {.level = Level < sizeof(scale) ? scale[Level] : NT_DEBUG_INFO};
    PNT_MACHINE kernel = NtKernel();

    if (site.level <= NT_DEBUG_WARNING) {
        NtTrace(TRACE_MESSAGE, ComponentId, site.level, HashText(Format), 0);
    }
    /* Printed text is meant to be seen: it is kept at any level. */
    Say(kernel, Prefix, &site, Format, Source);
    return (ULONG)STATUS_SUCCESS;
}

VOID NtDebugTrace(ULONG DriverOrdinal, const struct format_site *Site, PCSTR Format, struct format_source *Source)
{
    CHAR text[NT_DEBUG_LINE];
    PCSTR function = Site->function != NULL ? Site->function : "?";
    PCSTR level = Site->level != 0 ? format_level_name(Site->level) : "";
    PCSTR flag = Site->flag_text != NULL ? Site->flag_text : "";
    SIZE_T used, length;

    trace_note(world_fibre->world, world_fibre->machine, TRACE_DRIVER_TRACE, DriverOrdinal,
               (ULONGLONG)Site->level << 32 | Site->line, Site->flag, HashText(function) ^ HashText(Format));
    used = (SIZE_T)snprintf(text, sizeof(text) / 2, "%s(%u) %s [%s%s%s] ", format_base_name(Site->file), Site->line, function,
                            level != NULL ? level : "", level != NULL && level[0] != '\0' && flag[0] != '\0' ? " " : "", flag);
    used = used < sizeof(text) / 2 ? used : sizeof(text) / 2 - 1;
    length = format_narrow(text + used, sizeof(text) - 1 - used, FORMAT_UTF8, Format, Source, Site);
    if (length == FORMAT_CUT) {
        memcpy(text + sizeof(text) - 4, "...", 4);
    } else {
        text[used + length] = '\0';
    }
    NtDebugLine(NtKernel(), Site->component != NULL ? Site->component : "kernel",
                Site->level != 0 ? Site->level : NT_DEBUG_INFO, text);
}

/* A failed assertion is told and counted, and the driver goes on. PAGED_CODE is an assertion on the IRQL
 * in checked builds; that one is a rule of its own (KE-IRQL-05). */
VOID RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
    PNT_MACHINE kernel;
    PCSTR file = FileName != NULL ? FileName : "?";
    PCSTR expression = FailedAssertion != NULL ? FailedAssertion : "?";
    CHAR text[NT_DEBUG_LINE];
    PCSTR component = NtDriverName(Speaker());

    NT_REQUIRE_IRQL(HIGH_LEVEL);
    kernel = NtKernel();
    if (strcmp(expression, "KeGetCurrentIrql() <= APC_LEVEL") == 0) {
        NtBugCheckRule(RULE_IRQL_PAGED, NtContext()->Irql, 0);
    }
    kernel->Debug->Assertions++;
    NtTrace(TRACE_MESSAGE, 0, NT_DEBUG_ERROR, HashText(expression), LineNumber);
    snprintf(text, sizeof(text), "Assertion failed: %s%s%s, file %s, line %u", expression,
             Message != NULL ? ": " : "", Message != NULL ? Message : "", file, LineNumber);
    NtDebugLine(kernel, component[0] != '\0' ? component : "kernel", NT_DEBUG_ERROR, text);
}

/* No debugger is attached: a breakpoint ends the machine, as on Windows. */
VOID DbgBreakPoint(VOID)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtBugCheckRule(RULE_FAULT_OTHER, HOST_FAULT_BREAKPOINT, 0);
}

VOID DbgBreakPointWithStatus(ULONG Status)
{
    NT_REQUIRE_IRQL(HIGH_LEVEL);
    NtBugCheckRule(RULE_FAULT_OTHER, HOST_FAULT_BREAKPOINT, Status);
}
