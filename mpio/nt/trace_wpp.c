/* SPDX-License-Identifier: MIT */
/*
 * WPP tracing: providers that drivers register, the flags and levels that somebody switches, and the sink
 * of their messages. A driver looks at its own control block before it calls; the kernel writes that block
 * at registration and when the switches change.
 *
 * Switching must not change a run: messages leave the hash of the event stream alone (trace_note), and the
 * sink neither counts as a kernel call nor is a preemption point. Messages: any IRQL. Registration:
 * PASSIVE_LEVEL. One OS thread; the tables belong to the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nt/driverobject.h"
#include "nt/trace_wpp.h"

/* ---- who is registered ------------------------------------------------------------------------------- */

static BOOLEAN IsLoaded(PNT_MACHINE Kernel, const NT_TRACE_PROVIDER *Provider)
{
    for (PLIST_ENTRY entry = Kernel->Drivers.Flink; entry != &Kernel->Drivers; entry = entry->Flink) {
        PNT_DRIVER driver = CONTAINING_RECORD(entry, NT_DRIVER, Entry);

        if (&driver->Object == Provider->Driver && driver->Ordinal == Provider->DriverOrdinal) {
            return TRUE;
        }
    }
    return FALSE;
}

PNT_TRACE_PROVIDER NtTraceNewProvider(PNT_MACHINE Kernel, enum nt_trace_kind Kind)
{
    PNT_TRACE trace = NtDebugTraceState(Kernel);
    PNT_CALL call = NtContext()->Call;
    PDRIVER_OBJECT driver = call != NULL ? call->Driver : NULL;

    for (ULONG i = 0; i < NT_TRACE_PROVIDERS; i++) {
        PNT_TRACE_PROVIDER provider = &trace->Provider[i];

        if (provider->Kind == NT_TRACE_FREE || !IsLoaded(Kernel, provider)) {
            memset(provider, 0, sizeof(*provider));
            provider->Kind = Kind;
            provider->Id = ++trace->LastId;
            provider->Driver = driver;
            provider->DriverOrdinal = NtDriverOrdinal(driver);
            snprintf(provider->DriverName, sizeof(provider->DriverName), "%s", NtDriverName(driver));
            return provider;
        }
    }
    return NULL;
}

PNT_TRACE_PROVIDER NtTraceFindProvider(PNT_MACHINE Kernel, ULONG Id)
{
    PNT_TRACE trace = NtDebugTraceState(Kernel);

    for (ULONG i = 0; i < NT_TRACE_PROVIDERS; i++) {
        if (trace->Provider[i].Kind != NT_TRACE_FREE && trace->Provider[i].Id == Id) {
            return &trace->Provider[i];
        }
    }
    return NULL;
}

/* ---- names: "name|(guid fields)|flag,flag,\n" per control ---------------------------------------------- */

/* Line `Control` of the names, NULL when it is missing. */
static PCSTR ControlLine(const OPENMPIO_TRACE_PROVIDER *Block, ULONG Control)
{
    PCSTR line = Block->Names;

    while (line != NULL && *line != '\0' && Control > 0) {
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
        Control--;
    }
    return line != NULL && *line != '\0' ? line : NULL;
}

static VOID ControlName(const OPENMPIO_TRACE_PROVIDER *Block, ULONG Control, CHAR Name[NT_TRACE_NAME])
{
    PCSTR line = ControlLine(Block, Control);
    SIZE_T length = line != NULL ? strcspn(line, "|\n") : 0;

    length = length < NT_TRACE_NAME - 1 ? length : NT_TRACE_NAME - 1;
    memcpy(Name, line != NULL ? line : "", length);
    Name[length] = '\0';
}

/* The number of a flag, from 1 as WPP_BIT_ counts; 0: the control has no flag of this name. */
static ULONG FlagNumber(const OPENMPIO_TRACE_PROVIDER *Block, ULONG Control, PCSTR Flag)
{
    PCSTR at = ControlLine(Block, Control);
    SIZE_T wanted = strlen(Flag);

    for (ULONG bars = 0; bars < 2 && at != NULL; bars++) {
        at = strpbrk(at, "|\n");
        at = at != NULL && *at == '|' ? at + 1 : NULL;
    }
    for (ULONG number = 1; at != NULL && wanted != 0; number++) {
        SIZE_T length = strcspn(at, ",\n");

        if (length == wanted && memcmp(at, Flag, length) == 0) {
            return number;
        }
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return 0;
}

/* ---- switches --------------------------------------------------------------------------------------------- */

BOOLEAN NtTraceWanted(PNT_MACHINE Kernel, PCSTR Driver, PCSTR Name, PULONG Flags, PUCHAR Level)
{
    PNT_TRACE trace = NtDebugTraceState(Kernel);
    BOOLEAN asked = FALSE;

    /* Unasked: warnings for the ring of last lines, everything for a listener. */
    *Flags = ~0u;
    *Level = NtDebugWants(Kernel, NT_DEBUG_VERBOSE) ? NT_DEBUG_VERBOSE : NT_DEBUG_WARNING;
    for (ULONG i = 0; i < trace->Requests; i++) {
        const NT_TRACE_REQUEST *request = &trace->Request[i];

        if ((request->Driver[0] == '\0' || strcasecmp(request->Driver, Driver) == 0) &&
            (request->Provider[0] == '\0' || strcasecmp(request->Provider, Name) == 0)) {
            *Flags = request->Flags;
            *Level = request->Level;
            asked = asked || request->Driver[0] != '\0';
        }
    }
    return asked;
}

static VOID RefreshWpp(PNT_MACHINE Kernel, PNT_TRACE_PROVIDER Provider)
{
    POPENMPIO_TRACE_PROVIDER block = Provider->Block;

    for (ULONG i = 0; i < block->ControlCount; i++) {
        OPENMPIO_TRACE_CONTROL *control = (PVOID)((PUCHAR)block->Controls + (SIZE_T)i * block->ControlSize);
        CHAR name[NT_TRACE_NAME];
        ULONG flags;

        ControlName(block, i, name);
        NtTraceWanted(Kernel, Provider->DriverName, name, &flags, &control->Level);
        control->Logger = (ULONG64)Provider->Id << 16 | (i + 1);
        for (ULONG word = 0; word < block->FlagWords; word++) {
            control->Flags[word] = word == 0 || flags == ~0u ? flags : 0;
        }
    }
}

VOID NtTraceRefresh(PNT_MACHINE Kernel)
{
    PNT_TRACE trace = NtDebugTraceState(Kernel);

    for (ULONG i = 0; i < NT_TRACE_PROVIDERS; i++) {
        PNT_TRACE_PROVIDER provider = &trace->Provider[i];

        if (provider->Kind == NT_TRACE_FREE || !IsLoaded(Kernel, provider)) {
            provider->Kind = NT_TRACE_FREE;
        } else if (provider->Kind == NT_TRACE_WPP) {
            RefreshWpp(Kernel, provider);
        } else {
            BOOLEAN asked = NtTraceWanted(Kernel, provider->DriverName, "", &provider->Flags, &provider->Level);

            if (provider->Kind == NT_TRACE_CLASSIC && !asked) {
                provider->Flags = 0;
            }
        }
    }
}

bool nt_trace_flags(struct machine *m, const char *driver, const char *provider, uint32_t flags, uint8_t level)
{
    PNT_MACHINE kernel = NtKernelOf(m);
    PNT_TRACE trace = NtDebugTraceState(kernel);
    ULONG i = 0;

    driver = driver != NULL ? driver : "";
    provider = provider != NULL ? provider : "";
    if (strlen(driver) >= NT_TRACE_NAME || strlen(provider) >= NT_TRACE_NAME) {
        return false;
    }
    while (i < trace->Requests && (strcasecmp(trace->Request[i].Driver, driver) != 0 ||
                                   strcasecmp(trace->Request[i].Provider, provider) != 0)) {
        i++;
    }
    if (i == NT_TRACE_REQUESTS) {
        return false;
    }
    if (i < trace->Requests) { /* the last word counts: it moves to the end */
        trace->Requests--;
        memmove(&trace->Request[i], &trace->Request[i + 1], (trace->Requests - i) * sizeof(trace->Request[0]));
        i = trace->Requests;
    }
    strcpy(trace->Request[i].Driver, driver);
    strcpy(trace->Request[i].Provider, provider);
    trace->Request[i].Flags = flags;
    trace->Request[i].Level = level;
    trace->Requests++;
    if (m->state == MACHINE_RUNNING) {
        NtTraceRefresh(kernel);
    }
    return true;
}

struct nt_trace_switches {
    ULONG Requests;
    NT_TRACE_REQUEST Request[NT_TRACE_REQUESTS];
};

struct nt_trace_switches *nt_trace_take(const struct machine *m)
{
    PNT_TRACE trace = NtDebugTraceState(NtKernelOf(m));
    struct nt_trace_switches *s = malloc(sizeof(*s));

    if (s != NULL) {
        s->Requests = trace->Requests;
        memcpy(s->Request, trace->Request, sizeof(s->Request));
    }
    return s;
}

void nt_trace_give(struct machine *m, struct nt_trace_switches *s)
{
    PNT_TRACE trace = NtDebugTraceState(NtKernelOf(m));

    if (s != NULL) {
        trace->Requests = s->Requests;
        memcpy(trace->Request, s->Request, sizeof(s->Request));
    }
    free(s);
}

/* ---- the sink ------------------------------------------------------------------------------------------------ */

static VOID Message(ULONG64 Logger, struct format_site *Site, PCSTR Format, struct format_source *Source)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_TRACE_PROVIDER provider = NtTraceFindProvider(kernel, (ULONG)(Logger >> 16));

    if (provider == NULL || provider->Kind != NT_TRACE_WPP || Format == NULL) {
        return; /* no session: Windows drops the message, too */
    }
    Site->component = provider->DriverName;
    Site->cpu = NtContext()->Cpu;
    Site->flag = FlagNumber(provider->Block, (ULONG)(Logger & 0xFFFF) - 1, Site->flag_text);
    NtDebugTrace(provider->DriverOrdinal, Site, Format, Source);
}

static ULONG DDK_CDECL Sink(ULONG64 Logger, PCSTR Types, PCSTR File, PCSTR Function, ULONG Line, ULONG Level,
                            PCSTR LevelText, PCSTR FlagText, PCSTR Format, ...)
{
    struct format_site site = {.function = Function, .file = File, .line = Line, .level = Level,
                               .level_text = LevelText, .flag_text = FlagText, .types = Types};
    struct format_va_source source;
    va_list list;

    va_start(list, Format);
    format_va_begin(&source, list);
    Message(Logger, &site, Format, &source.source);
    format_va_end(&source);
    va_end(list);
    return 1;
}

static VOID DDK_CDECL Unregister(POPENMPIO_TRACE_PROVIDER Block)
{
    PNT_TRACE trace = NtDebugTraceState(NtKernel());

    for (ULONG i = 0; i < NT_TRACE_PROVIDERS; i++) {
        if (trace->Provider[i].Kind == NT_TRACE_WPP && trace->Provider[i].Block == Block) {
            trace->Provider[i].Kind = NT_TRACE_FREE;
        }
    }
    for (ULONG i = 0; i < Block->ControlCount; i++) {
        memset((PUCHAR)Block->Controls + (SIZE_T)i * Block->ControlSize, 0,
               FIELD_OFFSET(OPENMPIO_TRACE_CONTROL, Flags) + Block->FlagWords * sizeof(ULONG));
    }
}

static NTSTATUS DDK_CDECL Register(POPENMPIO_TRACE_PROVIDER Block)
{
    PNT_MACHINE kernel = NtKernel();
    PNT_TRACE_PROVIDER provider;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    if (Block->Size < sizeof(*Block) || Block->ControlCount == 0 || Block->ControlCount > NT_TRACE_CONTROLS ||
        Block->FlagWords == 0 || Block->FlagWords > NT_TRACE_WORDS || Block->Controls == NULL ||
        Block->ControlSize < FIELD_OFFSET(OPENMPIO_TRACE_CONTROL, Flags) + Block->FlagWords * sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    provider = NtTraceNewProvider(kernel, NT_TRACE_WPP);
    if (provider == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    provider->Block = Block;
    Block->Sink = Sink;
    Block->Unregister = Unregister;
    NtTraceRefresh(kernel);
    return STATUS_SUCCESS;
}

/* ---- the same for PE images ------------------------------------------------------------------------------------ */

#ifdef NT_TWO_CONVENTIONS
static NT_CDECL_ENTERS ULONG SinkPe(ULONG64 Logger, PCSTR Types, PCSTR File, PCSTR Function, ULONG Line, ULONG Level,
                                    PCSTR LevelText, PCSTR FlagText, PCSTR Format, ...)
{
    struct format_site site = {.function = Function, .file = File, .line = Line, .level = Level,
                               .level_text = LevelText, .flag_text = FlagText, .types = Types};
    format_image_source source;
    format_image_list list;

    format_image_start(list, Format);
    format_image_begin(&source, list);
    Message(Logger, &site, Format, &source.source);
    format_image_end(&source);
    format_image_stop(list);
    return 1;
}

static NT_CDECL_ENTERS VOID UnregisterPe(POPENMPIO_TRACE_PROVIDER Block)
{
    Unregister(Block);
}

static NT_CDECL_ENTERS NTSTATUS RegisterPe(POPENMPIO_TRACE_PROVIDER Block)
{
    NTSTATUS status = Register(Block);

    if (NT_SUCCESS(status)) { /* the driver calls these: they speak its convention */
        Block->Sink = (POPENMPIO_TRACE_SINK)(PVOID)SinkPe;
        Block->Unregister = (PVOID)UnregisterPe;
    }
    return status;
}
#else
#define RegisterPe Register
#endif

PVOID NtTraceRoutine(PCSTR Name, BOOLEAN Pe)
{
    if (strcmp(Name, OPENMPIO_TRACE_REGISTER_NAME) != 0) {
        return NULL;
    }
    return Pe ? (PVOID)RegisterPe : (PVOID)Register;
}
