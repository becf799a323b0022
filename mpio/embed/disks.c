/* SPDX-License-Identifier: MIT */
/*
 * The disks of all machines in order of arrival, and single I/Os on them. The class driver tells of
 * disks that start or leave; I/O enters the machine either from inside (a completion) or through an
 * event at DISPATCH_LEVEL.
 */
#include "embed/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ntddk.h>
#include "disk/volume.h"
#include "world/check.h"

/* What mpio_io.private_area holds while the I/O is out. */
struct submission {
    DISK_IO io;
    struct event event;
    struct disk *disk;
    bool out;
};
_Static_assert(sizeof(struct submission) <= sizeof(((struct mpio_io *)0)->private_area), "private_area is too small");

static uint64_t number_key(const struct node *n, uint32_t number)
{
    return (uint64_t)n->machine->ordinal << 32 | number;
}

/* The entry of a disk that comes back, or a new one. INDEX_NONE: out of memory. */
static uint32_t find_or_add(struct node *n, const DISK_INFO *info)
{
    struct mpio *w = n->world;
    uint64_t key = index_hash(n->machine->ordinal, info->Identifier, (unsigned)strlen(info->Identifier));
    uint32_t cursor = 0, i;

    while ((i = index_next(&w->disk_by_identifier, key, &cursor)) != INDEX_NONE)
        if (w->disks[i]->node == n && !w->disks[i]->device && strcmp(w->disks[i]->identifier, info->Identifier) == 0 &&
            w->disks[i]->info.multipath == info->Multipath)
            return i;
    if (w->disk_count == w->disk_room) {
        unsigned room = w->disk_room ? 2 * w->disk_room : 64;
        struct disk **more = realloc(w->disks, room * sizeof *more);
        if (!more)
            return INDEX_NONE;
        w->disks = more;
        w->disk_room = room;
    }
    struct disk *d = calloc(1, sizeof *d);
    if (!d || !index_add(&w->disk_by_identifier, key, w->disk_count)) {
        free(d);
        return INDEX_NONE;
    }
    d->node = n;
    w->disks[w->disk_count] = d;
    return w->disk_count++;
}

unsigned embed_multipath_disk(const struct node *n, uint32_t number)
{
    return index_first(&n->world->disk_by_number, number_key(n, number));
}

static void disk_changed(void *context, PDEVICE_OBJECT device, BOOLEAN arrived)
{
    struct node *n = context;
    struct mpio *w = n->world;
    struct disk *d;
    DISK_INFO info;
    uint32_t i;

    if (!arrived) {
        i = index_first(&w->disk_by_device, (uintptr_t)device);
        if (i == INDEX_NONE || w->disks[i]->device != device)
            return;
        d = w->disks[i];
        d->device = NULL;
        d->info.present = false;
        embed_stream_disk_changed(d);
        return;
    }
    DiskQuery(device, &info);
    i = find_or_add(n, &info);
    if (i == INDEX_NONE || !index_set(&w->disk_by_device, (uintptr_t)device, i) ||
        (info.Multipath && !index_set(&w->disk_by_number, number_key(n, info.MultipathNumber), i)))
        return; /* out of memory: the disk is not offered */
    d = w->disks[i];
    d->device = device;
    d->multipath_number = info.MultipathNumber;
    snprintf(d->identifier, sizeof d->identifier, "%s", info.Identifier);
    snprintf(d->info.machine, sizeof d->info.machine, "%s", n->machine->name);
    snprintf(d->info.name, sizeof d->info.name, info.Multipath ? "MPIO Disk%u" : "Disk%u",
             info.Multipath ? (unsigned)info.MultipathNumber : (unsigned)info.Number);
    snprintf(d->info.serial, sizeof d->info.serial, "%s", info.Serial);
    snprintf(d->info.vendor, sizeof d->info.vendor, "%s", info.Vendor);
    snprintf(d->info.product, sizeof d->info.product, "%s", info.Product);
    d->info.block_size = info.BlockSize;
    d->info.blocks = info.Blocks;
    d->info.multipath = info.Multipath;
    d->info.present = true;
    embed_stream_disk_changed(d);
}

void embed_watch_disks(struct node *n)
{
    DiskObserve(disk_changed, n);
}

void embed_disks_lost(struct node *n)
{
    struct mpio *w = n->world;

    for (unsigned i = 0; i < w->disk_count; i++) {
        struct disk *d = w->disks[i];
        if (d->node != n)
            continue;
        d->device = NULL;
        d->info.present = false;
        if (d->stream)
            stream_machine_lost(d->stream);
    }
}

unsigned mpio_disks(const struct mpio *w)
{
    return w->disk_count;
}

bool mpio_disk_info(const struct mpio *w, unsigned disk, struct mpio_disk_info *info)
{
    if (disk >= w->disk_count)
        return false;
    *info = w->disks[disk]->info;
    return true;
}

static void done(DISK_IO *below)
{
    struct mpio_io *io = below->User;
    struct submission *s = (struct submission *)io->private_area;

    if (!s->out) {
        check_report(s->disk->node->machine->world, s->disk->node->machine, CHECK_IO, s->disk->multipath_number, io->lba,
                     "a request to %s at block %llu ended a second time", s->disk->info.name,
                     (unsigned long long)io->lba);
        return;
    }
    s->out = false;
    io->status = below->Status;
    io->information = (uint32_t)below->Information;
    io->scsi_status = below->ScsiStatus;
    memcpy(io->sense, below->Sense, sizeof io->sense);
    io->completed = world_now(world_fibre->world);
    io->done(io);
}

static void submit(struct submission *s)
{
    if (s->disk->device) {
        DiskSubmit(s->disk->device, &s->io);
    } else {
        s->io.Status = STATUS_NO_SUCH_DEVICE;
        s->io.Information = 0;
        s->io.ScsiStatus = 0;
        memset(s->io.Sense, 0, sizeof s->io.Sense);
        done(&s->io);
    }
}

static void submit_event(struct event *e)
{
    struct submission *s = CONTAINING_RECORD(e, struct submission, event);
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    submit(s);
    KeLowerIrql(irql);
}

void embed_forget_io(struct mpio *w, struct mpio_io *io)
{
    struct submission *s = (struct submission *)io->private_area;

    world_cancel(w->world, &s->event);
}

bool mpio_submit(struct mpio *w, unsigned disk, struct mpio_io *io)
{
    static const DISK_OPERATION operation[] = {[MPIO_READ] = DiskRead,
                                               [MPIO_WRITE] = DiskWrite,
                                               [MPIO_WRITE_FUA] = DiskWriteThrough,
                                               [MPIO_FLUSH] = DiskFlush,
                                               [MPIO_SCSI] = DiskScsi};
    struct submission *s = (struct submission *)io->private_area;

    if (disk >= w->disk_count)
        return embed_fail(w, "there is no disk %u (%u disks)", disk, w->disk_count);
    if ((unsigned)io->operation > MPIO_SCSI)
        return embed_fail(w, "mpio_io.operation %d is not one", (int)io->operation);
    s->disk = w->disks[disk];
    s->out = true;
    s->event.heap = 0;
    s->io.Operation = operation[io->operation];
    s->io.Lba = io->lba;
    s->io.Blocks = io->blocks;
    s->io.Buffer = io->buffer;
    s->io.TimeOut = 0;
    if (io->operation == MPIO_SCSI) {
        memcpy(s->io.Cdb, io->cdb, sizeof s->io.Cdb);
        s->io.CdbLength = io->cdb_length;
        s->io.DataOut = io->data_out;
    }
    s->io.Done = done;
    s->io.User = io;
    io->submitted = world_now(w->world);

    struct machine *m = s->disk->node->machine;
    if (m->state != MACHINE_RUNNING)
        return embed_fail(w, "machine %s has stopped", m->name);
    if (world_fibre && world_fibre->machine == m && KeGetCurrentIrql() <= DISPATCH_LEVEL) {
        submit(s);
    } else {
        s->event.run = submit_event;
        s->event.machine = m;
        world_post(w->world, &s->event, world_now(w->world), EVENT_DPC);
    }
    return true;
}
