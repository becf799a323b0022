/* SPDX-License-Identifier: MIT */
/*
 * Every change of a LUN's blocks goes through here: space of the pool, and the write-back cache.
 *
 * Most arrays mirror their cache and lose nothing; then a write is on the media at once. An array
 * with `volatile_blocks` keeps, beside the media, what the blocks written since the last flush held
 * before: the durable contents. Reads see the media and cost nothing more; losing power puts the
 * durable contents back. When the cache is full the oldest block is destaged, first in, first out.
 * A block is the smallest thing that can be old or new: none is ever torn.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct cached_block {
    uint64_t block; /* number; NOTHING: the slot is free or its block has been destaged */
    uint32_t next;  /* slot + 1 of the next block in the bucket; 0: last */
    bool mapped;    /* in the durable contents */
};

struct cache {
    uint32_t slots, first, used; /* a ring: `used` slots from the oldest on, destaged ones among them */
    uint32_t mask;               /* buckets - 1 */
    struct cached_block *ring;
    uint32_t *buckets; /* slot + 1 */
    uint8_t *bytes;    /* durable contents, one block per slot */
};

#define NOTHING UINT64_MAX

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

bool array_cache_create(struct lun *lun, uint32_t blocks)
{
    uint32_t buckets = 1;

    if (blocks == 0)
        return true;
    while (buckets < blocks)
        buckets *= 2;
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    lun->cache = c;
    c->slots = blocks;
    c->mask = buckets - 1;
    c->ring = calloc(blocks, sizeof *c->ring);
    c->buckets = calloc(buckets, sizeof *c->buckets);
    c->bytes = calloc(blocks, lun->block_size);
    return c->ring && c->buckets && c->bytes;
}

void array_cache_free(struct lun *lun)
{
    if (!lun->cache)
        return;
    free(lun->cache->ring);
    free(lun->cache->buckets);
    free(lun->cache->bytes);
    free(lun->cache);
    lun->cache = NULL;
}

/* The place that points to the block's slot, or the end of its chain. */
static uint32_t *place_of(struct cache *c, uint64_t block)
{
    uint32_t *place = &c->buckets[mix(block) & c->mask];

    while (*place && c->ring[*place - 1].block != block)
        place = &c->ring[*place - 1].next;
    return place;
}

static void destage(struct cache *c, uint64_t block)
{
    uint32_t *place = place_of(c, block);

    if (!*place)
        return;
    struct cached_block *slot = &c->ring[*place - 1];
    *place = slot->next;
    slot->block = NOTHING;
}

static void destage_range(struct cache *c, uint64_t first, uint64_t count)
{
    for (uint32_t i = 0; i < c->used; i++) {
        uint64_t block = c->ring[(c->first + i) % c->slots].block;
        if (block != NOTHING && block - first < count)
            destage(c, block);
    }
}

/* Keeps the durable contents of a block that is about to change; the first change counts. */
static enum media_result remember(struct lun *lun, uint64_t block)
{
    struct cache *c = lun->cache;
    uint64_t offset = block << lun->block_shift, run;

    if (*place_of(c, block))
        return MEDIA_GOOD;
    if (c->used == c->slots) {
        if (c->ring[c->first].block != NOTHING)
            destage(c, c->ring[c->first].block);
        c->first = (c->first + 1) % c->slots;
        c->used--;
    }
    uint32_t at = (c->first + c->used) % c->slots;
    enum media_result result = media_read(
        &lun->media, offset, c->bytes + ((size_t)at << lun->block_shift), lun->block_size);
    if (result != MEDIA_GOOD)
        return result;
    c->ring[at] = (struct cached_block){.block = block,
                                        .mapped = media_mapped(&lun->media, offset, &run)};
    *place_of(c, block) = at + 1;
    c->used++;
    return MEDIA_GOOD;
}

/* The soft threshold is told once each time the pool's use comes up to it. */
static void watch_pool(struct array *a, struct array_pool *pool)
{
    bool low = pool->threshold && pool->space.used >= pool->threshold;

    if (low == pool->told)
        return;
    pool->told = low;
    for (unsigned i = 0; low && i < a->ordinals; i++)
        if (a->by_ordinal[i] && a->by_ordinal[i]->pool == pool)
            array_attention_all(a, a->by_ordinal[i], NULL, ASC_SOFT_THRESHOLD);
}

enum media_result array_store(struct request *r, uint64_t offset, const void *data, size_t length,
                              bool through)
{
    struct lun *lun = r->lun;
    enum media_result result = MEDIA_GOOD;

    if (lun->cache) {
        uint64_t first = offset >> lun->block_shift, count = length >> lun->block_shift;
        if (through || !lun->write_cache)
            destage_range(lun->cache, first, count);
        else
            for (uint64_t i = 0; i < count && result == MEDIA_GOOD; i++)
                result = remember(lun, first + i);
        if (result != MEDIA_GOOD)
            return result;
    }
    result = media_write(&lun->media, offset, data, length);
    if (lun->pool)
        watch_pool(r->array, lun->pool);
    return result;
}

/* Changes of the map are journalled by the array at once: they are durable without a flush. */
static void journal(struct request *r, uint64_t offset, uint64_t length)
{
    struct lun *lun = r->lun;

    if (lun->cache)
        destage_range(lun->cache, offset >> lun->block_shift, length >> lun->block_shift);
}

enum media_result array_store_zero(struct request *r, uint64_t offset, uint64_t length)
{
    journal(r, offset, length);
    enum media_result result = media_zero(&r->lun->media, offset, length);
    if (r->lun->pool)
        watch_pool(r->array, r->lun->pool);
    return result;
}

enum media_result array_store_unmap(struct request *r, uint64_t offset, uint64_t length)
{
    journal(r, offset, length);
    enum media_result result = media_unmap(&r->lun->media, offset, length);
    if (r->lun->pool)
        watch_pool(r->array, r->lun->pool);
    return result;
}

enum media_result array_erase(struct request *r)
{
    struct lun *lun = r->lun;

    if (lun->cache)
        destage_range(lun->cache, 0, UINT64_MAX);
    enum media_result result = media_erase(&lun->media);
    if (lun->pool)
        watch_pool(r->array, lun->pool);
    return result;
}

/* No blocks: from `lba` to the end. */
enum media_result array_flush(struct lun *lun, uint64_t lba, uint64_t blocks)
{
    if (lun->cache)
        destage_range(lun->cache, lba, blocks ? blocks : UINT64_MAX - lba);
    return media_flush(&lun->media);
}

static void restore(struct lun *lun, bool mapped, uint64_t seed)
{
    struct cache *c = lun->cache;

    for (uint32_t i = 0; i < c->used; i++) {
        uint32_t at = (c->first + i) % c->slots;
        struct cached_block *slot = &c->ring[at];
        uint64_t offset = slot->block << lun->block_shift;
        if (slot->block == NOTHING || slot->mapped != mapped || slot->block >= lun->blocks ||
            (seed && mix(seed ^ mix(slot->block)) & 1))
            continue; /* with a seed every other block made it to the media */
        if (mapped)
            media_write(&lun->media, offset, c->bytes + ((size_t)at << lun->block_shift),
                        lun->block_size);
        else
            media_unmap(&lun->media, offset, lun->block_size);
    }
}

void array_cache_lost(struct array *a, struct lun *lun)
{
    struct cache *c = lun->cache;
    struct media_pool *pool = lun->media.pool;
    uint64_t size = pool ? pool->size : 0;
    uint64_t seed = a->config.cache_seed ? mix(a->config.cache_seed + lun->number) : 0;

    if (!c)
        return;
    if (pool)
        pool->size = UINT64_MAX; /* what was mapped is mapped again, whatever has been given away */
    restore(lun, false, seed);
    restore(lun, true, seed);
    if (pool)
        pool->size = size;
    memset(c->buckets, 0, (c->mask + 1) * sizeof *c->buckets);
    c->used = 0;
}

/* ---- pools ----------------------------------------------------------------------------------- */

bool array_set_pool(struct array *a, unsigned number, uint64_t bytes, unsigned threshold_percent)
{
    if (number >= ARRAY_MAX_POOLS || bytes < MEDIA_CHUNK || threshold_percent > 100)
        return false;
    struct array_pool *pool = &a->pools[number];
    pool->space.size = bytes / MEDIA_CHUNK;
    pool->threshold = (pool->space.size * threshold_percent + 99) / 100;
    watch_pool(a, pool);
    return true;
}
