/* SPDX-License-Identifier: MIT */
/*
 * Keys and values: lookup, creation, removal, memory. Names ignore case. \Registry\Machine\System has one
 * control set: ControlSet001 is another name of CurrentControlSet. PASSIVE_LEVEL; see registry.h.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/registry.h"
#include "nt/rtl.h"

VOID NtKeyTouch(PNT_MACHINE Kernel, PNT_KEY Key)
{
    Key->LastWrite = (LONGLONG)NT_EPOCH + (LONGLONG)world_now(Kernel->Machine->world);
}

/* ---- keys -------------------------------------------------------------------------------------------- */

/* Position of the child, or where it would stand. Most new ones come in order: the last child is looked at first. */
static ULONG Position(PNT_KEY Key, PCWCH Name, SIZE_T Length, BOOLEAN *Found)
{
    ULONG low = 0, high = Key->ChildCount, middle = high - 1;

    for (; low < high; middle = (low + high) / 2) {
        LONG order = NtCompareText(Key->Child[middle]->Name, Key->Child[middle]->NameLength, Name, Length, TRUE);
        if (order == 0) {
            *Found = TRUE;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *Found = FALSE;
    return low;
}

static BOOLEAN NameIs(PCWCH Name, SIZE_T Length, PCWSTR Wanted)
{
    return NtCompareText(Name, Length, Wanted, NtTextLength(Wanted), TRUE) == 0;
}

PNT_KEY NtKeyChild(PNT_KEY Key, PCWCH Name, SIZE_T Length)
{
    BOOLEAN found;
    ULONG position = Position(Key, Name, Length, &found);

    return found ? Key->Child[position] : NULL;
}

static VOID FreeKey(PNT_KEY Key)
{
    RemoveEntryList(&Key->Orphan);
    for (ULONG i = 0; i < Key->ValueCount; i++) {
        NtBlobRelease(Key->Value[i].Name);
        NtBlobRelease(Key->Value[i].Data);
    }
    free(Key->Value);
    free(Key->Child);
    free(Key->Class);
    free(Key);
}

static NTSTATUS AddChild(PNT_MACHINE Kernel, PNT_KEY Parent, PCWCH Name, SIZE_T Length, BOOLEAN Volatile,
                         PNT_KEY *Result)
{
    BOOLEAN found;
    ULONG position = Position(Parent, Name, Length, &found);
    PNT_KEY key;

    if (Length > REGISTRY_KEY_NAME) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Parent->Depth == REGISTRY_DEPTH) {
        return STATUS_NAME_TOO_LONG;
    }
    if (Parent->Volatile && !Volatile) {
        return STATUS_CHILD_MUST_BE_VOLATILE;
    }
    if (Kernel->Registry->Keys == REGISTRY_KEYS) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Parent->ChildCount == Parent->ChildRoom) {
        ULONG room = Parent->ChildRoom == 0 ? 4 : 2 * Parent->ChildRoom;
        PNT_KEY *larger = realloc(Parent->Child, room * sizeof(*larger));
        if (larger == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Parent->Child = larger;
        Parent->ChildRoom = room;
    }
    key = calloc(1, sizeof(*key) + Length * sizeof(WCHAR));
    if (key == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    memcpy(key->Name, Name, Length * sizeof(WCHAR));
    InitializeListHead(&key->Orphan);
    key->NameLength = (ULONG)Length;
    key->Parent = Parent;
    key->Depth = Parent->Depth + 1;
    key->Volatile = Volatile;
    NtKeyTouch(Kernel, key);
    NtKeyTouch(Kernel, Parent);
    memmove(&Parent->Child[position + 1], &Parent->Child[position],
            (Parent->ChildCount - position) * sizeof(Parent->Child[0]));
    Parent->Child[position] = key;
    Parent->ChildCount++;
    Kernel->Registry->Keys++;
    *Result = key;
    return STATUS_SUCCESS;
}

static PNT_KEY Resolve(PNT_KEY Key, PCWCH Name, SIZE_T Length)
{
    if (NameIs(Name, Length, u"ControlSet001") && NameIs(Key->Name, Key->NameLength, u"System")) {
        return NtKeyChild(Key, u"CurrentControlSet", 17);
    }
    return NtKeyChild(Key, Name, Length);
}

NTSTATUS NtKeyWalk(PNT_MACHINE Kernel, PNT_KEY From, PCWCH Path, SIZE_T Length, BOOLEAN Create,
                   BOOLEAN Volatile, PNT_KEY *Key, BOOLEAN *Created)
{
    PNT_KEY key = From != NULL ? From : Kernel->Registry->Root;
    SIZE_T position = 0, end;
    BOOLEAN created = FALSE;
    NTSTATUS status;

    if (From == NULL) {
        if (Length == 0 || Path[0] != '\\') {
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        }
        position = 1;
    } else if (Length > 0 && Path[0] == '\\') {
        return STATUS_OBJECT_PATH_SYNTAX_BAD; /* relative paths have no leading backslash */
    }
    if (Length > 0 && Path[Length - 1] == '\\') {
        Length--;
    }
    for (; position < Length; position = end + 1) {
        PNT_KEY child;
        for (end = position; end < Length && Path[end] != '\\'; end++) {
        }
        if (end == position) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        child = Resolve(key, Path + position, end - position);
        created = child == NULL;
        if (child == NULL) {
            if (!Create || key == Kernel->Registry->Root) {
                return STATUS_OBJECT_NAME_NOT_FOUND;
            }
            status = AddChild(Kernel, key, Path + position, end - position, Volatile, &child);
            if (!NT_SUCCESS(status)) {
                return status;
            }
        }
        key = child;
    }
    if (key == Kernel->Registry->Root) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    if (Created != NULL) {
        *Created = created;
    }
    *Key = key;
    return STATUS_SUCCESS;
}

VOID NtKeyReference(PNT_KEY Key)
{
    Key->Handles++;
}

VOID NtKeyRelease(PNT_KEY Key)
{
    if (--Key->Handles == 0 && Key->Deleted) {
        FreeKey(Key);
    }
}

/* Force: open handles do not keep the memory (the machine goes away). Depth is bounded by REGISTRY_DEPTH,
 * and so is the recursion. */
static VOID RemoveBelow(PNT_MACHINE Kernel, PNT_KEY Key, BOOLEAN Force)
{
    for (ULONG i = 0; i < Key->ChildCount; i++) {
        RemoveBelow(Kernel, Key->Child[i], Force);
    }
    Key->ChildCount = 0;
    Key->Parent = NULL;
    Key->Deleted = TRUE;
    Kernel->Registry->Keys--;
    if (Key->Handles == 0 || Force) {
        FreeKey(Key);
    } else {
        InsertTailList(&Kernel->Registry->Orphans, &Key->Orphan);
    }
}

VOID NtKeyRemove(PNT_MACHINE Kernel, PNT_KEY Key)
{
    PNT_KEY parent = Key->Parent;
    BOOLEAN found;
    ULONG position = Position(parent, Key->Name, Key->NameLength, &found);

    parent->ChildCount--;
    memmove(&parent->Child[position], &parent->Child[position + 1],
            (parent->ChildCount - position) * sizeof(parent->Child[0]));
    NtKeyTouch(Kernel, parent);
    RemoveBelow(Kernel, Key, FALSE);
}

/* ---- values ------------------------------------------------------------------------------------------ */

PNT_VALUE NtKeyValue(PNT_KEY Key, PCWCH Name, SIZE_T Length)
{
    for (ULONG i = 0; i < Key->ValueCount; i++) {
        if (Key->Value[i].NameLength == Length &&
            NtCompareText(Key->Value[i].Name, Length, Name, Length, TRUE) == 0) {
            return &Key->Value[i];
        }
    }
    return NULL;
}

static PNT_VALUE AddValue(PNT_MACHINE Kernel, PNT_KEY Key, PCWCH Name, SIZE_T Length)
{
    PNT_VALUE value;

    if (Key->ValueCount == REGISTRY_VALUES) {
        return NULL;
    }
    if (Key->ValueCount == Key->ValueRoom) {
        ULONG room = Key->ValueRoom == 0 ? 1 : 2 * Key->ValueRoom;
        PNT_VALUE larger = realloc(Key->Value, room * sizeof(*larger));
        if (larger == NULL) {
            return NULL;
        }
        Key->Value = larger;
        Key->ValueRoom = room;
    }
    value = &Key->Value[Key->ValueCount];
    *value = (NT_VALUE){.Name = NtBlobTake(Kernel->Registry, Name, (ULONG)(Length * sizeof(WCHAR))),
                        .NameLength = (ULONG)Length};
    if (value->Name == NULL) {
        return NULL;
    }
    Key->ValueCount++;
    return value;
}

NTSTATUS NtKeySet(PNT_MACHINE Kernel, PNT_KEY Key, PCWCH Name, SIZE_T NameLength, ULONG Type, const VOID *Data,
                  ULONG DataLength)
{
    PNT_VALUE value;
    const VOID *copy;

    if (NameLength > REGISTRY_VALUE_NAME) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DataLength > REGISTRY_VALUE_DATA) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    copy = NtBlobTake(Kernel->Registry, Data, DataLength);
    value = NtKeyValue(Key, Name, NameLength);
    if (copy != NULL && value == NULL) {
        value = AddValue(Kernel, Key, Name, NameLength);
    }
    if (copy == NULL || value == NULL) {
        NtBlobRelease(copy);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NtBlobRelease(value->Data);
    value->Data = copy;
    value->Type = Type;
    value->DataLength = DataLength;
    NtKeyTouch(Kernel, Key);
    return STATUS_SUCCESS;
}

NTSTATUS NtKeyDeleteValue(PNT_MACHINE Kernel, PNT_KEY Key, PCWCH Name, SIZE_T Length)
{
    PNT_VALUE value = NtKeyValue(Key, Name, Length);

    if (value == NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    NtBlobRelease(value->Name);
    NtBlobRelease(value->Data);
    Key->ValueCount--;
    memmove(value, value + 1, (SIZE_T)(&Key->Value[Key->ValueCount] - value) * sizeof(*value));
    NtKeyTouch(Kernel, Key);
    return STATUS_SUCCESS;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static const PCWSTR StandardKeys[] = {
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MPDEV",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\WMI\\Security",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    u"\\Registry\\User\\.Default",
};

BOOLEAN NtRegistryInitialize(PNT_MACHINE Kernel)
{
    NT_REGISTRY *registry = calloc(1, sizeof(*registry));
    PNT_KEY top;

    Kernel->Registry = registry;
    if (registry == NULL || (registry->Root = calloc(1, sizeof(NT_KEY))) == NULL) {
        return FALSE;
    }
    InitializeListHead(&registry->Orphans);
    InitializeListHead(&registry->Root->Orphan);
    if (!NT_SUCCESS(AddChild(Kernel, registry->Root, u"Registry", 8, FALSE, &top))) {
        return FALSE;
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(StandardKeys); i++) {
        if (!NT_SUCCESS(NtKeyWalk(Kernel, NULL, StandardKeys[i], NtTextLength(StandardKeys[i]), TRUE, FALSE,
                                  &top, NULL))) {
            return FALSE;
        }
    }
    return TRUE;
}

VOID NtRegistryDestroy(PNT_MACHINE Kernel)
{
    NT_REGISTRY *registry = Kernel->Registry;

    if (registry == NULL) {
        return;
    }
    if (registry->Root != NULL) {
        while (!IsListEmpty(&registry->Orphans)) {
            FreeKey(CONTAINING_RECORD(registry->Orphans.Flink, NT_KEY, Orphan));
        }
        RemoveBelow(Kernel, registry->Root, TRUE);
    }
    free(registry);
    Kernel->Registry = NULL;
}
