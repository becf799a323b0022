/* SPDX-License-Identifier: MIT */
/*
 * REPORT TARGET PORT GROUPS (SPC-4 6.33): one descriptor per primary group and, while ports are
 * offline, one of the secondary group they are in as well.
 */
#include "alua.h"

#define SUPPORTS(state)     (1u << (state))
#define SUPPORTS_OFFLINE    0x40
#define SUPPORTS_TRANSITION 0x80
#define PREFERRED           0x80
#define EXTENDED_HEADER     1
#define US_PER_SECOND       1000000u

uint8_t alua_supported_states(const struct array *a)
{
    uint8_t primary = SUPPORTS(ARRAY_STATE_OPTIMIZED) | SUPPORTS(ARRAY_STATE_UNAVAILABLE);

    if (!array_has_alua(a))
        return primary;
    primary |= (uint8_t)SUPPORTS(alua_passive_state(a));
    if (alua_passive_state(a) == ARRAY_STATE_NON_OPTIMIZED)
        primary |= SUPPORTS(ARRAY_STATE_STANDBY);
    return SUPPORTS_TRANSITION | (array_explicit(a) ? SUPPORTS_OFFLINE : 0) | primary;
}

static void report_group(struct reply *reply, const struct array *a, const struct lun *lun,
                         unsigned controller)
{
    bool preferred = array_has_alua(a) && !a->config.no_preferred && lun->preferred == controller;
    unsigned ports = a->config.ports_per_controller;

    reply_8(reply, (preferred ? PREFERRED : 0) | lun->state[controller]);
    reply_8(reply, alua_supported_states(a));
    reply_16(reply, (uint16_t)(controller + 1));
    reply_8(reply, 0);
    reply_8(reply, lun->cause[controller]);
    reply_8(reply, 0);
    reply_8(reply, (uint8_t)ports);
    for (unsigned i = 0; i < ports; i++)
        reply_32(reply,
                 controller * ports + i + 1); /* 2 bytes obsolete, 2 bytes relative port id */
}

static void report_offline_ports(struct reply *reply, const struct array *a, const struct lun *lun)
{
    reply_8(reply, ALUA_STATE_OFFLINE);
    reply_8(reply, SUPPORTS_OFFLINE);
    reply_16(reply, (uint16_t)ALUA_OFFLINE_GROUP(a));
    reply_16(reply, lun->offline_cause);
    reply_16(reply, (uint16_t)__builtin_popcountll(lun->offline));
    for (unsigned port = 0; port < a->ports; port++)
        if (lun->offline >> port & 1)
            reply_32(reply, port + 1);
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
        uint32_t seconds =
            a->config.transition_us / US_PER_SECOND + (a->config.transition_us % US_PER_SECOND != 0);
        reply_8(&reply, EXTENDED_HEADER << 4);
        reply_8(&reply, seconds > 255 ? 255 : (uint8_t)seconds);
        reply_16(&reply, 0);
    }
    for (unsigned i = 0; i < a->config.controllers; i++)
        report_group(&reply, a, r->lun, i);
    if (r->lun->offline)
        report_offline_ports(&reply, a, r->lun);
    reply_set32(&reply, 0, reply.size - 4);
    if (a->lies)
        array_tell_lie(r->array, &reply, format == EXTENDED_HEADER);
    reply_end(&reply, r, allocation);
}
