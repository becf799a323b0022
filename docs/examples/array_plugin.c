/* SPDX-License-Identifier: MIT */
/*
 * A plug-in for simulated arrays: a family with a vendor command of its own. Operation code C3h tells
 * who owns a LUN and, with byte 1 bit 0 set, moves it to the port's controller; and TEST UNIT READY on
 * ports that do not own the LUN is answered with a vendor's sense, as some old arrays did.
 *
 *     cc -shared -fPIC -I mpio/include docs/examples/array_plugin.c -o array_plugin.so
 *
 *     [array a0]
 *     access = implicit
 *     plugin = ./array_plugin.so, strict      ; without "strict" TEST UNIT READY is left alone
 */
#include <stdlib.h>

#include "mpio_array_plugin.h"

struct family {
    const struct mpio_array_services *services;
    bool strict;
    uint32_t moves;
};

static void *create(const struct mpio_array_info *info, const char **why)
{
    struct family *f;

    if (info->argument[0] != '\0' && strcmp(info->argument, "strict") != 0) {
        *why = "the argument is \"strict\" or nothing";
        return NULL;
    }
    f = calloc(1, sizeof *f);
    if (!f) {
        *why = "no memory";
        return NULL;
    }
    f->services = info->services;
    f->strict = info->argument[0] != '\0';
    return f;
}

static void destroy(void *state)
{
    free(state);
}

static enum mpio_array_verdict command(void *state, struct mpio_array_command *c)
{
    struct family *f = state;
    unsigned owner;

    if (c->cdb_length < 6 || c->cdb[0] != 0xC3 || !c->lun_exists ||
        !f->services->owner(f->services->array, c->lun, &owner))
        return MPIO_ARRAY_PASS_ON;
    if (c->cdb[1] & 0x01 && owner != c->controller) {
        f->services->move_lun(f->services->array, c->lun, c->controller);
        f->moves++;
        owner = c->controller;
    }
    if (!c->out && c->length >= 2) {
        c->data[0] = (uint8_t)owner;
        c->data[1] = (uint8_t)f->moves;
        c->transferred = 2;
    }
    return MPIO_ARRAY_ANSWERED;
}

static void finished(void *state, struct mpio_array_command *c)
{
    struct family *f = state;
    unsigned owner;

    if (f->strict && c->cdb[0] == 0x00 && c->status == 0x00 && c->lun_exists &&
        f->services->owner(f->services->array, c->lun, &owner) && owner != c->controller)
        mpio_array_check(c, 0x02, 0x04, 0x81); /* NOT READY, vendor unique: another controller's */
}

const struct mpio_array_plugin *mpio_array_plugin(void)
{
    static const struct mpio_array_plugin plugin = {
        MPIO_ARRAY_PLUGIN_VERSION, sizeof plugin, "example", create, destroy, command, finished,
    };

    return &plugin;
}
