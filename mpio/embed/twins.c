/* SPDX-License-Identifier: MIT */
/*
 * A LUN that shows as several disks of one machine: nobody put its paths together. Load on it would
 * write to one LUN through several disks that know nothing of each other, and blame the data.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <string.h>

#include "world/check.h"

static bool same_lun(const struct disk *a, const struct disk *b)
{
    return a->node == b->node && strcmp(a->identifier, b->identifier) == 0 &&
           strcmp(a->info.serial, b->info.serial) == 0;
}

/* Another present disk of the same LUN, behind *cursor (0 at first); one of the two is no pseudo-LUN. */
static struct disk *next_twin(const struct disk *d, uint32_t *cursor)
{
    const struct mpio *w = d->node->world;
    uint64_t key = index_hash(d->node->machine->ordinal, d->identifier, (unsigned)strlen(d->identifier));
    uint32_t i;

    if (!d->device || d->identifier[0] == '\0' || d->info.serial[0] == '\0')
        return NULL;
    while ((i = index_next(&w->disk_by_identifier, key, cursor)) != INDEX_NONE)
        if (w->disks[i] != d && w->disks[i]->device && same_lun(w->disks[i], d) &&
            !(w->disks[i]->info.multipath && d->info.multipath))
            return w->disks[i];
    return NULL;
}

bool embed_has_twin(const struct disk *d)
{
    uint32_t cursor = 0;

    return next_twin(d, &cursor) != NULL;
}

static void lun_name(const struct disk *d, char *name, size_t size)
{
    const struct topology *t = d->node->world->topology;
    char serial[TOPOLOGY_SERIAL_MAX + 12];

    for (size_t i = 0; i < t->lun_count; i++) {
        for (uint32_t n = 0; n < t->luns[i].count; n++) {
            topology_lun_serial(t, &t->luns[i], n, serial, sizeof serial);
            if (strcmp(serial, d->info.serial) == 0) {
                topology_lun_name(&t->luns[i], n, name, size);
                return;
            }
        }
    }
    snprintf(name, size, "%s", d->identifier);
}

void embed_describe_twins(const struct disk *d, char *text, size_t size)
{
    char name[sizeof d->identifier], list[100];
    uint32_t cursor = 0;
    unsigned count = 1;
    struct disk *twin;

    snprintf(list, sizeof list, "%s", d->info.name);
    while ((twin = next_twin(d, &cursor)) != NULL) {
        size_t used = strlen(list);

        count++;
        if (used + strlen(twin->info.name) + 3 < sizeof list)
            snprintf(list + used, sizeof list - used, ", %s", twin->info.name);
    }
    lun_name(d, name, sizeof name);
    snprintf(text, size, "LUN %s shows as %u disks of machine %s (%s): no DSM claimed %s (vendor \"%s\", product \"%s\")",
             name, count, d->node->machine->name, list,
             d->info.multipath ? "all of them" : "it", d->info.vendor, d->info.product);
}

bool embed_refuse_twins(struct mpio *w)
{
    char text[300];

    for (unsigned i = 0; i < w->disk_count; i++) {
        if (!embed_has_twin(w->disks[i]))
            continue;
        embed_describe_twins(w->disks[i], text, sizeof text);
        return embed_fail(w, "%s", text);
    }
    return true;
}

void embed_report_twin(const struct disk *d)
{
    char text[300];

    embed_describe_twins(d, text, sizeof text);
    check_report(d->node->machine->world, d->node->machine, CHECK_DISK, d->multipath_number, 0, "%.190s", text);
}
