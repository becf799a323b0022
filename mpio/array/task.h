/* SPDX-License-Identifier: MIT */
/*
 * Task sets (SAM-4 8, SAM-5 7). array_execute runs a command at once; where commands wait for that,
 * in the fabric or in a target, they stand in the task set of their LUN, which is kept here so that
 * both treat queue depth, task attributes and task management alike. The caller owns the memory of
 * a task and embeds it in its own command; nothing here allocates.
 *
 *     array_task_admit -> [wait] -> array_task_start -> array_execute -> array_task_done
 */
#ifndef MPIO_ARRAY_TASK_H
#define MPIO_ARRAY_TASK_H

#include "array.h"

struct lun;

enum array_task_attribute { ARRAY_TASK_SIMPLE, ARRAY_TASK_ORDERED, ARRAY_TASK_HEAD, ARRAY_TASK_ACA };

enum array_task_end {
    ARRAY_TASK_SILENT,  /* gone without a response */
    ARRAY_TASK_ABORTED, /* respond with status TASK ABORTED (40h): TAS is set, another nexus did it */
};

struct array_task {
    /* in */
    struct array_nexus *nexus;
    uint8_t lun[8];
    uint64_t tag;
    enum array_task_attribute attribute;
    /* Task management has taken the task out of its set. Must not call into the array. */
    void (*ended)(struct array_task *task, enum array_task_end how);
    /* for this service only */
    struct lun *unit; /* NULL: in no set */
    struct array_task *next, *previous;
    bool started;
};

/* Puts the task into its LUN's set. False: not admitted, answer with *status: TASK SET FULL, or BUSY
 * when the nexus has no task there (SAM-4 5.3.1), or CHECK CONDITION for attribute ACA, with `sense`
 * (at least ARRAY_MAX_SENSE bytes) and *sense_length set. A LUN nobody has admits everything: the
 * server will say what is wrong. */
bool array_task_admit(struct array_task *task, uint8_t *status, uint8_t *sense, uint8_t *sense_length);
/* May it be executed now? HEAD OF QUEUE at once; ORDERED when everything older is done; SIMPLE when no
 * older ORDERED and no HEAD OF QUEUE is left. True marks it started. */
bool array_task_start(struct array_task *task);
/* Its response is on the way; the task leaves its set. Call array_task_next until it gives NULL. */
void array_task_done(struct array_task *task);
/* A task of the LUN that waits and may start now, already marked started; NULL: none. */
struct array_task *array_task_next(struct array_nexus *n, const uint8_t lun[8]);

/* Task management functions. Each returns how many tasks it ended. */
unsigned array_abort_task(struct array_nexus *n, const uint8_t lun[8], uint64_t tag);
unsigned array_abort_task_set(struct array_nexus *n, const uint8_t lun[8]);
unsigned array_clear_task_set(struct array_nexus *n, const uint8_t lun[8]); /* UA 2F/00 to the others */
unsigned array_reset_lun_tasks(struct array_nexus *n, const uint8_t lun[8]); /* then array_reset_lun */
unsigned array_reset_target_tasks(struct array_nexus *n);                    /* then array_reset_target */
/* The nexus is lost: its tasks end silently, and it hears UA 29/07 on every LUN if it goes on. */
unsigned array_nexus_loss(struct array_nexus *n);

#endif
