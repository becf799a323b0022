/* SPDX-License-Identifier: MIT */
/*
 * The walk of one command: controller up? -> LUN -> command table (opcodes.c) -> unit attention ->
 * reservation -> access state -> ready -> injected fault -> handler. Nothing here allocates.
 */
#include "internal.h"
#include "stamp.h"

static void inject(struct request *r, const struct command *op)
{
    struct lun *lun = r->lun;

    lun->inject_count--;
    if (lun->inject_status != SCSI_CHECK_CONDITION || lun->inject_key != SENSE_MEDIUM_ERROR)
        lun->other_errors++;
    else if (op->flags & COMMAND_WRITES)
        lun->write.errors++;
    else
        lun->read.errors++;
    if (lun->inject_status == SCSI_CHECK_CONDITION)
        array_check(r, lun->inject_key, (unsigned)lun->inject_asc << 8 | lun->inject_ascq);
    else
        r->cmd->status = lun->inject_status;
}

/* True when the command may reach its handler; else the status is set. */
static bool admit(struct request *r, const struct command *op)
{
    struct lun *lun = r->lun;
    unsigned code;

    if (lun->transition_until)
        array_end_transition(r->array, lun);
    if ((r->state->attentions || r->nexus->luns_changed) && !(op->flags & COMMAND_KEEPS_UA) &&
        (code = array_attention_take(r)) != 0) {
        array_check(r, SENSE_UNIT_ATTENTION, code);
        return false;
    }
    if ((lun->reservation || lun->simple_holder) && !array_may_access(r, op->access)) {
        array_conflict(r);
        return false;
    }
    if ((lun->state[r->nexus->controller] > ARRAY_STATE_NON_OPTIMIZED || lun->offline) &&
        (code = array_access_denied(r, op->flags)) != 0) {
        if ((code & 0xFFFF) == ASC_TRANSITIONING && r->array->config.transition_busy)
            r->cmd->status = SCSI_BUSY;
        else
            array_check(r, code >> 16, code & 0xFFFF);
        return false;
    }
    if (!(op->flags & COMMAND_MEDIA))
        return true;
    if (lun->stopped) {
        array_check(r, SENSE_NOT_READY, ASC_START_REQUIRED);
        return false;
    }
    lun->low_power = 0; /* access to the media ends idle and standby */
    if (lun->inject_count) {
        inject(r, op);
        return false;
    }
    if (op->flags & COMMAND_WRITES && (lun->read_only || lun->software_protect)) {
        array_check(r, SENSE_DATA_PROTECT,
                    lun->read_only ? ASC_WRITE_PROTECTED : ASC_SOFTWARE_WRITE_PROTECTED);
        return false;
    }
    return true;
}

static const struct command *find_command(const struct array *a, const struct array_cmd *cmd)
{
    if (cmd->cdb_length < 2)
        return NULL;
    return array_find_command(a, cmd->cdb[0], cmd->cdb[1] & 0x1F);
}

/* An unknown service action is answered like an unknown operation code, as most targets do and as
 * initiators probe for it; only SANITIZE and the PERSISTENT RESERVE pair say INVALID FIELD IN CDB. */
static void unknown_command(struct request *r)
{
    const struct array_cmd *cmd = r->cmd;
    uint8_t opcode = cmd->cdb_length >= 2 ? cmd->cdb[0] : 0;

    if ((opcode == 0x48 || opcode == 0x5E || opcode == 0x5F) && r->array->first_command[opcode])
        array_invalid_cdb(r, 1);
    else
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}

/* False, with the status set, when the CDB is too short or has bits nobody looks at. */
static bool decode(struct request *r, const struct command *op)
{
    const struct array_cmd *cmd = r->cmd;
    unsigned unknown;

    if (cmd->cdb_length < op->cdb_length)
        array_invalid_cdb(r, cmd->cdb_length);
    else if (cmd->cdb[op->cdb_length - 1] & 0x04) /* NACA; INQUIRY says NORMACA = 0 */
        array_invalid_cdb(r, op->cdb_length - 1u);
    else if ((unknown = array_unknown_field(op, cmd->cdb)) != 0)
        array_invalid_cdb(r, unknown);
    else
        return true;
    return false;
}

static void run(struct request *r, const struct command *op)
{
    if (op->handler == array_report_target_port_groups)
        r->cmd->delay_us = r->array->config.slow_report_us;
    op->handler(r);
}

static void serve(struct request *r, const struct command *op)
{
    if (!r->lun && !(op && op->flags & COMMAND_ANY_LUN))
        array_check(r, SENSE_ILLEGAL_REQUEST, ASC_INVALID_LUN);
    else if (!op)
        unknown_command(r);
    else if (decode(r, op) && (!r->lun || admit(r, op)))
        run(r, op);
}

enum array_result array_execute(struct array_nexus *n, struct array_cmd *cmd)
{
    struct array *a = n->array;
    struct request r = {.array = a, .nexus = n, .cmd = cmd};

    if (!n->logged_in || !a->up[n->controller] || !a->powered)
        return ARRAY_NO_ANSWER;
    cmd->status = SCSI_GOOD;
    cmd->sense_length = 0;
    cmd->transferred = 0;
    cmd->wanted = 0;
    cmd->delay_us = 0;
    cmd->checksum = 0;

    const struct command *op = find_command(a, cmd);
    r.lun = array_find_lun(n, cmd->lun);
    if (r.lun)
        r.state = array_state(n, r.lun);
    if (!a->plugin) {
        serve(&r, op);
    } else if (!array_plugin_command(&r)) {
        serve(&r, op);
        array_plugin_finished(&r);
    }
    if (a->checksum && cmd->transferred && !(r.lun && r.lun->media.kind == ARRAY_MEDIA_NULL))
        cmd->checksum = crc32c(0, cmd->data, cmd->transferred);
    return ARRAY_DONE;
}
