/* SPDX-License-Identifier: MIT */
/*
 * Asymmetric logical unit access (SPC-4 5.15). One target port group per controller, group id =
 * controller + 1, relative port id = port + 1. The owner's group is active/optimized, the others
 * active/non-optimized, a controller that is down unavailable; array_force_state overrides one.
 *
 * Ownership follows the configured owner: when its controller goes down the next one up takes over,
 * when it returns it takes back. After an ownership change every group reports "transitioning" for
 * transition_us; a world without a clock has no such phase. Each change of states puts UA 2A/06 on
 * every nexus, and so does the end of the transition, which the first command after it notices.
 */
#include "internal.h"

#include <string.h>

#define TICKS_PER_US  10u /* the world's time runs in 100 ns */
#define US_PER_SECOND 1000000u

static unsigned next_owner(const struct array *a, const struct lun *lun)
{
    unsigned count = a->config.controllers;

    for (unsigned i = 0; i < count; i++) {
        unsigned candidate = (lun->preferred + i) % count;
        if (a->up[candidate])
            return candidate;
    }
    return lun->owner; /* nobody left to own it: stays as it was */
}

static uint8_t state_of(const struct array *a, const struct lun *lun, unsigned controller)
{
    if (!a->up[controller])
        return ARRAY_STATE_UNAVAILABLE;
    if (a->config.access == ARRAY_SYMMETRIC)
        return ARRAY_STATE_OPTIMIZED;
    if (lun->forced[controller] != ARRAY_STATE_AUTOMATIC)
        return lun->forced[controller];
    if (lun->transition_until)
        return ARRAY_STATE_TRANSITIONING;
    return controller == lun->owner ? ARRAY_STATE_OPTIMIZED : ARRAY_STATE_NON_OPTIMIZED;
}

static void update_states(struct array *a, struct lun *lun, bool announce)
{
    bool changed = false;

    for (unsigned i = 0; i < a->config.controllers; i++) {
        uint8_t state = state_of(a, lun, i);
        changed = changed || state != lun->state[i];
        lun->state[i] = state;
    }
    if (changed && announce && a->config.access == ARRAY_ALUA_IMPLICIT) {
        lun->altered = true;
        array_attention_all(a, lun, NULL, ASC_ACCESS_STATE_CHANGED);
    }
}

void array_settle_lun(struct array *a, struct lun *lun, bool announce)
{
    unsigned owner = next_owner(a, lun);

    if (owner != lun->owner) {
        lun->owner = owner;
        if (announce && a->config.access == ARRAY_ALUA_IMPLICIT && a->config.now &&
            a->config.transition_us)
            lun->transition_until =
                a->config.now(a->config.clock) + (uint64_t)a->config.transition_us * TICKS_PER_US;
    }
    update_states(a, lun, announce);
}

void array_end_transition(struct array *a, struct lun *lun)
{
    if (a->config.now(a->config.clock) >= lun->transition_until) {
        lun->transition_until = 0;
        update_states(a, lun, true);
    }
}

void array_move_lun(struct array *a, uint16_t number, unsigned owner)
{
    struct lun *lun = array_lun(a, number);

    if (!lun || owner >= a->config.controllers)
        return;
    lun->preferred = owner;
    array_settle_lun(a, lun, true);
}

bool array_force_state(struct array *a, uint16_t number, unsigned controller,
                       enum array_port_state state)
{
    struct lun *lun = array_lun(a, number);

    bool known = state <= ARRAY_STATE_UNAVAILABLE || state == ARRAY_STATE_TRANSITIONING ||
                 state == ARRAY_STATE_AUTOMATIC;

    if (!lun || !known || a->config.access == ARRAY_SYMMETRIC ||
        controller >= a->config.controllers)
        return false;
    lun->forced[controller] = (uint8_t)state;
    update_states(a, lun, true);
    return true;
}

unsigned array_access_denied(const struct request *r)
{
    switch (r->lun->state[r->nexus->controller]) {
    case ARRAY_STATE_TRANSITIONING:
        return ASC_TRANSITIONING;
    case ARRAY_STATE_STANDBY:
        return ASC_STANDBY;
    case ARRAY_STATE_UNAVAILABLE:
        return ASC_UNAVAILABLE;
    default:
        return 0;
    }
}

/* Transitioning, unavailable, standby, active/non-optimized, active/optimized. */
#define ALUA_SUPPORTED      0x8F
#define SYMMETRIC_SUPPORTED 0x09
#define EXTENDED_HEADER     1

static void report_group(struct reply *reply, const struct array *a, const struct lun *lun,
                         unsigned controller)
{
    bool alua = a->config.access == ARRAY_ALUA_IMPLICIT;
    unsigned ports = a->config.ports_per_controller;

    reply_8(reply, (alua && lun->preferred == controller ? 0x80 : 0) | lun->state[controller]);
    reply_8(reply, alua ? ALUA_SUPPORTED : SYMMETRIC_SUPPORTED);
    reply_16(reply, (uint16_t)(controller + 1));
    reply_8(reply, 0);
    reply_8(reply, lun->altered ? 2 : 0);
    reply_8(reply, 0);
    reply_8(reply, (uint8_t)ports);
    for (unsigned i = 0; i < ports; i++)
        reply_32(reply,
                 controller * ports + i + 1); /* 2 bytes obsolete, 2 bytes relative port id */
}

void array_report_target_port_groups(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    const struct array *a = r->array;
    uint32_t allocation = get_32(cdb + 6);
    unsigned format = cdb[1] >> 5;

    if (format > EXTENDED_HEADER) {
        array_invalid_cdb(r, 1);
        return;
    }
    struct reply reply = reply_begin(r, allocation);
    reply_32(&reply, 0);
    if (format == EXTENDED_HEADER) {
        uint32_t seconds = (a->config.transition_us + US_PER_SECOND - 1) / US_PER_SECOND;
        reply_8(&reply, EXTENDED_HEADER << 4);
        reply_8(&reply, seconds > 255 ? 255 : (uint8_t)seconds);
        reply_16(&reply, 0);
    }
    for (unsigned i = 0; i < a->config.controllers; i++)
        report_group(&reply, a, r->lun, i);
    reply_set32(&reply, 0, reply.size - 4);
    reply_end(&reply, r, allocation);
}
