/* SPDX-License-Identifier: MIT */
/*
 * Task sets: one list per LUN, oldest first, HEAD OF QUEUE in front of everything. The count of
 * tasks that order others lets a set of SIMPLE tasks, the rule, do without walking the list.
 */
#include "task.h"

#include <string.h>

#include "internal.h"

bool array_task_start(struct array_task *task)
{
    if (task->unit && !task->started && task->attribute != ARRAY_TASK_HEAD) {
        const struct array_task *older = task->previous;
        if (task->attribute == ARRAY_TASK_ORDERED && older)
            return false;
        for (; task->unit->ordering && older; older = older->previous)
            if (older->attribute != ARRAY_TASK_SIMPLE)
                return false;
    }
    task->started = true;
    return true;
}

static void link_task(struct array_task *task, struct lun *lun)
{
    bool front = task->attribute == ARRAY_TASK_HEAD;

    task->unit = lun;
    task->next = front ? lun->first_task : NULL;
    task->previous = front ? NULL : lun->last_task;
    *(task->next ? &task->next->previous : &lun->last_task) = task;
    *(task->previous ? &task->previous->next : &lun->first_task) = task;
    lun->tasks++;
    lun->ordering += task->attribute != ARRAY_TASK_SIMPLE;
    task->nexus->array->port_tasks[task->nexus->port]++;
}

void array_task_done(struct array_task *task)
{
    struct lun *lun = task->unit;

    if (!lun)
        return;
    *(task->next ? &task->next->previous : &lun->last_task) = task->previous;
    *(task->previous ? &task->previous->next : &lun->first_task) = task->next;
    lun->tasks--;
    lun->ordering -= task->attribute != ARRAY_TASK_SIMPLE;
    task->nexus->array->port_tasks[task->nexus->port]--;
    task->unit = NULL;
    task->next = task->previous = NULL;
}

static bool has_task(const struct lun *lun, const struct array_nexus *n)
{
    for (const struct array_task *t = lun->first_task; t; t = t->next)
        if (t->nexus == n)
            return true;
    return false;
}

bool array_task_admit(struct array_task *task, uint8_t *status, uint8_t *sense,
                      uint8_t *sense_length)
{
    const struct array *a = task->nexus->array;
    struct lun *lun = array_find_lun(task->nexus, task->lun);

    task->unit = NULL;
    task->next = task->previous = NULL;
    task->started = false;
    if (task->attribute == ARRAY_TASK_ACA) {
        struct array_cmd cmd = {0};
        struct request r = {(struct array *)a, task->nexus, &cmd, lun, NULL};
        array_check(&r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_MESSAGE); /* NORMACA is 0 */
        memcpy(sense, cmd.sense, cmd.sense_length);
        *sense_length = cmd.sense_length;
        *status = SCSI_CHECK_CONDITION;
        return false;
    }
    if (!lun || !task->nexus->logged_in) /* nobody answers, the server will say so */
        return true;
    if ((a->config.lun_depth && lun->tasks >= a->config.lun_depth) ||
        (a->config.port_depth && a->port_tasks[task->nexus->port] >= a->config.port_depth)) {
        *sense_length = 0;
        *status = has_task(lun, task->nexus) ? SCSI_TASK_SET_FULL : SCSI_BUSY;
        return false;
    }
    link_task(task, lun);
    return true;
}

struct array_task *array_task_next(struct array_nexus *n, const uint8_t lun[8])
{
    struct lun *unit = array_find_lun(n, lun);

    /* Once one task must wait, only a HEAD OF QUEUE task could pass, and that never waits. */
    for (struct array_task *t = unit ? unit->first_task : NULL; t; t = t->next)
        if (!t->started)
            return array_task_start(t) ? t : NULL;
    return NULL;
}

/* ---- task management ------------------------------------------------------------------------- */
static void end(struct array_task *task, const struct array_nexus *by)
{
    bool told = task->unit->aborted_status && task->nexus != by;

    array_task_done(task);
    task->ended(task, told ? ARRAY_TASK_ABORTED : ARRAY_TASK_SILENT);
}

unsigned array_abort_task(struct array_nexus *n, const uint8_t lun[8], uint64_t tag)
{
    struct lun *unit = array_find_lun(n, lun);

    for (struct array_task *t = unit ? unit->first_task : NULL; t; t = t->next) {
        if (t->nexus == n && t->tag == tag) {
            end(t, n);
            return 1;
        }
    }
    return 0;
}

static unsigned end_all(struct lun *unit, const struct array_nexus *of, const struct array_nexus *by)
{
    unsigned count = 0;

    for (struct array_task *t = unit ? unit->first_task : NULL, *next; t; t = next) {
        next = t->next;
        if (of && t->nexus != of)
            continue;
        end(t, by);
        count++;
    }
    return count;
}

unsigned array_abort_task_set(struct array_nexus *n, const uint8_t lun[8])
{
    return end_all(array_find_lun(n, lun), n, n);
}

unsigned array_clear_task_set(struct array_nexus *n, const uint8_t lun[8])
{
    struct lun *unit = array_find_lun(n, lun);

    if (!unit)
        return 0;
    for (struct array_task *t = unit->first_task; t && !unit->aborted_status; t = t->next)
        if (t->nexus != n)
            array_attention(t->nexus, unit, ASC_COMMANDS_CLEARED);
    return end_all(unit, NULL, n);
}

unsigned array_reset_lun_tasks(struct array_nexus *n, const uint8_t lun[8])
{
    return end_all(array_find_lun(n, lun), NULL, n);
}

unsigned array_reset_target_tasks(struct array_nexus *n)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n->array->ordinals; i++)
        count += end_all(n->array->by_ordinal[i], NULL, n);
    return count;
}

unsigned array_drop_tasks(struct array_nexus *n)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n->array->ordinals; i++)
        count += end_all(n->array->by_ordinal[i], n, n);
    return count;
}

unsigned array_nexus_loss(struct array_nexus *n)
{
    for (unsigned i = 0; i < n->array->ordinals; i++)
        if (n->array->by_ordinal[i])
            array_attention(n, n->array->by_ordinal[i], ASC_NEXUS_LOSS);
    return array_drop_tasks(n);
}

/* Without TAS nobody hears of the tasks: 2F/00 stands for them (SAM-5 5.14). */
void array_preempt_tasks(struct array_nexus *n, struct lun *lun, const struct array_nexus *by)
{
    if (end_all(lun, n, by) && n != by && !lun->aborted_status)
        array_attention(n, lun, ASC_COMMANDS_CLEARED);
}

/* The LUN goes: its tasks stay with their owners, whose next step finds no LUN. */
void array_release_tasks(struct lun *lun)
{
    while (lun->first_task)
        array_task_done(lun->first_task);
}
