/* SPDX-License-Identifier: MIT */
/*
 * The way of a command through the simulated fabric: one event per command, at the time the answer
 * is back at the HBA; the array executes the command at that moment (its latency is the time in the
 * array's task set). A path without latency answers inside submit. A fault may add events: a late
 * command arrives by one, an executed command's late answer comes by one. No allocation: a command's
 * own links and event carry it. Runs in the world's loop.
 */
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

static void keep(struct fabric_path *p, struct hba_cmd *cmd, enum command_phase phase)
{
    cmd->phase = phase;
    list_append(&p->outstanding, cmd);
    p->hba->outstanding++;
}

static void release(struct fabric_path *p, struct hba_cmd *cmd)
{
    list_remove(&p->outstanding, cmd);
    p->hba->outstanding--;
}

static struct hba_cmd *command_of(struct event *e)
{
    return (struct hba_cmd *)((char *)e - offsetof(struct hba_cmd, event));
}

/* ---- ends of a command -------------------------------------------------------------------------- */
void fabric_clear_result(struct array_cmd *scsi)
{
    scsi->status = 0;
    scsi->sense_length = 0;
    scsi->transferred = 0;
    scsi->checksum = 0;
}

void fabric_end_command(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    world_cancel(p->hba->hba.world, &cmd->event);
    fabric_withdraw(p, cmd);
    release(p, cmd);
    if (status != HBA_OK) {
        p->lost++;
        if (cmd->phase != PHASE_ANSWER_LOST && cmd->phase != PHASE_ANSWERED)
            fabric_clear_result(&cmd->scsi);
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
        hba_end(&p->hba->hba, cmd);
    }
}

/* A command that ends inside submit was never on a list. */
static void end_inline(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    cmd->status = status;
    hba_trace_command(&p->hba->hba, cmd);
    hba_end(&p->hba->hba, cmd);
}

static void done_routine(void *argument)
{
    struct hba_cmd *cmd = argument;

    hba_end(cmd->hba, cmd);
}

static void hand_over(struct fabric_path *p, struct hba_cmd *cmd, enum hba_status status)
{
    if (__builtin_expect(p->hba->hba.machine->paused_until != 0, 0) && machine_is_paused(p->hba->hba.machine)) {
        fabric_end_command(p, cmd, status);
        fabric_schedule_service(p, true); /* hands it over when the machine goes on */
        return;
    }
    if (cmd->fault == FABRIC_DUPLICATE + 1)
        fabric_expect_echo(p, cmd, cmd->fault_value);
    release(p, cmd);
    cmd->status = status;
    hba_trace_command(&p->hba->hba, cmd);
    fabric_interrupt(p->hba, done_routine, cmd);
}

/* ---- events of a command ------------------------------------------------------------------------ */
static void post(struct fabric_path *p, struct hba_cmd *cmd, uint64_t delay, void (*run)(struct event *))
{
    struct world *w = p->hba->hba.world;

    cmd->event.run = run;
    cmd->event.machine = p->hba->hba.machine;
    world_post(w, &cmd->event, world_now(w) + delay, EVENT_INTERRUPT);
}

static void answer_is_here(struct event *e)
{
    struct hba_cmd *cmd = command_of(e);

    hand_over(cmd->hardware, cmd, HBA_OK);
}

void fabric_answer_later(struct fabric_path *p, struct hba_cmd *cmd, uint64_t delay)
{
    cmd->phase = PHASE_ANSWERED;
    post(p, cmd, delay, answer_is_here);
}

/* What the array and faults add to the answer's way. */
static uint64_t answer_delay(const struct hba_cmd *cmd)
{
    uint64_t delay = cmd->scsi.delay_us * WORLD_US;

    return cmd->fault == FABRIC_LATE_COMPLETION + 1 ? delay + cmd->fault_value : delay;
}

/* The event of a flying command: execution and answer. */
static void answer(struct event *e)
{
    struct hba_cmd *cmd = command_of(e);
    struct fabric_path *p = cmd->hardware;
    uint64_t delay;

    if (cmd->fault == FABRIC_LOSE_COMPLETION + 1) {
        fabric_execute_unanswered(p, cmd);
        return;
    }
    if (fabric_serve(p, cmd) == ARRAY_NO_ANSWER) {
        cmd->phase = PHASE_LOST; /* outstanding until a reset or a link loss */
        return;
    }
    delay = answer_delay(cmd);
    if (delay != 0)
        fabric_answer_later(p, cmd, delay);
    else
        hand_over(p, cmd, HBA_OK);
}

/* It overtook the older ones: executed at once, while its answer takes the usual time. */
static void overtake(struct fabric_path *p, struct hba_cmd *cmd)
{
    uint64_t travel = fabric_travel(p, cmd);

    if (fabric_serve(p, cmd) == ARRAY_DONE)
        fabric_answer_later(p, cmd, travel + answer_delay(cmd));
    else
        cmd->phase = PHASE_LOST;
}

void fabric_start(struct fabric_path *p, struct hba_cmd *cmd)
{
    uint64_t extra = cmd->fault == FABRIC_SLOW + 1 ? cmd->fault_value : 0;

    if (cmd->fault == FABRIC_REORDER + 1) {
        overtake(p, cmd);
        return;
    }
    cmd->phase = PHASE_FLYING;
    post(p, cmd, fabric_travel(p, cmd) + extra, answer);
}

/* Into the task set; there it starts now or waits. */
static void arrive(struct fabric_path *p, struct hba_cmd *cmd)
{
    if (!fabric_admit(p, cmd)) {
        cmd->fault = 0;
        fabric_answer_later(p, cmd, fabric_travel(p, cmd));
    } else if (array_task_start(&cmd->task)) {
        fabric_start(p, cmd);
    } else {
        cmd->phase = PHASE_WAITING;
        p->shared->waiting++;
    }
}

static void late_arrival(struct event *e)
{
    struct hba_cmd *cmd = command_of(e);

    arrive(cmd->hardware, cmd);
}

void fabric_send(struct fabric_path *p, struct hba_cmd *cmd)
{
    cmd->incarnation = p->incarnation;
    if (cmd->fault == FABRIC_LATE_COMMAND + 1) {
        cmd->phase = PHASE_COMING;
        post(p, cmd, cmd->fault_value, late_arrival);
    } else {
        arrive(p, cmd);
    }
}

/* ---- submit ------------------------------------------------------------------------------------- */
void fabric_update_direct(struct fabric_path *p)
{
    p->direct = fabric_is_instant(p) && !p->hba->untagged && p->hba->hba.personality->port_queue == 0;
    for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++)
        p->direct = p->direct && p->fault_count[kind] == 0;
}

/* Takes one waiting fault that can strike this command. */
static void take_fault(struct fabric_path *p, struct hba_cmd *cmd)
{
    for (unsigned kind = 0; kind < FABRIC_FAULT_KINDS; kind++) {
        if (p->fault_count[kind] == 0 || (kind == FABRIC_TORN && !fabric_may_tear(&cmd->scsi)))
            continue;
        p->fault_count[kind]--;
        cmd->fault = kind + 1;
        cmd->fault_value = p->fault_value[kind];
        fabric_update_direct(p);
        return;
    }
}

/* Does the adapter take one more? An untagged LUN has one command at a time. */
static bool adapter_is_full(const struct fabric_path *p, const struct hba_cmd *cmd)
{
    uint32_t limit = p->hba->hba.personality->port_queue;

    if (limit != 0 && p->hba->outstanding >= limit)
        return true;
    for (const struct hba_cmd *c = p->outstanding.first; p->hba->untagged && c != NULL; c = c->next)
        if (memcmp(c->scsi.lun, cmd->scsi.lun, 8) == 0)
            return true;
    return false;
}

static void submit_travelling(struct fabric_path *p, struct hba_cmd *cmd)
{
    bool full = adapter_is_full(p, cmd);

    cmd->exchange = ++p->hba->exchanges;
    if (!full)
        take_fault(p, cmd);
    if (full || cmd->fault == FABRIC_BUSY + 1) {
        fabric_clear_result(&cmd->scsi);
        p->lost++;
        end_inline(p, cmd, HBA_BUSY);
        return;
    }
    if (cmd->fault == FABRIC_QUEUE_FULL + 1) {
        fabric_clear_result(&cmd->scsi);
        cmd->scsi.status = SCSI_STATUS_TASK_SET_FULL;
        end_inline(p, cmd, HBA_OK);
        return;
    }
    keep(p, cmd, PHASE_LOST);
    if (cmd->fault != FABRIC_LOSE_COMMAND + 1)
        fabric_send(p, cmd);
}

static void selection_over(struct event *e)
{
    struct hba_cmd *cmd = command_of(e);
    struct fabric_path *p = cmd->hardware;

    p->lost++;
    hand_over(p, cmd, HBA_NO_TARGET);
}

/* The HBA's answer for a target that cannot be reached now. */
static void submit_unreachable(struct fabric_path *p, struct hba_cmd *cmd)
{
    fabric_clear_result(&cmd->scsi);
    if (p->hba->hba.pulled) {
        p->lost++;
        end_inline(p, cmd, HBA_NO_TARGET);
    } else if (!p->hba->powered) {
        keep(p, cmd, PHASE_LOST);
    } else if (p->state == PATH_HOLDING) {
        keep(p, cmd, PHASE_HELD);
    } else if (p->hba->hba.kind == HBA_SPI) {
        keep(p, cmd, PHASE_SELECTING);
        post(p, cmd, FABRIC_SELECTION, selection_over);
    } else {
        p->lost++;
        end_inline(p, cmd, p->state == PATH_GONE ? HBA_NO_TARGET : HBA_LINK_DOWN);
    }
}

static void submit_directly(struct fabric_path *p, struct hba_cmd *cmd)
{
    cmd->incarnation = p->incarnation;
    if (fabric_execute(p, cmd) == ARRAY_NO_ANSWER) {
        keep(p, cmd, PHASE_LOST);
    } else if (cmd->scsi.delay_us != 0) {
        keep(p, cmd, PHASE_ANSWERED);
        fabric_answer_later(p, cmd, answer_delay(cmd));
    } else {
        end_inline(p, cmd, HBA_OK);
    }
}

void fabric_submit(struct hba *h, struct hba_cmd *cmd)
{
    struct fabric_path *p;

    cmd->hba = h;
    if (cmd->target >= h->targets) {
        fabric_clear_result(&cmd->scsi);
        cmd->status = HBA_NO_TARGET;
        hba_end(h, cmd);
        return;
    }
    p = ((struct fabric_hba *)h)->path[cmd->target];
    cmd->hardware = p;
    cmd->event.heap = 0;
    cmd->task.unit = NULL;
    cmd->fault = 0;
    p->commands++;
    if (p->state != PATH_UP)
        submit_unreachable(p, cmd);
    else if (p->direct)
        submit_directly(p, cmd);
    else
        submit_travelling(p, cmd);
}
