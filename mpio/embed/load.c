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

/* Is this load meant for this disk? Its pattern is matched against the LUN's name in the topology (a simulated array's
 * LUN numbers are the disks' numbers when there is one array) and against the disk's own name. */
static bool matches(const struct mpio *w, const struct disk *d, const struct topology_load *t)
{
    const struct topology *p = w->topology;
    char name[TOPOLOGY_NAME_MAX + 16];

    if (strcmp(p->machines[t->machine].object.name, d->node->machine->name) != 0)
        return false;
    if (strcmp(t->lun, "*") == 0)
        return true;
    for (size_t i = 0; i < p->lun_count; i++) {
        for (uint32_t n = 0; n < p->luns[i].count; n++) {
            topology_lun_name(&p->luns[i], n, name, sizeof name);
            if (topology_matches(t->lun, name) && d->multipath_number == p->luns[i].number + n)
                return true;
        }
    }
    return topology_matches(t->lun, d->info.name);
}

static void begin(struct mpio *w, unsigned index)
{
    struct disk *d = w->disks[index];

    if (!d->device || !w->loading)
        return;
    for (size_t i = 0; i < w->topology->load_count && !d->stream; i++)
        if (matches(w, d, &w->topology->loads[i]))
            d->stream = stream_create(d, index, &w->topology->loads[i]);
    if (!d->stream && w->topology->load_count == 0)
        d->stream = stream_create(d, index, &default_load);
    if (d->stream)
        stream_start(d->stream);
}

bool mpio_load_start(struct mpio *w)
{
    unsigned streams = 0;

    w->loading = true;
    for (unsigned i = 0; i < w->disk_count; i++) {
        begin(w, i);
        streams += w->disks[i]->stream != NULL;
    }
    if (streams == 0)
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
    for (unsigned i = 0; i < w->disk_count; i++)
        if (w->disks[i]->stream)
            stream_stop(w->disks[i]->stream);
    do {
        out = 0;
        for (unsigned i = 0; i < w->disk_count; i++)
            if (w->disks[i]->stream && w->disks[i]->node->machine->state == MACHINE_RUNNING)
                out += stream_outstanding(w->disks[i]->stream);
        if (out == 0)
            return true;
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
