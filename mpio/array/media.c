/* SPDX-License-Identifier: MIT */
/*
 * Media: sparse memory, a file, or nothing. Memory keeps 64 KiB chunks in a hash table keyed by
 * chunk number; a chunk is allocated by the first write into it and stays until the LUN goes, so a
 * read or write of a known chunk allocates nothing. Bytes never written read as zero.
 * Null media take writes and leave read buffers as they are: they serve to measure everything else.
 */
#include "media.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define FIRST_SLOT_BITS 4
#define PIECE           4096u /* stack buffer of the file paths */

static unsigned slot_of(const struct media *m, uint64_t number)
{
    return (unsigned)((number * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - m->slot_bits));
}

/* The slot that holds `number`, or the empty one where it belongs. The table is never full. */
static struct media_chunk *probe(const struct media *m, uint64_t number)
{
    unsigned mask = (1u << m->slot_bits) - 1;
    unsigned i = slot_of(m, number);

    while (m->slots[i].bytes && m->slots[i].number != number)
        i = (i + 1) & mask;
    return &m->slots[i];
}

static uint8_t *find_chunk(struct media *m, uint64_t number)
{
    if (m->last_bytes && m->last_number == number)
        return m->last_bytes;
    uint8_t *bytes = probe(m, number)->bytes;
    if (bytes) {
        m->last_number = number;
        m->last_bytes = bytes;
    }
    return bytes;
}

static bool grow(struct media *m)
{
    struct media bigger = *m;

    bigger.slot_bits = m->slot_bits + 1;
    bigger.slots = calloc((size_t)1 << bigger.slot_bits, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (size_t i = 0; i < (size_t)1 << m->slot_bits; i++)
        if (m->slots[i].bytes)
            *probe(&bigger, m->slots[i].number) = m->slots[i];
    free(m->slots);
    *m = bigger;
    return true;
}

static uint8_t *make_chunk(struct media *m, uint64_t number)
{
    uint8_t *bytes = find_chunk(m, number);

    if (bytes)
        return bytes;
    if (m->chunks + 1 > ((uint64_t)1 << m->slot_bits) / 4 * 3 && !grow(m))
        return NULL;
    bytes = calloc(1, MEDIA_CHUNK);
    if (!bytes)
        return NULL;
    *probe(m, number) = (struct media_chunk){number, bytes};
    m->chunks++;
    m->last_number = number;
    m->last_bytes = bytes;
    return bytes;
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
    if (m->file >= 0)
        host_file_close(m->file);
    *m = (struct media){.kind = ARRAY_MEDIA_NULL, .file = -1};
}

/* A file only ever grows: shrinking a LUN must not destroy what someone keeps in the file. */
bool media_resize(struct media *m, uint64_t bytes)
{
    if (m->kind != ARRAY_MEDIA_FILE)
        return true;
    int64_t size = host_file_size(m->file);
    return size >= 0 && ((uint64_t)size >= bytes || host_file_resize(m->file, bytes));
}

/* A host may move fewer bytes than asked; at the end of the file the rest reads as zero. */
static enum media_result file_read(struct media *m, uint64_t offset, uint8_t *to, size_t length)
{
    while (length) {
        int64_t got = host_file_pread(m->file, to, length, offset);
        if (got < 0 || (uint64_t)got > length)
            return MEDIA_READ_FAILED;
        if (got == 0) {
            memset(to, 0, length);
            break;
        }
        to += got;
        offset += (uint64_t)got;
        length -= (size_t)got;
    }
    return MEDIA_GOOD;
}

static enum media_result file_write(struct media *m, uint64_t offset, const uint8_t *from,
                                    size_t length)
{
    while (length) {
        int64_t put = host_file_pwrite(m->file, from, length, offset);
        if (put <= 0 || (uint64_t)put > length)
            return MEDIA_WRITE_FAILED;
        from += put;
        offset += (uint64_t)put;
        length -= (size_t)put;
    }
    return MEDIA_GOOD;
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
        return file_read(m, offset, out, length);
    while (length) {
        size_t part = in_chunk(offset, length);
        const uint8_t *chunk = find_chunk(m, offset / MEDIA_CHUNK);
        if (chunk)
            memcpy(out, chunk + offset % MEDIA_CHUNK, part);
        else
            memset(out, 0, part);
        out += part;
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

enum media_result media_write(struct media *m, uint64_t offset, const void *from, size_t length)
{
    const uint8_t *in = from;

    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    if (m->kind == ARRAY_MEDIA_FILE)
        return file_write(m, offset, in, length);
    while (length) {
        size_t part = in_chunk(offset, length);
        uint8_t *chunk = make_chunk(m, offset / MEDIA_CHUNK);
        if (!chunk)
            return MEDIA_NO_SPACE;
        memcpy(chunk + offset % MEDIA_CHUNK, in, part);
        in += part;
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
}

enum media_result media_zero(struct media *m, uint64_t offset, uint64_t length)
{
    static const uint8_t zeros[PIECE];

    if (m->kind == ARRAY_MEDIA_NULL)
        return MEDIA_GOOD;
    while (length) {
        size_t part = in_chunk(offset, length);
        if (m->kind == ARRAY_MEDIA_FILE) {
            part = part < PIECE ? part : PIECE;
            enum media_result result = file_write(m, offset, zeros, part);
            if (result != MEDIA_GOOD)
                return result;
        } else {
            uint8_t *chunk = find_chunk(m, offset / MEDIA_CHUNK);
            if (chunk)
                memset(chunk + offset % MEDIA_CHUNK, 0, part);
        }
        offset += part;
        length -= part;
    }
    return MEDIA_GOOD;
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
