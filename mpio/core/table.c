/* SPDX-License-Identifier: MIT */
/*
 * Hash tables that grow with what is in them: small for a laptop's two LUNs, quick for 80,000 instances. Chains keep
 * the order of insertion, so that nothing depends on the size. The caller's lock guards a table; <= DISPATCH_LEVEL.
 */
#include "core/core.h"

VOID MpioInitializeTable(PMPIO_TABLE Table)
{
    Table->Buckets = Table->First;
    Table->Mask = MPIO_TABLE_FIRST - 1;
}

static VOID Append(PMPIO_HASHED *Buckets, ULONG Mask, PMPIO_HASHED Entry)
{
    PMPIO_HASHED *link = &Buckets[Entry->Hash & Mask];

    while (*link != NULL) {
        link = &(*link)->Next;
    }
    Entry->Next = NULL;
    *link = Entry;
}

/* Without memory the chains get longer, that is all. */
static VOID Grow(PMPIO_TABLE Table)
{
    ULONG mask = Table->Mask * 4 + 3;
    PMPIO_HASHED *larger = MpioAllocate(((SIZE_T)mask + 1) * sizeof(*larger));

    if (larger == NULL) {
        return;
    }
    for (ULONG i = 0; i <= Table->Mask; i++) {
        for (PMPIO_HASHED entry = Table->Buckets[i], next; entry != NULL; entry = next) {
            next = entry->Next;
            Append(larger, mask, entry);
        }
    }
    if (Table->Buckets != Table->First) {
        MpioFree(Table->Buckets);
    }
    Table->Buckets = larger;
    Table->Mask = mask;
}

VOID MpioTableInsert(PMPIO_TABLE Table, PMPIO_HASHED Entry, ULONG Hash)
{
    if (Table->Count > Table->Mask) {
        Grow(Table);
    }
    Entry->Hash = Hash;
    Append(Table->Buckets, Table->Mask, Entry);
    Table->Count++;
}

VOID MpioTableRemove(PMPIO_TABLE Table, PMPIO_HASHED Entry)
{
    PMPIO_HASHED *link = &Table->Buckets[Entry->Hash & Table->Mask];

    while (*link != Entry) {
        link = &(*link)->Next;
    }
    *link = Entry->Next;
    Table->Count--;
}
