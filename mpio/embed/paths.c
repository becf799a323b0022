/* SPDX-License-Identifier: MIT */
/*
 * What the framework counts per LUN and path: a snapshot of every machine's control device, joined
 * with the names that the topology gives to HBAs, arrays and portals, and summed over the lives of an
 * instance that was removed and came back.
 */
#include "embed/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntddk.h>
#include <dsm.h>
#include "core/mpioctl.h"
#include "port/iscsi/iscsi_hba.h"

#define SNAPSHOT_LIMIT (10 * WORLD_SECOND)

struct request {
    struct mpio_snapshot head;
    bool tables;                    /* wanted, not only the head */
    struct mpio_snapshot *snapshot; /* malloc'ed */
    NTSTATUS status;
};

static NTSTATUS ask(PDEVICE_OBJECT control, void *out, ULONG size)
{
    IO_STATUS_BLOCK result;

    DsmSendDeviceIoControlSynchronous(IOCTL_OPENMPIO_SNAPSHOT, control, NULL, out, 0, size, TRUE, &result);
    return result.Status;
}

/* In a thread of the machine. */
static void take(void *argument)
{
    struct request *r = argument;
    UNICODE_STRING name;
    PFILE_OBJECT file;
    PDEVICE_OBJECT control;

    RtlInitUnicodeString(&name, u"\\DosDevices\\MPIOControl");
    r->status = IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &control);
    if (r->status < 0)
        return;
    r->status = ask(control, &r->head, sizeof r->head);
    if (r->tables && r->status == STATUS_BUFFER_OVERFLOW && r->head.version == MPIO_SNAPSHOT_VERSION) {
        r->snapshot = malloc(r->head.bytes);
        r->status = r->snapshot ? ask(control, r->snapshot, r->head.bytes) : STATUS_INSUFFICIENT_RESOURCES;
    }
    ObDereferenceObject(file);
}

static const char *const state_names[] = {[MPIO_INSTANCE_NEW] = "arriving",
                                          [MPIO_INSTANCE_ACTIVE] = "active",
                                          [MPIO_INSTANCE_FAILING] = "failing",
                                          [MPIO_INSTANCE_INVALIDATED] = "failed",
                                          [MPIO_INSTANCE_RECOVERING] = "recovering",
                                          [MPIO_INSTANCE_REMOVING] = "removing"};

static void name_path(const struct node *n, const struct mpio_instance_entry *e, struct mpio_path_report *p)
{
    struct iscsi_path_state session;
    struct fabric_path_info info;
    unsigned index = 0;
    struct hba *h = fabric_hbas(n->machine);

    while (h && index < e->port) {
        h = h->next;
        index++;
    }
    p->target = (uint32_t)e->bus << 8 | e->target;
    p->hba_ordinal = h ? h->ordinal : UINT32_MAX;
    if (h && fabric_path_info(h, e->target, &info))
        snprintf(p->path, sizeof p->path, "%s -> %s:%u", h->name, array_name(info.array), info.port);
    else if (h && iscsi_hba_is(h) && iscsi_hba_path_state(h, e->target, &session))
        snprintf(p->path, sizeof p->path, "%s -> %.28s", h->name, session.portal);
    else if (e->bus)
        snprintf(p->path, sizeof p->path, "%s bus %u target %u", h ? h->name : "port", e->bus, e->target);
    else
        snprintf(p->path, sizeof p->path, "%s target %u", h ? h->name : "port", e->target);
}

/* The row of one instance, by the place it has in the world: it survives removal and return. */
static struct mpio_path_report *find_row(struct mpio *w, const struct mpio_path_report *wanted)
{
    uint64_t key = index_hash(wanted->disk_index, wanted->disk, (unsigned)strlen(wanted->disk));
    uint32_t cursor = 0, i;

    key = index_hash(key, &wanted->hba_ordinal, sizeof wanted->hba_ordinal);
    key = index_hash(key, &wanted->target, sizeof wanted->target);
    while ((i = index_next(&w->path_by_place, key, &cursor)) != INDEX_NONE) {
        struct mpio_path_report *p = &w->paths[i];
        if (p->disk_index == wanted->disk_index && p->hba_ordinal == wanted->hba_ordinal &&
            p->target == wanted->target && strcmp(p->disk, wanted->disk) == 0 &&
            strcmp(p->machine, wanted->machine) == 0)
            return p;
    }
    if (w->path_count == w->path_room) {
        unsigned room = w->path_room ? w->path_room * 2 : 64;
        struct mpio_path_report *paths = realloc(w->paths, room * sizeof *paths);
        if (paths)
            w->paths = paths;
        struct mpio_counters *last = realloc(w->last, room * sizeof *last);
        if (last)
            w->last = last;
        if (!paths || !last)
            return NULL;
        w->path_room = room;
    }
    if (!index_add(&w->path_by_place, key, w->path_count))
        return NULL;
    memset(&w->last[w->path_count], 0, sizeof *w->last);
    w->paths[w->path_count] = *wanted;
    return &w->paths[w->path_count++];
}

/* The framework counts from zero when an instance comes back; what it counted before is kept. */
static void add(uint64_t *sum, uint64_t now, uint64_t *last)
{
    *sum += now >= *last ? now - *last : now;
    *last = now;
}

static void join(struct mpio *w, struct node *n, const struct mpio_snapshot *s)
{
    const struct mpio_instance_entry *e = (const void *)((const char *)s + s->instance_offset);

    for (uint32_t i = 0; i < s->instances; i++) {
        struct mpio_path_report wanted = {.disk_index = UINT32_MAX};
        snprintf(wanted.machine, sizeof wanted.machine, "%s", n->machine->name);
        if (e[i].lun != MPIO_NO_ORDINAL) {
            snprintf(wanted.disk, sizeof wanted.disk, "MPIO Disk%u", e[i].lun);
            wanted.disk_index = embed_multipath_disk(n, e[i].lun);
        }
        name_path(n, &e[i], &wanted);
        struct mpio_path_report *p = find_row(w, &wanted);
        if (!p)
            return;
        struct mpio_counters *last = &w->last[p - w->paths];
        snprintf(p->state, sizeof p->state, "%s",
                 e[i].state < sizeof state_names / sizeof *state_names ? state_names[e[i].state] : "unknown");
        add(&p->reads, e[i].counters.reads, &last->reads);
        add(&p->writes, e[i].counters.writes, &last->writes);
        add(&p->bytes, e[i].counters.bytes_read + e[i].counters.bytes_written, &last->bytes_read);
        add(&p->retries, e[i].counters.retries, &last->retries);
        add(&p->errors, e[i].counters.errors, &last->errors);
        add(&p->failovers, e[i].counters.failovers, &last->failovers);
        if (e[i].counters.longest > p->longest_stall)
            p->longest_stall = e[i].counters.longest;
    }
}

static bool call(struct node *n, struct request *r)
{
    return n->machine->state == MACHINE_RUNNING && !machine_is_paused(n->machine) && embed_call(n, "snapshot", take, r, SNAPSHOT_LIMIT);
}

unsigned embed_count_instances(struct mpio *w)
{
    unsigned count = 0;

    for (unsigned i = 0; i < w->node_count; i++) {
        struct request r = {.status = STATUS_UNSUCCESSFUL};
        if (call(&w->nodes[i], &r))
            count += r.head.instances;
    }
    return count;
}

unsigned mpio_paths(struct mpio *w)
{
    for (unsigned i = 0; i < w->path_count; i++)
        snprintf(w->paths[i].state, sizeof w->paths[i].state, "gone");
    for (unsigned i = 0; i < w->node_count; i++) {
        struct request r = {.tables = true, .status = STATUS_UNSUCCESSFUL};
        if (call(&w->nodes[i], &r) && r.snapshot)
            join(w, &w->nodes[i], r.snapshot);
        free(r.snapshot);
    }
    return w->path_count;
}

bool mpio_path_report(const struct mpio *w, unsigned index, struct mpio_path_report *report)
{
    if (index >= w->path_count)
        return false;
    *report = w->paths[index];
    return true;
}
