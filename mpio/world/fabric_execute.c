/* SPDX-License-Identifier: MIT */
/*
 * Where a command meets its array: one function executes, the others keep the command's place in the
 * task set of its LUN (array/task.h), which all paths of all machines share. A command is in its set
 * from its arrival to its execution. Runs in the world's loop; allocates nothing.
 */
#include <string.h>

#include "world/fabric_private.h"

#define SCSI_STATUS_TASK_ABORTED 0x40

enum array_result fabric_execute(struct fabric_path *p, struct hba_cmd *cmd)
{
    /* Sent in a session that is over: the host was told, or will be, that nothing came of it. */
    if (cmd->incarnation != p->incarnation)
        return ARRAY_NO_ANSWER;
    if (cmd->watch != CHECK_OUTSTANDING)
        check_too_late(&p->hba->hba, cmd);
    if (array_execute(p->nexus, &cmd->scsi) == ARRAY_NO_ANSWER)
        return ARRAY_NO_ANSWER;
    fabric_check_executed(p, &cmd->scsi);
    return ARRAY_DONE;
}

struct check_sender fabric_sender(const struct fabric_path *p)
{
    const struct hba *h = &p->hba->hba;

    return (struct check_sender){h->world, h->machine, p->array, p->nexus, h->initiator, p->port};
}

void fabric_check_executed(const struct fabric_path *p, const struct array_cmd *cmd)
{
    if (__builtin_expect(check_concerns(p->hba->hba.world, cmd), 0)) {
        struct check_sender sender = fabric_sender(p);

        check_executed(&sender, cmd);
    }
}

/* The next of the LUN's set that may start now that one has left it. */
static void start_next(struct fabric_path *p, const struct hba_cmd *done)
{
    struct array_task *task;

    while (p->shared->waiting != 0 && (task = array_task_next(p->nexus, done->scsi.lun)) != NULL) {
        struct hba_cmd *cmd = (struct hba_cmd *)((char *)task - offsetof(struct hba_cmd, task));

        p->shared->waiting--;
        fabric_start(cmd->hardware, cmd);
    }
}

enum array_result fabric_serve(struct fabric_path *p, struct hba_cmd *cmd)
{
    enum array_result result;

    array_task_done(&cmd->task); /* before: what it aborts is not itself */
    if (cmd->fault == FABRIC_TORN + 1)
        result = fabric_execute_torn(p, cmd);
    else
        result = fabric_execute(p, cmd);
    start_next(p, cmd);
    return result;
}

void fabric_execute_unanswered(struct fabric_path *p, struct hba_cmd *cmd)
{
    world_cancel(p->hba->hba.world, &cmd->event);
    cmd->phase = PHASE_LOST;
    if (fabric_serve(p, cmd) == ARRAY_DONE)
        cmd->phase = PHASE_ANSWER_LOST;
}

/* Task management took a task out of its set: of this nexus or, silently or not, of another one. */
static void task_ended(struct array_task *task, enum array_task_end how)
{
    struct hba_cmd *cmd = (struct hba_cmd *)((char *)task - offsetof(struct hba_cmd, task));
    struct fabric_path *p = cmd->hardware;

    if (cmd->phase == PHASE_WAITING)
        p->shared->waiting--;
    world_cancel(p->hba->hba.world, &cmd->event);
    fabric_clear_result(&cmd->scsi);
    cmd->phase = PHASE_ABORTED;
    if (how == ARRAY_TASK_ABORTED) {
        cmd->scsi.status = SCSI_STATUS_TASK_ABORTED;
        fabric_answer_later(p, cmd, p->latency);
    }
}

bool fabric_admit(struct fabric_path *p, struct hba_cmd *cmd)
{
    struct array_cmd *scsi = &cmd->scsi;

    cmd->task.nexus = p->nexus;
    memcpy(cmd->task.lun, scsi->lun, 8);
    cmd->task.ended = task_ended;
    fabric_clear_result(scsi);
    scsi->delay_us = 0;
    return array_task_admit(&cmd->task, &scsi->status, scsi->sense, &scsi->sense_length);
}

void fabric_withdraw(struct fabric_path *p, struct hba_cmd *cmd)
{
    if (cmd->phase == PHASE_WAITING)
        p->shared->waiting--;
    if (cmd->task.unit == NULL)
        return;
    array_task_done(&cmd->task);
    if (cmd->phase == PHASE_WAITING)
        cmd->phase = PHASE_LOST; /* or start_next would find it */
    start_next(p, cmd);
}

void fabric_start_waiting(struct fabric_array *shared, struct world *w)
{
    for (struct fabric_path *p = shared->waiting != 0 ? fabric_next_path(w, NULL) : NULL; p != NULL;
         p = fabric_next_path(w, p)) {
        for (struct hba_cmd *cmd = p->outstanding.first; p->shared == shared && cmd != NULL; cmd = cmd->next) {
            if (cmd->phase != PHASE_WAITING || !array_task_start(&cmd->task))
                continue;
            shared->waiting--;
            fabric_start(p, cmd);
        }
    }
}
