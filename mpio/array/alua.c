/* SPDX-License-Identifier: MIT */
/*
 * Asymmetric logical unit access (SPC-4 5.11): who owns a LUN, and what state that gives each target
 * port group. One primary group per controller, id = controller + 1; relative port id = port + 1.
 *
 * The owner's group is active/optimized, the others are what the array's passive state says. A
 * controller that is down is unavailable; SET TARGET PORT GROUPS (alua_set.c) may put a group lower,
 * or single ports offline; array_force_state, a fault, overrides everything but a controller's end.
 *
 * Ownership belongs to the controller chosen: configured, or named by SET TARGET PORT GROUPS. When
 * it goes down an array with implicit ALUA moves the LUN to the next one that is up, and back when
 * it returns; an array with explicit ALUA alone waits to be told. LUNs of one ownership group move
 * together. After a change the groups report "transitioning" for transition_us; a world without a
 * clock has no such phase. Each change puts UA 2A/06 on every nexus but the one that asked for it,
 * and so does the end of the transition, which the first command after it notices.
 */
#include "alua.h"

#define TICKS_PER_US 10u /* the world's time runs in 100 ns */

static bool implicit(const struct array *a)
{
    return a->config.access != ARRAY_ALUA_EXPLICIT;
}

uint8_t alua_passive_state(const struct array *a)
{
    if (a->config.access == ARRAY_ACTIVE_PASSIVE)
        return ARRAY_STATE_STANDBY;
    return a->config.passive_state ? (uint8_t)a->config.passive_state : ARRAY_STATE_NON_OPTIMIZED;
}

static unsigned next_owner(const struct array *a, const struct lun *lun)
{
    unsigned count = a->config.controllers;

    if (!implicit(a) || (a->config.no_failback && a->up[lun->owner]))
        return lun->owner;
    for (unsigned i = 0; i < count; i++) {
        unsigned candidate = (lun->chosen + i) % count;
        if (a->up[candidate] && lun->set[candidate] == ARRAY_STATE_AUTOMATIC)
            return candidate;
    }
    return lun->owner; /* nobody left to own it: stays as it was */
}

uint8_t alua_settled_state(const struct array *a, const struct lun *lun, unsigned controller)
{
    if (!a->up[controller])
        return ARRAY_STATE_UNAVAILABLE;
    if (a->config.access == ARRAY_SYMMETRIC)
        return ARRAY_STATE_OPTIMIZED;
    if (lun->forced[controller] != ARRAY_STATE_AUTOMATIC)
        return lun->forced[controller];
    if (lun->set[controller] != ARRAY_STATE_AUTOMATIC)
        return lun->set[controller];
    return controller == lun->owner ? ARRAY_STATE_OPTIMIZED : alua_passive_state(a);
}

static uint8_t state_of(const struct array *a, const struct lun *lun, unsigned controller)
{
    bool moves = a->up[controller] && lun->transition_until &&
                 lun->forced[controller] == ARRAY_STATE_AUTOMATIC;

    return moves ? ARRAY_STATE_TRANSITIONING : alua_settled_state(a, lun, controller);
}

static void update_states(struct array *a, struct lun *lun, bool announce)
{
    bool changed = lun->told_offline != lun->offline;

    if (changed && announce)
        lun->offline_cause = lun->asked ? ALUA_CAUSE_EXPLICIT : ALUA_CAUSE_IMPLICIT;
    lun->told_offline = lun->offline;
    for (unsigned i = 0; i < a->config.controllers; i++) {
        uint8_t state = state_of(a, lun, i);
        if (state != lun->state[i] && announce && array_has_alua(a))
            lun->cause[i] = lun->asked ? ALUA_CAUSE_EXPLICIT : ALUA_CAUSE_IMPLICIT;
        changed = changed || state != lun->state[i];
        lun->state[i] = state;
    }
    if (changed && announce && array_has_alua(a))
        array_attention_all(a, lun, lun->asked, ASC_ACCESS_STATE_CHANGED);
}

void alua_change(struct array *a, struct lun *lun, struct array_nexus *asked)
{
    bool changed = false;

    lun->asked = asked;
    for (unsigned i = 0; i < a->config.controllers; i++)
        changed = changed || alua_settled_state(a, lun, i) != lun->state[i];
    if (changed && array_has_alua(a) && a->config.now && a->config.transition_us)
        lun->transition_until =
            a->config.now(a->config.clock) + (uint64_t)a->config.transition_us * TICKS_PER_US;
    update_states(a, lun, true);
    if (!lun->transition_until)
        lun->asked = NULL;
}

void array_settle_lun(struct array *a, struct lun *lun, bool announce)
{
    if (announce)
        array_end_transition(a, lun); /* nobody may have looked since it was over */
    unsigned owner = next_owner(a, lun), before = lun->owner;
    bool asked = lun->asked != NULL;

    lun->owner = owner;
    lun->asked = NULL; /* what comes now nobody asked for */
    if (!announce) {
        update_states(a, lun, false);
    } else if (owner != before) {
        if (lun->transition_until && !asked && !a->up[before]) /* it died before it had the LUN */
            array_attention_all(a, lun, NULL, ASC_IMPLICIT_TRANSITION_FAILED);
        alua_change(a, lun, NULL);
    } else {
        update_states(a, lun, true);
    }
}

void array_end_transition(struct array *a, struct lun *lun)
{
    if (!lun->transition_until || a->config.now(a->config.clock) < lun->transition_until)
        return;
    lun->transition_until = 0;
    update_states(a, lun, true);
    lun->asked = NULL;
}

void array_reset_access(struct array *a, struct lun *lun)
{
    lun->transition_until = 0;
    lun->offline = 0;
    lun->owner = lun->chosen = lun->preferred;
    for (unsigned i = 0; i < a->config.controllers; i++) {
        lun->set[i] = ARRAY_STATE_AUTOMATIC;
        lun->cause[i] = 0;
    }
    array_settle_lun(a, lun, false);
}

struct lun *alua_next_of_group(const struct array *a, const struct lun *of, const struct lun *after)
{
    if (!of->ownership_group)
        return after ? NULL : a->by_ordinal[of->ordinal];
    for (unsigned i = after ? after->ordinal + 1 : 0; i < a->ordinals; i++)
        if (a->by_ordinal[i] && a->by_ordinal[i]->ownership_group == of->ownership_group)
            return a->by_ordinal[i];
    return NULL;
}

void array_move_lun(struct array *a, uint16_t number, unsigned owner)
{
    struct lun *lun = array_lun(a, number);

    if (!lun || owner >= a->config.controllers)
        return;
    for (struct lun *l = alua_next_of_group(a, lun, NULL); l; l = alua_next_of_group(a, lun, l)) {
        array_end_transition(a, l);
        bool changed = l->owner != owner && a->up[owner];
        l->preferred = l->chosen = owner;
        l->set[owner] = ARRAY_STATE_AUTOMATIC;
        if (changed) {
            l->owner = owner;
            alua_change(a, l, NULL);
        } else {
            array_settle_lun(a, l, true);
        }
    }
}

void array_trespass(struct request *r)
{
    struct array *a = r->array;
    unsigned owner = r->nexus->controller;

    for (struct lun *l = alua_next_of_group(a, r->lun, NULL); l; l = alua_next_of_group(a, r->lun, l)) {
        l->chosen = l->owner = owner;
        l->set[owner] = ARRAY_STATE_AUTOMATIC;
        alua_change(a, l, r->nexus);
    }
}

bool array_force_state(struct array *a, uint16_t number, unsigned controller,
                       enum array_port_state state)
{
    struct lun *lun = array_lun(a, number);

    bool known = state <= ARRAY_STATE_UNAVAILABLE || state == ARRAY_STATE_TRANSITIONING ||
                 state == ARRAY_STATE_AUTOMATIC;

    if (!lun || !known || !array_has_alua(a) || controller >= a->config.controllers)
        return false;
    array_end_transition(a, lun);
    lun->forced[controller] = (uint8_t)state;
    lun->asked = NULL;
    update_states(a, lun, true);
    return true;
}

bool array_port_offline(struct array *a, uint16_t number, unsigned port, bool offline)
{
    struct lun *lun = array_lun(a, number);
    uint64_t bit = port < a->ports ? UINT64_C(1) << port : 0;

    if (!lun || !bit || !array_explicit(a))
        return false;
    array_end_transition(a, lun);
    struct array_nexus *asked = lun->asked; /* for a transition under way, not for this */
    lun->asked = NULL;
    lun->offline = offline ? lun->offline | bit : lun->offline & ~bit;
    update_states(a, lun, true);
    lun->asked = asked;
    return true;
}

#define NOT_READY(code) ((unsigned)SENSE_NOT_READY << 16 | (code))

/* SPC-4 5.11.2.5 to 5.11.2.9: the flags say which commands each state lets through. */
unsigned array_access_denied(const struct request *r, unsigned flags)
{
    const struct array_config *c = &r->array->config;

    if (flags & COMMAND_ANY_STATE)
        return 0;
    if (r->lun->offline >> r->nexus->port & 1)
        return NOT_READY(ASC_OFFLINE);
    switch (r->lun->state[r->nexus->controller]) {
    case ARRAY_STATE_TRANSITIONING:
        return NOT_READY(ASC_TRANSITIONING);
    case ARRAY_STATE_STANDBY:
        if (flags & COMMAND_STANDBY)
            return 0;
        if (c->access == ARRAY_ACTIVE_PASSIVE)
            return c->passive_sense ? c->passive_sense : NOT_READY(ASC_MANUAL_INTERVENTION);
        return NOT_READY(ASC_STANDBY);
    case ARRAY_STATE_UNAVAILABLE:
        return NOT_READY(ASC_UNAVAILABLE);
    default:
        return 0;
    }
}
