/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: one counter per stream, stepped by an odd constant and mixed (splitmix64). The
 * start of a stream is a hash of seed and stream, so drawing more from one never moves another.
 */
#include "world/world_private.h"

#define GOLDEN 0x9e3779b97f4a7c15u

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

void world_seed_streams(struct world *w)
{
    for (unsigned i = 0; i < STREAM_COUNT; i++)
        w->random[i] = mix(mix(w->seed + GOLDEN) ^ mix((i + 1) * GOLDEN));
}

uint64_t world_random(struct world *w, enum world_stream stream)
{
    return mix(w->random[stream] += GOLDEN);
}

/* Draws again the few values that would make small results more likely. */
uint64_t world_random_below(struct world *w, enum world_stream stream, uint64_t limit)
{
    assert(limit != 0);
    uint64_t unfair = (0 - limit) % limit; /* 2^64 mod limit */
    uint64_t x;
    do
        x = world_random(w, stream);
    while (x < unfair);
    return x % limit;
}
