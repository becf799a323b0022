/* SPDX-License-Identifier: MIT */
/*
 * Rows by key; see index.h. Linear probing: the entries of a key lie behind one another, in the order
 * they were added, also after the table has grown.
 */
#include "embed/index.h"

#include <stdlib.h>

#define FIRST_ROOM 64u

uint64_t index_hash(uint64_t hash, const void *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

static uint32_t home(const struct index *x, uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (x->room - 1);
}

static void put(struct index *x, uint64_t key, uint32_t row)
{
    uint32_t i = home(x, key);

    while (x->entry[i].row != 0)
        i = (i + 1) & (x->room - 1);
    x->entry[i].key = key;
    x->entry[i].row = row;
}

/* An old run of entries may wrap around the end: starting behind an empty entry keeps the order of each key. */
static bool grow(struct index *x)
{
    struct index old = *x;
    uint32_t start = 0;

    x->room = old.room ? old.room * 2 : FIRST_ROOM;
    x->entry = calloc(x->room, sizeof *x->entry);
    if (!x->entry) {
        *x = old;
        return false;
    }
    while (start < old.room && old.entry[start].row != 0)
        start++;
    for (uint32_t n = 0; n < old.room; n++) {
        const struct index_entry *e = &old.entry[(start + n) & (old.room - 1)];
        if (e->row != 0)
            put(x, e->key, e->row);
    }
    free(old.entry);
    return true;
}

bool index_add(struct index *x, uint64_t key, uint32_t row)
{
    if (2 * (x->count + 1) > x->room && !grow(x))
        return false;
    put(x, key, row + 1);
    x->count++;
    return true;
}

bool index_set(struct index *x, uint64_t key, uint32_t row)
{
    uint32_t cursor = 0;

    if (index_next(x, key, &cursor) == INDEX_NONE)
        return index_add(x, key, row);
    x->entry[(home(x, key) + cursor - 1) & (x->room - 1)].row = row + 1;
    return true;
}

uint32_t index_next(const struct index *x, uint64_t key, uint32_t *cursor)
{
    if (x->room == 0)
        return INDEX_NONE;
    for (;;) {
        const struct index_entry *e = &x->entry[(home(x, key) + *cursor) & (x->room - 1)];
        if (e->row == 0)
            return INDEX_NONE;
        ++*cursor;
        if (e->key == key)
            return e->row - 1;
    }
}

void index_free(struct index *x)
{
    free(x->entry);
    *x = (struct index){0};
}
