/* SPDX-License-Identifier: MIT */
/*
 * Tasks: their memory, their place in the array's task sets (array/task.h), and task management (RFC 7143
 * 4.2.3, SAM-5 7). A task is in its connection's list until its answer is made; after that nothing can abort it.
 */
#include "target/internal.h"

#include <stdlib.h>
#include <string.h>

struct task *task_create(struct connection *c)
{
    struct task *t = c->spare_tasks;

    if (t) {
        c->spare_tasks = t->next;
        c->spare_task_count--;
    } else {
        t = malloc(sizeof *t);
    }
    if (!t) {
        connection_end(c, true);
        return NULL;
    }
    memset(t, 0, offsetof(struct task, scsi));
    t->scsi.sense_length = 0;
    t->connection = c;
    t->link = c->last_task;
    *c->last_task = t;
    c->last_task = &t->next;
    c->task_count++;
    return t;
}

void task_free(struct task *t)
{
    struct connection *c = t->connection;

    free(t->data);
    c->data_bytes -= t->room;
    c->target->data_bytes -= t->room;
    if (c->spare_task_count == TARGET_SPARES) {
        free(t);
        return;
    }
    t->next = c->spare_tasks;
    c->spare_tasks = t;
    c->spare_task_count++;
}

void task_free_spares(struct connection *c)
{
    while (c->spare_tasks) {
        struct task *next = c->spare_tasks->next;
        free(c->spare_tasks);
        c->spare_tasks = next;
    }
    c->spare_task_count = 0;
}

void task_leave(struct task *t)
{
    struct connection *c = t->connection;

    world_cancel(c->target->world, &t->event);
    if (t->set.unit) {
        array_task_done(&t->set);
        world_post(c->target->world, &c->target->kick, world_now(c->target->world), EVENT_DPC);
    }
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    else
        c->last_task = t->link;
    c->task_count--;
    c->window_used -= t->windowed;
    t->phase = TASK_ANSWERED;
    if (c->receiving == t) {
        c->receiving = NULL;
        c->sink = NULL;
    }
}

void task_drop(struct task *t)
{
    task_leave(t);
    task_free(t);
}

struct task *task_find(struct connection *c, uint32_t tag)
{
    struct task *t = c->tasks;

    while (t && t->tag != tag)
        t = t->next;
    return t;
}

/* ---- task sets ------------------------------------------------------------------------------------ */
static struct task *task_of(struct array_task *set)
{
    return (struct task *)((char *)set - offsetof(struct task, set));
}

/* Task management has taken it out of its set; TAS = 1 lets other sessions hear of it. */
static void on_ended(struct array_task *set, enum array_task_end how)
{
    struct task *t = task_of(set);
    struct connection *c = t->connection;

    connection_settle_soon(c); /* its window is open again */
    world_post(c->target->world, &c->target->kick, world_now(c->target->world), EVENT_DPC);
    if (how == ARRAY_TASK_SILENT) {
        task_drop(t);
        return;
    }
    scsi_refuse(t, 0x40, 0, 0, 0);
    if (t->phase != TASK_COLLECTING) /* else when its data has come to an end */
        scsi_answer(t);
}

void task_admit(struct task *t, unsigned attribute)
{
    static const enum array_task_attribute attributes[8] = {
        [ATTRIBUTE_ORDERED] = ARRAY_TASK_ORDERED, [ATTRIBUTE_HEAD] = ARRAY_TASK_HEAD, [ATTRIBUTE_ACA] = ARRAY_TASK_ACA};
    uint8_t status;

    t->set.nexus = t->connection->nexus;
    memcpy(t->set.lun, t->scsi.lun, 8);
    t->set.tag = t->tag;
    t->set.attribute = attributes[attribute];
    t->set.ended = on_ended;
    if (t->refused || array_task_admit(&t->set, &status, t->scsi.sense, &t->scsi.sense_length))
        return;
    t->refused = true;
    t->scsi.status = status;
    t->scsi.transferred = t->scsi.wanted = 0;
}

/* Drops of tasks may have been what others waited for. */
void task_kick(struct event *e)
{
    struct target *target = (struct target *)((char *)e - offsetof(struct target, kick));

    for (struct connection *c = target->connections; c; c = c->next) {
        struct task *t = c->tasks;
        while (t) {
            bool waits = t->phase == TASK_WAITING;
            struct task *next = t->next;
            if (waits && array_task_start(&t->set)) {
                scsi_arrive(t);
                connection_settle_soon(c);
                next = c->tasks; /* it may have let others go */
            }
            t = next;
        }
    }
}

/* ---- task management -------------------------------------------------------------------------- */
/* Drops the tasks of a session, of one LUN or (NULL) of all; how many. */
static unsigned drop_tasks(struct connection *c, const uint8_t *lun)
{
    struct task *next;
    unsigned count = 0;

    for (struct task *t = c->tasks; t; t = next) {
        next = t->next;
        if (lun && memcmp(t->scsi.lun, lun, 8) != 0)
            continue;
        task_drop(t);
        count++;
    }
    return count;
}

static enum task_response abort_task(struct connection *c)
{
    struct task *t = task_find(c, get_32(c->header + AT_REFERENCED_TAG));

    if (!t || memcmp(t->scsi.lun, c->header + AT_LUN, 8) != 0)
        return TASK_DOES_NOT_EXIST;
    task_drop(t);
    return FUNCTION_COMPLETE;
}

static void cold_reset(struct connection *c)
{
    for (struct connection *other = c->target->connections; other; other = other->next)
        if (other->node == c->node && other->full)
            connection_end(other, other != c);
}

static enum task_response manage(struct connection *c, unsigned function)
{
    const uint8_t *lun = c->header + AT_LUN;

    switch (function) {
    case ABORT_TASK:
        return abort_task(c);
    case ABORT_TASK_SET:
        drop_tasks(c, lun);
        return FUNCTION_COMPLETE;
    case CLEAR_TASK_SET:
        array_clear_task_set(c->nexus, lun);
        drop_tasks(c, lun); /* those that never were in the set */
        return FUNCTION_COMPLETE;
    case LUN_RESET:
        array_reset_lun_tasks(c->nexus, lun);
        drop_tasks(c, lun);
        return array_reset_lun(c->nexus, lun) ? FUNCTION_COMPLETE : LUN_DOES_NOT_EXIST;
    case TARGET_WARM_RESET:
    case TARGET_COLD_RESET:
        array_reset_target_tasks(c->nexus);
        drop_tasks(c, NULL);
        array_reset_target(c->nexus);
        return FUNCTION_COMPLETE;
    case TASK_REASSIGN:
        return REASSIGN_NOT_SUPPORTED;
    default: /* CLEAR ACA too: INQUIRY says NORMACA = 0 */
        return FUNCTION_NOT_SUPPORTED;
    }
}

void task_request(struct connection *c)
{
    unsigned function = c->header[1] & 0x7f;
    struct output *o = output_new(c, TASK_RESPONSE);

    if (!o)
        return;
    o->header[2] = (uint8_t)manage(c, function);
    memcpy(o->header + AT_TAG, c->header + AT_TAG, 4);
    pdu_count(c);
    output_numbers(c, o, true);
    output_queue(c, o, NULL, 0);
    if (function == TARGET_COLD_RESET)
        cold_reset(c);
}
