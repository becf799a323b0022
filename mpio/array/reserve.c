/* SPDX-License-Identifier: MIT */
/*
 * Reservations: who may pass (SPC-4 tables 48, 49), RESERVE and RELEASE 6/10 of SCSI-2, and
 * PERSISTENT RESERVE IN. The two methods exclude each other: RESERVE and RELEASE conflict while
 * keys are registered, the PERSISTENT RESERVE commands conflict while RESERVE holds the unit
 * (SPC-2 5.5.1).
 */
#include "internal.h"

static bool write_exclusive(enum reservation_type type)
{
    return type == WRITE_EXCLUSIVE || type == WRITE_EXCLUSIVE_REGISTRANTS ||
           type == WRITE_EXCLUSIVE_ALL;
}

bool array_may_access(const struct request *r, enum access access)
{
    const struct lun *lun = r->lun;

    if (access == ACCESS_ALWAYS)
        return true;
    if (lun->simple_holder)
        return lun->simple_holder == r->nexus;
    if (lun->reservation == RESERVATION_NONE || access == ACCESS_STATUS)
        return true;
    if (access == ACCESS_READ && write_exclusive(lun->reservation))
        return true;
    return lun->reservation >= WRITE_EXCLUSIVE_REGISTRANTS ? r->state->key != 0
                                                           : lun->holder == r->nexus;
}

void array_conflict(struct request *r)
{
    r->cmd->status = SCSI_RESERVATION_CONFLICT;
}

/* Third-party and extent reservations are obsolete and refused. */
static bool simple_allowed(struct request *r)
{
    if (r->cmd->cdb[1] & 0x1F) {
        array_invalid_cdb(r, 1);
        return false;
    }
    if (r->lun->registrants) {
        array_conflict(r);
        return false;
    }
    return true;
}

void array_reserve(struct request *r)
{
    if (simple_allowed(r))
        r->lun->simple_holder = r->nexus;
}

/* A release by someone else succeeds and changes nothing. */
void array_release(struct request *r)
{
    if (simple_allowed(r) && r->lun->simple_holder == r->nexus)
        r->lun->simple_holder = NULL;
}

void array_drop_simple_reservations(struct array_nexus *n)
{
    for (unsigned i = 0; i < n->array->ordinals; i++) {
        struct lun *lun = n->array->by_ordinal[i];
        if (lun && lun->simple_holder == n)
            lun->simple_holder = NULL;
    }
}

static void read_keys(struct reply *reply, const struct request *r)
{
    reply_32(reply, r->lun->generation);
    reply_32(reply, 8 * r->lun->registrants);
    for (const struct array_nexus *n = r->array->nexuses; n; n = n->next)
        if (array_state(n, r->lun)->key)
            reply_64(reply, array_state(n, r->lun)->key);
}

static void read_reservation(struct reply *reply, const struct request *r)
{
    const struct lun *lun = r->lun;

    reply_32(reply, lun->generation);
    reply_32(reply, lun->reservation ? 16 : 0);
    if (!lun->reservation)
        return;
    reply_64(reply, lun->holder ? array_state(lun->holder, lun)->key : 0);
    reply_zero(reply, 5);
    reply_8(reply, (uint8_t)lun->reservation); /* scope 0: logical unit */
    reply_zero(reply, 2);
}

static void report_capabilities(struct reply *reply, const struct request *r)
{
    reply_16(reply, 8);
    reply_8(reply, 0x01);                             /* PTPL_C */
    reply_8(reply, 0x80 | (r->lun->persist ? 1 : 0)); /* TMV, PTPL_A */
    reply_16(reply, 0xEA01);                          /* types 1, 3, 5, 6, 7, 8 */
    reply_16(reply, 0);
}

void array_persistent_reserve_in(struct request *r)
{
    uint16_t allocation = get_16(r->cmd->cdb + 7);
    struct reply reply = reply_begin(r, allocation);

    if (r->lun->simple_holder) {
        array_conflict(r);
        return;
    }
    switch (r->cmd->cdb[1] & 0x1F) {
    case 0:
        read_keys(&reply, r);
        break;
    case 1:
        read_reservation(&reply, r);
        break;
    case 2:
        report_capabilities(&reply, r);
        break;
    default:
        array_invalid_cdb(r, 1);
        return;
    }
    reply_end(&reply, r, allocation);
}
