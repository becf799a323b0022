/* SPDX-License-Identifier: MIT */
/*
 * Load on all disks: the topology's [load] sections matched against the disks that are there. A
 * disk that leaves stops its stream; one that returns goes on with the same knowledge of its data.
 */
#include "embed/stream.h"

#include <stdio.h>
#include <string.h>

#define DRAIN_LIMIT (600 * WORLD_SECOND)

/* What runs when the topology has no [load] section at all. */
static const struct topology_load default_load = {
    .lun = "*", .read_percent = 70, .queue_depth = 4, .io_size = 4096, .rate = 500};

/* Is this load meant for this disk? Its pattern is matched against the LUN's name in the topology, which is found by the
 * serial number that the disk tells, and against the disk's own name. */
bool embed_load_matches(const struct mpio *w, const struct disk *d, const char *lun)
{
    const struct topology *p = w->topology;
    char name[TOPOLOGY_NAME_MAX + 16], serial[TOPOLOGY_SERIAL_MAX + 12];

    if (strcmp(lun, "*") == 0)
        return true;
    for (size_t i = 0; i < p->lun_count; i++) {
        for (uint32_t n = 0; n < p->luns[i].count; n++) {
            topology_lun_name(&p->luns[i], n, name, sizeof name);
            topology_lun_serial(p, &p->luns[i], n, serial, sizeof serial);
            if (topology_matches(lun, name) && strcmp(d->info.serial, serial) == 0)
                return true;
        }
    }
    return topology_matches(lun, d->info.name);
}

static bool matches(const struct mpio *w, const struct disk *d, const struct topology_load *t)
{
    return strcmp(w->topology->machines[t->machine].object.name, d->node->machine->name) == 0 &&
           embed_load_matches(w, d, t->lun);
}

static void begin(struct mpio *w, unsigned index)
{
    struct disk *d = w->disks[index];

    if (!d->device || !w->loading || embed_in_cluster(d))
        return;
    if (embed_has_twin(d) && !d->stream) {
        if (!d->identity_changed && !embed_disk_is_unjudged(d))
            embed_report_twin(d);
        return;
    }
    for (size_t i = 0; i < w->topology->load_count && !d->stream; i++)
        if (matches(w, d, &w->topology->loads[i]))
            d->stream = stream_create(d, index, &w->topology->loads[i]);
    if (!d->stream && w->topology->load_count == 0 && w->topology->cluster_count == 0)
        d->stream = stream_create(d, index, &default_load);
    if (d->stream)
        stream_start(d->stream);
}

bool mpio_load_start(struct mpio *w)
{
    unsigned streams = 0;

    if (!embed_refuse_twins(w) || !embed_clusters_start(w))
        return false;
    w->loading = true;
    for (unsigned i = 0; i < w->disk_count; i++) {
        begin(w, i);
        streams += w->disks[i]->stream != NULL;
    }
    if (streams == 0 && !w->clusters)
        return embed_fail(w, "no disk matches a [load] section, or the disks are too small for it");
    return true;
}

void embed_stream_disk_changed(struct disk *d)
{
    struct mpio *w = d->node->world;

    if (!d->device)
        return; /* its I/O has ended; slots start nothing without a device */
    for (unsigned i = 0; i < w->disk_count; i++)
        if (w->disks[i] == d)
            begin(w, i);
}

void embed_stream_free(struct disk *d)
{
    stream_free(d->stream);
    d->stream = NULL;
}

bool mpio_load_stop(struct mpio *w)
{
    uint64_t limit = world_now(w->world) + DRAIN_LIMIT;
    unsigned out;

    w->loading = false;
    embed_clusters_stop(w);
    for (unsigned i = 0; i < w->disk_count; i++)
        if (w->disks[i]->stream)
            stream_stop(w->disks[i]->stream);
    do {
        out = embed_clusters_pending(w);
        for (unsigned i = 0; i < w->disk_count; i++)
            if (w->disks[i]->stream && w->disks[i]->node->machine->state == MACHINE_RUNNING)
                out += stream_outstanding(w->disks[i]->stream);
        if (out == 0) {
            embed_clusters_rest(w);
            return true;
        }
    } while (world_now(w->world) < limit && mpio_run(w, WORLD_SECOND / 100));
    return embed_fail(w, "%u I/Os have not come back %llu simulated seconds after the load was stopped", out,
                      (unsigned long long)(DRAIN_LIMIT / WORLD_SECOND));
}

static void add(struct mpio_load_report *sum, const struct mpio_load_report *r)
{
    sum->reads += r->reads;
    sum->writes += r->writes;
    sum->bytes += r->bytes;
    sum->errors += r->errors;
    sum->verified_blocks += r->verified_blocks;
    sum->stale += r->stale;
    sum->torn += r->torn;
    sum->misdirected += r->misdirected;
    sum->lost += r->lost;
    sum->foreign += r->foreign;
    if (r->longest_stall > sum->longest_stall)
        sum->longest_stall = r->longest_stall;
}

void mpio_load_report_disk(const struct mpio *w, unsigned disk, struct mpio_load_report *report)
{
    memset(report, 0, sizeof *report);
    if (disk < w->disk_count && w->disks[disk]->stream)
        *report = w->disks[disk]->stream->report;
    else if (disk < w->disk_count && w->disks[disk]->member)
        *report = *embed_cluster_disk_report(w->disks[disk]);
}

void mpio_load_report(const struct mpio *w, struct mpio_load_report *report)
{
    struct mpio_load_report one;

    memset(report, 0, sizeof *report);
    for (unsigned i = 0; i < w->disk_count; i++) {
        mpio_load_report_disk(w, i, &one);
        add(report, &one);
    }
}
