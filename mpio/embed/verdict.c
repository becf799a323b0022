/* SPDX-License-Identifier: MIT */
/*
 * What decides a run beside the data: faults that let requests fail, what faults do to the contents of
 * LUNs, and the findings of the checkers. The rules are in docs/contract/02-framework-choices.md (Verdict).
 * Called after every action of a scenario, in the world's loop, for no machine.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <string.h>

#include "embed/stream.h"
#include "world/check.h"

/* ---- whose LUN a disk is ------------------------------------------------------------------------------ */
static bool is_lun_of(const struct mpio *w, const struct disk *d, size_t array, const uint32_t *number)
{
    const struct topology *t = w->topology;
    char serial[TOPOLOGY_SERIAL_MAX + 12];

    for (size_t i = 0; i < t->lun_count; i++) {
        for (uint32_t n = 0; t->luns[i].array == array && n < t->luns[i].count; n++) {
            if (number && *number != t->luns[i].number + n)
                continue;
            topology_lun_serial(t, &t->luns[i], n, serial, sizeof serial);
            if (strcmp(d->info.serial, serial) == 0)
                return true;
        }
    }
    return false;
}

bool embed_disk_is_volatile(const struct disk *d)
{
    const struct mpio *w = d->node->world;

    for (size_t i = 0; i < w->topology->array_count; i++)
        if (w->topology->arrays[i].volatile_blocks && is_lun_of(w, d, i, NULL))
            return true;
    return false;
}

bool embed_disk_is_unjudged(const struct disk *d)
{
    const struct mpio *w = d->node->world;

    for (unsigned i = 0; i < w->disk_count; i++)
        if (w->disks[i]->identity_changed && strcmp(w->disks[i]->info.serial, d->info.serial) == 0)
            return true;
    return false;
}

/* ---- contents ------------------------------------------------------------------------------------------- */
static void change_contents(struct disk *d, const struct topology_action *a)
{
    switch (a->kind) {
    case ACTION_POWER:
        if (d->stream && !a->up)
            stream_power_lost(d->stream);
        break;
    case ACTION_RESIZE:
        if (d->stream)
            stream_cut(d->stream, a->size / d->info.block_size);
        break;
    case ACTION_IDENTITY: /* the LUN is two disks from now on, which know nothing of each other */
        d->identity_changed = true;
        if (d->stream)
            d->stream->unjudged = true;
        break;
    default:
        break;
    }
}

/* ---- errors ----------------------------------------------------------------------------------------------- */
static bool shrinks(const struct mpio *w, const struct topology_action *a)
{
    const struct topology_lun *lun = topology_find_lun(w->topology, a->array, a->lun);

    return lun && a->size < lun->size;
}

static bool reaches(const struct topology *t, size_t hba, size_t array)
{
    for (size_t i = 0; i < t->link_count; i++)
        if (t->links[i].hba == hba && t->links[i].array == array)
            return true;
    return false;
}

/* No other adapter of its machine is in its slot and leads to an array that this one leads to. */
static bool takes_last_path(const struct mpio *w, size_t hba)
{
    const struct topology *t = w->topology;

    for (size_t array = 0; array < t->array_count; array++) {
        bool left = !reaches(t, hba, array);
        for (size_t i = 0; i < t->hba_count && !left; i++) {
            const struct hba *h = fabric_find_hba(w->nodes[t->hbas[i].machine].machine, t->hbas[i].object.name);
            left = t->hbas[i].machine == t->hbas[hba].machine && h && !h->pulled && reaches(t, i, array);
        }
        if (!left)
            return true;
    }
    return false;
}

/* Why requests may fail from now on; NULL: this action is no reason. */
static const char *excuse(const struct mpio *w, const struct topology_action *a)
{
    switch (a->kind) {
    case ACTION_EXPECT:
        return a->up ? "the timeline expects errors" : NULL;
    case ACTION_UNMAP:
    case ACTION_MASK:
        return "a LUN was unmapped";
    case ACTION_IDENTITY:
        return "a LUN changed its identity";
    case ACTION_POWER:
        return a->up ? NULL : "an array was without power";
    case ACTION_RESIZE:
        return shrinks(w, a) ? "a LUN became smaller" : NULL;
    case ACTION_GHOST:
        return a->fault == GHOST_RESERVE || a->fault == GHOST_PREEMPT || a->fault == GHOST_CLEAR ||
                       a->fault == GHOST_RESERVE_UNIT
                   ? "another host reserved a LUN" : NULL;
    case ACTION_HBA:
        if (a->fault == HBA_POWER)
            return a->up ? NULL : "an HBA was without power";
        return a->fault == HBA_REMOVE && takes_last_path(w, a->hba) ? "the last adapter on the way to a LUN was pulled" : NULL;
    default:
        return NULL;
    }
}

void embed_fault_applied(void *mpio, const struct topology_action *action)
{
    struct mpio *w = mpio;
    const char *why = excuse(w, action);
    uint32_t number = action->lun;

    embed_lifecycle_applied(w, action);
    if (why && !w->errors_allowed)
        w->errors_allowed = why;
    if (action->kind == ACTION_EXPECT && !action->up)
        w->errors_allowed = NULL;
    if (action->kind != ACTION_POWER && action->kind != ACTION_RESIZE && action->kind != ACTION_IDENTITY)
        return;
    for (unsigned i = 0; i < w->disk_count; i++)
        if (is_lun_of(w, w->disks[i], action->array, action->kind == ACTION_POWER ? NULL : &number))
            change_contents(w->disks[i], action);
}

const char *mpio_errors_allowed(const struct mpio *w)
{
    return w->errors_allowed;
}

/* ---- checkers ---------------------------------------------------------------------------------------------- */
bool mpio_check(const struct mpio *w, unsigned n, char *text, size_t size)
{
    const struct check_finding *f = w->world ? check_finding(w->world, n) : NULL;

    if (!f)
        return false;
    snprintf(text, size, "%s: %s (%s%sat %llu.%03llu s)", check_rule_name(f->rule), f->text,
             f->machine ? f->machine->name : "", f->machine ? ", " : "",
             (unsigned long long)(f->time / WORLD_SECOND), (unsigned long long)(f->time % WORLD_SECOND / WORLD_MS));
    return true;
}
