/* SPDX-License-Identifier: MIT */
/*
 * Remove locks, with every holder's tag tracked in builds of any kind. Acquire and release:
 * <= DISPATCH_LEVEL; release and wait: PASSIVE_LEVEL. Rule: IO-RMLK-01. The lock counts 1 for the
 * device's existence and 1 per holder, as on Windows; the tags live in a side table, because the
 * driver's structure has no room for them.
 */
#include "nt/suspend.h"

#include <stdlib.h>

#define TAG_ROOM 8 /* first size of a lock's tag list */

typedef struct _NT_REMOVE_LOCK {
    LIST_ENTRY Entry;       /* NT_MACHINE.RemoveLocks */
    PIO_REMOVE_LOCK Lock;
    PVOID *Tags;
    ULONG Count, Room;
} NT_REMOVE_LOCK;

static NT_REMOVE_LOCK *Find(PIO_REMOVE_LOCK Lock)
{
    PLIST_ENTRY head = &NtKernel()->RemoveLocks;

    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink) {
        NT_REMOVE_LOCK *record = CONTAINING_RECORD(entry, NT_REMOVE_LOCK, Entry);

        if (record->Lock == Lock) {
            return record;
        }
    }
    return NULL;
}
