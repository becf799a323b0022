/* SPDX-License-Identifier: MIT */
/*
 * SET TARGET PORT GROUPS (SPC-4 6.38). The whole list is judged first: what is malformed changes
 * nothing (5/26/00). Then each descriptor is carried out in its order; what this array cannot do
 * ends the command with 4/67/0A, and what was done before or besides stays done.
 *
 *   active/optimized   the group's controller becomes the owner; the former owner turns passive
 *   passive state      the group is as it is without ownership
 *   lower              the group stays there until it is set again
 *   offline            one port (the list names it, not a group); a state of its primary group that
 *                      is at least passive brings it back
 *
 * An owner that is set below active/optimized hands over to the next controller that can own.
 */
#include "alua.h"

#define HEADER     4u
#define DESCRIPTOR 4u

/* What the list asks for, per controller. */
struct wish {
    uint64_t offline; /* ports */
    unsigned count;   /* of descriptors with a primary state */
    struct {
        uint8_t controller, state;
    } group[ARRAY_MAX_CONTROLLERS];
};

static bool invalid(struct request *r, uint32_t at)
{
    array_invalid_parameter(r, at);
    return false;
}

static bool parse_descriptor(struct request *r, const uint8_t *list, uint32_t at, struct wish *w)
{
    const struct array *a = r->array;
    unsigned state = list[at] & 0x0F, id = get_16(list + at + 2);

    if (list[at] & 0xF0)
        return invalid(r, at);
    if (list[at + 1])
        return invalid(r, at + 1);
    if (state == ALUA_STATE_OFFLINE) {
        uint64_t bit = id >= 1 && id <= a->ports ? UINT64_C(1) << (id - 1) : 0;
        if (!bit || w->offline & bit)
            return invalid(r, at + 2);
        w->offline |= bit;
        return true;
    }
    /* Transitioning and LBA dependent are told, never asked for. */
    if (state > ARRAY_STATE_UNAVAILABLE || !(alua_supported_states(a) >> state & 1))
        return invalid(r, at);
    if (id < 1 || id > a->config.controllers)
        return invalid(r, at + 2);
    for (unsigned i = 0; i < w->count; i++)
        if (w->group[i].controller == id - 1)
            return invalid(r, at + 2);
    w->group[w->count].controller = (uint8_t)(id - 1);
    w->group[w->count++].state = (uint8_t)state;
    return true;
}

static bool parse(struct request *r, struct wish *w)
{
    uint32_t length = get_32(r->cmd->cdb + 6);

    *w = (struct wish){0};
    if (length == 0)
        return true;
    if (length < HEADER || (length - HEADER) % DESCRIPTOR) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return false;
    }
    const uint8_t *list = array_parameters(r, length);
    if (!list)
        return false;
    for (uint32_t i = 0; i < HEADER; i++)
        if (list[i])
            return invalid(r, i);
    for (uint32_t at = HEADER; at < length; at += DESCRIPTOR)
        if (!parse_descriptor(r, list, at, w))
            return false;
    return true;
}

static bool can_own(const struct array *a, const struct lun *lun, unsigned controller)
{
    return a->up[controller] && lun->set[controller] == ARRAY_STATE_AUTOMATIC &&
           lun->forced[controller] == ARRAY_STATE_AUTOMATIC;
}

static void own(struct lun *lun, unsigned controller)
{
    lun->owner = lun->chosen = controller;
}

/* The owner was set to a lower state: the next one that can takes over. `asked` are the controllers
 * that the list names, all of them for something less. */
static bool hand_over(const struct array *a, struct lun *lun, unsigned asked)
{
    for (unsigned i = 1; i < a->config.controllers; i++) {
        unsigned candidate = (lun->owner + i) % a->config.controllers;
        if (can_own(a, lun, candidate) && !(asked >> candidate & 1)) {
            own(lun, candidate);
            return true;
        }
    }
    lun->set[lun->owner] = ARRAY_STATE_AUTOMATIC; /* somebody has to own it */
    return false;
}

static bool carry_out(struct array *a, struct lun *lun, const struct wish *w)
{
    unsigned asked = 0, before = lun->owner;
    uint64_t ports = (UINT64_C(1) << (a->config.ports_per_controller - 1) << 1) - 1;
    bool done = true, new_owner = false;

    for (unsigned i = 0; i < w->count; i++) {
        unsigned controller = w->group[i].controller, state = w->group[i].state;
        bool optimized = state == ARRAY_STATE_OPTIMIZED;

        if (!a->up[controller] || lun->forced[controller] != ARRAY_STATE_AUTOMATIC ||
            (optimized && new_owner)) {
            done = done && alua_settled_state(a, lun, controller) == state;
            continue;
        }
        lun->set[controller] = ARRAY_STATE_AUTOMATIC;
        if (optimized || state == alua_passive_state(a))
            lun->offline &= ~(ports << controller * a->config.ports_per_controller);
        else
            lun->set[controller] = (uint8_t)state;
        if (optimized)
            own(lun, controller);
        else
            asked |= 1u << controller;
        new_owner = new_owner || optimized;
    }
    if (!new_owner && asked >> before & 1)
        done = hand_over(a, lun, asked) && done;
    lun->offline |= w->offline;
    return done;
}

void array_set_target_port_groups(struct request *r)
{
    struct array *a = r->array;
    struct wish w;
    bool done = true;

    if (r->lun->transition_until ||
        r->lun->state[r->nexus->controller] == ARRAY_STATE_TRANSITIONING) {
        array_check(r, SENSE_NOT_READY, ASC_TRANSITIONING);
        return;
    }
    if (!parse(r, &w))
        return;
    for (struct lun *l = alua_next_of_group(a, r->lun, NULL); l; l = alua_next_of_group(a, r->lun, l)) {
        done = carry_out(a, l, &w) && done;
        alua_change(a, l, r->nexus);
    }
    if (!done)
        array_check(r, SENSE_HARDWARE_ERROR, ASC_SET_GROUPS_FAILED);
}
