/* SPDX-License-Identifier: MIT */
/*
 * Sessions that end while every cable is in place: port logout, asynchronous logout, redirection, the
 * power of an HBA; and what a fabric tells its HBAs. Called by scenarios and embedders, between
 * commands; whatever the machine sees of it comes from events.
 */
#include <assert.h>

#include "world/fabric_private.h"
#include "world/trace.h"

void fabric_trace(const struct fabric_hba *f, uint32_t target, enum trace_fabric what, uint64_t value)
{
    trace_emit(f->hba.world, f->hba.machine, TRACE_FABRIC, f->hba.ordinal, target, what, value);
}

/* ---- notices of the HBA itself ------------------------------------------------------------------- */
static void tell_notices(void *argument)
{
    struct fabric_hba *f = argument;
    bool reset = f->bus_was_reset, changed = f->state_changed;

    f->bus_was_reset = f->state_changed = false;
    if (reset && f->hba.on_event != NULL)
        f->hba.on_event(&f->hba, HBA_EVENT_BUS_RESET, HBA_ALL_TARGETS);
    if (changed && f->hba.on_event != NULL)
        f->hba.on_event(&f->hba, HBA_EVENT_STATE_CHANGE, HBA_ALL_TARGETS);
}

void fabric_notice(struct event *e)
{
    struct fabric_hba *f = (struct fabric_hba *)((char *)e - offsetof(struct fabric_hba, notice));

    if (f->powered)
        fabric_interrupt(f, tell_notices, f);
}

void fabric_notify(struct fabric_hba *f)
{
    world_post(f->hba.world, &f->notice, world_now(f->hba.world), EVENT_INTERRUPT);
}

void fabric_rscn(struct hba *h)
{
    struct fabric_hba *f = fabric_hba_of(h);

    fabric_trace(f, HBA_ALL_TARGETS, FABRIC_TRACE_STATE_CHANGE, 0);
    f->state_changed = true;
    fabric_notify(f);
}

/* ---- switches ------------------------------------------------------------------------------------- */
bool fabric_switch(struct world *w, const char *name, bool up)
{
    struct fabric_net *net = fabric_net_find(w, name);

    if (net == NULL)
        return false;
    if (net->up == up)
        return true;
    trace_emit(w, NULL, TRACE_FABRIC, net->ordinal, HBA_ALL_TARGETS, FABRIC_TRACE_SWITCH, up);
    net->up = up;
    for (struct fabric_path *p = fabric_next_path(w, NULL); p != NULL; p = fabric_next_path(w, p)) {
        if (p->net != net)
            continue;
        fabric_update_path(p);
        /* An HBA behind another switch is told by that one; one behind the dead switch hears nothing. */
        if (p->hba->net != net && p->hba->cable_up && !p->hba->state_changed)
            fabric_rscn(&p->hba->hba);
    }
    return true;
}

/* ---- sessions -------------------------------------------------------------------------------------- */
static struct fabric_path *path_of(struct hba *h, uint32_t target)
{
    assert(target < h->targets);
    return fabric_hba_of(h)->path[target];
}

void fabric_comeback(struct event *e)
{
    struct fabric_path *p = (struct fabric_path *)((char *)e - offsetof(struct fabric_path, comeback));

    p->away = false;
    fabric_update_path(p);
}

void fabric_send_away(struct fabric_path *p, uint64_t time)
{
    struct world *w = p->hba->hba.world;

    if (p->away || p->state == PATH_GONE)
        return;
    p->away = true;
    fabric_update_path(p);
    world_post(w, &p->comeback, world_now(w) + time, EVENT_INTERRUPT);
}

void fabric_port_logout(struct hba *h, uint32_t target)
{
    struct fabric_path *p = path_of(h, target);

    fabric_trace(p->hba, target, FABRIC_TRACE_LOGOUT, 0);
    p->nexus_lost = true;
    fabric_send_away(p, FABRIC_RELOGIN);
}

void fabric_async_logout(struct hba *h, uint32_t target, uint64_t wait, uint64_t retain)
{
    struct fabric_path *p = path_of(h, target);
    uint64_t now = world_now(h->world);

    fabric_trace(p->hba, target, FABRIC_TRACE_ASYNC_LOGOUT, wait + retain);
    if (p->state != PATH_UP)
        return; /* no session that could end */
    p->retain_until = now + wait + retain;
    fabric_send_away(p, wait);
}

static bool has_target_at(const struct fabric_path *p, unsigned port)
{
    for (uint32_t target = 0; target < p->hba->hba.targets; target++)
        if (p->hba->path[target]->array == p->array && p->hba->path[target]->port == port)
            return true;
    return false;
}

bool fabric_redirect(struct hba *h, uint32_t target, unsigned new_port)
{
    struct fabric_path *p = path_of(h, target);
    struct array_nexus *nexus;
    unsigned controller;

    if (new_port >= array_ports(p->array) || p->state != PATH_UP || has_target_at(p, new_port))
        return false;
    controller = array_controller_of_port(p->array, new_port);
    if (!array_controller_is_up(p->array, controller) ||
        (nexus = array_login(p->array, new_port, h->initiator)) == NULL)
        return false;
    fabric_trace(p->hba, target, FABRIC_TRACE_REDIRECT, new_port);
    p->away = true;
    fabric_update_path(p);
    fabric_log_out(p);
    fabric_start_waiting(p->shared, h->world);
    p->nexus = nexus;
    p->port = new_port;
    p->controller = controller;
    p->controller_up = true;
    p->luns_changed = true; /* its LUNs name another port */
    fabric_update_direct(p);
    p->away = false;
    fabric_update_path(p);
    return true;
}

/* ---- power of an HBA ------------------------------------------------------------------------------- */
static void power_off(struct fabric_path *p)
{
    fabric_update_path(p);
    for (struct hba_cmd *cmd = p->outstanding.first; cmd != NULL; cmd = cmd->next) {
        if (cmd->phase == PHASE_HELD || cmd->phase == PHASE_SELECTING) {
            world_cancel(p->hba->hba.world, &cmd->event);
            cmd->phase = PHASE_LOST;
        }
    }
    if (p->state != PATH_GONE)
        fabric_log_out(p);
    p->state = PATH_GONE; /* the miniport is not told: nobody is there to raise an interrupt */
    p->retain_until = 0;
}

static void power_on(struct fabric_path *p)
{
    while (p->outstanding.first != NULL)
        fabric_end_command(p, p->outstanding.first, HBA_ABORTED);
    p->bounced = true;
    fabric_update_path(p);
    fabric_schedule_service(p, true);
}

void fabric_hba_power(struct hba *h, bool on)
{
    struct fabric_hba *f = fabric_hba_of(h);

    if (f->powered == on || (on && h->pulled))
        return;
    fabric_trace(f, HBA_ALL_TARGETS, FABRIC_TRACE_POWER, on);
    f->powered = on;
    for (uint32_t target = 0; target < h->targets; target++) {
        if (on)
            power_on(f->path[target]);
        else
            power_off(f->path[target]);
    }
    if (on && (f->state_changed || f->bus_was_reset))
        fabric_notify(f);
}
