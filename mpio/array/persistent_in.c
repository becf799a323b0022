/* SPDX-License-Identifier: MIT */
/*
 * PERSISTENT RESERVE IN (SPC-4 6.15): READ KEYS, READ RESERVATION, REPORT CAPABILITIES, READ FULL
 * STATUS. Registrations are told in the order in which their nexuses first came.
 */
#include "internal.h"

enum action { READ_KEYS, READ_RESERVATION, REPORT_CAPABILITIES, READ_FULL_STATUS };

#define R_HOLDER        0x01
#define COMPATIBLE      0x10 /* CRH */
#define SPECIFY_PORTS   0x08 /* SIP_C */
#define ALL_PORTS       0x04 /* ATP_C */
#define THROUGH_POWER   0x01 /* PTPL_C, PTPL_A */
#define TYPE_MASK_VALID 0x80
/* ALLOW COMMANDS 100b: TEST UNIT READY, REPORT SUPPORTED OPERATION CODES and ... TASK MANAGEMENT
 * FUNCTIONS pass every type; MODE SENSE, READ BUFFER and RECEIVE DIAGNOSTIC RESULTS the
 * write-exclusive ones. */
#define ALLOW_COMMANDS  0x40
#define TYPES           0xEA01 /* 1, 3, 5, 6, 7, 8 */

static void read_keys(struct reply *reply, const struct request *r)
{
    reply_32(reply, 8 * r->lun->registrants);
    for (const struct array_nexus *n = r->array->nexuses; n; n = n->next)
        if (array_state(n, r->lun)->key)
            reply_64(reply, array_state(n, r->lun)->key);
}

static void read_reservation(struct reply *reply, const struct request *r)
{
    const struct lun *lun = r->lun;

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
    reply_8(reply, (r->array->config.compatible_reservations ? COMPATIBLE : 0) | SPECIFY_PORTS |
                       ALL_PORTS | THROUGH_POWER);
    reply_8(reply, TYPE_MASK_VALID | ALLOW_COMMANDS | (r->lun->persist ? THROUGH_POWER : 0));
    reply_16(reply, TYPES);
    reply_16(reply, 0);
}

/* One descriptor per I_T nexus: a registration made with ALL_TG_PT is one on each port. */
static void read_full_status(struct reply *reply, const struct request *r)
{
    uint8_t id[TRANSPORT_ID_MAX];

    reply_32(reply, 0);
    for (const struct array_nexus *n = r->array->nexuses; n; n = n->next) {
        if (!array_state(n, r->lun)->key)
            continue;
        bool holder = array_holds_reservation(n, r->lun);
        uint32_t length = transport_id_build(id, n->name, n->port + 1);
        reply_64(reply, array_state(n, r->lun)->key);
        reply_32(reply, 0);
        reply_8(reply, holder ? R_HOLDER : 0);
        reply_8(reply, holder ? (uint8_t)r->lun->reservation : 0);
        reply_32(reply, 0);
        reply_16(reply, (uint16_t)(n->port + 1));
        reply_32(reply, length);
        reply_bytes(reply, id, length);
    }
    reply_set32(reply, 4, reply->size - 8);
}

void array_persistent_reserve_in(struct request *r)
{
    unsigned action = r->cmd->cdb[1] & 0x1F;
    uint16_t allocation = get_16(r->cmd->cdb + 7);
    struct reply reply = reply_begin(r, allocation);

    if (r->lun->simple_holder) {
        array_conflict(r);
        return;
    }
    if (action > READ_FULL_STATUS) {
        array_invalid_cdb(r, 1);
        return;
    }
    if (action != REPORT_CAPABILITIES)
        reply_32(&reply, r->lun->generation);
    switch ((enum action)action) {
    case READ_KEYS:
        read_keys(&reply, r);
        break;
    case READ_RESERVATION:
        read_reservation(&reply, r);
        break;
    case REPORT_CAPABILITIES:
        report_capabilities(&reply, r);
        break;
    case READ_FULL_STATUS:
        read_full_status(&reply, r);
        break;
    }
    reply_end(&reply, r, allocation);
}
