/* SPDX-License-Identifier: MIT */
/*
 * What a machine leaves in the fabric. A crashed machine's commands under way are gone, or still in
 * the fabric and reach the array up to five seconds later: a draw from STREAM_FABRIC for each. Those
 * are copied here with their data; they stand in the task set of their LUN, so a logout, a reset or
 * PREEMPT AND ABORT ends them, and what executes them applies reservations to them as to any command.
 * A paused machine's commands travel on, and their answers wait for it in the HBA. Runs in the
 * world's loop, for no machine; allocates at a crash only.
 */
#include <stdlib.h>
#include <string.h>

#include "world/fabric_private.h"
#include "world/trace.h"

#define ORPHAN_LONGEST (5 * WORLD_SECOND)
#define ORPHAN_CDB     32 /* bytes; longer ones are gone */

struct fabric_orphan {
    struct hba_cmd cmd;
    struct fabric_orphan *next, **link;
    uint8_t cdb[ORPHAN_CDB];
    uint8_t data[];
};

static void forget(struct fabric_orphan *o)
{
    world_cancel(o->cmd.hba->world, &o->cmd.event);
    *o->link = o->next;
    if (o->next != NULL)
        o->next->link = o->link;
    free(o);
}

/* Task management of the array has ended it. */
static void ended(struct array_task *task, enum array_task_end how)
{
    (void)how;
    forget((struct fabric_orphan *)((char *)task - offsetof(struct fabric_orphan, cmd.task)));
}

static void arrive(struct event *e)
{
    struct fabric_orphan *o = (struct fabric_orphan *)((char *)e - offsetof(struct fabric_orphan, cmd.event));
    struct fabric_path *p = o->cmd.hardware;
    const struct array_cmd *scsi = &o->cmd.scsi;
    bool waited = o->cmd.task.unit != NULL; /* else its LUN has gone meanwhile */

    array_task_done(&o->cmd.task);
    if (waited && fabric_execute(p, &o->cmd) == ARRAY_DONE) {
        p->orphans_executed++;
        trace_emit(p->hba->hba.world, NULL, TRACE_ORPHAN, (uint64_t)p->hba->hba.ordinal << 32 | p->target,
                   (uint64_t)o->cdb[0] << 32 | scsi->length, scsi->status, scsi->checksum);
    }
    forget(o);
    fabric_start_waiting(p->shared, p->hba->hba.world);
}

/* The copy that goes on without its machine. */
static void copy(struct fabric_path *p, const struct hba_cmd *cmd, uint64_t delay)
{
    struct world *w = p->hba->hba.world;
    struct fabric_orphan *o;

    if (cmd->scsi.cdb_length > ORPHAN_CDB)
        return;
    o = calloc(1, sizeof *o + cmd->scsi.length);
    if (o == NULL)
        return; /* gone */
    o->cmd = *cmd;
    o->cmd.event = (struct event){.run = arrive};
    memcpy(o->cdb, cmd->scsi.cdb, cmd->scsi.cdb_length);
    o->cmd.scsi.cdb = o->cdb;
    o->cmd.scsi.data = o->data;
    if (cmd->scsi.out && cmd->scsi.length != 0)
        memcpy(o->data, cmd->scsi.data, cmd->scsi.length);
    if (!fabric_admit(p, &o->cmd) || o->cmd.task.unit == NULL) {
        free(o);
        return;
    }
    o->cmd.task.ended = ended;
    o->cmd.task.started = true; /* nobody has to start it */
    o->next = p->orphans;
    o->link = &p->orphans;
    if (o->next != NULL)
        o->next->link = &o->next;
    p->orphans = o;
    world_post(w, &o->cmd.event, world_now(w) + delay, EVENT_INTERRUPT);
}

void fabric_drop_orphans(struct fabric_path *p)
{
    while (p->orphans != NULL) {
        array_task_done(&p->orphans->cmd.task);
        forget(p->orphans);
    }
}

static bool has_left(const struct hba_cmd *cmd)
{
    return cmd->phase == PHASE_FLYING || cmd->phase == PHASE_COMING || cmd->phase == PHASE_WAITING;
}

/* Each command that has left the HBA and has not been executed: gone, or on its way still. */
static void leave_behind(struct fabric_path *p)
{
    struct world *w = p->hba->hba.world;

    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = cmd->next) {
        bool left = has_left(cmd);

        world_cancel(w, &cmd->event);
        fabric_withdraw(p, cmd);
        cmd->phase = PHASE_LOST;
        if (left && p->state == PATH_UP && world_random_below(w, STREAM_FABRIC, 2) != 0)
            copy(p, cmd, world_random_below(w, STREAM_FABRIC, ORPHAN_LONGEST + 1));
    }
}

void fabric_machine_crash(struct machine *m)
{
    if (m->state != MACHINE_RUNNING)
        return;
    for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next)
        for (uint32_t t = 0; h->operations == &fabric_operations && t < h->targets; t++)
            leave_behind(fabric_hba_of(h)->path[t]);
    machine_stop(m, MACHINE_CRASHED);
}

void fabric_machine_pause(struct machine *m, uint64_t time)
{
    uint64_t now = world_now(m->world);

    if (m->state != MACHINE_RUNNING)
        return;
    /* What is in the fabric is no business of the machine: it stands still, they do not. */
    for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next)
        for (uint32_t t = 0; h->operations == &fabric_operations && t < h->targets; t++)
            for (struct hba_cmd *cmd = fabric_hba_of(h)->path[t]->outstanding.first; cmd != NULL; cmd = cmd->next)
                cmd->event.machine = NULL;
    machine_pause(m, time > WORLD_NEVER - 1 - now ? WORLD_NEVER - 1 : now + time);
}

uint64_t fabric_machine_orphans(struct machine *m)
{
    uint64_t sum = 0;

    for (struct hba *h = fabric_hbas(m); h != NULL; h = h->next)
        for (uint32_t t = 0; h->operations == &fabric_operations && t < h->targets; t++)
            sum += fabric_hba_of(h)->path[t]->orphans_executed;
    return sum;
}
