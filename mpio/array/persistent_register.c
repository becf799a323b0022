/* SPDX-License-Identifier: MIT */
/*
 * REGISTER, REGISTER AND IGNORE EXISTING KEY and REGISTER AND MOVE (SPC-4 5.12.7, 5.12.8). With
 * ALL_TG_PT a registration is made as if it had come through each target port, with SPEC_I_PT also
 * for initiator ports that the parameter list names. First everyone concerned is found and judged,
 * then all registrations change together: a command that is refused has changed nothing.
 */
#include "persistent_out.h"

#include <stdlib.h>

struct targets {
    struct array_nexus **nexus;
    unsigned count, room;
};

static uint32_t limit_of(const struct array *a)
{
    return a->config.max_registrations ? a->config.max_registrations : ARRAY_MAX_REGISTRATIONS;
}

static bool no_resources(struct request *r)
{
    array_check(r, SENSE_ILLEGAL_REQUEST, ASC_NO_REGISTRATION_RESOURCES);
    return false;
}

/* False, with the status set, when there is no room. `n` may be NULL: it could not be made. */
static bool add_target(struct request *r, struct targets *t, struct array_nexus *n)
{
    if (!n || t->count >= limit_of(r->array) + ARRAY_MAX_PORTS)
        return no_resources(r);
    if (t->count == t->room) {
        unsigned room = t->room ? 2 * t->room : 16;
        struct array_nexus **larger = realloc(t->nexus, room * sizeof *larger);
        if (!larger)
            return no_resources(r);
        t->nexus = larger;
        t->room = room;
    }
    t->nexus[t->count++] = n;
    return true;
}

/* The sender's own initiator port at each target port concerned. */
static bool add_own(struct request *r, const struct persistent_out *o, struct targets *t)
{
    struct array *a = r->array;
    unsigned first = o->all_ports ? 0 : r->nexus->port, end = o->all_ports ? a->ports : first + 1;

    for (unsigned port = first; port < end; port++) {
        struct array_nexus *n = array_find_nexus(a, port, r->nexus->name);
        uint64_t key = n ? array_state(n, r->lun)->key : 0;
        if (o->action == PR_REGISTER && key != o->key) { /* unregistered: must be 0 */
            array_conflict(r);
            return false;
        }
        if (!key && !o->target)
            continue; /* nothing to unregister */
        if (!add_target(r, t, array_absent_nexus(a, port, r->nexus->name)))
            return false;
    }
    return true;
}

static bool add_unregistered(struct request *r, struct targets *t, struct array_nexus *n, uint32_t at)
{
    if (n && array_state(n, r->lun)->key) {
        array_invalid_parameter(r, at);
        return false;
    }
    return add_target(r, t, n);
}

/* An initiator port of the list at one target port; an iSCSI name without ISID is every port of
 * that name known there. */
static bool add_named(struct request *r, struct targets *t, const struct initiator *who,
                      unsigned port, uint32_t at)
{
    bool found = false;

    if (!who->whole_device)
        return add_unregistered(r, t, array_absent_nexus(r->array, port, who->name), at);
    for (struct array_nexus *n = r->array->nexuses; n; n = n->next) {
        if (n->port != port || !initiator_is(who, n->name))
            continue;
        found = true;
        if (!add_unregistered(r, t, n, at))
            return false;
    }
    if (!found)
        array_invalid_parameter(r, at);
    return found;
}

static bool add_list(struct request *r, const struct persistent_out *o, struct targets *t)
{
    struct array *a = r->array;
    struct initiator who;

    for (uint32_t at = 0, length; at < o->ids_length; at += length) {
        uint32_t place = (uint32_t)(o->ids - o->list) + at;
        length = transport_id_parse(o->ids + at, o->ids_length - at, &who);
        if (!length || who.transport != transport_of(r->nexus->name) ||
            initiator_is(&who, r->nexus->name)) {
            array_invalid_parameter(r, place);
            return false;
        }
        for (unsigned port = 0; port < a->ports; port++)
            if ((o->all_ports || port == r->nexus->port) && !add_named(r, t, &who, port, place))
                return false;
    }
    return true;
}

static bool room_for(struct request *r, const struct targets *t)
{
    unsigned added = 0;

    for (unsigned i = 0; i < t->count; i++)
        added += array_state(t->nexus[i], r->lun)->key == 0;
    return r->lun->registrants + added <= limit_of(r->array) || no_resources(r);
}

static void apply(struct request *r, const struct persistent_out *o, const struct targets *t)
{
    enum reservation_type before = r->lun->reservation;
    bool released = false;

    for (unsigned i = 0; i < t->count; i++) {
        if (o->target)
            array_set_key(t->nexus[i], r->lun, o->target);
        else
            released = array_unregister(t->nexus[i], r->lun) || released;
    }
    if (released && array_registrants_type(before))
        persistent_tell_registrants(r, ASC_RESERVATIONS_RELEASED);
    r->lun->persist = o->persist;
    r->lun->generation++;
}

void persistent_register(struct request *r, const struct persistent_out *o)
{
    struct targets t = {0};

    if (add_own(r, o, &t) && t.count) {
        if (o->ids && r->state->key)
            array_invalid_parameter(r, 20); /* SPEC_I_PT from who is registered already */
        else if (add_list(r, o, &t) && (!o->target || room_for(r, &t)))
            apply(r, o, &t);
    }
    free(t.nexus);
}

/* The nexus a TransportID names at one target port, made when it is unknown; NULL with the status
 * set. */
static struct array_nexus *move_destination(struct request *r, const struct persistent_out *o)
{
    struct array *a = r->array;
    struct array_nexus *found = NULL;
    unsigned port = o->relative_port - 1u, count = 0;
    struct initiator who;

    if (port >= a->ports) {
        array_invalid_parameter(r, 18);
        return NULL;
    }
    if (transport_id_parse(o->ids, o->ids_length, &who) != o->ids_length || !o->ids_length ||
        who.transport != transport_of(r->nexus->name)) {
        array_invalid_parameter(r, 24);
        return NULL;
    }
    for (struct array_nexus *n = a->nexuses; n; n = n->next) {
        if (n->port == port && initiator_is(&who, n->name)) {
            found = n;
            count++;
        }
    }
    if (found == r->nexus || count > 1 || (count == 0 && who.whole_device)) {
        array_invalid_parameter(r, 24);
        return NULL;
    }
    if (!found && r->lun->registrants < limit_of(a))
        found = array_absent_nexus(a, port, who.name);
    if (!found || (!array_state(found, r->lun)->key && r->lun->registrants >= limit_of(a))) {
        no_resources(r);
        return NULL;
    }
    return found;
}

void persistent_move(struct request *r, const struct persistent_out *o)
{
    struct lun *lun = r->lun;
    struct array_nexus *to;

    if (!lun->holder || lun->holder != r->nexus) { /* all registrants hold: nobody may move it */
        array_conflict(r);
        return;
    }
    if (!o->target) {
        array_invalid_parameter(r, 8);
        return;
    }
    to = move_destination(r, o);
    if (!to)
        return;
    array_set_key(to, lun, o->target);
    lun->holder = to;
    if (o->unregister)
        array_unregister(r->nexus, lun);
    lun->persist = o->persist;
    lun->generation++;
}
