/* SPDX-License-Identifier: MIT */
/*
 * The I/O of a cluster's members, verified. An owner writes and reads units of its parts; one that has lost a part
 * without knowing goes on as it would on a real machine, and each of its writes must meet a RESERVATION CONFLICT.
 * A new owner reads everything before it writes: it must find what was acknowledged, and from then on nothing
 * but its own writes may change a unit. Runs as events and completions of the members' machines.
 */
#include "embed/cluster.h"

#include <stdlib.h>
#include <string.h>

#include <ntddk.h>
#include "array/stamp.h"

#define SAME_TIME_PAUSE WORLD_US
#define RESERVATION_CONFLICT 0x18
#define UNKNOWING 0x80000000u /* in a generation: the writer had lost its part */

static struct world *world_of(const struct member *m)
{
    return m->cluster->world->world;
}

static struct cluster_unit *unit_of(const struct cluster_slot *s)
{
    return &s->member->cluster->units[s->unit];
}

static bool owns(const struct cluster_slot *s)
{
    const struct cluster_part *p = &s->member->cluster->parts[s->part];

    return p->owner == s->member && p->epoch == s->epoch;
}

/* ---- ownership ------------------------------------------------------------------------------------- */
void cluster_read_all(struct cluster *c, struct cluster_part *p)
{
    for (uint64_t u = p->first; u < p->first + p->count; u++)
        c->units[u].due = true;
    p->next = 0;
    p->unread = p->count;
}

void cluster_take(struct cluster_part *p, struct member *m, uint64_t preempted)
{
    struct cluster *c = m->cluster;

    p->owner = m;
    p->epoch = ++c->epochs;
    p->preempted = preempted;
    m->believed[p - c->parts] = p->epoch;
    for (uint64_t u = p->first; u < p->first + p->count; u++)
        c->units[u].busy = c->units[u].settled = false;
    cluster_read_all(c, p);
}

/* ---- blocks ---------------------------------------------------------------------------------------- */
static void expect(const struct cluster_slot *s, uint32_t block, struct block_stamp *stamp)
{
    const struct cluster *c = s->member->cluster;

    *stamp = (struct block_stamp){.lba = s->io.lba + block, .generation = s->generation, .writer = 1, .lun = c->index,
                                  .seed = world_seed(c->world->world)};
}

static void fill(struct cluster_slot *s)
{
    uint32_t size = s->member->cluster->block_size;
    struct block_stamp stamp;

    for (uint32_t b = 0; b < s->io.blocks; b++) {
        expect(s, b, &stamp);
        stamp_fill((char *)s->io.buffer + (size_t)b * size, size, &stamp);
    }
}

static void count_bad(struct member *m, enum stamp_verdict verdict, uint64_t lba)
{
    struct mpio_load_report *r = &m->report;

    switch (verdict) {
    case STAMP_TORN: r->torn++; break;
    case STAMP_MISDIRECTED: r->misdirected++; break;
    case STAMP_FOREIGN: r->foreign++; break;
    case STAMP_NEVER_WRITTEN: r->lost++; break;
    case STAMP_GOOD: r->stale++; break;
    }
    trace_emit(world_of(m), m->node->machine, TRACE_CHECK, m->disk_index, verdict, lba, 0);
}

/* An owner's read: what was acknowledged, or an open write; nothing of this run where nobody wrote. */
static void verify(struct cluster_slot *s)
{
    struct member *m = s->member;
    struct cluster_unit *u = unit_of(s);
    uint32_t size = m->cluster->block_size;
    uint64_t seen = u->acknowledged;
    struct block_stamp wanted, found;

    for (uint32_t b = 0; b < s->io.blocks; b++) {
        expect(s, b, &wanted);
        enum stamp_verdict v = stamp_check((char *)s->io.buffer + (size_t)b * size, size, &wanted, &found);
        bool fits = v == STAMP_GOOD ? found.generation >= u->acknowledged && found.generation <= u->highest && u->highest != 0
                                    : u->acknowledged == 0 && (v == STAMP_NEVER_WRITTEN || v == STAMP_FOREIGN);
        if (!fits)
            count_bad(m, v, s->io.lba + b);
        else
            m->report.verified_blocks++;
        if (fits && v == STAMP_GOOD)
            seen = found.generation;
    }
    if (u->due) {
        u->due = false;
        m->cluster->parts[s->part].unread--;
    }
    if (!u->settled)
        u->acknowledged = u->highest = seen; /* the former owner's open writes are decided now */
    u->settled = true;
}

/* ---- completion ------------------------------------------------------------------------------------ */
/* A write that ended well though its part has another owner by now. Started before the preemption it may have been
 * executed before it, too, and the new owner must have found it; started later it must not exist. */
static void judge_former_owner(struct cluster_slot *s)
{
    struct member *m = s->member;
    struct cluster_unit *u = unit_of(s);

    if (s->io.submitted > m->cluster->parts[s->part].preempted || s->generation & UNKNOWING)
        cluster_found(m->cluster, m, MPIO_CLUSTER_SPLIT_BRAIN, s->io.lba);
    else if (!u->settled && s->generation > u->acknowledged)
        u->acknowledged = s->generation;
    else if (s->generation > u->acknowledged)
        count_bad(m, STAMP_NEVER_WRITTEN, s->io.lba);
}

static void fail(struct cluster_slot *s)
{
    struct member *m = s->member;
    int32_t status = s->io.status;

    if (s->io.scsi_status == RESERVATION_CONFLICT || status == STATUS_DEVICE_BUSY)
        cluster_leave(m, true);
    else if (status == STATUS_NO_SUCH_DEVICE || status == STATUS_DEVICE_DOES_NOT_EXIST ||
             status == STATUS_DEVICE_NOT_CONNECTED || !m->disk->device)
        cluster_leave(m, false);
    else
        m->report.errors++;
}

static void count(struct cluster_slot *s)
{
    struct mpio_load_report *r = &s->member->report;
    uint64_t took = s->io.completed - s->io.submitted;

    if (took > r->longest_stall)
        r->longest_stall = took;
    if (s->io.status < 0)
        return;
    *(s->io.operation == MPIO_READ ? &r->reads : &r->writes) += 1;
    r->bytes += s->io.information;
}

static void schedule(struct cluster_slot *s);

static void finished(struct mpio_io *io)
{
    struct cluster_slot *s = io->user;
    struct cluster_unit *u = unit_of(s);
    struct cluster_part *p = &s->member->cluster->parts[s->part];

    s->out = false;
    count(s);
    if (owns(s)) {
        u->busy = false;
        if (s->unit - p->first < p->next)
            p->next = s->unit - p->first; /* it may be due still */
    }
    if (io->status < 0) {
        fail(s);
    } else if (io->operation == MPIO_READ) {
        if (owns(s)) /* a former owner may read anything */
            verify(s);
    } else if (owns(s)) {
        u->acknowledged = s->generation;
    } else {
        judge_former_owner(s);
    }
    schedule(s);
}

/* ---- start ----------------------------------------------------------------------------------------- */
/* Moves `next` to a unit that is due and not busy. False: there is none now. */
static bool find_due(const struct cluster *c, struct cluster_part *p)
{
    while (p->next < p->count && (!c->units[p->first + p->next].due || c->units[p->first + p->next].busy))
        p->next++;
    return p->next < p->count;
}

/* The part for the next I/O: one with units that are due, else any that the member believes to own. */
static bool choose_part(struct cluster_slot *s)
{
    struct member *m = s->member;
    struct cluster *c = m->cluster;
    unsigned mine = 0;

    for (unsigned i = 0; i < c->part_count; i++) {
        mine += m->believed[i] != 0;
        if (m->believed[i] != 0 && m->believed[i] == c->parts[i].epoch && find_due(c, &c->parts[i])) {
            s->part = i;
            return true;
        }
    }
    if (mine == 0 || c->stopping)
        return false;
    uint64_t pick = world_random_below(world_of(m), STREAM_LOAD, mine);
    for (unsigned i = 0; i < c->part_count; i++) {
        if (m->believed[i] == 0 || pick-- != 0)
            continue;
        s->part = i;
        return true;
    }
    return false;
}

/* What to do on the part. False: every unit is busy. */
static bool choose_io(struct cluster_slot *s)
{
    struct member *m = s->member;
    struct cluster *c = m->cluster;
    struct cluster_part *p = &c->parts[s->part];
    bool knowing = p->owner == m && p->epoch == m->believed[s->part];
    bool due = knowing && find_due(c, p);
    uint64_t tries = 0;

    s->epoch = m->believed[s->part];
    s->unit = due ? p->next : world_random_below(world_of(m), STREAM_LOAD, p->count);
    for (; knowing && c->units[p->first + s->unit].busy; s->unit = (s->unit + 1) % p->count)
        if (++tries > p->count)
            return false;
    s->unit += p->first;
    if (knowing && !c->units[s->unit].settled)
        due = true;
    s->io.lba = s->unit * c->unit_blocks;
    s->io.operation = due || world_random_below(world_of(m), STREAM_LOAD, 100) < c->plan->load.read_percent
                          ? MPIO_READ : MPIO_WRITE;
    if (knowing)
        c->units[s->unit].busy = true;
    if (s->io.operation == MPIO_READ)
        return true;
    struct cluster_unit *u = &c->units[s->unit];
    if (!knowing)
        s->generation = (uint64_t)s->epoch << 32 | UNKNOWING | ++m->unknowing;
    else
        s->generation = u->highest = u->highest >> 32 == s->epoch ? u->highest + 1 : (uint64_t)s->epoch << 32 | 1;
    fill(s);
    return true;
}

static void issue(struct event *e)
{
    struct cluster_slot *s = (struct cluster_slot *)((char *)e - offsetof(struct cluster_slot, event));
    struct member *m = s->member;
    KIRQL irql;

    if (s->out || m->state != MEMBER_IN || !m->disk || !m->disk->device || !choose_part(s))
        return;
    if (!choose_io(s)) {
        world_post(world_of(m), &s->event, world_now(world_of(m)) + WORLD_MS, EVENT_DPC);
        return;
    }
    s->out = true;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    if (!mpio_submit(m->cluster->world, m->disk_index, &s->io)) {
        s->out = false;
        if (owns(s))
            unit_of(s)->busy = false;
    }
    KeLowerIrql(irql);
}

static void schedule(struct cluster_slot *s)
{
    struct member *m = s->member;
    struct world *w = world_of(m);
    uint32_t rate = m->cluster->plan->load.rate;
    uint64_t at = world_now(w) + SAME_TIME_PAUSE;

    if (rate != 0 && !m->cluster->stopping) {
        at = m->next_time > at ? m->next_time : at;
        m->next_time = at + WORLD_SECOND / rate;
    }
    if (!s->out && m->state == MEMBER_IN)
        world_post(w, &s->event, at, EVENT_DPC);
}

void cluster_start_slots(struct member *m)
{
    bool owner = false;

    for (unsigned i = 0; i < m->cluster->part_count; i++)
        owner = owner || m->believed[i] != 0;
    for (unsigned i = 0; i < m->slot_count && owner; i++)
        if (!m->slots[i].out && !event_is_queued(&m->slots[i].event))
            schedule(&m->slots[i]);
}

unsigned cluster_outstanding(const struct member *m)
{
    unsigned out = 0;

    for (unsigned i = 0; i < m->slot_count; i++)
        out += m->slots[i].out;
    return out;
}

bool cluster_io_create(struct member *m, unsigned slots)
{
    const struct cluster *c = m->cluster;
    size_t bytes = (size_t)c->unit_blocks * c->block_size;

    m->slots = calloc(slots, sizeof *m->slots);
    m->memory = calloc(slots, bytes);
    m->believed = calloc(c->part_count, sizeof *m->believed);
    if (!m->slots || !m->memory || !m->believed)
        return false;
    m->slot_count = slots;
    for (unsigned i = 0; i < slots; i++) {
        struct cluster_slot *s = &m->slots[i];
        s->member = m;
        s->event.run = issue;
        s->event.machine = m->node->machine;
        s->io.blocks = c->unit_blocks;
        s->io.buffer = m->memory + i * bytes;
        s->io.done = finished;
        s->io.user = s;
    }
    return true;
}
