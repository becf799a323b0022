/* SPDX-License-Identifier: MIT */
/*
 * Clusters as a whole: who belongs to one, heartbeats, beginning and end, findings. Members tick as events of their
 * machines, so a crashed one is silent for ever and a paused one until it goes on.
 */
#include "embed/cluster.h"

#include "world/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKS_PER_TIMEOUT 8

static struct world *world_of(const struct cluster *c)
{
    return c->world->world;
}

void cluster_found(struct cluster *c, struct member *m, enum mpio_cluster_finding what, uint64_t where)
{
    static const char *const texts[] = {
        [MPIO_CLUSTER_SPLIT_BRAIN] = "a write succeeded after another machine had preempted it; block",
        [MPIO_CLUSTER_UNFENCED] = "PREEMPT AND ABORT ended well, but its victim is still registered; key",
        [MPIO_CLUSTER_REFUSED] = "RESERVATION CONFLICT though nobody has preempted it; key",
        [MPIO_CLUSTER_WRONG_RESERVATION] = "PREEMPT AND ABORT ended well, but no such reservation is there; key",
    };

    c->report.findings[what]++;
    check_report(world_of(c), m->node->machine, CHECK_CLUSTER, m->disk_index, where, "cluster %s: %s %llu",
                 c->report.name, texts[what], (unsigned long long)where);
}

void cluster_leave(struct member *m, bool conflict)
{
    struct cluster *c = m->cluster;

    if (m->state != MEMBER_IN)
        return;
    if (!conflict)
        c->report.withdrawn++;
    else if (m->challenged)
        c->report.fenced++;
    else
        cluster_found(c, m, MPIO_CLUSTER_REFUSED, m->key);
    m->state = MEMBER_OUT;
    memset(m->believed, 0, c->part_count * sizeof *m->believed);
}

/* ---- heartbeat ------------------------------------------------------------------------------------- */
/* The member's disk on its machine: of the same serial number as the others'. */
static void find_disk(struct member *m)
{
    struct mpio *w = m->cluster->world;

    for (unsigned i = 0; i < w->disk_count && !m->disk; i++) {
        if (w->disks[i]->node != m->node || strcmp(w->disks[i]->info.serial, m->cluster->serial) != 0)
            continue;
        m->disk = w->disks[i];
        m->disk_index = i;
        m->disk->member = m;
    }
}

static void tick(struct event *e)
{
    struct member *m = (struct member *)((char *)e - offsetof(struct member, tick));
    struct cluster *c = m->cluster;

    if (!m->disk)
        find_disk(m);
    if (m->state == MEMBER_IN)
        m->beat = world_now(world_of(c));
    cluster_reserve_step(m);
    cluster_start_slots(m);
    world_post(world_of(c), &m->tick, world_now(world_of(c)) + c->plan->timeout / TICKS_PER_TIMEOUT, EVENT_DPC);
}

/* ---- creation -------------------------------------------------------------------------------------- */
static void release(struct cluster *c)
{
    for (unsigned i = 0; c->members && i < c->member_count; i++) {
        struct member *m = &c->members[i];
        world_cancel(world_of(c), &m->tick);
        world_cancel(world_of(c), &m->retry);
        for (unsigned s = 0; s < m->slot_count; s++) {
            world_cancel(world_of(c), &m->slots[s].event);
            embed_forget_io(c->world, &m->slots[s].io);
        }
        embed_forget_io(c->world, &m->pr);
        if (m->disk)
            m->disk->member = NULL;
        free(m->slots);
        free(m->memory);
        free(m->believed);
        free(m->pr_data);
    }
    free(c->members);
    free(c->parts);
    free(c->units);
    free(c);
}

static bool takes_part(const struct topology_cluster *plan, const char *machine)
{
    bool named = plan->machines.count == 0;

    for (size_t i = 0; i < plan->machines.count; i++)
        named = named || ini_same_name(plan->machines.text[i], machine);
    return named;
}

static bool create_member(struct cluster *c, struct node *n)
{
    struct member *m = &c->members[c->member_count];

    m->cluster = c;
    m->node = n;
    m->index = c->member_count++;
    m->key = (uint64_t)(n->machine->ordinal + 1) << 32 | 0x4f4d5049; /* "OMPI" */
    m->beat = world_now(world_of(c));
    m->patience = world_random_below(world_of(c), STREAM_LOAD, c->plan->timeout / 4 + 1);
    m->tick.run = tick;
    m->tick.machine = n->machine;
    m->pr_data = calloc(1, CLUSTER_KEYS_SIZE);
    return m->pr_data && cluster_io_create(m, c->plan->load.queue_depth);
}

static bool fill_cluster(struct cluster *c, const struct disk *d, unsigned nodes)
{
    struct mpio *w = c->world;
    const struct topology_load *load = &c->plan->load;
    uint64_t bytes = d->info.blocks * d->info.block_size;

    memcpy(c->serial, d->info.serial, sizeof c->serial);
    snprintf(c->report.name, sizeof c->report.name, "%s", c->plan->object.name);
    c->block_size = d->info.block_size;
    c->unit_blocks = load->io_size > c->block_size ? (uint32_t)(load->io_size / c->block_size) : 1;
    c->unit_count = (load->span != 0 && load->span < bytes ? load->span : bytes) / c->block_size / c->unit_blocks;
    c->part_count = c->plan->mode == 0 ? 1 : nodes;
    if (c->unit_count / c->part_count <= load->queue_depth)
        return embed_fail(w, "cluster %s: %s is too small for queue-depth %u", c->plan->object.name, d->info.name,
                          load->queue_depth);
    c->units = calloc(c->unit_count, sizeof *c->units);
    c->members = calloc(nodes, sizeof *c->members);
    c->parts = calloc(c->part_count, sizeof *c->parts);
    bool ok = c->units && c->members && c->parts;
    for (unsigned i = 0; i < c->part_count && ok; i++) {
        c->parts[i].count = c->unit_count / c->part_count;
        c->parts[i].first = i * c->parts[i].count;
    }
    for (unsigned i = 0; i < w->node_count && ok; i++)
        if (takes_part(c->plan, w->nodes[i].machine->name))
            ok = create_member(c, &w->nodes[i]);
    return ok || embed_fail(w, "cluster %s: out of memory", c->plan->object.name);
}

static bool create(struct mpio *w, const struct topology_cluster *plan, const struct disk *d)
{
    struct cluster *c = calloc(1, sizeof *c), **end = &w->clusters;
    unsigned nodes = 0, index = 1;

    if (!c)
        return embed_fail(w, "cluster %s: out of memory", plan->object.name);
    c->world = w;
    c->plan = plan;
    for (; *end; end = &(*end)->next)
        index++;
    c->index = index;
    *end = c;
    for (unsigned i = 0; i < w->node_count; i++)
        nodes += takes_part(plan, w->nodes[i].machine->name);
    return fill_cluster(c, d, nodes);
}

static bool start(struct mpio *w, const struct topology_cluster *plan)
{
    unsigned made = 0;

    for (unsigned i = 0; i < w->disk_count; i++) {
        const struct disk *d = w->disks[i];
        bool known = false;
        if (!d->device || !takes_part(plan, d->node->machine->name) || !embed_load_matches(w, d, plan->load.lun))
            continue;
        for (const struct cluster *c = w->clusters; c; c = c->next)
            known = known || strcmp(c->serial, d->info.serial) == 0;
        if (known)
            continue;
        if (!create(w, plan, d))
            return false;
        made++;
    }
    return made > 0 || embed_fail(w, "cluster %s: no disk has a LUN name like \"%s\"", plan->object.name, plan->load.lun);
}

bool embed_clusters_start(struct mpio *w)
{
    for (size_t i = 0; i < w->topology->cluster_count; i++)
        if (!w->clusters_started && !start(w, &w->topology->clusters[i]))
            return false;
    w->clusters_started = true;
    for (struct cluster *c = w->clusters; c; c = c->next) {
        c->stopping = false;
        for (unsigned i = 0; i < c->member_count; i++)
            if (!event_is_queued(&c->members[i].tick))
                world_post(w->world, &c->members[i].tick, world_now(w->world), EVENT_DPC);
    }
    return true;
}

/* ---- end ------------------------------------------------------------------------------------------- */
void embed_clusters_stop(struct mpio *w)
{
    for (struct cluster *c = w->clusters; c; c = c->next) {
        c->stopping = true;
        for (unsigned i = 0; i < c->part_count; i++)
            cluster_read_all(c, &c->parts[i]);
    }
}

static bool runs(const struct member *m)
{
    return m->node->machine->state == MACHINE_RUNNING;
}

/* With reservations that do not work some part may stay without an owner for ever. */
static bool has_findings(const struct cluster *c)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < MPIO_CLUSTER_FINDINGS; i++)
        sum += c->report.findings[i];
    return sum != 0;
}

unsigned embed_clusters_pending(const struct mpio *w)
{
    unsigned pending = 0;

    for (const struct cluster *c = w->clusters; c; c = c->next) {
        bool any = false;
        for (unsigned i = 0; i < c->member_count; i++) {
            const struct member *m = &c->members[i];
            any = any || (runs(m) && m->disk && m->disk->device);
            if (runs(m))
                pending += cluster_outstanding(m) + (m->step != STEP_NONE);
        }
        for (unsigned i = 0; i < c->part_count && any && !has_findings(c); i++)
            pending += c->parts[i].owner && c->parts[i].unread != 0;
    }
    return pending;
}

/* No tick may begin anything while the machines shut down. */
void embed_clusters_rest(struct mpio *w)
{
    for (struct cluster *c = w->clusters; c; c = c->next)
        for (unsigned i = 0; i < c->member_count; i++)
            world_cancel(w->world, &c->members[i].tick);
}

void embed_cluster_machine_lost(struct node *n)
{
    for (struct cluster *c = n->world->clusters; c; c = c->next) {
        for (unsigned i = 0; i < c->member_count; i++) {
            struct member *m = &c->members[i];
            if (m->node != n)
                continue;
            m->state = MEMBER_OUT;
            m->step = STEP_NONE;
            memset(m->believed, 0, c->part_count * sizeof *m->believed);
            for (unsigned s = 0; s < m->slot_count; s++)
                m->slots[s].out = false;
            world_post(world_of(c), &m->tick, world_now(world_of(c)) + c->plan->timeout / TICKS_PER_TIMEOUT, EVENT_DPC);
        }
    }
}

void embed_clusters_free(struct mpio *w)
{
    while (w->clusters) {
        struct cluster *c = w->clusters;
        w->clusters = c->next;
        release(c);
    }
}

bool embed_in_cluster(const struct disk *d)
{
    for (const struct cluster *c = d->node->world->clusters; c; c = c->next)
        if (strcmp(c->serial, d->info.serial) == 0 && takes_part(c->plan, d->node->machine->name))
            return true;
    return false;
}

const struct mpio_load_report *embed_cluster_disk_report(const struct disk *d)
{
    return d->member ? &d->member->report : NULL;
}

bool mpio_cluster_report(const struct mpio *w, unsigned n, struct mpio_cluster_report *report)
{
    const struct cluster *c = w->clusters;

    for (; c && n > 0; n--)
        c = c->next;
    if (!c)
        return false;
    *report = c->report;
    for (unsigned i = 0; i < c->member_count; i++)
        report->late += fabric_machine_orphans(c->members[i].node->machine);
    return true;
}
