/* SPDX-License-Identifier: MIT */
/*
 * Life of a machine beyond its first boot. `machine NAME boot`: a machine that has stopped, however, gets a new kernel
 * on the same HBAs. What was on its disk survives: the registry without its volatile keys, and the driver files. All
 * else is gone: memory, the drivers' globals, what it had in the fabric. The kernel is exchanged between two runs of the
 * world, in no time; drivers and devices then start inside it while the other machines go on.
 * `hba NAME remove|insert`: the adapter's bus tells Plug and Play, in a thread of the machine.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntddk.h>
#include "pnp/pnp.h"
#include "world/check.h"

struct dead_kernel {
    struct mpio_bugcheck bugcheck;
    char *text;
    struct dead_kernel *next;
};

static const char *const hives[] = {"HKEY_LOCAL_MACHINE", "HKEY_USERS"};
#define HIVES (sizeof hives / sizeof *hives)

/* ---- what a kernel leaves behind -------------------------------------------------------------------- */
struct estate {
    struct buffer hive[HIVES];
    struct nt_trace_switches *traces;
};

static void keep_bugcheck(struct node *n)
{
    const struct nt_bugcheck *b = nt_bugcheck(n->machine);
    struct dead_kernel *d = b ? calloc(1, sizeof *d) : NULL, **end = &n->world->dead;
    struct buffer text;

    if (!d)
        return;
    embed_describe_bugcheck(n, b, &d->bugcheck);
    buffer_init(&text, 0);
    nt_bugcheck_print(n->machine, &text);
    d->text = buffer_take(&text, NULL);
    while (*end)
        end = &(*end)->next;
    *end = d;
}

static bool take_estate(struct node *n, struct estate *e)
{
    bool ok = true;

    for (size_t i = 0; i < HIVES; i++) {
        buffer_init(&e->hive[i], 0);
        ok = ok && nt_registry_save(n->machine, hives[i], &e->hive[i]);
    }
    e->traces = nt_trace_take(n->machine);
    return ok || embed_fail(n->world, "machine %s: its registry cannot be kept for the next boot", n->machine->name);
}

static bool give_estate(struct node *n, struct estate *e)
{
    struct text_error error;
    bool ok = true;

    for (size_t i = 0; i < HIVES && ok; i++)
        ok = nt_registry_load(n->machine, hives[i], buffer_text(&e->hive[i]), e->hive[i].length, &error);
    nt_trace_give(n->machine, e->traces);
    e->traces = NULL;
    return ok || embed_fail(n->world, "machine %s: its registry cannot be read again: %s", n->machine->name, error.message);
}

static void free_estate(struct estate *e)
{
    for (size_t i = 0; i < HIVES; i++)
        buffer_free(&e->hive[i]);
    free(e->traces);
}

/* A fresh copy of the file under the same service name: globals have their first values again. */
static bool reopen(struct node *n, struct load_driver *d)
{
    char path[sizeof d->image.path], service[sizeof d->service];

    memcpy(path, d->image.path, sizeof path);
    memcpy(service, d->service, sizeof service);
    load_driver_close(d);
    if (!load_driver_open(path, d, n->world->error, sizeof n->world->error))
        return false;
    memcpy(d->service, service, sizeof service);
    return true;
}

/* ---- booting ------------------------------------------------------------------------------------------ */
/* In a thread of the machine, which ends with it. */
static void give_up(struct node *n, const char *what, int32_t status)
{
    n->booting = false;
    check_report(n->world->world, n->machine, CHECK_BOOT, n->machine->ordinal, (uint32_t)status,
                 "machine %s boots again: %s failed, status %08x", n->machine->name, what, (unsigned)status);
    machine_stop(n->machine, MACHINE_STOPPED);
}

static void enumerate(void *node)
{
    struct node *n = node;

    embed_boot_pnp(n);
    n->booting = false;
    if (!embed_check_adapters(n))
        give_up(n, "an adapter", STATUS_DEVICE_NOT_READY);
}

static void start_next(struct node *n);

static void driver_started(void *user, int32_t status)
{
    struct node *n = user;
    struct boot_driver d;

    if (status < 0 && embed_boot_driver(n, n->boot_step, &d)) {
        give_up(n, d.service, status);
        return;
    }
    n->boot_step++;
    start_next(n);
}

static void start_next(struct node *n)
{
    struct boot_driver d;

    if (!embed_boot_driver(n, n->boot_step, &d))
        nt_run_thread(n->machine, "PnP", enumerate, n);
    else if (!nt_load_driver(n->machine, d.service, d.entry, d.image, driver_started, n))
        give_up(n, d.service, STATUS_INSUFFICIENT_RESOURCES);
}

static bool exchange_kernel(struct node *n, struct estate *e)
{
    bool ok;

    fabric_machine_reset(n->machine); /* it still looks at commands in the old kernel's memory */
    embed_disks_lost(n);
    machine_forget(n->machine);
    n->log_seen = 0;
    ok = embed_create_kernel(n);
    for (unsigned i = 0; i < n->miniport_count && ok; i++)
        ok = reopen(n, &n->miniports[i]);
    for (unsigned i = 0; i < n->driver_count && ok; i++)
        ok = reopen(n, &n->drivers[i]);
    return ok && give_estate(n, e);
}

static void boot(struct node *n)
{
    struct estate e = {.traces = NULL};

    keep_bugcheck(n);
    if (take_estate(n, &e) && exchange_kernel(n, &e)) {
        machine_restart(n->machine);
        load_attach(n->machine);
        embed_cluster_machine_lost(n);
        n->booting = true;
        n->boot_step = 0;
        start_next(n);
    } else {
        check_report(n->world->world, n->machine, CHECK_BOOT, n->machine->ordinal, 0, "%.190s", n->world->error);
    }
    free_estate(&e);
}

void embed_reboot(struct mpio *w)
{
    for (unsigned i = 0; i < w->node_count; i++) {
        struct node *n = &w->nodes[i];
        if (!n->boot_wanted)
            continue;
        n->boot_wanted = false;
        boot(n);
    }
}

bool embed_boots_ahead(const struct mpio *w)
{
    for (unsigned i = 0; i < w->node_count; i++)
        if (w->nodes[i].boot_wanted)
            return true;
    return embed_faults_boot(w);
}

unsigned embed_booting(const struct mpio *w)
{
    unsigned count = 0;

    for (unsigned i = 0; i < w->node_count; i++)
        count += w->nodes[i].boot_wanted || (w->nodes[i].booting && w->nodes[i].machine->state == MACHINE_RUNNING);
    return count;
}

/* ---- from the timeline ----------------------------------------------------------------------------------- */
static void look_at_adapters(void *argument)
{
    (void)argument;
    PnpLookAtAdapters();
}

void embed_lifecycle_applied(struct mpio *w, const struct topology_action *action)
{
    struct node *n = NULL;

    if (action->kind == ACTION_MACHINE && action->fault == MACHINE_BOOT) {
        n = &w->nodes[action->machine];
        if (n->machine->state == MACHINE_RUNNING)
            return; /* it has not stopped: nothing to boot */
        n->boot_wanted = true;
        world_stop(w->world);
    } else if (action->kind == ACTION_HBA && action->fault != HBA_POWER) {
        n = &w->nodes[w->topology->hbas[action->hba].machine];
        if (n->machine->state == MACHINE_RUNNING)
            nt_run_thread(n->machine, "hot plug", look_at_adapters, NULL);
    }
}

/* ---- bug checks of kernels that are gone ------------------------------------------------------------------- */
bool embed_dead_bugcheck(const struct mpio *w, unsigned *n, struct mpio_bugcheck *out, char **text)
{
    for (const struct dead_kernel *d = w->dead; d; d = d->next) {
        if (*n > 0) {
            --*n;
            continue;
        }
        if (out)
            *out = d->bugcheck;
        if (text) {
            *text = d->text ? malloc(strlen(d->text) + 1) : NULL;
            if (*text)
                strcpy(*text, d->text);
        }
        return true;
    }
    return false;
}

void embed_reboot_free(struct mpio *w)
{
    while (w->dead) {
        struct dead_kernel *d = w->dead;
        w->dead = d->next;
        free(d->text);
        free(d);
    }
}
