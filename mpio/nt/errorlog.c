/* SPDX-License-Identifier: MIT */
/*
 * The machine's event log: a ring of entries from NtLogEvent and from drivers' error log packets. Each
 * entry also goes into the event stream by its id. <= DISPATCH_LEVEL; one OS thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/format.h"
#include "nt/pool.h"

#define LOG_ENTRIES 4096u
#define TAG_PACKET  0x45456F49u /* "IoEE" */

struct _NT_LOG {
    ULONG Count;
    struct nt_log_entry Entry[LOG_ENTRIES];
};

BOOLEAN NtLogInitialize(PNT_MACHINE Kernel)
{
    Kernel->Log = calloc(1, sizeof(*Kernel->Log));
    return Kernel->Log != NULL;
}

VOID NtLogDestroy(PNT_MACHINE Kernel)
{
    free(Kernel->Log);
    Kernel->Log = NULL;
}

static struct nt_log_entry *Append(PNT_MACHINE Kernel, ULONG EventId, PCSTR Source)
{
    struct nt_log_entry *entry = &Kernel->Log->Entry[Kernel->Log->Count++ % LOG_ENTRIES];

    entry->time = world_now(Kernel->Machine->world);
    entry->id = EventId;
    snprintf(entry->source, sizeof(entry->source), "%s", Source);
    return entry;
}

VOID NtLogEvent(ULONG EventId, PCSTR Source, PCSTR Format, ...)
{
    struct nt_log_entry *entry;
    va_list list;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    entry = Append(NtKernel(), EventId, Source);
    va_start(list, Format);
    vsnprintf(entry->text, sizeof(entry->text), Format, list);
    va_end(list);
    NtTrace(TRACE_EVENT_LOG, EventId, 0, 0, 0);
}

unsigned nt_log_count(const struct machine *m)
{
    return NtKernelOf(m)->Log->Count;
}

const struct nt_log_entry *nt_log_at(const struct machine *m, unsigned index)
{
    const struct _NT_LOG *log = NtKernelOf(m)->Log;

    if (index >= log->Count || log->Count - index > LOG_ENTRIES) {
        return NULL;
    }
    return &log->Entry[index % LOG_ENTRIES];
}

/* ---- drivers' packets -------------------------------------------------------------------------------- */

/* In front of every packet: who it is about, and how long it may be read. */
typedef struct _PACKET_HEADER {
    PDRIVER_OBJECT Driver;
    ULONG Size;
    ULONG Reserved;
} PACKET_HEADER;
C_ASSERT(sizeof(PACKET_HEADER) == 16 || sizeof(PVOID) == 4);

PVOID IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    PNT_MACHINE kernel;
    PACKET_HEADER *header;
    PDEVICE_OBJECT device = IoObject;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    kernel = NtKernel();
    if (IoObject == NULL || EntrySize < sizeof(IO_ERROR_LOG_PACKET) || EntrySize > ERROR_LOG_MAXIMUM_SIZE ||
        NtPoolFailsNow(kernel, NtPoolOwner(NT_CALLER()))) {
        return NULL;
    }
    header = NtPoolAllocateKernel(kernel, sizeof(*header) + EntrySize, TAG_PACKET);
    if (header == NULL) {
        return NULL;
    }
    /* Either kind of object is allowed; their first word is the type. */
    header->Driver = device->Type == IO_TYPE_DEVICE ? device->DriverObject : IoObject;
    header->Size = EntrySize;
    return header + 1;
}

VOID IoFreeErrorLogEntry(PVOID ElEntry)
{
    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    NtPoolFreeKernel(NtKernel(), (PACKET_HEADER *)ElEntry - 1);
}

/* The first insertion string of the packet as UTF-8; empty when there is none. Bounded by the packet. */
static VOID FirstString(const PACKET_HEADER *Header, const IO_ERROR_LOG_PACKET *Packet, PCHAR Text, SIZE_T Size)
{
    UNICODE_STRING string = {0};
    struct format_output output = {.narrow = Text, .capacity = Size - 1, .charset = FORMAT_UTF8};
    PCWCH characters;

    Text[0] = '\0';
    if (Packet->NumberOfStrings == 0 || Packet->StringOffset >= Header->Size) {
        return;
    }
    characters = (PCWCH)(PVOID)((PUCHAR)Packet + Packet->StringOffset);
    while ((ULONG)Packet->StringOffset + string.Length + sizeof(WCHAR) <= Header->Size &&
           characters[string.Length / sizeof(WCHAR)] != 0) {
        string.Length += sizeof(WCHAR);
    }
    format_put_wide(&output, characters, string.Length / sizeof(WCHAR));
    Text[output.length] = '\0';
}

VOID IoWriteErrorLogEntry(PVOID ElEntry)
{
    PACKET_HEADER *header = (PACKET_HEADER *)ElEntry - 1;
    PIO_ERROR_LOG_PACKET packet = ElEntry;
    struct nt_log_entry *entry;
    CHAR string[96];

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    FirstString(header, packet, string, sizeof(string));
    entry = Append(NtKernel(), (ULONG)packet->ErrorCode & 0xFFFF, NtDriverName(header->Driver));
    snprintf(entry->text, sizeof(entry->text), "error 0x%08x, unique 0x%x, final status 0x%08x%s%s",
             (ULONG)packet->ErrorCode, packet->UniqueErrorValue, (ULONG)packet->FinalStatus,
             string[0] != '\0' ? ": " : "", string);
    NtTrace(TRACE_EVENT_LOG, (ULONG)packet->ErrorCode & 0xFFFF, packet->UniqueErrorValue,
            (ULONG)packet->FinalStatus, 0);
    NtPoolFreeKernel(NtKernel(), header);
}
