/* SPDX-License-Identifier: MIT */
/*
 * Names and data of values, each text once: ten thousand LUNs have the same hardware ids under the same
 * name. Counted, never changed. PASSIVE_LEVEL; see registry.h.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/registry.h"

struct _NT_BLOB {
    NT_BLOB *Next;          /* in its bucket */
    NT_REGISTRY *Home;
    ULONG Hash, Length, References, Reserved;
    UCHAR Bytes[];
};

static ULONG Hash(const UCHAR *Bytes, ULONG Length)
{
    ULONG hash = 2166136261u;

    for (ULONG i = 0; i < Length; i++) {
        hash = (hash ^ Bytes[i]) * 16777619u;
    }
    return hash ^ hash >> 16;
}

const VOID *NtBlobTake(NT_REGISTRY *Registry, const VOID *Bytes, ULONG Length)
{
    ULONG hash = Hash(Bytes, Length);
    NT_BLOB **bucket = &Registry->Blobs[hash & (REGISTRY_BLOB_BUCKETS - 1)];
    NT_BLOB *blob;

    for (blob = *bucket; blob != NULL; blob = blob->Next) {
        if (blob->Hash == hash && blob->Length == Length && (Length == 0 || memcmp(blob->Bytes, Bytes, Length) == 0)) {
            blob->References++;
            return blob->Bytes;
        }
    }
    blob = malloc(sizeof(*blob) + Length);
    if (blob == NULL) {
        return NULL;
    }
    *blob = (NT_BLOB){.Next = *bucket, .Home = Registry, .Hash = hash, .Length = Length, .References = 1};
    if (Length != 0) {
        memcpy(blob->Bytes, Bytes, Length);
    }
    *bucket = blob;
    return blob->Bytes;
}

VOID NtBlobRelease(const VOID *Bytes)
{
    NT_BLOB *blob, **link;

    if (Bytes == NULL) {
        return;
    }
    blob = CONTAINING_RECORD(Bytes, NT_BLOB, Bytes);
    if (--blob->References != 0) {
        return;
    }
    for (link = &blob->Home->Blobs[blob->Hash & (REGISTRY_BLOB_BUCKETS - 1)]; *link != blob; link = &(*link)->Next) {
    }
    *link = blob->Next;
    free(blob);
}
