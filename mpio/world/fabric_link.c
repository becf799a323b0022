/* SPDX-License-Identifier: MIT */
/*
 * Links that fail: cuts, the link-down time, the dev-loss time, returns, and dying controllers.
 *
 * The state of a path changes at once, from wherever the cut comes. What the machine sees of it -
 * events for the miniport, ends of commands - happens in the path's service event, which runs for
 * the machine and raises an interrupt. Nothing is announced twice: told_up and told_present say what
 * the miniport knows.
 */
#include <assert.h>

#include "world/fabric_private.h"
#include "world/trace.h"

enum trace_link_state { LINK_STATE_DOWN, LINK_STATE_UP, LINK_STATE_GONE, LINK_STATE_ARRIVED };

static uint64_t add_time(uint64_t time, uint64_t span)
{
    return span > WORLD_NEVER - time ? WORLD_NEVER : time + span;
}

static uint64_t hold_end(const struct fabric_path *p)
{
    return add_time(p->lost_at, p->hba->link_down_time);
}

static uint64_t loss_end(const struct fabric_path *p)
{
    return add_time(p->lost_at, p->hba->dev_loss_time);
}

static void trace_link(const struct fabric_hba *f, uint32_t target, enum trace_link_state state)
{
    trace_emit(f->hba.world, f->hba.machine, TRACE_LINK, f->hba.ordinal, target, state, 0);
}

bool fabric_path_should_be_up(const struct fabric_path *p)
{
    return p->hba->cable_up && p->link_up && p->controller_up && p->hba->powered && !p->away &&
           (p->net == NULL || p->net->up);
}

void fabric_schedule_service(struct fabric_path *p, bool soon)
{
    struct world *w = p->hba->hba.world;
    uint64_t due = WORLD_NEVER;

    if (soon)
        due = world_now(w);
    else if (p->state == PATH_HOLDING)
        due = hold_end(p);
    else if (p->state == PATH_FAILING)
        due = loss_end(p);
    if (due != WORLD_NEVER)
        world_post(w, &p->service, due, EVENT_INTERRUPT);
    else
        world_cancel(w, &p->service);
}

/* ---- the service event -------------------------------------------------------------------------- */
static void tell(struct fabric_path *p, enum hba_event event)
{
    struct hba *h = &p->hba->hba;

    if (h->on_event != NULL)
        h->on_event(h, event, p->target);
}

static void expire_timers(struct fabric_path *p)
{
    uint64_t now = world_now(p->hba->hba.world);

    if (p->state == PATH_HOLDING && now >= hold_end(p)) {
        p->state = PATH_FAILING;
        while (p->outstanding.first != NULL)
            fabric_end_command(p, p->outstanding.first, HBA_LINK_DOWN);
    }
    if (p->state == PATH_FAILING && now >= loss_end(p)) {
        p->state = PATH_GONE;
        fabric_log_out(p);
        fabric_start_waiting(p->shared, p->hba->hba.world);
        trace_link(p->hba, p->target, LINK_STATE_GONE);
    }
}

static void service(void *argument)
{
    struct fabric_path *p = argument;

    if (!p->hba->powered)
        return; /* no interrupt, and no timer runs */
    expire_timers(p);
    fabric_schedule_service(p, false);
    if (p->told_up && (p->bounced || p->state != PATH_UP)) {
        p->told_up = false;
        tell(p, HBA_EVENT_LINK_DOWN);
    }
    p->bounced = false;
    fabric_drain(p);
    if (p->told_present && p->state == PATH_GONE) {
        p->told_present = false;
        tell(p, HBA_EVENT_TARGET_GONE);
    }
    if (!p->told_up && p->state == PATH_UP) {
        p->told_up = true;
        tell(p, HBA_EVENT_LINK_UP);
    }
    if (!p->told_present && p->state != PATH_GONE) {
        p->told_present = true;
        tell(p, HBA_EVENT_TARGET_ARRIVED);
    }
    if (p->luns_changed) {
        p->luns_changed = false;
        tell(p, HBA_EVENT_LUNS_CHANGED);
    }
}

void fabric_service(struct event *e)
{
    struct fabric_path *p =
        (struct fabric_path *)((char *)e - offsetof(struct fabric_path, service));

    fabric_interrupt(p->hba, service, p);
}

/* ---- loss and return of a path ------------------------------------------------------------------ */
/* A command under way met the cut on its way there, or on its way back. A stopped machine's commands
 * never reach the array any more. */
static void lose_command(struct fabric_path *p, struct hba_cmd *cmd)
{
    struct world *w = p->hba->hba.world;

    switch (cmd->phase) {
    case PHASE_FLYING:
        if (world_random_below(w, STREAM_FABRIC, 2) != 0 &&
            p->hba->hba.machine->state == MACHINE_RUNNING) {
            fabric_execute_unanswered(p, cmd);
            return;
        }
        break;
    case PHASE_COMING:
    case PHASE_WAITING:
        break;
    case PHASE_ANSWERED:
        world_cancel(w, &cmd->event);
        cmd->phase = PHASE_ANSWER_LOST;
        return;
    default:
        return;
    }
    world_cancel(w, &cmd->event);
    fabric_withdraw(p, cmd);
    cmd->phase = PHASE_LOST;
}

static void lose(struct fabric_path *p)
{
    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = cmd->next)
        lose_command(p, cmd);
    p->incarnation++;
    p->state = PATH_HOLDING;
    p->lost_at = world_now(p->hba->hba.world);
    fabric_schedule_service(p, true);
}

/* The session begins again. False: the array takes no more initiators, the target stays away. */
static bool log_in(struct fabric_path *p)
{
    struct array_nexus *nexus;

    if (p->state == PATH_GONE) {
        nexus = array_login(p->array, p->port, p->hba->hba.initiator);
        if (nexus == NULL)
            return false;
        p->nexus = nexus;
        trace_link(p->hba, p->target, LINK_STATE_ARRIVED);
    } else if (p->nexus_lost) {
        array_nexus_loss(p->nexus);
    }
    p->nexus_lost = false;
    return true;
}

/* Serial transports end the session with the connection; an iSCSI target may keep it for a while. */
static bool goes_on(const struct fabric_path *p)
{
    return p->retain_until != 0 && world_now(p->hba->hba.world) <= p->retain_until && p->state != PATH_GONE;
}

static void regain(struct fabric_path *p)
{
    enum hba_kind kind = p->hba->hba.kind;
    bool retained = goes_on(p);
    struct hba_cmd *next;

    if (!retained && (kind == HBA_SAS || kind == HBA_ISCSI))
        p->nexus_lost = true;
    if (!log_in(p))
        return;
    p->retain_until = 0;
    p->state = PATH_UP;
    p->bounced = true;
    /* The login drops the exchanges that were under way; what never left is sent now. */
    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = next) {
        next = cmd->next;
        if (cmd->phase == PHASE_HELD || (retained && cmd->phase == PHASE_LOST))
            fabric_send(p, cmd);
        else if (retained && cmd->phase == PHASE_ANSWER_LOST)
            fabric_answer_later(p, cmd, p->latency);
        else
            fabric_end_command(p, cmd, HBA_LINK_DOWN);
    }
    fabric_schedule_service(p, true);
}

void fabric_update_path(struct fabric_path *p)
{
    bool up = fabric_path_should_be_up(p);

    if (up && p->state != PATH_UP)
        regain(p);
    else if (!up && p->state == PATH_UP)
        lose(p);
}

/* ---- from outside ------------------------------------------------------------------------------- */
void fabric_link(struct hba *h, uint32_t target, bool up)
{
    struct fabric_hba *f = fabric_hba_of(h);

    assert(target < h->targets || target == HBA_ALL_TARGETS);
    trace_link(f, target, up ? LINK_STATE_UP : LINK_STATE_DOWN);
    if (target != HBA_ALL_TARGETS) {
        f->path[target]->link_up = up;
        fabric_update_path(f->path[target]);
        return;
    }
    f->cable_up = up;
    for (target = 0; target < h->targets; target++)
        fabric_update_path(f->path[target]);
}

bool fabric_link_is_up(const struct hba *h, uint32_t target)
{
    const struct fabric_hba *f = fabric_hba_of(h);

    assert(target < h->targets || target == HBA_ALL_TARGETS);
    return target == HBA_ALL_TARGETS ? f->cable_up : f->path[target]->state == PATH_UP;
}

void fabric_controller(struct world *w, struct array *a, unsigned controller, bool up)
{
    uint64_t ordinal = UINT64_MAX; /* an array nobody is connected to */

    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p))
        if (p->array == a)
            ordinal = p->shared->ordinal;
    trace_emit(w, NULL, TRACE_CONTROLLER, ordinal, controller, up, 0);
    if (up)
        array_controller_up(a, controller, true);
    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p)) {
        if (p->array != a || p->controller != controller)
            continue;
        p->controller_up = up;
        fabric_update_path(p);
    }
    /* Last: a dying controller may still execute what was under way. */
    if (!up)
        array_controller_up(a, controller, false);
}

void fabric_luns_changed(struct world *w, const struct array *a)
{
    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p)) {
        if (p->array != a)
            continue;
        p->luns_changed = true;
        fabric_schedule_service(p, true);
        fabric_start_waiting(p->shared, w); /* of a LUN that is gone nobody waits */
    }
}
