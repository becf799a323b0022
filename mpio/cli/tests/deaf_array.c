/* SPDX-License-Identifier: MIT */
/*
 * A broken array for clusters.sh: PREEMPT AND ABORT is answered GOOD and nothing happens. `deaf` leaves it at that;
 * `liar` also hides the victim's key from READ KEYS and names the new holder in READ RESERVATION, so that only the
 * data can tell.
 */
#include <stdlib.h>

#include "mpio_array_plugin.h"

struct deaf {
    bool liar, preempted;
    uint8_t key[8], victim[8];
};

static void *create(const struct mpio_array_info *info, const char **why)
{
    struct deaf *d = calloc(1, sizeof *d);

    if (d)
        d->liar = strcmp(info->argument, "liar") == 0;
    else
        *why = "no memory";
    return d;
}

static enum mpio_array_verdict command(void *state, struct mpio_array_command *c)
{
    struct deaf *d = state;

    if (c->cdb[0] != 0x5F || (c->cdb[1] & 0x1F) != 5 || c->length < 24)
        return MPIO_ARRAY_PASS_ON;
    memcpy(d->key, c->data, 8);
    memcpy(d->victim, c->data + 8, 8);
    d->preempted = true;
    c->status = 0;
    c->transferred = c->length;
    return MPIO_ARRAY_ANSWERED;
}

static void finished(void *state, struct mpio_array_command *c)
{
    struct deaf *d = state;

    if (!d->liar || !d->preempted || c->cdb[0] != 0x5E || c->status != 0)
        return;
    if ((c->cdb[1] & 0x1F) == 1 && c->transferred >= 24)
        memcpy(c->data + 8, d->key, 8);
    for (uint32_t i = 8; (c->cdb[1] & 0x1F) == 0 && i + 8 <= c->transferred; i += 8)
        if (memcmp(c->data + i, d->victim, 8) == 0)
            memset(c->data + i, 0xFF, 8);
}

const struct mpio_array_plugin *mpio_array_plugin(void)
{
    static const struct mpio_array_plugin plugin = {
        MPIO_ARRAY_PLUGIN_VERSION, sizeof plugin, "deaf", create, free, command, finished,
    };

    return &plugin;
}
