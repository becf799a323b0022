/* SPDX-License-Identifier: MIT */
/*
 * A topology as a short text for people (`mpio check-topology`): machines with their HBAs and what
 * each target id leads to, arrays with their LUNs, load, timeline. Pure function of the topology.
 */
#include <stdio.h>

#include "world/topology_private.h"

static const char *const kind_names[] = {"fc", "iscsi", "sas", "spi"};
static const char *const access_names[] = {"symmetric", "implicit ALUA", "explicit ALUA",
                                           "implicit and explicit ALUA", "active/passive"};
static const char *const media_names[] = {"memory", "file", "null"};

static void print_size(struct buffer *out, uint64_t bytes)
{
    static const char suffixes[] = "\0KMGT";
    unsigned i = 0;

    while (i < 4 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    buffer_printf(out, "%llu%.1s", (unsigned long long)bytes, suffixes + i);
}

static void print_time(struct buffer *out, const char *before, uint64_t time)
{
    char text[32];

    topology_time_text(time, text, sizeof text);
    buffer_printf(out, "%s%s", before, text);
}

static void print_link(const struct topology *t, const struct topology_link *link, struct buffer *out)
{
    const struct topology_array *array = &t->arrays[link->array];

    for (uint32_t i = 0; i < link->ports; i++) {
        uint32_t port = link->port + i;

        buffer_printf(out, "      target %-3u --- %s port %u (controller %u)", link->first_target + i,
                      array->object.name, port, port / array->ports_per_controller);
        print_time(out, ", latency ", link->latency);
        if (link->jitter != 0)
            print_time(out, " + up to ", link->jitter);
        if (link->ns_per_kib != 0)
            buffer_printf(out, ", %llu ns per KiB", (unsigned long long)link->ns_per_kib);
        if (link->fabric != NULL)
            buffer_printf(out, ", fabric %s", link->fabric);
        buffer_append_text(out, "\n");
    }
}

static void print_path(const struct topology_path *path, struct buffer *out)
{
    buffer_printf(out, "      path %s --- %s at %s", path->object.name, path->target, path->portal);
    if (path->user != NULL)
        buffer_printf(out, ", %sCHAP as %s", path->target_user != NULL ? "mutual " : "", path->user);
    print_time(out, ", timeout ", path->timeout);
    buffer_append_text(out, "\n");
}

static void print_driver(const struct topology_hba *hba, struct buffer *out)
{
    buffer_printf(out, "   hba %s: driver %s", hba->object.name, hba->file);
    if (hba->service != NULL)
        buffer_printf(out, ", service %s", hba->service);
    buffer_printf(out, ", %u adapter%s\n", hba->adapters, hba->adapters == 1 ? "" : "s");
    for (size_t i = 0; i < hba->parameters.count; i++)
        buffer_printf(out, "      parameter %s = %u\n", hba->parameters.item[i].name, hba->parameters.item[i].value);
}

static void print_hba(const struct topology *t, size_t index, struct buffer *out)
{
    const struct topology_hba *hba = &t->hbas[index];

    if (hba->kind == HBA_DRIVER) {
        print_driver(hba, out);
        return;
    }
    buffer_printf(out, "   hba %s: %s, initiator %s, queue depth %u", hba->object.name,
                  kind_names[hba->kind], hba->initiator, hba->queue_depth);
    if (hba->personality != NULL)
        buffer_printf(out, ", personality %s (%s)", hba->personality->name, hba->personality->description);
    if (!hba->tagged)
        buffer_append_text(out, ", untagged");
    if (hba->fabric != NULL)
        buffer_printf(out, ", fabric %s", hba->fabric);
    if (hba->ns_per_kib != 0)
        buffer_printf(out, ", %llu ns per KiB", (unsigned long long)hba->ns_per_kib);
    print_time(out, ", link-down ", hba->link_down_time);
    print_time(out, ", dev-loss ", hba->dev_loss_time);
    buffer_append_text(out, "\n");
    for (size_t i = 0; i < t->link_count; i++)
        if (t->links[i].hba == index)
            print_link(t, &t->links[i], out);
    for (size_t i = 0; i < t->path_count; i++)
        if (t->paths[i].hba == index)
            print_path(&t->paths[i], out);
}

static void print_machine(const struct topology *t, size_t index, struct buffer *out)
{
    const struct topology_machine *machine = &t->machines[index];

    buffer_printf(out, "machine %s: %u CPUs", machine->object.name, machine->cpus);
    if (machine->os != NULL)
        buffer_printf(out, ", %s", machine->os);
    buffer_append_text(out, "\n");
    for (size_t i = 0; i < machine->registry.count; i++)
        buffer_printf(out, "   registry %s\n", machine->registry.text[i]);
    for (size_t i = 0; i < machine->parameters.count; i++)
        buffer_printf(out, "   parameter %s = %u\n", machine->parameters.item[i].name,
                      machine->parameters.item[i].value);
    for (size_t i = 0; i < machine->claims.count; i++)
        buffer_printf(out, "   claims \"%s\"\n", machine->claims.text[i]);
    for (size_t i = 0; i < t->hba_count; i++)
        if (t->hbas[i].machine == index)
            print_hba(t, i, out);
    for (size_t i = 0; i < t->path_count; i++)
        if (t->paths[i].machine == index && t->paths[i].hba == TOPOLOGY_NONE)
            print_path(&t->paths[i], out);
}

static void print_lun(const struct topology_lun *lun, struct buffer *out)
{
    buffer_printf(out, "   lun %s: number %u", lun->object.name, lun->number);
    if (lun->count != 1)
        buffer_printf(out, " to %u", lun->number + lun->count - 1);
    buffer_append_text(out, ", ");
    print_size(out, lun->size);
    buffer_printf(out, ", %u-byte blocks, %s", lun->block_size, media_names[lun->media]);
    if (lun->file != NULL)
        buffer_printf(out, " %s", lun->file);
    if (lun->owner != TOPOLOGY_OWNER_SPREAD)
        buffer_printf(out, ", owner %u", lun->owner);
    buffer_append_text(out, lun->read_only ? ", read-only\n" : "\n");
}

static void print_array(const struct topology *t, size_t index, struct buffer *out)
{
    const struct topology_array *array = &t->arrays[index];

    buffer_printf(out, "array %s: \"%-8s%-16s\" %s, %s, %u controllers with %u ports each, naa %llx\n",
                  array->object.name, array->vendor, array->product, array->revision,
                  access_names[array->access], array->controllers, array->ports_per_controller,
                  (unsigned long long)array->naa);
    for (size_t i = 0; i < t->lun_count; i++)
        if (t->luns[i].array == index)
            print_lun(&t->luns[i], out);
}

static void print_load(const struct topology *t, const struct topology_load *load, struct buffer *out)
{
    buffer_printf(out, "load %s: %s on LUNs %s, %u%% reads, queue depth %u, I/O size ",
                  load->object.name, t->machines[load->machine].object.name, load->lun,
                  load->read_percent, load->queue_depth);
    print_size(out, load->io_size);
    if (load->rate != 0)
        buffer_printf(out, ", %u per second", load->rate);
    if (load->span != 0) {
        buffer_append_text(out, ", first ");
        print_size(out, load->span);
    }
    buffer_append_text(out, "\n");
}

static void print_cluster(const struct topology_cluster *c, struct buffer *out)
{
    buffer_printf(out, "cluster %s: LUNs %s, %s, Write Exclusive - %s, shared by ", c->object.name, c->load.lun,
                  c->mode == 0 ? "failover" : "active", c->type == 0 ? "Registrants Only" : "All Registrants");
    for (size_t i = 0; i < c->machines.count; i++)
        buffer_printf(out, "%s%s", i != 0 ? ", " : "", c->machines.text[i]);
    print_time(out, c->machines.count != 0 ? "; dead after " : "every machine; dead after ", c->timeout);
    buffer_printf(out, "; %u%% reads, queue depth %u, I/O size ", c->load.read_percent, c->load.queue_depth);
    print_size(out, c->load.io_size);
    buffer_append_text(out, "\n");
}

void topology_describe(const struct topology *t, struct buffer *out)
{
    if (t->seed_given)
        buffer_printf(out, "world: seed %llu\n", (unsigned long long)t->seed);
    for (size_t i = 0; i < t->machine_count; i++)
        print_machine(t, i, out);
    for (size_t i = 0; i < t->array_count; i++)
        print_array(t, i, out);
    for (size_t i = 0; i < t->load_count; i++)
        print_load(t, &t->loads[i], out);
    for (size_t i = 0; i < t->cluster_count; i++)
        print_cluster(&t->clusters[i], out);
    if (t->action_count != 0)
        buffer_append_text(out, "timeline:\n");
    for (size_t i = 0; i < t->action_count; i++) {
        char time[32], text[160];

        topology_time_text(t->actions[i].time, time, sizeof time);
        topology_action_text(t, &t->actions[i], text, sizeof text);
        buffer_printf(out, "   %8s  %s\n", time, text);
    }
}
