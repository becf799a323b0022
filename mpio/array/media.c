/* SPDX-License-Identifier: MIT */
/*
 * Media: sparse memory, a file, or nothing. Memory keeps 64 KiB chunks in a hash table keyed by
 * chunk number; a chunk is allocated by the first write into it and stays until its last sector is
 * unmapped, so a read or write of a known chunk allocates nothing. What is not mapped reads as zero.
 * Null media take writes and leave read buffers as they are: they serve to measure everything else.
 */
#include "media_file.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define FIRST_SLOT_BITS 4
#define PIECE           4096u /* compared at a time */

static unsigned slot_of(const struct media *m, uint64_t number)
{
    return (unsigned)((number * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - m->slot_bits));
}

static bool in_use(const struct media_chunk *c)
{
    return c->mapped[0] | c->mapped[1];
}

_Static_assert(MEDIA_WORDS == 2, "in_use looks at every word");

/* The slot that holds `number`, or the empty one where it belongs. The table is never full. */
static struct media_chunk *probe(const struct media *m, uint64_t number)
{
    unsigned mask = (1u << m->slot_bits) - 1;
    unsigned i = slot_of(m, number);

    while (in_use(&m->slots[i]) && m->slots[i].number != number)
        i = (i + 1) & mask;
    return &m->slots[i];
}

static struct media_chunk *find_chunk(struct media *m, uint64_t number)
{
    if (m->last && m->last->number == number)
        return m->last;
    struct media_chunk *chunk = probe(m, number);
    if (!in_use(chunk))
        return NULL;
    m->last = chunk;
    return chunk;
}

static bool grow(struct media *m)
{
    struct media bigger = *m;

    bigger.slot_bits = m->slot_bits + 1;
    bigger.slots = calloc((size_t)1 << bigger.slot_bits, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < (size_t)1 << m->slot_bits; i++)
        if (in_use(&m->slots[i]))
            *probe(&bigger, m->slots[i].number) = m->slots[i];
    free(m->slots);
    *m = bigger;
    m->last = NULL;
    return true;
}

/* The chunk's slot; a new one is in use as soon as the caller maps a sector. */
static struct media_chunk *make_chunk(struct media *m, uint64_t number, bool with_bytes)
{
    struct media_chunk *chunk = find_chunk(m, number);

    if (!chunk) {
        if (m->pool && m->pool->used >= m->pool->size)
            return NULL;
        if (m->chunks + 1 > ((uint64_t)1 << m->slot_bits) / 4 * 3 && !grow(m))
            return NULL;
        chunk = probe(m, number);
        *chunk = (struct media_chunk){.number = number};
    }
    if (with_bytes && !chunk->bytes) {
        chunk->bytes = calloc(1, MEDIA_CHUNK);
        if (!chunk->bytes)
            return NULL;
    }
    if (!in_use(chunk)) {
        m->chunks++;
        if (m->pool)
            m->pool->used++;
    }
    return chunk;
}

/* Empties the slot and moves the chunks behind it up, so that every probe still ends rightly. */
static void drop_chunk(struct media *m, struct media_chunk *chunk)
{
    unsigned mask = (1u << m->slot_bits) - 1;
    unsigned hole = (unsigned)(chunk - m->slots);

    free(chunk->bytes);
    *chunk = (struct media_chunk){0};
    m->chunks--;
    if (m->pool)
        m->pool->used--;
    m->last = NULL;
    for (unsigned i = (hole + 1) & mask; in_use(&m->slots[i]); i = (i + 1) & mask) {
        unsigned home = slot_of(m, m->slots[i].number);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home lies behind the hole */
        m->slots[hole] = m->slots[i];
        m->slots[i] = (struct media_chunk){0};
        hole = i;
    }
}

/* Marks the sectors of one piece of a chunk; both ends are multiples of a sector. */
static void mark(struct media_chunk *chunk, uint64_t offset, size_t length, bool mapped)
{
    unsigned first = (unsigned)(offset % MEDIA_CHUNK / MEDIA_SECTOR);
    unsigned count = (unsigned)(length / MEDIA_SECTOR);

    while (count) {
        unsigned bit = first % 64, part = count < 64 - bit ? count : 64 - bit;
        uint64_t mask = (part == 64 ? UINT64_MAX : (UINT64_C(1) << part) - 1) << bit;
        if (mapped)
            chunk->mapped[first / 64] |= mask;
        else
            chunk->mapped[first / 64] &= ~mask;
        first += part;
        count -= part;
    }
}

static bool sector_mapped(const struct media_chunk *chunk, unsigned sector)
{
    return chunk->mapped[sector / 64] >> sector % 64 & 1;
}

static void unmap_part(struct media *m, struct media_chunk *chunk, uint64_t offset, size_t length)
{
    if (chunk->bytes)
        memset(chunk->bytes + offset % MEDIA_CHUNK, 0, length);
    mark(chunk, offset, length, false);
    if (!in_use(chunk))
        drop_chunk(m, chunk);
}

bool media_open(struct media *m, enum array_media kind, const char *path, uint64_t bytes,
                const char **why)
{
    *m = (struct media){.kind = kind, .file = -1};
    if (kind == ARRAY_MEDIA_MEMORY) {
        m->slot_bits = FIRST_SLOT_BITS;
        m->slots = calloc((size_t)1 << m->slot_bits, sizeof *m->slots);
        *why = m->slots ? *why : "no memory for the LUN's media";
        return m->slots != NULL;
    }
    if (kind == ARRAY_MEDIA_NULL)
        return true;
    m->file = path ? host_file_open(path, true) : -1;
    if (m->file < 0) {
        *why = path ? "the LUN's media file cannot be opened or created"
                    : "a LUN on a media file needs the file's path";
        return false;
    }
    if (!media_resize(m, bytes)) {
        *why = "the LUN's media file cannot grow to the capacity";
        media_close(m);
        return false;
    }
    return true;
}

void media_close(struct media *m)
{
    for (size_t i = 0; m->slots && i < (size_t)1 << m->slot_bits; i++)
        free(m->slots[i].bytes);
    free(m->slots);
    if (m->pool)
        m->pool->used -= m->chunks;
    if (m->file >= 0)
        host_file_close(m->file);
    *m = (struct media){.kind = ARRAY_MEDIA_NULL, .file = -1};
}

/* What lay behind the new end is gone: it must not come back when the medium grows again. */
static void cut_off(struct media *m, uint64_t bytes)
{
    for (size_t i = 0; i < (size_t)1 << m->slot_bits; i++) {
        struct media_chunk *chunk = &m->slots[i];
        uint64_t before;
        do { /* once more when another chunk moved into the slot of a dropped one */
            before = m->chunks;
            if (in_use(chunk) && chunk->number * MEDIA_CHUNK >= bytes)
                drop_chunk(m, chunk);
            else if (in_use(chunk) && chunk->number == bytes / MEDIA_CHUNK)
                unmap_part(m, chunk, bytes, MEDIA_CHUNK - (size_t)(bytes % MEDIA_CHUNK));
        } while (m->chunks != before);
    }
}

bool media_resize(struct media *m, uint64_t bytes)
{
    if (m->kind == ARRAY_MEDIA_MEMORY)
        cut_off(m, bytes);
    return m->kind != ARRAY_MEDIA_FILE || media_file_grow(m->file, bytes);
}

/* Bytes from `offset` to the end of its chunk, at most `length`. */
static size_t in_chunk(uint64_t offset, uint64_t length)
{
    size_t left = MEDIA_CHUNK - (size_t)(offset % MEDIA_CHUNK);

    return length < left ? (size_t)length : left;
}

enum media_result media_read(struct media *m, uint64_t offset, void *to, size_t length)
{
    uint8_t *out = to;

    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    if (m->kind == ARRAY_MEDIA_FILE)
        return media_file_read(m->file, offset, out, length);
    while (length) {
        size_t part = in_chunk(offset, length);
        const struct media_chunk *chunk = find_chunk(m, offset / MEDIA_CHUNK);
        if (chunk && chunk->bytes)
            memcpy(out, chunk->bytes + offset % MEDIA_CHUNK, part);
        else
            memset(out, 0, part);
        out += part;
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

/* A write is whole or not at all. */
bool media_fits(struct media *m, uint64_t offset, uint64_t length)
{
    if (!m->pool)
        return true;
    uint64_t free_chunks = m->pool->size - m->pool->used;
    if (m->pool->size < m->pool->used)
        free_chunks = 0;
    while (length) {
        size_t part = in_chunk(offset, length);
        if (!find_chunk(m, offset / MEDIA_CHUNK) && free_chunks-- == 0)
            return false;
        offset += part;
        length -= part;
    }
    return true;
}

enum media_result media_write(struct media *m, uint64_t offset, const void *from, size_t length)
{
    const uint8_t *in = from;

    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    if (m->kind == ARRAY_MEDIA_FILE)
        return media_file_write(m->file, offset, in, length);
    if (!media_fits(m, offset, length))
        return MEDIA_NO_SPACE;
    while (length) {
        size_t part = in_chunk(offset, length);
        struct media_chunk *chunk = make_chunk(m, offset / MEDIA_CHUNK, true);
        if (!chunk)
            return MEDIA_NO_SPACE;
        memcpy(chunk->bytes + offset % MEDIA_CHUNK, in, part);
        mark(chunk, offset, part, true);
        in += part;
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

enum media_result media_zero(struct media *m, uint64_t offset, uint64_t length)
{
    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    if (m->kind == ARRAY_MEDIA_FILE)
        return media_file_zero(m->file, offset, length);
    if (!media_fits(m, offset, length))
        return MEDIA_NO_SPACE;
    while (length) {
        size_t part = in_chunk(offset, length);
        struct media_chunk *chunk = make_chunk(m, offset / MEDIA_CHUNK, false);
        if (!chunk)
            return MEDIA_NO_SPACE;
        if (chunk->bytes)
            memset(chunk->bytes + offset % MEDIA_CHUNK, 0, part);
        mark(chunk, offset, part, true);
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

enum media_result media_unmap(struct media *m, uint64_t offset, uint64_t length)
{
    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    if (m->kind == ARRAY_MEDIA_FILE)
        return media_file_zero(m->file, offset, length);
    while (length) {
        size_t part = in_chunk(offset, length);
        struct media_chunk *chunk = find_chunk(m, offset / MEDIA_CHUNK);
        if (chunk)
            unmap_part(m, chunk, offset, part);
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

enum media_result media_erase(struct media *m)
{
    if (m->kind == ARRAY_MEDIA_MEMORY)
        cut_off(m, 0);
    return m->kind == ARRAY_MEDIA_FILE ? media_file_erase(m->file) : MEDIA_GOOD;
}

bool media_mapped(struct media *m, uint64_t offset, uint64_t *run)
{
    *run = UINT64_MAX;
    if (m->kind != ARRAY_MEDIA_MEMORY)
        return true;
    struct media_chunk *chunk = find_chunk(m, offset / MEDIA_CHUNK);
    *run = in_chunk(offset, UINT64_MAX);
    if (!chunk)
        return false;
    unsigned first = (unsigned)(offset % MEDIA_CHUNK / MEDIA_SECTOR), i = first;
    bool mapped = sector_mapped(chunk, first);
    while (i < MEDIA_CHUNK / MEDIA_SECTOR && sector_mapped(chunk, i) == mapped)
        i++;
    *run = (uint64_t)(i - first) * MEDIA_SECTOR;
    return mapped;
}

enum media_result media_compare(struct media *m, uint64_t offset, const void *with, size_t length,
                                size_t *at)
{
    const uint8_t *expected = with;
    uint8_t piece[PIECE];

    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    for (size_t done = 0; done < length;) {
        size_t part = length - done < PIECE ? length - done : PIECE;
        enum media_result result = media_read(m, offset + done, piece, part);
        if (result != MEDIA_GOOD)
            return result;
        if (memcmp(piece, expected + done, part) != 0) {
            size_t i = 0;
            while (piece[i] == expected[done + i])
                i++;
            *at = done + i;
            return MEDIA_DIFFERENT;
        }
        done += part;
    }
    return MEDIA_GOOD;
}

enum media_result media_flush(struct media *m)
{
    if (m->kind == ARRAY_MEDIA_FILE && !host_file_sync(m->file))
        return MEDIA_WRITE_FAILED;
    return MEDIA_GOOD;
}
