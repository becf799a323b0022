/* SPDX-License-Identifier: MIT */
/*
 * A vendor's behaviour from a shared object (mpio_array_plugin.h): before the device server for every
 * command, after it for every answer. What comes back is held to its bounds.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mpio_array_plugin.h"

_Static_assert(MPIO_ARRAY_SENSE_MAX == ARRAY_MAX_SENSE, "sense data are copied as they are");

struct plugin {
    const struct mpio_array_plugin *table;
    struct mpio_array_services services;
    void *library; /* NULL: not loaded from a file */
    void *state;
};

static uint64_t now(void *array)
{
    const struct array *a = array;

    return a->config.now ? a->config.now(a->config.clock) : 0;
}

static bool owner(void *array, uint16_t number, unsigned *controller)
{
    const struct lun *lun = array_lun(array, number);

    if (lun)
        *controller = lun->owner;
    return lun != NULL;
}

static void move_lun(void *array, uint16_t number, unsigned controller)
{
    array_move_lun(array, number, controller);
}

static void unit_attention(void *array, uint16_t number, uint8_t asc, uint8_t ascq)
{
    array_unit_attention(array, number, asc, ascq);
}

static const char *fault(const struct mpio_array_plugin *t)
{
    if (!t || t->version != MPIO_ARRAY_PLUGIN_VERSION || t->size < sizeof *t)
        return "the plug-in was made for another version of mpio_array_plugin.h";
    if (!t->create || !t->destroy)
        return "the plug-in has no create or no destroy";
    return NULL;
}

static bool install(struct array *a, const struct mpio_array_plugin *table, const char *argument,
                    void *library, const char **why)
{
    struct mpio_array_info info = {a->name, a->config.controllers,
                                   a->config.ports_per_controller, argument, NULL};

    *why = a->plugin ? "an array has one plug-in" : fault(table);
    if (*why)
        return false;
    struct plugin *p = calloc(1, sizeof *p);
    if (!p) {
        *why = "no memory for the plug-in";
        return false;
    }
    *p = (struct plugin){table, {a, now, owner, move_lun, unit_attention}, library, NULL};
    info.services = &p->services;
    *why = "the plug-in cannot serve this array and does not say why";
    p->state = table->create(&info, why);
    if (!p->state) {
        free(p);
        return false;
    }
    *why = NULL;
    a->plugin = p;
    return true;
}

bool array_load_plugin(struct array *a, const char *file, const char *argument, const char **why)
{
    const struct mpio_array_plugin *(*entry)(void) = NULL;
    void *library = host_library_open(file);
    void *symbol = library ? host_library_symbol(library, "mpio_array_plugin") : NULL;

    memcpy(&entry, &symbol, sizeof entry);
    if (!entry) {
        *why = library ? "the plug-in exports no mpio_array_plugin" : host_error();
        if (library)
            host_library_close(library);
        return false;
    }
    if (install(a, entry(), argument, library, why))
        return true;
    return false; /* its own words may live in the library, so that stays */
}

bool array_set_plugin(struct array *a, const struct mpio_array_plugin *table, const char *argument,
                      const char **why)
{
    return install(a, table, argument, NULL, why);
}

void array_free_plugin(struct array *a)
{
    struct plugin *p = a->plugin;

    if (!p)
        return;
    p->table->destroy(p->state);
    if (p->library)
        host_library_close(p->library);
    free(p);
    a->plugin = NULL;
}

static struct mpio_array_command as_seen(const struct request *r)
{
    const struct array_cmd *cmd = r->cmd;

    return (struct mpio_array_command){
        .initiator = r->nexus->name,
        .port = r->nexus->port,
        .controller = r->nexus->controller,
        .lun_exists = r->lun != NULL,
        .lun = r->lun ? r->lun->number : 0,
        .cdb = cmd->cdb,
        .cdb_length = cmd->cdb_length,
        .out = cmd->out,
        .data = cmd->data,
        .length = cmd->data ? cmd->length : 0,
    };
}

static void take_answer(struct request *r, const struct mpio_array_command *c)
{
    struct array_cmd *cmd = r->cmd;
    uint32_t length = cmd->data ? cmd->length : 0;

    cmd->status = c->status;
    cmd->sense_length = c->status != SCSI_CHECK_CONDITION       ? 0
                        : c->sense_length > ARRAY_MAX_SENSE ? ARRAY_MAX_SENSE
                                                            : c->sense_length;
    memcpy(cmd->sense, c->sense, cmd->sense_length);
    cmd->transferred = c->transferred < length ? c->transferred : length;
    cmd->delay_us = c->delay_us;
}

bool array_plugin_command(struct request *r)
{
    struct plugin *p = r->array->plugin;
    struct mpio_array_command c;

    if (!p->table->command)
        return false;
    c = as_seen(r);
    if (p->table->command(p->state, &c) != MPIO_ARRAY_ANSWERED)
        return false;
    take_answer(r, &c);
    r->cmd->wanted = r->cmd->transferred;
    return true;
}

void array_plugin_finished(struct request *r)
{
    struct plugin *p = r->array->plugin;
    struct mpio_array_command c;

    if (!p->table->finished)
        return;
    c = as_seen(r);
    c.status = r->cmd->status;
    c.sense_length = r->cmd->sense_length;
    memcpy(c.sense, r->cmd->sense, r->cmd->sense_length);
    c.transferred = r->cmd->transferred;
    c.delay_us = r->cmd->delay_us;
    p->table->finished(p->state, &c);
    take_answer(r, &c);
}
