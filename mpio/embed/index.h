/* SPDX-License-Identifier: MIT */
/*
 * An index of table rows by 64-bit keys: open addressing over a power of two, never more than half
 * full. Entries are only added: what an entry led to may have changed since, and the caller compares.
 */
#ifndef MPIO_EMBED_INDEX_H
#define MPIO_EMBED_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index {
    struct index_entry {
        uint64_t key;
        uint32_t row; /* + 1; 0: empty */
    } *entry;
    uint32_t room, count;
};

uint64_t index_hash(uint64_t hash, const void *bytes, unsigned count);
/* False: out of memory. Several rows may have one key. */
bool index_add(struct index *x, uint64_t key, uint32_t row);
/* The key leads to this row and to no other. */
bool index_set(struct index *x, uint64_t key, uint32_t row);
/* The rows of a key in the order they were added; *cursor is 0 at first. INDEX_NONE: no more. */
uint32_t index_next(const struct index *x, uint64_t key, uint32_t *cursor);
static inline uint32_t index_first(const struct index *x, uint64_t key)
{
    uint32_t cursor = 0;

    return index_next(x, key, &cursor);
}
void index_free(struct index *x);

#endif
