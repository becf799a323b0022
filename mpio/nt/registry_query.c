/* SPDX-License-Identifier: MIT */
/*
 * RtlQueryRegistryValues: a table of values, each handed to a routine or stored directly. The routine may
 * change the registry, so a value is copied before it is handed out and keys are held while in use.
 * Published choices: REQUIRED fails a missing value even when a default is given; STATUS_BUFFER_TOO_SMALL
 * from a routine does not end the query. PASSIVE_LEVEL.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/pool.h"
#include "nt/registry.h"
#include "nt/rtl.h"

#define TAG_DIRECT       0x51525452u /* "RTRQ" */
#define DEFAULT_TYPE_BITS 0x00FFFFFFu /* above them: the type that TYPECHECK wants */
#define EXPANDED_MAXIMUM 32767u      /* characters, the length of a UNICODE_STRING */

typedef struct _QUERY {
    PVOID Context;
    PDRIVER_OBJECT Driver;      /* whose routines are called */
    PDRIVER_OBJECT Owner;       /* who answers for buffers we allocate */
} QUERY;

/* A value on its way to the driver. */
typedef struct _DATUM {
    ULONG Type, Length;
    PVOID Data;
} DATUM;

static BOOLEAN IsText(ULONG Type)
{
    return Type == REG_SZ || Type == REG_EXPAND_SZ || Type == REG_MULTI_SZ;
}

/* ---- %NAME% ------------------------------------------------------------------------------------------- */

static PCWSTR Variable(PCWCH Name, SIZE_T Length)
{
    static const PCWSTR environment[][2] = {
        {u"SystemRoot", u"C:\\Windows"}, {u"windir", u"C:\\Windows"}, {u"SystemDrive", u"C:"}};

    for (ULONG i = 0; i < RTL_NUMBER_OF(environment); i++) {
        if (NtCompareText(Name, Length, environment[i][0], NtTextLength(environment[i][0]), TRUE) == 0) {
            return environment[i][1];
        }
    }
    return NULL;
}

/* Replaces known variables; unknown ones stay. Out holds EXPANDED_MAXIMUM characters. Answers bytes. */
static ULONG Expand(const DATUM *Datum, PWSTR Out)
{
    PCWCH text = Datum->Data;
    SIZE_T length = Datum->Length / sizeof(WCHAR), used = 0, i = 0;

    while (i < length && used < EXPANDED_MAXIMUM) {
        SIZE_T end = i + 1;
        PCWSTR value = NULL;
        if (text[i] == '%') {
            while (end < length && text[end] != '%') {
                end++;
            }
            value = end < length ? Variable(text + i + 1, end - i - 1) : NULL;
        }
        if (value == NULL) {
            Out[used++] = text[i++];
            continue;
        }
        while (*value != 0 && used < EXPANDED_MAXIMUM) {
            Out[used++] = *value++;
        }
        i = end + 1;
    }
    return (ULONG)(used * sizeof(WCHAR));
}

/* ---- DIRECT ------------------------------------------------------------------------------------------- */

/* Into a UNICODE_STRING; a buffer is allocated when it has none (the driver frees it with ExFreePool). */
static NTSTATUS StoreText(const QUERY *Query, const DATUM *Datum, PUNICODE_STRING Target)
{
    ULONG bytes = Datum->Length & ~1u;
    PCWCH text = Datum->Data;
    BOOLEAN terminated;

    if (bytes > UNICODE_STRING_MAX_BYTES) {
        bytes = UNICODE_STRING_MAX_BYTES;
    }
    terminated = bytes != 0 && text[bytes / sizeof(WCHAR) - 1] == 0;
    if (!terminated && bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)) {
        bytes = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
    }
    ULONG needed = terminated ? bytes : bytes + (ULONG)sizeof(WCHAR);
    if (Target->Buffer == NULL) {
        Target->Buffer = NtPoolAllocate(NtKernel(), NT_POOL_PAGED, needed, TAG_DIRECT, Query->Owner);
        if (Target->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        Target->MaximumLength = (USHORT)needed;
    } else if (Target->MaximumLength < needed) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(Target->Buffer, text, bytes);
    Target->Buffer[needed / sizeof(WCHAR) - 1] = 0;
    Target->Length = (USHORT)(needed - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* Up to four bytes go to the target as they are. A longer value needs a buffer that begins with its own
 * size: negative for the data alone, positive for length, type and data. */
static NTSTATUS StoreBinary(const DATUM *Datum, PVOID Target)
{
    LONG room;

    if (Datum->Length <= sizeof(ULONG)) {
        memcpy(Target, Datum->Data, Datum->Length);
        return STATUS_SUCCESS;
    }
    memcpy(&room, Target, sizeof(room));
    if (room < 0) {
        if (0 - (LONGLONG)room < (LONGLONG)Datum->Length) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        memcpy(Target, Datum->Data, Datum->Length);
        return STATUS_SUCCESS;
    }
    if ((LONGLONG)room < (LONGLONG)Datum->Length + 8) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(Target, &Datum->Length, sizeof(ULONG));
    memcpy((PUCHAR)Target + 4, &Datum->Type, sizeof(ULONG));
    memcpy((PUCHAR)Target + 8, Datum->Data, Datum->Length);
    return STATUS_SUCCESS;
}

/* ---- one value ---------------------------------------------------------------------------------------- */

static NTSTATUS CallRoutine(const QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry, PWSTR Name, const DATUM *Datum)
{
    NTSTATUS status;

    if (Entry->QueryRoutine == NULL) {
        return STATUS_SUCCESS;
    }
    status = NT_CALL_OUT("registry query routine", Query->Driver, PASSIVE_LEVEL, Entry->QueryRoutine, Name,
                         Datum->Type, Datum->Data, Datum->Length, Query->Context, Entry->EntryContext);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_SUCCESS : status;
}

/* The strings of a REG_MULTI_SZ one by one, as REG_SZ with their terminator; an empty one ends the list. */
static NTSTATUS CallForEach(const QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry, PWSTR Name, const DATUM *Datum)
{
    PWCH text = Datum->Data;
    ULONG length = Datum->Length / sizeof(WCHAR), start = 0, end;
    NTSTATUS status = STATUS_SUCCESS;

    for (; start < length && text[start] != 0 && NT_SUCCESS(status); start = end + 1) {
        for (end = start; end < length && text[end] != 0; end++) {
        }
        if (end == length) {
            break; /* not terminated: a string that the data does not contain is not handed out */
        }
        status = CallRoutine(Query, Entry, Name,
                             &(DATUM){REG_SZ, (end + 1 - start) * (ULONG)sizeof(WCHAR), text + start});
    }
    return status;
}

static NTSTATUS HandOut(const QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry, PWSTR Name, const DATUM *Datum)
{
    BOOLEAN direct = (Entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0;
    BOOLEAN expand = (Entry->Flags & RTL_QUERY_REGISTRY_NOEXPAND) == 0;
    ULONG wanted = Entry->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    DATUM datum = *Datum;
    PWSTR expanded = NULL;
    NTSTATUS status;

    if (direct && (Entry->Flags & RTL_QUERY_REGISTRY_TYPECHECK) != 0 && wanted != REG_NONE &&
        wanted != datum.Type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (expand && datum.Type == REG_EXPAND_SZ) {
        expanded = malloc(EXPANDED_MAXIMUM * sizeof(WCHAR));
        if (expanded == NULL) {
            return STATUS_NO_MEMORY;
        }
        datum = (DATUM){REG_SZ, Expand(Datum, expanded), expanded};
    }
    if (direct) {
        status = IsText(datum.Type) ? StoreText(Query, &datum, Entry->EntryContext)
                                    : StoreBinary(&datum, Entry->EntryContext);
    } else if (expand && datum.Type == REG_MULTI_SZ) {
        status = CallForEach(Query, Entry, Name, &datum);
    } else {
        status = CallRoutine(Query, Entry, Name, &datum);
    }
    free(expanded);
    return status;
}

static NTSTATUS HandOutDefault(const QUERY *Query, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    DATUM datum = {Entry->DefaultType & DEFAULT_TYPE_BITS, Entry->DefaultLength,
                   Entry->DefaultData};
    PCWCH text = Entry->DefaultData;
    ULONG length = 0;

    if ((Entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if (datum.Type == REG_NONE) {
        return STATUS_SUCCESS;
    }
    if (datum.Data == NULL) {
        datum.Data = &length;
        datum.Length = 0;
    } else if (datum.Length == 0 && IsText(datum.Type)) { /* a length of 0 means: up to the terminator */
        do {
            length += (ULONG)NtTextLength(text + length) + 1;
        } while (datum.Type == REG_MULTI_SZ && text[length] != 0);
        datum.Length = (length + (datum.Type == REG_MULTI_SZ)) * (ULONG)sizeof(WCHAR);
    }
    return HandOut(Query, Entry, Entry->Name, &datum);
}

/* Copies the value, hands it out, and deletes it when the entry says so. */
static NTSTATUS HandOutValue(const QUERY *Query, PNT_KEY Key, PRTL_QUERY_REGISTRY_TABLE Entry, PNT_VALUE Value)
{
    ULONG name_length = Value->NameLength;
    PWSTR name = malloc((name_length + 1) * sizeof(WCHAR));
    DATUM datum = {Value->Type, Value->DataLength, malloc(Value->DataLength + sizeof(WCHAR))};
    NTSTATUS status = STATUS_NO_MEMORY;

    if (name != NULL && datum.Data != NULL) {
        memcpy(name, Value->Name, name_length * sizeof(WCHAR));
        name[name_length] = 0;
        memcpy(datum.Data, Value->Data, datum.Length);
        memset((PUCHAR)datum.Data + datum.Length, 0, sizeof(WCHAR)); /* readers of text rely on it */
        status = HandOut(Query, Entry, name, &datum);
        if (NT_SUCCESS(status) && (Entry->Flags & RTL_QUERY_REGISTRY_DELETE) != 0) {
            NtKeyDeleteValue(NtKernel(), Key, name, name_length);
        }
    }
    free(name);
    free(datum.Data);
    return status;
}

/* ---- one entry of the table ----------------------------------------------------------------------------- */

static NTSTATUS HandOutAll(const QUERY *Query, PNT_KEY Key, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i = 0;

    if (Key->ValueCount == 0 && (Entry->Flags & RTL_QUERY_REGISTRY_REQUIRED) != 0) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    while (i < Key->ValueCount && NT_SUCCESS(status)) {
        ULONG before = Key->ValueCount;
        status = HandOutValue(Query, Key, Entry, &Key->Value[i]);
        if (Key->ValueCount >= before) {
            i++; /* else the value at i is the next one already */
        }
    }
    return status;
}

static NTSTATUS RunEntry(const QUERY *Query, PNT_KEY Key, PRTL_QUERY_REGISTRY_TABLE Entry)
{
    PNT_VALUE value;

    if (Entry->Name == NULL) {
        if ((Entry->Flags & RTL_QUERY_REGISTRY_NOVALUE) != 0) {
            return CallRoutine(Query, Entry, NULL, &(DATUM){REG_NONE, 0, NULL});
        }
        return Key != NULL ? HandOutAll(Query, Key, Entry) : STATUS_SUCCESS;
    }
    value = Key != NULL ? NtKeyValue(Key, Entry->Name, NtTextLength(Entry->Name)) : NULL;
    return value != NULL ? HandOutValue(Query, Key, Entry, value) : HandOutDefault(Query, Entry);
}

static VOID Enter(PNT_KEY Key, PNT_KEY *Current)
{
    if (Key != NULL) {
        NtKeyReference(Key);
    }
    if (*Current != NULL) {
        NtKeyRelease(*Current);
    }
    *Current = Key;
}

/* Moves to a sub-key of the top key; its values all go to the routine, if there is one. */
static NTSTATUS EnterSubKey(const QUERY *Query, PNT_KEY Top, PRTL_QUERY_REGISTRY_TABLE Entry, PNT_KEY *Current)
{
    PNT_KEY key;
    NTSTATUS status;

    if (Entry->Name == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = Top == NULL ? STATUS_OBJECT_NAME_NOT_FOUND
                         : NtKeyWalk(NtKernel(), Top, Entry->Name, NtTextLength(Entry->Name), FALSE, FALSE,
                                     &key, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Enter(key, Current);
    return Entry->QueryRoutine != NULL ? HandOutAll(Query, key, Entry) : STATUS_SUCCESS;
}

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                PVOID Context, PVOID Environment)
{
    const ULONG keyless = RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT;
    QUERY query = {.Context = Context, .Owner = NtPoolOwner(NT_CALLER())};
    PNT_CALL call = NtContext()->Call;
    PNT_KEY top, current = NULL;
    NTSTATUS status;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(Environment); /* every machine has the same three variables */
    query.Driver = call != NULL ? call->Driver : NULL;
    status = NtRegistryRelative(NtKernel(), RelativeTo, Path, FALSE, &top);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (top != NULL) {
        NtKeyReference(top);
    }
    Enter(top, &current);
    for (PRTL_QUERY_REGISTRY_TABLE entry = QueryTable;
         NT_SUCCESS(status) && (entry->QueryRoutine != NULL || (entry->Flags & keyless) != 0); entry++) {
        if ((entry->Flags & RTL_QUERY_REGISTRY_DIRECT) != 0 &&
            (entry->Name == NULL || entry->QueryRoutine != NULL ||
             (entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0)) {
            status = STATUS_INVALID_PARAMETER;
            break;
        }
        if ((entry->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY)) != 0) {
            Enter(top, &current);
        }
        if ((entry->Flags & RTL_QUERY_REGISTRY_SUBKEY) != 0) {
            status = EnterSubKey(&query, top, entry, &current);
        } else {
            status = RunEntry(&query, current, entry);
        }
    }
    Enter(NULL, &current);
    if (top != NULL) {
        NtKeyRelease(top);
    }
    return status;
}
