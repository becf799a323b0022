/* SPDX-License-Identifier: MIT */
/*
 * Verified load on one disk. The disk's span is cut into units of one I/O; a unit is busy while an
 * I/O on it is out, so two never overlap. For every unit the checker knows the generation that was
 * acknowledged and, while the fate of a failed write is open, the highest one that may be there. A
 * read must find exactly what the last acknowledged write put down, or one of those open writes.
 */
#include "embed/stream.h"

#include <stdlib.h>
#include <string.h>

#include "array/stamp.h"

#define SPAN_DEFAULT (64ull << 20)
#define SAME_TIME_PAUSE (1 * WORLD_US) /* an I/O that took no time: let time advance before the next */

static struct world *world_of(const struct stream *s)
{
    return s->disk->node->machine->world;
}

static uint64_t draw(struct stream *s, uint64_t limit)
{
    return world_random_below(world_of(s), STREAM_LOAD, limit);
}

static void expect(const struct stream *s, uint64_t lba, struct block_stamp *stamp)
{
    *stamp = (struct block_stamp){.lba = lba,
                                  .writer = s->disk->node->machine->ordinal + 1,
                                  .lun = s->index,
                                  .seed = world_seed(world_of(s))};
}

static void fill(struct slot *slot)
{
    struct stream *s = slot->stream;
    uint32_t size = s->disk->info.block_size;
    struct block_stamp stamp;

    for (uint32_t b = 0; b < s->unit_blocks; b++) {
        expect(s, slot->io.lba + b, &stamp);
        stamp.generation = s->units[slot->unit].highest;
        stamp_fill((char *)slot->io.buffer + (size_t)b * size, size, &stamp);
    }
}

static void record(struct stream *s, enum stamp_verdict verdict, uint64_t lba)
{
    struct mpio_load_report *r = &s->report;

    switch (verdict) {
    case STAMP_TORN: r->torn++; break;
    case STAMP_MISDIRECTED: r->misdirected++; break;
    case STAMP_FOREIGN: r->foreign++; break;
    case STAMP_NEVER_WRITTEN: r->lost++; break;
    case STAMP_GOOD: r->stale++; break; /* whole, but of the wrong generation */
    }
    trace_emit(world_of(s), s->disk->node->machine, TRACE_CHECK, s->index, verdict, lba, 0);
}

static void verify(struct slot *slot)
{
    struct stream *s = slot->stream;
    const struct unit *u = &s->units[slot->unit];
    uint32_t size = s->disk->info.block_size;
    struct block_stamp wanted, found;

    if (u->highest == 0 || s->unjudged)
        return; /* nobody has written it in this run, or somebody else too */
    for (uint32_t b = 0; b < s->unit_blocks; b++) {
        uint64_t lba = slot->io.lba + b;
        expect(s, lba, &wanted);
        enum stamp_verdict v = stamp_check((char *)slot->io.buffer + (size_t)b * size, size, &wanted, &found);
        bool fits = v == STAMP_GOOD && found.generation >= u->acknowledged && found.generation <= u->highest;
        if (u->acknowledged == 0 && (v == STAMP_NEVER_WRITTEN || v == STAMP_FOREIGN))
            fits = true; /* what was there before the first write, which failed */
        if (fits)
            s->report.verified_blocks++;
        else
            record(s, v, lba);
    }
}

static void issue(struct slot *slot);

static void next_event(struct event *e)
{
    struct slot *slot = (struct slot *)((char *)e - offsetof(struct slot, event));

    issue(slot);
}

/* The slot's next I/O, when the rate allows it. */
static void schedule(struct slot *slot)
{
    struct stream *s = slot->stream;
    uint64_t now = world_now(world_of(s)), at = now;

    if (s->interval > 0) {
        at = s->next_time > now ? s->next_time : now;
        s->next_time = at + s->interval;
    } else if (slot->io.completed == slot->io.submitted) {
        at = now + SAME_TIME_PAUSE;
    }
    if (at == now && slot->io.completed != slot->io.submitted)
        issue(slot);
    else
        world_post(world_of(s), &slot->event, at, EVENT_DPC);
}

static void finished(struct mpio_io *io)
{
    struct slot *slot = io->user;
    struct stream *s = slot->stream;
    struct unit *u = &s->units[slot->unit];
    struct mpio_load_report *r = &s->report;
    uint64_t took = io->completed - io->submitted;

    slot->out = false;
    u->busy = false;
    if (took > r->longest_stall)
        r->longest_stall = took;
    if (io->status < 0) {
        r->errors++;
    } else if (io->operation == MPIO_READ) {
        r->reads++;
        r->bytes += io->information;
        verify(slot);
    } else {
        r->writes++;
        r->bytes += io->information;
        u->acknowledged = u->highest;
        if (!s->volatile_cache || io->operation == MPIO_WRITE_FUA)
            u->durable = u->highest;
    }
    if (s->stopping || !s->disk->device)
        return;
    if (io->status < 0 && slot->io.completed == slot->io.submitted) {
        world_post(world_of(s), &slot->event, world_now(world_of(s)) + WORLD_MS, EVENT_DPC);
        return;
    }
    schedule(slot);
}

static void issue(struct slot *slot)
{
    struct stream *s = slot->stream;

    if (s->stopping || slot->out || !s->disk->device)
        return;
    uint64_t unit = draw(s, s->unit_count);
    while (s->units[unit].busy)
        unit = unit + 1 < s->unit_count ? unit + 1 : 0; /* more units than slots: one is free */
    slot->unit = unit;
    slot->out = true;
    s->units[unit].busy = true;
    slot->io.lba = s->first_lba + unit * s->unit_blocks;
    slot->io.operation = draw(s, 100) < s->read_percent ? MPIO_READ : MPIO_WRITE;
    if (slot->io.operation == MPIO_WRITE) {
        s->units[unit].highest++;
        fill(slot);
        if (s->volatile_cache && draw(s, 2) == 0)
            slot->io.operation = MPIO_WRITE_FUA;
    }
    if (!mpio_submit(s->disk->node->world, s->index, &slot->io)) {
        slot->out = false;
        s->units[unit].busy = false;
    }
}

struct stream *stream_create(struct disk *d, unsigned index, const struct topology_load *t)
{
    struct stream *s = calloc(1, sizeof *s);
    const struct mpio *w = d->node->world;
    uint32_t size = d->info.block_size;
    uint64_t part = d->info.blocks / w->node_count; /* machines that share a LUN write in parts of their own */
    uint64_t span = t->span ? t->span : SPAN_DEFAULT;

    if (!s)
        return NULL;
    s->disk = d;
    s->volatile_cache = embed_disk_is_volatile(d);
    s->unjudged = embed_disk_is_unjudged(d);
    s->index = index;
    s->read_percent = t->read_percent;
    s->interval = t->rate ? WORLD_SECOND / t->rate : 0;
    s->unit_blocks = t->io_size / size > 0 ? (uint32_t)(t->io_size / size) : 1;
    if (span > part * size)
        span = part * size;
    s->unit_count = span / size / s->unit_blocks;
    s->first_lba = d->node->machine->ordinal * part;
    s->slot_count = t->queue_depth ? t->queue_depth : 1;
    if (s->slot_count >= s->unit_count)
        s->slot_count = s->unit_count > 1 ? (unsigned)s->unit_count - 1 : 0;
    s->units = calloc(s->unit_count + 1, sizeof *s->units);
    s->slots = calloc(s->slot_count + 1, sizeof *s->slots);
    s->memory = calloc(s->slot_count + 1, (size_t)s->unit_blocks * size);
    if (!s->units || !s->slots || !s->memory || s->slot_count == 0) {
        stream_free(s);
        return NULL;
    }
    for (unsigned i = 0; i < s->slot_count; i++) {
        struct slot *slot = &s->slots[i];
        slot->stream = s;
        slot->event.run = next_event;
        slot->io.blocks = s->unit_blocks;
        slot->io.buffer = s->memory + (size_t)i * s->unit_blocks * size;
        slot->io.done = finished;
        slot->io.user = slot;
    }
    return s;
}

void stream_start(struct stream *s)
{
    s->stopping = false;
    for (unsigned i = 0; i < s->slot_count; i++)
        if (!s->slots[i].out && !event_is_queued(&s->slots[i].event))
            schedule(&s->slots[i]);
}

void stream_stop(struct stream *s)
{
    s->stopping = true;
    for (unsigned i = 0; i < s->slot_count; i++)
        world_cancel(world_of(s), &s->slots[i].event);
}

void stream_machine_lost(struct stream *s)
{
    for (unsigned i = 0; i < s->slot_count; i++) {
        struct slot *slot = &s->slots[i];
        world_cancel(world_of(s), &slot->event);
        if (slot->out)
            s->units[slot->unit].busy = false;
        slot->out = false;
    }
}

void stream_power_lost(struct stream *s)
{
    for (uint64_t i = 0; s->volatile_cache && i < s->unit_count; i++)
        s->units[i].acknowledged = s->units[i].durable;
}

void stream_cut(struct stream *s, uint64_t blocks)
{
    for (uint64_t i = 0; i < s->unit_count; i++)
        if (s->first_lba + (i + 1) * s->unit_blocks > blocks)
            s->units[i].acknowledged = s->units[i].durable = 0;
}

unsigned stream_outstanding(const struct stream *s)
{
    unsigned out = 0;

    for (unsigned i = 0; i < s->slot_count; i++)
        out += s->slots[i].out;
    return out;
}

void stream_free(struct stream *s)
{
    if (!s)
        return;
    for (unsigned i = 0; s->slots && i < s->slot_count; i++) {
        world_cancel(world_of(s), &s->slots[i].event);
        embed_forget_io(s->disk->node->world, &s->slots[i].io);
    }
    free(s->units);
    free(s->slots);
    free(s->memory);
    free(s);
}
