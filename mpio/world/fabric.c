/* SPDX-License-Identifier: MIT */
/*
 * The simulated fabric: HBAs of a machine, their targets, and what can be asked about them. Commands
 * travel in fabric_command.c, links fail in fabric_link.c. Runs in the world's loop or between runs;
 * allocates when HBAs and paths are made, never later.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/fabric_private.h"

/* The head of a machine's list of HBAs: all that the fabric keeps at a machine. */
static struct hba **list_head(struct machine *m)
{
    return (struct hba **)&m->root[ROOT_FABRIC];
}

struct hba *fabric_hbas(struct machine *m)
{
    return *list_head(m);
}

struct hba *fabric_find_hba(struct machine *m, const char *name)
{
    struct hba *h = fabric_hbas(m);

    while (h != NULL && strcmp(h->name, name) != 0)
        h = h->next;
    return h;
}

static unsigned count_hbas(struct world *w)
{
    unsigned count = 0;

    for (struct machine *m = world_machines(w); m != NULL; m = m->next)
        for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next)
            count++;
    return count;
}

void fabric_add_hba(struct machine *m, struct hba *h)
{
    struct hba **end = list_head(m);

    h->world = m->world;
    h->machine = m;
    if (h->personality == NULL)
        h->personality = hba_plain_personality(h->kind);
    h->ordinal = count_hbas(m->world);
    h->next = NULL;
    while (*end != NULL)
        end = &(*end)->next;
    *end = h;
}

void fabric_destroy_hbas(struct machine *m)
{
    while (fabric_hbas(m) != NULL) {
        struct hba **last = list_head(m), *h;

        while ((*last)->next != NULL)
            last = &(*last)->next;
        h = *last;
        *last = NULL;
        h->operations->destroy(h);
    }
}

struct fabric_hba *fabric_hba_of(const struct hba *h)
{
    assert(h->operations == &fabric_operations);
    return (struct fabric_hba *)(uintptr_t)h; /* hba is the first member */
}

void fabric_interrupt(struct fabric_hba *f, void (*routine)(void *), void *argument)
{
    struct machine *m = f->hba.machine;

    if (m->operations != NULL && m->operations->interrupt != NULL)
        m->operations->interrupt(m, routine, argument);
    else
        routine(argument); /* a machine without a kernel: nothing to raise */
}

static bool target_present(struct hba *h, uint32_t target)
{
    return target < h->targets && fabric_hba_of(h)->path[target]->state != PATH_GONE;
}

static void destroy(struct hba *h)
{
    struct fabric_hba *f = fabric_hba_of(h);

    for (uint32_t target = 0; target < h->targets; target++) {
        struct fabric_path *p = f->path[target];

        fabric_forget_commands(p);
        fabric_drop_orphans(p);
        if (p->state != PATH_GONE)
            array_logout(p->nexus);
        fabric_net_release(p->net);
        fabric_array_release(p->shared);
        free(p);
    }
    world_cancel(h->world, &f->notice);
    fabric_net_release(f->net);
    free(f);
}

const struct hba_operations fabric_operations = {
    .submit = fabric_submit,
    .reset_lun = fabric_reset_lun,
    .reset_target = fabric_reset_target,
    .reset_bus = fabric_reset_bus,
    .target_present = target_present,
    .link = fabric_link,
    .destroy = destroy,
};

struct hba *fabric_create_hba(struct machine *m, const struct fabric_hba_config *config)
{
    struct fabric_hba *f;

    if (strlen(config->name) >= sizeof f->hba.name ||
        strlen(config->initiator) >= sizeof f->hba.initiator ||
        fabric_find_hba(m, config->name) != NULL)
        return NULL;
    f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    if (config->fabric != NULL && (f->net = fabric_net_use(m->world, config->fabric)) == NULL) {
        free(f);
        return NULL;
    }
    f->hba.operations = &fabric_operations;
    f->hba.kind = config->kind;
    f->hba.personality = config->personality != NULL ? config->personality : hba_plain_personality(config->kind);
    f->untagged = config->untagged || f->hba.personality->untagged;
    f->hba.queue_depth = f->untagged ? 1 : config->queue_depth != 0 ? config->queue_depth : FABRIC_QUEUE_DEPTH;
    strcpy(f->hba.name, config->name);
    strcpy(f->hba.initiator, config->initiator);
    f->cable_up = f->powered = true;
    f->wire.ns_per_kib = config->ns_per_kib;
    f->notice.run = fabric_notice;
    f->notice.machine = m;
    f->link_down_time = config->link_down_time;
    f->dev_loss_time = config->dev_loss_time;
    if (f->dev_loss_time < f->link_down_time)
        f->dev_loss_time = f->link_down_time;
    fabric_add_hba(m, &f->hba);
    return &f->hba;
}

struct fabric_path *fabric_next_path(struct world *w, const struct fabric_path *after)
{
    uint32_t target = after != NULL ? after->target + 1 : 0;
    struct hba *h = after != NULL ? &after->hba->hba : NULL;
    struct machine *m = h != NULL ? h->machine : world_machines(w);

    for (; m != NULL; m = m->next, h = NULL) {
        for (h = h != NULL ? h : fabric_hbas(m); h != NULL; h = h->next, target = 0)
            if (h->operations == &fabric_operations && target < h->targets)
                return fabric_hba_of(h)->path[target];
    }
    return NULL;
}

/* A parallel SCSI bus has two initiators at most: with the target, that is what one bus survives. */
static bool bus_is_full(const struct fabric_hba *f, const struct fabric_array *shared, unsigned port)
{
    const struct fabric_hba *seen[FABRIC_BUS_INITIATORS];
    unsigned count = 0;

    if (f->hba.kind != HBA_SPI)
        return false;
    for (struct fabric_path *p = fabric_next_path(f->hba.world, NULL); p != NULL; p = fabric_next_path(f->hba.world, p)) {
        bool known = p->hba == f || p->shared != shared || p->port != port;

        for (unsigned i = 0; i < count; i++)
            known = known || seen[i] == p->hba;
        if (!known && count + 1 == FABRIC_BUS_INITIATORS)
            return true;
        if (!known)
            seen[count++] = p->hba;
    }
    return false;
}

/* Faster or slower than told before, for everybody who uses the port. */
static void set_port_bandwidth(struct fabric_path *p, uint64_t ns_per_kib)
{
    struct world *w = p->hba->hba.world;

    p->shared->port[p->port].ns_per_kib = ns_per_kib;
    for (struct fabric_path *q = fabric_next_path(w, NULL); q != NULL; q = fabric_next_path(w, q))
        if (q->shared == p->shared && q->port == p->port)
            fabric_update_direct(q);
}

static struct fabric_path *create_path(struct fabric_hba *f, const struct fabric_path_config *config)
{
    struct fabric_path *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->shared = fabric_array_use(f->hba.world, config->array);
    if (p->shared == NULL) {
        free(p);
        return NULL;
    }
    p->net = f->net;
    if (config->fabric != NULL)
        p->net = fabric_net_use(f->hba.world, config->fabric);
    else if (p->net != NULL)
        p->net->users++;
    p->hba = f;
    p->target = f->hba.targets;
    p->array = config->array;
    p->port = config->port;
    p->controller = array_controller_of_port(config->array, config->port);
    p->latency = config->latency;
    p->jitter = config->jitter;
    p->wire.ns_per_kib = config->ns_per_kib;
    p->link_up = true;
    p->controller_up = array_controller_is_up(config->array, p->controller);
    p->service.run = fabric_service;
    p->comeback.run = fabric_comeback;
    p->service.machine = p->comeback.machine = f->hba.machine;
    fabric_echo_init(p);
    fabric_list_init(&p->outstanding);
    fabric_list_init(&p->finished);
    p->state = PATH_GONE;
    return p;
}

static int drop_path(struct fabric_path *p)
{
    fabric_net_release(p->net);
    fabric_array_release(p->shared);
    free(p);
    return -1;
}

int fabric_connect(struct hba *h, const struct fabric_path_config *config)
{
    struct fabric_hba *f = fabric_hba_of(h);
    struct fabric_path *p;

    if (h->targets == HBA_MAX_TARGETS || config->port >= array_ports(config->array))
        return -1;
    p = create_path(f, config);
    if (p == NULL)
        return -1;
    if (bus_is_full(f, p->shared, p->port) || (config->fabric != NULL && p->net == NULL))
        return drop_path(p);
    if (fabric_path_should_be_up(p)) {
        p->nexus = array_login(p->array, p->port, h->initiator);
        if (p->nexus == NULL)
            return drop_path(p);
        p->state = PATH_UP;
    }
    /* A miniport that listens already has scanned already; one that comes later will find it. */
    p->told_up = p->told_present = h->on_event == NULL && p->state == PATH_UP;
    f->path[h->targets++] = p;
    if (config->port_ns_per_kib != 0)
        set_port_bandwidth(p, config->port_ns_per_kib);
    fabric_update_direct(p);
    if (h->on_event != NULL)
        fabric_schedule_service(p, true);
    return (int)p->target;
}

void fabric_inject(struct hba *h, uint32_t target, enum fabric_fault fault, unsigned count,
                   uint64_t value)
{
    struct fabric_path *p;

    assert(target < h->targets && (unsigned)fault < FABRIC_FAULT_KINDS);
    p = fabric_hba_of(h)->path[target];
    p->fault_count[fault] = count;
    p->fault_value[fault] = value;
    fabric_update_direct(p);
}

bool fabric_path_info(const struct hba *h, uint32_t target, struct fabric_path_info *info)
{
    const struct fabric_path *p;

    if (h->operations != &fabric_operations || target >= h->targets)
        return false;
    p = fabric_hba_of(h)->path[target];
    *info = (struct fabric_path_info){
        .array = p->array,
        .port = p->port,
        .controller = p->controller,
        .up = p->state == PATH_UP,
        .commands = p->commands,
        .lost = p->lost,
    };
    return true;
}
