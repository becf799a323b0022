/* SPDX-License-Identifier: MIT */
/*
 * The registry of a machine: a tree in memory. Sub-keys are kept in order of their upper-case names (as
 * Windows enumerates them), values in order of creation. PASSIVE_LEVEL; one OS thread.
 */
#ifndef MPIO_NT_REGISTRY_H
#define MPIO_NT_REGISTRY_H

#include "nt/kernel.h"

#define REGISTRY_KEY_NAME    255u           /* characters of one component; published limit */
#define REGISTRY_VALUE_NAME  16383u         /* characters; published limit */
#define REGISTRY_VALUE_DATA  (1024u * 1024) /* bytes; published advice */
#define REGISTRY_DEPTH       64u            /* components of a path */
#define REGISTRY_KEYS        (256u * 1024)  /* of one machine: two per path of the largest topology, and room */
#define REGISTRY_VALUES      65536u         /* of one key */
#define REGISTRY_BLOB_BUCKETS 1024u         /* power of two */

typedef struct _NT_BLOB NT_BLOB;

typedef struct _NT_VALUE {
    PCWCH Name;             /* not terminated; like Data a blob's bytes, shared and never changed */
    const VOID *Data;
    ULONG NameLength;       /* characters */
    ULONG Type, DataLength;
} NT_VALUE, *PNT_VALUE;

typedef struct _NT_KEY {
    struct _NT_KEY *Parent; /* NULL: the root, or deleted */
    struct _NT_KEY **Child;
    ULONG ChildCount, ChildRoom;
    PNT_VALUE Value;
    ULONG ValueCount, ValueRoom;
    PWSTR Class;            /* not terminated */
    ULONG NameLength, ClassLength;
    ULONG Depth, Handles;
    BOOLEAN Volatile, Deleted;
    LONGLONG LastWrite;
    LIST_ENTRY Orphan;      /* in NT_REGISTRY.Orphans while deleted but open */
    WCHAR Name[];           /* not terminated */
} NT_KEY, *PNT_KEY;

typedef struct _NT_REGISTRY {
    PNT_KEY Root;           /* its one child is \Registry */
    ULONG Keys;
    LIST_ENTRY Orphans;
    NT_BLOB *Blobs[REGISTRY_BLOB_BUCKETS];
} NT_REGISTRY;

/* ---- registry_blob.c ------------------------------------------------------------------------------------- */
/* The one copy of these bytes, with a reference for the caller; NULL: no memory. */
const VOID *NtBlobTake(NT_REGISTRY *Registry, const VOID *Bytes, ULONG Length);
VOID NtBlobRelease(const VOID *Bytes);      /* NULL is fine */

/* ---- registry_tree.c: lengths in characters ---------------------------------------------------------- */
PNT_KEY NtKeyChild(PNT_KEY Key, PCWCH Name, SIZE_T Length);
/* Follows a path from From (NULL: an absolute path). Create: makes what is missing; *Created (may be NULL)
 * tells whether the last component is new. */
NTSTATUS NtKeyWalk(PNT_MACHINE Kernel, PNT_KEY From, PCWCH Path, SIZE_T Length, BOOLEAN Create,
                   BOOLEAN Volatile, PNT_KEY *Key, BOOLEAN *Created);
/* Takes the key, with all below it, out of the tree; memory goes with the last handle. */
VOID NtKeyRemove(PNT_MACHINE Kernel, PNT_KEY Key);
VOID NtKeyReference(PNT_KEY Key);
VOID NtKeyRelease(PNT_KEY Key);
PNT_VALUE NtKeyValue(PNT_KEY Key, PCWCH Name, SIZE_T Length);
NTSTATUS NtKeySet(PNT_MACHINE Kernel, PNT_KEY Key, PCWCH Name, SIZE_T NameLength, ULONG Type, const VOID *Data,
                  ULONG DataLength);
NTSTATUS NtKeyDeleteValue(PNT_MACHINE Kernel, PNT_KEY Key, PCWCH Name, SIZE_T Length);
VOID NtKeyTouch(PNT_MACHINE Kernel, PNT_KEY Key);

/* ---- registry_path.c ------------------------------------------------------------------------------------- */
/* The key that RelativeTo (RTL_REGISTRY_*) and Path name. An OPTIONAL key that is missing: NULL and success. */
NTSTATUS NtRegistryRelative(PNT_MACHINE Kernel, ULONG RelativeTo, PCWSTR Path, BOOLEAN Create, PNT_KEY *Key);

#endif
