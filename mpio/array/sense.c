/* SPDX-License-Identifier: MIT */
/*
 * Sense data in both formats (SPC-4 4.5): fixed 70h, 18 bytes, and descriptor 72h with the
 * information and sense-key-specific descriptors. D_SENSE of the LUN's control page chooses; where
 * there is no LUN, the array's default.
 */
#include "internal.h"

#include <string.h>

#define FIXED_LENGTH 18u

enum field_place { FIELD_NONE, FIELD_CDB, FIELD_PARAMETERS };

struct sense {
    uint8_t key;
    uint16_t code;
    bool has_information;
    uint64_t information;
    enum field_place place;
    uint16_t byte; /* of the field in error */
};

static void put_field(uint8_t *to, const struct sense *s)
{
    to[0] = 0x80 | (s->place == FIELD_CDB ? 0x40 : 0);
    put_16(to + 1, s->byte);
}

static uint8_t build_fixed(uint8_t *to, const struct sense *s)
{
    memset(to, 0, FIXED_LENGTH);
    to[0] = 0x70;
    to[2] = s->key;
    if (s->has_information && s->information <= UINT32_MAX) {
        to[0] |= 0x80; /* VALID */
        put_32(to + 3, (uint32_t)s->information);
    }
    to[7] = FIXED_LENGTH - 8;
    put_16(to + 12, s->code);
    if (s->place != FIELD_NONE)
        put_field(to + 15, s);
    return FIXED_LENGTH;
}

static uint8_t build_descriptor(uint8_t *to, const struct sense *s)
{
    uint8_t *end = to + 8;

    memset(to, 0, 8 + 12 + 8);
    to[0] = 0x72;
    to[1] = s->key;
    put_16(to + 2, s->code);
    if (s->has_information) {
        end[0] = 0x00;
        end[1] = 10;
        end[2] = 0x80;
        put_64(end + 4, s->information);
        end += 12;
    }
    if (s->place != FIELD_NONE) {
        end[0] = 0x02;
        end[1] = 6;
        put_field(end + 4, s);
        end += 8;
    }
    to[7] = (uint8_t)(end - to - 8);
    return (uint8_t)(end - to);
}

static uint8_t build(uint8_t *to, bool descriptor, const struct sense *s)
{
    return descriptor ? build_descriptor(to, s) : build_fixed(to, s);
}

static void check(struct request *r, const struct sense *s)
{
    bool descriptor = r->lun ? r->lun->descriptor_sense : r->array->config.descriptor_sense;

    r->cmd->status = SCSI_CHECK_CONDITION;
    r->cmd->sense_length = build(r->cmd->sense, descriptor, s);
}

void array_check(struct request *r, enum sense_key key, unsigned code)
{
    check(r, &(struct sense){.key = (uint8_t)key, .code = (uint16_t)code});
}

void array_check_information(struct request *r, enum sense_key key, unsigned code,
                             uint64_t information)
{
    check(r, &(struct sense){.key = (uint8_t)key,
                             .code = (uint16_t)code,
                             .has_information = true,
                             .information = information});
}

void array_invalid_cdb(struct request *r, unsigned byte)
{
    check(r, &(struct sense){.key = SENSE_ILLEGAL_REQUEST,
                             .code = ASC_INVALID_FIELD_IN_CDB,
                             .place = FIELD_CDB,
                             .byte = (uint16_t)byte});
}

void array_invalid_parameter(struct request *r, unsigned byte)
{
    check(r, &(struct sense){.key = SENSE_ILLEGAL_REQUEST,
                             .code = ASC_INVALID_FIELD_IN_PARAMETERS,
                             .place = FIELD_PARAMETERS,
                             .byte = (uint16_t)byte});
}

/* REQUEST SENSE: a pending unit attention as data (and gone), else what keeps the unit from being
 * ready, else NO SENSE. The DESC bit, not D_SENSE, chooses the format. */
void array_request_sense(struct request *r)
{
    const uint8_t *cdb = r->cmd->cdb;
    struct sense s = {.key = SENSE_NONE};
    uint8_t built[ARRAY_MAX_SENSE];
    unsigned denied;

    if (!r->lun) {
        s = (struct sense){.key = SENSE_ILLEGAL_REQUEST, .code = ASC_INVALID_LUN};
    } else if ((s.code = (uint16_t)array_attention_take(r)) != 0) {
        s.key = SENSE_UNIT_ATTENTION;
    } else if ((denied = array_access_denied(r, 0)) != 0) {
        s.key = (uint8_t)(denied >> 16);
        s.code = (uint16_t)denied;
    } else if (r->lun->stopped) {
        s = (struct sense){.key = SENSE_NOT_READY, .code = ASC_START_REQUIRED};
    } else {
        s.code = r->lun->low_power; /* with NO SENSE */
    }
    struct reply reply = reply_begin(r, cdb[4]);
    reply_bytes(&reply, built, build(built, cdb[1] & 0x01, &s));
    reply_end(&reply, r, cdb[4]);
}
