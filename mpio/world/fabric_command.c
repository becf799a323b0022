/* SPDX-License-Identifier: MIT */
/*
 * The way of a command through the simulated fabric: one event per command, at the time the answer
 * is back at the HBA; the array executes the command at that moment. A path without latency answers
 * inside submit. No allocation: a command's own links and event carry it. Runs in the world's loop.
 */
#include <assert.h>
#include <string.h>

#include "world/fabric_private.h"
#include "world/trace.h"

#define SCSI_STATUS_TASK_SET_FULL 0x28

/* ---- lists -------------------------------------------------------------------------------------- */
void fabric_list_init(struct command_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_append(struct command_list *list, struct hba_cmd *cmd)
{
    cmd->next = NULL;
    cmd->link = list->end;
    *list->end = cmd;
    list->end = &cmd->next;
}

static void list_remove(struct command_list *list, struct hba_cmd *cmd)
{
    *cmd->link = cmd->next;
    if (cmd->next != NULL)
        cmd->next->link = cmd->link;
    else
        list->end = cmd->link;
}

/* ---- ends of a command -------------------------------------------------------------------------- */
static void clear_result(struct array_cmd *scsi)
{
    scsi->status = 0;
    scsi->sense_length = 0;
    scsi->transferred = 0;
    scsi->checksum = 0;
}

void fabric_end_command(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    world_cancel(p->hba->hba.world, &cmd->event);
    list_remove(&p->outstanding, cmd);
    if (status != HBA_OK) {
        p->lost++;
        if (cmd->phase != PHASE_ANSWER_LOST)
            clear_result(&cmd->scsi);
    }
    cmd->status = status;
    hba_trace_command(&p->hba->hba, cmd);
    list_append(&p->finished, cmd);
}

void fabric_drain(struct fabric_path *p)
{
    struct hba_cmd *cmd;

    while ((cmd = p->finished.first) != NULL) {
        list_remove(&p->finished, cmd);
        cmd->done(cmd);
    }
}

/* A command that ends inside submit was never on a list. */
static void end_inline(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    cmd->status = status;
    hba_trace_command(&p->hba->hba, cmd);
    cmd->done(cmd);
}

void fabric_execute_unanswered(struct fabric_path *p, struct hba_cmd *cmd)
{
    world_cancel(p->hba->hba.world, &cmd->event);
    cmd->phase = PHASE_LOST;
    if (array_execute(p->nexus, &cmd->scsi) == ARRAY_DONE)
        cmd->phase = PHASE_ANSWER_LOST;
}

static void done_routine(void *argument)
{
    struct hba_cmd *cmd = argument;

    cmd->done(cmd);
}

/* The event of a flying command: execution and answer. */
static void answer(struct event *e)
{
    struct hba_cmd *cmd = (struct hba_cmd *)((char *)e - offsetof(struct hba_cmd, event));
    struct fabric_path *p = cmd->hardware;

    if (array_execute(p->nexus, &cmd->scsi) == ARRAY_NO_ANSWER) {
        cmd->phase = PHASE_LOST; /* outstanding until a reset or a link loss */
        return;
    }
    list_remove(&p->outstanding, cmd);
    cmd->status = HBA_OK;
    hba_trace_command(&p->hba->hba, cmd);
    fabric_interrupt(p->hba, done_routine, cmd);
}

/* The event of a flying command whose answer gets lost on the way back. */
static void answer_lost(struct event *e)
{
    struct hba_cmd *cmd = (struct hba_cmd *)((char *)e - offsetof(struct hba_cmd, event));

    fabric_execute_unanswered(cmd->hardware, cmd);
}

/* ---- submit ------------------------------------------------------------------------------------- */
static void fly(struct fabric_path *p, struct hba_cmd *cmd, uint64_t extra, void (*run)(struct event *))
{
    struct world *w = p->hba->hba.world;
    uint64_t travel = p->latency + extra;

    if (p->jitter != 0)
        travel += world_random_below(w, STREAM_FABRIC, p->jitter + 1);
    if (p->ns_per_kib != 0)
        travel += ((uint64_t)cmd->scsi.length * p->ns_per_kib / 1024 + 99) / 100;
    cmd->phase = PHASE_FLYING;
    cmd->event.run = run;
    cmd->event.machine = p->hba->hba.machine;
    world_post(w, &cmd->event, world_now(w) + travel, EVENT_INTERRUPT);
}

void fabric_send_held(struct fabric_path *p, struct hba_cmd *cmd)
{
    fly(p, cmd, 0, answer);
}

void fabric_update_direct(struct fabric_path *p)
{
    p->direct = p->latency == 0 && p->jitter == 0 && p->ns_per_kib == 0;
    for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++)
        p->direct = p->direct && p->fault_count[kind] == 0;
}

/* Takes one waiting fault; FABRIC_FAULT_KINDS when there is none. */
static unsigned take_fault(struct fabric_path *p)
{
    unsigned kind = 0;

    while (kind < FABRIC_FAULT_KINDS && p->fault_count[kind] == 0)
        kind++;
    if (kind < FABRIC_FAULT_KINDS) {
        p->fault_count[kind]--;
        fabric_update_direct(p);
    }
    return kind;
}

static void submit_travelling(struct fabric_path *p, struct hba_cmd *cmd)
{
    unsigned fault = take_fault(p);

    switch (fault) {
    case FABRIC_BUSY:
        clear_result(&cmd->scsi);
        p->lost++;
        end_inline(p, cmd, HBA_BUSY);
        return;
    case FABRIC_QUEUE_FULL:
        clear_result(&cmd->scsi);
        cmd->scsi.status = SCSI_STATUS_TASK_SET_FULL;
        end_inline(p, cmd, HBA_OK);
        return;
    default:
        break;
    }
    list_append(&p->outstanding, cmd);
    switch (fault) {
    case FABRIC_LOSE_COMMAND:
        cmd->phase = PHASE_LOST;
        break;
    case FABRIC_LOSE_COMPLETION:
        fly(p, cmd, 0, answer_lost);
        break;
    case FABRIC_SLOW:
        fly(p, cmd, p->fault_value[FABRIC_SLOW], answer);
        break;
    default:
        fly(p, cmd, 0, answer);
        break;
    }
}

/* The HBA's answer for a target that cannot be reached now. */
static void submit_unreachable(struct fabric_path *p, struct hba_cmd *cmd)
{
    if (p->state == PATH_HOLDING) {
        cmd->phase = PHASE_HELD;
        list_append(&p->outstanding, cmd);
        return;
    }
    clear_result(&cmd->scsi);
    p->lost++;
    end_inline(p, cmd, p->state == PATH_GONE ? HBA_NO_TARGET : HBA_LINK_DOWN);
}

void fabric_submit(struct hba *h, struct hba_cmd *cmd)
{
    struct fabric_path *p;

    cmd->hba = h;
    if (cmd->target >= h->targets) {
        clear_result(&cmd->scsi);
        cmd->status = HBA_NO_TARGET;
        cmd->done(cmd);
        return;
    }
    p = ((struct fabric_hba *)h)->path[cmd->target];
    cmd->hardware = p;
    cmd->event.heap = 0;
    p->commands++;
    if (p->state != PATH_UP) {
        submit_unreachable(p, cmd);
    } else if (!p->direct) {
        submit_travelling(p, cmd);
    } else if (array_execute(p->nexus, &cmd->scsi) == ARRAY_DONE) {
        end_inline(p, cmd, HBA_OK);
    } else {
        cmd->phase = PHASE_LOST;
        list_append(&p->outstanding, cmd);
    }
}

/* ---- resets ------------------------------------------------------------------------------------- */
/* Ends the commands of one LUN, or of all (lun NULL). Those already finished but not handed over go
 * out as well: after a reset nothing of its scope is left in the HBA. */
static void abort_commands(struct fabric_path *p, const uint8_t *lun)
{
    struct hba_cmd *next;

    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = next) {
        next = cmd->next;
        if (lun == NULL || memcmp(cmd->scsi.lun, lun, 8) == 0)
            fabric_end_command(p, cmd, HBA_ABORTED);
    }
    fabric_drain(p);
}

static bool reachable(const struct fabric_path *p)
{
    return p->state == PATH_UP && array_controller_is_up(p->array, p->controller);
}

void fabric_reset_lun(struct hba *h, uint32_t target, const uint8_t lun[8])
{
    struct fabric_path *p;

    if (target >= h->targets)
        return;
    p = fabric_hba_of(h)->path[target];
    if (reachable(p))
        array_reset_lun(p->nexus, lun);
    abort_commands(p, lun);
}

void fabric_reset_target(struct hba *h, uint32_t target)
{
    struct fabric_path *p;

    if (target >= h->targets)
        return;
    p = fabric_hba_of(h)->path[target];
    if (reachable(p))
        array_reset_target(p->nexus);
    abort_commands(p, NULL);
}

void fabric_reset_bus(struct hba *h)
{
    for (uint32_t target = 0; target < h->targets; target++)
        fabric_reset_target(h, target);
}
