/* SPDX-License-Identifier: MIT */
/*
 * The topology's [hba] sections of kind driver: a miniport from a file, one root-enumerated adapter per
 * `adapters`. The adapter is a `struct hba` without hardware behind it, so that it has a name, a port
 * number and a place among the machine's HBAs like any other; what it reaches only its miniport knows.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/ini.h"

#define SERVICES    "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
#define SERVICE_MAX TOPOLOGY_NAME_MAX
#define EVENT_PNP   219u /* of the pnp room: a device that does not start */

struct driver_hba {
    struct hba hba;
    uint16_t service[SERVICE_MAX + 1];
};

/* ---- hardware that is not there: nobody but the miniport could reach it ----------------------------- */
static void no_submit(struct hba *h, struct hba_cmd *cmd)
{
    (void)h;
    cmd->status = HBA_NO_TARGET;
    cmd->done(cmd);
}

static void no_reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8])
{
    (void)h, (void)target, (void)lun;
}

static void no_reset_target(struct hba *h, uint32_t target)
{
    (void)h, (void)target;
}

static void no_reset_bus(struct hba *h)
{
    (void)h;
}

static bool no_target(struct hba *h, uint32_t target)
{
    (void)h, (void)target;
    return false;
}

static void no_link(struct hba *h, uint32_t target, bool up)
{
    (void)h, (void)target, (void)up;
}

static void destroy(struct hba *h)
{
    free(h);
}

static const struct hba_operations operations = {no_submit, no_reset_lun, no_reset_target, no_reset_bus,
                                                 no_target, no_link,      destroy};

/* ---- building ------------------------------------------------------------------------------------------ */
static bool is_separator(char c)
{
#if defined(_WIN32)
    return c == '/' || c == '\\' || c == ':';
#else
    return c == '/';
#endif
}

/* A relative file name counts from the place of the topology. */
static bool resolve(const struct mpio *w, const char *file, char *path, size_t size)
{
    size_t directory = 0;

    for (size_t i = 0; w->topology_name[i]; i++)
        if (is_separator(w->topology_name[i]))
            directory = i + 1;
    if (is_separator(file[0]) || (file[0] && is_separator(file[1]) && file[1] == ':'))
        directory = 0;
    return (size_t)snprintf(path, size, "%.*s%s", (int)directory, w->topology_name, file) < size;
}

static bool service_is_free(struct node *n, const char *service, const char *file)
{
    static const char *const taken[] = {"mpio", "mpdev", "disk", "ompfc", "ompiscsi", "ompsas", "ompspi", "PnpManager"};

    if (strlen(service) > SERVICE_MAX)
        return embed_fail(n->world, "%s: service name \"%s\" is longer than %u characters; give service = NAME", file, service,
                          SERVICE_MAX);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (ini_same_name(taken[i], service))
            return embed_fail(n->world, "%s: service \"%s\" is a driver of the framework; give service = NAME", file, service);
    for (unsigned i = 0; i < n->miniport_count; i++)
        if (ini_same_name(n->miniports[i].service, service))
            return embed_fail(n->world, "%s: service \"%s\" of machine %s is %s already; give service = NAME", file, service,
                              n->machine->name, n->miniports[i].image.path);
    return true;
}

/* The driver of this file and service in the machine, loaded on first use. */
static struct load_driver *take_driver(struct node *n, const struct topology_hba *t)
{
    struct mpio *w = n->world;
    struct load_driver *d = &n->miniports[n->miniport_count];
    const char *preload;
    char path[sizeof d->image.path];

    if (!resolve(w, t->file, path, sizeof path)) {
        embed_fail(w, "hba %s: the path of %s is longer than %zu bytes", t->object.name, t->file, sizeof path - 1);
        return NULL;
    }
    for (unsigned i = 0; i < n->miniport_count; i++)
        if (strcmp(n->miniports[i].image.path, path) == 0 &&
            (!t->service || ini_same_name(t->service, n->miniports[i].service)))
            return &n->miniports[i];
    if (n->miniport_count == EMBED_MAX_MINIPORTS) {
        embed_fail(w, "hba %s: machine %s has %u miniports already", t->object.name, n->machine->name, EMBED_MAX_MINIPORTS);
        return NULL;
    }
    if (load_needs_preload(path, &preload)) {
        embed_fail(w, "hba %s: %s was built with AddressSanitizer; start mpio with LD_PRELOAD=%s", t->object.name, path, preload);
        return NULL;
    }
    if (!load_driver_open(path, d, w->error, sizeof w->error))
        return NULL;
    if (t->service)
        snprintf(d->service, sizeof d->service, "%s", t->service);
    bool free_name = service_is_free(n, d->service, path);
    n->miniport_count++; /* from here on embed_dismantle closes it */
    return free_name ? d : NULL;
}

static bool add_adapter(struct node *n, const struct topology_hba *t, uint32_t number, const char *service)
{
    struct driver_hba *d = calloc(1, sizeof *d);

    if (!d)
        return embed_fail(n->world, "hba %s: out of memory", t->object.name);
    snprintf(d->hba.name, sizeof d->hba.name, "%s", t->object.name);
    if (t->adapters > 1)
        snprintf(d->hba.name, sizeof d->hba.name, "%s%u", t->object.name, number);
    for (size_t i = 0; service[i]; i++)
        d->service[i] = (uint8_t)service[i];
    d->hba.operations = &operations;
    d->hba.kind = HBA_DRIVER;
    d->hba.service = d->service;
    fabric_add_hba(n->machine, &d->hba);
    return true;
}

bool embed_build_driver_hba(struct mpio *w, size_t index)
{
    const struct topology_hba *t = &w->topology->hbas[index];
    struct node *n = &w->nodes[t->machine];
    const struct load_driver *d = take_driver(n, t);
    char key[sizeof SERVICES + sizeof d->service + 24];

    if (!d)
        return false;
    snprintf(key, sizeof key, SERVICES "%s\\Parameters\\Device", d->service);
    for (size_t i = 0; i < t->parameters.count; i++)
        nt_registry_set_dword(n->machine, key, t->parameters.item[i].name, t->parameters.item[i].value);
    for (uint32_t i = 0; i < t->adapters; i++)
        if (!add_adapter(n, t, i, d->service))
            return false;
    return true;
}

/* ---- after the start --------------------------------------------------------------------------------------- */
unsigned embed_driver_adapters(const struct mpio *w)
{
    unsigned count = 0;

    for (size_t i = 0; i < w->topology->hba_count; i++)
        if (w->topology->hbas[i].kind == HBA_DRIVER)
            count += w->topology->hbas[i].adapters;
    return count;
}

void embed_driver_trouble(struct node *n, const char *service)
{
    size_t used = strlen(n->world->error);

    for (unsigned i = nt_log_count(n->machine); i-- > 0;) {
        const struct nt_log_entry *e = nt_log_at(n->machine, i);
        if (!e || strncmp(e->source, service, sizeof e->source - 1) != 0)
            continue;
        snprintf(n->world->error + used, sizeof n->world->error - used, "%s%s", used ? ": " : "", e->text);
        return;
    }
}

bool embed_check_adapters(struct node *n)
{
    for (unsigned d = 0; d < n->miniport_count; d++) {
        const char *service = n->miniports[d].service;
        char path[SERVICE_MAX + 8];

        snprintf(path, sizeof path, "ROOT\\%s\\", service);
        for (unsigned i = 0; i < nt_log_count(n->machine); i++) {
            const struct nt_log_entry *e = nt_log_at(n->machine, i);
            if (!e || e->id != EVENT_PNP || strncmp(e->text, path, strlen(path)) != 0)
                continue;
            embed_fail(n->world, "machine %s: %s", n->machine->name, e->text);
            embed_driver_trouble(n, service);
            return false;
        }
    }
    return true;
}
