/* SPDX-License-Identifier: MIT */
/*
 * PERSISTENT RESERVE OUT (SPC-4 5.12, 6.16): the parameter list, and RESERVE, RELEASE, CLEAR,
 * PREEMPT, PREEMPT AND ABORT. What registers is in persistent_register.c.
 */
#include "persistent_out.h"

#define HEADER_LENGTH 24u
#define APTPL         0x01
#define ALL_TG_PT     0x04
#define SPEC_I_PT     0x08
#define UNREG         0x02 /* REGISTER AND MOVE, byte 17, beside its APTPL */

void persistent_tell_registrants(struct request *r, unsigned code)
{
    for (struct array_nexus *n = r->array->nexuses; n; n = n->next)
        if (n != r->nexus && array_state(n, r->lun)->key)
            array_attention(n, r->lun, code);
}

static bool type_valid(unsigned scope_and_type)
{
    switch (scope_and_type) { /* scope 0, the logical unit, is the only one */
    case WRITE_EXCLUSIVE:
    case EXCLUSIVE_ACCESS:
    case WRITE_EXCLUSIVE_REGISTRANTS:
    case EXCLUSIVE_ACCESS_REGISTRANTS:
    case WRITE_EXCLUSIVE_ALL:
    case EXCLUSIVE_ACCESS_ALL:
        return true;
    default:
        return false;
    }
}

/* ---- service actions --------------------------------------------------------------------------- */
static void reserve(struct request *r, enum reservation_type type)
{
    if (!r->lun->reservation)
        array_begin_reservation(r->lun, r->nexus, type);
    else if (!array_holds_reservation(r->nexus, r->lun) || r->lun->reservation != type)
        array_conflict(r);
}

static void release(struct request *r, enum reservation_type type)
{
    enum reservation_type before = r->lun->reservation;

    if (!array_holds_reservation(r->nexus, r->lun))
        return;
    if (before != type) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_RELEASE);
        return;
    }
    array_end_reservation(r->lun);
    if (array_registrants_type(before))
        persistent_tell_registrants(r, ASC_RESERVATIONS_RELEASED);
}

static void clear(struct request *r)
{
    persistent_tell_registrants(r, ASC_RESERVATIONS_PREEMPTED);
    array_unregister_all(r->array, r->lun);
    r->lun->generation++;
}

/* Removes the registrations with the key (0: all), telling each loser but the sender. `keep` spares
 * the sender's own. Returns how many went. */
static unsigned remove_registrations(struct request *r, const struct persistent_out *o, bool keep)
{
    unsigned removed = 0;

    for (struct array_nexus *n = r->array->nexuses; n; n = n->next) {
        uint64_t theirs = array_state(n, r->lun)->key;
        if (!theirs || (o->target && theirs != o->target) || (keep && n == r->nexus && !o->target))
            continue;
        if (o->action == PR_PREEMPT_AND_ABORT)
            array_preempt_tasks(n, r->lun, r->nexus);
        if (keep && n == r->nexus)
            continue;
        array_unregister(n, r->lun);
        removed++;
        if (n != r->nexus)
            array_attention(n, r->lun, ASC_REGISTRATIONS_PREEMPTED);
    }
    return removed;
}

/* The reservation changes hands: the victims lose their keys, the sender reserves anew. */
static void take_over(struct request *r, const struct persistent_out *o)
{
    enum reservation_type before = r->lun->reservation;

    if (!type_valid(o->scope_and_type)) {
        array_invalid_cdb(r, 2);
        return;
    }
    array_end_reservation(r->lun);
    remove_registrations(r, o, true);
    array_begin_reservation(r->lun, r->nexus, o->scope_and_type);
    if (before != r->lun->reservation)
        persistent_tell_registrants(r, ASC_RESERVATIONS_RELEASED);
    r->lun->generation++;
}

static void preempt(struct request *r, const struct persistent_out *o)
{
    const struct lun *lun = r->lun;

    if (array_all_registrants_type(lun->reservation)
            ? o->target == 0
            : lun->reservation && o->target == array_state(lun->holder, lun)->key)
        take_over(r, o);
    else if (o->target == 0)
        array_invalid_parameter(r, 8);
    else if (remove_registrations(r, o, false))
        r->lun->generation++;
    else
        array_conflict(r); /* nobody has this key */
}

/* ---- the parameter list ------------------------------------------------------------------------- */
static bool length_error(struct request *r)
{
    array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
    return false;
}

/* TransportIDs follow a length at `at`. */
static bool parse_ids(struct request *r, struct persistent_out *o, uint32_t length, uint32_t at)
{
    if (length < at + 4)
        return length_error(r);
    o->ids_length = get_32(o->list + at);
    o->ids = o->list + at + 4;
    return o->ids_length <= length - at - 4 || length_error(r);
}

/* Checks CDB and parameter list; false with the status set. */
static bool parse(struct request *r, struct persistent_out *o)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t length = get_32(cdb + 5);
    bool registers;

    *o = (struct persistent_out){.action = cdb[1] & 0x1F, .scope_and_type = cdb[2]};
    if (o->action > PR_REGISTER_AND_MOVE) {
        array_invalid_cdb(r, 1);
        return false;
    }
    if ((o->action == PR_RESERVE || o->action == PR_RELEASE) && !type_valid(cdb[2])) {
        array_invalid_cdb(r, 2);
        return false;
    }
    if (length < HEADER_LENGTH)
        return length_error(r);
    o->list = array_parameters(r, length);
    if (!o->list)
        return false;
    o->key = get_64(o->list);
    o->target = get_64(o->list + 8);
    if (o->action == PR_REGISTER_AND_MOVE) {
        o->unregister = o->list[17] & UNREG;
        o->persist = o->list[17] & APTPL;
        o->relative_port = get_16(o->list + 18);
        return parse_ids(r, o, length, 20);
    }
    registers = o->action == PR_REGISTER || o->action == PR_REGISTER_AND_IGNORE;
    o->persist = o->list[20] & APTPL;
    o->all_ports = registers && o->list[20] & ALL_TG_PT;
    if (!(o->list[20] & SPEC_I_PT))
        return length == HEADER_LENGTH || length_error(r);
    if (o->action != PR_REGISTER) {
        array_invalid_parameter(r, 20);
        return false;
    }
    return parse_ids(r, o, length, 24);
}

void array_persistent_reserve_out(struct request *r)
{
    struct persistent_out o;
    bool registers;

    if (r->lun->simple_holder) {
        array_conflict(r);
        return;
    }
    if (!parse(r, &o))
        return;
    registers = o.action == PR_REGISTER || o.action == PR_REGISTER_AND_IGNORE;
    if (!registers && (!r->state->key || o.key != r->state->key)) {
        array_conflict(r);
        return;
    }
    switch (o.action) {
    case PR_REGISTER:
    case PR_REGISTER_AND_IGNORE:
        persistent_register(r, &o);
        break;
    case PR_RESERVE:
        reserve(r, o.scope_and_type);
        break;
    case PR_RELEASE:
        release(r, o.scope_and_type);
        break;
    case PR_CLEAR:
        clear(r);
        break;
    case PR_PREEMPT:
    case PR_PREEMPT_AND_ABORT:
        preempt(r, &o);
        break;
    case PR_REGISTER_AND_MOVE:
        persistent_move(r, &o);
        break;
    }
    array_sweep_nexuses(r->array);
}
