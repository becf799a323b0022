/* SPDX-License-Identifier: MIT */
/*
 * Topology -> world: arrays with their LUNs, machines with their kernels and registries, HBAs with
 * their links or iSCSI sessions. Nothing runs yet when this returns.
 */
#include "embed/embed.h"
#include "world/build_array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MPDEV_KEY       "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\MPDEV"
#define REGISTRY_LIMIT  (16u * 1024 * 1024)

static bool build_array(struct mpio *w, size_t index)
{
    struct text_error error;

    w->arrays[index] = world_build_array(w->world, w->topology, index, &error);
    if (!w->arrays[index])
        return embed_fail(w, "%s", error.message);
    array_checksum(w->arrays[index], true);
    return true;
}

/* The ids that the machine's MPIO takes: those the topology claims, else every array it knows. */
static void fill_device_list(struct mpio *w, const struct topology_machine *t, struct machine *m)
{
    char id[32];

    for (size_t i = 0; i < t->claims.count; i++)
        nt_registry_add_multi(m, MPDEV_KEY, "MPIOSupportedDeviceList", t->claims.text[i]);
    if (t->claims.count > 0)
        return;
    for (size_t i = 0; i < w->topology->array_count; i++) {
        snprintf(id, sizeof id, "%-8.8s%-16.16s", w->topology->arrays[i].vendor, w->topology->arrays[i].product);
        nt_registry_add_multi(m, MPDEV_KEY, "MPIOSupportedDeviceList", id);
    }
    if (w->topology->path_count > 0)
        nt_registry_add_multi(m, MPDEV_KEY, "MPIOSupportedDeviceList", "MSFT2005iSCSIBusType_0x9");
}

static bool load_registry(struct mpio *w, struct machine *m, const char *file)
{
    struct text_error error;
    size_t length = 0;
    char *text = host_read_file(file, REGISTRY_LIMIT, &length);

    if (!text)
        return embed_fail(w, "machine %s: registry file: %s", m->name, host_error());
    bool ok = nt_registry_load(m, file, text, length, &error);
    free(text);
    if (!ok)
        text_error_format(&error, w->error, sizeof w->error);
    return ok;
}

static void driver_message(void *user, const char *component, unsigned level, const char *text)
{
    const struct node *n = user;

    (void)level;
    n->world->options.message(n->world->options.user, n->machine->name, component, text);
}

bool embed_create_kernel(struct node *n)
{
    const struct mpio_options *o = &n->world->options;
    struct nt_options options = {.os_major = o->os_major, .os_minor = o->os_minor, .os_build = o->os_build};
    const char *why = NULL;

    if (!nt_create(n->machine, &options, &why))
        return embed_fail(n->world, "machine %s: %s", n->machine->name, why);
    if (o->message)
        nt_on_message(n->machine, driver_message, n);
    return true;
}

static bool build_machine(struct mpio *w, size_t index)
{
    const struct topology_machine *t = &w->topology->machines[index];
    struct node *n = &w->nodes[w->node_count];

    n->world = w;
    n->machine = machine_create(w->world, t->object.name, t->cpus);
    if (!n->machine)
        return embed_fail(w, "machine %s: out of memory", t->object.name);
    w->node_count++;
    if (!embed_create_kernel(n))
        return false;
    for (size_t i = 0; i < t->parameters.count; i++)
        nt_registry_set_dword(n->machine, EMBED_MPIO_PARAMETERS, t->parameters.item[i].name, t->parameters.item[i].value);
    fill_device_list(w, t, n->machine);
    n->default_claims = t->claims.count == 0 && t->registry.count == 0;
    for (size_t i = 0; i < t->registry.count; i++)
        if (!load_registry(w, n->machine, t->registry.text[i]))
            return false;
    return true;
}

static bool build_simulated_hba(struct mpio *w, size_t index)
{
    const struct topology_hba *t = &w->topology->hbas[index];
    struct fabric_hba_config config = {
        .name = t->object.name,
        .initiator = t->initiator,
        .kind = t->kind,
        .queue_depth = t->queue_depth,
        .link_down_time = t->link_down_time,
        .dev_loss_time = t->dev_loss_time,
        .ns_per_kib = t->ns_per_kib,
        .fabric = t->fabric,
        .untagged = !t->tagged,
        .personality = t->personality,
    };
    struct hba *h = fabric_create_hba(w->nodes[t->machine].machine, &config);
    if (!h)
        return embed_fail(w, "hba %s: out of memory", t->object.name);

    for (size_t i = 0; i < w->topology->link_count; i++) {
        const struct topology_link *link = &w->topology->links[i];
        if (link->hba != index)
            continue;
        for (uint32_t p = 0; p < link->ports; p++) {
            struct fabric_path_config path = {
                .array = w->arrays[link->array],
                .port = link->port + p,
                .latency = link->latency,
                .jitter = link->jitter,
                .ns_per_kib = link->ns_per_kib,
                .port_ns_per_kib = w->topology->arrays[link->array].port_ns_per_kib,
                .fabric = link->fabric,
            };
            if (fabric_connect(h, &path) < 0)
                return embed_fail(w, "link %s: hba %s takes no more targets", link->object.name, t->object.name);
        }
    }
    return true;
}

bool embed_build(struct mpio *w)
{
    const struct topology *t = w->topology;
    struct text_error error;
    struct scenario_objects objects;
    struct world_options options = {
        .seed = w->options.seed ? w->options.seed : t->seed_given ? t->seed : 1,
        .clock = t->path_count > 0 ? WORLD_CLOCK_HOST : WORLD_CLOCK_VIRTUAL,
        .explore = w->options.explore,
        .trace_records = w->options.trace_records,
    };

    if (t->machine_count == 0)
        return embed_fail(w, "%s: no [machine] section: nobody would run a DSM", w->topology_name);
    if (t->machine_count > EMBED_MAX_MACHINES)
        return embed_fail(w, "%zu machines; at most %u", t->machine_count, EMBED_MAX_MACHINES);
    w->world = world_create(&options);
    w->arrays = calloc(t->array_count + 1, sizeof *w->arrays);
    if (!w->world || !w->arrays)
        return embed_fail(w, "out of memory while building the world");
    trace_emit(w->world, NULL, TRACE_RUN, options.seed, 0, 0, 0);
    embed_watch_trace(w);
    for (size_t i = 0; i < t->array_count; i++)
        if (!build_array(w, i))
            return false;
    for (size_t i = 0; i < t->machine_count; i++)
        if (!build_machine(w, i))
            return false;
    for (size_t i = 0; i < t->hba_count; i++)
        if (!(t->hbas[i].kind == HBA_DRIVER ? embed_build_driver_hba(w, i)
              : t->hbas[i].real             ? embed_build_real_hba(w, i) != NULL
                                            : build_simulated_hba(w, i)))
            return false;
    if (!embed_build_own_hbas(w))
        return false;
    if (t->action_count > 0) {
        embed_lookups(w, &objects);
        w->scenario = scenario_start(w->world, t, t->actions, t->action_count, &objects, &error);
        if (!w->scenario) {
            text_error_format(&error, w->error, sizeof w->error);
            return false;
        }
    }
    return true;
}

void embed_dismantle(struct mpio *w)
{
    embed_drop_faults(w);
    embed_reboot_free(w);
    if (w->scenario)
        scenario_stop(w->scenario);
    embed_clusters_free(w);
    for (unsigned i = 0; i < w->disk_count; i++) {
        embed_stream_free(w->disks[i]);
        free(w->disks[i]);
    }
    free(w->disks);
    index_free(&w->disk_by_identifier);
    index_free(&w->disk_by_device);
    index_free(&w->disk_by_number);
    for (unsigned i = 0; i < w->node_count; i++)
        fabric_destroy_hbas(w->nodes[i].machine); /* paths log out of their arrays */
    for (size_t i = 0; w->arrays && i < w->topology->array_count; i++)
        if (w->arrays[i])
            array_destroy(w->arrays[i]);
    free(w->arrays);
    if (w->world)
        world_destroy(w->world);
    for (unsigned i = 0; i < w->node_count; i++) {
        for (unsigned d = 0; d < w->nodes[i].driver_count; d++)
            load_driver_close(&w->nodes[i].drivers[d]);
        for (unsigned d = 0; d < w->nodes[i].miniport_count; d++)
            load_driver_close(&w->nodes[i].miniports[d]);
    }
}

static struct hba *find_hba(void *user, const char *name)
{
    struct mpio *w = user;

    for (unsigned i = 0; i < w->node_count; i++) {
        struct hba *h = fabric_find_hba(w->nodes[i].machine, name);
        if (h)
            return h;
    }
    return NULL;
}

static struct array *find_array(void *user, const char *name)
{
    struct mpio *w = user;

    for (size_t i = 0; i < w->topology->array_count; i++)
        if (strcmp(w->topology->arrays[i].object.name, name) == 0)
            return w->arrays[i];
    return NULL;
}

static struct machine *find_machine(void *user, const char *name)
{
    struct node *n = embed_node(user, name);

    return n ? n->machine : NULL;
}

void embed_lookups(struct mpio *w, struct scenario_objects *objects)
{
    *objects = (struct scenario_objects){.hba = find_hba, .array = find_array, .machine = find_machine,
                                         .applied = embed_fault_applied, .user = w};
}
