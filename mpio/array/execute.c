/* SPDX-License-Identifier: MIT */
/*
 * The walk of one command: controller up? -> LUN -> decoder table -> unit attention -> reservation
 * -> access state -> ready -> injected fault -> handler. The table below is all there is to say
 * about an operation outside its handler. Nothing here allocates.
 */
#include "internal.h"
#include "stamp.h"

enum {
    ANY_LUN = 1 << 0,   /* answered even where there is no LUN */
    KEEPS_UA = 1 << 1,  /* processed although a unit attention is pending */
    ANY_STATE = 1 << 2, /* works through a transitioning or unavailable port */
    STANDBY = 1 << 3,   /* works through a standby port */
    MEDIA = 1 << 4,     /* needs a started unit; takes injected faults */
    WRITES = 1 << 5,    /* refused by write protection */
};

struct operation {
    void (*handler)(struct request *r); /* NULL: not supported, 5/20/00 */
    uint8_t cdb_length;
    uint8_t access; /* enum access */
    uint8_t flags;
};

static void service_action_in(struct request *r)
{
    if ((r->cmd->cdb[1] & 0x1F) == 0x10)
        array_read_capacity16(r);
    else
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}

/* An unknown service action is answered like an unknown opcode, as most targets do and as
 * initiators probe for it. */
static void maintenance_in(struct request *r)
{
    if ((r->cmd->cdb[1] & 0x1F) == 0x0A)
        array_report_target_port_groups(r);
    else
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}

static const struct operation operations[256] = {
    [0x00] = {array_test_unit_ready, 6, ACCESS_STATUS, 0},
    [0x03] = {array_request_sense, 6, ACCESS_ALWAYS, ANY_LUN | KEEPS_UA | ANY_STATE},
    [0x08] = {array_read, 6, ACCESS_READ, MEDIA},
    [0x0A] = {array_write, 6, ACCESS_WRITE, MEDIA | WRITES},
    [0x12] = {array_inquiry, 6, ACCESS_ALWAYS, ANY_LUN | KEEPS_UA | ANY_STATE},
    [0x15] = {array_mode_select, 6, ACCESS_WRITE, STANDBY},
    [0x16] = {array_reserve, 6, ACCESS_STATUS, 0},
    [0x17] = {array_release, 6, ACCESS_ALWAYS, 0},
    [0x1A] = {array_mode_sense, 6, ACCESS_WRITE, STANDBY},
    [0x1B] = {array_start_stop, 6, ACCESS_STATUS, 0},
    [0x25] = {array_read_capacity10, 10, ACCESS_ALWAYS, 0},
    [0x28] = {array_read, 10, ACCESS_READ, MEDIA},
    [0x2A] = {array_write, 10, ACCESS_WRITE, MEDIA | WRITES},
    [0x2E] = {array_write, 10, ACCESS_WRITE, MEDIA | WRITES},
    [0x2F] = {array_verify, 10, ACCESS_READ, MEDIA},
    [0x35] = {array_synchronize_cache, 10, ACCESS_WRITE, MEDIA},
    [0x41] = {array_write_same, 10, ACCESS_WRITE, MEDIA | WRITES},
    [0x42] = {array_unmap, 10, ACCESS_WRITE, MEDIA | WRITES},
    [0x55] = {array_mode_select, 10, ACCESS_WRITE, STANDBY},
    [0x56] = {array_reserve, 10, ACCESS_STATUS, 0},
    [0x57] = {array_release, 10, ACCESS_ALWAYS, 0},
    [0x5A] = {array_mode_sense, 10, ACCESS_WRITE, STANDBY},
    [0x5E] = {array_persistent_reserve_in, 10, ACCESS_STATUS, STANDBY},
    [0x5F] = {array_persistent_reserve_out, 10, ACCESS_STATUS, STANDBY},
    [0x88] = {array_read, 16, ACCESS_READ, MEDIA},
    [0x89] = {array_compare_and_write, 16, ACCESS_WRITE, MEDIA | WRITES},
    [0x8A] = {array_write, 16, ACCESS_WRITE, MEDIA | WRITES},
    [0x8E] = {array_write, 16, ACCESS_WRITE, MEDIA | WRITES},
    [0x8F] = {array_verify, 16, ACCESS_READ, MEDIA},
    [0x91] = {array_synchronize_cache, 16, ACCESS_WRITE, MEDIA},
    [0x93] = {array_write_same, 16, ACCESS_WRITE, MEDIA | WRITES},
    [0x9E] = {service_action_in, 16, ACCESS_ALWAYS, 0},
    [0xA0] = {array_report_luns, 12, ACCESS_ALWAYS, ANY_LUN | KEEPS_UA | ANY_STATE},
    [0xA3] = {maintenance_in, 12, ACCESS_ALWAYS, ANY_STATE},
    [0xA8] = {array_read, 12, ACCESS_READ, MEDIA},
    [0xAA] = {array_write, 12, ACCESS_WRITE, MEDIA | WRITES},
    [0xAE] = {array_write, 12, ACCESS_WRITE, MEDIA | WRITES},
    [0xAF] = {array_verify, 12, ACCESS_READ, MEDIA},
};

static void inject(struct request *r)
{
    struct lun *lun = r->lun;

    lun->inject_count--;
    if (lun->inject_status == SCSI_CHECK_CONDITION)
        array_check(r, lun->inject_key, (unsigned)lun->inject_asc << 8 | lun->inject_ascq);
    else
        r->cmd->status = lun->inject_status;
}

static bool access_state_allows(const struct request *r, unsigned flags)
{
    unsigned code = flags & ANY_STATE ? 0 : array_access_denied(r);

    return code == 0 || (code == ASC_STANDBY && flags & STANDBY);
}

/* True when the command may reach its handler; else the status is set. */
static bool admit(struct request *r, const struct operation *op)
{
    struct lun *lun = r->lun;
    unsigned code;

    if (lun->transition_until)
        array_end_transition(r->array, lun);
    if ((r->state->attentions || r->nexus->luns_changed) && !(op->flags & KEEPS_UA) &&
        (code = array_attention_take(r)) != 0) {
        array_check(r, SENSE_UNIT_ATTENTION, code);
        return false;
    }
    if ((lun->reservation || lun->simple_holder) && !array_may_access(r, op->access)) {
        array_conflict(r);
        return false;
    }
    if (lun->state[r->nexus->controller] > ARRAY_STATE_NON_OPTIMIZED &&
        !access_state_allows(r, op->flags)) {
        array_check(r, SENSE_NOT_READY, array_access_denied(r));
        return false;
    }
    if (!(op->flags & MEDIA))
        return true;
    if (lun->stopped) {
        array_check(r, SENSE_NOT_READY, ASC_START_REQUIRED);
        return false;
    }
    if (lun->inject_count) {
        inject(r);
        return false;
    }
    if (op->flags & WRITES && (lun->read_only || lun->software_protect)) {
        array_check(r, SENSE_DATA_PROTECT,
                    lun->read_only ? ASC_WRITE_PROTECTED : ASC_SOFTWARE_WRITE_PROTECTED);
        return false;
    }
    return true;
}

enum array_result array_execute(struct array_nexus *n, struct array_cmd *cmd)
{
    struct array *a = n->array;
    struct request r = {.array = a, .nexus = n, .cmd = cmd};

    if (!n->logged_in || !a->up[n->controller])
        return ARRAY_NO_ANSWER;
    cmd->status = SCSI_GOOD;
    cmd->sense_length = 0;
    cmd->transferred = 0;
    cmd->wanted = 0;
    cmd->checksum = 0;

    const struct operation *op = cmd->cdb_length ? &operations[cmd->cdb[0]] : &operations[0xFF];
    r.lun = array_find_lun(a, cmd->lun);
    if (r.lun)
        r.state = array_state(n, r.lun);
    else if (!(op->flags & ANY_LUN))
        array_check(&r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_LUN);
    if (cmd->status != SCSI_GOOD)
        return ARRAY_DONE;

    if (!op->handler)
        array_check(&r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
    else if (cmd->cdb_length < op->cdb_length)
        array_invalid_cdb(&r, cmd->cdb_length);
    else if (cmd->cdb[op->cdb_length - 1] & 0x04) /* NACA; INQUIRY says NORMACA = 0 */
        array_invalid_cdb(&r, op->cdb_length - 1u);
    else if (!r.lun || admit(&r, op))
        op->handler(&r);
    if (a->checksum && cmd->transferred && !(r.lun && r.lun->media.kind == ARRAY_MEDIA_NULL))
        cmd->checksum = crc32c(0, cmd->data, cmd->transferred);
    return ARRAY_DONE;
}
