/* SPDX-License-Identifier: MIT */
/*
 * Start and stop of the machines: drivers in Windows' order (mpio, mpdev, disk, miniports, then the
 * DSMs), Plug and Play last, so that every DSM has registered before the first LUN arrives.
 */
#include "embed/embed.h"
#include "world/check.h"

#include <stdio.h>
#include <string.h>

#include <ntddk.h>
#include "core/mpio_core.h"
#include "disk/volume.h"
#include "pnp/pnp.h"
#include "port/sim/miniports.h"

#define LOAD_LIMIT   (60 * WORLD_SECOND) /* one DriverEntry */
#define PNP_LIMIT    (600 * WORLD_SECOND)
#define ARRIVE_LIMIT (60 * WORLD_SECOND) /* until every LUN is there */
#define ARRIVE_STEP  (50 * WORLD_MS)
#define ARRIVE_QUIET 40                  /* steps without change */
#define DRIVER_QUIET 10                  /* the same once a disk is there, when only loaded miniports know how many */
#define REFUSED_QUIET 20                 /* the same when no session came up: a second attempt has failed too */

static const struct {
    const char *service;
    PDRIVER_INITIALIZE entry;
    enum hba_kind kind; /* loaded for an HBA of this kind; HBA_DRIVER: always */
} framework[] = {
    {"mpio", MpioDriverEntry, HBA_DRIVER},        {"mpdev", MpdevDriverEntry, HBA_DRIVER},
    {"disk", DiskDriverEntry, HBA_DRIVER},        {"ompfc", FcMiniportDriverEntry, HBA_DRIVER},
    {"ompiscsi", IscsiMiniportDriverEntry, HBA_DRIVER}, {"ompsas", SasMiniportDriverEntry, HBA_SAS},
    {"ompspi", SpiMiniportDriverEntry, HBA_SPI},
};

static bool needs(const struct node *n, enum hba_kind kind)
{
    const struct hba *h = fabric_hbas(n->machine);

    while (h && h->kind != kind)
        h = h->next;
    return kind == HBA_DRIVER || h;
}

bool embed_boot_driver(const struct node *n, unsigned index, struct boot_driver *d)
{
    for (size_t f = 0; f < sizeof framework / sizeof *framework; f++) {
        if (!needs(n, framework[f].kind) || index-- != 0)
            continue;
        *d = (struct boot_driver){framework[f].service, framework[f].entry, NULL};
        return true;
    }
    if (index >= n->miniport_count + n->driver_count)
        return false;
    const struct load_driver *l = index < n->miniport_count ? &n->miniports[index] : &n->drivers[index - n->miniport_count];
    *d = (struct boot_driver){l->service, l->entry, &l->image};
    return true;
}

struct ending {
    struct world *world;
    bool done;
    int32_t status;
};

static void driver_ended(void *user, int32_t status)
{
    struct ending *e = user;

    e->done = true;
    e->status = status;
    world_stop(e->world);
}

static bool wait_for(struct node *n, struct ending *e, const char *what)
{
    uint64_t limit = world_now(e->world) + LOAD_LIMIT;

    while (!e->done && n->machine->state == MACHINE_RUNNING && world_now(e->world) < limit)
        if (world_run(e->world, limit) == WORLD_IDLE)
            break;
    if (n->machine->state != MACHINE_RUNNING)
        return embed_fail(n->world, "machine %s stopped during %s: %s", n->machine->name, what,
                          nt_bugcheck(n->machine) ? nt_bugcheck(n->machine)->text : "no bug check");
    if (!e->done) {
        machine_stop(n->machine, MACHINE_STOPPED); /* its thread still holds `e` */
        return embed_fail(n->world, "%s on machine %s did not end within %llu simulated seconds; machine stopped", what,
                          n->machine->name, (unsigned long long)(LOAD_LIMIT / WORLD_SECOND));
    }
    return true;
}

static bool start_driver(struct node *n, const struct boot_driver *d)
{
    struct ending e = {.world = n->machine->world};
    char what[96];

    snprintf(what, sizeof what, "DriverEntry of %s", d->service);
    if (!nt_load_driver(n->machine, d->service, d->entry, d->image, driver_ended, &e))
        return embed_fail(n->world, "driver %s cannot be loaded into machine %s: out of memory", d->service,
                          n->machine->name);
    if (!wait_for(n, &e, what))
        return false;
    if (e.status < 0)
        return embed_fail(n->world, "%s on machine %s failed with NTSTATUS 0x%08X", what, n->machine->name,
                          (unsigned)e.status);
    return true;
}

static bool is_miniport(const struct node *n, const char *service)
{
    for (unsigned i = 0; i < n->miniport_count; i++)
        if (n->miniports[i].service == service)
            return true;
    return false;
}

static bool start_drivers(struct node *n)
{
    struct boot_driver d;

    for (unsigned i = 0; embed_boot_driver(n, i, &d); i++) {
        if (start_driver(n, &d))
            continue;
        if (is_miniport(n, d.service))
            embed_driver_trouble(n, d.service);
        return false;
    }
    return true;
}

bool mpio_load_dsm(struct mpio *w, const char *machine, const char *file)
{
    bool found = false;

    for (unsigned i = 0; i < w->node_count; i++) {
        struct node *n = &w->nodes[i];
        if (machine && strcmp(n->machine->name, machine) != 0)
            continue;
        found = true;
        if (n->driver_count == EMBED_MAX_DSMS)
            return embed_fail(w, "machine %s: more than %u DSMs", n->machine->name, EMBED_MAX_DSMS);
        if (!load_driver_open(file, &n->drivers[n->driver_count], w->error, sizeof w->error))
            return false;
        n->driver_count++;
    }
    return found ? true : embed_fail(w, "no machine is called %s", machine ? machine : "(any)");
}

void embed_boot_pnp(void *node)
{
    embed_watch_disks(node);
    PnpBoot();
}

/* Paths that the topology promises, over all machines: LUN instances MPIO should see. */
static unsigned expected_instances(const struct mpio *w)
{
    const struct topology *t = w->topology;
    unsigned expected = 0;

    for (size_t i = 0; i < t->link_count; i++)
        for (size_t l = 0; l < t->lun_count; l++)
            if (t->luns[l].array == t->links[i].array)
                expected += t->links[i].ports * t->luns[l].count;
    return expected;
}

static bool any_disk_present(const struct mpio *w)
{
    for (unsigned i = 0; i < w->disk_count; i++)
        if (w->disks[i]->info.present)
            return true;
    return false;
}

/* A simulated world is complete when every promised instance is there. What lies behind real paths only they know:
 * there it is complete when every session is up, or refused, and has had nothing to do for a while. What loaded
 * miniports reach is complete when a disk is there and nothing has come for a while. */
static bool settle(struct mpio *w)
{
    unsigned expected = expected_instances(w), adapters = embed_driver_adapters(w), quiet = 0;
    uint64_t start = world_now(w->world), before = 0;
    struct real_state real;

    while (world_now(w->world) - start < ARRIVE_LIMIT && quiet < ARRIVE_QUIET) {
        if (!mpio_run(w, ARRIVE_STEP))
            return false;
        unsigned instances = embed_count_instances(w);
        embed_real_state(w, &real);
        uint64_t now = instances + w->disk_count + real.commands;
        quiet = now == before && real.undecided == 0 ? quiet + 1 : 0;
        before = now;
        if (instances >= expected && real.up == real.paths && quiet >= (adapters > 0 ? DRIVER_QUIET : 2) &&
            (expected + real.paths + adapters == 0 || any_disk_present(w)))
            break;
        if (expected + adapters == 0 && real.paths > 0 && real.up == 0 && quiet >= REFUSED_QUIET)
            break;
    }
    if (any_disk_present(w) || expected + real.paths + adapters == 0)
        return true;
    embed_fail(w, "no disk arrived within %.1f seconds%s", (double)(world_now(w->world) - start) / WORLD_SECOND,
               expected + adapters > 0 || real.up > 0 ? "; is the array on MPIO's and the DSM's device lists?" : ":");
    embed_real_trouble(w, w->error, sizeof w->error);
    return false;
}

bool mpio_boot(struct mpio *w)
{
    for (unsigned i = 0; i < w->node_count; i++) {
        load_attach(w->nodes[i].machine);
        if (!start_drivers(&w->nodes[i]))
            return false;
    }
    for (unsigned i = 0; i < w->node_count; i++)
        if (!embed_call(&w->nodes[i], "PnP", embed_boot_pnp, &w->nodes[i], PNP_LIMIT) || !embed_check_adapters(&w->nodes[i]))
            return false;
    return settle(w);
}

static void shutdown_thread(void *argument)
{
    (void)argument;
    PnpShutdown();
}

/* Nothing to do on a machine that has stopped meanwhile. */
static bool unload(struct node *n, const char *service)
{
    struct ending e = {.world = n->machine->world};
    char what[96];

    if (n->machine->state != MACHINE_RUNNING)
        return true;
    snprintf(what, sizeof what, "DriverUnload of %s", service);
    nt_unload_driver(n->machine, service, driver_ended, &e);
    return wait_for(n, &e, what);
}

bool mpio_shutdown(struct mpio *w)
{
    bool ok = true;

    for (uint64_t limit = world_now(w->world) + PNP_LIMIT; embed_booting(w) > 0 && world_now(w->world) < limit;)
        if (!mpio_run(w, ARRIVE_STEP))
            return false;
    for (unsigned i = 0; i < w->node_count; i++) {
        struct node *n = &w->nodes[i];
        if (n->machine->state != MACHINE_RUNNING)
            continue;
        ok = embed_call(n, "PnP shutdown", shutdown_thread, NULL, PNP_LIMIT) && ok;
        for (unsigned d = n->driver_count; d-- > 0;)
            ok = unload(n, n->drivers[d].service) && ok;
        for (unsigned d = n->miniport_count; d-- > 0;)
            ok = unload(n, n->miniports[d].service) && ok;
        check_unloaded(n->machine);
    }
    return ok;
}
