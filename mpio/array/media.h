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
    MEDIA_NO_SPACE,  /* no memory for a new chunk, or the pool is used up */
    MEDIA_DIFFERENT, /* media_compare only */
};

#define MEDIA_CHUNK_BITS 16
#define MEDIA_CHUNK      (1u << MEDIA_CHUNK_BITS) /* bytes: what a pool gives and takes back */
#define MEDIA_SECTOR     512u                     /* mapping is known per sector */
#define MEDIA_WORDS      (MEDIA_CHUNK / MEDIA_SECTOR / 64)

/* In use exactly while a sector is mapped. */
struct media_chunk {
    uint64_t number;              /* byte offset / MEDIA_CHUNK */
    uint64_t mapped[MEDIA_WORDS]; /* one bit per sector */
    uint8_t *bytes;               /* NULL: all zero */
};

/* Space that several media share, in chunks. */
struct media_pool {
    uint64_t size, used;
};

struct media {
    enum array_media kind;
    int file;
    /* memory: open-addressed hash table of the chunks with mapped sectors, 2^slot_bits slots */
    struct media_chunk *slots;
    unsigned slot_bits;
    uint64_t chunks;
    struct media_chunk *last;  /* the chunk touched last, or NULL */
    struct media_pool *pool;   /* NULL: space without limit */
};

/* False with *why set. `path` is for ARRAY_MEDIA_FILE; the file grows to `bytes` when shorter. */
bool media_open(struct media *m, enum array_media kind, const char *path, uint64_t bytes,
                const char **why);
void media_close(struct media *m);
bool media_resize(struct media *m, uint64_t bytes);
enum media_result media_read(struct media *m, uint64_t offset, void *to, size_t length);
enum media_result media_write(struct media *m, uint64_t offset, const void *from, size_t length);
/* Is there space for every block of the range, for what writes it piece by piece? */
bool media_fits(struct media *m, uint64_t offset, uint64_t length);
enum media_result media_zero(struct media *m, uint64_t offset, uint64_t length);
/* Like media_zero, and gives the space back. */
enum media_result media_unmap(struct media *m, uint64_t offset, uint64_t length);
/* Every block, those behind the capacity too, is zero and unmapped. */
enum media_result media_erase(struct media *m);
/* Is the sector at `offset` mapped? *run: bytes from there to where this may change, more than 0. A
 * file and null media know only "mapped or unknown". */
bool media_mapped(struct media *m, uint64_t offset, uint64_t *run);
/* MEDIA_DIFFERENT sets *at to the place of the first byte that differs. */
enum media_result media_compare(struct media *m, uint64_t offset, const void *with, size_t length,
                                size_t *at);
enum media_result media_flush(struct media *m);

#endif
