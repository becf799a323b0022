/* SPDX-License-Identifier: MIT */
/*
 * The event stream: a ring of the last records, a streaming hash of all of them, a listener.
 * Emitting never allocates. One thread.
 */
#include "world/world_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_PER_SECOND 10000000u
#define DECIMAL_BELOW    1000000u /* larger values read better in hexadecimal */

struct kind_text {
    const char *name, *arguments;
};
static const struct kind_text kinds[TRACE_KIND_COUNT] = {
#define X(kind, name, arguments) [kind] = {name, arguments},
    TRACE_KINDS(X)
#undef X
};

bool trace_init(struct world *w, unsigned records)
{
    uint64_t size = 1;
    while (size < records)
        size *= 2;
    w->ring = calloc(size, sizeof(*w->ring));
    w->ring_mask = size - 1;
    w->trace_hash[0] = 0x6a09e667f3bcc909u;
    w->trace_hash[1] = 0xbb67ae8584caa73bu;
    return w->ring != NULL;
}

void trace_destroy(struct world *w)
{
    free(w->ring);
}

static inline uint64_t stir(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 32);
}

static inline struct trace_record *append(struct world *w, struct machine *m, enum trace_kind kind, uint64_t a, uint64_t b,
                                          uint64_t c, uint64_t d)
{
    struct trace_record *r = &w->ring[w->trace_count++ & w->ring_mask];
    const struct fibre *f = world_fibre;
    uint8_t irql = 0, cpu = 0;
    if (m != NULL && f != NULL && f->machine == m) {
        const uint8_t *local = (const uint8_t *)f->local;
        irql = local[0];
        cpu = local[1];
    }
    r->time = w->now;
    r->machine = m != NULL ? m->ordinal + 1 : 0;
    r->kind = (uint16_t)kind;
    r->cpu = cpu;
    r->irql = irql;
    r->argument[0] = a;
    r->argument[1] = b;
    r->argument[2] = c;
    r->argument[3] = d;
    return r;
}

static inline void tell(struct world *w, const struct trace_record *r)
{
    if (__builtin_expect((w->listened >> r->kind & 1) != 0, 0))
        w->listener(w->listener_user, r);
}

void trace_emit(struct world *w, struct machine *m, enum trace_kind kind, uint64_t a, uint64_t b,
                uint64_t c, uint64_t d)
{
    const struct trace_record *r = append(w, m, kind, a, b, c, d);
    uint64_t head = (uint64_t)r->machine << 32 | (uint64_t)kind << 16 | (uint64_t)r->cpu << 8 | r->irql;
    /* Two independent lanes: half the latency of one chain of multiplications. */
    uint64_t left = stir(stir(stir(w->trace_hash[0], w->now), a), c);
    uint64_t right = stir(stir(stir(w->trace_hash[1], head), b), d);
    w->trace_hash[0] = left;
    w->trace_hash[1] = right;
    tell(w, r);
}

void trace_note(struct world *w, struct machine *m, enum trace_kind kind, uint64_t a, uint64_t b,
                uint64_t c, uint64_t d)
{
    w->trace_notes++;
    tell(w, append(w, m, kind, a, b, c, d));
}

uint64_t trace_hash(const struct world *w)
{
    return stir(stir(w->trace_hash[0], w->trace_hash[1]), w->trace_count - w->trace_notes);
}

uint64_t trace_count(const struct world *w)
{
    return w->trace_count;
}

const struct trace_record *trace_record(const struct world *w, uint64_t n)
{
    if (n >= w->trace_count || w->trace_count - n > w->ring_mask + 1)
        return NULL;
    return &w->ring[n & w->ring_mask];
}

_Static_assert(TRACE_KIND_COUNT <= 32, "the kinds a listener wants are bits of 32");

void trace_listen(struct world *w, uint32_t kinds,
                  void (*listener)(void *user, const struct trace_record *r), void *user)
{
    w->listened = listener != NULL ? kinds : 0;
    w->listener = listener;
    w->listener_user = user;
}

const char *trace_kind_name(enum trace_kind kind)
{
    return (unsigned)kind < TRACE_KIND_COUNT ? kinds[kind].name : "unknown";
}

void trace_format(const struct trace_record *r, char *text, size_t size)
{
    char where[16] = "world";
    if (r->machine != 0)
        snprintf(where, sizeof(where), "m%" PRIu32, r->machine - 1);
    int used = snprintf(text, size, "%" PRIu64 ".%07" PRIu64 " %s cpu%u irql%u %s",
                        r->time / TICKS_PER_SECOND, r->time % TICKS_PER_SECOND, where, r->cpu,
                        r->irql, trace_kind_name(r->kind));
    const char *name = r->kind < TRACE_KIND_COUNT ? kinds[r->kind].arguments : "";
    for (unsigned i = 0; i < 4 && *name != '\0' && used >= 0 && (size_t)used < size; i++) {
        int length = (int)strcspn(name, ",");
        uint64_t v = r->argument[i];
        used += snprintf(text + used, size - (size_t)used,
                         v < DECIMAL_BELOW ? " %.*s=%" PRIu64 : " %.*s=%#" PRIx64, length, name, v);
        name += length;
        name += *name == ',';
    }
}
