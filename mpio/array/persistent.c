/* SPDX-License-Identifier: MIT */
/*
 * PERSISTENT RESERVE OUT (SPC-4 5.12, 6.16): REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT
 * AND ABORT, REGISTER AND IGNORE EXISTING KEY. A registration belongs to one I_T nexus; the holder
 * is the nexus that reserved, or with the all-registrants types everyone registered. Registrations
 * survive resets and logouts. Commands run to their end at once, so there is never one to abort.
 */
#include "internal.h"

#define LIST_LENGTH 24u
#define APTPL       0x01
#define ALL_TG_PT   0x04
#define SPEC_I_PT   0x08

enum action { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_AND_IGNORE };

struct out {
    enum action action;
    enum reservation_type type;
    uint64_t key;    /* RESERVATION KEY */
    uint64_t target; /* SERVICE ACTION RESERVATION KEY */
    bool persist;
};

static bool registrants_type(enum reservation_type type)
{
    return type >= WRITE_EXCLUSIVE_REGISTRANTS;
}

static bool all_registrants(enum reservation_type type)
{
    return type == WRITE_EXCLUSIVE_ALL || type == EXCLUSIVE_ACCESS_ALL;
}

static bool holds(const struct request *r)
{
    const struct lun *lun = r->lun;

    return all_registrants(lun->reservation) ? r->state->key != 0
                                             : lun->reservation && lun->holder == r->nexus;
}

static void tell_registrants(struct request *r, unsigned code)
{
    for (struct array_nexus *n = r->array->nexuses; n; n = n->next)
        if (n != r->nexus && array_state(n, r->lun)->key)
            array_attention(n, r->lun, code);
}

static void end_reservation(struct lun *lun)
{
    lun->reservation = RESERVATION_NONE;
    lun->holder = NULL;
}

static void begin_reservation(struct request *r, enum reservation_type type)
{
    r->lun->reservation = type;
    r->lun->holder = all_registrants(type) ? NULL : r->nexus;
}

/* Removes one registration and what hangs on it. True when that ended the reservation. */
static bool unregister(struct lun *lun, struct array_nexus *n)
{
    struct nexus_lun *s = array_state(n, lun);

    if (s->key) {
        s->key = 0;
        lun->registrants--;
    }
    if (!lun->reservation ||
        (all_registrants(lun->reservation) ? lun->registrants != 0 : lun->holder != n))
        return false;
    end_reservation(lun);
    return true;
}

static void do_register(struct request *r, const struct out *o)
{
    struct lun *lun = r->lun;
    enum reservation_type before = lun->reservation;

    if (o->action == REGISTER && o->key != r->state->key) { /* unregistered: must be 0 */
        array_conflict(r);
        return;
    }
    if (!o->target && !r->state->key)
        return; /* nothing to unregister */
    if (o->target) {
        lun->registrants += r->state->key == 0;
        r->state->key = o->target;
    } else if (unregister(lun, r->nexus) && registrants_type(before)) {
        tell_registrants(r, ASC_RESERVATIONS_RELEASED);
    }
    lun->persist = o->persist;
    lun->generation++;
}

static void do_reserve(struct request *r, const struct out *o)
{
    if (!r->lun->reservation)
        begin_reservation(r, o->type);
    else if (!holds(r) || r->lun->reservation != o->type)
        array_conflict(r);
}

static void do_release(struct request *r, const struct out *o)
{
    enum reservation_type type = r->lun->reservation;

    if (!holds(r))
        return;
    if (type != o->type) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_RELEASE);
        return;
    }
    end_reservation(r->lun);
    if (registrants_type(type))
        tell_registrants(r, ASC_RESERVATIONS_RELEASED);
}

static void do_clear(struct request *r)
{
    tell_registrants(r, ASC_RESERVATIONS_PREEMPTED);
    end_reservation(r->lun);
    for (struct array_nexus *n = r->array->nexuses; n; n = n->next)
        array_state(n, r->lun)->key = 0;
    r->lun->registrants = 0;
    r->lun->generation++;
}

/* Removes the registrations with `key` (0: all), telling each loser but the sender. `keep` spares
 * the sender's own. Returns how many went. */
static unsigned remove_registrations(struct request *r, uint64_t key, bool keep)
{
    unsigned removed = 0;

    for (struct array_nexus *n = r->array->nexuses; n; n = n->next) {
        uint64_t theirs = array_state(n, r->lun)->key;
        if (!theirs || (key && theirs != key) || (keep && n == r->nexus))
            continue;
        unregister(r->lun, n);
        removed++;
        if (n != r->nexus)
            array_attention(n, r->lun, ASC_REGISTRATIONS_PREEMPTED);
    }
    return removed;
}

/* The reservation changes hands: the victims lose their keys, the sender reserves anew. */
static void take_over(struct request *r, const struct out *o)
{
    enum reservation_type before = r->lun->reservation;

    end_reservation(r->lun);
    remove_registrations(r, o->target, true);
    begin_reservation(r, o->type);
    if (before != o->type)
        tell_registrants(r, ASC_RESERVATIONS_RELEASED);
    r->lun->generation++;
}

static void do_preempt(struct request *r, const struct out *o)
{
    const struct lun *lun = r->lun;

    if (all_registrants(lun->reservation)
            ? o->target == 0
            : lun->reservation && o->target == array_state(lun->holder, lun)->key) {
        take_over(r, o);
    } else if (o->target == 0) {
        array_invalid_parameter(r, 8);
    } else if (remove_registrations(r, o->target, false)) {
        r->lun->generation++;
    } else {
        array_conflict(r);
    }
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

/* Checks CDB and parameter list; false with the status set. */
static bool parse(struct request *r, struct out *o)
{
    const uint8_t *cdb = r->cmd->cdb;
    uint32_t length = get_32(cdb + 5);
    bool typed, registers;

    o->action = cdb[1] & 0x1F;
    if (o->action > REGISTER_AND_IGNORE) {
        array_invalid_cdb(r, 1);
        return false;
    }
    registers = o->action == REGISTER || o->action == REGISTER_AND_IGNORE;
    typed = !registers && o->action != CLEAR;
    if (typed && !type_valid(cdb[2])) {
        array_invalid_cdb(r, 2);
        return false;
    }
    o->type = cdb[2];
    if (length != LIST_LENGTH) {
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LIST_LENGTH);
        return false;
    }
    const uint8_t *list = array_parameters(r, length);
    if (!list)
        return false;
    if (registers && list[20] & (ALL_TG_PT | SPEC_I_PT)) {
        array_invalid_parameter(r, 20);
        return false;
    }
    o->key = get_64(list);
    o->target = get_64(list + 8);
    o->persist = list[20] & APTPL;
    return true;
}

void array_persistent_reserve_out(struct request *r)
{
    struct out o;

    if (r->lun->simple_holder) {
        array_conflict(r);
        return;
    }
    if (!parse(r, &o))
        return;
    if (o.action != REGISTER && o.action != REGISTER_AND_IGNORE &&
        (!r->state->key || o.key != r->state->key)) {
        array_conflict(r);
        return;
    }
    switch (o.action) {
    case REGISTER:
    case REGISTER_AND_IGNORE:
        do_register(r, &o);
        break;
    case RESERVE:
        do_reserve(r, &o);
        break;
    case RELEASE:
        do_release(r, &o);
        break;
    case CLEAR:
        do_clear(r);
        break;
    case PREEMPT:
    case PREEMPT_AND_ABORT:
        do_preempt(r, &o);
        break;
    }
}
