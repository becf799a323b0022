/* SPDX-License-Identifier: MIT */
/*
 * Reservations: who may pass, and RESERVE and RELEASE 6/10 of SCSI-2. The two methods exclude each
 * other: RESERVE and RELEASE conflict while keys are registered (with CRH they end GOOD for whoever
 * the reservation admits, SPC-4 5.12.3), the PERSISTENT RESERVE commands conflict while RESERVE
 * holds the unit (SPC-2 5.5.1).
 *
 * The class of each command (enum access) stands in the command table; what a class may do is here.
 */
#include "internal.h"

enum { READS = 1 << ACCESS_READ, WRITES = 1 << ACCESS_WRITE };

/* SPC-4 tables 43, 44; SBC-3 table 13: what passes beside the holder, who passes with everything. */
static const struct {
    uint8_t registered, unregistered;
} passes[] = {
    [RESERVATION_NONE] = {READS | WRITES, READS | WRITES},
    [WRITE_EXCLUSIVE] = {READS, READS},
    [EXCLUSIVE_ACCESS] = {0, 0},
    [WRITE_EXCLUSIVE_REGISTRANTS] = {READS | WRITES, READS},
    [EXCLUSIVE_ACCESS_REGISTRANTS] = {READS | WRITES, 0},
    [WRITE_EXCLUSIVE_ALL] = {READS | WRITES, READS},
    [EXCLUSIVE_ACCESS_ALL] = {READS | WRITES, 0},
};

bool array_may_access(const struct request *r, enum access access)
{
    const struct lun *lun = r->lun;

    if (access == ACCESS_ALWAYS)
        return true;
    if (lun->simple_holder)
        return lun->simple_holder == r->nexus;
    if (access == ACCESS_STATUS || lun->holder == r->nexus)
        return true;
    return (r->state->key ? passes[lun->reservation].registered
                          : passes[lun->reservation].unregistered) >> access & 1;
}

void array_conflict(struct request *r)
{
    r->cmd->status = SCSI_RESERVATION_CONFLICT;
}

static bool reserved_for(const struct request *r)
{
    return array_holds_reservation(r->nexus, r->lun) ||
           (array_registrants_type(r->lun->reservation) && r->state->key);
}

/* True when the command may take effect; else its status is set. Third-party and extent
 * reservations are obsolete and refused. */
static bool simple_allowed(struct request *r)
{
    if (r->cmd->cdb[1] & 0x1F) {
        array_invalid_cdb(r, 1);
        return false;
    }
    if (r->array->config.compatible_reservations && reserved_for(r))
        return false; /* GOOD, and nothing happens */
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
