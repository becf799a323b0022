/* SPDX-License-Identifier: MIT */
/*
 * What a logical unit stores its blocks on. Offsets and lengths are bytes; the caller has checked
 * them against the capacity.
 */
#ifndef MPIO_ARRAY_MEDIA_H
#define MPIO_ARRAY_MEDIA_H

#include "array.h"

enum media_result {
    MEDIA_GOOD,
    MEDIA_READ_FAILED,
    MEDIA_WRITE_FAILED,
    MEDIA_NO_SPACE,  /* no memory for a new chunk */
    MEDIA_DIFFERENT, /* media_compare only */
};

struct media_chunk {
    uint64_t number; /* byte offset / MEDIA_CHUNK */
    uint8_t *bytes;  /* NULL: empty slot */
};

#define MEDIA_CHUNK 65536u

struct media {
    enum array_media kind;
    int file;
    /* memory: open-addressed hash table of the chunks ever written, a power of two of slots */
    struct media_chunk *slots;
    unsigned slot_bits;
    uint64_t chunks;
    uint64_t last_number; /* the chunk touched last; last_bytes NULL when there is none */
    uint8_t *last_bytes;
};

/* False with *why set. `path` is for ARRAY_MEDIA_FILE; the file grows to `bytes` when shorter. */
bool media_open(struct media *m, enum array_media kind, const char *path, uint64_t bytes,
                const char **why);
void media_close(struct media *m);
bool media_resize(struct media *m, uint64_t bytes);
enum media_result media_read(struct media *m, uint64_t offset, void *to, size_t length);
enum media_result media_write(struct media *m, uint64_t offset, const void *from, size_t length);
enum media_result media_zero(struct media *m, uint64_t offset, uint64_t length);
/* MEDIA_DIFFERENT sets *at to the place of the first byte that differs. */
enum media_result media_compare(struct media *m, uint64_t offset, const void *with, size_t length,
                                size_t *at);
enum media_result media_flush(struct media *m);

#endif
